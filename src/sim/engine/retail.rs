//! Retail as events: before a price is announced, price-responsive customers settle on loads; at the start of a slot
//! these take effect, and the energy drawn in the previous slot is billed.
//!
//! Households draw a constant load in each slot of their retailer, within bounds, and the same energy every local day.
//! Privately owned vehicles park at a station with a connector for each; their drivers' days are drawn from histograms,
//! with one stream per vehicle and date, and are trips bound to the vehicle. The mode is thus a property of the fleet:
//! the same handlers replay a driver's day and dispatch a taxi in one run.
//!
//! 1. At a price broadcast the pricing policy offers a *line* per slot of the coming day: price as a function of load.
//!    A tariff is a line without slope.
//! 2. The response policy determines loads: homes by the library's equilibrium, vehicles one after another by the
//!    library's schedule, until nothing changes; each takes into account that its load changes the price. It commits
//!    the loads of the slots that are due.
//! 3. The price of a line at the settled load is announced. Later slots' prices are an outlook, by which vehicles that
//!    come home plan until the next broadcast; it is not binding. It has absolute times, since prices may be announced
//!    long before their slots: the price book returns the announced price of an instant, otherwise the expected one.
//! 4. At a price change the slot before is billed (`household`), the retailer pays its cost of supply (`generation`),
//!    and the commitments begin.
//!
//! # Why lines, and not prices?
//!
//! To scalar prices that are nearly equal, whole-slot vehicles would all respond alike and at the same time. In any
//! case a Stackelberg leader's strategy is the function; the announced price is its value at the followers'
//! equilibrium. Bi-level retailers and tariffs need no more than a line without slope.
//!
//! # Why commit a slot ahead?
//!
//! The price is announced before the slot, and so is the load that determines it. The energy that remains for a
//! household's day is then known exactly, and the rolling horizon repeats the plan of the day unless something
//! unforeseen happens: a test compares three days with the library's equilibrium of one.
//!
//! # Scope of commitments
//!
//! A load that affects the price is committed with the announcement. A vehicle at prices that are independent of load
//! commits nothing: at each announcement it plans all slots to its departure again, so longer notice never costs more
//! (a property test over random tariffs and days).
//!
//! # Information structure
//!
//! The retailer sees which vehicles are plugged in; of all other load it knows only the values of the day before.
//! Vehicles that come home later are a surprise. Leaders that choose their margins do so once a day (see
//! `policies::pricing`).

use super::{Accounts, Simulation};
use crate::policies::response::ResponseSpec;
use crate::policies::{
    PolicyStream, PriceLine, PriceOffer, Pricing, Refusal, Response, RetailPolicies, Slots, Turn,
};
use crate::world::{EnergyAccount, Outlook, Setup, SlotLoad, State, Tariff, View};
use gridfleet_core::ids::{HouseholdId, RetailerId, StationId, VehicleId};
use gridfleet_core::ledger::{EntryKind, Money, Reference};
use gridfleet_core::records::{EndReason, HouseholdRecord, Recorder};
use gridfleet_core::time::{DAY_S, SimTime};
use rand_pcg::Pcg64;

/// Energy billed and settled so far, and the retail policies.
#[derive(Default)]
pub(super) struct Retailing {
    pricing: Option<Box<dyn Pricing>>,
    response: Option<Box<dyn Response>>,
    /// Random streams of pricing and of response.
    random: Option<[Pcg64; 2]>,
    /// By retailer: whether it has households, privately owned vehicles, or a generation cost. Empty if there are none.
    active: Vec<bool>,
    /// By retailer: start of the slot in progress.
    slot_start: Vec<SimTime>,
    /// By retailer: energy of privately owned vehicles and of all others up to then [kWh].
    settled_kwh: Vec<[f64; 2]>,
    /// By group: energy drawn by its households up to then [kWh].
    households_kwh: Vec<f64>,
    /// By group: amount posted [currency].
    posted: Vec<Money>,
    /// By group: energy and bill of all households at the last meter reading [kWh, currency].
    read: Vec<(f64, f64)>,
    drawn: Vec<EnergyAccount>,
}

impl Retailing {
    fn is_active(&self, retailer: RetailerId) -> bool {
        self.active.get(retailer.index()).copied().unwrap_or(false)
    }
}

impl Simulation {
    /// Adds the retail policies, and plugs in the privately owned vehicles where they park.
    #[must_use]
    pub fn with_retail(mut self, policies: RetailPolicies) -> Self {
        let setup = std::sync::Arc::clone(&self.setup);
        let retail = &setup.retail;
        self.set_aggregator(policies.aggregator);
        if retail.is_empty() {
            return self;
        }
        let mut active: Vec<bool> = (0..setup.retailers.len())
            .map(|retailer| retail.generation(RetailerId::new(retailer)).is_some())
            .collect();
        retail.households.iter().for_each(|group| active[group.retailer.index()] = true);
        for station in &setup.stations {
            let private = |(i, f): (usize, &crate::world::Fleet)| {
                f.private && station.access.allows(gridfleet_core::ids::FleetId::new(i))
            };
            // Owners who choose their retailer take its price as given.
            if setup.competes(station.retailer) {
                continue;
            }
            active[station.retailer.index()] |= setup.fleets.iter().enumerate().any(private);
        }
        let random = [PolicyStream::Pricing, PolicyStream::Response].map(|stream| stream.of(self.streams));
        self.retail = Retailing {
            pricing: policies.pricing,
            response: Some(policies.response.unwrap_or_else(|| ResponseSpec::Nominal {}.build())),
            random: Some(random),
            slot_start: vec![setup.start; active.len()],
            settled_kwh: vec![[0.0; 2]; active.len()],
            active,
            households_kwh: vec![0.0; retail.households.len()],
            posted: vec![Money::ZERO; retail.households.len()],
            read: vec![(0.0, 0.0); retail.households.len()],
            drawn: Vec::new(),
        };
        for (i, departures) in retail.departures.iter().enumerate() {
            if departures.first().is_some_and(|&first| first > setup.start) {
                // Plugging in a vehicle is not recorded here.
                self.plug_in_at_current_place(VehicleId::new(i), &mut ());
            }
        }
        self
    }

    /// Slots of a retailer starting at `first` that are to be announced now, and those of the coming day.
    pub(super) fn slots_from(&self, retailer: RetailerId, first: SimTime) -> Slots {
        let rules = &self.setup.retailers[retailer.index()];
        let mut slots = Slots { first, slot_s: rules.slot_s, due: 0, count: 0 };
        while slots.start(slots.due) + -rules.lead_s <= self.state.now
            && slots.start(slots.due) < self.setup.end
        {
            slots.due += 1;
        }
        slots.count = slots.due.max((DAY_S / rules.slot_s) as usize);
        slots
    }

    /// Prices of the due slots of a retailer with price-responsive customers; empty if its tariff sets them
    /// independently of the load.
    pub(super) fn settle_on_prices(
        &mut self,
        retailer: RetailerId,
        first: SimTime,
        recorder: &mut dyn Recorder,
    ) -> Vec<f64> {
        if !self.retail.is_active(retailer) {
            return Vec::new();
        }
        let slots = self.slots_from(retailer, first);
        if slots.due == 0 {
            return Vec::new();
        }
        let Some([for_pricing, for_response]) = &mut self.retail.random else { return Vec::new() };
        let view = View::new(&self.setup, &self.state);
        let mut lines = Vec::with_capacity(slots.count);
        let mut actions = std::mem::take(&mut self.actions);
        match &mut self.retail.pricing {
            Some(pricing) if self.setup.retail.generation(retailer).is_some() => {
                let turn = &mut Turn { view, random: for_pricing, actions: &mut actions };
                pricing.price_lines(turn, retailer, slots, &mut lines);
            }
            _ => lines.extend((0..slots.count).map(|slot| PriceLine {
                base_per_mwh: tariff_outlook(&self.setup, &self.state, retailer, slots, slot),
                slope_per_mwh_kw: 0.0,
            })),
        }
        lines.resize(slots.count, lines.last().copied().unwrap_or_default());
        let mut load_kw = vec![0.0; slots.count];
        if let Some(response) = &mut self.retail.response {
            let offer = PriceOffer { retailer, slots, lines: &lines };
            let turn = &mut Turn { view, random: for_response, actions: &mut actions };
            response.answer(turn, &offer, &mut load_kw);
        }
        self.apply(&mut actions, recorder);
        self.actions = actions;
        let prices: Vec<f64> = lines.iter().zip(&load_kw).map(|(line, &kw)| line.at(kw)).collect();
        self.state.prices[retailer.index()].outlook =
            Some(Outlook { first, slot_s: slots.slot_s, prices_per_mwh: prices.clone() });
        prices[..slots.due].to_vec()
    }

    /// A slot ends and the next begins: the energy drawn is billed, and announcements take effect.
    pub(super) fn begin_slot(
        &mut self,
        retailer: RetailerId,
        price_per_mwh: f64,
        recorder: &mut dyn Recorder,
    ) {
        if !self.retail.is_active(retailer) {
            return;
        }
        self.settle_slot(retailer, price_per_mwh, recorder);
        let (setup, now) = (std::sync::Arc::clone(&self.setup), self.state.now);
        for (group, state) in setup.retail.households.iter().zip(&mut self.state.retail.households) {
            if group.retailer == retailer {
                state.begin_slots(now);
            }
        }
        // Power is divided once at each station, not once for each vehicle there.
        let mut stations: Vec<StationId> = Vec::new();
        for i in 0..self.state.retail.plans.len() {
            let plan = &mut self.state.retail.plans[i];
            let due = plan.partition_point(|step| step.0 <= now);
            let Some(&(_, power_kw)) = due.checked_sub(1).and_then(|last| plan.get(last)) else { continue };
            let vehicle = VehicleId::new(i);
            let at = self.state.vehicles[i].station;
            if at.is_none_or(|station| setup.stations[station.index()].retailer != retailer) {
                continue;
            }
            plan.drain(..due);
            match self.allow_power(vehicle, power_kw) {
                Ok(station) => stations.push(station),
                Err(refusal) => self.refusals[refusal as usize] += 1,
            }
        }
        stations.sort_unstable();
        stations.dedup();
        stations.into_iter().for_each(|station| self.divide_power(station));
    }

    /// Bills the households of a retailer for the energy drawn since the last bill, and the retailer for the cost of
    /// serving all its customers.
    fn settle_slot(&mut self, retailer: RetailerId, price_per_mwh: f64, recorder: &mut dyn Recorder) {
        let (setup, now, r) = (std::sync::Arc::clone(&self.setup), self.state.now, retailer.index());
        let hours = (now - self.retail.slot_start[r]) as f64 / 3_600.0;
        if hours <= 0.0 {
            return;
        }
        let mut drawn_kwh = 0.0;
        for (i, group) in setup.retail.households.iter().enumerate() {
            if group.retailer != retailer {
                continue;
            }
            let state = &mut self.state.retail.households[i];
            state.bill(now, price_per_mwh);
            let kwh = f64::from(group.count) * state.energy_kwh(now);
            drawn_kwh += kwh - self.retail.households_kwh[i];
            self.retail.households_kwh[i] = kwh;
            let billed = f64::from(group.count) * state.billed;
            let billed = self.accounts.money(billed, EntryKind::Household, now);
            let amount = billed - std::mem::replace(&mut self.retail.posted[i], billed);
            let (to, from) =
                (self.accounts.retailer(retailer), self.accounts.households(HouseholdId::new(i)));
            let reference = Reference::Household(i as u32);
            self.accounts.pay(recorder, now, to, from, amount, EntryKind::Household, reference);
        }
        let mut drawn = std::mem::take(&mut self.retail.drawn);
        self.state.read_drawn(&setup, &mut drawn);
        let mut kwh = [0.0; 2];
        for (i, fleet) in setup.fleets.iter().enumerate() {
            kwh[usize::from(!fleet.private)] += drawn[i * setup.retailers.len() + r].kwh;
        }
        self.retail.drawn = drawn;
        let before = std::mem::replace(&mut self.retail.settled_kwh[r], kwh);
        let load = SlotLoad {
            start: self.retail.slot_start[r],
            households_kw: drawn_kwh / hours,
            parked_kw: (kwh[0] - before[0]) / hours,
            others_kw: (kwh[1] - before[1]) / hours,
        };
        self.retail.slot_start[r] = now;
        self.state.retail.loads[r].push(load);
        if let Some(generation) = setup.retail.generation(retailer) {
            let cost = generation.cost(setup.clock.hour(load.start), load.total_kw(), hours);
            let (from, reference) =
                (self.accounts.retailer(retailer), Reference::Retailer(u32::from(retailer.0)));
            let cost = self.accounts.money(cost, EntryKind::Generation, now);
            self.accounts.pay(recorder, now, Accounts::OUTSIDE, from, cost, EntryKind::Generation, reference);
        }
    }

    /// Settles the slots that end with the horizon, which no event reaches.
    pub(super) fn settle_last_slots(&mut self, recorder: &mut dyn Recorder) {
        for retailer in (0..self.retail.active.len()).map(RetailerId::new) {
            if self.retail.is_active(retailer) {
                self.settle_slot(retailer, self.state.price_per_mwh(retailer), recorder);
            }
        }
    }

    /// Reads the meters of households.
    pub(super) fn read_households(&mut self, hours: f64, recorder: &mut dyn Recorder) {
        for (i, group) in self.setup.retail.households.iter().enumerate() {
            let Some(read) = self.retail.read.get_mut(i) else { return };
            let (now, state) = (self.state.now, &self.state.retail.households[i]);
            let in_force = self.state.price_per_mwh(group.retailer);
            let count = f64::from(group.count);
            let next = (count * state.energy_kwh(now), count * state.owed(now, in_force));
            let (kwh, cost) = (next.0 - read.0, next.1 - read.1);
            *read = next;
            recorder.household(&HouseholdRecord {
                time: now,
                household: HouseholdId::new(i),
                retailer: group.retailer,
                power_kw: if hours > 0.0 { kwh / hours } else { 0.0 },
                price_per_mwh: if kwh > 0.0 { cost / kwh * 1_000.0 } else { in_force },
            });
        }
    }

    /// A household announces its load for an upcoming slot.
    pub(super) fn draw(
        &mut self,
        household: HouseholdId,
        slot: SimTime,
        power_kw: f64,
    ) -> Result<(), Refusal> {
        let group = &self.setup.retail.households[household.index()];
        if slot > self.setup.end + 366 * gridfleet_core::time::DAY_S
            || slot < self.setup.start + -gridfleet_core::time::DAY_S
        {
            return Err(Refusal::SlotAnnounced);
        }
        let hour = self.setup.clock.hour(slot);
        let slack = 1e-9 * (1.0 + group.high_kw[hour]);
        // NaN is also refused.
        if !(group.low_kw[hour] - slack..=group.high_kw[hour] + slack).contains(&power_kw) {
            return Err(Refusal::NoSuchPower);
        }
        let slot_s = self.setup.retailers[group.retailer.index()].slot_s;
        let plan = &mut self.state.retail.households[household.index()].plan;
        // A slot in progress at the start of the simulation may be announced then.
        if slot + slot_s <= self.state.now || plan.last().is_some_and(|last| last.0 >= slot) {
            return Err(Refusal::SlotAnnounced);
        }
        plan.push((slot, power_kw));
        Ok(())
    }

    /// A driver announces the power of a vehicle in an upcoming slot.
    pub(super) fn plan_power(
        &mut self,
        vehicle: VehicleId,
        slot: SimTime,
        power_kw: f64,
    ) -> Result<(), Refusal> {
        if power_kw.is_nan() {
            return Err(Refusal::NoSuchPower);
        }
        let plugged = self.state.vehicles[vehicle.index()].connector.is_some();
        let Some(plan) = self.state.retail.plans.get_mut(vehicle.index()).filter(|_| plugged) else {
            return Err(Refusal::NotPlugged);
        };
        // A later announcement replaces earlier ones.
        plan.retain(|step| step.0 < slot);
        plan.push((slot, power_kw));
        Ok(())
    }

    /// A privately owned vehicle has been plugged in at home.
    pub(super) fn ask_driver(&mut self, vehicle: VehicleId, recorder: &mut dyn Recorder) {
        let (Some(response), Some([_, random])) = (&mut self.retail.response, &mut self.retail.random) else {
            return;
        };
        let mut actions = std::mem::take(&mut self.actions);
        let view = View::new(&self.setup, &self.state);
        response.on_plug_in(&mut Turn { view, random, actions: &mut actions }, vehicle);
        self.apply(&mut actions, recorder);
        self.actions = actions;
    }

    /// Reason why a privately owned vehicle that leaves now would not be full, if it is not.
    pub(super) fn reason_to_leave(&self, vehicle: VehicleId) -> EndReason {
        let v = &self.state.vehicles[vehicle.index()];
        let vehicle_type = &self.setup.types[v.vehicle_type.index()];
        match self.state.session(vehicle) {
            Some(session) if self.setup.fleets[v.fleet.index()].private => {
                let needed_s =
                    vehicle_type.seconds_to(session.soc_start, session.limit_kw, session.target_soc);
                let short = needed_s > (self.state.now - session.plug_in) as f64;
                if short { EndReason::ShortStay } else { EndReason::Departure }
            }
            _ => EndReason::Departure,
        }
    }
}

/// Tariff of a slot as known to customers [currency/MWh]: for slots that are not due, only the part that does not
/// depend on future prices; otherwise the price at that time of the day before, or the last due price.
fn tariff_outlook(setup: &Setup, state: &State, retailer: RetailerId, slots: Slots, slot: usize) -> f64 {
    let tariff = &setup.retailers[retailer.index()].tariff;
    if slot < slots.due || matches!(tariff, Tariff::Flat(_) | Tariff::TimeOfUse(_)) {
        return super::prices::tariff_price(setup, state, retailer, slots.start(slot));
    }
    let broadcasts = &state.prices[retailer.index()].broadcasts;
    let day_before = slots.start(slot) + -DAY_S;
    let known = broadcasts.binary_search_by_key(&day_before, |price| price.valid_from).ok();
    known.map_or_else(
        || super::prices::tariff_price(setup, state, retailer, slots.start(slots.due - 1)),
        |at| broadcasts[at].price_per_mwh,
    )
}
