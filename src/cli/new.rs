//! `gridfleet new`: a commented scenario to start from, and its trips.

use super::{starter, terminal};
use crate::error::{Error, InputError, Result};
use clap::Args;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

/// Arguments of `gridfleet new`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gridfleet new my-town            writes my-town.toml and my-town-trips.csv\n  \
    gridfleet new studies/my-town    the same in another folder")]
pub struct NewArgs {
    /// Name of the scenario, optionally preceded by a folder.
    #[arg(value_name = "NAME")]
    pub name: PathBuf,
}

/// Runs `gridfleet new`.
///
/// # Errors
/// If a file of that name exists or cannot be written.
pub fn run(args: &NewArgs) -> Result<()> {
    let path = if args.name.extension().is_some_and(|e| e == "toml") {
        args.name.with_extension("")
    } else {
        args.name.clone()
    };
    let good = |name: &&str| {
        !name.starts_with('.') && !name.contains(['"', '\\']) && !name.chars().any(char::is_control)
    };
    let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(good) else {
        let found = format!("\"{}\"", args.name.display());
        return Err(InputError::new(found, "a name such as my-town").key("NAME").into());
    };
    let scenario = path.with_file_name(format!("{name}.toml"));
    let trips_name = format!("{name}-trips.csv");
    let trips = path.with_file_name(&trips_name);
    for file in [&scenario, &trips] {
        if file.exists() {
            return Err(exists(file));
        }
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| Error::writing(folder, error))?;
    }
    create(&trips, &starter::trips_csv())?;
    create(&scenario, &starter::scenario(name, &trips_name))?;
    terminal::print(&format!(
        "{}\n{}\nnext: gridfleet run {}\n",
        scenario.display(),
        trips.display(),
        scenario.display()
    ))
}

/// Writes a file that must not exist.
fn create(path: &Path, text: &str) -> Result<()> {
    let mut file = match std::fs::File::create_new(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(exists(path)),
        Err(error) => return Err(Error::writing(path, error)),
    };
    file.write_all(text.as_bytes()).map_err(|error| {
        // A partly written file would only be an obstacle.
        let _ = std::fs::remove_file(path);
        Error::writing(path, error)
    })
}

fn exists(path: &Path) -> Error {
    InputError::new("a file of this name", "a new name").file(path).help("nothing is overwritten").into()
}
