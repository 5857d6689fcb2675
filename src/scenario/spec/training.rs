//! `[training]`: training of bidding agents with `gridfleet train`.

use gridfleet_games::learning::AgentSpec;
use gridfleet_sim::policies::ObservationKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Training of bidding agents with `gridfleet train`. Forecasts are those of `operation.bidding`, which is
/// `integrated`; its risks are the benchmark of the agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingSpec {
    /// Learning algorithm and its parameters.
    pub agent: AgentSpec,
    /// Observation of the agent: `hour`, `power` or `rich`.
    pub observation: ObservationKind,
    /// Reward of a step.
    pub reward: RewardSpec,
    /// Pairs of risks for which the reward is known.
    pub feedback: FeedbackSpec,
    /// Number of steps of a quarter of an hour; the last week is completed.
    #[schemars(range(min = 1, max = 1000000000))]
    pub steps: u64,
    /// Number of steps over which exploration decreases; by default all.
    #[schemars(range(min = 1, max = 1000000000))]
    pub exploration_steps: Option<u64>,
    /// Calendar weeks to train on: their numbers, where week 1 begins at `time.start`, or their count, in which case
    /// they are the first weeks that no other list names.
    pub weeks: WeeksSpec,
    /// Calendar weeks, in the same form, by which the best state of the agent is selected among those of every
    /// `validation_every_weeks`; without any, the last state is used.
    pub validation_weeks: WeeksSpec,
    /// Calendar weeks, in the same form, that take no part in training or selection and measure the performance of the
    /// agent.
    pub held_out_weeks: WeeksSpec,
    /// Weeks of each lane between two validations; there is one at the end, too. 0: no validation.
    #[schemars(range(min = 0, max = 1000000))]
    pub validation_every_weeks: u32,
    /// Replications of each week: with `[variation]` they differ in trips, in charge at the start and in forecast
    /// errors.
    #[schemars(range(min = 1, max = 1000))]
    pub replications: u32,
    /// Number of weeks simulated side by side by the same agent.
    #[schemars(range(min = 1, max = 64))]
    pub lanes: u32,
    /// Weeks of each lane between two checkpoints.
    #[schemars(range(min = 1, max = 1000000))]
    pub checkpoint_weeks: u32,
}

impl Default for TrainingSpec {
    fn default() -> Self {
        Self {
            agent: AgentSpec::default(),
            observation: ObservationKind::default(),
            reward: RewardSpec::default(),
            // The thesis trains for about 200 weeks.
            steps: 130_000,
            exploration_steps: None,
            feedback: FeedbackSpec::default(),
            weeks: WeeksSpec::Count(4),
            validation_weeks: WeeksSpec::Count(0),
            held_out_weeks: WeeksSpec::Count(3),
            validation_every_weeks: 50,
            replications: 8,
            lanes: 1,
            checkpoint_weeks: 20,
        }
    }
}

gridfleet_core::names! {
    /// Reward of a step.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    pub enum RewardSpec {
        /// Change of the fleet's account during the step, as in the thesis, regardless of the step that caused it.
        Account = "account",
        /// Change of the account in the slots of the products that the step has bid for, known a week later. Each slot
        /// counts for both steps that have bid for it, so that each step gets the full effect of its bid: in full for
        /// the balancing bid, which comes first; less the earnings of the balancing bid for the intraday bid, which
        /// cannot change them.
        Products = "products",
        /// As `products`, less the earnings of the fixed risks of `operation.bidding` in the same slots of the same
        /// week. The optimal policy is unchanged, because these earnings do not depend on the actions; but most random
        /// gains and losses affect both and cancel.
        #[default]
        Advantage = "advantage",
    }
}

gridfleet_core::names! {
    /// Pairs of risks for which the reward is known.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    pub enum FeedbackSpec {
        /// The pair of risks that was played, as in the thesis.
        #[default]
        Played = "played",
        /// All pairs: once a product has been delivered, its prices and the requests for each vehicle are known, so
        /// that all pairs can be valued: each risk together with the other one as it was played. With rewards
        /// `products` or `advantage`, in replay.
        AllPairs = "all-pairs",
    }
}

/// Calendar weeks, by numbers or by count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum WeeksSpec {
    /// Number of weeks: the first ones that are in no list and in no earlier set.
    Count(#[schemars(range(min = 0, max = 500))] u32),
    /// Numbers of weeks; week 1 begins at `time.start`.
    Numbers(#[schemars(length(min = 1, max = 500), inner(range(min = 1, max = 500)))] Vec<u32>),
}
