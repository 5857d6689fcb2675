//! Visits to stations: each is a row of the sessions and results from a leg, its power flows in the recorded interval,
//! and its wait is that of a charging need.

use super::tables::{Code, Texts, Written};
use super::{Auditor, Check, StationFacts, meter_rounding, rounding};
use gridfleet_core::error::Result;
use gridfleet_core::records::LegPurpose;
use gridfleet_core::records::dictionary::TableId;
use gridfleet_core::time::SimTime;
use std::collections::BTreeMap;

const VISITS: &str = "Sessions: one for each arrival at a station, and no other";
const NEED: &str = "Sessions: the wait of a need begins with its first visit";
const POWER: &str = "Sessions: power flows from charge_start_time to charge_end_time";

/// Columns of the table of sessions.
struct Rows {
    id: Vec<u32>,
    vehicle: Vec<Code>,
    station: Vec<Code>,
    arrival: Vec<i64>,
    plug_in: Vec<Option<i64>>,
    first: Vec<Option<i64>>,
    last: Vec<Option<i64>>,
}

pub(super) fn check(auditor: &mut Auditor) -> Result<()> {
    if !auditor.has(&[TableId::Sessions], &[VISITS, NEED, POWER]) {
        return Ok(());
    }
    let facts = auditor.facts;
    let mut texts = Texts::default();
    // Stations come first, so their numbers are their codes.
    for station in &facts.stations {
        texts.code(&station.name);
    }
    let table = Written::open(auditor.dir, TableId::Sessions)?;
    let rows = Rows {
        id: table.ids("session_id")?,
        vehicle: table.texts("vehicle_id", &mut texts)?,
        station: table.texts("station_id", &mut texts)?,
        arrival: table.all_times("arrival_time")?,
        plug_in: table.times("plug_in_time")?,
        first: table.times("charge_start_time")?,
        last: table.times("charge_end_time")?,
    };
    if auditor.has(&[TableId::Legs], &[VISITS]) {
        let check = visits(auditor, &rows, &mut texts)?;
        auditor.checks.push(check);
    }
    let need = need(&rows, &table.ints("need_wait_s")?);
    auditor.checks.push(need);
    if auditor.has(&[TableId::Stations], &[POWER]) {
        let check = power(auditor, &rows, &table, &mut texts)?;
        auditor.checks.push(check);
    }
    Ok(())
}

/// Arrival of a vehicle: the vehicle, the time and the place.
type Arrival = (Code, i64, Code);

/// Each session begins where a leg of its vehicle has just ended, or where the vehicle was at the start; each completed
/// leg to a station begins a session.
fn visits(auditor: &Auditor, rows: &Rows, texts: &mut Texts) -> Result<Check> {
    let facts = auditor.facts;
    let legs = Written::open(auditor.dir, TableId::Legs)?;
    let to_station = texts.code(LegPurpose::ToStation.name());
    let vehicle = legs.texts("vehicle_id", texts)?;
    let (purpose, place) = (legs.texts("purpose", texts)?, legs.texts("destination", texts)?);
    let end = legs.all_times("end_time")?;
    // Arrivals of a vehicle at a place: of any leg, and of legs to a station.
    let mut arrivals = BTreeMap::<Arrival, [u32; 2]>::new();
    for vehicle in &facts.vehicles {
        let key = (texts.code(&vehicle.name), facts.start.0, texts.code(&vehicle.initial_place));
        arrivals.entry(key).or_default()[0] += 1;
    }
    for row in 0..legs.rows() {
        let [any, of_station] = arrivals.entry((vehicle[row], end[row], place[row])).or_default();
        *any += 1;
        // A leg cut off by the end of the simulation may not have arrived.
        *of_station += u32::from(purpose[row] == to_station && end[row] < facts.end.0);
    }
    let mut sessions = BTreeMap::<Arrival, u32>::new();
    let mut check = Check::new(VISITS);
    for row in 0..rows.id.len() {
        let Some(station) = facts.stations.get(rows.station[row] as usize) else { continue };
        let key = (rows.vehicle[row], rows.arrival[row], texts.code(&station.place));
        let count = sessions.entry(key).or_default();
        *count += 1;
        check.that(arrivals.get(&key).is_some_and(|arrivals| *count <= arrivals[0]), || {
            format!(
                "session {}: {} did not arrive at {} at {}, or has a session for that already",
                rows.id[row],
                texts.text(rows.vehicle[row]),
                station.name,
                SimTime(rows.arrival[row]).iso()
            )
        });
    }
    for (key, [_, of_station]) in arrivals.iter().filter(|(_, arrivals)| arrivals[1] > 0) {
        let found = sessions.get(key).copied().unwrap_or(0);
        check.that(found >= *of_station, || {
            let (vehicle, at) = (texts.text(key.0), SimTime(key.1).iso());
            format!("{vehicle} arrived at {} at {at}: no session says so", texts.text(key.2))
        });
    }
    Ok(check)
}

/// A charging need begins when its vehicle joins a station, continues through abandoned visits, and ends with the visit
/// that gets a connector. The wait lasts from the beginning to first power.
fn need(rows: &Rows, need_wait: &[Option<i64>]) -> Check {
    let mut order: Vec<usize> = (0..rows.id.len()).collect();
    order.sort_by_key(|&row| (rows.vehicle[row], rows.arrival[row], rows.id[row]));
    let mut check = Check::new(NEED);
    let mut since: Option<(Code, i64)> = None;
    for row in order {
        let begun = since.filter(|need| need.0 == rows.vehicle[row]).map_or(rows.arrival[row], |need| need.1);
        since = rows.plug_in[row].is_none().then_some((rows.vehicle[row], begun));
        let expected = rows.first[row].map(|first| first - begun);
        check.that(need_wait[row] == expected, || {
            format!(
                "session {}: {:?} s from need to power, first visit at {}",
                rows.id[row],
                need_wait[row],
                SimTime(begun).iso()
            )
        });
    }
    check
}

/// Interval in which power flowed, and whether some of it was fed back.
struct Powered {
    row: usize,
    first: i64,
    last: i64,
    feeds: bool,
}

/// No power flows before plug-in; a session's energy is at most its greatest power times the recorded interval of
/// power; and a station's meter shows power when a session records it and at no other time.
fn power(auditor: &Auditor, rows: &Rows, sessions: &Written, texts: &mut Texts) -> Result<Check> {
    let facts = auditor.facts;
    let (drawn, fed) = (sessions.floats("energy_kwh")?, sessions.floats("discharged_kwh")?);
    let most_kw = sessions.floats("max_power_kw")?;
    let battery_kwh = auditor.largest_battery_kwh();
    let mut check = Check::new(POWER);
    let mut powered: Vec<Vec<Powered>> = facts.stations.iter().map(|_| Vec::new()).collect();
    for row in 0..rows.id.len() {
        let (Some(first), Some(last)) = (rows.first[row], rows.last[row]) else { continue };
        let seconds = (last - first) as f64;
        let most_kwh = most_kw[row] * seconds / 3_600.0;
        // The closed form of the charge may replace an exponential by a straight line when that is off by half of
        // 10^-9.
        let tolerance = most_kwh * 0.5e-9
            + meter_rounding(seconds, battery_kwh, drawn[row] + fed[row])
            + rounding(4, battery_kwh);
        let plugged = rows.plug_in[row].is_some_and(|plug_in| plug_in <= first);
        check.that(plugged && last > first && drawn[row] + fed[row] <= most_kwh + tolerance, || {
            format!(
                "session {}: {} kWh from {} to {} at {} kW at most",
                rows.id[row],
                drawn[row] + fed[row],
                SimTime(first).iso(),
                SimTime(last).iso(),
                most_kw[row]
            )
        });
        if let Some(at) = powered.get_mut(rows.station[row] as usize) {
            at.push(Powered { row, first, last, feeds: fed[row] > 0.0 });
        }
    }
    let table = Written::open(auditor.dir, TableId::Stations)?;
    let station = table.texts("station_id", texts)?;
    let (time, power_kw) = (table.all_times("time")?, table.floats("power_kw")?);
    let mut readings: Vec<Vec<(i64, f64)>> = facts.stations.iter().map(|_| Vec::new()).collect();
    for row in 0..table.rows() {
        if let Some(at_station) = readings.get_mut(station[row] as usize) {
            at_station.push((time[row], power_kw[row]));
        }
    }
    for (number, powered) in powered.iter_mut().enumerate() {
        powered.sort_by_key(|p| (p.first, p.last));
        let station = &facts.stations[number];
        if !station.held_back {
            starts_show(&mut check, station, facts.start.0, powered, &readings[number], rows);
        }
        meters_show_sessions(&mut check, station, facts.start.0, powered, &readings[number]);
    }
    Ok(check)
}

/// A session's first power shows in the next reading, unless another session fed power to the station then, or so little
/// power was available that the charge of the battery changes only after a while.
fn starts_show(
    check: &mut Check,
    station: &StationFacts,
    start: i64,
    powered: &[Powered],
    readings: &[(i64, f64)],
    rows: &Rows,
) {
    let fed: Vec<(i64, i64)> = powered.iter().filter(|p| p.feeds).map(|p| (p.first, p.last)).collect();
    for session in powered {
        let at = readings.partition_point(|reading| reading.0 <= session.first);
        let Some(&(until, kw)) = readings.get(at) else { continue };
        let from = at.checked_sub(1).map_or(start, |before| readings[before].0);
        let mixed = session.feeds || fed.iter().any(|&(first, last)| first < until && last > from);
        check.that(kw > 0.0 || mixed, || {
            format!(
                "session {}: power from {}, {} had none up to {}",
                rows.id[session.row],
                SimTime(session.first).iso(),
                station.name,
                SimTime(until).iso()
            )
        });
    }
}

/// A meter shows power only while a session has some.
fn meters_show_sessions(
    check: &mut Check,
    station: &StationFacts,
    start: i64,
    powered: &[Powered],
    readings: &[(i64, f64)],
) {
    // Merged intervals in which at least one session has power.
    let mut times: Vec<(i64, i64)> = Vec::new();
    for session in powered {
        match times.last_mut().filter(|last| session.first <= last.1) {
            Some(last) => last.1 = last.1.max(session.last),
            None => times.push((session.first, session.last)),
        }
    }
    let mut from = start;
    for &(until, kw) in readings {
        // The difference of two equal meter totals is zero.
        let after = times.partition_point(|time| time.1 <= from);
        let some = times.get(after).is_some_and(|time| time.0 < until);
        check.that(kw == 0.0 || some, || {
            format!("{} at {}: {kw} kW, but no session has power", station.name, SimTime(until).iso())
        });
        from = until;
    }
}
