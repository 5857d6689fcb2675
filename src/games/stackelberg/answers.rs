//! Best-response dynamics: users respond to the price and the price is updated, until nothing changes.
//!
//! In the paper users respond one after another, each to the broadcast price, which is updated after each response. Two
//! interpretations are implemented, and a shortcut:
//!
//! - [`Conduct::PriceMaking`]: a user knows that its response changes the price, and pays each kW at the resulting
//!   price. It therefore minimises the potential over its own plan: the potential falls with every response that
//!   changes anything, and the process terminates. A household then stops where the current price equals its marginal
//!   value of energy: it could not gain as a price taker. A vehicle, whose load is discrete, could gain at most
//!   `lambda a / 2` times the square of the load that it moves; [`bound`](super::bound) computes the total.
//! - [`Conduct::PriceTaking`]: a user takes the announced price as given. The potential still falls with the responses
//!   of households whose theta is at least the price increase per kW of their load; those with a smaller theta may
//!   oscillate forever, and vehicles may cycle. This is detected and reported.
//! - [`Conduct::Simultaneous`]: like the first, but all households respond at once with the limit of their sequential
//!   responses (`settle`). The potential falls likewise. It is the fastest and the default.

use super::household::Divider;
use super::model::{Household, StackelbergGame, Vehicle};
use super::plans::{Plans, vehicle_worth};
use super::settle::{Settlement, answer};
use super::vehicle::Planner;
use serde::Serialize;

/// Conduct of the users.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Conduct {
    /// Households all at once, vehicles one after another; all anticipate the price update.
    #[default]
    Simultaneous,
    /// One after another; each anticipates the price update.
    PriceMaking,
    /// One after another, each to the announced price. Households grouped with a `count` respond at once, so that many
    /// of them overshoot where a single one would not.
    PriceTaking,
}

/// Initial plans of the users.
#[derive(Debug, Clone, Copy)]
pub enum Start<'a> {
    /// The responses to these prices \[T\], without any other user.
    Prices(&'a [f64]),
    /// The given plans.
    Plans(&'a Plans),
}

/// How the run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// No user changes its plan any more.
    Settled,
    /// The plans repeat after this number of rounds, and would do so forever.
    Cycle(usize),
    /// Some plans still changed in the last permitted round.
    Unsettled,
}

/// Result of the responses.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Final plans of all users.
    pub plans: Plans,
    /// How the run ended.
    pub ending: Ending,
    /// The potential at the start and after each round.
    pub potentials: Vec<f64>,
    /// Largest increase of the potential by a single response; 0 if none.
    pub largest_rise: f64,
}

/// Maximum number of rounds of a run.
pub const MOST_ROUNDS: usize = 2_000;

/// Change of a household's load that counts as zero, as a fraction of its maximum load.
const STILL: f64 = 1e-9;

/// Number of past rounds compared to detect a cycle.
const REMEMBERED: usize = 24;

/// Lets users respond until nothing changes, a cycle occurs, or `most_rounds` are over.
///
/// # Panics
/// If the size of the start differs from that of the game.
pub fn run(game: &StackelbergGame, start: Start<'_>, conduct: Conduct, most_rounds: usize) -> Run {
    let mut table = Table::new(game, start);
    let mut potentials = vec![table.plans.potential(game)];
    let mut past: Vec<Plans> = Vec::new();
    let mut ending = Ending::Unsettled;
    for round in 0..most_rounds {
        if conduct == Conduct::PriceTaking {
            if past.len() == REMEMBERED {
                past.remove(0);
            }
            past.push(table.plans.clone());
        }
        let changed = table.round(conduct);
        potentials.push(table.plans.potential(game));
        if !changed {
            ending = Ending::Settled;
            break;
        }
        let same = past.iter().rev().position(|plans| alike(game, plans, &table.plans));
        if let Some(back) = same {
            ending = Ending::Cycle(back + 1);
            break;
        }
        // Incrementally updated sums must not drift.
        if round % 16 == 15 {
            table.load = table.plans.load(game);
        }
    }
    Run { ending, potentials, largest_rise: table.largest_rise, plans: table.plans }
}

/// Whether two plans are equal up to rounding, far below the threshold of a change.
fn alike(game: &StackelbergGame, a: &Plans, b: &Plans) -> bool {
    let near = |household: &Household, x: &[f64], y: &[f64]| {
        let size = greatest(household);
        x.iter().zip(y).all(|(x, y)| (x - y).abs() <= 1e-3 * STILL * size)
    };
    a.vehicles == b.vehicles
        && game
            .households()
            .iter()
            .zip(a.households.iter().zip(&b.households))
            .all(|(household, (x, y))| near(household, x, y))
}

fn greatest(household: &Household) -> f64 {
    household.high.iter().copied().fold(f64::MIN_POSITIVE, f64::max)
}

/// The state of a run.
struct Table<'a> {
    game: &'a StackelbergGame,
    plans: Plans,
    /// Total load \[T\].
    load: Vec<f64>,
    settlement: Settlement,
    divider: Divider,
    costs: Costs,
    largest_rise: f64,
}

impl<'a> Table<'a> {
    fn new(game: &'a StackelbergGame, start: Start<'_>) -> Self {
        let retailer = game.retailer();
        let mut divider = Divider::default();
        let mut costs = Costs::default();
        let plans = match start {
            Start::Plans(plans) => plans.clone(),
            Start::Prices(prices) => {
                assert_eq!(prices.len(), game.slots(), "one price for each slot");
                let mut plans = Plans::empty(game);
                for (household, x) in game.households().iter().zip(&mut plans.households) {
                    answer(&mut divider, household, prices, f64::NAN, x);
                }
                for (vehicle, schedule) in game.vehicles().iter().zip(&mut plans.vehicles) {
                    costs.plan(vehicle, |t| (prices[t], 0.0), schedule);
                }
                plans
            }
        };
        let load = plans.load(game);
        let settlement = Settlement::new(game, retailer.prices(&load));
        Self { game, plans, load, settlement, divider, costs, largest_rise: 0.0 }
    }

    /// Lets every user respond once; returns whether any plan has changed.
    fn round(&mut self, conduct: Conduct) -> bool {
        let mut changed = false;
        if conduct == Conduct::Simultaneous {
            changed |= self.settle();
        } else {
            for i in 0..self.game.households().len() {
                changed |= self.household(i, conduct);
            }
        }
        for i in 0..self.game.vehicles().len() {
            changed |= self.vehicle(i, conduct);
        }
        changed
    }

    /// Moves all households to their joint equilibrium; returns whether any load has changed.
    fn settle(&mut self) -> bool {
        let vehicles = self.plans.vehicle_load(self.game);
        self.settlement.find(self.game, &vehicles);
        let mut changed = false;
        for ((household, old), new) in
            self.game.households().iter().zip(&mut self.plans.households).zip(&self.settlement.loads)
        {
            changed |= moved(household, old, new);
            old.copy_from_slice(new);
        }
        self.load = self.plans.load(self.game);
        changed
    }

    /// Response of household `i`. Equal households respond alike and at once.
    fn household(&mut self, i: usize, conduct: Conduct) -> bool {
        let (retailer, household) = (self.game.retailer(), &self.game.households()[i]);
        let count = f64::from(household.count);
        let old = &mut self.plans.households[i];
        let divider = &mut self.divider;
        divider.give.clear();
        divider.linear.clear();
        for (t, x) in old.iter().enumerate() {
            let (own, slope) = match conduct {
                Conduct::PriceTaking => (0.0, 0.0),
                _ => (count * x, count * retailer.slope(t)),
            };
            divider.give.push(1.0 / (household.theta + slope));
            divider.linear.push(retailer.price(t, self.load[t] - own) - household.omega[t]);
        }
        let mut new = vec![0.0; old.len()];
        divider.divide(&household.low, &household.high, household.energy, f64::NAN, &mut new);
        let mut rise = 0.0;
        for t in 0..old.len() {
            let move_t = count * (new[t] - old[t]);
            let middle = self.load[t] + move_t / 2.0;
            let worth = household.omega[t] - household.theta / 2.0 * (new[t] + old[t]);
            rise += move_t * (retailer.price(t, middle) - worth);
            self.load[t] += move_t;
        }
        let changed = moved(household, old, &new);
        if changed {
            self.largest_rise = self.largest_rise.max(rise);
        }
        *old = new;
        changed
    }

    /// Response of vehicle `i`; its plan only changes if it gains.
    fn vehicle(&mut self, i: usize, conduct: Conduct) -> bool {
        let (retailer, vehicle) = (self.game.retailer(), &self.game.vehicles()[i]);
        let old = &mut self.plans.vehicles[i];
        let load = &self.load;
        let price = |t: usize| match conduct {
            Conduct::PriceTaking => (retailer.price(t, load[t]), 0.0),
            _ => {
                let others = load[t] - f64::from(old[t]) * vehicle.rated_kw;
                (retailer.price(t, others), retailer.slope(t))
            }
        };
        let mut new = vec![0; old.len()];
        let best = self.costs.plan(vehicle, price, &mut new);
        let present = self.costs.of(old);
        if *old == new || best >= present - 1e-10 * (1.0 + present.abs()) {
            return false;
        }
        let mut rise = vehicle_worth(vehicle, old) - vehicle_worth(vehicle, &new);
        for t in 0..old.len() {
            let move_t = (f64::from(new[t]) - f64::from(old[t])) * vehicle.rated_kw;
            rise += move_t * retailer.price(t, self.load[t] + move_t / 2.0);
            self.load[t] += move_t;
        }
        self.largest_rise = self.largest_rise.max(rise);
        *old = new;
        true
    }
}

/// Whether a household's load has changed by more than rounding.
fn moved(household: &Household, old: &[f64], new: &[f64]) -> bool {
    let still = STILL * greatest(household);
    old.iter().zip(new).any(|(old, new)| (old - new).abs() > still)
}

/// Cost of an hour of charging or feeding back for a vehicle in each slot, and its best schedule.
#[derive(Debug, Default)]
pub(super) struct Costs {
    charge: Vec<f64>,
    feed: Vec<f64>,
    planner: Planner,
}

impl Costs {
    /// Computes the best schedule at prices, each with its increase per kW of the vehicle; returns the cost of the
    /// schedule.
    pub fn plan(
        &mut self,
        vehicle: &Vehicle,
        price: impl Fn(usize) -> (f64, f64),
        schedule: &mut [i8],
    ) -> f64 {
        let power = vehicle.rated_kw;
        self.charge.clear();
        self.feed.clear();
        for t in 0..schedule.len() {
            let (price, slope) = price(t);
            let bent = (vehicle.theta + slope) / 2.0 * power * power;
            self.charge.push((price - vehicle.omega) * power + bent);
            self.feed.push((vehicle.omega - price) * power + bent);
        }
        self.planner.plan(vehicle, &self.charge, &self.feed, schedule)
    }

    /// Cost of another schedule of the vehicle planned last.
    pub fn of(&self, schedule: &[i8]) -> f64 {
        let hour = |(t, s): (usize, &i8)| match s {
            1 => self.charge[t],
            -1 => self.feed[t],
            _ => 0.0,
        };
        schedule.iter().enumerate().map(hour).sum()
    }
}

/// Best response of a household to given prices \[T\]: its loads \[T\] in kW.
///
/// # Panics
/// If the number of prices differs from the number of slots.
pub fn best_loads(household: &Household, prices: &[f64]) -> Vec<f64> {
    assert_eq!(household.low.len(), prices.len(), "one price for each slot");
    let mut x = vec![0.0; prices.len()];
    answer(&mut Divider::default(), household, prices, f64::NAN, &mut x);
    x
}

/// Best response of a vehicle to given prices \[T\]: its schedule \[T\].
///
/// # Panics
/// If its stay exceeds the slots of the prices.
pub fn best_schedule(vehicle: &Vehicle, prices: &[f64]) -> Vec<i8> {
    let mut schedule = vec![0; prices.len()];
    Costs::default().plan(vehicle, |t| (prices[t], 0.0), &mut schedule);
    schedule
}

/// Least-cost schedule \[T\] of a vehicle for which an hour of charging costs `charge` \[T\] and an hour of feeding
/// back costs `feed` \[T\]; infinite where it is impossible. Intended for vehicles with energy losses or wear costs,
/// for which the two are not opposites. An hour of feeding back must take no more from the battery than an hour of
/// charging adds.
///
/// # Panics
/// If the lists differ in length, or the stay exceeds them.
pub fn cheapest_schedule(vehicle: &Vehicle, charge: &[f64], feed: &[f64]) -> Vec<i8> {
    assert_eq!(charge.len(), feed.len(), "one cost of each kind for each slot");
    let mut schedule = vec![0; charge.len()];
    Planner::default().plan(vehicle, charge, feed, &mut schedule);
    schedule
}
