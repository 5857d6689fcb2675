//! `[training]`: how `gridfleet train` learns to bid in this scenario.

use super::problems::Problems;
use super::sources;
use super::spec::ScenarioFile;
use crate::learning::AgentSpec;
use crate::policies::{BiddingSpec, Trained};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;

/// How `gridfleet train` learns to bid. Forecasts are those of `operation.bidding`, which is `integrated`; its risks are
/// what the agent is compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrainingSpec {
    /// Who learns, and how.
    pub agent: AgentSpec,
    /// What it sees: `hour` or `rich`.
    pub observation: crate::policies::ObservationKind,
    /// What a step's reward is.
    pub reward: RewardSpec,
    /// Steps of a quarter of an hour; the last week is played to its end.
    #[schemars(range(min = 1, max = 1000000000))]
    pub steps: u64,
    /// Steps over which exploration falls; by default all.
    #[schemars(range(min = 1, max = 1000000000))]
    pub exploration_steps: Option<u64>,
    /// Calendar weeks to train on, the first from `time.start`.
    #[schemars(range(min = 1, max = 500))]
    pub weeks: u32,
    /// Calendar weeks after these, never trained on, for evaluation.
    #[schemars(range(min = 1, max = 500))]
    pub held_out_weeks: u32,
    /// Replications of each week: with `[variation]` other trips, and other charge at the start and other errors of forecasts.
    #[schemars(range(min = 1, max = 1000))]
    pub replications: u32,
    /// Weeks played side by side, by the same agent.
    #[schemars(range(min = 1, max = 64))]
    pub lanes: u32,
    /// Write a checkpoint after so many weeks of each lane.
    #[schemars(range(min = 1, max = 1000000))]
    pub checkpoint_weeks: u32,
}

/// What a step's reward is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RewardSpec {
    /// What the fleet's account has changed by in the step, as in the thesis, whatever step has decided it.
    Account,
    /// What the account has changed by in the slots of the products that the step has bid for, known a week later. Each
    /// slot counts for both steps that have bid for it, so that each sees all that it changes: in full for the balancing bid,
    /// which comes first; less what the balancing bid has brought for the intraday bid, which cannot change that.
    Products,
    /// The same, less what the fixed risks of `operation.bidding` bring in the same slots of the same week. What is best stays
    /// best, for that does not depend on what is done; but most of what chance gives or takes, it gives or takes both.
    #[default]
    Advantage,
}

impl RewardSpec {
    /// Name as the scenario writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Products => "products",
            Self::Advantage => "advantage",
        }
    }
}

impl Default for TrainingSpec {
    fn default() -> Self {
        Self {
            agent: AgentSpec::default(),
            observation: crate::policies::ObservationKind::default(),
            reward: RewardSpec::default(),
            // The thesis trains for about 200 weeks.
            steps: 130_000,
            exploration_steps: None,
            weeks: 4,
            held_out_weeks: 3,
            replications: 8,
            lanes: 1,
            checkpoint_weeks: 20,
        }
    }
}

/// The agent that `operation.bidding` names, if it names one.
pub(super) fn trained(
    spec: &ScenarioFile,
    inputs: &mut Vec<PathBuf>,
    problems: &mut Problems<'_>,
) -> Option<Arc<Trained>> {
    const KEY: &str = "operation.bidding.file";
    let BiddingSpec::Learned { file, .. } = &spec.operation.bidding else { return None };
    let path = problems.file(KEY, file)?;
    let trained = problems.take(KEY, sources::agent(&path))?;
    inputs.push(path);
    Some(Arc::new(trained))
}
