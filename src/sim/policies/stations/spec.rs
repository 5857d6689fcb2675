//! Policies of stations by name and parameters, as a scenario file writes them.

use crate::policies::bidding::ForecastKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much power stations draw whose price follows their load (`load-dependent` tariffs). Each policy but the first
/// plans ahead: it forecasts what will be asked for at each station, computes the equilibrium of the game among
/// stations, and lets each draw what it plays; at a station the emptiest vehicle comes first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum StationsSpec {
    /// As much as the vehicles can take.
    Uncontrolled {},
    /// Each station minimises its own cost.
    Nash {
        /// How far ahead it plans [s].
        #[serde(default = "horizon_s")]
        #[schemars(range(min = 3600, max = 604800))]
        horizon_s: i64,
        /// How what will be asked for is forecast.
        #[serde(default = "forecast")]
        forecast: ForecastKind,
        /// Accuracy of a `perfect` forecast (0..1): what it tells is distorted evenly by up to 1 - accuracy.
        #[serde(default = "exact")]
        #[schemars(range(min = 0.0, max = 1.0))]
        accuracy: f64,
    },
    /// The stations of an operator minimise their cost together, each operator for itself.
    CNash {
        /// Operators whose stations form a coalition; by default all. Stations of others play alone.
        #[serde(default)]
        coalitions: Vec<String>,
        /// How far ahead it plans [s].
        #[serde(default = "horizon_s")]
        #[schemars(range(min = 3600, max = 604800))]
        horizon_s: i64,
        /// How what will be asked for is forecast.
        #[serde(default = "forecast")]
        forecast: ForecastKind,
        /// Accuracy of a `perfect` forecast (0..1): what it tells is distorted evenly by up to 1 - accuracy.
        #[serde(default = "exact")]
        #[schemars(range(min = 0.0, max = 1.0))]
        accuracy: f64,
    },
    /// All stations minimise the cost of all.
    Coordinated {
        /// How far ahead it plans [s].
        #[serde(default = "horizon_s")]
        #[schemars(range(min = 3600, max = 604800))]
        horizon_s: i64,
        /// How what will be asked for is forecast.
        #[serde(default = "forecast")]
        forecast: ForecastKind,
        /// Accuracy of a `perfect` forecast (0..1): what it tells is distorted evenly by up to 1 - accuracy.
        #[serde(default = "exact")]
        #[schemars(range(min = 0.0, max = 1.0))]
        accuracy: f64,
    },
}

/// What a policy that plans needs to know of itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Planning {
    /// How far ahead [s].
    pub horizon_s: i64,
    /// How what will be asked for is forecast.
    pub forecast: ForecastKind,
    /// Accuracy of a `perfect` forecast.
    pub accuracy: f64,
}

impl Default for StationsSpec {
    fn default() -> Self {
        Self::Uncontrolled {}
    }
}

// Assumed: vehicles of a fleet at work do not wait longer for a better price.
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
    /// Name as the scenario writes it.
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

    /// Whether a replication without limits has to be simulated first, for a forecast that replays it.
    pub fn needs_foresight(&self) -> bool {
        self.planning().is_some_and(|planning| planning.forecast == ForecastKind::Perfect)
    }
}
