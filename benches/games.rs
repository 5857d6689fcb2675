//! Equilibria of charging stations: run time by number of stations, in closed form and with bounds.
//!
//! `cargo bench --bench games`

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gridfleet::games::c_nash::{CNashGame, CNashParameters, LoadBound, Profiles, Structure, residual, solve};
use gridfleet::rng::{Purpose, Streams};
use rand::RngExt as _;

/// A day in quarters of an hour.
const STEPS: usize = 96;

/// Stations with random sensitivity and profile, half of them in three coalitions. The slope of the price is
/// inversely proportional to their number, which keeps the price level constant.
fn game(stations: usize, slopes_differ: bool, bounded: bool) -> (CNashGame, Structure) {
    let mut random = Streams { seed: 1, replication: 0 }.stream(Purpose::Synthesis, 0);
    let mut list = |n: usize, low: f64, high: f64| -> Vec<f64> {
        (0..n).map(|_| random.random_range(low..high)).collect()
    };
    let slope = |t: usize| (0.5 + if slopes_differ { 0.01 * t as f64 } else { 0.0 }) / stations as f64;
    let mut parameters = CNashParameters::unbounded(
        list(STEPS, 0.2, 1.0),
        (0..STEPS).map(slope).collect(),
        list(stations, 0.05, 1.0),
        Profiles::from_values(STEPS, list(stations * STEPS, 0.0, 2.0)),
    );
    if bounded {
        parameters.min = LoadBound::Same(0.0);
        parameters.max = LoadBound::Same(1.8);
        parameters.limit =
            Some(list(STEPS, 0.95, 1.5).into_iter().map(|part| part * stations as f64).collect());
    }
    let coalitions = (0..3).map(|k| (0..stations / 2).filter(|i| i % 3 == k).collect()).collect();
    (CNashGame::new(parameters).unwrap(), Structure::new(stations, coalitions).unwrap())
}

fn equilibria(c: &mut Criterion) {
    let mut group = c.benchmark_group("c-nash");
    group.sample_size(10);
    let cases =
        [("closed form", false, false), ("slopes differ", true, false), ("bounds and limit", false, true)];
    for (name, slopes_differ, bounded) in cases {
        for stations in [1_000, 10_000, 100_000] {
            let (game, structure) = game(stations, slopes_differ, bounded);
            group.throughput(Throughput::Elements((stations * STEPS) as u64));
            group.bench_function(BenchmarkId::new(name, stations), |b| {
                b.iter(|| solve(&game, &structure).unwrap());
            });
        }
    }
    let (game, structure) = game(100_000, false, false);
    let found = solve(&game, &structure).unwrap();
    group.bench_function(BenchmarkId::new("residual", 100_000), |b| {
        b.iter(|| residual(&game, &structure, &found));
    });
    group.finish();
}

criterion_group!(benches, equilibria);
criterion_main!(benches);
