//! Discrete-event simulation of electric-vehicle fleets, chargers and electricity markets.

#[cfg(feature = "cli")]
pub mod cli;
pub mod reproduce;
pub mod studies;
pub mod training;

pub use gridfleet_core::{error, files, geo, ids, ledger, markets, ranges, records, rng, time};
pub use gridfleet_data as datasets;
pub use gridfleet_games::{grid, learning, optimize, routing, statistics};
pub use gridfleet_plots as plots;
pub use gridfleet_results::{audit, outputs, report};
pub use gridfleet_scenario as scenario;
pub use gridfleet_sim::{engine, forecast, policies, world};

/// Games: cooperative, generalised Nash, Stackelberg and bi-level.
pub mod games {
    pub use gridfleet_games::{bilevel, c_nash, coalition, stackelberg};
}
