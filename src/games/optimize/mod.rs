//! The one thin face to solvers of linear and mixed-integer programs: what the games state, in terms of no solver; and
//! programs that stand for themselves.
//!
//! Whatever is specific to a solver stays in a file of its own, so that another solver is one more file here.

pub mod clairvoyant;
#[cfg(feature = "highs")]
pub mod highs;
pub mod lp;
mod microlp;

pub use lp::{Lp, Optimum, Relation, Solver, Unsolved, Variable};
