//! Requests: each ends once and agrees with the legs and the summary.

use super::tables::{Code, MISSING, Texts, Written};
use super::{Auditor, Check, HALF_MILLIONTH, SOC_TOLERANCE, rounding, within};
use crate::outputs::summary::SUMMARY;
use gridfleet_core::error::Result;
use gridfleet_core::records::dictionary::TableId;
use gridfleet_core::records::{LegPurpose, TripStatus};
use gridfleet_core::time::SimTime;
use rustc_hash::FxHashMap;

const ONCE: &str = "Every request ends in exactly one status";
const CONSISTENT: &str = "Trips: times, waits and vehicles fit the status";
const RIDES: &str = "Legs: each ride has its request, once, and other legs none";
const LEGS: &str = "Trips: energy and distance are those of their legs";
const ABOARD: &str = "Riders aboard owe the fare of the way driven";
const SUMMARY_COUNTS: &str = "The summary agrees with the tables";

/// A pick-up or service leg.
#[derive(Clone, Copy)]
struct Ride {
    vehicle: Code,
    start: i64,
    end: i64,
    km: f64,
    kwh: f64,
    soc_end: f64,
}

/// Pick-up and service leg of each request.
type Rides = FxHashMap<u32, [Option<Ride>; 2]>;

/// Columns of the table of trips that several checks use.
struct Trips {
    table: Written,
    texts: Texts,
    id: Vec<u32>,
    status: Vec<Code>,
    vehicle: Vec<Code>,
    fleet: Vec<Code>,
    request: Vec<i64>,
    pickup: Vec<Option<i64>>,
    dropoff: Vec<Option<i64>>,
}

impl Trips {
    fn open(auditor: &Auditor) -> Result<Self> {
        let table = Written::open(auditor.dir, TableId::Trips)?;
        let mut texts = Texts::default();
        Ok(Self {
            id: table.ids("request_id")?,
            status: table.texts("status", &mut texts)?,
            vehicle: table.texts("vehicle_id", &mut texts)?,
            fleet: table.texts("fleet", &mut texts)?,
            request: table.all_times("request_time")?,
            pickup: table.times("pickup_time")?,
            dropoff: table.times("dropoff_time")?,
            table,
            texts,
        })
    }

    fn rows(&self) -> usize {
        self.table.rows()
    }
}

pub(super) fn check(auditor: &mut Auditor) -> Result<()> {
    if !auditor.has(&[TableId::Trips], &[ONCE, CONSISTENT, RIDES, LEGS, ABOARD, SUMMARY_COUNTS]) {
        return Ok(());
    }
    let mut trips = Trips::open(auditor)?;
    auditor.checks.push(once(auditor, &trips));
    let check = consistent(auditor, &trips)?;
    auditor.checks.push(check);
    if auditor.has(&[TableId::Legs], &[RIDES, LEGS]) {
        let check = legs(auditor, &mut trips)?;
        auditor.checks.push(check);
    }
    let check = aboard(auditor, &trips)?;
    auditor.checks.push(check);
    summary(auditor, &trips.texts, &trips.status, &trips.request)
}

/// Each request has one row.
fn once(auditor: &Auditor, trips: &Trips) -> Check {
    let mut check = Check::new(ONCE);
    let mut sorted = trips.id.clone();
    sorted.sort_unstable();
    for (expected, found) in sorted.iter().enumerate() {
        check.that(*found as usize == expected, || format!("request {expected}: found {found} in its place"));
    }
    if let Some(requests) = auditor.facts.requests {
        check.that(requests == trips.rows() as u64, || {
            format!("{} rows for {requests} requests", trips.rows())
        });
    }
    check
}

/// Times, waits and vehicles fit the status of each trip.
fn consistent(auditor: &Auditor, trips: &Trips) -> Result<Check> {
    let Trips { texts, id, status, vehicle, request, pickup, dropoff, .. } = trips;
    let mut check = Check::new(CONSISTENT);
    let wait = trips.table.ints("wait_s")?;
    for row in 0..trips.rows() {
        let is = |s: TripStatus| texts.text(status[row]) == s.name();
        let waited = wait[row] == pickup[row].map(|t| t - request[row]);
        let ordered = [Some(request[row]), pickup[row], dropoff[row]].into_iter().flatten().is_sorted();
        let complete = pickup[row].is_some() && dropoff[row].is_some() && vehicle[row] != MISSING;
        let fits = match TripStatus::ALL.into_iter().find(|s| is(*s)) {
            Some(TripStatus::Served) => complete,
            Some(TripStatus::InProgress) => dropoff[row].is_none(),
            // A trip that was assigned in advance is lost by its vehicle, any other before it gets one. Of a fleet of
            // private vehicles there are both: its drivers' trips, and riders that ask it in vain.
            Some(_) => {
                let named = vehicle[row] != MISSING;
                named == auditor.assigned(id[row]) && pickup[row].is_none() && dropoff[row].is_none()
            }
            None => false,
        };
        check.that(waited && ordered && fits, || {
            format!("request {} ({}) at {}", id[row], texts.text(status[row]), SimTime(request[row]).iso())
        });
    }
    Ok(check)
}

/// Energy and distance of each trip served are those of its legs.
fn legs(auditor: &mut Auditor, trips: &mut Trips) -> Result<Check> {
    let served = trips.texts.code(TripStatus::Served.name());
    let driven = [TripStatus::Served, TripStatus::InProgress].map(|s| trips.texts.code(s.name()));
    let by_id = (0..trips.rows()).filter(|&row| driven.contains(&trips.status[row]));
    let by_id: FxHashMap<u32, Code> = by_id.map(|row| (trips.id[row], trips.vehicle[row])).collect();
    let rides = rides(auditor, &mut trips.texts, &by_id)?;
    let Trips { table, id, status, vehicle, request, pickup, dropoff, .. } = &*trips;
    let (km, empty_km) = (table.floats("distance_km")?, table.floats("deadhead_km")?);
    let (kwh, soc_end) = (table.floats("energy_kwh")?, table.floats("soc_end")?);
    let mut check = Check::new(LEGS);
    for row in (0..trips.rows()).filter(|&row| status[row] == served) {
        let (Some(from), Some(to)) = (pickup[row], dropoff[row]) else { continue };
        let [to_rider, with_rider] = rides.get(&id[row]).copied().unwrap_or_default();
        let Some(service) = with_rider.filter(|leg| {
            (leg.vehicle, leg.start, leg.end) == (vehicle[row], from, to)
                && within(leg.soc_end, soc_end[row], SOC_TOLERANCE)
        }) else {
            check.that(false, || {
                format!("request {}: no service leg from its pick-up to its drop-off", id[row])
            });
            continue;
        };
        let first = to_rider
            .filter(|leg| (leg.vehicle, leg.end) == (vehicle[row], from) && leg.start >= request[row]);
        // A trip that was assigned in advance begins where its vehicle is.
        if first.is_some() == auditor.assigned(id[row]) || first.is_some() != to_rider.is_some() {
            check.that(false, || {
                format!("request {}: no pickup leg, one too many or at another time", id[row])
            });
            continue;
        }
        let (first_km, first_kwh) = first.map_or((0.0, 0.0), |leg| (leg.km, leg.kwh));
        let found = [service.km, first_km, service.kwh + first_kwh];
        let stated = [km[row], empty_km[row], kwh[row]];
        // At most two numbers are summed.
        let same = |(a, b): (&f64, f64)| within(*a, b, rounding(2, a.abs()));
        check.that(found.iter().zip(stated).all(same), || {
            format!(
                "request {}: says {} km, {} km empty, {} kWh; its legs {} km, {} km, {} kWh",
                id[row], stated[0], stated[1], stated[2], found[0], found[1], found[2]
            )
        });
    }
    Ok(check)
}

/// Checks the riders aboard at both ends of the period of the summary, and their fares for the distance driven by then.
fn aboard(auditor: &Auditor, trips: &Trips) -> Result<Check> {
    let Trips { table, texts, fleet, pickup, dropoff, .. } = trips;
    let Some(json) = super::summary::read(auditor) else {
        return Ok(Check::not_possible(ABOARD, format!("there is no {SUMMARY}")));
    };
    let (fare, accrued) = (table.floats("fare")?, table.floats("accrued_fare")?);
    let (from, end) = (auditor.facts.measured_from.0, auditor.facts.end.0);
    let mut check = Check::new(ABOARD);
    for row in (0..trips.rows()).filter(|&row| accrued[row] != 0.0) {
        check.that(accrued[row] > 0.0 && pickup[row].is_some() && dropoff[row].is_none(), || {
            format!("row {row}: {} owed by a rider who is not aboard", accrued[row])
        });
    }
    let fleets = super::summary::fleets(&json);
    for figures in std::iter::once(&json).chain(fleets) {
        let name = figures.get("name").and_then(serde_json::Value::as_str);
        let (mut riders, mut owed, mut magnitude) = ([0_u64; 2], 0.0, 0.0);
        for row in (0..trips.rows()).filter(|&row| name.is_none_or(|name| texts.text(fleet[row]) == name)) {
            let Some(pickup) = pickup[row] else { continue };
            let until = dropoff[row].unwrap_or(end);
            if (pickup + 1..until).contains(&from) {
                let part = (fare[row] + accrued[row]) * (from - pickup) as f64 / (until - pickup) as f64;
                (riders[0], owed, magnitude) = (riders[0] + 1, owed - part, magnitude + part);
            }
            if dropoff[row].is_none() {
                (riders[1], owed, magnitude) = (riders[1] + 1, owed + accrued[row], magnitude + accrued[row]);
            }
        }
        let who = name.unwrap_or("all");
        for (key, found) in ["rides_in_progress_start", "rides_in_progress_end"].into_iter().zip(riders) {
            check.that(figures.get(key).and_then(serde_json::Value::as_u64) == Some(found), || {
                format!("{key} of {who}: {} in the summary, {found} in the table", figures[key])
            });
        }
        let stated = super::summary::figure(figures, "rides_in_progress_value");
        // The value of each fleet is rounded to a millionth.
        let rounded = if name.is_none() { fleets.len().max(1) } else { 1 };
        let steps = 3 * (riders[0] + riders[1]) as usize + 4;
        let tolerance = rounded as f64 * HALF_MILLIONTH + rounding(steps, magnitude);
        check.that(within(stated, owed, tolerance), || {
            format!("rides_in_progress_value of {who}: {stated} in the summary, {owed} by the trips")
        });
    }
    Ok(check)
}

/// Pick-up and service legs of requests; notes whether each is of a trip in `vehicles`, with its vehicle.
fn rides(auditor: &mut Auditor, texts: &mut Texts, vehicles: &FxHashMap<u32, Code>) -> Result<Rides> {
    let legs = Written::open(auditor.dir, TableId::Legs)?;
    let kinds = [LegPurpose::Pickup, LegPurpose::Service].map(|purpose| texts.code(purpose.name()));
    let purpose = legs.texts("purpose", texts)?;
    let (vehicle, request) = (legs.texts("vehicle_id", texts)?, legs.optional_ids("request_id")?);
    let (start, end) = (legs.all_times("start_time")?, legs.all_times("end_time")?);
    let (km, kwh) = (legs.floats("distance_km")?, legs.floats("energy_kwh")?);
    let soc_end = legs.floats("soc_end")?;
    let mut rides = Rides::default();
    let mut check = Check::new(RIDES);
    for row in 0..legs.rows() {
        let kind = kinds.iter().position(|kind| *kind == purpose[row]);
        let right = match (kind, request[row]) {
            (Some(kind), Some(id)) => {
                let ride = Ride {
                    vehicle: vehicle[row],
                    start: start[row],
                    end: end[row],
                    km: km[row],
                    kwh: kwh[row],
                    soc_end: soc_end[row],
                };
                let first = rides.entry(id).or_default()[kind].replace(ride).is_none();
                first && vehicles.get(&id) == Some(&vehicle[row])
            }
            (kind, request) => kind.is_none() && request.is_none(),
        };
        check.that(right, || {
            let request = request[row].map_or("no request".to_owned(), |id| format!("request {id}"));
            format!("row {row}: {} of {} for {request}", texts.text(purpose[row]), texts.text(vehicle[row]))
        });
    }
    auditor.checks.push(check);
    Ok(rides)
}

/// Compares `summary.json`, if it exists, with the sums of the tables.
fn summary(auditor: &mut Auditor, texts: &Texts, status: &[Code], request: &[i64]) -> Result<()> {
    let Some(json) = super::summary::read(auditor) else {
        auditor.checks.push(Check::not_possible(SUMMARY_COUNTS, format!("there is no {SUMMARY}")));
        return Ok(());
    };
    let mut check = Check::new(SUMMARY_COUNTS);
    let from = auditor.facts.measured_from.0;
    for name in TripStatus::ALL.map(TripStatus::name) {
        let counted = |(row, s): &(usize, &Code)| texts.text(**s) == name && request[*row] >= from;
        let found = status.iter().enumerate().filter(|pair| counted(pair)).count() as u64;
        let key = format!("trips_{name}");
        check.that(json.get(&key).and_then(serde_json::Value::as_u64) == Some(found), || {
            format!("{key}: {} in the summary, {found} in the table", json[&key])
        });
    }
    let sums = [
        (TableId::Legs, "distance_km", "km_total"),
        (TableId::Legs, "energy_kwh", "energy_driven_kwh"),
        (TableId::Sessions, "energy_kwh", "energy_charged_kwh"),
        (TableId::Sessions, "cost", "charging_cost"),
        (TableId::Trips, "fare", "fares"),
    ];
    for (table, column, key) in sums {
        // The cost of a session may be posted in parts, some of them during the warm-up.
        if !auditor.facts.outputs.has(table) || column == "cost" && from > auditor.facts.start.0 {
            continue;
        }
        let rows = Written::open(auditor.dir, table)?;
        let ends = ends(&rows, table, auditor.facts.end.0)?;
        let values = rows.floats(column)?;
        let measured = || values.iter().zip(&ends).filter(|(_, end)| auditor.measured(**end)).map(|(v, _)| v);
        let (sum, magnitude): (f64, f64) = (measured().sum(), measured().map(|v| v.abs()).sum());
        let stated = json.get(key).and_then(serde_json::Value::as_f64).unwrap_or(f64::NAN);
        check.that(within(stated, sum, rounding(values.len() + 2, magnitude)), || {
            format!("{key}: {stated} in the summary, {sum} in {}", table.table().file_name())
        });
    }
    if auditor.facts.outputs.has(TableId::Sessions) {
        let rows = Written::open(auditor.dir, TableId::Sessions)?;
        let ends = ends(&rows, TableId::Sessions, auditor.facts.end.0)?;
        let (plug_in, power) = (rows.times("plug_in_time")?, rows.times("charge_start_time")?);
        let count = |counts: &dyn Fn(usize) -> bool| {
            (0..ends.len()).filter(|&row| auditor.measured(ends[row]) && counts(row)).count() as u64
        };
        for (key, found) in [
            ("sessions", count(&|row| power[row].is_some())),
            ("sessions_without_connector", count(&|row| plug_in[row].is_none())),
        ] {
            check.that(json.get(key).and_then(serde_json::Value::as_u64) == Some(found), || {
                format!("{key}: {} in the summary, {found} in the table", json[key])
            });
        }
    }
    auditor.checks.push(check);
    Ok(())
}

/// End of each row of `table`, as seconds since 1970; rows that had not ended by the end of the run end with it.
fn ends(rows: &Written, table: TableId, end: i64) -> Result<Vec<i64>> {
    let (column, otherwise) = match table {
        TableId::Legs => return rows.all_times("end_time"),
        TableId::Trips => {
            return Ok(rows.times("dropoff_time")?.into_iter().map(|t| t.unwrap_or(end)).collect());
        }
        _ => ("unplug_time", rows.times("plug_in_time")?),
    };
    let (arrival, queue) = (rows.all_times("arrival_time")?, rows.ints("queue_s")?);
    let unplug = rows.times(column)?.into_iter().zip(otherwise);
    let gave_up = arrival.into_iter().zip(queue);
    Ok(unplug
        .zip(gave_up)
        .map(|((unplug, plug_in), (arrival, queue))| {
            unplug.unwrap_or(if plug_in.is_some() { end } else { arrival + queue.unwrap_or(0) })
        })
        .collect())
}
