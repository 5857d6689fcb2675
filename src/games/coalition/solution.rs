//! All solutions of one game with named players, as `gridfleet solve game` gives them.

use super::core::{self, Rationality};
use super::file::NamedGame;
use super::nucleolus::{nucleolus, prenucleolus};
use super::properties::Properties;
use super::shapley::shapley;
use gridfleet_core::error::Result;
use serde::{Serialize, Serializer};

/// The solutions; all amounts in the unit of the costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Solution {
    /// The Shapley value.
    pub shapley: Shares,
    /// The Core.
    pub core: CoreFigures,
    /// The nucleolus; none if everybody together costs more than all alone, for then there is no division
    /// with which no player is worse off.
    pub nucleolus: Option<Shares>,
    /// The nucleolus of all divisions, whether players are worse off than alone or not.
    pub prenucleolus: Shares,
    /// What holds for the game and its solutions.
    pub properties: Findings,
}

/// What there is to say of the Core.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CoreFigures {
    /// No division is stable.
    pub empty: bool,
    /// The largest excess of a coalition, as small as a division can make it: negative if the Core has an
    /// interior. None for a single player.
    pub least_core_epsilon: Option<f64>,
    /// The Shapley value lies in the Core.
    pub shapley_inside: bool,
    /// The coalition that would save most by leaving under the Shapley value; nobody if it is stable.
    pub objecting: Vec<String>,
    /// What they would save together; zero if nobody objects.
    pub objecting_saves: f64,
    /// Corners of the Core, for up to four players; of three in their order around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corners: Option<Vec<Shares>>,
}

/// What holds for a game and its solutions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Findings {
    /// Properties of the game.
    #[serde(flatten)]
    pub game: Properties,
    /// Of the Shapley value.
    pub shapley: Rationality,
    /// Of the nucleolus, if there is one.
    pub nucleolus: Option<Rationality>,
}

/// What each player pays; in JSON an object in the order of the players.
#[derive(Debug, Clone, PartialEq)]
pub struct Shares(pub Vec<(String, f64)>);

impl Shares {
    fn of(named: &NamedGame, shares: &[f64]) -> Self {
        // Minus nothing is nothing.
        Self(named.names.iter().cloned().zip(shares.iter().map(|share| share + 0.0)).collect())
    }
}

impl Serialize for Shares {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, share)| (name, share)))
    }
}

impl Solution {
    /// Solves a game.
    ///
    /// # Errors
    /// If the solver of linear programs fails.
    pub fn of(named: &NamedGame) -> Result<Self> {
        let game = &named.game;
        let shares = |shares: &[f64]| Shares::of(named, shares);
        let shapley = shapley(game);
        let least_core = core::least_core(game)?;
        let empty = least_core.as_ref().is_some_and(|least| least.epsilon > game.tolerance());
        let objection = core::objection(game, &shapley);
        let imputation = nucleolus(game)?;
        // They differ only where the Core is empty.
        let division = match &imputation {
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
                corners: core::corners(game).map(|all| all.iter().map(|corner| shares(corner)).collect()),
            },
            properties: Findings {
                game: Properties::of(game),
                shapley: rationality,
                nucleolus: imputation.as_ref().map(|imputation| Rationality::of(game, imputation)),
            },
            shapley: shares(&shapley),
            nucleolus: imputation.as_deref().map(shares),
            prenucleolus: shares(&division),
        })
    }
}
