//! A folder of results, replaced in one step.
//!
//! The folder is written beside its target (`.NAME.*.partial`). At the end all files are synchronised, the user's own
//! files are hard-linked into the new folder, and the two folders are swapped by one system call. At every instant the
//! target is therefore either the old folder or the new one, complete and with the user's files in it. Then the old
//! folder, which is now the `.partial` one, is removed.
//!
//! Where folders cannot be swapped (Windows, some network file systems), the old folder is first renamed to
//! `.NAME.*.replaced`. A kill between the two renames leaves no target; the next process that writes the target
//! restores the old folder.

use super::lock::Lock;
use super::{PARTIAL, REPLACED, fresh, leftovers, ops, parent};
use crate::error::{Error, Result};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Names of the files in a folder that belong to gridfleet; `None` if gridfleet did not create the folder.
pub type Ours = fn(&Path) -> Option<BTreeSet<String>>;

/// Folders that this process is writing, until they are in place, and the files of their locks.
static UNDER_WAY: Mutex<Vec<[PathBuf; 2]>> = Mutex::new(Vec::new());

fn under_way() -> MutexGuard<'static, Vec<[PathBuf; 2]>> {
    UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes all folders that this process is writing, for an exit from a thread other than theirs. Afterwards no folder
/// is put in place: a thread that tries to do so waits for the exit.
pub fn abandon() {
    let under_way = under_way();
    for [partial, lock] in under_way.iter() {
        // The other thread may add a file meanwhile; the next process removes any leftover.
        let _ = (0..3).any(|_| ops::remove_folder(partial).is_ok() || !partial.exists());
        let _ = ops::remove_file(lock);
    }
    std::mem::forget(under_way);
}

/// A folder that is being written by this process alone.
#[derive(Debug)]
pub struct Folder {
    target: PathBuf,
    partial: PathBuf,
    ours: Ours,
    /// Whether `partial` is no longer ours to remove.
    placed: bool,
    _lock: Lock,
}

impl Folder {
    /// Prepares to write `target`, an absolute path: takes its lock, removes the leftovers of killed processes, and
    /// creates a folder beside it.
    ///
    /// # Errors
    /// [`Error::Input`] if another process is writing `target`; otherwise, if the operating system refuses.
    pub fn create(target: &Path, ours: Ours) -> Result<Self> {
        let lock = Lock::take(target)?;
        let partial = fresh(target, PARTIAL);
        sweep(target, ours)
            .and_then(|()| ops::create_folder(&partial))
            .map_err(|e| Error::writing(target, e))?;
        under_way().push([partial.clone(), lock.path().to_path_buf()]);
        Ok(Self { target: target.to_path_buf(), partial, ours, placed: false, _lock: lock })
    }

    /// The folder to write files into.
    pub fn path(&self) -> &Path {
        &self.partial
    }

    /// Final path of the folder.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Puts the folder in place of an older one, of which gridfleet's files are removed and all others are kept.
    ///
    /// # Errors
    /// If the operating system refuses; the target is then the old folder or the new one, complete.
    pub fn finish(mut self) -> Result<PathBuf> {
        self.place().map_err(|e| Error::writing(&self.target, e))?;
        Ok(std::mem::take(&mut self.target))
    }

    /// From here on, [`abandon`] does not remove the folder: after an exchange it contains the user's files.
    fn withdraw(&self) {
        under_way().retain(|[partial, _]| *partial != self.partial);
    }

    fn place(&mut self) -> io::Result<()> {
        sync_files(&self.partial)?;
        self.withdraw();
        if !self.target.exists() {
            ops::sync_folder(&self.partial)?;
            ops::rename(&self.partial, &self.target)?;
            self.placed = true;
            return ops::sync_folder(parent(&self.target));
        }
        carry(&self.target, &self.partial, &(self.ours)(&self.target).unwrap_or_default());
        ops::sync_folder(&self.partial)?;
        let old = match ops::exchange(&self.partial, &self.target) {
            Ok(()) => self.partial.clone(),
            Err(e) if matches!(e.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput) => {
                replace(&self.target, &self.partial)?
            }
            Err(e) => return Err(e),
        };
        self.placed = true;
        ops::sync_folder(parent(&self.target))?;
        rescue(&old, &self.target, &(self.ours)(&old).unwrap_or_default())?;
        // A leftover is harmless: the next process removes it.
        let _ = ops::remove_folder(&old);
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.withdraw();
        if !self.placed {
            let _ = ops::remove_folder(&self.partial);
        }
    }
}

/// Renames twice instead of exchanging; returns the path of the old folder afterwards.
fn replace(target: &Path, new: &Path) -> io::Result<PathBuf> {
    let old = fresh(target, REPLACED);
    ops::rename(target, &old)?;
    if let Err(error) = ops::rename(new, target) {
        ops::rename(&old, target)?;
        return Err(error);
    }
    Ok(old)
}

/// Removes the leftovers of killed processes beside `target`, whose lock this process has taken.
fn sweep(target: &Path, ours: Ours) -> io::Result<()> {
    for old in leftovers(target, REPLACED) {
        if target.exists() {
            rescue(&old, target, &ours(&old).unwrap_or_default())?;
            let _ = ops::remove_folder(&old);
        } else {
            ops::rename(&old, target)?;
        }
    }
    for folder in leftovers(target, PARTIAL) {
        if !folder.is_dir() {
            continue;
        }
        // Without a manifest it was never complete, and everything in it is gridfleet's.
        if let Some(ours) = ours(&folder) {
            let is_foreign = |entry: fs::DirEntry| !is_one_of(&entry.file_name(), &ours);
            if target.exists() {
                rescue(&folder, target, &ours)?;
            } else if fs::read_dir(&folder)?.flatten().any(is_foreign) {
                // The user's files, without a folder to put them into.
                continue;
            }
        }
        let _ = ops::remove_folder(&folder);
    }
    // Earlier versions moved an old folder to `.gridfleet-old.*/run`. One that is complete, or contains a file of the
    // user's, is kept: its target is unknown.
    for entry in fs::read_dir(parent(target))?.flatten() {
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(".gridfleet-old.")) {
            let is_empty = |path: &Path| fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
            if is_empty(&entry.path()) || is_empty(&entry.path().join("run")) {
                let _ = ops::remove_folder(&entry.path());
            }
        }
    }
    Ok(())
}

fn is_one_of(name: &std::ffi::OsStr, names: &BTreeSet<String>) -> bool {
    name.to_str().is_some_and(|name| names.contains(name))
}

/// Waits until all files in a folder are on disk: one batch, at the end.
fn sync_files(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            sync_files(&path)?;
            ops::sync_folder(&path)?;
        } else {
            ops::sync(&fs::File::options().write(true).open(&path)?)?;
        }
    }
    Ok(())
}

/// Names under which a file of the user's is kept: unchanged, or with `.kept` if gridfleet has written a file of that
/// name.
fn names(name: &std::ffi::OsStr) -> impl Iterator<Item = OsString> {
    let name = name.to_owned();
    std::iter::once(name.clone()).chain((1..).map(move |n| {
        let mut kept = name.clone();
        kept.push(if n == 1 { ".kept".to_owned() } else { format!(".kept{n}") });
        kept
    }))
}

/// Hard-links the user's files of `old` into `new`, before `new` takes the place of `old`. Files that cannot be linked
/// are moved afterwards ([`rescue`]).
#[cfg(unix)]
fn carry(old: &Path, new: &Path, ours: &BTreeSet<String>) {
    for entry in fs::read_dir(old).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if is_one_of(&entry.file_name(), ours) {
            continue;
        }
        let free = names(&entry.file_name())
            .map(|name| new.join(name))
            .find(|path| path.symlink_metadata().is_err());
        let Some(free) = free else { continue };
        if !kind.is_dir() {
            let _ = ops::link(&entry.path(), &free);
        } else if ops::create_folder(&free).is_ok() {
            if let Ok(metadata) = entry.metadata() {
                let _ = fs::set_permissions(&free, metadata.permissions());
            }
            carry(&entry.path(), &free, &BTreeSet::new());
        }
    }
}

#[cfg(not(unix))]
fn carry(_: &Path, _: &Path, _: &BTreeSet<String>) {}

/// Moves all files of `old` that are not gridfleet's and not already in `new`.
fn rescue(old: &Path, new: &Path, ours: &BTreeSet<String>) -> io::Result<()> {
    for entry in fs::read_dir(old)? {
        let entry = entry?;
        let (path, is_folder) = (entry.path(), entry.file_type()?.is_dir());
        if is_one_of(&entry.file_name(), ours) || is_in(&path, new) {
            continue;
        }
        for name in names(&entry.file_name()) {
            let target = new.join(name);
            match target.symlink_metadata() {
                Err(_) => {
                    ops::rename(&path, &target)?;
                    break;
                }
                Ok(found) if is_folder && found.is_dir() => {
                    rescue(&path, &target, &BTreeSet::new())?;
                    break;
                }
                Ok(_) => {}
            }
        }
    }
    Ok(())
}

/// Whether `folder` contains a link to the same file.
#[cfg(unix)]
fn is_in(path: &Path, folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let id = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    let Ok(own) = path.symlink_metadata() else { return false };
    if own.nlink() < 2 || own.is_dir() {
        return false;
    }
    let own = id(own);
    fs::read_dir(folder).into_iter().flatten().flatten().any(|e| e.metadata().is_ok_and(|m| id(m) == own))
}

#[cfg(not(unix))]
fn is_in(_: &Path, _: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::super::fault::{Fault, plan};
    use super::*;

    /// Folders of tests are marked by a file `mark`, which lists gridfleet's files. As with a manifest, a truncated one
    /// is detected.
    fn ours(folder: &Path) -> Option<BTreeSet<String>> {
        let text = fs::read_to_string(folder.join("mark")).ok()?;
        Some(text.strip_suffix(';')?.split(' ').map(str::to_owned).chain(["mark".to_owned()]).collect())
    }

    fn names_in(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// An old result with files of the user's, one of which has the name of a file of the new result.
    fn old(place: &Path) -> PathBuf {
        let target = place.join("out");
        fs::create_dir_all(target.join("notes/deep")).unwrap();
        for (name, text) in [
            ("mark", "table summary;"),
            ("table", "old"),
            ("summary", "old"),
            ("mine", "mine"),
            ("chart", "my own chart"),
            ("notes/deep/day1", "mine too"),
        ] {
            fs::write(target.join(name), text).unwrap();
        }
        target
    }

    fn write_new(target: &Path) -> Result<()> {
        let folder = Folder::create(target, ours)?;
        let put = |name: &str, text: &str| {
            super::super::put(&folder.path().join(name), text.as_bytes())
                .map_err(|e| Error::writing(target, e))
        };
        put("table", "new")?;
        put("chart", "new")?;
        put("mark", "table chart;")?;
        folder.finish()?;
        Ok(())
    }

    /// Asserts that the target is the old result or the new one, complete, with the user's files; `true` if it is the
    /// new one.
    fn check(target: &Path, context: &str) -> bool {
        let read = |name: &str| {
            fs::read_to_string(target.join(name)).unwrap_or_else(|e| panic!("{context}: {name}: {e}"))
        };
        assert_eq!(
            (read("mine").as_str(), read("notes/deep/day1").as_str()),
            ("mine", "mine too"),
            "{context}"
        );
        match read("table").as_str() {
            "new" => {
                let expected = ["chart", "chart.kept", "mark", "mine", "notes", "table"];
                assert_eq!(names_in(target), expected, "{context}");
                assert_eq!(
                    (read("chart"), read("chart.kept")),
                    ("new".into(), "my own chart".into()),
                    "{context}"
                );
                true
            }
            "old" => {
                let expected = ["chart", "mark", "mine", "notes", "summary", "table"];
                assert_eq!(names_in(target), expected, "{context}");
                assert_eq!(
                    (read("chart"), read("summary")),
                    ("my own chart".into(), "old".into()),
                    "{context}"
                );
                false
            }
            other => panic!("{context}: {other}"),
        }
    }

    #[test]
    fn whatever_fails_there_is_the_old_folder_or_the_new_one_with_the_users_files() {
        for fault in [Fault::NoSpace, Fault::Device, Fault::Tear, Fault::Kill] {
            let (mut at, mut outcomes) = (1, [0, 0]);
            loop {
                let place = tempfile::tempdir().unwrap();
                let target = old(place.path());
                let (result, operations) = plan(fault, at, || write_new(&target));
                let context = format!("{fault:?} at operation {at}");
                let is_new = check(&target, &context);
                outcomes[usize::from(is_new)] += 1;
                assert!(is_new || result.is_err(), "{context}");
                // The next process needs no help and leaves nothing beside the target.
                drop(Folder::create(&target, ours).unwrap());
                assert_eq!(names_in(place.path()), ["out"], "{context}");
                assert_eq!(check(&target, &context), is_new);
                if operations < at {
                    result.unwrap();
                    break;
                }
                at += 1;
            }
            assert!(at > 20 && outcomes.iter().all(|&n| n > 2), "{fault:?}: {at} {outcomes:?}");
        }
    }

    #[test]
    fn a_first_result_appears_whole_or_not_at_all() {
        for fault in [Fault::NoSpace, Fault::Device, Fault::Tear, Fault::Kill] {
            for at in 1.. {
                let place = tempfile::tempdir().unwrap();
                let target = place.path().join("out");
                let (result, operations) = plan(fault, at, || write_new(&target));
                if target.exists() {
                    assert_eq!(names_in(&target), ["chart", "mark", "table"], "{fault:?} at {at}");
                }
                drop(Folder::create(&target, ours).unwrap());
                assert!(names_in(place.path()).len() == usize::from(target.exists()), "{fault:?} at {at}");
                if operations < at {
                    assert!(result.is_ok() && target.exists());
                    break;
                }
            }
        }
    }

    #[test]
    fn without_an_exchange_the_old_folder_is_put_back_by_the_next_process() {
        // State after a kill between the two renames.
        let place = tempfile::tempdir().unwrap();
        let target = old(place.path());
        fs::rename(&target, place.path().join(".out.1-1.replaced")).unwrap();
        fs::create_dir(place.path().join(".out.1-0.partial")).unwrap();
        drop(Folder::create(&target, ours).unwrap());
        assert!(!check(&target, "put back"));
        assert_eq!(names_in(place.path()), ["out"]);
        // State after a kill following both renames.
        let new = place.path().join("new");
        write_new(&new).unwrap();
        fs::rename(&target, place.path().join(".out.1-1.replaced")).unwrap();
        fs::rename(&new, &target).unwrap();
        drop(Folder::create(&target, ours).unwrap());
        assert_eq!(names_in(place.path()), ["out"]);
        assert_eq!(fs::read_to_string(target.join("chart.kept")).unwrap(), "my own chart");
        assert_eq!(fs::read_to_string(target.join("table")).unwrap(), "new");
        // Without a kill.
        let place = tempfile::tempdir().unwrap();
        let target = old(place.path());
        let new = place.path().join("new");
        write_new(&new).unwrap();
        let aside = replace(&target, &new).unwrap();
        rescue(&aside, &target, &ours(&aside).unwrap()).unwrap();
        assert!(check(&target, "replaced"));
    }

    #[test]
    fn a_second_writer_is_refused_until_the_first_has_ended() {
        let place = tempfile::tempdir().unwrap();
        let target = old(place.path());
        let first = Folder::create(&target, ours).unwrap();
        let error = Folder::create(&target, ours).unwrap_err();
        assert!(error.is_input());
        assert!(error.to_string().contains("another gridfleet process"), "{error}");
        // The first folder is not removed as a leftover.
        assert!(first.path().is_dir());
        drop(first);
        write_new(&target).unwrap();
        assert!(check(&target, "second"));
    }
}
