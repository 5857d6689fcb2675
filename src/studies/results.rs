//! Summary of a study: `summary.json`, and the table on the terminal.

use super::coalition_game::PointGame;
use super::plan::{Plan, PlanMetric};
use super::reservations::UnequalEnergy;
use crate::error::{Error, Result};
use crate::outputs::summary::thousands;
use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

/// Name of the file.
pub const SUMMARY: &str = "summary.json";

/// Policies side by side in one table.
const COLUMNS: usize = 5;
/// Points shown on the terminal; the tables contain all of them.
const MOST_POINTS_SHOWN: usize = 8;

/// Most failures that are printed; all are in the summary.
const MOST_FAILURES: usize = 5;

/// Content of `summary.json`, in the order of the file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StudySummary {
    /// Plan of the study.
    #[serde(flatten)]
    pub plan: Plan,
    /// Replications of each arm.
    pub replications: u32,
    /// Each figure of each policy at each point.
    pub results: Vec<ArmResult>,
    /// Each figure of each other policy compared to the baseline, at each point.
    pub comparisons: Vec<Comparison>,
    /// Probability of each policy being the best; empty if there are too few replications.
    pub best: Vec<Best>,
    /// Policies whose vehicles end with notably more or less stored energy than under the baseline.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unequal_energy: Vec<UnequalEnergy>,
    /// Reservations about the statistics, in words: missing tests and intervals, unequal energy, no do-nothing policy.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reservations: Vec<String>,
    /// For a study of a game: allocations of the worths of coalitions, by point.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub coalition_game: Vec<PointGame>,
    /// Waits of riders over all replications together.
    pub waits: Vec<Waits>,
    /// Tasks without a result.
    pub failures: Vec<Failure>,
}

/// A figure of a policy at a point, over its replications.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ArmResult {
    /// Policy.
    pub policy: String,
    /// Point.
    pub point: usize,
    /// Figure.
    pub metric: String,
    /// Replications in which the figure has a value.
    pub n: usize,
    /// Number of clusters, if some replications drew the same days: intervals are then over clusters, without BCa
    /// intervals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clusters: Option<usize>,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub sd: Option<f64>,
    /// Lower end of Student's t interval of the mean.
    pub low: Option<f64>,
    /// Upper end of the t interval.
    pub high: Option<f64>,
    /// Lower end of the BCa bootstrap interval of the mean.
    pub bca_low: Option<f64>,
    /// Upper end of the BCa interval.
    pub bca_high: Option<f64>,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}

/// Difference of a figure, policy minus baseline, replication by replication.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Policy.
    pub policy: String,
    /// Point.
    pub point: usize,
    /// Figure.
    pub metric: String,
    /// Replications in which both have a value.
    pub n: usize,
    /// Number of clusters, if some replications drew the same days: intervals and tests are then over clusters, without
    /// BCa intervals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clusters: Option<usize>,
    /// Mean difference.
    pub difference: f64,
    /// Standard deviation of the differences.
    pub sd: Option<f64>,
    /// Lower end of Student's t interval of the mean difference.
    pub low: Option<f64>,
    /// Upper end of the t interval.
    pub high: Option<f64>,
    /// Lower end of the BCa bootstrap interval of the mean difference.
    pub bca_low: Option<f64>,
    /// Upper end of the BCa interval.
    pub bca_high: Option<f64>,
    /// Half width of Welch's interval, as if the replications of the two policies were independent.
    pub unpaired_half_width: Option<f64>,
    /// Variance of the difference with independent replications, over that with these.
    pub variance_reduction: Option<f64>,
    /// P-value of Wilcoxon's signed-rank test, two-sided; `None` if there are too few pairs for it to be significant.
    pub wilcoxon_p: Option<f64>,
    /// The same after Holm, over the policies compared on this figure at this point; `None` if there are too few pairs
    /// for it to be significant.
    pub holm_p: Option<f64>,
    /// Mean over replications of the baseline's value divided by the policy's, if all are above 0.
    pub ratio: Option<f64>,
    /// Lower end of Student's t interval of the ratio.
    pub ratio_low: Option<f64>,
    /// Upper end of the t interval.
    pub ratio_high: Option<f64>,
}

/// Probability of a policy being the best in a figure at a point.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Best {
    /// Point.
    pub point: usize,
    /// Figure.
    pub metric: String,
    /// Policy.
    pub policy: String,
    /// Probability that its mean is the best.
    pub probability: f64,
    /// Share of replications in which it is the best.
    pub share_of_replications: f64,
    /// Whether the policy is selected: the probability reaches the study's confidence. Policies that tie share the
    /// probability, so that none is selected.
    pub selected: bool,
}

/// Waits of riders of a policy at a point.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Waits {
    /// Policy.
    pub policy: String,
    /// Point.
    pub point: usize,
    /// Riders picked up.
    pub riders: u64,
    /// Mean [s].
    pub mean_s: f64,
    /// Median [s].
    pub p50_s: u64,
    /// 90th percentile [s].
    pub p90_s: u64,
    /// 95th percentile [s].
    pub p95_s: u64,
    /// 99th percentile [s].
    pub p99_s: u64,
}

/// A task without a result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Failure {
    /// Number of the task.
    pub task: u64,
    /// Policy.
    pub policy: String,
    /// Point.
    pub point: usize,
    /// Replication.
    pub replication: u32,
    /// Seed.
    pub seed: u64,
    /// Error message.
    pub error: String,
    /// Command that runs the task alone.
    pub rerun: String,
}

impl StudySummary {
    /// Content of the file.
    ///
    /// # Errors
    /// If a value cannot be expressed in JSON, which does not occur.
    pub fn to_json(&self) -> Result<String> {
        let mut text =
            serde_json::to_string_pretty(self).map_err(|e| Error::Other(format!("{SUMMARY}: {e}")))?;
        text.push('\n');
        Ok(text)
    }

    /// Result of a policy at a point for a figure.
    pub fn result(&self, policy: &str, point: usize, metric: &str) -> Option<&ArmResult> {
        self.results.iter().find(|r| r.policy == policy && r.point == point && r.metric == metric)
    }

    /// Comparison of a policy at a point for a figure.
    pub fn comparison(&self, policy: &str, point: usize, metric: &str) -> Option<&Comparison> {
        self.comparisons.iter().find(|c| c.policy == policy && c.point == point && c.metric == metric)
    }

    /// Factor by which the intervals of differences would be wider with independent replications: (least, median, most)
    /// over all comparisons.
    pub fn narrowing(&self) -> Option<(f64, f64, f64)> {
        let factor = |c: &Comparison| {
            let half = 0.5 * (c.high? - c.low?);
            let factor = c.unpaired_half_width? / half;
            factor.is_finite().then_some(factor)
        };
        let mut factors: Vec<f64> = self.comparisons.iter().filter_map(factor).collect();
        factors.sort_by(f64::total_cmp);
        let median = crate::statistics::describe::quantile(&factors, 0.5)?;
        Some((*factors.first()?, median, *factors.last()?))
    }

    /// Tables for the terminal; `lines` draws them with box characters.
    pub fn table(&self, lines: bool) -> String {
        let mut out = String::new();
        for point in self.plan.points.iter().take(MOST_POINTS_SHOWN) {
            if !point.values.is_empty() {
                let values: Vec<String> =
                    point.values.iter().map(|(name, value)| format!("{name} = {value}")).collect();
                out.push_str(&format!(" {}\n", values.join(", ")));
            }
            for policies in self.plan.policies.chunks(COLUMNS) {
                let names: Vec<&str> = policies.iter().map(|p| p.name.as_str()).collect();
                out.push_str(&self.table_of(point.point, &names, lines));
                out.push_str("\n\n");
            }
            let of_point = self.coalition_game.iter().find(|game| game.point == point.point);
            if let (Some(game), Some(plan)) = (of_point, &self.plan.coalition_game) {
                let metric = self.plan.metrics.iter().find(|metric| metric.name == plan.figure);
                out.push_str(&game.render(plan, metric.map_or("", |metric| &metric.unit), lines));
                out.push('\n');
            }
        }
        if self.plan.points.len() > MOST_POINTS_SHOWN {
            let more = self.plan.points.len() - MOST_POINTS_SHOWN;
            out.push_str(&format!("{more} more points are in summary.parquet and comparisons.parquet.\n"));
        }
        if let Some(days) = self.plan.warm_up_found_days {
            out.push_str(&format!("{}\n", settled(days)));
        }
        if self.plan.policies.len() > 1 {
            let level = 100.0 * self.plan.confidence;
            let baseline = &self.plan.baseline;
            let clustered = self.results.iter().any(|r| r.clusters.is_some());
            let given = if clustered {
                "over clusters of replications with the same days"
            } else {
                "given the days recorded"
            };
            out.push_str(&format!(
                "{level} % intervals (Student), {given}. Differences are to {baseline}, replication by replication;\n\
                 * where p < {:.2} (Wilcoxon, Holm over the policies).\n",
                1.0 - self.plan.confidence
            ));
        }
        for reservation in &self.reservations {
            out.push_str(&format!("Note: {reservation}.\n"));
        }
        if let Some((least, median, most)) = self.narrowing() {
            out.push_str(&format!(
                "Independent replications would make the intervals of differences {median:.1} times as wide \
                 (median; {least:.1} to {most:.1}):\nthe benefit of common random numbers.\n"
            ));
        }
        for failure in self.failures.iter().take(MOST_FAILURES) {
            out.push_str(&format!(
                "Failed: {}, point {}, replication {}: {}\n  alone: {}\n",
                failure.policy, failure.point, failure.replication, failure.error, failure.rerun
            ));
        }
        if self.failures.len() > MOST_FAILURES {
            let more = self.failures.len() - MOST_FAILURES;
            out.push_str(&format!("and {more} more failures: `failures` in summary.json\n"));
        }
        out
    }

    fn table_of(&self, point: usize, policies: &[&str], lines: bool) -> String {
        let mut table = Table::new();
        table.load_preset(if lines { presets::UTF8_BORDERS_ONLY } else { presets::NOTHING });
        let mut header =
            vec![format!("{}, {}", self.plan.study, self.replicated(Some((point, policies)))), String::new()];
        header.extend(policies.iter().map(|p| (*p).to_owned()));
        table.set_header(header);
        for metric in &self.plan.metrics {
            let mut add = |name: &str, unit: &str, cell: &dyn Fn(&str) -> Option<String>| {
                let cells: Vec<Option<String>> = policies.iter().map(|policy| cell(policy)).collect();
                if cells.iter().any(Option::is_some) {
                    let mut row = vec![name.to_owned(), unit.to_owned()];
                    row.extend(cells.into_iter().map(|cell| cell.unwrap_or_else(|| "-".to_owned())));
                    table.add_row(row);
                }
            };
            let unit = metric.shown().1;
            add(&metric.title, unit, &|policy| self.mean_cell(policy, point, metric));
            let unit = if unit == "%" { "% points" } else { unit };
            add("  difference", unit, &|policy| self.difference_cell(policy, point, metric));
            if metric.ratio {
                let name = format!("  {} over it", self.plan.baseline);
                add(&name, "", &|policy| self.ratio_cell(policy, point, metric));
            }
            if self.plan.policies.len() > 1 {
                add("  best with probability", "%", &|policy| {
                    let best = self
                        .best
                        .iter()
                        .find(|b| b.policy == policy && b.point == point && b.metric == metric.name)?;
                    Some(format!("{:.0}", 100.0 * best.probability))
                });
            }
        }
        for index in 2..(2 + policies.len()) {
            if let Some(column) = table.column_mut(index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.trim_fmt()
    }

    /// `N replications`, and the number of clusters if some drew the same days: for one point and some policies, or for
    /// all.
    pub(super) fn replicated(&self, part: Option<(usize, &[&str])>) -> String {
        let is_part = |r: &&ArmResult| {
            part.is_none_or(|(point, policies)| r.point == point && policies.contains(&r.policy.as_str()))
        };
        let clusters = || self.results.iter().filter(is_part).filter_map(|r| r.clusters);
        match (clusters().min(), clusters().max()) {
            (Some(least), Some(most)) if least < most => {
                format!("{} replications in {least} to {most} clusters", self.replications)
            }
            (Some(1), _) => format!("{} replications in 1 cluster", self.replications),
            (Some(clusters), _) => format!("{} replications in {clusters} clusters", self.replications),
            _ => format!("{} replications", self.replications),
        }
    }

    fn mean_cell(&self, policy: &str, point: usize, metric: &PlanMetric) -> Option<String> {
        let result = self.result(policy, point, &metric.name)?;
        let (factor, _) = metric.shown();
        Some(plus_minus(factor * result.mean, half(result.low, result.high).map(|half| factor * half)))
    }

    fn difference_cell(&self, policy: &str, point: usize, metric: &PlanMetric) -> Option<String> {
        let comparison = self.comparison(policy, point, &metric.name)?;
        let sign = if comparison.difference > 0.0 { "+" } else { "" };
        let star = if comparison.holm_p.is_some_and(|p| p < 1.0 - self.plan.confidence) { " *" } else { "" };
        let (factor, _) = metric.shown();
        let half = half(comparison.low, comparison.high).map(|half| factor * half);
        Some(format!("{sign}{}{star}", plus_minus(factor * comparison.difference, half)))
    }

    fn ratio_cell(&self, policy: &str, point: usize, metric: &PlanMetric) -> Option<String> {
        let comparison = self.comparison(policy, point, &metric.name)?;
        Some(plus_minus(comparison.ratio?, half(comparison.ratio_low, comparison.ratio_high)))
    }
}

/// Statement about a warm-up found by pilot runs.
fn settled(days: i64) -> String {
    match days {
        0 => "Figures cover the whole period: queues and charge have no warm-up in pilot runs of all policies.".to_owned(),
        1 => "Figures leave out the first day: then queues and charge had settled in pilot runs of all policies."
            .to_owned(),
        days => format!(
            "Figures leave out the first {days} days: then queues and charge had settled in pilot runs of all policies."
        ),
    }
}

fn half(low: Option<f64>, high: Option<f64>) -> Option<f64> {
    Some(0.5 * (high? - low?))
}

/// `mean ± half`, to two digits of the half width; to four digits of the mean without one.
pub fn plus_minus(mean: f64, half: Option<f64>) -> String {
    let scale = match half {
        Some(half) if half > 0.0 => half,
        _ => mean.abs() / 100.0,
    };
    // Place of the second digit; at most ten decimals, and none before the point.
    let digits = if scale > 0.0 { (1.0 - scale.log10().floor()).clamp(0.0, 10.0) as usize } else { 0 };
    match half {
        Some(half) => format!("{} ± {}", thousands(mean, digits), thousands(half, digits)),
        None => thousands(mean, digits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_digits_that_mean_something() {
        for (mean, half, text) in [
            (0.968_512, Some(0.000_31), "0.96851 ± 0.00031"),
            (13_237.86, Some(45.2), "13,238 ± 45"),
            (-1_234.5, Some(0.0), "-1,234 ± 0"),
            (264.0, Some(1.24), "264.0 ± 1.2"),
            (12.345, None, "12.35"),
            (0.0, Some(0.0), "0 ± 0"),
            (0.0, None, "0"),
        ] {
            assert_eq!(plus_minus(mean, half), text);
        }
    }
}
