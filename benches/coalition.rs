//! Cost games: Shapley value in one pass and from random orders; least core and nucleolus by linear
//! programming.
//!
//! `cargo bench --bench coalition`

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use gridfleet::games::coalition::nucleolus::nucleolus;
use gridfleet::games::coalition::properties::Properties;
use gridfleet::games::coalition::sampling::{Permutations, sampled};
use gridfleet::games::coalition::shapley::shapley;
use gridfleet::games::coalition::{Coalition, CooperativeGame, core};
use gridfleet::rng::{Purpose, Streams};
use rand::RngExt;
use std::hint::black_box;

/// Costs with decreasing growth and noise of up to ten percent.
fn game(players: usize) -> CooperativeGame {
    let mut random = Streams { seed: 1, replication: 0 }.stream(Purpose::Synthesis, 0);
    CooperativeGame::costs(players, |s| (s.len() as f64).powf(0.7) * random.random_range(0.9..1.1)).unwrap()
}

fn tables(c: &mut Criterion) {
    let mut group = c.benchmark_group("coalition");
    group.sample_size(10);
    for players in [4, 10, 15, 20] {
        let game = game(players);
        group.bench_function(BenchmarkId::new("shapley", players), |b| b.iter(|| shapley(black_box(&game))));
        group.bench_function(BenchmarkId::new("properties", players), |b| {
            b.iter(|| Properties::of(black_box(&game)));
        });
        group.bench_function(BenchmarkId::new("least core", players), |b| {
            b.iter(|| core::least_core(black_box(&game)).unwrap());
        });
        group.bench_function(BenchmarkId::new("nucleolus", players), |b| {
            b.iter(|| nucleolus(black_box(&game)).unwrap());
        });
    }
    group.finish();
}

/// One hundred players with 20,000 marginal contributions each.
fn samples(c: &mut Criterion) {
    let worth = |s: Coalition| (s.len() as f64).sqrt();
    let mut group = c.benchmark_group("coalition/sampled");
    group.sample_size(10);
    for (orders, replicates) in [
        (Permutations::Independent, 20_000),
        (Permutations::Antithetic, 10_000),
        (Permutations::Stratified, 100),
    ] {
        group.bench_function(BenchmarkId::new(format!("{orders:?}"), 100), |b| {
            b.iter(|| {
                let mut random = Streams { seed: 1, replication: 0 }.stream(Purpose::Resampling, 0);
                sampled(100, worth, orders, replicates, 0.95, &mut random)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, tables, samples);
criterion_main!(benches);
