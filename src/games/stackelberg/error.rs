//! Reasons why there is no game, in numbers, and their names in the input.

use gridfleet_core::error::{Error, InputError};
use std::fmt;

/// Reason why there is no game. The caller may go on, and begin again with other players.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum StackelbergError {
    /// Players are wrong; all problems found.
    Players(Vec<PlayerProblem>),
    /// The maximum margin of a retailer with an aim is below 1 or not finite.
    Margin(f64),
}

/// A problem of a player.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlayerProblem {
    /// The player.
    pub player: Player,
    /// Its problem.
    pub problem: Problem,
}

/// A player, counted from 0 among its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Player {
    /// The leader.
    Retailer,
    /// A household.
    Household(usize),
    /// A vehicle.
    Vehicle(usize),
}

/// A problem of one player. Slots are counted from 0.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Problem {
    /// The retailer has no slots.
    NoSlots,
    /// A list has another length than there are slots.
    Length {
        /// The list.
        list: List,
        /// Its length.
        found: usize,
        /// Number of slots.
        slots: usize,
    },
    /// A value of a list is out of range.
    Value {
        /// The list.
        list: List,
        /// The slot; `None` if all have this value.
        slot: Option<usize>,
        /// The value.
        value: f64,
    },
    /// A quantity is out of range.
    Quantity {
        /// The quantity.
        quantity: Quantity,
        /// Its value.
        value: f64,
    },
    /// The maximum load of a household is below the minimum.
    Bounds {
        /// The slot.
        slot: usize,
        /// The minimum [kW].
        low: f64,
        /// The maximum [kW].
        high: f64,
    },
    /// The daily energy of a household is below the sum of its minimum loads.
    EnergyBelow {
        /// Daily energy [kWh].
        energy: f64,
        /// Sum of the minimum loads [kWh].
        least: f64,
    },
    /// The daily energy of a household is above the sum of its maximum loads.
    EnergyAbove {
        /// Daily energy [kWh].
        energy: f64,
        /// Sum of the maximum loads [kWh].
        most: f64,
    },
    /// A vehicle arrives in a slot that does not exist.
    Arrival {
        /// The slot.
        slot: usize,
        /// The last slot.
        last: usize,
    },
    /// A vehicle departs in a slot that does not exist.
    Departure {
        /// The slot.
        slot: usize,
        /// The last slot.
        last: usize,
    },
    /// A vehicle needs more hours than it is at home.
    BeyondStay {
        /// Hours needed.
        needed: u32,
        /// Hours at home.
        home: usize,
    },
    /// A vehicle needs more hours than it may be active.
    BeyondActive {
        /// Hours needed.
        needed: u32,
        /// Maximum number of active hours.
        most: u32,
    },
    /// A vehicle needs more hours than an empty battery takes.
    BeyondBattery {
        /// Hours needed.
        needed: u32,
        /// Whole hours that an empty battery takes.
        hours: f64,
    },
    /// The maximum generation of a slot is below the least that users draw.
    Capacity {
        /// The slot.
        slot: usize,
        /// Maximum generation [kW].
        most: f64,
        /// Least load of the users [kW].
        least: f64,
    },
    /// The maximum generation of a day is below the energy of all users.
    DayCapacity {
        /// Maximum generation of all slots [kWh].
        most: f64,
        /// Energy of all users [kWh].
        energy: f64,
    },
}

/// A list of a value per slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// Slopes of the marginal cost.
    A,
    /// Marginal costs at zero load.
    B,
    /// Costs at zero load.
    C,
    /// Margins.
    Lambda,
    /// Maximum generation.
    Capacity,
    /// Minimum loads of a household.
    Low,
    /// Maximum loads of a household.
    High,
    /// Marginal values of a household.
    Omega,
}

impl List {
    /// Name in the input.
    fn key(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
            Self::C => "c",
            Self::Lambda => "lambda",
            Self::Capacity => "g_max",
            Self::Low => "min",
            Self::High => "max",
            Self::Omega => "omega",
        }
    }

    /// Whether a value is allowed.
    pub(super) fn fits(self, x: f64) -> bool {
        match self {
            Self::A | Self::Omega => x > 0.0 && x.is_finite(),
            Self::B | Self::C | Self::Low => x >= 0.0 && x.is_finite(),
            Self::Lambda => x >= 1.0 && x.is_finite(),
            Self::Capacity => x > 0.0,
            Self::High => x.is_finite(),
        }
    }

    /// The values allowed.
    fn range(self) -> &'static str {
        match self {
            Self::A | Self::Omega | Self::Capacity => "a number above 0",
            Self::B | Self::C | Self::Low => "0 or a number above",
            Self::Lambda => "1 or a number above",
            Self::High => "a finite number",
        }
    }
}

/// A quantity of a household or a vehicle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Number of households: 1 or more.
    Count,
    /// Decrease of the marginal value of a household: above 0.
    HouseholdTheta,
    /// Decrease of the marginal value of a vehicle: 0 or more.
    VehicleTheta,
    /// Power of a vehicle: above 0.
    RatedKw,
    /// Capacity of a vehicle: above 0.
    BatteryKwh,
    /// Lowest state of charge at which a vehicle feeds back: 0 to below 1.
    SocMin,
    /// Marginal value of a vehicle: above 0.
    Omega,
}

impl Quantity {
    /// Name in the input, and the values allowed.
    fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::Count => ("count", "at least 1"),
            Self::HouseholdTheta => ("theta", "a number above 0"),
            Self::VehicleTheta => ("theta", "0 or a number above"),
            Self::RatedKw => ("rated_kw", "a number above 0"),
            Self::BatteryKwh => ("battery_kwh", "a number above 0"),
            Self::SocMin => ("soc_min", "a share from 0 to below 1"),
            Self::Omega => ("omega", "a number above 0"),
        }
    }
}

/// Formats a number without its last digits, which are rounding.
fn short(x: f64) -> String {
    format!("{x:.8e}").parse().unwrap_or(x).to_string()
}

impl From<&Problem> for InputError {
    /// The problem with the name of the value within its player: `energy`, `a[3]`.
    fn from(problem: &Problem) -> Self {
        let energy = |energy: f64| format!("{} kWh in a day", short(energy));
        match *problem {
            Problem::NoSlots => Self::new("an empty list", "at least one figure").key("a"),
            Problem::Length { list, found, slots } => {
                let figures = if found == 1 { "1 figure".to_owned() } else { format!("{found} figures") };
                Self::new(figures, format!("{slots}, one for each slot")).key(list.key())
            }
            Problem::Value { list, slot, value } => {
                let slot = slot.map(|slot| format!("[{slot}]")).unwrap_or_default();
                Self::new(value.to_string(), list.range()).key(format!("{}{slot}", list.key()))
            }
            Problem::Quantity { quantity, value } => {
                let (key, expected) = quantity.texts();
                Self::new(value.to_string(), expected).key(key)
            }
            Problem::Bounds { slot, low, high } => {
                let expected = format!("at least {low}, the min of the slot");
                Self::new(high.to_string(), expected).key(format!("max[{slot}]"))
            }
            Problem::EnergyBelow { energy: found, least } => {
                let expected = format!("at least {}, the sum of the least loads of the day", short(least));
                Self::new(energy(found), expected).key("energy")
            }
            Problem::EnergyAbove { energy: found, most } => {
                let expected = format!("at most {}, the sum of the most loads of the day", short(most));
                Self::new(energy(found), expected).key("energy")
            }
            Problem::Arrival { slot, last } => {
                Self::new(slot.to_string(), format!("a slot from 0 to {last}")).key("arrival")
            }
            Problem::Departure { slot, last } => {
                Self::new(slot.to_string(), format!("a slot from 0 to {last}")).key("departure")
            }
            Problem::BeyondStay { needed, home } => {
                let most = format!("at most {home}, the hours at home: it cannot be full by its departure");
                Self::new(needed.to_string(), most).key("hours_needed")
            }
            Problem::BeyondActive { needed, most } => {
                let most = format!("at most {most}, the max_active_hours: it cannot be full");
                Self::new(needed.to_string(), most).key("hours_needed")
            }
            Problem::BeyondBattery { needed, hours } => {
                let most = format!("at most {hours}, the whole hours that an empty battery takes");
                Self::new(needed.to_string(), most).key("hours_needed")
            }
            Problem::Capacity { slot, most, least } => {
                let expected = format!("at least {}, the least that users draw", short(least));
                Self::new(most.to_string(), expected).key(format!("g_max[{slot}]"))
            }
            Problem::DayCapacity { most, energy } => {
                let expected = format!("at least {}, the energy of all users", short(energy));
                Self::new(format!("{} over all slots", short(most)), expected).key("g_max")
            }
        }
    }
}

impl From<&PlayerProblem> for InputError {
    /// The problem with the name of the value in the game: `households[0].energy`, `retailer.a[3]`.
    fn from(problem: &PlayerProblem) -> Self {
        let player = match problem.player {
            Player::Retailer => "retailer".to_owned(),
            Player::Household(i) => format!("households[{i}]"),
            Player::Vehicle(i) => format!("vehicles[{i}]"),
        };
        let error = Self::from(&problem.problem);
        let key = error.key.as_ref().map_or_else(|| player.clone(), |key| format!("{player}.{key}"));
        error.key(key)
    }
}

impl From<&StackelbergError> for Error {
    fn from(error: &StackelbergError) -> Self {
        match error {
            StackelbergError::Players(problems) => Self::problems(problems),
            StackelbergError::Margin(most) => {
                InputError::new(most.to_string(), "1 or a number above").key("leader.lambda_max").into()
            }
        }
    }
}

impl From<StackelbergError> for Error {
    fn from(error: StackelbergError) -> Self {
        Self::from(&error)
    }
}

impl fmt::Display for StackelbergError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Error::from(self).fmt(f)
    }
}

impl std::error::Error for StackelbergError {}
