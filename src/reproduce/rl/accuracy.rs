//! `rl-accuracy`: the results of `rl-results` with better and worse forecasts.

use super::super::{Context, Finding, Outcome, Rule, Target};
use super::results::notes;
use super::{
    AVERSE, Case, PUBLISHED_WEEKS, SOURCE, STEPS, WEEKS, best_fixed, differences, learn, mean, profits, spec,
};
use crate::error::Result;
use crate::plots::{self, Axis, Line, Plane};
use crate::training::Player;

/// The target.
pub const TARGET: Target = Target {
    name: "rl-accuracy",
    title: "A virtual power plant's profit by the accuracy of its forecasts: fixed risks and learned ones",
    source: SOURCE,
    replications: Some(WEEKS),
    run,
};

/// Accuracies (balancing, intraday) in percent, and the published profit of learned risks [kEUR].
const PAIRS: [([u32; 2], f64); 6] = [
    ([50, 60], 48.3),
    ([60, 75], 51.6),
    ([70, 90], 74.9),
    ([80, 95], 79.0),
    ([90, 99], 81.0),
    ([100, 100], 96.2),
];

fn run(context: &Context<'_>) -> Result<Outcome> {
    let Some(case) = Case::new(context, context.replications())? else { return Ok(super::elsewhere()) };
    let mut outcome = Outcome::default();
    let courses =
        PAIRS.map(|([b, i], _)| case.course.with_accuracy([f64::from(b) / 100.0, f64::from(i) / 100.0]));
    let best = courses.iter().map(|course| Ok(best_fixed(context, course)?.0)).collect::<Result<Vec<_>>>()?;
    let around: Vec<_> =
        courses.iter().zip(&best).map(|(course, &best)| course.with_fixed_risks(best)).collect();
    // Trained in parallel; each training is one thread.
    let agents =
        context.map(&around, |course| learn(context, course, spec(course, STEPS), context.draws.seed))?;
    let mut lines = [Vec::new(), Vec::new(), Vec::new()];
    let mut means = Vec::new();
    let thousands = PUBLISHED_WEEKS / 1_000.0;
    for ((((pair, published), course), (agent, _)), best) in PAIRS.iter().zip(&courses).zip(agents).zip(best)
    {
        let name = format!("accuracy ({}, {}) %", pair[0], pair[1]);
        let learned = case.play(context, course, &Player::Learned(agent))?;
        let fixed = case.play(context, course, &Player::Fixed(best))?;
        let averse = case.play(context, course, &Player::Fixed(AVERSE))?;
        let scaled = |weeks| profits(weeks).iter().map(|profit| profit * thousands).collect::<Vec<_>>();
        let figure = |what: &str, values: &[f64]| case.mean(what, "kEUR", values).case(&name);
        outcome.figures.push(figure("profit, learned", &scaled(&learned)).published(*published));
        outcome.figures.push(figure("profit, integrated (0.5, 0.3)", &scaled(&averse)));
        let best_name = format!("profit, best fixed pair ({:.1}, {:.1})", best[0], best[1]);
        outcome.figures.push(figure(&best_name, &scaled(&fixed)));
        for (other, weeks) in [("(0.5, 0.3)", &averse), ("the best fixed pair", &fixed)] {
            let gained = differences(&learned, weeks);
            let what = format!("learned less {other}, a week");
            outcome.figures.push(case.mean(what, "EUR", &gained).case(&name).rule(Rule::at_least(0.0)));
        }
        for (line, weeks) in lines.iter_mut().zip([&learned, &fixed, &averse]) {
            line.push((f64::from(pair[0]), mean(&profits(weeks))));
        }
        means.push(mean(&profits(&learned)));
    }
    let rising = means.windows(2).filter(|pair| pair[1] > pair[0]).count();
    outcome.findings.push(Finding::checked(
        "learned risks earn more with each step of accuracy",
        rising == PAIRS.len() - 1,
        format!("in {rising} of {} steps", PAIRS.len() - 1),
    ));
    let plane = Plane::new(
        Axis::number("accuracy of the balancing forecast", "%"),
        Axis::number("profit of a week", "EUR"),
    );
    let names = ["learned", "best fixed pair of the training weeks", "fixed (0.5, 0.3)"];
    let plane =
        names.into_iter().zip(lines).fold(plane, |plane, (name, points)| plane.with(Line::new(name, points)));
    let picture = plots::Figure::new("Profit by accuracy").panel("Held-out weeks", plane);
    outcome.pictures.push(("accuracy".to_owned(), picture));
    outcome.notes = notes(case.note);
    Ok(outcome)
}
