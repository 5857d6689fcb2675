//! Independent check of a plan: simulated minute by minute from the instance alone, with the power flow of the feeder.

use super::instance::{Grid, Instance};
use super::plan::{RoutePlan, Schedule};
use crate::coalition::Coalition;
use crate::grid::linear::marginal_losses;
use crate::grid::{Flow, flow};

/// Tolerance by which conditions may be missed: minutes, kWh, money.
const ROUNDING: f64 = 1e-6;

/// Describes all faults of a coalition's plan for these trips; empty if it is correct.
pub fn faults(instance: &Instance, coalition: Coalition, trips: u64, plan: &RoutePlan) -> Vec<String> {
    let mut faults = Vec::new();
    let mut served = vec![0usize; instance.trips.len()];
    let mut driving = vec![0usize; instance.vehicles.len()];
    let without_charging = flows_without_charging(instance);
    let mut cost = 0.0;
    for schedule in &plan.schedules {
        schedule.trips.iter().for_each(|&trip| served[trip] += 1);
        driving[schedule.vehicles] += 1;
        let vehicles = &instance.vehicles[schedule.vehicles];
        let stops = schedule.stops.iter().flatten();
        let owners = stops.map(|stop| instance.stations[stop.station].fleet).chain([vehicles.fleet]);
        if owners.into_iter().any(|owner| !coalition.contains(owner)) {
            faults.push(format!("a schedule of {} uses vehicles or stations of other fleets", vehicles.name));
        }
        let own = drive(instance, schedule, &without_charging, &mut faults);
        if (own - schedule.cost).abs() > ROUNDING {
            faults.push(format!("a schedule of {} costs {own}, not {}", vehicles.name, schedule.cost));
        }
        cost += own;
    }
    for (i, trip) in instance.trips.iter().enumerate() {
        let left = plan.unserved.contains(&i);
        let asked = trips >> i & 1 == 1;
        if served[i] + usize::from(left) != usize::from(asked) {
            faults.push(format!("trip {} is served {} times", trip.name, served[i]));
        }
        if left {
            match trip.penalty {
                Some(penalty) => cost += penalty,
                None => faults.push(format!("trip {} must be served", trip.name)),
            }
        }
    }
    for (vehicles, driving) in instance.vehicles.iter().zip(driving) {
        if driving > vehicles.count {
            faults.push(format!("{driving} vehicles of {} drive", vehicles.name));
        }
    }
    for (station, plugged) in instance.stations.iter().zip(plan.plugged_in(instance)) {
        if plugged.iter().any(|plugged| *plugged > station.connectors) {
            faults.push(format!("station {} has too few connectors", station.name));
        }
    }
    if let Some(grid) = &instance.grid {
        for (slot, flow) in plan.flows(instance).iter().enumerate() {
            for breach in grid.limits.breaches(&grid.feeder, flow) {
                faults
                    .push(format!("in slot {slot} {}", breach.description(&grid.feeder, &grid.limits, flow)));
            }
        }
    }
    if (cost - plan.cost).abs() > ROUNDING {
        faults.push(format!("the plan costs {cost}, not {}", plan.cost));
    }
    faults
}

/// State of the feeder in each slot without charging.
fn flows_without_charging(instance: &Instance) -> Vec<Flow> {
    let Some(grid) = &instance.grid else { return Vec::new() };
    let state = |load: &f64| {
        let (active, reactive) = grid.feeder.loads(*load);
        flow(&grid.feeder, &active, &reactive)
    };
    grid.load.iter().map(state).collect()
}

/// Simulates a schedule and returns its cost.
fn drive(
    instance: &Instance,
    schedule: &Schedule,
    without_charging: &[Flow],
    faults: &mut Vec<String>,
) -> f64 {
    let vehicles = &instance.vehicles[schedule.vehicles];
    let (mut at, mut minute, mut kwh, mut cost) = (vehicles.depot, 0.0, vehicles.start_kwh, 0.0);
    let mut faulty = |what: String| faults.push(format!("a schedule of {}: {what}", vehicles.name));
    let mut way = |at: &mut usize, to: usize, minute: &mut f64, kwh: &mut f64| {
        *minute += instance.travel.minutes[*at][to];
        *kwh -= instance.travel.km[*at][to] * vehicles.kwh_per_km;
        *at = to;
        if *kwh < vehicles.reserve_kwh - ROUNDING {
            faulty(format!("{kwh} kWh at place {to}"));
        }
    };
    for (i, stop) in schedule.stops.iter().enumerate() {
        if let Some(stop) = stop {
            let station = &instance.stations[stop.station];
            way(&mut at, station.place, &mut minute, &mut kwh);
            if minute > stop.slot as f64 * instance.slots.minutes + ROUNDING || stop.slots == 0 {
                faults.push(format!("{} is too late for its connector", vehicles.name));
                return cost;
            }
            let slots = instance.price.iter().enumerate().skip(stop.slot).take(stop.slots);
            for (slot, price) in slots {
                let drawn = station.power_kw * instance.slots.hours();
                kwh = vehicles.battery_kwh.min(kwh + station.efficiency * drawn);
                let losses =
                    |grid: &Grid| marginal_losses(&grid.feeder, &without_charging[slot])[station.bus];
                cost += price * drawn * (1.0 + instance.grid.as_ref().map_or(0.0, losses));
                if station.place != vehicles.depot {
                    cost += instance.value_of_time * instance.slots.hours();
                }
            }
            minute = (stop.slot + stop.slots) as f64 * instance.slots.minutes;
        }
        match schedule.trips.get(i) {
            None => way(&mut at, vehicles.depot, &mut minute, &mut kwh),
            Some(&trip) => {
                let trip = &instance.trips[trip];
                way(&mut at, trip.from, &mut minute, &mut kwh);
                minute = f64::max(minute, trip.window[0]);
                if minute > trip.window[1] + ROUNDING {
                    faults.push(format!("trip {} is reached at minute {minute}", trip.name));
                    return cost;
                }
                minute += trip.minutes;
                kwh -= trip.km * vehicles.kwh_per_km;
                at = trip.to;
            }
        }
    }
    if kwh < vehicles.reserve_kwh - ROUNDING {
        faults.push(format!("{} ends with {kwh} kWh", vehicles.name));
    }
    cost + instance.refill_price * (vehicles.start_kwh - kwh)
}
