//! Games and solvers as pure mathematics: no simulator, no scenario file, no clock.

pub mod bilevel;
pub mod c_nash;
pub mod coalition;
pub mod grid;
pub mod learning;
pub mod optimize;
pub mod routing;
pub mod stackelberg;
pub mod statistics;
