//! Stations with load-dependent prices: the power of each.
//!
//! - [`spec`]: the policies by name and parameters;
//! - `coalitions`: the stations that decide together, by name;
//! - `planner`: the equilibrium of the game among stations, computed again at each control interval;
//! - `needs`: what a station is billed against, and what its vehicles ask for;
//! - `demand`: forecasts of the energy requested.

mod coalitions;
mod demand;
mod needs;
mod planner;
pub mod spec;

pub use spec::{StationCoalitionSpec, StationsSpec};

use super::Turn;
use super::bidding::Foresight;
use crate::world::{Setup, StationNames};
use coalitions::Together;
use gridfleet_core::ids::StationId;
use gridfleet_core::rng::Streams;
use gridfleet_core::time::SimTime;
use std::sync::Arc;

/// Load of a station in a slot as a plan expected it when the slot began.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlannedLoad {
    /// Mean power [kW].
    pub power_kw: f64,
    /// Cost of energy, at the price that all planned loads make, and of deviations, of the whole slot [currency].
    pub cost: f64,
}

/// Control of the power of stations.
pub trait StationControl: Send {
    /// Called every control interval, after prices, arrivals and clearings of the instant. Answers with
    /// [`Action::LimitStation`](super::Action::LimitStation).
    fn on_interval(&mut self, turn: &mut Turn<'_>);
    /// Number of plans so far that were replaced by the nominal profile, because the game had no equilibrium within
    /// double precision.
    fn unsolved(&self) -> u64 {
        0
    }
    /// Load of a station that was planned for the slot with this start: by the first plan made in the slot, or, where there
    /// is none in it, in the last slot before. `None` without a plan.
    fn planned(&self, station: StationId, slot_start: SimTime) -> Option<PlannedLoad> {
        let _ = (station, slot_start);
        None
    }
}

impl StationsSpec {
    /// The policy named in the scenario, if it limits stations and there are load-dependent prices. If it [needs
    /// foresight](Self::needs_foresight) and there is none, it expects no vehicles.
    pub fn build(
        &self,
        setup: &Setup,
        foresight: Option<&Arc<Foresight>>,
        streams: Streams,
    ) -> Option<Box<dyn StationControl>> {
        let planning = self.planning()?;
        let names = StationNames::new(setup.operators.iter().map(String::as_str), setup.stations.iter());
        let together = match self {
            Self::Coordinated { .. } => Together::All,
            Self::CNash { coalitions, .. } if coalitions.is_empty() => {
                Together::Coalitions(names.by_operator())
            }
            Self::CNash { coalitions, .. } => {
                let members = |coalition: &StationCoalitionSpec| {
                    coalition.names().iter().filter_map(|name| names.find(name)).flatten().copied().collect()
                };
                Together::Coalitions(coalitions.iter().map(members).collect())
            }
            Self::Nash { .. } | Self::Uncontrolled {} => Together::Alone,
        };
        let planner = planner::Planner::new(setup, planning, &together, foresight, streams)?;
        Some(Box::new(planner))
    }
}
