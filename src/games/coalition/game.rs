//! A game: the cost or gain of each coalition, for up to twenty players.

use super::Coalition;
use gridfleet_core::error::{Error, InputError};
use std::fmt;

/// Maximum number of players of a game with a table of all coalitions: 2^20 numbers are 8 MB.
pub const MOST_PLAYERS: usize = 20;

/// Maximum absolute worth. Assumed: far beyond any amount of money, and sums and products of a few stay finite.
pub const LARGEST_WORTH: f64 = 1e100;

/// Relative tolerance: differences below this fraction of the largest worth count as zero. Assumed: far above rounding
/// errors, far below any difference relevant to a decision.
const TOLERANCE: f64 = 1e-9;

/// Whether a worth is a cost or a gain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorthKind {
    /// Costs: less is better.
    Costs,
    /// Gains: more is better.
    Gains,
}

/// A worth for each coalition; that of the empty one is zero.
#[derive(Debug, Clone, PartialEq)]
pub struct CooperativeGame {
    players: usize,
    worth_kind: WorthKind,
    /// Worth by index: bit i of the index is player i.
    worth: Vec<f64>,
    tolerance: f64,
}

/// Reason why there is no game. The caller may go on, and begin again with other numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum GameError {
    /// This number of players is 0 or above [`MOST_PLAYERS`].
    Players(usize),
    /// A worth is not finite or exceeds [`LARGEST_WORTH`].
    Worth {
        /// The coalition.
        coalition: Coalition,
        /// Its worth.
        worth: f64,
    },
}

impl From<GameError> for InputError {
    fn from(error: GameError) -> Self {
        match error {
            GameError::Players(players) => {
                let found = if players == 0 { "no player".to_owned() } else { format!("{players} players") };
                Self::new(found, format!("1 to {MOST_PLAYERS} players")).key("players")
            }
            GameError::Worth { coalition, worth } => {
                let members: Vec<String> = coalition.players().map(|i| i.to_string()).collect();
                let expected = format!("a finite number of at most {LARGEST_WORTH:e} in size");
                Self::new(format!("{worth:?}"), expected)
                    .key(format!("worth of players {} (from 0)", members.join(",")))
            }
        }
    }
}

impl From<GameError> for Error {
    fn from(error: GameError) -> Self {
        InputError::from(error).into()
    }
}

impl fmt::Display for GameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        InputError::from(*self).fmt(f)
    }
}

impl std::error::Error for GameError {}

impl CooperativeGame {
    /// Creates a game of `players` players in which `worth` gives the worth of each coalition.
    ///
    /// # Errors
    /// If there are no players or more than [`MOST_PLAYERS`]; if a worth is not finite or exceeds [`LARGEST_WORTH`].
    pub fn new(
        players: usize,
        worth_kind: WorthKind,
        mut worth: impl FnMut(Coalition) -> f64,
    ) -> Result<Self, GameError> {
        if players == 0 || players > MOST_PLAYERS {
            return Err(GameError::Players(players));
        }
        let mut table = vec![0.0; 1 << players];
        let mut largest = 0.0f64;
        for (place, entry) in table.iter_mut().enumerate().skip(1) {
            *entry = worth(Coalition::at(place));
            if !entry.is_finite() || entry.abs() > LARGEST_WORTH {
                return Err(GameError::Worth { coalition: Coalition::at(place), worth: *entry });
            }
            largest = largest.max(entry.abs());
        }
        Ok(Self { players, worth_kind, worth: table, tolerance: TOLERANCE * largest })
    }

    /// Creates a game of costs.
    ///
    /// # Errors
    /// See [`CooperativeGame::new`].
    pub fn costs(players: usize, worth: impl FnMut(Coalition) -> f64) -> Result<Self, GameError> {
        Self::new(players, WorthKind::Costs, worth)
    }

    /// Creates a game of gains.
    ///
    /// # Errors
    /// See [`CooperativeGame::new`].
    pub fn gains(players: usize, worth: impl FnMut(Coalition) -> f64) -> Result<Self, GameError> {
        Self::new(players, WorthKind::Gains, worth)
    }

    /// Savings of each coalition (for gains: additional gains) relative to its members alone: v(S) = sum of c({i}) -
    /// c(S). The result is a game of gains in which no single player gains anything.
    ///
    /// An allocation of the savings is an allocation of the costs: each player pays c({i}) less its saving. Shapley
    /// value, Core and nucleolus are equivalent under this transformation. Differences within the tolerance of this
    /// game count as zero in the savings game as well.
    #[must_use]
    pub fn savings(&self) -> Self {
        let alone: Vec<f64> = (0..self.players).map(|player| self.alone(player)).collect();
        let sign = self.sign();
        let mut worth: Vec<f64> = (0..self.worth.len())
            .map(|place| sign * (Coalition::at(place).sum(&alone) - self.worth[place]))
            .collect();
        // Exactly zero, without rounding error.
        worth[0] = 0.0;
        Self { players: self.players, worth_kind: WorthKind::Gains, worth, tolerance: self.tolerance }
    }

    /// Number of players.
    pub fn players(&self) -> usize {
        self.players
    }

    /// Whether worth is a cost or a gain.
    pub fn worth_kind(&self) -> WorthKind {
        self.worth_kind
    }

    /// Worth of `coalition`, whose members must be players of the game.
    pub fn worth(&self, coalition: Coalition) -> f64 {
        self.worth[coalition.place()]
    }

    /// Worth of all coalitions by index; bit i of the index is player i.
    pub fn table(&self) -> &[f64] {
        &self.worth
    }

    /// Worth of `player` alone.
    pub fn alone(&self, player: usize) -> f64 {
        self.worth[1 << player]
    }

    /// The grand coalition.
    pub fn grand_coalition(&self) -> Coalition {
        Coalition::all(self.players)
    }

    /// Worth of the grand coalition: the amount to allocate.
    pub fn total(&self) -> f64 {
        self.worth[self.worth.len() - 1]
    }

    /// All coalitions except the empty and the grand coalition.
    pub fn proper(&self) -> impl Iterator<Item = Coalition> + use<> {
        (1..self.worth.len() - 1).map(Coalition::at)
    }

    /// Loss of `coalition` from accepting `shares`, one per player: positive if it objects.
    pub fn excess(&self, coalition: Coalition, shares: &[f64]) -> f64 {
        self.sign() * (coalition.sum(shares) - self.worth(coalition))
    }

    /// Differences up to this value count as zero, in the unit of worth.
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// 1 for costs, -1 for gains.
    pub(super) fn sign(&self) -> f64 {
        match self.worth_kind {
            WorthKind::Costs => 1.0,
            WorthKind::Gains => -1.0,
        }
    }
}

#[cfg(test)]
pub(super) mod examples {
    //! Games shared by several tests.

    use super::*;
    use rand::RngExt;
    use rand_pcg::Pcg64;

    /// Costs of the coalitions by index: Table III of the paper on cooperative fleets.
    pub fn table_3() -> CooperativeGame {
        let costs = [0.0, 1.850, 3.044, 1.635, 2.651, 1.599, 2.187, 1.381];
        CooperativeGame::costs(3, |coalition| costs[coalition.place()]).unwrap()
    }

    /// Costs of a runway: its length is the longest that any member needs (Littlechild and Owen 1973).
    pub fn airport(needs: &[f64]) -> CooperativeGame {
        CooperativeGame::costs(needs.len(), |coalition| {
            coalition.players().map(|player| needs[player]).fold(0.0, f64::max)
        })
        .unwrap()
    }

    /// Gains of a bankruptcy: the remainder of the estate for a coalition after the claims of all others have been paid
    /// in full (O'Neill 1982).
    pub fn bankruptcy(estate: f64, claims: &[f64]) -> CooperativeGame {
        let all = Coalition::all(claims.len());
        CooperativeGame::gains(claims.len(), |coalition| (estate - all.minus(coalition).sum(claims)).max(0.0))
            .unwrap()
    }

    /// Costs without any structure.
    pub fn random(players: usize, random: &mut Pcg64) -> CooperativeGame {
        CooperativeGame::costs(players, |coalition| {
            (random.random_range(1.0..2.0) * (coalition.len() as f64).sqrt() * 1e3).round() / 1e3
        })
        .unwrap()
    }

    /// A convex game of gains: a sum of amounts, each obtained by every coalition that contains a given set of players.
    pub fn convex(players: usize, random: &mut Pcg64) -> CooperativeGame {
        let pots: Vec<(usize, f64)> = (0..2 * players)
            .map(|_| (random.random_range(1..1usize << players), random.random_range(0.0..1.0)))
            .collect();
        CooperativeGame::gains(players, |coalition| {
            pots.iter().filter(|(who, _)| who & coalition.place() == *who).map(|(_, pot)| pot).sum()
        })
        .unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_game_is_refused() {
        let found =
            |players, worth| InputError::from(CooperativeGame::costs(players, |_| worth).unwrap_err()).found;
        assert_eq!(found(0, 1.0), "no player");
        assert_eq!(found(21, 1.0), "21 players");
        assert_eq!(found(2, f64::NAN), "NaN");
        assert_eq!(found(2, f64::NEG_INFINITY), "-inf");
        assert_eq!(found(1, 1.1e100), "1.1e100");
    }

    #[test]
    fn savings_are_costs_seen_from_the_other_side() {
        let costs = examples::table_3();
        let savings = costs.savings();
        assert_eq!(savings.worth_kind(), WorthKind::Gains);
        assert_eq!([savings.alone(0), savings.alone(1), savings.alone(2)], [0.0; 3]);
        assert!((savings.total() - (1.850 + 3.044 + 2.651 - 1.381)).abs() < 1e-12);
        let pays = [0.2, 0.9, 0.281];
        let saves = [1.850 - 0.2, 3.044 - 0.9, 2.651 - 0.281];
        for coalition in costs.proper() {
            let (a, b) = (costs.excess(coalition, &pays), savings.excess(coalition, &saves));
            assert!((a - b).abs() < 1e-12, "{coalition:?}");
        }
        // The transformation is idempotent.
        let again = savings.savings();
        assert_eq!(again.table(), savings.table());
    }
}
