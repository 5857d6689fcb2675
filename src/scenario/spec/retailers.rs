//! `[[retailers]]`: retailers, their tariffs and their cost of serving customers.

use super::by_hour::ByHour;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A retailer of energy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetailerSpec {
    /// Name.
    #[schemars(length(min = 1, max = 100))]
    pub name: String,
    /// Prices of the retailer.
    pub tariff: TariffSpec,
    /// Cost of serving its customers. A `pricing` policy sets the prices of retailers that have it.
    pub generation: Option<GenerationSpec>,
    /// Length of the slots for which a price is broadcast [s]; by default an hour, or the slot of the price file.
    #[schemars(range(min = 60, max = 86400))]
    pub slot_s: Option<i64>,
    /// Time before a slot at which its price is broadcast [s].
    #[serde(default = "lead_s")]
    #[schemars(range(min = 0, max = 604800))]
    pub lead_s: i64,
}

/// Pricing rule of a retailer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TariffSpec {
    /// One price.
    Flat {
        /// Price [currency/MWh].
        #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
        price_per_mwh: f64,
    },
    /// Prices by local time of the week.
    TimeOfUse {
        /// Price outside all periods [currency/MWh]; may be omitted if the periods fill the week.
        #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
        base_per_mwh: Option<f64>,
        /// Periods with separate prices.
        periods: Vec<PeriodSpec>,
    },
    /// A series of prices from a file.
    RealTime {
        /// Prices (CSV or Parquet: `time`, `price_per_mwh`).
        file: PathBuf,
        /// Margin added to the price of the file [currency/MWh].
        #[serde(default)]
        #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
        margin_per_mwh: f64,
    },
    /// A load-dependent price: the price of the file, which is announced, plus an amount per megawatt of mean load of
    /// all stations of the retailer over the slot. Energy drawn in a slot is paid when the slot is over.
    LoadDependent {
        /// Prices without load (CSV or Parquet: `time`, `price_per_mwh`).
        file: PathBuf,
        /// Margin added to the price of the file [currency/MWh].
        #[serde(default)]
        #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
        margin_per_mwh: f64,
        /// Increase of the price per megawatt of load [currency/MWh per MW].
        #[schemars(range(max = 1000000.0), extend("exclusiveMinimum" = 0.0))]
        slope_per_mwh_mw: f64,
    },
    /// Clearing price of one of the scenario's `markets`.
    Market {
        /// Name of the market.
        market: String,
        /// Margin added to its price [currency/MWh].
        #[serde(default)]
        #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
        margin_per_mwh: f64,
    },
}

/// A period of the week with a separate price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PeriodSpec {
    /// Days: `mon-fri`, `sat,sun`, `daily`, ...
    #[serde(default = "daily")]
    pub days: String,
    /// Start, a full hour of the local day, for example `08:00`.
    pub from: String,
    /// End, a full hour up to `24:00`; if it is before `from`, it is on the next day.
    pub to: String,
    /// Price [currency/MWh].
    #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
    pub price_per_mwh: f64,
}

/// A retailer's cost of serving a load g in kW: `a / 2 g^2 + b g + c` per hour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GenerationSpec {
    /// Increase of the marginal cost with the load, above 0 [currency/MWh per kW]: one number, or 24 by local hour.
    pub a_per_mwh_kw: ByHour,
    /// Marginal cost without load, 0 or more [currency/MWh]: one number, or 24 by local hour.
    pub b_per_mwh: ByHour,
    /// Cost without load, 0 or more [currency/h]: one number, or 24 by local hour.
    #[serde(default = "nothing")]
    pub c_per_h: ByHour,
}

fn daily() -> String {
    "daily".to_owned()
}

/// Assumed.
fn lead_s() -> i64 {
    3_600
}

fn nothing() -> ByHour {
    ByHour::All(0.0)
}
