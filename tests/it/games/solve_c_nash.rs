//! `gridfleet solve c-nash`: files in, JSON and tables out, errors in bad files.

use crate::support::cli::{self, Ended, gridfleet};
use serde_json::{Value, json};

fn solve(text: impl AsRef<[u8]>, more: &[&str]) -> Ended {
    cli::solve("c-nash", text, more)
}

/// Figure 5 of the paper, HL; H.
fn small() -> Value {
    let profile = |d: f64| (0..4).map(|t| d * if t < 2 { 0.1 } else { 0.4 }).collect::<Vec<f64>>();
    json!({
        "a": [10.0, 10.0, 10.0, 10.0],
        "b": 1.0,
        "mu": [5.0, 1.0, 5.0],
        "nominal": [profile(5.0), profile(1.0), profile(5.0)],
        "coalitions": [[0, 1]],
    })
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

#[test]
fn json_holds_both_equilibria_and_what_they_compare_to() {
    let out = solve(small().to_string(), &["--json"]).succeeds_quietly().json();
    let keys: Vec<&str> = out.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["better", "c_nash", "nash", "ratios", "residual", "theorems"]);
    let mut sums = Vec::new();
    for key in ["nash", "c_nash"] {
        let solution = out[key].as_object().unwrap();
        assert_eq!(solution.keys().collect::<Vec<_>>(), ["costs", "prices", "profiles"]);
        let rows: Vec<Vec<f64>> = solution["profiles"].as_array().unwrap().iter().map(numbers).collect();
        for (row, d) in rows.iter().zip([5.0, 1.0, 5.0]) {
            assert!((row.iter().sum::<f64>() - d).abs() < 1e-12);
        }
        for (t, price) in numbers(&solution["prices"]).iter().enumerate() {
            let load: f64 = rows.iter().map(|row| row[t]).sum();
            assert!((price - 10.0 - load).abs() < 1e-12);
        }
        sums.push(numbers(&solution["costs"]));
    }
    let ratio = |group: &[usize]| {
        let sum = |costs: &[f64]| group.iter().map(|&i| costs[i]).sum::<f64>();
        sum(&sums[0]) / sum(&sums[1])
    };
    for (key, group) in [("all", &[0, 1, 2][..]), ("coalition", &[0, 1]), ("rest", &[2])] {
        let printed = out["ratios"][key].as_f64().unwrap();
        assert!((printed - ratio(group)).abs() < 1e-12, "{key}");
        assert!(printed > 1.0, "HL; H: the coalition is better for all stations");
    }
    assert!(out["residual"].as_f64().unwrap() < 1e-12);
}

#[test]
fn the_table_says_who_is_better_off() {
    let mut game = small();
    game["limit"] = json!([3.0, null, 3.2, 4.0]);
    let out = solve(game.to_string(), &[]).succeeds().out;
    insta::assert_snapshot!(out);
    // The same file, the same bytes.
    assert_eq!(solve(game.to_string(), &[]).out, out);
    let json = || solve(game.to_string(), &["--json"]).out;
    assert_eq!(json(), json());
}

/// Each kind of bad file: status 2, nothing on stdout, and one message with the key.
#[test]
fn bad_files_are_reported() {
    let changes: [(&str, Value); 29] = [
        ("mu", json!([5.0, 0.0, 5.0])),
        ("mu", json!([5.0, 1.0, -3])),
        ("b", json!(0.0)),
        ("b", json!([1.0, 1.0, -1.0, 1.0])),
        ("b", json!([1.0])),
        ("b", json!("1")),
        ("a", json!([])),
        ("a", Value::Null),
        ("a", json!([10.0, "x", 10.0, 10.0])),
        ("nominal", json!([[1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]])),
        ("nominal", json!([[1.0, 1.0, 1.0, 1.0]])),
        ("nominal", json!({"0": []})),
        ("d", json!([5.0, 1.5, 5.0])),
        ("d", json!([5.0])),
        ("coalitions", json!([[0, 1], [1, 2]])),
        ("coalitions", json!([[0, 0]])),
        ("coalitions", json!([[0, 3]])),
        ("coalitions", json!([[]])),
        ("coalitions", json!([[-1]])),
        ("coalitions", json!([0, 1])),
        ("bounds", json!({"max": 1.0})),
        ("bounds", json!({"min": 2.0, "max": 1.0})),
        ("bounds", json!({"most": 1.0})),
        ("limit", json!([1.0, 1.0, 1.0, 1.0])),
        ("limit", json!([100.0])),
        ("elastic", json!({"min": 1.0, "max": 2.0, "value": 1.0})),
        ("elastic", json!({"min": 2.0, "max": 1.0, "value": 1.0, "slope": 1.0})),
        ("elastic", json!({"min": 1.0, "max": 2.0, "value": 1.0, "slope": 0.0})),
        ("colations", json!([[0, 1]])),
    ];
    let mut reported = String::new();
    for (key, value) in changes {
        let mut game = small();
        game[key] = value.clone();
        let err = solve(game.to_string(), &[]).refused().err;
        reported.push_str(&format!("{key}: {value}\n{err}\n"));
    }
    insta::assert_snapshot!(reported);
}

/// Several errors are reported together, and an error common to all is reported once.
#[test]
fn problems_are_reported_together() {
    let mut game = small();
    game["b"] = json!(-0.5);
    game["mu"] = json!([5.0, 0.0, 5.0]);
    game["coalitions"] = json!([[0, 1], [1]]);
    let err = solve(game.to_string(), &[]).refused().err;
    insta::assert_snapshot!(err, @r"
    error: game.json: b: found -0.5, expected a number above 0
    error: game.json: mu[1]: found 0, expected a number above 0
    error: game.json: coalitions[1][0]: found station 1, which is in coalition 0 already, expected each station in at most one coalition, once
    3 problems
    ");
}

/// A limit that no single step and no sum over all steps reveals: the bounds leave too much to two steps.
#[test]
fn a_limit_that_cannot_be_kept_names_the_steps() {
    let mut game = small();
    game["bounds"] = json!({"min": 0.0, "max": 1.3});
    game["limit"] = json!([9.0, 2.3, 9.0, 2.4]);
    // Two stations of 5 draw at least 5 - 3 * 1.3 = 1.1 each at any step, but 5 - 2 * 1.3 = 2.4 each at any two.
    let err = solve(game.to_string(), &[]).refused().err;
    insta::assert_snapshot!(err, @"error: game.json: limit: found 4.7 in all at steps 1, 3, expected at least 4.8, the least load that demands and bounds allow there");
}

/// At negative costs a ratio means nothing, and the smaller cost is better all the same.
#[test]
fn the_better_equilibrium_is_named_at_negative_costs() {
    let mut game = small();
    game["a"] = json!([-90.0, -80.0, -85.0, -95.0]);
    let found = solve(game.to_string(), &["--json"]).succeeds().json();
    assert_eq!(found["ratios"]["all"], Value::Null);
    let sum =
        |of: &str| found[of]["costs"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).sum::<f64>();
    let (nash, c_nash) = (sum("nash"), sum("c_nash"));
    assert!(nash < 0.0 && c_nash < 0.0 && (nash - c_nash).abs() > 1e-6);
    assert_eq!(found["better"]["all"], if nash < c_nash { "Nash" } else { "C-Nash" });
}

/// Equal base prices and proportional profiles, or uniform profiles: the theorems apply, and predict the costs.
#[test]
fn theorems_that_apply_are_checked() {
    let mut game = small();
    let theorems = |game: &Value| {
        let found = solve(game.to_string(), &["--json"]).succeeds().json()["theorems"].clone();
        let check = |check: &Value| (check["theorem"].clone(), check["holds"].clone());
        found.as_array().unwrap().iter().map(check).collect::<Vec<_>>()
    };
    game["a"] = json!([1.0, 4.0, 2.0, 3.0]);
    game["nominal"] = json!([[1, 2, 1, 1], [2, 1, 1, 1], [1, 1, 1, 2]]);
    assert_eq!(theorems(&game), []);
    game["nominal"] = json!([[1, 2, 3, 4], [2, 4, 6, 8], [0.5, 1, 1.5, 2]]);
    assert_eq!(theorems(&game), []);
    game["a"] = json!([2.0, 2.0, 2.0, 2.0]);
    assert_eq!(theorems(&game), [(json!("4.7"), json!(true))]);
    game["nominal"] = json!([[1, 1, 1, 1], [2, 2, 2, 2], [5, 5, 5, 5]]);
    assert_eq!(theorems(&game), [(json!("4.7"), json!(true)), (json!("4.11"), json!(true))]);
    game["a"] = json!([1.0, 4.0, 2.0, 3.0]);
    assert_eq!(theorems(&game), [(json!("4.11"), json!(true))]);
    game["bounds"] = json!({"min": 0.0});
    assert_eq!(theorems(&game), []);
}

/// A key given twice would silently be the last one.
#[test]
fn a_key_given_twice_is_refused() {
    let text = small().to_string();
    let twice = text.replacen('{', "{\n\"b\": 1.0,\n", 1);
    let err = solve(&twice, &[]).refused().err;
    assert!(
        err.contains("the key \"b\" for the second time") && err.contains("each key of an object once"),
        "{err}"
    );
    let within = text.replacen('{', "{\"bounds\": {\"min\": 0, \"min\": 1},", 1);
    let err = solve(within, &[]).refused().err;
    assert!(err.contains("the key \"min\" for the second time"), "{err}");
}

#[test]
fn invalid_json_is_reported_with_its_line() {
    for (text, part) in [
        ("", "game.json"),
        ("{\"a\": [1,\n 2,, 3]}", "game.json:2: found expected value"),
        ("[1, 2]", "found a list of 2, expected an object"),
        ("{\"a\": [1e999]}", "game.json:1: found number out of range"),
    ] {
        let err = solve(text, &[]).refused().err;
        assert!(err.contains(part), "{text}: {err}");
    }
    gridfleet(["solve", "c-nash", "no-such-file.json"]).refused();
}

/// Figures so far apart that the arithmetic fails are an error, not a table of nonsense.
#[test]
fn figures_beyond_all_bounds_are_refused() {
    let mut game = small();
    game["a"] = json!([1e308, -1e308, 1e308, 10.0]);
    game["mu"] = json!([1e-300, 1e300, 1.0]);
    solve(game.to_string(), &["--json"]).fails(2);
}

#[test]
fn the_readme_shows_what_the_command_prints() {
    let ended = gridfleet(["solve", "c-nash", "docs/c-nash.json"]).succeeds();
    let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    let printed = trimmed(&ended.out);
    let readme = trimmed(&std::fs::read_to_string("README.md").unwrap());
    assert!(readme.contains(&printed), "{printed}");
}

/// Figures of any size terminate, and either the requirements are met or the file is refused.
#[test]
fn figures_of_any_size_end_and_are_kept_or_refused() {
    let elastic = json!({"min": 0.5, "max": 5.0, "value": 10.0, "slope": 1.0});
    for x in [1e-13, 1e-8, 1e-3, 1.0, 1e3, 1e8, 1e15, 1e100, 1e308] {
        for key in ["a", "b", "mu", "nominal", "elastic"] {
            let mut game = json!({
                "a": [1.0, 2.0, 3.0], "b": [1.0, 1.0, 2.0], "mu": [1.0, 2.0],
                "nominal": [[1.0, 2.0, 1.0], [2.0, 1.0, 1.0]],
            });
            match key {
                "b" => game["b"] = json!(x),
                "mu" | "a" => game[key][1] = json!(x),
                "nominal" => game["nominal"][1][1] = json!(x),
                _ => {
                    game["nominal"][1][1] = json!(x);
                    game["elastic"] = elastic.clone();
                }
            }
            let ended = solve(game.to_string(), &["--json"]);
            if ended.status.code() == Some(2) {
                let err = ended.err;
                assert!(err.contains("double precision") || err.contains("nominal"), "{key} {x}: {err}");
                continue;
            }
            let out = ended.succeeds_quietly().json();
            for solution in ["nash", "c_nash"] {
                for (row, nominal) in out[solution]["profiles"].as_array().unwrap().iter().zip([0, 1]) {
                    let row = numbers(row);
                    let drawn: f64 = row.iter().sum();
                    // Written out and read again, a figure may be off by its last bit.
                    let read = f64::EPSILON * row.iter().map(|x| x.abs()).sum::<f64>();
                    let demand: f64 = numbers(&game["nominal"][nominal]).iter().sum();
                    let (low, high) = if key == "elastic" { (0.5, 5.0) } else { (demand, demand) };
                    let kept = low - 1e-8 * high - read..=high + 1e-8 * high + read;
                    assert!(kept.contains(&drawn), "{key} {x}: {drawn} for {low} to {high}");
                }
            }
        }
    }
}

/// Loads 1e15 times the demands still sum to the demands.
#[test]
fn demands_are_kept_where_loads_are_far_larger() {
    let game = json!({
        "a": [2e8, 5e8, 2e8], "b": 1e-8, "mu": [1e-8, 1e8],
        "nominal": [[1.0, 1.0, 3.0], [3.0, 3.0, 1.0]], "coalitions": [[0, 1]],
    });
    let out = solve(game.to_string(), &["--json"]).succeeds_quietly().json();
    for solution in ["nash", "c_nash"] {
        let rows: Vec<Vec<f64>> = out[solution]["profiles"].as_array().unwrap().iter().map(numbers).collect();
        assert!(rows[0][1] < -1e15, "{rows:?}");
        for (row, demand) in rows.iter().zip([5.0, 7.0]) {
            assert!((row.iter().sum::<f64>() - demand).abs() <= 1e-8 * demand, "{rows:?}");
        }
    }
}
