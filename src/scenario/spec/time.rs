//! `[time]`: the period simulated.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The period simulated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeSpec {
    /// First instant: a local date (`2018-03-05`), a local date and time (`2018-03-05T06:00`), or one
    /// with offset (`2018-03-05T06:00:00-05:00`).
    pub start: String,
    /// Length in local calendar days [d]; a day with a clock change has 23 or 25 hours. Give this or `end`.
    #[schemars(range(min = 1, max = 3660))]
    pub days: Option<i64>,
    /// First instant no longer simulated, written like `start`. Give this or `days`.
    pub end: Option<String>,
    /// Time zone of local times, by its IANA name, for example `America/New_York`.
    #[serde(default = "utc")]
    pub timezone: String,
    /// Time between two meter readings, and between rounds of the charging policy [s].
    #[serde(default = "control_interval_s")]
    #[schemars(range(min = 1, max = 86400))]
    pub control_interval_s: i64,
    /// Days at the start that are simulated and kept in the tables, but excluded from all figures of the summary and
    /// from all results of a study [d]: local calendar days; fewer than those of the period. Or `settled`: a pilot run
    /// finds the days after which queues at stations and charge have settled.
    #[serde(default, skip_serializing_if = "WarmUp::is_none")]
    pub warm_up: WarmUp,
    /// Price of the energy by which batteries are fuller, or emptier, at the end than at the end of the warm-up
    /// [currency/MWh]; by default the mean price that each fleet paid per kWh stored.
    #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
    pub end_value_per_mwh: Option<f64>,
}

/// Part of the start that is excluded from the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum WarmUp {
    /// A number of local calendar days [d].
    Days(#[schemars(range(min = 0, max = 3660))] i64),
    /// A number of days found by a pilot run.
    Found(FoundWarmUp),
}

/// Criterion of a pilot run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FoundWarmUp {
    /// Days until vehicles waiting for a connector and stored energy have settled: both are read every hour and
    /// smoothed over 24 hours; the excluded start is the one without which the mean has the smallest squared standard
    /// error (MSER), rounded up to whole days; it must lie in the first half of a period of at least four days. A study
    /// excludes the longest warm-up of all its policies and points, each found in the first replication.
    Settled,
}

impl Default for WarmUp {
    fn default() -> Self {
        Self::Days(0)
    }
}

impl WarmUp {
    /// Whether no days are excluded.
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

fn utc() -> String {
    "UTC".to_owned()
}
fn control_interval_s() -> i64 {
    300
}
