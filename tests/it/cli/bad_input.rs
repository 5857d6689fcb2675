//! User errors with `gridfleet run`: one message per error, with its place, what was found, what was expected, and exit
//! status 2. The texts are here in full, as the user reads them.

use crate::support::cli::Dir;

/// Contents of the files named by the erroneous scenarios, beside a scenario written by `gridfleet new town`.
fn folder() -> Dir {
    let folder = Dir::new();
    folder.gridfleet(["new", "town"]).succeeds();
    let trips = folder.read("town-trips.csv");
    let lines: Vec<&str> = trips.lines().collect();
    let mut bad: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
    bad[9] = format!("yesterday{}", &lines[9][lines[9].find(',').unwrap()..]);
    folder.write("bad-row.csv", bad.join("\n"));
    let longer = |(i, line): (usize, &&str)| match i {
        0 => format!("{line},duration_s\n"),
        3 => format!("{line},-60\n"),
        _ => format!("{line},300\n"),
    };
    folder.write("negative.csv", lines.iter().enumerate().map(longer).collect::<String>());
    folder.write("truncated.parquet", format!("PAR1{}", "\0".repeat(64)));
    folder.write("text.parquet", &trips);
    let hours = (0..24).map(|hour| format!("2018-03-05T{hour:02}:00:00+01:00,{hour}\n"));
    folder.write("prices.csv", format!("time,price_per_mwh\n{}", hours.collect::<String>()));
    folder
}

/// Messages of a run of the scenario with some texts replaced.
fn refused(slips: &[(&str, &str)], args: &[&str]) -> String {
    let folder = folder();
    let mut scenario = folder.read("town.toml");
    for (from, to) in slips {
        assert!(scenario.contains(from), "{from}");
        scenario = scenario.replacen(from, to, 1);
    }
    folder.write("town.toml", scenario);
    let err = folder.gridfleet(["run", "town.toml", "--quiet"]).args(args).refused().err;
    assert!(!folder.at("out/town").exists());
    err
}

#[test]
fn a_typo_in_a_key() {
    insta::assert_snapshot!(refused(&[("patience_s =", "pateince_s =")], &[]), @r##"
    error: town.toml:41: operation.pateince_s: found an unknown key, expected a key of this table
        |
     41 | pateince_s = 900                 # how long a rider waits for a vehicle
        | ^^^^^^^^^^
      help: did you mean `patience_s`?
    "##);
}

#[test]
fn a_missing_file() {
    insta::assert_snapshot!(refused(&[(r#"town-trips.csv"]"#, r#"trips-of-town.csv"]"#)], &[]), @r##"
    error: town.toml:27: trips.files[0]: no such file: trips-of-town.csv
        |
     27 | files = ["trips-of-town.csv"]
        |          ^^^^^^^^^^^^^^^^^^^
      help: relative paths start at the folder of the scenario file
    "##);
}

#[test]
fn a_bad_row() {
    insta::assert_snapshot!(refused(&[(r#"town-trips.csv"]"#, r#"bad-row.csv"]"#)], &[]), @r##"
    error: bad-row.csv:10: request_time: found `yesterday`, expected a time such as 2018-03-05T17:30:00-05:00
      help: unreadable time; on_bad_row = "skip" leaves such rows out and counts them
    "##);
}

#[test]
fn a_negative_duration() {
    insta::assert_snapshot!(refused(&[(r#"town-trips.csv"]"#, r#"negative.csv"]"#)], &[]), @r##"
    error: negative.csv:4: duration_s: found `-60`, expected a duration from 0 to 604800 s
      help: absurd duration; on_bad_row = "skip" leaves such rows out and counts them
    "##);
}

#[test]
fn a_truncated_parquet_file() {
    insta::assert_snapshot!(refused(&[(r#"town-trips.csv"]"#, r#"truncated.parquet"]"#)], &[]), @r##"
    error: truncated.parquet: found a file that does not end as Parquet does (PAR1), expected a Parquet file
      help: it is truncated: fetch or write it again
    "##);
}

#[test]
fn a_csv_file_given_as_parquet() {
    insta::assert_snapshot!(refused(&[(r#"town-trips.csv"]"#, r#"text.parquet"]"#)], &[]), @r##"
    error: text.parquet: found a file that does not begin as Parquet does (PAR1), expected a Parquet file
      help: if it is CSV, give it a name that ends in .csv
    "##);
}

#[test]
fn an_unknown_zone() {
    insta::assert_snapshot!(refused(&[("[[51.5365, 9.9265]]", r#"["132"]"#)], &[]), @r##"
    error: town.toml:70: fleets[0].depots[0]: found the unknown zone "132", expected the name of a zone of the trips
        |
     70 | depots = ["132"]     # [latitude, longitude], or the name of a zone
        |           ^^^^^
      help: the trips come without zones: give a latitude and a longitude
    "##);
}

#[test]
fn swapped_coordinates() {
    insta::assert_snapshot!(refused(&[("[[51.5365, 9.9265]]", "[[9.9265, 51.5365]]")], &[]), @r##"
    error: town.toml:70: fleets[0].depots[0]: found a depot 7746 km from the nearest trip, expected a depot within the longest range, 224 km
        |
     70 | depots = [[9.9265, 51.5365]]     # [latitude, longitude], or the name of a zone
        |           ^^^^^^^^^^^^^^^^^
      help: check latitude and longitude: they may be swapped
    "##);
}

#[test]
fn a_battery_of_nothing() {
    insta::assert_snapshot!(refused(&[("battery_kwh = 40.0", "battery_kwh = 0")], &[]), @r##"
    error: town.toml:53: vehicle_types[0].battery_kwh: found 0, expected a number above 0, at most 10000
        |
     53 | battery_kwh = 0
        |               ^
    "##);
}

#[test]
fn a_fleet_without_vehicles() {
    insta::assert_snapshot!(refused(&[(r#"vehicles = [{ type = "hatchback", count = 12, initial_soc = [0.4, 0.9] }]"#, "vehicles = []")], &[]), @r##"
    error: town.toml:66: fleets[0].vehicles: found nothing, expected vehicles, or a `vehicles_file`
        |
     66 | vehicles = []
        |            ^^
      help: vehicles = [{ type = "...", count = 100 }]
    "##);
}

#[test]
fn prices_that_end_too_early() {
    insta::assert_snapshot!(refused(&[(r#"kind = "time-of-use"
base_per_mwh = 180.0
periods = ["#, r#"kind = "real-time"
file = "prices.csv"
# ["#), (r#"  { days = "mon-fri""#, "#"), (r#"  { days = "daily""#, "#"), ("},\n]\n\n[outputs]", "},\n\n[outputs]")], &[]), @r##"
    error: town.toml:105: retailers[0].tariff.file: found prices from 2018-03-04T23:00:00Z to 2018-03-05T23:00:00Z, expected prices that cover the period simulated, 2018-03-04T23:00:00Z to 2018-03-06T23:00:00Z
         |
     105 | file = "prices.csv"
         |        ^^^^^^^^^^^^
      help: use another file, or change [time]
    "##);
}

#[test]
fn periods_that_contradict() {
    insta::assert_snapshot!(refused(&[(r#""22:00", to = "06:00""#, r#""19:00", to = "06:00""#)], &[]), @r##"
    error: town.toml:108: retailers[0].tariff.periods[1]: found a period that overlaps periods[0] (mon 19:00), expected periods that do not overlap
         |
     108 |   { days = "daily", from = "19:00", to = "06:00", price_per_mwh = 140.0 },
         |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "##);
}

#[test]
fn a_period_without_trips() {
    insta::assert_snapshot!(refused(&[(r#"start = "2018-03-05""#, r#"start = "2019-03-04""#)], &[]), @r##"
    error: town.toml:17: time.start: found no trip in the period; the trips run from 2018-03-04T23:50:12Z to 2018-03-06T22:54:16Z, expected trips from 2019-03-03T23:00:00Z to 2019-03-05T23:00:00Z
        |
     17 | start = "2019-03-04"             # local midnight; or "2018-03-05T06:00", or with an offset
        |         ^^^^^^^^^^^^
      help: change [time], or move the trips with trips.fold_week
    "##);
}

#[test]
fn nan_by_set() {
    insta::assert_snapshot!(refused(&[], &["--set", "travel.circuity=nan"]), @"error: --set travel.circuity=nan: found NaN, expected a number from 1 to 5");
}

#[test]
fn a_negative_number_by_set() {
    insta::assert_snapshot!(refused(&[], &["--set", "time.days=-1"]), @"error: --set time.days=-1: found -1, expected a whole number from 1 to 3660");
}

#[test]
fn an_unknown_policy_by_option() {
    insta::assert_snapshot!(refused(&[], &["--policy", "batchd"]), @r##"
    error: --policy batchd: found "batchd", expected the name of a policy
      help: did you mean `batched`?
    "##);
}

#[test]
fn an_unknown_policy() {
    insta::assert_snapshot!(refused(&[(r#""threshold-fastest""#, r#""fastest""#)], &[]), @r##"
    error: town.toml:45: operation.charging.kind: found "fastest", expected "threshold-nearest", "threshold-fastest", "opportunistic" or "price-aware"
        |
     45 | charging = { kind = "fastest", start_soc = 0.3, target_soc = 0.8 }
        |                     ^^^^^^^^^
    "##);
}

#[test]
fn no_scenario_at_all() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("scenarios")).unwrap();
    let said = |args: &[&str]| folder.gridfleet(args).refused().err;
    insta::assert_snapshot!(said(&["run", "scenarios"]), @"error: scenarios: found a folder, expected a file that can be read");
    insta::assert_snapshot!(said(&["run", "nowhere.toml"]), @r"
    error: no such file: nowhere.toml
      help: `gridfleet new NAME` writes a scenario to start from
    ");
    insta::assert_snapshot!(said(&["run"]), @r"
    error: the following required arguments were not provided:
      <SCENARIO.toml>

    Usage: gridfleet run <SCENARIO.toml>

    For more information, try '--help'.
    ");
    let nothing = said(&[]);
    assert!(nothing.contains("Usage: gridfleet <COMMAND>") && nothing.contains("gridfleet new my-town"));
}
