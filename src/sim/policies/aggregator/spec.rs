//! Policies of an aggregator by name and parameters, as a scenario file writes them.

use gridfleet_games::bilevel::Purchase;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the aggregator of a `[competition]` asks of owners of vehicles, and what it buys ahead for them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum AggregatorSpec {
    /// It asks what its tariff says, and buys nothing ahead: all that its customers draw is imbalance.
    Passive {},
    /// It buys what its customers drew on average at that hour over the last week, and asks the day-ahead price of that
    /// hour over the last week with a margin.
    Naive {
        /// Added to the expected day-ahead price, as a share of it.
        #[serde(default = "margin")]
        #[schemars(range(min = 0.0, max = 100.0))]
        margin: f64,
    },
    /// The leader of the bi-level game: each day, at the closure of the day-ahead gate, the prices and purchases with the
    /// greatest expected profit + beta x CVaR over scenarios of prices, demand and rivals.
    Bilevel {
        /// Weight of the CVaR beside the expected profit.
        #[serde(default = "beta")]
        #[schemars(range(min = 0.0, max = 1000000.0))]
        beta: f64,
        /// Confidence level of the CVaR.
        #[serde(default = "alpha")]
        #[schemars(range(min = 0.0, max = 0.999))]
        alpha: f64,
        /// One quantity for each hour, or a bidding curve.
        #[serde(default)]
        purchase: PurchaseSpec,
        /// Paths of prices that are sampled.
        #[serde(default = "paths")]
        #[schemars(range(min = 1, max = 2000))]
        paths: u32,
        /// Scenarios that are kept of them.
        #[serde(default = "scenarios")]
        #[schemars(range(min = 1, max = 40))]
        scenarios: u32,
        /// Scenarios of what rivals ask.
        #[serde(default = "rival_scenarios")]
        #[schemars(range(min = 1, max = 200))]
        rival_scenarios: u32,
        /// Days of prices from which the price model is estimated.
        #[serde(default = "history_days")]
        #[schemars(range(min = 28, max = 3660))]
        history_days: u32,
        /// Days after which it is estimated anew.
        #[serde(default = "refit_days")]
        #[schemars(range(min = 1, max = 3660))]
        refit_days: u32,
        /// How the demand of all owners is forecast.
        #[serde(default)]
        demand_forecast: DemandForecast,
        /// Standard deviation of a day's demand over its forecast, as a share of it.
        #[serde(default = "demand_sd")]
        #[schemars(range(min = 0.0, max = 10.0))]
        demand_sd: f64,
        /// By how much the demand of an hour rises with its day-ahead price [kWh per currency/MWh].
        #[serde(default)]
        #[schemars(range(min = -1000000.0, max = 1000000.0))]
        kappa_kwh_per_eur_mwh: f64,
    },
    /// As `bilevel`, if prices of markets and rivals and the demand were known: no other policy can earn more.
    PerfectForesight {},
}

/// How an aggregator buys ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PurchaseSpec {
    /// One quantity for each hour, whatever the price will be.
    #[default]
    Quantity,
    /// A quantity for each price of a scenario, none larger at a higher price.
    Curve,
}

impl PurchaseSpec {
    /// As the game has it.
    pub fn of_game(self) -> Purchase {
        match self {
            Self::Quantity => Purchase::Quantity,
            Self::Curve => Purchase::Curve,
        }
    }
}

/// How the demand of all owners is forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DemandForecast {
    /// The mean of the same hour of the day over the last week; before anything is known, what the scenario says is
    /// typical.
    #[default]
    Recent,
    /// A replay of what is to come, as if everybody paid tariffs.
    Perfect,
}

/// Assumed; about what the rivals of the paper's case study, as assumed there, ask over the day-ahead price.
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
/// Assumed there.
fn rival_scenarios() -> u32 {
    9
}
/// The paper estimates on a year.
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
    /// Name as the scenario writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Passive {} => "passive",
            Self::Naive { .. } => "naive",
            Self::Bilevel { .. } => "bilevel",
            Self::PerfectForesight {} => "perfect-foresight",
        }
    }

    /// Whether a replication without it has to be simulated first, for a forecast that replays it.
    pub fn needs_foresight(&self) -> bool {
        match self {
            Self::Passive {} | Self::Naive { .. } => false,
            Self::Bilevel { demand_forecast, .. } => *demand_forecast == DemandForecast::Perfect,
            Self::PerfectForesight {} => true,
        }
    }
}
