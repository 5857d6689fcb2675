//! Tests of the clairvoyant bound against cases solved by hand, all plans of tiny cases, and a charger without
//! foresight.

use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_games::optimize::clairvoyant::{Horizon, ProfitBound, RequestedTrip, VehicleSchedule, bound};
use proptest::prelude::*;
use rand::RngExt;
use rand_pcg::Pcg64;

const HOUR: i64 = 3_600;

fn hours(value_per_mwh: &[f64]) -> Horizon {
    Horizon { start_s: 0, slot_s: HOUR, value_per_mwh: value_per_mwh.to_vec() }
}

/// A trip from hour `start` to hour `end`.
fn trip(start: i64, end: i64, energy_kwh: f64, ends_at_charger: bool, cost: f64) -> RequestedTrip {
    RequestedTrip { start_s: start * HOUR, end_s: end * HOUR, energy_kwh, ends_at_charger, cost }
}

/// A vehicle with 10 usable kWh, charged at 5 kW without loss.
fn vehicle(start_soc: f64, plugged_at_start: bool, trips: Vec<RequestedTrip>) -> VehicleSchedule {
    VehicleSchedule {
        battery_kwh: 10.0,
        usable_soc: [0.0, 1.0],
        charge_efficiency: 1.0,
        power_kw: 5.0,
        start_soc,
        plugged_at_start,
        trips,
    }
}

fn of_one(horizon: &Horizon, vehicle: VehicleSchedule) -> ProfitBound {
    bound(horizon, &[vehicle]).unwrap().total
}

fn assert_near(found: f64, expected: f64) {
    assert!((found - expected).abs() < 1e-7, "{found} {expected}");
}

#[test]
fn a_parked_vehicle_fills_up_in_the_best_slots() {
    // 5 kWh of room take 6.25 kWh: 5 of them at 200 EUR/MWh, the rest at 100.
    let parked = VehicleSchedule { charge_efficiency: 0.8, ..vehicle(0.5, true, vec![]) };
    let best = of_one(&hours(&[100.0, 50.0, 200.0]), parked.clone());
    assert_near(best.profit, 1.0 + 0.125);
    assert_near(best.energy_kwh, 6.25);
    // Up to 80 % there is room for 3 kWh; a vehicle with a higher charge draws nothing.
    let window = VehicleSchedule { usable_soc: [0.1, 0.8], ..parked };
    assert_near(of_one(&hours(&[100.0]), window.clone()).energy_kwh, 3.0 / 0.8);
    assert_near(of_one(&hours(&[100.0]), VehicleSchedule { start_soc: 0.9, ..window }).profit, 0.0);
    // Without a plug nothing is drawn.
    assert_eq!(of_one(&hours(&[100.0]), vehicle(0.5, false, vec![])), ProfitBound::default());
    let powerless = VehicleSchedule { power_kw: 0.0, ..vehicle(0.5, true, vec![]) };
    assert_near(of_one(&hours(&[100.0]), powerless).profit, 0.0);
}

#[test]
fn only_the_seconds_at_the_plug_count() {
    // Plugged in from 2:30 on, for half of a slot and a whole one.
    let late = RequestedTrip { end_s: 5 * HOUR / 2, ..trip(1, 2, 1.0, true, 9.0) };
    let best = of_one(&hours(&[100.0, 100.0, 300.0, 100.0]), vehicle(0.3, false, vec![late]));
    assert_near(best.profit, 0.3 * 2.5 + 0.1 * 5.0);
    // A trip beyond the end blocks the time after its start; one that starts at the end is ignored.
    let leaves = trip(1, 9, 1.0, true, 9.0);
    assert_near(of_one(&hours(&[100.0]), vehicle(0.3, true, vec![leaves])).profit, 0.5);
    // The battery is full before the trip, which is neither lost for low charge nor refused, and the vehicle is
    // unplugged afterwards: nothing is drawn.
    let best = of_one(&hours(&[100.0, 100.0, 300.0]), vehicle(1.0, true, vec![trip(1, 2, 1.0, false, 9.0)]));
    assert_near(best.profit, 0.0);
}

#[test]
fn charge_is_drawn_early_for_a_trip_and_no_more_than_it_needs() {
    // 2 kWh of battery: empty after the first trip. The second needs 1 kWh, drawn at 10 EUR/MWh; it leaves room for 2
    // kWh at 100. Losing it partly, for low charge, costs nothing but earns less.
    let trips = vec![trip(0, 1, 2.0, true, 100.0), trip(2, 3, 1.0, true, 100.0)];
    let small = VehicleSchedule { battery_kwh: 2.0, ..vehicle(1.0, false, trips) };
    let best = of_one(&hours(&[0.0, 10.0, 0.0, 100.0]), small);
    assert_near(best.profit, 0.01 + 0.2);
    assert_near(best.energy_kwh, 3.0);
}

#[test]
fn a_trip_is_refused_where_that_earns_more_than_it_costs() {
    // Half full: refusing the trip, which consumes no charge, leaves 5 kWh to be drawn at 1 EUR each. The relaxation
    // permits half of the trip to be lost for low charge, so half of the cost is saved.
    let stays = |slots: &[f64], cost| {
        let trips = vec![trip(0, slots.len() as i64, 0.0, false, cost)];
        of_one(&hours(slots), vehicle(0.5, true, trips)).profit
    };
    assert_near(stays(&[1e3], 0.1), 5.0 - 0.05);
    assert_near(stays(&[1e3], 0.0), 5.0);
    // Too expensive to refuse: the lost half remains plugged in at half of the power, which suffices in two hours.
    assert_near(stays(&[1e3], 1e4), 2.5);
    assert_near(stays(&[1e3; 2], 1e4), 5.0);
    // At half of the power, less valuable slots must be used as well.
    assert_near(stays(&[400.0, 1e3, 600.0], 1e4), 2.5 + 1.5);
    assert_near(stays(&[400.0, 1e3, 0.0, 0.0], 1e4), 2.5 + 1.0);
}

#[test]
fn a_trip_without_the_charge_for_it_is_lost_at_no_cost() {
    let without = vehicle(0.1, false, vec![trip(0, 1, 4.0, false, 10.0)]);
    assert_near(of_one(&hours(&[100.0; 3]), without).profit, 0.0);
    // The vehicle is assumed to be plugged in afterwards regardless: the bound is loose here.
    let without = vehicle(0.1, false, vec![trip(0, 1, 4.0, true, 10.0)]);
    assert_near(of_one(&hours(&[100.0, 100.0]), without).profit, 0.5);
}

/// Maximum earnings from `hour` on over all plans of a vehicle that charges none, half or all of the energy possible in
/// an hour, and performs or refuses each trip for which it has sufficient charge.
fn best_plan(horizon: &Horizon, vehicle: &VehicleSchedule, hour: usize, kwh: f64, plugged: bool) -> f64 {
    let Some(value) = horizon.value_per_mwh.get(hour) else { return 0.0 };
    let [low, high] = vehicle.usable_soc.map(|soc| soc * vehicle.battery_kwh);
    let now = hour as i64 * HOUR;
    let mut most = f64::NEG_INFINITY;
    let mut cost = 0.0;
    if let Some(trip) = vehicle.trips.iter().find(|trip| trip.start_s == now)
        && kwh - trip.energy_kwh >= low
    {
        let (arrives, left) = ((trip.end_s / HOUR) as usize, kwh - trip.energy_kwh);
        most = best_plan(horizon, vehicle, arrives, left, trip.ends_at_charger);
        cost = trip.cost;
    }
    for part in [0.0, 0.5, 1.0] {
        let room = (high - kwh).max(0.0) / vehicle.charge_efficiency;
        let drawn = if plugged { part * vehicle.power_kw.min(room) } else { 0.0 };
        let after = kwh + drawn * vehicle.charge_efficiency;
        let rest = best_plan(horizon, vehicle, hour + 1, after, plugged);
        most = most.max(drawn * value / 1e3 - cost + rest);
    }
    most
}

/// Earnings of a charger without foresight: draws at full power in some slots whenever it can, up to a target, and
/// refuses some feasible trips.
fn careless(horizon: &Horizon, vehicle: &VehicleSchedule, random: &mut Pcg64) -> f64 {
    let [low, high] = vehicle.usable_soc.map(|soc| soc * vehicle.battery_kwh);
    let target = low + (high - low) * random.random_range(0.3..1.3f64).min(1.0);
    let (refusing, charging) = (random.random_range(0.0..0.4), random.random_range(0.3..1.2));
    let wanted: Vec<bool> =
        horizon.value_per_mwh.iter().map(|_| random.random_range(0.0..1.0) < charging).collect();
    let (mut kwh, mut plugged) = (vehicle.start_soc * vehicle.battery_kwh, vehicle.plugged_at_start);
    let (mut earned, mut next) = (0.0, 0);
    let mut now = horizon.start_s;
    while now < horizon.end_s() {
        if let Some(trip) = vehicle.trips.get(next).filter(|trip| trip.start_s <= now) {
            next += 1;
            if kwh - trip.energy_kwh < low {
                continue;
            }
            if random.random_range(0.0..1.0) < refusing {
                earned -= trip.cost;
                continue;
            }
            kwh -= trip.energy_kwh;
            (now, plugged) = (trip.end_s, trip.ends_at_charger);
            continue;
        }
        let slot = (now - horizon.start_s) / horizon.slot_s;
        let slot_ends = horizon.start_s + (slot + 1) * horizon.slot_s;
        let until = vehicle.trips.get(next).map_or(slot_ends, |trip| trip.start_s.min(slot_ends));
        if plugged && wanted[slot as usize] {
            let power_kwh = vehicle.power_kw * (until - now) as f64 / 3_600.0;
            let drawn = power_kwh.min((target - kwh).max(0.0) / vehicle.charge_efficiency);
            kwh += drawn * vehicle.charge_efficiency;
            earned += drawn * horizon.value_per_mwh[slot as usize] / 1e3;
        }
        now = until;
    }
    earned
}

fn chance(random: &mut Pcg64, probability: f64) -> bool {
    random.random_range(0.0..1.0) < probability
}

/// A random vehicle with up to `trips` trips between multiples of `grain_s`, over `slots` slots.
fn made_up(
    random: &mut Pcg64,
    slots: i64,
    slot_s: i64,
    grain_s: i64,
    trips: usize,
) -> (Horizon, VehicleSchedule) {
    let value = |random: &mut Pcg64| (random.random_range(-4..15) * 10).max(0);
    let value_per_mwh = (0..slots).map(|_| f64::from(value(random))).collect();
    let horizon = Horizon { start_s: 7_200, slot_s, value_per_mwh };
    let mut free_from = horizon.start_s;
    let mut list = Vec::new();
    for _ in 0..trips {
        let start_s = free_from + random.random_range(0..=slots * slot_s / grain_s / 3) * grain_s;
        let end_s = start_s + random.random_range(1..=2 * slot_s / grain_s) * grain_s;
        free_from = end_s;
        let (energy_kwh, ends_at_charger) = (random.random_range(0.0..3.0), chance(random, 0.4));
        let cost = if chance(random, 0.2) { 0.0 } else { random.random_range(0.0..0.5) };
        list.push(RequestedTrip { start_s, end_s, energy_kwh, ends_at_charger, cost });
    }
    let low = random.random_range(0.0..0.3);
    let vehicle = VehicleSchedule {
        battery_kwh: random.random_range(2.0..8.0),
        usable_soc: [low, random.random_range(0.6..1.0)],
        charge_efficiency: random.random_range(0.7..1.0),
        power_kw: random.random_range(0.5..4.0),
        start_soc: random.random_range(0.0..1.0),
        plugged_at_start: chance(random, 0.6),
        trips: list,
    };
    (horizon, vehicle)
}

fn stream(seed: u64) -> Pcg64 {
    Streams { seed, replication: 0 }.stream(Purpose::Synthesis, 0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_plan_of_a_tiny_case_earns_more(seed in any::<u64>()) {
        let (mut horizon, mut vehicle) = made_up(&mut stream(seed), 6, HOUR, HOUR, 3);
        // All hours are counted from 0.
        vehicle.trips.iter_mut().for_each(|trip| {
            trip.start_s -= horizon.start_s;
            trip.end_s -= horizon.start_s;
        });
        horizon.start_s = 0;
        let plugged = vehicle.plugged_at_start;
        let plan = best_plan(&horizon, &vehicle, 0, vehicle.start_soc * vehicle.battery_kwh, plugged);
        let most = of_one(&horizon, vehicle).profit;
        prop_assert!(plan <= most + 1e-7, "plan {plan}, bound {most}");
    }

    #[test]
    fn no_careless_charger_earns_more(seed in any::<u64>()) {
        let mut random = stream(seed);
        let (horizon, vehicle) = made_up(&mut random, 40, 900, 60, 12);
        let most = of_one(&horizon, vehicle.clone()).profit;
        for _ in 0..20 {
            let earned = careless(&horizon, &vehicle, &mut random);
            prop_assert!(earned <= most + 1e-7, "earned {earned}, bound {most}");
        }
    }

    /// Money in another unit gives the same bound in that unit; a shift by one day changes nothing; and a plug at the
    /// start, or more power, can be left unused.
    #[test]
    fn the_bound_follows_its_units_and_its_means(seed in any::<u64>()) {
        let (horizon, vehicle) = made_up(&mut stream(seed), 30, 900, 300, 8);
        let most = of_one(&horizon, vehicle.clone()).profit;
        let (mut other, mut same) = (horizon.clone(), vehicle.clone());
        other.start_s += 86_400;
        other.value_per_mwh.iter_mut().for_each(|value| *value *= 7.0);
        for trip in &mut same.trips {
            trip.start_s += 86_400;
            trip.end_s += 86_400;
            trip.cost *= 7.0;
        }
        prop_assert!((of_one(&other, same).profit - 7.0 * most).abs() < 1e-6);
        let more = VehicleSchedule { plugged_at_start: true, power_kw: 1.5 * vehicle.power_kw, ..vehicle };
        prop_assert!(of_one(&horizon, more).profit >= most - 1e-7);
    }
}

#[test]
fn a_fleet_is_the_sum_of_its_vehicles_for_any_number_of_threads() {
    let horizon = made_up(&mut stream(0), 96, 900, 60, 1).0;
    let vehicles: Vec<VehicleSchedule> =
        (0..40).map(|seed| made_up(&mut stream(seed), 96, 900, 60, 9).1).collect();
    let fleet = bound(&horizon, &vehicles).unwrap();
    let alone: Vec<ProfitBound> = vehicles.iter().map(|vehicle| of_one(&horizon, vehicle.clone())).collect();
    assert_eq!(fleet.vehicles, alone);
    assert_near(fleet.total.profit, alone.iter().map(|bound| bound.profit).sum());
    assert!(fleet.total.profit > 1.0);
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(one.install(|| bound(&horizon, &vehicles)).unwrap(), fleet);
}
