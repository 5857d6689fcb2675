//! The canonical table of trips: any CSV or Parquet file with its columns, under their canonical names or,
//! with a column map, under others.
//!
//! | column | | |
//! |---|---|---|
//! | `request_time` | required | ISO 8601 with offset, wall-clock time of the given zone, seconds since the epoch, or a Parquet timestamp |
//! | `origin_zone`, `destination_zone` | these or coordinates | a zone's id |
//! | `origin_lat`, `origin_lon`, `destination_lat`, `destination_lon` | | degrees |
//! | `duration_s`, `distance_km` | derived from the travel model | |
//! | `fleet`, `passengers`, `fare` | defaulted | |
//! | `vehicle`, `soc_start`, `soc_end`, `ends_at_charger` | for replay | |
//!
//! Rows may be in any order. Files written by gridfleet include their zones (see [`super::write`]).

use super::builder::{TraceBuilder, Trip};
use super::source::TripSource;
use super::table::{Names, Numbers, Table, TableFile};
use super::times::{RawTime, WallClock};
use super::trace::Trace;
use super::write::ZONES_KEY;
use super::zones::Zones;
use gridfleet_core::error::{InputError, Result};
use gridfleet_core::ids::PlaceId;
use gridfleet_core::ranges::{self, Range};
use gridfleet_core::time::Local;
use rustc_hash::FxHashSet;

/// Columns of the table.
pub const COLUMNS: [&str; 15] = [
    "request_time",
    "origin_zone",
    "origin_lat",
    "origin_lon",
    "destination_zone",
    "destination_lat",
    "destination_lon",
    "duration_s",
    "distance_km",
    "fleet",
    "passengers",
    "fare",
    "vehicle",
    "soc_start",
    "soc_end",
];
/// One additional column, a flag.
pub const ENDS_AT_CHARGER: &str = "ends_at_charger";

/// One end of the trips: its loaded columns.
struct End {
    /// Column, codes and the place of each code.
    zone: Option<(usize, Names, Vec<Option<PlaceId>>)>,
    /// Columns and values of latitude and longitude.
    point: Option<([usize; 2], [Numbers; 2])>,
}

/// Reads one file into `builder`.
///
/// # Errors
/// If the file cannot be read, lacks a column, or has a bad row that is not to be skipped.
pub fn read(file: &TableFile, source: &TripSource, builder: &mut TraceBuilder) -> Result<()> {
    for name in source.map.keys() {
        if !COLUMNS.contains(&name.as_str()) && name != ENDS_AT_CHARGER {
            let known = format!("one of {}, {ENDS_AT_CHARGER}", COLUMNS.join(", "));
            return Err(InputError::new(format!("`{name}`"), known).key("map").into());
        }
    }
    let find = |name: &str| match source.map.get(name) {
        Some(mapped) => file.require(&[mapped]).map(Some),
        None => Ok(file.find(&[name])),
    };
    let Some(time) = find("request_time")? else {
        let missing = file.lacks("request_time");
        return Err(missing.help("where it has another name, map it: request_time = \"<column>\"").into());
    };
    let fleet = match &source.fleet_column {
        Some(name) => Some(file.require(&[name])?),
        None => find("fleet")?,
    };
    let optional = |name: &str| find(name);
    let (duration, distance) = (optional("duration_s")?, optional("distance_km")?);
    let (passengers, fare) = (optional("passengers")?, optional("fare")?);
    let (vehicle, plugged) = (optional("vehicle")?, optional(ENDS_AT_CHARGER)?);
    let socs = [optional("soc_start")?, optional("soc_end")?];
    let ends = ["origin", "destination"].map(|end| {
        let zone = find(&format!("{end}_zone"))?;
        let lat = find(&format!("{end}_lat"))?;
        let lon = find(&format!("{end}_lon"))?;
        Ok::<_, gridfleet_core::error::Error>((zone, lat.zip(lon)))
    });
    let [from, to] = ends;
    let (from, to) = (from?, to?);
    for (end, columns) in [("origin", from), ("destination", to)] {
        if columns == (None, None) {
            let missing = file.lacks(&format!("{end}_zone"));
            let help = format!("give `{end}_zone`, or `{end}_lat` and `{end}_lon`; map names that differ");
            return Err(missing.help(help).into());
        }
    }
    if let Some(text) = file.metadata(ZONES_KEY) {
        let inner = TableFile::from_bytes(file.path().with_extension("zones"), text.as_bytes().to_vec())?;
        builder.add_zones(&Zones::from_table(&inner)?);
    }

    let columns =
        [Some(time), fleet, duration, distance, passengers, fare, vehicle, plugged, socs[0], socs[1]];
    let mut wanted: Vec<usize> = columns.into_iter().flatten().collect();
    for (zone, point) in [from, to] {
        wanted.extend(zone);
        wanted.extend(point.into_iter().flat_map(|(lat, lon)| [lat, lon]));
    }
    let table = file.read(&wanted)?;
    if table.rows() == 0 {
        return Err(InputError::new("no rows", "one trip per row").file(file.path()).into());
    }
    builder.read_rows(table.rows());
    let ragged = builder.reject_ragged(&table)?;
    let numbers = |column: Option<usize>| column.map(|c| table.numbers(c).map(|n| (c, n))).transpose();
    let times = table.times(time)?;
    let (duration, distance) = (numbers(duration)?, numbers(distance)?);
    let (passengers, fare) = (numbers(passengers)?, numbers(fare)?);
    let (soc_start, soc_end) = (numbers(socs[0])?, numbers(socs[1])?);
    let fleets = Coded::load(&table, fleet, |name| builder.fleet(name))?;
    let vehicles = Coded::load(&table, vehicle, |name| builder.vehicle(name))?;
    let plugged = plugged.map(|c| table.names(c).map(|n| (c, n))).transpose()?;
    let from = End::load(&table, file, from, builder)?;
    let to = End::load(&table, file, to, builder)?;

    for (property, absent, what) in [
        ("duration_s", duration.is_none(), "travel model"),
        ("distance_km", distance.is_none(), "travel model"),
        ("fare", fare.is_none(), "the fleet's tariff"),
        ("passengers", passengers.is_none(), "not recorded"),
        ("fleet", fleets.column.is_none(), "the scenario's shares"),
    ] {
        if absent {
            builder.derive(property, what);
        }
    }
    if times.iter().any(|t| matches!(t, RawTime::Wall(_))) {
        builder.derive("offset of request_time", &format!("wall-clock time of {}", source.timezone));
    }

    let wrong_numbers = WrongNumbers::find(
        table.rows(),
        &[
            (&duration, ranges::TRIP_DURATION, "absurd duration"),
            (&distance, ranges::TRIP_DISTANCE, "absurd distance"),
            (&fare, ranges::FARE, "fare out of range"),
            (&passengers, ranges::PASSENGERS, "absurd number of passengers"),
            (&soc_start, ranges::SHARE, "state of charge out of range"),
            (&soc_end, ranges::SHARE, "state of charge out of range"),
        ],
    );
    builder.reserve(table.rows());
    let mut clock = WallClock::new(source.timezone);
    let mut vehicle_times: FxHashSet<(u32, i64)> = FxHashSet::default();
    let value =
        |numbers: &Option<(usize, Numbers)>, row| numbers.as_ref().map_or(f64::NAN, |(_, n)| n.get(row));
    for row in 0..table.rows() {
        if !ragged.is_empty() && ragged.binary_search(&row).is_ok() {
            continue;
        }
        let request_time = match times.get(row).copied().unwrap_or(RawTime::Missing) {
            RawTime::Utc(t) => gridfleet_core::time::SimTime(t),
            RawTime::Wall(wall) => match clock.read(wall) {
                Local::One(t) => t,
                Local::Twice(t, _) => {
                    builder.repair("hour doubled in autumn read as the earlier one");
                    t
                }
                Local::Skipped(t) => {
                    builder.repair("hour skipped in spring read by the uncorrected clock");
                    t
                }
            },
            RawTime::Missing | RawTime::Bad => {
                let expected = "a time such as 2018-03-05T17:30:00-05:00";
                builder.reject("unreadable time", || table.error(time, row, expected))?;
                continue;
            }
        };
        let (origin, destination) = match (from.place(row, builder), to.place(row, builder)) {
            (Ok(origin), Ok(destination)) => (origin, destination),
            (Err(wrong), _) | (_, Err(wrong)) => {
                builder.reject(wrong.reason, || table.error(wrong.column, row, wrong.expected))?;
                continue;
            }
        };
        let mut wrong = wrong_numbers.of(row);
        let ends_at_charger = match flag(plugged.as_ref(), row) {
            Ok(flag) => flag,
            Err(column) => {
                wrong = wrong.or_else(|| Some((column, "unreadable flag", "true or false".to_owned())));
                false
            }
        };
        if let Some((column, reason, expected)) = wrong {
            builder.reject(reason, || table.error(column, row, expected))?;
            continue;
        }
        let vehicle_code = vehicles.get(row);
        if vehicle_code != Trace::NONE && !vehicle_times.insert((vehicle_code, request_time.0)) {
            let expected = "a vehicle that sets out once at a time";
            let column = vehicle.unwrap_or(time);
            builder.reject("duplicate", || table.error(column, row, expected))?;
            continue;
        }
        builder.push(Trip {
            request_time,
            origin,
            destination,
            duration_s: value(&duration, row),
            distance_km: value(&distance, row),
            fare: value(&fare, row),
            passengers: value(&passengers, row) as u8, // checked above; NaN becomes 0: unknown
            fleet: fleets.get(row),
            vehicle: vehicle_code,
            soc_start: value(&soc_start, row),
            soc_end: value(&soc_end, row),
            ends_at_charger,
        });
    }
    Ok(())
}

/// Column, reason and expectation.
type Wrong = (usize, &'static str, String);

/// A column with its number, the range of its values, and the reason for rejecting others.
type Check<'a> = (&'a Option<(usize, Numbers)>, Range, &'static str);

/// Rows with an invalid number: found column by column, which is fast, and stored by row.
struct WrongNumbers {
    by_row: std::collections::BTreeMap<usize, Wrong>,
}

impl WrongNumbers {
    /// Looks for values outside their range, and for filled cells that are not numbers.
    fn find(rows: usize, checks: &[Check<'_>]) -> Self {
        let mut by_row = std::collections::BTreeMap::new();
        for (numbers, range, reason) in checks {
            let Some((column, numbers)) = numbers else { continue };
            for (row, value) in numbers.values.iter().enumerate().take(rows) {
                // NaN means absent.
                if !value.is_nan() && !range.holds(*value) {
                    by_row.entry(row).or_insert_with(|| (*column, *reason, range.expected()));
                }
            }
            for &row in &numbers.bad {
                by_row.entry(row).or_insert_with(|| (*column, "unreadable number", range.expected()));
            }
        }
        Self { by_row }
    }

    fn of(&self, row: usize) -> Option<Wrong> {
        if self.by_row.is_empty() { None } else { self.by_row.get(&row).cloned() }
    }
}

/// A flag of a row; absent means no. The error is the column.
fn flag(column: Option<&(usize, Names)>, row: usize) -> Result<bool, usize> {
    let Some((column, names)) = column else { return Ok(false) };
    let name = names.codes.get(row).and_then(|&code| names.names.get(code as usize));
    match name.map_or("false", String::as_str) {
        "true" | "True" | "TRUE" | "1" | "yes" | "1.0" => Ok(true),
        "false" | "False" | "FALSE" | "0" | "no" | "0.0" => Ok(false),
        _ => Err(*column),
    }
}

/// A column of names, by the numbers assigned by the builder.
pub(super) struct Coded {
    pub(super) column: Option<usize>,
    codes: Vec<u32>,
    numbers: Vec<u32>,
}

impl Coded {
    pub(super) fn load(
        table: &Table,
        column: Option<usize>,
        number: impl FnMut(&str) -> u32,
    ) -> Result<Self> {
        let Some(at) = column else { return Ok(Self { column, codes: Vec::new(), numbers: Vec::new() }) };
        let names = table.names(at)?;
        let numbers = names.names.iter().map(String::as_str).map(number).collect();
        Ok(Self { column, codes: names.codes, numbers })
    }

    /// The builder's number for a row, or `Trace::NONE` if the cell is empty.
    pub(super) fn get(&self, row: usize) -> u32 {
        let code = self.codes.get(row).copied().unwrap_or(Trace::NONE);
        self.numbers.get(code as usize).copied().unwrap_or(Trace::NONE)
    }
}

/// Reason why the place of a row cannot be used.
struct WrongPlace {
    reason: &'static str,
    column: usize,
    expected: &'static str,
}

impl End {
    fn load(
        table: &Table,
        file: &TableFile,
        (zone, point): (Option<usize>, Option<(usize, usize)>),
        builder: &TraceBuilder,
    ) -> Result<Self> {
        let zone = match zone {
            Some(column) => {
                let names = table.names(column)?;
                let places = names.names.iter().map(|name| builder.zone(name)).collect();
                if point.is_none() && !builder.has_zones() && !names.names.is_empty() {
                    return Err(InputError::new("zones by name", "places of the zones")
                        .file(file.path())
                        .key(file.names().get(column).map_or("", String::as_str))
                        .help("give the zones: a shapefile or a CSV with zone_id, lat, lon, area_km2")
                        .into());
                }
                Some((column, names, places))
            }
            None => None,
        };
        let point = match point {
            Some((lat, lon)) => Some(([lat, lon], [table.numbers(lat)?, table.numbers(lon)?])),
            None => None,
        };
        Ok(Self { zone, point })
    }

    fn place(&self, row: usize, builder: &mut TraceBuilder) -> Result<PlaceId, WrongPlace> {
        let point = self.point.as_ref().map(|(columns, [lat, lon])| (*columns, lat.get(row), lon.get(row)));
        let located = |lat: f64, lon: f64| {
            ranges::LATITUDE.holds(lat) && ranges::LONGITUDE.holds(lon) && (lat != 0.0 || lon != 0.0)
        };
        if let Some((column, names, places)) = &self.zone {
            let code = names.codes.get(row).copied().unwrap_or(Trace::NONE) as usize;
            if let Some(place) = places.get(code) {
                return match (place, point, names.names.get(code)) {
                    (Some(place), ..) => Ok(*place),
                    (None, Some((_, lat, lon)), Some(name)) if located(lat, lon) => {
                        Ok(builder.zone_at(name, lat, lon))
                    }
                    _ => Err(WrongPlace {
                        reason: "unknown zone",
                        column: *column,
                        expected: "a zone that is known",
                    }),
                };
            }
            if point.is_none() {
                return Err(WrongPlace { reason: "no zone", column: *column, expected: "a zone's id" });
            }
        }
        match point {
            Some((_, lat, lon)) if located(lat, lon) => Ok(builder.point(lat, lon)),
            Some(([column, other], lat, _)) => Err(WrongPlace {
                reason: "no such coordinates",
                column: if ranges::LATITUDE.holds(lat) { other } else { column },
                expected: "latitude (-90 to 90) and longitude (-180 to 180) in degrees",
            }),
            // Each end has a zone or a point; otherwise the file was rejected.
            None => Err(WrongPlace { reason: "no zone", column: 0, expected: "a zone's id" }),
        }
    }
}
