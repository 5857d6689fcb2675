//! The checks on one random world. Each is an oracle that can be left out by name (`GRIDFLEET_SWARM_ORACLES`).

use super::cli::gridfleet;
use super::features::{Switches, stream};
use super::relations::{self, RELATIONS};
use super::world::World;
use gridfleet::Run;
use gridfleet::error::Error;
use gridfleet::records::{Record, Recorder};
use gridfleet::scenario::Overrides;
use polars_core::prelude::{AnyValue, TimeUnit};
use polars_io::prelude::{ParquetReader, SerReader as _};
use rand::RngExt as _;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Names of the oracles.
pub const ORACLES: [&str; 13] = [
    "ends",
    "audit",
    "attainable",
    "bytes",
    "outputs",
    "passive-market",
    "future-trips",
    "weeks",
    "scaled",
    "reordered",
    "split",
    "future-prices",
    "shorter",
];

/// A long campaign asks each relation, and each oracle that runs the same scenario again, in one case of so many: they find
/// few faults that depend on the scenario, while a new scenario may have one of its own.
pub const RARE: u64 = 8;

/// Maximum number of records of one run: more of them indicate an instant that does not end.
const MOST_RECORDS: u64 = 500_000;

/// Outcome of one case.
#[derive(Debug)]
pub enum Outcome {
    /// No oracle failed.
    Held {
        /// Oracles that applied and compared this run with another one.
        compared: Vec<&'static str>,
    },
    /// The scenario was refused as wrong input, with the message.
    Refused(String),
    /// An oracle failed.
    Failed {
        /// Name of the oracle.
        oracle: &'static str,
        /// Description of the failure.
        text: String,
    },
}

thread_local! {
    /// Message and place of the last panic of this thread.
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
    /// Whether this thread runs a case, so that its panics are reported instead of printed.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Keeps the messages of panics of cases for the report, in place of printing them.
pub fn keep_panics() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if GUARDED.get() {
            PANIC.with(|panic| *panic.borrow_mut() = info.to_string());
        } else {
            before(info);
        }
    }));
}

/// Counts records and panics if there are too many of them.
struct Bound(u64);

impl Recorder for Bound {
    fn record(&mut self, record: Record<'_>) {
        if let Record::Trip(_) | Record::Leg(_) | Record::Session(_) | Record::Ledger(_) = record {
            self.0 += 1;
            assert!(self.0 <= MOST_RECORDS, "more than {MOST_RECORDS} records: a run that does not end");
        }
    }
}

pub type Files = BTreeMap<String, Vec<u8>>;

/// One case with a separate folder.
pub struct Case<'a> {
    seed: u64,
    on: &'a Switches,
    folder: PathBuf,
    /// A single oracle was asked for.
    alone: bool,
    /// The case is part of a long campaign.
    long: bool,
}

/// No stations cost less than the bound that their run computes for their cost. `None` without load-dependent prices.
fn attainable(files: &Files) -> Option<Option<String>> {
    let summary: serde_json::Value = serde_json::from_slice(files.get("summary.json")?).ok()?;
    let [cost, bound] = ["station_cost", "attainable_cost"].map(|figure| summary[figure].as_f64());
    let (cost, bound) = (cost?, bound?);
    let rounding = 1e-9 * (1.0 + cost.abs().max(bound.abs()));
    Some(
        (bound > cost + rounding).then(|| format!("stations cost {cost}, and {bound} is the least possible")),
    )
}

impl<'a> Case<'a> {
    /// A case whose files go into `folder`.
    pub fn new(seed: u64, on: &'a Switches, folder: &Path) -> Self {
        Self { seed, on, folder: folder.to_owned(), alone: false, long: false }
    }

    /// The same, with each oracle that applies.
    pub fn alone(self) -> Self {
        Self { alone: true, ..self }
    }

    /// The same as part of a campaign of many cases.
    pub fn of_many(self) -> Self {
        Self { long: true, ..self }
    }

    /// Whether this case is the one in `one_in` that is drawn under a name.
    fn draws(&self, name: &str, one_in: u64) -> bool {
        stream(self.seed, name).random_range(0..one_in) == 0
    }

    /// Writes the world and checks it with all of `oracles`.
    pub fn check(&self, oracles: &[&str]) -> Outcome {
        let world = World::new(self.seed, self.on);
        world.write(&self.folder);
        let mut compared = Vec::new();
        let first = match self.audited("one") {
            Ok(files) => files,
            Err(outcome) => return outcome,
        };
        for oracle in ORACLES.into_iter().filter(|oracle| oracles.contains(oracle)) {
            let asked = !self.long || self.draws(oracle, RARE);
            let failure = match oracle {
                "attainable" => Ok(attainable(&first)),
                "bytes" | "outputs" if !asked => Ok(None),
                "bytes" => self.bytes(&first).map(Some),
                "outputs" => self.outputs(&first).map(Some),
                "passive-market" => self.passive_market(&first),
                "future-trips" => self.future_trips(&world, &first),
                name => self.relation(name, &world, &first),
            };
            match failure {
                Ok(None) => {}
                Ok(Some(None)) => compared.push(oracle),
                Ok(Some(Some(text))) => return Outcome::Failed { oracle, text },
                // A world made for an oracle is as valid as that of the case, and ends as it does.
                Err(Outcome::Refused(text) | Outcome::Failed { text, .. }) => {
                    return Outcome::Failed { oracle, text };
                }
                Err(outcome) => return outcome,
            }
        }
        Outcome::Held { compared }
    }

    /// Runs `work`; a panic or an error that is not the user's is a failure.
    fn guarded<T>(
        &self,
        oracle: &'static str,
        work: impl FnOnce() -> gridfleet::error::Result<T>,
    ) -> Result<T, Outcome> {
        GUARDED.set(true);
        let result = catch_unwind(AssertUnwindSafe(work));
        GUARDED.set(false);
        match result {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(Error::Input(errors))) => {
                let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
                let folder = format!("{}/", self.folder.display());
                Err(Outcome::Refused(texts.join("\n").replace(&folder, "")))
            }
            Ok(Err(error)) => Err(Outcome::Failed { oracle, text: error.to_string() }),
            Err(_) => {
                let text = PANIC.with(|panic| panic.take());
                let text = if text.is_empty() { "panic on another thread".to_owned() } else { text };
                Err(Outcome::Failed { oracle, text })
            }
        }
    }

    /// An audited run with a bound on the number of records, and the files that it wrote besides the manifest.
    fn audited(&self, name: &str) -> Result<Files, Outcome> {
        let output = self.folder.join(name);
        let written = self.guarded("ends", || {
            let mut bound = Bound(0);
            Run::of(self.folder.join("scenario.toml"))?.audit(true).recorder(&mut bound).write_to(&output)
        })?;
        let report = written.audit.expect("an audit was asked for");
        match report.into_result() {
            Ok(_) => Ok(files(&output)),
            Err(error) => Err(Outcome::Failed { oracle: "audit", text: error.to_string() }),
        }
    }

    /// Files of another run, with changes. It is not audited: it is compared with one that is.
    fn run(&self, name: &str, set: &[&str]) -> Result<Files, Outcome> {
        let output = self.folder.join(name);
        let set = set.iter().map(|set| (*set).to_owned()).collect();
        self.guarded("ends", || {
            let scenario = self.folder.join("scenario.toml");
            Run::with(scenario, Overrides { set, ..Overrides::default() })?.write_to(&output)
        })?;
        Ok(files(&output))
    }

    /// A second run writes the same bytes: in this process or, one time in eight, by the program with one thread.
    fn bytes(&self, first: &Files) -> Result<Option<String>, Outcome> {
        let second = if self.draws("program", 8) {
            let output = self.folder.join("two");
            let run = gridfleet(["run", "--quiet", "--audit"]).arg(self.folder.join("scenario.toml"));
            let ended = run.output(&output).threads("1").run();
            if !ended.status.success() {
                return Ok(Some(format!("the program ends otherwise: {ended}")));
            }
            files(&output)
        } else {
            self.run("two", &[])?
        };
        Ok(difference(first, &second))
    }

    /// Fewer tables, written less often, change no figure of the summary.
    fn outputs(&self, first: &Files) -> Result<Option<String>, Outcome> {
        let set = ["outputs.tables=[\"trips\"]", "outputs.stations_every=7", "outputs.fleet_every=5"];
        let second = self.run("few", &set)?;
        let same = first.get("summary.json") == second.get("summary.json");
        Ok((!same).then(|| "the summary depends on the tables that are written".to_owned()))
    }

    /// A market without bids changes no line of the ledger.
    fn passive_market(&self, first: &Files) -> Result<Option<Option<String>>, Outcome> {
        let trades = ["day-ahead", "intraday", "balancing"].iter().any(|market| self.on.contains(market));
        let is_used = self.on.iter().any(|name| {
            // A retailer of a competition settles what it has not bought ahead, wherever there is a market.
            name.starts_with("bids-") || ["competition", "market-tariff"].contains(name)
        });
        if !trades || is_used || !first.contains_key("ledger.parquet") {
            return Ok(None);
        }
        let only = "outputs.tables=[\"ledger\"]";
        let set = ["markets=[]", "imbalance={}", "operation.clairvoyant_bound=false"];
        let set = if self.on.iter().any(|name| name.starts_with("imbalance-")) {
            [set[0], "imbalance={kind=\"penalty\"}", set[2], only]
        } else {
            [set[0], set[2], set[2], only]
        };
        let second = self.run("without-market", &set)?;
        let (with, without) = (table(first, "ledger"), table(&second, "ledger"));
        Ok(Some((with != without).then(|| {
            format!("the ledger changes with a market without bids: {}", first_difference(&with, &without))
        })))
    }

    /// Two worlds that differ in what must not matter are alike; each relation is looked at in a part of the cases, or in
    /// all if it is named alone.
    fn relation(&self, name: &str, world: &World, first: &Files) -> Result<Option<Option<String>>, Outcome> {
        let Some(&(_, relate)) = RELATIONS.iter().find(|(relation, ..)| *relation == name) else {
            return Ok(None);
        };
        let is_due = self.alone || self.draws(name, if self.long { RARE } else { 4 });
        let Some(pair) = is_due.then(|| relate(world, self.on)).flatten() else { return Ok(None) };
        let run = |part: &str, world: &World| {
            let folder = self.folder.join(format!("{name}-{part}"));
            std::fs::create_dir(&folder).expect("a folder");
            world.write(&folder);
            Case { folder, ..*self }.run("out", &[])
        };
        let one = pair.one.as_ref().map(|world| run("one", world)).transpose()?;
        let other = run("other", &pair.other)?;
        Ok(Some(relations::difference(&pair, one.as_ref().unwrap_or(first), &other)))
    }

    /// Trips after an instant change no line of the ledger before it.
    fn future_trips(&self, world: &World, first: &Files) -> Result<Option<Option<String>>, Outcome> {
        const LOOKS_AHEAD: [&str; 16] = [
            "replay",
            "one-trip",
            "no-trips",
            "nash",
            "c-nash",
            "coordinated",
            "bids-day-ahead",
            "bids-intraday",
            "bids-balancing",
            "bids-integrated",
            "bids-learned",
            "aggregator-bilevel",
            "aggregator-perfect",
            "trips-at-one-instant",
            "demand-jitter",
            "demand-level",
        ];
        // Without depots vehicles start where trips begin.
        let starts_at_depots = self.on.contains("depots") && !self.on.contains("start-at-demand");
        if !starts_at_depots || LOOKS_AHEAD.iter().any(|name| self.on.contains(name)) {
            return Ok(None);
        }
        let until = world.start + chrono::Duration::seconds(world.horizon_s / 2);
        let limit = until.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let (_, trips) = world.files.iter().find(|(name, _)| name == "trips.csv").expect("the trips");
        let mut lines = trips.lines();
        let mut kept = vec![lines.next().unwrap_or_default()];
        kept.extend(lines.filter(|line| *line < limit.as_str()));
        if kept.len() < 2 || kept.len() == trips.lines().count() {
            return Ok(None);
        }
        let path = self.folder.join("trips.csv");
        std::fs::write(&path, kept.join("\n") + "\n").expect("the table of trips");
        let second = self.run("past", &["outputs.tables=[\"ledger\"]"]);
        std::fs::write(&path, trips).expect("the table of trips");
        let second = match second {
            // Without the later trips, a depot may be out of reach of all that are left.
            Err(Outcome::Refused(_)) => return Ok(None),
            second => second?,
        };
        let before = |files: &Files| -> Vec<String> {
            let rows = table(files, "ledger");
            rows.into_iter().filter(|row| row.as_str() < limit.as_str()).collect()
        };
        let (all, past) = (before(first), before(&second));
        Ok(Some((all != past).then(|| {
            format!("trips after {limit} change the ledger before it: {}", first_difference(&all, &past))
        })))
    }
}

/// Files of a folder besides the manifest, which may differ.
fn files(folder: &Path) -> Files {
    let entries =
        std::fs::read_dir(folder).expect("the folder of results").map(|entry| entry.expect("an entry"));
    entries
        .filter(|entry| entry.file_name() != "manifest.json")
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(entry.path()).expect("a file of results"))
        })
        .collect()
}

/// First difference between the files of two runs.
fn difference(one: &Files, two: &Files) -> Option<String> {
    if one.keys().ne(two.keys()) {
        return Some("the two runs wrote files of other names".to_owned());
    }
    let (name, _) = one.iter().find(|(name, bytes)| two.get(*name) != Some(bytes))?;
    Some(format!("{name} differs between two runs"))
}

/// Rows of a table as text: the time in UTC first, then all other columns.
fn table(files: &Files, name: &str) -> Vec<String> {
    // A table without rows is not written.
    let Some(bytes) = files.get(&format!("{name}.parquet")) else { return Vec::new() };
    let frame = ParquetReader::new(std::io::Cursor::new(bytes)).finish().expect("a readable table");
    (0..frame.height())
        .map(|row| {
            let cells: Vec<String> = frame
                .columns()
                .iter()
                .map(|column| {
                    let cell = column.get(row).expect("a cell");
                    // A column of one value owns its cells.
                    let time = match &cell {
                        AnyValue::Datetime(at, unit, _) => Some((*at, *unit)),
                        AnyValue::DatetimeOwned(at, unit, _) => Some((*at, *unit)),
                        _ => None,
                    };
                    let Some((at, unit)) = time else { return cell.to_string() };
                    let at = match unit {
                        TimeUnit::Milliseconds => chrono::DateTime::from_timestamp_millis(at),
                        _ => chrono::DateTime::from_timestamp_micros(at),
                    };
                    at.expect("a time").format("%Y-%m-%dT%H:%M:%SZ").to_string()
                })
                .collect();
            cells.join(" | ")
        })
        .collect()
}

fn first_difference(one: &[String], two: &[String]) -> String {
    let at = one.iter().zip(two).position(|(a, b)| a != b).unwrap_or(one.len().min(two.len()));
    let row = |rows: &[String]| rows.get(at).cloned().unwrap_or_else(|| "no row".to_owned());
    format!("row {at}: [{}] and [{}]", row(one), row(two))
}
