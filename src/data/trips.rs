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

use super::builder::{TraceBuilder, Trip, Wrong};
use super::presets::{Into, Preset};
use super::source::TripSource;
use super::table::{Names, Numbers, Table, TableFile};
use super::times::{RawTime, WallClock};
use super::trace::Trace;
use super::units::{self, Quantity};
use super::write::ZONES_KEY;
use super::zones::Zones;
use gridfleet_core::error::{Error, InputError, Result};
use gridfleet_core::ids::PlaceId;
use gridfleet_core::ranges::{self, Range};
use gridfleet_core::time::{Local, SimTime};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

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

/// Maximum mean speed [km/h]: above that of any road. Assumed.
const MOST_KMH: f64 = 250.0;
/// Maximum plausible median distance of a fleet [km]. Assumed.
const MOST_MEDIAN_KM: f64 = 500.0;

/// Columns of one end of the trips: the zone, and latitude and longitude.
type EndColumns = (Option<usize>, Option<(usize, usize)>);

/// Columns of a file of trips.
struct Columns {
    /// First column of the time.
    time: usize,
    /// All columns of the time.
    times: Vec<usize>,
    fleet: Option<usize>,
    duration: Option<usize>,
    distance: Option<usize>,
    passengers: Option<usize>,
    fare: Option<usize>,
    vehicle: Option<usize>,
    plugged: Option<usize>,
    /// State of charge at the start and at the end.
    socs: [Option<usize>; 2],
    /// Origin and destination.
    ends: [EndColumns; 2],
}

impl Columns {
    fn find(file: &TableFile, source: &TripSource) -> Result<Self> {
        for name in source.map.keys() {
            if !COLUMNS.contains(&name.as_str()) && name != ENDS_AT_CHARGER {
                let known = format!("one of {}, {ENDS_AT_CHARGER}", COLUMNS.join(", "));
                return Err(InputError::new(format!("`{name}`"), known).key("map").into());
            }
        }
        let find = |name: &str| match source.map.get(name) {
            Some(mapped) => Ok(Some(mapped_column(file, mapped)?.0[0])),
            None => Ok::<_, Error>(file.find(&[name])),
        };
        let Some(time) = find("request_time")? else {
            let missing = file.lacks("request_time");
            return Err(missing
                .help("where it has another name, map it: request_time = \"<column>\"")
                .into());
        };
        let times = match source.map.get("request_time") {
            Some(mapped) => mapped_column(file, mapped)?.0,
            None => vec![time],
        };
        let fleet = match &source.fleet_column {
            Some(name) => Some(file.require(&[name])?),
            None => find("fleet")?,
        };
        let end = |end: &str| {
            let zone = find(&format!("{end}_zone"))?;
            let lat = find(&format!("{end}_lat"))?;
            let lon = find(&format!("{end}_lon"))?;
            Ok::<EndColumns, Error>((zone, lat.zip(lon)))
        };
        let columns = Self {
            time,
            times,
            fleet,
            duration: find("duration_s")?,
            distance: find("distance_km")?,
            passengers: find("passengers")?,
            fare: find("fare")?,
            vehicle: find("vehicle")?,
            plugged: find(ENDS_AT_CHARGER)?,
            socs: [find("soc_start")?, find("soc_end")?],
            ends: [end("origin")?, end("destination")?],
        };
        for (end, columns) in ["origin", "destination"].into_iter().zip(columns.ends) {
            if columns == (None, None) {
                let missing = file.lacks(&format!("{end}_zone"));
                let help =
                    format!("give `{end}_zone`, or `{end}_lat` and `{end}_lon`; map names that differ");
                return Err(missing.help(help).into());
            }
        }
        Ok(columns)
    }

    /// All columns that are there.
    fn all(&self) -> Vec<usize> {
        let [start, end] = self.socs;
        let single = [
            Some(self.time),
            self.fleet,
            self.duration,
            self.distance,
            self.passengers,
            self.fare,
            self.vehicle,
            self.plugged,
            start,
            end,
        ];
        let mut all: Vec<usize> = single.into_iter().flatten().collect();
        all.extend(&self.times);
        for (zone, point) in self.ends {
            all.extend(zone);
            all.extend(point.into_iter().flat_map(|(lat, lon)| [lat, lon]));
        }
        all
    }
}

/// A column of numbers, if the file has it.
type Column = Option<(usize, Numbers)>;

/// Values of the columns.
struct Values {
    /// First column of the time.
    time: usize,
    times: Vec<RawTime>,
    duration: Column,
    distance: Column,
    passengers: Column,
    fare: Column,
    soc_start: Column,
    soc_end: Column,
    fleets: Coded,
    vehicles: Coded,
    plugged: Option<(usize, Names)>,
    origin: End,
    destination: End,
    wrong: WrongNumbers,
    /// Decisions of the reader about columns.
    decisions: BTreeMap<String, String>,
}

impl Values {
    fn load(
        table: &Table,
        file: &TableFile,
        columns: &Columns,
        source: &TripSource,
        builder: &mut TraceBuilder,
    ) -> Result<Self> {
        let mut times = table.joined_times(&columns.times)?;
        if let Some(date) = source.epoch {
            move_from_1970(&mut times, date);
            builder.assume("epoch", date.to_string());
        }
        let mut optional = Optional { table, source, builder };
        let duration = optional.numbers("duration_s", columns.duration, Some(Quantity::Duration))?;
        let distance = optional.numbers("distance_km", columns.distance, Some(Quantity::Distance))?;
        let passengers = optional.numbers("passengers", columns.passengers, None)?;
        let fare = optional.numbers("fare", columns.fare, None)?;
        let soc_start = optional.numbers("soc_start", columns.socs[0], None)?;
        let soc_end = optional.numbers("soc_end", columns.socs[1], None)?;
        let fleets = Coded::load(table, columns.fleet, |name| builder.fleet(name))?;
        let vehicles = Coded::load(table, columns.vehicle, |name| builder.vehicle(name))?;
        let plugged = columns.plugged.map(|c| table.names(c).map(|n| (c, n))).transpose()?;
        let [origin, destination] = columns.ends;
        let origin = End::load(table, file, origin, builder)?;
        let destination = End::load(table, file, destination, builder)?;
        let wrong = WrongNumbers::find(
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
        Ok(Self {
            time: columns.time,
            times,
            duration,
            distance,
            passengers,
            fare,
            soc_start,
            soc_end,
            fleets,
            vehicles,
            plugged,
            origin,
            destination,
            wrong,
            decisions: table.decisions(),
        })
    }

    /// Reports properties that the file lacks, and assumptions about the others.
    fn report(&self, file: &TableFile, source: &TripSource, builder: &mut TraceBuilder) {
        for (property, absent, what) in [
            ("duration_s", self.duration.is_none(), "travel model"),
            ("distance_km", self.distance.is_none(), "travel model"),
            ("fare", self.fare.is_none(), "the fleet's tariff"),
            ("passengers", self.passengers.is_none(), "not recorded"),
            ("fleet", self.fleets.column.is_none(), "the scenario's shares"),
        ] {
            if absent {
                builder.derive(property, what);
            }
        }
        if self.times.iter().any(|t| matches!(t, RawTime::Wall(_))) {
            builder.derive("offset of request_time", &format!("wall-clock time of {}", source.timezone));
        }
        for note in file.notes() {
            builder.assume("file", note);
        }
        for (column, decision) in &self.decisions {
            builder.assume(column, decision.clone());
        }
        for (name, column) in &source.map {
            builder.assume(name, format!("column `{column}`"));
        }
        warn_of_magnitudes(&self.distance, &self.duration, builder);
    }

    /// The trip of a row; that its vehicle sets out once at a time is left to the caller.
    fn trip(&self, row: usize, clock: &mut TripClock, builder: &mut TraceBuilder) -> Result<Trip, Wrong> {
        let written = self.times.get(row).copied().unwrap_or(RawTime::Missing);
        let request_time = match written {
            RawTime::Utc(t) => SimTime(t),
            RawTime::Wall(wall) => clock.instant(wall, builder),
            RawTime::Missing | RawTime::Bad => {
                let expected = "a time such as 2018-03-05T17:30:00-05:00";
                return Err(Wrong::new(self.time, "unreadable time", expected));
            }
        };
        // Both ends are looked up, so that points are numbered alike for rows that are left out.
        let (origin, destination) = (self.origin.place(row, builder), self.destination.place(row, builder));
        let (origin, destination) = (origin?, destination?);
        if let RawTime::Wall(wall) = written {
            clock.saw(wall, request_time.0);
        }
        let value = |numbers: &Column| numbers.as_ref().map_or(f64::NAN, |(_, n)| n.get(row));
        let (distance_km, duration_s) = (value(&self.distance), value(&self.duration));
        if let Some(wrong) = self.wrong.of(row) {
            return Err(wrong);
        }
        if distance_km > 1.0 && duration_s > 0.0 && distance_km > MOST_KMH * duration_s / 3_600.0 {
            let column = self.distance.as_ref().map_or(self.time, |(column, _)| *column);
            let expected = "a distance that a car can drive in the trip's time";
            return Err(Wrong::new(column, "speed above 250 km/h", expected));
        }
        let ends_at_charger = flag(self.plugged.as_ref(), row)
            .map_err(|column| Wrong::new(column, "unreadable flag", "true or false"))?;
        Ok(Trip {
            request_time,
            origin,
            destination,
            duration_s,
            distance_km,
            fare: value(&self.fare),
            passengers: value(&self.passengers) as u8, // checked above; NaN becomes 0: unknown
            fleet: self.fleets.get(row),
            vehicle: self.vehicles.get(row),
            soc_start: value(&self.soc_start),
            soc_end: value(&self.soc_end),
            ends_at_charger,
        })
    }
}

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
    if !source.map.contains_key("request_time")
        && file.find(&["request_time"]).is_none()
        && let Some(preset) = Preset::of(file)?.filter(|preset| preset.into == Into::Trips)
    {
        return read_preset(file, &preset, source, builder);
    }
    let columns = Columns::find(file, source)?;
    if let Some(text) = file.metadata(ZONES_KEY) {
        let inner = TableFile::from_bytes(file.path().with_extension("zones"), text.as_bytes().to_vec())?;
        builder.add_zones(&Zones::from_table(&inner)?);
    }
    let rows = builder.rows(file, &columns.all(), source.reading.date_order)?;
    let values = Values::load(&rows.table, file, &columns, source, builder)?;
    values.report(file, source, builder);
    let mut clock = TripClock::new(source.timezone, &values.times);
    let mut departures: FxHashSet<(u32, i64)> = FxHashSet::default();
    builder.add(&rows, |row, builder| {
        let trip = values.trip(row, &mut clock, builder)?;
        if trip.vehicle != Trace::NONE && !departures.insert((trip.vehicle, trip.request_time.0)) {
            let column = columns.vehicle.unwrap_or(columns.time);
            return Err(Wrong::new(column, "duplicate", "a vehicle that sets out once at a time"));
        }
        Ok(trip)
    })
}

/// Reads one file of a published kind into `builder`.
///
/// # Errors
/// As [`read`].
pub fn read_preset(
    file: &TableFile,
    preset: &Preset,
    source: &TripSource,
    builder: &mut TraceBuilder,
) -> Result<()> {
    let mut source = source.clone();
    let mut map = preset.map_for(file);
    map.append(&mut source.map);
    source.map = map;
    if let Some(timezone) = preset.timezone() {
        source.timezone = timezone;
    }
    builder.assume("kind", format!("{}: {}", preset.name, preset.about));
    if let Some(order) = preset.date_order() {
        source.reading.date_order = source.reading.date_order.or(Some(order));
    }
    read(file, &source, builder)
}

/// Columns that a map names: a column, `COLUMN:UNIT`, or several columns of one time, `DATE+TIME`.
///
/// # Errors
/// If a column is missing.
fn mapped_column<'a>(file: &TableFile, mapped: &'a str) -> Result<(Vec<usize>, Option<&'a str>)> {
    if let Some(column) = file.find(&[mapped]) {
        return Ok((vec![column], None));
    }
    if let Some((name, unit)) = mapped.rsplit_once(':')
        && let Some(column) = file.find(&[name])
    {
        return Ok((vec![column], Some(unit)));
    }
    if mapped.contains('+') {
        let columns = mapped.split('+').map(|name| file.require(&[name.trim()])).collect::<Result<_>>()?;
        return Ok((columns, None));
    }
    Ok((vec![file.require(&[mapped])?], None))
}

/// Moves times of 1970, of which simulators write seconds from midnight or days from the first, to those from `date` on,
/// by the wall clock.
fn move_from_1970(times: &mut [RawTime], date: chrono::NaiveDate) {
    let start_s = date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
    for time in times {
        if let RawTime::Utc(s) | RawTime::Wall(s) = *time
            && (0..366 * gridfleet_core::time::DAY_S).contains(&s)
        {
            *time = RawTime::wall(start_s + s);
        }
    }
}

/// Reads columns that a trip can do without.
struct Optional<'a> {
    table: &'a Table,
    source: &'a TripSource,
    builder: &'a mut TraceBuilder,
}

impl Optional<'_> {
    /// A column of numbers in the unit of the canonical column `name`. One that was found by its name and cannot be
    /// read is left out with a warning.
    fn numbers(&mut self, name: &str, column: Option<usize>, quantity: Option<Quantity>) -> Result<Column> {
        let Some(column) = column else { return Ok(None) };
        let mapped = self.source.map.get(name);
        let header = self.table.name(column);
        let mut numbers = match self.table.numbers(column) {
            Ok(numbers) => numbers,
            Err(error) if mapped.is_some() => return Err(error),
            Err(error) => {
                self.builder.warn(format!("column `{header}` is left out, for it cannot be read: {error}"));
                return Ok(None);
            }
        };
        let filled = numbers.values.iter().filter(|v| !v.is_nan()).count() + numbers.bad.len();
        if mapped.is_none() && filled > 20 && numbers.bad.len() * 2 > filled {
            let (bad, row) = (numbers.bad.len(), numbers.bad[0]);
            self.builder.warn(format!(
                "column `{header}` is left out, for {bad} of {filled} cells are no numbers, such as `{}` in line {}",
                self.table.cell(column, row),
                self.table.line(row)
            ));
            return Ok(None);
        }
        if mapped.is_none() && self.builder.skips() {
            // A column that was found by its name costs no row.
            for _ in numbers.bad.drain(..) {
                self.builder.repair(unreadable(name));
            }
        }
        let Some(quantity) = quantity else { return Ok(Some((column, numbers))) };
        let stated =
            mapped.and_then(|mapped| mapped.rsplit_once(':')).filter(|(before, _)| *before == header);
        let unit = match stated {
            Some((_, unit)) => Some(unit.to_owned()),
            // A canonical name states its unit.
            None if header.eq_ignore_ascii_case(name) => None,
            None => units::of_header(quantity, header),
        };
        if let Some(unit) = unit {
            let Some(factor) = units::factor(quantity, &unit) else {
                let expected =
                    if quantity == Quantity::Distance { "km, m, mi or ft" } else { "s, ms, min or h" };
                return Err(InputError::new(format!("the unit `{unit}`"), expected).key(name).into());
            };
            if factor != 1.0 {
                numbers.values.iter_mut().for_each(|value| *value *= factor);
            }
            self.builder.assume(&format!("unit of `{header}`"), unit);
        }
        Ok(Some((column, numbers)))
    }
}

/// The repair of a cell that cannot be read.
fn unreadable(name: &str) -> &'static str {
    match name {
        "duration_s" => "unreadable duration treated as missing",
        "distance_km" => "unreadable distance treated as missing",
        "fare" => "unreadable fare treated as missing",
        "passengers" => "unreadable number of passengers treated as missing",
        _ => "unreadable state of charge treated as missing",
    }
}

/// Warns of medians that no fleet has, and names the likely unit.
fn warn_of_magnitudes(distance: &Column, duration: &Column, builder: &mut TraceBuilder) {
    let median = |numbers: &Column| {
        let mut values: Vec<f64> = numbers
            .iter()
            .flat_map(|(_, n)| &n.values)
            .copied()
            .filter(|v| !v.is_nan() && *v > 0.0)
            .collect();
        let middle = values.len() / 2;
        (!values.is_empty()).then(|| *values.select_nth_unstable_by(middle, f64::total_cmp).1)
    };
    let (km, s) = (median(distance), median(duration));
    if let Some(km) = km.filter(|km| *km > MOST_MEDIAN_KM) {
        builder.warn(format!("median distance of {km:.0} km: are the distances in metres? State it, for example --map distance_km=COLUMN:m"));
    }
    if let Some(s) = s.filter(|s| *s < 60.0) {
        builder.warn(format!("median duration of {s:.1} s: are the durations in minutes? State it, for example --map duration_s=COLUMN:min"));
    }
    if let Some(s) = s.filter(|s| *s > 86_400.0) {
        builder.warn(format!("median duration of {s:.0} s: are the durations in milliseconds? State it, for example --map duration_s=COLUMN:ms"));
    }
}

/// Wall clock of trips. Where rows ascend, the hour that comes twice in autumn is resolved by their order.
struct TripClock {
    clock: WallClock,
    in_order: bool,
    second_pass: bool,
    last: Option<i64>,
    last_wall: i64,
}

impl TripClock {
    fn new(tz: chrono_tz::Tz, times: &[RawTime]) -> Self {
        let walls = times.iter().filter_map(|t| if let RawTime::Wall(s) = t { Some(*s) } else { None });
        let mut clock = WallClock::new(tz);
        // Rows in order step back on the clock once, in the hour that comes twice.
        let (mut last, mut back) = (i64::MIN, Vec::new());
        for wall in walls {
            if wall < last {
                back.push((wall, last));
            }
            last = wall;
        }
        let in_order = matches!(back[..], [(wall, last)] if last - wall <= 3_600
            && matches!(clock.read(wall), Local::Twice(..)) && matches!(clock.read(last), Local::Twice(..)));
        Self { clock, in_order, second_pass: false, last: None, last_wall: i64::MIN }
    }

    /// The instant at which the clock shows `wall_s`; repairs are counted.
    fn instant(&mut self, wall_s: i64, builder: &mut TraceBuilder) -> SimTime {
        match self.clock.read(wall_s) {
            Local::One(t) => t,
            Local::Twice(summer, winter) => {
                if !self.in_order {
                    builder.repair("hour doubled in autumn read as the earlier one");
                    return summer;
                }
                if self.last.is_some_and(|last| last >= summer.0 && wall_s < self.last_wall) {
                    self.second_pass = true;
                }
                builder.repair("hour doubled in autumn distinguished by the order of the rows");
                if self.second_pass { winter } else { summer }
            }
            Local::Skipped(t) => {
                builder.repair("hour skipped in spring read by the uncorrected clock");
                t
            }
        }
    }

    fn saw(&mut self, wall_s: i64, instant_s: i64) {
        (self.last, self.last_wall) = (Some(instant_s), wall_s);
    }
}

/// A column with its number, the range of its values, and the reason for rejecting others.
type Check<'a> = (&'a Column, Range, &'static str);

/// Rows with an invalid number: found column by column, which is fast, and stored by row.
struct WrongNumbers {
    by_row: BTreeMap<usize, Wrong>,
}

impl WrongNumbers {
    /// Looks for values outside their range, and for filled cells that are not numbers.
    fn find(rows: usize, checks: &[Check<'_>]) -> Self {
        let mut by_row = BTreeMap::new();
        for (numbers, range, reason) in checks {
            let Some((column, numbers)) = numbers else { continue };
            for (row, value) in numbers.values.iter().enumerate().take(rows) {
                // NaN means absent.
                if !value.is_nan() && !range.holds(*value) {
                    by_row.entry(row).or_insert_with(|| Wrong::new(*column, reason, range.expected()));
                }
            }
            for &row in &numbers.bad {
                by_row
                    .entry(row)
                    .or_insert_with(|| Wrong::new(*column, "unreadable number", range.expected()));
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
        "true" | "True" | "TRUE" | "1" | "yes" | "Yes" | "YES" | "Y" | "y" | "1.0" => Ok(true),
        "false" | "False" | "FALSE" | "0" | "no" | "No" | "NO" | "N" | "n" | "0.0" => Ok(false),
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

    fn place(&self, row: usize, builder: &mut TraceBuilder) -> Result<PlaceId, Wrong> {
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
                    _ => Err(Wrong::new(*column, "unknown zone", "a zone that is known")),
                };
            }
            if point.is_none() {
                return Err(Wrong::new(*column, "no zone", "a zone's id"));
            }
        }
        match point {
            Some((_, lat, lon)) if located(lat, lon) => Ok(builder.point(lat, lon)),
            Some(([column, other], lat, _)) => {
                let column = if ranges::LATITUDE.holds(lat) { other } else { column };
                let expected = "latitude (-90 to 90) and longitude (-180 to 180) in degrees";
                Err(Wrong::new(column, "no such coordinates", expected))
            }
            // Each end has a zone or a point; otherwise the file was rejected.
            None => Err(Wrong::new(0, "no zone", "a zone's id")),
        }
    }
}
