//! Figures of summaries add up as documented, in every shipped scenario.

use gridfleet::records::definitions::{IDENTITIES, broken};
use gridfleet::rng::Streams;
use gridfleet::scenario::{self, Overrides};
use gridfleet::studies::task;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The figures of one replication of each shipped scenario, of all fleets and of each, by the name of the scenario.
fn figures() -> Vec<(String, serde_json::Map<String, serde_json::Value>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut all = Vec::new();
    for path in files {
        // Studies and trainings are not scenarios.
        let Ok(scenario) = scenario::load(&path, &Overrides::default()) else { continue };
        let streams = Streams { seed: scenario.seed(), replication: 0 };
        let (setup, prepared) = scenario.build(streams).unwrap();
        let setup = Arc::new(setup);
        let policies = gridfleet::engine::policies(&prepared.policies, &setup, streams);
        let result = task::simulate(setup, policies, streams, &AtomicBool::new(false)).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let mut owners: BTreeMap<String, serde_json::Map<String, serde_json::Value>> = BTreeMap::new();
        for (figure, value) in result.figures {
            let (owner, figure) = match figure.strip_prefix("fleets.") {
                Some(rest) => rest.rsplit_once('.').unwrap(),
                None if figure.contains('.') => continue,
                None => ("", figure.as_str()),
            };
            owners.entry(owner.to_owned()).or_default().insert(figure.to_owned(), value.into());
        }
        all.extend(owners.into_iter().map(|(owner, figures)| (format!("{name} {owner}"), figures)));
    }
    all
}

#[test]
fn figures_add_up_in_every_shipped_scenario() {
    let all = figures();
    assert!(all.len() > 15, "{}", all.len());
    for (name, figures) in &all {
        let broken = broken(figures, 1e-3);
        assert!(broken.is_empty(), "{name}: {broken:?}");
    }
    // Each sum exists in some scenario, and is not always zero.
    for identity in IDENTITIES {
        let seen = |(_, figures): &&(String, serde_json::Map<String, serde_json::Value>)| {
            figures.get(identity.sum).and_then(serde_json::Value::as_f64).is_some_and(|sum| sum != 0.0)
        };
        assert!(all.iter().any(|owner| seen(&owner)), "no scenario has a {}", identity.sum);
    }
}
