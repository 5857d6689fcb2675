//! Games between those who charge, as pure mathematics: no vehicle, no clock, no simulator.

pub mod c_nash;
