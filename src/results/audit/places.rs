//! Places: each label once, with its coordinates, and none missing.

use super::tables::{Code, MISSING, Texts, Written};
use super::{Auditor, Check};
use gridfleet_core::error::Result;
use gridfleet_core::records::dictionary::TableId;
use rustc_hash::FxHashSet;

const PLACES: &str = "Places: each is there once, and those of other tables are";

/// The columns with labels of places.
const COLUMNS: [(TableId, &str); 6] = [
    (TableId::Trips, "origin"),
    (TableId::Trips, "destination"),
    (TableId::Legs, "origin"),
    (TableId::Legs, "destination"),
    (TableId::Sites, "place"),
    (TableId::Vehicles, "initial_place"),
];

pub(super) fn check(auditor: &mut Auditor) -> Result<()> {
    if !auditor.has(&[TableId::Places], &[PLACES]) {
        return Ok(());
    }
    let table = Written::open(auditor.dir, TableId::Places)?;
    let mut texts = Texts::default();
    let (place, zone) = (table.texts("place", &mut texts)?, table.texts("zone", &mut texts)?);
    let (lat, lon) = (table.floats("lat")?, table.floats("lon")?);
    let mut check = Check::new(PLACES);
    let mut known: FxHashSet<Code> = FxHashSet::default();
    for row in 0..table.rows() {
        // A point is named by its coordinates, a zone by itself.
        let named = match zone[row] {
            MISSING => texts.text(place[row]) == format!("{:.5},{:.5}", lat[row], lon[row]),
            zone => zone == place[row],
        };
        let on_earth = lat[row].abs() <= 90.0 && lon[row].abs() <= 180.0;
        check.that(known.insert(place[row]) && named && on_earth, || {
            format!("{} at {}, {}", texts.text(place[row]), lat[row], lon[row])
        });
    }
    for (table, column) in COLUMNS.into_iter().filter(|(table, _)| auditor.facts.outputs.has(*table)) {
        let used = Written::open(auditor.dir, table)?.texts(column, &mut texts)?;
        let used: FxHashSet<Code> = used.into_iter().collect();
        let mut missing: Vec<&str> =
            used.iter().filter(|code| !known.contains(code)).map(|&code| texts.text(code)).collect();
        missing.sort_unstable();
        check.that(missing.is_empty(), || format!("{}, {column}: {}", table.table().file_name(), missing[0]));
    }
    auditor.checks.push(check);
    Ok(())
}
