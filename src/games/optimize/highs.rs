//! The second solver, with the cargo feature `highs`: HiGHS, whose branch and bound solves programs with hundreds of
//! binaries that `microlp` could not finish.
//!
//! Source: Q. Huangfu and J. A. J. Hall, Parallelizing the dual revised simplex method, Mathematical Programming
//! Computation 10, 2018. It runs in one thread with a fixed seed, and a time limit ends in an error, never in a worse
//! point: the same program gives the same solution, or none.
//!
//! With binaries, HiGHS uses its default tolerances, and the program is then solved again, exactly, with binaries fixed
//! at 0 or 1.
//!
//! A point reported as optimal may be suboptimal, though it is always feasible. Of 65 days of the bi-level game with
//! reluctant owners, HiGHS 1.11 reported points as optimal on four that are 0.03 to 2.4 % worse than feasible plans;
//! 1.10, 1.12 and 1.13 erred on some of the same days, 1.15 more often, regardless of tolerances. On three of the four,
//! another version or SCIP proved the better plan optimal. Without reluctance it found the optimum of each of more than
//! a hundred days. The binding of 1.11 is therefore pinned.

use super::lp::{Column, FEASIBILITY, Lp, Row, Sense, SolveError};
use ::highs::{HighsModelStatus, Model, RowProblem, TrySetOptionError};

/// Options of HiGHS.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HighsOptions {
    /// Relative gap between the objective and its bound at which a program with binaries is considered solved.
    pub gap: f64,
    /// Time limit of each of up to four runs [s]; `None` for no limit.
    pub time_limit_s: Option<f64>,
}

impl Default for HighsOptions {
    /// A gap of 1e-7 (assumed: a tenth of the tolerance to which two methods are compared), and no time limit.
    fn default() -> Self {
        Self { gap: 1e-7, time_limit_s: None }
    }
}

/// Values of the variables at an optimal point.
///
/// # Errors
/// Same as [`Lp::solve_with`].
pub(super) fn solve(lp: &Lp, options: HighsOptions) -> Result<Vec<f64>, SolveError> {
    if !is_sound(lp) {
        return Err(SolveError::Failed("a number of it is not finite".to_owned()));
    }
    let values = match run(lp, options, Binaries::Between, "choose") {
        // Presolve may report an unbounded program as infeasible: HiGHS is run again without it.
        Err(SolveError::Infeasible) => run(lp, options, Binaries::Between, "off")?,
        other => other?,
    };
    if !lp.columns().iter().any(|column| column.binary) {
        return Ok(values);
    }
    // Unboundedness was determined without binaries: with them HiGHS reports that there is no feasible point, or
    // returns one.
    let near = run(lp, options, Binaries::Whole, "choose")?;
    run(lp, options, Binaries::Held(&near), "choose").map_err(|error| match error {
        SolveError::Infeasible => {
            SolveError::Failed("the point that HiGHS found is none when its binaries are whole".to_owned())
        }
        other => other,
    })
}

/// Treatment of binaries in a run.
#[derive(Clone, Copy)]
enum Binaries<'a> {
    /// Relaxed to any value from 0 to 1.
    Between,
    /// Restricted to 0 or 1.
    Whole,
    /// Fixed at the integers nearest to these values of all variables.
    Held(&'a [f64]),
}

/// Whether all coefficients are valid: HiGHS would compute with NaN.
fn is_sound(lp: &Lp) -> bool {
    let column = |c: &Column| c.objective.is_finite() && !c.lower.is_nan() && !c.upper.is_nan();
    let row = |r: &Row| !r.rhs.is_nan() && r.terms.iter().all(|(_, factor)| factor.is_finite());
    lp.columns().iter().all(column) && lp.rows().iter().all(row)
}

/// Runs HiGHS once.
fn run(lp: &Lp, options: HighsOptions, binaries: Binaries, presolve: &str) -> Result<Vec<f64>, SolveError> {
    let refused = |what: &str| SolveError::Failed(format!("HiGHS refused {what}"));
    let mut problem = RowProblem::new();
    let mut variables = Vec::with_capacity(lp.columns().len());
    for (i, column) in lp.columns().iter().enumerate() {
        let (whole, bounds) = match binaries {
            Binaries::Held(values) if column.binary => (false, values[i].round()..=values[i].round()),
            _ => (column.binary && matches!(binaries, Binaries::Whole), column.lower..=column.upper),
        };
        variables.push(problem.add_column_with_integrality(column.objective, bounds, whole));
    }
    for row in lp.rows() {
        let (lower, upper) = match row.sense {
            Sense::AtMost => (f64::NEG_INFINITY, row.rhs),
            Sense::Equal => (row.rhs, row.rhs),
            Sense::AtLeast => (row.rhs, f64::INFINITY),
        };
        problem.add_row(lower..=upper, row.terms.iter().map(|(v, factor)| (variables[v.index()], *factor)));
    }
    let mut model = problem.try_optimise(::highs::Sense::Minimise).map_err(|_| refused("the program"))?;
    let exact = !matches!(binaries, Binaries::Whole);
    set(&mut model, options, exact, presolve).map_err(|_| refused("an option"))?;
    let solved = model.try_solve().map_err(|_| refused("to solve"))?;
    match solved.status() {
        HighsModelStatus::Optimal | HighsModelStatus::ModelEmpty => {
            Ok(solved.get_solution().columns().to_vec())
        }
        HighsModelStatus::Infeasible => Err(SolveError::Infeasible),
        HighsModelStatus::Unbounded => Err(SolveError::Unbounded),
        HighsModelStatus::ReachedTimeLimit => {
            Err(SolveError::Failed("HiGHS reached its limit of time".to_owned()))
        }
        other => Err(SolveError::Failed(format!("HiGHS ended with the status {other:?}"))),
    }
}

fn set(
    model: &mut Model,
    options: HighsOptions,
    exact: bool,
    presolve: &str,
) -> Result<(), TrySetOptionError> {
    model.try_set_option("threads", 1)?;
    model.try_set_option("parallel", "off")?;
    model.try_set_option("random_seed", 0)?;
    model.try_set_option("presolve", presolve)?;
    if exact {
        model.try_set_option("primal_feasibility_tolerance", FEASIBILITY)?;
        model.try_set_option("dual_feasibility_tolerance", FEASIBILITY)?;
    }
    model.try_set_option("mip_rel_gap", options.gap)?;
    // Objectives are scaled like rows, so this gap only ends searches over negligible differences.
    model.try_set_option("mip_abs_gap", FEASIBILITY)?;
    model.try_set_option("time_limit", options.time_limit_s.unwrap_or(f64::INFINITY))
}
