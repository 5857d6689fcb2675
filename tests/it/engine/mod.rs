//! The simulation: physics and rules by hand and on random worlds, policies on it, the feeder, and its warm-up.

mod cities;
mod families;
mod feeder;
mod feeder_files;
mod forecast;
mod instants;
mod nonsense;
mod price_aware;
mod properties;
mod queues;
mod v2g;
mod warm_up;
