//! Tables from files of any kind, column by column: text with any delimiter, encoding and decimal sign, Parquet, JSON,
//! spreadsheets, packed or not.
//!
//! [`TableFile`] knows the columns of a file; [`TableFile::read`] loads the requested ones into a [`Table`],
//! which returns them as numbers, times or names. A cell that cannot be read as the requested type does not
//! stop the reading: the importer decides whether its row is skipped or ends the import.

mod columnar;
mod open;
mod text;

use super::cells::Decimal;
use super::columns::Lines;
pub use super::columns::{Names, Numbers, Table};
use super::conditions::Condition;
use super::dialect::Dialect;
pub use super::dialect::Reading;
use super::parquet::Encoded;
use super::unpack::{Form, Part};
use gridfleet_core::error::{Error, InputError, Result, input};
use gridfleet_core::names;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Types of Parquet columns, by Arrow name, that can be read as numbers, times or names.
const READABLE: [&str; 19] = [
    "Int8",
    "Int16",
    "Int32",
    "Int64",
    "UInt8",
    "UInt16",
    "UInt32",
    "UInt64",
    "Float32",
    "Float64",
    "Decimal",
    "Dictionary",
    "Utf8",
    "LargeUtf8",
    "Utf8View",
    "Timestamp",
    "Date32",
    "Boolean",
    "Null",
];

/// A CSV or Parquet file whose columns are known; nothing else has been read yet.
#[derive(Debug)]
pub struct TableFile {
    path: PathBuf,
    names: Vec<String>,
    content: Content,
    reading: Reading,
    /// Layout of a table of text.
    dialect: Option<Dialect>,
    form: Form,
    /// Members of an archive of several.
    parts: Vec<Part>,
    /// Ways in which the file was packed or encoded.
    notes: Vec<String>,
}

#[derive(Debug)]
enum Content {
    /// A CSV file, read as a stream.
    CsvFile,
    /// The contents of a CSV file.
    CsvBytes(Arc<[u8]>),
    /// The contents of a Parquet file.
    Parquet { file: Box<Encoded>, types: Vec<String>, metadata: BTreeMap<String, String> },
}

impl TableFile {
    /// Leaves out rows that have another value in a column, unless the user stated one for it.
    pub(super) fn add_condition(&mut self, column: &str, value: &str) {
        if !self.reading.conditions.iter().any(|(name, _)| name.eq_ignore_ascii_case(column)) {
            self.reading.conditions.push((column.to_owned(), value.to_owned()));
        }
    }

    /// The path as given by the user.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Names of the columns, in the order of the file.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// `csv`, `parquet`, `json`, `xlsx` or `xml`.
    pub fn kind(&self) -> &'static str {
        match self.form {
            Form::Csv => "csv",
            Form::Parquet => "parquet",
            Form::Json => "json",
            Form::Sheet => "xlsx",
            Form::Xml => "xml",
        }
    }

    /// Assumptions about the file: packing, encoding, delimiter, header.
    pub fn notes(&self) -> Vec<String> {
        let layout = self.dialect.iter().filter(|_| matches!(self.form, Form::Csv | Form::Sheet));
        let notes = layout.flat_map(|dialect| &dialect.notes);
        let plain = |note: &&String| note.as_str() != "cells parted by commas";
        self.notes.iter().chain(notes.filter(plain)).cloned().collect()
    }

    /// Whether the file has no header line and the user named no columns.
    pub fn is_headerless(&self) -> bool {
        self.dialect.as_ref().is_some_and(|dialect| dialect.headerless)
    }

    /// Delimiter of a table of text.
    pub fn delimiter(&self) -> Option<u8> {
        self.dialect.as_ref().map(|dialect| dialect.delimiter)
    }

    /// Line of the header of a table of text, from 1.
    pub fn header_line(&self) -> u64 {
        self.dialect.as_ref().map_or(1, |dialect| dialect.line)
    }

    /// Text that the writer of a Parquet file stored under `key` in the metadata.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        match &self.content {
            Content::Parquet { metadata, .. } => metadata.get(key).map(String::as_str),
            Content::CsvFile | Content::CsvBytes(_) => None,
        }
    }

    /// Whether a column has a type that can be read: always in CSV; in Parquet numbers, text, times and flags.
    pub fn is_readable(&self, column: usize) -> bool {
        match &self.content {
            Content::Parquet { types, .. } => types
                .get(column)
                .is_some_and(|kind| READABLE.iter().any(|readable| kind.starts_with(readable))),
            Content::CsvFile | Content::CsvBytes(_) => column < self.names.len(),
        }
    }

    /// Position of the first of `names` that the file has, ignoring case and surrounding blanks.
    pub fn find(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|wanted| {
            let wanted = wanted.trim();
            // Exact names first: a file may have `Fare` and `fare`.
            let position = |fits: &dyn Fn(&str) -> bool| self.names.iter().position(|name| fits(name.trim()));
            position(&|name| name == wanted)
                .or_else(|| position(&|name| name.eq_ignore_ascii_case(wanted)))
                // Tables of version 1.
                .or_else(|| position(&|name| names::renamed(name) == Some(wanted)))
        })
    }

    /// Position of a required column.
    ///
    /// # Errors
    /// If the column is missing; the message lists the columns present.
    pub fn require(&self, names: &[&str]) -> Result<usize> {
        self.find(names).ok_or_else(|| {
            let first = names.first().copied().unwrap_or_default();
            self.lacks(first).into()
        })
    }

    /// The error for a missing column.
    pub fn lacks(&self, name: &str) -> InputError {
        if let Some(dialect) = self.dialect.as_ref().filter(|dialect| dialect.headerless) {
            return InputError::new("no header line: this line is a row", format!("a column `{name}`"))
                .file(&self.path)
                .line(dialect.line)
                .key(name)
                .help(
                    "name the columns of the file in their order: `gridfleet data import --columns a,b,c`",
                );
        }
        let error = InputError::listing("only the columns", &self.names, format!("a column `{name}`"));
        error.file(&self.path).key(name)
    }

    /// Loads all columns.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_all(&self) -> Result<Table> {
        let all: Vec<usize> = (0..self.names.len()).collect();
        self.read(&all)
    }

    /// Loads the columns at these positions; other columns are not decoded.
    ///
    /// # Errors
    /// If the file cannot be read or is damaged. Single bad cells are not an error here.
    pub fn read(&self, columns: &[usize]) -> Result<Table> {
        let mut wanted = columns.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        wanted.retain(|&c| c < self.names.len());
        let mut conditions = Vec::new();
        for (name, value) in &self.reading.conditions {
            conditions.push(Condition { column: self.require(&[name])?, value, others: BTreeSet::new() });
        }
        let table = match &self.content {
            Content::CsvFile => {
                let start = self.dialect.as_ref().map_or(0, |dialect| dialect.start);
                let mut file = input::Lines::new(input::open(&self.path)?, input::MOST_LINE_BYTES);
                let failed = |e| Error::reading(&self.path, e);
                std::io::copy(&mut file.by_ref().take(start), &mut std::io::sink()).map_err(failed)?;
                let source = BufReader::with_capacity(1 << 20, file);
                self.read_csv(source, &wanted, &mut conditions, Lines::File(Vec::new()))?
            }
            Content::CsvBytes(bytes) => {
                let start = self.dialect.as_ref().map_or(0, |dialect| dialect.start as usize);
                let lines = match self.form {
                    Form::Json | Form::Xml => Lines::Rows,
                    _ => Lines::Bytes(Vec::new(), Arc::clone(bytes)),
                };
                let source = bytes.get(start..).unwrap_or_default();
                self.read_csv(source, &wanted, &mut conditions, lines)?
            }
            Content::Parquet { file, .. } => {
                self.read_parquet(file.footer().num_rows, &wanted, &mut conditions)?
            }
        };
        if table.rows == 0
            && let Some(condition) = conditions.iter().find(|condition| !condition.others.is_empty())
        {
            let name = self.names.get(condition.column).map_or("", String::as_str);
            let others: Vec<&str> = condition.others.iter().map(String::as_str).collect();
            let found = format!("no row with `{}`", condition.value);
            return Err(InputError::new(found, format!("one of {}", others.join(", ")))
                .file(&self.path)
                .key(name)
                .into());
        }
        Ok(table)
    }

    /// A table without columns.
    fn table(&self, rows: usize, lines: Lines) -> Table {
        let dialect = self.dialect.as_ref();
        // Cells parted by commas, and those of other programs' files, have decimal points unless they show otherwise.
        let pointed = dialect.is_none_or(|dialect| dialect.delimiter == b',');
        let habit = dialect.and_then(|dialect| dialect.decimal).or(pointed.then_some(Decimal::Point));
        Table {
            path: self.path.clone(),
            names: self.names.clone(),
            rows,
            columns: BTreeMap::new(),
            lines,
            ragged: Vec::new(),
            width: self.names.len(),
            kept: None,
            parts: self.parts.clone(),
            decimal: self.reading.decimal,
            habit,
            date_order: self.reading.date_order,
            decisions: RefCell::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::times::RawTime;
    use super::*;
    use polars_core::prelude::{DataFrame, DataType, Series, TimeUnit};

    fn csv(text: &str) -> Result<TableFile> {
        TableFile::from_bytes("t.csv", text.as_bytes().to_vec())
    }

    #[test]
    fn a_csv_is_read_by_column() {
        let file =
            csv("\u{feff}A, b ,c\n1,x,2018-01-01T00:00:00Z\n\nnan,\"y\nz\",\nfoo,x,0\n1e999,x,,,\n1\n")
                .unwrap();
        assert_eq!(file.names(), ["A", "b", "c"]);
        assert_eq!(file.find(&["zz", "B"]), Some(1));
        let table = file.read(&[0, 1, 2]).unwrap();
        assert_eq!(table.rows(), 5);
        let a = table.numbers(0).unwrap();
        assert_eq!(a.bad, [2, 3]);
        assert_eq!((a.get(0), a.get(4)), (1.0, 1.0));
        assert!(a.get(1).is_nan());
        let b = table.names(1).unwrap();
        assert_eq!(
            (&b.codes[..], &b.names[..]),
            (&[0, 1, 0, 0, u32::MAX][..], &["x".into(), "y\nz".into()][..])
        );
        assert_eq!(
            table.times(2).unwrap(),
            [
                RawTime::Utc(1_514_764_800),
                RawTime::Missing,
                RawTime::Utc(0),
                RawTime::Missing,
                RawTime::Missing
            ]
        );
        // A cell with a line break makes its row two lines long, and an empty line counts.
        assert_eq!([0, 1, 2, 3, 4].map(|row| table.line(row)), [2, 4, 6, 7, 8]);
        let dos =
            TableFile::from_bytes("t.csv", b"a\r\n1\r\n\r\n2\r\n".to_vec()).unwrap().read(&[0]).unwrap();
        assert_eq!([0, 1].map(|row| dos.line(row)), [2, 4]);
        assert_eq!(table.ragged(), [(4, 1)]);
        insta::assert_snapshot!(table.error(0, 2, "a number"), @"t.csv:6: A: found `foo`, expected a number");
    }

    #[test]
    fn what_is_no_table_is_told_so() {
        let message =
            |name: &str, bytes: &[u8]| TableFile::from_bytes(name, bytes.to_vec()).unwrap_err().to_string();
        insta::assert_snapshot!(message("a.csv", b""), @"a.csv: found an empty file, expected a table with a header line and rows");
        insta::assert_snapshot!(message("a.csv", b"a,b,a\n1,2,3\n"), @"a.csv:1: a: found two columns of this name, expected each name once");
        insta::assert_snapshot!(message("a.parquet", b"a,b\n1,2\n1,2,3"), @"a.parquet: found a file that does not begin as Parquet does (PAR1), expected a Parquet file; if it is CSV, give it a name that ends in .csv");
        insta::assert_snapshot!(message("a.parquet", b"PAR1 and so on"), @"a.parquet: found a file that does not end as Parquet does (PAR1), expected a Parquet file; it is truncated: fetch or write it again");
        insta::assert_snapshot!(message("a.parquet", b"PAR1\x00\x00\x00\x00\x04\x00\x00\x00PAR1"), @"a.parquet: found a file that cannot be decoded (parquet: File out of specification: FileMetaData.version missing), expected a Parquet file; it may be truncated or damaged: fetch or write it again");
        insta::assert_snapshot!(TableFile::open("no/such.csv").unwrap_err(), @"no such file: no/such.csv; check the path; relative paths start at the folder of the file that names them");
        let file = csv("a,b\n").unwrap();
        insta::assert_snapshot!(file.require(&["request_time"]).unwrap_err(), @"t.csv: request_time: found only the columns a, b, expected a column `request_time`");
    }

    #[test]
    fn parquet_types_mean_what_they_say() {
        use polars_core::prelude::{Int64Chunked, IntoColumn, IntoSeries, NamedFrom, TimeZone};
        let s = 1_520_289_000; // 2018-03-05T22:30:00Z
        let times = |name: &str, unit, zone, per_second: i64| {
            let values = Int64Chunked::from_vec(name.into(), vec![s * per_second + per_second - 1, -1]);
            values.into_datetime(unit, zone).into_series().into_column()
        };
        let date = Series::new("date".into(), [17_595_i32]).cast(&DataType::Date).unwrap();
        let columns = vec![
            times("ms utc", TimeUnit::Milliseconds, Some(TimeZone::UTC), 1_000),
            times("us", TimeUnit::Microseconds, None, 1_000_000),
            times("ns", TimeUnit::Nanoseconds, None, 1_000_000_000),
            Series::new("epoch".into(), [s, -1]).into_column(),
            Series::new("text".into(), ["2018-03-05 22:30", "x"]).into_column(),
            date.new_from_index(0, 2).into_column(),
            Series::new("flag".into(), [true, false]).into_column(),
            Series::new("number".into(), [Some(2.0), Some(f64::INFINITY)]).into_column(),
            Series::new("none".into(), [None::<f64>, Some(2.5)]).into_column(),
        ];
        let mut bytes = Vec::new();
        let mut frame = DataFrame::new(2, columns).unwrap();
        polars_io::parquet::write::ParquetWriter::new(&mut bytes).finish(&mut frame).unwrap();
        let file = TableFile::from_bytes("x.parquet", bytes).unwrap();
        let table = file.read(&[0, 1, 2, 3, 4, 5, 6, 7, 8]).unwrap();
        assert_eq!(table.times(0).unwrap(), [RawTime::Utc(s), RawTime::Utc(-1)]);
        assert_eq!(table.times(1).unwrap(), [RawTime::Wall(s), RawTime::Wall(-1)]);
        assert_eq!(table.times(2).unwrap(), [RawTime::Wall(s), RawTime::Wall(-1)]);
        assert_eq!(table.times(3).unwrap(), [RawTime::Utc(s), RawTime::Utc(-1)]);
        assert_eq!(table.times(4).unwrap(), [RawTime::Wall(s), RawTime::Bad]);
        assert_eq!(table.times(5).unwrap()[0], RawTime::Wall(17_595 * 86_400));
        assert_eq!(table.names(6).unwrap().names, ["true", "false"]);
        assert_eq!((table.numbers(7).unwrap().bad, table.numbers(7).unwrap().get(0)), (vec![1], 2.0));
        assert_eq!(table.names(8).unwrap(), Names { codes: vec![u32::MAX, 0], names: vec!["2.5".into()] });
        // Values that cannot be read as the requested type are reported, and every cell can be printed.
        insta::assert_snapshot!(table.times(6).unwrap_err(), @"x.parquet: flag: found a column of type bool, expected times");
        insta::assert_snapshot!(table.numbers(0).unwrap_err(), @"x.parquet: ms utc: found a column of type datetime[ms, UTC], expected numbers");
        let cells: Vec<String> = (0..9).map(|column| table.cell(column, 0)).collect();
        insta::assert_snapshot!(cells.join(" | "), @"2018-03-05T22:30:00Z | 2018-03-05T22:30:00 | 2018-03-05T22:30:00 | 1520289000 | 2018-03-05 22:30 | 2018-03-05 | true | 2.0 |");
    }
}
