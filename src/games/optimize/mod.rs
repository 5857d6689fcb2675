//! Thin interface to solvers of linear and mixed-integer programs: solver-independent programs, as stated by the games,
//! and standalone programs.
//!
//! Solver-specific code is in a separate file per solver, so that another solver is one more file here.
//!
//! The default is `microlp`: it is pure Rust and needs neither cmake nor a system library, and the programs of the
//! games are small. HiGHS (the cargo feature `highs`) is stronger on large mixed-integer programs, and a second solver
//! is a valuable check. HiGHS is not the default: it is built from C++ by cmake, its binding by libclang, and it is
//! trusted less, because some of the points that it reports as optimal are not. Where two solvers disagree, the better
//! feasible point is right. A time limit is an error, never a worse answer: the solution of a program must not depend
//! on the machine.

pub mod clairvoyant;
#[cfg(feature = "highs")]
pub mod highs;
pub mod lp;
mod microlp;

pub use lp::{Lp, Sense, Solution, SolveError, Solver, Variable};
