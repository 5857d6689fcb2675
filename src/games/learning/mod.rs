//! Reinforcement learning of a finite number of actions: agents, what they remember, and their files.
//!
//! An [`Agent`] is told one [`Transition`] after the other and improves its [`Values`]; whoever acts chooses among them,
//! mostly the best and sometimes any ([`Exploration`]). What the numbers of an observation mean, and what an action does,
//! is not known here: no simulator, no market.
//!
//! - [`spec`]: agents by name and parameters;
//! - [`table`]: Q-learning and SARSA, [`fitted`]: fitted Q iteration, all on cells of a table;
//! - [`deep`]: deep Q-networks, double and dueling, on [`network`], [`adam`] and [`memory`];
//! - [`policy`]: a policy by itself, where it is told what every action would have brought;
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

use bytes::{Reader, Torn, Writer};
use network::{Network, Workspace};
use rand::RngExt as _;
use rand_pcg::Pcg64;
use table::Table;

/// An observation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen<'a> {
    /// For networks: numbers of about 1.
    pub features: &'a [f64],
    /// For tables: which of a finite number of cells it falls into.
    pub cell: usize,
}

/// What is told of the reward.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reward<'a> {
    /// What the action brought that was done.
    Done(f64),
    /// What each action would have brought, known afterwards: nothing need be tried to be learned. Actions are tuples of
    /// `branches` choices, of which the last counts up first; a tuple brings the sum of what its alternatives bring.
    All {
        /// By choice and alternative.
        alternatives: &'a [f64],
        /// Choices.
        branches: usize,
    },
}

impl Reward<'_> {
    /// What an action brings, as far as is known: [`Done`](Self::Done) knows of one only.
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

    /// Actions that it tells of, where `done` was done and there are `actions`.
    pub fn told(&self, done: usize, actions: usize) -> std::ops::Range<usize> {
        match self {
            Self::Done(_) => done..done + 1,
            Self::All { .. } => 0..actions,
        }
    }
}

/// What came of an action.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Transition<'a> {
    /// What was seen.
    pub before: Seen<'a>,
    /// What was done.
    pub action: usize,
    /// What it brought, or what each would have.
    pub reward: Reward<'a>,
    /// What is seen then.
    pub after: Seen<'a>,
    /// What is done then.
    pub next_action: usize,
    /// Whether nothing comes after: `after` and `next_action` mean nothing.
    pub terminal: bool,
}

/// What observations and actions an agent is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Numbers in an observation.
    pub features: usize,
    /// Cells of a table.
    pub cells: usize,
    /// Actions.
    pub actions: usize,
}

/// What actions are worth, as an agent has learned it.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// By cell.
    Table(Table),
    /// By the features.
    Network(Network),
}

impl Values {
    /// The values of all actions; `work.values` holds them.
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

    /// The action of the highest value; of several the first.
    pub fn greedy(&self, seen: Seen<'_>, work: &mut Workspace) -> usize {
        best(self.of(seen, work))
    }

    /// Writes them.
    pub fn save(&self, out: &mut Writer) {
        out.numbers(match self {
            Self::Table(table) => &table.values,
            Self::Network(network) => &network.parameters,
        });
    }

    /// Reads what [`save`](Self::save) wrote of values of the same shape.
    ///
    /// # Errors
    /// If it is not that.
    pub fn load(&mut self, from: &mut Reader<'_>) -> Result<(), Torn> {
        from.numbers_into(match self {
            Self::Table(table) => &mut table.values,
            Self::Network(network) => &mut network.parameters,
        })
    }
}

/// The place of the highest value, the first of several.
pub fn best(values: &[f64]) -> usize {
    let mut best = 0;
    for (action, &value) in values.iter().enumerate() {
        if value > values[best] {
            best = action;
        }
    }
    best
}

/// Who learns what actions are worth.
pub trait Agent: Send {
    /// What it has learned so far.
    fn values(&self) -> &Values;
    /// Learns from a transition; how wrong it was, where it has measured that. `rate` is a factor on its learning rate.
    fn learn(&mut self, step: &Transition<'_>, rate: f64, random: &mut Pcg64) -> Option<f64>;
    /// Writes all that it needs to go on, besides [`values`](Self::values).
    fn save(&self, out: &mut Writer);
    /// Reads its values, and then what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// If it is not the state of such an agent.
    fn load(&mut self, from: &mut Reader<'_>) -> Result<(), Torn>;
}

/// How often an agent tries any action instead of the best: a share that falls along a straight line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exploration {
    /// Share at the first step, and from the last of `steps` on.
    pub epsilon: [f64; 2],
    /// Steps from one to the other.
    pub steps: u64,
}

impl Exploration {
    /// The share at a step, counted from 0.
    pub fn epsilon(&self, step: u64) -> f64 {
        let share = (step as f64 / self.steps.max(1) as f64).min(1.0);
        self.epsilon[0] * (1.0 - share) + self.epsilon[1] * share
    }

    /// Any action with the share of this step, else the best.
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
        assert_eq!((all.told(3, 4), Reward::Done(5.0).told(3, 4)), (0..4, 3..4));
        let single = Reward::All { alternatives: &[1.0, 2.0, 10.0], branches: 1 };
        assert_eq!((0..3).map(|action| single.of(action)).collect::<Vec<_>>(), [1.0, 2.0, 10.0]);
    }

    #[test]
    fn of_equals_the_first_is_best() {
        assert_eq!(best(&[0.0, 2.0, 2.0, 1.0]), 1);
        assert_eq!(best(&[f64::NAN, 2.0]), 0);
    }
}
