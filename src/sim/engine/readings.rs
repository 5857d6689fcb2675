//! Meter readings of stations and fleets.

use super::step::Step;
use crate::world::charging::FleetEnergy;
use crate::world::{Activity, Setup, State};
use gridfleet_core::ids::{FleetId, IdVec, StationId};
use gridfleet_core::ledger::{Account, EntryKind, Reference};
use gridfleet_core::records::{FleetRecord, Record, StationRecord};
use gridfleet_core::time::{DAY_S, SimTime};

/// Latest meter readings.
#[derive(Debug, Clone)]
pub(super) struct Readings {
    time: SimTime,
    /// By fleet [kWh].
    fleet_kwh: IdVec<FleetId, f64>,
    /// Energy and charge since the last changes of power, by fleet.
    charging: IdVec<FleetId, FleetEnergy>,
}

/// Hours from one reading to the next.
pub(super) fn hours(since: SimTime, now: SimTime) -> f64 {
    (now - since) as f64 / 3_600.0
}

impl Readings {
    pub fn new(setup: &Setup) -> Self {
        Self {
            time: setup.start,
            fleet_kwh: IdVec::filled(setup.fleets.len(), 0.0),
            charging: IdVec::default(),
        }
    }

    /// Time of the latest reading.
    pub fn time(&self) -> SimTime {
        self.time
    }

    /// Reads the meters of stations: of those that changed or at which power may have flowed or, if the recorder needs
    /// them, of all.
    pub fn read_stations(&mut self, step: &mut Step<'_>) {
        let (setup, since, now) = (step.setup, self.time, step.state.now);
        self.charging.clear();
        self.charging.resize(setup.fleets.len(), FleetEnergy::default());
        let hours = hours(since, now);
        let all = step.books.recorder.needs_idle_stations();
        let next = |state: &State, from: usize| {
            if all {
                (from < setup.stations.len()).then(|| StationId::new(from))
            } else {
                state.stations.next_changed(from)
            }
        };
        let mut from = 0;
        while let Some(id) = next(step.state, from) {
            from = id.index() + 1;
            let station = &setup.stations[id];
            let mut power_kw = 0.0;
            if step.state.stations.has_changed(id) {
                let total_kwh = step.state.read_station(setup, id, &mut self.charging);
                let kwh = step.state.stations.meter(id, total_kwh);
                power_kw = if hours > 0.0 { kwh / hours } else { 0.0 };
            }
            let state = step.state.stations.station(id);
            step.books.recorder.record(Record::Station(&StationRecord {
                since,
                time: now,
                station: id,
                operator: station.operator,
                retailer: station.retailer,
                occupied: state.occupied,
                queue: state.queue.len() as u32,
                power_kw,
                limit_kw: station.capacity_kw(),
            }));
        }
        step.state.vehicles.read_legs(setup, now, &mut self.charging);
    }

    /// After the stations: reads the meters of fleets; at whole days since the start, also posts the driving costs.
    pub fn read_fleets(&mut self, step: &mut Step<'_>) {
        let now = step.state.now;
        let since = std::mem::replace(&mut self.time, now);
        let hours = hours(since, now);
        let mean_kw = |kwh: f64| if hours > 0.0 { kwh / hours } else { 0.0 };
        let all = Activity::ALL;
        for (fleet, counts) in step.state.vehicles.counts().entries() {
            let count = |activities: &[Activity]| activities.iter().map(|&a| counts[a as usize]).sum::<u32>();
            let size = counts.iter().sum::<u32>();
            let driving = all.into_iter().filter(|a| a.is_driving()).map(|a| counts[a as usize]).sum();
            let (charge, energy) = (step.state.vehicles.charge(fleet), step.state.stations.fleet(fleet));
            let soc_sum = charge.soc_sum(now, energy.risen + self.charging[fleet].risen);
            let kwh = energy.kwh + self.charging[fleet].kwh;
            step.books.recorder.record(Record::Fleet(&FleetRecord {
                since,
                time: now,
                fleet,
                idle: count(&[Activity::Idle, Activity::Plugged]),
                driving,
                queued: count(&[Activity::Queued]),
                charging: count(&[Activity::Charging]),
                discharging: count(&[Activity::Discharging]),
                mean_soc: soc_sum / f64::from(size.max(1)),
                stored_kwh: charge.stored_kwh(),
                power_kw: mean_kw(kwh - self.fleet_kwh[fleet]),
            }));
            self.fleet_kwh[fleet] = kwh;
        }
        let setup = step.setup;
        if (now - setup.start) % DAY_S == 0 || now == setup.measured_from || now == setup.end {
            post_driving(step);
        }
    }
}

/// Posts the cost of the kilometres driven since the last posting, by vehicle.
fn post_driving(step: &mut Step<'_>) {
    let now = step.state.now;
    for vehicle in step.setup.vehicles.ids() {
        let fleet = step.state.vehicles[vehicle].fleet;
        let per_km = step.setup.fleets[fleet].driving_cost_per_km;
        let cost = per_km * step.state.vehicles.take_unposted_km(vehicle);
        let cost = step.books.accounts.money(cost, EntryKind::Driving, now);
        let (to, from) = (Account::Outside, Account::Fleet(fleet));
        step.books.pay(now, to, from, cost, EntryKind::Driving, Reference::Vehicle(vehicle));
    }
}
