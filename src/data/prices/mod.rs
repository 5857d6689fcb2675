//! Prices over time: the canonical table, and importers of the files published by markets.
//!
//! - [`canonical`]: `time`, `price_per_mwh` (or `up_per_mwh`, `down_per_mwh`), one row per slot without gaps;
//! - [`nordpool`]: day-ahead and regulating prices of the Nordic market, one column per area;
//! - [`dayahead`]: one price column of any table, as published by ENTSO-E, SMARD, Open Power System Data and
//!   others;
//! - [`intraday`]: trades of quarter-hour products, where the lowest price clears;
//! - [`capacity`]: prices of reserve capacity by block of four hours;
//! - [`srl`]: tenders and activation of German secondary reserve, which yield a price per quarter of an hour.
//!
//! Each importer reads [`text`] with the rules of [`decimals`] and [`clock`] into [`slots::Rows`], which
//! [`slots::Rows::regular`] turns into a [`PriceTable`] after checking order, duplicates and gaps. A
//! [`PriceReport`] records the counts, repairs and filled gaps, and is stored in the file that [`write`]
//! creates.

pub mod canonical;
pub mod capacity;
pub mod clock;
pub mod dayahead;
pub mod decimals;
pub mod intraday;
pub mod nordpool;
pub mod slots;
pub mod srl;
pub mod srl_files;
mod stamps;
pub mod summary;
pub mod text;
pub mod write;

pub use canonical::{
    PriceSeries, TwoPrices, from_csv, instant, read, read_column, read_two, write_csv, write_two_csv,
};
pub use slots::{FilledGap, GapRule};

use gridfleet_core::time::SimTime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Column of a single price [EUR/MWh].
pub const PRICE: &str = "price_per_mwh";
/// Column of the price at which a short system buys [EUR/MWh].
pub const UP: &str = "up_per_mwh";
/// Column of the price at which a long system sells [EUR/MWh].
pub const DOWN: &str = "down_per_mwh";
/// Column of the traded volume in MWh.
pub const VOLUME: &str = "volume_mwh";
/// Column of the activated reserve, mean over the slot in MW.
pub const ACTIVATED: &str = "activated_mw";

/// Values per slot, without gaps.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceTable {
    /// Start of the first slot.
    pub start: SimTime,
    /// Length of a slot [s].
    pub slot_s: i64,
    /// Name and values of each column; all have the same length.
    pub columns: Vec<(String, Vec<f64>)>,
}

impl PriceTable {
    /// Number of slots.
    pub fn slots(&self) -> usize {
        self.columns.first().map_or(0, |(_, values)| values.len())
    }

    /// Start times of the slots.
    pub fn times(&self) -> impl Iterator<Item = SimTime> {
        let (start, slot_s) = (self.start, self.slot_s);
        (0..self.slots() as i64).map(move |slot| start + slot * slot_s)
    }

    /// First instant after the last slot.
    pub fn end(&self) -> SimTime {
        self.start + self.slot_s * self.slots() as i64
    }
}

/// `1 slot`, `2 slots`.
fn counted(slots: u64) -> String {
    format!("{slots} slot{}", if slots == 1 { "" } else { "s" })
}

/// Counts of an import of prices.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceReport {
    /// Format of the files.
    pub format: String,
    /// Number of rows in the files, without headers.
    pub rows_read: u64,
    /// Number of slots in the resulting table, including filled ones.
    pub slots: u64,
    /// Length of a slot [s].
    pub slot_s: i64,
    /// Number of rows skipped, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Number of rows or slots changed or derived, by type of change.
    pub repaired: BTreeMap<String, u64>,
    /// Filled gaps.
    pub filled: Vec<FilledGap>,
    /// Rule by which the gaps were filled.
    pub gap_rule: String,
    /// Assumptions and findings.
    pub notes: BTreeMap<String, String>,
    /// Findings that make the result doubtful, such as an implausible magnitude.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl PriceReport {
    fn of(format: &str) -> Self {
        Self { format: format.to_owned(), ..Self::default() }
    }

    fn skip(&mut self, reason: &str, rows: u64) {
        if rows > 0 {
            *self.skipped.entry(reason.to_owned()).or_default() += rows;
        }
    }

    fn mend(&mut self, what: &str, rows: u64) {
        if rows > 0 {
            *self.repaired.entry(what.to_owned()).or_default() += rows;
        }
    }

    fn note(&mut self, subject: &str, text: impl Into<String>) {
        self.notes.insert(subject.to_owned(), text.into());
    }

    fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// Adds the counts of another file.
    fn add(&mut self, other: &Self) {
        self.rows_read += other.rows_read;
        for (reason, rows) in &other.skipped {
            self.skip(reason, *rows);
        }
        for (what, rows) in &other.repaired {
            self.mend(what, *rows);
        }
        self.notes.extend(other.notes.clone());
        self.warnings.extend(other.warnings.iter().cloned());
    }

    /// Number of slots without a price that were filled.
    pub fn filled_slots(&self) -> u64 {
        self.filled.iter().map(|gap| gap.slots).sum()
    }
}

impl fmt::Display for PriceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}: {} rows read, {} slots of {} s",
            self.format, self.rows_read, self.slots, self.slot_s
        )?;
        for (reason, rows) in &self.skipped {
            writeln!(f, "  skipped, {reason}: {rows}")?;
        }
        for (what, rows) in &self.repaired {
            writeln!(f, "  repaired, {what}: {rows}")?;
        }
        if !self.filled.is_empty() {
            writeln!(f, "  filled by {}: {}, in", self.gap_rule, counted(self.filled_slots()))?;
        }
        for gap in self.filled.iter().take(10) {
            writeln!(f, "    {} to {} ({})", gap.from, gap.to, counted(gap.slots))?;
        }
        if self.filled.len() > 10 {
            writeln!(f, "    and {} more", self.filled.len() - 10)?;
        }
        for (subject, note) in &self.notes {
            writeln!(f, "  {subject}: {note}")?;
        }
        Ok(())
    }
}
