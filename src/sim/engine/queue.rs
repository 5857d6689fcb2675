//! The event queue: what is due, in total order.
//!
//! Events are ordered by (time, phase, entity). A phase belongs to one kind of
//! event, and an entity has at most one event of a kind pending, so the order is
//! total and the same however the events came in.
//!
//! One queue to the simulation, several structures inside, each for how its
//! events come and go:
//! - requests and their patience come sorted from the trace: two cursors, nothing stored;
//! - legs end when they were meant to: a binary heap of one word per driving vehicle;
//! - a station's next change moves whenever a vehicle comes or goes: one entry per
//!   station in a priority queue by key;
//! - broadcasts, price changes, meters and rounds are few: a small heap.

use crate::world::Setup;
use gridfleet_core::ids::{MarketId, RequestId, RetailerId, StationId, VehicleId};
use gridfleet_core::time::SimTime;
use priority_queue::PriorityQueue;
use rustc_hash::FxHasher;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::BuildHasherDefault;

/// Something that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// A session may be complete, a vehicle in line may give up, or power is to be divided anew.
    StationChange(StationId),
    /// A slot ends in which the load has made a retailer's price.
    LoadClearing(RetailerId),
    /// A settlement interval ends.
    Settlement,
    /// A retailer announces the price of a coming slot.
    PriceBroadcast(RetailerId),
    /// An announced price comes into force.
    PriceChange(RetailerId),
    /// A vehicle arrives.
    LegEnd(VehicleId),
    /// A rider asks.
    Request(RequestId),
    /// A rider gives up.
    Expiry(RequestId),
    /// The dispatch policy is asked.
    DispatchRound,
    /// The charging policy is asked about vehicles that have become idle.
    ChargingRound,
    /// The relocation policy is asked.
    RelocationRound,
    /// Bids for some products of a market are taken for the last time.
    GateClosure(MarketId),
    /// The result of a closed gate is known.
    Clearing(MarketId),
    /// The meters are read, and the charging policy is asked about everything.
    Meter,
}

/// When in an instant an event happens: connectors are freed first, what was drawn is priced and settled, prices change,
/// vehicles and riders arrive and see all that, riders give up, policies decide, gates close and markets clear, and
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
    /// Every phase, in its order.
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

/// What is due.
#[derive(Debug, Clone)]
pub struct EventQueue {
    start: SimTime,
    /// (end, vehicle) of each leg under way, packed.
    legs: BinaryHeap<Reverse<u64>>,
    stations: PriorityQueue<u32, Reverse<(u64, u32)>, BuildHasherDefault<FxHasher>>,
    /// Broadcasts, price changes, relocation rounds, gates, clearings, settlements, meters: (key, entity).
    timers: BinaryHeap<Reverse<(Key, u32)>>,
    /// Times of requests, and the first that has not been made.
    next_request: usize,
    /// The first request whose patience has not run out.
    next_expiry: usize,
    /// How long riders wait; `None` in replay, where nobody does.
    patience_s: Option<i64>,
    dispatch: Option<u64>,
    charging: Option<u64>,
}

impl EventQueue {
    /// A queue that holds the requests of `setup` and nothing else.
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

    /// A vehicle will arrive at `end`. It must have no other leg under way.
    #[inline]
    pub fn leg_ends(&mut self, vehicle: VehicleId, end: SimTime) {
        // 32 bits of seconds are 136 years.
        self.legs.push(Reverse(self.since_start(end) << 32 | u64::from(vehicle.0)));
    }

    /// The next change of a station comes at `at`, or not at all; what was known before is forgotten.
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

    /// A retailer will announce a price.
    pub fn broadcast(&mut self, retailer: RetailerId, at: SimTime) {
        let key = key(self.since_start(at), Phase::PriceBroadcast);
        self.timers.push(Reverse((key, u32::from(retailer.0))));
    }

    /// An announced price will come into force.
    pub fn price_changes(&mut self, retailer: RetailerId, at: SimTime) {
        let key = key(self.since_start(at), Phase::PriceChange);
        self.timers.push(Reverse((key, u32::from(retailer.0))));
    }

    /// A slot will end in which the load makes a retailer's price.
    pub fn load_clearing(&mut self, retailer: RetailerId, at: SimTime) {
        let key = key(self.since_start(at), Phase::LoadClearing);
        self.timers.push(Reverse((key, u32::from(retailer.0))));
    }

    /// A gate of a market will close.
    pub fn gate_closes(&mut self, market: MarketId, at: SimTime) {
        self.timers.push(Reverse((key(self.since_start(at), Phase::GateClosure), u32::from(market.0))));
    }

    /// A market will clear.
    pub fn clearing(&mut self, market: MarketId, at: SimTime) {
        self.timers.push(Reverse((key(self.since_start(at), Phase::Clearing), u32::from(market.0))));
    }

    /// A settlement interval will end.
    pub fn settlement(&mut self, at: SimTime) {
        self.timers.push(Reverse((key(self.since_start(at), Phase::Settlement), 0)));
    }

    /// The meters will be read.
    pub fn meter(&mut self, at: SimTime) {
        self.timers.push(Reverse((key(self.since_start(at), Phase::Meter), 0)));
    }

    /// The relocation policy will be asked.
    pub fn relocation_round(&mut self, at: SimTime) {
        self.timers.push(Reverse((key(self.since_start(at), Phase::RelocationRound), 0)));
    }

    /// The dispatch policy will be asked, at `at` or earlier if that is already due.
    pub fn dispatch_round(&mut self, at: SimTime) {
        let at = self.since_start(at);
        self.dispatch = Some(self.dispatch.map_or(at, |due| due.min(at)));
    }

    /// The charging policy will be asked about idle vehicles.
    pub fn charging_round(&mut self, at: SimTime) {
        let at = self.since_start(at);
        self.charging = Some(self.charging.map_or(at, |due| due.min(at)));
    }

    /// Takes the next event before `end`.
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
        let times = &setup.requests.time;
        offer(
            times.get(self.next_request).map(|&t| key((t - self.start) as u64, Phase::Request)),
            Some(Phase::Request),
        );
        offer(self.legs.peek().map(|Reverse(leg)| key(leg >> 32, Phase::LegEnd)), Some(Phase::LegEnd));
        offer(
            self.stations.peek().map(|(_, Reverse((at, _)))| key(*at, Phase::StationChange)),
            Some(Phase::StationChange),
        );
        // A rider's patience runs out only after the rider has asked.
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
