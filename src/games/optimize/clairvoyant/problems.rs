//! Reasons why there is no bound, in numbers, and their names in the input.

use crate::optimize::SolveError;
use gridfleet_core::error::{Error, InputError};
use std::fmt;

/// Reason why there is no bound. The caller may go on, and begin again with other input.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum BoundError {
    /// The input is wrong; all problems found.
    Problems(Vec<ScheduleProblem>),
    /// The solver failed.
    Solver(SolveError),
}

/// A wrong value of the input. Vehicles, trips and slots are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum ScheduleProblem {
    /// A slot is shorter than a second.
    SlotLength {
        /// Length of a slot [s].
        slot_s: i64,
    },
    /// The end of the horizon cannot be counted in seconds.
    Endless {
        /// Start of the first slot [s].
        start_s: i64,
        /// Length of a slot [s].
        slot_s: i64,
    },
    /// The value of energy is negative or not finite.
    Value {
        /// The slot.
        slot: usize,
        /// Value [currency/MWh].
        per_mwh: f64,
    },
    /// A quantity of a vehicle is out of range.
    Vehicle {
        /// The vehicle.
        vehicle: usize,
        /// The quantity.
        quantity: VehicleQuantity,
        /// Its value.
        value: f64,
    },
    /// The usable states of charge are not two shares in order.
    UsableSoc {
        /// The vehicle.
        vehicle: usize,
        /// The lowest and the highest (0..1).
        soc: [f64; 2],
    },
    /// A trip starts before the horizon or before the previous trip ends.
    TripTooEarly {
        /// The vehicle.
        vehicle: usize,
        /// Its trip.
        trip: usize,
        /// Start of the trip [s].
        start_s: i64,
        /// Time from which the vehicle is free [s].
        free_from_s: i64,
    },
    /// A trip ends before it starts.
    TripBackwards {
        /// The vehicle.
        vehicle: usize,
        /// Its trip.
        trip: usize,
        /// End of the trip [s].
        end_s: i64,
    },
    /// The energy of a trip is not finite.
    TripEnergy {
        /// The vehicle.
        vehicle: usize,
        /// Its trip.
        trip: usize,
        /// Energy [kWh].
        kwh: f64,
    },
    /// The cost of refusing a trip is negative or not finite.
    TripCost {
        /// The vehicle.
        vehicle: usize,
        /// Its trip.
        trip: usize,
        /// Cost [currency].
        cost: f64,
    },
}

/// A quantity of a vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VehicleQuantity {
    /// Energy between state of charge 0 and 1: above 0.
    BatteryKwh,
    /// Stored energy over energy drawn: above 0, at most 1.
    ChargeEfficiency,
    /// Maximum power: 0 or more.
    PowerKw,
    /// State of charge at the start: 0 to 1.
    StartSoc,
}

impl VehicleQuantity {
    /// Name in the input, and the values allowed.
    fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::BatteryKwh => ("battery_kwh", "a number above 0"),
            Self::ChargeEfficiency => ("charge_efficiency", "a number above 0, at most 1"),
            Self::PowerKw => ("power_kw", "a number of 0 or more"),
            Self::StartSoc => ("start_soc", "a number between 0 and 1"),
        }
    }
}

impl From<&ScheduleProblem> for InputError {
    fn from(problem: &ScheduleProblem) -> Self {
        let trip =
            |vehicle: usize, trip: usize, key: &str| format!("vehicles[{vehicle}].trips[{trip}].{key}");
        match *problem {
            ScheduleProblem::SlotLength { slot_s } => {
                Self::new(slot_s.to_string(), "1 second or more").key("slot_s")
            }
            ScheduleProblem::Endless { start_s, slot_s } => {
                let found = format!("slots of {slot_s} s from {start_s} on");
                Self::new(found, "an end that can be counted in seconds").key("start_s")
            }
            ScheduleProblem::Value { slot, per_mwh } => {
                Self::new(per_mwh.to_string(), "a number of 0 or more")
                    .key(format!("value_per_mwh[{slot}]"))
                    .help("the tariff is always open, so energy is never worth less than nothing")
            }
            ScheduleProblem::Vehicle { vehicle, quantity, value } => {
                let (key, expected) = quantity.texts();
                Self::new(value.to_string(), expected).key(format!("vehicles[{vehicle}].{key}"))
            }
            ScheduleProblem::UsableSoc { vehicle, soc: [low, high] } => {
                Self::new(format!("{low} to {high}"), "two numbers in order, 0 to 1")
                    .key(format!("vehicles[{vehicle}].usable_soc"))
            }
            ScheduleProblem::TripTooEarly { vehicle, trip: number, start_s, free_from_s } => {
                let expected = format!("{free_from_s} or later, when the vehicle is free");
                Self::new(start_s.to_string(), expected).key(trip(vehicle, number, "start_s"))
            }
            ScheduleProblem::TripBackwards { vehicle, trip: number, end_s } => {
                Self::new(end_s.to_string(), "its start or later").key(trip(vehicle, number, "end_s"))
            }
            ScheduleProblem::TripEnergy { vehicle, trip: number, kwh } => {
                Self::new(kwh.to_string(), "a number").key(trip(vehicle, number, "energy_kwh"))
            }
            ScheduleProblem::TripCost { vehicle, trip: number, cost } => {
                Self::new(cost.to_string(), "a number of 0 or more").key(trip(vehicle, number, "cost"))
            }
        }
    }
}

impl From<BoundError> for Error {
    fn from(error: BoundError) -> Self {
        match error {
            BoundError::Problems(problems) => Self::problems(&problems),
            BoundError::Solver(error) => error.into(),
        }
    }
}

impl From<SolveError> for BoundError {
    fn from(error: SolveError) -> Self {
        Self::Solver(error)
    }
}

impl fmt::Display for BoundError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Problems(problems) => Error::problems(problems).fmt(f),
            Self::Solver(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for BoundError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Problems(_) => None,
            Self::Solver(error) => Some(error),
        }
    }
}
