//! Sparse assignment: matches as many rows to columns as possible, at minimum cost.
//!
//! Successive shortest augmenting paths with potentials (Jonker and Volgenant, Computing 38, 1987), on pairs that are
//! listed on demand: the provider of the pairs lists the cheapest pairs of a row first, together with a lower bound on
//! the cost of the others. The search works in whole seconds with dual prices: `u` of a row, `v <= 0` of a column,
//! `u + v <= cost` on every pair. The bound is an entry of the search's heap, like a column at that distance. Only when
//! it is popped, because all listed columns lead to longer paths, does the row list more pairs, and the bound rises. As
//! columns' prices are never positive, no unlisted pair can be part of a shorter path: a search ends with the true
//! shortest path over all pairs, though few are ever evaluated.
//!
//! Each row also has a separate column that represents "unmatched" at a cost above any matching, so that more matches
//! always take precedence over lower cost. Costs are integers: the result is exact, and its dual certificate can be
//! checked. Tests compare the solver with enumeration, on tables that reveal their pairs as late as possible, and check
//! its certificate (the prices) on problems too large for enumeration.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

const NONE: u32 = u32::MAX;

/// Provider of the pairs of row and column that may be matched, and of their costs.
pub trait Pairs {
    /// Upper bound on all costs; no cost is negative.
    fn dearest(&self) -> i64;
    /// Called before the row is matched: lists some of its pairs, preferably one with a column that is `free`.
    fn open(&mut self, row: u32, free: impl Fn(u32) -> bool);
    /// Lists more pairs of a row, so that after some calls [`Pairs::rest`] is `None`.
    fn list_more(&mut self, row: u32);
    /// Pairs of the row listed so far: (column, cost).
    fn listed(&self, row: u32) -> &[(u32, i64)];
    /// Lower bound on the cost of all unlisted pairs of the row; `None` if there are none.
    fn rest(&self, row: u32) -> Option<i64>;
}

/// Next step of a search, cheapest first; at equal cost, columns before rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// A column, reached by a listed pair.
    Column(u32),
    /// Unlisted pairs of a row.
    Rest(u32),
}

/// The solver; reuses its buffers between calls.
#[derive(Debug, Default)]
pub struct Matching {
    column_of: Vec<u32>,
    row_of: Vec<u32>,
    row_potential: Vec<i64>,
    column_potential: Vec<i64>,
    /// Shortest distance to a row in the search in progress, once it is reached.
    row_distance: Vec<i64>,
    /// Shortest distance to a column in the search in progress; `i64::MAX` if not reached.
    distance: Vec<i64>,
    /// Row from which the column was reached.
    from: Vec<u32>,
    /// Columns reached, and whether the search has passed them.
    reached: Vec<u32>,
    passed: Vec<bool>,
    /// Matched columns: only these have to be reset.
    matched: Vec<u32>,
    heap: BinaryHeap<Reverse<(i64, Step)>>,
}

impl Matching {
    /// Matches `rows` rows to `columns` columns along `pairs`.
    pub fn solve(&mut self, rows: usize, columns: usize, pairs: &mut impl Pairs) {
        self.prepare(rows, columns);
        let unmatched_cost = (pairs.dearest() + 1) * (rows as i64 + 1);
        for row in 0..rows as u32 {
            pairs.open(row, |column| self.row_of[column as usize] == NONE);
            self.augment(row, pairs, unmatched_cost);
        }
    }

    /// Matched pairs: (row, column), by row.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, u32)> + '_ {
        self.column_of.iter().enumerate().filter(|&(_, &c)| c != NONE).map(|(row, &c)| (row, c))
    }

    fn prepare(&mut self, rows: usize, columns: usize) {
        self.column_of.clear();
        self.column_of.resize(rows, NONE);
        self.row_potential.clear();
        self.row_potential.resize(rows, 0);
        self.row_distance.resize(rows, 0);
        if self.row_of.len() < columns {
            self.row_of.resize(columns, NONE);
            self.column_potential.resize(columns, 0);
            self.distance.resize(columns, i64::MAX);
            self.from.resize(columns, NONE);
            self.passed.resize(columns, false);
        }
        for column in self.matched.drain(..) {
            self.row_of[column as usize] = NONE;
            self.column_potential[column as usize] = 0;
        }
    }

    /// Processes the listed pairs of a row that the search has reached, and records the bound on the rest.
    fn look(&mut self, row: u32, pairs: &impl Pairs) {
        let start = self.row_distance[row as usize] - self.row_potential[row as usize];
        for &(column, cost) in pairs.listed(row) {
            let c = column as usize;
            let d = start + cost - self.column_potential[c];
            if d < self.distance[c] {
                if self.distance[c] == i64::MAX {
                    self.reached.push(column);
                }
                (self.distance[c], self.from[c]) = (d, row);
                self.heap.push(Reverse((d, Step::Column(column))));
            }
        }
        // No column's potential is positive, so this bounds the distances over unlisted pairs.
        if let Some(rest) = pairs.rest(row) {
            self.heap.push(Reverse((start + rest, Step::Rest(row))));
        }
    }

    /// Finds the cheapest path that also matches `row`, reassigning other rows where that is cheaper.
    fn augment(&mut self, row: u32, pairs: &mut impl Pairs, unmatched_cost: i64) {
        // The cheapest path that leaves some row unmatched: (distance, row).
        let mut give_up = (i64::MAX, NONE);
        let (mut at, mut distance) = (row, 0);
        let end = loop {
            self.row_distance[at as usize] = distance;
            give_up = give_up.min((distance + unmatched_cost - self.row_potential[at as usize], at));
            self.look(at, pairs);
            let next = loop {
                match self.heap.pop() {
                    Some(Reverse((d, Step::Column(c)))) => {
                        if !self.passed[c as usize] && d <= self.distance[c as usize] {
                            break Some((d, c));
                        }
                    }
                    Some(Reverse((d, Step::Rest(row)))) if d < give_up.0 => {
                        pairs.list_more(row);
                        self.look(row, pairs);
                    }
                    Some(_) | None => break None,
                }
            };
            match next {
                Some((d, c)) if d < give_up.0 => {
                    if self.row_of[c as usize] == NONE {
                        break Ok((d, c));
                    }
                    self.passed[c as usize] = true;
                    (at, distance) = (self.row_of[c as usize], d);
                }
                _ => break Err(give_up),
            }
        };
        let shortest = match end {
            Ok((d, _)) | Err((d, _)) => d,
        };
        for &c in &self.reached {
            let c = c as usize;
            if self.passed[c] {
                let slack = shortest - self.distance[c];
                self.column_potential[c] -= slack;
                self.row_potential[self.row_of[c] as usize] += slack;
            }
        }
        self.row_potential[row as usize] += shortest;
        let mut column = match end {
            Ok((_, column)) => {
                self.matched.push(column);
                column
            }
            Err((_, unmatched)) => std::mem::replace(&mut self.column_of[unmatched as usize], NONE),
        };
        while column != NONE {
            let to = self.from[column as usize];
            self.row_of[column as usize] = to;
            std::mem::swap(&mut self.column_of[to as usize], &mut column);
            if to == row {
                break;
            }
        }
        for &c in &self.reached {
            self.distance[c as usize] = i64::MAX;
            self.passed[c as usize] = false;
        }
        self.reached.clear();
        self.heap.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// A table of pairs that lists as few as possible: for each row the cheapest unlisted pairs, `step` at a time.
    struct Table {
        rows: Vec<Vec<(u32, i64)>>,
        shown: Vec<usize>,
        step: usize,
    }

    impl Table {
        fn new(rows: usize, list: &[(u32, u32, i64)], step: usize) -> Self {
            let pairs: BTreeMap<(u32, u32), i64> = list.iter().map(|&(r, c, cost)| ((r, c), cost)).collect();
            let mut table = Self { rows: vec![Vec::new(); rows], shown: vec![0; rows], step };
            for ((row, column), cost) in pairs {
                table.rows[row as usize].push((column, cost));
            }
            for row in &mut table.rows {
                row.sort_by_key(|&(column, cost)| (cost, column));
            }
            table
        }
        fn cost(&self, row: usize, column: u32) -> i64 {
            self.rows[row].iter().find(|pair| pair.0 == column).expect("a pair").1
        }
    }

    impl Pairs for Table {
        fn dearest(&self) -> i64 {
            self.rows.iter().flatten().map(|pair| pair.1).max().unwrap_or(0)
        }
        fn open(&mut self, row: u32, _free: impl Fn(u32) -> bool) {
            self.shown[row as usize] = self.step.min(self.rows[row as usize].len());
        }
        fn list_more(&mut self, row: u32) {
            let all = self.rows[row as usize].len();
            self.shown[row as usize] = (self.shown[row as usize] + self.step).min(all);
        }
        fn listed(&self, row: u32) -> &[(u32, i64)] {
            &self.rows[row as usize][..self.shown[row as usize]]
        }
        fn rest(&self, row: u32) -> Option<i64> {
            self.rows[row as usize].get(self.shown[row as usize]).map(|pair| pair.1)
        }
    }

    /// Enumerates all matchings, row by row: fewest unmatched rows first, then lowest cost.
    fn best_by_enumeration(table: &Table, row: usize, used: u64) -> (i64, i64) {
        let Some(pairs) = table.rows.get(row) else { return (0, 0) };
        let mut best = best_by_enumeration(table, row + 1, used);
        for &(column, cost) in pairs.iter().filter(|pair| used >> pair.0 & 1 == 0) {
            let rest = best_by_enumeration(table, row + 1, used | 1 << column);
            best = best.min((rest.0 - 1, rest.1 + cost));
        }
        best
    }

    fn pairs() -> impl Strategy<Value = (Vec<(u32, u32, i64)>, usize)> {
        (prop::collection::vec((0u32..6, 0u32..7, 0i64..30), 0..24), 1usize..8)
    }

    proptest! {
        #[test]
        fn it_is_the_best_of_all_matchings(first in pairs(), second in pairs()) {
            let mut solver = Matching::default();
            // Solves twice with one solver: no data of the first problem may remain in the second.
            for (list, step) in [first, second] {
                let mut table = Table::new(6, &list, step);
                solver.solve(6, 7, &mut table);
                let pairs: Vec<(usize, u32)> = solver.pairs().collect();
                let mut columns: Vec<u32> = pairs.iter().map(|p| p.1).collect();
                columns.sort_unstable();
                columns.dedup();
                prop_assert_eq!(columns.len(), pairs.len());
                let cost: i64 = pairs.iter().map(|&(row, column)| table.cost(row, column)).sum();
                prop_assert_eq!((-(pairs.len() as i64), cost), best_by_enumeration(&table, 0, 0));
            }
        }

        /// At a size beyond enumeration, the dual certificate proves optimality on all pairs, listed or not.
        #[test]
        fn its_potentials_certify_large_problems(
            list in prop::collection::vec((0u32..80, 0u32..100, 0i64..1_000), 0..1_500), step in 1usize..40,
        ) {
            let mut table = Table::new(80, &list, step);
            let mut solver = Matching::default();
            solver.solve(80, 100, &mut table);
            let pairs: Vec<(usize, u32)> = solver.pairs().collect();
            let unmatched_cost = (table.dearest() + 1) * 81;
            let primal = pairs.iter().map(|&(row, column)| table.cost(row, column)).sum::<i64>()
                + (80 - pairs.len() as i64) * unmatched_cost;
            let (u, v) = (&solver.row_potential, &solver.column_potential);
            for (row, pairs) in table.rows.iter().enumerate() {
                for &(column, cost) in pairs {
                    prop_assert!(u[row] + v[column as usize] <= cost);
                }
            }
            prop_assert!(u.iter().all(|&u| u <= unmatched_cost) && v.iter().all(|&v| v <= 0));
            prop_assert_eq!(primal, u.iter().sum::<i64>() + v.iter().sum::<i64>());
        }
    }
}
