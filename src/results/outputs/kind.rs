//! Kinds of results that a folder may contain, and the rules for replacing older ones.
//!
//! A command replaces results of the same kind. Results of another kind, a training (hours of work), and an unfinished
//! study or training are replaced only if the user says so.

use super::run_dir::not_writable;
use gridfleet_core::error::{InputError, Result};
use gridfleet_core::files::Lock;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Journal file of a study.
pub const JOURNAL: &str = "tasks.jsonl";

/// File of a trained agent, from a finished training or a checkpoint.
pub const AGENT: &str = "agent.gridfleet";

/// Kind of content of a folder: `kind` in its `manifest.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Results of `gridfleet run`.
    Run,
    /// Results of `gridfleet study`, including a part of a study.
    Study,
    /// Results of `gridfleet train`.
    Training,
    /// Results of `gridfleet reproduce`.
    Reproduction,
}

/// Older results that may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// Finished results of the same kind, except a training.
    Same,
    /// Results that are resumed: of the same kind, including unfinished ones and trainings.
    Resumed,
    /// Any results made by gridfleet.
    Any,
}

impl Replace {
    /// Permissions of `--resume` and `--force`.
    pub fn of(resume: bool, force: bool) -> Self {
        match (force, resume) {
            (true, _) => Self::Any,
            (false, true) => Self::Resumed,
            (false, false) => Self::Same,
        }
    }
}

impl Kind {
    /// Name with its article, for messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Run => "a run",
            Self::Study => "a study",
            Self::Training => "a training",
            Self::Reproduction => "a reproduction",
        }
    }

    /// Kind named by a manifest. Earlier builds did not write one; their files identify the kind.
    pub(super) fn of(manifest: &serde_json::Value) -> Self {
        if let Some(kind) = manifest.get("kind").and_then(|kind| Self::deserialize(kind).ok()) {
            return kind;
        }
        let lists = |key: &str, word: &str| {
            let words = manifest.get(key).and_then(serde_json::Value::as_array);
            words.into_iter().flatten().any(|w| w.as_str() == Some(word))
        };
        match () {
            () if lists("files", JOURNAL) => Self::Study,
            () if lists("files", AGENT) => Self::Training,
            () if lists("command", "reproduce") => Self::Reproduction,
            () => Self::Run,
        }
    }

    /// Kind and file of the unfinished work beside `output`.
    fn unfinished(output: &Path) -> Option<(Self, PathBuf)> {
        let work_dir = work_dir(output);
        let found = |(kind, name): (Self, &str)| {
            let file = work_dir.join(name);
            let is_begun = std::fs::metadata(&file).is_ok_and(|about| about.is_file() && about.len() > 0);
            is_begun.then_some((kind, file))
        };
        [(Self::Study, JOURNAL), (Self::Training, AGENT)].into_iter().find_map(found)
    }

    /// Checks that results of this kind may replace the `existing` ones in `target`.
    ///
    /// # Errors
    /// [`gridfleet_core::error::Error::Input`] if they may not.
    pub(super) fn check_replaces(self, existing: Self, target: &Path, replace: Replace) -> Result<()> {
        let refuse = |found: String, help: &str| {
            let expected = format!("a new folder, or one with {} to replace", self.name());
            let error = InputError::new(found, expected).key("output folder").file(target).help(help);
            Err(error.into())
        };
        match replace {
            Replace::Any => Ok(()),
            _ if existing != self => refuse(
                format!("the results of {}", existing.name()),
                "choose another folder with -o DIR, or replace them with --force",
            ),
            Replace::Same if existing == Self::Training => refuse(
                "a finished training".to_owned(),
                "--resume continues it; choose another folder with -o DIR, or replace it with --force",
            ),
            _ => Ok(()),
        }
    }

    /// Checks that work of this kind may begin in `output`: a study or a training in progress there is left alone.
    ///
    /// # Errors
    /// [`gridfleet_core::error::Error::Input`] if it may not.
    pub fn check_unfinished(self, output: &Path, replace: Replace) -> Result<()> {
        let Some((existing, file)) = Self::unfinished(output) else { return Ok(()) };
        let refuse = |found: String, expected: String, help: &str| {
            Err(InputError::new(found, expected).key("output folder").file(&file).help(help).into())
        };
        // The journal of a running study is locked.
        let lock = std::fs::File::open(&file).map(|file| file.try_lock());
        if matches!(lock, Ok(Err(std::fs::TryLockError::WouldBlock))) {
            return refuse(
                format!("{} that is running", existing.name()),
                "a separate folder".to_owned(),
                "wait for the other process, or choose another folder with -o DIR",
            );
        }
        let help = match replace {
            Replace::Any => return Ok(()),
            Replace::Resumed if existing == self => return Ok(()),
            _ if existing == self => {
                "--resume continues it; choose another folder with -o DIR, or start again with --force"
            }
            _ => "choose another folder with -o DIR; --force writes here all the same",
        };
        let expected = format!("no unfinished work where {} is written", self.name());
        refuse(format!("{} that was not finished", existing.name()), expected, help)
    }
}

/// Work folder of a study or a training whose results will be written to `output`.
pub fn work_dir(output: &Path) -> PathBuf {
    let mut name = output.file_name().unwrap_or_default().to_owned();
    name.push(".unfinished");
    output.with_file_name(name)
}

/// The right to work beside `output`, until it is dropped: for work that is longer than the writing of its results.
///
/// # Errors
/// [`gridfleet_core::error::Error::Input`] if another process has it; otherwise, if the folder cannot be written.
pub fn lock_work(output: &Path) -> Result<Lock> {
    if let Some(parent) = output.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent).map_err(|e| not_writable(parent, &e))?;
    }
    Lock::take(&work_dir(output))
}

/// Removes unfinished work beside `output`, if the user has said so, and the folder if nothing else is in it.
///
/// # Errors
/// If the operating system refuses.
pub fn clear_work_dir(output: &Path) -> std::io::Result<()> {
    let work_dir = work_dir(output);
    for name in [JOURNAL, AGENT] {
        gridfleet_core::files::remove(&work_dir.join(name))?;
    }
    // The user's files are kept, and the folder with them.
    match std::fs::remove_dir(&work_dir) {
        Err(error) if work_dir.is_dir() && error.kind() != std::io::ErrorKind::DirectoryNotEmpty => {
            Err(error)
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Kind; 4] = [Kind::Run, Kind::Study, Kind::Training, Kind::Reproduction];

    #[test]
    fn manifests_without_a_kind_are_known_by_their_files() {
        for kind in ALL {
            let json = serde_json::json!({ "kind": kind, "files": [JOURNAL, AGENT] });
            assert_eq!(Kind::of(&json), kind);
        }
        for (kind, json) in [
            (Kind::Run, serde_json::json!({ "files": ["trips.parquet"], "command": ["gridfleet", "run"] })),
            (Kind::Study, serde_json::json!({ "files": ["tasks.jsonl"] })),
            (Kind::Training, serde_json::json!({ "files": ["agent.gridfleet"] })),
            (Kind::Reproduction, serde_json::json!({ "command": ["gridfleet", "reproduce", "x"] })),
            (Kind::Run, serde_json::json!({ "kind": "of a later version" })),
        ] {
            assert_eq!(Kind::of(&json), kind, "{json}");
        }
    }

    #[test]
    fn only_the_same_kind_is_replaced_and_no_training() {
        for new in ALL {
            for old in ALL {
                let allowed = |replace| new.check_replaces(old, Path::new("out"), replace).is_ok();
                assert_eq!(allowed(Replace::Same), new == old && new != Kind::Training, "{new:?} {old:?}");
                assert_eq!(allowed(Replace::Resumed), new == old, "{new:?} {old:?}");
                assert!(allowed(Replace::Any));
            }
        }
    }

    #[test]
    fn unfinished_work_is_seen_and_cleared_without_the_users_files() {
        for (name, kind) in [(JOURNAL, Kind::Study), (AGENT, Kind::Training)] {
            let place = tempfile::tempdir().unwrap();
            let output = place.path().join("out");
            let folder = work_dir(&output);
            assert!(Kind::Run.check_unfinished(&output, Replace::Same).is_ok());
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join(name), "").unwrap();
            assert!(Kind::Run.check_unfinished(&output, Replace::Same).is_ok(), "nothing was begun");
            std::fs::write(folder.join(name), "work").unwrap();
            std::fs::write(folder.join("notes"), "mine").unwrap();
            for new in ALL {
                let allowed = |replace| new.check_unfinished(&output, replace).is_ok();
                assert!(!allowed(Replace::Same) && allowed(Replace::Any));
                assert_eq!(allowed(Replace::Resumed), new == kind);
            }
            clear_work_dir(&output).unwrap();
            assert!(!folder.join(name).exists() && folder.join("notes").exists());
            std::fs::remove_file(folder.join("notes")).unwrap();
            clear_work_dir(&output).unwrap();
            assert!(!folder.exists());
            clear_work_dir(&output).unwrap();
        }
    }
}
