//! The file layer below all outputs: files are complete or absent, however the program ends.
//!
//! * [`write`] puts a whole file in place: written beside its target, synchronised, renamed.
//! * [`put`] and [`OutFile`] write into a folder that is put in place as a whole later.
//! * [`Folder`] replaces a folder of results in one step and keeps the user's files in it.
//! * [`Lock`] admits one writer for each target.
//! * [`abandon`] removes folders that are being written, before the process exits.
//! * [`log::append`] and [`log::sync`] write a growing file, the journal of a study.
//!
//! Leftovers of a killed process are called `.NAME.*.partial` (`.NAME.*.replaced` where folders cannot be swapped) and
//! are removed by the next process that writes NAME. In debug builds any operation can be made to fail (`fault`).

pub(crate) mod fault;
mod folder;
mod lock;
pub mod log;
mod ops;

pub use folder::{Folder, abandon};
pub use lock::Lock;

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Suffix of a file or folder that is being written.
const PARTIAL: &str = ".partial";
/// Suffix of a folder that is being replaced, where it cannot be swapped.
const REPLACED: &str = ".replaced";

/// A hidden name beside `target`: `.NAME` and `ending`.
fn beside(target: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(target.file_name().unwrap_or_default());
    name.push(ending);
    target.with_file_name(name)
}

/// A name beside `target` that no other process uses.
fn fresh(target: &Path, ending: &str) -> PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = beside(target, &format!(".{}-{number}{ending}", std::process::id()));
        if !path.exists() {
            return path;
        }
    }
}

/// Folder of a path; that of a bare name is the current one.
fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Leftovers of killed processes beside `target`: `.NAME.WORD` with one of our suffixes.
fn leftovers(target: &Path, ending: &str) -> Vec<PathBuf> {
    let Some(name) = target.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    let is_leftover = |file: &str| {
        let word =
            file.strip_prefix('.').and_then(|f| f.strip_prefix(name)).and_then(|f| f.strip_prefix('.'));
        // A word without dots: leftovers of `a.b` are not taken for those of `a`.
        let word = word.and_then(|word| word.strip_suffix(ending));
        word.is_some_and(|w| !w.is_empty() && w.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
    };
    let entries = std::fs::read_dir(parent(target)).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_str().is_some_and(is_leftover))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

/// Puts a file in place: written beside `path`, synchronised, renamed. At any instant `path` is the old file or the new
/// one, complete.
///
/// # Errors
/// If the operating system refuses; the old file is then still there.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    sweep(path);
    let partial = fresh(path, PARTIAL);
    let written = ops::create(&partial).and_then(|mut file| {
        // Some file systems have no locks.
        let _ = file.try_lock();
        ops::write(&mut file, bytes)?;
        ops::sync(&file)?;
        ops::rename(&partial, path)
    });
    if written.is_err() {
        let _ = ops::remove_file(&partial);
    }
    written?;
    ops::sync_folder(parent(path))
}

/// Removes a file, if it exists, and its leftovers of killed processes.
///
/// # Errors
/// If the operating system refuses.
pub fn remove(path: &Path) -> io::Result<()> {
    sweep(path);
    match ops::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes the leftovers of killed processes beside a file.
fn sweep(path: &Path) {
    for leftover in leftovers(path, PARTIAL) {
        // A file that is being written is locked by its process.
        if leftover.is_file() && File::open(&leftover).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = ops::remove_file(&leftover);
        }
    }
}

/// Writes a file into a folder that is not in place yet.
///
/// # Errors
/// If the operating system refuses.
pub fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    ops::write(&mut ops::create(path)?, bytes)
}

/// A file in a folder that is not in place yet, written piece by piece.
#[derive(Debug)]
pub struct OutFile(File);

impl OutFile {
    /// Creates the file, or empties it.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn create(path: &Path) -> io::Result<Self> {
        ops::create(path).map(Self)
    }
}

impl io::Write for OutFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        ops::write(&mut self.0, bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::fault::{Fault, plan};
    use super::*;

    #[test]
    fn a_file_is_the_old_one_or_the_new_one_whatever_fails() {
        for fault in [Fault::NoSpace, Fault::Device, Fault::Tear, Fault::Kill] {
            let mut at = 1;
            loop {
                let place = tempfile::tempdir().unwrap();
                let path = place.path().join("page.html");
                std::fs::write(&path, "old").unwrap();
                let (result, operations) = plan(fault, at, || write(&path, b"new page"));
                let text = std::fs::read_to_string(&path).unwrap();
                assert!(text == "old" || text == "new page", "{fault:?} at {at}: {text}");
                // The next write succeeds and cleans up.
                write(&path, b"third").unwrap();
                assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1, "{fault:?} at {at}");
                if operations < at {
                    assert!(result.is_ok() && at > 4);
                    break;
                }
                assert!(result.is_err(), "{fault:?} at {at}");
                at += 1;
            }
        }
    }

    #[test]
    fn only_what_is_ours_is_taken_for_a_leftover() {
        let place = tempfile::tempdir().unwrap();
        let names =
            [".a.Ab12cd.partial", ".a.7-0.partial", ".a.b.7-0.partial", ".a.partial", "a.x.partial", ".a.x"];
        for name in names {
            std::fs::write(place.path().join(name), "").unwrap();
        }
        let found = leftovers(&place.path().join("a"), PARTIAL);
        let found: Vec<_> = found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(found, [".a.7-0.partial", ".a.Ab12cd.partial"]);
    }
}
