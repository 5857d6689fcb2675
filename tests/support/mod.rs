//! Shared by tests: the program from the outside, the files that it writes, the sources, synthetic worlds, and
//! simulations of them.

pub mod city;
pub mod cli;
pub mod day;
pub mod files;
pub mod plant;
pub mod real;
pub mod runs;
pub mod short;
pub mod sources;
pub mod targets;
pub mod world;

pub use city::{City, MONDAY, city};
