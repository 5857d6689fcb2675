//! Journal of a study: one line for each task, written when the task ends.
//!
//! `tasks.jsonl` in the folder of results contains the plan, then one JSON object per line, in the order in which tasks
//! ended. If the program is killed, it loses the tasks in progress and at most a part of the last line, which is cut
//! off when the study is resumed. Each line begins with the checksum and the length of the rest
//! (`{"crc32":"89abcdef","bytes":123,...}`); a damaged line is refused. The first line is put in place by a rename. All
//! results are computed from the journal.

use super::plan::{Plan, Shard, Task};
use super::task::TaskResult;
use crate::error::{Error, InputError, Result, input};
use crate::files;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Name of the file.
pub use crate::outputs::kind::JOURNAL;

/// Longest line [bytes]; the first one contains the plan, with all points.
const MOST_LINE_BYTES: u64 = 256 << 20;

/// Lines between two synchronisations: a power failure loses at most this many tasks.
const SYNC_EVERY: u64 = 16;

/// First line of a journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Hash of everything that the results depend on besides the plan.
    pub fingerprint: String,
    /// Shard in this journal; `None` if it is the whole study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// Replications of each arm in the complete journal.
    pub replications: u32,
    /// Plan of the study.
    pub plan: Plan,
}

/// Outcome of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Outcome {
    /// The task has a result.
    Done(TaskResult),
    /// The task has no result.
    Failed {
        /// Error message.
        error: String,
    },
}

/// Line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Line {
    task: u64,
    #[serde(flatten)]
    outcome: Outcome,
}

/// Position of a task's line in the file, and whether the task failed.
#[derive(Debug, Clone, Copy)]
struct Entry {
    at: u64,
    bytes: u64,
    failed: bool,
}

/// Open journal, for this process alone.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    header: Header,
    entries: BTreeMap<u64, Entry>,
    end: u64,
}

fn line_of(value: &impl Serialize) -> Result<String> {
    let body = serde_json::to_string(value).map_err(|e| Error::Other(format!("{JOURNAL}: {e}")))?;
    Ok(format!("{}{}\n", prefix(&body), &body[1..]))
}

/// Beginning of a line with the JSON object `body`: its checksum and its length [bytes].
fn prefix(body: &str) -> String {
    format!("{{\"crc32\":\"{:08x}\",\"bytes\":{},", crc32fast::hash(body.as_bytes()), body.len())
}

/// JSON object of a line, if the line is intact.
fn body_of(line: &str) -> Option<String> {
    let bytes = line.find("\"bytes\":")?;
    let (start, rest) = line.split_at(bytes + line.get(bytes..)?.find(',')? + 1);
    let body = format!("{{{}", rest.strip_suffix('\n')?);
    (prefix(&body) == start).then_some(body)
}

impl Journal {
    /// Creates a journal in `dir`; an existing one is emptied.
    ///
    /// # Errors
    /// If it cannot be written, or another process is writing it.
    pub fn create(dir: &Path, header: Header) -> Result<Self> {
        let path = dir.join(JOURNAL);
        let failed = |e| Error::writing(&path, e);
        let line = line_of(&header)?;
        if let Ok(file) = File::open(&path) {
            // Fails if another process has the lock, which is bound to the file.
            let (path, header) = (path.clone(), header.clone());
            Self { path, file, header, entries: BTreeMap::new(), end: 0 }.lock()?;
        }
        files::write(&path, line.as_bytes()).map_err(failed)?;
        let file = OpenOptions::new().read(true).write(true).open(&path).map_err(failed)?;
        let mut journal = Self { path, file, header, entries: BTreeMap::new(), end: line.len() as u64 };
        journal.lock()?;
        Ok(journal)
    }

    /// Whether `dir` has a journal with a complete first line, i.e. the study has been started.
    pub fn is_begun(dir: &Path) -> bool {
        let Ok(file) = File::open(dir.join(JOURNAL)) else { return false };
        let mut line = Vec::new();
        BufReader::new(file.take(MOST_LINE_BYTES)).read_until(b'\n', &mut line).is_ok()
            && line.last() == Some(&b'\n')
    }

    /// Opens the journal in `dir`. With `mend`, an incomplete last line is cut off, and the file must be writable.
    ///
    /// # Errors
    /// [`Error::Input`] if there is none, or it is not a journal of gridfleet.
    pub fn open(dir: &Path, mend: bool) -> Result<Self> {
        let path = dir.join(JOURNAL);
        if !dir.is_dir() {
            let problem = match dir.exists() {
                true => InputError::new("a file", "a folder of `gridfleet study`"),
                false => InputError::plain("no such folder"),
            };
            return Err(problem.file(dir).into());
        }
        if path.symlink_metadata().is_err() {
            return Err(InputError::new("no journal of a study", "a folder of `gridfleet study`")
                .file(&path)
                .help("leave --resume out to begin")
                .into());
        }
        // Opening a pipe would wait for its writer.
        drop(input::open(&path)?);
        let file =
            OpenOptions::new().read(true).write(mend).open(&path).map_err(|e| Error::reading(&path, e))?;
        let broken = |line: u64, found: &str| {
            Error::from(InputError::new(found, "a journal of `gridfleet study`").file(&path).line(line))
        };
        let mut reader = BufReader::new(input::Lines::new(file, MOST_LINE_BYTES));
        let mut text = String::new();
        let read = |reader: &mut BufReader<input::Lines<File>>, text: &mut String, line: u64| {
            text.clear();
            reader.read_line(text).map_err(|error| match error.kind() {
                std::io::ErrorKind::InvalidData => {
                    broken(line, "bytes that are no text, or a line without end")
                }
                _ => Error::reading(&path, error),
            })
        };
        let mut end = read(&mut reader, &mut text, 1)? as u64;
        let header: Header = body_of(&text)
            .and_then(|body| serde_json::from_str(&body).ok())
            .ok_or_else(|| broken(1, "another first line, or a damaged one"))?;
        if header.plan.policies.is_empty() || header.plan.points.is_empty() {
            return Err(broken(1, "a plan without policies or points"));
        }
        let mut entries = BTreeMap::new();
        for number in 2.. {
            let bytes = read(&mut reader, &mut text, number)? as u64;
            let whole = text.ends_with('\n');
            if bytes == 0 || !whole {
                break;
            }
            let body = body_of(&text).ok_or_else(|| broken(number, "a damaged line"))?;
            let line: Line =
                serde_json::from_str(&body).map_err(|_| broken(number, "a line that is no result"))?;
            let failed = matches!(line.outcome, Outcome::Failed { .. });
            let entry = Entry { at: end, bytes, failed };
            if entries.insert(line.task, entry).is_some_and(|before: Entry| !before.failed) {
                return Err(broken(number, "a task for the second time"));
            }
            end += bytes;
        }
        let mut journal = Self { file: reader.into_inner().into_inner(), path, header, entries, end };
        if mend {
            journal.lock()?;
            files::log::cut(&journal.file, end).map_err(|e| Error::writing(&journal.path, e))?;
        }
        Ok(journal)
    }

    fn lock(&mut self) -> Result<()> {
        use std::fs::TryLockError;
        match self.file.try_lock() {
            Ok(()) => Ok(()),
            Err(TryLockError::WouldBlock) => {
                Err(InputError::new("a study that is running", "a separate folder")
                    .file(&self.path)
                    .help("wait for the other process, or choose another folder with -o DIR")
                    .into())
            }
            // Some file systems do not support locks.
            Err(TryLockError::Error(_)) => Ok(()),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let failed = |e| Error::writing(&self.path, e);
        files::log::append(&mut self.file, self.end, bytes).map_err(failed)?;
        self.end += bytes.len() as u64;
        Ok(())
    }

    /// The same journal with another first line, from which results are computed.
    #[must_use]
    pub fn with_header(mut self, header: Header) -> Self {
        self.header = header;
        self
    }

    /// First line of the journal.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Adds the outcome of a task. A task that failed before may be added again.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn add(&mut self, task: Task, outcome: &Outcome) -> Result<()> {
        let line = line_of(&Line { task: task.number, outcome: outcome.clone() })?;
        self.add_line(task, &line, matches!(outcome, Outcome::Failed { .. }))
    }

    fn add_line(&mut self, task: Task, line: &str, failed: bool) -> Result<()> {
        let entry = Entry { at: self.end, bytes: line.len() as u64, failed };
        self.write(line.as_bytes())?;
        self.entries.insert(task.number, entry);
        if (self.entries.len() as u64).is_multiple_of(SYNC_EVERY) {
            files::log::sync(&self.file).map_err(|e| Error::writing(&self.path, e))?;
        }
        Ok(())
    }

    /// Copies the line of a task from another journal, byte for byte; returns whether the other journal has one.
    ///
    /// # Errors
    /// [`Error::Input`] if both have a result and the results differ; otherwise if a journal cannot be read or written.
    pub fn take(&mut self, task: Task, other: &Self) -> Result<bool> {
        let Some(line) = other.line(task)? else { return Ok(false) };
        if !self.has(task) {
            self.add_line(task, &line, !other.has(task))?;
        } else if other.has(task) && self.line(task)?.as_ref() != Some(&line) {
            let found = format!("another result of task {} than in the folders before", task.number);
            return Err(InputError::new(found, "the same task to give the same result")
                .file(&other.path)
                .help("one of the shards was run with another build of gridfleet")
                .into());
        }
        Ok(true)
    }

    /// Whether a task has a result.
    pub fn has(&self, task: Task) -> bool {
        self.entries.get(&task.number).is_some_and(|entry| !entry.failed)
    }

    /// Tasks that have ended, with or without a result, in their order.
    pub fn tasks(&self) -> impl Iterator<Item = Task> + '_ {
        self.entries.keys().map(|&number| self.header.plan.task(number))
    }

    /// Outcome of a task; `None` if it has not ended.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn outcome(&self, task: Task) -> Result<Option<Outcome>> {
        let Some(text) = self.line(task)? else { return Ok(None) };
        let body = body_of(&text).unwrap_or(text);
        let line: Line = serde_json::from_str(&body).map_err(|e| Error::Other(format!("{JOURNAL}: {e}")))?;
        Ok(Some(line.outcome))
    }

    fn line(&self, task: Task) -> Result<Option<String>> {
        let Some(entry) = self.entries.get(&task.number) else { return Ok(None) };
        let failed = |e| Error::reading(&self.path, e);
        let mut file = &self.file;
        file.seek(SeekFrom::Start(entry.at)).map_err(failed)?;
        let mut text = String::with_capacity(entry.bytes as usize);
        file.take(entry.bytes).read_to_string(&mut text).map_err(failed)?;
        Ok(Some(text))
    }

    /// Writes a copy into `dir`, with `header`, in the order of tasks.
    ///
    /// # Errors
    /// If it cannot be read or written.
    pub fn copy_sorted(&self, dir: &Path, header: &Header) -> Result<()> {
        let path = dir.join(JOURNAL);
        let failed = |e| Error::writing(&path, e);
        let mut out = BufWriter::new(File::create(&path).map_err(failed)?);
        out.write_all(line_of(header)?.as_bytes()).map_err(failed)?;
        for task in self.tasks() {
            if let Some(line) = self.line(task)? {
                out.write_all(line.as_bytes()).map_err(failed)?;
            }
        }
        out.flush().map_err(failed)
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::{PlanPoint, PlanPolicy};
    use super::*;
    use crate::scenario::variation::DrawnDays;

    fn header() -> Header {
        let policy =
            |name: &str| PlanPolicy { name: name.into(), description: String::new(), arguments: Vec::new() };
        let plan = Plan {
            gridfleet_version: "0".into(),
            study: "s".into(),
            description: String::new(),
            study_sha256: String::new(),
            scenario: "c".into(),
            scenario_sha256: String::new(),
            scenario_file: "c.toml".into(),
            seed: 7,
            confidence: 0.95,
            currency: "EUR".into(),
            start: String::new(),
            end: String::new(),
            warm_up_found_days: None,
            time_zone: String::new(),
            baseline: "a".into(),
            do_nothing: None,
            policies: vec![policy("a"), policy("b")],
            factors: Vec::new(),
            points: vec![PlanPoint { point: 0, values: BTreeMap::new() }],
            coalition_game: None,
            metrics: Vec::new(),
        };
        Header { fingerprint: "f".into(), shard: None, replications: 3, plan }
    }

    fn done(x: f64) -> Outcome {
        Outcome::Done(TaskResult {
            events: 5,
            figures: [("a".to_owned(), x)].into(),
            waits: vec![3, 1, 2, 4],
            power_from_hour: 0,
            power_kw: vec![0.5],
            days: DrawnDays::default(),
        })
    }

    #[test]
    fn what_was_cut_off_is_lost_and_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(dir.path(), header()).unwrap();
        let task = |number| journal_task(number);
        for number in [3, 0, 1] {
            journal.add(task(number), &done(number as f64)).unwrap();
        }
        drop(journal);
        let whole = std::fs::read(dir.path().join(JOURNAL)).unwrap();
        // A cut anywhere in the last line: the two lines before it remain, and a new one is appended to them.
        let last = whole[..whole.len() - 1].iter().rposition(|&b| b == b'\n').unwrap() + 1;
        for cut in [last, last + 1, whole.len() - 1] {
            std::fs::write(dir.path().join(JOURNAL), &whole[..cut]).unwrap();
            let mut journal = Journal::open(dir.path(), true).unwrap();
            assert!(journal.has(task(3)) && journal.has(task(0)) && !journal.has(task(1)));
            assert!(journal.outcome(task(3)).unwrap().is_some());
            journal.add(task(1), &done(1.0)).unwrap();
            drop(journal);
            assert_eq!(std::fs::read(dir.path().join(JOURNAL)).unwrap(), whole);
        }
        let journal = Journal::open(dir.path(), false).unwrap();
        assert_eq!(journal.header(), &header());
        assert_eq!(journal.outcome(task(3)).unwrap(), Some(done(3.0)));
        assert_eq!(journal.outcome(task(2)).unwrap(), None);
        let copy = tempfile::tempdir().unwrap();
        journal.copy_sorted(copy.path(), &header()).unwrap();
        let sorted = Journal::open(copy.path(), false).unwrap();
        let order: Vec<u64> = sorted.entries.values().map(|entry| entry.at).collect();
        assert!(order.is_sorted() && order.len() == 3);
    }

    #[test]
    fn a_damaged_journal_is_refused_or_loses_its_last_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(JOURNAL);
        let mut journal = Journal::create(dir.path(), header()).unwrap();
        for number in 0..4 {
            journal.add(journal_task(number), &done(number as f64)).unwrap();
        }
        drop(journal);
        let whole = std::fs::read(&path).unwrap();
        let results = |journal: &Journal| -> Vec<Outcome> {
            journal.tasks().map(|task| journal.outcome(task).unwrap().unwrap()).collect()
        };
        let expected: Vec<Outcome> = (0..4).map(|number| done(number as f64)).collect();
        for at in 0..whole.len() {
            // One bit of each byte flipped in turn, and the file cut off at this byte.
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << (at % 7);
            for (bytes, cut) in [(&flipped[..], false), (&whole[..at], true)] {
                std::fs::write(&path, bytes).unwrap();
                match Journal::open(dir.path(), false) {
                    Ok(journal) => {
                        let found = results(&journal);
                        assert!(expected.starts_with(&found), "{cut} at {at}: another result");
                        assert!(
                            cut || (at == whole.len() - 1 && found.len() == 3),
                            "accepted a flip at {at}"
                        );
                    }
                    Err(error) => assert!(error.is_input(), "{error}"),
                }
            }
            let header_ends = whole.iter().position(|&b| b == b'\n').unwrap();
            std::fs::write(&path, &whole[..at]).unwrap();
            assert_eq!(Journal::is_begun(dir.path()), at > header_ends, "{at}");
        }
    }

    fn journal_task(number: u64) -> Task {
        header().plan.task(number)
    }

    #[test]
    fn a_failure_may_be_repaired_and_a_result_recorded_once() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(dir.path(), header()).unwrap();
        journal.add(journal_task(1), &Outcome::Failed { error: "no".into() }).unwrap();
        assert!(!journal.has(journal_task(1)));
        journal.add(journal_task(1), &done(1.0)).unwrap();
        assert!(journal.has(journal_task(1)));
        drop(journal);
        let mut journal = Journal::open(dir.path(), true).unwrap();
        assert_eq!(journal.outcome(journal_task(1)).unwrap(), Some(done(1.0)));
        journal.add(journal_task(1), &done(1.0)).unwrap();
        drop(journal);
        let error = Journal::open(dir.path(), true).unwrap_err().to_string();
        assert!(error.contains("tasks.jsonl:4: found a task for the second time"), "{error}");
        std::fs::write(dir.path().join(JOURNAL), "{}\n").unwrap();
        assert!(Journal::open(dir.path(), true).unwrap_err().is_input());
    }

    #[test]
    fn one_process_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let _journal = Journal::create(dir.path(), header()).unwrap();
        let error = Journal::open(dir.path(), true).unwrap_err().to_string();
        assert!(error.contains("a study that is running"), "{error}");
    }

    #[test]
    fn waits_are_stored_as_steps() {
        let Outcome::Done(result) = done(0.0) else { unreachable!() };
        assert_eq!(result.waits().collect::<Vec<_>>(), [(3, 1), (5, 4)]);
    }
}
