//! Retail in the simulator: households and parked vehicles that respond to prices, checked against hand calculations
//! and against the equilibrium of the library.

use crate::support::MONDAY;
use crate::support::runs::{STREAMS, policies, simulate};
use crate::support::world::{Town, Trip, car, private};
use gridfleet::engine::Simulation;
use gridfleet::games::stackelberg::{self as game, Household, StackelbergGame};
use gridfleet::ids::{IdVec, RetailerId};
use gridfleet::ledger::EntryKind;
use gridfleet::policies::pricing::Leader;
use gridfleet::policies::{Policies, PricingSpec, ResponseSpec, RetailPolicies};
use gridfleet::records::{Collected, EndReason};
use gridfleet::rng::Streams;
use gridfleet::time::{DAY_S, HOUR_S, LocalClock, SimTime};
use gridfleet::world::{Generation, Households, Retail, Setup, Tariff, VehicleType};

fn all(x: f64) -> Box<[f64]> {
    vec![x; 24].into()
}

/// A car that takes and gives 5 kW.
fn home_car() -> VehicleType {
    VehicleType { usable_soc: [0.25, 1.0], feed_kw: 5.0, ..car(40.0, 5.0) }
}

/// A trip of a driver: car, hours from the start at which it leaves and returns, kilometres.
type Outing = (u32, f64, f64, f64);

/// Homes, and cars that park there; the retailer asks 200 EUR/MWh unless a policy sets another price.
fn world(
    days: i64,
    households: Vec<Households>,
    soc: &[f64],
    outings: &[Outing],
    vehicle_type: VehicleType,
) -> Setup {
    let end = MONDAY + days * DAY_S;
    let trip = |&(car, leaves, comes, distance_km): &Outing| {
        let duration_s = ((comes - leaves) * 3_600.0) as u32;
        let leaves_at = MONDAY + (leaves * 3_600.0) as i64;
        Trip { distance_km, ..Trip::new(car as usize, leaves_at, duration_s) }
    };
    let trips: Vec<Trip> = outings.iter().map(trip).collect();
    let mut departures = IdVec::filled(soc.len(), Vec::new());
    trips.iter().for_each(|trip| departures[trip.vehicle].push(trip.time));
    departures.iter_mut().filter(|d| d.is_empty()).for_each(|d| d.push(end));
    let town = Town::new(MONDAY, end, private(), vehicle_type).station("homes", soc.len().max(1), 5.0);
    let town = town.retailer("utility", Tariff::Flat(200.0)).vehicles(soc).trips(trips);
    Setup {
        clock: LocalClock::new(chrono_tz::UTC, MONDAY + -7 * DAY_S, end + 7 * DAY_S),
        retail: Retail {
            households: households.into(),
            generation: vec![Some(generation())].into(),
            departures,
        },
        ..town.build()
    }
}

/// Generation that is cheaper at night.
fn generation() -> Generation {
    let a = |hour| if hour < 8 { 0.4 } else { 0.8 };
    Generation { a_per_mwh_kw: (0..24).map(a).collect(), b_per_mwh: all(2.0), c_per_h: all(0.0) }
}

fn homes(count: u32, least: f64, most: f64, theta: f64) -> Households {
    let nominal: Vec<f64> = game::case::SUMMER_DAY.iter().map(|x| 1.2 * x).collect();
    Households {
        name: format!("homes-{count}"),
        count,
        retailer: RetailerId(0),
        low_kw: nominal.iter().map(|x| least * x).collect(),
        high_kw: nominal.iter().map(|x| most * x).collect(),
        nominal_kw: nominal.into(),
        omega_per_mwh: 50.0,
        theta_per_mwh_kw: theta,
        bus: None,
    }
}

fn stackelberg(leader: Leader) -> PricingSpec {
    PricingSpec::Stackelberg { leader, margin: 1.2, margin_most: 1.5 }
}

fn run(setup: Setup, pricing: &PricingSpec, response: &ResponseSpec) -> (Collected, Simulation) {
    let retail = RetailPolicies {
        pricing: pricing.build(),
        response: Some(response.build()),
        ..RetailPolicies::default()
    };
    let (told, simulation) = simulate(setup, Policies { retail, ..policies() }, STREAMS);
    assert_eq!(simulation.refusals().count(), 0, "{:?}", simulation.refusals().collect::<Vec<_>>());
    (told, simulation)
}

/// Mean load of a group in each hour [kW], all its homes together.
fn hourly(told: &Collected, group: u16) -> Vec<f64> {
    let readings = told.households.iter().filter(|r| r.household.0 == group && r.time > MONDAY);
    let mut hours: Vec<f64> = Vec::new();
    for reading in readings {
        let hour = ((reading.time - MONDAY - 1) / HOUR_S) as usize;
        hours.resize(hours.len().max(hour + 1), 0.0);
        hours[hour] += reading.power_kw / 4.0;
    }
    hours
}

/// The same homes as players of the library's game.
fn players(groups: &[Households]) -> Vec<Household> {
    let player = |homes: &Households| Household {
        count: homes.count,
        energy: homes.nominal_kw.iter().sum(),
        low: homes.low_kw.to_vec(),
        high: homes.high_kw.to_vec(),
        omega: (0..24).map(|hour| homes.worth_per_mwh(hour)).collect(),
        theta: homes.theta_per_mwh_kw,
    };
    groups.iter().map(player).collect()
}

fn leader() -> game::Retailer {
    let Generation { a_per_mwh_kw, b_per_mwh, c_per_h } = generation();
    game::Retailer {
        a: a_per_mwh_kw.to_vec(),
        b: b_per_mwh.to_vec(),
        c: c_per_h.to_vec(),
        lambda: vec![1.2; 24],
        capacity: vec![f64::INFINITY; 24],
    }
}

/// With perfect information, planning hour by hour is as good as the day at once: each day of the simulation is the
/// library's equilibrium of a day, in loads and in prices.
#[test]
fn days_without_surprise_are_the_equilibrium_of_the_library() {
    let groups = vec![homes(300, 0.7, 1.5, 1.0), homes(200, 0.8, 1.2, 40.0)];
    let equilibrium = game::solve(&StackelbergGame::new(leader(), players(&groups), vec![]).unwrap());
    let setup = world(3, groups.clone(), &[], &[], home_car());
    let (told, _) = run(setup, &stackelberg(Leader::Marginal), &ResponseSpec::default());
    for (number, group) in groups.iter().enumerate() {
        let loads = hourly(&told, number as u16);
        assert_eq!(loads.len(), 72);
        for (hour, load) in loads.iter().enumerate() {
            let expected = f64::from(group.count) * equilibrium.plans.households[number][hour % 24];
            assert!((load - expected).abs() < 1e-4 * expected, "{number} {hour}: {load} {expected}");
        }
        for day in loads.chunks(24) {
            let (found, energy) = (day.iter().sum::<f64>(), group.nominal_kw.iter().sum::<f64>());
            assert!((found / f64::from(group.count) - energy).abs() < 1e-6, "{found}");
        }
    }
    assert_eq!(told.prices.len(), 72);
    for (hour, price) in told.prices.iter().enumerate() {
        let expected = equilibrium.prices[hour % 24];
        assert!((price.price_per_mwh - expected).abs() < 1e-4 * expected, "{hour}: {price:?} {expected}");
        // An hour ahead, except the first.
        assert!(hour < 2 || price.valid_from - price.broadcast_time == HOUR_S);
    }
    // Its payments and receipts, from the ledger against the library.
    let posted = |kind| told.ledger.iter().filter(|e| e.kind == kind).map(|e| e.amount.units()).sum::<f64>();
    let near =
        |found: f64, expected: f64| assert!((found - expected).abs() < 1e-4 * expected, "{found} {expected}");
    near(posted(EntryKind::Household), 3.0 * equilibrium.payments / 1_000.0);
    near(posted(EntryKind::Generation), 3.0 * equilibrium.cost / 1_000.0);
}

/// Cars that are at home all day reach, with the homes, the potential of the library's equilibrium within a thousandth.
#[test]
fn parked_cars_settle_as_in_the_library() {
    let groups = vec![homes(100, 0.7, 1.5, 1.0)];
    let soc = [0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 0.25, 0.5, 0.75, 0.875];
    let cars = soc.map(|soc| game::Vehicle {
        rated_kw: 5.0,
        battery_kwh: 40.0,
        soc_min: 0.25,
        arrival: 0,
        departure: 24,
        hours_needed: ((1.0 - soc) * 8.0) as u32,
        max_active_hours: 8,
        omega: 50.0,
        theta: 0.0,
    });
    let game = StackelbergGame::new(leader(), players(&groups), cars.to_vec()).unwrap();
    let equilibrium = game::solve(&game);
    let setup = world(1, groups, &soc, &[], home_car());
    let (told, _) = run(setup, &stackelberg(Leader::Marginal), &ResponseSpec::default());
    assert_eq!(told.sessions.len(), 10);
    assert!(told.sessions.iter().all(|session| (session.soc_end - 1.0).abs() < 1e-9));
    let prices: Vec<f64> = told.prices.iter().map(|price| price.price_per_mwh).collect();
    let load: Vec<f64> = prices.iter().enumerate().map(|(t, p)| (p / 1.2 - 2.0) / leader().a[t]).collect();
    let energy = |load: &[f64]| load.iter().sum::<f64>();
    assert!((energy(&load) - energy(&equilibrium.load)).abs() < 1e-6 * energy(&load));
    // Only the retailer's part of the potential is compared; theta is small.
    let supply = |load: &[f64]| -> f64 {
        load.iter().enumerate().map(|(t, g)| 1.2 * (leader().a[t] / 2.0 * g + 2.0) * g).sum()
    };
    let (found, expected) = (supply(&load), supply(&equilibrium.load));
    assert!((found - expected).abs() < 1e-3 * expected, "{found} {expected}");
    let cheaper = game::solve(&StackelbergGame::new(leader(), game.households().to_vec(), vec![]).unwrap());
    assert!(energy(&cheaper.load) < energy(&load));
}

/// Ten homes that draw a kilowatt in the first two hours of the day and nothing later, at 100 and 300 EUR/MWh. Each kW
/// moved from the second hour to the first saves 200 and costs theta, 400, times the difference: 0.25 kW are moved.
#[test]
fn a_household_bill_by_hand() {
    let mut nominal = vec![0.0; 24];
    nominal[..2].fill(1.0);
    let ten = Households {
        name: "ten".into(),
        low_kw: nominal.iter().map(|x| 0.5 * x).collect(),
        high_kw: nominal.iter().map(|x| 1.5 * x).collect(),
        nominal_kw: nominal.into(),
        theta_per_mwh_kw: 400.0,
        ..homes(10, 1.0, 1.0, 1.0)
    };
    let mut by_hour = vec![500.0; 24];
    by_hour[..2].copy_from_slice(&[100.0, 300.0]);
    let pricing = PricingSpec::TimeOfUse { hourly_price_per_mwh: by_hour };
    let (told, _) =
        run(world(1, vec![ten.clone()], &[], &[], home_car()), &pricing, &ResponseSpec::default());
    let loads = hourly(&told, 0);
    assert!((loads[0] - 12.5).abs() < 1e-9 && (loads[1] - 7.5).abs() < 1e-9, "{loads:?}");
    let bills: Vec<(SimTime, i128)> =
        told.ledger.iter().filter(|e| e.kind == EntryKind::Household).map(|e| (e.time, e.amount.0)).collect();
    assert_eq!(bills, [(MONDAY + HOUR_S, 1_250_000), (MONDAY + 2 * HOUR_S, 2_250_000)]);
    // 0.2 x 12.5^2 + 2 x 12.5 = 56.25, and 0.2 x 7.5^2 + 2 x 7.5 = 26.25, in thousandths.
    let cost: Vec<i128> =
        told.ledger.iter().filter(|e| e.kind == EntryKind::Generation).map(|e| e.amount.0).collect();
    assert_eq!(cost, [56_250, 26_250]);
    // Homes that do not respond to prices draw as before; so do all homes at one price.
    for (pricing, response) in [
        (pricing, ResponseSpec::Nominal {}),
        (PricingSpec::Flat { price_per_mwh: 70.0 }, ResponseSpec::default()),
    ] {
        let (told, _) = run(world(1, vec![ten.clone()], &[], &[], home_car()), &pricing, &response);
        let loads = hourly(&told, 0);
        assert!((loads[0] - 10.0).abs() < 1e-9 && (loads[1] - 10.0).abs() < 1e-9, "{loads:?}");
    }
}

/// One car comes home at 18:00 with 10 kWh missing and leaves at 6:00: at a price that is low from 2:00 to 4:00 it
/// charges then, and sells for two hours at the high price from 20:00 to 22:00, which it buys back from 0:00 to 2:00.
#[test]
fn a_driver_buys_low_and_sells_high_by_hand() {
    let mut price = vec![200.0; 24];
    price[20..22].fill(500.0);
    price[..2].fill(150.0);
    price[2..4].fill(100.0);
    let outings = [(0, 6.0, 18.0, 50.0), (0, 30.0, 42.0, 10.0)];
    let setup = world(2, Vec::new(), &[1.0], &outings, home_car());
    let pricing = PricingSpec::TimeOfUse { hourly_price_per_mwh: price };
    let (told, _) = run(setup, &pricing, &ResponseSpec::default());
    // The first stay is before the first drive; then the one described above, and the last.
    let night = &told.sessions[1];
    assert_eq!(
        (night.plug_in_time, night.unplug_time),
        (Some(MONDAY + 18 * HOUR_S), Some(MONDAY + 30 * HOUR_S))
    );
    assert!(
        (night.energy_kwh - 20.0).abs() < 1e-9 && (night.discharged_kwh - 10.0).abs() < 1e-9,
        "{night:?}"
    );
    assert!((night.cost - (10.0 * 0.15 + 10.0 * 0.1 - 10.0 * 0.5)).abs() < 1e-9, "{}", night.cost);
    assert_eq!((night.end_reason, night.soc_end), (EndReason::Full, 1.0));
}

/// A car that comes home for an hour between two long drives cannot be full, and this is recorded; one that could have
/// been full is full.
#[test]
fn who_leaves_too_soon_is_counted_with_the_reason() {
    let outings = [(0, 6.0, 10.0, 100.0), (0, 11.0, 14.0, 10.0), (0, 23.0, 23.5, 5.0)];
    for (response, pricing) in [
        (ResponseSpec::default(), stackelberg(Leader::Marginal)),
        (ResponseSpec::Nominal {}, PricingSpec::default()),
    ] {
        let setup = world(1, vec![homes(10, 0.7, 1.3, 1.0)], &[1.0], &outings, home_car());
        let (told, _) = run(setup, &pricing, &response);
        let reasons: Vec<EndReason> = told.sessions.iter().map(|session| session.end_reason).collect();
        assert_eq!(
            reasons,
            [EndReason::Full, EndReason::ShortStay, EndReason::Full, EndReason::InProgress],
            "{response:?}"
        );
        // An hour at 5 kW, at any price.
        assert!((told.sessions[1].energy_kwh - 5.0).abs() < 1e-9);
        assert_eq!(told.trips.len(), 3);
    }
}

/// Leaders that choose their margins do no worse than the one that keeps them, by their own objectives.
#[test]
fn leaders_get_what_they_are_after() {
    let outcome = |pricing: &PricingSpec| {
        let setup = world(1, vec![homes(500, 0.7, 1.5, 1.0)], &[], &[], home_car());
        let (told, _) = run(setup, pricing, &ResponseSpec::default());
        let loads = hourly(&told, 0);
        let mean = loads.iter().sum::<f64>() / 24.0;
        let uneven: f64 = loads.iter().map(|g| (g - mean) * (g - mean)).sum();
        let sum = |kind| told.ledger.iter().filter(|e| e.kind == kind).map(|e| e.amount.units()).sum::<f64>();
        (uneven, sum(EntryKind::Household) - sum(EntryKind::Generation))
    };
    let marginal = outcome(&stackelberg(Leader::Marginal));
    let flatten = outcome(&stackelberg(Leader::Flatten));
    let profit = outcome(&stackelberg(Leader::Profit));
    let flat = outcome(&PricingSpec::Flat { price_per_mwh: 400.0 });
    assert!(flatten.0 <= marginal.0 * (1.0 + 1e-9), "{flatten:?} {marginal:?}");
    assert!(
        profit.1 >= marginal.1 && profit.1 >= flatten.1 * (1.0 - 1e-9),
        "{profit:?} {marginal:?} {flatten:?}"
    );
    assert!(marginal.0 < flat.0, "{marginal:?} {flat:?}");
}

/// Cost of the sessions that ended with a departure [currency]: the remaining demand of the last ones is not part of
/// it.
fn cost_of_departures(told: &Collected) -> f64 {
    told.sessions.iter().filter(|s| s.unplug_time.is_some()).map(|s| s.cost).sum()
}

/// Cost of charging for all departures [currency], and number of full ones, at a time-of-use tariff whose prices are
/// announced `lead_s` ahead.
fn paid_with_lead(
    lead_s: i64,
    price: &[f64],
    outings: &[Outing],
    vehicle_type: &VehicleType,
) -> (f64, usize) {
    let mut setup = world(4, Vec::new(), &[1.0; 3], outings, vehicle_type.clone());
    setup.retail.generation = vec![None].into();
    setup.retailers[RetailerId(0)].tariff = Tariff::TimeOfUse(price.into());
    setup.retailers[RetailerId(0)].lead_s = lead_s;
    let (told, _) = run(setup, &PricingSpec::Tariff {}, &ResponseSpec::default());
    let full = told.sessions.iter().filter(|s| s.unplug_time.is_some() && s.end_reason == EndReason::Full);
    (cost_of_departures(&told), full.count())
}

/// Over random weeks of prices and days of drivers: with earlier announcements drivers pay no more and leave as full,
/// because a tariff gives the same price for a slot at any time.
#[test]
fn longer_notice_never_costs_more() {
    use rand::RngExt as _;
    let mut dearest_over_cheapest = 0.0_f64;
    for seed in 0..40 {
        let mut random = Streams { seed, replication: 0 }.stream(gridfleet::rng::Purpose::Policy, 77);
        let levels: Vec<f64> = (0..4).map(|_| random.random_range(20..600).into()).collect();
        let day: Vec<f64> = (0..24).map(|_| levels[random.random_range(0..4)]).collect();
        let price: Vec<f64> = (0..168).map(|hour| day[hour % 24]).collect();
        let mut outings = Vec::new();
        for car in 0..3 {
            for d in 0..4 {
                let leaves = f64::from(d) * 24.0 + random.random_range(5.0..10.0);
                let comes = leaves + random.random_range(3.0..11.0);
                outings.push((car, leaves, comes, random.random_range(5.0..110.0)));
            }
        }
        outings.sort_by(|a, b| a.1.total_cmp(&b.1));
        let efficiency = [1.0, 0.9][seed as usize % 2];
        let feed_kw = [0.0, 5.0][seed as usize / 2 % 2];
        let vehicle_type = VehicleType { feed_kw, charge_efficiency: efficiency, ..home_car() };
        let leads =
            [0, 1, 4, 6, 12, 24, 48].map(|h| paid_with_lead(h * HOUR_S, &price, &outings, &vehicle_type));
        for pair in leads.windows(2) {
            assert!(pair[1].0 <= pair[0].0 + 1e-6 && pair[1].1 >= pair[0].1, "seed {seed}: {leads:?}");
        }
        let unplanned = {
            let mut setup = world(4, Vec::new(), &[1.0; 3], &outings, vehicle_type);
            setup.retail.generation = vec![None].into();
            setup.retailers[RetailerId(0)].tariff = Tariff::TimeOfUse(price.as_slice().into());
            run(setup, &PricingSpec::Tariff {}, &ResponseSpec::Nominal {}).0
        };
        let cost = cost_of_departures(&unplanned);
        assert!(leads[6].0 <= cost + 1e-6, "seed {seed}: {} for {cost} without a plan", leads[6].0);
        dearest_over_cheapest = dearest_over_cheapest.max(cost / leads[6].0);
    }
    // Otherwise there was nothing to plan in any of these worlds.
    assert!(dearest_over_cheapest > 1.5, "{dearest_over_cheapest}");
}
