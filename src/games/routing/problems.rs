//! Problems of an instance, in numbers, and their names in the input.

use super::instance::{Grid, Instance, LARGEST, MOST_FLEETS, MOST_SLOTS, MOST_STATIONS, MOST_TRIPS};
use crate::grid::flow;
use gridfleet_core::error::InputError;
use std::fmt;

/// A problem of an instance. The caller may go on, and begin again with another instance.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum InstanceProblem {
    /// A number of things is out of range.
    Count {
        /// Place of the number.
        at: Place,
        /// The number.
        found: usize,
        /// Smallest and largest number allowed.
        range: [usize; 2],
    },
    /// A position in a list is beyond its end.
    Index {
        /// Place of the position.
        at: Place,
        /// The position, from 0.
        index: usize,
        /// Name of the things listed.
        of: &'static str,
        /// Number of them.
        count: usize,
    },
    /// A number is out of range.
    Value {
        /// Place of the number.
        at: Place,
        /// The number.
        value: f64,
        /// Numbers allowed.
        range: Range,
    },
    /// A list has another length than there are slots.
    Length {
        /// Place of the list.
        at: Place,
        /// Its length.
        found: usize,
        /// Number of slots.
        slots: usize,
    },
    /// A table of travel is not square.
    NotSquare {
        /// Place of the table.
        at: Place,
        /// Number of places.
        places: usize,
    },
    /// The window of a trip ends before it begins.
    Window {
        /// The trip.
        trip: usize,
        /// Earliest and latest time of its pick-up [min].
        window: [f64; 2],
    },
    /// Vehicles start with a charge that is not between reserve and battery.
    Start {
        /// The vehicles.
        vehicles: usize,
        /// Charge at the start [kWh].
        start_kwh: f64,
        /// Reserve and capacity [kWh].
        range_kwh: [f64; 2],
    },
    /// A trip that must be served is out of reach of every vehicle.
    OutOfReach {
        /// The trip.
        trip: usize,
        /// Its name.
        name: String,
        /// Latest time of its pick-up [min].
        latest: f64,
        /// First time at which a vehicle could reach it [min].
        soonest: f64,
    },
    /// The limits of voltage are not two rising numbers.
    Voltage {
        /// Lowest and highest voltage [p.u.].
        limits: [f64; 2],
    },
    /// A limit of the feeder is exceeded before any vehicle charges.
    Breach {
        /// The slot.
        slot: usize,
        /// Description of the breach.
        breach: String,
    },
}

/// Numbers allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// Any, up to a size.
    Finite,
    /// 0 or more.
    Least,
    /// Above 0.
    Above,
    /// At most 1.
    Share,
}

/// Place of a value in an instance, with the name of a field where there are several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A field of the instance.
    Instance(&'static str),
    /// Price of a slot.
    Price(usize),
    /// An entry of a table of travel: table, origin, destination.
    Travel(&'static str, usize, usize),
    /// A field of a trip.
    Trip(usize, &'static str),
    /// A field of a group of vehicles.
    Vehicles(usize, &'static str),
    /// A field of a station.
    Station(usize, &'static str),
    /// Load factor of a slot.
    Load(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instance(field) => f.write_str(field),
            Self::Price(slot) => write!(f, "price[{slot}]"),
            Self::Travel(table, from, to) => write!(f, "travel.{table}[{from}][{to}]"),
            Self::Trip(trip, field) => write!(f, "trips[{trip}].{field}"),
            Self::Vehicles(vehicles, field) => write!(f, "vehicles[{vehicles}].{field}"),
            Self::Station(station, field) => write!(f, "stations[{station}].{field}"),
            Self::Load(slot) => write!(f, "feeder.load[{slot}]"),
        }
    }
}

impl Range {
    fn holds(self, x: f64) -> bool {
        match self {
            Self::Finite => (-LARGEST..=LARGEST).contains(&x),
            Self::Least => (0.0..=LARGEST).contains(&x),
            Self::Above => x > 0.0 && x <= LARGEST,
            // A value that is no number is refused by the other range of a share.
            Self::Share => x.is_nan() || x <= 1.0,
        }
    }

    fn text(self) -> String {
        match self {
            Self::Finite => format!("a number of at most {LARGEST} in size"),
            Self::Least => format!("a number from 0 to {LARGEST}"),
            Self::Above => format!("a number above 0 and at most {LARGEST}"),
            Self::Share => "a share of at most 1".to_owned(),
        }
    }
}

impl From<&InstanceProblem> for InputError {
    fn from(problem: &InstanceProblem) -> Self {
        match problem {
            InstanceProblem::Count { at, found, range: [least, most] } => {
                Self::new(found.to_string(), format!("from {least} to {most}")).key(at.to_string())
            }
            InstanceProblem::Index { at, index, of, count } => {
                let expected = match count.checked_sub(1) {
                    None => format!("a {of}, of which there is none"),
                    Some(last) => format!("a {of} from 0 to {last}"),
                };
                Self::new(index.to_string(), expected).key(at.to_string())
            }
            InstanceProblem::Value { at, value, range } => {
                Self::new(value.to_string(), range.text()).key(at.to_string())
            }
            InstanceProblem::Length { at, found, slots } => {
                Self::new(format!("{found} figures"), format!("{slots}, one for each slot"))
                    .key(at.to_string())
            }
            InstanceProblem::NotSquare { at, places } => {
                Self::new("a table that is not square", format!("{places} rows of {places}"))
                    .key(at.to_string())
            }
            InstanceProblem::Window { trip, window: [earliest, latest] } => {
                Self::new(latest.to_string(), format!("{earliest} or later, the earliest"))
                    .key(Place::Trip(*trip, "latest").to_string())
            }
            InstanceProblem::Start { vehicles, start_kwh, range_kwh: [reserve, battery] } => {
                Self::new(start_kwh.to_string(), format!("from {reserve} (reserve) to {battery} (battery)"))
                    .key(Place::Vehicles(*vehicles, "start_kwh").to_string())
            }
            InstanceProblem::OutOfReach { trip, name, latest, soonest } => {
                let found = format!(
                    "trip {name}, to be picked up by minute {latest}, which no vehicle reaches before minute {soonest:.1}"
                );
                Self::new(found, "a trip that a vehicle can reach in time")
                    .key(format!("trips[{trip}]"))
                    .help("let it be later, or give it a penalty for being left unserved")
            }
            InstanceProblem::Voltage { limits: [low, high] } => {
                Self::new(format!("{low} to {high}"), "two rising figures above 0 and at most 2")
                    .key("feeder.voltage")
            }
            InstanceProblem::Breach { slot, breach } => {
                let found = format!("in slot {slot}, before any vehicle charges, {breach}");
                Self::new(found, "limits that can be kept")
                    .key("feeder")
                    .help("raise the source's voltage, lower the load, or widen the limits")
            }
        }
    }
}

impl fmt::Display for InstanceProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        InputError::from(self).fmt(f)
    }
}

impl std::error::Error for InstanceProblem {}

impl Instance {
    /// All problems found.
    pub fn problems(&self) -> Vec<InstanceProblem> {
        let mut found = Problems(Vec::new());
        self.sizes(&mut found);
        self.travel_problems(&mut found);
        self.trip_problems(&mut found);
        self.vehicle_problems(&mut found);
        self.station_problems(&mut found);
        if found.0.is_empty() {
            self.out_of_reach(&mut found);
            self.grid.iter().for_each(|grid| grid.problems(self.slots.count, &mut found));
        }
        found.0
    }

    fn sizes(&self, found: &mut Problems) {
        use Place::Instance as At;
        found.count(At("fleets"), self.fleets.len(), 1, MOST_FLEETS);
        found.count(At("trips"), self.trips.len(), 1, MOST_TRIPS);
        found.count(At("vehicles"), self.vehicles.len(), 1, 1_000);
        found.count(At("stations"), self.stations.len(), 0, MOST_STATIONS);
        found.count(At("slots.count"), self.slots.count, 1, MOST_SLOTS);
        found.value(At("slots.minutes"), self.slots.minutes, Range::Above);
        found.value(At("refill_price"), self.refill_price, Range::Least);
        found.value(At("value_of_time"), self.value_of_time, Range::Least);
        if self.price.len() != self.slots.count {
            found.length(At("price"), self.price.len(), self.slots.count);
            return;
        }
        for (t, price) in self.price.iter().enumerate() {
            found.value(Place::Price(t), *price, Range::Finite);
        }
    }

    fn travel_problems(&self, found: &mut Problems) {
        let places = self.travel.minutes.len();
        let tables =
            [("minutes", "travel.minutes", &self.travel.minutes), ("km", "travel.km", &self.travel.km)];
        for (name, key, table) in tables {
            if table.len() != places || table.iter().any(|row| row.len() != places) {
                found.0.push(InstanceProblem::NotSquare { at: Place::Instance(key), places });
            }
            for (i, row) in table.iter().enumerate() {
                for (j, way) in row.iter().enumerate() {
                    found.value(Place::Travel(name, i, j), *way, Range::Least);
                }
            }
        }
    }

    fn trip_problems(&self, found: &mut Problems) {
        let places = self.travel.minutes.len();
        for (i, trip) in self.trips.iter().enumerate() {
            let at = |field| Place::Trip(i, field);
            found.index(at("from"), trip.from, places, "place");
            found.index(at("to"), trip.to, places, "place");
            if let Some(fleet) = trip.fleet {
                found.index(at("fleet"), fleet, self.fleets.len(), "fleet");
            }
            found.value(at("earliest"), trip.window[0], Range::Least);
            found.value(at("latest"), trip.window[1], Range::Finite);
            found.value(at("minutes"), trip.minutes, Range::Least);
            found.value(at("km"), trip.km, Range::Least);
            found.value(at("penalty"), trip.penalty.unwrap_or(0.0), Range::Least);
            if trip.window[1] < trip.window[0] {
                found.0.push(InstanceProblem::Window { trip: i, window: trip.window });
            }
        }
    }

    fn vehicle_problems(&self, found: &mut Problems) {
        let places = self.travel.minutes.len();
        for (i, vehicles) in self.vehicles.iter().enumerate() {
            let at = |field| Place::Vehicles(i, field);
            found.index(at("depot"), vehicles.depot, places, "place");
            found.index(at("fleet"), vehicles.fleet, self.fleets.len(), "fleet");
            found.count(at("count"), vehicles.count, 1, 100_000);
            found.value(at("battery_kwh"), vehicles.battery_kwh, Range::Above);
            found.value(at("reserve_kwh"), vehicles.reserve_kwh, Range::Least);
            found.value(at("kwh_per_km"), vehicles.kwh_per_km, Range::Least);
            let (start_kwh, range_kwh) = (vehicles.start_kwh, [vehicles.reserve_kwh, vehicles.battery_kwh]);
            if !(range_kwh[0] <= start_kwh && start_kwh <= range_kwh[1]) {
                found.0.push(InstanceProblem::Start { vehicles: i, start_kwh, range_kwh });
            }
        }
    }

    fn station_problems(&self, found: &mut Problems) {
        let places = self.travel.minutes.len();
        let buses = self.grid.as_ref().map_or(usize::MAX, |grid| grid.feeder.buses().len());
        for (i, station) in self.stations.iter().enumerate() {
            let at = |field| Place::Station(i, field);
            found.index(at("place"), station.place, places, "place");
            found.index(at("fleet"), station.fleet, self.fleets.len(), "fleet");
            found.index(at("bus"), station.bus, buses, "bus");
            found.count(at("connectors"), station.connectors, 1, 100_000);
            found.value(at("power_kw"), station.power_kw, Range::Above);
            found.value(at("efficiency"), station.efficiency, Range::Above);
            found.value(at("efficiency"), station.efficiency, Range::Share);
        }
    }

    /// Trips that must be served and that no vehicle can reach in time.
    fn out_of_reach(&self, found: &mut Problems) {
        for (i, trip) in self.trips.iter().enumerate().filter(|(_, trip)| trip.penalty.is_none()) {
            let soonest = self.vehicles.iter().map(|v| self.travel.minutes[v.depot][trip.from]);
            let soonest = soonest.fold(f64::INFINITY, f64::min);
            let latest = trip.window[1];
            if soonest > latest {
                found.0.push(InstanceProblem::OutOfReach {
                    trip: i,
                    name: trip.name.clone(),
                    latest,
                    soonest,
                });
            }
        }
    }
}

impl Grid {
    /// Problems without any charging: load factors, voltages and flows.
    fn problems(&self, slots: usize, found: &mut Problems) {
        if self.load.len() != slots {
            found.length(Place::Instance("feeder.load"), self.load.len(), slots);
            return;
        }
        let before = found.0.len();
        let [low, high] = self.limits.voltage;
        if !(0.0 < low && low <= high && high <= 2.0) {
            found.0.push(InstanceProblem::Voltage { limits: [low, high] });
        }
        found.count(Place::Instance("feeder.sides"), self.limits.sides, 4, 360);
        for (t, load) in self.load.iter().enumerate() {
            found.value(Place::Load(t), *load, Range::Least);
        }
        if found.0.len() > before {
            return;
        }
        for (slot, load) in self.load.iter().enumerate() {
            let (active, reactive) = self.feeder.loads(*load);
            let flow = flow(&self.feeder, &active, &reactive);
            if let Some(worst) = self.limits.breaches(&self.feeder, &flow).first() {
                let breach = worst.description(&self.feeder, &self.limits, &flow);
                found.0.push(InstanceProblem::Breach { slot, breach });
            }
        }
    }
}

/// Collector of problems.
struct Problems(Vec<InstanceProblem>);

impl Problems {
    fn count(&mut self, at: Place, found: usize, least: usize, most: usize) {
        if !(least..=most).contains(&found) {
            self.0.push(InstanceProblem::Count { at, found, range: [least, most] });
        }
    }
    fn index(&mut self, at: Place, index: usize, count: usize, of: &'static str) {
        if index >= count {
            self.0.push(InstanceProblem::Index { at, index, of, count });
        }
    }
    fn value(&mut self, at: Place, value: f64, range: Range) {
        if !range.holds(value) {
            self.0.push(InstanceProblem::Value { at, value, range });
        }
    }
    fn length(&mut self, at: Place, found: usize, slots: usize) {
        self.0.push(InstanceProblem::Length { at, found, slots });
    }
}
