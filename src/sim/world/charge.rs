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
const KWH_UNITS: f64 = (1_u64 << 60) as f64;

/// A state of charge, or a change of it, in units. A change may be many times the capacity: that of a small battery
/// charged on a long way, as recorded.
#[inline]
pub(crate) fn soc_units(soc: f64) -> i128 {
    whole(soc * SOC_UNITS)
}

#[inline]
fn kwh_units(kwh: f64) -> i128 {
    whole(kwh * KWH_UNITS)
}

#[inline]
fn whole(units: f64) -> i128 {
    // The conversion to 64 bits is an instruction, the one to 128 bits a function.
    if units.abs() < i64::MAX as f64 { i128::from(units as i64) } else { units as i128 }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::ChargingCurve;
    use gridfleet_core::ids::PlaceId;
    use gridfleet_core::records::LegPurpose;
    use proptest::prelude::*;

    fn vehicle_type(battery_kwh: f64) -> VehicleType {
        VehicleType {
            name: "car".into(),
            battery_kwh,
            usable_soc: [0.0, 1.0],
            consumption_kwh_per_km: 0.2,
            consumption_by_temperature: Vec::new(),
            ac_kw: 11.0,
            dc_kw: 0.0,
            curve: ChargingCurve::constant(11.0),
            charge_efficiency: 0.9,
            discharge_efficiency: 0.9,
            feed_kw: 0.0,
            max_active_hours: 8.0,
            wear_cost_per_kwh: 0.0,
        }
    }

    #[test]
    fn a_change_may_be_many_times_the_capacity() {
        for soc in [0.25, -7.5, 8.5, -9.0, 4_096.0] {
            assert_eq!(soc_units(soc) as f64, soc * SOC_UNITS);
        }
    }

    proptest! {
        /// The sums are those over all vehicles, in any order of events; when all vehicles are back, they are
        /// exactly those of the beginning.
        #[test]
        fn sums_follow_each_vehicle_and_forget_nothing(
            cars in prop::collection::vec((0.0..1.0, 0.0..1.0, 1i64..9_000, 1.0..10_000.0f64), 1..20)
        ) {
            let start = 1_500_000_000;
            let types: Vec<VehicleType> = cars.iter().map(|car| vehicle_type(car.3)).collect();
            let legs: Vec<Leg> = cars.iter().map(|&(soc, used, seconds, battery_kwh)| Leg {
                purpose: LegPurpose::Service,
                start: SimTime(start),
                end: SimTime(start + seconds),
                origin: PlaceId(0),
                destination: PlaceId(0),
                distance_km: 1.0,
                energy_kwh: used * soc * battery_kwh,
                charged_kwh: 0.0,
            }).collect();
            let mut charge = FleetCharge::default();
            for (car, vehicle_type) in cars.iter().zip(&types) {
                charge.add(vehicle_type, car.0);
            }
            let before = charge;
            for i in 0..cars.len() {
                charge.change(Motion::parked(cars[i].0), Motion::driving(&legs[i], &types[i], cars[i].0));
            }
            let half: f64 = cars.iter().map(|&(soc, used, seconds, _)| soc - used * soc * (10.0 / seconds as f64)).sum();
            let soc_sum = charge.soc_sum(SimTime(start + 10), 0);
            prop_assert!((soc_sum - half).abs() < 1e-12 * (1.0 + half.abs()), "{soc_sum} {half}");
            for i in (0..cars.len()).rev() {
                let (soc, after) = (cars[i].0, cars[i].0 * (1.0 - cars[i].1));
                charge.change(Motion::driving(&legs[i], &types[i], soc), Motion::parked(after));
                charge.store(&types[i], soc, after);
            }
            let stored: f64 = cars.iter().map(|&(soc, used, _, battery_kwh)| soc * (1.0 - used) * battery_kwh).sum();
            prop_assert!((charge.stored_kwh() - stored).abs() <= 1e-13 * (1.0 + stored), "{stored}");
            for i in 0..cars.len() {
                let (soc, after) = (cars[i].0, cars[i].0 * (1.0 - cars[i].1));
                charge.change(Motion::parked(after), Motion::parked(soc));
                charge.store(&types[i], after, soc);
            }
            prop_assert_eq!(charge, before);
        }
    }
}
