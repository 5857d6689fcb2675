//! Markets: prices over time, sources of the energy drawn, and outcomes of the bids.

use super::{COLOURS, Context};
use crate::outputs::traded::{Power, Prices, Settled, Traded, length};
use crate::report::chart::{Chart, Colour, MOST_POINTS, Panel, Series, Spec, Style};
use crate::report::html::{Cell, Table, number, numbers, words};
use crate::report::page::Page;
use crate::report::source;
use crate::report::thin::bin_width;
use gridfleet_core::error::Result;
use gridfleet_core::time::SimTime;
use std::collections::BTreeMap;

/// Name of settlements of imbalance in the column of markets.
const IMBALANCE: &str = "imbalance";
/// Length of a settlement interval if no row of the table determines it [s].
const QUARTER_S: i64 = 900;

const COLUMNS: [&str; 8] = [
    "market",
    "product_start",
    "product_end",
    "bidder",
    "side",
    "clearing_price_per_mwh",
    "delivered_kwh",
    "imbalance_kwh",
];

/// Trading data from the tables.
struct Market {
    /// In the order of the summary, followed by any others in the table.
    names: Vec<String>,
    retailers: Vec<String>,
    traded: Traded,
    /// Length of a settlement interval [s].
    step_s: i64,
}

/// Adds the section of markets, if the run had any.
pub(super) fn sections(context: &Context, page: &mut Page) -> Result<()> {
    let mut html = String::new();
    match context.folder.table("market", &COLUMNS)? {
        Some(table) => {
            let market = read(context, page, &table)?;
            html.push_str(&prices(context, page, &market));
            html.push_str(&power(context, page, &market));
        }
        None if context.summary.markets.is_empty() => {}
        None => context.absent(page, "market", "Prices of markets, and where energy was bought"),
    }
    if !context.summary.markets.is_empty() {
        html.push_str(&bids(context).render());
    }
    page.section("Markets", html);
    Ok(())
}

fn read(context: &Context, page: &mut Page, table: &source::Table) -> Result<Market> {
    let (market, bidder, side) = (table.texts("market")?, table.texts("bidder")?, table.texts("side")?);
    let mut names: Vec<String> = context.summary.markets.iter().map(|m| m.name().to_owned()).collect();
    for name in &market.texts {
        if name != IMBALANCE && !names.contains(name) {
            names.push(name.clone());
        }
    }
    let (from, to) = (table.times("product_start")?, table.times("product_end")?);
    let price = table.floats("clearing_price_per_mwh")?;
    let (delivered, imbalance) = (table.floats("delivered_kwh")?, table.floats("imbalance_kwh")?);
    // Products are whole numbers of settlement intervals, and the shortest is one of them.
    let lengths = from.iter().zip(&to).filter_map(|(from, to)| Some((*to)? - (*from)?));
    let step_s = lengths.filter(|s| *s > 0).min().unwrap_or(QUARTER_S);

    let columns = ["valid_from", "valid_to", "retailer", "price_per_mwh"];
    let tariffs = context.folder.table("prices", &columns)?;
    let retailer = tariffs.as_ref().map(|table| table.texts("retailer")).transpose()?.unwrap_or_default();
    let (start, end) = (SimTime(context.local.start), SimTime(context.local.end));
    let mut traded = Traded::new(start, end, step_s, names.len(), retailer.texts.len());
    let fleets: Vec<bool> = bidder.texts.iter().map(|account| account.starts_with("fleet:")).collect();
    for row in 0..table.rows() {
        let (Some(from), Some(to), Some(name)) = (from[row], to[row], market.text(row)) else { continue };
        traded.settle(&Settled {
            market: names.iter().position(|n| n == name),
            from: SimTime(from),
            to: SimTime(to),
            buys: side.text(row) == Some("buy"),
            price_per_mwh: price[row],
            delivered_kwh: delivered[row],
            imbalance_kwh: imbalance[row],
            metered: bidder.codes[row].is_some_and(|code| fleets[code as usize]),
        });
    }
    if let Some(table) = tariffs {
        let (from, to, price) =
            (table.times(columns[0])?, table.times(columns[1])?, table.floats(columns[3])?);
        for row in 0..table.rows() {
            if let (Some(from), Some(to), Some(code)) = (from[row], to[row], retailer.codes[row]) {
                traded.retail_price(code as usize, SimTime(from), SimTime(to), price[row]);
            }
        }
    }
    if fleets.contains(&true) {
        match context.folder.table("fleet", &["time", "fleet", "power_kw"])? {
            Some(table) => drawn(&table, start, &mut traded)?,
            None => context.absent(page, "fleet", "Energy drawn at the tariff by fleets that trade"),
        }
    }
    Ok(Market { names, retailers: retailer.texts, traded, step_s })
}

/// Adds the energy drawn by fleets: a reading is the mean power since the previous one.
fn drawn(table: &source::Table, start: SimTime, traded: &mut Traded) -> Result<()> {
    let (times, fleets, power_kw) = (table.times("time")?, table.texts("fleet")?, table.floats("power_kw")?);
    let mut read: BTreeMap<u32, SimTime> = BTreeMap::new();
    for (row, power_kw) in power_kw.into_iter().enumerate() {
        let (Some(time), Some(fleet)) = (times[row], fleets.codes[row]) else { continue };
        let since = read.insert(fleet, SimTime(time)).unwrap_or(start);
        traded.drawn(since, SimTime(time), power_kw);
    }
    Ok(())
}

/// Colour of a market, the same in both charts; tariffs and imbalance have the others.
fn colour(market: usize) -> Colour {
    Colour(market % Colour::RED.0)
}

/// Note on the meaning of a point, if it covers more than one settlement interval.
fn thinned(step_s: i64, interval_s: i64) -> String {
    if step_s > interval_s {
        format!(" Each point is the mean over {}.", length(step_s))
    } else {
        String::new()
    }
}

fn prices(context: &Context, page: &mut Page, market: &Market) -> String {
    let prices: Prices = market.traded.prices(MOST_POINTS);
    let Some(shown) = prices.shown() else { return String::new() };
    let currency = &context.summary.currency;
    let mut caption =
        "Clearing prices of the products bid for, accepted or not, and the prices that retailers broadcast."
            .to_owned();
    let mut panel = Panel::new("Price", &format!("{currency}/MWh")).free();
    if shown.beyond > 0 {
        let width = bin_width(shown.high - shown.low, 8);
        let (low, high) = ((shown.low / width).floor() * width, (shown.high / width).ceil() * width);
        panel = panel.within(low, high);
        caption.push_str(&format!(
            " The axis is cut so that a few extreme prices do not flatten the others: {} of {} are beyond it; all \
             are from {} to {} {currency}/MWh.",
            number(shown.beyond as f64, 0),
            number(shown.total as f64, 0),
            number(shown.least, 1),
            number(shown.greatest, 1),
        ));
    }
    caption.push_str(&thinned(prices.step_s, market.step_s));
    let line = |name: &str, colour, values: &[f64]| {
        let steps = prices.steps(values);
        let x: Vec<f64> = steps.iter().map(|(at, _)| context.local.ms(at.0)).collect();
        Series::new(name, Style::Step, colour, &x, steps.into_iter().map(|(_, price)| price).collect())
    };
    let known = |(_, (_, values)): &(usize, (&String, &Vec<f64>))| !values.is_empty();
    let markets = market.names.iter().zip(&prices.markets).enumerate().filter(known);
    let retailers = market.retailers.iter().zip(&prices.retailers).enumerate().filter(known);
    let mut series: Vec<Series> = markets.map(|(i, (name, values))| line(name, colour(i), values)).collect();
    series.extend(retailers.map(|(i, (name, values))| line(name, Colour(COLOURS - 1 - i % COLOURS), values)));
    let spec = Spec::over_time(&context.local.name, vec![panel], series);
    page.chart(Chart::new("Prices of markets and of retailers", caption, 340, spec))
}

fn power(context: &Context, page: &mut Page, market: &Market) -> String {
    let power: Power = market.traded.power(MOST_POINTS);
    let middle = |ends: &[SimTime]| context.local.ms(ends[0].0).midpoint(context.local.ms(ends[1].0)).round();
    let x: Vec<f64> = power.edges.windows(2).map(middle).collect();
    let mut series = Vec::new();
    let mut add = |name: &str, colour, values: Vec<f64>| {
        if !values.is_empty() {
            series.push(Series::new(name, Style::Area, colour, &x, values));
        }
    };
    for (i, (name, values)) in market.names.iter().zip(power.delivered).enumerate() {
        add(name, colour(i), values);
    }
    add("at the tariff", Colour::GREY, power.tariff);
    add("imbalance: not bought", Colour(COLOURS - 1), power.short);
    add("imbalance: bought, not drawn", Colour::RED, power.long);
    for (i, (name, values)) in market.names.iter().zip(power.sold).enumerate() {
        add(&format!("sold: {name}"), colour(i), values.into_iter().map(|kw| -kw).collect());
    }
    if series.is_empty() {
        return String::new();
    }
    let caption = format!(
        "Mean power by where it was bought, on top of each other, all bidders together; energy sold is below zero.{}",
        thinned(power.step_s, market.step_s)
    );
    let spec = Spec::over_time(&context.local.name, vec![Panel::new("Power", "kW")], series);
    page.chart(Chart::new("Power drawn, by where it was bought", caption, 340, spec))
}

/// Outcomes of the bids in each market.
fn bids(context: &Context) -> Table {
    let currency = &context.summary.currency;
    let mut table = Table::new(
        "Bids by market; cash is received by bidders, or paid if below zero",
        vec![
            words("Market"),
            numbers("Bids accepted", ""),
            numbers("Bids rejected", ""),
            numbers("Bought", "kWh"),
            numbers("Sold", "kWh"),
            numbers("Mean price", &format!("{currency}/MWh")),
            numbers("Cash", currency),
        ],
    );
    for market in &context.summary.markets {
        let cell = |key: &str, digits| Cell::optional(market.get(key), digits);
        table.row(vec![
            Cell::text(market.name()),
            cell("bids_accepted", 0),
            cell("bids_rejected", 0),
            cell("bought_kwh", 1),
            cell("sold_kwh", 1),
            cell("mean_price_per_mwh", 2),
            cell("cash", 2),
        ]);
    }
    table
}
