//! Fleets: who owns vehicles, what riders pay and what driving costs.

use gridfleet_core::ids::{FleetId, PlaceId, TypeId};
use gridfleet_core::ledger::{Money, NoAmount};

/// What a rider pays for a trip whose fare the trace does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct FareRule {
    /// Per trip [currency].
    pub base_eur: f64,
    /// Per kilometre with the rider [currency/km].
    pub per_km_eur: f64,
    /// Per minute with the rider [currency/min].
    pub per_minute_eur: f64,
}

impl FareRule {
    /// Fare of a trip of `distance_km` and `duration_s`.
    ///
    /// # Errors
    /// If it is no amount of money.
    pub fn fare(&self, distance_km: f64, duration_s: i64) -> Result<Money, NoAmount> {
        Money::from_units(
            self.base_eur + self.per_km_eur * distance_km + self.per_minute_eur * duration_s as f64 / 60.0,
        )
    }
}

/// A fleet and its costs.
#[derive(Debug, Clone, Default)]
pub struct Fleet {
    /// Name, unique among fleets.
    pub name: String,
    /// Fare where the trace has none.
    pub fare: FareRule,
    /// Cost of driving besides energy and battery wear [currency/km].
    pub driving_eur_per_km: f64,
    /// Charged to the fleet for each request it loses [currency].
    pub lost_request_eur: f64,
    /// Charged for each vehicle that must be carried to a charger [currency].
    pub rescue_eur: f64,
    /// Where its vehicles may be sent when there is nothing to do.
    pub depots: Vec<PlaceId>,
    /// Its vehicles are privately owned: each has a driver, whose trips are bound to it.
    pub private: bool,
}

/// A vehicle when the simulation starts.
#[derive(Debug, Clone, PartialEq)]
pub struct VehicleStart {
    /// Name, unique among vehicles.
    pub name: String,
    /// Who operates it.
    pub fleet: FleetId,
    /// What it is.
    pub vehicle_type: TypeId,
    /// Where it stands.
    pub place: PlaceId,
    /// State of charge, 0 to 1.
    pub soc: f64,
    /// Its consumption over that of its type: drivers differ.
    pub consumption_factor: f64,
}
