//! Overhead of a study over its bare runs, and the speedup from a second core.
//!
//! `cargo bench --bench study`

use criterion::{Criterion, criterion_group, criterion_main};
use gridfleet::engine::policies;
use gridfleet::outputs::Manifest;
use gridfleet::rng::Streams;
use gridfleet::studies::run::Options;
use gridfleet::studies::{self, Progress, load, task};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Car-sharing weeks: 500 vehicles, 16,000 trips.
const STUDY: &str = "scenarios/stuttgart-weeks.toml";
const REPLICATIONS: u32 = 100;

struct Silent;

impl Progress for Silent {
    fn update(&self, _: usize, _: usize, _: &str) {}
}

fn studies_of_weeks(c: &mut Criterion) {
    let mut group = c.benchmark_group("stuttgart-weeks, 100 replications");
    group.sample_size(10);
    let stop = AtomicBool::new(false);
    group.bench_function("bare runs", |b| {
        b.iter(|| {
            let study = load::load(Path::new(STUDY)).expect("a shipped study");
            let arm = &study.arms[0];
            let recorded = arm.read().expect("shipped trips");
            for replication in 0..REPLICATIONS {
                let streams = Streams { seed: study.plan.seed, replication };
                let (setup, prepared) = arm.build_from(&recorded, streams).expect("a world");
                let setup = Arc::new(setup);
                let policies = policies(&prepared.policies, &setup, streams);
                task::simulate(setup, policies, streams, &stop).expect("a result");
            }
        });
    });
    for threads in [1, 2] {
        group.bench_function(format!("study, {threads} threads"), |b| {
            b.iter(|| {
                let folder = tempfile::tempdir().expect("a folder");
                let study = load::load(Path::new(STUDY)).expect("a shipped study");
                let options = Options {
                    output: &folder.path().join("out"),
                    threads,
                    shard: None,
                    replications: Some(REPLICATIONS),
                    resume: false,
                    force: false,
                    policies: &|_, specs, setup, streams| policies(specs, setup, streams),
                    progress: &Silent,
                    stop: &stop,
                    manifest: Manifest::new(Vec::new()),
                    elapsed_s: &|| 0.0,
                };
                studies::run(&study, options).expect("results");
            });
        });
    }
}

criterion_group!(benches, studies_of_weeks);
criterion_main!(benches);
