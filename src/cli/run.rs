//! `gridfleet run`: one replication of a scenario.

use super::progress::Progress;
use super::{ScenarioArgs, terminal};
use crate::error::{Error, Result};
use crate::rng::Streams;
use crate::scenario::{self, Prepared};
use crate::world::Setup;
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Arguments of `gridfleet run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gridfleet run scenarios/nyc-week.toml\n  \
    gridfleet run scenarios/nyc-week.toml -o out/fewer --set fleets.yellow.vehicles.0.count=300\n  \
    gridfleet run scenarios/small.toml --policy nearest-idle --policy price-aware --audit\n  \
    gridfleet run scenarios/small.toml --json | jq .total")]
pub struct RunArgs {
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// Folder of results; replaced if it holds an earlier run. Default: out/<name of the scenario>.
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Replication: the same scenario with other random numbers.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub replication: u32,
    /// Print errors only.
    #[arg(short, long)]
    pub quiet: bool,
    /// Print the contents of summary.json alone on stdout.
    #[arg(long)]
    pub json: bool,
    /// Recompute charge, energy and money from the tables written, and fail if they do not add up.
    #[arg(long)]
    pub audit: bool,
}

/// Carries `gridfleet run` out.
///
/// # Errors
/// If the scenario is wrong, the results cannot be written, or the user interrupts.
pub fn run(args: &RunArgs) -> Result<()> {
    let stop = interrupts()?;
    let scenario = scenario::load(&args.scenario.scenario, &args.scenario.overrides())?;
    let streams = Streams { seed: scenario.seed(), replication: args.replication };
    let output = args.output.clone().unwrap_or_else(|| Path::new("out").join(&scenario.spec.name));
    let visible = !args.quiet && terminal::moves();
    if !args.quiet {
        let (start, end) = scenario.period();
        terminal::message(&format!(
            "{}: {} to {}, seed {}, replication {}, policies {} and {}, results in {}\n",
            scenario.spec.name,
            start.iso(),
            end.iso(),
            streams.seed,
            streams.replication,
            scenario.spec.operation.dispatch.name(),
            scenario.spec.operation.charging.name(),
            output.display()
        ));
    }
    let (setup, prepared) = scenario.build(streams)?;
    check(stop)?;
    let progress = Progress::new(setup.start, setup.end, visible);
    let job = Job { setup: Arc::new(setup), prepared, streams, output, audit: args.audit };
    let outcome = simulate(&job, &progress, stop)?;
    drop(progress);
    if args.json {
        terminal::print(&outcome.summary_json)
    } else if args.quiet {
        Ok(())
    } else {
        terminal::print(&outcome.table)
    }
}

/// One replication to be carried out.
#[derive(Debug)]
pub struct Job {
    /// The world.
    pub setup: Arc<Setup>,
    /// Policies, outputs and where it all came from.
    pub prepared: Prepared,
    /// Randomness.
    pub streams: Streams,
    /// Folder of results.
    pub output: PathBuf,
    /// Whether the tables written are audited.
    pub audit: bool,
}

/// What a replication leaves besides its files.
#[derive(Debug)]
pub struct Outcome {
    /// Contents of `summary.json`.
    pub summary_json: String,
    /// The summary for people.
    pub table: String,
}

/// Runs the simulation day by day and writes its results. The only function here that knows engine
/// and outputs.
fn simulate(job: &Job, progress: &Progress, stop: &AtomicBool) -> Result<Outcome> {
    progress.update(job.setup.start, 0);
    check(stop)?;
    Err(Error::Other("this version has no engine: it checks scenarios only".to_owned()))
}

/// Stops if the user has asked for it.
fn check(stop: &AtomicBool) -> Result<()> {
    if stop.load(Ordering::Relaxed) { Err(Error::Interrupted) } else { Ok(()) }
}

/// A flag that Ctrl-C sets, also `SIGTERM` and `SIGHUP`.
fn interrupts() -> Result<&'static AtomicBool> {
    static STOP: AtomicBool = AtomicBool::new(false);
    match ctrlc::set_handler(|| STOP.store(true, Ordering::Relaxed)) {
        Ok(()) | Err(ctrlc::Error::MultipleHandlers) => Ok(&STOP),
        Err(error) => Err(Error::Other(format!("cannot listen for Ctrl-C: {error}"))),
    }
}
