//! One metric over replications: mean, standard deviation, Student's t interval, quantiles.

use hdrhistogram::Histogram;
use serde::Serialize;
use statrs::distribution::{Continuous, ContinuousCDF, Normal, StudentsT};
use std::borrow::Borrow;

/// A closed confidence interval, in the unit of the values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// The interval from `centre` minus `half_width` to `centre` plus `half_width`.
    pub fn around(centre: f64, half_width: f64) -> Self {
        Self { low: centre - half_width, high: centre + half_width }
    }

    /// Half the width.
    pub fn half_width(&self) -> f64 {
        (self.high - self.low) / 2.0
    }

    /// Whether `value` is within the interval.
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// Summary of the values of one metric, in the metric's unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sample {
    /// Number of values, at least 1.
    pub n: usize,
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation with n - 1; `None` for a single value.
    pub sd: Option<f64>,
    /// Standard error of the mean, sd / sqrt(n); `None` for a single value.
    pub standard_error: Option<f64>,
    /// Minimum value.
    pub min: f64,
    /// Maximum value.
    pub max: f64,
}

impl Sample {
    /// Summary of `values`, which must be finite; `None` if there are none.
    ///
    /// The mean is computed by a compensated sum (Neumaier 1974), the variance from deviations in a second pass,
    /// corrected for the rounding of the mean (Chan, Golub, LeVeque 1983). The standard deviation of equal values is
    /// exactly 0.
    pub fn of(values: &[f64]) -> Option<Self> {
        let n = values.len();
        if n == 0 {
            return None;
        }
        let min = values.iter().copied().fold(f64::INFINITY, f64::min);
        let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mean = within(sum(values.iter().copied()) / n as f64, min, max);
        let sd = (n > 1).then(|| {
            let squares = sum(values.iter().map(|x| (x - mean).powi(2)));
            let rest = sum(values.iter().map(|x| x - mean));
            ((squares - rest * rest / n as f64).max(0.0) / (n - 1) as f64).sqrt()
        });
        let standard_error = sd.map(|sd| sd / (n as f64).sqrt());
        Some(Self { n, mean, sd, standard_error, min, max })
    }

    /// Student's t interval of the mean at confidence level `level`, 0 < level < 1; `None` for a single value.
    ///
    /// Exact for normal values, and sufficiently accurate for others if n is large relative to their skewness. Equal
    /// values give an interval of zero width.
    ///
    /// # Panics
    ///
    /// If `level` is not between 0 and 1.
    pub fn t_interval(&self, level: f64) -> Option<Interval> {
        let error = self.standard_error?;
        Some(Interval::around(self.mean, t_quantile(level, (self.n - 1) as f64) * error))
    }
}

/// Half width, in standard errors, of the two-sided t interval at confidence level `level`, 0 < level < 1, with
/// `freedom` > 0 degrees of freedom (not necessarily an integer).
///
/// By Newton's method from the normal quantile. That is below the solution, where the tail probability is convex, so
/// each step increases without overshooting. Accurate to 1e-9 up to a million degrees of freedom;
/// `StudentsT::inverse_cdf` of statrs 0.19 is off by 1e-8 at 5,000 and by 6e-5 at a million.
///
/// # Panics
///
/// If `level` is not between 0 and 1 or `freedom` is not above 0.
pub fn t_quantile(level: f64, freedom: f64) -> f64 {
    assert!(0.0 < level && level < 1.0, "a confidence level lies between 0 and 1: {level}");
    let student = StudentsT::new(0.0, 1.0, freedom).expect("degrees of freedom above 0");
    let tail = (1.0 - level) / 2.0;
    let mut t = -Normal::standard().inverse_cdf(tail);
    for _ in 0..MOST_STEPS {
        let step = (student.sf(t) - tail) / student.pdf(t);
        if step.is_nan() || step <= t * 1e-14 {
            break;
        }
        t += step;
    }
    t
}

/// Maximum number of Newton steps, more than needed: one degree of freedom at 99.99 % takes 17.
const MOST_STEPS: usize = 1_000;

/// Quantile of finite values in ascending order at the fraction `share`, 0 to 1; `None` without values.
///
/// Interpolated linearly between the two nearest values (Hyndman and Fan 1996, definition 7; numpy's default).
pub fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = within(share, 0.0, 1.0) * last as f64;
    let below = (place as usize).min(last);
    let above = (below + 1).min(last);
    let (low, high) = (sorted[below], sorted[above]);
    // Rounding must not leave the range of the two.
    Some(within(low + (place - below as f64) * (high - low), low, high))
}

/// One histogram of all values of `parts`, for quantiles over all replications together.
///
/// The mean of the replications' quantiles is not the quantile of all values; the pooled histogram yields the latter,
/// to its three significant digits: values below 2,048 are exact, others at most 0.1 % off.
pub fn pooled<H: Borrow<Histogram<u64>>>(parts: impl IntoIterator<Item = H>) -> Histogram<u64> {
    let mut all = Histogram::new(3).expect("three significant digits");
    for part in parts {
        all.add(part).expect("a histogram that grows as needed takes any value");
    }
    all
}

/// Compensated sum: the error does not grow with the number of terms (Neumaier 1974).
pub(super) fn sum(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0_f64);
    for x in values {
        let next = sum + x;
        lost += if sum.abs() >= x.abs() { (sum - next) + x } else { (x - next) + sum };
        sum = next;
    }
    sum + lost
}

/// Clamps `x` to `low` and `high`; unlike `clamp`, does not panic on NaN bounds; a NaN value is preserved.
pub(super) fn within(x: f64, low: f64, high: f64) -> f64 {
    if x < low {
        low
    } else if x > high {
        high
    } else {
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_by_hand() {
        // Deviations -3, -1, 1, 3: squares sum to 20.
        let sample = Sample::of(&[2.0, 4.0, 6.0, 8.0]).unwrap();
        assert_eq!((sample.n, sample.mean, sample.min, sample.max), (4, 5.0, 2.0, 8.0));
        assert_eq!(sample.sd, Some((20.0_f64 / 3.0).sqrt()));
        assert_eq!(sample.standard_error, Some((20.0_f64 / 3.0).sqrt() / 2.0));
    }

    #[test]
    fn few_values_have_no_interval() {
        assert_eq!(Sample::of(&[]), None);
        let one = Sample::of(&[3.0]).unwrap();
        assert_eq!((one.mean, one.sd, one.standard_error, one.t_interval(0.95)), (3.0, None, None, None));
    }

    #[test]
    fn equal_values_have_an_interval_of_no_width() {
        for x in [0.1, -7.3e-9, 1e15 / 3.0] {
            let sample = Sample::of(&[x; 7]).unwrap();
            assert_eq!((sample.mean, sample.sd), (x, Some(0.0)));
            assert_eq!(sample.t_interval(0.95), Some(Interval { low: x, high: x }));
        }
    }

    #[test]
    fn a_large_offset_costs_no_digits() {
        // The naive formula, mean of squares minus square of the mean, has no correct digit here.
        let sample = Sample::of(&[1e9 + 4.0, 1e9 + 7.0, 1e9 + 13.0, 1e9 + 16.0]).unwrap();
        assert_eq!((sample.mean, sample.sd), (1e9 + 10.0, Some(30.0_f64.sqrt())));
        assert_eq!(sum([1e16, 1.0, -1e16].into_iter()), 1.0);
    }

    #[test]
    fn t_quantiles_of_the_tables() {
        // Closed forms: tan(pi level / 2) for one degree of freedom; for two, t = level sqrt(2 / (1 - level^2)).
        for level in [0.5_f64, 0.9, 0.95, 0.9999] {
            let one = (std::f64::consts::FRAC_PI_2 * level).tan();
            assert!((t_quantile(level, 1.0) / one - 1.0).abs() < 1e-12);
            let two = level * (2.0 / (1.0 - level * level)).sqrt();
            assert!((t_quantile(level, 2.0) / two - 1.0).abs() < 1e-12);
        }
        // For very many degrees of freedom: the normal quantile z and the first term of its expansion, (z^3 + z) / 4
        // over the degrees of freedom (Abramowitz and Stegun 26.7.5).
        let z = 1.959_963_984_540_054_f64;
        assert!((t_quantile(0.95, 1e6) - z - (z.powi(3) + z) / 4e6).abs() < 1e-9);
    }

    #[test]
    fn quantiles_between_values() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[3.0], 0.9), Some(3.0));
        for (share, expected) in [(0.0, 1.0), (0.5, 3.0), (0.75, 5.0), (1.0, 8.0), (2.0, 8.0), (-1.0, 1.0)] {
            assert_eq!(quantile(&sorted, share), Some(expected), "at {share}");
        }
    }

    #[test]
    fn pooled_histograms_grow_to_the_largest() {
        let mut small = Histogram::<u64>::new(3).unwrap();
        let mut large = small.clone();
        small.record_n(10, 3).unwrap();
        large.record(5_000_000).unwrap();
        let all = pooled([&small, &large]);
        assert_eq!((all.len(), all.value_at_quantile(0.75)), (4, 10));
        assert!((all.max() as f64 / 5e6 - 1.0).abs() < 1e-3);
        assert!(pooled::<&Histogram<u64>>([]).is_empty());
    }
}
