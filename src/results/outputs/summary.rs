//! `summary.json`, and the table that a run prints at its end.
//!
//! Two equal runs have the same summary, byte for byte: anything that may differ is in the manifest.

use super::run_dir::write_file;
use super::tables::Provenance;
use comfy_table::{CellAlignment, Table, presets};
use gridfleet_core::error::{Error, Result};
use gridfleet_core::records::metrics::{
    CompetitorFigures, Figures, FleetFigures, GroupFigures, MarketFigures, OperatorFigures, RetailerFigures,
    RunFigures, StationFigures,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Name of the file.
pub const SUMMARY: &str = "summary.json";

/// Results of a run, in the order of the file.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// Version of gridfleet.
    pub gridfleet_version: String,
    /// Name of the scenario.
    pub scenario: String,
    /// SHA-256 of the scenario file.
    pub scenario_sha256: String,
    /// Seed of the random streams.
    pub seed: u64,
    /// Number of the replication, from 0.
    pub replication: u32,
    /// Names of the policies by role, for example `charging`.
    pub policy: BTreeMap<String, String>,
    /// First instant simulated, ISO 8601 in UTC.
    pub start: String,
    /// First instant no longer simulated, ISO 8601 in UTC.
    pub end: String,
    /// First instant that the figures cover, the end of the warm-up; absent without one. ISO 8601 in UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured_from: Option<String>,
    /// Local days of the warm-up that a pilot run has found; absent if the scenario gives a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warm_up_found_days: Option<i64>,
    /// Time zone of local times, for example `America/New_York`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub time_zone: String,
    /// Currency of all amounts.
    pub currency: String,
    /// Events processed.
    pub events: u64,
    /// The feeder, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feeder: Option<FeederHead>,
    /// Key figures of all fleets together.
    #[serde(flatten)]
    pub total: Figures,
    /// Key figures of each fleet.
    pub fleets: Vec<FleetFigures>,
    /// Key figures of each operator of stations.
    pub operators: Vec<OperatorFigures>,
    /// Key figures of groups of stations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupFigures>,
    /// Key figures of each station.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stations: Vec<StationFigures>,
    /// Key figures of each market.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub markets: Vec<MarketFigures>,
    /// Key figures of each retailer that has households or a cost of generation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retailers: Vec<RetailerFigures>,
    /// Key figures of each retailer that competes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub competitors: Vec<CompetitorFigures>,
    /// Actions that policies proposed and the engine refused, by reason.
    pub refused_actions: BTreeMap<String, u64>,
    /// Plans of stations without an equilibrium within double precision; those stations drew their desired load.
    #[serde(skip_serializing_if = "is_zero")]
    pub unsolved_plans: u64,
    /// Rows of the inputs read and skipped, as the importers report them.
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    pub imports: serde_json::Value,
}

/// Description of a feeder in the summary, in addition to its figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeederHead {
    /// Name of the feeder.
    pub name: String,
    /// Number of buses.
    pub buses: usize,
    /// Minimum and maximum voltage allowed, in per unit.
    pub voltage_limits_pu: [f64; 2],
    /// Effect of its limits on charging: `observe` or `limit`.
    pub enforce: &'static str,
}

/// Content of the summary in addition to the figures.
#[derive(Debug, Clone, Default)]
pub struct SummaryHead {
    /// Provenance of the run.
    pub provenance: Provenance,
    /// Names of the policies by role.
    pub policy: BTreeMap<String, String>,
    /// First instant simulated.
    pub start: gridfleet_core::time::SimTime,
    /// First instant no longer simulated.
    pub end: gridfleet_core::time::SimTime,
    /// First instant that the figures cover; `None` without a warm-up.
    pub measured_from: Option<gridfleet_core::time::SimTime>,
    /// Local days of the warm-up that a pilot run has found; `None` if the scenario gives a number.
    pub warm_up_found_days: Option<i64>,
    /// Time zone of local times, for example `America/New_York`.
    pub time_zone: String,
    /// Currency of all amounts.
    pub currency: String,
    /// Events processed.
    pub events: u64,
    /// The feeder, if there is one.
    pub feeder: Option<FeederHead>,
    /// Actions that policies proposed and the engine refused, by reason.
    pub refused_actions: BTreeMap<String, u64>,
    /// Plans of stations without an equilibrium within double precision.
    pub unsolved_plans: u64,
    /// Rows of the inputs read and skipped; null for none.
    pub imports: serde_json::Value,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Summary {
    /// Combines head and figures.
    pub fn new(head: SummaryHead, figures: RunFigures) -> Self {
        Self {
            gridfleet_version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: head.provenance.scenario,
            scenario_sha256: head.provenance.scenario_sha256,
            seed: head.provenance.seed,
            replication: head.provenance.replication,
            policy: head.policy,
            start: head.start.iso(),
            end: head.end.iso(),
            measured_from: head.measured_from.map(|time| time.iso()),
            warm_up_found_days: head.warm_up_found_days,
            time_zone: head.time_zone,
            currency: head.currency,
            events: head.events,
            feeder: head.feeder,
            total: figures.total,
            fleets: figures.fleets,
            operators: figures.operators,
            groups: figures.groups,
            stations: figures.stations,
            markets: figures.markets,
            retailers: figures.retailers,
            competitors: figures.competitors,
            refused_actions: head.refused_actions,
            unsolved_plans: head.unsolved_plans,
            imports: head.imports,
        }
    }

    /// Content of the file.
    ///
    /// # Errors
    /// If a value cannot be expressed in JSON, which no value of a summary is.
    pub fn to_json(&self) -> Result<String> {
        let mut text =
            serde_json::to_string_pretty(self).map_err(|e| Error::Other(format!("{SUMMARY}: {e}")))?;
        text.push('\n');
        Ok(text)
    }

    /// Writes `summary.json` into `dir`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, dir: &Path) -> Result<()> {
        write_file(&dir.join(SUMMARY), self.to_json()?.as_bytes())
    }

    /// The table for the terminal: one column for all fleets, and one per fleet if there are several. With `lines` it
    /// is drawn with box characters, otherwise with spaces only.
    pub fn table(&self, lines: bool) -> String {
        let mut table = Table::new();
        table.load_preset(if lines { presets::UTF8_BORDERS_ONLY } else { presets::NOTHING });
        let mut header = vec![format!("{}, seed {}", self.scenario, self.seed), String::new()];
        let several = self.fleets.len() > 1;
        header.push(if several { "total".to_owned() } else { String::new() });
        let mut columns = vec![&self.total];
        if several {
            header.extend(self.fleets.iter().map(|f| f.name.clone()));
            columns.extend(self.fleets.iter().map(|f| &f.figures));
        }
        table.set_header(header);
        for (name, unit, value) in rows(&self.currency) {
            let cells: Vec<Option<String>> = columns.iter().map(|f| value(f)).collect();
            if cells.iter().all(Option::is_none) {
                continue;
            }
            let mut row = vec![name.to_owned(), unit];
            row.extend(cells.into_iter().map(|cell| cell.unwrap_or_else(|| "-".to_owned())));
            table.add_row(row);
        }
        for index in 2..(2 + columns.len()) {
            if let Some(column) = table.column_mut(index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let mut text = table.trim_fmt();
        if let Some(from) = &self.measured_from {
            text.push_str(&format!("\nFigures cover {from} to {}; the time before is warm-up.", self.end));
        }
        if !self.retailers.is_empty() {
            text.push_str(&format!("\n\n{}", self.retailers_table(lines)));
        }
        if !self.competitors.is_empty() {
            text.push_str(&format!("\n\n{}", self.competitors_table(lines)));
        }
        text
    }

    /// Figures of retailers, side by side.
    fn retailers_table(&self, lines: bool) -> String {
        let names = self.retailers.iter().map(|r| r.name.clone());
        let mut table = Beside::new("Retailer", names, lines);
        let mut row = |name, unit: &str, value: fn(&RetailerFigures) -> f64| {
            table.row(name, unit, self.retailers.iter().map(|r| Some(value(r))));
        };
        row("Peak load", "kW", |r| r.peak_kw);
        row("Load, standard deviation", "kW", |r| r.load_sd_kw);
        row("Energy sold", "kWh", |r| r.energy_kwh);
        row("Payments of all customers", &self.currency, |r| r.payments);
        row("  of that households", &self.currency, |r| r.household_payments);
        row("Cost of generation", &self.currency, |r| r.generation_cost);
        row("Profit", &self.currency, |r| r.profit);
        table.render()
    }

    /// Figures of competing retailers, side by side; for those that do not trade, only their sales.
    fn competitors_table(&self, lines: bool) -> String {
        let names = self.competitors.iter().map(|c| c.name.clone());
        let mut table = Beside::new("Competitor", names, lines);
        let mut row = |name, unit: &str, value: fn(&CompetitorFigures) -> Option<f64>| {
            table.row(name, unit, self.competitors.iter().map(value));
        };
        let (money, price) = (&self.currency, format!("{}/MWh", self.currency));
        row("Energy sold", "kWh", |c| Some(c.energy_kwh));
        row("  share of all", "%", |c| Some(100.0 * c.energy_share?));
        row("Mean selling price", &price, |c| c.sold_at_per_mwh);
        row("Revenue", money, |c| Some(c.revenue));
        row("Bought ahead", "kWh", |c| Some(c.aggregator.as_ref()?.bought_kwh));
        row("Short: drawn, not bought", "kWh", |c| Some(c.aggregator.as_ref()?.short_kwh));
        row("Long: bought, not drawn", "kWh", |c| Some(c.aggregator.as_ref()?.long_kwh));
        row("Cost of purchases", money, |c| Some(c.aggregator.as_ref()?.purchase_cost));
        row("Cost of imbalance", money, |c| Some(c.aggregator.as_ref()?.imbalance_cost));
        row("Profit", money, |c| Some(c.aggregator.as_ref()?.profit));
        row("Profit of days, deviation", money, |c| c.aggregator.as_ref()?.day_profit_sd);
        row("Profit of the worst days", money, |c| c.aggregator.as_ref()?.day_profit_cvar);
        table.render()
    }
}

/// Table of figures of several entities, side by side.
struct Beside {
    table: Table,
    columns: usize,
}

impl Beside {
    fn new(what: &str, names: impl Iterator<Item = String>, lines: bool) -> Self {
        let mut table = Table::new();
        table.load_preset(if lines { presets::UTF8_BORDERS_ONLY } else { presets::NOTHING });
        let header: Vec<String> = [what.to_owned(), String::new()].into_iter().chain(names).collect();
        let columns = header.len();
        table.set_header(header);
        Self { table, columns }
    }

    /// Adds a row; left out if no column has the figure.
    fn row(&mut self, name: &str, unit: &str, values: impl Iterator<Item = Option<f64>>) {
        let digits = match unit {
            "kW" | "kWh" => 0,
            "%" => 1,
            _ => 2,
        };
        let values: Vec<Option<f64>> = values.collect();
        if values.iter().any(Option::is_some) {
            let cells =
                values.into_iter().map(|x| x.map_or_else(|| "-".to_owned(), |x| thousands(x, digits)));
            self.table.add_row([name.to_owned(), unit.to_owned()].into_iter().chain(cells));
        }
    }

    fn render(mut self) -> String {
        for index in 2..self.columns {
            if let Some(column) = self.table.column_mut(index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self.table.trim_fmt()
    }
}

type RowOf = (&'static str, String, fn(&Figures) -> Option<String>);

/// Rows of the table: name, unit and value; `None` for a row without information.
fn rows(currency: &str) -> Vec<RowOf> {
    [rows_of_operation(), rows_of_money(currency), rows_of_drivers_and_grid()].concat()
}

fn count(n: u64) -> Option<String> {
    Some(thousands(n as f64, 0))
}

/// A count that is above zero.
fn some(n: u64) -> Option<String> {
    (n > 0).then(|| thousands(n as f64, 0))
}

/// An amount other than zero.
fn amount(x: f64, digits: usize) -> Option<String> {
    (x != 0.0).then(|| thousands(x, digits))
}

fn unit(unit: &str) -> String {
    unit.to_owned()
}

/// Trips, waits, distance, energy and charging.
fn rows_of_operation() -> Vec<RowOf> {
    vec![
        ("Trips requested", unit(""), |f| count(f.trips_requested)),
        ("  served", unit(""), |f| count(f.trips_served)),
        ("  lost: no vehicle", unit(""), |f| some(f.trips_lost_no_vehicle)),
        ("  lost: low charge", unit(""), |f| some(f.trips_lost_low_charge)),
        ("  lost: committed", unit(""), |f| some(f.trips_lost_committed)),
        ("  in progress at the end", unit(""), |f| some(f.trips_in_progress)),
        ("Service rate", unit("%"), |f| f.service_rate.map(|x| thousands(100.0 * x, 2))),
        ("Wait, mean", unit("s"), |f| f.wait_mean_s.map(|x| thousands(x, 0))),
        ("Wait, p50 / p95 / p99", unit("s"), |f| {
            let quantile = |q: u64| thousands(q as f64, 0);
            Some(format!(
                "{} / {} / {}",
                quantile(f.wait_p50_s?),
                quantile(f.wait_p95_s?),
                quantile(f.wait_p99_s?)
            ))
        }),
        ("Distance driven", unit("km"), |f| Some(thousands(f.km_total, 0))),
        ("  of that empty", unit("%"), |f| {
            (f.km_total > 0.0).then(|| thousands(100.0 * f.km_empty / f.km_total, 1))
        }),
        ("Energy driven", unit("kWh"), |f| Some(thousands(f.energy_driven_kwh, 0))),
        ("Energy charged (grid)", unit("kWh"), |f| Some(thousands(f.energy_charged_kwh, 0))),
        ("Energy discharged (grid)", unit("kWh"), |f| amount(f.energy_discharged_kwh, 0)),
        ("Charging sessions", unit(""), |f| count(f.sessions)),
        ("Visits without a connector", unit(""), |f| some(f.sessions_without_connector)),
        ("Queue, mean / p95", unit("s"), |f| {
            Some(format!("{} / {}", thousands(f.queue_mean_s?, 0), thousands(f.queue_p95_s? as f64, 0)))
        }),
        ("Need to power, mean / p95", unit("s"), |f| {
            let (mean, p95) = (f.need_wait_mean_s?, f.need_wait_p95_s? as f64);
            Some(format!("{} / {}", thousands(mean, 0), thousands(p95, 0)))
        }),
        ("Charger utilisation", unit("%"), |f| f.charger_utilisation.map(|x| thousands(100.0 * x, 1))),
        ("Peak power", unit("kW"), |f| Some(thousands(f.peak_power_kw, 0))),
        ("Mean state of charge", unit("%"), |f| f.mean_soc.map(|x| thousands(100.0 * x, 1))),
    ]
}

/// Amounts, and what was bought and sold.
fn rows_of_money(currency: &str) -> Vec<RowOf> {
    let money = || currency.to_owned();
    vec![
        ("Fares", money(), |f| Some(thousands(f.fares, 2))),
        ("Charging cost", money(), |f| Some(thousands(f.charging_cost, 2))),
        ("Driving cost", money(), |f| amount(f.driving_cost, 2)),
        ("Battery wear", money(), |f| amount(f.wear_cost, 2)),
        ("Lost requests", money(), |f| amount(f.lost_request_cost, 2)),
        ("Rescues", money(), |f| amount(f.rescue_cost, 2)),
        ("Bought in markets", unit("kWh"), |f| Some(thousands(f.trading.as_ref()?.market_bought_kwh, 0))),
        ("  drawn at the tariff", unit("kWh"), |f| Some(thousands(f.trading.as_ref()?.tariff_kwh, 0))),
        ("  imbalance", unit("kWh"), |f| Some(thousands(f.trading.as_ref()?.imbalance_kwh, 1))),
        ("Paid to markets", money(), |f| Some(thousands(f.trading.as_ref()?.market_cost, 2))),
        ("Credit for market energy", money(), |f| Some(thousands(f.trading.as_ref()?.supply_credit, 2))),
        ("Cost of imbalance", money(), |f| amount(f.trading.as_ref()?.imbalance_cost, 2)),
        ("Market profit", money(), |f| Some(thousands(f.trading.as_ref()?.market_profit, 2))),
        ("  clairvoyant bound", money(), |f| Some(thousands(f.trading.as_ref()?.market_profit_bound?, 2))),
        ("Fares of trips lost: committed", money(), |f| amount(f.lost_committed_fares, 2)),
        ("Cost of stations", money(), |f| Some(thousands(f.loads.as_ref()?.station_cost, 2))),
        ("  as plans expected it", money(), |f| Some(thousands(f.loads.as_ref()?.planned_cost?, 2))),
        ("  bound, everything known", money(), |f| Some(thousands(f.attainable_cost?, 2))),
        ("Operating profit", money(), |f| Some(thousands(f.operating_profit, 2))),
        ("Value of stored energy", money(), |f| amount(f.stored_value, 2)),
        ("Fares of riders aboard", money(), |f| amount(f.rides_in_progress_value, 2)),
        ("Profit with both", money(), |f| {
            let other = f.stored_value != 0.0 || f.rides_in_progress_value != 0.0;
            other.then(|| thousands(f.net_profit, 2))
        }),
    ]
}

/// Privately owned vehicles, the feeder, and emissions.
fn rows_of_drivers_and_grid() -> Vec<RowOf> {
    vec![
        ("Departures not full", unit(""), |f| {
            Some(thousands(f.drivers.as_ref()?.departures_missed as f64, 0))
        }),
        ("Battery throughput", unit("kWh"), |f| {
            Some(thousands(f.drivers.as_ref()?.battery_throughput_kwh, 0))
        }),
        ("Losses of the feeder", unit("kWh"), |f| Some(thousands(f.grid.as_ref()?.grid_losses_kwh, 0))),
        ("  of its source's energy", unit("%"), |f| {
            Some(thousands(100.0 * f.grid.as_ref()?.grid_losses_share?, 2))
        }),
        ("Lowest voltage", unit("p.u."), |f| {
            let grid = f.grid.as_ref()?;
            let (voltage, bus) = (grid.grid_lowest_voltage_pu?, grid.grid_lowest_voltage_bus?);
            Some(format!("{} at bus {bus}", thousands(voltage, 4)))
        }),
        ("Most loaded branch", unit("%"), |f| {
            let grid = f.grid.as_ref()?;
            let (loading, bus) = (grid.grid_branch_loading?, grid.grid_branch_loading_bus?);
            Some(format!("{} to bus {bus}", thousands(100.0 * loading, 1)))
        }),
        ("Beyond the feeder's limits", unit("h"), |f| {
            Some(thousands(f.grid.as_ref()?.grid_violation_hours, 2))
        }),
        ("Charging held back", unit("kWh"), |f| amount(f.grid.as_ref()?.grid_held_back_kwh, 0)),
        ("CO2", unit("kg"), |f| f.co2_kg.map(|x| thousands(x, 0))),
    ]
}

/// A number with `digits` decimals and commas between groups of three, for example `12,345.60`.
pub fn thousands(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !whole.bytes().all(|b| b.is_ascii_digit()) {
        return format!("{sign}{text}"); // NaN or infinite
    }
    // No sign before zero.
    let sign = if text.bytes().all(|b| matches!(b, b'0' | b'.')) { "" } else { sign };
    let mut out = String::from(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(fleets: &[&str]) -> Summary {
        let figures = |served| Figures {
            trips_requested: served + 2,
            trips_served: served,
            trips_lost: 2,
            trips_lost_no_vehicle: 2,
            service_rate: Some(0.956_25),
            wait_mean_s: Some(181.4),
            wait_p50_s: Some(160),
            wait_p95_s: Some(420),
            wait_p99_s: Some(555),
            km_total: 12_345.6,
            km_empty: 3_000.0,
            fares: 1_234_567.891,
            operating_profit: -20.5,
            ..Figures::default()
        };
        let total = RunFigures {
            total: figures(40_000),
            fleets: fleets
                .iter()
                .map(|name| FleetFigures { name: (*name).to_owned(), figures: figures(20_000) })
                .collect(),
            operators: Vec::new(),
            groups: Vec::new(),
            stations: Vec::new(),
            markets: Vec::new(),
            retailers: Vec::new(),
            competitors: Vec::new(),
        };
        let head = SummaryHead {
            provenance: Provenance { scenario: "nyc-week".into(), seed: 1, ..Provenance::default() },
            currency: "USD".into(),
            events: 17,
            ..SummaryHead::default()
        };
        Summary::new(head, total)
    }

    #[test]
    fn numbers_have_separators() {
        for (value, digits, text) in [
            (0.0, 0, "0"),
            (999.0, 0, "999"),
            (1_000.0, 0, "1,000"),
            (-1_234_567.891, 2, "-1,234,567.89"),
            (-0.001, 2, "0.00"),
            (f64::NAN, 1, "NaN"),
        ] {
            assert_eq!(thousands(value, digits), text);
        }
    }

    #[test]
    fn the_file_has_the_figures_at_its_top_level_and_no_nulls_for_what_is_absent() {
        let json: serde_json::Value = serde_json::from_str(&summary(&["a"]).to_json().unwrap()).unwrap();
        assert_eq!(json["scenario"], "nyc-week");
        assert_eq!(json["trips_served"], 40_000);
        assert_eq!(json["fleets"][0]["name"], "a");
        assert_eq!(json["fleets"][0]["trips_served"], 20_000);
        assert!(json.get("imports").is_none() && json.get("co2_kg").is_none());
    }

    #[test]
    fn the_table_reads_well_with_one_fleet_and_with_two() {
        let one = summary(&["yellow"]).table(false);
        assert!(one.contains("Service rate") && one.contains("95.62") && !one.contains("yellow"), "{one}");
        assert!(one.contains("1,234,567.89") && one.contains("USD"));
        assert!(!one.contains("Rescues"), "rows that say nothing are left out");
        let two = summary(&["yellow", "green"]).table(true);
        assert!(two.contains("total") && two.contains("green") && two.contains('│'), "{two}");
        println!("{one}\n{two}");
    }
}
