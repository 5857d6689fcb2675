//! View of a policy: the world as it is known now, and nothing of the future.
//!
//! Requests that have not been made, trips to come and prices not yet broadcast are not accessible. Of the future a view
//! shows one thing: when the driver of a plugged-in vehicle leaves next, which the driver knows. It answers expensive questions (nearby vehicles, vehicles that can serve a request, expected
//! wait at a station) in one place for all policies.

mod competition;
mod retail;
mod service;
mod stations;
mod trading;

pub use service::{BestCandidate, Candidate, RideRequest, Service};
pub use stations::ChargingVehicle;
pub use trading::MarketView;

use super::state::{PriceBook, State};
use super::vehicle::{Activity, Vehicle};
use super::{Route, Setup, VehicleType};
use gridfleet_core::ids::{FleetId, PlaceId, RequestId, RetailerId, VehicleId};
use gridfleet_core::time::{LocalClock, SimTime};

/// A read-only view of the world.
#[derive(Clone, Copy)]
pub struct View<'a> {
    setup: &'a Setup,
    state: &'a State,
}

impl<'a> View<'a> {
    /// Creates a view of `state`.
    pub fn new(setup: &'a Setup, state: &'a State) -> Self {
        Self { setup, state }
    }

    /// Current time.
    #[inline]
    pub fn now(&self) -> SimTime {
        self.state.now
    }

    /// Local time zone.
    pub fn clock(&self) -> &'a LocalClock {
        &self.setup.clock
    }

    /// Number of vehicles.
    pub fn vehicle_count(&self) -> usize {
        self.state.vehicles.len()
    }

    /// A vehicle.
    #[inline]
    pub fn vehicle(&self, vehicle: VehicleId) -> &'a Vehicle {
        &self.state.vehicles[vehicle]
    }

    /// Its type.
    #[inline]
    pub fn vehicle_type(&self, vehicle: VehicleId) -> &'a VehicleType {
        &self.setup.types[self.vehicle(vehicle).vehicle_type]
    }

    /// Its state of charge now, 0 to 1.
    #[inline]
    pub fn soc(&self, vehicle: VehicleId) -> f64 {
        self.state.soc(self.setup, vehicle)
    }

    /// Number of fleets.
    pub fn fleet_count(&self) -> usize {
        self.setup.fleets.len()
    }

    /// Vehicles of `fleet` that are available to riders.
    pub fn available(&self, fleet: FleetId) -> impl Iterator<Item = VehicleId> + 'a {
        let of_coalition = self.state.available[self.setup.coalition(fleet)].iter().map(VehicleId);
        let vehicles = &self.state.vehicles;
        of_coalition.filter(move |vehicle| vehicles[*vehicle].fleet == fleet)
    }

    /// All vehicles of `fleet`.
    pub fn vehicles_of(&self, fleet: FleetId) -> impl Iterator<Item = VehicleId> + 'a {
        let vehicles = self.state.vehicles.iter().enumerate();
        vehicles.filter(move |(_, v)| v.fleet == fleet).map(|(i, _)| VehicleId::new(i))
    }

    /// Whether `fleet` serves riders who asked for `asked`: the fleet itself, or another of its coalition.
    pub fn serves(&self, fleet: FleetId, asked: FleetId) -> bool {
        self.setup.coalition(fleet) == self.setup.coalition(asked)
    }

    /// Depots of `fleet`.
    pub fn depots(&self, fleet: FleetId) -> &'a [PlaceId] {
        &self.setup.fleets[fleet].depots
    }

    /// Number of places.
    pub fn place_count(&self) -> usize {
        self.setup.places.len()
    }

    /// Latitude and longitude [degrees].
    pub fn coordinates(&self, place: PlaceId) -> (f64, f64) {
        (self.setup.places.lat(place), self.setup.places.lon(place))
    }

    /// Great-circle distance [km].
    pub fn great_circle_km(&self, from: PlaceId, to: PlaceId) -> f64 {
        self.setup.places.distance_km(from, to)
    }

    /// Whether the vehicle is available to riders.
    pub fn is_available(&self, vehicle: VehicleId) -> bool {
        self.state.available[self.setup.coalition(self.vehicle(vehicle).fleet)].contains(vehicle.0)
    }

    /// Requests that wait for a vehicle, in no meaningful order.
    pub fn waiting(&self) -> impl Iterator<Item = RequestId> + 'a {
        self.state.riders.waiting().iter().map(RequestId)
    }

    /// Number of waiting requests.
    pub fn waiting_count(&self) -> usize {
        self.state.riders.waiting().len()
    }

    /// Whether the request is still waiting.
    pub fn is_waiting(&self, request: RequestId) -> bool {
        self.state.riders.is_waiting(request)
    }

    /// Route between two places, departing now.
    #[inline]
    pub fn route(&self, from: PlaceId, to: PlaceId) -> Route {
        self.setup.travel.route(&self.setup.places, &self.state.hour.pace, from, to)
    }

    /// Consumption of a vehicle at present [kWh/km].
    #[inline]
    pub fn consumption_kwh_per_km(&self, vehicle: VehicleId) -> f64 {
        let v = self.vehicle(vehicle);
        self.state.hour.consumption_kwh_per_km[v.vehicle_type] * v.consumption_factor
    }

    /// Known prices of a retailer.
    pub fn prices(&self, retailer: RetailerId) -> &'a PriceBook {
        &self.state.prices[retailer]
    }

    /// Number of retailers.
    pub fn retailer_count(&self) -> usize {
        self.setup.retailers.len()
    }

    /// Time for which a vehicle has been idle [s]; 0 if it is not idle.
    pub fn idle_s(&self, vehicle: VehicleId) -> i64 {
        let v = self.vehicle(vehicle);
        if v.activity == Activity::Idle { self.now() - v.since } else { 0 }
    }
}
