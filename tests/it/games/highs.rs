//! HiGHS on whole days of the case study: plans as good as those of the default solver.

use chrono::NaiveDate;
use gridfleet::datasets::synth::prices::NORDIC;
use gridfleet::datasets::synth::regulating::regulating;
use gridfleet::games::bilevel::paper::{self, ALPHA, BETAS, HOURS, KEPT};
use gridfleet::games::bilevel::scenarios::PriceModel;
use gridfleet::games::bilevel::{BilevelGame, Risk, SearchOptions, kkt, risk, solve, verify};
use gridfleet::optimize::{Solver, highs};
use gridfleet::rng::{Purpose, Streams};
use rand_pcg::Pcg64;

const HIGHS: Solver = Solver::Highs(highs::HighsOptions { gap: 1e-8, time_limit_s: Some(600.0) });

/// Days of the case study that are drawn.
const FULL_SIZE: u64 = 24;

fn stream(instance: u64) -> Pcg64 {
    Streams { seed: 9, replication: 0 }.stream(Purpose::Synthesis, instance)
}

/// The price model of a synthetic year.
fn model() -> PriceModel {
    let start = NaiveDate::from_ymd_opt(2016, 1, 1).unwrap();
    let spot = NORDIC.series(start, 366, 1).unwrap().price_per_mwh;
    let [positive, negative] = regulating(&spot, 1);
    paper::price_model([spot, positive, negative]).unwrap()
}

/// A day of the case study, drawn from `instance`: 24 hours, 7 scenarios, 3 rivals with 9 scenarios, owners with a
/// switching cost of `cost` in EUR/MWh.
fn day(model: &PriceModel, instance: u64, cost: f64) -> BilevelGame {
    let case = paper::draw(model, &mut stream(instance)).unwrap();
    let mut p = case.game.parameters().clone();
    for (s, row) in p.reluctance.iter_mut().enumerate() {
        row.iter_mut().enumerate().filter(|(r, _)| *r != s).for_each(|(_, k)| *k = cost);
    }
    let game = BilevelGame::new(p).unwrap();
    let p = game.parameters();
    let size = (game.hours(), p.scenarios.len(), p.rivals.len(), p.rivals[0].prices.len());
    assert_eq!(size, (HOURS, KEPT, 9, 3));
    game
}

/// Our plan and the paper's program solved by HiGHS: the same objective, and a plan that passes the checks.
fn day_agrees(game: &BilevelGame, beta: f64) {
    let risk = Risk::new(beta, ALPHA).unwrap();
    let ours = solve(game, risk, SearchOptions { gap: 1e-9, most_nodes: 100_000 }).unwrap();
    let paper = kkt::solve_with(game, risk, HIGHS).unwrap();
    let near = 1e-6 * paper.objective.abs().max(1.0);
    let (one, other) = (ours.objective, paper.objective);
    assert!((one - other).abs() <= near, "beta {beta}: {one} {other}");
    assert!(ours.gap() <= 1.001e-9, "beta {beta}: {}", ours.gap());
    let check = verify(game, &ours).unwrap();
    assert!(check.holds(game, &ours), "beta {beta}: {check:?}");
    assert_eq!(ours.profit.cvar, risk::cvar(&ours.profits, &game.probabilities(), risk.alpha));
}

#[test]
fn both_methods_agree_on_the_case_study() {
    let game = day(&model(), 2_000, 0.0);
    for beta in BETAS {
        day_agrees(&game, beta);
    }
}

#[test]
fn both_methods_agree_on_random_days() {
    let model = model();
    for instance in 0..FULL_SIZE {
        day_agrees(&day(&model, 13_000 + instance, 0.0), BETAS[instance as usize % BETAS.len()]);
    }
}

/// Owners stay until switching pays, so that each group of them has a separate threshold: the hardest case for HiGHS.
#[test]
fn both_methods_agree_on_a_day_of_reluctant_owners() {
    day_agrees(&day(&model(), 2_000, 3.0), 0.1);
}

#[test]
fn both_methods_agree_on_a_day_of_reluctant_owners_at_much_risk_aversion() {
    day_agrees(&day(&model(), 2_000, 3.0), 100.0);
}
