//! Training of agents that bid: the simulator as an environment, step by step, and the loop that learns in it.
//!
//! - [`course`]: the weeks that are played, each read and built once, and planned once for all forecasts;
//! - [`environment`]: one week at a time: reset, see, step;
//! - [`hindsight`]: what other risks would have brought in it;
//! - [`trainer`]: weeks one after the other, what each step has brought, learning, checkpoints;
//! - [`evaluate`]: learned and fixed risks on the same weeks;
//! - [`results`]: what a training leaves.
//!
//! Weeks follow each other in a chain: what is bid a week ahead in one is delivered in the next.

pub mod course;
pub mod environment;
pub mod evaluate;
pub mod hindsight;
pub mod results;
pub mod trainer;

pub use course::{Course, Set};
pub use environment::{Environment, Step, WeekResult};
pub use evaluate::Player;
pub use trainer::{CurveRow, Trainer, train};
