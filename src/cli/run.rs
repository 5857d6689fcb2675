//! `gridfleet run`: one replication of a scenario.

use super::progress;
use super::{ScenarioArgs, interrupts, terminal};
use crate::error::Result;
use crate::outputs::Replace;
use crate::run::Run;
use crate::time::SimTime;
use clap::Args;
use std::path::{Path, PathBuf};

/// Arguments of `gridfleet run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gridfleet run scenarios/nyc-week.toml\n  \
    gridfleet run scenarios/nyc-week.toml -o out/fewer --set fleets.yellow.vehicles.0.count=300\n  \
    gridfleet run scenarios/small.toml --policy nearest-idle --policy price-aware --audit\n  \
    gridfleet run scenarios/small.toml --json | jq .service_rate")]
pub struct RunArgs {
    /// Scenario and the changes to it.
    #[command(flatten)]
    pub scenario: ScenarioArgs,
    /// Folder of results; replaced if it contains an earlier run, anything else only with --force. Default: `out/` and
    /// the name of the scenario.
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Replication: the same scenario with other random numbers.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub replication: u32,
    /// Replace any results of gridfleet in the folder, and any unfinished work for it.
    #[arg(long)]
    pub force: bool,
    /// Print errors only.
    #[arg(short, long)]
    pub quiet: bool,
    /// Print only the contents of summary.json on stdout.
    #[arg(long)]
    pub json: bool,
    /// Recompute charge, energy and money from the written tables, and fail if they do not add up.
    #[arg(long)]
    pub audit: bool,
    /// Take warnings for errors.
    #[arg(long)]
    pub strict: bool,
}

/// Runs `gridfleet run`.
///
/// # Errors
/// If the scenario is wrong, the results cannot be written, or the user interrupts.
pub fn run(args: &RunArgs) -> Result<()> {
    let stop = interrupts::listen()?;
    let run = Run::with(&args.scenario.scenario, args.scenario.overrides())?.replication(args.replication);
    terminal::heed(&run.scenario().warnings, args.strict)?;
    let (spec, (start, end)) = (&run.scenario().spec, run.scenario().period());
    let output = args.output.clone().unwrap_or_else(|| Path::new("out").join(&spec.name));
    if !args.quiet {
        terminal::message(&format!(
            "{}: {} to {}, seed {}, replication {}, results in {}\n",
            spec.name,
            start.iso(),
            end.iso(),
            run.streams().seed,
            args.replication,
            output.display()
        ));
    }
    let bar = Bar {
        bar: progress::Progress::new(start, end, !args.quiet && terminal::moves()),
        output: output.clone(),
        quiet: args.quiet,
        strict: args.strict,
    };
    let written = run
        .audit(args.audit)
        .replace(Replace::of(false, args.force))
        .progress(&bar)
        .stop(stop)
        .command(std::env::args().collect())
        .write_to(&output)?;
    drop(bar);
    let mut table = written.summary.table(terminal::draws());
    if !table.ends_with('\n') {
        table.push('\n');
    }
    if let Some(report) = written.audit {
        table.push_str(&format!("\n{}\n", report.into_result()?.render().trim_end()));
    }
    if args.json {
        terminal::print(&written.summary.to_json()?)
    } else if args.quiet {
        Ok(())
    } else {
        terminal::print(&table)
    }
}

/// Progress bar of a run, and the message of an interrupted one.
struct Bar {
    bar: progress::Progress,
    output: PathBuf,
    quiet: bool,
    strict: bool,
}

impl crate::run::Progress for Bar {
    fn update(&self, now: SimTime, events: u64) {
        self.bar.update(now, events);
    }

    fn read(&self, warnings: &[String]) -> Result<()> {
        terminal::heed(warnings, self.strict)
    }

    fn settled(&self, days: i64) {
        if !self.quiet {
            let found = match days {
                0 => "none, queues and charge are settled from the start".to_owned(),
                1 => "1 day, when queues and charge had settled".to_owned(),
                days => format!("{days} days, when queues and charge had settled"),
            };
            terminal::message(&format!("warm-up: {found}\n"));
        }
    }

    fn written(&self, _: &Path) {
        interrupts::keep(format!("the results are complete in {}", self.output.display()));
    }
}
