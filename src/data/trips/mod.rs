//! The canonical table of trips: any CSV or Parquet file with its columns, under their canonical names or,
//! with a column map, under others ([`TRIPS`](super::dictionary::TRIPS)).
//!
//! Rows may be in any order. Files written by gridfleet include their zones (see [`super::write`]).

mod checks;
mod clock;
mod columns;
mod ends;
mod names;
mod numbers;
mod values;

use super::builder::{TraceBuilder, Wrong};
use super::porto;
use super::presets::{Into, Preset};
use super::source::TripSource;
use super::table::TableFile;
use super::trace::Trace;
use super::write::ZONES_KEY;
use super::zones::Zones;
use clock::{Spread, TripClock};
use columns::Columns;
use gridfleet_core::error::Result;
pub(super) use names::Coded;
use rustc_hash::FxHashSet;
use values::Values;

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
    let mut spread = Spread::new(source, builder);
    let mut departures: FxHashSet<(u32, i64)> = FxHashSet::default();
    builder.add(&rows, |row, builder| {
        let mut trip = values.trip(row, &mut clock, builder)?;
        spread.move_within(&mut trip.request_time);
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
    if preset.name == "porto" {
        return porto::read(file, &source, builder);
    }
    source.rounded_to_s = preset.rounded_to_s;
    if let Some(order) = preset.date_order() {
        source.reading.date_order = source.reading.date_order.or(Some(order));
    }
    read(file, &source, builder)
}
