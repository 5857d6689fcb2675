//! All handlers, one per subject, each with fields of its own. This file is the only one that knows several of them: it
//! calls them one after the other where an event concerns several, asks one on behalf of another, and takes the actions
//! that a policy of one proposes to the handler that carries them out.

use super::charging::{self, ChargingRounds};
use super::competition::Competing;
use super::control::{self, Control};
use super::feeder::Feeder;
use super::loads::LoadSlots;
use super::prices::Broadcasts;
use super::readings::{self, Readings};
use super::relocation::{self, Relocating};
use super::retail::{self, Retailing};
use super::rides::{self, Rides};
use super::step::{Shared, Step};
use super::trading::{self, Traders};
use super::{ending, invariants, replay, visits};
use crate::policies::{Action, Charging, Dispatch, Refusal};
use crate::world::{Bid, RecordedTrip, Setup, Trigger};
use gridfleet_core::ids::{MarketId, RequestId, RetailerId, VehicleId};
use gridfleet_core::ledger::Money;
use gridfleet_core::records::{LegPurpose, TripStatus};
use gridfleet_core::rng::Streams;
use gridfleet_core::time::SimTime;

/// The handlers of a replication.
pub(super) struct Handlers {
    pub rides: Rides,
    pub charging: ChargingRounds,
    pub relocation: Relocating,
    pub control: Control,
    pub trading: Traders,
    prices: Broadcasts,
    pub retail: Retailing,
    pub competing: Competing,
    pub loads: LoadSlots,
    readings: Readings,
    /// The distribution feeder, if any.
    feeder: Option<Box<Feeder>>,
}

impl Handlers {
    /// Handlers at the start, with the first events scheduled.
    pub fn new(
        shared: &mut Shared,
        dispatch: Box<dyn Dispatch>,
        charging: Box<dyn Charging>,
        streams: Streams,
    ) -> Self {
        let setup = &*shared.setup;
        Self {
            rides: Rides::new(dispatch, streams),
            charging: ChargingRounds::new(charging, streams),
            relocation: Relocating::new(streams),
            control: Control::new(streams),
            trading: Traders::default(),
            prices: Broadcasts::new(setup, &mut shared.queue),
            retail: Retailing::new(streams),
            competing: Competing::new(streams),
            loads: LoadSlots::new(&shared.state, &mut shared.queue),
            readings: Readings::new(setup),
            feeder: Feeder::new(setup),
        }
    }

    pub fn on_request(&mut self, step: &mut Step<'_>, request: RequestId) {
        match step.setup.requests.recorded_trip(request) {
            Some(recorded) => self.replay(step, request, recorded),
            None => {
                self.rides.on_request(step, request);
                self.relocation.on_request(request);
            }
        }
    }

    /// A recorded trip is due.
    fn replay(&mut self, step: &mut Step<'_>, request: RequestId, recorded: RecordedTrip) {
        let vehicle = recorded.vehicle;
        let Some(energy) = replay::check(step, request, recorded) else { return };
        if self.trading.releases(step, vehicle) {
            replay::depart(step, request, vehicle, energy);
        } else {
            rides::lose(step, request, TripStatus::LostCommitted);
        }
    }

    pub fn on_leg_end(&mut self, step: &mut Step<'_>, vehicle: VehicleId) {
        let Some(leg) = step.end_leg(vehicle, step.state.now) else { return };
        match leg.purpose {
            LegPurpose::Pickup => rides::pick_up(step, vehicle),
            LegPurpose::Service => {
                let request = rides::drop_off(step, vehicle);
                let recorded = step.setup.requests.recorded_trip(request);
                if recorded.is_some_and(|recorded| recorded.ends_at_charger) {
                    self.plug_in(step, vehicle);
                }
            }
            LegPurpose::ToStation => visits::join(step, vehicle),
            LegPurpose::ToDepot | LegPurpose::Relocation => {
                step.state.fire(vehicle, Trigger::Arrive);
                step.set_free(vehicle);
            }
        }
    }

    /// Plugs in a vehicle where it is, and asks its driver.
    pub fn plug_in(&mut self, step: &mut Step<'_>, vehicle: VehicleId) {
        if visits::plug_in_at_current_place(step, vehicle) {
            self.retail.ask_driver(step, vehicle);
            self.apply(step);
        }
    }

    pub fn on_dispatch_round(&mut self, step: &mut Step<'_>) {
        self.rides.decide(step);
        self.apply(step);
        self.rides.plan_round(step);
    }

    pub fn on_charging_round(&mut self, step: &mut Step<'_>) {
        self.charging.on_idle(step);
        self.apply(step);
    }

    pub fn on_relocation_round(&mut self, step: &mut Step<'_>) {
        self.relocation.decide(step);
        self.apply(step);
    }

    /// Settles on the prices of the slots that are due, and announces them.
    pub fn on_price_broadcast(&mut self, step: &mut Step<'_>, retailer: RetailerId) {
        let slots = self.prices.slots(step, retailer);
        let mut prices_per_mwh = Vec::new();
        if let Some(prices) = self.competing.ask_aggregator(step, retailer, slots) {
            self.apply(step);
            prices_per_mwh = prices;
        } else if let Some(outlook) = self.retail.settle_on_prices(step, retailer, slots) {
            self.apply(step);
            prices_per_mwh.extend_from_slice(&outlook.prices_per_mwh[..slots.due]);
            step.state.prices[retailer].outlook = Some(outlook);
        }
        self.prices.announce(step, retailer, &prices_per_mwh);
    }

    pub fn on_price_change(&mut self, step: &mut Step<'_>, retailer: RetailerId) {
        let old_per_mwh = self.prices.change(step, retailer);
        self.retail.begin_slot(step, retailer, old_per_mwh);
        self.competing.choose_suppliers(step, retailer);
        // Homes may draw more from now on than was announced at the last reading.
        let (setup, since_start_s) = (step.setup, step.state.now - step.setup.start);
        let is_reading = since_start_s % setup.control_interval_s == 0;
        if let Some(feeder) = &mut self.feeder
            && !is_reading
            && setup.retail.households.iter().any(|homes| homes.retailer == retailer)
        {
            feeder.hold_back(step);
        }
    }

    /// Last opportunity to bid: every bidder is called for each gate that closes now.
    pub fn on_gate_closure(&mut self, step: &mut Step<'_>, market: MarketId) {
        if step.state.now == step.setup.start {
            self.close_gates_before_start(step);
        }
        let awaited = trading::awaits_results(step, market);
        while let Some(closes) = trading::next_closing(step, market) {
            if closes > step.state.now {
                step.queue.gate_closes(market, closes);
                break;
            }
            self.close_gate(step, market);
        }
        if !awaited {
            trading::await_results(step, market);
        }
    }

    fn close_gates_before_start(&mut self, step: &mut Step<'_>) {
        let markets = step.setup.trading.markets.len();
        let all = || (0..markets).map(MarketId::new);
        let earliest = |step: &Step<'_>| {
            let closings = all().filter_map(|market| Some((trading::next_closing(step, market)?, market)));
            closings.min().filter(|&(closes, _): &(SimTime, _)| closes < step.setup.start)
        };
        if earliest(step).is_none() {
            return;
        }
        while let Some((closes, market)) = earliest(step) {
            for market in all() {
                self.trading.clear_until(step, market, closes);
            }
            self.close_gate(step, market);
        }
        all().for_each(|market| trading::await_results(step, market));
    }

    /// Calls every bidder for the next gate of a market to close, and closes it.
    fn close_gate(&mut self, step: &mut Step<'_>, market: MarketId) {
        let Some(gate) = trading::open_gate(step, market) else { return };
        for bidder in self.trading.bidders() {
            self.trading.ask(step, bidder, &gate);
            self.apply(step);
        }
        trading::close_gate(step, market);
    }

    /// Calls the policies for everything, holds stations back for the feeder, and reads the meters; then checks every
    /// invariant, if `audit`.
    pub fn on_meter(&mut self, step: &mut Step<'_>, audit: bool) {
        step.end_avoidance();
        self.trading.on_interval(step);
        self.control.on_interval(step);
        self.charging.on_interval(step);
        self.apply(step);
        if let Some(feeder) = &mut self.feeder {
            feeder.hold_back(step);
        }
        self.read_meters(step);
        step.queue.meter(step.state.now + step.setup.control_interval_s);
        if audit {
            invariants::check(step.setup, step.state);
            assert_eq!(step.books.accounts.ledger.total(), Money::ZERO, "the books do not balance");
        }
    }

    /// The end of a slot of a load-dependent price.
    pub fn on_load_clearing(&mut self, step: &mut Step<'_>, retailer: RetailerId) {
        let Self { loads, control, .. } = self;
        loads.on_clearing(step, retailer, &|station, slot| control.planned(station, slot));
    }

    /// Reads all meters, and solves the resulting power flow of the feeder.
    fn read_meters(&mut self, step: &mut Step<'_>) {
        let Self { readings, retail, feeder, .. } = self;
        let since = readings.time();
        let mut read = |step: &mut Step<'_>| {
            let hours = readings::hours(since, step.state.now);
            readings.read_stations(step);
            retail.read_households(step, hours);
            readings.read_fleets(step);
        };
        match feeder {
            Some(feeder) => feeder.read(step, since, read),
            None => read(step),
        }
    }

    /// Settles and records all that is in progress at the end of the horizon.
    pub fn finish(&mut self, step: &mut Step<'_>) {
        let Self { loads, control, .. } = self;
        loads.clear_last(step, &|station, slot| control.planned(station, slot));
        self.trading.settle_last(step);
        self.retail.settle_last(step);
        self.competing.end_supply(step);
        ending::record_in_progress(step);
        self.read_meters(step);
    }

    /// Carries out the actions that a policy has just proposed, or refuses them and counts the reasons.
    pub fn apply(&mut self, step: &mut Step<'_>) {
        let mut next = 0;
        while let Some(&action) = step.proposals.actions.get(next) {
            next += 1;
            if let Err(refusal) = self.carry_out(step, action) {
                step.proposals.refuse(refusal);
            }
        }
        step.proposals.actions.clear();
    }

    fn carry_out(&mut self, step: &mut Step<'_>, action: Action) -> Result<(), Refusal> {
        match action {
            _ if !self.exist(step.setup, &action) => Err(Refusal::NoSuchEntity),
            Action::Assign { request, vehicle } => self.assign(step, request, vehicle),
            Action::Charge { vehicle, station, target_soc, yields } => {
                charging::send(step, vehicle, station, target_soc, yields)
            }
            Action::Relocate { vehicle, to } => relocation::relocate(step, vehicle, to),
            Action::Unplug { vehicle } => visits::unplug(step, vehicle),
            Action::SetPower { vehicle, power_kw } => visits::set_power(step, vehicle, power_kw),
            Action::PlanPower { vehicle, slot, power_kw } => {
                retail::plan_power(step, vehicle, slot, power_kw)
            }
            Action::Draw { household, slot, power_kw } => retail::draw(step, household, slot, power_kw),
            Action::LimitStation { station, power_kw } => control::limit(step, station, power_kw),
            Action::Bid { bidder, market, product, side, quantity_kw, limit_per_mwh } => {
                let bid = Bid { bidder, product, side, quantity_kw, limit_per_mwh };
                trading::place_bid(step, market, bid)
            }
        }
    }

    /// Sends a vehicle to a rider, unless the bidder of its fleet keeps it.
    fn assign(&mut self, step: &mut Step<'_>, request: RequestId, vehicle: VehicleId) -> Result<(), Refusal> {
        let route = rides::check(step, request, vehicle)?;
        if !self.trading.releases(step, vehicle) {
            return Err(rides::turn_away(step, request, vehicle));
        }
        rides::assign(step, request, vehicle, route);
        Ok(())
    }

    /// Whether all entities named by an action exist; a custom policy may be wrong.
    fn exist(&self, setup: &Setup, action: &Action) -> bool {
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
                self.trading.is_bidder(bidder) && market.index() < setup.trading.markets.len()
            }
        }
    }
}
