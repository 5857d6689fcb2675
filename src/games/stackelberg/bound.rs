//! Maximum distance of plans from the minimum potential: a lower bound by duality.
//!
//! Decoupled by arbitrary prices p, users and retailer can only do better:
//!
//!   D(p) = sum of users' least costs at p - sum_t (p_t - lambda_t b_t)^2 / (2 lambda_t a_t) <= potential of any plans
//!
//! The users' least costs are those of `household` and `vehicle`, which are exact, including whole hours. The best of
//! these bounds is the minimum potential if each vehicle may mix its schedules, and is therefore never below that of
//! the relaxed programme in which a vehicle may draw any power between full charging and full feeding back. At the
//! prices of an equilibrium, households and retailer lose nothing by the decoupling, and the gap is the remaining gain
//! of vehicles as price takers. It is reduced further by letting vehicles mix: in each step all are moved part of the
//! way from their present mixture to the best schedules at the present prices, and the households settle again (M.
//! Frank and P. Wolfe, Naval Research Logistics Quarterly 3, 1956, on the relaxed programme; each step's prices give a
//! bound).

use super::answers::Costs;
use super::model::StackelbergGame;
use super::plans::{Plans, vehicle_worth};
use super::settle::{Settlement, answer};
use serde::Serialize;

/// A lower bound of the potential.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PotentialBound {
    /// Lower bound of the potential of any plans.
    pub potential: f64,
    /// Distance of the given plans above it; 0 or more up to rounding.
    pub gap: f64,
    /// Total remaining gain of all vehicles as price takers at the prices resulting from the plans.
    pub vehicles_gain: f64,
    /// Number of mixing steps.
    pub steps: usize,
}

/// Bounds the potential from below, starting from plans (preferably those of an equilibrium).
///
/// Ends when the gap is at most `enough` (money), or after `most_steps`.
pub fn bound(game: &StackelbergGame, plans: &Plans, enough: f64, most_steps: usize) -> PotentialBound {
    let potential = plans.potential(game);
    let mut best = Replies::at(game, &game.retailer().prices(&plans.load(game)));
    // The vehicles' mixture: its load and value.
    let mut load = plans.vehicle_load(game);
    let mut worth: f64 = game.vehicles().iter().zip(&plans.vehicles).map(|(v, s)| vehicle_worth(v, s)).sum();
    let paid: f64 = load.iter().zip(&best.prices).map(|(load, price)| load * price).sum();
    let vehicles_gain = paid - worth - best.vehicles_cost;
    let mut settlement = Settlement::new(game, best.prices.clone());
    let mut replies = best.clone();
    let mut steps = 0;
    while steps < most_steps && potential - best.bound > enough && !game.vehicles().is_empty() {
        // Optimal step width if the households did not change.
        let towards: Vec<f64> = replies.load.iter().zip(&load).map(|(new, old)| new - old).collect();
        let gain: f64 = replies.worth
            - worth
            - towards.iter().zip(&replies.prices).map(|(change, price)| change * price).sum::<f64>();
        let bent: f64 = towards.iter().enumerate().map(|(t, x)| game.retailer().slope(t) * x * x).sum();
        if !(gain > 0.0 && bent > 0.0) {
            break;
        }
        let part = (gain / bent).min(1.0);
        for (old, change) in load.iter_mut().zip(&towards) {
            *old += part * change;
        }
        worth += part * (replies.worth - worth);
        settlement.find(game, &load);
        replies = Replies::at(game, &settlement.prices);
        if replies.bound > best.bound {
            best = replies.clone();
        }
        steps += 1;
    }
    PotentialBound { potential: best.bound, gap: potential - best.bound, vehicles_gain, steps }
}

/// The bound at arbitrary prices \[T\].
pub fn bound_at(game: &StackelbergGame, prices: &[f64]) -> f64 {
    Replies::at(game, prices).bound
}

/// Responses of users to given prices.
#[derive(Debug, Clone)]
struct Replies {
    prices: Vec<f64>,
    /// Load of the vehicles \[T\]; `worth` is its value to them, `vehicles_cost` their net cost.
    load: Vec<f64>,
    worth: f64,
    vehicles_cost: f64,
    bound: f64,
}

impl Replies {
    fn at(game: &StackelbergGame, prices: &[f64]) -> Self {
        let (mut divider, mut costs) = (Default::default(), Costs::default());
        let retailer = game.retailer();
        let mut bound = 0.0;
        let mut x = vec![0.0; game.slots()];
        for household in game.households() {
            bound +=
                f64::from(household.count) * answer(&mut divider, household, prices, f64::NAN, &mut x).cost;
        }
        let (mut load, mut worth, mut vehicles_cost) = (vec![0.0; game.slots()], 0.0, 0.0);
        let mut schedule = vec![0; game.slots()];
        for vehicle in game.vehicles() {
            vehicles_cost += costs.plan(vehicle, |t| (prices[t], 0.0), &mut schedule);
            worth += vehicle_worth(vehicle, &schedule);
            for (g, s) in load.iter_mut().zip(&schedule) {
                *g += f64::from(*s) * vehicle.rated_kw;
            }
        }
        bound += vehicles_cost;
        for (t, &price) in prices.iter().enumerate() {
            let above = price - retailer.lambda[t] * retailer.b[t];
            bound -= above * above / (2.0 * retailer.slope(t));
        }
        Self { prices: prices.to_vec(), load, worth, vehicles_cost, bound }
    }
}
