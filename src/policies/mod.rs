//! Policies: what decides. A policy proposes, the engine disposes.
//!
//! Each role a strategy can play is a trait: [`Dispatch`] says which vehicle
//! serves which request, [`Charging`] when and where vehicles charge, [`Relocation`] where idle
//! vehicles go. A policy is
//! asked at defined moments, sees the world through a [`View`], may draw from
//! a random stream of its own, and answers with [`Action`]s. The engine applies each
//! or refuses it with a [`Refusal`], which is counted and reported. No policy
//! touches the queue of events or the state.

pub mod assignment;
mod batched;
mod charging;
mod nearest_idle;
mod relocation;
pub mod spec;

pub use spec::{ChargingSpec, DispatchSpec, RelocationSpec};

use crate::ids::{PlaceId, RequestId, StationId, VehicleId};
use crate::world::View;
use rand_pcg::Pcg64;

/// What a policy wants done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action {
    /// Send `vehicle` to `request`.
    Assign {
        /// The request; it must still wait.
        request: RequestId,
        /// A vehicle that riders can have.
        vehicle: VehicleId,
    },
    /// Send `vehicle` to charge.
    Charge {
        /// A vehicle that is idle.
        vehicle: VehicleId,
        /// A station that it may use and that fits it.
        station: StationId,
        /// Charge up to this (0..1).
        target_soc: f64,
        /// Riders may call it away while it charges.
        yields: bool,
    },
    /// Send `vehicle` elsewhere without a rider.
    Relocate {
        /// A vehicle that is idle.
        vehicle: VehicleId,
        /// Where to.
        to: PlaceId,
    },
    /// Break a session off.
    Unplug {
        /// A vehicle that is plugged in.
        vehicle: VehicleId,
    },
}

/// Why the engine did not do what a policy wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// The request is not waiting (any more).
    RequestNotWaiting,
    /// The vehicle is not one that riders can have.
    VehicleNotAvailable,
    /// The vehicle would come after the rider has given up.
    TooLate,
    /// Its charge does not last.
    LowCharge,
    /// The fleet was not asked.
    OtherFleet,
    /// The vehicle is not idle.
    VehicleNotIdle,
    /// The station does not serve the fleet or does not fit the vehicle.
    NoAccess,
    /// The vehicle is charged that far already, or the target is beyond its usable window.
    NothingToCharge,
    /// The vehicle is not plugged in.
    NotPlugged,
}

impl Refusal {
    /// Every reason, in the order of the enum.
    pub const ALL: [Self; 9] = [
        Self::RequestNotWaiting,
        Self::VehicleNotAvailable,
        Self::TooLate,
        Self::LowCharge,
        Self::OtherFleet,
        Self::VehicleNotIdle,
        Self::NoAccess,
        Self::NothingToCharge,
        Self::NotPlugged,
    ];

    /// Name in summaries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequestNotWaiting => "request_not_waiting",
            Self::VehicleNotAvailable => "vehicle_not_available",
            Self::TooLate => "too_late",
            Self::LowCharge => "low_charge",
            Self::OtherFleet => "other_fleet",
            Self::VehicleNotIdle => "vehicle_not_idle",
            Self::NoAccess => "no_access",
            Self::NothingToCharge => "nothing_to_charge",
            Self::NotPlugged => "not_plugged",
        }
    }
}

/// When a dispatch policy is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cadence {
    /// At the end of each instant in which a request was made or a vehicle became available.
    OnChange,
    /// Every so many seconds, counted from the start, while requests wait.
    Every(i64),
}

/// What has changed since the policy was last asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct News<'a> {
    /// Requests made.
    pub requests: &'a [RequestId],
    /// Vehicles that became available to riders.
    pub vehicles: &'a [VehicleId],
}

/// Which vehicle serves which request.
pub trait Dispatch: Send {
    /// When to ask.
    fn cadence(&self) -> Cadence;
    /// Proposes assignments.
    fn decide(&mut self, view: View<'_>, news: News<'_>, random: &mut Pcg64, actions: &mut Vec<Action>);
}

/// When, where and how far vehicles charge.
pub trait Charging: Send {
    /// `idle` vehicles have become idle in this instant and no rider has taken them.
    fn on_idle(&mut self, view: View<'_>, idle: &[VehicleId], random: &mut Pcg64, actions: &mut Vec<Action>);
    /// Every control interval. Does nothing unless overridden.
    fn on_interval(&mut self, _view: View<'_>, _random: &mut Pcg64, _actions: &mut Vec<Action>) {}
}

/// Where idle vehicles go.
pub trait Relocation: Send {
    /// Time between two rounds [s], counted from the start.
    fn interval_s(&self) -> i64;
    /// Proposes relocations; `requests` are those made since the last round.
    fn decide(
        &mut self,
        view: View<'_>,
        requests: &[RequestId],
        random: &mut Pcg64,
        actions: &mut Vec<Action>,
    );
}

impl RelocationSpec {
    /// The policy that the scenario names, if it names one.
    pub fn build(&self) -> Option<Box<dyn Relocation>> {
        match *self {
            Self::None {} => None,
            Self::FollowDemand { interval_s, idle_s, cell_km } => {
                Some(Box::new(relocation::FollowDemand::new(interval_s, idle_s, cell_km)))
            }
            Self::ToDepot { interval_s, idle_s } => {
                Some(Box::new(relocation::ToDepot::new(interval_s, idle_s)))
            }
        }
    }
}

impl DispatchSpec {
    /// The policy that the scenario names.
    pub fn build(&self) -> Box<dyn Dispatch> {
        match *self {
            Self::NearestIdle {} => Box::new(nearest_idle::NearestIdle::default()),
            Self::Batched { interval_s } => Box::new(batched::Batched::new(interval_s)),
        }
    }
}

impl ChargingSpec {
    /// The policy that the scenario names.
    pub fn build(&self) -> Box<dyn Charging> {
        use charging::{Choice, Threshold, WhileIdle};
        match *self {
            Self::ThresholdNearest { start_soc, target_soc } => {
                Box::new(Threshold::new(start_soc, target_soc, Choice::Nearest, None))
            }
            Self::ThresholdFastest { start_soc, target_soc, candidates } => {
                Box::new(Threshold::new(start_soc, target_soc, Choice::Fastest { candidates }, None))
            }
            Self::Opportunistic { start_soc, target_soc, idle_soc, idle_s, candidates } => {
                let idle = WhileIdle { below_soc: idle_soc, idle_s, cheap_share: None };
                Box::new(Threshold::new(start_soc, target_soc, Choice::Fastest { candidates }, Some(idle)))
            }
            Self::PriceAware { start_soc, target_soc, idle_soc, idle_s, cheap_share, candidates } => {
                let idle = WhileIdle { below_soc: idle_soc, idle_s, cheap_share: Some(cheap_share) };
                Box::new(Threshold::new(start_soc, target_soc, Choice::Fastest { candidates }, Some(idle)))
            }
        }
    }
}
