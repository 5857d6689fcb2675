//! Import of raw data into clean tables: trips, zones, stations and prices from the files as published,
//! synthesis of the shipped data sets, and provenance.
//!
//! ```
//! use gridfleet_data::zones::Zones;
//!
//! let zones = Zones::read("../../datasets/nyc-week/taxi_zones.csv")?;
//! assert_eq!(zones.name[0], "Newark Airport");
//! # Ok::<(), gridfleet_core::error::Error>(())
//! ```

pub mod builder;
pub mod car2go;
pub mod cells;
mod columns;
mod conditions;
pub mod describe;
mod dialect;
pub mod dictionary;
pub mod fold;
pub mod load;
mod pages;
mod parquet;
mod porto;
pub mod presets;
pub mod prices;
pub mod registers;
pub mod sample;
pub mod sessions;
pub mod small_table;
pub mod source;
pub mod stations;
pub mod synth;
pub mod table;
pub mod times;
pub mod tlc;
pub mod trace;
pub mod trips;
pub mod units;
mod unpack;
pub mod vehicles;
pub mod write;
pub mod zones;

pub use cells::Decimal;
pub use dialect::Reading;
pub use load::load;
pub use source::{OnBadRow, TripFormat, TripSource};
pub use times::DateOrder;
pub use trace::{ImportReport, Trace};
pub use zones::Zones;
