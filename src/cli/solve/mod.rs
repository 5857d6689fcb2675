//! `gridfleet solve`: the games alone, without a simulation.

pub mod game;

use crate::error::Result;
use clap::Subcommand;

/// The commands of `solve`.
#[derive(Debug, Subcommand)]
pub enum SolveCommand {
    /// Share the costs of a coalition: Shapley value, Core, nucleolus.
    Game(game::GameArgs),
}

impl SolveCommand {
    /// Carries the command out.
    ///
    /// # Errors
    /// Whatever stops it.
    pub fn execute(&self) -> Result<()> {
        match self {
            Self::Game(args) => game::run(args),
        }
    }
}
