//! `summary.json`: relations between its figures, and the energy in batteries at both ends.

use super::{Auditor, Check, rounding, within};
use crate::outputs::summary::SUMMARY;
use gridfleet_core::records::definitions::{IDENTITIES as ADDING_UP, Identity, OF_TRADING};
use serde_json::Value;

const IDENTITIES: &str = "The summary's figures add up";
pub(super) const STORED: &str = "Stored energy is that of legs and sessions";

/// Figures of fleets that add up to the total.
const SUMS: [&str; 25] = [
    "trips_requested",
    "trips_served",
    "trips_lost",
    "trips_lost_no_vehicle",
    "trips_lost_low_charge",
    "trips_lost_committed",
    "trips_in_progress",
    "km_total",
    "km_empty",
    "energy_charged_kwh",
    "energy_stored_kwh",
    "energy_driven_kwh",
    "energy_discharged_kwh",
    "sessions",
    "sessions_without_connector",
    "fares",
    "lost_fares",
    "operating_cost",
    "operating_profit",
    "stored_start_kwh",
    "stored_end_kwh",
    "rides_in_progress_start",
    "rides_in_progress_end",
    "rides_in_progress_value",
    "net_profit",
];

/// Reads the summary, if it exists and is readable.
pub(super) fn read(auditor: &Auditor) -> Option<Value> {
    let bytes = std::fs::read(auditor.dir.join(SUMMARY)).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// A figure; NaN if it is missing.
pub(super) fn figure(figures: &Value, key: &str) -> f64 {
    figures.get(key).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

pub(super) fn check(auditor: &mut Auditor) {
    let Some(summary) = read(auditor) else {
        auditor.checks.push(Check::not_possible(IDENTITIES, format!("there is no {SUMMARY}")));
        return;
    };
    let fleets = fleets(&summary);
    let mut check = Check::new(IDENTITIES);
    for figures in std::iter::once(&summary).chain(fleets) {
        let who = figures.get("name").and_then(Value::as_str).unwrap_or("all");
        let trades = auditor.facts.settlement_s.is_some();
        for identity in ADDING_UP.iter().filter(|identity| trades || !identity.is_of_trading()) {
            sum(&mut check, who, figures, identity, trades);
        }
    }
    // Not every summary lists fleets.
    for key in SUMS.iter().filter(|_| !fleets.is_empty()) {
        let (total, parts): (f64, Vec<f64>) =
            (figure(&summary, key), fleets.iter().map(|fleet| figure(fleet, key)).collect());
        let mut magnitude: f64 = parts.iter().map(|part| part.abs()).sum();
        if *key == "net_profit" {
            // A sum of figures that may be far larger than the sum.
            let summed = ["operating_profit", "stored_value", "rides_in_progress_value"];
            magnitude += fleets.iter().flat_map(|f| summed.map(|key| figure(f, key).abs())).sum::<f64>();
        }
        // A fleet's figure is a sum of many rows, in another order.
        let rows = figure(&summary, "trips_requested") + figure(&summary, "sessions");
        let steps = fleets.len() + 4 * rows.max(0.0) as usize + 4;
        check.that(within(total, parts.iter().sum(), rounding(steps, magnitude)), || {
            format!("{key}: {total} of all, {} of the fleets together", parts.iter().sum::<f64>())
        });
    }
    auditor.checks.push(check);
}

/// The entries of the fleets.
pub(super) fn fleets(summary: &Value) -> &[Value] {
    summary.get("fleets").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn sum(check: &mut Check, who: &str, figures: &Value, identity: &Identity, trades: bool) {
    let (key, stated) = (identity.sum, figure(figures, identity.sum));
    let parts = identity.parts.iter().filter(|(_, part)| trades || !OF_TRADING.contains(part));
    let parts: Vec<f64> = parts.map(|(sign, part)| sign * figure(figures, part)).collect();
    let found: f64 = parts.iter().sum();
    // Each was a whole number of millionths, converted to a float for the file.
    let magnitude: f64 = parts.iter().map(|part| part.abs()).sum();
    check.that(within(stated, found, rounding(parts.len() + 2, magnitude)), || {
        format!("{who}: {key} is {stated}, its parts are {found}")
    });
}
