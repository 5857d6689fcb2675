//! `[trips]` and `[travel]`: from keys to a source of trips and a travel model.

use super::horizon::{date, timezone};
use crate::document::Problems;
use crate::document::suggest;
use crate::spec::{ModeSpec, ScenarioFile, TravelSpec};
use chrono::{Datelike, Weekday};
use gridfleet_data::{TripFormat, TripSource};
use gridfleet_sim::world::Travel;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The source of trips; its files are added to `inputs`.
pub fn source(spec: &ScenarioFile, inputs: &mut Vec<PathBuf>, problems: &mut Problems<'_>) -> TripSource {
    let trips = &spec.trips;
    let mut files = Vec::with_capacity(trips.files.len());
    let mut seen = BTreeSet::new();
    for (i, file) in trips.files.iter().enumerate() {
        let key = format!("trips.files[{i}]");
        if !seen.insert(file) {
            problems.add(&key, format!("{} for the second time", file.display()), "each file once");
        }
        files.extend(problems.file(&key, file));
    }
    inputs.extend(files.iter().cloned());
    let mut source = TripSource::new(trips.format, files);
    if let Some(zones) = &trips.zones
        && let Some(path) = problems.file("trips.zones", zones)
    {
        inputs.push(path.clone());
        let dbf = path.with_extension("dbf");
        if path.extension().is_some_and(|e| e == "shp") && dbf.is_file() {
            inputs.push(dbf);
        }
        source.zones = Some(path);
    }
    source.timezone = match &trips.timezone {
        Some(name) => timezone("trips.timezone", name, problems),
        None => spec.time.timezone.parse().ok(),
    }
    .unwrap_or(chrono_tz::UTC);
    source.on_bad_row = trips.on_bad_row;
    source.map.clone_from(&trips.map);
    source.scale = trips.scale;
    source.jitter_s = trips.jitter_s;
    source.fleet_column.clone_from(&trips.fleet_column);
    source.fold_week = trips.fold_week.as_ref().and_then(|text| date("trips.fold_week", text, problems));
    if let Some(day) = source.fold_week.filter(|day| day.weekday() != Weekday::Mon) {
        problems.add("trips.fold_week", format!("{day}, a {}", day.format("%A")), "a Monday").help(format!(
            "the Monday before is {}",
            day - chrono::Days::new(u64::from(day.weekday().num_days_from_monday()))
        ));
    }
    if !trips.map.is_empty() && trips.format != TripFormat::Trips {
        problems
            .add("trips.map", "a column map", "none: only format \"trips\" takes one")
            .help("remove it or set format = \"trips\"");
    }
    if spec.operation.mode == ModeSpec::Replay && trips.format == TripFormat::Tlc {
        problems
            .add(
                "operation.mode",
                "\"replay\" with trips that name no vehicles (format \"tlc\")",
                "\"dispatch\"",
            )
            .help("replay takes Car2Go snapshots, or trips with a `vehicle` column");
    }
    if spec.operation.mode == ModeSpec::Replay && trips.scale > 1.0 {
        problems
            .add(
                "trips.scale",
                format!("{:?}", trips.scale),
                "at most 1 in replay: a vehicle makes each trip once",
            )
            .help("use mode = \"dispatch\" to scale the demand up");
    }
    if spec.operation.mode == ModeSpec::Replay && trips.files.is_empty() {
        problems.add(
            "operation.mode",
            "\"replay\" without trips",
            "\"dispatch\", or a table [trips] with `files`",
        );
    }
    fleet_split(spec, problems);
    source
}

fn fleet_split(spec: &ScenarioFile, problems: &mut Problems<'_>) {
    let trips = &spec.trips;
    let fleets = || spec.fleets.iter().map(|f| f.name.as_str());
    if !trips.fleet_shares.is_empty() {
        if trips.fleet_column.is_some() {
            problems.add("trips.fleet_shares", "both `fleet_column` and `fleet_shares`", "one of them");
        }
        if spec.operation.mode == ModeSpec::Replay {
            problems.add("trips.fleet_shares", "shares in replay", "none: a trip is its vehicle's");
        }
        let mut bad = false;
        for (name, share) in &trips.fleet_shares {
            let key = format!("trips.fleet_shares.{name}");
            if !fleets().any(|fleet| fleet == name) {
                problems
                    .add(&key, format!("\"{name}\""), "the name of one of the [[fleets]]")
                    .perhaps(suggest::help(name, fleets().collect::<Vec<_>>()));
                bad = true;
            }
            if !(0.0..=1.0).contains(share) {
                problems.add(&key, format!("{share:?}"), "a share from 0 to 1");
                bad = true;
            }
        }
        let sum: f64 = trips.fleet_shares.values().sum();
        // Thirds written with three digits are close enough.
        if !bad && (sum - 1.0).abs() > 2e-3 {
            problems.add("trips.fleet_shares", format!("shares that sum to {sum}"), "shares that sum to 1");
        }
    }
    for (from, to) in &trips.fleet_names {
        if !fleets().any(|fleet| fleet == to) {
            problems
                .add(
                    &format!("trips.fleet_names.{from}"),
                    format!("\"{to}\""),
                    "the name of one of the [[fleets]]",
                )
                .perhaps(suggest::help(to, fleets().collect::<Vec<_>>()));
        }
    }
}

/// The travel model, without a matrix learned from trips.
pub fn travel(spec: &TravelSpec, problems: &mut Problems<'_>) -> Travel {
    let given = [
        ("travel.speed_kmh", spec.speed_kmh.is_some()),
        ("travel.speed_by_hour_kmh", spec.speed_by_hour_kmh.is_some()),
        ("travel.speed_by_hour_of_week_kmh", spec.speed_by_hour_of_week_kmh.is_some()),
    ];
    let mut given = given.iter().filter(|(_, given)| *given).map(|(key, _)| *key);
    if let (Some(first), Some(second)) = (given.next(), given.next()) {
        problems.add(second, format!("both `{first}` and `{second}`"), "one of them");
    }
    let speed_kmh: Vec<f64> = if let Some(week) = &spec.speed_by_hour_of_week_kmh {
        week.clone()
    } else if let Some(day) = &spec.speed_by_hour_kmh {
        day.iter().copied().cycle().take(168).collect()
    } else {
        vec![spec.speed_kmh.unwrap_or(TravelSpec::DEFAULT_SPEED_KMH); 168]
    };
    Travel { circuity: spec.circuity, speed_kmh: speed_kmh.into(), matrix: None }
}
