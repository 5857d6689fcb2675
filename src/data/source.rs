//! Where the trips of a scenario come from and what is done to them on the way in.

use chrono::NaiveDate;
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Format of a file of trips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TripFormat {
    /// The canonical table (CSV or Parquet), or any table with a column map.
    Trips,
    /// New York taxi records as the Taxi and Limousine Commission publishes them, any generation.
    Tlc,
    /// Car2Go snapshots of parked cars.
    Car2go,
}

/// What to do with a row that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnBadRow {
    /// Stop with an error that names it.
    Fail,
    /// Leave it out, and count and report it by reason.
    #[default]
    Skip,
}

/// A source of trips and how to read it.
#[derive(Debug, Clone, PartialEq)]
pub struct TripSource {
    /// Format of all files.
    pub format: TripFormat,
    /// The files, read in this order and merged by time.
    pub files: Vec<PathBuf>,
    /// Zones: the official shapefile (`.shp` with its `.dbf`) or a CSV of centroids; needed where
    /// the files name zones.
    pub zones: Option<PathBuf>,
    /// Zone of wall-clock times without offset.
    pub timezone: Tz,
    /// What to do with bad rows.
    pub on_bad_row: OnBadRow,
    /// Canonical column to the file's column, for format `trips`.
    pub map: BTreeMap<String, String>,
    /// Move all trips into the week that starts on this Monday, keeping weekday and time of day.
    pub fold_week: Option<NaiveDate>,
    /// Share of trips kept (below 1) or number of times each is used (above 1).
    pub scale: f64,
    /// Most seconds by which a copy of a trip is moved, either way, where `scale` is above 1.
    pub jitter_s: i64,
    /// Column of the file that names the fleet.
    pub fleet_column: Option<String>,
}

impl TripSource {
    /// A source that is read as it is.
    pub fn new(format: TripFormat, files: Vec<PathBuf>) -> Self {
        Self {
            format,
            files,
            zones: None,
            timezone: chrono_tz::UTC,
            on_bad_row: OnBadRow::Skip,
            map: BTreeMap::new(),
            fold_week: None,
            scale: 1.0,
            jitter_s: 900,
            fleet_column: None,
        }
    }

    /// Whether both read the same trips; how many of them are then drawn is another matter.
    pub fn reads_like(&self, other: &Self) -> bool {
        let Self { scale, jitter_s, .. } = *self;
        *self == Self { scale, jitter_s, ..other.clone() }
    }
}
