//! Cooperative games: the cost (or gain) of each coalition of players, and its allocation.
//!
//! - [`set`]: coalitions as sets of players; [`game`]: a worth for each of them;
//! - [`shapley`]: the Shapley value by one pass over all coalitions; [`sampling`]: from random orders, with confidence
//!   intervals, for many players;
//! - [`core`]: stability of an allocation and objections to it; least core; extreme points of the Core;
//! - [`nucleolus`]: the allocation whose worst-off coalitions are as well off as possible;
//! - [`properties`]: subadditivity, convexity and the like, each with a counterexample;
//! - [`mod@file`]: games written in JSON; [`solution`]: all of the above for one of them.
//!
//! An *excess* is the loss of a coalition from staying: the sum of its members' shares minus its standalone cost (for
//! gains: its standalone gain minus the sum of their shares). A coalition with a positive excess objects.
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

pub use game::{CooperativeGame, MOST_PLAYERS, WorthKind};
pub use set::Coalition;
