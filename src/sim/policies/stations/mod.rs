//! Stations whose load makes their price: how much each draws.
//!
//! - [`spec`]: the policies by name and parameters;
//! - `planner`: the equilibrium of the game among stations, anew at each control interval;
//! - `demand`: how it forecasts what will be asked for.

mod demand;
mod planner;
pub mod spec;

pub use spec::StationsSpec;

use super::bidding::Foresight;
use super::{Action, View};
use crate::world::Setup;
use gridfleet_core::ids::OperatorId;
use gridfleet_core::rng::Streams;
use rand_pcg::Pcg64;
use std::sync::Arc;

/// How much power stations draw.
pub trait StationControl: Send {
    /// Every control interval, after prices, arrivals and clearings of the instant. Answers with
    /// [`Action::LimitStation`].
    fn on_interval(&mut self, view: View<'_>, random: &mut Pcg64, actions: &mut Vec<Action>);
    /// Plans so far in whose place stations drew what they would like, because the game had no equilibrium within
    /// double precision.
    fn unsolved(&self) -> u64 {
        0
    }
}

/// Who decides together.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Together {
    /// Nobody.
    Nobody,
    /// The stations of each of these operators.
    Operators(Vec<OperatorId>),
    /// Everybody.
    Everybody,
}

impl StationsSpec {
    /// The policy that the scenario names, if it is one that limits stations and there are prices that follow the
    /// load. Where it [needs foresight](Self::needs_foresight) and there is none, it expects nobody.
    pub fn build(
        &self,
        setup: &Setup,
        foresight: Option<&Arc<Foresight>>,
        streams: Streams,
    ) -> Option<Box<dyn StationControl>> {
        let planning = self.planning()?;
        let all = || (0..setup.operators.len()).map(OperatorId::new);
        let together = match self {
            Self::Coordinated { .. } => Together::Everybody,
            Self::CNash { coalitions, .. } if coalitions.is_empty() => Together::Operators(all().collect()),
            Self::CNash { coalitions, .. } => {
                let named = |id: &OperatorId| coalitions.contains(&setup.operators[id.index()]);
                Together::Operators(all().filter(named).collect())
            }
            Self::Nash { .. } | Self::Uncontrolled {} => Together::Nobody,
        };
        let planner = planner::Planner::new(setup, planning, &together, foresight, streams)?;
        Some(Box::new(planner))
    }
}
