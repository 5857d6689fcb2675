//! A scenario whose file is valid.

use super::plan::{Plan, resolve};
use super::{horizon, likely_units};
use crate::document::{
    Document, MOST_BYTES, Overrides, Problems, read_text, schema, sha256, sorted, version,
};
use crate::spec::{FoundWarmUp, ScenarioFile, WarmUp};
use gridfleet_core::error::{Error, InputError, Result};
use gridfleet_core::time::DAY_S;
use std::path::{Path, PathBuf};

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
    pub(crate) document: Document,
    pub(crate) plan: Plan,
}

/// Reads and checks the scenario in `path`.
///
/// # Errors
/// [`Error::Input`] with all problems of the file, of the overrides and of the small tables they name.
pub fn load(path: &Path, overrides: &Overrides) -> Result<Scenario> {
    parse(path, read_text(path)?, overrides)
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
    let schema = schema::schema_of::<ScenarioFile>();
    let mut errors = overrides.apply(&mut document, &schema);
    let mut warnings: Vec<String> = version::upgrade(&mut document).into_iter().collect();
    errors.extend(schema::check(&document, &schema));
    if !errors.is_empty() {
        return Err(sorted(errors));
    }
    let root = document.root.to_json();
    warnings.extend(likely_units::warnings(&root));
    let spec: ScenarioFile = serde_json::from_value(root)
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
