//! A guard against instants that never end: a policy whose answer to an event brings the same event about again at once.

use super::Event;
use gridfleet_core::error::Error;
use gridfleet_core::time::SimTime;
use rustc_hash::FxHashMap;

/// Events of one instant that are not counted one by one: every vehicle may arrive at once, but few instants are so busy.
const FREE: u32 = 10_000;

/// Most events of one kind of one entity at one instant, beyond [`FREE`] events of any.
const MOST: u32 = 10_000;

/// An instant that does not end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "at {} the {event} of {entity} came {MOST} times within one instant: {policy} answers it with an action that ends in that instant",
    .time.iso()
)]
pub struct EndlessInstant {
    /// The instant.
    pub time: SimTime,
    /// The kind of event that came too often.
    pub event: &'static str,
    /// The vehicle, station, retailer or market, by name, or the simulation.
    pub entity: String,
    /// The policy that was asked most often at that instant.
    pub policy: &'static str,
}

impl From<EndlessInstant> for Error {
    fn from(endless: EndlessInstant) -> Self {
        Self::Other(endless.to_string())
    }
}

/// Counts what happens at one instant.
#[derive(Debug, Default)]
pub(super) struct Guard {
    events: u32,
    counts: FxHashMap<Event, u32>,
}

impl Guard {
    /// Time goes on.
    #[inline]
    pub(super) fn next_instant(&mut self) {
        if self.events > FREE {
            self.counts.clear();
        }
        self.events = 0;
    }

    /// Whether an event has come too often.
    #[inline]
    pub(super) fn too_often(&mut self, event: Event) -> bool {
        self.events = self.events.saturating_add(1);
        self.events > FREE && self.count(event) > MOST
    }

    #[cold]
    fn count(&mut self, event: Event) -> u32 {
        // A request comes once, and gives up once.
        if matches!(event, Event::Request(_) | Event::Expiry(_)) {
            return 0;
        }
        let count = self.counts.entry(event).or_default();
        *count += 1;
        *count
    }

    /// The policy that was asked most often at this instant.
    pub(super) fn busiest_policy(&self) -> &'static str {
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
