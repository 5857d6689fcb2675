//! Tests of the bi-level game: the default method against that of the paper, and checks of solutions.

use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_games::bilevel::{
    BilevelGame, BilevelParameters, BilevelSolution, Purchase, Risk, RivalScenario, Scenario, SearchOptions,
    kkt, risk, solve, verify,
};
use gridfleet_games::optimize::Solver;
use rand::{Rng, RngExt};
use rand_pcg::Pcg64;
use serde_json::Value;

/// Sizes of a random game: hours, scenarios, rivals, rival scenarios.
#[derive(Clone, Copy)]
pub struct Size(pub usize, pub usize, pub usize, pub usize);

fn probabilities(count: usize, random: &mut Pcg64) -> Vec<f64> {
    let weights: Vec<f64> = (0..count).map(|_| random.random_range(0.2..1.0)).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|w| w / sum).collect()
}

/// A random game with prices of a few tens, and a risk preference. Prices are occasionally rounded to create ties.
fn random_game(size: Size, reluctant: bool, purchase: Purchase, random: &mut Pcg64) -> (BilevelGame, Risk) {
    let Size(hours, scenarios, rivals, rival_scenarios) = size;
    let rounded = random.random_bool(0.3);
    let mut list = |low: f64, high: f64| -> Vec<f64> {
        let round = |x: f64| if rounded { x.round() } else { x };
        (0..hours).map(|_| round(random.random_range(low..high))).collect()
    };
    let days: Vec<[Vec<f64>; 4]> = (0..scenarios)
        .map(|_| [list(15.0, 45.0), list(20.0, 70.0), list(5.0, 45.0), list(2.0, 9.0)])
        .collect();
    let asked: Vec<Vec<Vec<f64>>> =
        (0..rival_scenarios).map(|_| (0..rivals).map(|_| list(25.0, 70.0)).collect()).collect();
    let positive_max = list(3.0, 12.0);
    let pi = probabilities(scenarios, random);
    let rho = probabilities(rival_scenarios, random);
    let n = rivals + 1;
    let reluctance = (0..n)
        .map(|s| {
            (0..n).map(|r| if reluctant && r != s { random.random_range(0.0..12.0) } else { 0.0 }).collect()
        })
        .collect();
    let parameters = BilevelParameters {
        scenarios: days
            .into_iter()
            .zip(pi)
            .map(|([day_ahead, positive, negative, demand], probability)| Scenario {
                probability,
                day_ahead,
                positive,
                negative,
                demand,
            })
            .collect(),
        rivals: asked
            .into_iter()
            .zip(rho)
            .map(|(prices, probability)| RivalScenario { probability, prices })
            .collect(),
        initial_shares: probabilities(n, random),
        reluctance,
        max_price: 80.0,
        positive_max,
        purchase,
    };
    let beta = [0.0, 0.1, 1.0, 5.0, 30.0][(random.next_u32() % 5) as usize];
    (BilevelGame::new(parameters).unwrap(), Risk::new(beta, 0.75).unwrap())
}

fn stream(instance: u64) -> Pcg64 {
    Streams { seed: 4, replication: 0 }.stream(Purpose::Synthesis, instance)
}

const EXACT: SearchOptions = SearchOptions { gap: 1e-9, most_nodes: 100_000 };

/// Solves random games by both methods, that of the paper with `solver`, and compares the results.
pub fn agree(
    solver: Solver,
    size: Size,
    reluctant: bool,
    purchase: Purchase,
    instances: std::ops::Range<u64>,
) {
    for instance in instances {
        let (game, risk) = random_game(size, reluctant, purchase, &mut stream(instance));
        both_agree(solver, &game, risk, &instance.to_string());
    }
}

/// Compares both methods for one game, that of the paper with `solver`.
pub fn both_agree(solver: Solver, game: &BilevelGame, risk: Risk, name: &str) {
    let ours = solve(game, risk, EXACT).unwrap();
    let paper = kkt::solve_with(game, risk, solver).unwrap();
    let near = 1e-6 * paper.objective.abs().max(1.0);
    assert!(
        (ours.objective - paper.objective).abs() <= near,
        "{name}: {} {}",
        ours.objective,
        paper.objective
    );
    assert!(ours.gap() <= 1.001e-9, "{name}: {}", ours.gap());
    let check = verify(game, &ours).unwrap();
    assert!(check.holds(game, &ours), "{name}: {check:?}");
    let probabilities = game.probabilities();
    assert_eq!(ours.profit.cvar, risk::cvar(&ours.profits, &probabilities, risk.alpha));
}

#[test]
fn both_methods_agree_without_reluctance() {
    agree(Solver::Microlp, Size(2, 3, 2, 2), false, Purchase::Quantity, 0..200);
    agree(Solver::Microlp, Size(3, 4, 2, 2), false, Purchase::Quantity, 500..540);
}

#[test]
fn both_methods_agree_with_reluctance() {
    agree(Solver::Microlp, Size(2, 2, 2, 2), true, Purchase::Quantity, 1000..1200);
    agree(Solver::Microlp, Size(1, 5, 3, 1), true, Purchase::Quantity, 1500..1540);
}

#[test]
fn both_methods_agree_on_bidding_curves() {
    agree(Solver::Microlp, Size(2, 3, 2, 2), false, Purchase::Curve, 2000..2100);
    agree(Solver::Microlp, Size(1, 4, 2, 2), true, Purchase::Curve, 2500..2540);
}

/// Whole days, solved as the paper's mixed-integer program by HiGHS (`tests/fixtures/bilevel/games.py`).
#[test]
fn whole_days_agree_with_highs() {
    let text = std::fs::read_to_string("tests/fixtures/bilevel/games.json").unwrap();
    let games: Value = serde_json::from_str(&text).unwrap();
    let games = games.as_array().unwrap();
    assert_eq!(games.len(), 5);
    for (number, item) in games.iter().enumerate() {
        let (game, risk) = from_json(&item["game"]);
        let plan = solve(&game, risk, EXACT).unwrap();
        let check = verify(&game, &plan).unwrap();
        assert!(check.holds(&game, &plan), "{number}: {check:?}");
        let expected = item["objective"].as_f64().unwrap();
        // Both are proven to a gap; that of HiGHS is 1e-7.
        let near = 1e-6 * expected.abs();
        assert!((plan.objective - expected).abs() <= near, "{number}: {} {expected}", plan.objective);
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

fn from_json(value: &Value) -> (BilevelGame, Risk) {
    let number = |key: &str| value[key].as_f64().unwrap();
    let scenarios: Vec<Scenario> = value["scenarios"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| Scenario {
            probability: s["probability"].as_f64().unwrap(),
            day_ahead: numbers(&s["day_ahead"]),
            positive: numbers(&s["positive"]),
            negative: numbers(&s["negative"]),
            demand: numbers(&s["demand"]),
        })
        .collect();
    let rivals = value["rivals"].as_array().unwrap().iter().map(|f| RivalScenario {
        probability: f["probability"].as_f64().unwrap(),
        prices: f["prices"].as_array().unwrap().iter().map(numbers).collect(),
    });
    let (hours, cost) = (scenarios[0].day_ahead.len(), number("reluctance"));
    let initial_shares = numbers(&value["initial_shares"]);
    let n = initial_shares.len();
    let parameters = BilevelParameters {
        scenarios,
        rivals: rivals.collect(),
        initial_shares,
        reluctance: (0..n).map(|s| (0..n).map(|r| if r == s { 0.0 } else { cost }).collect()).collect(),
        max_price: number("max_price"),
        positive_max: vec![number("positive_max"); hours],
        purchase: Purchase::Quantity,
    };
    (BilevelGame::new(parameters).unwrap(), Risk::new(number("beta"), number("alpha")).unwrap())
}

/// With increasing risk aversion the expected profit does not rise and the CVaR does not fall; this only holds for
/// exact optima.
#[test]
fn weights_of_risk_make_a_frontier() {
    for instance in 3000..3020 {
        let (game, _) =
            random_game(Size(6, 5, 3, 3), instance % 2 == 0, Purchase::Quantity, &mut stream(instance));
        let plans: Vec<_> = [0.0, 0.1, 1.0, 5.0, 20.0, 100.0]
            .map(|beta| solve(&game, Risk::new(beta, 0.8).unwrap(), EXACT).unwrap())
            .into();
        for pair in plans.windows(2) {
            let near = 1e-6 * pair[0].profit.expected.abs().max(1.0);
            assert!(pair[1].profit.expected <= pair[0].profit.expected + near, "{instance}");
            assert!(pair[1].profit.cvar >= pair[0].profit.cvar - near, "{instance}");
        }
    }
}

/// Without weight on risk the hours are independent.
#[test]
fn without_risk_a_day_is_the_sum_of_its_hours() {
    let (game, _) = random_game(Size(5, 4, 2, 3), true, Purchase::Quantity, &mut stream(4000));
    let risk = Risk::new(0.0, 0.9).unwrap();
    let day = solve(&game, risk, EXACT).unwrap();
    let of_hour = |t: usize| {
        let mut p = game.parameters().clone();
        for s in &mut p.scenarios {
            for list in [&mut s.day_ahead, &mut s.positive, &mut s.negative, &mut s.demand] {
                *list = vec![list[t]];
            }
        }
        p.rivals.iter_mut().flat_map(|f| &mut f.prices).for_each(|list| *list = vec![list[t]]);
        p.positive_max = vec![p.positive_max[t]];
        solve(&BilevelGame::new(p).unwrap(), risk, EXACT).unwrap().objective
    };
    let sum: f64 = (0..5).map(of_hour).sum();
    assert!((day.objective - sum).abs() < 1e-9 * sum.abs().max(1.0), "{} {sum}", day.objective);
}

/// A curve can do everything that a quantity can; with prices known in advance it offers nothing more.
#[test]
fn a_curve_is_worth_no_less_than_a_quantity() {
    for instance in 5000..5020 {
        let size = Size(3, 4, 2, 2);
        let (quantity, risk) = random_game(size, true, Purchase::Quantity, &mut stream(instance));
        let (curve, _) = random_game(size, true, Purchase::Curve, &mut stream(instance));
        let [quantity, curve] = [quantity, curve].map(|game| solve(&game, risk, EXACT).unwrap().objective);
        assert!(curve >= quantity - 1e-6 * quantity.abs().max(1.0), "{instance}: {curve} {quantity}");
    }
}

/// Many scenarios are solved without extreme points: the optimum is the same if each is repeated twelve times.
#[test]
fn programs_and_corners_agree() {
    let (game, risk) = random_game(Size(2, 4, 2, 2), true, Purchase::Quantity, &mut stream(6000));
    let few = solve(&game, risk, EXACT).unwrap();
    let mut p = game.parameters().clone();
    p.scenarios = p
        .scenarios
        .iter()
        .flat_map(|s| (0..12).map(|_| Scenario { probability: s.probability / 12.0, ..s.clone() }))
        .collect();
    let many = solve(&BilevelGame::new(p).unwrap(), risk, EXACT).unwrap();
    assert!(
        (few.objective - many.objective).abs() <= 1e-6 * few.objective.abs(),
        "{} {}",
        few.objective,
        many.objective
    );
}

/// The check must detect wrong plans.
#[test]
fn a_wrong_plan_is_found_out() {
    let (game, risk) = random_game(Size(2, 3, 2, 2), true, Purchase::Quantity, &mut stream(7000));
    let plan = solve(&game, risk, EXACT).unwrap();
    assert!(verify(&game, &plan).unwrap().holds(&game, &plan));
    let changes: [fn(&mut BilevelSolution); 6] = [
        |plan| plan.hours[0].purchase[1] += 0.5,
        |plan| plan.hours[0].positive.iter_mut().for_each(|e| *e += 0.25),
        |plan| plan.hours[1].negative[0] -= 0.5,
        |plan| plan.hours[0].price += 1.0,
        |plan| plan.hours[1].shares[0][0] += 0.1,
        |plan| plan.objective += 1.0,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut wrong = plan.clone();
        change(&mut wrong);
        assert!(!verify(&game, &wrong).unwrap().holds(&game, &wrong), "{number}");
    }
}

/// A game in other units, occasionally with equal, impossible and idle parts.
fn odd_game(instance: u64) -> (BilevelGame, Risk) {
    let random = &mut stream(instance + 1_000_000);
    let size = Size(
        random.random_range(1..8),
        random.random_range(1..9),
        random.random_range(1..4),
        random.random_range(1..5),
    );
    let purchase = if random.random_bool(0.3) { Purchase::Curve } else { Purchase::Quantity };
    let (game, _) = random_game(size, random.random_bool(0.5), purchase, &mut stream(instance));
    let mut p = game.parameters().clone();
    let price = [1.0, 1e-6, 1e5][random.random_range(0..3usize)];
    let energy = [1.0, 1e-5, 1e6][random.random_range(0..3usize)];
    for s in &mut p.scenarios {
        for list in [&mut s.day_ahead, &mut s.positive, &mut s.negative] {
            list.iter_mut().for_each(|x| *x *= price);
        }
        s.demand.iter_mut().for_each(|x| *x *= energy);
    }
    if random.random_bool(0.2) {
        let first = p.scenarios[0].clone();
        for s in &mut p.scenarios {
            *s = Scenario { probability: s.probability, ..first.clone() };
        }
    }
    if random.random_bool(0.2) && p.scenarios.len() > 1 {
        p.scenarios[1].probability += std::mem::take(&mut p.scenarios[0].probability);
    }
    if random.random_bool(0.2) {
        p.scenarios.iter_mut().for_each(|s| s.demand[0] = 0.0);
    }
    p.rivals.iter_mut().flat_map(|f| f.prices.iter_mut().flatten()).for_each(|q| *q *= price);
    p.reluctance.iter_mut().flatten().for_each(|cost| *cost *= price);
    p.max_price *= price;
    let tight = if random.random_bool(0.3) { 0.3 } else { 1.0 };
    p.positive_max.iter_mut().for_each(|most| *most *= tight * energy);
    let beta = [0.0, 0.5, 10.0, 1e4][random.random_range(0..4usize)];
    let alpha = [0.0, 0.5, 0.95, 0.999][random.random_range(0..4usize)];
    (BilevelGame::new(p).unwrap(), Risk::new(beta, alpha).unwrap())
}

/// Prices of millionths and of millions, identical or impossible scenarios, hours without demand.
#[test]
fn odd_games_are_solved() {
    for instance in 8000..8300 {
        let (game, risk) = odd_game(instance);
        let plan = solve(&game, risk, SearchOptions { gap: 1e-6, ..SearchOptions::default() }).unwrap();
        let check = verify(&game, &plan).unwrap();
        assert!(check.holds(&game, &plan), "{instance}: {check:?}");
        assert!(plan.gap() <= 1.001e-6, "{instance}: {}", plan.gap());
    }
}

/// A game with one market scenario and integer prices, so that a grid of integer prices contains the best one.
fn capped(max_price: f64, reluctance: f64, purchase: Purchase) -> BilevelGame {
    let scenario = Scenario {
        probability: 1.0,
        day_ahead: vec![24.0],
        positive: vec![7.0],
        negative: vec![26.0],
        demand: vec![12.0],
    };
    let rival = |probability, a, b| RivalScenario { probability, prices: vec![vec![a], vec![b]] };
    let cost = |from, to| if from == to { 0.0 } else { reluctance };
    BilevelGame::new(BilevelParameters {
        scenarios: vec![scenario],
        rivals: vec![rival(0.75, 60.0, 66.0), rival(0.25, 72.0, 64.0)],
        initial_shares: vec![0.25, 0.5, 0.25],
        reluctance: (0..3).map(|from| (0..3).map(|to| cost(from, to)).collect()).collect(),
        max_price,
        positive_max: vec![5.0],
        purchase,
    })
    .unwrap()
}

/// Maximum profit at an integer price from 0 to the maximum, by enumeration of prices, shares and purchases.
fn by_trying(game: &BilevelGame) -> f64 {
    let p = game.parameters();
    let s = &p.scenarios[0];
    let (ahead, positive, negative) = (s.day_ahead[0], s.positive[0], s.negative[0]);
    let (demand, most) = (s.demand[0], p.positive_max[0]);
    let mut best = f64::NEG_INFINITY;
    for price in (0..=p.max_price as usize).map(|price| price as f64) {
        let share = |tie: f64| -> f64 {
            let expected_share = |f: &RivalScenario| -> f64 {
                let group = |(g, share): (usize, &f64)| {
                    let cost = |to: usize| p.reluctance[g][to];
                    let elsewhere =
                        (1..3).map(|r| f.prices[r - 1][0] + cost(r)).fold(f64::INFINITY, f64::min);
                    match (price + cost(0)).total_cmp(&elsewhere) {
                        std::cmp::Ordering::Less => *share,
                        std::cmp::Ordering::Equal => tie * share,
                        std::cmp::Ordering::Greater => 0.0,
                    }
                };
                f.probability * p.initial_shares.iter().enumerate().map(group).sum::<f64>()
            };
            p.rivals.iter().map(expected_share).sum()
        };
        let (low, high) = (share(0.0), share(1.0));
        // The profit has kinks where the maximum balancing energy equals the use, or half or twice of it.
        for share in [low, high, most / demand, 0.5 * most / demand, 2.0 * most / demand] {
            let used = demand * share.clamp(low, high);
            for bought in [0.0, most, used, most.min(used)] {
                for back in [0.0, used, most - used] {
                    let e = used - bought + back;
                    if e >= 0.0 && (0.0..=most).contains(&bought) && (0.0..=used).contains(&back) {
                        best = best.max(price * used - ahead * e - positive * bought + negative * back);
                    }
                }
            }
        }
    }
    best
}

/// A maximum price below, at, between and above those of the rivals: all are solved, and agree with the enumeration of
/// prices and with the method of the paper.
#[test]
fn a_highest_price_may_be_anywhere() {
    let risk = Risk::new(5.0, 0.5).unwrap();
    for max_price in [0.0, 5.0, 40.0, 59.0, 60.0, 63.0, 64.0, 65.0, 70.0, 72.0, 100.0] {
        for reluctance in [0.0, 3.0, 11.0] {
            for purchase in [Purchase::Quantity, Purchase::Curve] {
                let game = capped(max_price, reluctance, purchase);
                let name = format!("{max_price} {reluctance} {purchase:?}");
                both_agree(Solver::Microlp, &game, risk, &name);
                let plan = solve(&game, risk, EXACT).unwrap();
                // With one certain scenario, the CVaR is the profit.
                let tried = 6.0 * by_trying(&game);
                assert!(
                    (plan.objective - tried).abs() <= 1e-6 * tried.abs().max(1.0),
                    "{name}: {tried} {}",
                    plan.objective
                );
                assert!(plan.hours.iter().all(|hour| hour.price <= max_price), "{name}");
            }
        }
    }
}
