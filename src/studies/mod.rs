//! Monte Carlo studies: policies x points of a design x replications, and what they tell.
//!
//! ```text
//! study.toml -> StudyFile -> Study: plan, and a checked scenario for each arm   [spec, load]
//! tasks -> replications, in parallel, each a line of the journal as it ends     [run, task, journal]
//! journal in the order of tasks -> statistics -> tables, summary, pictures      [collate, results, tables]
//! ```
//! A *policy* is a named set of changes to the base scenario, a *point* one
//! setting of all factors, an *arm* a policy at a point. All arms see the same
//! world in one replication (common random numbers).
//!
//! Results are computed from the journal alone, in the order of the tasks, so
//! that they do not depend on threads, interruptions or shards.

pub mod coalition_game;
pub mod collate;
pub mod design;
pub mod journal;
pub mod load;
pub mod merge;
pub mod pictures;
pub mod pilot;
pub mod plan;
pub mod reservations;
pub mod results;
pub mod run;
pub mod spec;
pub mod tables;
pub mod task;

pub use load::Study;
pub use plan::{Plan, Task};
pub use results::StudySummary;
pub use run::{MakePolicies, Options, Progress, run};
