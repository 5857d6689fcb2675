//! Linear programs over real variables, and over binaries where there are some, minimised.
//!
//! Solved by the simplex method and the branch and bound of `microlp`, which is pure Rust and gives the same answer for the same
//! program. It says nothing of dual prices: whoever needs them states the dual program.

use crate::error::Error;
use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOptions};

/// How far a row or a bound may be missed, in the unit of the row: a hundredth of what `microlp` allows by
/// default. Rows should be scaled to about 1.
pub const FEASIBILITY: f64 = 1e-9;

/// A variable of a program, as [`Lp::variable`] gave it.
#[derive(Debug, Clone, Copy)]
pub struct Variable {
    name: microlp::Variable,
    index: usize,
}

impl Variable {
    /// Its number, counted from 0 in the order in which they were added.
    pub fn index(self) -> usize {
        self.index
    }
}

/// What a row of a program says of its left side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// At most the right side.
    AtMost,
    /// Equal to the right side.
    Equal,
    /// At least the right side.
    AtLeast,
}

/// A linear program: minimise a weighted sum of variables under bounds and rows.
#[derive(Debug, Clone)]
pub struct Lp {
    problem: Problem,
    variables: Vec<microlp::Variable>,
    weights: Vec<f64>,
}

/// An optimal point.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimum {
    /// What was minimised.
    pub objective: f64,
    values: Vec<f64>,
}

/// Why there is no optimal point.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsolved {
    /// No point meets all rows and bounds.
    #[error("the linear program has no feasible point")]
    Infeasible,
    /// The objective falls without end.
    #[error("the objective of the linear program is unbounded")]
    Unbounded,
    /// The solver gave up, or was given a number that is not finite.
    #[error("the linear program could not be solved: {0}")]
    Failed(String),
}

impl From<Unsolved> for Error {
    fn from(unsolved: Unsolved) -> Self {
        Self::Other(unsolved.to_string())
    }
}

impl Default for Lp {
    fn default() -> Self {
        Self::new()
    }
}

impl Lp {
    /// A program without variables and rows.
    pub fn new() -> Self {
        let problem = Problem::new(OptimizationDirection::Minimize);
        Self { problem, variables: Vec::new(), weights: Vec::new() }
    }

    /// Adds a variable between `low` and `high` (which may be infinite) that counts `weight` times in what
    /// is minimised.
    pub fn variable(&mut self, weight: f64, low: f64, high: f64) -> Variable {
        let name = self.problem.add_var(weight, (low, high));
        self.variables.push(name);
        self.weights.push(weight);
        Variable { name, index: self.weights.len() - 1 }
    }

    /// Adds a variable of any value.
    pub fn free(&mut self, weight: f64) -> Variable {
        self.variable(weight, f64::NEG_INFINITY, f64::INFINITY)
    }

    /// Adds a variable that is 0 or 1.
    pub fn binary(&mut self, weight: f64) -> Variable {
        let name = self.problem.add_binary_var(weight);
        self.variables.push(name);
        self.weights.push(weight);
        Variable { name, index: self.weights.len() - 1 }
    }

    /// Adds a row: the sum of variables times factors stands in `relation` to `right`.
    ///
    /// # Panics
    /// If a variable comes twice or belongs to a larger program.
    pub fn row(&mut self, terms: impl IntoIterator<Item = (Variable, f64)>, relation: Relation, right: f64) {
        let terms: Vec<_> = terms.into_iter().map(|(variable, factor)| (variable.name, factor)).collect();
        let relation = match relation {
            Relation::AtMost => ComparisonOp::Le,
            Relation::Equal => ComparisonOp::Eq,
            Relation::AtLeast => ComparisonOp::Ge,
        };
        self.problem.add_constraint(terms, relation, right);
    }

    /// An optimal point: a corner, if several points are optimal.
    ///
    /// # Errors
    /// If there is none, or the solver fails.
    pub fn solve(&self) -> Result<Optimum, Unsolved> {
        let mut options = SolveOptions::default();
        options.tolerances.feasibility = FEASIBILITY;
        options.int_tol = FEASIBILITY;
        let outcome = self.problem.solve_with(options).map_err(|error| match error {
            microlp::Error::Infeasible => Unsolved::Infeasible,
            microlp::Error::Unbounded => Unsolved::Unbounded,
            other => Unsolved::Failed(other.to_string()),
        })?;
        let Ok(solution) = outcome.into_solution() else {
            return Err(Unsolved::Failed("the solver stopped early".to_owned()));
        };
        let values: Vec<f64> = self.variables.iter().map(|&name| solution.var_value(name)).collect();
        // Summed from the values, so that both agree to the last digit.
        let objective = self.weights.iter().zip(&values).map(|(weight, value)| weight * value).sum();
        Ok(Optimum { objective, values })
    }
}

impl Optimum {
    /// Value of `variable`.
    ///
    /// # Panics
    /// If it belongs to a larger program.
    pub fn value(&self, variable: Variable) -> f64 {
        self.values[variable.index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            lp.row(moved[plant].map(|x| (x, 1.0)), Relation::AtMost, most);
        }
        for (market, least) in demand.into_iter().enumerate() {
            lp.row([(moved[0][market], 1.0), (moved[1][market], 1.0)], Relation::AtLeast, least);
        }
        let optimum = lp.solve().unwrap();
        assert!((optimum.objective - 153.675).abs() < 1e-9, "{}", optimum.objective);
        assert!((optimum.value(moved[1][2]) - 275.0).abs() < 1e-9);
    }

    #[test]
    fn programs_without_an_optimum_say_why() {
        let mut lp = Lp::new();
        let x = lp.free(1.0);
        assert_eq!(lp.solve(), Err(Unsolved::Unbounded));
        lp.row([(x, 1.0)], Relation::AtLeast, 2.0);
        assert_eq!(lp.solve().unwrap().objective, 2.0);
        lp.row([(x, 1.0)], Relation::AtMost, 1.0);
        assert_eq!(lp.solve(), Err(Unsolved::Infeasible));
        let mut lp = Lp::new();
        lp.variable(f64::NAN, 0.0, 1.0);
        assert!(matches!(lp.solve(), Err(Unsolved::Failed(_))));
    }

    /// Six things of 15 to 45 with a sack of 100, by trying all 64 choices.
    #[test]
    fn binaries_are_whole() {
        let (worth, weight) = ([40.0, 22.0, 35.0, 28.0, 19.0, 46.0], [45.0, 21.0, 36.0, 30.0, 15.0, 41.0]);
        let mut lp = Lp::new();
        let taken = worth.map(|worth: f64| lp.binary(-worth));
        lp.row(taken.into_iter().zip(weight), Relation::AtMost, 100.0);
        let optimum = lp.solve().unwrap();
        let sum = |choice: usize, of: &[f64; 6]| -> f64 {
            (0..6).filter(|i| choice >> i & 1 == 1).map(|i| of[i]).sum()
        };
        let best = (0..64).filter(|c| sum(*c, &weight) <= 100.0).map(|c| sum(c, &worth)).fold(0.0, f64::max);
        assert!((optimum.objective + best).abs() < 1e-9, "{} {best}", optimum.objective);
        assert!(taken.iter().all(|x| optimum.value(*x).min(1.0 - optimum.value(*x)).abs() < 1e-6));
    }

    /// Beale's program (1955) makes careless simplex rules cycle: all ties, optimum -1/20.
    #[test]
    fn degenerate_corners_do_not_make_it_cycle() {
        let mut lp = Lp::new();
        let x = [-0.75, 150.0, -0.02, 6.0].map(|weight| lp.variable(weight, 0.0, f64::INFINITY));
        lp.row(x.into_iter().zip([0.25, -60.0, -0.04, 9.0]), Relation::AtMost, 0.0);
        lp.row(x.into_iter().zip([0.5, -90.0, -0.02, 3.0]), Relation::AtMost, 0.0);
        lp.row([(x[2], 1.0)], Relation::AtMost, 1.0);
        assert!((lp.solve().unwrap().objective + 0.05).abs() < 1e-9);
    }
}
