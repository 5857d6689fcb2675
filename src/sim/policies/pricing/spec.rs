//! Pricing policies by name and parameters, as written in a scenario file.

use super::stackelberg::{self, Stackelberg};
use super::{Fixed, Pricing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Energy prices of retailers that have a generation cost; all others keep to their tariffs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum PricingSpec {
    /// The retailers' tariffs.
    Tariff {},
    /// A constant price.
    Flat {
        /// Price [currency/MWh].
        #[schemars(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most))]
        price_per_mwh: f64,
    },
    /// A price for each hour of the local day.
    TimeOfUse {
        /// Prices from midnight [currency/MWh]; 24 values.
        #[schemars(length(min = 24, max = 24), inner(range(min = gridfleet_core::ranges::PRICE.least, max = gridfleet_core::ranges::PRICE.most)))]
        hourly_price_per_mwh: Vec<f64>,
    },
    /// Marginal cost of the load on which users settle, times a margin: the leader of a Stackelberg game.
    Stackelberg {
        /// Choice of the margin of each hour.
        #[serde(default)]
        leader: Leader,
        /// Margin of a `marginal` leader.
        #[serde(default = "margin")]
        #[schemars(range(min = 1.0, max = 100.0))]
        margin: f64,
        /// Maximum margin of the other leaders, which choose between 1 and this value.
        #[serde(default = "margin_most")]
        #[schemars(range(min = 1.0, max = 100.0))]
        margin_most: f64,
    },
}

/// Objective of a Stackelberg leader.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Leader {
    /// The same margin at all hours.
    #[default]
    Marginal,
    /// Flattest load.
    Flatten,
    /// Maximum profit.
    Profit,
}

/// The margin of the paper (section V).
fn margin() -> f64 {
    1.2
}

/// Assumed.
fn margin_most() -> f64 {
    1.5
}

impl Default for PricingSpec {
    fn default() -> Self {
        Self::Tariff {}
    }
}

impl PricingSpec {
    /// Name in the scenario file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Tariff {} => "tariff",
            Self::Flat { .. } => "flat",
            Self::TimeOfUse { .. } => "time-of-use",
            Self::Stackelberg { .. } => "stackelberg",
        }
    }

    /// The policy; `None` if tariffs set all prices.
    pub fn build(&self) -> Option<Box<dyn Pricing>> {
        match self {
            Self::Tariff {} => None,
            Self::Flat { price_per_mwh } => Some(Box::new(Fixed::new(&[*price_per_mwh; 24]))),
            Self::TimeOfUse { hourly_price_per_mwh } => Some(Box::new(Fixed::new(hourly_price_per_mwh))),
            Self::Stackelberg { leader, margin, margin_most } => {
                let aim = match leader {
                    Leader::Marginal => stackelberg::Aim::Keep(*margin),
                    Leader::Flatten => stackelberg::Aim::Flatten(*margin_most),
                    Leader::Profit => stackelberg::Aim::Profit(*margin_most),
                };
                Some(Box::new(Stackelberg::new(aim)))
            }
        }
    }
}
