//! Stations with load-dependent prices: requirements on their policy and their retailers.

use super::stations::StationPlan;
use crate::document::Problems;
use crate::document::suggest;
use crate::spec::ScenarioFile;
use gridfleet_core::time::DAY_S;
use gridfleet_sim::policies::{StationCoalitionSpec, StationsSpec};
use gridfleet_sim::world::{Retailer, StationNames};

const KEY: &str = "operation.stations";

/// Checks the policy of stations against all retailers that could be read.
pub fn check(spec: &ScenarioFile, retailers: &[Retailer], problems: &mut Problems<'_>) {
    let policy = &spec.operation.stations;
    let follows = |retailer: &&Retailer| retailer.tariff.slope_per_mwh_kw().is_some();
    if *policy == (StationsSpec::Uncontrolled {}) {
        return;
    }
    if retailers.len() == spec.retailers.len() && !retailers.iter().any(|retailer| follows(&retailer)) {
        let found = format!("\"{}\", but no retailer whose price follows the load", policy.name());
        problems
            .add(&format!("{KEY}.kind"), found, "a retailer with a tariff of kind \"load-dependent\"")
            .help("the game is about a load-dependent price; `gridfleet schema` lists its keys");
    }
    for retailer in retailers.iter().filter(follows) {
        let interval_s = spec.time.control_interval_s;
        if retailer.slot_s % interval_s != 0 || DAY_S % retailer.slot_s != 0 {
            let found = format!(
                "{interval_s} s, with slots of {} s of retailer \"{}\"",
                retailer.slot_s, retailer.name
            );
            let expected =
                "an interval of which a whole number makes a slot, and slots of which one makes a day";
            problems
                .add("time.control_interval_s", found, expected)
                .help("stations are planned again at the beginning of each slot");
        }
    }
}

/// Checks the names of stations that decide together, and of those whose costs are summed up.
pub fn check_names(
    spec: &ScenarioFile,
    operators: &[String],
    stations: &[StationPlan],
    problems: &mut Problems<'_>,
) {
    let names =
        StationNames::new(operators.iter().map(String::as_str), stations.iter().map(|plan| &plan.station));
    let mut taken = vec![false; stations.len()];
    if let StationsSpec::CNash { coalitions, .. } = &spec.operation.stations {
        for (i, coalition) in coalitions.iter().enumerate() {
            let key = format!("{KEY}.coalitions[{i}]");
            match coalition {
                StationCoalitionSpec::One(name) => check_name(&key, name, &names, &mut taken, problems),
                StationCoalitionSpec::Several(members) if members.is_empty() => {
                    problems.add(&key, "an empty coalition", "at least one name");
                }
                StationCoalitionSpec::Several(members) => {
                    for (j, name) in members.iter().enumerate() {
                        check_name(&format!("{key}[{j}]"), name, &names, &mut taken, problems);
                    }
                }
            }
        }
    }
    taken.fill(false);
    for (i, name) in spec.operation.station_group.iter().enumerate() {
        check_name(&format!("operation.station_group[{i}]"), name, &names, &mut taken, problems);
    }
}

/// Checks that a name denotes stations, none of which is `taken`.
fn check_name(
    key: &str,
    name: &str,
    names: &StationNames<'_>,
    taken: &mut [bool],
    problems: &mut Problems<'_>,
) {
    let Some(stations) = names.find(name) else {
        problems
            .add(key, format!("\"{name}\""), "the name of an operator of stations, or of a station")
            .perhaps(suggest::help(name, names.all()));
        return;
    };
    if stations.iter().any(|station| taken[station.index()]) {
        problems.add(key, format!("\"{name}\" for the second time"), "each station once");
    }
    stations.iter().for_each(|station| taken[station.index()] = true);
}
