//! Linear program of one vehicle.
//!
//! Variables: the energy drawn in each stay, the fraction of each trip that is performed, the fraction lost for low
//! charge, and the fraction plugged in meanwhile. Energy is in units of state of charge, so that all numbers are about
//! 1.
//!
//! For a stay, only the energy drawn at each value matters, not its time. If the vehicle is certainly plugged in, each
//! value has a variable, from the highest down to the capacity of the battery. If it is plugged in fractionally (after
//! trips that may not have taken place), energy and value of the whole stay are two variables: with the fraction p of
//! rated power, energy e has at most the value `p F(e / p)`, where F, the value of energy drawn in the best slots
//! first, is concave. It lies below each of its tangents; violated tangents are added until none is violated. Few are,
//! because in most of these stays no vehicle is plugged in at an optimum.

use super::{Horizon, ProfitBound, VehicleSchedule};
use crate::optimize::lp::FEASIBILITY;
use crate::optimize::{Lp, Sense, Solution, SolveError, Variable};
use std::mem::take;

/// Tolerance by which the value of a stay may exceed a tangent before it is added. An omitted tangent makes the bound
/// slightly too high, never too low.
const BROKEN: f64 = 10.0 * FEASIBILITY;

/// Number of initial tangents per stay: more make the program larger, fewer require more solutions (chosen by trial).
const TANGENTS: usize = 4;

/// Extent to which a vehicle is plugged in.
#[derive(Debug, Clone, Copy)]
enum Plugged {
    Never,
    Always,
    /// A variable between 0 and 1.
    Share(Variable),
}

/// A stay of a vehicle that is fractionally plugged in.
struct Partial {
    share: Variable,
    energy: Variable,
    /// Value of the energy [currency].
    worth: Variable,
    /// Value of a state of charge of 1 [currency], in descending order, and the maximum energy at it if fully plugged
    /// in.
    pieces: Vec<(f64, f64)>,
    /// Whether the tangent of a piece is in the program.
    stated: Vec<bool>,
}

struct Program<'a> {
    horizon: &'a Horizon,
    lp: Lp,
    /// Power in states of charge per second.
    soc_per_s: f64,
    /// Energy drawn for a state of charge of 1 [kWh].
    full_kwh: f64,
    /// Bounds of the state of charge, widened to include the start.
    lower: f64,
    upper: f64,
    /// Current state of charge: a weighted sum of variables, and a constant.
    level: (Vec<(Variable, f64)>, f64),
    /// Energy drawn.
    drawn: Vec<Variable>,
    partial: Vec<Partial>,
}

/// Computes the bound of `vehicle`, whose data have been validated.
pub(super) fn bound(horizon: &Horizon, vehicle: &VehicleSchedule) -> Result<ProfitBound, SolveError> {
    let mut program = Program::new(horizon, vehicle);
    let costs = program.state(vehicle);
    let solution = program.solve()?;
    let soc: f64 = program.drawn.iter().map(|&energy| solution.value(energy)).sum();
    Ok(ProfitBound { profit: -solution.objective - costs, energy_kwh: soc * program.full_kwh })
}

impl<'a> Program<'a> {
    fn new(horizon: &'a Horizon, vehicle: &VehicleSchedule) -> Self {
        let full_kwh = vehicle.battery_kwh / vehicle.charge_efficiency;
        let [lower, upper] = vehicle.usable_soc;
        Self {
            horizon,
            lp: Lp::new(),
            soc_per_s: vehicle.power_kw / 3_600.0 / full_kwh,
            full_kwh,
            lower: lower.min(vehicle.start_soc),
            upper: upper.max(vehicle.start_soc),
            level: (Vec::new(), vehicle.start_soc),
            drawn: Vec::new(),
            partial: Vec::new(),
        }
    }

    /// Adds stays and trips in order; returns the cost of refusing all trips.
    fn state(&mut self, vehicle: &VehicleSchedule) -> f64 {
        let mut costs = 0.0;
        let mut plugged = if vehicle.plugged_at_start { Plugged::Always } else { Plugged::Never };
        let mut free_from = self.horizon.start_s;
        let in_horizon = |trip: &&super::RequestedTrip| trip.start_s < self.horizon.end_s();
        let trips: Vec<_> = vehicle.trips.iter().take_while(in_horizon).collect();
        for trip in trips {
            let energy = self.stay(free_from, trip.start_s, plugged);
            self.charge(energy, None);
            free_from = trip.end_s;
            costs += trip.cost;
            let done = self.lp.variable(-trip.cost, 0.0, 1.0);
            let soc = trip.energy_kwh.max(0.0) / vehicle.battery_kwh;
            let needed = vehicle.usable_soc[0] + soc;
            // A trip is performed to the extent that the charge suffices ...
            self.level_row([(done, self.lower - needed)], Sense::AtLeast, self.lower);
            if trip.cost > 0.0 {
                // ... and lost at no cost to the extent that it does not.
                let lost = self.lp.variable(-trip.cost, 0.0, 1.0);
                self.lp.row([(done, 1.0), (lost, 1.0)], Sense::AtMost, 1.0);
                if needed < self.upper {
                    self.level_row([(lost, self.upper - needed)], Sense::AtMost, self.upper);
                }
            }
            let stays = self.stays(plugged, done);
            let mut energy = self.stay(trip.start_s, trip.end_s, stays);
            if trip.energy_kwh < 0.0 {
                // Limited by the battery, and by the fraction of the trip performed.
                let rise = -trip.energy_kwh / vehicle.battery_kwh;
                let gained = self.lp.variable(0.0, 0.0, rise);
                self.lp.row([(gained, 1.0), (done, -rise)], Sense::AtMost, 0.0);
                energy.push((gained, 1.0));
            }
            self.charge(energy, Some((done, -soc)));
            plugged = if trip.ends_at_charger { Plugged::Always } else { stays };
        }
        let energy = self.stay(free_from, self.horizon.end_s(), plugged);
        self.charge(energy, None);
        costs
    }

    /// Extent to which a vehicle that was `plugged` in remains so during a trip: the fraction of the trip not
    /// performed.
    fn stays(&mut self, plugged: Plugged, done: Variable) -> Plugged {
        if matches!(plugged, Plugged::Never) {
            return Plugged::Never;
        }
        let stays = self.lp.variable(0.0, 0.0, 1.0);
        self.lp.row([(stays, 1.0), (done, 1.0)], Sense::AtMost, 1.0);
        if let Plugged::Share(before) = plugged {
            self.lp.row([(stays, 1.0), (before, -1.0)], Sense::AtMost, 0.0);
        }
        Plugged::Share(stays)
    }

    /// Variables whose sum is the energy drawn between two instants, which may lie partly or wholly outside the
    /// horizon.
    fn stay(&mut self, from_s: i64, to_s: i64, plugged: Plugged) -> Vec<(Variable, f64)> {
        if matches!(plugged, Plugged::Never) {
            return Vec::new();
        }
        let worth = |value_per_mwh: f64| value_per_mwh / 1e3 * self.full_kwh;
        let pieces: Vec<(f64, f64)> = worths(self.horizon, from_s, to_s)
            .into_iter()
            .map(|(value_per_mwh, seconds)| (worth(value_per_mwh), self.soc_per_s * seconds as f64))
            .collect();
        let before = self.drawn.len();
        match plugged {
            Plugged::Share(share) if !pieces.is_empty() => self.stay_in_part(share, pieces),
            _ => {
                let mut room = self.upper - self.lower;
                for (worth, most) in pieces {
                    self.drawn.push(self.lp.variable(-worth, 0.0, most));
                    room -= most;
                    if room <= 0.0 {
                        // The most valuable energy already fills the battery: the rest of the stay is irrelevant.
                        break;
                    }
                }
            }
        }
        self.drawn[before..].iter().map(|&energy| (energy, 1.0)).collect()
    }

    /// Adds a stay of which only `share` is plugged in.
    fn stay_in_part(&mut self, share: Variable, pieces: Vec<(f64, f64)>) {
        let all: f64 = pieces.iter().map(|(_, most)| most).sum();
        let energy = self.lp.variable(0.0, 0.0, all);
        let worth = self.lp.variable(-1.0, 0.0, f64::INFINITY);
        self.lp.row([(energy, 1.0), (share, -all)], Sense::AtMost, 0.0);
        self.drawn.push(energy);
        let stated = vec![false; pieces.len()];
        let mut stay = Partial { share, energy, worth, pieces, stated };
        for k in 0..=TANGENTS {
            let row = stay.tangent((stay.pieces.len() - 1) * k / TANGENTS);
            if let Some(row) = row {
                self.lp.row(row, Sense::AtMost, 0.0);
            }
        }
        self.partial.push(stay);
    }

    /// Adds the energy drawn and the consumption of a trip to the level, which must remain within its bounds.
    fn charge(&mut self, energy: Vec<(Variable, f64)>, trip: Option<(Variable, f64)>) {
        self.level.0.extend(trip);
        if energy.is_empty() {
            // Trips alone keep the level within its bounds, by the row for their required charge.
            return;
        }
        let level = self.lp.variable(0.0, self.lower, self.upper);
        let (terms, constant) = take(&mut self.level);
        let row = [(level, -1.0)].into_iter().chain(terms).chain(energy);
        self.lp.row(row, Sense::Equal, -constant);
        self.level = (vec![(level, 1.0)], 0.0);
    }

    /// Adds a row of the level and of `terms`.
    fn level_row<const N: usize>(&mut self, terms: [(Variable, f64); N], sense: Sense, rhs: f64) {
        let (level, constant) = &self.level;
        self.lp.row(level.iter().copied().chain(terms), sense, rhs - constant);
    }

    /// Finds an optimum that lies below all tangents.
    fn solve(&mut self) -> Result<Solution, SolveError> {
        loop {
            let solution = self.lp.solve()?;
            let mut done = true;
            for stay in &mut self.partial {
                if let Some(row) = stay.broken(&solution) {
                    self.lp.row(row, Sense::AtMost, 0.0);
                    done = false;
                }
            }
            if done {
                return Ok(solution);
            }
        }
    }
}

/// Left-hand side of a row that is at most 0.
type Row = [(Variable, f64); 3];

impl Partial {
    /// Row of the tangent at `piece`; `None` if it has already been added.
    fn tangent(&mut self, piece: usize) -> Option<Row> {
        let slope = self.pieces[piece].0;
        let at_full_share: f64 =
            self.pieces[..piece].iter().map(|(worth, most)| (worth - slope) * most).sum();
        let new = !std::mem::replace(&mut self.stated[piece], true);
        new.then_some([(self.worth, 1.0), (self.energy, -slope), (self.share, -at_full_share)])
    }

    /// Row of the tangent at `solution`, if the optimum lies above it and the row has not yet been added.
    fn broken(&mut self, solution: &Solution) -> Option<Row> {
        let share = solution.value(self.share);
        let (mut energy, mut worth) = (solution.value(self.energy), 0.0);
        // The piece in which the energy ends.
        let mut last = 0;
        while last + 1 < self.pieces.len() && energy > share * self.pieces[last].1 {
            energy -= share * self.pieces[last].1;
            worth += self.pieces[last].0 * share * self.pieces[last].1;
            last += 1;
        }
        worth += self.pieces[last].0 * energy;
        if solution.value(self.worth) > worth + BROKEN { self.tangent(last) } else { None }
    }
}

/// Values of energy between two instants [currency/MWh], in descending order, and their durations [s].
fn worths(horizon: &Horizon, from_s: i64, to_s: i64) -> Vec<(f64, i64)> {
    let (from_s, to_s) = (from_s.max(horizon.start_s), to_s.min(horizon.end_s()));
    if from_s >= to_s {
        return Vec::new();
    }
    let slot = |t: i64| (t - horizon.start_s) / horizon.slot_s;
    let mut worths: Vec<(f64, i64)> = (slot(from_s)..=slot(to_s - 1))
        .map(|slot| {
            let start = horizon.start_s + slot * horizon.slot_s;
            let seconds = to_s.min(start + horizon.slot_s) - from_s.max(start);
            (horizon.value_per_mwh[slot as usize], seconds)
        })
        .collect();
    worths.sort_by(|a, b| b.0.total_cmp(&a.0));
    worths.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        kept.1 += if same { next.1 } else { 0 };
        same
    });
    worths
}
