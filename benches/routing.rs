//! Minimum costs of all coalitions of fleets on the feeder of Baran and Wu: run time by number of fleets and
//! trips, with and without binding limits.
//!
//! `cargo bench --bench routing`

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use gridfleet::grid::{Limits, baran_wu};
use gridfleet::rng::{Purpose, Streams};
use gridfleet::routing::{Demand, Grid, Instance, Router, Slots, Station, Travel, Trip, Vehicles};
use rand::RngExt as _;

/// Three hours in a town of 6 km by 4 km: random trips, depots and stations of 22 kW, vehicles that start
/// with 2.5 kWh of 24 or slightly more, so that some must charge. `weak` lowers the source voltage until its
/// limit binds.
fn town(fleets: usize, trips: usize, stations: usize, weak: bool) -> Instance {
    let mut random = Streams { seed: 7, replication: 0 }.stream(Purpose::Synthesis, 0);
    let points: Vec<[f64; 2]> = (0..2 * trips + stations + fleets)
        .map(|_| [random.random_range(0.0..6.0), random.random_range(0.0..4.0)])
        .collect();
    let way = |a: &[f64; 2], b: &[f64; 2]| (a[0] - b[0]).abs() + (a[1] - b[1]).abs();
    let km: Vec<Vec<f64>> = points.iter().map(|a| points.iter().map(|b| way(a, b)).collect()).collect();
    let minutes = km.iter().map(|row| row.iter().map(|km| km / 0.3).collect()).collect();
    let slots = Slots { minutes: 15.0, count: 12 };
    let trip = |i: usize| {
        let earliest = random.random_range(20.0..170.0);
        let km = km[i][trips + i];
        let (name, window) = (i.to_string(), [earliest, earliest + 15.0]);
        Trip {
            name,
            fleet: Some(i % fleets),
            from: i,
            to: trips + i,
            window,
            minutes: km / 0.3,
            km,
            penalty: Some(20.0),
        }
    };
    let trips_asked: Vec<Trip> = (0..trips).map(trip).collect();
    let depot = |fleet: usize| 2 * trips + stations + fleet;
    let vehicles = |fleet: usize| Vehicles {
        name: format!("fleet {fleet}"),
        fleet,
        count: 3,
        depot: depot(fleet),
        battery_kwh: 24.0,
        start_kwh: 2.5 + 0.4 * fleet as f64,
        reserve_kwh: 1.0,
        kwh_per_km: 0.2,
    };
    let station = |k: usize| Station {
        name: k.to_string(),
        fleet: k % fleets,
        place: 2 * trips + k,
        connectors: 2,
        power_kw: 22.0,
        efficiency: 0.92,
        bus: [17, 32, 24, 21, 10, 13, 28, 7][k % 8],
    };
    let load: Vec<f64> = (0..slots.count).map(|t| 0.7 + 0.02 * (t % 7) as f64).collect();
    // Voltages are lowest at the peak, when one or two vehicles can charge at the far end.
    let source = if weak { 1.0178 } else { 1.04 };
    let feeder = baran_wu().unwrap().with_source_voltage(source).unwrap();
    let instance = Instance {
        fleets: (0..fleets).map(|fleet| fleet.to_string()).collect(),
        slots,
        price: (0..slots.count).map(|t| 0.25 + 0.01 * (t % 3) as f64).collect(),
        refill_price: 0.2,
        value_of_time: 5.0,
        trips: trips_asked,
        vehicles: (0..fleets).map(vehicles).collect(),
        stations: (0..stations).map(station).collect(),
        travel: Travel { minutes, km },
        grid: Some(Grid { feeder, load, limits: Limits::default() }),
    };
    assert!(instance.problems().is_empty(), "{:?}", instance.problems());
    instance
}

fn coalitions(c: &mut Criterion) {
    let mut group = c.benchmark_group("routing");
    group.sample_size(10);
    for (fleets, trips, stations) in [(3, 12, 5), (4, 15, 6), (6, 15, 8)] {
        for weak in [false, true] {
            let instance = town(fleets, trips, stations, weak);
            let name = format!(
                "{fleets} fleets, {trips} trips, {}",
                if weak { "weak feeder" } else { "strong feeder" }
            );
            group.bench_function(BenchmarkId::new("all coalitions", name), |b| {
                b.iter(|| Router::new(&instance).unwrap().coalitions(Demand::All).unwrap());
            });
        }
    }
    group.finish();
}

criterion_group!(benches, coalitions);
criterion_main!(benches);
