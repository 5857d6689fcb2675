//! The chosen plan: a schedule for each vehicle that leaves its depot.

use super::instance::Instance;
use crate::grid::{Flow, flow};

/// A stay at a station.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// Index of the station.
    pub station: usize,
    /// First slot plugged in.
    pub slot: usize,
    /// Number of slots.
    pub slots: usize,
}

/// Schedule of a vehicle.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Kind of vehicle.
    pub vehicles: usize,
    /// Trips in order of service.
    pub trips: Vec<usize>,
    /// Stays before each trip and on the return trip: one more than trips.
    pub stops: Vec<Option<Stop>>,
    /// Cost of the schedule.
    pub cost: f64,
}

/// Least-cost plan of a coalition.
#[derive(Debug, Clone, PartialEq)]
pub struct RoutePlan {
    /// Schedules of the vehicles that leave their depots.
    pub schedules: Vec<Schedule>,
    /// Trips that are left unserved at their penalty.
    pub unserved: Vec<usize>,
    /// Total cost, including penalties.
    pub cost: f64,
}

/// Resources used by a plan.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Used {
    /// Energy for driving [kWh].
    pub driven_kwh: f64,
    /// Energy drawn at stations [kWh].
    pub drawn_kwh: f64,
    /// Total distance driven [km].
    pub km: f64,
    /// Time plugged in [h].
    pub plugged_h: f64,
}

impl Schedule {
    /// Resources used by the schedule.
    pub fn used(&self, instance: &Instance) -> Used {
        let vehicles = &instance.vehicles[self.vehicles];
        let mut used = Used::default();
        let mut at = vehicles.depot;
        for (i, stop) in self.stops.iter().enumerate() {
            let trip = self.trips.get(i).map(|&trip| &instance.trips[trip]);
            if let Some(stop) = stop {
                let station = &instance.stations[stop.station];
                used.km += instance.travel.km[at][station.place];
                at = station.place;
                let hours = stop.slots as f64 * instance.slots.hours();
                used.plugged_h += hours;
                used.drawn_kwh += station.power_kw * hours;
            }
            used.km += instance.travel.km[at][trip.map_or(vehicles.depot, |trip| trip.from)];
            if let Some(trip) = trip {
                used.km += trip.km;
                at = trip.to;
            }
        }
        used.driven_kwh = used.km * vehicles.kwh_per_km;
        used
    }

    /// Pick-up time of each trip [min]: as early as possible.
    pub fn pick_ups(&self, instance: &Instance) -> Vec<f64> {
        let (mut at, mut now) = (instance.vehicles[self.vehicles].depot, 0.0);
        let mut pick_ups = Vec::with_capacity(self.trips.len());
        for (&trip, stop) in self.trips.iter().zip(&self.stops) {
            if let Some(stop) = stop {
                at = instance.stations[stop.station].place;
                now = (stop.slot + stop.slots) as f64 * instance.slots.minutes;
            }
            let trip = &instance.trips[trip];
            now = f64::max(now + instance.travel.minutes[at][trip.from], trip.window[0]);
            pick_ups.push(now);
            now += trip.minutes;
            at = trip.to;
        }
        pick_ups
    }
}

impl RoutePlan {
    /// Resources used by all vehicles.
    pub fn used(&self, instance: &Instance) -> Used {
        self.schedules.iter().map(|schedule| schedule.used(instance)).fold(Used::default(), |a, b| Used {
            driven_kwh: a.driven_kwh + b.driven_kwh,
            drawn_kwh: a.drawn_kwh + b.drawn_kwh,
            km: a.km + b.km,
            plugged_h: a.plugged_h + b.plugged_h,
        })
    }

    /// Vehicles plugged in, by station and slot.
    pub fn plugged_in(&self, instance: &Instance) -> Vec<Vec<usize>> {
        let mut plugged = vec![vec![0; instance.slots.count]; instance.stations.len()];
        for stop in self.schedules.iter().flat_map(|schedule| schedule.stops.iter().flatten()) {
            plugged[stop.station][stop.slot..stop.slot + stop.slots].iter_mut().for_each(|n| *n += 1);
        }
        plugged
    }

    /// The state of the feeder in each slot, if there is one.
    pub fn flows(&self, instance: &Instance) -> Vec<Flow> {
        let Some(grid) = &instance.grid else { return Vec::new() };
        let plugged = self.plugged_in(instance);
        let state = |slot: usize| {
            let (mut active, reactive) = grid.feeder.loads(grid.load[slot]);
            for (station, plugged) in instance.stations.iter().zip(&plugged) {
                active[station.bus] += 1e-3 * station.power_kw * plugged[slot] as f64;
            }
            flow(&grid.feeder, &active, &reactive)
        };
        (0..instance.slots.count).map(state).collect()
    }
}
