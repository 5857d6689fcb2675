//! `[[operators]]` and `[[stations]]`: charging stations.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings of all stations of an operator, unless the station overrides them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorSpec {
    /// Name, as used by stations.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Name of its retailer; may be omitted if there is only one.
    pub retailer: Option<String>,
    /// Markup on the retailer's price [currency/MWh].
    #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
    pub markup_per_mwh: Option<f64>,
    /// Time after which a vehicle in a queue leaves for another station, if one is within its range [s].
    #[schemars(range(min = gridfleet_core::ranges::PATIENCE.least as i64, max = gridfleet_core::ranges::PATIENCE.most as i64))]
    pub queue_patience_s: Option<i64>,
    /// Fleets that may charge.
    pub access: Option<AccessSpec>,
    /// Cost to a station of a load that differs from the load that its drivers would like, if the price depends on the
    /// load: half of this value times the squared difference [currency/MWh per MW]; default 1000 (assumed).
    #[schemars(range(max = 1000000000.0), extend("exclusiveMinimum" = 0.0))]
    pub sensitivity_per_mwh_mw: Option<f64>,
}

/// A charging station.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StationSpec {
    /// Name.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Zone in which the station is located. Give this, or `lat` and `lon`.
    pub zone: Option<String>,
    /// Latitude [degrees north].
    #[schemars(range(min = gridfleet_core::ranges::LATITUDE.least, max = gridfleet_core::ranges::LATITUDE.most))]
    pub lat: Option<f64>,
    /// Longitude [degrees east].
    #[schemars(range(min = gridfleet_core::ranges::LONGITUDE.least, max = gridfleet_core::ranges::LONGITUDE.most))]
    pub lon: Option<f64>,
    /// Operator of the station; by default an operator with the station's name.
    pub operator: Option<String>,
    /// Fleets that may charge: `public`, `own` (the fleet with the operator's name), a fleet, or a list of fleets;
    /// default `public`.
    pub access: Option<AccessSpec>,
    /// Number of connectors.
    #[schemars(range(min = gridfleet_core::ranges::CONNECTORS.least as u32, max = gridfleet_core::ranges::CONNECTORS.most as u32))]
    pub connectors: u32,
    /// Maximum power of each connector [kW].
    #[schemars(range(max = gridfleet_core::ranges::CONNECTOR_POWER.most), extend("exclusiveMinimum" = gridfleet_core::ranges::CONNECTOR_POWER.least))]
    pub connector_kw: f64,
    /// Whether the connectors are direct current; by default above 22 kW.
    pub dc: Option<bool>,
    /// Maximum power of all connectors together [kW]; by default their sum.
    #[schemars(range(max = gridfleet_core::ranges::SITE_POWER.most), extend("exclusiveMinimum" = gridfleet_core::ranges::SITE_POWER.least))]
    pub site_limit_kw: Option<f64>,
    /// Name of its retailer; by default the operator's, or the only one.
    pub retailer: Option<String>,
    /// Markup on the retailer's price [currency/MWh]; by default the operator's, otherwise 0.
    #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
    pub markup_per_mwh: Option<f64>,
    /// Time after which a vehicle in its queue leaves for another station, if one is within its range [s]; by default
    /// the operator's, otherwise 1800.
    #[schemars(range(min = gridfleet_core::ranges::PATIENCE.least as i64, max = gridfleet_core::ranges::PATIENCE.most as i64))]
    pub queue_patience_s: Option<i64>,
    /// Bus of the distribution feeder to which the station is connected.
    pub bus: Option<u32>,
}

/// Fleets that may charge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AccessSpec {
    /// `public`, `own`, or the name of a fleet.
    One(String),
    /// Names of fleets.
    Fleets(Vec<String>),
}
