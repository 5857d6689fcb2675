//! Charging stations: the canonical table (CSV or Parquet).
//!
//! Columns: `station_id`, `lat` and `lon` or `zone`, `operator`, `access` (`public`, or the names of fleets
//! separated by `;`), `connectors`, `connector_kw`, `dc` (default: above 22 kW), `site_limit_kw` (default:
//! none), `retailer`, `markup_per_mwh`, `queue_patience_s`, `bus`. Names of fleets, zones and retailers are
//! checked when the scenario is resolved.

use super::dictionary::STATIONS;
use super::small_table::{Problems, Row, SmallTable};
use gridfleet_core::error::{InputError, Result};
use gridfleet_core::ranges;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

/// Default threshold above which a connector counts as DC [kW]: 22 kW is the maximum of on-board chargers of
/// cars (IEC 61851-1 mode 3, 32 A three-phase).
pub const MOST_AC_KW: f64 = 22.0;

/// Location given by a row of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Location {
    /// Degrees north, degrees east.
    Point(f64, f64),
    /// Name of a zone.
    Zone(String),
}

/// Access rule of a station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessRule {
    /// Public access.
    Public,
    /// Only the fleets with these names.
    Fleets(Vec<String>),
}

/// One station as given in the table.
#[derive(Debug, Clone, PartialEq)]
pub struct StationRow {
    /// Line in the file, for messages about names unknown to the scenario.
    pub line: u64,
    /// Name, unique in the table.
    pub station_id: String,
    /// Location.
    pub location: Location,
    /// Operator; the station's name if not given.
    pub operator: String,
    /// Access; public if not given.
    pub access: AccessRule,
    /// Number of connectors, at least 1.
    pub connectors: u32,
    /// Power of each connector [kW].
    pub connector_kw: f64,
    /// Whether the connectors are DC.
    pub dc: bool,
    /// Maximum total power of the connectors [kW], if limited.
    pub site_limit_kw: Option<f64>,
    /// Name of the retailer, if given.
    pub retailer: Option<String>,
    /// Markup of the operator on the retailer's price [currency/MWh], if given.
    pub markup_per_mwh: Option<f64>,
    /// Maximum wait in the queue [s], if given.
    pub queue_patience_s: Option<u32>,
    /// Bus of the distribution feeder, if given.
    pub bus: Option<u32>,
}

/// Reads a stations table.
///
/// # Errors
/// If the file cannot be read or has bad rows: up to twenty problems, each with line and column.
pub fn read(path: &Path) -> Result<Vec<StationRow>> {
    rows(path, &SmallTable::read(path, &STATIONS.required(), &STATIONS.names())?)
}

/// Reads the text of a stations table; `file` is its name in messages.
///
/// # Errors
/// As [`read`].
pub fn from_csv(file: &Path, text: &str) -> Result<Vec<StationRow>> {
    let table = SmallTable::from_csv(file, text.as_bytes())?;
    table.check(&STATIONS.required(), &STATIONS.names())?;
    rows(file, &table)
}

fn rows(file: &Path, table: &SmallTable) -> Result<Vec<StationRow>> {
    let mut problems = Problems::default();
    if !(table.has("zone") || table.has("lat") && table.has("lon")) {
        return Err(InputError::new("no place", "columns lat and lon, or zone").file(file).line(1).into());
    }
    let mut stations: Vec<StationRow> = Vec::with_capacity(table.rows().len());
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for row in table.rows() {
        let mut row_problems = Problems::default();
        let station = station(row, &mut row_problems);
        if let Some(first) = seen.insert(station.station_id.clone(), row.line())
            && !station.station_id.is_empty()
        {
            let found = format!("\"{}\" again, first in line {first}", station.station_id);
            problems.push(row.error("station_id", found, "each station once"));
        }
        problems.append(row_problems);
        stations.push(station);
    }
    if stations.is_empty() {
        problems.push(InputError::new("no stations", "at least one row").file(file));
    }
    problems.finish(stations)
}

fn station(row: Row<'_>, problems: &mut Problems) -> StationRow {
    let station_id = problems.take(row.required_text("station_id").map(str::to_owned));
    let connector_kw = problems.take(row.required_number("connector_kw", ranges::CONNECTOR_POWER));
    let connectors = problems.take(row.whole("connectors", ranges::CONNECTORS).and_then(|n| {
        n.ok_or_else(|| row.error("connectors", "an empty cell", ranges::CONNECTORS.expected()))
    }));
    let location = match location(row) {
        Ok(Some(location)) => location,
        Ok(None) => {
            problems.push(row.error("lat", "no place", "lat and lon, or zone"));
            Location::Point(0.0, 0.0)
        }
        Err(problem) => {
            problems.push(problem);
            Location::Point(0.0, 0.0)
        }
    };
    StationRow {
        line: row.line(),
        operator: row.text("operator").map_or_else(|| station_id.clone(), str::to_owned),
        station_id,
        location,
        access: access(row.text("access").unwrap_or("public")),
        connectors,
        connector_kw,
        dc: problems.take(row.flag("dc")).unwrap_or(connector_kw > MOST_AC_KW),
        site_limit_kw: problems.take(row.number("site_limit_kw", ranges::SITE_POWER)),
        retailer: row.text("retailer").map(str::to_owned),
        markup_per_mwh: problems.take(row.number("markup_per_mwh", ranges::PRICE)),
        queue_patience_s: problems.take(row.whole("queue_patience_s", ranges::PATIENCE)),
        bus: problems.take(row.whole("bus", ranges::BUS)),
    }
}

/// Location given by a row: `lat` and `lon`, else `zone`, else none.
pub(super) fn location(row: Row<'_>) -> Result<Option<Location>, InputError> {
    match (row.number("lat", ranges::LATITUDE)?, row.number("lon", ranges::LONGITUDE)?) {
        (Some(lat), Some(lon)) => Ok(Some(Location::Point(lat, lon))),
        (None, None) => Ok(row.text("zone").map(|zone| Location::Zone(zone.to_owned()))),
        (None, Some(_)) => {
            Err(row.error("lat", "an empty cell beside a longitude", ranges::LATITUDE.expected()))
        }
        (Some(_), None) => {
            Err(row.error("lon", "an empty cell beside a latitude", ranges::LONGITUDE.expected()))
        }
    }
}

/// Reads an access rule: `public`, or names of fleets separated by `;`.
pub fn access(text: &str) -> AccessRule {
    if text.eq_ignore_ascii_case("public") {
        return AccessRule::Public;
    }
    AccessRule::Fleets(
        text.split(';').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect(),
    )
}

/// Writes the canonical table as CSV, with the columns used by the bundled data sets.
///
/// # Errors
/// If writing fails.
pub fn write_csv(stations: &[StationRow], mut out: impl Write) -> std::io::Result<()> {
    writeln!(
        out,
        "station_id,lat,lon,zone,operator,access,connectors,connector_kw,dc,site_limit_kw,retailer,markup_per_mwh"
    )?;
    for station in stations {
        let place = match &station.location {
            Location::Point(lat, lon) => format!("{lat:.5},{lon:.5},"),
            Location::Zone(zone) => format!(",,{zone}"),
        };
        let access = match &station.access {
            AccessRule::Public => "public".to_owned(),
            AccessRule::Fleets(fleets) => fleets.join(";"),
        };
        let optional = |value: Option<f64>| value.map(|v| v.to_string()).unwrap_or_default();
        writeln!(
            out,
            "{},{place},{},{access},{},{},{},{},{},{}",
            station.station_id,
            station.operator,
            station.connectors,
            station.connector_kw,
            station.dc,
            optional(station.site_limit_kw),
            station.retailer.as_deref().unwrap_or_default(),
            optional(station.markup_per_mwh),
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Vec<StationRow>> {
        from_csv(Path::new("s.csv"), text)
    }

    fn message(text: &str) -> String {
        read_text(text).unwrap_err().to_string()
    }

    #[test]
    fn what_is_not_told_has_a_default() {
        let text = "station_id,zone,connectors,connector_kw\na,132,8,50\nb,4,2.0,22\n";
        let stations = read_text(text).unwrap();
        assert_eq!(stations[0].location, Location::Zone("132".into()));
        assert_eq!((stations[0].dc, stations[1].dc), (true, false));
        assert_eq!((stations[0].connectors, stations[1].connectors), (8, 2));
        assert_eq!((stations[0].operator.as_str(), &stations[0].access), ("a", &AccessRule::Public));
        assert_eq!(stations[0].site_limit_kw, None);
    }

    #[test]
    fn stations_survive_writing() {
        let text = "station_id,lat,lon,zone,operator,access,connectors,connector_kw,dc,site_limit_kw,retailer,markup_per_mwh\n\
            a,40.64,-73.78,,hub,yellow;green,8,50,true,200,grid,80\nb,,,132,kerb,public,2,11,false,,,\n";
        let stations = read_text(text).unwrap();
        let mut out = Vec::new();
        write_csv(&stations, &mut out).unwrap();
        assert_eq!(read_text(std::str::from_utf8(&out).unwrap()).unwrap(), stations);
        assert_eq!(stations[0].access, AccessRule::Fleets(vec!["yellow".into(), "green".into()]));
        assert_eq!(stations[0].location, Location::Point(40.64, -73.78));
    }

    #[test]
    fn messages() {
        let head = "station_id,lat,lon,connectors,connector_kw,dc,site_limit_kw\n";
        insta::assert_snapshot!(message(&format!("{head}a,91,9,0,-3,maybe,NaN\na,48,,2,50,,\n,48,9,x,50,,\n")), @r#"
        s.csv:2: connector_kw: found "-3", expected a power above 0 and at most 10000 kW
        s.csv:2: connectors: found "0", expected a whole number from 1 to 10000
        s.csv:2: lat: found "91", expected a latitude from -90 to 90 degrees north
        s.csv:2: dc: found "maybe", expected true or false
        s.csv:2: site_limit_kw: found "NaN", expected a power above 0 and at most 10000000 kW
        s.csv:3: station_id: found "a" again, first in line 2, expected each station once
        s.csv:3: lon: found an empty cell beside a latitude, expected a longitude from -180 to 180 degrees east
        s.csv:4: station_id: found an empty cell, expected a name
        s.csv:4: connectors: found "x", expected a whole number from 1 to 10000
        "#);
        insta::assert_snapshot!(message("station_id,connectors,connector_kw\na,1,2\n"), @"s.csv:1: found no place, expected columns lat and lon, or zone");
        insta::assert_snapshot!(message(head), @"s.csv: found no stations, expected at least one row");
        insta::assert_snapshot!(message("name,zone\n"), @"
        s.csv:1: found the columns name,zone, expected a column station_id; columns known here: station_id, lat, lon, zone, operator, access, connectors, connector_kw, dc, site_limit_kw, retailer, markup_per_mwh, queue_patience_s, bus
        s.csv:1: found the columns name,zone, expected a column connectors; columns known here: station_id, lat, lon, zone, operator, access, connectors, connector_kw, dc, site_limit_kw, retailer, markup_per_mwh, queue_patience_s, bus
        s.csv:1: found the columns name,zone, expected a column connector_kw; columns known here: station_id, lat, lon, zone, operator, access, connectors, connector_kw, dc, site_limit_kw, retailer, markup_per_mwh, queue_patience_s, bus
        ");
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "[-0-9a,.\n\"; ]{0,200}", tail in ".{0,40}") {
            let _ = read_text(&format!("station_id,lat,lon,connectors,connector_kw\n{text}{tail}"));
        }
    }
}
