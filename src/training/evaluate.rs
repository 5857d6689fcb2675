//! Weeks played by a policy that does not learn any more, one after the other: what is bid a week ahead in one is
//! delivered in the next.

use super::course::{BIDDER, Course, Set};
use super::environment::{self, Environment, WeekResult};
use crate::error::Result;
use crate::policies::BiddingSpec;
use crate::policies::bidding::learned::{Chain, Chooser};
use crate::policies::bidding::{ObservationKind, Trained, observation};
use rayon::prelude::*;
use std::sync::Arc;

/// Source of the actions.
#[derive(Debug, Clone)]
pub enum Player {
    /// Always these risks (balancing, intraday).
    Fixed([f64; 2]),
    /// The best by learned values.
    Learned(Arc<Trained>),
}

impl Player {
    fn parts(&self) -> (ObservationKind, Chooser) {
        match self {
            Self::Fixed(risks) => (ObservationKind::Hour, Chooser::Forced(observation::action(*risks))),
            Self::Learned(trained) => (trained.observation, Chooser::Greedy(Arc::clone(trained))),
        }
    }

    /// Result of a week; the week before it in the same set (the last before the first) is played for its bids.
    ///
    /// # Errors
    /// If a week cannot be built or does not end.
    pub fn play(&self, course: &Course, set: Set, number: usize) -> Result<WeekResult> {
        Ok(self.week(course, set, number)?.result())
    }

    /// Profit of each week of a set [currency].
    ///
    /// # Errors
    /// If a week cannot be built or does not end.
    pub fn profits(&self, course: &Course, set: Set) -> Result<Vec<f64>> {
        let weeks: Vec<usize> = (0..course.len(set)).collect();
        let played: Vec<Result<f64>> =
            weeks.par_iter().map(|&week| Ok(self.play(course, set, week)?.profit)).collect();
        played.into_iter().collect()
    }

    /// The same, with all that the week has left, its trace too.
    ///
    /// # Errors
    /// If a week cannot be built or does not end.
    pub fn week(&self, course: &Course, set: Set, number: usize) -> Result<Environment> {
        let (observation, chooser) = self.parts();
        let ahead = |number: usize| course.outlooks(set, number % course.len(set));
        let before = match self {
            Self::Fixed(risks) => vec![observation::action(*risks)],
            Self::Learned(_) => {
                let last = course.week(set, (number + course.len(set) - 1) % course.len(set))?;
                let chain = Chain { before: Vec::new(), ahead: ahead(number)? };
                let mut played = Environment::under(course, &last, observation, chooser.clone(), chain);
                while !played.pass()?.over {}
                played.taken()
            }
        };
        let week = course.week(set, number)?;
        let chain = Chain { before, ahead: ahead(number + 1)? };
        let mut played = Environment::under(course, &week, observation, chooser, chain).with_diary();
        while !played.pass()?.over {}
        Ok(played)
    }
}

/// Result of a week under a policy that a scenario can name.
///
/// # Errors
/// If the week cannot be built or does not end.
pub fn benchmark(course: &Course, set: Set, number: usize, spec: &BiddingSpec) -> Result<WeekResult> {
    let week = course.week(set, number)?;
    let policy = spec.build(&week.setup, BIDDER, Some(&week.foresight), week.streams);
    environment::whole(&week, policy)
}
