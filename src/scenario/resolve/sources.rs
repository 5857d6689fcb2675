//! The only module of the scenario that calls the readers of other files.

use crate::spec::{AccessSpec, StationSpec, VehicleTypeSpec, active_hours};
use gridfleet_core::error::{Error, InputError, Result, input};
use gridfleet_core::rng::Streams;
use gridfleet_core::time::SimTime;
use gridfleet_data::prices::PriceSeries;
use gridfleet_data::sample::Drawn;
use gridfleet_data::stations::{AccessRule, Location};
use gridfleet_data::vehicles::VehicleRow;
use gridfleet_data::{self, Trace, TripSource};
use gridfleet_games::grid::{self, Feeder};
use std::path::Path;

/// Largest file that is read [bytes].
const MOST_BYTES: u64 = 64 << 20;

/// All trips of a scenario.
pub fn trips(source: &TripSource) -> Result<Trace> {
    gridfleet_data::load::read(source)
}

/// The trips of one replication, if `trips.scale` changes their number.
pub fn draw(trace: &Trace, source: &TripSource, streams: Streams) -> Result<Option<Drawn>> {
    gridfleet_data::load::draw(trace, source, &streams)
}

/// The week into which the trips are folded: first instant, and first instant after it.
pub fn folded_week(source: &TripSource) -> Option<(SimTime, SimTime)> {
    gridfleet_data::load::folded_week(source)
}

/// A series of prices.
pub fn prices(path: &Path) -> Result<PriceSeries> {
    gridfleet_data::prices::read(path)
}

/// Prices paid by a system that is short, and received by one that is long.
pub fn two_prices(path: &Path) -> Result<(PriceSeries, PriceSeries)> {
    let two = gridfleet_data::prices::read_two(path)?;
    Ok((two.up, two.down))
}

/// A feeder read from a MATPOWER case.
pub fn feeder(path: &Path) -> Result<Feeder> {
    let text = String::from_utf8(input::read(path, MOST_BYTES)?)
        .map_err(|_| InputError::new("bytes that are no UTF-8 text", "a MATPOWER case").file(path))?;
    grid::matpower::read(&text)
        .map_err(|problems| Error::Input(problems.into_iter().map(|problem| problem.file(path)).collect()))
}

/// An agent trained to bid.
pub fn agent(path: &Path) -> Result<gridfleet_sim::policies::Trained> {
    gridfleet_sim::policies::Trained::read(path)
}

/// A list of vehicles.
pub fn vehicles(path: &Path) -> Result<Vec<VehicleRow>> {
    gridfleet_data::vehicles::read_vehicles(path)
}

/// The vehicle types of a catalogue, each with its line.
pub fn catalogue(path: &Path) -> Result<Vec<(u64, VehicleTypeSpec)>> {
    let rows = gridfleet_data::vehicles::read_catalogue(path)?;
    let spec = |row: gridfleet_data::vehicles::VehicleTypeRow| VehicleTypeSpec {
        name: row.name,
        battery_kwh: row.battery_kwh,
        usable_soc: row.usable_soc,
        consumption_kwh_per_km: row.consumption_kwh_per_km,
        consumption_by_temperature: row.consumption_by_temperature,
        ac_kw: row.ac_kw,
        dc_kw: row.dc_kw,
        charging_curve: (!row.charging_curve.is_empty()).then_some(row.charging_curve),
        charging_curve_share: None,
        charge_efficiency: row.charge_efficiency,
        discharge_efficiency: row.discharge_efficiency,
        feed_kw: 0.0,
        max_active_hours: active_hours(),
        wear_cost_per_kwh: row.wear_cost_per_kwh,
    };
    Ok(rows.into_iter().map(|row| (row.line, spec(row))).collect())
}

/// The stations of a table, each with its line.
pub fn stations(path: &Path) -> Result<Vec<(u64, StationSpec)>> {
    let rows = gridfleet_data::stations::read(path)?;
    let spec = |row: gridfleet_data::stations::StationRow| {
        let (zone, lat, lon) = match row.location {
            Location::Zone(zone) => (Some(zone), None, None),
            Location::Point(lat, lon) => (None, Some(lat), Some(lon)),
        };
        let access = match row.access {
            // An empty cell means the same, so that the operator's rule may apply.
            AccessRule::Public => None,
            AccessRule::Fleets(names) => Some(match names.as_slice() {
                [one] => AccessSpec::One(one.clone()),
                _ => AccessSpec::Fleets(names),
            }),
        };
        StationSpec {
            name: row.station_id,
            zone,
            lat,
            lon,
            operator: Some(row.operator),
            access,
            connectors: row.connectors,
            connector_kw: row.connector_kw,
            dc: Some(row.dc),
            site_limit_kw: row.site_limit_kw,
            retailer: row.retailer,
            markup_per_mwh: row.markup_per_mwh,
            queue_patience_s: row.queue_patience_s.map(i64::from),
            bus: row.bus,
        }
    };
    Ok(rows.into_iter().map(|row| (row.line, spec(row))).collect())
}
