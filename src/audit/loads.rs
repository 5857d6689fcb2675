//! Prices that the load made, against the load, the sessions and what they cost.

use super::tables::{Texts, Written};
use super::{Auditor, Check, close};
use crate::error::Result;
use crate::records::dictionary::TableId;
use crate::time::SimTime;
use std::collections::BTreeMap;

const PRICE: &str = "Loads: the price is the base price and the slope times the load";
const COST: &str = "Loads: energy and cost by slots are those of sessions";

/// Relative difference of sums of many slots and of many sessions that counts as none.
const SUM_TOLERANCE: f64 = 1e-6;

pub(super) fn check(auditor: &mut Auditor) -> Result<()> {
    let facts = auditor.facts;
    if facts.stations.iter().all(|station| station.slope_eur_mwh_kw.is_none()) {
        return Ok(());
    }
    if !auditor.has(&[TableId::Loads], &[PRICE, COST]) {
        return Ok(());
    }
    let mut texts = Texts::default();
    // Stations come first, so their numbers are their codes.
    for station in &facts.stations {
        texts.code(&station.name);
    }
    let table = Written::open(auditor.dir, TableId::Loads)?;
    let station = table.texts("station_id", &mut texts)?;
    let (start, end) = (table.all_times("slot_start")?, table.all_times("slot_end")?);
    let power_kw = table.floats("power_kw")?;
    let (base, price) = (table.floats("base_price_eur_mwh")?, table.floats("price_eur_mwh")?);
    let energy_cost = table.floats("energy_cost_eur")?;

    let retailer = |row: usize| facts.stations.get(station[row] as usize).map(|at| at.retailer.as_str());
    let mut load_kw = BTreeMap::<(Option<&str>, i64), f64>::new();
    for row in 0..table.rows() {
        *load_kw.entry((retailer(row), end[row])).or_default() += power_kw[row];
    }
    let mut prices = Check::new(PRICE);
    let mut sums = vec![[0.0; 2]; facts.stations.len()];
    for row in 0..table.rows() {
        let of = facts.stations.get(station[row] as usize);
        let slope = of.and_then(|at| at.slope_eur_mwh_kw).unwrap_or(f64::NAN);
        let expected = base[row] + slope * load_kw[&(retailer(row), end[row])];
        prices.that(close(price[row], expected, 1e-9), || {
            let slot = SimTime(start[row]).iso();
            format!("{} in the slot from {slot}: {} for {expected}", texts.text(station[row]), price[row])
        });
        if let Some([kwh, cost]) = sums.get_mut(station[row] as usize) {
            let hours = (end[row] - start[row]) as f64 / 3_600.0;
            *kwh += power_kw[row] * hours;
            *cost += energy_cost[row];
        }
    }
    auditor.checks.push(prices);

    if !auditor.has(&[TableId::Sessions], &[COST]) {
        return Ok(());
    }
    let sessions = Written::open(auditor.dir, TableId::Sessions)?;
    let at = sessions.texts("station_id", &mut texts)?;
    let (drawn, fed) = (sessions.floats("energy_kwh")?, sessions.floats("discharged_kwh")?);
    let cost = sessions.floats("cost")?;
    let mut of_sessions = vec![[0.0; 2]; facts.stations.len()];
    // Each session's cost is rounded to a whole millionth once for what was billed before it ended, and once at its end.
    let mut rounding = vec![0.0; facts.stations.len()];
    for row in 0..sessions.rows() {
        if let Some([kwh, paid]) = of_sessions.get_mut(at[row] as usize) {
            let net = drawn[row] - fed[row];
            rounding[at[row] as usize] += 1e-6;
            *kwh += net;
            *paid += cost[row] - net * facts.stations[at[row] as usize].markup_eur_mwh / 1_000.0;
        }
    }
    let mut check = Check::new(COST);
    for (i, (station, by_slots)) in facts.stations.iter().zip(sums).enumerate() {
        let by_sessions = of_sessions[i];
        if station.slope_eur_mwh_kw.is_some() {
            let same = close(by_slots[0], by_sessions[0], SUM_TOLERANCE)
                && (close(by_slots[1], by_sessions[1], SUM_TOLERANCE)
                    || (by_slots[1] - by_sessions[1]).abs() <= rounding[i]);
            check.that(same, || {
                format!(
                    "{}: {} kWh for {} by slots, {} kWh for {} by sessions",
                    station.name, by_slots[0], by_slots[1], by_sessions[0], by_sessions[1]
                )
            });
        }
    }
    auditor.checks.push(check);
    Ok(())
}
