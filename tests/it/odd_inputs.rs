//! Inputs that are no files, have no end, or hold values without end: one clear error each, exit status 2. And scenarios that
//! are odd, and run.

use assert_cmd::cargo::cargo_bin;
use std::path::Path;
use std::process::Command;

/// Exit status and stderr.
fn run_command(args: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(cargo_bin("gridfleet"));
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

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
    let temporary = tempfile::tempdir().unwrap();
    let at = |name: &str| temporary.path().join(name);
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
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let (status, err) = run_command(&args);
            assert_eq!(status, Some(2), "{args:?}: {err}");
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
    let temporary = tempfile::tempdir().unwrap();
    let output = temporary.path().join("out").display().to_string();
    let (status, err) = run_command(&["study", "merge", "scenarios/small.toml", "-o", &output]);
    assert_eq!(status, Some(2));
    assert!(err.contains("small.toml: found a file, expected a folder of `gridfleet study`"), "{err}");
    let (status, err) = run_command(&["study", "merge", "nowhere", "-o", &output]);
    assert!(status == Some(2) && err.contains("no such folder: nowhere"), "{err}");
}

/// Long values are shortened when they are repeated, and their length is stated.
#[test]
fn messages_repeat_no_more_than_the_beginning_of_a_long_value() {
    let temporary = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = temporary.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let long = "ab7-".repeat(2_500);
    let small = std::fs::read_to_string("scenarios/small.toml").unwrap();
    let small = small.replace("../datasets", &format!("{}/datasets", env!("CARGO_MANIFEST_DIR")));
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
    let output = temporary.path().join("out").display().to_string();
    let mut commands: Vec<Vec<String>> = scenarios
        .iter()
        .enumerate()
        .map(|(i, text)| vec!["validate".to_owned(), write(&format!("{i}.toml"), text)])
        .collect();
    let run = |args: &[&str]| {
        let all = [&["run", "scenarios/small.toml", "-q", "-o", &output], args].concat();
        all.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    for set in [
        format!("{long}=1"),
        format!("time.{long}=1"),
        format!("time.days={long}"),
        format!("time.start={long}"),
        format!("fleets.{long}.vehicles=3"),
        format!("operation.dispatch.kind={long}"),
        long.clone(),
        format!("trips.format={long}"),
        format!("trips.files=[\"{long}\"]"),
    ] {
        commands.push(run(&["--set", &set]));
    }
    commands.push(run(&["--policy", &long]));
    let stations = [
        format!("station,lat,lon,connectors,power_kw\nA,{long},-73.9,4,50\n"),
        format!("station,lat,lon,connectors,power_kw\nA,40.7,-73.9,{long},50\n"),
        format!("{long},lat,lon\nA,40.7,-73.9\n"),
        format!("station,lat,lon,connectors,power_kw\nA,40.7\n\"{long}"),
    ];
    for (i, text) in stations.iter().enumerate() {
        let file = write(&format!("stations{i}.csv"), text);
        commands.push(run(&["--set", &format!("stations_file={file:?}")]));
    }
    for (i, text) in [
        format!("{{\"{long}\": 1}}"),
        format!("{{\"stations\": \"{long}\"}}"),
        format!("{{\"stations\": [{{\"{long}\": \"{long}\"}}]}}"),
        format!("{{{long}"),
    ]
    .iter()
    .enumerate()
    {
        let file = write(&format!("{i}.json"), text);
        for game in ["c-nash", "stackelberg", "bilevel", "coalition", "routing"] {
            commands.push(["solve", game, &file].map(str::to_owned).to_vec());
        }
    }
    let mut cut = 0;
    for args in &commands {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let (status, err) = run_command(&args);
        let shown: String = err.chars().take(3_000).collect();
        let called = format!("{:?}", args.iter().map(|arg| &arg[..arg.len().min(60)]).collect::<Vec<_>>());
        assert_eq!(status, Some(2), "{called}: {shown}");
        // A run of the value's letters as long as this would be the value in full.
        assert!(!err.contains(&long[..200]), "{called}: {shown}");
        cut += usize::from(err.contains(" characters)"));
    }
    // Some messages repeat nothing of the value.
    assert!(cut >= 15, "{cut} of {} say how long a value is", commands.len());
}

/// Runs a scenario and audits it; what is on stdout and in `summary.json`.
fn audited(text: &str) -> (String, serde_json::Value) {
    let temporary = tempfile::tempdir().unwrap();
    let file = temporary.path().join("a.toml");
    std::fs::write(&file, text).unwrap();
    let trips = "request_time,origin_lat,origin_lon,destination_lat,destination_lon\n\
                 2018-03-05T00:10:00+01:00,51.54,9.92,51.53,9.93\n";
    std::fs::write(temporary.path().join("trips.csv"), trips).unwrap();
    let output = temporary.path().join("out");
    let args = ["run", file.to_str().unwrap(), "--audit", "-o", output.to_str().unwrap()];
    let ran = Command::new(cargo_bin("gridfleet")).args(args).output().unwrap();
    assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
    let summary = std::fs::read(output.join("summary.json")).unwrap();
    (String::from_utf8(ran.stdout).unwrap(), serde_json::from_slice(&summary).unwrap())
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
    let temporary = tempfile::tempdir().unwrap();
    let file = temporary.path().join("a.toml");
    let trips = "request_time,origin_lat,origin_lon,destination_lat,destination_lon\n2018-03-05T08:00Z,51.5,9.9,51.6,9.9\n";
    std::fs::write(temporary.path().join("trips.csv"), trips).unwrap();
    let empty = HOMES.split_once("[[households]]").unwrap().0;
    let riders = format!("trips = {{ files = [\"trips.csv\"] }}\n{HOMES}");
    for (text, found) in [
        (empty, "fleets: found neither [[fleets]] nor [[households]], expected a fleet or households"),
        (&riders, "trips.files: found trips, and no [[fleets]], expected a fleet"),
    ] {
        std::fs::write(&file, text).unwrap();
        let (status, err) = run_command(&["validate", file.to_str().unwrap()]);
        assert_eq!((status, err.matches("error:").count()), (Some(2), 1), "{err}");
        assert!(err.contains(found), "{err}");
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
