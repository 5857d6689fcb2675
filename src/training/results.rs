//! Results of a training: the agent, its learning curve as a table and a picture, and its profit on held-out weeks.

use super::course::{Course, Set};
use super::evaluate::Player;
use super::trainer::{CurveRow, Trainer};
use crate::error::{Error, Result};
use crate::outputs::frame::write_frame;
use crate::outputs::{InputFile, manifest};
use crate::plots::{Agent, Axis, Band, Figure, Learning};
use crate::rng::{Purpose, Streams};
use crate::statistics::Clusters;
use crate::statistics::paired::{Paired, compare_clustered};
use polars_core::prelude::{Column, IntoColumn as _, NamedFrom as _, Series};
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;

/// Name of the agent's file.
pub use crate::outputs::kind::AGENT;

/// Confidence of intervals, and resamples of their bootstrap.
const LEVEL: f64 = 0.95;
const RESAMPLES: usize = 2_000;

/// Weeks on either side that a curve's picture averages, in all.
const WINDOW: usize = 9;

/// How a trained agent does.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Version of gridfleet.
    pub gridfleet_version: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
    /// Algorithm of the agent.
    pub agent: &'static str,
    /// Its observation.
    pub observation: &'static str,
    /// Its reward.
    pub reward: &'static str,
    /// Actions for which it receives rewards.
    pub feedback: &'static str,
    /// Steps of a quarter of an hour.
    pub steps: u64,
    /// Steps after which the agent was best on the validation weeks, and its mean profit there [currency]; none without such
    /// weeks.
    pub chosen_steps: Option<u64>,
    /// See `chosen_steps`.
    pub validation: Option<f64>,
    /// Weeks played, all lanes.
    pub weeks: u64,
    /// Currency of the amounts.
    pub currency: String,
    /// Weeks held out, replications included.
    pub held_out_weeks: usize,
    /// Mean profit of a held-out week, nothing tried at random [currency].
    pub learned: f64,
    /// Risks of the scenario's own policy (balancing, intraday).
    pub fixed_risks: [f64; 2],
    /// Its mean profit on the same weeks [currency].
    pub fixed: f64,
    /// The difference, week by week.
    pub difference: Option<Paired>,
}

/// The hash of all that a course depends on: scenario and changes, and the files that it reads.
///
/// # Errors
/// If a file cannot be read.
pub fn hash(course: &Course) -> Result<String> {
    let mut text = course.canonical.clone();
    // The scenario itself is in the text, as changed, and without its comments.
    for path in &course.inputs[1..] {
        text.push_str(&InputFile::of(path)?.sha256);
    }
    Ok(manifest::sha256(text.as_bytes()))
}

impl Summary {
    /// Plays the held-out weeks.
    ///
    /// # Errors
    /// If a week cannot be built.
    pub fn of(trainer: &Trainer) -> Result<Self> {
        let course = trainer.course();
        let learned = Player::Learned(Arc::new(trainer.trained())).profits(course, Set::HeldOut)?;
        let fixed = Player::Fixed(course.fixed_risks).profits(course, Set::HeldOut)?;
        let mut random = Streams { seed: course.seed, replication: 0 }.stream(Purpose::Resampling, 0);
        let clusters = Clusters::by((0..learned.len()).map(|week| course.calendar_week(Set::HeldOut, week)));
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
        Ok(Self {
            gridfleet_version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: course.name.clone(),
            seed: course.seed,
            agent: course.spec.agent.kind.name(),
            observation: course.spec.observation.name(),
            reward: course.spec.reward.name(),
            feedback: course.spec.feedback.name(),
            steps: trainer.steps(),
            chosen_steps: trainer.best().map(|best| best.steps),
            validation: trainer.best().map(|best| best.validation),
            weeks: trainer.curve().len() as u64,
            currency: course.currency.clone(),
            held_out_weeks: learned.len(),
            learned: mean(&learned),
            fixed_risks: course.fixed_risks,
            fixed: mean(&fixed),
            difference: compare_clustered(&learned, &fixed, &clusters, LEVEL, RESAMPLES, &mut random),
        })
    }

    /// As JSON.
    ///
    /// # Errors
    /// Never for finite numbers.
    pub fn to_json(&self) -> Result<String> {
        let text =
            serde_json::to_string_pretty(self).map_err(|e| Error::Other(format!("summary.json: {e}")))?;
        Ok(text + "\n")
    }

    /// For people.
    pub fn text(&self) -> String {
        let (currency, [balancing, intraday]) = (&self.currency, self.fixed_risks);
        let interval = self.difference.and_then(|difference| difference.t_interval);
        let interval = interval.map_or(String::new(), |i| format!(" (95 %: {:.1} to {:.1})", i.low, i.high));
        format!(
            "{} has learned over {} steps, {} weeks\n{} weeks held out: learned {:.1} {currency} a week, fixed risks \
             ({balancing}, {intraday}) {:.1}, difference {:.1}{interval}\n",
            self.agent,
            self.steps,
            self.weeks,
            self.held_out_weeks,
            self.learned,
            self.fixed,
            self.learned - self.fixed,
        )
    }
}

/// Writes everything into `dir`.
///
/// # Errors
/// If a file cannot be written.
pub fn write(dir: &Path, trainer: &Trainer, summary: &Summary) -> Result<()> {
    trainer.checkpoint().write(&dir.join(AGENT))?;
    let curve = trainer.curve();
    write_frame(&dir.join("curve.parquet"), columns(curve), Vec::new())?;
    let picture =
        picture(&summary.scenario, &summary.currency, vec![(summary.agent.to_owned(), vec![curve.to_vec()])]);
    picture.write(dir.join("learning.svg"))?;
    picture.write(dir.join("learning.png"))?;
    let path = dir.join("summary.json");
    std::fs::write(&path, summary.to_json()?).map_err(|e| Error::writing(&path, e))
}

/// The columns of a learning curve's table.
pub fn columns(curve: &[CurveRow]) -> Vec<Column> {
    let counts = |name: &str, figure: fn(&CurveRow) -> u64| {
        Series::new(name.into(), curve.iter().map(|row| figure(row) as i64).collect::<Vec<_>>()).into_column()
    };
    let numbers = |name: &str, figure: fn(&CurveRow) -> f64| {
        let values = curve.iter().map(|row| Some(figure(row)).filter(|x| x.is_finite()));
        Series::new(name.into(), values.collect::<Vec<_>>()).into_column()
    };
    vec![
        counts("steps", |row| row.steps),
        counts("lane", |row| row.lane),
        counts("week", |row| row.week),
        numbers("reward", |row| row.reward),
        numbers("epsilon", |row| row.epsilon),
        numbers("loss", |row| row.loss),
    ]
}

/// Learning curves of agents, each with the curves of its seeds.
pub fn picture(scenario: &str, currency: &str, agents: Vec<(String, Vec<Vec<CurveRow>>)>) -> Figure {
    let agents = agents.into_iter().map(|(name, seeds)| Agent {
        name,
        seeds: seeds
            .into_iter()
            .map(|curve| curve.iter().map(|row| (row.steps as f64 / 1_000.0, row.reward)).collect())
            .collect(),
    });
    let learning = Learning {
        x: Axis::number("steps", "thousands"),
        y: Axis::number("profit of a week", currency),
        agents: agents.collect(),
        window: WINDOW,
        band: Band::Range,
    };
    Figure::new(format!("Learning to bid: {scenario}"))
        .panel("Weeks as played, exploration included", learning)
}
