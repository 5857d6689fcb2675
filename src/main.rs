//! The program: arguments, command, exit status.

use clap::Parser as _;
use gridfleet::cli::{Cli, errors};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command.execute() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            errors::report(&error);
            ExitCode::from(error.exit_status())
        }
    }
}
