//! `[training]`: how `gridfleet train` learns to bid in this scenario.

use super::problems::Problems;
use super::sources;
use super::spec::ScenarioFile;
use gridfleet_games::learning::AgentSpec;
use gridfleet_sim::policies::{BiddingSpec, Trained};
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
    /// What it sees: `hour`, `power` or `rich`.
    pub observation: gridfleet_sim::policies::ObservationKind,
    /// What a step's reward is.
    pub reward: RewardSpec,
    /// Of what the reward is told.
    pub feedback: FeedbackSpec,
    /// Steps of a quarter of an hour; the last week is played to its end.
    #[schemars(range(min = 1, max = 1000000000))]
    pub steps: u64,
    /// Steps over which exploration falls; by default all.
    #[schemars(range(min = 1, max = 1000000000))]
    pub exploration_steps: Option<u64>,
    /// Calendar weeks to train on: their numbers, the week from `time.start` being 1, or how many, which are then the first that
    /// no other list names.
    pub weeks: WeeksSpec,
    /// The same for weeks by which the best state of the agent is chosen, of those every `validation_every_weeks`; without any, the
    /// last one is taken.
    pub validation_weeks: WeeksSpec,
    /// The same for weeks that have no part in training nor choosing, to see what the agent is worth.
    pub held_out_weeks: WeeksSpec,
    /// Weeks of each lane between two looks at the validation weeks; there is one at the end, too. 0 for none at all.
    #[schemars(range(min = 0, max = 1000000))]
    pub validation_every_weeks: u32,
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

/// Of what the reward is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FeedbackSpec {
    /// Of the pair of risks that was played, as in the thesis.
    #[default]
    Played,
    /// Of all pairs: once a product has been delivered, its prices are known and who asked for which vehicle, so that all
    /// of them can be valued: each risk beside the other one as it was played. With rewards `products` or `advantage`, in
    /// replay.
    AllPairs,
}

impl FeedbackSpec {
    /// Name as the scenario writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Played => "played",
            Self::AllPairs => "all-pairs",
        }
    }
}

/// Calendar weeks, by number or how many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum WeeksSpec {
    /// So many: the first that no list names, nor a set before.
    Count(#[schemars(range(min = 0, max = 500))] u32),
    /// These; 1 is the week from `time.start`.
    Numbers(#[schemars(length(min = 1, max = 500), inner(range(min = 1, max = 500)))] Vec<u32>),
}

impl TrainingSpec {
    /// Weeks of training, of validation and held out, each counted from 0. No week is in two sets.
    ///
    /// # Errors
    /// The key of what is wrong, what was found and what was expected.
    pub fn sets(&self) -> Result<[Vec<u32>; 3], (&'static str, String, &'static str)> {
        let specs = [
            ("weeks", &self.weeks),
            ("validation_weeks", &self.validation_weeks),
            ("held_out_weeks", &self.held_out_weeks),
        ];
        let mut taken = std::collections::BTreeSet::new();
        for (key, spec) in specs {
            let WeeksSpec::Numbers(numbers) = spec else { continue };
            for &number in numbers {
                if number == 0 {
                    return Err((key, "week 0".to_owned(), "numbers from 1, the week from `time.start`"));
                }
                if !taken.insert(number - 1) {
                    return Err((
                        key,
                        format!("week {number} again"),
                        "each week once, in one of the three sets",
                    ));
                }
            }
        }
        let mut free = (0..).filter(|week| !taken.contains(week));
        let sets: [Vec<u32>; 3] = specs.map(|(_, spec)| match spec {
            WeeksSpec::Numbers(numbers) => numbers.iter().map(|number| number - 1).collect(),
            WeeksSpec::Count(count) => free.by_ref().take(*count as usize).collect(),
        });
        for ((key, _), set) in specs.into_iter().zip(&sets) {
            if set.is_empty() && key != "validation_weeks" {
                return Err((key, "no week".to_owned(), "at least one"));
            }
        }
        Ok(sets)
    }
}

impl Default for TrainingSpec {
    fn default() -> Self {
        Self {
            agent: AgentSpec::default(),
            observation: gridfleet_sim::policies::ObservationKind::default(),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(sets: [WeeksSpec; 3]) -> TrainingSpec {
        let [weeks, validation_weeks, held_out_weeks] = sets;
        TrainingSpec { weeks, validation_weeks, held_out_weeks, ..TrainingSpec::default() }
    }

    #[test]
    fn weeks_are_in_one_set_each() {
        use WeeksSpec::{Count, Numbers};
        let sets = |sets| spec(sets).sets();
        assert_eq!(sets([Count(2), Count(0), Count(1)]), Ok([vec![0, 1], vec![], vec![2]]));
        assert_eq!(
            sets([Count(3), Numbers(vec![2, 5]), Numbers(vec![3])]),
            Ok([vec![0, 3, 5], vec![1, 4], vec![2]])
        );
        let key = |of| sets(of).map_err(|(key, found, _)| (key, found)).unwrap_err();
        assert_eq!(
            key([Count(3), Numbers(vec![2]), Numbers(vec![2])]),
            ("held_out_weeks", "week 2 again".into())
        );
        assert_eq!(key([Numbers(vec![4, 4]), Count(0), Count(1)]), ("weeks", "week 4 again".into()));
        assert_eq!(key([Count(3), Numbers(vec![0]), Count(1)]), ("validation_weeks", "week 0".into()));
        assert_eq!(key([Count(0), Count(2), Count(1)]).0, "weeks");
        assert_eq!(key([Count(1), Count(2), Count(0)]).0, "held_out_weeks");
    }
}
