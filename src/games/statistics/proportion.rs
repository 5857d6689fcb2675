//! Share of instances that have a property: exact confidence interval.
//!
//! Clopper and Pearson, The use of confidence or fiducial limits illustrated in the case of the binomial, Biometrika 26
//! (1934). It covers the true share with at least the given probability, for any number of instances.

use super::Interval;
use statrs::distribution::{Beta, ContinuousCDF};

/// Two-sided interval at confidence level `level`, 0 < level < 1, for the share of which `held` of `total` instances are
/// a sample (0 to 1); `None` without instances.
///
/// # Panics
///
/// If `level` is not between 0 and 1, or `held` is more than `total`.
pub fn share_interval(held: usize, total: usize, level: f64) -> Option<Interval> {
    assert!(0.0 < level && level < 1.0, "a confidence level lies between 0 and 1: {level}");
    assert!(held <= total, "{held} of {total}");
    let tail = (1.0 - level) / 2.0;
    let (with, without) = (held as f64, (total - held) as f64);
    let quantile = |a: f64, b: f64, p: f64| Beta::new(a, b).expect("shapes above 0").inverse_cdf(p);
    let low = if held == 0 { 0.0 } else { quantile(with, without + 1.0, tail) };
    let high = if held == total { 1.0 } else { quantile(with + 1.0, without, 1.0 - tail) };
    (total > 0).then_some(Interval { low, high })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Probability of at least `k` of `n`, each with probability `p`, by the definition.
    fn at_least(k: usize, n: usize, p: f64) -> f64 {
        // The first term must not be too small for a number.
        if p > 0.5 {
            return 1.0 - at_least(n + 1 - k, n, 1.0 - p);
        }
        let mut term = (1.0 - p).powi(n as i32);
        let mut sum = if k == 0 { term } else { 0.0 };
        for i in 1..=n {
            term *= (n - i + 1) as f64 / i as f64 * p / (1.0 - p);
            if i >= k {
                sum += term;
            }
        }
        sum
    }

    #[test]
    fn none_and_all_have_a_closed_form() {
        let none = share_interval(0, 10, 0.95).unwrap();
        assert!(none.low == 0.0 && (none.high - (1.0 - 0.025_f64.powf(0.1))).abs() < 1e-9, "{none:?}");
        let all = share_interval(40, 40, 0.95).unwrap();
        assert!(all.high == 1.0 && (all.low - 0.025_f64.powf(1.0 / 40.0)).abs() < 1e-9, "{all:?}");
        assert_eq!(share_interval(0, 0, 0.95), None);
    }

    proptest! {
        #[test]
        fn each_end_leaves_its_tail(n in 1usize..200, share in 0.0..=1.0_f64, level in 0.5..0.999_f64) {
            let k = (share * n as f64) as usize;
            let Interval { low, high } = share_interval(k, n, level).unwrap();
            let tail = (1.0 - level) / 2.0;
            prop_assert!(low <= k as f64 / n as f64 && k as f64 / n as f64 <= high);
            prop_assert!(k == 0 || (at_least(k, n, low) - tail).abs() < 1e-6);
            prop_assert!(k == n || (1.0 - at_least(k + 1, n, high) - tail).abs() < 1e-6);
        }
    }
}
