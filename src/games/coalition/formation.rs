//! Coalitions that form: all partitions of up to eight players and their stability, merge and split beyond.
//!
//! A *partition* divides the players into coalitions. It costs each player something, and that cost may depend on how all
//! players are divided (externalities: R. M. Thrall and W. F. Lucas, n-person games in partition function form, Naval
//! Research Logistics Quarterly 10, 1963). How the members of a coalition share its cost is the caller's; payoffs are those
//! after sharing. A partition is
//!
//! - *Nash stable* if no player pays less by moving to another coalition or out of its own;
//! - *individually stable* if no player pays less by such a move without a member of the coalition joined paying more (A.
//!   Bogomolnaia and M. O. Jackson, The stability of hedonic coalition structures, Games and Economic Behavior 38, 2002);
//! - *core stable* if no group of players, each of which pays less, can form a coalition. Their costs depend on the
//!   others, so there are two notions ([`Reaction`]): those left behind stay together (delta), or their coalitions
//!   dissolve (gamma; S. Hart and M. Kurz, Endogenous formation of coalitions, Econometrica 51, 1983).
//!
//! Eight players have 4,140 partitions. For more, coalitions merge and split as long as members agree (K. R. Apt and A.
//! Witzel, A generic approach to coalition formation, International Game Theory Review 11, 2009). With externalities this
//! may not end: a partition that comes back ends the search, and is reported.

use super::shapley::shapley;
use super::{Coalition, CooperativeGame};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

/// Maximum number of players whose partitions are all examined.
pub const MOST_ENUMERATED: usize = 8;

/// Maximum number of players.
pub const MOST_PLAYERS: usize = 64;

/// Maximum size of a coalition of which all splits are tried; larger ones only lose single players.
const MOST_SPLIT: usize = 12;

/// Costs that differ by this share of the largest are equal.
const EQUAL: f64 = 1e-9;

/// A division of players into coalitions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition {
    /// Coalition of each player; coalitions are numbered by their first members.
    of_player: Vec<usize>,
}

impl Partition {
    /// Players with equal labels are a coalition.
    pub fn of(labels: &[usize]) -> Self {
        let mut numbers = BTreeMap::new();
        let number = |label: &usize| {
            let next = numbers.len();
            *numbers.entry(*label).or_insert(next)
        };
        Self { of_player: labels.iter().map(number).collect() }
    }

    /// All players alone.
    pub fn alone(players: usize) -> Self {
        Self { of_player: (0..players).collect() }
    }

    /// All players together.
    pub fn together(players: usize) -> Self {
        Self { of_player: vec![0; players] }
    }

    /// All partitions, from all together to all alone.
    ///
    /// # Panics
    /// If there are more than [`MOST_ENUMERATED`] players.
    pub fn all(players: usize) -> Vec<Self> {
        assert!(players <= MOST_ENUMERATED, "{players} players");
        let mut all = vec![Vec::new()];
        for _ in 0..players {
            let longer = |of_player: Vec<usize>| {
                let next = of_player.iter().max().map_or(0, |most| most + 1);
                (0..=next).map(move |coalition| {
                    let mut longer = of_player.clone();
                    longer.push(coalition);
                    longer
                })
            };
            all = all.into_iter().flat_map(longer).collect();
        }
        all.into_iter().map(|of_player| Self { of_player }).collect()
    }

    /// Number of players.
    pub fn players(&self) -> usize {
        self.of_player.len()
    }

    /// Number of the coalition of each player.
    pub fn labels(&self) -> &[usize] {
        &self.of_player
    }

    /// The coalitions, each with its members in order.
    pub fn coalitions(&self) -> Vec<Vec<usize>> {
        let mut coalitions = vec![Vec::new(); self.of_player.iter().max().map_or(0, |most| most + 1)];
        for (player, &coalition) in self.of_player.iter().enumerate() {
            coalitions[coalition].push(player);
        }
        coalitions
    }

    /// The partition after a change of labels.
    fn changed(&self, change: impl FnOnce(&mut [usize])) -> Self {
        let mut labels = self.of_player.clone();
        change(&mut labels);
        Self::of(&labels)
    }

    /// A label that no coalition has.
    fn unused(&self) -> usize {
        self.of_player.len()
    }

    /// The partition in which `members` are a coalition.
    fn with(&self, members: &[usize], reaction: Reaction) -> Self {
        self.changed(|labels| {
            let left: BTreeSet<usize> = members.iter().map(|&player| labels[player]).collect();
            for &player in members {
                labels[player] = self.unused();
            }
            if reaction == Reaction::Dissolve {
                for (player, label) in labels.iter_mut().enumerate().filter(|(_, label)| left.contains(label))
                {
                    *label = self.unused() + 1 + player;
                }
            }
        })
    }
}

/// Response of those left behind to members who leave a coalition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// The others stay together.
    StayTogether,
    /// The others are alone.
    Dissolve,
}

/// A partition with its costs, and for each notion of stability a partition to which players would deviate; `None` if it
/// is stable.
#[derive(Debug, Clone, PartialEq)]
pub struct Stability {
    /// The partition.
    pub partition: Partition,
    /// Cost of each player.
    pub costs: Vec<f64>,
    /// A player moves, and pays less.
    pub nash: Option<Partition>,
    /// The same, and no member of the coalition that it joins pays more.
    pub individual: Option<Partition>,
    /// A group forms, while those left behind stay together.
    pub core: Option<Partition>,
    /// A group forms, while coalitions that lose members dissolve.
    pub core_dissolving: Option<Partition>,
}

/// Costs of all partitions, and a tolerance.
struct Costs {
    of: BTreeMap<Partition, Vec<f64>>,
    tolerance: f64,
}

impl Costs {
    /// Whether a player pays less in `to` than it does at `costs`.
    fn falls(&self, costs: &[f64], to: &Partition, player: usize) -> bool {
        self.of[to][player] < costs[player] - self.tolerance
    }
}

/// Examines all partitions. `costs` gives the cost of each player under a partition; costs must be finite.
///
/// # Errors
/// The first error of `costs`.
///
/// # Panics
/// If there are more than [`MOST_ENUMERATED`] players.
pub fn stability<E>(
    players: usize,
    mut costs: impl FnMut(&Partition) -> Result<Vec<f64>, E>,
) -> Result<Vec<Stability>, E> {
    let all = Partition::all(players);
    let of = all.iter().map(|partition| Ok((partition.clone(), costs(partition)?)));
    let of: BTreeMap<Partition, Vec<f64>> = of.collect::<Result<_, E>>()?;
    let largest = of.values().flatten().fold(0.0f64, |most, cost| most.max(cost.abs()));
    let costs = Costs { of, tolerance: EQUAL * largest };
    let groups: Vec<Vec<usize>> = (1..1usize << players)
        .map(|mask| (0..players).filter(|player| mask >> player & 1 == 1).collect())
        .collect();
    Ok(all.into_iter().map(|partition| examine(partition, &costs, &groups)).collect())
}

fn examine(partition: Partition, costs: &Costs, groups: &[Vec<usize>]) -> Stability {
    let own = &costs.of[&partition];
    let (mut nash, mut individual) = (None, None);
    for player in 0..partition.players() {
        for label in (0..partition.coalitions().len()).chain([partition.unused()]) {
            let to = partition.changed(|labels| labels[player] = label);
            if to == partition || !costs.falls(own, &to, player) {
                continue;
            }
            let joined = (0..partition.players()).filter(|&other| partition.of_player[other] == label);
            let agree = |other: usize| costs.of[&to][other] <= own[other] + costs.tolerance;
            if individual.is_none() && joined.into_iter().all(agree) {
                individual = Some(to.clone());
            }
            nash.get_or_insert(to);
        }
    }
    let objection = |reaction: Reaction| {
        groups.iter().find_map(|group| {
            let to = partition.with(group, reaction);
            (to != partition && group.iter().all(|&player| costs.falls(own, &to, player))).then_some(to)
        })
    };
    let (core, core_dissolving) = (objection(Reaction::StayTogether), objection(Reaction::Dissolve));
    Stability { costs: own.clone(), partition, nash, individual, core, core_dissolving }
}

/// Examines all partitions of a game in which each coalition shares its own worth by the Shapley value (R. J. Aumann and J.
/// H. Dreze, Cooperative games with coalition structures, International Journal of Game Theory 3, 1974): no externalities,
/// so that both notions of core stability agree. Gains are negative costs. `None` for more than [`MOST_ENUMERATED`] players.
pub fn of_game(game: &CooperativeGame) -> Option<Vec<Stability>> {
    let players = game.players();
    if players > MOST_ENUMERATED {
        return None;
    }
    // Shares within each coalition, by its place.
    let shares = |coalition: Coalition| -> Option<Vec<f64>> {
        let members: Vec<usize> = coalition.players().collect();
        let worth = |part: Coalition| {
            let of_game = part.players().fold(Coalition::EMPTY, |sum, player| sum.with(members[player]));
            game.sign() * game.worth(of_game)
        };
        Some(shapley(&CooperativeGame::costs(members.len(), worth).ok()?))
    };
    let shares: Vec<Vec<f64>> =
        (1..1 << players).map(|place| shares(Coalition::at(place))).collect::<Option<_>>()?;
    let costs = |partition: &Partition| -> Result<Vec<f64>, Infallible> {
        let mut costs = vec![0.0; players];
        for members in partition.coalitions() {
            let coalition = members.iter().fold(Coalition::EMPTY, |sum, &player| sum.with(player));
            for (player, share) in members.iter().zip(&shares[coalition.place() - 1]) {
                costs[*player] = *share;
            }
        }
        Ok(costs)
    };
    match stability(players, costs) {
        Ok(all) => Some(all),
        Err(never) => match never {},
    }
}

/// Result of merging and splitting.
#[derive(Debug, Clone, PartialEq)]
pub struct Formation {
    /// The last partition.
    pub partition: Partition,
    /// Cost of each player.
    pub costs: Vec<f64>,
    /// Number of merges and splits.
    pub changes: usize,
    /// Whether no coalitions merge or split any more; otherwise a partition came back.
    pub settled: bool,
}

/// Merges two coalitions, or splits one in two, as long as there are such that no member pays more and some member pays
/// less; merges come first, in the order of the coalitions.
///
/// # Errors
/// The first error of `costs`.
///
/// # Panics
/// If there are more than [`MOST_PLAYERS`] players.
pub fn merge_and_split<E>(
    start: Partition,
    mut costs: impl FnMut(&Partition) -> Result<Vec<f64>, E>,
) -> Result<Formation, E> {
    assert!(start.players() <= MOST_PLAYERS, "{} players", start.players());
    let mut seen = BTreeSet::from([start.clone()]);
    let mut now = Formation { costs: costs(&start)?, partition: start, changes: 0, settled: false };
    loop {
        let Some((partition, new_costs)) = next(&now, &mut costs)? else {
            return Ok(Formation { settled: true, ..now });
        };
        let returned = !seen.insert(partition.clone());
        now = Formation { partition, costs: new_costs, changes: now.changes + 1, settled: false };
        if returned {
            return Ok(now);
        }
    }
}

/// The next merge or split, with its costs.
fn next<E>(
    now: &Formation,
    costs: &mut impl FnMut(&Partition) -> Result<Vec<f64>, E>,
) -> Result<Option<(Partition, Vec<f64>)>, E> {
    let coalitions = now.partition.coalitions();
    let largest = now.costs.iter().fold(0.0f64, |most, cost| most.max(cost.abs()));
    let mut agreed = |members: &mut dyn Iterator<Item = usize>, to: Partition| {
        let found = costs(&to)?;
        let (mut none_more, mut some_less) = (true, false);
        for player in members {
            let saved = now.costs[player] - found[player];
            none_more &= saved >= -EQUAL * largest;
            some_less |= saved > EQUAL * largest;
        }
        Ok((none_more && some_less).then_some((to, found)))
    };
    for (b, second) in coalitions.iter().enumerate() {
        for (a, first) in coalitions[..b].iter().enumerate() {
            let to = now.partition.changed(|labels| second.iter().for_each(|&player| labels[player] = a));
            if let Some(found) = agreed(&mut first.iter().chain(second).copied(), to)? {
                return Ok(Some(found));
            }
        }
    }
    for members in &coalitions {
        // The first member stays, so that each split comes once.
        let others = members.len() - 1;
        let masks: Vec<u64> = if members.len() <= MOST_SPLIT {
            (1..1u64 << others).collect()
        } else {
            (0..others).map(|i| 1 << i).chain([(1 << others) - 1]).collect()
        };
        for mask in masks {
            let leaves = |i: usize| i > 0 && mask >> (i - 1) & 1 == 1;
            let to = now.partition.changed(|labels| {
                let leaving = members.iter().enumerate().filter(|(i, _)| leaves(*i));
                leaving.for_each(|(_, &player)| labels[player] = now.partition.unused());
            });
            if let Some(found) = agreed(&mut members.iter().copied(), to)? {
                return Ok(Some(found));
            }
        }
    }
    Ok(None)
}
