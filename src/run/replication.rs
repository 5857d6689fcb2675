//! One replication from start to end, for single runs, the tasks of studies and the weeks of a training.

use super::attainable::LoadsOfRun;
use super::{NEVER, Progress};
use crate::engine::{self, Simulation};
use crate::error::{Error, Result};
use crate::policies::Policies;
use crate::records::Recorder;
use crate::records::metrics::Metrics;
use crate::rng::Streams;
use crate::world::Setup;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A world with its policies, to be simulated once.
pub struct Replication<'a> {
    /// The world.
    pub setup: Arc<Setup>,
    /// Policies of all roles.
    pub policies: Policies,
    /// Random streams.
    pub streams: Streams,
    /// Whether the engine checks its state after each event.
    pub audited: bool,
    /// Set by the caller to stop early.
    pub stop: &'a AtomicBool,
    /// Receives the simulated time and the number of events.
    pub progress: &'a dyn Progress,
}

/// A simulated replication.
pub struct Simulated {
    /// The simulation at its end.
    pub simulation: Simulation,
    /// Metrics of all records.
    pub metrics: Metrics,
}

impl Replication<'_> {
    /// A replication without checks of the engine's state, which nothing stops and whose progress is not reported.
    pub fn of(setup: Arc<Setup>, policies: Policies, streams: Streams) -> Self {
        Self { setup, policies, streams, audited: false, stop: &NEVER, progress: &() }
    }

    /// The simulation at its start, for callers that simulate in steps of their own.
    pub fn begin(self) -> Simulation {
        let simulation = Simulation::under(self.setup, self.policies, self.streams);
        if self.audited { simulation.audited() } else { simulation }
    }

    /// Simulates the whole period; records also go to `recorder`. Ends early, without an error, when `failed` reports
    /// that the recorder can accept no more records.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if `stop` is set during the simulation; [`Error::Other`] if an instant does not end;
    /// [`Error::Audit`] if the books do not balance; [`Error::Input`] if an amount is too large to be posted.
    pub fn simulate<R: Recorder>(self, recorder: &mut R, failed: impl Fn(&R) -> bool) -> Result<Simulated> {
        let (setup, stop, progress) = (Arc::clone(&self.setup), self.stop, self.progress);
        let mut metrics = Metrics::new(&setup.labels(), engine::metrics_setup(&setup)?);
        let mut loads = LoadsOfRun::new(&setup);
        let mut simulation = self.begin();
        let mut until = setup.start;
        while until < setup.end && !failed(recorder) {
            until = (until + setup.control_interval_s).min(setup.end);
            let recorders = &mut (&mut metrics, (&mut loads, &mut *recorder));
            simulation.run_unless(stop, until, recorders)?;
            progress.update(until, simulation.events());
            if stop.load(Ordering::Relaxed) {
                return Err(Error::Interrupted);
            }
        }
        simulation.finish(&mut (&mut metrics, (&mut loads, &mut *recorder)))?;
        simulation.books()?;
        // Without a warm-up, the slot that begins with the simulation counts as well.
        metrics.set_attainable_cost(loads.bound(&simulation.state().loads, setup.measured_from));
        Ok(Simulated { simulation, metrics })
    }
}
