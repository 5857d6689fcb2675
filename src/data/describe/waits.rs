//! Waits that a file of trips records: from the request to the pick-up.

use super::super::presets::Preset;
use super::super::table::TableFile;
use super::super::times::RawTime;
use super::quantiles::Quantiles;
use gridfleet_core::error::Result;
use serde::Serialize;

/// Recorded waits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Waits {
    /// Time from the request to the pick-up [s], of trips whose request is not after it.
    pub wait_s: Quantiles,
    /// Trips whose request is after the pick-up: they were booked ahead.
    pub booked: u64,
}

/// Waits of a file of a published kind with request times; `None` for others.
///
/// # Errors
/// If the file cannot be read.
pub(super) fn waits(file: &TableFile, preset: Option<&Preset>) -> Result<Option<Waits>> {
    let Some(preset) = preset else { return Ok(None) };
    let columns = [preset.map.get("request_time"), preset.pick_up.as_ref()];
    let [Some(request), Some(pick_up)] = columns.map(|name| file.find(&[name?])) else { return Ok(None) };
    let mut table = file.read(&[request, pick_up])?;
    if let Some(order) = preset.date_order() {
        table.set_date_order(order);
    }
    let (requests, pick_ups) = (table.times(request)?, table.times(pick_up)?);
    let seconds = |time: &RawTime| match time {
        RawTime::Utc(s) | RawTime::Wall(s) => Some(*s),
        RawTime::Missing | RawTime::Bad => None,
    };
    let (mut values, mut booked) = (Vec::with_capacity(requests.len()), 0);
    for (request, pick_up) in requests.iter().zip(&pick_ups) {
        match (seconds(request), seconds(pick_up)) {
            (Some(from), Some(to)) if from <= to => values.push((to - from) as f64),
            (Some(_), Some(_)) => booked += 1,
            _ => {}
        }
    }
    Ok(Quantiles::of(&values).map(|wait_s| Waits { wait_s, booked }))
}
