//! Games as pure mathematics: no simulator, no file of a scenario, no clock.

pub mod c_nash;
pub mod coalition;
pub mod stackelberg;
