//! `gridfleet run` from the user's side: the files in the folder, the output, and earlier results when it fails or is
//! stopped.

use assert_cmd::cargo::cargo_bin;
use gridfleet::records::dictionary::TABLES;
use polars_io::prelude::{ParquetReader, SerReader};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

const SMALL: &str = "scenarios/small.toml";

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin("gridfleet"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args);
    command
}

/// Exit status, stdout, stderr.
fn read_output(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// Runs the small scenario into `folder`.
fn small(folder: &Path, more: &[&str]) -> (i32, String, String) {
    let mut args = vec!["run", SMALL, "-o", folder.to_str().unwrap()];
    args.extend(more);
    read_output(&command(&args).output().unwrap())
}

/// Contents of the files of a folder, by name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries.map(|e| (e.file_name().into_string().unwrap(), std::fs::read(e.path()).unwrap())).collect()
}

pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn an_audited_run_adds_up_and_leaves_every_table_of_the_dictionary() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("run");
    let (status, out, err) = small(&folder, &["--audit"]);
    assert_eq!(status, 0, "{err}");
    assert!(out.contains("Trips requested") && out.contains("violations"), "{out}");
    let audit = out.split_once("Audit").unwrap().1;
    assert!(!audit.contains("not written"), "{audit}");
    // The small scenario has no trading, no homes, no feeder, no load-dependent prices and no competition.
    let absent = ["market", "households", "grid", "loads", "supply"];
    for table in TABLES.iter().filter(|table| !absent.contains(&table.name)) {
        let file = std::fs::File::open(folder.join(table.file_name())).unwrap();
        let frame = ParquetReader::new(file).finish().unwrap();
        let found: Vec<String> = frame.columns().iter().map(|c| c.name().to_string()).collect();
        let expected: Vec<&str> = table.columns.iter().map(|c| c.name).collect();
        assert_eq!(found, expected, "{}", table.name);
        assert!(frame.height() > 0, "{}", table.name);
    }
    // datasets/small/trips.csv has 480 lines of requests.
    let summary: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary["trips_requested"], 480);
}

#[test]
fn equal_runs_give_equal_bytes_whatever_the_threads() {
    let temporary = tempfile::tempdir().unwrap();
    let mut first: Option<BTreeMap<String, Vec<u8>>> = None;
    for (run, threads) in [None, None, Some("1"), Some("2")].into_iter().enumerate() {
        let folder = temporary.path().join(run.to_string());
        let mut command = command(&["run", SMALL, "--quiet", "-o", folder.to_str().unwrap()]);
        if let Some(threads) = threads {
            command.env("RAYON_NUM_THREADS", threads).env("POLARS_MAX_THREADS", threads);
        }
        assert_eq!(read_output(&command.output().unwrap()).0, 0);
        let mut files = files(&folder);
        assert!(files.remove("manifest.json").is_some());
        assert!(files.contains_key("summary.json") && files.contains_key("ledger.parquet"));
        match &first {
            None => first = Some(files),
            Some(first) => {
                assert_eq!(first.keys().collect::<Vec<_>>(), files.keys().collect::<Vec<_>>());
                for (name, bytes) in first {
                    assert!(*bytes == files[name], "{name} differs in run {run}");
                }
            }
        }
    }
}

#[test]
fn another_seed_gives_another_week_and_the_summary_says_which() {
    let temporary = tempfile::tempdir().unwrap();
    let (one, two) = (temporary.path().join("1"), temporary.path().join("2"));
    assert_eq!(small(&one, &["--seed", "1"]).0, 0);
    assert_eq!(small(&two, &["--seed", "2"]).0, 0);
    let (one, two) = (files(&one), files(&two));
    assert!(one["trips.parquet"] != two["trips.parquet"]);
    let seed = |files: &BTreeMap<String, Vec<u8>>| {
        serde_json::from_slice::<serde_json::Value>(&files["summary.json"]).unwrap()["seed"].clone()
    };
    assert_eq!((seed(&one), seed(&two)), (1.into(), 2.into()));
}

#[test]
fn json_prints_the_summary_alone_and_quiet_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("run");
    let (status, out, _) = small(&folder, &["--json"]);
    assert_eq!(status, 0);
    assert_eq!(out, std::fs::read_to_string(folder.join("summary.json")).unwrap());
    let quiet = small(&folder, &["--quiet"]);
    assert_eq!(quiet, (0, String::new(), String::new()));
}

#[test]
fn a_run_replaces_a_run_and_nothing_else() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("run");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("thesis.tex"), "mine").unwrap();
    let (status, out, err) = small(&folder, &[]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains("refusing to replace a folder that is not gridfleet's"), "{err}");
    assert_eq!(names(&folder), ["thesis.tex"]);
    assert_eq!(names(temporary.path()), ["run"]);

    std::fs::remove_file(folder.join("thesis.tex")).unwrap();
    assert_eq!(small(&folder, &["--seed", "1"]).0, 0);
    let before = files(&folder);
    assert_eq!(small(&folder, &["--seed", "2"]).0, 0);
    assert!(files(&folder)["summary.json"] != before["summary.json"]);
    assert_eq!(names(temporary.path()), ["run"]);
}

#[test]
fn an_output_that_cannot_be_a_folder_is_reported_before_the_run() {
    let temporary = tempfile::tempdir().unwrap();
    let file = temporary.path().join("taken");
    std::fs::write(&file, "mine").unwrap();
    for output in [file.clone(), file.join("below")] {
        let (status, out, err) = small(&output, &[]);
        assert_eq!((status, out.as_str()), (2, ""), "{err}");
        assert!(err.contains("taken") && err.contains("expected a folder that can be written"), "{err}");
        assert!(err.contains("choose another folder with -o DIR"), "{err}");
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    assert_eq!(names(temporary.path()), ["taken"]);
}

#[test]
fn tables_not_wanted_are_absent_and_the_audit_says_what_it_could_not_check() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("run");
    let (status, out, err) = small(&folder, &["--audit", "--set", "outputs.tables=[\"trips\"]"]);
    assert_eq!(status, 0, "{err}");
    assert_eq!(names(&folder), ["manifest.json", "overview.svg", "summary.json", "trips.parquet"]);
    for table in ["legs", "sessions", "fleet", "stations", "ledger"] {
        assert!(out.contains(&format!("{table}.parquet was not written")), "{table}: {out}");
    }
}

/// The effect of a full disk on a program, without one: writing beyond a limit fails.
#[cfg(unix)]
#[test]
fn a_disk_that_fills_up_costs_no_earlier_result() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("run");
    assert_eq!(small(&folder, &[]).0, 0);
    let before = files(&folder);
    // 8 blocks of 512 bytes; the signal that would end the program is ignored, so that write() fails.
    let shell = Command::new("sh")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" run \"$1\" --quiet --seed 2 -o \"$2\""])
        .arg(cargo_bin("gridfleet"))
        .args([SMALL, folder.to_str().unwrap()])
        .output()
        .unwrap();
    let (status, out, err) = read_output(&shell);
    assert_eq!((status, out.as_str()), (1, ""), "{err}");
    assert!(err.contains(".parquet: "), "{err}");
    assert!(files(&folder) == before);
    assert_eq!(names(temporary.path()), ["run"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_stdout_that_cannot_be_written_is_an_error() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("run");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command(&["run", SMALL, "--json", "-o", folder.to_str().unwrap()]).stdout(full).output();
    let (status, _, err) = read_output(&output.unwrap());
    assert_eq!(status, 1);
    assert!(err.contains("error: stdout: No space left on device"), "{err}");
}

/// Ctrl-C in the middle of a run that would continue for seconds.
#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_the_earlier_result_and_nothing_else() {
    use std::process::Stdio;
    use std::time::Duration;
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("run");
    assert_eq!(small(&folder, &[]).0, 0);
    let before = files(&folder);
    for signal in ["INT", "TERM"] {
        let long = [
            "run",
            "scenarios/small.toml",
            "--set",
            "trips.scale=1000",
            "--set",
            "fleets.0.vehicles.0.count=3000",
            "--policy",
            "nearest-idle",
            "-o",
            folder.to_str().unwrap(),
        ];
        let mut child = command(&long).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // The folder of the unfinished result appears when the trips have been read.
        let mut begun = false;
        for _ in 0..6_000 {
            begun = names(temporary.path()).iter().any(|name| name.ends_with(".partial"));
            if begun || child.try_wait().unwrap().is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(begun, "the run never began, or was over at once");
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
        let (status, out, err) = read_output(&child.wait_with_output().unwrap());
        assert_eq!((status, out.as_str()), (1, ""), "{signal}: {err}");
        assert!(err.ends_with("error: interrupted; nothing was written\n"), "{err}");
        assert!(files(&folder) == before, "{signal}");
        assert_eq!(names(temporary.path()), ["run"], "{signal}");
    }
}
