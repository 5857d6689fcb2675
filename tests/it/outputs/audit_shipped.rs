//! The auditor on whole runs: on the shipped scenarios each of its checks can be made; correct results pass, however
//! large the batteries, however small the power, and whatever the changes of clocks.

use crate::support::cli::{Dir, gridfleet};
use std::path::PathBuf;

/// The scenario files; the other files in the folder are studies, which name one.
fn shipped() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir("scenarios")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| std::fs::read_to_string(path).unwrap().lines().any(|line| line.trim() == "[time]"))
        .collect();
    files.sort();
    files
}

#[test]
fn no_check_of_a_shipped_scenario_is_impossible() {
    let files = shipped();
    assert!(files.len() >= 10, "{files:?}");
    let folder = Dir::new();
    for file in files {
        let out = folder.at(file.file_stem().unwrap());
        let run = gridfleet(["run", "--audit"]).arg(file).output(out).set(["time.days=1"]);
        run.succeeds().prints("checks made, none impossible");
    }
}

/// Clocks of Newfoundland went back at a minute past midnight: the day before is repeated for most of an hour.
#[test]
fn days_of_households_pass_where_clocks_go_back_across_midnight() {
    let folder = Dir::new();
    for response in ["rolling", "nominal"] {
        let out = folder.at(response);
        let kind = format!("operation.response.kind={response}");
        let settings = [
            "time.timezone=America/St_Johns",
            "time.start=2006-10-28",
            "time.days=2",
            "trips.fold_week=2006-10-23",
            "retailers.0.slot_s=1800",
            "retailers.0.lead_s=1800",
            &kind,
        ];
        let run = gridfleet(["run", "scenarios/retail-week.toml", "--audit"]).output(out).set(settings);
        let out = run.succeeds().out;
        // Three groups, each with four stretches of one date.
        let days = out.lines().find(|line| line.contains("Households: each day")).unwrap();
        assert!(days.split_whitespace().rev().take(2).eq(["0", "12"]), "{days}");
    }
}

/// A megawatt hour behind an efficiency of a hundredth, at a tenth of a kilowatt: the least step of a charge is a large
/// part of the energy of a minute.
#[test]
fn large_batteries_at_weak_connectors_pass() {
    let folder = Dir::new();
    let trips = "request_time,origin_lat,origin_lon,destination_lat,destination_lon\n\
                 2026-03-02T06:00:00Z,51.5,9.9,51.6,9.9\n2026-03-02T07:00:00Z,51.5,9.9,51.6,9.9\n";
    folder.write("trips.csv", trips);
    let scenario = r#"
version = 2
name = "weak"
[time]
start = "2026-03-02"
days = 1
timezone = "UTC"
control_interval_s = 60
[trips]
format = "trips"
files = ["trips.csv"]
[operation]
charging = { kind = "opportunistic", start_soc = 0.6, target_soc = 0.9, idle_soc = 0.9, idle_s = 0 }
[[vehicle_types]]
name = "lorry"
battery_kwh = 1000.0
consumption_kwh_per_km = 0.9
ac_kw = 22.0
dc_kw = 150.0
charging_curve = [[0.0, 150.0], [0.6, 150.0], [1.0, 5.0]]
charge_efficiency = 0.01
[[fleets]]
name = "f"
vehicles = [{ type = "lorry", count = 3, initial_soc = 0.5 }]
depots = [[51.5, 9.9]]
[[retailers]]
name = "r"
tariff = { kind = "flat", price_per_mwh = 200.0 }
[[stations]]
name = "s"
lat = 51.5
lon = 9.9
connectors = 3
connector_kw = 0.1
site_limit_kw = 0.2
"#;
    folder.write("weak.toml", scenario);
    let run = folder.gridfleet(["run", "weak.toml", "--audit", "-o", "out"]);
    run.succeeds().prints("checks made, none impossible");
}
