//! Random scenarios, each with its features switched on and off at random, checked by oracles: a run ends, its audit
//! passes, a second run (or the program on one thread) writes the same bytes, and irrelevant changes have no effect.
//!
//! `cargo test --test swarm` runs [`CASES`] cases. Environment variables change that:
//!
//! - `GRIDFLEET_SWARM=100000`: number of cases; of more than [`CASES`], the oracles that run the scenario again
//!   ([`check::RARE`]) and relations get a part. A case of such a campaign takes some 50 ms of one core;
//! - `GRIDFLEET_SWARM_FIRST=7`: seed of the first case (default 0); each case has its own seed;
//! - `GRIDFLEET_SWARM_ORACLES=ends,audit`: only these of [`check::ORACLES`];
//! - `GRIDFLEET_SWARM_KEEP=DIR`: folder in which the shrunk scenarios of failures are kept.
//!
//! A failure is shrunk: features are switched off one after the other while the oracle still fails. Known faults
//! are rows of [`features::EXCLUSIONS`].

#[path = "check.rs"]
mod check;
#[expect(dead_code, reason = "this campaign starts one command only")]
#[path = "../support/cli.rs"]
mod cli;
#[path = "exclusions.rs"]
mod exclusions;
#[path = "features.rs"]
mod features;
#[path = "relations.rs"]
mod relations;
#[path = "world.rs"]
mod world;

use check::{Case, ORACLES, Outcome};
use features::{EXCLUSIONS, FEATURES, Switches};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;

/// Cases of `cargo test`.
const CASES: u64 = 300;

/// Failures after which a campaign stops: shrinking takes time.
const MOST_FAILURES: usize = 20;

/// Result of a campaign.
#[derive(Debug, Default)]
struct Report {
    features: BTreeMap<&'static str, u64>,
    compared: BTreeMap<&'static str, u64>,
    held: u64,
    excused: BTreeMap<&'static str, u64>,
    refused: Vec<(u64, String)>,
    failures: Vec<String>,
}

/// Reads a number from the environment.
fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a whole number"))
}

/// A temporary folder, in memory where the system has a place for that: each file of results is synchronised.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a temporary folder")
}

/// Checks one case with a single oracle.
fn check(seed: u64, on: &Switches, oracle: &'static str) -> Outcome {
    let folder = folder();
    Case::new(seed, on, folder.path()).alone().check(&[oracle])
}

/// Switches features off one after the other while `fails` holds, until none can be spared.
fn shrink(on: &Switches, mut fails: impl FnMut(&Switches) -> bool) -> Switches {
    let mut smallest = on.clone();
    loop {
        let before = smallest.len();
        for name in smallest.clone() {
            let mut fewer = smallest.clone();
            fewer.remove(name);
            let fewer = features::consistent(&fewer);
            if fewer.len() < smallest.len() && fails(&fewer) {
                smallest = fewer;
            }
        }
        if smallest.len() == before {
            return smallest;
        }
    }
}

/// Report of a failure with its shrunk scenario.
fn shrunk(seed: u64, on: &Switches, oracle: &'static str, keep: Option<&Path>) -> String {
    let still = |on: &Switches| match check(seed, on, oracle) {
        Outcome::Failed { oracle: other, text } => other == oracle && features::excused(on, &text).is_none(),
        _ => false,
    };
    let small = shrink(on, still);
    let text = match check(seed, &small, oracle) {
        Outcome::Failed { text, .. } => text,
        other => format!("not when repeated: {other:?}"),
    };
    let world = world::World::new(seed, &small);
    if let Some(keep) = keep {
        let folder = keep.join(seed.to_string());
        std::fs::create_dir_all(&folder).expect("a folder for the scenario");
        world.write(&folder);
    }
    let names: Vec<&str> = small.iter().copied().collect();
    let text: String = text.chars().take(1_500).collect();
    format!("seed {seed}, oracle {oracle}, features {names:?}:\n{text}\n{}", world.scenario)
}

/// Checks `cases` cases with the oracles on all cores.
fn campaign(first: u64, cases: u64, oracles: &[&str], keep: Option<&Path>) -> Report {
    check::keep_panics();
    let next = AtomicU64::new(first);
    let report = Mutex::new(Report::default());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + cases || report.lock().expect("no panic").failures.len() >= MOST_FAILURES {
                return;
            }
            let on = features::draw(seed);
            let folder = folder();
            let case = Case::new(seed, &on, folder.path());
            let outcome = match (oracles, cases > CASES) {
                ([_], _) => case.alone(),
                (_, true) => case.of_many(),
                _ => case,
            }
            .check(oracles);
            drop(folder);
            let failure = match &outcome {
                Outcome::Failed { oracle, text } if features::excused(&on, text).is_none() => {
                    Some(shrunk(seed, &on, oracle, keep))
                }
                _ => None,
            };
            let mut report = report.lock().expect("no panic");
            on.iter().for_each(|name| *report.features.entry(name).or_default() += 1);
            match outcome {
                Outcome::Held { compared } => {
                    report.held += 1;
                    compared.iter().for_each(|oracle| *report.compared.entry(oracle).or_default() += 1);
                }
                Outcome::Refused(message) => report.refused.push((seed, message)),
                Outcome::Failed { text, .. } => match features::excused(&on, &text) {
                    Some(exclusion) => *report.excused.entry(exclusion.reason).or_default() += 1,
                    None => report.failures.extend(failure),
                },
            }
        }
    };
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    report.into_inner().expect("no panic")
}

#[test]
fn random_scenarios_hold() {
    let (first, cases) = (number("GRIDFLEET_SWARM_FIRST", 0), number("GRIDFLEET_SWARM", CASES));
    let named = std::env::var("GRIDFLEET_SWARM_ORACLES").unwrap_or_else(|_| ORACLES.join(","));
    let oracles: Vec<&str> = named.split(',').collect();
    assert!(oracles.iter().all(|oracle| ORACLES.contains(oracle)), "oracles are {ORACLES:?}");
    let keep = std::env::var_os("GRIDFLEET_SWARM_KEEP").map(PathBuf::from);
    let report = campaign(first, cases, &oracles, keep.as_deref());
    println!("seeds {first} to {}: {} held", first + cases - 1, report.held);
    println!("features: {:?}", report.features);
    println!("oracles that applied: {:?}", report.compared);
    for (reason, count) in &report.excused {
        println!("{count} excused: {reason}");
    }
    for (seed, message) in &report.refused {
        println!("seed {seed} refused: {message}");
    }
    assert!(report.failures.is_empty(), "{}", report.failures.join("\n\n"));
    let refused = report.refused.len() as u64;
    assert!(refused * 50 <= cases, "{refused} of {cases} scenarios are refused, meant to be valid");
}

#[test]
fn every_feature_is_on_in_some_cases_and_off_in_others() {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 0..CASES {
        features::draw(seed).iter().for_each(|name| *counts.entry(name).or_default() += 1);
    }
    for feature in FEATURES {
        let excluded = EXCLUSIONS.iter().any(|e| e.failure.is_empty() && e.features == [feature.name]);
        let count = counts.get(feature.name).copied().unwrap_or(0);
        assert!(
            excluded || (1..CASES).contains(&count),
            "{} is on in {count} of {CASES} cases",
            feature.name
        );
    }
}

#[test]
fn features_and_exclusions_are_consistent() {
    let known = |name: &str| FEATURES.iter().any(|feature| feature.name == name);
    for (i, feature) in FEATURES.iter().enumerate() {
        assert!(FEATURES[..i].iter().all(|other| other.name != feature.name), "{} twice", feature.name);
    }
    for exclusion in EXCLUSIONS {
        assert!(exclusion.features.iter().all(|name| known(name)), "{exclusion:?}");
        assert!(
            !(exclusion.reason.is_empty() || exclusion.features.is_empty() && exclusion.failure.is_empty())
        );
    }
    for seed in 0..CASES {
        let on = features::draw(seed);
        assert_eq!(features::consistent(&on), on, "seed {seed}");
    }
}

#[test]
fn a_failure_shrinks_to_the_features_that_cause_it() {
    let on = (0..).map(features::draw).find(|on| on.contains("coalition") && on.contains("feeding")).unwrap();
    let needed = |on: &Switches| on.contains("coalition") && on.contains("feeding");
    let small = shrink(&on, needed);
    // A coalition needs a second fleet.
    assert_eq!(small, Switches::from(["coalition", "feeding", "second-fleet"]));
}
