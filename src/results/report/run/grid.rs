//! The feeder: voltages over time and by bus, and its load.

use super::Context;
use crate::report::chart::{Axis, Chart, Colour, Panel, Series, Spec, Style};
use crate::report::html::{Cell, Table, numbers, words};
use crate::report::page::Page;
use crate::report::source;
use crate::report::thin::{group_of, means};
use gridfleet_core::error::Result;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Feeder entry of `summary.json`.
#[derive(Debug, Deserialize)]
pub(super) struct Feeder {
    name: String,
    voltage_limits_pu: [f64; 2],
    #[serde(default)]
    enforce: String,
}

/// Content of one reading of the table.
struct Reading {
    lowest: f64,
    highest: f64,
    load_kw: f64,
}

/// Content of the table for one bus.
struct Bus {
    lowest: f64,
    highest: f64,
    sum: f64,
    solved: u64,
    energy_kw: f64,
    peak_kw: f64,
    readings: u64,
    /// Time of the lowest voltage of all.
    worst: f64,
}

/// Adds the section of the feeder, if the run had one.
pub(super) fn sections(context: &Context, page: &mut Page) -> Result<()> {
    let Some(feeder) = &context.summary.feeder else { return Ok(()) };
    let columns = ["time", "bus", "voltage_pu", "p_kw"];
    let Some(table) = context.folder.table("grid", &columns)? else {
        context.absent(page, "grid", "Voltages of the feeder");
        return Ok(());
    };
    let (readings, buses) = read(&table, context.local.start)?;
    let mut html = over_time(context, page, feeder, &readings);
    html.push_str(&by_bus(page, feeder, &buses));
    html.push_str(&list(&buses).render());
    page.section("Feeder", html);
    Ok(())
}

/// Reads the metered values, after `start` [s]: the first reading includes only the loads of the case.
fn read(table: &source::Table, start: i64) -> Result<(BTreeMap<i64, Reading>, BTreeMap<i64, Bus>)> {
    let (time, bus) = (table.times("time")?, table.floats("bus")?);
    let (voltage, kw) = (table.floats("voltage_pu")?, table.floats("p_kw")?);
    let mut readings = BTreeMap::<i64, Reading>::new();
    let mut buses = BTreeMap::<i64, Bus>::new();
    let mut worst = (f64::INFINITY, 0);
    let wider = |low: &mut f64, high: &mut f64, voltage: f64| {
        // The minimum of a number and NaN is the number.
        (*low, *high) = (low.min(voltage), high.max(voltage));
    };
    for row in 0..table.rows() {
        let Some(time) = time[row].filter(|&time| time > start) else { continue };
        let at =
            readings.entry(time).or_insert(Reading { lowest: f64::NAN, highest: f64::NAN, load_kw: 0.0 });
        wider(&mut at.lowest, &mut at.highest, voltage[row]);
        at.load_kw += kw[row];
        let at_bus = buses.entry(bus[row] as i64).or_insert(Bus {
            lowest: f64::NAN,
            highest: f64::NAN,
            sum: 0.0,
            solved: 0,
            energy_kw: 0.0,
            peak_kw: f64::NEG_INFINITY,
            readings: 0,
            worst: f64::NAN,
        });
        wider(&mut at_bus.lowest, &mut at_bus.highest, voltage[row]);
        if voltage[row].is_finite() {
            at_bus.sum += voltage[row];
            at_bus.solved += 1;
        }
        at_bus.energy_kw += kw[row];
        at_bus.peak_kw = at_bus.peak_kw.max(kw[row]);
        at_bus.readings += 1;
        if voltage[row] < worst.0 {
            worst = (voltage[row], time);
        }
    }
    for row in (0..table.rows()).filter(|&row| time[row] == Some(worst.1)) {
        if let Some(at_bus) = buses.get_mut(&(bus[row] as i64)) {
            at_bus.worst = voltage[row];
        }
    }
    Ok((readings, buses))
}

/// The minimum, or with `-1` the maximum, of groups of neighbours: a mean would hide the extremes.
fn extremes(values: &[f64], group: usize, sign: f64) -> Vec<f64> {
    let least = |values: &[f64]| sign * values.iter().fold(f64::NAN, |least, v| least.min(sign * v));
    values.chunks(group.max(1)).map(least).collect()
}

fn over_time(
    context: &Context,
    page: &mut Page,
    feeder: &Feeder,
    readings: &BTreeMap<i64, Reading>,
) -> String {
    let group = group_of(readings.len());
    let ms: Vec<f64> = readings.keys().map(|&time| context.local.ms(time)).collect();
    let x: Vec<f64> = means(&ms, group).into_iter().map(f64::round).collect();
    let column = |quantity: fn(&Reading) -> f64| readings.values().map(quantity).collect::<Vec<f64>>();
    let low = extremes(&column(|r| r.lowest), group, 1.0);
    let high = extremes(&column(|r| r.highest), group, -1.0);
    let lowest = Series::new("lowest, and range of all", Style::Line, Colour::BLUE, &x, low.clone());
    let mut series = vec![lowest.band(low.clone(), high.clone())];
    let ends = [context.local.start, context.local.end].map(|time| context.local.ms(time));
    let [least, most] = feeder.voltage_limits_pu;
    let found = |values: &[f64], sign: f64| extremes(values, values.len(), sign).first().copied();
    for (limit, near) in [
        (least, found(&low, 1.0).is_some_and(|low| least > low - 0.02)),
        (most, found(&high, -1.0).is_some_and(|high| most < high + 0.02)),
    ] {
        if near {
            series.push(Series::new("limit", Style::Line, Colour::RED, &ends, vec![limit; 2]));
        }
    }
    let load = means(&column(|r| r.load_kw), group);
    series.push(Series::new("load of all buses", Style::Line, Colour::GREEN, &x, load).panel(1));
    let thinned = if group > 1 {
        format!(" Each point represents {group} readings, by their extreme voltages and their mean load.")
    } else {
        String::new()
    };
    let caption = format!(
        "Feeder {}: mean load of all buses since the reading before, and the voltages that go with it.{thinned}",
        feeder.name
    );
    let panels = vec![Panel::new("Voltage", "p.u.").free(), Panel::new("Load", "kW")];
    let spec = Spec::over_time(&context.local.name, panels, series);
    page.chart(Chart::new("Voltages and load of the feeder", caption, 420, spec))
}

fn by_bus(page: &mut Page, feeder: &Feeder, buses: &BTreeMap<i64, Bus>) -> String {
    let x: Vec<f64> = buses.keys().map(|&bus| bus as f64).collect();
    let column = |quantity: fn(&Bus) -> f64| buses.values().map(quantity).collect::<Vec<f64>>();
    let mean = column(|bus| bus.sum / bus.solved as f64);
    let all = Series::new("mean and range", Style::Points, Colour::BLUE, &x, mean)
        .band(column(|bus| bus.lowest), column(|bus| bus.highest));
    let worst = column(|bus| bus.worst);
    let worst = Series::new("when the lowest of all was", Style::Points, Colour::ORANGE, &x, worst);
    let axis = Axis::Value { name: "Bus".to_owned(), unit: String::new() };
    let panels = vec![Panel::new("Voltage", "p.u.").free()];
    let [least, most] = feeder.voltage_limits_pu;
    let held = if feeder.enforce == "limit" { ", which charging respects" } else { "" };
    let caption = format!("Voltage of each bus. Limits are {least} and {most} p.u.{held}.");
    let spec = Spec::Lines { axis, panels, series: vec![all, worst] };
    page.chart(Chart::new("Voltages by bus", caption, 340, spec))
}

fn list(buses: &BTreeMap<i64, Bus>) -> Table {
    let mut table = Table::new(
        "Buses",
        vec![
            words("Bus"),
            numbers("Lowest voltage", "p.u."),
            numbers("Mean voltage", "p.u."),
            numbers("Highest voltage", "p.u."),
            numbers("Mean load", "kW"),
            numbers("Peak load", "kW"),
        ],
    );
    for (number, bus) in buses {
        table.row(vec![
            Cell::number(*number as f64, 0),
            Cell::number(bus.lowest, 4),
            Cell::number(bus.sum / bus.solved as f64, 4),
            Cell::number(bus.highest, 4),
            Cell::number(bus.energy_kw / bus.readings as f64, 1),
            Cell::number(bus.peak_kw, 1),
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_are_kept_and_gaps_do_not_count() {
        let values = [3.0, f64::NAN, 1.0, 5.0, f64::NAN];
        assert_eq!(extremes(&values, 2, 1.0)[..2], [3.0, 1.0]);
        assert_eq!(extremes(&values, 2, -1.0)[..2], [3.0, 5.0]);
        assert!(extremes(&values, 2, 1.0)[2].is_nan());
    }
}
