//! Ctrl-C and `SIGTERM` sent to the program: it ends soon, reports what is kept, and leaves nothing half done.
#![cfg(unix)]

use assert_cmd::cargo::cargo_bin;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Number of looks at a process, or for a file, before the test gives up: a limit for a hang, far above the number
/// needed.
const LOOKS: u32 = 12_000;

fn looks(mut seen: impl FnMut() -> bool) -> bool {
    (0..LOOKS).any(|_| {
        let seen = seen();
        if !seen {
            std::thread::sleep(Duration::from_millis(10));
        }
        seen
    })
}

fn start(args: &[&str]) -> Child {
    let mut command = Command::new(cargo_bin("gridfleet"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn send(child: &Child, signal: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-s", signal, &id]).status().unwrap().success());
}

/// Exit status and the rest of stderr.
fn end(mut child: Child) -> (Option<i32>, String) {
    let ended = looks(|| child.try_wait().unwrap().is_some());
    if !ended {
        child.kill().unwrap();
    }
    let output = child.wait_with_output().unwrap();
    assert!(ended, "it went on in spite of the signal");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A study of a million replications.
fn study(folder: &Path) -> String {
    let path = folder.join("s.toml");
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/small.toml");
    let text = format!(
        "version = 2\nname = \"s\"\nscenario = {:?}\nreplications = 1000000\nmetrics = [\"service_rate\"]\n\
         policies = [{{ name = \"batched\" }}]\n",
        scenario.display().to_string()
    );
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn a_study_says_what_it_keeps_even_if_it_is_quiet() {
    for (signal, more) in [("INT", "--quiet"), ("TERM", "--json")] {
        let temporary = tempfile::tempdir().unwrap();
        let (file, output) = (study(temporary.path()), temporary.path().join("out"));
        let output = output.to_str().unwrap();
        let journal = temporary.path().join("out.unfinished/tasks.jsonl");
        let child = start(&["study", &file, "-j", "2", more, "-o", output]);
        let lines = || std::fs::read_to_string(&journal).map_or(0, |text| text.lines().count());
        assert!(looks(|| lines() > 2), "no task was done");
        send(&child, signal);
        let (status, err) = end(child);
        assert_eq!(status, Some(1), "{signal}: {err}");
        assert!(err.contains("finished tasks are kept in") && err.contains("out.unfinished"), "{err}");
        assert!(err.contains("error: interrupted; ") && err.contains("--resume"), "{err}");
        assert_eq!(names(temporary.path()), ["out.unfinished", "s.toml"]);
        // As many replications as are stored need no more work.
        let done = (lines() - 1).min(2).to_string();
        let (status, err) = end(start(&["study", &file, "-q", "-r", &done, "--resume", "-o", output]));
        assert_eq!(status, Some(0), "{err}");
        assert_eq!(names(temporary.path()), ["out", "s.toml"]);
    }
}

/// A training of a million steps, as quiet as possible.
fn training(output: &str) -> Child {
    training_of("--steps=1000000", "--set=training.replications=1", output)
}

fn training_of(steps: &str, replications: &str, output: &str) -> Child {
    start(&[
        "train",
        "scenarios/stuttgart-rl.toml",
        "-q",
        steps,
        "--set=training.weeks=1",
        "--set=training.held_out_weeks=1",
        replications,
        "--set=training.lanes=1",
        "--set=training.checkpoint_weeks=1",
        "--set=training.agent.memory=700",
        "-o",
        output,
    ])
}

#[test]
fn a_training_says_what_it_keeps_and_a_second_signal_ends_it_at_once() {
    let temporary = tempfile::tempdir().unwrap();
    let output = temporary.path().join("out");
    let output = output.to_str().unwrap();
    let agent = temporary.path().join("out.unfinished/agent.gridfleet");
    let child = training(output);
    assert!(looks(|| agent.is_file()), "no checkpoint was written");
    send(&child, "TERM");
    let (status, err) = end(child);
    assert_eq!(status, Some(1), "{err}");
    assert!(err.contains("error: interrupted; ") && err.contains(" steps are kept in"), "{err}");
    assert!(err.contains("out.unfinished/agent.gridfleet") && err.contains("--resume"), "{err}");
    assert_eq!(names(temporary.path()), ["out.unfinished"]);

    // Both signals are pending when the process wakes up: a week of training takes longer than receiving them.
    let output = temporary.path().join("twice");
    let child = training(output.to_str().unwrap());
    let begun = temporary.path().join("twice.unfinished");
    assert!(looks(|| begun.is_dir()), "it never began");
    for signal in ["STOP", "INT", "TERM", "CONT"] {
        send(&child, signal);
    }
    let (status, err) = end(child);
    assert_eq!((status, err.as_str()), (Some(130), ""));
    assert!(!output.exists());
}

#[test]
fn a_long_reading_of_trips_is_ended() {
    let temporary = tempfile::tempdir().unwrap();
    let shipped = std::fs::read_to_string("datasets/small/trips.csv").unwrap();
    let (header, rows) = shipped.split_once('\n').unwrap();
    let mut trips = format!("{header}\n");
    while trips.len() < 64 << 20 {
        trips.write_str(rows).unwrap();
    }
    std::fs::write(temporary.path().join("trips.csv"), trips).unwrap();
    let set = format!("trips.files=[{:?}]", temporary.path().join("trips.csv").display().to_string());
    let output = temporary.path().join("out");
    let mut child = start(&["run", "scenarios/small.toml", "--set", &set, "-o", output.to_str().unwrap()]);
    // Its first line reports that the scenario is valid; reading comes next.
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    err.read_line(&mut line).unwrap();
    assert!(line.contains("results in"), "{line}");
    send(&child, "INT");
    let (status, _) = end(child);
    line.clear();
    err.read_to_string(&mut line).unwrap();
    assert_eq!((status, line.as_str()), (Some(1), "error: interrupted; nothing was written\n"));
    assert_eq!(names(temporary.path()), ["trips.csv"]);
}

/// A scenario with a forecast that knows the future: that is simulated before the run itself begins.
#[test]
fn a_simulation_for_a_forecast_that_knows_it_is_ended() {
    let temporary = tempfile::tempdir().unwrap();
    let output = temporary.path().join("out");
    let mut child = start(&["run", "scenarios/stuttgart-vpp.toml", "-o", output.to_str().unwrap()]);
    assert!(looks(|| !names(temporary.path()).is_empty() || child.try_wait().unwrap().is_some()));
    send(&child, "TERM");
    let (status, err) = end(child);
    assert_eq!(status, Some(1), "{err}");
    assert!(err.ends_with("error: interrupted; nothing was written\n"), "{err}");
    assert_eq!(names(temporary.path()), [""; 0]);
}

/// The maximum that a fleet could earn is a program solved before the run itself begins, once its folder is there.
#[test]
fn a_solution_with_perfect_information_is_ended() {
    for signal in ["INT", "TERM"] {
        let temporary = tempfile::tempdir().unwrap();
        let output = temporary.path().join("out");
        let set =
            ["operation.mode=replay", "operation.clairvoyant_bound=true"].map(|set| format!("--set={set}"));
        let output = output.to_str().unwrap();
        let mut child = start(&["run", "scenarios/stuttgart-vpp.toml", "-q", &set[0], &set[1], "-o", output]);
        let is_begun = || names(temporary.path()).iter().any(|name| name.ends_with(".partial"));
        assert!(looks(|| is_begun() || child.try_wait().unwrap().is_some()), "it never began");
        send(&child, signal);
        let (status, err) = end(child);
        assert_eq!((status, err.as_str()), (Some(1), "error: interrupted; nothing was written\n"));
        assert_eq!(names(temporary.path()), [""; 0]);
    }
}

/// A game of 19 players, whose nucleolus takes long.
#[test]
#[cfg(target_os = "linux")]
fn a_solver_is_ended() {
    const PLAYERS: u32 = 19;
    let temporary = tempfile::tempdir().unwrap();
    let player = |i: u32| format!("p{i}");
    let mut costs = Vec::new();
    for members in 1_u32..1 << PLAYERS {
        let names: Vec<String> = (0..PLAYERS).filter(|i| members >> i & 1 == 1).map(player).collect();
        // Cheaper per player in larger coalitions, and not quite equal.
        let cost = f64::from(members.count_ones()).sqrt() + f64::from(members * 7_919 % 101) / 1_000.0;
        costs.push(format!("\"{}\": {cost}", names.join(",")));
    }
    let names_of_all: Vec<String> = (0..PLAYERS).map(|i| format!("\"{}\"", player(i))).collect();
    let text = format!("{{\"players\": [{}], \"costs\": {{{}}}}}", names_of_all.join(", "), costs.join(", "));
    let file = temporary.path().join("game.json");
    std::fs::write(&file, text).unwrap();
    let mut child = start(&["solve", "game", file.to_str().unwrap()]);
    // Nothing is printed before the end; the system reports which signals have a handler, SIGTERM (15) among them.
    let about = format!("/proc/{}/status", child.id());
    let listens = || {
        let about = std::fs::read_to_string(&about).unwrap_or_default();
        let caught = about.lines().find_map(|line| line.strip_prefix("SigCgt:")).map(str::trim);
        caught.and_then(|mask| u64::from_str_radix(mask, 16).ok()).is_some_and(|mask| mask >> 14 & 1 == 1)
    };
    assert!(looks(|| listens() || child.try_wait().unwrap().is_some()));
    send(&child, "TERM");
    let (status, err) = end(child);
    assert_eq!((status, err.as_str()), (Some(1), "error: interrupted; nothing was written\n"));
}

/// A training that is stopped within its first week, nothing of which can be kept.
#[test]
fn a_week_of_training_is_ended() {
    let temporary = tempfile::tempdir().unwrap();
    let child = training(temporary.path().join("out").to_str().unwrap());
    assert!(looks(|| temporary.path().join("out.unfinished").is_dir()), "it never began");
    send(&child, "INT");
    let (status, err) = end(child);
    assert_eq!(status, Some(1), "{err}");
    assert!(err.contains("error: interrupted; "), "{err}");
    assert!(!temporary.path().join("out").exists());
}

/// A training of one week, whose agent is then compared with others in a thousand weeks: it is kept.
#[test]
fn an_evaluation_of_an_agent_is_ended() {
    let temporary = tempfile::tempdir().unwrap();
    let output = temporary.path().join("out");
    let agent = temporary.path().join("out.unfinished/agent.gridfleet");
    let train = |replications| training_of("--steps=600", replications, output.to_str().unwrap());
    let child = train("--set=training.replications=1000");
    assert!(looks(|| agent.is_file()), "no agent was written");
    send(&child, "INT");
    let (status, err) = end(child);
    assert_eq!(status, Some(1), "{err}");
    assert!(err.contains("error: interrupted; 672 steps are kept in"), "{err}");
    assert_eq!(names(temporary.path()), ["out.unfinished"]);
}
