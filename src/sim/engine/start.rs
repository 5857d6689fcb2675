//! Builds a simulation that is ready to run from the policies named in a scenario.

use super::Simulation;
use crate::policies::aggregator::Aggregator;
use crate::policies::bidding::{Foresight, clairvoyant};
use crate::policies::{Policies, PolicySpecs, RetailPolicies};
use crate::world::{Party, Setup, View};
use gridfleet_core::error::Result;
use gridfleet_core::ids::{BidderId, IdVec};
use gridfleet_core::records::metrics::MetricsSetup;
use gridfleet_core::rng::Streams;
use gridfleet_core::time::SimTime;
use std::sync::Arc;

impl Simulation {
    /// A replication at its start, with these policies.
    pub fn under(setup: Arc<Setup>, policies: Policies, streams: Streams) -> Self {
        let trades = setup.trading.is_active();
        let simulation = Self::new(setup, policies.dispatch, policies.charging, streams)
            .with_relocation(policies.relocation)
            .with_station_control(policies.stations)
            .with_retail(policies.retail);
        if trades { simulation.with_bidding(policies.bidding) } else { simulation }
    }
}

/// Static inputs of the metrics of a world, including the clairvoyant bounds if it requires them.
///
/// # Errors
/// If the solver of the bounds fails.
pub fn metrics_setup(setup: &Setup) -> Result<MetricsSetup> {
    let bounds = if setup.trading.clairvoyant_bound { clairvoyant::bounds(setup)? } else { None };
    Ok(MetricsSetup {
        start: setup.start,
        end: setup.end,
        measured_from: setup.measured_from,
        end_value_per_mwh: setup.end_value_per_mwh,
        connectors: setup.stations.iter().map(|station| station.connectors.len() as u64).sum(),
        co2_kg_per_kwh: setup.co2_kg_per_kwh,
        trades: setup.trading.is_active(),
        bounds,
        station_group: setup.station_group.clone(),
        retail: setup.retail_facts(),
        competition: setup.competition_facts(),
    })
}

/// Creates the policies of one replication. If a forecast replays the future, the replication is first simulated
/// without bids and without station limits.
pub fn policies(specs: &PolicySpecs, setup: &Arc<Setup>, streams: Streams) -> Policies {
    let trades = setup.trading.is_active();
    let needs_foresight = trades && specs.bidding.needs_foresight()
        || specs.stations.needs_foresight()
        || specs.aggregator.needs_foresight();
    let foresight = needs_foresight.then(|| Arc::new(foresee(specs, setup, streams)));
    let (buyer, seller) = match specs.aggregator.build(setup, foresight.as_ref(), streams) {
        Some(Aggregator { bidding, pricing }) => (Some(bidding), Some(pricing)),
        None => (None, None),
    };
    let mut bidding: Vec<_> = (0..if trades { setup.trading.bidders.len() } else { 0 })
        .map(|bidder| specs.bidding.build(setup, BidderId::new(bidder), foresight.as_ref(), streams))
        .collect();
    if let Some(buyer) = buyer
        && let Some(at) = setup.trading.bidders.iter().position(|party| matches!(party, Party::Retailer(_)))
        && let Some(bidding) = bidding.get_mut(at)
    {
        *bidding = buyer;
    }
    Policies {
        dispatch: specs.dispatch.build(),
        charging: specs.charging.build(),
        relocation: specs.relocation.build(),
        bidding,
        stations: specs.stations.build(setup, foresight.as_ref(), streams),
        retail: RetailPolicies { aggregator: seller, ..specs.retail() },
    }
}

/// The power that each fleet could take at each meter reading, and the energy that would be requested at stations,
/// without bids and without station limits.
pub fn foresee(specs: &PolicySpecs, setup: &Arc<Setup>, streams: Streams) -> Foresight {
    let mut simulation =
        Simulation::new(Arc::clone(setup), specs.dispatch.build(), specs.charging.build(), streams)
            .with_relocation(specs.relocation.build())
            .with_retail(specs.retail());
    let interval_s = setup.control_interval_s;
    let mut pool_kw = IdVec::filled(setup.fleets.len(), Vec::new());
    let run = |simulation: &mut Simulation, until: SimTime| {
        let ended = simulation.run_until(until, &mut ());
        assert!(ended.is_ok(), "a policy that ships keeps an instant from ending: {ended:?}");
    };
    let mut reading = setup.start;
    while reading < setup.end {
        // All events of that instant, but none after it.
        run(&mut simulation, reading + 1);
        let view = View::new(simulation.setup(), simulation.state());
        for fleet in setup.fleets.ids() {
            pool_kw[fleet].push(view.pool_kw(fleet));
        }
        reading += interval_s;
    }
    run(&mut simulation, setup.end);
    let Simulation { mut shared, mut handlers, .. } = simulation;
    shared.state.advance(setup, setup.end);
    handlers.competing.end_supply(&mut shared.step(&mut ()));
    let supplied = &shared.state.competition.supplied;
    let sold_kwh = supplied.iter().map(|slot| (slot.start, slot.kwh.iter().sum())).collect();
    Foresight { start: setup.start, interval_s, pool_kw, asked_kwh: shared.state.loads, sold_kwh }
}
