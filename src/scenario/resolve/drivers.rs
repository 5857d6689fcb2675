//! `[fleets.drivers]`: privately owned vehicles, each with a place to charge at home, and the histograms of their
//! drivers' days.

use super::fleets::FleetPlan;
use super::stations::StationPlan;
use crate::document::Problems;
use crate::document::suggest;
use crate::spec::{DriversSpec, HistogramSpec, ModeSpec, ScenarioFile};
use gridfleet_games::stackelberg::drivers::{Drivers, Histogram};
use gridfleet_sim::world::{Station, VehicleType};

/// Kilometres per mile.
const KM_PER_MILE: f64 = 1.609_344;

/// The drivers of a fleet, resolved.
#[derive(Debug, Clone)]
pub struct DriversPlan {
    /// Position of the station at which they park.
    pub home: usize,
    /// Hours, and a distance in kilometres.
    pub drivers: Drivers,
}

/// Lowest possible value of a histogram, and the highest.
fn span(histogram: &Histogram) -> (f64, f64) {
    let first = histogram.weights.iter().position(|w| *w > 0.0).unwrap_or(0);
    let last = histogram.weights.iter().rposition(|w| *w > 0.0).unwrap_or(0);
    (histogram.from + histogram.width * first as f64, histogram.from + histogram.width * (last + 1) as f64)
}

/// The drivers of each fleet that has any.
pub fn drivers(
    spec: &ScenarioFile,
    fleets: &[FleetPlan],
    types: &[VehicleType],
    stations: &[StationPlan],
    problems: &mut Problems<'_>,
) -> Vec<Option<DriversPlan>> {
    let mut all = vec![None; spec.fleets.len()];
    for (i, fleet) in spec.fleets.iter().enumerate() {
        let Some(drivers_spec) = &fleet.drivers else { continue };
        let key = format!("fleets[{i}].drivers");
        if spec.operation.mode == ModeSpec::Replay {
            problems.add(&key, "drivers in replay", "mode = \"dispatch\" for the other fleets");
        }
        let drivers = histograms(drivers_spec, &key, problems);
        let stay_h = longest_stay_h(&drivers, &key, problems);
        let Some(home) = stations.iter().position(|plan| plan.station.name == drivers_spec.home) else {
            let names = stations.iter().map(|plan| plan.station.name.as_str());
            let found = format!("\"{}\"", &drivers_spec.home);
            problems
                .add(&format!("{key}.home"), found, "the name of a station")
                .perhaps(suggest::help(&drivers_spec.home, names));
            continue;
        };
        let Some(fleet) = fleets.get(i) else { continue };
        let station = &stations[home].station;
        room(fleet, station, &key, problems);
        for vehicle_type in fleet.types().filter_map(|t| types.get(t.index())) {
            full_by_departure(vehicle_type, station, &drivers, stay_h, &key, problems);
        }
        all[i] = Some(DriversPlan { home, drivers });
    }
    all
}

/// The histograms of the file, and the default of those that it does not give.
fn histograms(spec: &DriversSpec, key: &str, problems: &mut Problems<'_>) -> Drivers {
    let custom =
        [("arrival", &spec.arrival), ("departure", &spec.departure), ("distance_km", &spec.distance_km)];
    for (name, histogram) in custom {
        if histogram.as_ref().is_some_and(|h| h.weights.iter().sum::<f64>() <= 0.0) {
            problems.add(&format!("{key}.{name}.weights"), "weights of 0", "a weight above 0");
        }
    }
    let histogram = |spec: &Option<HistogramSpec>, default: Histogram| match spec {
        Some(h) => Histogram { from: h.from, width: h.width, weights: h.weights.clone() },
        None => default,
    };
    let default = Drivers::rural_new_york();
    let miles = default.distance;
    let km = Histogram {
        from: miles.from * KM_PER_MILE,
        width: miles.width * KM_PER_MILE,
        weights: miles.weights,
    };
    Drivers {
        arrival: histogram(&spec.arrival, default.arrival),
        departure: histogram(&spec.departure, default.departure),
        distance: histogram(&spec.distance_km, km),
    }
}

/// Longest time at home between two days [h]; rejects departures that are not before the arrivals of the day.
fn longest_stay_h(drivers: &Drivers, key: &str, problems: &mut Problems<'_>) -> f64 {
    let (home_from, home_to) = (span(&drivers.arrival), span(&drivers.departure));
    if home_from.1 > 24.0 {
        let found = format!("arrivals up to {:?}:00", home_from.1);
        problems.add(&format!("{key}.arrival"), found, "hours of the day, up to 24");
    }
    if home_to.1 > home_from.0 {
        let found = format!("departures up to {:?}:00, arrivals from {:?}:00", home_to.1, home_from.0);
        problems.add(&format!("{key}.departure"), found, "departures before all arrivals of the day");
    }
    home_to.1 + 24.0 - home_from.0
}

/// Checks that the station at home has a connector for each vehicle of the fleet.
fn room(fleet: &FleetPlan, station: &Station, key: &str, problems: &mut Problems<'_>) {
    let (home, connectors) = (&station.name, station.connectors.len());
    let vehicles = fleet.groups.iter().map(|g| g.count as usize).sum::<usize>() + fleet.named.len();
    let key = format!("{key}.home");
    if !station.access.allows(fleet.id) {
        let found = format!("\"{home}\", where the fleet may not charge");
        problems.add(&key, found, "a station with access for the fleet");
    } else if connectors < vehicles {
        let found = format!("\"{home}\" with {connectors} connectors for {vehicles} vehicles");
        problems.add(&key, found, "a connector for each vehicle");
    }
}

/// Checks that a vehicle can recharge the energy of the mean day during the longest stay at home.
fn full_by_departure(
    vehicle_type: &VehicleType,
    station: &Station,
    drivers: &Drivers,
    stay_h: f64,
    key: &str,
    problems: &mut Problems<'_>,
) {
    let limit_kw = station.connectors.iter().map(|&c| vehicle_type.limit_kw(c)).fold(0.0, f64::max);
    let needed_kwh = (drivers.distance.mean() * vehicle_type.consumption_kwh_per_km)
        .min(vehicle_type.kwh(vehicle_type.usable_soc[1] - vehicle_type.usable_soc[0]));
    let needed_h = needed_kwh / vehicle_type.charge_efficiency / limit_kw;
    if limit_kw > 0.0 && needed_h > stay_h {
        let name = &vehicle_type.name;
        let found = format!(
            "vehicles of type \"{name}\" that charge {needed_h:.1} h for the mean day and are at home for {stay_h:.1} h \
             at most"
        );
        problems
            .add(key, found, "vehicles that can be full by their departure")
            .help("give the station at home or the vehicle's charger more power, or drive less");
    }
}
