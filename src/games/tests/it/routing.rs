//! Tests of routing on a feeder: the router against the compact program, independent checks of plans, messages.

use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_games::coalition::Coalition;
use gridfleet_games::grid::{Branch, Bus, Feeder, Limits};
use gridfleet_games::optimize::{SolveError, Solver};
use gridfleet_games::routing::{
    Demand, Grid, Instance, Router, Slots, Station, Travel, Trip, Unservable, Vehicles, compact, verify,
};
use rand::RngExt;
use rand_pcg::Pcg64;

/// Size of a random instance, and tightness of its limits.
#[derive(Clone, Copy)]
pub struct Size {
    pub fleets: usize,
    pub trips: usize,
    pub stations: usize,
    pub slots: usize,
    /// Whether vehicles must charge simultaneously, at few connectors on a weak feeder.
    pub tight: bool,
}

/// A random instance: points in a square of 6 km, 24 km/h; fleets with one or two vehicles and little charge.
fn instance(size: Size, random: &mut Pcg64) -> Instance {
    let points: Vec<[f64; 2]> = (0..size.trips + size.stations + size.fleets)
        .map(|_| [random.random_range(0.0..6.0), random.random_range(0.0..6.0)])
        .collect();
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
            // Leaving a trip unserved is expensive, and not permitted for some.
            let penalty = random.random_bool(0.7).then(|| random.random_range(3.0..6.0));
            Trip { name: format!("t{i}"), fleet, from, to, window, minutes: km / 0.4 + 1.0, km, penalty }
        })
        .collect();
    let vehicles = (0..size.fleets)
        .map(|fleet| {
            let start_kwh =
                if size.tight { random.random_range(1.0..1.8) } else { random.random_range(1.0..5.0) };
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
            // Some stations are at the depot.
            place: if random.random_bool(0.3) {
                size.trips + size.stations + k % size.fleets
            } else {
                size.trips + k
            },
            connectors: if size.tight { 1 } else { 2 },
            power_kw: if random.random_bool(0.5) { 7.0 } else { 4.0 },
            efficiency: 0.9,
            bus: 1 + k % 3,
        })
        .collect();
    let buses =
        (0..4).map(|i| Bus { name: format!("b{i}"), load_mw: 0.002 * i as f64, ..Bus::default() }).collect();
    let branch = |from, to, r: f64, limit_mva| Branch { from, to, r, x: 0.5 * r, limit_mva };
    // In the tight case a vehicle of 7 kW uses most of the capacity of the last bus.
    let (r, limit) = if size.tight {
        (random.random_range(2.0..6.0), random.random_range(0.014..0.022))
    } else {
        (0.2, 1.0)
    };
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
    // An unreachable trip is an artefact of the random draw, and so is a feeder that is too weak without charging.
    problems.is_empty()
}

/// Result of [`agree`], as numbers of coalitions, except `bound`.
#[derive(Debug, Default)]
pub struct Outcomes {
    pub solved: usize,
    pub unservable: usize,
    /// Coalitions whose vehicles charged.
    pub charged: usize,
    /// Number of instances with a binding limit of the feeder.
    pub bound: usize,
}

/// Asserts that the router and the compact program, solved by `solver`, have the same result on `count` instances,
/// every second one with tight limits.
pub fn agree(solver: Solver, seed: u64, count: usize, size: impl Fn(usize) -> Size) -> Outcomes {
    let mut random = Streams { seed, replication: 0 }.stream(Purpose::Synthesis, 0);
    let mut outcomes = Outcomes::default();
    let mut drawn = 0;
    while drawn < count {
        let instance = instance(Size { tight: drawn % 2 == 1, ..size(drawn) }, &mut random);
        if !right(&instance) {
            continue;
        }
        drawn += 1;
        let mut router = Router::new(&instance).unwrap();
        let all = instance.every_trip();
        for coalition in [Coalition::at(3), Coalition::at(1 + drawn % 2)] {
            let exact = compact::least_cost(&instance, coalition, all, solver);
            match (router.solve(coalition, Demand::All), exact) {
                (Ok(plan), Ok(exact)) => {
                    outcomes.solved += 1;
                    outcomes.charged += usize::from(plan.used(&instance).drawn_kwh > 0.0);
                    assert!((plan.cost - exact).abs() < 1e-6, "{drawn}: {} {exact} {instance:?}", plan.cost);
                    let faults = verify::faults(&instance, coalition, all, &plan);
                    assert!(faults.is_empty(), "{drawn}: {faults:?}");
                }
                (Err(Unservable::Trips(_) | Unservable::Limit(_)), Err(SolveError::Infeasible)) => {
                    outcomes.unservable += 1
                }
                (ours, theirs) => panic!("{drawn}: {ours:?} {theirs:?} {instance:?}"),
            }
        }
        outcomes.bound += usize::from(router.work().limits[1] > 0);
    }
    outcomes
}

#[test]
fn set_partitioning_and_the_compact_program_agree() {
    let size = |drawn| Size { fleets: 2, trips: 2 + drawn % 4 / 2, stations: 2, slots: 5, tight: false };
    let outcomes = agree(Solver::default(), 6, 100, size);
    assert!(outcomes.solved > 120 && outcomes.bound > 15 && outcomes.charged > 80, "{outcomes:?}");
}

/// For instances beyond the compact program: plans pass the independent check, additional members never raise the cost
/// for the same riders, and a coalition that only serves its own riders serves exactly these.
#[test]
fn plans_of_larger_instances_are_right() {
    let mut random = Streams { seed: 7, replication: 0 }.stream(Purpose::Synthesis, 0);
    let (mut drawn, mut bound) = (0, 0);
    while drawn < 20 {
        let size = Size { fleets: 3, trips: 7, stations: 4, slots: 8, tight: drawn % 2 == 0 };
        let mut instance = instance(size, &mut random);
        instance.trips.iter_mut().for_each(|trip| trip.penalty = Some(8.0));
        if !right(&instance) {
            continue;
        }
        drawn += 1;
        let mut router = Router::new(&instance).unwrap();
        let plans = router.coalitions(Demand::All).unwrap();
        for (place, plan) in plans.iter().enumerate().skip(1) {
            let plan = plan.as_ref().unwrap();
            let faults = verify::faults(&instance, Coalition::at(place), instance.every_trip(), plan);
            assert!(faults.is_empty(), "{faults:?}");
            for fleet in Coalition::at(place).players() {
                let fewer = &plans[Coalition::at(place).without(fleet).place()];
                let fewer =
                    if place.count_ones() == 1 { f64::INFINITY } else { fewer.as_ref().unwrap().cost };
                assert!(plan.cost <= fewer + 1e-9, "{place}: {} {fewer}", plan.cost);
            }
        }
        bound += usize::from(router.work().limits[1] > 0);
        // Solved alone, first or last, a coalition has the same result.
        let again = Router::new(&instance).unwrap().solve(Coalition::at(5), Demand::All).unwrap();
        assert!((again.cost - plans[5].as_ref().unwrap().cost).abs() < 1e-9);
        let members = router.solve(Coalition::at(2), Demand::Members).unwrap();
        let asks = |trip: &Trip| trip.fleet.is_none_or(|fleet| fleet == 1);
        let own = instance.trips.iter().filter(|trip| asks(trip)).count();
        let served: usize = members.schedules.iter().map(|schedule| schedule.trips.len()).sum();
        assert_eq!(served + members.unserved.len(), own);
    }
    assert!(bound > 5, "{bound}");
}

/// Places a, b, c on a line at 0, 6 and 9 km, 30 km/h; a trip from b to c; a car at a, with a station there.
fn line() -> Instance {
    let at = [0.0f64, 6.0, 9.0];
    let km: Vec<Vec<f64>> = at.iter().map(|a| at.iter().map(|b| (a - b).abs()).collect()).collect();
    let minutes = km.iter().map(|row| row.iter().map(|km| 2.0 * km).collect()).collect();
    let trip = Trip {
        name: "ride".to_owned(),
        from: 1,
        to: 2,
        window: [50.0, 60.0],
        minutes: 6.0,
        km: 3.0,
        ..Trip::default()
    };
    let bus = |name: &str, load_mw| Bus { name: name.to_owned(), load_mw, ..Bus::default() };
    let branch = Branch { from: 0, to: 1, r: 0.5, x: 0.1, limit_mva: f64::INFINITY };
    let feeder = Feeder::new(1.0, 0, 1.0, vec![bus("source", 0.0), bus("end", 0.05)], vec![branch]).unwrap();
    Instance {
        fleets: vec!["fleet".to_owned()],
        travel: Travel { minutes, km },
        slots: Slots { minutes: 15.0, count: 8 },
        price: vec![0.3; 8],
        refill_price: 0.2,
        value_of_time: 10.0,
        trips: vec![trip],
        vehicles: vec![Vehicles {
            name: "car".to_owned(),
            count: 1,
            battery_kwh: 20.0,
            start_kwh: 5.0,
            reserve_kwh: 0.5,
            kwh_per_km: 0.2,
            ..Vehicles::default()
        }],
        stations: vec![Station {
            name: "plug".to_owned(),
            connectors: 1,
            power_kw: 8.0,
            efficiency: 0.75,
            bus: 1,
            ..Station::default()
        }],
        grid: Some(Grid { feeder, load: vec![1.0; 8], limits: Limits::default() }),
    }
}

/// Computed by hand. 18 km take 3.6 kWh: 5 kWh suffice, refilled for 0.72. With 3 kWh, a slot of 2 kWh at the depot, of
/// which 1.5 are stored: 0.3 for each kWh, and 5 % of losses (twice 0.5 of resistance times 0.05 MW), and 2.1 kWh to
/// refill.
#[test]
fn a_day_by_hand() {
    let mut instance = line();
    assert_eq!(instance.problems(), []);
    let grand_coalition = Coalition::at(1);
    let plan = Router::new(&instance).unwrap().solve(grand_coalition, Demand::All).unwrap();
    assert!((plan.cost - 0.72).abs() < 1e-12, "{}", plan.cost);
    instance.vehicles[0].start_kwh = 3.0;
    let plan = Router::new(&instance).unwrap().solve(grand_coalition, Demand::All).unwrap();
    assert!((plan.cost - (2.0 * 0.3 * 1.05 + 2.1 * 0.2)).abs() < 1e-12, "{}", plan.cost);
    let used = plan.used(&instance);
    assert!((used.driven_kwh - 3.6).abs() < 1e-12 && (used.drawn_kwh - 2.0).abs() < 1e-12);
    // The same charge elsewhere costs an additional quarter of an hour.
    instance.stations[0].place = 1;
    let plan = Router::new(&instance).unwrap().solve(grand_coalition, Demand::All).unwrap();
    assert!((plan.cost - (2.0 * 0.3 * 1.05 + 2.1 * 0.2 + 2.5)).abs() < 1e-12, "{}", plan.cost);
    assert!(verify::faults(&instance, grand_coalition, 1, &plan).is_empty());
}

#[test]
fn infeasible_instances_are_reported() {
    let grand_coalition = Coalition::at(1);
    let why = |instance: &Instance| {
        Router::new(instance).unwrap().solve(grand_coalition, Demand::All).unwrap_err().to_string()
    };
    // 8 kW through 0.5 per unit lower 0.9747 to 0.9706; a limit of 0.972 leaves no room.
    let mut tight = line();
    tight.vehicles[0].start_kwh = 3.0;
    if let Some(grid) = &mut tight.grid {
        grid.limits.voltage[0] = 0.972;
    }
    assert_eq!(tight.problems(), []);
    let message = why(&tight);
    assert!(message.starts_with("it cannot charge enough: at the least, in slot "), "{message}");
    assert!(message.ends_with("bus end at 0.9706 p.u., 0.0014 below 0.972"), "{message}");
    // Without a station it cannot be served at all.
    let mut without = tight.clone();
    without.stations.clear();
    assert_eq!(why(&without), "its vehicles cannot serve trip ride");
    // Problems without charging, and an unreachable trip.
    let mut weak = line();
    if let Some(grid) = &mut weak.grid {
        grid.load[3] = 2.0;
    }
    let problems = weak.problems();
    assert_eq!(problems.len(), 1);
    let text = problems[0].to_string();
    assert!(
        text.contains("in slot 3, before any vehicle charges, bus end at 0.9487 p.u., 0.0013 below 0.95"),
        "{text}"
    );
    let mut late = line();
    late.trips[0].window = [5.0, 11.0];
    let text = late.problems()[0].to_string();
    assert!(
        text.contains("trip ride, to be picked up by minute 11, which no vehicle reaches before minute 12.0"),
        "{text}"
    );
    late.trips[0].penalty = Some(3.0);
    let plan = Router::new(&late).unwrap().solve(grand_coalition, Demand::All).unwrap();
    assert_eq!((plan.cost, plan.unserved.as_slice()), (3.0, [0].as_slice()));
}
