//! Stations: arrival, queue, connector, power, departure.
//!
//! A vehicle remembers the stations that it gave up, so that it does not join the same queue again at once, and remains
//! in the queue if there is no other station for it.
//!
//! # Why may a vehicle wait at a station only if no free connector fits?
//!
//! No vehicle is then overtaken by one that it could have preceded, and at stations with one kind of connector the
//! auditor can check first come, first served from the tables.
//!
//! # Why a rescue, and not a dead vehicle?
//!
//! Dispatch never assigns a trip after which the charge does not suffice to reach a station. An idle vehicle can still
//! have too little charge for that (for example at the start). It is carried there at a price set by the scenario
//! (`rescue_cost`): that keeps the run alive and is visible in the profit.

use super::Simulation;
use super::loads::Bill;
use crate::policies::Refusal;
use crate::world::{Activity, EnergyAccount, Motion, Route, Session, Trigger, View, Waiting};
use gridfleet_core::ids::{StationId, VehicleId};
use gridfleet_core::ledger::{Account, EntryKind, Reference};
use gridfleet_core::records::{EndReason, LegPurpose, Record, Recorder, SessionRecord};
use gridfleet_core::time::SimTime;
use std::cmp::Reverse;

/// States of charge that differ by less than this count as equal: 1e-12 of the battery.
const SOC_EPSILON: f64 = 1e-12;

/// Minimum time for which a vehicle avoids a station at which it gave up waiting [s]; assumed. If it waited longer, it
/// avoids the station for that time instead. A vehicle that stays in the queue for lack of another station searches for
/// one at the same interval.
const AVOIDED_S: i64 = 900;

impl Simulation {
    /// Sends an idle vehicle to a station; it is carried there if its charge does not suffice.
    pub(super) fn send_to_charge(
        &mut self,
        vehicle: VehicleId,
        station: StationId,
        target_soc: f64,
        yields: bool,
        recorder: &mut dyn Recorder,
    ) -> Result<(), Refusal> {
        let view = View::new(&self.setup, &self.state);
        let (v, vehicle_type) = (view.vehicle(vehicle), view.vehicle_type(vehicle));
        if v.activity != Activity::Idle {
            return Err(Refusal::VehicleNotIdle);
        }
        let site = &self.setup.stations[station.index()];
        if !site.access.allows(v.fleet) || site.connectors.iter().all(|&c| vehicle_type.limit_kw(c) <= 0.0) {
            return Err(Refusal::NoAccess);
        }
        if view.avoids(vehicle, station) {
            return Err(Refusal::GaveUpThere);
        }
        // NaN is also refused.
        let charges = target_soc > v.soc && target_soc <= vehicle_type.usable_soc[1] + SOC_EPSILON;
        if !charges {
            return Err(Refusal::NothingToCharge);
        }
        let route = view.route(v.place, site.place);
        let mut energy_kwh = route.distance_km * view.consumption_kwh_per_km(vehicle);
        if vehicle_type.kwh(v.soc - vehicle_type.usable_soc[0]) < energy_kwh {
            // Carried on a truck: the trip costs time and money, but no charge.
            energy_kwh = 0.0;
            self.pay_rescue(vehicle, recorder);
        }
        self.state.withdraw(&self.setup, vehicle);
        let v = &mut self.state.vehicles[vehicle.index()];
        (v.target_soc, v.yields) = (target_soc, yields);
        self.head_for(vehicle, station, route, energy_kwh);
        Ok(())
    }

    /// Posts the cost to its fleet of carrying a vehicle that cannot continue.
    pub(super) fn pay_rescue(&mut self, vehicle: VehicleId, recorder: &mut dyn Recorder) {
        let fleet = self.state.vehicles[vehicle.index()].fleet;
        let cost = self.setup.fleets[fleet.index()].rescue_cost;
        let cost = self.accounts.money(cost, EntryKind::Rescue, self.state.now);
        self.accounts.pay(
            recorder,
            self.state.now,
            Account::Outside,
            Account::Fleet(fleet),
            cost,
            EntryKind::Rescue,
            Reference::Vehicle(vehicle.0),
        );
    }

    /// An idle vehicle departs for a station along this route.
    pub(super) fn head_for(&mut self, vehicle: VehicleId, station: StationId, route: Route, energy_kwh: f64) {
        self.state.fire(vehicle, Trigger::SeekCharge);
        self.state.vehicles[vehicle.index()].station = Some(station);
        self.state.stations.stations[station.index()].inbound += 1;
        let place = self.setup.stations[station.index()].place;
        self.set_out(vehicle, LegPurpose::ToStation, place, route.distance_km, route.duration_s, energy_kwh);
    }

    /// A vehicle arrives at its station: it takes a free connector that fits, otherwise it joins the queue.
    pub(super) fn join_station(&mut self, vehicle: VehicleId, recorder: &mut dyn Recorder) {
        self.state.fire(vehicle, Trigger::Arrive);
        let now = self.state.now;
        let Some(station) = self.state.vehicles[vehicle.index()].station else {
            unreachable!("arrived at no station")
        };
        self.state.add_nominal_load(&self.setup, vehicle, station);
        let v = &mut self.state.vehicles[vehicle.index()];
        v.need_since = v.need_since.or(Some(now));
        let v = &self.state.vehicles[vehicle.index()];
        let vehicle_type = &self.setup.types[v.vehicle_type.index()];
        let session = self.state.stations.new_session();
        let need_s =
            View::new(&self.setup, &self.state).charging_time_s(vehicle, station, v.soc, v.target_soc);
        let patience_s = self.setup.stations[station.index()].queue_patience_s;
        let waiting = Waiting { session, vehicle, arrival: now, deadline: now + patience_s, need_s };
        self.state.stations.stations[station.index()].inbound -= 1;
        // Queued vehicles do not fit any free connector, so no vehicle is overtaken.
        match self.state.stations.best_free_connector(&self.setup, station, vehicle_type) {
            Some(position) => self.connect(position, station, waiting, recorder),
            None => self.state.stations.stations[station.index()].join(waiting),
        }
        self.divide_power(station);
    }

    /// Divides a station's power again and schedules its next change.
    pub(super) fn divide_power(&mut self, station: StationId) {
        let next = self.state.redivide(&self.setup, station);
        self.queue.station_changes(station, next);
    }

    /// Plugs in a vehicle. The caller then divides the station's power.
    fn connect(
        &mut self,
        position: usize,
        station: StationId,
        waiting: Waiting,
        recorder: &mut dyn Recorder,
    ) {
        let now = self.state.now;
        let vehicle = waiting.vehicle;
        self.state.fire(vehicle, Trigger::Connect);
        let state = &mut self.state.stations.stations[station.index()];
        state.occupied += 1;
        let number = position - state.first_connector as usize;
        let v = &mut self.state.vehicles[vehicle.index()];
        let vehicle_type = &self.setup.types[v.vehicle_type.index()];
        v.station = Some(station);
        v.gave_up.clear();
        v.connector = Some(position as u32);
        v.place = self.setup.stations[station.index()].place;
        let session = Session {
            id: waiting.session,
            vehicle,
            fleet: v.fleet,
            arrival: waiting.arrival,
            need: v.need_since.take().unwrap_or(waiting.arrival),
            plug_in: now,
            soc_start: v.soc,
            target_soc: v.target_soc,
            active: true,
            charge_start: None,
            charge_end: None,
            limit_kw: vehicle_type.limit_kw(self.setup.stations[station.index()].connectors[number]),
            share_kw: 0.0,
            set_kw: f64::INFINITY,
            floor_soc: vehicle_type.usable_soc[0],
            anchor: now,
            anchor_soc: v.soc,
            given_soc: 0.0,
            expected_end: now,
            billed_kwh: 0.0,
            energy_cost: 0.0,
            earlier: EnergyAccount::default(),
            max_power_kw: 0.0,
        };
        self.state.stations.plug_in(position, session);
        let (full, yields) = (v.soc >= v.target_soc - SOC_EPSILON, v.yields);
        if full {
            self.complete(position, recorder);
        } else if yields {
            self.state.make_available(&self.setup, vehicle);
            self.new_vehicles.push(vehicle);
            if !self.state.waiting.is_empty() {
                self.call_dispatch();
            }
        }
    }

    pub(super) fn on_station_change(&mut self, station: StationId, recorder: &mut dyn Recorder) {
        let now = self.state.now;
        for position in self.state.stations.connectors(&self.setup, station) {
            let Some(session) = &self.state.stations.sessions[position] else { continue };
            let vehicle_type =
                &self.setup.types[self.state.vehicles[session.vehicle.index()].vehicle_type.index()];
            if session.feeds() {
                if session.soc(vehicle_type, now) <= session.floor_soc + SOC_EPSILON {
                    self.stop_power(position);
                }
            } else if session.active && session.soc(vehicle_type, now) >= session.target_soc - SOC_EPSILON {
                self.complete(position, recorder);
            }
        }
        self.serve_queue(station, recorder);
        self.divide_power(station);
    }

    /// Connects queued vehicles to free connectors, and lets vehicles past their patience renege. The caller then
    /// divides the station's power.
    fn serve_queue(&mut self, station: StationId, recorder: &mut dyn Recorder) {
        let state = &self.state.stations.stations[station.index()];
        let connectors = self.setup.stations[station.index()].connectors.len();
        if state.occupied as usize == connectors && self.state.now < state.next_deadline {
            return;
        }
        let (mut at, mut next_deadline) = (0, SimTime(i64::MAX));
        while let Some(&waiting) = self.state.stations.stations[station.index()].queue.get(at) {
            let vehicle_type =
                &self.setup.types[self.state.vehicles[waiting.vehicle.index()].vehicle_type.index()];
            if let Some(position) =
                self.state.stations.best_free_connector(&self.setup, station, vehicle_type)
            {
                self.state.stations.stations[station.index()].queue.remove(at);
                self.connect(position, station, waiting, recorder);
                continue;
            }
            let mut deadline = waiting.deadline;
            if deadline <= self.state.now {
                if self.leaves_queue(station, waiting.vehicle) {
                    self.state.stations.stations[station.index()].queue.remove(at);
                    self.renege(station, waiting, recorder);
                    continue;
                }
                deadline = self.state.now + self.avoidance_s(station);
                self.state.stations.stations[station.index()].queue[at].deadline = deadline;
            }
            next_deadline = next_deadline.min(deadline);
            at += 1;
        }
        self.state.stations.stations[station.index()].next_deadline = next_deadline;
    }

    /// Whether a vehicle whose patience has run out leaves the queue: it stays if there is no other station for it. In
    /// replay the trace determines the destinations of vehicles.
    fn leaves_queue(&self, station: StationId, vehicle: VehicleId) -> bool {
        self.setup.is_preassigned(self.state.vehicles[vehicle.index()].fleet)
            || View::new(&self.setup, &self.state).has_other_station(vehicle, station)
    }

    /// Time for which a vehicle that gave up at a station avoids it [s].
    fn avoidance_s(&self, station: StationId) -> i64 {
        AVOIDED_S.max(self.setup.stations[station.index()].queue_patience_s)
    }

    /// Calls the charging policy again for idle vehicles whose time of avoiding a station has ended.
    pub(super) fn end_avoidance(&mut self) {
        while let Some(&Reverse((until, vehicle))) = self.avoiding.peek()
            && until <= self.state.now
        {
            self.avoiding.pop();
            let v = &self.state.vehicles[vehicle.index()];
            if v.activity == Activity::Idle && v.gave_up.iter().any(|&(_, end)| end == until) {
                self.new_idle.push(vehicle);
                self.queue.charging_round(self.state.now);
            }
        }
    }

    /// A vehicle leaves the queue and avoids the station for some time.
    fn renege(&mut self, station: StationId, waiting: Waiting, recorder: &mut dyn Recorder) {
        let until = self.state.now + self.avoidance_s(station);
        self.record_waiting(station, &waiting, Some(self.state.now), EndReason::GaveUp, recorder);
        self.state.remove_nominal_load(&self.setup, waiting.vehicle, station, waiting.arrival);
        self.state.fire(waiting.vehicle, Trigger::Renege);
        let v = &mut self.state.vehicles[waiting.vehicle.index()];
        (v.station, v.yields) = (None, false);
        if self.setup.is_preassigned(v.fleet) {
            return;
        }
        v.gave_up.retain(|&(at, _)| at != station);
        v.gave_up.push((station, until));
        self.avoiding.push(Reverse((until, waiting.vehicle)));
        self.set_free(waiting.vehicle);
    }

    /// The requested charge is reached. In dispatch the vehicle leaves; a vehicle with bound trips stays plugged in
    /// until the next one.
    fn complete(&mut self, position: usize, recorder: &mut dyn Recorder) {
        let Some(session) = &self.state.stations.sessions[position] else { return };
        let vehicle = session.vehicle;
        if !self.setup.is_preassigned(self.state.vehicles[vehicle.index()].fleet) {
            self.state.withdraw(&self.setup, vehicle);
            self.leave_connector(position as u32, EndReason::Target, recorder);
            self.set_free(vehicle);
        } else {
            self.stop_power(position);
        }
    }

    /// Power stops, and the vehicle stays plugged in.
    fn stop_power(&mut self, position: usize) {
        let now = self.state.now;
        let Some(session) = &mut self.state.stations.sessions[position] else { return };
        let vehicle = session.vehicle;
        let v = &self.state.vehicles[vehicle.index()];
        let vehicle_type = &self.setup.types[v.vehicle_type.index()];
        let Some(station) = v.station else { unreachable!("plugged in at no station") };
        let setup = &self.setup;
        let at = setup.stations[station.index()].retailer;
        let retailer = self.state.competition.supplier(setup.competition.as_ref(), at, vehicle);
        if !setup.has_ex_post_price(retailer) {
            session.bill(vehicle_type, now, self.state.prices[retailer.index()].current_per_mwh);
        }
        self.state.stations.settle(vehicle_type, station, position, now);
        if let Some(session) = &mut self.state.stations.sessions[position] {
            session.active = false;
        }
        self.state.fire(vehicle, Trigger::Stop);
    }

    /// A policy sets the power of a session: 0 stops it, a positive value resumes it, a negative value makes it feed
    /// back.
    pub(super) fn set_power(&mut self, vehicle: VehicleId, power_kw: f64) -> Result<(), Refusal> {
        let station = self.allow_power(vehicle, power_kw)?;
        self.divide_power(station);
        Ok(())
    }

    /// The same, except that the caller divides the power of the station, which is returned.
    pub(super) fn allow_power(&mut self, vehicle: VehicleId, power_kw: f64) -> Result<StationId, Refusal> {
        let v = &self.state.vehicles[vehicle.index()];
        let feed_kw = self.setup.types[v.vehicle_type.index()].feed_kw;
        if power_kw.is_nan() || power_kw < 0.0 && feed_kw <= 0.0 {
            return Err(Refusal::NoSuchPower);
        }
        let (Some(connector), Some(station)) = (v.connector, v.station) else {
            return Err(Refusal::NotPlugged);
        };
        let (position, now, soc) = (connector as usize, self.state.now, self.state.soc(&self.setup, vehicle));
        let Some(session) = &mut self.state.stations.sessions[position] else {
            return Err(Refusal::NotPlugged);
        };
        session.set_kw = power_kw;
        let (active, feeds) = (session.active, session.feeds());
        let wanted = if power_kw > 0.0 && soc < session.target_soc - SOC_EPSILON {
            Some(Trigger::Resume)
        } else if power_kw < 0.0 && soc > session.floor_soc + SOC_EPSILON {
            Some(Trigger::Feed)
        } else {
            None
        };
        match wanted {
            None if active && (feeds || power_kw <= 0.0) => self.stop_power(position),
            Some(trigger) if !active || feeds != (trigger == Trigger::Feed) => {
                if !active {
                    session.active = true;
                    (session.anchor, session.share_kw) = (now, 0.0);
                }
                self.state.fire(vehicle, trigger);
            }
            _ => {}
        }
        Ok(station)
    }

    /// A policy limits the power of a station.
    pub(super) fn limit_station(&mut self, station: StationId, power_kw: f64) -> Result<(), Refusal> {
        if power_kw.is_nan() || power_kw < 0.0 {
            return Err(Refusal::NoSuchPower);
        }
        self.state.stations.set_budget(&self.setup, station, power_kw);
        self.divide_power(station);
        Ok(())
    }

    /// A policy ends a session early.
    pub(super) fn unplug(&mut self, vehicle: VehicleId, recorder: &mut dyn Recorder) -> Result<(), Refusal> {
        let Some(connector) = self.state.vehicles[vehicle.index()].connector else {
            return Err(Refusal::NotPlugged);
        };
        self.state.withdraw(&self.setup, vehicle);
        self.end_session(connector, EndReason::Interrupted, recorder);
        self.set_free(vehicle);
        Ok(())
    }

    /// A vehicle leaves its connector; the next vehicle in the queue gets it.
    pub(super) fn end_session(&mut self, connector: u32, reason: EndReason, recorder: &mut dyn Recorder) {
        let Some(station) = self.leave_connector(connector, reason, recorder) else { return };
        self.serve_queue(station, recorder);
        self.divide_power(station);
    }

    fn leave_connector(
        &mut self,
        connector: u32,
        reason: EndReason,
        recorder: &mut dyn Recorder,
    ) -> Option<StationId> {
        let position = connector as usize;
        let vehicle = self.state.stations.sessions[position].as_ref()?.vehicle;
        if matches!(self.state.vehicles[vehicle.index()].activity, Activity::Charging | Activity::Discharging)
        {
            self.stop_power(position);
        }
        self.record_session(position, Some(self.state.now), reason, recorder);
        let session = self.state.stations.take_out(position)?;
        if let Some(station) = self.state.vehicles[vehicle.index()].station {
            self.state.remove_nominal_load(&self.setup, vehicle, station, session.arrival);
        }
        let v = &mut self.state.vehicles[vehicle.index()];
        let vehicle_type = &self.setup.types[v.vehicle_type.index()];
        let charge = &mut self.state.charge[v.fleet.index()];
        charge.change(Motion::parked(v.soc), Motion::parked(session.anchor_soc));
        charge.store(vehicle_type, v.soc, session.anchor_soc);
        v.soc = session.anchor_soc;
        let kwh = session.energy_kwh(vehicle_type, self.state.now);
        if let Some(station) = v.station {
            let at = self.setup.stations[station.index()].retailer;
            let retailer = self.state.competition.supplier(self.setup.competition.as_ref(), at, vehicle);
            let cell = v.fleet.index() * self.setup.retailers.len() + retailer.index();
            let drawn = &mut self.state.drawn[cell];
            drawn.kwh += kwh - session.earlier.kwh;
            drawn.cost += session.energy_cost - session.earlier.cost;
        }
        let station = v.station.take();
        (v.connector, v.yields) = (None, false);
        if let Some(plan) = self.state.retail.plans.get_mut(vehicle.index()) {
            plan.clear();
        }
        self.state.fire(vehicle, Trigger::Unplug);
        if let Some(station) = station {
            self.state.stations.stations[station.index()].occupied -= 1;
        }
        station
    }

    /// Records a session in its current state and posts its cost, or keeps the record until the price is known. Its
    /// power has been stopped, or the simulation has ended.
    pub(super) fn record_session(
        &mut self,
        position: usize,
        unplug_time: Option<SimTime>,
        reason: EndReason,
        recorder: &mut dyn Recorder,
    ) {
        let Some(session) = &self.state.stations.sessions[position] else { return };
        let v = &self.state.vehicles[session.vehicle.index()];
        let Some(station) = v.station else { unreachable!("plugged in at no station") };
        let (now, site) = (self.state.now, &self.setup.stations[station.index()]);
        let vehicle_type = &self.setup.types[v.vehicle_type.index()];
        let soc_end = session.soc(vehicle_type, now);
        let powered = session.powered(vehicle_type, now);
        let energy_kwh = session.energy_kwh(vehicle_type, now);
        let (battery_kwh, withdrawn_kwh) = session.turnover_kwh(vehicle_type, now);
        let discharged_kwh = withdrawn_kwh * vehicle_type.discharge_efficiency;
        // A vehicle that leaves after the charge was complete left with a complete charge.
        let complete = soc_end >= session.target_soc - SOC_EPSILON && reason != EndReason::InProgress;
        let end_reason = match (complete, soc_end >= vehicle_type.usable_soc[1] - SOC_EPSILON) {
            (true, true) => EndReason::Full,
            (true, false) => EndReason::Target,
            (false, _) => reason,
        };
        let record = SessionRecord {
            session: session.id,
            vehicle: session.vehicle,
            fleet: v.fleet,
            station,
            operator: site.operator,
            retailer: self.state.supplier(&self.setup, station, session.vehicle),
            connector: Some(
                (position - self.state.stations.stations[station.index()].first_connector as usize) as u16,
            ),
            arrival_time: session.arrival,
            plug_in_time: Some(session.plug_in),
            charge_start_time: powered.map(|(first, _)| first),
            charge_end_time: powered.map(|(_, last)| last),
            unplug_time,
            queue_s: session.plug_in - session.arrival,
            need_wait_s: powered.map(|(first, _)| first - session.need),
            energy_kwh: energy_kwh + discharged_kwh,
            battery_kwh,
            discharged_kwh,
            withdrawn_kwh,
            max_power_kw: session.max_power_kw,
            soc_start: session.soc_start,
            soc_end,
            cost: 0.0,
            end_reason,
        };
        let wear = vehicle_type.wear_cost_per_kwh * (battery_kwh + withdrawn_kwh);
        let wear = self.accounts.money(wear, EntryKind::Wear, now);
        let bill = Bill {
            record,
            energy_cost: session.energy_cost,
            earlier_cost: session.earlier.cost,
            unbilled_kwh: energy_kwh - session.billed_kwh,
            markup_per_mwh: site.markup_per_mwh,
            wear,
        };
        if bill.unbilled_kwh != 0.0 && self.setup.has_ex_post_price(bill.record.retailer) {
            self.unpaid.push(bill);
        } else {
            self.pay_session(bill, recorder);
        }
    }

    /// Records a visit that ended without a connector.
    pub(super) fn record_waiting(
        &self,
        station: StationId,
        waiting: &Waiting,
        unplug_time: Option<SimTime>,
        end_reason: EndReason,
        recorder: &mut dyn Recorder,
    ) {
        let v = &self.state.vehicles[waiting.vehicle.index()];
        recorder.record(Record::Session(&SessionRecord {
            session: waiting.session,
            vehicle: waiting.vehicle,
            fleet: v.fleet,
            station,
            operator: self.setup.stations[station.index()].operator,
            retailer: self.state.supplier(&self.setup, station, waiting.vehicle),
            connector: None,
            arrival_time: waiting.arrival,
            plug_in_time: None,
            charge_start_time: None,
            charge_end_time: None,
            unplug_time,
            queue_s: self.state.now - waiting.arrival,
            need_wait_s: None,
            energy_kwh: 0.0,
            battery_kwh: 0.0,
            discharged_kwh: 0.0,
            withdrawn_kwh: 0.0,
            max_power_kw: 0.0,
            soc_start: v.soc,
            soc_end: v.soc,
            cost: 0.0,
            end_reason,
        }));
    }

    /// A bound trip ended at a charger: the vehicle takes a free connector at its current place.
    pub(super) fn plug_in_at_current_place(&mut self, vehicle: VehicleId, recorder: &mut dyn Recorder) {
        let view = View::new(&self.setup, &self.state);
        let vehicle_type = view.vehicle_type(vehicle);
        let Some(station) = view.station_at(vehicle, view.vehicle(vehicle).place) else { return };
        let Some(position) = self.state.stations.best_free_connector(&self.setup, station, vehicle_type)
        else {
            return;
        };
        let (now, target_soc) = (self.state.now, vehicle_type.usable_soc[1]);
        let session = self.state.stations.new_session();
        let v = &mut self.state.vehicles[vehicle.index()];
        v.target_soc = target_soc.max(v.soc);
        self.state.add_nominal_load(&self.setup, vehicle, station);
        let waiting = Waiting { session, vehicle, arrival: now, deadline: now, need_s: 0.0 };
        self.connect(position, station, waiting, recorder);
        self.divide_power(station);
        let private = self.setup.fleets[self.state.vehicles[vehicle.index()].fleet.index()].private;
        if private && !self.setup.competes(self.setup.stations[station.index()].retailer) {
            self.ask_driver(vehicle, recorder);
        }
    }
}
