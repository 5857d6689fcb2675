//! The program: parses arguments, runs the command, sets the exit status.

use clap::Parser as _;
use gridfleet::cli::{Cli, errors, interrupts};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = cli.command.execute();
    interrupts::ending();
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            errors::report(&error);
            ExitCode::from(errors::exit_status(&error))
        }
    }
}
