//! The feeder from the user's side: the shipped scenario, audited, observed and limited; errors in files.

use assert_cmd::cargo::cargo_bin;
use serde_json::Value as Json;
use std::path::Path;
use std::process::Command;

const WEEK: &str = "scenarios/retail-feeder.toml";

/// Exit status, stdout, stderr.
fn gridfleet(args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(cargo_bin("gridfleet"));
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// Two days of the shipped scenario, audited, into `folder`; its summary.
fn run(folder: &Path, more: &[&str]) -> Json {
    let mut args = vec!["run", WEEK, "--audit", "-o", folder.to_str().unwrap(), "--set", "time.days=2"];
    args.extend(more.iter().flat_map(|set| ["--set", set]));
    let (status, out, err) = gridfleet(&args);
    assert_eq!(status, 0, "{more:?}: {err}\n{out}");
    assert!(out.contains("Grid: voltages solve the power flow") && out.contains("Lowest voltage"), "{out}");
    serde_json::from_slice(&std::fs::read(folder.join("summary.json")).unwrap()).unwrap()
}

#[test]
fn charging_at_will_breaks_limits_and_holding_back_keeps_them() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = |name: &str| temporary.path().join(name);
    let figure = |summary: &Json, name: &str| summary[name].as_f64().unwrap();
    let free = run(&folder("free"), &[]);
    assert_eq!(free["feeder"]["voltage_limits_pu"], serde_json::json!([0.9, 1.1]));
    assert_eq!((&free["feeder"]["enforce"], &free["feeder"]["buses"]), (&"observe".into(), &33.into()));
    assert!(figure(&free, "grid_violation_hours") > 1.0 && figure(&free, "grid_lowest_voltage_pu") < 0.9);
    assert_eq!((&free["grid_lowest_voltage_bus"], &free["grid_branch_loading"]), (&18.into(), &Json::Null));
    let held = run(&folder("held"), &["feeder.enforce=\"limit\""]);
    assert_eq!(figure(&held, "grid_violation_hours"), 0.0);
    assert!((0.9..0.901).contains(&figure(&held, "grid_lowest_voltage_pu")));
    assert!(figure(&held, "grid_held_back_kwh") > 1.0);
    assert_eq!(figure(&free, "grid_held_back_kwh"), 0.0);
    // No vehicle leaves with less charge for it, and the battery energy is the same.
    for fleet in 0..4 {
        let missed = |summary: &Json| summary["fleets"][fleet]["departures_missed"].clone();
        assert_eq!(missed(&held), missed(&free), "{fleet}");
    }
    // Without a feeder, everything else is unchanged; with an observed one, too.
    let text = std::fs::read_to_string(WEEK).unwrap();
    let (before, after) = (text.find("[feeder]").unwrap(), text.find("[[vehicle_types]]").unwrap());
    let bare = format!("{}{}", &text[..before], &text[after..]).replace("../datasets", "datasets");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("retail-feeder-without.toml");
    std::fs::write(&file, bare).unwrap();
    let none = folder("none");
    let args = ["run", file.to_str().unwrap(), "-o", none.to_str().unwrap(), "--set", "time.days=2"];
    let (status, _, err) = gridfleet(&args);
    std::fs::remove_file(&file).unwrap();
    assert_eq!(status, 0, "{err}");
    assert!(!none.join("grid.parquet").exists() && !none.join("grid.svg").exists());
    let none: Json = serde_json::from_slice(&std::fs::read(none.join("summary.json")).unwrap()).unwrap();
    for (name, value) in none.as_object().unwrap() {
        assert!(name == "scenario_sha256" || free[name] == *value, "{name}");
    }
    // The picture and the page show both.
    for name in ["free", "held"] {
        let svg = std::fs::read_to_string(folder(name).join("grid.svg")).unwrap();
        assert!(svg.contains("Voltages of all buses") && svg.contains("bus 18") && !svg.contains("NaN"));
        assert_eq!(svg.contains("charging held back"), name == "held");
        let (status, _, err) = gridfleet(&["report", folder(name).to_str().unwrap()]);
        assert_eq!(status, 0, "{err}");
        let html = std::fs::read_to_string(folder(name).join("report.html")).unwrap();
        for text in ["Voltages and load of the feeder", "Voltages by bus", "Lowest voltage", "ieee33"] {
            assert!(html.contains(text), "{name}: {text}");
        }
        assert_eq!(html.contains("which charging respects"), name == "held");
    }
}

#[test]
fn equal_runs_give_equal_bytes_whatever_the_threads() {
    let temporary = tempfile::tempdir().unwrap();
    let mut all = Vec::new();
    for threads in ["1", "2"] {
        let folder = temporary.path().join(threads);
        let status = Command::new(cargo_bin("gridfleet"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("RAYON_NUM_THREADS", threads)
            .env("POLARS_MAX_THREADS", threads)
            .args(["run", WEEK, "--quiet", "-o", folder.to_str().unwrap()])
            .args([
                "--set",
                "time.days=1",
                "--set",
                "feeder.enforce=\"limit\"",
                "--set",
                "outputs.grid_every=2",
            ])
            .status()
            .unwrap();
        assert!(status.success());
        let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
        all.push(["summary.json", "grid.parquet", "sessions.parquet", "grid.svg"].map(read));
    }
    assert!(all[0] == all[1]);
}

/// A study can use the feeder's figures, and its tasks give the same results whatever runs beside them.
#[test]
fn figures_of_the_feeder_can_be_studied() {
    let temporary = tempfile::tempdir().unwrap();
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join(WEEK);
    let study = temporary.path().join("limits.toml");
    let text = format!(
        "version = 2\nname = \"limits\"\nscenario = {scenario:?}\nreplications = 2\nbaseline = \"observe\"\n\
         metrics = [\"grid_violation_hours\", \"grid_lowest_voltage_pu\", \"grid_losses_kwh\", \"grid_held_back_kwh\"]\n\
         [set]\n\"time.days\" = 1\n\
         [[policies]]\nname = \"observe\"\nset = {{ \"feeder.enforce\" = \"observe\" }}\n\
         [[policies]]\nname = \"limit\"\nset = {{ \"feeder.enforce\" = \"limit\" }}\n"
    );
    std::fs::write(&study, text).unwrap();
    let mut summaries = Vec::new();
    for threads in ["1", "2"] {
        let folder = temporary.path().join(threads);
        let args = ["study", study.to_str().unwrap(), "-j", threads, "-o", folder.to_str().unwrap()];
        let (status, out, err) = gridfleet(&args);
        assert_eq!(status, 0, "{err}");
        assert!(out.contains("Hours beyond the feeder's limits"), "{out}");
        summaries.push(std::fs::read(folder.join("summary.json")).unwrap());
    }
    assert!(summaries[0] == summaries[1]);
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (set, told) in [
        (
            "stations[1].bus=34",
            &["stations[1].bus", "found bus 34", "one of the 33 buses of the feeder ieee33"][..],
        ),
        ("households[4].bus=0", &["households[4].bus", "found bus 0"]),
        ("feeder.file=\"feeder.m\"", &["feeder", "both `case` and `file`", "one feeder"]),
        ("feeder.case=\"ieee34\"", &["feeder.case", "ieee34", "ieee33"]),
        ("feeder.voltage_max_pu=0.8", &["feeder.voltage_max_pu", "not above the 0.9 of voltage_min_pu"]),
        ("feeder.voltage_min_pu=0.0", &["feeder.voltage_min_pu"]),
        ("feeder.base_load=[1.0, 0.5]", &["feeder.base_load", "a list of 2", "24 from midnight"]),
        ("feeder.base_load=-1", &["feeder.base_load", "a factor from 0 to 1000"]),
        ("feeder.station_power_factor=0.0", &["feeder.station_power_factor", "above 0"]),
        ("feeder.household_power_factor=1.2", &["feeder.household_power_factor"]),
        ("feeder.source_voltage_pu=3.0", &["feeder.source_voltage_pu"]),
        ("feeder.enforce=\"enforce\"", &["feeder.enforce", "observe", "limit"]),
        ("feeder.buses=3", &["feeder.buses", "unknown key"]),
        ("outputs.grid_every=0", &["outputs.grid_every"]),
    ] {
        let (status, _, err) = gridfleet(&["validate", WEEK, "--set", set]);
        assert_eq!(status, 2, "{set}: {err}");
        assert!(told.iter().all(|text| err.contains(text)), "{set}: {err}");
    }
}

/// Messages on a changed copy of the scenario.
fn told(change: impl Fn(String) -> String, files: &[(&str, &str)]) -> (i32, String) {
    let temporary = tempfile::tempdir().unwrap();
    let datasets = format!("\"{}/datasets", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(WEEK).unwrap().replace("\"../datasets", &datasets);
    let file = temporary.path().join("week.toml");
    std::fs::write(&file, change(text)).unwrap();
    files.iter().for_each(|(name, text)| std::fs::write(temporary.path().join(name), text).unwrap());
    let (status, _, err) = gridfleet(&["validate", file.to_str().unwrap()]);
    (status, err)
}

#[test]
fn mistakes_in_files_are_told_with_their_place() {
    let case = |text: String| text.replace("case = \"ieee33\" ", "file = \"feeder.m\" ");
    // Without a bus, unless stations are to be spread.
    let lost = |text: String| text.replace("bus = 14", "").replace("bus = 33 ", "");
    let (status, err) = told(lost, &[]);
    assert_eq!(status, 2);
    for text in
        ["stations[1]", "station \"orchard-row\" without a bus, and 1 more", "bus_of_stations = \"spread\""]
    {
        assert!(err.contains(text), "{err}");
    }
    let spread = |text: String| lost(text).replace("[feeder]", "[feeder]\nbus_of_stations = \"spread\"");
    assert_eq!(told(spread, &[]), (0, String::new()));
    let (status, err) = told(|text| text.replace("\nbus = 31", ""), &[]);
    assert!(status == 2 && err.contains("households \"homes-31\" without a bus"), "{err}");
    let (status, err) = told(|text| text.replace("case = \"ieee33\" ", ""), &[]);
    assert!(status == 2 && err.contains("neither `case` nor `file`"), "{err}");
    // Two feeders.
    let (status, err) = told(|text| format!("{text}\n[[feeder]]\ncase = \"ieee33\"\n"), &[]);
    assert!(status == 2 && err.contains("feeder"), "{err}");
    let (status, err) = told(|text| text.replace("[feeder]", "[[feeder]]"), &[]);
    assert!(status == 2 && err.contains("feeder: found a list"), "{err}");
    // No file, no case, a case with a loop, one of a bus without a whole number.
    let (status, err) = told(case, &[]);
    assert!(status == 2 && err.contains("feeder.file: no such file"), "{err}");
    let (status, err) = told(case, &[("feeder.m", "hello")]);
    assert!(status == 2 && err.contains("feeder.m"), "{err}");
    let good = gridfleet::grid::BARAN_WU;
    assert_eq!(told(case, &[("feeder.m", good)]), (0, String::new()));
    // The first of the open tie lines, from bus 21 to bus 8.
    let closed = good.replacen("  0  -360 360", "  1  -360 360", 1);
    let (status, err) = told(case, &[("feeder.m", &closed)]);
    assert!(status == 2 && err.contains("which closes a loop") && err.contains("feeder.m:"), "{err}");
    let odd = good.replacen("  18 1 ", "  18.5 1 ", 1).replace("17 18 ", "17 18.5 ");
    let (status, err) = told(case, &[("feeder.m", &odd)]);
    assert!(status == 2 && err.contains("a bus called 18.5"), "{err}");
}
