//! The best choice of schedules, by the shortest way through the trips.
//!
//! Trips are served in the order of their numbers: the first that is open is served by a schedule of which it is the first,
//! or left unserved. What has been served and what has been used of vehicles and active limits is a *state*; a choice is
//! a way from nothing served to everything. A choice costs the bound, and the reduced costs of its schedules, and the worth
//! of the vehicles and room that it leaves unused: no part of that is below zero. So the ways that come first in the order
//! of this sum are looked at first (Dijkstra 1959), and the first whole one is the best. Only schedules with a reduced cost
//! within a distance are looked at; without a whole way the distance grows. Triples of trips, which sharpen the bound, are
//! part of what a state is worth: one of which two trips are open can still be served by one schedule, and that is all.

use super::bound::{Choice, Chosen, Worth};
use rustc_hash::FxHashMap;
use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// The first distance, as a share of the bound, and by how much it grows.
const FIRST_DISTANCE: f64 = 0.02;
const GROWTH: f64 = 1.4;
/// Room that is exceeded by less is kept, in connectors' worth: a hundredth of what a plan is checked to.
const ROUNDING: f64 = 1e-9;

/// A way to a state.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// What it costs beyond the bound, at least.
    beyond: f64,
    /// Worth of the triples of which two trips are open.
    triples: f64,
    open: u64,
    used: u32,
    before: u32,
    /// The column, or that a trip is left unserved.
    by: Option<u32>,
}

/// A node in the order in which they are looked at.
#[derive(Debug, PartialEq)]
struct Next {
    beyond: f64,
    node: u32,
}

impl Eq for Next {}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Next {
    /// The heap gives the greatest first: the least beyond the bound, and of equal ones the oldest.
    fn cmp(&self, other: &Self) -> Ordering {
        other.beyond.total_cmp(&self.beyond).then(other.node.cmp(&self.node))
    }
}

/// What there is within a distance of the bound.
enum Within {
    Best(Chosen),
    Nothing,
    /// More ways than are to be looked at.
    TooMany,
}

/// A column that may come next.
struct Candidate {
    reduced: f64,
    /// The same without the worth of triples.
    plain: f64,
    trips: u64,
    place: u32,
    /// What it uses, by its number among all uses.
    uses: u32,
}

/// What has been used of vehicles and limits, numbered as it comes up.
struct Used<'a> {
    choice: &'a Choice<'a>,
    worth: &'a Worth,
    /// Vehicles by kind, then vehicles by active slot and station.
    all: Vec<Vec<u16>>,
    numbers: FxHashMap<Vec<u16>, u32>,
    /// What is used after a use, or that it is too much.
    after: FxHashMap<(u32, u32), Option<u32>>,
    /// Kind of vehicles, and station plus 1 by active slot.
    uses: Vec<(usize, Vec<u8>)>,
}

impl Used<'_> {
    fn number(&mut self, used: Vec<u16>) -> u32 {
        if let Some(&number) = self.numbers.get(&used) {
            return number;
        }
        let number = self.all.len() as u32;
        self.numbers.insert(used.clone(), number);
        self.all.push(used);
        number
    }

    fn after(&mut self, used: u32, uses: u32) -> Option<u32> {
        if let Some(&after) = self.after.get(&(used, uses)) {
            return after;
        }
        let instance = self.choice.model.instance;
        let (kinds, stations) = (instance.vehicles.len(), instance.stations.len());
        let mut sum = self.all[used as usize].clone();
        let (kind, stays) = &self.uses[uses as usize];
        sum[*kind] += 1;
        for (slot, &station) in stays.iter().enumerate().filter(|(_, station)| **station > 0) {
            sum[kinds + slot * stations + usize::from(station) - 1] += 1;
        }
        let fits = usize::from(sum[*kind]) <= instance.vehicles[*kind].count
            && (0..self.choice.rows.len()).all(|row| self.room(&sum, row) >= -ROUNDING);
        let after = fits.then(|| self.number(sum));
        self.after.insert((used, uses), after);
        after
    }

    /// What is left of an active row.
    fn room(&self, used: &[u16], row: usize) -> f64 {
        let instance = self.choice.model.instance;
        let (kinds, stations) = (instance.vehicles.len(), instance.stations.len());
        let row = &self.choice.model.rows[self.choice.rows[row]];
        let Some(slot) = self.choice.active.place(row.slot) else { return row.room };
        let here = &used[kinds + slot * stations..][..stations];
        row.room - row.weight.iter().zip(here).map(|(weight, &n)| weight * f64::from(n)).sum::<f64>()
    }

    /// Worth of what is left unused.
    fn idle(&self, used: u32) -> f64 {
        let used = &self.all[used as usize];
        let vehicles = self.choice.model.instance.vehicles.iter().zip(used).zip(&self.worth.vehicles);
        let vehicles: f64 =
            vehicles.map(|((kind, &n), worth)| (kind.count as f64 - f64::from(n)) * -worth).sum();
        let rows =
            (0..self.choice.rows.len()).map(|row| -self.worth.rows[row] * self.room(used, row).max(0.0));
        vehicles + rows.sum::<f64>()
    }
}

impl Choice<'_> {
    /// The best choice; none if more than `most` ways have to be looked at for it.
    pub fn best(&self, worth: &Worth, most: usize) -> Option<Chosen> {
        let asked = (0..self.penalty.len()).filter(|&trip| self.penalty[trip].is_some());
        let all = asked.fold(0u64, |all, trip| all | 1 << trip);
        let mut distance = FIRST_DISTANCE * (1e-3 + worth.bound.abs());
        loop {
            match self.within(worth, all, distance, most) {
                Within::Best(chosen) => return Some(chosen),
                Within::Nothing => distance *= GROWTH,
                Within::TooMany => return None,
            }
        }
    }

    /// The best choice, if it is not farther from the bound.
    fn within(&self, worth: &Worth, all: u64, distance: f64, most: usize) -> Within {
        let instance = self.model.instance;
        let (mut uses, mut numbers) = (Vec::new(), FxHashMap::default());
        // By first trip.
        let mut candidates: Vec<Vec<Candidate>> = (0..self.penalty.len()).map(|_| Vec::new()).collect();
        for &place in &self.columns {
            let column = self.column(place);
            // What is below zero is rounding, and would make ways shorter as they grow.
            let reduced = self.reduced(column, worth).max(0.0);
            if reduced > distance {
                continue;
            }
            let key = (column.vehicles, column.used.clone());
            let uses = *numbers.entry(key).or_insert_with_key(|key| {
                uses.push(key.clone());
                uses.len() as u32 - 1
            });
            let two = |(triple, _): &&(u64, f64)| (column.trips & triple).count_ones() > 1;
            let cut: f64 = worth.triples.iter().filter(two).map(|(_, worth)| worth).sum();
            let candidate = Candidate { reduced, plain: reduced + cut, trips: column.trips, place, uses };
            candidates[column.trips.trailing_zeros() as usize].push(candidate);
        }
        for candidates in &mut candidates {
            candidates.sort_by(|a, b| a.reduced.total_cmp(&b.reduced).then(a.place.cmp(&b.place)));
        }
        let (after, numbers) = (FxHashMap::default(), FxHashMap::default());
        let mut used = Used { choice: self, worth, all: Vec::new(), numbers, after, uses };
        let nothing = vec![0; instance.vehicles.len() + self.active.slots() * instance.stations.len()];
        let triples = |open: u64| -> f64 {
            let two = |(triple, _): &&(u64, f64)| (open & triple).count_ones() > 1;
            worth.triples.iter().filter(two).map(|(_, worth)| worth).sum()
        };
        // Triples that could not be cut at all are no part of what is beyond the bound.
        let (used_nothing, triples_of_all) = (used.number(nothing), triples(all));
        let start = Node {
            beyond: 0.0,
            triples: triples_of_all,
            open: all,
            used: used_nothing,
            before: u32::MAX,
            by: None,
        };
        // Of what is farther than a whole way nothing can be the best.
        let farthest = Cell::new(distance);
        let mut nodes = vec![start];
        let mut best: FxHashMap<(u64, u32), f64> = FxHashMap::default();
        best.insert((all, start.used), 0.0);
        let mut next = BinaryHeap::from([Next { beyond: 0.0, node: 0 }]);
        while let Some(Next { beyond, node: place }) = next.pop() {
            let node = nodes[place as usize];
            if node.open == 0 {
                return Within::Best(self.along(&nodes, place));
            }
            if best.get(&(node.open, node.used)).is_some_and(|best| *best < beyond) {
                continue;
            }
            let trip = node.open.trailing_zeros() as usize;
            if nodes.len() > most {
                return Within::TooMany;
            }
            // `plain` is what the step costs beyond worths other than those of triples.
            let mut go = |plain: f64, open: u64, after: u32, by: Option<u32>, used: &Used<'_>| {
                let left = triples(open);
                let idle = if open == 0 { used.idle(after) } else { 0.0 };
                // Never a step back but by rounding.
                let beyond = f64::max(node.beyond, node.beyond + plain + left - node.triples) + idle;
                if beyond > farthest.get() {
                    return;
                }
                let node = Node { beyond, triples: left, open, used: after, before: place, by };
                let before = best.entry((node.open, node.used)).or_insert(f64::INFINITY);
                if beyond < *before {
                    *before = beyond;
                    next.push(Next { beyond, node: nodes.len() as u32 });
                    nodes.push(node);
                    if open == 0 {
                        farthest.set(beyond);
                    }
                }
            };
            for candidate in &candidates[trip] {
                if beyond + candidate.reduced > farthest.get() {
                    break;
                }
                if candidate.trips & !node.open == 0
                    && let Some(after) = used.after(node.used, candidate.uses)
                {
                    go(candidate.plain, node.open & !candidate.trips, after, Some(candidate.place), &used);
                }
            }
            if let Some(penalty) = self.penalty[trip] {
                let plain = (penalty - worth.trips[trip]).max(0.0);
                go(plain, node.open & !(1 << trip), node.used, None, &used);
            }
        }
        Within::Nothing
    }

    /// What was chosen on the way to a node.
    fn along(&self, nodes: &[Node], mut place: u32) -> Chosen {
        let mut chosen = Chosen::default();
        while let Some(before) = nodes.get(nodes[place as usize].before as usize) {
            let node = nodes[place as usize];
            match node.by {
                Some(column) => chosen.columns.push(column),
                None => chosen.unserved.push(before.open.trailing_zeros() as usize),
            }
            place = node.before;
        }
        chosen.columns.reverse();
        chosen.unserved.reverse();
        chosen
    }
}
