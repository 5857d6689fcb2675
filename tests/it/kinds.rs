//! Results of one kind are not replaced by those of another, nor work of hours by mistake, unless `--force` is given.

use assert_cmd::cargo::cargo_bin;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Exit status and stderr.
fn run_command(args: &[&str]) -> (i32, String) {
    let mut command = Command::new(cargo_bin("gridfleet"));
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

/// A command that writes a folder.
struct Writer {
    kind: &'static str,
    args: Vec<String>,
}

impl Writer {
    fn new(kind: &'static str, args: &[&str]) -> Self {
        Self { kind, args: args.iter().map(|&arg| arg.to_owned()).collect() }
    }

    fn write(&self, folder: &Path, more: &[&str]) -> (i32, String) {
        let mut args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        args.extend(["-q", "-o", folder.to_str().unwrap()]);
        args.extend(more);
        run_command(&args)
    }
}

/// One command of each kind, as short as possible; the study file is written to `place`.
fn writers(place: &Path) -> [Writer; 4] {
    let study = place.join("s.toml");
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/small.toml");
    let text = format!(
        "version = 2\nname = \"s\"\nscenario = {:?}\nreplications = 2\nmetrics = [\"service_rate\"]\n\
         policies = [{{ name = \"batched\" }}]\n",
        scenario.display().to_string()
    );
    std::fs::write(&study, text).unwrap();
    [
        Writer::new("run", &["run", "scenarios/small.toml"]),
        Writer::new("study", &["study", study.to_str().unwrap()]),
        Writer::new(
            "training",
            &[
                "train",
                "scenarios/stuttgart-rl.toml",
                "--steps=600",
                "--set=training.weeks=1",
                "--set=training.held_out_weeks=1",
                "--set=training.replications=1",
                "--set=training.lanes=1",
                "--set=training.agent.memory=700",
            ],
        ),
        Writer::new("reproduction", &["reproduce", "cnash-fig3", "-r", "2"]),
    ]
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|e| (e.file_name().into_string().unwrap(), std::fs::read(e.path()).unwrap())).collect()
}

fn kind_of(folder: &Path) -> String {
    let text = std::fs::read_to_string(folder.join("manifest.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    json["kind"].as_str().unwrap().to_owned()
}

#[test]
fn no_kind_of_results_replaces_another_by_mistake() {
    let temporary = tempfile::tempdir().unwrap();
    let writers = writers(temporary.path());
    let originals: Vec<PathBuf> = writers.iter().map(|w| temporary.path().join(w.kind)).collect();
    for (writer, folder) in writers.iter().zip(&originals) {
        let (status, err) = writer.write(folder, &[]);
        assert_eq!(status, 0, "{}: {err}", writer.kind);
        assert_eq!(kind_of(folder), writer.kind);
    }
    for (old, original) in writers.iter().zip(&originals) {
        let before = files(original);
        for new in &writers {
            let pair = format!("{} over {}", new.kind, old.kind);
            if new.kind == old.kind && new.kind != "training" {
                continue;
            }
            let (status, err) = new.write(original, &[]);
            assert_eq!(status, 2, "{pair}: {err}");
            let found = if new.kind == old.kind {
                "a finished training".to_owned()
            } else {
                format!("the results of a {}", old.kind)
            };
            for words in [found.as_str(), "--force", "-o DIR", original.to_str().unwrap()] {
                assert!(err.contains(words), "{pair}: no `{words}` in {err}");
            }
            assert!(files(original) == before, "{pair}");
        }
        // The next kind, with the user's consent.
        let next = writers.iter().position(|writer| writer.kind == old.kind).unwrap() + 1;
        let new = &writers[next % writers.len()];
        let folder = temporary.path().join(format!("{} over {}", new.kind, old.kind));
        copy(original, &folder);
        std::fs::write(folder.join("notes.txt"), "mine").unwrap();
        let (status, err) = new.write(&folder, &["--force"]);
        assert_eq!(status, 0, "{} over {}: {err}", new.kind, old.kind);
        assert_eq!(kind_of(&folder), new.kind);
        let names = |folder: &Path| files(folder).into_keys().collect::<Vec<_>>();
        let fresh = &originals[next % writers.len()];
        let mut expected = names(fresh);
        expected.push("notes.txt".to_owned());
        expected.sort();
        assert_eq!(names(&folder), expected, "the old files are gone, the user's one is there");
    }
    // The same kind needs no flag, except where hours may be lost.
    let (status, err) = writers[1].write(&originals[1], &[]);
    assert_eq!(status, 0, "{err}");
    let (status, err) = writers[2].write(&originals[2], &["--resume"]);
    assert_eq!(status, 0, "{err}");
    // Parts of a study are studies.
    let merged = |more: &[&str]| {
        let args = ["study", "merge", originals[1].to_str().unwrap(), "-o", originals[0].to_str().unwrap()];
        run_command(&[&args[..], more].concat())
    };
    let (status, err) = merged(&[]);
    assert!(status == 2 && err.contains("the results of a run"), "{err}");
    assert_eq!(merged(&["--force"]).0, 0);
    assert_eq!(kind_of(&originals[0]), "study");
}

#[test]
fn unfinished_work_is_not_written_over_by_mistake() {
    let temporary = tempfile::tempdir().unwrap();
    let writers = writers(temporary.path());
    let finished = temporary.path().join("finished");
    assert_eq!(writers[1].write(&finished, &[]).0, 0);
    let journal = std::fs::read(finished.join("tasks.jsonl")).unwrap();
    let output = temporary.path().join("out");
    let work_dir = temporary.path().join("out.unfinished");
    for (name, begun) in [("tasks.jsonl", "study"), ("agent.gridfleet", "training")] {
        std::fs::create_dir(&work_dir).unwrap();
        std::fs::write(work_dir.join(name), &journal).unwrap();
        for writer in &writers {
            let (status, err) = writer.write(&output, &[]);
            assert_eq!(status, 2, "{}: {err}", writer.kind);
            assert!(err.contains(&format!("a {begun} that was not finished")), "{err}");
            assert_eq!(err.contains("--resume"), writer.kind == begun, "{err}");
            assert!(err.contains("--force") && !output.exists(), "{err}");
            if ["study", "training"].contains(&writer.kind) && writer.kind != begun {
                let (status, err) = writer.write(&output, &["--resume"]);
                assert!(status == 2 && err.contains("not finished"), "{err}");
            }
            assert!(std::fs::read(work_dir.join(name)).unwrap() == journal);
        }
        // A run beside it leaves it unchanged; a study replaces it.
        std::fs::write(work_dir.join("notes.txt"), "mine").unwrap();
        assert_eq!(writers[0].write(&output, &["--force"]).0, 0);
        assert!(std::fs::read(work_dir.join(name)).unwrap() == journal);
        assert_eq!(writers[1].write(&output, &["--force"]).0, 0);
        assert_eq!(kind_of(&output), "study");
        let left: Vec<_> = files(&work_dir).into_keys().collect();
        assert_eq!(left, ["notes.txt"]);
        std::fs::remove_dir_all(&work_dir).unwrap();
        std::fs::remove_dir_all(&output).unwrap();
    }
}
