//! A stdout that is no longer read (`| head -1`) is no error; one that is full is an error, and loses no result.
#![cfg(unix)]

use crate::support::cli::{Dir, gridfleet};
use crate::support::{files, short};
use std::path::Path;

/// Commands that print, with what they write in `folder`; the report is of the run before it.
fn commands(dir: &Dir) -> Vec<Vec<String>> {
    let at = |name: &str| dir.at(name).display().to_string();
    short::study(dir, 2);
    let commands: Vec<Vec<&str>> = vec![
        vec!["run", "scenarios/small.toml", "-o", "@run"],
        vec!["run", "scenarios/small.toml", "--json", "-o", "@json"],
        vec!["report", "@run"],
        vec!["study", "@s.toml", "-o", "@study"],
        vec!["reproduce", "cnash-fig3", "-r", "2", "-o", "@reproduction"],
        vec!["reproduce", "--list"],
        vec!["validate", "scenarios/small.toml"],
        vec!["data", "describe", "datasets/small/trips.csv"],
        vec!["solve", "c-nash", "docs/c-nash.json"],
        vec!["schema"],
        vec!["schema", "--tables"],
        vec!["completions", "bash"],
        vec!["man", "run"],
        vec!["new", "@town"],
    ];
    let full = |arg: &str| arg.strip_prefix('@').map_or_else(|| arg.to_owned(), at);
    commands.into_iter().map(|args| args.into_iter().map(full).collect()).collect()
}

/// Results are complete, and nothing is beside them.
fn check(folder: &Path) {
    let expected = ["json", "reproduction", "run", "s.toml", "study", "town-trips.csv", "town.toml"];
    assert_eq!(files::names(folder), expected);
    for name in ["json", "reproduction", "run", "study"] {
        let manifest = files::json(folder.join(name).join("manifest.json"));
        for file in manifest["files"].as_array().unwrap() {
            assert!(folder.join(name).join(file.as_str().unwrap()).is_file(), "{name}/{file}");
        }
    }
    assert!(folder.join("run/report.html").is_file());
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let temporary = Dir::new();
    for args in commands(&temporary) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let err = gridfleet(&args).stdout(writer).succeeds().err;
        assert!(!err.contains("panicked") && !err.contains("error"), "{args:?}: {err}");
    }
    check(temporary.path());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_stdout_is_an_error_and_costs_no_result() {
    let temporary = Dir::new();
    for args in commands(&temporary) {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        gridfleet(&args).stdout(full).fails(1).reports("error: stdout: No space left on device");
    }
    check(temporary.path());
}
