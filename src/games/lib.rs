//! Games and solvers as pure mathematics: no simulator, no scenario file, no clock.
//!
//! Three players that save costs by cooperating, and their Shapley values:
//!
//! ```
//! use gridfleet_games::coalition::{CooperativeGame, shapley::shapley};
//!
//! // Costs of the coalitions by the members' bits: 1, 2, 12, 3, 13, 23, 123.
//! let costs = [6.0, 6.0, 9.0, 6.0, 9.0, 9.0, 12.0];
//! let game = CooperativeGame::costs(3, |coalition| costs[coalition.place() - 1])?;
//! assert_eq!(shapley(&game), [4.0, 4.0, 4.0]);
//! # Ok::<(), gridfleet_games::coalition::GameError>(())
//! ```

pub mod bilevel;
pub mod c_nash;
pub mod coalition;
pub mod grid;
pub mod learning;
pub mod optimize;
pub mod routing;
pub mod stackelberg;
pub mod statistics;
