//! Targets `coop-table1` to `coop-fig6`: fleets that serve rides of lower Manhattan alone, side by side, and together.
//!
//! | file | what |
//! |---|---|
//! | `source` | instances: rides, depots, stations, the feeder |
//! | `tables` | tables I to III |
//! | `shares` | figures 4 and 5: the Core and the Shapley value of three and of four fleets |
//! | `fig6` | energy by number of fleets |
//!
//! The paper's instance is not published. Its numbers are therefore shown beside ours, and its statements are checked:
//! the result is the number of random instances in which each of them holds.

mod fig6;
mod shares;
mod source;
mod tables;

use super::{Context, Finding, Target};
use crate::error::Result;
use crate::games::coalition::{Coalition, CooperativeGame};
use crate::routing::router::game;
use crate::routing::{Demand, Instance, RoutePlan, Router};
use source::{Customers, Depots, Rides, Size};

/// Default number of instances.
const INSTANCES: u32 = 40;
/// Case B of the paper: three fleets, five stations, twelve customers.
const CASE_B: Size =
    Size { fleets: 3, stations: 5, trips: 12, customers: Customers::Rides, depots: Depots::Anywhere };
/// Case C: four fleets, one of them far away, six stations, fifteen customers.
const CASE_C: Size =
    Size { fleets: 4, stations: 6, trips: 15, customers: Customers::Rides, depots: Depots::FirstFar };
/// Differences below this count as zero: money or energy.
const EQUAL: f64 = 1e-6;

const fn target(
    name: &'static str,
    title: &'static str,
    source: &'static str,
    run: fn(&Context<'_>) -> Result<super::Outcome>,
) -> Target {
    Target { name, title, source, replications: Some(INSTANCES), run }
}

/// Table I.
pub const TABLE_1: Target = target(
    "coop-table1",
    "Fleets whose riders choose among them",
    "Oladimeji and others, table I",
    tables::table_1,
);
/// Table II.
pub const TABLE_2: Target = target(
    "coop-table2",
    "Fleets of which the best placed serves",
    "Oladimeji and others, table II",
    tables::table_2,
);
/// Table III.
pub const TABLE_3: Target = target(
    "coop-table3",
    "Costs and shares of coalitions of three fleets",
    "Oladimeji and others, table III",
    tables::table_3,
);
/// Figure 4.
pub const CORE_3: Target = target(
    "coop-core3",
    "Core and Shapley value of three fleets",
    "Oladimeji and others, figure 4",
    shares::core_3,
);
/// Figure 5.
pub const CORE_4: Target = target(
    "coop-core4",
    "Core and Shapley value of four fleets",
    "Oladimeji and others, figure 5",
    shares::core_4,
);
/// Figure 6.
pub const FIG_6: Target = target(
    "coop-fig6",
    "Energy by number of fleets and customers",
    "Oladimeji and others, figure 6",
    fig6::fig_6,
);

/// An instance with the best plan of each coalition.
struct Solved {
    instance: Instance,
    /// By coalition, the empty one first.
    plans: Vec<RoutePlan>,
    game: CooperativeGame,
    /// Number of binding limits of connectors and feeder.
    binding: usize,
}

impl Solved {
    fn of(instance: Instance, demand: Demand) -> Result<Self> {
        let mut router = Router::new(&instance)?;
        let plans = router.coalitions(demand)?;
        let binding = router.work().limits[1];
        let fleets = instance.fleets.len();
        let game = game(fleets, &plans);
        let plans: Vec<RoutePlan> = plans.into_iter().collect::<std::result::Result<_, _>>()?;
        let game = game.ok_or_else(|| crate::error::Error::Other("a coalition without a cost".to_owned()))?;
        Ok(Self { instance, plans, game, binding })
    }

    /// Energy driven by a coalition's plan [kWh].
    fn energy(&self, coalition: Coalition) -> f64 {
        self.plans[coalition.place()].used(&self.instance).driven_kwh
    }

    /// Mean distance from a fleet's depot to the pick-ups and back from the drop-offs [km].
    fn distance(&self, fleet: usize) -> f64 {
        let depot = self.instance.vehicles[fleet].depot;
        let km = &self.instance.travel.km;
        let way = |trip: &crate::routing::Trip| km[depot][trip.from] + km[trip.to][depot];
        self.instance.trips.iter().map(way).sum::<f64>() / self.instance.trips.len() as f64
    }

    /// Fleets in the order of the paper's numbering: in its case B, fleet 1 costs least alone, fleet 2 most.
    fn as_in_case_b(&self) -> [usize; 3] {
        let mut order = [0, 1, 2];
        order.sort_by(|&a, &b| self.game.alone(a).total_cmp(&self.game.alone(b)));
        [order[0], order[2], order[1]]
    }
}

/// Draws as many instances as there are replications and runs `work` on each.
fn each<T: Send>(
    context: &Context<'_>,
    size: Size,
    work: impl Fn(Instance, u32) -> Result<T> + Sync,
) -> Result<(Vec<T>, Vec<String>)> {
    let rides = Rides::read(context)?;
    let replications: Vec<u32> = (0..context.replications()).collect();
    let results = context.map(&replications, |&i| work(rides.draw(size, context.streams(i))?, i))?;
    let assumed = "Not published and assumed: where depots and stations are, five vehicles of 24 kWh to a fleet that start \
                   with 5 to 20 % of it and use 0.2 kWh/km, 22 kW stations, 2 $ for an hour at a station outside the depot, \
                   20 $ for a ride not served, pick-ups up to 15 minutes late, the feeder (Baran and Wu, at 74 to 80 % load, \
                   1.02 per unit at its source); a customer node is read as a ride (`coop-table3` has other readings).";
    Ok((results, vec![rides.note, assumed.to_owned()]))
}

/// A property that the paper states for its one instance: it must hold in more than half of all instances.
fn mostly(text: &str, held: impl IntoIterator<Item = bool>) -> Finding {
    let (held, total) = counted(held);
    Finding::mostly(text, held, total)
}

/// A property that every instance has, because coalitions may do what their members do alone.
fn follows(text: &str, held: impl IntoIterator<Item = bool>) -> Finding {
    let (held, total) = counted(held);
    Finding::follows(text, held, total)
}

/// A property that the paper shows to be possible.
fn shown(text: &str, held: impl IntoIterator<Item = bool>) -> Finding {
    let (held, total) = counted(held);
    Finding::shown(text, held, total)
}

/// Number of instances with a property, and of all.
fn counted(held: impl IntoIterator<Item = bool>) -> (usize, usize) {
    held.into_iter().fold((0, 0), |(held, total), holds| (held + usize::from(holds), total + 1))
}
