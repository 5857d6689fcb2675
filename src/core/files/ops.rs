//! Operations on files and folders, one system call (or one kind of them) each.
//!
//! Everything that changes an output goes through here, so that tests can fail any of it ([`super::fault`]).

use super::fault;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Writes all of `bytes` at the position of `file`.
pub(super) fn write(file: &mut File, bytes: &[u8]) -> io::Result<()> {
    fault::next(|| drop(file.write_all(&bytes[..bytes.len() / 2])))?;
    file.write_all(bytes)
}

/// Creates a file, or empties it.
pub(super) fn create(path: &Path) -> io::Result<File> {
    fault::next(|| {})?;
    File::create(path)
}

/// Waits until a file is on disk.
pub(super) fn sync(file: &File) -> io::Result<()> {
    fault::next(|| {})?;
    file.sync_data()
}

/// Waits until the entries of a folder are on disk. Systems that cannot open a folder, and file systems that cannot
/// synchronise one, are skipped.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    fault::next(|| {})?;
    if cfg!(unix)
        && let Ok(file) = File::open(folder)
        && let Err(error) = file.sync_all()
        && !matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
    {
        return Err(error);
    }
    Ok(())
}

pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    fault::next(|| {})?;
    fs::create_dir(path)
}

pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fault::next(|| {})?;
    fs::rename(from, to)
}

/// Creates a hard link to a file.
#[cfg(unix)]
pub(super) fn link(from: &Path, to: &Path) -> io::Result<()> {
    fault::next(|| {})?;
    fs::hard_link(from, to)
}

pub(super) fn remove_file(path: &Path) -> io::Result<()> {
    fault::next(|| {})?;
    fs::remove_file(path)
}

/// Removes a folder with all its contents, entry by entry.
pub(super) fn remove_folder(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_folder(&entry.path())?;
        } else {
            remove_file(&entry.path())?;
        }
    }
    fault::next(|| {})?;
    fs::remove_dir(path)
}

/// Swaps two folders in one step; [`io::ErrorKind::Unsupported`] or `InvalidInput` where the system or the file
/// system cannot (`renameat2` with `RENAME_EXCHANGE` on Linux, `renameatx_np` on macOS).
pub(super) fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    fault::next(|| {})?;
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE).map_err(io::Error::from)
    }
    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    {
        let _ = (one, other);
        Err(io::ErrorKind::Unsupported.into())
    }
}
