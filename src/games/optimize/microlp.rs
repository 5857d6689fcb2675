//! The default solver: the simplex method and the branch and bound of `microlp`, which is pure Rust.

use super::lp::{Column, FEASIBILITY, Lp, Relation, Row, Unsolved};
use ::microlp::{ComparisonOp, Error, OptimizationDirection, Problem, SolveOptions};

/// Values of the variables at an optimal point.
///
/// # Errors
/// Same as [`Lp::solve`].
pub(super) fn solve(lp: &Lp) -> Result<Vec<f64>, Unsolved> {
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let variable = |&Column { weight, low, high, binary }: &Column| {
        if binary { problem.add_binary_var(weight) } else { problem.add_var(weight, (low, high)) }
    };
    let variables: Vec<_> = lp.columns().iter().map(variable).collect();
    for Row { terms, relation, right } in lp.rows() {
        let relation = match relation {
            Relation::AtMost => ComparisonOp::Le,
            Relation::Equal => ComparisonOp::Eq,
            Relation::AtLeast => ComparisonOp::Ge,
        };
        let terms = terms.iter().map(|(variable, factor)| (variables[variable.index()], *factor));
        problem.add_constraint(terms, relation, *right);
    }
    let mut options = SolveOptions::default();
    options.tolerances.feasibility = FEASIBILITY;
    options.int_tol = FEASIBILITY;
    let outcome = problem.solve_with(options).map_err(|error| match error {
        Error::Infeasible => Unsolved::Infeasible,
        Error::Unbounded => Unsolved::Unbounded,
        other => Unsolved::Failed(other.to_string()),
    })?;
    let Ok(solution) = outcome.into_solution() else {
        return Err(Unsolved::Failed("the solver stopped early".to_owned()));
    };
    Ok(variables.iter().map(|&variable| solution.var_value(variable)).collect())
}
