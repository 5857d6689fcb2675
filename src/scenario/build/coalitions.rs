//! The resources that coalitions share, and the absence of fleets that do not take part.

use crate::spec::{DemandOf, ScenarioFile, Shares};
use gridfleet_core::ids::{FleetId, IdVec, RequestId};
use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_sim::world::{Requests, Station, VehicleStart};
use rand::RngExt as _;

/// Draws of a fleet for riders whose fleet does not take part are numbered from here; draws for riders without a fleet
/// from 0, by the keys of trips.
const FIRST_DRAW: u64 = 1 << 63;

/// Opens each station that a fleet may use to all fleets of its coalition.
pub fn share_stations(spec: &ScenarioFile, coalitions: &[usize], stations: &mut [Station]) {
    if coalitions.is_empty() || spec.operation.coalition_shares == Shares::Riders {
        return;
    }
    let fleets = || (0..coalitions.len()).map(FleetId::new);
    for station in stations {
        let before = station.access;
        for fleet in fleets().filter(|&fleet| before.allows(fleet)) {
            for other in fleets().filter(|other| coalitions[other.index()] == coalitions[fleet.index()]) {
                station.access = station.access.with(other);
            }
        }
    }
}

/// Removes vehicles and, depending on `operation.demand`, riders of fleets that do not take part. The vehicles and
/// riders of the others do not depend on the set of fleets that take part.
pub fn leave_out(
    spec: &ScenarioFile,
    takes_part: &[bool],
    requests: &mut Requests,
    vehicles: &mut Vec<VehicleStart>,
    streams: Streams,
) {
    let members: Vec<FleetId> =
        (0..takes_part.len()).filter(|&fleet| takes_part[fleet]).map(FleetId::new).collect();
    if members.len() == takes_part.len() || members.is_empty() {
        return;
    }
    vehicles.retain(|vehicle| takes_part[vehicle.fleet.index()]);
    match spec.operation.demand {
        DemandOf::Members => {
            let keeps: IdVec<RequestId, bool> =
                requests.fleet.iter().map(|fleet| takes_part[fleet.index()]).collect();
            requests.retain(|request| keeps[request]);
        }
        DemandOf::All => {
            let draws = streams.of(Purpose::FleetChoice);
            for (i, fleet) in requests.fleet.iter_mut().enumerate() {
                if !takes_part[fleet.index()] {
                    let draw: f64 = draws.stream(FIRST_DRAW | i as u64).random();
                    *fleet = members[((draw * members.len() as f64) as usize).min(members.len() - 1)];
                }
            }
        }
    }
}
