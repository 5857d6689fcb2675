//! Coalitions that form: counts, small games by hand, and definitions written out over sets.

use gridfleet_games::coalition::CooperativeGame;
use gridfleet_games::coalition::formation::{
    Formation, Partition, Stability, merge_and_split, of_game, stability,
};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

fn examined(players: usize, costs: impl Fn(&Partition) -> Vec<f64>) -> Vec<Stability> {
    stability(players, |partition| Ok::<_, Infallible>(costs(partition))).unwrap()
}

fn formed(start: Partition, costs: impl Fn(&Partition) -> Vec<f64>) -> Formation {
    merge_and_split(start, |partition| Ok::<_, Infallible>(costs(partition))).unwrap()
}

#[test]
fn there_are_as_many_partitions_as_bell_counted() {
    for (players, count) in [1, 1, 2, 5, 15, 52, 203, 877, 4_140].into_iter().enumerate() {
        let all: BTreeSet<Partition> = Partition::all(players).into_iter().collect();
        assert_eq!(all.len(), count);
        assert!(all.iter().all(|partition| Partition::of(partition.labels()) == *partition));
    }
    assert_eq!(Partition::of(&[7, 2, 7]).coalitions(), [vec![0, 2], vec![1]]);
}

/// A player of a coalition pays 1 over its size: all together is the only stable partition, and everything merges into it.
#[test]
fn players_who_save_in_numbers_are_all_together() {
    let costs = |partition: &Partition| -> Vec<f64> {
        let coalitions = partition.coalitions();
        partition.labels().iter().map(|&label| 1.0 / coalitions[label].len() as f64).collect()
    };
    for found in examined(5, costs) {
        let is_grand = found.partition == Partition::together(5);
        assert_eq!(found.core.is_none(), is_grand, "{found:?}");
        assert_eq!(found.nash.is_none(), is_grand, "{found:?}");
    }
    let formation = formed(Partition::alone(20), costs);
    assert!(formation.settled && formation.partition == Partition::together(20));
    assert_eq!(formation.changes, 19);
}

/// Two of three share 1 in favour of the last joined pair, round and round: no partition is core stable (the roommates of
/// Gale and Shapley).
#[test]
fn three_who_each_prefer_the_next_never_rest() {
    let costs = |partition: &Partition| -> Vec<f64> {
        (0..3)
            .map(|player| {
                let with = |other: usize| partition.labels()[player] == partition.labels()[other];
                match (with((player + 1) % 3), with((player + 2) % 3)) {
                    (true, true) => 3.0,
                    (true, false) => 0.0,
                    (false, true) => 1.0,
                    (false, false) => 2.0,
                }
            })
            .collect()
    };
    assert!(examined(3, costs).iter().all(|found| found.core.is_some()));
    let formation = formed(Partition::alone(3), costs);
    assert!(formation.settled && formation.partition.coalitions().len() == 2, "a pair does not split");
}

/// A large coalition pays while others are alone, and its split is agreed on while it pays: a partition comes back.
#[test]
fn a_search_that_returns_is_reported() {
    let costs = |partition: &Partition| -> Vec<f64> {
        // Of four players, pairs (0, 1) and (2, 3): each pair likes to be what the other pair is not.
        let [first, second] = [(0, 1), (2, 3)].map(|(a, b)| partition.labels()[a] == partition.labels()[b]);
        let crossed =
            partition.coalitions().len() < 2 || (!first && !second && partition.coalitions().len() < 4);
        let (like, differ) = (f64::from(u8::from(first == second)), f64::from(u8::from(first != second)));
        if crossed { vec![9.0; 4] } else { vec![differ, differ, like, like] }
    };
    let formation = formed(Partition::of(&[0, 0, 1, 2]), costs);
    assert!(!formation.settled && formation.changes <= 8, "{formation:?}");
}

/// The game of the paper on cooperative fleets: the grand coalition, which the Core contains, is the stable one; as savings
/// it is the same. Where only pairs save, no partition is core stable.
#[test]
fn a_game_without_externalities_forms_by_its_shapley_values() {
    let table = [1.850, 3.044, 1.635, 2.651, 1.599, 2.187, 1.381];
    let costs = CooperativeGame::costs(3, |s| if s.is_empty() { 0.0 } else { table[s.place() - 1] }).unwrap();
    for game in [costs.clone(), costs.savings()] {
        let found = of_game(&game).unwrap();
        let core: Vec<&Stability> = found.iter().filter(|found| found.core.is_none()).collect();
        assert_eq!(core.len(), 1);
        assert_eq!(core[0].partition, Partition::together(3));
        assert_eq!(core[0].core_dissolving, None);
        // In pairs, one player could pay less with the other one: (0.220, 1.414), (0.399, 1.200), (1.290, 0.897).
        let pair = found.iter().find(|found| found.partition == Partition::of(&[0, 0, 1])).unwrap();
        assert!(pair.individual.is_some() && pair.core.is_some());
        if game == costs {
            // (1.635 + 1.850 - 3.044) / 2, and the rest.
            assert!((pair.costs[0] - 0.2205).abs() < 1e-9 && (pair.costs[1] - 1.4145).abs() < 1e-9);
        }
    }
    let pairs = CooperativeGame::costs(3, |s| [0.0, 1.0, 1.0, 3.0][s.len()]).unwrap();
    assert!(
        of_game(&pairs)
            .unwrap()
            .iter()
            .all(|found| found.core.is_none() == (found.partition.coalitions().len() == 2))
    );
    let nine = CooperativeGame::costs(9, |s| s.len() as f64).unwrap();
    assert_eq!(of_game(&nine), None);
}

type Sets = BTreeSet<BTreeSet<usize>>;

fn sets(partition: &Partition) -> Sets {
    partition.coalitions().into_iter().map(|members| members.into_iter().collect()).collect()
}

/// `sets` with `group` taken out of its coalitions, as one of its own.
fn regrouped(sets: &Sets, group: &BTreeSet<usize>, dissolve: bool) -> Sets {
    let mut new = Sets::from([group.clone()]);
    for coalition in sets {
        let rest: BTreeSet<usize> = coalition.difference(group).copied().collect();
        if dissolve && rest.len() < coalition.len() {
            new.extend(rest.into_iter().map(|player| BTreeSet::from([player])));
        } else if !rest.is_empty() {
            new.insert(rest);
        }
    }
    new
}

/// Random costs of every player under every partition: stability by the definitions, over sets.
#[test]
fn stability_is_that_of_the_definitions() {
    let mut random = Pcg64::seed_from_u64(31);
    let mut stable = [0; 4];
    for round in 0..60 {
        let players = 2 + round % 4;
        let all = Partition::all(players);
        // Whole numbers, so that some costs are equal.
        let costs: BTreeMap<Sets, Vec<f64>> = all
            .iter()
            .map(|p| (sets(p), (0..players).map(|_| f64::from(random.random_range(0..6u8))).collect()))
            .collect();
        let groups: Vec<BTreeSet<usize>> = (1..1usize << players)
            .map(|mask| (0..players).filter(|player| mask >> player & 1 == 1).collect())
            .collect();
        for found in examined(players, |partition| costs[&sets(partition)].clone()) {
            let now = sets(&found.partition);
            let own = &costs[&now];
            let moves = (0..players).flat_map(|player| {
                let alone = BTreeSet::from([player]);
                let apart = regrouped(&now, &alone, false);
                let joined = apart.clone().into_iter().filter(move |c| !c.contains(&player)).map(move |c| {
                    let mut new = apart.clone();
                    new.remove(&c);
                    new.remove(&BTreeSet::from([player]));
                    new.insert(c.iter().copied().chain([player]).collect());
                    (player, new, c)
                });
                let out = (player, regrouped(&now, &alone, false), BTreeSet::new());
                joined.chain([out]).collect::<Vec<_>>()
            });
            let gains: Vec<_> = moves.filter(|(player, new, _)| costs[new][*player] < own[*player]).collect();
            let nash = gains.is_empty();
            let agreed =
                |new: &Sets, joined: &BTreeSet<usize>| joined.iter().all(|&p| costs[new][p] <= own[p]);
            let individual = !gains.iter().any(|(_, new, joined)| agreed(new, joined));
            let core = |dissolve: bool| {
                !groups.iter().any(|group| {
                    let new = regrouped(&now, group, dissolve);
                    group.iter().all(|&player| costs[&new][player] < own[player])
                })
            };
            let expected = [nash, individual, core(false), core(true)];
            let notions = [&found.nash, &found.individual, &found.core, &found.core_dissolving];
            assert_eq!(notions.map(|to| to.is_none()), expected, "round {round}: {found:?}");
            expected.iter().zip(&mut stable).for_each(|(holds, count)| *count += usize::from(*holds));
        }
    }
    assert!(stable.iter().all(|&count| count > 5), "{stable:?}");
}
