//! Agents by name and parameters, as in a scenario file.

use super::deep::{Deep, DeepSettings};
use super::fitted::Fitted;
use super::network::{Network, Shape};
use super::policy::{self, Policy};
use super::table::{Follows, Stepwise, Table};
use super::{Agent, Space, Values};
use rand_pcg::Pcg64;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

gridfleet_core::names! {
    /// Learning algorithm.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    pub enum AgentKind {
        /// Q-learning on a table.
        QLearning = "q-learning",
        /// SARSA on a table: values are those of the actions taken, including exploration.
        Sarsa = "sarsa",
        /// Fitted Q iteration on a table, from all transitions so far.
        FittedQ = "fitted-q",
        /// A deep Q-network.
        Dqn = "dqn",
        /// A deep Q-network whose next action is chosen by the network and valued by its target network.
        DoubleDqn = "double-dqn",
        /// Like `double-dqn`, with values composed of the state value and the advantages of actions.
        DuelingDoubleDqn = "dueling-double-dqn",
        /// A policy instead of values: follows the gradient of the mean reward under a softmax of its preferences.
        /// Requires the rewards of all actions, and does not look ahead.
        Policy = "policy",
    }
}

impl AgentKind {
    /// Algorithms that learn values, which only require the reward of the action taken.
    pub const OF_VALUES: [Self; 6] =
        [Self::QLearning, Self::Sarsa, Self::FittedQ, Self::Dqn, Self::DoubleDqn, Self::DuelingDoubleDqn];
}

/// An agent and its parameters. The defaults for networks are those of the thesis behind specification 5.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AgentSpec {
    /// Learning algorithm.
    pub kind: AgentKind,
    /// Discount factor per step (0..1).
    #[schemars(range(min = 0.0, max = 1.0))]
    pub discount: f64,
    /// Learning rate at the first step: of Adam for networks, fraction of the error for tables; by default 0.01 and
    /// 0.1.
    #[schemars(range(max = 1.0), extend("exclusiveMinimum" = 0.0))]
    pub learning_rate: Option<f64>,
    /// Fraction of the learning rate at the last step of exploration, reached linearly (0..1).
    #[schemars(range(min = 0.0, max = 1.0))]
    pub learning_rate_left: f64,
    /// Number of units of each hidden layer of a network.
    #[schemars(length(min = 1, max = 8), inner(range(min = 1, max = 1024)))]
    pub hidden: Vec<usize>,
    /// Number of choices that make up an action: with 2, a network values each of two risks separately, and a pair at
    /// their sum, which is exact if the reward is also a sum; with 1, it values each pair separately.
    #[schemars(range(min = 1, max = 2))]
    pub branches: usize,
    /// Number of transitions in a batch.
    #[schemars(range(min = 1, max = 4096))]
    pub batch: usize,
    /// Capacity of the replay memory, in transitions.
    #[schemars(range(min = 1, max = 1000000))]
    pub memory: usize,
    /// For networks: number of transitions stored before the first fit; at least a batch. Lessons from the first few
    /// hours are hard to unlearn.
    #[schemars(range(min = 0, max = 1000000))]
    pub first_lesson: usize,
    /// For networks: errors are clipped to this value in a fit, in the unit of rewards; no clipping by default.
    #[schemars(range(max = 1000000000.0), extend("exclusiveMinimum" = 0.0))]
    pub clip_error: Option<f64>,
    /// Fraction by which the target network moves towards the network at each step (0..1).
    #[schemars(range(min = 0.0, max = 1.0))]
    pub soft_update: f64,
    /// For `policy`: weight of one nat of entropy in the unit of rewards, at the first step; decreases with the
    /// learning rate.
    #[schemars(range(min = 0.0, max = 1000000.0))]
    pub entropy: f64,
    /// For `fitted-q`: number of steps between two fits.
    #[schemars(range(min = 1, max = 1000000))]
    pub fit_every: u64,
    /// Probability of a random action instead of the best one: at the first step, and at the end of exploration (0..1).
    #[schemars(inner(range(min = 0.0, max = 1.0)))]
    pub epsilon: [f64; 2],
}

impl Default for AgentSpec {
    fn default() -> Self {
        Self {
            kind: AgentKind::DuelingDoubleDqn,
            // Assumed: a horizon of about a day of quarter hours.
            discount: 0.99,
            learning_rate: None,
            learning_rate_left: 1.0,
            hidden: vec![16; 3],
            branches: 1,
            batch: 32,
            // Assumed: several weeks of quarter hours.
            memory: 20_000,
            first_lesson: 0,
            clip_error: None,
            soft_update: 0.01,
            // Assumed.
            entropy: 0.1,
            // A week of quarter hours.
            fit_every: 672,
            epsilon: [1.0, 0.1],
        }
    }
}

impl AgentSpec {
    /// Learning rate at the first step.
    pub fn rate(&self) -> f64 {
        self.learning_rate.unwrap_or(match self.kind {
            // Assumed.
            AgentKind::QLearning | AgentKind::Sarsa | AgentKind::FittedQ => 0.1,
            AgentKind::Dqn | AgentKind::DoubleDqn | AgentKind::DuelingDoubleDqn | AgentKind::Policy => 0.01,
        })
    }

    /// Shape of the network for a space; `None` if the algorithm uses a table.
    pub fn shape(&self, space: Space) -> Option<Shape> {
        let dueling = match self.kind {
            AgentKind::QLearning | AgentKind::Sarsa | AgentKind::FittedQ => return None,
            AgentKind::Dqn | AgentKind::DoubleDqn | AgentKind::Policy => false,
            AgentKind::DuelingDoubleDqn => true,
        };
        let (hidden, branches) = (self.hidden.clone(), self.branches);
        let shape = Shape { inputs: space.features, hidden, actions: space.actions, dueling, branches };
        // Actions that are not tuples are valued separately.
        Some(if shape.is_whole() { shape } else { Shape { branches: 1, ..shape } })
    }

    /// Creates values of the right shape, all 0.
    pub fn values(&self, space: Space) -> Values {
        match self.shape(space) {
            Some(shape) => Values::Network(Network::zero(shape)),
            None => Values::Table(Table::new(space.cells, space.actions)),
        }
    }

    /// Creates an agent before its first step; `random` draws the weights of a network.
    pub fn build(&self, space: Space, random: &mut Pcg64) -> Box<dyn Agent> {
        let stepwise = |follows| -> Box<dyn Agent> {
            let (discount, rate) = (self.discount, self.rate());
            Box::new(Stepwise { follows, discount, rate, values: self.values(space) })
        };
        let deep = |double, random: &mut Pcg64| -> Box<dyn Agent> {
            let settings = DeepSettings {
                double,
                discount: self.discount,
                rate: self.rate(),
                batch: self.batch,
                memory: self.memory,
                first_lesson: self.first_lesson,
                clip: self.clip_error.unwrap_or(f64::INFINITY),
                soft_update: self.soft_update,
            };
            match self.shape(space) {
                Some(shape) => Box::new(Deep::new(Network::new(shape, random), settings)),
                None => unreachable!("deep agents have a network"),
            }
        };
        match self.kind {
            AgentKind::QLearning => stepwise(Follows::Best),
            AgentKind::Sarsa => stepwise(Follows::Taken),
            AgentKind::FittedQ => Box::new(Fitted::new(self.discount, self.fit_every, self.values(space))),
            AgentKind::Dqn => deep(false, random),
            AgentKind::DoubleDqn | AgentKind::DuelingDoubleDqn => deep(true, random),
            AgentKind::Policy => {
                let settings = policy::PolicySettings {
                    rate: self.rate(),
                    batch: self.batch,
                    memory: self.memory,
                    first_lesson: self.first_lesson,
                    entropy: self.entropy,
                };
                match self.shape(space) {
                    Some(shape) => Box::new(Policy::new(Network::new(shape, random), settings)),
                    None => unreachable!("a policy has a network"),
                }
            }
        }
    }
}
