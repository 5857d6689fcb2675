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
//!
//! ## How it is solved
//!
//! The result is the least cost of each coalition of fleets: the trips that each vehicle serves, and where and when it
//! charges, on a feeder with limits. A vehicle is plugged in for whole slots at full power, so schedules are finite in
//! number; and as LinDistFlow is linear, the effect of a connector in use on a voltage or a flow is a constant. Branch
//! flows and voltages therefore need no variables: a limit in a slot is a row over schedules, like that of the
//! connectors. Losses enter by their tangent at the feeder's state without vehicles, so they are part of the cost of a
//! schedule.
//!
//! - **One pool of schedules for all coalitions** ([`pool`]), by label setting: a label is left out if another one with
//!   the same trips is as good for all continuations. "As good" must hold for each coalition (stations of no further
//!   owner) and for each limit that is shared; and missing charge is valued at its refill price, provided that the rest
//!   suffices for all possible continuations. Without that, all labels with unnecessary charging would remain.
//! - **Limits are added when they are broken** ([`router`]). None is active at first, and dominance does not consider
//!   slots. An optimal choice that breaks a limit makes it active, the pool is rebuilt with dominance that considers
//!   it, and the coalition is solved again. An optimal choice without some limits that satisfies them is optimal with
//!   them, so this is exact, and most of some hundred limits never matter.
//! - **The choice** (`bound`, `search`): the linear program over schedules has few rows, so its dual is solved, with
//!   schedules added as they are violated. It leaves little to search, but `microlp` branched for seconds on thousands
//!   of schedules: the gap of a set partition is wide where vehicles must charge a whole slot. Instead, trips are
//!   served in the order of their numbers and the shortest path through the sets of open trips is found, in the order
//!   of bound plus reduced costs; 63 coalitions then take seconds instead of half a minute. Where the search becomes
//!   large, the bound is tightened by triples of trips.
//! - **If there is no feasible choice**, a mixed-integer program (`elastic`) breaks limits as little as possible, and
//!   the message states which, in which slot and by how much.
//!
//! The oracle [`compact`] states arcs, big-M, and LinDistFlow as in the textbook. It shares only the instance with the
//! method above. [`verify`] drives each plan minute by minute.

mod bound;
pub mod compact;
mod completion;
mod elastic;
pub mod instance;
pub mod model;
mod near;
pub mod plan;
pub mod pool;
pub mod problems;
pub mod router;
mod search;
pub mod verify;

pub use instance::{Grid, Instance, Slots, Station, Travel, Trip, Vehicles};
pub use model::RoutingModel;
pub use plan::{RoutePlan, Schedule, Stop};
pub use problems::InstanceProblem;
pub use router::{Demand, Router, Unservable};
