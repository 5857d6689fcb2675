//! The map: origins of requests, lost requests, stations and depots.

use super::Context;
use crate::report::chart::{Chart, Colour, Layer, Numbers, Spec};
use crate::report::html::number;
use crate::report::page::Page;
use crate::report::source::Table;
use gridfleet_core::error::Result;
use gridfleet_core::records::TripStatus;
use std::collections::BTreeMap;

/// Side of the squares into which requests at coordinates are grouped [degrees]: about 500 m (assumed).
const SQUARE_DEGREES: f64 = 0.005;

/// Requests of one zone or square.
#[derive(Default)]
struct Demand {
    requests: u64,
    lost: u64,
}

/// Adds the section of the map.
pub(super) fn sections(context: &Context, page: &mut Page) -> Result<()> {
    let sites = context
        .folder
        .table("sites", &["kind", "name", "lat", "lon", "operator", "connectors", "connector_kw"])?;
    if sites.is_none() {
        context.absent(page, "sites", "Zones, stations and depots on the map");
    }
    let mut zones: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    let mut layers = Vec::new();
    if let Some(table) = &sites {
        layers.extend(buildings(context, table, &mut zones)?);
    }
    if let Some(trips) = context.folder.table("trips", &["origin", "status"])? {
        // Draw demand below the buildings.
        layers.splice(0..0, demand(&trips, &zones)?);
    }
    if layers.is_empty() {
        return Ok(());
    }
    let caption = "Places at their distances from each other, north up. Requests by where the rider asked \
                   (circles by area), stations by their total power of connectors, depots.";
    let html = page.chart(Chart::new("Demand, stations and depots", caption, 560, Spec::Map { layers }));
    page.section("Map", html);
    Ok(())
}

fn layer(name: &str, shape: &'static str, colour: Colour, size: &str, largest: f64) -> Layer {
    Layer {
        name: name.to_owned(),
        shape,
        colour,
        size: size.to_owned(),
        largest,
        names: Vec::new(),
        lat: Vec::new(),
        lon: Vec::new(),
        value: Numbers::default(),
        notes: Vec::new(),
    }
}

impl Layer {
    fn add(&mut self, name: &str, (lat, lon): (f64, f64), value: f64, note: String) {
        if lat.is_finite() && lon.is_finite() {
            self.names.push(name.to_owned());
            // Five decimals are about a metre.
            self.lat.push((lat * 1e5).round() / 1e5);
            self.lon.push((lon * 1e5).round() / 1e5);
            self.value.0.push(value);
            self.notes.push(note);
        }
    }
}

/// Stations by operator, and depots; records the locations of the zones.
fn buildings(
    context: &Context,
    table: &Table,
    zones: &mut BTreeMap<String, (f64, f64)>,
) -> Result<Vec<Layer>> {
    let (kind, name, operator) = (table.texts("kind")?, table.texts("name")?, table.texts("operator")?);
    let (lat, lon) = (table.floats("lat")?, table.floats("lon")?);
    let (connectors, connector_kw) = (table.floats("connectors")?, table.floats("connector_kw")?);
    let mut stations: Vec<Layer> = operator
        .texts
        .iter()
        .map(|o| layer(&format!("stations of {o}"), "rect", context.operator_colour(o), "kW", 12.0))
        .collect();
    let mut depots = layer("depots", "triangle", Colour::RED, "", 15.0);
    for row in 0..table.rows() {
        let (at, Some(name)) = ((lat[row], lon[row]), name.text(row)) else { continue };
        match kind.text(row) {
            Some("zone") => drop(zones.insert(name.to_owned(), at)),
            Some("depot") => depots.add(name, at, f64::NAN, "depot".to_owned()),
            Some("station") => {
                let Some(code) = operator.codes[row] else { continue };
                let note = format!(
                    "{} connectors, up to {} kW each",
                    number(connectors[row], 0),
                    number(connector_kw[row], 1)
                );
                stations[code as usize].add(name, at, connectors[row] * connector_kw[row], note);
            }
            _ => {}
        }
    }
    stations.push(depots);
    Ok(stations.into_iter().filter(|layer| !layer.names.is_empty()).collect())
}

/// Requests by zone, or by square if they have coordinates.
fn demand(trips: &Table, zones: &BTreeMap<String, (f64, f64)>) -> Result<Vec<Layer>> {
    let (origin, status) = (trips.texts("origin")?, trips.texts("status")?);
    let lost_codes: Vec<Option<u32>> =
        [TripStatus::LostNoVehicle, TripStatus::LostLowCharge, TripStatus::LostCommitted]
            .map(|s| status.code(s.name()))
            .to_vec();
    let mut by_origin: Vec<Demand> = origin.texts.iter().map(|_| Demand::default()).collect();
    for row in 0..trips.rows() {
        let Some(code) = origin.codes[row] else { continue };
        let demand = &mut by_origin[code as usize];
        demand.requests += 1;
        demand.lost += u64::from(status.codes[row].is_some() && lost_codes.contains(&status.codes[row]));
    }
    let mut of_zones: Vec<(&str, (f64, f64), Demand)> = Vec::new();
    let mut squares: BTreeMap<(i64, i64), Demand> = BTreeMap::new();
    for (text, demand) in origin.texts.iter().zip(by_origin) {
        if let Some(at) = zones.get(text) {
            of_zones.push((text, *at, demand));
        } else if let Some((lat, lon)) = coordinates(text) {
            let square = squares.entry((square(lat), square(lon))).or_default();
            square.requests += demand.requests;
            square.lost += demand.lost;
        }
    }
    let note = |d: &Demand| format!("{} lost", number(d.lost as f64, 0));
    let mut layers = [
        layer("requests by zone", "circle", Colour::GREY, "requests", 44.0),
        layer("requests by square of 0.005 degrees", "circle", Colour::GREY, "requests", 26.0),
    ];
    for (name, at, demand) in &of_zones {
        layers[0].add(&format!("zone {name}"), *at, demand.requests as f64, note(demand));
    }
    for ((lat, lon), demand) in &squares {
        let middle = |i: i64| (i as f64 + 0.5) * SQUARE_DEGREES;
        layers[1].add("", (middle(*lat), middle(*lon)), demand.requests as f64, note(demand));
    }
    Ok(layers.into_iter().filter(|layer| !layer.names.is_empty()).collect())
}

fn square(degrees: f64) -> i64 {
    (degrees / SQUARE_DEGREES).floor() as i64
}

/// Latitude and longitude of a label such as `48.79910,9.20750`.
fn coordinates(label: &str) -> Option<(f64, f64)> {
    let (lat, lon) = label.split_once(',')?;
    let (lat, lon): (f64, f64) = (lat.parse().ok()?, lon.parse().ok()?);
    (lat.abs() <= 90.0 && lon.abs() <= 360.0).then_some((lat, lon))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_points_are_read() {
        assert_eq!(coordinates("48.79910,-9.20750"), Some((48.7991, -9.2075)));
        for label in ["", "hub", "1,2,3", "91.0,0.0", "NaN,1.0"] {
            assert_eq!(coordinates(label), None, "{label}");
        }
        assert_eq!((square(-0.001), square(0.0), square(0.0049)), (-1, 0, 0));
    }
}
