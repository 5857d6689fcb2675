//! The discrete-event engine: processes due events, updates the world, calls policies, and passes records on.
//!
//! 1. [`Simulation::new`] takes a validated [`Setup`] and the policies.
//! 2. [`Simulation::run_until`] processes events in the order of (time, phase, entity) until the given instant; it may
//!    be called any number of times.
//! 3. [`Simulation::finish`] cuts off activities in progress at the end of the horizon, so that every request, leg and
//!    session is recorded once.
//!
//! With the bundled policies nothing here fails on valid input: invalid input has been refused when the setup was
//! built. A custom policy may prevent an instant from ending; that is an [`EndlessInstant`]. One fault is detected only
//! at the end: an amount of money beyond all bounds, which [`Simulation::books`] reports.
//!
//! # Events and records
//!
//! There are two vocabularies. An *event* is due and may still be moved or cancelled ([`Event`]). A *record* has
//! happened and will not change. Policies see no events: they see the world through a [`View`] and answer with an
//! [`Action`], which the engine applies or refuses with a [`Refusal`]; refusals are counted by reason
//! (`refused_actions` in `summary.json`). Plans of stations whose game exceeds double precision are replaced by the
//! loads that the stations would draw without a plan, and are counted (`unsolved_plans`). A recorder gets records by
//! reference and cannot write back, so the content and frequency of recording never change the simulation.
//!
//! # Order within an instant
//!
//! Time is a whole number of seconds since 1970, UTC. Events are ordered by (time, phase, entity). The phases of one
//! instant, in their order:
//!
//! 1. `StationChange`: a session is complete, a queued vehicle gives up, or power has to be divided again: connectors
//!    become free;
//! 2. `LoadClearing`: the load of a slot is known, and with it the price of all energy drawn in it;
//! 3. `Settlement`: the energy drawn in the settlement interval that ends is compared with the energy bought;
//! 4. `PriceBroadcast`: a retailer announces the price of an upcoming slot; if customers respond to it, loads are
//!    settled first;
//! 5. `PriceChange`: an announced price comes into force; energy drawn so far is billed at the old one, loads announced
//!    for the slot begin;
//! 6. `LegEnd`: vehicles arrive, and see connectors freed in the same second;
//! 7. `Request`: riders make requests, and can get a vehicle that arrives in the same second;
//! 8. `Expiry`: riders give up;
//! 9. `DispatchRound`: the dispatch policy decides, knowing all of the above;
//! 10. `ChargingRound`: the charging policy is called for vehicles that have become idle and that no rider has taken;
//! 11. `RelocationRound`: the relocation policy is called;
//! 12. `GateClosure`: bidders have their last opportunity to bid for some products of a market;
//! 13. `Clearing`: the results of a closed gate are known;
//! 14. `Meter`: bidders and the charging policy are called for everything, stations are held back for the feeder, then
//!     meters are read.
//!
//! The loop ([`Simulation::run_until`]) is one exhaustive `match` without logic in its arms; the handlers are in one
//! file per subject (`rides`, `charging`, `replay`, `prices`, `loads`, `retail`, `competition`, `trading`, `readings`,
//! `feeder`).

mod accounts;
mod charging;
mod competition;
mod feeder;
mod guard;
mod invariants;
mod loads;
mod prices;
mod queue;
mod readings;
mod replay;
mod retail;
mod rides;
mod start;
mod trading;

pub use guard::EndlessInstant;
pub use queue::{Event, EventQueue};
pub use start::{foresee, metrics_setup, policies};

use crate::policies::{
    Action, Bidding, Cadence, Charging, Dispatch, News, PolicyStream, Refusal, Relocation, StationControl,
    Turn,
};
use crate::world::{Activity, Bid, Mode, Setup, State, View};
use accounts::Accounts;
use gridfleet_core::error::{Error, Result};
use gridfleet_core::ids::{BidderId, RequestId, VehicleId};
use gridfleet_core::ledger::Money;
use gridfleet_core::records::Recorder;
use gridfleet_core::rng::Streams;
use gridfleet_core::time::SimTime;
use rand_pcg::Pcg64;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// One replication of a scenario.
pub struct Simulation {
    setup: Arc<Setup>,
    state: State,
    queue: EventQueue,
    accounts: Accounts,
    dispatch: Box<dyn Dispatch>,
    charging: Box<dyn Charging>,
    relocation: Option<Box<dyn Relocation>>,
    dispatch_random: Pcg64,
    charging_random: Pcg64,
    relocation_random: Pcg64,
    stations: Option<Box<dyn StationControl>>,
    stations_random: Pcg64,
    /// Policies by bidder.
    bidding: Vec<Box<dyn Bidding>>,
    bidding_random: Vec<Pcg64>,
    /// Requests not yet reported to the relocation policy; empty without one.
    requests_since_relocation: Vec<RequestId>,
    /// Requests not yet reported to the dispatch policy.
    new_requests: Vec<RequestId>,
    new_vehicles: Vec<VehicleId>,
    /// Vehicles not yet reported to the charging policy.
    new_idle: Vec<VehicleId>,
    /// Vehicles that avoid a station at which they gave up waiting, by the end of the avoidance.
    avoiding: BinaryHeap<Reverse<(SimTime, VehicleId)>>,
    streams: Streams,
    guard: guard::Guard,
    actions: Vec<Action>,
    refusals: [u64; Refusal::ALL.len()],
    events: u64,
    readings: readings::Readings,
    /// The distribution feeder, if any.
    feeder: Option<Box<feeder::Feeder>>,
    prices: Vec<prices::Broadcasting>,
    /// Completed sessions in slots whose price is not known yet.
    unpaid: Vec<loads::Bill>,
    /// Scratch buffer: mean power of stations over a slot.
    station_kw: Vec<f64>,
    settlements: trading::Settlements,
    retail: retail::Retailing,
    competing: competition::Competing,
    /// Whether to check every invariant at every meter reading.
    audit: bool,
}

impl Simulation {
    /// Creates a replication at its start.
    pub fn new(
        setup: Arc<Setup>,
        dispatch: Box<dyn Dispatch>,
        charging: Box<dyn Charging>,
        streams: Streams,
    ) -> Self {
        let mut simulation = Self {
            state: State::new(&setup),
            queue: EventQueue::new(&setup),
            accounts: Accounts::new(&setup),
            dispatch,
            charging,
            dispatch_random: PolicyStream::Dispatch.of(streams),
            relocation: None,
            charging_random: PolicyStream::Charging.of(streams),
            relocation_random: PolicyStream::Relocation.of(streams),
            stations: None,
            stations_random: PolicyStream::Stations.of(streams),
            bidding: Vec::new(),
            bidding_random: Vec::new(),
            streams,
            requests_since_relocation: Vec::new(),
            new_requests: Vec::new(),
            new_vehicles: Vec::new(),
            // Bound trips determine which vehicles are plugged in where; no policy does.
            new_idle: (0..setup.vehicles.len())
                .filter(|&i| !setup.is_preassigned(setup.vehicles[i].fleet))
                .map(VehicleId::new)
                .collect(),
            avoiding: BinaryHeap::new(),
            guard: guard::Guard::default(),
            actions: Vec::new(),
            refusals: [0; Refusal::ALL.len()],
            events: 0,
            readings: readings::Readings::new(&setup),
            feeder: feeder::Feeder::new(&setup),
            prices: prices::Broadcasting::all(&setup),
            unpaid: Vec::new(),
            station_kw: Vec::new(),
            settlements: trading::Settlements::default(),
            retail: retail::Retailing::default(),
            competing: competition::Competing::default(),
            audit: cfg!(debug_assertions),
            setup,
        };
        simulation.schedule_first_prices();
        simulation.schedule_first_clearings();
        let start = simulation.setup.start;
        simulation.queue.charging_round(start);
        simulation.queue.meter(start);
        simulation
    }

    /// Adds a policy that relocates idle vehicles; in replay, where relocations by staff are recorded, it is never
    /// called.
    #[must_use]
    pub fn with_relocation(mut self, relocation: Option<Box<dyn Relocation>>) -> Self {
        if let (Some(policy), Mode::Dispatch { .. }) = (&relocation, self.setup.mode) {
            self.queue.relocation_round(self.setup.start + policy.interval_s());
            self.relocation = relocation;
        }
        self
    }

    /// Adds a policy that limits stations.
    #[must_use]
    pub fn with_station_control(mut self, stations: Option<Box<dyn StationControl>>) -> Self {
        self.stations = stations;
        self
    }

    /// Adds a policy for each bidder of the setup, in their order.
    ///
    /// # Panics
    /// If there are more or fewer policies than bidders.
    #[must_use]
    pub fn with_bidding(mut self, policies: Vec<Box<dyn Bidding>>) -> Self {
        assert_eq!(policies.len(), self.setup.trading.bidders.len(), "a policy for each bidder");
        let random = |bidder| PolicyStream::Bidder(BidderId::new(bidder)).of(self.streams);
        self.bidding_random = (0..policies.len()).map(random).collect();
        self.bidding = policies;
        self.schedule_trading();
        self
    }

    /// Checks every invariant at every meter reading, as debug builds always do.
    #[must_use]
    pub fn audited(mut self) -> Self {
        self.audit = true;
        self
    }

    /// Processes all events before `until`, or before the end of the horizon if that comes first.
    ///
    /// # Errors
    /// If policy and engine respond to each other endlessly within one instant.
    pub fn run_until(&mut self, until: SimTime, recorder: &mut dyn Recorder) -> Result<(), EndlessInstant> {
        static NEVER: AtomicBool = AtomicBool::new(false);
        self.run_unless(&NEVER, until, recorder)
    }

    /// The same, but processes no further event once `stop` is set. The replication is then incomplete and must be
    /// discarded; the caller checks `stop` afterwards.
    ///
    /// # Errors
    /// If policy and engine respond to each other endlessly within one instant.
    pub fn run_unless(
        &mut self,
        stop: &AtomicBool,
        until: SimTime,
        recorder: &mut dyn Recorder,
    ) -> Result<(), EndlessInstant> {
        let until = until.min(self.setup.end);
        // Checked before each event: some take long, and the check is cheap compared with any event.
        while !stop.load(Ordering::Relaxed) {
            let Some((time, event)) = self.queue.pop(&self.setup, until) else { break };
            debug_assert!(time >= self.state.now, "time goes back");
            if time > self.state.now {
                self.guard.next_instant();
            }
            self.state.advance(&self.setup, time);
            self.events += 1;
            if self.guard.too_often(event) {
                return Err(self.endless(event));
            }
            match event {
                Event::StationChange(station) => self.on_station_change(station, recorder),
                Event::LoadClearing(retailer) => self.on_load_clearing(retailer, recorder),
                Event::Settlement => self.on_settlement(recorder),
                Event::PriceBroadcast(retailer) => self.on_price_broadcast(retailer, recorder),
                Event::PriceChange(retailer) => self.on_price_change(retailer, recorder),
                Event::LegEnd(vehicle) => self.on_leg_end(vehicle, recorder),
                Event::Request(request) => self.on_request(request, recorder),
                Event::Expiry(request) => self.on_expiry(request, recorder),
                Event::DispatchRound => self.on_dispatch_round(recorder),
                Event::ChargingRound => self.on_charging_round(recorder),
                Event::RelocationRound => self.on_relocation_round(recorder),
                Event::GateClosure(market) => self.on_gate_closure(market, recorder),
                Event::Clearing(market) => self.on_clearing(market, recorder),
                Event::Meter => self.on_meter(recorder),
            }
        }
        Ok(())
    }

    #[cold]
    fn endless(&self, event: Event) -> EndlessInstant {
        let setup = &self.setup;
        let (event, entity) = match event {
            Event::StationChange(at) => {
                ("station change", format!("station \"{}\"", setup.stations[at.index()].name))
            }
            Event::LegEnd(vehicle) => {
                ("arrival", format!("vehicle \"{}\"", setup.vehicles[vehicle.index()].name))
            }
            Event::GateClosure(market) | Event::Clearing(market) => {
                ("gate or clearing", format!("market \"{}\"", setup.trading.markets[market.index()].name))
            }
            Event::LoadClearing(retailer)
            | Event::PriceBroadcast(retailer)
            | Event::PriceChange(retailer) => {
                ("price", format!("retailer \"{}\"", setup.retailers[retailer.index()].name))
            }
            Event::Settlement => ("settlement", "the markets".to_owned()),
            Event::Meter => ("meter reading", "the simulation".to_owned()),
            Event::DispatchRound => ("round", "the dispatch policy".to_owned()),
            Event::ChargingRound => ("round", "the charging policy".to_owned()),
            Event::RelocationRound => ("round", "the relocation policy".to_owned()),
            Event::Request(request) | Event::Expiry(request) => ("request", format!("request {}", request.0)),
        };
        EndlessInstant { time: self.state.now, event, entity, policy: self.guard.busiest_policy() }
    }

    /// Ends the replication at the end of the horizon: processes the remaining events, records activities in progress
    /// and reads the meters a last time.
    ///
    /// # Errors
    /// If policy and engine respond to each other endlessly within one instant.
    pub fn finish(&mut self, recorder: &mut dyn Recorder) -> Result<(), EndlessInstant> {
        self.run_until(self.setup.end, recorder)?;
        self.state.advance(&self.setup, self.setup.end);
        self.clear_last_loads(recorder);
        if !self.bidding.is_empty() {
            self.settle_last(recorder);
        }
        self.settle_last_slots(recorder);
        self.end_supply(recorder);
        self.record_in_progress(recorder);
        Ok(())
    }

    /// Current time.
    pub fn now(&self) -> SimTime {
        self.state.now
    }

    /// Number of events processed so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The world.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The constant part of the replication.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Number of actions refused so far, by reason; reasons that did not occur are omitted.
    pub fn refusals(&self) -> impl Iterator<Item = (Refusal, u64)> + '_ {
        Refusal::ALL.into_iter().map(|r| (r, self.refusals[r as usize])).filter(|&(_, count)| count > 0)
    }

    /// Number of station plans so far without an equilibrium within double precision.
    pub fn unsolved_plans(&self) -> u64 {
        self.stations.as_ref().map_or(0, |policy| policy.unsolved())
    }

    /// Whether the books are valid: each amount could be posted, and all amounts sum to zero.
    ///
    /// # Errors
    /// [`Error::Input`] if an amount was too large, [`Error::Audit`] if the amounts do not sum to zero.
    pub fn books(&self) -> Result<()> {
        match self.accounts.fault() {
            Some(fault) => Err(fault.into()),
            None if self.ledger_total() != Money::ZERO => {
                Err(Error::Audit("the books do not balance".to_owned()))
            }
            None => Ok(()),
        }
    }

    /// Sum over all accounts; zero unless the books are wrong.
    pub fn ledger_total(&self) -> Money {
        self.accounts.ledger.total()
    }

    fn on_dispatch_round(&mut self, recorder: &mut dyn Recorder) {
        let mut actions = std::mem::take(&mut self.actions);
        let news = News { requests: &self.new_requests, vehicles: &self.new_vehicles };
        let view = View::new(&self.setup, &self.state);
        let turn = &mut Turn { view, random: &mut self.dispatch_random, actions: &mut actions };
        self.dispatch.decide(turn, news);
        self.new_requests.clear();
        self.new_vehicles.clear();
        self.apply(&mut actions, recorder);
        self.actions = actions;
        if let Cadence::Every(interval_s) = self.dispatch.cadence()
            && !self.state.waiting.is_empty()
        {
            self.queue.dispatch_round(self.state.now + interval_s);
        }
    }

    fn on_charging_round(&mut self, recorder: &mut dyn Recorder) {
        let mut actions = std::mem::take(&mut self.actions);
        let mut idle = std::mem::take(&mut self.new_idle);
        idle.retain(|v| self.state.vehicles[v.index()].activity == Activity::Idle);
        let view = View::new(&self.setup, &self.state);
        let turn = &mut Turn { view, random: &mut self.charging_random, actions: &mut actions };
        self.charging.on_idle(turn, &idle);
        idle.clear();
        self.new_idle = idle;
        self.apply(&mut actions, recorder);
        self.actions = actions;
    }

    fn on_relocation_round(&mut self, recorder: &mut dyn Recorder) {
        let Some(policy) = &mut self.relocation else { return };
        let mut actions = std::mem::take(&mut self.actions);
        let view = View::new(&self.setup, &self.state);
        let turn = &mut Turn { view, random: &mut self.relocation_random, actions: &mut actions };
        policy.decide(turn, &self.requests_since_relocation);
        self.queue.relocation_round(self.state.now + policy.interval_s());
        self.requests_since_relocation.clear();
        self.apply(&mut actions, recorder);
        self.actions = actions;
    }

    fn on_meter(&mut self, recorder: &mut dyn Recorder) {
        self.end_avoidance();
        let mut actions = std::mem::take(&mut self.actions);
        let view = View::new(&self.setup, &self.state);
        for (i, policy) in self.bidding.iter_mut().enumerate() {
            let turn = &mut Turn { view, random: &mut self.bidding_random[i], actions: &mut actions };
            policy.on_interval(turn, BidderId::new(i));
        }
        if let Some(policy) = &mut self.stations {
            let turn = &mut Turn { view, random: &mut self.stations_random, actions: &mut actions };
            policy.on_interval(turn);
        }
        let turn = &mut Turn { view, random: &mut self.charging_random, actions: &mut actions };
        self.charging.on_interval(turn);
        self.apply(&mut actions, recorder);
        self.actions = actions;
        self.hold_back();
        self.read_meters(recorder);
        self.queue.meter(self.state.now + self.setup.control_interval_s);
        if self.audit {
            invariants::check(&self.setup, &self.state);
            assert_eq!(self.ledger_total(), Money::ZERO, "the books do not balance");
        }
    }

    /// Applies the actions proposed by a policy, or refuses them and counts the reasons.
    fn apply(&mut self, actions: &mut Vec<Action>, recorder: &mut dyn Recorder) {
        for action in actions.drain(..) {
            let done = match action {
                _ if !self.exist(&action) => Err(Refusal::NoSuchEntity),
                Action::Assign { request, vehicle } => self.assign(request, vehicle, recorder),
                Action::Charge { vehicle, station, target_soc, yields } => {
                    self.send_to_charge(vehicle, station, target_soc, yields, recorder)
                }
                Action::Relocate { vehicle, to } => self.relocate(vehicle, to),
                Action::Unplug { vehicle } => self.unplug(vehicle, recorder),
                Action::SetPower { vehicle, power_kw } => self.set_power(vehicle, power_kw),
                Action::PlanPower { vehicle, slot, power_kw } => self.plan_power(vehicle, slot, power_kw),
                Action::Draw { household, slot, power_kw } => self.draw(household, slot, power_kw),
                Action::LimitStation { station, power_kw } => self.limit_station(station, power_kw),
                Action::Bid { bidder, market, product, side, quantity_kw, limit_per_mwh } => {
                    self.place_bid(market, Bid { bidder, product, side, quantity_kw, limit_per_mwh })
                }
            };
            if let Err(refusal) = done {
                self.refusals[refusal as usize] += 1;
            }
        }
    }

    /// Whether all entities named by an action exist; a custom policy may be wrong.
    fn exist(&self, action: &Action) -> bool {
        let setup = &self.setup;
        let vehicle = |v: VehicleId| v.index() < setup.vehicles.len();
        match *action {
            Action::Assign { request, vehicle: v } => vehicle(v) && request.index() < setup.requests.len(),
            Action::Charge { vehicle: v, station, .. } => {
                vehicle(v) && station.index() < setup.stations.len()
            }
            Action::Relocate { vehicle: v, to } => vehicle(v) && to.index() < setup.places.len(),
            Action::Unplug { vehicle: v }
            | Action::SetPower { vehicle: v, .. }
            | Action::PlanPower { vehicle: v, .. } => vehicle(v),
            Action::Draw { household, .. } => household.index() < setup.retail.households.len(),
            Action::LimitStation { station, .. } => station.index() < setup.stations.len(),
            Action::Bid { bidder, market, .. } => {
                bidder.index() < self.bidding.len() && market.index() < setup.trading.markets.len()
            }
        }
    }

    /// Whether a vehicle may leave its connector: the bidder of its fleet may need it for the energy bought.
    fn releases(&mut self, vehicle: VehicleId) -> bool {
        let v = &self.state.vehicles[vehicle.index()];
        if self.bidding.is_empty() || v.connector.is_none() {
            return true;
        }
        let Some(bidder) = self.setup.trading.bidder_of(v.fleet) else { return true };
        self.bidding[bidder.index()].releases(View::new(&self.setup, &self.state), bidder, vehicle)
    }

    /// Schedules the next call of the dispatch policy.
    fn call_dispatch(&mut self) {
        let now = self.state.now;
        let at = match self.dispatch.cadence() {
            Cadence::OnChange => now,
            Cadence::Every(interval_s) => {
                let since_s = now - self.setup.start;
                now + (-since_s).rem_euclid(interval_s)
            }
        };
        self.queue.dispatch_round(at);
    }

    /// A vehicle becomes idle at its current place: riders may request it, and the charging policy is called for it at
    /// the end of the instant.
    fn set_free(&mut self, vehicle: VehicleId) {
        if !self.setup.is_preassigned(self.state.vehicles[vehicle.index()].fleet) {
            self.state.make_available(&self.setup, vehicle);
            self.new_vehicles.push(vehicle);
            if !self.state.waiting.is_empty() {
                self.call_dispatch();
            }
            self.new_idle.push(vehicle);
            self.queue.charging_round(self.state.now);
        }
    }
}
