//! Tests of the retailer's game against enumeration, another solver, its potential, and itself from other starts.

use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_games::stackelberg::case::{Case, HOURS};
use gridfleet_games::stackelberg::{
    Aim, Conduct, Ending, Household, Plans, Retailer, StackelbergGame, Start, Vehicle, best_loads,
    best_schedule, bound, bound_at, follows, lead, run, solve, solve_from,
};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;
use serde_json::Value;

fn retailer(a: Vec<f64>, b: Vec<f64>, lambda: Vec<f64>) -> Retailer {
    let slots = a.len();
    Retailer { a, b, lambda, c: vec![0.0; slots], capacity: vec![f64::INFINITY; slots] }
}

fn list(random: &mut Pcg64, n: usize, low: f64, high: f64) -> Vec<f64> {
    (0..n).map(|_| random.random_range(low..high)).collect()
}

/// A random vehicle that can be full by its departure.
fn random_vehicle(random: &mut Pcg64, slots: usize) -> Vehicle {
    loop {
        let rated_kw = [7.0, 11.5, 17.2][random.random_range(0..3)];
        let hours_needed = random.random_range(0..4);
        let vehicle = Vehicle {
            rated_kw,
            battery_kwh: rated_kw * random.random_range(2.0..6.0),
            soc_min: random.random_range(0.0..0.5),
            arrival: random.random_range(0..slots),
            departure: random.random_range(0..=slots),
            hours_needed,
            max_active_hours: hours_needed + random.random_range(0..7),
            omega: 5.0,
            theta: random.random_range(0.0..0.3),
        };
        if vehicle.problems(slots).is_empty() {
            return vehicle;
        }
    }
}

fn random_household(random: &mut Pcg64, slots: usize) -> Household {
    let nominal = list(random, slots, 1.0, 6.0);
    Household {
        omega: list(random, slots, 4.0, 7.0),
        ..Household::around(&nominal, 0.7, 1.4, 5.0, random.random_range(0.05..0.3))
    }
}

/// A random game with prices of the magnitude of the paper's, for any number of users.
fn random_game(random: &mut Pcg64, slots: usize, households: usize, vehicles: usize) -> StackelbergGame {
    let load = 4.0 * households as f64 + 3.0 * vehicles as f64;
    let a = list(random, slots, 10.0 / load, 40.0 / load);
    let (b, lambda) = (list(random, slots, 0.1, 0.4), list(random, slots, 1.0, 1.5));
    let households = (0..households).map(|_| random_household(random, slots)).collect();
    let vehicles = (0..vehicles).map(|_| random_vehicle(random, slots)).collect();
    StackelbergGame::new(retailer(a, b, lambda), households, vehicles).unwrap()
}

/// Cost of a schedule for a price taker: equation 8 of the paper, slot by slot.
fn cost(vehicle: &Vehicle, prices: &[f64], schedule: &[i8]) -> f64 {
    let slot = |(s, price): (&i8, &f64)| {
        let x = f64::from(*s) * vehicle.rated_kw;
        price * x - vehicle.omega * x + vehicle.theta / 2.0 * x * x
    };
    schedule.iter().zip(prices).map(slot).sum()
}

/// Enumerates all 3^8 sequences and keeps those that are feasible for the battery from slot to slot.
#[test]
fn no_sequence_of_eight_slots_is_better_than_the_vehicles() {
    let mut random = Pcg64::seed_from_u64(1);
    let (mut fed_back, mut went_on_over_midnight) = (0, 0);
    for round in 0..300 {
        let vehicle = random_vehicle(&mut random, 8);
        let prices = list(&mut random, 8, 0.0, 60.0);
        let found = best_schedule(&vehicle, &prices);
        assert!(follows(&vehicle, &found), "round {round}: {vehicle:?} {found:?}");
        let mut least = f64::INFINITY;
        for number in 0..3_usize.pow(8) {
            let schedule: Vec<i8> = (0..8).map(|t| (number / 3_usize.pow(t) % 3) as i8 - 1).collect();
            if follows(&vehicle, &schedule) {
                least = least.min(cost(&vehicle, &prices, &schedule));
            }
        }
        let ours = cost(&vehicle, &prices, &found);
        assert!((ours - least).abs() < 1e-9, "round {round}: {ours} {least} {vehicle:?}");
        fed_back += usize::from(found.contains(&-1));
        went_on_over_midnight += usize::from(vehicle.departure <= vehicle.arrival);
    }
    assert!(fed_back > 50 && went_on_over_midnight > 50, "{fed_back} {went_on_over_midnight}");
}

/// The vehicle's problems are reported if and only if no sequence is feasible for the battery.
#[test]
fn a_vehicle_is_refused_exactly_if_no_sequence_fills_it() {
    let mut random = Pcg64::seed_from_u64(2);
    let mut refused = 0;
    for _ in 0..400 {
        let vehicle = Vehicle {
            rated_kw: 10.0,
            battery_kwh: random.random_range(10.0..50.0),
            soc_min: 0.1,
            arrival: random.random_range(0..6),
            departure: random.random_range(0..=6),
            hours_needed: random.random_range(0..6),
            max_active_hours: random.random_range(0..7),
            omega: 5.0,
            theta: 0.1,
        };
        let schedules = (0..3_usize.pow(6))
            .map(|number| (0..6).map(|t| (number / 3_usize.pow(t) % 3) as i8 - 1).collect::<Vec<i8>>());
        // A battery that would be below empty at arrival is rejected for that reason.
        let possible =
            vehicle.charge_at_arrival() >= 0.0 && schedules.into_iter().any(|s| follows(&vehicle, &s));
        assert_eq!(vehicle.problems(6).is_empty(), possible, "{vehicle:?}");
        refused += usize::from(!possible);
    }
    assert!((100..300).contains(&refused), "{refused}");
}

/// Games solved by CVXPY and Clarabel: `tests/fixtures/stackelberg/reference.py`.
fn references() -> Vec<(StackelbergGame, Value)> {
    let text = include_str!("../fixtures/stackelberg/reference.json");
    let numbers = |value: &Value| -> Vec<f64> {
        value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    };
    let entries: Vec<Value> = serde_json::from_str(text).unwrap();
    let game = |entry: &Value| {
        let game = &entry["game"];
        let household = |h: &Value| Household {
            count: 1,
            energy: h["energy"].as_f64().unwrap(),
            low: numbers(&h["low"]),
            high: numbers(&h["high"]),
            omega: numbers(&h["omega"]),
            theta: h["theta"].as_f64().unwrap(),
        };
        let vehicle = |v: &Value| Vehicle {
            rated_kw: v["rated_kw"].as_f64().unwrap(),
            battery_kwh: v["battery_kwh"].as_f64().unwrap(),
            soc_min: v["soc_min"].as_f64().unwrap(),
            arrival: v["arrival"].as_u64().unwrap() as usize,
            departure: v["departure"].as_u64().unwrap() as usize,
            hours_needed: v["hours_needed"].as_u64().unwrap() as u32,
            max_active_hours: v["max_active_hours"].as_u64().unwrap() as u32,
            omega: v["omega"].as_f64().unwrap(),
            theta: v["theta"].as_f64().unwrap(),
        };
        StackelbergGame::new(
            retailer(numbers(&game["a"]), numbers(&game["b"]), numbers(&game["lambda"])),
            game["households"].as_array().unwrap().iter().map(household).collect(),
            game["vehicles"].as_array().unwrap().iter().map(vehicle).collect(),
        )
        .unwrap()
    };
    entries.iter().map(|entry| (game(entry), entry["expected"].clone())).collect()
}

fn near(ours: &[f64], theirs: &Value, tolerance: f64) {
    let theirs = theirs.as_array().unwrap();
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        let theirs = theirs.as_f64().unwrap();
        assert!((ours - theirs).abs() < tolerance, "{ours} {theirs}");
    }
}

#[test]
fn households_answer_as_a_solver_of_quadratic_programmes_says() {
    for (game, expected) in references() {
        let prices: Vec<f64> =
            expected["prices"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
        for (household, theirs) in game.households().iter().zip(expected["answers"].as_array().unwrap()) {
            near(&best_loads(household, &prices), theirs, 1e-4);
        }
    }
}

#[test]
fn the_equilibrium_without_vehicles_is_the_solvers() {
    for (game, expected) in references() {
        let game = StackelbergGame::new(game.retailer().clone(), game.households().to_vec(), vec![]).unwrap();
        let found = solve(&game);
        assert_eq!(found.ending, Ending::Settled);
        let theirs = expected["potential"].as_f64().unwrap();
        assert!((found.potential / theirs - 1.0).abs() < 1e-9, "{} {theirs}", found.potential);
        near(&found.load, &expected["load"], 5e-3);
        for (ours, theirs) in found.plans.households.iter().zip(expected["loads"].as_array().unwrap()) {
            near(ours, theirs, 5e-3);
        }
        // Without vehicles nothing is lost by the decoupling: the bound equals the potential.
        let bound = bound(&game, &found.plans, 0.0, 0);
        assert!(bound.gap.abs() < 1e-9 * theirs && bound.vehicles_gain == 0.0, "{bound:?}");
    }
}

/// The bound is between the relaxed programme (after sufficient mixing of the vehicles) and the equilibrium.
#[test]
fn the_bound_lies_between_the_relaxed_programme_and_the_equilibrium() {
    for (game, expected) in references() {
        let relaxed = expected["relaxed"].as_f64().unwrap();
        let found = solve(&game);
        let bound = bound(&game, &found.plans, 0.0, 5_000);
        let share = |x: f64| x / found.payments;
        println!(
            "equilibrium {:.3}, bound {:.3}, relaxed {relaxed:.3}; gap {:.1e} of payments, at its prices {:.1e}",
            found.potential,
            bound.potential,
            share(bound.gap),
            share(bound.vehicles_gain),
        );
        assert!(bound.potential <= found.potential + 1e-9 * found.payments);
        assert!(bound.potential >= relaxed - 1e-5 * found.payments, "{} {relaxed}", bound.potential);
        // At the prices of the equilibrium, the gap equals the gain available to vehicles.
        let here = found.potential - bound_at(&game, &found.prices);
        assert!((here - bound.vehicles_gain).abs() < 1e-9 * found.payments, "{here} {bound:?}");
    }
}

/// Two vehicles and three households: every pair of schedules, each with the households in equilibrium. No potential is
/// below the bound, and the equilibrium exceeds the best by at most its gap.
#[test]
fn no_plans_at_all_are_below_the_bound() {
    let mut random = Pcg64::seed_from_u64(3);
    for _ in 0..6 {
        let game = random_game(&mut random, 6, 3, 2);
        // A marginal cost that remains above 0 for any energy that the vehicles feed back.
        let retailer = Retailer { b: vec![80.0; 6], ..game.retailer().clone() };
        let game =
            StackelbergGame::new(retailer, game.households().to_vec(), game.vehicles().to_vec()).unwrap();
        let found = solve(&game);
        let bound = bound(&game, &found.plans, 0.0, 200);
        let all = |vehicle: &Vehicle| -> Vec<Vec<i8>> {
            let sequence = |number: usize| (0..6).map(|t| (number / 3_usize.pow(t) % 3) as i8 - 1).collect();
            let sequences = (0..3_usize.pow(6)).map(sequence);
            sequences.filter(|schedule: &Vec<i8>| follows(vehicle, schedule)).collect()
        };
        let (firsts, seconds) = (all(&game.vehicles()[0]), all(&game.vehicles()[1]));
        let mut least = f64::INFINITY;
        for first in &firsts {
            for second in &seconds {
                // Households in equilibrium with these schedules: for them, the load of the vehicles is part of b.
                let mut rest = game.retailer().clone();
                let mut plans = Plans { households: vec![], vehicles: vec![first.clone(), second.clone()] };
                let load = plans.vehicle_load(&game);
                rest.b.iter_mut().zip(&rest.a).zip(&load).for_each(|((b, a), load)| *b += a * load);
                plans.households =
                    solve(&StackelbergGame::new(rest, game.households().to_vec(), vec![]).unwrap())
                        .plans
                        .households;
                least = least.min(plans.potential(&game));
            }
        }
        assert!(least >= bound.potential - 1e-7 * least.abs(), "{least} {bound:?}");
        assert!(found.potential <= least + bound.gap + 1e-7 * least.abs(), "{least} {}", found.potential);
    }
}

/// Responses that anticipate the price update: the potential falls with each, in any order, and users converge.
#[test]
fn the_potential_falls_with_every_answer() {
    let mut random = Pcg64::seed_from_u64(4);
    for round in 0..20 {
        let game = random_game(&mut random, 24, 12, 10);
        let prices = list(&mut random, 24, 0.0, 60.0);
        for conduct in [Conduct::PriceMaking, Conduct::Simultaneous] {
            let run = run(&game, Start::Prices(&prices), conduct, 5_000);
            assert_eq!(run.ending, Ending::Settled, "round {round}, {conduct:?}");
            let size = run.potentials[0].abs();
            assert!(run.largest_rise <= 1e-12 * size, "round {round}, {conduct:?}: {}", run.largest_rise);
            for pair in run.potentials.windows(2) {
                assert!(pair[1] <= pair[0] + 1e-12 * size, "round {round}, {conduct:?}: {pair:?}");
            }
            // The decrease is real: the start was not an equilibrium.
            assert!(run.potentials[0] > run.potentials[run.potentials.len() - 1] + 1e-6 * size);
        }
    }
}

/// At equilibrium no household could gain as a price taker, and no vehicle if it anticipates its effect on prices.
#[test]
fn at_rest_no_user_gains_by_changing() {
    let mut random = Pcg64::seed_from_u64(5);
    for conduct in [Conduct::PriceMaking, Conduct::Simultaneous] {
        let game = random_game(&mut random, 24, 12, 10);
        let found = solve_from(&game, Start::Prices(&[0.0; 24]), conduct);
        for (household, x) in game.households().iter().zip(&found.plans.households) {
            let sum: f64 = x.iter().sum();
            assert!((sum - household.energy).abs() < 1e-6);
            for (x, best) in x.iter().zip(best_loads(household, &found.prices)) {
                assert!((x - best).abs() < 1e-5, "{conduct:?}: {x} {best}");
            }
        }
        for i in 0..game.vehicles().len() {
            assert!(follows(&game.vehicles()[i], &found.plans.vehicles[i]));
            for _ in 0..2_000 {
                // Another schedule: the best one at random prices.
                let other = best_schedule(&game.vehicles()[i], &list(&mut random, 24, 0.0, 60.0));
                let mut plans = found.plans.clone();
                plans.vehicles[i] = other;
                assert!(plans.potential(&game) >= found.potential - 1e-9 * found.potential.abs());
            }
        }
    }
}

fn spread(loads: &[Vec<f64>]) -> f64 {
    let slot = |t: usize| {
        let extreme =
            |pick: fn(f64, f64) -> f64, from: f64| loads.iter().map(|load| load[t]).fold(from, pick);
        extreme(f64::max, f64::NEG_INFINITY) - extreme(f64::min, f64::INFINITY)
    };
    (0..loads[0].len()).map(slot).fold(0.0, f64::max)
}

/// Without vehicles there is one equilibrium: from 100 starts, sequentially as well as simultaneously, the loads of
/// every household are the same within 1e-6 kW.
#[test]
fn households_come_to_the_same_loads_from_a_hundred_starts() {
    let mut random = Pcg64::seed_from_u64(6);
    let game = random_game(&mut random, 24, 8, 0);
    let first = solve(&game);
    for start in 0..100 {
        let prices = list(&mut random, 24, 0.0, 80.0);
        for conduct in [Conduct::Simultaneous, Conduct::PriceMaking] {
            let found = solve_from(&game, Start::Prices(&prices), conduct);
            assert_eq!(found.ending, Ending::Settled);
            for (x, y) in first.plans.households.iter().flatten().zip(found.plans.households.iter().flatten())
            {
                assert!((x - y).abs() < 1e-6, "start {start}, {conduct:?}: {x} {y}");
            }
        }
    }
}

/// With whole hours of vehicles there may be several equilibria. From 100 starts of the paper's case: each is in
/// equilibrium, their potentials differ by less than the gap left by the bound, and their loads by less than the power
/// of the two largest vehicles.
#[test]
fn equilibria_with_vehicles_lie_within_the_gap() {
    let case = Case::paper();
    let mut random = Streams { seed: 1, replication: 0 }.stream(Purpose::Synthesis, 0);
    let game = case.game(case.vehicles(&mut random)).unwrap();
    let mut random = Pcg64::seed_from_u64(7);
    let mut loads = Vec::new();
    let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
    let mut lowest_bound = f64::NEG_INFINITY;
    for _ in 0..100 {
        let prices = list(&mut random, HOURS, 0.0, 80.0);
        let found = solve_from(&game, Start::Prices(&prices), Conduct::Simultaneous);
        assert_eq!(found.ending, Ending::Settled);
        (least, most) = (least.min(found.potential), most.max(found.potential));
        lowest_bound = lowest_bound.max(bound(&game, &found.plans, 0.0, 20).potential);
        loads.push(found.load);
    }
    let spread = spread(&loads);
    println!(
        "100 starts: potentials from {least:.4} to {most:.4} ({:.1e} of it), bound {lowest_bound:.4}; loads differ by up to {spread:.3} kW",
        (most - least) / least.abs()
    );
    assert!(most - lowest_bound < 1e-5 * least.abs(), "{most} {lowest_bound}");
    assert!(spread < 40.0, "{spread}");
}

/// Announced prices taken as given: households converge to the same loads if theta is large enough, and two vehicles
/// with two equal slots to choose from cycle forever, which is reported.
#[test]
fn answers_to_announced_prices_may_go_round_in_a_cycle() {
    let mut random = Pcg64::seed_from_u64(8);
    let mut game = random_game(&mut random, 24, 6, 0);
    let calm: Vec<f64> = game.retailer().a.iter().map(|a| a.min(0.03)).collect();
    game = StackelbergGame::new(
        Retailer { a: calm, ..game.retailer().clone() },
        game.households().to_vec(),
        vec![],
    )
    .unwrap();
    let announced = solve_from(&game, Start::Prices(&[0.0; 24]), Conduct::PriceTaking);
    assert_eq!(announced.ending, Ending::Settled);
    for (x, y) in announced.load.iter().zip(&solve(&game).load) {
        assert!((x - y).abs() < 1e-5, "{x} {y}");
    }

    let vehicle = Vehicle {
        rated_kw: 10.0,
        battery_kwh: 20.0,
        soc_min: 0.0,
        arrival: 0,
        departure: 2,
        hours_needed: 1,
        max_active_hours: 1,
        omega: 5.0,
        theta: 0.0,
    };
    let two = retailer(vec![1.0; 2], vec![0.0; 2], vec![1.0; 2]);
    let game = StackelbergGame::new(two, vec![], vec![vehicle]).unwrap();
    let run_of = |conduct| run(&game, Start::Prices(&[1.0, 2.0]), conduct, 1_000);
    assert_eq!(run_of(Conduct::PriceTaking).ending, Ending::Cycle(2));
    assert_eq!(run_of(Conduct::PriceMaking).ending, Ending::Settled);
    assert_eq!(run_of(Conduct::Simultaneous).ending, Ending::Settled);
}

/// Sequential and simultaneous responses have the same result, up to the indeterminacy due to whole hours of vehicles.
#[test]
fn turns_and_answers_at_once_end_alike_in_the_papers_case() {
    let case = Case::paper();
    let mut random = Streams { seed: 1, replication: 1 }.stream(Purpose::Synthesis, 0);
    let game = case.game(case.vehicles(&mut random)).unwrap();
    let at_once = solve(&game);
    let in_turns = solve_from(&game, Start::Prices(&[0.0; HOURS]), Conduct::PriceMaking);
    assert_eq!((at_once.ending, in_turns.ending), (Ending::Settled, Ending::Settled));
    assert!((at_once.potential - in_turns.potential).abs() < 1e-5 * at_once.potential.abs());
    assert!((at_once.cost / in_turns.cost - 1.0).abs() < 1e-3);
}

/// A retailer that chooses its margins achieves its aim at least as well as with the given, minimum or maximum margins.
#[test]
fn a_retailer_with_an_aim_gets_nearer_to_it() {
    let mut random = Pcg64::seed_from_u64(9);
    let game = random_game(&mut random, 8, 6, 3);
    let most = 2.0;
    let flat = lead(&game, Aim::Flatten(most)).unwrap();
    let rich = lead(&game, Aim::Profit(most)).unwrap();
    for lambda in [game.retailer().lambda.clone(), vec![1.0; 8], vec![most; 8]] {
        let fixed = solve(&game.with_lambda(lambda).unwrap());
        assert!(flat.equilibrium.unevenness() <= fixed.unevenness() * (1.0 + 1e-9));
        assert!(rich.equilibrium.profit() >= fixed.profit() * (1.0 - 1e-9));
    }
    assert!(flat.equilibrium.unevenness() < 0.9 * solve(&game).unevenness(), "the margins matter");
    assert!(rich.equilibrium.profit() > flat.equilibrium.profit());
    for led in [&flat, &rich] {
        let lambda = &led.game.retailer().lambda;
        assert!(lambda.iter().all(|x| (1.0..=most).contains(x)), "{lambda:?}");
    }
    let kept = lead(&game, Aim::Marginal).unwrap();
    assert_eq!(kept.equilibrium, solve(&game));
    assert!(lead(&game, Aim::Profit(0.5)).is_err());
}

/// Repeated runs are bit-identical, and the reported amounts are consistent.
#[test]
fn payments_add_up_and_runs_repeat() {
    let mut random = Pcg64::seed_from_u64(10);
    let game = random_game(&mut random, 24, 10, 8);
    let found = solve(&game);
    assert_eq!(found, solve(&game));
    let paid: f64 = found.household_payments.iter().chain(&found.vehicle_payments).sum();
    assert!((paid - found.payments).abs() < 1e-9 * paid);
    assert!((found.profit() - (found.payments - game.retailer().cost(&found.load))).abs() < 1e-9 * paid);
    let energy: f64 = game.households().iter().map(|h| h.energy).sum::<f64>()
        + game.vehicles().iter().map(|v| f64::from(v.hours_needed) * v.rated_kw).sum::<f64>();
    assert!((found.load.iter().sum::<f64>() - energy).abs() < 1e-6 * energy);
    assert!((found.potential - found.plans.potential(&game)).abs() < 1e-12 * found.potential.abs());
}
