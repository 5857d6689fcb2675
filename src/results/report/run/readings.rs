//! Values that come in rows, side by side, and thinned for a picture.

use super::Context;
use crate::report::source::Texts;
use crate::report::thin::{group_of, means};
use std::collections::BTreeMap;

/// Values that come in rows of (time, group), put side by side: one column of values per group.
pub(super) struct Readings {
    pub times: Vec<i64>,
    /// By group, as long as `times`; not a number where a group has no row.
    pub columns: Vec<Vec<f64>>,
}

impl Readings {
    /// Adds up the rows of each instant and group.
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

    /// Local times of the points that remain after thinning, and how many readings each stands for.
    pub fn axis(&self, context: &Context) -> (Vec<f64>, usize) {
        let group = group_of(self.times.len());
        let ms: Vec<f64> = self.times.iter().map(|t| context.local.ms(*t)).collect();
        (means(&ms, group).into_iter().map(f64::round).collect(), group)
    }
}

/// What a point of a chart stands for, where it is more than one reading.
pub(super) fn thinned(group: usize) -> String {
    if group > 1 { format!(" Each point is the mean of {group} readings.") } else { String::new() }
}
