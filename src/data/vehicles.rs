//! Vehicle types (the catalogue) and lists of vehicles, as tables (CSV or Parquet).
//!
//! Catalogue: `name`, `battery_kwh`, `consumption_kwh_per_km`, `ac_kw` and, if they differ from the defaults,
//! `dc_kw` (0), `usable_soc_min` (0), `usable_soc_max` (1), `consumption_by_temperature`, `charging_curve`,
//! `charge_efficiency`, `discharge_efficiency`, `wear_cost_per_kwh` (0). Curves are points `x:y` separated by
//! blanks, for example `0:50 0.8:50 1:10`.
//!
//! Vehicles: `vehicle_id`, `type` and, if known, `fleet`, `lat` and `lon` or `zone`, `soc`.

use super::dictionary::{VEHICLE_TYPES, VEHICLES};
use super::small_table::{Problems, Row, SmallTable, quoted};
use super::stations::{Location, location};
use gridfleet_core::error::{InputError, Result};
use gridfleet_core::ranges::{self, Range};
use std::collections::BTreeMap;
use std::path::Path;

/// Default ratio of stored energy to energy drawn from the grid; assumed, within the 0.85 to 0.95 that
/// on-board chargers reach.
pub const DEFAULT_CHARGE_EFFICIENCY: f64 = 0.9;
/// Default ratio of energy fed to the grid to energy taken from the battery; assumed.
pub const DEFAULT_DISCHARGE_EFFICIENCY: f64 = 0.9;

/// The catalogue bundled with the program.
pub const CATALOGUE: &str = include_str!("../../datasets/vehicles.csv");

/// One type of the catalogue.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct VehicleTypeRow {
    /// Line in the file.
    pub line: u64,
    /// Name, unique in the table.
    pub name: String,
    /// Energy between state of charge 0 and 1 [kWh].
    pub battery_kwh: f64,
    /// Minimum and maximum state of charge that operation may use.
    pub usable_soc: [f64; 2],
    /// Energy taken from the battery per kilometre at mild temperature [kWh/km].
    pub consumption_kwh_per_km: f64,
    /// (ambient temperature [°C], factor on the consumption), ascending; may be empty.
    pub consumption_by_temperature: Vec<[f64; 2]>,
    /// Maximum power of the on-board charger [kW].
    pub ac_kw: f64,
    /// Maximum power from a DC connector [kW]; 0 without DC inlet.
    pub dc_kw: f64,
    /// (state of charge, power at the plug [kW]) from 0 to 1; constant if the table has none.
    pub charging_curve: Vec<[f64; 2]>,
    /// Ratio of stored energy to energy drawn from the grid.
    pub charge_efficiency: f64,
    /// Ratio of energy fed to the grid to energy taken from the battery.
    pub discharge_efficiency: f64,
    /// Cost of battery wear [currency per kWh of throughput].
    pub wear_cost_per_kwh: f64,
}

/// One vehicle of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct VehicleRow {
    /// Line in the file.
    pub line: u64,
    /// Name, unique in the table.
    pub vehicle_id: String,
    /// Name of the vehicle type.
    pub vehicle_type: String,
    /// Name of the fleet, if given.
    pub fleet: Option<String>,
    /// Initial location, if given.
    pub location: Option<Location>,
    /// Initial state of charge, if given.
    pub soc: Option<f64>,
}

/// Reads a catalogue of vehicle types.
///
/// # Errors
/// If the file cannot be read or has bad rows: up to twenty problems, each with line and column.
pub fn read_catalogue(path: &Path) -> Result<Vec<VehicleTypeRow>> {
    types(path, &SmallTable::read(path, &VEHICLE_TYPES.required(), &VEHICLE_TYPES.names())?)
}

/// Reads the text of a catalogue; `file` is its name in messages.
///
/// # Errors
/// As [`read_catalogue`].
pub fn catalogue_from_csv(file: &Path, text: &str) -> Result<Vec<VehicleTypeRow>> {
    let table = SmallTable::from_csv(file, text.as_bytes())?;
    table.check(&VEHICLE_TYPES.required(), &VEHICLE_TYPES.names())?;
    types(file, &table)
}

/// Reads a list of vehicles.
///
/// # Errors
/// If the file cannot be read or has bad rows: up to twenty problems, each with line and column.
pub fn read_vehicles(path: &Path) -> Result<Vec<VehicleRow>> {
    vehicles(path, &SmallTable::read(path, &VEHICLES.required(), &VEHICLES.names())?)
}

/// Reads the text of a list of vehicles; `file` is its name in messages.
///
/// # Errors
/// As [`read_vehicles`].
pub fn vehicles_from_csv(file: &Path, text: &str) -> Result<Vec<VehicleRow>> {
    let table = SmallTable::from_csv(file, text.as_bytes())?;
    table.check(&VEHICLES.required(), &VEHICLES.names())?;
    vehicles(file, &table)
}

fn types(file: &Path, table: &SmallTable) -> Result<Vec<VehicleTypeRow>> {
    let mut problems = Problems::default();
    let mut seen = BTreeMap::new();
    let mut types = Vec::with_capacity(table.rows().len());
    for row in table.rows() {
        let vehicle_type = vehicle_type(row, &mut problems);
        once(row, "name", &vehicle_type.name, &mut seen, &mut problems);
        types.push(vehicle_type);
    }
    if types.is_empty() {
        problems.push(InputError::new("no vehicle types", "at least one row").file(file));
    }
    problems.finish(types)
}

fn vehicle_type(row: Row<'_>, problems: &mut Problems) -> VehicleTypeRow {
    let ac_kw = problems.take(row.required_number("ac_kw", ranges::VEHICLE_POWER));
    let dc_kw = problems.take(row.number("dc_kw", ranges::VEHICLE_POWER)).unwrap_or(0.0);
    let least = problems.take(row.number("usable_soc_min", ranges::SHARE)).unwrap_or(0.0);
    let most = problems.take(row.number("usable_soc_max", ranges::SHARE)).unwrap_or(1.0);
    if least >= most {
        let found = format!("{least}, but usable_soc_max is {most}");
        problems.push(row.error("usable_soc_min", found, "less than usable_soc_max"));
    }
    let strongest_kw = ac_kw.max(dc_kw);
    let mut charging_curve =
        problems.take(curve(row, "charging_curve", ranges::SHARE, ranges::CONNECTOR_POWER));
    if charging_curve.is_empty() {
        if strongest_kw <= 0.0 {
            let problem = row.error("ac_kw", "0 beside dc_kw of 0", "some way to charge");
            problems.push(problem);
        }
        charging_curve = vec![[0.0, strongest_kw], [1.0, strongest_kw]];
    }
    let ends = charging_curve.first().zip(charging_curve.last());
    if ends.is_none_or(|(first, last)| first[0] != 0.0 || last[0] != 1.0) {
        let found = quoted(row.text("charging_curve").unwrap_or_default());
        problems.push(row.error(
            "charging_curve",
            found,
            "points from state of charge 0 to 1, such as 0:50 1:10",
        ));
    }
    VehicleTypeRow {
        line: row.line(),
        name: problems.take(row.required_text("name").map(str::to_owned)),
        battery_kwh: problems.take(row.required_number("battery_kwh", ranges::BATTERY)),
        usable_soc: [least, most],
        consumption_kwh_per_km: problems
            .take(row.required_number("consumption_kwh_per_km", ranges::CONSUMPTION)),
        consumption_by_temperature: problems.take(curve(
            row,
            "consumption_by_temperature",
            ranges::TEMPERATURE,
            ranges::CONSUMPTION_FACTOR,
        )),
        ac_kw,
        dc_kw,
        charging_curve,
        charge_efficiency: problems
            .take(row.number("charge_efficiency", ranges::EFFICIENCY))
            .unwrap_or(DEFAULT_CHARGE_EFFICIENCY),
        discharge_efficiency: problems
            .take(row.number("discharge_efficiency", ranges::EFFICIENCY))
            .unwrap_or(DEFAULT_DISCHARGE_EFFICIENCY),
        wear_cost_per_kwh: problems.take(row.number("wear_cost_per_kwh", ranges::WEAR_COST)).unwrap_or(0.0),
    }
}

/// Points `x:y` separated by blanks, x ascending, both within their range; empty if the cell is.
fn curve(row: Row<'_>, column: &str, of_x: Range, of_y: Range) -> Result<Vec<[f64; 2]>, InputError> {
    let Some(cell) = row.text(column) else { return Ok(Vec::new()) };
    let expected =
        format!("points x:y separated by blanks, x {}, ascending, y {}", of_x.expected(), of_y.expected());
    let mut points: Vec<[f64; 2]> = Vec::new();
    for point in cell.split_whitespace() {
        let read =
            point.split_once(':').and_then(|(x, y)| Some([x.parse::<f64>().ok()?, y.parse::<f64>().ok()?]));
        let good = read.filter(|&[x, y]| {
            of_x.holds(x) && of_y.holds(y) && points.last().is_none_or(|before| before[0] < x)
        });
        points.push(
            good.ok_or_else(|| {
                row.error(column, format!("{} in {}", quoted(point), quoted(cell)), &expected)
            })?,
        );
    }
    Ok(points)
}

fn vehicles(file: &Path, table: &SmallTable) -> Result<Vec<VehicleRow>> {
    let mut problems = Problems::default();
    let mut seen = BTreeMap::new();
    let mut vehicles = Vec::with_capacity(table.rows().len());
    for row in table.rows() {
        let vehicle = VehicleRow {
            line: row.line(),
            vehicle_id: problems.take(row.required_text("vehicle_id").map(str::to_owned)),
            vehicle_type: problems.take(row.required_text("type").map(str::to_owned)),
            fleet: row.text("fleet").map(str::to_owned),
            location: problems.take(location(row)),
            soc: problems.take(row.number("soc", ranges::SHARE)),
        };
        once(row, "vehicle_id", &vehicle.vehicle_id, &mut seen, &mut problems);
        vehicles.push(vehicle);
    }
    if vehicles.is_empty() {
        problems.push(InputError::new("no vehicles", "at least one row").file(file));
    }
    problems.finish(vehicles)
}

fn once(row: Row<'_>, column: &str, name: &str, seen: &mut BTreeMap<String, u64>, problems: &mut Problems) {
    if name.is_empty() {
        return;
    }
    if let Some(first) = seen.insert(name.to_owned(), row.line()) {
        problems.push(row.error(
            column,
            format!("\"{name}\" again, first in line {first}"),
            "each name once",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message<T: std::fmt::Debug>(result: Result<T>) -> String {
        result.unwrap_err().to_string()
    }

    fn catalogue(text: &str) -> Result<Vec<VehicleTypeRow>> {
        catalogue_from_csv(Path::new("v.csv"), text)
    }

    fn list(text: &str) -> Result<Vec<VehicleRow>> {
        vehicles_from_csv(Path::new("l.csv"), text)
    }

    #[test]
    fn a_type_with_and_without_its_options() {
        let types = catalogue(
            "name,battery_kwh,consumption_kwh_per_km,ac_kw,dc_kw,charging_curve,consumption_by_temperature\n\
             smart,17.6,0.11,3.6,,,\n\
             leaf,39,0.164,6.6,46,0:46 0.6:46 1:8,-10:1.4 20:1\n",
        )
        .unwrap();
        assert_eq!(types[0].charging_curve, vec![[0.0, 3.6], [1.0, 3.6]]);
        assert_eq!((types[0].dc_kw, types[0].usable_soc, types[0].charge_efficiency), (0.0, [0.0, 1.0], 0.9));
        assert_eq!(types[1].charging_curve, vec![[0.0, 46.0], [0.6, 46.0], [1.0, 8.0]]);
        assert_eq!(types[1].consumption_by_temperature, vec![[-10.0, 1.4], [20.0, 1.0]]);
    }

    #[test]
    fn the_shipped_catalogue_is_sound() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/vehicles.csv");
        let types = read_catalogue(&path).unwrap();
        assert!(types.len() >= 10);
        for t in &types {
            let range_km = t.battery_kwh / t.consumption_kwh_per_km;
            assert!((100.0..600.0).contains(&range_km), "{}: {range_km} km", t.name);
            assert!(t.charging_curve.iter().all(|p| p[1] <= t.ac_kw.max(t.dc_kw)), "{}", t.name);
        }
        let smart = types.iter().find(|t| t.name == "smart-ed").unwrap();
        // Car2Go Stuttgart: 17.6 kWh, 160 km, 3.6 kW.
        assert!((smart.battery_kwh / smart.consumption_kwh_per_km - 160.0).abs() < 1e-9);
        assert_eq!(smart.ac_kw, 3.6);
    }

    #[test]
    fn messages() {
        let head =
            "name,battery_kwh,consumption_kwh_per_km,ac_kw,charging_curve,usable_soc_min,charge_efficiency\n";
        let text = format!(
            "{head}a,0,-0.1,3.6,0:3 0.5:x,,\na,inf,0.1,0,,1,1.2\nc,10,0.1,5,0.1:5 1:5,,\n,10,0.1,5,0:5 0:4,,\n"
        );
        insta::assert_snapshot!(message(catalogue(&text)), @r#"
        v.csv:2: charging_curve: found "0.5:x" in "0:3 0.5:x", expected points x:y separated by blanks, x a share from 0 to 1, ascending, y a power above 0 and at most 10000 kW
        v.csv:2: battery_kwh: found "0", expected an energy above 0 and at most 10000 kWh
        v.csv:2: consumption_kwh_per_km: found "-0.1", expected a consumption above 0 and at most 10 kWh/km
        v.csv:3: usable_soc_min: found 1, but usable_soc_max is 1, expected less than usable_soc_max
        v.csv:3: ac_kw: found 0 beside dc_kw of 0, expected some way to charge
        v.csv:3: battery_kwh: found "inf", expected an energy above 0 and at most 10000 kWh
        v.csv:3: charge_efficiency: found "1.2", expected an efficiency above 0 and at most 1
        v.csv:3: name: found "a" again, first in line 2, expected each name once
        v.csv:4: charging_curve: found "0.1:5 1:5", expected points from state of charge 0 to 1, such as 0:50 1:10
        v.csv:5: charging_curve: found "0:4" in "0:5 0:4", expected points x:y separated by blanks, x a share from 0 to 1, ascending, y a power above 0 and at most 10000 kW
        v.csv:5: name: found an empty cell, expected a name
        "#);
        insta::assert_snapshot!(message(catalogue("name,battery\na,1\n")), @"
        v.csv:1: found the columns name,battery, expected a column battery_kwh; columns known here: name, battery_kwh, usable_soc_min, usable_soc_max, consumption_kwh_per_km, consumption_by_temperature, ac_kw, dc_kw, charging_curve, charge_efficiency, discharge_efficiency, wear_cost_per_kwh
        v.csv:1: found the columns name,battery, expected a column consumption_kwh_per_km; columns known here: name, battery_kwh, usable_soc_min, usable_soc_max, consumption_kwh_per_km, consumption_by_temperature, ac_kw, dc_kw, charging_curve, charge_efficiency, discharge_efficiency, wear_cost_per_kwh
        v.csv:1: found the columns name,battery, expected a column ac_kw; columns known here: name, battery_kwh, usable_soc_min, usable_soc_max, consumption_kwh_per_km, consumption_by_temperature, ac_kw, dc_kw, charging_curve, charge_efficiency, discharge_efficiency, wear_cost_per_kwh
        ");
        insta::assert_snapshot!(message(catalogue(head)), @"v.csv: found no vehicle types, expected at least one row");
        insta::assert_snapshot!(message(list("vehicle_id,type,soc,lat\nv1,leaf,1.5,\nv1,leaf,0.5,12\nv2,,,\n")), @r#"
        l.csv:2: soc: found "1.5", expected a share from 0 to 1
        l.csv:3: lon: found an empty cell beside a latitude, expected a longitude from -180 to 180 degrees east
        l.csv:3: vehicle_id: found "v1" again, first in line 2, expected each name once
        l.csv:4: type: found an empty cell, expected a name
        "#);
    }

    #[test]
    fn a_list_of_vehicles() {
        let vehicles =
            list("vehicle_id,type,fleet,lat,lon,zone,soc\na,leaf,yellow,40.7,-74,,0.5\nb,leaf,,,,132,\n")
                .unwrap();
        assert_eq!(vehicles[0].location, Some(Location::Point(40.7, -74.0)));
        assert_eq!(vehicles[1].location, Some(Location::Zone("132".into())));
        assert_eq!((vehicles[0].soc, vehicles[1].soc, vehicles[1].fleet.clone()), (Some(0.5), None, None));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "[-0-9a,:.\n\"; ]{0,200}", tail in ".{0,40}") {
            let _ = catalogue(&format!("name,battery_kwh,consumption_kwh_per_km,ac_kw,charging_curve\n{text}{tail}"));
            let _ = list(&format!("vehicle_id,type,soc,lat,lon\n{text}{tail}"));
        }
    }
}
