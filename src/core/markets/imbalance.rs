//! Cost of taking less or more energy than was bought.
//!
//! Prices are those of the settlement interval. A party that is *long* has bought more than it took and sells
//! the rest to the system operator; one that is *short* took more and buys it there (ENTSO-E, Electricity
//! Balancing Guideline, Regulation (EU) 2017/2195, articles 52 to 55).

use super::Series;
use crate::time::SimTime;

/// Settlement rule of imbalances.
#[derive(Debug, Clone, PartialEq)]
pub enum Imbalance {
    /// A penalty per unit of either sign [currency/MWh]; energy bought and not taken is lost.
    Penalty(f64),
    /// One price for both signs: a party sells its surplus at the price at which it buys its shortage.
    Single(Series),
    /// Two prices.
    Dual {
        /// Paid by a short party.
        up: Series,
        /// Paid to a long party.
        down: Series,
    },
}

/// Prices of one interval [currency/MWh].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    /// Paid by a short party, per unit of shortage.
    pub short_per_mwh: f64,
    /// Paid *to* a long party, per unit of surplus; below zero where being long costs.
    pub long_per_mwh: f64,
}

impl Imbalance {
    /// Prices of the interval that starts at `t`.
    ///
    /// # Panics
    /// If a series does not cover `t`; the scenario checks that it covers the horizon.
    pub fn prices(&self, t: SimTime) -> Prices {
        self.known(t).expect("imbalance prices cover the horizon")
    }

    /// Like [`Self::prices`]; `None` where a series does not cover `t`.
    pub fn known(&self, t: SimTime) -> Option<Prices> {
        let (short_per_mwh, long_per_mwh) = match self {
            Self::Penalty(penalty) => (*penalty, -penalty),
            Self::Single(series) => (series.at(t)?, series.at(t)?),
            Self::Dual { up, down } => (up.at(t)?, down.at(t)?),
        };
        Some(Prices { short_per_mwh, long_per_mwh })
    }

    /// Its price series.
    pub fn series(&mut self) -> Vec<&mut Series> {
        match self {
            Self::Penalty(_) => Vec::new(),
            Self::Single(series) => vec![series],
            Self::Dual { up, down } => vec![up, down],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_by_hand() {
        let series =
            |price| Series { start: SimTime(0), slot_s: 900, price_per_mwh: vec![price, price + 1.0] };
        let at = |rule: Imbalance| {
            let prices = rule.prices(SimTime(900));
            (prices.short_per_mwh, prices.long_per_mwh)
        };
        assert_eq!(at(Imbalance::Penalty(100.0)), (100.0, -100.0));
        assert_eq!(at(Imbalance::Single(series(30.0))), (31.0, 31.0));
        assert_eq!(at(Imbalance::Dual { up: series(60.0), down: series(-5.0) }), (61.0, -4.0));
    }
}
