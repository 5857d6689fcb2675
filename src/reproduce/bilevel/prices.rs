//! Targets `bilevel-fig3` to `bilevel-fig6`: sampled paths of the three prices and of demand, with the paths that are
//! kept.

use super::{DAYS, Day, SOURCE, by_hour, days, hours, thin};
use crate::error::Result;
use crate::games::bilevel::paper::{HOURS, KEPT, TABLE_1};
use crate::plots::{self, Axis, Dash, Plane, palette};
use crate::reproduce::{Context, Figure, Finding, Outcome, Table, Target};

/// Day-ahead prices.
pub const FIG3: Target =
    target("bilevel-fig3", "200 sampled paths of the day-ahead price", |context| price(context, 0));
/// Positive balancing prices.
pub const FIG4: Target =
    target("bilevel-fig4", "200 sampled paths of the positive balancing price", |context| price(context, 1));
/// Negative balancing prices.
pub const FIG5: Target =
    target("bilevel-fig5", "200 sampled paths of the negative balancing price", |context| price(context, 2));
/// Demand.
pub const FIG6: Target =
    target("bilevel-fig6", "demand of electric vehicles along with the sampled prices", demand);

const fn target(name: &'static str, title: &'static str, run: fn(&Context<'_>) -> Result<Outcome>) -> Target {
    Target { name, title, source: SOURCE, replications: Some(DAYS), run }
}

const NAMES: [&str; 3] = ["day-ahead price", "positive balancing price", "negative balancing price"];

fn price(context: &Context<'_>, which: usize) -> Result<Outcome> {
    let (days, notes) = days(context, &[])?;
    let paths_of =
        |day: &Day| -> Vec<Vec<f64>> { day.case.paths.iter().map(|path| path[which].clone()).collect() };
    let mut findings = Vec::new();
    if which == 2 {
        let wider = |day: &&Day| {
            let all =
                |k: usize| -> Vec<Vec<f64>> { day.case.paths.iter().map(|path| path[k].clone()).collect() };
            spread(&all(2)) > spread(&all(1))
        };
        findings.push(Finding::always(
            "negative prices fluctuate more than positive ones",
            days.iter().filter(wider).count(),
            days.len(),
        ));
    }
    findings.push(nearer(&days));
    let paths = paths_of(&days[0]);
    Ok(Outcome {
        figures: figures(&days, paths_of, "EUR/MWh"),
        findings,
        tables: vec![table(&days[0], &paths)],
        pictures: vec![("paths".to_owned(), picture(NAMES[which], "EUR/MWh", &days[0], &paths))],
        notes,
    })
}

fn demand(context: &Context<'_>) -> Result<Outcome> {
    let (days, notes) = days(context, &[])?;
    let demand_of = |day: &Day| day.case.demand.clone();
    let paths = demand_of(&days[0]);
    let mut figures = figures(&days, demand_of, "MWh");
    let all: Vec<f64> = days.iter().map(|day| mean(&demand_of(day)).iter().sum()).collect();
    // Energy bought less energy given back: the same at every weight of risk, because all owners are served.
    let [ahead, positive, negative] = TABLE_1[0];
    figures.push(Figure::mean("demand of the day", "MWh", &all).published(ahead + positive - negative));
    Ok(Outcome {
        figures,
        findings: vec![nearer(&days)],
        tables: vec![table(&days[0], &paths)],
        pictures: vec![("paths".to_owned(), picture("demand", "MWh", &days[0], &paths))],
        notes,
    })
}

/// Finding that more scenarios represent all paths better: seven against one.
fn nearer(days: &[Day]) -> Finding {
    use crate::games::bilevel::scenarios::reduce::{distances, forward};
    let falls = |day: &&Day| {
        let points: Vec<Vec<f64>> = day.case.paths.iter().map(|path| path.concat()).collect();
        let even = vec![1.0 / points.len() as f64; points.len()];
        forward(&distances(&points), &even, 1).distance > day.case.reduced.distance
    };
    let text = format!("{KEPT} scenarios are nearer to all paths than one is, by the Kantorovich distance");
    Finding::follows(text, days.iter().filter(falls).count(), days.len())
}

/// Mean over the paths, by hour.
fn mean(paths: &[Vec<f64>]) -> Vec<f64> {
    (0..HOURS).map(|t| paths.iter().map(|path| path[t]).sum::<f64>() / paths.len() as f64).collect()
}

/// Standard deviation over the paths, averaged over the hours.
fn spread(paths: &[Vec<f64>]) -> f64 {
    let mean = mean(paths);
    let of_hour = |t: usize| {
        let squares: f64 = paths.iter().map(|path| (path[t] - mean[t]).powi(2)).sum();
        (squares / (paths.len() as f64 - 1.0)).sqrt()
    };
    (0..HOURS).map(of_hour).sum::<f64>() / HOURS as f64
}

fn figures(days: &[Day], paths_of: impl Fn(&Day) -> Vec<Vec<f64>>, unit: &str) -> Vec<Figure> {
    let all: Vec<Vec<Vec<f64>>> = days.iter().map(paths_of).collect();
    let each = |f: &dyn Fn(&[Vec<f64>]) -> f64| all.iter().map(|paths| f(paths)).collect::<Vec<f64>>();
    let distance: Vec<f64> = days.iter().map(|day| day.case.reduced.distance).collect();
    vec![
        Figure::mean("mean", unit, &each(&|paths| mean(paths).iter().sum::<f64>() / HOURS as f64)),
        Figure::mean("standard deviation over paths", unit, &each(&spread)),
        Figure::mean("Kantorovich distance of those kept, of all three prices", "EUR/MWh", &distance),
    ]
}

fn picture(name: &str, unit: &str, day: &Day, paths: &[Vec<f64>]) -> plots::Figure {
    let mut plane = Plane::new(hours(), Axis::number(name, unit));
    for path in paths {
        plane = plane.with(thin(path));
    }
    for (k, &kept) in day.case.reduced.kept.iter().enumerate() {
        let label = if k == 0 { "kept" } else { "" };
        plane = plane.with(by_hour(label, &paths[kept]).colour(palette::ORANGE).dash(Dash::Solid));
    }
    plane = plane.with(by_hour("mean of all", &mean(paths)).colour(palette::BLUE).dash(Dash::Dashed));
    plots::Figure::new(format!("Sampled paths: {name}"))
        .subtitle(format!(
            "{} paths of the day after the year, and the {KEPT} that represent them",
            paths.len()
        ))
        .panel("", plane)
}

fn table(day: &Day, paths: &[Vec<f64>]) -> Table {
    let rows = || (0..paths.len()).flat_map(|k| (0..HOURS).map(move |t| (k, t)));
    let weight = |k: usize| {
        let place = day.case.reduced.kept.iter().position(|kept| *kept == k);
        place.map_or(0.0, |place| day.case.reduced.probabilities[place])
    };
    Table::new("paths")
        .integers("path", rows().map(|(k, _)| k as i64))
        .integers("hour", rows().map(|(_, t)| t as i64))
        .numbers("value", rows().map(|(k, t)| paths[k][t]))
        .numbers("probability_kept", rows().map(|(k, _)| weight(k)))
}
