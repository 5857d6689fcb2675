//! Each command that writes is ended by signals at random instants, meets a fault at each of its operations on files, and
//! competes with another process for its output. Results are then complete or absent, older ones are whole, and the next
//! run removes all leftovers and gives the same bytes as an undisturbed one.
//!
//! - `GRIDFLEET_KILLS=100`: number of signals sent to each command, and of pairs of writers, instead of a few;
//! - `GRIDFLEET_FAULTS=3`: each third operation fails, instead of a few of them. Needs a program that counts its operations
//!   ([`counts_operations`]): one built in debug, or in release with
//!   `--config profile.release.package.gridfleet-core.debug-assertions=true`.
#![cfg(unix)]

use crate::support::cli::{Dir, Started, gridfleet};
use crate::support::files::{Files, assert_same, names, results};
use crate::support::short;
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// A command that writes one output.
struct Task {
    name: &'static str,
    /// Arguments without the output.
    args: Vec<String>,
    /// The same for other results.
    other: Vec<String>,
    /// File of unfinished work from which the command can be resumed, if it can.
    begun: Option<&'static str>,
    /// Whether older results are replaced without being asked to.
    replaces: bool,
}

/// The commands, with their inputs in `dir`.
fn tasks(dir: &Dir) -> Vec<Task> {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let study = short::study(dir, 4);
    let task = |name, args: &str, other: &str, begun| Task {
        name,
        args: words(args),
        other: words(&format!("{args} {other}")),
        begun,
        // A finished training is continued or kept.
        replaces: name != "train",
    };
    let training = format!("{} -q --steps=1400", short::TRAINING.join(" "));
    let studying = format!("study {} -q -j 2", study.display());
    let (run, older) = (dir.at("run"), dir.at("older"));
    for (output, seed) in [(&run, "1"), (&older, "2")] {
        gridfleet(["run", "scenarios/small.toml", "-q", "--seed", seed]).output(output).succeeds();
    }
    vec![
        task("run", "run scenarios/small.toml -q", "--seed 2", None),
        task("study", &studying, "-r 2", Some("tasks.jsonl")),
        task("train", &training, "--seed 2", Some("agent.gridfleet")),
        task("reproduce", "reproduce cnash-fig3 -r 2 -q -j 2", "--seed 2", None),
        Task {
            name: "report",
            args: words(&format!("report {}", run.display())),
            other: words(&format!("report {}", older.display())),
            begun: None,
            replaces: true,
        },
    ]
}

/// Starts a command, which may meet a planned fault.
fn start(args: &[String], output: &Path, fault: Option<&str>) -> Started {
    let command = gridfleet(args).output(output).stdout(Stdio::null());
    fault.into_iter().fold(command, |command, fault| command.env("GRIDFLEET_FAULT", fault)).start()
}

/// Content of an output: files of a folder by name, without the manifest, which may differ; a single file under no name;
/// none if it is absent.
fn content(path: &Path) -> Option<Files> {
    if path.is_file() {
        return Some([(String::new(), std::fs::read(path).unwrap())].into());
    }
    path.exists().then(|| results(path))
}

fn number(name: &str) -> Option<u32> {
    Some(std::env::var(name).ok()?.parse().expect("a whole number"))
}

/// A command with the results of undisturbed runs.
struct Bench<'a> {
    task: &'a Task,
    /// Its results, older ones, and the time that it takes.
    results: Files,
    older: Files,
    takes: Duration,
    place: PathBuf,
}

impl<'a> Bench<'a> {
    #[expect(clippy::disallowed_methods, reason = "how long a process may live before it is killed")]
    fn new(task: &'a Task, folder: &Path) -> Self {
        let place = folder.join(format!("{}-output", task.name));
        std::fs::create_dir(&place).unwrap();
        let mut bench =
            Self { task, results: Files::new(), older: Files::new(), takes: Duration::ZERO, place };
        bench.start_other().end().succeeds();
        bench.older = content(&bench.output()).unwrap();
        bench.clear();
        let clock = Instant::now();
        bench.start(None).end().succeeds();
        bench.takes = clock.elapsed();
        bench.results = content(&bench.output()).unwrap();
        bench.clear();
        assert_ne!(bench.results, bench.older, "{}", task.name);
        bench
    }

    /// Final path of the output.
    fn output(&self) -> PathBuf {
        self.place.join("out")
    }

    fn clear(&self) {
        std::fs::remove_dir_all(&self.place).unwrap();
        std::fs::create_dir(&self.place).unwrap();
    }

    /// Starts the command, from unfinished work if there is some.
    fn start(&self, fault: Option<&str>) -> Started {
        let mut args = self.task.args.clone();
        let begun = self.task.begun.map(|begun| self.place.join("out.unfinished").join(begun));
        let is_kept = !self.task.replaces && self.output().exists();
        if is_kept || begun.is_some_and(|begun| begun.exists()) {
            args.push("--resume".to_owned());
        }
        start(&args, &self.output(), fault)
    }

    fn start_other(&self) -> Started {
        start(&self.task.other, &self.output(), None)
    }

    /// Puts nothing or older results in place of the output.
    fn prepare(&self, is_older: bool) {
        self.clear();
        if is_older {
            self.start_other().end().succeeds();
        }
    }

    /// The output is absent, whole and older, or whole and new.
    fn check_whole(&self, is_older: bool, context: &str) {
        let found = content(&self.output());
        let is_whole = match &found {
            None => !is_older,
            Some(found) => *found == self.results || is_older && *found == self.older,
        };
        let names = found.map(|files| files.into_keys().collect::<Vec<_>>());
        assert!(is_whole, "{}, {context}: neither the older nor the new results: {names:?}", self.task.name);
    }

    /// An undisturbed run gives the results and leaves nothing else.
    fn check_next(&self, context: &str) {
        let next = self.start(None).end();
        assert!(next.status.success(), "{}, {context}: then {next}", self.task.name);
        let found = content(&self.output()).unwrap();
        assert_same(&found, &self.results, format!("{}, {context}", self.task.name));
        assert_eq!(names(&self.place), ["out"], "{}, {context}", self.task.name);
    }
}

/// Sends `kills` signals at random instants; returns how many came before the end of the process, by signal.
fn signalled(bench: &Bench<'_>, kills: u32, random: &mut Pcg64) -> BTreeMap<&'static str, u32> {
    let mut counts = BTreeMap::new();
    let mut sent = 0;
    while sent < kills {
        let is_older = bench.task.replaces && random.random_bool(0.5);
        bench.prepare(is_older);
        let mut context = format!("older results {is_older}");
        // A run may be ended again after it is resumed.
        for _ in 0..random.random_range(1..=3) {
            let signal = ["KILL", "INT", "TERM"][random.random_range(0..3)];
            let started = bench.start(None);
            std::thread::sleep(bench.takes.mul_f64(random.random_range(0.02..1.2)));
            started.send(signal);
            let ended = started.end();
            sent += 1;
            context = format!("{context}, {signal} with {ended}");
            bench.check_whole(is_older, &context);
            let name = bench.task.name;
            match (ended.status.code(), ended.status.signal()) {
                (Some(0), None) => {
                    assert_eq!(content(&bench.output()), Some(bench.results.clone()), "{name}")
                }
                // Before the program listens, a signal ends it as it ends any.
                (None, Some(2 | 9 | 15)) => *counts.entry(signal).or_insert(0) += 1,
                (Some(1), None) if signal != "KILL" => {
                    *counts.entry(signal).or_insert(0) += 1;
                    assert!(ended.err.contains("interrupted; "), "{name}, {context}");
                    let left = names(&bench.place);
                    let foreign =
                        left.iter().find(|name| !["out", "out.unfinished"].contains(&name.as_str()));
                    assert!(foreign.is_none(), "{name}, {context}: {left:?}");
                }
                _ => panic!("{name}, {context}"),
            }
        }
        bench.check_next(&context);
    }
    counts
}

#[test]
fn commands_that_are_ended_at_any_instant_leave_whole_results() {
    let temporary = Dir::new();
    let kills = number("GRIDFLEET_KILLS").unwrap_or(5);
    let mut random = Pcg64::seed_from_u64(21);
    for task in tasks(&temporary) {
        let bench = Bench::new(&task, temporary.path());
        let counts = signalled(&bench, kills, &mut random);
        println!("{}: {kills} signals, of them before the end {counts:?}", task.name);
    }
}

#[test]
fn of_two_writers_of_one_output_one_writes_and_the_other_is_refused() {
    let temporary = Dir::new();
    let pairs = number("GRIDFLEET_KILLS").unwrap_or(2);
    let mut random = Pcg64::seed_from_u64(22);
    for task in tasks(&temporary) {
        let bench = Bench::new(&task, temporary.path());
        let mut refused = 0;
        for _ in 0..pairs {
            let is_older = task.replaces && random.random_bool(0.5);
            bench.prepare(is_older);
            let one = bench.start(None);
            std::thread::sleep(bench.takes.mul_f64(random.random_range(0.0..0.9)));
            let both = [bench.start(None), one].map(Started::end);
            for ended in &both {
                // The last two where the other writes its agent, or has just finished.
                let refusals = [
                    "another gridfleet process that is writing it",
                    "found a study that is running",
                    "found a training that is running",
                    "found a finished training",
                    "found a training that was not finished",
                ];
                let is_refused = ended.status.code() == Some(2)
                    && refusals.iter().any(|refusal| ended.err.contains(refusal));
                assert!(ended.status.success() || is_refused, "{}: {ended}", task.name);
                refused += u32::from(is_refused);
            }
            assert!(both.iter().any(|ended| ended.status.success()), "{}", task.name);
            bench.check_whole(is_older, "two writers");
            assert_eq!(content(&bench.output()).as_ref(), Some(&bench.results), "{}", task.name);
            assert_eq!(names(&bench.place), ["out"], "{}", task.name);
        }
        println!("{}: {pairs} pairs of writers, {refused} refused", task.name);
    }
}

/// Whether the program counts its operations on files, so that any of them can be made to fail.
fn counts_operations(task: &Task, folder: &Path) -> bool {
    !start(&task.args, &folder.join("first"), Some("enospc:1")).end().status.success()
}

#[test]
fn a_fault_at_any_operation_leaves_whole_results() {
    /// Runs in a row without a fault after which no operation is left: the last ones may fail unnoticed.
    const QUIET: u32 = 8;
    let temporary = Dir::new();
    let all = tasks(&temporary);
    let asked = number("GRIDFLEET_FAULTS");
    if !counts_operations(&all[0], temporary.path()) {
        assert!(asked.is_none() && !cfg!(debug_assertions), "the program does not count its operations");
        println!("skipped: only debug builds of the program count their file operations");
        return;
    }
    for task in &all {
        let bench = Bench::new(task, temporary.path());
        for kind in ["enospc", "eio", "tear", "kill"] {
            let (mut at, mut quiet, mut failed) = (1, 0, 0);
            while quiet < QUIET {
                let is_older = task.replaces && at % 2 == 0;
                bench.prepare(is_older);
                let fault = format!("{kind}:{at}");
                let ended = bench.start(Some(&fault)).end();
                let context = format!("{fault}, older results {is_older}, {ended}");
                bench.check_whole(is_older, &context);
                match ended.status.code() {
                    Some(0) => {
                        quiet += 1;
                        assert_eq!(content(&bench.output()), Some(bench.results.clone()), "{context}");
                    }
                    Some(1) if kind != "kill" => {
                        assert!(ended.err.contains("(planned)"), "{}, {context}", task.name);
                        (quiet, failed) = (0, failed + 1);
                    }
                    None if kind == "kill" => (quiet, failed) = (0, failed + 1),
                    _ => panic!("{}, {context}", task.name),
                }
                bench.check_next(&context);
                at += asked.unwrap_or(13);
            }
            println!("{}: {kind} at {failed} operations, of {at}", task.name);
            assert!(failed > 0, "{}, {kind}", task.name);
        }
    }
}
