//! `[competition]`: retailers between which vehicle owners choose.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Competing retailers. At a station of any of them, each vehicle owner buys in each slot from the retailer with the
/// lowest sum of price and reluctance to switch to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompetitionSpec {
    /// Names of the retailers; `operation.aggregator` decides for the first, the others ask the prices of their
    /// tariffs.
    #[schemars(length(min = 2, max = 100))]
    pub retailers: Vec<String>,
    /// Share of owners with a contract with each; by default equal.
    pub initial_shares: Option<Vec<f64>>,
    /// Premium that an owner would rather pay than buy from a retailer other than the one with which it has a contract
    /// [currency/MWh]: one number, or a list for each retailer with the reluctance to switch to each other one. It is a
    /// preference, not a payment.
    #[serde(default)]
    pub reluctance_per_mwh: Reluctance,
    /// Highest price that the aggregator may ask [currency/MWh].
    #[schemars(range(min = 0.0, max = 100000.0))]
    pub max_price_per_mwh: f64,
    /// Standard deviation of rivals' prices around their tariffs, as a share of the tariffs, drawn for each slot.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 10.0))]
    pub rival_price_sd: f64,
    /// Load of all owners together in each hour of the local day, from midnight, as known before any energy has been
    /// drawn [kW]; 24 of them. By default unknown.
    #[schemars(length(min = 24, max = 24), inner(range(min = 0.0, max = 1000000000.0)))]
    pub typical_kw: Option<Vec<f64>>,
}

/// Reluctance of an owner to leave its retailer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Reluctance {
    /// The same value for all pairs.
    All(f64),
    /// A value from each retailer to each.
    Each(Vec<Vec<f64>>),
}

impl Default for Reluctance {
    fn default() -> Self {
        Self::All(0.0)
    }
}
