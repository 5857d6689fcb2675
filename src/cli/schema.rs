//! `gridfleet schema`: keys of scenario and study files, columns of the output tables, figures of summaries.

use super::terminal;
use crate::error::{Error, Result};
use crate::ranges;
use crate::records::{definitions, dictionary};
use crate::scenario::ScenarioFile;
use crate::scenario::schema::schema_of;
use crate::studies::spec::StudyFile;
use clap::Args;

/// Arguments of `gridfleet schema`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gridfleet schema > scenario.schema.json\n  \
    and, as the first line of a scenario, for editors that know TOML schemas:\n  \
    #:schema ./scenario.schema.json\n  \
    gridfleet schema --study         of study files\n  \
    gridfleet schema --tables        the columns of the output tables, with types, units and meaning\n  \
    gridfleet schema --summary       the figures of summary.json, with units, meaning and how they add up\n  \
    gridfleet schema --inputs        the columns of the tables that scenarios name\n  \
    gridfleet schema --ranges        the ranges of numbers, in scenarios and in the columns of files")]
pub struct SchemaArgs {
    /// Print the data dictionary of the output tables, in Markdown, instead.
    #[arg(long)]
    pub tables: bool,
    /// Print the columns of the tables that scenarios name, in Markdown, instead.
    #[arg(long, conflicts_with_all = ["tables", "ranges", "study", "summary"])]
    pub inputs: bool,
    /// Print the ranges of numbers in scenarios and files, in Markdown, instead.
    #[arg(long, conflicts_with = "tables")]
    pub ranges: bool,
    /// Print the JSON Schema of study files instead.
    #[arg(long, conflicts_with_all = ["tables", "ranges"])]
    pub study: bool,
    /// Print the definitions of the figures of summary.json, in Markdown, instead.
    #[arg(long, conflicts_with_all = ["tables", "ranges", "study"])]
    pub summary: bool,
}

/// Runs `gridfleet schema`.
///
/// # Errors
/// If stdout cannot be written.
pub fn run(args: &SchemaArgs) -> Result<()> {
    if args.tables || args.summary {
        let text = if args.tables { dictionary::markdown() } else { definitions::markdown() };
        return terminal::print(&format!("{}\n", text.trim_end()));
    }
    if args.inputs {
        return terminal::print(&crate::datasets::dictionary::markdown());
    }
    if args.ranges {
        return terminal::print(&ranges::markdown());
    }
    let schema = if args.study { schema_of::<StudyFile>() } else { schema_of::<ScenarioFile>() };
    let mut text = serde_json::to_string_pretty(&schema).map_err(|error| Error::Other(error.to_string()))?;
    text.push('\n');
    terminal::print(&text)
}
