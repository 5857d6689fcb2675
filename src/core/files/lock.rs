//! One writer for each target.
//!
//! The lock is a file `.NAME.lock` beside the target, locked by the operating system and removed at the end. A killed
//! process leaves the file, but not its lock: the next process takes it over.

use super::ops;
use crate::error::{Error, InputError, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

/// Right to write a target, until it is dropped.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    _file: File,
}

impl Lock {
    /// Takes the lock of `target`, whose parent folder exists.
    ///
    /// # Errors
    /// [`Error::Input`] if another process has the lock; otherwise, if the file cannot be created.
    pub fn take(target: &Path) -> Result<Self> {
        let path = super::beside(target, ".lock");
        loop {
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
            let file = file.map_err(|e| Error::writing(&path, e))?;
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => {
                    return Err(InputError::new(
                        "another gridfleet process that is writing it",
                        "one process at a time",
                    )
                    .file(target)
                    .help("wait for the other process, or choose another folder with -o DIR")
                    .into());
                }
                // Some file systems have no locks.
                Err(TryLockError::Error(_)) => return Ok(Self { path, _file: file }),
                // The previous process may have removed its file between our opening and locking it.
                Ok(()) if is_at(&file, &path) => return Ok(Self { path, _file: file }),
                Ok(()) => {}
            }
        }
    }
}

impl Lock {
    /// Path of the lock file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Removed while locked; if that fails, the next process takes the file over.
        let _ = ops::remove_file(&self.path);
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}
