//! The trips as they were recorded: what all replications of a scenario, and all
//! scenarios that differ in other things, have in common. Read once, shared.

use super::problems::Problems;
use super::variation::days::Day;
use super::{Scenario, build, od_matrix, sorted, sources};
use gridfleet_core::error::{Error, InputError, Result};
use gridfleet_core::ids::PlaceId;
use gridfleet_core::time::{HOUR_S, LocalClock};
use gridfleet_data::Trace;
use gridfleet_sim::world::travel::OdMatrix;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The trips of a scenario, read, merged and folded, but neither sampled nor cut to the period; and what
/// is learned from all of them.
#[derive(Debug)]
pub struct Recorded {
    /// The trips.
    pub(super) trace: Trace,
    /// Zones of the trips by name.
    pub(super) zones: BTreeMap<String, PlaceId>,
    /// Whole local days that the trips cover.
    pub(super) days: Vec<Day>,
    /// Travel between zones, where the scenario learns it.
    pub(super) matrix: Option<Arc<OdMatrix>>,
}

/// A first or last day counts as recorded if the trips leave no more than this of it open [s]; assumed:
/// as long as a night without a trip.
const OPEN_S: i64 = 6 * HOUR_S;

impl Recorded {
    /// Number of trips.
    pub fn len(&self) -> usize {
        self.trace.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.trace.is_empty()
    }
}

impl Scenario {
    /// Reads the trips and learns from them what the scenario asks for.
    ///
    /// # Errors
    /// [`gridfleet_core::error::Error::Input`] with everything that is wrong with the trips.
    pub fn read(&self) -> Result<Recorded> {
        let trace = sources::trips(&self.plan.source).map_err(|error| self.located(error))?;
        let zones = build::zones(&trace.places);
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

    /// Whether both would read the same: what one has read, the other can be built from.
    pub fn reads_like(&self, other: &Self) -> bool {
        let learning = |scenario: &Self| {
            let travel = &scenario.spec.travel;
            travel.learn_from_trips.then_some(travel.min_trips)
        };
        self.plan.source.reads_like(&other.plan.source)
            && self.plan.horizon.clock.tz() == other.plan.horizon.clock.tz()
            && learning(self) == learning(other)
    }

    /// What the reader of trips says about a key of `[trips]`, at its place in the scenario file.
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
