//! The default solver: the simplex method and the branch and bound of `microlp`, which is pure Rust.

use super::lp::{Column, FEASIBILITY, Lp, Row, Sense, SolveError};
use ::microlp::{ComparisonOp, Error, OptimizationDirection, Problem, SolveOptions};

/// Values of the variables at an optimal point.
///
/// # Errors
/// Same as [`Lp::solve`].
pub(super) fn solve(lp: &Lp) -> Result<Vec<f64>, SolveError> {
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let variable = |&Column { objective, lower, upper, binary }: &Column| {
        if binary { problem.add_binary_var(objective) } else { problem.add_var(objective, (lower, upper)) }
    };
    let variables: Vec<_> = lp.columns().iter().map(variable).collect();
    for Row { terms, sense, rhs } in lp.rows() {
        let sense = match sense {
            Sense::AtMost => ComparisonOp::Le,
            Sense::Equal => ComparisonOp::Eq,
            Sense::AtLeast => ComparisonOp::Ge,
        };
        let terms = terms.iter().map(|(variable, factor)| (variables[variable.index()], *factor));
        problem.add_constraint(terms, sense, *rhs);
    }
    let mut options = SolveOptions::default();
    options.tolerances.feasibility = FEASIBILITY;
    options.int_tol = FEASIBILITY;
    let outcome = problem.solve_with(options).map_err(|error| match error {
        Error::Infeasible => SolveError::Infeasible,
        Error::Unbounded => SolveError::Unbounded,
        other => SolveError::Failed(other.to_string()),
    })?;
    let Ok(solution) = outcome.into_solution() else {
        return Err(SolveError::Failed("the solver stopped early".to_owned()));
    };
    Ok(variables.iter().map(|&variable| solution.var_value(variable)).collect())
}
