//! Data model of gridfleet: what the engine, the readers and the output tables share.
//!
//! Ids, time, money, prices, records of output tables with their dictionary, ranges of inputs, errors that reach the
//! user, and the one layer through which files are written.

pub mod error;
pub mod files;
pub mod geo;
pub mod ids;
pub mod ledger;
pub mod markets;
pub mod ranges;
pub mod records;
pub mod rng;
pub mod time;
