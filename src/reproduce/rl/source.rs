//! The weeks of the case: made-up trips of the Stuttgart week, drawn by days; prices of German secondary reserve and of the
//! day-ahead auction of 2017 where their files are, made-up ones otherwise.

use crate::datasets::prices::srl::{self, HighDays};
use crate::datasets::prices::srl_files::{self, Direction};
use crate::datasets::prices::text::Text;
use crate::datasets::prices::{GapRule, dayahead, slots::Rows, write};
use crate::error::{Error, Result};
use crate::scenario::Overrides;
use crate::training::Course;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The scenario, from the working directory.
pub(super) const SCENARIO: &str = "scenarios/stuttgart-rl.toml";
/// Folders that are looked into, from the working directory.
const FOLDERS: [&str; 2] = ["datasets", "../shared/data"];
const TENDERS: &str = "srl/tender_results_2017.csv";
const ACTIVATION: &str = "srl/activated_balancing_2017.csv";
const DAY_AHEAD: &str = "epex/DE_dayahead_hourly_2012_2017_epftoolbox.csv";

/// Of 2017, the first half to train on and the second held out; replications of training weeks.
const FIRST: &str = "2017-01-02";
const HALF: u32 = 26;
const REPLICATIONS: u32 = 4;

/// The course with so many held-out weeks at least, a sentence on its prices, and the folder in which they stand.
/// Nothing where the scenario is not.
pub fn course(seed: u64, weeks: u32) -> Result<Option<(Course, String, TempDir)>> {
    if !Path::new(SCENARIO).is_file() {
        return Ok(None);
    }
    let folder = tempfile::tempdir().map_err(|e| Error::writing(std::env::temp_dir(), e))?;
    let there =
        |folder: &&Path| [TENDERS, ACTIVATION, DAY_AHEAD].iter().all(|name| folder.join(name).is_file());
    let mut set = Vec::new();
    let (held_out, replications, note) = match FOLDERS.iter().map(Path::new).find(there) {
        Some(found) => {
            let [balancing, intraday] = real(found, folder.path())?;
            set.push(format!("time.start=\"{FIRST}\""));
            set.push(format!("markets.secondary-reserve.file={}", toml_text(&balancing)));
            set.push(format!("markets.intraday.file={}", toml_text(&intraday)));
            set.push(format!("training.weeks={HALF}"));
            set.push(format!("training.held_out_weeks={HALF}"));
            let note = "Prices are of 2017: German secondary reserve by tenders and activation; for intraday trades, which are \
                        not at hand, hours of the day-ahead auction. January to June is trained on, July to December held out.";
            (HALF, REPLICATIONS, note.to_owned())
        }
        None => {
            let note = format!(
                "Prices are MADE UP, because {TENDERS}, {ACTIVATION} and {DAY_AHEAD} are not in {}: four weeks are trained \
                 on, the three after them held out.",
                FOLDERS.join(" nor in ")
            );
            (3, 8, note)
        }
    };
    set.push(format!("training.replications={}", replications.max(weeks.div_ceil(held_out))));
    let overrides = Overrides { set, seed: Some(seed), policies: Vec::new() };
    let course = Course::load(Path::new(SCENARIO), &overrides)?;
    Ok(Some((course, note, folder)))
}

/// Imports both series of a year: files of secondary reserve and of the day-ahead auction.
fn real(from: &Path, to: &Path) -> Result<[PathBuf; 2]> {
    let text = |name: &str| Text::read(&from.join(name));
    let balancing = srl::read(&[text(TENDERS)?], &[text(ACTIVATION)?], Direction::Neg, HighDays::All)?;
    let berlin = chrono_tz::Europe::Berlin;
    let options =
        dayahead::Options { column: Some("Price"), timezone: Some(berlin), ..dayahead::Options::default() };
    let intraday = dayahead::read(&text(DAY_AHEAD)?, options)?;
    let import = |rows: Rows, tz, name: &str| -> Result<PathBuf> {
        let (table, report) = rows.regular(GapRule::Fail, tz)?;
        let path = to.join(name);
        write::write(&table, &report, &path)?;
        Ok(path)
    };
    Ok([
        import(balancing, srl_files::CLOCK, "balancing.parquet")?,
        import(intraday, berlin, "intraday.parquet")?,
    ])
}

/// A path as a TOML string.
fn toml_text(path: &Path) -> String {
    toml::Value::String(path.display().to_string()).to_string()
}
