//! The feeder from the user's side: the shipped scenario, audited, observed and limited; errors in files.

use crate::support::cli::{Dir, Ended, gridfleet, root};
use crate::support::files::summary;
use serde_json::Value as Json;
use std::path::Path;

const WEEK: &str = "scenarios/retail-feeder.toml";

/// The auditor reads every meter interval: homes that learn a price when it begins, or within one interval, may draw more
/// from the middle of it on than was announced at its start.
#[test]
fn homes_that_answer_between_readings_break_no_limit() {
    let temporary = Dir::new();
    for (interval_s, lead_s) in [(500, 0), (2_700, 900)] {
        let set = [format!("time.control_interval_s={interval_s}"), format!("retailers[0].lead_s={lead_s}")];
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        run(&temporary.at("out"), &[&set[..], &["feeder.enforce=\"limit\""]].concat());
    }
}

/// Two days of the shipped scenario, audited, into `folder`; its summary.
fn run(folder: &Path, more: &[&str]) -> Json {
    let run = gridfleet(["run", WEEK, "--audit"]).output(folder).set(["time.days=2"]).set(more);
    run.succeeds().prints("Grid: voltages solve the power flow").prints("Lowest voltage");
    summary(folder)
}

#[test]
fn charging_at_will_breaks_limits_and_holding_back_keeps_them() {
    let temporary = Dir::new();
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
    let text = week();
    let (before, after) = (text.find("[feeder]").unwrap(), text.find("[[vehicle_types]]").unwrap());
    let file = temporary.write("without.toml", format!("{}{}", &text[..before], &text[after..]));
    let none = folder("none");
    gridfleet(["run"]).arg(&file).output(&none).set(["time.days=2"]).succeeds();
    assert!(!none.join("grid.parquet").exists() && !none.join("grid.svg").exists());
    for (name, value) in summary(&none).as_object().unwrap() {
        assert!(name == "scenario_sha256" || free[name] == *value, "{name}");
    }
    // The picture and the page show both.
    for name in ["free", "held"] {
        let svg = std::fs::read_to_string(folder(name).join("grid.svg")).unwrap();
        assert!(svg.contains("Voltages of all buses") && svg.contains("bus 18") && !svg.contains("NaN"));
        assert_eq!(svg.contains("charging held back"), name == "held");
        gridfleet(["report"]).arg(folder(name)).succeeds();
        let html = std::fs::read_to_string(folder(name).join("report.html")).unwrap();
        for text in ["Voltages and load of the feeder", "Voltages by bus", "Lowest voltage", "ieee33"] {
            assert!(html.contains(text), "{name}: {text}");
        }
        assert_eq!(html.contains("which charging respects"), name == "held");
    }
}

#[test]
fn equal_runs_give_equal_bytes_whatever_the_threads() {
    let temporary = Dir::new();
    let mut all = Vec::new();
    for threads in ["1", "2"] {
        let folder = temporary.path().join(threads);
        let settings = ["time.days=1", "feeder.enforce=\"limit\"", "outputs.grid_every=2"];
        gridfleet(["run", WEEK, "--quiet"]).output(&folder).set(settings).threads(threads).succeeds();
        let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
        all.push(["summary.json", "grid.parquet", "sessions.parquet", "grid.svg"].map(read));
    }
    assert!(all[0] == all[1]);
}

/// A study can use the feeder's figures, and its tasks give the same results whatever runs beside them.
#[test]
fn figures_of_the_feeder_can_be_studied() {
    let temporary = Dir::new();
    let scenario = root().join(WEEK);
    let text = format!(
        "version = 2\nname = \"limits\"\nscenario = {scenario:?}\nreplications = 2\nbaseline = \"observe\"\n\
         metrics = [\"grid_violation_hours\", \"grid_lowest_voltage_pu\", \"grid_losses_kwh\", \"grid_held_back_kwh\"]\n\
         [set]\n\"time.days\" = 1\n\
         [[policies]]\nname = \"observe\"\nset = {{ \"feeder.enforce\" = \"observe\" }}\n\
         [[policies]]\nname = \"limit\"\nset = {{ \"feeder.enforce\" = \"limit\" }}\n"
    );
    temporary.write("limits.toml", text);
    let mut summaries = Vec::new();
    for threads in ["1", "2"] {
        let folder = temporary.path().join(threads);
        let study = temporary.gridfleet(["study", "limits.toml", "-j", threads]).output(&folder);
        study.succeeds().prints("Hours beyond the feeder's limits");
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
        let err = gridfleet(["validate", WEEK, "--set", set]).fails(2).err;
        assert!(told.iter().all(|text| err.contains(text)), "{set}: {err}");
    }
}

/// The shipped scenario, with paths that are valid in any folder.
fn week() -> String {
    let datasets = format!("\"{}/datasets", root().display());
    std::fs::read_to_string(WEEK).unwrap().replace("\"../datasets", &datasets)
}

/// Validates a changed copy of the scenario beside these files.
fn told(change: impl Fn(String) -> String, files: &[(&str, &str)]) -> Ended {
    let temporary = Dir::new();
    temporary.write("week.toml", change(week()));
    files.iter().for_each(|(name, text)| drop(temporary.write(name, text)));
    temporary.gridfleet(["validate", "week.toml"]).run()
}

#[test]
fn mistakes_in_files_are_told_with_their_place() {
    let case = |text: String| text.replace("case = \"ieee33\" ", "file = \"feeder.m\" ");
    // Without a bus, unless stations are to be spread.
    let lost = |text: String| text.replace("bus = 14", "").replace("bus = 33 ", "");
    let err = told(lost, &[]).fails(2).err;
    for text in
        ["stations[1]", "station \"orchard-row\" without a bus, and 1 more", "bus_of_stations = \"spread\""]
    {
        assert!(err.contains(text), "{err}");
    }
    let spread = |text: String| lost(text).replace("[feeder]", "[feeder]\nbus_of_stations = \"spread\"");
    told(spread, &[]).succeeds_quietly();
    told(|text| text.replace("\nbus = 31", ""), &[])
        .fails(2)
        .reports("households \"homes-31\" without a bus");
    told(|text| text.replace("case = \"ieee33\" ", ""), &[]).fails(2).reports("neither `case` nor `file`");
    // Two feeders.
    told(|text| format!("{text}\n[[feeder]]\ncase = \"ieee33\"\n"), &[]).fails(2).reports("feeder");
    told(|text| text.replace("[feeder]", "[[feeder]]"), &[]).fails(2).reports("feeder: found a list");
    // No file, no case, a case with a loop, one of a bus without a whole number.
    told(case, &[]).fails(2).reports("feeder.file: no such file");
    told(case, &[("feeder.m", "hello")]).fails(2).reports("feeder.m");
    let good = gridfleet::grid::BARAN_WU;
    told(case, &[("feeder.m", good)]).succeeds_quietly();
    // The first of the open tie lines, from bus 21 to bus 8.
    let closed = good.replacen("  0  -360 360", "  1  -360 360", 1);
    told(case, &[("feeder.m", &closed)]).fails(2).reports("which closes a loop").reports("feeder.m:");
    let odd = good.replacen("  18 1 ", "  18.5 1 ", 1).replace("17 18 ", "17 18.5 ");
    told(case, &[("feeder.m", &odd)]).fails(2).reports("a bus called 18.5");
}
