//! Energy traded against energy drawn, in one settlement interval.
//!
//! A bidder has bought energy in several markets, in the order in which it counts as delivered: drawn energy fills the
//! first purchase, then the next. The rest of the purchases is short delivery; energy drawn beyond them was bought
//! elsewhere, at the retail tariff or as imbalance. Energy sold on is drawn by another party: it counts as taken.

/// Traded and drawn in one interval [kWh].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Balance {
    /// Bought in all markets.
    pub bought_kwh: f64,
    /// Sold in all markets.
    pub sold_kwh: f64,
    /// Drawn by the bidder's meters, less energy fed back; of a fleet, whose feed-in is paid at the tariff, 0 or more.
    pub drawn_kwh: f64,
}

impl Balance {
    /// Energy available to fill purchases [kWh].
    pub fn to_fill_kwh(&self) -> f64 {
        (self.drawn_kwh + self.sold_kwh).max(0.0)
    }

    /// Bought net and not taken [kWh]: the system is long by this energy.
    pub fn long_kwh(&self) -> f64 {
        (self.bought_kwh - self.sold_kwh - self.drawn_kwh).max(0.0)
    }

    /// Drawn beyond the net purchase [kWh].
    pub fn beyond_kwh(&self) -> f64 {
        (self.drawn_kwh + self.sold_kwh - self.bought_kwh).max(0.0)
    }

    /// Part of the drawn energy that came from the markets [kWh]; never more than was drawn.
    pub fn supplied_kwh(&self) -> f64 {
        (self.bought_kwh - self.sold_kwh).clamp(0.0, self.drawn_kwh.max(0.0))
    }

    /// Sold without having been bought [kWh]: no party delivers it.
    pub fn uncovered_kwh(&self) -> f64 {
        (self.sold_kwh - self.bought_kwh).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn by_hand() {
        let short = Balance { bought_kwh: 10.0, sold_kwh: 0.0, drawn_kwh: 7.0 };
        assert_eq!((short.long_kwh(), short.beyond_kwh(), short.supplied_kwh()), (3.0, 0.0, 7.0));
        let more = Balance { drawn_kwh: 12.0, ..short };
        assert_eq!((more.long_kwh(), more.beyond_kwh(), more.supplied_kwh()), (0.0, 2.0, 10.0));
        // Bought 10, sold 4 of it: 6 remain.
        let resold = Balance { sold_kwh: 4.0, ..more };
        assert_eq!((resold.beyond_kwh(), resold.supplied_kwh(), resold.to_fill_kwh()), (6.0, 6.0, 16.0));
        let naked = Balance { bought_kwh: 0.0, sold_kwh: 4.0, drawn_kwh: 1.0 };
        assert_eq!((naked.uncovered_kwh(), naked.beyond_kwh(), naked.supplied_kwh()), (4.0, 5.0, 0.0));
    }

    proptest! {
        #[test]
        fn nothing_is_lost(bought_kwh in 0.0..100.0f64, sold_kwh in 0.0..100.0f64, drawn_kwh in 0.0..100.0f64) {
            let b = Balance { bought_kwh, sold_kwh, drawn_kwh };
            // Bought or drawn beyond it = drawn, sold or left over.
            let (into, out) = (bought_kwh + b.beyond_kwh(), drawn_kwh + sold_kwh + b.long_kwh());
            prop_assert!((into - out).abs() < 1e-9);
            prop_assert!(b.long_kwh() == 0.0 || b.beyond_kwh() == 0.0);
        }
    }
}
