//! `[fleets.drivers]`: privately owned vehicles, each with a place to charge at home, and the histograms of their
//! drivers' days.

use super::fleets::FleetPlan;
use super::stations::StationPlan;
use crate::document::Problems;
use crate::document::suggest;
use crate::spec::{HistogramSpec, ModeSpec, ScenarioFile};
use gridfleet_games::stackelberg::drivers::{Drivers, Histogram};
use gridfleet_sim::world::VehicleType;

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
        let custom = [
            ("arrival", &drivers_spec.arrival),
            ("departure", &drivers_spec.departure),
            ("distance_km", &drivers_spec.distance_km),
        ];
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
        let drivers = Drivers {
            arrival: histogram(&drivers_spec.arrival, default.arrival),
            departure: histogram(&drivers_spec.departure, default.departure),
            distance: histogram(&drivers_spec.distance_km, km),
        };
        let (home_from, home_to) = (span(&drivers.arrival), span(&drivers.departure));
        if home_from.1 > 24.0 {
            let found = format!("arrivals up to {:?}:00", home_from.1);
            problems.add(&format!("{key}.arrival"), found, "hours of the day, up to 24");
        }
        if home_to.1 > home_from.0 {
            let found = format!("departures up to {:?}:00, arrivals from {:?}:00", home_to.1, home_from.0);
            problems.add(&format!("{key}.departure"), found, "departures before all arrivals of the day");
        }
        let Some(home) = stations.iter().position(|plan| plan.station.name == drivers_spec.home) else {
            let names = stations.iter().map(|plan| plan.station.name.as_str());
            let found = format!("\"{}\"", &drivers_spec.home);
            problems
                .add(&format!("{key}.home"), found, "the name of a station")
                .perhaps(suggest::help(&drivers_spec.home, names));
            continue;
        };
        let (station, Some(fleet)) = (&stations[home].station, fleets.get(i)) else { continue };
        let vehicles = fleet.groups.iter().map(|g| g.count as usize).sum::<usize>() + fleet.named.len();
        if !station.access.allows(fleet.id) {
            let found = format!("\"{}\", where the fleet may not charge", drivers_spec.home);
            problems.add(&format!("{key}.home"), found, "a station with access for the fleet");
        } else if station.connectors.len() < vehicles {
            let found = format!(
                "\"{}\" with {} connectors for {vehicles} vehicles",
                drivers_spec.home,
                station.connectors.len()
            );
            problems.add(&format!("{key}.home"), found, "a connector for each vehicle");
        }
        let stay_h = home_to.1 + 24.0 - home_from.0;
        for vehicle_type in fleet.types().filter_map(|t| types.get(t.index())) {
            let limit_kw = station.connectors.iter().map(|&c| vehicle_type.limit_kw(c)).fold(0.0, f64::max);
            let needed_kwh = (drivers.distance.mean() * vehicle_type.consumption_kwh_per_km)
                .min(vehicle_type.kwh(vehicle_type.usable_soc[1] - vehicle_type.usable_soc[0]));
            let needed_h = needed_kwh / vehicle_type.charge_efficiency / limit_kw;
            if limit_kw > 0.0 && needed_h > stay_h {
                let name = &vehicle_type.name;
                let found = format!(
                    "vehicles of type \"{name}\" that charge {needed_h:.1} h for the mean day and are at home for \
                     {stay_h:.1} h at most"
                );
                problems
                    .add(&key, found, "vehicles that can be full by their departure")
                    .help("give the station at home or the vehicle's charger more power, or drive less");
            }
        }
        all[i] = Some(DriversPlan { home, drivers });
    }
    all
}
