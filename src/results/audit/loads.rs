//! Load-dependent prices, checked against the load, the sessions and their cost.

use super::tables::{Texts, Written};
use super::{Auditor, Check, HALF_MILLIONTH, meter_rounding, rounding, within};
use gridfleet_core::error::Result;
use gridfleet_core::records::dictionary::TableId;
use gridfleet_core::time::SimTime;
use std::collections::BTreeMap;

const PRICE: &str = "Loads: the price is the base price and the slope times the load";
const COST: &str = "Loads: energy and cost by slots are those of sessions";

/// Sums over the slots of a station.
#[derive(Clone, Copy, Default)]
struct BySlots {
    kwh: f64,
    /// Magnitudes of energy drawn and fed back.
    both_kwh: f64,
    cost: f64,
    /// Largest magnitude of a price [currency/MWh].
    price: f64,
    slots: usize,
}

/// Sums over the sessions of a station.
#[derive(Clone, Copy, Default)]
struct BySessions {
    kwh: f64,
    both_kwh: f64,
    /// Amount paid, without the markup.
    paid: f64,
    /// Time at connectors [s].
    plugged_s: f64,
    sessions: usize,
}

pub(super) fn check(auditor: &mut Auditor) -> Result<()> {
    let facts = auditor.facts;
    if facts.stations.iter().all(|station| station.slope_per_mwh_kw.is_none()) {
        return Ok(());
    }
    if !auditor.has(&[TableId::Loads], &[PRICE, COST]) {
        return Ok(());
    }
    let (prices, by_slots) = prices(auditor)?;
    auditor.checks.push(prices);
    if !auditor.has(&[TableId::Sessions], &[COST]) {
        return Ok(());
    }
    let by_sessions = by_sessions(auditor)?;
    let check = costs(auditor, &by_slots, &by_sessions);
    auditor.checks.push(check);
    Ok(())
}

/// Numbers of texts in which stations come first, so that their numbers are their codes.
fn stations_first(auditor: &Auditor) -> Texts {
    let mut texts = Texts::default();
    for station in &auditor.facts.stations {
        texts.code(&station.name);
    }
    texts
}

/// Checks the price of each slot; sums the slots of each station.
fn prices(auditor: &Auditor) -> Result<(Check, Vec<BySlots>)> {
    let facts = auditor.facts;
    let mut texts = stations_first(auditor);
    let table = Written::open(auditor.dir, TableId::Loads)?;
    let station = table.texts("station_id", &mut texts)?;
    let (start, end) = (table.all_times("slot_start")?, table.all_times("slot_end")?);
    let power_kw = table.floats("power_kw")?;
    let (base, price) = (table.floats("base_price_per_mwh")?, table.floats("price_per_mwh")?);
    let energy_cost = table.floats("energy_cost")?;

    let retailer = |row: usize| facts.stations.get(station[row] as usize).map(|at| at.retailer.as_str());
    // The load, and the sum of the magnitudes of its parts.
    let mut load_kw = BTreeMap::<(Option<&str>, i64), [f64; 2]>::new();
    for row in 0..table.rows() {
        let [load, magnitude] = load_kw.entry((retailer(row), end[row])).or_default();
        *load += power_kw[row];
        *magnitude += power_kw[row].abs();
    }
    let mut prices = Check::new(PRICE);
    let mut sums = vec![BySlots::default(); facts.stations.len()];
    for row in 0..table.rows() {
        let seller = facts.stations.get(station[row] as usize);
        let slope = seller.and_then(|at| at.slope_per_mwh_kw).unwrap_or(f64::NAN);
        let [load, magnitude] = load_kw[&(retailer(row), end[row])];
        let expected = base[row] + slope * load;
        // The loads of all stations are summed.
        let tolerance = rounding(facts.stations.len() + 2, base[row].abs() + slope * magnitude);
        prices.that(within(price[row], expected, tolerance), || {
            let slot = SimTime(start[row]).iso();
            format!("{} in the slot from {slot}: {} for {expected}", texts.text(station[row]), price[row])
        });
        if let Some(sum) = sums.get_mut(station[row] as usize) {
            let hours = (end[row] - start[row]) as f64 / 3_600.0;
            sum.kwh += power_kw[row] * hours;
            sum.both_kwh += (power_kw[row] * hours).abs();
            sum.cost += energy_cost[row];
            sum.price = sum.price.max(price[row].abs());
            sum.slots += 1;
        }
    }
    Ok((prices, sums))
}

/// Sums the sessions of each station.
fn by_sessions(auditor: &Auditor) -> Result<Vec<BySessions>> {
    let facts = auditor.facts;
    let mut texts = stations_first(auditor);
    let sessions = Written::open(auditor.dir, TableId::Sessions)?;
    let at = sessions.texts("station_id", &mut texts)?;
    let (drawn, fed) = (sessions.floats("energy_kwh")?, sessions.floats("discharged_kwh")?);
    let cost = sessions.floats("cost")?;
    let (plug_in, unplug) = (sessions.times("plug_in_time")?, sessions.times("unplug_time")?);
    let mut sums = vec![BySessions::default(); facts.stations.len()];
    for row in 0..sessions.rows() {
        if let Some(sum) = sums.get_mut(at[row] as usize) {
            let net = drawn[row] - fed[row];
            sum.kwh += net;
            sum.both_kwh += drawn[row] + fed[row];
            sum.paid += cost[row] - net * facts.stations[at[row] as usize].markup_per_mwh / 1_000.0;
            let still = unplug[row].unwrap_or(facts.end.0);
            sum.plugged_s += plug_in[row].map_or(0.0, |from| (still - from) as f64);
            sum.sessions += 1;
        }
    }
    Ok(sums)
}

/// Compares both sums of each station whose price depends on its load.
fn costs(auditor: &Auditor, by_slots: &[BySlots], by_sessions: &[BySessions]) -> Check {
    let mut check = Check::new(COST);
    let battery_kwh = auditor.largest_battery_kwh();
    let sums = by_slots.iter().zip(by_sessions);
    for (station, (by_slots, by_sessions)) in auditor.facts.stations.iter().zip(sums) {
        if station.slope_per_mwh_kw.is_none() {
            continue;
        }
        // Both end with the charge of batteries; the slots are read from a meter. The allocation of a session's
        // energy to slots is off by as much, and at another price; each session's cost is rounded once.
        let both_kwh = by_slots.both_kwh + by_sessions.both_kwh;
        let energy = meter_rounding(by_sessions.plugged_s, battery_kwh, by_sessions.both_kwh)
            + rounding(by_slots.slots + by_sessions.sessions + 4, both_kwh);
        let price = by_slots.price + station.markup_per_mwh.abs();
        let cost = HALF_MILLIONTH * by_sessions.sessions as f64 + 2.0 * energy * price / 1_000.0;
        let same =
            within(by_slots.kwh, by_sessions.kwh, energy) && within(by_slots.cost, by_sessions.paid, cost);
        check.that(same, || {
            format!(
                "{}: {} kWh for {} by slots, {} kWh for {} by sessions",
                station.name, by_slots.kwh, by_slots.cost, by_sessions.kwh, by_sessions.paid
            )
        });
    }
    check
}
