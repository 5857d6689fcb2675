//! `gridfleet train`: trains an agent that bids.

use super::progress::{Clock, TrainProgress};
use super::{ScenarioArgs, interrupts, terminal};
use crate::error::{Error, InputError, Result};
use crate::learning::Checkpoint;
use crate::outputs::kind::{clear_work_dir, work_dir};
use crate::outputs::{InputFile, Kind, Manifest, Replace, RunDir};
use crate::training::results::{self, AGENT, Summary};
use crate::training::{Course, Trainer};
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Arguments of `gridfleet train`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gridfleet train scenarios/stuttgart-rl.toml\n  \
    gridfleet train scenarios/stuttgart-rl.toml --resume                    # after Ctrl-C, a crash or a reboot\n  \
    gridfleet train scenarios/stuttgart-rl.toml --steps 500000 --resume     # longer than before\n  \
    gridfleet train scenarios/stuttgart-rl.toml --set training.agent.kind=q-learning -o out/table\n\n\
    The agent is used by `bidding = { kind = \"learned\", file = \"agent.gridfleet\" }` in any scenario.")]
pub struct TrainArgs {
    /// Scenario with a table `[training]`, and the changes to it.
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// Folder of results; one with results or an unfinished training is replaced only with --force. Default: `out/` and
    /// the name of the scenario.
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Steps of a quarter of an hour, instead of the scenario's.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    pub steps: Option<u64>,
    /// Resume a training that was interrupted, or a finished one for more steps.
    #[arg(long)]
    pub resume: bool,
    /// Replace any results of gridfleet in the folder, and any unfinished work for it.
    #[arg(long)]
    pub force: bool,
    /// Print errors only.
    #[arg(short, long)]
    pub quiet: bool,
    /// Print only the contents of summary.json on stdout.
    #[arg(long)]
    pub json: bool,
}

/// Runs `gridfleet train`.
///
/// # Errors
/// If the scenario or a checkpoint is wrong, results cannot be written, or the user interrupts.
pub fn run(args: &TrainArgs) -> Result<()> {
    let stop = interrupts::listen()?;
    let clock = Clock::start();
    let mut overrides = args.scenario.overrides();
    overrides.set.extend(args.steps.map(|steps| format!("training.steps={steps}")));
    let course = Course::load(&args.scenario.scenario, &overrides)?;
    terminal::warn(&course.warnings);
    let output = args.output.clone().unwrap_or_else(|| Path::new("out").join(&course.name));
    let work_dir = work_dir(&output);
    let hash = results::hash(&course)?;
    let inputs = course.inputs.clone();
    // Checks before the work that the folder can be written.
    let dir = RunDir::create(&output, Kind::Training, Replace::of(args.resume, args.force))?;
    if !args.resume {
        clear_work_dir(&output).map_err(|e| Error::writing(&work_dir, e))?;
    }
    let mut trainer =
        if args.resume { resumed(course, hash, &work_dir, &output)? } else { Trainer::new(course, hash)? };
    if !args.quiet {
        terminal::message(&format!(
            "{}: {} of {} steps, results in {}\n",
            trainer.course().name,
            trainer.steps(),
            trainer.all_steps(),
            output.display()
        ));
    }
    std::fs::create_dir_all(&work_dir).map_err(|e| Error::writing(&work_dir, e))?;
    let kept = work_dir.join(AGENT);
    if kept.is_file() {
        interrupts::keep(kept_steps(trainer.steps(), &kept));
    }
    let progress = TrainProgress::new(trainer.all_steps(), !args.quiet && terminal::moves());
    rounds(&mut trainer, &kept, progress, stop)?;
    let summary = Summary::of(&trainer)?;
    results::write(dir.path(), &trainer, &summary)?;
    let mut manifest = Manifest::new(std::env::args().collect());
    manifest.kind = Kind::Training;
    manifest.started = clock.started();
    manifest.inputs = inputs.iter().map(|path| InputFile::of(path)).collect::<Result<_>>()?;
    manifest.threads = std::thread::available_parallelism().map_or(1, usize::from);
    manifest.wall_time_s = clock.elapsed_s();
    manifest.write(dir.path())?;
    dir.finish()?;
    clear_work_dir(&output).map_err(|e| Error::writing(&work_dir, e))?;
    if args.json {
        terminal::print(&summary.to_json()?)
    } else if args.quiet {
        Ok(())
    } else {
        terminal::print(&summary.text())
    }
}

/// The training whose checkpoint is in the folder of work in progress, or otherwise in that of results.
fn resumed(course: Course, hash: String, work_dir: &Path, output: &Path) -> Result<Trainer> {
    let path = [work_dir, output].map(|folder| folder.join(AGENT)).into_iter().find(|path| path.is_file());
    let Some(path) = path else {
        let found = format!("no {AGENT} in {} nor in {}", work_dir.display(), output.display());
        return Err(InputError::new(found, "a training that was interrupted, or a finished one")
            .key("--resume")
            .help("without --resume a new one starts")
            .into());
    };
    let checkpoint = Checkpoint::read(&path)?;
    Trainer::resume(course, hash, &checkpoint).map_err(|error| in_file(error, &path))
}

/// Trains to the end, with a checkpoint in `kept` every few weeks, at the end and upon an interruption.
fn rounds(trainer: &mut Trainer, kept: &Path, progress: TrainProgress, stop: &AtomicBool) -> Result<()> {
    let every = u64::from(trainer.course().spec.checkpoint_weeks);
    while !trainer.is_done() {
        trainer.round()?;
        progress.update(trainer);
        let stopped = stop.load(Ordering::Relaxed);
        if stopped || trainer.rounds().is_multiple_of(every) {
            trainer.checkpoint().write(kept)?;
            interrupts::keep(kept_steps(trainer.steps(), kept));
        }
        if stopped {
            drop(progress);
            return Err(Error::Other(format!("interrupted; {}", kept_steps(trainer.steps(), kept))));
        }
    }
    drop(progress);
    trainer.checkpoint().write(kept)
}

/// Message about the checkpoint of an interrupted training.
fn kept_steps(steps: u64, file: &Path) -> String {
    format!("{steps} steps are kept in {}; --resume continues", file.display())
}

/// Adds the file to errors that name none.
fn in_file(error: Error, path: &Path) -> Error {
    match error {
        Error::Input(errors) => Error::Input(
            errors.into_iter().map(|e| if e.file.is_none() { e.file(path) } else { e }).collect(),
        ),
        other => other,
    }
}
