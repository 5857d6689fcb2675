//! Wholesale markets as rules: products, gate closures, prices, and the settlement of parties that do not deliver.
//! Pure: no state of the simulation, no party.
//!
//! - [`products`]: the slots of time that are traded, and the gates that close before them;
//! - [`auction`]: a uniform price from bids and from the rest of the market;
//! - [`delivery`]: energy bought against energy drawn;
//! - [`imbalance`]: the cost of the difference.
//!
#![doc = include_str!("../../../docs/equations/rendered/markets.md")]

pub mod auction;
pub mod delivery;
pub mod imbalance;
pub mod products;

pub use auction::Side;
pub use imbalance::Imbalance;
pub use products::{Gate, GateRule, Products};

use crate::time::SimTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

names! {
    /// Kind of market; policies choose by it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    pub enum MarketKind {
        /// Hours of a day, traded the day before.
        DayAhead = "day-ahead",
        /// Quarters of an hour, traded until shortly before delivery.
        Intraday = "intraday",
        /// Reserve energy, tendered days or a week ahead.
        Balancing = "balancing",
    }
}

/// Prices of slots of one length without gaps.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// Start of the first slot.
    pub start: SimTime,
    /// Length of a slot [s].
    pub slot_s: i64,
    /// One price per slot [currency/MWh].
    pub price_per_mwh: Vec<f64>,
}

impl Series {
    /// Price of the slot that contains `t` [currency/MWh]; `None` outside.
    #[inline]
    pub fn at(&self, t: SimTime) -> Option<f64> {
        let slot = usize::try_from((t - self.start).div_euclid(self.slot_s)).ok()?;
        self.price_per_mwh.get(slot).copied()
    }

    /// Whether there is a price for every instant from `start` up to, not including, `end`.
    pub fn covers(&self, start: SimTime, end: SimTime) -> bool {
        self.start <= start && end <= self.end()
    }

    /// First instant after the last slot.
    pub fn end(&self) -> SimTime {
        self.start + self.slot_s * self.price_per_mwh.len() as i64
    }
}

/// Bid sizes that a market accepts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lots {
    /// Least quantity [kW].
    pub minimum_kw: f64,
    /// Quantities are rounded down to whole multiples of this [kW]; 0 for any quantity.
    pub step_kw: f64,
}

impl Lots {
    /// The part of `quantity_kw` that can be bid [kW]: 0 if it is below the minimum.
    pub fn fit(&self, quantity_kw: f64) -> f64 {
        let whole = if self.step_kw > 0.0 {
            // A whole multiple may have lost its last digit to rounding.
            (quantity_kw / self.step_kw + 1e-9).floor() * self.step_kw
        } else {
            quantity_kw
        };
        if whole > 0.0 && whole >= self.minimum_kw { whole } else { 0.0 }
    }
}

/// A market.
#[derive(Debug, Clone, PartialEq)]
pub struct Market {
    /// Name, unique among markets.
    pub name: String,
    /// Kind.
    pub kind: MarketKind,
    /// Products traded.
    pub products: Products,
    /// Gate closures.
    pub gates: GateRule,
    /// Bids are taken from this long before gate closure [s]; `None`: from the start.
    pub opens_s: Option<i64>,
    /// Time from gate closure to publication of the results [s].
    pub publish_s: i64,
    /// Price of each product without our bidders [currency/MWh]. It may begin before the first product: that part is
    /// history, public from the start.
    pub reference: Series,
    /// Paid for keeping power ready as reserve, per unit of power and hour in which it is taken when called
    /// [currency/MW per hour]; `None` in a market for energy alone.
    pub capacity: Option<Series>,
    /// Price increase per kilowatt bought from the rest of the market [currency/MWh per kW]; 0 where bidders are price
    /// takers.
    pub slope_per_mwh_kw: f64,
    /// Least and greatest price [currency/MWh].
    pub limits_per_mwh: [f64; 2],
    /// Bid sizes accepted.
    pub lots: Lots,
}

impl Market {
    /// Price of the product in progress at `t` without our bidders, within the limits of the market [currency/MWh]; also
    /// where the price series goes on before the first product and after the last. `None` where the series has no price.
    pub fn price_without_bidders(&self, t: SimTime) -> Option<f64> {
        let [least, most] = self.limits_per_mwh;
        Some(self.reference.at(t)?.clamp(least, most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lots_round_down_and_refuse_what_is_too_little() {
        let lots = Lots { minimum_kw: 100.0, step_kw: 25.0 };
        assert_eq!([99.0, 100.0, 124.9, 125.0, -5.0].map(|q| lots.fit(q)), [0.0, 100.0, 100.0, 125.0, 0.0]);
        assert_eq!(Lots { minimum_kw: 0.0, step_kw: 0.0 }.fit(3.6), 3.6);
        // 0.1 + 0.2 exceeds 0.3 in the last digit; 0.7 - 0.4 falls short of it.
        assert!((Lots { minimum_kw: 0.0, step_kw: 0.1 }.fit(0.7 - 0.4) - 0.3).abs() < 1e-12);
    }

    #[test]
    fn prices_without_bidders_are_within_the_limits_and_go_on_beyond_the_products() {
        let market = Market {
            name: "spot".into(),
            kind: MarketKind::DayAhead,
            products: Products { start: SimTime(900), slot_s: 900, count: 1 },
            gates: GateRule::Lead(900),
            opens_s: None,
            publish_s: 0,
            reference: Series { start: SimTime(0), slot_s: 900, price_per_mwh: vec![-80.0, 40.0, 900.0] },
            capacity: None,
            slope_per_mwh_kw: 0.0,
            limits_per_mwh: [-50.0, 500.0],
            lots: Lots { minimum_kw: 0.0, step_kw: 0.0 },
        };
        let prices = [0, 900, 1_800, 2_700].map(|t| market.price_without_bidders(SimTime(t)));
        assert_eq!(prices, [Some(-50.0), Some(40.0), Some(500.0), None]);
    }

    #[test]
    fn a_series_knows_its_slots_and_nothing_beyond() {
        let series = Series { start: SimTime(900), slot_s: 900, price_per_mwh: vec![1.0, 2.0] };
        assert_eq!(
            [899, 900, 1_799, 1_800, 2_699, 2_700].map(|t| series.at(SimTime(t))),
            [None, Some(1.0), Some(1.0), Some(2.0), Some(2.0), None]
        );
    }
}
