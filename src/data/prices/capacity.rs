//! Prices of reserve capacity as regelleistung.net publishes them: results by block of four hours, per offer or summed up
//! by country, as a price for each hour [currency/(MW h)].
//!
//! Before 2022 prices were per block ([EUR/MW]) and are divided by its four hours. Of several offers for a block, the
//! dearest that was allocated is used: all are paid as bid, and this one is the margin.

use super::slots::{Observed, Rows};
use super::srl_files::{CLOCK, Direction};
use super::{PRICE, PriceReport};
use crate::table::{Reading, TableFile};
use crate::times::{RawTime, WallClock};
use gridfleet_core::error::{InputError, Result};
use gridfleet_core::time::{DAY_S, HOUR_S, SimTime};
use std::collections::BTreeMap;
use std::path::Path;

/// Length of a block [h].
const BLOCK_H: i64 = 4;

/// Whether a file has results of reserve capacity.
pub fn recognise(file: &TableFile) -> bool {
    file.find(&["PRODUCT"]).is_some() && file.find(&["DATE_FROM"]).is_some() && !prices(file).is_empty()
}

/// Columns of prices of capacity.
fn prices(file: &TableFile) -> Vec<usize> {
    let is_price = |name: &String| name.to_uppercase().contains("CAPACITY_PRICE") && name.contains('[');
    file.names().iter().enumerate().filter(|(_, name)| is_price(name)).map(|(column, _)| column).collect()
}

/// Reads the prices in one direction; `column` is required if the file has several columns of prices.
///
/// # Errors
/// If the file cannot be read, is of another kind, or a row cannot be read.
pub fn read(path: &Path, reading: &Reading, direction: Direction, column: Option<&str>) -> Result<Rows> {
    let file = TableFile::open_with(path, reading)?;
    let candidates = prices(&file);
    let (date, product) = (file.require(&["DATE_FROM"])?, file.require(&["PRODUCT"])?);
    let price = match (column, candidates.as_slice()) {
        (Some(name), _) => file.require(&[name])?,
        (None, [one]) => *one,
        (None, []) => return Err(file.lacks("CAPACITY_PRICE_[(EUR/MW)/h]").into()),
        (None, many) => {
            let names: Vec<_> = many
                .iter()
                .filter_map(|column| file.names().get(*column))
                .map(|name| format!("`{name}`"))
                .collect();
            let found = format!("{} columns of prices", many.len());
            let problem = InputError::new(found, format!("one of {}", names.join(", ")));
            return Err(problem.file(path).line(file.header_line()).key("--column").into());
        }
    };
    let allocated = file.find(&["ALLOCATED_CAPACITY_[MW]"]);
    let reserve = file.find(&["TYPE_OF_RESERVES"]);
    let mut wanted = vec![date, product, price];
    wanted.extend(allocated.into_iter().chain(reserve));
    let table = file.read(&wanted)?;
    let name = table.name(price).to_owned();
    let hourly = name.replace(' ', "").to_lowercase().contains("/h");
    let (days, values) = (table.times(date)?, table.numbers(price)?);
    let allocated = allocated.map(|column| table.numbers(column)).transpose()?;
    let mut report = PriceReport::of("reserve-capacity");
    report.rows_read = table.rows() as u64;
    report.note("column", &name);
    report.note("unit", if hourly { "EUR per MW and hour" } else { "EUR per MW and block, divided by 4 h" });
    report.note("product", format!("{} reserve", direction.name()));
    report.note("clock", CLOCK.name());
    for note in file.notes() {
        report.note("file", note);
    }
    // Day and first hour of a block: price and row.
    let mut blocks: BTreeMap<(i64, i64), (f64, usize)> = BTreeMap::new();
    let (mut other, mut idle) = (0, 0);
    for row in 0..table.rows() {
        let cell = table.cell(product, row);
        let block = cell.split_once('_').and_then(|(name, block)| {
            let (from, to) = block.split_once('_')?;
            let (from, to): (i64, i64) = (from.parse().ok()?, to.parse().ok()?);
            (to == from + BLOCK_H && (0..=20).contains(&from)).then_some((name.to_owned(), from))
        });
        let Some((name, from)) = block else {
            return Err(table.error(product, row, "a block such as NEG_00_04 or POS_20_24").into());
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
            _ => return Err(table.error(date, row, "a date such as 2024-01-01").into()),
        };
        let value = values.get(row) / if hourly { 1.0 } else { BLOCK_H as f64 };
        if values.is_bad(row) {
            return Err(table.error(price, row, "a price").into());
        }
        let best = blocks.entry((day, from)).or_insert((value, row));
        if value > best.0 {
            *best = (value, row);
        }
    }
    report.skip("product of the other direction", other);
    report.skip("offer without allocated power", idle);
    let lines = table.lines();
    let mut clock = WallClock::new(CLOCK);
    let mut rows = Vec::new();
    for ((day, from), (value, row)) in blocks {
        let line = lines.get(row).copied().unwrap_or(1);
        let at = |hour: i64, clock: &mut WallClock| clock.read(day * DAY_S + hour * HOUR_S).earliest();
        let (start, end) = (at(from, &mut clock), at(from + BLOCK_H, &mut clock));
        // Blocks at a change of the clock have three or five hours.
        for hour in 0..(end - start) / HOUR_S {
            rows.push(Observed {
                time: SimTime(start.0 + hour * HOUR_S),
                file: 0,
                line,
                values: vec![value],
            });
        }
    }
    let files = vec![path.to_path_buf()];
    Ok(Rows { files, key: name, columns: vec![PRICE.into()], rows, slot_s: Some(HOUR_S), report })
}
