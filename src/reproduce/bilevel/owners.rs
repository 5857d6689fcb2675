//! Targets `bilevel-fig13` and `bilevel-fig14`: prices of all aggregators, and where the owners buy.

use super::{DAYS, Day, SOURCE, by_hour, checked, days, hours};
use crate::error::Result;
use crate::games::bilevel::paper::HOURS;
use crate::games::bilevel::{BilevelGame, Owners};
use crate::plots::{self, Axis, BarSeries, Bars, Colour, Dash, Interval, Line, Plane, palette};
use crate::reproduce::{Context, Finding, Outcome, Table, Target};

/// Prices.
pub const FIG13: Target = Target {
    name: "bilevel-fig13",
    title: "prices offered to the owners by the aggregator and its rivals",
    source: SOURCE,
    replications: Some(DAYS),
    run: fig13,
};
/// Shares.
pub const FIG14: Target = Target {
    name: "bilevel-fig14",
    title: "shares of the aggregators in demand during the day",
    source: SOURCE,
    replications: Some(DAYS),
    run: fig14,
};

/// Weight of risk of these figures (assumed; the paper does not state it).
const BETA: f64 = 1.0;
/// Cost of switching to another aggregator in the picture of gradual responses [EUR/MWh] (assumed).
const RELUCTANCE: f64 = 3.0;

/// Mean price of a rival in an hour over its scenarios.
fn rival_price(game: &BilevelGame, rival: usize, hour: usize) -> f64 {
    game.parameters().rivals.iter().map(|f| f.probability * f.prices[rival][hour]).sum()
}

/// Lowest price of the rivals in an hour and a scenario of theirs.
fn lowest(game: &BilevelGame, f: usize, hour: usize) -> f64 {
    game.rival_prices(f, hour).into_iter().fold(f64::INFINITY, f64::min)
}

fn fig13(context: &Context<'_>) -> Result<Outcome> {
    let (days, mut notes) = days(context, &[BETA])?;
    // Without reluctance the best price is the highest one that attracts some owners: a lowest price of the rivals.
    let at_a_rival = |day: &Day, t: usize| {
        let (game, price) = (&day.case.game, day.plans[0].hours[t].price);
        price == game.parameters().max_price
            || (0..game.parameters().rivals.len()).any(|f| lowest(game, f, t) == price)
    };
    let held = days.iter().map(|day| (0..HOURS).filter(|t| at_a_rival(day, *t)).count()).sum();
    let text = "each price is the lowest of the rivals in one of their scenarios, or the highest allowed where nothing is sold";
    let findings = vec![checked(&days), Finding::follows(text, held, HOURS * days.len())];
    let (game, plan) = (&days[0].case.game, &days[0].plans[0]);
    // Where nothing is sold, the price shows only that it is too high.
    let ours: Vec<f64> =
        plan.hours.iter().map(|hour| if hour.share > 0.0 { hour.price } else { f64::NAN }).collect();
    let mut plane = Plane::new(hours(), Axis::number("price", "EUR/MWh"));
    plane = plane.with(by_hour("ours", &ours).steps().colour(palette::INK).dash(Dash::Solid));
    for rival in 0..game.owners().aggregators() - 1 {
        let prices: Vec<f64> = (0..HOURS).map(|t| rival_price(game, rival, t)).collect();
        let line = by_hour(format!("rival {}", rival + 1), &prices).steps();
        plane = plane.with(line.colour(Colour::of_line(rival)).dash(Dash::Dashed));
    }
    let picture = plots::Figure::new("Prices offered to the owners")
        .subtitle(format!("beta {BETA}; rivals: mean of their scenarios; gaps: nothing is sold"))
        .panel("", plane);
    notes.push(format!("The weight of risk is {BETA} (assumed; the paper does not say)."));
    let table = Table::new("prices")
        .integers("hour", 0..HOURS as i64)
        .numbers("ours_per_mwh", plan.hours.iter().map(|hour| hour.price))
        .numbers("share", plan.hours.iter().map(|hour| hour.share))
        .numbers("rival_1_per_mwh", (0..HOURS).map(|t| rival_price(game, 0, t)))
        .numbers("rival_2_per_mwh", (0..HOURS).map(|t| rival_price(game, 1, t)))
        .numbers("rival_3_per_mwh", (0..HOURS).map(|t| rival_price(game, 2, t)));
    Ok(Outcome {
        figures: Vec::new(),
        findings,
        tables: vec![table],
        pictures: vec![("prices".to_owned(), picture)],
        notes,
    })
}

/// Whether no owner buys above the lowest price, in an hour and a scenario of the rivals.
fn cheapest(day: &Day, t: usize, f: usize) -> bool {
    let (game, hour) = (&day.case.game, &day.plans[0].hours[t]);
    let prices: Vec<f64> = [hour.price].into_iter().chain(game.rival_prices(f, t)).collect();
    let least = prices.iter().copied().fold(f64::INFINITY, f64::min);
    hour.shares[f].iter().zip(&prices).all(|(share, price)| *share == 0.0 || *price == least)
}

/// Whether our share is 0 or 1, or there is a tie.
fn whole(day: &Day, t: usize, f: usize) -> bool {
    let hour = &day.plans[0].hours[t];
    let share = hour.shares[f][0];
    share.abs() < 1e-9 || (share - 1.0).abs() < 1e-9 || hour.price == lowest(&day.case.game, f, t)
}

fn fig14(context: &Context<'_>) -> Result<Outcome> {
    let (days, notes) = days(context, &[BETA])?;
    let cases: Vec<(&Day, usize, usize)> = days
        .iter()
        .flat_map(|day| {
            let scenarios = day.case.game.parameters().rivals.len();
            (0..HOURS).flat_map(move |t| (0..scenarios).map(move |f| (day, t, f)))
        })
        .collect();
    let held = |holds: fn(&Day, usize, usize) -> bool| cases.iter().filter(|c| holds(c.0, c.1, c.2)).count();
    let steps = |reluctance: f64| answer(&days[0], reluctance).windows(2).filter(|p| p[1].1 < p[0].1).count();
    let (free, bound) = (steps(0.0), steps(RELUCTANCE));
    let findings = vec![
        checked(&days),
        Finding::follows(
            "owners buy where it is cheapest, in each hour and scenario",
            held(cheapest),
            cases.len(),
        ),
        Finding::follows(
            "without reluctance our share is all or nothing, but for ties",
            held(whole),
            cases.len(),
        ),
        Finding::checked(
            "with reluctance our share moves gradually with our price",
            bound > free,
            format!("at noon in {bound} steps, without reluctance in {free}"),
        ),
    ];
    let game = &days[0].case.game;
    let shares: Vec<Vec<f64>> =
        days[0].plans[0].hours.iter().map(|hour| hour.expected_shares(game)).collect();
    let name = |s: usize| if s == 0 { "ours".to_owned() } else { format!("rival {s}") };
    let bars = Bars {
        y: Axis::number("share of demand", "").within(0.0, 1.0),
        groups: (0..HOURS).map(|t| t.to_string()).collect(),
        series: (0..game.owners().aggregators())
            .map(|s| BarSeries {
                name: name(s),
                values: shares.iter().map(|hour| Interval::exact(hour[s])).collect(),
                colour: None,
            })
            .collect(),
        stacked: true,
    };
    let line = |label: &str, reluctance: f64, place: usize| {
        Line::new(label, answer(&days[0], reluctance)).steps().colour(Colour::of_line(place))
    };
    let plane =
        Plane::new(Axis::number("our price", "EUR/MWh"), Axis::number("our share", "").within(0.0, 1.0))
            .with(line("without reluctance", 0.0, 0))
            .with(line(&format!("going costs {RELUCTANCE} EUR/MWh"), RELUCTANCE, 1));
    let picture = plots::Figure::new("Where the owners buy")
        .subtitle(format!("expected over the scenarios of the rivals; beta {BETA}"))
        .panel("during the day", bars)
        .panel("at noon, by our price", plane)
        .columns(1);
    let rows = || (0..HOURS).flat_map(|t| (0..game.owners().aggregators()).map(move |s| (t, s)));
    let table = Table::new("shares")
        .integers("hour", rows().map(|(t, _)| t as i64))
        .texts("aggregator", rows().map(|(_, s)| name(s)))
        .numbers("share", rows().map(|(t, s)| shares[t][s]));
    Ok(Outcome {
        figures: Vec::new(),
        findings,
        tables: vec![table],
        pictures: vec![("shares".to_owned(), picture)],
        notes,
    })
}

/// Our expected share at noon against our price, if switching has a cost.
fn answer(day: &Day, reluctance: f64) -> Vec<(f64, f64)> {
    const NOON: usize = 12;
    let game = &day.case.game;
    let n = game.owners().aggregators();
    let cost = |s: usize, r: usize| if r == s { 0.0 } else { reluctance };
    let costs: Vec<Vec<f64>> = (0..n).map(|s| (0..n).map(|r| cost(s, r)).collect()).collect();
    let owners = Owners::new(game.owners().initial().to_vec(), &costs);
    let scenarios = game.parameters().rivals.iter().enumerate();
    let rivals: Vec<(f64, Vec<f64>)> =
        scenarios.map(|(f, s)| (s.probability, game.rival_prices(f, NOON))).collect();
    let all = rivals.iter().flat_map(|(_, prices)| prices.iter().copied());
    let (low, high) = all.fold((f64::INFINITY, 0.0f64), |(low, high), q| (low.min(q), high.max(q)));
    let (from, to) = (low - 2.0 * RELUCTANCE, high + 2.0 * RELUCTANCE);
    (0..=400)
        .map(|k| {
            let price = from + (to - from) * f64::from(k) / 400.0;
            (price, rivals.iter().map(|(p, prices)| p * owners.share(price, prices).low).sum())
        })
        .collect()
}
