//! Event queue: due events in total order.
//!
//! Events are ordered by (time, phase, entity). A phase belongs to one kind of event, and an entity has at most one
//! pending event of a kind, so the order is total and independent of the order of insertion.
//!
//! The simulation has one queue, which consists of several structures, each chosen for its kind of event:
//! - requests and their patience are sorted in the trace: two cursors, nothing stored;
//! - legs end as scheduled: a binary heap of one word per driving vehicle;
//! - a station's next change moves whenever a vehicle arrives or leaves: one entry per station in a priority queue by
//!   key;
//! - broadcasts, price changes, meters and rounds are few: a small heap.
//!
//! # Why no sequence numbers?
//!
//! A sequence number is the history of the queue: it differs as soon as anything is scheduled earlier or later than
//! before, though the world is the same.
//!
//! # Why several structures?
//!
//! Requests are known from the start and sorted. Two million entries in a heap would make every other push and pop
//! slower; a cursor costs nothing. Patience is the same for all riders, so they give up in the order of their requests:
//! a second cursor on the same column, which skips riders served in the meantime. If patience ever differs between
//! riders, a queue per class keeps this property.
//!
//! `priority-queue` finds entries by key, which stations need, at the cost of a hash table (228 ns for a push and a pop
//! at 100,000 pending, a plain heap 96 ns). Legs are never moved: a heap. `cargo bench --bench engine` compares the
//! whole with a bare binary heap.

use crate::world::Setup;
use gridfleet_core::ids::{MarketId, RequestId, RetailerId, StationId, VehicleId};
use gridfleet_core::time::SimTime;
use priority_queue::PriorityQueue;
use rustc_hash::FxHasher;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::BuildHasherDefault;

/// A due event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// A session may be complete, a queued vehicle may give up, or power has to be divided again.
    StationChange(StationId),
    /// A slot with a load-dependent price of a retailer ends.
    LoadClearing(RetailerId),
    /// A settlement interval ends.
    Settlement,
    /// A retailer announces the price of an upcoming slot.
    PriceBroadcast(RetailerId),
    /// An announced price comes into force.
    PriceChange(RetailerId),
    /// A vehicle arrives.
    LegEnd(VehicleId),
    /// A rider makes a request.
    Request(RequestId),
    /// A rider gives up.
    Expiry(RequestId),
    /// The dispatch policy is called.
    DispatchRound,
    /// The charging policy is called for vehicles that have become idle.
    ChargingRound,
    /// The relocation policy is called.
    RelocationRound,
    /// Last opportunity to bid for some products of a market.
    GateClosure(MarketId),
    /// The result of a closed gate is known.
    Clearing(MarketId),
    /// The meters are read, and the charging policy is called for all vehicles.
    Meter,
}

/// Order of events within an instant: connectors are freed first, energy drawn is priced and settled, prices change,
/// vehicles and riders arrive and see all of that, riders give up, policies decide, gates close and markets clear, and
/// meters are read last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
enum Phase {
    StationChange,
    LoadClearing,
    Settlement,
    PriceBroadcast,
    PriceChange,
    LegEnd,
    Request,
    Expiry,
    DispatchRound,
    ChargingRound,
    RelocationRound,
    GateClosure,
    Clearing,
    Meter,
}

impl Phase {
    /// All phases, in their order.
    const ALL: [Self; 14] = [
        Self::StationChange,
        Self::LoadClearing,
        Self::Settlement,
        Self::PriceBroadcast,
        Self::PriceChange,
        Self::LegEnd,
        Self::Request,
        Self::Expiry,
        Self::DispatchRound,
        Self::ChargingRound,
        Self::RelocationRound,
        Self::GateClosure,
        Self::Clearing,
        Self::Meter,
    ];
}

/// Time since the start [s] and phase in one word, so that one comparison orders two events.
type Key = u64;

fn key(since_start_s: u64, phase: Phase) -> Key {
    since_start_s << 4 | phase as u64
}

/// The due events.
#[derive(Debug, Clone)]
pub struct EventQueue {
    start: SimTime,
    /// (end, vehicle) of each leg in progress, packed.
    legs: BinaryHeap<Reverse<u64>>,
    stations: PriorityQueue<u32, Reverse<(u64, u32)>, BuildHasherDefault<FxHasher>>,
    /// Broadcasts, price changes, relocation rounds, gates, clearings, settlements, meters: (key, entity).
    timers: BinaryHeap<Reverse<(Key, u32)>>,
    /// Index of the first request that has not been made.
    next_request: usize,
    /// Index of the first request whose patience has not run out.
    next_expiry: usize,
    /// Patience of riders; `None` in replay, where riders do not wait.
    patience_s: Option<i64>,
    dispatch: Option<u64>,
    charging: Option<u64>,
}

impl EventQueue {
    /// A queue that contains only the requests of `setup`.
    pub fn new(setup: &Setup) -> Self {
        let patience_s = match setup.mode {
            crate::world::Mode::Dispatch { patience_s } => Some(patience_s),
            crate::world::Mode::Replay => None,
        };
        Self {
            start: setup.start,
            legs: BinaryHeap::with_capacity(setup.vehicles.len()),
            stations: PriorityQueue::with_capacity_and_hasher(
                setup.stations.len(),
                BuildHasherDefault::default(),
            ),
            timers: BinaryHeap::new(),
            next_request: 0,
            next_expiry: 0,
            patience_s,
            dispatch: None,
            charging: None,
        }
    }

    fn since_start(&self, t: SimTime) -> u64 {
        debug_assert!(t >= self.start);
        (t - self.start) as u64
    }

    /// Schedules the arrival of a vehicle at `end`. It must have no other leg in progress.
    #[inline]
    pub fn leg_ends(&mut self, vehicle: VehicleId, end: SimTime) {
        // 32 bits of seconds are 136 years.
        self.legs.push(Reverse(self.since_start(end) << 32 | u64::from(vehicle.0)));
    }

    /// Schedules the next change of a station at `at`, or removes it; replaces the previous entry.
    #[inline]
    pub fn station_changes(&mut self, station: StationId, at: Option<SimTime>) {
        match at {
            Some(at) => {
                let at = self.since_start(at);
                self.stations.push(station.0, Reverse((at, station.0)));
            }
            None => {
                self.stations.remove(&station.0);
            }
        }
    }

    /// Schedules a price announcement of a retailer.
    pub fn broadcast(&mut self, retailer: RetailerId, at: SimTime) {
        let key = key(self.since_start(at), Phase::PriceBroadcast);
        self.timers.push(Reverse((key, u32::from(retailer.0))));
    }

    /// Schedules the start of an announced price.
    pub fn price_changes(&mut self, retailer: RetailerId, at: SimTime) {
        let key = key(self.since_start(at), Phase::PriceChange);
        self.timers.push(Reverse((key, u32::from(retailer.0))));
    }

    /// Schedules the end of a slot with a load-dependent price of a retailer.
    pub fn load_clearing(&mut self, retailer: RetailerId, at: SimTime) {
        let key = key(self.since_start(at), Phase::LoadClearing);
        self.timers.push(Reverse((key, u32::from(retailer.0))));
    }

    /// Schedules a gate closure of a market.
    pub fn gate_closes(&mut self, market: MarketId, at: SimTime) {
        self.timers.push(Reverse((key(self.since_start(at), Phase::GateClosure), u32::from(market.0))));
    }

    /// Schedules a market clearing.
    pub fn clearing(&mut self, market: MarketId, at: SimTime) {
        self.timers.push(Reverse((key(self.since_start(at), Phase::Clearing), u32::from(market.0))));
    }

    /// Schedules the end of a settlement interval.
    pub fn settlement(&mut self, at: SimTime) {
        self.timers.push(Reverse((key(self.since_start(at), Phase::Settlement), 0)));
    }

    /// Schedules a meter reading.
    pub fn meter(&mut self, at: SimTime) {
        self.timers.push(Reverse((key(self.since_start(at), Phase::Meter), 0)));
    }

    /// Schedules a call of the relocation policy.
    pub fn relocation_round(&mut self, at: SimTime) {
        self.timers.push(Reverse((key(self.since_start(at), Phase::RelocationRound), 0)));
    }

    /// Schedules a call of the dispatch policy at `at`, or earlier if one is already scheduled.
    pub fn dispatch_round(&mut self, at: SimTime) {
        let at = self.since_start(at);
        self.dispatch = Some(self.dispatch.map_or(at, |due| due.min(at)));
    }

    /// Schedules a call of the charging policy for idle vehicles.
    pub fn charging_round(&mut self, at: SimTime) {
        let at = self.since_start(at);
        self.charging = Some(self.charging.map_or(at, |due| due.min(at)));
    }

    /// Removes and returns the next event before `end`.
    #[inline]
    pub fn pop(&mut self, setup: &Setup, end: SimTime) -> Option<(SimTime, Event)> {
        let mut first = key(self.since_start(end), Phase::StationChange);
        let mut source = None;
        let mut offer = |candidate: Option<Key>, phase: Option<Phase>| {
            if let Some(candidate) = candidate
                && candidate < first
            {
                (first, source) = (candidate, Some(phase));
            }
        };
        let times: &[SimTime] = &setup.requests.time;
        offer(
            times.get(self.next_request).map(|&t| key((t - self.start) as u64, Phase::Request)),
            Some(Phase::Request),
        );
        offer(self.legs.peek().map(|Reverse(leg)| key(leg >> 32, Phase::LegEnd)), Some(Phase::LegEnd));
        offer(
            self.stations.peek().map(|(_, Reverse((at, _)))| key(*at, Phase::StationChange)),
            Some(Phase::StationChange),
        );
        // A rider's patience runs out only after the request has been made.
        if self.next_expiry < self.next_request
            && let Some(patience_s) = self.patience_s
        {
            let at = times[self.next_expiry] + patience_s;
            offer(Some(key((at - self.start) as u64, Phase::Expiry)), Some(Phase::Expiry));
        }
        offer(self.dispatch.map(|at| key(at, Phase::DispatchRound)), Some(Phase::DispatchRound));
        offer(self.charging.map(|at| key(at, Phase::ChargingRound)), Some(Phase::ChargingRound));
        offer(self.timers.peek().map(|Reverse((key, _))| *key), None);
        let event = match source? {
            Some(Phase::Request) => {
                self.next_request += 1;
                Event::Request(RequestId::new(self.next_request - 1))
            }
            Some(Phase::LegEnd) => Event::LegEnd(VehicleId(self.legs.pop()?.0 as u32)),
            Some(Phase::StationChange) => Event::StationChange(StationId(self.stations.pop()?.0)),
            Some(Phase::Expiry) => {
                self.next_expiry += 1;
                Event::Expiry(RequestId::new(self.next_expiry - 1))
            }
            Some(Phase::DispatchRound) => {
                self.dispatch = None;
                Event::DispatchRound
            }
            Some(Phase::ChargingRound) => {
                self.charging = None;
                Event::ChargingRound
            }
            _ => {
                let Reverse((key, entity)) = self.timers.pop()?;
                let entity = entity as u16;
                match Phase::ALL[(key & 15) as usize] {
                    Phase::LoadClearing => Event::LoadClearing(RetailerId(entity)),
                    Phase::PriceBroadcast => Event::PriceBroadcast(RetailerId(entity)),
                    Phase::PriceChange => Event::PriceChange(RetailerId(entity)),
                    Phase::RelocationRound => Event::RelocationRound,
                    Phase::GateClosure => Event::GateClosure(MarketId(entity)),
                    Phase::Clearing => Event::Clearing(MarketId(entity)),
                    Phase::Settlement => Event::Settlement,
                    Phase::Meter => Event::Meter,
                    other => unreachable!("{other:?} is no timer"),
                }
            }
        };
        Some((self.start + (first >> 4) as i64, event))
    }
}
