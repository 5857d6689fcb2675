//! The file: its tables, and what applies to all of them.

use super::competition::CompetitionSpec;
use super::environment::EnvironmentSpec;
use super::feeder::FeederSpec;
use super::fleets::FleetSpec;
use super::households::HouseholdSpec;
use super::markets::{ImbalanceSpec, MarketSpec};
use super::operation::OperationSpec;
use super::outputs::OutputsSpec;
use super::retailers::RetailerSpec;
use super::stations::{OperatorSpec, StationSpec};
use super::time::TimeSpec;
use super::training::TrainingSpec;
use super::travel::TravelSpec;
use super::trips::TripsSpec;
use super::variation::VariationSpec;
use super::vehicle_types::VehicleTypeSpec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A scenario of gridfleet: fleets, chargers, tariffs, and the trips of one period.
///
/// Paths are relative to the folder of the scenario file. Names of keys carry units; amounts of money are in the
/// scenario's `currency`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "gridfleet scenario")]
#[serde(deny_unknown_fields)]
pub struct ScenarioFile {
    /// Version of this file format: 2. `gridfleet migrate` brings files of version 1 to it.
    #[schemars(range(min = 2, max = 2))]
    pub version: u32,
    /// Name of the scenario; also names the folder of results.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Description of the scenario.
    #[serde(default)]
    pub description: String,
    /// Seed of all randomness.
    #[serde(default = "one")]
    pub seed: u64,
    /// Currency of all amounts, in this file, in the tables it names and in the results.
    #[serde(default = "euro")]
    #[schemars(length(min = 1, max = 12))]
    pub currency: String,
    /// Period and clock.
    pub time: TimeSpec,
    /// Trips that riders request; without this table there are no requests.
    #[serde(default)]
    pub trips: TripsSpec,
    /// Travel times and distances.
    #[serde(default)]
    pub travel: TravelSpec,
    /// Policies and rules of operation.
    #[serde(default)]
    pub operation: OperationSpec,
    /// Weather and carbon intensity of the grid.
    #[serde(default)]
    pub environment: EnvironmentSpec,
    /// Catalogue of vehicle types (CSV), in addition to or instead of `vehicle_types`.
    pub vehicle_types_file: Option<PathBuf>,
    /// Vehicle types.
    #[serde(default)]
    #[schemars(length(max = 10000))]
    pub vehicle_types: Vec<VehicleTypeSpec>,
    /// Fleets; at most 64. May be omitted if there are only households.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub fleets: Vec<FleetSpec>,
    /// Operators of charging stations with settings of their stations. Operators that are only named by stations need
    /// no entry.
    #[serde(default)]
    pub operators: Vec<OperatorSpec>,
    /// Table of stations (CSV or Parquet, canonical columns), in addition to or instead of `stations`.
    pub stations_file: Option<PathBuf>,
    /// Charging stations.
    #[serde(default)]
    pub stations: Vec<StationSpec>,
    /// Retailers, which sell energy to stations.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub retailers: Vec<RetailerSpec>,
    /// Retailers between which vehicle owners choose.
    pub competition: Option<CompetitionSpec>,
    /// Households, in groups of identical ones.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub households: Vec<HouseholdSpec>,
    /// The distribution feeder to which stations and households are connected.
    pub feeder: Option<FeederSpec>,
    /// Wholesale markets in which fleets may buy ahead; energy bought in several of them counts as delivered in their
    /// order.
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub markets: Vec<MarketSpec>,
    /// Cost to a bidder of not taking the energy that it has bought.
    #[serde(default)]
    pub imbalance: ImbalanceSpec,
    /// Differences between replications.
    #[serde(default)]
    pub variation: VariationSpec,
    /// Training of bidding agents with `gridfleet train`.
    pub training: Option<TrainingSpec>,
    /// Outputs to write.
    #[serde(default)]
    pub outputs: OutputsSpec,
}

fn one() -> u64 {
    1
}
fn euro() -> String {
    "EUR".to_owned()
}
