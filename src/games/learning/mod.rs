//! Reinforcement learning with a finite number of actions: agents, their memory, and their files.
//!
//! An [`Agent`] receives one [`Transition`] after another and improves its [`Values`]; the caller chooses actions by
//! them, mostly the best and sometimes a random one ([`Exploration`]). The meaning of observations and actions is
//! unknown to this module: it has no simulator and no market.
//!
//! - [`spec`]: agents by name and parameters;
//! - [`table`]: Q-learning and SARSA, [`fitted`]: fitted Q iteration, all on cells of a table;
//! - [`deep`]: deep Q-networks, double and dueling, on [`network`], [`adam`] and [`memory`];
//! - [`policy`]: direct policy learning, for problems in which the reward of every action is known afterwards;
//! - [`checkpoint`]: an agent as a file.
//!
#![doc = include_str!("../../../docs/equations/rendered/learning.md")]

pub mod adam;
pub mod bytes;
pub mod checkpoint;
pub mod deep;
pub mod fitted;
pub mod memory;
pub mod network;
pub mod policy;
pub mod spec;
pub mod table;

pub use checkpoint::{Checkpoint, Purpose};
pub use spec::{AgentKind, AgentSpec};

use bytes::{Corrupt, Reader, Writer};
use network::{Network, Workspace};
use rand::RngExt as _;
use rand_pcg::Pcg64;
use table::Table;

/// An observation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen<'a> {
    /// For networks: numbers of magnitude about 1.
    pub features: &'a [f64],
    /// For tables: cell of the observation, out of a finite number.
    pub cell: usize,
}

/// Known rewards of a transition.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reward<'a> {
    /// Reward of the action taken.
    Done(f64),
    /// Rewards of all actions, known afterwards, so that learning needs no exploration. Actions are tuples of
    /// `branches` choices, of which the last varies fastest; the reward of a tuple is the sum of the rewards of its
    /// alternatives.
    All {
        /// Rewards by choice and alternative.
        alternatives: &'a [f64],
        /// Number of choices.
        branches: usize,
    },
}

impl Reward<'_> {
    /// Reward of an action, as far as known: [`Done`](Self::Done) only has that of the action taken.
    pub fn of(&self, action: usize) -> f64 {
        match *self {
            Self::Done(reward) => reward,
            Self::All { alternatives, branches } => {
                let (size, mut rest) = (alternatives.len() / branches, action);
                let of_choice = |of_choice: &[f64]| {
                    let reward = of_choice[rest % size];
                    rest /= size;
                    reward
                };
                alternatives.chunks_exact(size).rev().map(of_choice).sum()
            }
        }
    }

    /// Actions with known rewards, if `done` was taken and there are `actions`.
    pub fn known_actions(&self, done: usize, actions: usize) -> std::ops::Range<usize> {
        match self {
            Self::Done(_) => done..done + 1,
            Self::All { .. } => 0..actions,
        }
    }
}

/// Outcome of an action.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transition<'a> {
    /// Observation before the action.
    pub before: Seen<'a>,
    /// Action taken.
    pub action: usize,
    /// Reward of the action taken, or of all actions.
    pub reward: Reward<'a>,
    /// Observation after the action.
    pub after: Seen<'a>,
    /// Next action taken.
    pub next_action: usize,
    /// Whether the transition is terminal: `after` and `next_action` are then meaningless.
    pub terminal: bool,
}

/// Dimensions of the observations and actions of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Number of features of an observation.
    pub features: usize,
    /// Number of cells of a table.
    pub cells: usize,
    /// Number of actions.
    pub actions: usize,
}

/// Action values learned by an agent.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Values by cell.
    Table(Table),
    /// Values by the features.
    Network(Network),
}

impl Values {
    /// Values of all actions; stored in `work.values`.
    pub fn of<'w>(&self, seen: Seen<'_>, work: &'w mut Workspace) -> &'w [f64] {
        match self {
            Self::Table(table) => {
                work.values.clear();
                work.values.extend_from_slice(table.row(seen.cell));
            }
            Self::Network(network) => network.forward(seen.features, work),
        }
        &work.values
    }

    /// Action with the highest value; the first of equals.
    pub fn greedy(&self, seen: Seen<'_>, work: &mut Workspace) -> usize {
        best(self.of(seen, work))
    }

    /// Writes the values.
    pub fn save(&self, out: &mut Writer) {
        out.numbers(match self {
            Self::Table(table) => &table.values,
            Self::Network(network) => &network.parameters,
        });
    }

    /// Reads the output of [`save`](Self::save) into values of the same shape.
    ///
    /// # Errors
    /// If the bytes do not match the shape.
    pub fn load(&mut self, from: &mut Reader<'_>) -> Result<(), Corrupt> {
        from.numbers_into(match self {
            Self::Table(table) => &mut table.values,
            Self::Network(network) => &mut network.parameters,
        })
    }
}

/// Index of the highest value, the first of equals.
pub fn best(values: &[f64]) -> usize {
    let mut best = 0;
    for (action, &value) in values.iter().enumerate() {
        if value > values[best] {
            best = action;
        }
    }
    best
}

/// Learner of action values.
pub trait Agent: Send {
    /// Values learned so far.
    fn values(&self) -> &Values;
    /// Learns from a transition; returns the error, if measured. `rate` is a factor on the learning rate.
    fn learn(&mut self, step: &Transition<'_>, rate: f64, random: &mut Pcg64) -> Option<f64>;
    /// Writes all state needed to resume, except [`values`](Self::values).
    fn save(&self, out: &mut Writer);
    /// Reads the values, and then the output of [`save`](Self::save).
    ///
    /// # Errors
    /// If the bytes are not the state of such an agent.
    fn load(&mut self, from: &mut Reader<'_>) -> Result<(), Corrupt>;
}

/// Probability of a random action instead of the best one, decreasing linearly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exploration {
    /// Probability at the first step, and from the last of `steps` on.
    pub epsilon: [f64; 2],
    /// Number of steps from one to the other.
    pub steps: u64,
}

impl Exploration {
    /// Probability at a step, counted from 0.
    pub fn epsilon(&self, step: u64) -> f64 {
        let share = (step as f64 / self.steps.max(1) as f64).min(1.0);
        self.epsilon[0] * (1.0 - share) + self.epsilon[1] * share
    }

    /// Chooses a random action with the probability of this step, otherwise the best one.
    pub fn choose(
        &self,
        step: u64,
        values: &Values,
        seen: Seen<'_>,
        actions: usize,
        work: &mut Workspace,
        random: &mut Pcg64,
    ) -> usize {
        if random.random::<f64>() < self.epsilon(step) {
            random.random_range(0..actions)
        } else {
            values.greedy(seen, work)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exploration_falls_on_a_line_and_stays() {
        let exploration = Exploration { epsilon: [1.0, 0.1], steps: 100 };
        let at: Vec<f64> = [0, 50, 100, 1_000].map(|step| exploration.epsilon(step)).to_vec();
        assert_eq!(at, [1.0, 0.55, 0.1, 0.1]);
        assert_eq!(Exploration { steps: 0, ..exploration }.epsilon(0), 1.0);
    }

    #[test]
    fn rewards_of_tuples_are_sums() {
        let all = Reward::All { alternatives: &[1.0, 2.0, 10.0, 30.0], branches: 2 };
        assert_eq!((0..4).map(|action| all.of(action)).collect::<Vec<_>>(), [11.0, 31.0, 12.0, 32.0]);
        assert_eq!((all.known_actions(3, 4), Reward::Done(5.0).known_actions(3, 4)), (0..4, 3..4));
        let single = Reward::All { alternatives: &[1.0, 2.0, 10.0], branches: 1 };
        assert_eq!((0..3).map(|action| single.of(action)).collect::<Vec<_>>(), [1.0, 2.0, 10.0]);
    }

    #[test]
    fn of_equals_the_first_is_best() {
        assert_eq!(best(&[0.0, 2.0, 2.0, 1.0]), 1);
        assert_eq!(best(&[f64::NAN, 2.0]), 0);
    }
}
