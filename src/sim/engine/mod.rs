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
//! happened and will not change. Policies see no events: they see the world through a [`View`](crate::world::View) and
//! answer with an [`Action`](crate::policies::Action), which the engine applies or refuses with a [`Refusal`]; refusals
//! are counted by reason (`refused_actions` in `summary.json`). Plans of stations whose game exceeds double precision
//! are replaced by the loads that the stations would draw without a plan, and are counted (`unsolved_plans`). A recorder
//! gets records by reference and cannot write back, so the content and frequency of recording never change the
//! simulation.
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
//! # Handlers
//!
//! The loop ([`Simulation::run_until`]) is one exhaustive `match` without logic in its arms. It passes an event to a
//! handler: there is one for each subject, in a file with the fields that belong to the subject alone (`rides`,
//! `charging`, `relocation`, `control`, `trading`, `prices`, `retail`, `competition`, `loads`, `readings`, `feeder`). A
//! handler gets a `Step` (setup, state, queue, books) and knows no other handler. Code that needs no fields of its own
//! consists of functions on a step (`legs`, `visits`, `replay`, `ending`).
//!
//! `handlers` alone knows several of them. A policy only adds to the list of proposals on the step; `handlers` takes
//! each action to the code that carries it out, and asks the bidder of a fleet whether a vehicle may leave.

mod accounts;
mod charging;
mod competition;
mod control;
mod ending;
mod feeder;
mod guard;
mod handlers;
mod invariants;
mod legs;
mod loads;
mod prices;
mod queue;
mod readings;
mod relocation;
mod replay;
mod retail;
mod rides;
mod start;
mod step;
mod trading;
mod visits;

pub use guard::EndlessInstant;
pub use queue::{Event, EventQueue};
pub use start::{foresee, metrics_setup, policies};

use crate::policies::{Bidding, Charging, Dispatch, Refusal, Relocation, RetailPolicies, StationControl};
use crate::world::{Setup, State};
use gridfleet_core::error::{Error, Result};
use gridfleet_core::ids::VehicleId;
use gridfleet_core::ledger::Money;
use gridfleet_core::records::Recorder;
use gridfleet_core::rng::Streams;
use gridfleet_core::time::SimTime;
use handlers::Handlers;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use step::Shared;

/// One replication of a scenario.
pub struct Simulation {
    /// Everything that handlers share.
    shared: Shared,
    handlers: Handlers,
    streams: Streams,
    guard: guard::Guard,
    events: u64,
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
        let mut shared = Shared::new(setup, dispatch.cadence());
        let handlers = Handlers::new(&mut shared, dispatch, charging, streams);
        let start = shared.setup.start;
        shared.queue.charging_round(start);
        shared.queue.meter(start);
        let (guard, audit) = (guard::Guard::default(), cfg!(debug_assertions));
        Self { shared, handlers, streams, guard, events: 0, audit }
    }

    /// Adds a policy that relocates idle vehicles; in replay, where relocations by staff are recorded, it is never
    /// called.
    #[must_use]
    pub fn with_relocation(mut self, relocation: Option<Box<dyn Relocation>>) -> Self {
        self.handlers.relocation.set_policy(&mut self.shared.step(&mut ()), relocation);
        self
    }

    /// Adds a policy that limits stations.
    #[must_use]
    pub fn with_station_control(mut self, stations: Option<Box<dyn StationControl>>) -> Self {
        self.handlers.control.set_policy(stations);
        self
    }

    /// Adds a policy for each bidder of the setup, in their order.
    ///
    /// # Panics
    /// If there are more or fewer policies than bidders.
    #[must_use]
    pub fn with_bidding(mut self, policies: Vec<Box<dyn Bidding>>) -> Self {
        let bidders = self.shared.setup.trading.bidders.len();
        assert_eq!(policies.len(), bidders, "a policy for each bidder");
        self.handlers.trading.set_policies(&mut self.shared.step(&mut ()), policies, self.streams);
        self
    }

    /// Adds the retail policies, and plugs in the privately owned vehicles where they park.
    #[must_use]
    pub fn with_retail(mut self, policies: RetailPolicies) -> Self {
        let RetailPolicies { pricing, response, aggregator } = policies;
        self.handlers.competing.set_policy(aggregator);
        // Plugging in a vehicle is not recorded here.
        let mut unrecorded = ();
        let step = &mut self.shared.step(&mut unrecorded);
        let (setup, retail) = (step.setup, &step.setup.retail);
        if !retail.is_empty() {
            self.handlers.retail.set_policies(setup, pricing, response);
            for (i, departures) in retail.departures.iter().enumerate() {
                if departures.first().is_some_and(|&first| first > setup.start) {
                    self.handlers.plug_in(step, VehicleId::new(i));
                }
            }
        }
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
        let (step, handlers) = (&mut self.shared.step(recorder), &mut self.handlers);
        let until = until.min(step.setup.end);
        // Checked before each event: some take long, and the check is cheap compared with any event.
        while !stop.load(Ordering::Relaxed) {
            let Some((time, event)) = step.queue.pop(step.setup, until) else { break };
            debug_assert!(time >= step.state.now, "time goes back");
            if time > step.state.now {
                self.guard.next_instant();
            }
            step.state.advance(step.setup, time);
            self.events += 1;
            if self.guard.too_often(event) {
                return Err(self.guard.endless(step.setup, time, event));
            }
            match event {
                Event::StationChange(station) => visits::on_change(step, station),
                Event::LoadClearing(retailer) => handlers.on_load_clearing(step, retailer),
                Event::Settlement => handlers.trading.on_settlement(step),
                Event::PriceBroadcast(retailer) => handlers.on_price_broadcast(step, retailer),
                Event::PriceChange(retailer) => handlers.on_price_change(step, retailer),
                Event::LegEnd(vehicle) => handlers.on_leg_end(step, vehicle),
                Event::Request(request) => handlers.on_request(step, request),
                Event::Expiry(request) => rides::on_expiry(step, request),
                Event::DispatchRound => handlers.on_dispatch_round(step),
                Event::ChargingRound => handlers.on_charging_round(step),
                Event::RelocationRound => handlers.on_relocation_round(step),
                Event::GateClosure(market) => handlers.on_gate_closure(step, market),
                Event::Clearing(market) => handlers.trading.on_clearing(step, market),
                Event::Meter => handlers.on_meter(step, self.audit),
            }
        }
        Ok(())
    }

    /// Ends the replication at the end of the horizon: processes the remaining events, records activities in progress
    /// and reads the meters a last time.
    ///
    /// # Errors
    /// If policy and engine respond to each other endlessly within one instant.
    pub fn finish(&mut self, recorder: &mut dyn Recorder) -> Result<(), EndlessInstant> {
        self.run_until(self.shared.setup.end, recorder)?;
        let step = &mut self.shared.step(recorder);
        step.state.advance(step.setup, step.setup.end);
        self.handlers.finish(step);
        Ok(())
    }

    /// Current time.
    pub fn now(&self) -> SimTime {
        self.shared.state.now
    }

    /// Number of events processed so far.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The world.
    pub fn state(&self) -> &State {
        &self.shared.state
    }

    /// The constant part of the replication.
    pub fn setup(&self) -> &Setup {
        &self.shared.setup
    }

    /// Number of actions refused so far, by reason; reasons that did not occur are omitted.
    pub fn refusals(&self) -> impl Iterator<Item = (Refusal, u64)> + '_ {
        let proposals = &self.shared.proposals;
        Refusal::ALL.into_iter().map(|r| (r, proposals.refused(r))).filter(|&(_, count)| count > 0)
    }

    /// Number of station plans so far without an equilibrium within double precision.
    pub fn unsolved_plans(&self) -> u64 {
        self.handlers.control.unsolved()
    }

    /// Whether the books are valid: each amount could be posted, and all amounts sum to zero.
    ///
    /// # Errors
    /// [`Error::Input`] if an amount was too large, [`Error::Audit`] if the amounts do not sum to zero.
    pub fn books(&self) -> Result<()> {
        match self.shared.accounts.fault() {
            Some(fault) => Err(fault.into()),
            None if self.ledger_total() != Money::ZERO => {
                Err(Error::Audit("the books do not balance".to_owned()))
            }
            None => Ok(()),
        }
    }

    /// Sum over all accounts; zero unless the books are wrong.
    pub fn ledger_total(&self) -> Money {
        self.shared.accounts.ledger.total()
    }
}
