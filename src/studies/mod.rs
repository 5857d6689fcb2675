//! Monte Carlo studies: policies x points of a design x replications, and their results.
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
//!
//! ```no_run
//! let finished = gridfleet::Study::of("scenarios/charging-policies.toml")?.replications(20).write_to("out/study")?;
//! print!("{}", finished.table());
//! # Ok::<(), gridfleet::Error>(())
//! ```

pub mod coalition_game;
pub mod collate;
pub mod design;
mod draws;
pub mod journal;
pub mod load;
pub mod merge;
pub mod pictures;
pub mod plan;
pub mod reservations;
pub mod results;
pub mod run;
pub mod spec;
pub mod tables;
pub mod task;

use crate::error::Result;
use crate::policies::Policies;
use std::path::Path;

pub use load::Study;
pub use plan::{Plan, Task};
pub use results::StudySummary;
pub use run::{Finished, MakePolicies, Options, Progress, run};

impl Study {
    /// Loads the study in this file, with its scenarios.
    ///
    /// # Errors
    /// [`crate::Error::Input`] with all problems of the file and of the scenarios.
    pub fn of(path: impl AsRef<Path>) -> Result<Self> {
        load::load(path.as_ref())
    }

    /// Sets the number of replications, instead of the file's.
    #[must_use]
    pub fn replications(mut self, replications: u32) -> Self {
        self.replications = replications;
        self
    }

    /// Runs the study on all cores and writes its results to `folder`, which appears at the end, complete. An
    /// unfinished study of that folder is started again; [`run`] with [`Options::resume`] continues it.
    ///
    /// # Errors
    /// As [`run`].
    pub fn write_to(&self, folder: impl AsRef<Path>) -> Result<Finished> {
        run(self, Options::new(folder.as_ref()))
    }

    /// The same with custom policies: `change` receives the name of a policy of the study and the policies that its
    /// scenario names, and may replace any of them.
    ///
    /// # Errors
    /// As [`run`].
    pub fn write_with(
        &self,
        folder: impl AsRef<Path>,
        change: impl Fn(&str, Policies) -> Policies + Sync,
    ) -> Result<Finished> {
        let policies: &MakePolicies<'_> =
            &|name, specs, setup, streams| change(name, crate::engine::policies(specs, setup, streams));
        run(self, Options { policies, ..Options::new(folder.as_ref()) })
    }
}
