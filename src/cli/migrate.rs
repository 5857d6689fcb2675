//! `gridfleet migrate`: brings scenario and study files to the present version of their format.

use super::terminal;
use crate::error::{Error, InputError, Result};
use crate::files;
use crate::names::VERSION;
use crate::scenario::{read_text, version};
use clap::Args;
use std::path::PathBuf;

/// Arguments of `gridfleet migrate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gridfleet migrate town.toml               replaces the names of version 1 in the file\n  \
    gridfleet migrate *.toml                  several scenarios and studies\n  \
    gridfleet migrate town.toml -o new.toml   leaves the file as it is\n\n\
    Comments and layout are kept. Tables that the files name need no change: columns of version 1 are still read.")]
pub struct MigrateArgs {
    /// Scenario and study files.
    #[arg(value_name = "FILE.toml", required = true)]
    pub files: Vec<PathBuf>,
    /// Write the result here and leave the file as it is; for one file.
    #[arg(short, long, value_name = "FILE.toml")]
    pub output: Option<PathBuf>,
}

/// Runs `gridfleet migrate`. All files are checked before the first is written.
///
/// # Errors
/// If a file cannot be read, has no version that is known, or cannot be written.
pub fn run(args: &MigrateArgs) -> Result<()> {
    if args.output.is_some() && args.files.len() > 1 {
        let found = format!("{} files", args.files.len());
        return Err(InputError::new(found, "one file").key("--output").into());
    }
    let mut migrations = Vec::with_capacity(args.files.len());
    for file in &args.files {
        migrations.push(version::migrate(file, read_text(file)?)?);
    }
    for (file, migration) in args.files.iter().zip(migrations) {
        let target = args.output.as_ref().unwrap_or(file);
        let done = match migration.renamed {
            None => format!("has version {VERSION} already"),
            Some(1) => format!("version {VERSION}, 1 name replaced"),
            Some(names) => format!("version {VERSION}, {names} names replaced"),
        };
        if migration.renamed.is_some() || args.output.is_some() {
            // The file behind a link, not the link.
            let path = target.canonicalize().unwrap_or_else(|_| target.clone());
            let permissions = std::fs::metadata(&path).map(|metadata| metadata.permissions());
            files::write(&path, migration.text.as_bytes()).map_err(|error| Error::writing(target, error))?;
            if let Ok(permissions) = permissions {
                // Best effort: some file systems have none.
                let _ = std::fs::set_permissions(&path, permissions);
            }
        }
        terminal::print(&format!("{}: {done}\n", target.display()))?;
    }
    Ok(())
}
