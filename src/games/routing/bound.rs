//! The options of a coalition, and a lower bound on its cost.
//!
//! Each trip is served by one schedule or left unserved at a penalty, each kind of vehicle drives at most as many
//! schedules as it has vehicles, and active limits are kept. Without integrality this is a linear program, whose dual
//! is solved ([`Choice::bound`]): a dual value (worth) of each trip, vehicle and limit such that no schedule is worth
//! more than its cost. There are few dual values and many schedules, so schedules are added only when a solution
//! violates them. The reduced cost of a schedule is its cost minus its worth.
//!
//! Fractional schedules can make the bound weak: three half schedules serve three trips, two each. But only one whole
//! schedule can serve two of three trips, which is an additional limit ([`Choice::cuts`]; M. Jepsen and others,
//! Subset-row inequalities applied to the vehicle-routing problem with time windows, Operations Research 56 (2), 2008).

use super::model::RoutingModel;
use super::near::Near;
use super::pool::{Active, Column};
use super::router::Unservable;
use crate::optimize::{Lp, Sense, SolveError, Variable};
use std::borrow::Cow;

/// Options of a coalition.
pub(super) struct Choice<'a> {
    pub model: &'a RoutingModel<'a>,
    /// Columns known.
    pub pool: Cow<'a, [Column]>,
    pub active: &'a Active,
    /// Active rows, by index in the model.
    pub rows: &'a [usize],
    /// Columns available to the coalition, by index in `pool`.
    pub columns: Vec<u32>,
    /// By trip: penalty for leaving it unserved; `None` if it is not requested.
    pub penalty: Vec<Option<f64>>,
    /// Whether limits may be violated; the objective is then to minimise the violation.
    pub elastic: bool,
    /// If further columns are generated.
    pub near: Option<Near>,
}

/// Dual values at which no schedule is worth more than its cost, and the resulting bound.
#[derive(Debug, Clone, Default)]
pub(super) struct Worth {
    pub bound: f64,
    pub trips: Vec<f64>,
    pub vehicles: Vec<f64>,
    /// Dual values by active row.
    pub rows: Vec<f64>,
    /// Triples of trips of which one schedule can serve two, and their negative dual values.
    pub triples: Vec<(u64, f64)>,
    /// By active slot and station plus 1: total dual value of the active limits used by a vehicle there.
    pub taken: Vec<Vec<f64>>,
}

/// An optimal choice.
#[derive(Debug, Clone, Default)]
pub(super) struct Chosen {
    /// Columns, by index in the pool.
    pub columns: Vec<u32>,
    pub unserved: Vec<usize>,
}

/// A column is violated if its worth exceeds its cost by more than this [money].
const BROKEN: f64 = 1e-9;
/// A triple is cut if the schedules that serve two of its trips sum to more than one plus this; `CUTS_AT_ONCE` limits
/// the number of triples added at once.
const WORTH_A_CUT: f64 = 0.02;
const CUTS_AT_ONCE: usize = 15;
/// Maximum number of columns of one kind of vehicle added at once.
const AT_ONCE: usize = 12;

impl Worth {
    /// Dual value of trips served by one schedule, including that of the triples.
    pub fn of_trips(&self, trips: u64) -> f64 {
        let (mut sum, mut left) = (0.0, trips);
        while left != 0 {
            sum += self.trips[left.trailing_zeros() as usize];
            left &= left - 1;
        }
        let two = |(triple, _): &&(u64, f64)| (trips & triple).count_ones() > 1;
        sum + self.triples.iter().filter(two).map(|(_, worth)| worth).sum::<f64>()
    }
}

impl Choice<'_> {
    pub fn column(&self, place: u32) -> &Column {
        &self.pool[place as usize]
    }

    pub fn cost(&self, column: &Column) -> f64 {
        if self.elastic { 0.0 } else { column.cost }
    }

    /// Weights of a column in the active rows, by index among these.
    pub fn weights(&self, column: &Column) -> Vec<(usize, f64)> {
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

    pub fn reduced(&self, column: &Column, worth: &Worth) -> f64 {
        let mut reduced = self.cost(column) - worth.vehicles[column.vehicles] - worth.of_trips(column.trips);
        for (place, &station) in column.used.iter().enumerate() {
            reduced -= worth.taken[place][usize::from(station)];
        }
        reduced
    }

    /// Computes the lower bound with these triples. `hot` contains the initial columns; on return, also those that were
    /// added.
    pub fn bound(&mut self, hot: &mut Vec<u32>, triples: &[u64]) -> Result<Worth, Unservable> {
        let model = self.model;
        let counts: Vec<f64> = model.instance.vehicles.iter().map(|vehicles| vehicles.count as f64).collect();
        loop {
            // Dual values are maximised; here their negatives are minimised.
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
            let cuts: Vec<Variable> =
                triples.iter().map(|_| lp.variable(-1.0, f64::NEG_INFINITY, 0.0)).collect();
            for &place in hot.iter() {
                let column = self.column(place);
                let mut terms: Vec<(Variable, f64)> = (0..trips.len())
                    .filter(|trip| column.trips >> trip & 1 == 1)
                    .filter_map(|trip| Some((trips[trip]?, 1.0)))
                    .collect();
                terms.push((vehicles[column.vehicles], 1.0));
                terms.extend(self.weights(column).into_iter().map(|(row, weight)| (rows[row], weight)));
                let cut = triples
                    .iter()
                    .zip(&cuts)
                    .filter(|(triple, _)| (column.trips & **triple).count_ones() > 1);
                terms.extend(cut.map(|(_, variable)| (*variable, 1.0)));
                lp.row(terms, Sense::AtMost, self.cost(column));
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
                rows: rows.iter().map(|&row| optimum.value(row)).collect(),
                triples: triples
                    .iter()
                    .zip(&cuts)
                    .map(|(triple, &cut)| (*triple, optimum.value(cut)))
                    .filter(|(_, worth)| *worth < 0.0)
                    .collect(),
                taken,
            };
            let mut broken = self.broken(&worth, counts.len());
            if broken.is_empty() && self.price(&worth, -BROKEN)? {
                broken = self.broken(&worth, counts.len());
            }
            if broken.is_empty() {
                return Ok(worth);
            }
            hot.extend(broken);
        }
    }

    /// The most violated columns, several of each kind of vehicle.
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

    /// Triples of trips most violated by the fractional solution among the `hot` columns of the last bound.
    pub fn cuts(&self, hot: &[u32], triples: &[u64]) -> Result<Vec<u64>, SolveError> {
        let mut lp = Lp::new();
        let parts: Vec<Variable> =
            hot.iter().map(|&place| lp.variable(self.cost(self.column(place)), 0.0, f64::INFINITY)).collect();
        let who = |serves: &dyn Fn(&Column) -> bool| -> Vec<(Variable, f64)> {
            let serving = hot.iter().zip(&parts).filter(|(place, _)| serves(self.column(**place)));
            serving.map(|(_, part)| (*part, 1.0)).collect()
        };
        for (trip, penalty) in self.penalty.iter().enumerate() {
            let Some(penalty) = *penalty else { continue };
            let mut terms = who(&|column| column.trips >> trip & 1 == 1);
            terms.push((lp.variable(penalty, 0.0, f64::INFINITY), 1.0));
            lp.row(terms, Sense::Equal, 1.0);
        }
        for (kind, vehicles) in self.model.instance.vehicles.iter().enumerate() {
            lp.row(who(&|column| column.vehicles == kind), Sense::AtMost, vehicles.count as f64);
        }
        for (row, &place) in self.rows.iter().enumerate() {
            let weights = hot.iter().zip(&parts).filter_map(|(&place, &part)| {
                let weight = self.weights(self.column(place)).into_iter().find(|(at, _)| *at == row)?.1;
                Some((part, weight))
            });
            lp.row(weights.collect::<Vec<_>>(), Sense::AtMost, self.model.rows[place].room);
        }
        for triple in triples {
            let terms = who(&|column| (column.trips & triple).count_ones() > 1);
            lp.row(terms, Sense::AtMost, 1.0);
        }
        let optimum = lp.solve()?;
        let taken: Vec<(u64, f64)> = hot
            .iter()
            .zip(&parts)
            .map(|(&place, &part)| (self.column(place).trips, optimum.value(part)))
            .filter(|(_, part)| *part > 1e-6)
            .collect();
        let trips: Vec<usize> =
            (0..self.penalty.len()).filter(|&trip| self.penalty[trip].is_some()).collect();
        let mut broken = Vec::new();
        for (i, a) in trips.iter().enumerate() {
            for (j, b) in trips.iter().enumerate().skip(i + 1) {
                for c in &trips[j + 1..] {
                    let triple = 1u64 << a | 1 << b | 1 << c;
                    let served: f64 = taken
                        .iter()
                        .filter(|(trips, _)| (trips & triple).count_ones() > 1)
                        .map(|(_, part)| part)
                        .sum();
                    if served > 1.0 + WORTH_A_CUT && !triples.contains(&triple) {
                        broken.push((served, triple));
                    }
                }
            }
        }
        broken.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        Ok(broken.into_iter().take(CUTS_AT_ONCE).map(|(_, triple)| triple).collect())
    }
}
