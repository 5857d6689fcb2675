//! The tables of a target, in Parquet: figures, findings, and those specific to the target.

use super::outcome::{Figure, Finding, Table, Values};
use super::results::Reproduction;
use crate::error::Result;
use crate::outputs::frame::write_frame;
use polars_core::prelude::{Column, IntoColumn, NamedFrom, Series};
use std::path::Path;

/// Names of the tables of every target that has rows for them.
pub const FIGURES: &str = "figures";
/// See [`FIGURES`].
pub const FINDINGS: &str = "findings";

/// Writes `figures.parquet`, `findings.parquet` and the tables specific to the target.
///
/// # Errors
/// If one cannot be written.
pub fn write(dir: &Path, reproduction: &Reproduction) -> Result<()> {
    let outcome = &reproduction.outcome;
    let write = |name: &str, columns| {
        write_frame(&dir.join(format!("{name}.parquet")), columns, metadata(reproduction))
    };
    if !outcome.figures.is_empty() {
        write(FIGURES, figures(&outcome.figures))?;
    }
    if !outcome.findings.is_empty() {
        write(FINDINGS, findings(&outcome.findings))?;
    }
    for Table { name, columns } in &outcome.tables {
        write(name, columns.iter().map(|(name, values)| column(name, values)).collect())?;
    }
    Ok(())
}

fn figures(rows: &[Figure]) -> Vec<Column> {
    let texts = |name: &str, value: fn(&Figure) -> &str| texts(name, rows.iter().map(value));
    let numbers = |name: &str, value: fn(&Figure) -> Option<f64>| numbers(name, rows.iter().map(value));
    vec![
        texts("case", |f| &f.case),
        texts("figure", |f| &f.name),
        texts("unit", |f| &f.unit),
        numbers("computed", |f| Some(f.computed)),
        numbers("low", |f| f.interval.map(|i| i.low)),
        numbers("high", |f| f.interval.map(|i| i.high)),
        numbers("published", |f| f.published),
        numbers("difference", Figure::difference),
        numbers("relative_difference", Figure::relative_difference),
        numbers("accepted_low", |f| f.accepted().map(|i| i.low)),
        numbers("accepted_high", |f| f.accepted().map(|i| i.high)),
        texts("verdict", |f| f.verdict().name()),
    ]
}

fn findings(rows: &[Finding]) -> Vec<Column> {
    vec![
        texts("finding", rows.iter().map(|f| f.text.as_str())),
        texts("verdict", rows.iter().map(|f| f.verdict.name())),
        texts("how", rows.iter().map(|f| f.how.as_str())),
    ]
}

fn column(name: &str, values: &Values) -> Column {
    match values {
        Values::Texts(values) => texts(name, values.iter().map(String::as_str)),
        Values::Integers(values) => Series::new(name.into(), values).into_column(),
        Values::Numbers(values) => numbers(name, values.iter().copied().map(Some)),
    }
}

fn texts<'a>(name: &str, values: impl Iterator<Item = &'a str>) -> Column {
    Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
}

/// Numbers; values that are not finite are null.
fn numbers(name: &str, values: impl Iterator<Item = Option<f64>>) -> Column {
    let finite = values.map(|value| value.filter(|x| x.is_finite()));
    Series::new(name.into(), finite.collect::<Vec<_>>()).into_column()
}

fn metadata(reproduction: &Reproduction) -> Vec<(String, String)> {
    let version = env!("CARGO_PKG_VERSION");
    let mut metadata = vec![
        ("created_by", format!("gridfleet {version}")),
        ("gridfleet_version", version.to_owned()),
        ("target", reproduction.target.name.to_owned()),
        ("source", reproduction.target.source.to_owned()),
    ];
    if let Some(draws) = reproduction.draws {
        metadata.push(("seed", draws.seed.to_string()));
        metadata.push(("replications", draws.replications.to_string()));
    }
    metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
