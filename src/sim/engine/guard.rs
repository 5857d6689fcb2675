//! Guard against endless instants: a policy whose response to an event triggers the same event again at once.
//!
//! Events of busy instants are counted by kind and entity. Beyond ten thousand of one kind and entity the run ends with
//! an [`EndlessInstant`] that names entity, event and policy.

use super::Event;
use crate::world::Setup;
use gridfleet_core::error::Error;
use gridfleet_core::time::SimTime;
use rustc_hash::FxHashMap;

/// Number of events of one instant that are not counted individually: every vehicle may arrive at once, but few
/// instants have this many events.
const FREE: u32 = 10_000;

/// Maximum number of events of one kind and entity at one instant, beyond [`FREE`] events of any kind.
const MOST: u32 = 10_000;

/// An endless instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "at {} the {event} of {entity} came {MOST} times within one instant: {policy} answers it with an action that ends in that instant",
    .time.iso()
)]
pub struct EndlessInstant {
    /// The instant.
    pub time: SimTime,
    /// Kind of the event that occurred too often.
    pub event: &'static str,
    /// Name of the vehicle, station, retailer or market, or the simulation.
    pub entity: String,
    /// The policy called most often at that instant.
    pub policy: &'static str,
}

impl From<EndlessInstant> for Error {
    fn from(endless: EndlessInstant) -> Self {
        Self::failed(endless)
    }
}

/// Counts the events of one instant.
#[derive(Debug, Default)]
pub(super) struct Guard {
    events: u32,
    counts: FxHashMap<Event, u32>,
}

impl Guard {
    /// Time advances.
    #[inline]
    pub(super) fn next_instant(&mut self) {
        if self.events > FREE {
            self.counts.clear();
        }
        self.events = 0;
    }

    /// Whether an event has occurred too often.
    #[inline]
    pub(super) fn too_often(&mut self, event: Event) -> bool {
        self.events = self.events.saturating_add(1);
        self.events > FREE && self.count(event) > MOST
    }

    #[cold]
    fn count(&mut self, event: Event) -> u32 {
        // A request occurs once and expires once.
        if matches!(event, Event::Request(_) | Event::Expiry(_)) {
            return 0;
        }
        let count = self.counts.entry(event).or_default();
        *count += 1;
        *count
    }

    /// An instant without end, at which this event has occurred too often.
    #[cold]
    pub(super) fn endless(&self, setup: &Setup, time: SimTime, event: Event) -> EndlessInstant {
        let (event, entity) = match event {
            Event::StationChange(at) => {
                ("station change", format!("station \"{}\"", setup.stations[at].name))
            }
            Event::LegEnd(vehicle) => ("arrival", format!("vehicle \"{}\"", setup.vehicles[vehicle].name)),
            Event::GateClosure(market) | Event::Clearing(market) => {
                ("gate or clearing", format!("market \"{}\"", setup.trading.markets[market].name))
            }
            Event::LoadClearing(retailer)
            | Event::PriceBroadcast(retailer)
            | Event::PriceChange(retailer) => {
                ("price", format!("retailer \"{}\"", setup.retailers[retailer].name))
            }
            Event::Settlement => ("settlement", "the markets".to_owned()),
            Event::Meter => ("meter reading", "the simulation".to_owned()),
            Event::DispatchRound => ("round", "the dispatch policy".to_owned()),
            Event::ChargingRound => ("round", "the charging policy".to_owned()),
            Event::RelocationRound => ("round", "the relocation policy".to_owned()),
            Event::Request(request) | Event::Expiry(request) => ("request", format!("request {}", request.0)),
        };
        EndlessInstant { time, event, entity, policy: self.busiest_policy() }
    }

    /// The policy called most often at this instant.
    fn busiest_policy(&self) -> &'static str {
        let rounds = [
            (Event::DispatchRound, "the dispatch policy"),
            (Event::ChargingRound, "the charging policy"),
            (Event::RelocationRound, "the relocation policy"),
        ];
        let asked = |event: &Event| self.counts.get(event).copied().unwrap_or(0);
        rounds
            .iter()
            .max_by_key(|(event, _)| asked(event))
            .filter(|(event, _)| asked(event) > 0)
            .map_or("a policy of stations or bids", |&(_, name)| name)
    }
}
