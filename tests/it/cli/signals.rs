//! Ctrl-C and `SIGTERM` sent to the program: it ends soon, reports what is kept, and leaves nothing half done.
#![cfg(unix)]

use crate::support::cli::{Dir, Ended, Started, gridfleet};
use crate::support::files::names;
use crate::support::short;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
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

/// Ends soon.
fn end(mut started: Started) -> Ended {
    let ended = looks(|| started.has_ended());
    if !ended {
        started.child.kill().unwrap();
    }
    let how = started.end();
    assert!(ended, "it went on in spite of the signal:\n{how}");
    how
}

#[test]
fn a_study_says_what_it_keeps_even_if_it_is_quiet() {
    for (signal, more) in [("INT", "--quiet"), ("TERM", "--json")] {
        let temporary = Dir::new();
        let (file, output) = (short::study(&temporary, 1_000_000), temporary.at("out"));
        let journal = temporary.at("out.unfinished/tasks.jsonl");
        let child = gridfleet(["study", "-j", "2", more]).arg(&file).output(&output).start();
        let lines = || std::fs::read_to_string(&journal).map_or(0, |text| text.lines().count());
        assert!(looks(|| lines() > 2), "no task was done");
        assert!(child.send(signal));
        let ended = end(child).fails(1).reports("finished tasks are kept in").reports("out.unfinished");
        ended.reports("error: interrupted; ").reports("--resume");
        assert_eq!(names(temporary.path()), ["out.unfinished", "s.toml"]);
        // As many replications as are stored need no more work.
        let done = (lines() - 1).min(2).to_string();
        let resumed = gridfleet(["study", "-q", "-r", &done, "--resume"]).arg(&file).output(&output);
        end(resumed.start()).succeeds();
        assert_eq!(names(temporary.path()), ["out", "s.toml"]);
    }
}

/// A training of a million steps, as quiet as possible.
fn training(output: &Path) -> Started {
    training_of("--steps=1000000", "--set=training.replications=1", output)
}

fn training_of(steps: &str, replications: &str, output: &Path) -> Started {
    gridfleet(short::TRAINING).args(["-q", steps, replications]).output(output).start()
}

#[test]
fn a_training_says_what_it_keeps_and_a_second_signal_ends_it_at_once() {
    let temporary = Dir::new();
    let agent = temporary.at("out.unfinished/agent.gridfleet");
    let child = training(&temporary.at("out"));
    assert!(looks(|| agent.is_file()), "no checkpoint was written");
    assert!(child.send("TERM"));
    let ended = end(child).fails(1).reports("error: interrupted; ").reports(" steps are kept in");
    ended.reports("out.unfinished/agent.gridfleet").reports("--resume");
    assert_eq!(names(temporary.path()), ["out.unfinished"]);

    // Both signals are pending when the process wakes up: a week of training takes longer than receiving them.
    let output = temporary.at("twice");
    let child = training(&output);
    let begun = temporary.at("twice.unfinished");
    assert!(looks(|| begun.is_dir()), "it never began");
    for signal in ["STOP", "INT", "TERM", "CONT"] {
        assert!(child.send(signal));
    }
    assert_eq!(end(child).fails(130).err, "");
    assert!(!output.exists());
}

#[test]
fn a_long_reading_of_trips_is_ended() {
    let temporary = Dir::new();
    let shipped = std::fs::read_to_string("datasets/small/trips.csv").unwrap();
    let (header, rows) = shipped.split_once('\n').unwrap();
    let mut trips = format!("{header}\n");
    while trips.len() < 64 << 20 {
        trips.write_str(rows).unwrap();
    }
    let file = temporary.write("trips.csv", trips);
    let set = format!("trips.files=[{:?}]", file.display().to_string());
    let run = gridfleet(["run", "scenarios/small.toml"]).set([set]).output(temporary.at("out"));
    let mut started = run.start();
    // Its first line reports that the scenario is valid; reading comes next.
    let mut err = BufReader::new(started.child.stderr.take().unwrap());
    let mut line = String::new();
    err.read_line(&mut line).unwrap();
    assert!(line.contains("results in"), "{line}");
    assert!(started.send("INT"));
    end(started).fails(1);
    line.clear();
    err.read_to_string(&mut line).unwrap();
    assert_eq!(line, "error: interrupted; nothing was written\n");
    assert_eq!(names(temporary.path()), ["trips.csv"]);
}

/// A scenario with a forecast that knows the future: that is simulated before the run itself begins.
#[test]
fn a_simulation_for_a_forecast_that_knows_it_is_ended() {
    let temporary = Dir::new();
    let run = gridfleet(["run", "scenarios/stuttgart-vpp.toml"]).output(temporary.at("out"));
    let mut started = run.start();
    assert!(looks(|| !names(temporary.path()).is_empty() || started.has_ended()));
    assert!(started.send("TERM"));
    let err = end(started).fails(1).err;
    assert!(err.ends_with("error: interrupted; nothing was written\n"), "{err}");
    assert_eq!(names(temporary.path()), [""; 0]);
}

/// The maximum that a fleet could earn is a program solved before the run itself begins, once its folder is there.
#[test]
fn a_solution_with_perfect_information_is_ended() {
    for signal in ["INT", "TERM"] {
        let temporary = Dir::new();
        let set = ["operation.mode=replay", "operation.clairvoyant_bound=true"];
        let run = gridfleet(["run", "scenarios/stuttgart-vpp.toml", "-q"]).set(set);
        let mut started = run.output(temporary.at("out")).start();
        let is_begun = || names(temporary.path()).iter().any(|name| name.ends_with(".partial"));
        assert!(looks(|| is_begun() || started.has_ended()), "it never began");
        assert!(started.send(signal));
        assert_eq!(end(started).fails(1).err, "error: interrupted; nothing was written\n");
        assert_eq!(names(temporary.path()), [""; 0]);
    }
}

/// A game of 19 players, whose nucleolus takes long.
#[test]
#[cfg(target_os = "linux")]
fn a_solver_is_ended() {
    const PLAYERS: u32 = 19;
    let temporary = Dir::new();
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
    temporary.write("game.json", text);
    let mut started = temporary.gridfleet(["solve", "game", "game.json"]).start();
    // The command prints only at its end; the system reports which signals have a handler, SIGTERM (15) among them.
    let about = format!("/proc/{}/status", started.child.id());
    let listens = || {
        let about = std::fs::read_to_string(&about).unwrap_or_default();
        let caught = about.lines().find_map(|line| line.strip_prefix("SigCgt:")).map(str::trim);
        caught.and_then(|mask| u64::from_str_radix(mask, 16).ok()).is_some_and(|mask| mask >> 14 & 1 == 1)
    };
    assert!(looks(|| listens() || started.has_ended()));
    assert!(started.send("TERM"));
    assert_eq!(end(started).fails(1).err, "error: interrupted; nothing was written\n");
}

/// A training that is stopped within its first week, nothing of which can be kept.
#[test]
fn a_week_of_training_is_ended() {
    let temporary = Dir::new();
    let child = training(&temporary.at("out"));
    assert!(looks(|| temporary.at("out.unfinished").is_dir()), "it never began");
    assert!(child.send("INT"));
    end(child).fails(1).reports("error: interrupted; ");
    assert!(!temporary.at("out").exists());
}

/// A training of one week, whose agent is then compared with others in a thousand weeks: it is kept.
#[test]
fn an_evaluation_of_an_agent_is_ended() {
    let temporary = Dir::new();
    let agent = temporary.at("out.unfinished/agent.gridfleet");
    let child = training_of("--steps=600", "--set=training.replications=1000", &temporary.at("out"));
    assert!(looks(|| agent.is_file()), "no agent was written");
    assert!(child.send("INT"));
    end(child).fails(1).reports("error: interrupted; 672 steps are kept in");
    assert_eq!(names(temporary.path()), ["out.unfinished"]);
}
