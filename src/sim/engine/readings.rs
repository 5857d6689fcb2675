//! Meter readings, and the end of the horizon.

use super::Simulation;
use crate::world::charging::FleetEnergy;
use crate::world::{Activity, RequestState, Setup, State};
use gridfleet_core::ids::{FleetId, RequestId, StationId, VehicleId};
use gridfleet_core::ledger::{Account, EntryKind, Reference};
use gridfleet_core::records::{
    EndReason, FleetRecord, Record, Recorder, StationRecord, TripRecord, TripStatus,
};
use gridfleet_core::time::{DAY_S, SimTime};

/// Latest meter readings.
#[derive(Debug, Clone)]
pub(super) struct Readings {
    time: SimTime,
    /// By fleet [kWh].
    fleet_kwh: Vec<f64>,
    /// Scratch buffer: energy and charge since the last changes of power, by fleet.
    charging: Vec<FleetEnergy>,
}

impl Readings {
    pub fn new(setup: &Setup) -> Self {
        Self { time: setup.start, fleet_kwh: vec![0.0; setup.fleets.len()], charging: Vec::new() }
    }

    /// Time of the latest reading.
    pub fn time(&self) -> SimTime {
        self.time
    }
}

impl Simulation {
    /// Reads the meters of stations, households and fleets; at whole days since the start, also posts the driving
    /// costs.
    pub(super) fn read_all(&mut self, recorder: &mut dyn Recorder) {
        let now = self.state.now;
        let hours = (now - self.readings.time) as f64 / 3_600.0;
        let mean_kw = |kwh: f64| if hours > 0.0 { kwh / hours } else { 0.0 };
        let since = std::mem::replace(&mut self.readings.time, now);
        let charging = self.read_stations(since, recorder);
        self.read_households(hours, recorder);
        let all = Activity::ALL;
        for (i, counts) in self.state.counts.iter().enumerate() {
            let count = |activities: &[Activity]| activities.iter().map(|&a| counts[a as usize]).sum::<u32>();
            let size = counts.iter().sum::<u32>();
            let driving = all.into_iter().filter(|a| a.is_driving()).map(|a| counts[a as usize]).sum();
            let energy = self.state.stations.fleets[i];
            let soc_sum = self.state.charge[i].soc_sum(now, energy.risen + charging[i].risen);
            let kwh = energy.kwh + charging[i].kwh;
            recorder.record(Record::Fleet(&FleetRecord {
                since,
                time: now,
                fleet: FleetId::new(i),
                idle: count(&[Activity::Idle, Activity::Plugged]),
                driving,
                queued: count(&[Activity::Queued]),
                charging: count(&[Activity::Charging]),
                discharging: count(&[Activity::Discharging]),
                mean_soc: soc_sum / f64::from(size.max(1)),
                stored_kwh: self.state.charge[i].stored_kwh(),
                power_kw: mean_kw(kwh - self.readings.fleet_kwh[i]),
            }));
            self.readings.fleet_kwh[i] = kwh;
        }
        self.readings.charging = charging;
        if (now - self.setup.start) % DAY_S == 0 || now == self.setup.measured_from || now == self.setup.end {
            self.post_driving(recorder);
        }
    }

    /// Reads the meters of stations: of those that changed or at which power may have flowed or, if the recorder needs
    /// them, of all.
    ///
    /// Returns energy and charge since the last changes of power, by fleet.
    fn read_stations(&mut self, since: SimTime, recorder: &mut dyn Recorder) -> Vec<FleetEnergy> {
        let now = self.state.now;
        let mut fleets = std::mem::take(&mut self.readings.charging);
        fleets.clear();
        fleets.resize(self.setup.fleets.len(), FleetEnergy::default());
        let hours = (now - since) as f64 / 3_600.0;
        let all = recorder.needs_idle_stations();
        let next = |state: &State, from: usize| {
            if all {
                (from < state.stations.stations.len()).then_some(from)
            } else {
                state.stations.changed.next(from)
            }
        };
        let mut from = 0;
        while let Some(i) = next(&self.state, from) {
            from = i + 1;
            let station = &self.setup.stations[i];
            let mut power_kw = 0.0;
            if self.state.stations.changed.contains(i) {
                let total_kwh = self.state.read_station(&self.setup, StationId::new(i), &mut fleets);
                let state = &mut self.state.stations.stations[i];
                let kwh = total_kwh - std::mem::replace(&mut state.metered_kwh, total_kwh);
                power_kw = if hours > 0.0 { kwh / hours } else { 0.0 };
                if state.powered == 0 {
                    self.state.stations.changed.remove(i);
                }
            }
            let state = &self.state.stations.stations[i];
            recorder.record(Record::Station(&StationRecord {
                since,
                time: now,
                station: StationId::new(i),
                operator: station.operator,
                retailer: station.retailer,
                occupied: state.occupied,
                queue: state.queue.len() as u32,
                power_kw,
                limit_kw: station.capacity_kw(),
            }));
        }
        self.state.read_legs(&self.setup, &mut fleets);
        fleets
    }

    /// Posts the cost of the kilometres driven since the last posting, by vehicle.
    fn post_driving(&mut self, recorder: &mut dyn Recorder) {
        for (i, v) in self.state.vehicles.iter_mut().enumerate() {
            let per_km = self.setup.fleets[v.fleet.index()].driving_cost_per_km;
            let cost = per_km * std::mem::take(&mut v.unposted_km);
            let cost = self.accounts.money(cost, EntryKind::Driving, self.state.now);
            self.accounts.pay(
                recorder,
                self.state.now,
                Account::Outside,
                Account::Fleet(v.fleet),
                cost,
                EntryKind::Driving,
                Reference::Vehicle(i as u32),
            );
        }
    }

    /// At the end of the horizon: every leg, trip, session and wait in progress is recorded as far as it has
    /// progressed.
    pub(super) fn record_in_progress(&mut self, recorder: &mut dyn Recorder) {
        let now = self.state.now;
        for i in 0..self.state.vehicles.len() {
            let vehicle = VehicleId::new(i);
            if let Some(connector) = self.state.vehicles[i].connector {
                let v = &self.state.vehicles[i];
                let vehicle_type = &self.setup.types[v.vehicle_type.index()];
                let Some(station) = v.station else { unreachable!("plugged in at no station") };
                let retailer = self.state.supplier(&self.setup, station, vehicle);
                let price = self.state.price_per_mwh(retailer);
                if let Some(session) = &mut self.state.stations.sessions[connector as usize] {
                    session.bill(vehicle_type, now, price);
                }
                self.state.stations.settle(vehicle_type, station, connector as usize, now);
                self.record_session(connector as usize, None, EndReason::InProgress, recorder);
            }
            let Some(leg) = self.state.vehicles[i].leg else { continue };
            let share = leg.share_at(now);
            let ride = self.state.vehicles[i].ride;
            self.end_leg(vehicle, now, recorder);
            // The vehicle is on the road, not at the leg's destination; it is not read after this.
            if let (Some(before), Some(after)) = (ride, self.state.vehicles[i].ride) {
                let v = &self.state.vehicles[i];
                let picked_up = before.pickup.is_some();
                let record = TripRecord {
                    fleet: v.fleet,
                    vehicle: Some(vehicle),
                    pickup_time: before.pickup,
                    wait_s: before.pickup.map(|t| t - self.setup.requests.time(before.request)),
                    distance_km: if picked_up { leg.distance_km * share } else { 0.0 },
                    deadhead_km: if picked_up { before.deadhead_km } else { leg.distance_km * share },
                    energy_kwh: after.energy_kwh,
                    accrued_fare: if picked_up {
                        self.setup.requests.fare[before.request.index()].units() * share
                    } else {
                        0.0
                    },
                    soc_start: Some(before.soc_start),
                    soc_end: Some(v.soc),
                    ..self.trip_without_vehicle(before.request, TripStatus::InProgress)
                };
                recorder.record(Record::Trip(&record));
            }
        }
        for i in 0..self.setup.stations.len() {
            let queue = std::mem::take(&mut self.state.stations.stations[i].queue);
            for waiting in &queue {
                self.record_waiting(StationId::new(i), waiting, None, EndReason::InProgress, recorder);
            }
            self.state.stations.stations[i].queue = queue;
        }
        for i in 0..self.state.requests.len() {
            if matches!(self.state.requests[i], RequestState::Waiting | RequestState::Future) {
                let record = self.trip_without_vehicle(RequestId::new(i), TripStatus::InProgress);
                recorder.record(Record::Trip(&record));
            }
        }
        self.read_meters(recorder);
    }
}
