//! Study file as it is written; nothing is resolved here.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A study of gridfleet: policies compared over replications of one scenario.
///
/// Keys of the scenario are written as for `--set`: `fleets.0.vehicles.0.count`, by position or by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(title = "gridfleet study")]
#[serde(deny_unknown_fields)]
pub struct StudyFile {
    /// Version of this file format: 2. `gridfleet migrate` brings files of version 1 to it.
    #[schemars(range(min = 2, max = 2))]
    pub version: u32,
    /// Name of the study; also names the folder of results.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Description of the study, for readers.
    #[serde(default)]
    pub description: String,
    /// Path of the scenario file, relative to the folder of the study file.
    pub scenario: PathBuf,
    /// Seed of all randomness; by default the scenario's.
    pub seed: Option<u64>,
    /// Replications of each policy at each point; with `stop`, the maximum.
    #[serde(default = "replications")]
    #[schemars(range(min = 1, max = 1000000))]
    pub replications: u32,
    /// Confidence level of the intervals.
    #[serde(default = "confidence")]
    #[schemars(range(min = 0.5, max = 0.9999))]
    pub confidence: f64,
    /// Policy to which the others are compared; by default the first.
    pub baseline: Option<String>,
    /// Policy that does nothing of what the others try (stations uncontrolled, prices ignored, no bids): without it a
    /// study shows which policy is better, but not whether any is worthwhile.
    pub do_nothing: Option<String>,
    /// Key figures to compare, as in `summary.json`; those of one fleet or operator as `fleets.NAME.figure` and
    /// `operators.NAME.figure`.
    #[serde(default = "metrics")]
    #[schemars(length(min = 1, max = 100))]
    pub metrics: Vec<String>,
    /// Those of `metrics` for which the table shows the baseline's value divided by the policy's, replication by
    /// replication: above 1 the policy has less.
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub ratios: Vec<String>,
    /// Changes to the scenario for all policies: "key" = value.
    #[serde(default)]
    pub set: BTreeMap<String, Json>,
    /// Variation between replications: keys of the scenario's `[variation]`.
    #[serde(default)]
    pub variation: BTreeMap<String, Json>,
    /// The policies; by default one, `as-written`, which leaves the scenario unchanged.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub policies: Vec<PolicyEntry>,
    /// Factors: keys of the scenario that take several values.
    #[serde(default)]
    #[schemars(length(max = 64))]
    pub factors: Vec<FactorSpec>,
    /// Choice of points from the factors.
    #[serde(default)]
    pub design: DesignSpec,
    /// Compares coalitions of fleets or of operators instead of policies, and shares their worths.
    pub coalition_game: Option<CoalitionGameSpec>,
    /// Stopping rule: when there are enough replications.
    pub stop: Option<StopSpec>,
}

/// A game of fleets, or of operators of stations.
///
/// Each coalition of fleets is simulated alone, with its members working together. Each coalition of operators is
/// simulated among all stations: its members plan the load of their stations together, every other operator plans that of
/// its own (`c-nash`), so that its worth depends on what the others do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoalitionGameSpec {
    /// Kind of the players.
    #[serde(default)]
    pub of: PlayersOf,
    /// Players by name, two to twelve; by default all fleets, or all operators, of the scenario.
    #[serde(default)]
    pub players: Vec<String>,
    /// Key figure of all members together that is shared: a cost if less of it is better, otherwise a gain. By default
    /// `cost_with_lost_fares` of fleets, `station_cost` of operators.
    pub figure: Option<String>,
}

/// Players of a game.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlayersOf {
    /// Fleets, which share riders and stations.
    #[default]
    Fleets,
    /// Operators of stations with load-dependent prices, which plan their loads together.
    Operators,
}

impl CoalitionGameSpec {
    /// The figure that is shared, as studies name it.
    pub fn worth(&self) -> String {
        match self.of {
            PlayersOf::Fleets => self.figure.clone().unwrap_or_else(|| "cost_with_lost_fares".to_owned()),
            PlayersOf::Operators => {
                format!("groups.coalition.{}", self.figure.as_deref().unwrap_or("station_cost"))
            }
        }
    }
}

/// A policy: named changes to the scenario.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyEntry {
    /// Name. Without `use` and `set` it names a policy of gridfleet, for example `nearest-idle`, or `as-written`, which
    /// leaves the scenario unchanged.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Description of the policy, for readers.
    #[serde(default)]
    pub description: String,
    /// Policies of gridfleet by name, as with `--policy`.
    #[serde(default, rename = "use")]
    pub uses: Vec<String>,
    /// Changes to the scenario: "key" = value.
    #[serde(default)]
    pub set: BTreeMap<String, Json>,
}

/// A key of the scenario, or several at once, with its values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorSpec {
    /// Name in tables and pictures.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// The key. Give this or `keys`.
    pub key: Option<String>,
    /// Keys that take the same value.
    #[serde(default)]
    pub keys: Vec<String>,
    /// The values. Give this or `range`.
    #[serde(default)]
    pub values: Vec<Json>,
    /// Range of values, from the first number to the second, both included.
    #[schemars(length(min = 2, max = 2))]
    pub range: Option<Vec<f64>>,
    /// Number of values in the range for a grid.
    #[schemars(range(min = 2, max = 100000))]
    pub steps: Option<u32>,
    /// Whether values of the range are whole numbers.
    #[serde(default)]
    pub integer: bool,
}

/// Choice of points from the factors.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum DesignSpec {
    /// All combinations.
    #[default]
    Grid,
    /// Random points, with each part of each factor's range hit once.
    LatinHypercube {
        /// Number of points.
        #[schemars(range(min = 1, max = 100000))]
        points: u32,
    },
    /// A scrambled Sobol sequence; a power of two is best.
    Sobol {
        /// Number of points.
        #[schemars(range(min = 1, max = 65536))]
        points: u32,
    },
}

/// Stopping rule: replications continue until the interval of a figure is narrow enough for every policy at every
/// point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StopSpec {
    /// Figure, one of `metrics`.
    pub metric: String,
    /// Largest half width of its t interval, relative to its mean.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub relative_half_width: f64,
    /// Replications before the first check.
    #[serde(default = "ten")]
    #[schemars(range(min = 2, max = 1000000))]
    pub min: u32,
    /// Replications between checks.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 1000000))]
    pub every: u32,
}

fn replications() -> u32 {
    30
}

fn confidence() -> f64 {
    0.95
}

fn ten() -> u32 {
    10
}

fn metrics() -> Vec<String> {
    ["service_rate", "wait_mean_s", "wait_p95_s", "charging_cost", "operating_profit", "peak_power_kw"]
        .map(str::to_owned)
        .to_vec()
}
