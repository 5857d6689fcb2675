//! Lower bounds on what a vehicle adds to its reduced cost until its return.
//!
//! The bounds ignore which trips were served before, and round in favour of the vehicle: its time down, within the
//! window of each trip, and its charge up, to one of some levels. Charge decides only which continuations are possible:
//! energy is valued exactly, at the refill price, when it is driven or charged. They are computed backwards by repeated
//! sweeps over trips and stations, until nothing changes or each trip could have been served once.

use super::bound::Worth;
use super::model::RoutingModel;
use super::pool::{Active, SLACK};

/// Maximum number of levels of charge, and maximum number of figures in a table. Assumed.
const MOST_LEVELS: usize = 32;
const MOST_FIGURES: usize = 2_000_000;
/// Steps of time in the horizon, and the maximum number of them in the window of a trip. Assumed.
const STEPS: f64 = 64.0;

/// Bounds for a kind of vehicle, in a coalition, at dual values.
#[derive(Debug)]
pub(super) struct Completion {
    /// Charge of the lowest level, and the difference between levels [kWh].
    least_kwh: f64,
    step_kwh: f64,
    /// Number of levels.
    levels: usize,
    /// Number of slots.
    slots: usize,
    times: Vec<Times>,
    /// By trip and step of its window: bounds after the trip, by level; and in the last row from the start.
    after: Vec<f64>,
    /// By station and slot: bounds on departure from the station, by level.
    from: Vec<f64>,
    /// By station and slot: bounds on plugging in then or later, by level.
    plug: Vec<f64>,
}

/// Steps of time within the window of a trip.
#[derive(Debug, Clone, Copy)]
struct Times {
    /// Index of the first row of the trip.
    first: usize,
    count: usize,
    /// Earliest end [min], and length of a step [min].
    earliest: f64,
    step: f64,
}

/// A way as a change of levels: `shift` levels down, possible from level `least` on.
#[derive(Clone, Copy)]
struct Way {
    shift: usize,
    least: usize,
    cost: f64,
}

/// The data of the sweeps.
struct Sweep<'a> {
    model: &'a RoutingModel<'a>,
    worth: &'a Worth,
    vehicles: usize,
    /// Trips, and stations, to choose from.
    trips: Vec<usize>,
    stations: Vec<usize>,
    /// By station and slot: cost of being plugged in, without the value of the energy.
    charge: Vec<f64>,
    bounds: Completion,
}

impl Times {
    fn row(&self, end: f64) -> usize {
        // Never later than in truth.
        let steps = (end - self.earliest) / self.step - 1e-9;
        self.first + (steps.max(0.0) as usize).min(self.count - 1)
    }

    fn end(&self, row: usize) -> f64 {
        self.earliest + (row - self.first) as f64 * self.step
    }
}

impl Completion {
    /// Computes the bounds for a kind of vehicle of a coalition, given by its members and requested trips, one bit
    /// each.
    pub fn new(
        model: &RoutingModel<'_>,
        active: &Active,
        worth: &Worth,
        vehicles: usize,
        [members, trips]: [u64; 2],
    ) -> Self {
        let instance = model.instance;
        let needs = &model.needs[vehicles];
        let (kind, slots) = (&instance.vehicles[vehicles], instance.slots);
        let trips: Vec<usize> = (0..instance.trips.len()).filter(|trip| trips >> trip & 1 == 1).collect();
        let stations: Vec<usize> = (0..instance.stations.len())
            .filter(|&k| members >> instance.stations[k].fleet & 1 == 1)
            .collect();
        let step = slots.minutes * slots.count as f64 / STEPS;
        let mut rows = 0;
        let times = |trip: &super::instance::Trip| {
            let width = (trip.window[1] - trip.window[0]).max(0.0);
            let count = (width / step).ceil().clamp(1.0, STEPS) as usize;
            let first = rows;
            rows += count;
            let step = (width / count as f64).max(1e-6);
            Times { first, count, earliest: trip.window[0] + trip.minutes, step }
        };
        let times: Vec<Times> = instance.trips.iter().map(times).collect();
        let stays = instance.stations.len() * (slots.count + 1);
        let levels = (MOST_FIGURES / (rows + stays + 1)).clamp(2, MOST_LEVELS);
        let most = needs.from.iter().chain(&needs.after).copied().fold(needs.at_start, f64::max);
        let most = most.min(kind.battery_kwh);
        let bounds = Self {
            least_kwh: kind.reserve_kwh,
            step_kwh: ((most - kind.reserve_kwh) / (levels - 1) as f64).max(1e-6),
            levels,
            slots: slots.count,
            times,
            after: vec![f64::INFINITY; (rows + 1) * levels],
            from: vec![f64::INFINITY; stays * levels],
            plug: vec![f64::INFINITY; stays * levels],
        };
        let mut charge = vec![0.0; stays];
        for &k in &stations {
            for slot in 0..slots.count {
                let dual = active.place(slot).map_or(0.0, |place| worth.taken[place][k + 1]);
                let energy = instance.refill_price * model.slot_kwh(k);
                charge[k * (slots.count + 1) + slot] = model.slot_cost(vehicles, k, slot) - dual - energy;
            }
        }
        let mut sweep = Sweep { model, worth, vehicles, trips, stations, charge, bounds };
        for _ in 0..=sweep.trips.len() {
            sweep.stations();
            if !sweep.trips() {
                break;
            }
        }
        sweep.bounds
    }

    /// Level of charge, rounded up.
    fn level(&self, kwh: f64) -> usize {
        (((kwh - self.least_kwh) / self.step_kwh).ceil().max(0.0) as usize).min(self.levels - 1)
    }

    /// Bound after a trip that ends at this time with this charge.
    pub fn after(&self, trip: usize, end: f64, kwh: f64) -> f64 {
        self.after[self.times[trip].row(end) * self.levels + self.level(kwh)]
    }

    /// Bound at the start with this charge.
    pub fn at_start(&self, kwh: f64) -> f64 {
        self.after[self.after.len() - self.levels + self.level(kwh)]
    }

    /// Bound on departure from a station at the start of a slot.
    pub fn from(&self, station: usize, slot: usize, kwh: f64) -> f64 {
        self.from[(station * (self.slots + 1) + slot) * self.levels + self.level(kwh)]
    }

    /// Bound at a station before plugging in at the start of a slot or later.
    pub fn plug(&self, station: usize, slot: usize, kwh: f64) -> f64 {
        self.plug[(station * (self.slots + 1) + slot) * self.levels + self.level(kwh)]
    }
}

impl Sweep<'_> {
    /// A way of this length.
    fn way(&self, km: f64) -> Way {
        let instance = self.model.instance;
        let kwh = km * instance.vehicles[self.vehicles].kwh_per_km;
        let steps = |kwh: f64| kwh / self.bounds.step_kwh;
        let shift = steps(kwh).floor() as usize;
        let least = (steps(kwh - 2.0 * SLACK).ceil().max(0.0) as usize).max(shift);
        Way { shift, least, cost: instance.refill_price * kwh }
    }

    /// Lowers `best`, by level, to what is reached by a way after which `rest` remains.
    fn lower(best: &mut [f64], rest: &[f64], way: Way, cost: f64) {
        let Some(best) = best.get_mut(way.least..) else { return };
        let cost = cost + way.cost;
        for (best, rest) in best.iter_mut().zip(&rest[way.least - way.shift..]) {
            *best = best.min(cost + rest);
        }
    }

    /// Lowers `best` to the bounds of the next trip, or of the return, from a place at a time.
    fn next(&self, best: &mut [f64], place: usize, time: f64, last: Option<usize>) {
        let instance = self.model.instance;
        let depot = instance.vehicles[self.vehicles].depot;
        let (km, levels) = (&instance.travel.km[place], self.bounds.levels);
        Self::lower(best, &vec![0.0; levels], self.way(km[depot]), 0.0);
        for &i in self.trips.iter().filter(|trip| Some(**trip) != last) {
            let trip = &instance.trips[i];
            let start = f64::max(time + instance.travel.minutes[place][trip.from], trip.window[0]);
            if start <= trip.window[1] + 2.0 * SLACK {
                let row = self.bounds.times[i].row(start + trip.minutes);
                let rest = &self.bounds.after[row * levels..][..levels];
                Self::lower(best, rest, self.way(km[trip.from] + trip.km), -self.worth.trips[i]);
            }
        }
    }

    /// Bounds at all stations, from the last slot to the first.
    fn stations(&mut self) {
        let (instance, levels) = (self.model.instance, self.bounds.levels);
        for &k in &self.stations.clone() {
            let up = (self.model.slot_kwh(k) / self.bounds.step_kwh).ceil() as usize;
            // While plugged in, and by the time of plugging in.
            let (mut on, mut plug) = (vec![f64::INFINITY; levels], vec![f64::INFINITY; levels]);
            for slot in (0..=instance.slots.count).rev() {
                let at = k * (instance.slots.count + 1) + slot;
                let charge = self.charge[at];
                let leave_next: Vec<f64> = match slot == instance.slots.count {
                    true => vec![f64::INFINITY; levels],
                    false => self.bounds.from[(at + 1) * levels..][..levels].to_vec(),
                };
                let charged = |level: usize| (level + up).min(levels - 1);
                on = (0..levels)
                    .map(|level| charge + f64::min(leave_next[charged(level)], on[charged(level)]))
                    .collect();
                plug.iter_mut().zip(&on).for_each(|(plug, on)| *plug = plug.min(*on));
                self.bounds.plug[at * levels..][..levels].copy_from_slice(&plug);
                let mut best = vec![f64::INFINITY; levels];
                let time = slot as f64 * instance.slots.minutes;
                self.next(&mut best, instance.stations[k].place, time, None);
                self.bounds.from[at * levels..][..levels].copy_from_slice(&best);
            }
        }
    }

    /// Lowers the bounds after all trips and at the start; whether any was lowered.
    fn trips(&mut self) -> bool {
        let (instance, levels) = (self.model.instance, self.bounds.levels);
        let mut late_first = self.trips.clone();
        late_first.sort_by(|&a, &b| {
            let end = |trip: usize| instance.trips[trip].window[1] + instance.trips[trip].minutes;
            end(b).total_cmp(&end(a)).then(a.cmp(&b))
        });
        let mut lowered = false;
        for i in late_first {
            let times = self.bounds.times[i];
            for row in (times.first..times.first + times.count).rev() {
                lowered |= self.row(row, instance.trips[i].to, times.end(row), Some(i));
            }
        }
        let last_row = self.bounds.after.len() / levels - 1;
        lowered | self.row(last_row, instance.vehicles[self.vehicles].depot, 0.0, None)
    }

    /// Lowers one row of the bounds after trips; whether it was lowered.
    fn row(&mut self, row: usize, place: usize, time: f64, last: Option<usize>) -> bool {
        let (instance, levels) = (self.model.instance, self.bounds.levels);
        let mut best = vec![f64::INFINITY; levels];
        self.next(&mut best, place, time, last);
        for &k in &self.stations {
            let station = instance.stations[k].place;
            let slot = instance.slots.from(time + instance.travel.minutes[place][station]);
            if slot < instance.slots.count {
                let rest = &self.bounds.plug[(k * (instance.slots.count + 1) + slot) * levels..][..levels];
                Self::lower(&mut best, rest, self.way(instance.travel.km[place][station]), 0.0);
            }
        }
        let here = &mut self.bounds.after[row * levels..][..levels];
        let lowered = here.iter().zip(&best).any(|(here, best)| best < here);
        here.iter_mut().zip(&best).for_each(|(here, best)| *here = here.min(*best));
        lowered
    }
}
