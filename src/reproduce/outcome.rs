//! Outcome of a target: figures beside published ones, findings, tables, pictures; and the verdict on a figure.

use crate::plots;
use crate::statistics::proportion::share_interval;
use crate::statistics::{Clustered, Clusters, Interval, Sample};
use serde::Serialize;

/// Confidence of the intervals of [`Figure::mean`].
pub const LEVEL: f64 = 0.95;

/// Outcome of a target.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// Numbers, beside published ones if there are any.
    pub figures: Vec<Figure>,
    /// Statements that must hold.
    pub findings: Vec<Finding>,
    /// Further tables, each written as `NAME.parquet`.
    pub tables: Vec<Table>,
    /// Pictures by name, each written as `NAME.svg` and `NAME.png`.
    pub pictures: Vec<(String, plots::Figure)>,
    /// Notes for the reader: assumptions, unpublished inputs. One sentence each.
    pub notes: Vec<String>,
}

/// A number that was computed.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// Name, for example `mean wait`.
    pub name: String,
    /// Case, for example `load 0.7`: the row of a published table. Empty for none.
    pub case: String,
    /// Unit of all its numbers; empty for none.
    pub unit: String,
    /// The number; NaN if there is none.
    pub computed: f64,
    /// Its confidence interval, where it comes from replications or instances.
    pub interval: Option<Interval>,
    /// Published value.
    pub published: Option<f64>,
    /// Rule for the right values.
    pub rule: Rule,
}

/// Rule for the right values of a figure.
///
/// There is no rule "the published value lies in our interval": with few replications it would hold for anything.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// Up to this share of the published value away from it, for example 0.02.
    Relative(f64),
    /// Up to this far from the published value, in the unit of the figure. Half a unit of the last digit is the error
    /// of a value rounded for print.
    Absolute(f64),
    /// From `low` to `high`, which may be infinite, in the unit of the figure; independent of the published value.
    Between {
        /// Least value.
        low: f64,
        /// Greatest value.
        high: f64,
    },
    /// Any: shown beside the published value, without a verdict.
    Shown,
}

crate::names! {
    /// Verdict on a requirement.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Verdict {
        /// The requirement is met.
        Holds = "holds",
        /// The requirement is not met.
        Fails = "fails",
        /// The interval includes the limit: more replications could decide.
        Undecided = "undecided",
        /// It follows from the model: it held in each instance, as it must, which says nothing about the source.
        Follows = "follows",
        /// No requirement: a number to look at.
        Shown = "shown",
        /// The requirement could not be checked.
        NotChecked = "not_checked",
    }
}

impl Verdict {
    /// Whether nothing speaks against the requirement.
    pub fn is_met(self) -> bool {
        matches!(self, Self::Holds | Self::Follows)
    }
}

impl Rule {
    /// At least `low`.
    pub const fn at_least(low: f64) -> Self {
        Self::Between { low, high: f64::INFINITY }
    }

    /// At most `high`.
    pub const fn at_most(high: f64) -> Self {
        Self::Between { low: f64::NEG_INFINITY, high }
    }

    /// The right values; `None` if there is nothing to compare with.
    pub fn accepted(self, published: Option<f64>) -> Option<Interval> {
        match self {
            Self::Relative(share) => published.map(|value| Interval::around(value, share * value.abs())),
            Self::Absolute(distance) => published.map(|value| Interval::around(value, distance)),
            Self::Between { low, high } => Some(Interval { low, high }),
            Self::Shown => None,
        }
    }
}

impl Figure {
    /// An exact number, without interval or published value.
    pub fn new(name: impl Into<String>, unit: impl Into<String>, computed: f64) -> Self {
        Self {
            name: name.into(),
            case: String::new(),
            unit: unit.into(),
            computed,
            interval: None,
            published: None,
            rule: Rule::Shown,
        }
    }

    /// The mean over replications or instances, with Student's interval at [`LEVEL`]. NaN without values.
    pub fn mean(name: impl Into<String>, unit: impl Into<String>, values: &[f64]) -> Self {
        let sample = Sample::of(values);
        let mut figure = Self::new(name, unit, sample.map_or(f64::NAN, |sample| sample.mean));
        figure.interval = sample.and_then(|sample| sample.t_interval(LEVEL));
        figure
    }

    /// The same for values that come in clusters.
    pub fn mean_over(
        name: impl Into<String>,
        unit: impl Into<String>,
        values: &[f64],
        clusters: &Clusters,
    ) -> Self {
        let mut figure = Self::mean(name, unit, values);
        if clusters.are_shared() {
            figure.interval = Clustered::of(values, clusters).and_then(|found| found.t_interval(LEVEL));
        }
        figure
    }

    /// Sets the case.
    #[must_use]
    pub fn case(mut self, case: impl Into<String>) -> Self {
        self.case = case.into();
        self
    }

    /// Adds an interval.
    #[must_use]
    pub fn interval(mut self, interval: Interval) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Adds the published value.
    #[must_use]
    pub fn published(mut self, value: f64) -> Self {
        self.published = Some(value);
        self
    }

    /// Sets the rule for the right values.
    #[must_use]
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rule = rule;
        self
    }

    /// Difference to the published value: positive if above it.
    pub fn difference(&self) -> Option<f64> {
        self.published.map(|published| self.computed - published)
    }

    /// The same as a share of the published value, unless that is zero.
    pub fn relative_difference(&self) -> Option<f64> {
        let published = self.published.filter(|&published| published != 0.0)?;
        Some((self.computed - published) / published.abs())
    }

    /// The right values; `None` if there is no rule, or no published value to apply it to.
    pub fn accepted(&self) -> Option<Interval> {
        self.rule.accepted(self.published)
    }

    /// Verdict: with an interval, the figure holds if all of it is among the right values, and fails if none of it is.
    pub fn verdict(&self) -> Verdict {
        let Some(right) = self.accepted() else {
            return if self.rule == Rule::Shown { Verdict::Shown } else { Verdict::NotChecked };
        };
        let ours = self.interval.unwrap_or(Interval { low: self.computed, high: self.computed });
        let numbers = [self.computed, ours.low, ours.high, right.low, right.high];
        if numbers.iter().any(|x| x.is_nan()) {
            Verdict::Fails
        } else if right.low <= ours.low && ours.high <= right.high {
            Verdict::Holds
        } else if ours.high < right.low || right.high < ours.low {
            Verdict::Fails
        } else {
            Verdict::Undecided
        }
    }
}

/// A statement about a target, of one of three kinds: *checked*, with a verdict that could be another one; *following*
/// from the model, which is not counted as a success; or *shown*, without a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The statement.
    #[serde(rename = "finding")]
    pub text: String,
    /// Whether it holds.
    pub verdict: Verdict,
    /// Method of the check, or reason why there was none.
    pub how: String,
}

impl Finding {
    fn new(text: impl Into<String>, verdict: Verdict, how: impl Into<String>) -> Self {
        Self { text: text.into(), verdict, how: how.into() }
    }

    /// A statement that was checked once, for example in the published instance or of a mean.
    pub fn checked(text: impl Into<String>, holds: bool, how: impl Into<String>) -> Self {
        Self::new(text, if holds { Verdict::Holds } else { Verdict::Fails }, how)
    }

    /// A statement about a figure, with the verdict of its rule.
    pub fn of_figure(text: impl Into<String>, figure: &Figure, how: impl Into<String>) -> Self {
        Self::new(text, figure.verdict(), how)
    }

    /// A statement that could not be checked.
    pub fn not_checked(text: impl Into<String>, why: impl Into<String>) -> Self {
        Self::new(text, Verdict::NotChecked, why)
    }

    /// A statement about random instances (or replications) that must be true of more than half of all instances that
    /// could be drawn: decided by the exact interval, at [`LEVEL`], of the share of which `held` of `total` are a sample.
    pub fn mostly(text: impl Into<String>, held: usize, total: usize) -> Self {
        let Some(share) = share_interval(held, total, LEVEL) else {
            return Self::not_checked(text, "no instances");
        };
        let verdict = match (share.low > 0.5, share.high < 0.5) {
            (true, _) => Verdict::Holds,
            (_, true) => Verdict::Fails,
            _ => Verdict::Undecided,
        };
        let how = format!(
            "in {held} of {total} instances, that is in {:.0} to {:.0} % of all; more than half asked",
            100.0 * share.low,
            100.0 * share.high
        );
        Self::new(text, verdict, how)
    }

    /// A statement that must be true of each instance (or replication): a single one refutes it.
    pub fn always(text: impl Into<String>, held: usize, total: usize) -> Self {
        let Some(share) = share_interval(held, total, LEVEL) else {
            return Self::not_checked(text, "no instances");
        };
        let mut how = format!("in {held} of {total} instances");
        if held == total && total > 1 {
            how.push_str(&format!(", that is in at least {:.0} % of all", 100.0 * share.low));
        }
        Self::checked(text, held == total, how)
    }

    /// A statement that follows from the model: true of `held` of `total` instances, and of all unless the program is
    /// wrong.
    pub fn follows(text: impl Into<String>, held: usize, total: usize) -> Self {
        let verdict = match (total, held == total) {
            (0, _) => Verdict::NotChecked,
            (_, true) => Verdict::Follows,
            (_, false) => Verdict::Fails,
        };
        Self::new(text, verdict, format!("follows from the model; in {held} of {total} instances"))
    }

    /// The number of instances of which a statement is true, without a requirement.
    pub fn shown(text: impl Into<String>, held: usize, total: usize) -> Self {
        Self::new(text, Verdict::Shown, format!("in {held} of {total} instances"))
    }
}

/// A table that is specific to a target.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Name of its file, without `.parquet`.
    pub name: String,
    /// Name and values of each column, all of one length.
    pub columns: Vec<(String, Values)>,
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Text.
    Texts(Vec<String>),
    /// Whole numbers.
    Integers(Vec<i64>),
    /// Numbers; NaN is written as null.
    Numbers(Vec<f64>),
}

impl Table {
    /// A table without columns.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), columns: Vec::new() }
    }

    fn with(mut self, name: impl Into<String>, values: Values) -> Self {
        self.columns.push((name.into(), values));
        self
    }

    /// Adds a column of text.
    #[must_use]
    pub fn texts(self, name: impl Into<String>, values: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.with(name, Values::Texts(values.into_iter().map(Into::into).collect()))
    }

    /// Adds a column of whole numbers.
    #[must_use]
    pub fn integers(self, name: impl Into<String>, values: impl IntoIterator<Item = i64>) -> Self {
        self.with(name, Values::Integers(values.into_iter().collect()))
    }

    /// Adds a column of numbers; their unit belongs in its name.
    #[must_use]
    pub fn numbers(self, name: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Self {
        self.with(name, Values::Numbers(values.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(computed: f64, half_width: Option<f64>, published: Option<f64>, rule: Rule) -> Verdict {
        let mut figure = Figure::new("f", "kW", computed).rule(rule);
        figure.published = published;
        figure.interval = half_width.map(|half| Interval::around(computed, half));
        figure.verdict()
    }

    #[test]
    fn a_number_without_interval_holds_up_to_the_limit() {
        use Verdict::{Fails, Holds, NotChecked, Shown};
        for (computed, published, rule, expected) in [
            (102.0, Some(100.0), Rule::Relative(0.02), Holds),
            (97.9, Some(100.0), Rule::Relative(0.02), Fails),
            (-102.0, Some(-100.0), Rule::Relative(0.02), Holds),
            (-97.0, Some(-100.0), Rule::Relative(0.02), Fails),
            (0.1, Some(0.0), Rule::Relative(0.5), Fails),
            (0.25, Some(0.0), Rule::Absolute(0.25), Holds),
            (-0.5, Some(0.0), Rule::Absolute(0.25), Fails),
            (25.0, Some(28.3), Rule::at_least(25.0), Holds),
            (24.9, None, Rule::at_least(25.0), Fails),
            (3.1, None, Rule::at_most(3.0), Fails),
            (16.3, Some(99.0), Rule::Between { low: 12.0, high: 20.0 }, Holds),
            (f64::NAN, Some(1.0), Rule::Relative(10.0), Fails),
            (1.0, Some(f64::NAN), Rule::Absolute(10.0), Fails),
            (f64::INFINITY, Some(1.0), Rule::Absolute(10.0), Fails),
            // Nothing to compare with, or nothing required.
            (1.0, None, Rule::Relative(0.1), NotChecked),
            (1.0, Some(2.0), Rule::Shown, Shown),
        ] {
            assert_eq!(
                verdict(computed, None, published, rule),
                expected,
                "{computed} {published:?} {rule:?}"
            );
        }
    }

    #[test]
    fn an_interval_decides_only_if_it_is_on_one_side() {
        let near = |computed, half| verdict(computed, Some(half), Some(100.0), Rule::Absolute(5.0));
        assert_eq!(near(102.0, 3.0), Verdict::Holds);
        assert_eq!(near(102.0, 4.0), Verdict::Undecided);
        assert_eq!(near(107.0, 4.0), Verdict::Undecided);
        assert_eq!(near(107.0, 1.0), Verdict::Fails);
        assert_eq!(near(90.0, 1.0), Verdict::Fails);
        // Wider than the right values, on both sides.
        assert_eq!(near(100.0, 50.0), Verdict::Undecided);
        assert_eq!(near(100.0, f64::NAN), Verdict::Fails);
    }

    #[test]
    fn differences_are_signed_and_relative_to_the_size_of_the_published_value() {
        let figure = Figure::new("f", "", -90.0).published(-100.0);
        assert_eq!((figure.difference(), figure.relative_difference()), (Some(10.0), Some(0.1)));
        let figure = figure.published(0.0);
        assert_eq!((figure.difference(), figure.relative_difference()), (Some(-90.0), None));
        assert_eq!(Figure::new("f", "", 1.0).difference(), None);
    }

    #[test]
    fn a_mean_has_an_interval_from_two_values_on() {
        // t at 95 % with one degree of freedom is 12.706205 (any table); the standard error of 1 and 3 is 1.
        let figure = Figure::mean("f", "", &[1.0, 3.0]);
        let interval = figure.interval.unwrap();
        assert!(figure.computed == 2.0 && (interval.half_width() - 12.706_205).abs() < 1e-6);
        assert_eq!(Figure::mean("f", "", &[1.0]).interval, None);
        assert!(Figure::mean("f", "", &[]).computed.is_nan());
    }

    #[test]
    fn findings_about_instances_are_decided_by_the_share_of_all() {
        let mostly = |held, total| Finding::mostly("cheapest", held, total).verdict;
        // 5 of 5 may be a share of 48 % (0.025 to the power of 1/5), 6 of 6 of 54 %.
        assert_eq!((mostly(5, 5), mostly(6, 6)), (Verdict::Undecided, Verdict::Holds));
        assert_eq!((mostly(0, 6), mostly(21, 40)), (Verdict::Fails, Verdict::Undecided));
        let of_forty = Finding::mostly("cheapest", 31, 40);
        assert_eq!(of_forty.how, "in 31 of 40 instances, that is in 62 to 89 % of all; more than half asked");
        let always = |held, total| Finding::always("cheapest", held, total);
        assert_eq!((always(20, 20).verdict, always(19, 20).verdict), (Verdict::Holds, Verdict::Fails));
        assert_eq!(always(20, 20).how, "in 20 of 20 instances, that is in at least 83 % of all");
        let follows = |held, total| Finding::follows("cheapest", held, total).verdict;
        assert_eq!((follows(20, 20), follows(19, 20)), (Verdict::Follows, Verdict::Fails));
        assert_eq!(Finding::shown("cheapest", 1, 40).verdict, Verdict::Shown);
        for finding in [Finding::mostly("", 0, 0), Finding::always("", 0, 0), Finding::follows("", 0, 0)] {
            assert_eq!(finding.verdict, Verdict::NotChecked);
        }
    }
}
