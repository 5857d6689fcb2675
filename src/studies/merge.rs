//! Shards of a study, run on different machines, become the result that one run would have given.

use super::journal::{Header, JOURNAL, Journal, Outcome};
use super::plan::Task;
use super::run::{Finished, fits, publish};
use crate::error::{Error, InputError, Result};
use crate::outputs::{Manifest, RunDir};
use std::path::{Path, PathBuf};

/// Joins the journals in `dirs` and writes the results of the whole study into `output`.
///
/// # Errors
/// [`Error::Input`] where a folder is no shard of the same study, or tasks are missing.
pub fn merge(dirs: &[PathBuf], output: &Path, manifest: Manifest) -> Result<Finished> {
    let journals: Vec<Journal> = dirs.iter().map(|dir| Journal::open(dir, false)).collect::<Result<_>>()?;
    let Some(first) = journals.first() else {
        return Err(InputError::new("no folder", "the folders of all shards").into());
    };
    let header = Header { shard: None, ..first.header().clone() };
    for (journal, dir) in journals.iter().zip(dirs) {
        let there = Header { shard: None, ..journal.header().clone() };
        fits(&there, &header, &dir.join(JOURNAL))?;
        if there.replications != header.replications {
            return Err(InputError::new(
                format!("{} replications", there.replications),
                format!("{}, as in {}", header.replications, dirs[0].display()),
            )
            .file(dir.join(JOURNAL))
            .into());
        }
    }
    // Results are worked out of a journal of the whole, in a folder that goes afterwards.
    drop(RunDir::create(output)?);
    let together = tempfile::tempdir().map_err(|e| Error::writing(output, e))?;
    let mut whole = Journal::create(together.path(), header.clone())?;
    let tasks: Vec<Task> = header.plan.tasks(0, header.replications, None).collect();
    let mut missing = Vec::new();
    for &task in &tasks {
        let mut found: Option<Outcome> = None;
        for (journal, dir) in journals.iter().zip(dirs) {
            let Some(outcome) = journal.outcome(task)? else { continue };
            match &found {
                Some(before @ Outcome::Done(_))
                    if matches!(outcome, Outcome::Done(_)) && *before != outcome =>
                {
                    return Err(InputError::new(
                        format!("another result of task {} than in the folders before", task.number),
                        "the same task to give the same result",
                    )
                    .file(dir.join(JOURNAL))
                    .help("one of the shards was run with another build of gridfleet")
                    .into());
                }
                Some(Outcome::Done(_)) => {}
                _ => found = Some(outcome),
            }
        }
        match found {
            Some(outcome) => whole.add(task, &outcome)?,
            None => missing.push(task),
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
    publish(&whole, &header, output, manifest)
}
