//! Control of stations: their power as limited by a policy.

use super::step::Step;
use crate::policies::{PlannedLoad, PolicyStream, Refusal, StationControl};
use gridfleet_core::ids::StationId;
use gridfleet_core::rng::Streams;
use gridfleet_core::time::SimTime;
use rand_pcg::Pcg64;

/// The policy that limits stations, if any.
pub(super) struct Control {
    policy: Option<Box<dyn StationControl>>,
    random: Pcg64,
}

impl Control {
    pub fn new(streams: Streams) -> Self {
        Self { policy: None, random: PolicyStream::Stations.of(streams) }
    }

    pub fn set_policy(&mut self, policy: Option<Box<dyn StationControl>>) {
        self.policy = policy;
    }

    /// Calls the policy.
    pub fn on_interval(&mut self, step: &mut Step<'_>) {
        if let Some(policy) = &mut self.policy {
            policy.on_interval(&mut step.turn(&mut self.random));
        }
    }

    /// Load of a station that the policy has planned for the slot with this start.
    pub fn planned(&self, station: StationId, slot_start: SimTime) -> Option<PlannedLoad> {
        self.policy.as_ref()?.planned(station, slot_start)
    }

    /// Number of plans so far without an equilibrium within double precision.
    pub fn unsolved(&self) -> u64 {
        self.policy.as_ref().map_or(0, |policy| policy.unsolved())
    }
}

/// A policy limits the power of a station.
pub(super) fn limit(step: &mut Step<'_>, station: StationId, power_kw: f64) -> Result<(), Refusal> {
    if power_kw.is_nan() || power_kw < 0.0 {
        return Err(Refusal::NoSuchPower);
    }
    step.state.stations.set_budget(step.setup, station, power_kw);
    step.divide_power(station);
    Ok(())
}
