//! One replication from start to end, for single runs and for the tasks of studies.

use super::Progress;
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
    /// Simulates the whole period; records also go to `recorder`. Ends early, without an error, when `failed` reports
    /// that the recorder can accept no more records.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if `stop` is set during the simulation; [`Error::Other`] if an instant does not end;
    /// [`Error::Audit`] if the books do not balance; [`Error::Input`] if an amount is too large to be posted.
    pub fn simulate<R: Recorder>(self, recorder: &mut R, failed: impl Fn(&R) -> bool) -> Result<Simulated> {
        let (setup, stop) = (self.setup, self.stop);
        let mut metrics = Metrics::new(&setup.labels(), engine::metrics_setup(&setup)?);
        let mut simulation = Simulation::under(Arc::clone(&setup), self.policies, self.streams);
        if self.audited {
            simulation = simulation.audited();
        }
        let mut until = setup.start;
        while until < setup.end && !failed(recorder) {
            until = (until + setup.control_interval_s).min(setup.end);
            simulation.run_unless(stop, until, &mut (&mut metrics, &mut *recorder))?;
            self.progress.update(until, simulation.events());
            if stop.load(Ordering::Relaxed) {
                return Err(Error::Interrupted);
            }
        }
        simulation.finish(&mut (&mut metrics, &mut *recorder))?;
        simulation.books()?;
        Ok(Simulated { simulation, metrics })
    }
}
