//! Retail prices: the price of energy of a retailer in each time slot.

use gridfleet_core::ids::MarketId;
use gridfleet_core::markets::Series;
use gridfleet_core::time::{LocalClock, SimTime};

/// Pricing rule of a retailer.
#[derive(Debug, Clone, PartialEq)]
pub enum Tariff {
    /// A constant price [currency/MWh].
    Flat(f64),
    /// A price for each hour of the local week, from Monday 0:00 [currency/MWh]; 168 values.
    TimeOfUse(Box<[f64]>),
    /// A price series plus a margin.
    RealTime {
        /// Price series.
        series: Series,
        /// Added to the price of the series [currency/MWh].
        margin_per_mwh: f64,
    },
    /// Clearing price of a market of the simulation plus a margin.
    Market {
        /// The market.
        market: MarketId,
        /// Added to the clearing price [currency/MWh].
        margin_per_mwh: f64,
    },
    /// A load-dependent price: the announced base price of a slot plus an amount for each kilowatt of mean load of all
    /// its stations in the slot, known when the slot is over.
    LoadDependent {
        /// Base prices.
        series: Series,
        /// Added to the price of the series [currency/MWh].
        margin_per_mwh: f64,
        /// Price increase per kilowatt [currency/MWh per kW], above 0.
        slope_per_mwh_kw: f64,
    },
}

impl Tariff {
    /// Price increase per kilowatt of load [currency/MWh per kW]; `None` if the price is not load-dependent.
    pub fn slope_per_mwh_kw(&self) -> Option<f64> {
        match self {
            Self::LoadDependent { slope_per_mwh_kw, .. } => Some(*slope_per_mwh_kw),
            _ => None,
        }
    }

    /// Price at `t` [currency/MWh]; of a load-dependent price, the price at zero load. `cleared` returns the clearing
    /// price of a market for `t`.
    ///
    /// # Panics
    /// If a price series does not cover `t`; the scenario checks that it covers the horizon.
    pub fn price_per_mwh(&self, t: SimTime, clock: &LocalClock, cleared: impl Fn(MarketId) -> f64) -> f64 {
        match self {
            Self::Flat(price) => *price,
            Self::TimeOfUse(week) => week[clock.hour_of_week(t)],
            Self::RealTime { series, margin_per_mwh }
            | Self::LoadDependent { series, margin_per_mwh, .. } => {
                series.at(t).expect("real-time prices cover the horizon") + margin_per_mwh
            }
            Self::Market { market, margin_per_mwh } => cleared(*market) + margin_per_mwh,
        }
    }

    /// Whether the price at `t` is known without our bidders, within the period or after it; `market` tells whether that of
    /// a market is.
    pub fn reaches(&self, t: SimTime, market: impl Fn(MarketId) -> bool) -> bool {
        match self {
            Self::Flat(_) | Self::TimeOfUse(_) => true,
            Self::RealTime { series, .. } | Self::LoadDependent { series, .. } => series.at(t).is_some(),
            Self::Market { market: id, .. } => market(*id),
        }
    }
}

/// A retailer that sells energy to stations.
#[derive(Debug, Clone, PartialEq)]
pub struct Retailer {
    /// Name, unique among retailers.
    pub name: String,
    /// Its prices.
    pub tariff: Tariff,
    /// Length of the slots for which it broadcasts a price [s].
    pub slot_s: i64,
    /// Lead time with which a price is broadcast before its slot starts [s].
    pub lead_s: i64,
}
