//! Policies: what decides. A policy proposes, the engine disposes.

pub mod spec;

pub use spec::{ChargingSpec, DispatchSpec};
