//! Data model of gridfleet, shared by the engine, the readers and the output tables.
//!
//! Identifiers, time, money, prices, records of output tables with their dictionary, ranges of inputs, errors that
//! reach the user, and the one layer through which files are written.
//!
//! ```
//! use gridfleet_core::ledger::Money;
//! use gridfleet_core::time::SimTime;
//!
//! let fares = Money::from_units(12.30)?.checked_add(Money::from_units(0.05)?).unwrap();
//! assert_eq!(fares.units(), 12.35);
//! assert_eq!(SimTime(1_520_208_000).iso(), "2018-03-05T00:00:00Z");
//! # Ok::<(), gridfleet_core::ledger::NoAmount>(())
//! ```

#[macro_use]
pub mod named;

pub mod error;
pub mod files;
pub mod geo;
pub mod ids;
pub mod ledger;
pub mod markets;
pub mod names;
pub mod ranges;
pub mod records;
pub mod rng;
pub mod time;
