//! Charging: idle vehicles go to a station, as the charging policy proposes.
//!
//! # Why a rescue, and not a dead vehicle?
//!
//! Dispatch never assigns a trip after which the charge does not suffice to reach a station. An idle vehicle can still
//! have too little charge for that (for example at the start). It is carried there at a price set by the scenario
//! (`rescue_cost`): that keeps the run alive and is visible in the profit.

use super::step::Step;
use super::visits::SOC_EPSILON;
use crate::policies::{Charging, PolicyStream, Refusal, Turn};
use crate::world::{Activity, Route, Trigger, View};
use gridfleet_core::ids::{StationId, VehicleId};
use gridfleet_core::ledger::{Account, EntryKind, Reference};
use gridfleet_core::records::LegPurpose;
use gridfleet_core::rng::Streams;
use rand_pcg::Pcg64;

/// The charging policy.
pub(super) struct ChargingRounds {
    policy: Box<dyn Charging>,
    random: Pcg64,
}

impl ChargingRounds {
    pub fn new(policy: Box<dyn Charging>, streams: Streams) -> Self {
        Self { policy, random: PolicyStream::Charging.of(streams) }
    }

    /// Calls the policy for vehicles that have become idle and that no rider has taken.
    pub fn on_idle(&mut self, step: &mut Step<'_>) {
        let idle = &mut step.notices.idle;
        idle.retain(|v| step.state.vehicles[*v].activity() == Activity::Idle);
        let view = View::new(step.setup, step.state);
        let actions = &mut step.proposals.actions;
        self.policy.on_idle(&mut Turn { view, random: &mut self.random, actions }, idle);
        idle.clear();
    }

    /// Calls the policy for everything.
    pub fn on_interval(&mut self, step: &mut Step<'_>) {
        self.policy.on_interval(&mut step.turn(&mut self.random));
    }
}

/// Sends an idle vehicle to a station; it is carried there if its charge does not suffice.
pub(super) fn send(
    step: &mut Step<'_>,
    vehicle: VehicleId,
    station: StationId,
    target_soc: f64,
    yields: bool,
) -> Result<(), Refusal> {
    let view = step.view();
    let (v, vehicle_type) = (view.vehicle(vehicle), view.vehicle_type(vehicle));
    if v.activity() != Activity::Idle {
        return Err(Refusal::VehicleNotIdle);
    }
    let site = &step.setup.stations[station];
    if !site.access.allows(v.fleet) || site.connectors.iter().all(|&c| vehicle_type.limit_kw(c) <= 0.0) {
        return Err(Refusal::NoAccess);
    }
    if view.avoids(vehicle, station) {
        return Err(Refusal::GaveUpThere);
    }
    // NaN is also refused.
    let charges = target_soc > v.soc() && target_soc <= vehicle_type.usable_soc[1] + SOC_EPSILON;
    if !charges {
        return Err(Refusal::NothingToCharge);
    }
    let route = view.route(v.place, site.place);
    let mut energy_kwh = route.distance_km * view.consumption_kwh_per_km(vehicle);
    if vehicle_type.kwh(v.soc() - vehicle_type.usable_soc[0]) < energy_kwh {
        // Carried on a truck: the trip costs time and money, but no charge.
        energy_kwh = 0.0;
        pay_rescue(step, vehicle);
    }
    step.state.withdraw(step.setup, vehicle);
    step.state.vehicles.ask_for(vehicle, target_soc, yields);
    head_for(step, vehicle, station, route, energy_kwh);
    Ok(())
}

/// Posts the cost to its fleet of carrying a vehicle that cannot continue.
pub(super) fn pay_rescue(step: &mut Step<'_>, vehicle: VehicleId) {
    let fleet = step.state.vehicles[vehicle].fleet;
    let cost = step.setup.fleets[fleet].rescue_cost;
    let cost = step.books.accounts.money(cost, EntryKind::Rescue, step.state.now);
    let (to, from) = (Account::Outside, Account::Fleet(fleet));
    step.books.pay(step.state.now, to, from, cost, EntryKind::Rescue, Reference::Vehicle(vehicle));
}

/// An idle vehicle departs for a station along this route.
pub(super) fn head_for(
    step: &mut Step<'_>,
    vehicle: VehicleId,
    station: StationId,
    route: Route,
    energy_kwh: f64,
) {
    step.state.fire(vehicle, Trigger::SeekCharge);
    step.state.vehicles.head_for(vehicle, station);
    step.state.stations.expect(station);
    let place = step.setup.stations[station].place;
    step.set_out(vehicle, LegPurpose::ToStation, place, route.distance_km, route.duration_s, energy_kwh);
}
