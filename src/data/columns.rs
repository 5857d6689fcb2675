//! Requested columns of a file, as numbers, times or names.
//!
//! A cell that cannot be read as the requested type does not stop the reading: the importer decides whether
//! its row is skipped or ends the import.

use super::cells::{Decimal, Undecided, bare, decide, decode, is_number, number};
use super::times::{DateOrder, NoOrder, RawTime, date_order, is_missing};
use super::unpack::Part;
use gridfleet_core::error::{Error, InputError, Result};
use gridfleet_core::time::SimTime;
use polars_core::prelude::{AnyValue, Column, DataType, Series, TimeUnit};
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One column of text: all cells in one buffer.
#[derive(Debug, Clone, Default)]
pub(super) struct TextColumn {
    pub(super) bytes: Vec<u8>,
    pub(super) ends: Vec<usize>,
}

impl TextColumn {
    pub(super) fn push(&mut self, cell: &[u8]) {
        self.bytes.extend_from_slice(cell);
        self.ends.push(self.bytes.len());
    }

    pub(super) fn get(&self, row: usize) -> &[u8] {
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(row).copied().unwrap_or(start);
        self.bytes.get(start..end).unwrap_or_default()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len()).map(|row| self.get(row))
    }
}

/// Method of finding the line of a row. Only messages need it, so lines are counted when a message is
/// written: the csv crate's count is off after empty lines.
#[derive(Debug)]
pub(super) enum Lines {
    /// Parquet: rows are counted instead.
    Rows,
    /// Byte offset of each row in the file.
    File(Vec<u64>),
    /// Byte offset of each row in the buffer.
    Bytes(Vec<u64>, Arc<[u8]>),
}

impl Lines {
    pub(super) fn push(&mut self, offset: u64) {
        match self {
            Self::Rows => {}
            Self::File(offsets) | Self::Bytes(offsets, _) => offsets.push(offset),
        }
    }

    fn of(&self, row: usize, path: &Path) -> Option<u64> {
        match self {
            Self::Rows => None,
            Self::File(offsets) => count_lines(BufReader::new(File::open(path).ok()?), *offsets.get(row)?),
            Self::Bytes(offsets, bytes) => count_lines(&bytes[..], *offsets.get(row)?),
        }
    }
}

impl Lines {
    /// Position of a row in the text [bytes].
    fn position(&self, row: usize) -> Option<u64> {
        match self {
            Self::Rows => None,
            Self::File(offsets) | Self::Bytes(offsets, _) => offsets.get(row).copied(),
        }
    }

    /// Lines of all rows, in one pass.
    fn all(&self, rows: usize, path: &Path) -> Vec<u64> {
        let (offsets, source): (_, Box<dyn BufRead + '_>) = match self {
            Self::Rows => return (1..=rows as u64).collect(),
            Self::Bytes(offsets, bytes) => (offsets, Box::new(&bytes[..])),
            Self::File(offsets) => match File::open(path) {
                Ok(file) => (offsets, Box::new(BufReader::new(file))),
                Err(_) => return vec![0; rows],
            },
        };
        let mut lines = Vec::with_capacity(rows);
        let mut line = 1;
        for (at, byte) in Read::bytes(source).enumerate() {
            let Ok(byte) = byte else { break };
            if byte != b'\n' && byte != b'\r' {
                while offsets.get(lines.len()).is_some_and(|&offset| offset <= at as u64) {
                    lines.push(line);
                }
            }
            line += u64::from(byte == b'\n');
        }
        lines.resize(rows, line);
        lines
    }
}

/// Line of the first text at or after `offset`, from 1.
fn count_lines(source: impl BufRead, offset: u64) -> Option<u64> {
    let mut line = 1;
    for (at, byte) in source.bytes().enumerate() {
        let byte = byte.ok()?;
        if at as u64 >= offset && byte != b'\n' && byte != b'\r' {
            break;
        }
        line += u64::from(byte == b'\n');
    }
    Some(line)
}

#[derive(Debug)]
pub(super) enum Cells {
    Text(TextColumn),
    Parquet(Column),
}

/// Requested columns of a file.
#[derive(Debug)]
pub struct Table {
    pub(super) path: PathBuf,
    pub(super) names: Vec<String>,
    pub(super) rows: usize,
    pub(super) columns: BTreeMap<usize, Cells>,
    pub(super) lines: Lines,
    pub(super) ragged: Vec<(usize, usize)>,
    pub(super) width: usize,
    /// Row numbers in the file, if conditions left rows out of a Parquet file.
    pub(super) kept: Option<Vec<usize>>,
    /// Members of an archive, if the file is one of several.
    pub(super) parts: Vec<Part>,
    /// Decimal sign stated by the user.
    pub(super) decimal: Option<Decimal>,
    /// Decimal sign of the numbers of the file that are unambiguous.
    pub(super) habit: Option<Decimal>,
    /// Order of day and month stated by the user.
    pub(super) date_order: Option<DateOrder>,
    /// Decisions about columns, for the report.
    pub(super) decisions: RefCell<BTreeMap<String, String>>,
}

/// A column as numbers; absent values are NaN.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    /// One value per row.
    pub values: Vec<f64>,
    /// Rows whose cell is not a finite number, ascending; their value is NaN.
    pub bad: Vec<usize>,
}

impl Numbers {
    /// Value of a row, NaN if absent.
    #[inline]
    pub fn get(&self, row: usize) -> f64 {
        self.values.get(row).copied().unwrap_or(f64::NAN)
    }

    /// Whether the cell of the row is filled but not a number.
    #[inline]
    pub fn is_bad(&self, row: usize) -> bool {
        !self.bad.is_empty() && self.bad.binary_search(&row).is_ok()
    }
}

/// A column as names, each distinct name stored once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Position in `names` for each row, or `u32::MAX` if absent.
    pub codes: Vec<u32>,
    /// The distinct names in order of first appearance.
    pub names: Vec<String>,
}

impl Table {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Line of a row in a CSV file, or row number in a Parquet file; from 1.
    pub fn line(&self, row: usize) -> u64 {
        let number = self.kept.as_ref().and_then(|kept| kept.get(row)).copied().unwrap_or(row);
        let line = self.lines.of(row, &self.path).unwrap_or(number as u64 + 1);
        match self.part(row) {
            Some((_, first)) => line + 1 - first,
            None => line,
        }
    }

    /// Member of an archive that a row is in, and the line at which it begins.
    fn part(&self, row: usize) -> Option<(&Part, u64)> {
        let position = self.lines.position(row)?;
        let part = self.parts.iter().rev().find(|part| part.start <= position)?;
        Some((part, self.first_line(part)))
    }

    /// Line of the joined text at which a member of an archive begins.
    fn first_line(&self, part: &Part) -> u64 {
        match &self.lines {
            Lines::Bytes(_, bytes) => count_lines(&bytes[..], part.start).unwrap_or(1),
            Lines::Rows | Lines::File(_) => 1,
        }
    }

    /// Lines of all rows, as [`line`](Self::line).
    pub fn lines(&self) -> Vec<u64> {
        match &self.kept {
            Some(kept) => kept.iter().map(|row| *row as u64 + 1).collect(),
            None => {
                let mut lines = self.lines.all(self.rows, &self.path);
                let starts: Vec<u64> = self.parts.iter().map(|part| self.first_line(part)).collect();
                for (row, line) in lines.iter_mut().enumerate().filter(|_| !starts.is_empty()) {
                    let position = self.lines.position(row).unwrap_or_default();
                    let part = self.parts.partition_point(|part| part.start <= position);
                    *line = *line + 1 - part.checked_sub(1).map_or(1, |part| starts[part]);
                }
                lines
            }
        }
    }

    /// Decisions about columns so far: decimal signs and orders of dates.
    pub fn decisions(&self) -> BTreeMap<String, String> {
        self.decisions.borrow().clone()
    }

    fn decision(&self, column: usize, text: &str) {
        let name = self.names.get(column).cloned().unwrap_or_default();
        self.decisions.borrow_mut().insert(format!("column `{name}`"), text.to_owned());
    }

    /// Rows with fewer or more cells than the header, with their number of cells, ascending.
    pub fn ragged(&self) -> &[(usize, usize)] {
        &self.ragged
    }

    /// States the order of day and month.
    pub(super) fn set_date_order(&mut self, order: DateOrder) {
        self.date_order = Some(order);
    }

    /// The order of day and month that was stated.
    pub(super) fn date_order(&self) -> Option<DateOrder> {
        self.date_order
    }

    /// Name of a column.
    pub fn name(&self, column: usize) -> &str {
        self.names.get(column).map_or("", String::as_str)
    }

    /// Decimal sign of the rest of the file.
    pub(super) fn habit(&self) -> Option<Decimal> {
        self.decimal.or(self.habit)
    }

    /// Number of columns of the file.
    pub fn width(&self) -> usize {
        self.width
    }

    /// An error about one cell; the caller adds the expectation.
    pub fn error(&self, column: usize, row: usize, expected: impl Into<String>) -> InputError {
        let cell = self.cell(column, row);
        let found = if cell.is_empty() { "nothing".to_string() } else { format!("`{cell}`") };
        let file = self.part(row).map_or_else(|| self.path.clone(), |(part, _)| self.path.join(&part.name));
        InputError::new(found, expected)
            .file(&file)
            .line(self.line(row))
            .key(self.names.get(column).map_or("", String::as_str))
    }

    /// Whether a column is declared as text, which is only possible in Parquet.
    pub fn is_text(&self, column: usize) -> bool {
        matches!(self.columns.get(&column), Some(Cells::Parquet(cells)) if cells.dtype() == &DataType::String)
    }

    /// Content of a cell, for messages.
    pub fn cell(&self, column: usize, row: usize) -> String {
        match self.columns.get(&column) {
            Some(Cells::Text(text)) => decode(text.get(row)).into_owned(),
            Some(Cells::Parquet(cells)) => match cells.get(row) {
                Ok(AnyValue::Null) | Err(_) => String::new(),
                Ok(AnyValue::String(text)) => text.to_string(),
                // Without its feature `timezones`, polars panics when printing a time with a zone.
                Ok(AnyValue::Datetime(..) | AnyValue::DatetimeOwned(..)) => {
                    match self.times(column).ok().and_then(|times| times.get(row).copied()) {
                        Some(RawTime::Utc(t)) => SimTime(t).iso(),
                        Some(RawTime::Wall(t)) => SimTime(t).iso().trim_end_matches('Z').to_string(),
                        _ => "a time outside the years 1900 to 2200".to_string(),
                    }
                }
                Ok(value) => value.to_string(),
            },
            None => String::new(),
        }
    }

    /// A column as numbers.
    ///
    /// # Errors
    /// If a Parquet column has a type that cannot be converted to numbers.
    pub fn numbers(&self, column: usize) -> Result<Numbers> {
        let mut out = Numbers { values: Vec::with_capacity(self.rows), bad: Vec::new() };
        match self.columns.get(&column) {
            Some(Cells::Text(text)) => {
                out = self.text_numbers(column, || text.iter())?;
            }
            Some(Cells::Parquet(cells)) => {
                let series = cells.as_materialized_series();
                match series.dtype() {
                    DataType::String => {
                        let cells = self.strings(column, series)?;
                        out = self.text_numbers(column, || {
                            cells.iter().map(|cell| cell.unwrap_or_default().as_bytes())
                        })?;
                    }
                    DataType::Null => out.values.resize(self.rows, f64::NAN),
                    kind if kind.is_primitive_numeric() || *kind == DataType::Boolean => {
                        let series = self.cast(column, series, &DataType::Float64)?;
                        let values = series.f64().map_err(|e| self.damaged(column, &e))?;
                        for chunk in values.downcast_iter() {
                            if chunk.validity().is_none() {
                                out.values.extend_from_slice(chunk.values());
                            } else {
                                out.values.extend(chunk.iter().map(|v| v.copied().unwrap_or(f64::NAN)));
                            }
                        }
                        for (row, value) in out.values.iter_mut().enumerate() {
                            if value.is_infinite() {
                                *value = f64::NAN;
                                out.bad.push(row);
                            }
                        }
                    }
                    other => return Err(self.mistyped(column, other, "numbers")),
                }
            }
            None => out.values.resize(self.rows, f64::NAN),
        }
        Ok(out)
    }

    /// Cells of text as numbers: plainly written ones at once, others by the decimal sign of the column.
    fn text_numbers<'a, I: Iterator<Item = &'a [u8]>>(
        &self,
        column: usize,
        cells: impl Fn() -> I,
    ) -> Result<Numbers> {
        let mut out = Numbers { values: Vec::with_capacity(self.rows), bad: Vec::new() };
        let habit = self.decimal.or(self.habit);
        if habit == Some(Decimal::Point) {
            for (row, cell) in cells().enumerate() {
                out.push(row, cell);
            }
            let mut bad = out.bad.iter().copied().peekable();
            let written =
                |row: usize, cell: &[u8]| bad.next_if_eq(&row).is_some() && is_number(&decode(cell));
            let mut written = written;
            if out.bad.is_empty() || !cells().enumerate().any(|(row, cell)| written(row, cell)) {
                return Ok(out);
            }
            out = Numbers { values: Vec::with_capacity(self.rows), bad: Vec::new() };
        }
        let decimal = match self.decimal {
            Some(stated) => stated,
            None => self.decide_decimal(column, habit, &cells)?,
        };
        for (row, cell) in cells().enumerate() {
            let cell = cell.trim_ascii();
            let value = if is_missing(cell) {
                f64::NAN
            } else {
                let text = decode(cell);
                let (plain, unit) = bare(&text);
                number(&plain, decimal).filter(|_| unit.is_empty()).unwrap_or_else(|| {
                    out.bad.push(row);
                    f64::NAN
                })
            };
            out.values.push(value);
        }
        Ok(out)
    }

    fn decide_decimal<'a, I: Iterator<Item = &'a [u8]>>(
        &self,
        column: usize,
        habit: Option<Decimal>,
        cells: &impl Fn() -> I,
    ) -> Result<Decimal> {
        let texts: Vec<_> = cells().map(decode).collect();
        match decide(texts.iter().map(|text| text.trim()), habit) {
            Ok(decimal) => {
                if decimal == Decimal::Comma {
                    self.decision(column, decimal.words());
                }
                Ok(decimal)
            }
            Err(Undecided::Conflict(first, row, sign)) => {
                let example = format!("{}, as in line {}: `{}`", sign.words(), self.line(first), self.cell(column, first));
                Err(self.error(column, row, example).help("write all numbers of a column in one way").into())
            }
            Err(Undecided::Open(row)) => Err(self
                .error(column, row, "a number whose decimal sign is clear; this may be one or a thousand times as much")
                .help("no cell of the file decides; state the sign with `gridfleet data import --decimal comma` or `--decimal point`")
                .into()),
        }
    }

    /// Order of day and month in a column of text.
    fn order<'a>(&self, column: usize, cells: impl Iterator<Item = &'a [u8]>) -> Result<DateOrder> {
        if let Some(stated) = self.date_order {
            return Ok(stated);
        }
        match date_order(cells) {
            Ok((order, false)) => Ok(order),
            Ok((order, true)) => {
                let first = if order == DateOrder::DayFirst { "day" } else { "month" };
                self.decision(column, &format!("dates begin with the {first}"));
                Ok(order)
            }
            Err(NoOrder::Conflict(day, month)) => {
                let as_in = format!("a date that begins with the month, as in line {}", self.line(month));
                Err(self
                    .error(column, day, format!("{as_in}: `{}`", self.cell(column, month)))
                    .help("write all dates of a column in one order")
                    .into())
            }
            Err(NoOrder::Open(row)) => Err(self
                .error(column, row, "a date whose day and month are clear")
                .help("no date of the column decides; state the order with `gridfleet data import --date-order day-first` or `month-first`")
                .into()),
        }
    }

    /// A column as times.
    ///
    /// # Errors
    /// If a Parquet column has a type that cannot be converted to times, or the order of day and month is unclear.
    pub fn times(&self, column: usize) -> Result<Vec<RawTime>> {
        self.times_in(column, None)
    }

    /// Like [`times`](Self::times), for a format with a known order of day and month.
    ///
    /// # Errors
    /// As [`times`](Self::times).
    pub fn times_in(&self, column: usize, known: Option<DateOrder>) -> Result<Vec<RawTime>> {
        let mut out = Vec::with_capacity(self.rows);
        match self.columns.get(&column) {
            Some(Cells::Text(text)) => {
                let order = known.map_or_else(|| self.order(column, text.iter()), Ok)?;
                out.extend(text.iter().map(|cell| RawTime::parse_in(cell, order)));
            }
            Some(Cells::Parquet(cells)) => {
                let series = cells.as_materialized_series();
                match series.dtype() {
                    DataType::String => {
                        let cells = self.strings(column, series)?;
                        let bytes = || cells.iter().map(|cell| cell.unwrap_or_default().as_bytes());
                        let order = known.map_or_else(|| self.order(column, bytes()), Ok)?;
                        out.extend(bytes().map(|cell| RawTime::parse_in(cell, order)));
                    }
                    DataType::Null => out.resize(self.rows, RawTime::Missing),
                    DataType::Datetime(unit, zone) => {
                        let per_second = match unit {
                            TimeUnit::Milliseconds => 1_000,
                            TimeUnit::Microseconds => 1_000_000,
                            TimeUnit::Nanoseconds => 1_000_000_000,
                        };
                        let make = if zone.is_some() { RawTime::utc } else { RawTime::wall };
                        let physical = series.to_physical_repr();
                        let values = physical.i64().map_err(|e| self.damaged(column, &e))?;
                        out.extend(
                            values
                                .iter()
                                .map(|v| v.map_or(RawTime::Missing, |v| make(v.div_euclid(per_second)))),
                        );
                    }
                    DataType::Date => {
                        let physical = series.to_physical_repr();
                        let values = physical.i32().map_err(|e| self.damaged(column, &e))?;
                        out.extend(values.iter().map(|v| {
                            v.map_or(RawTime::Missing, |v| {
                                RawTime::wall(i64::from(v) * gridfleet_core::time::DAY_S)
                            })
                        }));
                    }
                    kind if kind.is_primitive_numeric() => {
                        let numbers = self.numbers(column)?;
                        out.extend(numbers.values.iter().enumerate().map(|(row, &v)| match v {
                            _ if numbers.is_bad(row) => RawTime::Bad,
                            v if v.is_nan() => RawTime::Missing,
                            v => RawTime::epoch(v),
                        }));
                    }
                    other => return Err(self.mistyped(column, other, "times")),
                }
            }
            None => out.resize(self.rows, RawTime::Missing),
        }
        Ok(out)
    }

    /// Dates and times of day in columns side by side as times.
    ///
    /// # Errors
    /// As [`times`](Self::times).
    pub fn joined_times(&self, columns: &[usize]) -> Result<Vec<RawTime>> {
        if let [one] = columns {
            return self.times(*one);
        }
        let mut joined = TextColumn::default();
        for row in 0..self.rows {
            let cells: Vec<String> =
                columns.iter().map(|&column| self.cell(column, row).trim().to_owned()).collect();
            let filled = cells.iter().all(|cell| !is_missing(cell.as_bytes()));
            joined.push(if filled { cells.join(" ") } else { String::new() }.as_bytes());
        }
        let order = self.order(columns.first().copied().unwrap_or_default(), joined.iter())?;
        Ok(joined.iter().map(|cell| RawTime::parse_in(cell, order)).collect())
    }

    /// A column as names; numbers become their shortest text, so `2.0` becomes `2`.
    ///
    /// # Errors
    /// If a Parquet column has a type that cannot be converted to names.
    pub fn names(&self, column: usize) -> Result<Names> {
        let mut interner = Interner::default();
        let mut codes = Vec::with_capacity(self.rows);
        match self.columns.get(&column) {
            Some(Cells::Text(text)) => codes.extend(
                text.iter().map(
                    |cell| {
                        if is_missing(cell) { u32::MAX } else { interner.code(&decode(cell)) }
                    },
                ),
            ),
            Some(Cells::Parquet(cells)) => {
                let series = cells.as_materialized_series();
                match series.dtype() {
                    DataType::String => codes.extend(self.strings(column, series)?.iter().map(|cell| {
                        // As in CSV files, other blanks are part of a name.
                        let cell = cell.unwrap_or_default().trim_ascii();
                        if is_missing(cell.as_bytes()) { u32::MAX } else { interner.code(cell) }
                    })),
                    DataType::Null => codes.resize(self.rows, u32::MAX),
                    DataType::Boolean => {
                        let values = series.bool().map_err(|e| self.damaged(column, &e))?;
                        codes.extend(values.iter().map(|v| match v {
                            Some(true) => interner.code("true"),
                            Some(false) => interner.code("false"),
                            None => u32::MAX,
                        }));
                    }
                    kind if kind.is_integer() => {
                        let series = self.cast(column, series, &DataType::Int64)?;
                        let values = series.i64().map_err(|e| self.damaged(column, &e))?;
                        let mut known: FxHashMap<i64, u32> = FxHashMap::default();
                        codes.extend(values.iter().map(|v| match v {
                            Some(v) => *known.entry(v).or_insert_with(|| interner.code(&v.to_string())),
                            None => u32::MAX,
                        }));
                    }
                    kind if kind.is_primitive_numeric() => {
                        let numbers = self.numbers(column)?;
                        let mut known: FxHashMap<u64, u32> = FxHashMap::default();
                        codes.extend(numbers.values.iter().map(|v| {
                            if v.is_nan() {
                                return u32::MAX;
                            }
                            *known.entry(v.to_bits()).or_insert_with(|| interner.code(&v.to_string()))
                        }));
                    }
                    other => return Err(self.mistyped(column, other, "names")),
                }
            }
            None => codes.resize(self.rows, u32::MAX),
        }
        Ok(Names { codes, names: interner.names })
    }

    fn strings<'a>(
        &self,
        column: usize,
        series: &'a Series,
    ) -> Result<&'a polars_core::prelude::StringChunked> {
        series.str().map_err(|e| self.damaged(column, &e))
    }

    fn cast(&self, column: usize, series: &Series, to: &DataType) -> Result<Series> {
        series.cast(to).map_err(|e| self.damaged(column, &e))
    }

    fn damaged(&self, column: usize, error: &polars_core::error::PolarsError) -> Error {
        InputError::new(error.to_string(), "a column that can be read")
            .file(&self.path)
            .key(self.names.get(column).map_or("", String::as_str))
            .into()
    }

    fn mistyped(&self, column: usize, found: &DataType, expected: &str) -> Error {
        InputError::new(format!("a column of type {found}"), expected)
            .file(&self.path)
            .key(self.names.get(column).map_or("", String::as_str))
            .into()
    }
}

impl Numbers {
    fn push(&mut self, row: usize, cell: &[u8]) {
        let cell = cell.trim_ascii();
        let value = if is_missing(cell) {
            f64::NAN
        } else {
            let parsed = std::str::from_utf8(cell).ok().and_then(|text| text.parse().ok());
            parsed.filter(|v: &f64| v.is_finite()).unwrap_or_else(|| {
                self.bad.push(row);
                f64::NAN
            })
        };
        self.values.push(value);
    }
}

/// Assigns each distinct name a number, in order of first appearance.
#[derive(Debug, Default)]
pub(super) struct Interner {
    codes: FxHashMap<String, u32>,
    /// Names by number.
    pub(super) names: Vec<String>,
}

impl Interner {
    /// Number of a name; a new name gets a new number.
    pub(super) fn code(&mut self, name: &str) -> u32 {
        if let Some(&code) = self.codes.get(name) {
            return code;
        }
        // A file with four billion names does not fit into memory.
        let code = u32::try_from(self.names.len()).unwrap_or(u32::MAX - 1);
        self.codes.insert(name.to_string(), code);
        self.names.push(name.to_string());
        code
    }
}
