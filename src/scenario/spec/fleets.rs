//! `[[fleets]]`: fleets and their vehicles.

use super::drivers::DriversSpec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A fleet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FleetSpec {
    /// Name.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Vehicles of the fleet. In `replay` one entry with the `type` of the vehicles named in the trace.
    #[serde(default)]
    pub vehicles: Vec<VehiclesSpec>,
    /// Table of single vehicles (CSV: `vehicle_id`, `type`, and if known `fleet`, `zone` or `lat` and `lon`, `soc`), in
    /// addition to or instead of `vehicles`.
    pub vehicles_file: Option<PathBuf>,
    /// Fares of riders if the trips do not record them.
    #[serde(default)]
    pub fare: FareSpec,
    /// Cost of driving in addition to energy and wear [currency/km].
    #[serde(default)]
    #[schemars(range(min = gridfleet_core::ranges::DRIVING_COST.least, max = gridfleet_core::ranges::DRIVING_COST.most))]
    pub driving_cost_per_km: f64,
    /// Penalty for each request lost [currency].
    #[serde(default)]
    #[schemars(range(min = gridfleet_core::ranges::FARE.least, max = gridfleet_core::ranges::FARE.most))]
    pub lost_request_cost: f64,
    /// Cost of each vehicle that must be carried to a charger [currency].
    #[serde(default)]
    #[schemars(range(min = gridfleet_core::ranges::FARE.least, max = gridfleet_core::ranges::FARE.most))]
    pub rescue_cost: f64,
    /// Depots: names of zones or `[lat, lon]`.
    #[serde(default)]
    pub depots: Vec<PlaceSpec>,
    /// Initial places of vehicles; by default the depots if there are any, otherwise the origins of the demand.
    pub start_at: Option<StartAt>,
    /// Drivers, if the vehicles are privately owned and parked at home; they serve no trips of `trips`.
    pub drivers: Option<DriversSpec>,
}

/// Vehicles of one type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VehiclesSpec {
    /// Name of the vehicle type.
    #[serde(rename = "type")]
    pub vehicle_type: String,
    /// Number of vehicles; in `replay` the trace determines it.
    #[schemars(range(min = 1, max = 1000000))]
    pub count: Option<u32>,
    /// State of charge at the start (0..1): one value, or `[lowest, highest]` to draw from uniformly.
    #[serde(default)]
    pub initial_soc: InitialSoc,
}

/// State of charge at the start.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum InitialSoc {
    /// The same value for all vehicles (0..1).
    Fixed(f64),
    /// Drawn uniformly between two values (0..1).
    Between([f64; 2]),
}

impl Default for InitialSoc {
    fn default() -> Self {
        Self::Between([0.5, 0.9])
    }
}

/// Fare of a rider.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FareSpec {
    /// Per trip [currency].
    #[schemars(range(min = gridfleet_core::ranges::FARE.least, max = gridfleet_core::ranges::FARE.most))]
    pub base: f64,
    /// Per kilometre with the rider [currency/km].
    #[schemars(range(min = gridfleet_core::ranges::FARE.least, max = gridfleet_core::ranges::FARE.most))]
    pub per_km: f64,
    /// Per minute with the rider [currency/min].
    #[schemars(range(min = gridfleet_core::ranges::FARE.least, max = gridfleet_core::ranges::FARE.most))]
    pub per_minute: f64,
}

/// A place: the name of a zone or a coordinate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum PlaceSpec {
    /// Name of a zone.
    Zone(String),
    /// `[latitude, longitude]` in degrees.
    Point([f64; 2]),
}

/// Initial places of vehicles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StartAt {
    /// Assigned to the depots in turn.
    Depots,
    /// Each at the origin of a randomly drawn trip of its fleet.
    Demand,
}
