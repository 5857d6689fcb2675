//! Required number of replications: stops when the interval is narrow enough.
//!
//! The relative-precision procedure of Law, Simulation Modeling and Analysis, 5th edition, section 9.4.1, with looks at
//! fixed numbers of replications.
//!
//! Repeated looks reduce coverage. The rule tends to stop when the standard deviation happens to be small, so the
//! interval at the stop covers the mean less often than its level; coverage approaches the level only as the required
//! half width goes to zero (Chow and Robbins 1965). Few looks and a large minimum keep the loss small: for normal
//! values with a 95 % interval, looks at 10, 20, ... and stops between 20 and 60, a test finds 93.5 %. If a true 95 %
//! is required, use the number of replications found by the rule and run as many with another seed. With several
//! metrics the level applies to each interval separately; all hold jointly less often (in the worst case the misses add
//! up).

use super::clusters::{Clustered, Clusters};
use super::describe::Sample;
use serde::Serialize;

/// Schedule of looks and the required precision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Maximum half width of the t interval, relative to the absolute mean. Law's adjustment for an error of at most g
    /// relative to the *true* mean is [`adjusted`].
    pub relative_half_width: f64,
    /// Confidence level of the interval, between 0 and 1.
    pub level: f64,
    /// Number of replications before the first look, at least 2; Law recommends 10.
    pub min: usize,
    /// Number of replications between looks; 0 is treated as 1.
    pub step: usize,
    /// Maximum number of replications; if it is below `min`, there is one look, at `max`.
    pub max: usize,
}

/// Decision after a number of replications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Continue to `until` replications in total, the next look.
    Continue {
        /// Total number of replications.
        until: usize,
    },
    /// Every interval is as narrow as required.
    Precise,
    /// `max` is reached and some interval is still too wide.
    Exhausted,
}

impl Rule {
    /// Decides from the values so far of each metric that must be precise, all with the same number of replications.
    ///
    /// Without metrics there is nothing to wait for after `min`. A mean of zero is never precise unless all its values
    /// are zero: for such metrics a relative width is meaningless.
    ///
    /// # Panics
    ///
    /// If the metrics do not have the same number of values, or the level is not between 0 and 1.
    pub fn decide<S: AsRef<[f64]>>(&self, metrics: &[S], replications: usize) -> Verdict {
        assert!(metrics.iter().all(|m| m.as_ref().len() == replications), "a value per replication");
        self.decide_by(|| metrics.iter().all(|values| self.is_precise(values.as_ref())), replications)
    }

    /// The same, where `precise` says whether all metrics are as precise as asked for.
    pub fn decide_by(&self, precise: impl FnOnce() -> bool, replications: usize) -> Verdict {
        let next = self.look_from(replications);
        if replications < next {
            Verdict::Continue { until: next }
        } else if precise() {
            Verdict::Precise
        } else if replications >= self.max {
            Verdict::Exhausted
        } else {
            Verdict::Continue { until: self.look_from(replications + 1) }
        }
    }

    /// Whether the interval of one metric is narrow enough now, regardless of looks.
    pub fn is_precise(&self, values: &[f64]) -> bool {
        let Some(sample) = Sample::of(values) else { return false };
        sample
            .t_interval(self.level)
            .is_some_and(|interval| interval.half_width() <= self.relative_half_width * sample.mean.abs())
    }

    /// The same of values that come in clusters.
    ///
    /// # Panics
    ///
    /// If there are not as many values as clusters were made of.
    pub fn is_precise_over(&self, values: &[f64], clusters: &Clusters) -> bool {
        if !clusters.are_shared() {
            return self.is_precise(values);
        }
        let Some(found) = Clustered::of(values, clusters) else { return false };
        found
            .t_interval(self.level)
            .is_some_and(|interval| interval.half_width() <= self.relative_half_width * found.mean.abs())
    }

    /// The first look at or after `replications`; beyond the last, `replications` itself.
    fn look_from(&self, replications: usize) -> usize {
        let steps = replications.saturating_sub(self.min).div_ceil(self.step.max(1));
        let look = steps.saturating_mul(self.step.max(1)).saturating_add(self.min);
        look.min(self.max).max(replications)
    }
}

/// Relative half width to require for a maximum error of `error` relative to the true mean.
///
/// A half width of g times the *estimate* bounds the error relative to the true mean by g / (1 - g);
/// this is its inverse (Law, section 9.4.1).
pub fn adjusted(error: f64) -> f64 {
    error / (1.0 + error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULE: Rule = Rule { relative_half_width: 0.1, level: 0.95, min: 10, step: 5, max: 22 };

    #[test]
    fn looks_come_at_min_every_step_and_max() {
        let wide = |n: usize| -> Vec<f64> { (0..n).map(|i| if i % 2 == 0 { 1.0 } else { 9.0 }).collect() };
        let mut looks = Vec::new();
        let mut n = 0;
        let end = loop {
            match RULE.decide(&[wide(n)], n) {
                Verdict::Continue { until } => {
                    assert!(until > n);
                    n = until;
                    looks.push(n);
                }
                end => break end,
            }
        };
        assert_eq!((looks.as_slice(), end), (&[10, 15, 20, 22][..], Verdict::Exhausted));
        // Between looks nothing is decided, however narrow.
        assert_eq!(RULE.decide(&[vec![5.0; 12]], 12), Verdict::Continue { until: 15 });
        assert_eq!(RULE.decide(&[wide(40)], 40), Verdict::Exhausted);
        assert_eq!(RULE.decide::<Vec<f64>>(&[], 10), Verdict::Precise);
    }

    #[test]
    fn all_metrics_must_be_precise() {
        let narrow: Vec<f64> = (0..10).map(|i| 100.0 + f64::from(i)).collect();
        let wide: Vec<f64> = (0..10).map(f64::from).collect();
        assert_eq!(RULE.decide(&[&narrow], 10), Verdict::Precise);
        assert_eq!(RULE.decide(&[&narrow, &wide], 10), Verdict::Continue { until: 15 });
        assert_eq!(RULE.decide(&[vec![0.0; 10]], 10), Verdict::Precise);
        assert!(!RULE.is_precise(&[1.0]) && !RULE.is_precise(&[]) && !RULE.is_precise(&[-1.0, 1.0]));
    }

    /// Narrow enough by a hair, and not narrow enough by a hair.
    #[test]
    fn the_limit_is_where_it_is_said_to_be() {
        // Values 99 and 101: standard error 1, t of one degree of freedom at 95 % is 12.7062.
        for (share, precise) in [(0.127_063, true), (0.127_061, false)] {
            let rule = Rule { relative_half_width: share, min: 2, ..RULE };
            assert_eq!(rule.is_precise(&[99.0, 101.0]), precise);
        }
        assert!((adjusted(0.1) - 1.0 / 11.0).abs() < 1e-15);
    }

    proptest! {
        /// For any rule, a study that follows it ends at one of the looks.
        #[test]
        fn a_study_ends(min in 0..50_usize, step in 0..20_usize, max in 0..100_usize, flat in any::<bool>()) {
            let rule = Rule { min, step, max, ..RULE };
            let mut n = 0;
            let mut looks = 0;
            let values: Vec<f64> = (0..200).map(|i| if flat { 1.0 } else { f64::from(i % 2) - 0.5 }).collect();
            loop {
                match rule.decide(&[&values[..n]], n) {
                    Verdict::Continue { until } => {
                        prop_assert!(until > n && until <= max);
                        n = until;
                    }
                    Verdict::Precise => {
                        prop_assert!(flat && n >= 2 && n >= min.min(max));
                        break;
                    }
                    Verdict::Exhausted => {
                        prop_assert_eq!(n, max);
                        break;
                    }
                }
                looks += 1;
                prop_assert!(looks <= max + 1);
            }
        }
    }
}
