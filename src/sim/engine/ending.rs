//! The end of the horizon: every leg, trip, session and wait in progress is recorded as far as it has progressed.

use super::step::Step;
use super::{rides, visits};
use crate::world::Ride;
use gridfleet_core::ids::VehicleId;
use gridfleet_core::records::{EndReason, Record, TripRecord, TripStatus};

/// Records all that is in progress. The world is not to be changed after this, except for meters to be read.
pub(super) fn record_in_progress(step: &mut Step<'_>) {
    for vehicle in (0..step.state.vehicles.len()).map(VehicleId::new) {
        if let Some(connector) = step.state.vehicles[vehicle].connector {
            record_session(step, vehicle, connector as usize);
        }
        let ride = step.state.vehicles[vehicle].ride;
        record_leg(step, vehicle, ride);
    }
    for station in step.setup.stations.ids() {
        let mut at = 0;
        while let Some(&waiting) = step.state.stations.station(station).queue.get(at) {
            visits::record_waiting(step, station, &waiting, None, EndReason::InProgress);
            at += 1;
        }
    }
    for request in step.state.riders.unanswered() {
        let record = rides::trip_without_vehicle(step, request, TripStatus::InProgress);
        step.books.recorder.record(Record::Trip(&record));
    }
}

fn record_session(step: &mut Step<'_>, vehicle: VehicleId, position: usize) {
    let (now, vehicle_type) = (step.state.now, step.vehicle_type(vehicle));
    let Some(station) = step.state.vehicles[vehicle].station else {
        unreachable!("plugged in at no station")
    };
    let retailer = step.state.supplier(step.setup, station, vehicle);
    let price_per_mwh = step.state.price_per_mwh(retailer);
    step.state.stations.bill(position, vehicle_type, now, price_per_mwh);
    step.state.stations.settle(vehicle_type, station, position, now);
    visits::record_session(step, position, None, EndReason::InProgress);
}

/// Records the leg of a vehicle that is on the road, and its trip with this rider.
fn record_leg(step: &mut Step<'_>, vehicle: VehicleId, ride: Option<Ride>) {
    let now = step.state.now;
    let Some(leg) = step.end_leg(vehicle, now) else { return };
    let share = leg.share_at(now);
    // The vehicle is on the road, not at the leg's destination; it is not read after this.
    let v = &step.state.vehicles[vehicle];
    let (Some(before), Some(after)) = (ride, v.ride) else { return };
    let picked_up = before.pickup.is_some();
    let requests = &step.setup.requests;
    let record = TripRecord {
        fleet: v.fleet,
        vehicle: Some(vehicle),
        pickup_time: before.pickup,
        wait_s: before.pickup.map(|t| t - requests.time(before.request)),
        distance_km: if picked_up { leg.distance_km * share } else { 0.0 },
        deadhead_km: if picked_up { before.deadhead_km } else { leg.distance_km * share },
        energy_kwh: after.energy_kwh,
        accrued_fare: if picked_up { requests.fare[before.request].units() * share } else { 0.0 },
        soc_start: Some(before.soc_start),
        soc_end: Some(v.soc()),
        ..rides::trip_without_vehicle(step, before.request, TripStatus::InProgress)
    };
    step.books.recorder.record(Record::Trip(&record));
}
