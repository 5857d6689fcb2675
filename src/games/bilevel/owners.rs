//! The lower level: owners split their demand over the aggregators at least cost; exact, without a solver.
//!
//! All owners of an initial group face the same choice: stay, or pay a one-off switching cost and then the price of the
//! other aggregator. Switching through a third aggregator may be cheaper, so the switching cost is that of the cheapest
//! path. Each group then chooses the aggregator with the lowest price plus switching cost, and our share is a step
//! function of our price that falls at each group's threshold.

use crate::optimize::{Lp, Sense, SolveError};

/// Initial groups of owners, and their switching costs. Aggregator 0 is ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Owners {
    /// Share of each group; sums to 1.
    initial: Vec<f64>,
    /// Cost of one direct switch, \[from\]\[to\] [currency/MWh].
    reluctance: Vec<Vec<f64>>,
    /// Cost of the cheapest path, \[from\]\[to\] [currency/MWh].
    way: Vec<Vec<f64>>,
}

/// Our share of the demand at a price: any value from `low` to `high` at a tie; otherwise both are equal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShareRange {
    /// Share if all indifferent owners buy elsewhere.
    pub low: f64,
    /// Share if all indifferent owners buy from us.
    pub high: f64,
}

/// An optimal response of the owners.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// Share of each aggregator; sums to 1.
    pub shares: Vec<f64>,
    /// Cost of energy and switching per MWh of the owners' demand [currency/MWh].
    pub cost: f64,
}

impl Owners {
    /// Creates owners from initial shares and direct switching costs; cheapest paths by Floyd and Warshall.
    pub fn new(initial: Vec<f64>, reluctance: &[Vec<f64>]) -> Self {
        let mut way = reluctance.to_vec();
        let n = way.len();
        for (s, row) in way.iter_mut().enumerate() {
            row[s] = 0.0;
        }
        for via in 0..n {
            for from in 0..n {
                for to in 0..n {
                    way[from][to] = way[from][to].min(way[from][via] + way[via][to]);
                }
            }
        }
        Self { initial, reluctance: reluctance.to_vec(), way }
    }

    /// Number of aggregators.
    pub fn aggregators(&self) -> usize {
        self.initial.len()
    }

    /// Share of each group at the start.
    pub fn initial(&self) -> &[f64] {
        &self.initial
    }

    /// Cost of the cheapest path, \[from\]\[to\] [currency/MWh].
    pub fn ways(&self) -> &[Vec<f64>] {
        &self.way
    }

    /// Minimum cost of a group that does not buy from us, and the aggregator that attains it; the first of equals.
    fn elsewhere(&self, group: usize, rivals: &[f64]) -> (f64, usize) {
        let costs = rivals.iter().enumerate().map(|(r, price)| (price + self.way[group][r + 1], r + 1));
        costs.fold((f64::INFINITY, 0), |best, next| if next.0 < best.0 { next } else { best })
    }

    /// Price below which a group buys from us [currency/MWh].
    pub fn threshold(&self, group: usize, rivals: &[f64]) -> f64 {
        self.elsewhere(group, rivals).0 - self.way[group][0]
    }

    /// Our share at `price`.
    pub fn share(&self, price: f64, rivals: &[f64]) -> ShareRange {
        let mut range = ShareRange { low: 0.0, high: 0.0 };
        for (group, share) in self.initial.iter().enumerate() {
            let threshold = self.threshold(group, rivals);
            range.low += if price < threshold { *share } else { 0.0 };
            range.high += if price <= threshold { *share } else { 0.0 };
        }
        range
    }

    /// Split of all owners over the aggregators if a fraction `ours` (0 to 1) of those indifferent between us and
    /// another buys from us.
    pub fn split(&self, price: f64, rivals: &[f64], ours: f64) -> Split {
        let mut split = Split { shares: vec![0.0; self.aggregators()], cost: 0.0 };
        for (group, share) in self.initial.iter().enumerate() {
            let (cost, rival) = self.elsewhere(group, rivals);
            let threshold = self.threshold(group, rivals);
            let part = if price < threshold {
                1.0
            } else if price == threshold {
                ours
            } else {
                0.0
            };
            split.shares[0] += share * part;
            split.shares[rival] += share * (1.0 - part);
            split.cost += share * (part * (price + self.way[group][0]) + (1.0 - part) * cost);
        }
        split
    }

    /// Minimum cost of the owners by a linear program over shares and moves [currency/MWh], as an independent check.
    ///
    /// # Errors
    /// If the solver fails.
    pub fn least_cost(&self, price: f64, rivals: &[f64]) -> Result<f64, SolveError> {
        let n = self.aggregators();
        let prices: Vec<f64> = [price].iter().chain(rivals).copied().collect();
        let mut lp = Lp::new();
        let shares: Vec<_> = prices.iter().map(|price| lp.variable(*price, 0.0, f64::INFINITY)).collect();
        let mut rows: Vec<Vec<_>> = shares.iter().map(|x| vec![(*x, 1.0)]).collect();
        for (from, row) in self.reluctance.iter().enumerate() {
            for (to, cost) in row.iter().enumerate().filter(|(to, _)| *to != from) {
                let moved = lp.variable(*cost, 0.0, n as f64);
                rows[from].push((moved, 1.0));
                rows[to].push((moved, -1.0));
            }
        }
        for (row, initial) in rows.into_iter().zip(&self.initial) {
            lp.row(row, Sense::Equal, *initial);
        }
        Ok(lp.solve()?.objective)
    }

    /// Value of the dual of [`least_cost`](Self::least_cost) in closed form: each group pays the minimum of price plus
    /// switching cost [currency/MWh].
    pub fn dual_value(&self, price: f64, rivals: &[f64]) -> f64 {
        let least = |group: usize| self.elsewhere(group, rivals).0.min(price + self.way[group][0]);
        self.initial.iter().enumerate().map(|(group, share)| share * least(group)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_reluctance_all_owners_buy_at_the_lowest_price() {
        let owners = Owners::new(vec![0.4, 0.6, 0.0], &vec![vec![0.0; 3]; 3]);
        let rivals = [30.0, 20.0];
        assert_eq!(owners.share(19.0, &rivals), ShareRange { low: 1.0, high: 1.0 });
        assert_eq!(owners.share(20.0, &rivals), ShareRange { low: 0.0, high: 1.0 });
        assert_eq!(owners.share(20.5, &rivals), ShareRange { low: 0.0, high: 0.0 });
        assert_eq!(owners.split(20.0, &rivals, 0.25).shares, [0.25, 0.0, 0.75]);
    }

    /// From 1 to 0 costs 10 directly, but 3 + 4 through 2: owners of 1 come at a price of 30 - 7 = 23 at most, or where
    /// 2, at 28 + 3, is more expensive; ours leave at 20 + 5 = 25... all computed by hand.
    #[test]
    fn with_reluctance_the_share_falls_step_by_step() {
        let reluctance = vec![vec![0.0, 5.0, 9.0], vec![10.0, 0.0, 3.0], vec![4.0, 6.0, 0.0]];
        let owners = Owners::new(vec![0.5, 0.3, 0.2], &reluctance);
        let rivals = [30.0, 28.0];
        // Ours: min(30 + 5, 28 + 8) = 35; of 1: min(30, 31) - 7 = 23; of 2: min(36, 28) - 4 = 24.
        let shares: Vec<f64> =
            [22.0, 23.5, 30.0, 36.0].iter().map(|price| owners.share(*price, &rivals).low).collect();
        for (share, expected) in shares.iter().zip([1.0, 0.7, 0.5, 0.0]) {
            assert!((share - expected).abs() < 1e-12, "{shares:?}");
        }
    }

    #[test]
    fn three_ways_to_the_cost_of_the_owners_agree() {
        let reluctance = vec![vec![0.0, 5.0, 9.0], vec![10.0, 0.0, 3.0], vec![4.0, 6.0, 0.0]];
        let owners = Owners::new(vec![0.5, 0.3, 0.2], &reluctance);
        for price in [0.0, 10.0, 22.0, 23.0, 24.0, 29.5, 35.0, 50.0] {
            for rivals in [[30.0, 28.0], [5.0, 80.0], [20.0, 20.0]] {
                let lp = owners.least_cost(price, &rivals).unwrap();
                assert!((owners.split(price, &rivals, 0.5).cost - lp).abs() < 1e-9, "{price} {rivals:?}");
                assert!((owners.dual_value(price, &rivals) - lp).abs() < 1e-9, "{price} {rivals:?}");
            }
        }
    }
}
