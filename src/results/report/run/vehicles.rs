//! Vehicles over time: their states, charge, power and prices.

use super::readings::{Readings, thinned};
use super::{COLOURS, Context};
use crate::report::chart::{Chart, Colour, Panel, Series, Spec, Style};
use crate::report::page::Page;
use crate::report::source::{Table, Texts};
use crate::report::thin::{group_of, means};
use gridfleet_core::error::Result;
use std::collections::BTreeMap;

/// States of a vehicle: column, name, colour; from the bottom of the chart to its top.
const STATES: [(&str, &str, Colour); 5] = [
    ("driving", "driving", Colour::BLUE),
    ("charging", "charging", Colour::GREEN),
    ("discharging", "discharging", Colour::PINK),
    ("queued", "waiting for a connector", Colour::RED),
    ("idle", "idle", Colour::GREY),
];

/// Adds the section of vehicles over time and that of power and prices.
pub(super) fn sections(context: &Context, page: &mut Page) -> Result<()> {
    let columns: Vec<&str> =
        ["time", "fleet", "mean_soc", "power_kw"].into_iter().chain(STATES.map(|s| s.0)).collect();
    let fleet = context.folder.table("fleet", &columns)?;
    match &fleet {
        Some(table) => {
            let html = vehicles(context, page, table)?;
            page.section("Vehicles over time", html);
        }
        None => context.absent(page, "fleet", "Vehicles by state over time"),
    }
    let html = power(context, page, fleet.as_ref())?;
    page.section("Power and prices", html);
    Ok(())
}

fn vehicles(context: &Context, page: &mut Page, table: &Table) -> Result<String> {
    let (times, fleets) = (table.times("time")?, table.texts("fleet")?);
    let everyone = Texts { codes: vec![Some(0); table.rows()], texts: vec!["all".to_owned()] };
    let mut series = Vec::new();
    let mut group = 1;
    for (column, name, colour) in STATES {
        let values = table.floats(column)?;
        if column == "discharging" && values.iter().all(|v| *v == 0.0) {
            continue;
        }
        let readings = Readings::new(&times, &everyone, &values);
        let (x, every) = readings.axis(context);
        group = every;
        series.push(Series::new(name, Style::Area, colour, &x, means(&readings.columns[0], every)));
    }
    let states = Chart::new(
        "Vehicles by state",
        format!(
            "Vehicles of all fleets by activity, on top of each other, at each control interval.{}",
            thinned(group)
        ),
        340,
        Spec::over_time(&context.local.name, vec![Panel::new("Vehicles", "")], series),
    );
    let soc: Vec<f64> = table.floats("mean_soc")?.iter().map(|soc| 100.0 * soc).collect();
    let readings = Readings::new(&times, &fleets, &soc);
    let (x, group) = readings.axis(context);
    let series = readings.columns.iter().zip(&fleets.texts).map(|(column, fleet)| {
        Series::new(fleet, Style::Line, context.fleet_colour(fleet), &x, means(column, group))
    });
    let soc = Chart::new(
        "State of charge",
        format!("Mean state of charge of the vehicles of each fleet.{}", thinned(group)),
        260,
        Spec::over_time(
            &context.local.name,
            vec![Panel::new("Mean state of charge", "%").free()],
            series.collect(),
        ),
    );
    Ok([states, soc].map(|chart| page.chart(chart)).concat())
}

/// Power by operator, or by fleet where stations were not recorded, above the prices.
fn power(context: &Context, page: &mut Page, fleet: Option<&Table>) -> Result<String> {
    let stations = context.folder.table("stations", &["time", "operator", "power_kw"])?;
    let mut panels = Vec::new();
    let mut series = Vec::new();
    let mut caption = String::new();
    let source = match (&stations, fleet) {
        (Some(table), _) => Some((table, "operator", "stations, by operator")),
        (None, Some(table)) => Some((table, "fleet", "fleets")),
        (None, None) => None,
    };
    if let Some((table, by, source)) = source {
        let groups = table.texts(by)?;
        let readings = Readings::new(&table.times("time")?, &groups, &table.floats("power_kw")?);
        let (x, group) = readings.axis(context);
        let colour = |name: &str| match by {
            "operator" => context.operator_colour(name),
            _ => context.fleet_colour(name),
        };
        panels.push(Panel::new("Power", "kW"));
        for (column, name) in readings.columns.iter().zip(&groups.texts) {
            // An operator whose stations never delivered power would only fill the legend.
            if column.iter().any(|p| p.abs() > 0.0) {
                series.push(Series::new(name, Style::Area, colour(name), &x, means(column, group)));
            }
        }
        caption =
            format!("Mean power since the last reading of {source}, on top of each other.{}", thinned(group));
    } else {
        context.absent(page, "stations", "Power of stations over time");
    }
    match context.folder.table("prices", &["valid_from", "valid_to", "retailer", "price_per_mwh"])? {
        Some(table) => {
            let number = panels.len();
            panels.push(Panel::new("Price", &format!("{}/MWh", context.summary.currency)).free());
            series.extend(prices(context, &table)?.into_iter().map(|line| line.panel(number)));
            caption.push_str(" Prices are those that retailers broadcast, without the operators' markup.");
        }
        None => context.absent(page, "prices", "Prices"),
    }
    if series.is_empty() {
        return Ok(String::new());
    }
    let height = if panels.len() > 1 { 460 } else { 300 };
    let spec = Spec::over_time(&context.local.name, panels, series);
    Ok(page.chart(Chart::new("Power of charging and price of energy", caption.trim(), height, spec)))
}

/// The prices of each retailer, from the start of their validity, thinned.
fn prices(context: &Context, table: &Table) -> Result<Vec<Series>> {
    let retailers = table.texts("retailer")?;
    let (from, to) = (table.times("valid_from")?, table.times("valid_to")?);
    let values = table.floats("price_per_mwh")?;
    let mut lines = Vec::new();
    for (code, name) in retailers.texts.iter().enumerate() {
        // A slot announced again counts with its latest announcement.
        let mut slots: BTreeMap<i64, (i64, f64)> = BTreeMap::new();
        for row in 0..table.rows() {
            if retailers.codes[row] == Some(code as u32)
                && let (Some(from), Some(to)) = (from[row], to[row])
            {
                slots.insert(from, (to, values[row]));
            }
        }
        let Some((&last, &(end, price))) = slots.last_key_value() else { continue };
        let group = group_of(slots.len());
        let mut x: Vec<f64> = slots.keys().step_by(group).map(|t| context.local.ms(*t)).collect();
        let mut y = means(&slots.values().map(|(_, price)| *price).collect::<Vec<_>>(), group);
        // The last price holds until its end, or until the end of the run.
        x.push(context.local.ms(end.clamp(last, context.local.end.max(last))));
        y.push(if group > 1 { y[y.len() - 1] } else { price });
        // Operators have the first colours.
        let colour = Colour((context.summary.operators.len() + code) % COLOURS);
        lines.push(Series::new(name, Style::Step, colour, &x, y));
    }
    Ok(lines)
}
