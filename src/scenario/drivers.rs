//! `[fleets.drivers]`: privately owned vehicles, each with a place to charge at home, and the days of their drivers,
//! drawn from histograms.
//!
//! A day is one trip from home and back: the vehicle is away from its departure in the morning until its arrival, and
//! meanwhile drives the distance of the day.

use super::Plan;
use super::fleets::FleetPlan;
use super::problems::Problems;
use super::spec::{ModeSpec, ScenarioFile};
use super::stations::StationPlan;
use super::suggest;
use chrono::Days;
use gridfleet_core::ids::{PlaceId, RequestId, VehicleId};
use gridfleet_core::ledger::Money;
use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_core::time::{DAY_S, HOUR_S, SimTime, local_to_utc};
use gridfleet_games::stackelberg::drivers::{Drivers, Histogram};
use gridfleet_sim::world::{RecordedSoc, RecordedTrip, Requests, Station, VehicleStart, VehicleType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Kilometres per mile.
const KM_PER_MILE: f64 = 1.609_344;
/// Maximum number of days after the period among which the next departure of a driver is found.
const DAYS_BEYOND: i64 = 7;

/// The drivers of a fleet of privately owned vehicles. All days are alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DriversSpec {
    /// Name of the station at which they park; it has a connector for each of them.
    pub home: String,
    /// Local hour of arrival at home. By default from 14:00 to 24:00, mostly in the evening: assumed, in the shape of
    /// the National Household Travel Survey for the countryside of New York State.
    pub arrival: Option<HistogramSpec>,
    /// Local hour of departure. By default from 5:00 to 11:00, from the same source.
    pub departure: Option<HistogramSpec>,
    /// Distance of a day [km]. By default 57 km on average, skewed to the right, from the same source.
    pub distance_km: Option<HistogramSpec>,
}

/// Weights of values: a bin is drawn by its weight, and a value uniformly within it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistogramSpec {
    /// Lower end of the first bin.
    #[schemars(range(min = 0.0, max = 1000000.0))]
    pub from: f64,
    /// Width of each bin.
    #[serde(default = "one")]
    #[schemars(range(max = 1000000.0), extend("exclusiveMinimum" = 0.0))]
    pub width: f64,
    /// Weight of each bin; they need not sum to 1.
    #[schemars(length(min = 1, max = 10000), inner(range(min = 0.0, max = 1000000000.0)))]
    pub weights: Vec<f64>,
}

fn one() -> f64 {
    1.0
}

/// The drivers of a fleet, resolved.
#[derive(Debug, Clone)]
pub struct DriversPlan {
    /// Position of the station at which they park.
    pub home: usize,
    /// Hours, and a distance in kilometres.
    drivers: Drivers,
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

/// Draws the drivers' days and adds their trips to the requests; returns the departures by vehicle.
pub(crate) fn add(
    plan: &Plan,
    requests: &mut Requests,
    vehicles: &[VehicleStart],
    stations: &[Station],
    streams: Streams,
) -> Vec<Vec<SimTime>> {
    if plan.drivers.iter().all(Option::is_none) {
        return Vec::new();
    }
    let horizon = &plan.horizon;
    let tz = horizon.clock.tz();
    let days_of = streams.of(Purpose::Drivers);
    let mut departures = vec![Vec::new(); vehicles.len()];
    let mut trips: Vec<(SimTime, VehicleId, PlaceId, u32, f64)> = Vec::new();
    let mut in_fleet = vec![0_u64; plan.fleets.len()];
    for (i, vehicle) in vehicles.iter().enumerate() {
        let number = in_fleet[vehicle.fleet.index()];
        in_fleet[vehicle.fleet.index()] += 1;
        let Some(Some(fleet_drivers)) = plan.drivers.get(vehicle.fleet.index()) else { continue };
        let Some(home) = stations.get(fleet_drivers.home) else { continue };
        let vehicle_type = plan.types.get(vehicle.vehicle_type.index());
        let range_km = plan.types.get(vehicle.vehicle_type.index()).map_or(f64::INFINITY, |t| {
            let per_km = t.consumption_kwh_per_km * vehicle.consumption_factor;
            t.kwh(t.usable_soc[1] - t.usable_soc[0]) / per_km
        });
        // The first day may have begun before the period.
        let first = horizon.clock.local(horizon.start + -DAY_S).date();
        let mut day = first;
        // Drivers know when they leave next, also after the period.
        let last_day = horizon.clock.local(horizon.end + DAYS_BEYOND * DAY_S).date();
        while day <= last_day && departures[i].last().is_none_or(|&last| last < horizon.end) {
            // Keyed by fleet, vehicle and date, so that neither the period nor another fleet changes a day. There are
            // at most 64 fleets and two million vehicles.
            let date = u64::from((day - chrono::NaiveDate::default()).num_days().unsigned_abs() as u32);
            let mut random = days_of.stream(((vehicle.fleet.index() as u64) << 24 | number) << 32 | date);
            // Hours of the wall clock, also on days of 23 or 25 hours.
            let at = |hour: f64| {
                let wall = chrono::TimeDelta::seconds((hour * HOUR_S as f64) as i64);
                local_to_utc(tz, day.and_time(chrono::NaiveTime::MIN) + wall).earliest()
            };
            let leaves = at(fleet_drivers.drivers.departure.value(&mut random));
            let comes = at(fleet_drivers.drivers.arrival.value(&mut random));
            // Distance beyond the range of the battery is left out, as in `games::stackelberg::drivers`.
            let distance_km = fleet_drivers.drivers.distance.value(&mut random).min(range_km);
            if leaves >= horizon.start && comes > leaves {
                departures[i].push(leaves);
                if leaves < horizon.end {
                    trips.push((leaves, VehicleId::new(i), home.place, (comes - leaves) as u32, distance_km));
                }
            } else if leaves < horizon.start && comes > horizon.start {
                // On the road at the start: the rest of the drive, as far as the charge at the start allows.
                let left = (comes - horizon.start) as f64 / (comes - leaves) as f64;
                let charge_km = vehicle_type.map_or(f64::INFINITY, |t| {
                    let per_km = t.consumption_kwh_per_km * vehicle.consumption_factor;
                    t.kwh((vehicle.soc - t.usable_soc[0]).max(0.0)) / per_km
                });
                let km = (left * distance_km).min(0.999 * charge_km);
                departures[i].push(horizon.start);
                trips.push((
                    horizon.start,
                    VehicleId::new(i),
                    home.place,
                    (comes - horizon.start) as u32,
                    km,
                ));
            }
            let Some(next) = day.checked_add_days(Days::new(1)) else { break };
            day = next;
        }
        // A vehicle that never leaves is at home too.
        if departures[i].is_empty() {
            departures[i].push(horizon.end);
        }
    }
    trips.sort_by_key(|trip| (trip.0, trip.1));
    merge(requests, trips, vehicles);
    departures
}

/// Merges the trips into the requests by time; at equal times, those of the trace come first.
fn merge(
    requests: &mut Requests,
    trips: Vec<(SimTime, VehicleId, PlaceId, u32, f64)>,
    vehicles: &[VehicleStart],
) {
    let old = std::mem::take(requests);
    let mut rest = (0..old.len()).map(RequestId::new).peekable();
    let copy = |requests: &mut Requests, request: RequestId| {
        let i = request.index();
        requests.time.push(old.time[i]);
        requests.origin.push(old.origin[i]);
        requests.destination.push(old.destination[i]);
        requests.duration_s.push(old.duration_s[i]);
        requests.distance_km.push(old.distance_km[i]);
        requests.fare.push(old.fare[i]);
        requests.fleet.push(old.fleet[i]);
        requests.recorded.push(old.recorded_trip(request));
    };
    for (time, vehicle, home, duration_s, distance_km) in trips {
        while let Some(request) = rest.next_if(|&request| old.time(request) <= time) {
            copy(requests, request);
        }
        requests.time.push(time);
        requests.origin.push(home);
        requests.destination.push(home);
        requests.duration_s.push(duration_s);
        requests.distance_km.push(distance_km);
        requests.fare.push(Money::ZERO);
        requests.fleet.push(vehicles[vehicle.index()].fleet);
        requests.recorded.push(Some(RecordedTrip {
            vehicle,
            soc: RecordedSoc::Unknown,
            ends_at_charger: true,
        }));
    }
    rest.for_each(|request| copy(requests, request));
}
