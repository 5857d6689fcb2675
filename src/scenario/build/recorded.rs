//! The recorded trips, which are common to all replications of a scenario and to all scenarios that differ only in
//! other settings. Read once and shared.

use super::{od_matrix, sites};
use crate::document::Problems;
use crate::document::sorted;
use crate::resolve::days::Day;
use crate::resolve::{Scenario, sources};
use gridfleet_core::error::{Error, InputError, Result};
use gridfleet_core::ids::PlaceId;
use gridfleet_core::time::{HOUR_S, LocalClock};
use gridfleet_data::Trace;
use gridfleet_sim::world::travel::OdMatrix;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The trips of a scenario, read, merged and folded, but neither sampled nor cut to the period; and travel data learned
/// from all of them.
#[derive(Debug)]
pub struct Recorded {
    /// The trips.
    pub(super) trace: Trace,
    /// Zones of the trips by name.
    pub(super) zones: BTreeMap<String, PlaceId>,
    /// Whole local days covered by the trips.
    pub(super) days: Vec<Day>,
    /// Travel between zones, if the scenario learns it.
    pub(super) matrix: Option<Arc<OdMatrix>>,
}

/// A first or last day counts as recorded if the trips leave at most this much of it uncovered [s]; assumed: the length
/// of a night without trips.
const OPEN_S: i64 = 6 * HOUR_S;

impl Recorded {
    /// Number of trips.
    pub fn len(&self) -> usize {
        self.trace.len()
    }

    /// Whether there are no trips.
    pub fn is_empty(&self) -> bool {
        self.trace.is_empty()
    }
}

impl Scenario {
    /// Reads the trips and learns travel data from them as the scenario requests.
    ///
    /// # Errors
    /// [`gridfleet_core::error::Error::Input`] with all problems of the trips.
    pub fn read(&self) -> Result<Recorded> {
        let trace = sources::trips(&self.plan.source).map_err(|error| self.located(error))?;
        let zones = sites::zones(&trace.places);
        let tz = self.plan.horizon.clock.tz();
        let folded = sources::folded_week(&self.plan.source);
        let recorded = trace.request_time.first().copied().zip(trace.request_time.last().map(|&t| t + 1));
        let (from, to) = folded.or(recorded).unwrap_or_default();
        let mut matrix = None;
        if self.spec.travel.learn_from_trips {
            let clock = LocalClock::new(tz, from, to);
            match od_matrix::learn(&trace, zones.len(), &clock, self.spec.travel.min_trips) {
                Ok(learned) => matrix = Some(Arc::new(learned)),
                Err(found) => {
                    let mut problems = Problems::new(&self.document);
                    problems.add("travel.learn_from_trips", found, "trips between at most 1,000 zones");
                    return Err(sorted(problems.errors));
                }
            }
        }
        let mut days = Day::all(tz, from, to);
        days.retain(|day| from - day.start <= OPEN_S && day.end - to <= OPEN_S);
        Ok(Recorded { trace, zones, days, matrix })
    }

    /// Whether both would read the same trips, so that either can be built from the trips read by the other.
    pub fn reads_like(&self, other: &Self) -> bool {
        let learning = |scenario: &Self| {
            let travel = &scenario.spec.travel;
            travel.learn_from_trips.then_some(travel.min_trips)
        };
        self.plan.source.reads_like(&other.plan.source)
            && self.plan.horizon.clock.tz() == other.plan.horizon.clock.tz()
            && learning(self) == learning(other)
    }

    /// Error of the trip reader about a key of `[trips]`, with its location in the scenario file.
    pub(super) fn located(&self, error: Error) -> Error {
        let Error::Input(errors) = error else { return error };
        let place = |error: InputError| match (&error.file, &error.key) {
            (None, Some(key)) => {
                let path = format!("trips.{key}");
                InputError { help: error.help, ..self.document.error(&path, error.found, error.expected) }
            }
            _ => error,
        };
        Error::Input(errors.into_iter().map(place).collect())
    }
}
