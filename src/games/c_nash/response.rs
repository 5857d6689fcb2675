//! The best response of one station: a separable quadratic over a box with one sum constraint.
//!
//! Minimise the sum over k of `curvature_k / 2 x_k^2 + linear_k x_k`, subject to `sum x = total` and `low <= x <= high`
//! (the continuous quadratic knapsack). The solution is `x_k = (m - linear_k) / curvature_k` clamped to its bounds, for
//! the multiplier `m` at which the sum is met. Fixing variables finds `m` without search or sorting: with all free, `m`
//! has a closed form; the side (lower or upper bounds) with the larger total violation also binds in the solution, so
//! these variables are fixed and the rest solved again (G. R. Bitran and A. C. Hax, Disaggregation and resource
//! allocation using convex knapsack problems, Management Science 27, 1981). Each round fixes at least one variable, so
//! there are at most as many rounds as variables, plus one.

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
    /// The solution.
    pub x: Vec<f64>,
    /// Whether each variable is strictly between its bounds.
    pub free: Vec<bool>,
}

impl Knapsack {
    /// Clears the problem.
    pub fn clear(&mut self) {
        for list in [&mut self.curvature, &mut self.linear, &mut self.low, &mut self.high] {
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

    /// Fills `x` and `free`; returns the multiplier of the sum. If values overflow a double, some of `x` are not
    /// finite.
    pub fn solve(&mut self) -> f64 {
        let n = self.curvature.len();
        self.x.clear();
        self.x.resize(n, 0.0);
        self.free.clear();
        self.free.resize(n, true);
        let mut left = self.total;
        let mut multiplier = 0.0;
        for _ in 0..=n {
            let (mut slope, mut intercept) = (0.0, 0.0);
            for k in (0..n).filter(|&k| self.free[k]) {
                slope += 1.0 / self.curvature[k];
                intercept += self.linear[k] / self.curvature[k];
            }
            if slope == 0.0 {
                return multiplier;
            }
            multiplier = (left + intercept) / slope;
            let (mut over, mut under) = (0.0, 0.0);
            for k in (0..n).filter(|&k| self.free[k]) {
                let x = (multiplier - self.linear[k]) / self.curvature[k];
                self.x[k] = x;
                over += (x - self.high[k]).max(0.0);
                under += (self.low[k] - x).max(0.0);
            }
            if over == 0.0 && under == 0.0 {
                return multiplier;
            }
            for k in 0..n {
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
        multiplier
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
