//! An instance: requested rides, vehicles, charging stations and energy prices.
//!
//! Time is in minutes from the start of the horizon, which is divided into slots. A vehicle
//! - starts at its depot at minute 0, serves trips one after another, and returns to its depot at any time;
//! - may stop at one station before each trip, and on its return trip. It is plugged in there for whole consecutive
//!   slots, and draws the station's power in each; energy beyond a full battery is lost. Before and after, it waits
//!   without a connector;
//! - never has less charge than its reserve.
//!
//! Costs: each kWh at the price of its slot at the source of the feeder, including its marginal losses; the time
//! plugged in at stations that are not at the depot; and the difference of the charge at the end from that at the
//! start, at a separate refill price (a surplus is credited at the same price).

use crate::grid::{Feeder, Limits};

/// Maximum number of trips: a set of them fits one word.
pub const MOST_TRIPS: usize = 64;
/// Maximum number of fleets, as in a coalition game.
pub const MOST_FLEETS: usize = 20;
/// Maximum number of stations.
pub const MOST_STATIONS: usize = 250;
/// Maximum number of slots.
pub const MOST_SLOTS: usize = 10_000;
/// Largest plausible value of any kind; assumed.
pub(super) const LARGEST: f64 = 1e6;

/// Input data of the routing problem.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Names of the fleets.
    pub fleets: Vec<String>,
    /// Travel times and distances between places.
    pub travel: Travel,
    /// The horizon.
    pub slots: Slots,
    /// Price of energy at the source of the feeder, by slot [money per kWh].
    pub price: Vec<f64>,
    /// Price of a kWh in the battery after the horizon [money per kWh].
    pub refill_price: f64,
    /// Cost of an hour plugged in outside the depot [money per h].
    pub value_of_time: f64,
    /// Requested rides.
    pub trips: Vec<Trip>,
    /// Vehicles, grouped into equal ones.
    pub vehicles: Vec<Vehicles>,
    /// Charging stations.
    pub stations: Vec<Station>,
    /// The feeder; if absent, stations draw from a source without limits or losses.
    pub grid: Option<Grid>,
}

/// Travel times and distances, by place of departure and of arrival.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Travel {
    /// Travel times [min].
    pub minutes: Vec<Vec<f64>>,
    /// Distances [km].
    pub km: Vec<Vec<f64>>,
}

/// The horizon, divided into equal slots.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slots {
    /// Length of a slot [min].
    pub minutes: f64,
    /// Number of slots.
    pub count: usize,
}

/// A requested ride.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trip {
    /// Its name.
    pub name: String,
    /// Fleet of the rider; `None` if any fleet may serve it.
    pub fleet: Option<usize>,
    /// Place of the pick-up.
    pub from: usize,
    /// Place of the drop-off.
    pub to: usize,
    /// Earliest and latest pick-up [min].
    pub window: [f64; 2],
    /// Duration from pick-up to drop-off [min].
    pub minutes: f64,
    /// Length [km].
    pub km: f64,
    /// Penalty for leaving it unserved; `None` if it must be served.
    pub penalty: Option<f64>,
}

/// Equal vehicles of one fleet.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Vehicles {
    /// Their name.
    pub name: String,
    /// Owning fleet.
    pub fleet: usize,
    /// Number of vehicles.
    pub count: usize,
    /// Place where they start and end.
    pub depot: usize,
    /// Battery capacity [kWh].
    pub battery_kwh: f64,
    /// Charge at the start [kWh].
    pub start_kwh: f64,
    /// Minimum charge at all times [kWh].
    pub reserve_kwh: f64,
    /// Consumption [kWh/km].
    pub kwh_per_km: f64,
}

/// A charging station.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Station {
    /// Its name.
    pub name: String,
    /// Owning fleet.
    pub fleet: usize,
    /// Place of the station.
    pub place: usize,
    /// Number of vehicles that can charge at once.
    pub connectors: usize,
    /// Power of each connector [kW], at a power factor of 1.
    pub power_kw: f64,
    /// Fraction of the power stored in the battery.
    pub efficiency: f64,
    /// Bus of the feeder, if there is one.
    pub bus: usize,
}

/// The feeder and its other loads.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// The feeder with its loads.
    pub feeder: Feeder,
    /// Factor on these loads, by slot.
    pub load: Vec<f64>,
    /// Operating limits.
    pub limits: Limits,
}

impl Slots {
    /// Length of a slot [h].
    pub fn hours(self) -> f64 {
        self.minutes / 60.0
    }

    /// The first slot that begins at `minute` or later.
    pub fn from(self, minute: f64) -> usize {
        // Rounding errors in a sum of travel times must not cost a slot.
        (minute / self.minutes - 1e-9).ceil().max(0.0) as usize
    }
}

impl Instance {
    /// The set of all trips, bit i for trip i.
    pub fn every_trip(&self) -> u64 {
        if self.trips.len() == MOST_TRIPS { u64::MAX } else { (1 << self.trips.len()) - 1 }
    }

    /// Whether no detour via a station is shorter than the direct route, in time or distance.
    pub(super) fn detours_are_longer(&self) -> bool {
        let places = 0..self.travel.minutes.len();
        let longer = |table: &Vec<Vec<f64>>| {
            places.clone().all(|i| {
                places.clone().all(|j| {
                    let way = |station: &Station| table[i][station.place] + table[station.place][j];
                    self.stations.iter().all(|station| way(station) >= table[i][j] - 1e-9)
                })
            })
        };
        longer(&self.travel.minutes) && longer(&self.travel.km)
    }
}
