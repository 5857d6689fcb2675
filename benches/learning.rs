//! Speed of an agent's environment and training: steps of a quarter of an hour with 500 vehicles, and
//! training steps of a network.
//!
//! `cargo bench --bench learning`

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gridfleet::learning::{AgentSpec, Reward, Seen, Space, Transition};
use gridfleet::policies::ObservationKind;
use gridfleet::policies::bidding::learned::Chain;
use gridfleet::policies::bidding::observation;
use gridfleet::rng::{Purpose, Streams};
use gridfleet::scenario::Overrides;
use gridfleet::training::{Course, Environment, Set};
use std::path::Path;

/// Weeks with 500 vehicles and two markets; 672 steps each.
const SCENARIO: &str = "scenarios/stuttgart-rl.toml";

fn environment(c: &mut Criterion) {
    let set = ["training.weeks=2", "training.held_out_weeks=1", "training.replications=1"];
    let overrides = Overrides { set: set.map(str::to_owned).to_vec(), ..Overrides::default() };
    let course = Course::load(Path::new(SCENARIO), &overrides).expect("a shipped scenario");
    let week = course.week(Set::Training, 0).expect("a week");
    let ahead = course.outlooks(Set::Training, 1).expect("a week");
    let action = observation::action([0.4, 0.2]);
    let mut group = c.benchmark_group("environment");
    group.sample_size(20).throughput(Throughput::Elements(672));
    for kind in [ObservationKind::Hour, ObservationKind::Rich] {
        group.bench_function(format!("a week of 672 steps, {}", kind.name()), |b| {
            let mut features = Vec::new();
            b.iter(|| {
                let chain = Chain { before: vec![action], ahead: ahead.clone() };
                let mut environment = Environment::reset(&course, &week, kind, chain);
                loop {
                    environment.see(&mut features);
                    if environment.step(action).expect("instants end").over {
                        break environment.result();
                    }
                }
            });
        });
    }
    group.finish();
}

fn agent(c: &mut Criterion) {
    let kind = ObservationKind::Rich;
    let space = Space { features: kind.features(), cells: kind.cells(), actions: observation::ACTIONS };
    let streams = Streams { seed: 1, replication: 0 }.of(Purpose::Policy);
    let mut group = c.benchmark_group("dueling double DQN, 3 x 16, batch 32");
    group.throughput(Throughput::Elements(1));
    for branches in [1, 2] {
        let spec = AgentSpec { branches, ..AgentSpec::default() };
        let mut agent = spec.build(space, &mut streams.stream(0));
        let (mut random, mut step) = (streams.stream(1), 0_usize);
        let rows: Vec<[f64; 13]> = (0..100).map(|i| [f64::from(i) / 100.0; 13]).collect();
        let seen = |i: usize| Seen { features: &rows[i % 100], cell: 0 };
        group.bench_function(format!("a step, {branches} branches"), |b| {
            b.iter(|| {
                step += 1;
                let transition = Transition {
                    before: seen(step),
                    action: step % observation::ACTIONS,
                    reward: Reward::Done((step % 7) as f64),
                    after: seen(step + 1),
                    next_action: 0,
                    terminal: false,
                };
                agent.learn(&transition, 1.0, &mut random)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, environment, agent);
criterion_main!(benches);
