//! Competition as events: when a slot begins, the energy sold in the previous slot is recorded, and owners choose their
//! retailer for this one.
//!
//! The retailer of a session depends on the customer and the time, not on the station. A choice is one number per
//! contract (contracts are drawn once), determined after the last competitor's price change of the instant. Sessions in
//! progress that change retailer are settled with the retailer they leave: all have just been billed at the old price,
//! so nothing is divided.
//!
//! - **Choice from contracts, again in each slot**: as in the game, whose lower level is the same for each hour. The
//!   world's choice is that level without ties: indifferent owners stay with their contracted competitor. A plan that
//!   needs the indifferent owners therefore asks a hundredth less.
//! - **Supply by retailer** is a separate table (`supply`): a session can have several retailers, but its row has one
//!   cost. The auditor checks it against stations, prices, ledger and bids.
//! - **Energy that a fleet has bought directly** in markets is deducted from the supply of its retailers, at
//!   settlement.

use super::step::Step;
use crate::policies::{PolicyStream, PriceLine, Pricing, Slots};
use crate::world::{Competition, DrawnEnergy, EnergyAccount, SlotSupply};
use gridfleet_core::ids::RetailerId;
use gridfleet_core::ledger::{Account, EntryKind, Reference};
use gridfleet_core::records::{Record, SupplyRecord};
use gridfleet_core::rng::Streams;
use gridfleet_core::time::SimTime;
use rand_pcg::Pcg64;

/// Energy sold by competitors up to the last slot, and the aggregator's policy.
pub(super) struct Competing {
    /// Sets the aggregator's prices; without one its tariff sets them.
    pricing: Option<Box<dyn Pricing>>,
    random: Pcg64,
    /// Start of the slot in progress; `None` before the first.
    slot_start: Option<SimTime>,
    /// By competitor: energy sold up to `slot_start`.
    sold: Vec<EnergyAccount>,
    /// Prices in force, by competitor [currency/MWh].
    prices: Vec<f64>,
    drawn: DrawnEnergy,
    choice: Vec<u8>,
}

impl Competing {
    pub fn new(streams: Streams) -> Self {
        Self {
            pricing: None,
            random: PolicyStream::Aggregator.of(streams),
            slot_start: None,
            sold: Vec::new(),
            prices: Vec::new(),
            drawn: DrawnEnergy::default(),
            choice: Vec::new(),
        }
    }

    pub fn set_policy(&mut self, pricing: Option<Box<dyn Pricing>>) {
        self.pricing = pricing;
    }

    /// Prices of the aggregator in the due slots; `None` for another retailer, or if its tariff sets them.
    pub fn ask_aggregator(
        &mut self,
        step: &mut Step<'_>,
        retailer: RetailerId,
        slots: Slots,
    ) -> Option<Vec<f64>> {
        if step.setup.competition.as_ref()?.aggregator() != retailer {
            return None;
        }
        let pricing = self.pricing.as_mut()?;
        let mut lines: Vec<PriceLine> = Vec::with_capacity(slots.count);
        pricing.price_lines(&mut step.turn(&mut self.random), retailer, slots, &mut lines);
        Some(lines.iter().take(slots.due).map(|line| line.base_per_mwh).collect())
    }

    /// The price of a retailer has changed. The prices of all competitors change at the same instant, in the order of
    /// their numbers: after the last of them owners choose.
    pub fn choose_suppliers(&mut self, step: &mut Step<'_>, retailer: RetailerId) {
        let Some(competition) = &step.setup.competition else { return };
        if competition.retailers.iter().max() != Some(&retailer) {
            return;
        }
        self.end_supply(step);
        self.slot_start = Some(step.state.now);
        let retailers = competition.retailers.iter();
        self.prices = retailers.map(|&retailer| step.state.price_per_mwh(retailer)).collect();
        competition.choose(&self.prices, &mut self.choice);
        if self.choice != step.state.competition.choice {
            switch(step, competition, &self.choice);
        }
    }

    /// Records the energy sold since the slot began.
    pub fn end_supply(&mut self, step: &mut Step<'_>) {
        let (setup, now) = (step.setup, step.state.now);
        let (Some(competition), Some(slot_start)) = (&setup.competition, self.slot_start) else { return };
        if slot_start == now {
            return;
        }
        step.state.read_drawn(setup, &mut self.drawn);
        self.sold.resize(competition.retailers.len(), EnergyAccount::default());
        let mut kwh = Vec::with_capacity(competition.retailers.len());
        for (number, &retailer) in competition.retailers.iter().enumerate() {
            let fleets = self.drawn.column(retailer);
            let sold = fleets.fold(EnergyAccount::default(), |sum, of_fleet| EnergyAccount {
                kwh: sum.kwh + of_fleet.kwh,
                cost: sum.cost + of_fleet.cost,
            });
            let before = std::mem::replace(&mut self.sold[number], sold);
            let choosing = (0..competition.retailers.len())
                .filter(|&home| usize::from(step.state.competition.choice[home]) == number);
            step.books.recorder.record(Record::Supply(&SupplyRecord {
                slot_start,
                slot_end: now,
                retailer,
                price_per_mwh: self.prices[number],
                share: choosing.map(|home| competition.initial_shares[home]).sum(),
                energy_kwh: sold.kwh - before.kwh,
                revenue: sold.cost - before.cost,
            }));
            kwh.push(sold.kwh - before.kwh);
        }
        step.state.competition.supplied.push(SlotSupply { start: slot_start, kwh });
        self.slot_start = Some(now);
    }
}

/// Applies the choice of a slot. All sessions have just been billed: the amounts owed go to the retailers that owners
/// leave.
fn switch(step: &mut Step<'_>, competition: &Competition, choice: &[u8]) {
    let (setup, now) = (step.setup, step.state.now);
    let mut from = 0;
    while let Some(position) = step.state.stations.next_plugged(from) {
        from = position + 1;
        let Some(session) = step.state.stations.session(position) else { continue };
        let v = &step.state.vehicles[session.vehicle];
        let Some(station) = v.station else { continue };
        let site = &setup.stations[station];
        if !setup.competes(site.retailer) {
            continue;
        }
        let contract = usize::from(competition.contracts[session.vehicle]);
        let before = usize::from(step.state.competition.choice[contract]);
        if before == usize::from(choice[contract]) {
            continue;
        }
        let (retailer, reference) = (competition.retailers[before], Reference::Session(session.id));
        let vehicle_type = &setup.types[v.vehicle_type];
        let Some(owed) = step.state.stations.leave_retailer(position, vehicle_type, now) else { continue };
        let cell = &mut step.state.drawn[(v.fleet, retailer)];
        cell.kwh += owed.kwh;
        cell.cost += owed.cost;
        let accounts = &mut *step.books.accounts;
        let (to, from) = (Account::Retailer(retailer), Account::Operator(site.operator));
        let amount = accounts.money(owed.cost, EntryKind::Energy, now);
        step.books.pay(now, to, from, amount, EntryKind::Energy, reference);
    }
    step.state.competition.choice.clear();
    step.state.competition.choice.extend_from_slice(choice);
}
