//! A run with all its files: tables, summary, pictures and manifest.

use super::{Run, World, audit_facts, facts};
use crate::audit::{AuditReport, audit};
use crate::engine::Simulation;
use crate::error::{Error, Result};
use crate::outputs::{
    GridPicture, InputFile, Kind, Manifest, MarketPicture, OutputOptions, Overview, ParquetRecorder,
    Provenance, RunDir, Summary, SummaryHead,
};
use crate::policies::{PolicySpecs, StationsSpec};
use crate::records::dictionary::TableId;
use crate::records::{Record, Recorder};
use crate::scenario::Prepared;
use crate::world::{Mode, Setup};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Results of a run whose files are in place.
#[non_exhaustive]
pub struct Written {
    /// Folder of the results.
    pub folder: PathBuf,
    /// Contents of `summary.json`.
    pub summary: Summary,
    /// Result of the audit, if requested ([`Run::audit`]).
    pub audit: Option<AuditReport>,
}

impl Run<'_> {
    /// Simulates the replication and writes its results into `folder`, which appears only when complete.
    ///
    /// # Errors
    /// As [`Run::simulate`]; [`Error::Input`] if the folder contains anything that may not be replaced, [`Error::Io`]
    /// if it cannot be written. Violations found by an audit are not an error: they are in [`Written::audit`].
    #[expect(clippy::disallowed_methods, reason = "wall time, for the manifest only")]
    pub fn write_to(mut self, folder: impl AsRef<Path>) -> Result<Written> {
        let (started, began) = (chrono::Utc::now(), Instant::now());
        if self.scenario.settles() {
            // Detects a folder that cannot be written before the pilot run.
            drop(RunDir::create(folder.as_ref(), Kind::Run, self.replace)?);
        }
        let World { setup, prepared, warm_up_found_days } = self.world()?;
        self.progress.read(&prepared.import.warnings)?;
        // The folder is created first, so that a folder that cannot be written is detected before the work.
        let dir = RunDir::create(folder.as_ref(), Kind::Run, self.replace)?;
        let streams = self.streams();
        let provenance = Provenance {
            scenario: prepared.name.clone(),
            scenario_sha256: prepared.sha256.clone(),
            seed: streams.seed,
            replication: streams.replication,
        };
        let options = OutputOptions {
            tables: prepared.outputs.tables.clone(),
            fleet_every: prepared.outputs.fleet_every,
            stations_every: prepared.outputs.stations_every,
            grid_every: prepared.outputs.grid_every,
        };
        let mut pictures = Pictures::new(&setup);
        let mut tables = ParquetRecorder::create(dir.path(), setup.labels(), &provenance, &options)?;
        record_constants(&setup, &options, &mut tables);

        let others = self.recorder.take();
        let replication = self.prepare(&prepared.policies, &setup);
        let simulating = Instant::now();
        let mut recorder = (&mut tables, (&mut pictures, others));
        let simulated = replication.simulate(&mut recorder, |recorder| recorder.0.failed())?;
        let simulation_s = simulating.elapsed().as_secs_f64();
        tables.finish()?;

        let events = simulated.simulation.events();
        let head = head(provenance, &prepared, &setup, warm_up_found_days, &simulated.simulation);
        let summary = Summary::new(head, simulated.metrics.finish());
        summary.write(dir.path())?;
        pictures.write(&prepared.name, &setup, dir.path())?;
        let mut manifest = Manifest::new(self.command.clone());
        manifest.inputs = prepared.inputs.iter().map(|path| InputFile::of(path)).collect::<Result<_>>()?;
        manifest.threads = std::thread::available_parallelism().map_or(1, usize::from);
        manifest.started = started.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        manifest.wall_time_s = began.elapsed().as_secs_f64();
        manifest.events_per_second = Some(events as f64 / simulation_s.max(1e-9));
        manifest.write(dir.path())?;
        if self.stop.load(Ordering::Relaxed) {
            return Err(Error::Interrupted);
        }
        let folder = dir.finish()?;
        self.progress.written(&folder);
        // The tables are kept: they are needed to examine a failed audit.
        let audit = self.audit.then(|| audit(&folder, &audit_facts(&setup, options))).transpose()?;
        Ok(Written { folder, summary, audit })
    }
}

/// The pictures of a run, which are drawn from its records.
struct Pictures {
    overview: Overview,
    market: MarketPicture,
    grid: Option<GridPicture>,
}

impl Pictures {
    fn new(setup: &Setup) -> Self {
        let (labels, clock) = (setup.labels(), || setup.clock.clone());
        let (start, end) = (setup.start, setup.end);
        let grid = setup.grid.as_ref().map(|grid| facts::feeder_shape(grid));
        Self {
            overview: Overview::new(&labels, clock(), start, end),
            market: MarketPicture::new(&labels, clock(), start, end, setup.trading.settlement_s),
            grid: grid.map(|shape| GridPicture::new(shape, clock(), start, end)),
        }
    }

    fn write(&self, name: &str, setup: &Setup, folder: &Path) -> Result<()> {
        self.overview.write(name, folder)?;
        if setup.trading.is_active() {
            self.market.write(name, folder)?;
        }
        self.grid.as_ref().map_or(Ok(()), |grid| grid.write(name, folder))
    }
}

impl Recorder for Pictures {
    fn record(&mut self, record: Record<'_>) {
        (&mut self.overview, (&mut self.market, &mut self.grid)).record(record);
    }
}

/// Records sites, vehicles and places, which do not change.
fn record_constants(setup: &Setup, options: &OutputOptions, tables: &mut ParquetRecorder) {
    setup.sites().iter().for_each(|site| tables.record(Record::Site(site)));
    setup.vehicle_records().iter().for_each(|vehicle| tables.record(Record::Vehicle(vehicle)));
    if options.has(TableId::Places) {
        setup.place_records().iter().for_each(|place| tables.record(Record::Place(place)));
    }
}

/// Facts of the run, for the beginning of the summary.
fn head(
    provenance: Provenance,
    prepared: &Prepared,
    setup: &Setup,
    warm_up_found_days: Option<i64>,
    simulation: &Simulation,
) -> SummaryHead {
    SummaryHead {
        provenance,
        policy: names_of_policies(&prepared.policies, setup),
        start: setup.start,
        end: setup.end,
        measured_from: (setup.measured_from > setup.start).then_some(setup.measured_from),
        warm_up_found_days,
        time_zone: setup.clock.tz().name().to_owned(),
        currency: setup.currency.clone(),
        events: simulation.events(),
        feeder: setup.grid.as_ref().map(|grid| facts::feeder_head(grid)),
        refused_actions: simulation.refusals().map(|(r, n)| (r.name().to_owned(), n)).collect(),
        unsolved_plans: simulation.unsolved_plans(),
        imports: imports(prepared),
    }
}

/// Policies by role, as named in the summary.
fn names_of_policies(specs: &PolicySpecs, setup: &Setup) -> BTreeMap<String, String> {
    let mut names = match setup.mode {
        Mode::Dispatch { .. } => vec![
            ("dispatch", specs.dispatch.name()),
            ("charging", specs.charging.name()),
            ("relocation", specs.relocation.name()),
        ],
        // The trace decides.
        Mode::Replay => vec![("dispatch", "replay"), ("charging", "replay"), ("relocation", "replay")],
    };
    if setup.trading.is_active() {
        names.push(("bidding", specs.bidding.name()));
    }
    if specs.stations != (StationsSpec::Uncontrolled {}) {
        names.push(("stations", specs.stations.name()));
    }
    if !setup.retail.is_empty() {
        names.push(("pricing", specs.pricing.name()));
        names.push(("response", specs.response.name()));
    }
    if setup.competition.is_some() {
        names.push(("aggregator", specs.aggregator.name()));
    }
    names.into_iter().map(|(role, name)| (role.to_owned(), name.to_owned())).collect()
}

/// Counts of input rows read, skipped, repaired and derived.
fn imports(prepared: &Prepared) -> serde_json::Value {
    serde_json::json!({ "trips": prepared.import, "left_out": prepared.left_out })
}
