//! Targets `bilevel-fig7` to `bilevel-fig9`: profits by weight of risk: distribution at 4:00, CVaR and spread.

use super::{DAYS, DRAWN, Day, EQUAL, SOURCE, checked, curve, moves, never_rises, solved};
use crate::error::Result;
use crate::games::bilevel::paper::BETAS;
use crate::plots::{self, Axis, Colour, Line, NamedPoint, Plane, Points};
use crate::reproduce::{Context, Finding, Outcome, Table, Target};

/// Distribution of the profit of an hour.
pub const FIG7: Target = Target {
    name: "bilevel-fig7",
    title: "distribution of the profit at 4:00 over the scenarios, by weight of risk",
    source: SOURCE,
    replications: Some(DAYS),
    run: fig7,
};
/// Expected profit and CVaR.
pub const FIG8: Target = Target {
    name: "bilevel-fig8",
    title: "expected profit against CVaR, by weight of risk: the efficient frontier",
    source: SOURCE,
    replications: Some(DAYS),
    run: fig8,
};
/// Expected profit and spread.
pub const FIG9: Target = Target {
    name: "bilevel-fig9",
    title: "expected profit against its standard deviation, by weight of risk",
    source: SOURCE,
    replications: Some(DAYS),
    run: fig9,
};

/// The hour of figure 7.
const HOUR: usize = 4;

/// Finding that the expected profit does not rise with the weight of risk, on each day.
pub(super) fn profit_falls(days: &[Day]) -> Finding {
    let held = days.iter().filter(|day| never_rises(&day.each(|plan| plan.profit.expected))).count();
    Finding::follows("with growing weight of risk the expected profit does not rise", held, days.len())
}

/// Finding that the CVaR does not fall with it, on each day.
pub(super) fn cvar_rises(days: &[Day]) -> Finding {
    let held = days.iter().filter(|day| never_rises(&day.each(|plan| -plan.profit.cvar))).count();
    Finding::follows("with growing weight of risk the CVaR does not fall", held, days.len())
}

/// Finding that the spread falls with it.
pub(super) fn spread_falls(days: &[Day]) -> Finding {
    let text = "with growing weight of risk the standard deviation of the profit falls";
    moves(text, "EUR", true, days, |day| day.each(|plan| plan.profit.sd))
}

fn fig7(context: &Context<'_>) -> Result<Outcome> {
    let (days, mut notes) = solved(context)?;
    let least =
        |day: &Day, k: usize| day.plans[k].hours[HOUR].profits.iter().copied().fold(f64::INFINITY, f64::min);
    let held = days
        .iter()
        .filter(|day| {
            let (neutral, averse) = (least(day, 0), least(day, BETAS.len() - 1));
            averse >= neutral - EQUAL * neutral.abs()
        })
        .count();
    let text = "the worst scenario at 4:00 is no worse at the greatest weight of risk than at the least";
    let findings = vec![checked(&days), Finding::always(text, held, days.len())];
    let day = &days[0];
    let probabilities = day.case.game.probabilities();
    let mut plane = Plane::new(
        Axis::number("profit of the hour", "EUR"),
        Axis::number("probability", "").within(0.0, 1.0),
    );
    for (place, k) in DRAWN.into_iter().enumerate() {
        let line =
            Line::new(format!("beta {}", BETAS[k]), steps(&day.plans[k].hours[HOUR].profits, &probabilities));
        plane = plane.with(curve(line.steps(), place));
    }
    let picture = plots::Figure::new("Profit at 4:00 by weight of risk")
        .subtitle("probability that the profit of the hour is no greater; one day")
        .panel("", plane);
    notes.push(
        "The weight of risk is on the profit of the day: an hour may become worse to make the day better."
            .to_owned(),
    );
    Ok(Outcome {
        figures: Vec::new(),
        findings,
        tables: vec![hour_table(day)],
        pictures: vec![("distribution".to_owned(), picture)],
        notes,
    })
}

/// Values, each with the probability of no greater value.
fn steps(profits: &[f64], probabilities: &[f64]) -> Vec<(f64, f64)> {
    let mut order: Vec<usize> = (0..profits.len()).collect();
    order.sort_by(|a, b| profits[*a].total_cmp(&profits[*b]));
    let mut sum = 0.0;
    let start = order.first().map(|w| (profits[*w], 0.0));
    let rest = order.iter().map(|w| {
        sum += probabilities[*w];
        (profits[*w], sum)
    });
    start.into_iter().chain(rest).collect()
}

fn hour_table(day: &Day) -> Table {
    let probabilities = day.case.game.probabilities();
    let rows = || day.plans.iter().flat_map(|plan| (0..plan.profits.len()).map(move |w| (plan, w)));
    Table::new("profits")
        .numbers("beta", rows().map(|(plan, _)| plan.risk.beta))
        .integers("scenario", rows().map(|(_, w)| w as i64))
        .numbers("probability", rows().map(|(_, w)| probabilities[w]))
        .numbers("profit_at_4", rows().map(|(plan, w)| plan.hours[HOUR].profits[w]))
        .numbers("profit_of_day", rows().map(|(plan, w)| plan.profits[w]))
}

fn fig8(context: &Context<'_>) -> Result<Outcome> {
    let (days, notes) = solved(context)?;
    let findings = vec![checked(&days), profit_falls(&days), cvar_rises(&days)];
    Ok(outcome(&days[0], findings, notes, "CVaR", "The efficient frontier", |day| {
        day.each(|plan| plan.profit.cvar)
    }))
}

fn fig9(context: &Context<'_>) -> Result<Outcome> {
    let (days, notes) = solved(context)?;
    let findings = vec![checked(&days), profit_falls(&days), spread_falls(&days)];
    let quantity = |day: &Day| day.each(|plan| plan.profit.sd);
    Ok(outcome(&days[0], findings, notes, "standard deviation", "Profit and its spread", quantity))
}

/// Expected profit against another quantity, one point per weight.
fn outcome(
    day: &Day,
    findings: Vec<Finding>,
    notes: Vec<String>,
    label: &str,
    title: &str,
    quantity: impl Fn(&Day) -> Vec<f64>,
) -> Outcome {
    let (x, y) = (quantity(day), day.each(|plan| plan.profit.expected));
    let pairs: Vec<(f64, f64)> = x.iter().copied().zip(y.iter().copied()).collect();
    // Weights with the same solution share a point and its name.
    let mut named: Vec<NamedPoint> = Vec::new();
    for (k, (x, y)) in pairs.iter().enumerate() {
        match named.last_mut().filter(|last| same(last.x.mean, *x) && same(last.y.mean, *y)) {
            Some(last) => last.name = format!("{}, {}", last.name, BETAS[k]),
            None => named.push(NamedPoint { name: format!("{}", BETAS[k]), ..NamedPoint::at(*x, *y) }),
        }
    }
    let mut line = pairs;
    line.sort_by(|a, b| a.0.total_cmp(&b.0));
    let plane = Plane::new(Axis::number(label, "EUR"), Axis::number("expected profit", "EUR"))
        .with(Line { width: Some(1.0), ..Line::new("", line).colour(Colour::of_line(0)) })
        .with(Points { points: named, colour: Some(Colour::of_line(0)), ..Points::default() });
    let picture =
        plots::Figure::new(title).subtitle("one day; each point has its weights of risk").panel("", plane);
    let table = Table::new("profits")
        .numbers("beta", BETAS)
        .numbers("expected_profit", y)
        .numbers(if label == "CVaR" { "cvar" } else { "profit_sd" }, x);
    Outcome {
        figures: Vec::new(),
        findings,
        tables: vec![table],
        pictures: vec![("profits".to_owned(), picture)],
        notes,
    }
}

/// Whether two figures coincide in the picture.
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 2e-3 * a.abs().max(b.abs())
}
