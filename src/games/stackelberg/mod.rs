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
//!
//! ## How it is solved
//!
//! Users are price takers, so their game has a potential: the cost of the load if each kW were paid at the price at
//! which it is added, less the value of the energy. In the code users' responses decrease it:
//!
//! - A response takes into account that it changes the price. It minimises the potential over the user's plan, so the
//!   potential decreases with every response and the iteration terminates. Homes are then at equilibrium as price
//!   takers. A vehicle, which cannot draw half its power, is so up to the effect of its own hours on the price. Taking
//!   the announced price as given is available for comparison; vehicles may then cycle forever, which is detected by
//!   comparing plans of earlier rounds (`answers`).
//! - A home's response is an allocation with one sum constraint: breakpoints of the multiplier, or Newton's steps from
//!   the multiplier of its last response, which end on the same straight line. A vehicle's response is a table over
//!   (slot, net hours charged, hours fed back): these three numbers contain all of the past that matters to the battery
//!   and to the active hours.
//! - Homes responding in turn would take about as many rounds as there are homes, because each reverses the effect of
//!   the one before it. Their equilibrium is unique, and its dual has one price per slot: Newton's method, as in
//!   `c_nash` (`settle`).
//!
//! **How good is it?** At any prices, users' least costs less the retailer's conjugate cost bound the potential from
//! below, whole hours included ([`bound()`]). At the equilibrium's prices the gap is exactly the amount that vehicles
//! could still gain as price takers. Frank-Wolfe steps reduce it further, nearly to the true duality gap. Equilibria
//! from other starts differ in loads by the draw of a vehicle or two, and in potential by less than the gap.
//!
//! **The leader** searches its margins by steps; the problem is neither convex nor smooth, and no optimality is
//! claimed.

mod answers;
mod bound;
pub mod case;
pub mod drivers;
mod error;
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
pub use error::{List, Player, PlayerProblem, Problem, Quantity, StackelbergError};
pub use leader::{Aim, Led, lead};
pub use model::{Household, Retailer, StackelbergGame, Vehicle};
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
