//! The Core: allocations on which no coalition can improve alone.
//!
//! Membership is tested over all coalitions; emptiness by the least core (Maschler, Peleg, Shapley 1979), whose epsilon
//! is the minimum, over all allocations, of the largest excess: the Core is empty if it is positive, and has an
//! interior if it is negative.

use super::levels::Levels;
use super::linear::Fixed;
use super::{Coalition, CooperativeGame};
use crate::optimize::SolveError;
use serde::Serialize;
use std::cmp::Ordering;

/// Maximum number of players for which the extreme points of the Core are listed.
pub const MOST_WITH_EXTREME_POINTS: usize = 4;

/// A coalition that would be better off alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Objection {
    /// The objecting coalition.
    pub coalition: Coalition,
    /// Joint saving or gain of its members from leaving, in the unit of worth.
    pub excess: f64,
}

/// The coalition with the largest objection to `shares`, one per player; `None` if no coalition objects.
///
/// Shares need not sum to the worth of the grand coalition; see [`Rationality`].
pub fn objection(game: &CooperativeGame, shares: &[f64]) -> Option<Objection> {
    let sign = game.sign();
    let mut sums = vec![0.0; game.table().len()];
    let mut worst = Objection { coalition: Coalition::EMPTY, excess: game.tolerance() };
    for (place, worth) in game.table().iter().enumerate().skip(1) {
        sums[place] = sums[place & (place - 1)] + shares[place.trailing_zeros() as usize];
        let excess = sign * (sums[place] - worth);
        if place != game.grand_coalition().place() && excess > worst.excess {
            worst = Objection { coalition: Coalition::at(place), excess };
        }
    }
    (!worst.coalition.is_empty()).then_some(worst)
}

/// Rationality conditions of an allocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rationality {
    /// Shares sum to the worth of the grand coalition.
    pub efficient: bool,
    /// No player would be better off alone.
    pub individually_rational: bool,
    /// No coalition would be better off alone.
    pub coalitionally_rational: bool,
}

impl Rationality {
    /// Evaluates the conditions for `shares`, one per player.
    pub fn of(game: &CooperativeGame, shares: &[f64]) -> Self {
        let content = |player| game.excess(Coalition::EMPTY.with(player), shares) <= game.tolerance();
        Self {
            efficient: (game.grand_coalition().sum(shares) - game.total()).abs() <= game.tolerance(),
            individually_rational: (0..game.players()).all(content),
            coalitionally_rational: objection(game, shares).is_none(),
        }
    }

    /// Whether the allocation lies in the Core.
    pub fn in_core(&self) -> bool {
        self.efficient && self.coalitionally_rational
    }
}

/// An allocation with the smallest maximum excess.
#[derive(Debug, Clone, PartialEq)]
pub struct LeastCore {
    /// Largest excess of a proper coalition, in the unit of worth: the subsidy that each would need to stay or, if
    /// negative, the amount that each can be charged before one leaves.
    pub epsilon: f64,
    /// One of the allocations that attain it, one share per player.
    pub shares: Vec<f64>,
}

/// The least core; `None` for a single player, to which no coalition can object.
///
/// # Errors
/// If the solver fails.
pub fn least_core(game: &CooperativeGame) -> Result<Option<LeastCore>, SolveError> {
    if game.players() == 1 {
        return Ok(None);
    }
    let Some(mut levels) = Levels::new(game, false) else {
        return Ok(Some(LeastCore { epsilon: 0.0, shares: Levels::as_alone(game) }));
    };
    let level = levels.solve()?;
    Ok(Some(LeastCore { epsilon: levels.excess(&level), shares: levels.shares(&level) }))
}

/// Whether the Core is empty.
///
/// # Errors
/// If the solver fails.
pub fn is_empty(game: &CooperativeGame) -> Result<bool, SolveError> {
    Ok(least_core(game)?.is_some_and(|least| least.epsilon > game.tolerance()))
}

/// Extreme points of the Core, one share per player; an empty list if the Core is empty.
///
/// For three players they are in counter-clockwise order in a triangle whose left corner corresponds to the first
/// player, the right one to the second and the top to the third; otherwise in ascending order of shares. `None` for
/// more than [`MOST_WITH_EXTREME_POINTS`] players: there can be hundreds.
pub fn extreme_points(game: &CooperativeGame) -> Option<Vec<Vec<f64>>> {
    let players = game.players();
    if players > MOST_WITH_EXTREME_POINTS {
        return None;
    }
    let mut efficient = Fixed::new(players);
    efficient.fix(game.grand_coalition(), game.total());
    let mut extreme_points: Vec<Vec<f64>> = Vec::new();
    // At an extreme point, players - 1 coalitions with independent sums have no excess.
    let mut open = vec![(efficient, 1)];
    while let Some((fixed, first)) = open.pop() {
        if let Some(shares) = fixed.shares() {
            let known =
                |point: &Vec<f64>| point.iter().zip(&shares).all(|(a, b)| (a - b).abs() <= game.tolerance());
            if objection(game, &shares).is_none() && !extreme_points.iter().any(known) {
                extreme_points.push(shares);
            }
            continue;
        }
        for place in first..game.grand_coalition().place() {
            let mut more = fixed.clone();
            if more.fix(Coalition::at(place), game.table()[place]) {
                open.push((more, place + 1));
            }
        }
    }
    extreme_points.sort_by(|a, b| {
        let by_player = a.iter().zip(b).map(|(a, b)| a.total_cmp(b));
        by_player.fold(Ordering::Equal, Ordering::then)
    });
    if players == 3 {
        around(&mut extreme_points);
    }
    Some(extreme_points)
}

/// Sorts the extreme points of three players by their angle around the centre.
fn around(extreme_points: &mut [Vec<f64>]) {
    // Corners of the triangle at (0, 0), (1, 0), (1/2, sqrt(3)/2).
    let place = |shares: &[f64]| (shares[1] + shares[2] / 2.0, shares[2] * 3f64.sqrt() / 2.0);
    let count = extreme_points.len().max(1) as f64;
    let middle =
        extreme_points.iter().map(|point| place(point)).fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
    let angle = |point: &[f64]| {
        let (x, y) = place(point);
        (y - middle.1 / count).atan2(x - middle.0 / count)
    };
    extreme_points.sort_by(|a, b| angle(a).total_cmp(&angle(b)));
}

#[cfg(test)]
mod tests {
    use super::super::game::examples::{airport, convex, random, table_3};
    use super::*;
    use gridfleet_core::rng::{Purpose, Streams};
    use rand::RngExt;

    fn close(a: &[f64], b: &[f64]) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-9)
    }

    #[test]
    fn who_objects_most_is_named() {
        let game = table_3();
        // The first player would save 0.05 alone, and 0.082 together with the third.
        let objection = objection(&game, &[1.9, -0.3, -0.219]).unwrap();
        assert_eq!(objection.coalition, Coalition::from_iter([0, 2]));
        assert!((objection.excess - 0.082).abs() < 1e-12);
        assert_eq!(super::objection(&game, &[0.6, 0.4, 0.381]), None);
    }

    /// By hand: the cost of two players bounds the share of the third from below, at -0.806, -0.218 and -0.254; the
    /// corner of player 1 of the resulting triangle, at 1.853, is cut off at 1.850.
    #[test]
    fn the_core_of_the_paper() {
        let extreme_points = extreme_points(&table_3()).unwrap();
        let expected = [
            [-0.806, 2.441, -0.254],
            [-0.806, -0.218, 2.405],
            [1.850, -0.218, -0.251],
            [1.850, -0.215, -0.254],
        ];
        assert_eq!(extreme_points.len(), 4, "{extreme_points:?}");
        for point in expected {
            assert!(extreme_points.iter().any(|found| close(found, &point)), "{point:?} {extreme_points:?}");
        }
    }

    /// Three players: the five balanced families (Shapley 1967) determine whether the Core is empty, and the least core
    /// follows from the tightest of them.
    #[test]
    fn three_players_agree_with_balanced_families() {
        let mut stream = Streams { seed: 1, replication: 0 }.stream(Purpose::Synthesis, 0);
        let mut empty = 0;
        for _ in 0..300 {
            let game = random(3, &mut stream);
            let c = game.table();
            // Largest sum of (total - weighted costs) over the sum of weights.
            let families = [
                ((c[7] - c[1] - c[6]) / 2.0),
                ((c[7] - c[2] - c[5]) / 2.0),
                ((c[7] - c[4] - c[3]) / 2.0),
                ((c[7] - c[1] - c[2] - c[4]) / 3.0),
                ((c[7] - (c[3] + c[5] + c[6]) / 2.0) / 1.5),
            ];
            let expected = families.into_iter().fold(f64::NEG_INFINITY, f64::max);
            let least = least_core(&game).unwrap().unwrap();
            assert!((least.epsilon - expected).abs() < 1e-9, "{} {expected}", least.epsilon);
            let largest = game.proper().map(|s| game.excess(s, &least.shares)).fold(f64::MIN, f64::max);
            assert!((largest - expected).abs() < 1e-7);
            assert_eq!(extreme_points(&game).unwrap().is_empty(), is_empty(&game).unwrap());
            empty += i32::from(is_empty(&game).unwrap());
        }
        assert!((30..270).contains(&empty), "{empty}");
    }

    /// The extreme points of the Core of a convex game are the allocations in which players join one by one and each
    /// receives its marginal contribution (Shapley 1971).
    #[test]
    fn extreme_points_of_convex_games_are_marginal_contributions() {
        let mut stream = Streams { seed: 2, replication: 0 }.stream(Purpose::Synthesis, 0);
        for players in 2..=4 {
            for _ in 0..20 {
                let game = convex(players, &mut stream);
                let found = extreme_points(&game).unwrap();
                let mut orders = Vec::new();
                super::super::shapley::tests::orders(players, &mut |order| orders.push(order.to_vec()));
                let allocations: Vec<Vec<f64>> = orders
                    .iter()
                    .map(|order| {
                        let (mut before, mut shares) = (Coalition::EMPTY, vec![0.0; players]);
                        for &player in order {
                            shares[player] = game.worth(before.with(player)) - game.worth(before);
                            before = before.with(player);
                        }
                        shares
                    })
                    .collect();
                assert!(found.iter().all(|a| allocations.iter().any(|b| close(a, b))));
                assert!(allocations.iter().all(|a| found.iter().any(|b| close(a, b))));
            }
        }
    }

    #[test]
    fn membership_agrees_with_each_inequality() {
        let mut stream = Streams { seed: 3, replication: 0 }.stream(Purpose::Synthesis, 0);
        let mut inside = 0;
        for round in 0..400 {
            let game = airport(&[1.0, 2.0, 2.5, 4.0]);
            let game = if round % 2 == 0 { game } else { game.savings() };
            let mut shares: Vec<f64> = (0..4).map(|_| stream.random_range(0.0..1.5)).collect();
            let factor = game.total() / shares.iter().sum::<f64>();
            shares.iter_mut().for_each(|share| *share *= factor);
            let satisfied = |s: Coalition| {
                let sum: f64 = (0..4).filter(|&i| s.contains(i)).map(|i| shares[i]).sum();
                if round % 2 == 0 { sum <= game.worth(s) } else { sum >= game.worth(s) }
            };
            let expected = (1..15).map(Coalition::at).all(satisfied);
            let rationality = Rationality::of(&game, &shares);
            assert!(rationality.efficient);
            assert_eq!(rationality.in_core(), expected);
            assert_eq!(
                rationality.individually_rational,
                (0..4).all(|i| satisfied(Coalition::EMPTY.with(i)))
            );
            inside += i32::from(expected);
        }
        assert!((20..380).contains(&inside), "{inside}");
        let game = airport(&[1.0, 2.0]);
        assert!(!Rationality::of(&game, &[0.5, 1.0]).efficient);
    }

    /// The extreme points of the Core of three players go around it: each turn is to the left.
    #[test]
    fn extreme_points_of_three_players_go_around() {
        let extreme_points = extreme_points(&airport(&[1.0, 2.0, 4.0])).unwrap();
        assert!(extreme_points.len() >= 3);
        let at = |i: usize| {
            let point = &extreme_points[i % extreme_points.len()];
            (point[1] + point[2] / 2.0, point[2])
        };
        for i in 0..extreme_points.len() {
            let (a, b, c) = (at(i), at(i + 1), at(i + 2));
            assert!((b.0 - a.0) * (c.1 - b.1) - (b.1 - a.1) * (c.0 - b.0) > 0.0);
        }
    }

    #[test]
    fn small_and_flat_games() {
        let one = CooperativeGame::costs(1, |_| 3.0).unwrap();
        assert_eq!(least_core(&one).unwrap(), None);
        assert!(!is_empty(&one).unwrap());
        assert_eq!(extreme_points(&one).unwrap(), [vec![3.0]]);
        // Nothing to save: the Core is the single allocation in which each player pays its standalone cost.
        let flat = CooperativeGame::costs(3, |s| s.sum(&[0.1, 0.2, 0.3])).unwrap();
        assert_eq!(least_core(&flat).unwrap().unwrap().epsilon, 0.0);
        assert_eq!(extreme_points(&flat).unwrap().len(), 1);
        assert_eq!(extreme_points(&CooperativeGame::costs(5, |_| 1.0).unwrap()), None);
    }
}
