//! A retailer that sets prices, and households and battery vehicles that respond to them.
//!
//! The retailer's price of a slot is its marginal cost at the load of all users, times a margin (`lambda`). Households
//! shift their load within the day; vehicles charge, rest or feed back while they are at home, and are full when they
//! leave. Users respond to the price, which is updated as they respond, until nothing changes: the Stackelberg
//! equilibrium at these margins. Households and vehicles of one owner respond separately, because nothing couples them
//! at given prices.
//!
//! | file | contents |
//! |---|---|
//! | `model` | the retailer, a household, a vehicle, the game |
//! | `household`, `vehicle` | the exact best response of each |
//! | `plans` | plans of all users, and the potential |
//! | `settle`, `answers` | convergence of the users' responses |
//! | `bound` | maximum distance from the minimum potential |
//! | `leader` | margins chosen by the retailer |
//! | `drivers`, `case` | the paper's case: randomly drawn drivers, three groups of homes |
//!
//! A slot is an hour, so that kW and kWh of a slot are the same number. Money may be in any unit; the paper's prices
//! are in cents per kWh.
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
    Conduct, Ending, MOST_ROUNDS, Run, Start, best_loads, best_schedule, cheapest_schedule, run,
};
pub use bound::{PotentialBound, bound, bound_at};
pub use leader::{Aim, Led, lead};
pub use model::{Household, Retailer, StackelbergGame, Vehicle, within};
pub use plans::Plans;
pub use vehicle::follows;

/// Plans, prices and payments at an equilibrium.
#[derive(Debug, Clone, PartialEq)]
pub struct StackelbergEquilibrium {
    /// Plans of all users.
    pub plans: Plans,
    /// Total load \[T\] in kW.
    pub load: Vec<f64>,
    /// Price of each slot \[T\] in money/kWh.
    pub prices: Vec<f64>,
    /// Daily payment of each household; of a single one, if several are equal.
    pub household_payments: Vec<f64>,
    /// Daily payment of each vehicle, net of revenue from feeding back.
    pub vehicle_payments: Vec<f64>,
    /// Total payments.
    pub payments: f64,
    /// Cost of the retailer for serving the load.
    pub cost: f64,
    /// The potential.
    pub potential: f64,
    /// Slots in which the load exceeds the capacity of the retailer.
    pub over_capacity: Vec<usize>,
    /// How the responses ended.
    pub ending: Ending,
    /// Number of rounds of responses.
    pub rounds: usize,
}

impl StackelbergEquilibrium {
    /// Computes the prices and payments that follow from the plans.
    fn of(game: &StackelbergGame, run: Run) -> Self {
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

    /// Profit of the retailer: payments minus cost.
    pub fn profit(&self) -> f64 {
        self.payments - self.cost
    }

    /// Sum over the slots of the squared distance of the load from its mean (equation 4 of the paper).
    pub fn unevenness(&self) -> f64 {
        let mean = self.load.iter().sum::<f64>() / self.load.len() as f64;
        self.load.iter().map(|g| (g - mean) * (g - mean)).sum()
    }

    /// Maximum load [kW].
    pub fn peak(&self) -> f64 {
        self.load.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }
}

/// Computes the equilibrium at the margins of the game, starting from the users' responses at zero load.
pub fn solve(game: &StackelbergGame) -> StackelbergEquilibrium {
    let prices = game.retailer().prices(&vec![0.0; game.slots()]);
    solve_from(game, Start::Prices(&prices), Conduct::Simultaneous)
}

/// Computes the equilibrium reached from a start in a response mode.
pub fn solve_from(game: &StackelbergGame, start: Start<'_>, conduct: Conduct) -> StackelbergEquilibrium {
    StackelbergEquilibrium::of(game, run(game, start, conduct, MOST_ROUNDS))
}
