//! Games as pure mathematics: no simulator, no file of a scenario, no clock.

pub mod bilevel;
pub mod c_nash;
pub mod coalition;
pub mod stackelberg;
