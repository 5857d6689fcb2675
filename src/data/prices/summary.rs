//! Description of a file of prices, canonical or as published by a market: slots, span, gaps, and the
//! distribution of each column.

use super::slots::{Observed, Rows, lengths};
use super::srl_files::{Direction, QUARTER_S, is_activation, is_tenders, read_activation, read_tenders};
use super::text::Text;
use super::{ACTIVATED, PriceReport, VOLUME, counted, dayahead, intraday, nordpool};
use crate::table::TableFile;
use crate::times::RawTime;
use crate::write::REPORT_KEY;
use chrono_tz::Tz;
use gridfleet_core::error::Result;
use gridfleet_core::names;
use gridfleet_core::time::SimTime;
use serde::Serialize;
use std::fmt;

/// Format of a file of raw prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RawFormat {
    /// Nord Pool, day-ahead or regulating.
    NordPool(nordpool::Kind),
    /// Results of tenders of German secondary reserve.
    SrlTenders,
    /// Activated German secondary reserve.
    SrlActivation,
    /// Trades of the continuous intraday market.
    Intraday,
    /// A table with a time and a price.
    DayAhead,
}

/// Likely format of a text.
pub fn recognise(text: &Text) -> Option<RawFormat> {
    if let Some(kind) = nordpool::recognise(text) {
        Some(RawFormat::NordPool(kind))
    } else if is_tenders(text) {
        Some(RawFormat::SrlTenders)
    } else if is_activation(text) {
        Some(RawFormat::SrlActivation)
    } else if intraday::recognise(text) {
        Some(RawFormat::Intraday)
    } else if dayahead::recognise(text) {
        Some(RawFormat::DayAhead)
    } else {
        None
    }
}

/// Values of one column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnStats {
    /// Name.
    pub name: String,
    /// Number of values present.
    pub values: usize,
    /// Minimum.
    pub min: f64,
    /// Mean.
    pub mean: f64,
    /// Maximum.
    pub max: f64,
    /// Number of values below zero.
    pub negative: usize,
}

/// A period without prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hole {
    /// First slot without a price, UTC.
    pub from: String,
    /// First slot with a price again, UTC.
    pub to: String,
    /// Number of slots in between.
    pub slots: i64,
}

/// Prices of a file.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PriceSummary {
    /// Number of rows below the header.
    #[serde(skip)]
    pub rows: u64,
    /// Length of a slot [s], the most common step; none for tables without slots.
    pub slot_s: Option<i64>,
    /// Start of the first slot, UTC.
    pub first: String,
    /// End of the last slot, UTC.
    pub end: String,
    /// Number of slots with prices in all columns.
    pub slots: usize,
    /// Number of slots without prices between the first and the last.
    pub missing: i64,
    /// The first twenty gaps.
    pub gaps: Vec<Hole>,
    /// Columns.
    pub columns: Vec<ColumnStats>,
    /// Findings and assumptions.
    pub notes: Vec<String>,
    /// Counts of the import that made the file, for files written by gridfleet.
    pub made_by: Option<PriceReport>,
}

/// Describes the prices of a raw file; `tz` is the time zone of times without offset if the format has none.
///
/// # Errors
/// If the file cannot be read in its apparent format.
pub fn of_raw(text: &Text, format: RawFormat, tz: Tz) -> Result<PriceSummary> {
    match format {
        RawFormat::NordPool(kind) => {
            let areas = nordpool::areas(text);
            let parts = areas.iter().map(|area| nordpool::read(text, kind, Some(area), nordpool::CLOCK));
            let parts: Vec<Rows> = parts.collect::<Result<_>>()?;
            let mut summary = parts.first().map(of_rows).unwrap_or_default();
            summary.columns = parts
                .iter()
                .flat_map(|part| {
                    let names = part.columns.iter().map(|column| match part.columns.len() {
                        1 => part.key.clone(),
                        _ => format!("{} {}", part.key, column.trim_end_matches("_per_mwh")),
                    });
                    names.enumerate().map(|(i, name)| stats(name, values(&part.rows, i))).collect::<Vec<_>>()
                })
                .collect();
            Ok(summary)
        }
        RawFormat::Intraday => intraday::read(text).map(|rows| of_rows(&rows)),
        RawFormat::DayAhead => {
            let options = dayahead::Options { timezone: Some(tz), ..Default::default() };
            dayahead::read(text, options).map(|rows| of_rows(&rows))
        }
        RawFormat::SrlActivation => of_activation(text),
        RawFormat::SrlTenders => of_tenders(text),
    }
}

fn of_activation(text: &Text) -> Result<PriceSummary> {
    let mut columns = Vec::new();
    let mut summary = PriceSummary::default();
    for direction in [Direction::Neg, Direction::Pos] {
        let rows = read_activation(text, direction)?;
        let key = format!("BETR. {} [MW]", direction.name());
        columns.push(stats(key, rows.iter().map(|row| row.mw)));
        let read = rows.len() as u64;
        let slots = rows.iter().map(|row| (row.time, !row.mw.is_nan()));
        summary = PriceSummary { rows: read, ..of_slots(slots.collect(), Some(QUARTER_S)) };
    }
    Ok(PriceSummary { columns, ..summary })
}

fn of_tenders(text: &Text) -> Result<PriceSummary> {
    let mut summary = PriceSummary::default();
    for direction in [Direction::Neg, Direction::Pos] {
        let tenders = read_tenders(text, direction)?;
        let name = direction.name();
        summary.rows = tenders.rows;
        summary
            .columns
            .push(stats(format!("{name} price [EUR/MWh]"), tenders.offers.iter().map(|o| o.price_per_mwh)));
        summary
            .columns
            .push(stats(format!("{name} allocated [MW]"), tenders.offers.iter().map(|o| o.allocated_mw)));
        let mut weeks: Vec<_> = tenders.offers.iter().map(|o| (o.from, o.to)).collect();
        weeks.sort_unstable();
        weeks.dedup();
        let (first, last) = (weeks.first().copied(), weeks.last().copied());
        if let (Some((from, _)), Some((_, to))) = (first, last) {
            let n = weeks.len();
            summary
                .notes
                .push(format!("{name}: {n} tenders from {from} to {to}, {} offers", tenders.offers.len()));
        }
    }
    Ok(summary)
}

/// Describes a canonical table.
///
/// # Errors
/// If the file cannot be read or has no times.
pub fn of_canonical(file: &TableFile) -> Result<PriceSummary> {
    let time = file.require(&["time"])?;
    let told = |name: &String| {
        names::renamed(name).unwrap_or(name).ends_with("_per_mwh") || name == VOLUME || name == ACTIVATED
    };
    let priced: Vec<usize> =
        (0..file.names().len()).filter(|&c| file.names().get(c).is_some_and(told)).collect();
    let table = file.read(&[&[time][..], &priced].concat())?;
    let numbers = priced.iter().map(|&c| table.numbers(c)).collect::<Result<Vec<_>>>()?;
    let mut unreadable = 0;
    let mut slots = Vec::with_capacity(table.rows());
    for (row, time) in table.times(time)?.iter().enumerate() {
        match time {
            RawTime::Utc(s) | RawTime::Wall(s) => {
                slots.push((SimTime(*s), numbers.iter().all(|column| !column.get(row).is_nan())));
            }
            RawTime::Missing | RawTime::Bad => unreadable += 1,
        }
    }
    let mut summary = of_slots(slots, None);
    summary.columns = priced
        .iter()
        .zip(&numbers)
        .map(|(&c, column)| {
            stats(file.names().get(c).cloned().unwrap_or_default(), column.values.iter().copied())
        })
        .collect();
    if unreadable > 0 {
        summary.notes.push(format!("{unreadable} rows without a readable time"));
    }
    summary.made_by = file.metadata(REPORT_KEY).and_then(|text| serde_json::from_str(text).ok());
    Ok(summary)
}

fn values(rows: &[Observed], column: usize) -> impl Iterator<Item = f64> {
    rows.iter().map(move |row| row.values.get(column).copied().unwrap_or(f64::NAN))
}

fn of_rows(rows: &Rows) -> PriceSummary {
    let slots = rows.rows.iter().map(|row| (row.time, row.values.iter().all(|v| !v.is_nan())));
    let mut summary = of_slots(slots.collect(), rows.slot_s);
    summary.columns =
        rows.columns.iter().enumerate().map(|(i, name)| stats(name.clone(), values(&rows.rows, i))).collect();
    let report = &rows.report;
    summary.rows = report.rows_read;
    summary.notes.extend(report.skipped.iter().map(|(reason, n)| format!("skipped, {reason}: {n}")));
    summary.notes.extend(report.repaired.iter().map(|(what, n)| format!("repaired, {what}: {n}")));
    summary
        .notes
        .extend(report.notes.iter().filter(|(k, _)| *k != "area").map(|(k, note)| format!("{k}: {note}")));
    summary
}

/// Span and gaps of slots, each given with whether it has prices.
fn of_slots(mut slots: Vec<(SimTime, bool)>, slot_s: Option<i64>) -> PriceSummary {
    slots.retain(|(_, priced)| *priced);
    slots.sort_unstable();
    let times: Vec<SimTime> = slots.iter().map(|(time, _)| *time).collect();
    let (found, mut held) = lengths(&times);
    if let Some(known) = slot_s {
        held.fill(known);
    }
    let slot_s = slot_s.or(found);
    let mut summary = PriceSummary { slot_s, slots: slots.len(), ..PriceSummary::default() };
    let (Some(first), Some(last), Some(slot_s)) = (slots.first(), slots.last(), slot_s) else {
        return summary;
    };
    summary.first = first.0.iso();
    summary.end = (last.0 + slot_s).iso();
    for (pair, held) in slots.windows(2).zip(held) {
        let missing = (pair[1].0 - pair[0].0 - held) / slot_s;
        if missing > 0 {
            summary.missing += missing;
            let (from, to) = ((pair[0].0 + held).iso(), pair[1].0.iso());
            summary.gaps.push(Hole { from, to, slots: missing });
        }
    }
    summary.gaps.truncate(20);
    summary
}

fn stats(name: String, values: impl Iterator<Item = f64>) -> ColumnStats {
    let mut all =
        ColumnStats { name, values: 0, min: f64::INFINITY, mean: 0.0, max: f64::NEG_INFINITY, negative: 0 };
    for value in values.filter(|v| !v.is_nan()) {
        all.values += 1;
        all.min = all.min.min(value);
        all.max = all.max.max(value);
        all.mean += value;
        all.negative += usize::from(value < 0.0);
    }
    if all.values == 0 {
        return ColumnStats { min: 0.0, max: 0.0, ..all };
    }
    all.mean /= all.values as f64;
    all
}

impl fmt::Display for PriceSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(slot_s) = self.slot_s.filter(|_| !self.first.is_empty()) {
            writeln!(f, "{} slots of {slot_s} s from {} to {}", self.slots, self.first, self.end)?;
            match self.missing {
                0 => writeln!(f, "no gaps")?,
                n => writeln!(f, "{n} slots without a price, in gaps:")?,
            }
            for gap in &self.gaps {
                writeln!(f, "  {} to {} ({})", gap.from, gap.to, counted(gap.slots.unsigned_abs()))?;
            }
        }
        let width = self.columns.iter().map(|c| c.name.chars().count()).max().unwrap_or(0).max(6);
        let head = ["values", "min", "mean", "max", "below 0"];
        writeln!(f, "{:width$}{}", "", head.map(|h| format!("{h:>12}")).concat())?;
        for c in &self.columns {
            let figures = [c.min, c.mean, c.max].map(|v| format!("{v:>12.2}")).concat();
            writeln!(f, "{:width$}{:>12}{figures}{:>12}", c.name, c.values, c.negative)?;
        }
        for note in &self.notes {
            writeln!(f, "{note}")?;
        }
        match &self.made_by {
            Some(report) => write!(f, "made by an import of {report}"),
            None => Ok(()),
        }
    }
}
