//! Tables of a study: best policies, savings by pairing, failed tasks.

use super::Context;
use crate::report::html::{Cell, Table, digits_for, escape, number, numbers, words};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The policy selected as best in each metric, if the evidence suffices: cards, and the underlying table.
pub(super) fn headline(context: &Context) -> String {
    let summary = context.summary;
    let mut cards = String::new();
    for metric in &summary.metrics {
        // The most probable policy of each point.
        let mut winners: BTreeMap<u64, (&str, f64)> = BTreeMap::new();
        for best in summary.best.iter().filter(|b| b.metric == metric.name) {
            let probability = best.probability.unwrap_or(0.0);
            let winner = winners.entry(best.point).or_insert((&best.policy, probability));
            if probability > winner.1 {
                *winner = (&best.policy, probability);
            }
        }
        // A policy is called the best only at the study's confidence; tied policies share the probability.
        let points = winners.len();
        winners.retain(|_, (_, probability)| *probability >= summary.confidence);
        if points > 0 && winners.is_empty() {
            cards.push_str(&undecided(context, metric, points));
            continue;
        }
        let mut points_won: BTreeMap<&str, usize> = BTreeMap::new();
        winners.values().for_each(|(policy, _)| *points_won.entry(policy).or_default() += 1);
        let rank = |name: &str| summary.policies.iter().position(|p| p.name == name);
        let Some((policy, won)) =
            points_won.into_iter().max_by_key(|(name, won)| (*won, std::cmp::Reverse(rank(name))))
        else {
            continue;
        };
        let below = if points == 1 {
            let probability = winners.values().next().map_or(0.0, |w| w.1);
            let mean = summary.results.iter().find(|r| r.metric == metric.name && r.policy == policy);
            let mean = mean.and_then(|r| r.mean).map_or(f64::NAN, |m| m * metric.factor());
            format!(
                "{} {}, best with probability {} %",
                number(mean, digits_for(mean)),
                metric.unit(&summary.currency),
                number(100.0 * probability, 1)
            )
        } else {
            format!("best at {won} of {points} points")
        };
        let better = metric.better.as_deref().map(|b| format!(", {b} is better")).unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = write!(
            cards,
            "<li><span class=\"name\">{}{}</span><span class=\"value word\">{}</span><span class=\"below\">{}</span></li>",
            escape(&metric.title),
            escape(&better),
            escape(policy),
            escape(&below)
        );
    }
    if cards.is_empty() {
        return String::new();
    }
    let mut heads = vec![words("Metric")];
    if context.several_points() {
        heads.push(words("Point"));
    }
    heads.extend([
        words("Policy"),
        numbers("Probability of being best", "%"),
        numbers("Best in replications", "%"),
    ]);
    let mut table = Table::new("How probably each policy is best", heads);
    for best in &summary.best {
        let title = summary.metrics.iter().find(|m| m.name == best.metric).map_or(&best.metric, |m| &m.title);
        let mut cells = vec![Cell::text(title)];
        if context.several_points() {
            cells.push(Cell::text(&context.point(best.point)));
        }
        cells.extend([
            Cell::text(&best.policy),
            Cell::percent(best.probability, 1),
            Cell::percent(best.share_of_replications, 1),
        ]);
        table.row(cells);
    }
    format!("<ul class=\"cards\">{cards}</ul>\n{}", table.render())
}

/// Card of a metric for which no policy is the best with enough certainty at any point.
fn undecided(context: &Context, metric: &super::Metric, points: usize) -> String {
    let below = if points == 1 {
        let contest = context.summary.best.iter().filter(|b| b.metric == metric.name);
        let probable = contest.filter(|b| b.probability.is_some_and(|p| p >= 0.05));
        let names: Vec<&str> = probable.map(|b| b.policy.as_str()).collect();
        format!("between {}", names.join(", "))
    } else {
        format!("at none of {points} points with {} certainty", context.confidence())
    };
    format!(
        "<li><span class=\"name\">{}</span><span class=\"value word\">undecided</span><span class=\"below\">{}</span></li>",
        escape(&metric.title),
        escape(&below)
    )
}

/// Savings of common random numbers: the width of paired against unpaired intervals.
pub(super) fn variance_reduction(context: &Context) -> String {
    let summary = context.summary;
    let mut heads = vec![words("Metric"), words("Policy")];
    if context.several_points() {
        heads.push(words("Point"));
    }
    heads.extend([
        words("Unit"),
        numbers("Half width, paired", ""),
        numbers("Half width, unpaired", ""),
        numbers("Narrower by a factor of", ""),
        numbers("Variance reduced by a factor of", ""),
    ]);
    let mut table = Table::new("Intervals of differences to the baseline, paired against unpaired", heads);
    for metric in &summary.metrics {
        for c in summary.comparisons.iter().filter(|c| c.metric == metric.name) {
            let (Some(low), Some(high)) = (c.low, c.high) else { continue };
            let paired = 0.5 * (high - low) * metric.factor();
            let unpaired = c.unpaired_half_width.map_or(f64::NAN, |w| w * metric.factor());
            let digits = digits_for(unpaired.min(paired));
            let mut cells = vec![Cell::text(&metric.title), Cell::text(&c.policy)];
            if context.several_points() {
                cells.push(Cell::text(&context.point(c.point)));
            }
            cells.extend([
                Cell::text(metric.unit_of_difference(&summary.currency)),
                Cell::number(paired, digits),
                Cell::number(unpaired, digits),
                Cell::number(unpaired / paired, 2),
                Cell::optional(c.variance_reduction, 2),
            ]);
            table.row(cells);
        }
    }
    if table.is_empty() {
        return String::new();
    }
    format!(
        "<p>Policies meet the same requests, prices and drivers in each replication, so that their difference \
         varies less than it would between separate replications.</p>\n{}",
        table.render()
    )
}

/// Failed tasks, and the command that runs each alone.
pub(super) fn failures(context: &Context) -> String {
    let heads = vec![
        numbers("Task", ""),
        words("Policy"),
        words("Point"),
        numbers("Replication", ""),
        words("Seed"),
        words("Error"),
        words("To run it alone"),
    ];
    let mut table = Table::new("Tasks that failed; everything else was kept", heads);
    for f in &context.summary.failures {
        table.row(vec![
            Cell::text(&super::plain(&f.task)),
            Cell::text(&f.policy),
            Cell::text(&context.point(f.point)),
            Cell::count(f.replication),
            Cell::text(&super::plain(&f.seed)),
            Cell::text(&f.error),
            Cell::code(&f.rerun),
        ]);
    }
    if table.is_empty() { "<p>No task failed.</p>\n".to_owned() } else { table.render() }
}
