//! An instance: who asks for a ride, who can drive, where is power and what does it cost.
//!
//! Time runs in minutes from the start of the horizon, which is cut into slots. A vehicle
//! - starts at its depot at minute 0, serves trips one after the other, and comes back to its depot, whenever that is;
//! - may stop at one station on its way to each trip, and on its way home. It is plugged in there for whole slots one after
//!   the other, and draws the station's power in each; what a full battery no longer takes is lost. Before and after, it
//!   waits without a connector;
//! - never has less charge than its reserve.
//!
//! What it costs: each kWh at the price of its slot at the source of the feeder, with what it adds to the losses; the time
//! plugged in at stations that are not at the depot; and what the battery lacks at the end against the start, refilled
//! later at a price of its own (what it has more is worth as much).

use crate::grid::{Feeder, Limits, flow};
use gridfleet_core::error::InputError;

/// Most trips: a set of them is one word.
pub const MOST_TRIPS: usize = 64;
/// Most fleets, as in a game of coalitions.
pub const MOST_FLEETS: usize = 20;
/// Most stations.
pub const MOST_STATIONS: usize = 250;
/// Most slots.
pub const MOST_SLOTS: usize = 10_000;
/// Largest figure of any kind that is believed; assumed.
const LARGEST: f64 = 1e6;

/// Everything that is given.
#[derive(Debug, Clone, PartialEq)]
pub struct Instance {
    /// Names of the fleets.
    pub fleets: Vec<String>,
    /// Ways between places.
    pub travel: Travel,
    /// The horizon.
    pub slots: Slots,
    /// Price of energy at the source of the feeder, by slot [money per kWh].
    pub price: Vec<f64>,
    /// Price of a kWh in the battery after the horizon [money per kWh].
    pub refill_price: f64,
    /// What an hour costs that a vehicle is plugged in outside its depot [money per h].
    pub value_of_time: f64,
    /// Rides asked for.
    pub trips: Vec<Trip>,
    /// Vehicles, equal ones together.
    pub vehicles: Vec<Vehicles>,
    /// Where they can charge.
    pub stations: Vec<Station>,
    /// The feeder; without one, stations draw from a source without limit or losses.
    pub grid: Option<Grid>,
}

/// Ways between places, by place of departure and of arrival.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Travel {
    /// How long they take [min].
    pub minutes: Vec<Vec<f64>>,
    /// How long they are [km].
    pub km: Vec<Vec<f64>>,
}

/// The horizon in equal parts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slots {
    /// Length of one [min].
    pub minutes: f64,
    /// How many there are.
    pub count: usize,
}

/// A ride that somebody asks for.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trip {
    /// Its name.
    pub name: String,
    /// Whose rider it is; none where that does not matter.
    pub fleet: Option<usize>,
    /// Place of the pick-up.
    pub from: usize,
    /// Place of the drop-off.
    pub to: usize,
    /// Earliest and latest pick-up [min].
    pub window: [f64; 2],
    /// From pick-up to drop-off [min].
    pub minutes: f64,
    /// Its length [km].
    pub km: f64,
    /// What it costs to leave it unserved; none if it must be served.
    pub penalty: Option<f64>,
}

/// Equal vehicles of one fleet.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Vehicles {
    /// Their name.
    pub name: String,
    /// Whose they are.
    pub fleet: usize,
    /// How many.
    pub count: usize,
    /// Where they start and end.
    pub depot: usize,
    /// What the battery holds [kWh].
    pub battery_kwh: f64,
    /// What it holds at the start [kWh].
    pub start_kwh: f64,
    /// What it must always hold [kWh].
    pub reserve_kwh: f64,
    /// Consumption [kWh/km].
    pub kwh_per_km: f64,
}

/// Where vehicles charge.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Station {
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub fleet: usize,
    /// Where it is.
    pub place: usize,
    /// How many vehicles it holds at once.
    pub connectors: usize,
    /// What each draws [kW], at a power factor of 1.
    pub power_kw: f64,
    /// Share of it that ends in the battery.
    pub efficiency: f64,
    /// Bus of the feeder, if there is one.
    pub bus: usize,
}

/// The feeder and what else it carries.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// The feeder with its loads.
    pub feeder: Feeder,
    /// These loads times so much, by slot.
    pub load: Vec<f64>,
    /// What it must keep to.
    pub limits: Limits,
}

impl Slots {
    /// Length of one [h].
    pub fn hours(self) -> f64 {
        self.minutes / 60.0
    }

    /// The first slot that begins at `minute` or later.
    pub fn from(self, minute: f64) -> usize {
        // What rounding adds to a sum of ways must not cost a slot.
        (minute / self.minutes - 1e-9).ceil().max(0.0) as usize
    }
}

impl Instance {
    /// All that is wrong with it, each with the path of its key.
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

    /// Trips of a set, bit i for trip i.
    pub fn every_trip(&self) -> u64 {
        if self.trips.len() == MOST_TRIPS { u64::MAX } else { (1 << self.trips.len()) - 1 }
    }

    /// Whether no way gets shorter, in time or length, by a detour over a station.
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
    /// What is wrong before anybody charges: load factors, voltages and flows.
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
                let told = worst.told(&self.feeder, &self.limits, &flow);
                let problem = InputError::new(
                    format!("in slot {t}, before anybody charges, {told}"),
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

/// Problems as they are found.
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
    fn index(&mut self, key: &str, i: usize, of: usize, what: &str) {
        if i >= of {
            let expected = if of == 0 {
                format!("a {what}, of which there is none")
            } else {
                format!("a {what} from 0 to {}", of - 1)
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
