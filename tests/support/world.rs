//! Hand-made worlds: an empty one, and a town to which places, stations, vehicles and trips are added.

use gridfleet::geo::Places;
use gridfleet::ids::{FleetId, IdVec, OperatorId, PlaceId, RetailerId, TypeId, VehicleId};
use gridfleet::ledger::Money;
use gridfleet::time::{HOUR_S, LocalClock, SimTime};
use gridfleet::world::{
    Access, ChargingCurve, Connector, Fleet, Mode, RecordedSoc, RecordedTrip, Requests, Retail, Retailer,
    Setup, Station, Tariff, Trading, Travel, VehicleStart, VehicleType,
};
use std::sync::Arc;

/// A world without anything in it: readings every quarter of an hour, UTC, riders who wait ten minutes.
pub fn empty(start: SimTime, end: SimTime) -> Setup {
    Setup {
        start,
        end,
        control_interval_s: 900,
        measured_from: start,
        end_value_per_mwh: None,
        clock: LocalClock::new(chrono_tz::UTC, start, end),
        mode: Mode::Dispatch { patience_s: 600 },
        places: Arc::default(),
        travel: Travel { circuity: 1.0, speed_kmh: vec![30.0; 168].into(), matrix: None },
        temperature_c: Vec::new(),
        types: IdVec::default(),
        fleets: IdVec::default(),
        coalitions: IdVec::default(),
        referral_share: 0.0,
        vehicles: IdVec::default(),
        operators: IdVec::default(),
        stations: IdVec::default(),
        station_group: IdVec::default(),
        retailers: IdVec::default(),
        competition: None,
        retail: Retail::default(),
        trading: Trading::default(),
        grid: None,
        requests: Requests::default(),
        currency: "EUR".into(),
        co2_kg_per_kwh: None,
    }
}

/// A car without losses that takes the same power at any charge.
pub fn car(battery_kwh: f64, power_kw: f64) -> VehicleType {
    VehicleType {
        name: "car".into(),
        battery_kwh,
        usable_soc: [0.0, 1.0],
        consumption_kwh_per_km: 0.2,
        consumption_by_temperature: Vec::new(),
        ac_kw: power_kw,
        dc_kw: 0.0,
        curve: ChargingCurve::constant(power_kw),
        charge_efficiency: 1.0,
        discharge_efficiency: 1.0,
        feed_kw: 0.0,
        max_active_hours: 8.0,
        wear_cost_per_kwh: 0.0,
    }
}

/// A fleet of privately owned vehicles.
pub fn private() -> Fleet {
    Fleet { name: "private".into(), private: true, ..Fleet::default() }
}

/// A trip of a certain vehicle that begins and ends at one place.
#[derive(Debug, Clone, Copy)]
pub struct Trip {
    pub vehicle: VehicleId,
    pub place: PlaceId,
    pub time: SimTime,
    pub duration_s: u32,
    pub distance_km: f64,
    pub fare: f64,
    pub soc: RecordedSoc,
    pub ends_at_charger: bool,
}

impl Trip {
    /// A trip of 5 km, without a fare, after which the vehicle is plugged in.
    pub fn new(vehicle: usize, time: SimTime, duration_s: u32) -> Self {
        let (vehicle, place) = (VehicleId::new(vehicle), PlaceId(0));
        let soc = RecordedSoc::Unknown;
        Self { vehicle, place, time, duration_s, distance_km: 5.0, fare: 0.0, soc, ends_at_charger: true }
    }

    /// Adds it to requests, which it must not precede.
    pub fn add_to(self, requests: &mut Requests) {
        requests.time.push(self.time);
        requests.origin.push(self.place);
        requests.destination.push(self.place);
        requests.duration_s.push(self.duration_s);
        requests.distance_km.push(self.distance_km);
        requests.fare.push(Money::from_units(self.fare).unwrap());
        requests.fleet.push(FleetId(0));
        let Self { vehicle, soc, ends_at_charger, .. } = self;
        requests.recorded.push(Some(RecordedTrip { vehicle, soc, ends_at_charger }));
    }
}

/// A world in the making: one fleet of one type, one operator, one retailer.
pub struct Town {
    setup: Setup,
    places: Places,
    /// Place of the next station and of the next vehicles.
    here: PlaceId,
}

impl Town {
    /// A town of one place, without stations and vehicles.
    pub fn new(start: SimTime, end: SimTime, fleet: Fleet, vehicle_type: VehicleType) -> Self {
        let mut places = Places::default();
        let here = places.add_point(40.0, -74.0);
        let (fleets, types) = (vec![fleet].into(), vec![vehicle_type].into());
        let operators = vec!["operator".into()].into();
        Self { setup: Setup { fleets, types, operators, ..empty(start, end) }, places, here }
    }

    /// A further place, far from the others.
    pub fn place(mut self) -> Self {
        self.here = self.places.add_point(40.0 + self.places.len() as f64, -74.0);
        self
    }

    /// The retailer; its prices hold for an hour and are announced an hour ahead.
    pub fn retailer(mut self, name: &str, tariff: Tariff) -> Self {
        self.setup.retailers.push(Retailer { name: name.into(), tariff, slot_s: HOUR_S, lead_s: HOUR_S });
        self
    }

    /// A public station of the last place.
    pub fn station(mut self, name: &str, connectors: usize, power_kw: f64) -> Self {
        self.setup.stations.push(Station {
            name: name.into(),
            place: self.here,
            operator: OperatorId(0),
            access: Access::PUBLIC,
            connectors: vec![Connector { power_kw, dc: false }; connectors],
            site_limit_kw: f64::INFINITY,
            retailer: RetailerId(0),
            markup_per_mwh: 0.0,
            sensitivity_per_mwh_kw: 0.0,
            bus: None,
            queue_patience_s: 1_800,
        });
        self
    }

    /// Vehicles at the last place with these states of charge, called `car-0` and so on.
    pub fn vehicles(mut self, soc: &[f64]) -> Self {
        for &soc in soc {
            self.setup.vehicles.push(VehicleStart {
                name: format!("car-{}", self.setup.vehicles.len()),
                fleet: FleetId(0),
                vehicle_type: TypeId(0),
                place: self.here,
                soc,
                consumption_factor: 1.0,
            });
        }
        self
    }

    /// Trips in order of time.
    pub fn trips(mut self, trips: impl IntoIterator<Item = Trip>) -> Self {
        trips.into_iter().for_each(|trip| trip.add_to(&mut self.setup.requests));
        self
    }

    /// The world.
    pub fn build(self) -> Setup {
        Setup { places: Arc::new(self.places), ..self.setup }
    }
}
