//! `gridfleet schema`: what scenario files may hold, and what the output tables do.

use super::terminal;
use crate::error::{Error, Result};
use crate::records::dictionary;
use clap::Args;

/// Arguments of `gridfleet schema`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gridfleet schema > scenario.schema.json\n  \
    and, as the first line of a scenario, for editors that know TOML schemas:\n  \
    #:schema ./scenario.schema.json\n  \
    gridfleet schema --tables        the columns of the output tables, with types, units and meaning")]
pub struct SchemaArgs {
    /// Print the data dictionary of the output tables, in Markdown, instead.
    #[arg(long)]
    pub tables: bool,
}

/// Carries `gridfleet schema` out.
///
/// # Errors
/// If stdout cannot be written.
pub fn run(args: &SchemaArgs) -> Result<()> {
    if args.tables {
        let text = dictionary::markdown();
        return terminal::print(&format!("{}\n", text.trim_end()));
    }
    let schema = crate::scenario::schema::schema();
    let mut text = serde_json::to_string_pretty(&schema).map_err(|error| Error::Other(error.to_string()))?;
    text.push('\n');
    terminal::print(&text)
}
