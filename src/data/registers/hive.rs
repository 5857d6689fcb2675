//! Stations of HIVE, the fleet simulator of NREL: numbers of chargers by kind, whose power is in another file of its
//! scenarios. The power is that of the level, as the report states; other energy than electricity is left out.

use super::super::table::TableFile;
use super::levels::{FAST_KW, LEVEL_1_KW, LEVEL_2_KW};
use super::{Register, place, station};
use gridfleet_core::error::Result;
use gridfleet_core::ranges;

/// Adds the stations of a file.
///
/// # Errors
/// If it cannot be read or lacks a column.
pub(super) fn add(file: &TableFile, register: &mut Register) -> Result<()> {
    let table = file.read_all()?;
    let lines = table.lines();
    let place = place(file, &table, ["lat", "lon"])?;
    let [id, kind, count] =
        [file.require(&["station_id"])?, file.require(&["charger_id"])?, file.require(&["charger_count"])?];
    let counts = table.numbers(count)?;
    register.report.rows_read += table.rows() as u64;
    for (row, &line) in lines.iter().enumerate() {
        let name = table.cell(kind, row);
        let (kw, dc) = match name.to_ascii_uppercase().replace([' ', '-'], "_").as_str() {
            "DCFC" => (FAST_KW, true),
            "LEVEL_2" => (LEVEL_2_KW, false),
            "LEVEL_1" => (LEVEL_1_KW, false),
            _ => {
                register.skip("unknown kind of charger", &table, kind, row);
                continue;
            }
        };
        let Some(location) = place.of(row) else {
            register.skip("no such coordinates", &table, place.columns[0], row);
            continue;
        };
        let connectors = counts.get(row);
        if !ranges::CONNECTORS.holds(connectors) || connectors.fract() != 0.0 {
            register.skip("no number of connectors", &table, count, row);
            continue;
        }
        register.report.derived.insert(format!("power of {name}"), format!("{kw} kW"));
        let id = table.cell(id, row);
        register.push(station(line, &format!("{id}-{name}"), location, &id, connectors as u32, kw, dc));
    }
    Ok(())
}
