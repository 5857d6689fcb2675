//! Prices of reserve capacity as regelleistung.net publishes them: results by block of four hours, per offer or summed up
//! by country, as a price for each hour [currency/(MW h)].
//!
//! Before 2022 prices were per block ([EUR/MW]) and are divided by its four hours. Of several offers for a block, the
//! dearest that was allocated is used: all are paid as bid, and this one is the margin.

use super::slots::{Observed, Rows};
use super::srl_files::{CLOCK, Direction};
use super::{PRICE, PriceReport};
use crate::table::{Reading, Table, TableFile};
use crate::times::{RawTime, WallClock};
use gridfleet_core::error::{InputError, Result};
use gridfleet_core::time::{DAY_S, HOUR_S, SimTime};
use std::collections::BTreeMap;
use std::path::Path;

/// Length of a block [h].
const BLOCK_H: i64 = 4;

/// Whether a file has results of reserve capacity.
pub fn recognise(file: &TableFile) -> bool {
    let Some(product) = file.find(&["PRODUCT"]).filter(|_| !prices(file).is_empty()) else { return false };
    // Tenders of weeks have products such as NEG_HT.
    let in_blocks = |table: Table| block(&table.cell(product, 0)).is_some();
    file.find(&["DATE_FROM"]).is_some() && file.read(&[product]).is_ok_and(in_blocks)
}

/// Columns of prices of capacity.
fn prices(file: &TableFile) -> Vec<usize> {
    let is_price = |name: &String| name.to_uppercase().contains("CAPACITY_PRICE") && name.contains('[');
    file.names().iter().enumerate().filter(|(_, name)| is_price(name)).map(|(column, _)| column).collect()
}

/// The column of prices; `column` is required if there are several.
fn price_column(file: &TableFile, path: &Path, column: Option<&str>) -> Result<usize> {
    if let Some(name) = column {
        return file.require(&[name]);
    }
    match prices(file).as_slice() {
        [one] => Ok(*one),
        [] => Err(file.lacks("CAPACITY_PRICE_[(EUR/MW)/h]").into()),
        many => {
            let names: Vec<_> = many
                .iter()
                .filter_map(|column| file.names().get(*column))
                .map(|name| format!("`{name}`"))
                .collect();
            let found = format!("{} columns of prices", many.len());
            let problem = InputError::new(found, format!("one of {}", names.join(", ")));
            Err(problem.file(path).line(file.header_line()).key("--column").into())
        }
    }
}

/// Direction and first hour of a block such as `NEG_00_04`.
fn block(cell: &str) -> Option<(&str, i64)> {
    let (name, hours) = cell.split_once('_')?;
    let (from, to) = hours.split_once('_')?;
    let (from, to): (i64, i64) = (from.parse().ok()?, to.parse().ok()?);
    (to == from + BLOCK_H && (0..=20).contains(&from)).then_some((name, from))
}

/// Dearest price and its row by day and first hour of a block.
type Blocks = BTreeMap<(i64, i64), (f64, usize)>;

/// Columns of a file.
struct Columns {
    date: usize,
    product: usize,
    price: usize,
    allocated: Option<usize>,
    /// Whether prices are per hour and not per block.
    hourly: bool,
}

impl Columns {
    /// The dearest allocated offer of each block in one direction; others are counted in `report`.
    fn dearest(&self, table: &Table, direction: Direction, report: &mut PriceReport) -> Result<Blocks> {
        let (days, values) = (table.times(self.date)?, table.numbers(self.price)?);
        let allocated = self.allocated.map(|column| table.numbers(column)).transpose()?;
        let mut blocks = Blocks::new();
        let (mut other, mut idle) = (0, 0);
        for row in 0..table.rows() {
            let cell = table.cell(self.product, row);
            let Some((name, from)) = block(&cell) else {
                return Err(table.error(self.product, row, "a block such as NEG_00_04 or POS_20_24").into());
            };
            if name != direction.name() {
                other += 1;
                continue;
            }
            if allocated.as_ref().is_some_and(|mw| mw.get(row).is_nan() || mw.get(row) <= 0.0) {
                idle += 1;
                continue;
            }
            let day = match days.get(row) {
                Some(RawTime::Wall(s) | RawTime::Utc(s)) => s.div_euclid(DAY_S),
                _ => return Err(table.error(self.date, row, "a date such as 2024-01-01").into()),
            };
            let value = values.get(row) / if self.hourly { 1.0 } else { BLOCK_H as f64 };
            if values.is_bad(row) {
                return Err(table.error(self.price, row, "a price").into());
            }
            let best = blocks.entry((day, from)).or_insert((value, row));
            if value > best.0 {
                *best = (value, row);
            }
        }
        report.skip("product of the other direction", other);
        report.skip("offer without allocated power", idle);
        Ok(blocks)
    }
}

/// The price of a block at each of its hours.
fn hours(blocks: Blocks, lines: &[u64]) -> Vec<Observed> {
    let mut clock = WallClock::new(CLOCK);
    let mut at = |day: i64, hour: i64| clock.read(day * DAY_S + hour * HOUR_S).earliest();
    let mut rows = Vec::new();
    for ((day, from), (value, row)) in blocks {
        let line = lines.get(row).copied().unwrap_or(1);
        let (start, end) = (at(day, from), at(day, from + BLOCK_H));
        // Blocks at a change of the clock have three or five hours.
        for hour in 0..(end - start) / HOUR_S {
            let time = SimTime(start.0 + hour * HOUR_S);
            rows.push(Observed { time, file: 0, line, values: vec![value] });
        }
    }
    rows
}

/// Reads the prices in one direction; `column` is required if the file has several columns of prices.
///
/// # Errors
/// If the file cannot be read, is of another kind, or a row cannot be read.
pub fn read(path: &Path, reading: &Reading, direction: Direction, column: Option<&str>) -> Result<Rows> {
    let file = TableFile::open_with(path, reading)?;
    let (date, product) = (file.require(&["DATE_FROM"])?, file.require(&["PRODUCT"])?);
    let price = price_column(&file, path, column)?;
    let allocated = file.find(&["ALLOCATED_CAPACITY_[MW]"]);
    let mut wanted = vec![date, product, price];
    wanted.extend(allocated.into_iter().chain(file.find(&["TYPE_OF_RESERVES"])));
    let table = file.read(&wanted)?;
    let key = table.name(price).to_owned();
    let hourly = key.replace(' ', "").to_lowercase().contains("/h");
    let mut report = PriceReport::of("reserve-capacity");
    report.rows_read = table.rows() as u64;
    let columns = Columns { date, product, price, allocated, hourly };
    let blocks = columns.dearest(&table, direction, &mut report)?;
    report.note("column", &key);
    report.note("unit", if hourly { "EUR per MW and hour" } else { "EUR per MW and block, divided by 4 h" });
    report.note("product", format!("{} reserve", direction.name()));
    report.note("clock", CLOCK.name());
    for note in file.notes() {
        report.note("file", note);
    }
    Ok(Rows {
        files: vec![path.to_path_buf()],
        key,
        columns: vec![PRICE.into()],
        rows: hours(blocks, &table.lines()),
        slot_s: Some(HOUR_S),
        report,
    })
}
