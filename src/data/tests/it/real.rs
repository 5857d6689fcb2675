//! Real data beside the repository, where there are any.

use std::path::{Path, PathBuf};

/// The folder of real data, if it contains all of these files and folders.
pub fn data(paths: &[&str]) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").canonicalize().ok();
    let folder = folder.filter(|folder| paths.iter().all(|path| folder.join(path).exists()));
    if folder.is_none() {
        println!("skipped: no {paths:?} in ../shared/data");
    }
    folder
}
