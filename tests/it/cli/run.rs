//! `gridfleet run` from the user's side: the files in the folder, the output, and earlier results when it fails or is
//! stopped.

use crate::support::cli::{Dir, TestCommand, gridfleet, program, root};
use crate::support::files::{Files, assert_same, files, names, parquet, results, summary};
use gridfleet::records::dictionary::TABLES;
use std::path::Path;

const SMALL: &str = "scenarios/small.toml";

/// `gridfleet run` of the small scenario into `folder`.
fn small(folder: &Path, more: &[&str]) -> TestCommand {
    gridfleet(["run", SMALL]).output(folder).args(more)
}

#[test]
fn an_audited_run_adds_up_and_leaves_every_table_of_the_dictionary() {
    let temporary = Dir::new();
    let folder = temporary.at("run");
    let out = small(&folder, &["--audit"]).succeeds().out;
    assert!(out.contains("Trips requested") && out.contains("violations"), "{out}");
    let audit = out.split_once("Audit").unwrap().1;
    assert!(!audit.contains("not written"), "{audit}");
    // The small scenario has no trading, no homes, no feeder, no load-dependent prices and no competition.
    let absent = ["market", "households", "grid", "loads", "supply"];
    for table in TABLES.iter().filter(|table| !absent.contains(&table.name)) {
        let frame = parquet(folder.join(table.file_name()));
        let found: Vec<String> = frame.columns().iter().map(|c| c.name().to_string()).collect();
        let expected: Vec<&str> = table.columns.iter().map(|c| c.name).collect();
        assert_eq!(found, expected, "{}", table.name);
        assert!(frame.height() > 0, "{}", table.name);
    }
    // datasets/small/trips.csv has 480 lines of requests.
    assert_eq!(summary(&folder)["trips_requested"], 480);
}

#[test]
fn equal_runs_give_equal_bytes_whatever_the_threads() {
    let temporary = Dir::new();
    let mut first: Option<Files> = None;
    for (run, threads) in [None, None, Some("1"), Some("2")].into_iter().enumerate() {
        let folder = temporary.at(run.to_string());
        let command = small(&folder, &["--quiet"]);
        threads.into_iter().fold(command, TestCommand::threads).succeeds();
        assert!(folder.join("manifest.json").exists());
        let files = results(&folder);
        assert!(files.contains_key("summary.json") && files.contains_key("ledger.parquet"));
        match &first {
            None => first = Some(files),
            Some(first) => assert_same(&files, first, format!("run {run}")),
        }
    }
}

#[test]
fn another_seed_gives_another_week_and_the_summary_says_which() {
    let temporary = Dir::new();
    let (one, two) = (temporary.at("1"), temporary.at("2"));
    small(&one, &["--seed", "1"]).succeeds();
    small(&two, &["--seed", "2"]).succeeds();
    let seeds = [&one, &two].map(|folder| summary(folder)["seed"].clone());
    let (one, two) = (files(&one), files(&two));
    assert!(one["trips.parquet"] != two["trips.parquet"]);
    assert_eq!((seeds[0].clone(), seeds[1].clone()), (1.into(), 2.into()));
}

#[test]
fn json_prints_the_summary_alone_and_quiet_nothing() {
    let temporary = Dir::new();
    let folder = temporary.at("run");
    let out = small(&folder, &["--json"]).succeeds().out;
    assert_eq!(out, std::fs::read_to_string(folder.join("summary.json")).unwrap());
    assert_eq!(small(&folder, &["--quiet"]).succeeds_quietly().out, "");
}

#[test]
fn a_run_replaces_a_run_and_nothing_else() {
    let temporary = Dir::new();
    let folder = temporary.at("run");
    temporary.write("run/thesis.tex", "mine");
    small(&folder, &[]).refused().reports("refusing to replace a folder that is not gridfleet's");
    assert_eq!(names(&folder), ["thesis.tex"]);
    assert_eq!(names(temporary.path()), ["run"]);

    std::fs::remove_file(folder.join("thesis.tex")).unwrap();
    small(&folder, &["--seed", "1"]).succeeds();
    let before = files(&folder);
    small(&folder, &["--seed", "2"]).succeeds();
    assert!(files(&folder)["summary.json"] != before["summary.json"]);
    assert_eq!(names(temporary.path()), ["run"]);
}

#[test]
fn an_output_that_cannot_be_a_folder_is_reported_before_the_run() {
    let temporary = Dir::new();
    let file = temporary.write("taken", "mine");
    for output in [file.clone(), file.join("below")] {
        let err = small(&output, &[]).refused().err;
        assert!(err.contains("taken") && err.contains("expected a folder that can be written"), "{err}");
        assert!(err.contains("choose another folder with -o DIR"), "{err}");
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    assert_eq!(names(temporary.path()), ["taken"]);
}

#[test]
fn tables_not_wanted_are_absent_and_the_audit_says_what_it_could_not_check() {
    let temporary = Dir::new();
    let folder = temporary.at("run");
    let out = small(&folder, &["--audit", "--set", "outputs.tables=[\"trips\"]"]).succeeds().out;
    assert_eq!(names(&folder), ["manifest.json", "overview.svg", "summary.json", "trips.parquet"]);
    for table in ["legs", "sessions", "fleet", "stations", "ledger"] {
        assert!(out.contains(&format!("{table}.parquet was not written")), "{table}: {out}");
    }
}

/// The effect of a full disk on a program, without one: writing beyond a limit fails.
#[cfg(unix)]
#[test]
fn a_disk_that_fills_up_costs_no_earlier_result() {
    let temporary = Dir::new();
    let folder = temporary.at("run");
    small(&folder, &[]).succeeds();
    let before = files(&folder);
    // 8 blocks of 512 bytes; the signal that would end the program is ignored, so that write() fails.
    let limited = "trap '' XFSZ; ulimit -f 8; exec \"$0\" run \"$1\" --quiet --seed 2 -o \"$2\"";
    let shell = TestCommand::new("sh", root()).args(["-c", limited]).arg(program()).arg(SMALL).arg(&folder);
    let ended = shell.fails(1).reports(".parquet: ");
    assert_eq!(ended.out, "");
    assert!(files(&folder) == before);
    assert_eq!(names(temporary.path()), ["run"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_stdout_that_cannot_be_written_is_an_error() {
    let temporary = Dir::new();
    let folder = temporary.at("run");
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let command = small(&folder, &["--json"]).stdout(full);
    command.fails(1).reports("error: stdout: No space left on device");
}

/// Ctrl-C in the middle of a run that would continue for seconds.
#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_the_earlier_result_and_nothing_else() {
    use std::time::Duration;
    let temporary = Dir::new();
    let folder = temporary.at("run");
    small(&folder, &[]).succeeds();
    let before = files(&folder);
    for signal in ["INT", "TERM"] {
        let long = ["trips.scale=1000", "fleets.0.vehicles.0.count=3000"];
        let mut started = small(&folder, &["--policy", "nearest-idle"]).set(long).start();
        // The folder of the unfinished result appears when the trips have been read.
        let mut begun = false;
        for _ in 0..6_000 {
            begun = names(temporary.path()).iter().any(|name| name.ends_with(".partial"));
            if begun || started.has_ended() {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(begun, "the run never began, or was over at once");
        assert!(started.send(signal));
        let ended = started.end().fails(1);
        assert_eq!(ended.out, "", "{signal}");
        assert!(ended.err.ends_with("error: interrupted; nothing was written\n"), "{ended}");
        assert!(files(&folder) == before, "{signal}");
        assert_eq!(names(temporary.path()), ["run"], "{signal}");
    }
}
