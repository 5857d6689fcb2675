//! Replications with the same draws: days of trips and prices, drawn with replacement from those of the files.
//!
//! Two replications are independent given the files, but not with respect to the days that the files could have had
//! instead. Where whole draws coincide, replications form clusters, and all intervals and tests are over clusters.
//! Where only some days coincide, no variance is known that is right for both, and results are reported as given these
//! days.

use crate::scenario::variation::DrawnDays;
use crate::statistics::Clusters;
use chrono::NaiveDate;
use std::collections::{BTreeMap, BTreeSet};

/// Draws of a study, by arm and replication.
#[derive(Debug)]
pub(super) struct Draws {
    /// Distinct draws, numbered in order of appearance.
    numbers: BTreeMap<DrawnDays, usize>,
    /// Number of the draw; `None` where nothing was drawn.
    table: Vec<Vec<Option<usize>>>,
}

/// Days of one kind: its name, and the accessor of the days.
type Kind = (&'static str, fn(&DrawnDays) -> &[NaiveDate]);

/// Key of the cluster of a replication.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    /// Replication without a draw; it shares only what all replications share.
    Alone(usize),
    /// Draw of each arm.
    Drawn(Vec<Option<usize>>),
}

impl Draws {
    pub(super) fn new(arms: usize, replications: u32) -> Self {
        Self { numbers: BTreeMap::new(), table: vec![vec![None; replications as usize]; arms] }
    }

    pub(super) fn add(&mut self, arm: usize, replication: u32, days: DrawnDays) {
        if !days.is_empty() {
            let next = self.numbers.len();
            self.table[arm][replication as usize] = Some(*self.numbers.entry(days).or_insert(next));
        }
    }

    /// Clusters of `replications` for values computed from `arms` together: in a cluster, each arm has the same draw.
    pub(super) fn clusters(&self, arms: &[usize], replications: &[usize]) -> Clusters {
        Clusters::by(replications.iter().map(|&replication| {
            let drawn: Vec<Option<usize>> = arms.iter().map(|&arm| self.table[arm][replication]).collect();
            if drawn.iter().all(Option::is_none) { Key::Alone(replication) } else { Key::Drawn(drawn) }
        }))
    }

    /// Clusters of an arm's replications, by replication; `None` if no two replications share a draw.
    pub(super) fn of_arm(&self, arm: usize) -> Option<Clusters> {
        let all: Vec<usize> = (0..self.table[arm].len()).collect();
        Some(self.clusters(&[arm], &all)).filter(Clusters::are_shared)
    }

    /// Describes the days shared by replications that do not form a cluster, for the first arm with such days; `None`
    /// if there are none.
    pub(super) fn shared_in_part(&self) -> Option<String> {
        let days: BTreeMap<usize, &DrawnDays> =
            self.numbers.iter().map(|(days, &number)| (number, days)).collect();
        self.table.iter().find_map(|draws| {
            let drawn = || draws.iter().flatten().filter_map(|number| Some((number, days.get(number)?)));
            let replications = drawn().count();
            let kinds: [Kind; 2] =
                [("trips", |days| &days.trips), ("prices", |days| &days.prices)];
            let mut said = Vec::new();
            let mut beyond_clusters = false;
            for (kind, days_of) in kinds {
                // Number of replications with a day, and the distinct draws that contain it.
                let mut uses: BTreeMap<NaiveDate, (usize, BTreeSet<usize>)> = BTreeMap::new();
                for (&number, days) in drawn() {
                    for &day in days_of(days).iter().collect::<BTreeSet<_>>() {
                        let (times, draws) = uses.entry(day).or_default();
                        *times += 1;
                        draws.insert(number);
                    }
                }
                beyond_clusters |= uses.values().any(|(_, draws)| draws.len() > 1);
                if !uses.is_empty() {
                    let times: usize = uses.values().map(|(times, _)| times).sum();
                    let mean = times as f64 / uses.len() as f64;
                    said.push(format!("each of {} days of {kind} is in {mean:.1}", uses.len()));
                }
            }
            beyond_clusters.then(|| {
                format!(
                    "replications share days: {} of {replications} replications on average; intervals and tests are given \
                     these days",
                    said.join(", ")
                )
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(trips: &[u32], prices: &[u32]) -> DrawnDays {
        let date = |&day: &u32| NaiveDate::from_ymd_opt(2018, 3, day).unwrap();
        DrawnDays { trips: trips.iter().map(date).collect(), prices: prices.iter().map(date).collect() }
    }

    fn draws(drawn: &[DrawnDays]) -> Draws {
        let mut draws = Draws::new(1, drawn.len() as u32);
        for (replication, days) in drawn.iter().enumerate() {
            draws.add(0, replication as u32, days.clone());
        }
        draws
    }

    #[test]
    fn a_cluster_has_the_same_days_in_the_same_order() {
        let draws = draws(&[days(&[5, 6], &[]), days(&[6, 5], &[]), days(&[5, 6], &[]), days(&[5, 6], &[7])]);
        assert_eq!(draws.clusters(&[0], &[0, 1, 2, 3]).of(), [0, 1, 0, 2]);
        assert_eq!(draws.of_arm(0).unwrap().count(), 3);
        assert_eq!(draws.clusters(&[0], &[1, 2]).count(), 2);
    }

    #[test]
    fn nothing_drawn_is_nothing_shared() {
        let draws = draws(&[days(&[], &[]), days(&[], &[])]);
        assert_eq!(draws.clusters(&[0], &[0, 1]).count(), 2);
        assert_eq!((draws.of_arm(0), draws.shared_in_part()), (None, None));
    }

    #[test]
    fn days_shared_in_part_are_reported() {
        // A single day each: clusters, and nothing beyond them.
        assert_eq!(draws(&[days(&[5], &[]), days(&[6], &[]), days(&[5], &[])]).shared_in_part(), None);
        // Days 5 and 6 are in two each, day 7 in one; a day drawn twice in one replication counts once.
        let said =
            draws(&[days(&[5, 6], &[]), days(&[6, 7], &[]), days(&[5, 5], &[])]).shared_in_part().unwrap();
        assert!(said.contains("each of 3 days of trips is in 1.7 of 3 replications"), "{said}");
        let said = draws(&[days(&[5], &[8]), days(&[5], &[9])]).shared_in_part().unwrap();
        assert!(
            said.contains("1 days of trips is in 2.0, each of 2 days of prices is in 1.0 of 2 "),
            "{said}"
        );
    }
}
