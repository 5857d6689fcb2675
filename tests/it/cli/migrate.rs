//! `gridfleet migrate`, and files of version 1 that are not migrated: the same results under the present names.

use crate::support::cli::Dir;
use crate::support::files::{names, summary};

/// A scenario of version 1, with a table of prices of version 1.
const OLD: &str = r#"# A street. per_km_eur in a comment stays.
version = 1        # the first
name = "street"
currency = "USD"

[time]
start = "2018-03-05"
days = 1
timezone = "America/New_York"

[trips]
format = "trips"
files = ["trips.csv"]

[[vehicle_types]]
name = "car"
battery_kwh = 20.0
consumption_kwh_per_km = 0.2
ac_kw = 11.0
wear_eur_per_kwh = 0.01

[[fleets]]
name = "cars"
vehicles = [{ type = "car", count = 2, initial_soc = [0.2, 0.2] }]
fare = { base_eur = 2.0,    per_km_eur = 1.5 }
driving_eur_per_km = 0.1

[[operators]]
name = "grid"

[[retailers]]
name = "retail"
tariff = { kind = "real-time", file = "prices.csv" }

[[stations]]
name = "corner"
operator = "grid"
retailer = "retail"
lat = 40.75
lon = -73.98
connectors = 1
connector_kw = 11.0
markup_eur_mwh = 12.0
"#;

/// The files of the scenario.
fn street() -> Dir {
    let folder = Dir::new();
    let mut trips = String::from("request_time,origin_lat,origin_lon,destination_lat,destination_lon\n");
    for hour in 6..20 {
        trips += &format!("2018-03-05T{hour:02}:10:00-05:00,40.75,-73.98,40.70,-73.99\n");
    }
    let mut prices = String::from("time,price_eur_mwh\n");
    for hour in 0..24 {
        prices += &format!("2018-03-05T{hour:02}:00:00-05:00,{}\n", 80 + 5 * hour);
    }
    folder.write("trips.csv", trips);
    folder.write("prices.csv", prices);
    folder.write("old.toml", OLD);
    folder
}

#[test]
fn a_scenario_of_version_1_gives_the_results_of_its_migration() {
    let folder = street();
    let stderr = folder.gridfleet(["run", "old.toml", "-o", "old", "-q", "--audit"]).succeeds().err;
    insta::assert_snapshot!(stderr, @"warning: old.toml: format version 1; `gridfleet migrate old.toml` brings it to version 2");

    assert_eq!(
        folder.gridfleet(["migrate", "old.toml", "-o", "new.toml"]).succeeds().out,
        "new.toml: version 2, 5 names replaced\n"
    );
    assert_eq!(folder.read("old.toml"), OLD);
    folder.gridfleet(["run", "new.toml", "-o", "new", "-q", "--audit"]).succeeds_quietly();

    assert_eq!(names(folder.at("old")), names(folder.at("new")));
    let (summary, other) = (summary(folder.at("new")), summary(folder.at("old")));
    let figure = |name: &str| summary[name].as_f64().unwrap();
    assert!(figure("fares") > 0.0 && figure("charging_cost") > 0.0, "{summary}");
    for (key, value) in summary.as_object().unwrap() {
        // The only difference is the file that was read.
        assert!(key.contains("sha256") || other[key] == *value, "{key}: {value} and {}", other[key]);
    }
}

#[test]
fn files_are_replaced_only_if_all_are_valid() {
    let folder = street();
    folder.write("bad.toml", "version = 7\n");
    folder.gridfleet(["migrate", "old.toml", "bad.toml"]).fails(2).reports("found 7, expected 1 or 2");
    assert_eq!(folder.read("old.toml"), OLD);

    folder.gridfleet(["migrate", "old.toml"]).succeeds();
    let migrated = folder.read("old.toml");
    assert!(
        migrated.starts_with("# A street. per_km_eur in a comment stays.\nversion = 2        # the first\n")
    );
    assert!(migrated.contains("fare = { base = 2.0,    per_km = 1.5 }"), "{migrated}");
    assert_eq!(folder.gridfleet(["migrate", "old.toml"]).succeeds().out, "old.toml: has version 2 already\n");
    assert_eq!(folder.read("old.toml"), migrated);
}

#[test]
fn an_old_name_in_a_present_file_is_recognised() {
    let folder = street();
    folder.write("mixed.toml", OLD.replace("version = 1 ", "version = 2 "));
    folder.gridfleet(["validate", "mixed.toml"]).fails(2).reports("renamed in version 2: `per_km`");
    folder.gridfleet(["validate", "old.toml", "--set", "fleets.cars.fare.per_km_eur=2"]).succeeds();
}
