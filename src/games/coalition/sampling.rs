//! The Shapley value of many players, estimated from random orders of arrival, with confidence intervals.
//!
//! Sampling of orders: Castro, Gómez, Tejada, Polynomial calculation of the Shapley value based on sampling, Computers
//! and Operations Research 36 (2009). An order can be paired with its reverse (antithetic: players early in one are
//! late in the other) and also with all its rotations (stratified: each player takes each position equally often).
//! Orders that belong together form one replicate; replicates are independent, and their variance determines the
//! intervals.

use super::Coalition;
use crate::statistics::{Interval, Sample};
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;

/// Orders that form a replicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permutations {
    /// One random order.
    Independent,
    /// A random order and its reverse.
    Antithetic,
    /// All rotations of a random order and their reverses: twice as many orders as there are players.
    Stratified,
}

/// An estimate of the Shapley value.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// One share per player; they sum to the worth of the grand coalition.
    pub shares: Vec<f64>,
    /// Student's t interval of each share separately.
    pub intervals: Vec<Interval>,
    /// Number of evaluations of `worth`.
    pub evaluations: u64,
}

/// Estimates the Shapley value of a game of `players` players from `replicates` replicates, with intervals at
/// confidence level `level` (between 0 and 1).
///
/// `worth` is evaluated for coalitions that grow by one player, never for the empty one; it must be finite and
/// deterministic. Returns `None` without players, with more than [`Coalition::MOST`], or with fewer than two
/// replicates.
///
/// # Panics
/// If `level` is not between 0 and 1.
pub fn sampled(
    players: usize,
    mut worth: impl FnMut(Coalition) -> f64,
    orders: Permutations,
    replicates: usize,
    level: f64,
    random: &mut Pcg64,
) -> Option<Estimate> {
    if players == 0 || players > Coalition::MOST || replicates < 2 {
        return None;
    }
    let mut evaluations = 0;
    let mut added = |order: &mut dyn Iterator<Item = usize>, shares: &mut [f64]| {
        let (mut members, mut before) = (Coalition::EMPTY, 0.0);
        for player in order {
            members = members.with(player);
            let now = worth(members);
            evaluations += 1;
            shares[player] += now - before;
            before = now;
        }
    };
    let mut order: Vec<usize> = (0..players).collect();
    // Mean contribution of each player in each replicate.
    let mut contributions = vec![Vec::with_capacity(replicates); players];
    for _ in 0..replicates {
        order.shuffle(random);
        let mut shares = vec![0.0; players];
        let rotations = if orders == Permutations::Stratified { players } else { 1 };
        for first in 0..rotations {
            let rotated = || order[first..].iter().chain(&order[..first]).copied();
            added(&mut rotated(), &mut shares);
            if orders != Permutations::Independent {
                added(&mut rotated().rev(), &mut shares);
            }
        }
        let count = rotations * if orders == Permutations::Independent { 1 } else { 2 };
        for (contributions, share) in contributions.iter_mut().zip(shares) {
            contributions.push(share / count as f64);
        }
    }
    let samples: Vec<Sample> =
        contributions.iter().map(|values| Sample::of(values)).collect::<Option<_>>()?;
    Some(Estimate {
        shares: samples.iter().map(|sample| sample.mean).collect(),
        intervals: samples.iter().map(|sample| sample.t_interval(level)).collect::<Option<_>>()?,
        evaluations,
    })
}

#[cfg(test)]
mod tests {
    use super::super::game::examples::random;
    use super::super::shapley::shapley;
    use super::*;
    use gridfleet_core::rng::{Purpose, Streams};

    fn stream(seed: u64) -> Pcg64 {
        Streams { seed, replication: 0 }.stream(Purpose::Synthesis, 0)
    }

    /// A runway for a hundred players, with known shares (Littlechild and Owen 1973).
    fn needs() -> Vec<f64> {
        (0..100).map(|i| f64::from(1 + i / 10)).collect()
    }

    fn runway(coalition: Coalition) -> f64 {
        coalition.players().map(|player| f64::from(1 + player as u32 / 10)).fold(0.0, f64::max)
    }

    fn shared() -> Vec<f64> {
        let needs = needs();
        let users = |length: f64| needs.iter().filter(|&&need| need >= length).count() as f64;
        needs.iter().map(|&need| (1..=need as u32).map(|l| 1.0 / users(f64::from(l))).sum()).collect()
    }

    #[test]
    fn a_hundred_players_come_out_as_known() {
        for (orders, replicates) in [
            (Permutations::Independent, 4_000),
            (Permutations::Antithetic, 2_000),
            (Permutations::Stratified, 20),
        ] {
            let estimate = sampled(100, runway, orders, replicates, 0.99, &mut stream(1)).unwrap();
            let sum: f64 = estimate.shares.iter().sum();
            assert!((sum - 10.0).abs() < 1e-9, "{sum}");
            let inside = estimate.intervals.iter().zip(shared()).filter(|(i, share)| i.contains(*share));
            assert!(inside.count() >= 95, "{orders:?}");
            let orders_each = [1, 2, 200][orders as usize];
            assert_eq!(estimate.evaluations, 100 * orders_each * replicates as u64);
        }
    }

    /// Intervals at 90 % for 8 players over 250 estimates; players of one estimate are not independent, so the
    /// acceptance band is wide.
    #[test]
    fn intervals_cover_as_often_as_they_say() {
        let game = random(8, &mut stream(2));
        let exact = shapley(&game);
        for (orders, replicates) in
            [(Permutations::Independent, 60), (Permutations::Antithetic, 60), (Permutations::Stratified, 12)]
        {
            let mut random = stream(3);
            let mut covered = 0;
            for _ in 0..250 {
                let estimate = sampled(8, |s| game.worth(s), orders, replicates, 0.9, &mut random).unwrap();
                covered +=
                    estimate.intervals.iter().zip(&exact).filter(|(i, share)| i.contains(**share)).count();
            }
            let share = covered as f64 / 2_000.0;
            assert!((0.87..0.93).contains(&share), "{orders:?}: {share}");
        }
    }

    /// Compared at the same number of orders. For (|S| + weights)^2 a player's contribution is linear in the players
    /// before it: pairs yield the mean of all orders exactly. For a runway, whose last metres are paid only by the
    /// first of a few players, rotations help and pairs hardly do.
    #[test]
    fn orders_that_belong_together_are_worth_more() {
        let spread = |worth: &dyn Fn(Coalition) -> f64, orders, replicates| {
            let estimate = sampled(100, worth, orders, replicates, 0.95, &mut stream(4)).unwrap();
            estimate.intervals.iter().map(Interval::half_width).sum::<f64>()
        };
        let square = |s: Coalition| s.players().map(|i| 1.0 + i as f64 / 100.0).sum::<f64>().powi(2);
        assert!(spread(&square, Permutations::Independent, 20) > 1.0);
        assert!(spread(&square, Permutations::Antithetic, 10) < 1e-6);
        let independent = spread(&runway, Permutations::Independent, 4_000);
        let stratified = spread(&runway, Permutations::Stratified, 20);
        assert!(stratified < 0.85 * independent, "{stratified} {independent}");
    }

    #[test]
    fn what_cannot_be_estimated_is_none() {
        let estimate = |players, replicates| {
            sampled(players, |s| s.len() as f64, Permutations::Antithetic, replicates, 0.95, &mut stream(1))
        };
        assert!(estimate(0, 10).is_none() && estimate(129, 10).is_none() && estimate(3, 1).is_none());
        let all = estimate(128, 2).unwrap();
        assert!(all.shares.iter().all(|share| *share == 1.0));
        assert!(all.intervals.iter().all(|interval| interval.half_width() == 0.0));
    }
}
