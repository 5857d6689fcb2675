//! Tests of cost games against another implementation, and of large ones by certificates.

use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_games::coalition::nucleolus::{nucleolus, prenucleolus};
use gridfleet_games::coalition::shapley::shapley;
use gridfleet_games::coalition::{Coalition, CooperativeGame, core};
use proptest::prelude::*;
use rand::RngExt;
use serde::Deserialize;

/// A game and its solutions by scipy; see `tests/fixtures/coalition.py`.
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
    for Reference { costs, shapley: value, epsilon, nucleolus: imputation, prenucleolus: allocation } in
        references
    {
        let game = CooperativeGame::costs(value.len(), |s| costs[s.place()]).unwrap();
        assert_close(&shapley(&game), &value, "Shapley value");
        let least = core::least_core(&game).unwrap().unwrap();
        assert_close(&[least.epsilon], &[epsilon], "least core");
        let largest = game.proper().map(|s| game.excess(s, &least.shares)).fold(f64::MIN, f64::max);
        assert_close(&[largest], &[epsilon], "an allocation of the least core");
        assert_close(&prenucleolus(&game).unwrap(), &allocation, "prenucleolus");
        let found = nucleolus(&game).unwrap();
        assert_eq!(found.is_some(), imputation.is_some());
        if let (Some(found), Some(expected)) = (found, &imputation) {
            assert_close(&found, expected, "nucleolus");
        }
        assert_eq!(core::is_empty(&game).unwrap(), epsilon > 1e-9);
        empty += i32::from(epsilon > 1e-9);
        apart += i32::from(
            imputation.is_some_and(|i| i.iter().zip(&allocation).any(|(a, b)| (a - b).abs() > 0.01)),
        );
    }
    // The cases include both kinds.
    assert!((10..40).contains(&empty) && apart >= 3, "{empty} {apart}");
}

/// Fifteen players, 32,766 coalitions, integers with many ties: a sum of amounts, each for the coalitions that contain
/// a given set of players. In such a convex game, only the nucleolus makes the mutual threats of all pairs of players
/// equal in excess (Maschler, Peleg, Shapley 1972).
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
    let game = CooperativeGame::gains(players, |s| {
        pots.iter().filter(|(who, _)| who.minus(s).is_empty()).map(|(_, pot)| pot).sum()
    })
    .unwrap();
    let shares = nucleolus(&game).unwrap().unwrap();
    assert!(core::Rationality::of(&game, &shares).in_core());
    let mut threat = vec![vec![f64::MIN; players]; players];
    for coalition in game.proper() {
        let excess = game.excess(coalition, &shares);
        for i in coalition.players() {
            for j in game.grand_coalition().minus(coalition).players() {
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

    /// For any costs, including almost equal and very different ones: the solver terminates, the solutions are
    /// efficient, and the largest excess of the prenucleolus is that of the least core.
    #[test]
    fn any_game_has_its_solutions(
        players in 1usize..6,
        costs in prop::collection::vec(
            prop_oneof![Just(0.0), Just(1.0), (-3i32..4).prop_map(f64::from), -1e6..1e6f64],
            31,
        ),
    ) {
        let game = CooperativeGame::costs(players, |s| costs[s.place() - 1]).unwrap();
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
