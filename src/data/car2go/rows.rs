//! Rows of the feed's files, CSV or Parquet, by column, without copying each row.

use super::super::prices::instant;
use super::super::small_table::quoted;
use super::super::table::TableFile;
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use gridfleet_core::error::{Error, InputError, Result, input};
use gridfleet_core::time::{SimTime, local_to_utc};
use polars_core::prelude::{DataFrame, DataType, Float64Chunked, Int64Chunked, StringChunked, TimeUnit};
use std::fs::File;
use std::path::Path;

/// Content of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Snapshots of parked cars.
    Snapshots,
    /// Trips derived from snapshots.
    Trips,
}

/// A column: its accepted names, and whether it is required.
pub struct Wanted {
    pub names: &'static [&'static str],
    pub required: bool,
}

const fn required(names: &'static [&'static str]) -> Wanted {
    Wanted { names, required: true }
}
const fn optional(names: &'static [&'static str]) -> Wanted {
    Wanted { names, required: false }
}

/// Columns of snapshots, in the order of the cells of a row.
pub const SNAPSHOT: [Wanted; 7] = [
    required(&["name"]),
    required(&["latitude", "lat", "coordinates_lat"]),
    required(&["longitude", "lon", "lng", "coordinates_lon"]),
    required(&["fuel", "soc"]),
    required(&["timestamp", "time"]),
    optional(&["charging"]),
    optional(&["engineType", "engine_type"]),
];

/// Columns of derived trips, in the order of the cells of a row.
pub const TRIP: [Wanted; 11] = [
    required(&["EV", "name"]),
    required(&["start_time"]),
    required(&["start_lat"]),
    required(&["start_lon"]),
    required(&["start_soc"]),
    required(&["end_time"]),
    required(&["end_lat"]),
    required(&["end_lon"]),
    required(&["end_soc"]),
    optional(&["trip_distance"]),
    optional(&["end_charging"]),
];

/// Maximum number of columns of a layout.
const CELLS: usize = 11;

/// One value as given in the file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Empty, or no such column.
    Missing,
    /// Text, trimmed.
    Text(&'a str),
    /// A number, or an instant in epoch seconds.
    Number(f64),
    /// A wall-clock time, as seconds since 1970-01-01T00:00:00 of the same clock.
    WallClock(i64),
    /// Bytes that are not text.
    Garbled,
}

impl<'a> Cell<'a> {
    fn text(bytes: &'a [u8]) -> Self {
        match std::str::from_utf8(bytes).map(str::trim) {
            Ok("") => Self::Missing,
            Ok(text) => Self::Text(text),
            Err(_) => Self::Garbled,
        }
    }

    /// The value as shown in messages.
    pub fn shown(self) -> String {
        match self {
            Self::Missing => "an empty cell".to_owned(),
            Self::Text(text) => quoted(text),
            Self::Number(value) => value.to_string(),
            Self::WallClock(seconds) => SimTime(seconds).iso(),
            Self::Garbled => "bytes that are not UTF-8".to_owned(),
        }
    }

    /// The number, if it is finite.
    pub fn number(self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(value),
            Self::Text(text) => text.parse().ok(),
            _ => None,
        }
        .filter(|value: &f64| value.is_finite())
    }

    /// The boolean; an empty cell means no.
    pub fn flag(self) -> Option<bool> {
        match self {
            Self::Missing => Some(false),
            Self::Text("true" | "True" | "TRUE") => Some(true),
            Self::Text("false" | "False" | "FALSE") => Some(false),
            other => match other.number() {
                Some(0.0) => Some(false),
                Some(1.0) => Some(true),
                _ => None,
            },
        }
    }
}

/// Reads times and caches the last text, because all rows of a snapshot have the same time.
pub struct Clock {
    tz: Tz,
    last: (String, Option<i64>),
}

impl Clock {
    pub fn new(tz: Tz) -> Self {
        Self { tz, last: (String::new(), None) }
    }

    /// Epoch seconds, if `cell` is a time between the years 2000 and 2100.
    pub fn seconds(&mut self, cell: Cell<'_>) -> Option<i64> {
        let seconds = match cell {
            Cell::Number(value) => epoch_seconds(value)?,
            Cell::WallClock(seconds) => self.local(chrono::DateTime::from_timestamp(seconds, 0)?.naive_utc()),
            Cell::Text(text) => {
                if text != self.last.0 {
                    let read = self.parse(text);
                    text.clone_into(&mut self.last.0);
                    self.last.1 = read;
                }
                self.last.1?
            }
            Cell::Missing | Cell::Garbled => return None,
        };
        (946_684_800..4_102_444_800).contains(&seconds).then_some(seconds)
    }

    fn parse(&self, text: &str) -> Option<i64> {
        if let Ok(number) = text.parse::<f64>() {
            return epoch_seconds(number);
        }
        if let Some(time) = instant(text) {
            return Some(time.0);
        }
        ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"]
            .iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .map(|local| self.local(local))
    }

    fn local(&self, local: NaiveDateTime) -> i64 {
        local_to_utc(self.tz, local).earliest().0
    }
}

/// Epoch seconds from seconds or, if that would be far in the future, milliseconds.
fn epoch_seconds(value: f64) -> Option<i64> {
    let seconds = if value.abs() > 1e11 { value / 1_000.0 } else { value };
    (seconds.is_finite() && seconds.abs() < 1e11).then_some(seconds.floor() as i64)
}

/// Content of the file, recognised by its header.
pub fn layout(file: &Path) -> Result<Layout> {
    let header = if is_parquet(file) {
        TableFile::open(file)?.names().to_vec()
    } else {
        let mut reader = csv_reader(file)?;
        header_of(file, &mut reader)?
    };
    let has = |name: &str| find(&header, &[name]).is_some();
    Ok(if has("start_time") && has("end_time") { Layout::Trips } else { Layout::Snapshots })
}

/// Calls `each` with the line (counted from 1; in Parquet files the row), the cells in the order of `wanted`,
/// and whether the row has as many cells as the header.
pub fn scan<F>(file: &Path, wanted: &[Wanted], each: F) -> Result<()>
where
    F: FnMut(u64, &[Cell<'_>], bool) -> Result<()>,
{
    if is_parquet(file) { scan_parquet(file, wanted, each) } else { scan_csv(file, wanted, each) }
}

fn scan_csv<F>(file: &Path, wanted: &[Wanted], mut each: F) -> Result<()>
where
    F: FnMut(u64, &[Cell<'_>], bool) -> Result<()>,
{
    let mut reader = csv_reader(file)?;
    let header = header_of(file, &mut reader)?;
    let positions = positions(file, &header, wanted)?;
    let mut record = csv::ByteRecord::new();
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) => return Err(csv_error(file, error)),
        }
        let mut cells = [Cell::Missing; CELLS];
        for (cell, position) in cells.iter_mut().zip(&positions) {
            if let Some(bytes) = position.and_then(|p| record.get(p)) {
                *cell = Cell::text(bytes);
            }
        }
        let line = record.position().map_or(0, csv::Position::line);
        each(line, &cells[..wanted.len().min(CELLS)], record.len() == header.len())?;
    }
}

/// A column of a Parquet file.
enum Typed {
    Absent,
    Text(StringChunked),
    Number(Float64Chunked),
    /// Ticks, ticks per second, and whether they count from the epoch in UTC.
    Time(Int64Chunked, i64, bool),
}

fn scan_parquet<F>(file: &Path, wanted: &[Wanted], mut each: F) -> Result<()>
where
    F: FnMut(u64, &[Cell<'_>], bool) -> Result<()>,
{
    let table = TableFile::open(file)?;
    let header = table.names();
    let positions = positions(file, header, wanted)?;
    let mut read: Vec<usize> = positions.iter().flatten().copied().collect();
    read.sort_unstable();
    read.dedup();
    let mut frame = table.frame(&read)?;
    // Rows are visited one by one, and each access searches the chunks.
    frame.rechunk_mut();
    let columns = positions
        .iter()
        .map(|position| match position.and_then(|p| header.get(p)) {
            Some(name) => typed(file, &frame, name),
            None => Ok(Typed::Absent),
        })
        .collect::<Result<Vec<Typed>>>()?;
    for row in 0..frame.height() {
        let mut cells = [Cell::Missing; CELLS];
        for (cell, column) in cells.iter_mut().zip(&columns) {
            *cell = match column {
                Typed::Absent => Cell::Missing,
                Typed::Text(values) => {
                    values.get(row).map_or(Cell::Missing, |text| Cell::text(text.as_bytes()))
                }
                Typed::Number(values) => values.get(row).map_or(Cell::Missing, Cell::Number),
                Typed::Time(values, per_second, utc) => {
                    match values.get(row).map(|t| t.div_euclid(*per_second)) {
                        None => Cell::Missing,
                        Some(seconds) if *utc => Cell::Number(seconds as f64),
                        Some(seconds) => Cell::WallClock(seconds),
                    }
                }
            };
        }
        each(row as u64 + 1, &cells[..wanted.len().min(CELLS)], true)?;
    }
    Ok(())
}

fn typed(file: &Path, frame: &DataFrame, name: &str) -> Result<Typed> {
    let wrong = |found: String| InputError::new(found, "text, numbers or times").file(file).key(name);
    let column = frame.column(name).map_err(|e| wrong(e.to_string()))?;
    let failed = |e: polars_core::prelude::PolarsError| Error::from(wrong(e.to_string()));
    Ok(match column.dtype() {
        DataType::String => Typed::Text(column.str().map_err(failed)?.clone()),
        DataType::Datetime(unit, zone) => {
            let per_second = match unit {
                TimeUnit::Nanoseconds => 1_000_000_000,
                TimeUnit::Microseconds => 1_000_000,
                TimeUnit::Milliseconds => 1_000,
            };
            let ticks = column.cast(&DataType::Int64).map_err(failed)?;
            Typed::Time(ticks.i64().map_err(failed)?.clone(), per_second, zone.is_some())
        }
        dtype if dtype.is_primitive_numeric() || *dtype == DataType::Boolean => {
            let numbers = column.cast(&DataType::Float64).map_err(failed)?;
            Typed::Number(numbers.f64().map_err(failed)?.clone())
        }
        other => return Err(wrong(format!("a column of type {other}")).into()),
    })
}

fn is_parquet(file: &Path) -> bool {
    file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"))
}

fn csv_reader(file: &Path) -> Result<csv::Reader<input::Lines<File>>> {
    let open = input::Lines::new(input::open(file)?, input::MOST_LINE_BYTES);
    Ok(csv::ReaderBuilder::new().flexible(true).buffer_capacity(1 << 18).from_reader(open))
}

fn header_of(file: &Path, reader: &mut csv::Reader<input::Lines<File>>) -> Result<Vec<String>> {
    let header = reader.byte_headers().map_err(|e| csv_error(file, e))?;
    let name = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().trim_start_matches('\u{feff}').to_owned();
    Ok(header.iter().map(name).collect())
}

fn csv_error(file: &Path, error: csv::Error) -> Error {
    let line = error.position().map_or(1, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(source) => Error::reading(file, source),
        kind => InputError::new(format!("{kind:?}"), "a CSV file").file(file).line(line).into(),
    }
}

fn find(header: &[String], names: &[&str]) -> Option<usize> {
    names.iter().find_map(|name| header.iter().position(|column| column.eq_ignore_ascii_case(name)))
}

fn positions(file: &Path, header: &[String], wanted: &[Wanted]) -> Result<Vec<Option<usize>>> {
    let positions: Vec<Option<usize>> = wanted.iter().map(|column| find(header, column.names)).collect();
    let missing: Vec<&Wanted> = wanted
        .iter()
        .zip(&positions)
        .filter(|(column, position)| column.required && position.is_none())
        .map(|(column, _)| column)
        .collect();
    if missing.is_empty() {
        return Ok(positions);
    }
    let names: Vec<&str> = missing.iter().filter_map(|column| column.names.first().copied()).collect();
    let joined = header.join(",");
    let found =
        if joined.is_empty() { "no header".to_owned() } else { format!("the columns {}", quoted(&joined)) };
    let help = if header.len() == 1 && joined.contains([';', '\t', '|']) {
        "the file seems to be separated by something else than commas: write it with commas"
    } else if wanted.len() == TRIP.len() {
        "a file with start_time and end_time is taken for derived trips: EV, start_time, start_lat, start_lon, \
         start_soc, end_time, end_lat, end_lon, end_soc, trip_distance, end_charging"
    } else {
        "a raw snapshot has name, vin, latitude, longitude, interior, exterior, address, fuel, engineType, \
         charging, timestamp"
    };
    Err(InputError::new(found, format!("columns {}", names.join(", "))).file(file).line(1).help(help).into())
}
