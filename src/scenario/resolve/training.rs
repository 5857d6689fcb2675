//! `[training]`: the sets of weeks, and the agent that bids in this scenario.

use super::sources;
use crate::document::Problems;
use crate::spec::{ScenarioFile, TrainingSpec, WeeksSpec};
use gridfleet_sim::policies::{BiddingSpec, Trained};
use std::path::PathBuf;
use std::sync::Arc;

impl TrainingSpec {
    /// Weeks of training, of validation and held out, each counted from 0. No week is in two sets.
    ///
    /// # Errors
    /// The invalid key, the value found and the value expected.
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

/// The agent named by `operation.bidding`, if it names one.
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
        let key = |weeks| sets(weeks).map_err(|(key, found, _)| (key, found)).unwrap_err();
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
