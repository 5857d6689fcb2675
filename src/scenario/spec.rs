//! The scenario file as it is written: one struct per table, doc comments that
//! become the descriptions of `gridfleet schema`, ranges that become its limits.
//!
//! Nothing is resolved here; what cannot be said by type and range is checked
//! where names are resolved ([`super::load`]) and, where it takes the contents
//! of other files, in [`super::build`].

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
/// Paths are relative to the folder of the scenario file. Names of keys carry units;
/// `_eur` stands for the scenario's `currency`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "gridfleet scenario")]
#[serde(deny_unknown_fields)]
pub struct ScenarioFile {
    /// Version of this file format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u32,
    /// Name of the scenario; also names the folder of results.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// What the scenario is about, for people.
    #[serde(default)]
    pub description: String,
    /// Seed of all randomness.
    #[serde(default = "one")]
    pub seed: u64,
    /// Currency of all amounts; the columns named `_eur` hold it too.
    #[serde(default = "eur")]
    #[schemars(length(min = 1, max = 12))]
    pub currency: String,
    /// When.
    pub time: TimeSpec,
    /// Who wants to go where; without this table nobody asks for a ride.
    #[serde(default)]
    pub trips: TripsSpec,
    /// How long and how far it is.
    #[serde(default)]
    pub travel: TravelSpec,
    /// How fleets decide.
    #[serde(default)]
    pub operation: OperationSpec,
    /// Weather and the grid's carbon.
    #[serde(default)]
    pub environment: EnvironmentSpec,
    /// Catalogue of vehicle types (CSV), besides or instead of `vehicle_types`.
    pub vehicle_types_file: Option<PathBuf>,
    /// Vehicle types.
    #[serde(default)]
    #[schemars(length(max = 10000))]
    pub vehicle_types: Vec<VehicleTypeSpec>,
    /// Fleets; at most 64. None where there are households alone.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub fleets: Vec<FleetSpec>,
    /// Who runs charging stations, where something is to be said about them. Operators that only
    /// stations name need no entry.
    #[serde(default)]
    pub operators: Vec<OperatorSpec>,
    /// Table of stations (CSV or Parquet, canonical columns), besides or instead of `stations`.
    pub stations_file: Option<PathBuf>,
    /// Charging stations.
    #[serde(default)]
    pub stations: Vec<StationSpec>,
    /// Who sells energy to stations.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub retailers: Vec<RetailerSpec>,
    /// Retailers between whom owners of vehicles choose.
    pub competition: Option<CompetitionSpec>,
    /// Households, in groups of equal ones.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub households: Vec<HouseholdSpec>,
    /// The distribution feeder on which stations and households hang.
    pub feeder: Option<FeederSpec>,
    /// Wholesale markets in which fleets may buy ahead; energy bought in several of them counts as delivered in their order.
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub markets: Vec<MarketSpec>,
    /// What it costs a bidder not to take what it has bought.
    #[serde(default)]
    pub imbalance: ImbalanceSpec,
    /// What varies from replication to replication.
    #[serde(default)]
    pub variation: VariationSpec,
    /// How `gridfleet train` learns to bid.
    pub training: Option<TrainingSpec>,
    /// What is written.
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
    /// Length in local calendar days [d]; a day of a clock change has 23 or 25 hours. Give this or `end`.
    #[schemars(range(min = 1, max = 3660))]
    pub days: Option<i64>,
    /// First instant no longer simulated, written like `start`. Give this or `days`.
    pub end: Option<String>,
    /// Time zone of local times, by its IANA name, for example `America/New_York`.
    #[serde(default = "utc")]
    pub timezone: String,
    /// Time between two readings of the meters, and between rounds of the charging policy [s].
    #[serde(default = "control_interval_s")]
    #[schemars(range(min = 1, max = 86400))]
    pub control_interval_s: i64,
    /// Days at the start that are simulated and kept in the tables, but are in no figure of the summary and in no
    /// result of a study [d]: local calendar days; fewer than the period has. Or `settled`: a pilot run finds the days
    /// after which queues at stations and charge have settled.
    #[serde(default, skip_serializing_if = "WarmUp::is_none")]
    pub warm_up: WarmUp,
    /// Price of energy that batteries hold more, or less, at the end than at the end of the warm-up [currency/MWh];
    /// default the mean price that each fleet paid per kWh stored.
    #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
    pub end_value_eur_mwh: Option<f64>,
}

/// How much of the start is left out of the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum WarmUp {
    /// So many local calendar days [d].
    Days(#[schemars(range(min = 0, max = 3660))] i64),
    /// As many as a pilot run finds.
    Found(FoundWarmUp),
}

/// What a pilot run looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FoundWarmUp {
    /// Days until vehicles waiting for a connector and stored energy have settled: with both read every hour and smoothed
    /// over 24 hours, the start without which the mean has the least squared standard error (MSER), rounded up to whole
    /// days; it must lie in the first half of a period of at least four days. A study leaves out the longest of all its
    /// policies and points, each found in the first replication.
    Settled,
}

impl Default for WarmUp {
    fn default() -> Self {
        Self::Days(0)
    }
}

impl WarmUp {
    /// Whether nothing is left out.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// The trips: where they come from and what is done to them on the way in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TripsSpec {
    /// Format of the files.
    #[serde(default = "trips_format")]
    pub format: TripFormat,
    /// The files, joined and sorted by time.
    #[schemars(length(min = 1))]
    pub files: Vec<PathBuf>,
    /// Zones that the files name: the official shapefile (`.shp` beside its `.dbf`) or a CSV of centroids.
    pub zones: Option<PathBuf>,
    /// Time zone of times without offset; default that of `[time]`.
    pub timezone: Option<String>,
    /// What to do with a row that cannot be used.
    #[serde(default)]
    pub on_bad_row: OnBadRow,
    /// Below 1 the share of trips kept; above 1 the number of times each is used, moved by up to `jitter_s`.
    #[serde(default = "unit")]
    #[schemars(range(max = 10000.0), extend("exclusiveMinimum" = 0.0))]
    pub scale: f64,
    /// Most seconds by which a copy of a trip is moved, either way [s].
    #[serde(default = "jitter_s")]
    #[schemars(range(min = 0, max = 86400))]
    pub jitter_s: i64,
    /// Move all trips into the week that starts on this Monday, keeping weekday and time of day.
    pub fold_week: Option<String>,
    /// Column of the files that names the fleet of a trip. Give this or `fleet_shares`.
    pub fleet_column: Option<String>,
    /// What the files call a fleet = the fleet's name in this scenario, where the two differ.
    #[serde(default)]
    pub fleet_names: BTreeMap<String, String>,
    /// Share of trips for each fleet, drawn at random; the shares sum to 1.
    #[serde(default)]
    pub fleet_shares: BTreeMap<String, f64>,
    /// For format `trips`: canonical column = the files' column.
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

/// Travel time and distance where no trip tells them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TravelSpec {
    /// Road distance over great-circle distance.
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
    /// Learn times and distances between zones, by hour, from the trips themselves.
    pub learn_from_trips: bool,
    /// Fewest trips between two zones from which to learn.
    #[schemars(range(min = 1, max = 1000000))]
    pub min_trips: u32,
}

/// Ways to operate a fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ModeSpec {
    /// Requests carry no vehicle: the dispatch policy assigns one.
    #[default]
    Dispatch,
    /// Trips are bound to the vehicles that the trace names.
    Replay,
}

/// How fleets decide.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OperationSpec {
    /// `dispatch` or `replay`.
    pub mode: ModeSpec,
    /// How long a rider waits for the vehicle before giving up [s]; not used in `replay`.
    #[schemars(range(min = 0, max = 86400))]
    pub patience_s: i64,
    /// Which vehicle serves which request; not used in `replay`.
    pub dispatch: DispatchSpec,
    /// When, where and how far vehicles charge.
    pub charging: ChargingSpec,
    /// Where idle vehicles go.
    pub relocation: RelocationSpec,
    /// Fleets that work together, by name: `[["yellow", "green"]]` is one coalition of two. Fleets in none are alone. Not
    /// used in `replay`.
    pub coalitions: Vec<Vec<String>>,
    /// What fleets of a coalition share.
    pub coalition_shares: Shares,
    /// Part of the fare that a fleet pays to the one of its coalition that the rider had asked (0..1).
    #[schemars(range(min = 0.0, max = 1.0))]
    pub referral_share: f64,
    /// Fleets that take part, by name; by default all. The others have no vehicles. Not in `replay`.
    pub take_part: Vec<String>,
    /// What becomes of riders of fleets that do not take part.
    pub demand: DemandOf,
    /// What fleets buy ahead in markets.
    pub bidding: BiddingSpec,
    /// Fleets that bid, by name; by default all.
    pub bidders: Vec<String>,
    /// How much stations draw whose price follows their load (tariff `load-dependent`).
    pub stations: StationsSpec,
    /// What retailers with a cost of `generation` ask.
    pub pricing: PricingSpec,
    /// How households and drivers answer to prices.
    pub response: ResponseSpec,
    /// What the first of the retailers of `[competition]` asks, and what it buys ahead.
    pub aggregator: AggregatorSpec,
    /// In `replay` with markets: compute what perfect knowledge of trips and prices could earn, by a linear program per
    /// vehicle (figure `market_profit_bound_eur`). It takes seconds per replication.
    pub clairvoyant_bound: bool,
}

/// What fleets of a coalition share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Shares {
    /// Each serves the riders of all, and charges at stations that are open to one of them.
    #[default]
    RidersAndStations,
    /// Each serves the riders of all.
    Riders,
}

/// What becomes of riders of fleets that do not take part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DemandOf {
    /// They stay away: each fleet brings its own riders.
    #[default]
    Members,
    /// They ask one of the fleets that take part, drawn evenly.
    All,
}

/// Weather and the grid's carbon.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EnvironmentSpec {
    /// Ambient temperature at all hours [°C]. Without one, temperature plays no part.
    #[schemars(range(min = -60.0, max = 60.0))]
    pub temperature_c: Option<f64>,
    /// Ambient temperature in each hour of the local day, from midnight [°C]; 24 of them.
    #[schemars(length(min = 24, max = 24), inner(range(min = -60.0, max = 60.0)))]
    pub temperature_by_hour_c: Option<Vec<f64>>,
    /// CO2 of grid energy [kg/kWh].
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
    /// Taken from the battery per kilometre at mild temperature [kWh/km].
    #[schemars(range(max = gridfleet_core::ranges::CONSUMPTION.most), extend("exclusiveMinimum" = gridfleet_core::ranges::CONSUMPTION.least))]
    pub consumption_kwh_per_km: f64,
    /// Factor on the consumption over ambient temperature: points `[°C, factor]`, ascending; straight
    /// lines between them, constant outside.
    #[serde(default)]
    pub consumption_by_temperature: Vec<[f64; 2]>,
    /// Most power of the on-board charger [kW].
    #[schemars(range(min = gridfleet_core::ranges::VEHICLE_POWER.least, max = gridfleet_core::ranges::VEHICLE_POWER.most))]
    pub ac_kw: f64,
    /// Most power from a DC connector [kW]; 0 without a DC inlet.
    #[serde(default)]
    #[schemars(range(min = gridfleet_core::ranges::VEHICLE_POWER.least, max = gridfleet_core::ranges::VEHICLE_POWER.most))]
    pub dc_kw: f64,
    /// Power at the plug over state of charge: points `[soc, kW]` from soc 0 to soc 1; straight lines
    /// between them. Without a curve the power is the same at every state of charge.
    pub charging_curve: Option<Vec<[f64; 2]>>,
    /// The same as shares of the larger of `ac_kw` and `dc_kw`: points `[soc, share]`. Give this or
    /// `charging_curve`.
    pub charging_curve_share: Option<Vec<[f64; 2]>>,
    /// Stored energy over energy drawn from the grid (0..1).
    #[serde(default = "efficiency")]
    #[schemars(range(max = gridfleet_core::ranges::EFFICIENCY.most), extend("exclusiveMinimum" = gridfleet_core::ranges::EFFICIENCY.least))]
    pub charge_efficiency: f64,
    /// Energy fed to the grid over energy taken from the battery (0..1).
    #[serde(default = "efficiency")]
    #[schemars(range(max = gridfleet_core::ranges::EFFICIENCY.most), extend("exclusiveMinimum" = gridfleet_core::ranges::EFFICIENCY.least))]
    pub discharge_efficiency: f64,
    /// Most power fed back at the plug, where a policy asks for it [kW]; 0 if the vehicle cannot.
    #[serde(default)]
    #[schemars(range(min = gridfleet_core::ranges::VEHICLE_POWER.least, max = gridfleet_core::ranges::VEHICLE_POWER.most))]
    pub feed_kw: f64,
    /// Cost of battery wear [currency per kWh through it].
    #[serde(default)]
    #[schemars(range(min = gridfleet_core::ranges::WEAR_COST.least, max = gridfleet_core::ranges::WEAR_COST.most))]
    pub wear_eur_per_kwh: f64,
}

/// A fleet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FleetSpec {
    /// Name.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Its vehicles. In `replay` one entry with the `type` of the vehicles that the trace names.
    #[serde(default)]
    pub vehicles: Vec<VehiclesSpec>,
    /// Table of single vehicles (CSV: `vehicle_id`, `type`, and if known `fleet`, `zone` or `lat` and
    /// `lon`, `soc`), besides or instead of `vehicles`.
    pub vehicles_file: Option<PathBuf>,
    /// What riders pay where the trips do not say.
    #[serde(default)]
    pub fare: FareSpec,
    /// Cost of driving besides energy and wear [currency/km].
    #[serde(default)]
    #[schemars(range(min = gridfleet_core::ranges::DRIVING_COST.least, max = gridfleet_core::ranges::DRIVING_COST.most))]
    pub driving_eur_per_km: f64,
    /// Charged for each request lost [currency].
    #[serde(default)]
    #[schemars(range(min = gridfleet_core::ranges::FARE.least, max = gridfleet_core::ranges::FARE.most))]
    pub lost_request_eur: f64,
    /// Charged for each vehicle that must be carried to a charger [currency].
    #[serde(default)]
    #[schemars(range(min = gridfleet_core::ranges::FARE.least, max = gridfleet_core::ranges::FARE.most))]
    pub rescue_eur: f64,
    /// Depots: names of zones or `[lat, lon]`.
    #[serde(default)]
    pub depots: Vec<PlaceSpec>,
    /// Where vehicles start; by default the depots if there are any, else where the demand is.
    pub start_at: Option<StartAt>,
    /// Drivers, where the vehicles are privately owned and parked at home; no trip of `trips` is theirs.
    pub drivers: Option<DriversSpec>,
}

/// Vehicles of one type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VehiclesSpec {
    /// Name of the vehicle type.
    #[serde(rename = "type")]
    pub vehicle_type: String,
    /// How many; in `replay` the trace says it.
    #[schemars(range(min = 1, max = 1000000))]
    pub count: Option<u32>,
    /// State of charge at the start (0..1): one figure, or `[lowest, highest]` to draw from evenly.
    #[serde(default)]
    pub initial_soc: InitialSoc,
}

/// State of charge at the start.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum InitialSoc {
    /// The same for all vehicles (0..1).
    Fixed(f64),
    /// Drawn evenly between two figures (0..1).
    Between([f64; 2]),
}

/// What a rider pays.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FareSpec {
    /// Per trip [currency].
    #[schemars(range(min = gridfleet_core::ranges::FARE.least, max = gridfleet_core::ranges::FARE.most))]
    pub base_eur: f64,
    /// Per kilometre with the rider [currency/km].
    #[schemars(range(min = gridfleet_core::ranges::FARE.least, max = gridfleet_core::ranges::FARE.most))]
    pub per_km_eur: f64,
    /// Per minute with the rider [currency/min].
    #[schemars(range(min = gridfleet_core::ranges::FARE.least, max = gridfleet_core::ranges::FARE.most))]
    pub per_minute_eur: f64,
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

/// Where vehicles start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StartAt {
    /// Spread over the depots in turn.
    Depots,
    /// Each where a trip of its fleet, drawn at random, starts.
    Demand,
}

/// What holds for all stations of an operator unless the station says otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperatorSpec {
    /// Name, as stations write it.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Name of its retailer; may be left out where there is only one.
    pub retailer: Option<String>,
    /// Added to the retailer's price [currency/MWh].
    #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
    pub markup_eur_mwh: Option<f64>,
    /// Time after which a vehicle in a queue leaves for another station, where one is within its reach [s].
    #[schemars(range(min = gridfleet_core::ranges::PATIENCE.least as i64, max = gridfleet_core::ranges::PATIENCE.most as i64))]
    pub queue_patience_s: Option<i64>,
    /// Who may charge.
    pub access: Option<AccessSpec>,
    /// How much it costs a station that its load is not the one its drivers would like, where the load makes the
    /// price: half of this times the squared difference [currency/MWh per MW]; default 1000 (assumed).
    #[schemars(range(max = 1000000000.0), extend("exclusiveMinimum" = 0.0))]
    pub sensitivity_eur_mwh_per_mw: Option<f64>,
}

/// A charging station.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StationSpec {
    /// Name.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Zone it stands in. Give this, or `lat` and `lon`.
    pub zone: Option<String>,
    /// Latitude [degrees north].
    #[schemars(range(min = gridfleet_core::ranges::LATITUDE.least, max = gridfleet_core::ranges::LATITUDE.most))]
    pub lat: Option<f64>,
    /// Longitude [degrees east].
    #[schemars(range(min = gridfleet_core::ranges::LONGITUDE.least, max = gridfleet_core::ranges::LONGITUDE.most))]
    pub lon: Option<f64>,
    /// Who runs it; by default an operator with the station's name.
    pub operator: Option<String>,
    /// Who may charge: `public`, `own` (the fleet with the operator's name), a fleet, or a list of
    /// fleets; default `public`.
    pub access: Option<AccessSpec>,
    /// Number of connectors.
    #[schemars(range(min = gridfleet_core::ranges::CONNECTORS.least as u32, max = gridfleet_core::ranges::CONNECTORS.most as u32))]
    pub connectors: u32,
    /// Most power of each connector [kW].
    #[schemars(range(max = gridfleet_core::ranges::CONNECTOR_POWER.most), extend("exclusiveMinimum" = gridfleet_core::ranges::CONNECTOR_POWER.least))]
    pub connector_kw: f64,
    /// Direct current; by default above 22 kW.
    pub dc: Option<bool>,
    /// Most power of all connectors together [kW]; by default their sum.
    #[schemars(range(max = gridfleet_core::ranges::SITE_POWER.most), extend("exclusiveMinimum" = gridfleet_core::ranges::SITE_POWER.least))]
    pub site_limit_kw: Option<f64>,
    /// Name of its retailer; by default the operator's, or the only one.
    pub retailer: Option<String>,
    /// Added to the retailer's price [currency/MWh]; by default the operator's, else 0.
    #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
    pub markup_eur_mwh: Option<f64>,
    /// Time after which a vehicle in its queue leaves for another station, where one is within its reach [s]; by default
    /// the operator's, else 1800.
    #[schemars(range(min = gridfleet_core::ranges::PATIENCE.least as i64, max = gridfleet_core::ranges::PATIENCE.most as i64))]
    pub queue_patience_s: Option<i64>,
    /// Bus of the distribution feeder it hangs on.
    pub bus: Option<u32>,
}

/// Who may charge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AccessSpec {
    /// `public`, `own`, or the name of a fleet.
    One(String),
    /// Names of fleets.
    Fleets(Vec<String>),
}

// Defaults. All figures here are assumed: unremarkable values that a user will want to set.

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
    /// Speed where the scenario gives none [km/h]; assumed.
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
fn eur() -> String {
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
