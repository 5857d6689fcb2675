//! The nucleolus: the allocation whose excesses, in descending order, are lexicographically minimal (Schmeidler 1969).
//!
//! Computed level by level with linear programs (Maschler, Peleg, Shapley 1979; see `levels`).

use super::CooperativeGame;
use super::levels::Levels;
use crate::optimize::SolveError;

/// The nucleolus, one share per player: the best of the allocations in which no player is worse off than alone
/// (imputations).
///
/// `None` if there is no such allocation, because the grand coalition is worse off than its members alone.
///
/// # Errors
/// If the solver fails.
pub fn nucleolus(game: &CooperativeGame) -> Result<Option<Vec<f64>>, SolveError> {
    let alone = Levels::as_alone(game);
    let loss = game.sign() * (game.total() - alone.iter().sum::<f64>());
    if loss > game.tolerance() {
        return Ok(None);
    }
    if loss >= -game.tolerance() {
        // The only imputation.
        return Ok(Some(alone));
    }
    down_the_levels(game, true).map(Some)
}

/// The prenucleolus, one share per player: the best of all allocations, including those in which a player is worse off
/// than alone. It equals the nucleolus if the Core is not empty.
///
/// # Errors
/// If the solver fails.
pub fn prenucleolus(game: &CooperativeGame) -> Result<Vec<f64>, SolveError> {
    down_the_levels(game, false)
}

fn down_the_levels(game: &CooperativeGame, imputations: bool) -> Result<Vec<f64>, SolveError> {
    let Some(mut levels) = Levels::new(game, imputations) else { return Ok(Levels::as_alone(game)) };
    loop {
        let level = levels.solve()?;
        levels.fix(&level)?;
        if let Some(shares) = levels.all_fixed() {
            return Ok(shares);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::game::examples::{airport, bankruptcy, convex, random};
    use super::super::{Coalition, core};
    use super::*;
    use gridfleet_core::rng::{Purpose, Streams};
    use rand::RngExt;
    use rand_pcg::Pcg64;

    fn stream(seed: u64) -> Pcg64 {
        Streams { seed, replication: 0 }.stream(Purpose::Synthesis, 0)
    }

    fn nucleolus_of(game: &CooperativeGame) -> Vec<f64> {
        nucleolus(game).unwrap().unwrap()
    }

    fn assert_close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        let close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-8 * 1f64.max(b.abs());
        assert!(found.iter().zip(expected).all(close), "{found:?} {expected:?}");
    }

    /// Excesses in descending order.
    fn excesses(game: &CooperativeGame, shares: &[f64]) -> Vec<f64> {
        let mut all: Vec<f64> = game.proper().map(|s| game.excess(s, shares)).collect();
        all.sort_by(|a, b| b.total_cmp(a));
        all
    }

    /// Whether `a` is lexicographically less than or equal to `b`.
    fn not_after(a: &[f64], b: &[f64]) -> bool {
        let differs = a.iter().zip(b).find(|(a, b)| (*a - *b).abs() > 1e-7);
        differs.is_none_or(|(a, b)| a < b)
    }

    /// The marriage contract of the Talmud (Kethubot 93a): estates of 100, 200 and 300 with claims of 100, 200 and 300;
    /// Aumann and Maschler (1985) showed that the awards are nucleoli.
    #[test]
    fn the_talmud_divides_estates() {
        let claims = [100.0, 200.0, 300.0];
        assert_close(&nucleolus_of(&bankruptcy(100.0, &claims)), &[100.0 / 3.0; 3]);
        assert_close(&nucleolus_of(&bankruptcy(200.0, &claims)), &[50.0, 75.0, 75.0]);
        assert_close(&nucleolus_of(&bankruptcy(300.0, &claims)), &[50.0, 100.0, 150.0]);
    }

    /// Equal awards, at most half of each claim; above half of all claims, equal losses of at most half of each claim
    /// (Aumann and Maschler 1985).
    #[test]
    fn estates_are_divided_by_the_rule_of_the_talmud() {
        let equal_up_to = |amount: f64, caps: &[f64]| {
            let (mut low, mut high) = (0.0, amount);
            for _ in 0..200 {
                let middle = (low + high) / 2.0;
                let given: f64 = caps.iter().map(|cap| cap.min(middle)).sum();
                if given < amount { low = middle } else { high = middle }
            }
            caps.iter().map(|cap| cap.min(high)).collect::<Vec<f64>>()
        };
        let mut stream = stream(1);
        for round in 0..60 {
            let players = 2 + round % 7;
            let claims: Vec<f64> = (0..players).map(|_| f64::from(stream.random_range(1..40))).collect();
            let all: f64 = claims.iter().sum();
            let estate = (all * stream.random_range(0.05..0.95)).round();
            let halves: Vec<f64> = claims.iter().map(|claim| claim / 2.0).collect();
            let expected = if estate <= all / 2.0 {
                equal_up_to(estate, &halves)
            } else {
                let losses = equal_up_to(all - estate, &halves);
                claims.iter().zip(losses).map(|(claim, loss)| claim - loss).collect()
            };
            assert_close(&nucleolus_of(&bankruptcy(estate, &claims)), &expected);
        }
    }

    /// Runways follow a special rule (Littlechild, A simple expression for the nucleolus in a special case, 1974):
    /// smallest needs first, grouped so that each member of the group pays the least.
    #[test]
    fn runways_are_shared_by_littlechilds_rule() {
        let rule = |needs: &[f64]| {
            let n = needs.len();
            let (mut shares, mut paid, mut done) = (Vec::new(), 0.0, 0);
            while done + 1 < n {
                let each = |k: usize| (needs[k] - paid) / (k - done + 2) as f64;
                let last = (done..n - 1).min_by(|&a, &b| each(a).total_cmp(&each(b))).unwrap();
                let share = each(last);
                paid += share * (last + 1 - done) as f64;
                shares.resize(last + 1, share);
                done = last + 1;
            }
            shares.push(needs[n - 1] - paid);
            shares
        };
        let mut stream = stream(2);
        for round in 0..40 {
            // Integers produce many ties, and therefore degenerate programs.
            let mut needs: Vec<f64> =
                (0..2 + round % 8).map(|_| f64::from(stream.random_range(1..15))).collect();
            needs.sort_by(f64::total_cmp);
            assert_close(&nucleolus_of(&airport(&needs)), &rule(&needs));
            assert_close(&prenucleolus(&airport(&needs)).unwrap(), &rule(&needs));
        }
    }

    /// By definition: no other imputation, random or nearby, has lexicographically smaller excesses.
    #[test]
    fn no_other_allocation_comes_first() {
        let mut stream = stream(3);
        let mut compared = 0;
        for round in 0..60 {
            let game = random(2 + round % 5, &mut stream);
            let players = game.players();
            let alone: Vec<f64> = (0..players).map(|i| game.alone(i)).collect();
            let saved = alone.iter().sum::<f64>() - game.total();
            let imputation = nucleolus(&game).unwrap();
            assert!(imputation.is_some() || saved < 0.0);
            let allocation = Some(prenucleolus(&game).unwrap());
            for (imputations, shares) in [(true, imputation), (false, allocation)] {
                let Some(shares) = shares else { continue };
                assert!((shares.iter().sum::<f64>() - game.total()).abs() < 1e-9);
                let allowed =
                    |shares: &[f64]| !imputations || shares.iter().zip(&alone).all(|(a, b)| *a <= b + 1e-9);
                assert!(allowed(&shares));
                let first = excesses(&game, &shares);
                for step in 0..200 {
                    let other: Vec<f64> = if step % 2 == 0 && saved > 0.0 {
                        let parts: Vec<f64> = (0..players).map(|_| stream.random_range(0.0..1.0)).collect();
                        let all: f64 = parts.iter().sum();
                        alone.iter().zip(parts).map(|(alone, part)| alone - saved * part / all).collect()
                    } else {
                        let (i, j) = (stream.random_range(0..players), stream.random_range(0..players));
                        let move_ = 10f64.powf(stream.random_range(-4.0..0.0));
                        let mut other = shares.clone();
                        other[i] += move_;
                        other[j] -= move_;
                        other
                    };
                    if allowed(&other) {
                        assert!(not_after(&first, &excesses(&game, &other)), "{game:?} {shares:?} {other:?}");
                        compared += 1;
                    }
                }
            }
        }
        assert!(compared > 5_000, "{compared}");
    }

    /// The largest excess of coalitions with i without j equals that with j without i (the prenucleolus lies in the
    /// prekernel: Maschler, Peleg, Shapley 1972); in convex games no other allocation has this property.
    #[test]
    fn no_player_has_more_to_threaten_with() {
        let mut stream = stream(4);
        for round in 0..40 {
            let players = 3 + round % 6;
            let game =
                if round % 2 == 0 { random(players, &mut stream) } else { convex(players, &mut stream) };
            let shares = prenucleolus(&game).unwrap();
            let threat = |i: usize, j: usize| {
                game.proper()
                    .filter(|s| s.contains(i) && !s.contains(j))
                    .map(|s| game.excess(s, &shares))
                    .fold(f64::MIN, f64::max)
            };
            for i in 0..players {
                for j in 0..i {
                    assert!((threat(i, j) - threat(j, i)).abs() < 1e-7, "{game:?} {shares:?}");
                }
            }
        }
    }

    #[test]
    fn it_lies_in_the_core_where_there_is_one_and_moves_with_the_unit() {
        let mut stream = stream(5);
        let mut cores = 0;
        for round in 0..60 {
            let game = random(3 + round % 3, &mut stream);
            if core::is_empty(&game).unwrap() {
                continue;
            }
            cores += 1;
            let shares = nucleolus_of(&game);
            assert!(core::Rationality::of(&game, &shares).in_core(), "{game:?} {shares:?}");
            // In other units, with additional fixed costs per player, as savings, and with permuted players.
            let factor = 10f64.powi(stream.random_range(-9..9));
            let other = CooperativeGame::costs(game.players(), |s| factor * (game.worth(s) + s.len() as f64))
                .unwrap();
            let expected: Vec<f64> = shares.iter().map(|share| share + 1.0).collect();
            let found: Vec<f64> = nucleolus_of(&other).iter().map(|share| share / factor).collect();
            assert_close(&found, &expected);
            let saved = nucleolus_of(&game.savings());
            let expected: Vec<f64> = (0..game.players()).map(|i| game.alone(i) - shares[i]).collect();
            assert_close(&saved, &expected);
            let last = game.players() - 1;
            let renamed =
                CooperativeGame::costs(last + 1, |s| game.worth(s.players().map(|i| last - i).collect()))
                    .unwrap();
            let reversed: Vec<f64> = shares.iter().rev().copied().collect();
            assert_close(&nucleolus_of(&renamed), &reversed);
        }
        assert!(cores > 15, "{cores}");
    }

    #[test]
    fn small_flat_and_hopeless_games() {
        assert_close(&nucleolus_of(&CooperativeGame::costs(1, |_| 2.5).unwrap()), &[2.5]);
        assert_close(
            &nucleolus_of(&CooperativeGame::costs(2, |s| if s.len() == 2 { 3.0 } else { 2.0 }).unwrap()),
            &[1.5, 1.5],
        );
        assert_close(
            &nucleolus_of(&CooperativeGame::costs(4, |s| s.sum(&[0.1, 0.2, 0.3, 0.4])).unwrap()),
            &[0.1, 0.2, 0.3, 0.4],
        );
        assert_close(&nucleolus_of(&CooperativeGame::costs(3, |_| 0.0).unwrap()), &[0.0; 3]);
        // Joint cost exceeds separate costs: no imputation, but still an optimal allocation.
        let worse = CooperativeGame::costs(2, |s| if s == Coalition::all(2) { 5.0 } else { 1.0 }).unwrap();
        assert_eq!(nucleolus(&worse).unwrap(), None);
        assert_close(&prenucleolus(&worse).unwrap(), &[2.5, 2.5]);
    }
}
