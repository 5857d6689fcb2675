//! Charge of a fleet as sums that change with its vehicles, so that a meter reading costs what changed and not one step
//! per vehicle.
//!
//! A vehicle contributes its state of charge: constant while it is parked, linear in time while it drives. Sums are
//! integers, so that removing a contribution leaves exactly what was there before, in any order of vehicles. Energy that
//! flows at a connector since the last change of power is added by the reader.

use super::{Leg, VehicleType};
use gridfleet_core::time::SimTime;

/// Units of a state of charge of 1.
const SOC_UNITS: f64 = (1_u64 << 60) as f64;

/// Units of 1 kWh.
const KWH_UNITS: f64 = (1_u64 << 44) as f64;

/// A state of charge, or a change of it, in units.
#[inline]
pub(crate) fn soc_units(soc: f64) -> i128 {
    i128::from((soc * SOC_UNITS) as i64)
}

fn kwh_units(kwh: f64) -> i128 {
    i128::from((kwh * KWH_UNITS) as i64)
}

/// State of charge of a vehicle as a function of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Motion {
    /// At `since`.
    soc: f64,
    since: SimTime,
    /// Change per second.
    per_s: f64,
}

impl Motion {
    /// A vehicle that is parked.
    pub fn parked(soc: f64) -> Self {
        Self { soc, since: SimTime(0), per_s: 0.0 }
    }

    /// A vehicle that departed at `soc`, without energy charged on the way.
    pub fn driving(leg: &Leg, vehicle_type: &VehicleType, soc: f64) -> Self {
        let used = leg.energy_kwh / vehicle_type.battery_kwh;
        let whole_s = (leg.end - leg.start) as f64;
        if whole_s <= 0.0 {
            return Self::parked(soc - used);
        }
        Self { soc, since: leg.start, per_s: -used / whole_s }
    }
}

/// Charge of a fleet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FleetCharge {
    /// Sum of the states of charge at time 0, extrapolated [units], and its change per second.
    at_zero: i128,
    per_s: i128,
    /// Energy in batteries, without legs and sessions in progress [units].
    stored: i128,
}

impl FleetCharge {
    /// Adds a parked vehicle.
    pub fn add(&mut self, vehicle_type: &VehicleType, soc: f64) {
        self.at_zero += soc_units(soc);
        self.stored += kwh_units(soc * vehicle_type.battery_kwh);
    }

    /// A vehicle changes from one motion to another.
    pub fn change(&mut self, from: Motion, to: Motion) {
        for (motion, sign) in [(from, -1), (to, 1)] {
            let per_s = soc_units(motion.per_s);
            self.at_zero += sign * (soc_units(motion.soc) - per_s * i128::from(motion.since.0));
            self.per_s += sign * per_s;
        }
    }

    /// The state of charge of a vehicle changed from `before` to `after`: a leg or a session has ended.
    pub fn store(&mut self, vehicle_type: &VehicleType, before: f64, after: f64) {
        self.stored +=
            kwh_units(after * vehicle_type.battery_kwh) - kwh_units(before * vehicle_type.battery_kwh);
    }

    /// Sum of the states of charge at `t`, plus `more` units.
    pub fn soc_sum(&self, t: SimTime, more: i128) -> f64 {
        (self.at_zero + self.per_s * i128::from(t.0) + more) as f64 / SOC_UNITS
    }

    /// Energy in batteries, without legs and sessions in progress [kWh].
    pub fn stored_kwh(&self) -> f64 {
        self.stored as f64 / KWH_UNITS
    }
}
