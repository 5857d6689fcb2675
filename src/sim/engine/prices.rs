//! Retail prices as events: announced ahead, in force slot by slot.

use super::Simulation;
use crate::world::{Setup, State};
use gridfleet_core::ids::RetailerId;
use gridfleet_core::records::{PriceRecord, Recorder};
use gridfleet_core::time::SimTime;

/// Progress of a retailer's announcements.
#[derive(Debug, Clone)]
pub(super) struct Broadcasting {
    /// Start of the next slot to announce.
    next_slot: SimTime,
    /// Next announcement to come into force.
    next_change: usize,
}

impl Broadcasting {
    /// One per retailer, before the first announcement.
    pub fn all(setup: &Setup) -> Vec<Self> {
        setup
            .retailers
            .iter()
            .map(|retailer| Self {
                // Slots start at whole multiples of their length since the epoch.
                next_slot: SimTime(setup.start.0.div_euclid(retailer.slot_s) * retailer.slot_s),
                next_change: 0,
            })
            .collect()
    }
}

impl Simulation {
    /// The first announcement of each retailer is due at the start.
    pub(super) fn schedule_first_prices(&mut self) {
        for retailer in 0..self.setup.retailers.len() {
            self.queue.broadcast(RetailerId::new(retailer), self.setup.start);
        }
    }

    /// Announces every slot whose announcement is due.
    pub(super) fn on_price_broadcast(&mut self, retailer: RetailerId, recorder: &mut dyn Recorder) {
        let first = self.prices[retailer.index()].next_slot;
        let mut settled = match self.ask_aggregator(retailer, first, recorder) {
            Some(prices) => prices.into_iter(),
            None => self.settle_on_prices(retailer, first, recorder).into_iter(),
        };
        let now = self.state.now;
        let rules = &self.setup.retailers[retailer.index()];
        let broadcasting = &mut self.prices[retailer.index()];
        while broadcasting.next_slot + -rules.lead_s <= now && broadcasting.next_slot < self.setup.end {
            let valid_from = broadcasting.next_slot;
            let valid_to = valid_from + rules.slot_s;
            broadcasting.next_slot = valid_to;
            let record = PriceRecord {
                broadcast_time: now,
                valid_from,
                valid_to,
                retailer,
                price_per_mwh: settled
                    .next()
                    .unwrap_or_else(|| tariff_price(&self.setup, &self.state, retailer, valid_from)),
            };
            self.state.prices[retailer.index()].broadcasts.push(record);
            recorder.price(&record);
            self.queue.price_changes(retailer, valid_from.max(now));
        }
        if broadcasting.next_slot < self.setup.end {
            self.queue.broadcast(retailer, broadcasting.next_slot + -rules.lead_s);
        }
    }

    /// Bills every session at the old price and applies the next one.
    pub(super) fn on_price_change(&mut self, retailer: RetailerId, recorder: &mut dyn Recorder) {
        let book = &mut self.state.prices[retailer.index()];
        let old_price = book.current_per_mwh;
        let broadcasting = &mut self.prices[retailer.index()];
        book.current_per_mwh = book.broadcasts[broadcasting.next_change].price_per_mwh;
        broadcasting.next_change += 1;
        // For a load-dependent price, the end of the slot has billed all energy.
        if !self.setup.has_ex_post_price(retailer) {
            self.state.bill_all(&self.setup, retailer, old_price);
        }
        self.begin_slot(retailer, old_price, recorder);
        self.choose_suppliers(retailer, recorder);
    }
}

/// Tariff of a retailer for the slot that starts at `valid_from` [currency/MWh].
pub(super) fn tariff_price(setup: &Setup, state: &State, retailer: RetailerId, valid_from: SimTime) -> f64 {
    let tariff = &setup.retailers[retailer.index()].tariff;
    let price_per_mwh = tariff.price_per_mwh(valid_from, &setup.clock, |market| {
        // The scenario checks that results are known before they are broadcast; slots without a product, at the ends of
        // the horizon, have the price of the rest of the market.
        let rules = &setup.trading.markets[market.index()];
        let cleared = &state.trading.markets[market.index()].cleared_per_mwh;
        let product = rules.products.at(valid_from);
        let known = product.and_then(|product| cleared.get(product).copied());
        known.or_else(|| rules.reference.at(valid_from)).expect("market prices cover the horizon")
    });
    setup
        .competition
        .as_ref()
        .map_or(price_per_mwh, |competition| competition.asked_per_mwh(retailer, valid_from, price_per_mwh))
}
