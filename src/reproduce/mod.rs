//! Published tables and figures, recomputed: `gridfleet reproduce`.
//!
//! A [`Target`] names what is reproduced and computes an [`Outcome`]: figures with published values and tolerances,
//! findings that must hold, tables, pictures. The frame adds differences, verdicts, the table on the terminal, Parquet,
//! `summary.json` and pictures, all in one folder, complete or absent.
//!
//! A figure outside its tolerance or a finding that fails is a result, not an error; a mistake of the program is an
//! error.
//!
//! # Adding a target
//!
//! A target is a file here with a [`Target`] (name, title, source, replications if something is random, `run`) and a
//! line in [`TARGETS`]. `run` gets a [`Context`] (streams by replication, parallel work with progress and Ctrl-C) and
//! returns an [`Outcome`]; it writes and prints nothing.
//!
//! Each number is a [`Figure`]: its case is the row of the published table, its name the column, with the published
//! value and the rule for the tolerance. With an interval it holds only if all of it is near enough, fails only if none
//! of it is, and is undecided otherwise, so too few replications never look like a success. A requirement without a
//! published number is a figure with [`Rule::Between`], or a [`Finding`]; over random instances,
//! [`Finding::mostly`] and [`Finding::always`] state how often it holds. A statement that follows from the model
//! ([`Finding::follows`]) tests the program, not the source, and is not counted as a success. Where the instance is not published, [`Rule::Shown`] shows the
//! numbers side by side and a note gives the reason.
//!
//! Test the mathematics where it is implemented, and the target by its verdicts.

pub mod bilevel;
pub mod c_nash;
pub mod context;
pub mod cooperative;
pub mod erlang_c;
pub mod lone_station;
pub mod outcome;
pub mod results;
pub mod rl;
pub mod stackelberg;
pub mod tables;

pub use context::{Context, Data};
pub use outcome::{Figure, Finding, Outcome, Rule, Table, Values, Verdict};
pub use results::Reproduction;

use crate::error::{Error, InputError, Result};
use crate::outputs::{Kind, Manifest, Replace, RunDir};
use crate::scenario::suggest;
use crate::studies::Progress;
use serde::Serialize;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// All targets, in the order in which they are listed and run.
pub static TARGETS: &[Target] = &[
    erlang_c::TARGET,
    cooperative::TABLE_1,
    cooperative::TABLE_2,
    cooperative::TABLE_3,
    cooperative::CORE_3,
    cooperative::CORE_4,
    cooperative::FIG_6,
    c_nash::fig2::TARGET,
    c_nash::fig3::TARGET,
    c_nash::fig4::TARGET,
    c_nash::fig5::TARGET,
    c_nash::formation::TARGET,
    stackelberg::TABLE_3,
    stackelberg::TABLE_4,
    stackelberg::FIG_7,
    stackelberg::FIG_8,
    stackelberg::FIG_9,
    stackelberg::FIG_10,
    stackelberg::FIG_11,
    stackelberg::FIG_12,
    bilevel::table1::TARGET,
    bilevel::prices::FIG3,
    bilevel::prices::FIG4,
    bilevel::prices::FIG5,
    bilevel::prices::FIG6,
    bilevel::profits::FIG7,
    bilevel::profits::FIG8,
    bilevel::profits::FIG9,
    bilevel::trade::FIG10,
    bilevel::trade::FIG11,
    bilevel::trade::FIG12,
    bilevel::owners::FIG13,
    bilevel::owners::FIG14,
    rl::results::TARGET,
    rl::accuracy::TARGET,
    rl::curves::TARGET,
];

/// Default seed.
pub const SEED: u64 = 1;

/// Name of the file with all results of a target.
pub const SUMMARY: &str = "summary.json";

/// A published table or figure, or a part of one.
#[derive(Debug)]
pub struct Target {
    /// Name on the command line, for example `erlang-c`.
    pub name: &'static str,
    /// Title in a few words.
    pub title: &'static str,
    /// Publication.
    pub source: &'static str,
    /// Default number of replications (or random instances); `None` if nothing is random.
    pub replications: Option<u32>,
    /// Computes the outcome. Equal draws give equal outcomes, on any number of threads.
    pub run: fn(&Context<'_>) -> Result<Outcome>,
}

/// Parameters of the random draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Draws {
    /// Seed of all streams.
    pub seed: u64,
    /// Replications or instances.
    pub replications: u32,
}

impl Target {
    /// Draws as requested by the user, or the target's defaults; `None` if nothing is random.
    pub fn draws(&self, seed: Option<u64>, replications: Option<u32>) -> Option<Draws> {
        let usual = self.replications?;
        Some(Draws { seed: seed.unwrap_or(SEED), replications: replications.unwrap_or(usual) })
    }
}

/// The target of this name.
///
/// # Errors
/// [`Error::Input`] if there is no such target.
pub fn find(name: &str) -> Result<&'static Target> {
    TARGETS.iter().find(|target| target.name == name).ok_or_else(|| {
        let all = TARGETS.iter().map(|target| target.name).chain(["all"]);
        let help = suggest::help(name, all).map_or(String::new(), |help| format!("{help}; "));
        InputError::new(format!("`{name}`"), "the name of a target, or `all`")
            .key("TARGET")
            .help(format!("{help}`gridfleet reproduce --list` describes them"))
            .into()
    })
}

/// Options of a run.
pub struct Options<'a> {
    /// Folder of results.
    pub output: &'a Path,
    /// Draws: [`Target::draws`].
    pub draws: Option<Draws>,
    /// Folder with files of real data; targets whose files are missing use synthetic data.
    pub data: &'a Path,
    /// Number of threads.
    pub threads: usize,
    /// Receiver of progress.
    pub progress: &'a dyn Progress,
    /// Whether to replace the content of the folder, whatever results it contains.
    pub force: bool,
    /// Set to stop.
    pub stop: &'a AtomicBool,
    /// Manifest entries of this run: command, start.
    pub manifest: Manifest,
    /// Wall time since the start [s], for the manifest.
    pub elapsed_s: &'a (dyn Fn() -> f64 + Sync),
}

/// Computes a target and writes its folder.
///
/// # Errors
/// [`Error::Input`] if the folder cannot be written or there are no replications; [`Error::Interrupted`]; any error of
/// the target.
pub fn run(target: &'static Target, options: Options<'_>) -> Result<Reproduction> {
    let draws = options.draws.unwrap_or(Draws { seed: SEED, replications: 1 });
    if draws.replications == 0 {
        return Err(InputError::new("no replications", "at least one").key(target.name).into());
    }
    // The folder is checked before the work, not after it.
    let dir = RunDir::create(options.output, Kind::Reproduction, Replace::of(false, options.force))?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .build()
        .map_err(|e| Error::Other(format!("cannot start {} threads: {e}", options.threads)))?;
    let context = Context::new(draws, options.data, options.progress, options.stop);
    let outcome = pool.install(|| (target.run)(&context))?;
    context.check()?;
    let data = context.ran_on.get().cloned().unwrap_or_default();
    let reproduction = Reproduction { target, draws: options.draws, data, outcome };
    reproduction.write(dir.path())?;
    let mut manifest = options.manifest;
    manifest.kind = Kind::Reproduction;
    manifest.threads = options.threads;
    manifest.wall_time_s = (options.elapsed_s)();
    manifest.write(dir.path())?;
    context.check()?;
    dir.finish()?;
    Ok(reproduction)
}

impl Reproduction {
    /// Writes tables, pictures and summary.
    fn write(&self, dir: &Path) -> Result<()> {
        let files = self.files();
        if let Some(twice) =
            files.iter().enumerate().find_map(|(i, file)| files[..i].contains(file).then_some(file))
        {
            return Err(Error::Other(format!("{}: two files would be called {twice}", self.target.name)));
        }
        tables::write(dir, self)?;
        for (name, picture) in &self.outcome.pictures {
            picture.write(dir.join(format!("{name}.svg")))?;
            picture.write(dir.join(format!("{name}.png")))?;
        }
        let path = dir.join(SUMMARY);
        std::fs::write(&path, self.to_json()?).map_err(|e| Error::writing(&path, e))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn targets_have_names_of_their_own_that_can_be_folders() {
        let names: BTreeSet<&str> = TARGETS.iter().map(|target| target.name).collect();
        assert_eq!(names.len(), TARGETS.len());
        for target in TARGETS {
            let simple = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(target.name.chars().all(simple) && target.name != "all", "{}", target.name);
            assert!(!target.title.is_empty() && !target.source.is_empty(), "{}", target.name);
            assert_ne!(target.replications, Some(0), "{}", target.name);
            assert_eq!(find(target.name).unwrap().name, target.name);
        }
    }
}
