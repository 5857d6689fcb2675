//! Real data beside the repository, where there are any.

use std::path::{Path, PathBuf};

/// The folder of real data, if it contains all of these files.
pub fn data(files: &[&str]) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").canonicalize().ok();
    let folder = folder.filter(|folder| files.iter().all(|file| folder.join(file).is_file()));
    if folder.is_none() {
        println!("skipped: no {files:?} in ../shared/data");
    }
    folder
}
