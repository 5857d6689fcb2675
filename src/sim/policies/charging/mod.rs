//! Baseline charging: a vehicle below a threshold drives to a charger; an idle vehicle may also charge
//! opportunistically, always or where and when energy is cheap.

mod offers;

use super::{Action, Charging, Turn};
use crate::world::{Activity, Search, View};
use gridfleet_core::ids::{FleetId, IdVec, StationId, VehicleId};
use gridfleet_core::time::{HOUR_S, SimTime};
use offers::{Offers, comparable};

/// Great-circle distance up to which a station counts as being at a depot [km].
const AT_DEPOT_KM: f64 = 0.1;

/// Number of instants of a charging session at which its price is sampled.
const LOOKS: i64 = 8;

/// Choice of a station.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Choice {
    /// The nearest station.
    Nearest,
    /// The station with the earliest expected end of charging, among the nearest `candidates`.
    Fastest { candidates: usize },
    /// The station with the lowest total cost of energy and time, among the nearest `candidates` and those at depots of
    /// the fleet.
    Cheapest { candidates: usize, time_value_per_h: f64 },
}

/// Opportunistic charging, while no rider requests the vehicle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct WhileIdle {
    /// Upper limit on the state of charge.
    pub below_soc: f64,
    /// Minimum idle time [s].
    pub idle_s: i64,
    /// Only where at most this share of the lowest prices of the last week is lower; `None` for any price.
    pub cheap_share: Option<f64>,
}

/// The four baselines; see `ChargingSpec`.
#[derive(Debug)]
pub(super) struct Threshold {
    start_soc: f64,
    target_soc: f64,
    choice: Choice,
    while_idle: Option<WhileIdle>,
    search: Search,
    found: Vec<StationId>,
    free_at: Vec<f64>,
    /// Connectors assigned in this round, by station: the view does not include them yet.
    given: Vec<(StationId, usize)>,
    /// Stations at the depots of each fleet; filled on first use.
    at_depots: IdVec<FleetId, Vec<StationId>>,
    /// Recent prices by fleet.
    offers: Vec<Offers>,
    /// By fleet: prices up to this count as cheap [currency/MWh].
    cheap_up_to: IdVec<FleetId, f64>,
    /// Scratch buffer.
    due: Vec<VehicleId>,
}

impl Threshold {
    pub(super) fn new(
        start_soc: f64,
        target_soc: f64,
        choice: Choice,
        while_idle: Option<WhileIdle>,
    ) -> Self {
        Self {
            start_soc,
            target_soc,
            choice,
            while_idle,
            search: Search::default(),
            found: Vec::new(),
            free_at: Vec::new(),
            given: Vec::new(),
            at_depots: IdVec::default(),
            offers: Vec::new(),
            cheap_up_to: IdVec::default(),
            due: Vec::new(),
        }
    }

    /// Target state of charge, within the usable range of the vehicle's battery.
    fn target(&self, view: View<'_>, vehicle: VehicleId) -> f64 {
        self.target_soc.min(view.vehicle_type(vehicle).usable_soc[1])
    }

    /// Finds the candidate stations.
    fn look(&mut self, view: View<'_>, vehicle: VehicleId) {
        view.stations_for(vehicle, self.candidates(), &mut self.search, &mut self.found);
        if matches!(self.choice, Choice::Cheapest { .. }) {
            if self.at_depots.is_empty() {
                self.at_depots = (0..view.fleet_count()).map(|i| at_depots(view, FleetId::new(i))).collect();
            }
            for &station in &self.at_depots[view.vehicle(vehicle).fleet] {
                if !self.found.contains(&station)
                    && !view.avoids(vehicle, station)
                    && view.charging_time_s(vehicle, station, 0.0, 1.0).is_finite()
                {
                    self.found.push(station);
                }
            }
        }
    }

    fn station(&mut self, view: View<'_>, vehicle: VehicleId) -> Option<StationId> {
        self.look(view, vehicle);
        if self.found.len() <= 1 {
            return self.found.first().copied();
        }
        let (vehicle_type, soc, target_soc) =
            (view.vehicle_type(vehicle), view.soc(vehicle), self.target(view, vehicle));
        let per_km = view.consumption_kwh_per_km(vehicle);
        let completion = |&station: &StationId| {
            let route = view.route(view.vehicle(vehicle).place, view.station_place(station));
            let soc_there = (soc - route.distance_km * per_km / vehicle_type.battery_kwh).max(0.0);
            let charging_s = view.charging_time_s(vehicle, station, soc_there, target_soc);
            let connected = view.expected_connection(
                station,
                view.now() + route.duration_s,
                charging_s,
                &mut self.free_at,
            );
            // A station beyond the vehicle's range costs a rescue: chosen only if there is no other.
            let out_of_reach =
                soc - route.distance_km * per_km / vehicle_type.battery_kwh < vehicle_type.usable_soc[0];
            let time_s = (connected - view.now()) as f64 + charging_s;
            let worth = match self.choice {
                Choice::Nearest | Choice::Fastest { .. } => time_s,
                Choice::Cheapest { time_value_per_h, .. } => {
                    let mwh = vehicle_type.kwh(target_soc - soc_there) / vehicle_type.charge_efficiency / 1e3;
                    let price = mean_price_per_mwh(view, station, connected, charging_s);
                    mwh * price + time_s / HOUR_S as f64 * time_value_per_h
                }
            };
            (out_of_reach, worth, station)
        };
        self.found
            .iter()
            .map(completion)
            .min_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)))
            .map(|(_, _, station)| station)
    }

    fn charge_if_low(&mut self, view: View<'_>, vehicle: VehicleId, actions: &mut Vec<Action>) -> bool {
        if view.soc(vehicle) >= self.start_soc {
            return false;
        }
        let target_soc = self.target(view, vehicle);
        if let Some(station) = self.station(view, vehicle) {
            actions.push(Action::Charge { vehicle, station, target_soc, yields: false });
        }
        true
    }
}

/// Stations at the depots of a fleet that it may use.
fn at_depots(view: View<'_>, fleet: FleetId) -> Vec<StationId> {
    let near = |station: &StationId| {
        let place = view.station_place(*station);
        view.depots(fleet).iter().any(|&depot| view.great_circle_km(depot, place) <= AT_DEPOT_KM)
    };
    view.stations_of(fleet).filter(near).collect()
}

/// Mean price over a charging session that begins at `from` [currency/MWh], as far as prices are known.
fn mean_price_per_mwh(view: View<'_>, station: StationId, from: SimTime, charging_s: f64) -> f64 {
    let step_s = charging_s.min(1e9) / LOOKS as f64;
    let price = |look: i64| view.station_price_per_mwh(station, from + ((look as f64 + 0.5) * step_s) as i64);
    (0..LOOKS).map(price).sum::<f64>() / LOOKS as f64
}

impl Charging for Threshold {
    fn on_idle(&mut self, turn: &mut Turn<'_>, idle: &[VehicleId]) {
        let view = turn.view;
        for &vehicle in idle {
            self.charge_if_low(view, vehicle, turn.actions);
        }
    }

    fn on_interval(&mut self, turn: &mut Turn<'_>) {
        let view = turn.view;
        let Some(rule) = self.while_idle else { return };
        self.given.clear();
        self.cheap_up_to.clear();
        if let Some(share) = rule.cheap_share {
            if self.offers.is_empty() {
                self.offers = (0..view.fleet_count()).map(|i| Offers::new(view, FleetId::new(i))).collect();
            }
            self.cheap_up_to.extend(self.offers.iter_mut().map(|offers| offers.cheap_up_to(view, share)));
        } else {
            self.cheap_up_to.resize(view.fleet_count(), f64::INFINITY);
        }
        // The emptiest first, then the longest idle: neither the order of the index nor that of fleets decides who gets
        // the last connector.
        let mut due = std::mem::take(&mut self.due);
        due.clear();
        due.extend((0..view.fleet_count()).flat_map(|fleet| view.available(FleetId::new(fleet))).filter(
            |&vehicle| {
                let (v, soc) = (view.vehicle(vehicle), || view.soc(vehicle));
                let is_idle = v.activity() == Activity::Idle;
                let may_charge = || soc() < rule.below_soc && view.idle_s(vehicle) >= rule.idle_s;
                v.activity().is_plugged() && v.yields || is_idle && (soc() < self.start_soc || may_charge())
            },
        ));
        let key = |vehicle: VehicleId| (view.soc(vehicle), view.vehicle(vehicle).since());
        due.sort_by(|&a, &b| {
            let ((soc_a, since_a), (soc_b, since_b)) = (key(a), key(b));
            soc_a.total_cmp(&soc_b).then(since_a.cmp(&since_b)).then(a.cmp(&b))
        });
        for &vehicle in &due {
            let v = view.vehicle(vehicle);
            let cheap_up_to = self.cheap_up_to[v.fleet];
            let price = |station| comparable(view.station_price_per_mwh(station, view.now()));
            if v.activity().is_plugged() {
                // The price for which it came is no longer cheap.
                if v.station.is_some_and(|station| price(station) > cheap_up_to) {
                    turn.actions.push(Action::Unplug { vehicle });
                }
                continue;
            }
            if self.charge_if_low(view, vehicle, turn.actions) {
                continue;
            }
            let target_soc = self.target(view, vehicle);
            self.look(view, vehicle);
            if rule.cheap_share.is_some() {
                // The cheapest first; among equal ones the nearest, in the given order.
                self.found.retain(|&station| price(station) <= cheap_up_to);
                self.found.sort_by(|&a, &b| price(a).total_cmp(&price(b)));
            }
            for &station in &self.found {
                let at = self.given.iter().position(|g| g.0 == station).unwrap_or_else(|| {
                    self.given.push((station, 0));
                    self.given.len() - 1
                });
                if view.free_connectors(station) > self.given[at].1 {
                    self.given[at].1 += 1;
                    turn.actions.push(Action::Charge { vehicle, station, target_soc, yields: true });
                    break;
                }
            }
        }
        self.due = due;
    }
}

impl Threshold {
    fn candidates(&self) -> usize {
        match self.choice {
            Choice::Nearest => 1,
            Choice::Fastest { candidates } | Choice::Cheapest { candidates, .. } => candidates,
        }
    }
}
