//! Properties of a game: essential, monotone, subadditive, convex; with a counterexample where one fails.
//!
//! Each notion is defined for costs; for gains the mirrored notion applies, as documented in the fields of
//! [`Properties`].

use super::{Coalition, CooperativeGame, WorthKind};
use serde::Serialize;

/// Properties of a game. Differences within its tolerance count as zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Properties {
    /// The grand coalition costs less (gains more) than all players alone: there is something to share.
    pub essential: bool,
    /// A larger coalition never has a smaller worth, for costs as for gains.
    pub monotone: bool,
    /// Two disjoint coalitions never cost more together than apart; for gains: superadditive.
    pub subadditive: bool,
    /// A player never adds more to the costs of a larger coalition (costs are submodular, savings are convex); for
    /// gains: never adds less. The Core is then not empty and contains the Shapley value.
    pub convex: bool,
}

impl Properties {
    /// Computes the properties of `game`. Takes up to a few seconds for twenty players, mostly for subadditivity.
    pub fn of(game: &CooperativeGame) -> Self {
        let alone: f64 = (0..game.players()).map(|player| game.alone(player)).sum();
        let convex = bends_wrongly(game).is_none();
        Self {
            essential: game.sign() * (alone - game.total()) > game.tolerance(),
            monotone: falls(game).is_none(),
            // A submodular game whose empty coalition costs nothing is subadditive.
            subadditive: convex || better_apart(game).is_none(),
            convex,
        }
    }
}

/// A coalition and a player that lowers its worth by joining; `None` if the game is monotone.
pub fn falls(game: &CooperativeGame) -> Option<(Coalition, usize)> {
    let grand_coalition = game.grand_coalition();
    (0..game.table().len()).map(Coalition::at).find_map(|coalition| {
        let less =
            |player: &usize| game.worth(coalition.with(*player)) < game.worth(coalition) - game.tolerance();
        grand_coalition.minus(coalition).players().find(less).map(|player| (coalition, player))
    })
}

/// Two disjoint coalitions that are better off apart; `None` if the game is subadditive (for gains: superadditive).
/// Takes up to 3^n / 2 steps.
pub fn better_apart(game: &CooperativeGame) -> Option<(Coalition, Coalition)> {
    let (worth, tolerance) = (game.table(), game.tolerance());
    let sign = game.sign();
    for union in 1..worth.len() {
        let together = sign * worth[union] - tolerance;
        // The first member stays; each subset of the others stays with it or leaves.
        let others = union & (union - 1);
        let mut away = others;
        while away != 0 {
            if sign * (worth[away] + worth[union ^ away]) < together {
                return Some((Coalition::at(union ^ away), Coalition::at(away)));
            }
            away = (away - 1) & others;
        }
    }
    None
}

/// A coalition and two players, each of which adds more (for gains: less) once the other has joined; `None` if the game
/// is convex.
///
/// Pairs of players suffice: the marginal contributions of a player to a larger and a smaller coalition differ by a sum
/// of such steps, one for each player in the difference (Shapley, Cores of convex games, 1971).
pub fn bends_wrongly(game: &CooperativeGame) -> Option<(Coalition, usize, usize)> {
    let sign = match game.worth_kind() {
        WorthKind::Costs => 1.0,
        WorthKind::Gains => -1.0,
    };
    let worth = game.table();
    for place in 0..worth.len() {
        for i in game.grand_coalition().minus(Coalition::at(place)).players() {
            for j in game.grand_coalition().minus(Coalition::at(place)).players().take_while(|&j| j < i) {
                let (a, b) = (1 << i, 1 << j);
                let bend = worth[place | a] + worth[place | b] - worth[place | a | b] - worth[place];
                if sign * bend < -game.tolerance() {
                    return Some((Coalition::at(place), j, i));
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::game::examples::{airport, bankruptcy, convex, random, table_3};
    use super::*;
    use gridfleet_core::rng::{Purpose, Streams};

    /// The literal definitions, over all pairs of coalitions.
    fn by_definition(game: &CooperativeGame) -> Properties {
        let all: Vec<Coalition> = (0..game.table().len()).map(Coalition::at).collect();
        let pairs = || all.iter().flat_map(|&s| all.iter().map(move |&t| (s, t)));
        let sign = game.sign();
        let w = |coalition| game.worth(coalition);
        let common = |s: Coalition, t: Coalition| s.minus(s.minus(t));
        let alone: f64 = (0..game.players()).map(|i| game.alone(i)).sum();
        Properties {
            essential: sign * (alone - game.total()) > 1e-9,
            monotone: pairs().all(|(s, t)| !s.minus(t).is_empty() || w(s) <= w(t) + 1e-9),
            subadditive: pairs()
                .all(|(s, t)| !common(s, t).is_empty() || sign * (w(s) + w(t) - w(s.union(t))) >= -1e-9),
            convex: pairs().all(|(s, t)| sign * (w(s) + w(t) - w(s.union(t)) - w(common(s, t))) >= -1e-9),
        }
    }

    #[test]
    fn shortcuts_agree_with_the_definitions() {
        let mut stream = Streams { seed: 1, replication: 0 }.stream(Purpose::Synthesis, 0);
        let mut seen = [0; 4];
        for round in 0..400 {
            let game = match round % 4 {
                0 => random(2 + round % 3, &mut stream),
                1 => convex(2 + round % 4, &mut stream),
                // Capped: still subadditive, no longer convex.
                2 => {
                    let game = airport(&[1.0, 2.0, 2.0, 3.0]);
                    let lift = round as f64 / 400.0;
                    CooperativeGame::costs(
                        4,
                        |s| if s.len() == 2 { lift + game.worth(s) } else { game.worth(s) },
                    )
                    .unwrap()
                }
                _ => random(3, &mut stream).savings(),
            };
            let found = Properties::of(&game);
            assert_eq!(found, by_definition(&game), "{game:?}");
            let Properties { essential, monotone, subadditive, convex } = found;
            for (count, holds) in seen.iter_mut().zip([essential, monotone, subadditive, convex]) {
                *count += i32::from(holds);
            }
        }
        assert!(seen.iter().all(|count| (40..=396).contains(count)), "{seen:?}");
    }

    #[test]
    fn known_games() {
        // In the paper's game every fleet serves all customers: costs fall as fleets join.
        let paper = table_3();
        let expected = Properties { essential: true, monotone: false, subadditive: true, convex: false };
        assert_eq!(Properties::of(&paper), expected);
        assert_eq!(falls(&paper), Some((Coalition::at(0b001), 1)));
        // Bankruptcy games are convex (Curiel, Maschler, Tijs 1987), and so are airport games as costs.
        let all = Properties { essential: true, monotone: true, subadditive: true, convex: true };
        assert_eq!(Properties::of(&bankruptcy(200.0, &[100.0, 200.0, 300.0])), all);
        assert_eq!(Properties::of(&airport(&[1.0, 3.0, 3.0, 7.0])), all);
        assert_eq!(Properties::of(&airport(&[1.0, 3.0, 3.0, 7.0]).savings()), all);
    }

    #[test]
    fn counterexamples_are_ones() {
        let mut stream = Streams { seed: 2, replication: 0 }.stream(Purpose::Synthesis, 0);
        for _ in 0..50 {
            let game = random(4, &mut stream);
            if let Some((coalition, player)) = falls(&game) {
                assert!(game.worth(coalition.with(player)) < game.worth(coalition));
            }
            if let Some((a, b)) = better_apart(&game) {
                assert!(game.worth(a) + game.worth(b) < game.worth(a.union(b)));
            }
            let (coalition, i, j) = bends_wrongly(&game).unwrap();
            let adds = |to: Coalition| game.worth(to.with(i)) - game.worth(to);
            assert!(adds(coalition.with(j)) > adds(coalition));
        }
    }
}
