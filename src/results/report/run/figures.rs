//! Key figures: the cards at the top and the tables of the total, of fleets and of operators.

use super::Summary;
use crate::report::html::{Cell, Table, digits_for, escape, number, numbers, words};
use serde::Deserialize;
use std::fmt::Write as _;

/// Figures by their names in `summary.json`.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(super) struct Figures(serde_json::Map<String, serde_json::Value>);

impl Figures {
    /// A figure, if it exists and is a number.
    pub fn get(&self, key: &str) -> Option<f64> {
        self.0.get(key)?.as_f64()
    }
    /// Name of the entity to which the figures belong.
    pub fn name(&self) -> &str {
        self.0.get("name").and_then(serde_json::Value::as_str).unwrap_or_default()
    }
}

/// Presentation of a figure.
pub(super) struct Shown {
    key: &'static str,
    title: &'static str,
    unit: &'static str,
    /// Factor from the unit of the file to the displayed unit.
    factor: f64,
    digits: usize,
}

impl Shown {
    pub const fn new(
        key: &'static str,
        title: &'static str,
        unit: &'static str,
        factor: f64,
        digits: usize,
    ) -> Self {
        Self { key, title, unit, factor, digits }
    }
    pub const fn money(key: &'static str, title: &'static str) -> Self {
        Self::new(key, title, MONEY, 1.0, 2)
    }
    pub const fn price(key: &'static str, title: &'static str) -> Self {
        Self::new(key, title, PRICE, 1.0, 2)
    }
    fn unit(&self, currency: &str) -> String {
        match self.unit {
            MONEY => currency.to_owned(),
            PRICE => format!("{currency}/MWh"),
            unit => unit.to_owned(),
        }
    }
    fn cell(&self, figures: &Figures) -> Cell {
        Cell::optional(figures.get(self.key).map(|x| self.factor * x), self.digits)
    }
}

/// Placeholder for the currency of the scenario.
const MONEY: &str = "currency";
/// Placeholder for the unit of a price of energy.
const PRICE: &str = "currency/MWh";

/// Figures of a fleet, or of the total, in the order of the table.
const FIGURES: &[Shown] = &[
    Shown::new("trips_requested", "Trips requested", "", 1.0, 0),
    Shown::new("trips_served", "Trips served", "", 1.0, 0),
    Shown::new("trips_lost", "Trips lost", "", 1.0, 0),
    Shown::new("trips_lost_no_vehicle", "Trips lost: no vehicle", "", 1.0, 0),
    Shown::new("trips_lost_low_charge", "Trips lost: low charge", "", 1.0, 0),
    Shown::new("trips_lost_committed", "Trips lost: committed to a market", "", 1.0, 0),
    Shown::new("trips_in_progress", "Trips in progress at the end", "", 1.0, 0),
    Shown::new("service_rate", "Service rate", "%", 100.0, 2),
    Shown::new("completion_rate", "Requests completed by the end", "%", 100.0, 2),
    Shown::new("wait_mean_s", "Wait, mean", "s", 1.0, 0),
    Shown::new("wait_p50_s", "Wait, median", "s", 1.0, 0),
    Shown::new("wait_p95_s", "Wait, 95 % at most", "s", 1.0, 0),
    Shown::new("wait_p99_s", "Wait, 99 % at most", "s", 1.0, 0),
    Shown::new("km_total", "Distance driven", "km", 1.0, 0),
    Shown::new("km_empty", "Distance driven empty", "km", 1.0, 0),
    Shown::new("energy_charged_kwh", "Energy drawn from the grid", "kWh", 1.0, 0),
    Shown::new("energy_stored_kwh", "Energy stored in batteries", "kWh", 1.0, 0),
    Shown::new("charged_elsewhere_kwh", "Energy charged elsewhere", "kWh", 1.0, 0),
    Shown::new("energy_driven_kwh", "Energy driven", "kWh", 1.0, 0),
    Shown::new("energy_discharged_kwh", "Energy fed back to the grid", "kWh", 1.0, 0),
    Shown::new("sessions", "Charging sessions", "", 1.0, 0),
    Shown::new("sessions_without_connector", "Visits that never got a connector", "", 1.0, 0),
    Shown::new("queue_mean_s", "Wait for a connector, mean", "s", 1.0, 0),
    Shown::new("queue_p95_s", "Wait for a connector, 95 % at most", "s", 1.0, 0),
    Shown::new("need_wait_mean_s", "Wait from first arrival to power, mean", "s", 1.0, 0),
    Shown::new("need_wait_p95_s", "Wait from first arrival to power, 95 % at most", "s", 1.0, 0),
    Shown::new("charger_utilisation", "Charger utilisation", "%", 100.0, 1),
    Shown::new("peak_power_kw", "Peak power", "kW", 1.0, 0),
    Shown::new("peak_15min_kw", "Peak power of a quarter hour", "kW", 1.0, 0),
    Shown::new("mean_soc", "State of charge, mean", "%", 100.0, 1),
    Shown::money("fares", "Fares"),
    Shown::money("lost_fares", "Fares of lost trips"),
    Shown::money("lost_committed_fares", "Fares of trips lost: committed to a market"),
    Shown::money("charging_cost", "Cost of charging"),
    Shown::money("driving_cost", "Cost of driving"),
    Shown::money("wear_cost", "Battery wear"),
    Shown::money("lost_request_cost", "Cost of lost requests"),
    Shown::money("rescue_cost", "Rescues"),
    Shown::money("referral_cost", "Paid for referrals"),
    Shown::new("market_bought_kwh", "Bought in markets", "kWh", 1.0, 0),
    Shown::new("market_delivered_kwh", "Drawn from markets", "kWh", 1.0, 0),
    Shown::new("tariff_kwh", "Drawn at the tariff", "kWh", 1.0, 0),
    Shown::new("imbalance_kwh", "Imbalance", "kWh", 1.0, 1),
    Shown::money("market_cost", "Paid to markets"),
    Shown::money("supply_credit", "Credit for energy from markets"),
    Shown::money("imbalance_cost", "Cost of imbalance"),
    Shown::money("market_profit", "Market profit"),
    Shown::money("market_profit_net", "Market profit less refused rentals"),
    Shown::money("market_profit_bound", "Market profit, clairvoyant bound"),
    Shown::money("station_cost", "Cost of stations whose price follows the load"),
    Shown::money("deviation_cost", "Cost of deviations"),
    Shown::new("shifted_kwh", "Energy shifted", "kWh", 1.0, 0),
    Shown::new("unserved_kwh", "Energy unserved", "kWh", 1.0, 0),
    Shown::new("peak_load_kw", "Peak of slots", "kW", 1.0, 0),
    Shown::price("load_price_per_mwh", "Mean price that the load made"),
    Shown::price("station_cost_per_mwh", "Cost of stations per energy drawn"),
    Shown::money("station_cost_with_unserved", "Cost of stations at equal energy"),
    Shown::money("planned_cost", "Cost that plans expected"),
    Shown::money("attainable_cost", "Cost of stations, bound with everything known"),
    Shown::new("stay_mean_s", "Stay at the plug, mean", "min", 1.0 / 60.0, 1),
    Shown::new("connector_wait_mean_s", "Wait for a connector at these stations, mean", "min", 1.0 / 60.0, 1),
    Shown::new("grid_peak_15min_kw", "Peak power of the feeder's source", "kW", 1.0, 0),
    Shown::new("grid_energy_kwh", "Energy from the feeder's source", "kWh", 1.0, 0),
    Shown::new("grid_losses_kwh", "Losses of the feeder", "kWh", 1.0, 1),
    Shown::new("grid_losses_share", "Losses of the feeder, share", "%", 100.0, 2),
    Shown::new("grid_lowest_voltage_pu", "Lowest voltage", "p.u.", 1.0, 4),
    Shown::new("grid_lowest_voltage_bus", "Bus of the lowest voltage", "", 1.0, 0),
    Shown::new("grid_highest_voltage_pu", "Highest voltage", "p.u.", 1.0, 4),
    Shown::new("grid_branch_loading", "Largest load of a branch, of its rating", "%", 100.0, 1),
    Shown::new("grid_branch_loading_bus", "Bus fed by the most loaded branch", "", 1.0, 0),
    Shown::new("grid_violation_hours", "Time beyond the feeder's limits", "h", 1.0, 2),
    Shown::new("grid_unsolved_hours", "Time beyond what the feeder can carry", "h", 1.0, 2),
    Shown::new("grid_held_back_kwh", "Charging held back", "kWh", 1.0, 1),
    Shown::money("operating_cost", "Operating cost"),
    Shown::money("cost_with_lost_fares", "Operating cost with fares of lost trips"),
    Shown::new("stored_start_kwh", "Energy in batteries at the start", "kWh", 1.0, 0),
    Shown::new("stored_end_kwh", "Energy in batteries at the end", "kWh", 1.0, 0),
    Shown::money("stored_value", "Value of stored energy"),
    Shown::new("rides_in_progress_start", "Riders aboard at the start", "", 1.0, 0),
    Shown::new("rides_in_progress_end", "Riders aboard at the end", "", 1.0, 0),
    Shown::money("rides_in_progress_value", "Fares of riders aboard, end less start"),
    Shown::money("net_profit", "Profit with stored energy and riders aboard"),
    Shown::money("operating_profit", "Operating profit"),
    Shown::new("co2_kg", "CO\u{2082} of the energy drawn", "kg", 1.0, 0),
];

/// Figures of an operator of stations.
const OPERATOR_FIGURES: &[Shown] = &[
    Shown::new("sessions", "Sessions", "", 1.0, 0),
    Shown::new("energy_kwh", "Energy sold", "kWh", 1.0, 0),
    Shown::money("revenue", "Revenue"),
    Shown::money("energy_cost", "Cost of energy"),
    Shown::money("profit", "Profit"),
];

/// A large number with its name and a second line.
fn card(title: &str, value: Option<f64>, digits: usize, unit: &str, below: &str) -> String {
    let Some(value) = value else { return String::new() };
    format!(
        "<li><span class=\"name\">{}</span><span class=\"value\">{}<span class=\"unit\">{}</span></span>\
         <span class=\"below\">{}</span></li>",
        escape(title),
        number(value, digits),
        escape(unit),
        escape(below)
    )
}

/// The cards at the top of the page.
pub(super) fn cards(summary: &Summary) -> String {
    let (total, currency) = (&summary.total, &*summary.currency);
    let get = |key: &str| total.get(key);
    let part = |key: &str, digits: usize| get(key).map_or("\u{2013}".to_owned(), |x| number(x, digits));
    let percent = |key: &str| get(key).map(|x| 100.0 * x);
    let per = |a: &str, b: &str| Some(get(a)? / get(b).filter(|b| *b > 0.0)?);
    let share_empty = per("km_empty", "km_total").map_or(f64::NAN, |x| 100.0 * x);
    let profit = get("operating_profit");
    let mut cards = [
        card(
            "Service rate",
            percent("service_rate"),
            1,
            "%",
            &format!("{} of {} trips served", part("trips_served", 0), part("trips_requested", 0)),
        ),
        card(
            "Wait, median",
            get("wait_p50_s").map(|s| s / 60.0),
            1,
            "min",
            &format!(
                "95 % at most {} min",
                get("wait_p95_s").map_or("\u{2013}".into(), |s| number(s / 60.0, 1))
            ),
        ),
        card(
            "Operating profit",
            profit,
            if profit.is_some_and(|p| p.abs() < 1e4) { 2 } else { 0 },
            currency,
            &format!("fares {}, charging {}", part("fares", 0), part("charging_cost", 0)),
        ),
        card(
            "Distance driven",
            get("km_total"),
            0,
            "km",
            &format!("{} % of it empty", number(share_empty, 1)),
        ),
        card(
            "Energy charged",
            get("energy_charged_kwh"),
            0,
            "kWh",
            &format!(
                "{} sessions, {} {currency}/kWh",
                part("sessions", 0),
                per("charging_cost", "energy_charged_kwh").map_or("\u{2013}".into(), |x| number(x, 3))
            ),
        ),
        card(
            "Peak power",
            get("peak_power_kw"),
            0,
            "kW",
            &format!(
                "chargers in use {} % of the time",
                percent("charger_utilisation").map_or("\u{2013}".into(), |x| number(x, 1))
            ),
        ),
        card(
            "State of charge, mean",
            percent("mean_soc"),
            1,
            "%",
            &format!("{} kWh driven", part("energy_driven_kwh", 0)),
        ),
    ]
    .concat();
    cards.push_str(&card(
        "CO\u{2082}",
        get("co2_kg").map(|kg| kg / 1_000.0),
        2,
        "t",
        "of the energy drawn from the grid",
    ));
    if cards.is_empty() { cards } else { format!("<ul class=\"cards\">{cards}</ul>\n") }
}

/// The figures of the total and of each fleet, and of the operators.
pub(super) fn tables(summary: &Summary) -> String {
    let several = summary.fleets.len() > 1;
    let mut heads =
        vec![words("Figure"), words("Unit"), numbers(if several { "All fleets" } else { "Value" }, "")];
    let mut columns = vec![&summary.total];
    if several {
        heads.extend(summary.fleets.iter().map(|f| numbers(f.name(), "")));
        columns.extend(&summary.fleets);
    }
    let mut table = Table::new("Figures of the run, money in the scenario's currency", heads);
    for figure in FIGURES {
        if columns.iter().all(|c| c.get(figure.key).is_none()) {
            continue;
        }
        let mut cells = vec![Cell::text(figure.title), Cell::text(&figure.unit(&summary.currency))];
        cells.extend(columns.iter().map(|c| figure.cell(c)));
        table.row(cells);
    }
    // Figures added to the file by later versions appear under their names there.
    for key in summary.total.0.keys().filter(|key| FIGURES.iter().all(|figure| figure.key != *key)) {
        let Some(value) = summary.total.get(key) else { continue };
        let (title, unit) = named(key, &summary.currency);
        let mut cells = vec![Cell::text(&title), Cell::text(&unit)];
        let digits = if value.fract() == 0.0 { 0 } else { digits_for(value) };
        cells.extend(columns.iter().map(|c| Cell::optional(c.get(key), digits)));
        table.row(cells);
    }
    let mut html = table.render();
    if !summary.operators.is_empty() {
        let mut heads = vec![words("Operator")];
        heads.extend(
            OPERATOR_FIGURES.iter().map(|figure| numbers(figure.title, &figure.unit(&summary.currency))),
        );
        let mut table = Table::new("Operators of stations", heads);
        for operator in &summary.operators {
            let mut cells = vec![Cell::text(operator.name())];
            cells.extend(OPERATOR_FIGURES.iter().map(|figure| figure.cell(operator)));
            table.row(cells);
        }
        let _ = write!(html, "{}", table.render());
    }
    html
}

/// Figures of several entities side by side, one row for each figure that any of them has.
pub(super) fn beside(title: &str, figures: &[Shown], entities: &[Figures], currency: &str) -> String {
    let mut heads = vec![words("Figure"), words("Unit")];
    heads.extend(entities.iter().map(|entity| numbers(entity.name(), "")));
    let mut table = Table::new(title, heads);
    for figure in
        figures.iter().filter(|figure| entities.iter().any(|entity| entity.get(figure.key).is_some()))
    {
        let mut cells = vec![Cell::text(figure.title), Cell::text(&figure.unit(currency))];
        cells.extend(entities.iter().map(|entity| figure.cell(entity)));
        table.row(cells);
    }
    table.render()
}

/// Title and unit of a figure of which only the key is known, for example `energy_fed_kwh`.
fn named(key: &str, currency: &str) -> (String, String) {
    let units = [
        ("_per_mwh", format!("{currency}/MWh")),
        ("_kwh", "kWh".to_owned()),
        ("_kw", "kW".to_owned()),
        ("_km", "km".to_owned()),
        ("_kg", "kg".to_owned()),
        ("_s", "s".to_owned()),
    ];
    let found = units.iter().find_map(|(end, unit)| Some((key.strip_suffix(end)?, unit.clone())));
    let (stem, unit) = found.unwrap_or((key, String::new()));
    let mut title = stem.replace('_', " ");
    if let Some(first) = title.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    (title, unit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::records::metrics::Figures as Written;

    #[test]
    fn every_figure_of_the_summary_has_a_title() {
        let trading = gridfleet_core::records::metrics::TradingFigures::default();
        let trading =
            gridfleet_core::records::metrics::TradingFigures { market_profit_bound: Some(0.0), ..trading };
        let trading = Some(trading);
        let loads = Some(gridfleet_core::records::metrics::LoadFigures {
            load_price_per_mwh: Some(0.0),
            planned_cost: Some(0.0),
            ..Default::default()
        });
        let grid = Some(gridfleet_core::records::metrics::GridFigures::default());
        let attainable_cost = Some(0.0);
        let written =
            Written { co2_kg: Some(1.0), trading, loads, attainable_cost, grid, ..Written::default() };
        let written = serde_json::to_value(written).unwrap();
        for key in written.as_object().unwrap().keys() {
            assert!(FIGURES.iter().any(|figure| figure.key == key), "{key}");
        }
        for figure in FIGURES {
            assert!(written.get(figure.key).is_some(), "{} is no figure any more", figure.key);
        }
    }

    #[test]
    fn figures_without_a_title_are_named_by_their_key() {
        assert_eq!(named("sold_at_per_mwh", "USD"), ("Sold at".into(), "USD/MWh".into()));
        assert_eq!(named("bids", "USD"), ("Bids".into(), String::new()));
    }
}
