//! The canonical table of prices: `time`, `price_per_mwh`, or with two prices `time`, `up_per_mwh`,
//! `down_per_mwh` (CSV or Parquet). Other columns are allowed and ignored.
//!
//! `time` is the start of a slot, in ISO 8601 with an offset. The length of a slot is taken from the first
//! two rows, and all other rows must match it: a gap or a repeated hour is an error, because a price series
//! with a gap would be off by an hour from there on. Where slots become shorter or longer, a price holds until the next
//! one.

use super::slots::lengths;
use super::{DOWN, PRICE, UP};
use crate::dictionary::PRICES;
use crate::small_table::{Problems, Row, SmallTable, quoted};
use chrono::{DateTime, FixedOffset, NaiveDateTime};
use gridfleet_core::error::{Error, InputError, Result};
pub use gridfleet_core::markets::Series as PriceSeries;
use gridfleet_core::ranges::PRICE as PRICE_RANGE;
use gridfleet_core::time::SimTime;
use std::io::Write;
use std::path::Path;

/// Maximum length of a slot [s]: a day.
const LONGEST_SLOT_S: i64 = 86_400;

/// Two prices per slot, as in balancing.
#[derive(Debug, Clone, PartialEq)]
pub struct TwoPrices {
    /// Price that a short system pays for energy [currency/MWh].
    pub up: PriceSeries,
    /// Price that a long system receives for energy [currency/MWh].
    pub down: PriceSeries,
}

/// Reads the column `price_per_mwh` of a canonical price table.
///
/// # Errors
/// If the file cannot be read or is not a price series without gaps; each problem states line and column.
pub fn read(path: &Path) -> Result<PriceSeries> {
    let table = SmallTable::read(path, &PRICES.required(), &PRICES.names())?;
    if !table.has(PRICE) && table.has(UP) && table.has(DOWN) {
        return Err(InputError::new(format!("two prices, {UP} and {DOWN}"), format!("one, {PRICE}"))
            .file(path)
            .line(1)
            .help("balancing prices are no tariff: name a table with one price per slot")
            .into());
    }
    table.check(&["time", PRICE], &["time", PRICE])?;
    series(path, &table, PRICE)
}

/// Reads the columns `up_per_mwh` and `down_per_mwh` of a canonical price table.
///
/// # Errors
/// As [`read`]; also if upward prices are below downward prices in every slot in which they differ, which
/// means that the columns are swapped.
pub fn read_two(path: &Path) -> Result<TwoPrices> {
    let columns = ["time", UP, DOWN];
    let table = SmallTable::read(path, &columns, &columns)?;
    two(path, &table)
}

fn two(file: &Path, table: &SmallTable) -> Result<TwoPrices> {
    let prices = TwoPrices { up: series(file, table, UP)?, down: series(file, table, DOWN)? };
    let pairs = || prices.up.price_per_mwh.iter().zip(&prices.down.price_per_mwh);
    if !pairs().any(|(up, down)| up > down)
        && let Some((row, (up, down))) = table.rows().zip(pairs()).find(|(_, (up, down))| up < down)
    {
        let found = format!("{up} below {DOWN} {down}, and so wherever the two differ");
        return Err(row
            .error(UP, found, "upward prices at or above downward ones")
            .help("the columns are swapped")
            .into());
    }
    Ok(prices)
}

/// Reads one price column, for example `up_per_mwh` of balancing prices.
///
/// # Errors
/// As [`read`].
pub fn read_column(path: &Path, column: &str) -> Result<PriceSeries> {
    let table = SmallTable::read(path, &["time", column], &["time", column])?;
    series(path, &table, column)
}

/// Reads the text of a canonical price table; `file` is its name in messages.
///
/// # Errors
/// As [`read`].
pub fn from_csv(file: &Path, text: &str) -> Result<PriceSeries> {
    let table = SmallTable::from_csv(file, text.as_bytes())?;
    table.check(&["time", "price_per_mwh"], &["time", "price_per_mwh"])?;
    series(file, &table, "price_per_mwh")
}

fn series(file: &Path, table: &SmallTable, column: &str) -> Result<PriceSeries> {
    if let Some(series) = of_changing_slots(table, column) {
        return Ok(series);
    }
    let mut problems = Problems::default();
    let mut times: Vec<SimTime> = Vec::with_capacity(table.rows().len());
    let mut price_per_mwh = Vec::with_capacity(table.rows().len());
    let mut slot_s = 0;
    for row in table.rows() {
        let time = match time_of(row) {
            Ok(time) => time,
            Err(problem) => {
                problems.push(problem);
                // Without the time of this row, the rows that follow cannot be checked.
                break;
            }
        };
        price_per_mwh.push(problems.take(row.required_number(column, PRICE_RANGE)));
        if let Some(&before) = times.last() {
            if times.len() == 1 {
                slot_s = time - before;
            }
            if let Some(problem) = out_of_step(row, before, time, slot_s) {
                problems.push(problem);
                break;
            }
        }
        times.push(time);
    }
    let Some(&start) = times.first() else {
        problems.push(InputError::new("no prices", "at least two rows").file(file));
        return problems.finish(PriceSeries { start: SimTime(0), slot_s: 1, price_per_mwh });
    };
    let series = problems.finish(PriceSeries { start, slot_s, price_per_mwh })?;
    if series.price_per_mwh.len() < 2 {
        return Err(InputError::new("one price", "at least two rows")
            .file(file)
            .help("the length of a slot is the time between the first two rows")
            .into());
    }
    Ok(series)
}

/// The prices of a table without gaps whose slots change their length, each repeated until the next one.
fn of_changing_slots(table: &SmallTable, column: &str) -> Option<PriceSeries> {
    let times: Vec<SimTime> =
        table.rows().map(|row| row.text("time").and_then(instant)).collect::<Option<_>>()?;
    let (slot_s, held) = lengths(&times);
    let slot_s = slot_s?;
    let mut steps = times.windows(2).map(|pair| pair[1] - pair[0]);
    if held.iter().all(|length| *length == slot_s)
        || !held.iter().all(|length| steps.next().is_none_or(|s| s == *length))
    {
        return None;
    }
    let mut price_per_mwh = Vec::new();
    for (row, length) in table.rows().zip(held) {
        let price = row.required_number(column, PRICE_RANGE).ok()?;
        price_per_mwh.extend(std::iter::repeat_n(price, (length / slot_s) as usize));
    }
    Some(PriceSeries { start: *times.first()?, slot_s, price_per_mwh })
}

fn out_of_step(row: Row<'_>, before: SimTime, time: SimTime, slot_s: i64) -> Option<InputError> {
    let step_s = time - before;
    if step_s == 0 {
        let problem = row.error("time", format!("{} twice", time.iso()), "each time once");
        return Some(problem.help("times with a local offset tell the two hours of autumn apart"));
    }
    if step_s < 0 {
        let found = format!("{} after {}", time.iso(), before.iso());
        return Some(row.error("time", found, "times that ascend").help("sort the rows by time"));
    }
    if slot_s > LONGEST_SLOT_S {
        return Some(row.error("time", format!("slots of {slot_s} s"), "slots of at most a day"));
    }
    if step_s != slot_s {
        let expected = format!("{}, for a slot is {slot_s} s by the first two rows", (before + slot_s).iso());
        return Some(row.error("time", time.iso(), expected).help("fill the gap, or leave the odd row out"));
    }
    None
}

fn time_of(row: Row<'_>) -> Result<SimTime, InputError> {
    let cell = row.required_text("time")?;
    instant(cell).ok_or_else(|| {
        let problem =
            row.error("time", quoted(cell), "ISO 8601 with offset, such as 2018-03-05T08:00:00-05:00");
        let naive = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
        if naive.iter().any(|format| NaiveDateTime::parse_from_str(cell, format).is_ok()) {
            problem.help("the offset is missing: add Z for UTC, or the local one")
        } else {
            problem
        }
    })
}

/// Parses an instant in ISO 8601 with an offset; a blank may replace the `T`, and seconds may be omitted.
pub fn instant(text: &str) -> Option<SimTime> {
    let read = |format: &str| DateTime::<FixedOffset>::parse_from_str(text, format).ok();
    DateTime::parse_from_rfc3339(text)
        .ok()
        .or_else(|| read("%Y-%m-%dT%H:%M:%S%.f%#z"))
        .or_else(|| read("%Y-%m-%d %H:%M:%S%.f%#z"))
        .or_else(|| read("%Y-%m-%dT%H:%M%#z"))
        .or_else(|| read("%Y-%m-%d %H:%M%#z"))
        .map(|time| SimTime(time.timestamp()))
}

/// Writes the canonical table as CSV, times with the offset of `tz`.
///
/// # Errors
/// If writing fails.
pub fn write_csv(series: &PriceSeries, tz: chrono_tz::Tz, out: impl Write) -> std::io::Result<()> {
    write_columns("price_per_mwh", series.start, series.slot_s, tz, &[&series.price_per_mwh], out)
}

/// Like [`write_csv`], with the two prices of balancing: energy bought and energy returned.
///
/// # Errors
/// As [`write_csv`].
pub fn write_two_csv(
    (start, slot_s): (SimTime, i64),
    [up, down]: [&[f64]; 2],
    tz: chrono_tz::Tz,
    out: impl Write,
) -> std::io::Result<()> {
    write_columns("up_per_mwh,down_per_mwh", start, slot_s, tz, &[up, down], out)
}

fn write_columns(
    names: &str,
    start: SimTime,
    slot_s: i64,
    tz: chrono_tz::Tz,
    columns: &[&[f64]],
    mut out: impl Write,
) -> std::io::Result<()> {
    use chrono::TimeZone as _;
    writeln!(out, "time,{names}")?;
    for slot in 0..columns.first().map_or(0, |column| column.len()) {
        let t = start + slot_s * slot as i64;
        let local = DateTime::from_timestamp(t.0, 0).map(|utc| tz.from_utc_datetime(&utc.naive_utc()));
        let Some(local) = local else {
            return Err(std::io::Error::other(Error::Other(format!("{} is no calendar time", t.0))));
        };
        write!(out, "{}", local.format("%Y-%m-%dT%H:%M:%S%:z"))?;
        for column in columns {
            write!(out, ",{:.2}", column[slot])?;
        }
        writeln!(out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<PriceSeries> {
        from_csv(Path::new("p.csv"), text)
    }

    fn message(text: &str) -> String {
        read_text(text).unwrap_err().to_string()
    }

    #[test]
    fn slots_are_read_from_the_data_across_a_clock_change() {
        // 2018-03-11 in New York has no 2 o'clock; the instants are still an hour apart.
        let text = "time,price_per_mwh,note\n2018-03-11T01:00:00-05:00,30.5,a\n2018-03-11 03:00:00-04:00,31,\n2018-03-11T08:00Z,-4.25,\n";
        let series = read_text(text).unwrap();
        assert_eq!(series.start, SimTime(1_520_748_000));
        assert_eq!((series.slot_s, series.price_per_mwh.clone()), (3_600, vec![30.5, 31.0, -4.25]));
        assert_eq!(series.end(), SimTime(1_520_748_000 + 3 * 3_600));
        assert!(series.covers(series.start, series.end()));
        assert!(!series.covers(series.start, series.end() + 1));
        assert_eq!(series.at(series.start + 3_599), Some(30.5));
        assert_eq!(series.at(series.start + -1), None);
    }

    #[test]
    fn a_series_survives_writing() {
        let series =
            PriceSeries { start: SimTime(1_540_688_400), slot_s: 900, price_per_mwh: vec![1.25, -3.0, 4.5] };
        let mut text = Vec::new();
        write_csv(&series, chrono_tz::Europe::Berlin, &mut text).unwrap();
        assert_eq!(read_text(std::str::from_utf8(&text).unwrap()).unwrap(), series);
    }

    #[test]
    fn parquet_reads_like_csv_whatever_the_unit_of_its_times() {
        use polars_core::prelude::{Column, DataFrame, DataType, NamedFrom, Series, TimeUnit};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.parquet");
        for (unit, per_second) in
            [(TimeUnit::Milliseconds, 1_000_i64), (TimeUnit::Nanoseconds, 1_000_000_000)]
        {
            let ticks: Vec<i64> = [0, 900, 1_800].iter().map(|s| (1_520_226_000 + s) * per_second).collect();
            let time = Series::new("time".into(), ticks).cast(&DataType::Datetime(unit, None)).unwrap();
            let price = Series::new("price_per_mwh".into(), vec![1.5, -2.0, 3.25]);
            let columns = vec![Column::from(time), Column::from(price)];
            let mut frame = DataFrame::new_infer_height(columns).unwrap();
            crate::synth::files::write_parquet(&path, &mut frame).unwrap();
            let series = read(&path).unwrap();
            assert_eq!((series.start, series.slot_s), (SimTime(1_520_226_000), 900));
            assert_eq!(series.price_per_mwh, [1.5, -2.0, 3.25]);
        }
    }

    #[test]
    fn messages() {
        let start = "time,price_per_mwh\n2018-01-01T00:00:00Z,1\n2018-01-01T01:00:00Z,2\n";
        insta::assert_snapshot!(message(&format!("{start}2018-01-01T03:00:00Z,3\n")), @"p.csv:4: time: found 2018-01-01T03:00:00Z, expected 2018-01-01T02:00:00Z, for a slot is 3600 s by the first two rows; fill the gap, or leave the odd row out");
        insta::assert_snapshot!(message(&format!("{start}2018-01-01T01:00:00Z,3\n")), @"p.csv:4: time: found 2018-01-01T01:00:00Z twice, expected each time once; times with a local offset tell the two hours of autumn apart");
        insta::assert_snapshot!(message(&format!("{start}2018-01-01T00:30:00Z,3\n")), @"p.csv:4: time: found 2018-01-01T00:30:00Z after 2018-01-01T01:00:00Z, expected times that ascend; sort the rows by time");
        insta::assert_snapshot!(message(&format!("{start}2018-01-01T02:00:00Z,NaN\n2018-01-01T03:00:00Z,\n")), @r#"
        p.csv:4: price_per_mwh: found "NaN", expected a price from -100000 to 100000 per MWh
        p.csv:5: price_per_mwh: found an empty cell, expected a price from -100000 to 100000 per MWh
        "#);
        insta::assert_snapshot!(message(&format!("{start}2018-01-01T02:00:00,3\n")), @r#"p.csv:4: time: found "2018-01-01T02:00:00", expected ISO 8601 with offset, such as 2018-03-05T08:00:00-05:00; the offset is missing: add Z for UTC, or the local one"#);
        insta::assert_snapshot!(message("time;price_per_mwh\n1;2\n"), @r#"
        p.csv:2: time: found "1", expected ISO 8601 with offset, such as 2018-03-05T08:00:00-05:00
        p.csv: found no prices, expected at least two rows
        "#);
        insta::assert_snapshot!(message("time,price_per_mwh\n2018-01-01T02:00:00Z,3\n"), @"p.csv: found one price, expected at least two rows; the length of a slot is the time between the first two rows");
        insta::assert_snapshot!(message("time,price_per_mwh\n"), @"p.csv: found no prices, expected at least two rows");
        insta::assert_snapshot!(message(""), @"p.csv: found an empty file, expected a table with a header line and rows");
        insta::assert_snapshot!(message("time,price_per_mwh\n2018-01-01T02:00:00Z,1,5\n"), @"p.csv:1: found 2 names over rows of 3 cells, expected a name for each cell; name the columns with --columns, in the order of the cells");
    }

    #[test]
    fn slots_that_become_shorter_are_repeated() {
        let text = "time,price_per_mwh\n2025-09-30T20:00:00Z,1\n2025-09-30T21:00:00Z,2\n2025-09-30T22:00:00Z,3\n\
            2025-09-30T22:15:00Z,4\n2025-09-30T22:30:00Z,5\n";
        let series = read_text(text).unwrap();
        assert_eq!(
            (series.slot_s, &series.price_per_mwh[..]),
            (900, &[1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 3.0, 4.0, 5.0][..])
        );
        // A long step among short ones is a gap.
        let gap = text.replace("2025-09-30T21:00:00Z,2\n", "");
        assert!(read_text(&gap).is_err());
    }

    #[test]
    fn prices_have_a_range() {
        let text = "time,price_per_mwh\n2018-01-01T00:00:00Z,-100000\n2018-01-01T01:00:00Z,1e15\n";
        insta::assert_snapshot!(message(text), @r#"p.csv:3: price_per_mwh: found "1e15", expected a price from -100000 to 100000 per MWh"#);
    }

    #[test]
    fn two_prices_are_read_together_and_swapped_ones_refused() {
        let table = |text: &str| {
            let table = SmallTable::from_csv(Path::new("b.csv"), text.as_bytes()).unwrap();
            two(Path::new("b.csv"), &table)
        };
        let head = "time,up_per_mwh,down_per_mwh\n2018-01-01T00:00:00Z,30,20\n";
        let prices = table(&format!("{head}2018-01-01T01:00:00Z,25,25\n")).unwrap();
        assert_eq!(prices.up.price_per_mwh, [30.0, 25.0]);
        assert_eq!(prices.down.price_per_mwh, [20.0, 25.0]);
        // A single slot in reverse order is unusual, but does not mean that the columns are swapped.
        assert!(table(&format!("{head}2018-01-01T01:00:00Z,24,25\n")).is_ok());
        let swapped = "time,up_per_mwh,down_per_mwh\n2018-01-01T00:00:00Z,3,3\n2018-01-01T01:00:00Z,2,4\n";
        insta::assert_snapshot!(table(swapped).unwrap_err(), @"b.csv:3: up_per_mwh: found 2 below down_per_mwh 4, and so wherever the two differ, expected upward prices at or above downward ones; the columns are swapped");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.csv");
        std::fs::write(&path, head).unwrap();
        let message = read(&path).unwrap_err().to_string();
        assert!(
            message.contains("found two prices, up_per_mwh and down_per_mwh, expected one, price_per_mwh"),
            "{message}"
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "[-0-9TZ:,.\ntimepriceurmwhNa;]{0,200}", tail in ".{0,40}") {
            let _ = read_text(&format!("time,price_per_mwh\n{text}{tail}"));
            let _ = read_text(&text);
        }

        #[test]
        fn damaged_files_do_not_panic(at in 0usize..60, byte in 0u8..128) {
            let mut text = b"time,price_per_mwh\n2018-01-01T00:00:00Z,1\n2018-01-01T01:00:00Z,2\n".to_vec();
            text[at] = byte;
            if let Ok(text) = std::str::from_utf8(&text) {
                let _ = read_text(text);
            }
        }
    }
}
