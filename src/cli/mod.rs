//! The command line.

pub mod data;
pub mod synth;
