//! Electric vehicles that serve trips and charge on a feeder, at least cost: one fleet, several, or all coalitions of them.
//!
//! - [`instance`]: trips, vehicles, stations, prices and the feeder, and what is wrong with them;
//! - [`model`]: what a slot at a station costs, and the limits that bind vehicles to each other;
//! - [`pool`]: all schedules of a vehicle that are worth looking at, by label setting;
//! - [`router`]: the choice of schedules for a coalition, proven to be the best (`bound`: what each trip is worth, and a
//!   lower bound; `search`: the best choice by it; `elastic`: by how much limits must be broken if there is none);
//! - [`plan`]: what was chosen; [`verify`]: a second opinion on it;
//! - [`compact`]: the same problem as one mixed-integer program, for small instances: the oracle of the tests.
//!
//! Everything is pure: no simulator, no file, no clock, nothing random.
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
pub use model::Model;
pub use plan::{Plan, Schedule, Stop};
pub use router::{Demand, Router, Unservable};
