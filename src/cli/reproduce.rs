//! `gridfleet reproduce`: recomputes published tables and figures.

use super::progress::{self, StudyProgress};
use super::{interrupts, terminal};
use crate::error::{Error, InputError, Result};
use crate::outputs::Manifest;
use crate::reproduce::{self, Options, Reproduction, TARGETS, Target};
use clap::Args;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

/// Environment variable for the folder of real data.
const DATA_VARIABLE: &str = "GRIDFLEET_DATA";

/// Arguments of `gridfleet reproduce`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    gridfleet reproduce --list\n  \
    gridfleet reproduce erlang-c\n  \
    gridfleet reproduce erlang-c -r 200 --seed 7 -o out/erlang-c-200\n  \
    gridfleet reproduce all --strict\n\n\
    A figure that misses or a finding that fails is reported; only with --strict is it an exit status.")]
pub struct ReproduceArgs {
    /// Target to reproduce, or `all`.
    #[arg(value_name = "TARGET", required_unless_present = "list")]
    pub target: Option<String>,
    /// List the targets with their sources.
    #[arg(long, conflicts_with_all = ["target", "output", "seed", "replications", "threads", "strict", "quiet", "json", "data"])]
    pub list: bool,
    /// Folder of results, for `all` with a folder for each target; replaced if it contains earlier ones, anything else
    /// only with --force. Default: `out/reproduce/` and the name of the target.
    #[arg(short, long, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// Folder with files of real data, for targets that can use them: `nordpool/`, `tlc/`, `srl/` and `epex/` in it.
    /// Where its files are missing, a target runs on synthetic data and reports this. Default: the environment variable
    /// GRIDFLEET_DATA, or else `datasets`.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Seed of random numbers. Default: 1.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Replications or random instances, instead of the target's own number; at least 2, since one has no interval.
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pub replications: Option<u32>,
    /// Threads; by default as many as there are cores. Results do not depend on it.
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub threads: Option<u16>,
    /// Exit with status 1 unless all checks hold.
    #[arg(long)]
    pub strict: bool,
    /// Replace any results of gridfleet in the folder, and any unfinished work for it.
    #[arg(long)]
    pub force: bool,
    /// Print errors only.
    #[arg(short, long)]
    pub quiet: bool,
    /// Print only the contents of summary.json on stdout; for `all` one after the other.
    #[arg(long)]
    pub json: bool,
}

/// Runs `gridfleet reproduce`.
///
/// # Errors
/// If there is no such target, results cannot be written, the user interrupts, or, with `--strict`, a check does not
/// hold.
pub fn run(args: &ReproduceArgs) -> Result<()> {
    if args.list {
        return terminal::print(&list(TARGETS));
    }
    let name = args.target.as_deref().unwrap_or("all");
    let targets: Vec<&'static Target> = match name {
        "all" => TARGETS.iter().collect(),
        name => vec![reproduce::find(name)?],
    };
    if let [target] = targets.as_slice()
        && name != "all"
        && target.replications.is_none()
        && (args.seed.is_some() || args.replications.is_some())
    {
        return Err(InputError::new("--seed or --replications", "neither: nothing in it is random")
            .key(target.name)
            .into());
    }
    let data = data(args.data.as_deref(), std::env::var_os(DATA_VARIABLE))?;
    let stop = interrupts::listen()?;
    let mut done = Vec::new();
    for target in targets {
        let output = match (&args.output, name) {
            (Some(folder), "all") => folder.join(target.name),
            (Some(folder), _) => folder.clone(),
            (None, _) => PathBuf::from("out/reproduce").join(target.name),
        };
        done.push(one(target, args, output, &data, stop)?);
        interrupts::keep(format!("{} of the targets are complete", done.len()));
    }
    if name == "all" && !args.quiet && !args.json {
        let lines: Vec<String> = done.iter().map(|reproduction| reproduction.one_line() + "\n").collect();
        terminal::print(&format!("\nAll targets:\n{}", lines.concat()))?;
    }
    match done.iter().map(Reproduction::missed).sum() {
        0 => Ok(()),
        missed if args.strict => {
            Err(Error::Other(format!("{missed} of the figures and findings are not shown to hold")))
        }
        _ => Ok(()),
    }
}

/// Folder of real data. One that was requested must exist.
fn data(asked: Option<&Path>, variable: Option<OsString>) -> Result<PathBuf> {
    let variable = variable.filter(|value| !value.is_empty()).map(PathBuf::from);
    let (folder, key) = match (asked, variable) {
        (Some(folder), _) => (folder.to_owned(), "--data"),
        (None, Some(folder)) => (folder, DATA_VARIABLE),
        (None, None) => return Ok(PathBuf::from("datasets")),
    };
    if folder.is_dir() {
        return Ok(folder);
    }
    let expected = "a folder with files of real data (`nordpool/`, `tlc/`, `srl/`, `epex/`)";
    Err(InputError::new(format!("no folder `{}`", folder.display()), expected)
        .key(key)
        .help(
            "name another, or none: targets then look into `datasets` and make data up where there are none",
        )
        .into())
}

/// Runs one target and prints its result.
fn one(
    target: &'static Target,
    args: &ReproduceArgs,
    output: PathBuf,
    data: &Path,
    stop: &AtomicBool,
) -> Result<Reproduction> {
    let clock = progress::Clock::start();
    let draws = target.draws(args.seed, args.replications);
    if !args.quiet {
        let drawn = draws.map_or(String::new(), |draws| {
            format!(" {} replications, seed {},", draws.replications, draws.seed)
        });
        terminal::message(&format!("{}:{drawn} results in {}\n", target.name, output.display()));
    }
    let progress = StudyProgress::new(!args.quiet && terminal::moves());
    let mut manifest = Manifest::new(std::env::args().collect());
    manifest.started = clock.started();
    let options = Options {
        output: &output,
        draws,
        data,
        force: args.force,
        threads: args
            .threads
            .map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from),
        progress: &progress,
        stop,
        manifest,
        elapsed_s: &|| clock.elapsed_s(),
    };
    let reproduction = reproduce::run(target, options);
    drop(progress);
    let reproduction = reproduction?;
    if args.json {
        terminal::print(&reproduction.to_json()?)?;
    } else if !args.quiet {
        terminal::print(&reproduction.table(terminal::draws()))?;
    }
    Ok(reproduction)
}

/// Names, titles and sources of targets.
fn list(targets: &[Target]) -> String {
    let width = targets.iter().map(|target| target.name.len()).max().unwrap_or(0);
    let entry = |target: &Target| {
        let random = target.replications.map_or(String::new(), |n| format!(" ({n} replications)"));
        format!("{:width$}  {}{random}\n{:width$}  {}\n", target.name, target.title, "", target.source)
    };
    targets.iter().map(entry).collect()
}
