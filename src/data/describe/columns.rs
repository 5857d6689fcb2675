//! Description of one column: its type, its range, its median.

use super::super::table::{Table, TableFile};
use super::super::times::RawTime;
use super::quantiles::Quantiles;
use gridfleet_core::error::Result;
use gridfleet_core::time::SimTime;
use serde::Serialize;

/// One column of a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnSummary {
    /// Name in the file.
    pub name: String,
    /// `numbers`, `times`, `names`, `empty` or `another type` (for example lists).
    pub kind: &'static str,
    /// Number of cells that are not empty.
    pub filled: usize,
    /// Number of distinct names, for a column of names.
    pub distinct: Option<usize>,
    /// Minimum value or earliest time.
    pub min: Option<String>,
    /// Median.
    pub median: Option<String>,
    /// Maximum value or latest time.
    pub max: Option<String>,
}

pub(super) fn summarise(file: &TableFile, table: &Table, column: usize) -> Result<ColumnSummary> {
    let name = file.names().get(column).cloned().unwrap_or_default();
    let empty =
        ColumnSummary { name, kind: "empty", filled: 0, distinct: None, min: None, median: None, max: None };
    if !file.is_readable(column) {
        return Ok(ColumnSummary { kind: "another type", ..empty });
    }
    // Cells that cannot be read as numbers or times can be read as names. Digits in a column of text, such as
    // zone numbers, are names too: neither quantities nor seconds since the epoch.
    let numbers = table.numbers(column).ok().filter(|numbers| numbers.bad.is_empty());
    let digits = table.is_text(column) && numbers.is_some();
    if !table.is_text(column)
        && let Some(numbers) = numbers
    {
        return Ok(match Quantiles::of(&numbers.values) {
            Some(q) => ColumnSummary {
                kind: "numbers",
                filled: q.count,
                min: Some(number(q.min)),
                median: Some(number(q.p50)),
                max: Some(number(q.max)),
                ..empty
            },
            None => empty,
        });
    }
    if !digits && let Ok(times) = table.times(column) {
        let good = |t: &RawTime| match t {
            RawTime::Utc(s) => Some((*s, SimTime(*s).iso())),
            // A wall-clock time has no zone.
            RawTime::Wall(s) => Some((*s, SimTime(*s).iso().trim_end_matches('Z').to_string())),
            RawTime::Missing | RawTime::Bad => None,
        };
        let filled = times.iter().filter(|t| !matches!(t, RawTime::Missing)).count();
        let mut read: Vec<&RawTime> =
            times.iter().filter(|t| matches!(t, RawTime::Utc(_) | RawTime::Wall(_))).collect();
        // A few damaged cells do not change the kind of the column.
        if !read.is_empty() && read.len() * 10 >= filled * 9 {
            read.sort_unstable_by_key(|t| good(t).map(|(s, _)| s));
            let at = |i: usize| read.get(i).and_then(|t| good(t)).map(|(_, text)| text);
            return Ok(ColumnSummary {
                kind: "times",
                filled,
                min: at(0),
                median: at(read.len() / 2),
                max: at(read.len() - 1),
                ..empty
            });
        }
    }
    let names = table.names(column)?;
    let filled = names.codes.iter().filter(|&&c| c != u32::MAX).count();
    let kind = if filled == 0 { "empty" } else { "names" };
    Ok(ColumnSummary { kind, filled, distinct: Some(names.names.len()), ..empty })
}

/// Formats with few digits, and no more than needed.
fn number(value: f64) -> String {
    let digits = if value.abs() >= 1e6 || value.fract() == 0.0 { 0 } else { 4 };
    format!("{value:.digits$}")
}
