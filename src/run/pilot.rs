//! The pilot run that finds a warm-up: when queues at stations and charge have settled.

use crate::engine::Simulation;
use crate::error::{Error, Result};
use crate::ids::VehicleId;
use crate::policies::Policies;
use crate::rng::Streams;
use crate::scenario::horizon::days_later;
use crate::statistics::settling;
use crate::time::HOUR_S;
use crate::world::{Activity, Setup, State};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Readings per day: the daily cycle cancels in a mean over them.
const WINDOW: usize = 24;

/// Differences below this are irrelevant: a hundredth of all vehicles, waiting or full.
const RESOLUTION: f64 = 0.01;

/// Local calendar days from the start after which queues and charge had settled in this replication; `None` if they
/// had not in the first half of the period. Nothing is written.
///
/// Every hour, the share of all vehicles that wait for a connector and the energy in all batteries as a share of their
/// capacity are read. Each series has its transient ([`settling::transient`]); the longer of the two, rounded up to
/// whole days, is the warm-up.
///
/// # Errors
/// [`Error::Interrupted`] if `stop` is set during the simulation; [`Error::Other`] if an instant does not end.
pub fn warm_up_days(
    setup: &Arc<Setup>,
    policies: Policies,
    streams: Streams,
    stop: &AtomicBool,
) -> Result<Option<i64>> {
    let mut simulation = Simulation::under(Arc::clone(setup), policies, streams);
    let (mut waiting, mut stored) = (Vec::new(), Vec::new());
    let mut reading = setup.start;
    while reading < setup.end {
        simulation.run_unless(stop, reading, &mut ())?;
        if stop.load(Ordering::Relaxed) {
            return Err(Error::Interrupted);
        }
        waiting.push(waiting_share(simulation.state()));
        stored.push(stored_share(setup, simulation.state()));
        reading += HOUR_S;
    }
    let hours = |series: &[f64]| settling::transient(series, WINDOW, RESOLUTION);
    let (Some(waiting), Some(stored)) = (hours(&waiting), hours(&stored)) else { return Ok(None) };
    let settled = setup.start + waiting.max(stored) as i64 * HOUR_S;
    let middle = setup.start + (setup.end - setup.start) / 2;
    let mut days = 0;
    while let Some(end) = days_later(&setup.clock, setup.start, days).filter(|&end| end <= middle) {
        if end >= settled {
            return Ok(Some(days));
        }
        days += 1;
    }
    Ok(None)
}

/// Share of vehicles that wait for a connector (0..1).
fn waiting_share(state: &State) -> f64 {
    let waiting: u32 = state.vehicles.counts().iter().map(|counts| counts[Activity::Queued as usize]).sum();
    f64::from(waiting) / state.vehicles.len().max(1) as f64
}

/// Energy in all batteries as a share of their capacity (0..1).
fn stored_share(setup: &Setup, state: &State) -> f64 {
    let (mut stored, mut capacity) = (0.0, 0.0);
    for (i, vehicle) in state.vehicles.iter().enumerate() {
        let battery_kwh = setup.types[vehicle.vehicle_type].battery_kwh;
        stored += battery_kwh * state.soc(setup, VehicleId::new(i));
        capacity += battery_kwh;
    }
    if capacity > 0.0 { stored / capacity } else { 0.0 }
}
