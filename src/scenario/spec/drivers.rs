//! `[fleets.drivers]`: drivers of privately owned vehicles.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The drivers of a fleet of privately owned vehicles. All days are alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DriversSpec {
    /// Name of the station at which they park; it has a connector for each of them.
    pub home: String,
    /// Local hour of arrival at home. By default from 14:00 to 24:00, mostly in the evening: assumed, in the shape of
    /// the National Household Travel Survey for the countryside of New York State.
    pub arrival: Option<HistogramSpec>,
    /// Local hour of departure. By default from 5:00 to 11:00, from the same source.
    pub departure: Option<HistogramSpec>,
    /// Distance of a day [km]. By default 57 km on average, skewed to the right, from the same source.
    pub distance_km: Option<HistogramSpec>,
}

/// Weights of values: a bin is drawn by its weight, and a value uniformly within it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistogramSpec {
    /// Lower end of the first bin.
    #[schemars(range(min = 0.0, max = 1000000.0))]
    pub from: f64,
    /// Width of each bin.
    #[serde(default = "one")]
    #[schemars(range(max = 1000000.0), extend("exclusiveMinimum" = 0.0))]
    pub width: f64,
    /// Weight of each bin; they need not sum to 1.
    #[schemars(length(min = 1, max = 10000), inner(range(min = 0.0, max = 1000000000.0)))]
    pub weights: Vec<f64>,
}

fn one() -> f64 {
    1.0
}
