//! A retailer who makes prices, and households and battery vehicles that answer to them.
//!
//! The retailer's price of a slot is its marginal cost at the load of all users, times a margin (`lambda`). Households move
//! their load within the day; vehicles charge, rest or feed back while they are at home, and are full when they leave.
//! Users answer to the price, which is renewed as they answer, until nothing changes: the Stackelberg equilibrium at
//! these margins. Households and vehicles of one owner answer apart, for at given prices nothing ties them.
//!
//! | file | what |
//! |---|---|
//! | `model` | the retailer, a household, a vehicle, the game |
//! | `household`, `vehicle` | the best answer of each, exact |
//! | `plans` | what all do, and the potential |
//! | `settle`, `answers` | how users come to rest |
//! | `bound` | how far from the least potential they can be |
//! | `leader` | margins that the retailer chooses itself |
//! | `drivers`, `case` | the paper's case: drivers drawn at random, three groups of homes |
//!
//! A slot is an hour, so that kW and kWh of a slot are the same number. Money is in any unit; the paper's prices are
//! cents per kWh.
//!
//! Source: B. Azimian, R. Faraji Fijani, E. Ghotbi and X. Wang, "Stackelberg game approach on modeling of supply demand
//! behavior considering BEV uncertainty".
//!
#![doc = include_str!("../../../docs/equations/rendered/stackelberg.md")]

mod answers;
mod bound;
pub mod case;
pub mod drivers;
mod household;
mod leader;
mod model;
mod plans;
mod settle;
mod vehicle;

pub use answers::{
    Answers, Ending, MOST_ROUNDS, Run, Start, best_loads, best_schedule, cheapest_schedule, run,
};
pub use bound::{Bound, bound, bound_at};
pub use leader::{Aim, Led, lead};
pub use model::{Game, Household, Retailer, Vehicle, within};
pub use plans::Plans;
pub use vehicle::follows;

/// What everybody does, pays and gets.
#[derive(Debug, Clone, PartialEq)]
pub struct Equilibrium {
    /// What each user does.
    pub plans: Plans,
    /// What all draw \[T\] in kW.
    pub load: Vec<f64>,
    /// Price of each slot \[T\] in money/kWh.
    pub prices: Vec<f64>,
    /// What each household pays for the day; of one, where several are equal.
    pub household_payments: Vec<f64>,
    /// What each vehicle pays for the day, less what it gets for feeding back.
    pub vehicle_payments: Vec<f64>,
    /// What all pay together.
    pub payments: f64,
    /// What it costs the retailer to serve the load.
    pub cost: f64,
    /// The potential.
    pub potential: f64,
    /// Slots in which the load is above what the retailer can generate.
    pub over_capacity: Vec<usize>,
    /// How the answers ended.
    pub ending: Ending,
    /// Rounds of answers.
    pub rounds: usize,
}

impl Equilibrium {
    /// With the prices and payments that follow from the plans.
    fn of(game: &Game, run: Run) -> Self {
        let retailer = game.retailer();
        let load = run.plans.load(game);
        let prices = retailer.prices(&load);
        let paid = |x: &mut dyn Iterator<Item = f64>| x.zip(&prices).map(|(x, price)| x * price).sum::<f64>();
        let household_payments = run.plans.households.iter().map(|x| paid(&mut x.iter().copied())).collect();
        let vehicle_payments = game
            .vehicles()
            .iter()
            .zip(&run.plans.vehicles)
            .map(|(vehicle, s)| paid(&mut s.iter().map(|s| f64::from(*s) * vehicle.rated_kw)))
            .collect();
        Self {
            household_payments,
            vehicle_payments,
            payments: paid(&mut load.iter().copied()),
            cost: retailer.cost(&load),
            potential: run.potentials.last().copied().unwrap_or(f64::NAN),
            over_capacity: (0..load.len()).filter(|&t| load[t] > retailer.capacity[t]).collect(),
            ending: run.ending,
            rounds: run.potentials.len() - 1,
            plans: run.plans,
            load,
            prices,
        }
    }

    /// What the retailer keeps: payments less cost.
    pub fn profit(&self) -> f64 {
        self.payments - self.cost
    }

    /// Sum over the slots of the squared distance of the load from its mean (equation 4 of the paper).
    pub fn unevenness(&self) -> f64 {
        let mean = self.load.iter().sum::<f64>() / self.load.len() as f64;
        self.load.iter().map(|g| (g - mean) * (g - mean)).sum()
    }

    /// The greatest load [kW].
    pub fn peak(&self) -> f64 {
        self.load.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }
}

/// The equilibrium at the margins of the game, from what users would do were there no load at all.
pub fn solve(game: &Game) -> Equilibrium {
    let prices = game.retailer().prices(&vec![0.0; game.slots()]);
    solve_from(game, Start::Prices(&prices), Answers::Together)
}

/// The equilibrium to which answers of a kind lead from a start.
pub fn solve_from(game: &Game, start: Start<'_>, answers: Answers) -> Equilibrium {
    Equilibrium::of(game, run(game, start, answers, MOST_ROUNDS))
}
