//! Needs of one station over the steps of a plan: what it is billed against, and what its vehicles ask for.
//!
//! Steps are the slots of the bill, the first of which may be in progress; each load is the energy of a whole slot, so
//! that a plan costs what will be billed. Three things follow from the vehicles, not from the plan:
//!
//! - The *nominal* profile is that of the bill: the energy that each vehicle would draw if it charged from its arrival.
//!   A vehicle that has been delayed keeps it. Energy not drawn in time is a backlog: demand without nominal profile.
//! - Energy can be drawn from the arrival of a vehicle on, at its power (`most`).
//! - Energy is drawn at most a horizon after it was asked for, and before an announced departure (`least`). Where
//!   vehicles leave once they are charged, a delay holds a connector: before those to come would find none, all that
//!   has been asked for has been drawn.
//!
//! At the end of a plan no vehicle is in arrears. Charging everything at once from there on is therefore one way to
//! continue, and so is the plan before: with what a plan expects, no later plan costs more.

use super::demand::Demand;
use crate::world::{ChargingVehicle, LoadBook, View};
use gridfleet_core::ids::StationId;
use gridfleet_core::time::SimTime;

/// Energies that differ by this share, or by this number of kilowatt-hours, are equal.
const ROUNDING: f64 = 1e-6;

/// An energy [kWh], without the rounding errors that meters and withdrawn requests leave.
fn sizeable(kwh: f64) -> f64 {
    if kwh > ROUNDING { kwh } else { 0.0 }
}

/// Needs of a station, by step [kWh].
pub(super) struct Needs {
    /// Energy of the nominal profile.
    pub nominal: Vec<f64>,
    /// Maximum energy of each step.
    pub high: Vec<f64>,
    /// Minimum energy drawn by the end of each step.
    pub least: Vec<f64>,
    /// Maximum energy drawn by the end of each step; that of the last step is the demand.
    pub most: Vec<f64>,
    /// Energy already drawn in the first step.
    pub drawn: f64,
}

/// Steps of a plan: the slots from the present one on.
#[derive(Clone, Copy)]
pub(super) struct Steps {
    /// The first slot.
    pub slot: usize,
    /// Its start.
    pub start: SimTime,
    /// Length of a slot [s].
    pub slot_s: i64,
    /// Number of steps.
    pub number: usize,
    /// Present time.
    pub now: SimTime,
}

impl Steps {
    fn end(&self, step: usize) -> SimTime {
        self.start + (step as i64 + 1) * self.slot_s
    }
    /// Length of a slot [h].
    pub fn hours(&self) -> f64 {
        self.slot_s as f64 / 3_600.0
    }
    /// Rest of the first slot [h].
    pub fn rest_hours(&self) -> f64 {
        (self.end(0) - self.now) as f64 / 3_600.0
    }
}

impl Needs {
    /// Needs of a station, by its position in the book.
    pub fn of(
        view: View<'_>,
        book: &LoadBook,
        position: usize,
        station: StationId,
        steps: Steps,
        demand: &Demand,
    ) -> Self {
        let site = view.station_as_built(station);
        let (hours, rest_hours) = (steps.hours(), steps.rest_hours());
        let asked = book.nominal_of(position);
        let drawn = sizeable(view.drawn_kwh(station) - book.metered_kwh[position]);
        let mut needs = Self {
            nominal: Vec::with_capacity(steps.number),
            high: Vec::with_capacity(steps.number),
            least: vec![drawn; steps.number],
            most: vec![drawn; steps.number],
            drawn,
        };
        // Power of the vehicles that are there, by step, and the number of those that leave once they are charged.
        let (mut vehicles_kw, mut vehicles) = (vec![0.0; steps.number], 0.0);
        for vehicle in view.charge_requests(station) {
            let starts = |step: usize| steps.end(step) + -steps.slot_s;
            for (step, kw) in vehicles_kw.iter_mut().enumerate() {
                if vehicle.departure.is_none_or(|departure| departure > starts(step)) {
                    *kw += vehicle.request.limit_kw;
                }
            }
            needs.add(book, &vehicle, steps);
            vehicles += if vehicle.stays { 0.0 } else { 1.0 };
        }
        let mean_kwh = demand.mean_request_kwh(position, book).filter(|_| view.frees_connectors(station));
        let mean_kwh = mean_kwh.unwrap_or(f64::INFINITY);
        let mut scarce = Vec::new();
        // Power of the vehicles to come, by which a plan counts on no more than they draw without a plan in their busiest
        // slot; and their energy so far.
        let (mut others_kw, mut others_kwh, mut due_kwh) = (0.0f64, 0.0, 0.0);
        for (step, here_kw) in vehicles_kw.into_iter().enumerate() {
            let slot = steps.slot + step;
            let known = sizeable(asked.get(slot).copied().unwrap_or(0.0));
            let left = if step == 0 { rest_hours / hours } else { 1.0 };
            let others = sizeable(demand.others_kwh(position, slot, known, left));
            others_kw = others_kw.max(others / (left * hours));
            others_kwh += others;
            needs.nominal.push(known + others);
            let known_due = book.due_of(position).get(slot).copied().unwrap_or(0.0);
            due_kwh += sizeable(demand.due_kwh(position, slot, known_due));
            needs.most[step] += others_kwh;
            needs.least[step] += due_kwh;
            // Once the vehicles to come would find no connector, those that are there now have been served.
            vehicles += others / mean_kwh;
            if vehicles > site.connectors.len() as f64 {
                scarce.push(step.saturating_sub(1));
                vehicles = others / mean_kwh;
            }
            let power_kw = (here_kw + others_kw).min(site.capacity_kw());
            needs.high.push(if step == 0 { drawn + power_kw * rest_hours } else { power_kw * hours });
        }
        needs.keep_within_power();
        for step in scarce {
            needs.least[step] = needs.most[step];
        }
        needs
    }

    /// Adds the rows of a vehicle. Its energy is drawn at most a horizon after it was asked for, and before it leaves.
    fn add(&mut self, book: &LoadBook, vehicle: &ChargingVehicle<'_>, steps: Steps) {
        let (now, horizon_s) = (steps.now, steps.number as i64 * steps.slot_s);
        let due = vehicle.departure.map(|at| book.due_at(at));
        let needed_s = vehicle.seconds_to_charge();
        for step in 0..steps.number {
            let end = vehicle.departure.map_or(steps.end(step), |departure| departure.min(steps.end(step)));
            let most = vehicle.drawn_after((end - now) as f64);
            let mut least = vehicle.asked_by(steps.end(step) + -horizon_s);
            if let Some(due) = due {
                // The latest course is the earliest, delayed by the time that is left over.
                let spare_s = ((due - now) as f64 - needed_s).max(0.0);
                least = least.max(vehicle.drawn_after((end - now) as f64 - spare_s));
            }
            self.most[step] += sizeable(most);
            self.least[step] += sizeable(least.min(most));
        }
    }

    /// Power for the rest of the first step of a plan that draws `kwh` in it [kW]. There is no limit if it draws all that
    /// is asked for, so that no rounding delays a vehicle.
    pub fn power_kw(&self, kwh: f64, steps: Steps) -> f64 {
        if kwh >= self.most[0] - ROUNDING * (1.0 + self.most[0]) {
            return f64::INFINITY;
        }
        (kwh - self.drawn).max(0.0) / steps.rest_hours()
    }

    /// Energy that the station's power does not allow has to wait: also what a site limit or a queue delays beyond the
    /// horizon.
    fn keep_within_power(&mut self) {
        let mut reached = 0.0;
        for ((most, least), high) in self.most.iter_mut().zip(&mut self.least).zip(&self.high) {
            reached = most.min(reached + high);
            *most = reached;
            *least = least.min(reached);
        }
    }
}

impl ChargingVehicle<'_> {
    /// Energy at the plug if it charges at full power for `seconds` from now [kWh].
    fn drawn_after(&self, seconds: f64) -> f64 {
        let (request, vehicle_type) = (self.request, self.vehicle_type);
        let soc = vehicle_type.soc_after(request.soc, request.limit_kw, request.target_soc, seconds.max(0.0));
        vehicle_type.kwh(soc - request.soc) / vehicle_type.charge_efficiency
    }
    /// Energy that it still needs to have what it would have at `t` if it had charged from its arrival [kWh].
    fn asked_by(&self, t: SimTime) -> f64 {
        let (request, vehicle_type) = (self.request, self.vehicle_type);
        let seconds = (t - self.arrival).max(0) as f64;
        let soc = vehicle_type.soc_after(self.soc_at_arrival, request.limit_kw, request.target_soc, seconds);
        vehicle_type.kwh((soc - request.soc).max(0.0)) / vehicle_type.charge_efficiency
    }
    /// Time that it needs at full power [s].
    fn seconds_to_charge(&self) -> f64 {
        self.vehicle_type.seconds_to(self.request.soc, self.request.limit_kw, self.request.target_soc)
    }
}
