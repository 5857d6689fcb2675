//! Checks of the numbers of trips: ranges, and medians that no fleet has.

use super::super::builder::{TraceBuilder, Wrong};
use super::numbers::Column;
use gridfleet_core::ranges::Range;
use std::collections::BTreeMap;

/// A column with its number, the range of its values, and the reason for rejecting others.
pub(super) type Check<'a> = (&'a Column, Range, &'static str);

/// Rows with an invalid number: found column by column, which is fast, and stored by row.
pub(super) struct WrongNumbers {
    by_row: BTreeMap<usize, Wrong>,
}

impl WrongNumbers {
    /// Looks for values outside their range, and for filled cells that are not numbers.
    pub(super) fn find(rows: usize, checks: &[Check<'_>]) -> Self {
        let mut by_row = BTreeMap::new();
        for (numbers, range, reason) in checks {
            let Some((column, numbers)) = numbers else { continue };
            for (row, value) in numbers.values.iter().enumerate().take(rows) {
                // NaN means absent.
                if !value.is_nan() && !range.holds(*value) {
                    by_row.entry(row).or_insert_with(|| Wrong::new(*column, reason, range.expected()));
                }
            }
            for &row in &numbers.bad {
                by_row
                    .entry(row)
                    .or_insert_with(|| Wrong::new(*column, "unreadable number", range.expected()));
            }
        }
        Self { by_row }
    }

    pub(super) fn of(&self, row: usize) -> Option<Wrong> {
        if self.by_row.is_empty() { None } else { self.by_row.get(&row).cloned() }
    }
}

/// Warns of medians that no fleet has, and names the likely unit.
pub(super) fn warn_of_magnitudes(distance: &Column, duration: &Column, builder: &mut TraceBuilder) {
    let median = |numbers: &Column| {
        let mut values: Vec<f64> = numbers
            .iter()
            .flat_map(|(_, n)| &n.values)
            .copied()
            .filter(|v| !v.is_nan() && *v > 0.0)
            .collect();
        let middle = values.len() / 2;
        (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f64::total_cmp).1)
    };
    let (km, s) = (median(distance), median(duration));
    if let Some(km) = km.filter(|km| *km > MOST_MEDIAN_KM) {
        builder.warn(format!("median distance of {km:.0} km: are the distances in metres? State it, for example --map distance_km=COLUMN:m"));
    }
    if let Some(s) = s.filter(|s| *s < 60.0) {
        builder.warn(format!("median duration of {s:.1} s: are the durations in minutes? State it, for example --map duration_s=COLUMN:min"));
    }
    if let Some(s) = s.filter(|s| *s > 86_400.0) {
        builder.warn(format!("median duration of {s:.0} s: are the durations in milliseconds? State it, for example --map duration_s=COLUMN:ms"));
    }
}

/// Maximum plausible median distance of a fleet [km]. Assumed.
const MOST_MEDIAN_KM: f64 = 500.0;
