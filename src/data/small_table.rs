//! Small tables (prices, stations, vehicles), read entirely as text, so that every message can quote the
//! file.
//!
//! Cells of a CSV file are kept as written; those of a Parquet file are converted to text, with times in ISO
//! 8601 UTC. Traces of millions of rows are not read by this module.

use super::table::TableFile;
use gridfleet_core::error::{Error, InputError, Result, input};
use gridfleet_core::names;
use gridfleet_core::ranges::Range;
use polars_core::prelude::{AnyValue, TimeUnit};
use std::io::Cursor;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Maximum size of a file [bytes].
const MOST_BYTES: u64 = 256 << 20;

/// A table of text.
#[derive(Debug, Clone)]
pub struct SmallTable {
    file: PathBuf,
    header: Vec<String>,
    rows: Vec<(u64, Vec<String>)>,
}

/// One row of a [`SmallTable`], accessed by column name.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    table: &'a SmallTable,
    line: u64,
    cells: &'a [String],
}

impl SmallTable {
    /// Reads a CSV file or, if the extension is `.parquet`, a Parquet file.
    ///
    /// `known` are the recognised columns, in the order in which messages list them; other columns are
    /// allowed and ignored. `required` columns must be present.
    ///
    /// # Errors
    /// If the file cannot be read, is not a table, or lacks a required column.
    pub fn read(path: &Path, required: &[&str], known: &[&str]) -> Result<Self> {
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("parquet")) {
            return Self::from_parquet(&TableFile::open(path)?, required, known);
        }
        let table = Self::from_csv(path, Cursor::new(input::read(path, MOST_BYTES)?))?;
        table.check(required, known)?;
        Ok(table)
    }

    /// Reads CSV text; `file` is its name in messages.
    pub fn from_csv(file: &Path, text: impl Read) -> Result<Self> {
        let text = input::Lines::new(text, input::MOST_LINE_BYTES);
        let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text);
        let header: Vec<String> = match reader.headers() {
            Ok(header) => header.iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect(),
            Err(error) => return Err(csv_error(file, error)),
        };
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|e| csv_error(file, e))?;
            let line = record.position().map_or(0, csv::Position::line);
            if record.iter().all(str::is_empty) {
                continue;
            }
            if record.len() != header.len() {
                return Err(InputError::new(
                    format!("{} cells", record.len()),
                    format!("{} cells, as in the header", header.len()),
                )
                .file(file)
                .line(line)
                .help("the row is cut off, or has a comma too many; quote cells that hold commas")
                .into());
            }
            rows.push((line, record.iter().map(str::to_owned).collect()));
        }
        Ok(Self { file: file.to_path_buf(), header, rows })
    }

    /// Reads the known columns of a Parquet file; others may have types that cannot be read.
    fn from_parquet(file: &TableFile, required: &[&str], known: &[&str]) -> Result<Self> {
        let path = file.path();
        let names: Vec<String> = file.names().iter().map(|name| name.trim().to_owned()).collect();
        let all = Self { file: path.to_path_buf(), header: names, rows: Vec::new() };
        all.check(required, known)?;
        let wanted: Vec<usize> = (0..all.header.len())
            .filter(|&at| known.iter().any(|name| all.position(name) == Some(at)))
            .collect();
        let frame = file.frame(&wanted)?;
        let header: Vec<String> = wanted.iter().map(|&at| all.header[at].clone()).collect();
        let mut rows: Vec<(u64, Vec<String>)> =
            (0..frame.height()).map(|row| (row as u64 + 1, Vec::with_capacity(header.len()))).collect();
        for column in frame.columns() {
            for (index, (line, cells)) in rows.iter_mut().enumerate() {
                let value = column.get(index).map_err(|e| {
                    InputError::new(e.to_string(), "a value that can be read").file(path).line(*line)
                })?;
                cells.push(text_of(&value));
            }
        }
        Ok(Self { file: all.file, header, rows })
    }

    /// Checks that the `required` columns are present.
    ///
    /// # Errors
    /// One for each missing column.
    pub fn check(&self, required: &[&str], known: &[&str]) -> Result<()> {
        let missing: Vec<&&str> = required.iter().filter(|name| self.position(name).is_none()).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let one_wide =
            self.header.len() == 1 && self.header.first().is_some_and(|h| h.contains([';', '\t', '|']));
        let help = if one_wide {
            "the file seems to be separated by something else than commas: write it with commas".to_owned()
        } else {
            format!("columns known here: {}", known.join(", "))
        };
        let found = match self.header.join(",") {
            header if header.is_empty() => "no header".to_owned(),
            header => format!("the columns {header}"),
        };
        Err(Error::Input(
            missing
                .into_iter()
                .map(|name| {
                    InputError::new(found.clone(), format!("a column {name}"))
                        .file(&self.file)
                        .line(1)
                        .help(help.clone())
                })
                .collect(),
        ))
    }

    fn position(&self, name: &str) -> Option<usize> {
        let same = |h: &String| h.eq_ignore_ascii_case(name);
        // Tables of version 1.
        let renamed = |h: &String| names::renamed(&h.to_ascii_lowercase()) == Some(name);
        self.header.iter().position(same).or_else(|| self.header.iter().position(renamed))
    }

    /// Whether there is a column with that name.
    pub fn has(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// Rows from top to bottom.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        self.rows.iter().map(|(line, cells)| Row { table: self, line: *line, cells })
    }
}

impl<'a> Row<'a> {
    /// Line in the file (row in a Parquet file), counted from 1.
    pub fn line(self) -> u64 {
        self.line
    }

    /// An error about the cell in `column`.
    pub fn error(self, column: &str, found: impl Into<String>, expected: impl Into<String>) -> InputError {
        InputError::new(found, expected).file(&self.table.file).line(self.line).key(column)
    }

    /// The cell in `column`; `None` if it is empty or there is no such column.
    pub fn text(self, column: &str) -> Option<&'a str> {
        let cell = self.cells.get(self.table.position(column)?)?.as_str();
        (!cell.is_empty()).then_some(cell)
    }

    /// The cell in `column`, which must not be empty.
    pub fn required_text(self, column: &str) -> Result<&'a str, InputError> {
        self.text(column).ok_or_else(|| self.error(column, "an empty cell", "a name"))
    }

    /// The number in `column`, if there is one.
    pub fn number(self, column: &str, range: Range) -> Result<Option<f64>, InputError> {
        let Some(cell) = self.text(column) else { return Ok(None) };
        match cell.parse::<f64>() {
            Ok(value) if range.holds(value) => Ok(Some(value)),
            _ => Err(self.error(column, quoted(cell), range.expected())),
        }
    }

    /// The number in `column`, which must not be empty.
    pub fn required_number(self, column: &str, range: Range) -> Result<f64, InputError> {
        self.number(column, range)?.ok_or_else(|| self.error(column, "an empty cell", range.expected()))
    }

    /// The whole number in `column`, if there is one.
    pub fn whole(self, column: &str, range: Range) -> Result<Option<u32>, InputError> {
        let Some(cell) = self.text(column) else { return Ok(None) };
        // Spreadsheet tools write 8.0 for 8 if the column has gaps.
        let digits = cell.strip_suffix(".0").unwrap_or(cell);
        match digits.parse::<u32>() {
            Ok(value) if range.holds(f64::from(value)) => Ok(Some(value)),
            _ => Err(self.error(column, quoted(cell), range.expected())),
        }
    }

    /// The boolean in `column`, if there is one.
    pub fn flag(self, column: &str) -> Result<Option<bool>, InputError> {
        let Some(cell) = self.text(column) else { return Ok(None) };
        match cell.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" => Ok(Some(true)),
            "false" | "0" | "no" => Ok(Some(false)),
            _ => Err(self.error(column, quoted(cell), "true or false")),
        }
    }
}

/// Collects problems, so that a single pass over a table reports all of them.
#[derive(Debug, Default)]
pub struct Problems(Vec<InputError>);

impl Problems {
    /// The value, or its default with the problem recorded.
    pub fn take<T: Default>(&mut self, result: Result<T, InputError>) -> T {
        result.unwrap_or_else(|problem| {
            self.0.push(problem);
            T::default()
        })
    }

    /// Records a problem.
    pub fn push(&mut self, problem: InputError) {
        self.0.push(problem);
    }

    /// Adds the problems of a part.
    pub fn append(&mut self, mut part: Self) {
        self.0.append(&mut part.0);
    }

    /// `value` if there were no problems; otherwise the first twenty.
    pub fn finish<T>(mut self, value: T) -> Result<T> {
        if self.0.is_empty() {
            return Ok(value);
        }
        self.0.truncate(20);
        Err(Error::Input(self.0))
    }
}

/// A cell in quotation marks.
pub fn quoted(cell: &str) -> String {
    format!("\"{cell}\"")
}

fn csv_error(file: &Path, error: csv::Error) -> Error {
    let line = error.position().map(csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(source) => Error::reading(file, source),
        kind => {
            let found = match kind {
                csv::ErrorKind::Utf8 { .. } => "bytes that are not UTF-8".to_owned(),
                other => format!("{other:?}"),
            };
            let problem = InputError::new(found, "a CSV file in UTF-8").file(file);
            match line {
                Some(line) => problem.line(line).into(),
                None => problem.into(),
            }
        }
    }
}

fn text_of(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Null => String::new(),
        AnyValue::String(text) => text.trim().to_owned(),
        AnyValue::StringOwned(text) => text.trim().to_owned(),
        AnyValue::Datetime(ticks, unit, _) => iso(*ticks, *unit),
        AnyValue::DatetimeOwned(ticks, unit, _) => iso(*ticks, *unit),
        other => other.to_string(),
    }
}

fn iso(ticks: i64, unit: TimeUnit) -> String {
    let per_second = match unit {
        TimeUnit::Nanoseconds => 1_000_000_000,
        TimeUnit::Microseconds => 1_000_000,
        TimeUnit::Milliseconds => 1_000,
    };
    gridfleet_core::time::SimTime(ticks.div_euclid(per_second)).iso()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::ranges;

    fn table(text: &str) -> Result<SmallTable> {
        SmallTable::from_csv(Path::new("t.csv"), text.as_bytes())
    }

    #[test]
    fn a_byte_order_mark_and_blanks_are_no_part_of_names() {
        let table = table("\u{feff}name , kw\na, 3.6 \n\n").unwrap();
        assert!(table.has("name") && table.has("KW"));
        let rows: Vec<Row<'_>> = table.rows().collect();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].number("kw", ranges::CONNECTOR_POWER).unwrap(), Some(3.6));
        assert_eq!(rows[0].text("other"), None);
    }

    #[test]
    fn messages_name_the_place() {
        let two = table("name,kw\na,1\nb,NaN\n").unwrap();
        let row = two.rows().nth(1).unwrap();
        insta::assert_snapshot!(row.number("kw", ranges::CONNECTOR_POWER).unwrap_err(), @r#"t.csv:3: kw: found "NaN", expected a power above 0 and at most 10000 kW"#);
        insta::assert_snapshot!(row.whole("name", ranges::CONNECTORS).unwrap_err(), @r#"t.csv:3: name: found "b", expected a whole number from 1 to 10000"#);
        insta::assert_snapshot!(table("a,b\n1\n").unwrap_err(), @"t.csv:2: found 1 cells, expected 2 cells, as in the header; the row is cut off, or has a comma too many; quote cells that hold commas");
        let semicolons = table("time;price\n1;2\n").unwrap();
        insta::assert_snapshot!(semicolons.check(&["time"], &["time"]).unwrap_err(), @"t.csv:1: found the columns time;price, expected a column time; the file seems to be separated by something else than commas: write it with commas");
    }

    #[test]
    fn a_parquet_file_that_is_none_is_the_users_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        std::fs::write(&path, b"PAR1 but nothing else PAR1").unwrap();
        let read = |name: &str| SmallTable::read(&folder.path().join(name), &[], &[]);
        assert_eq!(read("x.parquet").unwrap_err().exit_status(), 2);
        assert_eq!(read("none.parquet").unwrap_err().exit_status(), 2);
    }
}
