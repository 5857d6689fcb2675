//! Registers in nested JSON: OpenChargeMap, and locations in OCPI (2.1 and 2.2). A station has one row per power and kind of
//! current.
//!
//! OCPI's own example of a location has latitude and longitude swapped, and so have files made after it. A location outside
//! the part of the world of its time zone, whose swapped coordinates are inside it, is corrected and counted.

use super::super::stations::{Location, MOST_AC_KW};
use super::super::table::{Table, TableFile};
use super::levels::{FAST_KW, LEVEL_1_KW, LEVEL_2_KW};
use super::{Register, place, station};
use gridfleet_core::error::Result;
use gridfleet_core::ranges;
use serde_json::Value;
use std::collections::BTreeMap;

/// Parts of the world by the first name of their time zones: degrees north and degrees east, from and to.
const PARTS: [(&str, [f64; 2], [f64; 2]); 4] = [
    ("Europe/", [34.0, 72.0], [-32.0, 70.0]),
    ("America/", [-56.0, 84.0], [-170.0, -30.0]),
    ("Africa/", [-36.0, 38.0], [-26.0, 60.0]),
    ("Australia/", [-44.0, -9.0], [112.0, 160.0]),
];

/// Status of EVSE that take no vehicle: of OCPI, and numbers of OpenChargeMap (planned, removed, private or not operational).
const OUT_OF_USE: [&str; 7] = ["REMOVED", "PLANNED", "100", "150", "200", "210", "30"];

/// Connectors by power [W, for order] and whether DC.
type Groups = BTreeMap<(u64, bool), u32>;

fn add(groups: &mut Groups, kw: f64, dc: bool, connectors: u32) {
    if ranges::CONNECTOR_POWER.holds(kw) && connectors > 0 {
        *groups.entry(((kw * 1_000.0).round() as u64, dc)).or_default() += connectors;
    }
}

/// Adds the stations of a file of OpenChargeMap.
///
/// # Errors
/// If it cannot be read or lacks a column.
pub(super) fn open_charge_map(file: &TableFile, register: &mut Register) -> Result<()> {
    let names = [
        "AddressInfo.Latitude",
        "AddressInfo.Longitude",
        "Connections",
        "ID",
        "OperatorInfo.Title",
        "StatusTypeID",
    ];
    let groups = |list: &[Value], register: &mut Register| {
        let mut groups = Groups::new();
        for connection in list {
            let number = |key: &str| connection.get(key).and_then(Value::as_f64);
            if number("StatusTypeID").is_some_and(|status| OUT_OF_USE.contains(&status.to_string().as_str()))
            {
                continue;
            }
            let level = match number("LevelID") {
                Some(1.0) => Some(LEVEL_1_KW),
                Some(2.0) => Some(LEVEL_2_KW),
                Some(3.0) => Some(FAST_KW),
                _ => None,
            };
            let stated = number("PowerKW").filter(|kw| *kw > 0.0);
            if let (None, Some(kw)) = (stated, level) {
                register.report.derived.insert(
                    format!("power of level {}", number("LevelID").unwrap_or_default()),
                    format!("{kw} kW where none is stated"),
                );
            }
            let Some(kw) = stated.or(level) else { continue };
            let dc = match number("CurrentTypeID") {
                Some(30.0) => true,
                Some(10.0 | 20.0) => false,
                _ => kw > MOST_AC_KW,
            };
            let connectors = number("Quantity").filter(|n| ranges::CONNECTORS.holds(*n)).unwrap_or(1.0);
            add(&mut groups, kw, dc, connectors as u32);
        }
        groups
    };
    read(file, register, names, groups)
}

/// Adds the stations of a file of OCPI locations.
///
/// # Errors
/// If it cannot be read or lacks a column.
pub(super) fn ocpi(file: &TableFile, register: &mut Register) -> Result<()> {
    let names =
        ["coordinates.latitude", "coordinates.longitude", "evses", "id", "operator.name", "time_zone"];
    let groups = |list: &[Value], _: &mut Register| {
        let mut groups = Groups::new();
        for evse in list {
            let status = evse.get("status").and_then(Value::as_str).unwrap_or_default();
            if OUT_OF_USE.contains(&status) {
                continue;
            }
            // An EVSE serves one vehicle at a time, by one of its connectors: the most powerful one.
            let connectors =
                evse.get("connectors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let best = connectors.iter().filter_map(power).max_by(|(a, _), (b, _)| a.total_cmp(b));
            if let Some((kw, dc)) = best {
                add(&mut groups, kw, dc, 1);
            }
        }
        groups
    };
    read(file, register, names, groups)
}

/// Power of a connector [kW], and whether it is DC.
fn power(connector: &Value) -> Option<(f64, bool)> {
    let number = |keys: [&str; 2]| keys.iter().find_map(|key| connector.get(key).and_then(Value::as_f64));
    let kind = connector.get("power_type").and_then(Value::as_str).unwrap_or_default();
    let phases = match kind {
        "AC_3_PHASE" => 3.0,
        "AC_2_PHASE" => 2.0,
        _ => 1.0,
    };
    let stated = number(["max_electric_power", "max_electric_power"]).filter(|watts| *watts > 0.0);
    let watts = match stated {
        Some(watts) => watts,
        None => phases * number(["max_voltage", "voltage"])? * number(["max_amperage", "amperage"])?,
    };
    Some((watts / 1_000.0, kind.starts_with("DC")))
}

/// Adds a station per row; `names` are the columns of latitude, longitude, connectors, name, operator, and of the status
/// (OpenChargeMap) or time zone (OCPI).
fn read(
    file: &TableFile,
    register: &mut Register,
    names: [&str; 6],
    groups: impl Fn(&[Value], &mut Register) -> Groups,
) -> Result<()> {
    let table = file.read_all()?;
    let lines = table.lines();
    let place = place(file, &table, [names[0], names[1]])?;
    let (list, id) = (file.require(&[names[2]])?, file.require(&[names[3]])?);
    let (operator, last) = (file.find(&[names[4]]), file.find(&[names[5]]));
    register.report.rows_read += table.rows() as u64;
    for (row, &line) in lines.iter().enumerate() {
        let state = last.map(|column| table.cell(column, row)).unwrap_or_default();
        if OUT_OF_USE.contains(&state.as_str()) {
            register.skip("out of use", &table, last.unwrap_or(id), row);
            continue;
        }
        let [lat, lon] = [place.values[0].get(row), place.values[1].get(row)];
        let Some(location) = located(lat, lon, &state, register) else {
            register.skip("no such coordinates", &table, place.columns[0], row);
            continue;
        };
        let groups = match serde_json::from_str::<Value>(&table.cell(list, row)) {
            Ok(Value::Array(items)) => groups(&items, register),
            _ => Groups::new(),
        };
        if groups.is_empty() {
            register.skip("no connector with a power", &table, id, row);
            continue;
        }
        push(register, &table, (line, row), (id, operator), &location, &groups);
    }
    Ok(())
}

fn push(
    register: &mut Register,
    table: &Table,
    (line, row): (u64, usize),
    (id, operator): (usize, Option<usize>),
    location: &Location,
    groups: &Groups,
) {
    let operator = operator.map(|column| table.cell(column, row)).unwrap_or_default();
    let id = table.cell(id, row);
    for (&(watts, dc), &connectors) in groups {
        let kw = watts as f64 / 1_000.0;
        let suffix = if dc { "dc" } else { "ac" };
        let id = if groups.len() == 1 { id.clone() } else { format!("{id}-{kw}{suffix}") };
        register.push(station(line, &id, location.clone(), &operator, connectors, kw, dc));
    }
}

/// The location; swapped coordinates are corrected where the time zone shows that they are swapped.
fn located(lat: f64, lon: f64, zone: &str, register: &mut Register) -> Option<Location> {
    let real = |lat: f64, lon: f64| ranges::LATITUDE.holds(lat) && ranges::LONGITUDE.holds(lon);
    if lat == 0.0 && lon == 0.0 {
        return None;
    }
    if let Some((_, north, east)) = PARTS.iter().find(|(name, ..)| zone.starts_with(name)) {
        let inside =
            |lat: f64, lon: f64| (north[0]..=north[1]).contains(&lat) && (east[0]..=east[1]).contains(&lon);
        if !inside(lat, lon) && inside(lon, lat) {
            let what = "latitude and longitude swapped, by the time zone of the location";
            *register.report.repaired.entry(what.into()).or_default() += 1;
            return Some(Location::Point(lon, lat));
        }
    }
    real(lat, lon).then_some(Location::Point(lat, lon))
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use crate::table::Reading;

    fn read_text(text: &str) -> super::super::Register {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.json");
        std::fs::write(&path, text).unwrap();
        read(&[path], &Reading::default()).unwrap()
    }

    #[test]
    fn an_evse_of_ocpi_is_a_connector_of_its_most_powerful_one() {
        // The example of the specification, with its swapped coordinates, and a location in order.
        let text = r#"{"status_code":1000,"data":[
            {"country_code":"BE","id":"LOC1","name":"Gent Zuid","coordinates":{"latitude":"3.729944","longitude":"51.047599"},"time_zone":"Europe/Brussels","operator":{"name":"Be, Charged"},
             "evses":[{"uid":"3256","status":"AVAILABLE","connectors":[{"id":"1","power_type":"AC_3_PHASE","max_voltage":220,"max_amperage":16},{"id":"2","power_type":"AC_3_PHASE","max_voltage":230,"max_amperage":32}]},
                      {"uid":"3257","status":"REMOVED","connectors":[{"power_type":"DC","max_electric_power":50000}]},
                      {"uid":"3258","status":"CHARGING","connectors":[{"power_type":"DC","max_voltage":920,"max_amperage":400,"max_electric_power":150000}]}]},
            {"id":"LOC2","coordinates":{"latitude":"51.0","longitude":"3.7"},"time_zone":"Europe/Brussels","evses":[]}]}"#;
        let register = read_text(text);
        let rows: Vec<_> = register
            .stations
            .iter()
            .map(|s| (s.station_id.as_str(), s.connectors, s.connector_kw, s.dc))
            .collect();
        assert_eq!(rows, [("LOC1-22.08ac", 1, 22.08, false), ("LOC1-150dc", 1, 150.0, true)]);
        assert_eq!(register.stations[0].location, Location::Point(51.047_599, 3.729_944));
        assert_eq!(register.report.repaired.values().sum::<u64>(), 1);
        assert_eq!(register.report.skipped["no connector with a power"], 1);
    }

    #[test]
    fn connections_of_openchargemap_have_powers_or_levels() {
        let text = r#"[{"ID":7,"AddressInfo":{"Latitude":48.7,"Longitude":9.1},"OperatorInfo":{"Title":"EnBW"},"StatusTypeID":50,"NumberOfPoints":3,
             "Connections":[{"PowerKW":150.0,"CurrentTypeID":30,"Quantity":2,"LevelID":3},{"PowerKW":null,"LevelID":2,"Quantity":null,"CurrentTypeID":10}]},
            {"ID":8,"AddressInfo":{"Latitude":48.7,"Longitude":9.1},"StatusTypeID":200,"Connections":[{"PowerKW":11}]}]"#;
        let register = read_text(text);
        let rows: Vec<_> = register
            .stations
            .iter()
            .map(|s| (s.station_id.as_str(), s.connectors, s.connector_kw, s.dc))
            .collect();
        assert_eq!(rows, [("7-7.2ac", 1, LEVEL_2_KW, false), ("7-150dc", 2, 150.0, true)]);
        assert_eq!(register.report.skipped["out of use"], 1);
    }
}
