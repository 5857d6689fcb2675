//! The loop of a training: weeks in each lane, the rewards of their steps, an agent that learns from them, checkpoints
//! between weeks.
//!
//! Every random number comes from a stream identified by its purpose and by the number of the step, transition or week;
//! so a training resumed from a checkpoint draws the same numbers without knowing earlier draws.

use super::course::{Course, Set};
use super::environment::Environment;
use super::evaluate::Player;
use super::hindsight::Slot;
use crate::engine::EndlessInstant;
use crate::error::{Error, InputError, Result};
use crate::learning::bytes::{Corrupt, Reader, Writer};
use crate::learning::network::Workspace;
use crate::learning::{Agent, Checkpoint, Exploration, Purpose, Reward, Seen, Space, Transition, Values};
use crate::policies::bidding::learned::{Chain, Trained};
use crate::policies::bidding::observation::{self, RISKS};
use crate::policies::{PolicyStream, TrainingStream};
use crate::rng::Streams;
use crate::scenario::training::{FeedbackSpec, RewardSpec, TrainingSpec};
use rand::RngExt as _;
use rand_pcg::Pcg64;
use rayon::prelude::*;
use std::sync::Arc;

/// One point of a learning curve: a week of one lane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurveRow {
    /// Steps of all lanes when it ended.
    pub steps: u64,
    /// Lane.
    pub lane: u64,
    /// Which of the training weeks was played.
    pub week: u64,
    /// Its profit, exploration included [currency].
    pub reward: f64,
    /// Share of steps at which any action was tried, at its end.
    pub epsilon: f64,
    /// Mean squared error of what the agent has learned since the week before; not a number before it learns.
    pub loss: f64,
}

/// The steps of a week.
#[derive(Debug, Clone, Default, PartialEq)]
struct Log {
    features: Vec<f64>,
    cells: Vec<usize>,
    actions: Vec<usize>,
    /// Of each step one, or one for each alternative of both choices.
    rewards: Vec<f64>,
}

/// Alternatives of both choices.
const ALTERNATIVES: usize = 2 * RISKS;

impl Log {
    fn seen(&self, step: usize) -> Seen<'_> {
        let width = self.features.len() / self.cells.len().max(1);
        Seen { features: &self.features[step * width..(step + 1) * width], cell: self.cells[step] }
    }

    fn reward(&self, step: usize) -> Reward<'_> {
        match self.rewards.len() / self.cells.len().max(1) {
            1 => Reward::Done(self.rewards[step]),
            width => {
                Reward::All { alternatives: &self.rewards[step * width..(step + 1) * width], branches: 2 }
            }
        }
    }

    fn save(&self, out: &mut Writer) {
        out.numbers(&self.features);
        out.counts(self.cells.iter().map(|&cell| cell as u64));
        out.counts(self.actions.iter().map(|&action| action as u64));
        out.numbers(&self.rewards);
    }

    fn load(from: &mut Reader<'_>, space: Space) -> Result<Self, Corrupt> {
        let below = |numbers: Vec<u64>, bound: usize| -> Result<Vec<usize>, Corrupt> {
            numbers
                .into_iter()
                .map(|n| if n < bound as u64 { Ok(n as usize) } else { Err(Corrupt) })
                .collect()
        };
        let features = from.numbers()?;
        let cells = below(from.counts()?, space.cells)?;
        let actions = below(from.counts()?, space.actions)?;
        let rewards = from.numbers()?;
        let fits = features.len() == cells.len() * space.features
            && actions.len() == cells.len()
            && [1, ALTERNATIVES].iter().any(|width| rewards.len() == cells.len() * width);
        if fits { Ok(Self { features, cells, actions, rewards }) } else { Err(Corrupt) }
    }
}

/// One chain of weeks.
#[derive(Debug, Clone)]
struct Lane {
    /// The week played next, and the one after it.
    week: usize,
    next: usize,
    /// The week played last: its steps, with what they have brought so far.
    last: Log,
}

/// A training in progress.
pub struct Trainer {
    course: Course,
    spec: TrainingSpec,
    exploration: Exploration,
    streams: Streams,
    agent: Box<dyn Agent>,
    lanes: Vec<Lane>,
    /// Slots from a step to the products that it bids for (balancing, intraday).
    leads: [usize; 2],
    steps: u64,
    learned: u64,
    rounds: u64,
    curve: Vec<CurveRow>,
    /// Best values so far on the validation weeks.
    best: Option<Best>,
    hash: String,
}

/// The state of an agent that was best on the validation weeks.
#[derive(Debug, Clone, PartialEq)]
pub struct Best {
    /// Steps learned then.
    pub steps: u64,
    /// Mean profit of a validation week [currency].
    pub validation: f64,
    values: Values,
}

impl Trainer {
    /// Before the first step. `hash` is that of all that the course depends on.
    ///
    /// # Errors
    /// If the first week cannot be built.
    pub fn new(course: Course, hash: String) -> Result<Self> {
        let spec = course.spec.clone();
        let streams = Streams { seed: course.agent_seed, replication: 0 };
        let space = space(&spec);
        let agent = spec.agent.build(space, &mut random(streams, TrainingStream::Weights));
        let exploration =
            Exploration { epsilon: spec.agent.epsilon, steps: spec.exploration_steps.unwrap_or(spec.steps) };
        let week = course.week(Set::Training, 0)?;
        let trading = &week.setup.trading;
        let lead = |kind| {
            let market = trading.markets.iter().find(|market| market.kind == kind);
            let lead_s = market.map_or(0, |market| market.gates.longest_s());
            usize::try_from((lead_s + trading.settlement_s - 1) / trading.settlement_s).unwrap_or(0)
        };
        let leads = [lead(crate::markets::MarketKind::Balancing), lead(crate::markets::MarketKind::Intraday)];
        let mut trainer = Self {
            lanes: Vec::new(),
            course,
            spec,
            exploration,
            streams,
            agent,
            leads,
            steps: 0,
            learned: 0,
            rounds: 0,
            curve: Vec::new(),
            best: None,
            hash,
        };
        trainer.lanes = (0..u64::from(trainer.spec.lanes))
            .map(|lane| {
                let [week, next] = [0, 1].map(|round| trainer.draw_week(round, lane));
                // There are no bids for the first week yet: any risks.
                let random = &mut random(streams, TrainingStream::First(lane));
                let actions = (0..leads[0]).map(|_| random.random_range(0..space.actions)).collect();
                Lane { week, next, last: Log { actions, ..Log::default() } }
            })
            .collect();
        Ok(trainer)
    }

    /// Goes on from a checkpoint.
    ///
    /// # Errors
    /// [`Error::Input`] if it was made for another network, observation or scenario.
    pub fn resume(course: Course, hash: String, checkpoint: &Checkpoint) -> Result<Self> {
        let mut trainer = Self::new(course, hash)?;
        let (found, own) = (&checkpoint.purpose, trainer.purpose());
        let differs = |what: &str, found: String, expected: String| -> Result<Self> {
            let help = "train again without --resume, or into another folder";
            Err(InputError::new(format!("{what} {found}"), expected).help(help).into())
        };
        if found.agent != own.agent {
            let [a, b] =
                [&found.agent, &own.agent].map(|agent| serde_json::to_string(agent).unwrap_or_default());
            return differs("a checkpoint of another agent:", a, b);
        }
        if found.space() != own.space() || found.observation != own.observation {
            let tell =
                |p: &Purpose| format!("\"{}\", {} numbers, {} actions", p.observation, p.features, p.actions);
            return differs("a checkpoint of another network, which sees", tell(found), tell(&own));
        }
        if found.scenario_sha256 != own.scenario_sha256 {
            let tell = |p: &Purpose| {
                format!("\"{}\" ({})", p.scenario, &p.scenario_sha256.get(..12).unwrap_or("no hash"))
            };
            return differs("a checkpoint of another scenario, or of other files:", tell(found), tell(&own));
        }
        let kept = checkpoint.restore(&mut *trainer.agent)?;
        match trainer.load(&mut Reader::new(&kept)) {
            Ok(()) => Ok(trainer),
            Err(Corrupt) => differs(
                "a checkpoint",
                "without the state of its trainer".to_owned(),
                "a whole one".to_owned(),
            ),
        }
    }

    fn draw_week(&self, round: u64, lane: u64) -> usize {
        let number = round * u64::from(self.spec.lanes) + lane;
        random(self.streams, TrainingStream::Week(number)).random_range(0..self.course.len(Set::Training))
    }

    /// The weeks.
    pub fn course(&self) -> &Course {
        &self.course
    }

    /// Whether all steps are done.
    pub fn is_done(&self) -> bool {
        self.steps >= self.spec.steps
    }

    /// Steps done.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Steps to do.
    pub fn all_steps(&self) -> u64 {
        self.spec.steps
    }

    /// Weeks that each lane has played.
    pub fn rounds(&self) -> u64 {
        self.rounds
    }

    /// The learning curve so far.
    pub fn curve(&self) -> &[CurveRow] {
        &self.curve
    }

    /// Learned values so far: where there are validation weeks, the best ones on them.
    pub fn trained(&self) -> Trained {
        let values = self.best.as_ref().map_or(self.agent.values(), |best| &best.values);
        Trained { observation: self.spec.observation, values: values.clone() }
    }

    /// How the best state so far did on the validation weeks, if there are any.
    pub fn best(&self) -> Option<&Best> {
        self.best.as_ref()
    }

    /// Plays the validation weeks with what is known now, and keeps it if nothing before was better.
    fn validate(&mut self) -> Result<()> {
        let every = u64::from(self.spec.validation_every_weeks);
        let due = self.rounds.is_multiple_of(every) || self.is_done();
        // Before its first lesson a network knows nothing.
        if every == 0 || !due || self.learned == 0 || self.course.len(Set::Validation) == 0 {
            return Ok(());
        }
        let (observation, values) = (self.spec.observation, self.agent.values().clone());
        let player = Player::Learned(Arc::new(Trained { observation, values: values.clone() }));
        let profits = player.profits(&self.course, Set::Validation)?;
        let validation = profits.iter().sum::<f64>() / profits.len() as f64;
        if self.best.as_ref().is_none_or(|best| validation > best.validation) {
            self.best = Some(Best { steps: self.steps, validation, values });
        }
        Ok(())
    }

    /// Plays a week in each lane and learns from it.
    ///
    /// # Errors
    /// If a week cannot be built.
    pub fn round(&mut self) -> Result<()> {
        let environments = self.lanes.iter().map(|lane| self.reset(lane)).collect::<Result<Vec<_>>>()?;
        let mut logs = vec![Log::default(); environments.len()];
        let (mut losses, mut lessons) = (0.0, 0_u64);
        let mut environments = self.play(environments, &mut logs)?;
        let mut lanes = std::mem::take(&mut self.lanes);
        for ((lane, mut log), environment) in lanes.iter_mut().zip(logs).zip(&mut environments) {
            match self.spec.feedback {
                FeedbackSpec::Played => {
                    let mut by_slot = [environment.by_slot().to_vec(), environment.beside_balancing()];
                    if self.spec.reward == RewardSpec::Advantage {
                        let reference = self.course.reference(lane.week)?;
                        for (by_slot, fixed) in by_slot.iter_mut().zip(&*reference) {
                            by_slot.iter_mut().zip(fixed).for_each(|(cash, fixed)| *cash -= fixed);
                        }
                    }
                    self.settle(&mut lane.last, &mut log, &by_slot);
                }
                FeedbackSpec::AllPairs => {
                    let week = self.course.week(Set::Training, lane.week)?;
                    let slots = environment.hindsight(&week);
                    self.settle_all(
                        &mut lane.last,
                        &mut log,
                        &slots.iter().map(|slot| self.alternative_rewards(slot)).collect::<Vec<_>>(),
                    );
                }
            }
            for step in 0..lane.last.cells.len() {
                if let Some(loss) = self.lesson(&lane.last, &log, step) {
                    losses += loss;
                    lessons += 1;
                }
            }
            lane.last = log;
        }
        for (number, (lane, environment)) in lanes.iter_mut().zip(&environments).enumerate() {
            self.curve.push(CurveRow {
                steps: self.steps,
                lane: number as u64,
                week: lane.week as u64,
                reward: environment.result().profit,
                epsilon: self.exploration.epsilon(self.steps),
                loss: if lessons > 0 { losses / lessons as f64 } else { f64::NAN },
            });
            lane.week = lane.next;
            lane.next = self.draw_week(self.rounds + 2, number as u64);
        }
        self.lanes = lanes;
        self.rounds += 1;
        self.validate()
    }

    fn reset(&self, lane: &Lane) -> Result<Environment> {
        let week = self.course.week(Set::Training, lane.week)?;
        let ahead = self.course.outlooks(Set::Training, lane.next)?;
        let chain = Chain { before: lane.last.actions.clone(), ahead };
        let environment = Environment::reset(&self.course, &week, self.spec.observation, chain);
        Ok(match self.spec.feedback {
            FeedbackSpec::Played => environment,
            FeedbackSpec::AllPairs => environment.with_diary(),
        })
    }

    /// Plays all environments to their ends, step by step side by side.
    fn play(&mut self, mut environments: Vec<Environment>, logs: &mut [Log]) -> Result<Vec<Environment>> {
        let mut work = Workspace::default();
        let mut features = Vec::new();
        let mut open = environments.len();
        let mut actions = vec![0; environments.len()];
        while open > 0 {
            for ((environment, log), action) in environments.iter().zip(logs.iter_mut()).zip(&mut actions) {
                if environment.step_number() >= environment.steps() {
                    continue;
                }
                let cell = environment.see(&mut features);
                let mut random = random(self.streams, TrainingStream::Choice(self.steps));
                let seen = Seen { features: &features, cell };
                let (values, count) = (self.agent.values(), observation::ACTIONS);
                *action = self.exploration.choose(self.steps, values, seen, count, &mut work, &mut random);
                log.features.extend_from_slice(&features);
                log.cells.push(cell);
                log.actions.push(*action);
                self.steps += 1;
            }
            let step = |((environment, log), &action): ((&mut Environment, &mut Log), &usize)| {
                if environment.step_number() < environment.steps() {
                    log.rewards.push(environment.step(action)?.account);
                }
                Ok::<_, EndlessInstant>(())
            };
            if environments.len() > 1 {
                environments
                    .par_iter_mut()
                    .zip(logs.par_iter_mut())
                    .zip(actions.par_iter())
                    .try_for_each(step)?;
            } else {
                environments.iter_mut().zip(logs.iter_mut()).zip(&actions).try_for_each(step)?;
            }
            open = environments.iter().filter(|e| e.step_number() < e.steps()).count();
        }
        Ok(environments)
    }

    /// Assigns the profit of a week to its own steps and to those of the week before: by slot, for balancing and intraday bids.
    fn settle(&self, last: &mut Log, log: &mut Log, by_slot: &[Vec<f64>; 2]) {
        if self.spec.reward == RewardSpec::Account {
            return;
        }
        let steps = log.rewards.len();
        for (step, reward) in log.rewards.iter_mut().enumerate() {
            *reward = self.leads.iter().zip(by_slot).filter_map(|(lead, cash)| cash.get(step + lead)).sum();
        }
        let before = last.rewards.len();
        for (step, reward) in last.rewards.iter_mut().enumerate() {
            let slots = self.leads.iter().map(|lead| (step + lead).checked_sub(before));
            *reward += slots.zip(by_slot).filter_map(|(slot, cash)| cash.get(slot?)).sum::<f64>();
        }
        debug_assert_eq!(steps, log.cells.len());
    }

    /// Reward of each alternative of a slot: where the reward is the advantage, over that of the fixed risk.
    fn alternative_rewards(&self, slot: &Slot) -> [[f64; RISKS]; 2] {
        let mut rewards = slot.alternatives();
        for (market, alternatives) in rewards.iter_mut().enumerate() {
            let fixed = observation::step(self.course.fixed_risks[market]);
            let base = if self.spec.reward == RewardSpec::Advantage { alternatives[fixed] } else { 0.0 };
            alternatives.iter_mut().for_each(|cash| *cash -= base);
        }
        rewards
    }

    /// Assigns the profit of each alternative to the steps of a week and to those of the week before that end within
    /// this week; `by_slot` is of this week.
    fn settle_all(&self, last: &mut Log, log: &mut Log, by_slot: &[[[f64; RISKS]; 2]]) {
        let (steps, before) = (log.cells.len(), last.cells.len());
        log.rewards.clear();
        log.rewards.resize(steps * ALTERNATIVES, 0.0);
        for (market, lead) in self.leads.into_iter().enumerate() {
            for (slot, alternatives) in by_slot.iter().enumerate() {
                // Steps of the week before are counted on: its first is at -before.
                let Some(step) = (slot + before).checked_sub(lead) else { continue };
                let (rewards, step) = match step.checked_sub(before) {
                    Some(step) => (&mut log.rewards, step),
                    None => (&mut last.rewards, step),
                };
                let first = step * ALTERNATIVES + market * RISKS;
                rewards[first..first + RISKS].copy_from_slice(&alternatives[market]);
            }
        }
    }

    /// Learns from a step of the week before last; what follows its last one is the first of `log`.
    fn lesson(&mut self, last: &Log, log: &Log, step: usize) -> Option<f64> {
        let (after, next_action) = match step + 1 {
            next if next < last.cells.len() => (last.seen(next), last.actions[next]),
            _ => (log.seen(0), log.actions[0]),
        };
        let transition = Transition {
            before: last.seen(step),
            action: last.actions[step],
            reward: last.reward(step),
            after,
            next_action,
            terminal: false,
        };
        let share = (self.learned as f64 / self.exploration.steps.max(1) as f64).min(1.0);
        let rate = 1.0 - (1.0 - self.spec.agent.learning_rate_left) * share;
        let mut random = random(self.streams, TrainingStream::Lesson(self.learned));
        self.learned += 1;
        self.agent.learn(&transition, rate, &mut random)
    }

    fn purpose(&self) -> Purpose {
        let space = space(&self.spec);
        Purpose {
            agent: self.spec.agent.clone(),
            observation: self.spec.observation.name().to_owned(),
            features: space.features,
            cells: space.cells,
            actions: space.actions,
            scenario: self.course.name.clone(),
            scenario_sha256: self.hash.clone(),
            steps: self.steps,
        }
    }

    /// State of the training between two weeks.
    pub fn checkpoint(&self) -> Checkpoint {
        let mut out = Writer::default();
        for count in [self.steps, self.learned, self.rounds, self.exploration.steps, self.lanes.len() as u64]
        {
            out.count(count);
        }
        for lane in &self.lanes {
            out.count(lane.week as u64);
            out.count(lane.next as u64);
            lane.last.save(&mut out);
        }
        out.count(self.curve.len() as u64);
        for row in &self.curve {
            [row.steps, row.lane, row.week].into_iter().for_each(|count| out.count(count));
            [row.reward, row.epsilon, row.loss].into_iter().for_each(|number| out.number(number));
        }
        out.count(u64::from(self.best.is_some()));
        if let Some(best) = &self.best {
            out.count(best.steps);
            out.number(best.validation);
            best.values.save(&mut out);
        }
        Checkpoint::new(self.purpose(), &self.trained().values, &*self.agent, &out.bytes)
    }

    fn load(&mut self, from: &mut Reader<'_>) -> Result<(), Corrupt> {
        let space = space(&self.spec);
        let weeks = self.course.len(Set::Training) as u64;
        self.steps = from.count()?;
        self.learned = from.count()?;
        self.rounds = from.count()?;
        self.exploration.steps = from.count()?;
        if from.count()? != self.lanes.len() as u64 {
            return Err(Corrupt);
        }
        for lane in &mut self.lanes {
            let (week, next) = (from.count()?, from.count()?);
            if week >= weeks || next >= weeks {
                return Err(Corrupt);
            }
            (lane.week, lane.next) = (week as usize, next as usize);
            lane.last = Log::load(from, space)?;
        }
        self.curve.clear();
        for _ in 0..from.count()? {
            self.curve.push(CurveRow {
                steps: from.count()?,
                lane: from.count()?,
                week: from.count()?,
                reward: from.number()?,
                epsilon: from.number()?,
                loss: from.number()?,
            });
        }
        self.best = match from.count()? {
            0 => None,
            _ => {
                let (steps, validation) = (from.count()?, from.number()?);
                let mut values = self.agent.values().clone();
                values.load(from)?;
                Some(Best { steps, validation, values })
            }
        };
        if from.is_empty() { Ok(()) } else { Err(Corrupt) }
    }
}

/// Random stream of a part of the training.
fn random(streams: Streams, part: TrainingStream) -> Pcg64 {
    PolicyStream::Training(part).of(streams)
}

fn space(spec: &TrainingSpec) -> Space {
    let kind = spec.observation;
    Space { features: kind.features(), cells: kind.cells(), actions: observation::ACTIONS }
}

/// Trains until all steps are done.
///
/// # Errors
/// If a week cannot be built, and the errors of `between`.
pub fn train(course: Course, mut between: impl FnMut(&Trainer) -> Result<(), Error>) -> Result<Arc<Trained>> {
    let mut trainer = Trainer::new(course, String::new())?;
    while !trainer.is_done() {
        trainer.round()?;
        between(&trainer)?;
    }
    Ok(Arc::new(trainer.trained()))
}
