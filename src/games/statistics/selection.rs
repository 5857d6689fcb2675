//! Selection of the best of several policies, and its confidence.
//!
//! Chick and Inoue, New procedures to select the best simulated system using common random numbers, Management Science
//! 47 (2001), compute the probability that each system is the best under a normal model. Here no model is assumed:
//! replications are resampled. The result is interpreted alike, but it is a statement about the observed replications
//! and does not guarantee correct selection. With few replications it is overconfident: resampled means vary less than
//! true ones, by (n - 1) / n in variance, and do not have the tails of the t distribution.

use super::bootstrap::two_indices;
use super::describe::within;
use super::rounding_of_sum;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

/// Direction of improvement of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Orientation {
    /// Higher is better, as for profit.
    Higher,
    /// Lower is better, as for waiting time.
    Lower,
}

impl Orientation {
    /// Orients `x` so that higher is better.
    fn oriented(self, x: f64) -> f64 {
        match self {
            Self::Higher => x,
            Self::Lower => -x,
        }
    }
}

/// Probability, by paired bootstrap, that each policy has the best mean; sums to 1.
///
/// `policies` contains the values of each policy, one per replication. In each of `resamples` resamples, all n
/// replications are redrawn with replacement, the same ones for all policies, and the policy with the best mean over
/// them scores one; policies within rounding of the best share it equally. The result is the score divided by
/// `resamples`. To first order it is the posterior probability under the Bayesian bootstrap (Rubin 1981).
///
/// `None` without policies or resamples, or for fewer than two replications.
///
/// # Panics
///
/// If the policies do not have the same number of values.
pub fn best_in_mean<S: AsRef<[f64]>>(
    policies: &[S],
    better: Orientation,
    resamples: usize,
    random: &mut Pcg64,
) -> Option<Vec<f64>> {
    let n = replications(policies)?;
    if n < 2 || resamples == 0 {
        return None;
    }
    let largest = policies.iter().flat_map(|p| p.as_ref()).fold(0.0_f64, |most, x| most.max(x.abs()));
    let tolerance = rounding_of_sum(n, largest);
    let mut shares = vec![0.0; policies.len()];
    let mut sums = vec![0.0; policies.len()];
    // Number of times each replication is drawn: the draws are made once for all policies.
    let mut times = vec![0.0; n];
    for _ in 0..resamples {
        times.fill(0.0);
        for _ in 0..n / 2 {
            let (first, second) = two_indices(random, n);
            times[first] += 1.0;
            times[second] += 1.0;
        }
        if n % 2 == 1 {
            times[two_indices(random, n).0] += 1.0;
        }
        for (sum, policy) in sums.iter_mut().zip(policies) {
            *sum = better.oriented(dot(policy.as_ref(), &times));
        }
        share(&sums, tolerance, &mut shares);
    }
    Some(scaled(shares, resamples))
}

/// Minimum number of replications for which [`best_in_mean`] is meaningful at a probability of `confidence`: with
/// fewer, a policy that is ahead in each of them is not significant in a sign test, although every resample agrees.
///
/// # Panics
///
/// If `confidence` is not below 1.
pub fn replications_needed(confidence: f64) -> usize {
    super::wilcoxon::pairs_needed(1.0 - confidence, 1)
}

/// Fraction of replications in which each policy has the best value; equal values share a replication.
///
/// An estimate of the probability of being best in one further replication, "on any one day", whereas [`best_in_mean`]
/// concerns the long run. `None` without policies or replications.
///
/// # Panics
///
/// If the policies do not have the same number of values.
pub fn best_in_replication<S: AsRef<[f64]>>(policies: &[S], better: Orientation) -> Option<Vec<f64>> {
    let n = replications(policies)?;
    if n == 0 {
        return None;
    }
    let mut shares = vec![0.0; policies.len()];
    for i in 0..n {
        let values: Vec<f64> = policies.iter().map(|p| better.oriented(p.as_ref()[i])).collect();
        share(&values, 0.0, &mut shares);
    }
    Some(scaled(shares, n))
}

/// Number of replications, the same for all policies; `None` without policies.
fn replications<S: AsRef<[f64]>>(policies: &[S]) -> Option<usize> {
    let n = policies.first()?.as_ref().len();
    assert!(policies.iter().all(|p| p.as_ref().len() == n), "as many replications of each policy");
    Some(n)
}

/// Adds one to `shares`, divided equally among the policies within `tolerance` of the greatest value.
fn share(values: &[f64], tolerance: f64, shares: &mut [f64]) {
    let best = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let wins = |x: f64| x >= best - tolerance;
    let winners = values.iter().filter(|&&x| wins(x)).count();
    for (share, _) in shares.iter_mut().zip(values).filter(|(_, x)| wins(**x)) {
        *share += 1.0 / winners as f64;
    }
}

fn scaled(shares: Vec<f64>, count: usize) -> Vec<f64> {
    // Thirds of a score may sum to slightly more than the total.
    shares.into_iter().map(|s| within(s / count as f64, 0.0, 1.0)).collect()
}

/// Inner product in four independent partial sums.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 4];
    let (a_fours, a_rest) = a.as_chunks::<4>();
    let (b_fours, b_rest) = b.as_chunks::<4>();
    for (x, y) in a_fours.iter().zip(b_fours) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum += x * y;
        }
    }
    let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    sums[0] + sums[1] + sums[2] + sums[3] + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::rng::{Purpose, Streams};
    use proptest::prelude::*;
    use statrs::distribution::{ContinuousCDF, Normal};

    fn stream() -> Pcg64 {
        Streams { seed: 9, replication: 0 }.stream(Purpose::Synthesis, 0)
    }

    #[test]
    fn nothing_to_choose_from() {
        assert_eq!(best_in_mean::<Vec<f64>>(&[], Orientation::Higher, 10, &mut stream()), None);
        assert_eq!(best_in_mean(&[[1.0], [2.0]], Orientation::Higher, 10, &mut stream()), None);
        assert_eq!(best_in_replication::<Vec<f64>>(&[], Orientation::Higher), None);
        assert_eq!(best_in_replication(&[[0.0; 0]], Orientation::Higher), None);
        assert_eq!(best_in_replication(&[[1.0], [2.0]], Orientation::Higher), Some(vec![0.0, 1.0]));
    }

    #[test]
    fn the_better_direction_decides() {
        let policies = [[1.0, 2.0, 3.0, 4.0], [1.5, 2.5, 3.5, 4.5]];
        assert_eq!(best_in_mean(&policies, Orientation::Higher, 50, &mut stream()), Some(vec![0.0, 1.0]));
        assert_eq!(best_in_mean(&policies, Orientation::Lower, 50, &mut stream()), Some(vec![1.0, 0.0]));
    }

    #[test]
    fn ties_are_shared_equally() {
        let days = [[3.0, 1.0, 5.0, 2.0], [3.0, 4.0, 1.0, 2.0], [0.0, 0.0, 0.0, 2.0]];
        // First day shared equally by two, second day to the second, third day to the first, fourth day a third each.
        let third = 1.0 / 3.0;
        let expected = [(1.5 + third) / 4.0, (1.5 + third) / 4.0, third / 4.0];
        for (found, expected) in best_in_replication(&days, Orientation::Higher).unwrap().iter().zip(expected)
        {
            assert!((found - expected).abs() < 1e-15);
        }
        // Equal means, although no sum is rounded alike: 0.1 + 0.2 against 0.3 + 0.0, and so on.
        let a = [0.1, 0.1, 0.1, 0.1, 0.1, 0.1];
        let b = a.map(|x| x * 3.0 / 3.0000000000000004);
        let found = best_in_mean(&[a, b], Orientation::Lower, 100, &mut stream()).unwrap();
        assert_eq!(found, [0.5, 0.5]);
    }

    /// For two policies, the fraction of resamples with a positive mean difference is close to that of a normal mean.
    #[test]
    fn two_policies_as_the_normal_approximation_has_it() {
        let n = 400;
        let normal = Normal::standard();
        // Normal scores, so that mean and standard deviation of the differences are known.
        let scores: Vec<f64> =
            (0..n).map(|i| normal.inverse_cdf((f64::from(i) + 0.5) / f64::from(n))).collect();
        let lead = 0.05;
        let baseline: Vec<f64> = scores.iter().rev().map(|x| 100.0 * x * x).collect();
        let policy: Vec<f64> = baseline.iter().zip(&scores).map(|(b, z)| b + z + lead).collect();
        let found = best_in_mean(&[&baseline, &policy], Orientation::Higher, 20_000, &mut stream()).unwrap();
        let variance = scores.iter().map(|z| z * z).sum::<f64>() / f64::from(n);
        let expected = normal.cdf(lead / (variance / f64::from(n)).sqrt());
        // Standard error of the fraction: 0.0026; three of them, plus a margin for the approximation.
        assert!((found[1] - expected).abs() < 0.01, "{} {expected}", found[1]);
        assert!((found[0] + found[1] - 1.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn shares_sum_to_one_and_follow_their_policies(
            columns in prop::collection::vec(prop::collection::vec(-3..4_i32, 6), 1..5)
        ) {
            let policies: Vec<Vec<f64>> =
                columns.iter().map(|c| c.iter().map(|&x| f64::from(x)).collect()).collect();
            let turned: Vec<Vec<f64>> = policies.iter().rev().cloned().collect();
            let mean = best_in_mean(&policies, Orientation::Higher, 60, &mut stream()).unwrap();
            let single = best_in_replication(&policies, Orientation::Higher).unwrap();
            for shares in [&mean, &single] {
                prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            }
            let mut back = best_in_mean(&turned, Orientation::Higher, 60, &mut stream()).unwrap();
            back.reverse();
            prop_assert_eq!(mean, back);
        }
    }
}
