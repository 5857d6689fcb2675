//! Least total cost of deliveries that are all known: a lower bound for any plan of the stations.
//!
//! Steps may differ in length. With x_i^t the energy that station i draws at step t of h^t hours, and S^t the energy of
//! all stations, the cost is
//!
//! sum_t (a^t + b S^t / h^t) S^t + sum_i mu_i/2 sum_t (x_i^t - xbar_i^t)^2 / h^t
//!
//! subject to the bounds and rows of each station ([`Delivery`]). At any price m^t of the total load in place of b S^t /
//! h^t the stations separate, and
//!
//! sum_i min over x_i of (sum_t (a^t + m^t) x_i^t + mu_i/2 sum_t (x_i^t - xbar_i^t)^2 / h^t) - sum_t h^t (m^t)^2 / (4 b)
//!
//! is at most the least cost (weak duality). It is concave in m, and its largest value is the least cost. Accelerated
//! gradient steps (Y. Nesterov, Introductory lectures on convex optimization, 2004, section 2.2), each scaled by its
//! largest curvature h (1 / (2 b) + sum_i 1 / mu_i), approach it; they stop where the cost of the stations' answers is
//! close, or after a maximum number. The bound is valid wherever they stop. A step takes a small problem per station and
//! no matrix, so that periods of thousands of steps are possible.

use super::delivery::{Delivery, Undeliverable};
use super::model::LoadBound;
use super::profiles::{Profiles, add};
use super::response::Knapsack;

/// Distance of the bound from the cost of known profiles at which the search ends, as a fraction of the magnitude of the
/// costs.
const CLOSE: f64 = 1e-8;
/// Maximum number of steps.
const MOST_STEPS: usize = 400;
/// Tolerance on bounds and rows, as a fraction of the energy of a station.
const SLACK: f64 = 1e-9;

/// Deliveries of N stations over T steps, with everything known.
///
/// Energy, price and time may be in any units, as long as money is price times energy.
#[derive(Debug, Clone, PartialEq)]
pub struct Deliveries {
    /// Price at zero load, a\[T\].
    pub base_price: Vec<f64>,
    /// Price increase per unit of power of all stations, b, above 0.
    pub slope: f64,
    /// Length of each step, h\[T\], above 0.
    pub hours: Vec<f64>,
    /// Sensitivity of each station to deviations of its power, mu\[N\], above 0.
    pub sensitivity: Vec<f64>,
    /// Nominal energy of each station, N rows of T.
    pub nominal: Profiles,
    /// Minimum energy of a station at a step.
    pub min: LoadBound,
    /// Maximum energy of a station at a step.
    pub max: LoadBound,
    /// Demand of each station, and rows on the energy drawn so far.
    pub delivery: Delivery,
}

/// Bounds of the least total cost, from both sides.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeastCost {
    /// No profiles that keep bounds and rows cost less.
    pub bound: f64,
    /// Cost of profiles that keep them.
    pub cost: f64,
}

impl Deliveries {
    /// Total cost of profiles of energy.
    pub fn cost(&self, profiles: &Profiles) -> f64 {
        let load = profiles.load();
        let steps = self.base_price.iter().zip(&self.hours).zip(&load);
        let paid: f64 = steps.map(|((a, h), load)| (a + self.slope * load / h) * load).sum();
        paid + self.deviations(profiles)
    }

    fn deviations(&self, profiles: &Profiles) -> f64 {
        let rows = self.sensitivity.iter().zip(profiles.rows()).zip(self.nominal.rows());
        let squares = |x: &[f64], nominal: &[f64]| -> f64 {
            let steps = x.iter().zip(nominal).zip(&self.hours);
            steps.map(|((x, nominal), h)| (x - nominal) * (x - nominal) / h).sum()
        };
        rows.map(|((mu, x), nominal)| mu / 2.0 * squares(x, nominal)).sum()
    }

    /// Answers of all stations to a price of the total load, into `profiles`.
    fn answer(&self, markup: &[f64], knapsack: &mut Knapsack, profiles: &mut Profiles) {
        for (i, mu) in self.sensitivity.iter().enumerate() {
            knapsack.clear();
            for (t, (markup, nominal)) in markup.iter().zip(self.nominal.row(i)).enumerate() {
                let curvature = mu / self.hours[t];
                let linear = self.base_price[t] + markup - curvature * nominal;
                knapsack.push(curvature, linear, self.min.at(i, t), self.max.at(i, t));
            }
            for (least, most) in self.delivery.rows(i) {
                knapsack.push_row(least, most);
            }
            knapsack.total = self.delivery.demand[i];
            knapsack.solve();
            profiles.row_mut(i).copy_from_slice(&knapsack.x);
        }
    }

    /// The bound that follows from a price of the total load and the stations' answers to it.
    fn bound(&self, markup: &[f64], load: &[f64], deviations: f64) -> f64 {
        let step = |t: usize| {
            let (m, h) = (markup[t], self.hours[t]);
            (self.base_price[t] + m) * load[t] - h * m * m / (4.0 * self.slope)
        };
        (0..markup.len()).map(step).sum::<f64>() + deviations
    }
}

/// Computes the least total cost of the deliveries, as a bound and the cost of profiles close to it.
///
/// # Errors
/// If a station cannot keep its bounds and rows.
///
/// # Panics
/// If numbers of stations or steps differ.
pub fn least_cost(deliveries: &Deliveries) -> Result<LeastCost, Undeliverable> {
    let (n, steps) = (deliveries.sensitivity.len(), deliveries.base_price.len());
    let Delivery { demand, least, most } = &deliveries.delivery;
    for profiles in [&deliveries.nominal, least, most] {
        assert_eq!(
            (profiles.values().len(), profiles.steps()),
            (n * steps, steps),
            "shape of the deliveries"
        );
    }
    assert_eq!((deliveries.hours.len(), demand.len()), (steps, n), "shape of the deliveries");
    for (i, demand) in demand.iter().enumerate() {
        let size: f64 = deliveries.nominal.row(i).iter().map(|x| x.abs()).sum();
        let slack = SLACK * size.max(demand.abs());
        deliveries.delivery.check(i, &deliveries.min, &deliveries.max, slack)?;
    }
    let b = deliveries.slope;
    let weight: f64 = deliveries.sensitivity.iter().map(|mu| 1.0 / mu).sum();
    let condition = (1.0 + 2.0 * b * weight).sqrt();
    let momentum = (condition - 1.0) / (condition + 1.0);
    let gains: Vec<f64> = deliveries.hours.iter().map(|h| 1.0 / (h / (2.0 * b) + h * weight)).collect();
    let marginal = |(load, h): (&f64, &f64)| 2.0 * b * load / h;
    let mut markup: Vec<f64> =
        deliveries.nominal.load().iter().zip(&deliveries.hours).map(marginal).collect();
    let mut ahead = markup.clone();
    let (mut knapsack, mut profiles) = (Knapsack::default(), Profiles::zeros(n, steps));
    let mut found = LeastCost { bound: f64::NEG_INFINITY, cost: f64::INFINITY };
    let mut load = vec![0.0; steps];
    for _ in 0..MOST_STEPS {
        deliveries.answer(&ahead, &mut knapsack, &mut profiles);
        load.fill(0.0);
        profiles.rows().for_each(|row| add(&mut load, row));
        found.bound = found.bound.max(deliveries.bound(&ahead, &load, deliveries.deviations(&profiles)));
        found.cost = found.cost.min(deliveries.cost(&profiles));
        if found.cost - found.bound <= CLOSE * found.cost.abs().max(found.bound.abs()) {
            break;
        }
        for t in 0..steps {
            let slope = load[t] - deliveries.hours[t] * ahead[t] / (2.0 * b);
            let next = ahead[t] + gains[t] * slope;
            ahead[t] = next + momentum * (next - markup[t]);
            markup[t] = next;
        }
    }
    Ok(found)
}
