//! A stdout that is no longer read (`| head -1`) is no error; one that is full is an error, and loses no result.
#![cfg(unix)]

use assert_cmd::cargo::cargo_bin;
use std::path::Path;
use std::process::{Command, Stdio};

/// Commands that print, with what they write in `folder`; the report is of the run before it.
fn commands(folder: &Path) -> Vec<Vec<String>> {
    let at = |name: &str| folder.join(name).display().to_string();
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/small.toml");
    let text = format!(
        "version = 2\nname = \"s\"\nscenario = {:?}\nreplications = 2\nmetrics = [\"service_rate\"]\n\
         policies = [{{ name = \"batched\" }}]\n",
        scenario.display().to_string()
    );
    std::fs::write(folder.join("s.toml"), text).unwrap();
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

/// Exit status and stderr, with this stdout.
fn run_command(args: &[String], stdout: impl Into<Stdio>) -> (Option<i32>, String) {
    let mut command = Command::new(cargo_bin("gridfleet"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).stdout(stdout).stderr(Stdio::piped());
    let output = command.spawn().unwrap().wait_with_output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Results are complete, and nothing is beside them.
fn check(folder: &Path) {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    let expected = ["json", "reproduction", "run", "s.toml", "study", "town-trips.csv", "town.toml"];
    assert_eq!(names, expected);
    for name in ["json", "reproduction", "run", "study"] {
        let text = std::fs::read_to_string(folder.join(name).join("manifest.json")).unwrap();
        let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
        for file in manifest["files"].as_array().unwrap() {
            assert!(folder.join(name).join(file.as_str().unwrap()).is_file(), "{name}/{file}");
        }
    }
    assert!(folder.join("run/report.html").is_file());
}

#[test]
fn a_reader_that_has_gone_is_no_error() {
    let temporary = tempfile::tempdir().unwrap();
    for args in commands(temporary.path()) {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let (status, err) = run_command(&args, writer);
        assert_eq!(status, Some(0), "{args:?}: {err}");
        assert!(!err.contains("panicked") && !err.contains("error"), "{args:?}: {err}");
    }
    check(temporary.path());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_stdout_is_an_error_and_costs_no_result() {
    let temporary = tempfile::tempdir().unwrap();
    for args in commands(temporary.path()) {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let (status, err) = run_command(&args, full);
        assert_eq!(status, Some(1), "{args:?}: {err}");
        assert!(err.contains("error: stdout: No space left on device"), "{args:?}: {err}");
    }
    check(temporary.path());
}
