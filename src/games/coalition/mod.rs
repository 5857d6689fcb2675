//! Cooperative games: the cost (or gain) of each coalition of players, and its allocation.
//!
//! - [`set`]: coalitions as sets of players; [`game`]: a worth for each of them;
//! - [`shapley`]: the Shapley value by one pass over all coalitions; [`sampling`]: from random orders, with confidence
//!   intervals, for many players;
//! - [`core`]: stability of an allocation and objections to it; least core; extreme points of the Core;
//! - [`nucleolus`]: the allocation whose worst-off coalitions are as well off as possible;
//! - [`properties`]: subadditivity, convexity and the like, each with a counterexample;
//! - [`formation`]: coalitions that form where costs depend on all coalitions: stable partitions, merge and split;
//! - [`mod@file`]: games written in JSON; [`solution`]: all of the above for one of them.
//!
//! An *excess* is the loss of a coalition from staying: the sum of its members' shares minus its standalone cost (for
//! gains: its standalone gain minus the sum of their shares). A coalition with a positive excess objects.
//!
#![doc = include_str!("../../../docs/equations/rendered/coalition.md")]
//!
//! ## How it is solved
//!
//! A game is a table of 2^n costs, indexed by the members' bits of a coalition, for up to 20 players. The Shapley value
//! takes one pass over the table. Least core and nucleolus are linear programs with a row for each coalition, and two
//! techniques (`levels`) make them small and safe: only rows that some solution violates are added, and coalitions are
//! fixed by a proof from the dual program, not read off a solution. `microlp` does not report dual values, so the dual
//! program is stated and solved separately.
//!
//! Before that the game is normalised to costs of zero for single players and a largest cost of 1. All these solutions
//! are covariant under this transformation, so tolerances mean the same for cents and for millions. Costs and gains are
//! one type with a sign.

pub mod core;
pub mod file;
pub mod formation;
pub mod game;
mod levels;
mod linear;
pub mod nucleolus;
pub mod properties;
pub mod sampling;
pub mod set;
pub mod shapley;
pub mod solution;

pub use game::{CooperativeGame, GameError, MOST_PLAYERS, WorthKind};
pub use set::Coalition;
