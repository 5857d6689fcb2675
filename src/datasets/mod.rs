//! Raw data in, clean tables out: trips, zones, stations and prices from the
//! files as they are published, synthesis of the shipped data sets, and where
//! everything came from.

pub mod builder;
mod guard;
pub mod source;
pub mod table;
pub mod times;
pub mod tlc;
pub mod trace;
pub mod trips;
pub mod write;
pub mod zones;

pub use source::{OnBadRow, TripFormat, TripSource};
pub use trace::{ImportReport, Trace};
