//! The weeks of the case: synthetic trips of the Stuttgart week, drawn by days; prices of German secondary reserve and
//! of the day-ahead auction of 2017 if their files are present, synthetic ones otherwise.

use crate::datasets::prices::srl::{self, HighDays};
use crate::datasets::prices::srl_files::{self, Direction};
use crate::datasets::prices::text::Text;
use crate::datasets::prices::{GapRule, dayahead, slots::Rows, write};
use crate::error::{Error, Result};
use crate::reproduce::{Context, Data};
use crate::scenario::Overrides;
use crate::training::Course;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The scenario, relative to the working directory.
pub(super) const SCENARIO: &str = "scenarios/stuttgart-rl.toml";
/// Files of real prices, in the folder of data.
const TENDERS: &str = "srl/tender_results_2017.csv";
const ACTIVATION: &str = "srl/activated_balancing_2017.csv";
const DAY_AHEAD: &str = "epex/DE_dayahead_hourly_2012_2017_epftoolbox.csv";

/// The Monday from which weeks of 2017 are counted; the year has 52 complete ones.
const FIRST: &str = "2017-01-02";
const YEAR: u32 = 52;
/// Weeks of July to mid November: settings of earlier versions were compared on them, so they no longer show how good a
/// setting is. They serve for training.
const SPENT: std::ops::RangeInclusive<u32> = 27..=46;
/// One of about every two months, for validation.
const VALIDATION: [u32; 6] = [5, 13, 21, 30, 38, 46];
/// Positions of held-out weeks in each eight of the other weeks: 20 weeks of winter, spring, early summer and late
/// autumn.
const HELD_OUT: [u32; 5] = [1, 3, 4, 6, 7];
/// Least number of replications of each week, so that hardly any week is trained on twice.
const REPLICATIONS: u32 = 16;

/// Numbers of the weeks for training, for validation and held out.
fn sets() -> [Vec<u32>; 3] {
    let held_out = |week: &u32| !SPENT.contains(week) && HELD_OUT.contains(&(week % 8));
    let (held_out, others): (Vec<u32>, Vec<u32>) = (1..=YEAR).partition(held_out);
    let (validation, training) = others.into_iter().partition(|week| VALIDATION.contains(week));
    [training, validation, held_out]
}

/// The course with at least this number of held-out weeks, a sentence on its prices, and the folder that contains them.
/// `None` if the scenario file does not exist.
pub fn course(context: &Context<'_>, weeks: u32) -> Result<Option<(Course, String, TempDir)>> {
    if !Path::new(SCENARIO).is_file() {
        return Ok(None);
    }
    let folder = tempfile::tempdir().map_err(|e| Error::writing(std::env::temp_dir(), e))?;
    let files = [TENDERS, ACTIVATION, DAY_AHEAD];
    let has_files = files.iter().all(|name| context.data.join(name).is_file());
    let mut set = Vec::new();
    let (held_out, replications, note) = match has_files {
        true => {
            context.runs_on(Data::Files(files.map(str::to_owned).to_vec()));
            let [balancing, intraday] = real(context.data, folder.path())?;
            set.push(format!("time.start=\"{FIRST}\""));
            set.push(format!("markets.secondary-reserve.file={}", toml_text(&balancing)));
            set.push(format!("markets.intraday.file={}", toml_text(&intraday)));
            let sets = sets();
            for (key, weeks) in ["weeks", "validation_weeks", "held_out_weeks"].iter().zip(&sets) {
                set.push(format!("training.{key}={weeks:?}"));
            }
            let note = format!(
                "Prices are of 2017: German secondary reserve by tenders and activation; for intraday trades, which are not at \
                 hand, hours of the day-ahead auction. Of the {YEAR} weeks from {FIRST}, {} are trained on, {} choose the state of \
                 the agent ({:?}), and {} are held out ({:?}): of those outside July to mid November, on which earlier \
                 settings had been compared, five in eight. Settings were chosen before any of them was played.",
                sets[0].len(),
                sets[1].len(),
                sets[1],
                sets[2].len(),
                sets[2],
            );
            (sets[2].len() as u32, REPLICATIONS, note)
        }
        false => {
            context.runs_on(Data::MadeUp);
            let note = format!(
                "Prices are MADE UP, because {TENDERS}, {ACTIVATION} and {DAY_AHEAD} are not in {}: the weeks are those of \
                 {SCENARIO}.",
                context.data.display()
            );
            (2, 10, note)
        }
    };
    set.push(format!("training.replications={}", replications.max(weeks.div_ceil(held_out))));
    let overrides = Overrides { set, seed: Some(context.draws.seed), policies: Vec::new() };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_week_is_in_two_sets_and_no_spent_one_is_held_out() {
        let [training, validation, held_out] = sets();
        assert_eq!((training.len(), validation.len(), held_out.len()), (26, 6, 20));
        let mut all = [training, validation, held_out.clone()].concat();
        all.sort_unstable();
        assert_eq!(all, (1..=YEAR).collect::<Vec<_>>());
        assert!(held_out.iter().all(|week| !SPENT.contains(week)));
        // Winter, spring, early summer, late autumn.
        for months in [1..=9, 10..=17, 18..=26, 47..=52] {
            assert!(held_out.iter().filter(|week| months.contains(*week)).count() >= 4, "{months:?}");
        }
    }
}
