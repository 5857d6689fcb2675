//! `[[households]]`: groups of identical households.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A group of identical households.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HouseholdSpec {
    /// Name.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Number of households.
    #[schemars(range(min = 1, max = 10000000))]
    pub count: u32,
    /// Name of their retailer; may be omitted if there is only one.
    pub retailer: Option<String>,
    /// Energy of one household in a day [kWh].
    #[schemars(range(max = 10000.0), extend("exclusiveMinimum" = 0.0))]
    pub energy_kwh: f64,
    /// Load in each hour of the local day, from midnight, relative to each other; 24 of them. By default a summer day
    /// of homes with air conditioning, lowest before dawn and highest late in the afternoon (assumed).
    #[schemars(length(min = 24, max = 24), inner(range(min = 0.0, max = 1000000.0)))]
    pub shape: Option<Vec<f64>>,
    /// Minimum load as a share of that of the shape.
    #[serde(default = "least")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub least: f64,
    /// Maximum load as a share of that of the shape.
    #[serde(default = "most")]
    #[schemars(range(min = 0.0, max = 100.0))]
    pub most: f64,
    /// Maximum load of one household at any time [kW].
    #[schemars(range(max = 10000.0), extend("exclusiveMinimum" = 0.0))]
    pub max_kw: Option<f64>,
    /// Worth of the first unit of energy in an hour [currency/MWh]. Each hour of the shape adds the amount that makes
    /// the shape the best load at equal prices. Since the energy of a day is given, this value shifts no load within
    /// the day.
    #[serde(default = "omega")]
    #[schemars(range(max = 100000.0), extend("exclusiveMinimum" = 0.0))]
    pub omega_per_mwh: f64,
    /// Decrease of the worth of the next unit per further kW [currency/MWh per kW].
    #[serde(default = "theta")]
    #[schemars(range(max = 100000.0), extend("exclusiveMinimum" = 0.0))]
    pub theta_per_mwh_kw: f64,
    /// Bus of the distribution feeder to which they are connected.
    pub bus: Option<u32>,
}

// Group 1 of the Stackelberg paper's table II, in currency per MWh instead of cents per kWh; `most` as in its group 3.
fn least() -> f64 {
    0.7
}
fn most() -> f64 {
    1.2
}
fn omega() -> f64 {
    50.0
}
fn theta() -> f64 {
    1.0
}
