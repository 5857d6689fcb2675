//! The best response of a household: allocation of its daily energy to the slots, by breakpoints of the multiplier.
//!
//! Minimise the sum over t of `curvature_t / 2 x_t^2 + linear_t x_t`, subject to `sum x = total` and
//! `low <= x <= high`. For the multiplier `m` of the sum, `x_t = (m - linear_t) / curvature_t` clamped to its bounds.
//! The sum is piecewise linear and increasing in `m`; its breakpoints are the multipliers at which a load leaves its
//! lower bound or reaches its upper one. They are sorted and traversed until the sum is met (the method of breakpoints
//! for the continuous quadratic knapsack: R. Helgason, J. Kennington and H. Lall, Mathematical Programming 18, 1980).
//! Starting from the multiplier of a response to similar prices, Newton's steps reach the same linear piece sooner.

/// Maximum number of Newton steps, after which breakpoints are traversed instead.
const MOST_STEPS: usize = 24;

/// Relative tolerance on the sum within which the multiplier is considered to be on the right linear piece.
const NEAR: f64 = 1e-12;

/// A household's problem without its bounds; memory is reused between calls.
#[derive(Debug, Default)]
pub(super) struct Divider {
    /// Reciprocals of the second derivatives \[T\], above 0.
    pub give: Vec<f64>,
    /// First derivatives at 0 \[T\].
    pub linear: Vec<f64>,
    /// Multiplier and change of the slope of the sum at each breakpoint.
    breakpoints: Vec<(f64, f64)>,
}

impl Divider {
    /// Fills `x` with the solution; `total` lies between the sums of the bounds. Returns the multiplier. A `hint` near
    /// it saves time without changing the result; it may be NaN.
    pub fn divide(&mut self, low: &[f64], high: &[f64], total: f64, hint: f64, x: &mut [f64]) -> f64 {
        let found = self.by_steps(low, high, total, hint);
        let mut multiplier = found.unwrap_or_else(|| self.by_breakpoints(low, high, total));
        // Recomputed from the free loads, so that the sum is exact to the last digits.
        let slots = x.len();
        let (give, linear, low, high) =
            (&self.give[..slots], &self.linear[..slots], &low[..slots], &high[..slots]);
        let (mut left, mut slope) = (total, 0.0);
        for t in 0..slots {
            let free = (multiplier - linear[t]) * give[t];
            if free > low[t] && free < high[t] {
                left += linear[t] * give[t];
                slope += give[t];
            } else {
                left -= if free <= low[t] { low[t] } else { high[t] };
            }
        }
        if slope > 0.0 {
            multiplier = left / slope;
        }
        for t in 0..slots {
            x[t] = cut((multiplier - linear[t]) * give[t], low[t], high[t]);
        }
        multiplier
    }

    /// Finds the multiplier by traversing the breakpoints.
    fn by_breakpoints(&mut self, low: &[f64], high: &[f64], total: f64) -> f64 {
        self.breakpoints.clear();
        for t in 0..low.len() {
            let (give, linear) = (self.give[t], self.linear[t]);
            self.breakpoints.push((linear + low[t] / give, give));
            self.breakpoints.push((linear + high[t] / give, -give));
        }
        self.breakpoints.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let (mut at, mut sum, mut slope) = (self.breakpoints[0].0, low.iter().sum::<f64>(), 0.0);
        for &(next, change) in &self.breakpoints {
            let reached = sum + slope * (next - at);
            if reached >= total {
                break;
            }
            (at, sum, slope) = (next, reached, slope + change);
        }
        // With all loads at their upper bounds, the remaining slope is rounding error; `at` is then equally good.
        if slope > 0.0 && sum < total { at + (total - sum) / slope } else { at }
    }

    /// Newton's steps from a multiplier near the right one. If the sum is flat, or a step leaves the known bracket, the
    /// steps grow until the multiplier is bracketed from both sides, and then bisect. They end on its linear piece or
    /// are given up.
    fn by_steps(&self, low: &[f64], high: &[f64], total: f64, hint: f64) -> Option<f64> {
        if !hint.is_finite() {
            return None;
        }
        let mut multiplier = hint;
        let (mut least, mut most) = (f64::NEG_INFINITY, f64::INFINITY);
        // Range of multipliers over which a load moves from bound to bound.
        let mut stride =
            low.iter().zip(high).map(|(low, high)| high - low).fold(0.0, f64::max) / self.give[0];
        for _ in 0..MOST_STEPS {
            let (sum, slope) = self.sum(low, high, multiplier);
            let miss = total - sum;
            if miss.abs() <= NEAR * total.abs() {
                return Some(multiplier);
            }
            if miss > 0.0 {
                least = multiplier
            } else {
                most = multiplier
            }
            multiplier += miss / slope;
            if !(multiplier > least && multiplier < most) {
                multiplier = if least.is_finite() && most.is_finite() {
                    (least + most) / 2.0
                } else if miss > 0.0 {
                    least + stride
                } else {
                    most - stride
                };
                stride *= 2.0;
            }
            if !multiplier.is_finite() {
                return None;
            }
        }
        None
    }

    /// Sum of the loads at a multiplier, and the slope of the sum there. In four strands, which allows vectorisation.
    fn sum(&self, low: &[f64], high: &[f64], multiplier: f64) -> (f64, f64) {
        let (mut sums, mut slopes) = ([0.0; 4], [0.0; 4]);
        let fours = self.give.chunks(4).zip(self.linear.chunks(4)).zip(low.chunks(4).zip(high.chunks(4)));
        for ((give, linear), (low, high)) in fours {
            let mut add = |k: usize, give: f64, linear: f64, low: f64, high: f64| {
                let free = (multiplier - linear) * give;
                let x = if free > low { free } else { low };
                sums[k] += if x < high { x } else { high };
                slopes[k] += if x > low && x < high { give } else { 0.0 };
            };
            if let (&[g0, g1, g2, g3], &[q0, q1, q2, q3], &[l0, l1, l2, l3], &[h0, h1, h2, h3]) =
                (give, linear, low, high)
            {
                add(0, g0, q0, l0, h0);
                add(1, g1, q1, l1, h1);
                add(2, g2, q2, l2, h2);
                add(3, g3, q3, l3, h3);
            } else {
                for k in 0..give.len() {
                    add(k, give[k], linear[k], low[k], high[k]);
                }
            }
        }
        let total = |strands: [f64; 4]| (strands[0] + strands[1]) + (strands[2] + strands[3]);
        (total(sums), total(slopes))
    }

    /// The objective at `x`.
    pub fn value(&self, x: &[f64]) -> f64 {
        let term = |((x, give), q): ((&f64, &f64), &f64)| (x / (2.0 * give) + q) * x;
        x.iter().zip(&self.give).zip(&self.linear).map(term).sum()
    }
}

/// Clamps `x` to its bounds.
fn cut(x: f64, low: f64, high: f64) -> f64 {
    if x <= low {
        low
    } else if x >= high {
        high
    } else {
        x
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt as _, SeedableRng as _};

    /// Necessary and, because the problem is convex, sufficient conditions: the sum, the bounds, and no gain from
    /// moving a unit from any slot to any other.
    #[test]
    fn no_unit_is_better_moved() {
        let mut random = rand_pcg::Pcg64::seed_from_u64(1);
        let mut divider = Divider::default();
        for round in 0..3_000 {
            let n = 1 + round % 24;
            let mut list = |low: f64, high: f64| -> Vec<f64> {
                (0..n).map(|_| random.random_range(low..high)).collect()
            };
            let low = list(0.0, 2.0);
            // Some slots without room.
            let high: Vec<f64> =
                low.iter().zip(list(-1.0, 3.0)).map(|(low, room)| low + room.max(0.0)).collect();
            divider.give = list(-2.0, 3.0).into_iter().map(|x| 10f64.powf(x)).collect();
            divider.linear = list(-5.0, 60.0);
            let (least, most): (f64, f64) = (low.iter().sum(), high.iter().sum());
            let share = match round % 7 {
                0 => 0.0,
                1 => 1.0,
                _ => random.random_range(0.0..=1.0),
            };
            let hint = random.random_range(-10.0..70.0);
            let total = least + share * (most - least);
            let mut x = vec![f64::NAN; n];
            divider.divide(&low, &high, total, f64::NAN, &mut x);
            // Any hint gives the same result.
            let mut from_hint = x.clone();
            divider.divide(&low, &high, total, hint, &mut from_hint);
            for (a, b) in x.iter().zip(&from_hint) {
                assert!((a - b).abs() < 1e-8 * (1.0 + total), "round {round}: {a} {b}");
            }
            let sum: f64 = x.iter().sum();
            assert!((sum - total).abs() < 1e-9 * (1.0 + total), "round {round}: {sum} {total}");
            assert!((0..n).all(|t| (low[t]..=high[t]).contains(&x[t])), "round {round}");
            let marginal = |t: usize| x[t] / divider.give[t] + divider.linear[t];
            let up = (0..n).filter(|&t| x[t] < high[t] - 1e-9).map(marginal).fold(f64::INFINITY, f64::min);
            let down =
                (0..n).filter(|&t| x[t] > low[t] + 1e-9).map(marginal).fold(f64::NEG_INFINITY, f64::max);
            assert!(down <= up + 1e-7, "round {round}: {down} {up}");
        }
    }

    #[test]
    fn a_small_case_by_hand() {
        // Prices 1, 2, 3 and curvature 1: without bounds 2, 1, 0; the bound of 1.5 puts the rest on the second.
        let mut divider = Divider { give: vec![1.0; 3], linear: vec![1.0, 2.0, 3.0], ..Divider::default() };
        let mut x = [0.0; 3];
        assert_eq!(divider.divide(&[0.0; 3], &[5.0; 3], 3.0, f64::NAN, &mut x), 3.0);
        assert_eq!(x, [2.0, 1.0, 0.0]);
        divider.divide(&[0.0; 3], &[1.5, 5.0, 5.0], 3.0, 2.9, &mut x);
        assert_eq!(x, [1.5, 1.25, 0.25]);
        assert_eq!(divider.value(&x), 1.125 + 1.5 + 0.78125 + 2.5 + 0.03125 + 0.75);
    }
}
