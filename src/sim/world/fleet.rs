//! Fleets: vehicle owners, fares and driving costs.

use gridfleet_core::ids::{FleetId, PlaceId, TypeId};
use gridfleet_core::ledger::{Money, NoAmount};

/// Fare of a trip for which the trace has none.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FareRule {
    /// Per trip [currency].
    pub base: f64,
    /// Per kilometre with the rider [currency/km].
    pub per_km: f64,
    /// Per minute with the rider [currency/min].
    pub per_minute: f64,
}

impl FareRule {
    /// Fare of a trip of `distance_km` and `duration_s`.
    ///
    /// # Errors
    /// If the fare is not a valid amount of money.
    pub fn fare(&self, distance_km: f64, duration_s: i64) -> Result<Money, NoAmount> {
        Money::from_units(self.base + self.per_km * distance_km + self.per_minute * duration_s as f64 / 60.0)
    }
}

/// A fleet and its costs.
#[derive(Debug, Clone, Default)]
pub struct Fleet {
    /// Name, unique among fleets.
    pub name: String,
    /// Fare for trips without one in the trace.
    pub fare: FareRule,
    /// Driving cost other than energy and battery wear [currency/km].
    pub driving_cost_per_km: f64,
    /// Charged to the fleet for each request it loses [currency].
    pub lost_request_cost: f64,
    /// Charged for each vehicle that must be carried to a charger [currency].
    pub rescue_cost: f64,
    /// Depots to which idle vehicles may be sent.
    pub depots: Vec<PlaceId>,
    /// Its vehicles are privately owned: each has a driver, and the driver's trips are bound to it.
    pub private: bool,
}

/// A vehicle at the start of the simulation.
#[derive(Debug, Clone, PartialEq)]
pub struct VehicleStart {
    /// Name, unique among vehicles.
    pub name: String,
    /// Fleet that operates it.
    pub fleet: FleetId,
    /// Vehicle type.
    pub vehicle_type: TypeId,
    /// Initial place.
    pub place: PlaceId,
    /// State of charge, 0 to 1.
    pub soc: f64,
    /// Its consumption relative to its type: drivers differ.
    pub consumption_factor: f64,
}
