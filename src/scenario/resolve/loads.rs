//! Stations with load-dependent prices: requirements on their policy and their retailers.

use crate::document::Problems;
use crate::document::suggest;
use crate::spec::ScenarioFile;
use gridfleet_core::time::DAY_S;
use gridfleet_sim::policies::StationsSpec;
use gridfleet_sim::world::Retailer;

/// Checks the policy of stations against all operators and retailers that could be read.
pub fn check(spec: &ScenarioFile, operators: &[String], retailers: &[Retailer], problems: &mut Problems<'_>) {
    const KEY: &str = "operation.stations";
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
    let StationsSpec::CNash { coalitions, .. } = policy else { return };
    for (i, name) in coalitions.iter().enumerate() {
        let key = format!("{KEY}.coalitions[{i}]");
        if !operators.contains(name) {
            problems
                .add(&key, format!("\"{name}\""), "the name of an operator of stations")
                .perhaps(suggest::help(name, operators.iter().map(String::as_str)));
        } else if coalitions[..i].contains(name) {
            problems.add(&key, format!("\"{name}\" for the second time"), "each operator once");
        }
    }
}
