//! A warm-up is simulated and audited, and excluded from all figures; stored energy at the end is valued.

use crate::support::cli::{Dir, gridfleet};
use crate::support::files;
use std::path::{Path, PathBuf};

fn summary(settings: &[&str]) -> serde_json::Value {
    let folder = Dir::new();
    let out = folder.at("run");
    let run = gridfleet(["run", "scenarios/small.toml", "--json", "--audit"]).output(out).set(settings);
    run.succeeds().json()
}

fn figure(summary: &serde_json::Value, name: &str) -> f64 {
    summary[name].as_f64().unwrap_or_else(|| panic!("no figure {name}"))
}

#[test]
fn a_warm_up_is_in_no_figure_and_changes_nothing_else() {
    let (whole, first, second) = (summary(&[]), summary(&["time.days=1"]), summary(&["time.warm_up=1"]));
    assert_eq!(whole["events"], second["events"], "the warm-up is simulated");
    assert!(whole.get("measured_from").is_none());
    assert_eq!(second["measured_from"], "2018-03-05T23:00:00Z");
    // Requests count by the day on which they are made.
    let requested = |figures| figure(figures, "trips_requested");
    assert_eq!(requested(&first) + requested(&second), requested(&whole));
    assert!(requested(&second) > 0.0 && figure(&second, "km_total") < figure(&whole, "km_total"));
}

#[test]
fn money_adds_up_and_stored_energy_is_valued() {
    for settings in [&["time.warm_up=1", "time.end_value_per_mwh=200"][..], &["time.end_value_per_mwh=200"]] {
        let figures = summary(settings);
        let f = |name| figure(&figures, name);
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-5, "{a} {b}");
        near(f("fares") - f("operating_cost"), f("operating_profit"));
        near(f("operating_cost") + f("lost_fares"), f("cost_with_lost_fares"));
        let values = f("stored_value") + f("rides_in_progress_value");
        near(f("operating_profit") + values, f("net_profit"));
        let change_kwh = f("stored_end_kwh") - f("stored_start_kwh");
        assert!(change_kwh != 0.0);
        near(f("stored_value"), change_kwh * 0.2);
        near(change_kwh, f("energy_stored_kwh") - f("energy_driven_kwh"));
    }
}

/// The world of the small scenario, in which all twelve cars are full at the start and needed `rides` times a day at once.
fn town(folder: &Path, days: usize, rides: usize) -> PathBuf {
    let mut trips =
        String::from("request_time,origin_lat,origin_lon,destination_lat,destination_lon,passengers\n");
    for ride in 0..days * rides {
        let s = ride * 86_400 / rides;
        let (day, hour, minute, second) = (5 + s / 86_400, s / 3_600 % 24, s / 60 % 60, s % 60);
        let (from, to) = if ride % 2 == 0 { (51.51, 51.55) } else { (51.55, 51.51) };
        for _ in 0..12 {
            trips.push_str(&format!(
                "2018-03-{day:02}T{hour:02}:{minute:02}:{second:02}+01:00,{from},9.93,{to},9.92,1\n"
            ));
        }
    }
    std::fs::write(folder.join("trips.csv"), trips).unwrap();
    let small =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/small.toml")).unwrap();
    let text = small.replace("../datasets/small/trips.csv", "trips.csv");
    let text = text.replace("days = 2 ", &format!("days = {days} ")).replace("\"small\"", "\"town\"");
    let text = text.replace("initial_soc = [0.4, 0.9]", "initial_soc = 1.0");
    assert!(
        text.contains(&format!("days = {days} "))
            && text.contains("[\"trips.csv\"]")
            && text.contains("= 1.0 }")
    );
    std::fs::write(folder.join("town.toml"), text).unwrap();
    folder.join("town.toml")
}

/// The summary of a run of this scenario, and what the terminal was shown.
fn run(scenario: &Path, settings: &[&str]) -> (serde_json::Value, String) {
    let out = scenario.with_file_name("out");
    let run = gridfleet(["run", "--audit", "--force"]).arg(scenario).output(&out).set(settings);
    let err = run.succeeds().err;
    (files::summary(out), err)
}

#[test]
fn a_warm_up_is_found_where_queues_and_charge_have_settled() {
    let folder = Dir::new();
    let scenario = town(folder.path(), 6, 18);
    let (mut found, told) = run(&scenario, &["time.warm_up=settled"]);
    let days = found["warm_up_found_days"].as_i64().unwrap();
    assert!((1..=3).contains(&days), "{days}");
    let s = if days == 1 { "" } else { "s" };
    let line = format!("warm-up: {days} day{s}, when queues and charge had settled\n");
    assert!(told.contains(&line), "{told}");
    // Nothing but the note tells such a run from one whose file says the days.
    let (given, told) = run(&scenario, &[&format!("time.warm_up={days}")]);
    assert!(!told.contains("warm-up"), "{told}");
    found.as_object_mut().unwrap().remove("warm_up_found_days");
    assert_eq!(found, given);

    let validate = gridfleet(["validate"]).arg(&scenario).set(["time.warm_up=settled"]);
    validate.succeeds().prints("found by a pilot run");
}

/// Two periods side by side have the fares of both together, though riders are aboard where they meet.
#[test]
fn fares_of_riders_aboard_belong_to_the_time_in_which_they_are_driven() {
    let folder = Dir::new();
    let scenario = town(folder.path(), 3, 24);
    // All cars set out on the hour.
    let run_with = |settings: &[&str]| {
        run(&scenario, &[&["time.start=2018-03-05T00:07", "operation.patience_s=1800"], settings].concat()).0
    };
    let first = run_with(&["time.days=1"]);
    let second = run_with(&["time.days=2", "time.warm_up=1"]);
    let whole = run_with(&["time.days=2"]);
    let aboard = first["rides_in_progress_end"].as_u64().unwrap();
    assert!(aboard > 0);
    assert_eq!(second["rides_in_progress_start"], aboard);
    assert_eq!(first["rides_in_progress_start"], 0);
    assert_eq!(second["rides_in_progress_end"], whole["rides_in_progress_end"]);
    let earned =
        |figures: &serde_json::Value| figure(figures, "fares") + figure(figures, "rides_in_progress_value");
    let (parts, all) = (earned(&first) + earned(&second), earned(&whole));
    assert!((parts - all).abs() < 2e-6, "{parts} {all}");
    assert!(figure(&first, "rides_in_progress_value") > 1.0);
}

#[test]
fn what_has_not_settled_is_refused() {
    let folder = Dir::new();
    // Full batteries are emptied day by day, and no vehicle charges.
    let scenario = town(folder.path(), 4, 3);
    let out = folder.at("refused");
    let refused = |command: &str, settings: &[&str]| {
        let mut run = gridfleet([command]).arg(&scenario).set(["time.warm_up=settled"]).set(settings);
        if command == "run" {
            run = run.output(&out);
        }
        let err = run.fails(2).err;
        assert!(!out.exists());
        err
    };
    let err = refused("run", &[]);
    assert!(err.contains("time.warm_up") && err.contains("had not settled within 4 days"), "{err}");
    assert!(err.contains("simulate more days, or give the warm-up as a number of days"), "{err}");
    let err = refused("validate", &["time.days=3"]);
    assert!(err.contains("a period of at least 4 days"), "{err}");
    let err = refused("validate", &["time.control_interval_s=7200"]);
    assert!(err.contains("an interval that divides the hour"), "{err}");
    for (value, expected) in [
        ("-1", "a whole number from 0 to 3660"),
        ("steady", "expected \"settled\""),
        ("1.5", "a whole number from 0 to 3660, or \"settled\""),
    ] {
        let setting = format!("time.warm_up={value}");
        gridfleet(["validate", "scenarios/small.toml"]).set([setting]).fails(2).reports(expected);
    }
}

#[test]
fn training_has_no_pilot_run() {
    gridfleet(["train", "scenarios/stuttgart-rl.toml"])
        .set(["time.warm_up=settled"])
        .fails(2)
        .reports("time.warm_up")
        .reports("training plays whole weeks");
}

/// A study of the town in which one policy has other batteries at the start, so that it settles sooner.
fn study(scenario: &Path, set: &str) -> PathBuf {
    let text = format!(
        "version = 2\nname = \"s\"\nscenario = \"town.toml\"\nreplications = 2\nset = {{ {set} }}\n\
         metrics = [\"operating_profit\", \"mean_soc\"]\npolicies = [{{ name = \"batched\" }}, \
         {{ name = \"other\", use = [\"batched\"], set = {{ \"fleets.0.vehicles.0.initial_soc\" = [0.7, 1.0] }} }}]\n"
    );
    let path = scenario.with_file_name("s.toml");
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn policies_are_compared_over_the_longest_warm_up_of_all() {
    let folder = Dir::new();
    let scenario = town(folder.path(), 6, 18);
    let alone = |more: &[&str]| {
        run(&scenario, &[&["time.warm_up=settled"], more].concat()).0["warm_up_found_days"].as_i64().unwrap()
    };
    let each = [alone(&[]), alone(&["fleets.0.vehicles.0.initial_soc=[0.7, 1.0]"])];
    assert_ne!(each[0], each[1], "the policies of the test settle at the same time");
    let longest = each[0].max(each[1]);

    let files = |name: &str| {
        let read = |file: &str| std::fs::read_to_string(folder.at(name).join(file)).unwrap();
        [read("summary.json"), read("tasks.jsonl")]
    };
    let file = study(&scenario, "\"time.warm_up\" = \"settled\"");
    let told = |name: &str, more: &[&str]| {
        gridfleet(["study"]).arg(&file).output(folder.at(name)).args(more).succeeds().out
    };
    let text = told("whole", &["-j", "1"]);
    assert!(text.contains(&format!("Figures leave out the first {longest} days")), "{text}");
    let whole = files("whole");
    let summary: serde_json::Value = serde_json::from_str(&whole[0]).unwrap();
    assert_eq!(summary["warm_up_found_days"], longest);
    told("threads", &["-j", "3"]);
    assert_eq!(files("threads"), whole);
    told("more", &["-r", "1"]);
    told("more", &["--resume"]);
    assert_eq!(files("more"), whole);
    told("a", &["--shard", "1/2"]);
    told("b", &["--shard", "2/2"]);
    folder.gridfleet(["study", "merge", "a", "b", "-o", "merged"]).succeeds();
    assert_eq!(files("merged"), whole);

    // The same figures as with the days in the file.
    study(&scenario, &format!("\"time.warm_up\" = {longest}"));
    told("given", &[]);
    let given: serde_json::Value = serde_json::from_str(&files("given")[0]).unwrap();
    assert_eq!(given["results"], summary["results"]);
}

#[test]
fn a_study_that_has_not_one_warm_up_is_refused() {
    let folder = Dir::new();
    let scenario = town(folder.path(), 4, 3);
    let file = study(&scenario, "\"time.warm_up\" = \"settled\"");
    let out = folder.at("refused");
    gridfleet(["study"])
        .arg(&file)
        .output(&out)
        .fails(2)
        .reports("had not settled within 4 days")
        .reports("policy \"");
    assert!(!out.exists());
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(
        &file,
        text.replace("initial_soc\" = [0.7, 1.0] ", "initial_soc\" = [0.7, 1.0], \"time.warm_up\" = 1 "),
    )
    .unwrap();
    gridfleet(["validate"]).arg(&file).fails(2).reports("give numbers of days, too");
}
