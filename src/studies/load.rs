//! Turns a study file into a plan and a checked scenario for each of its arms.

use super::coalition_game;
use super::design;
use super::plan::{Plan, PlanFactor, PlanGame, PlanMetric, PlanPoint, PlanPolicy};
use super::spec::{PlayersOf, PolicyEntry, StopSpec, StudyFile};
use crate::error::{Error, InputError, Result};
use crate::records::catalogue::{self, Direction};
use crate::scenario::problems::Problems;
use crate::scenario::{self, Overrides, Scenario, suggest};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Most problems reported for one study: with a thousand arms, one mistake appears a thousand times.
const MOST_PROBLEMS: usize = 20;

/// Name of the policy that leaves the scenario unchanged.
pub const AS_WRITTEN: &str = "as-written";

/// Study with valid files.
#[derive(Debug)]
pub struct Study {
    /// Plan of the study.
    pub plan: Plan,
    /// Scenario of each arm, by [`Plan::arm`].
    pub arms: Vec<Scenario>,
    /// Most replications of each arm.
    pub replications: u32,
    /// Stopping rule.
    pub stop: Option<StopSpec>,
    /// All files that were or will be read, starting with the study file.
    pub inputs: Vec<PathBuf>,
    /// Findings that are no errors, for the user.
    pub warnings: Vec<String>,
}

/// Whether the TOML file at `path` is a study rather than a scenario: it names a scenario.
pub fn is_study(path: &Path) -> bool {
    let text = scenario::read_text(path).unwrap_or_default();
    scenario::document::Document::parse(path, text)
        .is_ok_and(|document| document.root.get("scenario").is_some())
}

/// Reads and checks the study at `path` and the scenario of each of its arms.
///
/// # Errors
/// [`Error::Input`] with the problems of the study or of the scenario of an arm.
pub fn load(path: &Path) -> Result<Study> {
    let checked = scenario::read_file::<StudyFile>(path, "a study file")?;
    let scenario::Checked { mut file, document, sha256, mut warnings } = checked;
    if file.policies.is_empty() && file.coalition_game.is_none() {
        file.policies = vec![PolicyEntry { name: AS_WRITTEN.to_owned(), ..PolicyEntry::default() }];
    }
    let mut problems = Problems::new(&document);
    problems.names_folder("name", &file.name);
    names(&file, &mut problems);
    let scenario_path = problems.file("scenario", &file.scenario);
    if !problems.errors.is_empty() {
        return Err(Error::Input(problems.errors));
    }
    // Either the file was found, or there is a problem.
    let arms = Arms::of(path, scenario_path.unwrap_or_default(), &file)?;
    let base = arms.base()?;
    warnings.extend(base.warnings.iter().cloned());
    let game = game(&mut file, &base, &mut problems);
    let points = design::points(&file.factors, &file.design, base.seed(), &mut problems);
    metrics(&file, &base, &mut problems);
    ratios(&file, &mut problems);
    if !problems.errors.is_empty() {
        return Err(Error::Input(problems.errors));
    }
    let (scenarios, inputs) = arms.scenarios(&file, &points)?;
    one_window(&scenarios)?;
    let plan = Plan { study_sha256: sha256, coalition_game: game, ..arms.plan(&file, &base, &points) };
    Ok(Study { plan, arms: scenarios, replications: file.replications, stop: file.stop, inputs, warnings })
}

/// The scenario of a study, which each arm changes.
struct Arms<'a> {
    /// The study file.
    study: &'a Path,
    /// The scenario file.
    scenario: PathBuf,
    /// Text of the scenario file.
    text: String,
    /// Changes that all arms have in common.
    common: Vec<String>,
    seed: Option<u64>,
}

impl<'a> Arms<'a> {
    fn of(study: &'a Path, scenario: PathBuf, file: &StudyFile) -> Result<Self> {
        let text = scenario::read_text(&scenario)?;
        let mut common = sets(&file.set, "");
        common.extend(sets(&file.variation, "variation."));
        Ok(Self { study, scenario, text, common, seed: file.seed })
    }

    /// The scenario with the changes `set` and these policies; errors name the `origin` of the changes.
    fn scenario(&self, set: Vec<String>, policies: Vec<String>, origin: &str) -> Result<Scenario> {
        let overrides = Overrides { set, seed: self.seed, policies };
        scenario::parse(&self.scenario, self.text.clone(), &overrides)
            .map_err(|error| attributed(error, self.study, origin))
    }

    /// The scenario with the changes that all arms have in common.
    fn base(&self) -> Result<Scenario> {
        self.scenario(self.common.clone(), Vec::new(), "set")
    }

    /// The scenario of each point and policy, and the files read, starting with the study file.
    fn scenarios(&self, file: &StudyFile, points: &[Vec<Json>]) -> Result<(Vec<Scenario>, Vec<PathBuf>)> {
        let mut arms = Vec::with_capacity(points.len() * file.policies.len());
        let mut inputs = vec![self.study.to_path_buf()];
        let mut errors: Vec<InputError> = Vec::new();
        for point in points {
            for policy in &file.policies {
                let mut set = self.common.clone();
                set.extend(sets(&policy.set, ""));
                for (factor, value) in file.factors.iter().zip(point) {
                    let keys = factor.key.iter().chain(&factor.keys);
                    set.extend(keys.map(|key| format!("{key}={}", toml_value(value))));
                }
                match self.scenario(set, uses(policy), &format!("policy \"{}\"", policy.name)) {
                    Ok(scenario) => {
                        let new = scenario.inputs.iter().filter(|file| !inputs.contains(file));
                        let new: Vec<PathBuf> = new.cloned().collect();
                        inputs.extend(new);
                        arms.push(scenario);
                    }
                    Err(Error::Input(more)) => errors.extend(more),
                    Err(other) => return Err(other),
                }
            }
            if errors.len() > MOST_PROBLEMS {
                break;
            }
        }
        if errors.is_empty() {
            return Ok((arms, inputs));
        }
        errors.dedup();
        errors.truncate(MOST_PROBLEMS);
        Err(Error::Input(errors))
    }

    /// The plan, except for the file's digest and its game.
    fn plan(&self, file: &StudyFile, base: &Scenario, points: &[Vec<Json>]) -> Plan {
        let (start, end) = base.period();
        let factors = file.factors.iter().map(|f| PlanFactor {
            name: f.name.clone(),
            keys: f.key.iter().chain(&f.keys).cloned().collect(),
        });
        let points = points.iter().enumerate().map(|(point, values)| PlanPoint {
            point,
            values: file.factors.iter().map(|f| f.name.clone()).zip(values.iter().cloned()).collect(),
        });
        let metrics = file.metrics.iter();
        Plan {
            gridfleet_version: env!("CARGO_PKG_VERSION").to_owned(),
            study: file.name.clone(),
            description: file.description.clone(),
            study_sha256: String::new(),
            scenario: base.spec.name.clone(),
            scenario_sha256: base.sha256.clone(),
            scenario_file: self.scenario.display().to_string(),
            seed: base.seed(),
            confidence: file.confidence,
            currency: base.spec.currency.clone(),
            start: start.iso(),
            end: end.iso(),
            warm_up_found_days: None,
            time_zone: base.spec.time.timezone.clone(),
            baseline: file.baseline.clone().unwrap_or_else(|| file.policies[0].name.clone()),
            do_nothing: file.do_nothing.clone(),
            policies: file.policies.iter().map(|policy| plan_policy(policy, &self.common)).collect(),
            factors: factors.collect(),
            points: points.collect(),
            coalition_game: None,
            metrics: metrics.filter_map(|name| plan_metric(name, file, &base.spec.currency)).collect(),
        }
    }
}

/// All arms are compared over one window: a pilot run finds the warm-up of all of them or of none.
fn one_window(arms: &[Scenario]) -> Result<()> {
    match arms.iter().find(|arm| arm.settles()) {
        Some(arm) if !arms.iter().all(Scenario::settles) => Err(arm
            .no_pilot("policies and points of this study give numbers of days, too, and all must have one")),
        _ => Ok(()),
    }
}

/// Checks the names that must be unique, or must refer to an existing entry.
fn names(file: &StudyFile, problems: &mut Problems<'_>) {
    let policies: Vec<&str> = file.policies.iter().map(|p| p.name.as_str()).collect();
    let factors: Vec<&str> = file.factors.iter().map(|f| f.name.as_str()).collect();
    for (list, names) in [("policies", &policies), ("factors", &factors)] {
        for (i, name) in names.iter().enumerate() {
            if names[..i].contains(name) {
                problems.add(
                    &format!("{list}[{i}].name"),
                    format!("\"{name}\" for the second time"),
                    "a unique name",
                );
            }
        }
    }
    for (key, name) in [("baseline", &file.baseline), ("do_nothing", &file.do_nothing)] {
        let Some(name) = name.as_deref().filter(|name| !policies.contains(name)) else { continue };
        problems
            .add(key, format!("\"{name}\""), "the name of one of the [[policies]]")
            .perhaps(suggest::help(name, policies.clone()));
    }
    if let Some(stop) = &file.stop
        && !file.metrics.contains(&stop.metric)
    {
        problems.add("stop.metric", format!("\"{}\"", &stop.metric), "one of `metrics`").perhaps(
            suggest::help(&stop.metric, file.metrics.iter().map(String::as_str).collect::<Vec<_>>()),
        );
    }
}

/// Checks that each figure exists in this scenario.
fn metrics(file: &StudyFile, base: &Scenario, problems: &mut Problems<'_>) {
    let fleets: Vec<&str> = base.spec.fleets.iter().map(|f| f.name.as_str()).collect();
    let operators: Vec<&str> = base.operators().iter().map(String::as_str).collect();
    let retailers: Vec<&str> = base.spec.retailers.iter().map(|r| r.name.as_str()).collect();
    let markets: Vec<&str> = base.spec.markets.iter().map(|m| m.name.as_str()).collect();
    let groups = ["coalition", "rest"];
    let competitors: Vec<&str> = base
        .spec
        .competition
        .iter()
        .flat_map(|competition| competition.retailers.iter().map(String::as_str))
        .collect();
    for (i, name) in file.metrics.iter().enumerate() {
        let key = format!("metrics[{i}]");
        if file.metrics[..i].contains(name) {
            problems.add(&key, format!("\"{name}\" for the second time"), "each figure once");
            continue;
        }
        let exists = match catalogue::find(name) {
            Some((_, None)) => true,
            Some((_, Some(owner))) => {
                let owners: &[&str] = match name.split_once('.') {
                    Some(("fleets", _)) => &fleets,
                    Some(("retailers", _)) => &retailers,
                    Some(("markets", _)) => &markets,
                    Some(("competitors", _)) => &competitors,
                    Some(("groups", _)) => &groups,
                    _ => &operators,
                };
                owners.contains(&owner)
            }
            None => false,
        };
        if !exists {
            let known = catalogue::FIGURES.iter().map(|f| f.name.to_owned());
            let known = known.chain(fleets.iter().map(|f| format!("fleets.{f}.service_rate")));
            let known: Vec<String> =
                known.chain(operators.iter().map(|o| format!("operators.{o}.profit"))).collect();
            problems
                .add(&key, format!("\"{name}\""), "a key figure of summary.json")
                .perhaps(suggest::help(name, known.iter().map(String::as_str).collect::<Vec<_>>()));
        }
    }
}

/// The coalitions as policies, if the study is of a game.
fn game(file: &mut StudyFile, base: &Scenario, problems: &mut Problems<'_>) -> Option<PlanGame> {
    const KEY: &str = "coalition_game";
    let spec = file.coalition_game.clone()?;
    if !file.policies.is_empty() || file.baseline.is_some() || file.do_nothing.is_some() {
        let found = "`policies`, a `baseline` or `do_nothing` besides";
        problems
            .add(KEY, found, "a game whose coalitions are the policies")
            .help("`set` describes what all coalitions have in common");
    }
    let (an, one, known): (&str, &str, Vec<String>) = match spec.of {
        PlayersOf::Fleets => {
            ("a fleet", "fleet", base.spec.fleets.iter().map(|fleet| fleet.name.clone()).collect())
        }
        PlayersOf::Operators => ("an operator", "operator", base.operators().to_vec()),
    };
    let players = if spec.players.is_empty() { known.clone() } else { spec.players.clone() };
    for (i, name) in spec.players.iter().enumerate() {
        let key = format!("{KEY}.players[{i}]");
        if !known.contains(name) {
            problems
                .add(&key, format!("\"{name}\""), format!("the name of {an}"))
                .perhaps(suggest::help(name, known.iter().map(String::as_str)));
        } else if spec.players[..i].contains(name) {
            problems.add(&key, format!("\"{name}\" for the second time"), format!("each {one} once"));
        }
    }
    if !(2..=coalition_game::MOST_PLAYERS).contains(&players.len()) {
        let expected = format!("2 to {} {one}s", coalition_game::MOST_PLAYERS);
        problems.add(&format!("{KEY}.players"), format!("{} players", players.len()), expected);
        return None;
    }
    let worth = spec.worth();
    let whole = spec.of == PlayersOf::Operators;
    match catalogue::find(&worth) {
        Some((figure, owner)) if figure.better != Direction::Neither && owner.is_some() == whole => {}
        _ => {
            let list = if whole { catalogue::GROUP_FIGURES } else { catalogue::FIGURES };
            let figure = spec.figure.as_deref().unwrap_or_default();
            let expected = match spec.of {
                PlayersOf::Fleets => "a key figure of all fleets together of which more or less is better",
                PlayersOf::Operators => "a key figure of stations of which more or less is better",
            };
            problems
                .add(&format!("{KEY}.figure"), format!("\"{figure}\""), expected)
                .perhaps(suggest::help(figure, list.iter().map(|figure| figure.name)));
        }
    }
    if !file.metrics.contains(&worth) {
        file.metrics.insert(0, worth.clone());
    }
    file.policies = match spec.of {
        PlayersOf::Fleets => coalition_game::policies(&players),
        PlayersOf::Operators => coalition_game::policies_of_operators(&players, &known),
    };
    file.baseline = file.policies.last().map(|grand_coalition| grand_coalition.name.clone());
    Some(coalition_game::plan(worth, players))
}

/// Checks that each ratio is of a compared figure.
fn ratios(file: &StudyFile, problems: &mut Problems<'_>) {
    for (i, name) in file.ratios.iter().enumerate().filter(|(_, name)| !file.metrics.contains(name)) {
        let metrics: Vec<&str> = file.metrics.iter().map(String::as_str).collect();
        problems
            .add(&format!("ratios[{i}]"), format!("\"{name}\""), "one of `metrics`")
            .perhaps(suggest::help(name, metrics));
    }
}

fn plan_policy(policy: &PolicyEntry, common: &[String]) -> PlanPolicy {
    let mut arguments = Vec::new();
    for name in uses(policy) {
        arguments.extend(["--policy".to_owned(), name]);
    }
    for set in common.iter().cloned().chain(sets(&policy.set, "")) {
        arguments.extend(["--set".to_owned(), set]);
    }
    PlanPolicy { name: policy.name.clone(), description: policy.description.clone(), arguments }
}

fn plan_metric(name: &str, file: &StudyFile, currency: &str) -> Option<PlanMetric> {
    let (figure, owner) = catalogue::find(name)?;
    let title = match owner {
        Some(owner) => format!("{} ({owner})", figure.title),
        None => figure.title.to_owned(),
    };
    let unit = figure.unit.replace("currency", currency);
    let better = match figure.better {
        Direction::Higher => Some("higher".to_owned()),
        Direction::Lower => Some("lower".to_owned()),
        Direction::Neither => None,
    };
    let ratio = file.ratios.iter().any(|ratio| ratio == name);
    Some(PlanMetric { name: name.to_owned(), title, unit, better, ratio })
}

/// Policies of gridfleet that an entry names; an entry with a name only means the policy of that name.
fn uses(policy: &PolicyEntry) -> Vec<String> {
    if policy.uses.is_empty() && policy.set.is_empty() && policy.name != AS_WRITTEN {
        vec![policy.name.clone()]
    } else {
        policy.uses.clone()
    }
}

/// `key=value` for each entry. Nested tables are expanded, except those with a `kind`.
fn sets(entries: &BTreeMap<String, Json>, prefix: &str) -> Vec<String> {
    let mut list = Vec::new();
    for (key, value) in entries {
        match value {
            Json::Object(inner) if !inner.contains_key("kind") => {
                let inner: BTreeMap<String, Json> = inner.clone().into_iter().collect();
                list.extend(sets(&inner, &format!("{prefix}{key}.")));
            }
            value => list.push(format!("{prefix}{key}={}", toml_value(value))),
        }
    }
    list
}

/// Value as TOML on one line.
pub(super) fn toml_value(value: &Json) -> String {
    match value {
        // TOML's basic strings accept the escapes of JSON.
        Json::String(_) | Json::Bool(_) => value.to_string(),
        // A float keeps its decimal point.
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.to_string(),
            (None, Some(float)) => format!("{float:?}"),
            (None, None) => number.to_string(),
        },
        Json::Array(items) => format!("[{}]", items.iter().map(toml_value).collect::<Vec<_>>().join(", ")),
        Json::Object(entries) => {
            let entries = entries
                .iter()
                .map(|(key, value)| format!("{} = {}", Json::from(key.as_str()), toml_value(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Json::Null => "\"\"".to_owned(),
    }
}

/// Adds the study and the origin of the change to errors about changes that the study made to the scenario.
pub(super) fn attributed(error: Error, study: &Path, whose: &str) -> Error {
    let Error::Input(errors) = error else { return error };
    let with_origin = |error: InputError| match (&error.file, &error.key) {
        (None, Some(key)) => {
            let key = key.strip_prefix("--set ").or(key.strip_prefix("--policy ")).unwrap_or(key);
            let key = format!("{whose}: {key}");
            InputError { key: Some(key), file: Some(study.to_path_buf()), ..error }
        }
        _ => error,
    };
    Error::Input(errors.into_iter().map(with_origin).collect())
}

impl Study {
    /// Fingerprint that the journals of one study have in common, besides the plan: the contents of the input files.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn fingerprint(&self) -> Result<String> {
        let mut hash = Sha256::new();
        // Irrelevant parts of the study file may change; the relevant ones are in the plan.
        for path in self.inputs.iter().skip(1) {
            hash.update(crate::outputs::InputFile::of(path)?.sha256);
        }
        for arm in &self.arms {
            hash.update(serde_json::to_string(&arm.spec).unwrap_or_default());
        }
        Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_survive_the_way_through_toml() {
        for value in [
            json!(1),
            json!(-2.5),
            json!(1e300),
            json!(3.0),
            json!("a \"b\"\n\\é"),
            json!([1, "x", [true]]),
            json!({"kind": "flat", "a b": 1.0}),
        ] {
            let text = format!("v = {}", toml_value(&value));
            let parsed: toml::Table = text.parse().unwrap();
            assert_eq!(serde_json::to_value(&parsed["v"]).unwrap(), value, "{text}");
        }
    }

    #[test]
    fn tables_are_gone_into_unless_they_are_of_a_kind() {
        let entries: BTreeMap<String, Json> = serde_json::from_value(
            json!({"a": {"b": 1, "c": {"d": "x"}}, "e": {"kind": "flat", "p": 2.0}, "f.g": 3}),
        )
        .unwrap();
        assert_eq!(
            sets(&entries, "v."),
            ["v.a.b=1", "v.a.c.d=\"x\"", "v.e={ \"kind\" = \"flat\", \"p\" = 2.0 }", "v.f.g=3"]
        );
    }
}
