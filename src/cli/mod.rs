//! The command line: arguments in, library calls, results and progress out.

pub mod data;
