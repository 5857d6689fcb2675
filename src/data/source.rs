//! Source of the trips of a scenario, and their processing on import.

use super::dialect::Reading;
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
    /// New York taxi records as published by the Taxi and Limousine Commission, any generation.
    Tlc,
    /// Car2Go snapshots of parked cars.
    Car2go,
}

/// Treatment of a row that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnBadRow {
    /// Stop with an error that identifies the row.
    Fail,
    /// Skip the row; count and report it by reason.
    #[default]
    Skip,
}

/// A source of trips and how to read it.
#[derive(Debug, Clone, PartialEq)]
pub struct TripSource {
    /// Format of all files.
    pub format: TripFormat,
    /// Files, read in this order and merged by time.
    pub files: Vec<PathBuf>,
    /// Zones: the official shapefile (`.shp` with its `.dbf`) or a CSV of centroids; required if the files
    /// refer to zones.
    pub zones: Option<PathBuf>,
    /// Time zone of wall-clock times without offset.
    pub timezone: Tz,
    /// Treatment of bad rows.
    pub on_bad_row: OnBadRow,
    /// Map from canonical columns to the columns of the file, for format `trips`. `COLUMN:UNIT` states the unit of a
    /// distance or duration, `DATE+TIME` joins two columns to one time.
    pub map: BTreeMap<String, String>,
    /// Move all trips into the week that starts on this Monday, keeping weekday and time of day.
    pub fold_week: Option<NaiveDate>,
    /// Share of trips kept (below 1) or number of times each trip is used (above 1).
    pub scale: f64,
    /// Maximum shift of the copy of a trip in either direction [s], if `scale` is above 1.
    pub jitter_s: i64,
    /// Column of the file with the fleet.
    pub fleet_column: Option<String>,
    /// Date of times that count seconds of a day, or have dates of 1970, for format `trips`.
    pub epoch: Option<NaiveDate>,
    /// Interval to whose nearest multiple the files round times [s]: requests are spread over it at random.
    pub rounded_to_s: Option<i64>,
    /// Seed of that spread.
    pub seed: u64,
    /// Statements of the user about the tables.
    pub reading: Reading,
}

impl TripSource {
    /// A source that is read unchanged.
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
            epoch: None,
            rounded_to_s: None,
            seed: 1,
            reading: Reading::default(),
        }
    }

    /// Whether both sources read the same trips, regardless of how many are then drawn.
    pub fn reads_like(&self, other: &Self) -> bool {
        let Self { scale, jitter_s, .. } = *self;
        *self == Self { scale, jitter_s, ..other.clone() }
    }
}
