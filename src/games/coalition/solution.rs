//! All solutions of one game with named players, as printed by `gridfleet solve game`.

use super::core::{self, Rationality};
use super::file::NamedGame;
use super::nucleolus::{nucleolus, prenucleolus};
use super::properties::Properties;
use super::shapley::shapley;
use crate::optimize::SolveError;
use serde::{Serialize, Serializer};

/// The solutions; all amounts in the unit of the costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SolutionConcepts {
    /// The Shapley value.
    pub shapley: Shares,
    /// The Core.
    pub core: CoreFigures,
    /// The nucleolus; `None` if the grand coalition costs more than all players alone, in which case every allocation
    /// makes some player worse off.
    pub nucleolus: Option<Shares>,
    /// The nucleolus over all allocations, including those in which players are worse off than alone.
    pub prenucleolus: Shares,
    /// Properties of the game and its solutions.
    pub properties: Findings,
}

/// Results on the Core.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CoreFigures {
    /// No allocation is stable.
    pub empty: bool,
    /// Minimum over all allocations of the largest excess of a coalition: negative if the Core has an interior. `None`
    /// for a single player.
    pub least_core_epsilon: Option<f64>,
    /// The Shapley value lies in the Core.
    pub shapley_inside: bool,
    /// Members of the coalition that would save most by leaving under the Shapley value; empty if it is stable.
    pub objecting: Vec<String>,
    /// Their joint saving; zero if no coalition objects.
    pub objecting_saves: f64,
    /// Extreme points of the Core, for up to four players; for three players in their order around it.
    #[serde(rename = "corners", skip_serializing_if = "Option::is_none")]
    pub extreme_points: Option<Vec<Shares>>,
}

/// Properties of a game and its solutions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Findings {
    /// Properties of the game.
    #[serde(flatten)]
    pub game: Properties,
    /// Rationality of the Shapley value.
    pub shapley: Rationality,
    /// Rationality of the nucleolus, if it exists.
    pub nucleolus: Option<Rationality>,
}

/// Share of each player; in JSON an object in the order of the players.
#[derive(Debug, Clone, PartialEq)]
pub struct Shares(pub Vec<(String, f64)>);

impl Shares {
    fn of(named: &NamedGame, shares: &[f64]) -> Self {
        // Adding 0 turns minus zero into zero.
        Self(named.names.iter().cloned().zip(shares.iter().map(|share| share + 0.0)).collect())
    }
}

impl Serialize for Shares {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, share)| (name, share)))
    }
}

impl SolutionConcepts {
    /// Solves a game.
    ///
    /// # Errors
    /// If the solver of linear programs fails.
    pub fn of(named: &NamedGame) -> Result<Self, SolveError> {
        let game = &named.game;
        let shares = |shares: &[f64]| Shares::of(named, shares);
        let shapley = shapley(game);
        let least_core = core::least_core(game)?;
        let empty = least_core.as_ref().is_some_and(|least| least.epsilon > game.tolerance());
        let objection = core::objection(game, &shapley);
        let imputation = nucleolus(game)?;
        // They differ only if the Core is empty.
        let allocation = match &imputation {
            Some(imputation) if !empty => imputation.clone(),
            _ => prenucleolus(game)?,
        };
        let rationality = Rationality::of(game, &shapley);
        Ok(Self {
            core: CoreFigures {
                empty,
                least_core_epsilon: least_core.map(|least| least.epsilon + 0.0),
                shapley_inside: rationality.in_core(),
                objecting: objection.map(|found| named.members(found.coalition)).unwrap_or_default(),
                objecting_saves: objection.map_or(0.0, |found| found.excess),
                extreme_points: core::extreme_points(game)
                    .map(|all| all.iter().map(|point| shares(point)).collect()),
            },
            properties: Findings {
                game: Properties::of(game),
                shapley: rationality,
                nucleolus: imputation.as_ref().map(|imputation| Rationality::of(game, imputation)),
            },
            shapley: shares(&shapley),
            nucleolus: imputation.as_deref().map(shares),
            prenucleolus: shares(&allocation),
        })
    }
}
