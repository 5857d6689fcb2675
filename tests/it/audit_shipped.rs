//! The auditor over the scenarios that come with the program: each of its checks can be made.

use assert_cmd::Command;
use std::path::PathBuf;

/// The scenario files; the others in the folder are studies, which name one.
fn shipped() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir("scenarios")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| std::fs::read_to_string(path).unwrap().lines().any(|line| line.trim() == "[time]"))
        .collect();
    files.sort();
    files
}

#[test]
fn no_check_of_a_shipped_scenario_is_impossible() {
    let files = shipped();
    assert!(files.len() >= 10, "{files:?}");
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        let out = folder.path().join(file.file_stem().unwrap());
        let run = Command::cargo_bin("gridfleet")
            .unwrap()
            .args(["run", file.to_str().unwrap(), "--set", "time.days=1", "--audit", "-o"])
            .arg(&out)
            .output()
            .unwrap();
        let (told, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
        assert_eq!(run.status.code(), Some(0), "{}:\n{err}", file.display());
        assert!(told.contains("checks made, none impossible"), "{}:\n{told}", file.display());
    }
}
