//! Stations at one instant: vehicles plugged in, vehicles queued, and the division of power.
//!
//! A session's power changes only at events of its station: a vehicle connects or leaves, a session starts or stops,
//! or, where the site limit can bind, a battery reaches a breakpoint of its charging curve. At each of these events
//! every session of the station is brought to the present, and the site limit is divided again. The station then has
//! one next event: the earliest target or breakpoint, rounded up to the second.
//!
//! # Division of power
//!
//! The site limit is divided by max-min fairness: each vehicle that can take less than an equal share gets all it can
//! take, and the others share the rest, until the limit is used up. A station limited by a policy serves the vehicle
//! with the earliest announced departure first instead; vehicles without one come after these, the lowest state of
//! charge first. The power that a vehicle could take is the maximum of its curve up to the next breakpoint, so that the
//! limit is respected until the next event; power left unused by a falling curve before that breakpoint remains unused.
//!
//! # Feeding back
//!
//! A session can also feed back, if the vehicle's type allows it: the same anchor, with constant power at the plug, so
//! that the charge decreases along a straight line to the lower end of the usable window. Energy into and out of the
//! battery is stored separately; the net is billed, with its sign, and both cause battery wear. Energy fed back by some
//! sessions does not make room for others under the site limit, because it may stop at any time; its total respects the
//! limit, too.
//!
//! # Reading
//!
//! Between events everything is read, never changed: a session stores an anchor (time, charge, power), from which
//! charge, energy and power at any later instant follow. Meters, policies and price changes may read as often as they
//! like without a rounding error in the result. A value settled at a reading would be rounded at that reading: a
//! different control interval, or one table less, would give different last digits. Energy at the plug is stored energy
//! over efficiency by construction, and the auditor checks it from the tables.

use super::charge::soc_units;
use super::{Connector, EnergyAccount, IdSet, Session, Setup, Station, VehicleType};
use gridfleet_core::ids::{FleetId, IdVec, SessionId, StationId, TypeId, VehicleId};
use gridfleet_core::time::SimTime;
use std::collections::VecDeque;

/// A vehicle waiting for a connector.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    /// Number of the visit.
    pub session: SessionId,
    /// The vehicle.
    pub vehicle: VehicleId,
    /// Time at which it joined.
    pub arrival: SimTime,
    /// Time at which it gives up.
    pub deadline: SimTime,
    /// Time it will need a connector [s], as estimated when it joined.
    pub need_s: f64,
}

/// A station at one instant.
#[derive(Debug, Clone)]
pub struct StationState {
    /// Index of its first connector among all connectors.
    pub first_connector: u32,
    /// Connectors in use.
    pub occupied: u32,
    /// Sessions in which power may flow.
    pub powered: u32,
    /// Queued vehicles, first come first served.
    pub queue: VecDeque<Waiting>,
    /// No queued vehicle gives up before this.
    pub next_deadline: SimTime,
    /// Vehicles driving here.
    pub inbound: u32,
    /// Energy of its completed sessions, and of its active sessions up to their last change of power [kWh].
    pub settled_kwh: f64,
    /// Energy up to the last reading of the meter [kWh].
    pub metered_kwh: f64,
    /// Maximum power that a policy lets it draw [kW].
    pub budget_kw: f64,
    /// Maximum power that the feeder lets it draw [kW].
    pub feeder_kw: f64,
    /// Whether all connectors together could exceed the site limit, the budget or the feeder limit.
    pub limit_may_bind: bool,
}

impl StationState {
    /// Maximum power now: as built, as limited by a policy and as limited by the feeder, whichever is least [kW].
    pub fn limit_kw(&self, station: &Station) -> f64 {
        station.site_limit_kw.min(self.budget_kw).min(self.feeder_kw)
    }

    fn join(&mut self, waiting: Waiting) {
        self.next_deadline = self.next_deadline.min(waiting.deadline);
        self.queue.push_back(waiting);
    }
}

/// Energy of the sessions of a fleet up to their last changes of power.
#[derive(Debug, Clone, Copy, Default)]
pub struct FleetEnergy {
    /// Drawn less fed back, by all sessions so far [kWh].
    pub kwh: f64,
    /// Rise of the states of charge in sessions in progress [units of `super::charge`].
    pub risen: i128,
}

/// All stations, and all connectors in one flat array.
///
/// Everyone may read a [`StationState`] and a [`Session`]; only the methods here change them, so that counts and sums
/// agree: `occupied` with the sessions, `inbound` with the vehicles on their way, `next_deadline` with the queue, energy
/// of stations and fleets with that of sessions.
#[derive(Debug, Clone)]
pub struct Stations {
    /// By station.
    stations: IdVec<StationId, StationState>,
    /// By connector, station after station.
    sessions: Vec<Option<Session>>,
    /// Number of the next visit.
    next_session: u32,
    /// Connectors with a vehicle.
    plugged: IdSet,
    /// By fleet.
    fleets: IdVec<FleetId, FleetEnergy>,
    /// Stations that changed since their meters were read, or at which power may flow.
    changed: IdSet,
    /// Scratch buffer for the division of power: (connector, power that the vehicle could take [kW]).
    demands: Vec<(usize, f64)>,
    /// The same for sessions that feed back.
    feeds: Vec<(usize, f64)>,
}

impl Stations {
    /// Empty stations.
    pub fn new(setup: &Setup) -> Self {
        let mut first = 0;
        let stations = setup
            .stations
            .iter()
            .map(|station| {
                let first_connector = first;
                first += station.connectors.len() as u32;
                StationState {
                    first_connector,
                    occupied: 0,
                    powered: 0,
                    queue: VecDeque::new(),
                    next_deadline: SimTime(i64::MAX),
                    inbound: 0,
                    settled_kwh: 0.0,
                    metered_kwh: 0.0,
                    budget_kw: f64::INFINITY,
                    feeder_kw: f64::INFINITY,
                    limit_may_bind: station.connectors_kw() > station.site_limit_kw,
                }
            })
            .collect();
        Self {
            stations,
            sessions: vec![None; first as usize],
            next_session: 0,
            plugged: IdSet::new(first as usize),
            fleets: IdVec::filled(setup.fleets.len(), FleetEnergy::default()),
            // All, so that the first reading records each.
            changed: IdSet::full(setup.stations.len()),
            demands: Vec::new(),
            feeds: Vec::new(),
        }
    }

    /// A station.
    #[inline]
    pub fn station(&self, station: StationId) -> &StationState {
        &self.stations[station]
    }

    /// Session at a connector, if a vehicle is there.
    #[inline]
    pub fn session(&self, position: usize) -> Option<&Session> {
        self.sessions[position].as_ref()
    }

    /// Sessions at the connectors of a station, and `None` for each free one.
    #[inline]
    pub fn sessions_at(&self, setup: &Setup, station: StationId) -> &[Option<Session>] {
        &self.sessions[self.connectors(setup, station)]
    }

    /// Energy of the sessions of a fleet up to their last changes of power.
    pub fn fleet(&self, fleet: FleetId) -> FleetEnergy {
        self.fleets[fleet]
    }

    /// Whether a station has changed since its meter was read, or power may flow there.
    pub fn has_changed(&self, station: StationId) -> bool {
        self.changed.contains(station.index())
    }

    /// The first station from number `from` on that has changed since its meter was read, or at which power may flow.
    #[inline]
    pub fn next_changed(&self, from: usize) -> Option<StationId> {
        self.changed.next(from).map(StationId::new)
    }

    /// Positions of the connectors of a station among all connectors.
    #[inline]
    pub fn connectors(&self, setup: &Setup, station: StationId) -> std::ops::Range<usize> {
        let first = self.stations[station].first_connector as usize;
        first..first + setup.stations[station].connectors.len()
    }

    /// The free connector that gives `vehicle_type` the most power; `None` if no free connector fits.
    pub fn best_free_connector(
        &self,
        setup: &Setup,
        station: StationId,
        vehicle_type: &VehicleType,
    ) -> Option<usize> {
        let range = self.connectors(setup, station);
        if self.stations[station].occupied as usize == range.len() {
            return None;
        }
        let mut best: Option<(f64, usize)> = None;
        for (position, connector) in range.zip(&setup.stations[station].connectors) {
            let power = vehicle_type.limit_kw(*connector);
            if self.sessions[position].is_none() && power > 0.0 && best.is_none_or(|(most, _)| power > most) {
                best = Some((power, position));
            }
        }
        best.map(|(_, position)| position)
    }

    /// Limits the power of a station to `power_kw`. The caller then divides its power.
    pub fn set_budget(&mut self, setup: &Setup, station: StationId, power_kw: f64) {
        self.stations[station].budget_kw = power_kw;
        self.update_limit_binding(setup, station);
    }

    /// Sets the feeder limit of a station to `power_kw`. The caller then divides its power.
    pub fn set_feeder_limit(&mut self, setup: &Setup, station: StationId, power_kw: f64) {
        self.stations[station].feeder_kw = power_kw;
        self.update_limit_binding(setup, station);
    }

    fn update_limit_binding(&mut self, setup: &Setup, station: StationId) {
        let site = &setup.stations[station];
        let state = &mut self.stations[station];
        state.limit_may_bind = site.connectors_kw() > state.limit_kw(site);
    }

    /// Power that the sessions of a station could draw now, and power that a fully occupied station could draw, if the
    /// feeder did not limit it [kW]. Power fed back does not count: it may stop at any time.
    pub fn wants_kw(
        &self,
        setup: &Setup,
        type_of: impl Fn(VehicleId) -> TypeId,
        station: StationId,
        now: SimTime,
    ) -> (f64, f64) {
        let site = &setup.stations[station];
        let limit_kw = site.site_limit_kw.min(self.stations[station].budget_kw);
        let most_kw = site.connectors_kw();
        let sessions = self.sessions[self.connectors(setup, station)].iter().flatten();
        let wanted_kw: f64 = sessions
            .filter(|session| session.active && session.set_kw >= 0.0)
            .map(|session| {
                let vehicle_type = &setup.types[type_of(session.vehicle)];
                let peak_kw = vehicle_type.curve.peak_until_corner(session.soc(vehicle_type, now)).0;
                session.limit_kw.min(session.set_kw).min(peak_kw)
            })
            .sum();
        (wanted_kw.min(limit_kw), most_kw.min(limit_kw))
    }

    /// Number for the next visit.
    pub fn new_session(&mut self) -> SessionId {
        let id = SessionId(self.next_session);
        self.next_session += 1;
        id
    }

    /// A vehicle sets out for a station.
    pub fn expect(&mut self, station: StationId) {
        self.stations[station].inbound += 1;
    }

    /// A vehicle that was expected arrives at a station. Returns the free connector that gives it the most power, at
    /// which it is to be plugged in; without one it has joined the queue.
    pub fn arrive(
        &mut self,
        setup: &Setup,
        station: StationId,
        vehicle_type: &VehicleType,
        waiting: Waiting,
    ) -> Option<usize> {
        self.stations[station].inbound -= 1;
        let free = self.best_free_connector(setup, station, vehicle_type);
        if free.is_none() {
            self.stations[station].join(waiting);
        }
        free
    }

    /// Removes a vehicle from a queue. The caller then updates the station's deadline.
    pub fn leave_queue(&mut self, station: StationId, at: usize) {
        self.stations[station].queue.remove(at);
    }

    /// Lets a queued vehicle wait until `deadline`. The caller then updates the station's deadline.
    pub fn postpone(&mut self, station: StationId, at: usize, deadline: SimTime) {
        self.stations[station].queue[at].deadline = deadline;
    }

    /// Finds the next time at which a queued vehicle gives up.
    pub fn update_deadline(&mut self, station: StationId) {
        let state = &mut self.stations[station];
        let deadlines = state.queue.iter().map(|waiting| waiting.deadline);
        state.next_deadline = deadlines.min().unwrap_or(SimTime(i64::MAX));
    }

    /// A vehicle is plugged in at a free connector of a station. The caller then divides the station's power.
    pub fn plug_in(&mut self, station: StationId, position: usize, session: Session) {
        debug_assert!(self.sessions[position].is_none());
        self.stations[station].occupied += 1;
        self.plugged.insert(position);
        self.sessions[position] = Some(session);
    }

    /// Position of the first connector with a vehicle, from `from` on.
    #[inline]
    pub fn next_plugged(&self, from: usize) -> Option<usize> {
        self.plugged.next(from)
    }

    /// Sessions in progress, by position of their connectors.
    pub fn open(&self) -> impl Iterator<Item = &Session> {
        let positions = std::iter::successors(self.plugged.next(0), |&last| self.plugged.next(last + 1));
        positions.filter_map(|position| self.sessions[position].as_ref())
    }

    /// The vehicle of a session leaves, and takes its charge with it. The caller then divides the station's power.
    pub fn unplug(&mut self, station: StationId, position: usize) -> Option<Session> {
        let session = self.sessions[position].take()?;
        self.stations[station].occupied -= 1;
        self.plugged.remove(position);
        self.fleets[session.fleet].risen -= soc_units(session.anchor_soc) - soc_units(session.soc_start);
        Some(session)
    }

    /// Advances one session of a station to `now`.
    pub fn settle(&mut self, vehicle_type: &VehicleType, station: StationId, position: usize, now: SimTime) {
        if let Some(session) = &mut self.sessions[position] {
            let fleet = &mut self.fleets[session.fleet];
            self.stations[station].settled_kwh += session.settle(vehicle_type, now, fleet);
        }
    }

    /// Advances one session of a station to `now` and stops its power.
    pub fn stop(&mut self, vehicle_type: &VehicleType, station: StationId, position: usize, now: SimTime) {
        self.settle(vehicle_type, station, position, now);
        if let Some(session) = &mut self.sessions[position] {
            session.active = false;
        }
    }

    /// Lets power flow in a session from `now` on, if it does not. The caller then divides the station's power.
    pub fn resume(&mut self, position: usize, now: SimTime) {
        if let Some(session) = &mut self.sessions[position]
            && !session.active
        {
            session.active = true;
            (session.anchor, session.share_kw) = (now, 0.0);
        }
    }

    /// Sets the power that a policy lets a session take, or requires it to feed back. The caller then divides the
    /// station's power.
    pub fn set_power(&mut self, position: usize, power_kw: f64) {
        if let Some(session) = &mut self.sessions[position] {
            session.set_kw = power_kw;
        }
    }

    /// Bills the energy of a session since the last billing, at `price_per_mwh`.
    pub fn bill(&mut self, position: usize, vehicle_type: &VehicleType, now: SimTime, price_per_mwh: f64) {
        if let Some(session) = &mut self.sessions[position] {
            session.bill(vehicle_type, now, price_per_mwh);
        }
    }

    /// The owner of a vehicle leaves its retailer: returns the energy bought from it, which has been billed.
    pub fn leave_retailer(
        &mut self,
        position: usize,
        vehicle_type: &VehicleType,
        now: SimTime,
    ) -> Option<EnergyAccount> {
        let session = self.sessions[position].as_mut()?;
        let so_far = EnergyAccount { kwh: session.energy_kwh(vehicle_type, now), cost: session.energy_cost };
        let before = std::mem::replace(&mut session.earlier, so_far);
        Some(EnergyAccount { kwh: so_far.kwh - before.kwh, cost: so_far.cost - before.cost })
    }

    /// Reads the meter of a station, which has drawn `total_kwh` until now; returns the energy since the last reading
    /// [kWh].
    pub fn meter(&mut self, station: StationId, total_kwh: f64) -> f64 {
        let state = &mut self.stations[station];
        let kwh = total_kwh - std::mem::replace(&mut state.metered_kwh, total_kwh);
        if state.powered == 0 {
            self.changed.remove(station.index());
        }
        kwh
    }

    /// Advances the sessions of a station to `now`, divides its power again and returns the time of the next change: a
    /// target, a floor or a breakpoint of a curve is reached.
    ///
    /// Power fed back does not allow other vehicles to draw more: it may stop at any time.
    pub fn redivide(
        &mut self,
        setup: &Setup,
        type_of: impl Fn(VehicleId) -> TypeId,
        station: StationId,
        now: SimTime,
    ) -> Option<SimTime> {
        self.changed.insert(station.index());
        let limit_kw = self.stations[station].limit_kw(&setup.stations[station]);
        let total_kw = self.settle_all(setup, &type_of, station, now);
        let order = if !self.stations[station].limit_may_bind || total_kw <= limit_kw {
            Order::Unlimited
        } else if self.stations[station].budget_kw.is_finite() {
            Order::MostUrgentFirst
        } else {
            Order::Fair
        };
        self.sort_demands(setup, order, now);
        let charging = self.share_limit(setup, &type_of, station, (order, limit_kw), now);
        let feeding = self.share_feeds(setup, &type_of, station, now);
        charging.into_iter().chain(feeding).min()
    }

    /// Advances the active sessions of a station to `now` and lists what they could take and feed back; returns the power
    /// that they could take together [kW].
    fn settle_all(
        &mut self,
        setup: &Setup,
        type_of: &impl Fn(VehicleId) -> TypeId,
        station: StationId,
        now: SimTime,
    ) -> f64 {
        let range = self.connectors(setup, station);
        let state = &mut self.stations[station];
        self.demands.clear();
        self.feeds.clear();
        let mut total_kw = 0.0;
        state.powered = 0;
        for position in range {
            let Some(session) = &mut self.sessions[position] else { continue };
            if !session.active {
                continue;
            }
            state.powered += 1;
            let vehicle_type = &setup.types[type_of(session.vehicle)];
            state.settled_kwh += session.settle(vehicle_type, now, &mut self.fleets[session.fleet]);
            let soc = session.anchor_soc;
            if session.set_kw < 0.0 {
                self.feeds.push((position, session.limit_kw.min(-session.set_kw).min(vehicle_type.feed_kw)));
                continue;
            }
            let demand_kw =
                session.limit_kw.min(session.set_kw).min(vehicle_type.curve.peak_until_corner(soc).0);
            total_kw += demand_kw;
            self.demands.push((position, demand_kw));
        }
        total_kw
    }

    /// Brings the demands into the order in which they are met.
    fn sort_demands(&mut self, setup: &Setup, order: Order, now: SimTime) {
        match order {
            Order::Unlimited => {}
            Order::Fair => self.demands.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0))),
            Order::MostUrgentFirst => {
                let sessions = &self.sessions;
                let urgency = |position: usize| {
                    let session = sessions[position].as_ref();
                    let departure = session.and_then(|s| setup.retail.next_departure(s.vehicle, now));
                    (departure.map_or(i64::MAX, |t| t.0), session.map_or(1.0, |s| s.anchor_soc))
                };
                self.demands.sort_by(|a, b| {
                    let ((a_leaves, a_soc), (b_leaves, b_soc)) = (urgency(a.0), urgency(b.0));
                    a_leaves.cmp(&b_leaves).then(a_soc.total_cmp(&b_soc)).then(a.0.cmp(&b.0))
                });
            }
        }
    }

    /// Gives each demand its power within the limit; returns the time of the next target or, where the limit may bind,
    /// breakpoint of a curve.
    fn share_limit(
        &mut self,
        setup: &Setup,
        type_of: &impl Fn(VehicleId) -> TypeId,
        station: StationId,
        (order, limit_kw): (Order, f64),
        now: SimTime,
    ) -> Option<SimTime> {
        let may_bind = self.stations[station].limit_may_bind;
        let (mut left_kw, mut sharers) = (limit_kw, self.demands.len());
        let mut next: Option<SimTime> = None;
        for &(position, demand_kw) in &self.demands {
            let Some(session) = &mut self.sessions[position] else { continue };
            let vehicle_type = &setup.types[type_of(session.vehicle)];
            session.share_kw = session.limit_kw.min(session.set_kw);
            if order != Order::Unlimited {
                let part_kw =
                    if order == Order::MostUrgentFirst { left_kw } else { left_kw / sharers as f64 };
                session.share_kw = demand_kw.min(part_kw);
                left_kw -= session.share_kw;
                sharers -= 1;
            }
            let seconds = vehicle_type.seconds_to(session.anchor_soc, session.share_kw, session.target_soc);
            session.expected_end = later(now, seconds);
            let mut change = session.expected_end;
            let corner = vehicle_type.curve.peak_until_corner(session.anchor_soc).1;
            if may_bind && corner < session.target_soc {
                let seconds = vehicle_type.seconds_to(session.anchor_soc, session.share_kw, corner);
                change = change.min(later(now, seconds));
            }
            next = Some(next.map_or(change, |t| t.min(change)));
        }
        next
    }

    /// Sets the power of the sessions that feed back, within the site limit; returns the time at which the first of them
    /// reaches its floor.
    fn share_feeds(
        &mut self,
        setup: &Setup,
        type_of: &impl Fn(VehicleId) -> TypeId,
        station: StationId,
        now: SimTime,
    ) -> Option<SimTime> {
        let fed_kw: f64 = self.feeds.iter().map(|feed| feed.1).sum();
        let scale = (setup.stations[station].site_limit_kw / fed_kw).min(1.0);
        let mut next: Option<SimTime> = None;
        for &(position, power_kw) in &self.feeds {
            let Some(session) = &mut self.sessions[position] else { continue };
            let vehicle_type = &setup.types[type_of(session.vehicle)];
            session.share_kw = -power_kw * scale;
            let seconds =
                vehicle_type.seconds_to_floor(session.anchor_soc, -session.share_kw, session.floor_soc);
            session.expected_end = later(now, seconds);
            next = Some(next.map_or(session.expected_end, |t| t.min(session.expected_end)));
        }
        next
    }
}

/// Order in which the demands of a station are met.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// The limit does not bind: each takes what it can.
    Unlimited,
    /// A site limit alone is shared by max-min fairness: a vehicle that wants less than an equal part gets all it wants;
    /// the others share the rest.
    Fair,
    /// Power limited by a policy goes to the vehicle that leaves first, as far as departures are announced, and then to
    /// the emptiest.
    MostUrgentFirst,
}

/// Rounding error of a duration that is mathematically a whole number of seconds [s].
const ROUNDING_S: f64 = 1e-6;

/// Time `seconds` after `now`, rounded up to whole seconds and at least one second later. A whole number of seconds
/// with a rounding error remains that whole number.
fn later(now: SimTime, seconds: f64) -> SimTime {
    // Without power there is no foreseeable end: a century.
    now + (seconds - ROUNDING_S).ceil().clamp(1.0, 3.2e9) as i64
}

/// Power that `vehicle_type` would get from the best of `connectors` [kW].
pub fn best_limit_kw(vehicle_type: &VehicleType, connectors: &[Connector]) -> f64 {
    connectors.iter().map(|&c| vehicle_type.limit_kw(c)).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_of_whole_seconds_ends_on_its_second() {
        let start = SimTime(1_000);
        for (seconds, expected) in [
            (3_600.0, 3_600),
            (3_600.000_000_1, 3_600),
            (3_599.999_999_9, 3_600),
            (3_600.01, 3_601),
            (0.0, 1),
        ] {
            assert_eq!(later(start, seconds), start + expected, "{seconds}");
        }
    }
}
