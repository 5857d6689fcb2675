//! Reads columns of written tables back, one at a time to save memory.

use gridfleet_core::error::{Error, Result, guard};
use gridfleet_core::records::dictionary::TableId;
use polars_core::prelude::{Column, DataFrame, PolarsError};
use polars_io::prelude::{ParquetReader, SerReader};
use rustc_hash::FxHashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

/// A table of a run; one without rows has no file.
pub(super) struct Written {
    path: PathBuf,
    rows: usize,
}

/// Number of a text; equal texts have equal numbers.
pub(super) type Code = u32;
/// Number of a text that is missing (null).
pub(super) const MISSING: Code = Code::MAX;

/// Texts and their numbers.
#[derive(Default)]
pub(super) struct Texts {
    codes: FxHashMap<Box<str>, Code>,
    texts: Vec<Box<str>>,
}

impl Texts {
    pub(super) fn code(&mut self, text: &str) -> Code {
        if let Some(&code) = self.codes.get(text) {
            return code;
        }
        let code = self.texts.len() as Code;
        self.codes.insert(text.into(), code);
        self.texts.push(text.into());
        code
    }
    pub(super) fn text(&self, code: Code) -> &str {
        self.texts.get(code as usize).map_or("nothing", |text| text)
    }
}

impl Written {
    pub(super) fn open(dir: &Path, table: TableId) -> Result<Self> {
        let path = dir.join(table.table().file_name());
        if !path.exists() {
            return Ok(Self { path, rows: 0 });
        }
        let mut reader = Self::reader(&path)?;
        let rows = reader.num_rows().map_err(|e| unreadable(&path, &e))?;
        Ok(Self { path, rows })
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    fn reader(path: &Path) -> Result<ParquetReader<File>> {
        Ok(ParquetReader::new(File::open(path).map_err(|e| Error::reading(path, e))?))
    }

    /// Reads one column. Polars panics at types that it is built without: another program may have written the table
    /// again with such.
    fn frame(&self, name: &str) -> Result<DataFrame> {
        let reader = Self::reader(&self.path)?.with_columns(Some(vec![name.to_owned()]));
        let read =
            guard::decode(&self.path, "a table as gridfleet writes it", || Ok::<_, String>(reader.finish()));
        read?.map_err(|e| unreadable(&self.path, &e))
    }

    fn column<T>(&self, name: &str, read: impl Fn(&Column) -> Result<Vec<T>, PolarsError>) -> Result<Vec<T>> {
        if self.rows == 0 {
            return Ok(Vec::new());
        }
        let frame = self.frame(name)?;
        let values = frame.column(name).and_then(read).map_err(|e| unreadable(&self.path, &e))?;
        if values.len() == self.rows {
            Ok(values)
        } else {
            Err(Error::Other(format!("{}: {name} has another number of rows", self.path.display())))
        }
    }

    /// Numbers; null as NaN.
    pub(super) fn floats(&self, name: &str) -> Result<Vec<f64>> {
        self.column(name, |c| Ok(c.f64()?.iter().map(|v| v.unwrap_or(f64::NAN)).collect()))
    }

    /// Whole numbers.
    pub(super) fn ints(&self, name: &str) -> Result<Vec<Option<i64>>> {
        self.column(name, |c| Ok(c.i64()?.iter().collect()))
    }

    /// Row numbers in another table.
    pub(super) fn ids(&self, name: &str) -> Result<Vec<u32>> {
        self.column(name, |c| Ok(c.u32()?.iter().map(|v| v.unwrap_or(u32::MAX)).collect()))
    }

    /// Numbers of rows of another table, where there are some.
    pub(super) fn optional_ids(&self, name: &str) -> Result<Vec<Option<u32>>> {
        self.column(name, |c| Ok(c.u32()?.iter().collect()))
    }

    /// Instants [s].
    pub(super) fn times(&self, name: &str) -> Result<Vec<Option<i64>>> {
        self.column(name, |c| {
            Ok(c.datetime()?.physical().iter().map(|v| v.map(|ms| ms.div_euclid(1_000))).collect())
        })
    }

    /// Instants that are never null [s].
    pub(super) fn all_times(&self, name: &str) -> Result<Vec<i64>> {
        Ok(self.times(name)?.into_iter().map(|t| t.unwrap_or(i64::MIN)).collect())
    }

    /// Result of `parse` for each text; `None` for null.
    pub(super) fn parsed<T>(&self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<Option<T>>> {
        self.column(name, |c| Ok(c.str()?.iter().map(|v| v.and_then(&parse)).collect()))
    }

    /// Texts, as numbers.
    pub(super) fn texts(&self, name: &str, texts: &mut Texts) -> Result<Vec<Code>> {
        if self.rows == 0 {
            return Ok(Vec::new());
        }
        let frame = self.frame(name)?;
        let column = frame.column(name).map_err(|e| unreadable(&self.path, &e))?;
        let column = column.str().map_err(|e| unreadable(&self.path, &e))?;
        Ok(column.iter().map(|v| v.map_or(MISSING, |text| texts.code(text))).collect())
    }
}

fn unreadable(path: &Path, error: &PolarsError) -> Error {
    Error::Other(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars_arrow::array::{DictionaryArray, PrimitiveArray, Utf8ViewArray};
    use polars_arrow::datatypes::Field;
    use polars_arrow::record_batch::RecordBatchT;
    use polars_parquet::write::{
        CompressionOptions, Encoding, FileWriter, StatisticsOptions, Version, WriteOptions, row_group_iter,
    };
    use std::sync::Arc;

    #[test]
    fn a_table_with_types_of_another_program_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let names = Utf8ViewArray::from_slice_values(["taxi"]).boxed();
        let fleet = DictionaryArray::try_from_keys(PrimitiveArray::<i8>::from_vec(vec![0, 0]), names, false);
        let fleet = fleet.unwrap().boxed();
        let field = Field::new("fleet".into(), fleet.dtype().clone(), false);
        let options = WriteOptions {
            statistics: StatisticsOptions::default(),
            version: Version::V1,
            compression: CompressionOptions::Uncompressed,
            data_page_size: None,
        };
        let file = File::create(folder.path().join(TableId::Trips.table().file_name())).unwrap();
        let schema = [("fleet".into(), field)].into_iter().collect();
        let mut writer = FileWriter::try_new(file, schema, options).unwrap();
        let batch = RecordBatchT::try_new(2, Arc::new(writer.schema().clone()), vec![fleet]).unwrap();
        let encodings = [vec![Encoding::RleDictionary]].into_iter().collect();
        let types = writer.parquet_schema().fields().to_vec();
        writer.write(2, row_group_iter(batch, encodings, types, options)).unwrap();
        writer.end(None).unwrap();
        let table = Written::open(folder.path(), TableId::Trips).unwrap();
        let error = table.texts("fleet", &mut Texts::default()).unwrap_err();
        assert!(error.is_input(), "{error}");
        assert!(error.to_string().contains("trips.parquet: found a file that cannot be decoded"), "{error}");
    }
}
