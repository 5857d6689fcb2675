//! Quantiles of a property.

use serde::Serialize;

/// Quantiles of a property of trips, over the trips for which it is known.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quantiles {
    /// Number of trips for which it is known.
    pub count: usize,
    /// Minimum.
    pub min: f64,
    /// First quartile.
    pub p25: f64,
    /// Median.
    pub p50: f64,
    /// Third quartile.
    pub p75: f64,
    /// Maximum.
    pub max: f64,
}

impl Quantiles {
    /// Quantiles of the values that are not NaN (nearest rank).
    pub(super) fn of(values: &[f64]) -> Option<Self> {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| sorted.get((share * (sorted.len() - 1) as f64).round() as usize).copied();
        if sorted.is_empty() {
            return None;
        }
        Some(Self {
            count: sorted.len(),
            min: at(0.0)?,
            p25: at(0.25)?,
            p50: at(0.5)?,
            p75: at(0.75)?,
            max: at(1.0)?,
        })
    }
}
