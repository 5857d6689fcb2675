//! One task: a replication of an arm, from the recorded trips to its key figures.

use crate::error::Result;
use crate::policies::Policies;
use crate::records::metrics::RunFigures;
use crate::records::{Record, Recorder};
use crate::rng::Streams;
use crate::run::{Replication, Simulated};
use crate::scenario::variation::DrawnDays;
use crate::time::{HOUR_S, SimTime};
use crate::world::Setup;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Result of one task (one replication of one arm).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskResult {
    /// Events processed.
    pub events: u64,
    /// Key figures by name; those without a value (a mean wait without riders) are absent.
    pub figures: BTreeMap<String, f64>,
    /// Waits of riders picked up: pairs of (step from the previous wait [s], riders), flattened.
    pub waits: Vec<u64>,
    /// Hours of the warm-up, which `power_kw` omits.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub power_from_hour: u64,
    /// Mean power of all stations in each hour from then on [kW], to the watt.
    pub power_kw: Vec<f64>,
    /// Days that the replication drew from its files: replications with the same draw are not independent.
    #[serde(default, skip_serializing_if = "DrawnDays::is_empty")]
    pub days: DrawnDays,
}

fn is_zero(hours: &u64) -> bool {
    *hours == 0
}

impl TaskResult {
    /// Waits of riders: (wait [s], riders).
    pub fn waits(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.waits.chunks_exact(2).scan(0_u64, |wait, pair| {
            *wait = wait.saturating_add(pair[0]);
            Some((*wait, pair[1]))
        })
    }
}

/// Mean power of all stations by hour, from the end of the warm-up on.
struct HourlyPower {
    start: SimTime,
    /// Hours of the warm-up.
    from_hour: u64,
    /// Energy by hour [kWs].
    hours: Vec<f64>,
    end: SimTime,
}

impl HourlyPower {
    fn new(setup: &Setup) -> Self {
        let hours = |time: SimTime| ((time - setup.start).max(0) as u64).div_ceil(HOUR_S as u64);
        let from_hour = hours(setup.measured_from);
        let count = hours(setup.end).saturating_sub(from_hour) as usize;
        Self { start: setup.start, from_hour, hours: vec![0.0; count], end: setup.end }
    }

    fn means(&self) -> Vec<f64> {
        let mean = |(hour, kws): (usize, &f64)| {
            let begun = self.start + (self.from_hour as i64 + hour as i64) * HOUR_S;
            let seconds = (self.end - begun).clamp(1, HOUR_S);
            kws / seconds as f64
        };
        self.hours.iter().enumerate().map(mean).map(|kw| (kw * 1_000.0).round() / 1_000.0).collect()
    }
}

impl Recorder for HourlyPower {
    fn record(&mut self, record: Record<'_>) {
        let Record::Station(record) = record else { return };
        // A reading is the mean since the previous one, and may cover several hours.
        let mut t = record.since;
        while t < record.time {
            let hour = (t - self.start).div_euclid(HOUR_S);
            let end = record.time.min(self.start + (hour + 1) * HOUR_S);
            let number = usize::try_from(hour - self.from_hour as i64).ok();
            if let Some(kws) = number.and_then(|number| self.hours.get_mut(number)) {
                *kws += record.power_kw * (end - t) as f64;
            }
            t = end;
        }
    }

    fn needs_idle_stations(&self) -> bool {
        false
    }
}

/// Simulates one replication and returns its figures.
///
/// # Errors
/// As [`Replication::simulate`].
pub fn simulate(
    setup: Arc<Setup>,
    policies: Policies,
    streams: Streams,
    stop: &AtomicBool,
) -> Result<TaskResult> {
    let mut power = HourlyPower::new(&setup);
    let replication = Replication { setup, policies, streams, audited: false, stop, progress: &() };
    let Simulated { simulation, metrics } = replication.simulate(&mut power, |_| false)?;
    let (power_from_hour, power_kw) = (power.from_hour, power.means());
    let mut waits = Vec::new();
    let mut before = 0;
    for (wait_s, riders) in metrics.waits() {
        waits.extend([wait_s - before, riders]);
        before = wait_s;
    }
    // The world does not contain the days from which it was drawn; the caller adds them.
    let days = DrawnDays::default();
    let figures = figures(&metrics.finish());
    Ok(TaskResult { events: simulation.events(), figures, waits, power_from_hour, power_kw, days })
}

/// Key figures by name; those of a market, competitor, retailer, fleet, group of stations or operator are prefixed with its name (fleets
/// and operators only if there are several fleets).
fn figures(run: &RunFigures) -> BTreeMap<String, f64> {
    let mut all = BTreeMap::new();
    let mut add = |prefix: String, value: Option<serde_json::Value>| {
        let Some(serde_json::Value::Object(entries)) = value else { return };
        all.extend(
            entries
                .into_iter()
                .filter_map(|(name, value)| Some((format!("{prefix}{name}"), value.as_f64()?))),
        );
    };
    for market in &run.markets {
        add(format!("markets.{}.", market.name), serde_json::to_value(market).ok());
    }
    for competitor in &run.competitors {
        add(format!("competitors.{}.", competitor.name), serde_json::to_value(competitor).ok());
    }
    for retailer in &run.retailers {
        add(format!("retailers.{}.", retailer.name), serde_json::to_value(retailer).ok());
    }
    add(String::new(), serde_json::to_value(&run.total).ok());
    for fleet in &run.fleets {
        add(format!("fleets.{}.", fleet.name), serde_json::to_value(&fleet.figures).ok());
    }
    for group in &run.groups {
        add(format!("groups.{}.", group.name), serde_json::to_value(group).ok());
    }
    for operator in &run.operators {
        add(format!("operators.{}.", operator.name), serde_json::to_value(operator).ok());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{OperatorId, RetailerId, StationId};
    use crate::records::StationRecord;

    #[test]
    fn hours_have_the_readings_of_their_time_and_the_warm_up_none() {
        let mut power =
            HourlyPower { start: SimTime(0), from_hour: 1, hours: vec![0.0; 2], end: SimTime(10_800) };
        // Readings every half hour at two stations: over the preceding half hour, as many kW as half hours have passed.
        for half in 0..=6 {
            for station in 0..2 {
                power.record(Record::Station(&StationRecord {
                    since: SimTime(1_800 * i64::max(half - 1, 0)),
                    time: SimTime(1_800 * half),
                    station: StationId(station),
                    operator: OperatorId(0),
                    retailer: RetailerId(0),
                    occupied: 0,
                    queue: 0,
                    power_kw: 0.5 * half as f64,
                    limit_kw: 10.0,
                }));
            }
        }
        // 3 and 4, then 5 and 6 half kilowatts at each station.
        assert_eq!(power.means(), [3.5, 5.5]);
    }
}
