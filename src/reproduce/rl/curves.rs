//! `rl-learning-curves`: speed of learning, over several seeds; value of the published observation and reward, and of
//! ours.

use super::super::{Context, Figure, Finding, Outcome, Table, Target, Values};
use super::results::notes;
use super::{Case, SOURCE, best_fixed, differences, learn, mean, profits, spec};
use crate::error::Result;
use crate::learning::{AgentKind, AgentSpec};
use crate::policies::ObservationKind;
use crate::scenario::training::{FeedbackSpec, RewardSpec, TrainingSpec};
use crate::training::{Course, Player, results};

/// The target.
pub const TARGET: Target = Target {
    name: "rl-learning-curves",
    title: "Learning curves of agents that bid, over seeds: the published observation and reward, and richer ones",
    source: SOURCE,
    replications: Some(5),
    run,
};

/// Steps of each training, as published.
const STEPS: u64 = 130_000;

/// Held-out weeks that each agent plays at the end.
const WEEKS: u32 = 20;

fn run(context: &Context<'_>) -> Result<Outcome> {
    let Some(case) = Case::new(context, WEEKS)? else { return Ok(super::elsewhere()) };
    let (best, _) = best_fixed(context, &case.course)?;
    let course = case.course.with_fixed_risks(best);
    let variants = variants(&course);
    let seeds = u64::from(context.replications());
    let tasks: Vec<(usize, u64)> =
        (0..variants.len()).flat_map(|v| (0..seeds).map(move |seed| (v, seed))).collect();
    let trained = context.map(&tasks, |&(variant, seed)| {
        learn(context, &course, variants[variant].1.clone(), context.draws.seed + seed)
    })?;
    let mut outcome = Outcome::default();
    let averse = case.play(context, &case.course, &Player::Fixed(super::AVERSE))?;
    let mut by_variant = vec![Vec::new(); variants.len()];
    let mut agents: Vec<(String, Vec<_>)> =
        variants.iter().map(|(name, _)| ((*name).to_owned(), Vec::new())).collect();
    let mut columns = [Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    let mut names = Vec::new();
    for (&(variant, seed), (agent, curve)) in tasks.iter().zip(trained) {
        let played = case.play(context, &case.course, &Player::Learned(agent))?;
        by_variant[variant].push((mean(&profits(&played)), mean(&differences(&played, &averse))));
        for row in &curve {
            names.push(variants[variant].0.to_owned());
            let values = [seed as f64, row.steps as f64, row.reward, row.epsilon, row.loss];
            columns.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
        }
        agents[variant].1.push(curve);
    }
    for ((name, _), ends) in variants.iter().zip(&by_variant) {
        let [profit, gained] =
            [0, 1].map(|i| ends.iter().map(|end| if i == 0 { end.0 } else { end.1 }).collect::<Vec<_>>());
        outcome.figures.push(Figure::mean("profit of a held-out week, by seeds", "EUR", &profit).case(*name));
        outcome
            .figures
            .push(Figure::mean("less integrated (0.5, 0.3), by seeds", "EUR", &gained).case(*name));
        let held = gained.iter().filter(|&&gain| gain > 0.0).count();
        let text = format!("{name}: earns more than the risk-averse pair");
        outcome.findings.push(Finding::always(text, held, gained.len()));
    }
    let numbers = ["seed", "steps", "reward", "epsilon", "loss"];
    let named =
        numbers.into_iter().zip(columns).map(|(name, values)| (name.to_owned(), Values::Numbers(values)));
    let columns = std::iter::once(("agent".to_owned(), Values::Texts(names))).chain(named).collect();
    outcome.tables.push(Table { name: "curves".to_owned(), columns });
    outcome
        .pictures
        .push(("curves".to_owned(), results::picture("stuttgart-rl", &case.course.currency, agents)));
    outcome.notes = notes(case.note);
    outcome.notes.push(format!("Here agents are trained over {STEPS} steps, as published."));
    Ok(outcome)
}

/// Agents, from the published one to ours.
fn variants(course: &Course) -> Vec<(&'static str, TrainingSpec)> {
    // No states are selected here: curves and final results are of the same agent.
    let ours = TrainingSpec { validation_every_weeks: 0, ..spec(course, STEPS) };
    let variant = |kind, observation, reward, discount| {
        let mut spec = TrainingSpec { observation, reward, feedback: FeedbackSpec::Played, ..ours.clone() };
        let published = AgentSpec::default();
        spec.agent = AgentSpec { kind, discount, epsilon: published.epsilon, ..ours.agent.clone() };
        spec
    };
    let all_pairs = |kind, observation| {
        let mut spec = TrainingSpec { observation, ..ours.clone() };
        spec.agent.kind = kind;
        spec
    };
    let deep = AgentKind::DuelingDoubleDqn;
    vec![
        ("dueling, hour, account", variant(deep, ObservationKind::Hour, RewardSpec::Account, 0.99)),
        ("dueling, hour, advantage", variant(deep, ObservationKind::Hour, RewardSpec::Advantage, 0.0)),
        ("dueling, rich, advantage", variant(deep, ObservationKind::Rich, RewardSpec::Advantage, 0.0)),
        ("dueling, rich, all pairs", all_pairs(deep, ObservationKind::Rich)),
        ("policy, hour, all pairs", all_pairs(AgentKind::Policy, ObservationKind::Hour)),
        ("policy, rich, all pairs", ours.clone()),
    ]
}
