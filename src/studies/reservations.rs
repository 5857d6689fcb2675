//! Reservations about the results of a study: missing tests and intervals, and comparisons of unequal energy.

use super::draws::Draws;
use super::plan::{Plan, Task};
use super::results::{ArmResult, Comparison};
use crate::statistics::{Clustered, Sample, wilcoxon};
use serde::Serialize;

/// Change of stored energy, relative to the baseline, above which a comparison is marked: a share of the energy that
/// the baseline's vehicles store while charging (assumed; at a single price of energy, the cost of charging is off by
/// as much).
const NOTABLE_SHARE: f64 = 0.01;

/// A policy whose vehicles end with notably more or less stored energy than under the baseline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UnequalEnergy {
    /// Policy.
    pub policy: String,
    /// Point.
    pub point: usize,
    /// Stored energy at the end, policy minus baseline, mean over replications [kWh].
    pub difference_kwh: f64,
    /// The same relative to the energy stored under the baseline (0..1).
    pub share: f64,
}

/// Change of the energy in all batteries over a run [kWh], from its figures by name: stored minus driven minus fed
/// back.
///
/// Losses of feeding back inside the vehicle are missing, so it is an upper bound if vehicles feed back.
fn change_of_charge_kwh(figure: impl Fn(&str) -> Option<f64>) -> Option<f64> {
    let fed_back = figure("energy_discharged_kwh").unwrap_or(0.0);
    Some(figure("energy_stored_kwh")? - figure("energy_driven_kwh")? - fed_back)
}

/// Policies to mark, in the order of points and policies. `rows` have figures in the order of `names`.
///
/// A difference is notable if it exceeds 1 % of the energy stored under the baseline and its interval does not contain
/// 0.
pub(super) fn unequal_energy(
    plan: &Plan,
    names: &[String],
    rows: &[(Task, Vec<f64>)],
    draws: &Draws,
    replications: u32,
) -> Vec<UnequalEnergy> {
    let column = |name: &str| names.binary_search_by(|other| other.as_str().cmp(name)).ok();
    let value = |row: &[f64], name: &str| column(name).map(|at| row[at]).filter(|x| x.is_finite());
    // Change of charge and energy stored, by arm and replication.
    let mut found = vec![vec![None; replications as usize]; plan.arms()];
    for (task, row) in rows {
        let change = change_of_charge_kwh(|name| value(row, name));
        found[plan.arm(task.policy, task.point)][task.replication as usize] =
            change.zip(value(row, "energy_stored_kwh"));
    }
    let baseline = plan.baseline();
    let mut marked = Vec::new();
    for point in &plan.points {
        for (policy, of_policy) in plan.policies.iter().enumerate().filter(|(policy, _)| *policy != baseline)
        {
            let pairs =
                found[plan.arm(policy, point.point)].iter().zip(&found[plan.arm(baseline, point.point)]);
            let (at, pairs): (Vec<usize>, Vec<_>) =
                pairs.enumerate().filter_map(|(at, (a, b))| Some((at, a.zip(*b)?))).unzip();
            let arms = [plan.arm(policy, point.point), plan.arm(baseline, point.point)];
            let clusters = draws.clusters(&arms, &at);
            let differences: Vec<f64> = pairs.iter().map(|(a, b)| a.0 - b.0).collect();
            let Some(sample) = Sample::of(&differences) else { continue };
            let stored = pairs.iter().map(|(_, b)| b.1).sum::<f64>() / pairs.len() as f64;
            let interval = if clusters.are_shared() {
                Clustered::of(&differences, &clusters).and_then(|found| found.t_interval(plan.confidence))
            } else {
                sample.t_interval(plan.confidence)
            };
            let certain = interval.is_none_or(|i| i.low > 0.0 || i.high < 0.0);
            if certain && sample.mean.abs() > NOTABLE_SHARE * stored {
                marked.push(UnequalEnergy {
                    policy: of_policy.name.clone(),
                    point: point.point,
                    difference_kwh: sample.mean,
                    share: sample.mean / stored,
                });
            }
        }
    }
    marked
}

/// Reservations in words, each a sentence without its full stop.
pub(super) fn of(
    plan: &Plan,
    results: &[ArmResult],
    comparisons: &[Comparison],
    replications: u32,
    unequal: &[UnequalEnergy],
) -> Vec<String> {
    let mut said = Vec::new();
    let alpha = 1.0 - plan.confidence;
    if replications < 2 {
        said.push("one replication has no interval and no test: those cells are empty".to_owned());
    } else if results.iter().any(|r| r.clusters == Some(1)) {
        said.push(
            "replications that all drew the same days are one cluster, which has no interval and no test: those cells are \
             empty"
                .to_owned(),
        );
    } else if comparisons.iter().any(|c| c.holm_p.is_none()) {
        let needed = wilcoxon::pairs_needed(alpha, plan.policies.len() - 1);
        let times = if plan.policies.len() == 2 {
            String::new()
        } else {
            format!(" for {} policies", plan.policies.len() - 1)
        };
        let units = if comparisons.iter().any(|c| c.clusters.is_some()) {
            "clusters of replications"
        } else {
            "replications"
        };
        said.push(format!(
            "no test, too few pairs: it takes {needed} {units} before p can be below {alpha:.2}{times} \
             (Wilcoxon, Holm)"
        ));
    }
    let of_points = |policy: &str| unequal.iter().filter(|u| u.policy == policy).collect::<Vec<_>>();
    for policy in &plan.policies {
        let points = of_points(&policy.name);
        let Some(most) = points.iter().max_by(|a, b| a.share.abs().total_cmp(&b.share.abs())) else {
            continue;
        };
        let at = if plan.points.len() > 1 {
            format!(" at {} of {} points", points.len(), plan.points.len())
        } else {
            String::new()
        };
        let most_of = if points.len() > 1 { "up to " } else { "" };
        said.push(format!(
            "unequal energy: vehicles under {} end{at} with {most_of}{:.0} kWh {} in their batteries than under {} \
             ({:.1} % of the energy it charges), which `net_profit` counts and other costs and profits do not",
            policy.name,
            most.difference_kwh.abs(),
            if most.difference_kwh > 0.0 { "more" } else { "less" },
            plan.baseline,
            100.0 * most.share.abs()
        ));
    }
    match &plan.do_nothing {
        Some(name) if *name != plan.baseline => {
            said.push(format!("the policy that does nothing is {name}; differences are to {}", plan.baseline));
        }
        None if plan.policies.len() > 1 && plan.coalition_game.is_none() => said.push(
            "no policy is named that does nothing (`do_nothing` in the study file): differences say which policy is \
             better, not whether any is worth having"
                .to_owned(),
        ),
        _ => {}
    }
    said
}
