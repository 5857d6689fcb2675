//! Bidding policies by name and parameters, as written in a scenario file.

use super::learned::Trained;
use crate::forecast::ForecastSpec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// Energy that fleets buy ahead in markets. At each gate closure, a fleet bids for the power that it expects to draw,
/// less the power already bought and less a share for risk, if that is cheaper than its tariff.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum BiddingSpec {
    /// Never bids: all energy is bought at the tariff.
    Regular {},
    /// Bids in the day-ahead market.
    DayAhead {
        /// Share of the expected power that is not bid for (0..1).
        #[serde(default)]
        #[schemars(range(min = 0.0, max = 1.0))]
        risk: f64,
        /// Accuracy of a `perfect` forecast (0..1): values are multiplied by a factor drawn uniformly from 1 +/- (1 -
        /// accuracy).
        #[serde(default = "exact")]
        #[schemars(range(min = 0.0, max = 1.0))]
        accuracy: f64,
        /// Forecast of the power.
        #[serde(default)]
        forecast: ForecastKind,
        /// Highest price bid [currency/MWh]; the retailer's price in force by default.
        #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
        limit_per_mwh: Option<f64>,
    },
    /// Bids in the intraday market.
    Intraday {
        /// Share of the expected power that is not bid for (0..1).
        #[serde(default)]
        #[schemars(range(min = 0.0, max = 1.0))]
        risk: f64,
        /// Accuracy of a `perfect` forecast (0..1): values are multiplied by a factor drawn uniformly from 1 +/- (1 -
        /// accuracy).
        #[serde(default = "exact")]
        #[schemars(range(min = 0.0, max = 1.0))]
        accuracy: f64,
        /// Forecast of the power.
        #[serde(default)]
        forecast: ForecastKind,
        /// Highest price bid [currency/MWh]; the retailer's price in force by default.
        #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
        limit_per_mwh: Option<f64>,
    },
    /// Bids in the balancing market.
    Balancing {
        /// Share of the expected power that is not bid for (0..1).
        #[serde(default)]
        #[schemars(range(min = 0.0, max = 1.0))]
        risk: f64,
        /// Accuracy of a `perfect` forecast (0..1): values are multiplied by a factor drawn uniformly from 1 +/- (1 -
        /// accuracy).
        #[serde(default = "exact")]
        #[schemars(range(min = 0.0, max = 1.0))]
        accuracy: f64,
        /// Forecast of the power.
        #[serde(default)]
        forecast: ForecastKind,
        /// Highest price bid [currency/MWh]; the retailer's price in force by default.
        #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
        limit_per_mwh: Option<f64>,
    },
    /// Bids in the balancing market below the expected intraday price, and for the rest in the intraday market.
    Integrated {
        /// Share of the expected power that is not bid for in the balancing market (0..1).
        #[serde(default)]
        #[schemars(range(min = 0.0, max = 1.0))]
        risk_balancing: f64,
        /// The same for the intraday market (0..1).
        #[serde(default)]
        #[schemars(range(min = 0.0, max = 1.0))]
        risk_intraday: f64,
        /// Accuracy of a `perfect` forecast for the balancing market (0..1).
        #[serde(default = "exact")]
        #[schemars(range(min = 0.0, max = 1.0))]
        accuracy_balancing: f64,
        /// The same for the intraday market (0..1).
        #[serde(default = "exact")]
        #[schemars(range(min = 0.0, max = 1.0))]
        accuracy_intraday: f64,
        /// Forecast of the power.
        #[serde(default)]
        forecast: ForecastKind,
        /// Forecast of the intraday price at gate closure of the balancing market.
        #[serde(default)]
        price_forecast: ForecastKind,
        /// Highest price bid [currency/MWh]; the retailer's price in force by default.
        #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
        limit_per_mwh: Option<f64>,
    },
    /// Like `integrated`, with state-dependent risks that an agent of `gridfleet train` has learned to choose.
    Learned {
        /// The agent: `agent.gridfleet` in the output folder of `train`.
        file: PathBuf,
        /// Accuracy of a `perfect` forecast for the balancing market (0..1).
        #[serde(default = "exact")]
        #[schemars(range(min = 0.0, max = 1.0))]
        accuracy_balancing: f64,
        /// The same for the intraday market (0..1).
        #[serde(default = "exact")]
        #[schemars(range(min = 0.0, max = 1.0))]
        accuracy_intraday: f64,
        /// Forecast of the power.
        #[serde(default)]
        forecast: ForecastKind,
        /// Forecast of the intraday price at gate closure of the balancing market.
        #[serde(default)]
        price_forecast: ForecastKind,
        /// Highest price bid [currency/MWh]; the retailer's price in force by default.
        #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
        limit_per_mwh: Option<f64>,
        /// Contents of the file, once it has been read; without it no bids are made.
        #[serde(skip)]
        #[schemars(skip)]
        trained: Option<Arc<Trained>>,
    },
}

/// Forecast of the power that a fleet can draw, or of a market's price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ForecastKind {
    /// A replay of the future without bids; a power forecast is distorted according to `accuracy`. A benchmark from the
    /// literature that uses information unavailable in practice.
    #[default]
    Perfect,
    /// From known data: the last value.
    Persistence,
    /// From known data: the value at the same time a week before.
    SeasonalNaive,
    /// From known data: ridge regression on the hour, the weekday and previous values.
    Ridge,
}

impl ForecastKind {
    /// The forecaster with its default parameters, if it learns from history; it predicts 0 until there is history.
    pub fn of_history(self) -> Option<ForecastSpec> {
        match self {
            Self::Perfect => None,
            Self::Persistence => Some(ForecastSpec::persistence()),
            Self::SeasonalNaive => Some(ForecastSpec::seasonal_naive()),
            Self::Ridge => Some(ForecastSpec::ridge()),
        }
    }
}

fn exact() -> f64 {
    1.0
}

impl Default for BiddingSpec {
    fn default() -> Self {
        Self::Regular {}
    }
}

impl BiddingSpec {
    /// Name in the scenario file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Regular {} => "regular",
            Self::DayAhead { .. } => "day-ahead",
            Self::Intraday { .. } => "intraday",
            Self::Balancing { .. } => "balancing",
            Self::Integrated { .. } => "integrated",
            Self::Learned { .. } => "learned",
        }
    }

    /// Adds the contents of the agent's file, if it names one.
    #[must_use]
    pub fn with(mut self, read: Option<Arc<Trained>>) -> Self {
        if let Self::Learned { trained, .. } = &mut self {
            *trained = read;
        }
        self
    }

    /// Whether its forecast needs a replay, simulated first without bids.
    pub fn needs_foresight(&self) -> bool {
        match self {
            Self::Regular {} => false,
            Self::DayAhead { forecast, .. }
            | Self::Intraday { forecast, .. }
            | Self::Balancing { forecast, .. }
            | Self::Integrated { forecast, .. }
            | Self::Learned { forecast, .. } => *forecast == ForecastKind::Perfect,
        }
    }
}
