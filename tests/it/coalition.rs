//! Cost games against another implementation, large ones by certificates, and `gridfleet solve game`.

use assert_cmd::Command;
use gridfleet::games::coalition::nucleolus::{nucleolus, prenucleolus};
use gridfleet::games::coalition::shapley::shapley;
use gridfleet::games::coalition::{Coalition, Game, core};
use gridfleet::rng::{Purpose, Streams};
use proptest::prelude::*;
use rand::RngExt;
use serde::Deserialize;
use serde_json::{Value, json};

/// A game and its solutions by scipy; `tests/fixtures/coalition.py` tells how.
#[derive(Deserialize)]
struct Reference {
    costs: Vec<f64>,
    shapley: Vec<f64>,
    epsilon: f64,
    nucleolus: Option<Vec<f64>>,
    prenucleolus: Vec<f64>,
}

fn assert_close(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len());
    assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-7), "{what}: {found:?} {expected:?}");
}

#[test]
fn fifty_games_agree_with_scipy() {
    let references: Vec<Reference> =
        serde_json::from_str(include_str!("../fixtures/coalition.json")).unwrap();
    assert_eq!(references.len(), 50);
    let (mut empty, mut apart) = (0, 0);
    for Reference { costs, shapley: value, epsilon, nucleolus: imputation, prenucleolus: division } in
        references
    {
        let game = Game::costs(value.len(), |s| costs[s.place()]).unwrap();
        assert_close(&shapley(&game), &value, "Shapley value");
        let least = core::least_core(&game).unwrap().unwrap();
        assert_close(&[least.epsilon], &[epsilon], "least core");
        let largest = game.proper().map(|s| game.excess(s, &least.shares)).fold(f64::MIN, f64::max);
        assert_close(&[largest], &[epsilon], "a division of the least core");
        assert_close(&prenucleolus(&game).unwrap(), &division, "prenucleolus");
        let found = nucleolus(&game).unwrap();
        assert_eq!(found.is_some(), imputation.is_some());
        if let (Some(found), Some(expected)) = (found, &imputation) {
            assert_close(&found, expected, "nucleolus");
        }
        assert_eq!(core::is_empty(&game).unwrap(), epsilon > 1e-9);
        empty += i32::from(epsilon > 1e-9);
        apart +=
            i32::from(imputation.is_some_and(|i| i.iter().zip(&division).any(|(a, b)| (a - b).abs() > 0.01)));
    }
    // Both kinds are among them.
    assert!((10..40).contains(&empty) && apart >= 3, "{empty} {apart}");
}

/// Fifteen players, 32,766 coalitions, whole numbers with many ties: pots, each for whoever has all of some
/// players with them. That is a convex game, of which only the nucleolus has all pairs of players threaten
/// each other with the same excess (Maschler, Peleg, Shapley 1972).
#[test]
fn a_large_convex_game_balances_all_threats() {
    let mut random = Streams { seed: 1, replication: 0 }.stream(Purpose::Synthesis, 0);
    let players = 15;
    let pots: Vec<(Coalition, f64)> = (0..40)
        .map(|_| {
            let who = Coalition::at(random.random_range(1..1 << players));
            (who, f64::from(random.random_range(1..9)))
        })
        .collect();
    let game = Game::gains(players, |s| {
        pots.iter().filter(|(who, _)| who.minus(s).is_empty()).map(|(_, pot)| pot).sum()
    })
    .unwrap();
    let shares = nucleolus(&game).unwrap().unwrap();
    assert!(core::Rationality::of(&game, &shares).in_core());
    let mut threat = vec![vec![f64::MIN; players]; players];
    for coalition in game.proper() {
        let excess = game.excess(coalition, &shares);
        for i in coalition.players() {
            for j in game.everybody().minus(coalition).players() {
                threat[i][j] = threat[i][j].max(excess);
            }
        }
    }
    for i in 0..players {
        for j in 0..i {
            assert!((threat[i][j] - threat[j][i]).abs() < 1e-6, "{i} {j}: {threat:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Whatever the costs, also where almost all are equal or far apart: the solver finds an end, the
    /// solutions are efficient, and the largest excess of the prenucleolus is that of the least core.
    #[test]
    fn any_game_has_its_solutions(
        players in 1usize..6,
        costs in prop::collection::vec(
            prop_oneof![Just(0.0), Just(1.0), (-3i32..4).prop_map(f64::from), -1e6..1e6f64],
            31,
        ),
    ) {
        let game = Game::costs(players, |s| costs[s.place() - 1]).unwrap();
        let tolerance = 1e-7 * costs.iter().fold(1.0f64, |a, b| a.max(b.abs()));
        let shares = prenucleolus(&game).unwrap();
        for shares in [&shares, &shapley(&game)] {
            prop_assert!((shares.iter().sum::<f64>() - game.total()).abs() <= tolerance);
        }
        if let Some(least) = core::least_core(&game).unwrap() {
            let largest = game.proper().map(|s| game.excess(s, &shares)).fold(f64::MIN, f64::max);
            prop_assert!((largest - least.epsilon).abs() <= tolerance, "{largest} {}", least.epsilon);
        }
        if let Some(imputation) = nucleolus(&game).unwrap() {
            for (player, share) in imputation.iter().enumerate() {
                prop_assert!(*share <= game.alone(player) + tolerance);
            }
        }
    }
}

const TABLE_3: &str = r#"{"players": ["1", "2", "3"], "costs": {"1": 1.850, "2": 3.044, "3": 2.651,
    "1,2": 1.635, "1,3": 1.599, "2,3": 2.187, "1,2,3": 1.381}}"#;

/// Runs `gridfleet solve game` on a file with this text.
fn solve(text: &[u8], more: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("game.json"), text).unwrap();
    let mut command = Command::cargo_bin("gridfleet").unwrap();
    let output =
        command.current_dir(folder.path()).args(["solve", "game", "game.json"]).args(more).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_command_solves_the_game_of_the_paper() {
    let (status, out, err) = solve(TABLE_3.as_bytes(), &["--json"]);
    assert_eq!((status, err.as_str()), (0, ""));
    let solution: Value = serde_json::from_str(&out).unwrap();
    let shares = |of: &Value| ["1", "2", "3"].map(|player| of[player].as_f64().unwrap());
    // As printed, to a thousandth (the paper cuts 0.8288 off).
    let near =
        shares(&solution["shapley"]).iter().zip([-0.062, 0.828, 0.614]).all(|(a, b)| (a - b).abs() < 0.001);
    assert!(near, "{out}");
    assert_eq!(solution["core"]["empty"], json!(false));
    assert_eq!(solution["core"]["shapley_inside"], json!(true));
    assert_eq!(solution["core"]["objecting"], json!([]));
    assert_eq!(solution["core"]["corners"].as_array().unwrap().len(), 4);
    // By hand, from the tightest balanced family, the three pairs: (1.381 - (1.635 + 1.599 + 2.187) / 2) / 1.5.
    assert_close(&[solution["core"]["least_core_epsilon"].as_f64().unwrap()], &[-1.3295 / 1.5], "epsilon");
    assert!((shares(&solution["nucleolus"]).iter().sum::<f64>() - 1.381).abs() < 1e-9);
    let properties = json!({
        "essential": true, "monotone": false, "subadditive": true, "convex": false,
        "shapley": {"efficient": true, "individually_rational": true, "coalitionally_rational": true},
        "nucleolus": {"efficient": true, "individually_rational": true, "coalitionally_rational": true},
    });
    assert_eq!(solution["properties"], properties);
    // Equal runs give equal bytes.
    assert_eq!(solve(TABLE_3.as_bytes(), &["--json"]).1, out);
}

#[test]
fn the_command_prints_a_table() {
    let (status, out, err) = solve(TABLE_3.as_bytes(), &[]);
    assert_eq!((status, err.as_str()), (0, ""));
    insta::assert_snapshot!(out, @r"
          alone  Shapley  saved  nucleolus
     1    1.850   -0.062  1.912      0.080
     2    3.044    0.829  2.215      0.668
     3    2.651    0.614  2.037      0.632
     all  7.545    1.381  6.164      1.381

     Core: not empty (least-core epsilon -0.886); the Shapley value lies in it.
     The game is essential, not monotone, subadditive, not convex in what it saves.
    ");
}

/// Three players who save only in pairs: an empty Core, and somebody who objects.
#[test]
fn the_command_says_who_objects() {
    let text = r#"{"players": ["a", "b", "c"],
        "costs": {"a": 1, "b": 1, "c": 1, "a,b": 1, "a,c": 1.1, "b,c": 1.5, "a,b,c": 2}}"#;
    let (status, out, _) = solve(text.as_bytes(), &["--json"]);
    let solution: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(status, 0);
    assert_eq!(solution["core"]["empty"], json!(true));
    assert_eq!(solution["core"]["shapley_inside"], json!(false));
    assert_eq!(solution["core"]["objecting"], json!(["a", "b"]));
    assert!(solve(text.as_bytes(), &[]).1.contains("a, b would save"));
    // Everybody together dearer than apart: no imputation.
    let text = r#"{"players": [7, 8], "costs": {"7": 1, "8": 1, "7,8": 3}}"#;
    let solution: Value = serde_json::from_str(&solve(text.as_bytes(), &["--json"]).1).unwrap();
    assert_eq!(solution["nucleolus"], Value::Null);
    assert_eq!(solution["prenucleolus"], json!({"7": 1.5, "8": 1.5}));
    let single = solve(br#"{"players": ["a"], "costs": {"a": -0.0}}"#, &["--json"]).1;
    let solution: Value = serde_json::from_str(&single).unwrap();
    assert_eq!(solution["core"]["least_core_epsilon"], Value::Null);
    assert!(!single.contains("-0.0"), "{single}");
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
        let (status, out, err) = solve(text, &["--json"]);
        assert_eq!((status, out.as_str()), (2, ""), "{err}");
        assert!(err.contains(expected), "{err}");
    }
    let mut command = Command::cargo_bin("gridfleet").unwrap();
    command.args(["solve", "game", "absent.json"]).assert().code(2);
}
