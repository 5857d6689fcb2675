//! The moving part of the world at one instant.
//!
//! The engine's handlers change it; policies read it through a `View`.

use super::charging::{FleetEnergy, best_limit_kw};
use super::travel::{Bounds, Pace};
use super::vehicle::{Activity, Trigger};
use super::{
    ChargeRequest, CompetitionState, LoadBook, Nearby, RetailState, Riders, Session, Setup, Stations,
    TradingState, Vehicles,
};
use gridfleet_core::geo::Places;
use gridfleet_core::ids::{FleetId, Grid2, IdVec, PlaceId, RetailerId, StationId, TypeId, VehicleId};
use gridfleet_core::records::PriceRecord;
use gridfleet_core::time::{HOUR_S, SimTime};

/// Prices of one retailer.
#[derive(Debug, Clone, Default)]
pub struct PriceBook {
    /// Price in force [currency/MWh].
    pub current_per_mwh: f64,
    /// Every broadcast so far, by time.
    pub broadcasts: Vec<PriceRecord>,
    /// Expected prices of upcoming slots, where customers respond to prices. They are not binding.
    pub outlook: Option<Outlook>,
}

impl PriceBook {
    /// Price of the slot that contains `t` [currency/MWh]: the announced price, otherwise the expected one; `None` if
    /// neither covers `t`.
    pub fn price_at(&self, t: SimTime) -> Option<f64> {
        let begun = self.broadcasts.partition_point(|price| price.valid_from <= t);
        match begun.checked_sub(1).map(|last| &self.broadcasts[last]) {
            Some(price) if t < price.valid_to => Some(price.price_per_mwh),
            _ => self.outlook.as_ref()?.at(t),
        }
    }
}

/// Expected prices on an axis of absolute times: the first slot need not be the one in progress, because prices may be
/// announced ahead of their slots.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// Start of the first slot.
    pub first: SimTime,
    /// Length of each slot [s].
    pub slot_s: i64,
    /// Price of each slot [currency/MWh].
    pub prices_per_mwh: Vec<f64>,
}

impl Outlook {
    /// Price of the slot that contains `t` [currency/MWh]; `None` before the first slot and after the last.
    pub fn at(&self, t: SimTime) -> Option<f64> {
        let slot = (t - self.first).div_euclid(self.slot_s);
        self.prices_per_mwh.get(usize::try_from(slot).ok()?).copied()
    }
}

/// Energy drawn, and the retailer's charge for it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct EnergyAccount {
    /// At the plug [kWh].
    pub kwh: f64,
    /// At the retailer's prices, excluding the stations' markups [currency].
    pub cost: f64,
}

/// Values that change only by the hour, looked up once an hour.
#[derive(Debug, Clone)]
pub struct Hour {
    /// First instant at which any of these values may change.
    until: SimTime,
    /// Traffic conditions.
    pub pace: Pace,
    /// Consumption by vehicle type [kWh/km].
    pub consumption_kwh_per_km: IdVec<TypeId, f64>,
}

impl Hour {
    fn at(setup: &Setup, t: SimTime) -> Self {
        let pace = setup.travel.pace(&setup.clock, t);
        // Temperatures are given by hour since the start, which need not be a full clock hour.
        let temperature_until = t + (HOUR_S - (t - setup.start).rem_euclid(HOUR_S));
        let temperature_c = setup.temperature_c(t);
        Self {
            until: pace.until.min(temperature_until),
            pace,
            consumption_kwh_per_km: setup
                .types
                .iter()
                .map(|vehicle_type| vehicle_type.consumption_kwh_per_km(temperature_c))
                .collect(),
        }
    }
}

/// Energy drawn by fleet and retailer.
pub type DrawnEnergy = Grid2<FleetId, RetailerId, EnergyAccount>;

/// The world at one instant.
#[derive(Debug, Clone)]
pub struct State {
    /// The instant.
    pub now: SimTime,
    /// Values that change by the hour.
    pub hour: Hour,
    /// By vehicle.
    pub vehicles: Vehicles,
    /// Stations, connectors, queues.
    pub stations: Stations,
    /// Requests.
    pub riders: Riders,
    /// Vehicles available to riders, by coalition of fleets and place: idle, or charging and interruptible.
    pub available: Vec<Nearby>,
    /// Prices by retailer.
    pub prices: IdVec<RetailerId, PriceBook>,
    /// Energy drawn by completed sessions.
    pub drawn: DrawnEnergy,
    /// One book per retailer with a load-dependent price.
    pub loads: Vec<LoadBook>,
    /// Current choices of customers among the competing retailers.
    pub competition: CompetitionState,
    /// Households, and loads announced by drivers.
    pub retail: RetailState,
    /// Markets.
    pub trading: TradingState,
    /// Stations that a fleet may use, for vehicles without (2 x fleet) and with (2 x fleet + 1) a DC inlet.
    pub(super) stations_of: Vec<Nearby>,
    /// Same indexing: a fallback station; its distance is an upper bound for the distance to the nearest station.
    pub(super) fallback_station: Vec<Option<PlaceId>>,
    /// Same indexing: maximum travel distance from any place to the fallback station [km].
    pub(super) fallback_km: Vec<f64>,
    /// Distance from each place to the nearest other place [great-circle km]; empty on maps with too many places to
    /// compare all pairs.
    pub(super) apart_km: IdVec<PlaceId, f64>,
    /// Bounds on travel time and distance.
    pub(super) bounds: Bounds,
}

/// Number of grid cells for an index of `items`.
fn cells_for(items: usize) -> usize {
    items.clamp(4, 4_096)
}

/// Maximum number of places for which all pairs are compared: a few million pairs, a few hundredths of a second.
const MOST_COMPARED: usize = 2_048;
/// A charging time without a foreseeable end [s]: a century.
const CENTURY_S: f64 = 3.2e9;

fn apart_km(places: &Places) -> IdVec<PlaceId, f64> {
    if places.len() > MOST_COMPARED {
        return IdVec::default();
    }
    let all = || (0..places.len()).map(PlaceId::new);
    let nearest = |a: PlaceId| {
        // Two places may share the same coordinates, such as a depot in the middle of a zone.
        all().filter(|&b| a != b).map(|b| places.distance_km(a, b)).fold(f64::INFINITY, f64::min)
    };
    all().map(nearest).collect()
}

impl State {
    /// State at the start.
    pub fn new(setup: &Setup) -> Self {
        let places = &*setup.places;
        let mut of_coalition = vec![0; setup.fleets.len()];
        for v in &setup.vehicles {
            of_coalition[setup.coalition(v.fleet)] += 1;
        }
        let mut available: Vec<Nearby> = of_coalition
            .iter()
            .map(|&count| Nearby::new(places, setup.vehicles.len(), cells_for(count)))
            .collect();
        for (i, v) in setup.vehicles.iter().enumerate() {
            // Vehicles with bound trips are never searched for.
            if !setup.is_preassigned(v.fleet) {
                available[setup.coalition(v.fleet)].insert(places, i as u32, v.place);
            }
        }
        let hour = Hour::at(setup, setup.start);
        let mut stations_of = Vec::new();
        let mut fallback_station = Vec::new();
        let mut fallback_km = Vec::new();
        for fleet in 0..setup.fleets.len() {
            for with_dc in [false, true] {
                let mut index = Nearby::new(places, setup.stations.len(), cells_for(setup.stations.len()));
                let mut fallback = None;
                for (i, station) in setup.stations.iter().enumerate() {
                    let fits = station.connectors.iter().any(|c| with_dc || !c.dc);
                    if fits && station.access.allows(FleetId::new(fleet)) {
                        index.insert(places, i as u32, station.place);
                        fallback = fallback.or(Some(station.place));
                    }
                }
                stations_of.push(index);
                fallback_station.push(fallback);
                fallback_km.push(fallback.map_or(0.0, |fallback| {
                    let route =
                        |i| setup.travel.route(places, &hour.pace, PlaceId::new(i), fallback).distance_km;
                    (0..places.len()).map(route).fold(0.0, f64::max)
                }));
            }
        }
        Self {
            now: setup.start,
            hour,
            vehicles: Vehicles::new(setup),
            stations: Stations::new(setup),
            riders: Riders::new(setup),
            available,
            prices: IdVec::filled(setup.retailers.len(), PriceBook::default()),
            drawn: Grid2::new(setup.fleets.len(), setup.retailers.len(), EnergyAccount::default()),
            loads: LoadBook::all(setup),
            competition: CompetitionState::new(setup.competition.as_ref()),
            retail: RetailState::new(&setup.retail, setup.retailers.len(), setup.start),
            trading: TradingState::new(&setup.trading, &setup.clock),
            stations_of,
            fallback_station,
            fallback_km,
            apart_km: apart_km(places),
            bounds: Bounds::new(&setup.travel, places),
        }
    }

    /// Advances the clock.
    #[inline]
    pub fn advance(&mut self, setup: &Setup, now: SimTime) {
        self.now = now;
        if now >= self.hour.until {
            self.hour = Hour::at(setup, now);
        }
    }

    /// Advances a vehicle's state machine.
    ///
    /// # Panics
    /// If the transition is not in the table: a bug in the engine.
    pub fn fire(&mut self, vehicle: VehicleId, trigger: Trigger) {
        self.vehicles.fire(vehicle, trigger, self.now);
    }

    /// Makes the vehicle available to riders.
    pub fn make_available(&mut self, setup: &Setup, vehicle: VehicleId) {
        let v = &self.vehicles[vehicle];
        self.available[setup.coalition(v.fleet)].insert(&setup.places, vehicle.0, v.place);
    }

    /// Makes the vehicle unavailable to riders; no effect if it was not available.
    pub fn withdraw(&mut self, setup: &Setup, vehicle: VehicleId) {
        let fleet = self.vehicles[vehicle].fleet;
        self.available[setup.coalition(fleet)].remove(vehicle.0);
    }

    /// Session of a plugged-in vehicle.
    pub fn session(&self, vehicle: VehicleId) -> Option<&Session> {
        let connector = self.vehicles[vehicle].connector?;
        self.stations.session(connector as usize)
    }

    /// State of charge of a vehicle now.
    pub fn soc(&self, setup: &Setup, vehicle: VehicleId) -> f64 {
        let v = &self.vehicles[vehicle];
        let vehicle_type = &setup.types[v.vehicle_type];
        match v.activity {
            Activity::Charging | Activity::Plugged | Activity::Discharging => {
                self.session(vehicle).map_or(v.soc, |session| session.soc(vehicle_type, self.now))
            }
            _ => match &v.leg {
                Some(leg) => {
                    let (energy_kwh, charged_kwh) =
                        leg.exchanged_kwh(vehicle_type, v.soc, leg.share_at(self.now));
                    v.soc + (charged_kwh - energy_kwh) / vehicle_type.battery_kwh
                }
                None => v.soc,
            },
        }
    }

    /// By fleet: energy and charge since the last changes of power of sessions, and charge of legs over which vehicles
    /// charge.
    pub fn charging_now(&self, setup: &Setup) -> IdVec<FleetId, FleetEnergy> {
        let mut fleets = IdVec::filled(setup.fleets.len(), FleetEnergy::default());
        let mut from = 0;
        while let Some(station) = self.stations.next_changed(from) {
            from = station.index() + 1;
            self.read_station(setup, station, &mut fleets);
        }
        self.vehicles.read_legs(setup, self.now, &mut fleets);
        fleets
    }

    /// Energy that a station has drawn until now [kWh]; adds energy and charge of its sessions since their last changes
    /// of power to `fleets`.
    pub fn read_station(
        &self,
        setup: &Setup,
        station: StationId,
        fleets: &mut IdVec<FleetId, FleetEnergy>,
    ) -> f64 {
        let mut total_kwh = self.stations.station(station).settled_kwh;
        let sessions = self.stations.sessions_at(setup, station);
        for session in sessions.iter().flatten().filter(|session| session.active) {
            let vehicle_type = &setup.types[self.vehicles[session.vehicle].vehicle_type];
            total_kwh += session.read(vehicle_type, self.now, &mut fleets[session.fleet]);
        }
        total_kwh
    }

    /// Energy that a station has drawn until now [kWh].
    pub fn drawn_kwh(&self, setup: &Setup, station: StationId) -> f64 {
        let mut fleet = FleetEnergy::default();
        let sessions = self.stations.sessions_at(setup, station).iter().flatten();
        let since = sessions.filter(|session| session.active).map(|session| {
            let vehicle_type = &setup.types[self.vehicles[session.vehicle].vehicle_type];
            session.read(vehicle_type, self.now, &mut fleet)
        });
        self.stations.station(station).settled_kwh + since.sum::<f64>()
    }

    /// Energy drawn until now, by fleet and retailer; `drawn` is overwritten.
    pub fn read_drawn(&self, setup: &Setup, drawn: &mut DrawnEnergy) {
        drawn.clone_from(&self.drawn);
        for session in self.stations.open() {
            let v = &self.vehicles[session.vehicle];
            let vehicle_type = &setup.types[v.vehicle_type];
            let Some(station) = v.station else { continue };
            let retailer = self.supplier(setup, station, session.vehicle);
            let kwh = session.energy_kwh(vehicle_type, self.now);
            let unbilled = (kwh - session.billed_kwh) * self.price_per_mwh(retailer) / 1_000.0;
            let cell = &mut drawn[(v.fleet, retailer)];
            cell.kwh += kwh - session.earlier.kwh;
            cell.cost += session.energy_cost + unbilled - session.earlier.cost;
        }
    }

    /// Retailer from which a vehicle buys when it charges at a station.
    #[inline]
    pub fn supplier(&self, setup: &Setup, station: StationId, vehicle: VehicleId) -> RetailerId {
        let station_retailer = setup.stations[station].retailer;
        self.competition.supplier(setup.competition.as_ref(), station_retailer, vehicle)
    }

    /// Bills the energy that the customers of a retailer at a station have drawn since the last bill, at
    /// `price_per_mwh`.
    pub fn bill(&mut self, setup: &Setup, station: StationId, retailer: RetailerId, price_per_mwh: f64) {
        if self.stations.station(station).occupied == 0 {
            return;
        }
        let station_retailer = setup.stations[station].retailer;
        for position in self.stations.connectors(setup, station) {
            let Some(session) = self.stations.session(position) else { continue };
            if self.competition.supplier(setup.competition.as_ref(), station_retailer, session.vehicle)
                != retailer
            {
                continue;
            }
            let v = &self.vehicles[session.vehicle];
            let vehicle_type = &setup.types[v.vehicle_type];
            self.stations.bill(position, vehicle_type, self.now, price_per_mwh);
        }
    }

    /// Bills the energy that the customers of a retailer have drawn since the last bill, at `price_per_mwh`.
    pub fn bill_all(&mut self, setup: &Setup, retailer: RetailerId, price_per_mwh: f64) {
        let mut from = 0;
        while let Some(position) = self.stations.next_plugged(from) {
            from = position + 1;
            let Some(session) = self.stations.session(position) else { continue };
            let v = &self.vehicles[session.vehicle];
            let Some(station) = v.station else { continue };
            let base = setup.stations[station].retailer;
            if self.competition.supplier(setup.competition.as_ref(), base, session.vehicle) == retailer {
                let vehicle_type = &setup.types[v.vehicle_type];
                self.stations.bill(position, vehicle_type, self.now, price_per_mwh);
            }
        }
    }

    /// Advances a station's sessions to now and divides its power again. Returns the time of the next change.
    pub fn redivide(&mut self, setup: &Setup, station: StationId) -> Option<SimTime> {
        let vehicles = &self.vehicles;
        let type_of = |v: VehicleId| vehicles[v].vehicle_type;
        let next = self.stations.redivide(setup, type_of, station, self.now);
        let state = self.stations.station(station);
        let patience = (!state.queue.is_empty()).then_some(state.next_deadline);
        match (next, patience) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Adds the energy requested by a vehicle that has come to a station to charge, where prices are load-dependent.
    pub fn add_nominal_load(&mut self, setup: &Setup, vehicle: VehicleId, station: StationId) {
        self.change_nominal_load(setup, vehicle, station, self.now, 1.0);
    }

    /// Removes the remaining energy requested by a vehicle that came to a station at `arrival` and now leaves. Its
    /// state of charge is still that of its arrival, because the session keeps a separate value.
    pub fn remove_nominal_load(
        &mut self,
        setup: &Setup,
        vehicle: VehicleId,
        station: StationId,
        arrival: SimTime,
    ) {
        self.change_nominal_load(setup, vehicle, station, arrival, -1.0);
    }

    fn change_nominal_load(
        &mut self,
        setup: &Setup,
        vehicle: VehicleId,
        station: StationId,
        arrival: SimTime,
        sign: f64,
    ) {
        if self.loads.is_empty() {
            return;
        }
        let site = &setup.stations[station];
        let v = &self.vehicles[vehicle];
        let vehicle_type = &setup.types[v.vehicle_type];
        let limit_kw = best_limit_kw(vehicle_type, &site.connectors);
        let since_s = (self.now - arrival) as f64;
        let soc = vehicle_type.soc_after(v.soc, limit_kw, v.target_soc, since_s);
        let charge_request = ChargeRequest { soc, target_soc: v.target_soc, limit_kw };
        for book in self.loads.iter_mut().filter(|book| book.retailer == site.retailer) {
            book.change_nominal(station, vehicle_type, charge_request, self.now, sign);
            let needed_s = vehicle_type.seconds_to(v.soc, limit_kw, v.target_soc);
            let departure = setup.retail.next_departure(vehicle, arrival);
            let Some(departure) = departure.filter(|_| needed_s.is_finite()) else { continue };
            let start = arrival.max(book.due_at(departure) + -(needed_s.ceil().min(CENTURY_S) as i64));
            let from = start.max(self.now);
            let soc = vehicle_type.soc_after(v.soc, limit_kw, v.target_soc, (from - start) as f64);
            let due = ChargeRequest { soc, ..charge_request };
            book.change_due(station, vehicle_type, due, from, sign);
        }
    }

    /// The price in force [currency/MWh].
    pub fn price_per_mwh(&self, retailer: RetailerId) -> f64 {
        self.prices[retailer].current_per_mwh
    }
}
