//! The second solver, with the cargo feature `highs`: HiGHS, whose branch and bound solves programs with hundreds of
//! binaries on which `microlp` would never end.
//!
//! Source: Q. Huangfu and J. A. J. Hall, Parallelizing the dual revised simplex method, Mathematical Programming
//! Computation 10, 2018. It runs in one thread from a fixed seed, and a limit of time ends in an error, never in a worse
//! point: the same program gives the same answer, or none.
//!
//! Its presolve is not used where there are binaries. That of 1.15 cut off the optimum of a day of the bi-level game, whose
//! plan is feasible, and called a point that is 0.3 % worse optimal; with other seeds it found the optimum, or a third
//! point. Without presolve every seed and tolerance that was tried gave the optimum.

use super::lp::{Column, FEASIBILITY, Lp, Relation, Row, Unsolved};
use ::highs::{HighsModelStatus, Integrality, Model, RowProblem, Sense, TrySetOptionError};

/// [`FEASIBILITY`] of programs with binaries, what HiGHS takes for rows by default. With 1e-9 it proved worse points of one
/// bi-level game in some hundreds and of one routing problem in some dozens (`tests/it/highs.rs`).
const WITH_BINARIES: f64 = 1e-7;

/// How HiGHS solves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Relative gap between the objective and its bound at which a program with binaries counts as solved.
    pub gap: f64,
    /// Seconds after which it gives up, without binaries and again with them; none if it never does.
    pub time_limit_s: Option<f64>,
}

impl Default for Options {
    /// A gap of 1e-7 (assumed: a tenth of what two methods are held to), and all the time it takes.
    fn default() -> Self {
        Self { gap: 1e-7, time_limit_s: None }
    }
}

/// Values of the variables at an optimal point.
///
/// # Errors
/// As [`Lp::solve_with`].
pub(super) fn solve(lp: &Lp, options: Options) -> Result<Vec<f64>, Unsolved> {
    if !is_sound(lp) {
        return Err(Unsolved::Failed("a number of it is not finite".to_owned()));
    }
    let values = match run(lp, options, Integrality::Continuous, "choose") {
        // The presolve takes some unbounded programs for infeasible ones: it is asked again without.
        Err(Unsolved::Infeasible) => run(lp, options, Integrality::Continuous, "off")?,
        other => other?,
    };
    if lp.columns().iter().any(|column| column.binary) {
        // That a program is unbounded was found out without binaries: with them HiGHS says that there is no feasible point,
        // or gives one.
        run(lp, options, Integrality::Integer, "off")
    } else {
        Ok(values)
    }
}

/// Whether all are numbers: HiGHS would reckon with what is none.
fn is_sound(lp: &Lp) -> bool {
    let column = |c: &Column| c.weight.is_finite() && !c.low.is_nan() && !c.high.is_nan();
    let row = |r: &Row| !r.right.is_nan() && r.terms.iter().all(|(_, factor)| factor.is_finite());
    lp.columns().iter().all(column) && lp.rows().iter().all(row)
}

/// One run, with binaries as whole numbers or anything between.
fn run(lp: &Lp, options: Options, binaries: Integrality, presolve: &str) -> Result<Vec<f64>, Unsolved> {
    let refused = |what: &str| Unsolved::Failed(format!("HiGHS refused {what}"));
    let mut problem = RowProblem::new();
    let mut variables = Vec::with_capacity(lp.columns().len());
    for column in lp.columns() {
        let kind = if column.binary { binaries } else { Integrality::Continuous };
        let bounds = column.low..=column.high;
        variables.push(problem.add_column_with_integrality_kind(column.weight, bounds, kind));
    }
    for row in lp.rows() {
        let (low, high) = match row.relation {
            Relation::AtMost => (f64::NEG_INFINITY, row.right),
            Relation::Equal => (row.right, row.right),
            Relation::AtLeast => (row.right, f64::INFINITY),
        };
        problem.add_row(low..=high, row.terms.iter().map(|(v, factor)| (variables[v.index()], *factor)));
    }
    let mut model = problem.try_optimise(Sense::Minimise).map_err(|_| refused("the program"))?;
    let near = if binaries == Integrality::Integer { WITH_BINARIES } else { FEASIBILITY };
    set(&mut model, options, near).map_err(|_| refused("an option"))?;
    model.try_set_option("presolve", presolve).map_err(|_| refused("an option"))?;
    let solved = model.try_solve().map_err(|_| refused("to solve"))?;
    match solved.status() {
        HighsModelStatus::Optimal | HighsModelStatus::ModelEmpty => {
            Ok(solved.get_solution().columns().to_vec())
        }
        HighsModelStatus::Infeasible => Err(Unsolved::Infeasible),
        HighsModelStatus::Unbounded => Err(Unsolved::Unbounded),
        HighsModelStatus::ReachedTimeLimit => {
            Err(Unsolved::Failed("HiGHS reached its limit of time".to_owned()))
        }
        other => Err(Unsolved::Failed(format!("HiGHS ended with the status {other:?}"))),
    }
}

fn set(model: &mut Model, options: Options, near: f64) -> Result<(), TrySetOptionError> {
    model.try_set_option("threads", 1)?;
    model.try_set_option("parallel", "off")?;
    model.try_set_option("random_seed", 0)?;
    let tolerances =
        ["primal_feasibility_tolerance", "dual_feasibility_tolerance", "mip_feasibility_tolerance"];
    for tolerance in tolerances {
        model.try_set_option(tolerance, near)?;
    }
    model.try_set_option("mip_rel_gap", options.gap)?;
    // Objectives are scaled as rows are, so that this one only ends searches about nothing.
    model.try_set_option("mip_abs_gap", FEASIBILITY)?;
    model.try_set_option("time_limit", options.time_limit_s.unwrap_or(f64::INFINITY))
}
