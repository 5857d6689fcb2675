//! Sparse assignment: match rows to columns, as many as possible, at the least cost.
//!
//! Successive shortest augmenting paths with potentials (Jonker and Volgenant,
//! Computing 38, 1987), on the edges that exist. Each row also has a column of
//! its own that stands for "unmatched" at a cost above any matching, so that
//! more matches always win over lower cost. Costs are integers: the result is
//! exact, and its dual certificate can be checked.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

const NONE: u32 = u32::MAX;

/// A pair that may be matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Row, for example a request.
    pub row: u32,
    /// Column, for example a vehicle.
    pub column: u32,
    /// Cost, not negative.
    pub cost: i64,
}

/// The solver; keeps its memory between calls.
#[derive(Debug, Default)]
pub struct Matching {
    /// Edges of row i are `first[i]..first[i + 1]`.
    first: Vec<usize>,
    column_of: Vec<u32>,
    row_of: Vec<u32>,
    row_potential: Vec<i64>,
    column_potential: Vec<i64>,
    /// Shortest distance to a column in the search under way; `i64::MAX` where not reached.
    distance: Vec<i64>,
    /// Row from which the column was reached.
    from: Vec<u32>,
    /// Columns reached, and whether the search has passed them.
    reached: Vec<u32>,
    passed: Vec<bool>,
    /// Columns that any edge names.
    named: Vec<u32>,
    heap: BinaryHeap<Reverse<(i64, u32)>>,
}

impl Matching {
    /// Matches `rows` rows to `columns` columns along `edges`, which must be sorted by row.
    pub fn solve(&mut self, rows: usize, columns: usize, edges: &[Edge]) {
        self.prepare(rows, columns, edges);
        let dearest = edges.iter().map(|e| e.cost).max().unwrap_or(0);
        let unmatched_cost = (dearest + 1) * (rows as i64 + 1);
        for row in 0..rows as u32 {
            self.augment(row, edges, unmatched_cost);
        }
    }

    /// What was matched: (row, column), by row.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, u32)> + '_ {
        self.column_of.iter().enumerate().filter(|&(_, &c)| c != NONE).map(|(row, &c)| (row, c))
    }

    /// Dual price of a row: an edge more in this row, to a column that no edge names, lowers the
    /// cost of the whole only if it costs less than this.
    pub fn row_price(&self, row: usize) -> i64 {
        self.row_potential[row]
    }

    /// Dual price of a column, never positive; zero for one that is not matched.
    pub fn column_price(&self, column: u32) -> i64 {
        self.column_potential[column as usize]
    }

    fn prepare(&mut self, rows: usize, columns: usize, edges: &[Edge]) {
        debug_assert!(edges.is_sorted_by_key(|e| e.row));
        self.first.clear();
        self.first.resize(rows + 1, edges.len());
        for (i, edge) in edges.iter().enumerate().rev() {
            self.first[edge.row as usize] = i;
        }
        for row in (0..rows).rev() {
            self.first[row] = self.first[row].min(self.first[row + 1]);
        }
        self.column_of.clear();
        self.column_of.resize(rows, NONE);
        self.row_potential.clear();
        self.row_potential.resize(rows, 0);
        if self.row_of.len() < columns {
            self.row_of.resize(columns, NONE);
            self.column_potential.resize(columns, 0);
            self.distance.resize(columns, i64::MAX);
            self.from.resize(columns, NONE);
            self.passed.resize(columns, false);
        }
        // Only columns named last time can have left traces.
        for &column in &self.named {
            self.row_of[column as usize] = NONE;
            self.column_potential[column as usize] = 0;
        }
        self.named.clear();
        self.named.extend(edges.iter().map(|e| e.column));
        self.named.sort_unstable();
        self.named.dedup();
    }

    /// Finds the cheapest way to match `row` too, moving others where that is cheaper.
    fn augment(&mut self, row: u32, edges: &[Edge], unmatched_cost: i64) {
        let (mut at_row, mut at_distance) = (row, 0);
        // The cheapest way that ends with some row unmatched: (distance, row).
        let mut give_up = (i64::MAX, NONE);
        let end = loop {
            let potential = self.row_potential[at_row as usize];
            give_up = give_up.min((at_distance + unmatched_cost - potential, at_row));
            for edge in &edges[self.first[at_row as usize]..self.first[at_row as usize + 1]] {
                let c = edge.column as usize;
                let d = at_distance + edge.cost - potential - self.column_potential[c];
                if d < self.distance[c] {
                    if self.distance[c] == i64::MAX {
                        self.reached.push(edge.column);
                    }
                    (self.distance[c], self.from[c]) = (d, at_row);
                    self.heap.push(Reverse((d, edge.column)));
                }
            }
            let next = loop {
                match self.heap.pop() {
                    Some(Reverse((d, c))) if self.passed[c as usize] || d > self.distance[c as usize] => {}
                    other => break other.map(|Reverse(entry)| entry),
                }
            };
            match next {
                Some((d, c)) if d < give_up.0 => {
                    if self.row_of[c as usize] == NONE {
                        break Ok((d, c));
                    }
                    self.passed[c as usize] = true;
                    (at_row, at_distance) = (self.row_of[c as usize], d);
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
            Ok((_, column)) => column,
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

    /// Every matching, one row after another.
    fn best_by_enumeration(rows: u32, edges: &[Edge], row: u32, used: u64) -> (i64, i64) {
        if row == rows {
            return (0, 0);
        }
        let mut best = best_by_enumeration(rows, edges, row + 1, used);
        for e in edges.iter().filter(|e| e.row == row && used >> e.column & 1 == 0) {
            let rest = best_by_enumeration(rows, edges, row + 1, used | 1 << e.column);
            // More matches first, then less cost.
            best = best.min((rest.0 - 1, rest.1 + e.cost));
        }
        best
    }

    fn edges() -> impl Strategy<Value = Vec<Edge>> {
        prop::collection::vec((0u32..6, 0u32..7, 0i64..30), 0..24).prop_map(|list| {
            let mut edges: Vec<Edge> =
                list.into_iter().map(|(row, column, cost)| Edge { row, column, cost }).collect();
            edges.sort_by_key(|e| (e.row, e.column, e.cost));
            edges.dedup_by_key(|e| (e.row, e.column));
            edges
        })
    }

    proptest! {
        #[test]
        fn it_is_the_best_of_all_matchings(first in edges(), second in edges()) {
            let mut solver = Matching::default();
            // Twice with one solver: nothing of the first problem may be left in the second.
            for edges in [first, second] {
                solver.solve(6, 7, &edges);
                let pairs: Vec<(usize, u32)> = solver.pairs().collect();
                let mut columns: Vec<u32> = pairs.iter().map(|p| p.1).collect();
                columns.sort_unstable();
                columns.dedup();
                prop_assert_eq!(columns.len(), pairs.len());
                let cost: i64 = pairs.iter().map(|&(row, column)| {
                    edges.iter().find(|e| e.row as usize == row && e.column == column).expect("an edge").cost
                }).sum();
                prop_assert_eq!((-(pairs.len() as i64), cost), best_by_enumeration(6, &edges, 0, 0));
            }
        }

        /// At a size that enumeration cannot reach, the dual certificate proves optimality.
        #[test]
        fn its_potentials_certify_large_problems(
            list in prop::collection::vec((0u32..80, 0u32..100, 0i64..1_000), 0..1_500)
        ) {
            let mut edges: Vec<Edge> =
                list.into_iter().map(|(row, column, cost)| Edge { row, column, cost }).collect();
            edges.sort_by_key(|e| (e.row, e.column, e.cost));
            edges.dedup_by_key(|e| (e.row, e.column));
            let mut solver = Matching::default();
            solver.solve(80, 100, &edges);
            let pairs: Vec<(usize, u32)> = solver.pairs().collect();
            let unmatched_cost = (edges.iter().map(|e| e.cost).max().unwrap_or(0) + 1) * 81;
            let cost = |row: usize, column: u32| {
                edges.iter().find(|e| e.row as usize == row && e.column == column).expect("an edge").cost
            };
            let primal = pairs.iter().map(|&(r, c)| cost(r, c)).sum::<i64>()
                + (80 - pairs.len() as i64) * unmatched_cost;
            let (u, v) = (&solver.row_potential, &solver.column_potential);
            for e in &edges {
                prop_assert!(u[e.row as usize] + v[e.column as usize] <= e.cost);
            }
            prop_assert!(u.iter().all(|&u| u <= unmatched_cost) && v.iter().all(|&v| v <= 0));
            prop_assert_eq!(primal, u.iter().sum::<i64>() + v.iter().sum::<i64>());
        }
    }
}
