//! Outcomes of policies and their differences from the baseline, with intervals: charts and tables.

use super::{Comparison, Context, Metric};
use crate::report::chart::{Interval, Numbers, Spec};
use crate::report::html::{Cell, Table, digits_for, number, numbers, probability, words};
use crate::report::page::Page;

/// Height of a chart with this many rows [pixels].
fn height(rows: usize) -> u32 {
    70 + 34 * rows.max(1) as u32
}

/// The outcomes of each policy: a table of policies by metrics, a chart of each metric, all figures.
pub(super) fn outcomes(context: &Context, page: &mut Page) -> String {
    let summary = context.summary;
    let mut html = by_policy(context).render();
    html.push_str("<div class=\"pair\">");
    for metric in &summary.metrics {
        let unit = metric.unit(&summary.currency);
        let caption = format!(
            "Mean over replications and its {} interval (Student's t){}.",
            context.confidence(),
            metric.better.as_deref().map(|b| format!("; {b} is better")).unwrap_or_default()
        );
        let rows = |point: u64| {
            let found = summary.results.iter().filter(|r| r.metric == metric.name && r.point == point);
            found.map(|r| row(context, metric, &r.policy, [r.mean, r.low, r.high])).collect()
        };
        let spec = |point| Spec::Intervals { unit: unit.to_owned(), zero: false, rows: rows(point) };
        html.push_str(&context.chart_of_points(
            page,
            &metric.title,
            caption,
            height(summary.policies.len()),
            spec,
        ));
    }
    html.push_str("</div>\n<details><summary>All figures</summary>\n");
    html.push_str(&all(context).render());
    html.push_str("</details>\n");
    html
}

fn row(context: &Context, metric: &Metric, policy: &str, values: [Option<f64>; 3]) -> Interval {
    let values = values.map(|v| v.map_or(f64::NAN, |v| v * metric.factor()));
    Interval { name: policy.to_owned(), colour: context.colour(policy), values: Numbers(values.to_vec()) }
}

/// Policies by metrics: mean, with the interval below it; the best mean of a point is marked.
fn by_policy(context: &Context) -> Table {
    let summary = context.summary;
    let mut heads = vec![words("Policy")];
    if context.several_points() {
        heads.extend(summary.factors.iter().map(|f| words(&f.name)));
    }
    heads.extend(summary.metrics.iter().map(|m| numbers(&m.title, m.unit(&summary.currency))));
    let caption =
        format!("Means over replications, with {} intervals (Student's t) below", context.confidence());
    let mut table = Table::new(&caption, heads);
    for point in context.points() {
        let values = summary.points.iter().find(|p| p.point == point).map(|p| &p.values);
        for policy in &summary.policies {
            let mut cells = vec![Cell::text(&policy.name)];
            if context.several_points() {
                cells.extend(summary.factors.iter().map(|f| match values.and_then(|v| v.get(&f.name)) {
                    Some(value) => match value.as_f64() {
                        Some(x) => Cell::shown(x, &super::plain(value)),
                        None => Cell::text(&super::plain(value)),
                    },
                    None => Cell::text(""),
                }));
            }
            for metric in &summary.metrics {
                let result_of = |name: &str| {
                    summary
                        .results
                        .iter()
                        .find(|r| r.metric == metric.name && r.point == point && r.policy == name)
                };
                let Some(r) = result_of(&policy.name) else {
                    cells.push(Cell::number(f64::NAN, 0));
                    continue;
                };
                let scaled = |v: Option<f64>| v.map_or(f64::NAN, |v| v * metric.factor());
                let digits = digits_for(scaled(r.mean));
                let mut cell = Cell::number(scaled(r.mean), digits);
                if r.low.is_some() {
                    cell = cell.below(&format!(
                        "{} to {}",
                        number(scaled(r.low), digits),
                        number(scaled(r.high), digits)
                    ));
                }
                let means = summary.policies.iter().filter_map(|p| result_of(&p.name)?.mean);
                let best = match metric.better.as_deref() {
                    Some("higher") => means.reduce(f64::max),
                    Some("lower") => means.reduce(f64::min),
                    _ => None,
                };
                let marked = best.is_some() && best == r.mean && summary.policies.len() > 1;
                cells.push(if marked { cell.marked() } else { cell });
            }
            table.row(cells);
        }
    }
    table
}

/// Every figure of every outcome.
fn all(context: &Context) -> Table {
    let summary = context.summary;
    let mut heads = vec![words("Metric"), words("Unit"), words("Policy")];
    if context.several_points() {
        heads.push(words("Point"));
    }
    let confidence = context.confidence();
    heads.extend(["Replications", "Mean", "Standard deviation"].map(|t| numbers(t, "")));
    heads.extend(["from", "to"].map(|end| numbers(&format!("{confidence}, t: {end}"), "")));
    heads.extend(["from", "to"].map(|end| numbers(&format!("{confidence}, BCa: {end}"), "")));
    heads.extend(["Least", "Most"].map(|t| numbers(t, "")));
    let mut table =
        Table::new("All figures of the outcomes; BCa: bootstrap, bias-corrected and accelerated", heads);
    for metric in &summary.metrics {
        for r in summary.results.iter().filter(|r| r.metric == metric.name) {
            let mut cells = vec![
                Cell::text(&metric.title),
                Cell::text(metric.unit(&summary.currency)),
                Cell::text(&r.policy),
            ];
            if context.several_points() {
                cells.push(Cell::text(&context.point(r.point)));
            }
            cells.push(Cell::count(r.n));
            let digits = digits_for(r.mean.unwrap_or(0.0) * metric.factor());
            let figures = [r.mean, r.sd, r.low, r.high, r.bca_low, r.bca_high, r.min, r.max];
            cells.extend(figures.map(|v| Cell::optional(v.map(|v| v * metric.factor()), digits)));
            table.row(cells);
        }
    }
    table
}

/// Differences from the baseline: a chart of each metric and the table of all.
pub(super) fn differences(context: &Context, page: &mut Page) -> String {
    let summary = context.summary;
    if summary.comparisons.is_empty() {
        return String::new();
    }
    let baseline = summary.baseline.as_deref().unwrap_or("the baseline");
    let mut html = "<div class=\"pair\">".to_owned();
    for metric in &summary.metrics {
        let of_metric = || summary.comparisons.iter().filter(|c| c.metric == metric.name);
        if of_metric().next().is_none() {
            continue;
        }
        let caption = format!(
            "Paired difference to {baseline} and its {} interval; {}.",
            context.confidence(),
            match metric.better.as_deref() {
                Some("higher") => "to the right of zero is better",
                Some("lower") => "to the left of zero is better",
                _ => "neither side is better",
            }
        );
        let rows = |point: u64| {
            let found = of_metric().filter(|c| c.point == point);
            found.map(|c| row(context, metric, &c.policy, [c.difference, c.low, c.high])).collect()
        };
        let unit = metric.unit_of_difference(&summary.currency).to_owned();
        let spec = |point| Spec::Intervals { unit: unit.clone(), zero: true, rows: rows(point) };
        let title = format!("{}: difference", metric.title);
        let rows = summary.policies.len().saturating_sub(1);
        html.push_str(&context.chart_of_points(page, &title, caption, height(rows), spec));
    }
    html.push_str("</div>\n");
    html.push_str(&table(context, baseline).render());
    html
}

fn table(context: &Context, baseline: &str) -> Table {
    let summary = context.summary;
    let mut heads = vec![words("Metric"), words("Unit"), words("Policy")];
    if context.several_points() {
        heads.push(words("Point"));
    }
    let confidence = context.confidence();
    heads.extend([numbers("Pairs", ""), numbers("Difference", "")]);
    heads.extend(["from", "to"].map(|end| numbers(&format!("{confidence}, t: {end}"), "")));
    heads.extend(["from", "to"].map(|end| numbers(&format!("{confidence}, BCa: {end}"), "")));
    heads.extend([numbers("p, Wilcoxon", ""), numbers("p, Holm", ""), words("Verdict")]);
    let caption = format!(
        "Paired differences to {baseline}; p of the Wilcoxon signed-rank test, alone and corrected by Holm's method \
         for the number of policies"
    );
    let mut table = Table::new(&caption, heads);
    for metric in &summary.metrics {
        for c in summary.comparisons.iter().filter(|c| c.metric == metric.name) {
            let mut cells = vec![
                Cell::text(&metric.title),
                Cell::text(metric.unit_of_difference(&summary.currency)),
                Cell::text(&c.policy),
            ];
            if context.several_points() {
                cells.push(Cell::text(&context.point(c.point)));
            }
            cells.push(Cell::count(c.n));
            let scaled = |v: Option<f64>| v.map(|v| v * metric.factor());
            let largest =
                [c.difference, c.low, c.high].into_iter().flatten().fold(0.0, |a: f64, b| a.max(b.abs()));
            let digits = digits_for(largest * metric.factor());
            let figures = [c.difference, c.low, c.high, c.bca_low, c.bca_high];
            cells.extend(figures.map(|v| Cell::optional(scaled(v), digits)));
            cells.extend([c.wilcoxon_p, c.holm_p].map(|p| match p {
                Some(p) => Cell::shown(p, &probability(p)),
                None => Cell::number(f64::NAN, 0),
            }));
            cells.push(Cell::text(verdict(metric, c, summary.confidence)));
            table.row(cells);
        }
    }
    table
}

/// Verdict of a comparison at the study's confidence, corrected for the number of policies.
fn verdict(metric: &Metric, c: &Comparison, confidence: f64) -> &'static str {
    let (Some(difference), Some(p)) = (c.difference, c.holm_p) else { return "too few replications" };
    if p > 1.0 - confidence {
        return "no clear difference";
    }
    match (metric.better.as_deref(), difference > 0.0) {
        (Some("higher"), true) | (Some("lower"), false) => "better",
        (Some("higher"), false) | (Some("lower"), true) => "worse",
        (_, true) => "higher",
        (_, false) => "lower",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_follow_the_sign_and_the_corrected_p() {
        let metric = |better: Option<&str>| Metric {
            name: "m".into(),
            title: "M".into(),
            unit: "0..1".into(),
            better: better.map(str::to_owned),
        };
        let comparison = |difference: Option<f64>, holm_p: Option<f64>| Comparison {
            policy: "p".into(),
            point: 0,
            metric: "m".into(),
            n: 9,
            difference,
            low: None,
            high: None,
            bca_low: None,
            bca_high: None,
            unpaired_half_width: None,
            variance_reduction: None,
            wilcoxon_p: None,
            holm_p,
        };
        for (better, difference, p, expected) in [
            (Some("higher"), Some(1.0), Some(0.01), "better"),
            (Some("higher"), Some(-1.0), Some(0.01), "worse"),
            (Some("lower"), Some(-1.0), Some(0.01), "better"),
            (Some("lower"), Some(1.0), Some(0.06), "no clear difference"),
            (None, Some(1.0), Some(0.01), "higher"),
            (None, None, Some(0.01), "too few replications"),
            (None, Some(1.0), None, "too few replications"),
        ] {
            assert_eq!(verdict(&metric(better), &comparison(difference, p), 0.95), expected);
        }
        assert_eq!((metric(None).unit("EUR"), metric(None).factor()), ("%", 100.0));
        assert_eq!(metric(None).unit_of_difference("EUR"), "% points");
    }
}
