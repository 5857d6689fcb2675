//! Electric vehicles that serve trips and charge on a feeder at least cost: for one fleet, several, or all coalitions
//! of them.
//!
//! - [`instance`]: trips, vehicles, stations, prices and the feeder, and their validation;
//! - [`model`]: cost of a slot at a station, and the limits that couple vehicles;
//! - [`pool`]: all non-dominated schedules of a vehicle, by label setting;
//! - [`router`]: the provably optimal choice of schedules for a coalition (`bound`: dual values of trips, and a lower
//!   bound; `search`: the best choice based on it; `elastic`: minimum violation of limits if there is none);
//! - [`plan`]: the schedules chosen; [`verify`]: an independent check of them;
//! - [`compact`]: the same problem as one mixed-integer program, for small instances: the oracle of the tests.
//!
//! All functions are pure: no simulator, no file, no clock, no randomness.
//!
#![doc = include_str!("../../../docs/equations/rendered/routing.md")]

mod bound;
pub mod compact;
mod elastic;
pub mod instance;
pub mod model;
pub mod plan;
pub mod pool;
pub mod router;
mod search;
pub mod verify;

pub use instance::{Grid, Instance, Slots, Station, Travel, Trip, Vehicles};
pub use model::RoutingModel;
pub use plan::{RoutePlan, Schedule, Stop};
pub use router::{Demand, Router, Unservable};
