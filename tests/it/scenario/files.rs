//! Scenario files with every kind of user error.

use gridfleet::error::Error;
use gridfleet::ids::{RequestId, StationId, VehicleId};
use gridfleet::rng::Streams;
use gridfleet::scenario::{self, Overrides, Scenario};
use gridfleet::world::{Mode, RecordedSoc};
use proptest::prelude::*;
use std::path::Path;
use toml::{Table, Value};

/// A file that exists beside the data it names; the tests give other contents under its name.
const FILE: &str = "scenarios/small.toml";

fn base() -> Table {
    std::fs::read_to_string(FILE).unwrap().parse().unwrap()
}

fn parse(text: &str) -> Result<Scenario, String> {
    scenario::parse(Path::new(FILE), text.to_owned(), &Overrides::default()).map_err(refused)
}

fn refused(error: Error) -> String {
    assert!(error.is_input(), "{error}");
    error.to_string()
}

fn build(text: &str) -> Result<(gridfleet::world::Setup, scenario::Prepared), String> {
    parse(text)?.build(Streams { seed: 1, replication: 0 }).map_err(refused)
}

/// The value at a path such as `fleets[0].vehicles[0].count`, and the table and key that contain it.
fn at<'a>(table: &'a mut Table, path: &str) -> (&'a mut Table, String) {
    let mut parts: Vec<&str> = path.split(['.', '[', ']']).filter(|p| !p.is_empty()).collect();
    let key = parts.pop().unwrap().to_owned();
    let mut table = Some(table);
    let mut list: Option<&mut Vec<Value>> = None;
    for part in parts {
        let next = match (table.take(), list.take()) {
            (Some(table), _) => table.entry(part).or_insert(Value::Table(Table::new())),
            (_, Some(list)) => &mut list[part.parse::<usize>().unwrap()],
            _ => unreachable!(),
        };
        match next {
            Value::Table(inner) => table = Some(inner),
            Value::Array(inner) => list = Some(inner),
            _ => panic!("{path}"),
        }
    }
    (table.unwrap(), key)
}

fn with(path: &str, value: Value) -> String {
    let mut base = base();
    let (table, key) = at(&mut base, path);
    table.insert(key, value);
    base.to_string()
}

fn without(path: &str) -> String {
    let mut base = base();
    let (table, key) = at(&mut base, path);
    assert!(table.remove(&key).is_some(), "{path}");
    base.to_string()
}

fn toml_value(text: &str) -> Value {
    format!("x = {text}").parse::<Table>().unwrap().remove("x").unwrap()
}

/// Every key of the base document: (path, value).
fn keys(value: &Value, path: &str, out: &mut Vec<(String, Value)>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                out.push((path.clone(), value.clone()));
                keys(value, &path, out);
            }
        }
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate().filter(|(_, item)| item.is_table()) {
                keys(item, &format!("{path}[{i}]"), out);
            }
        }
        _ => {}
    }
}

fn all_keys() -> Vec<(String, Value)> {
    let mut out = Vec::new();
    keys(&Value::Table(base()), "", &mut out);
    assert!(out.len() > 90, "{}", out.len());
    out
}

/// More operators than can be numbered are refused at once, at their key.
#[test]
fn too_many_operators_are_refused_at_their_key() {
    let mut text = base().to_string();
    for i in 0..=60_000 {
        text.push_str(&format!("[[operators]]\nname = \"o{i}\"\n"));
    }
    let error = parse(&text).err().unwrap();
    let expected = "operators: found 60001 operators, expected at most 60000";
    assert!(error.contains(expected) && error.lines().count() <= 2, "{}", &error[..error.len().min(500)]);
}

#[test]
fn the_base_document_is_in_order() {
    let (setup, prepared) = build(&base().to_string()).unwrap();
    assert_eq!(setup.requests.len(), 480);
    assert_eq!(setup.vehicles.len(), 12);
    assert_eq!(setup.stations.len(), 2);
    assert_eq!(setup.mode, Mode::Dispatch { patience_s: 900 });
    assert_eq!(prepared.import.rows_read, 480);
    // Midnight in Berlin in March is 23:00 UTC; two days.
    assert_eq!(setup.start.iso(), "2018-03-04T23:00:00Z");
    assert_eq!(setup.end.iso(), "2018-03-06T23:00:00Z");
    assert!(setup.vehicles.iter().all(|v| (0.4..=0.9).contains(&v.soc)));
    // Two 50 kW connectors behind 75 kW; six of 11 kW without a site limit.
    assert_eq!(setup.stations[StationId(0)].site_limit_kw, 75.0);
    assert_eq!(setup.stations[StationId(1)].site_limit_kw, f64::INFINITY);
    // By hand: 2 + 0.6 per km + 0.1 per minute, with an error of at most half a millionth.
    for i in (0..480).map(RequestId) {
        let (km, seconds) = (setup.requests.distance_km[i], setup.requests.duration_s[i]);
        let fare = 2.0 + 0.6 * km + 0.1 * f64::from(seconds) / 60.0;
        assert!((setup.requests.fare[i].units() - fare).abs() < 1e-6, "{i:?}");
    }
    assert!(setup.requests.time.is_sorted());
}

#[test]
fn a_missing_key_is_named_if_it_is_needed_and_not_missed_if_not() {
    // Written by hand from the documentation, not taken from the schema.
    let needed = [
        "version",
        "name",
        "time",
        "time.start",
        "time.days",
        "trips.files",
        "vehicle_types",
        "vehicle_types[0].name",
        "vehicle_types[0].battery_kwh",
        "vehicle_types[0].consumption_kwh_per_km",
        "vehicle_types[0].ac_kw",
        // Without it the curve stays and the station with DC has no customers.
        "vehicle_types[0].dc_kw",
        "fleets",
        "fleets[0].name",
        "fleets[0].vehicles",
        "fleets[0].vehicles[0].type",
        "fleets[0].vehicles[0].count",
        "stations[0].name",
        "stations[0].lat",
        "stations[0].lon",
        "stations[0].connectors",
        "stations[0].connector_kw",
        "stations[1].name",
        "stations[1].lat",
        "stations[1].lon",
        "stations[1].connectors",
        "stations[1].connector_kw",
        "retailers",
        "retailers[0].name",
        "retailers[0].tariff",
        "retailers[0].tariff.kind",
        "retailers[0].tariff.periods",
        // The two periods leave evenings and weekends without a price.
        "retailers[0].tariff.base_per_mwh",
        "retailers[0].tariff.periods[0].from",
        "retailers[0].tariff.periods[0].to",
        "retailers[0].tariff.periods[0].price_per_mwh",
        // The period would be daily and overlap the other one.
        "retailers[0].tariff.periods[1].from",
        "retailers[0].tariff.periods[1].to",
        "retailers[0].tariff.periods[1].price_per_mwh",
        "operation.dispatch.kind",
        "operation.charging.kind",
    ];
    for (path, _) in all_keys() {
        match (parse(&without(&path)), needed.contains(&path.as_str())) {
            (Err(message), true) => {
                let last = path.rsplit('.').next().unwrap();
                let named = [last, "dc", "zone", "retailer", "type"].iter().any(|key| message.contains(key));
                assert!(named && message.contains("scenarios/small.toml:"), "{path}: {message}");
            }
            (Ok(_), true) => panic!("{path} is not missed"),
            (Err(message), false) => panic!("{path} is missed: {message}"),
            (Ok(_), false) => {}
        }
    }
}

#[test]
fn a_value_of_another_type_is_named() {
    for (path, value) in all_keys() {
        let others = match value {
            Value::Boolean(_) => ["\"yes\"", "1", "[]"],
            Value::Table(_) => ["\"x\"", "1", "[1]"],
            Value::Array(_) => ["{ a = 1 }", "\"x\"", "true"],
            _ => ["{ a = 1 }", "true", "[]"],
        };
        for other in others {
            let Err(message) = parse(&with(&path, toml_value(other))) else {
                panic!("{path} = {other} is taken");
            };
            assert!(message.contains(&format!("{path}: found")), "{path} = {other}: {message}");
        }
    }
}

#[test]
fn numbers_must_be_finite_and_in_range() {
    for (path, value) in all_keys() {
        if matches!(value, Value::Float(_)) {
            for bad in ["nan", "inf", "-inf", "1e300"] {
                let Err(message) = parse(&with(&path, toml_value(bad))) else {
                    panic!("{path} = {bad} is taken")
                };
                assert!(message.contains(&format!("{path}: found")), "{path} = {bad}: {message}");
            }
        }
        // Negative numbers are meaningful in prices, temperatures and coordinates only.
        let signed = ["price", "per_mwh", "temperature", "lat", "lon"].iter().any(|word| path.contains(word));
        if matches!(value, Value::Float(_) | Value::Integer(_)) && !signed {
            let Err(message) = parse(&with(&path, toml_value("-7"))) else { panic!("{path} = -7 is taken") };
            assert!(message.contains(&format!("{path}: found -7")), "{path}: {message}");
        }
    }
}

#[test]
fn an_unknown_key_is_named_in_every_table() {
    let mut tables: Vec<String> =
        all_keys().into_iter().filter(|(_, v)| v.is_table()).map(|(path, _)| path + ".").collect();
    tables.extend(
        ["", "vehicle_types[0].", "fleets[0].", "fleets[0].vehicles[0].", "stations[1]."].map(str::to_owned),
    );
    tables.extend(["retailers[0].", "retailers[0].tariff.periods[1]."].map(str::to_owned));
    assert!(tables.len() > 12);
    for table in tables {
        let path = format!("{table}colour");
        let message = parse(&with(&path, Value::Integer(1))).unwrap_err();
        assert!(message.contains(&format!("{path}: found an unknown key")), "{message}");
    }
}

/// An error: changes, the key that must be named, a part of the message.
type Mistake<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);

/// One row per error.
#[test]
fn values_out_of_range_and_contradictions_are_named() {
    let rows: &[Mistake<'_>] = &[
        (&[("version", "3")], "version", "found 3, expected 2"),
        (&[("name", "\"\"")], "name", "empty"),
        (&[("name", "\"a/b\"")], "name", "slashes"),
        (&[("time.start", "\"yesterday\"")], "time.start", "yesterday"),
        (&[("time.start", "\"2018-02-30\"")], "time.start", "2018-02-30"),
        (&[("time.start", "\"9999-01-01\"")], "time.start", "1970 to 2199"),
        (&[("time.days", "0")], "time.days", "from 1 to 3660"),
        (&[("time.days", "1.5")], "time.days", "whole number"),
        (&[("time.end", "\"2018-03-07\"")], "time.days", "both"),
        (&[("time.timezone", "\"Europe/Berlim\"")], "time.timezone", "did you mean \"Europe/Berlin\""),
        (&[("time.control_interval_s", "0")], "time.control_interval_s", "from 1"),
        (&[("trips.files", "[]")], "trips.files", "at least one"),
        (&[("trips.files", "[\"nowhere.csv\"]")], "trips.files[0]", "no such file"),
        (&[("trips.files", "[\"..\"]")], "trips.files[0]", "no file"),
        (&[("trips.format", "\"tcl\"")], "trips.format", "did you mean \"tlc\""),
        (&[("trips.format", "\"tlc\""), ("trips.map", "{ a = \"b\" }")], "trips.map", "only format"),
        (&[("trips.zones", "\"nowhere.shp\"")], "trips.zones", "no such file"),
        (&[("trips.timezone", "\"Mars\"")], "trips.timezone", "IANA"),
        (&[("trips.on_bad_row", "\"ignore\"")], "trips.on_bad_row", "\"fail\" or \"skip\""),
        (&[("trips.scale", "0")], "trips.scale", "above 0"),
        (&[("trips.fold_week", "\"2018-03-06\"")], "trips.fold_week", "a Tuesday, expected a Monday"),
        (&[("trips.fleet_shares", "{ town-cars = 0.7 }")], "trips.fleet_shares", "sum to 0.7"),
        (
            &[("trips.fleet_shares", "{ town-carts = 1.0 }")],
            "trips.fleet_shares.town-carts",
            "did you mean `town-cars`",
        ),
        (
            &[("trips.fleet_shares", "{ town-cars = 1.0 }"), ("trips.fleet_column", "\"a\"")],
            "trips.fleet_shares",
            "both",
        ),
        (&[("trips.fleet_names", "{ a = \"b\" }")], "trips.fleet_names.a", "found \"b\""),
        (&[("travel.circuity", "0.9")], "travel.circuity", "from 1 to 5"),
        (&[("travel.speed_kmh", "20")], "travel.speed_by_hour_kmh", "both"),
        (&[("travel.speed_by_hour_kmh", "[20, 20]")], "travel.speed_by_hour_kmh", "a list of 24"),
        (&[("operation.mode", "\"replay\"")], "fleets[0].vehicles[0].count", "no count in replay"),
        (
            &[("operation.mode", "\"replay\""), ("trips.format", "\"tlc\"")],
            "operation.mode",
            "name no vehicles",
        ),
        (&[("operation.dispatch", "{ kind = \"batch\" }")], "operation.dispatch.kind", "nearest-idle"),
        (&[("operation.dispatch", "\"batched\"")], "operation.dispatch", "write { kind = \"batched\" }"),
        (&[("operation.charging.start_soc", "0.9")], "operation.charging.start_soc", "less than target_soc"),
        (&[("operation.charging.start_soc", "0.04")], "operation.charging.start_soc", "more than 0.05"),
        (
            &[("operation.charging", "{ kind = \"opportunistic\", idle_soc = 0.1 }")],
            "operation.charging.idle_soc",
            "from start_soc",
        ),
        (
            &[("environment.temperature_by_hour_c", "[1]")],
            "environment.temperature_by_hour_c",
            "a list of 24",
        ),
        (
            &[("environment.vehicle_types_file", "\"a.csv\"")],
            "environment.vehicle_types_file",
            "belongs at the top",
        ),
        (&[("vehicle_types_file", "\"nowhere.csv\"")], "vehicle_types_file", "no such file"),
        (&[("vehicle_types[0].battery_kwh", "0")], "vehicle_types[0].battery_kwh", "above 0"),
        (&[("vehicle_types[0].usable_soc", "[0.9, 0.1]")], "vehicle_types[0].usable_soc", "lower"),
        (&[("vehicle_types[0].usable_soc", "[0.1, 1.1]")], "vehicle_types[0].usable_soc[1]", "from 0 to 1"),
        (
            &[("vehicle_types[0].charging_curve", "[[0.1, 5], [1, 5]]")],
            "vehicle_types[0].charging_curve",
            "starts at [0.1",
        ),
        (
            &[("vehicle_types[0].charging_curve", "[[0, 5], [0.9, 5]]")],
            "vehicle_types[0].charging_curve",
            "ends at [0.9",
        ),
        (
            &[("vehicle_types[0].charging_curve", "[[0, 5], [1, 0]]")],
            "vehicle_types[0].charging_curve",
            "the point [1.0, 0.0]",
        ),
        (&[("vehicle_types[0].charging_curve", "[]")], "vehicle_types[0].charging_curve", "no point"),
        (
            &[("vehicle_types[0].charging_curve", "[[0, 5, 6]]")],
            "vehicle_types[0].charging_curve[0]",
            "a list of 2 numbers",
        ),
        (
            &[("vehicle_types[0].charging_curve_share", "[[0, 1], [1, 1]]")],
            "vehicle_types[0].charging_curve_share",
            "both",
        ),
        (
            &[("vehicle_types[0].consumption_by_temperature", "[[5, 1], [5, 1]]")],
            "vehicle_types[0].consumption_by_temperature",
            "ascending",
        ),
        (
            &[("vehicle_types[0].ac_kw", "0"), ("vehicle_types[0].dc_kw", "0")],
            "vehicle_types[0].ac_kw",
            "can be charged",
        ),
        (&[("vehicle_types[0].charge_efficiency", "1.1")], "vehicle_types[0].charge_efficiency", "at most 1"),
        (&[("fleets", "[]")], "fleets", "a fleet or households"),
        (&[("fleets[0].name", "\"public\"")], "fleets[0].name", "another name"),
        (
            &[("fleets[0].vehicles[0].type", "\"hatchbak\"")],
            "fleets[0].vehicles[0].type",
            "did you mean `hatchback`",
        ),
        (&[("fleets[0].vehicles[0].count", "0")], "fleets[0].vehicles[0].count", "from 1"),
        (&[("fleets[0].vehicles[0].count", "5000000000")], "fleets[0].vehicles[0].count", "5000000000"),
        (
            &[("fleets[0].vehicles[0].initial_soc", "[0.9, 0.4]")],
            "fleets[0].vehicles[0].initial_soc",
            "lowest",
        ),
        (&[("fleets[0].vehicles[0].initial_soc", "0.01")], "fleets[0].vehicles[0].initial_soc", "usable"),
        (&[("fleets[0].vehicles_file", "\"nowhere.csv\"")], "fleets[0].vehicles_file", "no such file"),
        (
            &[("fleets[0].start_at", "\"depots\""), ("fleets[0].depots", "[]")],
            "fleets[0].start_at",
            "no depot",
        ),
        (&[("fleets[0].depots", "[[151.0, 9.9]]")], "fleets[0].depots[0]", "latitude"),
        (&[("stations_file", "\"nowhere.csv\"")], "stations_file", "no such file"),
        (&[("stations[1].name", "\"station-square\"")], "stations[1].name", "second time"),
        (&[("stations[0].zone", "\"12\"")], "stations[0].zone", "both a zone and a coordinate"),
        (&[("stations[0].lat", "91")], "stations[0].lat", "from -90 to 90"),
        (&[("stations[0].connectors", "0")], "stations[0].connectors", "from 1"),
        (&[("stations[0].access", "[]")], "stations[0].access", "no vehicle could charge"),
        (&[("stations[0].access", "\"town-car\"")], "stations[0].access", "did you mean `town-cars`"),
        (&[("stations[0].access", "\"own\"")], "stations[0].access", "no fleet has the operator's name"),
        (&[("stations[0].retailer", "\"town-powers\"")], "stations[0].retailer", "did you mean `town-power`"),
        (&[("vehicle_types[0].dc_kw", "0")], "stations[0].dc", "a DC station"),
        (&[("retailers[0].slot_s", "7200")], "retailers[0].slot_s", "a part of an hour"),
        (
            &[("retailers[0].tariff", "{ kind = \"flat\" }")],
            "retailers[0].tariff.price_per_mwh",
            "found nothing",
        ),
        (
            &[("retailers[0].tariff", "{ kind = \"real-time\", file = \"x.csv\" }")],
            "retailers[0].tariff.file",
            "no such file",
        ),
        (
            &[("retailers[0].tariff.periods[0].from", "\"7:30\"")],
            "retailers[0].tariff.periods[0].from",
            "full hour",
        ),
        (
            &[("retailers[0].tariff.periods[0].days", "\"mo\"")],
            "retailers[0].tariff.periods[0].days",
            "mon-fri",
        ),
        (
            &[("retailers[0].tariff.periods[0].to", "\"23:00\"")],
            "retailers[0].tariff.periods[1]",
            "overlaps periods[0] (mon 22:00)",
        ),
        (&[("outputs.tables", "[\"trip\"]")], "outputs.tables[0]", "did you mean \"trips\""),
        (&[("outputs.fleet_every", "0")], "outputs.fleet_every", "from 1"),
        // Errors that only the contents of other files reveal.
        (&[("time.start", "\"2019-03-05\"")], "time.start", "the trips run from 2018-03-04T23:50:12Z"),
        (
            &[("stations[0].lat", "9.9"), ("stations[0].lon", "51.5")],
            "stations[0].lat",
            "km from the nearest trip",
        ),
        (&[("fleets[0].depots", "[\"12\"]")], "fleets[0].depots[0]", "without zones"),
        (&[("travel.learn_from_trips", "true")], "travel.learn_from_trips", "without zones"),
        (&[("trips.fleet_column", "\"operator\"")], "", "operator"),
    ];
    for (changes, key, part) in rows {
        let mut base = base();
        for (path, value) in *changes {
            let (table, key) = at(&mut base, path);
            table.insert(key, toml_value(value));
        }
        let Err(message) = build(&base.to_string()) else { panic!("{changes:?} is taken") };
        let named = key.is_empty() || message.contains(&format!("{key}: "));
        assert!(named && message.contains(part), "{changes:?}\n{message}");
    }
}

#[test]
fn every_problem_is_reported_at_once_in_order_of_the_file() {
    let text = std::fs::read_to_string(FILE).unwrap();
    let text = text.replace("days = 2 ", "days = -2 ").replace("battery_kwh = 40.0", "batery_kwh = 40.0");
    let text = text.replace("connectors = 6", "connectors = \"six\"").replace("seed = 1 ", "seed = -1 ");
    insta::assert_snapshot!(parse(&text).unwrap_err(), @r#"
    scenarios/small.toml:13: seed: found -1, expected a whole number of at least 0
    scenarios/small.toml:18: time.days: found -2, expected a whole number from 1 to 3660
    scenarios/small.toml:53: vehicle_types[0].batery_kwh: found an unknown key, expected a key of this table; did you mean `battery_kwh`?
    scenarios/small.toml:91: stations[1].connectors: found "six", expected a whole number from 1 to 10000
    "#);
}

#[test]
fn messages_say_where_what_and_what_to_do() {
    let messages: Vec<String> = [
        ("time.timezone", "\"America/New_Yrok\""),
        ("operation.charging.start_soc", "0.85"),
        ("trips.files", "[\"trips.csv\"]"),
        ("fleets[0].vehicles[0].type", "\"hatch\""),
        ("stations[0].access", "[\"taxi\"]"),
        ("stations[0].retailer", "\"grid\""),
        ("retailers[0].tariff", "{ kind = \"tou\" }"),
        ("vehicle_types[0].charging_curve", "[[0.0, 50.0], [0.8, 50.0]]"),
        ("trips.fold_week", "\"2018-03-07\""),
        ("outputs.tables", "[\"trips\", \"markets\"]"),
    ]
    .into_iter()
    .map(|(path, value)| build(&with(path, toml_value(value))).unwrap_err())
    .collect();
    insta::assert_snapshot!(messages.join("\n"), @r#"
    scenarios/small.toml:94: time.timezone: found "America/New_Yrok", expected an IANA time zone, for example "Europe/Berlin"; did you mean "America/New_York"?
    scenarios/small.toml:33: operation.charging.start_soc: found 0.85, expected less than target_soc, 0.8
    scenarios/small.toml:101: trips.files[0]: no such file: scenarios/trips.csv; relative paths start at the folder of the scenario file
    scenarios/small.toml:25: fleets[0].vehicles[0].type: found "hatch", expected the name of a vehicle type; known: hatchback
    scenarios/small.toml:67: stations[0].access: found "taxi", expected "public", "own" or names of fleets; known: town-cars, public, own
    scenarios/small.toml:76: stations[0].retailer: found "grid", expected the name of one of the [[retailers]]; known: town-power
    scenarios/small.toml:51: retailers[0].tariff.kind: found "tou", expected "flat", "time-of-use", "real-time", "load-dependent" or "market"
    scenarios/small.toml:109: vehicle_types[0].charging_curve: found a curve that ends at [0.8, 50.0], expected points [state of charge, power] from 0 to 1, ascending, with power above 0
    scenarios/small.toml:102: trips.fold_week: found 2018-03-07, a Wednesday, expected a Monday; the Monday before is 2018-03-05
    scenarios/small.toml:43: outputs.tables[1]: found "markets", expected "trips", "legs", "sessions", "fleet", "stations", "households", "grid", "prices", "loads", "supply", "market", "ledger", "sites", "vehicles" or "places"; did you mean "market"?
    "#);
}

#[test]
fn overrides_are_checked_like_the_file_and_named_in_errors() {
    let text = || std::fs::read_to_string(FILE).unwrap();
    let load = |set: &[&str]| {
        let overrides = Overrides {
            set: set.iter().map(|&s| s.to_owned()).collect(),
            seed: Some(9),
            policies: vec!["nearest-idle".to_owned()],
        };
        scenario::parse(Path::new(FILE), text(), &overrides).map_err(refused)
    };
    let scenario = load(&["fleets.town-cars.vehicles.0.count=5", "time.days=1"]).unwrap();
    let (setup, prepared) = scenario.build(Streams { seed: 9, replication: 0 }).unwrap();
    assert_eq!((scenario.seed(), setup.vehicles.len()), (9, 5));
    assert_eq!(prepared.policies.dispatch.name(), "nearest-idle");
    assert!(prepared.left_out["outside the period"] > 0);
    assert_eq!(prepared.left_out["outside the period"] + setup.requests.len() as u64, 480);
    let message = load(&["fleets.0.vehicles.0.count=-5"]).unwrap_err();
    assert!(message.starts_with("--set fleets.0.vehicles.0.count=-5"), "{message}");
    let message = load(&["fleets.0.colour=red"]).unwrap_err();
    assert!(message.starts_with("--set fleets.0.colour=red: found an unknown key"), "{message}");
}

#[test]
fn the_same_seed_gives_the_same_world_and_another_replication_another() {
    let text = base().to_string();
    let world = |streams| {
        let (setup, _) = parse(&text).unwrap().build(streams).unwrap();
        setup.vehicles.iter().map(|v| v.soc).collect::<Vec<_>>()
    };
    let first = Streams { seed: 1, replication: 0 };
    assert_eq!(world(first), world(first));
    assert_ne!(world(first), world(Streams { replication: 1, ..first }));
}

#[test]
fn a_vehicle_more_moves_no_other_vehicle() {
    let at_demand = |count: i64| {
        let mut base = base();
        let (fleet, key) = at(&mut base, "fleets[0].start_at");
        fleet.insert(key, Value::String("demand".to_owned()));
        let (vehicles, key) = at(&mut base, "fleets[0].vehicles[0].count");
        vehicles.insert(key, Value::Integer(count));
        let (setup, _) = build(&base.to_string()).unwrap();
        setup.vehicles.iter().map(|v| (v.name.clone(), v.place, v.soc.to_bits())).collect::<Vec<_>>()
    };
    let (few, more) = (at_demand(12), at_demand(13));
    assert_eq!(few, more[..12]);
}

/// Trips of two vehicles with recorded charge, for replay.
#[test]
fn replay_binds_trips_to_the_vehicles_of_the_trace() {
    let folder = tempfile::tempdir().unwrap();
    let trips = "request_time,origin_lat,origin_lon,destination_lat,destination_lon,duration_s,vehicle,soc_start,soc_end,ends_at_charger\n\
        2018-03-05T08:00:00Z,51.53,9.93,51.54,9.94,600,S-GO 1,0.80,0.75,false\n\
        2018-03-05T09:00:00Z,51.50,9.90,51.54,9.94,600,S-GO 2,0.60,0.50,true\n\
        2018-03-05T10:00:00Z,51.54,9.94,51.53,9.93,600,S-GO 1,0.75,0.78,false\n";
    std::fs::write(folder.path().join("trips.csv"), trips).unwrap();
    let mut base = base();
    let changes = [
        ("trips.files", "[\"trips.csv\"]"),
        ("operation.mode", "\"replay\""),
        ("fleets[0].vehicles", "[{ type = \"hatchback\" }]"),
    ];
    for (path, value) in changes {
        let (table, key) = at(&mut base, path);
        table.insert(key, toml_value(value));
    }
    let file = folder.path().join("a.toml");
    let scenario = scenario::parse(&file, base.to_string(), &Overrides::default()).unwrap();
    let (setup, _) = scenario.build(Streams { seed: 1, replication: 0 }).unwrap();
    let names: Vec<&str> = setup.vehicles.iter().map(|v| v.name.as_str()).collect();
    assert_eq!(names, ["S-GO 1", "S-GO 2"]);
    assert_eq!([setup.vehicles[VehicleId(0)].soc, setup.vehicles[VehicleId(1)].soc], [0.80, 0.60]);
    assert_eq!(setup.places.lat(setup.vehicles[VehicleId(1)].place), 51.50);
    let recorded = &setup.requests.recorded;
    let recorded: Vec<_> = recorded.iter().flatten().collect();
    assert_eq!(recorded.iter().map(|b| b.vehicle.0).collect::<Vec<_>>(), [0, 1, 0]);
    let RecordedSoc::Fell(fall) = recorded[0].soc else { panic!("{:?}", recorded[0].soc) };
    assert!((fall - 0.05).abs() < 1e-12);
    let RecordedSoc::Rose(rise) = recorded[2].soc else { panic!("{:?}", recorded[2].soc) };
    assert!((rise - 0.03).abs() < 1e-12);
    assert!(recorded[1].ends_at_charger && !recorded[0].ends_at_charger);
    assert_eq!(setup.mode, Mode::Replay);
}

#[test]
fn the_shipped_scenarios_are_in_order() {
    for file in ["scenarios/small.toml", "scenarios/nyc-week.toml", "scenarios/stuttgart-week.toml"] {
        let scenario =
            scenario::load(Path::new(file), &Overrides::default()).unwrap_or_else(|e| panic!("{e}"));
        let (setup, _) =
            scenario.build(Streams { seed: 1, replication: 0 }).unwrap_or_else(|e| panic!("{file}: {e}"));
        assert!(!setup.requests.is_empty() && !setup.vehicles.is_empty() && !setup.stations.is_empty());
        assert!(setup.requests.time.is_sorted());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_taken_or_refused(text in "\\PC*") {
        let _ = parse(&text);
    }

    #[test]
    fn any_toml_like_text_is_taken_or_refused(
        text in "([a-z_]{1,9}(\\.[a-z]{1,3}){0,2} = (1|-0.5|nan|\"x\"|\\[1, 2\\]|\\{ kind = 3 \\}|2018-03-05)\n|\\[\\[?(time|trips|fleets|stations)\\]?\\]\n){0,20}"
    ) {
        let _ = parse(&text);
    }

    #[test]
    fn a_damaged_scenario_is_taken_or_refused(
        cut in 0_usize..4_000, length in 0_usize..60, new in "[\\[\\]{}=\"'0-9.,a-z\n #-]{0,8}"
    ) {
        let mut text: Vec<char> = std::fs::read_to_string(FILE).unwrap().chars().collect();
        let start = cut.min(text.len());
        let end = (start + length).min(text.len());
        text.splice(start..end, new.chars());
        let text: String = text.into_iter().collect();
        let _ = build(&text);
    }

    #[test]
    fn any_override_is_taken_or_refused(set in "([a-z_]{1,8}[.\\[\\]=0-9]{0,3}){0,5}\\PC{0,12}", policy in "\\PC{0,12}") {
        let overrides = Overrides { set: vec![set], seed: None, policies: vec![policy] };
        let text = std::fs::read_to_string(FILE).unwrap();
        let _ = scenario::parse(Path::new(FILE), text, &overrides);
    }
}

/// A trip that ends where it began gets a missing duration or distance from the pace of traffic.
#[test]
fn a_round_trip_takes_what_is_not_recorded_from_the_pace_of_traffic() {
    let folder = tempfile::tempdir().unwrap();
    let trips = "request_time,origin_lat,origin_lon,destination_lat,destination_lon,duration_s,distance_km\n\
                 2026-03-02T08:00:00Z,51.5,9.9,51.5,9.9,,12\n\
                 2026-03-02T08:00:00Z,51.5,9.9,51.5,9.9,1800,\n\
                 2026-03-02T08:00:00Z,51.5,9.9,51.5,9.9,,\n\
                 2026-03-02T08:00:00Z,51.5,9.9,51.5,9.9,700,7\n";
    std::fs::write(folder.path().join("trips.csv"), trips).unwrap();
    let text = r#"
version = 2
name = "round"
[time]
start = "2026-03-02"
days = 1
timezone = "UTC"
[trips]
format = "trips"
files = ["trips.csv"]
[travel]
circuity = 1.4
speed_kmh = 36.0
[operation]
mode = "dispatch"
[[vehicle_types]]
name = "car"
battery_kwh = 40.0
consumption_kwh_per_km = 0.2
ac_kw = 11.0
[[fleets]]
name = "f"
vehicles = [{ type = "car", count = 1 }]
depots = [[51.5, 9.9]]
[[retailers]]
name = "r"
tariff = { kind = "flat", price_per_mwh = 200.0 }
"#;
    let path = folder.path().join("round.toml");
    std::fs::write(&path, text).unwrap();
    let scenario = scenario::load(&path, &Overrides::default()).unwrap();
    let (setup, _) = scenario.build(Streams { seed: 1, replication: 0 }).unwrap();
    let ways: Vec<_> =
        setup.requests.duration_s.iter().copied().zip(setup.requests.distance_km.iter().copied()).collect();
    assert_eq!(ways, [(1_200, 12.0), (1_800, 18.0), (1, 0.0), (700, 7.0)]);
}
