//! Times of price rows: dates in either order, intervals, hours counted from 1, stamps at the end of the slot, zones
//! by name, and the two clock changes.
//!
//! Wall-clock times follow the clock changes, as auctions do (23 and 25 hours), or have 24 hours on every day, as in some
//! data sets: then the hour skipped in spring is omitted and the price of the repeated hour in autumn applies to both.

use super::PriceReport;
use super::clock::RowClock;
use super::slots::{Observed, lengths};
use crate::presets::{Preset, Stamp};
use crate::table::{Table, TableFile};
use crate::times::{DateOrder, NoOrder, RawTime, date_order, time_of_day};
use chrono_tz::Tz;
use gridfleet_core::error::{InputError, Result};
use gridfleet_core::time::{DAY_S, HOUR_S, Local, SimTime};

/// Columns that together state the time of a row.
pub(super) struct TimeColumns {
    /// Columns joined by a blank: a date and a time, or a time and its zone.
    pub columns: Vec<usize>,
    /// Column of the hour, counted from 1.
    pub hour: Option<usize>,
    /// Column that marks the second of the two hours of autumn.
    pub repeated: Option<usize>,
}

impl TimeColumns {
    pub(super) fn all(&self) -> Vec<usize> {
        self.columns.iter().copied().chain(self.hour).chain(self.repeated).collect()
    }
}

/// A table and the statements about its times.
pub(super) struct Context<'a> {
    pub file: &'a TableFile,
    pub table: &'a Table,
    pub lines: &'a [u64],
    pub preset: Option<&'a Preset>,
    pub timezone: Option<Tz>,
    pub stamp: Option<Stamp>,
}

/// Time of a row as written.
#[derive(Debug, Clone, Copy)]
struct Written {
    time: RawTime,
    /// Whether the row is marked as the second of the two hours of autumn.
    second_pass: bool,
}

/// Whether a text is a time, in either order of day and month.
pub(super) fn is_time(text: &str) -> bool {
    let read = |order| RawTime::parse_interval(text, order).0;
    [DateOrder::DayFirst, DateOrder::MonthFirst]
        .into_iter()
        .any(|order| matches!(read(order), RawTime::Utc(_) | RawTime::Wall(_)))
}

impl Context<'_> {
    fn error(&self, column: usize, row: usize, found: String, expected: &str) -> InputError {
        InputError::new(found, expected)
            .file(self.file.path())
            .line(self.lines.get(row).copied().unwrap_or(1))
            .key(self.table.name(column))
    }

    fn cell(&self, columns: &[usize], row: usize) -> String {
        let cells: Vec<String> =
            columns.iter().map(|&column| self.table.cell(column, row).trim().to_owned()).collect();
        cells.join(" ").trim().to_owned()
    }

    /// Order of day and month: as stated, as the whole column decides, or the one in which days follow each other.
    fn order(&self, time: &TimeColumns, rows: &[usize], report: &mut PriceReport) -> Result<DateOrder> {
        if let Some(order) = self.table.date_order().or_else(|| self.preset.and_then(Preset::date_order)) {
            return Ok(order);
        }
        let column = time.columns.first().copied().unwrap_or(0);
        let cells: Vec<String> = rows.iter().map(|&row| self.cell(&time.columns, row)).collect();
        let words = |order| if order == DateOrder::DayFirst { "the day" } else { "the month" };
        match date_order(cells.iter().map(|cell| cell.as_bytes())) {
            Ok((order, decided)) => {
                if decided {
                    report.note("dates", format!("begin with {}", words(order)));
                }
                Ok(order)
            }
            Err(NoOrder::Conflict(day, month)) => {
                let expected = format!("a date that begins with the month, as `{}`", cells[month]);
                let problem = self.error(column, rows[day], format!("`{}`", cells[day]), &expected);
                Err(problem.help("write all dates of a column in one order").into())
            }
            Err(NoOrder::Open(row)) => {
                let breaks = |order| {
                    let days = cells.iter().filter_map(|cell| match RawTime::parse_interval(cell, order).0 {
                        RawTime::Utc(s) | RawTime::Wall(s) => Some(s.div_euclid(DAY_S)),
                        RawTime::Missing | RawTime::Bad => None,
                    });
                    let days: Vec<i64> = days.collect();
                    days.windows(2).filter(|pair| !(0..=1).contains(&(pair[1] - pair[0]))).count()
                };
                let (day, month) = (breaks(DateOrder::DayFirst), breaks(DateOrder::MonthFirst));
                if day == month {
                    let expected = "a date whose day and month are clear";
                    let problem = self.error(column, rows[row], format!("`{}`", cells[row]), expected);
                    let help = "no date of the file decides; state the order with --date-order day-first or month-first";
                    return Err(problem.help(help).into());
                }
                let order = if day < month { DateOrder::DayFirst } else { DateOrder::MonthFirst };
                report.note("dates", format!("begin with {}: so they follow each other", words(order)));
                Ok(order)
            }
        }
    }

    fn written(&self, time: &TimeColumns, row: usize, order: DateOrder) -> Result<Written, InputError> {
        let cell = self.cell(&time.columns, row);
        let column = time.columns.first().copied().unwrap_or(0);
        let plain = cell.strip_suffix(['A', 'B']).filter(|rest| rest.ends_with(|c: char| c.is_ascii_digit()));
        let mut read = RawTime::parse_interval(plain.unwrap_or(&cell), order).0;
        // Without another sign, a number is a count and no time, except one of milliseconds or seconds of this century.
        if let RawTime::Utc(s) = read
            && !cell.contains(['-', ':', '/', '.'])
            && s < 946_684_800
        {
            read = RawTime::Bad;
        }
        let mut second_pass = cell.ends_with('B') && plain.is_some();
        if matches!(read, RawTime::Missing | RawTime::Bad) {
            let expected = "a time such as 2017-01-01 00:00 or 01.01.2017 00:00";
            return Err(self.error(column, row, format!("`{cell}`"), expected));
        }
        if let Some(hour) = time.hour {
            let text = self.table.cell(hour, row);
            let number = text.trim().trim_end_matches(['x', 'X', '*']);
            second_pass |= number.len() < text.trim().len();
            let whole = number.parse::<i64>().ok().or_else(|| Some(time_of_day(number.as_bytes())? / HOUR_S));
            match (read, whole.filter(|hour| (1..=25).contains(hour))) {
                (RawTime::Wall(s), Some(hour)) => {
                    read = RawTime::Wall(s.div_euclid(DAY_S) * DAY_S + (hour - 1) * HOUR_S)
                }
                _ => return Err(self.error(hour, row, format!("`{text}`"), "an hour from 1 to 24")),
            }
        }
        if let Some(flag) = time.repeated {
            second_pass |=
                matches!(self.table.cell(flag, row).to_lowercase().as_str(), "y" | "yes" | "true" | "1");
        }
        Ok(Written { time: read, second_pass })
    }

    /// Whether times state the end of a slot: as the user or the kind of file states, or by the name of the column.
    fn stamp(&self, time: &TimeColumns, slot_s: Option<i64>) -> Stamp {
        let name = self.table.name(time.columns.first().copied().unwrap_or(0)).to_lowercase();
        let says_end = ["end time", "ending", "interval end", "settlementdate", "end_time", "period end"];
        let preset = self.preset.and_then(|preset| {
            preset.stamp.or(preset.short_stamp.filter(|_| slot_s.is_some_and(|slot| slot < HOUR_S)))
        });
        let by_name = if says_end.iter().any(|word| name.contains(word)) { Stamp::End } else { Stamp::Start };
        self.stamp.or(preset).unwrap_or(by_name)
    }
}

/// Time zone stated in the name of a column.
fn zone_in(name: &str) -> Option<Tz> {
    let name = name.to_lowercase();
    if name.contains("utc") || name.contains("gmt") && !name.contains('+') {
        Some(Tz::UTC)
    } else if name.contains("cet/cest") || name.contains("cet_cest") || name.contains("(cet)") {
        Some(chrono_tz::Europe::Berlin)
    } else if name.contains("eet/eest") {
        Some(chrono_tz::Europe::Helsinki)
    } else if name.contains("eastern") {
        Some(chrono_tz::America::New_York)
    } else {
        None
    }
}

/// Instants of the values; `at` has the row of each and the second of the day that its column adds.
pub(super) fn place(
    context: &Context<'_>,
    time: &TimeColumns,
    at: &[(usize, i64)],
    values: &[f64],
    report: &mut PriceReport,
) -> Result<Vec<Observed>> {
    let mut rows: Vec<usize> = at.iter().map(|(row, _)| *row).collect();
    rows.dedup();
    let order = context.order(time, &rows, report)?;
    let mut written = Vec::with_capacity(at.len());
    let mut before: Option<(usize, Written)> = None;
    for &(row, second) in at {
        let read = match before {
            Some((same, read)) if same == row => read,
            _ => context.written(time, row, order)?,
        };
        before = Some((row, read));
        let shift = |t: RawTime| match t {
            RawTime::Wall(s) => RawTime::Wall(s + second),
            RawTime::Utc(s) => RawTime::Utc(s + second),
            other => other,
        };
        written.push(Written { time: shift(read.time), ..read });
    }
    let observe = |i: usize, time: SimTime| Observed {
        time,
        file: 0,
        line: context.lines.get(at[i].0).copied().unwrap_or(1),
        values: vec![values[i]],
    };
    let utc = context.preset.is_some_and(|preset| preset.utc);
    let walls: Vec<i64> =
        written.iter().filter_map(|w| if let RawTime::Wall(s) = w.time { Some(s) } else { None }).collect();
    let column = time.columns.first().copied().unwrap_or(0);
    let first_row = rows.first().copied().unwrap_or(0);
    let mut observed = if walls.is_empty() || utc {
        let instant = |w: &Written| match w.time {
            RawTime::Utc(s) | RawTime::Wall(s) => SimTime(s),
            RawTime::Missing | RawTime::Bad => SimTime(0),
        };
        let mut observed: Vec<Observed> =
            written.iter().enumerate().map(|(i, w)| observe(i, instant(w))).collect();
        if utc {
            report.note("clock", "UTC");
        }
        observed.sort_by_key(|row| row.time);
        observed
    } else if walls.len() < written.len() {
        let found = "times with and without an offset".to_owned();
        return Err(context.error(column, first_row, found, "one kind of times").into());
    } else {
        let names = time.columns.iter().map(|&column| context.table.name(column));
        let of_kind = context.preset.and_then(Preset::timezone);
        let Some(tz) = context.timezone.or_else(|| names.into_iter().find_map(zone_in)).or(of_kind) else {
            let found = "times without an offset".to_owned();
            let problem = context.error(column, first_row, found, "their time zone, or times with an offset");
            let help = "name it, for example --timezone Europe/Berlin or --timezone UTC";
            return Err(problem.help(help).into());
        };
        report.note("clock", tz.name());
        by_clock(context, tz, (&written, &walls, values), column, at, &observe, report)?
    };
    let (slot_s, _) = lengths(&observed.iter().map(|row| row.time).collect::<Vec<_>>());
    // Hours that are counted from 1 are already begun an hour earlier.
    if time.hour.is_none() && context.stamp(time, slot_s) == Stamp::End {
        let (_, steps) = lengths(&observed.iter().map(|row| row.time).collect::<Vec<_>>());
        let ends: Vec<SimTime> = observed.iter().map(|row| row.time).collect();
        for (i, row) in observed.iter_mut().enumerate() {
            // The slot that ends here began where the one before ended, or has the length of the next.
            let own =
                i.checked_sub(1).and_then(|before| steps.get(before)).or_else(|| steps.first()).copied();
            row.time = ends[i] + -own.or(slot_s).unwrap_or(0);
        }
        report.note("stamps", "end the interval");
    }
    Ok(observed)
}

/// Instants of wall-clock times.
fn by_clock(
    context: &Context<'_>,
    tz: Tz,
    (written, walls, values): (&[Written], &[i64], &[f64]),
    column: usize,
    at: &[(usize, i64)],
    observe: &impl Fn(usize, SimTime) -> Observed,
    report: &mut PriceReport,
) -> Result<Vec<Observed>> {
    let mut clock = RowClock::new(tz);
    let meanings: Vec<Local> = walls.iter().map(|&wall| clock.meaning(wall)).collect();
    let flagged = written.iter().any(|w| w.second_pass);
    let mut observed = Vec::with_capacity(walls.len());
    if !flagged && has_24_hours_every_day(walls, &meanings, values) {
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
        let read = match meanings[i] {
            Local::Twice(summer, winter) if flagged => {
                Ok(if written[i].second_pass { winter } else { summer })
            }
            _ => clock.next(wall),
        };
        match read {
            Ok(time) => observed.push(observe(i, time)),
            Err(_) if values[i].is_nan() => {}
            Err(_) => {
                let (row, second) = at[i];
                let shown = context.table.cell(column, row);
                let shown = if second > 0 { format!("{shown}, hour {}", second / HOUR_S) } else { shown };
                let found = format!("{shown}, which the clocks of {tz} skip");
                let problem = context.error(column, row, found, "no price in that hour");
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
