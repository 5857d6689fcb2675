//! How many replications are enough: stop when the interval is narrow enough.
//!
//! The relative-precision procedure of Law, Simulation Modeling and Analysis,
//! 5th edition, section 9.4.1, at fixed looks.
//!
//! Looking again and again costs coverage. The rule stops rather when the spread
//! happens to look small, so the interval at the stop covers the mean less often
//! than its level says; it comes near the level only as the precision asked for
//! goes to zero (Chow and Robbins 1965). Few looks and a large minimum keep the
//! loss small: on normal values with a 95 % interval, looks at 10, 20, ... and
//! stops between 20 and 60, a test finds 93.5 %. Where a true 95 % matters, take
//! the number of replications that the rule found and run as many with another
//! seed. With several metrics each interval has its level for itself; all hold
//! at once less often (at worst the misses add up).

use super::clusters::{Clustered, Clusters};
use super::describe::Sample;
use serde::Serialize;

/// When to look and what to wait for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// Half width of the t interval over the size of the mean, at most. Law's adjustment for an error of
    /// at most g relative to the *true* mean is [`adjusted`].
    pub relative_half_width: f64,
    /// Confidence level of the interval, between 0 and 1.
    pub level: f64,
    /// Replications before the first look, at least 2; Law advises 10.
    pub min: usize,
    /// Replications between looks; 0 is taken as 1.
    pub step: usize,
    /// Replications at most; where it is below `min`, there is one look, at `max`.
    pub max: usize,
}

/// What to do after so many replications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Go on until there are `until` replications in all, the next look.
    Continue {
        /// Replications in all.
        until: usize,
    },
    /// Every interval is as narrow as asked for.
    Precise,
    /// `max` is reached and some interval is still too wide.
    Exhausted,
}

impl Rule {
    /// Decides from the values so far of each metric that must be precise, all of as many replications.
    ///
    /// Without metrics there is nothing to wait for after `min`. A mean of zero is never precise unless
    /// all its values are zero: for such metrics a relative width means nothing.
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

    /// Whether the interval of one metric is narrow enough now, look or not.
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

/// The relative half width to ask for if the estimate shall be off by at most `error` of the true mean.
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

    /// Narrow enough by one hair and not narrow enough by one.
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
        /// Whatever the rule says, a study that follows it ends at one of the looks.
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
