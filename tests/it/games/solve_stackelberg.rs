//! `gridfleet solve stackelberg`: files in, JSON and tables out, errors in bad files.

use crate::support::cli::{self, Ended, gridfleet};
use serde_json::{Value, json};

fn solve(text: impl AsRef<[u8]>, more: &[&str]) -> Ended {
    cli::solve("stackelberg", text, more)
}

/// Six slots, cheap at first; two kinds of homes and three vehicles.
fn small() -> Value {
    json!({
        "slots": 6,
        "retailer": {"a": [0.5, 0.5, 0.5, 1.0, 1.0, 1.0], "b": 0.2, "lambda": 1.2},
        "households": [
            {"name": "homes", "count": 10, "omega": 5.0, "theta": 0.1, "min_percent": 70, "max_percent": 150,
             "nominal": [1.0, 0.8, 1.0, 2.0, 3.0, 2.0]},
            {"omega": 6.0, "theta": 0.1, "energy": 12.0, "min": 1.0, "max": [2.0, 2.0, 2.0, 3.0, 4.0, 3.0]},
        ],
        "vehicles": [
            {"name": "car", "count": 2, "rated_kw": 7, "battery_kwh": 33, "soc_min": 0.2, "arrival": 3, "departure": 2,
             "hours_needed": 1, "max_active_hours": 3, "omega": 5, "theta": 0.1},
            {"rated_kw": 11, "battery_kwh": 75, "arrival": 0, "departure": 6, "hours_needed": 2, "omega": 5},
        ],
    })
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

#[test]
fn json_adds_up() {
    let out = solve(small().to_string(), &["--json"]).succeeds_quietly().json();
    assert_eq!((&out["aim"], &out["ending"]), (&json!("marginal"), &json!("settled")));
    let (load, prices) = (numbers(&out["load"]), numbers(&out["prices"]));
    let mut sum = [0.0; 6];
    for (household, energy) in out["households"].as_array().unwrap().iter().zip([9.8, 12.0]) {
        let x = numbers(&household["load"]);
        assert!((x.iter().sum::<f64>() - energy).abs() < 1e-9);
        let paid: f64 = x.iter().zip(&prices).map(|(x, price)| x * price).sum();
        assert!((paid - household["payment"].as_f64().unwrap()).abs() < 1e-9);
        x.iter().zip(&mut sum).for_each(|(x, sum)| *sum += x * household["count"].as_f64().unwrap());
    }
    let vehicles = out["vehicles"].as_array().unwrap();
    let names: Vec<&str> = vehicles.iter().map(|vehicle| vehicle["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["car 1", "car 2", "1"]);
    for (vehicle, power) in vehicles.iter().zip([7.0, 7.0, 11.0]) {
        let schedule = numbers(&vehicle["schedule"]);
        schedule.iter().zip(&mut sum).for_each(|(s, sum)| *sum += s * power);
        assert_eq!(schedule.iter().sum::<f64>(), if power == 7.0 { 1.0 } else { 2.0 });
    }
    for t in 0..6 {
        assert!((load[t] - sum[t]).abs() < 1e-9);
        let a = if t < 3 { 0.5 } else { 1.0 };
        assert!((prices[t] - 1.2 * (a * load[t] + 0.2)).abs() < 1e-9);
    }
    let figure = |key: &str| out[key].as_f64().unwrap();
    let paid: f64 = load.iter().zip(&prices).map(|(g, price)| g * price).sum();
    assert!((figure("payments") - paid).abs() < 1e-9);
    assert!((figure("profit") - (figure("payments") - figure("cost"))).abs() < 1e-9);
    assert!(out["bound"]["gap"].as_f64().unwrap() >= -1e-9);
}

#[test]
fn the_table_shows_schedules_and_how_it_ended() {
    let mut game = small();
    game["retailer"]["g_max"] = json!([null, 30.0, null, null, 20.0, 21.0]);
    let out = solve(game.to_string(), &[]).succeeds().out;
    insta::assert_snapshot!(out);
    assert_eq!(solve(game.to_string(), &[]).out, out, "the same file, the same bytes");
}

/// A retailer that chooses its margins reports this, and reaches its objective.
#[test]
fn leaders_choose_their_margins() {
    let solved = |leader: Value| -> Value {
        let mut game = small();
        game["leader"] = leader;
        let out = solve(game.to_string(), &["--json"]).succeeds_quietly().out;
        serde_json::from_str(&out).unwrap()
    };
    let kept = solved(json!({"aim": "marginal"}));
    let flat = solved(json!({"aim": "flatten", "lambda_max": 2.5}));
    let rich = solved(json!({"aim": "profit", "lambda_max": 2.5}));
    let figure = |out: &Value, key: &str| out[key].as_f64().unwrap();
    assert!(figure(&flat, "unevenness") < 0.5 * figure(&kept, "unevenness"));
    assert!(figure(&rich, "profit") > figure(&kept, "profit"));
    assert!(numbers(&flat["lambda"]).iter().all(|x| (1.0..=2.5).contains(x)));
    assert!(flat["tried"].as_u64().unwrap() > 4);
}

#[test]
fn users_answer_in_the_way_asked_for() {
    let mut game = small();
    // Without vehicles there is one equilibrium, by any method.
    game["vehicles"] = json!([]);
    game["retailer"]["a"] = json!(0.005);
    let load = |way: &str| -> Vec<f64> {
        let out = solve(game.to_string(), &["--json", "--answers", way]).succeeds_quietly().out;
        numbers(&serde_json::from_str::<Value>(&out).unwrap()["load"])
    };
    let together = load("together");
    for way in ["renewed", "announced"] {
        for (x, y) in together.iter().zip(load(way)) {
            assert!((x - y).abs() < 1e-5, "{way}: {x} {y}");
        }
    }
    // One vehicle that takes the price as given alternates between two equal slots.
    let game = json!({
        "slots": 2,
        "retailer": {"a": 1.0},
        "vehicles": [{"rated_kw": 10, "battery_kwh": 20, "arrival": 0, "departure": 2, "hours_needed": 1,
                      "max_active_hours": 1, "omega": 5}],
    });
    solve(game.to_string(), &["--answers", "announced"])
        .succeeds()
        .prints("No equilibrium: the answers go round in a cycle of 2 rounds");
}

/// Each kind of bad file: status 2, nothing on stdout, and messages with the path of each key.
#[test]
fn bad_files_are_reported() {
    let household = |key: &str, value: Value| {
        let mut list = small()["households"].clone();
        list[0][key] = value;
        list
    };
    let vehicle = |key: &str, value: Value| {
        let mut list = small()["vehicles"].clone();
        list[0][key] = value;
        list
    };
    let retailer = |key: &str, value: Value| {
        let mut object = small()["retailer"].clone();
        object[key] = value;
        object
    };
    let changes = [
        // An impossible day: the least loads exceed its energy, or the greatest fall short of it.
        ("households", household("energy", json!(5.0))),
        ("households", household("max_percent", json!(90))),
        ("households", household("min_percent", json!(160))),
        ("households", household("nominal", json!([1.0, 2.0]))),
        ("households", household("omega", json!(-5.0))),
        ("households", household("theta", json!(0.0))),
        ("households", household("count", json!(0))),
        ("households", household("count", json!(1.5))),
        ("households", household("minimum", json!(1.0))),
        ("households", json!([{"omega": 5.0, "theta": 0.1}])),
        ("households", json!([1])),
        ("households", json!({})),
        // A vehicle that cannot be full: too short a stay, too few active hours, too small a battery.
        ("vehicles", vehicle("hours_needed", json!(6))),
        ("vehicles", vehicle("hours_needed", json!(4))),
        ("vehicles", vehicle("battery_kwh", json!(5))),
        ("vehicles", vehicle("arrival", json!(6))),
        ("vehicles", vehicle("arrival", json!(-1))),
        ("vehicles", vehicle("rated_kw", json!(-7))),
        ("vehicles", vehicle("rated_kw", json!("7"))),
        ("vehicles", vehicle("soc_min", json!(1.0))),
        ("vehicles", vehicle("theta", json!(-0.1))),
        ("vehicles", vehicle("rated_kW", json!(7))),
        ("retailer", retailer("a", json!(0.0))),
        ("retailer", retailer("a", json!([0.5, 0.5, -0.5, 1.0, 1.0, 1.0]))),
        ("retailer", retailer("a", json!([0.5]))),
        ("retailer", retailer("b", json!(-0.2))),
        ("retailer", retailer("c", json!(-1))),
        ("retailer", retailer("lambda", json!(0.9))),
        ("retailer", retailer("g_max", json!(2.0))),
        ("retailer", retailer("g_max", json!(20.0))),
        ("retailer", json!([])),
        ("retailer", Value::Null),
        ("leader", json!({"aim": "flatten"})),
        ("leader", json!({"aim": "profit", "lambda_max": 0.5})),
        ("leader", json!({"aim": "rich"})),
        ("slots", json!(0)),
        ("slots", json!(1000)),
        ("prices", json!([])),
    ];
    let mut reported = String::new();
    for (key, value) in changes {
        let mut game = small();
        game[key] = value.clone();
        let err = solve(game.to_string(), &[]).refused().err;
        reported.push_str(&format!("{err}\n"));
    }
    insta::assert_snapshot!(reported);
    let no_users = json!({"retailer": {"a": 1.0}});
    solve(no_users.to_string(), &[]).fails(2);
    let huge = json!({"retailer": {"a": 1e300}, "households":
        [{"omega": 1.0, "theta": 1.0, "energy": 1e200, "min": 0.0, "max": 1e200}]});
    solve(huge.to_string(), &[]).fails(2).reports("too large for a number");
}

/// The example in the documentation is solved, and the help names its keys.
#[test]
fn the_example_is_solved() {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/stackelberg.json")).unwrap();
    solve(&text, &[])
        .succeeds_quietly()
        .prints("180 households, 5 vehicles")
        .prints("No user changes anything");
    let help = gridfleet(["solve", "stackelberg", "--help"]).succeeds().out;
    for key in ["hours_needed", "max_active_hours", "lambda_max", "g_max", "min_percent", "Examples:"] {
        assert!(help.contains(key), "{key}");
    }
}
