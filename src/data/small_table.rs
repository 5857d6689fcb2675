//! Small tables (prices, stations, vehicles), read entirely as text, so that every message can quote the
//! file. They are [`TableFile`]s, and so have any delimiter, encoding and decimal sign.
//!
//! Cells of text are kept as written; those of a Parquet file are converted to text, with times in ISO
//! 8601 UTC. Traces of millions of rows are not read by this module.

use super::cells::{Decimal, bare, decide, number};
use super::table::TableFile;
use gridfleet_core::error::{Error, InputError, Result, input};
use gridfleet_core::names;
use gridfleet_core::ranges::Range;
use polars_core::prelude::{AnyValue, TimeUnit};
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
    /// Decimal sign of each column, if it is clear.
    decimals: Vec<Option<Decimal>>,
    /// Line of the header.
    line: u64,
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
        let file = TableFile::open(path)?;
        if file.kind() == "parquet" {
            return Self::from_parquet(&file, required, known);
        }
        let table = Self::from_text(&file)?;
        table.check(required, known)?;
        Ok(table)
    }

    /// Reads CSV text; `file` is its name in messages.
    ///
    /// # Errors
    /// If it is not a table.
    pub fn from_csv(file: &Path, text: impl Read) -> Result<Self> {
        let mut bytes = Vec::new();
        let mut text = input::Lines::new(text, input::MOST_LINE_BYTES).take(MOST_BYTES);
        text.read_to_end(&mut bytes).map_err(|e| Error::reading(file, e))?;
        Self::from_text(&TableFile::from_bytes(file, bytes)?)
    }

    /// Reads all columns of a table of text.
    fn from_text(file: &TableFile) -> Result<Self> {
        let all: Vec<usize> = (0..file.names().len()).collect();
        let table = file.read(&all)?;
        if let Some(&(row, cells)) = table.ragged().first() {
            let expected = format!("{} cells, as in the header", all.len());
            return Err(InputError::new(format!("{cells} cells"), expected)
                .file(file.path())
                .line(table.line(row))
                .help("the row is cut off, or has a delimiter too many; quote cells that hold one")
                .into());
        }
        let lines = table.lines();
        let row = |row: usize| all.iter().map(|&column| table.cell(column, row)).collect::<Vec<_>>();
        let rows: Vec<_> = lines.into_iter().enumerate().map(|(at, line)| (line, row(at))).collect();
        let rows: Vec<_> =
            rows.into_iter().filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty())).collect();
        let decimal = |column: usize| {
            let cells = rows.iter().filter_map(|(_, cells)| cells.get(column)).map(String::as_str);
            decide(cells, table.habit()).ok()
        };
        let decimals = all.iter().map(|&column| decimal(column)).collect();
        let line = file.header_line();
        Ok(Self { file: file.path().to_path_buf(), header: file.names().to_vec(), rows, decimals, line })
    }

    /// Reads the known columns of a Parquet file; others may have types that cannot be read.
    fn from_parquet(file: &TableFile, required: &[&str], known: &[&str]) -> Result<Self> {
        let path = file.path();
        let names: Vec<String> = file.names().iter().map(|name| name.trim().to_owned()).collect();
        let all =
            Self { file: path.to_path_buf(), header: names, rows: Vec::new(), decimals: Vec::new(), line: 1 };
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
        let decimals = vec![Some(Decimal::Point); header.len()];
        Ok(Self { file: all.file, header, rows, decimals, line: 1 })
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
        let help = format!("columns known here: {}", known.join(", "));
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
                        .line(self.line)
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
        match self.value(column, cell)? {
            Some(value) if range.holds(value) => Ok(Some(value)),
            _ => Err(self.error(column, quoted(cell), range.expected())),
        }
    }

    /// A cell as a number, by the decimal sign of its column; `None` if it is none.
    fn value(self, column: &str, cell: &str) -> Result<Option<f64>, InputError> {
        if !cell.contains([',', '.'])
            && let Ok(value) = cell.parse::<f64>()
        {
            return Ok(Some(value));
        }
        let sign = self.table.position(column).and_then(|at| self.table.decimals.get(at)).copied().flatten();
        let Some(sign) = sign else {
            let expected = "a number whose decimal sign is clear from its column and file";
            return Err(self
                .error(column, quoted(cell), expected)
                .help("write all numbers of a file in one way"));
        };
        let (plain, unit) = bare(cell);
        Ok(number(&plain, sign).filter(|_| unit.is_empty()))
    }

    /// The number in `column`, which must not be empty.
    pub fn required_number(self, column: &str, range: Range) -> Result<f64, InputError> {
        self.number(column, range)?.ok_or_else(|| self.error(column, "an empty cell", range.expected()))
    }

    /// The whole number in `column`, if there is one.
    pub fn whole(self, column: &str, range: Range) -> Result<Option<u32>, InputError> {
        let Some(cell) = self.text(column) else { return Ok(None) };
        // Spreadsheet tools write 8.0 for 8 if the column has gaps.
        let value = self.value(column, cell)?.filter(|v| v.fract() == 0.0 && *v >= 0.0);
        match value {
            Some(value) if range.holds(value) && value <= f64::from(u32::MAX) => Ok(Some(value as u32)),
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

fn text_of(value: &AnyValue<'_>) -> String {
    match value {
        AnyValue::Null => String::new(),
        AnyValue::String(text) => text.trim().to_owned(),
        AnyValue::StringOwned(text) => text.trim().to_owned(),
        AnyValue::Datetime(ticks, unit, _) => iso(*ticks, *unit),
        AnyValue::DatetimeOwned(ticks, unit, _) => iso(*ticks, *unit),
        // Polars shows no more than six decimals.
        AnyValue::Float64(number) => number.to_string(),
        AnyValue::Float32(number) => number.to_string(),
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
        insta::assert_snapshot!(table("a,b\n1\n").unwrap_err(), @"t.csv:2: found 1 cells, expected 2 cells, as in the header; the row is cut off, or has a delimiter too many; quote cells that hold one");
        insta::assert_snapshot!(two.check(&["time"], &["time", "price"]).unwrap_err(), @"t.csv:1: found the columns name,kw, expected a column time; columns known here: time, price");
        let unclear = table("name;kw\na;3.600\nb;7.200\n").unwrap();
        insta::assert_snapshot!(unclear.rows().next().unwrap().number("kw", ranges::CONNECTOR_POWER).unwrap_err(), @r#"t.csv:2: kw: found "3.600", expected a number whose decimal sign is clear from its column and file; write all numbers of a file in one way"#);
    }

    #[test]
    fn delimiters_and_decimal_signs_need_no_statement() {
        for text in ["name;kw\na;3,6\nb;22\n", "name\tkw\na\t3.6\nb\t22\n", "name,kw\na,\"3,6\"\nb,22\n"] {
            let table = table(text).unwrap();
            let kw = |row: Row<'_>| row.required_number("kw", ranges::CONNECTOR_POWER).unwrap();
            assert_eq!(table.rows().map(kw).collect::<Vec<_>>(), [3.6, 22.0], "{text}");
        }
    }

    #[test]
    fn numbers_of_parquet_files_keep_all_digits() {
        use polars_core::prelude::{Column, DataFrame};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        let numbers = [-0.000_001_234_5, 99_999.123_456_789, 52.520_006_599_9, 3.0];
        let column = Column::new("price".into(), numbers);
        let mut frame = DataFrame::new(numbers.len(), vec![column]).unwrap();
        let file = std::fs::File::create(&path).unwrap();
        polars_io::parquet::write::ParquetWriter::new(file).finish(&mut frame).unwrap();
        let table = SmallTable::read(&path, &["price"], &["price"]).unwrap();
        let price = |row: Row<'_>| row.required_number("price", ranges::PRICE).unwrap();
        assert_eq!(table.rows().map(price).collect::<Vec<_>>(), numbers);
    }

    #[test]
    fn a_parquet_file_that_is_none_is_the_users_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.parquet");
        std::fs::write(&path, b"PAR1 but nothing else PAR1").unwrap();
        let read = |name: &str| SmallTable::read(&folder.path().join(name), &[], &[]);
        assert!(read("x.parquet").unwrap_err().is_input());
        assert!(read("none.parquet").unwrap_err().is_input());
    }
}
