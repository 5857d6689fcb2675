//! Relocation: idle vehicles go elsewhere without a rider, as the relocation policy proposes.

use super::step::Step;
use crate::policies::{PolicyStream, Refusal, Relocation};
use crate::world::{Activity, Mode, Trigger};
use gridfleet_core::ids::{PlaceId, RequestId, VehicleId};
use gridfleet_core::records::LegPurpose;
use gridfleet_core::rng::Streams;
use rand_pcg::Pcg64;

/// The relocation policy, if any, and the requests that it has not been called for.
pub(super) struct Relocating {
    policy: Option<Box<dyn Relocation>>,
    random: Pcg64,
    /// Empty without a policy.
    requests: Vec<RequestId>,
}

impl Relocating {
    pub fn new(streams: Streams) -> Self {
        Self { policy: None, random: PolicyStream::Relocation.of(streams), requests: Vec::new() }
    }

    /// Sets the policy; in replay, where relocations by staff are recorded, it is never called.
    pub fn set_policy(&mut self, step: &mut Step<'_>, policy: Option<Box<dyn Relocation>>) {
        if let (Some(policy), Mode::Dispatch { .. }) = (policy, step.setup.mode) {
            step.queue.relocation_round(step.setup.start + policy.interval_s());
            self.policy = Some(policy);
        }
    }

    pub fn on_request(&mut self, request: RequestId) {
        if self.policy.is_some() {
            self.requests.push(request);
        }
    }

    /// Calls the policy.
    pub fn decide(&mut self, step: &mut Step<'_>) {
        let Some(policy) = &mut self.policy else { return };
        policy.decide(&mut step.turn(&mut self.random), &self.requests);
        step.queue.relocation_round(step.state.now + policy.interval_s());
        self.requests.clear();
    }
}

/// Sends an idle vehicle elsewhere without a rider.
pub(super) fn relocate(step: &mut Step<'_>, vehicle: VehicleId, to: PlaceId) -> Result<(), Refusal> {
    let view = step.view();
    let v = view.vehicle(vehicle);
    if v.activity() != Activity::Idle {
        return Err(Refusal::VehicleNotIdle);
    }
    let route = view.route(v.place, to);
    if !view.charge_suffices(vehicle, route.distance_km, to) {
        return Err(Refusal::LowCharge);
    }
    let to_depot = view.depots(v.fleet).contains(&to);
    let purpose = if to_depot { LegPurpose::ToDepot } else { LegPurpose::Relocation };
    let energy_kwh = route.distance_km * view.consumption_kwh_per_km(vehicle);
    step.state.withdraw(step.setup, vehicle);
    step.state.fire(vehicle, Trigger::Relocate);
    step.set_out(vehicle, purpose, to, route.distance_km, route.duration_s, energy_kwh);
    Ok(())
}
