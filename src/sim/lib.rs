//! Discrete-event engine: the world, the policies that decide in it, and the loop that advances it.
//!
//! A [`world::Setup`] (built by hand, or from a scenario file by `gridfleet-scenario`) contains everything that is
//! constant during a replication. [`engine::Simulation`] advances its state; recorders receive every trip, leg and
//! session:
//!
//! ```
//! use gridfleet_core::{records::{Record, Recorder}, rng::Streams};
//! use gridfleet_sim::{engine, policies::PolicySpecs, world::Setup};
//! use std::sync::Arc;
//!
//! #[derive(Default)]
//! struct Fares(f64);
//!
//! impl Recorder for Fares {
//!     fn record(&mut self, record: Record<'_>) {
//!         if let Record::Trip(trip) = record {
//!             self.0 += trip.fare;
//!         }
//!     }
//! }
//!
//! fn fares(setup: Arc<Setup>, specs: &PolicySpecs, streams: Streams) -> Result<f64, engine::EndlessInstant> {
//!     let policies = engine::policies(specs, &setup, streams);
//!     let mut fares = Fares::default();
//!     engine::Simulation::under(setup, policies, streams).finish(&mut fares)?;
//!     Ok(fares.0)
//! }
//! ```

pub mod engine;
pub mod forecast;
pub mod policies;
pub mod world;
