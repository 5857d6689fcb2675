//! Fleets that take part, and their coalitions.

use crate::document::Problems;
use crate::document::suggest;
use crate::spec::{ModeSpec, ScenarioFile};

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
