//! Target `bilevel-table1`: energy bought ahead, bought in the balancing market and given back, by weight of risk.

use super::{Day, SOURCE, checked, moves, solved};
use crate::error::Result;
use crate::games::bilevel::paper::{BETAS, TABLE_1};
use crate::plots::{self, Axis, Colour, Interval, Marker, NamedPoint, Plane, Points};
use crate::reproduce::{Context, Figure, Finding, Outcome, Table, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "bilevel-table1",
    title: "an aggregator's purchases in day-ahead and balancing markets, by weight of risk",
    source: SOURCE,
    replications: Some(100),
    run,
};

/// The three markets: name, title, and whether the paper's values fall as the weight grows.
const MARKETS: [(&str, &str, bool); 3] = [
    ("day_ahead", "bought ahead", true),
    ("positive", "bought in the balancing market", false),
    ("negative", "given back in the balancing market", true),
];

fn run(context: &Context<'_>) -> Result<Outcome> {
    let (days, mut notes) = solved(context)?;
    let figures = figures(&days);
    let findings = findings(&days);
    let mut picture = plots::Figure::new("Energy traded by weight of risk")
        .subtitle(format!("{} days drawn; means and 95 % intervals; published: one day", days.len()))
        .columns(3);
    for (which, (name, title, _)) in MARKETS.into_iter().enumerate() {
        let ours: Vec<NamedPoint> = figures
            .iter()
            .filter(|figure| figure.name == name)
            .enumerate()
            .map(|(k, figure)| {
                let (low, high) = figure.interval.map_or((f64::NAN, f64::NAN), |i| (i.low, i.high));
                NamedPoint {
                    y: Interval::new(figure.computed, low, high),
                    ..NamedPoint::at(place(k), figure.computed)
                }
            })
            .collect();
        let theirs =
            TABLE_1.iter().enumerate().map(|(k, row)| NamedPoint::at(place(k), row[which])).collect();
        picture = picture.panel(
            title,
            Plane::new(Axis::number("log10 of beta", ""), Axis::number("energy", "MWh").from_zero())
                .with(points("ours", ours, Marker::Circle, 0))
                .with(points("published", theirs, Marker::Wedge, 1)),
        );
    }
    notes.push(
        "Expected profit and CVaR are bound to move as they do, for solutions are proven optimal; how energy moves \
         depends on the instance. Here an aggregator that minds risk asks for higher prices and sells less (`sold`; \
         so does the published one, from 384.5 to 358.4 MWh), and buys less in all markets. On the prices of area \
         DK1 its purchases in the balancing market fall most of all, by 28 %, because the positive price is the most \
         uncertain of the three: the residuals of its model have a standard deviation of 6.7 EUR/MWh, those of the \
         day-ahead price 2.7. The published rise comes with more bought ahead than is needed, and given back, which \
         pays only where the negative price is expected above the day-ahead price."
            .to_owned(),
    );
    Ok(Outcome {
        tables: vec![table(&days)],
        pictures: vec![("energy".to_owned(), picture)],
        findings,
        notes,
        figures,
    })
}

/// Weights span three powers of ten.
fn place(k: usize) -> f64 {
    BETAS[k].log10()
}

fn points(name: &str, points: Vec<NamedPoint>, marker: Marker, colour: usize) -> Points {
    let colour = Some(Colour::of_line(colour));
    Points { name: name.to_owned(), points, colour, marker: Some(marker), each_its_own: false }
}

/// Means over the days, beside the published values.
fn figures(days: &[Day]) -> Vec<Figure> {
    let mut figures = Vec::new();
    for (k, beta) in BETAS.iter().enumerate() {
        let case = format!("beta {beta}");
        for (which, (name, ..)) in MARKETS.into_iter().enumerate() {
            let values: Vec<f64> = days.iter().map(|day| day.traded(which)[k]).collect();
            figures.push(Figure::mean(name, "MWh", &values).case(&case).published(TABLE_1[k][which]));
        }
        let sold = |traded: [f64; 3]| traded[0] + traded[1] - traded[2];
        let values: Vec<f64> =
            days.iter().map(|day| sold(day.plans[k].traded_in_all(&day.case.game))).collect();
        figures.push(Figure::mean("sold", "MWh", &values).case(&case).published(sold(TABLE_1[k])));
        let values_of = |figure: fn(&crate::games::bilevel::BilevelSolution) -> f64| -> Vec<f64> {
            days.iter().map(|day| figure(&day.plans[k])).collect()
        };
        figures.push(
            Figure::mean("expected profit", "EUR", &values_of(|plan| plan.profit.expected)).case(&case),
        );
        figures
            .push(Figure::mean("standard deviation", "EUR", &values_of(|plan| plan.profit.sd)).case(&case));
        figures.push(Figure::mean("CVaR", "EUR", &values_of(|plan| plan.profit.cvar)).case(&case));
    }
    figures
}

fn findings(days: &[Day]) -> Vec<Finding> {
    let mut findings = vec![checked(days)];
    findings.push(super::profits::profit_falls(days));
    findings.push(super::profits::cvar_rises(days));
    findings.push(super::profits::spread_falls(days));
    for (which, (_, title, falls)) in MARKETS.into_iter().enumerate() {
        let how = if falls { "less" } else { "more" };
        let text = format!("with growing weight of risk {how} is {title}");
        findings.push(moves(&text, "MWh", falls, days, |day| day.traded(which)));
    }
    findings
}

/// One row per day and weight.
fn table(days: &[Day]) -> Table {
    let rows =
        || days.iter().enumerate().flat_map(|(d, day)| day.plans.iter().map(move |plan| (d, day, plan)));
    let traded = |which: usize| rows().map(move |(_, day, plan)| plan.traded_in_all(&day.case.game)[which]);
    Table::new("days")
        .integers("replication", rows().map(|(d, ..)| d as i64))
        .numbers("beta", rows().map(|(.., plan)| plan.risk.beta))
        .numbers("expected_profit", rows().map(|(.., plan)| plan.profit.expected))
        .numbers("profit_sd", rows().map(|(.., plan)| plan.profit.sd))
        .numbers("cvar", rows().map(|(.., plan)| plan.profit.cvar))
        .numbers("day_ahead_mwh", traded(0))
        .numbers("positive_mwh", traded(1))
        .numbers("negative_mwh", traded(2))
        .numbers("gap", rows().map(|(.., plan)| plan.gap()))
}
