//! Training of agents that bid: the simulator as an environment, step by step, and the loop that learns in it.
//!
//! - [`course`]: the weeks that are played, each read and built once, and planned once for all forecasts;
//! - [`environment`]: one week at a time: reset, observe, step;
//! - [`hindsight`]: result of other risks in it;
//! - [`trainer`]: weeks one after the other, the reward of each step, learning, checkpoints;
//! - [`evaluate`]: learned and fixed risks on the same weeks;
//! - [`results`]: results of a training.
//!
//! `learning` knows observations, actions and rewards, and no markets; this module plays the weeks;
//! [`crate::policies::bidding::learned`] is the policy, the same object during training and afterwards, so that both
//! have the same observations.
//!
//! # Weeks
//!
//! A step is a quarter of an hour, an episode a week, and weeks form a chain. Energy bid for a week ahead in one week
//! is delivered in the next: its gates, which close before its start, are decided by the actions of the week before.
//! Where there is no previous week, as in `gridfleet run`, they are decided as if at their time, and data of the
//! intraday market that are not known then are taken from the balancing product.
//!
//! Training weeks train, validation weeks select among the states of an agent and among settings, held-out weeks are
//! played once. A week is in one set, by number, as the scenario specifies. More replications of each training week
//! also help: other trips under the same prices.
//!
//! # Rewards
//!
//! `account` is the reward of the thesis: the change of the account in the step. A bid's result arrives two steps or
//! 672 steps later, so nothing can be learned about a balancing bid from it. `products` gives a step the result of the
//! products that it bid for, a week later; `advantage` subtracts from that the result of fixed risks in the same slots,
//! which removes most of the randomness and leaves the best action the best. The result of the balancing bid is not
//! part of the intraday bid's reward, because the intraday bid cannot change it. With these rewards no later reward
//! matters: `discount = 0`.
//!
//! The reward is a sum over two products, one for each risk, and so is the value (`branches = 2`): 22 alternatives to
//! be distinguished instead of 121.
//!
//! # All pairs in hindsight
//!
//! Once a product is delivered, its prices and the riders who requested each vehicle are known. The policy keeps a
//! trace (in `policies::bidding`): its expectation at each gate, and each rider who requested a vehicle that was
//! plugged in. From that [`hindsight`] computes the result of each of the 121 pairs for the product: energy bought,
//! riders turned away one after the other, energy drawn, penalties. The result of the pair that was played equals the
//! ledger to a millionth of the currency; the others equal the engine's result if the week is played again with one
//! other bid. The effect of one product on the next (a vehicle that stayed is full sooner) is not included; over a week
//! it is about one per cent. With `feedback = "all-pairs"`, learning therefore needs no exploration.
//!
//! # Agents
//!
//! - **Leaky rectifiers.** With plain ones and rewards as noisy as these all units became permanently inactive within
//!   130,000 steps; the agent then took the same risks for any observation.
//! - **A policy, not values.** Given all pairs, a network that fits values still spends its accuracy on the risky
//!   alternatives, whose rewards vary most, and remains 100 EUR a week below the best fixed pair. `policy` ascends the
//!   mean reward of the softmax of its preferences instead: alternatives that are rarely chosen have hardly any
//!   influence. The two risks have a softmax each.
//! - **Small and slow.** Given all pairs, every network learns the intraday risk well (30 to 45 EUR a week over the
//!   best fixed pair on validation weeks); the losses were due to the balancing risk, because a larger network overfits
//!   to the balancing prices of the few training weeks. One layer of 16 units with a rate of 0.001 does not: 42 ± 9 on
//!   the validation weeks where three layers with 0.003 reached 32 and less.
//!
//! # Checkpoints
//!
//! No random draw is state: each step, lesson and week has a separate stream, identified by its number. A checkpoint is
//! made between weeks and contains values, moments, memory, the last week's steps and the curve; training continued
//! from it gives the same bytes. It names its purpose (agent, observation, hash of scenario and files), and ends with a
//! hash of itself.

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
