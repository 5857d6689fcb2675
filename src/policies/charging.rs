//! Baseline charging: below a threshold a vehicle goes to charge; while idle it
//! may charge in passing, always or in cheap hours only.

use super::{Action, Charging};
use crate::ids::{FleetId, RetailerId, StationId, VehicleId};
use crate::time::DAY_S;
use crate::world::{Activity, Search, View};
use rand_pcg::Pcg64;

/// How a station is chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Choice {
    /// The nearest.
    Nearest,
    /// The one where the charge is expected to be complete first, among the nearest `candidates`.
    Fastest { candidates: usize },
}

/// Charging in passing, while no rider asks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct WhileIdle {
    /// Below this state of charge.
    pub below_soc: f64,
    /// After this time with nothing to do [s].
    pub idle_s: i64,
    /// Only while at most this share of the prices of the last week is lower; `None`: at any price.
    pub cheap_share: Option<f64>,
}

/// The four baselines: see `ChargingSpec`.
#[derive(Debug)]
pub(super) struct Threshold {
    start_soc: f64,
    target_soc: f64,
    choice: Choice,
    while_idle: Option<WhileIdle>,
    search: Search,
    found: Vec<StationId>,
    free_at: Vec<f64>,
    /// Connectors given away in this round, by station: the view does not know of them yet.
    given: Vec<(StationId, usize)>,
    /// By retailer: whether the price is low now.
    cheap: Vec<bool>,
    prices: Vec<f64>,
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
            cheap: Vec::new(),
            prices: Vec::new(),
        }
    }

    /// The charge asked for, within what the vehicle's battery may use.
    fn target(&self, view: View<'_>, vehicle: VehicleId) -> f64 {
        self.target_soc.min(view.vehicle_type(vehicle).usable_soc[1])
    }

    fn station(&mut self, view: View<'_>, vehicle: VehicleId) -> Option<StationId> {
        view.stations_for(vehicle, self.candidates(), &mut self.search, &mut self.found);
        if self.found.len() <= 1 {
            return self.found.first().copied();
        }
        let (of, soc, target_soc) =
            (view.vehicle_type(vehicle), view.soc(vehicle), self.target(view, vehicle));
        let per_km = view.consumption_kwh_per_km(vehicle);
        let completion = |&station: &StationId| {
            let way = view.trip(view.vehicle(vehicle).place, view.station_place(station));
            let soc_there = (soc - way.distance_km * per_km / of.battery_kwh).max(0.0);
            let charging_s = view.charging_time_s(vehicle, station, soc_there, target_soc);
            let connected =
                view.expected_connection(station, view.now() + way.duration_s, charging_s, &mut self.free_at);
            // A station that the charge does not reach costs a rescue: only where there is no other.
            let out_of_reach = soc - way.distance_km * per_km / of.battery_kwh < of.usable_soc[0];
            (out_of_reach, (connected - view.now()) as f64 + charging_s, station)
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

    /// Whether the price in force is among the lowest broadcast for the last week.
    fn is_cheap(&mut self, view: View<'_>, retailer: RetailerId, share: f64) -> bool {
        let book = view.prices(retailer);
        let week_ago = view.now() + -7 * DAY_S;
        self.prices.clear();
        self.prices.extend(
            book.broadcasts.iter().rev().take_while(|p| p.valid_to > week_ago).map(|p| p.price_eur_mwh),
        );
        let lower = self.prices.iter().filter(|&&p| p < book.current_eur_mwh).count();
        lower as f64 <= share * self.prices.len() as f64
    }
}

impl Charging for Threshold {
    fn on_idle(
        &mut self,
        view: View<'_>,
        idle: &[VehicleId],
        _random: &mut Pcg64,
        actions: &mut Vec<Action>,
    ) {
        for &vehicle in idle {
            self.charge_if_low(view, vehicle, actions);
        }
    }

    fn on_interval(&mut self, view: View<'_>, _random: &mut Pcg64, actions: &mut Vec<Action>) {
        let Some(rule) = self.while_idle else { return };
        self.given.clear();
        self.cheap.clear();
        for retailer in 0..view.retailer_count() {
            let cheap =
                rule.cheap_share.is_none_or(|share| self.is_cheap(view, RetailerId::new(retailer), share));
            self.cheap.push(cheap);
        }
        for fleet in 0..view.fleet_count() {
            for vehicle in view.available(FleetId::new(fleet)) {
                let v = view.vehicle(vehicle);
                if v.activity.is_plugged() {
                    // Came in a cheap hour that is over.
                    if let Some(station) = v.station
                        && v.yields
                        && !self.cheap[view.retailer(station).index()]
                    {
                        actions.push(Action::Unplug { vehicle });
                    }
                    continue;
                }
                if v.activity != Activity::Idle
                    || self.charge_if_low(view, vehicle, actions)
                    || view.idle_s(vehicle) < rule.idle_s
                    || view.soc(vehicle) >= rule.below_soc
                {
                    continue;
                }
                let target_soc = self.target(view, vehicle);
                view.stations_for(vehicle, self.candidates(), &mut self.search, &mut self.found);
                for &station in &self.found {
                    if !self.cheap[view.retailer(station).index()] {
                        continue;
                    }
                    let at = self.given.iter().position(|g| g.0 == station).unwrap_or_else(|| {
                        self.given.push((station, 0));
                        self.given.len() - 1
                    });
                    if view.free_connectors(station) > self.given[at].1 {
                        self.given[at].1 += 1;
                        actions.push(Action::Charge { vehicle, station, target_soc, yields: true });
                        break;
                    }
                }
            }
        }
    }
}

impl Threshold {
    fn candidates(&self) -> usize {
        match self.choice {
            Choice::Nearest => 1,
            Choice::Fastest { candidates } => candidates,
        }
    }
}
