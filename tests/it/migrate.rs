//! `gridfleet migrate`, and files of version 1 that are not migrated: the same results under the present names.

use crate::run::names;
use assert_cmd::cargo::cargo_bin;
use std::path::Path;
use std::process::Command;

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

/// Exit status, stdout and stderr.
fn gridfleet(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let output = Command::new(cargo_bin("gridfleet")).current_dir(folder).args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn street(folder: &Path) {
    let mut trips = String::from("request_time,origin_lat,origin_lon,destination_lat,destination_lon\n");
    for hour in 6..20 {
        trips += &format!("2018-03-05T{hour:02}:10:00-05:00,40.75,-73.98,40.70,-73.99\n");
    }
    let mut prices = String::from("time,price_eur_mwh\n");
    for hour in 0..24 {
        prices += &format!("2018-03-05T{hour:02}:00:00-05:00,{}\n", 80 + 5 * hour);
    }
    std::fs::write(folder.join("trips.csv"), trips).unwrap();
    std::fs::write(folder.join("prices.csv"), prices).unwrap();
    std::fs::write(folder.join("old.toml"), OLD).unwrap();
}

#[test]
fn a_scenario_of_version_1_gives_the_results_of_its_migration() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    street(folder);
    let (status, _, stderr) = gridfleet(folder, &["run", "old.toml", "-o", "old", "-q", "--audit"]);
    assert_eq!(status, 0, "{stderr}");
    insta::assert_snapshot!(stderr, @"warning: old.toml: format version 1; `gridfleet migrate old.toml` brings it to version 2");

    let (status, stdout, _) = gridfleet(folder, &["migrate", "old.toml", "-o", "new.toml"]);
    assert_eq!((status, stdout.as_str()), (0, "new.toml: version 2, 5 names replaced\n"));
    assert_eq!(std::fs::read_to_string(folder.join("old.toml")).unwrap(), OLD);
    let (status, _, stderr) = gridfleet(folder, &["run", "new.toml", "-o", "new", "-q", "--audit"]);
    assert_eq!((status, stderr.as_str()), (0, ""));

    assert_eq!(names(&folder.join("old")), names(&folder.join("new")));
    let read = |run: &str, file: &str| std::fs::read(folder.join(run).join(file)).unwrap();
    let summary: serde_json::Value = serde_json::from_slice(&read("new", "summary.json")).unwrap();
    let figure = |name: &str| summary[name].as_f64().unwrap();
    assert!(figure("fares") > 0.0 && figure("charging_cost") > 0.0, "{summary}");
    let other: serde_json::Value = serde_json::from_slice(&read("old", "summary.json")).unwrap();
    for (key, value) in summary.as_object().unwrap() {
        // The only difference is the file that was read.
        assert!(key.contains("sha256") || other[key] == *value, "{key}: {value} and {}", other[key]);
    }
}

#[test]
fn files_are_replaced_only_if_all_are_valid() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    street(folder);
    std::fs::write(folder.join("bad.toml"), "version = 7\n").unwrap();
    let (status, _, stderr) = gridfleet(folder, &["migrate", "old.toml", "bad.toml"]);
    assert_eq!(status, 2);
    assert!(stderr.contains("found 7, expected 1 or 2"), "{stderr}");
    assert_eq!(std::fs::read_to_string(folder.join("old.toml")).unwrap(), OLD);

    let (status, ..) = gridfleet(folder, &["migrate", "old.toml"]);
    assert_eq!(status, 0);
    let migrated = std::fs::read_to_string(folder.join("old.toml")).unwrap();
    assert!(
        migrated.starts_with("# A street. per_km_eur in a comment stays.\nversion = 2        # the first\n")
    );
    assert!(migrated.contains("fare = { base = 2.0,    per_km = 1.5 }"), "{migrated}");
    let (status, stdout, _) = gridfleet(folder, &["migrate", "old.toml"]);
    assert_eq!((status, stdout.as_str()), (0, "old.toml: has version 2 already\n"));
    assert_eq!(std::fs::read_to_string(folder.join("old.toml")).unwrap(), migrated);
}

#[test]
fn an_old_name_in_a_present_file_is_recognised() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    street(folder);
    std::fs::write(folder.join("mixed.toml"), OLD.replace("version = 1 ", "version = 2 ")).unwrap();
    let (status, _, stderr) = gridfleet(folder, &["validate", "mixed.toml"]);
    assert_eq!(status, 2);
    assert!(stderr.contains("renamed in version 2: `per_km`"), "{stderr}");
    let (status, _, stderr) =
        gridfleet(folder, &["validate", "old.toml", "--set", "fleets.cars.fare.per_km_eur=2"]);
    assert_eq!(status, 0, "{stderr}");
}
