//! The scenario file as written: one struct per table. Doc comments become the descriptions of `gridfleet schema`, and
//! ranges become its limits.
//!
//! Nothing is resolved here; conditions beyond type and range are checked where names are resolved ([`super::load`])
//! or, if they depend on the contents of other files, in [`super::build`].

use super::competition::CompetitionSpec;
use super::drivers::DriversSpec;
use super::feeder::FeederSpec;
use super::markets::{ImbalanceSpec, MarketSpec};
use super::outputs::OutputsSpec;
use super::retail::HouseholdSpec;
use super::tariffs::RetailerSpec;
use super::training::TrainingSpec;
use super::variation::VariationSpec;
use gridfleet_data::{OnBadRow, TripFormat};
use gridfleet_sim::policies::{
    AggregatorSpec, BiddingSpec, ChargingSpec, DispatchSpec, PricingSpec, RelocationSpec, ResponseSpec,
    StationsSpec,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
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

/// The period simulated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeSpec {
    /// First instant: a local date (`2018-03-05`), a local date and time (`2018-03-05T06:00`), or one
    /// with offset (`2018-03-05T06:00:00-05:00`).
    pub start: String,
    /// Length in local calendar days [d]; a day with a clock change has 23 or 25 hours. Give this or `end`.
    #[schemars(range(min = 1, max = 3660))]
    pub days: Option<i64>,
    /// First instant no longer simulated, written like `start`. Give this or `days`.
    pub end: Option<String>,
    /// Time zone of local times, by its IANA name, for example `America/New_York`.
    #[serde(default = "utc")]
    pub timezone: String,
    /// Time between two meter readings, and between rounds of the charging policy [s].
    #[serde(default = "control_interval_s")]
    #[schemars(range(min = 1, max = 86400))]
    pub control_interval_s: i64,
    /// Days at the start that are simulated and kept in the tables, but excluded from all figures of the summary and
    /// from all results of a study [d]: local calendar days; fewer than those of the period. Or `settled`: a pilot run
    /// finds the days after which queues at stations and charge have settled.
    #[serde(default, skip_serializing_if = "WarmUp::is_none")]
    pub warm_up: WarmUp,
    /// Price of the energy by which batteries are fuller, or emptier, at the end than at the end of the warm-up
    /// [currency/MWh]; by default the mean price that each fleet paid per kWh stored.
    #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
    pub end_value_per_mwh: Option<f64>,
}

/// Part of the start that is excluded from the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum WarmUp {
    /// A number of local calendar days [d].
    Days(#[schemars(range(min = 0, max = 3660))] i64),
    /// A number of days found by a pilot run.
    Found(FoundWarmUp),
}

/// Criterion of a pilot run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FoundWarmUp {
    /// Days until vehicles waiting for a connector and stored energy have settled: both are read every hour and
    /// smoothed over 24 hours; the excluded start is the one without which the mean has the smallest squared standard
    /// error (MSER), rounded up to whole days; it must lie in the first half of a period of at least four days. A study
    /// excludes the longest warm-up of all its policies and points, each found in the first replication.
    Settled,
}

impl Default for WarmUp {
    fn default() -> Self {
        Self::Days(0)
    }
}

impl WarmUp {
    /// Whether no days are excluded.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// The trips: their files, and their processing when read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TripsSpec {
    /// Format of the files.
    #[serde(default = "trips_format")]
    pub format: TripFormat,
    /// The files, which are joined and sorted by time.
    #[schemars(length(min = 1))]
    pub files: Vec<PathBuf>,
    /// Zones named in the files: the official shapefile (`.shp` beside its `.dbf`) or a CSV of centroids.
    pub zones: Option<PathBuf>,
    /// Time zone of times without offset; by default that of `[time]`.
    pub timezone: Option<String>,
    /// Handling of rows that cannot be used.
    #[serde(default)]
    pub on_bad_row: OnBadRow,
    /// Below 1, the share of trips kept; above 1, the number of times each trip is used, shifted by up to `jitter_s`.
    #[serde(default = "unit")]
    #[schemars(range(max = 10000.0), extend("exclusiveMinimum" = 0.0))]
    pub scale: f64,
    /// Maximum shift of a copy of a trip, earlier or later [s].
    #[serde(default = "jitter_s")]
    #[schemars(range(min = 0, max = 86400))]
    pub jitter_s: i64,
    /// Move all trips into the week that starts on this Monday, keeping weekday and time of day.
    pub fold_week: Option<String>,
    /// Column of the files that names the fleet of a trip. Give this or `fleet_shares`.
    pub fleet_column: Option<String>,
    /// Name of a fleet in the files = its name in this scenario, if the two differ.
    #[serde(default)]
    pub fleet_names: BTreeMap<String, String>,
    /// Share of trips for each fleet, drawn at random; the shares sum to 1.
    #[serde(default)]
    pub fleet_shares: BTreeMap<String, f64>,
    /// For format `trips`: canonical column = column of the files.
    #[serde(default)]
    pub map: BTreeMap<String, String>,
}

impl Default for TripsSpec {
    /// No trips.
    fn default() -> Self {
        Self {
            format: trips_format(),
            files: Vec::new(),
            zones: None,
            timezone: None,
            on_bad_row: OnBadRow::default(),
            scale: unit(),
            jitter_s: jitter_s(),
            fold_week: None,
            fleet_column: None,
            fleet_names: BTreeMap::new(),
            fleet_shares: BTreeMap::new(),
            map: BTreeMap::new(),
        }
    }
}

/// Travel time and distance where trips do not record them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TravelSpec {
    /// Ratio of road distance to great-circle distance.
    #[schemars(range(min = 1.0, max = 5.0))]
    pub circuity: f64,
    /// Speed at all hours [km/h]; 25 if no speed is given.
    #[schemars(range(min = 1.0, max = 200.0))]
    pub speed_kmh: Option<f64>,
    /// Speed in each hour of the local day, from midnight [km/h]; 24 of them.
    #[schemars(length(min = 24, max = 24), inner(range(min = 1.0, max = 200.0)))]
    pub speed_by_hour_kmh: Option<Vec<f64>>,
    /// Speed in each hour of the local week, from Monday 0:00 [km/h]; 168 of them.
    #[schemars(length(min = 168, max = 168), inner(range(min = 1.0, max = 200.0)))]
    pub speed_by_hour_of_week_kmh: Option<Vec<f64>>,
    /// Learn times and distances between zones, by hour, from the trips.
    pub learn_from_trips: bool,
    /// Minimum number of trips between two zones from which to learn.
    #[schemars(range(min = 1, max = 1000000))]
    pub min_trips: u32,
}

/// Modes of operating a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ModeSpec {
    /// Requests have no vehicle: the dispatch policy assigns one.
    #[default]
    Dispatch,
    /// Trips are bound to the vehicles named in the trace.
    Replay,
}

/// Policies and rules of operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OperationSpec {
    /// `dispatch` or `replay`.
    pub mode: ModeSpec,
    /// Time for which a rider waits for the vehicle before giving up [s]; not used in `replay`.
    #[schemars(range(min = 0, max = 86400))]
    pub patience_s: i64,
    /// Assignment of vehicles to requests; not used in `replay`.
    pub dispatch: DispatchSpec,
    /// Time, place and amount of charging.
    pub charging: ChargingSpec,
    /// Destinations of idle vehicles.
    pub relocation: RelocationSpec,
    /// Fleets that cooperate, by name: `[["yellow", "green"]]` is one coalition of two. Fleets in no coalition act
    /// alone. Not used in `replay`.
    pub coalitions: Vec<Vec<String>>,
    /// Resources shared by the fleets of a coalition.
    pub coalition_shares: Shares,
    /// Part of the fare that a fleet pays to the fleet of its coalition that the rider had requested (0..1).
    #[schemars(range(min = 0.0, max = 1.0))]
    pub referral_share: f64,
    /// Fleets that take part, by name; by default all. The others have no vehicles. Not in `replay`.
    pub take_part: Vec<String>,
    /// Treatment of riders of fleets that do not take part.
    pub demand: DemandOf,
    /// Purchases of fleets in markets ahead of delivery.
    pub bidding: BiddingSpec,
    /// Fleets that bid, by name; by default all.
    pub bidders: Vec<String>,
    /// Load of stations whose price depends on their load (tariff `load-dependent`).
    pub stations: StationsSpec,
    /// Prices of retailers with a cost of `generation`.
    pub pricing: PricingSpec,
    /// Response of households and drivers to prices.
    pub response: ResponseSpec,
    /// Prices of the first of the retailers of `[competition]`, and its purchases ahead of delivery.
    pub aggregator: AggregatorSpec,
    /// In `replay` with markets: compute the profit achievable with perfect knowledge of trips and prices, by a linear
    /// program per vehicle (figure `market_profit_bound`). It takes seconds per replication.
    pub clairvoyant_bound: bool,
}

/// Resources shared by the fleets of a coalition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Shares {
    /// Each fleet serves the riders of all, and charges at stations that are open to any of them.
    #[default]
    RidersAndStations,
    /// Each fleet serves the riders of all.
    Riders,
}

/// Treatment of riders of fleets that do not take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DemandOf {
    /// They are absent: each fleet brings its riders.
    #[default]
    Members,
    /// They request a ride from one of the fleets that take part, drawn uniformly.
    All,
}

/// Weather and carbon intensity of the grid.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EnvironmentSpec {
    /// Ambient temperature at all hours [°C]. Without a temperature, it has no effect.
    #[schemars(range(min = -60.0, max = 60.0))]
    pub temperature_c: Option<f64>,
    /// Ambient temperature in each hour of the local day, from midnight [°C]; 24 of them.
    #[schemars(length(min = 24, max = 24), inner(range(min = -60.0, max = 60.0)))]
    pub temperature_by_hour_c: Option<Vec<f64>>,
    /// CO2 emissions of grid energy [kg/kWh].
    #[schemars(range(min = 0.0, max = 3.0))]
    pub co2_kg_per_kwh: Option<f64>,
}

/// A vehicle type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VehicleTypeSpec {
    /// Name, by which fleets refer to it.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Energy between state of charge 0 and 1 [kWh].
    #[schemars(range(max = gridfleet_core::ranges::BATTERY.most), extend("exclusiveMinimum" = gridfleet_core::ranges::BATTERY.least))]
    pub battery_kwh: f64,
    /// Lowest and highest state of charge that operation may use (0..1).
    #[serde(default = "usable_soc")]
    #[schemars(inner(range(min = gridfleet_core::ranges::SHARE.least, max = gridfleet_core::ranges::SHARE.most)))]
    pub usable_soc: [f64; 2],
    /// Energy taken from the battery per kilometre at mild temperature [kWh/km].
    #[schemars(range(max = gridfleet_core::ranges::CONSUMPTION.most), extend("exclusiveMinimum" = gridfleet_core::ranges::CONSUMPTION.least))]
    pub consumption_kwh_per_km: f64,
    /// Factor on the consumption over ambient temperature: points `[°C, factor]`, ascending; linear between them,
    /// constant outside.
    #[serde(default)]
    pub consumption_by_temperature: Vec<[f64; 2]>,
    /// Maximum power of the on-board charger [kW].
    #[schemars(range(min = gridfleet_core::ranges::VEHICLE_POWER.least, max = gridfleet_core::ranges::VEHICLE_POWER.most))]
    pub ac_kw: f64,
    /// Maximum power from a DC connector [kW]; 0 without a DC inlet.
    #[serde(default)]
    #[schemars(range(min = gridfleet_core::ranges::VEHICLE_POWER.least, max = gridfleet_core::ranges::VEHICLE_POWER.most))]
    pub dc_kw: f64,
    /// Power at the plug over state of charge: points `[soc, kW]` from soc 0 to soc 1; linear between them. Without a
    /// curve the power is the same at every state of charge.
    pub charging_curve: Option<Vec<[f64; 2]>>,
    /// Charging curve as shares of the larger of `ac_kw` and `dc_kw`: points `[soc, share]`. Give this or
    /// `charging_curve`.
    pub charging_curve_share: Option<Vec<[f64; 2]>>,
    /// Ratio of stored energy to energy drawn from the grid (0..1).
    #[serde(default = "efficiency")]
    #[schemars(range(max = gridfleet_core::ranges::EFFICIENCY.most), extend("exclusiveMinimum" = gridfleet_core::ranges::EFFICIENCY.least))]
    pub charge_efficiency: f64,
    /// Ratio of energy fed to the grid to energy taken from the battery (0..1).
    #[serde(default = "efficiency")]
    #[schemars(range(max = gridfleet_core::ranges::EFFICIENCY.most), extend("exclusiveMinimum" = gridfleet_core::ranges::EFFICIENCY.least))]
    pub discharge_efficiency: f64,
    /// Maximum power fed back at the plug, if a policy requests it [kW]; 0 if the vehicle cannot feed back.
    #[serde(default)]
    #[schemars(range(min = gridfleet_core::ranges::VEHICLE_POWER.least, max = gridfleet_core::ranges::VEHICLE_POWER.most))]
    pub feed_kw: f64,
    /// Maximum hours of charging and feeding back in one stay at home, unless more are needed to be full: protects the
    /// battery of a vehicle that feeds back [h].
    #[serde(default = "active_hours")]
    #[schemars(range(min = gridfleet_core::ranges::ACTIVE_HOURS.least, max = gridfleet_core::ranges::ACTIVE_HOURS.most))]
    pub max_active_hours: f64,
    /// Cost of battery wear [currency per kWh of throughput].
    #[serde(default)]
    #[schemars(range(min = gridfleet_core::ranges::WEAR_COST.least, max = gridfleet_core::ranges::WEAR_COST.most))]
    pub wear_cost_per_kwh: f64,
}

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

// Defaults. All values here are assumed: plausible values that users will want to set.

impl Default for TravelSpec {
    fn default() -> Self {
        Self {
            circuity: 1.3,
            speed_kmh: None,
            speed_by_hour_kmh: None,
            speed_by_hour_of_week_kmh: None,
            learn_from_trips: false,
            min_trips: 3,
        }
    }
}

impl TravelSpec {
    /// Speed if the scenario gives none [km/h]; assumed.
    pub const DEFAULT_SPEED_KMH: f64 = 25.0;
}

impl Default for OperationSpec {
    fn default() -> Self {
        Self {
            mode: ModeSpec::Dispatch,
            patience_s: 600,
            dispatch: DispatchSpec::Batched { interval_s: 30 },
            charging: ChargingSpec::ThresholdFastest { start_soc: 0.25, target_soc: 0.8, candidates: 8 },
            relocation: RelocationSpec::None {},
            coalitions: Vec::new(),
            coalition_shares: Shares::RidersAndStations,
            referral_share: 0.0,
            take_part: Vec::new(),
            demand: DemandOf::Members,
            bidding: BiddingSpec::Regular {},
            bidders: Vec::new(),
            stations: StationsSpec::Uncontrolled {},
            pricing: PricingSpec::default(),
            response: ResponseSpec::default(),
            aggregator: AggregatorSpec::default(),
            clairvoyant_bound: false,
        }
    }
}

impl Default for InitialSoc {
    fn default() -> Self {
        Self::Between([0.5, 0.9])
    }
}

fn one() -> u64 {
    1
}
fn unit() -> f64 {
    1.0
}
fn euro() -> String {
    "EUR".to_owned()
}
fn utc() -> String {
    "UTC".to_owned()
}
fn control_interval_s() -> i64 {
    300
}
fn trips_format() -> TripFormat {
    TripFormat::Trips
}
fn jitter_s() -> i64 {
    900
}
fn usable_soc() -> [f64; 2] {
    [0.0, 1.0]
}
fn efficiency() -> f64 {
    0.9
}

/// Default of `max_active_hours`: assumed, as in the library's case of the paper.
pub(crate) fn active_hours() -> f64 {
    8.0
}
