//! What the retailer does with its margins: keeps them, or chooses them for a flat load or for profit.
//!
//! To choose margins knowing how users will answer is a programme with another one inside it. It is neither convex nor
//! smooth: whole hours of vehicles jump, and where all households are at their bounds nothing moves. So margins are
//! searched by steps: each slot's margin up or down, all together, and up where the load is above its mean with down
//! elsewhere; kept where that is better, with steps that are halved until they are small (pattern search: T. G. Kolda, R.
//! M. Lewis and V. Torczon, SIAM Review 45, 2003). The start is the best of four: the margins given, all 1, all the most
//! allowed, and those at which a flat load would have the same price in all slots, as far as allowed; and once more all 1,
//! from where every margin has room to rise. What is found is never worse than any of these; that nothing is better is not
//! shown.

use super::answers::{Answers, Start};
use super::model::Game;
use super::{Equilibrium, solve, solve_from};
use gridfleet_core::error::{InputError, Result};

/// What the retailer is after.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aim {
    /// Keeps the margins of the game, as the paper does.
    Marginal,
    /// The flattest load, with margins from 1 to this.
    Flatten(f64),
    /// The greatest profit, with margins from 1 to this.
    Profit(f64),
}

impl Aim {
    /// What is to be small: first what is above the capacity, then what the retailer is after.
    fn loss(self, game: &Game, equilibrium: &Equilibrium) -> [f64; 2] {
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

/// What a retailer has chosen and what came of it.
#[derive(Debug, Clone)]
pub struct Led {
    /// The game with the chosen margins.
    pub game: Game,
    /// How users answer.
    pub equilibrium: Equilibrium,
    /// Equilibria that were computed on the way.
    pub tried: usize,
}

/// Halvings of the step; the last step is so small a part of the first.
const HALVINGS: u32 = 5;

/// Gains below this share of what is to be small do not count.
const WORTH_A_MOVE: f64 = 1e-9;

/// The equilibrium under a retailer with an aim.
///
/// # Errors
/// If the most margin is below 1 or no finite number.
pub fn lead(game: &Game, aim: Aim) -> Result<Led> {
    let most = match aim {
        Aim::Marginal => return Ok(Led { game: game.clone(), equilibrium: solve(game), tried: 1 }),
        Aim::Flatten(most) | Aim::Profit(most) => most,
    };
    if !(most >= 1.0 && most.is_finite()) {
        return Err(InputError::new(most.to_string(), "1 or a number above").key("leader.lambda_max").into());
    }
    let slots = game.slots();
    let given: Vec<f64> = game.retailer().lambda.iter().map(|x| x.clamp(1.0, most)).collect();
    let begin = |lambda: Vec<f64>| -> Result<Search> {
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

/// Margins at which a flat load has the same price in all slots: that of the dearest slot without a margin.
fn level(game: &Game, most: f64) -> Vec<f64> {
    let retailer = game.retailer();
    let slots = game.slots() as f64;
    let load = game.energy() / slots;
    let marginal: Vec<f64> = retailer.a.iter().zip(&retailer.b).map(|(a, b)| a * load + b).collect();
    let dearest = marginal.iter().copied().fold(0.0, f64::max);
    // Where nothing costs anything, any margin does.
    let margin = |marginal: &f64| if *marginal > 0.0 { (dearest / marginal).clamp(1.0, most) } else { 1.0 };
    marginal.iter().map(margin).collect()
}

/// The best so far.
#[derive(Clone)]
struct Search {
    game: Game,
    equilibrium: Equilibrium,
    loss: [f64; 2],
    tried: usize,
}

impl Search {
    /// Keeps it, if it is better.
    fn offer(&mut self, game: Game, equilibrium: Equilibrium, loss: [f64; 2]) -> bool {
        self.tried += 1;
        let better = less(loss, self.loss);
        if better {
            (self.game, self.equilibrium, self.loss) = (game, equilibrium, loss);
        }
        better
    }

    /// Tries each slot alone, all together and the load's hills against its valleys, up and down; whether anything was
    /// better.
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
                let equilibrium = solve_from(&game, start, Answers::Together);
                let loss = aim.loss(&game, &equilibrium);
                better |= self.offer(game, equilibrium, loss);
            }
        }
        better
    }
}
