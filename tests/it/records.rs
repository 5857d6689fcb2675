//! A recorder of riders, vehicles and accounts, and a scenario file prepared to run.

use gridfleet::engine;
use gridfleet::ledger::LedgerEntry;
use gridfleet::policies::Policies;
use gridfleet::records::{LegRecord, Recorder, SessionRecord, TripRecord};
use gridfleet::rng::Streams;
use gridfleet::scenario::{self, Overrides};
use gridfleet::world::Setup;
use std::path::Path;
use std::sync::Arc;

/// Trips, legs, sessions and postings, in their order.
#[derive(Default, PartialEq, Debug)]
pub struct Records {
    pub trips: Vec<TripRecord>,
    pub legs: Vec<LegRecord>,
    pub sessions: Vec<SessionRecord>,
    pub ledger: Vec<LedgerEntry>,
}

impl Recorder for Records {
    fn trip(&mut self, record: &TripRecord) {
        self.trips.push(*record);
    }
    fn leg(&mut self, record: &LegRecord) {
        self.legs.push(*record);
    }
    fn session(&mut self, record: &SessionRecord) {
        self.sessions.push(*record);
    }
    fn ledger(&mut self, entry: &LedgerEntry) {
        self.ledger.push(*entry);
    }
}

/// The world and the policies of a scenario file, for a replication.
pub fn ready(path: &Path, set: &[&str], streams: Streams) -> (Arc<Setup>, Policies) {
    let set = set.iter().map(|text| (*text).to_owned()).collect();
    let scenario = scenario::load(path, &Overrides { set, ..Overrides::default() }).unwrap();
    let (setup, prepared) = scenario.build(streams).unwrap();
    let setup = Arc::new(setup);
    let policies = engine::policies(&prepared.policies, &setup, streams);
    (setup, policies)
}
