//! Scenarios that draw on tables: stations, vehicles, types, prices, several fleets.

use gridfleet::error::Error;
use gridfleet::ids::{FleetId, RetailerId, VehicleId};
use gridfleet::rng::Streams;
use gridfleet::scenario::{self, Overrides, Prepared};
use gridfleet::world::{Setup, Tariff};
use std::fmt::Write as _;
use std::path::Path;
use tempfile::TempDir;

const SCENARIO: &str = r#"
version = 2
name = "tables"
vehicle_types_file = "types.csv"
stations_file = "stations.csv"

[time]
start = 2018-03-05
days = 1
timezone = "Europe/Berlin"

[trips]
files = ["trips.csv"]

[[fleets]]
name = "red"
vehicles = [{ type = "small", count = 2, initial_soc = 0.5 }]
depots = [[51.53, 9.93], [51.54, 9.94]]

[[fleets]]
name = "blue"
vehicles_file = "vehicles.csv"

[[operators]]
name = "town"
retailer = "spot"
markup_per_mwh = 30

[[retailers]]
name = "spot"
tariff = { kind = "real-time", file = "prices.csv", margin_per_mwh = 10 }
"#;

const STATIONS: &str = "station_id,lat,lon,operator,access,connectors,connector_kw,site_limit_kw\n\
    A,51.53,9.93,town,public,2,50,60\n\
    B,51.54,9.94,town,blue,4,11,\n";
const TYPES: &str =
    "name,battery_kwh,consumption_kwh_per_km,ac_kw,dc_kw\nsmall,30,0.15,7,40\nlarge,70,0.2,11,120\n";
const VEHICLES: &str = "vehicle_id,type,fleet,lat,lon,soc\n\
    B-1,large,blue,51.50,9.90,0.9\nB-2,small,,,,\nR-1,large,red,51.5,9.9,0.4\n";

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("a.toml", SCENARIO);
        folder.write("stations.csv", STATIONS);
        folder.write("types.csv", TYPES);
        folder.write("vehicles.csv", VEHICLES);
        let mut trips =
            "request_time,origin_lat,origin_lon,destination_lat,destination_lon,fleet,duration_s,fare\n"
                .to_owned();
        for i in 0..600 {
            let (fleet, lat) = if i % 3 == 0 { ("red", 51.52) } else { ("blue", 51.55) };
            let (hour, minute) = (i / 60, i % 60);
            writeln!(trips, "2018-03-05T{hour:02}:{minute:02}:00Z,{lat},9.9,51.5,9.9,{fleet},300,7.5")
                .unwrap();
        }
        folder.write("trips.csv", &trips);
        // From a day before the start, hourly, for 72 hours: 1, 2, 3, ...
        let mut prices = "time,price_per_mwh\n".to_owned();
        for hour in 0..72 {
            writeln!(prices, "2018-03-{:02}T{:02}:00:00+01:00,{}", 4 + hour / 24, hour % 24, hour + 1)
                .unwrap();
        }
        folder.write("prices.csv", &prices);
        folder
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.path().join(name), text).unwrap();
    }

    fn build(&self, set: &[&str]) -> Result<(Setup, Prepared), String> {
        let overrides =
            Overrides { set: set.iter().map(|&s| s.to_owned()).collect(), ..Overrides::default() };
        let text = |error: Error| {
            assert!(error.is_input());
            error.to_string().replace(&format!("{}/", self.0.path().display()), "")
        };
        let scenario = scenario::load(&self.0.path().join("a.toml"), &overrides).map_err(text)?;
        scenario.build(Streams { seed: 1, replication: 0 }).map_err(text)
    }
}

#[test]
fn tables_fill_the_world() {
    let (setup, prepared) = Folder::new().build(&[]).unwrap();
    // Two by count at the depots in turn; from the table those of blue and those without a fleet, not red's.
    let names: Vec<&str> = setup.vehicles.iter().map(|v| v.name.as_str()).collect();
    assert_eq!(names, ["red-0001", "red-0002", "B-1", "B-2"]);
    let lat = |v| setup.places.lat(setup.vehicles[VehicleId(v)].place);
    assert_eq!([lat(0), lat(1), lat(2), lat(3)], [51.53, 51.54, 51.50, 51.55]);
    assert_eq!([setup.vehicles[VehicleId(0)].soc, setup.vehicles[VehicleId(2)].soc], [0.5, 0.9]);
    let battery = |v| setup.types[setup.vehicles[VehicleId(v)].vehicle_type].battery_kwh;
    assert_eq!([battery(0), battery(2), battery(3)], [30.0, 70.0, 30.0]);
    // By name: every third trip is red's.
    assert_eq!(setup.requests.fleet.iter().filter(|f| **f == FleetId(0)).count(), 200);
    assert!(setup.requests.fare.iter().all(|fare| fare.units() == 7.5));
    assert!(setup.requests.duration_s.iter().all(|&s| s == 300));
    // Stations: access, site limit, the operator's markup and retailer, DC above 22 kW.
    let [a, b] = &*setup.stations else { panic!() };
    assert!(a.access.allows(FleetId(0)) && !b.access.allows(FleetId(0)) && b.access.allows(FleetId(1)));
    assert_eq!((a.site_limit_kw, b.site_limit_kw), (60.0, f64::INFINITY));
    assert_eq!((a.markup_per_mwh, a.connectors.len(), b.connectors.len()), (30.0, 2, 4));
    assert!(a.connectors[0].dc && !b.connectors[0].dc);
    // The 25th price is that of the first simulated hour.
    let price = |hours: i64| {
        setup.retailers[RetailerId(0)]
            .tariff
            .price_per_mwh(setup.start + hours * 3_600, &setup.clock, |_| f64::NAN)
    };
    assert_eq!([price(0), price(1), price(23)], [35.0, 36.0, 58.0]);
    assert!(
        matches!(&setup.retailers[RetailerId(0)].tariff, Tariff::RealTime { series, .. } if series.slot_s == 3_600)
    );
    assert_eq!(prepared.inputs.len(), 6, "{:?}", prepared.inputs);
}

#[test]
fn a_ride_of_a_second_does_not_go_far() {
    let folder = Folder::new();
    let trips = std::fs::read_to_string(folder.0.path().join("trips.csv")).unwrap();
    // From 51.52 or 51.55 to 51.50 north: 2.2 or 5.6 km, of which 300 s leave time for all.
    let km = |folder: &Folder| folder.build(&[]).unwrap().0.requests.distance_km.clone();
    assert!(km(&folder).iter().all(|km| (2.0..9.0).contains(km)));
    folder.write("trips.csv", &trips.replace(",300,", ",1,"));
    // 130 km/h for a second.
    assert!(km(&folder).iter().all(|km| (km - 0.036_111).abs() < 1e-6));
}

#[test]
fn shares_split_trips_at_random_as_given() {
    let shares = "trips.fleet_shares={ red = 0.25, blue = 0.75 }";
    let (setup, _) = Folder::new().build(&[shares]).unwrap();
    let red = setup.requests.fleet.iter().filter(|f| **f == FleetId(0)).count() as f64;
    // Binomial(600, 0.25): mean 150, standard deviation 10.6; four of them either way.
    assert!((red - 150.0).abs() < 43.0, "{red}");
}

#[test]
fn fleets_that_the_scenario_does_not_know() {
    let folder = Folder::new();
    folder.write("vehicles.csv", &VEHICLES.replace("red", "green"));
    // Names in the files can be mapped to fleets; the others are left out by default and counted ...
    let (setup, prepared) =
        folder.build(&["trips.fleet_names={ red = \"blue\" }", "fleets.0.name=green"]).unwrap();
    assert_eq!(setup.requests.len(), 600);
    assert!(prepared.left_out.is_empty());
    let (setup, prepared) = folder.build(&["fleets.0.name=green"]).unwrap();
    assert_eq!((setup.requests.len(), prepared.left_out["no fleet of the scenario"]), (400, 200));
    // ... and an error where rows may not be skipped.
    let message = folder.build(&["fleets.0.name=green", "trips.on_bad_row=fail"]).unwrap_err();
    assert!(message.contains("200 trips of \"red\"") && message.contains("fleet_names"), "{message}");
}

/// One row per error in a table: file, replaced text, replacement, required text of the message.
#[test]
fn mistakes_in_tables_name_file_line_and_column() {
    let rows = [
        ("stations.csv", "B,51.54", "A,51.54", "stations.csv:3: station_id"),
        ("stations.csv", "town,blue", "town,bleu", "stations.csv:3: access: found \"bleu\", expected"),
        ("stations.csv", "town,blue", "town,bleu", "did you mean `blue`"),
        ("stations.csv", "B,51.54,9.94", "B,9.94,51.54", "stations.csv:3: lat: found station \"B\""),
        ("stations.csv", "town,blue", "village,blue", ""),
        ("stations.csv", "public,2,50", "public,0,50", "stations.csv:2: connectors"),
        ("types.csv", "small,30", "small,0", "types.csv:2: battery_kwh"),
        ("types.csv", "0.15,7,40", "0.15,0,0", "types.csv:2"),
        ("types.csv", "small,30", "tiny,30", "a.toml:17: fleets[0].vehicles[0].type: found \"small\""),
        (
            "vehicles.csv",
            "B-2,small",
            "B-2,tiny",
            "vehicles.csv:3: type: found \"tiny\", expected the name of a vehicle type",
        ),
        ("vehicles.csv", "large,red", "large,rde", "vehicles.csv:4: fleet: found \"rde\""),
        ("vehicles.csv", "B-2,", "red-0001,", "two vehicles named \"red-0001\""),
        ("prices.csv", "2018-03-06T23", "2018-03-07T01", "prices.csv:73"),
        (
            "a.toml",
            "days = 1",
            "days = 3",
            "retailers[0].tariff.file: found prices from 2018-03-03T23:00:00Z to 2018-03-06T23:00:00Z",
        ),
        (
            "a.toml",
            "start = 2018-03-05",
            "start = 2018-03-03",
            "expected prices that cover the period simulated",
        ),
        ("a.toml", "retailer = \"spot\"", "retailer = \"sport\"", "operators[0].retailer: found \"sport\""),
        ("a.toml", "name = \"town\"", "name = \"twon\"", "\"twon\", which runs no station"),
        ("a.toml", "name = \"blue\"", "name = \"red\"", "fleets[1].name: found \"red\" for the second time"),
        (
            "a.toml",
            "margin_per_mwh = 10 }",
            "margin_per_mwh = 10 }\nslot_s = 7200",
            "retailers[0].slot_s: found 7200",
        ),
    ];
    for (file, from, to, part) in rows {
        let folder = Folder::new();
        let text = std::fs::read_to_string(folder.0.path().join(file)).unwrap();
        assert!(text.contains(from), "{file}: {from}");
        folder.write(file, &text.replacen(from, to, 1));
        match folder.build(&[]) {
            // An operator without an entry takes the only retailer.
            Ok(_) => assert_eq!(part, "", "{file}: {to} is taken"),
            Err(message) => assert!(!part.is_empty() && message.contains(part), "{file}: {to}\n{message}"),
        }
    }
}

#[test]
fn truncated_and_foreign_tables_are_refused() {
    for file in ["stations.csv", "types.csv", "vehicles.csv", "prices.csv", "trips.csv"] {
        for text in ["", "\u{0}\u{1}", "a;b;c\n1;2;3\n", "PAR1PAR1", "a,b\n\"1,2\n"] {
            let folder = Folder::new();
            folder.write(file, text);
            let message = folder.build(&[]).expect_err(file);
            assert!(message.contains(file), "{file} {text:?}: {message}");
        }
    }
}

#[test]
fn offsets_and_clock_changes_are_respected() {
    let text = SCENARIO.replace("start = 2018-03-05", "start = \"2018-03-05T00:00:00+01:00\"");
    let folder = Folder::new();
    folder.write("a.toml", &text);
    let (setup, _) = folder.build(&[]).unwrap();
    assert_eq!(setup.start.iso(), "2018-03-04T23:00:00Z");
    // Sunday, 25 March 2018 has 23 hours in Berlin, Sunday, 28 October 25.
    for (day, hours) in [("2018-03-25", 23), ("2018-10-28", 25), ("2018-06-01", 24)] {
        let text = SCENARIO.replace("start = 2018-03-05", &format!("start = {day}"));
        let text = text.replace(
            "{ kind = \"real-time\", file = \"prices.csv\", margin_per_mwh = 10 }",
            "{ kind = \"flat\", price_per_mwh = 1 }",
        );
        let scenario = scenario::parse(&folder.0.path().join("a.toml"), text, &Overrides::default()).unwrap();
        let (start, end) = scenario.period();
        assert_eq!(end - start, hours * 3_600, "{day}");
    }
}

#[test]
fn a_scenario_is_found_from_any_folder() {
    let folder = Folder::new();
    let path = folder.0.path().join("a.toml");
    let scenario = scenario::load(&path, &Overrides::default()).unwrap();
    // By Python's hashlib.
    assert_eq!(scenario.sha256, "6096b2ba0c7abd59851c97eea62310fdbff9323107ccd9f0fe40279f0a2e0cbe");
    assert!(scenario.inputs.iter().all(|file| Path::new(file).is_file()));
}

/// Every key of a table, its tables and lists of tables, as a path of keys and positions.
fn keys(value: &toml::Value, path: &str, out: &mut Vec<String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                let path = if path.is_empty() { key.clone() } else { format!("{path}/{key}") };
                out.push(path.clone());
                keys(value, &path, out);
            }
        }
        toml::Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                out.push(format!("{path}/{i}"));
                keys(item, &format!("{path}/{i}"), out);
            }
        }
        _ => {}
    }
}

/// Puts `value` in place of the value at `path`, or removes that.
fn change(root: &mut toml::Value, path: &str, value: Option<toml::Value>) {
    let (parent, last) = path.rsplit_once('/').unwrap_or(("", path));
    let mut at = root;
    for part in parent.split('/').filter(|part| !part.is_empty()) {
        at = match at {
            toml::Value::Table(table) => &mut table[part],
            toml::Value::Array(items) => &mut items[part.parse::<usize>().unwrap()],
            _ => panic!("{path}"),
        };
    }
    match (at, value) {
        (toml::Value::Table(table), Some(value)) => drop(table.insert(last.to_owned(), value)),
        (toml::Value::Table(table), None) => drop(table.remove(last)),
        (toml::Value::Array(items), Some(value)) => items[last.parse::<usize>().unwrap()] = value,
        (toml::Value::Array(items), None) => drop(items.remove(last.parse().unwrap())),
        _ => panic!("{path}"),
    }
}

/// Each key of the shipped weeks is removed, and given values of other kinds and sizes: the result is a world or a
/// message, never a panic.
#[test]
fn the_shipped_weeks_bear_any_change_of_any_key() {
    let wrong = "v = [\"x\", \"\", 0, -1, 1e300, nan, -inf, true, 9223372036854775807, [], {}, 2018-03-05]";
    let wrong: toml::Table = wrong.parse().unwrap();
    let wrong = wrong["v"].as_array().unwrap();
    for name in ["scenarios/nyc-week.toml", "scenarios/stuttgart-week.toml"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let base: toml::Value =
            toml::Value::Table(std::fs::read_to_string(&file).unwrap().parse::<toml::Table>().unwrap());
        let mut paths = Vec::new();
        keys(&base, "", &mut paths);
        assert!(paths.len() > 40, "{name}: {}", paths.len());
        let (mut taken, mut refused) = (0, 0);
        for path in &paths {
            for value in std::iter::once(None).chain(wrong.iter().cloned().map(Some)) {
                let mut changed = base.clone();
                change(&mut changed, path, value.clone());
                // Worlds are built elsewhere; each of these reads all trips.
                match scenario::parse(&file, changed.to_string(), &Overrides::default()) {
                    Ok(_) => taken += 1,
                    Err(error) => {
                        assert!(error.is_input(), "{path} = {value:?}: {error}");
                        let text = error.to_string();
                        assert!(text.contains("found") && text.contains("expected"), "{path}: {text}");
                        refused += 1;
                    }
                }
            }
        }
        // Texts such as the description may be anything; most other values may not.
        assert!(refused > 2 * taken, "{name}: {taken} taken, {refused} refused");
    }
}
