//! The engine without file access: time per simulated week, and thereby events per second, at three sizes;
//! and the event queue compared with a plain binary heap.
//!
//! `cargo bench --bench engine`

#[path = "../tests/support/city.rs"]
mod city;
#[expect(dead_code, reason = "a city needs the empty world only")]
#[path = "../tests/support/world.rs"]
mod world;

use city::{City, MONDAY, city};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use gridfleet::engine::{EventQueue, Simulation};
use gridfleet::ids::VehicleId;
use gridfleet::policies::{ChargingSpec, DispatchSpec};
use gridfleet::rng::{Purpose, Streams};
use gridfleet::world::Setup;
use rand::RngExt;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::sync::Arc;

fn sized(requests: usize, vehicles: usize, stations: usize) -> City {
    City { seed: 1, requests, vehicles, stations, fleets: 1, zones: 260, days: 7, patience_s: 600 }
}

fn simulate(setup: &Arc<Setup>, dispatch: &DispatchSpec) -> Simulation {
    let charging = ChargingSpec::ThresholdFastest { start_soc: 0.25, target_soc: 0.8, candidates: 8 };
    let streams = Streams { seed: 1, replication: 0 };
    let mut simulation = Simulation::new(Arc::clone(setup), dispatch.build(), charging.build(), streams);
    simulation.finish(&mut ()).expect("instants end");
    simulation
}

/// A week of a city, by size and dispatch policy; throughput counts events.
fn weeks(c: &mut Criterion) {
    let mut group = c.benchmark_group("week");
    group.sample_size(10);
    for (requests, vehicles, stations) in [(10_000, 100, 10), (120_000, 1_000, 50), (2_000_000, 13_000, 500)]
    {
        let setup = Arc::new(city(sized(requests, vehicles, stations)));
        for dispatch in [DispatchSpec::NearestIdle {}, DispatchSpec::Batched { interval_s: 30 }] {
            group.throughput(Throughput::Elements(simulate(&setup, &dispatch).events()));
            group.bench_function(BenchmarkId::new(dispatch.name(), requests), |b| {
                b.iter(|| simulate(&setup, &dispatch).events());
            });
        }
    }
    group.finish();
}

/// Hold model with as many pending events as there are driving vehicles: removes one event and inserts one up
/// to an hour later.
fn queues(c: &mut Criterion) {
    let mut group = c.benchmark_group("queue");
    for pending in [1_000u32, 100_000] {
        let delays: Vec<i64> = {
            let mut random = Streams { seed: 1, replication: 0 }.stream(Purpose::Synthesis, 0);
            (0..65_536).map(|_| random.random_range(1..3_600)).collect()
        };
        let mut empty = city(City { requests: 0, ..sized(0, 1, 1) });
        // Sufficient horizon: each event advances the clock by a second or two.
        empty.end = MONDAY + 4_000_000_000;
        let mut queue = EventQueue::new(&empty);
        let mut heap = BinaryHeap::new();
        for v in 0..pending {
            let delay = delays[v as usize % delays.len()];
            queue.leg_ends(VehicleId(v), MONDAY + delay);
            heap.push(Reverse((MONDAY.0 + delay, v)));
        }
        let mut i = 0;
        group.bench_function(BenchmarkId::new("event queue", pending), |b| {
            b.iter(|| {
                let (now, event) = queue.pop(&empty, empty.end).expect("never empty");
                let gridfleet::engine::Event::LegEnd(vehicle) = event else { unreachable!("legs only") };
                i = (i + 1) % delays.len();
                queue.leg_ends(vehicle, now + delays[i]);
                black_box(now)
            });
        });
        group.bench_function(BenchmarkId::new("bare binary heap", pending), |b| {
            b.iter(|| {
                let Reverse((now, v)) = heap.pop().expect("never empty");
                i = (i + 1) % delays.len();
                heap.push(Reverse((now + delays[i], v)));
                black_box(now)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, weeks, queues);
criterion_main!(benches);
