//! The file of `gridfleet solve stackelberg`: slots, the retailer, households, vehicles, the retailer's objective.

use super::input::{self, Reader, counted};
use crate::error::{Error, InputError, Result};
use crate::games::stackelberg::{
    Aim, Household, Player, PlayerProblem, Problem, Retailer, StackelbergGame, Vehicle,
};
use std::path::Path;

/// Game as it was written, with the names of its users.
pub struct Written {
    /// The game.
    pub game: StackelbergGame,
    /// Objective of the retailer.
    pub aim: Aim,
    /// Name of each household.
    pub households: Vec<String>,
    /// Name of each vehicle, those of one entry in succession.
    pub vehicles: Vec<String>,
}

/// Most slots (a week), and most identical vehicles of one entry.
const MOST_SLOTS: u32 = 168;
const MOST_ALIKE: u32 = 100_000;
/// Most identical households of one entry.
const MOST_HOMES: u32 = 1_000_000_000;

/// Keys of the file and its objects.
const KEYS: [&str; 5] = ["slots", "retailer", "leader", "households", "vehicles"];
const RETAILER: [&str; 5] = ["a", "b", "c", "lambda", "g_max"];
const LEADER: [&str; 2] = ["aim", "lambda_max"];
const HOUSEHOLD: [&str; 10] =
    ["name", "count", "omega", "theta", "nominal", "min_percent", "max_percent", "energy", "min", "max"];
const VEHICLE: [&str; 11] = [
    "name",
    "count",
    "rated_kw",
    "battery_kwh",
    "soc_min",
    "arrival",
    "departure",
    "hours_needed",
    "max_active_hours",
    "omega",
    "theta",
];

/// Reads a game, and reports all of its problems.
///
/// # Errors
/// If the file cannot be read or is invalid.
pub fn read(file: &Path) -> Result<Written> {
    let named = |error| match error {
        Error::Input(problems) => Error::Input(problems.into_iter().map(|p| p.file(file)).collect()),
        other => other,
    };
    let mut reader = input::open(file)?;
    let slots = reader.whole("slots", Some(24), MOST_SLOTS).unwrap_or(24) as usize;
    if slots == 0 {
        reader.problem("slots", "0", "at least 1");
    }
    if !reader.is_right() {
        // Otherwise all lists would be of the wrong length.
        return Err(named(Error::Input(reader.problems())));
    }
    let retailer = retailer(&mut reader, slots);
    let aim = aim(&mut reader);
    let (mut households, mut vehicles) = (Vec::new(), Vec::new());
    let (mut household_names, mut vehicle_names) = (Vec::new(), Vec::new());
    for (i, mut entry) in reader.objects("households").into_iter().enumerate() {
        let name = entry.text("name");
        household_names.push(if name.is_empty() { i.to_string() } else { name });
        households.extend(household(&mut entry, slots));
        reader.adopt(entry.finish(&HOUSEHOLD));
    }
    for (i, mut entry) in reader.objects("vehicles").into_iter().enumerate() {
        let name = entry.text("name");
        let name = if name.is_empty() { i.to_string() } else { name };
        let count = entry.whole("count", Some(1), MOST_ALIKE).unwrap_or(1) as usize;
        if let Some(vehicle) = vehicle(&mut entry, slots) {
            vehicles.extend(std::iter::repeat_n(vehicle, count));
            vehicle_names
                .extend((1..=count).map(|k| if count == 1 { name.clone() } else { format!("{name} {k}") }));
        }
        reader.adopt(entry.finish(&VEHICLE));
    }
    if households.is_empty() && vehicles.is_empty() && reader.is_right() {
        reader.problem("households", "nothing", "a household or a vehicle at least");
    }
    let problems = reader.finish(&KEYS);
    let (Some(retailer), Some(aim), true) = (retailer, aim, problems.is_empty()) else {
        return Err(named(Error::Input(problems)));
    };
    let game = StackelbergGame::new(retailer, households, vehicles).map_err(|error| named(error.into()))?;
    Ok(Written { game, aim, households: household_names, vehicles: vehicle_names })
}

/// The retailer, if it can be read.
fn retailer(reader: &mut Reader, slots: usize) -> Option<Retailer> {
    let Some(mut object) = reader.object("retailer") else {
        if reader.is_right() {
            reader.problem("retailer", "nothing", "an object with a at least");
        }
        return None;
    };
    let a = object.column("a", slots, None, None);
    let b = object.column("b", slots, None, Some(0.0));
    let c = object.column("c", slots, None, Some(0.0));
    let lambda = object.column("lambda", slots, None, Some(1.0));
    let capacity = object.column("g_max", slots, Some(f64::INFINITY), Some(f64::INFINITY));
    reader.adopt(object.finish(&RETAILER));
    let retailer = Retailer { a: a?, b: b?, c: c?, lambda: lambda?, capacity: capacity? };
    let problems =
        retailer.problems().into_iter().map(|problem| PlayerProblem { player: Player::Retailer, problem });
    reader.adopt(problems.map(|problem| InputError::from(&problem)).collect());
    Some(retailer)
}

/// Objective of the retailer; marginal prices if not given.
fn aim(reader: &mut Reader) -> Option<Aim> {
    let Some(mut object) = reader.object("leader") else { return Some(Aim::Marginal) };
    let name = object.text("aim");
    let aim = match name.as_str() {
        "marginal" => Some(Aim::Marginal),
        "flatten" | "profit" => {
            let most = object.number("lambda_max", None);
            if most.is_some_and(|most| most < 1.0) {
                object.problem("lambda_max", most.unwrap_or_default().to_string(), "1 or a number above");
            }
            most.map(if name == "flatten" { Aim::Flatten } else { Aim::Profit })
        }
        other => {
            let found = if other.is_empty() { "nothing".to_owned() } else { format!("{other:?}") };
            object.problem("aim", found, "marginal, flatten or profit");
            None
        }
    };
    reader.adopt(object.finish(&LEADER));
    aim
}

/// A household: its nominal load and the permitted deviation, or its energy and its bounds.
fn household(entry: &mut Reader, slots: usize) -> Option<Household> {
    let count = entry.whole("count", Some(1), MOST_HOMES);
    let omega = entry.column("omega", slots, None, None);
    let theta = entry.number("theta", None);
    let (energy, low, high);
    if let Some(value) = entry.take("nominal") {
        let nominal = entry.numbers("nominal", value, None);
        let least = entry.number("min_percent", Some(100.0));
        let most = entry.number("max_percent", Some(100.0));
        energy = entry.number("energy", Some(nominal.iter().flatten().sum()));
        let (nominal, least, most) = (nominal?, least?, most?);
        if nominal.len() != slots {
            entry.problem("nominal", counted(nominal.len()), format!("{slots}, one for each slot"));
            return None;
        }
        if !(0.0..=most).contains(&least) {
            entry.problem("min_percent", least.to_string(), format!("from 0 to {most}, the max_percent"));
            return None;
        }
        let around = Household::around(&nominal, least / 100.0, most / 100.0, 1.0, 1.0);
        (low, high) = (Some(around.low), Some(around.high));
    } else {
        energy = entry.number("energy", None);
        low = entry.column("min", slots, None, Some(0.0));
        high = entry.column("max", slots, None, None);
    }
    let household =
        Household { count: count?, energy: energy?, low: low?, high: high?, omega: omega?, theta: theta? };
    report(entry, &household.problems(slots));
    Some(household)
}

fn vehicle(entry: &mut Reader, slots: usize) -> Option<Vehicle> {
    let last = u32::try_from(slots).unwrap_or(u32::MAX);
    let rated_kw = entry.number("rated_kw", None);
    let battery_kwh = entry.number("battery_kwh", None);
    let soc_min = entry.number("soc_min", Some(0.0));
    let arrival = entry.whole("arrival", None, last);
    let departure = entry.whole("departure", None, last);
    let hours_needed = entry.whole("hours_needed", None, MOST_SLOTS);
    let max_active_hours = entry.whole("max_active_hours", Some(last), MOST_SLOTS);
    let omega = entry.number("omega", None);
    let theta = entry.number("theta", Some(0.0));
    let vehicle = Vehicle {
        rated_kw: rated_kw?,
        battery_kwh: battery_kwh?,
        soc_min: soc_min?,
        arrival: arrival? as usize,
        departure: departure? as usize,
        hours_needed: hours_needed?,
        max_active_hours: max_active_hours?,
        omega: omega?,
        theta: theta?,
    };
    report(entry, &vehicle.problems(slots));
    Some(vehicle)
}

/// Reports the problems of an entry, with its path before their keys.
fn report(entry: &mut Reader, problems: &[Problem]) {
    let pathed = |problem: &Problem| {
        let problem = InputError::from(problem);
        InputError { key: problem.key.as_ref().map(|key| entry.path(key)), ..problem }
    };
    let problems: Vec<InputError> = problems.iter().map(pathed).collect();
    entry.adopt(problems);
}
