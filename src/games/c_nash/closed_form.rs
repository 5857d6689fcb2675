//! The equilibrium without bounds, in closed form (Theorem 4.1, Remark 4.4 and Corollary 4.5).
//!
//! A coalition acts like a single station. Its members face the same marginal price, so each deviates from its nominal
//! profile in proportion to 1 / mu_i; together they deviate like one station with the sum of their nominal profiles and
//! 1 / mu = sum of 1 / mu_i. This is the economic interpretation of the Sherman-Morrison step for a coalition's block
//! of Q, and it reduces the problem to a game of independent `players`.
//!
//! At a price p a player draws x^t = (mu xbar^t - p^t - m) / (mu + b^t), with m such that its sum is d. The total load
//! decreases in the price: load = L - A (p - a), with L the load at the base price and A symmetric and positive
//! semidefinite. With p - a = b * load, that is one system of T equations for the markup p - a; the step for the 1 1'
//! of Q. If b is the same at all steps, A is a multiple of the operator that subtracts the mean, and the system
//! separates into T equations; otherwise A has as many different rows as there are slopes.

use super::linear::Symmetric;
use super::model::CNashGame;
use super::profiles::{Profiles, add};
use super::structure::Structure;

/// Equilibrium profiles of a game without bounds, limits and elastic demand, and the markup on the base price.
///
/// Running time is proportional to N T if the slope is the same at all steps, and to N T^2 + T^3 otherwise.
pub(super) fn profiles(game: &CNashGame, structure: &Structure) -> (Profiles, Vec<f64>) {
    let p = game.parameters();
    let (n, steps) = (game.stations(), game.steps());
    let players = Players::new(game, structure);
    let mut load = vec![0.0; steps];
    let mut row = vec![0.0; steps];
    for k in 0..players.number() {
        players.answer(k, &p.base_price, &mut row);
        add(&mut load, &row);
    }
    let markup = players.markup(&load);
    let prices: Vec<f64> = p.base_price.iter().zip(&markup).map(|(a, m)| a + m).collect();
    let mut profiles = Profiles::zeros(n, steps);
    for (k, &i) in players.singles.iter().enumerate() {
        players.answer(k, &prices, profiles.row_mut(i));
    }
    for (g, members) in structure.groups().enumerate() {
        players.answer(players.singles.len() + g, &prices, &mut row);
        // From here on, deviation of the whole coalition from its nominal profile.
        for (x, nominal) in row.iter_mut().zip(players.joint.row(g)) {
            *x -= nominal;
        }
        for &i in members {
            let part = players.joint_sensitivity[g] / p.sensitivity[i];
            let nominal = p.nominal.row(i);
            for ((x, away), nominal) in profiles.row_mut(i).iter_mut().zip(&row).zip(nominal) {
                *x = nominal + part * away;
            }
        }
    }
    (profiles, markup)
}

/// Decision makers: the stations alone, then the coalitions of two or more, each as one station.
struct Players<'a> {
    game: &'a CNashGame,
    singles: Vec<usize>,
    /// Nominal profile of each coalition.
    joint: Profiles,
    joint_sensitivity: Vec<f64>,
}

impl<'a> Players<'a> {
    fn new(game: &'a CNashGame, structure: &Structure) -> Self {
        let p = game.parameters();
        let steps = game.steps();
        let mut joint = Profiles::zeros(structure.groups().count(), steps);
        let mut joint_sensitivity = Vec::new();
        for (g, members) in structure.groups().enumerate() {
            for &i in members {
                add(joint.row_mut(g), p.nominal.row(i));
            }
            joint_sensitivity.push(1.0 / members.iter().map(|&i| 1.0 / p.sensitivity[i]).sum::<f64>());
        }
        Self { game, singles: structure.singles().collect(), joint, joint_sensitivity }
    }
    fn number(&self) -> usize {
        self.singles.len() + self.joint_sensitivity.len()
    }
    /// Sensitivity and nominal profile of player `k`.
    fn player(&self, k: usize) -> (f64, &[f64]) {
        let p = self.game.parameters();
        match self.singles.get(k) {
            Some(&i) => (p.sensitivity[i], p.nominal.row(i)),
            None => {
                let g = k - self.singles.len();
                (self.joint_sensitivity[g], self.joint.row(g))
            }
        }
    }

    /// Load of player `k` at `prices`, accounting for its own effect on them.
    fn answer(&self, k: usize, prices: &[f64], x: &mut [f64]) {
        let (mu, nominal) = self.player(k);
        let slope = &self.game.parameters().slope;
        // Starts from the nominal profile, which has the right sum, so that nothing cancels numerically.
        let (mut sum, mut weights) = (0.0, 0.0);
        for (((x, nominal), price), b) in x.iter_mut().zip(nominal).zip(prices).zip(slope) {
            let weight = 1.0 / (mu + b);
            *x = (price + b * nominal) * weight;
            sum += *x;
            weights += weight;
        }
        let mean = sum / weights;
        for ((x, nominal), b) in x.iter_mut().zip(nominal).zip(slope) {
            *x = nominal + mean / (mu + b) - *x;
        }
    }

    /// Market-clearing markup p - a, given the total load at the base price.
    fn markup(&self, load: &[f64]) -> Vec<f64> {
        let slope = &self.game.parameters().slope;
        let b = slope[0];
        if slope.iter().any(|&other| other != b) {
            return self.markup_of_slopes(load);
        }
        let weight: f64 = (0..self.number()).map(|k| 1.0 / (self.player(k).0 + b)).sum();
        let mean = load.iter().sum::<f64>() / load.len() as f64;
        load.iter().map(|x| b * (mean + (x - mean) / (1.0 + b * weight))).collect()
    }

    /// Like [`markup`](Self::markup), for slopes that differ: (1 / b + A) markup = load, with A the sum over the
    /// players of diag(w) - w w' / sum w, w^t = 1 / (mu + b^t).
    fn markup_of_slopes(&self, load: &[f64]) -> Vec<f64> {
        let slope = &self.game.parameters().slope;
        let mut different: Vec<f64> = slope.clone();
        different.sort_by(f64::total_cmp);
        different.dedup();
        let class: Vec<usize> = slope.iter().map(|b| different.partition_point(|other| other < b)).collect();
        let mut times = vec![0.0; different.len()];
        for &c in &class {
            times[c] += 1.0;
        }
        let mut outer = Symmetric::zeros(different.len());
        let mut diagonal = vec![0.0; different.len()];
        let mut weights = vec![0.0; different.len()];
        for k in 0..self.number() {
            let mu = self.player(k).0;
            let mut sum = 0.0;
            for ((weight, b), times) in weights.iter_mut().zip(&different).zip(&times) {
                *weight = 1.0 / (mu + b);
                sum += times * *weight;
            }
            add(&mut diagonal, &weights);
            outer.add_outer(&weights, 1.0 / sum);
        }
        let mut system = Symmetric::zeros(slope.len());
        for (t, &c) in class.iter().enumerate() {
            let row = system.row_mut(t);
            for (entry, &other) in row.iter_mut().zip(&class) {
                *entry = -outer.get(c, other);
            }
            row[t] += diagonal[c] + 1.0 / slope[t];
        }
        let mut markup = load.to_vec();
        // Positive definite unless rounding is too large; non-finite values are passed to the caller.
        match system.cholesky() {
            Some(factor) => factor.solve(&mut markup),
            None => markup.fill(f64::NAN),
        }
        markup
    }
}
