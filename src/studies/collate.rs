//! Computes the results from the journal: statistics over replications, in the order of tasks.

use super::coalition_game;
use super::draws::Draws;
use super::journal::{Header, Journal, Outcome};
use super::plan::{Plan, Task};
use super::reservations;
use super::results::{ArmResult, Best, Comparison, Failure, StudySummary, Waits};
use crate::error::Result;
use crate::rng::{Purpose, Streams};
use crate::statistics::selection::{self, Orientation};
use crate::statistics::{Clustered, Clusters, Sample, bootstrap, holm, paired, wilcoxon};
use hdrhistogram::Histogram;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Resamples of each bootstrap; Efron and Tibshirani (1993, section 14.2) take 2,000 for intervals.
const RESAMPLES: usize = 2_000;

/// Input of all tables of a study.
#[derive(Debug)]
pub struct Collated {
    /// The summary.
    pub summary: StudySummary,
    /// Names of all figures, sorted.
    pub names: Vec<String>,
    /// Tasks with a result, each with its figures in the order of `names`; NaN where a figure has no value.
    pub rows: Vec<(Task, Vec<f64>)>,
    /// Waits of riders by arm: (wait [s], riders).
    pub waits: Vec<Vec<(u64, u64)>>,
    /// Mean power of all stations by arm and hour from the start, over replications [kW]; no values in the warm-up.
    pub power: Vec<Vec<HourPower>>,
    /// Cluster of each replication, by arm; `None` if no two replications share their draws.
    pub clusters: Vec<Option<Clusters>>,
}

/// Mean power in one hour, over replications.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct HourPower {
    /// Number of replications.
    pub n: u32,
    /// Mean [kW].
    pub mean_kw: f64,
    /// Sum of squared deviations [kW2].
    squares: f64,
}

impl HourPower {
    /// Welford's update (Technometrics 4, 1962).
    fn add(&mut self, kw: f64) {
        self.n += 1;
        let before = kw - self.mean_kw;
        self.mean_kw += before / f64::from(self.n);
        self.squares += before * (kw - self.mean_kw);
    }

    /// Standard deviation over replications [kW].
    pub fn sd_kw(&self) -> Option<f64> {
        (self.n > 1).then(|| (self.squares / f64::from(self.n - 1)).sqrt())
    }
}

/// Reads the whole journal and computes all results for `header`.
///
/// # Errors
/// If the journal cannot be read.
pub fn collate(journal: &Journal, header: &Header) -> Result<Collated> {
    let (plan, replications) = (&header.plan, header.replications);
    let arms = plan.arms();
    let mut columns: BTreeMap<String, usize> = BTreeMap::new();
    let mut rows: Vec<(Task, Vec<f64>)> = Vec::new();
    let mut waits: Vec<Histogram<u64>> = (0..arms).map(|_| histogram()).collect();
    let mut power: Vec<Vec<HourPower>> = vec![Vec::new(); arms];
    let mut failures = Vec::new();
    let mut draws = Draws::new(arms, replications);
    for task in journal.tasks().filter(|task| task.replication < replications) {
        let result = match journal.outcome(task)? {
            Some(Outcome::Done(result)) => result,
            Some(Outcome::Failed { error }) => {
                failures.push(failure(plan, task, error));
                continue;
            }
            None => continue,
        };
        let arm = plan.arm(task.policy, task.point);
        let mut row = vec![f64::NAN; columns.len()];
        for (name, &value) in &result.figures {
            let next = columns.len();
            let column = *columns.entry(name.clone()).or_insert(next);
            row.resize(row.len().max(column + 1), f64::NAN);
            row[column] = value;
        }
        rows.push((task, row));
        draws.add(arm, task.replication, result.days.clone());
        for (wait_s, riders) in result.waits() {
            // The histogram grows as needed, so it accepts any value.
            let _ = waits[arm].record_n(wait_s, riders);
        }
        let hours = &mut power[arm];
        let from = result.power_from_hour as usize;
        hours.resize(hours.len().max(from + result.power_kw.len()), HourPower::default());
        for (hour, &kw) in hours[from..].iter_mut().zip(&result.power_kw) {
            hour.add(kw);
        }
    }
    // Columns were numbered in order of appearance; names are sorted.
    let names: Vec<String> = columns.keys().cloned().collect();
    for (_, row) in &mut rows {
        let at = |&column: &usize| row.get(column).copied().unwrap_or(f64::NAN);
        *row = columns.values().map(at).collect();
    }
    let values = Values::new(plan, &names, &rows, &draws, replications);
    let (results, comparisons, best) = values.statistics();
    let unequal_energy = reservations::unequal_energy(plan, &names, &rows, &draws, replications);
    let mut reservations = reservations::of(plan, &results, &comparisons, replications, &unequal_energy);
    reservations.extend(draws.shared_in_part());
    let summary = StudySummary {
        plan: plan.clone(),
        replications,
        results,
        comparisons,
        best,
        unequal_energy,
        reservations,
        coalition_game: coalition_game::games(plan, &names, &rows, &draws)?,
        waits: (0..arms).filter_map(|arm| riders(plan, arm, &waits[arm])).collect(),
        failures,
    };
    let waits = waits
        .iter()
        .map(|h| h.iter_recorded().map(|step| (step.value_iterated_to(), step.count_at_value())).collect())
        .collect();
    let clusters = (0..arms).map(|arm| draws.of_arm(arm)).collect();
    Ok(Collated { summary, names, rows, waits, power, clusters })
}

/// Three significant digits, as in the runs themselves.
fn histogram() -> Histogram<u64> {
    Histogram::new(3).expect("three significant digits")
}

fn failure(plan: &Plan, task: Task, error: String) -> Failure {
    Failure {
        task: task.number,
        policy: plan.policies[task.policy].name.clone(),
        point: task.point,
        replication: task.replication,
        seed: plan.seed,
        error,
        rerun: plan.command(task),
    }
}

fn riders(plan: &Plan, arm: usize, waits: &Histogram<u64>) -> Option<Waits> {
    let policies = plan.policies.len();
    (!waits.is_empty()).then(|| Waits {
        policy: plan.policies[arm % policies].name.clone(),
        point: arm / policies,
        riders: waits.len(),
        mean_s: waits.mean(),
        p50_s: waits.value_at_quantile(0.5),
        p90_s: waits.value_at_quantile(0.9),
        p95_s: waits.value_at_quantile(0.95),
        p99_s: waits.value_at_quantile(0.99),
    })
}

/// Compared figures by metric, arm and replication.
struct Values<'a> {
    plan: &'a Plan,
    /// `metrics x arms` rows with one value per replication; NaN where there is none.
    table: Vec<Vec<f64>>,
    draws: &'a Draws,
}

/// Results for one metric at one point.
type Found = (Vec<ArmResult>, Vec<Comparison>, Vec<Best>);

impl<'a> Values<'a> {
    fn new(
        plan: &'a Plan,
        names: &[String],
        rows: &[(Task, Vec<f64>)],
        draws: &'a Draws,
        replications: u32,
    ) -> Self {
        let mut table = Vec::with_capacity(plan.metrics.len() * plan.arms());
        for metric in &plan.metrics {
            let column = names.iter().position(|name| *name == metric.name);
            let first = table.len();
            table.resize(first + plan.arms(), vec![f64::NAN; replications as usize]);
            for (task, row) in rows {
                if let Some(&value) = column.and_then(|column| row.get(column)) {
                    table[first + plan.arm(task.policy, task.point)][task.replication as usize] = value;
                }
            }
        }
        Self { plan, table, draws }
    }

    fn of(&self, metric: usize, policy: usize, point: usize) -> &[f64] {
        &self.table[metric * self.plan.arms() + self.plan.arm(policy, point)]
    }

    /// Statistics of every metric at every point. The streams of the resampling depend on metric, point and policy, so
    /// that threads do not affect the result.
    fn statistics(&self) -> Found {
        let cells = self.plan.points.len() * self.plan.metrics.len();
        let metrics = self.plan.metrics.len();
        let found: Vec<Found> =
            (0..cells).into_par_iter().map(|cell| self.cell(cell % metrics, cell / metrics)).collect();
        let mut all = Found::default();
        for (results, comparisons, best) in found {
            all.0.extend(results);
            all.1.extend(comparisons);
            all.2.extend(best);
        }
        all
    }

    fn cell(&self, metric: usize, point: usize) -> Found {
        let plan = self.plan;
        let (level, policies) = (plan.confidence, plan.policies.len());
        let name = &plan.metrics[metric].name;
        let stream = |entity: usize| {
            let entity = ((point * plan.metrics.len() + metric) * (2 * policies + 1) + entity) as u64;
            Streams { seed: plan.seed, replication: 0 }.stream(Purpose::Resampling, entity)
        };
        let mut results = Vec::with_capacity(policies);
        for policy in 0..policies {
            let all = self.of(metric, policy, point);
            let (at, values): (Vec<usize>, Vec<f64>) =
                all.iter().copied().enumerate().filter(|(_, x)| x.is_finite()).unzip();
            let Some(sample) = Sample::of(&values) else { continue };
            let clusters = self.draws.clusters(&[plan.arm(policy, point)], &at);
            let (t, bca) = if clusters.are_shared() {
                (Clustered::of(&values, &clusters).and_then(|found| found.t_interval(level)), None)
            } else {
                let bca = bootstrap::bca_of_mean(&values, level, RESAMPLES, &mut stream(policy));
                (sample.t_interval(level), bca)
            };
            results.push(ArmResult {
                policy: plan.policies[policy].name.clone(),
                point,
                metric: name.clone(),
                n: sample.n,
                clusters: clusters.are_shared().then(|| clusters.count()),
                mean: sample.mean,
                sd: sample.sd,
                low: t.map(|i| i.low),
                high: t.map(|i| i.high),
                bca_low: bca.map(|i| i.low),
                bca_high: bca.map(|i| i.high),
                min: sample.min,
                max: sample.max,
            });
        }
        (
            results,
            self.comparisons(metric, point, stream),
            self.best(metric, point, &mut stream(2 * policies)),
        )
    }

    fn comparisons(
        &self,
        metric: usize,
        point: usize,
        stream: impl Fn(usize) -> rand_pcg::Pcg64,
    ) -> Vec<Comparison> {
        let plan = self.plan;
        let baseline = plan.baseline();
        let mut comparisons = Vec::new();
        for policy in (0..plan.policies.len()).filter(|&policy| policy != baseline) {
            let (a, b) = (self.of(metric, policy, point), self.of(metric, baseline, point));
            let both = (0..a.len()).filter(|&r| a[r].is_finite() && b[r].is_finite());
            let both: Vec<usize> = both.collect();
            let select = |values: &[f64]| both.iter().map(|&r| values[r]).collect::<Vec<f64>>();
            let arms = [plan.arm(policy, point), plan.arm(baseline, point)];
            let clusters = self.draws.clusters(&arms, &both);
            let random = &mut stream(plan.policies.len() + policy);
            let level = plan.confidence;
            let Some(found) =
                paired::compare_clustered(&select(a), &select(b), &clusters, level, RESAMPLES, random)
            else {
                continue;
            };
            comparisons.push(Comparison {
                policy: plan.policies[policy].name.clone(),
                point,
                metric: plan.metrics[metric].name.clone(),
                n: found.n,
                clusters: found.clusters,
                difference: found.mean_difference,
                sd: found.sd,
                low: found.t_interval.map(|i| i.low),
                high: found.t_interval.map(|i| i.high),
                bca_low: found.bca_interval.map(|i| i.low),
                bca_high: found.bca_interval.map(|i| i.high),
                unpaired_half_width: found.unpaired_half_width,
                variance_reduction: found.variance_reduction,
                wilcoxon_p: Some(found.wilcoxon.p_value),
                holm_p: None,
                ratio: found.mean_ratio,
                ratio_low: found.ratio_interval.map(|i| i.low),
                ratio_high: found.ratio_interval.map(|i| i.high),
            });
        }
        let p: Vec<f64> = comparisons.iter().filter_map(|c| c.wilcoxon_p).collect();
        let alpha = 1.0 - plan.confidence;
        let alone = wilcoxon::pairs_needed(alpha, 1);
        let corrected = wilcoxon::pairs_needed(alpha, p.len());
        for (comparison, p) in comparisons.iter_mut().zip(holm::holm(&p)) {
            let pairs = comparison.clusters.unwrap_or(comparison.n);
            comparison.holm_p = (pairs >= corrected).then_some(p);
            comparison.wilcoxon_p = comparison.wilcoxon_p.filter(|_| pairs >= alone);
        }
        comparisons
    }

    /// Probability of each policy being the best, over the replications in which every policy has a value.
    fn best(&self, metric: usize, point: usize, random: &mut rand_pcg::Pcg64) -> Vec<Best> {
        let plan = self.plan;
        let better = match plan.metrics[metric].better.as_deref() {
            Some("higher") => Orientation::Higher,
            Some("lower") => Orientation::Lower,
            _ => return Vec::new(),
        };
        let all: Vec<&[f64]> =
            (0..plan.policies.len()).map(|policy| self.of(metric, policy, point)).collect();
        let replications = all.first().map_or(0, |values| values.len());
        let complete = |&r: &usize| all.iter().all(|values| values[r].is_finite());
        let common: Vec<usize> = (0..replications).filter(complete).collect();
        let arms: Vec<usize> = (0..plan.policies.len()).map(|policy| plan.arm(policy, point)).collect();
        let clusters = self.draws.clusters(&arms, &common);
        if clusters.count() < selection::replications_needed(plan.confidence) {
            return Vec::new();
        }
        let all: Vec<Vec<f64>> =
            all.iter().map(|values| common.iter().map(|&r| values[r]).collect()).collect();
        // Clusters are drawn as they are; the policy with the best mean is the one with the best sum.
        let means = if clusters.are_shared() {
            let sums: Vec<Vec<f64>> = all.iter().map(|values| clusters.sums(values)).collect();
            selection::best_in_mean(&sums, better, RESAMPLES, random)
        } else {
            selection::best_in_mean(&all, better, RESAMPLES, random)
        };
        let shares = selection::best_in_replication(&all, better);
        let (Some(means), Some(shares)) = (means, shares) else { return Vec::new() };
        let best =
            means.into_iter().zip(shares).zip(&plan.policies).map(|((probability, share), policy)| Best {
                point,
                metric: plan.metrics[metric].name.clone(),
                policy: policy.name.clone(),
                probability,
                share_of_replications: share,
                selected: probability >= plan.confidence,
            });
        best.collect()
    }
}
