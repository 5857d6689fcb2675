//! From the trips of a scenario to the world of a replication: the steps that a study runs once, the steps
//! that it runs for each replication, and the initialisation of the simulation.
//!
//! `cargo bench --bench scenario`

use criterion::{Criterion, criterion_group, criterion_main};
use gridfleet::rng::Streams;
use gridfleet::scenario::{self, Overrides};
use gridfleet::world::State;
use std::path::Path;

/// All variations enabled.
const VARIATION: [&str; 7] = [
    "variation.demand_days=bootstrap",
    "variation.demand_thinning=0.95",
    "variation.demand_jitter_s=300",
    "variation.ride_duration_cv=0.2",
    "variation.driving_style_cv=0.1",
    "variation.temperature_sd_c=4",
    "variation.price_days=bootstrap",
];

fn scenarios(c: &mut Criterion) {
    for name in ["stuttgart-week", "nyc-week"] {
        let mut group = c.benchmark_group(name);
        let path = format!("scenarios/{name}.toml");
        let load = |set: &[&str]| {
            let overrides =
                Overrides { set: set.iter().map(|&s| s.to_owned()).collect(), ..Overrides::default() };
            scenario::load(Path::new(&path), &overrides).expect("a shipped scenario")
        };
        let (plain, varied) = (load(&[]), load(&VARIATION));
        let recorded = plain.read().expect("shipped trips");
        let mut replication = 0;
        let mut next = || {
            replication += 1;
            Streams { seed: 1, replication }
        };
        group.sample_size(10).bench_function("load", |b| b.iter(|| load(&[])));
        group.bench_function("read", |b| b.iter(|| plain.read().expect("shipped trips")));
        group.sample_size(50);
        group.bench_function("build", |b| b.iter(|| plain.build_from(&recorded, next()).expect("a world")));
        group.bench_function("build, varied", |b| {
            b.iter(|| varied.build_from(&recorded, next()).expect("a world"));
        });
        let (setup, _) = plain.build_from(&recorded, next()).expect("a world");
        group.bench_function("state", |b| b.iter(|| State::new(&setup)));
        group.finish();
    }
}

criterion_group!(benches, scenarios);
criterion_main!(benches);
