//! Comparison of a policy with a baseline, replication by replication.
//!
//! With common random numbers both face the same world in a replication, so the differences vary less than the values
//! (Law, Simulation Modeling and Analysis, 5th edition, sections 10.2.1 and 11.2).

use super::bootstrap::bca_of_mean;
use super::clusters::{Clustered, Clusters};
use super::describe::{Interval, Sample, t_quantile};
use super::wilcoxon::{SignedRank, signed_rank};
use rand_pcg::Pcg64;
use serde::Serialize;

/// Result of [`compare`]. Differences are policy minus baseline, in the metric's unit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Paired {
    /// Number of pairs, at least 1.
    pub n: usize,
    /// Clusters of pairs, where some are not independent of each other.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clusters: Option<usize>,
    /// Mean difference.
    pub mean_difference: f64,
    /// Standard deviation of the differences; `None` for a single pair.
    pub sd: Option<f64>,
    /// Student's t interval of the mean difference; `None` for a single pair.
    pub t_interval: Option<Interval>,
    /// BCa bootstrap interval of the mean difference; `None` for a single pair.
    pub bca_interval: Option<Interval>,
    /// Half width of Welch's interval, which ignores the pairing of values.
    pub unpaired_half_width: Option<f64>,
    /// Variance reduction by pairing: number of replications that independent runs would need for the same variance of
    /// the mean difference, relative to paired runs, (var(a) + var(b)) / var(a - b). Below 1 if pairing is harmful.
    /// `None` for a single pair, and if all differences are equal, which makes it infinite or 0/0.
    pub variance_reduction: Option<f64>,
    /// Wilcoxon's signed-rank test.
    pub wilcoxon: SignedRank,
    /// Mean ratio of the baseline's value to the policy's; `None` unless all values are above 0.
    pub mean_ratio: Option<f64>,
    /// Student's t interval of the mean ratio; `None` for a single pair.
    pub ratio_interval: Option<Interval>,
}

/// Compares `policy` with `baseline`, whose values at the same index are of the same replication, at confidence level
/// `level`; the BCa interval uses `resamples` resamples. `None` without values.
///
/// # Panics
///
/// If the numbers of values differ, or `level` is not between 0 and 1.
pub fn compare(
    policy: &[f64],
    baseline: &[f64],
    level: f64,
    resamples: usize,
    random: &mut Pcg64,
) -> Option<Paired> {
    assert_eq!(policy.len(), baseline.len(), "pairs have two values");
    let differences: Vec<f64> = policy.iter().zip(baseline).map(|(a, b)| a - b).collect();
    let sample = Sample::of(&differences)?;
    let (a, b) = (Sample::of(policy)?, Sample::of(baseline)?);
    let variance_reduction = || {
        let variance = sample.sd?.powi(2);
        (variance > 0.0).then_some((a.sd?.powi(2) + b.sd?.powi(2)) / variance)
    };
    let above_zero = policy.iter().chain(baseline).all(|&x| x > 0.0);
    let ratios: Vec<f64> = policy.iter().zip(baseline).map(|(a, b)| b / a).collect();
    let ratio = above_zero.then(|| Sample::of(&ratios)).flatten();
    Some(Paired {
        n: sample.n,
        clusters: None,
        mean_difference: sample.mean,
        sd: sample.sd,
        t_interval: sample.t_interval(level),
        bca_interval: bca_of_mean(&differences, level, resamples, random),
        unpaired_half_width: welch(&a, &b, level).map(|interval| interval.half_width()),
        variance_reduction: variance_reduction(),
        wilcoxon: signed_rank(&differences),
        mean_ratio: ratio.map(|ratio| ratio.mean),
        ratio_interval: ratio.and_then(|ratio| ratio.t_interval(level)),
    })
}

/// The same where pairs come in clusters that share something drawn.
///
/// Intervals and the test are of cluster means, the test with a pair for each cluster; there is no BCa interval. Where
/// no cluster has more than one pair, it is [`compare`].
///
/// # Panics
///
/// As [`compare`], and if there are not as many values as clusters were made of.
pub fn compare_clustered(
    policy: &[f64],
    baseline: &[f64],
    clusters: &Clusters,
    level: f64,
    resamples: usize,
    random: &mut Pcg64,
) -> Option<Paired> {
    if !clusters.are_shared() {
        return compare(policy, baseline, level, resamples, random);
    }
    // Figures that do not depend on clusters; no random numbers are drawn for an unused interval.
    let plain = compare(policy, baseline, level, 0, random)?;
    let differences: Vec<f64> = policy.iter().zip(baseline).map(|(a, b)| a - b).collect();
    let found = Clustered::of(&differences, clusters)?;
    let (a, b) = (Clustered::of(policy, clusters)?, Clustered::of(baseline, clusters)?);
    let variance_reduction = || {
        let variance = found.standard_error?.powi(2);
        let unpaired = a.standard_error?.powi(2) + b.standard_error?.powi(2);
        (variance > 0.0).then_some(unpaired / variance)
    };
    let error = |sample: &Clustered| Some((sample.standard_error?, sample.freedom?));
    let unpaired = error(&a).zip(error(&b)).map(|(of_a, of_b)| welch_half_width(of_a, of_b, level));
    let ratios: Vec<f64> = policy.iter().zip(baseline).map(|(a, b)| b / a).collect();
    let ratio = plain.mean_ratio.and_then(|_| Clustered::of(&ratios, clusters));
    Some(Paired {
        clusters: Some(clusters.count()),
        t_interval: found.t_interval(level),
        bca_interval: None,
        unpaired_half_width: unpaired,
        variance_reduction: variance_reduction(),
        wilcoxon: signed_rank(&clusters.means(&differences)),
        ratio_interval: ratio.and_then(|ratio| ratio.t_interval(level)),
        ..plain
    })
}

/// Welch's interval for the mean of `a` less that of `b`, independent samples of unequal variance.
///
/// Degrees of freedom by Welch (1947) and Satterthwaite (1946). `None` if either is a single value. If neither varies,
/// the width is zero.
///
/// # Panics
///
/// If `level` is not between 0 and 1.
pub fn welch(a: &Sample, b: &Sample, level: f64) -> Option<Interval> {
    let error = |sample: &Sample| Some((sample.standard_error?, (sample.n - 1) as f64));
    Some(Interval::around(a.mean - b.mean, welch_half_width(error(a)?, error(b)?, level)))
}

/// Half width of Welch's interval, of two standard errors with their degrees of freedom.
fn welch_half_width(a: (f64, f64), b: (f64, f64), level: f64) -> f64 {
    let error = a.0.hypot(b.0);
    if error == 0.0 {
        return 0.0;
    }
    // Fourth powers of shares of the error, not of errors, which could vanish or overflow.
    let part = |(of_one, freedom): (f64, f64)| (of_one / error).powi(4) / freedom;
    t_quantile(level, 1.0 / (part(a) + part(b))) * error
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::rng::{Purpose, Streams};
    use proptest::prelude::*;

    #[test]
    fn ratios_are_those_of_pairs() {
        let compared = |a: &[f64], b: &[f64]| compare(a, b, 0.95, 100, &mut stream()).unwrap();
        // 3/2, 8/4 and 5/2: mean 2, standard deviation 1/2, t(2) = 4.3027 divided by the square root of three.
        let found = compared(&[2.0, 4.0, 2.0], &[3.0, 8.0, 5.0]);
        assert_eq!(found.mean_ratio, Some(2.0));
        assert!((found.ratio_interval.unwrap().half_width() - 4.302_652_7 * 0.5 / 3f64.sqrt()).abs() < 1e-6);
        assert_eq!(compared(&[2.0, 0.0], &[3.0, 8.0]).mean_ratio, None, "no ratio to zero");
        let one = compared(&[2.0], &[3.0]);
        assert_eq!((one.mean_ratio, one.ratio_interval), (Some(1.5), None));
    }

    fn stream() -> Pcg64 {
        Streams { seed: 5, replication: 0 }.stream(Purpose::Synthesis, 0)
    }

    fn run(a: &[f64], b: &[f64]) -> Option<Paired> {
        compare(a, b, 0.95, 200, &mut stream())
    }

    #[test]
    fn few_pairs() {
        assert_eq!(run(&[], &[]), None);
        let one = run(&[5.0], &[3.0]).unwrap();
        assert_eq!((one.n, one.mean_difference, one.sd), (1, 2.0, None));
        assert_eq!((one.t_interval, one.bca_interval), (None, None));
        assert_eq!((one.unpaired_half_width, one.variance_reduction), (None, None));
    }

    #[test]
    fn a_constant_lead_is_certain_where_it_is_paired() {
        let found = run(&[3.0, 4.0, 7.0, 10.0], &[1.0, 2.0, 5.0, 8.0]).unwrap();
        assert_eq!(found.t_interval, Some(Interval { low: 2.0, high: 2.0 }));
        assert_eq!(found.bca_interval, Some(Interval { low: 2.0, high: 2.0 }));
        assert_eq!(found.variance_reduction, None);
        assert!(found.unpaired_half_width.unwrap() > 2.0);
        let same = run(&[3.0, 3.0], &[3.0, 3.0]).unwrap();
        assert_eq!((same.unpaired_half_width, same.variance_reduction), (Some(0.0), None));
        assert_eq!(same.wilcoxon.p_value, 1.0);
    }

    #[test]
    fn variance_reduction_by_hand() {
        // Variances 20/3 and 20/3; differences 0, 1, 1, 0 have 1/3: pairing is worth a factor of 40.
        let found = run(&[2.0, 5.0, 7.0, 8.0], &[2.0, 4.0, 6.0, 8.0]).unwrap();
        // var(a): mean 5.5, squares 12.25 + 0.25 + 2.25 + 6.25 = 21, divided by 3.
        assert!((found.variance_reduction.unwrap() - (7.0 + 20.0 / 3.0) * 3.0).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn exchanging_the_two_turns_the_sign(pairs in prop::collection::vec((-100..100_i32, -100..100_i32), 2..40)) {
            let a: Vec<f64> = pairs.iter().map(|p| f64::from(p.0)).collect();
            let b: Vec<f64> = pairs.iter().map(|p| f64::from(p.1)).collect();
            let (forth, back) = (run(&a, &b).unwrap(), run(&b, &a).unwrap());
            prop_assert_eq!(forth.mean_difference, -back.mean_difference);
            prop_assert_eq!(forth.unpaired_half_width, back.unpaired_half_width);
            prop_assert_eq!(forth.variance_reduction, back.variance_reduction);
            prop_assert_eq!(forth.wilcoxon.p_value, back.wilcoxon.p_value);
            let (t, u) = (forth.t_interval.unwrap(), back.t_interval.unwrap());
            prop_assert!((t.low + u.high).abs() < 1e-9 && (t.high + u.low).abs() < 1e-9);
            // The same draws for both: the resampled means are mirror images of each other.
            let (t, u) = (forth.bca_interval.unwrap(), back.bca_interval.unwrap());
            prop_assert!((t.low + u.high).abs() < 1e-9 && (t.high + u.low).abs() < 1e-9, "{:?} {:?}", t, u);
        }

        #[test]
        fn the_order_of_replications_plays_no_part(
            pairs in prop::collection::vec((-100.0..100.0_f64, -100.0..100.0_f64), 2..40)
        ) {
            let columns = |pairs: &[(f64, f64)]| -> (Vec<f64>, Vec<f64>) { pairs.iter().copied().unzip() };
            let (a, b) = columns(&pairs);
            let turned: Vec<(f64, f64)> = pairs.iter().rev().copied().collect();
            let (c, d) = columns(&turned);
            let (x, y) = (run(&a, &b).unwrap(), run(&c, &d).unwrap());
            let near = |p: f64, q: f64| (p - q).abs() <= 1e-9 * (1.0 + p.abs());
            prop_assert!(near(x.mean_difference, y.mean_difference));
            prop_assert!(near(x.sd.unwrap(), y.sd.unwrap()));
            prop_assert!(near(x.unpaired_half_width.unwrap(), y.unpaired_half_width.unwrap()));
            prop_assert_eq!(x.wilcoxon.p_value, y.wilcoxon.p_value);
        }
    }
}
