//! Discrete-event simulation of electric-vehicle fleets, chargers and electricity markets.

pub mod audit;
pub mod cli;
pub mod datasets;
pub mod engine;
pub mod error;
pub mod forecast;
pub mod games;
pub mod geo;
pub mod ids;
pub mod learning;
pub mod ledger;
pub mod markets;
pub mod optimize;
pub mod outputs;
pub mod plots;
pub mod policies;
pub mod records;
pub mod report;
pub mod reproduce;
pub mod rng;
pub mod scenario;
pub mod statistics;
pub mod studies;
pub mod time;
pub mod training;
pub mod world;
