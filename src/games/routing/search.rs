//! The best choice of schedules, as a shortest path through the trips.
//!
//! Trips are served in the order of their indices: the first open trip is served by a schedule of which it is the
//! lowest index, or left unserved. A *state* consists of the trips served and the vehicles and active limits used; a
//! choice is a path from no trip served to all trips served. A choice costs the bound, plus the reduced costs of its
//! schedules, plus the worth of the vehicles and room left unused; no term is negative. Paths are therefore explored in
//! ascending order of this sum (Dijkstra 1959), and the first complete one is optimal. Only schedules with a reduced
//! cost within a distance are considered; if there is no complete path, the distance grows. Triples of trips, which
//! sharpen the bound, are part of the worth of a state: a triple of which at least two trips are open can still be used
//! by one schedule.

use super::bound::{Choice, Chosen, Worth};
use super::pool::TooMany;
use rustc_hash::FxHashMap;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Initial distance, as a fraction of the bound; `GROWTH` is the factor by which it grows.
const FIRST_DISTANCE: f64 = 0.02;
const GROWTH: f64 = 1.4;
/// Tolerance by which room may be exceeded, in units of one connector: a hundredth of the tolerance to which a plan is
/// checked.
const ROUNDING: f64 = 1e-9;

/// A path to a state.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// Lower bound on its cost above the bound.
    beyond: f64,
    /// Worth of the triples with at least two open trips.
    triples: f64,
    open: u64,
    used: u32,
    before: u32,
    /// The column of the last step; `None` if a trip is left unserved.
    by: Option<u32>,
}

/// A node in order of exploration.
#[derive(Debug, PartialEq)]
struct Next {
    /// Lower bound on the cost of a complete path above the bound.
    least: f64,
    place: u32,
}

impl Eq for Next {}

impl PartialOrd for Next {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Next {
    /// The heap returns the greatest first: the one least above the bound, and the oldest of equals.
    fn cmp(&self, other: &Self) -> Ordering {
        other.least.total_cmp(&self.least).then(other.place.cmp(&self.place))
    }
}

/// Result of a search within a distance of the bound.
enum Within {
    Best(Chosen),
    Nothing,
    /// The maximum number of paths was exceeded.
    TooMany,
}

/// A column that may be chosen next.
#[derive(Clone, Copy)]
struct Candidate {
    reduced: f64,
    /// Reduced cost without the worth of triples.
    plain: f64,
    trips: u64,
    place: u32,
    /// Index of its resource use among all uses.
    uses: u32,
}

/// Use of vehicles and limits, numbered in order of first occurrence.
struct Used<'a> {
    choice: &'a Choice<'a>,
    worth: &'a Worth,
    /// Number of vehicles by kind, then by cell: a slot and a station with a weight in an active row.
    all: Vec<Vec<u16>>,
    numbers: FxHashMap<Vec<u16>, u32>,
    /// Index of the combined use after an additional use; `None` if it exceeds the available room.
    after: FxHashMap<(u32, u32), Option<u32>>,
    /// By active row: its cells with their weights.
    cells: Vec<Vec<(usize, f64)>>,
    uses: Vec<Use>,
}

/// Use by a column.
struct Use {
    kind: usize,
    cells: Vec<usize>,
    /// Active rows in which it has a weight.
    rows: Vec<usize>,
}

impl<'a> Used<'a> {
    /// Numbers what columns use, given by kind of vehicle and station plus 1 by active slot.
    fn new(choice: &'a Choice<'a>, worth: &'a Worth, uses: Vec<(usize, Vec<u8>)>) -> Self {
        let kinds = choice.model.instance.vehicles.len();
        let places: FxHashMap<(usize, usize), usize> =
            choice.active.cells().enumerate().map(|(i, cell)| (cell, kinds + i)).collect();
        let row_cells = |row: &usize| {
            let row = &choice.model.rows[*row];
            let cell = |(station, &weight): (usize, &f64)| {
                let place = choice.active.place(row.slot)?;
                (weight > 0.0).then_some((*places.get(&(place, station))?, weight))
            };
            row.weight.iter().enumerate().filter_map(cell).collect()
        };
        let cells: Vec<Vec<(usize, f64)>> = choice.rows.iter().map(row_cells).collect();
        let use_of = |(kind, stays): (usize, Vec<u8>)| {
            let cell = |(place, &station): (usize, &u8)| {
                places.get(&(place, usize::from(station).checked_sub(1)?)).copied()
            };
            let here: Vec<usize> = stays.iter().enumerate().filter_map(cell).collect();
            let is_used = |row: &usize| cells[*row].iter().any(|(cell, _)| here.contains(cell));
            Use { kind, rows: (0..cells.len()).filter(is_used).collect(), cells: here }
        };
        let uses = uses.into_iter().map(use_of).collect();
        let all = vec![vec![0; kinds + places.len()]];
        let numbers = all.iter().cloned().zip(0..).collect();
        Self { choice, worth, all, numbers, after: FxHashMap::default(), cells, uses }
    }

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
        let mut sum = self.all[used as usize].clone();
        let Use { kind, cells, rows } = &self.uses[uses as usize];
        sum[*kind] += 1;
        cells.iter().for_each(|cell| sum[*cell] += 1);
        let fits = usize::from(sum[*kind]) <= self.choice.model.instance.vehicles[*kind].count
            && rows.iter().all(|row| self.room(&sum, *row) >= -ROUNDING);
        let after = fits.then(|| self.number(sum));
        self.after.insert((used, uses), after);
        after
    }

    /// Remaining room of an active row.
    fn room(&self, used: &[u16], row: usize) -> f64 {
        let taken: f64 = self.cells[row].iter().map(|(cell, weight)| weight * f64::from(used[*cell])).sum();
        self.choice.model.rows[self.choice.rows[row]].room - taken
    }

    /// Worth of the unused vehicles and room.
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

/// Paths explored so far.
struct Search<'a> {
    choice: &'a Choice<'a>,
    worth: &'a Worth,
    /// Candidates by first trip, in order of reduced cost.
    candidates: Vec<Vec<Candidate>>,
    /// By trip: all candidates that serve it, by share of the reduced cost.
    shares: Vec<Vec<Share>>,
    used: Used<'a>,
    /// Paths longer than a known complete path cannot be optimal.
    farthest: f64,
    nodes: Vec<Node>,
    /// Least cost above the bound by state.
    best: FxHashMap<(u64, u32), f64>,
    next: BinaryHeap<Next>,
    /// Lower bound on the cost of serving open trips.
    rest: FxHashMap<u64, f64>,
}

/// A candidate's reduced cost, divided by the number of its trips.
struct Share {
    share: f64,
    trips: u64,
}

impl<'a> Search<'a> {
    fn new(choice: &'a Choice<'a>, worth: &'a Worth, distance: f64) -> Self {
        let (mut uses, mut numbers) = (Vec::new(), FxHashMap::default());
        let trips = choice.penalty.len();
        let mut candidates: Vec<Vec<Candidate>> = (0..trips).map(|_| Vec::new()).collect();
        let mut shares: Vec<Vec<Share>> = (0..trips).map(|_| Vec::new()).collect();
        for &place in &choice.columns {
            let column = choice.column(place);
            // Negative values are rounding errors, and would make paths shorter as they grow.
            let reduced = choice.reduced(column, worth).max(0.0);
            if reduced > distance {
                continue;
            }
            let key = (column.vehicles, column.used.clone());
            let uses = *numbers.entry(key).or_insert_with_key(|key| {
                uses.push(key.clone());
                uses.len() as u32 - 1
            });
            let plain = reduced + triples(worth, column.trips);
            let candidate = Candidate { reduced, plain, trips: column.trips, place, uses };
            candidates[column.trips.trailing_zeros() as usize].push(candidate);
            let share = reduced / f64::from(column.trips.count_ones());
            for trip in (0..trips).filter(|trip| column.trips >> trip & 1 == 1) {
                shares[trip].push(Share { share, trips: column.trips });
            }
        }
        for candidates in &mut candidates {
            candidates.sort_by(|a, b| a.reduced.total_cmp(&b.reduced).then(a.place.cmp(&b.place)));
        }
        for (trip, shares) in shares.iter_mut().enumerate() {
            let unserved = choice.penalty[trip].map(|penalty| (penalty - worth.trips[trip]).max(0.0));
            shares.extend(unserved.map(|share| Share { share, trips: 1 << trip }));
            shares.sort_by(|a, b| a.share.total_cmp(&b.share).then(a.trips.cmp(&b.trips)));
        }
        Self {
            choice,
            worth,
            candidates,
            shares,
            used: Used::new(choice, worth, uses),
            farthest: distance,
            nodes: Vec::new(),
            best: FxHashMap::default(),
            next: BinaryHeap::new(),
            rest: FxHashMap::default(),
        }
    }

    /// Begins with all requested trips open.
    fn start(&mut self, all: u64) {
        // Triples that could not be cut at all are not part of the cost above the bound. No use has the number 0.
        let (used, triples) = (0, triples(self.worth, all));
        self.nodes.push(Node { beyond: 0.0, triples, open: all, used, before: u32::MAX, by: None });
        self.best.insert((all, used), 0.0);
        self.next.push(Next { least: 0.0, place: 0 });
    }

    /// Adds all paths that are one step longer than a node.
    fn expand(&mut self, node: Node, place: u32) {
        let trip = node.open.trailing_zeros() as usize;
        for i in 0..self.candidates[trip].len() {
            let Candidate { reduced, plain, trips, place: column, uses } = self.candidates[trip][i];
            if node.beyond + reduced > self.farthest {
                break;
            }
            if trips & !node.open == 0
                && node.beyond + reduced + self.rest(node.open & !trips) <= self.farthest
                && let Some(after) = self.used.after(node.used, uses)
            {
                self.go(
                    [
                        node,
                        Node {
                            open: node.open & !trips,
                            used: after,
                            before: place,
                            by: Some(column),
                            ..node
                        },
                    ],
                    plain,
                );
            }
        }
        if let Some(penalty) = self.choice.penalty[trip] {
            let plain = (penalty - self.worth.trips[trip]).max(0.0);
            self.go([node, Node { open: node.open & !(1 << trip), before: place, by: None, ..node }], plain);
        }
    }

    /// Adds a step; `plain` is its reduced cost without the worth of triples.
    fn go(&mut self, [from, to]: [Node; 2], plain: f64) {
        let triples = triples(self.worth, to.open);
        let idle = if to.open == 0 { self.used.idle(to.used) } else { 0.0 };
        // Steps are never negative except by rounding.
        let beyond = f64::max(from.beyond, from.beyond + plain + triples - from.triples) + idle;
        let least = beyond + self.rest(to.open);
        if least > self.farthest {
            return;
        }
        let before = self.best.entry((to.open, to.used)).or_insert(f64::INFINITY);
        if beyond < *before {
            *before = beyond;
            self.next.push(Next { least, place: self.nodes.len() as u32 });
            self.nodes.push(Node { beyond, triples, ..to });
            if to.open == 0 {
                self.farthest = beyond;
            }
        }
    }

    /// Lower bound on the cost of serving the open trips: the least share of each among the candidates that are left.
    fn rest(&mut self, open: u64) -> f64 {
        if let Some(&rest) = self.rest.get(&open) {
            return rest;
        }
        let (mut rest, mut left) = (0.0, open);
        while left != 0 {
            let shares = &self.shares[left.trailing_zeros() as usize];
            rest += shares
                .iter()
                .find(|share| share.trips & !open == 0)
                .map_or(f64::INFINITY, |share| share.share);
            left &= left - 1;
        }
        self.rest.insert(open, rest);
        rest
    }
}

/// Total dual value of the triples of which at least two trips are in a set.
fn triples(worth: &Worth, trips: u64) -> f64 {
    let two = |(triple, _): &&(u64, f64)| (trips & triple).count_ones() > 1;
    worth.triples.iter().filter(two).map(|(_, worth)| worth).sum()
}

impl Choice<'_> {
    /// The best choice; `None` if more than `most` paths would have to be explored. `proven` is a lower bound on its
    /// cost, and is raised; `most_cost` is an upper bound.
    ///
    /// # Errors
    /// If too many columns are within the distance of the best choice.
    pub fn best(
        &mut self,
        worth: &Worth,
        most: usize,
        proven: &mut f64,
        most_cost: f64,
    ) -> Result<Option<Chosen>, TooMany> {
        let asked = (0..self.penalty.len()).filter(|&trip| self.penalty[trip].is_some());
        let all = asked.fold(0u64, |all, trip| all | 1 << trip);
        let (known, columns) = (self.pool.len(), self.columns.clone());
        // Within the upper bound there is a choice, up to rounding errors.
        let least = FIRST_DISTANCE * (1e-3 + worth.bound.abs());
        let farthest = (most_cost - worth.bound + 1e-9 * (1.0 + worth.bound.abs())).max(1e-2 * least);
        let mut distance = least.max(GROWTH * (*proven - worth.bound)).min(farthest);
        let within = loop {
            if self.near.is_some() {
                self.refill(worth, distance, known)?;
            }
            match self.within(worth, all, distance, most) {
                Within::Nothing => {
                    *proven = proven.max(worth.bound + distance);
                    distance =
                        if distance < farthest { farthest.min(GROWTH * distance) } else { GROWTH * distance };
                }
                within => break within,
            }
        };
        // Columns generated for the search remain in the pool for the choice, but are not among those for the bound.
        self.columns = columns;
        if let Within::Best(chosen) = within {
            return Ok(Some(chosen));
        }
        self.forget(known);
        Ok(None)
    }

    /// The best choice, if it is within `distance` of the bound.
    fn within(&self, worth: &Worth, all: u64, distance: f64, most: usize) -> Within {
        let mut search = Search::new(self, worth, distance);
        search.start(all);
        while let Some(Next { place, .. }) = search.next.pop() {
            let node = search.nodes[place as usize];
            if node.open == 0 {
                return Within::Best(self.along(&search.nodes, place));
            }
            if search.best.get(&(node.open, node.used)).is_some_and(|best| *best < node.beyond) {
                continue;
            }
            if search.nodes.len() > most {
                return Within::TooMany;
            }
            search.expand(node, place);
        }
        Within::Nothing
    }

    /// The choices on the path to a node.
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
