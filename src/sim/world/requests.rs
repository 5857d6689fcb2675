//! Requests for rides, sorted by time, one flat column per property.

use gridfleet_core::ids::{FleetId, IdVec, PlaceId, RequestId, VehicleId};
use gridfleet_core::ledger::Money;
use gridfleet_core::time::SimTime;

/// All requests of a replication, by [`RequestId`]; `time` is non-decreasing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Requests {
    /// Time of the request (in replay: start of the trip).
    pub time: IdVec<RequestId, SimTime>,
    /// Origin.
    pub origin: IdVec<RequestId, PlaceId>,
    /// Destination.
    pub destination: IdVec<RequestId, PlaceId>,
    /// Driving time with the rider [s].
    pub duration_s: IdVec<RequestId, u32>,
    /// Distance with the rider [km].
    pub distance_km: IdVec<RequestId, f64>,
    /// Fare paid by the rider.
    pub fare: IdVec<RequestId, Money>,
    /// Fleet that the rider asks.
    pub fleet: IdVec<RequestId, FleetId>,
    /// Recorded trip of each request that belongs to a certain vehicle, in replay or for a driver's trips; empty if none does.
    pub recorded: IdVec<RequestId, Option<RecordedTrip>>,
}

/// Recorded state of charge over a trip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RecordedSoc {
    /// Not recorded: the trip takes the energy that the vehicle consumes over its distance.
    Unknown,
    /// It fell by this (0..1).
    Fell(f64),
    /// It rose by this (0..1): the vehicle was charged somewhere during the trip, beyond its consumption.
    Rose(f64),
}

/// Known data of a trip that belongs to a certain vehicle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecordedTrip {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// Recorded change of the state of charge.
    pub soc: RecordedSoc,
    /// The vehicle was plugged in where the trip ended.
    pub ends_at_charger: bool,
}

impl Requests {
    /// Number of requests.
    pub fn len(&self) -> usize {
        self.time.len()
    }
    /// Whether there are no requests.
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }
    /// Makes room for so many more requests, bound to no vehicle.
    pub fn reserve(&mut self, count: usize) {
        let Self { time, origin, destination, duration_s, distance_km, fare, fleet, recorded: _ } = self;
        time.reserve_exact(count);
        origin.reserve_exact(count);
        destination.reserve_exact(count);
        duration_s.reserve_exact(count);
        distance_km.reserve_exact(count);
        fare.reserve_exact(count);
        fleet.reserve_exact(count);
    }

    /// Keeps the requests for which `keeps` returns true, in their order.
    pub fn retain(&mut self, keeps: impl Fn(RequestId) -> bool) {
        let Self { time, origin, destination, duration_s, distance_km, fare, fleet, recorded } = self;
        time.retain(&keeps);
        origin.retain(&keeps);
        destination.retain(&keeps);
        duration_s.retain(&keeps);
        distance_km.retain(&keeps);
        fare.retain(&keeps);
        fleet.retain(&keeps);
        recorded.retain(&keeps);
    }
    /// Binding of a request to its vehicle.
    #[inline]
    pub fn recorded_trip(&self, request: RequestId) -> Option<RecordedTrip> {
        self.recorded.of(request).copied().flatten()
    }
    /// Time of the request.
    #[inline]
    pub fn time(&self, request: RequestId) -> SimTime {
        self.time[request]
    }
}
