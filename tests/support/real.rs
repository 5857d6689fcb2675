//! Real data beside the repository, where there are any.

use std::path::{Path, PathBuf};

/// The folder of real data (`GRIDFLEET_DATA`, or the one beside the repository), if it contains all of these files.
pub fn data(files: &[&str]) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let folder = std::env::var_os("GRIDFLEET_DATA").map_or_else(beside, PathBuf::from).canonicalize().ok();
    let folder = folder.filter(|folder| files.iter().all(|file| folder.join(file).is_file()));
    if folder.is_none() {
        println!("skipped: no {files:?} in ../shared/data or GRIDFLEET_DATA");
    }
    folder
}
