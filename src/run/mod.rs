//! Run one replication of a scenario.
//!
//! ```
//! let run = gridfleet::Run::of("scenarios/small.toml")?.replication(3).simulate()?;
//! println!("{:?} of all riders were served", run.total.service_rate);
//! # Ok::<(), gridfleet::Error>(())
//! ```
//!
//! [`Run::simulate`] writes nothing and returns the key figures; [`Run::write_to`] writes what `gridfleet run` writes:
//! tables, summary, pictures and manifest. A custom policy takes a role by [`Run::policies`]:
//!
//! ```
//! use gridfleet::Run;
//! use gridfleet::policies::{DispatchSpec, Policies};
//!
//! let figures = Run::of("scenarios/small.toml")?
//!     .policies(|policies| Policies { dispatch: DispatchSpec::NearestIdle {}.build(), ..policies })
//!     .simulate()?;
//! # Ok::<(), gridfleet::Error>(())
//! ```

mod attainable;
mod facts;
pub mod pilot;
mod replication;
mod writing;

pub use facts::audit_facts;
pub use replication::{Replication, Simulated};
pub use writing::Written;

use crate::engine;
use crate::error::Result;
use crate::outputs::Replace;
use crate::policies::{Policies, PolicySpecs};
use crate::records::Recorder;
use crate::records::metrics::RunFigures;
use crate::rng::Streams;
use crate::scenario::{self, Overrides, Prepared, Scenario};
use crate::time::SimTime;
use crate::world::Setup;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The stop flag of runs, studies and trainings that nothing stops.
pub(crate) static NEVER: AtomicBool = AtomicBool::new(false);

/// Receives the progress of a run.
pub trait Progress {
    /// The simulation has reached `now`, with `events` processed in total.
    fn update(&self, now: SimTime, events: u64);
    /// The trips have been read, with these warnings about them. An error ends the run before it begins.
    ///
    /// # Errors
    /// As the caller decides.
    fn read(&self, warnings: &[String]) -> Result<()> {
        let _ = warnings;
        Ok(())
    }
    /// A pilot run has found a warm-up of `days` local days.
    fn settled(&self, days: i64) {
        let _ = days;
    }
    /// All files of the results are in place in `folder`; an audit may follow.
    fn written(&self, folder: &Path) {
        let _ = folder;
    }
}

/// Discards progress.
impl Progress for () {
    fn update(&self, _: SimTime, _: u64) {}
}

/// Replaces policies named in the scenario.
type Change<'a> = dyn Fn(Policies) -> Policies + 'a;

/// A built scenario.
struct World {
    setup: Arc<Setup>,
    prepared: Prepared,
    /// Local days of the warm-up that a pilot run has found; `None` if the scenario gives a number.
    warm_up_found_days: Option<i64>,
}

/// One replication of a scenario, not yet simulated.
pub struct Run<'a> {
    path: PathBuf,
    overrides: Overrides,
    scenario: Scenario,
    replication: u32,
    policies: Box<Change<'a>>,
    recorder: Option<&'a mut dyn Recorder>,
    audit: bool,
    replace: Replace,
    progress: &'a dyn Progress,
    stop: &'a AtomicBool,
    command: Vec<String>,
}

impl<'a> Run<'a> {
    /// Replication 0 of the scenario in this file.
    ///
    /// # Errors
    /// [`crate::Error::Input`] with all problems of the file.
    pub fn of(path: impl AsRef<Path>) -> Result<Self> {
        Self::with(path, Overrides::default())
    }

    /// Like [`of`](Self::of), with changes to the scenario.
    ///
    /// # Errors
    /// [`crate::Error::Input`] with all problems of the file and of the changes.
    pub fn with(path: impl AsRef<Path>, overrides: Overrides) -> Result<Self> {
        let path = path.as_ref().to_owned();
        Ok(Self {
            scenario: scenario::load(&path, &overrides)?,
            path,
            overrides,
            replication: 0,
            policies: Box::new(|policies| policies),
            recorder: None,
            audit: false,
            replace: Replace::Same,
            progress: &(),
            stop: &NEVER,
            command: Vec::new(),
        })
    }

    /// Changes one key of the scenario, as `--set` does: `fleets.yellow.vehicles.0.count=300`.
    ///
    /// # Errors
    /// [`crate::Error::Input`] if there is no such key, or its value is not allowed.
    pub fn set(mut self, key_and_value: impl Into<String>) -> Result<Self> {
        self.overrides.set.push(key_and_value.into());
        self.scenario = scenario::load(&self.path, &self.overrides)?;
        Ok(self)
    }

    /// Uses the random numbers of this replication.
    #[must_use]
    pub fn replication(mut self, replication: u32) -> Self {
        self.replication = replication;
        self
    }

    /// Changes the policies named in the scenario. A scenario whose warm-up has yet to be found is simulated twice, so
    /// `change` may be called twice.
    #[must_use]
    pub fn policies(mut self, change: impl Fn(Policies) -> Policies + 'a) -> Self {
        self.policies = Box::new(change);
        self
    }

    /// Passes all records to `recorder` too.
    #[must_use]
    pub fn recorder(mut self, recorder: &'a mut dyn Recorder) -> Self {
        self.recorder = Some(recorder);
        self
    }

    /// Recomputes charge, energy, queues and money from the written tables ([`Written::audit`]); the engine also checks
    /// its state during the simulation.
    #[must_use]
    pub fn audit(mut self, audit: bool) -> Self {
        self.audit = audit;
        self
    }

    /// Older results that may be replaced; by default those of another run.
    #[must_use]
    pub fn replace(mut self, replace: Replace) -> Self {
        self.replace = replace;
        self
    }

    /// Reports progress.
    #[must_use]
    pub fn progress(mut self, progress: &'a dyn Progress) -> Self {
        self.progress = progress;
        self
    }

    /// Ends with [`crate::Error::Interrupted`] once `stop` is set.
    #[must_use]
    pub fn stop(mut self, stop: &'a AtomicBool) -> Self {
        self.stop = stop;
        self
    }

    /// Command line recorded in the manifest.
    #[must_use]
    pub fn command(mut self, command: Vec<String>) -> Self {
        self.command = command;
        self
    }

    /// The scenario with its changes.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Random numbers: the scenario's seed and the replication.
    pub fn streams(&self) -> Streams {
        Streams { seed: self.scenario.seed(), replication: self.replication }
    }

    /// Simulates the replication; nothing is written.
    ///
    /// # Errors
    /// [`crate::Error::Input`] if an input file is wrong or amounts are too large; [`crate::Error::Interrupted`] if
    /// stopped; [`crate::Error::Other`] if an instant does not end.
    pub fn simulate(mut self) -> Result<RunFigures> {
        let World { setup, prepared, .. } = self.world()?;
        let mut recorder = self.recorder.take();
        let replication = self.prepare(&prepared.policies, &setup);
        Ok(replication.simulate(&mut recorder, |_| false)?.metrics.finish())
    }

    /// Builds the world, after a pilot run if the scenario has a warm-up that ends when queues and charge have settled.
    fn world(&self) -> Result<World> {
        let recorded = self.scenario.read()?;
        let (setup, prepared) = self.scenario.build_from(&recorded, self.streams())?;
        let world = World { setup: Arc::new(setup), prepared, warm_up_found_days: None };
        if !self.scenario.settles() {
            return Ok(world);
        }
        let policies = self.prepare(&world.prepared.policies, &world.setup).policies;
        let days = pilot::warm_up_days(&world.setup, policies, self.streams(), self.stop)?;
        let days = days.ok_or_else(|| self.scenario.not_settled())?;
        self.progress.settled(days);
        let (setup, prepared) = self.scenario.with_warm_up(days)?.build_from(&recorded, self.streams())?;
        Ok(World { setup: Arc::new(setup), prepared, warm_up_found_days: Some(days) })
    }

    /// Combines the world with its policies.
    fn prepare(&self, specs: &PolicySpecs, setup: &Arc<Setup>) -> Replication<'a> {
        let streams = self.streams();
        Replication {
            policies: (self.policies)(engine::policies(specs, setup, streams)),
            setup: Arc::clone(setup),
            streams,
            audited: self.audit,
            stop: self.stop,
            progress: self.progress,
        }
    }
}
