//! The Shapley value: a player's marginal contribution, averaged over all orders of arrival.
//!
//! L. S. Shapley, A value for n-person games, Contributions to the Theory of Games II (1953).

use super::{Coalition, CooperativeGame};

/// The Shapley value, one share per player, by one pass over all coalitions.
///
/// Of all n! orders, t! (n - t - 1)! have exactly the t members of a coalition T before a given other player. Each
/// worth c(T) therefore has weight (t - 1)! (n - t)! / n! for each member and minus t! (n - t - 1)! / n! for each other
/// player. Takes n 2^n steps.
pub fn shapley(game: &CooperativeGame) -> Vec<f64> {
    let players = game.players();
    // Sums of worth by number of members: over all coalitions, and over those that contain a given player.
    let mut all = vec![0.0; players + 1];
    let mut with = vec![vec![0.0; players + 1]; players];
    for (place, &worth) in game.table().iter().enumerate() {
        let coalition = Coalition::at(place);
        let members = coalition.len();
        all[members] += worth;
        coalition.players().for_each(|player| with[player][members] += worth);
    }
    // 1 / (n C(n - 1, t)) = t! (n - t - 1)! / n!, the weight of t players before a given one.
    let mut before = vec![1.0 / players as f64; players];
    for t in 1..players {
        before[t] = before[t - 1] * t as f64 / (players - t) as f64;
    }
    let share = |with: &Vec<f64>| {
        let added: f64 = (1..=players).map(|t| before[t - 1] * with[t]).sum();
        let without: f64 = (0..players).map(|t| before[t] * (all[t] - with[t])).sum();
        added - without
    };
    with.iter().map(share).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::game::examples::{airport, random, table_3};
    use super::*;
    use gridfleet_core::rng::{Purpose, Streams};
    use rand::RngExt;

    /// Calls `visit` with each order of `players` players (Heap 1963).
    pub fn orders(players: usize, visit: &mut dyn FnMut(&[usize])) {
        fn rest(order: &mut Vec<usize>, k: usize, visit: &mut dyn FnMut(&[usize])) {
            if k <= 1 {
                return visit(order);
            }
            for i in 0..k {
                rest(order, k - 1, visit);
                if i < k - 1 {
                    order.swap(if k.is_multiple_of(2) { i } else { 0 }, k - 1);
                }
            }
        }
        rest(&mut (0..players).collect(), players, visit);
    }

    fn over_all_orders(game: &CooperativeGame) -> Vec<f64> {
        let (mut shares, mut count) = (vec![0.0; game.players()], 0.0);
        orders(game.players(), &mut |order| {
            let mut before = Coalition::EMPTY;
            for &player in order {
                shares[player] += game.worth(before.with(player)) - game.worth(before);
                before = before.with(player);
            }
            count += 1.0;
        });
        shares.into_iter().map(|share| share / count).collect()
    }

    fn close(a: &[f64], b: &[f64]) {
        assert_eq!(a.len(), b.len());
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-12 * 1f64.max(b.abs())), "{a:?} {b:?}");
    }

    /// Table III of the paper on cooperative fleets, all rows. The paper prints its costs, like the shares, to three
    /// decimals, some of them truncated rather than rounded: 0.8288 as 0.828, 0.2205 as 0.220. Computed from the
    /// printed costs, each share is within a thousandth of the printed one.
    #[test]
    fn table_3_of_the_paper() {
        let paper = table_3();
        let assert_printed = |shares: &[f64], printed: &[f64]| {
            let near = |(share, printed): (&f64, &f64)| (share - printed).abs() < 0.001;
            assert!(shares.len() == printed.len() && shares.iter().zip(printed).all(near), "{shares:?}");
        };
        let all = shapley(&paper);
        assert_printed(&all, &[-0.062, 0.828, 0.614]);
        // Fractions computed by hand.
        close(&all, &[-0.373 / 6.0, 4.973 / 6.0, 3.686 / 6.0]);
        for (members, printed) in
            [([0, 1], [0.220, 1.414]), ([0, 2], [0.399, 1.200]), ([1, 2], [1.290, 0.897])]
        {
            let two = CooperativeGame::costs(2, |s| paper.worth(s.players().map(|i| members[i]).collect()))
                .unwrap();
            assert_printed(&shapley(&two), &printed);
        }
    }

    #[test]
    fn one_pass_equals_all_orders() {
        let mut stream = Streams { seed: 1, replication: 0 }.stream(Purpose::Synthesis, 0);
        for players in 1..=7 {
            let mut count = 0;
            orders(players, &mut |_| count += 1);
            assert_eq!(count, (1..=players).product::<usize>());
            for _ in 0..3 {
                let game = random(players, &mut stream);
                close(&shapley(&game), &over_all_orders(&game));
            }
        }
    }

    /// Each section of a runway is shared equally by the players that need it (Littlechild and Owen 1973), for the
    /// maximum number of players of a table.
    #[test]
    fn twenty_players_share_a_runway() {
        let needs: Vec<f64> = (0..20).map(|i| f64::from(i * i + 3)).collect();
        let mut expected = vec![0.0; 20];
        for (k, need) in needs.iter().enumerate() {
            let piece = need - if k == 0 { 0.0 } else { needs[k - 1] };
            expected[k..].iter_mut().for_each(|share| *share += piece / (20 - k) as f64);
        }
        let shares = shapley(&airport(&needs));
        assert!(shares.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-9), "{shares:?} {expected:?}");
    }

    #[test]
    fn the_axioms_hold() {
        let mut stream = Streams { seed: 2, replication: 0 }.stream(Purpose::Synthesis, 0);
        for players in 2..=9 {
            let (a, b) = (random(players, &mut stream), random(players, &mut stream));
            let (i, j) = (stream.random_range(0..players), stream.random_range(0..players));
            // Efficiency.
            let shares = shapley(&a);
            assert!((shares.iter().sum::<f64>() - a.total()).abs() < 1e-12);
            // Additivity and homogeneity.
            let sum = CooperativeGame::costs(players, |s| a.worth(s) + 3.0 * b.worth(s)).unwrap();
            let expected: Vec<f64> = shares.iter().zip(shapley(&b)).map(|(a, b)| a + 3.0 * b).collect();
            close(&shapley(&sum), &expected);
            // Symmetry: a worth that treats i and j alike gives them equal shares.
            let swap = |s: Coalition| {
                let renamed = |k| {
                    if k == i {
                        j
                    } else if k == j {
                        i
                    } else {
                        k
                    }
                };
                s.players().map(renamed).collect::<Coalition>()
            };
            let alike = CooperativeGame::costs(players, |s| a.worth(s) + a.worth(swap(s))).unwrap();
            let shares = shapley(&alike);
            assert!((shares[i] - shares[j]).abs() < 1e-12);
            // Dummy: a player that adds the same amount to every coalition pays exactly that amount.
            let dummy = CooperativeGame::costs(players, |s| {
                a.worth(s.without(i)) + if s.contains(i) { 0.7 } else { 0.0 }
            })
            .unwrap();
            assert!((shapley(&dummy)[i] - 0.7).abs() < 1e-12);
            // Savings: the saving is the standalone cost minus the share.
            let saved = shapley(&a.savings());
            let expected: Vec<f64> = (0..players).map(|i| a.alone(i) - saved[i]).collect();
            close(&shapley(&a), &expected);
        }
    }
}
