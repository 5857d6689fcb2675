//! Merges the shards of a study, run on different machines, into the result of a single run.

use super::journal::{Header, JOURNAL, Journal};
use super::plan::Task;
use super::run::{Finished, fits, publish};
use crate::error::{Error, InputError, Result};
use crate::outputs::{Kind, Manifest, Replace, RunDir};
use std::path::{Path, PathBuf};

/// Joins the journals in `dirs` and writes the results of the whole study to `output`; `force` replaces any results
/// that are there.
///
/// # Errors
/// [`Error::Input`] if a folder is not a shard of the same study, or tasks are missing.
pub fn merge(dirs: &[PathBuf], output: &Path, manifest: Manifest, force: bool) -> Result<Finished> {
    let journals: Vec<Journal> = dirs.iter().map(|dir| Journal::open(dir, false)).collect::<Result<_>>()?;
    let Some(first) = journals.first() else {
        return Err(InputError::new("no folder", "the folders of all shards").into());
    };
    let header = Header { shard: None, ..first.header().clone() };
    for (journal, dir) in journals.iter().zip(dirs) {
        let found = Header { shard: None, ..journal.header().clone() };
        fits(&found, &header, &dir.join(JOURNAL))?;
        if found.replications != header.replications {
            return Err(InputError::new(
                format!("{} replications", found.replications),
                format!("{}, as in {}", header.replications, dirs[0].display()),
            )
            .file(dir.join(JOURNAL))
            .into());
        }
    }
    // Results are computed from a journal of the whole study, in a folder that is removed afterwards.
    let replace = Replace::of(false, force);
    drop(RunDir::create(output, Kind::Study, replace)?);
    let together = tempfile::tempdir().map_err(|e| Error::writing(output, e))?;
    let mut whole = Journal::create(together.path(), header.clone())?;
    let tasks: Vec<Task> = header.plan.tasks(0, header.replications, None).collect();
    let mut missing = Vec::new();
    for &task in &tasks {
        let mut recorded = false;
        for journal in &journals {
            recorded |= whole.take(task, journal)?;
        }
        if !recorded {
            missing.push(task);
        }
    }
    if let Some(task) = missing.first() {
        let shards: Vec<String> =
            journals.iter().filter_map(|journal| Some(journal.header().shard?.to_string())).collect();
        return Err(InputError::new(
            format!(
                "{} of {} tasks (shards {})",
                tasks.len() - missing.len(),
                tasks.len(),
                shards.join(", ")
            ),
            "all tasks of the study",
        )
        .help(format!("name the folders of all shards; the first task that is missing is {}", task.number))
        .into());
    }
    publish(&whole, &header, output, manifest, replace)
}
