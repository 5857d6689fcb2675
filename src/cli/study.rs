//! `gridfleet study`: compares policies over many replications; and `study merge`.

use super::progress::{self, StudyProgress};
use super::{interrupts, terminal};
use crate::error::{Error, InputError, Result};
use crate::outputs::Manifest;
use crate::studies::plan::Shard;
use crate::studies::run::{Finished, Options, work_dir};
use crate::studies::{self, load, merge};
use clap::{Args, Subcommand};
use std::path::{Path, PathBuf};

/// Arguments of `gridfleet study`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:\n  \
    gridfleet study scenarios/charging-policies.toml -r 200\n  \
    gridfleet study scenarios/charging-policies.toml -r 200 --resume     # after Ctrl-C, a crash or a reboot\n  \
    gridfleet study scenarios/charging-policies.toml -r 400 --resume     # more replications of a finished study\n  \
    gridfleet study scenarios/charging-policies.toml --shard 1/3 -o part1   # and 2/3, 3/3 elsewhere; then\n  \
    gridfleet study merge part1 part2 part3 -o out/charging-policies"
)]
pub struct StudyArgs {
    /// The study file.
    #[arg(value_name = "STUDY.toml", required = true)]
    pub study: Option<PathBuf>,
    /// Folder of results; replaced if it contains an earlier study, anything else only with --force. Default: `out/`
    /// and the name of the study.
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Replications, instead of the study file's.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub replications: Option<u32>,
    /// Threads; by default as many as there are cores. Results do not depend on it.
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub threads: Option<u16>,
    /// Run one of N parts, to be merged with the others.
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,
    /// Resume a study that was interrupted, or a finished one with more replications or other figures.
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
    /// Subcommand to run.
    #[command(subcommand)]
    pub command: Option<StudyCommand>,
    /// Take warnings for errors.
    #[arg(long)]
    pub strict: bool,
}

/// The commands of `study`.
#[derive(Debug, Subcommand)]
pub enum StudyCommand {
    /// Join the parts of a study into the result that one run would have given.
    Merge(MergeArgs),
}

/// Arguments of `gridfleet study merge`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  gridfleet study merge part1 part2 part3 -o out/charging-policies")]
pub struct MergeArgs {
    /// Folders of all parts.
    #[arg(value_name = "DIR", required = true)]
    pub parts: Vec<PathBuf>,
    /// Folder of results; replaced if it contains an earlier study, anything else only with --force.
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Replace any results of gridfleet in the folder, and any unfinished work for it.
    #[arg(long)]
    pub force: bool,
    /// Print errors only.
    #[arg(short, long)]
    pub quiet: bool,
}

/// Runs `gridfleet study`.
///
/// # Errors
/// If the study is wrong, results cannot be written, the user interrupts, or tasks have failed.
pub fn run(args: &StudyArgs) -> Result<()> {
    if let Some(StudyCommand::Merge(args)) = &args.command {
        return merged(args);
    }
    let Some(path) = &args.study else { return Err(InputError::new("nothing", "a study file").into()) };
    let stop = interrupts::listen()?;
    let study = load::load(path)?;
    terminal::heed(&study.warnings, args.strict)?;
    let output = args.output.clone().unwrap_or_else(|| Path::new("out").join(&study.plan.study));
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = args.threads.map_or_else(cores, usize::from);
    let visible = !args.quiet && terminal::moves();
    if !args.quiet {
        let plan = &study.plan;
        let most = if study.stop.is_some() { "at most " } else { "" };
        let shard = args.shard.map(|shard| format!(", part {shard}")).unwrap_or_default();
        terminal::message(&format!(
            "{}: {} policies, {} points, {most}{} replications{shard}, seed {}, results in {}\n",
            plan.study,
            plan.policies.len(),
            plan.points.len(),
            args.replications.unwrap_or(study.replications),
            plan.seed,
            output.display()
        ));
    }
    // The results contain the message of a policy's panic; on the terminal it would break the bar.
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if rayon::current_thread_index().is_none() {
            before(info);
        }
    }));
    let kept = format!("finished tasks are kept in {}; --resume continues", work_dir(&output).display());
    interrupts::keep(kept.clone());
    let progress = StudyProgress::new(visible);
    let (mut manifest, clock) = (Manifest::new(std::env::args().collect()), progress::Clock::start());
    manifest.started = clock.started();
    let options = Options {
        output: &output,
        threads,
        shard: args.shard,
        replications: args.replications,
        resume: args.resume,
        force: args.force,
        policies: &|_, specs, setup, streams| crate::engine::policies(specs, setup, streams),
        progress: &progress,
        stop,
        manifest,
        elapsed_s: &|| clock.elapsed_s(),
    };
    let finished = studies::run(&study, options);
    drop(progress);
    // Also with --quiet. If the input is invalid, no study was started.
    if matches!(&finished, Err(error) if !error.is_input()) && work_dir(&output).exists() {
        terminal::message(&format!("{kept}\n"));
    }
    tell(&finished?, &output, args.quiet, args.json)
}

fn merged(args: &MergeArgs) -> Result<()> {
    let clock = progress::Clock::start();
    let mut manifest = Manifest::new(std::env::args().collect());
    manifest.started = clock.started();
    let finished = merge::merge(&args.parts, &args.output, manifest, args.force)?;
    tell(&finished, &args.output, args.quiet, false)
}

/// Prints the results; failed tasks are an error, reported after everything else.
fn tell(finished: &Finished, output: &Path, quiet: bool, json: bool) -> Result<()> {
    let failed = match finished {
        Finished::Shard { shard, done, failed } => {
            if !quiet {
                terminal::print(&format!("{}: part {shard}, {done} tasks\n", output.display()))?;
            }
            *failed
        }
        Finished::Study(collated) => {
            if json {
                terminal::print(&collated.summary.to_json()?)?;
            } else if !quiet {
                terminal::print(&collated.summary.table(terminal::draws()))?;
            }
            collated.summary.failures.len()
        }
    };
    match failed {
        0 => Ok(()),
        1 => Err(Error::Other("1 task failed; everything else is kept".to_owned())),
        n => Err(Error::Other(format!("{n} tasks failed; everything else is kept"))),
    }
}
