//! The command `gridfleet solve game`.

use crate::support::cli::{self, Ended, gridfleet};
use serde_json::{Value, json};

const TABLE_3: &str = r#"{"players": ["1", "2", "3"], "costs": {"1": 1.850, "2": 3.044, "3": 2.651,
    "1,2": 1.635, "1,3": 1.599, "2,3": 2.187, "1,2,3": 1.381}}"#;

fn solve(text: impl AsRef<[u8]>, more: &[&str]) -> Ended {
    cli::solve("game", text, more)
}

#[test]
fn the_command_solves_the_game_of_the_paper() {
    let ended = solve(TABLE_3, &["--json"]).succeeds_quietly();
    let solution = ended.json();
    let shares = |division: &Value| ["1", "2", "3"].map(|player| division[player].as_f64().unwrap());
    // As printed, to a thousandth (the paper truncates 0.8288).
    let near =
        shares(&solution["shapley"]).iter().zip([-0.062, 0.828, 0.614]).all(|(a, b)| (a - b).abs() < 0.001);
    assert!(near, "{ended}");
    assert_eq!(solution["core"]["empty"], json!(false));
    assert_eq!(solution["core"]["shapley_inside"], json!(true));
    assert_eq!(solution["core"]["objecting"], json!([]));
    assert_eq!(solution["core"]["corners"].as_array().unwrap().len(), 4);
    // By hand, from the tightest balanced family, the three pairs: (1.381 - (1.635 + 1.599 + 2.187) / 2) / 1.5.
    let epsilon = solution["core"]["least_core_epsilon"].as_f64().unwrap();
    assert!((epsilon + 1.3295 / 1.5).abs() < 1e-7, "{epsilon}");
    assert!((shares(&solution["nucleolus"]).iter().sum::<f64>() - 1.381).abs() < 1e-9);
    let properties = json!({
        "essential": true, "monotone": false, "subadditive": true, "convex": false,
        "shapley": {"efficient": true, "individually_rational": true, "coalitionally_rational": true},
        "nucleolus": {"efficient": true, "individually_rational": true, "coalitionally_rational": true},
    });
    assert_eq!(solution["properties"], properties);
    // Equal runs give equal bytes.
    assert_eq!(solve(TABLE_3, &["--json"]).out, ended.out);
}

#[test]
fn the_command_prints_a_table() {
    let out = solve(TABLE_3, &[]).succeeds_quietly().out;
    insta::assert_snapshot!(out, @r"
          alone  Shapley  saved  nucleolus
     1    1.850   -0.062  1.912      0.080
     2    3.044    0.829  2.215      0.668
     3    2.651    0.614  2.037      0.632
     all  7.545    1.381  6.164      1.381

     Core: not empty (least-core epsilon -0.886); the Shapley value lies in it.
     The game is essential, not monotone, subadditive, not convex in its savings.
     Stable partitions, each coalition sharing by its Shapley value: {1, 2, 3} (core, Nash, individual).
    ");
}

/// Three players who save only in pairs: an empty Core, and a coalition that objects.
#[test]
fn the_command_says_who_objects() {
    let text = r#"{"players": ["a", "b", "c"],
        "costs": {"a": 1, "b": 1, "c": 1, "a,b": 1, "a,c": 1.1, "b,c": 1.5, "a,b,c": 2}}"#;
    let solution = solve(text, &["--json"]).succeeds().json();
    assert_eq!(solution["core"]["empty"], json!(true));
    assert_eq!(solution["core"]["shapley_inside"], json!(false));
    assert_eq!(solution["core"]["objecting"], json!(["a", "b"]));
    solve(text, &[]).prints("a, b would save");
    // The grand coalition costs more than its players alone: no imputation.
    let text = r#"{"players": [7, 8], "costs": {"7": 1, "8": 1, "7,8": 3}}"#;
    let solution = solve(text, &["--json"]).json();
    assert_eq!(solution["nucleolus"], Value::Null);
    assert_eq!(solution["prenucleolus"], json!({"7": 1.5, "8": 1.5}));
    let single = solve(br#"{"players": ["a"], "costs": {"a": -0.0}}"#, &["--json"]);
    assert_eq!(single.json()["core"]["least_core_epsilon"], Value::Null);
    assert!(!single.out.contains("-0.0"), "{single}");
}

/// The savings of the paper's game are a game of gains with the same solutions.
#[test]
fn gains_are_shared_like_the_savings_that_they_are() {
    let gains = r#"{"players": ["1", "2", "3"], "gains": {"1": 0, "2": 0, "3": 0,
        "1,2": 3.259, "1,3": 2.902, "2,3": 3.508, "1,2,3": 6.164}}"#;
    insta::assert_snapshot!(solve(gains, &[]).succeeds_quietly().out, @r"
          alone  Shapley  gained  nucleolus
     1    0.000    1.912   1.912      1.770
     2    0.000    2.215   2.215      2.376
     3    0.000    2.037   2.037      2.019
     all  0.000    6.164   6.164      6.164

     Core: not empty (least-core epsilon -0.886); the Shapley value lies in it.
     The game is essential, monotone, superadditive, not convex.
     Stable partitions, each coalition sharing by its Shapley value: {1, 2, 3} (core, Nash, individual).
    ");
    let [costs, gains] = [TABLE_3, gains].map(|text| solve(text, &["--json"]).succeeds_quietly().json());
    for (player, alone) in [("1", 1.850), ("2", 3.044), ("3", 2.651)] {
        for rule in ["shapley", "nucleolus"] {
            let [paid, gained] = [&costs, &gains].map(|solution| solution[rule][player].as_f64().unwrap());
            assert!((paid + gained - alone).abs() < 1e-9, "{rule} of {player}");
        }
    }
    assert_eq!(costs["core"]["empty"], gains["core"]["empty"]);
}

#[test]
fn a_wrong_game_ends_with_2() {
    let wrong: [(&[u8], &str); 5] = [
        (
            br#"{"players": ["a", "b"], "costs": {"a": 1, "b": 2}}"#,
            r#"game.json: costs["a,b"]: found nothing"#,
        ),
        (br#"{"players": ["a"], "costs": {"a": 1, "x": 2}}"#, r#"costs["x"]: found an unknown player "x""#),
        (b"{\"players\": [\"a\"],\n\"costs\": {\"a\": NaN}}", r#"game.json:2: costs["a"]: found NaN"#),
        (b"\xff\xfe", "no UTF-8"),
        (b"{", "game.json:1: found no game (EOF while"),
    ];
    for (text, expected) in wrong {
        solve(text, &["--json"]).refused().reports(expected);
    }
    gridfleet(["solve", "game", "absent.json"]).fails(2);
}
