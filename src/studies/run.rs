//! Runs the tasks of a study in parallel, and publishes the results.
//!
//! While a study runs, its journal is in a folder beside the target (`NAME.unfinished`). When all tasks have ended, the
//! results are written beside the target and renamed into place, and that folder is removed. The target therefore
//! contains complete results or none, and a study that was killed is resumed from its journal.

use super::collate::{Collated, collate};
use super::draws::Draws;
use super::journal::{Header, JOURNAL, Journal, Outcome};
use super::load::{Study, attributed};
use super::plan::{Plan, Shard, Task};
use super::results::SUMMARY;
use super::task::TaskResult;
use super::{pictures, tables, task};
use crate::error::{Error, InputError, Result};
pub use crate::outputs::kind::work_dir;
use crate::outputs::kind::{clear_work_dir, lock_work};
use crate::outputs::{Kind, Manifest, Replace, RunDir};
use crate::policies::{Policies, PolicySpecs};
use crate::rng::Streams;
use crate::run::pilot;
use crate::scenario::variation::DrawnDays;
use crate::scenario::{Recorded, Scenario};
use crate::statistics::stopping::{Rule, Verdict};
use crate::statistics::{Clusters, Sample};
use crate::world::Setup;
use rayon::prelude::*;
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Constructor of the policies of one replication; see [`crate::engine::policies`].
pub type MakePolicies<'a> = dyn Fn(&str, &PolicySpecs, &Arc<Setup>, Streams) -> Policies + Sync + 'a;

/// Receives the progress of a running study.
pub trait Progress: Sync {
    /// `done` of `all` tasks have ended; `estimate` summarises their results so far.
    fn update(&self, done: usize, all: usize, estimate: &str);
}

/// Discards progress.
impl Progress for () {
    fn update(&self, _: usize, _: usize, _: &str) {}
}

/// Options for running a study.
pub struct Options<'a> {
    /// Folder of results.
    pub output: &'a Path,
    /// Number of threads.
    pub threads: usize,
    /// Shard to run; all tasks if `None`.
    pub shard: Option<Shard>,
    /// Number of replications, instead of the study file's.
    pub replications: Option<u32>,
    /// Continue from the journal.
    pub resume: bool,
    /// Replace any results in the folder, and any unfinished work for it.
    pub force: bool,
    /// Makes the policies of a task, given the name of the policy, the scenario's policies, and the replication.
    pub policies: &'a MakePolicies<'a>,
    /// Receiver of progress.
    pub progress: &'a dyn Progress,
    /// Flag that stops the study; tasks that have ended are kept.
    pub stop: &'a AtomicBool,
    /// Entries of the manifest for this run: command, start.
    pub manifest: Manifest,
    /// Wall time since the start [s], for the manifest.
    pub elapsed_s: &'a (dyn Fn() -> f64 + Sync),
}

impl<'a> Options<'a> {
    /// The whole study on all cores, with the policies that its scenarios name; progress is discarded, and nothing
    /// stops it.
    pub fn new(output: &'a Path) -> Self {
        Self {
            output,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            shard: None,
            replications: None,
            resume: false,
            force: false,
            policies: &|_, specs, setup, streams| crate::engine::policies(specs, setup, streams),
            progress: &(),
            stop: &crate::run::NEVER,
            manifest: Manifest::new(Vec::new()),
            elapsed_s: &|| 0.0,
        }
    }
}

/// Result of running a study.
#[derive(Debug)]
#[non_exhaustive]
pub enum Finished {
    /// The whole study.
    Study(Box<Collated>),
    /// One shard, to be merged with the others.
    Shard {
        /// Shard that was run.
        shard: Shard,
        /// Number of tasks with a result.
        done: usize,
        /// Number of tasks without a result.
        failed: usize,
    },
}

impl Finished {
    /// The results as a table, or the number of tasks of a shard.
    pub fn table(&self) -> String {
        match self {
            Self::Study(collated) => collated.summary.table(false),
            Self::Shard { shard, done, .. } => format!("part {shard}, {done} tasks\n"),
        }
    }
}

/// Runs a study.
///
/// # Errors
/// [`Error::Input`] if the folder, the journal or the recorded trips are invalid; [`Error::Other`] if stopped. Tasks
/// that fail are not errors: they are in the summary.
pub fn run(study: &Study, options: Options<'_>) -> Result<Finished> {
    let replications = options.replications.unwrap_or(study.replications);
    if study.stop.is_some() && options.shard.is_some() {
        return Err(InputError::new("a stopping rule and --shard", "one of them")
            .help("a part of the replications cannot tell whether all of them are enough; remove [stop]")
            .into());
    }
    let fingerprint = study.fingerprint()?;
    let _writer = lock_work(options.output)?;
    // Checks before the work, not after it, that the target can be written.
    drop(RunDir::create(options.output, Kind::Study, Replace::of(options.resume, options.force))?);
    let recorded = sources(study)?;
    let source: Vec<usize> = study.arms.iter().map(|arm| source_of(study, &recorded, arm)).collect();
    let mut plan = study.plan.clone();
    let mut arms = Cow::Borrowed(study.arms.as_slice());
    if study.arms.iter().any(Scenario::settles) {
        let workers =
            Workers { plan: &plan, arms: &arms, options: &options, recorded: &recorded, source: &source };
        let days = workers.warm_up_days(&study.inputs[0])?;
        arms = Cow::Owned(study.arms.iter().map(|arm| arm.with_warm_up(days)).collect::<Result<_>>()?);
        plan.warm_up_found_days = Some(days);
    }
    let header = Header { fingerprint, shard: options.shard, replications, plan };
    let mut journal = open(&header, &options)?;
    let workers =
        Workers { plan: &header.plan, arms: &arms, options: &options, recorded: &recorded, source: &source };

    let mut replications = replications;
    if let Some(stop) = &study.stop {
        let rule = Rule {
            relative_half_width: stop.relative_half_width,
            level: study.plan.confidence,
            min: stop.min as usize,
            step: stop.every as usize,
            max: replications as usize,
        };
        let mut until = rule.min.min(rule.max);
        loop {
            workers.work(&mut journal, until as u32)?;
            let (values, clusters) = samples(&journal, &stop.metric, until as u32)?;
            let precise = || {
                values.iter().zip(&clusters).all(|(values, clusters)| rule.is_precise_over(values, clusters))
            };
            // Replications that failed have no value: they cannot be checked here, and are reported at the end.
            match rule.decide_by(precise, values.first().map_or(until, Vec::len)) {
                Verdict::Continue { until: next } if next > until => until = next.min(rule.max),
                _ => break,
            }
        }
        replications = until as u32;
    } else {
        workers.work(&mut journal, replications)?;
    }
    let header = Header { replications, ..header.clone() };
    let mut manifest = options.manifest;
    manifest.threads = options.threads;
    manifest.inputs =
        study.inputs.iter().map(|path| crate::outputs::InputFile::of(path)).collect::<Result<_>>()?;
    manifest.wall_time_s = (options.elapsed_s)();
    let finished = publish(&journal, &header, options.output, manifest, Replace::of(true, options.force))?;
    drop(journal);
    // Best effort: a leftover work directory is harmless.
    let _ = clear_work_dir(options.output);
    Ok(finished)
}

/// Computes the results and puts them into place.
pub(super) fn publish(
    journal: &Journal,
    header: &Header,
    output: &Path,
    mut manifest: Manifest,
    replace: Replace,
) -> Result<Finished> {
    manifest.kind = Kind::Study;
    let dir = RunDir::create_after_work(output, Kind::Study, replace)?;
    journal.copy_sorted(dir.path(), header)?;
    let finished = if let Some(shard) = header.shard {
        let (done, failed): (Vec<Task>, Vec<Task>) = journal.tasks().partition(|&task| journal.has(task));
        Finished::Shard { shard, done: done.len(), failed: failed.len() }
    } else {
        let collated = collate(journal, header)?;
        tables::all(dir.path(), &collated)?;
        pictures::all(dir.path(), &collated)?;
        let path = dir.path().join(SUMMARY);
        std::fs::write(&path, collated.summary.to_json()?).map_err(|e| Error::writing(&path, e))?;
        Finished::Study(Box::new(collated))
    };
    manifest.write(dir.path())?;
    dir.finish()?;
    Ok(finished)
}

/// Opens the journal for writing: an empty one, or the one to resume.
fn open(header: &Header, options: &Options<'_>) -> Result<Journal> {
    let work_dir = work_dir(options.output);
    let begun = Journal::is_begun(&work_dir);
    if !options.resume {
        // An unfinished study was refused earlier, or is to be started again.
        clear_work_dir(options.output).map_err(|e| Error::writing(&work_dir, e))?;
        std::fs::create_dir_all(&work_dir).map_err(|e| Error::writing(&work_dir, e))?;
        let journal = Journal::create(&work_dir, header.clone())?;
        return Ok(journal);
    }
    if !begun {
        // A finished study may be resumed too, for more replications or other figures.
        let finished = options.output.join(JOURNAL);
        if !finished.exists() {
            return Err(InputError::new("no journal of a study", "a study to go on with")
                .file(&work_dir)
                .help("leave --resume out to begin one")
                .into());
        }
        let before = Journal::open(options.output, false)?;
        fits(before.header(), header, &finished)?;
        std::fs::create_dir_all(&work_dir).map_err(|e| Error::writing(&work_dir, e))?;
        before.copy_sorted(&work_dir, header)?;
    }
    let journal = Journal::open(&work_dir, true)?;
    fits(journal.header(), header, &work_dir.join(JOURNAL))?;
    // Figures, baseline and number of replications may have changed: the new ones apply.
    Ok(journal.with_header(header.clone()))
}

/// Checks that a journal belongs to this study.
pub(super) fn fits(found: &Header, ours: &Header, file: &Path) -> Result<()> {
    let wrong = |found: &str, expected: &str| {
        Err(InputError::new(found, expected)
            .file(file)
            .help("start again in another folder with -o DIR")
            .into())
    };
    if found.plan.gridfleet_version != ours.plan.gridfleet_version {
        return wrong(
            &format!("results of version {}", found.plan.gridfleet_version),
            &ours.plan.gridfleet_version,
        );
    }
    if !found.plan.is_part_of(&ours.plan) {
        return wrong("another study, or one that has changed since", "the study as it is now");
    }
    if found.fingerprint != ours.fingerprint {
        return wrong("results of other input files or of another scenario", "the same files as before");
    }
    if found.shard != ours.shard {
        let name = |shard: Option<Shard>| shard.map_or("the whole study".to_owned(), |s| format!("part {s}"));
        return wrong(&name(found.shard), &name(ours.shard));
    }
    Ok(())
}

/// Distinct inputs of the arms: (an arm that reads it, the trips).
fn sources(study: &Study) -> Result<Vec<(usize, Recorded)>> {
    let mut sources: Vec<(usize, Recorded)> = Vec::new();
    for (i, arm) in study.arms.iter().enumerate() {
        if !sources.iter().any(|(other, _)| study.arms[*other].reads_like(arm)) {
            sources.push((i, arm.read()?));
        }
    }
    Ok(sources)
}

fn source_of(study: &Study, sources: &[(usize, Recorded)], arm: &crate::scenario::Scenario) -> usize {
    sources.iter().position(|(other, _)| study.arms[*other].reads_like(arm)).unwrap_or(0)
}

/// Values of a figure by arm, over the replications that all arms have, and the clusters of replications with the same
/// draws.
fn samples(journal: &Journal, metric: &str, replications: u32) -> Result<(Vec<Vec<f64>>, Vec<Clusters>)> {
    let plan = &journal.header().plan;
    let mut table = vec![vec![f64::NAN; replications as usize]; plan.arms()];
    let mut draws = Draws::new(plan.arms(), replications);
    for task in journal.tasks().filter(|task| task.replication < replications) {
        if let Some(Outcome::Done(result)) = journal.outcome(task)?
            && let Some(&value) = result.figures.get(metric)
        {
            let arm = plan.arm(task.policy, task.point);
            table[arm][task.replication as usize] = value;
            draws.add(arm, task.replication, result.days);
        }
    }
    let common: Vec<usize> =
        (0..replications as usize).filter(|&r| table.iter().all(|values| values[r].is_finite())).collect();
    let clusters = (0..plan.arms()).map(|arm| draws.clusters(&[arm], &common)).collect();
    Ok((table.iter().map(|values| common.iter().map(|&r| values[r]).collect()).collect(), clusters))
}

/// Thread pool of a study.
fn pool(threads: usize) -> Result<rayon::ThreadPool> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| Error::Other(format!("cannot start {threads} threads: {error}")))
}

/// Workers that run the tasks of a study.
struct Workers<'a> {
    plan: &'a Plan,
    /// Scenarios by [`Plan::arm`].
    arms: &'a [Scenario],
    options: &'a Options<'a>,
    recorded: &'a [(usize, Recorded)],
    source: &'a [usize],
}

/// State shared by the workers.
struct Shared<'a> {
    journal: &'a mut Journal,
    done: usize,
    /// Values of the first figure, by arm.
    values: Vec<Vec<f64>>,
    error: Option<Error>,
}

impl Workers<'_> {
    /// Runs the remaining tasks of the first `replications`.
    fn work(&self, journal: &mut Journal, replications: u32) -> Result<()> {
        let plan = self.plan;
        let all: Vec<Task> = plan.tasks(0, replications, self.options.shard).collect();
        let open: Vec<Task> = all.iter().copied().filter(|&task| !journal.has(task)).collect();
        let done = all.len() - open.len();
        let mut values = vec![Vec::new(); plan.arms()];
        if let Some(metric) = plan.metrics.first() {
            for &task in &all {
                if let Some(Outcome::Done(result)) = journal.outcome(task)? {
                    values[plan.arm(task.policy, task.point)].extend(result.figures.get(&metric.name));
                }
            }
        }
        self.options.progress.update(done, all.len(), "");
        let shared = Mutex::new(Shared { journal, done, values, error: None });
        let next = AtomicUsize::new(0);
        let pool = pool(self.options.threads)?;
        // Tasks are taken in order, so that an interrupted study has complete replications.
        pool.scope(|scope| {
            for _ in 0..self.options.threads.min(open.len()) {
                scope.spawn(|_| {
                    while let Some(&task) = open.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if !self.task(task, &shared, all.len()) {
                            break;
                        }
                    }
                });
            }
        });
        let shared = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        match shared.error {
            Some(error) => Err(error),
            None if self.options.stop.load(Ordering::Relaxed) => Err(Error::Other(format!(
                "interrupted; {} of {} tasks are done and kept: --resume continues",
                shared.done,
                all.len()
            ))),
            None => Ok(()),
        }
    }

    /// Runs one task and writes its line; returns whether to continue.
    fn task(&self, task: Task, shared: &Mutex<Shared<'_>>, all: usize) -> bool {
        if self.options.stop.load(Ordering::Relaxed) {
            return false;
        }
        let outcome = match self.outcome(task) {
            Ok(outcome) => outcome,
            // The task was stopped, which is not a failure.
            Err(_) => return false,
        };
        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = shared.journal.add(task, &outcome) {
            shared.error.get_or_insert(error);
            return false;
        }
        shared.done += 1;
        if let Outcome::Done(result) = &outcome
            && let Some(metric) = self.plan.metrics.first()
        {
            shared.values[self.plan.arm(task.policy, task.point)].extend(result.figures.get(&metric.name));
        }
        let estimate = self.estimate(&shared.values);
        self.options.progress.update(shared.done, all, &estimate);
        shared.error.is_none()
    }

    /// Outcome of a task; an error if it was interrupted.
    fn outcome(&self, task: Task) -> Result<Outcome> {
        let result = self.replication(task, |setup, policies, streams| {
            task::simulate(setup, policies, streams, self.options.stop)
        });
        match result {
            Ok((result, days)) => Ok(Outcome::Done(TaskResult { days, ..result })),
            Err(Error::Interrupted) => Err(Error::Interrupted),
            Err(error) => Ok(Outcome::Failed { error: error.to_string() }),
        }
    }

    /// Builds the world and the policies of a task, and runs `work` with them; also returns the days that were drawn. A
    /// panic becomes an error.
    fn replication<T>(
        &self,
        task: Task,
        work: impl Fn(Arc<Setup>, Policies, Streams) -> Result<T>,
    ) -> Result<(T, DrawnDays)> {
        let plan = self.plan;
        let arm = plan.arm(task.policy, task.point);
        let streams = Streams { seed: plan.seed, replication: task.replication };
        // Policies may be custom code: a panic fails this task and no other.
        let result = catch_unwind(AssertUnwindSafe(|| {
            let (_, recorded) = &self.recorded[self.source[arm]];
            let (setup, prepared) = self.arms[arm].build_from(recorded, streams)?;
            let setup = Arc::new(setup);
            let name = &plan.policies[task.policy].name;
            let policies = (self.options.policies)(name, &prepared.policies, &setup, streams);
            Ok((work(setup, policies, streams)?, prepared.days))
        }));
        result.unwrap_or_else(|panic| {
            let text = panic
                .downcast_ref::<String>()
                .map(String::as_str)
                .or_else(|| panic.downcast_ref::<&str>().copied());
            Err(Error::Other(format!("panic: {}", text.unwrap_or("without a message"))))
        })
    }

    /// The longest warm-up that any arm needs in the first replication [d], over all arms regardless of the shard; the
    /// error of the first arm that has one.
    fn warm_up_days(&self, study: &Path) -> Result<i64> {
        let arms: Vec<Task> = self.plan.tasks(0, 1, None).collect();
        let done = AtomicUsize::new(0);
        let pilot = |&task: &Task| {
            let days = self.replication(task, |setup, policies, streams| {
                pilot::warm_up_days(&setup, policies, streams, self.options.stop)
            });
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            self.options.progress.update(done, arms.len(), "pilot runs that find the warm-up");
            (task, days.map(|(days, _)| days))
        };
        let pool = pool(self.options.threads)?;
        let found: Vec<(Task, Result<Option<i64>>)> = pool.install(|| arms.par_iter().map(pilot).collect());
        let mut longest = 0;
        for (task, days) in found {
            let name = &self.plan.policies[task.policy].name;
            match days {
                Ok(Some(days)) => longest = longest.max(days),
                Ok(None) => {
                    let error = self.arms[self.plan.arm(task.policy, task.point)].not_settled();
                    return Err(attributed(error, study, &format!("policy \"{name}\"")));
                }
                Err(error @ (Error::Other(_) | Error::Failed(_))) => {
                    return Err(Error::Other(format!("pilot run of policy \"{name}\": {error}")));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(longest)
    }

    /// Best policy so far in the first figure.
    fn estimate(&self, values: &[Vec<f64>]) -> String {
        let plan = self.plan;
        let Some(metric) = plan.metrics.first() else { return String::new() };
        let samples = values.iter().enumerate().filter_map(|(arm, values)| Some((arm, Sample::of(values)?)));
        let lower = metric.better.as_deref() == Some("lower");
        let best = samples.reduce(|a, b| {
            let better = if lower { b.1.mean < a.1.mean } else { b.1.mean > a.1.mean };
            if better { b } else { a }
        });
        let Some((arm, sample)) = best else { return String::new() };
        let half = sample.t_interval(plan.confidence).map(|interval| interval.half_width());
        let policy = &plan.policies[arm % plan.policies.len()].name;
        format!("{policy}: {} {}", metric.name, super::results::plus_minus(sample.mean, half))
    }
}
