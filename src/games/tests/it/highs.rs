//! Tests of HiGHS, the second solver: the same solutions as the default one, and programs that are too large for that.

use super::{
    bilevel::{Size, agree},
    routing,
};
use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_games::bilevel::Purchase;
use gridfleet_games::optimize::highs::HighsOptions;
use gridfleet_games::optimize::{Lp, Sense, SolveError, Solver};
use rand::RngExt;
use rand_pcg::Pcg64;

const HIGHS: Solver = Solver::Highs(HighsOptions { gap: 1e-8, time_limit_s: Some(600.0) });

fn stream(instance: u64) -> Pcg64 {
    Streams { seed: 9, replication: 0 }.stream(Purpose::Synthesis, instance)
}

/// A random program with a few rows; some are infeasible, some unbounded.
fn random_program(binaries: bool, random: &mut Pcg64) -> Lp {
    let mut lp = Lp::new();
    let variables: Vec<_> = (0..random.random_range(2..9))
        .map(|_| {
            let objective = random.random_range(-5.0..5.0f64).round();
            if binaries && random.random_bool(0.6) {
                return lp.binary(objective);
            }
            let upper = if random.random_bool(0.3) { f64::INFINITY } else { random.random_range(0.0..4.0) };
            lp.variable(objective, if random.random_bool(0.1) { f64::NEG_INFINITY } else { 0.0 }, upper)
        })
        .collect();
    for _ in 0..random.random_range(1..7) {
        let sense =
            [Sense::AtMost, Sense::AtMost, Sense::AtLeast, Sense::Equal][random.random_range(0..4usize)];
        let mut terms = Vec::new();
        for &variable in &variables {
            if random.random_bool(0.6) {
                terms.push((variable, random.random_range(-3.0..3.0)));
            }
        }
        lp.row(terms, sense, random.random_range(-2.0..4.0));
    }
    lp
}

#[test]
fn random_programs_have_one_answer() {
    for binaries in [false, true] {
        let (mut solved, mut infeasible, mut unbounded) = (0, 0, 0);
        for instance in 0..500 {
            let lp = random_program(binaries, &mut stream(instance));
            match (lp.solve(), lp.solve_with(HIGHS)) {
                (Ok(one), Ok(other)) => {
                    let near = 1e-7 * one.objective.abs().max(1.0);
                    assert!(
                        (one.objective - other.objective).abs() <= near,
                        "{instance}: {} {}",
                        one.objective,
                        other.objective
                    );
                    solved += 1;
                }
                (Err(SolveError::Infeasible), Err(SolveError::Infeasible)) => infeasible += 1,
                (Err(SolveError::Unbounded), Err(SolveError::Unbounded)) => unbounded += 1,
                (one, other) => panic!("{instance}: {one:?} {other:?}"),
            }
        }
        assert!(solved.min(infeasible).min(unbounded) >= 10, "{solved} {infeasible} {unbounded}");
    }
}

/// A limit below the time of any run: an error, not the best point so far.
#[test]
fn a_limit_of_time_is_an_error() {
    let solver = Solver::Highs(HighsOptions { gap: 1e-8, time_limit_s: Some(0.0) });
    let mut lp = Lp::new();
    let mut random = stream(1_000);
    let variables: Vec<_> = (0..60).map(|_| lp.binary(random.random_range(-2.0..-1.0))).collect();
    for _ in 0..30 {
        let terms: Vec<_> = variables.iter().map(|v| (*v, random.random_range(0.0..1.0))).collect();
        lp.row(terms, Sense::AtMost, 10.0);
    }
    let Err(SolveError::Failed(why)) = lp.solve_with(solver) else { panic!("it is solved") };
    assert!(why.contains("limit of time"), "{why}");
}

/// Games of 2 and 3 hours, with and without reluctance, with both forms of purchase.
#[test]
fn both_methods_agree_on_random_games() {
    agree(HIGHS, Size(3, 4, 3, 3), false, Purchase::Quantity, 10_000..10_200);
    agree(HIGHS, Size(3, 4, 3, 3), true, Purchase::Quantity, 11_000..11_200);
    agree(HIGHS, Size(2, 4, 2, 3), true, Purchase::Curve, 12_000..12_050);
}

/// Instances with more trips and stations than the default solver can handle.
#[test]
fn set_partitioning_and_the_compact_program_agree() {
    let size =
        |drawn| routing::Size { fleets: 2, trips: 4 + drawn % 4 / 2, stations: 3, slots: 6, tight: false };
    let outcomes = routing::agree(HIGHS, 16, 40, size);
    assert!(outcomes.solved > 30 && outcomes.bound > 5 && outcomes.charged > 20, "{outcomes:?}");
}
