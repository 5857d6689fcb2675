//! Training in the simulator: value of an episode, independence of chance and interruptions, bad input.

use crate::support::cli::{Dir, TestCommand, gridfleet};
use gridfleet::learning::Checkpoint;
use gridfleet::policies::BiddingSpec;
use gridfleet::policies::bidding::learned::Chain;
use gridfleet::policies::bidding::{ForecastKind, ObservationKind, observation};
use gridfleet::scenario::Overrides;
use gridfleet::training::evaluate::benchmark;
use gridfleet::training::{Course, Environment, Player, Set, Trainer, results};
use std::path::Path;

const SCENARIO: &str = "scenarios/stuttgart-rl.toml";

fn course(set: &[&str]) -> Course {
    let few = ["training.weeks=2", "training.held_out_weeks=1", "training.replications=1"];
    let set = few.iter().chain(set).map(|&text| text.to_owned()).collect();
    Course::load(Path::new(SCENARIO), &Overrides { set, ..Overrides::default() }).unwrap()
}

/// Plays a week with one action from its gates before the start on.
fn play(course: &Course, action: usize) -> (Environment, Vec<f64>) {
    let week = course.week(Set::Training, 0).unwrap();
    let chain = Chain { before: vec![action], ahead: course.outlooks(Set::Training, 1).unwrap() };
    let mut environment = Environment::reset(course, &week, ObservationKind::Rich, chain);
    let mut rewards = Vec::new();
    let mut features = Vec::new();
    loop {
        let cell = environment.see(&mut features);
        assert_eq!(features.len(), ObservationKind::Rich.features());
        assert!(cell < ObservationKind::Rich.cells());
        let step = environment.step(action).unwrap();
        rewards.push(step.account);
        if step.over {
            return (environment, rewards);
        }
    }
}

/// The independent check is the policy that a scenario names, in one go: same risks, same week, same account.
#[test]
fn a_week_of_steps_is_the_week_that_a_fixed_policy_makes() {
    let course = course(&[]);
    let spec = BiddingSpec::Integrated {
        risk_balancing: 0.2,
        risk_intraday: 0.0,
        accuracy_balancing: 0.7,
        accuracy_intraday: 0.9,
        forecast: ForecastKind::Perfect,
        price_forecast: ForecastKind::Perfect,
        limit_per_mwh: None,
    };
    let whole = benchmark(&course, Set::Training, 0, &spec).unwrap();
    let (environment, rewards) = play(&course, observation::action([0.2, 0.0]));
    assert_eq!(rewards.len(), 672);
    assert_eq!(environment.result(), whole);
    assert!(whole.profit > 500.0 && whole.imbalance_kwh > 0.0, "{whole:?}");
    for sums in [rewards.iter().sum::<f64>(), environment.by_slot().iter().sum::<f64>()] {
        assert!((sums - whole.profit).abs() < 1e-6, "{sums} {}", whole.profit);
    }
    assert_eq!(Player::Fixed([0.2, 0.0]).play(&course, Set::Training, 0).unwrap(), whole);
    // No bids, no earnings; and other risks give another week.
    assert_eq!(play(&course, observation::action([1.0, 1.0])).0.result().profit, 0.0);
    assert_ne!(play(&course, observation::action([0.0, 0.0])).0.result(), whole);
}

#[test]
fn a_training_that_is_resumed_is_the_one_that_was_not_interrupted() {
    for feedback in ["played", "all-pairs"] {
        resumes(feedback);
    }
}

fn resumes(feedback: &str) {
    let feedback = format!("training.feedback={feedback}");
    let base = [
        "training.steps=2600",
        "training.lanes=2",
        "training.agent.kind=dueling-double-dqn",
        "training.agent.memory=500",
        &feedback,
    ];
    let set = base;
    let new = || Trainer::new(course(&set), "hash".to_owned()).unwrap();
    let straight = {
        let mut trainer = new();
        while !trainer.is_done() {
            trainer.round().unwrap();
        }
        trainer.checkpoint().to_bytes()
    };
    let mut first = new();
    first.round().unwrap();
    let bytes = first.checkpoint().to_bytes();
    drop(first);
    let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
    let mut second = Trainer::resume(course(&set), "hash".to_owned(), &checkpoint).unwrap();
    while !second.is_done() {
        second.round().unwrap();
    }
    assert!(second.checkpoint().to_bytes() == straight);
    assert_eq!((second.steps(), second.rounds(), second.curve().len()), (2_688, 2, 4));

    let refused = |set: &[&str], hash: &str| {
        Trainer::resume(course(set), hash.to_owned(), &checkpoint).err().unwrap().to_string()
    };
    let other = refused(&["training.agent.kind=dqn", &feedback], "hash");
    assert!(other.contains("another agent"), "{other}");
    let other = refused(&[&base[..], &["training.observation=hour"]].concat(), "hash");
    assert!(other.contains("another network"), "{other}");
    let other = refused(&base, "elsewhere");
    assert!(other.contains("another scenario"), "{other}");
}

/// The hash of a checkpoint's scenario covers keys and files, but neither the length of training nor comments.
#[test]
fn the_hash_is_of_what_matters() {
    let hash = |set: &[&str]| results::hash(&course(set)).unwrap();
    let base = hash(&[]);
    assert_eq!(hash(&["training.steps=17", "training.checkpoint_weeks=3"]), base);
    for other in [
        "seed=2",
        "imbalance.price_per_mwh=400",
        "training.reward=products",
        "training.agent.kind=dqn",
        "operation.bidding.accuracy_intraday=0.8",
    ] {
        assert_ne!(hash(&[other]), base, "{other}");
    }
}

/// `gridfleet train` on the shipped scenario, with two weeks.
fn train(dir: &Dir, name: &str, more: &[&str]) -> TestCommand {
    let few = ["training.weeks=2", "training.held_out_weeks=1", "training.replications=2"];
    let memory = ["training.agent.memory=700"];
    gridfleet(["train", SCENARIO]).output(dir.at(name)).set(memory).set(few).args(more)
}

/// The agent of a training.
fn agent(dir: &Dir, name: &str) -> Vec<u8> {
    std::fs::read(dir.at(name).join("agent.gridfleet")).unwrap()
}

#[test]
fn the_command_trains_twice_alike_and_its_agent_bids() {
    let dir = Dir::new();
    let out = train(&dir, "a", &["--steps", "1300"]).succeeds().out;
    assert!(out.contains("learned over 1344 steps, 2 weeks") && out.contains("2 weeks held out"), "{out}");
    train(&dir, "b", &["--steps", "1300", "-q"]).succeeds();
    assert!(agent(&dir, "a") == agent(&dir, "b"));
    for file in ["curve.parquet", "learning.svg", "learning.png", "summary.json", "manifest.json"] {
        assert!(dir.at("a").join(file).is_file(), "{file}");
    }
    assert!(!dir.at("a.unfinished").exists());
    // In steps: as long as one week, then continued to the end.
    let exploring = ["--set", "training.exploration_steps=1300"];
    train(&dir, "c", &[&["--steps", "600", "-q"][..], &exploring].concat()).succeeds();
    train(&dir, "c", &["--steps", "1300", "--resume", "-q"]).succeeds();
    assert!(agent(&dir, "a") == agent(&dir, "c"));

    let bidding = format!(
        "operation.bidding={{ kind = \"learned\", file = {:?}, accuracy_balancing = 0.7, accuracy_intraday = 0.9 }}",
        dir.at("a/agent.gridfleet")
    );
    let run = gridfleet(["run", "scenarios/stuttgart-vpp.toml", "--audit", "--json"]).set([bidding]);
    run.output(dir.at("run")).succeeds().prints("\"bidding\": \"learned\"");
    let manifest = dir.read("run/manifest.json");
    assert!(manifest.contains("a/agent.gridfleet"), "the agent counts among the inputs");
}

/// Errors in an agent's file are reported with the file; errors in a scenario, with its key.
#[test]
fn mistakes_of_a_training_are_named() {
    let dir = Dir::new();
    train(&dir, "a", &["--steps", "600", "-q"]).succeeds();
    let bytes = agent(&dir, "a");
    let broken = dir.write("broken.gridfleet", &bytes[..bytes.len() / 2]);
    let bidding = format!("operation.bidding={{ kind = \"learned\", file = {broken:?} }}");
    let run = gridfleet(["run", "scenarios/stuttgart-vpp.toml"]).set([bidding]).output(dir.at("no"));
    run.fails(2).reports("truncated").reports("broken.gridfleet");
    let vpp = gridfleet(["train", "scenarios/stuttgart-vpp.toml"]).output(dir.at("no"));
    vpp.fails(2).reports("[training]");
    let forecast = train(&dir, "no", &["--set", "operation.bidding.forecast=ridge"]);
    forecast.fails(2).reports("forecast").reports("perfect");
    for (set, key) in [
        ("training.feedback=played", "training.feedback"),
        ("training.reward=account", "training.reward"),
        ("training.agent.discount=0.9", "training.agent.discount"),
        ("markets.intraday.slope_per_mwh_mw=0.1", "slope_per_mwh_mw"),
        ("training.held_out_weeks=[1, 9]", "training.held_out_weeks"),
    ] {
        train(&dir, "no", &["--set", "training.weeks=[1, 2]", "--set", set]).fails(2).reports(key);
    }
    let other = train(&dir, "a", &["--set", "training.agent.kind=dqn", "--resume"]);
    other.fails(2).reports("another agent");
    train(&dir, "no", &["--resume"]).fails(2).reports("--resume");
    train(&dir, "no", &["--set", "training.agent.batch=0"]).fails(2).reports("batch");
}
