//! Aggregator policies by name and parameters, as written in a scenario file.

use gridfleet_games::bilevel::Purchase;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Policy of the aggregator of a `[competition]`: the prices it charges vehicle owners, and the energy it buys ahead
/// for them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum AggregatorSpec {
    /// Charges its tariff and buys nothing ahead: all energy drawn by its customers is imbalance.
    Passive {},
    /// Buys the mean energy that its customers drew in that hour over the last week, and charges the mean day-ahead
    /// price of that hour over the last week plus a margin.
    Naive {
        /// Added to the expected day-ahead price, as a share of it.
        #[serde(default = "margin")]
        #[schemars(range(min = 0.0, max = 100.0))]
        margin: f64,
    },
    /// Leader of the bi-level game: each day, at the closure of the day-ahead gate, it chooses the prices and purchases
    /// with the greatest expected profit + beta x CVaR over scenarios of prices, demand and rivals.
    Bilevel {
        /// Weight of the CVaR relative to the expected profit.
        #[serde(default = "beta")]
        #[schemars(range(min = 0.0, max = 1000000.0))]
        beta: f64,
        /// Confidence level of the CVaR.
        #[serde(default = "alpha")]
        #[schemars(range(min = 0.0, max = 0.999))]
        alpha: f64,
        /// Whether to buy one quantity for each hour, or with a bidding curve.
        #[serde(default)]
        purchase: PurchaseSpec,
        /// Number of sampled price paths.
        #[serde(default = "paths")]
        #[schemars(range(min = 1, max = 2000))]
        paths: u32,
        /// Number of scenarios kept after reduction of the paths.
        #[serde(default = "scenarios")]
        #[schemars(range(min = 1, max = 40))]
        scenarios: u32,
        /// Number of scenarios of rival prices.
        #[serde(default = "rival_scenarios")]
        #[schemars(range(min = 1, max = 200))]
        rival_scenarios: u32,
        /// Days of prices used to estimate the price model.
        #[serde(default = "history_days")]
        #[schemars(range(min = 28, max = 3660))]
        history_days: u32,
        /// Days after which the price model is estimated again.
        #[serde(default = "refit_days")]
        #[schemars(range(min = 1, max = 3660))]
        refit_days: u32,
        /// Forecast of the demand of all owners.
        #[serde(default)]
        demand_forecast: DemandForecast,
        /// Standard deviation of a day's demand around its forecast, as a share of the forecast.
        #[serde(default = "demand_sd")]
        #[schemars(range(min = 0.0, max = 10.0))]
        demand_sd: f64,
        /// Increase of an hour's demand with its day-ahead price [kWh per currency/MWh].
        #[serde(default)]
        #[schemars(range(min = -1000000.0, max = 1000000.0))]
        kappa_kwh_per_price: f64,
    },
    /// Like `bilevel`, with known market prices, rival prices and demand: an upper bound for every other policy.
    PerfectForesight {},
}

/// Form of an aggregator's purchases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PurchaseSpec {
    /// One quantity for each hour, at any price.
    #[default]
    Quantity,
    /// A quantity for each scenario price, non-increasing in the price.
    Curve,
}

impl PurchaseSpec {
    /// The corresponding value of the game.
    pub fn of_game(self) -> Purchase {
        match self {
            Self::Quantity => Purchase::Quantity,
            Self::Curve => Purchase::Curve,
        }
    }
}

/// Forecast of the demand of all owners.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DemandForecast {
    /// Mean of the same hour of the day over the last week; before any data are known, the typical demand of the
    /// scenario.
    #[default]
    Recent,
    /// A replay of the future in which all owners pay the tariffs.
    Perfect,
}

/// Assumed; close to the assumed margin of the rivals over the day-ahead price in the paper's case study.
fn margin() -> f64 {
    0.3
}
fn beta() -> f64 {
    1.0
}
// As in the paper's case study (`games::bilevel::paper`).
fn alpha() -> f64 {
    gridfleet_games::bilevel::paper::ALPHA
}
fn paths() -> u32 {
    gridfleet_games::bilevel::paper::PATHS as u32
}
fn scenarios() -> u32 {
    gridfleet_games::bilevel::paper::KEPT as u32
}
/// Assumed in the paper's case study.
fn rival_scenarios() -> u32 {
    9
}
/// The paper estimates its model on one year.
fn history_days() -> u32 {
    365
}
/// Assumed.
fn refit_days() -> u32 {
    28
}
/// Assumed.
fn demand_sd() -> f64 {
    0.1
}

impl Default for AggregatorSpec {
    fn default() -> Self {
        Self::Passive {}
    }
}

impl AggregatorSpec {
    /// Name in the scenario file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Passive {} => "passive",
            Self::Naive { .. } => "naive",
            Self::Bilevel { .. } => "bilevel",
            Self::PerfectForesight {} => "perfect-foresight",
        }
    }

    /// Whether its forecast needs a replay, simulated first without the policy.
    pub fn needs_foresight(&self) -> bool {
        match self {
            Self::Passive {} | Self::Naive { .. } => false,
            Self::Bilevel { demand_forecast, .. } => *demand_forecast == DemandForecast::Perfect,
            Self::PerfectForesight {} => true,
        }
    }
}
