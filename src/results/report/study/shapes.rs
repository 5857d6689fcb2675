//! Curves of a study: waits, load over the hours, metrics over factors.

use super::{Context, Metric, Outcome};
use crate::report::chart::{Axis, Chart, Panel, Series, Spec, Style};
use crate::report::html::{Cell, Table, numbers, words};
use crate::report::page::Page;
use crate::report::thin::{group_of, means};
use gridfleet_core::error::Result;
use std::collections::BTreeMap;

/// Waits of riders under each policy: cumulative shares and a table of quantiles.
pub(super) fn waits(context: &Context, page: &mut Page) -> Result<String> {
    let mut html = String::new();
    if let Some(table) = context.folder.table("waits", &["policy", "point", "wait_s", "riders"])? {
        let (policies, points) = (table.texts("policy")?, table.floats("point")?);
        let (waits, riders) = (table.floats("wait_s")?, table.floats("riders")?);
        let mut curves: BTreeMap<(u64, u32), Vec<(f64, f64)>> = BTreeMap::new();
        for row in 0..table.rows() {
            if let Some(policy) = policies.codes[row]
                && riders[row] > 0.0
            {
                curves
                    .entry((points[row] as u64, policy))
                    .or_default()
                    .push((waits[row] / 60.0, riders[row]));
            }
        }
        let spec = |point: u64| {
            let series = context.summary.policies.iter().filter_map(|policy| {
                let rows = curves.get(&(point, policies.code(&policy.name)?))?;
                let (x, y) = cumulative(rows.clone());
                Some(Series::new(&policy.name, Style::Line, context.colour(&policy.name), &x, y))
            });
            let axis = Axis::Value { name: "Wait".to_owned(), unit: "min".to_owned() };
            Spec::Lines {
                axis,
                panels: vec![Panel::new("Waited at most so long", "%")],
                series: series.collect(),
            }
        };
        let caption = "Share of riders picked up who waited at most this long, all replications together; \
                       up to the wait that one in a thousand exceeds.";
        html.push_str(&context.chart_of_points(page, "Distribution of waits", caption.to_owned(), 360, spec));
    } else {
        page.note("Distribution of waits: the folder has no waits.parquet.");
    }
    let mut heads = vec![words("Policy")];
    if context.several_points() {
        heads.push(words("Point"));
    }
    heads.push(numbers("Riders", ""));
    heads.extend(["Mean", "Median", "90 % at most", "95 % at most", "99 % at most"].map(|t| numbers(t, "s")));
    let mut table = Table::new("Waits of riders picked up, all replications together", heads);
    for wait in &context.summary.waits {
        let mut cells = vec![Cell::text(&wait.policy)];
        if context.several_points() {
            cells.push(Cell::text(&context.point(wait.point)));
        }
        cells.push(Cell::count(wait.riders));
        cells.extend(
            [wait.mean_s, wait.p50_s, wait.p90_s, wait.p95_s, wait.p99_s].map(|s| Cell::optional(s, 0)),
        );
        table.row(cells);
    }
    if !table.is_empty() {
        html.push_str(&table.render());
    }
    Ok(html)
}

/// Shares [%] of riders who waited at most a given time, without the last thousandth, thinned.
fn cumulative(mut rows: Vec<(f64, f64)>) -> (Vec<f64>, Vec<f64>) {
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let total: f64 = rows.iter().map(|r| r.1).sum();
    let mut sum = 0.0;
    let all = rows.into_iter().map(|(wait, riders)| {
        sum += riders;
        (wait, 100.0 * sum / total)
    });
    let all: Vec<(f64, f64)> = all.collect();
    let kept = all.iter().filter(|(_, share)| *share <= 99.9).count().max(1);
    let every = group_of(kept).max(kept / 400).max(1);
    all[..kept].iter().copied().step_by(every).unzip()
}

/// Mean power of each policy over the hours, with a band of one standard deviation.
pub(super) fn profiles(context: &Context, page: &mut Page) -> Result<String> {
    let Some(table) =
        context.folder.table_and("profiles", &["policy", "point", "hour", "power_kw"], &["power_sd_kw"])?
    else {
        page.note("Load profile: the folder has no profiles.parquet.");
        return Ok(String::new());
    };
    let (policies, points) = (table.texts("policy")?, table.floats("point")?);
    let (hours, power) = (table.floats("hour")?, table.floats("power_kw")?);
    let sd =
        if table.has("power_sd_kw") { table.floats("power_sd_kw")? } else { vec![f64::NAN; table.rows()] };
    let mut curves: BTreeMap<(u64, u32), Vec<usize>> = BTreeMap::new();
    for (row, point) in points.iter().enumerate() {
        if let Some(policy) = policies.codes[row] {
            curves.entry((*point as u64, policy)).or_default().push(row);
        }
    }
    curves.values_mut().for_each(|rows| rows.sort_by(|a, b| hours[*a].total_cmp(&hours[*b])));
    let spec = |point: u64| {
        let series = context.summary.policies.iter().filter_map(|policy| {
            let rows = curves.get(&(point, policies.code(&policy.name)?))?;
            let group = group_of(rows.len());
            let column = |value: &dyn Fn(usize) -> f64| {
                means(&rows.iter().map(|row| value(*row)).collect::<Vec<_>>(), group)
            };
            // The mean of an hour is drawn in its middle.
            let x = column(&|row| context.local.ms(context.local.start) + (hours[row] + 0.5) * 3.6e6);
            let series = Series::new(
                &policy.name,
                Style::Line,
                context.colour(&policy.name),
                &x,
                column(&|row| power[row]),
            );
            let band = (column(&|row| power[row] - sd[row]), column(&|row| power[row] + sd[row]));
            Some(if band.0.iter().any(|v| v.is_finite()) { series.band(band.0, band.1) } else { series })
        });
        Spec::over_time(&context.local.name, vec![Panel::new("Power", "kW")], series.collect())
    };
    let caption = "Mean grid power of all stations in each hour; the band is one standard deviation over \
                   replications to either side.";
    Ok(context.chart_of_points(page, "Load profile", caption.to_owned(), 380, spec))
}

/// Each metric over each factor that has numbers, with the other factors as chosen.
pub(super) fn factors(context: &Context, page: &mut Page) -> String {
    let summary = context.summary;
    let mut html = String::new();
    for factor in &summary.factors {
        let numeric = |value: Option<&serde_json::Value>| value.and_then(serde_json::Value::as_f64);
        let x_of: BTreeMap<u64, f64> = summary
            .points
            .iter()
            .filter_map(|p| Some((p.point, numeric(p.values.get(&factor.name))?)))
            .collect();
        let mut different: Vec<f64> = x_of.values().copied().collect();
        different.sort_by(f64::total_cmp);
        different.dedup();
        if different.len() < 2 {
            continue;
        }
        // Points that differ in this factor alone form a line; without such points, points stay points.
        let others = |point: u64| -> String {
            let values = summary.points.iter().find(|p| p.point == point).map(|p| &p.values);
            let value =
                |name: &String| values.and_then(|v| v.get(name)).map_or(String::new(), ToString::to_string);
            summary
                .factors
                .iter()
                .filter(|f| f.name != factor.name)
                .map(|f| value(&f.name))
                .collect::<Vec<_>>()
                .join("|")
        };
        let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
        x_of.keys().for_each(|point| *sizes.entry(others(*point)).or_default() += 1);
        let lines = sizes.values().any(|n| *n > 1);
        for metric in &summary.metrics {
            let caption = if !lines {
                format!(
                    "Every point of the study: mean and {} interval over replications.",
                    context.confidence()
                )
            } else if sizes.len() > 1 {
                format!(
                    "Means and {} intervals over replications; the other factors as in the point chosen above.",
                    context.confidence()
                )
            } else {
                format!("Means and {} intervals over replications.", context.confidence())
            };
            let unit = metric.unit(&summary.currency).to_owned();
            let spec = |chosen: Option<u64>| {
                let key = chosen.map(others);
                let fits = |point: u64| key.as_ref().is_none_or(|key| others(point) == *key);
                let series = summary.policies.iter().map(|policy| {
                    let found = summary
                        .results
                        .iter()
                        .filter(|r| r.policy == policy.name && r.metric == metric.name && fits(r.point));
                    let mut rows: Vec<(f64, &Outcome)> =
                        found.filter_map(|r| Some((*x_of.get(&r.point)?, r))).collect();
                    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
                    curve(context, metric, &policy.name, &rows, lines)
                });
                let axis = Axis::Value { name: factor.name.clone(), unit: String::new() };
                let panels = vec![Panel::new(&metric.title, &unit).free()];
                Spec::Lines { axis, panels, series: series.collect() }
            };
            let title = format!("{} over {}", metric.title, factor.name);
            html.push_str(&if lines && sizes.len() > 1 {
                context.chart_of_points(page, &title, caption, 320, |point| spec(Some(point)))
            } else {
                page.chart(Chart::new(&title, caption, 320, spec(None)))
            });
        }
    }
    if html.is_empty() { html } else { format!("<div class=\"pair\">{html}</div>\n") }
}

fn curve(context: &Context, metric: &Metric, policy: &str, rows: &[(f64, &Outcome)], line: bool) -> Series {
    let x: Vec<f64> = rows.iter().map(|r| r.0).collect();
    let column = |value: fn(&Outcome) -> Option<f64>| -> Vec<f64> {
        rows.iter().map(|r| value(r.1).map_or(f64::NAN, |v| v * metric.factor())).collect()
    };
    let style = if line { Style::Line } else { Style::Points };
    let series = Series::new(policy, style, context.colour(policy), &x, column(|r| r.mean));
    let (low, high) = (column(|r| r.low), column(|r| r.high));
    if low.iter().any(|v| v.is_finite()) { series.band(low, high) } else { series }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::Numbers;

    #[test]
    fn cumulative_shares_ascend_and_leave_out_the_last_thousandth() {
        let rows: Vec<(f64, f64)> = (0..5_000).rev().map(|i| (f64::from(i), 2.0)).collect();
        let (x, y) = cumulative(rows);
        assert!(x.is_sorted() && y.is_sorted() && x.len() <= 500, "{}", x.len());
        assert!(*y.last().unwrap() <= 99.9 && *y.last().unwrap() > 99.0);
        assert_eq!(cumulative(vec![(3.0, 7.0)]), (vec![3.0], vec![100.0]));
        let shares = Numbers(cumulative(vec![(1.0, 1.0), (0.0, 1.0)]).1);
        assert_eq!(shares, Numbers(vec![50.0]));
    }
}
