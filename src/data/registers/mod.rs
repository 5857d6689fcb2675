//! Registers of charging stations as published: AFDC of the US, the register of the German regulator, OpenChargeMap,
//! locations in OCPI, and stations of HIVE. An operator without a name of its own is the station itself.

mod afdc;
mod bnetza;
mod hive;
mod nested;

use super::presets::{Into, Preset};
use super::stations::{AccessRule, Location, StationRow};
use super::table::{Numbers, Reading, Table, TableFile};
use super::trace::ImportReport;
use gridfleet_core::error::{InputError, Result};
use gridfleet_core::ranges;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Median power above which a register is in watts [kW]. Assumed.
const DOUBTED_KW: f64 = 1_000.0;

/// Stations of a register.
#[derive(Debug, Clone, Default)]
pub struct Register {
    /// The stations.
    pub stations: Vec<StationRow>,
    /// Counts and assumptions.
    pub report: ImportReport,
}

/// Reads registers.
///
/// # Errors
/// If a file cannot be read or is no register that is known.
pub fn read(files: &[PathBuf], reading: &Reading) -> Result<Register> {
    let mut register = Register::default();
    for path in files {
        let file = TableFile::open_with(path, reading)?;
        let preset = Preset::of(&file)?.filter(|preset| preset.into == Into::Stations);
        let Some(preset) = preset else {
            let kinds = Preset::all()?.into_iter().filter(|preset| preset.into == Into::Stations);
            let kinds: Vec<String> =
                kinds.map(|preset| format!("{} ({})", preset.name, preset.requires.join(", "))).collect();
            let found = InputError::listing(
                "only the columns",
                file.names(),
                format!("the columns of {}", kinds.join(" or ")),
            );
            let help = "a table with station_id, lat, lon, connectors and connector_kw needs no import";
            return Err(found.file(path).help(help).into());
        };
        register.report.assumed.insert("kind".into(), format!("{}: {}", preset.name, preset.about));
        for note in file.notes() {
            register.report.assumed.insert("file".into(), note);
        }
        match preset.name.as_str() {
            "afdc" => afdc::add(&file, &mut register)?,
            "ocm" => nested::open_charge_map(&file, &mut register)?,
            "ocpi" => nested::ocpi(&file, &mut register)?,
            "hive-stations" => hive::add(&file, &mut register)?,
            _ => bnetza::add(&file, &mut register)?,
        }
    }
    let mut seen = BTreeSet::new();
    for station in &mut register.stations {
        if station.station_id.is_empty() {
            station.station_id = format!("line-{}", station.line);
        }
        if station.operator.is_empty() {
            station.operator.clone_from(&station.station_id);
        }
        let name = station.station_id.clone();
        let mut number = 1;
        while !seen.insert(station.station_id.clone()) {
            number += 1;
            station.station_id = format!("{name}-{number}");
        }
    }
    let mut powers: Vec<f64> = register.stations.iter().map(|station| station.connector_kw).collect();
    powers.sort_unstable_by(f64::total_cmp);
    if let Some(middle) = powers.get(powers.len() / 2).filter(|middle| **middle > DOUBTED_KW) {
        let warning = format!("median power of {middle:.0} kW per connector: is the unit watts?");
        register.report.warnings.push(warning);
    }
    if register.stations.is_empty() {
        let problem = InputError::new("no station that can be used", "at least one station");
        return Err(files.first().map_or(problem.clone(), |file| problem.file(file)).into());
    }
    Ok(register)
}

impl Register {
    fn skip(&mut self, reason: &str, table: &Table, column: usize, row: usize) {
        let count = self.report.skipped.entry(reason.to_owned()).or_default();
        *count += 1;
        if *count == 1 {
            let example = table.error(column, row, "a station that can be used").to_string();
            self.report.examples.insert(reason.to_owned(), example);
        }
    }

    fn push(&mut self, station: StationRow) {
        self.report.rows_kept += 1;
        self.stations.push(station);
    }
}

/// Columns of a place.
struct Place {
    columns: [usize; 2],
    values: [Numbers; 2],
}

impl Place {
    fn of(&self, row: usize) -> Option<Location> {
        let [lat, lon] = [self.values[0].get(row), self.values[1].get(row)];
        let real = ranges::LATITUDE.holds(lat) && ranges::LONGITUDE.holds(lon) && (lat != 0.0 || lon != 0.0);
        real.then_some(Location::Point(lat, lon))
    }
}

fn place(file: &TableFile, table: &Table, names: [&str; 2]) -> Result<Place> {
    let columns = [file.require(&[names[0]])?, file.require(&[names[1]])?];
    Ok(Place { columns, values: [table.numbers(columns[0])?, table.numbers(columns[1])?] })
}

fn station(
    line: u64,
    id: &str,
    location: Location,
    operator: &str,
    connectors: u32,
    kw: f64,
    dc: bool,
) -> StationRow {
    // Commas part the cells of the table that is written.
    let plain = |text: &str| text.replace([',', '"', '\n', '\r'], " ").trim().to_owned();
    let operator = plain(operator);
    StationRow {
        line,
        station_id: plain(id),
        location,
        operator: if operator.is_empty() { plain(id) } else { operator },
        access: AccessRule::Public,
        connectors,
        connector_kw: kw,
        dc,
        site_limit_kw: None,
        retailer: None,
        markup_per_mwh: None,
        queue_patience_s: None,
        bus: None,
    }
}

/// Power by level, where a register states none [kW].
mod levels {
    /// Power of AC level 1 in North America [kW]: 120 V, 12 A continuous (SAE J1772).
    pub const LEVEL_1_KW: f64 = 1.4;
    /// Power of AC level 2 in North America [kW]: 240 V, 30 A, the commonest public kind (US DOE, AFDC).
    pub const LEVEL_2_KW: f64 = 7.2;
    /// Power of DC fast chargers without a stated one [kW]: the smallest in the US federal programme was 50. Assumed.
    pub const FAST_KW: f64 = 50.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Register> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        std::fs::write(&path, text).unwrap();
        read(&[path], &Reading::default())
    }

    #[test]
    fn levels_of_the_us_register_have_default_powers() {
        let text = "\u{feff}Fuel Type Code,EV Level1 EVSE Num,EV Level2 EVSE Num,EV DC Fast Count,EV Network,Latitude,Longitude,ID,Access Code\n\
            ELEC,,4,,Non-Networked,47.1,-122.8,7,public\nELEC,,2,1,\"Net, Inc\",47.2,-122.9,8,public\nCNG,,,,,47.2,-122.9,9,public\nELEC,,1,,,0,0,10,public\n";
        let register = read_text(text).unwrap();
        let rows: Vec<_> = register
            .stations
            .iter()
            .map(|s| (s.station_id.as_str(), s.operator.as_str(), s.connectors, s.connector_kw, s.dc))
            .collect();
        assert_eq!(
            rows,
            [
                ("7", "7", 4, levels::LEVEL_2_KW, false),
                ("8-level2", "Net  Inc", 2, levels::LEVEL_2_KW, false),
                ("8-dc", "Net  Inc", 1, levels::FAST_KW, true)
            ]
        );
        assert_eq!(
            (register.report.skipped["another fuel"], register.report.skipped["no such coordinates"]),
            (1, 1)
        );
        assert_eq!(register.report.derived["power of EV Level2 EVSE Num"], "7.2 kW");
    }

    #[test]
    fn powers_of_the_german_register_are_grouped() {
        let text = "Betreiber;Breitengrad;Längengrad;Anschlussleistung;Anzahl Ladepunkte;Steckertypen1;P1 [kW];Steckertypen2;P2 [kW]\n\
            X;50,937417;6,97069;44;2;AC Steckdose Typ 2;22;AC Steckdose Typ 2;22\n\
            Y;50,9;6,9;172;2;DC Kupplung Combo;150;AC Steckdose Typ 2;22\n\
            Z;50,9;6,9;44;2;;;;\n";
        let register = read_text(text).unwrap();
        let rows: Vec<_> = register
            .stations
            .iter()
            .map(|s| (s.operator.as_str(), s.connectors, s.connector_kw, s.dc))
            .collect();
        assert_eq!(
            rows,
            [("X", 2, 22.0, false), ("Y", 1, 22.0, false), ("Y", 1, 150.0, true), ("Z", 2, 22.0, false)]
        );
        assert_eq!(register.stations[0].location, Location::Point(50.937_417, 6.970_69));
    }

    #[test]
    fn other_tables_are_refused() {
        let error = read_text("a,b\nx,2\n").unwrap_err().to_string();
        assert!(error.contains("found only the columns a, b, expected the columns of afdc"), "{error}");
    }
}
