//! Tables of a study, in Parquet.

use super::coalition_game;
use super::collate::Collated;
use super::plan::{Plan, Task};
use super::results::{ArmResult, Comparison};
use crate::error::Result;
use crate::outputs::frame::write_frame;
use crate::time::HOUR_S;
use polars_core::prelude::{
    Column, Int64Chunked, IntoColumn, IntoSeries, NamedFrom, Series, TimeUnit, TimeZone,
};
use serde_json::Value as Json;
use std::path::Path;

/// A column of figures: name and value.
type Figure<R> = (&'static str, fn(&R) -> Option<f64>);

/// Writes `replications.parquet`: one row per task with a result.
///
/// # Errors
/// If it cannot be written.
pub fn replications(dir: &Path, collated: &Collated) -> Result<()> {
    let (plan, names, rows) = (&collated.summary.plan, &collated.names, &collated.rows);
    let tasks: Vec<Task> = rows.iter().map(|row| row.0).collect();
    let mut columns = arm_columns(plan, tasks.iter().map(|t| (t.policy, t.point)));
    columns.push(integers("replication", tasks.iter().map(|t| i64::from(t.replication))));
    columns.push(integers("seed", tasks.iter().map(|_| plan.seed as i64)));
    if collated.clusters.iter().any(Option::is_some) {
        let cluster = |task: &Task| {
            let clusters = collated.clusters[plan.arm(task.policy, task.point)].as_ref();
            i64::from(
                clusters.map_or(task.replication, |clusters| clusters.of()[task.replication as usize] as u32),
            )
        };
        columns.push(integers("cluster", tasks.iter().map(cluster)));
    }
    for (i, name) in names.iter().enumerate() {
        columns.push(numbers(name, rows.iter().map(|row| Some(row.1[i]).filter(|x| !x.is_nan()))));
    }
    write(dir, "replications.parquet", plan, columns)
}

/// Writes the other tables.
///
/// # Errors
/// If a table cannot be written.
pub fn all(dir: &Path, collated: &Collated) -> Result<()> {
    let summary = &collated.summary;
    replications(dir, collated)?;
    results(dir, collated)?;
    comparisons(dir, collated)?;
    coalition_game::write(dir, &summary.plan, &summary.coalition_game, &collated.rows, &collated.names)?;
    waits(dir, collated)?;
    profiles(dir, collated)
}

/// Number of a policy.
fn policy(plan: &Plan, name: &str) -> usize {
    plan.policies.iter().position(|p| p.name == name).unwrap_or(0)
}

/// Policy and point of an arm.
fn arm(plan: &Plan, arm: usize) -> (usize, usize) {
    (arm % plan.policies.len(), arm / plan.policies.len())
}

/// Figures of each policy at each point.
fn results(dir: &Path, collated: &Collated) -> Result<()> {
    let summary = &collated.summary;
    let plan = &summary.plan;
    let results = &summary.results;
    let mut columns = arm_columns(plan, results.iter().map(|r| (policy(plan, &r.policy), r.point)));
    columns.push(texts("metric", results.iter().map(|r| Some(r.metric.as_str()))));
    columns.push(integers("n", results.iter().map(|r| r.n as i64)));
    columns.extend(clusters(results.iter().map(|r| (r.clusters, r.n))));
    let figures: [Figure<ArmResult>; 8] = [
        ("mean", |r| Some(r.mean)),
        ("sd", |r| r.sd),
        ("low", |r| r.low),
        ("high", |r| r.high),
        ("bca_low", |r| r.bca_low),
        ("bca_high", |r| r.bca_high),
        ("min", |r| Some(r.min)),
        ("max", |r| Some(r.max)),
    ];
    columns.extend(figures.map(|(name, value)| numbers(name, results.iter().map(value))));
    write(dir, "summary.parquet", plan, columns)
}

/// Differences to the baseline, if there are other policies.
fn comparisons(dir: &Path, collated: &Collated) -> Result<()> {
    let summary = &collated.summary;
    let (plan, comparisons) = (&summary.plan, &summary.comparisons);
    if comparisons.is_empty() {
        return Ok(());
    }
    let mut columns = arm_columns(plan, comparisons.iter().map(|c| (policy(plan, &c.policy), c.point)));
    columns.push(texts("baseline", comparisons.iter().map(|_| Some(plan.baseline.as_str()))));
    columns.push(texts("metric", comparisons.iter().map(|c| Some(c.metric.as_str()))));
    columns.push(integers("n", comparisons.iter().map(|c| c.n as i64)));
    columns.extend(clusters(comparisons.iter().map(|c| (c.clusters, c.n))));
    let figures: [Figure<Comparison>; 13] = [
        ("difference", |c| Some(c.difference)),
        ("sd", |c| c.sd),
        ("low", |c| c.low),
        ("high", |c| c.high),
        ("bca_low", |c| c.bca_low),
        ("bca_high", |c| c.bca_high),
        ("unpaired_half_width", |c| c.unpaired_half_width),
        ("variance_reduction", |c| c.variance_reduction),
        ("wilcoxon_p", |c| c.wilcoxon_p),
        ("holm_p", |c| c.holm_p),
        ("ratio", |c| c.ratio),
        ("ratio_low", |c| c.ratio_low),
        ("ratio_high", |c| c.ratio_high),
    ];
    columns.extend(figures.map(|(name, value)| numbers(name, comparisons.iter().map(value))));
    write(dir, "comparisons.parquet", plan, columns)
}

/// Numbers of riders by wait.
fn waits(dir: &Path, collated: &Collated) -> Result<()> {
    let plan = &collated.summary.plan;
    let waits: Vec<(usize, u64, u64)> = collated
        .waits
        .iter()
        .enumerate()
        .flat_map(|(a, list)| list.iter().map(move |&(w, n)| (a, w, n)))
        .collect();
    if waits.is_empty() {
        return Ok(());
    }
    let mut columns = arm_columns(plan, waits.iter().map(|w| arm(plan, w.0)));
    columns.push(integers("wait_s", waits.iter().map(|w| w.1 as i64)));
    columns.push(integers("riders", waits.iter().map(|w| w.2 as i64)));
    write(dir, "waits.parquet", plan, columns)
}

/// Mean power by hour.
fn profiles(dir: &Path, collated: &Collated) -> Result<()> {
    let plan = &collated.summary.plan;
    let hours: Vec<(usize, usize)> = collated
        .power
        .iter()
        .enumerate()
        .flat_map(|(a, list)| (0..list.len()).filter(|&hour| list[hour].n > 0).map(move |hour| (a, hour)))
        .collect();
    if hours.is_empty() {
        return Ok(());
    }
    let mut columns = arm_columns(plan, hours.iter().map(|h| arm(plan, h.0)));
    columns.push(integers("hour", hours.iter().map(|h| h.1 as i64)));
    let start = chrono::DateTime::parse_from_rfc3339(&plan.start).map_or(0, |t| t.timestamp());
    let ms = hours.iter().map(|h| (start + h.1 as i64 * HOUR_S) * 1_000).collect();
    let times = Int64Chunked::from_vec("time".into(), ms);
    columns
        .push(times.into_datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC)).into_series().into_column());
    let power = |h: &(usize, usize)| collated.power[h.0][h.1];
    columns.push(numbers("power_kw", hours.iter().map(|h| Some(power(h).mean_kw))));
    columns.push(numbers("power_sd_kw", hours.iter().map(|h| power(h).sd_kw())));
    write(dir, "profiles.parquet", plan, columns)
}

/// Columns `policy`, `point` and one for each factor, for rows of (policy, point).
fn arm_columns(plan: &Plan, rows: impl Iterator<Item = (usize, usize)>) -> Vec<Column> {
    let rows: Vec<(usize, usize)> = rows.collect();
    let mut columns = vec![
        texts("policy", rows.iter().map(|row| Some(plan.policies[row.0].name.as_str()))),
        integers("point", rows.iter().map(|row| row.1 as i64)),
    ];
    for factor in &plan.factors {
        let values: Vec<&Json> = rows
            .iter()
            .map(|row| plan.points[row.1].values.get(&factor.name).unwrap_or(&Json::Null))
            .collect();
        let all = plan.points.iter().filter_map(|point| point.values.get(&factor.name));
        // A factor may have the same name as a figure.
        let name = format!("factor.{}", factor.name);
        columns.push(if all.clone().all(Json::is_i64) {
            integers(&name, values.iter().map(|v| v.as_i64().unwrap_or_default()))
        } else if all.clone().all(Json::is_number) {
            numbers(&name, values.iter().map(|v| v.as_f64()))
        } else {
            let text = |v: &&Json| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
            let texts: Vec<String> = values.iter().map(text).collect();
            Series::new(name.into(), texts).into_column()
        });
    }
    columns
}

/// Column `clusters` for rows of (clusters, replications), if any row has clusters: a replication that shares nothing
/// is a cluster alone.
fn clusters(rows: impl Iterator<Item = (Option<usize>, usize)>) -> Option<Column> {
    let rows: Vec<(Option<usize>, usize)> = rows.collect();
    let any = rows.iter().any(|row| row.0.is_some());
    any.then(|| integers("clusters", rows.iter().map(|row| row.0.unwrap_or(row.1) as i64)))
}

fn texts<'a>(name: &str, values: impl Iterator<Item = Option<&'a str>>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn integers(name: &str, values: impl Iterator<Item = i64>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn numbers(name: &str, values: impl Iterator<Item = Option<f64>>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

fn write(dir: &Path, name: &str, plan: &Plan, columns: Vec<Column>) -> Result<()> {
    let metadata = [
        ("created_by", format!("gridfleet {}", plan.gridfleet_version)),
        ("gridfleet_version", plan.gridfleet_version.clone()),
        ("study", plan.study.clone()),
        ("study_sha256", plan.study_sha256.clone()),
        ("scenario", plan.scenario.clone()),
        ("scenario_sha256", plan.scenario_sha256.clone()),
        ("seed", plan.seed.to_string()),
    ];
    let metadata = metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    write_frame(&dir.join(name), columns, metadata)
}
