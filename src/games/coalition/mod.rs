//! Cooperative games: what each coalition of players costs (or gains), and how to share it.
//!
//! - [`set`]: coalitions as sets of players; [`game`]: a worth for each of them;
//! - [`shapley`]: the Shapley value by one pass over all coalitions; [`sampling`]: from random orders, with
//!   intervals, where there are too many;
//! - [`core`]: is a division stable, and if not, who objects; least core; corners of the Core;
//! - [`nucleolus`]: the division whose worst-off coalitions are as well off as can be;
//! - [`properties`]: subadditivity, convexity and the like, each with a counterexample;
//! - [`mod@file`]: games written in JSON; [`solution`]: all of the above for one of them.
//!
//! An *excess* is what a coalition loses by staying: what its members pay together, less what it would cost
//! alone (of gains: what it would gain alone, less what they get). A coalition with a positive excess objects.
//!
#![doc = include_str!("../../../docs/equations/rendered/coalition.md")]

pub mod core;
pub mod file;
pub mod game;
mod levels;
mod linear;
pub mod nucleolus;
pub mod properties;
pub mod sampling;
pub mod set;
pub mod shapley;
pub mod solution;

pub use game::{Game, MOST_PLAYERS, Sense};
pub use set::Coalition;
