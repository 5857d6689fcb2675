//! Names, periods and small tables: from the structs of the file to a plan that all replications share.

mod by_hour;
mod coalitions;
pub(crate) mod competition;
pub(crate) mod days;
mod drivers;
mod feeder;
pub(crate) mod fleets;
pub mod horizon;
mod likely_units;
mod loads;
mod markets;
mod plan;
mod retail;
mod scenario;
pub(crate) mod sources;
mod stations;
mod tariffs;
mod training;
mod trips;
pub(crate) mod variation;
mod vehicle_types;

pub use scenario::{Scenario, load, parse};

pub(crate) use plan::Plan;
