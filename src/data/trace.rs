//! Trace of trips: the result of every importer and the start of every scenario.

use gridfleet_core::geo::Places;
use gridfleet_core::ids::PlaceId;
use gridfleet_core::time::SimTime;
use std::collections::BTreeMap;

/// Trips sorted by request time, one flat column per property. Values missing from the source are `NaN`
/// (numbers) or [`NONE`](Trace::NONE) (names) and derived later.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// Time of the request; never decreases.
    pub request_time: Vec<SimTime>,
    /// Origin, in `places`.
    pub origin: Vec<PlaceId>,
    /// Destination, in `places`.
    pub destination: Vec<PlaceId>,
    /// Driving time with the rider [s] or NaN.
    pub duration_s: Vec<f64>,
    /// Distance with the rider [km] or NaN.
    pub distance_km: Vec<f64>,
    /// Fare paid by the rider [currency of the source] or NaN.
    pub fare: Vec<f64>,
    /// Number of riders, or 0 if unknown.
    pub passengers: Vec<u8>,
    /// Position in `fleet_names`, or `NONE`.
    pub fleet: Vec<u32>,
    /// Position in `vehicle_names`, or `NONE`: the trip is bound to this vehicle (replay).
    pub vehicle: Vec<u32>,
    /// State of charge at the start, 0..1, or NaN.
    pub soc_start: Vec<f64>,
    /// State of charge at the end, 0..1, or NaN.
    pub soc_end: Vec<f64>,
    /// Whether the vehicle was plugged in where the trip ended.
    pub ends_at_charger: Vec<bool>,
    /// Fleets named by the source, in order of first appearance.
    pub fleet_names: Vec<String>,
    /// Vehicles named by the source, in order of first appearance.
    pub vehicle_names: Vec<String>,
    /// Zones (first, if the trace has zones) and points of all trips.
    pub places: Places,
    /// Report of the import.
    pub report: ImportReport,
}

/// Rows that an importer read, dropped and repaired, and properties that it derived.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ImportReport {
    /// Number of rows in the files.
    pub rows_read: u64,
    /// Number of rows that became trips (before sampling).
    pub rows_kept: u64,
    /// Number of rows that did not, by reason, for example `unknown zone`.
    pub skipped: BTreeMap<String, u64>,
    /// Number of rows or files repaired, by type of repair.
    pub repaired: BTreeMap<String, u64>,
    /// Properties that the source lacks, with their substitutes.
    pub derived: BTreeMap<String, String>,
    /// Assumptions about the files: encoding, delimiter, decimal sign, order of dates, units, columns.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub assumed: BTreeMap<String, String>,
    /// The first row skipped for each reason.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub examples: BTreeMap<String, String>,
    /// Findings that make the result doubtful: implausible magnitudes, columns left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl ImportReport {
    /// Number of rows that could not be read, or have values far beyond any unit in use, as distinct from readable ones
    /// that cannot be true, such as duplicates and outliers.
    pub fn unreadable(&self) -> u64 {
        let counts = |reason: &&String| {
            ["unreadable", "wrong number of cells", "no zone", "no such coordinates", "absurd"]
                .iter()
                .any(|start| reason.starts_with(start))
        };
        self.skipped.iter().filter(|(reason, _)| counts(reason)).map(|(_, rows)| rows).sum()
    }
}

impl Trace {
    /// Marks a fleet or vehicle that the source does not name.
    pub const NONE: u32 = u32::MAX;

    /// Number of trips.
    pub fn len(&self) -> usize {
        self.request_time.len()
    }

    /// Whether there are no trips.
    pub fn is_empty(&self) -> bool {
        self.request_time.is_empty()
    }
}
