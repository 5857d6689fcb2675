//! Reads a folder of results: its manifest, its summary and columns of its tables.
//!
//! Any fault of the folder is an input error: a truncated file, a summary that is not JSON, a folder made by another
//! program.

use gridfleet_core::error::{Error, InputError, Result, guard, input};
use polars_arrow::datatypes::ArrowDataType;
use polars_core::prelude::{Column, DataFrame, DataType, PolarsError};
use polars_io::prelude::{ParquetReader, SerReader};
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

/// Largest file that is read [bytes].
const MOST_BYTES: u64 = 1024 << 20;

/// A folder of results.
pub(super) struct Folder {
    path: PathBuf,
    /// Content of the manifest.
    pub manifest: Manifest,
    /// Its `summary.json`, an object.
    pub summary: serde_json::Value,
}

/// Part of `manifest.json` that the foot of the page shows.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Manifest {
    pub gridfleet_version: String,
    #[serde(default)]
    pub platform: String,
    #[serde(default)]
    pub command: Vec<String>,
    #[serde(default)]
    pub inputs: Vec<Input>,
    #[serde(default)]
    pub started: String,
    pub wall_time_s: Option<f64>,
    pub events_per_second: Option<f64>,
    pub peak_memory_bytes: Option<f64>,
    pub threads: Option<u64>,
}

/// An input file of the run.
#[derive(Debug, Deserialize)]
pub(super) struct Input {
    pub path: String,
    pub sha256: String,
    #[serde(default)]
    pub bytes: u64,
}

const OURS: &str = "the folder of a run or of a study of gridfleet's";

impl Folder {
    /// Opens the folder `path`.
    pub fn open(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Err(InputError::plain("no such folder")
                .file(path)
                .help("make one with `gridfleet run SCENARIO.toml`")
                .into());
        }
        if !path.is_dir() {
            return Err(InputError::new("a file", OURS).file(path).into());
        }
        let manifest = path.join("manifest.json");
        if !manifest.exists() {
            return Err(InputError::new("a folder that gridfleet did not make (no manifest.json)", OURS)
                .file(path)
                .into());
        }
        let manifest = from_value(json(&manifest)?, &manifest)?;
        let file = path.join("summary.json");
        let summary = json(&file)?;
        if !summary.is_object() {
            return Err(InputError::new("JSON of another kind", "an object").file(file).into());
        }
        if summary.get("study").is_none() && summary.get("scenario").is_none() {
            return Err(InputError::new("results of another command", OURS)
                .file(file)
                .help("results of `gridfleet reproduce` and of a shard have no page; look at their pictures and tables")
                .into());
        }
        Ok(Self { path: path.to_path_buf(), manifest, summary })
    }

    /// Whether it is the folder of a study rather than a run.
    pub fn is_study(&self) -> bool {
        self.summary.get("study").is_some()
    }

    /// Path of the summary, for messages.
    pub fn summary_file(&self) -> PathBuf {
        self.path.join("summary.json")
    }

    /// The summary, deserialized as `T`.
    pub fn summary_as<T: DeserializeOwned>(&self) -> Result<T> {
        from_value(self.summary.clone(), &self.summary_file())
    }

    /// The columns called `names` of `<table>.parquet`; `None` if the folder has no such file.
    pub fn table(&self, table: &str, names: &[&str]) -> Result<Option<Table>> {
        self.table_and(table, names, &[])
    }

    /// Like [`table`](Self::table), with further columns that may be missing.
    pub fn table_and(&self, table: &str, names: &[&str], optional: &[&str]) -> Result<Option<Table>> {
        let path = self.path.join(format!("{table}.parquet"));
        if !path.exists() {
            return Ok(None);
        }
        let file = input::open(&path)?;
        let mut reader = ParquetReader::new(file);
        let schema = guard::decode(&path, "a Parquet file", || reader.schema())?;
        let wanted = names.iter().chain(optional).filter(|name| schema.contains(name));
        let wanted: Vec<String> = wanted.map(|name| (*name).to_owned()).collect();
        // Polars panics at types that it is built without.
        if let Some(name) = wanted.iter().find(|name| !schema.get(name).is_some_and(|f| is_ours(&f.dtype))) {
            return Err(other_type(&path, name, "numbers, texts, flags or timestamps"));
        }
        let frame = guard::decode(&path, "a Parquet file", || reader.with_columns(Some(wanted)).finish())?;
        let table = Table { path, frame };
        for name in names {
            table.of(name)?;
        }
        Ok(Some(table))
    }
}

/// Whether a column has one of the types that gridfleet writes, or a wider one.
fn is_ours(dtype: &ArrowDataType) -> bool {
    use ArrowDataType as Is;
    matches!(
        dtype,
        Is::UInt32
            | Is::UInt64
            | Is::Int32
            | Is::Int64
            | Is::Float32
            | Is::Float64
            | Is::Utf8View
            | Is::Boolean
            | Is::Timestamp(..)
    )
}

fn other_type(path: &Path, name: &str, expected: &str) -> Error {
    InputError::new("a column of another type", expected).file(path).key(name).into()
}

fn json(path: &Path) -> Result<serde_json::Value> {
    let bytes = input::read(path, MOST_BYTES)?;
    serde_json::from_slice(&bytes).map_err(|error| {
        InputError::new(format!("something that is not JSON ({error})"), "JSON as gridfleet writes it")
            .file(path)
            .line(error.line() as u64)
            .help("the file may be cut off: make the results again")
            .into()
    })
}

fn from_value<T: DeserializeOwned>(value: serde_json::Value, path: &Path) -> Result<T> {
    serde_json::from_value(value).map_err(|error| {
        InputError::new(format!("JSON of another form ({error})"), "a file as gridfleet writes it")
            .file(path)
            .help("make the results again with this version")
            .into()
    })
}

/// Columns of a table in memory.
pub(super) struct Table {
    path: PathBuf,
    frame: DataFrame,
}

/// A column of texts: for each row, its index in the list of distinct texts, ordered by first occurrence.
#[derive(Default)]
pub(super) struct Texts {
    pub codes: Vec<Option<u32>>,
    pub texts: Vec<String>,
}

impl Texts {
    /// Text of a row.
    pub fn text(&self, row: usize) -> Option<&str> {
        self.codes[row].map(|code| &*self.texts[code as usize])
    }
    /// Index of `text`, if it occurs.
    pub fn code(&self, text: &str) -> Option<u32> {
        self.texts.iter().position(|t| t == text).map(|i| i as u32)
    }
}

impl Table {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.frame.height()
    }

    /// Whether there is a column `name`.
    pub fn has(&self, name: &str) -> bool {
        self.frame.column(name).is_ok()
    }

    /// Numbers, whole or not; null as NaN.
    pub fn floats(&self, name: &str) -> Result<Vec<f64>> {
        let column = self.of(name)?;
        if !column.dtype().is_primitive_numeric() {
            return Err(self.other_type(name, "numbers"));
        }
        let column = column.cast(&DataType::Float64).map_err(|e| self.unreadable(name, &e))?;
        let values = column.f64().map_err(|e| self.unreadable(name, &e))?;
        Ok(values.iter().map(|v| v.unwrap_or(f64::NAN)).collect())
    }

    /// Instants [s]; null as `None`.
    pub fn times(&self, name: &str) -> Result<Vec<Option<i64>>> {
        let column = self.of(name)?;
        let values = column.datetime().map_err(|_| self.other_type(name, "timestamps"))?;
        Ok(values.physical().iter().map(|v| v.map(|ms| ms.div_euclid(1_000))).collect())
    }

    /// Texts.
    pub fn texts(&self, name: &str) -> Result<Texts> {
        let column = self.of(name)?;
        let column = column.str().map_err(|_| self.other_type(name, "texts"))?;
        let mut found: FxHashMap<&str, u32> = FxHashMap::default();
        let mut texts = Texts::default();
        for text in column.iter() {
            texts.codes.push(text.map(|text| {
                *found.entry(text).or_insert_with(|| {
                    texts.texts.push(text.to_owned());
                    texts.texts.len() as u32 - 1
                })
            }));
        }
        Ok(texts)
    }

    fn of(&self, name: &str) -> Result<&Column> {
        self.frame.column(name).map_err(|_| {
            InputError::new("no such column", "the columns that gridfleet writes")
                .file(&self.path)
                .key(name)
                .help("`gridfleet schema --tables` lists them; make the results again with this version")
                .into()
        })
    }

    fn other_type(&self, name: &str, expected: &str) -> Error {
        other_type(&self.path, name, expected)
    }

    fn unreadable(&self, name: &str, error: &PolarsError) -> Error {
        InputError::new(format!("a column that cannot be read ({error})"), "numbers")
            .file(&self.path)
            .key(name)
            .into()
    }
}
