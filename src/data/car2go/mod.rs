//! Car2Go: trips of a free-floating car-sharing fleet from snapshots of its parked cars, or from trips
//! derived from such snapshots earlier.
//!
//! The raw feed has one row per parked car every five minutes: `name`, `vin`, `latitude`, `longitude`,
//! `interior`, `exterior`, `address`, `fuel` (state of charge in %), `engineType`, `charging`, `timestamp`
//! (epoch seconds, or ISO or local time). Rented cars are missing. Files are CSV or Parquet with the same
//! column names; other columns are ignored.
//!
//! In some published files longitude and latitude are swapped. A position that is nearer to Stuttgart with
//! its coordinates swapped is corrected and counted as repaired.

mod rows;
mod snapshots;
mod trips;

pub use trips::{JUMP_PERCENT, RANGE_KM, SERVICE_TRIP_S};

use super::source::OnBadRow;
use super::trace::{ImportReport, Trace};
use chrono_tz::Tz;
use gridfleet_core::error::{InputError, Result};
use gridfleet_core::ranges::{LATITUDE, LONGITUDE};
use rows::Layout;
use rustc_hash::FxHashMap;
use snapshots::Snapshots;
use std::path::PathBuf;

/// Stuttgart, main station [degrees north, degrees east]: reference for detecting swapped coordinates.
const STUTTGART: (f64, f64) = (48.78, 9.18);

/// Positions are rounded to four decimals, about ten metres.
const DEGREE: f64 = 10_000.0;

/// A place where cars were seen charging.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChargingPlace {
    /// Degrees north, rounded to four decimals.
    pub lat: f64,
    /// Degrees east, rounded to four decimals.
    pub lon: f64,
    /// Number of rows of cars charging there.
    pub sightings: u64,
    /// Maximum number of cars charging there at the same time: the place has at least this many connectors.
    pub cars_at_once: u32,
}

/// Reads snapshots, or trips derived from them, into a trace bound to vehicles.
///
/// `tz` is the time zone of times without offset. In the report, `rows_read` counts rows of the files and
/// `rows_kept` counts trips.
///
/// # Errors
/// If a file cannot be read or lacks a column, if there is no usable row, or at the first bad row if
/// `on_bad_row` says so. A duplicate row is skipped and counted, but does not count as bad.
pub fn read(files: &[PathBuf], tz: Tz, on_bad_row: OnBadRow) -> Result<Trace> {
    let derived =
        files.iter().map(|file| Ok(rows::layout(file)? == Layout::Trips)).collect::<Result<Vec<_>>>()?;
    if derived.iter().all(|&derived| derived) && !files.is_empty() {
        return trips::from_trip_files(files, tz, on_bad_row);
    }
    if let (Some(file), true) = (files.first(), derived.contains(&true)) {
        return Err(InputError::new("snapshots and derived trips together", "files of one kind")
            .file(file)
            .into());
    }
    trips::from_snapshots(Snapshots::read(files, tz, on_bad_row)?)
}

/// Places where cars were seen charging, in order of latitude and longitude: the stations of a feed that
/// lists none.
///
/// # Errors
/// As [`read`].
pub fn charging_places(files: &[PathBuf], tz: Tz, on_bad_row: OnBadRow) -> Result<Vec<ChargingPlace>> {
    Ok(Snapshots::read(files, tz, on_bad_row)?.charging_places())
}

/// Names by number, in order of first appearance.
#[derive(Debug, Default)]
struct Names {
    number: FxHashMap<String, u32>,
    names: Vec<String>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.number.get(name) {
            return number;
        }
        let number = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.number.insert(name.to_owned(), number);
        number
    }
}

/// Treatment of bad rows, and their count.
struct Bad {
    on_bad_row: OnBadRow,
    report: ImportReport,
}

impl Bad {
    fn new(on_bad_row: OnBadRow) -> Self {
        Self { on_bad_row, report: ImportReport::default() }
    }

    /// Counts a skipped row, or stops with `error`.
    fn row(&mut self, reason: &str, error: impl FnOnce() -> InputError) -> Result<()> {
        if self.on_bad_row == OnBadRow::Fail {
            return Err(error().into());
        }
        self.skip(reason);
        Ok(())
    }

    fn skip(&mut self, reason: &str) {
        match self.report.skipped.get_mut(reason) {
            Some(count) => *count += 1,
            None => drop(self.report.skipped.insert(reason.to_owned(), 1)),
        }
    }

    fn repaired(&mut self, what: &str, count: u64) {
        if count > 0 {
            *self.report.repaired.entry(what.to_owned()).or_insert(0) += count;
        }
    }
}

/// Latitude and longitude in units of 1e-4 degrees, with swapped coordinates corrected, and whether they were
/// swapped. `None` if neither order is on the globe.
fn position(lat: f64, lon: f64) -> Option<(i32, i32, bool)> {
    let off = |lat: f64, lon: f64| {
        let on_globe = LATITUDE.holds(lat) && LONGITUDE.holds(lon) && !(lat == 0.0 && lon == 0.0);
        // A flat map is accurate enough to compare the two distances.
        if on_globe { (lat - STUTTGART.0).powi(2) + (lon - STUTTGART.1).powi(2) } else { f64::INFINITY }
    };
    let (as_is, exchanged) = (off(lat, lon), off(lon, lat));
    if as_is.is_infinite() && exchanged.is_infinite() || !lat.is_finite() || !lon.is_finite() {
        return None;
    }
    let turned = exchanged < as_is;
    let (lat, lon) = if turned { (lon, lat) } else { (lat, lon) };
    Some(((lat * DEGREE).round() as i32, (lon * DEGREE).round() as i32, turned))
}

/// Rounds times to the nearest five minutes [s].
fn five_minutes(t: i64) -> i64 {
    (t + 150).div_euclid(300) * 300
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exchanged_positions_are_turned_round() {
        assert_eq!(position(9.0015, 48.6678), Some((486_678, 90_015, true)));
        assert_eq!(position(48.6678, 9.0015), Some((486_678, 90_015, false)));
        // Other cities of the service are unchanged: Berlin, Madrid, Seattle, San Diego.
        for (lat, lon) in [(52.52, 13.4), (40.42, -3.7), (47.6, -122.3), (32.7, -117.2)] {
            assert!(!position(lat, lon).unwrap().2, "{lat} {lon}");
        }
        assert_eq!(position(f64::NAN, 9.0), None);
        assert_eq!(position(0.0, 0.0), None);
        assert_eq!(position(1e9, 9.0), None);
    }

    #[test]
    fn times_are_rounded_to_five_minutes() {
        assert_eq!(five_minutes(1_480_550_401), 1_480_550_400);
        assert_eq!(five_minutes(149), 0);
        assert_eq!(five_minutes(150), 300);
        assert_eq!(five_minutes(-150), 0);
    }
}
