//! Replay: bound trips happen as recorded, or are lost with the reason; a vehicle with too little charge for the trip
//! to its charger is carried there.
//!
//! The trace does not contain the course of a day in which a trip was late, so a trip is lost instead of moved. The
//! reason is recorded, and the number of trips lost measures how far the scenario is from the data.

use super::step::Step;
use super::{charging, rides, visits};
use crate::world::{Activity, RecordedSoc, RecordedTrip, Ride, Route, Session};
use gridfleet_core::ids::{RequestId, VehicleId};
use gridfleet_core::records::{EndReason, LegPurpose, LegRecord, Record, TripStatus};

/// A trip that should have brought its vehicle to a charger was lost for low charge. Staff carry the vehicle there in
/// the same time, as they would before the next rental; otherwise a vehicle with too little charge would never charge
/// again.
fn carry_to_charger(step: &mut Step<'_>, request: RequestId, vehicle: VehicleId) {
    let requests = &step.setup.requests;
    let Some(station) = step.view().station_at(vehicle, requests.destination[request]) else { return };
    let route = Route {
        distance_km: requests.distance_km[request],
        duration_s: i64::from(requests.duration_s[request]),
    };
    charging::pay_rescue(step, vehicle);
    step.state.vehicles.ask_for_all(step.setup, vehicle);
    charging::head_for(step, vehicle, station, route, 0.0);
}

/// Energy of a recorded trip [kWh].
#[derive(Debug, Clone, Copy)]
pub(super) struct TripEnergy {
    driven: f64,
    /// Charged on the way.
    charged: f64,
}

/// A recorded trip is due. It is lost, and `None` returned, if its vehicle is still on another one, or has too little
/// charge; no other vehicle replaces it.
pub(super) fn check(step: &mut Step<'_>, request: RequestId, recorded: RecordedTrip) -> Option<TripEnergy> {
    let vehicle = recorded.vehicle;
    let activity = step.state.vehicles[vehicle].activity();
    if activity != Activity::Idle && !activity.is_plugged() {
        rides::lose(step, request, TripStatus::LostNoVehicle);
        return None;
    }
    let view = step.view();
    let vehicle_type = view.vehicle_type(vehicle);
    let driven_kwh = step.setup.requests.distance_km[request] * view.consumption_kwh_per_km(vehicle);
    let (driven, charged) = match recorded.soc {
        RecordedSoc::Fell(fall) => (vehicle_type.kwh(fall), 0.0),
        RecordedSoc::Rose(rise) => (driven_kwh, driven_kwh + vehicle_type.kwh(rise)),
        RecordedSoc::Unknown => (driven_kwh, 0.0),
    };
    // If the charge rose, the vehicle could charge before it ran low.
    if charged == 0.0 && vehicle_type.kwh(view.soc(vehicle) - vehicle_type.usable_soc[0]) < driven {
        rides::lose(step, request, TripStatus::LostLowCharge);
        if recorded.ends_at_charger && step.state.vehicles[vehicle].activity() == Activity::Idle {
            carry_to_charger(step, request, vehicle);
        }
        return None;
    }
    Some(TripEnergy { driven, charged })
}

/// A recorded trip begins.
pub(super) fn depart(step: &mut Step<'_>, request: RequestId, vehicle: VehicleId, energy: TripEnergy) {
    let (now, origin) = (step.state.now, step.setup.requests.origin[request]);
    if let Some(connector) = step.state.vehicles[vehicle].connector {
        let reason = reason_to_leave(step, vehicle);
        visits::end_session(step, connector, reason);
    }
    step.state.riders.assign(request);
    let v = &step.state.vehicles[vehicle];
    let soc_start = v.soc();
    if v.place != origin {
        // The trace has the vehicle elsewhere: staff moved it, or a previous trip was lost here. The time and manner
        // are not recorded, so it is carried at no cost of time or charge.
        step.books.recorder.record(Record::Leg(&LegRecord {
            vehicle,
            fleet: v.fleet,
            purpose: LegPurpose::Relocation,
            request: None,
            start_time: now,
            end_time: now,
            origin: v.place,
            destination: origin,
            distance_km: 0.0,
            energy_kwh: 0.0,
            charged_kwh: 0.0,
            soc_start: v.soc(),
            soc_end: v.soc(),
        }));
        step.state.vehicles.carry(vehicle, origin);
    }
    let ride = Ride { request, soc_start, pickup: Some(now), deadhead_km: 0.0, energy_kwh: 0.0 };
    step.state.vehicles.assign(vehicle, ride);
    rides::start_service(step, vehicle, request, energy.driven);
    step.state.vehicles.charge_on_the_way(vehicle, energy.charged);
}

/// Reason why a privately owned vehicle that leaves now would not be full, if it is not.
fn reason_to_leave(step: &Step<'_>, vehicle: VehicleId) -> EndReason {
    let too_short = |session: &Session| {
        let vehicle_type = step.vehicle_type(vehicle);
        let needed_s = vehicle_type.seconds_to(session.soc_start, session.limit_kw, session.target_soc);
        needed_s > (step.state.now - session.plug_in) as f64
    };
    let private = step.setup.fleets[step.state.vehicles[vehicle].fleet].private;
    match step.state.session(vehicle) {
        Some(session) if private && too_short(session) => EndReason::ShortStay,
        _ => EndReason::Departure,
    }
}
