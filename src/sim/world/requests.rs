//! Requests for rides, sorted by time, one flat column per property.

use gridfleet_core::ids::{FleetId, PlaceId, RequestId, VehicleId};
use gridfleet_core::ledger::Money;
use gridfleet_core::time::SimTime;

/// All requests of a replication, by [`RequestId`]; `time` is non-decreasing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Requests {
    /// Time of the request (in replay: start of the trip).
    pub time: Vec<SimTime>,
    /// Origin.
    pub origin: Vec<PlaceId>,
    /// Destination.
    pub destination: Vec<PlaceId>,
    /// Driving time with the rider [s].
    pub duration_s: Vec<u32>,
    /// Distance with the rider [km].
    pub distance_km: Vec<f64>,
    /// Fare paid by the rider.
    pub fare: Vec<Money>,
    /// Fleet that the rider asks.
    pub fleet: Vec<FleetId>,
    /// Recorded trip of each request that belongs to a certain vehicle, in replay or for a driver's trips; empty if none does.
    pub recorded: Vec<Option<RecordedTrip>>,
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
    /// Keeps the requests for which `keeps` returns true, in their order.
    pub fn retain(&mut self, keeps: impl Fn(usize) -> bool) {
        fn column<T>(column: &mut Vec<T>, keeps: &impl Fn(usize) -> bool) {
            let mut i = 0;
            column.retain(|_| {
                i += 1;
                keeps(i - 1)
            });
        }
        let Self { time, origin, destination, duration_s, distance_km, fare, fleet, recorded } = self;
        column(time, &keeps);
        column(origin, &keeps);
        column(destination, &keeps);
        column(duration_s, &keeps);
        column(distance_km, &keeps);
        column(fare, &keeps);
        column(fleet, &keeps);
        column(recorded, &keeps);
    }
    /// Binding of a request to its vehicle.
    #[inline]
    pub fn recorded_trip(&self, request: RequestId) -> Option<RecordedTrip> {
        self.recorded.get(request.index()).copied().flatten()
    }
    /// Time of the request.
    #[inline]
    pub fn time(&self, request: RequestId) -> SimTime {
        self.time[request.index()]
    }
}
