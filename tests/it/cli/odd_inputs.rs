//! Inputs that are no files, have no end, or hold values without end: one clear error each, exit status 2. And scenarios that
//! are odd, and run.

use crate::support::cli::{Dir, TestCommand, gridfleet, root};
use crate::support::files::summary;
use std::path::Path;
use std::process::Command;

/// Commands that read `input` as each kind of file.
fn readers(place: &Path, input: &str) -> Vec<Vec<String>> {
    let output = place.join("out").display().to_string();
    let set = |key: &str, value: &str| {
        let set = format!("--set={key}={value}");
        vec![
            "run".to_owned(),
            "scenarios/small.toml".to_owned(),
            set,
            "-q".to_owned(),
            "-o".to_owned(),
            output.clone(),
        ]
    };
    let plain = |args: &[&str]| args.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>();
    vec![
        plain(&["validate", input]),
        plain(&["run", input, "-o", &output]),
        plain(&["study", input, "-o", &output]),
        plain(&["study", "merge", input, "-o", &output]),
        plain(&["train", input, "-o", &output]),
        plain(&["report", input]),
        plain(&["solve", "c-nash", input]),
        plain(&["solve", "routing", input]),
        plain(&["data", "describe", input]),
        plain(&["data", "import", "tlc", input, "--zones", input, "-o", &output]),
        set("trips.files", &format!("[{input:?}]")),
        set("stations_file", &format!("{input:?}")),
        set("retailers.0.tariff", &format!("{{ kind = \"real-time\", file = {input:?} }}")),
    ]
}

#[cfg(unix)]
#[test]
fn pipes_sockets_devices_loops_and_endless_files_are_refused() {
    let temporary = Dir::new();
    let at = |name: &str| temporary.at(name);
    assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    std::os::unix::fs::symlink(at("loop"), at("loop")).unwrap();
    let mut inputs: Vec<String> =
        ["pipe", "socket", "loop"].map(|name| at(name).display().to_string()).to_vec();
    inputs.extend(["/dev/full".to_owned(), "/dev/zero".to_owned()]);
    // Ten gigabytes that take no space: alone, and behind the head of each kind of file.
    for (name, head) in [
        ("a.toml", "version = 2\n"),
        ("a.json", "{"),
        ("a.csv", "request_time,lat,lon\n"),
        ("a.parquet", "PAR1"),
        ("b.parquet", ""),
    ] {
        std::fs::write(at(name), head).unwrap();
        std::fs::OpenOptions::new().write(true).open(at(name)).unwrap().set_len(10 << 30).unwrap();
        inputs.push(at(name).display().to_string());
    }
    for input in &inputs {
        for args in readers(temporary.path(), input) {
            let err = gridfleet(&args).fails(2).err;
            assert!(
                err.contains("error: no such f")
                    || err.contains("error: ") && err.contains("found ") && err.contains("expected "),
                "{args:?}: {err}"
            );
            assert!(!err.contains("panicked") && err.len() < 4_000, "{args:?}: {err}");
        }
    }
    assert!(!at("out").exists());
}

#[test]
fn a_file_instead_of_a_folder_is_named() {
    let temporary = Dir::new();
    let merge = |part: &str| gridfleet(["study", "merge", part]).output(temporary.at("out")).fails(2);
    let found = "small.toml: found a file, expected a folder of `gridfleet study`";
    merge("scenarios/small.toml").reports(found);
    merge("nowhere").reports("no such folder: nowhere");
}

/// Letters that no value may have so many of.
fn long() -> String {
    "ab7-".repeat(2_500)
}

/// Runs each command, which is refused without the long value in full; at least so many messages give its length. The
/// others repeat nothing of the value.
fn refused_in_short(commands: impl IntoIterator<Item = TestCommand>, at_least: usize) {
    let mut cut = 0;
    for command in commands {
        let ended = command.fails(2);
        // A run of the value's letters as long as this would be the value in full.
        assert!(!ended.err.contains(&long()[..200]), "{ended}");
        cut += usize::from(ended.err.contains(" characters)"));
    }
    assert!(cut >= at_least, "{cut} messages give the length of a value, of {at_least}");
}

/// Long values are shortened when they are repeated, and their length is stated: here in a scenario's file.
#[test]
fn messages_repeat_no_more_than_the_beginning_of_a_long_value() {
    let (long, dir) = (long(), Dir::new());
    let small = std::fs::read_to_string("scenarios/small.toml").unwrap();
    let small = small.replace("../datasets", &format!("{}/datasets", root().display()));
    let mut scenarios = vec![
        small.replacen("[time]\n", &format!("[time]\n{long} = 1\n"), 1),
        small.replacen("[time]\n", &format!("[time]\nzzz = \"{long}\"\n"), 1),
        small.replacen("[time]\n", &format!("[{long}]\n[time]\n"), 1),
        format!("{small}\n{long}"),
        format!("{small}\nx = {long}"),
    ];
    for key in ["name", "currency", "seed", "version"] {
        let line = small.lines().find(|line| line.starts_with(&format!("{key} ")));
        scenarios.extend(line.map(|line| small.replacen(line, &format!("{key} = \"{long}\""), 1)));
    }
    let write = |(i, text): (usize, &String)| dir.write(format!("{i}.toml"), text);
    let files: Vec<_> = scenarios.iter().enumerate().map(write).collect();
    refused_in_short(files.iter().map(|file| gridfleet(["validate"]).arg(file)), 6);
}

/// In settings, and in the name of a policy.
#[test]
fn a_long_setting_is_not_repeated_in_full() {
    let (long, dir) = (long(), Dir::new());
    let run = || gridfleet(["run", "scenarios/small.toml", "-q"]).output(dir.at("out"));
    let settings = [
        format!("{long}=1"),
        format!("time.{long}=1"),
        format!("time.days={long}"),
        format!("time.start={long}"),
        format!("fleets.{long}.vehicles=3"),
        format!("operation.dispatch.kind={long}"),
        long.clone(),
        format!("trips.format={long}"),
        format!("trips.files=[\"{long}\"]"),
    ];
    let policy = run().arg("--policy").arg(&long);
    refused_in_short(settings.iter().map(|set| run().set([set])).chain([policy]), 10);
}

/// In tables, and in the files of games.
#[test]
fn a_long_cell_is_not_repeated_in_full() {
    let (long, dir) = (long(), Dir::new());
    let stations = [
        format!("station,lat,lon,connectors,power_kw\nA,{long},-73.9,4,50\n"),
        format!("station,lat,lon,connectors,power_kw\nA,40.7,-73.9,{long},50\n"),
        format!("{long},lat,lon\nA,40.7,-73.9\n"),
        format!("station,lat,lon,connectors,power_kw\nA,40.7\n\"{long}"),
    ];
    let mut commands = Vec::new();
    for (i, text) in stations.iter().enumerate() {
        let set = format!("stations_file={:?}", dir.write(format!("{i}.csv"), text));
        commands.push(gridfleet(["run", "scenarios/small.toml", "-q"]).output(dir.at("out")).set([set]));
    }
    let games = [
        format!("{{\"{long}\": 1}}"),
        format!("{{\"stations\": \"{long}\"}}"),
        format!("{{\"stations\": [{{\"{long}\": \"{long}\"}}]}}"),
        format!("{{{long}"),
    ];
    for (i, text) in games.iter().enumerate() {
        let file = dir.write(format!("{i}.json"), text);
        for game in ["c-nash", "stackelberg", "bilevel", "coalition", "routing"] {
            commands.push(gridfleet(["solve", game]).arg(&file));
        }
    }
    refused_in_short(commands, 4);
}

/// Runs a scenario and audits it; stdout and `summary.json`.
fn audited(text: &str) -> (String, serde_json::Value) {
    let temporary = Dir::new();
    temporary.write("a.toml", text);
    let trips = "request_time,origin_lat,origin_lon,destination_lat,destination_lon\n\
                 2018-03-05T00:10:00+01:00,51.54,9.92,51.53,9.93\n";
    temporary.write("trips.csv", trips);
    let out = temporary.gridfleet(["run", "a.toml", "--audit", "-o", "out"]).succeeds().out;
    (out, summary(temporary.at("out")))
}

const HOMES: &str = r#"
version = 2
name = "homes"
time = { start = "2018-03-05", days = 1, timezone = "Europe/Berlin" }
[[retailers]]
name = "utility"
tariff = { kind = "flat", price_per_mwh = 150.0 }
[[households]]
name = "flats"
count = 10
energy_kwh = 12.0
least = 0.7
most = 1.5
omega_per_mwh = 50.0
"#;

#[test]
fn a_scenario_of_homes_alone_runs() {
    let (out, summary) = audited(HOMES);
    assert!(out.contains("none impossible"), "{out}");
    assert_eq!(
        (&summary["vehicles"], &summary["fleets"]),
        (&serde_json::Value::Null, &serde_json::json!([]))
    );
    // Ten homes of 12 kWh at 150 EUR/MWh.
    let utility = &summary["retailers"][0];
    let near = |name: &str, expected: f64| {
        let found = utility[name].as_f64().unwrap_or(f64::NAN);
        assert!((found - expected).abs() < 1e-6, "{name}: {found} in {utility}");
    };
    near("energy_kwh", 120.0);
    near("payments", 18.0);
}

/// Neither drivers nor loads, and riders without a fleet to serve them.
#[test]
fn an_empty_scenario_is_refused_once() {
    let temporary = Dir::new();
    let trips = "request_time,origin_lat,origin_lon,destination_lat,destination_lon\n2018-03-05T08:00Z,51.5,9.9,51.6,9.9\n";
    temporary.write("trips.csv", trips);
    let empty = HOMES.split_once("[[households]]").unwrap().0;
    let riders = format!("trips = {{ files = [\"trips.csv\"] }}\n{HOMES}");
    for (text, found) in [
        (empty, "fleets: found neither [[fleets]] nor [[households]], expected a fleet or households"),
        (&riders, "trips.files: found trips, and no [[fleets]], expected a fleet"),
    ] {
        temporary.write("a.toml", text);
        let err = temporary.gridfleet(["validate", "a.toml"]).fails(2).reports(found).err;
        assert_eq!(err.matches("error:").count(), 1, "{err}");
    }
}

/// As many operators as a city has parking lots, each with a station. Time that grew with the square of their number would
/// be far more than a test may take.
#[test]
fn twenty_thousand_operators_with_a_station_each_run() {
    const OPERATORS: usize = 20_000;
    let mut text = r#"
version = 2
name = "many"
time = { start = "2018-03-05", end = "2018-03-05T01:00", timezone = "Europe/Berlin", control_interval_s = 900 }
travel = { circuity = 1.3, speed_kmh = 25.0 }
operation = { charging = { kind = "price-aware" } }
trips = { files = ["trips.csv"] }
vehicle_types = [{ name = "small", battery_kwh = 40.0, consumption_kwh_per_km = 0.17, ac_kw = 6.6 }]
retailers = [{ name = "grid", tariff = { kind = "flat", price_per_mwh = 150.0 } }]
[[fleets]]
name = "taxis"
vehicles = [{ type = "small", count = 20, initial_soc = [0.1, 0.5] }]
"#
    .to_owned();
    for i in 0..OPERATORS {
        let (lat, lon) = (51.5 + 0.0005 * (i % 200) as f64, 9.9 + 0.0005 * (i / 200) as f64);
        text += &format!(
            "[[operators]]\nname = \"o{i}\"\nmarkup_per_mwh = {}\n[[stations]]\nname = \"s{i}\"\nlat = {lat}\nlon = {lon}\n\
             connectors = 1\nconnector_kw = 11.0\noperator = \"o{i}\"\n",
            i % 50
        );
    }
    let (out, summary) = audited(&text);
    assert!(out.contains("none impossible"), "{out}");
    assert_eq!(summary["operators"].as_array().unwrap().len(), OPERATORS);
    assert!(summary["sessions"].as_u64().unwrap() > 0);
}
