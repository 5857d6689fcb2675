//! Pricing: energy prices of a retailer that are not set by its tariff.
//!
//! A policy offers a price line for each slot, which gives the price at any load; the customers settle on loads, and
//! the resulting price is announced. With a slope of zero, this is a price like that of any tariff.
//!
//! - [`spec`]: the policies by name and parameters;
//! - `stackelberg`: the leader of a Stackelberg game.

pub mod spec;
mod stackelberg;

pub use spec::{Leader, PricingSpec};

use super::{Pricing, Turn};
use gridfleet_core::ids::RetailerId;
use gridfleet_core::time::SimTime;

/// Price of a slot as a function of the load of the price-responsive customers.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PriceLine {
    /// Price at zero load [currency/MWh].
    pub base_per_mwh: f64,
    /// Price increase per kW, 0 or more [currency/MWh per kW].
    pub slope_per_mwh_kw: f64,
}

impl PriceLine {
    /// Price at a load [currency/MWh].
    pub fn at(&self, load_kw: f64) -> f64 {
        self.base_per_mwh + self.slope_per_mwh_kw * load_kw
    }
}

/// Upcoming slots of a retailer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// Start of the first slot.
    pub first: SimTime,
    /// Length of each slot [s].
    pub slot_s: i64,
    /// Number of slots, from the first, that are about to be announced.
    pub due: usize,
    /// Total number of slots, for an outlook over a day.
    pub count: usize,
}

impl Slots {
    /// Start of a slot, numbered from 0.
    pub fn start(&self, slot: usize) -> SimTime {
        self.first + slot as i64 * self.slot_s
    }

    /// Length of each slot [h].
    pub fn hours(&self) -> f64 {
        self.slot_s as f64 / 3_600.0
    }
}

/// A price for each hour of the local day, independent of the load.
struct Fixed {
    hourly_price_per_mwh: Vec<f64>,
}

impl Fixed {
    fn new(hourly_price_per_mwh: &[f64]) -> Self {
        Self { hourly_price_per_mwh: hourly_price_per_mwh.to_vec() }
    }
}

impl Pricing for Fixed {
    fn price_lines(&mut self, turn: &mut Turn<'_>, _: RetailerId, slots: Slots, lines: &mut Vec<PriceLine>) {
        let view = turn.view;
        let price = |slot| self.hourly_price_per_mwh[view.clock().hour(slots.start(slot))];
        lines.extend(
            (0..slots.count).map(|slot| PriceLine { base_per_mwh: price(slot), slope_per_mwh_kw: 0.0 }),
        );
    }
}
