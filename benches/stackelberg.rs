//! Equilibria between a retailer, households and vehicles: run time by number of households, and the draws of
//! the paper.
//!
//! `cargo bench --bench stackelberg`

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use gridfleet::games::stackelberg::case::{Case, HOURS, MODELS};
use gridfleet::games::stackelberg::{Household, Retailer, StackelbergGame, bound, solve};
use gridfleet::rng::{Purpose, Streams};
use rand::RngExt as _;

/// Distinct households, and half as many vehicles; the sensitivity of the price to the load decreases with
/// their number.
fn game(households: usize) -> StackelbergGame {
    let mut random = Streams { seed: 1, replication: 0 }.stream(Purpose::Synthesis, 0);
    let case = Case::paper();
    let scale = households as f64 / 1_950.0;
    let vehicles = (0..households / 2)
        .map(|i| MODELS[i % MODELS.len()].0.draw(&case.drivers, case.habits, &mut random))
        .collect();
    let household = |_: usize| {
        let nominal: Vec<f64> =
            case.nominal.iter().map(|x| x / 1_950.0 * random.random_range(0.5..1.5)).collect();
        Household::around(&nominal, random.random_range(0.7..0.8), random.random_range(1.2..1.5), 5.0, 0.1)
    };
    let households = (0..households).map(household).collect();
    let a = (0..HOURS).map(|t| if t < 8 { 0.01 } else { 0.02 } / scale).collect();
    let retailer = Retailer {
        a,
        b: vec![0.2; HOURS],
        c: vec![0.0; HOURS],
        lambda: vec![1.2; HOURS],
        capacity: vec![f64::INFINITY; HOURS],
    };
    StackelbergGame::new(retailer, households, vehicles).unwrap()
}

fn equilibria(c: &mut Criterion) {
    let mut group = c.benchmark_group("stackelberg");
    group.sample_size(10);
    for households in [100, 1_000, 10_000] {
        let game = game(households);
        group.bench_function(BenchmarkId::new("equilibrium", households), |b| b.iter(|| solve(&game)));
        let found = solve(&game);
        group.bench_function(BenchmarkId::new("bound, 20 steps", households), |b| {
            b.iter(|| bound(&game, &found.plans, 0.0, 20));
        });
    }
    let case = Case::paper();
    let mut random = Streams { seed: 1, replication: 0 }.stream(Purpose::Synthesis, 0);
    let game = case.game(case.vehicles(&mut random)).unwrap();
    group.bench_function("the paper's case, one draw", |b| b.iter(|| solve(&game)));
    group.finish();
}

criterion_group!(benches, equilibria);
criterion_main!(benches);
