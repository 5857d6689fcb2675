//! Linear programs over real variables, and over binaries where there are some, minimised; and what solves them.
//!
//! A program is stated in terms of no solver. No solver says anything of dual prices: whoever needs them states the dual
//! program.

#[cfg(feature = "highs")]
use super::highs;
use super::microlp;
use gridfleet_core::error::Error;

/// How far a row or a bound may be missed, and a binary be from 0 or 1, in the unit of the row: a hundredth or less of
/// what the solvers allow by default. Rows should be scaled to about 1.
pub const FEASIBILITY: f64 = 1e-9;

/// Who solves a program. All give the same answer for the same program, run after run.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Solver {
    /// The simplex method and the branch and bound of `microlp`, to the exact optimum. Right for linear programs of some
    /// thousands of rows, and for some dozens of binaries.
    #[default]
    Microlp,
    /// HiGHS, for programs with hundreds of binaries. Only with the cargo feature `highs`, whose build needs cmake and
    /// libclang.
    #[cfg(feature = "highs")]
    Highs(highs::Options),
}

/// A variable of a program, as [`Lp::variable`] gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variable(usize);

impl Variable {
    /// Its number, counted from 0 in the order in which they were added.
    pub fn index(self) -> usize {
        self.0
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
#[derive(Debug, Clone, Default)]
pub struct Lp {
    columns: Vec<Column>,
    rows: Vec<Row>,
}

/// What a program says of a variable.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub weight: f64,
    pub low: f64,
    pub high: f64,
    /// Whether it is 0 or 1.
    pub binary: bool,
}

/// What a program says of a sum of variables.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// By ascending number, each once.
    pub terms: Vec<(Variable, f64)>,
    pub relation: Relation,
    pub right: f64,
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

impl Lp {
    /// A program without variables and rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a variable between `low` and `high` (which may be infinite) that counts `weight` times in what
    /// is minimised.
    pub fn variable(&mut self, weight: f64, low: f64, high: f64) -> Variable {
        self.column(Column { weight, low, high, binary: false })
    }

    /// Adds a variable of any value.
    pub fn free(&mut self, weight: f64) -> Variable {
        self.variable(weight, f64::NEG_INFINITY, f64::INFINITY)
    }

    /// Adds a variable that is 0 or 1.
    pub fn binary(&mut self, weight: f64) -> Variable {
        self.column(Column { weight, low: 0.0, high: 1.0, binary: true })
    }

    fn column(&mut self, column: Column) -> Variable {
        self.columns.push(column);
        Variable(self.columns.len() - 1)
    }

    /// Adds a row: the sum of variables times factors stands in `relation` to `right`.
    ///
    /// # Panics
    /// If a variable comes twice or belongs to a larger program.
    pub fn row(&mut self, terms: impl IntoIterator<Item = (Variable, f64)>, relation: Relation, right: f64) {
        let mut terms: Vec<_> = terms.into_iter().collect();
        terms.sort_unstable_by_key(|(variable, _)| *variable);
        assert!(terms.windows(2).all(|pair| pair[0].0 < pair[1].0), "a variable comes twice in a row");
        assert!(
            terms.last().is_none_or(|(last, _)| last.0 < self.columns.len()),
            "a variable of another program"
        );
        self.rows.push(Row { terms, relation, right });
    }

    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// An optimal point by the default solver: a corner, if several points are optimal.
    ///
    /// # Errors
    /// If there is none, or the solver fails.
    pub fn solve(&self) -> Result<Optimum, Unsolved> {
        self.solve_with(Solver::default())
    }

    /// An optimal point by `solver`.
    ///
    /// # Errors
    /// If there is none, or the solver fails or reaches a limit that it was given.
    pub fn solve_with(&self, solver: Solver) -> Result<Optimum, Unsolved> {
        let values = match solver {
            Solver::Microlp => microlp::solve(self)?,
            #[cfg(feature = "highs")]
            Solver::Highs(options) => highs::solve(self, options)?,
        };
        // Summed from the values, so that both agree to the last digit.
        let objective = self.columns.iter().zip(&values).map(|(column, value)| column.weight * value).sum();
        Ok(Optimum { objective, values })
    }
}

impl Optimum {
    /// Value of `variable`.
    ///
    /// # Panics
    /// If it belongs to a larger program.
    pub fn value(&self, variable: Variable) -> f64 {
        self.values[variable.0]
    }
}
