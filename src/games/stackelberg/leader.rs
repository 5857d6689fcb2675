//! Margins of the retailer: fixed, or chosen for a flat load or for profit.
//!
//! The choice of margins in anticipation of the users' response is a bi-level programme. It is neither convex nor
//! smooth: whole hours of vehicles cause jumps, and if all households are at their bounds the load does not respond.
//! Margins are therefore found by pattern search: each slot's margin up or down, all together, and up where the load is
//! above its mean with down elsewhere; improvements are kept, and steps are halved until they are small (T. G. Kolda,
//! R. M. Lewis and V. Torczon, SIAM Review 45, 2003). The search starts from the best of four: the given margins, all
//! 1, all at the maximum, and those at which a flat load would have the same price in all slots, as far as permitted;
//! and again from all 1, where every margin has room to rise. The result is never worse than any of these; its
//! optimality is not proven.

use super::answers::{Conduct, Start};
use super::error::StackelbergError;
use super::model::StackelbergGame;
use super::{StackelbergEquilibrium, solve, solve_from};

/// Aim of the retailer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aim {
    /// Keeps the margins of the game, as the paper does.
    Marginal,
    /// The flattest load, with margins from 1 to this.
    Flatten(f64),
    /// The maximum profit, with margins from 1 to this.
    Profit(f64),
}

impl Aim {
    /// Loss to minimise, in lexicographic order: first the excess over the capacity, then the aim of the retailer.
    fn loss(self, game: &StackelbergGame, equilibrium: &StackelbergEquilibrium) -> [f64; 2] {
        let capacity = &game.retailer().capacity;
        let above: f64 = equilibrium.load.iter().zip(capacity).map(|(g, most)| (g - most).max(0.0)).sum();
        let loss = match self {
            Self::Profit(_) => -equilibrium.profit(),
            Self::Marginal | Self::Flatten(_) => equilibrium.unevenness(),
        };
        [above, loss]
    }
}

/// Whether the first loss is less than the second by more than rounding.
fn less(a: [f64; 2], b: [f64; 2]) -> bool {
    let clearly = |k: usize| a[k] < b[k] - WORTH_A_MOVE * b[k].abs();
    clearly(0) || a[0] <= b[0] && clearly(1)
}

/// Margins chosen by a retailer, and their result.
#[derive(Debug, Clone)]
pub struct Led {
    /// The game with the chosen margins.
    pub game: StackelbergGame,
    /// Response of the users.
    pub equilibrium: StackelbergEquilibrium,
    /// Number of equilibria computed.
    pub tried: usize,
}

/// Number of halvings of the step; it determines the ratio of the last step to the first.
const HALVINGS: u32 = 5;

/// Relative improvements of the loss below this are ignored.
const WORTH_A_MOVE: f64 = 1e-9;

/// Computes the equilibrium under a retailer with an aim.
///
/// # Errors
/// If the maximum margin is below 1 or not finite.
pub fn lead(game: &StackelbergGame, aim: Aim) -> Result<Led, StackelbergError> {
    let most = match aim {
        Aim::Marginal => return Ok(Led { game: game.clone(), equilibrium: solve(game), tried: 1 }),
        Aim::Flatten(most) | Aim::Profit(most) => most,
    };
    if !(most >= 1.0 && most.is_finite()) {
        return Err(StackelbergError::Margin(most));
    }
    let slots = game.slots();
    let given: Vec<f64> = game.retailer().lambda.iter().map(|x| x.clamp(1.0, most)).collect();
    let begin = |lambda: Vec<f64>| -> Result<Search, StackelbergError> {
        let game = game.with_lambda(lambda)?;
        let equilibrium = solve(&game);
        let loss = aim.loss(&game, &equilibrium);
        Ok(Search { game, equilibrium, loss, tried: 1 })
    };
    let mut best = begin(vec![1.0; slots])?;
    let mut least = best.clone();
    for lambda in [given, vec![most; slots], level(game, most)] {
        let other = begin(lambda)?;
        best.offer(other.game, other.equilibrium, other.loss);
    }
    for search in [&mut best, &mut least] {
        let mut step = most - 1.0;
        for _ in 0..=HALVINGS {
            while step > 0.0 && search.round(aim, step, most) {}
            step /= 2.0;
        }
    }
    let tried = best.tried + least.tried;
    best.offer(least.game, least.equilibrium, least.loss);
    Ok(Led { game: best.game, equilibrium: best.equilibrium, tried })
}

/// Margins at which a flat load has the same price in all slots: that of the most expensive slot without a margin.
fn level(game: &StackelbergGame, most: f64) -> Vec<f64> {
    let retailer = game.retailer();
    let slots = game.slots() as f64;
    let load = game.energy() / slots;
    let marginal: Vec<f64> = retailer.a.iter().zip(&retailer.b).map(|(a, b)| a * load + b).collect();
    let dearest = marginal.iter().copied().fold(0.0, f64::max);
    // At zero marginal cost any margin is equivalent.
    let margin = |marginal: &f64| if *marginal > 0.0 { (dearest / marginal).clamp(1.0, most) } else { 1.0 };
    marginal.iter().map(margin).collect()
}

/// Best solution so far.
#[derive(Clone)]
struct Search {
    game: StackelbergGame,
    equilibrium: StackelbergEquilibrium,
    loss: [f64; 2],
    tried: usize,
}

impl Search {
    /// Stores a solution if it is better; returns whether it was.
    fn offer(&mut self, game: StackelbergGame, equilibrium: StackelbergEquilibrium, loss: [f64; 2]) -> bool {
        self.tried += 1;
        let better = less(loss, self.loss);
        if better {
            (self.game, self.equilibrium, self.loss) = (game, equilibrium, loss);
        }
        better
    }

    /// Tries each slot alone, all together and the load's peaks against its valleys, up and down; returns whether any
    /// trial was better.
    fn round(&mut self, aim: Aim, step: f64, most: f64) -> bool {
        let slots = self.game.slots();
        let mut better = false;
        for which in 0..slots + 2 {
            for sign in [1.0, -1.0] {
                let load = &self.equilibrium.load;
                let mean = load.iter().sum::<f64>() / slots as f64;
                let moves = |t: usize| match which {
                    _ if which < slots => f64::from(u8::from(t == which)),
                    _ if which == slots => 1.0,
                    _ if load[t] > mean => 1.0,
                    _ => -1.0,
                };
                let old = &self.game.retailer().lambda;
                let lambda: Vec<f64> =
                    (0..slots).map(|t| (old[t] + sign * step * moves(t)).clamp(1.0, most)).collect();
                if lambda == *old {
                    continue;
                }
                let game = self.game.with_margins(lambda);
                let start = Start::Plans(&self.equilibrium.plans);
                let equilibrium = solve_from(&game, start, Conduct::Simultaneous);
                let loss = aim.loss(&game, &equilibrium);
                better |= self.offer(game, equilibrium, loss);
            }
        }
        better
    }
}
