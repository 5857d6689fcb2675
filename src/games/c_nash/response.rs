//! The best response of one station: a separable quadratic over a box with one sum constraint, and perhaps rows.
//!
//! Minimise the sum over k of `curvature_k / 2 x_k^2 + linear_k x_k`, subject to `sum x = total` and `low <= x <= high`
//! (the continuous quadratic knapsack). The solution is `x_k = (m - linear_k) / curvature_k` clamped to its bounds, for
//! the multiplier `m` at which the sum is met. Fixing variables finds `m` without search or sorting: with all free, `m`
//! has a closed form; the side (lower or upper bounds) with the larger total violation also binds in the solution, so
//! these variables are fixed and the rest solved again (G. R. Bitran and A. C. Hax, Disaggregation and resource
//! allocation using convex knapsack problems, Management Science 27, 1981). Each round fixes at least one variable, so
//! there are at most as many rounds as variables, plus one.
//!
//! Rows bound the partial sums: `least_k <= x_1 + ... + x_k <= most_k`. With rows the problem is solved without them
//! first. If a row is violated, the row with the largest violation binds in the solution, on the side that is violated,
//! so the problem separates there into two of the same kind. This takes at most one split per variable: at most
//! O(T^2) work, less if few rows bind.
//!
//! Why does the row k with the largest violation, say of `most`, bind? Suppose not. Then k is inside a segment of the
//! solution with one multiplier, at most that of the problem without rows (the other case is symmetric, towards the
//! start). Multipliers rise only after a binding `most` and fall only after a binding `least`; so from k to the next
//! binding `most`, or to the end, the solution draws at most as much as without rows. There the violation would be
//! larger still, or the end would be missed.

/// The problem and its solution; memory is reused between calls.
#[derive(Debug, Default)]
pub(super) struct Knapsack {
    /// Second derivatives, above 0.
    pub curvature: Vec<f64>,
    /// First derivatives at 0.
    pub linear: Vec<f64>,
    /// Lower bounds; may be minus infinity.
    pub low: Vec<f64>,
    /// Upper bounds; may be infinity.
    pub high: Vec<f64>,
    /// Required sum of the variables; between the sums of the bounds.
    pub total: f64,
    /// Lower bounds of the partial sums, up to and including each variable; empty if there are no rows.
    pub least: Vec<f64>,
    /// Upper bounds of the partial sums; as many as `least`.
    pub most: Vec<f64>,
    /// The solution.
    pub x: Vec<f64>,
    /// Whether each variable is strictly between its bounds.
    pub free: Vec<bool>,
    /// Ends of the segments between binding rows, ascending; the last is the number of variables.
    pub ends: Vec<usize>,
    /// Segments yet to be solved: range and sum at its end.
    open: Vec<(usize, usize, f64)>,
}

impl Knapsack {
    /// Clears the problem.
    pub fn clear(&mut self) {
        let lists = [&mut self.curvature, &mut self.linear, &mut self.low, &mut self.high];
        for list in lists.into_iter().chain([&mut self.least, &mut self.most]) {
            list.clear();
        }
    }
    /// Adds a variable.
    pub fn push(&mut self, curvature: f64, linear: f64, low: f64, high: f64) {
        self.curvature.push(curvature);
        self.linear.push(linear);
        self.low.push(low);
        self.high.push(high);
    }

    /// Bounds the sum of the variables up to and including the next one.
    pub fn push_row(&mut self, least: f64, most: f64) {
        self.least.push(least);
        self.most.push(most);
    }

    /// Fills `x`, `free` and `ends`. If values overflow a double, some of `x` are not finite.
    pub fn solve(&mut self) {
        let n = self.curvature.len();
        self.x.clear();
        self.x.resize(n, 0.0);
        self.free.clear();
        self.free.resize(n, true);
        self.ends.clear();
        self.open.clear();
        self.open.push((0, n, self.total));
        // Segments are solved from left to right; `sum` is the sum of those before.
        let mut sum = 0.0;
        while let Some((from, to, end)) = self.open.pop() {
            self.solve_range(from, to, end - sum);
            if let Some((row, bound)) = self.worst_row(from, to, sum, end) {
                self.free[from..to].fill(true);
                self.open.push((row + 1, to, end));
                self.open.push((from, row + 1, bound));
            } else {
                self.ends.push(to);
                sum = end;
            }
        }
    }

    /// The row inside a range that its solution violates most, and the violated bound; `sum` is the sum before the
    /// range, `end` that at its end.
    fn worst_row(&self, from: usize, to: usize, sum: f64, end: f64) -> Option<(usize, f64)> {
        if self.least.is_empty() {
            return None;
        }
        let (mut reached, mut size) = (sum, sum.abs() + end.abs());
        let (mut worst, mut row) = (0.0, None);
        for k in from..to.saturating_sub(1) {
            reached += self.x[k];
            size += self.x[k].abs();
            for (bound, violation) in
                [(self.most[k], reached - self.most[k]), (self.least[k], self.least[k] - reached)]
            {
                if violation > worst {
                    (worst, row) = (violation, Some((k, bound)));
                }
            }
        }
        row.filter(|_| worst > f64::EPSILON * size)
    }

    /// Solves the variables of a range for their sum `total`, without rows.
    fn solve_range(&mut self, from: usize, to: usize, total: f64) {
        let mut left = total;
        for _ in from..=to {
            let (mut slope, mut intercept) = (0.0, 0.0);
            for k in (from..to).filter(|&k| self.free[k]) {
                slope += 1.0 / self.curvature[k];
                intercept += self.linear[k] / self.curvature[k];
            }
            if slope == 0.0 {
                return;
            }
            let multiplier = (left + intercept) / slope;
            let (mut over, mut under) = (0.0, 0.0);
            for k in (from..to).filter(|&k| self.free[k]) {
                let x = (multiplier - self.linear[k]) / self.curvature[k];
                self.x[k] = x;
                over += (x - self.high[k]).max(0.0);
                under += (self.low[k] - x).max(0.0);
            }
            if over == 0.0 && under == 0.0 {
                return;
            }
            for k in from..to {
                if !self.free[k] {
                    continue;
                }
                let bound = if over >= under && self.x[k] > self.high[k] {
                    self.high[k]
                } else if under >= over && self.x[k] < self.low[k] {
                    self.low[k]
                } else {
                    continue;
                };
                self.x[k] = bound;
                self.free[k] = false;
                left -= bound;
            }
        }
        // Each round except the last has fixed a variable.
    }

    /// The objective at `x`.
    pub fn value(&self) -> f64 {
        let term = |((x, c), g): ((&f64, &f64), &f64)| (c / 2.0 * x + g) * x;
        self.x.iter().zip(&self.curvature).zip(&self.linear).map(term).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt as _, SeedableRng as _};

    fn problem(random: &mut rand_pcg::Pcg64, n: usize) -> Knapsack {
        let mut knapsack = Knapsack::default();
        for _ in 0..n {
            let low =
                if random.random_bool(0.2) { f64::NEG_INFINITY } else { random.random_range(-1.0..0.5) };
            let high = if random.random_bool(0.2) { f64::INFINITY } else { random.random_range(0.5..2.0) };
            let curvature = 10f64.powf(random.random_range(-2.0..2.0));
            knapsack.push(curvature, random.random_range(-5.0..5.0), low, high);
        }
        let within = |x: f64, other: f64| if x.is_finite() { x } else { other };
        let low: f64 = knapsack.low.iter().map(|&x| within(x, -10.0)).sum();
        let high: f64 = knapsack.high.iter().map(|&x| within(x, 10.0)).sum();
        knapsack.total = low + (high - low) * random.random_range(0.0..=1.0);
        knapsack
    }

    /// Bisection on the multiplier gives the same solution.
    #[test]
    fn agrees_with_bisection() {
        let mut random = rand_pcg::Pcg64::seed_from_u64(1);
        for round in 0..2_000 {
            let mut knapsack = problem(&mut random, 1 + round % 12);
            knapsack.solve();
            let cut = |m: f64, k: usize| {
                let x = (m - knapsack.linear[k]) / knapsack.curvature[k];
                x.max(knapsack.low[k]).min(knapsack.high[k])
            };
            let n = knapsack.x.len();
            let sum = |m: f64| (0..n).map(|k| cut(m, k)).sum::<f64>();
            let (mut low, mut high) = (-1e6, 1e6);
            for _ in 0..200 {
                let middle = (low + high) / 2.0;
                if sum(middle) < knapsack.total { low = middle } else { high = middle }
            }
            for k in 0..n {
                assert!((knapsack.x[k] - cut(high, k)).abs() < 1e-6, "round {round}: {knapsack:?}");
            }
            let total: f64 = knapsack.x.iter().sum();
            assert!((total - knapsack.total).abs() < 1e-9, "round {round}");
        }
    }

    #[test]
    fn both_bounds_overshot_alike_are_the_answer() {
        let mut knapsack = Knapsack { total: 0.0, ..Knapsack::default() };
        knapsack.push(1.0, -5.0, -1.0, 1.0);
        knapsack.push(1.0, 5.0, -1.0, 1.0);
        knapsack.solve();
        assert_eq!(knapsack.x, [1.0, -1.0]);
        assert_eq!(knapsack.free, [false, false]);
        assert_eq!(knapsack.value(), -9.0);
    }
}
