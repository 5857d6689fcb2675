//! Equilibrium among the households for a given load of the vehicles.
//!
//! It is the unique minimum of the potential in the households' loads, to which sequential responses converge. But each
//! household offsets much of the previous household's response, so sequential responses take about as many rounds as
//! there are households. The dual, in contrast, is small: one price per slot. At prices p each household's response is
//! known (`household`), and the remaining condition is that the responses yield these prices:
//!
//!   D(p) = sum of households' least costs at p + sum_t p_t V_t - sum_t (p_t - lambda_t b_t)^2 / (2 lambda_t a_t)
//!
//! for a load V of the vehicles. D is concave and piecewise quadratic; its gradient is the users' demand at p minus the
//! retailer's supply at p. Newton's method with a line search reaches the right piece after a few steps.

use super::household::Divider;
use super::model::{Household, StackelbergGame};
use crate::c_nash::linear::Symmetric;

/// Maximum number of Newton steps; a few suffice.
const MOST_STEPS: usize = 200;

/// Tolerance between the loads at given prices and those that yield these prices, as a fraction of the total load.
const NEAR: f64 = 1e-12;

/// The prices found, and the responses of households to them.
#[derive(Debug)]
pub(super) struct Settlement {
    divider: Divider,
    /// Prices \[T\]: initial values and result.
    pub prices: Vec<f64>,
    /// Loads of the households.
    pub loads: Vec<Vec<f64>>,
    trial: Vec<Vec<f64>>,
    /// Most recent multipliers of the households' sums.
    multipliers: Vec<f64>,
}

/// Value of the dual at some prices.
struct Point {
    value: f64,
    /// Magnitude of its terms.
    size: f64,
    /// Gradient \[T\]: demand minus supply, in kW.
    gap: Vec<f64>,
}

impl Settlement {
    /// Creates a settlement that starts from `prices`.
    pub fn new(game: &StackelbergGame, prices: Vec<f64>) -> Self {
        let loads = vec![vec![0.0; game.slots()]; game.households().len()];
        let multipliers = vec![f64::NAN; loads.len()];
        Self { divider: Divider::default(), prices, trial: loads.clone(), loads, multipliers }
    }

    /// Finds prices and loads for a load of the vehicles \[T\].
    pub fn find(&mut self, game: &StackelbergGame, vehicles: &[f64]) {
        let mut here = self.look(game, vehicles, &self.prices.clone());
        std::mem::swap(&mut self.loads, &mut self.trial);
        let size = 1.0 + vehicles.iter().map(|v| v.abs()).sum::<f64>() + self.greatest(game);
        for _ in 0..MOST_STEPS {
            if largest(&here.gap) <= NEAR * size {
                return;
            }
            let Some(factor) = self.curvature(game).cholesky() else { return };
            let mut direction = here.gap.clone();
            factor.solve(&mut direction);
            let rise = dot(&direction, &here.gap);
            let mut step = 1.0;
            let next = loop {
                let prices: Vec<f64> =
                    self.prices.iter().zip(&direction).map(|(p, d)| p + step * d).collect();
                let ahead = self.look(game, vehicles, &prices);
                // Accepted before the maximum, or at a higher value. If rounding hides the difference, a smaller
                // gradient suffices.
                let equal = ahead.value >= here.value - 1e-13 * here.size;
                let ascends = dot(&ahead.gap, &direction) >= 0.0
                    || ahead.value >= here.value + 1e-4 * step * rise
                    || equal && largest(&ahead.gap) < 0.5 * largest(&here.gap);
                if ascends {
                    self.prices = prices;
                    break Some(ahead);
                }
                step /= 2.0;
                if step < 1e-10 {
                    break None;
                }
            };
            let Some(ahead) = next else { return };
            here = ahead;
            std::mem::swap(&mut self.loads, &mut self.trial);
        }
    }

    /// Evaluates the dual at prices; the households' responses are stored in `trial`.
    fn look(&mut self, game: &StackelbergGame, vehicles: &[f64], prices: &[f64]) -> Point {
        let retailer = game.retailer();
        let (mut value, mut size, mut gap) = (0.0, 0.0, vehicles.to_vec());
        let households = game.households().iter().zip(&mut self.trial).zip(&mut self.multipliers);
        for ((household, x), hint) in households {
            let count = f64::from(household.count);
            let answer = answer(&mut self.divider, household, prices, *hint, x);
            *hint = answer.multiplier;
            value += count * answer.cost;
            for (g, x) in gap.iter_mut().zip(&*x) {
                *g += count * x;
            }
        }
        for (t, &price) in prices.iter().enumerate() {
            let above = price - retailer.lambda[t] * retailer.b[t];
            let served = above * above / (2.0 * retailer.slope(t));
            value += price * vehicles[t] - served;
            size += served;
            gap[t] -= above / retailer.slope(t);
        }
        Point { value, size, gap }
    }

    /// Negative second derivative of the dual at the present loads: decrease of demand and increase of supply with
    /// prices.
    fn curvature(&self, game: &StackelbergGame) -> Symmetric {
        let slots = game.slots();
        let mut matrix = Symmetric::zeros(slots);
        let mut diagonal: Vec<f64> = (0..slots).map(|t| 1.0 / game.retailer().slope(t)).collect();
        let mut free = Vec::with_capacity(slots);
        for (household, x) in game.households().iter().zip(&self.loads) {
            let weight = f64::from(household.count) / household.theta;
            free.clear();
            free.extend((0..slots).filter(|&t| x[t] > household.low[t] && x[t] < household.high[t]));
            for (i, &t) in free.iter().enumerate() {
                diagonal[t] += weight;
                let row = matrix.row_mut(t);
                for &u in &free[..=i] {
                    row[u] -= weight / free.len() as f64;
                }
            }
        }
        matrix.add_diagonal(&diagonal);
        matrix
    }

    /// Total energy of the households over all slots [kWh].
    fn greatest(&self, game: &StackelbergGame) -> f64 {
        game.households().iter().map(|household| f64::from(household.count) * household.energy.abs()).sum()
    }
}

/// Result of a household's response.
pub(super) struct Answer {
    /// Payment minus the value of its energy.
    pub cost: f64,
    /// Multiplier of its sum.
    pub multiplier: f64,
}

/// Computes a household's response to given prices into `x`; the hint is the multiplier of a similar response.
pub(super) fn answer(
    divider: &mut Divider,
    household: &Household,
    prices: &[f64],
    hint: f64,
    x: &mut [f64],
) -> Answer {
    divider.give.clear();
    divider.give.resize(prices.len(), 1.0 / household.theta);
    divider.linear.clear();
    divider.linear.extend(prices.iter().zip(&household.omega).map(|(price, omega)| price - omega));
    let multiplier = divider.divide(&household.low, &household.high, household.energy, hint, x);
    Answer { cost: divider.value(x), multiplier }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn largest(list: &[f64]) -> f64 {
    list.iter().fold(0.0, |most, x| f64::max(most, x.abs()))
}
