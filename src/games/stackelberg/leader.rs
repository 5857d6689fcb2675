//! What the retailer does with its margins: keeps them, or chooses them for a flat load or for profit.
//!
//! To choose margins knowing how users will answer is a programme with another one inside it. It is neither convex nor
//! smooth: whole hours of vehicles jump, and where all households are at their bounds nothing moves. So margins are
//! searched by coordinates: each slot's margin, and all together, a step up and down, kept where that is better, with
//! steps that are halved until they are small (compass search: T. G. Kolda, R. M. Lewis and V. Torczon, SIAM Review
//! 45, 2003). The start is the best of three: the margins given, all 1, all the most allowed. What is found is never
//! worse than any of these; that nothing is better is not shown.

use super::answers::{Answers, Start};
use super::model::Game;
use super::{Equilibrium, solve, solve_from};
use crate::error::{InputError, Result};

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
    /// What is to be small.
    fn loss(self, equilibrium: &Equilibrium) -> f64 {
        match self {
            Self::Profit(_) => -equilibrium.profit(),
            Self::Marginal | Self::Flatten(_) => equilibrium.unevenness(),
        }
    }
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
    let mut search: Option<Search> = None;
    for lambda in [given, vec![1.0; slots], vec![most; slots]] {
        let game = game.with_lambda(lambda)?;
        let equilibrium = solve(&game);
        let loss = aim.loss(&equilibrium);
        match &mut search {
            Some(search) => {
                search.offer(game, equilibrium, loss);
            }
            None => search = Some(Search { game, equilibrium, loss, tried: 1 }),
        }
    }
    let Some(mut search) = search else { unreachable!("three starts") };
    let mut step = (most - 1.0) / 2.0;
    for _ in 0..=HALVINGS {
        while step > 0.0 && search.round(aim, step, most) {}
        step /= 2.0;
    }
    Ok(Led { game: search.game, equilibrium: search.equilibrium, tried: search.tried })
}

/// The best so far.
struct Search {
    game: Game,
    equilibrium: Equilibrium,
    loss: f64,
    tried: usize,
}

impl Search {
    /// Keeps it, if it is better.
    fn offer(&mut self, game: Game, equilibrium: Equilibrium, loss: f64) -> bool {
        self.tried += 1;
        let better = loss < self.loss - WORTH_A_MOVE * self.loss.abs();
        if better {
            (self.game, self.equilibrium, self.loss) = (game, equilibrium, loss);
        }
        better
    }

    /// Tries all slots together and each alone, up and down; whether anything was better.
    fn round(&mut self, aim: Aim, step: f64, most: f64) -> bool {
        let slots = self.game.slots();
        let mut better = false;
        for which in std::iter::once(None).chain((0..slots).map(Some)) {
            for signed in [step, -step] {
                let mut game = self.game.clone();
                let mut moves = false;
                for t in which.map_or(0..slots, |t| t..t + 1) {
                    let old = game.retailer().lambda[t];
                    let new = (old + signed).clamp(1.0, most);
                    moves |= new != old;
                    game.set_lambda(t, new);
                }
                if moves {
                    let start = Start::Plans(&self.equilibrium.plans);
                    let equilibrium = solve_from(&game, start, Answers::Together);
                    let loss = aim.loss(&equilibrium);
                    better |= self.offer(game, equilibrium, loss);
                }
            }
        }
        better
    }
}
