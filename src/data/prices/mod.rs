//! Prices over time: the canonical table, and importers of the files that markets publish.
//!
//! - [`canonical`]: `time`, `price_eur_mwh` (or `up_eur_mwh`, `down_eur_mwh`), one row per slot without gaps;
//! - [`nordpool`]: day-ahead and regulating prices of the Nordic market, a column per area;
//! - [`dayahead`]: one price column of any table, as ENTSO-E, SMARD, Open Power System Data and others have it;
//! - [`intraday`]: trades of quarter-hour products, of which the lowest price clears;
//! - [`srl`]: tenders and activation of German secondary reserve, which give a price per quarter of an hour.
//!
//! Each importer reads [`text`] with the habits of [`decimals`] and [`clock`] into [`slots::Rows`], of which
//! [`slots::Rows::regular`] makes a [`PriceTable`]: that is where order, doubles and gaps are judged. What was
//! counted, mended and filled stands in a [`PriceReport`], which goes into the file that [`write`] makes.

pub mod canonical;
pub mod clock;
pub mod dayahead;
pub mod decimals;
pub mod intraday;
pub mod nordpool;
pub mod slots;
pub mod srl;
pub mod srl_files;
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

/// Column of the one price [EUR/MWh].
pub const PRICE: &str = "price_eur_mwh";
/// Column of the price at which a system that is short buys [EUR/MWh].
pub const UP: &str = "up_eur_mwh";
/// Column of the price at which a system that is long sells [EUR/MWh].
pub const DOWN: &str = "down_eur_mwh";
/// Column of what was traded in MWh.
pub const VOLUME: &str = "volume_mwh";
/// Column of the reserve that was activated, mean over the slot in MW.
pub const ACTIVATED: &str = "activated_mw";

/// Values per slot, without gaps.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceTable {
    /// Start of the first slot.
    pub start: SimTime,
    /// Length of a slot [s].
    pub slot_s: i64,
    /// Name and values of each column; all are of one length.
    pub columns: Vec<(String, Vec<f64>)>,
}

impl PriceTable {
    /// Number of slots.
    pub fn slots(&self) -> usize {
        self.columns.first().map_or(0, |(_, values)| values.len())
    }

    /// Starts of the slots.
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

/// What an import of prices counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceReport {
    /// Format of the files.
    pub format: String,
    /// Rows of the files, headers not counted.
    pub rows_read: u64,
    /// Slots of the table made of them, filled ones among them.
    pub slots: u64,
    /// Length of a slot [s].
    pub slot_s: i64,
    /// Rows left out, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Rows or slots changed or derived, by what was done.
    pub mended: BTreeMap<String, u64>,
    /// Gaps that were filled.
    pub filled: Vec<FilledGap>,
    /// How the gaps were filled.
    pub gap_rule: String,
    /// What was taken for granted, and what was found.
    pub notes: BTreeMap<String, String>,
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
            *self.mended.entry(what.to_owned()).or_default() += rows;
        }
    }

    fn note(&mut self, subject: &str, text: impl Into<String>) {
        self.notes.insert(subject.to_owned(), text.into());
    }

    /// Takes over the counts of another file.
    fn add(&mut self, other: &Self) {
        self.rows_read += other.rows_read;
        for (reason, rows) in &other.skipped {
            self.skip(reason, *rows);
        }
        for (what, rows) in &other.mended {
            self.mend(what, *rows);
        }
        self.notes.extend(other.notes.clone());
    }

    /// Slots without a price that were filled.
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
        for (what, rows) in &self.mended {
            writeln!(f, "  mended, {what}: {rows}")?;
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
