//! One price column of any table of times and prices: day-ahead auctions as published by the transparency
//! platform of ENTSO-E, SMARD, Open Power System Data or in the data set of a paper, hourly or per quarter of
//! an hour.
//!
//! The time may be an instant with its offset, a wall-clock time, a span of two (`01.01.2017 00:00 -
//! 01.01.2017 01:00`), or a date and a time in adjacent columns. Wall-clock times follow the clock changes,
//! as auctions do (23 and 25 hours), or have 24 hours on every day, as in some data sets: then the hour
//! skipped in spring is omitted and the price of the repeated hour in autumn applies to both.

use super::clock::{RowClock, Stamp, in_order, midnight_s, stamp, time_of_day};
use super::decimals::{Cell, Decimal, market_prices};
use super::slots::{Observed, Rows};
use super::text::{Row, Text};
use super::{DOWN, PRICE, PriceReport, UP};
use chrono_tz::Tz;
use gridfleet_core::error::{Error, InputError, Result};
use gridfleet_core::time::Local;

/// Names of time columns, in order of preference, in lower case.
const TIME_NAMES: [&str; 15] = [
    "utc_timestamp",
    "mtu (utc)",
    "mtu (cet/cest)",
    "mtu",
    "time",
    "timestamp",
    "datetime",
    "date_time",
    "datum von",
    "start date",
    "date",
    "datum",
    "cet_cest_timestamp",
    "date (cet)",
    "date (gmt+1)",
];

/// Names of columns with the time of day, following a column with the date.
const CLOCK_NAMES: [&str; 8] =
    ["anfang", "uhrzeit", "uhrzeit von", "von", "start", "time", "hour", "start time"];

/// User options for a table.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// Column of prices; required if several columns qualify.
    pub column: Option<&'a str>,
    /// Column of times; recognised by its name if not given.
    pub time_column: Option<&'a str>,
    /// Time zone of times without offset; taken from the name of the column if stated there.
    pub timezone: Option<Tz>,
}

/// Relevant columns of a table.
#[derive(Debug)]
struct Layout<'a> {
    header: Row<'a>,
    time: usize,
    /// Column of the time of day, if separate from the date.
    clock: Option<usize>,
    price: usize,
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

/// Whether the name of a column indicates prices.
fn speaks_of_prices(name: &str) -> bool {
    let name = name.to_lowercase();
    ["price", "preis", "eur/mwh", "euro/mwh", "€/mwh"].iter().any(|word| name.contains(word))
}

/// Whether a text is such a table: it has a time column by name, and a column whose name indicates prices.
pub fn recognise(text: &Text) -> bool {
    let header = text.header(|row| time_column(row).is_some());
    let canonical = |row: &Row<'_>| row.cells.iter().any(|name| [PRICE, UP, DOWN].contains(name));
    header.is_some_and(|row| !canonical(&row) && row.cells.iter().any(|name| speaks_of_prices(name)))
}

fn time_column(row: &Row<'_>) -> Option<usize> {
    TIME_NAMES.iter().find_map(|name| row.cells.iter().position(|cell| same(cell, name)))
}

fn layout<'a>(text: &'a Text, options: Options<'_>) -> Result<Layout<'a>> {
    let find = |row: &Row<'_>, name: &str| row.cells.iter().position(|cell| same(cell, name));
    let time = |row: &Row<'_>| match options.time_column {
        Some(name) => find(row, name),
        None => time_column(row),
    };
    let Some(header) = text.header(|row| time(row).is_some()) else {
        let expected = options.time_column.map_or_else(
            || format!("a column of times, such as {}; name yours with --time-column", TIME_NAMES[4]),
            |name| format!("a column `{name}`"),
        );
        return Err(text.no_header(&expected));
    };
    let at = time(&header).unwrap_or(0);
    let wrong = |found: String, expected: String| text.error(header.line, "--column", found, expected);
    let others: Vec<(usize, &str)> =
        header.cells.iter().copied().enumerate().filter(|(c, name)| *c != at && !name.is_empty()).collect();
    let list = |columns: &[(usize, &str)]| {
        columns.iter().take(20).map(|(_, name)| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    };
    let price = match options.column {
        Some(name) => find(&header, name).ok_or_else(|| {
            Error::from(wrong(format!("no column `{name}`"), format!("one of {}", list(&others))))
        })?,
        None => {
            let likely: Vec<_> = others.iter().copied().filter(|(_, name)| speaks_of_prices(name)).collect();
            match likely.as_slice() {
                [(one, _)] => *one,
                [] => {
                    return Err(
                        wrong("no column of prices".into(), format!("one of {}", list(&others))).into()
                    );
                }
                many => {
                    let found = format!("{} columns of prices", many.len());
                    return Err(wrong(found, format!("one of {}", list(many))).into());
                }
            }
        }
    };
    if price == at {
        return Err(wrong("the column of times".into(), format!("one of {}", list(&others))).into());
    }
    let clock = Some(at + 1).filter(|&c| c != price && CLOCK_NAMES.iter().any(|n| same(header.cell(c), n)));
    Ok(Layout { header, time: at, clock, price })
}

/// Reads the prices.
///
/// # Errors
/// If a column is missing or ambiguous, a cell cannot be read, times have no offset and no zone is given, or
/// there is a price in an hour that the clock skips.
pub fn read(text: &Text, options: Options<'_>) -> Result<Rows> {
    let layout = layout(text, options)?;
    let key = layout.header.cell(layout.price).to_owned();
    let rows: Vec<Row<'_>> = text.rows_below(&layout.header).collect::<Result<_, _>>()?;
    let stamps = rows.iter().map(|row| time_of(text, &layout, row)).collect::<Result<Vec<_>, _>>()?;
    let cells: Vec<Cell<'_>> = rows.iter().map(|row| (row.line, row.cell(layout.price))).collect();
    let habit = if text.delimiter == ',' { Decimal::Point } else { Decimal::Comma };
    let values = market_prices(text, &key, &cells, habit)?;
    let mut report = PriceReport::of("dayahead");
    report.rows_read = rows.len() as u64;
    report.note("column", &key);
    let observed = place(text, &layout, options.timezone, &rows, (&stamps, &values), &mut report)?;
    Ok(Rows {
        files: vec![text.file.clone()],
        key,
        columns: vec![PRICE.into()],
        rows: observed,
        slot_s: None,
        report,
    })
}

fn time_of(text: &Text, layout: &Layout<'_>, row: &Row<'_>) -> Result<Stamp, InputError> {
    let cell = row.cell(layout.time);
    let wrong = |column: usize, cell: &str| {
        let key = layout.header.cell(column);
        text.error(row.line, key, format!("`{cell}`"), "a time such as 2017-01-01 00:00 or 01.01.2017 00:00")
    };
    let read = stamp(cell).ok_or_else(|| wrong(layout.time, cell))?;
    match (read, layout.clock) {
        (Stamp::Wall(days, 0), Some(column)) if !cell.contains(':') => {
            let second = time_of_day(row.cell(column)).ok_or_else(|| wrong(column, row.cell(column)))?;
            Ok(Stamp::Wall(days, second))
        }
        (read, _) => Ok(read),
    }
}

/// Time zone stated in the name of a column.
fn told_zone(name: &str) -> Option<Tz> {
    let name = name.to_lowercase();
    if name.contains("utc") || name.contains("gmt") && !name.contains('+') {
        Some(Tz::UTC)
    } else if name.contains("cet/cest") || name.contains("cet_cest") {
        Some(chrono_tz::Europe::Berlin)
    } else {
        None
    }
}

/// Instants of the rows.
fn place(
    text: &Text,
    layout: &Layout<'_>,
    timezone: Option<Tz>,
    rows: &[Row<'_>],
    (stamps, values): (&[Stamp], &[f64]),
    report: &mut PriceReport,
) -> Result<Vec<Observed>> {
    let observe = |i: usize, time| Observed { time, file: 0, line: rows[i].line, values: vec![values[i]] };
    let mut days = Vec::new();
    let mut at_instants = Vec::new();
    for (i, stamp) in stamps.iter().enumerate() {
        match stamp {
            Stamp::Instant(s) => at_instants.push(observe(i, gridfleet_core::time::SimTime(*s))),
            Stamp::Wall(candidates, _) => days.push(candidates.clone()),
        }
    }
    let name = layout.header.cell(layout.time);
    if days.is_empty() {
        return Ok(at_instants);
    }
    if !at_instants.is_empty() {
        let line = rows.first().map_or(1, |row| row.line);
        return Err(text.error(line, name, "times with and without an offset", "one kind of times").into());
    }
    let Some(tz) = timezone.or_else(|| told_zone(name)) else {
        let line = rows.first().map_or(1, |row| row.line);
        let problem =
            text.error(line, name, "times without an offset", "their time zone, or times with an offset");
        return Err(problem.help("name it, for example --timezone Europe/Berlin or --timezone UTC").into());
    };
    report.note("clock", tz.name());
    let days = in_order(&days).unwrap_or_default();
    let walls: Vec<i64> = days
        .into_iter()
        .zip(stamps)
        .map(|(day, stamp)| midnight_s(day) + if let Stamp::Wall(_, second) = stamp { *second } else { 0 })
        .collect();
    let mut clock = RowClock::new(tz);
    let meanings: Vec<Local> = walls.iter().map(|&wall| clock.meaning(wall)).collect();
    let mut observed = Vec::with_capacity(walls.len());
    if has_24_hours_every_day(&walls, &meanings, values) {
        let (mut left_out, mut doubled) = (0, 0);
        for (i, meaning) in meanings.iter().enumerate() {
            match *meaning {
                Local::One(time) => observed.push(observe(i, time)),
                Local::Skipped(_) => left_out += 1,
                Local::Twice(summer, winter) => {
                    doubled += 1;
                    observed.extend([observe(i, summer), observe(i, winter)]);
                }
            }
        }
        observed.sort_by_key(|row: &Observed| row.time);
        report.mend("24 hours on every day: slot that the clock skips, left out", left_out);
        report.mend("24 hours on every day: slot that comes twice, used for both", doubled);
        return Ok(observed);
    }
    for (i, &wall) in walls.iter().enumerate() {
        match clock.next(wall) {
            Ok(time) => observed.push(observe(i, time)),
            Err(_) if values[i].is_nan() => {}
            Err(_) => {
                let found = format!("{}, which the clocks of {tz} skip", rows[i].cell(layout.time));
                let problem = text.error(rows[i].line, name, found, "no price in that hour");
                return Err(problem.help("are the times by another clock? Name it with --timezone").into());
            }
        }
    }
    Ok(observed)
}

/// Whether the table ignores clock changes: it has prices for skipped hours, or the repeated hour only once,
/// and no evidence to the contrary.
fn has_24_hours_every_day(walls: &[i64], meanings: &[Local], values: &[f64]) -> bool {
    let mut doubled: Vec<i64> = walls
        .iter()
        .zip(meanings)
        .filter(|(_, meaning)| matches!(meaning, Local::Twice(..)))
        .map(|(wall, _)| *wall)
        .collect();
    let shown = doubled.len();
    doubled.sort_unstable();
    doubled.dedup();
    let once = doubled.len() == shown;
    let mut skipped = meanings.iter().zip(values).filter(|(m, _)| matches!(m, Local::Skipped(_))).peekable();
    if skipped.peek().is_some() {
        return once && skipped.all(|(_, value)| !value.is_nan());
    }
    once && shown > 0
}
