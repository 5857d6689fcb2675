//! Retail: households and their payments, competition for vehicle owners, stations with load-dependent prices.

use super::figures::{Figures, Shown, beside};
use super::readings::{Readings, thinned};
use super::{COLOURS, Context};
use crate::report::chart::{Chart, Colour, Panel, Series, Spec, Style};
use crate::report::page::Page;
use crate::report::source::{Table, Texts};
use crate::report::thin::means;
use gridfleet_core::error::Result;

/// Figures of a retailer that has households or a cost of generation.
const RETAILER: &[Shown] = &[
    Shown::new("peak_kw", "Peak load", "kW", 1.0, 0),
    Shown::new("load_sd_kw", "Load, standard deviation", "kW", 1.0, 0),
    Shown::new("energy_kwh", "Energy sold", "kWh", 1.0, 0),
    Shown::money("payments", "Payments of all customers"),
    Shown::money("household_payments", "Payments of households"),
    Shown::money("generation_cost", "Cost of generation"),
    Shown::money("profit", "Profit"),
];

/// Figures of a retailer that competes.
const COMPETITOR: &[Shown] = &[
    Shown::new("energy_kwh", "Energy sold", "kWh", 1.0, 0),
    Shown::new("energy_share", "Share of all energy", "%", 100.0, 1),
    Shown::price("sold_at_per_mwh", "Mean selling price"),
    Shown::money("revenue", "Revenue"),
    Shown::new("bought_kwh", "Bought ahead", "kWh", 1.0, 0),
    Shown::new("short_kwh", "Short: drawn, not bought", "kWh", 1.0, 0),
    Shown::new("long_kwh", "Long: bought, not drawn", "kWh", 1.0, 0),
    Shown::money("purchase_cost", "Cost of purchases"),
    Shown::money("imbalance_cost", "Cost of imbalance"),
    Shown::money("profit", "Profit"),
    Shown::money("day_profit_sd", "Profit of days, standard deviation"),
    Shown::money("day_profit_cvar", "Profit of the worst twentieth of days"),
];

/// Figures of an operator with stations whose price follows their load.
const LOADED: &[Shown] = &[
    Shown::new("peak_load_kw", "Peak of slots", "kW", 1.0, 0),
    Shown::price("load_price_per_mwh", "Mean price that the load made"),
    Shown::money("station_cost", "Cost of energy and of deviations"),
    Shown::money("planned_cost", "The same as plans expected it"),
    Shown::price("station_cost_per_mwh", "The same per energy drawn"),
    Shown::money("station_cost_with_unserved", "The same at equal energy"),
    Shown::money("deviation_cost", "Cost of deviations"),
    Shown::new("stay_mean_s", "Stay at the plug, mean", "min", 1.0 / 60.0, 1),
    Shown::new("connector_wait_mean_s", "Wait for a connector, mean", "min", 1.0 / 60.0, 1),
    Shown::new("shifted_kwh", "Energy shifted", "kWh", 1.0, 0),
    Shown::new("unserved_kwh", "Energy unserved", "kWh", 1.0, 0),
];

/// Adds the section of retail, if the run had any.
pub(super) fn sections(context: &Context, page: &mut Page) -> Result<()> {
    let summary = context.summary;
    let mut html = String::new();
    let table = |title: &str, entities: &[Figures], figures: &[Shown]| {
        if entities.is_empty() { String::new() } else { beside(title, figures, entities, &summary.currency) }
    };
    let columns = ["time", "group", "power_kw", "price_per_mwh"];
    if let Some(homes) = context.folder.table("households", &columns)? {
        html.push_str(&households(context, page, &homes)?);
    }
    html.push_str(&table("Retailers", &summary.retailers, RETAILER));
    let columns = ["slot_start", "slot_end", "retailer", "price_per_mwh", "share", "energy_kwh"];
    match context.folder.table("supply", &columns)? {
        Some(supply) => html.push_str(&competition(context, page, &supply)?),
        None if summary.competitors.is_empty() => {}
        None => context.absent(page, "supply", "Prices and shares of retailers that compete"),
    }
    html.push_str(&table("Retailers that compete", &summary.competitors, COMPETITOR));
    let columns =
        ["slot_start", "slot_end", "operator", "nominal_kw", "power_kw", "base_price_per_mwh", "energy_cost"];
    if let Some(stations) = context.folder.table("loads", &columns)? {
        html.push_str(&loads(context, page, &stations)?);
    }
    if summary.operators.iter().any(|operator| operator.get("station_cost").is_some()) {
        html.push_str(&table("Operators of stations with load-dependent prices", &summary.operators, LOADED));
    }
    html.push_str(&table("The coalition of stations and the rest", &summary.groups, LOADED));
    page.section("Retail", html);
    Ok(())
}

/// Load of households and of fleets, stacked, above the price that households pay.
fn households(context: &Context, page: &mut Page, homes: &Table) -> Result<String> {
    let (times, groups) = (homes.times("time")?, homes.texts("group")?);
    let mut series = Vec::new();
    let power = Readings::new(&times, &groups, &homes.floats("power_kw")?);
    let (x, group) = power.axis(context);
    for (i, (name, column)) in groups.texts.iter().zip(&power.columns).enumerate() {
        series.push(Series::new(name, Style::Area, household_colour(i), &x, means(column, group)));
    }
    if let Some(fleets) = context.folder.table("fleet", &["time", "fleet", "power_kw"])? {
        let names = fleets.texts("fleet")?;
        let power = Readings::new(&fleets.times("time")?, &names, &fleets.floats("power_kw")?);
        let (x, group) = power.axis(context);
        for (name, column) in names.texts.iter().zip(&power.columns) {
            let colour = context.fleet_colour(name);
            series.push(Series::new(name, Style::Area, colour, &x, means(column, group)));
        }
    }
    let price = Readings::new(&times, &groups, &homes.floats("price_per_mwh")?);
    for (i, (name, column)) in groups.texts.iter().zip(&price.columns).enumerate() {
        let name = format!("paid by {name}");
        series.push(Series::new(&name, Style::Line, household_colour(i), &x, means(column, group)).panel(1));
    }
    let panels = vec![Panel::new("Load", "kW"), Panel::new("Price", &context.price_unit()).free()];
    let caption = format!(
        "Mean load since the last reading, on top of each other, and the mean price that households paid for theirs.{}",
        thinned(group)
    );
    let spec = Spec::over_time(&context.local.name, panels, series);
    Ok(page.chart(Chart::new("Load of households and fleets, and price", caption, 460, spec)))
}

/// Colour of a group of households; fleets have the first colours.
fn household_colour(group: usize) -> Colour {
    Colour(COLOURS - 1 - group % COLOURS)
}

/// Length of each row's slot [h].
fn hours(table: &Table) -> Result<Vec<f64>> {
    let (from, to) = (table.times("slot_start")?, table.times("slot_end")?);
    let hours = |(from, to): (Option<i64>, Option<i64>)| Some((to? - from?) as f64 / 3_600.0);
    Ok(from.into_iter().zip(to).map(|slot| hours(slot).unwrap_or(f64::NAN)).collect())
}

/// Prices asked by competitors, their customers, and the energy sold.
fn competition(context: &Context, page: &mut Page, supply: &Table) -> Result<String> {
    let (times, retailers) = (supply.times("slot_start")?, supply.texts("retailer")?);
    let hours = hours(supply)?;
    let share = supply.floats("share")?.into_iter().map(|share| 100.0 * share).collect();
    let energy = supply.floats("energy_kwh")?;
    let power = energy.into_iter().zip(&hours).map(|(kwh, hours)| kwh / hours).collect();
    let mut series = Vec::new();
    let mut every = 1;
    let panels = [(supply.floats("price_per_mwh")?, Style::Step), (share, Style::Area), (power, Style::Area)];
    for (panel, (values, style)) in panels.into_iter().enumerate() {
        let readings = Readings::new(&times, &retailers, &values);
        let (x, group) = readings.axis(context);
        every = group;
        for (i, (name, column)) in retailers.texts.iter().zip(&readings.columns).enumerate() {
            let y = means(column, group);
            series.push(Series::new(name, style, Colour(i % COLOURS), &x, y).panel(panel));
        }
    }
    let panels = vec![
        Panel::new("Price", &context.price_unit()).free(),
        Panel::new("Owners", "%").within(0.0, 100.0),
        Panel::new("Power", "kW"),
    ];
    let caption = format!(
        "Price of each retailer, the share of owners who chose it whether they charged or not, and the mean power that \
         its customers drew, slot by slot, on top of each other.{}",
        thinned(every)
    );
    let spec = Spec::over_time(&context.local.name, panels, series);
    Ok(page.chart(Chart::new("Competition for owners", caption, 560, spec)))
}

/// Power of stations by operator, the power without a plan, and the resulting price.
fn loads(context: &Context, page: &mut Page, stations: &Table) -> Result<String> {
    let (times, operators) = (stations.times("slot_start")?, stations.texts("operator")?);
    let power = stations.floats("power_kw")?;
    let by_operator = Readings::new(&times, &operators, &power);
    let (x, group) = by_operator.axis(context);
    let mut series = Vec::new();
    for (name, column) in operators.texts.iter().zip(&by_operator.columns) {
        let colour = context.operator_colour(name);
        series.push(Series::new(name, Style::Area, colour, &x, means(column, group)));
    }
    let one = Texts { codes: vec![Some(0); stations.rows()], texts: vec!["all".to_owned()] };
    let sum = |values: &[f64]| Readings::new(&times, &one, values).columns.concat();
    let nominal = means(&sum(&stations.floats("nominal_kw")?), group);
    series.push(Series::new("without any plan", Style::Line, Colour::GREY, &x, nominal));

    // Means over stations, weighted by energy drawn; unweighted where none was drawn.
    let (base, hours) = (stations.floats("base_price_per_mwh")?, hours(stations)?);
    let times_power = |values: &[f64]| values.iter().zip(&power).map(|(x, kw)| x * kw).collect::<Vec<f64>>();
    let (drawn, rows) = (sum(&power), sum(&vec![1.0; stations.rows()]));
    let (weighted, plain) = (sum(&times_power(&base)), sum(&base));
    let cost: Vec<f64> =
        stations.floats("energy_cost")?.iter().zip(&hours).map(|(cost, hours)| 1e3 * cost / hours).collect();
    let cost = sum(&cost);
    let mean = |i: usize, sums: &[f64]| if drawn[i] > 0.0 { sums[i] / drawn[i] } else { plain[i] / rows[i] };
    let prices = |sums: &[f64]| means(&(0..sums.len()).map(|i| mean(i, sums)).collect::<Vec<f64>>(), group);
    series.push(Series::new("announced", Style::Step, Colour::GREEN, &x, prices(&weighted)).panel(1));
    series.push(Series::new("load-dependent", Style::Step, Colour::RED, &x, prices(&cost)).panel(1));
    let panels = vec![Panel::new("Power", "kW"), Panel::new("Price", &context.price_unit()).free()];
    let caption = format!(
        "Mean power of stations whose price follows their load, by operator, on top of each other; the same had \
         every vehicle charged from its arrival as fast as it can; and the mean price by energy, announced and \
         load-dependent.{}",
        thinned(group)
    );
    let spec = Spec::over_time(&context.local.name, panels, series);
    Ok(page.chart(Chart::new("Stations with load-dependent prices", caption, 460, spec)))
}
