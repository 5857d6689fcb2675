//! Visits to stations: arrival, queue, connector, power, departure.
//!
//! A vehicle remembers the stations that it gave up, so that it does not join the same queue again at once, and remains
//! in the queue if there is no other station for it.
//!
//! # Why may a vehicle wait at a station only if no free connector fits?
//!
//! No vehicle is then overtaken by one that it could have preceded, and at stations with one kind of connector the
//! auditor can check first come, first served from the tables.

use super::accounts::Bill;
use super::step::Step;
use crate::policies::Refusal;
use crate::world::{Activity, EnergyAccount, Session, Trigger, Waiting};
use gridfleet_core::ids::{StationId, VehicleId};
use gridfleet_core::ledger::EntryKind;
use gridfleet_core::records::{EndReason, Record, SessionRecord};
use gridfleet_core::time::SimTime;

/// States of charge that differ by less than this count as equal: 1e-12 of the battery.
pub(super) const SOC_EPSILON: f64 = 1e-12;

/// Minimum time for which a vehicle avoids a station at which it gave up waiting [s]; assumed. If it waited longer, it
/// avoids the station for that time instead. A vehicle that stays in the queue for lack of another station searches for
/// one at the same interval.
const AVOIDED_S: i64 = 900;

/// A vehicle arrives at its station: it takes a free connector that fits, otherwise it joins the queue.
pub(super) fn join(step: &mut Step<'_>, vehicle: VehicleId) {
    step.state.fire(vehicle, Trigger::Arrive);
    let now = step.state.now;
    let Some(station) = step.state.vehicles[vehicle].station else { unreachable!("arrived at no station") };
    step.state.add_nominal_load(step.setup, vehicle, station);
    step.state.vehicles.join(vehicle, now);
    let v = &step.state.vehicles[vehicle];
    let vehicle_type = &step.setup.types[v.vehicle_type];
    let session = step.state.stations.new_session();
    let need_s = step.view().charging_time_s(vehicle, station, v.soc(), v.target_soc);
    let patience_s = step.setup.stations[station].queue_patience_s;
    let waiting = Waiting { session, vehicle, arrival: now, deadline: now + patience_s, need_s };
    // Queued vehicles do not fit any free connector, so no vehicle is overtaken.
    if let Some(position) = step.state.stations.arrive(step.setup, station, vehicle_type, waiting) {
        connect(step, position, station, waiting);
    }
    step.divide_power(station);
}

/// Plugs in a vehicle. The caller then divides the station's power.
fn connect(step: &mut Step<'_>, position: usize, station: StationId, waiting: Waiting) {
    let now = step.state.now;
    let vehicle = waiting.vehicle;
    step.state.fire(vehicle, Trigger::Connect);
    let number = position - step.state.stations.station(station).first_connector as usize;
    let need_since = step.state.vehicles.plug_in(step.setup, vehicle, station, position);
    let v = &step.state.vehicles[vehicle];
    let vehicle_type = &step.setup.types[v.vehicle_type];
    let session = Session {
        id: waiting.session,
        vehicle,
        fleet: v.fleet,
        arrival: waiting.arrival,
        need: need_since.unwrap_or(waiting.arrival),
        plug_in: now,
        soc_start: v.soc(),
        target_soc: v.target_soc,
        active: true,
        charge_start: None,
        charge_end: None,
        limit_kw: vehicle_type.limit_kw(step.setup.stations[station].connectors[number]),
        share_kw: 0.0,
        set_kw: f64::INFINITY,
        floor_soc: vehicle_type.usable_soc[0],
        anchor: now,
        anchor_soc: v.soc(),
        given_soc: 0.0,
        expected_end: now,
        billed_kwh: 0.0,
        energy_cost: 0.0,
        earlier: EnergyAccount::default(),
        max_power_kw: 0.0,
    };
    step.state.stations.plug_in(station, position, session);
    let (full, yields) = (v.soc() >= v.target_soc - SOC_EPSILON, v.yields);
    if full {
        complete(step, position);
    } else if yields {
        step.offer(vehicle);
    }
}

/// A session is complete, a queued vehicle gives up, or power has to be divided again.
pub(super) fn on_change(step: &mut Step<'_>, station: StationId) {
    let now = step.state.now;
    for position in step.state.stations.connectors(step.setup, station) {
        let Some(session) = step.state.stations.session(position) else { continue };
        let vehicle_type = &step.setup.types[step.state.vehicles[session.vehicle].vehicle_type];
        if session.feeds() {
            if session.soc(vehicle_type, now) <= session.floor_soc + SOC_EPSILON {
                stop_power(step, position);
            }
        } else if session.active && session.soc(vehicle_type, now) >= session.target_soc - SOC_EPSILON {
            complete(step, position);
        }
    }
    serve_queue(step, station);
    step.divide_power(station);
}

/// Connects queued vehicles to free connectors, and lets vehicles past their patience renege. The caller then
/// divides the station's power.
fn serve_queue(step: &mut Step<'_>, station: StationId) {
    let state = step.state.stations.station(station);
    let connectors = step.setup.stations[station].connectors.len();
    if state.occupied as usize == connectors && step.state.now < state.next_deadline {
        return;
    }
    let mut at = 0;
    while let Some(&waiting) = step.state.stations.station(station).queue.get(at) {
        let vehicle_type = &step.setup.types[step.state.vehicles[waiting.vehicle].vehicle_type];
        if let Some(position) = step.state.stations.best_free_connector(step.setup, station, vehicle_type) {
            step.state.stations.leave_queue(station, at);
            connect(step, position, station, waiting);
            continue;
        }
        if waiting.deadline <= step.state.now {
            if leaves_queue(step, station, waiting.vehicle) {
                step.state.stations.leave_queue(station, at);
                renege(step, station, waiting);
                continue;
            }
            let deadline = step.state.now + avoidance_s(step, station);
            step.state.stations.postpone(station, at, deadline);
        }
        at += 1;
    }
    step.state.stations.update_deadline(station);
}

/// Whether a vehicle whose patience has run out leaves the queue: it stays if there is no other station for it. In
/// replay the trace determines the destinations of vehicles.
fn leaves_queue(step: &Step<'_>, station: StationId, vehicle: VehicleId) -> bool {
    step.setup.is_preassigned(step.state.vehicles[vehicle].fleet)
        || step.view().has_other_station(vehicle, station)
}

/// Time for which a vehicle that gave up at a station avoids it [s].
fn avoidance_s(step: &Step<'_>, station: StationId) -> i64 {
    AVOIDED_S.max(step.setup.stations[station].queue_patience_s)
}

/// A vehicle leaves the queue and avoids the station for some time.
fn renege(step: &mut Step<'_>, station: StationId, waiting: Waiting) {
    let now = step.state.now;
    record_waiting(step, station, &waiting, Some(now), EndReason::GaveUp);
    step.state.remove_nominal_load(step.setup, waiting.vehicle, station, waiting.arrival);
    step.state.fire(waiting.vehicle, Trigger::Renege);
    step.state.vehicles.renege(waiting.vehicle);
    if step.setup.is_preassigned(step.state.vehicles[waiting.vehicle].fleet) {
        return;
    }
    let until = now + avoidance_s(step, station);
    step.avoid(waiting.vehicle, station, until);
    step.set_free(waiting.vehicle);
}

/// The requested charge is reached. In dispatch the vehicle leaves; a vehicle with bound trips stays plugged in
/// until the next one.
fn complete(step: &mut Step<'_>, position: usize) {
    let Some(session) = step.state.stations.session(position) else { return };
    let vehicle = session.vehicle;
    if !step.setup.is_preassigned(step.state.vehicles[vehicle].fleet) {
        step.state.withdraw(step.setup, vehicle);
        leave_connector(step, position as u32, EndReason::Target);
        step.set_free(vehicle);
    } else {
        stop_power(step, position);
    }
}

/// Power stops, and the vehicle stays plugged in.
fn stop_power(step: &mut Step<'_>, position: usize) {
    let now = step.state.now;
    let Some(session) = step.state.stations.session(position) else { return };
    let vehicle = session.vehicle;
    let vehicle_type = step.vehicle_type(vehicle);
    let Some(station) = step.state.vehicles[vehicle].station else {
        unreachable!("plugged in at no station")
    };
    let retailer = step.state.supplier(step.setup, station, vehicle);
    if !step.setup.has_ex_post_price(retailer) {
        let price_per_mwh = step.state.price_per_mwh(retailer);
        step.state.stations.bill(position, vehicle_type, now, price_per_mwh);
    }
    step.state.stations.stop(vehicle_type, station, position, now);
    step.state.fire(vehicle, Trigger::Stop);
}

/// A policy sets the power of a session: 0 stops it, a positive value resumes it, a negative value makes it feed
/// back.
pub(super) fn set_power(step: &mut Step<'_>, vehicle: VehicleId, power_kw: f64) -> Result<(), Refusal> {
    let station = allow_power(step, vehicle, power_kw)?;
    step.divide_power(station);
    Ok(())
}

/// The same, except that the caller divides the power of the station, which is returned.
pub(super) fn allow_power(
    step: &mut Step<'_>,
    vehicle: VehicleId,
    power_kw: f64,
) -> Result<StationId, Refusal> {
    let v = &step.state.vehicles[vehicle];
    let feed_kw = step.setup.types[v.vehicle_type].feed_kw;
    if power_kw.is_nan() || power_kw < 0.0 && feed_kw <= 0.0 {
        return Err(Refusal::NoSuchPower);
    }
    let (Some(connector), Some(station)) = (v.connector, v.station) else {
        return Err(Refusal::NotPlugged);
    };
    let (position, now, soc) = (connector as usize, step.state.now, step.state.soc(step.setup, vehicle));
    let Some(session) = step.state.stations.session(position) else {
        return Err(Refusal::NotPlugged);
    };
    let (active, feeds) = (session.active, session.feeds());
    let wanted = if power_kw > 0.0 && soc < session.target_soc - SOC_EPSILON {
        Some(Trigger::Resume)
    } else if power_kw < 0.0 && soc > session.floor_soc + SOC_EPSILON {
        Some(Trigger::Feed)
    } else {
        None
    };
    step.state.stations.set_power(position, power_kw);
    match wanted {
        None if active && (feeds || power_kw <= 0.0) => stop_power(step, position),
        Some(trigger) if !active || feeds != (trigger == Trigger::Feed) => {
            step.state.stations.resume(position, now);
            step.state.fire(vehicle, trigger);
        }
        _ => {}
    }
    Ok(station)
}

/// A policy ends a session early.
pub(super) fn unplug(step: &mut Step<'_>, vehicle: VehicleId) -> Result<(), Refusal> {
    let Some(connector) = step.state.vehicles[vehicle].connector else {
        return Err(Refusal::NotPlugged);
    };
    step.state.withdraw(step.setup, vehicle);
    end_session(step, connector, EndReason::Interrupted);
    step.set_free(vehicle);
    Ok(())
}

/// A vehicle leaves its connector; the next vehicle in the queue gets it.
pub(super) fn end_session(step: &mut Step<'_>, connector: u32, reason: EndReason) {
    let Some(station) = leave_connector(step, connector, reason) else { return };
    serve_queue(step, station);
    step.divide_power(station);
}

fn leave_connector(step: &mut Step<'_>, connector: u32, reason: EndReason) -> Option<StationId> {
    let position = connector as usize;
    let vehicle = step.state.stations.session(position)?.vehicle;
    let station = step.state.vehicles[vehicle].station?;
    if matches!(step.state.vehicles[vehicle].activity(), Activity::Charging | Activity::Discharging) {
        stop_power(step, position);
    }
    let now = step.state.now;
    record_session(step, position, Some(now), reason);
    let session = step.state.stations.unplug(station, position)?;
    step.state.remove_nominal_load(step.setup, vehicle, station, session.arrival);
    let retailer = step.state.supplier(step.setup, station, vehicle);
    step.state.vehicles.unplug(step.setup, vehicle, session.anchor_soc);
    let kwh = session.energy_kwh(step.vehicle_type(vehicle), now);
    let drawn = &mut step.state.drawn[(session.fleet, retailer)];
    drawn.kwh += kwh - session.earlier.kwh;
    drawn.cost += session.energy_cost - session.earlier.cost;
    if let Some(plan) = step.state.retail.plans.of_mut(vehicle) {
        plan.clear();
    }
    step.state.fire(vehicle, Trigger::Unplug);
    Some(station)
}

/// Records a session in its current state and posts its cost, or keeps the record until the price is known. Its
/// power has been stopped, or the simulation has ended.
pub(super) fn record_session(
    step: &mut Step<'_>,
    position: usize,
    unplug_time: Option<SimTime>,
    reason: EndReason,
) {
    let Some(session) = step.state.stations.session(position) else { return };
    let v = &step.state.vehicles[session.vehicle];
    let Some(station) = v.station else { unreachable!("plugged in at no station") };
    let (now, site) = (step.state.now, &step.setup.stations[station]);
    let vehicle_type = &step.setup.types[v.vehicle_type];
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
        retailer: step.state.supplier(step.setup, station, session.vehicle),
        connector: Some((position - step.state.stations.station(station).first_connector as usize) as u16),
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
    let wear = step.books.accounts.money(wear, EntryKind::Wear, now);
    let bill = Bill {
        record,
        energy_cost: session.energy_cost,
        earlier_cost: session.earlier.cost,
        unbilled_kwh: energy_kwh - session.billed_kwh,
        markup_per_mwh: site.markup_per_mwh,
        wear,
    };
    if bill.unbilled_kwh != 0.0 && step.setup.has_ex_post_price(bill.record.retailer) {
        step.books.accounts.unpaid.push(bill);
    } else {
        step.books.pay_session(now, bill);
    }
}

/// Records a visit that ended without a connector.
pub(super) fn record_waiting(
    step: &mut Step<'_>,
    station: StationId,
    waiting: &Waiting,
    unplug_time: Option<SimTime>,
    end_reason: EndReason,
) {
    let v = &step.state.vehicles[waiting.vehicle];
    step.books.recorder.record(Record::Session(&SessionRecord {
        session: waiting.session,
        vehicle: waiting.vehicle,
        fleet: v.fleet,
        station,
        operator: step.setup.stations[station].operator,
        retailer: step.state.supplier(step.setup, station, waiting.vehicle),
        connector: None,
        arrival_time: waiting.arrival,
        plug_in_time: None,
        charge_start_time: None,
        charge_end_time: None,
        unplug_time,
        queue_s: step.state.now - waiting.arrival,
        need_wait_s: None,
        energy_kwh: 0.0,
        battery_kwh: 0.0,
        discharged_kwh: 0.0,
        withdrawn_kwh: 0.0,
        max_power_kw: 0.0,
        soc_start: v.soc(),
        soc_end: v.soc(),
        cost: 0.0,
        end_reason,
    }));
}

/// A bound trip ended at a charger: the vehicle takes a free connector at its current place. Returns whether its driver
/// responds to prices.
pub(super) fn plug_in_at_current_place(step: &mut Step<'_>, vehicle: VehicleId) -> bool {
    let view = step.view();
    let vehicle_type = view.vehicle_type(vehicle);
    let Some(station) = view.station_at(vehicle, view.vehicle(vehicle).place) else { return false };
    let Some(position) = step.state.stations.best_free_connector(step.setup, station, vehicle_type) else {
        return false;
    };
    let now = step.state.now;
    let session = step.state.stations.new_session();
    step.state.vehicles.ask_for_all(step.setup, vehicle);
    step.state.add_nominal_load(step.setup, vehicle, station);
    let waiting = Waiting { session, vehicle, arrival: now, deadline: now, need_s: 0.0 };
    connect(step, position, station, waiting);
    step.divide_power(station);
    let private = step.setup.fleets[step.state.vehicles[vehicle].fleet].private;
    private && !step.setup.competes(step.setup.stations[station].retailer)
}
