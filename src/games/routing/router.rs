//! Minimum cost of a coalition, and of all coalitions, from one shared pool of schedules.
//!
//! Shared limits (connectors, voltages, branches) are considered only where they bind. The router starts with none of
//! them active and finds the best choice; if it violates a limit, the limit becomes active, the schedules discarded
//! without it are added to the pool, and the coalition is solved again. An optimal choice that satisfies the omitted
//! limits is also optimal with them, so the result is exact, and coalitions solved earlier remain solved.

use super::bound::{Choice, Chosen};
use super::instance::{Instance, Trip};
use super::model::{RoutingModel, Shared};
use super::near::Near;
use super::plan::{RoutePlan, Schedule};
use super::pool::{Active, Column, Pool, TooMany};
use crate::coalition::{Coalition, CooperativeGame};
use crate::optimize::SolveError;
use gridfleet_core::error::Error;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Riders served by a coalition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// All riders, regardless of the fleet requested.
    All,
    /// Riders of its members, and those without a requested fleet.
    Members,
}

/// Reason why a coalition has no plan. The caller may go on with other coalitions.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Unservable {
    /// Its vehicles cannot serve all mandatory trips, even without shared limits.
    #[error("its vehicles cannot serve {0}")]
    Trips(String),
    /// They could, but not within a shared limit.
    #[error("it cannot charge enough: at the least, {0}")]
    Limit(String),
    /// The instance is too large: a plan may exist. A smaller instance is needed.
    #[error(transparent)]
    TooLarge(#[from] TooMany),
    /// The solver failed: a plan may exist.
    #[error(transparent)]
    Solver(#[from] SolveError),
}

impl Unservable {
    /// Whether a plan may exist that could not be computed.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::TooLarge(_) | Self::Solver(_))
    }
}

impl From<Unservable> for Error {
    fn from(why: Unservable) -> Self {
        Self::failed(why)
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
    no_limits: Active,
    /// All schedules without limits.
    pool: Pool,
    /// Columns of the pool relevant to an earlier bound.
    hot: Vec<u32>,
    /// Schedules relevant to an earlier bound with limits.
    known: Vec<Schedule>,
    /// Cost of the plans found, by members and trips, one bit each.
    costs: Vec<([u64; 2], f64)>,
    /// All schedules with the active limits, if they were needed.
    full: Option<Pool>,
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
        let no_limits = Active::default();
        let pool = Pool::new(&model, &no_limits)?;
        Ok(Self {
            model,
            rows: Vec::new(),
            active: Active::default(),
            no_limits,
            pool,
            hot: Vec::new(),
            known: Vec::new(),
            costs: Vec::new(),
            full: None,
            pools: 1,
        })
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
        let members = coalition.players().fold(0, |members, fleet| members | 1 << fleet);
        let plan = self.settle(members, trips)?;
        let lost = self.must_be_served(&plan.unserved);
        if lost.is_empty() {
            self.costs.push(([members, trips], plan.cost));
            return Ok(plan);
        }
        // Checks whether they could be served without shared limits.
        let free = self.without_limits(members, trips)?;
        let lost_anyway = self.must_be_served(&free.unserved);
        if !lost_anyway.is_empty() {
            return Err(Unservable::Trips(self.names(&lost_anyway)));
        }
        let least = self.least_broken(members, trips)?;
        Err(Unservable::Limit(self.broken_limit(&least).unwrap_or_else(|| self.names(&lost))))
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
                Err(why) if why.is_failure() => return Err(why),
                plan => plans.push(plan),
            }
        }
        Ok(plans)
    }

    /// Computational work so far.
    pub fn work(&self) -> RouterStats {
        RouterStats {
            schedules: self.pool.columns.len() + self.known.len(),
            labels: self.pool.labels(),
            limits: [self.model.rows.len(), self.rows.len()],
            pools: self.pools,
        }
    }

    /// The best plan that keeps all limits.
    fn settle(&mut self, members: u64, trips: u64) -> Result<RoutePlan, Unservable> {
        loop {
            let plan = match self.rows.is_empty() {
                true => self.without_limits(members, trips)?,
                false => self.within_limits(members, trips)?,
            };
            if self.activate(&plan) {
                return Ok(plan);
            }
        }
    }

    /// The plan that violates the limits least.
    fn least_broken(&mut self, members: u64, trips: u64) -> Result<RoutePlan, Unservable> {
        loop {
            let full = match self.full.take() {
                Some(full) => full,
                None => Pool::new(&self.model, &self.active)?,
            };
            let mut choice = self.choice(&full.columns, members, trips);
            choice.active = &self.active;
            choice.rows = &self.rows;
            choice.elastic = true;
            let vehicles: usize = self.model.instance.vehicles.iter().map(|vehicles| vehicles.count).sum();
            choice.penalty = self.penalties(trips, 1.0 + (self.rows.len() * vehicles) as f64, true);
            let worth = choice.bound(&mut Vec::new(), &[])?;
            let chosen = choice.least_broken(&worth)?;
            let column = |&place: &u32| full.schedule(&full.columns[place as usize]);
            let plan = self.plan(chosen.columns.iter().map(column).collect(), chosen.unserved);
            self.full = Some(full);
            if self.activate(&plan) {
                return Ok(plan);
            }
        }
    }

    /// Activates the limits violated by a plan; whether there are none.
    fn activate(&mut self, plan: &RoutePlan) -> bool {
        let broken = self.broken(plan);
        if broken.is_empty() {
            return true;
        }
        self.rows.extend(broken);
        self.rows.sort_unstable();
        self.active = Active::new(&self.model, &self.rows);
        self.full = None;
        self.pools += 1;
        false
    }

    /// The best plan without limits.
    fn without_limits(&mut self, members: u64, trips: u64) -> Result<RoutePlan, Unservable> {
        let mut choice = self.choice(&self.pool.columns, members, trips);
        let mut hot = self.usable(&self.hot, &choice);
        let chosen = best(&mut choice, &mut hot, f64::INFINITY)?;
        let column = |&place: &u32| self.pool.schedule(&self.pool.columns[place as usize]);
        let plan = self.plan(chosen.columns.iter().map(column).collect(), chosen.unserved);
        self.remember(hot);
        Ok(plan)
    }

    /// The best plan with the active limits.
    fn within_limits(&mut self, members: u64, trips: u64) -> Result<RoutePlan, Unservable> {
        let mut choice = self.choice(&self.pool.columns, members, trips);
        let mut hot = self.usable(&self.hot, &choice);
        let worth = choice.bound(&mut hot, &[])?;
        let known: Vec<Schedule> = hot
            .iter()
            .map(|&place| self.pool.schedule(&self.pool.columns[place as usize]))
            .chain(self.known.iter().cloned())
            .collect();
        let mut choice = Choice {
            active: &self.active,
            rows: &self.rows,
            columns: Vec::new(),
            pool: Cow::Owned(Vec::new()),
            penalty: self.penalties(trips, self.beyond_limits(), false),
            near: Some(Near { members, trips, schedules: Vec::new() }),
            ..choice
        };
        for schedule in known {
            let column = Column::of(&self.model, &self.active, &schedule);
            if self.is_usable(&column, members, trips) {
                choice.add((column, schedule));
            }
        }
        let most_cost = self.most_cost(members, trips);
        let (known, mut near_hot) = (choice.columns.len(), choice.promising(&worth));
        let chosen = best(&mut choice, &mut near_hot, most_cost)?;
        let schedules = choice.near.map(|near| near.schedules).unwrap_or_default();
        let plan = self.plan(
            chosen.columns.iter().map(|&place| schedules[place as usize].clone()).collect(),
            chosen.unserved,
        );
        let new = near_hot.iter().filter(|place| **place as usize >= known);
        let new: Vec<Schedule> = new.map(|&place| schedules[place as usize].clone()).collect();
        self.known.extend(new);
        self.remember(hot);
        Ok(plan)
    }

    /// Cost of the best plan found for these trips and a part of the members, who have it still.
    fn most_cost(&self, members: u64, trips: u64) -> f64 {
        let part = |(of, _): &&([u64; 2], f64)| of[0] & !members == 0 && of[1] == trips;
        self.costs.iter().filter(part).map(|(_, cost)| *cost).fold(f64::INFINITY, f64::min)
    }

    /// The choice of a coalition among columns, without limits.
    fn choice<'b>(&'b self, columns: &'b [Column], members: u64, trips: u64) -> Choice<'b> {
        let usable = |place: &u32| self.is_usable(&columns[*place as usize], members, trips);
        let usable: Vec<u32> = (0..columns.len() as u32).filter(usable).collect();
        let dearest =
            usable.iter().fold(0.0, |most: f64, &place| most.max(columns[place as usize].cost.abs()));
        let beyond = self.beyond(dearest);
        Choice {
            model: &self.model,
            pool: Cow::Borrowed(columns),
            active: &self.no_limits,
            rows: &[],
            columns: usable,
            penalty: self.penalties(trips, beyond, false),
            elastic: false,
            near: None,
        }
    }

    /// Whether a coalition may use a column for its trips.
    fn is_usable(&self, column: &Column, members: u64, trips: u64) -> bool {
        members >> self.model.instance.vehicles[column.vehicles].fleet & 1 == 1
            && u64::from(column.owners) & !members == 0
            && column.trips & !trips == 0
    }

    /// Those of some columns that a choice contains.
    fn usable(&self, places: &[u32], choice: &Choice<'_>) -> Vec<u32> {
        places.iter().copied().filter(|place| choice.columns.binary_search(place).is_ok()).collect()
    }

    /// Keeps the columns of the pool that were relevant to a bound.
    fn remember(&mut self, hot: Vec<u32>) {
        for place in hot {
            if !self.hot.contains(&place) {
                self.hot.push(place);
            }
        }
    }

    /// Higher than any cost of serving all trips by schedules that cost at most `dearest`: a mandatory trip is left
    /// unserved only if there is no alternative.
    fn beyond(&self, dearest: f64) -> f64 {
        let trips = &self.model.instance.trips;
        let penalties: f64 = trips.iter().filter_map(|trip| trip.penalty).sum();
        1.0 + penalties + 2.0 * trips.len() as f64 * dearest
    }

    /// The same for any schedule.
    fn beyond_limits(&self) -> f64 {
        let instance = self.model.instance;
        let dearest = |vehicles: usize| -> f64 {
            let slot = |slot: usize| {
                (0..instance.stations.len())
                    .map(|station| self.model.slot_cost(vehicles, station, slot).abs())
                    .fold(0.0, f64::max)
            };
            let battery = instance.refill_price.abs() * instance.vehicles[vehicles].battery_kwh;
            battery + (0..instance.slots.count).map(slot).sum::<f64>()
        };
        self.beyond((0..instance.vehicles.len()).map(dearest).fold(0.0, f64::max))
    }

    /// Penalties for leaving the requested trips unserved; `beyond` for mandatory ones.
    fn penalties(&self, trips: u64, beyond: f64, elastic: bool) -> Vec<Option<f64>> {
        let penalty = |(i, trip): (usize, &Trip)| {
            let given = if elastic { trip.penalty.map(|_| 0.0) } else { trip.penalty };
            (trips >> i & 1 == 1).then(|| given.unwrap_or(beyond))
        };
        self.model.instance.trips.iter().enumerate().map(penalty).collect()
    }

    /// Inactive limits that are violated: for each slot, the most violated one of each kind.
    fn broken(&self, plan: &RoutePlan) -> Vec<usize> {
        let plugged = plan.plugged_in(self.model.instance);
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

    fn plan(&self, schedules: Vec<Schedule>, unserved: Vec<usize>) -> RoutePlan {
        let penalties = unserved.iter().filter_map(|&trip| self.model.instance.trips[trip].penalty);
        let cost = schedules.iter().map(|schedule| schedule.cost).chain(penalties).sum();
        RoutePlan { schedules, unserved, cost }
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
fn best(choice: &mut Choice<'_>, hot: &mut Vec<u32>, most_cost: f64) -> Result<Chosen, Unservable> {
    let (mut triples, mut sharp, mut proven) = (Vec::new(), false, f64::NEG_INFINITY);
    loop {
        let worth = choice.bound(hot, &triples)?;
        let most = if sharp { usize::MAX } else { ENOUGH_WAYS };
        if let Some(chosen) = choice.best(&worth, most, &mut proven, most_cost)? {
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
