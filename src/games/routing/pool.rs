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

use super::bound::Worth;
use super::completion::Completion;
use super::instance::{Instance, Travel};
use super::model::RoutingModel;
use super::plan::{Schedule, Stop};
use rustc_hash::FxHashMap;

/// Maximum number of labels; larger instances cannot be enumerated. Assumed; about 500 MB.
pub const MOST_LABELS: usize = 4_000_000;

/// Costs closer than this are equal [money].
const ROUNDING: f64 = 1e-12;
/// Margin by which a schedule may be beyond a distance [money], for rounding errors.
const NEAR: f64 = 1e-10;
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
    /// Station plus 1 by active slot; 0 or no entry where there is none, or where it has no weight.
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
    /// Value of the active limits used so far [money], if only schedules within reach are sought.
    dual: f64,
    trips: u64,
    owners: u32,
    last: u32,
    before: u32,
    /// Stay before the last trip.
    stop: Option<Stop>,
    used: Vec<u8>,
}

/// Properties by which labels and columns with the same trips are compared.
#[derive(Clone, Copy)]
struct Price<'a> {
    cost: f64,
    dual: f64,
    owners: u32,
    used: &'a [u8],
}

impl Label {
    fn price(&self) -> Price<'_> {
        Price { cost: self.cost, dual: self.dual, owners: self.owners, used: &self.used }
    }
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
    /// By active slot and station: whether a vehicle there has a weight in an active row.
    weighs: Vec<Vec<bool>>,
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
                active.weighs.push(vec![false; stations]);
                active.lighter.len() - 1
            });
            active.weighs[place]
                .iter_mut()
                .zip(&row.weight)
                .for_each(|(weighs, weight)| *weighs |= *weight > 0.0);
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

    /// All active slots and stations at which a vehicle has a weight in an active row.
    pub fn cells(&self) -> impl Iterator<Item = (usize, usize)> {
        let cells = |(place, weighs): (usize, &Vec<bool>)| {
            let stations = weighs.iter().enumerate().filter(|(_, weighs)| **weighs);
            stations.map(|(station, _)| (place, station)).collect::<Vec<_>>()
        };
        self.weighs.iter().enumerate().flat_map(cells)
    }

    /// Adds `stop` to `used`.
    fn with(&self, used: &[u8], stop: Stop) -> Vec<u8> {
        let mut used = used.to_vec();
        for slot in stop.slot..stop.slot + stop.slots {
            if let Some(place) = self.place(slot)
                && self.weighs[place][stop.station]
            {
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
        column.schedule(&self.labels[column.vehicles])
    }
}

impl Column {
    /// The column of a schedule.
    pub(super) fn of(model: &RoutingModel<'_>, active: &Active, schedule: &Schedule) -> Self {
        let fleet = model.instance.vehicles[schedule.vehicles].fleet;
        let (mut owners, mut used) = (0, Vec::new());
        for &stop in schedule.stops.iter().flatten() {
            let owner = model.instance.stations[stop.station].fleet;
            owners |= if owner == fleet { 0 } else { 1 << owner };
            used = active.with(&used, stop);
        }
        let trips = schedule.trips.iter().fold(0, |trips, trip| trips | 1 << trip);
        let (vehicles, cost) = (schedule.vehicles, schedule.cost);
        Self { vehicles, trips, owners, cost, used, label: NOWHERE, stop: None }
    }

    fn price(&self, dual: f64) -> Price<'_> {
        Price { cost: self.cost, dual, owners: self.owners, used: &self.used }
    }

    /// The schedule of the column, from the labels of its kind of vehicle.
    fn schedule(&self, labels: &[Label]) -> Schedule {
        let column = self;
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

/// All columns of a kind of vehicle within reach, with their schedules.
///
/// # Errors
/// If there are too many labels.
pub(super) fn within_reach(
    model: &RoutingModel<'_>,
    active: &Active,
    vehicles: usize,
    reach: Reach<'_>,
) -> Result<Vec<(Column, Schedule)>, TooMany> {
    let mut labels = Labels { reach: Some(reach), ..Labels::new(model, active, vehicles) };
    labels.grow(MOST_LABELS)?;
    let columns = labels.columns().into_iter();
    Ok(columns.map(|column| (column.clone(), column.schedule(&labels.all))).collect())
}

/// Labels of one kind of vehicle.
struct Labels<'a> {
    model: &'a RoutingModel<'a>,
    active: &'a Active,
    vehicles: usize,
    all: Vec<Label>,
    needs: &'a Needs,
    /// If only schedules within reach are sought.
    reach: Option<Reach<'a>>,
}

/// Maximum energy required by a kind of vehicle, and whether more charge may pay.
#[derive(Debug)]
pub(super) struct Needs {
    /// By last trip: maximum energy required by any continuation, including the reserve [kWh].
    pub after: Vec<f64>,
    /// By station: the same at departure from it [kWh].
    pub from: Vec<f64>,
    /// The same at the start [kWh].
    pub at_start: f64,
    /// Whether charging beyond the required energy never pays.
    never_pays: bool,
}

/// Schedules of a coalition whose reduced cost is at most a distance.
pub(super) struct Reach<'a> {
    /// Members of the coalition and requested trips, one bit each.
    pub members: u64,
    pub trips: u64,
    pub worth: &'a Worth,
    pub completion: Completion,
    pub distance: f64,
    /// Whether one schedule of least reduced cost for each set of trips suffices.
    pub least: bool,
}

impl<'a> Labels<'a> {
    fn new(model: &'a RoutingModel<'a>, active: &'a Active, vehicles: usize) -> Self {
        Self { model, active, vehicles, all: Vec::new(), needs: &model.needs[vehicles], reach: None }
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

    /// Whether `a` costs at most as much as `b`, for the same coalitions, and uses no more of the limits.
    fn is_cheaper(&self, a: Price<'_>, b: Price<'_>) -> bool {
        match &self.reach {
            Some(reach) if reach.least => a.cost + a.dual <= b.cost + b.dual + ROUNDING,
            Some(_) => a.cost <= b.cost + ROUNDING && self.active.lighter(a.used, b.used),
            None => {
                a.cost <= b.cost + ROUNDING
                    && a.owners & !b.owners == 0
                    && self.active.lighter(a.used, b.used)
            }
        }
    }

    /// Amount that these trips add to the cost of charging, if only schedules within reach are sought.
    fn trips_cost(&self, trips: u64) -> f64 {
        self.reach
            .as_ref()
            .map_or(0.0, |reach| -reach.worth.vehicles[self.vehicles] - reach.worth.of_trips(trips))
    }

    /// Whether a vehicle with this cost of its trips and of charging, and this charge, can still be within reach.
    fn is_within(&self, cost: f64, kwh: f64, rest: impl Fn(&Completion) -> f64) -> bool {
        let Some(reach) = &self.reach else { return true };
        let instance = self.instance();
        let so_far = cost + instance.refill_price * (instance.vehicles[self.vehicles].start_kwh - kwh);
        so_far + rest(&reach.completion) <= reach.distance + NEAR
    }

    /// Whether `a` is at least as good as `b` for any continuation, where `need` is the maximum energy of a
    /// continuation.
    fn dominates(&self, a: &Label, b: &Label, need: f64) -> bool {
        let worth = self.instance().refill_price * (b.kwh - a.kwh).max(0.0);
        a.time <= b.time
            && a.kwh >= b.kwh.min(need)
            && self.is_cheaper(Price { cost: a.cost + worth, ..a.price() }, b.price())
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
            dual: 0.0,
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
                    let (before, need) = (groups[group].len(), self.needs.after[label.last as usize]);
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
            if label.trips >> i & 1 == 1 || self.reach.as_ref().is_some_and(|reach| reach.trips >> i & 1 == 0)
            {
                continue;
            }
            let trips = label.trips | 1 << i;
            let trips_cost = self.trips_cost(trips);
            let mut serve = |from: usize, before: &Label, stop: Option<Stop>| {
                let time = f64::max(before.time + instance.travel.minutes[from][trip.from], trip.window[0]);
                let taken = trip.km * instance.vehicles[self.vehicles].kwh_per_km;
                let kwh = before.kwh - self.way_kwh(from, trip.from) - taken;
                if time <= trip.window[1] + SLACK && kwh >= self.reserve() {
                    let (time, cost) = (time + trip.minutes, trips_cost + before.cost + before.dual);
                    if self.is_within(cost, kwh, |rest| rest.after(i, time, kwh)) {
                        next.push(Label {
                            time,
                            kwh,
                            cost: before.cost,
                            dual: before.dual,
                            trips,
                            owners: before.owners,
                            last: i as u32,
                            before: place as u32,
                            stop,
                            used: before.used.clone(),
                        });
                    }
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

    /// Value of the active limits used by a vehicle at a station in a slot.
    fn dual(&self, station: usize, slot: usize) -> f64 {
        let place = self.active.place(slot);
        let taken = |reach: &Reach<'_>| Some(-reach.worth.taken[place?][station + 1]);
        self.reach.as_ref().and_then(taken).unwrap_or(0.0)
    }

    /// All relevant stays that may follow a label.
    fn stays(&self, label: &Label) -> Vec<Label> {
        let (instance, from) = (self.instance(), self.place(label));
        let need =
            if label.last == NOWHERE { self.needs.at_start } else { self.needs.after[label.last as usize] };
        let mut stays = Vec::new();
        if self.needs.never_pays && self.model.detours_are_longer && label.kwh >= need {
            return stays;
        }
        let (vehicles, slots) = (&instance.vehicles[self.vehicles], instance.slots);
        let trips_cost = self.trips_cost(label.trips);
        for (k, station) in instance.stations.iter().enumerate() {
            let on_arrival = label.kwh - self.way_kwh(from, station.place);
            let is_usable = |reach: &Reach<'_>| reach.members >> station.fleet & 1 == 1;
            if on_arrival < self.reserve() || !self.reach.as_ref().is_none_or(is_usable) {
                continue;
            }
            let owner = if station.fleet == vehicles.fleet { 0 } else { 1 << station.fleet };
            let so_far = trips_cost + label.cost + label.dual;
            let mut here = Vec::new();
            for slot in slots.from(label.time + instance.travel.minutes[from][station.place])..slots.count {
                if !self.is_within(so_far, on_arrival, |rest| rest.plug(k, slot, on_arrival)) {
                    break;
                }
                let (mut kwh, mut cost, mut dual) = (on_arrival, label.cost, label.dual);
                for end in slot + 1..=slots.count {
                    if kwh >= vehicles.battery_kwh
                        || (self.needs.never_pays && kwh >= self.needs.from[k] && end > slot + 1)
                    {
                        break;
                    }
                    kwh = (kwh + self.model.slot_kwh(k)).min(vehicles.battery_kwh);
                    cost += self.model.slot_cost(self.vehicles, k, end - 1);
                    dual += self.dual(k, end - 1);
                    let stop = Stop { station: k, slot, slots: end - slot };
                    if !self.is_within(trips_cost + cost + dual, kwh, |rest| rest.from(k, end, kwh)) {
                        continue;
                    }
                    let stay = Label {
                        time: end as f64 * slots.minutes,
                        kwh,
                        cost,
                        dual,
                        owners: label.owners | owner,
                        stop: Some(stop),
                        used: self.active.with(&label.used, stop),
                        ..*label
                    };
                    self.keep(&mut here, stay, self.needs.from[k]);
                }
            }
            stays.extend(here);
        }
        stays
    }

    /// Completes all labels with the return trip: the columns, without dominated ones.
    fn columns(&self) -> Vec<Column> {
        let vehicles = &self.instance().vehicles[self.vehicles];
        let mut groups: Vec<Vec<(Column, f64)>> = Vec::new();
        let mut places: FxHashMap<u64, usize> = FxHashMap::default();
        for (place, label) in self.all.iter().enumerate().skip(1) {
            let mut end = |from: usize, at: &Label, stop: Option<Stop>| {
                let kwh = at.kwh - self.way_kwh(from, vehicles.depot);
                if kwh < self.reserve() {
                    return;
                }
                if !self.is_within(self.trips_cost(label.trips) + at.cost + at.dual, kwh, |_| 0.0) {
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
                let is_cheaper =
                    |a: &(Column, f64), b: &(Column, f64)| self.is_cheaper(a.0.price(a.1), b.0.price(b.1));
                let column = (column, at.dual);
                if !group.iter().any(|other| is_cheaper(other, &column)) {
                    group.retain(|other| !is_cheaper(&column, other));
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
        groups.into_iter().flatten().map(|(column, _)| column).collect()
    }
}

/// Maximum energy, including the reserve, that may be needed after each trip, from each station and from the start: the
/// longest routes, via stations, through trips that can follow one another in time, with repetitions permitted.
pub(super) fn needs(model: &RoutingModel<'_>, vehicles: usize) -> Needs {
    let instance = model.instance;
    let never_pays = (0..instance.stations.len()).all(|k| {
        (0..instance.slots.count)
            .all(|t| model.slot_cost(vehicles, k, t) >= instance.refill_price * model.slot_kwh(k))
    });
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
    Needs { after: after.into_iter().map(energy).collect(), from: from_stations, at_start, never_pays }
}
