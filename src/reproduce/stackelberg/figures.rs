//! Figures 7 to 12: loads by group, vehicles, generation and prices, before and after. The paper prints no numbers for
//! them, so findings check the statements of its text.

use super::super::{Context, Figure, Finding, Outcome, Rule, Table};
use super::draws::{Day, Hours, Profile, day_plane, draw, notes, plain};
use super::tables::{charges_at_night, rests_in_the_evening};
use crate::error::Result;
use crate::games::stackelberg::case::{Case, GROUPS, HOURS, PEAK_KW};
use crate::games::stackelberg::{Household, StackelbergGame, solve};
use crate::plots::{self, Axis, Plane};
use crate::rng::Purpose;

/// Caption of every picture.
const BAND: &str = "means over days drawn at random, with the bands of 90 % of the days";

/// A profile's columns in a table.
fn columns(table: Table, name: &str, unit: &str, profile: &Profile) -> Table {
    table
        .numbers(format!("{name}_{unit}"), profile.mean.clone())
        .numbers(format!("{name}_p05_{unit}"), profile.band.iter().map(|band| band.0))
        .numbers(format!("{name}_p95_{unit}"), profile.band.iter().map(|band| band.1))
}

fn by_hour(profiles: &[(&str, &str, &Profile)]) -> Table {
    let table = Table::new("hours").integers("hour", 1..=HOURS as i64);
    profiles.iter().fold(table, |table, (name, unit, profile)| columns(table, name, unit, profile))
}

fn load_plane() -> Plane {
    day_plane(Axis::number("load", "kW").from_zero())
}

/// Preferred load of all homes of a group.
fn nominal(case: &Case) -> Vec<f64> {
    case.nominal.iter().map(|x| x / GROUPS.len() as f64).collect()
}

/// Share of a group's energy that is drawn in other hours than before, in percent.
fn moved(before: &[f64], after: &[f64]) -> f64 {
    let sum: f64 = before.iter().zip(after).map(|(before, after)| (before - after).abs()).sum();
    50.0 * sum / before.iter().sum::<f64>()
}

/// Groups 2 and 3.
pub fn fig_7(context: &Context<'_>) -> Result<Outcome> {
    let case = Case::paper();
    let days = draw(&case, context)?;
    let before = nominal(&case);
    let group = |k: usize| Profile::of(&days, move |day| day.groups_after[k]);
    let (second, third) = (group(1), group(2));
    let share = |k: usize, name: &str| {
        let values: Vec<f64> = days.iter().map(|day| moved(&before, &day.groups_after[k])).collect();
        Figure::mean("energy moved to other hours", "%", &values).case(name)
    };
    let figures = vec![share(0, "group 1"), share(1, "group 2"), share(2, "group 3")];
    let less = figures[2].computed < figures[1].computed;
    let picture = plots::Figure::new("Groups 2 and 3 before and after").subtitle(BAND).columns(2);
    let panel = |profile: &Profile| load_plane().with(plain("before", &before)).with(profile.line("after"));
    let unequal = unequal_omegas(&case, context)?;
    Ok(Outcome {
        findings: vec![
            Finding::checked(
                "group 3 moves less than group 2",
                less,
                format!("{:.1} % of its energy against {:.1} %", figures[2].computed, figures[1].computed),
            ),
            Finding::checked(
                "it does so for its larger omega, as the text says",
                unequal > 1e-6,
                format!(
                    "with one omega for all groups the loads differ by {unequal:.1e} kW: as the energy of the day is \
                     fixed, an omega that is the same in all hours changes nothing, and only the bounds do"
                ),
            ),
        ],
        tables: vec![
            by_hour(&[("group2_after", "kw", &second), ("group3_after", "kw", &third)])
                .numbers("before_kw", before.clone()),
        ],
        pictures: vec![(
            "fig7".to_owned(),
            picture.panel("group 2", panel(&second)).panel("group 3", panel(&third)),
        )],
        notes: notes(days.len()),
        figures,
    })
}

/// Difference between the loads of the first day and those with the same omega for all groups [kW].
fn unequal_omegas(case: &Case, context: &Context<'_>) -> Result<f64> {
    let mut random = context.streams(0).stream(Purpose::Synthesis, 0);
    let game = case.game(case.vehicles(&mut random))?;
    let households = game
        .households()
        .iter()
        .map(|household| Household { omega: vec![GROUPS[0].omega; HOURS], ..household.clone() });
    let equal =
        StackelbergGame::new(game.retailer().clone(), households.collect(), game.vehicles().to_vec())?;
    let (ours, equals) = (solve(&game).load, solve(&equal).load);
    Ok(ours.iter().zip(&equals).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max))
}

/// Vehicles that charge as they come home.
pub fn fig_8(context: &Context<'_>) -> Result<Outcome> {
    let case = Case::paper();
    let days = draw(&case, context)?;
    let before = Profile::of(&days, |day| day.vehicles_before);
    let (hour, load) = before.peak();
    let homes = super::draws::greatest(&case.nominal).0;
    let energy: Vec<f64> = days.iter().map(|day| day.vehicles_before.iter().sum()).collect();
    Ok(Outcome {
        figures: vec![
            Figure::new("greatest expected load", "kW", load).case(format!("{hour}:00")),
            Figure::mean("energy of the vehicles", "kWh", &energy),
        ],
        findings: vec![Finding::checked(
            "vehicles and homes draw most at about the same time",
            hour.abs_diff(homes) <= 2,
            format!("from {hour}:00 and from {homes}:00; at most two hours apart asked"),
        )],
        tables: vec![by_hour(&[("vehicles_before", "kw", &before)])],
        pictures: vec![(
            "fig8".to_owned(),
            plots::Figure::new("50 vehicles that charge as they come home")
                .subtitle(BAND)
                .panel("", load_plane().with(before.line("vehicles"))),
        )],
        notes: notes(days.len()),
    })
}

/// Vehicles that respond to the price.
pub fn fig_9(context: &Context<'_>) -> Result<Outcome> {
    let days = draw(&Case::paper(), context)?;
    let after = Profile::of(&days, |day| day.vehicles_after);
    let back: Vec<f64> =
        days.iter().map(|day| -day.vehicles_after.iter().map(|x| x.min(0.0)).sum::<f64>()).collect();
    Ok(Outcome {
        figures: vec![Figure::mean("fed back to the grid, net by hour", "kWh", &back)],
        findings: vec![charges_at_night(&days), rests_in_the_evening(&days)],
        tables: vec![by_hour(&[("vehicles_after", "kw", &after)])],
        pictures: vec![(
            "fig9".to_owned(),
            plots::Figure::new("50 vehicles that answer to the price and feed back")
                .subtitle(BAND)
                .panel("", load_plane().with(after.line("vehicles"))),
        )],
        notes: notes(days.len()),
    })
}

/// Group 1 with its vehicles.
pub fn fig_10(context: &Context<'_>) -> Result<Outcome> {
    let case = Case::paper();
    let days = draw(&case, context)?;
    let homes = nominal(&case);
    let before = Profile::of(&days, |day| std::array::from_fn(|t| homes[t] + day.vehicles_before[t]));
    let with =
        |day: &Day| -> Hours { std::array::from_fn(|t| day.groups_after[0][t] + day.vehicles_after[t]) };
    let after = Profile::of(&days, with);
    // Two hours from 14:00, as compared in the text.
    let cut = |before: &dyn Fn(&Day) -> Hours, after: &dyn Fn(&Day) -> Hours| -> Vec<f64> {
        let sum = |load: Hours| load[14..16].iter().sum::<f64>();
        days.iter().map(|day| 100.0 * (1.0 - sum(after(day)) / sum(before(day)))).collect()
    };
    let nominal = |_: &Day| -> Hours { std::array::from_fn(|t| homes[t]) };
    let own = cut(&|day| std::array::from_fn(|t| homes[t] + day.vehicles_before[t]), &with);
    let name = "load from 14:00 to 16:00, cut by";
    let figures = vec![
        Figure::mean(name, "%", &own).case("group 1"),
        Figure::mean(name, "%", &cut(&nominal, &|day| day.groups_after[1])).case("group 2"),
        Figure::mean(name, "%", &cut(&nominal, &|day| day.groups_after[2])).case("group 3"),
    ];
    let most = figures[0].computed > figures[1].computed && figures[0].computed > figures[2].computed;
    Ok(Outcome {
        findings: vec![Finding::checked(
            "from 14:00 to 16:00 group 1 cuts more than the others",
            most,
            format!(
                "{:.1} % against {:.1} and {:.1} %",
                figures[0].computed, figures[1].computed, figures[2].computed
            ),
        )],
        tables: vec![by_hour(&[("before", "kw", &before), ("after", "kw", &after)])],
        pictures: vec![(
            "fig10".to_owned(),
            plots::Figure::new("Group 1, with its vehicles, before and after")
                .subtitle(BAND)
                .panel("", load_plane().with(before.line("before")).with(after.line("after"))),
        )],
        notes: notes(days.len()),
        figures,
    })
}

/// Generation.
pub fn fig_11(context: &Context<'_>) -> Result<Outcome> {
    let days = draw(&Case::paper(), context)?;
    let before = Profile::of(&days, |day| day.before);
    let after = Profile::of(&days, |day| day.after);
    let (from, to) = (before.peak(), after.peak());
    let cuts: Vec<f64> =
        days.iter().map(|day| 100.0 * (1.0 - day.after[to.0] / day.before[from.0])).collect();
    let spread = |day: &Day| {
        let (low, high) =
            day.after.iter().fold((f64::INFINITY, 0.0), |(l, h), x| (f64::min(l, *x), f64::max(h, *x)));
        high - low
    };
    let spreads: Vec<f64> = days.iter().map(spread).collect();
    Ok(Outcome {
        figures: vec![
            Figure::mean("peak of the expected load, cut by", "%", &cuts)
                .published(100.0 * (1.0 - 2_755.0 / PEAK_KW))
                .rule(Rule::at_least(25.0)),
            Figure::mean("from the least to the greatest load of a day", "kW", &spreads),
        ],
        findings: vec![Finding::checked(
            "the peak falls by almost 1 MW",
            from.1 - to.1 > 800.0,
            format!("by {:.0} kW, from {}:00 to {}:00; published 1,086", from.1 - to.1, from.0, to.0),
        )],
        tables: vec![by_hour(&[("before", "kw", &before), ("after", "kw", &after)])],
        pictures: vec![(
            "fig11".to_owned(),
            plots::Figure::new("Generation before and after")
                .subtitle(BAND)
                .panel("", load_plane().with(before.line("before")).with(after.line("after"))),
        )],
        notes: notes(days.len()),
    })
}

/// Prices.
pub fn fig_12(context: &Context<'_>) -> Result<Outcome> {
    let days = draw(&Case::paper(), context)?;
    let before = Profile::of(&days, |day| day.prices_before);
    let after = Profile::of(&days, |day| day.prices_after);
    let (from, to) = (before.peak(), after.peak());
    let per_kwh = |paid: usize, name: &str| {
        let price = |day: &Day| 100.0 * day.paid[paid] / day.before.iter().sum::<f64>();
        Figure::mean("mean price of a kWh", "ct", &days.iter().map(price).collect::<Vec<f64>>()).case(name)
    };
    Ok(Outcome {
        figures: vec![
            per_kwh(0, "conventional").published(100.0 * 36_135.0 / 59_092.0).rule(Rule::Relative(0.05)),
            per_kwh(1, "real time").published(100.0 * 30_244.0 / 59_092.0).rule(Rule::Relative(0.05)),
        ],
        findings: vec![Finding::checked(
            "the highest real-time price is below the highest conventional one",
            to.1 < from.1,
            format!("{:.1} ct at {}:00 against {:.1} ct at {}:00", to.1, to.0, from.1, from.0),
        )],
        tables: vec![by_hour(&[
            ("conventional", "ct_per_kwh", &before),
            ("real_time", "ct_per_kwh", &after),
        ])],
        pictures: vec![(
            "fig12".to_owned(),
            plots::Figure::new("Conventional and real-time prices").subtitle(BAND).panel(
                "",
                day_plane(Axis::number("price", "ct/kWh").from_zero())
                    .with(before.line("conventional"))
                    .with(after.line("real time")),
            ),
        )],
        notes: notes(days.len()),
    })
}
