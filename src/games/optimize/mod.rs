//! Thin interface to solvers of linear and mixed-integer programs: solver-independent programs, as stated by the games,
//! and standalone programs.
//!
//! Solver-specific code is in a separate file per solver, so that another solver is one more file here.

pub mod clairvoyant;
#[cfg(feature = "highs")]
pub mod highs;
pub mod lp;
mod microlp;

pub use lp::{Lp, Sense, Solution, SolveError, Solver, Variable};
