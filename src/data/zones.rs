//! Zones: name, centroid and area of each, from the official taxi-zone shapefile of New York or from a CSV.
//!
//! The shapefile uses the plane coordinates of EPSG:2263 (Lambert conformal conic, US survey feet); centroids
//! are computed there, weighted by area over all parts minus the holes, and converted to degrees. The id of a
//! zone is its `OBJECTID`: in the published file `LocationID` 56 occurs twice and 103 three times.
//! Coordinates are rounded to a millionth of a degree (0.1 m), areas to a square metre.

use super::table::TableFile;
use gridfleet_core::error::{Error, InputError, Result, guard, input};
use gridfleet_core::ranges;
use proj4rs::proj::Proj;
use shapefile::dbase;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Cursor;
use std::path::Path;

/// Maximum size of a file [bytes].
const MOST_BYTES: u64 = 1024 << 20;

/// EPSG:2263, "NAD83 / New York Long Island (ftUS)", as defined in the EPSG registry.
const EPSG_2263: &str = "+proj=lcc +lat_0=40.1666666666667 +lon_0=-74 +lat_1=41.0333333333333 \
     +lat_2=40.6666666666667 +x_0=300000 +y_0=0 +ellps=GRS80 +towgs84=0,0,0 +units=us-ft +no_defs";
/// Degrees on the same datum.
const DEGREES: &str = "+proj=longlat +ellps=GRS80 +towgs84=0,0,0 +no_defs";
/// A US survey foot [km]: 1200/3937 m (National Bureau of Standards, 1959).
const SURVEY_FOOT_KM: f64 = 1.2 / 3_937.0;

/// Zones in the order of their source, one flat column per property.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Zones {
    /// Identifier used in files; a number for New York.
    pub id: Vec<String>,
    /// Display name, or empty.
    pub name: Vec<String>,
    /// Borough or district, or empty.
    pub borough: Vec<String>,
    /// Latitude of the centroid [degrees north].
    pub lat: Vec<f64>,
    /// Longitude of the centroid [degrees east].
    pub lon: Vec<f64>,
    /// Area [km²], 0 if unknown.
    pub area_km2: Vec<f64>,
}

impl Zones {
    /// Number of zones.
    pub fn len(&self) -> usize {
        self.id.len()
    }

    /// Whether there are no zones.
    pub fn is_empty(&self) -> bool {
        self.id.is_empty()
    }

    /// Reads a shapefile (the path ends in `.shp` or `.dbf`, with the other file next to it) or a CSV.
    ///
    /// # Errors
    /// If the files cannot be read or do not contain zones.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        if ending != "shp" && ending != "dbf" {
            return Self::from_table(&TableFile::open(path)?);
        }
        let upper = path.extension().is_some_and(|e| e.to_ascii_lowercase() != *e);
        let (shp, dbf) = if upper { ("SHP", "DBF") } else { ("shp", "dbf") };
        let (shp, dbf) = (path.with_extension(shp), path.with_extension(dbf));
        let shapes = input::read(&shp, MOST_BYTES)?;
        let records = input::read(&dbf, MOST_BYTES).map_err(|error| match error {
            Error::Input(mut errors) => {
                for error in &mut errors {
                    error.help =
                        Some("a shapefile is several files: the .dbf must be beside the .shp".into());
                }
                Error::Input(errors)
            }
            other => other,
        })?;
        Self::from_shapefile(&shp, shapes, records)
    }

    /// Reads a table with the columns `zone_id` (or `OBJECTID`, `LocationID`, `id`), `lat`, `lon` and,
    /// optionally, `area_km2`, `zone` (or `name`), `borough`.
    ///
    /// # Errors
    /// If a column is missing or a row is invalid: zones are few, so none is skipped.
    pub fn from_table(file: &TableFile) -> Result<Self> {
        let id = file.require(&["zone_id", "OBJECTID", "LocationID", "id"])?;
        let lat = file.require(&["lat", "latitude"])?;
        let lon = file.require(&["lon", "lng", "longitude"])?;
        let area = file.find(&["area_km2"]);
        let name = file.find(&["zone", "name", "zone_name"]);
        let borough = file.find(&["borough", "district"]);
        let wanted: Vec<usize> =
            [Some(id), Some(lat), Some(lon), area, name, borough].into_iter().flatten().collect();
        let table = file.read(&wanted)?;
        if let Some(&(row, cells)) = table.ragged().first() {
            return Err(InputError::new(format!("{cells} cells"), format!("{}", table.width()))
                .file(table.path())
                .line(table.line(row))
                .into());
        }
        let ids = table.names(id)?;
        let (lats, lons) = (table.numbers(lat)?, table.numbers(lon)?);
        let areas = area.map(|c| table.numbers(c)).transpose()?;
        let names = name.map(|c| table.names(c)).transpose()?;
        let boroughs = borough.map(|c| table.names(c)).transpose()?;
        let mut zones = Self::default();
        let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
        for row in 0..table.rows() {
            let Some(zone) = ids.codes.get(row).and_then(|&code| ids.names.get(code as usize)) else {
                return Err(table.error(id, row, "the zone's id").into());
            };
            if let Some(before) = rows.insert(zone, row) {
                // Lines are only counted for messages, because each count starts at the top of the file.
                let before = table.line(before);
                return Err(table
                    .error(id, row, format!("an id that line {before} does not have already"))
                    .into());
            }
            let (y, x) = (lats.get(row), lons.get(row));
            for (value, column, range) in [(y, lat, ranges::LATITUDE), (x, lon, ranges::LONGITUDE)] {
                if !range.holds(value) {
                    return Err(table.error(column, row, range.expected()).into());
                }
            }
            let size = areas.as_ref().map_or(0.0, |a| if a.is_bad(row) { -1.0 } else { a.get(row) });
            // NaN means absent.
            if !size.is_nan() && !ranges::AREA.holds(size) {
                let column = area.unwrap_or(id);
                return Err(table.error(column, row, ranges::AREA.expected()).into());
            }
            let text = |names: &Option<super::table::Names>| {
                names
                    .as_ref()
                    .and_then(|n| n.names.get(*n.codes.get(row)? as usize))
                    .cloned()
                    .unwrap_or_default()
            };
            let size = if size.is_nan() { 0.0 } else { size };
            zones.push(zone, &text(&names), &text(&boroughs), [y, x], size);
        }
        if zones.is_empty() {
            return Err(InputError::new("no rows", "one zone per row").file(table.path()).into());
        }
        Ok(zones)
    }

    /// Parses the bytes of a `.shp` and its `.dbf`; `path` is for messages.
    ///
    /// # Errors
    /// If they are damaged, are not in the coordinates of New York, or lack `OBJECTID`.
    pub fn from_shapefile(path: &Path, shapes: Vec<u8>, records: Vec<u8>) -> Result<Self> {
        let rows = guard::decode(path, "a shapefile of polygons with its .dbf", || {
            let shapes = shapefile::ShapeReader::new(Cursor::new(shapes))?;
            let records = dbase::Reader::new(Cursor::new(records))?;
            let mut reader = shapefile::Reader::new(shapes, records);
            reader
                .iter_shapes_and_records_as::<shapefile::Polygon, dbase::Record>()
                .collect::<Result<Vec<_>, _>>()
        })?;
        let plane = projection(EPSG_2263)?;
        let degrees = projection(DEGREES)?;
        let mut zones = Self::default();
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for (row, (polygon, record)) in rows.iter().enumerate() {
            let wrong = |found: String, expected: &str, key: &str| {
                InputError::new(found, expected).file(path).line(row as u64 + 1).key(key)
            };
            let Some(id) = field(record, "OBJECTID") else {
                let expected = "the zone's number in the .dbf";
                return Err(wrong("no such field".into(), expected, "OBJECTID").into());
            };
            if let Some(before) = seen.insert(id.clone(), row + 1) {
                return Err(wrong(
                    format!("`{id}` again"),
                    &format!("an id that record {before} has not"),
                    "OBJECTID",
                )
                .into());
            }
            let rings = polygon.rings().iter().map(|ring| ring.points().iter().map(|p| [p.x, p.y]));
            let (area_ft2, [x_ft, y_ft]) = centroid(rings);
            if !(area_ft2 > 0.0 && x_ft.is_finite() && y_ft.is_finite()) {
                return Err(wrong(format!("an area of {area_ft2} square feet"), "a polygon", "shape").into());
            }
            // Degrees would be far outside New York's range of feet; the converse is caught below.
            let (lon, lat) = proj4rs::adaptors::transform_xy(&plane, &degrees, x_ft, y_ft)
                .map(|(lon, lat)| (lon.to_degrees(), lat.to_degrees()))
                .unwrap_or((f64::NAN, f64::NAN));
            // New York City and its surroundings.
            if !((40.0..42.0).contains(&lat) && (-75.0..-72.0).contains(&lon)) {
                return Err(wrong(
                    format!("a centroid at {x_ft:.1}, {y_ft:.1}"),
                    "coordinates of EPSG:2263 (US survey feet) in New York",
                    "shape",
                )
                .help("for other zones give a CSV with zone_id, lat, lon, area_km2")
                .into());
            }
            let name = field(record, "zone").unwrap_or_default();
            let borough = field(record, "borough").unwrap_or_default();
            let round = |value: f64| (value * 1e6).round() / 1e6;
            let area_km2 = area_ft2 * SURVEY_FOOT_KM * SURVEY_FOOT_KM;
            zones.push(&id, &name, &borough, [round(lat), round(lon)], round(area_km2));
        }
        if zones.is_empty() {
            return Err(InputError::new("no shapes", "one polygon per zone").file(path).into());
        }
        Ok(zones)
    }

    /// Adds a zone.
    pub(super) fn push(&mut self, id: &str, name: &str, borough: &str, [lat, lon]: [f64; 2], area_km2: f64) {
        self.id.push(id.to_string());
        self.name.push(name.to_string());
        self.borough.push(borough.to_string());
        self.lat.push(lat);
        self.lon.push(lon);
        self.area_km2.push(area_km2);
    }

    /// The zones as CSV, in the format read by [`from_table`](Self::from_table).
    pub fn to_csv(&self) -> String {
        let quote = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut out = String::from("zone_id,lat,lon,area_km2,zone,borough\n");
        for i in 0..self.len() {
            // Writing to a string cannot fail.
            let _ = writeln!(
                out,
                "{},{},{},{},{},{}",
                quote(&self.id[i]),
                self.lat[i],
                self.lon[i],
                self.area_km2[i],
                quote(&self.name[i]),
                quote(&self.borough[i])
            );
        }
        out
    }
}

fn projection(definition: &str) -> Result<Proj> {
    Proj::from_proj_string(definition).map_err(|e| Error::Other(format!("map projection: {e}")))
}

/// A field of a record as text, whatever its type; the case of its name is ignored.
fn field(record: &dbase::Record, name: &str) -> Option<String> {
    let (_, value) = record.as_ref().iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    match value {
        dbase::FieldValue::Character(text) => text.as_ref().map(|t| t.trim().to_string()),
        dbase::FieldValue::Numeric(number) => number.map(|n| n.to_string()),
        dbase::FieldValue::Float(number) => number.map(|n| n.to_string()),
        dbase::FieldValue::Integer(number) => Some(number.to_string()),
        dbase::FieldValue::Double(number) => Some(number.to_string()),
        _ => None,
    }
    .filter(|text| !text.is_empty())
}

/// Area and centroid of a polygon of closed rings. Holes are oriented opposite to their outer ring, so their
/// signed area is subtracted (shoelace formula; P. Bourke, 1988).
fn centroid<R: Iterator<Item = [f64; 2]>>(rings: impl Iterator<Item = R>) -> (f64, [f64; 2]) {
    let (mut twice, mut sx, mut sy) = (0.0, 0.0, 0.0);
    let mut origin = None;
    for ring in rings {
        let mut last: Option<[f64; 2]> = None;
        for [x, y] in ring {
            // Relative to a point of the polygon, which keeps the products small and their digits
            // significant.
            let [x0, y0] = *origin.get_or_insert([x, y]);
            let point = [x - x0, y - y0];
            if let Some(before) = last {
                let cross = before[0] * point[1] - point[0] * before[1];
                twice += cross;
                sx += (before[0] + point[0]) * cross;
                sy += (before[1] + point[1]) * cross;
            }
            last = Some(point);
        }
    }
    let [x0, y0] = origin.unwrap_or_default();
    ((0.5 * twice).abs(), [x0 + sx / (3.0 * twice), y0 + sy / (3.0 * twice)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn csv(text: &str) -> Result<Zones> {
        Zones::from_table(&TableFile::from_bytes("zones.csv", text.as_bytes().to_vec())?)
    }

    #[test]
    fn a_hole_moves_the_centroid_away() {
        // A square of side 4 without the square of side 2 in its left half; computed by hand: x = (16 * 2 - 4
        // * 1) / 12.
        let outer = vec![[0.0, 0.0], [0.0, 4.0], [4.0, 4.0], [4.0, 0.0], [0.0, 0.0]];
        let hole = vec![[0.0, 1.0], [2.0, 1.0], [2.0, 3.0], [0.0, 3.0], [0.0, 1.0]];
        let (area, [x, y]) = centroid([outer, hole].into_iter().map(Vec::into_iter));
        assert!((area - 12.0).abs() < 1e-12);
        assert!((x - 28.0 / 12.0).abs() < 1e-12 && (y - 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_csv_comes_back_as_it_was_written() {
        let zones = csv("LocationID,Lat,Lon,Zone,borough,area_km2\n7,40.5,-74.25,\"a, \"\"b\"\"\",Queens,1.25\nx y,1,2,,,\n").unwrap();
        assert_eq!(zones.id, ["7", "x y"]);
        assert_eq!(zones.area_km2, [1.25, 0.0]);
        assert_eq!(csv(&zones.to_csv()).unwrap(), zones);
    }

    #[test]
    fn wrong_rows_are_named() {
        let message = |text: &str| csv(text).unwrap_err().to_string();
        insta::assert_snapshot!(message("zone_id,lat\n1,2\n"), @"zones.csv: lon: found only the columns zone_id, lat, expected a column `lon`");
        insta::assert_snapshot!(message("zone_id,lat,lon\n1,40.7,-74\n1,40.8,-74\n"), @"zones.csv:3: zone_id: found `1`, expected an id that line 2 does not have already");
        insta::assert_snapshot!(message("zone_id,lat,lon\n1,40.7,-74\n2,NaN,-74\n"), @"zones.csv:3: lat: found `NaN`, expected a latitude from -90 to 90 degrees north");
        insta::assert_snapshot!(message("zone_id,lat,lon\n1,40.7,-740\n"), @"zones.csv:2: lon: found `-740`, expected a longitude from -180 to 180 degrees east");
        insta::assert_snapshot!(message("zone_id,lat,lon,area_km2\n1,40.7,-74,-1\n"), @"zones.csv:2: area_km2: found `-1`, expected an area from 0 to 10000000 km²");
        insta::assert_snapshot!(message("zone_id,lat,lon\n1,40.7\n"), @"zones.csv:2: found 2 cells, expected 3");
        insta::assert_snapshot!(message("zone_id,lat,lon\n"), @"zones.csv: found no rows, expected one zone per row");
        let shp = |bytes: &[u8]| Zones::from_shapefile(Path::new("z.shp"), bytes.to_vec(), Vec::new());
        insta::assert_snapshot!(shp(b"").unwrap_err(), @"z.shp: found a file that cannot be decoded (failed to fill whole buffer), expected a shapefile of polygons with its .dbf; it may be truncated or damaged: fetch or write it again");
    }
}
