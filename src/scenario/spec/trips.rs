//! `[trips]`: the trips that riders request.

use gridfleet_data::{OnBadRow, TripFormat};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The trips: their files, and their processing when read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TripsSpec {
    /// Format of the files.
    #[serde(default = "trips_format")]
    pub format: TripFormat,
    /// The files, which are joined and sorted by time.
    #[schemars(length(min = 1))]
    pub files: Vec<PathBuf>,
    /// Zones named in the files: the official shapefile (`.shp` beside its `.dbf`) or a CSV of centroids.
    pub zones: Option<PathBuf>,
    /// Time zone of times without offset; by default that of `[time]`.
    pub timezone: Option<String>,
    /// Handling of rows that cannot be used.
    #[serde(default)]
    pub on_bad_row: OnBadRow,
    /// Below 1, the share of trips kept; above 1, the number of times each trip is used, shifted by up to `jitter_s`.
    #[serde(default = "unit")]
    #[schemars(range(max = 10000.0), extend("exclusiveMinimum" = 0.0))]
    pub scale: f64,
    /// Maximum shift of a copy of a trip, earlier or later [s].
    #[serde(default = "jitter_s")]
    #[schemars(range(min = 0, max = 86400))]
    pub jitter_s: i64,
    /// Move all trips into the week that starts on this Monday, keeping weekday and time of day.
    pub fold_week: Option<String>,
    /// Column of the files that names the fleet of a trip. Give this or `fleet_shares`.
    pub fleet_column: Option<String>,
    /// Name of a fleet in the files = its name in this scenario, if the two differ.
    #[serde(default)]
    pub fleet_names: BTreeMap<String, String>,
    /// Share of trips for each fleet, drawn at random; the shares sum to 1.
    #[serde(default)]
    pub fleet_shares: BTreeMap<String, f64>,
    /// For format `trips`: canonical column = column of the files.
    #[serde(default)]
    pub map: BTreeMap<String, String>,
}

impl Default for TripsSpec {
    /// No trips.
    fn default() -> Self {
        Self {
            format: trips_format(),
            files: Vec::new(),
            zones: None,
            timezone: None,
            on_bad_row: OnBadRow::default(),
            scale: unit(),
            jitter_s: jitter_s(),
            fold_week: None,
            fleet_column: None,
            fleet_names: BTreeMap::new(),
            fleet_shares: BTreeMap::new(),
            map: BTreeMap::new(),
        }
    }
}

fn unit() -> f64 {
    1.0
}
fn trips_format() -> TripFormat {
    TripFormat::Trips
}
fn jitter_s() -> i64 {
    900
}
