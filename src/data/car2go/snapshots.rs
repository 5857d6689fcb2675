//! Snapshots of parked cars: reading, repair and sorting by car and time.

use super::rows::{Cell, Clock, SNAPSHOT, scan};
use super::{Bad, ChargingPlace, DEGREE, Names, five_minutes, position};
use crate::source::OnBadRow;
use chrono_tz::Tz;
use gridfleet_core::error::{InputError, Result};
use std::path::{Path, PathBuf};

/// Maximum distance of a car from the middle of the feed [degrees]; positions further away are rejected.
/// Assumed: about 100 km, more than the service area of any city.
const FAR: f64 = 1.0;

/// A car seen parked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sighting {
    pub car: u32,
    /// Epoch seconds, rounded to five minutes.
    pub time: i64,
    /// Degrees north x 10,000.
    pub lat: i32,
    /// Degrees east x 10,000.
    pub lon: i32,
    /// State of charge [%].
    pub percent: f32,
    pub charging: bool,
    /// Position in the files, for messages.
    file: u16,
    line: u32,
}

/// All sightings by car and time, with at most one per car and time.
pub struct Snapshots {
    pub sightings: Vec<Sighting>,
    pub cars: Vec<String>,
    pub bad: Bad,
}

impl Snapshots {
    /// Reads all files.
    pub fn read(files: &[PathBuf], tz: Tz, on_bad_row: OnBadRow) -> Result<Self> {
        let mut bad = Bad::new(on_bad_row);
        let mut names = Names::default();
        let mut sightings: Vec<Sighting> = Vec::new();
        let mut exchanged = 0;
        let mut clock = Clock::new(tz);
        for (number, file) in files.iter().enumerate() {
            scan(file, &SNAPSHOT, |line, cells, whole| {
                bad.report.rows_read += 1;
                if !whole {
                    return bad.row("cut off or with cells too many", || {
                        InputError::new("another number of cells than in the header", "a whole row")
                            .file(file)
                            .line(line)
                    });
                }
                match sighting(cells, &mut clock) {
                    Ok(None) => bad.skip("not electric"),
                    Ok(Some((name, mut sighting, turned))) => {
                        exchanged += u64::from(turned);
                        sighting.car = names.number(name);
                        sighting.file = u16::try_from(number).unwrap_or(u16::MAX);
                        sighting.line = u32::try_from(line).unwrap_or(u32::MAX);
                        sightings.push(sighting);
                    }
                    Err(wrong) => return bad.row(wrong.reason, || wrong.error(file, line, cells)),
                }
                Ok(())
            })?;
        }
        bad.repaired("latitude and longitude exchanged", exchanged);
        let mut snapshots = Self { sightings, cars: names.names, bad };
        snapshots.drop_far_ones(files)?;
        snapshots.sort();
        if snapshots.sightings.is_empty() {
            let counts: Vec<String> =
                snapshots.bad.report.skipped.iter().map(|(why, n)| format!("{n} {why}")).collect();
            let found = if counts.is_empty() {
                "no rows".to_owned()
            } else {
                format!("only bad rows: {}", counts.join(", "))
            };
            let error = InputError::new(found, "snapshots of parked cars");
            return Err(match files.first() {
                Some(file) => error.file(file).into(),
                None => error.into(),
            });
        }
        Ok(snapshots)
    }

    fn drop_far_ones(&mut self, files: &[PathBuf]) -> Result<()> {
        let middle = |value: fn(&Sighting) -> i32| {
            let mut values: Vec<i32> = self.sightings.iter().map(value).collect();
            let half = values.len() / 2;
            if values.is_empty() { 0 } else { *values.select_nth_unstable(half).1 }
        };
        let (lat, lon) = (middle(|s| s.lat), middle(|s| s.lon));
        let far = |s: &Sighting| f64::from((s.lat - lat).abs().max((s.lon - lon).abs())) > FAR * DEGREE;
        for sighting in self.sightings.iter().filter(|s| far(s)) {
            let file = files.get(usize::from(sighting.file)).map_or(Path::new(""), PathBuf::as_path);
            self.bad.row("position far from the city", || {
                let place =
                    |lat: i32, lon: i32| format!("{}, {}", f64::from(lat) / DEGREE, f64::from(lon) / DEGREE);
                let expected =
                    format!("a position within a degree of {}, the middle of the feed", place(lat, lon));
                InputError::new(place(sighting.lat, sighting.lon), expected)
                    .file(file)
                    .line(u64::from(sighting.line))
                    .key("latitude, longitude")
            })?;
        }
        self.sightings.retain(|s| !far(s));
        Ok(())
    }

    fn sort(&mut self) {
        self.sightings.sort_by_key(|s| (s.car, s.time));
        let before = self.sightings.len();
        self.sightings.dedup_by_key(|s| (s.car, s.time));
        for _ in self.sightings.len()..before {
            self.bad.skip("car twice in one snapshot");
        }
    }

    /// Places where cars were seen charging, by latitude and longitude.
    pub fn charging_places(&self) -> Vec<ChargingPlace> {
        let mut charging: Vec<(i32, i32, i64)> =
            self.sightings.iter().filter(|s| s.charging).map(|s| (s.lat, s.lon, s.time)).collect();
        charging.sort_unstable();
        charging
            .chunk_by(|a, b| (a.0, a.1) == (b.0, b.1))
            .filter_map(|place| {
                let &(lat, lon, _) = place.first()?;
                let at_once = place.chunk_by(|a, b| a.2 == b.2).map(<[_]>::len).max()?;
                Some(ChargingPlace {
                    lat: f64::from(lat) / DEGREE,
                    lon: f64::from(lon) / DEGREE,
                    sightings: place.len() as u64,
                    cars_at_once: at_once as u32,
                })
            })
            .collect()
    }
}

/// Reason why a row cannot be used.
#[derive(Debug, Clone, Copy)]
pub struct Wrong {
    /// Reason under which the row is counted.
    pub reason: &'static str,
    /// Cell concerned.
    pub cell: usize,
    column: &'static str,
    expected: &'static str,
}

impl Wrong {
    pub const fn new(
        cell: usize,
        column: &'static str,
        reason: &'static str,
        expected: &'static str,
    ) -> Self {
        Self { reason, cell, column, expected }
    }

    pub fn error(self, file: &Path, line: u64, cells: &[Cell<'_>]) -> InputError {
        let found = cells.get(self.cell).copied().unwrap_or(Cell::Missing).shown();
        InputError::new(found, self.expected).file(file).line(line).key(self.column)
    }
}

/// Car, sighting and whether its coordinates were swapped; `None` for a car without electric drive.
fn sighting<'a>(cells: &[Cell<'a>], clock: &mut Clock) -> Result<Option<(&'a str, Sighting, bool)>, Wrong> {
    let &[name, lat, lon, fuel, timestamp, charging, engine] = cells else {
        return Err(Wrong::new(0, "name", "cut off or with cells too many", "a whole row"));
    };
    // ED is the feed's name for the electric drive; CE cars run on petrol.
    if let Cell::Text(engine) = engine
        && !["ED", "electric"].iter().any(|name| engine.eq_ignore_ascii_case(name))
    {
        return Ok(None);
    }
    let Cell::Text(name) = name else {
        return Err(Wrong::new(0, "name", "no name", "the name of a car"));
    };
    let number = |cell: Cell<'_>, index, column| {
        cell.number().ok_or(Wrong::new(index, column, "unreadable position", "degrees"))
    };
    let (lat, lon) = (number(lat, 1, "latitude")?, number(lon, 2, "longitude")?);
    let (lat, lon, turned) = position(lat, lon).ok_or(Wrong::new(
        1,
        "latitude",
        "position not on the globe",
        "degrees north between -90 and 90",
    ))?;
    let percent = percent(fuel, 3, "fuel")?;
    let time = clock.seconds(timestamp).ok_or(Wrong::new(
        4,
        "timestamp",
        "unreadable time",
        "epoch seconds, ISO 8601 or YYYY-MM-DD HH:MM:SS, between 2000 and 2100",
    ))?;
    let charging = charging.flag().ok_or(Wrong::new(5, "charging", "unreadable charging flag", "0 or 1"))?;
    let time = five_minutes(time);
    Ok(Some((name, Sighting { car: 0, time, lat, lon, percent, charging, file: 0, line: 0 }, turned)))
}

/// A state of charge [%].
pub fn percent(cell: Cell<'_>, index: usize, column: &'static str) -> Result<f32, Wrong> {
    let value =
        cell.number().ok_or(Wrong::new(index, column, "unreadable charge", "a state of charge in %"))?;
    if !(0.0..=100.0).contains(&value) {
        return Err(Wrong::new(
            index,
            column,
            "charge outside 0 to 100 %",
            "a state of charge between 0 and 100 %",
        ));
    }
    Ok(value as f32)
}
