//! Results of one kind are not replaced by those of another, nor work of hours by mistake, unless `--force` is given.

use crate::support::cli::{Dir, Ended, gridfleet};
use crate::support::files::{files, json};
use crate::support::short;
use std::path::{Path, PathBuf};

/// A command that writes a folder.
struct Writer {
    kind: &'static str,
    args: Vec<String>,
}

impl Writer {
    fn new(kind: &'static str, args: &[&str]) -> Self {
        Self { kind, args: args.iter().map(|&arg| arg.to_owned()).collect() }
    }

    fn write(&self, folder: &Path, more: &[&str]) -> Ended {
        gridfleet(&self.args).arg("-q").output(folder).args(more).run()
    }
}

/// One command of each kind, as short as possible; with the file of the study in `dir`.
fn writers(dir: &Dir) -> [Writer; 4] {
    let study = short::study(dir, 2);
    [
        Writer::new("run", &["run", "scenarios/small.toml"]),
        Writer::new("study", &["study", study.to_str().unwrap()]),
        Writer::new("training", &[&short::TRAINING[..], &["--steps=600"]].concat()),
        Writer::new("reproduction", &["reproduce", "cnash-fig3", "-r", "2"]),
    ]
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn kind_of(folder: &Path) -> String {
    json(folder.join("manifest.json"))["kind"].as_str().unwrap().to_owned()
}

#[test]
fn no_kind_of_results_replaces_another_by_mistake() {
    let temporary = Dir::new();
    let writers = writers(&temporary);
    let originals: Vec<PathBuf> = writers.iter().map(|w| temporary.at(w.kind)).collect();
    for (writer, folder) in writers.iter().zip(&originals) {
        writer.write(folder, &[]).succeeds();
        assert_eq!(kind_of(folder), writer.kind);
    }
    for (old, original) in writers.iter().zip(&originals) {
        let before = files(original);
        for new in &writers {
            let pair = format!("{} over {}", new.kind, old.kind);
            if new.kind == old.kind && new.kind != "training" {
                continue;
            }
            let err = new.write(original, &[]).fails(2).err;
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
        let folder = temporary.at(format!("{} over {}", new.kind, old.kind));
        copy(original, &folder);
        std::fs::write(folder.join("notes.txt"), "mine").unwrap();
        new.write(&folder, &["--force"]).succeeds();
        assert_eq!(kind_of(&folder), new.kind);
        let names = |folder: &Path| files(folder).into_keys().collect::<Vec<_>>();
        let fresh = &originals[next % writers.len()];
        let mut expected = names(fresh);
        expected.push("notes.txt".to_owned());
        expected.sort();
        assert_eq!(names(&folder), expected, "the old files are gone, the user's one is there");
    }
    // The same kind needs no flag, except where hours may be lost.
    writers[1].write(&originals[1], &[]).succeeds();
    writers[2].write(&originals[2], &["--resume"]).succeeds();
    // Parts of a study are studies.
    let merged = |more: &[&str]| {
        gridfleet(["study", "merge"]).arg(&originals[1]).output(&originals[0]).args(more).run()
    };
    merged(&[]).fails(2).reports("the results of a run");
    merged(&["--force"]).succeeds();
    assert_eq!(kind_of(&originals[0]), "study");
}

#[test]
fn unfinished_work_is_not_written_over_by_mistake() {
    let temporary = Dir::new();
    let writers = writers(&temporary);
    let finished = temporary.at("finished");
    writers[1].write(&finished, &[]).succeeds();
    let journal = std::fs::read(finished.join("tasks.jsonl")).unwrap();
    let output = temporary.at("out");
    let work_dir = temporary.at("out.unfinished");
    for (name, begun) in [("tasks.jsonl", "study"), ("agent.gridfleet", "training")] {
        std::fs::create_dir(&work_dir).unwrap();
        std::fs::write(work_dir.join(name), &journal).unwrap();
        for writer in &writers {
            let err = writer.write(&output, &[]).fails(2).err;
            assert!(err.contains(&format!("a {begun} that was not finished")), "{err}");
            assert_eq!(err.contains("--resume"), writer.kind == begun, "{err}");
            assert!(err.contains("--force") && !output.exists(), "{err}");
            if ["study", "training"].contains(&writer.kind) && writer.kind != begun {
                writer.write(&output, &["--resume"]).fails(2).reports("not finished");
            }
            assert!(std::fs::read(work_dir.join(name)).unwrap() == journal);
        }
        // A run beside it leaves it unchanged; a study replaces it.
        std::fs::write(work_dir.join("notes.txt"), "mine").unwrap();
        writers[0].write(&output, &["--force"]).succeeds();
        assert!(std::fs::read(work_dir.join(name)).unwrap() == journal);
        writers[1].write(&output, &["--force"]).succeeds();
        assert_eq!(kind_of(&output), "study");
        let left: Vec<_> = files(&work_dir).into_keys().collect();
        assert_eq!(left, ["notes.txt"]);
        std::fs::remove_dir_all(&work_dir).unwrap();
        std::fs::remove_dir_all(&output).unwrap();
    }
}
