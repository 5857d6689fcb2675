//! Station policies by name and parameters, as written in a scenario file.

use crate::policies::bidding::ForecastKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Power of stations with load-dependent prices (`load-dependent` tariffs). Each policy but the first plans ahead: it
/// forecasts the energy requested at each station, computes the equilibrium of the game among stations, and limits each
/// station to its equilibrium load; at a station the vehicle that announced the earliest departure comes first, then the
/// emptiest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum StationsSpec {
    /// No limit: as much as the vehicles can take.
    Uncontrolled {},
    /// Each station minimises its own cost.
    Nash {
        /// Planning horizon [s]. Energy is drawn at most this long after it was asked for.
        #[serde(default = "horizon_s")]
        #[schemars(range(min = 3600, max = 604800))]
        horizon_s: i64,
        /// Forecast of the energy requested.
        #[serde(default = "forecast")]
        forecast: ForecastKind,
        /// Accuracy of a `perfect` forecast (0..1): values are multiplied by a factor drawn uniformly from 1 +/- (1 -
        /// accuracy).
        #[serde(default = "exact")]
        #[schemars(range(min = 0.0, max = 1.0))]
        accuracy: f64,
    },
    /// The stations of each coalition jointly minimise their cost: by default those of each operator.
    CNash {
        /// Disjoint coalitions of stations, by name: `[["hub", "city"], ["kerb-3"]]`. The name of an operator means all its
        /// stations; a name without brackets is a coalition too. Stations in none decide alone. By default the stations
        /// of each operator are a coalition.
        #[serde(default)]
        coalitions: Vec<StationCoalitionSpec>,
        /// Planning horizon [s]. Energy is drawn at most this long after it was asked for.
        #[serde(default = "horizon_s")]
        #[schemars(range(min = 3600, max = 604800))]
        horizon_s: i64,
        /// Forecast of the energy requested.
        #[serde(default = "forecast")]
        forecast: ForecastKind,
        /// Accuracy of a `perfect` forecast (0..1): values are multiplied by a factor drawn uniformly from 1 +/- (1 -
        /// accuracy).
        #[serde(default = "exact")]
        #[schemars(range(min = 0.0, max = 1.0))]
        accuracy: f64,
    },
    /// All stations minimise the total cost.
    Coordinated {
        /// Planning horizon [s]. Energy is drawn at most this long after it was asked for.
        #[serde(default = "horizon_s")]
        #[schemars(range(min = 3600, max = 604800))]
        horizon_s: i64,
        /// Forecast of the energy requested.
        #[serde(default = "forecast")]
        forecast: ForecastKind,
        /// Accuracy of a `perfect` forecast (0..1): values are multiplied by a factor drawn uniformly from 1 +/- (1 -
        /// accuracy).
        #[serde(default = "exact")]
        #[schemars(range(min = 0.0, max = 1.0))]
        accuracy: f64,
    },
}

/// Stations that decide together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum StationCoalitionSpec {
    /// All stations of an operator, or one station.
    One(String),
    /// Those of several names.
    Several(Vec<String>),
}

impl StationCoalitionSpec {
    /// Names of its members: of operators or of stations.
    pub fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }
}

/// Parameters of a policy that plans.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Planning {
    /// Planning horizon [s].
    pub horizon_s: i64,
    /// Forecast of the energy requested.
    pub forecast: ForecastKind,
    /// Accuracy of a `perfect` forecast.
    pub accuracy: f64,
}

impl Default for StationsSpec {
    fn default() -> Self {
        Self::Uncontrolled {}
    }
}

// Assumed: vehicles of an operating fleet do not wait longer for a better price.
fn horizon_s() -> i64 {
    21_600
}
fn forecast() -> ForecastKind {
    ForecastKind::SeasonalNaive
}
fn exact() -> f64 {
    1.0
}

impl StationsSpec {
    /// Name in the scenario file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Uncontrolled {} => "uncontrolled",
            Self::Nash { .. } => "nash",
            Self::CNash { .. } => "c-nash",
            Self::Coordinated { .. } => "coordinated",
        }
    }

    pub(super) fn planning(&self) -> Option<Planning> {
        match *self {
            Self::Uncontrolled {} => None,
            Self::Nash { horizon_s, forecast, accuracy }
            | Self::CNash { horizon_s, forecast, accuracy, .. }
            | Self::Coordinated { horizon_s, forecast, accuracy } => {
                Some(Planning { horizon_s, forecast, accuracy })
            }
        }
    }

    /// Names of the members of its coalitions, if it names any.
    pub fn members(&self) -> impl Iterator<Item = &String> {
        let coalitions = match self {
            Self::CNash { coalitions, .. } => coalitions.as_slice(),
            _ => &[],
        };
        coalitions.iter().flat_map(StationCoalitionSpec::names)
    }

    /// Whether its forecast needs a replay, simulated first without limits.
    pub fn needs_foresight(&self) -> bool {
        self.planning().is_some_and(|planning| planning.forecast == ForecastKind::Perfect)
    }
}
