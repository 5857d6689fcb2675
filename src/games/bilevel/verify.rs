//! Independent check of a solution: from the game data alone, without the method that found it.

use super::model::{BilevelGame, Purchase};
use super::plan::BilevelSolution;
use crate::optimize::SolveError;
use serde::Serialize;

/// Deviations of a solution. All are 0 up to rounding in a correct one.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Check {
    /// Maximum violation of an energy balance, a limit or the order of a bidding curve, in MWh.
    pub feasibility_mwh: f64,
    /// Maximum excess of the owners' cost over their minimum cost, found by a linear program [currency/MWh].
    pub owners_per_mwh: f64,
    /// Maximum difference between the owners' cost and the value of their dual program [currency/MWh].
    pub duality_per_mwh: f64,
    /// Maximum difference between our revenue and the owners' total cost less their payments to others [currency/MWh].
    pub revenue_per_mwh: f64,
    /// Difference between the reported objective and the one from recomputed profits and the CVaR by sorting
    /// [currency].
    pub objective: f64,
}

impl Check {
    /// Whether all deviations are within a relative tolerance of 1e-6 (of energy, price and objective).
    pub fn holds(&self, game: &BilevelGame, plan: &BilevelSolution) -> bool {
        let p = game.parameters();
        let energy = p.scenarios.iter().flat_map(|s| &s.demand).copied().fold(1e-9, f64::max);
        let rivals = p.rivals.iter().flat_map(|r| r.prices.iter().flatten());
        let price = rivals.map(|q| q.abs()).fold(p.max_price.max(1e-9), f64::max);
        let objective = plan.objective.abs().max(energy * price);
        let owners = self.owners_per_mwh.max(self.duality_per_mwh).max(self.revenue_per_mwh);
        self.feasibility_mwh <= 1e-6 * energy && owners <= 1e-6 * price && self.objective <= 1e-6 * objective
    }
}

/// Checks a solution.
///
/// # Errors
/// If the solver of the owners' program fails.
pub fn verify(game: &BilevelGame, plan: &BilevelSolution) -> Result<Check, SolveError> {
    let mut check = Check::default();
    check.energy(game, plan);
    check.owners(game, plan)?;
    check.money(game, plan);
    Ok(check)
}

fn raise(most: &mut f64, by: f64) {
    // NaN must not be hidden.
    if by.is_nan() || by > *most {
        *most = by;
    }
}

impl Check {
    fn energy(&mut self, game: &BilevelGame, plan: &BilevelSolution) {
        let p = game.parameters();
        for (t, hour) in plan.hours.iter().enumerate() {
            let share: f64 = hour.shares.iter().zip(&p.rivals).map(|(x, f)| f.probability * x[0]).sum();
            for (w, scenario) in p.scenarios.iter().enumerate() {
                let used = scenario.demand[t] * share;
                let (ahead, positive, negative) = (hour.purchase[w], hour.positive[w], hour.negative[w]);
                let missed = [
                    (ahead + positive - negative - used).abs(),
                    -ahead,
                    -positive,
                    positive - p.positive_max[t],
                    -negative,
                    negative - used,
                ];
                missed.into_iter().for_each(|by| raise(&mut self.feasibility_mwh, by));
                for (v, other) in p.scenarios.iter().enumerate() {
                    let rises = hour.purchase[w] - hour.purchase[v];
                    let tied =
                        p.purchase == Purchase::Quantity || scenario.day_ahead[t] >= other.day_ahead[t];
                    if tied {
                        raise(&mut self.feasibility_mwh, rises);
                    }
                }
            }
        }
    }

    fn owners(&mut self, game: &BilevelGame, plan: &BilevelSolution) -> Result<(), SolveError> {
        for (t, hour) in plan.hours.iter().enumerate() {
            for (f, shares) in hour.shares.iter().enumerate() {
                let rivals = game.rival_prices(f, t);
                let split = game.owners().split(hour.price, &rivals, hour.lean);
                let least = game.owners().least_cost(hour.price, &rivals)?;
                let dual = game.owners().dual_value(hour.price, &rivals);
                raise(&mut self.owners_per_mwh, (split.cost - least).abs());
                raise(&mut self.duality_per_mwh, (split.cost - dual).abs());
                // In the paper's program, strong duality replaces the product of price and share.
                let others: f64 = shares[1..].iter().zip(&rivals).map(|(x, q)| x * q).sum();
                let ways = split.cost
                    - split
                        .shares
                        .iter()
                        .zip([hour.price].iter().chain(&rivals))
                        .map(|(x, q)| x * q)
                        .sum::<f64>();
                raise(&mut self.revenue_per_mwh, (dual - others - ways - hour.price * shares[0]).abs());
                raise(&mut self.feasibility_mwh, (shares.iter().sum::<f64>() - 1.0).abs());
            }
        }
        Ok(())
    }

    fn money(&mut self, game: &BilevelGame, plan: &BilevelSolution) {
        let p = game.parameters();
        let mut profits: Vec<(f64, f64)> = p
            .scenarios
            .iter()
            .enumerate()
            .map(|(w, scenario)| {
                let of_hour = |(t, hour): (usize, &super::plan::HourPlan)| {
                    let share: f64 =
                        hour.shares.iter().zip(&p.rivals).map(|(x, f)| f.probability * x[0]).sum();
                    hour.price * share * scenario.demand[t] - scenario.day_ahead[t] * hour.purchase[w]
                        + scenario.negative[t] * hour.negative[w]
                        - scenario.positive[t] * hour.positive[w]
                };
                (plan.hours.iter().enumerate().map(of_hour).sum(), scenario.probability)
            })
            .collect();
        let expected: f64 = profits.iter().map(|(profit, p)| profit * p).sum();
        profits.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut tail = 1.0 - plan.risk.alpha;
        let mut worst = 0.0;
        for (profit, p) in profits {
            worst += profit * p.min(tail);
            tail = (tail - p).max(0.0);
        }
        let cvar = worst / (1.0 - plan.risk.alpha);
        raise(&mut self.objective, (expected + plan.risk.beta * cvar - plan.objective).abs());
    }
}
