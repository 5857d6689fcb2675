//! Kind of a file, recognised by its columns.

use super::super::prices::nordpool::Kind;
use super::super::prices::summary::RawFormat;
use super::super::table::TableFile;
use super::super::tlc;
use serde::Serialize;

/// Kind of a file, recognised by its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guess {
    /// The canonical table of trips.
    Trips,
    /// Taxi records of the New York TLC.
    Tlc,
    /// Car2Go snapshots.
    Car2go,
    /// The canonical table of prices.
    Prices,
    /// Day-ahead prices of Nord Pool.
    Nordpool,
    /// Regulating prices of Nord Pool.
    NordpoolRegulating,
    /// A table with a column of prices.
    Dayahead,
    /// Trades of the intraday market.
    Intraday,
    /// Tender results of German secondary reserve (SRL).
    SrlTenders,
    /// Activated German secondary reserve (SRL).
    SrlActivation,
    /// The canonical table of stations.
    Stations,
    /// The catalogue of vehicle types.
    VehicleTypes,
    /// A table of vehicles.
    Vehicles,
    /// Centroids of zones.
    Zones,
    /// Vehicles or stations of GBFS.
    Gbfs,
    /// Nodes or edges of a network of roads.
    Roads,
    /// Any other table.
    Unknown,
}

impl Guess {
    /// Likely kind of a table with these columns.
    pub fn of(file: &TableFile) -> Self {
        let has = |name: &str| file.find(&[name]).is_some();
        if tlc::recognises(file) {
            Self::Tlc
        } else if has("request_time") && (has("origin_zone") || has("origin_lat")) {
            Self::Trips
        } else if has("vin") && has("fuel") && has("timestamp")
            || has("start_time") && has("start_lat") && has("start_soc") && has("end_soc")
        {
            Self::Car2go
        } else if has("time") && (has("price_per_mwh") || has("up_per_mwh")) {
            Self::Prices
        } else if has("station_id") && has("connectors") {
            Self::Stations
        } else if has("battery_kwh") && has("consumption_kwh_per_km") {
            Self::VehicleTypes
        } else if has("vehicle_id") && has("type") {
            Self::Vehicles
        } else if has("lat") && has("lon") && (has("OBJECTID") || has("zone_id")) {
            Self::Zones
        } else if has("lat") && has("lon") && (has("is_reserved") || has("is_disabled"))
            || file
                .notes()
                .iter()
                .any(|note| ["`data.bikes`", "`data.vehicles`"].iter().any(|list| note.contains(list)))
        {
            Self::Gbfs
        } else if has("source") && has("target") && has("length")
            || has("from_node") && has("to_node")
            || has("node_index") && has("pos_x")
        {
            Self::Roads
        } else {
            Self::Unknown
        }
    }
}

impl From<RawFormat> for Guess {
    fn from(format: RawFormat) -> Self {
        match format {
            RawFormat::NordPool(Kind::Spot) => Self::Nordpool,
            RawFormat::NordPool(Kind::Regulating) => Self::NordpoolRegulating,
            RawFormat::SrlTenders => Self::SrlTenders,
            RawFormat::SrlActivation => Self::SrlActivation,
            RawFormat::Intraday => Self::Intraday,
            RawFormat::DayAhead => Self::Dayahead,
        }
    }
}
