//! Description of a file: its format, its columns and, if it contains trips, their span and distributions,
//! with the counts of an import (skipped, repaired, derived).

mod columns;
mod guess;
mod quantiles;
mod report;
mod trips;
mod waits;

use super::presets::{Into, Preset};
use super::prices::summary::{PriceSummary, RawFormat, of_canonical, of_raw, recognise};
use super::prices::text::Text;
use super::source::TripFormat;
use super::table::TableFile;
use chrono_tz::Tz;
pub use columns::ColumnSummary;
use columns::summarise;
use gridfleet_core::error::{Error, Result, input};
pub use guess::Guess;
pub use quantiles::Quantiles;
pub use report::AsText;
use report::text_table;
use serde::Serialize;
use std::fmt;
use std::io::Read as _;
use std::path::Path;
pub use trips::TripSummary;
use trips::summarise_trips;
pub use waits::Waits;

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
        kind: TableFile::open(path).map_or("csv", |file| file.kind()),
        format: format.into(),
        rows: prices.rows as usize,
        columns: Vec::new(),
        trips: None,
        prices: Some(prices),
        published: None,
        assumed: Vec::new(),
    }))
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
        let point = "<Point><position>1</position><price.amount>5</price.amount></Point>";
        let document = describe_text(
            "p.xml",
            &format!(
                "<D><TimeSeries><curveType>A03</curveType><currency_Unit.name>EUR</currency_Unit.name><Period>\
                 <timeInterval><start>2025-09-30T22:00Z</start><end>2025-09-30T23:00Z</end></timeInterval>\
                 <resolution>PT15M</resolution>{point}</Period></TimeSeries></D>"
            ),
        );
        assert_eq!((document.kind, document.rows, document.format), ("xml", 4, Guess::Dayahead));
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
