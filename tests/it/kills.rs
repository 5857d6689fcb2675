//! A study and a training that are killed at random instants and resumed give the same bytes as undisturbed ones.
//!
//! `GRIDFLEET_KILLS=100` kills each that many times instead of a few.

use assert_cmd::cargo::cargo_bin;
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

fn start(args: &[&str]) -> Child {
    let mut command = Command::new(cargo_bin("gridfleet"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Contents of all files but the manifest, which may differ.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let files = entries.map(|e| (e.file_name().into_string().unwrap(), std::fs::read(e.path()).unwrap()));
    files.filter(|(name, _)| name != "manifest.json").collect()
}

/// Kills the command `few` times, or as often as requested, each time after a random time, and compares the final
/// results. `begun` is the file from which it can be resumed.
fn killed_and_resumed(args: &[&str], begun: &str, few: u32, seed: u64) {
    let temporary = tempfile::tempdir().unwrap();
    let at = |name: &str| temporary.path().join(name);
    let to = |name: &str, more: &[&str]| {
        let output = at(name).display().to_string();
        start(&[args, &["-q", "-o", &output], more].concat())
    };
    let done = |child: Child| {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    #[expect(clippy::disallowed_methods, reason = "how long a process may live before it is killed")]
    let clock = Instant::now();
    done(to("whole", &[]));
    let all = clock.elapsed();
    let whole = files(&at("whole"));
    let kills = std::env::var("GRIDFLEET_KILLS").map_or(few, |text| text.parse().unwrap());
    let mut random = Pcg64::seed_from_u64(seed);
    let (mut target, mut deaths, mut attempts) = (0, 0, 0);
    // Part of that time within which a process is killed: less if it had ended by then, as on a machine with other
    // users.
    let mut latest = 1.1;
    let is_begun = |name: &str| {
        at(name).exists() || std::fs::metadata(at(&format!("{name}.unfinished/{begun}"))).is_ok()
    };
    let check = |name: &str| {
        let found = files(&at(name));
        let names = found.keys().chain(whole.keys()).collect::<std::collections::BTreeSet<_>>();
        let differ: Vec<_> = names.into_iter().filter(|n| found.get(*n) != whole.get(*n)).collect();
        assert!(differ.is_empty(), "{name}: {differ:?}");
    };
    while deaths < kills {
        attempts += 1;
        assert!(attempts < 20 * kills, "{deaths} of {attempts} were killed before their end");
        let name = format!("killed{target}");
        let resume: &[&str] = if is_begun(&name) { &["--resume"] } else { &[] };
        let mut child = to(&name, resume);
        std::thread::sleep(all.mul_f64(latest * random.random_range(0.05..1.0)));
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        match output.status.code() {
            None => (deaths, latest) = (deaths + 1, f64::min(1.1, 1.5 * latest)),
            Some(0) => {
                check(&name);
                (target, latest) = (target + 1, 0.6 * latest);
            }
            Some(_) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
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
    let entries = std::fs::read_dir(temporary.path()).unwrap().map(Result::unwrap);
    let mut left: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    left.sort();
    assert_eq!(left, expected, "nothing else is left beside them");
}

#[test]
fn a_study_that_is_killed_again_and_again_gives_the_same_bytes() {
    let temporary = tempfile::tempdir().unwrap();
    let path = temporary.path().join("s.toml");
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/small.toml");
    let text = format!(
        "version = 2\nname = \"s\"\nscenario = {:?}\nreplications = 10\nmetrics = [\"service_rate\", \"wait_mean_s\"]\n\
         policies = [{{ name = \"batched\" }}, {{ name = \"quick\", use = [\"nearest-idle\"] }}]\n",
        scenario.display().to_string()
    );
    std::fs::write(&path, text).unwrap();
    killed_and_resumed(&["study", path.to_str().unwrap(), "-j", "2"], "tasks.jsonl", 8, 11);
}

#[test]
fn a_training_that_is_killed_again_and_again_gives_the_same_bytes() {
    let args = [
        "train",
        "scenarios/stuttgart-rl.toml",
        "--steps=2000",
        "--set=training.weeks=1",
        "--set=training.held_out_weeks=1",
        "--set=training.replications=1",
        "--set=training.lanes=1",
        "--set=training.checkpoint_weeks=1",
        "--set=training.agent.memory=700",
    ];
    killed_and_resumed(&args, "agent.gridfleet", 4, 12);
}
