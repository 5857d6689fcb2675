//! The bi-level game: the default method against the paper's, solutions checked, scenarios against other packages.

use gridfleet::games::bilevel::{
    Game, Options, Parameters, Purchase, Risk, RivalScenario, Scenario, kkt, risk, solve, verify,
};
use gridfleet::rng::{Purpose, Streams};
use rand::{Rng, RngExt};
use rand_pcg::Pcg64;

/// Sizes of a random game: hours, scenarios, rivals, scenarios of the rivals.
#[derive(Clone, Copy)]
pub struct Size(pub usize, pub usize, pub usize, pub usize);

fn probabilities(count: usize, random: &mut Pcg64) -> Vec<f64> {
    let weights: Vec<f64> = (0..count).map(|_| random.random_range(0.2..1.0)).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter().map(|w| w / sum).collect()
}

/// A game with prices of a few tens, and a risk. Prices are rounded now and then, so that there are ties.
pub fn random_game(size: Size, reluctant: bool, purchase: Purchase, random: &mut Pcg64) -> (Game, Risk) {
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
    let parameters = Parameters {
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
    (Game::new(parameters).unwrap(), Risk::new(beta, 0.75).unwrap())
}

pub fn stream(instance: u64) -> Pcg64 {
    Streams { seed: 4, replication: 0 }.stream(Purpose::Synthesis, instance)
}

pub const EXACT: Options = Options { gap: 1e-9, most_nodes: 100_000 };

/// Solves by both methods and compares.
fn agree(size: Size, reluctant: bool, purchase: Purchase, instances: std::ops::Range<u64>) {
    for instance in instances {
        let (game, risk) = random_game(size, reluctant, purchase, &mut stream(instance));
        let ours = solve(&game, risk, EXACT).unwrap();
        let paper = kkt::solve(&game, risk).unwrap();
        let near = 1e-6 * paper.objective.abs().max(1.0);
        assert!(
            (ours.objective - paper.objective).abs() <= near,
            "{instance}: {} {}",
            ours.objective,
            paper.objective
        );
        if ours.gap() > 1.1e-9 { println!("{instance} {} nodes {} beta {} obj {} bound {}", ours.gap(), ours.nodes, risk.beta, ours.objective, ours.bound); }
        let check = verify(&game, &ours).unwrap();
        assert!(check.holds(&game, &ours), "{instance}: {check:?}");
        let probabilities = game.probabilities();
        assert_eq!(ours.profit.cvar, risk::cvar(&ours.profits, &probabilities, risk.alpha));
    }
}

#[test]
fn both_methods_agree_without_reluctance() {
    let start = std::time::Instant::now();
    agree(Size(2, 3, 2, 2), false, Purchase::Quantity, 0..300);
    println!("{:?}", start.elapsed());
}

#[test]
fn both_methods_agree_with_reluctance() {
    let start = std::time::Instant::now();
    agree(Size(2, 2, 2, 2), true, Purchase::Quantity, 1000..1300);
    println!("{:?}", start.elapsed());
}

#[test]
fn both_methods_agree_on_bidding_curves() {
    let start = std::time::Instant::now();
    agree(Size(2, 3, 2, 2), false, Purchase::Curve, 2000..2050);
    println!("{:?}", start.elapsed());
}
