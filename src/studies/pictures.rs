//! Pictures of a study: policies side by side, waits, load over time, and figures by factor.

use super::collate::Collated;
use super::plan::{Plan, PlanMetric};
use crate::error::{Error, Result};
use crate::plots::{Axis, Figure, Frontier, Interval, Intervals, Line, Metric, NamedPoint, Plane};
use crate::time::{HOUR_S, LocalClock, SimTime};
use serde_json::Value as Json;
use std::path::Path;

/// Most figures in one picture; the picture says how many it has left to the tables.
const MOST_METRICS: usize = 12;

/// Draws all pictures into `dir`.
///
/// # Errors
/// If a picture cannot be written.
pub fn all(dir: &Path, collated: &Collated) -> Result<()> {
    let plan = &collated.summary.plan;
    let title = format!("{}, {}", plan.study, collated.summary.replicated(None));
    let comparison = comparison(collated, &title);
    let rows = arms(plan, MOST_ROWS).len() as u32;
    let panels = comparison.panels.len() as u32;
    let svg = comparison.svg((980, 90 + panels * (96 + 22 * rows)))?;
    let path = dir.join("comparison.svg");
    std::fs::write(&path, svg).map_err(|e| Error::writing(&path, e))?;
    if collated.waits.iter().any(|waits| !waits.is_empty()) {
        waits(collated, &title).write(dir.join("waits.svg"))?;
    }
    if collated.power.iter().flatten().any(|hour| hour.mean_kw != 0.0) {
        load(collated, &title).write(dir.join("load.svg"))?;
    }
    if let Some(frontier) = frontier(collated, &title) {
        frontier.write(dir.join("frontier.svg"))?;
    }
    for (i, factor) in plan.factors.iter().enumerate() {
        if let Some(figure) = over_factor(collated, &factor.name, &title) {
            figure.write(dir.join(format!("factor-{}.svg", i + 1)))?;
        }
    }
    Ok(())
}

fn interval(mean: f64, low: Option<f64>, high: Option<f64>, factor: f64) -> Interval {
    Interval::new(factor * mean, factor * low.unwrap_or(mean), factor * high.unwrap_or(mean))
}

/// Name of a policy and, if there are several points, the settings of its point.
fn arm_name(plan: &Plan, policy: usize, point: usize) -> String {
    let values = plan.points[point].values.values();
    let values: Vec<String> =
        values.map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect();
    let policy = &plan.policies[policy].name;
    if values.is_empty() { policy.clone() } else { format!("{policy} ({})", values.join(", ")) }
}

/// Most arms with a row in the comparison.
const MOST_ROWS: usize = 60;

/// Most arms with a line in one picture.
const MOST_LINES: usize = 12;

/// (policy, point) of the first arms, all policies of the first point at least.
fn arms(plan: &Plan, most: usize) -> Vec<(usize, usize)> {
    let all =
        (0..plan.points.len()).flat_map(|point| (0..plan.policies.len()).map(move |policy| (policy, point)));
    all.take(most.max(plan.policies.len())).collect()
}

/// A subtitle that says which part of the arms and figures a picture shows, if not all.
fn partly(subtitle: String, parts: &[(&str, usize, usize)]) -> String {
    let cut = parts.iter().filter(|&&(_, shown, all)| shown < all);
    let said: Vec<String> = cut.map(|(kind, shown, all)| format!("first {shown} of {all} {kind}")).collect();
    if said.is_empty() { subtitle } else { format!("{subtitle}; {}, all in the tables", said.join(", ")) }
}

fn comparison(collated: &Collated, title: &str) -> Figure {
    let summary = &collated.summary;
    let plan = &summary.plan;
    let arms = arms(plan, MOST_ROWS);
    let names: Vec<String> = arms.iter().map(|&(policy, point)| arm_name(plan, policy, point)).collect();
    let meaning = format!("mean and {} % interval", 100.0 * plan.confidence);
    let subtitle =
        format!("Scenario {}; differences to {}, replication by replication", plan.scenario, plan.baseline);
    let parts = [
        ("arms", arms.len(), plan.points.len() * plan.policies.len()),
        ("figures", plan.metrics.len().min(MOST_METRICS), plan.metrics.len()),
    ];
    let mut figure = Figure::new(title).subtitle(partly(subtitle, &parts));
    for metric in plan.metrics.iter().take(MOST_METRICS) {
        let (factor, unit) = metric.shown();
        let value = |&(policy, point): &(usize, usize)| {
            summary
                .result(&plan.policies[policy].name, point, &metric.name)
                .map_or(Interval::exact(f64::NAN), |r| interval(r.mean, r.low, r.high, factor))
        };
        let mut columns = vec![Metric {
            name: metric.title.clone(),
            unit: unit.to_owned(),
            values: arms.iter().map(value).collect(),
            difference: false,
        }];
        if plan.policies.len() > 1 {
            let difference = |&(policy, point): &(usize, usize)| {
                summary
                    .comparison(&plan.policies[policy].name, point, &metric.name)
                    .map_or(Interval::exact(f64::NAN), |c| interval(c.difference, c.low, c.high, factor))
            };
            columns.push(Metric {
                name: "difference".to_owned(),
                unit: if unit == "%" { "% points" } else { unit }.to_owned(),
                values: arms.iter().map(difference).collect(),
                difference: true,
            });
        }
        // The signs are explained only once.
        let meaning = if figure.panels.is_empty() { meaning.clone() } else { String::new() };
        figure = figure.panel("", Intervals { policies: names.clone(), metrics: columns, meaning });
    }
    figure
}

/// Share of riders who waited at most this long.
fn waits(collated: &Collated, title: &str) -> Figure {
    let plan = &collated.summary.plan;
    let mut longest = 0.0_f64;
    let mut plane =
        Plane::new(Axis::number("wait", "min").from_zero(), Axis::number("riders", "%").within(0.0, 100.0));
    let mut lines = Vec::new();
    let shown = arms(plan, MOST_LINES);
    let parts = [("arms", shown.len(), plan.points.len() * plan.policies.len())];
    for (policy, point) in shown {
        let waits = &collated.waits[plan.arm(policy, point)];
        let riders: u64 = waits.iter().map(|w| w.1).sum();
        let mut sum = 0;
        let mut points = Vec::with_capacity(waits.len());
        for &(wait_s, count) in waits {
            sum += count;
            let share = 100.0 * sum as f64 / riders.max(1) as f64;
            points.push((wait_s as f64 / 60.0, share));
            // The last half percent would compress the rest.
            if share <= 99.5 {
                longest = longest.max(wait_s as f64 / 60.0);
            }
        }
        lines.push(Line::new(arm_name(plan, policy, point), points));
    }
    plane.x = Axis::number("wait", "min").within(0.0, longest.max(1.0));
    plane = lines.into_iter().fold(plane, Plane::with);
    let subtitle = "Riders picked up within a time, all replications together".to_owned();
    Figure::new(title).subtitle(partly(subtitle, &parts)).panel("", plane)
}

fn load(collated: &Collated, title: &str) -> Figure {
    let plan = &collated.summary.plan;
    let start = chrono::DateTime::parse_from_rfc3339(&plan.start).map_or(0, |t| t.timestamp());
    let hours = collated.power.iter().map(Vec::len).max().unwrap_or(0) as i64;
    let zone = plan.time_zone.parse().unwrap_or(chrono_tz::UTC);
    let clock = LocalClock::new(zone, SimTime(start), SimTime(start + hours * HOUR_S));
    let mut plane = Plane::new(Axis::time(clock), Axis::number("power of all stations", "kW").from_zero());
    let shown = arms(plan, MOST_LINES);
    let parts = [("arms", shown.len(), plan.points.len() * plan.policies.len())];
    for (policy, point) in shown {
        let power = &collated.power[plan.arm(policy, point)];
        let middle = |hour: usize| (start + hour as i64 * HOUR_S + HOUR_S / 2) as f64;
        let measured = || power.iter().enumerate().filter(|(_, p)| p.n > 0);
        let mean = measured().map(|(hour, p)| (middle(hour), p.mean_kw)).collect();
        let band = measured().map(|(hour, p)| {
            let sd_kw = p.sd_kw().unwrap_or(0.0);
            (middle(hour), (p.mean_kw - sd_kw).max(0.0), p.mean_kw + sd_kw)
        });
        plane = plane.with(Line::new(arm_name(plan, policy, point), mean).band(band.collect()));
    }
    let subtitle =
        format!("Mean by hour, with one standard deviation of the replications; local time ({zone})");
    Figure::new(title).subtitle(partly(subtitle, &parts)).panel("", plane)
}

/// The first two figures with a better end, plotted against each other.
fn frontier(collated: &Collated, title: &str) -> Option<Figure> {
    let summary = &collated.summary;
    let plan = &summary.plan;
    let mut directed = plan.metrics.iter().filter(|metric| metric.better.is_some());
    let (y, x) = (directed.next()?, directed.next()?);
    if plan.arms() < 2 {
        return None;
    }
    let points = arms(plan, usize::MAX).into_iter().filter_map(|(policy, point)| {
        let name = &plan.policies[policy].name;
        let values_of = |metric: &PlanMetric| {
            let result = summary.result(name, point, &metric.name)?;
            Some(interval(result.mean, result.low, result.high, metric.shown().0))
        };
        Some(NamedPoint { name: arm_name(plan, policy, point), x: values_of(x)?, y: values_of(y)? })
    });
    let axis = |metric: &PlanMetric| Axis::number(&metric.title, metric.shown().1);
    let higher = |metric: &PlanMetric| metric.better.as_deref() == Some("higher");
    let chart =
        Frontier { x: axis(x), y: axis(y), points: points.collect(), more_is_better: (higher(x), higher(y)) };
    Some(
        Figure::new(title)
            .subtitle("Means with intervals; the line joins the points that no other beats in both")
            .panel("", chart),
    )
}

/// Each figure over a numeric factor: means over the points with the same value, by policy.
fn over_factor(collated: &Collated, factor: &str, title: &str) -> Option<Figure> {
    let summary = &collated.summary;
    let plan = &summary.plan;
    let value = |point: usize| plan.points[point].values.get(factor).and_then(Json::as_f64);
    let values: Option<Vec<f64>> = (0..plan.points.len()).map(value).collect();
    let values = values?;
    let mut levels = values.clone();
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    if levels.len() < 2 {
        return None;
    }
    let parts = [("figures", plan.metrics.len().min(MOST_METRICS), plan.metrics.len())];
    let subtitle = partly(format!("over {factor}; means over all other factors"), &parts);
    let mut figure = Figure::new(title).subtitle(subtitle).columns(2);
    for metric in plan.metrics.iter().take(MOST_METRICS) {
        let (scale, unit) = metric.shown();
        let mut plane = Plane::new(Axis::number(factor, ""), Axis::number(&metric.title, unit));
        for policy in &plan.policies {
            let mut line: Vec<(f64, f64)> = Vec::new();
            let mut band: Vec<(f64, f64, f64)> = Vec::new();
            for &level in &levels {
                let results: Vec<_> = (0..values.len())
                    .filter(|&point| values[point] == level)
                    .filter_map(|point| summary.result(&policy.name, point, &metric.name))
                    .collect();
                let n = results.len() as f64;
                if results.is_empty() {
                    continue;
                }
                let mean = |figure: &dyn Fn(&super::results::ArmResult) -> f64| {
                    scale * results.iter().map(|r| figure(r)).sum::<f64>() / n
                };
                line.push((level, mean(&|r| r.mean)));
                // The interval of a mean over points is not the mean of intervals; it is drawn only for a single point.
                if let [only] = results.as_slice()
                    && let (Some(low), Some(high)) = (only.low, only.high)
                {
                    band.push((level, scale * low, scale * high));
                }
            }
            let drawn = Line::new(policy.name.clone(), line);
            plane = plane.with(if band.is_empty() { drawn } else { drawn.band(band) });
        }
        figure = figure.panel(metric.title.clone(), plane);
    }
    Some(figure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_says_what_it_leaves_to_the_tables() {
        let text = |arms, all| partly("Waits".to_owned(), &[("arms", arms, all), ("figures", 3, 3)]);
        assert_eq!(text(12, 12), "Waits");
        assert_eq!(text(12, 14), "Waits; first 12 of 14 arms, all in the tables");
    }
}
