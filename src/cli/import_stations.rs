//! `gridfleet data import stations`: converts registers of charging stations to the canonical table.

use super::data::{CSV, check_output, print};
use super::reading::{ReadArgs, judge};
use crate::datasets::registers;
use crate::error::{Error, Result};
use crate::files;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `data import stations`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  gridfleet data import stations Ladesaeulenregister.csv --where Ort=Köln -o stations.csv")]
pub struct StationArgs {
    /// Registers: AFDC (US), Bundesnetzagentur (Germany), OpenChargeMap, OCPI locations or stations of HIVE
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// CSV file to write, complete or not at all
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// Statements about the files.
    #[command(flatten)]
    pub reading: ReadArgs,
}

/// Runs the command.
///
/// # Errors
/// If the input is wrong or the table cannot be written.
pub fn run(args: &StationArgs) -> Result<()> {
    check_output(&args.output, &args.files, CSV)?;
    let reading = args.reading.reading();
    let register = registers::read(&args.files, &reading)?;
    let report = &register.report;
    judge(&args.reading, &report.warnings, report.unreadable(), report.rows_read)?;
    let mut text = Vec::new();
    crate::datasets::stations::write_csv(&register.stations, &mut text)
        .map_err(|e| Error::Other(e.to_string()))?;
    files::write(&args.output, &text).map_err(|e| Error::writing(&args.output, e))?;
    let stations = register.stations.len();
    print(&format!(
        "{}\n{}: {stations} stations\n",
        crate::datasets::describe::AsText(report),
        args.output.display()
    ))
}
