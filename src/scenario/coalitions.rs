//! Fleets that take part, their coalitions, and the resources that they share.

use super::problems::Problems;
use super::spec::{DemandOf, ModeSpec, ScenarioFile, Shares};
use super::suggest;
use gridfleet_core::ids::FleetId;
use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_sim::world::{Requests, Station, VehicleStart};
use rand::RngExt as _;

/// Draws of a fleet for riders whose fleet does not take part are numbered from here; draws for riders without a fleet
/// from 0, by the keys of trips.
const FIRST_DRAW: u64 = 1 << 63;

/// The coalition of each fleet, numbered by its first fleet; empty if each fleet is alone.
pub fn coalitions(spec: &ScenarioFile, problems: &mut Problems<'_>) -> Vec<usize> {
    if spec.operation.coalitions.is_empty() {
        return Vec::new();
    }
    let mut of_fleet: Vec<Option<usize>> = vec![None; spec.fleets.len()];
    for (i, members) in spec.operation.coalitions.iter().enumerate() {
        let mut first = None;
        for (j, name) in members.iter().enumerate() {
            let key = format!("operation.coalitions[{i}][{j}]");
            let found = format!("\"{name}\"");
            let Some(fleet) = spec.fleets.iter().position(|fleet| fleet.name == *name) else {
                let names = spec.fleets.iter().map(|fleet| fleet.name.as_str());
                problems.add(&key, found, "the name of a fleet").perhaps(suggest::help(name, names));
                continue;
            };
            if of_fleet[fleet].is_some() {
                problems.add(
                    &key,
                    format!("{found} for the second time"),
                    "each fleet in one coalition at most",
                );
            }
            of_fleet[fleet] = Some(*first.get_or_insert(fleet));
        }
    }
    of_fleet.iter().enumerate().map(|(fleet, coalition)| coalition.unwrap_or(fleet)).collect()
}

/// By fleet, whether it takes part.
pub fn take_part(spec: &ScenarioFile, problems: &mut Problems<'_>) -> Vec<bool> {
    let operation = &spec.operation;
    if operation.take_part.is_empty() {
        return vec![true; spec.fleets.len()];
    }
    if operation.mode == ModeSpec::Replay {
        problems.add("operation.take_part", "a list of fleets in `replay`", "mode = \"dispatch\"");
    }
    let mut takes_part = vec![false; spec.fleets.len()];
    for (i, name) in operation.take_part.iter().enumerate() {
        match spec.fleets.iter().position(|fleet| fleet.name == *name) {
            Some(fleet) => takes_part[fleet] = true,
            None => {
                let names = spec.fleets.iter().map(|fleet| fleet.name.as_str());
                let found = format!("\"{name}\"");
                problems
                    .add(&format!("operation.take_part[{i}]"), found, "the name of a fleet")
                    .perhaps(suggest::help(name, names));
            }
        }
    }
    takes_part
}

/// Opens each station that a fleet may use to all fleets of its coalition.
pub(crate) fn share_stations(spec: &ScenarioFile, coalitions: &[usize], stations: &mut [Station]) {
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
pub(crate) fn leave_out(
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
            let keeps: Vec<bool> = requests.fleet.iter().map(|fleet| takes_part[fleet.index()]).collect();
            requests.retain(|i| keeps[i]);
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
