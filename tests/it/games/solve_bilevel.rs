//! `gridfleet solve bilevel`: files in, JSON and tables out, errors in bad files.

use crate::support::cli::{self, Ended, gridfleet};
use serde_json::{Value, json};

fn solve(game: &Value, more: &[&str]) -> Ended {
    cli::solve("bilevel", game.to_string(), more)
}

/// One hour, 10 MWh for certain at 20 EUR/MWh: at the rival's 30 all of it is ours, at a profit of 100 EUR.
fn by_hand() -> Value {
    json!({
        "scenarios": [{
            "probability": 1.0, "day_ahead": [20.0], "positive": [50.0], "negative": [5.0], "demand": [10.0],
        }],
        "rivals": [{ "probability": 1.0, "prices": [[30.0], [45.0]] }],
        "positive_max": 4.0,
        "max_price": 80.0,
    })
}

fn json_of(game: &Value) -> Value {
    solve(game, &["--json"]).succeeds_quietly().json()
}

#[test]
fn a_game_by_hand() {
    let out = json_of(&by_hand());
    let solution = &out["solutions"][0];
    assert_eq!(solution["expected_profit"], 100.0);
    assert_eq!(
        (&solution["hours"][0]["price_per_mwh"], &solution["day_ahead_mwh"]),
        (&json!(30.0), &json!(10.0))
    );
    // With a third of the owners each: ours stay up to 38 (30 and 8), those of the more expensive rival come at 38 - 8
    // = 30, those of the cheaper one at 22. 10 MWh at 22, 6.67 at 30 or 3.33 at 38: 20, 66.67 or 60 EUR.
    let mut game = by_hand();
    game["reluctance"] = json!(8.0);
    let out = json_of(&game);
    assert!((out["solutions"][0]["expected_profit"].as_f64().unwrap() - 200.0 / 3.0).abs() < 1e-9);
    assert_eq!(out["solutions"][0]["hours"][0]["price_per_mwh"], 30.0);
}

#[test]
fn several_weights_of_risk_are_a_frontier() {
    let text = std::fs::read_to_string("docs/bilevel.json").unwrap();
    let mut game: Value = serde_json::from_str(&text).unwrap();
    game["beta"] = json!([0.0, 0.5, 2.0, 10.0]);
    let out = json_of(&game);
    let column = |key: &str| -> Vec<f64> {
        out["solutions"].as_array().unwrap().iter().map(|s| s[key].as_f64().unwrap()).collect()
    };
    let (expected, cvar) = (column("expected_profit"), column("cvar"));
    assert!(expected.windows(2).all(|pair| pair[1] <= pair[0] + 1e-9), "{expected:?}");
    assert!(cvar.windows(2).all(|pair| pair[1] >= pair[0] - 1e-9), "{cvar:?}");
    assert!(cvar[0] < cvar[3] - 1.0);
}

#[test]
fn the_example_as_a_table() {
    insta::assert_snapshot!(gridfleet(["solve", "bilevel", "docs/bilevel.json"]).succeeds().out);
}

/// Message on the game with a change.
fn refused(change: impl Fn(&mut Value)) -> String {
    let mut game = by_hand();
    change(&mut game);
    solve(&game, &[]).refused().err
}

#[test]
fn errors_are_reported_with_their_key() {
    for (err, parts) in [
        (
            refused(|g| drop(g["scenarios"][0].as_object_mut().unwrap().remove("positive"))),
            &["scenarios[0].positive", "found nothing"][..],
        ),
        (refused(|g| g["scenarios"][0]["day_ahead"] = json!([null])), &["scenarios[0].day_ahead[0]", "null"]),
        (
            refused(|g| g["scenarios"][0]["day_ahead"] = json!([20.0, 21.0])),
            &["scenarios[0].positive: found 1 figure, expected 2"],
        ),
        (refused(|g| g["scenarios"][0]["probability"] = json!(0.9)), &["scenarios[].probability", "0.9"]),
        (refused(|g| g["rivals"][0]["probability"] = json!(0.2)), &["rivals[].probability", "0.2"]),
        (refused(|g| g["max_price"] = json!(-1.0)), &["max_price", "0 to 1e9"]),
        (refused(|g| g["positive_max"] = json!(-1.0)), &["positive_max[0]", "0 to 1e9"]),
        (refused(|g| g["alpha"] = json!(1.0)), &["alpha"]),
        (refused(|g| g["beta"] = json!([0.5, -3.0])), &["beta", "-3"]),
        (refused(|g| g["gap"] = json!(0.0)), &["gap"]),
        (
            refused(|g| g["initial_shares"] = json!([0.5, 0.5])),
            &["initial_shares", "3, one for each aggregator"],
        ),
        (refused(|g| g["reluctance"] = json!([[0.0]])), &["reluctance", "1 lists"]),
        (refused(|g| g["purchase"] = json!("all")), &["purchase", "quantity"]),
        (refused(|g| g["rivals"] = json!([])), &["rivals", "no scenarios"]),
        (refused(|g| g["scenarios"] = json!([7])), &["scenarios[0]", "an object"]),
        (refused(|g| g["betas"] = json!(1.0)), &["betas", "`beta`"]),
    ] {
        for part in parts {
            assert!(err.contains(part), "{part} in {err}");
        }
    }
    // Owners who never leave, and demand between 1 and 10 MWh: no purchase suits both with 4 MWh of balancing.
    let err = refused(|g| {
        let mut other = g["scenarios"][0].clone();
        other["demand"] = json!([1.0]);
        g["scenarios"].as_array_mut().unwrap().push(other);
        g["scenarios"][0]["probability"] = json!(0.5);
        g["scenarios"][1]["probability"] = json!(0.5);
        g["reluctance"] = json!(500.0);
        g["initial_shares"] = json!([1.0, 0.0, 0.0]);
    });
    assert!(err.contains("positive_max[0]") && err.contains("max_price"), "{err}");
}

/// Nothing to sell, no profit to gain, and figures of any size: solved or refused, never a panic.
#[test]
fn odd_games_are_solved() {
    for (change, profit) in [
        (json!({ "demand": [0.0] }), 0.0),
        (json!({ "day_ahead": [60.0] }), 0.0),
        (json!({ "day_ahead": [-20.0], "negative": [-30.0] }), 10.0 * 50.0),
        (json!({ "day_ahead": [1e9], "positive": [1e9], "negative": [-1e9] }), 0.0),
        (json!({ "demand": [1e-6] }), 1e-5),
    ] {
        let mut game = by_hand();
        for (key, value) in change.as_object().unwrap() {
            game["scenarios"][0][key] = value.clone();
        }
        game["beta"] = json!([0.0, 3.0, 1e9]);
        for solution in json_of(&game)["solutions"].as_array().unwrap() {
            let found = solution["expected_profit"].as_f64().unwrap();
            assert!((found - profit).abs() <= 1e-6 * profit.max(1e-3), "{change}: {found}");
        }
    }
    let err = refused(|g| g["scenarios"][0]["day_ahead"] = json!([1e300]));
    assert!(err.contains("scenarios[0].day_ahead[0]"), "{err}");
}

#[test]
fn all_problems_are_reported_at_once() {
    let err = refused(|g| {
        g["scenarios"][0]["probability"] = json!(0.9);
        g["alpha"] = json!(2.0);
        g["beta"] = json!([1.0, 2.0]);
    });
    assert!(err.contains("scenarios[].probability") && err.matches("alpha").count() == 1, "{err}");
}
