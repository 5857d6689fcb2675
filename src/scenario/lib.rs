//! Scenario files: read, changed by the command line, checked, and built into the fixed part of a replication.
//!
//! ```text
//! text -> document (tree with places) -> overrides -> names of version 1 replaced -> schema check -> spec (structs)
//!      -> resolve: names, periods, small tables  => Scenario   [load]
//!      -> trips, zones, travel learned of them   => Recorded   [read: once]
//!      -> requests, vehicles, weather, prices    => Setup      [build_from: per replication]
//! ```
//! Each step reports all its problems at once, each with file, line and key.
//!
//! ```
//! use gridfleet_core::rng::Streams;
//! use gridfleet_scenario::{Overrides, load};
//! # let path = std::path::Path::new("../../scenarios/small.toml");
//!
//! let changes = Overrides { set: vec!["time.days=1".to_owned()], ..Overrides::default() };
//! let (setup, _) = load(path, &changes)?.build(Streams { seed: 1, replication: 0 })?;
//! assert_eq!(setup.end - setup.start, 86_400);
//! # Ok::<(), gridfleet_core::error::Error>(())
//! ```

pub mod build;
mod coalitions;
pub mod competition;
pub mod demand;
pub mod document;
pub mod drivers;
pub mod feeder;
pub mod fleets;
pub mod horizon;
mod loads;
pub mod markets;
pub mod od_matrix;
pub mod outputs;
pub mod overrides;
pub mod placement;
pub mod problems;
pub mod recorded;
pub mod retail;
pub mod schema;
mod snap;
pub mod sources;
pub mod spec;
pub mod stations;
pub mod suggest;
pub mod tariffs;
pub mod training;
pub mod trips;
pub mod variation;
pub mod vehicle_types;
pub mod version;

pub use build::Prepared;
pub use outputs::OutputsSpec;
pub use overrides::Overrides;
pub use recorded::Recorded;
pub use spec::ScenarioFile;

use document::Document;
use fleets::FleetPlan;
use gridfleet_core::error::{Error, InputError, Result, input};
use gridfleet_core::time::DAY_S;
use gridfleet_data::TripSource;
use gridfleet_sim::world::{Generation, Grid, Households, Retailer, Trading, Travel, VehicleType};
use horizon::Horizon;
use problems::Problems;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use spec::{FoundWarmUp, WarmUp};
use stations::StationPlan;
use std::path::{Path, PathBuf};

/// Largest scenario file [bytes]; data belongs in separate tables.
const MOST_BYTES: usize = 16 << 20;

/// A scenario whose file is valid; trips and zones have not been read yet.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The file as written, with the overrides.
    pub spec: ScenarioFile,
    /// SHA-256 of the file's text, in hexadecimal.
    pub sha256: String,
    /// All files read or to be read, the scenario's own first.
    pub inputs: Vec<PathBuf>,
    /// Findings that are no errors, for the user.
    pub warnings: Vec<String>,
    document: Document,
    plan: Plan,
}

/// Content of the file, with names resolved.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub horizon: Horizon,
    pub source: TripSource,
    pub travel: Travel,
    pub types: Vec<VehicleType>,
    pub fleets: Vec<FleetPlan>,
    pub coalitions: Vec<usize>,
    pub take_part: Vec<bool>,
    pub operators: Vec<String>,
    pub stations: Vec<StationPlan>,
    pub retailers: Vec<Retailer>,
    /// The retailers that compete, if any.
    pub competition: Option<competition::CompetitionPlan>,
    pub households: Vec<Households>,
    pub generation: Vec<Option<Generation>>,
    pub grid: Option<std::sync::Arc<Grid>>,
    /// By fleet.
    pub drivers: Vec<Option<drivers::DriversPlan>>,
    pub trading: Trading,
    /// Trained agent named by `operation.bidding`.
    pub trained: Option<std::sync::Arc<gridfleet_sim::policies::Trained>>,
}

/// Reads and checks the scenario in `path`.
///
/// # Errors
/// [`Error::Input`] with all problems of the file, of the overrides and of the small tables they name.
pub fn load(path: &Path, overrides: &Overrides) -> Result<Scenario> {
    parse(path, read_text(path)?, overrides)
}

/// Text of the TOML file in `path`.
///
/// # Errors
/// If it cannot be read, is too large, or is not text.
pub fn read_text(path: &Path) -> Result<String> {
    if path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return Err(InputError::plain("no such file")
            .file(path)
            .help("`gridfleet new NAME` writes a scenario to start from")
            .into());
    }
    let bytes = input::read(path, MOST_BYTES as u64)?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes().iter().take(valid).filter(|&&b| b == b'\n').count() as u64;
        InputError::new("bytes that are no UTF-8 text", "a TOML file").file(path).line(line).into()
    })
}

/// Another kind of TOML file, checked against the schema of `T`.
#[derive(Debug)]
pub struct Checked<T> {
    /// Content of the file.
    pub file: T,
    /// Tree of the file, for messages.
    pub document: Document,
    /// SHA-256 of the file's text, in hexadecimal.
    pub sha256: String,
    /// Findings that are no errors, for the user.
    pub warnings: Vec<String>,
}

/// Reads another kind of TOML file and checks it against the schema of `T`.
///
/// # Errors
/// [`Error::Input`] with all violations of the schema.
pub fn read_file<T: JsonSchema + DeserializeOwned>(path: &Path, what: &str) -> Result<Checked<T>> {
    let text = read_text(path)?;
    let sha256 = sha256(&text);
    let mut document = Document::parse(path, text).map_err(sorted)?;
    let warnings = version::upgrade(&mut document).into_iter().collect();
    let errors = schema::check(&document, &schema::schema_of::<T>());
    if !errors.is_empty() {
        return Err(sorted(errors));
    }
    let file = serde_json::from_value(document.root.to_json())
        .map_err(|error| InputError::new(error.to_string(), what).file(path))?;
    Ok(Checked { file, document, sha256, warnings })
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Checks the scenario `text`, the contents of `path`.
///
/// # Errors
/// As [`load`].
pub fn parse(path: &Path, text: String, overrides: &Overrides) -> Result<Scenario> {
    if text.len() > MOST_BYTES {
        let found = format!("{} bytes", text.len());
        return Err(InputError::new(found, "a scenario of at most 16 MiB").file(path).into());
    }
    let sha256 = sha256(&text);
    let mut document = Document::parse(path, text).map_err(sorted)?;
    let schema = schema::schema();
    let mut errors = overrides.apply(&mut document, &schema);
    let warnings = version::upgrade(&mut document).into_iter().collect();
    errors.extend(schema::check(&document, &schema));
    if !errors.is_empty() {
        return Err(sorted(errors));
    }
    let spec: ScenarioFile = serde_json::from_value(document.root.to_json())
        .map_err(|error| InputError::new(error.to_string(), "a scenario").file(path))?;
    let mut inputs = vec![path.to_path_buf()];
    let plan = resolve(&spec, &document, &mut inputs).map_err(sorted)?;
    let mut seen = std::collections::BTreeSet::new();
    inputs.retain(|file| seen.insert(file.clone()));
    Ok(Scenario { spec, sha256, inputs, warnings, document, plan })
}

impl Scenario {
    /// Whether a pilot run has yet to find the warm-up (`time.warm_up = "settled"`). Until
    /// [`with_warm_up`](Self::with_warm_up) sets it, worlds that are built have none.
    pub fn settles(&self) -> bool {
        matches!(self.spec.time.warm_up, WarmUp::Found(FoundWarmUp::Settled))
    }

    /// The same scenario with a warm-up of `days` local calendar days.
    ///
    /// # Errors
    /// [`Error::Input`] if the warm-up is not shorter than the period, or meters are not read at its end.
    pub fn with_warm_up(&self, days: i64) -> Result<Self> {
        let mut scenario = self.clone();
        scenario.spec.time.warm_up = WarmUp::Days(days);
        let mut problems = Problems::new(&self.document);
        let end = horizon::warm_up_end(&self.plan.horizon, &scenario.spec.time, &mut problems);
        if !problems.errors.is_empty() {
            return Err(sorted(problems.errors));
        }
        scenario.plan.horizon.measured_from = end.unwrap_or(self.plan.horizon.start);
        Ok(scenario)
    }

    /// The error of a scenario for which a pilot run found no warm-up.
    pub fn not_settled(&self) -> Error {
        let (start, end) = self.period();
        let found = format!(
            "queues or charge that had not settled within {:.0} days",
            (end - start) as f64 / DAY_S as f64
        );
        let expected = "a period in whose first half both settle";
        let error = self.document.error("time.warm_up", found, expected);
        Error::Input(vec![error.help("simulate more days, or give the warm-up as a number of days")])
    }

    /// The error of a command that cannot run a pilot.
    pub fn no_pilot(&self, who: &str) -> Error {
        let expected = format!("a number of days: {who}");
        Error::Input(vec![self.document.error("time.warm_up", "\"settled\"", expected)])
    }

    /// First instant simulated, by the local clock.
    pub fn local_start(&self) -> chrono::NaiveDateTime {
        self.plan.horizon.clock.local(self.plan.horizon.start)
    }

    /// Names of the operators of stations.
    pub fn operators(&self) -> &[String] {
        &self.plan.operators
    }
}

/// Resolves names and periods and reads the small tables.
fn resolve(
    spec: &ScenarioFile,
    document: &Document,
    inputs: &mut Vec<PathBuf>,
) -> Result<Plan, Vec<InputError>> {
    let mut problems = Problems::new(document);
    if spec.name.contains(['/', '\\'])
        || spec.name.starts_with('.')
        || spec.name.chars().any(char::is_control)
    {
        let found = format!("\"{}\"", &spec.name);
        problems.add("name", found, "a name without slashes that can name a folder");
    }
    let horizon = horizon::horizon(&spec.time, &mut problems);
    let source = trips::source(spec, inputs, &mut problems);
    let travel = trips::travel(&spec.travel, &mut problems);
    if spec.environment.temperature_c.is_some() && spec.environment.temperature_by_hour_c.is_some() {
        let found = "both `temperature_c` and `temperature_by_hour_c`";
        problems.add("environment.temperature_c", found, "one of them");
    }
    let types = vehicle_types::vehicle_types(spec, inputs, &mut problems);
    let fleets = fleets::fleets(spec, &types, inputs, &mut problems);
    fleets::operation(spec, &fleets, &types, &mut problems);
    let coalitions = coalitions::coalitions(spec, &mut problems);
    let take_part = coalitions::take_part(spec, &mut problems);
    let trading = markets::trading(spec, horizon.as_ref(), inputs, &mut problems);
    let trained = training::trained(spec, inputs, &mut problems);
    let retailers = tariffs::retailers(spec, &trading, horizon.as_ref(), inputs, &mut problems);
    let competition = competition::competition(spec, &retailers, &trading, horizon.as_ref(), &mut problems);
    variation::check(spec, horizon.as_ref(), &retailers, &trading, &mut problems);
    let (operators, stations) = stations::stations(spec, &fleets, &types, &retailers, inputs, &mut problems);
    loads::check(spec, &operators, &retailers, &mut problems);
    let households = retail::households(spec, &retailers, &mut problems);
    let generation = retail::generation(spec, &mut problems);
    retail::slots(&retailers, &households, &generation, horizon.as_ref(), &mut problems);
    let grid = feeder::grid(spec, &stations, &households, inputs, &mut problems);
    let drivers = drivers::drivers(spec, &fleets, &types, &stations, &mut problems);
    match horizon {
        Some(horizon) if problems.errors.is_empty() => Ok(Plan {
            horizon,
            source,
            travel,
            types,
            fleets,
            coalitions,
            take_part,
            operators,
            stations,
            retailers,
            competition,
            households,
            generation,
            grid,
            drivers,
            trading,
            trained,
        }),
        _ => Err(problems.errors),
    }
}

/// Sorts errors by their order in the file; errors of the command line come first.
fn sorted(mut errors: Vec<InputError>) -> Error {
    errors.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    errors.dedup();
    Error::Input(errors)
}
