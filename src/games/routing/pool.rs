//! All non-dominated schedules of a single vehicle, by label setting.
//!
//! A label is a vehicle that has just served the last of some trips, with its time, charge and cost of charging. It is
//! discarded if another label of the same kind of vehicle, with the same trips served and the same last trip, is at
//! least as good for any continuation (`Labels::dominates`): not later, not more expensive, with at least as much
//! charge, at stations available to the same coalitions, and with no more weight in any *active* shared limit. Limits
//! that never bind are ignored; the [router](super::router) activates those that its solution violates.
//!
//! Charge has a value at the end, so a shortfall is compensated at the refill price, as long as the charge suffices for
//! any continuation: the surplus of a label with more charge does not grow until the end.

use super::instance::{Instance, Travel};
use super::model::RoutingModel;
use super::plan::{Schedule, Stop};
use rustc_hash::FxHashMap;

/// Maximum number of labels; larger instances cannot be enumerated. Assumed; about 500 MB.
pub const MOST_LABELS: usize = 4_000_000;

/// Costs closer than this are equal [money].
const ROUNDING: f64 = 1e-12;
/// Tolerance by which charge may fall short [kWh], and time may be exceeded [min].
pub(super) const SLACK: f64 = 1e-9;

/// Schedules of all kinds of vehicle.
#[derive(Debug)]
pub struct Pool {
    /// Columns to choose from.
    pub columns: Vec<Column>,
    /// Labels by kind of vehicle.
    labels: Vec<Vec<Label>>,
}

/// A schedule in the form used by the choice.
#[derive(Debug, Clone)]
pub struct Column {
    /// Kind of vehicle.
    pub vehicles: usize,
    /// Trips served, one bit each.
    pub trips: u64,
    /// Other fleets whose stations it uses, one bit each.
    pub owners: u32,
    /// Cost of the schedule.
    pub cost: f64,
    /// Station plus 1 by active slot; 0 or no entry where there is none.
    pub used: Vec<u8>,
    /// Label after the last trip.
    label: u32,
    /// Stay on the return trip.
    stop: Option<Stop>,
}

/// A vehicle after its last trip so far, or at a station before the next one.
#[derive(Debug, Clone)]
struct Label {
    /// End of the trip, or of the stay [min].
    time: f64,
    /// Charge [kWh].
    kwh: f64,
    /// Cost of charging so far [money].
    cost: f64,
    trips: u64,
    owners: u32,
    last: u32,
    before: u32,
    /// Stay before the last trip.
    stop: Option<Stop>,
    used: Vec<u8>,
}

/// Last trip of the initial label, which has served none.
const NOWHERE: u32 = u32::MAX;

/// Error: the number of labels exceeds [`MOST_LABELS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {MOST_LABELS} partial schedules")]
pub struct TooMany;

/// Slots in which shared limits are active, and the comparison of stations in them.
#[derive(Debug, Clone, Default)]
pub struct Active {
    /// Index of each slot among the active ones.
    place: FxHashMap<usize, usize>,
    /// By active slot, station plus 1 and other station plus 1 (0 for none): whether the first has at most the weight
    /// of the second in all active rows.
    lighter: Vec<Vec<bool>>,
    stations: usize,
}

impl Active {
    /// Creates the data for the active rows, given by index in the model.
    pub fn new(model: &RoutingModel<'_>, rows: &[usize]) -> Self {
        let stations = model.instance.stations.len();
        let mut active = Self { stations: stations + 1, ..Self::default() };
        for &row in rows {
            let row = &model.rows[row];
            let place = *active.place.entry(row.slot).or_insert_with(|| {
                active.lighter.push(vec![true; (stations + 1) * (stations + 1)]);
                active.lighter.len() - 1
            });
            let weight = |at: usize| if at == 0 { 0.0 } else { row.weight[at - 1] };
            for a in 0..=stations {
                for b in 0..=stations {
                    active.lighter[place][a * (stations + 1) + b] &= weight(a) <= weight(b);
                }
            }
        }
        active
    }

    /// Number of active slots.
    pub fn slots(&self) -> usize {
        self.lighter.len()
    }

    /// Index of a slot among the active ones.
    pub fn place(&self, slot: usize) -> Option<usize> {
        self.place.get(&slot).copied()
    }

    /// Adds `stop` to `used`.
    fn with(&self, used: &[u8], stop: Stop) -> Vec<u8> {
        let mut used = used.to_vec();
        for slot in stop.slot..stop.slot + stop.slots {
            if let Some(place) = self.place(slot) {
                used.resize(self.slots(), 0);
                used[place] = stop.station as u8 + 1;
            }
        }
        used
    }

    /// Whether `a` has at most the weight of `b` in all active rows.
    fn lighter(&self, a: &[u8], b: &[u8]) -> bool {
        a.iter().enumerate().all(|(place, &a)| {
            let b = b.get(place).copied().unwrap_or(0);
            self.lighter[place][usize::from(a) * self.stations + usize::from(b)]
        })
    }
}

impl Pool {
    /// Generates all non-dominated schedules of all vehicles for these active limits.
    ///
    /// # Errors
    /// If there are too many labels.
    pub fn new(model: &RoutingModel<'_>, active: &Active) -> Result<Self, TooMany> {
        let mut pool = Self { columns: Vec::new(), labels: Vec::new() };
        let mut room = MOST_LABELS;
        for vehicles in 0..model.instance.vehicles.len() {
            let mut labels = Labels::new(model, active, vehicles);
            labels.grow(room)?;
            pool.columns.extend(labels.columns());
            room = room.saturating_sub(labels.all.len());
            pool.labels.push(labels.all);
        }
        Ok(pool)
    }

    /// Number of partial schedules stored.
    pub fn labels(&self) -> usize {
        self.labels.iter().map(Vec::len).sum()
    }

    /// The schedule of a column, with its trips in order and its stays.
    pub fn schedule(&self, column: &Column) -> Schedule {
        let labels = &self.labels[column.vehicles];
        let (mut trips, mut stops) = (Vec::new(), vec![column.stop]);
        let mut at = &labels[column.label as usize];
        while at.last != NOWHERE {
            trips.push(at.last as usize);
            stops.push(at.stop);
            at = &labels[at.before as usize];
        }
        trips.reverse();
        stops.reverse();
        Schedule { vehicles: column.vehicles, trips, stops, cost: column.cost }
    }
}

/// Labels of one kind of vehicle.
struct Labels<'a> {
    model: &'a RoutingModel<'a>,
    active: &'a Active,
    vehicles: usize,
    all: Vec<Label>,
    /// By last trip: maximum energy required by any continuation, including the reserve.
    need_after: Vec<f64>,
    /// By station: the same at departure from it.
    need_from: Vec<f64>,
    /// The same at the start.
    need_at_start: f64,
    /// Whether charging beyond the required energy never pays.
    never_pays: bool,
    /// Whether detours via stations are never shorter.
    detours_are_longer: bool,
}

impl<'a> Labels<'a> {
    fn new(model: &'a RoutingModel<'a>, active: &'a Active, vehicles: usize) -> Self {
        let instance = model.instance;
        let never_pays = (0..instance.stations.len()).all(|k| {
            (0..instance.slots.count)
                .all(|t| model.slot_cost(vehicles, k, t) >= instance.refill_price * model.slot_kwh(k))
        });
        let detours_are_longer = instance.detours_are_longer();
        let (need_after, need_from, need_at_start) = needs(instance, vehicles);
        let all = Vec::new();
        Self {
            model,
            active,
            vehicles,
            all,
            need_after,
            need_from,
            need_at_start,
            never_pays,
            detours_are_longer,
        }
    }

    fn instance(&self) -> &'a Instance {
        self.model.instance
    }

    /// Energy for driving between two places [kWh].
    fn way_kwh(&self, from: usize, to: usize) -> f64 {
        self.instance().travel.km[from][to] * self.instance().vehicles[self.vehicles].kwh_per_km
    }

    fn reserve(&self) -> f64 {
        self.instance().vehicles[self.vehicles].reserve_kwh - SLACK
    }

    /// Place of a label.
    fn place(&self, label: &Label) -> usize {
        let instance = self.instance();
        match label.last {
            NOWHERE => instance.vehicles[self.vehicles].depot,
            trip => instance.trips[trip as usize].to,
        }
    }

    /// Whether `a` is at least as good as `b` for any continuation, where `need` is the maximum energy of a
    /// continuation.
    fn dominates(&self, a: &Label, b: &Label, need: f64) -> bool {
        let worth = self.instance().refill_price * (b.kwh - a.kwh).max(0.0);
        a.time <= b.time
            && a.cost + worth <= b.cost + ROUNDING
            && a.owners & !b.owners == 0
            && a.kwh >= b.kwh.min(need)
            && self.active.lighter(&a.used, &b.used)
    }

    /// Adds `label` to `group` unless it is dominated; removes the labels that it dominates.
    fn keep(&self, group: &mut Vec<Label>, label: Label, need: f64) {
        if !group.iter().any(|other| self.dominates(other, &label, need)) {
            group.retain(|other| !self.dominates(&label, other, need));
            group.push(label);
        }
    }

    /// Sets labels in order of the number of trips.
    fn grow(&mut self, most: usize) -> Result<(), TooMany> {
        let vehicles = &self.instance().vehicles[self.vehicles];
        let start = Label {
            time: 0.0,
            kwh: vehicles.start_kwh,
            cost: 0.0,
            trips: 0,
            owners: 0,
            last: NOWHERE,
            before: NOWHERE,
            stop: None,
            used: Vec::new(),
        };
        self.all.push(start);
        let mut layer = 0..1;
        while !layer.is_empty() {
            // Groups in order of first occurrence, which is deterministic.
            let mut groups: Vec<Vec<Label>> = Vec::new();
            let mut places: FxHashMap<(u64, u32), usize> = FxHashMap::default();
            let mut kept = self.all.len();
            for place in layer.clone() {
                for label in self.next(place) {
                    let group = *places.entry((label.trips, label.last)).or_insert_with(|| {
                        groups.push(Vec::new());
                        groups.len() - 1
                    });
                    let (before, need) = (groups[group].len(), self.need_after[label.last as usize]);
                    self.keep(&mut groups[group], label, need);
                    kept = kept + groups[group].len() - before;
                    if kept > most {
                        return Err(TooMany);
                    }
                }
            }
            let start = self.all.len();
            self.all.extend(groups.into_iter().flatten());
            layer = start..self.all.len();
        }
        Ok(())
    }

    /// All labels that extend a label by one trip.
    fn next(&self, place: usize) -> Vec<Label> {
        let (instance, label) = (self.instance(), &self.all[place]);
        let stays = self.stays(label);
        let mut next = Vec::new();
        for (i, trip) in instance.trips.iter().enumerate() {
            if label.trips >> i & 1 == 1 {
                continue;
            }
            let mut serve = |from: usize, before: &Label, stop: Option<Stop>| {
                let time = f64::max(before.time + instance.travel.minutes[from][trip.from], trip.window[0]);
                let taken = trip.km * instance.vehicles[self.vehicles].kwh_per_km;
                let kwh = before.kwh - self.way_kwh(from, trip.from) - taken;
                if time <= trip.window[1] + SLACK && kwh >= self.reserve() {
                    next.push(Label {
                        time: time + trip.minutes,
                        kwh,
                        cost: before.cost,
                        trips: label.trips | 1 << i,
                        owners: before.owners,
                        last: i as u32,
                        before: place as u32,
                        stop,
                        used: before.used.clone(),
                    });
                }
            };
            serve(self.place(label), label, None);
            for stay in &stays {
                let stop = stay.stop;
                stop.iter().for_each(|stop| serve(instance.stations[stop.station].place, stay, Some(*stop)));
            }
        }
        next
    }

    /// All relevant stays that may follow a label.
    fn stays(&self, label: &Label) -> Vec<Label> {
        let (instance, from) = (self.instance(), self.place(label));
        let need =
            if label.last == NOWHERE { self.need_at_start } else { self.need_after[label.last as usize] };
        let mut stays = Vec::new();
        if self.never_pays && self.detours_are_longer && label.kwh >= need {
            return stays;
        }
        let (vehicles, slots) = (&instance.vehicles[self.vehicles], instance.slots);
        for (k, station) in instance.stations.iter().enumerate() {
            let on_arrival = label.kwh - self.way_kwh(from, station.place);
            if on_arrival < self.reserve() {
                continue;
            }
            let owner = if station.fleet == vehicles.fleet { 0 } else { 1 << station.fleet };
            let mut here = Vec::new();
            for slot in slots.from(label.time + instance.travel.minutes[from][station.place])..slots.count {
                let (mut kwh, mut cost) = (on_arrival, label.cost);
                for end in slot + 1..=slots.count {
                    if kwh >= vehicles.battery_kwh
                        || (self.never_pays && kwh >= self.need_from[k] && end > slot + 1)
                    {
                        break;
                    }
                    kwh = (kwh + self.model.slot_kwh(k)).min(vehicles.battery_kwh);
                    cost += self.model.slot_cost(self.vehicles, k, end - 1);
                    let stop = Stop { station: k, slot, slots: end - slot };
                    let stay = Label {
                        time: end as f64 * slots.minutes,
                        kwh,
                        cost,
                        owners: label.owners | owner,
                        stop: Some(stop),
                        used: self.active.with(&label.used, stop),
                        ..*label
                    };
                    self.keep(&mut here, stay, self.need_from[k]);
                }
            }
            stays.extend(here);
        }
        stays
    }

    /// Completes all labels with the return trip: the columns, without dominated ones.
    fn columns(&self) -> Vec<Column> {
        let vehicles = &self.instance().vehicles[self.vehicles];
        let mut groups: Vec<Vec<Column>> = Vec::new();
        let mut places: FxHashMap<u64, usize> = FxHashMap::default();
        for (place, label) in self.all.iter().enumerate().skip(1) {
            let mut end = |from: usize, at: &Label, stop: Option<Stop>| {
                let kwh = at.kwh - self.way_kwh(from, vehicles.depot);
                if kwh < self.reserve() {
                    return;
                }
                let cost = at.cost + self.instance().refill_price * (vehicles.start_kwh - kwh);
                let column = Column {
                    vehicles: self.vehicles,
                    trips: label.trips,
                    owners: at.owners,
                    cost,
                    used: at.used.clone(),
                    label: place as u32,
                    stop,
                };
                let group = *places.entry(label.trips).or_insert_with(|| {
                    groups.push(Vec::new());
                    groups.len() - 1
                });
                let group = &mut groups[group];
                let betters = |a: &Column, b: &Column| {
                    a.cost <= b.cost + ROUNDING
                        && a.owners & !b.owners == 0
                        && self.active.lighter(&a.used, &b.used)
                };
                if !group.iter().any(|other| betters(other, &column)) {
                    group.retain(|other| !betters(&column, other));
                    group.push(column);
                }
            };
            end(self.place(label), label, None);
            for stay in self.stays(label) {
                let stop = stay.stop;
                stop.iter()
                    .for_each(|stop| end(self.instance().stations[stop.station].place, &stay, Some(*stop)));
            }
        }
        groups.into_iter().flatten().collect()
    }
}

/// Maximum energy, including the reserve, that may be needed after each trip, from each station and from the start: the
/// longest routes, via stations, through trips that can follow one another in time, with repetitions permitted.
fn needs(instance: &Instance, vehicles: usize) -> (Vec<f64>, Vec<f64>, f64) {
    let vehicles = &instance.vehicles[vehicles];
    let Travel { km, minutes } = &instance.travel;
    let stations = || instance.stations.iter().map(|station| station.place);
    let longest = |from: usize, to: usize| {
        stations().map(|station| km[from][station] + km[station][to]).fold(km[from][to], f64::max)
    };
    let soonest = |from: usize, to: usize| {
        stations()
            .map(|station| minutes[from][station] + minutes[station][to])
            .fold(minutes[from][to], f64::min)
    };
    let trips = &instance.trips;
    let home = |from: usize| longest(from, vehicles.depot);
    let mut after: Vec<f64> = trips.iter().map(|trip| home(trip.to)).collect();
    let follows: Vec<Vec<usize>> = trips
        .iter()
        .enumerate()
        .map(|(i, trip)| {
            let end = trip.window[0] + trip.minutes;
            let can =
                |j: &usize| *j != i && end + soonest(trip.to, trips[*j].from) <= trips[*j].window[1] + SLACK;
            (0..trips.len()).filter(can).collect()
        })
        .collect();
    let way = |from: usize, j: usize, after: &[f64]| longest(from, trips[j].from) + trips[j].km + after[j];
    // One round for each trip that can follow a trip.
    for _ in 1..trips.len() {
        let before = after.clone();
        for (i, follows) in follows.iter().enumerate() {
            after[i] =
                follows.iter().map(|&j| way(trips[i].to, j, &before)).fold(home(trips[i].to), f64::max);
        }
        if before == after {
            break;
        }
    }
    let from = |place: usize| (0..trips.len()).map(|j| way(place, j, &after)).fold(home(place), f64::max);
    let energy = |km: f64| km * vehicles.kwh_per_km + vehicles.reserve_kwh;
    let from_stations = stations().map(|place| energy(from(place))).collect();
    let at_start = energy(from(vehicles.depot));
    (after.into_iter().map(energy).collect(), from_stations, at_start)
}
