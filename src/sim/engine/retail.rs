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

use super::step::Step;
use super::visits;
use crate::policies::response::ResponseSpec;
use crate::policies::{PolicyStream, PriceLine, PriceOffer, Pricing, Refusal, Response, Slots, Turn};
use crate::world::{DrawnEnergy, Fleet, Outlook, Setup, SlotLoad, State, Tariff, View};
use gridfleet_core::ids::{FleetId, HouseholdId, IdVec, RetailerId, StationId, VehicleId};
use gridfleet_core::ledger::{Account, EntryKind, Money, Reference};
use gridfleet_core::records::{HouseholdRecord, Record};
use gridfleet_core::rng::Streams;
use gridfleet_core::time::{DAY_S, SimTime};
use rand_pcg::Pcg64;

/// Energy billed and settled so far, and the retail policies.
pub(super) struct Retailing {
    pricing: Option<Box<dyn Pricing>>,
    response: Option<Box<dyn Response>>,
    pricing_random: Pcg64,
    response_random: Pcg64,
    /// By retailer: whether it has households, privately owned vehicles, or a generation cost. Empty if there are none.
    active: IdVec<RetailerId, bool>,
    /// By retailer: start of the slot in progress.
    slot_start: IdVec<RetailerId, SimTime>,
    /// By retailer: energy of privately owned vehicles and of all others up to then [kWh].
    settled_kwh: IdVec<RetailerId, [f64; 2]>,
    /// By group: energy drawn by its households up to then [kWh].
    households_kwh: IdVec<HouseholdId, f64>,
    /// By group: amount posted [currency].
    posted: IdVec<HouseholdId, Money>,
    /// By group: energy and bill of all households at the last meter reading [kWh, currency].
    read: IdVec<HouseholdId, (f64, f64)>,
    drawn: DrawnEnergy,
}

impl Retailing {
    /// Without policies, retail does nothing.
    pub fn new(streams: Streams) -> Self {
        Self {
            pricing: None,
            response: None,
            pricing_random: PolicyStream::Pricing.of(streams),
            response_random: PolicyStream::Response.of(streams),
            active: IdVec::default(),
            slot_start: IdVec::default(),
            settled_kwh: IdVec::default(),
            households_kwh: IdVec::default(),
            posted: IdVec::default(),
            read: IdVec::default(),
            drawn: DrawnEnergy::default(),
        }
    }

    /// Sets the policies, in a setup with retail.
    pub fn set_policies(
        &mut self,
        setup: &Setup,
        pricing: Option<Box<dyn Pricing>>,
        response: Option<Box<dyn Response>>,
    ) {
        let retail = &setup.retail;
        self.active = active(setup);
        self.pricing = pricing;
        self.response = Some(response.unwrap_or_else(|| ResponseSpec::Nominal {}.build()));
        self.slot_start = IdVec::filled(self.active.len(), setup.start);
        self.settled_kwh = IdVec::filled(self.active.len(), [0.0; 2]);
        self.households_kwh = IdVec::filled(retail.households.len(), 0.0);
        self.posted = IdVec::filled(retail.households.len(), Money::ZERO);
        self.read = IdVec::filled(retail.households.len(), (0.0, 0.0));
    }

    fn is_active(&self, retailer: RetailerId) -> bool {
        self.active.of(retailer).copied().unwrap_or(false)
    }

    /// Prices of the slots of a retailer with price-responsive customers; `None` if its tariff sets them independently
    /// of the load. Their actions are proposed.
    pub fn settle_on_prices(
        &mut self,
        step: &mut Step<'_>,
        retailer: RetailerId,
        slots: Slots,
    ) -> Option<Outlook> {
        if !self.is_active(retailer) || slots.due == 0 {
            return None;
        }
        let view = View::new(step.setup, step.state);
        let actions = &mut step.proposals.actions;
        let mut lines = Vec::with_capacity(slots.count);
        match &mut self.pricing {
            Some(pricing) if step.setup.retail.generation(retailer).is_some() => {
                let turn = &mut Turn { view, random: &mut self.pricing_random, actions };
                pricing.price_lines(turn, retailer, slots, &mut lines);
            }
            _ => lines.extend((0..slots.count).map(|slot| PriceLine {
                base_per_mwh: tariff_outlook(step.setup, step.state, retailer, slots, slot),
                slope_per_mwh_kw: 0.0,
            })),
        }
        lines.resize(slots.count, lines.last().copied().unwrap_or_default());
        let mut load_kw = vec![0.0; slots.count];
        if let Some(response) = &mut self.response {
            let offer = PriceOffer { retailer, slots, lines: &lines };
            let turn = &mut Turn { view, random: &mut self.response_random, actions };
            response.answer(turn, &offer, &mut load_kw);
        }
        let prices_per_mwh = lines.iter().zip(&load_kw).map(|(line, &kw)| line.at(kw)).collect();
        Some(Outlook { first: slots.first, slot_s: slots.slot_s, prices_per_mwh })
    }

    /// A slot ends and the next begins: the energy drawn is billed, and announcements take effect.
    pub fn begin_slot(&mut self, step: &mut Step<'_>, retailer: RetailerId, price_per_mwh: f64) {
        if !self.is_active(retailer) {
            return;
        }
        self.settle_slot(step, retailer, price_per_mwh);
        let (setup, now) = (step.setup, step.state.now);
        for (group, state) in setup.retail.households.iter().zip(&mut step.state.retail.households) {
            if group.retailer == retailer {
                state.begin_slots(now);
            }
        }
        // Power is divided once at each station, not once for each vehicle there.
        let mut stations: Vec<StationId> = Vec::new();
        for vehicle in step.state.retail.plans.ids() {
            let plan = &mut step.state.retail.plans[vehicle];
            let due = plan.partition_point(|step| step.0 <= now);
            let Some(&(_, power_kw)) = due.checked_sub(1).and_then(|last| plan.get(last)) else { continue };
            let at = step.state.vehicles[vehicle].station;
            if at.is_none_or(|station| setup.stations[station].retailer != retailer) {
                continue;
            }
            plan.drain(..due);
            match visits::allow_power(step, vehicle, power_kw) {
                Ok(station) => stations.push(station),
                Err(refusal) => step.proposals.refuse(refusal),
            }
        }
        stations.sort_unstable();
        stations.dedup();
        stations.into_iter().for_each(|station| step.divide_power(station));
    }

    /// Bills the households of a retailer for the energy drawn since the last bill, and the retailer for the cost of
    /// serving all its customers.
    fn settle_slot(&mut self, step: &mut Step<'_>, retailer: RetailerId, price_per_mwh: f64) {
        let (setup, now) = (step.setup, step.state.now);
        let hours = (now - self.slot_start[retailer]) as f64 / 3_600.0;
        if hours <= 0.0 {
            return;
        }
        let households_kwh = self.bill_households(step, retailer, price_per_mwh);
        step.state.read_drawn(setup, &mut self.drawn);
        let mut kwh = [0.0; 2];
        for (id, fleet) in setup.fleets.entries() {
            kwh[usize::from(!fleet.private)] += self.drawn[(id, retailer)].kwh;
        }
        let before = std::mem::replace(&mut self.settled_kwh[retailer], kwh);
        let load = SlotLoad {
            start: self.slot_start[retailer],
            households_kw: households_kwh / hours,
            parked_kw: (kwh[0] - before[0]) / hours,
            others_kw: (kwh[1] - before[1]) / hours,
        };
        self.slot_start[retailer] = now;
        step.state.retail.loads[retailer].push(load);
        if let Some(generation) = setup.retail.generation(retailer) {
            let cost = generation.cost(setup.clock.hour(load.start), load.total_kw(), hours);
            let cost = step.books.accounts.money(cost, EntryKind::Generation, now);
            let (to, from) = (Account::Outside, Account::Retailer(retailer));
            let reference = Reference::Retailer(retailer);
            step.books.pay(now, to, from, cost, EntryKind::Generation, reference);
        }
    }

    /// Bills the households of a retailer; returns the energy drawn by all of them since the last bill [kWh].
    fn bill_households(&mut self, step: &mut Step<'_>, retailer: RetailerId, price_per_mwh: f64) -> f64 {
        let now = step.state.now;
        let mut drawn_kwh = 0.0;
        for (id, group) in step.setup.retail.households.entries() {
            if group.retailer != retailer {
                continue;
            }
            let state = &mut step.state.retail.households[id];
            state.bill(now, price_per_mwh);
            let kwh = f64::from(group.count) * state.energy_kwh(now);
            drawn_kwh += kwh - self.households_kwh[id];
            self.households_kwh[id] = kwh;
            let accounts = &mut *step.books.accounts;
            let billed = accounts.money(f64::from(group.count) * state.billed, EntryKind::Household, now);
            let amount = billed - std::mem::replace(&mut self.posted[id], billed);
            let (to, from) = (Account::Retailer(retailer), Account::Households(id));
            let reference = Reference::Household(id);
            step.books.pay(now, to, from, amount, EntryKind::Household, reference);
        }
        drawn_kwh
    }

    /// Settles the slots that end with the horizon, which no event reaches.
    pub fn settle_last(&mut self, step: &mut Step<'_>) {
        for retailer in self.active.ids() {
            if self.is_active(retailer) {
                let price_per_mwh = step.state.price_per_mwh(retailer);
                self.settle_slot(step, retailer, price_per_mwh);
            }
        }
    }

    /// Reads the meters of households, `hours` after the last reading.
    pub fn read_households(&mut self, step: &mut Step<'_>, hours: f64) {
        for (id, group) in step.setup.retail.households.entries() {
            let Some(read) = self.read.of_mut(id) else { return };
            let (now, state) = (step.state.now, &step.state.retail.households[id]);
            let in_force = step.state.price_per_mwh(group.retailer);
            let count = f64::from(group.count);
            let next = (count * state.energy_kwh(now), count * state.owed(now, in_force));
            let (kwh, cost) = (next.0 - read.0, next.1 - read.1);
            *read = next;
            step.books.recorder.record(Record::Household(&HouseholdRecord {
                time: now,
                household: id,
                retailer: group.retailer,
                power_kw: if hours > 0.0 { kwh / hours } else { 0.0 },
                price_per_mwh: if kwh > 0.0 { cost / kwh * 1_000.0 } else { in_force },
            }));
        }
    }

    /// A privately owned vehicle has been plugged in at home: its driver proposes actions.
    pub fn ask_driver(&mut self, step: &mut Step<'_>, vehicle: VehicleId) {
        if let Some(response) = &mut self.response {
            response.on_plug_in(&mut step.turn(&mut self.response_random), vehicle);
        }
    }
}

/// By retailer: whether it has households, privately owned vehicles, or a generation cost.
fn active(setup: &Setup) -> IdVec<RetailerId, bool> {
    let retail = &setup.retail;
    let generates = |retailer| retail.generation(retailer).is_some();
    let mut active: IdVec<RetailerId, bool> = setup.retailers.ids().map(generates).collect();
    retail.households.iter().for_each(|group| active[group.retailer] = true);
    for station in &setup.stations {
        // Owners who choose their retailer take its price as given.
        if !setup.competes(station.retailer) {
            let private = |(id, fleet): (FleetId, &Fleet)| fleet.private && station.access.allows(id);
            active[station.retailer] |= setup.fleets.entries().any(private);
        }
    }
    active
}

/// A household announces its load for an upcoming slot.
pub(super) fn draw(
    step: &mut Step<'_>,
    household: HouseholdId,
    slot: SimTime,
    power_kw: f64,
) -> Result<(), Refusal> {
    let setup = step.setup;
    let group = &setup.retail.households[household];
    if slot > setup.end + 366 * DAY_S || slot < setup.start + -DAY_S {
        return Err(Refusal::SlotAnnounced);
    }
    let hour = setup.clock.hour(slot);
    let slack = 1e-9 * (1.0 + group.high_kw[hour]);
    // NaN is also refused.
    if !(group.low_kw[hour] - slack..=group.high_kw[hour] + slack).contains(&power_kw) {
        return Err(Refusal::NoSuchPower);
    }
    let slot_s = setup.retailers[group.retailer].slot_s;
    let plan = &mut step.state.retail.households[household].plan;
    // A slot in progress at the start of the simulation may be announced then.
    if slot + slot_s <= step.state.now || plan.last().is_some_and(|last| last.0 >= slot) {
        return Err(Refusal::SlotAnnounced);
    }
    plan.push((slot, power_kw));
    Ok(())
}

/// A driver announces the power of a vehicle in an upcoming slot.
pub(super) fn plan_power(
    step: &mut Step<'_>,
    vehicle: VehicleId,
    slot: SimTime,
    power_kw: f64,
) -> Result<(), Refusal> {
    if power_kw.is_nan() {
        return Err(Refusal::NoSuchPower);
    }
    let plugged = step.state.vehicles[vehicle].connector.is_some();
    let Some(plan) = step.state.retail.plans.of_mut(vehicle).filter(|_| plugged) else {
        return Err(Refusal::NotPlugged);
    };
    // A later announcement replaces earlier ones.
    plan.retain(|step| step.0 < slot);
    plan.push((slot, power_kw));
    Ok(())
}

/// Tariff of a slot as known to customers [currency/MWh]: for slots that are not due, only the part that does not
/// depend on future prices; otherwise the price at that time of the day before, or the last due price.
fn tariff_outlook(setup: &Setup, state: &State, retailer: RetailerId, slots: Slots, slot: usize) -> f64 {
    let tariff = &setup.retailers[retailer].tariff;
    if slot < slots.due || matches!(tariff, Tariff::Flat(_) | Tariff::TimeOfUse(_)) {
        return super::prices::tariff_price(setup, state, retailer, slots.start(slot));
    }
    let broadcasts = &state.prices[retailer].broadcasts;
    let day_before = slots.start(slot) + -DAY_S;
    let known = broadcasts.binary_search_by_key(&day_before, |price| price.valid_from).ok();
    known.map_or_else(
        || super::prices::tariff_price(setup, state, retailer, slots.start(slots.due - 1)),
        |at| broadcasts[at].price_per_mwh,
    )
}
