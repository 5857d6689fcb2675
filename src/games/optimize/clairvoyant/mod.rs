//! Earnings of a fleet of plugged-in vehicles as a virtual power plant with perfect foresight: a bound on every bidding
//! policy, by linear programming.
//!
//! The value of each kWh drawn in a slot is the difference between the tariff and the lowest price available to the
//! fleet there. The fleet is a price taker, so vehicles are independent, and there is one program for each.
//!
//! It bounds a simulator in which
//!
//! - a vehicle draws at most its rated power, only between the end of a trip that ends at a charger and the start of
//!   the next trip performed, and never above the upper end of its usable charge;
//! - a trip that takes place consumes its energy; it can only take place if the charge then remains above the lower end
//!   of the usable range;
//! - a trip that does not take place leaves the vehicle where it is; it costs nothing if the charge was too low, and
//!   its cost if it was refused.
//!
//! The program relaxes these rules and never restricts them:
//!
//! - **Fractional trips.** A trip is done, refused at its cost, or lost for low charge at no cost, each in a share
//!   between 0 and 1. "Only if the charge suffices" and "only if it does not" become lines between the extremes. After
//!   a trip that should have ended at a charger, the vehicle is assumed to be plugged in even if the trip was lost.
//! - **Stays, not slots.** During a stay only energy and its worth matter. Plugged in for certain, the best slots that
//!   fill a battery are variables. Plugged in with a share p (after a trip that may not have been done), worth is at
//!   most `p F(energy / p)` with F concave: tangents are added where the solution is above it (`program`). Any subset
//!   of them gives a bound, too.
//!
//! Both can only raise the bound. A week of 500 vehicles takes 12 s on one core; four weeks take three times as long
//! per week, because the simplex method scales worse with the horizon than a simulation.

mod problems;
mod program;

pub use problems::{BoundError, ScheduleProblem, VehicleQuantity};

use rayon::prelude::*;

/// Slots of a horizon and the value of energy in them.
#[derive(Debug, Clone, PartialEq)]
pub struct Horizon {
    /// Start of the first slot [s], on the clock of the trips.
    pub start_s: i64,
    /// Length of a slot [s].
    pub slot_s: i64,
    /// By slot: the tariff minus the lowest price available to the fleet [currency per MWh drawn]. Not below 0, because
    /// the tariff is always available.
    pub value_per_mwh: Vec<f64>,
}

/// A vehicle and its trips.
#[derive(Debug, Clone, PartialEq)]
pub struct VehicleSchedule {
    /// Energy between state of charge 0 and 1 [kWh].
    pub battery_kwh: f64,
    /// Lowest and highest state of charge that operation may use (0..1).
    pub usable_soc: [f64; 2],
    /// Stored energy over energy drawn (0..1).
    pub charge_efficiency: f64,
    /// Maximum power at the plug [kW].
    pub power_kw: f64,
    /// State of charge at the start of the horizon (0..1).
    pub start_soc: f64,
    /// Whether it is plugged in at the start of the horizon.
    pub plugged_at_start: bool,
    /// Trips in order; none starts before the horizon or before the end of the previous one. Trips that start after the
    /// horizon are ignored.
    pub trips: Vec<RequestedTrip>,
}

/// A trip requested of a vehicle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RequestedTrip {
    /// Start [s].
    pub start_s: i64,
    /// End [s].
    pub end_s: i64,
    /// Energy consumed from the battery [kWh]; negative for the maximum energy gained by charging elsewhere.
    pub energy_kwh: f64,
    /// Whether the vehicle is plugged in afterwards.
    pub ends_at_charger: bool,
    /// Cost of refusing it [currency].
    pub cost: f64,
}

/// A bound.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ProfitBound {
    /// Upper bound on the value of the energy drawn minus the cost of refused trips [currency].
    pub profit: f64,
    /// Energy drawn in an optimum [kWh]. Not a bound; several optima may draw different amounts where energy has no
    /// value.
    pub energy_kwh: f64,
}

/// The bounds of a fleet.
#[derive(Debug, Clone, PartialEq)]
pub struct FleetBound {
    /// Sum over the vehicles, in their order.
    pub total: ProfitBound,
    /// By vehicle.
    pub vehicles: Vec<ProfitBound>,
}

impl Horizon {
    /// End of the last slot [s].
    pub fn end_s(&self) -> i64 {
        self.start_s + self.slot_s * self.value_per_mwh.len() as i64
    }
}

/// Computes the bound of each vehicle and of the fleet in parallel; the result is the same for any number of threads.
///
/// # Errors
/// All problems of the input, with the number of vehicle and trip; or if the solver fails.
pub fn bound(horizon: &Horizon, vehicles: &[VehicleSchedule]) -> Result<FleetBound, BoundError> {
    let mut problems = Vec::new();
    check_horizon(horizon, &mut problems);
    for (number, vehicle) in vehicles.iter().enumerate() {
        check_vehicle(horizon, number, vehicle, &mut problems);
    }
    if !problems.is_empty() {
        return Err(BoundError::Problems(problems));
    }
    let solved: Vec<_> = vehicles.par_iter().map(|vehicle| program::bound(horizon, vehicle)).collect();
    let vehicles = solved.into_iter().collect::<Result<Vec<ProfitBound>, _>>()?;
    let total = vehicles.iter().fold(ProfitBound::default(), |sum, bound| ProfitBound {
        profit: sum.profit + bound.profit,
        energy_kwh: sum.energy_kwh + bound.energy_kwh,
    });
    Ok(FleetBound { total, vehicles })
}

fn check_horizon(horizon: &Horizon, problems: &mut Vec<ScheduleProblem>) {
    let Horizon { start_s, slot_s, ref value_per_mwh } = *horizon;
    if slot_s < 1 {
        problems.push(ScheduleProblem::SlotLength { slot_s });
    }
    let length = slot_s.checked_mul(value_per_mwh.len() as i64);
    if length.and_then(|length| length.checked_add(start_s)).is_none() {
        problems.push(ScheduleProblem::Endless { start_s, slot_s });
    }
    let wrong = value_per_mwh.iter().position(|value| !(*value >= 0.0 && value.is_finite()));
    if let Some(slot) = wrong {
        problems.push(ScheduleProblem::Value { slot, per_mwh: value_per_mwh[slot] });
    }
}

fn check_vehicle(
    horizon: &Horizon,
    vehicle: usize,
    schedule: &VehicleSchedule,
    problems: &mut Vec<ScheduleProblem>,
) {
    use VehicleQuantity::{BatteryKwh, ChargeEfficiency, PowerKw, StartSoc};
    let positive = |x: f64| x > 0.0 && x.is_finite();
    let not_negative = |x: f64| x >= 0.0 && x.is_finite();
    let share = |x: f64| (0.0..=1.0).contains(&x);
    let VehicleSchedule {
        battery_kwh, usable_soc: [low, high], charge_efficiency, power_kw, start_soc, ..
    } = *schedule;
    let wrong = |quantity, value| ScheduleProblem::Vehicle { vehicle, quantity, value };
    let mut check = |right: bool, problem: ScheduleProblem| {
        if !right {
            problems.push(problem);
        }
    };
    check(positive(battery_kwh), wrong(BatteryKwh, battery_kwh));
    let window = share(low) && share(high) && low <= high;
    check(window, ScheduleProblem::UsableSoc { vehicle, soc: [low, high] });
    let efficiency = positive(charge_efficiency) && charge_efficiency <= 1.0;
    check(efficiency, wrong(ChargeEfficiency, charge_efficiency));
    check(not_negative(power_kw), wrong(PowerKw, power_kw));
    check(share(start_soc), wrong(StartSoc, start_soc));
    let mut free_from_s = horizon.start_s;
    for (trip, requested) in schedule.trips.iter().enumerate() {
        let RequestedTrip { start_s, end_s, energy_kwh, cost, .. } = *requested;
        check(start_s >= free_from_s, ScheduleProblem::TripTooEarly { vehicle, trip, start_s, free_from_s });
        check(end_s >= start_s, ScheduleProblem::TripBackwards { vehicle, trip, end_s });
        check(energy_kwh.is_finite(), ScheduleProblem::TripEnergy { vehicle, trip, kwh: energy_kwh });
        check(not_negative(cost), ScheduleProblem::TripCost { vehicle, trip, cost });
        free_from_s = free_from_s.max(start_s).max(end_s);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_named() {
        let horizon = Horizon { start_s: 0, slot_s: 900, value_per_mwh: vec![10.0, -1.0] };
        let trip = |start_s, end_s, energy_kwh| RequestedTrip {
            start_s,
            end_s,
            energy_kwh,
            ends_at_charger: true,
            cost: f64::NAN,
        };
        let vehicle = VehicleSchedule {
            battery_kwh: 0.0,
            usable_soc: [0.9, 0.1],
            charge_efficiency: 1.1,
            power_kw: -1.0,
            start_soc: f64::NAN,
            plugged_at_start: true,
            trips: vec![trip(100, 50, 1.0), trip(90, 200, f64::NAN)],
        };
        let error = bound(&horizon, &[vehicle]).unwrap_err();
        assert!(gridfleet_core::error::Error::from(error.clone()).is_input());
        insta::assert_snapshot!(error.to_string(), @r"
        value_per_mwh[1]: found -1, expected a number of 0 or more; the tariff is always open, so energy is never worth less than nothing
        vehicles[0].battery_kwh: found 0, expected a number above 0
        vehicles[0].usable_soc: found 0.9 to 0.1, expected two numbers in order, 0 to 1
        vehicles[0].charge_efficiency: found 1.1, expected a number above 0, at most 1
        vehicles[0].power_kw: found -1, expected a number of 0 or more
        vehicles[0].start_soc: found NaN, expected a number between 0 and 1
        vehicles[0].trips[0].end_s: found 50, expected its start or later
        vehicles[0].trips[0].cost: found NaN, expected a number of 0 or more
        vehicles[0].trips[1].start_s: found 90, expected 100 or later, when the vehicle is free
        vehicles[0].trips[1].energy_kwh: found NaN, expected a number
        vehicles[0].trips[1].cost: found NaN, expected a number of 0 or more
        ");
        assert_eq!(
            bound(&horizon, &[]),
            Err(BoundError::Problems(vec![ScheduleProblem::Value { slot: 1, per_mwh: -1.0 }]))
        );
        let endless = Horizon { start_s: i64::MAX, value_per_mwh: vec![1.0], ..horizon };
        insta::assert_snapshot!(bound(&endless, &[]).unwrap_err().to_string(), @"start_s: found slots of 900 s from 9223372036854775807 on, expected an end that can be counted in seconds");
        let horizon = Horizon { start_s: 0, value_per_mwh: vec![], ..endless };
        assert_eq!(bound(&horizon, &[]).unwrap().total, ProfitBound::default());
    }
}
