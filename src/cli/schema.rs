//! `gridfleet schema`: the JSON Schema of scenario files, for editors.

use super::terminal;
use crate::error::{Error, Result};
use clap::Args;

/// Arguments of `gridfleet schema`.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  \
    gridfleet schema > scenario.schema.json\n  \
    and, as the first line of a scenario, for editors that know TOML schemas:\n  \
    #:schema ./scenario.schema.json")]
pub struct SchemaArgs {}

/// Carries `gridfleet schema` out.
///
/// # Errors
/// If stdout cannot be written.
pub fn run(_args: &SchemaArgs) -> Result<()> {
    let schema = crate::scenario::schema::schema();
    let mut text = serde_json::to_string_pretty(&schema).map_err(|error| Error::Other(error.to_string()))?;
    text.push('\n');
    terminal::print(&text)
}
