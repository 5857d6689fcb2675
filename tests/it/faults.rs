//! Each command that writes is ended by signals at random instants, meets a fault at each of its operations on files, and
//! competes with another process for its output. Results are then complete or absent, older ones are whole, and the next
//! run removes all leftovers and gives the same bytes as an undisturbed one.
//!
//! - `GRIDFLEET_KILLS=100`: number of signals sent to each command, and of pairs of writers, instead of a few;
//! - `GRIDFLEET_FAULTS=3`: each third operation fails, instead of a few of them. Needs a program that counts its operations
//!   ([`counts_operations`]): one built in debug, or in release with
//!   `--config profile.release.package.gridfleet-core.debug-assertions=true`.
#![cfg(unix)]

use assert_cmd::cargo::cargo_bin;
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Contents of an output: files of a folder by name, without the manifest, which may differ; a single file under no name.
type Content = BTreeMap<String, Vec<u8>>;

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

/// The commands, with their inputs in `folder`.
fn tasks(folder: &Path) -> Vec<Task> {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/small.toml");
    let study = folder.join("s.toml");
    let text = format!(
        "version = 2\nname = \"s\"\nscenario = {:?}\nreplications = 4\nmetrics = [\"service_rate\"]\n\
         policies = [{{ name = \"batched\" }}, {{ name = \"quick\", use = [\"nearest-idle\"] }}]\n",
        scenario.display().to_string()
    );
    std::fs::write(&study, text).unwrap();
    let task = |name, args: &str, other: &str, begun| Task {
        name,
        args: words(args),
        other: words(&format!("{args} {other}")),
        begun,
        // A finished training is continued or kept.
        replaces: name != "train",
    };
    let training = "train scenarios/stuttgart-rl.toml -q --steps=1400 --set=training.weeks=1 \
        --set=training.held_out_weeks=1 --set=training.replications=1 --set=training.lanes=1 \
        --set=training.checkpoint_weeks=1 --set=training.agent.memory=700";
    let studying = format!("study {} -q -j 2", study.display());
    let (run, older) = (folder.join("run"), folder.join("older"));
    for (output, seed) in [(&run, "1"), (&older, "2")] {
        let output = output.to_str().unwrap();
        done(start(
            &["run", "scenarios/small.toml", "-q", "--seed", seed, "-o", output].map(str::to_owned),
            None,
        ));
    }
    vec![
        task("run", "run scenarios/small.toml -q", "--seed 2", None),
        task("study", &studying, "-r 2", Some("tasks.jsonl")),
        task("train", training, "--seed 2", Some("agent.gridfleet")),
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

fn start(args: &[String], fault: Option<&str>) -> Child {
    let mut command = Command::new(cargo_bin("gridfleet"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args);
    command.env_remove("GRIDFLEET_FAULT").envs(fault.map(|fault| ("GRIDFLEET_FAULT", fault)));
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn done(child: Child) -> Output {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    output
}

fn told(output: &Output) -> String {
    format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr))
}

/// Content of an output; none if it is absent.
fn content(path: &Path) -> Option<Content> {
    if path.is_file() {
        return Some([(String::new(), std::fs::read(path).unwrap())].into());
    }
    let entries = std::fs::read_dir(path).ok()?.map(Result::unwrap);
    let files = entries.map(|e| (e.file_name().into_string().unwrap(), std::fs::read(e.path()).unwrap()));
    Some(files.filter(|(name, _)| name != "manifest.json").collect())
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn number(name: &str) -> Option<u32> {
    Some(std::env::var(name).ok()?.parse().expect("a whole number"))
}

/// A command with the results of undisturbed runs.
struct Bench<'a> {
    task: &'a Task,
    /// Its results, older ones, and the time that it takes.
    results: Content,
    older: Content,
    takes: Duration,
    place: PathBuf,
}

impl<'a> Bench<'a> {
    #[expect(clippy::disallowed_methods, reason = "how long a process may live before it is killed")]
    fn new(task: &'a Task, folder: &Path) -> Self {
        let place = folder.join(format!("{}-output", task.name));
        std::fs::create_dir(&place).unwrap();
        let mut bench =
            Self { task, results: Content::new(), older: Content::new(), takes: Duration::ZERO, place };
        done(bench.start_other());
        bench.older = content(&bench.output()).unwrap();
        bench.clear();
        let clock = Instant::now();
        done(bench.start(None));
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

    fn with_output(&self, args: &[String]) -> Vec<String> {
        [args, &["-o".to_owned(), self.output().display().to_string()]].concat()
    }

    /// Starts the command, from unfinished work if there is some.
    fn start(&self, fault: Option<&str>) -> Child {
        let mut args = self.with_output(&self.task.args);
        let begun = self.task.begun.map(|begun| self.place.join("out.unfinished").join(begun));
        let is_kept = !self.task.replaces && self.output().exists();
        if is_kept || begun.is_some_and(|begun| begun.exists()) {
            args.push("--resume".to_owned());
        }
        start(&args, fault)
    }

    fn start_other(&self) -> Child {
        start(&self.with_output(&self.task.other), None)
    }

    /// Puts nothing or older results in place of the output.
    fn prepare(&self, is_older: bool) {
        self.clear();
        if is_older {
            done(self.start_other());
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
        let next = self.start(None).wait_with_output().unwrap();
        assert!(next.status.success(), "{}, {context}: then {}", self.task.name, told(&next));
        let found = content(&self.output()).unwrap();
        let all: BTreeSet<_> = found.keys().chain(self.results.keys()).collect();
        let differ: Vec<_> = all.into_iter().filter(|n| found.get(*n) != self.results.get(*n)).collect();
        assert!(differ.is_empty(), "{}, {context}: {differ:?}", self.task.name);
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
            let child = bench.start(None);
            std::thread::sleep(bench.takes.mul_f64(random.random_range(0.02..1.2)));
            let id = child.id().to_string();
            let _ = Command::new("kill").args(["-s", signal, &id]).stderr(Stdio::null()).status().unwrap();
            let ended = child.wait_with_output().unwrap();
            sent += 1;
            context = format!("{context}, {signal} with {}", told(&ended));
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
                    assert!(told(&ended).contains("interrupted; "), "{name}, {context}");
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
    let temporary = tempfile::tempdir().unwrap();
    let kills = number("GRIDFLEET_KILLS").unwrap_or(5);
    let mut random = Pcg64::seed_from_u64(21);
    for task in tasks(temporary.path()) {
        let bench = Bench::new(&task, temporary.path());
        let counts = signalled(&bench, kills, &mut random);
        println!("{}: {kills} signals, of them before the end {counts:?}", task.name);
    }
}

#[test]
fn of_two_writers_of_one_output_one_writes_and_the_other_is_refused() {
    let temporary = tempfile::tempdir().unwrap();
    let pairs = number("GRIDFLEET_KILLS").unwrap_or(2);
    let mut random = Pcg64::seed_from_u64(22);
    for task in tasks(temporary.path()) {
        let bench = Bench::new(&task, temporary.path());
        let mut refused = 0;
        for _ in 0..pairs {
            let is_older = task.replaces && random.random_bool(0.5);
            bench.prepare(is_older);
            let one = bench.start(None);
            std::thread::sleep(bench.takes.mul_f64(random.random_range(0.0..0.9)));
            let both = [bench.start(None), one].map(|child| child.wait_with_output().unwrap());
            for output in &both {
                // The last two where the other writes its agent, or has just finished.
                let refusals = [
                    "another gridfleet process that is writing it",
                    "found a study that is running",
                    "found a training that is running",
                    "found a finished training",
                    "found a training that was not finished",
                ];
                let is_refused = output.status.code() == Some(2)
                    && refusals.iter().any(|refusal| told(output).contains(refusal));
                assert!(output.status.success() || is_refused, "{}: {}", task.name, told(output));
                refused += u32::from(is_refused);
            }
            assert!(both.iter().any(|output| output.status.success()), "{}", task.name);
            bench.check_whole(is_older, "two writers");
            assert_eq!(content(&bench.output()).as_ref(), Some(&bench.results), "{}", task.name);
            assert_eq!(names(&bench.place), ["out"], "{}", task.name);
        }
        println!("{}: {pairs} pairs of writers, {refused} refused", task.name);
    }
}

/// Whether the program counts its operations on files, so that any of them can be made to fail.
fn counts_operations(task: &Task, folder: &Path) -> bool {
    let output = folder.join("first").display().to_string();
    let args = [&task.args[..], &["-o".to_owned(), output]].concat();
    let status = start(&args, Some("enospc:1")).wait_with_output().unwrap().status;
    !status.success()
}

#[test]
fn a_fault_at_any_operation_leaves_whole_results() {
    /// Runs in a row without a fault after which no operation is left: the last ones may fail unnoticed.
    const QUIET: u32 = 8;
    let temporary = tempfile::tempdir().unwrap();
    let all = tasks(temporary.path());
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
                let ended = bench.start(Some(&fault)).wait_with_output().unwrap();
                let context = format!("{fault}, older results {is_older}, {}", told(&ended));
                bench.check_whole(is_older, &context);
                match ended.status.code() {
                    Some(0) => {
                        quiet += 1;
                        assert_eq!(content(&bench.output()), Some(bench.results.clone()), "{context}");
                    }
                    Some(1) if kind != "kill" => {
                        assert!(told(&ended).contains("(planned)"), "{}, {context}", task.name);
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
