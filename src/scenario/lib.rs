//! Scenario files: read, changed by the command line, checked, and built into the fixed part of a replication.
//!
//! ```text
//! text -> document (tree with places) -> overrides -> names of version 1 replaced -> schema check -> spec (structs)
//!      -> resolve: names, periods, small tables  => Scenario   [load]
//!      -> trips, zones, travel learned of them   => Recorded   [read: once]
//!      -> requests, vehicles, weather, prices    => Setup      [build_from: per replication]
//! ```
//! Each step reports all its problems at once, each with file, line and key.
//!
//! ```
//! use gridfleet_core::rng::Streams;
//! use gridfleet_scenario::{Overrides, load};
//! # let path = std::path::Path::new("../../scenarios/small.toml");
//!
//! let changes = Overrides { set: vec!["time.days=1".to_owned()], ..Overrides::default() };
//! let (setup, _) = load(path, &changes)?.build(Streams { seed: 1, replication: 0 })?;
//! assert_eq!(setup.end - setup.start, 86_400);
//! # Ok::<(), gridfleet_core::error::Error>(())
//! ```

mod build;
pub mod document;
mod resolve;
pub mod spec;

pub use build::{Prepared, Recorded, variation};
pub use document::{Checked, Overrides, problems, read_file, read_text, schema, suggest, version};
pub use resolve::{Scenario, horizon, load, parse};
pub use spec::{ScenarioFile, training};
