//! `gridfleet solve`: the games alone, without a simulation; one file per game.

pub mod c_nash;
mod input;

use crate::error::Result;
use clap::Subcommand;

/// The commands of `solve`.
#[derive(Debug, Subcommand)]
pub enum SolveCommand {
    /// Nash and C-Nash equilibrium of charging stations whose load makes the price.
    CNash(c_nash::CNashArgs),
}

/// Carries `gridfleet solve` out.
///
/// # Errors
/// Whatever stops it.
pub fn run(command: &SolveCommand) -> Result<()> {
    match command {
        SolveCommand::CNash(args) => c_nash::run(args),
    }
}
