//! Tests of programs with known solutions, for each available solver.

use gridfleet_games::optimize::{Lp, Sense, SolveError, Solver};

const SOLVERS: &[Solver] = &[
    Solver::Microlp,
    #[cfg(feature = "highs")]
    Solver::Highs(gridfleet_games::optimize::highs::HighsOptions { gap: 1e-9, time_limit_s: Some(60.0) }),
];

/// Dantzig's transport of goods from two plants to three markets (Linear Programming and Extensions,
/// 1963, section 3.3; the first model of the GAMS library): 153.675 thousand dollars.
#[test]
fn goods_are_moved_at_the_known_cost() {
    let (supply, demand) = ([350.0, 600.0], [325.0, 300.0, 275.0]);
    let thousand_miles = [[2.5, 1.7, 1.8], [2.5, 1.8, 1.4]];
    let mut lp = Lp::new();
    let moved = thousand_miles
        .map(|to_markets| to_markets.map(|miles| lp.variable(0.09 * miles, 0.0, f64::INFINITY)));
    for (plant, most) in supply.into_iter().enumerate() {
        lp.row(moved[plant].map(|x| (x, 1.0)), Sense::AtMost, most);
    }
    for (market, least) in demand.into_iter().enumerate() {
        lp.row([(moved[0][market], 1.0), (moved[1][market], 1.0)], Sense::AtLeast, least);
    }
    for &solver in SOLVERS {
        let solution = lp.solve_with(solver).unwrap();
        assert!((solution.objective - 153.675).abs() < 1e-9, "{solver:?}: {}", solution.objective);
        assert!((solution.value(moved[1][2]) - 275.0).abs() < 1e-9);
    }
}

#[test]
fn programs_without_an_optimum_say_why() {
    for &solver in SOLVERS {
        let mut lp = Lp::new();
        let x = lp.free(1.0);
        assert_eq!(lp.solve_with(solver), Err(SolveError::Unbounded));
        lp.row([(x, 1.0)], Sense::AtLeast, 2.0);
        assert_eq!(lp.solve_with(solver).unwrap().objective, 2.0);
        lp.row([(x, 1.0)], Sense::AtMost, 1.0);
        assert_eq!(lp.solve_with(solver), Err(SolveError::Infeasible));
        let mut lp = Lp::new();
        lp.variable(f64::NAN, 0.0, 1.0);
        assert!(matches!(lp.solve_with(solver), Err(SolveError::Failed(_))));
    }
}

/// A knapsack of 100 with six items of 15 to 45, by enumeration of all 64 choices.
#[test]
fn binaries_are_whole() {
    let (worth, weight) = ([40.0, 22.0, 35.0, 28.0, 19.0, 46.0], [45.0, 21.0, 36.0, 30.0, 15.0, 41.0]);
    let mut lp = Lp::new();
    let taken = worth.map(|worth: f64| lp.binary(-worth));
    lp.row(taken.into_iter().zip(weight), Sense::AtMost, 100.0);
    let sum = |choice: usize, values: &[f64; 6]| -> f64 {
        (0..6).filter(|i| choice >> i & 1 == 1).map(|i| values[i]).sum()
    };
    let best = (0..64).filter(|c| sum(*c, &weight) <= 100.0).map(|c| sum(c, &worth)).fold(0.0, f64::max);
    for &solver in SOLVERS {
        let solution = lp.solve_with(solver).unwrap();
        assert!((solution.objective + best).abs() < 1e-9, "{solver:?}: {} {best}", solution.objective);
        assert!(taken.iter().all(|x| solution.value(*x).min(1.0 - solution.value(*x)).abs() < 1e-6));
    }
}

/// Beale's program (1955) makes naive simplex rules cycle: all ties, optimum -1/20.
#[test]
fn degenerate_corners_do_not_make_it_cycle() {
    let mut lp = Lp::new();
    let x = [-0.75, 150.0, -0.02, 6.0].map(|objective| lp.variable(objective, 0.0, f64::INFINITY));
    lp.row(x.into_iter().zip([0.25, -60.0, -0.04, 9.0]), Sense::AtMost, 0.0);
    lp.row(x.into_iter().zip([0.5, -90.0, -0.02, 3.0]), Sense::AtMost, 0.0);
    lp.row([(x[2], 1.0)], Sense::AtMost, 1.0);
    for &solver in SOLVERS {
        assert!((lp.solve_with(solver).unwrap().objective + 0.05).abs() < 1e-9);
    }
}
