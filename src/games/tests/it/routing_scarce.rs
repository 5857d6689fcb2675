//! Routing where charge and connectors are scarce, against all combinations of schedules.

use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_games::coalition::Coalition;
use gridfleet_games::routing::{Demand, Instance, Router, Slots, Station, Travel, Trip, Vehicles, verify};
use proptest::prelude::*;
use rand::RngExt;
use std::collections::BTreeMap;

const FLEETS: usize = 3;
const STATIONS: usize = 2;
const SLOTS: usize = 5;

/// A random instance without a feeder: one vehicle per fleet, which can serve few trips without charging, and stations
/// with one connector.
fn instance(seed: u64, trips: usize) -> Instance {
    let mut random = Streams { seed, replication: 0 }.stream(Purpose::Synthesis, 0);
    let points: Vec<[f64; 2]> = (0..2 * trips + STATIONS + FLEETS)
        .map(|_| [random.random_range(0.0..5.0), random.random_range(0.0..5.0)])
        .collect();
    let way = |a: &[f64; 2], b: &[f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    let km: Vec<Vec<f64>> = points.iter().map(|a| points.iter().map(|b| way(a, b)).collect()).collect();
    let minutes = km.iter().map(|row| row.iter().map(|km| km / 0.5).collect()).collect();
    let trip = |i: usize| {
        let km = km[i][trips + i] + 0.2;
        let earliest = random.random_range(25.0..60.0);
        Trip {
            name: format!("t{i}"),
            fleet: None,
            from: i,
            to: trips + i,
            window: [earliest, earliest + random.random_range(3.0..20.0)],
            minutes: km / 0.5,
            km,
            penalty: random.random_bool(0.7).then(|| random.random_range(4.0..8.0)),
        }
    };
    let asked: Vec<Trip> = (0..trips).map(trip).collect();
    let vehicles = |fleet: usize| Vehicles {
        name: format!("v{fleet}"),
        fleet,
        count: 1,
        depot: 2 * trips + STATIONS + fleet,
        battery_kwh: random.random_range(4.0..6.0),
        start_kwh: random.random_range(1.2..1.8),
        reserve_kwh: 0.3,
        kwh_per_km: 0.2,
    };
    let vehicles = (0..FLEETS).map(vehicles).collect();
    let station = |k: usize| Station {
        name: format!("s{k}"),
        fleet: k % FLEETS,
        place: 2 * trips + k,
        connectors: 1,
        power_kw: random.random_range(4.0..9.0),
        efficiency: 0.9,
        bus: 0,
    };
    Instance {
        stations: (0..STATIONS).map(station).collect(),
        fleets: (0..FLEETS).map(|fleet| format!("f{fleet}")).collect(),
        travel: Travel { minutes, km },
        slots: Slots { minutes: 15.0, count: SLOTS },
        price: (0..SLOTS).map(|_| random.random_range(0.2..0.4)).collect(),
        refill_price: random.random_range(0.15..0.3),
        value_of_time: random.random_range(0.0..4.0),
        trips: asked,
        vehicles,
        grid: None,
    }
}

/// A vehicle on its way.
#[derive(Clone, Copy)]
struct Way {
    place: usize,
    minute: f64,
    kwh: f64,
    cost: f64,
    /// Trips served, and connectors used by slot, one bit each.
    trips: u64,
    connectors: u64,
}

/// All schedules of a vehicle: the least cost by trips and connectors.
struct Schedules<'a> {
    instance: &'a Instance,
    vehicle: &'a Vehicles,
    members: Coalition,
    cost: BTreeMap<(u64, u64), f64>,
}

impl Schedules<'_> {
    fn drive(&self, way: Way, to: usize, km: f64) -> Option<Way> {
        let travel = &self.instance.travel;
        let kwh = way.kwh - (travel.km[way.place][to] + km) * self.vehicle.kwh_per_km;
        let minute = way.minute + travel.minutes[way.place][to];
        (kwh >= self.vehicle.reserve_kwh - 1e-9).then_some(Way { place: to, minute, kwh, ..way })
    }

    /// Continues with each stay, and without one.
    fn extend(&mut self, way: Way) {
        self.serve(way);
        for (k, station) in self.instance.stations.iter().enumerate() {
            let Some(there) = self.drive(way, station.place, 0.0) else { continue };
            if !self.members.contains(station.fleet) {
                continue;
            }
            for first in (0..SLOTS).filter(|slot| 15.0 * *slot as f64 >= there.minute - 1e-9) {
                let mut stay = there;
                for slot in first..SLOTS {
                    let drawn = 0.25 * station.power_kw;
                    stay.kwh = self.vehicle.battery_kwh.min(stay.kwh + station.efficiency * drawn);
                    stay.cost += self.instance.price[slot] * drawn + 0.25 * self.instance.value_of_time;
                    stay.minute = 15.0 * (slot + 1) as f64;
                    stay.connectors |= 1 << (k * SLOTS + slot);
                    self.serve(stay);
                }
            }
        }
    }

    /// Continues with each trip, and with the return.
    fn serve(&mut self, way: Way) {
        for (i, trip) in self.instance.trips.iter().enumerate().filter(|(i, _)| way.trips >> i & 1 == 0) {
            let Some(there) = self.drive(way, trip.from, trip.km) else { continue };
            let start = there.minute.max(trip.window[0]);
            if start <= trip.window[1] + 1e-9 {
                let (minute, trips) = (start + trip.minutes, way.trips | 1 << i);
                self.extend(Way { place: trip.to, minute, trips, ..there });
            }
        }
        if way.trips > 0
            && let Some(home) = self.drive(way, self.vehicle.depot, 0.0)
        {
            let cost = home.cost + self.instance.refill_price * (self.vehicle.start_kwh - home.kwh);
            let least = self.cost.entry((home.trips, home.connectors)).or_insert(f64::INFINITY);
            *least = least.min(cost);
        }
    }
}

/// Least cost of a coalition over all combinations of schedules; infinite if it cannot serve a mandatory trip.
fn least_cost(instance: &Instance, members: Coalition) -> f64 {
    let mut least: BTreeMap<(u64, u64), f64> = BTreeMap::from([((0, 0), 0.0)]);
    for vehicle in instance.vehicles.iter().filter(|vehicle| members.contains(vehicle.fleet)) {
        let mut schedules = Schedules { instance, vehicle, members, cost: BTreeMap::new() };
        let (place, kwh) = (vehicle.depot, vehicle.start_kwh);
        schedules.extend(Way { place, minute: 0.0, kwh, cost: 0.0, trips: 0, connectors: 0 });
        let before = least.clone();
        for ((trips, connectors), cost) in &before {
            let fits = |(key, _): &(&(u64, u64), &f64)| key.0 & trips == 0 && key.1 & connectors == 0;
            for (key, more) in schedules.cost.iter().filter(fits) {
                let sum = least.entry((trips | key.0, connectors | key.1)).or_insert(f64::INFINITY);
                *sum = sum.min(cost + more);
            }
        }
    }
    let with_penalties = |((served, _), cost): (&(u64, u64), &f64)| {
        let unserved = instance.trips.iter().enumerate().filter(|(i, _)| served >> i & 1 == 0);
        cost + unserved.map(|(_, trip)| trip.penalty.unwrap_or(f64::INFINITY)).sum::<f64>()
    };
    least.iter().map(with_penalties).fold(f64::INFINITY, f64::min)
}

/// Asserts that all coalitions have the least cost; number of active limits, and of coalitions without a plan.
fn compare(instance: &Instance) -> [usize; 2] {
    let mut router = Router::new(instance).unwrap();
    let before = router.work();
    let plans = router.coalitions(Demand::All).unwrap();
    let mut unservable = 0;
    for (place, plan) in plans.iter().enumerate().skip(1) {
        let coalition = Coalition::at(place);
        let exact = least_cost(instance, coalition);
        match plan {
            Ok(plan) => {
                assert!((plan.cost - exact).abs() < 1e-6, "{place}: {} {exact} {instance:?}", plan.cost);
                let faults = verify::faults(instance, coalition, instance.every_trip(), plan);
                assert!(faults.is_empty(), "{place}: {faults:?}");
            }
            Err(why) => {
                assert!(exact.is_infinite(), "{place}: {why} {exact} {instance:?}");
                assert!(!why.is_failure(), "{place}: {why}");
                unservable += 1;
            }
        }
    }
    let work = router.work();
    assert_eq!(work.labels, before.labels, "limits do not enlarge the pool");
    [work.limits[1], unservable]
}

#[test]
fn scarce_connectors_are_shared_at_least_cost() {
    let (mut bound, mut active, mut unservable) = (0, 0, 0);
    for seed in 0..60 {
        let instance = instance(seed, 4);
        if instance.problems().is_empty() {
            let [limits, without] = compare(&instance);
            bound += usize::from(limits > 0);
            active += limits;
            unservable += without;
        }
    }
    assert!(bound > 20 && active > bound && unservable > 0, "{bound} {active} {unservable}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn any_scarce_instance_has_the_least_cost(seed in 1_000u64..u64::MAX, trips in 2usize..5) {
        let instance = instance(seed, trips);
        prop_assume!(instance.problems().is_empty());
        compare(&instance);
    }
}
