//! Retail prices as events: announced ahead, in force slot by slot.

use super::EventQueue;
use super::step::Step;
use crate::policies::Slots;
use crate::world::{Retailer, Setup, State};
use gridfleet_core::ids::{IdVec, MarketId, RetailerId};
use gridfleet_core::records::{PriceRecord, Record};
use gridfleet_core::time::{DAY_S, SimTime};

/// Progress of a retailer's announcements.
#[derive(Debug, Clone)]
struct Broadcasting {
    /// Start of the next slot to announce.
    next_slot: SimTime,
    /// Next announcement to come into force.
    next_change: usize,
}

/// Progress of all announcements, by retailer.
#[derive(Debug)]
pub(super) struct Broadcasts(IdVec<RetailerId, Broadcasting>);

impl Broadcasts {
    /// Before the first announcements, which are due at the start.
    pub fn new(setup: &Setup, queue: &mut EventQueue) -> Self {
        for retailer in setup.retailers.ids() {
            queue.broadcast(retailer, setup.start);
        }
        let before = |retailer: &Retailer| Broadcasting {
            // Slots start at whole multiples of their length since the epoch.
            next_slot: SimTime(setup.start.0.div_euclid(retailer.slot_s) * retailer.slot_s),
            next_change: 0,
        };
        Self(setup.retailers.iter().map(before).collect())
    }

    /// Slots of a retailer that are to be announced now, and those of the coming day.
    pub fn slots(&self, step: &Step<'_>, retailer: RetailerId) -> Slots {
        let rules = &step.setup.retailers[retailer];
        let first = self.0[retailer].next_slot;
        let mut slots = Slots { first, slot_s: rules.slot_s, due: 0, count: 0 };
        while slots.start(slots.due) + -rules.lead_s <= step.state.now
            && is_announced(step.setup, retailer, slots.start(slots.due))
        {
            slots.due += 1;
        }
        slots.count = slots.due.max((DAY_S / rules.slot_s) as usize);
        slots
    }

    /// Announces every slot whose announcement is due, at these prices; slots beyond them have that of the tariff.
    pub fn announce(&mut self, step: &mut Step<'_>, retailer: RetailerId, prices_per_mwh: &[f64]) {
        let (setup, now) = (step.setup, step.state.now);
        let rules = &setup.retailers[retailer];
        let broadcasting = &mut self.0[retailer];
        let mut prices_per_mwh = prices_per_mwh.iter().copied();
        while broadcasting.next_slot + -rules.lead_s <= now
            && is_announced(setup, retailer, broadcasting.next_slot)
        {
            let valid_from = broadcasting.next_slot;
            let valid_to = valid_from + rules.slot_s;
            broadcasting.next_slot = valid_to;
            let record = PriceRecord {
                broadcast_time: now,
                valid_from,
                valid_to,
                retailer,
                price_per_mwh: prices_per_mwh
                    .next()
                    .unwrap_or_else(|| tariff_price(setup, step.state, retailer, valid_from)),
            };
            step.state.prices[retailer].broadcasts.push(record);
            if valid_from < setup.end {
                step.books.recorder.record(Record::Price(&record));
            }
            step.queue.price_changes(retailer, valid_from.max(now));
        }
        if is_announced(setup, retailer, broadcasting.next_slot) {
            step.queue.broadcast(retailer, broadcasting.next_slot + -rules.lead_s);
        }
    }

    /// Bills every session at the old price, which is returned, and applies the next one [currency/MWh].
    pub fn change(&mut self, step: &mut Step<'_>, retailer: RetailerId) -> f64 {
        let book = &mut step.state.prices[retailer];
        let old_per_mwh = book.current_per_mwh;
        let broadcasting = &mut self.0[retailer];
        book.current_per_mwh = book.broadcasts[broadcasting.next_change].price_per_mwh;
        broadcasting.next_change += 1;
        // For a load-dependent price, the end of the slot has billed all energy.
        if !step.setup.has_ex_post_price(retailer) {
            step.state.bill_all(step.setup, retailer, old_per_mwh);
        }
        old_per_mwh
    }
}

/// Whether the price of the slot that starts at `slot` is announced when it is due. Prices after the period are announced
/// where they are known, so that plans made before do not depend on its end.
pub(super) fn is_announced(setup: &Setup, retailer: RetailerId, slot: SimTime) -> bool {
    let beyond = || {
        let market = |id: MarketId| setup.trading.markets[id].price_without_bidders(slot).is_some();
        !setup.competes(retailer) && setup.retailers[retailer].tariff.reaches(slot, market)
    };
    slot < setup.end || beyond()
}

/// Tariff of a retailer for the slot that starts at `valid_from` [currency/MWh].
pub(super) fn tariff_price(setup: &Setup, state: &State, retailer: RetailerId, valid_from: SimTime) -> f64 {
    let tariff = &setup.retailers[retailer].tariff;
    let price_per_mwh = tariff.price_per_mwh(valid_from, &setup.clock, |market| {
        // The scenario checks that results are known before they are broadcast; slots without a product, at the ends of
        // the horizon and beyond it, have the price of the rest of the market.
        let rules = &setup.trading.markets[market];
        let cleared = &state.trading.markets[market].cleared_per_mwh;
        let product = rules.products.at(valid_from);
        let known = product.and_then(|product| cleared.get(product).copied());
        known.or_else(|| rules.price_without_bidders(valid_from)).expect("market prices cover the horizon")
    });
    setup
        .competition
        .as_ref()
        .map_or(price_per_mwh, |competition| competition.asked_per_mwh(retailer, valid_from, price_per_mwh))
}
