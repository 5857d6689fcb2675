//! Values by time and group, arranged as columns and thinned for a chart.

use super::Context;
use crate::report::source::Texts;
use crate::report::thin::{group_of, means};
use std::collections::BTreeMap;

/// Rows of (time, group, value), arranged as one column of values per group.
pub(super) struct Readings {
    pub times: Vec<i64>,
    /// By group, as long as `times`; NaN if a group has no row.
    pub columns: Vec<Vec<f64>>,
}

impl Readings {
    /// Sums the rows of each instant and group.
    pub fn new(times: &[Option<i64>], groups: &Texts, values: &[f64]) -> Self {
        let mut sums: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
        for (row, (time, value)) in times.iter().zip(values).enumerate() {
            let (Some(time), Some(group)) = (time, groups.codes[row]) else { continue };
            let sums = sums.entry(*time).or_insert_with(|| vec![f64::NAN; groups.texts.len()]);
            let sum = &mut sums[group as usize];
            *sum = if sum.is_nan() { *value } else { *sum + value };
        }
        let mut columns = vec![Vec::with_capacity(sums.len()); groups.texts.len()];
        for sums in sums.values() {
            columns.iter_mut().zip(sums).for_each(|(column, sum)| column.push(*sum));
        }
        Self { times: sums.into_keys().collect(), columns }
    }

    /// Local times of the points that remain after thinning, and the number of readings per point.
    pub fn axis(&self, context: &Context) -> (Vec<f64>, usize) {
        let group = group_of(self.times.len());
        let ms: Vec<f64> = self.times.iter().map(|t| context.local.ms(*t)).collect();
        (means(&ms, group).into_iter().map(f64::round).collect(), group)
    }
}

/// Note on the meaning of a point of a chart, if it covers more than one reading.
pub(super) fn thinned(group: usize) -> String {
    if group > 1 { format!(" Each point is the mean of {group} readings.") } else { String::new() }
}
