//! Retail prices: what a retailer asks for energy in each slot of time.

use gridfleet_core::ids::MarketId;
use gridfleet_core::markets::Series;
use gridfleet_core::time::{LocalClock, SimTime};

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
    /// A price that the load of all its stations makes: the base price of a slot, which is announced, and so much
    /// more for each kilowatt that they draw in it on average, which is known when the slot is over.
    LoadDependent {
        /// Base prices.
        series: Series,
        /// Added to the price of the series [currency/MWh].
        margin_eur_mwh: f64,
        /// By how much a kilowatt raises the price [currency/MWh per kW], above 0.
        slope_eur_mwh_kw: f64,
    },
}

impl Tariff {
    /// By how much the load raises the price [currency/MWh per kW], where it does.
    pub fn slope_eur_mwh_kw(&self) -> Option<f64> {
        match self {
            Self::LoadDependent { slope_eur_mwh_kw, .. } => Some(*slope_eur_mwh_kw),
            _ => None,
        }
    }

    /// Price at `t` [currency/MWh], of a price that follows the load that without any; `cleared` tells what a market cleared at for `t`.
    ///
    /// # Panics
    /// If a price series does not cover `t`; the scenario checks that it covers the horizon.
    pub fn price_eur_mwh(&self, t: SimTime, clock: &LocalClock, cleared: impl Fn(MarketId) -> f64) -> f64 {
        match self {
            Self::Flat(price) => *price,
            Self::TimeOfUse(week) => week[clock.hour_of_week(t)],
            Self::RealTime { series, margin_eur_mwh }
            | Self::LoadDependent { series, margin_eur_mwh, .. } => {
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
