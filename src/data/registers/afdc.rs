//! AFDC of the US Department of Energy: numbers of connectors by level and no power. The power is that of the level, as the
//! report states.

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
    let place = place(file, &table, ["Latitude", "Longitude"])?;
    let id = file.require(&["ID"])?;
    let fuel = file.require(&["Fuel Type Code"])?;
    let network = file.find(&["EV Network"]);
    let access = file.find(&["Access Code"]);
    let mut levels = Vec::new();
    for (name, kw, dc) in [
        ("EV Level1 EVSE Num", LEVEL_1_KW, false),
        ("EV Level2 EVSE Num", LEVEL_2_KW, false),
        ("EV DC Fast Count", FAST_KW, true),
    ] {
        if let Some(column) = file.find(&[name]) {
            levels.push((name, table.numbers(column)?, kw, dc));
            register.report.derived.insert(format!("power of {name}"), format!("{kw} kW"));
        }
    }
    register.report.rows_read += table.rows() as u64;
    for (row, &line) in lines.iter().enumerate() {
        if table.cell(fuel, row) != "ELEC" {
            register.skip("another fuel", &table, fuel, row);
            continue;
        }
        if access.is_some_and(|column| table.cell(column, row).eq_ignore_ascii_case("private")) {
            register.skip("private access", &table, access.unwrap_or(fuel), row);
            continue;
        }
        let Some(location) = place.of(row) else {
            register.skip("no such coordinates", &table, place.columns[0], row);
            continue;
        };
        let operator = network.map(|column| table.cell(column, row)).unwrap_or_default();
        let operator = if operator == "Non-Networked" { String::new() } else { operator };
        let equipped: Vec<_> = levels
            .iter()
            .filter(|(_, counts, ..)| {
                ranges::CONNECTORS.holds(counts.get(row)) && counts.get(row).fract() == 0.0
            })
            .collect();
        if equipped.is_empty() {
            register.skip("no number of connectors", &table, id, row);
        }
        for (name, counts, kw, dc) in &equipped {
            let id = match (equipped.len(), *name) {
                (1, _) => table.cell(id, row),
                (_, "EV Level1 EVSE Num") => format!("{}-level1", table.cell(id, row)),
                (_, "EV Level2 EVSE Num") => format!("{}-level2", table.cell(id, row)),
                _ => format!("{}-dc", table.cell(id, row)),
            };
            register.push(station(line, &id, location.clone(), &operator, counts.get(row) as u32, *kw, *dc));
        }
    }
    Ok(())
}
