//! The days of drivers of privately owned vehicles, drawn from histograms.
//!
//! A day is one trip from home and back: the vehicle is away from its departure in the morning until its arrival, and
//! meanwhile drives the distance of the day.

use crate::resolve::Plan;
use chrono::Days;
use gridfleet_core::ids::{PlaceId, RequestId, VehicleId};
use gridfleet_core::ledger::Money;
use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_core::time::{DAY_S, HOUR_S, SimTime, local_to_utc};
use gridfleet_sim::world::{RecordedSoc, RecordedTrip, Requests, Station, VehicleStart};

/// Maximum number of days after the period among which the next departure of a driver is found.
const DAYS_BEYOND: i64 = 7;

/// Draws the drivers' days and adds their trips to the requests; returns the departures by vehicle.
pub fn add(
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
    let mut rest = old.time.ids().peekable();
    let copy = |requests: &mut Requests, request: RequestId| {
        requests.time.push(old.time[request]);
        requests.origin.push(old.origin[request]);
        requests.destination.push(old.destination[request]);
        requests.duration_s.push(old.duration_s[request]);
        requests.distance_km.push(old.distance_km[request]);
        requests.fare.push(old.fare[request]);
        requests.fleet.push(old.fleet[request]);
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
