//! Minimum cost of a coalition, and of all coalitions, from one shared pool of schedules.
//!
//! Shared limits (connectors, voltages, branches) are considered only where they bind. The router starts with none of
//! them active and finds the best choice; if it violates a limit, the limit becomes active, the schedules discarded
//! without it are added to the pool, and the coalition is solved again. An optimal choice that satisfies the omitted
//! limits is also optimal with them, so the result is exact, and coalitions solved earlier remain solved.

use super::bound::{Choice, Chosen};
use super::instance::Instance;
use super::model::{RoutingModel, Shared};
use super::plan::RoutePlan;
use super::pool::{Active, Pool};
use crate::coalition::{Coalition, CooperativeGame};
use gridfleet_core::error::Error;
use std::collections::BTreeMap;

/// Riders served by a coalition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// All riders, regardless of the fleet requested.
    All,
    /// Riders of its members, and those without a requested fleet.
    Members,
}

/// Reason why a coalition has no plan.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unservable {
    /// Its vehicles cannot serve all mandatory trips, even without shared limits.
    #[error("its vehicles cannot serve {0}")]
    Trips(String),
    /// They could, but not within a shared limit.
    #[error("it cannot charge enough: at the least, {0}")]
    Limit(String),
    /// The instance is too large, or a solver failed.
    #[error("{0}")]
    Failed(String),
}

impl From<Unservable> for Error {
    fn from(why: Unservable) -> Self {
        Self::Other(why.to_string())
    }
}

impl From<crate::optimize::SolveError> for Unservable {
    fn from(error: crate::optimize::SolveError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// Computational work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RouterStats {
    /// Number of schedules in the pool.
    pub schedules: usize,
    /// Number of partial schedules.
    pub labels: usize,
    /// Number of limits that could ever bind, and number of those activated.
    pub limits: [usize; 2],
    /// Number of times the pool was generated.
    pub pools: usize,
}

/// Solves coalitions of one instance.
#[derive(Debug)]
pub struct Router<'a> {
    model: RoutingModel<'a>,
    /// Active rows, in ascending order.
    rows: Vec<usize>,
    active: Active,
    pool: Pool,
    /// Columns relevant to an earlier bound.
    hot: Vec<u32>,
    pools: usize,
}

/// Number of search paths after which a sharper bound pays off, and maximum number of triples that sharpen it. Assumed.
const ENOUGH_WAYS: usize = 20_000;
const MOST_TRIPLES: usize = 150;
/// Tolerance by which limits may be exceeded, in units of one connector.
const ROUNDING: f64 = 1e-7;

impl<'a> Router<'a> {
    /// Creates a router for an instance without problems.
    ///
    /// # Errors
    /// If there are too many schedules.
    pub fn new(instance: &'a Instance) -> Result<Self, Unservable> {
        let model = RoutingModel::new(instance);
        let active = Active::default();
        let pool = Pool::new(&model, &active).map_err(|error| Unservable::Failed(error.to_string()))?;
        Ok(Self { model, rows: Vec::new(), active, pool, hot: Vec::new(), pools: 1 })
    }

    /// Computes the least-cost plan of a coalition of fleets.
    ///
    /// # Errors
    /// If the coalition cannot serve its mandatory trips, with the reason, or if the solver fails.
    pub fn solve(&mut self, coalition: Coalition, demand: Demand) -> Result<RoutePlan, Unservable> {
        let instance = self.model.instance;
        let asks = |trip: &usize| match demand {
            Demand::All => true,
            Demand::Members => instance.trips[*trip].fleet.is_none_or(|fleet| coalition.contains(fleet)),
        };
        let trips = (0..instance.trips.len()).filter(asks).fold(0, |trips, trip| trips | 1 << trip);
        self.serve(coalition, trips)
    }

    /// Computes the least-cost plan of a coalition of fleets for these trips, one bit each.
    ///
    /// # Errors
    /// Same as [`solve`](Self::solve).
    pub fn serve(&mut self, coalition: Coalition, trips: u64) -> Result<RoutePlan, Unservable> {
        let chosen = self.settle(coalition, trips, false)?;
        let lost = self.must_be_served(&chosen.unserved);
        if lost.is_empty() {
            return Ok(self.plan(&chosen));
        }
        // Checks whether they could be served without shared limits.
        let rows = std::mem::take(&mut self.rows);
        let free = self.choose(coalition, trips, false);
        self.rows = rows;
        let free = free?;
        let lost_anyway = self.must_be_served(&free.unserved);
        if !lost_anyway.is_empty() {
            return Err(Unservable::Trips(self.names(&lost_anyway)));
        }
        let least = self.settle(coalition, trips, true)?;
        Err(Unservable::Limit(self.broken_limit(&self.plan(&least)).unwrap_or_else(|| self.names(&lost))))
    }

    /// Computes the best choice of all coalitions, or the reason why one has none; the empty coalition is first and
    /// costs nothing.
    ///
    /// # Errors
    /// If a solver fails; not if a coalition cannot serve its trips.
    pub fn coalitions(&mut self, demand: Demand) -> Result<Vec<Result<RoutePlan, Unservable>>, Unservable> {
        let fleets = self.model.instance.fleets.len();
        let empty = RoutePlan { schedules: Vec::new(), unserved: Vec::new(), cost: 0.0 };
        let mut plans = vec![Ok(empty)];
        for place in 1..1usize << fleets {
            match self.solve(Coalition::at(place), demand) {
                Err(Unservable::Failed(why)) => return Err(Unservable::Failed(why)),
                plan => plans.push(plan),
            }
        }
        Ok(plans)
    }

    /// Computational work so far.
    pub fn work(&self) -> RouterStats {
        RouterStats {
            schedules: self.pool.columns.len(),
            labels: self.pool.labels(),
            limits: [self.model.rows.len(), self.rows.len()],
            pools: self.pools,
        }
    }

    /// The best choice that keeps all limits, or violates them least.
    fn settle(&mut self, coalition: Coalition, trips: u64, elastic: bool) -> Result<Chosen, Unservable> {
        loop {
            let chosen = self.choose(coalition, trips, elastic)?;
            let broken = self.broken(&chosen);
            if broken.is_empty() {
                return Ok(chosen);
            }
            self.rows.extend(broken);
            self.rows.sort_unstable();
            self.active = Active::new(&self.model, &self.rows);
            self.pool =
                Pool::new(&self.model, &self.active).map_err(|e| Unservable::Failed(e.to_string()))?;
            self.pools += 1;
            self.hot.clear();
        }
    }

    /// The best choice under the active limits.
    fn choose(&mut self, coalition: Coalition, trips: u64, elastic: bool) -> Result<Chosen, Unservable> {
        let instance = self.model.instance;
        let members = coalition.players().fold(0u32, |members, fleet| members | 1 << fleet);
        let usable = |&place: &u32| {
            let column = &self.pool.columns[place as usize];
            members >> instance.vehicles[column.vehicles].fleet & 1 == 1
                && column.owners & !members == 0
                && column.trips & !trips == 0
        };
        let columns: Vec<u32> = (0..self.pool.columns.len() as u32).filter(usable).collect();
        // Higher than any cost of serving all trips: a mandatory trip is left unserved only if there is no alternative.
        let beyond = if elastic {
            let vehicles: usize = instance.vehicles.iter().map(|vehicles| vehicles.count).sum();
            1.0 + (self.rows.len() * vehicles) as f64
        } else {
            let cost = |most: f64, &place: &u32| most.max(self.pool.columns[place as usize].cost.abs());
            let penalties: f64 = instance.trips.iter().filter_map(|trip| trip.penalty).sum();
            1.0 + penalties + 2.0 * instance.trips.len() as f64 * columns.iter().fold(0.0, cost)
        };
        let penalty = |(i, trip): (usize, &super::instance::Trip)| {
            let given = if elastic { trip.penalty.map(|_| 0.0) } else { trip.penalty };
            (trips >> i & 1 == 1).then(|| given.unwrap_or(beyond))
        };
        let penalty = instance.trips.iter().enumerate().map(penalty).collect();
        let mut hot: Vec<u32> = self.hot.iter().copied().filter(usable).collect();
        let choice = Choice {
            model: &self.model,
            pool: &self.pool,
            active: &self.active,
            rows: &self.rows,
            columns,
            penalty,
            elastic,
        };
        let chosen = if elastic {
            let worth = choice.bound(&mut hot, &[])?;
            choice.least_broken(&worth)?
        } else {
            best(&choice, &mut hot)?
        };
        for place in hot {
            if !self.hot.contains(&place) {
                self.hot.push(place);
            }
        }
        Ok(chosen)
    }

    /// Inactive limits that are violated: for each slot, the most violated one of each kind.
    fn broken(&self, chosen: &Chosen) -> Vec<usize> {
        let plugged = self.plan(chosen).plugged_in(self.model.instance);
        let mut worst: BTreeMap<(usize, usize), (f64, usize)> = BTreeMap::new();
        for (place, row) in self.model.rows.iter().enumerate() {
            let taken: f64 =
                row.weight.iter().zip(&plugged).map(|(weight, n)| weight * n[row.slot] as f64).sum();
            let over = taken - row.room;
            if over <= ROUNDING || self.rows.binary_search(&place).is_ok() {
                continue;
            }
            let kind = match row.limit {
                Shared::Connectors(station) => 2 + station,
                Shared::Grid(crate::grid::Limit::Branch { .. }) => 1,
                Shared::Grid(_) => 0,
            };
            let entry = worst.entry((row.slot, kind)).or_insert((over, place));
            if over > entry.0 {
                *entry = (over, place);
            }
        }
        worst.into_values().map(|(_, place)| place).collect()
    }

    fn must_be_served(&self, unserved: &[usize]) -> Vec<usize> {
        let must = |trip: &usize| self.model.instance.trips[*trip].penalty.is_none();
        unserved.iter().copied().filter(must).collect()
    }

    fn names(&self, trips: &[usize]) -> String {
        let names: Vec<&str> =
            trips.iter().map(|&trip| self.model.instance.trips[trip].name.as_str()).collect();
        format!("trip{} {}", if names.len() == 1 { "" } else { "s" }, names.join(", "))
    }

    fn plan(&self, chosen: &Chosen) -> RoutePlan {
        let columns = chosen.columns.iter().map(|&place| &self.pool.columns[place as usize]);
        let schedules: Vec<_> = columns.map(|column| self.pool.schedule(column)).collect();
        let penalties = chosen.unserved.iter().filter_map(|&trip| self.model.instance.trips[trip].penalty);
        let cost = schedules.iter().map(|schedule| schedule.cost).chain(penalties).sum();
        RoutePlan { schedules, unserved: chosen.unserved.clone(), cost }
    }

    /// Description of the limit most violated by a plan.
    fn broken_limit(&self, plan: &RoutePlan) -> Option<String> {
        let instance = self.model.instance;
        let mut worst_breach: Option<(f64, String)> = None;
        for (slot, flow) in plan.flows(instance).iter().enumerate() {
            let grid = instance.grid.as_ref()?;
            if let Some(worst) = grid.limits.breaches(&grid.feeder, flow).first()
                && worst_breach.as_ref().is_none_or(|(by, _)| worst.by > *by)
            {
                let words = worst.description(&grid.feeder, &grid.limits, flow);
                worst_breach = Some((worst.by, format!("in slot {slot} {words}")));
            }
        }
        let connectors = || {
            for (station, plugged) in instance.stations.iter().zip(plan.plugged_in(instance)) {
                if let Some(slot) = plugged.iter().position(|n| *n > station.connectors) {
                    let (need, has) = (plugged[slot], station.connectors);
                    return Some(format!(
                        "station {} needs {need} connectors in slot {slot} and has {has}",
                        station.name
                    ));
                }
            }
            None
        };
        worst_breach.map(|(_, words)| words).or_else(connectors)
    }
}

/// The best choice: by the plain search, then with a sharper bound each time the search grows too large.
fn best(choice: &Choice<'_>, hot: &mut Vec<u32>) -> Result<Chosen, Unservable> {
    let (mut triples, mut sharp) = (Vec::new(), false);
    loop {
        let worth = choice.bound(hot, &triples)?;
        let most = if sharp { usize::MAX } else { ENOUGH_WAYS };
        if let Some(chosen) = choice.best(&worth, most) {
            return Ok(chosen);
        }
        let cuts = choice.cuts(hot, &triples)?;
        sharp = cuts.is_empty() || triples.len() > MOST_TRIPLES;
        triples.extend(cuts);
    }
}

/// The cost game of all coalitions; `None` if a coalition cannot serve its trips.
pub fn game(fleets: usize, plans: &[Result<RoutePlan, Unservable>]) -> Option<CooperativeGame> {
    let cost = |coalition: Coalition| plans[coalition.place()].as_ref().map_or(f64::NAN, |plan| plan.cost);
    CooperativeGame::costs(fleets, cost).ok()
}
