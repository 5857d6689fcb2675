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

use crate::grid::{Feeder, Limits, flow};
use gridfleet_core::error::InputError;

/// Maximum number of trips: a set of them fits one word.
pub const MOST_TRIPS: usize = 64;
/// Maximum number of fleets, as in a coalition game.
pub const MOST_FLEETS: usize = 20;
/// Maximum number of stations.
pub const MOST_STATIONS: usize = 250;
/// Maximum number of slots.
pub const MOST_SLOTS: usize = 10_000;
/// Largest plausible value of any kind; assumed.
const LARGEST: f64 = 1e6;

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
    /// All problems found, each with the path of its key.
    pub fn problems(&self) -> Vec<InputError> {
        let mut found = Problems(Vec::new());
        let places = self.travel.minutes.len();
        found.count("fleets", self.fleets.len(), 1, MOST_FLEETS);
        found.count("trips", self.trips.len(), 1, MOST_TRIPS);
        found.count("vehicles", self.vehicles.len(), 1, 1_000);
        found.count("stations", self.stations.len(), 0, MOST_STATIONS);
        found.count("slots.count", self.slots.count, 1, MOST_SLOTS);
        found.above("slots.minutes", self.slots.minutes);
        found.least("refill_price", self.refill_price);
        found.least("value_of_time", self.value_of_time);
        if self.price.len() == self.slots.count {
            for (t, price) in self.price.iter().enumerate() {
                found.finite(&format!("price[{t}]"), *price);
            }
        } else {
            found.add(
                "price",
                format!("{} figures", self.price.len()),
                format!("{}, one for each slot", self.slots.count),
            );
        }
        for (name, table) in [("minutes", &self.travel.minutes), ("km", &self.travel.km)] {
            if table.len() != places || table.iter().any(|row| row.len() != places) {
                found.add(
                    &format!("travel.{name}"),
                    "a table that is not square",
                    format!("{places} rows of {places}"),
                );
            }
            for (i, row) in table.iter().enumerate() {
                for (j, way) in row.iter().enumerate() {
                    found.least(&format!("travel.{name}[{i}][{j}]"), *way);
                }
            }
        }
        for (i, trip) in self.trips.iter().enumerate() {
            let key = |key: &str| format!("trips[{i}].{key}");
            found.index(&key("from"), trip.from, places, "place");
            found.index(&key("to"), trip.to, places, "place");
            if let Some(fleet) = trip.fleet {
                found.index(&key("fleet"), fleet, self.fleets.len(), "fleet");
            }
            found.least(&key("earliest"), trip.window[0]);
            found.finite(&key("latest"), trip.window[1]);
            found.least(&key("minutes"), trip.minutes);
            found.least(&key("km"), trip.km);
            found.least(&key("penalty"), trip.penalty.unwrap_or(0.0));
            if trip.window[1] < trip.window[0] {
                found.add(
                    &key("latest"),
                    trip.window[1].to_string(),
                    format!("{} or later, the earliest", trip.window[0]),
                );
            }
        }
        for (i, vehicles) in self.vehicles.iter().enumerate() {
            let key = |key: &str| format!("vehicles[{i}].{key}");
            found.index(&key("depot"), vehicles.depot, places, "place");
            found.index(&key("fleet"), vehicles.fleet, self.fleets.len(), "fleet");
            found.count(&key("count"), vehicles.count, 1, 100_000);
            found.above(&key("battery_kwh"), vehicles.battery_kwh);
            found.least(&key("reserve_kwh"), vehicles.reserve_kwh);
            found.least(&key("kwh_per_km"), vehicles.kwh_per_km);
            if !(vehicles.reserve_kwh <= vehicles.start_kwh && vehicles.start_kwh <= vehicles.battery_kwh) {
                let expected =
                    format!("from {} (reserve) to {} (battery)", vehicles.reserve_kwh, vehicles.battery_kwh);
                found.add(&key("start_kwh"), vehicles.start_kwh.to_string(), expected);
            }
        }
        let buses = self.grid.as_ref().map_or(usize::MAX, |grid| grid.feeder.buses().len());
        for (i, station) in self.stations.iter().enumerate() {
            let key = |key: &str| format!("stations[{i}].{key}");
            found.index(&key("place"), station.place, places, "place");
            found.index(&key("fleet"), station.fleet, self.fleets.len(), "fleet");
            found.index(&key("bus"), station.bus, buses, "bus");
            found.count(&key("connectors"), station.connectors, 1, 100_000);
            found.above(&key("power_kw"), station.power_kw);
            found.above(&key("efficiency"), station.efficiency);
            if station.efficiency > 1.0 {
                found.add(&key("efficiency"), station.efficiency.to_string(), "a share of at most 1");
            }
        }
        if found.0.is_empty() {
            found.0.extend(self.out_of_reach());
            found.0.extend(self.grid.iter().flat_map(|grid| grid.problems(self.slots.count)));
        }
        found.0
    }

    /// Trips that must be served and that no vehicle can reach in time.
    fn out_of_reach(&self) -> Vec<InputError> {
        let mut problems = Vec::new();
        for (i, trip) in self.trips.iter().enumerate().filter(|(_, trip)| trip.penalty.is_none()) {
            let soonest = self.vehicles.iter().map(|v| self.travel.minutes[v.depot][trip.from]);
            let soonest = soonest.fold(f64::INFINITY, f64::min);
            if soonest > trip.window[1] {
                let found = format!(
                    "trip {}, to be picked up by minute {}, which no vehicle reaches before minute {soonest:.1}",
                    trip.name, trip.window[1]
                );
                let problem = InputError::new(found, "a trip that a vehicle can reach in time");
                problems.push(
                    problem
                        .key(format!("trips[{i}]"))
                        .help("let it be later, or give it a penalty for being left unserved"),
                );
            }
        }
        problems
    }

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

impl Grid {
    /// Problems without any charging: load factors, voltages and flows.
    fn problems(&self, slots: usize) -> Vec<InputError> {
        let mut found = Problems(Vec::new());
        if self.load.len() != slots {
            found.add(
                "feeder.load",
                format!("{} figures", self.load.len()),
                format!("{slots}, one for each slot"),
            );
            return found.0;
        }
        let [low, high] = self.limits.voltage;
        if !(0.0 < low && low <= high && high <= 2.0) {
            found.add(
                "feeder.voltage",
                format!("{low} to {high}"),
                "two rising figures above 0 and at most 2",
            );
        }
        if !(4..=360).contains(&self.limits.sides) {
            found.add("feeder.sides", self.limits.sides.to_string(), "from 4 to 360");
        }
        for (t, load) in self.load.iter().enumerate() {
            found.least(&format!("feeder.load[{t}]"), *load);
        }
        if !found.0.is_empty() {
            return found.0;
        }
        for (t, load) in self.load.iter().enumerate() {
            let (active, reactive) = self.feeder.loads(*load);
            let flow = flow(&self.feeder, &active, &reactive);
            if let Some(worst) = self.limits.breaches(&self.feeder, &flow).first() {
                let breach = worst.description(&self.feeder, &self.limits, &flow);
                let problem = InputError::new(
                    format!("in slot {t}, before any vehicle charges, {breach}"),
                    "limits that can be kept",
                );
                found.0.push(
                    problem
                        .key("feeder")
                        .help("raise the source's voltage, lower the load, or widen the limits"),
                );
            }
        }
        found.0
    }
}

/// Collector of problems.
struct Problems(Vec<InputError>);

impl Problems {
    fn add(&mut self, key: &str, found: impl Into<String>, expected: impl Into<String>) {
        self.0.push(InputError::new(found, expected).key(key));
    }
    fn count(&mut self, key: &str, n: usize, least: usize, most: usize) {
        if !(least..=most).contains(&n) {
            self.add(key, n.to_string(), format!("from {least} to {most}"));
        }
    }
    fn index(&mut self, key: &str, i: usize, count: usize, what: &str) {
        if i >= count {
            let expected = if count == 0 {
                format!("a {what}, of which there is none")
            } else {
                format!("a {what} from 0 to {}", count - 1)
            };
            self.add(key, i.to_string(), expected);
        }
    }
    fn finite(&mut self, key: &str, x: f64) {
        if !(-LARGEST..=LARGEST).contains(&x) {
            self.add(key, x.to_string(), format!("a number of at most {LARGEST} in size"));
        }
    }
    fn least(&mut self, key: &str, x: f64) {
        if !(0.0..=LARGEST).contains(&x) {
            self.add(key, x.to_string(), format!("a number from 0 to {LARGEST}"));
        }
    }
    fn above(&mut self, key: &str, x: f64) {
        if !(x > 0.0 && x <= LARGEST) {
            self.add(key, x.to_string(), format!("a number above 0 and at most {LARGEST}"));
        }
    }
}
