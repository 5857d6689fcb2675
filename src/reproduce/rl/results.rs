//! `rl-results`: earnings of each strategy in held-out weeks, at the published accuracies.

use super::super::{Context, Figure, Finding, Outcome, Rule, Table, Target, Values};
use super::{ACCURACY, AVERSE, Case, PUBLISHED_WEEKS, SOURCE, STEPS, WEEKS};
use super::{best_fixed, differences, learn, mean, profits, spec};
use crate::error::Result;
use crate::plots::{self, Axis, Heat};
use crate::policies::BiddingSpec;
use crate::policies::bidding::{ForecastKind, clairvoyant, observation};
use crate::training::evaluate::benchmark;
use crate::training::hindsight::Slot;
use crate::training::{Player, Set, WeekResult};

/// The target.
pub const TARGET: Target = Target {
    name: "rl-results",
    title: "A virtual power plant's profit by strategy: fixed risks and learned ones, on held-out weeks",
    source: SOURCE,
    replications: Some(WEEKS),
    run,
};

/// Held-out weeks for which the bound is computed: a linear program for each vehicle takes seconds per week.
const BOUND_WEEKS: usize = 6;

/// Published rows: name; MWh charged regularly, MWh bought, both as printed; lost rentals and profit [kEUR].
type Row = (&'static str, [f64; 4]);
const BASELINE: Row = ("baseline", [2080.5, 0.0, 0.0, 0.0]);
const PERFECT_INTRADAY: Row = ("intraday, perfect", [619.1, 1461.4, 0.0, 65.6]);
const INTRADAY: Row = ("intraday 0.3, 90 %", [1095.8, 984.6, 0.0, 45.1]);
const BALANCING: Row = ("balancing 0.5, 70 %", [1277.9, 802.6, 0.0, 43.6]);
const PERFECT: Row = ("integrated, perfect", [196.8, 1883.7, 0.0, 99.1]);
const RISK_AVERSE: Row = ("integrated (0.5, 0.3)", [788.6, 1291.9, 0.0, 67.0]);
const BOLD: Row = ("integrated (0.2, 0.0)", [400.8, 1682.0, 15.5, 72.5]);
const LEARNED: Row = ("learned", [618.9, 1461.6, 0.0, 74.9]);

fn run(context: &Context<'_>) -> Result<Outcome> {
    let Some(case) = Case::new(context, context.replications())? else { return Ok(super::elsewhere()) };
    let course = &case.course;
    let perfect = course.with_accuracy([1.0, 1.0]);
    let forecast = ForecastKind::Perfect;
    let balancing =
        BiddingSpec::Balancing { risk: AVERSE[0], accuracy: ACCURACY[0], forecast, limit_per_mwh: None };
    let alone = |spec: &BiddingSpec| {
        context.map(&case.held_out(), |&week| benchmark(course, Set::HeldOut, week, spec))
    };
    let fixed = |course: &_, risks| case.play(context, course, &Player::Fixed(risks));

    let (best, grid) = best_fixed(context, course)?;
    let (trained, _) =
        learn(context, &course.with_fixed_risks(best), spec(course, STEPS), context.draws.seed)?;
    let learned = case.play(context, course, &Player::Learned(trained))?;
    let (averse, best_weeks) = (fixed(course, AVERSE)?, fixed(course, best)?);
    let (intraday, balancing) = (fixed(course, [1.0, AVERSE[1]])?, alone(&balancing)?);
    let rows = [
        (BASELINE, alone(&BiddingSpec::Regular {})?),
        (PERFECT_INTRADAY, fixed(&perfect, [1.0, 0.0])?),
        (INTRADAY, intraday.clone()),
        (BALANCING, balancing.clone()),
        (PERFECT, fixed(&perfect, [0.0, 0.0])?),
        (RISK_AVERSE, averse.clone()),
        (BOLD, fixed(course, [0.2, 0.0])?),
        (LEARNED, learned.clone()),
    ];
    let best_name = format!("best fixed pair ({:.1}, {:.1})", best[0], best[1]);

    let mut outcome = Outcome::default();
    for ((name, published), weeks) in &rows {
        outcome.figures.extend(figures(&case, name, weeks, Some(*published)));
    }
    outcome.figures.extend(figures(&case, &best_name, &best_weeks, None));
    for (other, weeks, published) in [
        (RISK_AVERSE.0, &averse, Some(12.0)),
        (BALANCING.0, &balancing, Some(72.0)),
        (INTRADAY.0, &intraday, Some(66.0)),
        (best_name.as_str(), &best_weeks, None),
    ] {
        let name = format!("learned less {other}");
        let gained = differences(&learned, weeks);
        outcome
            .figures
            .push(case.mean("difference of a week", "EUR", &gained).case(&name).rule(Rule::at_least(0.0)));
        let share = Figure::new("gain", "%", 100.0 * mean(&gained) / mean(&profits(weeks))).case(&name);
        outcome.figures.push(match published {
            Some(published) => share.published(published),
            None => share,
        });
    }
    ceilings(context, &case, best, &mut outcome)?;
    bound(context, &case, &learned, &mut outcome)?;
    outcome.findings.extend(findings(&case, best, &learned, [&averse, &best_weeks]));
    outcome.tables.push(table(&grid));
    outcome.pictures.push(("grid".to_owned(), picture(&grid)));
    outcome.notes = notes(case.note);
    Ok(outcome)
}

/// Learned risks against the published ones, and against the best fixed pair.
fn findings(
    case: &Case,
    best: [f64; 2],
    learned: &[WeekResult],
    [averse, best_weeks]: [&[WeekResult]; 2],
) -> [Finding; 2] {
    let gain =
        |other: &[WeekResult]| case.mean("", "", &differences(learned, other)).rule(Rule::at_least(0.0));
    [
        Finding::of_figure(
            "learned risks earn more than the published risk-averse pair at equal accuracy",
            &gain(averse),
            "95 % interval of the paired difference of a week lies above 0",
        ),
        Finding::of_figure(
            "learned risks earn no less than the best fixed pair of the training weeks",
            &gain(best_weeks),
            format!(
                "95 % interval of the paired difference of a week does not reach below 0; pair ({}, {})",
                best[0], best[1]
            ),
        ),
    ]
}

/// Profit of each fixed pair of risks in the training weeks.
fn table(grid: &[f64]) -> Table {
    Table {
        name: "grid".to_owned(),
        columns: vec![
            (
                "risk_balancing".to_owned(),
                Values::Numbers((0..observation::ACTIONS).map(|a| observation::risks(a)[0]).collect()),
            ),
            (
                "risk_intraday".to_owned(),
                Values::Numbers((0..observation::ACTIONS).map(|a| observation::risks(a)[1]).collect()),
            ),
            ("profit".to_owned(), Values::Numbers(grid.to_vec())),
        ],
    }
}

/// Notes that are needed to read the figures.
pub(super) fn notes(source: String) -> Vec<String> {
    vec![
        source,
        format!(
            "Ours are means of a week times the {PUBLISHED_WEEKS} weeks of the published period; the fleet, its trips and its \
             prices are others, so no verdict rests on their size."
        ),
        "Published MWh count 15 minutes of energy for each step of 5 minutes, and are three times too high; published profits \
         are not affected. Energy here is power times time."
            .to_owned(),
        "Energy bought and not drawn is paid for and not credited, besides the penalty; the published account credits it.".to_owned(),
        format!(
            "Trained over {STEPS} steps of a quarter of an hour. Observation and reward are richer than the published (hour; \
             change of the account), and once a product is delivered all 121 pairs are valued for it, not only the one that was \
             played: see rl-learning-curves for the value of each."
        ),
    ]
}

fn figures(played: &Case, case: &str, weeks: &[WeekResult], published: Option<[f64; 4]>) -> Vec<Figure> {
    let scaled = |figure: fn(&WeekResult) -> f64| -> Vec<f64> {
        weeks.iter().map(|week| figure(week) * PUBLISHED_WEEKS / 1_000.0).collect()
    };
    let columns = [
        ("charged regularly", "MWh", scaled(|week| week.charged_kwh - week.market_kwh)),
        ("bought and drawn", "MWh", scaled(|week| week.market_kwh)),
        ("lost rentals", "kEUR", scaled(|week| week.lost)),
        ("profit", "kEUR", scaled(|week| week.profit)),
    ];
    let mut figures: Vec<Figure> = columns
        .into_iter()
        .enumerate()
        .map(|(i, (name, unit, values))| {
            let figure = played.mean(name, unit, &values).case(case);
            match published {
                Some(published) => figure.published(published[i]),
                None => figure,
            }
        })
        .collect();
    // Published as 0 for all rows except the one in bold (1.0).
    figures.push(played.mean("imbalance", "MWh", &scaled(|week| week.imbalance_kwh)).case(case));
    figures
}

/// Upper bounds on the gain from better risks, over the best fixed pair and with hindsight: the best pair of each hour
/// of training weeks, and the best pair at each step, which cannot be known in advance.
fn ceilings(context: &Context<'_>, case: &Case, best: [f64; 2], outcome: &mut Outcome) -> Result<()> {
    let slots = |set, week: usize| -> Result<Vec<(usize, Slot)>> {
        let played = case.course.week(set, week)?;
        let slots = Player::Fixed(best).week(&case.course, set, week)?.hindsight(&played);
        let setup = &played.setup;
        let hour = |slot: usize| {
            let start = setup.start + setup.trading.settlement_s * slot as i64;
            setup.clock.hour_of_week(start) % 24
        };
        Ok(slots.into_iter().enumerate().map(|(number, slot)| (hour(number), slot)).collect())
    };
    let weeks: Vec<usize> = (0..case.course.calendar_weeks(Set::Training)).collect();
    let by_hour = context.map(&weeks, |&week| {
        let mut sums = vec![[0.0; observation::ACTIONS]; 24];
        for (hour, slot) in slots(Set::Training, week)? {
            let values = sums[hour].iter_mut().enumerate();
            values.for_each(|(action, sum)| *sum += slot.value(observation::risks(action)));
        }
        Ok(sums)
    })?;
    let pairs: Vec<[f64; 2]> = (0..24)
        .map(|hour| {
            let sum = |action: usize| by_hour.iter().map(|sums| sums[hour][action]).sum::<f64>();
            observation::risks(crate::learning::best(&(0..observation::ACTIONS).map(sum).collect::<Vec<_>>()))
        })
        .collect();
    let gains = context.map(&case.held_out(), |&week| {
        let (mut hourly, mut most) = (0.0, 0.0);
        for (hour, slot) in slots(Set::HeldOut, week)? {
            let fixed = slot.value(best);
            hourly += slot.value(pairs[hour]) - fixed;
            most += slot.most() - fixed;
        }
        Ok((hourly, most))
    })?;
    let (hourly, most): (Vec<f64>, Vec<f64>) = gains.into_iter().unzip();
    for (name, gains) in [
        ("best pair of each hour of training weeks, by hindsight, less best fixed pair", hourly),
        ("best pair at each step, by hindsight, less best fixed pair", most),
    ] {
        outcome.figures.push(case.mean("difference of a week", "EUR", &gains).case(name));
    }
    Ok(())
}

/// Profit of learning against the profit possible with perfect knowledge.
fn bound(context: &Context<'_>, case: &Case, learned: &[WeekResult], outcome: &mut Outcome) -> Result<()> {
    let weeks: Vec<usize> = case.held_out().into_iter().take(BOUND_WEEKS).collect();
    let bounds = context.map(&weeks, |&week| {
        let setup = &case.course.week(Set::HeldOut, week)?.setup;
        Ok(clairvoyant::bounds(setup)?.map_or(f64::NAN, |bounds| bounds[0]))
    })?;
    let share: Vec<f64> =
        learned.iter().zip(&bounds).map(|(week, bound)| 100.0 * week.profit / bound).collect();
    let name = format!("clairvoyant bound, first {} weeks", weeks.len());
    outcome.figures.push(case.mean("profit of a week", "EUR", &bounds).case(&name));
    outcome.figures.push(case.mean("learned, share of the bound", "%", &share).case(&name));
    Ok(())
}

/// Mean profit by pair of risks.
fn picture(grid: &[f64]) -> plots::Figure {
    let risks: Vec<String> =
        (0..observation::RISKS).map(|step| format!("{:.1}", step as f64 / 10.0)).collect();
    let heat = Heat {
        rows: risks.iter().map(|risk| format!("balancing {risk}")).collect(),
        columns: risks,
        columns_label: "risk intraday".to_owned(),
        values: grid.chunks(observation::RISKS).map(<[f64]>::to_vec).collect(),
        value: Axis::number("profit of a week", "EUR"),
    };
    plots::Figure::new("Fixed risks on training weeks").panel("Mean profit of a week", heat)
}
