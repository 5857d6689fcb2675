//! The same problem as one mixed-integer program with a variable for each leg of each vehicle: the oracle of the tests.
//!
//! Time and charge are enforced by big-M rows along the legs driven, and the feeder is modelled as in the textbook,
//! with variables for the flow into each bus and its squared voltage in each slot. It shares only the instance with the
//! [router](super::router). Its relaxation is weak: two or three trips take `microlp` seconds; HiGHS (the cargo feature
//! `highs`) handles a few more.
//!
//! Trips must take time, otherwise vehicles could drive in circles at no cost.

use super::instance::Instance;
use crate::coalition::Coalition;
use crate::grid::{Flow, flow};
use crate::optimize::{Lp, Sense, SolveError, Solver, Variable};

/// Variables of one individual vehicle.
struct Vehicle {
    /// By origin (0 for the depot, otherwise trip + 1) and destination (trip or, last, home): whether it drives this
    /// leg.
    way: Vec<Vec<Option<Variable>>>,
    /// By origin and station: whether it stops there on the leg.
    stop: Vec<Vec<Option<Variable>>>,
    /// By origin, station and slot: whether it is plugged in.
    plugged: Vec<Vec<Vec<Option<Variable>>>>,
    /// By origin: charge after the stop [kWh].
    charged: Vec<Variable>,
    /// Charge at home [kWh].
    end: Variable,
}

/// The program under construction.
struct Program<'a> {
    instance: &'a Instance,
    lp: Lp,
    trips: Vec<usize>,
    stations: Vec<usize>,
    vehicles: Vec<Vehicle>,
    /// By requested trip: pick-up time [min], charge after the trip [kWh], whether it is left unserved.
    pick_up: Vec<Variable>,
    kwh: Vec<Variable>,
    unserved: Vec<Option<Variable>>,
    /// Big-M for charge: more than any charge [kWh].
    much: f64,
    constant: f64,
}

/// Minimum cost for a coalition to serve these trips, one bit each.
///
/// # Errors
/// [`SolveError::Infeasible`] if it cannot serve them; any error of `solver`.
pub fn least_cost(
    instance: &Instance,
    coalition: Coalition,
    trips: u64,
    solver: Solver,
) -> Result<f64, SolveError> {
    let trips: Vec<usize> = (0..instance.trips.len()).filter(|trip| trips >> trip & 1 == 1).collect();
    let stations =
        (0..instance.stations.len()).filter(|&k| coalition.contains(instance.stations[k].fleet)).collect();
    let farthest = instance
        .travel
        .km
        .iter()
        .flatten()
        .chain(instance.trips.iter().map(|t| &t.km))
        .copied()
        .fold(0.0, f64::max);
    let thirsty = instance.vehicles.iter().map(|v| v.kwh_per_km).fold(0.0, f64::max);
    let battery = instance.vehicles.iter().map(|v| v.battery_kwh).fold(0.0, f64::max);
    let much = battery + 2.0 * farthest * thirsty;
    let mut program = Program {
        instance,
        lp: Lp::new(),
        trips,
        stations,
        vehicles: Vec::new(),
        pick_up: Vec::new(),
        kwh: Vec::new(),
        unserved: Vec::new(),
        much,
        constant: 0.0,
    };
    program.state_trips();
    for (kind, vehicles) in instance.vehicles.iter().enumerate() {
        if coalition.contains(vehicles.fleet) {
            for copy in 0..vehicles.count.min(program.trips.len()) {
                program.state_vehicle(kind, copy > 0);
            }
        }
    }
    program.serve();
    program.share_connectors();
    program.share_grid();
    Ok(program.lp.solve_with(solver)?.objective + program.constant)
}

impl Program<'_> {
    fn state_trips(&mut self) {
        for &trip in &self.trips {
            let trip = &self.instance.trips[trip];
            self.pick_up.push(self.lp.variable(0.0, trip.window[0], trip.window[1]));
            self.kwh.push(self.lp.variable(0.0, 0.0, self.much));
            self.unserved.push(trip.penalty.map(|penalty| self.lp.binary(penalty)));
        }
    }

    fn state_vehicle(&mut self, kind: usize, again: bool) {
        let instance = self.instance;
        let vehicles = &instance.vehicles[kind];
        let n = self.trips.len();
        let much = self.much;
        let place = |from: usize| match from.checked_sub(1) {
            None => vehicles.depot,
            Some(i) => instance.trips[self.trips[i]].to,
        };
        let arrives =
            |to: usize| self.trips.get(to).map_or(vehicles.depot, |&trip| instance.trips[trip].from);
        let trip_kwh =
            |to: usize| self.trips.get(to).map_or(0.0, |&trip| instance.trips[trip].km * vehicles.kwh_per_km);
        let kwh = |a: usize, b: usize| instance.travel.km[a][b] * vehicles.kwh_per_km;
        // Earliest and latest departure from a place, and pick-up of a trip.
        let leaving = |from: usize| match from.checked_sub(1) {
            None => [0.0, 0.0],
            Some(i) => {
                instance.trips[self.trips[i]].window.map(|at| at + instance.trips[self.trips[i]].minutes)
            }
        };
        let window = |to: usize| instance.trips[self.trips[to]].window;
        let minutes = |a: usize, b: usize| instance.travel.minutes[a][b];
        let in_time = |from: usize, to: usize| {
            let (a, b) = (place(from), arrives(to));
            let over = self.stations.iter().map(|&k| instance.stations[k].place);
            let way = over.map(|k| minutes(a, k) + minutes(k, b)).fold(minutes(a, b), f64::min);
            to == n || leaving(from)[0] + way <= window(to)[1] + 1e-6
        };
        let lp = &mut self.lp;
        let mut own = Vehicle {
            way: Vec::new(),
            stop: Vec::new(),
            plugged: Vec::new(),
            charged: Vec::new(),
            // The missing charge is refilled; the initial charge is a constant.
            end: lp.variable(-instance.refill_price, 0.0, vehicles.battery_kwh),
        };
        for from in 0..=n {
            // A vehicle that leaves its depot serves a trip.
            let can = |to: usize| to + 1 != from && (to < n || from > 0) && in_time(from, to);
            let way = |to: usize, lp: &mut Lp| can(to).then(|| lp.binary(0.0));
            own.way.push((0..=n).map(|to| way(to, lp)).collect());
            own.charged.push(lp.variable(0.0, 0.0, vehicles.battery_kwh));
            let (mut stops, mut plugs) = (Vec::new(), Vec::new());
            for &k in &self.stations {
                let station = &instance.stations[k];
                let arrival = leaving(from)[0] + instance.travel.minutes[place(from)][station.place];
                let hours = instance.slots.hours();
                let time = if station.place == vehicles.depot { 0.0 } else { instance.value_of_time * hours };
                let slots = 0..instance.slots.count;
                let plugged: Vec<_> = slots
                    .map(|t| {
                        let cost = time + instance.price[t] * station.power_kw * hours;
                        (t as f64 * instance.slots.minutes >= arrival - 1e-6).then(|| lp.binary(cost))
                    })
                    .collect();
                stops.push(plugged.iter().any(Option::is_some).then(|| lp.binary(0.0)));
                plugs.push(plugged);
            }
            own.stop.push(stops);
            own.plugged.push(plugs);
        }
        self.constant += instance.refill_price * vehicles.start_kwh;

        // Each trip is entered and left equally often; the depot is left at most once, and by the first of equal
        // vehicles first.
        for trip in 0..n {
            let into = (0..=n).filter_map(|from| Some((own.way[from][trip]?, 1.0)));
            let out = own.way[trip + 1].iter().flatten().map(|way| (*way, -1.0));
            lp.row(into.chain(out).collect::<Vec<_>>(), Sense::Equal, 0.0);
        }
        lp.row(own.way[0].iter().flatten().map(|way| (*way, 1.0)), Sense::AtMost, 1.0);
        if let Some(before) = self.vehicles.last().filter(|_| again) {
            let first = before.way[0].iter().flatten().map(|way| (*way, 1.0));
            let second = own.way[0].iter().flatten().map(|way| (*way, -1.0));
            lp.row(first.chain(second).collect::<Vec<_>>(), Sense::AtLeast, 0.0);
        }
        // An unused vehicle keeps its initial charge.
        let used = own.way[0].iter().flatten().map(|way| (*way, -much));
        lp.row(used.chain([(own.end, 1.0)]).collect::<Vec<_>>(), Sense::AtMost, vehicles.start_kwh);
        lp.row([(own.end, 1.0)], Sense::AtLeast, vehicles.reserve_kwh);

        for from in 0..=n {
            let stops: Vec<Variable> = own.stop[from].iter().flatten().copied().collect();
            let goes = own.way[from].iter().flatten().map(|way| (*way, -1.0));
            lp.row(stops.iter().map(|stop| (*stop, 1.0)).chain(goes).collect::<Vec<_>>(), Sense::AtMost, 0.0);
            let (leaves, after) = match from.checked_sub(1) {
                None => (None, 0.0),
                Some(i) => (Some(self.pick_up[i]), instance.trips[self.trips[i]].minutes),
            };
            let (has, start) = match from.checked_sub(1) {
                None => (None, vehicles.start_kwh),
                Some(i) => (Some(self.kwh[i]), 0.0),
            };
            // At each station: one stay, after the drive to it, with enough charge to get there.
            for (at, &k) in self.stations.iter().enumerate() {
                let station = &instance.stations[k];
                let Some(stop) = own.stop[from][at] else { continue };
                let plugged = &own.plugged[from][at];
                let slots: Vec<Variable> = plugged.iter().flatten().copied().collect();
                let mut begins = Vec::new();
                for (t, &now) in plugged.iter().enumerate() {
                    let Some(now) = now else { continue };
                    lp.row([(now, 1.0), (stop, -1.0)], Sense::AtMost, 0.0);
                    let begin = lp.variable(0.0, 0.0, 1.0);
                    let before = t.checked_sub(1).and_then(|t| plugged[t]).map(|before| (before, 1.0));
                    lp.row([(begin, 1.0), (now, -1.0)].into_iter().chain(before), Sense::AtLeast, 0.0);
                    begins.push(begin);
                    let way = instance.travel.minutes[place(from)][station.place];
                    let left = leaves.map(|leaves| (leaves, 1.0));
                    let right = t as f64 * instance.slots.minutes - after - way;
                    let late = leaving(from)[1] - after - right;
                    if late > 0.0 {
                        lp.row(left.into_iter().chain([(now, late)]), Sense::AtMost, right + late);
                    }
                }
                lp.row(
                    begins.into_iter().map(|begin| (begin, 1.0)).chain([(stop, -1.0)]),
                    Sense::AtMost,
                    0.0,
                );
                lp.row(slots.iter().map(|now| (*now, 1.0)).chain([(stop, -1.0)]), Sense::AtLeast, 0.0);
                let way = kwh(place(from), station.place);
                let gain = station.efficiency * station.power_kw * instance.slots.hours();
                let had = || has.map(|has| (has, 1.0)).into_iter();
                lp.row(
                    had().chain([(stop, -much)]),
                    Sense::AtLeast,
                    vehicles.reserve_kwh + way - much - start,
                );
                let minus = has.map(|has| (has, -1.0)).into_iter();
                let terms = minus.chain(slots.iter().map(|now| (*now, -gain)));
                lp.row(
                    terms.chain([(own.charged[from], 1.0), (stop, much)]).collect::<Vec<_>>(),
                    Sense::AtMost,
                    start - way + much,
                );
            }
            // The onward leg: time and charge, without and with a stop.
            for to in 0..=n {
                let Some(way) = own.way[from][to] else { continue };
                let arrives_at = arrives(to);
                let direct = || stops.iter().map(|stop| (*stop, -1.0));
                let after_way = if to == n { own.end } else { self.kwh[to] };
                if to < n {
                    let minutes = minutes(place(from), arrives_at);
                    let late = (leaving(from)[1] + minutes - window(to)[0]).max(0.0);
                    let mut terms = vec![(self.pick_up[to], 1.0), (way, -late)];
                    terms.extend(direct().map(|(stop, _)| (stop, late)));
                    terms.extend(leaves.map(|leaves| (leaves, -1.0)));
                    lp.row(terms, Sense::AtLeast, after + minutes - late);
                }
                let mut terms = vec![(after_way, 1.0), (way, much)];
                terms.extend(direct().map(|(stop, _)| (stop, -much)));
                terms.extend(has.map(|has| (has, -1.0)));
                let taken = kwh(place(from), arrives_at) + trip_kwh(to);
                lp.row(terms, Sense::AtMost, start - taken + much);
                for (at, &k) in self.stations.iter().enumerate() {
                    let station = &instance.stations[k];
                    let Some(stop) = own.stop[from][at] else { continue };
                    let taken = kwh(station.place, arrives_at) + trip_kwh(to);
                    let terms = [(after_way, 1.0), (own.charged[from], -1.0), (way, much), (stop, much)];
                    lp.row(terms, Sense::AtMost, 2.0 * much - taken);
                    if to == n {
                        continue;
                    }
                    let minutes = minutes(station.place, arrives_at);
                    for (t, &now) in own.plugged[from][at].iter().enumerate() {
                        let Some(now) = now else { continue };
                        let end = (t + 1) as f64 * instance.slots.minutes;
                        let late = end + minutes - window(to)[0];
                        if late <= 0.0 {
                            continue;
                        }
                        let terms = [(self.pick_up[to], 1.0), (way, -late), (now, -late)];
                        lp.row(terms, Sense::AtLeast, end + minutes - 2.0 * late);
                    }
                }
                if to < n {
                    lp.row([(after_way, 1.0), (way, -much)], Sense::AtLeast, vehicles.reserve_kwh - much);
                }
            }
        }
        self.vehicles.push(own);
    }

    /// Each trip is served once or left unserved.
    fn serve(&mut self) {
        for trip in 0..self.trips.len() {
            let mut terms: Vec<(Variable, f64)> = self
                .vehicles
                .iter()
                .flat_map(|own| own.way.iter().filter_map(|way| Some((way[trip]?, 1.0))))
                .collect();
            terms.extend(self.unserved[trip].map(|unserved| (unserved, 1.0)));
            self.lp.row(terms, Sense::Equal, 1.0);
        }
    }

    /// Variables of all vehicles plugged in at station number `at` in a slot.
    fn plugged(&self, at: usize, slot: usize) -> Vec<Variable> {
        self.vehicles.iter().flat_map(|own| own.plugged.iter().filter_map(|from| from[at][slot])).collect()
    }

    fn share_connectors(&mut self) {
        for at in 0..self.stations.len() {
            let connectors = self.instance.stations[self.stations[at]].connectors as f64;
            for slot in 0..self.instance.slots.count {
                let plugged = self.plugged(at, slot);
                if !plugged.is_empty() {
                    self.lp.row(plugged.into_iter().map(|now| (now, 1.0)), Sense::AtMost, connectors);
                }
            }
        }
    }

    fn share_grid(&mut self) {
        let Some(grid) = &self.instance.grid else { return };
        let feeder = &grid.feeder;
        let base = feeder.base_mva();
        for slot in 0..self.instance.slots.count {
            let (active, reactive) = feeder.loads(grid.load[slot]);
            let without_charging: Flow = flow(feeder, &active, &reactive);
            let to_cost = self.instance.price[slot] * 1e3 * self.instance.slots.hours();
            let buses = feeder.buses().len();
            let (mut flows, mut squared) = (vec![None; buses], vec![None; buses]);
            for &bus in feeder.order() {
                let Some((branch, before)) = feeder.feed(bus) else { continue };
                let branch = &feeder.branches()[branch];
                // Losses by their tangent at the flows without charging.
                let tangent = 2.0 * branch.r * without_charging.active_mw[bus] / base;
                let into = self.lp.free(to_cost * tangent);
                self.constant -= to_cost * tangent * without_charging.active_mw[bus];
                flows[bus] = Some(into);
                let [low, high] = grid.limits.voltage.map(|voltage| voltage * voltage);
                let voltage = self.lp.variable(0.0, low, high);
                squared[bus] = Some(voltage);
                let falls = [(voltage, 1.0), (into, 2.0 * branch.r / base)];
                let right = -2.0 * branch.x * without_charging.reactive_mvar[bus] / base;
                match squared[before] {
                    Some(above) => self.lp.row(falls.into_iter().chain([(above, -1.0)]), Sense::Equal, right),
                    None => self.lp.row(falls, Sense::Equal, right + feeder.source_voltage().powi(2)),
                }
                if branch.limit_mva.is_finite() {
                    let step = std::f64::consts::TAU / grid.limits.sides as f64;
                    for side in 0..grid.limits.sides {
                        let (b, a) = (step * side as f64).sin_cos();
                        let most = branch.limit_mva * (0.5 * step).cos();
                        self.lp.row(
                            [(into, a)],
                            Sense::AtMost,
                            most - b * without_charging.reactive_mvar[bus],
                        );
                    }
                }
            }
            for &bus in feeder.order() {
                let Some(into) = flows[bus] else { continue };
                let mut terms = vec![(into, 1.0)];
                for &other in feeder.order() {
                    if feeder.feed(other).is_some_and(|(_, before)| before == bus) {
                        terms.extend(flows[other].map(|farther| (farther, -1.0)));
                    }
                }
                for (at, &k) in self.stations.iter().enumerate() {
                    let station = &self.instance.stations[k];
                    if station.bus == bus {
                        terms.extend(
                            self.plugged(at, slot).into_iter().map(|now| (now, -1e-3 * station.power_kw)),
                        );
                    }
                }
                self.lp.row(terms, Sense::Equal, active[bus]);
            }
        }
    }
}
