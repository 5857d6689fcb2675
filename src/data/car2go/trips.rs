//! Trips, inferred from two consecutive sightings of a car at different places.

use super::rows::{Cell, Clock, TRIP, scan};
use super::snapshots::{Sighting, Snapshots, Wrong, percent};
use super::{Bad, DEGREE, Names, five_minutes, position};
use crate::source::OnBadRow;
use crate::trace::Trace;
use chrono_tz::Tz;
use gridfleet_core::error::{InputError, Result};
use gridfleet_core::ids::PlaceId;
use gridfleet_core::time::{DAY_S, SimTime};
use rustc_hash::FxHashMap;
use std::path::PathBuf;

/// Maximum duration of a rental [s]; longer trips are service trips, for example to the workshop (FleetSim; 2
/// days).
pub const SERVICE_TRIP_S: i64 = 2 * DAY_S;
/// Maximum increase of a car's charge between trips without a charger; the readings of a car that exceeds it
/// are rejected [percentage points] (FleetSim).
pub const JUMP_PERCENT: f32 = 20.0;
/// Range of the fleet's cars (Smart electric drive) with a full battery [km].
pub const RANGE_KM: f64 = 160.0;

/// One trip of a car.
#[derive(Debug, Clone, Copy, PartialEq)]
struct CarTrip {
    car: u32,
    start: i64,
    end: i64,
    from: (i32, i32),
    to: (i32, i32),
    percent: [f32; 2],
    /// [km] or NaN.
    distance_km: f64,
    ends_at_charger: bool,
}

/// A car parked at one place: its first and last sighting after.
#[derive(Debug, Clone, Copy)]
struct Stay {
    first: Sighting,
    last: Sighting,
    at_charger: bool,
}

/// Derives trips from snapshots.
pub fn from_snapshots(mut snapshots: Snapshots) -> Result<Trace> {
    let chargers: Vec<(i32, i32)> = {
        let mut places: Vec<(i32, i32)> =
            snapshots.sightings.iter().filter(|s| s.charging).map(|s| (s.lat, s.lon)).collect();
        places.sort_unstable();
        places.dedup();
        places
    };
    let mut trips = Vec::new();
    for car in snapshots.sightings.chunk_by(|a, b| a.car == b.car) {
        let stays: Vec<Stay> = car
            .chunk_by(|a, b| (a.lat, a.lon) == (b.lat, b.lon))
            .filter_map(|sightings| stay(sightings, &chargers))
            .collect();
        // Charging hidden by the feed appears as a gain in charge at a known charger; after a gain anywhere
        // else, the readings of the car are discarded.
        let between_trips = stays.get(1..stays.len().saturating_sub(1)).unwrap_or_default();
        if between_trips.iter().any(|s| !s.at_charger && s.last.percent - s.first.percent > JUMP_PERCENT) {
            snapshots.bad.skip("car whose charge rises without a charger");
            continue;
        }
        trips_between(&stays, &mut trips, &mut snapshots.bad);
    }
    finish(trips, &snapshots.cars, snapshots.bad)
}

fn stay(sightings: &[Sighting], chargers: &[(i32, i32)]) -> Option<Stay> {
    let (first, last) = (*sightings.first()?, *sightings.last()?);
    let known = chargers.binary_search(&(first.lat, first.lon)).is_ok();
    let gained = last.percent > first.percent;
    let at_charger = sightings.iter().any(|s| s.charging) || known && gained;
    Some(Stay { first, last, at_charger })
}

fn trips_between(stays: &[Stay], trips: &mut Vec<CarTrip>, bad: &mut Bad) {
    let first_of_car = trips.len();
    for (before, after) in stays.iter().zip(stays.iter().skip(1)) {
        let (left, arrived) = (before.last, after.first);
        if arrived.time - left.time > SERVICE_TRIP_S {
            bad.skip("service trip of more than two days");
            let charged = after.at_charger || arrived.percent > left.percent;
            if let Some(before) = trips.get_mut(first_of_car..).and_then(<[_]>::last_mut)
                && charged
            {
                before.ends_at_charger = true;
            }
            continue;
        }
        trips.push(CarTrip {
            car: left.car,
            start: left.time,
            end: arrived.time,
            from: (left.lat, left.lon),
            to: (arrived.lat, arrived.lon),
            percent: [left.percent, arrived.percent],
            distance_km: f64::NAN,
            ends_at_charger: after.at_charger,
        });
    }
}

/// Reads trips from files that contain trips.
pub fn from_trip_files(files: &[PathBuf], tz: Tz, on_bad_row: OnBadRow) -> Result<Trace> {
    let mut bad = Bad::new(on_bad_row);
    let mut names = Names::default();
    let mut trips = Vec::new();
    let mut clock = Clock::new(tz);
    let mut exchanged = 0;
    for file in files {
        scan(file, &TRIP, |line, cells, whole| {
            bad.report.rows_read += 1;
            let read = if whole { trip(cells, &mut clock) } else { Err(CUT_OFF) };
            match read {
                Ok((_, trip, _)) if trip.end - trip.start > SERVICE_TRIP_S => {
                    bad.skip("service trip of more than two days");
                }
                Ok((name, mut trip, turned)) => {
                    exchanged += u64::from(turned);
                    trip.car = names.number(name);
                    trips.push(trip);
                }
                Err(wrong) => return bad.row(wrong.reason, || wrong.error(file, line, cells)),
            }
            Ok(())
        })?;
    }
    bad.repaired("latitude and longitude exchanged", exchanged);
    trips.sort_by_key(|t: &CarTrip| (t.car, t.start, t.end));
    let before = trips.len();
    trips.dedup_by_key(|t| (t.car, t.start));
    for _ in trips.len()..before {
        bad.skip("trip twice");
    }
    finish(trips, &names.names, bad)
}

const CUT_OFF: Wrong =
    Wrong::new(0, "EV", "cut off or with cells too many", "as many cells as in the header");

fn trip<'a>(cells: &[Cell<'a>], clock: &mut Clock) -> Result<(&'a str, CarTrip, bool), Wrong> {
    let &[name, start, start_lat, start_lon, start_soc, end, end_lat, end_lon, end_soc, distance, charging] =
        cells
    else {
        return Err(CUT_OFF);
    };
    let Cell::Text(name) = name else {
        return Err(Wrong::new(0, "EV", "no name", "the name of a car"));
    };
    const TIME: &str = "epoch seconds, ISO 8601 or YYYY-MM-DD HH:MM:SS, between 2000 and 2100";
    let start = clock.seconds(start).ok_or(Wrong::new(1, "start_time", "unreadable time", TIME))?;
    let end = clock.seconds(end).ok_or(Wrong::new(5, "end_time", "unreadable time", TIME))?;
    let (start, end) = (five_minutes(start), five_minutes(end));
    if end < start {
        return Err(Wrong::new(5, "end_time", "ends before it starts", "a time after start_time"));
    }
    let place = |lat: Cell<'_>, lon: Cell<'_>, index, column| {
        let degrees = lat.number().zip(lon.number());
        degrees.and_then(|(lat, lon)| position(lat, lon)).ok_or(Wrong::new(
            index,
            column,
            "unreadable position",
            "degrees",
        ))
    };
    let (from_lat, from_lon, turned) = place(start_lat, start_lon, 2, "start_lat")?;
    let (to_lat, to_lon, _) = place(end_lat, end_lon, 6, "end_lat")?;
    let percent = [percent(start_soc, 4, "start_soc")?, percent(end_soc, 8, "end_soc")?];
    let ends_at_charger =
        charging.flag().ok_or(Wrong::new(10, "end_charging", "unreadable charging flag", "0 or 1"))?;
    let distance_km = distance.number().filter(|&km| km > 0.0).unwrap_or(f64::NAN);
    let (from, to) = ((from_lat, from_lon), (to_lat, to_lon));
    Ok((name, CarTrip { car: 0, start, end, from, to, percent, distance_km, ends_at_charger }, turned))
}

fn finish(mut trips: Vec<CarTrip>, cars: &[String], bad: Bad) -> Result<Trace> {
    // Trips of a car are already in order of time, so equal times keep the order of car and trip.
    trips.sort_by_key(|t| t.start);
    let mut trace = Trace { report: bad.report, ..Trace::default() };
    let mut places: FxHashMap<(i32, i32), PlaceId> = FxHashMap::default();
    let mut vehicle: Vec<u32> = vec![Trace::NONE; cars.len()];
    for trip in &trips {
        if let Some(number) = vehicle.get_mut(trip.car as usize) {
            *number = 0;
        }
    }
    // Only cars with trips, in order of first appearance in the files.
    for (number, name) in vehicle.iter_mut().zip(cars) {
        if *number == 0 {
            *number = trace.vehicle_names.len() as u32;
            trace.vehicle_names.push(name.clone());
        }
    }
    let mut charged_on_the_way = 0_u64;
    for trip in &trips {
        let mut place = |at: (i32, i32)| {
            *places
                .entry(at)
                .or_insert_with(|| trace.places.add_point(f64::from(at.0) / DEGREE, f64::from(at.1) / DEGREE))
        };
        let (origin, destination) = (place(trip.from), place(trip.to));
        let used = f64::from(trip.percent[0] - trip.percent[1]) / 100.0;
        charged_on_the_way += u64::from(used < 0.0);
        let by_charge_km = used * RANGE_KM;
        let straight_km =
            if origin == destination { 0.0 } else { trace.places.distance_km(origin, destination) };
        let distance_km = if trip.distance_km.is_nan() && by_charge_km > straight_km {
            by_charge_km
        } else {
            trip.distance_km
        };
        trace.request_time.push(SimTime(trip.start));
        trace.origin.push(origin);
        trace.destination.push(destination);
        trace.duration_s.push((trip.end - trip.start) as f64);
        trace.distance_km.push(distance_km);
        trace.fare.push(f64::NAN);
        trace.passengers.push(0);
        trace.fleet.push(Trace::NONE);
        trace.vehicle.push(vehicle.get(trip.car as usize).copied().unwrap_or(Trace::NONE));
        trace.soc_start.push(f64::from(trip.percent[0]) / 100.0);
        trace.soc_end.push(f64::from(trip.percent[1]) / 100.0);
        trace.ends_at_charger.push(trip.ends_at_charger);
    }
    trace.report.rows_kept = trace.len() as u64;
    let mut derived = |what: &str, how: String| trace.report.derived.insert(what.to_owned(), how);
    derived(
        "distance_km",
        format!(
            "where the file has none: charge used x {RANGE_KM} km; where that is less than the great circle, the travel model"
        ),
    );
    derived("fare", "the scenario's fare rule".to_owned());
    if charged_on_the_way > 0 {
        derived(
            "soc_end",
            format!(
                "{charged_on_the_way} trips end with more charge than they began: the car charged before it was seen again"
            ),
        );
    }
    if trace.vehicle_names.is_empty() && trace.report.rows_read == 0 {
        return Err(InputError::new("no rows", "trips").into());
    }
    Ok(trace)
}

#[cfg(test)]
mod tests {
    use super::super::{charging_places, read};
    use super::*;
    use chrono_tz::Europe::Berlin;
    use std::fmt::Write as _;

    const HEAD: &str =
        "name,vin,latitude,longitude,interior,exterior,address,fuel,engineType,charging,timestamp\n";

    /// Reads rows of (car, lat, lon, fuel, charging, minutes since 2016-12-01 0:00 in Stuttgart).
    fn feed(rows: &[(&str, f64, f64, i32, i32, i64)]) -> Trace {
        let mut text = HEAD.to_owned();
        for (car, lat, lon, fuel, charging, minutes) in rows {
            let time = 1_480_546_800 + minutes * 60 + 1;
            writeln!(text, "{car},V,{lat},{lon},GOOD,GOOD,\"a, b\",{fuel},ED,{charging},{time}").unwrap();
        }
        let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        std::fs::write(file.path(), text).unwrap();
        read(&[file.path().to_path_buf()], Berlin, OnBadRow::Fail).unwrap()
    }

    #[test]
    fn a_change_of_position_is_a_trip() {
        let trace = feed(&[
            ("A", 48.78, 9.18, 80, 0, 0),
            ("A", 48.780_04, 9.18, 80, 0, 5), // four metres: the same place
            ("A", 48.70, 9.10, 70, 0, 40),
            ("B", 48.75, 9.20, 50, 0, 0),
            ("A", 48.70, 9.10, 71, 1, 45),
        ]);
        assert_eq!(trace.len(), 1);
        assert_eq!(trace.request_time, [SimTime(1_480_546_800 + 300)]);
        assert_eq!(trace.duration_s, [2_100.0]);
        assert_eq!(
            (trace.soc_start[0], trace.soc_end[0]),
            (f64::from(80_f32) / 100.0, f64::from(70_f32) / 100.0)
        );
        // Seen charging where the trip ended; 10 points of 160 km.
        assert_eq!(trace.ends_at_charger, [true]);
        assert!((trace.distance_km[0] - 16.0).abs() < 1e-9);
        assert_eq!(trace.vehicle_names, ["A"]);
        assert!((trace.places.lat(trace.origin[0]) - 48.78).abs() < 1e-9);
        assert_eq!((trace.report.rows_read, trace.report.rows_kept), (5, 1));
    }

    #[test]
    fn a_service_trip_is_dropped_and_its_charging_given_to_the_trip_before() {
        let day = 24 * 60;
        let trace = feed(&[
            ("A", 48.78, 9.18, 60, 0, 0),
            ("A", 48.70, 9.10, 50, 0, 30),
            ("A", 48.72, 9.12, 100, 0, 30 + 2 * day + 5),
            ("A", 48.73, 9.13, 95, 0, 30 + 2 * day + 40),
        ]);
        assert_eq!(trace.len(), 2);
        assert_eq!(trace.ends_at_charger, [true, false]);
        assert_eq!(trace.report.skipped["service trip of more than two days"], 1);
    }

    #[test]
    fn a_car_that_charges_from_nothing_is_dropped_but_hidden_charging_at_a_known_charger_is_not() {
        let hidden = [
            ("A", 48.78, 9.18, 60, 0, 0),
            ("A", 48.70, 9.10, 50, 0, 30),
            ("A", 48.70, 9.10, 90, 0, 300), // hidden meanwhile
            ("A", 48.71, 9.11, 88, 0, 330),
        ];
        assert!(feed(&hidden).is_empty());
        assert_eq!(feed(&hidden).report.skipped["car whose charge rises without a charger"], 1);
        let mut known = hidden.to_vec();
        known.push(("B", 48.70, 9.10, 50, 1, 0));
        let trace = feed(&known);
        assert_eq!(trace.ends_at_charger, [true, false]);
        // Exactly 20 points are accepted.
        let mut slow = hidden;
        slow[2].3 = 70;
        assert_eq!(feed(&slow).ends_at_charger, [false, false]);
    }

    #[test]
    fn rows_in_any_order_and_rows_that_stand_twice() {
        let rows =
            [("A", 48.78, 9.18, 60, 0, 0), ("A", 48.70, 9.10, 50, 0, 30), ("A", 48.71, 9.11, 45, 0, 60)];
        let mut shuffled = vec![rows[2], rows[0], rows[1], rows[0]];
        let (a, b) = (feed(&rows), feed(&shuffled));
        assert_eq!((&a.request_time, &a.soc_end), (&b.request_time, &b.soc_end));
        assert_eq!(b.report.skipped["car twice in one snapshot"], 1);
        shuffled.truncate(1);
        assert!(feed(&shuffled).is_empty());
    }

    #[test]
    fn chargers_are_where_cars_charge() {
        let mut text = HEAD.to_owned();
        for (car, lat, time) in [("A", 48.7, 0), ("B", 48.7, 0), ("A", 48.7, 300), ("C", 48.8, 0)] {
            writeln!(text, "{car},V,{lat},9.1,G,G,x,50,ED,1,{}", 1_480_546_800 + time).unwrap();
        }
        let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let places = charging_places(&[file.path().to_path_buf()], Berlin, OnBadRow::Fail).unwrap();
        assert_eq!(places.len(), 2);
        assert_eq!((places[0].lat, places[0].sightings, places[0].cars_at_once), (48.7, 3, 2));
    }
}
