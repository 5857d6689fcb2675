//! Loads the trace of a source given by a scenario or a command: reads all files, merges them by time, folds
//! and samples.

use super::builder::{TraceBuilder, reasons, sort};
use super::sample::Drawn;
use super::source::{TripFormat, TripSource};
use super::table::TableFile;
use super::trace::Trace;
use super::zones::Zones;
use super::{fold, sample, tlc, trips};
use chrono_tz::Tz;
use gridfleet_core::error::{InputError, Result};
use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_core::time::SimTime;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Reads the trips of `source`, folded and sampled.
///
/// # Errors
/// If a file cannot be read or used, or no trip remains.
pub fn load(source: &TripSource, streams: &Streams) -> Result<Trace> {
    load_with(source, streams, |_| {})
}

/// Like [`load`]; `started` is called with each file as its reading begins.
///
/// # Errors
/// As [`load`].
pub fn load_with(source: &TripSource, streams: &Streams, started: impl FnMut(&Path)) -> Result<Trace> {
    let mut trace = read_with(source, started)?;
    let mut rng = streams.stream(Purpose::Demand, 0);
    sample::sample(&mut trace, source.scale, source.jitter_s, folded_week(source), &mut rng)?;
    Ok(trace)
}

/// Trips of `trace`, as [`read`] returns it, in one replication, with their times; `None` if all of them are
/// used unchanged.
///
/// # Errors
/// If `source.scale` or `source.jitter_s` is invalid, or the scale gives too many trips.
pub fn draw(trace: &Trace, source: &TripSource, streams: &Streams) -> Result<Option<Drawn>> {
    let mut rng = streams.stream(Purpose::Demand, 0);
    sample::draw(trace, source.scale, source.jitter_s, folded_week(source), &mut rng)
}

/// Week into which the source folds its trips: first instant, and first one after it.
pub fn folded_week(source: &TripSource) -> Option<(SimTime, SimTime)> {
    source.fold_week.map(|date| fold::week(date, local_zone(source)))
}

/// Reads the trips of `source`, folded but not sampled: the same for all replications.
///
/// # Errors
/// As [`load`].
pub fn read(source: &TripSource) -> Result<Trace> {
    read_with(source, |_| {})
}

fn read_with(source: &TripSource, mut started: impl FnMut(&Path)) -> Result<Trace> {
    if source.files.is_empty() {
        // No files: no requests.
        return Ok(TraceBuilder::new(source.on_bad_row).finish());
    }
    refuse_doubles(&source.files)?;
    let mut trace = match source.format {
        TripFormat::Car2go => car2go(source)?,
        TripFormat::Trips | TripFormat::Tlc => {
            let zones = source.zones.as_ref().map(Zones::read).transpose()?;
            let mut builder = TraceBuilder::new(source.on_bad_row);
            if let Some(zones) = &zones {
                builder.add_zones(zones);
            }
            for path in &source.files {
                started(path);
                let file = TableFile::open_with(path, &source.reading)?;
                match source.format {
                    TripFormat::Tlc => tlc::read(&file, source, &mut builder)?,
                    TripFormat::Trips | TripFormat::Car2go => trips::read(&file, source, &mut builder)?,
                }
            }
            builder.finish()
        }
    };
    if trace.is_empty() {
        let found = match reasons(&trace.report) {
            reasons if reasons.is_empty() => "no trip".to_string(),
            reasons => format!("no trip that can be used (skipped: {reasons})"),
        };
        let problem = InputError::new(found, "at least one trip").file(&source.files[0]);
        let first = trace.report.warnings.first().or_else(|| trace.report.examples.values().next());
        return Err(match first {
            Some(help) => problem.help(help.clone()).into(),
            None => problem.into(),
        });
    }
    if let Some(date) = source.fold_week {
        fold::fold(&mut trace, date, local_zone(source))?;
        sort(&mut trace);
    }
    Ok(trace)
}

/// Rejects a file listed twice: it would double its trips, which is the purpose of `scale`.
fn refuse_doubles(files: &[PathBuf]) -> Result<()> {
    let mut seen = BTreeSet::new();
    for file in files {
        // A missing file is reported when it is read.
        if let Ok(path) = file.canonicalize()
            && !seen.insert(path)
        {
            return Err(InputError::new("the same file again", "each file once")
                .file(file)
                .key("files")
                .into());
        }
    }
    Ok(())
}

/// Time zone of the source's wall clock: New York for taxi records, whatever is configured for other formats.
pub fn local_zone(source: &TripSource) -> Tz {
    match source.format {
        TripFormat::Tlc => tlc::NEW_YORK,
        TripFormat::Trips | TripFormat::Car2go => source.timezone,
    }
}

/// Car2Go snapshots, which yield trips only when read together.
fn car2go(source: &TripSource) -> Result<Trace> {
    super::car2go::read(&source.files, source.timezone, source.on_bad_row)
}
