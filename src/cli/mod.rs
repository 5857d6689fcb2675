//! The command line: arguments in, results on stdout, messages on stderr.
//!
//! One file per command; none of them computes anything that the library does not offer.

pub mod completions;
pub mod data;
pub mod errors;
pub mod import_found;
mod import_prices;
pub mod import_sessions;
mod import_stations;
pub mod interrupts;
pub mod man;
pub mod migrate;
pub mod new;
pub mod progress;
pub mod reading;
pub mod report;
pub mod reproduce;
pub mod run;
pub mod schema;
pub mod solve;
pub mod starter;
pub mod study;
pub mod synth;
pub mod terminal;
pub mod train;
pub mod validate;

use crate::error::Result;
use crate::scenario::Overrides;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// Simulates fleets of electric vehicles, their chargers and electricity markets.
#[derive(Debug, Parser)]
#[command(
    name = "gridfleet",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "Examples, to start with:\n  gridfleet new my-town\n  gridfleet run my-town.toml\n\n\
                  Exit status: 0 done, 2 the input is wrong, 1 anything else."
)]
pub struct Cli {
    /// Command to run.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Simulate a scenario once.
    Run(run::RunArgs),
    /// Compare policies over many replications of a scenario.
    Study(study::StudyArgs),
    /// Train an agent to bid in markets.
    Train(train::TrainArgs),
    /// Recompute published tables and figures, and compare.
    Reproduce(reproduce::ReproduceArgs),
    /// Make one HTML page of a run or a study: figures, tables, charts.
    Report(report::ReportArgs),
    /// Check and describe a scenario or a study, without running it.
    Validate(validate::ValidateArgs),
    /// Import, describe and synthesise trips, prices and other data.
    #[command(
        subcommand,
        after_help = "Examples:\n  \
            gridfleet data synth nyc --requests 100000 -o raw.parquet\n  \
            gridfleet data synth nyc-zones -o zones.csv\n  \
            gridfleet data describe raw.parquet --zones zones.csv --timezone America/New_York\n  \
            gridfleet data import tlc raw.parquet --zones zones.csv -o trips.parquet"
    )]
    Data(DataCommands),
    /// Solve a game alone, without a simulation.
    #[command(
        subcommand,
        after_help = "Examples:\n  \
            gridfleet solve c-nash docs/c-nash.json\n  \
            gridfleet solve stackelberg docs/stackelberg.json\n  \
            gridfleet solve bilevel docs/bilevel.json --json\n\
            What a file holds: gridfleet solve GAME --help"
    )]
    Solve(solve::SolveCommand),
    /// Write a commented scenario to start from, with a small file of trips.
    New(new::NewArgs),
    /// Bring scenarios and studies of an older version to the present one.
    Migrate(migrate::MigrateArgs),
    /// Print the JSON Schema of scenario files, or the columns of the output tables.
    Schema(schema::SchemaArgs),
    /// Print a completion script for a shell.
    Completions(completions::CompletionsArgs),
    /// Print the manual page of a command, or write all of them into a folder.
    Man(man::ManArgs),
}

/// The commands of `data`.
#[derive(Debug, Subcommand)]
pub enum DataCommands {
    /// Commands on files.
    #[command(flatten)]
    Files(data::DataCommand),
    /// Synthesise data sets in the formats of the real ones
    #[command(
        subcommand,
        after_help = "Examples:\n  \
            gridfleet data synth nyc --requests 2000000 --days 31 -o big.parquet\n  \
            gridfleet data synth stuttgart --days 7 -o snapshots.parquet --stations-output stations.csv\n  \
            gridfleet data synth prices --shape germany --start 2016-11-28 --days 7 -o prices.csv"
    )]
    Synth(synth::SynthCommand),
}

impl DataCommands {
    fn execute(self) -> Result<()> {
        match self {
            Self::Files(command) => data::run(command),
            Self::Synth(command) => synth::run(command),
        }
    }
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// If the command fails.
    pub fn execute(self) -> Result<()> {
        // Before any long operation: reading, solving and drawing do not check whether to stop, so the process is ended
        // from another thread.
        interrupts::listen()?;
        match self {
            Self::Run(args) => run::run(&args),
            Self::Study(args) => study::run(&args),
            Self::Train(args) => train::run(&args),
            Self::Reproduce(args) => reproduce::run(&args),
            Self::Report(args) => report::run(&args),
            Self::Validate(args) => validate::run(&args),
            Self::Data(command) => command.execute(),
            Self::Solve(command) => command.execute(),
            Self::New(args) => new::run(&args),
            Self::Migrate(args) => migrate::run(&args),
            Self::Schema(args) => schema::run(&args),
            Self::Completions(args) => completions::run(&args),
            Self::Man(args) => man::run(&args),
        }
    }
}

/// Scenario and the changes to it.
#[derive(Debug, Args)]
pub struct ScenarioArgs {
    /// The scenario file.
    #[arg(value_name = "SCENARIO.toml")]
    pub scenario: PathBuf,
    /// Change a key of the scenario; may be given several times.
    ///
    /// Keys are joined by dots; entries of a list are addressed by position or by name:
    /// `fleets.0.vehicles.0.count=500`, `fleets.yellow.vehicles.0.count=500`. The value is TOML or plain text.
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Use this seed instead of the scenario's.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Use this policy of dispatch, charging, relocation or bidding, for example `nearest-idle` or
    /// `price-aware`; may be given several times.
    #[arg(long, value_name = "NAME")]
    pub policy: Vec<String>,
}

impl ScenarioArgs {
    /// The changes.
    pub fn overrides(&self) -> Overrides {
        Overrides { set: self.set.clone(), seed: self.seed, policies: self.policy.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
