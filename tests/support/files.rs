//! Files and folders that the program has written.

use polars_core::prelude::DataFrame;
use polars_io::prelude::{ParquetReader, SerReader as _};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Contents of the files of a folder, by name.
pub type Files = BTreeMap<String, Vec<u8>>;

/// All files of a folder.
pub fn files(folder: impl AsRef<Path>) -> Files {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|e| (e.file_name().into_string().unwrap(), std::fs::read(e.path()).unwrap())).collect()
}

/// All files of a folder but the manifest, which may differ between equal runs.
pub fn results(folder: impl AsRef<Path>) -> Files {
    let mut files = files(folder);
    files.remove("manifest.json");
    files
}

/// Asserts that the files are the same; names those that differ, without their bytes.
#[track_caller]
pub fn assert_same(found: &Files, expected: &Files, context: impl std::fmt::Display) {
    let names: BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
    let differ: Vec<_> = names.into_iter().filter(|name| found.get(*name) != expected.get(*name)).collect();
    assert!(differ.is_empty(), "{context}: {differ:?} differ");
}

/// Names of the entries of a folder, in order.
pub fn names(folder: impl AsRef<Path>) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Value of a JSON file.
#[track_caller]
pub fn json(path: impl AsRef<Path>) -> serde_json::Value {
    let path = path.as_ref();
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// `summary.json` of a folder of results.
#[track_caller]
pub fn summary(folder: impl AsRef<Path>) -> serde_json::Value {
    json(folder.as_ref().join("summary.json"))
}

/// A table.
#[track_caller]
pub fn parquet(path: impl AsRef<Path>) -> DataFrame {
    let path = path.as_ref();
    let file = std::fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    ParquetReader::new(file).finish().unwrap()
}
