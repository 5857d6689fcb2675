//! Relations between two runs of a random world: what must not matter is changed, and all that happens must be as it
//! was, but for what was changed. Each says which features it does not apply to, and why.

use super::check::Files;
use super::features::Switches;
use super::world::World;
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use gridfleet::names;
use polars_core::prelude::{AnyValue, TimeUnit};
use polars_io::prelude::{ParquetReader, SerReader as _};
use toml::{Table, Value};

/// How a run's tables are looked at, so that two runs can be compared.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Taken from every time [s].
    back_s: i64,
    /// Divides every amount and price.
    money: f64,
    /// Columns that are not looked at.
    forget: &'static [&'static str],
    /// Tables that are not looked at.
    without: &'static [&'static str],
    /// Parts of texts that are left out.
    omit: &'static [&'static str],
    /// Rows of an instant may change places.
    sorted: bool,
    /// Postings of less are not looked at.
    least: f64,
    /// Postings of this kind are not looked at.
    without_kind: Option<&'static str>,
}

/// A run as it is.
const PLAIN: Look = Look {
    back_s: 0,
    money: 1.0,
    forget: &[],
    without: &[],
    omit: &[],
    sorted: false,
    least: 0.0,
    without_kind: None,
};

/// Two worlds that are to be alike, and how each is looked at.
pub struct Pair {
    /// The world to compare with; none if it is that of the case.
    pub one: Option<World>,
    /// The other world.
    pub other: World,
    /// How the first is looked at.
    pub look_at_one: Look,
    /// How the other is looked at.
    pub look_at_other: Look,
    /// Rows from this instant on are not compared, and neither are activities that go on at the end.
    pub until: Option<DateTime<Utc>>,
}

/// Makes the pair of a relation; none where it does not apply.
type Relate = fn(&World, &Switches) -> Option<Pair>;

/// All relations.
pub const RELATIONS: [(&str, Relate); 6] = [
    ("weeks", weeks),
    ("scaled", scaled),
    ("reordered", reordered),
    ("split", split),
    ("future-prices", future_prices),
    ("shorter", shorter),
];

fn has(on: &Switches, names: &[&str]) -> bool {
    names.iter().any(|name| on.contains(name))
}

fn parsed(world: &World) -> Table {
    world.scenario.parse().expect("a scenario is TOML")
}

fn with(world: &World, scenario: &Table) -> World {
    World { scenario: toml::to_string(scenario).expect("TOML"), ..world.clone() }
}

/// Entries of an array of tables.
fn entries<'a>(scenario: &'a mut Table, key: &str) -> impl Iterator<Item = &'a mut Table> {
    let array = scenario.get_mut(key).and_then(Value::as_array_mut);
    array.into_iter().flatten().filter_map(Value::as_table_mut)
}

/// Changes the cells of a file's columns, given the column's name and the cell.
fn edited(text: &str, mut edit: impl FnMut(usize, &str, &str) -> String) -> String {
    let mut lines = text.lines();
    let head = lines.next().unwrap_or_default();
    let names: Vec<&str> = head.split(',').collect();
    let mut out = format!("{head}\n");
    for (row, line) in lines.enumerate() {
        let cells: Vec<String> =
            names.iter().zip(line.split(',')).map(|(name, cell)| edit(row, name, cell)).collect();
        out.push_str(&cells.join(","));
        out.push('\n');
    }
    out
}

/// A week later everything is the same a week later. Not where clocks change nearby, and where draws are named by dates.
fn weeks(world: &World, on: &Switches) -> Option<Pair> {
    let by_date = [
        "demand-level",
        "temperature-varies",
        "private-fleet",
        "competition",
        "bids-day-ahead",
        "bids-balancing",
    ];
    if on
        .iter()
        .any(|name| name.starts_with("zone-") && !name.ends_with("kolkata") && !name.ends_with("kathmandu"))
        || has(on, &by_date)
        || has(on, &["replay"]) && has(on, &["demand-jitter"])
    {
        return None;
    }
    let week = Duration::weeks(1);
    let mut scenario = parsed(world);
    let time = scenario["time"].as_table_mut()?;
    let local = chrono::NaiveDateTime::parse_from_str(time["start"].as_str()?, "%Y-%m-%dT%H:%M").ok()?;
    time["start"] = (local + week).format("%Y-%m-%dT%H:%M").to_string().into();
    if let Some(end) = time.get("end").and_then(Value::as_str) {
        let end = DateTime::parse_from_rfc3339(end).ok()? + week;
        time["end"] = end.to_utc().to_rfc3339_opts(SecondsFormat::Secs, true).into();
    }
    let mut other = with(world, &scenario);
    for (_, text) in &mut other.files {
        *text = edited(text, |_, name, cell| match DateTime::parse_from_rfc3339(cell) {
            Ok(at) if name.ends_with("time") => {
                (at + week).to_utc().to_rfc3339_opts(SecondsFormat::Secs, true)
            }
            _ => cell.to_owned(),
        });
    }
    let look_at_other = Look { back_s: week.num_seconds(), ..PLAIN };
    Some(Pair { one: None, other, look_at_one: PLAIN, look_at_other, until: None })
}

/// Factor of all money; a power of two, which rounds nothing.
const FACTOR: f64 = 4.0;

/// Whether a key or column holds money or a price.
fn is_money(name: &str) -> bool {
    names::is_money(name) || name.ends_with("_per_mwh") || name.ends_with("_per_mw_h")
}

/// Multiplies each number below a key about money.
fn scale(value: &mut Value, money: bool) {
    match value {
        Value::Table(table) => {
            for (key, value) in table.iter_mut() {
                // A coefficient of variation and a risk have no currency.
                scale(value, money || is_money(key));
            }
        }
        Value::Array(array) => array.iter_mut().for_each(|value| scale(value, money)),
        Value::Float(x) if money => *x *= FACTOR,
        Value::Integer(x) if money => *value = Value::Float(*x as f64 * FACTOR),
        _ => {}
    }
}

/// All prices and amounts times four: nothing is done otherwise, and all money is four times as much. Not for agents that
/// see prices in the unit that they learned in, and for solvers whose tolerances have one.
fn scaled(world: &World, on: &Switches) -> Option<Pair> {
    if has(on, &["bids-learned", "aggregator-bilevel", "aggregator-perfect", "clairvoyant-bound"]) {
        return None;
    }
    let mut scenario = parsed(world);
    // Keys whose default has a currency unit are given.
    let charging = scenario.get_mut("operation").and_then(|operation| operation.get_mut("charging"));
    if let Some(charging) = charging.and_then(Value::as_table_mut)
        && charging["kind"].as_str() == Some("price-aware")
    {
        charging.insert("time_value_per_h".into(), 5.0.into());
    }
    let fixed = has(on, &["imbalance-single", "imbalance-dual"]);
    if scenario.contains_key("markets") && !fixed {
        let penalty = [("kind".to_owned(), "penalty".into()), ("price_per_mwh".to_owned(), 500.0.into())];
        scenario.insert("imbalance".into(), Value::Table(penalty.into_iter().collect()));
    }
    for market in entries(&mut scenario, "markets") {
        market.insert("price_floor_per_mwh".into(), (-400.0).into());
        market.insert("price_cap_per_mwh".into(), 800.0.into());
    }
    let mut operators: Vec<String> = Vec::new();
    for station in entries(&mut scenario, "stations") {
        let operator = station["operator"].as_str()?.to_owned();
        if !operators.contains(&operator) {
            operators.push(operator);
        }
    }
    let sensitive = |name: String| {
        let entries =
            [("name".to_owned(), name.into()), ("sensitivity_per_mwh_mw".to_owned(), 1_000.0.into())];
        Value::Table(entries.into_iter().collect())
    };
    let operators: Vec<Value> = operators.into_iter().map(sensitive).collect();
    scenario.insert("operators".into(), operators.into());
    for homes in entries(&mut scenario, "households") {
        homes.insert("omega_per_mwh".into(), 50.0.into());
        homes.insert("theta_per_mwh_kw".into(), 0.1.into());
    }
    let one = with(world, &scenario);
    scenario.iter_mut().for_each(|(_, value)| scale(value, false));
    let mut other = with(world, &scenario);
    for (_, text) in &mut other.files {
        *text = edited(text, |_, name, cell| match cell.parse::<f64>() {
            Ok(x) if is_money(name) || name == "fare" => format!("{:?}", FACTOR * x),
            _ => cell.to_owned(),
        });
    }
    // Postings are whole millionths: one of nothing is not made, while four times as much may be one.
    let look_at_one = Look { least: 1e-5, ..PLAIN };
    let look_at_other = Look { money: FACTOR, ..look_at_one };
    Some(Pair { one: Some(one), other, look_at_one, look_at_other, until: None })
}

/// Vehicles start at a depot and with a charge of their fleet's own: draws by the number of a vehicle play no part, and no
/// vehicles of two fleets are a tie.
fn alike(scenario: &mut Table) {
    for fleet in entries(scenario, "fleets") {
        let letters = fleet["name"].as_str().map_or(0, str::len) as f64;
        fleet.insert("depots".into(), vec![Value::from(vec![51.53 + 0.001 * letters, 9.93])].into());
        fleet.remove("start_at");
        for vehicles in entries(fleet, "vehicles") {
            vehicles.insert("initial_soc".into(), (0.5 + 0.02 * letters).into());
        }
    }
}

/// All named entities in the opposite order. Not where draws are named by numbers of vehicles or fleets.
fn reordered(world: &World, on: &Switches) -> Option<Pair> {
    let by_number = ["driving-style", "private-fleet", "fleet-shares", "competition"];
    // Of two vehicles of different members at one place, the first serves the rider; of two that arrive there at once, the
    // first gets the connector.
    let tie = has(on, &["coalition"]) || has(on, &["second-fleet"]) && has(on, &["trips-at-one-place"]);
    // Of two retailers with as many connectors, a bidder compares the market with the first.
    let bids = on.iter().any(|name| name.starts_with("bids-"));
    let tie = tie || bids && has(on, &["second-retailer"]);
    if tie || has(on, &by_number) || has(on, &["bids-day-ahead", "bids-balancing"]) {
        return None;
    }
    let mut scenario = parsed(world);
    alike(&mut scenario);
    let one = with(world, &scenario);
    for key in ["vehicle_types", "fleets", "stations", "operators", "retailers", "markets", "households"] {
        if let Some(array) = scenario.get_mut(key).and_then(Value::as_array_mut) {
            array.reverse();
        }
    }
    // Of vehicles that arrive at one instant, the first takes the first connector.
    let look = Look { sorted: true, forget: &["session_id", "connector", "bid_id", "reference"], ..PLAIN };
    let other = with(world, &scenario);
    Some(Pair { one: Some(one), other, look_at_one: look, look_at_other: look, until: None })
}

/// A fleet in two halves that serve each other's riders and use the same stations is the fleet. Not where the fleet is seen
/// as a whole: by bidders, by relocation after demand, by a coalition of given shares, by draws of a fleet for a
/// rider or, by the fleet's number, of a driver's day. Vehicles at one place are a tie that their order decides; they must
/// be equal, for then only equals are exchanged.
fn split(world: &World, on: &Switches) -> Option<Pair> {
    let whole = [
        "follow-demand",
        "fleet-shares",
        "coalition",
        "take-part",
        "one-vehicle",
        "competition",
        "private-fleet",
        "driving-style",
        "second-type",
        "trips-at-one-place",
        "clairvoyant-bound",
        // Vehicles with unequal charge meet at a depot.
        "to-depot",
    ];
    if has(on, &whole) || on.iter().any(|name| name.starts_with("bids-")) {
        return None;
    }
    const HALF: &str = "amber-half";
    let mut scenario = parsed(world);
    alike(&mut scenario);
    let one = with(world, &scenario);
    let replay = has(on, &["replay"]);
    let fleets = scenario["fleets"].as_array_mut()?;
    let mut half = fleets[0].clone();
    half["name"] = HALF.into();
    if !replay {
        let vehicles =
            [&mut fleets[0], &mut half].map(|fleet| fleet["vehicles"].as_array_mut().expect("vehicles"));
        let [first, second] = vehicles;
        let count = first[0]["count"].as_integer()?;
        if count < 2 {
            return None;
        }
        first[0]["count"] = (count / 2).into();
        second[0]["count"] = (count - count / 2).into();
        let together: Value = vec!["amber", HALF].into();
        scenario["operation"].as_table_mut()?.insert("coalitions".into(), vec![together].into());
    }
    scenario["fleets"].as_array_mut()?.insert(1, half);
    for station in entries(&mut scenario, "stations") {
        if let Some(access) = station.get_mut("access").and_then(Value::as_array_mut) {
            access.push(HALF.into());
        }
    }
    let mut other = with(world, &scenario);
    for (name, text) in &mut other.files {
        if name == "trips.csv" {
            let vehicle = text.lines().next()?.split(',').position(|name| name == "vehicle");
            let bound: Vec<Option<String>> =
                text.lines().skip(1).map(|line| Some(line.split(',').nth(vehicle?)?.to_owned())).collect();
            *text = edited(text, |row, name, cell| {
                // Vehicles of replay go with all their trips.
                let second = bound[row].as_ref().map_or(row % 2 == 1, |vehicle| vehicle.as_str() > "amber-2");
                if name == "fleet" && cell == "amber" && second { HALF.to_owned() } else { cell.to_owned() }
            });
        }
    }
    let look = Look {
        sorted: true,
        forget: &["fleet", "vehicle_id", "session_id", "connector", "reference"],
        without: &["fleet", "sites"],
        omit: &["-half"],
        // A day's posting of a vehicle: equal vehicles may have come a different way. Their legs are compared.
        without_kind: Some("driving"),
        ..PLAIN
    };
    Some(Pair { one: Some(one), other, look_at_one: look, look_at_other: look, until: None })
}

/// Whether intraday bids or planned stations know the future on purpose, for lack of a forecast.
fn foresees(on: &Switches) -> bool {
    has(on, &["bids-intraday"]) && !has(on, &["bids-by-forecast"])
        || has(on, &["nash", "c-nash", "coordinated"]) && !has(on, &["stations-by-forecast"])
}

/// Prices of the second half change nothing before it, but for what is announced ahead. Not where the future is known on
/// purpose, and where markets of the day before have cleared.
fn future_prices(world: &World, on: &Switches) -> Option<Pair> {
    let knows = [
        "day-ahead",
        "balancing",
        "lead-day",
        "clairvoyant-bound",
        "control-hours",
        "bids-integrated",
        "bids-learned",
    ];
    if has(on, &knows) || foresees(on) {
        return None;
    }
    let half = world.start + Duration::seconds(world.horizon_s / 2);
    let mut other = world.clone();
    let mut changed = false;
    for (name, text) in &mut other.files {
        if name == "trips.csv" {
            continue;
        }
        let times: Vec<Option<DateTime<Utc>>> = text
            .lines()
            .skip(1)
            .map(|line| Some(DateTime::parse_from_rfc3339(line.split(',').next()?).ok()?.to_utc()))
            .collect();
        *text = edited(text, |row, _, cell| match cell.parse::<f64>() {
            Ok(x) if times[row].is_some_and(|at| at >= half) => {
                changed = true;
                format!("{:?}", 300.0 - x)
            }
            _ => cell.to_owned(),
        });
    }
    // An hour's notice, the slot in which it ends, and the slot of an hour that began before.
    let until = half - Duration::hours(3);
    (changed && until > world.start).then_some(Pair {
        one: None,
        other,
        look_at_one: PLAIN,
        look_at_other: PLAIN,
        until: Some(until),
    })
}

/// A period that ends at half its length is the first half of the whole: loads, plans and prices do not depend on its end.
/// Not where what comes is known on purpose.
fn shorter(world: &World, on: &Switches) -> Option<Pair> {
    let knows = [
        "replay",
        "horizon-seconds",
        "control-hours",
        "competition",
        "bids-day-ahead",
        "bids-balancing",
        "bids-integrated",
        "bids-learned",
        // Without the later trips, a place may be out of reach of those that are left, which is refused.
        "tiny-battery",
    ];
    if has(on, &knows) || foresees(on) {
        return None;
    }
    let half = world.start + Duration::seconds(world.horizon_s / 2);
    let limit = half.to_rfc3339_opts(SecondsFormat::Secs, true);
    let (_, trips) = world.files.iter().find(|(name, _)| name == "trips.csv")?;
    if !trips.lines().skip(1).any(|line| line < limit.as_str()) {
        return None;
    }
    let mut scenario = parsed(world);
    // Without depots vehicles start where trips of the whole period begin.
    alike(&mut scenario);
    let one = with(world, &scenario);
    let time = scenario["time"].as_table_mut()?;
    time.remove("days");
    time.insert("end".into(), limit.into());
    let other = with(world, &scenario);
    // An activity that is not over has no time of its end. Bids are numbered in the order of clearing, those for products
    // after the end among them.
    let look = Look { without: &["trips", "sessions"], forget: &["bid_id", "reference"], ..PLAIN };
    Some(Pair { one: Some(one), other, look_at_one: look, look_at_other: look, until: Some(half) })
}

/// A cell of a table.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
enum Cell {
    Text(String),
    /// An amount or a price.
    Money(f64),
}

impl Cell {
    /// Equal, or money that differs by the rounding of postings to millionths, a thousand of them at most in one amount.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Money(a), Self::Money(b)) => (a - b).abs() <= 1e-3 + 1e-9 * a.abs().max(b.abs()),
            _ => self == other,
        }
    }
}

/// Rows of a table as it is looked at, without those from `until` on.
fn rows(bytes: &[u8], look: &Look, until: Option<DateTime<Utc>>) -> Vec<Vec<Cell>> {
    let frame = ParquetReader::new(std::io::Cursor::new(bytes)).finish().expect("a readable table");
    let columns: Vec<_> =
        frame.columns().iter().filter(|column| !look.forget.contains(&column.name().as_str())).collect();
    let time = |cell: &AnyValue<'_>| {
        let (at, unit) = match cell {
            AnyValue::Datetime(at, unit, _) => (*at, *unit),
            AnyValue::DatetimeOwned(at, unit, _) => (*at, *unit),
            _ => return None,
        };
        let at = match unit {
            TimeUnit::Milliseconds => DateTime::from_timestamp_millis(at),
            _ => DateTime::from_timestamp_micros(at),
        };
        Some(at.expect("a time") - Duration::seconds(look.back_s))
    };
    let mut all = Vec::new();
    for row in 0..frame.height() {
        let cells: Vec<AnyValue<'_>> =
            columns.iter().map(|column| column.get(row).expect("a cell")).collect();
        if look.without_kind.is_some_and(|kind| cells.iter().any(|cell| cell.get_str() == Some(kind))) {
            continue;
        }
        let unfinished = cells.iter().any(|cell| cell.get_str() == Some("in_progress"));
        if until.is_some_and(|until| unfinished || cells.iter().filter_map(time).any(|at| at >= until)) {
            continue;
        }
        let posted = columns.iter().zip(&cells).find(|(column, _)| column.name() == "amount");
        let posted = posted.and_then(|(_, cell)| cell.extract::<f64>());
        if posted.is_some_and(|amount| (amount / look.money).abs() < look.least) {
            continue;
        }
        let cells = columns.iter().zip(cells).map(|(column, cell)| {
            let name = column.name().as_str();
            let amounts = ["fare", "lost_fare", "accrued_fare", "cost", "amount", "planned_cost"];
            let money = is_money(name) || amounts.contains(&name);
            match (time(&cell), cell.extract::<f64>()) {
                (Some(at), _) => Cell::Text(at.to_rfc3339()),
                (None, Some(x)) if money => Cell::Money(x / look.money),
                _ => Cell::Text(look.omit.iter().fold(cell.to_string(), |text, part| text.replace(part, ""))),
            }
        });
        all.push(cells.collect());
    }
    if look.sorted {
        all.sort_by(|a: &Vec<Cell>, b| a.partial_cmp(b).expect("no cell is not a number"));
    }
    all
}

/// First difference between two runs as they are looked at. A posting of just the least amount may be rounded to either
/// side of it, so that the runs may also be alike with a higher one.
pub fn difference(pair: &Pair, one: &Files, other: &Files) -> Option<String> {
    let found = difference_above(pair, 1.0, one, other)?;
    difference_above(pair, 2.0, one, other).map(|_| found)
}

/// The same, with so many times the least amount.
fn difference_above(pair: &Pair, times: f64, one: &Files, other: &Files) -> Option<String> {
    let tables = one.keys().chain(other.keys()).filter_map(|name| name.strip_suffix(".parquet"));
    let mut names: Vec<&str> = tables.filter(|name| !pair.look_at_one.without.contains(name)).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        // A table without rows is not written.
        let read = |files: &Files, look: &Look| {
            let bytes = files.get(&format!("{name}.parquet"));
            let look = Look { least: times * look.least, ..*look };
            bytes.map_or(Vec::new(), |bytes| rows(bytes, &look, pair.until))
        };
        let (a, b) = (read(one, &pair.look_at_one), read(other, &pair.look_at_other));
        let alike =
            |(a, b): (&Vec<Cell>, &Vec<Cell>)| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is(b));
        let at = a.iter().zip(&b).position(|rows| !alike(rows));
        if at.is_some() || a.len() != b.len() {
            let at = at.unwrap_or(a.len().min(b.len()));
            return Some(format!(
                "{name}, {} and {} rows, row {at}: {:?} and {:?}",
                a.len(),
                b.len(),
                a.get(at),
                b.get(at)
            ));
        }
    }
    None
}
