//! Bidding policies by name and parameters, as a scenario file writes them.

use super::learned::Trained;
use crate::forecast::ForecastSpec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// What fleets buy ahead in markets. Each buys, as gates close, so much of the power that it expects to draw as it
/// has not bought yet and as its risk allows, if that is cheaper than its tariff.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum BiddingSpec {
    /// Nothing: all energy at the tariff.
    Regular {},
    /// In the day-ahead market.
    DayAhead {
        /// Share of the expected power that is not bid for (0..1).
        #[serde(default)]
        #[schemars(range(min = 0.0, max = 1.0))]
        risk: f64,
        /// Accuracy of a `perfect` forecast (0..1): what it tells is distorted evenly by up to 1 - accuracy.
        #[serde(default = "exact")]
        #[schemars(range(min = 0.0, max = 1.0))]
        accuracy: f64,
        /// How the power is forecast.
        #[serde(default)]
        forecast: ForecastKind,
        /// Highest price bid [currency/MWh]; by default the retailer's price in force.
        #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
        limit_eur_mwh: Option<f64>,
    },
    /// In the intraday market.
    Intraday {
        /// Share of the expected power that is not bid for (0..1).
        #[serde(default)]
        #[schemars(range(min = 0.0, max = 1.0))]
        risk: f64,
        /// Accuracy of a `perfect` forecast (0..1): what it tells is distorted evenly by up to 1 - accuracy.
        #[serde(default = "exact")]
        #[schemars(range(min = 0.0, max = 1.0))]
        accuracy: f64,
        /// How the power is forecast.
        #[serde(default)]
        forecast: ForecastKind,
        /// Highest price bid [currency/MWh]; by default the retailer's price in force.
        #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
        limit_eur_mwh: Option<f64>,
    },
    /// In the balancing market.
    Balancing {
        /// Share of the expected power that is not bid for (0..1).
        #[serde(default)]
        #[schemars(range(min = 0.0, max = 1.0))]
        risk: f64,
        /// Accuracy of a `perfect` forecast (0..1): what it tells is distorted evenly by up to 1 - accuracy.
        #[serde(default = "exact")]
        #[schemars(range(min = 0.0, max = 1.0))]
        accuracy: f64,
        /// How the power is forecast.
        #[serde(default)]
        forecast: ForecastKind,
        /// Highest price bid [currency/MWh]; by default the retailer's price in force.
        #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
        limit_eur_mwh: Option<f64>,
    },
    /// In the balancing market below the price expected intraday, and the rest in the intraday market.
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
        /// How the power is forecast.
        #[serde(default)]
        forecast: ForecastKind,
        /// How the intraday price is forecast when the balancing market's gate closes.
        #[serde(default)]
        price_forecast: ForecastKind,
        /// Highest price bid [currency/MWh]; by default the retailer's price in force.
        #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
        limit_eur_mwh: Option<f64>,
    },
    /// As `integrated`, with the risks that an agent of `gridfleet train` has learned to choose by what it sees.
    Learned {
        /// The agent: `agent.gridfleet` in the folder that `train` has written.
        file: PathBuf,
        /// Accuracy of a `perfect` forecast for the balancing market (0..1).
        #[serde(default = "exact")]
        #[schemars(range(min = 0.0, max = 1.0))]
        accuracy_balancing: f64,
        /// The same for the intraday market (0..1).
        #[serde(default = "exact")]
        #[schemars(range(min = 0.0, max = 1.0))]
        accuracy_intraday: f64,
        /// How the power is forecast.
        #[serde(default)]
        forecast: ForecastKind,
        /// How the intraday price is forecast when the balancing market's gate closes.
        #[serde(default)]
        price_forecast: ForecastKind,
        /// Highest price bid [currency/MWh]; by default the retailer's price in force.
        #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
        limit_eur_mwh: Option<f64>,
        /// What the file holds, once it is read; without it nothing is bid.
        #[serde(skip)]
        #[schemars(skip)]
        trained: Option<Arc<Trained>>,
    },
}

/// How the power that a fleet can draw, or a market's price, is forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ForecastKind {
    /// A replay of what is to come, as if nobody bid; of power, distorted as `accuracy` says. The benchmark of the
    /// literature, for nobody knows the future.
    #[default]
    Perfect,
    /// From what is known: the last value.
    Persistence,
    /// From what is known: that of the same time a week before.
    SeasonalNaive,
    /// From what is known: ridge regression on the hour, the weekday and the values before.
    Ridge,
}

impl ForecastKind {
    /// The forecaster with its default parameters, where it learns from history; before there is any, it expects 0.
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
    /// Name as the scenario writes it.
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

    /// With what an agent's file holds, where it names one.
    #[must_use]
    pub fn with(mut self, read: Option<Arc<Trained>>) -> Self {
        if let Self::Learned { trained, .. } = &mut self {
            *trained = read;
        }
        self
    }

    /// Whether a replication without bids has to be simulated first, for a forecast that replays it.
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
