//! A study and a training that are killed at random instants and resumed give the same bytes as undisturbed ones.
//!
//! `GRIDFLEET_KILLS=100` kills each that many times instead of a few.

use crate::support::cli::{Dir, Started, gridfleet};
use crate::support::files::{assert_same, names, results};
use crate::support::short;
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;
use std::process::Stdio;
use std::time::Instant;

/// Kills the command `few` times, or as often as requested, each time after a random time, and compares the final
/// results. `begun` is the file from which it can be resumed.
fn killed_and_resumed(args: &[&str], begun: &str, few: u32, seed: u64) {
    let temporary = Dir::new();
    let at = |name: &str| temporary.at(name);
    let to = |name: &str, more: &[&str]| {
        gridfleet(args).arg("-q").output(at(name)).args(more).stdout(Stdio::null()).start()
    };
    let done = |started: Started| drop(started.end().succeeds());
    #[expect(clippy::disallowed_methods, reason = "how long a process may live before it is killed")]
    let clock = Instant::now();
    done(to("whole", &[]));
    let all = clock.elapsed();
    let whole = results(at("whole"));
    let kills = std::env::var("GRIDFLEET_KILLS").map_or(few, |text| text.parse().unwrap());
    let mut random = Pcg64::seed_from_u64(seed);
    let (mut target, mut deaths, mut attempts) = (0, 0, 0);
    // Part of that time within which a process is killed: less if it had ended by then, as on a machine with other
    // users.
    let mut latest = 1.1;
    let is_begun = |name: &str| {
        at(name).exists() || std::fs::metadata(at(&format!("{name}.unfinished/{begun}"))).is_ok()
    };
    let check = |name: &str| assert_same(&results(at(name)), &whole, name);
    while deaths < kills {
        attempts += 1;
        assert!(attempts < 20 * kills, "{deaths} of {attempts} were killed before their end");
        let name = format!("killed{target}");
        let resume: &[&str] = if is_begun(&name) { &["--resume"] } else { &[] };
        let mut started = to(&name, resume);
        std::thread::sleep(all.mul_f64(latest * random.random_range(0.05..1.0)));
        started.child.kill().unwrap();
        let ended = started.end();
        match ended.status.code() {
            None => (deaths, latest) = (deaths + 1, f64::min(1.1, 1.5 * latest)),
            Some(0) => {
                check(&name);
                (target, latest) = (target + 1, 0.6 * latest);
            }
            Some(_) => panic!("{ended}"),
        }
        if at(&name).exists() {
            check(&name);
        }
    }
    let name = format!("killed{target}");
    done(to(&name, if is_begun(&name) { &["--resume"] } else { &[] }));
    let mut expected: Vec<String> = (0..=target).map(|n| format!("killed{n}")).collect();
    expected.push("whole".to_owned());
    expected.sort();
    for n in 0..=target {
        check(&format!("killed{n}"));
    }
    assert_eq!(names(temporary.path()), expected, "nothing else is left beside them");
}

#[test]
fn a_study_that_is_killed_again_and_again_gives_the_same_bytes() {
    let temporary = Dir::new();
    let file = short::study(&temporary, 10);
    killed_and_resumed(&["study", file.to_str().unwrap(), "-j", "2"], "tasks.jsonl", 8, 11);
}

#[test]
fn a_training_that_is_killed_again_and_again_gives_the_same_bytes() {
    let args = [&short::TRAINING[..], &["--steps=2000"]].concat();
    killed_and_resumed(&args, "agent.gridfleet", 4, 12);
}
