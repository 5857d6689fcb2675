//! Bootstrap interval of a mean, bias-corrected and accelerated (BCa).
//!
//! Efron, Better bootstrap confidence intervals, JASA 82 (1987); Efron and Tibshirani, An Introduction to the Bootstrap
//! (1993), section 14.3. It reflects the skewness of the values, whereas a t interval is symmetric.

use super::describe::{Interval, quantile, sum, within};
use super::rounding_of_sum;
use rand::Rng;
use rand_pcg::Pcg64;
use statrs::distribution::{ContinuousCDF, Normal};

/// Usual number of resamples: sufficient for intervals at 95 % (Efron and Tibshirani, section 14.3).
pub const RESAMPLES: usize = 2_000;

/// BCa interval of the mean of `values` at confidence level `level`, from `resamples` resamples.
///
/// `None` for fewer than two values or without resamples. Equal values give an interval of zero width. The endpoints
/// are always within the range of the values. Running time is proportional to n times `resamples`.
///
/// - The bias correction z0 counts resampled means equal to the mean as half below it. If all are on one side, which
///   only happens with few resamples, half a resample is assumed on the other, because z0 would otherwise be infinite.
/// - The acceleration is that of the jackknife, which for the mean is the skewness of the values divided by 6 sqrt(n),
///   at most 1/6.
/// - Endpoints are quantiles of the resampled means, interpolated linearly. They never exceed the outermost means:
///   levels above 99 % require more than [`RESAMPLES`].
///
/// For few, skewed values the coverage of the mean is below `level`: intervals at 95 % of exponential values cover it
/// in 88 % of studies with n = 10, 91 % with 20, 94 % with 50 (t intervals in 91, 92 and 94 %, with more misses on one
/// side).
///
/// # Panics
///
/// If `level` is not between 0 and 1.
pub fn bca_of_mean(values: &[f64], level: f64, resamples: usize, random: &mut Pcg64) -> Option<Interval> {
    assert!(0.0 < level && level < 1.0, "a confidence level lies between 0 and 1: {level}");
    let n = values.len();
    if n < 2 || resamples == 0 {
        return None;
    }
    let min = values.iter().copied().fold(f64::INFINITY, f64::min);
    let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let range = max - min;
    if range == 0.0 {
        return Some(Interval { low: min, high: min });
    }
    // A common offset is irrelevant, and subtracting it preserves the digits of sums.
    let above_min: Vec<f64> = values.iter().map(|x| x - min).collect();
    let total = sum(above_min.iter().copied());
    let mut sums = resampled_sums(&above_min, resamples, random);
    sums.sort_unstable_by(f64::total_cmp);

    let normal = Normal::standard();
    let z0 = normal.inverse_cdf(share_below(&sums, total, rounding_of_sum(n, range)));
    let acceleration = acceleration_of_mean(&above_min, total, range);
    let end = |tail: f64| {
        let z = z0 + normal.inverse_cdf(tail);
        let stretch = 1.0 - acceleration * z;
        // Beyond the pole of the formula, the outermost resample is used.
        let share = if stretch > 0.0 {
            normal.cdf(z0 + z / stretch)
        } else if z > 0.0 {
            1.0
        } else {
            0.0
        };
        let mean = min + quantile(&sums, share)? / n as f64;
        Some(within(mean, min, max))
    };
    Some(Interval { low: end((1.0 - level) / 2.0)?, high: end((1.0 + level) / 2.0)? })
}

/// Sums of `resamples` samples of `values.len()` values drawn with replacement.
fn resampled_sums(values: &[f64], resamples: usize, random: &mut Pcg64) -> Vec<f64> {
    let n = values.len();
    let one = |random: &mut Pcg64| {
        // Two independent partial sums; two values from each draw.
        let (mut even, mut odd) = (0.0, 0.0);
        for _ in 0..n / 2 {
            let (first, second) = two_indices(random, n);
            even += values[first];
            odd += values[second];
        }
        if n % 2 == 1 {
            even += values[two_indices(random, n).0];
        }
        even + odd
    };
    (0..resamples).map(|_| one(random)).collect()
}

/// Two independent numbers below `n` from one draw, for n up to 2^32.
///
/// By multiplication of 32 bits each; some numbers are more likely than others by n / 2^32 of their probability
/// (Lemire, Fast random integer generation in an interval, 2019), which is undetectable in resamples.
pub(super) fn two_indices(random: &mut Pcg64, n: usize) -> (usize, usize) {
    let bits = random.next_u64();
    let index = |half: u64| ((half * n as u64) >> 32) as usize;
    (index(bits >> 32), index(bits & 0xffff_ffff))
}

/// Fraction of `sorted` below `at`, counting values within `tolerance` of it as half; at least half a value away from 0
/// and 1.
fn share_below(sorted: &[f64], at: f64, tolerance: f64) -> f64 {
    let below = sorted.partition_point(|&x| x < at - tolerance);
    let up_to = sorted.partition_point(|&x| x <= at + tolerance);
    let count = sorted.len() as f64;
    within((below + up_to) as f64 / 2.0, 0.5, count - 0.5) / count
}

/// Acceleration from the jackknife (Efron and Tibshirani, equation 14.15).
///
/// The mean without value i differs from the mean of such means by (mean - x_i) / (n - 1).
fn acceleration_of_mean(values: &[f64], total: f64, range: f64) -> f64 {
    let mean = total / values.len() as f64;
    // In units of the range, so that the cubes of small values do not vanish.
    let deviation = |x: &f64| (x - mean) / range;
    let cubes = sum(values.iter().map(|x| deviation(x).powi(3)));
    let squares = sum(values.iter().map(|x| deviation(x).powi(2)));
    cubes / (6.0 * squares.powf(1.5))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::rng::{Purpose, Streams};
    use proptest::prelude::*;

    fn stream(seed: u64) -> Pcg64 {
        Streams { seed, replication: 0 }.stream(Purpose::Synthesis, 0)
    }

    #[test]
    fn degenerate_samples() {
        assert_eq!(bca_of_mean(&[], 0.95, 100, &mut stream(1)), None);
        assert_eq!(bca_of_mean(&[2.0], 0.95, 100, &mut stream(1)), None);
        assert_eq!(bca_of_mean(&[2.0, 3.0], 0.95, 0, &mut stream(1)), None);
        let equal = bca_of_mean(&[0.1; 9], 0.95, 100, &mut stream(1));
        assert_eq!(equal, Some(Interval { low: 0.1, high: 0.1 }));
        // A single resample is on one side.
        let one = bca_of_mean(&[2.0, 3.0, 7.0], 0.95, 1, &mut stream(1)).unwrap();
        assert!(one.low == one.high && one.low >= 2.0 && one.high <= 7.0);
    }

    /// Omits one value after another, as in the definition of the jackknife.
    #[test]
    fn the_acceleration_is_that_of_the_jackknife() {
        let values: [f64; 6] = [0.0, 0.3, 0.4, 1.0, 2.5, 9.0];
        let without: Vec<f64> = (0..values.len())
            .map(|i| {
                let rest: Vec<f64> =
                    values.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, x)| *x).collect();
                rest.iter().sum::<f64>() / rest.len() as f64
            })
            .collect();
        let mean = without.iter().sum::<f64>() / without.len() as f64;
        let cubes: f64 = without.iter().map(|x| (mean - x).powi(3)).sum();
        let squares: f64 = without.iter().map(|x| (mean - x).powi(2)).sum();
        let expected = cubes / (6.0 * squares.powf(1.5));
        let found = acceleration_of_mean(&values, values.iter().sum(), 9.0);
        assert!((found - expected).abs() < 1e-14 && expected > 0.05, "{found} {expected}");
    }

    #[test]
    fn each_index_is_drawn_as_often() {
        let mut random = stream(3);
        let mut counts = [0_u32; 7];
        for _ in 0..70_000 {
            let (first, second) = two_indices(&mut random, 7);
            counts[first] += 1;
            counts[second] += 1;
        }
        // Standard deviation of a count: sqrt(140,000 * 6 / 49) = 131.
        assert!(counts.iter().all(|&c| c.abs_diff(20_000) < 5 * 131), "{counts:?}");
    }

    #[test]
    fn ties_count_half() {
        assert_eq!(share_below(&[1.0, 2.0, 2.0, 3.0], 2.0, 1e-12), 0.5);
        assert_eq!(share_below(&[1.0, 2.0, 2.0, 2.0], 2.0, 1e-12), 0.625);
        assert_eq!(share_below(&[1.0, 2.0], 5.0, 0.0), 0.75);
        assert_eq!(share_below(&[1.0, 2.0], 0.0, 0.0), 0.25);
        // 0.1 + 0.2 differs from 0.3 but must count as equal.
        assert_eq!(share_below(&[0.1 + 0.2], 0.3, rounding_of_sum(2, 0.2)), 0.5);
    }

    proptest! {
        #[test]
        fn the_interval_lies_within_the_values(
            values in prop::collection::vec(-1e6..1e6_f64, 2..40),
            level in 0.01..0.999_f64,
            resamples in 1..200_usize,
            seed in 0..1_000_u64,
        ) {
            let found = bca_of_mean(&values, level, resamples, &mut stream(seed)).unwrap();
            let min = values.iter().copied().fold(f64::INFINITY, f64::min);
            let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            prop_assert!(min <= found.low && found.low <= found.high && found.high <= max, "{found:?}");
        }

        /// Another origin or unit gives the same interval in the new units.
        #[test]
        fn the_interval_follows_a_change_of_scale(
            values in prop::collection::vec(-1_000..1_000_i32, 2..40),
            shift in -1_000..1_000_i32,
            seed in 0..1_000_u64,
        ) {
            // Integers and a power of two, so that nothing is rounded and no tie is broken.
            let plain: Vec<f64> = values.iter().map(|&x| f64::from(x)).collect();
            let moved: Vec<f64> = values.iter().map(|&x| f64::from(4 * x + shift)).collect();
            let a = bca_of_mean(&plain, 0.9, 200, &mut stream(seed)).unwrap();
            let b = bca_of_mean(&moved, 0.9, 200, &mut stream(seed)).unwrap();
            let shift = f64::from(shift);
            prop_assert!((4.0 * a.low + shift - b.low).abs() < 1e-9, "{a:?} {b:?}");
            prop_assert!((4.0 * a.high + shift - b.high).abs() < 1e-9, "{a:?} {b:?}");
        }
    }
}
