//! A scenario file prepared to run.

use gridfleet::engine;
use gridfleet::policies::Policies;
use gridfleet::rng::Streams;
use gridfleet::scenario::{self, Overrides};
use gridfleet::world::Setup;
use std::path::Path;
use std::sync::Arc;

/// The world and the policies of a scenario file, for a replication.
pub fn ready(path: &Path, set: &[&str], streams: Streams) -> (Arc<Setup>, Policies) {
    let set = set.iter().map(|text| (*text).to_owned()).collect();
    let scenario = scenario::load(path, &Overrides { set, ..Overrides::default() }).unwrap();
    let (setup, prepared) = scenario.build(streams).unwrap();
    let setup = Arc::new(setup);
    let policies = engine::policies(&prepared.policies, &setup, streams);
    (setup, policies)
}
