//! The file of `gridfleet solve routing`: fleets, places, trips, vehicles, stations, prices, the feeder.

use super::input::{self, Reader, kind};
use crate::error::{self, Error, InputError, Result};
use crate::grid::{Branch, Bus, Fault, Feeder, Limits, Place, matpower};
use crate::routing::{Demand, Grid, Instance, Slots, Station, Travel, Trip, Vehicles};
use crate::scenario::suggest;
use serde_json::Value;
use std::path::Path;

/// Largest file that is accepted [bytes].
const MOST_BYTES: u64 = 64 << 20;

/// Instance as it was written.
pub struct Written {
    /// The instance.
    pub instance: Instance,
    /// Demand of a coalition: its own riders or all.
    pub demand: Demand,
}

const KEYS: [&str; 14] = [
    "fleets",
    "places",
    "travel",
    "speed_kmh",
    "detour",
    "slots",
    "price",
    "refill_price",
    "value_of_time",
    "demand",
    "trips",
    "vehicles",
    "stations",
    "feeder",
];
const TRIP: [&str; 9] = ["name", "fleet", "from", "to", "earliest", "latest", "minutes", "km", "penalty"];
const VEHICLES: [&str; 8] =
    ["name", "fleet", "count", "depot", "battery_kwh", "start_kwh", "reserve_kwh", "kwh_per_km"];
const STATION: [&str; 7] = ["name", "fleet", "place", "connectors", "power_kw", "efficiency", "bus"];
const FEEDER: [&str; 9] =
    ["case", "base_mva", "source", "source_voltage", "buses", "branches", "load", "voltage", "sides"];

/// Length of routes relative to straight lines, if not given. Assumed: between a grid's 1.27 and what is measured in
/// cities.
const DETOUR: f64 = 1.3;

/// Reads an instance, and reports all of its problems.
///
/// # Errors
/// If the file, or the feeder's, cannot be read or is invalid.
pub fn read(file: &Path) -> Result<Written> {
    let named = |problems: Vec<InputError>| {
        Error::Input(problems.into_iter().map(|p| if p.file.is_some() { p } else { p.file(file) }).collect())
    };
    let mut reader = input::open(file)?;
    let fleets = names(&mut reader, "fleets");
    let slots = slots(&mut reader);
    let (places, travel) = places(&mut reader);
    if !reader.is_right() {
        // Otherwise all names would be unknown, and all lists of the wrong length.
        return Err(named(reader.problems()));
    }
    let price = reader.column("price", slots.count, None, None);
    let refill_price = reader.number("refill_price", None);
    let value_of_time = reader.number("value_of_time", Some(0.0));
    let demand = match reader.text("demand").as_str() {
        "" | "all" => Demand::All,
        "members" => Demand::Members,
        other => {
            reader.problem("demand", format!("{other:?}"), "all or members");
            Demand::All
        }
    };
    let grid = match feeder(&mut reader, file, slots.count) {
        Ok(grid) => grid,
        Err(mut problems) => {
            problems.extend(reader.problems());
            return Err(named(problems));
        }
    };
    let (mut trips, mut vehicles, mut stations) = (Vec::new(), Vec::new(), Vec::new());
    for (i, mut entry) in reader.objects("trips").into_iter().enumerate() {
        trips.extend(trip(&mut entry, i, &fleets, &places, &travel));
        reader.adopt(entry.finish(&TRIP));
    }
    for (i, mut entry) in reader.objects("vehicles").into_iter().enumerate() {
        vehicles.extend(vehicle(&mut entry, i, &fleets, &places));
        reader.adopt(entry.finish(&VEHICLES));
    }
    for (i, mut entry) in reader.objects("stations").into_iter().enumerate() {
        stations.extend(station(&mut entry, i, &fleets, &places, grid.as_ref()));
        reader.adopt(entry.finish(&STATION));
    }
    let problems = reader.finish(&KEYS);
    let (Some(price), Some(refill_price), Some(value_of_time), true) =
        (price, refill_price, value_of_time, problems.is_empty())
    else {
        return Err(named(problems));
    };
    let instance = Instance {
        fleets,
        travel,
        slots,
        price,
        refill_price,
        value_of_time,
        trips,
        vehicles,
        stations,
        grid,
    };
    let problems = instance.problems();
    if problems.is_empty() {
        Ok(Written { instance, demand })
    } else {
        Err(named(problems.iter().map(InputError::from).collect()))
    }
}

/// A list of distinct names.
fn names(reader: &mut Reader, key: &str) -> Vec<String> {
    let Some(value) = reader.need(key, "a list of names") else { return Vec::new() };
    let mut names: Vec<String> = Vec::new();
    for (i, item) in reader.list(key, value, "names").unwrap_or_default().into_iter().enumerate() {
        match item {
            Value::String(name) if !name.is_empty() && !names.contains(&name) => names.push(name),
            other => reader.problem(&format!("{key}[{i}]"), kind(&other), "a unique name"),
        }
    }
    names
}

fn slots(reader: &mut Reader) -> Slots {
    let mut slots = Slots { minutes: 15.0, count: 0 };
    match reader.object("slots") {
        None if reader.is_right() => reader.problem("slots", "nothing", "an object with minutes and count"),
        None => {}
        Some(mut object) => {
            slots.minutes = object.number("minutes", Some(15.0)).unwrap_or(15.0);
            slots.count = object.whole("count", None, 10_000).unwrap_or(0) as usize;
            reader.adopt(object.finish(&["minutes", "count"]));
        }
    }
    slots
}

/// Names of the places and the routes between them: from a table, or from points of a plane.
fn places(reader: &mut Reader) -> (Vec<String>, Travel) {
    let table = reader.object("travel");
    if let Some(mut table) = table {
        let places = names(reader, "places");
        let mut rows = |key: &str| -> Vec<Vec<f64>> {
            let Some(value) = table.need(key, "a list of lists of numbers") else { return Vec::new() };
            let rows = table.list(key, value, "lists").unwrap_or_default();
            let row = |(i, row)| table.numbers(&format!("{key}[{i}]"), row, None).unwrap_or_default();
            let rows: Vec<Vec<f64>> = rows.into_iter().enumerate().map(row).collect();
            if rows.len() != places.len() || rows.iter().any(|row| row.len() != places.len()) {
                table.problem(
                    key,
                    "a table of another size",
                    format!("{0} rows of {0}, one for each place", places.len()),
                );
            }
            rows
        };
        let travel = Travel { minutes: rows("minutes"), km: rows("km") };
        reader.adopt(table.finish(&["minutes", "km"]));
        return (places, travel);
    }
    let speed = reader.number("speed_kmh", None).unwrap_or(1.0);
    let detour = reader.number("detour", Some(DETOUR)).unwrap_or(DETOUR);
    if speed.is_nan() || speed <= 0.0 {
        reader.problem("speed_kmh", speed.to_string(), "a number above 0");
    }
    let expected = "an object of points, NAME: [x, y] in km; or a list of names, beside travel";
    let (mut names, mut points) = (Vec::new(), Vec::new());
    match reader.need("places", expected) {
        Some(Value::Object(places)) => {
            for (name, point) in places {
                let key = format!("places.{name}");
                let point = reader.numbers(&key, point, None).unwrap_or_default();
                match point[..] {
                    [x, y] => points.push([x, y]),
                    _ => reader.problem(&key, format!("{} figures", point.len()), "two, x and y in km"),
                }
                names.push(name);
            }
        }
        Some(other) => reader.problem("places", kind(&other), expected),
        None => {}
    }
    let km: Vec<Vec<f64>> = points
        .iter()
        .map(|a: &[f64; 2]| points.iter().map(|b| detour * (a[0] - b[0]).hypot(a[1] - b[1])).collect())
        .collect();
    let minutes = km.iter().map(|row| row.iter().map(|km| 60.0 * km / speed).collect()).collect();
    (names, Travel { minutes, km })
}

/// Index of a name in `known`, if it is given.
fn named_one(entry: &mut Reader, key: &str, known: &[String], what: &str) -> Option<usize> {
    let name = match entry.take(key)? {
        Value::String(name) => name,
        Value::Number(number) => number.to_string(),
        other => {
            entry.problem(key, kind(&other), format!("the name of a {what}"));
            return None;
        }
    };
    let place = known.iter().position(|known| *known == name);
    if place.is_none() {
        let near = suggest::help(&name, known.iter().map(String::as_str))
            .map_or(String::new(), |help| format!(" ({help})"));
        entry.problem(key, format!("{name:?}"), format!("the name of a {what}{near}"));
    }
    place
}

/// Index of a name in `known`, which is required.
fn need_one(entry: &mut Reader, key: &str, known: &[String], what: &str) -> Option<usize> {
    if !entry.has(key) {
        entry.problem(key, "nothing", format!("the name of a {what}"));
    }
    named_one(entry, key, known, what)
}

fn or_number(name: String, i: usize) -> String {
    if name.is_empty() { i.to_string() } else { name }
}

fn trip(entry: &mut Reader, i: usize, fleets: &[String], places: &[String], travel: &Travel) -> Option<Trip> {
    let name = or_number(entry.text("name"), i);
    let fleet = named_one(entry, "fleet", fleets, "fleet");
    let (from, to) = (need_one(entry, "from", places, "place"), need_one(entry, "to", places, "place"));
    let earliest = entry.number("earliest", None);
    let latest = entry.number("latest", None);
    let (from, to) = (from?, to?);
    let minutes = entry.number("minutes", Some(travel.minutes[from][to]));
    let km = entry.number("km", Some(travel.km[from][to]));
    let penalty = if entry.is_number("penalty") { entry.number("penalty", None) } else { None };
    Some(Trip { name, fleet, from, to, window: [earliest?, latest?], minutes: minutes?, km: km?, penalty })
}

fn vehicle(entry: &mut Reader, i: usize, fleets: &[String], places: &[String]) -> Option<Vehicles> {
    let name = or_number(entry.text("name"), i);
    let (fleet, depot) =
        (need_one(entry, "fleet", fleets, "fleet"), need_one(entry, "depot", places, "place"));
    let count = entry.whole("count", Some(1), 100_000);
    let battery_kwh = entry.number("battery_kwh", None);
    let start_kwh = entry.number("start_kwh", battery_kwh.or(Some(0.0)));
    let reserve_kwh = entry.number("reserve_kwh", Some(0.0));
    let kwh_per_km = entry.number("kwh_per_km", None);
    Some(Vehicles {
        name,
        fleet: fleet?,
        count: count? as usize,
        depot: depot?,
        battery_kwh: battery_kwh?,
        start_kwh: start_kwh?,
        reserve_kwh: reserve_kwh?,
        kwh_per_km: kwh_per_km?,
    })
}

fn station(
    entry: &mut Reader,
    i: usize,
    fleets: &[String],
    places: &[String],
    grid: Option<&Grid>,
) -> Option<Station> {
    let name = or_number(entry.text("name"), i);
    let (fleet, place) =
        (need_one(entry, "fleet", fleets, "fleet"), need_one(entry, "place", places, "place"));
    let connectors = entry.whole("connectors", Some(1), 100_000);
    let power_kw = entry.number("power_kw", None);
    let efficiency = entry.number("efficiency", Some(1.0));
    let bus = match grid {
        Some(grid) => {
            let buses: Vec<String> = grid.feeder.buses().iter().map(|bus| bus.name.clone()).collect();
            need_one(entry, "bus", &buses, "bus")
        }
        None => {
            entry.take("bus");
            Some(0)
        }
    };
    Some(Station {
        name,
        fleet: fleet?,
        place: place?,
        connectors: connectors? as usize,
        power_kw: power_kw?,
        efficiency: efficiency?,
        bus: bus?,
    })
}

/// The feeder: inline, or in the file of a MATPOWER case, with a path relative to the folder of this file.
fn feeder(reader: &mut Reader, file: &Path, slots: usize) -> Result<Option<Grid>, Vec<InputError>> {
    let Some(mut object) = reader.object_or("feeder", "case") else { return Ok(None) };
    let case = object.text("case");
    let feeder = if case.is_empty() { inline(&mut object) } else { of_case(&case, file)? };
    let voltage = object.number("source_voltage", Some(f64::NAN)).unwrap_or(f64::NAN);
    let feeder = match feeder {
        Some(feeder) if !voltage.is_nan() => feeder.with_source_voltage(voltage).map_or_else(
            |fault| {
                object.problem("source_voltage", fault.found, fault.expected);
                None
            },
            Some,
        ),
        other => other,
    };
    let load = object.column("load", slots, None, Some(1.0));
    let mut limits = Limits::default();
    if let Some(value) = object.take("voltage") {
        match object.numbers("voltage", value, None).as_deref() {
            Some(&[low, high]) => limits.voltage = [low, high],
            Some(_) => {
                object.problem("voltage", "another number of figures", "two, the least and the greatest")
            }
            None => {}
        }
    }
    limits.sides = object.whole("sides", Some(12), 360).unwrap_or(12) as usize;
    let right = object.is_right();
    reader.adopt(object.finish(&FEEDER));
    Ok(feeder.zip(load).filter(|_| right).map(|(feeder, load)| Grid { feeder, load, limits }))
}

/// Feeder from the file of a case.
fn of_case(case: &str, file: &Path) -> Result<Option<Feeder>, Vec<InputError>> {
    let path = file.parent().map_or_else(|| case.into(), |folder| folder.join(case));
    let text = error::input::read(&path, MOST_BYTES).map_err(|error| match error {
        Error::Input(problems) => problems,
        other => vec![InputError::new(other.to_string(), "a file that can be read").file(&path)],
    })?;
    let text = String::from_utf8_lossy(&text);
    let feeder = matpower::read(&text);
    feeder.map(Some).map_err(|problems| problems.into_iter().map(|problem| problem.file(&path)).collect())
}

/// Feeder given in the file itself.
fn inline(object: &mut Reader) -> Option<Feeder> {
    let base_mva = object.number("base_mva", Some(1.0));
    let mut buses = Vec::new();
    for (i, mut entry) in object.objects("buses").into_iter().enumerate() {
        let name = match entry.take("name") {
            Some(Value::String(name)) => name,
            Some(Value::Number(number)) => number.to_string(),
            _ => i.to_string(),
        };
        let load_mw = entry.number("load_mw", Some(0.0)).unwrap_or(0.0);
        let load_mvar = entry.number("load_mvar", Some(0.0)).unwrap_or(0.0);
        buses.push(Bus { name, load_mw, load_mvar, ..Bus::default() });
        object.adopt(entry.finish(&["name", "load_mw", "load_mvar"]));
    }
    let names: Vec<String> = buses.iter().map(|bus| bus.name.clone()).collect();
    for (i, name) in names.iter().enumerate() {
        if names[..i].contains(name) {
            object.problem(
                &format!("buses[{i}].name"),
                format!("{name:?} a second time"),
                "one bus of each name",
            );
        }
    }
    let source = need_one(object, "source", &names, "bus");
    let mut branches = Vec::new();
    for mut entry in object.objects("branches") {
        let (from, to) =
            (need_one(&mut entry, "from", &names, "bus"), need_one(&mut entry, "to", &names, "bus"));
        let (r, x) = (entry.number("r", None), entry.number("x", Some(0.0)));
        let limit_mva = entry.number("limit_mva", Some(f64::INFINITY));
        if let (Some(from), Some(to), Some(r), Some(x), Some(limit_mva)) = (from, to, r, x, limit_mva) {
            branches.push(Branch { from, to, r, x, limit_mva });
        }
        object.adopt(entry.finish(&["from", "to", "r", "x", "limit_mva"]));
    }
    if !object.is_right() {
        return None;
    }
    match Feeder::new(base_mva?, source?, 1.0, buses, branches) {
        Ok(feeder) => Some(feeder),
        Err(faults) => {
            for Fault { place, key, found, expected } in faults {
                let dot = if key.is_empty() { "" } else { "." };
                let key = match place {
                    Place::Feeder => key.to_owned(),
                    Place::Bus(i) => format!("buses[{i}]{dot}{key}"),
                    Place::Branch(i) => format!("branches[{i}]{dot}{key}"),
                };
                object.problem(&key, found, expected);
            }
            None
        }
    }
}
