//! `gridfleet solve`: the games alone, without a simulation; one file per game.

pub mod bilevel;
pub mod c_nash;
pub mod game;
mod input;
mod print;
pub mod routing;
mod routing_file;
pub mod stackelberg;
mod stackelberg_file;

use crate::error::Result;
use clap::Subcommand;
use std::io::{BufWriter, Write};

/// The commands of `solve`.
#[derive(Debug, Subcommand)]
pub enum SolveCommand {
    /// Share the costs of a coalition: Shapley value, Core, nucleolus.
    Game(game::GameArgs),
    /// Nash and C-Nash equilibrium of charging stations with a load-dependent price.
    CNash(c_nash::CNashArgs),
    /// A retailer who sets prices, and households and battery vehicles that respond to them.
    Stackelberg(stackelberg::StackelbergArgs),
    /// Prices and purchases of an aggregator against rivals, with CVaR.
    Bilevel(bilevel::BilevelArgs),
    /// Electric fleets that serve trips and charge on a feeder, alone and in coalitions.
    Routing(routing::RoutingArgs),
}

impl SolveCommand {
    /// Runs the command.
    ///
    /// # Errors
    /// If the command fails.
    pub fn execute(&self) -> Result<()> {
        let mut out = BufWriter::new(std::io::stdout().lock());
        self.answer(&mut out)?;
        print::written(out.flush())
    }

    /// Solves the game, and writes the output of the command.
    ///
    /// # Errors
    /// If the command fails.
    pub fn answer(&self, out: &mut dyn Write) -> Result<()> {
        match self {
            Self::Game(args) => game::run(args, out),
            Self::CNash(args) => c_nash::run(args, out),
            Self::Stackelberg(args) => stackelberg::run(args, out),
            Self::Bilevel(args) => bilevel::run(args, out),
            Self::Routing(args) => routing::run(args, out),
        }
    }
}
