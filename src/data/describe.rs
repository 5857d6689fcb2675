//! Description of a file: its format, its columns and, if it contains trips, their span and distributions,
//! with the counts of an import (skipped, repaired, derived).

use super::builder::TraceBuilder;
use super::presets::{Into, Preset};
use super::prices::nordpool::Kind;
use super::prices::summary::{PriceSummary, RawFormat, of_canonical, of_raw, recognise};
use super::prices::text::Text;
use super::source::{OnBadRow, TripFormat, TripSource};
use super::table::{Table, TableFile};
use super::times::RawTime;
use super::trace::{ImportReport, Trace};
use super::write::REPORT_KEY;
use super::zones::Zones;
use super::{load, tlc, trips};
use chrono_tz::Tz;
use comfy_table::{Table as TextTable, presets};
use gridfleet_core::error::{Error, Result, input};
use gridfleet_core::time::{LocalClock, SimTime};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;
use std::io::Read as _;
use std::path::Path;

/// Kind of a file, recognised by its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guess {
    /// The canonical table of trips.
    Trips,
    /// Taxi records of the New York TLC.
    Tlc,
    /// Car2Go snapshots.
    Car2go,
    /// The canonical table of prices.
    Prices,
    /// Day-ahead prices of Nord Pool.
    Nordpool,
    /// Regulating prices of Nord Pool.
    NordpoolRegulating,
    /// A table with a column of prices.
    Dayahead,
    /// Trades of the intraday market.
    Intraday,
    /// Tender results of German secondary reserve (SRL).
    SrlTenders,
    /// Activated German secondary reserve (SRL).
    SrlActivation,
    /// The canonical table of stations.
    Stations,
    /// The catalogue of vehicle types.
    VehicleTypes,
    /// A table of vehicles.
    Vehicles,
    /// Centroids of zones.
    Zones,
    /// Vehicles or stations of GBFS.
    Gbfs,
    /// Any other table.
    Unknown,
}

impl Guess {
    /// Likely kind of a table with these columns.
    pub fn of(file: &TableFile) -> Self {
        let has = |name: &str| file.find(&[name]).is_some();
        if tlc::recognises(file) {
            Self::Tlc
        } else if has("request_time") && (has("origin_zone") || has("origin_lat")) {
            Self::Trips
        } else if has("vin") && has("fuel") && has("timestamp") {
            Self::Car2go
        } else if has("time") && (has("price_per_mwh") || has("up_per_mwh")) {
            Self::Prices
        } else if has("station_id") && has("connectors") {
            Self::Stations
        } else if has("battery_kwh") && has("consumption_kwh_per_km") {
            Self::VehicleTypes
        } else if has("vehicle_id") && has("type") {
            Self::Vehicles
        } else if has("lat") && has("lon") && (has("OBJECTID") || has("zone_id")) {
            Self::Zones
        } else if has("lat") && has("lon") && (has("is_reserved") || has("is_disabled"))
            || file
                .notes()
                .iter()
                .any(|note| ["`data.bikes`", "`data.vehicles`"].iter().any(|list| note.contains(list)))
        {
            Self::Gbfs
        } else {
            Self::Unknown
        }
    }
}

impl From<RawFormat> for Guess {
    fn from(format: RawFormat) -> Self {
        match format {
            RawFormat::NordPool(Kind::Spot) => Self::Nordpool,
            RawFormat::NordPool(Kind::Regulating) => Self::NordpoolRegulating,
            RawFormat::SrlTenders => Self::SrlTenders,
            RawFormat::SrlActivation => Self::SrlActivation,
            RawFormat::Intraday => Self::Intraday,
            RawFormat::DayAhead => Self::Dayahead,
        }
    }
}

/// One column of a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ColumnSummary {
    /// Name in the file.
    pub name: String,
    /// `numbers`, `times`, `names`, `empty` or `another type` (for example lists).
    pub kind: &'static str,
    /// Number of cells that are not empty.
    pub filled: usize,
    /// Number of distinct names, for a column of names.
    pub distinct: Option<usize>,
    /// Minimum value or earliest time.
    pub min: Option<String>,
    /// Median.
    pub median: Option<String>,
    /// Maximum value or latest time.
    pub max: Option<String>,
}

/// Quantiles of a property of trips, over the trips for which it is known.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quantiles {
    /// Number of trips for which it is known.
    pub count: usize,
    /// Minimum.
    pub min: f64,
    /// First quartile.
    pub p25: f64,
    /// Median.
    pub p50: f64,
    /// Third quartile.
    pub p75: f64,
    /// Maximum.
    pub max: f64,
}

impl Quantiles {
    /// Quantiles of the values that are not NaN (nearest rank).
    fn of(values: &[f64]) -> Option<Self> {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|v| !v.is_nan()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| sorted.get((share * (sorted.len() - 1) as f64).round() as usize).copied();
        if sorted.is_empty() {
            return None;
        }
        Some(Self {
            count: sorted.len(),
            min: at(0.0)?,
            p25: at(0.25)?,
            p50: at(0.5)?,
            p75: at(0.75)?,
            max: at(1.0)?,
        })
    }
}

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

/// Description of a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Description {
    /// Path of the file.
    pub file: String,
    /// `csv` or `parquet`.
    pub kind: &'static str,
    /// Likely kind of the file.
    pub format: Guess,
    /// Number of rows.
    pub rows: usize,
    /// Columns.
    pub columns: Vec<ColumnSummary>,
    /// Trips, if it contains any.
    pub trips: Option<TripSummary>,
    /// Prices, if it contains any.
    pub prices: Option<PriceSummary>,
    /// Kind of published file, by its columns.
    pub published: Option<String>,
    /// Assumptions: packing, encoding, delimiter, header, decimal signs, orders of dates.
    pub assumed: Vec<String>,
}

/// Describes a file. Zones are needed only to locate trips; without them TLC zones are still counted.
///
/// # Errors
/// If the file cannot be read as a table.
pub fn describe(path: &Path, zones: Option<&Path>, timezone: Tz) -> Result<Description> {
    if let Some(prices) = describe_raw_prices(path, timezone)? {
        return Ok(prices);
    }
    let file = TableFile::open(path)?;
    let format = Guess::of(&file);
    let all: Vec<usize> = (0..file.names().len()).collect();
    let readable: Vec<usize> = all.iter().copied().filter(|&c| file.is_readable(c)).collect();
    let table = file.read(&readable)?;
    let columns = all.iter().map(|&c| summarise(&file, &table, c)).collect::<Result<_>>()?;
    let rows = table.rows();
    let mut assumed = file.notes();
    assumed.extend(table.decisions().into_iter().map(|(column, decision)| format!("{column}: {decision}")));
    let preset = Preset::of(&file)?;
    drop(table);
    let trips = match format {
        Guess::Trips => Some(summarise_trips(&file, TripFormat::Trips, zones, timezone)?),
        Guess::Tlc => Some(summarise_trips(&file, TripFormat::Tlc, zones, timezone)?),
        _ if preset.as_ref().is_some_and(|preset| preset.into == Into::Trips) => {
            Some(summarise_trips(&file, TripFormat::Trips, zones, timezone)?)
        }
        _ => None,
    };
    let prices = if format == Guess::Prices { Some(of_canonical(&file)?) } else { None };
    Ok(Description {
        file: path.display().to_string(),
        kind: file.kind(),
        format,
        rows,
        columns,
        trips,
        prices,
        published: preset.map(|preset| format!("{}: {}", preset.name, preset.about)),
        assumed,
    })
}

/// Number of bytes from which a file of raw prices is recognised: their headers are short.
const HEAD_BYTES: u64 = 1 << 16;

/// Price files as published by markets are not tables in the sense of the other formats: they have titles
/// above the header, other delimiters and decimal commas. Their importers read them.
fn describe_raw_prices(path: &Path, timezone: Tz) -> Result<Option<Description>> {
    let file = input::open(path)?;
    let mut head = Vec::new();
    file.take(HEAD_BYTES).read_to_end(&mut head).map_err(|e| Error::reading(path, e))?;
    // The first bytes may end within a character, which would change the detected encoding: use whole lines
    // only.
    let whole = head.iter().rposition(|&b| b == b'\n').map_or(head.len(), |end| end + 1);
    let Ok(start) = Text::from_bytes(path, &head[..whole]) else { return Ok(None) };
    let Some(format) = recognise(&start) else { return Ok(None) };
    let text = Text::read(path)?;
    let prices = match of_raw(&text, format, timezone) {
        // Many tables have a time and a column called a price.
        Err(_) if format == RawFormat::DayAhead => return Ok(None),
        other => other?,
    };
    Ok(Some(Description {
        file: path.display().to_string(),
        kind: "csv",
        format: format.into(),
        rows: prices.rows as usize,
        columns: Vec::new(),
        trips: None,
        prices: Some(prices),
        published: None,
        assumed: Vec::new(),
    }))
}

fn summarise(file: &TableFile, table: &Table, column: usize) -> Result<ColumnSummary> {
    let name = file.names().get(column).cloned().unwrap_or_default();
    let empty =
        ColumnSummary { name, kind: "empty", filled: 0, distinct: None, min: None, median: None, max: None };
    if !file.is_readable(column) {
        return Ok(ColumnSummary { kind: "another type", ..empty });
    }
    // Cells that cannot be read as numbers or times can be read as names. Digits in a column of text, such as
    // zone numbers, are names too: neither quantities nor seconds since the epoch.
    let numbers = table.numbers(column).ok().filter(|numbers| numbers.bad.is_empty());
    let digits = table.is_text(column) && numbers.is_some();
    if !table.is_text(column)
        && let Some(numbers) = numbers
    {
        return Ok(match Quantiles::of(&numbers.values) {
            Some(q) => ColumnSummary {
                kind: "numbers",
                filled: q.count,
                min: Some(number(q.min)),
                median: Some(number(q.p50)),
                max: Some(number(q.max)),
                ..empty
            },
            None => empty,
        });
    }
    if !digits && let Ok(times) = table.times(column) {
        let good = |t: &RawTime| match t {
            RawTime::Utc(s) => Some((*s, SimTime(*s).iso())),
            // A wall-clock time has no zone.
            RawTime::Wall(s) => Some((*s, SimTime(*s).iso().trim_end_matches('Z').to_string())),
            RawTime::Missing | RawTime::Bad => None,
        };
        let filled = times.iter().filter(|t| !matches!(t, RawTime::Missing)).count();
        let mut read: Vec<&RawTime> =
            times.iter().filter(|t| matches!(t, RawTime::Utc(_) | RawTime::Wall(_))).collect();
        // A few damaged cells do not change the kind of the column.
        if !read.is_empty() && read.len() * 10 >= filled * 9 {
            read.sort_unstable_by_key(|t| good(t).map(|(s, _)| s));
            let at = |i: usize| read.get(i).and_then(|t| good(t)).map(|(_, text)| text);
            return Ok(ColumnSummary {
                kind: "times",
                filled,
                min: at(0),
                median: at(read.len() / 2),
                max: at(read.len() - 1),
                ..empty
            });
        }
    }
    let names = table.names(column)?;
    let filled = names.codes.iter().filter(|&&c| c != u32::MAX).count();
    let kind = if filled == 0 { "empty" } else { "names" };
    Ok(ColumnSummary { kind, filled, distinct: Some(names.names.len()), ..empty })
}

fn summarise_trips(
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
    } else if file.metadata(super::write::ZONES_KEY).is_none() {
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
fn top(trace: &Trace, ends: &[gridfleet_core::ids::PlaceId]) -> Vec<(String, u64)> {
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
            trace.places.write_label(gridfleet_core::ids::PlaceId::new(p), &mut label);
            (label, counts[p])
        })
        .collect()
}

/// Formats with few digits, and no more than needed.
fn number(value: f64) -> String {
    let digits = if value.abs() >= 1e6 || value.fract() == 0.0 { 0 } else { 4 };
    format!("{value:.digits$}")
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = serde_json::to_value(self.format).ok();
        let format = format.as_ref().and_then(|v| v.as_str()).unwrap_or("unknown");
        writeln!(f, "{}: {} rows, {}, format {format}", self.file, self.rows, self.kind)?;
        for line in self.published.iter().chain(&self.assumed) {
            writeln!(f, "{line}")?;
        }
        writeln!(f)?;
        let mut columns = text_table(&["column", "holds", "filled", "distinct", "min", "median", "max"]);
        for c in &self.columns {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            columns.add_row([
                c.name.clone(),
                c.kind.to_string(),
                c.filled.to_string(),
                c.distinct.map(|d| d.to_string()).unwrap_or_default(),
                text(&c.min),
                text(&c.median),
                text(&c.max),
            ]);
        }
        if !self.columns.is_empty() {
            writeln!(f, "{}", columns.trim_fmt())?;
        }
        if let Some(trips) = &self.trips {
            write!(f, "\n{trips}")?;
        }
        if let Some(prices) = &self.prices {
            let space = if self.columns.is_empty() { "" } else { "\n" };
            write!(f, "{space}{prices}")?;
        }
        Ok(())
    }
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

/// An import report as a readable table.
pub struct AsText<'a>(pub &'a ImportReport);

impl fmt::Display for AsText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        let mut table = text_table(&["rows", ""]);
        table.add_row(["read".to_string(), report.rows_read.to_string()]);
        table.add_row(["kept".to_string(), report.rows_kept.to_string()]);
        for (reason, n) in &report.skipped {
            table.add_row([format!("skipped: {reason}"), n.to_string()]);
        }
        for (what, n) in &report.repaired {
            table.add_row([format!("repaired: {what}"), n.to_string()]);
        }
        writeln!(f, "{}", table.trim_fmt())?;
        for (property, what) in report.derived.iter().chain(&report.assumed) {
            writeln!(f, "{property}: {what}")?;
        }
        for (reason, example) in &report.examples {
            writeln!(f, "first row skipped, {reason}: {example}")?;
        }
        Ok(())
    }
}

fn text_table(header: &[&str]) -> TextTable {
    let mut table = TextTable::new();
    table.load_preset(presets::NOTHING).set_header(header.to_vec());
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn describe_text(name: &str, text: &str) -> Description {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let mut description = describe(&path, None, chrono_tz::Europe::Berlin).unwrap();
        description.file = name.to_string();
        for example in description.trips.iter_mut().flat_map(|trips| trips.import.examples.values_mut()) {
            *example = example.replace(&path.display().to_string(), name);
        }
        description
    }

    #[test]
    fn trips_are_described() {
        let description = describe_text(
            "t.csv",
            "request_time,origin_zone,destination_zone,duration_s,fleet\n\
             2018-03-05 08:00:00,A,B,60,x\n\
             2018-03-05 08:30:00,A,C,120,x\n\
             2018-03-06 09:00:00,B,A,240,y\n\
             2018-03-06 10:00:00,B,A,-1,y\n",
        );
        insta::assert_snapshot!(description, @r#"
t.csv: 4 rows, csv, format trips

 column            holds    filled  distinct  min                  median               max
 request_time      times    4                 2018-03-05T08:00:00  2018-03-06T09:00:00  2018-03-06T10:00:00
 origin_zone       names    4       2
 destination_zone  names    4       3
 duration_s        numbers  4                 -1                   120                  240
 fleet             names    4       2

 rows
 read                      4
 kept                      3
 skipped: absurd duration  1
distance_km: travel model
fare: the fleet's tariff
offset of request_time: wall-clock time of Europe/Berlin
passengers: not recorded
places of the zones: not known: give --zones
first row skipped, absurd duration: t.csv:5: duration_s: found `-1`, expected a duration from 0 to 604800 s

from 2018-03-05T07:00:00Z to 2018-03-06T08:00:00Z
               records  min    25 %    median  75 %    max
 duration [s]  3        60.00  120.00  120.00  240.00  240.00

trips by hour of the day (Europe/Berlin):
  00         0
  01         0
  02         0
  03         0
  04         0
  05         0
  06         0
  07         0
  08         2  ########################################
  09         1  ####################
  10         0
  11         0
  12         0
  13         0
  14         0
  15         0
  16         0
  17         0
  18         0
  19         0
  20         0
  21         0
  22         0
  23         0
by weekday: Mon 2, Tue 1, Wed 0, Thu 0, Fri 0, Sat 0, Sun 0
places: 3
most trips start in A (2), B (1)
most trips end in A (1), B (1), C (1)
fleets: x, y
"#);
        let trips = description.trips.unwrap();
        assert_eq!((trips.by_hour[8], trips.by_hour[9], trips.by_weekday), (2, 1, [2, 1, 0, 0, 0, 0, 0]));
        assert_eq!(trips.duration_s.unwrap().p50, 120.0);
    }

    #[test]
    fn formats_are_told_by_their_columns() {
        for (header, guess) in [
            ("time,price_per_mwh", Guess::Prices),
            ("name,vin,coordinates_lat,coordinates_lon,fuel,timestamp", Guess::Car2go),
            ("station_id,lat,lon,connectors", Guess::Stations),
            ("name,battery_kwh,consumption_kwh_per_km,ac_kw", Guess::VehicleTypes),
            ("vehicle_id,type,fleet", Guess::Vehicles),
            // Trips as written by a run, with zones and points in one column.
            ("request_id,request_time,origin,destination", Guess::Unknown),
            ("OBJECTID,lat,lon", Guess::Zones),
            ("a,b", Guess::Unknown),
            (
                "VendorID,lpep_pickup_datetime,lpep_dropoff_datetime,PULocationID,DOLocationID,trip_distance",
                Guess::Tlc,
            ),
        ] {
            let file = TableFile::from_bytes("x.csv", format!("{header}\n").into_bytes()).unwrap();
            assert_eq!(Guess::of(&file), guess, "{header}");
        }
        let prices = describe_text(
            "p.csv",
            "time,price_per_mwh\n2018-03-05T00:00:00Z,30\n2018-03-05T01:00:00Z,-5.5\n",
        );
        assert_eq!((prices.columns[0].kind, prices.columns[1].kind), ("times", "numbers"));
        assert_eq!(prices.columns[1].min.as_deref(), Some("-5.5000"));
    }

    #[test]
    fn digits_in_a_column_of_text_are_names() {
        use polars_core::prelude::{DataFrame, IntoColumn, NamedFrom, Series};
        let columns = vec![
            Series::new("zone".into(), ["132", "7", "132"]).into_column(),
            Series::new("time".into(), ["2018-03-05T00:00:00Z", "2018-03-05T01:00:00Z", ""]).into_column(),
        ];
        let mut frame = DataFrame::new(3, columns).unwrap();
        let file = tempfile::NamedTempFile::with_suffix(".parquet").unwrap();
        polars_io::parquet::write::ParquetWriter::new(file.as_file()).finish(&mut frame).unwrap();
        let described = describe(file.path(), None, Tz::UTC).unwrap();
        assert_eq!((described.columns[0].kind, described.columns[0].distinct), ("names", Some(2)));
        assert_eq!((described.columns[1].kind, described.columns[1].filled), ("times", 2));
    }
}
