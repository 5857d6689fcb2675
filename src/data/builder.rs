//! Builds a trace trip by trip and records the rows left out, with the reasons.

use super::columns::Interner;
use super::source::OnBadRow;
use super::table::{Table, TableFile};
use super::times::DateOrder;
use super::trace::{ImportReport, Trace};
use super::zones::Zones;
use gridfleet_core::error::{InputError, Result};
use gridfleet_core::ids::PlaceId;
use gridfleet_core::time::SimTime;
use rustc_hash::FxHashMap;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// One trip as found by an importer; see [`Trace`] for meanings and units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trip {
    /// Time of the request.
    pub request_time: SimTime,
    /// Origin.
    pub origin: PlaceId,
    /// Destination.
    pub destination: PlaceId,
    /// Driving time [s] or NaN.
    pub duration_s: f64,
    /// Distance [km] or NaN.
    pub distance_km: f64,
    /// Fare [currency of the source] or NaN.
    pub fare: f64,
    /// Riders or 0.
    pub passengers: u8,
    /// Fleet or `Trace::NONE`.
    pub fleet: u32,
    /// Vehicle or `Trace::NONE`.
    pub vehicle: u32,
    /// State of charge at the start, 0..1, or NaN.
    pub soc_start: f64,
    /// State of charge at the end, 0..1, or NaN.
    pub soc_end: f64,
    /// Whether the vehicle was plugged in at the end.
    pub ends_at_charger: bool,
}

/// Reason why a row is no trip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Column of the wrong cell.
    pub column: usize,
    /// Reason, by which such rows are counted.
    pub reason: &'static str,
    /// Description of what was expected.
    pub expected: Cow<'static, str>,
}

impl Wrong {
    /// A cell of `column` that is wrong for `reason`.
    pub fn new(column: usize, reason: &'static str, expected: impl Into<Cow<'static, str>>) -> Self {
        Self { column, reason, expected: expected.into() }
    }
}

/// Rows of a file of trips.
#[derive(Debug)]
pub struct TripRows {
    /// The table; it has a row.
    pub table: Table,
    /// Rows whose number of cells is wrong, ascending.
    ragged: Vec<usize>,
}

/// Collects trips from one or several files into a [`Trace`].
#[derive(Debug)]
pub struct TraceBuilder {
    trace: Trace,
    zones: FxHashMap<String, PlaceId>,
    points: FxHashMap<[u64; 2], PlaceId>,
    fleets: Interner,
    vehicles: Interner,
    on_bad_row: OnBadRow,
    skipped: BTreeMap<&'static str, u64>,
    repaired: BTreeMap<&'static str, u64>,
}

impl TraceBuilder {
    /// An empty trace. `on_bad_row` decides whether a bad row ends the import or is counted.
    pub fn new(on_bad_row: OnBadRow) -> Self {
        Self {
            trace: Trace::default(),
            zones: FxHashMap::default(),
            points: FxHashMap::default(),
            fleets: Interner::default(),
            vehicles: Interner::default(),
            on_bad_row,
            skipped: BTreeMap::new(),
            repaired: BTreeMap::new(),
        }
    }

    /// Adds the zones as places, except those already known.
    pub fn add_zones(&mut self, zones: &Zones) {
        for i in 0..zones.len() {
            if !self.zones.contains_key(&zones.id[i]) {
                let place =
                    self.trace.places.add_zone(&zones.id[i], zones.lat[i], zones.lon[i], zones.area_km2[i]);
                self.zones.insert(zones.id[i].clone(), place);
            }
        }
    }

    /// Whether any zone is known.
    pub fn has_zones(&self) -> bool {
        !self.zones.is_empty()
    }

    /// Place of a zone, if known.
    pub fn zone(&self, id: &str) -> Option<PlaceId> {
        self.zones.get(id).copied()
    }

    /// Place of a zone that the file locates; a place already known is kept.
    pub fn zone_at(&mut self, id: &str, lat: f64, lon: f64) -> PlaceId {
        if let Some(&place) = self.zones.get(id) {
            return place;
        }
        let place = self.trace.places.add_zone(id, lat, lon, 0.0);
        self.zones.insert(id.to_string(), place);
        place
    }

    /// Place of a point, the same for equal coordinates.
    pub fn point(&mut self, lat: f64, lon: f64) -> PlaceId {
        let places = &mut self.trace.places;
        *self.points.entry([lat.to_bits(), lon.to_bits()]).or_insert_with(|| places.add_point(lat, lon))
    }

    /// Number of a fleet.
    pub fn fleet(&mut self, name: &str) -> u32 {
        self.fleets.code(name)
    }

    /// Number of a vehicle.
    pub fn vehicle(&mut self, name: &str) -> u32 {
        self.vehicles.code(name)
    }

    /// Whether bad rows are skipped.
    pub fn skips(&self) -> bool {
        self.on_bad_row == OnBadRow::Skip
    }

    /// Reads these columns of a file of trips and counts its rows.
    ///
    /// # Errors
    /// If the file cannot be read or has no rows, or a row has a wrong number of cells and is not to be skipped.
    pub fn rows(
        &mut self,
        file: &TableFile,
        columns: &[usize],
        date_order: Option<DateOrder>,
    ) -> Result<TripRows> {
        let mut table = file.read(columns)?;
        if let Some(order) = date_order {
            table.set_date_order(order);
        }
        if table.rows() == 0 {
            return Err(InputError::new("no rows", "one trip per row").file(file.path()).into());
        }
        self.trace.report.rows_read += table.rows() as u64;
        let ragged = self.reject_ragged(&table)?;
        Ok(TripRows { table, ragged })
    }

    /// Adds the trip that `trip` reads from each row, and rejects the rows that are none.
    ///
    /// # Errors
    /// If a row is wrong and bad rows are not to be skipped.
    pub fn add(
        &mut self,
        rows: &TripRows,
        mut trip: impl FnMut(usize, &mut Self) -> Result<Trip, Wrong>,
    ) -> Result<()> {
        let TripRows { table, ragged } = rows;
        self.reserve(table.rows());
        for row in 0..table.rows() {
            if !ragged.is_empty() && ragged.binary_search(&row).is_ok() {
                continue;
            }
            match trip(row, self) {
                Ok(trip) => self.push(trip),
                Err(wrong) => {
                    self.reject(wrong.reason, || table.error(wrong.column, row, wrong.expected))?;
                }
            }
        }
        Ok(())
    }

    /// Reserves memory for this many more trips.
    fn reserve(&mut self, rows: usize) {
        let t = &mut self.trace;
        t.request_time.reserve(rows);
        t.origin.reserve(rows);
        t.destination.reserve(rows);
        for column in [&mut t.duration_s, &mut t.distance_km, &mut t.fare, &mut t.soc_start, &mut t.soc_end] {
            column.reserve(rows);
        }
        t.passengers.reserve(rows);
        t.fleet.reserve(rows);
        t.vehicle.reserve(rows);
        t.ends_at_charger.reserve(rows);
    }

    /// Counts an unusable row under `reason`, or ends the import.
    ///
    /// # Errors
    /// Returns `error` if bad rows are not to be skipped.
    pub fn reject(&mut self, reason: &'static str, error: impl FnOnce() -> InputError) -> Result<()> {
        match self.on_bad_row {
            OnBadRow::Skip => {
                let count = self.skipped.entry(reason).or_default();
                *count += 1;
                // Finding the line of a row takes a pass over the file.
                if *count == 1 {
                    let error = error();
                    // The name only: the summary of a run does not depend on the folder that it was called from.
                    let name = error.file.as_ref().and_then(|file| file.file_name()).map(PathBuf::from);
                    let error = name.into_iter().fold(error, InputError::file);
                    self.trace.report.examples.insert(reason.to_string(), error.to_string());
                }
                Ok(())
            }
            OnBadRow::Fail => Err(error()
                .help(format!("{reason}; on_bad_row = \"skip\" leaves such rows out and counts them"))
                .into()),
        }
    }

    /// Rejects the rows whose number of cells differs from the header's; returns their numbers, ascending.
    ///
    /// # Errors
    /// If there is such a row and bad rows are not to be skipped.
    fn reject_ragged(&mut self, table: &Table) -> Result<Vec<usize>> {
        for &(row, cells) in table.ragged() {
            self.reject("wrong number of cells", || {
                InputError::new(format!("{cells} cells"), format!("{} as in the header", table.width()))
                    .file(table.path())
                    .line(table.line(row))
            })?;
        }
        Ok(table.ragged().iter().map(|&(row, _)| row).collect())
    }

    /// Counts a repair.
    pub fn repair(&mut self, what: &'static str) {
        *self.repaired.entry(what).or_default() += 1;
    }

    /// Records the substitute for a property that the source lacks.
    pub fn derive(&mut self, property: &str, what: &str) {
        self.trace.report.derived.insert(property.to_string(), what.to_string());
    }

    /// Records an assumption about the files.
    pub fn assume(&mut self, subject: &str, assumption: impl Into<String>) {
        self.trace.report.assumed.insert(subject.to_string(), assumption.into());
    }

    /// Records a finding that makes the result doubtful.
    pub fn warn(&mut self, warning: impl Into<String>) {
        self.trace.report.warnings.push(warning.into());
    }

    /// Adds a trip.
    pub fn push(&mut self, trip: Trip) {
        let t = &mut self.trace;
        t.request_time.push(trip.request_time);
        t.origin.push(trip.origin);
        t.destination.push(trip.destination);
        t.duration_s.push(trip.duration_s);
        t.distance_km.push(trip.distance_km);
        t.fare.push(trip.fare);
        t.passengers.push(trip.passengers);
        t.fleet.push(trip.fleet);
        t.vehicle.push(trip.vehicle);
        t.soc_start.push(trip.soc_start);
        t.soc_end.push(trip.soc_end);
        t.ends_at_charger.push(trip.ends_at_charger);
    }

    /// Number of trips so far.
    pub fn len(&self) -> usize {
        self.trace.len()
    }

    /// Whether there are no trips so far.
    pub fn is_empty(&self) -> bool {
        self.trace.is_empty()
    }

    /// The trace in order of time; trips of the same second keep the order of the files.
    pub fn finish(mut self) -> Trace {
        self.trace.fleet_names = self.fleets.names;
        self.trace.vehicle_names = self.vehicles.names;
        self.trace.report.rows_kept = self.trace.len() as u64;
        count(&mut self.trace.report.skipped, self.skipped);
        count(&mut self.trace.report.repaired, self.repaired);
        sort(&mut self.trace);
        self.trace
    }
}

fn count(into: &mut BTreeMap<String, u64>, from: BTreeMap<&'static str, u64>) {
    for (reason, n) in from {
        *into.entry(reason.to_string()).or_default() += n;
    }
}

/// Summary of the rows that did not become trips, for messages: `3 unknown zone, 1 duplicate`.
pub fn reasons(report: &ImportReport) -> String {
    report.skipped.iter().map(|(reason, n)| format!("{n} {reason}")).collect::<Vec<_>>().join(", ")
}

/// Sorts by time, keeping the order of equal times, and numbers fleets and vehicles in the order in which
/// they then appear.
pub(super) fn sort(trace: &mut Trace) {
    if !trace.request_time.is_sorted() {
        let mut order: Vec<u32> = (0..trace.len() as u32).collect();
        order.sort_by_key(|&row| trace.request_time[row as usize]);
        gather(trace, &order);
    }
    renumber(&mut trace.fleet, &mut trace.fleet_names);
    renumber(&mut trace.vehicle, &mut trace.vehicle_names);
}

/// Keeps the trips at these positions, in this order; a position may occur several times.
pub(super) fn gather(trace: &mut Trace, order: &[u32]) {
    fn pick<T: Copy>(column: &mut Vec<T>, order: &[u32]) {
        *column = order.iter().map(|&row| column[row as usize]).collect();
    }
    pick(&mut trace.request_time, order);
    pick(&mut trace.origin, order);
    pick(&mut trace.destination, order);
    pick(&mut trace.duration_s, order);
    pick(&mut trace.distance_km, order);
    pick(&mut trace.fare, order);
    pick(&mut trace.passengers, order);
    pick(&mut trace.fleet, order);
    pick(&mut trace.vehicle, order);
    pick(&mut trace.soc_start, order);
    pick(&mut trace.soc_end, order);
    pick(&mut trace.ends_at_charger, order);
}

/// Numbers names by first appearance and drops those that no longer appear.
fn renumber(codes: &mut [u32], names: &mut Vec<String>) {
    let mut new = vec![Trace::NONE; names.len()];
    let mut kept = Vec::new();
    for code in codes {
        if let Some(slot) = new.get_mut(*code as usize) {
            if *slot == Trace::NONE {
                *slot = kept.len() as u32;
                kept.push(std::mem::take(&mut names[*code as usize]));
            }
            *code = *slot;
        }
    }
    *names = kept;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trips_are_sorted_and_names_follow() {
        let mut builder = TraceBuilder::new(OnBadRow::Skip);
        for (time, fleet, fare) in [(20, "b", 1.0), (10, "a", 2.0), (20, "c", 3.0), (10, "a", 4.0)] {
            let origin = builder.point(1.0, 2.0);
            let fleet = builder.fleet(fleet);
            builder.push(Trip {
                request_time: SimTime(time),
                origin,
                destination: origin,
                duration_s: 1.0,
                distance_km: 1.0,
                fare,
                passengers: 0,
                fleet,
                vehicle: Trace::NONE,
                soc_start: f64::NAN,
                soc_end: f64::NAN,
                ends_at_charger: false,
            });
        }
        let trace = builder.finish();
        assert_eq!(trace.fare, [2.0, 4.0, 1.0, 3.0]);
        assert_eq!(
            (&trace.fleet[..], &trace.fleet_names[..]),
            (&[0, 0, 1, 2][..], &["a".into(), "b".into(), "c".into()][..])
        );
        assert_eq!(trace.places.len(), 1);
    }
}
