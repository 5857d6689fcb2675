//! Routing on a feeder: the router against the compact program, plans under a second opinion, messages.

use gridfleet::games::coalition::Coalition;
use gridfleet::grid::{Branch, Bus, Feeder, Limits};
use gridfleet::optimize::Unsolved;
use gridfleet::rng::{Purpose, Streams};
use gridfleet::routing::router::game;
use gridfleet::routing::{
    Demand, Grid, Instance, Router, Slots, Station, Travel, Trip, Unservable, Vehicles, compact, verify,
};
use rand::RngExt;
use rand_pcg::Pcg64;

/// How large a random instance is, and what of it binds.
#[derive(Clone, Copy)]
struct Size {
    fleets: usize,
    trips: usize,
    stations: usize,
    slots: usize,
    /// Whether vehicles must charge at once, at few connectors on a weak feeder.
    tight: bool,
}

/// Points of a square of 6 km, 24 km/h; fleets with a vehicle or two and little charge.
fn instance(size: Size, random: &mut Pcg64) -> Instance {
    let points: Vec<[f64; 2]> =
        (0..size.trips + size.stations + size.fleets).map(|_| [random.random_range(0.0..6.0), random.random_range(0.0..6.0)]).collect();
    let km: Vec<Vec<f64>> =
        points.iter().map(|a| points.iter().map(|b| (a[0] - b[0]).hypot(a[1] - b[1])).collect()).collect();
    let minutes = km.iter().map(|row| row.iter().map(|km| km / 0.4).collect()).collect();
    let slots = Slots { minutes: 15.0, count: size.slots };
    let horizon = slots.minutes * slots.count as f64;
    let travel = Travel { minutes, km };
    let trips = (0..size.trips)
        .map(|i| {
            let (from, to) = (i, random.random_range(0..points.len()));
            let km = travel.km[from][to] + 0.5;
            let earliest = random.random_range(15.0..0.8 * horizon);
            let window = [earliest, earliest + random.random_range(5.0..30.0)];
            let fleet = random.random_bool(0.8).then(|| random.random_range(0..size.fleets));
            // Leaving a trip is dear, and not allowed for some.
            let penalty = random.random_bool(0.7).then(|| random.random_range(3.0..6.0));
            Trip { name: format!("t{i}"), fleet, from, to, window, minutes: km / 0.4 + 1.0, km, penalty }
        })
        .collect();
    let vehicles = (0..size.fleets)
        .map(|fleet| {
            let start_kwh = if size.tight { random.random_range(1.0..1.8) } else { random.random_range(1.0..5.0) };
            Vehicles {
                name: format!("v{fleet}"),
                fleet,
                count: if size.trips > 2 { 1 } else { 2 },
                depot: size.trips + size.stations + fleet,
                battery_kwh: random.random_range(5.0..8.0),
                start_kwh,
                reserve_kwh: 0.3,
                kwh_per_km: random.random_range(0.15..0.25),
            }
        })
        .collect();
    let stations = (0..size.stations)
        .map(|k| Station {
            name: format!("s{k}"),
            fleet: k % size.fleets,
            // Some stand at the depot.
            place: if random.random_bool(0.3) { size.trips + size.stations + k % size.fleets } else { size.trips + k },
            connectors: if size.tight { 1 } else { 2 },
            power_kw: if random.random_bool(0.5) { 7.0 } else { 4.0 },
            efficiency: 0.9,
            bus: 1 + k % 3,
        })
        .collect();
    let buses = (0..4).map(|i| Bus { name: format!("b{i}"), load_mw: 0.002 * i as f64, ..Bus::default() }).collect();
    let branch = |from, to, r: f64, limit_mva| Branch { from, to, r, x: 0.5 * r, limit_mva };
    // In the tight case a vehicle of 7 kW takes most of what the last bus can bear.
    let (r, limit) = if size.tight { (random.random_range(2.0..6.0), random.random_range(0.014..0.022)) } else { (0.2, 1.0) };
    let branches = vec![branch(0, 1, 0.3 * r, limit), branch(1, 2, r, limit), branch(2, 3, 0.5 * r, limit)];
    let feeder = Feeder::new(1.0, 0, 1.05, buses, branches).unwrap();
    let load = (0..size.slots).map(|_| random.random_range(0.3..0.6)).collect();
    let price = (0..size.slots).map(|_| random.random_range(0.2..0.4)).collect();
    Instance {
        fleets: (0..size.fleets).map(|fleet| format!("f{fleet}")).collect(),
        travel,
        slots,
        price,
        refill_price: random.random_range(0.15..0.3),
        value_of_time: random.random_range(0.0..4.0),
        trips,
        vehicles,
        stations,
        grid: Some(Grid { feeder, load, limits: Limits::default() }),
    }
}

fn right(instance: &Instance) -> bool {
    let problems = instance.problems();
    // A trip that cannot be reached is a fault of the draw, and so is a feeder that is too weak without anybody.
    problems.is_empty()
}

/// The router and the compact program have the same answer, on a hundred instances with loose and tight limits.
#[test]
fn set_partitioning_and_the_compact_program_agree() {
    let mut random = Streams { seed: 6, replication: 0 }.stream(Purpose::Synthesis, 0);
    let (mut solved, mut unservable, mut bound, mut charged, mut drawn) = (0, 0, 0, 0, 0);
    while drawn < 100 {
        let tight = drawn % 2 == 1;
        let size = Size { fleets: 2, trips: 2 + drawn % 4 / 2, stations: 2, slots: 5, tight };
        let instance = instance(size, &mut random);
        if !right(&instance) {
            continue;
        }
        drawn += 1;
        let mut router = Router::new(&instance).unwrap();
        let all = instance.every_trip();
        for coalition in [Coalition::at(3), Coalition::at(1 + drawn % 2)] {
            let t0 = std::time::Instant::now(); let exact = compact::least_cost(&instance, coalition, all); if t0.elapsed().as_millis() > 1000 { println!("{drawn} {tight} {coalition:?} {:?}", t0.elapsed()); }
            match (router.solve(coalition, Demand::All), exact) {
                (Ok(plan), Ok(exact)) => {
                    solved += 1;
                    charged += usize::from(plan.used(&instance).drawn_kwh > 0.0);
                    assert!((plan.cost - exact).abs() < 1e-6, "{drawn}: {} {exact} {instance:?}", plan.cost);
                    let faults = verify::faults(&instance, coalition, all, &plan);
                    assert!(faults.is_empty(), "{drawn}: {faults:?}");
                }
                (Err(Unservable::Trips(_) | Unservable::Limit(_)), Err(Unsolved::Infeasible)) => unservable += 1,
                (ours, theirs) => panic!("{drawn}: {ours:?} {theirs:?} {instance:?}"),
            }
        }
        bound += usize::from(router.work().limits[1] > 0);
    }
    println!("solved {solved} unservable {unservable} bound {bound} charged {charged}");
    assert!(solved > 120 && bound > 15 && charged > 80, "{solved} {unservable} {bound} {charged}");
}
