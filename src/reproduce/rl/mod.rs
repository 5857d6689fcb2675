//! A car-sharing fleet as a virtual power plant with risks learned by an agent (specification 5): benchmarks and
//! learning side by side on weeks on which no agent was trained.
//!
//! Fixed pairs of risks are also searched on the training weeks, so that learning has to beat the best that a planner
//! could have known.

pub mod accuracy;
pub mod curves;
pub mod results;
mod source;

use super::{Context, Figure, Finding, Outcome};
use crate::error::Result;
use crate::policies::bidding::{Trained, observation};
use crate::scenario::training::TrainingSpec;
use crate::statistics::Clusters;
use crate::training::{Course, CurveRow, Player, Set, Trainer, WeekResult};
use std::sync::Arc;

/// Source of the figures.
const SOURCE: &str =
    "Richter, Reinforcement learning portfolio optimization of electric vehicle virtual power plants, 2019";

/// Steps of training of an agent, about as many as published.
const STEPS: u64 = 130_000;

/// Training weeks on which the 121 pairs of fixed risks are compared, and number of pairs that are then compared on all
/// calendar weeks of training.
const GRID_WEEKS: usize = 6;
const GRID_BEST: usize = 10;

/// Default number of held-out weeks.
const WEEKS: u32 = 20;

/// Weeks of the published period, June 2016 to January 2018.
const PUBLISHED_WEEKS: f64 = 87.0;

/// Risks of the published risk-averse strategy (balancing, intraday), and accuracies of its forecasts.
const AVERSE: [f64; 2] = [0.5, 0.3];
const ACCURACY: [f64; 2] = [0.7, 0.9];

/// The weeks of the case, and a sentence on their source.
struct Case {
    course: Course,
    note: String,
    weeks: usize,
    _folder: tempfile::TempDir,
}

impl Case {
    /// The case with this number of held-out weeks; `None` if the scenario and its data are missing.
    fn new(context: &Context<'_>, weeks: u32) -> Result<Option<Self>> {
        let found = source::course(context, weeks)?;
        Ok(found.map(|(course, note, folder)| Self { course, note, weeks: weeks as usize, _folder: folder }))
    }

    /// Numbers of the held-out weeks that are played.
    fn held_out(&self) -> Vec<usize> {
        (0..self.weeks).collect()
    }

    /// The mean of a value for each held-out week, from the first. Replications of a calendar week share its prices.
    fn mean(&self, name: impl Into<String>, unit: &str, values: &[f64]) -> Figure {
        let calendar = (0..values.len()).map(|week| self.course.calendar_week(Set::HeldOut, week));
        Figure::mean_over(name, unit, values, &Clusters::by(calendar))
    }

    /// Results of the held-out weeks under a player with the forecasts of `course`.
    fn play(&self, context: &Context<'_>, course: &Course, player: &Player) -> Result<Vec<WeekResult>> {
        context.map(&self.held_out(), |&week| player.play(course, Set::HeldOut, week))
    }
}

/// Outcome of a target if the scenario and its data are missing.
fn elsewhere() -> Outcome {
    let why = format!("{} is not here; run in the folder of gridfleet's sources", source::SCENARIO);
    let finding = Finding::not_checked("learned risks earn more than fixed ones", why);
    Outcome { findings: vec![finding], ..Outcome::default() }
}

/// Trains an agent.
fn learn(
    context: &Context<'_>,
    course: &Course,
    spec: TrainingSpec,
    seed: u64,
) -> Result<(Arc<Trained>, Vec<CurveRow>)> {
    let mut course = course.clone();
    (course.spec, course.agent_seed) = (spec, seed);
    let mut trainer = Trainer::new(course, String::new())?;
    while !trainer.is_done() {
        trainer.round()?;
        context.check()?;
    }
    Ok((Arc::new(trainer.trained()), trainer.curve().to_vec()))
}

/// Training as specified by the course, for this number of steps.
fn spec(course: &Course, steps: u64) -> TrainingSpec {
    TrainingSpec { steps, exploration_steps: None, ..course.spec.clone() }
}

/// Best fixed risks by the mean profit of training weeks; returns the risks, and the profit of all pairs on some of the
/// weeks [currency].
fn best_fixed(context: &Context<'_>, course: &Course) -> Result<([f64; 2], Vec<f64>)> {
    let all = course.calendar_weeks(Set::Training);
    let some = all.min(GRID_WEEKS);
    let profits = |actions: &[usize], weeks: usize| {
        context.map(actions, |&action| {
            let player = Player::Fixed(observation::risks(action));
            let mut sum = 0.0;
            for week in 0..weeks {
                // Spread over all weeks, so that the season has no effect.
                sum += player.play(course, Set::Training, week * all / weeks)?.profit;
            }
            Ok(sum / weeks as f64)
        })
    };
    let mut actions: Vec<usize> = (0..observation::ACTIONS).collect();
    let grid = profits(&actions, some)?;
    actions.sort_by(|&a, &b| grid[b].total_cmp(&grid[a]));
    actions.truncate(GRID_BEST);
    let last = profits(&actions, all)?;
    Ok((observation::risks(actions[crate::learning::best(&last)]), grid))
}

fn profits(results: &[WeekResult]) -> Vec<f64> {
    results.iter().map(|week| week.profit).collect()
}

fn differences(a: &[WeekResult], b: &[WeekResult]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a.profit - b.profit).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}
