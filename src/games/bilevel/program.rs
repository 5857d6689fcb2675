//! Share and purchases of one hour at one price as a linear program: for bidding curves, and for many scenarios.

use super::hour::Hour;
use super::model::{BilevelGame, Purchase};
use crate::optimize::{Lp, Sense, Variable};

/// One hour at one price, to be solved for any scenario weights.
#[derive(Debug)]
pub struct Program {
    hour: Hour,
    price: f64,
    share: (f64, f64),
    /// Scenarios in descending order of the day-ahead price; those within a group buy the same.
    groups: Vec<Vec<usize>>,
}

impl Program {
    /// Creates the program of an hour at a price, with a range of shares.
    pub fn new(game: &BilevelGame, hour: usize, price: f64, share: (f64, f64)) -> Self {
        let hour = Hour::of(game, hour);
        let groups = groups(&hour.day_ahead, game.parameters().purchase);
        Self { hour, price, share, groups }
    }

    /// Share, and purchase in each scenario, with the greatest weighted sum of profits; `None` if the limits cannot be
    /// met.
    pub fn best(&self, weights: &[f64]) -> Option<(f64, Vec<f64>)> {
        let hour = &self.hour;
        // Weights and prices may have any magnitude: the objective is scaled to about 1.
        let largest = weights.iter().copied().fold(0.0f64, f64::max);
        let prices = [&hour.day_ahead, &hour.positive, &hour.negative];
        let prices = prices.iter().flat_map(|list| list.iter()).copied().chain([self.price]);
        let scale = (largest * prices.map(f64::abs).fold(1.0, f64::max)).max(f64::MIN_POSITIVE);
        let weight: Vec<f64> = weights.iter().map(|w| w / scale).collect();
        let mut lp = Lp::new();
        let revenue: f64 = weight.iter().zip(&hour.demand).map(|(w, d)| w * d * self.price).sum();
        let share = lp.variable(-revenue, self.share.0, self.share.1);
        let mut bought: Vec<Variable> = Vec::new();
        for group in &self.groups {
            let cost: f64 = group.iter().map(|w| weight[*w] * hour.day_ahead[*w]).sum();
            let e = lp.variable(cost, 0.0, f64::INFINITY);
            if let Some(before) = bought.last() {
                lp.row([(e, 1.0), (*before, -1.0)], Sense::AtLeast, 0.0);
            }
            bought.push(e);
            for &w in group {
                let positive = lp.variable(weight[w] * hour.positive[w], 0.0, hour.positive_max);
                let negative = lp.variable(-weight[w] * hour.negative[w], 0.0, f64::INFINITY);
                let d = hour.demand[w];
                let balance = [(e, 1.0), (positive, 1.0), (negative, -1.0), (share, -d)];
                lp.row(balance, Sense::Equal, 0.0);
                lp.row([(negative, 1.0), (share, -d)], Sense::AtMost, 0.0);
            }
        }
        let optimum = lp.solve().ok()?;
        let share = optimum.value(share);
        let mut purchase = vec![0.0; hour.scenarios()];
        for (group, e) in self.groups.iter().zip(&bought) {
            // The solver may violate a limit within its tolerance; the point returned satisfies it.
            let bounds = group.iter().map(|w| hour.bounds(*w, share));
            let (low, high) = bounds.fold((0.0f64, f64::INFINITY), |b, n| (b.0.max(n.0), b.1.min(n.1)));
            for &w in group {
                purchase[w] = optimum.value(*e).max(low).min(high);
            }
        }
        Some((share, purchase))
    }
}

/// Scenarios that buy the same, by descending day-ahead price: all, or those of equal prices.
pub fn groups(day_ahead: &[f64], purchase: Purchase) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..day_ahead.len()).collect();
    match purchase {
        Purchase::Quantity => vec![order],
        Purchase::Curve => {
            order.sort_by(|a, b| day_ahead[*b].total_cmp(&day_ahead[*a]));
            let equal = |a: &usize, b: &usize| day_ahead[*a] == day_ahead[*b];
            order.chunk_by(equal).map(<[usize]>::to_vec).collect()
        }
    }
}
