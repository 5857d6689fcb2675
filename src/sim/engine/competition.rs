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

use super::Simulation;
use crate::policies::{PolicyStream, PriceLine, Pricing, Turn};
use crate::world::{EnergyAccount, SlotSupply, View};
use gridfleet_core::ids::RetailerId;
use gridfleet_core::ledger::{EntryKind, Reference};
use gridfleet_core::records::{Recorder, SupplyRecord};
use gridfleet_core::time::SimTime;
use rand_pcg::Pcg64;

/// Energy sold by competitors up to the last slot, and the aggregator's policy.
#[derive(Default)]
pub(super) struct Competing {
    pricing: Option<(Box<dyn Pricing>, Pcg64)>,
    /// Start of the slot in progress; `None` before the first.
    slot_start: Option<SimTime>,
    /// By competitor: energy sold up to `slot_start`.
    sold: Vec<EnergyAccount>,
    /// Prices in force, by competitor [currency/MWh].
    prices: Vec<f64>,
    drawn: Vec<EnergyAccount>,
    choice: Vec<u8>,
}

impl Simulation {
    /// Adds a policy that sets the aggregator's prices; without one its tariff sets them.
    pub(super) fn set_aggregator(&mut self, pricing: Option<Box<dyn Pricing>>) {
        let random = PolicyStream::Aggregator.of(self.streams);
        self.competing.pricing = pricing.map(|pricing| (pricing, random));
    }

    /// Prices of the aggregator in the due slots starting at `first`; `None` for another retailer, or if its tariff
    /// sets them.
    pub(super) fn ask_aggregator(
        &mut self,
        retailer: RetailerId,
        first: SimTime,
        recorder: &mut dyn Recorder,
    ) -> Option<Vec<f64>> {
        let competition = self.setup.competition.as_ref()?;
        if competition.aggregator() != retailer {
            return None;
        }
        let slots = self.slots_from(retailer, first);
        let (pricing, random) = self.competing.pricing.as_mut()?;
        let mut lines: Vec<PriceLine> = Vec::with_capacity(slots.count);
        let mut actions = std::mem::take(&mut self.actions);
        let view = View::new(&self.setup, &self.state);
        pricing.price_lines(&mut Turn { view, random, actions: &mut actions }, retailer, slots, &mut lines);
        self.apply(&mut actions, recorder);
        self.actions = actions;
        Some(lines.iter().take(slots.due).map(|line| line.base_per_mwh).collect())
    }

    /// The price of a retailer has changed. The prices of all competitors change at the same instant, in the order of
    /// their numbers: after the last of them owners choose.
    pub(super) fn choose_suppliers(&mut self, retailer: RetailerId, recorder: &mut dyn Recorder) {
        let setup = std::sync::Arc::clone(&self.setup);
        let Some(competition) = &setup.competition else { return };
        if competition.retailers.iter().max() != Some(&retailer) {
            return;
        }
        self.end_supply(recorder);
        self.competing.slot_start = Some(self.state.now);
        let retailers = competition.retailers.iter();
        self.competing.prices = retailers.map(|&retailer| self.state.price_per_mwh(retailer)).collect();
        let mut choice = std::mem::take(&mut self.competing.choice);
        competition.choose(&self.competing.prices, &mut choice);
        if choice != self.state.competition.choice {
            self.switch(&choice, recorder);
        }
        self.competing.choice = choice;
    }

    /// Records the energy sold since the slot began.
    pub(super) fn end_supply(&mut self, recorder: &mut dyn Recorder) {
        let setup = std::sync::Arc::clone(&self.setup);
        let (Some(competition), Some(slot_start)) = (&setup.competition, self.competing.slot_start) else {
            return;
        };
        let now = self.state.now;
        if slot_start == now {
            return;
        }
        self.state.read_drawn(&setup, &mut self.competing.drawn);
        self.competing.sold.resize(competition.retailers.len(), EnergyAccount::default());
        let mut kwh = Vec::with_capacity(competition.retailers.len());
        for (number, &retailer) in competition.retailers.iter().enumerate() {
            let cells = self.competing.drawn.chunks(setup.retailers.len());
            let sold = cells.fold(EnergyAccount::default(), |sum, of_fleet| EnergyAccount {
                kwh: sum.kwh + of_fleet[retailer.index()].kwh,
                cost: sum.cost + of_fleet[retailer.index()].cost,
            });
            let before = std::mem::replace(&mut self.competing.sold[number], sold);
            let choosing = (0..competition.retailers.len())
                .filter(|&home| usize::from(self.state.competition.choice[home]) == number);
            recorder.supply(&SupplyRecord {
                slot_start,
                slot_end: now,
                retailer,
                price_per_mwh: self.competing.prices[number],
                share: choosing.map(|home| competition.initial_shares[home]).sum(),
                energy_kwh: sold.kwh - before.kwh,
                revenue: sold.cost - before.cost,
            });
            kwh.push(sold.kwh - before.kwh);
        }
        self.state.competition.supplied.push(SlotSupply { start: slot_start, kwh });
        self.competing.slot_start = Some(now);
    }

    /// Applies the choice of a slot. All sessions have just been billed: the amounts owed go to the retailers that
    /// owners leave.
    fn switch(&mut self, choice: &[u8], recorder: &mut dyn Recorder) {
        let setup = std::sync::Arc::clone(&self.setup);
        let Some(competition) = &setup.competition else { return };
        let now = self.state.now;
        let mut from = 0;
        while let Some(position) = self.state.stations.next_plugged(from) {
            from = position + 1;
            let Some(session) = &mut self.state.stations.sessions[position] else { continue };
            let v = &self.state.vehicles[session.vehicle.index()];
            let Some(station) = v.station else { continue };
            let site = &setup.stations[station.index()];
            if !setup.competes(site.retailer) {
                continue;
            }
            let contract = usize::from(competition.contracts[session.vehicle.index()]);
            let before = usize::from(self.state.competition.choice[contract]);
            if before == usize::from(choice[contract]) {
                continue;
            }
            let kwh = session.energy_kwh(&setup.types[v.vehicle_type.index()], now);
            let owed = EnergyAccount {
                kwh: kwh - session.earlier.kwh,
                cost: session.energy_cost - session.earlier.cost,
            };
            session.earlier = EnergyAccount { kwh, cost: session.energy_cost };
            let retailer = competition.retailers[before];
            let cell = &mut self.state.drawn[v.fleet.index() * setup.retailers.len() + retailer.index()];
            cell.kwh += owed.kwh;
            cell.cost += owed.cost;
            let (to, from) = (self.accounts.retailer(retailer), self.accounts.operator(site.operator));
            let amount = self.accounts.money(owed.cost, EntryKind::Energy, now);
            let reference = Reference::Session(session.id.0);
            self.accounts.pay(recorder, now, to, from, amount, EntryKind::Energy, reference);
        }
        self.state.competition.choice.clear();
        self.state.competition.choice.extend_from_slice(choice);
    }
}
