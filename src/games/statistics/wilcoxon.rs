//! Wilcoxon's signed-rank test of paired differences, two-sided.
//!
//! Wilcoxon, Individual comparisons by ranking methods, Biometrics Bulletin 1 (1945). It tests whether differences are
//! symmetric about zero and does not require a normal distribution. A very large difference has no more weight than one
//! that is just the largest.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, Normal};

/// Maximum number of non-zero differences for which the exact distribution is used.
///
/// Its counts, at most 2^50, are exact in 64 bits; beyond it the normal approximation is within 0.004 of the exact
/// value (same limit as scipy's `wilcoxon`).
pub const MOST_EXACT: usize = 50;

/// Minimum two-sided p-value of `n` pairs: all signs equal, probability 2^(1 - n), at most 1.
pub fn least_p(n: usize) -> f64 {
    // A negative power of two is exact; beyond 2,000 pairs it is 0 anyway.
    0.5_f64.powi(n.saturating_sub(1).min(2_000) as i32)
}

/// Minimum number of pairs for which the smallest of `tests` p-values can be below `alpha` after Holm's correction.
///
/// # Panics
///
/// If `alpha` is not above 0.
pub fn pairs_needed(alpha: f64, tests: usize) -> usize {
    assert!(alpha > 0.0, "no number of pairs reaches a level of 0");
    let factor = tests.max(1) as f64;
    (1..).find(|&n| factor * least_p(n) < alpha || n > 1_100).unwrap_or(1)
}

/// Result of the test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SignedRank {
    /// Number of non-zero differences.
    pub n: usize,
    /// Number of differences that are exactly zero, which Wilcoxon drops.
    pub zeros: usize,
    /// Sum of the ranks of the positive differences.
    pub w_plus: f64,
    /// Sum of the ranks of the negative differences.
    pub w_minus: f64,
    /// Two-sided probability of a smaller rank sum at most this low if signs were random.
    pub p_value: f64,
    /// Whether `p_value` is exact; otherwise it is the normal approximation.
    pub exact: bool,
}

/// Performs the test on `differences`, which must be finite.
///
/// Zeros are dropped before ranking, following Wilcoxon (not ranked, as proposed by Pratt). Equal magnitudes share the
/// mean of their ranks; magnitudes are compared exactly, so differences of rounded metrics should be rounded again.
/// Without ties and with up to [`MOST_EXACT`] differences the p-value is exact, otherwise a normal approximation with
/// corrections for ties and for continuity, but never less than [`least_p`], the minimum attainable with signs. If all
/// differences are zero it is 1: there is no evidence against equality.
pub fn signed_rank(differences: &[f64]) -> SignedRank {
    let mut nonzero: Vec<f64> = differences.iter().copied().filter(|&d| d != 0.0).collect();
    nonzero.sort_unstable_by(|a, b| a.abs().total_cmp(&b.abs()));
    let n = nonzero.len();
    let (mut w_plus, mut w_minus) = (0.0, 0.0);
    // Sum of t^3 - t over groups of t equal magnitudes.
    let mut ties = 0.0;
    let mut before = 0;
    for group in nonzero.chunk_by(|a, b| a.abs() == b.abs()) {
        let size = group.len() as f64;
        let rank = before as f64 + (size + 1.0) / 2.0;
        let positive = group.iter().filter(|&&d| d > 0.0).count() as f64;
        w_plus += rank * positive;
        w_minus += rank * (size - positive);
        ties += size.powi(3) - size;
        before += group.len();
    }
    let exact = n <= MOST_EXACT && ties == 0.0;
    let smaller = w_plus.min(w_minus);
    // Without ties rank sums are integers.
    let p_value =
        if exact { exact_p(n, smaller as usize) } else { approximate_p(n, smaller, ties).max(least_p(n)) };
    SignedRank { n, zeros: differences.len() - n, w_plus, w_minus, p_value, exact }
}

/// Twice the probability that the ranks 1 to `n`, each taken with probability 1/2, sum to at most `sum`.
fn exact_p(n: usize, sum: usize) -> f64 {
    let most = n * (n + 1) / 2;
    // ways[s]: number of sets of the ranks so far that sum to s.
    let mut ways = vec![0_u64; most + 1];
    ways[0] = 1;
    for rank in 1..=n {
        for s in (rank..=rank * (rank + 1) / 2).rev() {
            ways[s] += ways[s - rank];
        }
    }
    let up_to: u64 = ways[..=sum].iter().sum();
    (2.0 * up_to as f64 / (1_u64 << n) as f64).min(1.0)
}

/// Normal approximation (Hollander, Wolfe, Chicken, Nonparametric Statistical Methods, 3rd edition, section 3.1),
/// shifted half a rank towards the mean.
fn approximate_p(n: usize, smaller: f64, ties: f64) -> f64 {
    let n = n as f64;
    let mean = n * (n + 1.0) / 4.0;
    let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ties / 48.0;
    let distance = (mean - smaller - 0.5).max(0.0);
    (2.0 * Normal::standard().sf(distance / variance.sqrt())).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_p_is_below_what_signs_alone_can_give() {
        // Five equal differences: 2 of 32 sign patterns, which the normal approximation puts at 0.037.
        assert_eq!(signed_rank(&[1.0; 5]).p_value, 2.0 / 32.0);
        for n in 1..12 {
            let distinct: Vec<f64> = (1..=n).map(|x| x as f64).collect();
            assert!((signed_rank(&distinct).p_value - least_p(n)).abs() < 1e-12, "{n}");
        }
        assert_eq!((pairs_needed(0.05, 1), pairs_needed(0.05, 3), pairs_needed(0.5, 1)), (6, 7, 3));
    }

    #[test]
    fn three_differences_by_hand() {
        // Of the 8 sign patterns, one has a rank sum of 0 and one a sum of 1 (rank 1 alone).
        let found = signed_rank(&[-0.1, 2.0, 3.0]);
        assert_eq!((found.n, found.w_plus, found.w_minus), (3, 5.0, 1.0));
        assert_eq!((found.p_value, found.exact), (0.5, true));
    }

    /// Wilcoxon's published critical values for a two-sided test at 5 %: the largest rank sum with p <= 0.05.
    #[test]
    fn critical_values_of_the_table() {
        for (n, critical) in [(6, 0), (7, 2), (8, 3), (9, 5), (10, 8), (15, 25), (20, 52), (25, 89)] {
            assert!(exact_p(n, critical) <= 0.05 && exact_p(n, critical + 1) > 0.05, "n = {n}");
        }
    }

    #[test]
    fn zeros_are_dropped() {
        let with = signed_rank(&[0.0, 1.0, -2.0, 0.0, 3.0, -0.0]);
        assert_eq!(SignedRank { zeros: 0, ..with }, signed_rank(&[1.0, -2.0, 3.0]));
        assert_eq!(with.zeros, 3);
        for none in [&[][..], &[0.0, 0.0][..]] {
            assert_eq!(signed_rank(none).p_value, 1.0);
        }
    }

    #[test]
    fn ties_share_their_ranks() {
        let found = signed_rank(&[1.0, -1.0, 1.0, 5.0]);
        assert_eq!((found.w_plus, found.w_minus, found.exact), (8.0, 2.0, false));
    }

    /// At the transition between the two, they must agree.
    #[test]
    fn exact_and_approximate_agree_for_many() {
        for sum in (200..=637).step_by(7) {
            let (exact, approximate) = (exact_p(50, sum), approximate_p(50, sum as f64, 0.0));
            assert!((exact - approximate).abs() < 4e-3, "{sum}: {exact} {approximate}");
        }
    }

    proptest! {
        #[test]
        fn signs_and_order_play_no_part(
            differences in prop::collection::vec(prop_oneof![-5.0..5.0_f64, (-3..4_i32).prop_map(f64::from)], 0..80)
        ) {
            let found = signed_rank(&differences);
            let turned: Vec<f64> = differences.iter().rev().map(|d| -d).collect();
            let other = signed_rank(&turned);
            prop_assert_eq!((found.w_plus, found.w_minus), (other.w_minus, other.w_plus));
            prop_assert_eq!(found.p_value, other.p_value);
            prop_assert!(0.0 < found.p_value && found.p_value <= 1.0);
            let n = found.n as f64;
            prop_assert_eq!(found.w_plus + found.w_minus, n * (n + 1.0) / 2.0);
        }

        /// Every sign pattern counted individually.
        #[test]
        fn the_exact_distribution_is_that_of_all_signs(n in 1..11_usize, share in 0.0..1.0_f64) {
            let half = n * (n + 1) / 4;
            let sum = (share * (half + 1) as f64) as usize;
            let rank_sum = |signs: u32| (1..=n).filter(|rank| signs >> (rank - 1) & 1 == 1).sum::<usize>();
            let up_to = (0..1_u32 << n).filter(|&signs| rank_sum(signs) <= sum).count();
            prop_assert_eq!(exact_p(n, sum), (2.0 * up_to as f64 / f64::from(1_u32 << n)).min(1.0));
        }
    }
}
