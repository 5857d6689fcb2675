//! Discrete-event simulation of electric-vehicle fleets, chargers and electricity markets.
//!
//! ```
//! use gridfleet::prelude::*;
//!
//! let figures = Run::of("scenarios/small.toml")?.set("time.days=1")?.simulate()?;
//! assert!(figures.total.service_rate.is_some());
//! # Ok::<(), Error>(())
//! ```
//!
//! [`Run`] simulates one replication of a scenario, [`Study`] compares policies over many; both take custom policies
//! ([`policies`]). The parts can also be used separately, as crates: games and solvers ([`games`], [`grid`],
//! [`routing`], [`learning`], [`statistics`]) in `gridfleet-games`, the engine in `gridfleet-sim`, readers of data in
//! `gridfleet-data`, charts in `gridfleet-plots`.

#[cfg(feature = "cli")]
pub mod cli;
pub mod reproduce;
pub mod run;
pub mod studies;
pub mod training;

pub use gridfleet_core::error::{Error, Result};
pub use gridfleet_core::{error, files, geo, ids, ledger, markets, named, names, ranges, records, rng, time};
pub use gridfleet_data as datasets;
pub use gridfleet_games::{grid, learning, optimize, routing, statistics};
pub use gridfleet_plots as plots;
pub use gridfleet_results::{audit, outputs, report};
pub use gridfleet_scenario as scenario;
pub use gridfleet_sim::{engine, forecast, policies, world};

pub use run::Run;
pub use studies::Study;

/// Games: cooperative, generalised Nash, Stackelberg and bi-level.
pub mod games {
    pub use gridfleet_games::{bilevel, c_nash, coalition, stackelberg};
}

/// Names used by most programs.
pub mod prelude {
    pub use crate::policies::{Action, Cadence, Charging, Dispatch, News, Policies, Relocation};
    pub use crate::world::View;
    pub use crate::{Error, Result, Run, Study};
}
