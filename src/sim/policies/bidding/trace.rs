//! Trace of a virtual power plant over a week, for evaluating other risks afterwards: its expectations at gate
//! closures, and requests for plugged-in vehicles.
//!
//! All of it is known to the operator of the plant once the products have been delivered.

use gridfleet_core::ids::VehicleId;
use gridfleet_core::time::SimTime;

/// Power that counts as zero when compared with a commitment [kW].
const NO_POWER_KW: f64 = 1e-6;

/// Information at the gate closure of a product, and the part of the power that was bid for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GateBid {
    /// Power that the fleet was expected to be able to take throughout the product [kW].
    pub expected_kw: f64,
    /// Power bought for it before [kW].
    pub committed_kw: f64,
    /// Highest price bid [currency/MWh].
    pub limit_per_mwh: f64,
    /// Retailer's price for the same energy [currency/MWh].
    pub tariff_per_mwh: f64,
    /// Share of the power that was not bid for.
    pub risk: f64,
}

impl GateBid {
    /// Quantity bid at a given risk [kW]; no bid unless it is above 0.
    pub fn quantity_kw(&self, risk: f64) -> f64 {
        (self.expected_kw - self.committed_kw) * (1.0 - risk)
    }
}

/// A rider's request for a plugged-in vehicle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked {
    /// Time of the request.
    pub time: SimTime,
    /// Vehicle requested.
    pub vehicle: VehicleId,
    /// Power that the fleet could take just before [kW].
    pub pool_kw: f64,
    /// Part of that power that would be lost if the vehicle left [kW].
    pub share_kw: f64,
    /// Whether the vehicle was released.
    pub released: bool,
}

/// Whether a vehicle must stay for the energy bought: without its share the other vehicles cannot take it.
pub fn is_needed(pool_kw: f64, share_kw: f64, committed_kw: f64) -> bool {
    committed_kw > 0.0 && share_kw > 0.0 && pool_kw - share_kw < committed_kw - NO_POWER_KW
}

/// Trace of one week.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trace {
    /// By strategy and product, available once its gate has closed.
    bids: Vec<Vec<Option<GateBid>>>,
    /// In chronological order.
    pub asked: Vec<Asked>,
}

impl Trace {
    /// Records the bid of a strategy for a product.
    pub fn record_bid(&mut self, strategy: usize, product: usize, bid: GateBid) {
        if self.bids.len() <= strategy {
            self.bids.resize_with(strategy + 1, Vec::new);
        }
        let bids = &mut self.bids[strategy];
        if bids.len() <= product {
            bids.resize(product + 1, None);
        }
        bids[product] = Some(bid);
    }

    /// Bid of a strategy for a product, if its gate has closed.
    pub fn bid(&self, strategy: usize, product: usize) -> Option<GateBid> {
        *self.bids.get(strategy)?.get(product)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vehicle_is_needed_if_the_rest_falls_short() {
        assert!(is_needed(10.0, 3.6, 7.0));
        assert!(!is_needed(10.0, 3.6, 6.4));
        // Full vehicles contribute nothing, and nothing was bought.
        assert!(!is_needed(5.0, 0.0, 7.0) && !is_needed(5.0, 3.6, 0.0));
    }

    #[test]
    fn notes_are_found_by_strategy_and_product() {
        let bid = GateBid {
            expected_kw: 50.0,
            committed_kw: 20.0,
            limit_per_mwh: 90.0,
            tariff_per_mwh: 150.0,
            risk: 0.5,
        };
        let mut trace = Trace::default();
        trace.record_bid(1, 3, bid);
        assert_eq!(trace.bid(1, 3), Some(bid));
        assert!([(0, 3), (1, 2), (1, 4), (2, 0)].iter().all(|&(s, p)| trace.bid(s, p).is_none()));
        assert_eq!((bid.quantity_kw(0.5), bid.quantity_kw(1.0)), (15.0, 0.0));
    }
}
