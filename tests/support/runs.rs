//! Simulations under the auditor's invariants, with everything that they record.

use gridfleet::engine::{self, Simulation};
use gridfleet::ledger::Money;
use gridfleet::policies::{ChargingSpec, DispatchSpec, Policies, RetailPolicies};
use gridfleet::records::Collected;
use gridfleet::rng::Streams;
use gridfleet::scenario::{self, Overrides};
use gridfleet::world::Setup;
use std::path::Path;
use std::sync::Arc;

/// The random streams of a test that does not depend on them.
pub const STREAMS: Streams = Streams { seed: 1, replication: 0 };

/// The nearest vehicle goes; it charges at the nearest station below a fifth, up to nine tenths.
pub fn policies() -> Policies {
    Policies {
        dispatch: DispatchSpec::NearestIdle {}.build(),
        charging: ChargingSpec::ThresholdNearest { start_soc: 0.2, target_soc: 0.9 }.build(),
        relocation: None,
        bidding: Vec::new(),
        stations: None,
        retail: RetailPolicies::default(),
    }
}

/// Runs a world to its end; the books must balance.
pub fn simulate(
    setup: impl Into<Arc<Setup>>,
    policies: Policies,
    streams: Streams,
) -> (Collected, Simulation) {
    let mut simulation = Simulation::under(setup.into(), policies, streams).audited();
    let mut records = Collected::default();
    simulation.finish(&mut records).unwrap();
    assert_eq!(simulation.ledger_total(), Money::ZERO);
    (records, simulation)
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
