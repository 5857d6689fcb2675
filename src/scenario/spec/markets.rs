//! `[[markets]]` and `[imbalance]`: wholesale markets.

use gridfleet_core::markets::MarketKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A wholesale market.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarketSpec {
    /// Name.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Kind of market; bidding policies select markets by it, and the defaults depend on it.
    pub kind: MarketKind,
    /// Prices (CSV or Parquet: `time`, `price_per_mwh`). They may begin before the simulated period, as training data
    /// for forecasters.
    pub file: PathBuf,
    /// In a balancing market, the capacity price, per megawatt kept ready and hour (CSV or Parquet: `time`,
    /// `price_per_mwh`, read as currency per MW and hour); paid for the part that is taken when called. Default: none.
    pub capacity_file: Option<PathBuf>,
    /// Length of a product [s]; by default 3600 day-ahead and 900 otherwise. Must be the slot of the file or divide it.
    #[schemars(range(min = 60, max = 86400))]
    pub product_s: Option<i64>,
    /// Gate closure, the deadline for bids; by default day-ahead at 12:00 on the previous day, intraday half an hour
    /// and balancing seven days before each product.
    pub gate: Option<GateSpec>,
    /// Time before gate closure from which bids are accepted [s]; by default from the start.
    #[schemars(range(min = 1, max = 31536000))]
    pub opens_s: Option<i64>,
    /// Time after gate closure at which results are known [s].
    #[serde(default)]
    #[schemars(range(min = 0, max = 604800))]
    pub publish_s: i64,
    /// Price increase per megawatt of net purchases of the bidders [currency/MWh]; 0: they are price takers. Above 0,
    /// bids are cleared in a uniform-price auction against the rest of the market, whose price is that of the file.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 10000.0))]
    pub slope_per_mwh_mw: f64,
    /// Lowest price [currency/MWh].
    #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
    pub price_floor_per_mwh: Option<f64>,
    /// Highest price [currency/MWh].
    #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
    pub price_cap_per_mwh: Option<f64>,
    /// Minimum quantity of a bid [kW].
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1000000.0))]
    pub minimum_kw: f64,
    /// Quantities are rounded down to multiples of this value [kW]; 0: any quantity.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1000000.0))]
    pub step_kw: f64,
}

/// Gate closure, the deadline for bids.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum GateSpec {
    /// Separate for each product.
    Lead {
        /// Time before the start of the product [s].
        #[schemars(range(min = 0, max = 31536000))]
        lead_s: i64,
    },
    /// For all products of a local day together.
    Daily {
        /// Local time, for example `12:00`.
        at: String,
        /// Number of days before.
        #[serde(default = "one")]
        #[schemars(range(min = 1, max = 365))]
        days_before: u32,
    },
    /// For all products of a local week, from Monday, together.
    Weekly {
        /// Day of the week: `mon` to `sun`.
        weekday: String,
        /// Local time, for example `15:00`.
        at: String,
        /// Number of weeks before.
        #[serde(default = "one")]
        #[schemars(range(min = 1, max = 52))]
        weeks_before: u32,
    },
}

/// Cost to a bidder of not taking the energy that it has bought.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ImbalanceSpec {
    /// A penalty per unit, in addition to the price paid for the energy that is not taken.
    Penalty {
        /// Penalty [currency/MWh].
        #[serde(default = "penalty")]
        #[schemars(range(min = 0.0, max = 100000.0))]
        price_per_mwh: f64,
    },
    /// A single price at which bidders with a surplus sell and bidders with a shortage buy.
    Single {
        /// Prices (CSV or Parquet: `time`, `price_per_mwh`).
        file: PathBuf,
    },
    /// Two prices: bidders with a surplus receive `down_per_mwh`, bidders with a shortage pay `up_per_mwh`.
    Dual {
        /// Prices (CSV or Parquet: `time`, `up_per_mwh`, `down_per_mwh`).
        file: PathBuf,
    },
}

impl Default for ImbalanceSpec {
    fn default() -> Self {
        Self::Penalty { price_per_mwh: penalty() }
    }
}

fn one() -> u32 {
    1
}

/// Assumed: several times the price of energy, so that deliberate overbidding does not pay.
fn penalty() -> f64 {
    500.0
}
