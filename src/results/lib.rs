//! Results: output tables and summaries, the auditor that recomputes them, and reports.
//!
//! Independent of the engine: a report and an audit are made from the tables alone.
//!
//! ```no_run
//! use std::path::Path;
//!
//! // The page of a run that `gridfleet run` has written.
//! let report = gridfleet_results::report::write(Path::new("out/nyc-week"), None, false)?;
//! # Ok::<(), gridfleet_core::error::Error>(())
//! ```

pub mod audit;
pub mod outputs;
pub mod report;
