//! The folder of a run: written beside its target, renamed into place when complete.
//!
//! Until then the target is untouched, so that an error, Ctrl-C or a full disk leaves complete files or none
//! ([`gridfleet_core::files`]). A folder that gridfleet did not make is refused, and so is one with results that must
//! not be lost by mistake ([`super::kind`]).

use super::kind::{Kind, Replace};
use gridfleet_core::error::{Error, InputError, Result};
use gridfleet_core::files::{self, Folder};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// File that marks a folder as made by gridfleet and lists the files written there.
pub const MANIFEST: &str = "manifest.json";

/// Files that other commands add to a run's folder and that a new run makes out of date.
const DERIVED: [&str; 1] = ["report.html"];

/// An output folder that is being written.
#[derive(Debug)]
pub struct RunDir {
    folder: Folder,
    kind: Kind,
    replace: Replace,
}

impl RunDir {
    /// Prepares to write results of a kind to `target`: checks that it may be written and creates the temporary
    /// folder beside it.
    ///
    /// # Errors
    /// [`Error::Input`] if `target` exists and was not made by gridfleet, contains results that `replace` does not
    /// allow to be replaced, or cannot be written.
    pub fn create(target: &Path, kind: Kind, replace: Replace) -> Result<Self> {
        // Work of another process ends before it gives up the target.
        let dir = Self::create_after_work(target, kind, replace)?;
        kind.check_unfinished(target, replace)?;
        Ok(dir)
    }

    /// Like [`create`](Self::create), for work that has its own unfinished files beside `target`.
    ///
    /// # Errors
    /// As [`create`](Self::create), which must be called before the work.
    pub fn create_after_work(target: &Path, kind: Kind, replace: Replace) -> Result<Self> {
        let target = match target.canonicalize() {
            Ok(path) => path,
            Err(_) => std::path::absolute(target).map_err(|e| not_writable(target, &e))?,
        };
        if target.file_name().is_none() {
            return Err(InputError::new("no folder name", "the name of a folder to write")
                .key("output folder")
                .file(&target)
                .into());
        }
        check_may_replace(&target, kind, replace)?;
        let parent = target.parent().unwrap_or(Path::new("/"));
        std::fs::create_dir_all(parent).map_err(|e| not_writable(parent, &e))?;
        Ok(Self { folder: Folder::create(&target, names_of_ours)?, kind, replace })
    }

    /// The temporary folder into which files are written.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Final path of the result.
    pub fn target(&self) -> &Path {
        self.folder.target()
    }

    /// Renames the folder into place. An older result there is removed; files in it
    /// that gridfleet did not write are kept.
    ///
    /// # Errors
    /// If the operating system refuses; the older result is then still there.
    pub fn finish(self) -> Result<PathBuf> {
        check_may_replace(self.folder.target(), self.kind, self.replace)?;
        self.folder.finish()
    }
}

/// Writes a whole file.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<()> {
    files::put(path, bytes).map_err(|e| Error::writing(path, e))
}

pub(super) fn not_writable(path: &Path, error: &std::io::Error) -> Error {
    InputError::new(error.to_string(), "a folder that can be written")
        .key("output folder")
        .file(path)
        .help("choose another folder with -o DIR")
        .into()
}

/// Manifest of a folder, or `None` if gridfleet did not make the folder.
fn manifest_of(dir: &Path) -> Option<serde_json::Value> {
    let text = std::fs::read_to_string(dir.join(MANIFEST)).ok()?;
    let manifest: serde_json::Value = serde_json::from_str(&text).ok()?;
    manifest.get("gridfleet_version")?;
    Some(manifest)
}

/// Files listed by the manifest of a folder, or `None` if gridfleet did not make the folder.
fn files_of(dir: &Path) -> Option<BTreeSet<String>> {
    let manifest = manifest_of(dir)?;
    let files = manifest.get("files").and_then(serde_json::Value::as_array);
    Some(files.into_iter().flatten().filter_map(|f| f.as_str().map(str::to_owned)).collect())
}

fn check_may_replace(target: &Path, kind: Kind, replace: Replace) -> Result<()> {
    let entries = match std::fs::read_dir(target) {
        Ok(mut entries) => entries.next().is_some(),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(not_writable(target, &e)),
    };
    if !entries {
        return Ok(());
    }
    let Some(manifest) = manifest_of(target) else {
        return Err(InputError::plain("refusing to replace a folder that is not gridfleet's")
            .file(target)
            .help("choose another folder with -o DIR, or empty this one")
            .into());
    };
    kind.check_replaces(Kind::of(&manifest), target, replace)
}

/// Names of the files in a folder that gridfleet wrote, including those of other commands.
fn names_of_ours(dir: &Path) -> Option<BTreeSet<String>> {
    let mut names = files_of(dir)?;
    names.extend([MANIFEST, DERIVED[0]].map(str::to_owned));
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const OURS: &str = r#"{"gridfleet_version":"0.1.0","files":["trips.parquet","manifest.json"]}"#;

    fn create(target: &Path) -> Result<RunDir> {
        RunDir::create(target, Kind::Run, Replace::Same)
    }

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_run_appears_at_once_and_complete() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("deep/out");
        let run = create(&target).unwrap();
        fs::write(run.path().join("trips.parquet"), "rows").unwrap();
        assert!(!target.exists());
        run.finish().unwrap();
        assert_eq!(names(&target), ["trips.parquet"]);
        assert_eq!(names(target.parent().unwrap()), ["out"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&target).unwrap().permissions().mode() & 0o700;
            assert_eq!(mode, 0o700);
        }
    }

    #[test]
    fn dropped_without_finish_the_older_run_stays() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("out");
        fs::create_dir(&target).unwrap();
        fs::write(target.join(MANIFEST), OURS).unwrap();
        let run = create(&target).unwrap();
        fs::write(run.path().join("trips.parquet"), "half").unwrap();
        drop(run);
        assert_eq!(names(place.path()), ["out"]);
        assert_eq!(names(&target), [MANIFEST]);
    }

    #[test]
    fn an_older_run_is_replaced_and_a_stranger_in_it_kept() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("out");
        fs::create_dir(&target).unwrap();
        for (file, text) in
            [(MANIFEST, OURS), ("trips.parquet", "old"), ("report.html", "old"), ("notes", "mine")]
        {
            fs::write(target.join(file), text).unwrap();
        }
        let run = create(&target).unwrap();
        fs::write(run.path().join(MANIFEST), OURS).unwrap();
        run.finish().unwrap();
        assert_eq!(names(&target), [MANIFEST, "notes"]);
        assert_eq!(names(place.path()), ["out"]);
    }

    #[test]
    fn another_folder_is_refused_and_an_empty_one_taken() {
        let place = tempfile::tempdir().unwrap();
        let other = place.path().join("thesis");
        fs::create_dir(&other).unwrap();
        assert!(create(&other).is_ok());
        fs::write(other.join("chapter1.tex"), "text").unwrap();
        for manifest in [None, Some("{}"), Some("not json")] {
            if let Some(text) = manifest {
                fs::write(other.join(MANIFEST), text).unwrap();
            }
            let error = create(&other).unwrap_err();
            assert!(error.is_input());
            assert!(
                error.to_string().contains("refusing to replace a folder that is not gridfleet's"),
                "{error}"
            );
        }
    }

    #[test]
    fn results_of_another_kind_are_refused_even_if_they_came_meanwhile() {
        let place = tempfile::tempdir().unwrap();
        let target = place.path().join("out");
        let study = r#"{"gridfleet_version":"0.1.0","kind":"study","files":[]}"#;
        let run = create(&target).unwrap();
        fs::create_dir(&target).unwrap();
        fs::write(target.join(MANIFEST), study).unwrap();
        let error = run.finish().unwrap_err();
        assert!(error.is_input() && error.to_string().contains("the results of a study"), "{error}");
        assert!(create(&target).is_err());
        assert_eq!(fs::read_to_string(target.join(MANIFEST)).unwrap(), study);
        let run = RunDir::create(&target, Kind::Run, Replace::Any).unwrap();
        fs::write(run.path().join(MANIFEST), OURS).unwrap();
        run.finish().unwrap();
        assert_eq!(fs::read_to_string(target.join(MANIFEST)).unwrap(), OURS);
    }

    #[test]
    fn a_target_that_cannot_be_a_folder_is_the_users_mistake() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("file");
        fs::write(&file, "text").unwrap();
        for target in [file.clone(), file.join("out"), PathBuf::from("/")] {
            let error = create(&target).unwrap_err();
            assert!(error.is_input(), "{error}");
        }
    }
}
