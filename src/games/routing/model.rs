//! Cost of a slot at a station, and the limits shared by vehicles: connectors, voltages and flows.
//!
//! LinDistFlow is linear, so its branch flows and voltages need no variables in a program: the use of each limit by one
//! active connector is a number (twice the resistance that two paths have in common; 1 or 0 times a side's direction).
//! A limit in a slot is then a row over schedules, like that of the connectors.

use super::instance::Instance;
use super::pool::{Needs, needs};
use crate::grid::linear::marginal_losses;
use crate::grid::{Limit, flow};

/// Shared resource limited by a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shared {
    /// Connectors of a station.
    Connectors(usize),
    /// The feeder.
    Grid(Limit),
}

/// A limit in a slot: the weights of all vehicles plugged in during the slot sum to at most `room`.
#[derive(Debug, Clone, PartialEq)]
pub struct LimitRow {
    /// Limited resource.
    pub limit: Shared,
    /// Slot of the limit.
    pub slot: usize,
    /// Weight of a vehicle at each station, scaled to a maximum of 1.
    pub weight: Vec<f64>,
    /// Available room.
    pub room: f64,
}

/// A preprocessed instance.
#[derive(Debug)]
pub struct RoutingModel<'a> {
    /// The instance.
    pub instance: &'a Instance,
    /// Cost of the energy that one connector draws, by station and slot [money], losses included.
    pub energy_cost: Vec<Vec<f64>>,
    /// All limits that could ever bind.
    pub rows: Vec<LimitRow>,
    /// Needs of charge, by kind of vehicle.
    pub(super) needs: Vec<Needs>,
    /// Whether detours via stations are never shorter.
    pub(super) detours_are_longer: bool,
}

impl<'a> RoutingModel<'a> {
    /// Preprocesses an instance that has no problems.
    pub fn new(instance: &'a Instance) -> Self {
        let slots = instance.slots;
        let drawn = |k: usize| instance.stations[k].power_kw * slots.hours();
        let stations = instance.stations.len();
        let mut energy_cost: Vec<Vec<f64>> =
            (0..stations).map(|k| instance.price.iter().map(|price| price * drawn(k)).collect()).collect();
        let mut rows = Vec::new();
        for slot in 0..slots.count {
            for (k, station) in instance.stations.iter().enumerate() {
                let weight = (0..stations).map(|other| f64::from(u8::from(other == k))).collect();
                rows.push(LimitRow {
                    limit: Shared::Connectors(k),
                    slot,
                    weight,
                    room: station.connectors as f64,
                });
            }
        }
        if let Some(grid) = &instance.grid {
            let buses: Vec<usize> = instance.stations.iter().map(|station| station.bus).collect();
            for (slot, load) in grid.load.iter().enumerate() {
                let (active, reactive) = grid.feeder.loads(*load);
                let flow = flow(&grid.feeder, &active, &reactive);
                let losses = marginal_losses(&grid.feeder, &flow);
                for (k, station) in instance.stations.iter().enumerate() {
                    energy_cost[k][slot] *= 1.0 + losses[station.bus];
                }
                for room in grid.limits.rooms(&grid.feeder, &flow, &buses) {
                    let mut weight: Vec<f64> = (0..stations)
                        .map(|k| 1e-3 * instance.stations[k].power_kw * room.per_mw[k])
                        .collect();
                    let most = weight.iter().copied().fold(0.0, f64::max);
                    weight.iter_mut().for_each(|weight| *weight /= most);
                    let row = LimitRow {
                        limit: Shared::Grid(room.limit),
                        slot,
                        weight,
                        room: room.room.max(0.0) / most,
                    };
                    rows.push(row);
                }
            }
        }
        let detours_are_longer = instance.detours_are_longer();
        let mut model = Self { instance, energy_cost, rows, needs: Vec::new(), detours_are_longer };
        model.drop_idle_rows();
        model.needs = (0..instance.vehicles.len()).map(|vehicles| needs(&model, vehicles)).collect();
        model
    }

    /// Removes rows that cannot bind for any number of charging vehicles.
    fn drop_idle_rows(&mut self) {
        let vehicles: usize = self.instance.vehicles.iter().map(|vehicles| vehicles.count).sum();
        let most = |row: &LimitRow| -> f64 {
            // Assigns all vehicles to the stations with the largest weights first.
            let mut heaviest: Vec<usize> = (0..row.weight.len()).collect();
            heaviest.sort_by(|&a, &b| row.weight[b].total_cmp(&row.weight[a]));
            let (mut left, mut sum) = (vehicles, 0.0);
            for k in heaviest {
                let here = match row.limit {
                    Shared::Connectors(_) => left,
                    Shared::Grid(_) => left.min(self.instance.stations[k].connectors),
                };
                sum += here as f64 * row.weight[k];
                left -= here;
            }
            sum
        };
        let binding: Vec<bool> = self.rows.iter().map(|row| most(row) > row.room).collect();
        let mut binding = binding.into_iter();
        self.rows.retain(|_| binding.next().unwrap_or(true));
    }

    /// Cost of a slot at a station for a kind of vehicle: energy, and time unless the station is at the depot.
    pub fn slot_cost(&self, vehicles: usize, station: usize, slot: usize) -> f64 {
        let at_depot = self.instance.stations[station].place == self.instance.vehicles[vehicles].depot;
        let time = if at_depot { 0.0 } else { self.instance.value_of_time * self.instance.slots.hours() };
        self.energy_cost[station][slot] + time
    }

    /// Energy charged in a slot at a station [kWh].
    pub fn slot_kwh(&self, station: usize) -> f64 {
        let station = &self.instance.stations[station];
        station.efficiency * station.power_kw * self.instance.slots.hours()
    }
}
