//! Charging: all stations in a table, the largest as bars, and states of charge on arrival and departure.

use super::Context;
use crate::report::chart::{Axis, Bars, Chart, Colour, Numbers, Panel, Series, Spec, Style};
use crate::report::html::{Cell, Table, numbers, words};
use crate::report::page::Page;
use crate::report::source;
use crate::report::thin::quantile;
use gridfleet_core::error::Result;
use std::collections::BTreeMap;

/// Most stations drawn as bars; the table has all of them.
const MOST_BARS: usize = 25;

/// Data of one station.
#[derive(Default)]
struct Station {
    operator: String,
    connectors: Option<f64>,
    connector_kw: Option<f64>,
    limit_kw: Option<f64>,
    sessions: u64,
    left: u64,
    energy_kwh: f64,
    queues_s: Vec<f64>,
    paid: f64,
    /// Sums over readings, and the number of readings.
    occupied: f64,
    readings: u64,
    longest_queue: f64,
    peak_kw: Option<f64>,
}

impl Station {
    /// Share of connectors with a vehicle, over the readings.
    fn utilisation(&self) -> Option<f64> {
        let connectors = self.connectors.filter(|c| *c > 0.0)?;
        (self.readings > 0).then(|| self.occupied / self.readings as f64 / connectors)
    }
}

const SESSIONS: [&str; 9] = [
    "station_id",
    "station_operator",
    "plug_in_time",
    "queue_s",
    "energy_kwh",
    "discharged_kwh",
    "soc_start",
    "soc_end",
    "cost",
];

/// Adds the section of charging.
pub(super) fn sections(context: &Context, page: &mut Page) -> Result<()> {
    let mut stations: BTreeMap<String, Station> = BTreeMap::new();
    let columns = ["kind", "name", "operator", "connectors", "connector_kw"];
    match context.folder.table("sites", &columns)? {
        Some(table) => from_sites(&table, &mut stations)?,
        None => page.note("Utilisation of stations: the folder has no sites.parquet, which says how many connectors each has."),
    }
    let columns = ["station_id", "operator", "occupied", "queue", "power_kw", "limit_kw"];
    if let Some(table) = context.folder.table("stations", &columns)? {
        from_readings(&table, &mut stations)?;
    }
    let sessions = context.folder.table("sessions", &SESSIONS)?;
    match &sessions {
        Some(table) => from_sessions(table, &mut stations)?,
        None => context.absent(page, "sessions", "Charging sessions"),
    }
    let mut html = String::new();
    if sessions.is_some() {
        html.push_str(&bars(context, page, &stations));
    }
    if !stations.is_empty() {
        html.push_str(&table(context, &stations).render());
    }
    if let Some(table) = &sessions {
        html.push_str(&charge(page, table)?);
    }
    page.section("Charging", html);
    Ok(())
}

fn from_sites(table: &source::Table, stations: &mut BTreeMap<String, Station>) -> Result<()> {
    let (kind, name, operator) = (table.texts("kind")?, table.texts("name")?, table.texts("operator")?);
    let (connectors, connector_kw) = (table.floats("connectors")?, table.floats("connector_kw")?);
    for row in 0..table.rows() {
        if let (Some("station"), Some(name)) = (kind.text(row), name.text(row)) {
            let station = stations.entry(name.to_owned()).or_default();
            station.operator = operator.text(row).unwrap_or_default().to_owned();
            station.connectors = Some(connectors[row]);
            station.connector_kw = Some(connector_kw[row]);
        }
    }
    Ok(())
}

fn from_readings(table: &source::Table, stations: &mut BTreeMap<String, Station>) -> Result<()> {
    let (name, operator) = (table.texts("station_id")?, table.texts("operator")?);
    let (occupied, queue) = (table.floats("occupied")?, table.floats("queue")?);
    let (power_kw, limit_kw) = (table.floats("power_kw")?, table.floats("limit_kw")?);
    let mut found: Vec<Station> = name.texts.iter().map(|_| Station::default()).collect();
    for row in 0..table.rows() {
        let Some(code) = name.codes[row] else { continue };
        let station = &mut found[code as usize];
        station.occupied += occupied[row];
        station.readings += 1;
        station.longest_queue = station.longest_queue.max(queue[row]);
        station.peak_kw = Some(station.peak_kw.unwrap_or(0.0).max(power_kw[row]));
        station.limit_kw = Some(limit_kw[row]);
        if station.operator.is_empty() {
            station.operator = operator.text(row).unwrap_or_default().to_owned();
        }
    }
    for (name, found) in name.texts.into_iter().zip(found) {
        let known = stations.remove(&name).unwrap_or_default();
        let (connectors, connector_kw) = (known.connectors, known.connector_kw);
        stations.insert(name, Station { connectors, connector_kw, ..found });
    }
    Ok(())
}

fn from_sessions(table: &source::Table, stations: &mut BTreeMap<String, Station>) -> Result<()> {
    let (name, operator) = (table.texts("station_id")?, table.texts("station_operator")?);
    let (plug_in, queue) = (table.times("plug_in_time")?, table.floats("queue_s")?);
    let (drawn, fed, cost) =
        (table.floats("energy_kwh")?, table.floats("discharged_kwh")?, table.floats("cost")?);
    for row in 0..table.rows() {
        let Some(name) = name.text(row) else { continue };
        if !stations.contains_key(name) {
            let operator = operator.text(row).unwrap_or_default().to_owned();
            stations.insert(name.to_owned(), Station { operator, ..Station::default() });
        }
        let Some(station) = stations.get_mut(name) else { continue };
        station.sessions += 1;
        station.left += u64::from(plug_in[row].is_none());
        station.energy_kwh += drawn[row] - fed[row];
        station.queues_s.push(queue[row]);
        station.paid += cost[row];
    }
    stations.values_mut().for_each(|station| station.queues_s.sort_by(f64::total_cmp));
    Ok(())
}

fn table(context: &Context, stations: &BTreeMap<String, Station>) -> Table {
    let mut table = Table::new(
        "Stations",
        vec![
            words("Station"),
            words("Operator"),
            numbers("Connectors", ""),
            numbers("Strongest", "kW"),
            numbers("Limit", "kW"),
            numbers("Sessions", ""),
            numbers("Energy", "kWh"),
            numbers("Utilisation", "%"),
            numbers("Peak power", "kW"),
            numbers("Queue, mean", "s"),
            numbers("Queue, 95 % at most", "s"),
            numbers("Longest line", "vehicles"),
            numbers("Left without a connector", ""),
            numbers("Paid by fleets", &context.summary.currency),
        ],
    );
    for (name, s) in stations {
        let waited =
            (!s.queues_s.is_empty()).then(|| s.queues_s.iter().sum::<f64>() / s.queues_s.len() as f64);
        table.row(vec![
            Cell::text(name),
            Cell::text(&s.operator),
            Cell::optional(s.connectors, 0),
            Cell::optional(s.connector_kw, 1),
            Cell::optional(s.limit_kw, 1),
            Cell::count(s.sessions),
            Cell::number(s.energy_kwh, 1),
            Cell::percent(s.utilisation(), 1),
            Cell::optional(s.peak_kw, 1),
            Cell::optional(waited, 0),
            Cell::number(quantile(&s.queues_s, 0.95), 0),
            Cell::optional((s.readings > 0).then_some(s.longest_queue), 0),
            Cell::count(s.left),
            Cell::number(s.paid, 2),
        ]);
    }
    table
}

/// Energy and utilisation of the stations that delivered most.
fn bars(context: &Context, page: &mut Page, stations: &BTreeMap<String, Station>) -> String {
    let mut busiest: Vec<(&String, &Station)> = stations.iter().filter(|(_, s)| s.sessions > 0).collect();
    busiest.sort_by(|a, b| b.1.energy_kwh.total_cmp(&a.1.energy_kwh));
    let used = busiest.len();
    busiest.truncate(MOST_BARS);
    if busiest.is_empty() {
        return String::new();
    }
    let categories: Vec<String> = busiest.iter().map(|(name, _)| (*name).clone()).collect();
    let which = if used > MOST_BARS {
        format!("The {MOST_BARS} busiest of {used} stations in use")
    } else {
        format!("All {used} stations in use")
    };
    let height = 90 + 22 * categories.len() as u32;
    let mut operators: Vec<&str> = stations.values().map(|s| &*s.operator).collect();
    operators.sort_unstable();
    operators.dedup();
    let series = operators.iter().filter(|operator| busiest.iter().any(|(_, s)| s.operator == **operator));
    let series = series.map(|operator| Bars {
        name: (*operator).to_owned(),
        colour: context.operator_colour(operator),
        values: Numbers(
            busiest
                .iter()
                .map(|(_, s)| if s.operator == *operator { s.energy_kwh } else { f64::NAN })
                .collect(),
        ),
    });
    let spec = Spec::Bars {
        unit: "kWh".to_owned(),
        categories: categories.clone(),
        series: series.collect(),
        stacked: true,
    };
    let energy = Chart::new(
        "Energy by station",
        format!("{which}, by the energy drawn from the grid, coloured by operator."),
        height,
        spec,
    );
    let mut html = page.chart(energy);
    if busiest.iter().any(|(_, s)| s.utilisation().is_some()) {
        let shares = busiest.iter().map(|(_, s)| 100.0 * s.utilisation().unwrap_or(f64::NAN)).collect();
        let series =
            vec![Bars { name: "utilisation".to_owned(), colour: Colour::GREEN, values: Numbers(shares) }];
        let spec = Spec::Bars { unit: "%".to_owned(), categories, series, stacked: false };
        let caption = format!("{which}: share of connectors with a vehicle, over all readings.");
        html.push_str(&page.chart(Chart::new("Utilisation by station", caption, height, spec)));
    }
    format!("<div class=\"pair\">{html}</div>\n")
}

/// States of charge of vehicles on arrival and departure.
fn charge(page: &mut Page, table: &source::Table) -> Result<String> {
    const BINS: usize = 20;
    let x: Vec<f64> = (0..BINS).map(|i| (i as f64 + 0.5) * 100.0 / BINS as f64).collect();
    let mut series = Vec::new();
    for (panel, (column, name, colour)) in
        [("soc_start", "on arrival", Colour::ORANGE), ("soc_end", "when leaving", Colour::GREEN)]
            .into_iter()
            .enumerate()
    {
        let mut counts = vec![0.0; BINS];
        for soc in table.floats(column)?.into_iter().filter(|soc| soc.is_finite()) {
            counts[((soc * BINS as f64) as usize).min(BINS - 1)] += 1.0;
        }
        series.push(Series::new(name, Style::Bar, colour, &x, counts).panel(panel));
    }
    let axis = Axis::Value { name: "State of charge".to_owned(), unit: "%".to_owned() };
    let panels = vec![Panel::new("Sessions, on arrival", ""), Panel::new("Sessions, when leaving", "")];
    let caption =
        "State of charge of vehicles when they come to a station and when they leave it, in steps of 5 %.";
    Ok(page.chart(Chart::new(
        "State of charge at stations",
        caption,
        400,
        Spec::Lines { axis, panels, series },
    )))
}
