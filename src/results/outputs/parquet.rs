//! One Parquet file: row groups of a table, compressed with zstd.
//!
//! It uses polars' Parquet crate one level below its data frames. Text columns are identifiers with a table of names:
//! exactly the content of a dictionary page. Data frames would hash each string of each row, and their writer turns an
//! error of the operating system into text, so a full disk could not be distinguished from a bug. `benches/outputs.rs`
//! measures it.

use super::columns::{ArrayBox, time_type};
use gridfleet_core::error::{Error, Result};
use gridfleet_core::files::OutFile;
use gridfleet_core::records::dictionary::{Column, Kind, Table};
use polars_arrow::datatypes::{ArrowDataType, ArrowSchema, Field};
use polars_core::prelude::PolarsError;
use polars_parquet::parquet::error::ParquetError;
use polars_parquet::parquet::write::{
    Compressor, DynIter, DynStreamingIterator, FileWriter as RawWriter, Version, WriteOptions as RawOptions,
};
use polars_parquet::write::{
    CompressionOptions, Encoding, KeyValue, SchemaDescriptor, StatisticsOptions, WriteOptions, ZstdLevel,
    array_to_columns, schema_to_metadata_key, to_parquet_schema,
};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Level of compression. Measured on the tables of `benches/outputs.rs`: level 1 takes 0.3 s less
/// CPU than polars' default of 3 (2.0 s instead of 2.3 s), and the files are 0.7 % larger.
const ZSTD_LEVEL: i32 = 1;

/// Bytes handed to the operating system at once.
const BUFFER_BYTES: usize = 1 << 20;

/// A table being written to a file.
pub(super) struct ParquetFile {
    path: PathBuf,
    table: &'static Table,
    writer: RawWriter<KeepError<BufWriter<OutFile>>>,
    schema: ArrowSchema,
    options: WriteOptions,
    rows: u64,
    error: FirstError,
}

/// Keeps the error of the operating system, which the Parquet crate turns into text.
struct KeepError<W> {
    inner: W,
    error: FirstError,
}

/// First error of a file, shared with the code that reports it.
type FirstError = Arc<Mutex<Option<std::io::Error>>>;

impl<W: Write> KeepError<W> {
    fn keep<T>(&self, result: std::io::Result<T>) -> std::io::Result<T> {
        result.map_err(|error| {
            let copy = std::io::Error::new(error.kind(), error.to_string());
            self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            copy
        })
    }
}

impl<W: Write> Write for KeepError<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let result = self.inner.write(bytes);
        self.keep(result)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        let result = self.inner.flush();
        self.keep(result)
    }
}

/// Type of a column in memory and in the file.
fn data_type(kind: Kind) -> ArrowDataType {
    match kind {
        Kind::Id => ArrowDataType::UInt32,
        Kind::Int => ArrowDataType::Int64,
        Kind::Float => ArrowDataType::Float64,
        Kind::Text => ArrowDataType::LargeUtf8,
        Kind::Time => time_type(),
        Kind::Bool => ArrowDataType::Boolean,
    }
}

/// Name, type and unit of a column. The unit is in the Arrow schema that is part of the file's metadata.
fn field(column: &Column) -> Field {
    let field = Field::new(column.name.into(), data_type(column.kind), column.nullable);
    match column.unit {
        Some(unit) => field.with_metadata([("unit".into(), unit.into())].into()),
        None => field,
    }
}

/// Encoding of a column. Differences between neighbours suit row numbers and times: the same bench takes 0.3 s more CPU
/// with plain encoding, and the files grow by 3 %. Floats rarely repeat.
fn encoding(kind: Kind, array: &ArrayBox) -> Encoding {
    match kind {
        Kind::Id | Kind::Int | Kind::Time => Encoding::DeltaBinaryPacked,
        Kind::Text if matches!(array.dtype(), ArrowDataType::Dictionary(..)) => Encoding::RleDictionary,
        Kind::Text | Kind::Float | Kind::Bool => Encoding::Plain,
    }
}

impl ParquetFile {
    /// Creates the file of `table` in `dir`.
    pub(super) fn create(dir: &Path, table: &'static Table) -> Result<Self> {
        let path = dir.join(table.file_name());
        let file = OutFile::create(&path).map_err(|e| Error::writing(&path, e))?;
        let schema: ArrowSchema = table.columns.iter().map(|c| (c.name.into(), field(c))).collect();
        let parquet_schema: SchemaDescriptor = to_parquet_schema(&schema).map_err(|e| other(&path, &e))?;
        let options = WriteOptions {
            statistics: StatisticsOptions::default(),
            version: polars_parquet::write::Version::V1,
            compression: CompressionOptions::Zstd(ZstdLevel::try_new(ZSTD_LEVEL).ok()),
            data_page_size: None,
        };
        let error = FirstError::default();
        let writer = RawWriter::new(
            KeepError { inner: BufWriter::with_capacity(BUFFER_BYTES, file), error: Arc::clone(&error) },
            parquet_schema,
            RawOptions { write_statistics: true, version: Version::V1 },
            Some(format!("gridfleet version {}", env!("CARGO_PKG_VERSION"))),
        );
        Ok(Self { path, table, writer, schema, options, rows: 0, error })
    }

    /// Writes `rows` rows as one row group.
    pub(super) fn write(&mut self, rows: usize, arrays: Vec<ArrayBox>) -> Result<()> {
        debug_assert_eq!(arrays.len(), self.table.columns.len());
        let options = self.options;
        let kinds = self.table.columns.iter().map(|c| c.kind);
        let types = self.writer.schema().fields().to_vec();
        let columns = arrays.into_iter().zip(kinds).zip(types).map(move |((array, kind), parquet_type)| {
            let encoding = encoding(kind, &array);
            let outside = |e: PolarsError| ParquetError::OutOfSpec(e.to_string());
            let mut leaves = array_to_columns(array, parquet_type, options, &[encoding]).map_err(outside)?;
            let pages = leaves
                .pop()
                .ok_or_else(|| ParquetError::OutOfSpec("a column without pages".into()))?
                .map(move |page| page.map_err(outside));
            let compressor = Compressor::new(DynIter::new(pages), options.compression, Vec::new());
            Ok::<_, ParquetError>(DynStreamingIterator::new(compressor))
        });
        let result = self.writer.write(rows as u64, DynIter::new(columns));
        self.rows += rows as u64;
        self.check(result)
    }

    /// Writes the footer with `metadata`. Returns the number of rows.
    pub(super) fn finish(mut self, metadata: &[(String, String)]) -> Result<u64> {
        // Readers that know Arrow take the metadata of the Arrow schema, others that of the file.
        let of_schema = metadata.iter().map(|(key, value)| (key.into(), value.into()));
        self.schema.metadata_mut().extend(of_schema);
        let mut pairs = vec![schema_to_metadata_key(&self.schema)];
        pairs.extend(
            metadata.iter().map(|(key, value)| KeyValue { key: key.clone(), value: Some(value.clone()) }),
        );
        let result = self.writer.end(Some(pairs)).map(drop);
        self.check(result)?;
        Ok(self.rows)
    }

    fn check(&self, result: Result<(), ParquetError>) -> Result<()> {
        let Err(error) = result else { return Ok(()) };
        if let Some(source) = self.error.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(Error::writing(&self.path, source));
        }
        Err(Error::Other(format!("{}: {error}", self.path.display())))
    }
}

fn other(path: &Path, error: &PolarsError) -> Error {
    Error::Other(format!("{}: {error}", path.display()))
}
