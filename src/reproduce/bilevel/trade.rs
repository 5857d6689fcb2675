//! Targets `bilevel-fig10` to `bilevel-fig12`: expected energy traded in each hour, by weight of risk.

use super::{DAYS, DRAWN, SOURCE, by_hour, checked, curve, hours, moves, solved};
use crate::error::Result;
use crate::games::bilevel::paper::{BETAS, HOURS};
use crate::plots::{self, Axis, Plane};
use crate::reproduce::{Context, Outcome, Table, Target};

/// Bought ahead.
pub const FIG10: Target =
    target("bilevel-fig10", "energy bought ahead by hour and weight of risk", |context| {
        run(context, 0, "energy bought ahead", true)
    });
/// Bought in the balancing market.
pub const FIG11: Target =
    target("bilevel-fig11", "energy bought in the balancing market by hour and weight of risk", |context| {
        run(context, 1, "energy bought in the balancing market", false)
    });
/// Given back in the balancing market.
pub const FIG12: Target = target(
    "bilevel-fig12",
    "energy given back in the balancing market by hour and weight of risk",
    |context| run(context, 2, "energy given back", true),
);

const fn target(name: &'static str, title: &'static str, run: fn(&Context<'_>) -> Result<Outcome>) -> Target {
    Target { name, title, source: SOURCE, replications: Some(DAYS), run }
}

fn run(context: &Context<'_>, which: usize, name: &str, falls: bool) -> Result<Outcome> {
    let (days, mut notes) = solved(context)?;
    let text = format!("{name} {} with growing weight of risk", if falls { "falls" } else { "rises" });
    let findings = vec![checked(&days), moves(&text, "MWh", falls, &days, |day| day.traded(which))];
    // Mean over the days and their scenarios.
    let of_hour = |k: usize| -> Vec<f64> {
        let mut sums = vec![0.0; HOURS];
        for day in &days {
            let traded = day.plans[k].traded(&day.case.game);
            sums.iter_mut().zip(traded).for_each(|(sum, hour)| *sum += hour[which] / days.len() as f64);
        }
        sums
    };
    let values: Vec<Vec<f64>> = (0..BETAS.len()).map(of_hour).collect();
    let mut plane = Plane::new(hours(), Axis::number("energy", "MWh").from_zero());
    for (place, k) in DRAWN.into_iter().enumerate() {
        plane = plane.with(curve(by_hour(format!("beta {}", BETAS[k]), &values[k]), place));
    }
    let picture = plots::Figure::new(format!("Expected {name}"))
        .subtitle(format!("by hour; mean over the scenarios of {} days", days.len()))
        .panel("", plane);
    notes.push("`bilevel-table1` has the totals of many days beside the published ones.".to_owned());
    let rows = || (0..BETAS.len()).flat_map(|k| (0..HOURS).map(move |t| (k, t)));
    let table = Table::new("hours")
        .numbers("beta", rows().map(|(k, _)| BETAS[k]))
        .integers("hour", rows().map(|(_, t)| t as i64))
        .numbers("energy_mwh", rows().map(|(k, t)| values[k][t]));
    Ok(Outcome {
        figures: Vec::new(),
        findings,
        tables: vec![table],
        pictures: vec![("hours".to_owned(), picture)],
        notes,
    })
}
