//! Description of the trips of a file: span, distributions, and the counts of an import.

use super::super::builder::TraceBuilder;
use super::super::presets::Preset;
use super::super::source::{OnBadRow, TripFormat, TripSource};
use super::super::table::TableFile;
use super::super::trace::{ImportReport, Trace};
use super::super::write::{REPORT_KEY, ZONES_KEY};
use super::super::zones::Zones;
use super::super::{load, tlc, trips};
use super::quantiles::Quantiles;
use super::report::{AsText, text_table};
use super::waits::{Waits, waits};
use chrono_tz::Tz;
use gridfleet_core::error::Result;
use gridfleet_core::ids::PlaceId;
use gridfleet_core::time::LocalClock;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

/// Trips of a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TripSummary {
    /// Rows that an import reads, skips and repairs, and properties that it derives.
    pub import: ImportReport,
    /// First request, UTC.
    pub first: String,
    /// Last request, UTC.
    pub last: String,
    /// Time zone of the hours and weekdays below.
    pub timezone: String,
    /// Trips by local hour of the day.
    pub by_hour: [u64; 24],
    /// Trips by local weekday, Monday first.
    pub by_weekday: [u64; 7],
    /// Duration [s].
    pub duration_s: Option<Quantiles>,
    /// Distance [km].
    pub distance_km: Option<Quantiles>,
    /// Fare.
    pub fare: Option<Quantiles>,
    /// Waits that the file records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits: Option<Waits>,
    /// Number of zones, or of points if there are no zones.
    pub places: usize,
    /// Most frequent origin zones, with their number of trips.
    pub top_origins: Vec<(String, u64)>,
    /// Most frequent destination zones, with their number of trips.
    pub top_destinations: Vec<(String, u64)>,
    /// Number of fleets named.
    pub fleets: Vec<String>,
    /// Number of vehicles to which trips are bound.
    pub vehicles: usize,
    /// Counts of the import that made the file, for files written by gridfleet.
    pub made_by: Option<serde_json::Value>,
}

pub(super) fn summarise_trips(
    file: &TableFile,
    format: TripFormat,
    zones: Option<&Path>,
    timezone: Tz,
) -> Result<TripSummary> {
    let mut source = TripSource::new(format, vec![file.path().to_path_buf()]);
    source.timezone = timezone;
    let mut builder = TraceBuilder::new(OnBadRow::Skip);
    if let Some(zones) = zones {
        builder.add_zones(&Zones::read(zones)?);
    } else if format == TripFormat::Tlc || file.find(&["origin_zone"]).is_some() {
        // The positions of zones do not affect the description.
        builder.add_zones(&placeholders(file, format)?);
        builder.derive("places of the zones", "not known: give --zones");
    }
    match format {
        TripFormat::Tlc => tlc::read(file, &source, &mut builder)?,
        TripFormat::Trips | TripFormat::Car2go => trips::read(file, &source, &mut builder)?,
    }
    let trace = builder.finish();
    let tz = load::local_zone(&source);
    let first = trace.request_time.first().copied().unwrap_or_default();
    let last = trace.request_time.last().copied().unwrap_or_default();
    let clock = LocalClock::new(tz, first, last);
    let mut by_hour = [0; 24];
    let mut by_weekday = [0; 7];
    for &t in &trace.request_time {
        let hour = clock.hour_of_week(t);
        by_hour[hour % 24] += 1;
        by_weekday[hour / 24 % 7] += 1;
    }
    Ok(TripSummary {
        first: if trace.is_empty() { String::new() } else { first.iso() },
        last: if trace.is_empty() { String::new() } else { last.iso() },
        timezone: tz.name().to_string(),
        by_hour,
        by_weekday,
        duration_s: Quantiles::of(&trace.duration_s),
        distance_km: Quantiles::of(&trace.distance_km),
        fare: Quantiles::of(&trace.fare),
        waits: waits(file, Preset::of(file)?.as_ref())?,
        places: trace.places.len(),
        top_origins: top(&trace, &trace.origin),
        top_destinations: top(&trace, &trace.destination),
        fleets: trace.fleet_names.clone(),
        vehicles: trace.vehicle_names.len(),
        made_by: file.metadata(REPORT_KEY).and_then(|text| serde_json::from_str(text).ok()),
        import: trace.report,
    })
}

/// Zones without positions, for counting.
fn placeholders(file: &TableFile, format: TripFormat) -> Result<Zones> {
    let mut zones = Zones::default();
    if format == TripFormat::Tlc {
        for id in 1..=tlc::LAST_ZONE {
            zones.push(&id.to_string(), "", "", [0.0, 0.0], 0.0);
        }
    } else if file.metadata(ZONES_KEY).is_none() {
        let mut ids = BTreeSet::new();
        for column in ["origin_zone", "destination_zone"].iter().filter_map(|name| file.find(&[name])) {
            ids.extend(file.read(&[column])?.names(column)?.names);
        }
        for id in &ids {
            zones.push(id, "", "", [0.0, 0.0], 0.0);
        }
    }
    Ok(zones)
}

/// The five places where most trips start or end, with the number of trips.
fn top(trace: &Trace, ends: &[PlaceId]) -> Vec<(String, u64)> {
    let mut counts = vec![0_u64; trace.places.len()];
    for &place in ends {
        counts[place.index()] += 1;
    }
    let mut order: Vec<usize> = (0..counts.len()).filter(|&p| counts[p] > 0).collect();
    order.sort_by_key(|&p| std::cmp::Reverse(counts[p]));
    order
        .iter()
        .take(5)
        .map(|&p| {
            let mut label = String::new();
            trace.places.write_label(PlaceId::new(p), &mut label);
            (label, counts[p])
        })
        .collect()
}

impl fmt::Display for TripSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", AsText(&self.import))?;
        if self.first.is_empty() {
            return Ok(());
        }
        writeln!(f, "\nfrom {} to {}", self.first, self.last)?;
        let mut values = text_table(&["", "records", "min", "25 %", "median", "75 %", "max"]);
        for (name, q) in
            [("duration [s]", &self.duration_s), ("distance [km]", &self.distance_km), ("fare", &self.fare)]
        {
            if let Some(q) = q {
                let figures = [q.min, q.p25, q.p50, q.p75, q.max].map(|v| format!("{v:.2}"));
                values.add_row([vec![name.to_string(), q.count.to_string()], figures.to_vec()].concat());
            }
        }
        if let Some(Waits { wait_s: q, booked }) = &self.waits {
            let figures = [q.min, q.p25, q.p50, q.p75, q.max].map(|v| format!("{v:.2}"));
            let name = format!("recorded wait [s], {booked} booked ahead");
            values.add_row([vec![name, q.count.to_string()], figures.to_vec()].concat());
        }
        writeln!(f, "{}\n\ntrips by hour of the day ({}):", values.trim_fmt(), self.timezone)?;
        let most = self.by_hour.iter().copied().max().unwrap_or(0).max(1);
        for (hour, &n) in self.by_hour.iter().enumerate() {
            let bar = "#".repeat((40 * n / most) as usize);
            writeln!(f, "{}", format!("  {hour:02}  {n:>8}  {bar}").trim_end())?;
        }
        let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let week = days.iter().zip(self.by_weekday).map(|(day, n)| format!("{day} {n}")).collect::<Vec<_>>();
        writeln!(f, "by weekday: {}", week.join(", "))?;
        let list = |top: &[(String, u64)]| {
            top.iter().map(|(place, n)| format!("{place} ({n})")).collect::<Vec<_>>().join(", ")
        };
        writeln!(f, "places: {}", self.places)?;
        writeln!(f, "most trips start in {}", list(&self.top_origins))?;
        writeln!(f, "most trips end in {}", list(&self.top_destinations))?;
        if !self.fleets.is_empty() {
            writeln!(f, "fleets: {}", self.fleets.join(", "))?;
        }
        if self.vehicles > 0 {
            writeln!(f, "bound to {} vehicles", self.vehicles)?;
        }
        Ok(())
    }
}
