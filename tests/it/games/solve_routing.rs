//! `gridfleet solve routing`: the shipped example, and bad files.

use crate::support::cli::{self, Ended, gridfleet};
use serde_json::{Value, json};

/// Solves the example in its place.
fn run(more: &[&str]) -> Ended {
    gridfleet(["solve", "routing", "docs/routing.json"]).args(more).run()
}

/// The example as a value, with a path of its feeder that is valid from anywhere.
fn example() -> Value {
    let mut example: Value =
        serde_json::from_str(&std::fs::read_to_string("docs/routing.json").unwrap()).unwrap();
    let case = std::fs::canonicalize("datasets/feeders/baran-wu-33.m").unwrap();
    example["feeder"]["case"] = json!(case);
    example
}

fn solve(file: &Value, more: &[&str]) -> Ended {
    cli::solve("routing", file.to_string(), more)
}

#[test]
fn the_example_is_solved_and_adds_up() {
    let out = run(&["--json"]).succeeds_quietly().json();
    let coalitions = out["coalitions"].as_array().unwrap();
    assert_eq!(coalitions.len(), 7);
    let last = &coalitions[6];
    assert_eq!(last["members"], json!(["north", "south", "east"]));
    let cost: f64 = last["schedules"].as_array().unwrap().iter().map(|s| s["cost"].as_f64().unwrap()).sum();
    assert!((cost - last["cost"].as_f64().unwrap()).abs() < 1e-9);
    let mut served: Vec<&str> = Vec::new();
    for schedule in last["schedules"].as_array().unwrap() {
        served.extend(schedule["trips"].as_array().unwrap().iter().map(|trip| trip.as_str().unwrap()));
        assert_eq!(
            schedule["stops"].as_array().unwrap().len(),
            schedule["trips"].as_array().unwrap().len() + 1
        );
    }
    served.sort_unstable();
    assert_eq!(served, ["a", "b", "c", "d", "e", "f"]);
    let shares: f64 =
        out["sharing"]["shapley"].as_object().unwrap().values().map(|x| x.as_f64().unwrap()).sum();
    assert!((shares - cost).abs() < 1e-9);
    for coalition in coalitions {
        let lowest = coalition["lowest_voltage"].as_array().unwrap();
        assert!(lowest.len() == 12 && lowest.iter().all(|v| v.as_f64().unwrap() >= 0.95 - 1e-7));
    }
    let text = run(&[]).prints(" north, south, east ").prints("Lowest voltage: ").out;
    assert_eq!(run(&[]).out, text, "the same file, the same bytes");
}

#[test]
fn one_coalition_and_members_alone() {
    let out = solve(&example(), &["--json", "--coalition", "north,east"]).succeeds().json();
    assert_eq!(out["coalitions"].as_array().unwrap().len(), 1);
    assert_eq!(out["coalitions"][0]["members"], json!(["north", "east"]));
    let mut members = example();
    members["demand"] = json!("members");
    let out = solve(&members, &["--json"]).json();
    let schedules = out["coalitions"][0]["schedules"].as_array().unwrap();
    let mut trips: Vec<&str> = schedules
        .iter()
        .flat_map(|s| s["trips"].as_array().unwrap())
        .map(|trip| trip.as_str().unwrap())
        .collect();
    trips.sort_unstable();
    assert_eq!(trips, ["a", "d"]);
    solve(&example(), &["--coalition", "nord"]).fails(2).reports("names of fleets: north, south, east");
}

#[test]
fn bad_files_are_reported() {
    let stderr_of = |change: &dyn Fn(&mut Value)| {
        let mut file = example();
        change(&mut file);
        let err = solve(&file, &[]).refused().err;
        err.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let has = |text: String, what: &str| assert!(text.contains(what), "{text}");
    // Several errors at once.
    let text = stderr_of(&|file| {
        file["trips"][0]["from"] = json!("statoin");
        file["vehicles"][1]["kwh_per_km"] = json!("much");
        file["stations"][2]["bus"] = json!(99);
        file["weather"] = json!("fine");
    });
    for what in ["trips[0].from", "vehicles[1].kwh_per_km", "stations[2].bus", "weather"] {
        has(text.clone(), what);
    }
    has(stderr_of(&|file| file["trips"][0]["latest"] = json!(10)), "trips[0].latest");
    let reach = stderr_of(&|file| {
        file["trips"][0]["earliest"] = json!(0);
        file["trips"][0]["latest"] = json!(1);
    });
    has(reach, "which no vehicle reaches before minute");
    has(stderr_of(&|file| file["feeder"]["load"] = json!(1.3)), "before any vehicle charges, bus 18 at");
    has(stderr_of(&|file| file["feeder"]["case"] = json!("nowhere.m")), "no such file");
    has(stderr_of(&|file| file["vehicles"] = json!([])), "vehicles");
    has(stderr_of(&|file| file["places"] = json!({"a": [1]})), "places.a");
    has(stderr_of(&|file| file["slots"] = json!(12)), "slots");
    // Charging beyond the feeder's limits: bus, slot and excess.
    let limit = stderr_of(&|file| {
        file["feeder"]["voltage"] = json!([0.9557, 1.05]);
        for vehicle in file["vehicles"].as_array_mut().unwrap() {
            vehicle["start_kwh"] = json!(0.9);
        }
        file["stations"] = json!([file["stations"][0]]);
        for fleet in ["vehicles", "stations"] {
            file[fleet].as_array_mut().unwrap().iter_mut().for_each(|entry| entry["fleet"] = json!("north"));
        }
    });
    has(limit, "below 0.9557");
    // A feeder in the file, with a loop.
    let round = stderr_of(&|file| {
        file["stations"].as_array_mut().unwrap().iter_mut().for_each(|station| station["bus"] = json!("b"));
        file["feeder"] = json!({"base_mva": 1, "source": "a", "buses": [{"name": "a"}, {"name": "b"}, {"name": "c"}],
            "branches": [{"from": "a", "to": "b", "r": 0.01}, {"from": "b", "to": "a", "r": 0.01}]});
    });
    has(round.clone(), "feeder.branches[1]: found branch b-a, which closes a loop");
    has(round, "feeder.buses[2]: found bus c, to which no branch in service leads");
}

#[test]
fn files_that_are_cut_do_not_panic() {
    let text = example().to_string();
    for cut in (0..text.len()).step_by(701) {
        cli::solve("routing", &text.as_bytes()[..cut], &[]).fails(2);
    }
}
