//! Results: output tables and summaries, the auditor that recomputes them, and reports.
//!
//! Nothing here knows the engine: a report and an audit are made from the tables alone.

pub mod audit;
pub mod outputs;
pub mod report;
