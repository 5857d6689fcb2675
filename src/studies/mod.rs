//! Monte Carlo studies: policies x points of a design x replications, and their results.
//!
//! ```text
//! study.toml -> StudyFile -> Study: plan, and a checked scenario for each arm   [spec, load]
//! tasks -> replications, in parallel, each a line of the journal as it ends     [run, task, journal]
//! journal in the order of tasks -> statistics -> tables, summary, pictures      [collate, results, tables]
//! ```
//! A *policy* is a named set of changes to the base scenario, a *point* one setting of all factors, an *arm* a policy
//! at a point. All arms see the same world in one replication (common random numbers). Tasks are numbered replication
//! by replication, point by point, policy by policy, so additional replications only append tasks, and a study that
//! stops for any reason leaves whole replications. A task reads no files: the trips were read once, its world is built
//! from (seed, replication), and its figures, waits and hourly load are one line of `tasks.jsonl`, appended when it
//! ends. A policy that panics loses only its task: the message and the command that runs the task alone are in the
//! results, and the next `--resume` tries again.
//!
//! # Why a journal, and results from the journal alone?
//!
//! From the journal on, an interrupted study, one in shards and one in a single run are processed alike: lines are read
//! in the order of tasks, so all give the same bytes, for any number of threads. Memory also remains constant: only one
//! row of figures per task grows with replications.
//!
//! # Why beside the target?
//!
//! The target contains complete results or none; the journal of a study in progress is in `NAME.unfinished`, where
//! `--resume` finds it. A finished study keeps its journal, so it can be continued for more replications, or collated
//! again for other figures, without repeating any simulation. The journal's first line contains the values that must
//! agree for that: the plan, and a hash of all input files and of every arm's scenario. `outputs::kind` determines
//! which older results a command may replace, from `kind` in the manifest and the content of `NAME.unfinished`.
//!
//! # Statistics
//!
//! Resampling draws from streams identified by (point, metric, policy). Intervals are Student's and BCa; differences to
//! the baseline are computed by replication, which is the purpose of common random numbers, with Wilcoxon's test and
//! Holm's correction over the policies ([`crate::statistics`]). Each task stores the days that it drew; replications
//! with the same draw form a cluster (`draws`), and intervals and tests then apply to clusters. [`reservations`] lists
//! reservations that a reader should know before relying on a table: too few replications, different stored energy, no
//! policy that does nothing.
//!
//! # Running a study
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
