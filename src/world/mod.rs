//! The world at one instant and its physics: vehicles, batteries, stations,
//! fleets, requests, travel, tariffs. No queue of events, no file.
//!
//! [`Setup`] is everything that does not change while a replication runs; the
//! scenario module builds it.

pub mod battery;
pub mod fleet;
pub mod requests;
pub mod setup;
pub mod station;
pub mod tariff;
pub mod travel;

pub use battery::{ChargingCurve, VehicleType};
pub use fleet::{FareRule, Fleet, VehicleStart};
pub use requests::{Bound, Requests};
pub use setup::{Mode, Setup};
pub use station::{Access, Connector, Station};
pub use tariff::{Retailer, Tariff};
pub use travel::{Travel, Trip};
