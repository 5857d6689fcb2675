//! Linear programs over real and binary variables, minimised, and the selection of their solver.
//!
//! Programs are independent of the solver. Dual prices are not available: a caller that needs them states the dual
//! program.

#[cfg(feature = "highs")]
use super::highs;
use super::microlp;
use gridfleet_core::error::Error;

/// Tolerance by which a row or a bound may be violated, and a binary may differ from 0 or 1, in the unit of the row: a
/// hundredth or less of the solvers' defaults. Rows should be scaled to about 1.
pub const FEASIBILITY: f64 = 1e-9;

/// Solver of a program. Each gives the same solution for the same program in every run.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Solver {
    /// The simplex method and the branch and bound of `microlp`, to the exact optimum. Suitable for linear programs
    /// with a few thousand rows, and for a few dozen binaries.
    #[default]
    Microlp,
    /// HiGHS, for programs with hundreds of binaries. Requires the cargo feature `highs`, whose build needs cmake and
    /// libclang.
    #[cfg(feature = "highs")]
    Highs(highs::HighsOptions),
}

/// A variable of a program, as returned by [`Lp::variable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variable(usize);

impl Variable {
    /// Index of the variable, counted from 0 in order of addition.
    pub fn index(self) -> usize {
        self.0
    }
}

/// Sense of a row: relation between its sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sense {
    /// At most the right-hand side.
    AtMost,
    /// Equal to the right-hand side.
    Equal,
    /// At least the right-hand side.
    AtLeast,
}

/// A linear program: minimise a weighted sum of variables under bounds and rows.
#[derive(Debug, Clone, Default)]
pub struct Lp {
    columns: Vec<Column>,
    rows: Vec<Row>,
}

/// Data of a variable of a program.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub objective: f64,
    pub lower: f64,
    pub upper: f64,
    /// Whether the variable is restricted to 0 or 1.
    pub binary: bool,
}

/// Constraint on a weighted sum of variables.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Terms by ascending index, each variable once.
    pub terms: Vec<(Variable, f64)>,
    pub sense: Sense,
    pub rhs: f64,
}

/// An optimal point.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    /// Value of the objective.
    pub objective: f64,
    values: Vec<f64>,
}

/// Reason why there is no optimal point. The caller may go on: the program is unchanged, and gives the same again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SolveError {
    /// No point satisfies all rows and bounds.
    #[error("the linear program has no feasible point")]
    Infeasible,
    /// The objective is unbounded below.
    #[error("the objective of the linear program is unbounded")]
    Unbounded,
    /// The solver failed or reached a limit, or the program contains a number that is not finite. Another solver may
    /// succeed.
    #[error("the linear program could not be solved: {0}")]
    Failed(String),
}

impl From<SolveError> for Error {
    fn from(error: SolveError) -> Self {
        Self::failed(error)
    }
}

impl Lp {
    /// Creates a program without variables and rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a variable between `lower` and `upper` (which may be infinite) with the objective coefficient `objective`.
    pub fn variable(&mut self, objective: f64, lower: f64, upper: f64) -> Variable {
        self.column(Column { objective, lower, upper, binary: false })
    }

    /// Adds an unbounded variable.
    pub fn free(&mut self, objective: f64) -> Variable {
        self.variable(objective, f64::NEG_INFINITY, f64::INFINITY)
    }

    /// Adds a variable that is 0 or 1.
    pub fn binary(&mut self, objective: f64) -> Variable {
        self.column(Column { objective, lower: 0.0, upper: 1.0, binary: true })
    }

    fn column(&mut self, column: Column) -> Variable {
        self.columns.push(column);
        Variable(self.columns.len() - 1)
    }

    /// Adds a row: the sum of variables times factors is related to `rhs` by `sense`.
    ///
    /// # Panics
    /// If a variable appears twice or belongs to a larger program.
    pub fn row(&mut self, terms: impl IntoIterator<Item = (Variable, f64)>, sense: Sense, rhs: f64) {
        let mut terms: Vec<_> = terms.into_iter().collect();
        terms.sort_unstable_by_key(|(variable, _)| *variable);
        assert!(terms.windows(2).all(|pair| pair[0].0 < pair[1].0), "a variable comes twice in a row");
        assert!(
            terms.last().is_none_or(|(last, _)| last.0 < self.columns.len()),
            "a variable of another program"
        );
        self.rows.push(Row { terms, sense, rhs });
    }

    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Finds an optimal point with the default solver: an extreme point, if several points are optimal.
    ///
    /// # Errors
    /// If there is no optimum, or the solver fails.
    pub fn solve(&self) -> Result<Solution, SolveError> {
        self.solve_with(Solver::default())
    }

    /// Finds an optimal point with `solver`.
    ///
    /// # Errors
    /// If there is no optimum, or the solver fails or reaches a limit.
    pub fn solve_with(&self, solver: Solver) -> Result<Solution, SolveError> {
        let values = match solver {
            Solver::Microlp => microlp::solve(self)?,
            #[cfg(feature = "highs")]
            Solver::Highs(options) => highs::solve(self, options)?,
        };
        // Summed from the values, so that both agree to the last digit.
        let objective =
            self.columns.iter().zip(&values).map(|(column, value)| column.objective * value).sum();
        Ok(Solution { objective, values })
    }
}

impl Solution {
    /// Value of `variable`.
    ///
    /// # Panics
    /// If the variable belongs to a larger program.
    pub fn value(&self, variable: Variable) -> f64 {
        self.values[variable.0]
    }
}
