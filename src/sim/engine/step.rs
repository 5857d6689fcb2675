//! Everything that a handler may use: the world, the queue, the books, and two lists that policies fill or empty. The
//! fields of other handlers are out of reach.
//!
//! - [`Notices`]: what a policy has not been called for yet. Any handler adds to them; the handler of the policy takes
//!   them.
//! - [`Proposals`]: actions that a policy has proposed. The handler of the policy adds to them;
//!   [`Handlers::apply`](super::handlers::Handlers::apply) takes them one by one to the handler that carries them out.

use super::EventQueue;
use super::accounts::{Accounts, Books};
use crate::policies::{Action, Cadence, Refusal, Turn};
use crate::world::{Activity, Setup, State, VehicleType, View};
use gridfleet_core::ids::{StationId, VehicleId};
use gridfleet_core::records::Recorder;
use gridfleet_core::time::SimTime;
use rand_pcg::Pcg64;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

/// Everything that a handler may use.
pub(super) struct Step<'a> {
    pub setup: &'a Setup,
    pub state: &'a mut State,
    pub queue: &'a mut EventQueue,
    pub books: Books<'a>,
    pub notices: &'a mut Notices,
    pub proposals: &'a mut Proposals,
}

/// The owner of all that a [`Step`] borrows.
pub(super) struct Shared {
    pub setup: Arc<Setup>,
    pub state: State,
    pub queue: EventQueue,
    pub accounts: Accounts,
    pub notices: Notices,
    pub proposals: Proposals,
}

impl Shared {
    /// A world at its start.
    pub fn new(setup: Arc<Setup>, cadence: Cadence) -> Self {
        Self {
            state: State::new(&setup),
            queue: EventQueue::new(&setup),
            accounts: Accounts::new(&setup),
            notices: Notices::new(&setup, cadence),
            proposals: Proposals::default(),
            setup,
        }
    }

    pub fn step<'a>(&'a mut self, recorder: &'a mut dyn Recorder) -> Step<'a> {
        Step {
            setup: &self.setup,
            state: &mut self.state,
            queue: &mut self.queue,
            books: Books { accounts: &mut self.accounts, recorder },
            notices: &mut self.notices,
            proposals: &mut self.proposals,
        }
    }
}

/// Changes that a policy has not been called for yet.
#[derive(Debug)]
pub(super) struct Notices {
    /// Vehicles that riders may request, for the dispatch policy.
    pub vehicles: Vec<VehicleId>,
    /// Vehicles that have become idle, for the charging policy.
    pub idle: Vec<VehicleId>,
    /// Vehicles that avoid a station at which they gave up waiting, by the end of the avoidance: idle again then.
    avoiding: BinaryHeap<Reverse<(SimTime, VehicleId)>>,
    /// Times at which the dispatch policy is called.
    pub cadence: Cadence,
}

impl Notices {
    fn new(setup: &Setup, cadence: Cadence) -> Self {
        // Bound trips determine which vehicles are plugged in where; no policy does.
        let assigned = |id: &VehicleId| !setup.is_preassigned(setup.vehicles[*id].fleet);
        let idle = setup.vehicles.ids().filter(assigned).collect();
        Self { vehicles: Vec::new(), idle, avoiding: BinaryHeap::new(), cadence }
    }
}

/// Actions that policies have proposed, and the number of those refused.
#[derive(Debug, Default)]
pub(super) struct Proposals {
    /// Proposed and not yet carried out or refused.
    pub actions: Vec<Action>,
    refused: [u64; Refusal::ALL.len()],
}

impl Proposals {
    pub fn refuse(&mut self, refusal: Refusal) {
        self.refused[refusal as usize] += 1;
    }

    /// Number of actions refused so far for this reason.
    pub fn refused(&self, refusal: Refusal) -> u64 {
        self.refused[refusal as usize]
    }
}

impl<'a> Step<'a> {
    #[inline]
    pub fn view(&self) -> View<'_> {
        View::new(self.setup, self.state)
    }

    #[inline]
    pub fn vehicle_type(&self, vehicle: VehicleId) -> &'a VehicleType {
        &self.setup.types[self.state.vehicles[vehicle].vehicle_type]
    }

    /// The turn of a policy that draws from `random`; its actions are added to the proposals.
    pub fn turn<'t>(&'t mut self, random: &'t mut Pcg64) -> Turn<'t> {
        let view = View::new(self.setup, self.state);
        Turn { view, random, actions: &mut self.proposals.actions }
    }

    /// Lets `act` happen with all its records passed to `other`, too.
    pub fn heard_by(&mut self, other: &mut dyn Recorder, act: impl FnOnce(&mut Step<'_>)) {
        let mut both = (&mut *self.books.recorder, other);
        act(&mut Step {
            setup: self.setup,
            state: self.state,
            queue: self.queue,
            books: Books { accounts: self.books.accounts, recorder: &mut both },
            notices: self.notices,
            proposals: self.proposals,
        });
    }

    /// Divides a station's power again and schedules its next change.
    pub fn divide_power(&mut self, station: StationId) {
        let next = self.state.redivide(self.setup, station);
        self.queue.station_changes(station, next);
    }

    /// Schedules the next call of the dispatch policy.
    pub fn call_dispatch(&mut self) {
        let now = self.state.now;
        let at = match self.notices.cadence {
            Cadence::OnChange => now,
            Cadence::Every(interval_s) => {
                let since_s = now - self.setup.start;
                now + (-since_s).rem_euclid(interval_s)
            }
        };
        self.queue.dispatch_round(at);
    }

    /// Riders may request a vehicle from now on.
    pub fn offer(&mut self, vehicle: VehicleId) {
        self.state.make_available(self.setup, vehicle);
        self.notices.vehicles.push(vehicle);
        if !self.state.riders.waiting().is_empty() {
            self.call_dispatch();
        }
    }

    /// A vehicle becomes idle at its current place: riders may request it, and the charging policy is called for it at
    /// the end of the instant.
    pub fn set_free(&mut self, vehicle: VehicleId) {
        if !self.setup.is_preassigned(self.state.vehicles[vehicle].fleet) {
            self.offer(vehicle);
            self.notices.idle.push(vehicle);
            self.queue.charging_round(self.state.now);
        }
    }

    /// A vehicle avoids a station until then.
    pub fn avoid(&mut self, vehicle: VehicleId, station: StationId, until: SimTime) {
        self.state.vehicles.avoid(vehicle, station, until);
        self.notices.avoiding.push(Reverse((until, vehicle)));
    }

    /// Calls the charging policy again for idle vehicles whose time of avoiding a station has ended.
    pub fn end_avoidance(&mut self) {
        while let Some(&Reverse((until, vehicle))) = self.notices.avoiding.peek()
            && until <= self.state.now
        {
            self.notices.avoiding.pop();
            let v = &self.state.vehicles[vehicle];
            if v.activity() == Activity::Idle && v.gave_up.iter().any(|&(_, end)| end == until) {
                self.notices.idle.push(vehicle);
                self.queue.charging_round(self.state.now);
            }
        }
    }
}
