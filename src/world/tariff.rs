//! Retail prices: what a retailer asks for energy in each slot of time.

use crate::ids::MarketId;
use crate::markets::Series;
use crate::time::{LocalClock, SimTime};

/// How a retailer sets its price.
#[derive(Debug, Clone, PartialEq)]
pub enum Tariff {
    /// One price [currency/MWh].
    Flat(f64),
    /// A price for each hour of the local week, from Monday 0:00 [currency/MWh]; 168 of them.
    TimeOfUse(Box<[f64]>),
    /// A price series plus a margin.
    RealTime {
        /// Prices.
        series: Series,
        /// Added to the price of the series [currency/MWh].
        margin_eur_mwh: f64,
    },
    /// What a market of the simulation cleared at, plus a margin.
    Market {
        /// The market.
        market: MarketId,
        /// Added to its price [currency/MWh].
        margin_eur_mwh: f64,
    },
}

impl Tariff {
    /// Price at `t` [currency/MWh]; `cleared` tells what a market cleared at for `t`.
    ///
    /// # Panics
    /// If a price series does not cover `t`; the scenario checks that it covers the horizon.
    pub fn price_eur_mwh(&self, t: SimTime, clock: &LocalClock, cleared: impl Fn(MarketId) -> f64) -> f64 {
        match self {
            Self::Flat(price) => *price,
            Self::TimeOfUse(week) => week[clock.hour_of_week(t)],
            Self::RealTime { series, margin_eur_mwh } => {
                series.at(t).expect("real-time prices cover the horizon") + margin_eur_mwh
            }
            Self::Market { market, margin_eur_mwh } => cleared(*market) + margin_eur_mwh,
        }
    }
}

/// Whoever sells energy to stations.
#[derive(Debug, Clone, PartialEq)]
pub struct Retailer {
    /// Name, unique among retailers.
    pub name: String,
    /// Its prices.
    pub tariff: Tariff,
    /// Length of the slots for which it broadcasts a price [s].
    pub slot_s: i64,
    /// How long before a slot starts its price is broadcast [s].
    pub lead_s: i64,
}
