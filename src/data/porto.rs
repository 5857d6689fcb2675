//! Taxis of Porto (ECML/PKDD 2015): a trip is a list of positions, `POLYLINE`, one every 15 s.
//!
//! Origin and destination are the first and the last position; duration and distance follow from the list. Rows of which
//! positions are missing (`MISSING_DATA`) are left out, and lists of fewer than two positions. Trips are bound to their taxis.

use super::builder::{TraceBuilder, Trip, Wrong};
use super::source::TripSource;
use super::table::TableFile;
use super::times::RawTime;
use super::trace::Trace;
use super::trips::Coded;
use gridfleet_core::error::Result;
use gridfleet_core::geo::great_circle_km;
use gridfleet_core::ranges;
use gridfleet_core::time::SimTime;
use rustc_hash::FxHashSet;

/// Time between two positions [s] (description of the data set).
const STEP_S: usize = 15;
/// Greatest mean speed [km/h]: above that of any road. Assumed.
const MOST_KMH: f64 = 250.0;

/// Reads one file into `builder`.
///
/// # Errors
/// If the file cannot be read, lacks a column, or has a bad row that is not to be skipped.
pub fn read(file: &TableFile, source: &TripSource, builder: &mut TraceBuilder) -> Result<()> {
    let [time, taxi, missing, line] = [
        file.require(&["TIMESTAMP"])?,
        file.require(&["TAXI_ID"])?,
        file.require(&["MISSING_DATA"])?,
        file.require(&["POLYLINE"])?,
    ];
    let rows = builder.rows(file, &[time, taxi, missing, line], source.reading.date_order)?;
    let times = rows.table.times(time)?;
    let taxis = Coded::load(&rows.table, Some(taxi), |name| builder.vehicle(name))?;
    builder.derive("duration_s, distance_km", "positions every 15 s, along great circles");
    builder.derive("fare", "the fleet's tariff");
    builder.derive("passengers", "not recorded");
    let mut departures: FxHashSet<(u32, i64)> = FxHashSet::default();
    builder.add(&rows, |row, builder| {
        if rows.table.cell(missing, row).eq_ignore_ascii_case("true") {
            return Err(Wrong::new(missing, "positions missing", "a trip with all positions"));
        }
        let RawTime::Utc(start_s) = times.get(row).copied().unwrap_or(RawTime::Missing) else {
            return Err(Wrong::new(time, "unreadable time", "seconds since 1970"));
        };
        let Some(points) = polyline(&rows.table.cell(line, row)) else {
            return Err(Wrong::new(line, "unreadable positions", "a list [[lon, lat], ..]"));
        };
        let [first, .., last] = points.as_slice() else {
            return Err(Wrong::new(line, "fewer than two positions", "a list [[lon, lat], ..]"));
        };
        let duration_s = ((points.len() - 1) * STEP_S) as f64;
        let distance_km: f64 = points.windows(2).map(|pair| km(pair[0], pair[1])).sum();
        if distance_km > 1.0 && distance_km > MOST_KMH * duration_s / 3_600.0 {
            return Err(Wrong::new(line, "speed above 250 km/h", "positions that a car can reach in 15 s"));
        }
        let vehicle = taxis.get(row);
        if vehicle != Trace::NONE && !departures.insert((vehicle, start_s)) {
            return Err(Wrong::new(taxi, "duplicate", "a taxi that sets out once at a time"));
        }
        Ok(Trip {
            request_time: SimTime(start_s),
            origin: builder.point(first[1], first[0]),
            destination: builder.point(last[1], last[0]),
            duration_s,
            distance_km,
            fare: f64::NAN,
            passengers: 0,
            fleet: Trace::NONE,
            vehicle,
            soc_start: f64::NAN,
            soc_end: f64::NAN,
            ends_at_charger: false,
        })
    })
}

/// Positions [degrees east, degrees north] of a list; `None` if it is none.
fn polyline(cell: &str) -> Option<Vec<[f64; 2]>> {
    let points: Vec<[f64; 2]> = serde_json::from_str(cell).ok()?;
    let real = |[lon, lat]: &[f64; 2]| ranges::LATITUDE.holds(*lat) && ranges::LONGITUDE.holds(*lon);
    points.iter().all(real).then_some(points)
}

/// Distance of two positions [km].
fn km(a: [f64; 2], b: [f64; 2]) -> f64 {
    let unit = |[lon, lat]: [f64; 2]| {
        let (lon, lat) = (lon.to_radians(), lat.to_radians());
        [lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()]
    };
    great_circle_km(unit(a).iter().zip(unit(b)).map(|(a, b)| (a - b) * (a - b)).sum())
}
