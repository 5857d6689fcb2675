//! The choice of schedules for a coalition: what it may choose from, a lower bound on what it costs, and the best choice.
//!
//! Each trip is served by one schedule or left unserved at a penalty, each kind of vehicles drives as many schedules as
//! there are of it, and active limits are kept. Without the demand that schedules are taken whole this is a linear
//! program, of which the dual is solved ([`Choice::bound`]): what each trip, vehicle and limit is worth, so that no
//! schedule is worth more than it costs. There are few such worths and many schedules, so schedules come in only when an
//! answer breaks them. A schedule's reduced cost is what it costs beyond the worth of what it does; no answer of bound + d
//! or less has one with a reduced cost above d. So the [best](Choice::best) whole answer is looked for among a few
//! schedules, and proven against all.

use super::model::Model;
use super::pool::{Active, Column, Pool};
use crate::optimize::{Lp, Relation, Unsolved, Variable};

/// What a coalition may choose from.
pub(super) struct Choice<'a> {
    pub model: &'a Model<'a>,
    pub pool: &'a Pool,
    pub active: &'a Active,
    /// Active rows, by place in the model.
    pub rows: &'a [usize],
    /// Columns that the coalition may use, by place in the pool.
    pub columns: Vec<u32>,
    /// By trip: what leaving it unserved costs; none if nobody asks for it.
    pub penalty: Vec<Option<f64>>,
    /// Whether limits may be broken, and as little as possible is all that counts.
    pub elastic: bool,
}

/// Worths at which no schedule is worth more than it costs, and the bound that they give.
#[derive(Debug, Clone, Default)]
pub(super) struct Worth {
    pub bound: f64,
    trips: Vec<f64>,
    vehicles: Vec<f64>,
    /// By active slot and station plus 1: worth of the active limits that a vehicle there takes.
    taken: Vec<Vec<f64>>,
}

/// A best choice.
#[derive(Debug, Clone, Default)]
pub(super) struct Chosen {
    pub cost: f64,
    /// Columns, by place in the pool.
    pub columns: Vec<u32>,
    pub unserved: Vec<usize>,
}

/// A column is broken if it is worth more than this beyond its cost [money].
const BROKEN: f64 = 1e-9;
/// Most columns of one kind of vehicles that come in at once.
const AT_ONCE: usize = 12;
/// Columns among which the best choice is looked for at first.
const AT_FIRST: usize = 120;

impl Choice<'_> {
    fn column(&self, place: u32) -> &Column {
        &self.pool.columns[place as usize]
    }

    fn cost(&self, column: &Column) -> f64 {
        if self.elastic { 0.0 } else { column.cost }
    }

    /// Weights of a column in the active rows, by place among these.
    fn weights(&self, column: &Column) -> Vec<(usize, f64)> {
        let mut weights = Vec::new();
        for (i, &row) in self.rows.iter().enumerate() {
            let row = &self.model.rows[row];
            let station =
                self.active.place(row.slot).and_then(|place| column.used.get(place)).copied().unwrap_or(0);
            if station > 0 && row.weight[usize::from(station) - 1] > 0.0 {
                weights.push((i, row.weight[usize::from(station) - 1]));
            }
        }
        weights
    }

    fn reduced(&self, column: &Column, worth: &Worth) -> f64 {
        let mut reduced = self.cost(column) - worth.vehicles[column.vehicles];
        let mut trips = column.trips;
        while trips != 0 {
            reduced -= worth.trips[trips.trailing_zeros() as usize];
            trips &= trips - 1;
        }
        for (place, &station) in column.used.iter().enumerate() {
            reduced -= worth.taken[place][usize::from(station)];
        }
        reduced
    }

    /// The lower bound. `hot` are columns to begin with; at the end those that came in.
    pub fn bound(&self, hot: &mut Vec<u32>) -> Result<Worth, Unsolved> {
        let model = self.model;
        let counts: Vec<f64> = model.instance.vehicles.iter().map(|vehicles| vehicles.count as f64).collect();
        loop {
            // Worths are what the dual maximises over: here less than nothing, to be minimised.
            let mut lp = Lp::new();
            let trips: Vec<Option<Variable>> = self
                .penalty
                .iter()
                .map(|penalty| penalty.map(|penalty| lp.variable(-1.0, f64::NEG_INFINITY, penalty)))
                .collect();
            let vehicles: Vec<Variable> =
                counts.iter().map(|count| lp.variable(-count, f64::NEG_INFINITY, 0.0)).collect();
            let least = if self.elastic { -1.0 } else { f64::NEG_INFINITY };
            let rows: Vec<Variable> =
                self.rows.iter().map(|&row| lp.variable(-model.rows[row].room, least, 0.0)).collect();
            for &place in hot.iter() {
                let column = self.column(place);
                let mut terms: Vec<(Variable, f64)> = (0..trips.len())
                    .filter(|trip| column.trips >> trip & 1 == 1)
                    .filter_map(|trip| Some((trips[trip]?, 1.0)))
                    .collect();
                terms.push((vehicles[column.vehicles], 1.0));
                terms.extend(self.weights(column).into_iter().map(|(row, weight)| (rows[row], weight)));
                lp.row(terms, Relation::AtMost, self.cost(column));
            }
            let optimum = lp.solve()?;
            let stations = model.instance.stations.len();
            let mut taken = vec![vec![0.0; stations + 1]; self.active.slots()];
            for (&row, &variable) in self.rows.iter().zip(&rows) {
                let row = &model.rows[row];
                if let Some(place) = self.active.place(row.slot) {
                    for (k, weight) in row.weight.iter().enumerate() {
                        taken[place][k + 1] += weight * optimum.value(variable);
                    }
                }
            }
            let worth = Worth {
                bound: -optimum.objective,
                trips: trips.iter().map(|trip| trip.map_or(0.0, |trip| optimum.value(trip))).collect(),
                vehicles: vehicles.iter().map(|&vehicles| optimum.value(vehicles)).collect(),
                taken,
            };
            let broken = self.broken(&worth, counts.len());
            if broken.is_empty() {
                return Ok(worth);
            }
            hot.extend(broken);
        }
    }

    /// The columns that are broken most, some of each kind of vehicles.
    fn broken(&self, worth: &Worth, kinds: usize) -> Vec<u32> {
        let mut broken: Vec<Vec<(f64, u32)>> = vec![Vec::new(); kinds];
        for &place in &self.columns {
            let column = self.column(place);
            let reduced = self.reduced(column, worth);
            if reduced < -BROKEN {
                broken[column.vehicles].push((reduced, place));
            }
        }
        for kind in &mut broken {
            kind.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            kind.truncate(AT_ONCE);
        }
        broken.into_iter().flatten().map(|(_, place)| place).collect()
    }

    /// The best choice.
    pub fn best(&self, worth: &Worth) -> Result<Chosen, Unsolved> {
        let mut by_reduced: Vec<(f64, u32)> =
            self.columns.iter().map(|&place| (self.reduced(self.column(place), worth), place)).collect();
        by_reduced.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        // Rounding of a sum of costs, far below what is asked of an answer.
        let near = 1e-9 * (1.0 + worth.bound.abs());
        let mut n = AT_FIRST.min(by_reduced.len());
        loop {
            let reach = by_reduced.get(n).map_or(f64::INFINITY, |(reduced, _)| *reduced);
            let left_out = |trip: usize| self.penalty[trip].is_some_and(|p| p - worth.trips[trip] >= reach);
            let places: Vec<u32> = by_reduced[..n].iter().map(|(_, place)| *place).collect();
            let all_trips_in = (0..self.penalty.len()).all(|trip| !left_out(trip));
            let chosen = match self.among(&places, left_out) {
                Ok(chosen) => Some(chosen),
                Err(Unsolved::Infeasible) if n < by_reduced.len() || !all_trips_in => None,
                Err(other) => return Err(other),
            };
            // All others cost at least the bound and what they cost beyond their worth.
            let distance = chosen.as_ref().map_or(f64::INFINITY, |chosen| chosen.cost - worth.bound);
            if let Some(chosen) = chosen
                && distance <= reach + near
            {
                return Ok(chosen);
            }
            let enough = by_reduced.partition_point(|(reduced, _)| *reduced <= distance + near);
            n = enough.min(4 * n.max(1)).max(n + 1).min(by_reduced.len());
        }
    }

    /// The best choice among some columns, with trips that must not be left unserved.
    fn among(&self, places: &[u32], left_out: impl Fn(usize) -> bool) -> Result<Chosen, Unsolved> {
        let mut lp = Lp::new();
        let taken: Vec<Variable> =
            places.iter().map(|&place| lp.binary(self.cost(self.column(place)))).collect();
        let mut unserved = vec![None; self.penalty.len()];
        for (trip, penalty) in self.penalty.iter().enumerate() {
            let Some(penalty) = *penalty else { continue };
            let mut terms: Vec<(Variable, f64)> = places
                .iter()
                .zip(&taken)
                .filter(|(place, _)| self.column(**place).trips >> trip & 1 == 1)
                .map(|(_, variable)| (*variable, 1.0))
                .collect();
            if !left_out(trip) {
                let variable = lp.binary(penalty);
                unserved[trip] = Some(variable);
                terms.push((variable, 1.0));
            }
            if terms.is_empty() {
                return Err(Unsolved::Infeasible);
            }
            lp.row(terms, Relation::Equal, 1.0);
        }
        for (kind, vehicles) in self.model.instance.vehicles.iter().enumerate() {
            let terms: Vec<(Variable, f64)> = places
                .iter()
                .zip(&taken)
                .filter(|(place, _)| self.column(**place).vehicles == kind)
                .map(|(_, variable)| (*variable, 1.0))
                .collect();
            if terms.len() > vehicles.count {
                lp.row(terms, Relation::AtMost, vehicles.count as f64);
            }
        }
        let mut by_row = vec![Vec::new(); self.rows.len()];
        for (&place, &variable) in places.iter().zip(&taken) {
            for (row, weight) in self.weights(self.column(place)) {
                by_row[row].push((variable, weight));
            }
        }
        for (&row, mut terms) in self.rows.iter().zip(by_row) {
            if terms.is_empty() {
                continue;
            }
            if self.elastic {
                terms.push((lp.variable(1.0, 0.0, f64::INFINITY), -1.0));
            }
            lp.row(terms, Relation::AtMost, self.model.rows[row].room);
        }
        let optimum = lp.solve()?;
        let is_taken = |variable: Variable| optimum.value(variable) > 0.5;
        let columns =
            places.iter().zip(&taken).filter(|(_, v)| is_taken(**v)).map(|(place, _)| *place).collect();
        let unserved = (0..unserved.len()).filter(|&trip| unserved[trip].is_some_and(is_taken)).collect();
        Ok(Chosen { cost: optimum.objective, columns, unserved })
    }
}
