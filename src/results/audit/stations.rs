//! Connectors, queues and power of stations, rebuilt from sessions.

use super::summary;
use super::tables::{Code, Texts, Written};
use super::{Auditor, Check, meter_rounding, rounding, within};
use crate::outputs::summary::SUMMARY;
use gridfleet_core::error::Result;
use gridfleet_core::records::dictionary::TableId;
use gridfleet_core::time::SimTime;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

const TIMES: &str = "Sessions: times are in order";
const CONNECTORS: &str = "A connector serves one vehicle at a time";
const QUEUE: &str = "First come, first served";
const ENERGY: &str = "Stations: power x time is the energy of sessions";
const SELLERS: &str = "Stations and sessions: the retailer is the station's";
const LIMIT: &str = "Stations: power is within the site limit";
const PEAKS: &str = "Stations: the highest quarter hour is that of readings";
const SITES: &str = "Sites: stations are the scenario's";

/// Relative error of the gain of a battery in a span of time: if the charging curve falls by less than one part in 10^9
/// over it, the closed form replaces the exponential by a straight line, which is off by half of that.
const CLOSED_FORM: f64 = 0.5e-9;

/// Averaging interval of peaks [s].
const QUARTER_S: i64 = 900;

/// Energy and times of the sessions of a station.
#[derive(Clone, Copy, Default)]
struct Sold {
    /// Drawn less fed back [kWh].
    net_kwh: f64,
    /// Drawn and fed back [kWh].
    both_kwh: f64,
    /// Time at connectors [s].
    plugged_s: f64,
}

/// A visit, as far as connectors and queues are concerned.
struct Visit {
    id: u32,
    station: usize,
    connector: i64,
    arrival: i64,
    plug_in: i64,
    unplug: i64,
}

pub(super) fn check(auditor: &mut Auditor) -> Result<()> {
    let facts = auditor.facts;
    let mut texts = Texts::default();
    // Stations come first, so their numbers are their codes.
    for station in &facts.stations {
        texts.code(&station.name);
    }
    let mut sold = vec![Sold::default(); facts.stations.len()];

    if auditor.has(&[TableId::Sessions], &[TIMES, CONNECTORS, QUEUE]) {
        let sessions = Written::open(auditor.dir, TableId::Sessions)?;
        let id = sessions.ids("session_id")?;
        let station = sessions.texts("station_id", &mut texts)?;
        let connector = sessions.ints("connector")?;
        let (arrival, plug_in) = (sessions.all_times("arrival_time")?, sessions.times("plug_in_time")?);
        let (first, last) = (sessions.times("charge_start_time")?, sessions.times("charge_end_time")?);
        let (unplug, queue) = (sessions.times("unplug_time")?, sessions.ints("queue_s")?);
        let (drawn, fed) = (sessions.floats("energy_kwh")?, sessions.floats("discharged_kwh")?);
        let mut times = Check::new(TIMES);
        let mut visits = Vec::new();
        for row in 0..sessions.rows() {
            if let Some(sold) = sold.get_mut(station[row] as usize) {
                sold.net_kwh += drawn[row] - fed[row];
                sold.both_kwh += drawn[row] + fed[row];
                let still = unplug[row].unwrap_or(facts.end.0);
                sold.plugged_s += plug_in[row].map_or(0.0, |from| (still - from) as f64);
            }
            let instants = [Some(arrival[row]), plug_in[row], first[row], last[row], unplug[row]];
            let known: Vec<i64> = instants.into_iter().flatten().collect();
            let waited = plug_in[row].is_none_or(|t| queue[row] == Some(t - arrival[row]));
            let powered = first[row].is_some() == last[row].is_some()
                && (drawn[row] == 0.0 && fed[row] == 0.0 || first[row].is_some())
                && (first[row].is_none() || plug_in[row].is_some());
            let inside = known.iter().all(|t| (facts.start.0..=facts.end.0).contains(t));
            times.that(known.is_sorted() && inside && waited && powered, || {
                format!("session {}, which arrived at {}", id[row], SimTime(arrival[row]).iso())
            });
            if let Some(plug_in) = plug_in[row]
                && (station[row] as usize) < facts.stations.len()
            {
                visits.push(Visit {
                    id: id[row],
                    station: station[row] as usize,
                    connector: connector[row].unwrap_or(-1),
                    arrival: arrival[row],
                    plug_in,
                    unplug: unplug[row].unwrap_or(facts.end.0),
                });
            }
        }
        auditor.checks.push(times);
        connectors(auditor, &mut visits);
        queues(auditor, &mut visits);
    }
    power(auditor, &mut texts, &sold)?;
    peaks(auditor)?;
    sites(auditor)?;
    sellers(auditor)
}

/// The retailer of each reading, and of each session where owners do not choose theirs.
fn sellers(auditor: &mut Auditor) -> Result<()> {
    let outputs = &auditor.facts.outputs;
    if let Some(table) = [TableId::Stations, TableId::Sessions].into_iter().find(|table| !outputs.has(*table))
    {
        let why = format!("{} was not written", table.table().file_name());
        auditor.checks.push(Check::not_possible(SELLERS, why));
        return Ok(());
    }
    let mut texts = Texts::default();
    let mut check = Check::new(SELLERS);
    let of_station: FxHashMap<Code, (Code, bool)> = auditor
        .facts
        .stations
        .iter()
        .map(|s| (texts.code(&s.name), (texts.code(&s.retailer), s.competes)))
        .collect();
    for id in [TableId::Stations, TableId::Sessions] {
        let table = Written::open(auditor.dir, id)?;
        let (station, retailer) =
            (table.texts("station_id", &mut texts)?, table.texts("retailer", &mut texts)?);
        for row in 0..table.rows() {
            let right = of_station
                .get(&station[row])
                .is_some_and(|&(own, competes)| own == retailer[row] || id == TableId::Sessions && competes);
            check.that(right, || {
                let file = id.table().file_name();
                format!("{file} row {row}: {} at {}", texts.text(retailer[row]), texts.text(station[row]))
            });
        }
    }
    auditor.checks.push(check);
    Ok(())
}

/// Each station of the scenario is in the table of sites once, at its place, with its connectors, which can deliver the
/// power that its limit allows; no other station is.
fn sites(auditor: &mut Auditor) -> Result<()> {
    if !auditor.has(&[TableId::Sites], &[SITES]) {
        return Ok(());
    }
    let table = Written::open(auditor.dir, TableId::Sites)?;
    let mut texts = Texts::default();
    let station_kind = texts.code("station");
    let (kind, name) = (table.texts("kind", &mut texts)?, table.texts("name", &mut texts)?);
    let (lat, lon) = (table.floats("lat")?, table.floats("lon")?);
    let (connectors, connector_kw) = (table.ints("connectors")?, table.floats("connector_kw")?);
    // For zones, whose names are the labels of places, and for points, whose labels are their coordinates.
    let place = |row: usize| format!("{:.5},{:.5}", lat[row], lon[row]);
    let zones: FxHashMap<&str, String> = (0..table.rows())
        .filter(|&row| kind[row] != station_kind)
        .map(|row| (texts.text(name[row]), place(row)))
        .collect();
    let mut check = Check::new(SITES);
    let mut rows: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for row in (0..table.rows()).filter(|&row| kind[row] == station_kind) {
        rows.entry(texts.text(name[row])).or_default().push(row);
    }
    for station in &auditor.facts.stations {
        let at = zones.get(&*station.place).unwrap_or(&station.place);
        let fits = match rows.remove(&*station.name).as_deref() {
            Some(&[row]) => {
                let most_kw = f64::from(station.connectors) * connector_kw[row];
                place(row) == *at
                    && connectors[row] == Some(i64::from(station.connectors))
                    && station.limit_kw <= most_kw * (1.0 + 1e-9)
            }
            _ => false,
        };
        check.that(fits, || station.name.clone());
    }
    let strangers: BTreeSet<&str> = rows.into_keys().collect();
    strangers.into_iter().for_each(|name| check.that(false, || format!("{name} is not in the scenario")));
    auditor.checks.push(check);
    Ok(())
}

/// The highest mean power over a quarter of an hour, of each station and of all together, from their readings.
fn peaks(auditor: &mut Auditor) -> Result<()> {
    if !auditor.has(&[TableId::Stations], &[PEAKS]) {
        return Ok(());
    }
    let Some(json) = summary::read(auditor) else {
        auditor.checks.push(Check::not_possible(PEAKS, format!("there is no {SUMMARY}")));
        return Ok(());
    };
    let facts = auditor.facts;
    let table = Written::open(auditor.dir, TableId::Stations)?;
    let mut texts = Texts::default();
    for station in &facts.stations {
        texts.code(&station.name);
    }
    let station = table.texts("station_id", &mut texts)?;
    let (time, power_kw) = (table.all_times("time")?, table.floats("power_kw")?);
    // Energy of each quarter [kWs], by station and, last, of all: net, without signs, and the number of readings.
    let all = facts.stations.len();
    let mut quarters = vec![FxHashMap::<i64, (f64, f64, usize)>::default(); all + 1];
    let mut last = vec![facts.measured_from.0; all];
    for row in (0..table.rows()).filter(|&row| auditor.measured(time[row])) {
        let number = station[row] as usize;
        let Some(since) = last.get_mut(number) else { continue };
        let mut from = std::mem::replace(since, time[row]);
        while from < time[row] {
            let quarter = from.div_euclid(QUARTER_S);
            let to = time[row].min((quarter + 1) * QUARTER_S);
            let kws = power_kw[row] * (to - from) as f64;
            for series in [number, all] {
                let (net, size, readings) = quarters[series].entry(quarter).or_default();
                (*net, *size, *readings) = (*net + kws, *size + kws.abs(), *readings + 1);
            }
            from = to;
        }
    }
    let mut check = Check::new(PEAKS);
    let listed = json.get("stations").and_then(serde_json::Value::as_array).map_or(&[][..], Vec::as_slice);
    for (number, station) in facts.stations.iter().enumerate() {
        let figures = listed.get(number).filter(|figures| figures["name"] == *station.name);
        peak(&mut check, &station.name, figures, &quarters[number]);
    }
    peak(&mut check, "all", Some(&json), &quarters[all]);
    auditor.checks.push(check);
    Ok(())
}

/// Compares one stated peak with the energy of quarters of an hour.
fn peak(
    check: &mut Check,
    name: &str,
    figures: Option<&serde_json::Value>,
    quarters: &FxHashMap<i64, (f64, f64, usize)>,
) {
    let stated = figures.map_or(f64::NAN, |figures| summary::figure(figures, "peak_15min_kw"));
    let (mut most, mut size, mut readings) = (0.0_f64, 0.0_f64, 0);
    for &(net, both, count) in quarters.values() {
        (most, size, readings) = (most.max(net), size.max(both), readings.max(count));
    }
    let found = most / QUARTER_S as f64;
    // A sum of powers times durations, in another order, divided by a quarter of an hour.
    check.that(within(stated, found, rounding(readings + 2, size / QUARTER_S as f64)), || {
        format!("{name}: {stated} kW in the summary, {found} kW by the readings")
    });
}

fn connectors(auditor: &mut Auditor, visits: &mut [Visit]) {
    let mut check = Check::new(CONNECTORS);
    visits.sort_by_key(|v| (v.station, v.connector, v.plug_in, v.unplug, v.id));
    let mut before: Option<&Visit> = None;
    for visit in visits.iter() {
        let station = &auditor.facts.stations[visit.station];
        let exists = (0..i64::from(station.connectors)).contains(&visit.connector);
        let free = before.is_none_or(|b| {
            (b.station, b.connector) != (visit.station, visit.connector) || b.unplug <= visit.plug_in
        });
        check.that(exists && free, || {
            format!(
                "session {} at {} connector {} from {}",
                visit.id,
                station.name,
                visit.connector,
                SimTime(visit.plug_in).iso()
            )
        });
        before = Some(visit);
    }
    auditor.checks.push(check);
}

fn queues(auditor: &mut Auditor, visits: &mut [Visit]) {
    let mut check = Check::new(QUEUE);
    visits.sort_by_key(|v| (v.station, v.arrival, v.id));
    for pair in visits.windows(2) {
        let [first, second] = pair else { continue };
        let station = &auditor.facts.stations[second.station];
        if first.station == second.station && station.first_come_first_served {
            check.that(first.plug_in <= second.plug_in, || {
                format!(
                    "session {} was plugged in before session {} at {}",
                    second.id, first.id, station.name
                )
            });
        }
    }
    auditor.checks.push(check);
}

fn power(auditor: &mut Auditor, texts: &mut Texts, sold: &[Sold]) -> Result<()> {
    let facts = auditor.facts;
    if !facts.outputs.has(TableId::Stations) {
        let why = "stations.parquet was not written";
        auditor.checks.extend([LIMIT, ENERGY].map(|name| Check::not_possible(name, why.to_owned())));
        return Ok(());
    }
    let table = Written::open(auditor.dir, TableId::Stations)?;
    let station = table.texts("station_id", texts)?;
    let time = table.all_times("time")?;
    let power_kw = table.floats("power_kw")?;
    let mut limit = Check::new(LIMIT);
    let mut metered_kwh = vec![0.0; facts.stations.len()];
    let mut total_kwh = vec![0.0; facts.stations.len()];
    let battery_kwh = auditor.largest_battery_kwh();
    let mut readings = vec![0; facts.stations.len()];
    let mut last = vec![facts.start.0; facts.stations.len()];
    for row in 0..table.rows() {
        let number = station[row] as usize;
        let (mut limit_kw, mut tolerance_kw) = (f64::NAN, 0.0);
        if let Some(station) = facts.stations.get(number) {
            let seconds = time[row] - last[number];
            metered_kwh[number] += power_kw[row] * seconds as f64 / 3_600.0;
            total_kwh[number] += power_kw[row].abs() * seconds as f64 / 3_600.0;
            readings[number] += 1;
            last[number] = time[row];
            // Mean power since the last reading, to which each connector contributes separately. The power is divided
            // over the connectors, and their parts are summed again.
            limit_kw = station.limit_kw;
            let connector_s = f64::from(station.connectors) * seconds as f64;
            let rounded_kwh = meter_rounding(connector_s, battery_kwh, total_kwh[number]);
            tolerance_kw = limit_kw * CLOSED_FORM
                + rounding(station.connectors as usize + 2, limit_kw)
                + rounded_kwh * 3_600.0 / seconds.max(1) as f64;
        }
        limit.that(power_kw[row].abs() <= limit_kw + tolerance_kw, || {
            format!(
                "{} at {}: {} kW of {limit_kw} kW",
                texts.text(station[row]),
                SimTime(time[row]).iso(),
                power_kw[row]
            )
        });
    }
    auditor.checks.push(limit);
    if auditor.has(&[TableId::Stations, TableId::Sessions], &[ENERGY]) {
        let mut energy = Check::new(ENERGY);
        for (number, station) in facts.stations.iter().enumerate() {
            let (metered, sold) = (metered_kwh[number], sold[number]);
            // Both sides end with the charge of batteries; in between, the meter and its readings have been rounded.
            let tolerance = meter_rounding(sold.plugged_s, battery_kwh, sold.both_kwh)
                + rounding(readings[number] + 4, total_kwh[number] + sold.both_kwh);
            energy.that(within(metered, sold.net_kwh, tolerance), || {
                format!("{}: {metered} kWh by its power, {} kWh by its sessions", station.name, sold.net_kwh)
            });
        }
        auditor.checks.push(energy);
    }
    Ok(())
}
