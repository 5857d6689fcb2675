//! Plans of all users, and the potential that falls with each response.
//!
//! The potential is the sum over slots of `lambda_t (a_t / 2 g_t^2 + b_t g_t)`, minus the value of the energy to the
//! users: for a load x of a user in a slot, `omega x - theta / 2 x^2` (equation 9 of the paper). Its derivative with
//! respect to a user's load is the price minus the marginal value: at its minimum, no price taker can gain.

use super::model::{StackelbergGame, Vehicle};

/// The loads of all households and the schedules of all vehicles.
#[derive(Debug, Clone, PartialEq)]
pub struct Plans {
    /// Load of each household \[T\] in kW; of a single one, if several are equal.
    pub households: Vec<Vec<f64>>,
    /// Schedule of each vehicle \[T\]: 1 charges, 0 rests or is away, -1 feeds back.
    pub vehicles: Vec<Vec<i8>>,
}

impl Plans {
    /// Creates plans without any load, to be filled.
    pub(super) fn empty(game: &StackelbergGame) -> Self {
        let slots = game.slots();
        Self {
            households: vec![vec![0.0; slots]; game.households().len()],
            vehicles: vec![vec![0; slots]; game.vehicles().len()],
        }
    }

    /// Total load of the vehicles \[T\] in kW, net of energy fed back.
    pub fn vehicle_load(&self, game: &StackelbergGame) -> Vec<f64> {
        let mut load = vec![0.0; game.slots()];
        for (vehicle, schedule) in game.vehicles().iter().zip(&self.vehicles) {
            for (g, s) in load.iter_mut().zip(schedule) {
                *g += f64::from(*s) * vehicle.rated_kw;
            }
        }
        load
    }

    /// Total load of all users \[T\] in kW.
    pub fn load(&self, game: &StackelbergGame) -> Vec<f64> {
        let mut load = self.vehicle_load(game);
        for (household, x) in game.households().iter().zip(&self.households) {
            for (g, x) in load.iter_mut().zip(x) {
                *g += f64::from(household.count) * x;
            }
        }
        load
    }

    /// The potential.
    pub fn potential(&self, game: &StackelbergGame) -> f64 {
        supply(game, &self.load(game)) - self.worth(game)
    }

    /// Total value of the energy to all users.
    pub fn worth(&self, game: &StackelbergGame) -> f64 {
        let mut worth = 0.0;
        for (household, x) in game.households().iter().zip(&self.households) {
            let slots = x.iter().zip(&household.omega);
            let one: f64 = slots.map(|(x, omega)| (omega - household.theta / 2.0 * x) * x).sum();
            worth += f64::from(household.count) * one;
        }
        for (vehicle, schedule) in game.vehicles().iter().zip(&self.vehicles) {
            worth += vehicle_worth(vehicle, schedule);
        }
        worth
    }
}

/// The retailer's part of the potential: cost of the load if each kW is paid at its incremental price.
fn supply(game: &StackelbergGame, load: &[f64]) -> f64 {
    let retailer = game.retailer();
    let slot = |(t, g): (usize, &f64)| retailer.lambda[t] * (retailer.a[t] / 2.0 * g + retailer.b[t]) * g;
    load.iter().enumerate().map(slot).sum()
}

/// Value of a schedule to the owner of a vehicle.
pub(super) fn vehicle_worth(vehicle: &Vehicle, schedule: &[i8]) -> f64 {
    let hour = |s: &i8| {
        let x = f64::from(*s) * vehicle.rated_kw;
        (vehicle.omega - vehicle.theta / 2.0 * x) * x
    };
    schedule.iter().map(hour).sum()
}
