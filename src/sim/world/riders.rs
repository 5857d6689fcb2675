//! Riders at one instant: which requests have been made, which wait for a vehicle, which have one, and which have ended.
//!
//! Everyone may read; only the methods here change a status, so that the index of those that wait agrees with it.

use super::{Nearby, Setup};
use gridfleet_core::ids::{IdVec, RequestId};

/// Status of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestState {
    /// Not yet made.
    Future,
    /// Made; no vehicle yet.
    Waiting,
    /// A vehicle is driving to the rider, or the rider is on board.
    Assigned,
    /// Served or lost.
    Ended,
}

/// All requests of a replication.
#[derive(Debug, Clone)]
pub struct Riders {
    status: IdVec<RequestId, RequestState>,
    /// Those that wait, by place of origin.
    waiting: Nearby,
    /// Those that could not get a vehicle because it was committed to a market; empty without bidders.
    turned_away: IdVec<RequestId, bool>,
}

/// Number of cells of the index of those that wait.
const CELLS: usize = 1_024;

impl Riders {
    /// Before the first request.
    pub fn new(setup: &Setup) -> Self {
        let count = setup.requests.len();
        let bidders = setup.trading.is_active();
        Self {
            status: IdVec::filled(count, RequestState::Future),
            waiting: Nearby::new(&setup.places, count, CELLS).in_order(),
            turned_away: IdVec::filled(if bidders { count } else { 0 }, false),
        }
    }

    /// Status of a request.
    #[inline]
    pub fn status(&self, request: RequestId) -> RequestState {
        self.status[request]
    }

    /// Whether a request waits for a vehicle.
    #[inline]
    pub fn is_waiting(&self, request: RequestId) -> bool {
        self.status[request] == RequestState::Waiting
    }

    /// Those that wait, by place of origin; at one place the oldest first.
    #[inline]
    pub fn waiting(&self) -> &Nearby {
        &self.waiting
    }

    /// Those that have no vehicle yet, in their order: not yet made, or waiting.
    pub fn unanswered(&self) -> impl Iterator<Item = RequestId> + '_ {
        let open = |status: RequestState| matches!(status, RequestState::Future | RequestState::Waiting);
        self.status.entries().filter(move |&(_, &status)| open(status)).map(|(request, _)| request)
    }

    /// Whether a request could not get a vehicle because it was committed to a market.
    pub fn was_turned_away(&self, request: RequestId) -> bool {
        self.turned_away.of(request).copied().unwrap_or(false)
    }

    /// A rider makes a request and waits for a vehicle.
    pub fn wait(&mut self, setup: &Setup, request: RequestId) {
        debug_assert_eq!(self.status[request], RequestState::Future, "{request:?}");
        self.status[request] = RequestState::Waiting;
        self.waiting.insert(&setup.places, request.0, setup.requests.origin[request]);
    }

    /// A request gets a vehicle: after waiting, or at once if its vehicle is recorded.
    pub fn assign(&mut self, request: RequestId) {
        self.change(request, RequestState::Assigned);
    }

    /// A request is served or lost.
    pub fn end(&mut self, request: RequestId) {
        self.change(request, RequestState::Ended);
    }

    /// The vehicle that a request could have got is committed to a market.
    pub fn turn_away(&mut self, request: RequestId) {
        self.turned_away[request] = true;
    }

    fn change(&mut self, request: RequestId, to: RequestState) {
        let from = std::mem::replace(&mut self.status[request], to);
        debug_assert!(from != RequestState::Ended && from != to, "{request:?} is {from:?}");
        if from == RequestState::Waiting {
            self.waiting.remove(request.0);
        }
    }

    /// Checks that the index has those that wait and no other.
    ///
    /// # Panics
    /// If it does not: a bug in the engine.
    pub(crate) fn check(&self) {
        let waiting = self.status.iter().filter(|&&status| status == RequestState::Waiting).count();
        assert_eq!(waiting, self.waiting.len(), "requests that wait");
        assert!(self.waiting.iter().all(|request| self.is_waiting(RequestId(request))), "requests that wait");
    }
}
