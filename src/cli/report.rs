//! `gridfleet report`: one HTML page for a folder of results.

use super::terminal;
use crate::error::Result;
use crate::outputs::summary::thousands;
use crate::report;
use clap::Args;
use std::path::PathBuf;

/// Arguments of `gridfleet report`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gridfleet report out/nyc-week\n  \
    gridfleet report out/charging-policies -o charging-policies.html\n\n\
    The page needs no network and no other file: it can be sent by mail.")]
pub struct ReportArgs {
    /// Folder of a run or of a study.
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
    /// File to write; an earlier report is replaced, any other file only with --force. Default: `report.html` in the
    /// folder.
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace the file, whatever it contains.
    #[arg(long)]
    pub force: bool,
}

/// Runs `gridfleet report`.
///
/// # Errors
/// If the folder does not contain results, or the page cannot be written.
pub fn run(args: &ReportArgs) -> Result<()> {
    let written = report::write(&args.dir, args.output.as_deref(), args.force)?;
    let size = thousands(written.bytes as f64 / 1e6, 1);
    terminal::print(&format!("{} ({size} MB)\n", written.path.display()))
}
