//! `gridfleet data import sessions`: converts records of charging sessions to the canonical table.

use super::data::{CSV, check_output, pair, print};
use super::reading::{ReadArgs, judge};
use crate::datasets::describe::AsText;
use crate::datasets::sessions::{self, Options};
use crate::error::{Error, Result};
use crate::files;
use chrono_tz::Tz;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `gridfleet data import sessions`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  gridfleet data import sessions acndata_sessions.json -o sessions.csv
  gridfleet data import sessions records.csv --timezone Europe/Berlin \\
    --map arrival=Beginn,departure=Ende,energy_kwh=Energie:Wh -o sessions.csv")]
pub struct SessionArgs {
    /// Records of sessions: ACN, ElaadNL, Boulder, Allego, OCPI CDR, or any table with --map
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// CSV file to write, complete or not at all
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Time zone of times without offset
    #[arg(long, value_name = "TZ")]
    pub timezone: Option<Tz>,
    /// Canonical column = column of the file, several separated by commas; COLUMN:UNIT states a unit (Wh, kWh, MWh)
    #[arg(long, value_name = "NAME=COLUMN", value_delimiter = ',', value_parser = pair)]
    pub map: Vec<(String, String)>,
    /// Statements about the files.
    #[command(flatten)]
    pub reading: ReadArgs,
}

/// Runs the command.
///
/// # Errors
/// If the input is wrong or the table cannot be written.
pub fn run(args: SessionArgs) -> Result<()> {
    check_output(&args.output, &args.files, CSV)?;
    let options = Options {
        map: args.map.into_iter().collect(),
        timezone: args.timezone,
        reading: args.reading.reading(),
    };
    let read = sessions::read(&args.files, &options)?;
    let report = &read.report;
    if let Err(error) = judge(&args.reading, &report.warnings, report.unreadable(), report.rows_read) {
        super::terminal::message(&format!("{}\n", AsText(report)));
        return Err(error);
    }
    let mut text = Vec::new();
    sessions::write_csv(&read.sessions, &mut text).map_err(|e| Error::Other(e.to_string()))?;
    files::write(&args.output, &text).map_err(|e| Error::writing(&args.output, e))?;
    let span = match (read.sessions.first(), read.sessions.last()) {
        (Some(first), Some(last)) => format!("{} to {}", first.arrival.iso(), last.arrival.iso()),
        _ => String::new(),
    };
    print(&format!(
        "{}\n{}: {} sessions, {span}\n",
        AsText(report),
        args.output.display(),
        read.sessions.len()
    ))
}
