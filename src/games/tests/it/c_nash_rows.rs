//! C-Nash with rows (backlogs, requests, departures): certificates by linear programs, and games by hand.

use crate::structures::{players, random_structure};
use gridfleet_core::error::Error;
use gridfleet_games::c_nash::{
    CNashEquilibrium, CNashGame, CNashParameters, Deliveries, Delivery, Elastic, LoadBound, Profiles,
    Structure, Undeliverable, least_cost, residual, solve,
};
use gridfleet_games::optimize::{Lp, Sense, SolveError, Variable};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;

/// A random game with bounds and rows around a random profile. Some rows are far away, some are exact; one game in five
/// requires more than is possible. Kind 1 adds a common limit.
fn random_game(random: &mut Pcg64, stations: usize, steps: usize, kind: usize) -> CNashParameters {
    let mut list = |n: usize, low: f64, high: f64| -> Vec<f64> {
        (0..n).map(|_| random.random_range(low..high)).collect()
    };
    let base_price = list(steps, 0.0, 3.0);
    let slope = list(steps, -1.5, 0.5).into_iter().map(|x| 10f64.powf(x)).collect();
    let sensitivity = list(stations, -1.5, 1.0).into_iter().map(|x| 10f64.powf(x)).collect();
    let nominal = Profiles::from_values(steps, list(stations * steps, 0.0, 2.0));
    let most = list(stations * steps, 0.5, 2.5);
    let drawn: Vec<f64> = most.iter().map(|most| most * random.random_range(0.0..1.0)).collect();
    let (mut demand, mut rows) = (Vec::new(), [Vec::new(), Vec::new()]);
    for profile in drawn.chunks(steps) {
        let mut sum = 0.0;
        for x in profile {
            sum += x;
            for (rows, side) in rows.iter_mut().zip([-1.0, 1.0]) {
                let away = match random.random_range(0..5u8) {
                    0 => f64::INFINITY,
                    1 => 0.0,
                    _ => random.random_range(0.0..1.5),
                };
                rows.push(sum + side * away);
            }
        }
        demand.push(sum);
    }
    if random.random_bool(0.2) {
        let at = random.random_range(0..demand.len());
        demand[at] *= random.random_range(0.7..1.4);
    }
    let [least, high] = rows.map(|rows| Profiles::from_values(steps, rows));
    let delivery = Some(Delivery { demand, least, most: high });
    let limit = (kind == 1).then(|| {
        let load = |t: usize| drawn.iter().skip(t).step_by(steps).sum::<f64>();
        (0..steps).map(|t| load(t) * random.random_range(0.85..1.5)).collect()
    });
    CNashParameters {
        min: LoadBound::Same(0.0),
        max: LoadBound::Step(Profiles::from_values(steps, most)),
        limit,
        delivery,
        ..CNashParameters::unbounded(base_price, slope, sensitivity, nominal)
    }
}

/// Adds the variables of a station, with its bounds, rows and demand, to a program.
fn add_station(lp: &mut Lp, p: &CNashParameters, i: usize, price: impl Fn(usize) -> f64) -> Vec<Variable> {
    let delivery = p.delivery.as_ref().unwrap();
    let steps = p.base_price.len();
    let x: Vec<Variable> =
        (0..steps).map(|t| lp.variable(price(t), p.min.at(i, t), p.max.at(i, t))).collect();
    for t in 0..steps {
        let sum = || x[..=t].iter().map(|x| (*x, 1.0));
        if t + 1 == steps {
            lp.row(sum(), Sense::Equal, delivery.demand[i]);
        } else {
            let (least, most) = (delivery.least.row(i)[t], delivery.most.row(i)[t]);
            if least.is_finite() {
                lp.row(sum(), Sense::AtLeast, least);
            }
            if most.is_finite() {
                lp.row(sum(), Sense::AtMost, most);
            }
        }
    }
    x
}

/// Whether all stations together can keep bounds, rows and limit.
fn can_be_kept(p: &CNashParameters) -> bool {
    let mut lp = Lp::new();
    let all: Vec<Vec<Variable>> =
        (0..p.sensitivity.len()).map(|i| add_station(&mut lp, p, i, |_| 0.0)).collect();
    for (t, limit) in p.limit.iter().flatten().enumerate() {
        lp.row(all.iter().map(|x| (x[t], 1.0)), Sense::AtMost, *limit);
    }
    match lp.solve() {
        Ok(_) => true,
        Err(SolveError::Infeasible) => false,
        Err(other) => panic!("{other:?}"),
    }
}

/// Largest distance of a player's marginal costs from a minimum: with g the marginal cost of each of its loads at the
/// profiles, g x less the minimum of g y over all profiles y of the player. It is 0 exactly at the equilibrium, and the
/// squared distance from the equilibrium is at most the sum of these over the least sensitivity.
fn certificate(p: &CNashParameters, structure: &Structure, found: &CNashEquilibrium) -> f64 {
    let mut largest: f64 = 0.0;
    for members in players(structure) {
        let own = |t: usize| members.iter().map(|&i| found.profiles.row(i)[t]).sum::<f64>();
        for &i in &members {
            let x = found.profiles.row(i);
            let marginal = |t: usize| {
                let away = x[t] - p.nominal.row(i)[t];
                found.prices[t] + p.slope[t] * own(t) + p.sensitivity[i] * away + found.limit_prices[t]
            };
            let mut lp = Lp::new();
            add_station(&mut lp, p, i, marginal);
            let now: f64 = (0..x.len()).map(|t| marginal(t) * x[t]).sum();
            largest = largest.max(now - lp.solve().unwrap().objective);
        }
    }
    largest
}

#[test]
fn linear_programs_certify_the_equilibrium_or_that_there_is_none() {
    let mut random = Pcg64::seed_from_u64(11);
    let (mut solved, mut impossible, mut beyond_limit, mut binding, mut limited) = (0, 0, 0, [0, 0], 0);
    for round in 0..800 {
        let (n, steps) = (1 + round % 5, 1 + round % 9);
        let p = random_game(&mut random, n, steps, round % 2);
        let structure = random_structure(&mut random, n, [2, 3]);
        let possible = can_be_kept(&p);
        let game = match CNashGame::new(p.clone()) {
            Ok(game) => game,
            Err(Error::Input(problems)) => {
                assert!(!possible, "round {round}: {problems:?}");
                impossible += 1;
                continue;
            }
            Err(other) => panic!("{other}"),
        };
        let found = match solve(&game, &structure) {
            Ok(found) => found,
            Err(Error::Input(problems)) => {
                assert!(!possible, "round {round}: {problems:?}");
                assert_eq!(problems[0].key.as_deref(), Some("limit"), "round {round}: {problems:?}");
                beyond_limit += 1;
                continue;
            }
            Err(other) => panic!("{other}"),
        };
        assert!(possible, "round {round}");
        let scale: f64 = found.costs.iter().map(|c| c.abs()).sum::<f64>().max(1.0);
        let gap = certificate(&p, &structure, &found);
        assert!(gap <= 1e-8 * scale, "round {round}: {gap}");
        assert!(residual(&game, &structure, &found) <= 1e-9 * scale, "round {round}");
        limited += usize::from(found.limit_prices.iter().any(|&price| price > 1e-6));
        let delivery = p.delivery.as_ref().unwrap();
        for i in 0..n {
            let mut sum = 0.0;
            for t in 0..steps - 1 {
                sum += found.profiles.row(i)[t];
                let (least, most) = (delivery.least.row(i)[t], delivery.most.row(i)[t]);
                assert!(sum >= least - 1e-9 && sum <= most + 1e-9, "round {round}: {least} {sum} {most}");
                binding[0] += usize::from(sum < least + 1e-9);
                binding[1] += usize::from(sum > most - 1e-9);
            }
        }
        solved += 1;
    }
    // The random games must cover all cases, otherwise the test proves little.
    let reached = [solved, impossible, beyond_limit, binding[0], binding[1], limited];
    let enough = reached.iter().zip([300, 50, 10, 500, 500, 20]).all(|(found, least)| *found > least);
    assert!(enough, "{reached:?}");
}

/// Rows out of reach, and the sum of the nominal profile as demand: the game without rows.
#[test]
fn rows_that_do_not_bind_change_nothing() {
    let mut random = Pcg64::seed_from_u64(12);
    for round in 0..200 {
        let (n, steps) = (1 + round % 6, 1 + round % 12);
        let mut p = random_game(&mut random, n, steps, 0);
        p.max = LoadBound::Same(2.5);
        p.delivery = None;
        let structure = random_structure(&mut random, n, [2, 3]);
        let plain = solve(&CNashGame::new(p.clone()).unwrap(), &structure).unwrap();
        let all = |x: f64| Profiles::from_values(steps, vec![x; n * steps]);
        let demand = p.nominal.rows().map(|row| row.iter().sum()).collect();
        p.delivery = Some(Delivery { demand, least: all(f64::NEG_INFINITY), most: all(1e3) });
        let rows = solve(&CNashGame::new(p).unwrap(), &structure).unwrap();
        for (x, y) in rows.profiles.values().iter().zip(plain.profiles.values()) {
            assert!((x - y).abs() < 1e-9, "round {round}: {x} {y}");
        }
    }
}

/// The gain that the residual reports for a station alone is that of its best response: the equilibrium of the game of
/// this station against the fixed load of all others.
#[test]
fn the_residual_is_the_gain_of_the_best_response() {
    let mut random = Pcg64::seed_from_u64(13);
    let mut compared = 0;
    for round in 0..300 {
        let (n, steps) = (2 + round % 4, 2 + round % 7);
        let p = random_game(&mut random, n, steps, 0);
        let alone = Structure::alone(n);
        let Ok(game) = CNashGame::new(p.clone()) else { continue };
        let mut found = solve(&game, &alone).unwrap();
        // Another equilibrium's profiles are feasible, and not best.
        let turned =
            CNashParameters { base_price: p.base_price.iter().rev().copied().collect(), ..p.clone() };
        found.profiles = solve(&CNashGame::new(turned).unwrap(), &alone).unwrap().profiles;
        found.load = found.profiles.load();
        found.prices = game.prices(&found.load);
        found.costs = game.costs(&found.profiles, &found.prices);
        let delivery = p.delivery.as_ref().unwrap();
        let one = |rows: &Profiles, i: usize| Profiles::from_values(steps, rows.row(i).to_vec());
        let mut largest: f64 = 0.0;
        for i in 0..n {
            let own = found.profiles.row(i);
            let price = |t: usize| p.base_price[t] + p.slope[t] * (found.load[t] - own[t]);
            let single = CNashParameters {
                min: LoadBound::Same(0.0),
                max: LoadBound::Step(Profiles::from_values(
                    steps,
                    (0..steps).map(|t| p.max.at(i, t)).collect(),
                )),
                delivery: Some(Delivery {
                    demand: vec![delivery.demand[i]],
                    least: one(&delivery.least, i),
                    most: one(&delivery.most, i),
                }),
                ..CNashParameters::unbounded(
                    (0..steps).map(price).collect(),
                    p.slope.clone(),
                    vec![p.sensitivity[i]],
                    one(&p.nominal, i),
                )
            };
            let best = solve(&CNashGame::new(single).unwrap(), &Structure::alone(1)).unwrap();
            largest = largest.max(found.costs[i] - best.costs[0]);
        }
        let reported = residual(&game, &alone, &found);
        assert!((reported - largest).abs() <= 1e-8 * largest.max(1.0), "round {round}: {reported} {largest}");
        compared += usize::from(largest > 1e-3);
    }
    assert!(compared > 100, "{compared}");
}

/// One station, three steps at prices 3, 1, 2, slope 1, sensitivity 2, nominal 0, and a backlog of 6. Without rows each
/// x^t = (m - a^t) / 4: m = 10, x = 7/4, 9/4, 2.
#[test]
fn a_backlog_by_hand() {
    let with = |least: [f64; 3], most: [f64; 3]| {
        let p = CNashParameters {
            min: LoadBound::Same(0.0),
            max: LoadBound::Same(4.0),
            delivery: Some(Delivery {
                demand: vec![6.0],
                least: Profiles::from_values(3, least.to_vec()),
                most: Profiles::from_values(3, most.to_vec()),
            }),
            ..CNashParameters::unbounded(vec![3.0, 1.0, 2.0], vec![1.0; 3], vec![2.0], Profiles::zeros(1, 3))
        };
        solve(&CNashGame::new(p).unwrap(), &Structure::alone(1)).unwrap().profiles.values().to_vec()
    };
    let near = |found: Vec<f64>, expected: [f64; 3]| {
        assert!(found.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-12), "{found:?}");
    };
    let no = f64::INFINITY;
    near(with([-no; 3], [no; 3]), [1.75, 2.25, 2.0]);
    // At most 1 has been requested by the first step: 5 in the other two, 1/4 less where the price is 1 higher.
    near(with([-no; 3], [1.0, no, no]), [1.0, 2.625, 2.375]);
    // A vehicle with 5 leaves after the second step: 1/2 more where the price is 2 lower.
    near(with([-no, 5.0, -no], [no; 3]), [2.25, 2.75, 1.0]);
    // Both: the second step draws what the first may not.
    near(with([-no, 5.0, -no], [1.0, no, no]), [1.0, 4.0, 1.0]);
}

#[test]
fn impossible_rows_are_named() {
    let delivery = |demand: f64, least: [f64; 2], most: [f64; 2]| Delivery {
        demand: vec![demand],
        least: Profiles::from_values(2, least.to_vec()),
        most: Profiles::from_values(2, most.to_vec()),
    };
    let (low, high) = (LoadBound::Same(0.0), LoadBound::Same(1.0));
    let no = f64::INFINITY;
    let rows = delivery(1.5, [-no; 2], [0.25, no]);
    // 0.25 by the end of the first step, and 1 in the second.
    let expected = Undeliverable::Rows { station: 0, step: 1, least: 1.5, most: 1.25 };
    assert_eq!(rows.check(0, &low, &high, 1e-9), Err(expected));
    let expected = Undeliverable::Rows { station: 0, step: 0, least: 0.5, most: 0.25 };
    assert_eq!(delivery(1.0, [0.5, -no], [0.25, no]).check(0, &low, &high, 1e-9), Err(expected));
    assert_eq!(delivery(1.0, [0.5, -no], [0.75, no]).check(0, &low, &high, 1e-9), Ok(()));
    let unbounded = LoadBound::Same(-no);
    let found = delivery(1.0, [-no; 2], [no; 2]).check(0, &unbounded, &high, 1e-9);
    assert_eq!(found, Err(Undeliverable::NotANumber { station: 0 }));
    let game = |delivery: Delivery, elastic: bool| {
        let mut p = CNashParameters {
            min: low.clone(),
            max: high.clone(),
            delivery: Some(delivery),
            ..CNashParameters::unbounded(vec![1.0; 2], vec![1.0; 2], vec![1.0], Profiles::zeros(1, 2))
        };
        if elastic {
            p.elastic = Some(vec![Elastic { min: 0.0, max: 1.0, value: 1.0, slope: 1.0 }]);
        }
        CNashGame::new(p).err().map(|error| error.to_string())
    };
    let told = game(rows, false).unwrap();
    assert!(told.contains("delivery.rows[0]") && told.contains("at most 1.25"), "{told}");
    let told = game(delivery(1.0, [-no; 2], [no; 2]), true).unwrap();
    assert!(told.contains("elastic demand with rows"), "{told}");
    let told = game(delivery(2.5, [-no; 2], [no; 2]), false).unwrap();
    assert!(told.contains("delivery.demand[0]"), "{told}");
    assert_eq!(game(delivery(1.0, [0.5, -no], [0.75, no]), false), None);
}

/// A day in quarters of an hour of thirty stations in three coalitions, with rows that bind over long stretches.
#[test]
fn a_day_of_thirty_stations_is_solved() {
    let mut random = Pcg64::seed_from_u64(14);
    for _ in 0..3 {
        let p = loop {
            let p = random_game(&mut random, 30, 96, 0);
            if CNashGame::new(p.clone()).is_ok() {
                break p;
            }
        };
        let game = CNashGame::new(p).unwrap();
        let members = |k: usize| (10 * k..10 * k + 10).collect();
        for structure in [
            Structure::alone(30),
            Structure::new(30, (0..3).map(members).collect()).unwrap(),
            Structure::grand_coalition(30),
        ] {
            let found = solve(&game, &structure).unwrap();
            let scale: f64 = found.costs.iter().map(|c| c.abs()).sum();
            assert!(residual(&game, &structure, &found) <= 1e-9 * scale);
            assert!(found.work.newton_steps < 60, "{:?}", found.work);
        }
    }
}

/// A game of hours for deliveries whose steps are one or two hours long: the second hour has the same price and half of
/// the energy, and no row between the two.
fn by_hours(p: &CNashParameters, hours: &[f64]) -> CNashParameters {
    let twice = |t: usize| std::iter::repeat_n(t, hours[t] as usize);
    let steps: Vec<usize> = (0..hours.len()).flat_map(twice).collect();
    let is_last = |k: usize| steps.get(k + 1) != Some(&steps[k]);
    let number = steps.len();
    let rows = |value: &dyn Fn(usize, usize) -> f64| {
        let stations = 0..p.sensitivity.len();
        Profiles::from_values(
            number,
            stations.flat_map(|i| (0..number).map(move |k| (i, k))).map(|(i, k)| value(i, k)).collect(),
        )
    };
    let delivery = p.delivery.as_ref().unwrap();
    let row =
        |of: &Profiles, i: usize, k: usize, none: f64| if is_last(k) { of.row(i)[steps[k]] } else { none };
    CNashParameters {
        min: LoadBound::Same(0.0),
        max: LoadBound::Step(rows(&|i, k| p.max.at(i, steps[k]) / hours[steps[k]])),
        delivery: Some(Delivery {
            demand: delivery.demand.clone(),
            least: rows(&|i, k| row(&delivery.least, i, k, f64::NEG_INFINITY)),
            most: rows(&|i, k| row(&delivery.most, i, k, f64::INFINITY)),
        }),
        ..CNashParameters::unbounded(
            steps.iter().map(|&t| p.base_price[t]).collect(),
            vec![p.slope[0]; number],
            p.sensitivity.clone(),
            rows(&|i, k| p.nominal.row(i)[steps[k]] / hours[steps[k]]),
        )
    }
}

/// The bound of known deliveries, and the cost beside it, enclose the cost of all stations together.
#[test]
fn the_least_cost_of_deliveries_is_that_of_all_stations_together() {
    let mut random = Pcg64::seed_from_u64(14);
    let (mut compared, mut impossible) = (0, 0);
    for round in 0..300 {
        let (n, steps) = (1 + round % 5, 1 + round % 9);
        let p = random_game(&mut random, n, steps, 0);
        let hours: Vec<f64> = (0..steps).map(|_| f64::from(random.random_range(1..=2u8))).collect();
        let deliveries = Deliveries {
            base_price: p.base_price.clone(),
            slope: p.slope[0],
            hours: hours.clone(),
            sensitivity: p.sensitivity.clone(),
            nominal: p.nominal.clone(),
            min: p.min.clone(),
            max: p.max.clone(),
            delivery: p.delivery.clone().unwrap(),
        };
        let Ok(game) = CNashGame::new(by_hours(&p, &hours)) else {
            assert!(least_cost(&deliveries).is_err(), "round {round}");
            impossible += 1;
            continue;
        };
        let best: f64 = solve(&game, &Structure::grand_coalition(n)).unwrap().costs.iter().sum();
        let found = least_cost(&deliveries).unwrap();
        let rounding = 1e-9 * (1.0 + best.abs());
        assert!(
            found.bound <= best + rounding && best <= found.cost + rounding,
            "round {round}: {found:?} {best}"
        );
        assert!(found.cost - found.bound <= 1e-5 * best.abs(), "round {round}: {found:?} {best}");
        compared += 1;
    }
    assert!(compared > 200 && impossible > 5, "{compared} {impossible}");
}
