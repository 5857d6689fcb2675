//! A trace of trips: what every importer makes and every scenario starts from.

use gridfleet_core::geo::Places;
use gridfleet_core::ids::PlaceId;
use gridfleet_core::time::SimTime;
use std::collections::BTreeMap;

/// Trips sorted by request time, one flat column per property. What the source
/// does not tell is `NaN` (numbers), [`NONE`](Trace::NONE) (names) and derived later.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// When the ride was asked for; never decreases.
    pub request_time: Vec<SimTime>,
    /// From, in `places`.
    pub origin: Vec<PlaceId>,
    /// To, in `places`.
    pub destination: Vec<PlaceId>,
    /// Driving time with the rider [s] or NaN.
    pub duration_s: Vec<f64>,
    /// Distance with the rider [km] or NaN.
    pub distance_km: Vec<f64>,
    /// What the rider paid [currency of the source] or NaN.
    pub fare: Vec<f64>,
    /// Riders, or 0 where not told.
    pub passengers: Vec<u8>,
    /// Position in `fleet_names`, or `NONE`.
    pub fleet: Vec<u32>,
    /// Position in `vehicle_names`, or `NONE`: the trip is bound to this vehicle (replay).
    pub vehicle: Vec<u32>,
    /// State of charge at the start, 0..1, or NaN.
    pub soc_start: Vec<f64>,
    /// State of charge at the end, 0..1, or NaN.
    pub soc_end: Vec<f64>,
    /// The vehicle was plugged in where the trip ended.
    pub ends_at_charger: Vec<bool>,
    /// Fleets named by the source, in order of first appearance.
    pub fleet_names: Vec<String>,
    /// Vehicles named by the source, in order of first appearance.
    pub vehicle_names: Vec<String>,
    /// Zones (first, where the trace has zones) and points of all trips.
    pub places: Places,
    /// What happened on the way in.
    pub report: ImportReport,
}

/// What an importer read, dropped, repaired and derived.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ImportReport {
    /// Rows in the files.
    pub rows_read: u64,
    /// Rows that became trips (before sampling).
    pub rows_kept: u64,
    /// Rows that did not, by reason, for example `unknown zone`.
    pub skipped: BTreeMap<String, u64>,
    /// Rows or files that were mended, by what was done.
    pub repaired: BTreeMap<String, u64>,
    /// Properties that the source lacks, and what takes their place.
    pub derived: BTreeMap<String, String>,
}

impl Trace {
    /// Stands for a fleet or vehicle that the source does not name.
    pub const NONE: u32 = u32::MAX;

    /// Number of trips.
    pub fn len(&self) -> usize {
        self.request_time.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.request_time.is_empty()
    }
}
