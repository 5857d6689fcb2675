//! Rides: from a rider's request to the drop-off, and the dispatch policy.
//!
//! An assignment is made in two parts, because the bidder of the fleet may need a plugged-in vehicle for the energy
//! bought: [`check`], then [`assign`] or [`turn_away`].

use super::step::Step;
use super::visits;
use crate::policies::{Cadence, Dispatch, News, PolicyStream, Refusal, Turn};
use crate::world::{Mode, Ride, Route, Service, Trigger, View};
use gridfleet_core::ids::{RequestId, VehicleId};
use gridfleet_core::ledger::{Account, EntryKind, Reference};
use gridfleet_core::records::{EndReason, LegPurpose, Record, TripRecord, TripStatus};
use gridfleet_core::rng::Streams;
use rand_pcg::Pcg64;

/// The dispatch policy, and the requests that it has not been called for.
pub(super) struct Rides {
    policy: Box<dyn Dispatch>,
    random: Pcg64,
    requests: Vec<RequestId>,
}

impl Rides {
    pub fn new(policy: Box<dyn Dispatch>, streams: Streams) -> Self {
        Self { policy, random: PolicyStream::Dispatch.of(streams), requests: Vec::new() }
    }

    /// A rider makes a request and waits.
    pub fn on_request(&mut self, step: &mut Step<'_>, request: RequestId) {
        step.state.riders.wait(step.setup, request);
        self.requests.push(request);
        step.call_dispatch();
    }

    /// Calls the policy.
    pub fn decide(&mut self, step: &mut Step<'_>) {
        let news = News { requests: &self.requests, vehicles: &step.notices.vehicles };
        let view = View::new(step.setup, step.state);
        let actions = &mut step.proposals.actions;
        self.policy.decide(&mut Turn { view, random: &mut self.random, actions }, news);
        self.requests.clear();
        step.notices.vehicles.clear();
        step.notices.cadence = self.policy.cadence();
    }

    /// After the answer of the policy: schedules the next round, if rounds are regular and requests wait.
    pub fn plan_round(&self, step: &mut Step<'_>) {
        if let Cadence::Every(interval_s) = self.policy.cadence()
            && !step.state.riders.waiting().is_empty()
        {
            step.queue.dispatch_round(step.state.now + interval_s);
        }
    }
}

/// The patience of a rider ends.
pub(super) fn on_expiry(step: &mut Step<'_>, request: RequestId) {
    if !step.state.riders.is_waiting(request) {
        return;
    }
    let view = step.view();
    let Mode::Dispatch { patience_s } = step.setup.mode else { return };
    let status = if step.state.riders.was_turned_away(request) {
        TripStatus::LostCommitted
    } else if view.blocked_by_charge_only(&view.request(request), patience_s) {
        TripStatus::LostLowCharge
    } else {
        TripStatus::LostNoVehicle
    };
    lose(step, request, status);
}

/// A request ends without a ride.
pub(super) fn lose(step: &mut Step<'_>, request: RequestId, status: TripStatus) {
    step.state.riders.end(request);
    let lost_fare = step.setup.requests.fare[request].units();
    let record = TripRecord { lost_fare, ..trip_without_vehicle(step, request, status) };
    step.books.recorder.record(Record::Trip(&record));
    let now = step.state.now;
    let cost = step.setup.fleets[record.fleet].lost_request_cost;
    let cost = step.books.accounts.money(cost, EntryKind::LostRequest, now);
    let (to, from) = (Account::Outside, Account::Fleet(record.fleet));
    step.books.pay(now, to, from, cost, EntryKind::LostRequest, Reference::Trip(request));
}

pub(super) fn trip_without_vehicle(step: &Step<'_>, request: RequestId, status: TripStatus) -> TripRecord {
    let requests = &step.setup.requests;
    TripRecord {
        request,
        fleet: requests.fleet[request],
        vehicle: requests.recorded_trip(request).map(|recorded| recorded.vehicle),
        status,
        request_time: requests.time[request],
        pickup_time: None,
        dropoff_time: None,
        wait_s: None,
        origin: requests.origin[request],
        destination: requests.destination[request],
        distance_km: requests.distance_km[request],
        deadhead_km: 0.0,
        energy_kwh: 0.0,
        fare: 0.0,
        lost_fare: 0.0,
        accrued_fare: 0.0,
        soc_start: None,
        soc_end: None,
    }
}

/// Whether a vehicle can be sent to a rider, and on which route.
pub(super) fn check(step: &Step<'_>, request: RequestId, vehicle: VehicleId) -> Result<Route, Refusal> {
    if !step.state.riders.is_waiting(request) {
        return Err(Refusal::RequestNotWaiting);
    }
    let view = step.view();
    if !view.is_available(vehicle) {
        return Err(Refusal::VehicleNotAvailable);
    }
    let ride_request = view.request(request);
    if !view.serves(view.vehicle(vehicle).fleet, ride_request.fleet) {
        return Err(Refusal::OtherFleet);
    }
    match view.service(vehicle, &ride_request) {
        Service::Possible(route) => Ok(route),
        Service::TooLate => Err(Refusal::TooLate),
        Service::LowCharge => Err(Refusal::LowCharge),
    }
}

/// The vehicle stays until its session ends, so dispatch searches for another one.
pub(super) fn turn_away(step: &mut Step<'_>, request: RequestId, vehicle: VehicleId) -> Refusal {
    step.state.withdraw(step.setup, vehicle);
    step.state.vehicles.keep(vehicle);
    step.state.riders.turn_away(request);
    Refusal::Committed
}

/// Sends a vehicle to a rider on this route.
pub(super) fn assign(step: &mut Step<'_>, request: RequestId, vehicle: VehicleId, route: Route) {
    let energy_kwh = route.distance_km * step.view().consumption_kwh_per_km(vehicle);
    step.state.withdraw(step.setup, vehicle);
    if let Some(connector) = step.state.vehicles[vehicle].connector {
        visits::end_session(step, connector, EndReason::Departure);
    }
    step.state.riders.assign(request);
    step.state.fire(vehicle, Trigger::Assign);
    let soc_start = step.state.vehicles[vehicle].soc();
    let ride = Ride { request, soc_start, pickup: None, deadhead_km: route.distance_km, energy_kwh: 0.0 };
    step.state.vehicles.assign(vehicle, ride);
    let origin = step.setup.requests.origin[request];
    step.set_out(vehicle, LegPurpose::Pickup, origin, route.distance_km, route.duration_s, energy_kwh);
}

/// A vehicle arrives at its rider.
pub(super) fn pick_up(step: &mut Step<'_>, vehicle: VehicleId) {
    let now = step.state.now;
    step.state.vehicles.pick_up(vehicle, now);
    let Some(Ride { request, .. }) = step.state.vehicles[vehicle].ride else {
        unreachable!("a pick-up without a ride")
    };
    let per_km = step.view().consumption_kwh_per_km(vehicle);
    let energy_kwh = step.setup.requests.distance_km[request] * per_km;
    start_service(step, vehicle, request, energy_kwh);
}

/// Starts the part of a trip with the rider.
pub(super) fn start_service(step: &mut Step<'_>, vehicle: VehicleId, request: RequestId, energy_kwh: f64) {
    step.state.fire(vehicle, Trigger::PickUp);
    let requests = &step.setup.requests;
    let (destination, distance_km) = (requests.destination[request], requests.distance_km[request]);
    let duration_s = i64::from(requests.duration_s[request]);
    step.set_out(vehicle, LegPurpose::Service, destination, distance_km, duration_s, energy_kwh);
}

/// A vehicle arrives at the destination of its rider; returns the request.
pub(super) fn drop_off(step: &mut Step<'_>, vehicle: VehicleId) -> RequestId {
    step.state.fire(vehicle, Trigger::DropOff);
    let now = step.state.now;
    let Some(ride) = step.state.vehicles.drop_off(vehicle) else { unreachable!("a drop-off without a ride") };
    let v = &step.state.vehicles[vehicle];
    let (requests, request) = (&step.setup.requests, ride.request);
    let record = TripRecord {
        request,
        fleet: v.fleet,
        vehicle: Some(vehicle),
        status: TripStatus::Served,
        request_time: requests.time[request],
        pickup_time: ride.pickup,
        dropoff_time: Some(now),
        wait_s: ride.pickup.map(|t| t - requests.time[request]),
        origin: requests.origin[request],
        destination: requests.destination[request],
        distance_km: requests.distance_km[request],
        deadhead_km: ride.deadhead_km,
        energy_kwh: ride.energy_kwh,
        fare: requests.fare[request].units(),
        lost_fare: 0.0,
        accrued_fare: 0.0,
        soc_start: Some(ride.soc_start),
        soc_end: Some(v.soc()),
    };
    step.state.riders.end(request);
    step.books.recorder.record(Record::Trip(&record));
    let (fleet, reference) = (Account::Fleet(record.fleet), Reference::Trip(request));
    step.books.pay(now, fleet, Account::Riders, requests.fare[request], EntryKind::Fare, reference);
    let asked = requests.fleet[request];
    if asked != record.fleet {
        let fee = step.setup.referral_share * requests.fare[request].units();
        let fee = step.books.accounts.money(fee, EntryKind::Referral, now);
        step.books.pay(now, Account::Fleet(asked), fleet, fee, EntryKind::Referral, reference);
    }
    step.set_free(vehicle);
    request
}
