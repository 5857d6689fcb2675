//! A game: what each coalition costs or gains, for up to twenty players.

use super::Coalition;
use gridfleet_core::error::InputError;

/// Most players of a game with a table of all coalitions: 2^20 numbers are 8 MB.
pub const MOST_PLAYERS: usize = 20;

/// Largest worth in size. Assumed: far beyond any money, and sums and products of a few stay finite.
pub const LARGEST_WORTH: f64 = 1e100;

/// Differences below this share of the largest worth count as none. Assumed: far above errors of rounding,
/// far below what a decision could depend on.
const TOLERANCE: f64 = 1e-9;

/// Whether a worth is something to pay or something to get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// Less is better.
    Costs,
    /// More is better.
    Gains,
}

/// A worth for each coalition; the empty one has none.
#[derive(Debug, Clone, PartialEq)]
pub struct Game {
    players: usize,
    sense: Sense,
    /// By place: bit i of the place is player i.
    worth: Vec<f64>,
    tolerance: f64,
}

impl Game {
    /// A game of `players` players in which each coalition has the worth that `worth` says.
    ///
    /// # Errors
    /// Without players or with more than [`MOST_PLAYERS`]; if a worth is not finite or beyond
    /// [`LARGEST_WORTH`].
    pub fn new(
        players: usize,
        sense: Sense,
        mut worth: impl FnMut(Coalition) -> f64,
    ) -> Result<Self, InputError> {
        if players == 0 || players > MOST_PLAYERS {
            let found = if players == 0 { "no player".to_owned() } else { format!("{players} players") };
            return Err(InputError::new(found, format!("1 to {MOST_PLAYERS} players")).key("players"));
        }
        let mut table = vec![0.0; 1 << players];
        let mut largest = 0.0f64;
        for (place, entry) in table.iter_mut().enumerate().skip(1) {
            *entry = worth(Coalition::at(place));
            if !entry.is_finite() || entry.abs() > LARGEST_WORTH {
                let members: Vec<String> = Coalition::at(place).players().map(|i| i.to_string()).collect();
                return Err(InputError::new(
                    format!("{entry:?}"),
                    format!("a finite number of at most {LARGEST_WORTH:e} in size"),
                )
                .key(format!("worth of players {} (from 0)", members.join(","))));
            }
            largest = largest.max(entry.abs());
        }
        Ok(Self { players, sense, worth: table, tolerance: TOLERANCE * largest })
    }

    /// A game of costs.
    ///
    /// # Errors
    /// See [`Game::new`].
    pub fn costs(players: usize, worth: impl FnMut(Coalition) -> f64) -> Result<Self, InputError> {
        Self::new(players, Sense::Costs, worth)
    }

    /// A game of gains.
    ///
    /// # Errors
    /// See [`Game::new`].
    pub fn gains(players: usize, worth: impl FnMut(Coalition) -> f64) -> Result<Self, InputError> {
        Self::new(players, Sense::Gains, worth)
    }

    /// What each coalition saves (of gains: gains more) against its members alone:
    /// v(S) = sum of c({i}) - c(S). A game of gains, in which no single player gains anything.
    ///
    /// A division of the savings is a division of the costs: each pays c({i}) less what it saves. Shapley
    /// value, Core and nucleolus go over into each other this way. Differences within the tolerance of
    /// this game count as none in that of savings as well.
    #[must_use]
    pub fn savings(&self) -> Self {
        let alone: Vec<f64> = (0..self.players).map(|player| self.alone(player)).collect();
        let sign = self.sign();
        let mut worth: Vec<f64> = (0..self.worth.len())
            .map(|place| sign * (Coalition::at(place).sum(&alone) - self.worth[place]))
            .collect();
        // Exactly none, not what rounding leaves.
        worth[0] = 0.0;
        Self { players: self.players, sense: Sense::Gains, worth, tolerance: self.tolerance }
    }

    /// Number of players.
    pub fn players(&self) -> usize {
        self.players
    }

    /// Whether worth is to be paid or to be got.
    pub fn sense(&self) -> Sense {
        self.sense
    }

    /// Worth of `coalition`, whose members must be players of the game.
    pub fn worth(&self, coalition: Coalition) -> f64 {
        self.worth[coalition.place()]
    }

    /// Worth of all coalitions by place; bit i of the place is player i.
    pub fn table(&self) -> &[f64] {
        &self.worth
    }

    /// Worth of `player` alone.
    pub fn alone(&self, player: usize) -> f64 {
        self.worth[1 << player]
    }

    /// Everybody.
    pub fn everybody(&self) -> Coalition {
        Coalition::all(self.players)
    }

    /// Worth of everybody together: what is to be divided.
    pub fn total(&self) -> f64 {
        self.worth[self.worth.len() - 1]
    }

    /// All coalitions but nobody and everybody.
    pub fn proper(&self) -> impl Iterator<Item = Coalition> + use<> {
        (1..self.worth.len() - 1).map(Coalition::at)
    }

    /// What `coalition` loses by accepting `shares`, one for each player: positive if it objects.
    pub fn excess(&self, coalition: Coalition, shares: &[f64]) -> f64 {
        self.sign() * (coalition.sum(shares) - self.worth(coalition))
    }

    /// Differences up to this count as none, in the unit of worth.
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// 1 for costs, -1 for gains.
    pub(super) fn sign(&self) -> f64 {
        match self.sense {
            Sense::Costs => 1.0,
            Sense::Gains => -1.0,
        }
    }
}

#[cfg(test)]
pub(super) mod examples {
    //! Games that several tests look at.

    use super::*;
    use rand::RngExt;
    use rand_pcg::Pcg64;

    /// Costs of the coalitions by place: Table III of the paper on cooperative fleets.
    pub fn table_3() -> Game {
        let costs = [0.0, 1.850, 3.044, 1.635, 2.651, 1.599, 2.187, 1.381];
        Game::costs(3, |coalition| costs[coalition.place()]).unwrap()
    }

    /// Costs of a runway: as long as the longest that a member needs (Littlechild and Owen 1973).
    pub fn airport(needs: &[f64]) -> Game {
        Game::costs(needs.len(), |coalition| {
            coalition.players().map(|player| needs[player]).fold(0.0, f64::max)
        })
        .unwrap()
    }

    /// Gains of a bankruptcy: what is left of the estate for a coalition once all others have got their
    /// claims in full (O'Neill 1982).
    pub fn bankruptcy(estate: f64, claims: &[f64]) -> Game {
        let all = Coalition::all(claims.len());
        Game::gains(claims.len(), |coalition| (estate - all.minus(coalition).sum(claims)).max(0.0)).unwrap()
    }

    /// Costs without any structure.
    pub fn random(players: usize, random: &mut Pcg64) -> Game {
        Game::costs(players, |coalition| {
            (random.random_range(1.0..2.0) * (coalition.len() as f64).sqrt() * 1e3).round() / 1e3
        })
        .unwrap()
    }

    /// A convex game of gains: a sum of pots, each for whoever contains all of some players.
    pub fn convex(players: usize, random: &mut Pcg64) -> Game {
        let pots: Vec<(usize, f64)> = (0..2 * players)
            .map(|_| (random.random_range(1..1usize << players), random.random_range(0.0..1.0)))
            .collect();
        Game::gains(players, |coalition| {
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
        let found = |players, worth| Game::costs(players, |_| worth).unwrap_err().found;
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
        assert_eq!(savings.sense(), Sense::Gains);
        assert_eq!([savings.alone(0), savings.alone(1), savings.alone(2)], [0.0; 3]);
        assert!((savings.total() - (1.850 + 3.044 + 2.651 - 1.381)).abs() < 1e-12);
        let pays = [0.2, 0.9, 0.281];
        let saves = [1.850 - 0.2, 3.044 - 0.9, 2.651 - 0.281];
        for coalition in costs.proper() {
            let (a, b) = (costs.excess(coalition, &pays), savings.excess(coalition, &saves));
            assert!((a - b).abs() < 1e-12, "{coalition:?}");
        }
        // Twice is the same again.
        let again = savings.savings();
        assert_eq!(again.table(), savings.table());
    }
}
