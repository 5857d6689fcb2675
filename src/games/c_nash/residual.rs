//! Distance of profiles from an equilibrium: the largest remaining gain of any player.
//!
//! Independent of the method that found the profiles: reads them and solves one small problem per station.

use super::CNashEquilibrium;
use super::model::CNashGame;
use super::response::Knapsack;
use super::structure::Structure;

/// Largest gain of a single station or a coalition from changing its profiles while all others keep theirs; in units of
/// cost, 0 or more. For elastic demand, gains in value count as well.
///
/// Exact for a single station if the common limit does not bind. Otherwise never less than the true gain, and 0 at the
/// equilibrium: a coalition is not charged for its own price effect, and the limit is relaxed at its shadow price (weak
/// duality).
pub fn residual(game: &CNashGame, structure: &Structure, equilibrium: &CNashEquilibrium) -> f64 {
    let p = game.parameters();
    // Value of the unused part of the limit at its shadow price: 0 at the equilibrium.
    let unused: f64 = match &p.limit {
        None => 0.0,
        Some(limit) => {
            let room = |((limit, load), price): ((&f64, &f64), &f64)| {
                if *price > 0.0 { (limit - load).max(0.0) * price } else { 0.0 }
            };
            limit.iter().zip(&equilibrium.load).zip(&equilibrium.limit_prices).map(room).sum()
        }
    };
    let mut knapsack = Knapsack::default();
    let mut largest: f64 = 0.0;
    for i in structure.singles() {
        let own = equilibrium.profiles.row(i);
        largest = largest.max(gain(game, equilibrium, i, own, 2.0, &mut knapsack) + unused);
    }
    for members in structure.groups() {
        let mut joint = vec![0.0; game.steps()];
        for &i in members {
            super::profiles::add(&mut joint, equilibrium.profiles.row(i));
        }
        let gains = members.iter().map(|&i| gain(game, equilibrium, i, &joint, 0.0, &mut knapsack));
        largest = largest.max(gains.sum::<f64>() + unused);
    }
    largest
}

/// Maximum gain of station `i`. Its player draws `own`, and raises its price by `times` the slope.
fn gain(
    game: &CNashGame,
    equilibrium: &CNashEquilibrium,
    i: usize,
    own: &[f64],
    times: f64,
    knapsack: &mut Knapsack,
) -> f64 {
    let p = game.parameters();
    let (mu, nominal, x) = (p.sensitivity[i], p.nominal.row(i), equilibrium.profiles.row(i));
    knapsack.clear();
    knapsack.total = 0.0;
    for t in 0..game.steps() {
        let b = p.slope[t];
        // Marginal cost of a unit at this step for the player.
        let margin =
            equilibrium.prices[t] + b * own[t] + mu * (x[t] - nominal[t]) + equilibrium.limit_prices[t];
        let (low, high) = ((p.min.at(i, t) - x[t]).min(0.0), (p.max.at(i, t) - x[t]).max(0.0));
        knapsack.push(mu + times * b, margin, low, high);
    }
    if let Some(e) = p.elastic.as_ref().map(|list| list[i]) {
        // Total demand with its sign reversed, so that all changes sum to 0.
        let d: f64 = x.iter().sum();
        let (low, high) = ((d - e.max).min(0.0), (d - e.min).max(0.0));
        knapsack.push(e.slope, e.value - e.slope * d, low, high);
    } else {
        // Only differences between steps matter; subtracting the mean reduces rounding errors.
        let mean = knapsack.linear.iter().sum::<f64>() / game.steps() as f64;
        knapsack.linear.iter_mut().for_each(|margin| *margin -= mean);
    }
    // A station whose loads can only rise, or only fall, cannot change them: no rounding error is a gain.
    if p.elastic.is_none()
        && [&knapsack.low, &knapsack.high].iter().any(|side| side.iter().all(|x| *x == 0.0))
    {
        return 0.0;
    }
    let mut drawn = 0.0;
    for ((least, most), x) in p.delivery.iter().flat_map(|delivery| delivery.rows(i)).zip(x) {
        drawn += x;
        knapsack.push_row((least - drawn).min(0.0), (most - drawn).max(0.0));
    }
    knapsack.solve();
    (-knapsack.value()).max(0.0)
}
