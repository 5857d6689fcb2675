//! The one thin face to solvers of linear and mixed-integer programs: what the games state, in terms of no solver; and
//! programs that stand for themselves.
//!
//! Whatever is specific to a crate stays behind [`lp`], so that another solver is one more file here.

pub mod clairvoyant;
pub mod lp;

pub use lp::{Lp, Optimum, Relation, Unsolved, Variable};
