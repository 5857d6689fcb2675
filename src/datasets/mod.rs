//! Raw data in, clean tables out: trips, zones, stations and prices from the
//! files as they are published, synthesis of the shipped data sets, and where
//! everything came from.

pub mod car2go;
pub mod prices;
pub mod small_table;
pub mod source;
pub mod stations;
pub mod synth;
pub mod trace;
pub mod vehicles;

pub use source::{OnBadRow, TripFormat, TripSource};
pub use trace::{ImportReport, Trace};
