//! Retail prices: what a retailer asks for energy in each slot of time.

use crate::time::{LocalClock, SimTime};

/// How a retailer sets its price.
#[derive(Debug, Clone, PartialEq)]
pub enum Tariff {
    /// One price [currency/MWh].
    Flat(f64),
    /// A price for each hour of the local week, from Monday 0:00 [currency/MWh]; 168 of them.
    TimeOfUse(Box<[f64]>),
    /// A price series times a factor plus a margin.
    RealTime {
        /// Start of the first slot.
        start: SimTime,
        /// Length of a slot [s].
        slot_s: i64,
        /// One price per slot [currency/MWh].
        price_eur_mwh: Vec<f64>,
        /// Added to the price of the series [currency/MWh].
        margin_eur_mwh: f64,
    },
}

impl Tariff {
    /// Price at `t` [currency/MWh].
    ///
    /// # Panics
    /// If a price series does not cover `t`; the scenario checks that it covers the horizon.
    pub fn price_eur_mwh(&self, t: SimTime, clock: &LocalClock) -> f64 {
        match self {
            Self::Flat(price) => *price,
            Self::TimeOfUse(week) => week[clock.hour_of_week(t)],
            Self::RealTime { start, slot_s, price_eur_mwh, margin_eur_mwh } => {
                price_eur_mwh[((t - *start) / slot_s) as usize] + margin_eur_mwh
            }
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
