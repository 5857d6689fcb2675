//! Table III (effects of the response to the price) and table IV (loads by hour), with all findings that must hold.

use super::super::{Context, Figure, Finding, Outcome, Rule, Table};
use super::draws::{Day, Hours, Profile, day_plane, draw, greatest, notes, plain};
use crate::error::Result;
use crate::games::stackelberg::case::{Case, ENERGY_KWH, HOURS, PEAK_KW, TABLE_4};
use crate::plots::{self, Axis, BarSeries, Bars, Interval, NamedPoint, Points};

/// Tolerance to published figures where the homes' load is not known: assumed.
const NEAR: f64 = 0.05;

/// Names of the cases, as in the published table.
const BEFORE: &str = "without RTP and V2G";
const AFTER: &str = "RTP and V2G";
const CUT: &str = "cut by";

/// The target.
pub fn table_3(context: &Context<'_>) -> Result<Outcome> {
    let case = Case::paper();
    let days = draw(&case, context)?;
    let mut figures = rows(&days);
    // The same days with each group as one user, whose theta then counts.
    let one_user = draw(&Case { homes: 1, ..case }, context)?;
    let shown = rows(&one_user).into_iter().filter(|figure| figure.case != BEFORE);
    figures.extend(shown.map(|figure| {
        let case = format!("{}, a group being one user", figure.case);
        Figure { case, rule: Rule::Shown, ..figure }
    }));
    let picture = picture(&figures);
    let mut notes = notes(days.len());
    notes.push(
        "The published profiles are expected values, so the peak is that of the expected load. Where each group is one \
         user, its theta of 0.1 counts for the load of hundreds of homes; the results are next to the same."
            .to_owned(),
    );
    Ok(Outcome {
        findings: must_hold(&days),
        tables: vec![by_day(&days)],
        pictures: vec![("table3".to_owned(), picture)],
        notes,
        figures,
    })
}

/// The figures of table III, and their reductions.
fn rows(days: &[Day]) -> Vec<Figure> {
    let mean = |name: &str, unit: &str, case: &str, figure: &dyn Fn(&Day) -> f64| {
        Figure::mean(name, unit, &days.iter().map(figure).collect::<Vec<f64>>()).case(case)
    };
    let energy = |load: &Hours| load.iter().sum::<f64>();
    let before = Profile::of(days, |day| day.before).peak().0;
    let after = Profile::of(days, |day| day.after).peak().0;
    let cut = |peaks: fn(&Day) -> [f64; 2]| {
        move |day: &Day| {
            let [before, after] = peaks(day);
            100.0 * (1.0 - after / before)
        }
    };
    let near = Rule::Relative(NEAR);
    vec![
        mean("peak demand", "kW", BEFORE, &|day| day.before[before]).published(PEAK_KW).rule(near),
        mean("energy", "kWh", BEFORE, &|day| energy(&day.before)).published(ENERGY_KWH).rule(near),
        mean("payments", "$", BEFORE, &|day| day.paid[0]).published(36_135.0).rule(near),
        mean("generation cost", "$", BEFORE, &|day| day.cost[0]).published(15_115.0).rule(near),
        mean("peak demand", "kW", AFTER, &|day| day.after[after]).published(2_755.0).rule(near),
        mean("energy", "kWh", AFTER, &|day| energy(&day.after)).published(ENERGY_KWH).rule(near),
        mean("payments", "$", AFTER, &|day| day.paid[1]).published(30_244.0).rule(near),
        mean("generation cost", "$", AFTER, &|day| day.cost[1]).published(12_661.0).rule(near),
        mean("peak demand", "%", CUT, &|day| 100.0 * (1.0 - day.after[after] / day.before[before]))
            .published(100.0 * (1.0 - 2_755.0 / PEAK_KW))
            .rule(Rule::at_least(25.0)),
        mean("payments", "%", CUT, &cut(|day| day.paid))
            .published(100.0 * (1.0 - 30_244.0 / 36_135.0))
            .rule(Rule::Between { low: 12.0, high: 20.0 }),
        mean("generation cost", "%", CUT, &cut(|day| day.cost))
            .published(100.0 * (1.0 - 12_661.0 / 15_115.0))
            .rule(Rule::Between { low: 12.0, high: 20.0 }),
    ]
}

/// Findings that must hold besides the reductions, day by day or in expectation.
pub fn must_hold(days: &[Day]) -> Vec<Finding> {
    let count = |holds: &dyn Fn(&Day) -> bool| days.iter().filter(|day| holds(day)).count();
    let sum = |load: &Hours| load.iter().sum::<f64>();
    let same = |day: &Day| (sum(&day.after) / sum(&day.before) - 1.0).abs() <= 1e-6;
    let gap = days.iter().map(|day| day.gap).fold(f64::NEG_INFINITY, f64::max);
    let n = days.len();
    vec![
        Finding::follows("the energy of the day is unchanged within 1e-6", count(&same), n),
        Finding::always("all come to rest: an equilibrium", count(&|day| day.settled), n),
        Finding::checked(
            "no plans have a potential lower by more than 1e-4 of the payments",
            gap <= 1e-4,
            format!("the bound leaves {gap:.1e} of the payments on the worst day"),
        ),
        Finding::follows(
            "every vehicle keeps its limits and is full when it leaves",
            count(&|day| day.all_full),
            n,
        ),
        charges_at_night(days),
        rests_in_the_evening(days),
        widest_hour(days),
    ]
}

/// Share of the hours of charging within these hours of the day.
fn share_of_charging(days: &[Day], hours: std::ops::Range<usize>) -> f64 {
    let charging = Profile::of(days, |day| day.charging).mean;
    charging[hours].iter().sum::<f64>() / charging.iter().sum::<f64>()
}

/// Charging mostly from 1:00 to 6:00.
pub fn charges_at_night(days: &[Day]) -> Finding {
    let share = share_of_charging(days, 1..6);
    Finding::checked(
        "vehicles charge mostly from 1:00 to 6:00",
        share > 0.5,
        format!("{:.1} % of the hours of charging; more than half asked", 100.0 * share),
    )
}

/// From 17:00 to 24:00 most vehicles feed back or are idle.
pub fn rests_in_the_evening(days: &[Day]) -> Finding {
    let mean = |load: fn(&Day) -> Hours| Profile::of(days, load).mean[17..].iter().sum::<f64>();
    let share = mean(|day| day.charging) / mean(|day| day.at_home);
    let feeds = Profile::of(days, |day| day.vehicles_after).mean[17..].iter().all(|load| *load <= 0.0);
    Finding::checked(
        "from 17:00 to 24:00 vehicles feed back or rest",
        share < 0.1 && feeds,
        format!(
            "{:.1} % of those at home charge, less than 10 asked; together they {}",
            100.0 * share,
            if feeds { "feed back in each hour" } else { "do not feed back in each hour" }
        ),
    )
}

/// The largest spread of the load between 21:00 and 5:00.
fn widest_hour(days: &[Day]) -> Finding {
    let (hour, sd) = greatest(&Profile::of(days, |day| day.after).sd);
    Finding::checked(
        "the load varies most from day to day between 21:00 and 5:00",
        !(5..21).contains(&hour),
        format!("most from {hour}:00 to {}:00, by {sd:.0} kW", hour + 1),
    )
}

/// One row per day.
fn by_day(days: &[Day]) -> Table {
    let numbers = |figure: &dyn Fn(&Day) -> f64| days.iter().map(figure).collect::<Vec<f64>>();
    let peak = |load: &Hours| greatest(load).1;
    Table::new("days")
        .integers("day", 0..days.len() as i64)
        .numbers("peak_before_kw", numbers(&|day| peak(&day.before)))
        .numbers("peak_after_kw", numbers(&|day| peak(&day.after)))
        .numbers("energy_before_kwh", numbers(&|day| day.before.iter().sum()))
        .numbers("energy_after_kwh", numbers(&|day| day.after.iter().sum()))
        .numbers("payments_before_usd", numbers(&|day| day.paid[0]))
        .numbers("payments_after_usd", numbers(&|day| day.paid[1]))
        .numbers("cost_before_usd", numbers(&|day| day.cost[0]))
        .numbers("cost_after_usd", numbers(&|day| day.cost[1]))
        .numbers("gap_share_of_payments", numbers(&|day| day.gap))
}

/// Computed beside published values, relative to the published values without response.
fn picture(figures: &[Figure]) -> plots::Figure {
    let cut: Vec<&Figure> = figures.iter().filter(|figure| figure.case == CUT).collect();
    let interval = |figure: &&Figure| {
        let (low, high) = figure.interval.map_or((f64::NAN, f64::NAN), |i| (i.low, i.high));
        Interval::new(figure.computed, low, high)
    };
    let published = |figure: &&Figure| Interval::exact(figure.published.unwrap_or(f64::NAN));
    let series =
        |name: &str, values: Vec<Interval>| BarSeries { name: name.to_owned(), values, colour: None };
    let bars = Bars {
        y: Axis::number("cut by answers to the price", "%"),
        groups: cut.iter().map(|figure| figure.name.clone()).collect(),
        series: vec![
            series("published", cut.iter().map(published).collect()),
            series("computed", cut.iter().map(interval).collect()),
        ],
        stacked: false,
    };
    plots::Figure::new("Effect of the response to prices and of feeding back")
        .subtitle("means over days drawn at random, with 95 % intervals")
        .panel("", bars)
}

/// The target.
pub fn table_4(context: &Context<'_>) -> Result<Outcome> {
    let days = draw(&Case::paper(), context)?;
    let after = Profile::of(&days, |day| day.after);
    let mut figures = Vec::new();
    let (mut off, mut published_sum) = (0.0, 0.0);
    for (hour, published, sd) in TABLE_4 {
        let t = hour - 1;
        let case = format!("hour {hour}");
        let values: Vec<f64> = days.iter().map(|day| day.after[t]).collect();
        figures.push(Figure::mean("expected load", "kW", &values).case(&case).published(published));
        figures.push(Figure::new("standard deviation", "kW", after.sd[t]).case(case).published(sd));
        off += (after.mean[t] - published).abs();
        published_sum += published;
    }
    figures.push(Figure::new("mean distance from the published loads", "%", 100.0 * off / published_sum));
    let mut notes = notes(days.len());
    notes.push(
        "The table leaves out hours 6 to 14. Loads by hour depend on the homes' load, which is not published, so they are \
         shown without a verdict."
            .to_owned(),
    );
    notes.push(
        "At an equilibrium of this model the load can vary little: homes that are not at a bound make up for \
         different schedules of vehicles, in all hours of like price. It varies where all homes are at their least, \
         which here is from 16:00 to 18:00, and not late in the evening as published."
            .to_owned(),
    );
    Ok(Outcome {
        findings: vec![widest_hour(&days)],
        tables: vec![
            Table::new("hours")
                .integers("hour", 1..=HOURS as i64)
                .numbers("mean_kw", after.mean.clone())
                .numbers("sd_kw", after.sd.clone())
                .numbers("p05_kw", after.band.iter().map(|band| band.0))
                .numbers("p95_kw", after.band.iter().map(|band| band.1)),
        ],
        pictures: vec![("table4".to_owned(), loads_by_hour(&after))],
        notes,
        figures,
    })
}

fn loads_by_hour(after: &Profile) -> plots::Figure {
    let points = |column: fn(&(usize, f64, f64)) -> f64| Points {
        name: "published".to_owned(),
        points: TABLE_4.iter().map(|row| NamedPoint::at(row.0 as f64 - 0.5, column(row))).collect(),
        ..Points::default()
    };
    plots::Figure::new("Load by hour, over drivers at random")
        .subtitle("computed with the band of 90 % of the days, and published")
        .columns(2)
        .panel(
            "expected load",
            day_plane(Axis::number("load", "kW").from_zero())
                .with(after.line("computed"))
                .with(points(|row| row.1)),
        )
        .panel(
            "standard deviation",
            day_plane(Axis::number("deviation", "kW").from_zero())
                .with(plain("computed", &after.sd))
                .with(points(|row| row.2)),
        )
}
