//! New York taxi records as published by the Taxi and Limousine Commission (TLC): yellow and green, CSV and
//! Parquet, all generations of the columns.
//!
//! | months | places | names |
//! |---|---|---|
//! | yellow 2009 | coordinates | `Trip_Pickup_DateTime`, `Start_Lon`, ... |
//! | yellow 2010-2014 | coordinates | `pickup_datetime`, `pickup_longitude`, ... |
//! | yellow 2015 to mid 2016 | coordinates | `tpep_pickup_datetime`, `pickup_longitude`, ... |
//! | green 2013 to mid 2016 | coordinates | `lpep_pickup_datetime`, `Pickup_longitude`, ... |
//! | since mid 2016 | zones | `PULocationID`, `DOLocationID` |
//! | copies in the open data portal and BigQuery | zones | `pickup_location_id`, ... |
//!
//! Times are New York wall-clock times, distances are miles. The fare is the metered `fare_amount`, without
//! tips, taxes and tolls. Thresholds below without a source are assumed; the rows affected by each are
//! counted.

use super::builder::{TraceBuilder, Trip, Wrong};
use super::presets::Preset;
use super::source::TripSource;
use super::table::{Numbers, Table, TableFile};
use super::times::{DateOrder, RawTime, WallClock};
use super::trace::Trace;
use super::trips::{self, Coded};
use super::units::MILE_KM;
use chrono_tz::Tz;
use gridfleet_core::error::{Error, InputError, Result};
use gridfleet_core::ids::PlaceId;
use gridfleet_core::ranges;
use gridfleet_core::time::{DAY_S, Local, SimTime};
use rustc_hash::FxHashSet;

/// Time zone of all TLC files.
pub const NEW_YORK: Tz = chrono_tz::America::New_York;

/// Maximum plausible duration [s]: a meter left on shows up as nearly a day. Assumed.
const MAX_DURATION_S: i64 = 6 * 3_600;
/// Maximum plausible distance [km]: New York to Philadelphia is 150 km. Assumed.
const MAX_DISTANCE_KM: f64 = 200.0;
/// Maximum plausible mean speed [km/h]. Assumed.
const MAX_SPEED_KMH: f64 = 130.0;
/// Distance in time from other trips beyond which a trip may be a stray [s]. Assumed.
const STRAY_S: i64 = 31 * DAY_S;
/// Strays are fewer than one in this number of trips. Assumed.
const STRAY_SHARE: usize = 20;
/// Bounding box of New York City and its surroundings, as far as taxis operate [degrees]: south, north, west,
/// east. Assumed.
const NEW_YORK_BOX: [f64; 4] = [40.3, 41.4, -74.7, -73.0];
/// Highest zone number that has a polygon; 264 and 265 mean "unknown" (TLC taxi zone lookup table).
pub const LAST_ZONE: u32 = 263;

const PICKUP_TIME: [&str; 4] =
    ["tpep_pickup_datetime", "lpep_pickup_datetime", "pickup_datetime", "Trip_Pickup_DateTime"];
const DROPOFF_TIME: [&str; 4] =
    ["tpep_dropoff_datetime", "lpep_dropoff_datetime", "dropoff_datetime", "Trip_Dropoff_DateTime"];
const PICKUP_ZONE: [&str; 2] = ["PULocationID", "pickup_location_id"];
const DROPOFF_ZONE: [&str; 2] = ["DOLocationID", "dropoff_location_id"];
const PICKUP_LAT: [&str; 2] = ["pickup_latitude", "Start_Lat"];
const PICKUP_LON: [&str; 2] = ["pickup_longitude", "Start_Lon"];
const DROPOFF_LAT: [&str; 2] = ["dropoff_latitude", "End_Lat"];
const DROPOFF_LON: [&str; 2] = ["dropoff_longitude", "End_Lon"];
const DISTANCE: [&str; 2] = ["trip_distance", "Trip_Distance"];
const PASSENGERS: [&str; 2] = ["passenger_count", "Passenger_Count"];
const FARE: [&str; 2] = ["fare_amount", "Fare_Amt"];
const VENDOR: [&str; 3] = ["VendorID", "vendor_id", "vendor_name"];

/// Whether the columns are those of a TLC file.
pub fn recognises(file: &TableFile) -> bool {
    let has = |names: &[&str]| file.find(names).is_some();
    if for_hire(file).is_ok_and(|kind| kind.is_some()) {
        return true;
    }
    has(&PICKUP_TIME) && has(&DROPOFF_TIME) && (has(&PICKUP_ZONE) || has(&PICKUP_LAT))
}

/// The kind of a file of for-hire trips, whose columns differ from those of taxis.
///
/// # Errors
/// If the list of kinds is damaged.
fn for_hire(file: &TableFile) -> Result<Option<Preset>> {
    Ok(Preset::of(file)?.filter(|preset| preset.name.starts_with("fhv")))
}

/// Reads one file into `builder`, which must know the zones if the file refers to any.
///
/// # Errors
/// If the file cannot be read, is not a TLC file, or has a bad row that is not to be skipped.
pub fn read(file: &TableFile, source: &TripSource, builder: &mut TraceBuilder) -> Result<()> {
    if let Some(preset) = for_hire(file)? {
        return trips::read_preset(file, &preset, source, builder);
    }
    let columns = Columns::find(file, source)?;
    let rows = builder.rows(file, &columns.all(), None)?;
    let values = Values::load(&rows.table, file, columns, builder)?;
    for note in file.notes() {
        builder.assume("file", note);
    }
    builder.assume("unit of distances", "miles");
    builder.derive("request_time", "pick-up time (the files have no request time)");
    if values.passengers.is_none() {
        builder.derive("passengers", "not recorded");
    }
    if values.fares.is_none() {
        builder.derive("fare", "the fleet's tariff");
    }
    let mut clock = WallClock::new(NEW_YORK);
    let mut seen = FxHashSet::default();
    builder.add(&rows, |row, builder| values.trip(row, &mut clock, &mut seen, builder))
}

/// Columns of a file.
struct Columns {
    pickup: usize,
    dropoff: usize,
    distance: usize,
    /// Zones of both ends.
    zones: Option<(usize, usize)>,
    /// Otherwise latitude and longitude of both ends.
    coordinates: Option<[usize; 4]>,
    passengers: Option<usize>,
    fare: Option<usize>,
    vendor: Option<usize>,
    fleet: Option<usize>,
}

impl Columns {
    fn find(file: &TableFile, source: &TripSource) -> Result<Self> {
        let pickup = file.require(&PICKUP_TIME).map_err(no_tlc_file)?;
        let dropoff = file.require(&DROPOFF_TIME).map_err(no_tlc_file)?;
        let distance = file.require(&DISTANCE).map_err(no_tlc_file)?;
        let zones = file.find(&PICKUP_ZONE).zip(file.find(&DROPOFF_ZONE));
        let coordinates = match zones {
            Some(_) => None,
            None => {
                // For a file with neither, the missing column reported is a zone: all recent files have zones.
                let missing = || no_tlc_file(file.lacks(PICKUP_ZONE[0]).into());
                file.find(&PICKUP_LAT).ok_or_else(missing)?;
                let [a, b] = [file.require(&PICKUP_LAT)?, file.require(&PICKUP_LON)?];
                let [c, d] = [file.require(&DROPOFF_LAT)?, file.require(&DROPOFF_LON)?];
                Some([a, b, c, d])
            }
        };
        Ok(Self {
            pickup,
            dropoff,
            distance,
            zones,
            coordinates,
            passengers: file.find(&PASSENGERS),
            fare: file.find(&FARE),
            vendor: file.find(&VENDOR),
            fleet: source.fleet_column.as_deref().map(|name| file.require(&[name])).transpose()?,
        })
    }

    /// All columns that are there.
    fn all(&self) -> Vec<usize> {
        let mut all = vec![self.pickup, self.dropoff, self.distance];
        all.extend(self.zones.iter().flat_map(|&(a, b)| [a, b]));
        all.extend(self.coordinates.iter().flatten());
        all.extend([self.passengers, self.fare, self.vendor, self.fleet].into_iter().flatten());
        all
    }
}

/// Says that a file without a column is of another kind.
fn no_tlc_file(error: Error) -> Error {
    let help = |error: InputError| {
        error.help("this is no TLC file of any year; import other tables as `trips`, with a column map")
    };
    match error {
        Error::Input(errors) => Error::Input(errors.into_iter().map(help).collect()),
        other => other,
    }
}

/// Vendor, times, places, distance and fare of a trip, to recognise repetitions.
type Seen = FxHashSet<(u32, i64, i64, PlaceId, PlaceId, u64, u64)>;

/// Values of the columns.
struct Values {
    columns: Columns,
    distances: Numbers,
    passengers: Option<Numbers>,
    fares: Option<Numbers>,
    vendors: Coded,
    fleets: Coded,
    places: Places,
    times: Times,
    /// Spans in which trips of this file may begin.
    spans: Vec<(i64, i64)>,
}

impl Values {
    fn load(table: &Table, file: &TableFile, columns: Columns, builder: &mut TraceBuilder) -> Result<Self> {
        let optional = |column: Option<usize>| column.map(|c| table.numbers(c)).transpose();
        let distances = table.numbers(columns.distance)?;
        let (passengers, fares) = (optional(columns.passengers)?, optional(columns.fare)?);
        let mut next = 0;
        let vendors = Coded::load(table, columns.vendor, |_| {
            next += 1;
            next
        })?;
        let fleets = Coded::load(table, columns.fleet, |name| builder.fleet(name))?;
        let places = Places::load(table, file, columns.zones, columns.coordinates, builder)?;
        // The copies of the open data portal write the month first.
        let order = Some(DateOrder::MonthFirst);
        let times = Times {
            pickup: table.times_in(columns.pickup, order)?,
            dropoff: table.times_in(columns.dropoff, order)?,
        };
        let spans = times.spans();
        Ok(Self { columns, distances, passengers, fares, vendors, fleets, places, times, spans })
    }

    /// The trip of a row that none before it repeats.
    fn trip(
        &self,
        row: usize,
        clock: &mut WallClock,
        seen: &mut Seen,
        builder: &mut TraceBuilder,
    ) -> Result<Trip, Wrong> {
        let (start, end) = self.period(row, clock, builder)?;
        let (origin, destination) = self.places.row(row, builder)?;
        let duration_s = self.duration_s(start, end)?;
        let mut distance_km = self.distance_km(row, duration_s)?;
        let mut fare = self.fares.as_ref().map_or(f64::NAN, |f| f.get(row));
        let vendor = self.vendors.get(row);
        let key = (vendor, start.0, end.0, origin, destination, distance_km.to_bits(), fare.to_bits());
        if !seen.insert(key) {
            return Err(Wrong::new(self.columns.pickup, "duplicate", "a trip that no earlier row has"));
        }
        if distance_km == 0.0 {
            builder.repair("distance of zero treated as missing");
            distance_km = f64::NAN;
        }
        if fare < 0.0 {
            builder.repair("negative fare treated as missing");
            fare = f64::NAN;
        } else if fare > ranges::FARE.most {
            let column = self.columns.fare.unwrap_or(self.columns.distance);
            return Err(Wrong::new(column, "fare out of range", ranges::FARE.expected()));
        }
        let riders = self.passengers.as_ref().map_or(0.0, |p| p.get(row));
        Ok(Trip {
            request_time: start,
            origin,
            destination,
            duration_s: duration_s as f64,
            distance_km,
            fare,
            // Taxis carry at most 5 riders and a child; 255 and the like count as missing.
            passengers: if (1.0..=9.0).contains(&riders) { riders as u8 } else { 0 },
            fleet: self.fleets.get(row),
            vehicle: Trace::NONE,
            soc_start: f64::NAN,
            soc_end: f64::NAN,
            ends_at_charger: false,
        })
    }

    /// Pick-up and drop-off of a row.
    fn period(
        &self,
        row: usize,
        clock: &mut WallClock,
        builder: &mut TraceBuilder,
    ) -> Result<(SimTime, SimTime), Wrong> {
        let (start, end) = self.times.row(row, clock, builder).map_err(|at_end| {
            let column = if at_end { self.columns.dropoff } else { self.columns.pickup };
            Wrong::new(column, "unreadable time", "a time such as 2018-03-05 17:30:00")
        })?;
        let spans = &self.spans;
        if spans.iter().any(|(first, last)| (*first..=*last).contains(&start.0)) {
            return Ok((start, end));
        }
        let (first, last) = (spans[0].0, spans[spans.len() - 1].1);
        let expected = format!("a time from {} to {}", SimTime(first).iso(), SimTime(last).iso());
        Err(Wrong::new(self.columns.pickup, "time outside the file's period", expected))
    }

    /// Duration of a trip [s].
    fn duration_s(&self, start: SimTime, end: SimTime) -> Result<i64, Wrong> {
        let duration_s = end - start;
        let reason = match duration_s {
            ..0 => "negative duration",
            0 => "duration of zero",
            _ if duration_s > MAX_DURATION_S => "duration above 6 h",
            _ => return Ok(duration_s),
        };
        Err(Wrong::new(self.columns.dropoff, reason, "a drop-off at most 6 hours after the pick-up"))
    }

    /// Distance of a trip [km], which may be absent (NaN).
    fn distance_km(&self, row: usize, duration_s: i64) -> Result<f64, Wrong> {
        let distance_km = self.distances.get(row) * MILE_KM;
        let reason = if self.distances.is_bad(row) {
            "unreadable distance"
        } else if distance_km < 0.0 {
            "negative distance"
        } else if distance_km > MAX_DISTANCE_KM {
            "distance above 200 km"
        } else if distance_km > MAX_SPEED_KMH * duration_s as f64 / 3_600.0 {
            "speed above 130 km/h"
        } else {
            return Ok(distance_km);
        };
        let expected = "miles that a taxi can drive in the trip's time";
        Err(Wrong::new(self.columns.distance, reason, expected))
    }
}

/// Pick-up and drop-off times as written.
struct Times {
    pickup: Vec<RawTime>,
    dropoff: Vec<RawTime>,
}

impl Times {
    /// Spans in which trips of this file may begin: files contain stray rows of other years (meters with a wrong
    /// clock). Times that are more than a month from all others, and few, are strays.
    fn spans(&self) -> Vec<(i64, i64)> {
        let mut seconds: Vec<i64> = self
            .pickup
            .iter()
            .filter_map(|t| match t {
                RawTime::Utc(s) | RawTime::Wall(s) => Some(*s),
                RawTime::Missing | RawTime::Bad => None,
            })
            .collect();
        seconds.sort_unstable();
        let whole = seconds.len();
        let groups = seconds.chunk_by(|a, b| b - a <= STRAY_S);
        // The wall clock differs from UTC by less than a day.
        let spans = groups.filter(|group| group.len() * STRAY_SHARE >= whole);
        let spans: Vec<_> = spans.map(|group| (group[0] - DAY_S, group[group.len() - 1] + DAY_S)).collect();
        if spans.is_empty() { vec![(i64::MIN, i64::MAX)] } else { spans }
    }

    /// Instants of a row; the error states whether it is the drop-off that cannot be read.
    fn row(
        &self,
        row: usize,
        clock: &mut WallClock,
        builder: &mut TraceBuilder,
    ) -> Result<(SimTime, SimTime), bool> {
        let mut at = |times: &[RawTime]| match times.get(row) {
            Some(RawTime::Utc(t)) => Some(Local::One(SimTime(*t))),
            Some(RawTime::Wall(wall)) => Some(clock.read(*wall)),
            _ => None,
        };
        let start = at(&self.pickup).ok_or(false)?;
        let end = at(&self.dropoff).ok_or(true)?;
        if let (Local::One(start), Local::One(end)) = (start, end) {
            return Ok((start, end));
        }
        if matches!(start, Local::Skipped(_)) || matches!(end, Local::Skipped(_)) {
            builder.repair("hour skipped in spring read by the uncorrected clock");
        }
        if !matches!(start, Local::Twice(..)) && !matches!(end, Local::Twice(..)) {
            return Ok((start.earliest(), end.earliest()));
        }
        builder.repair("hour doubled in autumn read by the trip's duration");
        let shown = match (self.pickup.get(row), self.dropoff.get(row)) {
            (Some(RawTime::Wall(start)), Some(RawTime::Wall(end))) => end - start,
            _ => 0,
        };
        Ok(choose(start, end, shown))
    }
}

/// Resolves a trip that touches the repeated hour: the first reading whose elapsed time equals that on the
/// clock, otherwise the first in which time moves forward, otherwise the earlier instants.
fn choose(start: Local, end: Local, shown_s: i64) -> (SimTime, SimTime) {
    let both = |local: Local| match local {
        Local::Twice(a, b) => [a, b],
        one => [one.earliest(); 2],
    };
    let (starts, ends) = (both(start), both(end));
    let pairs = [(starts[0], ends[0]), (starts[0], ends[1]), (starts[1], ends[0]), (starts[1], ends[1])];
    let shown = pairs.iter().find(|(a, b)| *b - *a == shown_s && shown_s > 0);
    let forward = pairs.iter().find(|(a, b)| *b > *a);
    *shown.or(forward).unwrap_or(&pairs[0])
}

/// Both ends of the trips.
enum Places {
    /// Columns, and the places of the zones by row.
    Zones([usize; 2], [Vec<u32>; 2], Vec<Option<PlaceId>>),
    /// Columns, and latitude and longitude of both ends.
    Points([usize; 4], Box<[Numbers; 4]>),
}

impl Places {
    fn load(
        table: &Table,
        file: &TableFile,
        zones: Option<(usize, usize)>,
        coordinates: Option<[usize; 4]>,
        builder: &TraceBuilder,
    ) -> Result<Self> {
        if let Some([a, b, c, d]) = coordinates {
            let numbers = [table.numbers(a)?, table.numbers(b)?, table.numbers(c)?, table.numbers(d)?];
            return Ok(Self::Points([a, b, c, d], Box::new(numbers)));
        }
        let (from, to) = zones.unwrap_or_default();
        if !builder.has_zones() {
            return Err(InputError::new("zones by number", "places of the zones")
                .file(file.path())
                .key(file.names().get(from).map_or("", String::as_str))
                .help("give the zones: the TLC's taxi_zones.shp or a CSV with zone_id, lat, lon, area_km2")
                .into());
        }
        // Position 0 is not a zone; the position of a number is the number itself.
        let known = (0..=LAST_ZONE).map(|zone| builder.zone(&zone.to_string())).collect();
        let codes = [from, to].map(|column| {
            let numbers = table.numbers(column)?;
            let code = |v: &f64| {
                if (1.0..=f64::from(LAST_ZONE)).contains(v) && v.fract() == 0.0 { *v as u32 } else { 0 }
            };
            Ok::<_, Error>(numbers.values.iter().map(code).collect::<Vec<u32>>())
        });
        let [from_codes, to_codes] = codes;
        Ok(Self::Zones([from, to], [from_codes?, to_codes?], known))
    }

    fn row(&self, row: usize, builder: &mut TraceBuilder) -> Result<(PlaceId, PlaceId), Wrong> {
        match self {
            Self::Zones(columns, codes, known) => {
                let place = |end: usize| {
                    let code = codes[end].get(row).copied().unwrap_or(0) as usize;
                    let expected = "the number of a zone on the map (264 and 265 mean unknown)";
                    known
                        .get(code)
                        .copied()
                        .flatten()
                        .ok_or_else(|| Wrong::new(columns[end], "unknown zone", expected))
                };
                Ok((place(0)?, place(1)?))
            }
            Self::Points(columns, numbers) => {
                let mut place = |end: usize| {
                    let (lat, lon) = (numbers[2 * end].get(row), numbers[2 * end + 1].get(row));
                    let [south, north, west, east] = NEW_YORK_BOX;
                    if (south..north).contains(&lat) && (west..east).contains(&lon) {
                        return Ok(builder.point(lat, lon));
                    }
                    let column = if (south..north).contains(&lat) { 2 * end + 1 } else { 2 * end };
                    let expected = "degrees in or about New York";
                    Err(Wrong::new(columns[column], "coordinates off New York", expected))
                };
                Ok((place(0)?, place(1)?))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builder::reasons;
    use crate::zones::Zones;
    use crate::{OnBadRow, TripFormat};

    fn import(text: &str, on_bad_row: OnBadRow) -> Result<Trace> {
        let mut builder = TraceBuilder::new(on_bad_row);
        let mut zones = Zones::default();
        zones.push("1", "", "", [40.7, -74.1], 1.0);
        zones.push("263", "", "", [40.8, -73.9], 1.0);
        builder.add_zones(&zones);
        let file = TableFile::from_bytes("t.csv", text.as_bytes().to_vec())?;
        read(&file, &TripSource::new(TripFormat::Tlc, Vec::new()), &mut builder)?;
        Ok(builder.finish())
    }

    /// One trip in the columns of each generation.
    #[test]
    fn every_generation_tells_the_same_trip() {
        let generations = [
            "vendor_name,Trip_Pickup_DateTime,Trip_Dropoff_DateTime,Passenger_Count,Trip_Distance,Start_Lon,Start_Lat,Rate_Code,store_and_forward,End_Lon,End_Lat,Payment_Type,Fare_Amt,surcharge,mta_tax,Tip_Amt,Tolls_Amt,Total_Amt\n\
             VTS,2015-03-05 02:52:00,2015-03-05 03:02:00,1,2.5,-73.9,40.7,,,-73.8,40.8,CASH,8.9,0.5,,0,0,9.4\n",
            "vendor_id, pickup_datetime, dropoff_datetime, passenger_count, trip_distance, pickup_longitude, pickup_latitude, rate_code, store_and_fwd_flag, dropoff_longitude, dropoff_latitude, payment_type, fare_amount, surcharge, mta_tax, tip_amount, tolls_amount, total_amount\n\n\
             CMT,2015-03-05 02:52:00,2015-03-05 03:02:00,1,2.5,-73.9,40.7,1,N,-73.8,40.8,CSH,8.9,0.5,0.5,0,0,9.9\n",
            "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,pickup_longitude,pickup_latitude,RateCodeID,store_and_fwd_flag,dropoff_longitude,dropoff_latitude,payment_type,fare_amount,extra,mta_tax,tip_amount,tolls_amount,improvement_surcharge,total_amount\n\
             2,2015-03-05 02:52:00,2015-03-05 03:02:00,1,2.5,-73.9,40.7,1,N,-73.8,40.8,2,8.9,0,0.5,0,0,0.3,9.7\n",
            // Green rows of these years have two more trailing commas than the header.
            "VendorID,lpep_pickup_datetime,Lpep_dropoff_datetime,Store_and_fwd_flag,RateCodeID,Pickup_longitude,Pickup_latitude,Dropoff_longitude,Dropoff_latitude,Passenger_count,Trip_distance,Fare_amount,Extra,MTA_tax,Tip_amount,Tolls_amount,Ehail_fee,Total_amount,Payment_type,Trip_type \n\
             2,2015-03-05 02:52:00,2015-03-05 03:02:00,N,1,-73.9,40.7,-73.8,40.8,1,2.5,8.9,0.5,0.5,0,0,,9.9,2,1,,\n",
            "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,RatecodeID,store_and_fwd_flag,PULocationID,DOLocationID,payment_type,fare_amount,extra,mta_tax,tip_amount,tolls_amount,improvement_surcharge,total_amount\n\
             2,2015-03-05 02:52:00,2015-03-05 03:02:00,1,2.5,1,N,1,263,2,8.9,0,0.5,0,0,0.3,9.7\n",
            "vendor_id,pickup_datetime,dropoff_datetime,passenger_count,trip_distance,pickup_location_id,dropoff_location_id,fare_amount\n\
             2,03/05/2015 02:52:00 AM,03/05/2015 03:02:00 AM,1,2.5,1,263,8.9\n",
        ];
        for text in generations {
            let trace = import(text, OnBadRow::Fail).unwrap();
            assert_eq!(trace.len(), 1, "{text}");
            // 2015-03-05 02:52 in New York (UTC-5) is 07:52 UTC.
            assert_eq!(trace.request_time[0].iso(), "2015-03-05T07:52:00Z");
            assert_eq!((trace.duration_s[0], trace.fare[0], trace.passengers[0]), (600.0, 8.9, 1));
            assert!((trace.distance_km[0] - 4.02336).abs() < 1e-9);
            assert!((trace.places.lat(trace.destination[0]) - 40.8).abs() < 1e-9);
        }
    }

    const HEAD: &str = "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,PULocationID,DOLocationID,fare_amount\n";

    #[test]
    fn rows_that_cannot_be_are_counted_by_reason() {
        let row = |pickup: &str, dropoff: &str, rest: &str| format!("1,{pickup},{dropoff},{rest}\n");
        let day = |start: &str, end: &str, rest: &str| {
            row(&format!("2018-05-01 {start}"), &format!("2018-05-01 {end}"), rest)
        };
        let good = "1,1.0,1,263,5";
        let mut text = HEAD.to_string();
        for minute in 10..40 {
            text += &day(&format!("10:{minute}:00"), "11:00:00", good);
        }
        text += &day("10:10:00", "11:00:00", good); // the first row again
        text += &day("10:00:00", "10:00:00", good);
        text += &day("10:00:00", "09:00:00", good);
        text += &day("01:00:00", "09:00:00", good);
        text += &day("10:00:00", "10:10:00", "1,-1.0,1,263,5");
        text += &day("10:00:00", "10:10:00", "1,1e4,1,263,5");
        text += &day("10:00:00", "10:10:00", "1,20,1,263,5");
        text += &day("10:00:00", "10:10:00", "1,far,1,263,5");
        text += &day("10:00:00", "10:10:00", "1,1.0,264,263,5");
        text += &day("10:00:00", "10:10:00", "1,1.0,1,,5");
        text += &day("10:00:00", "late", good);
        text += &row("2008-12-31 10:00:00", "2008-12-31 10:10:00", good);
        text += &day("10:00:00", "10:10:00", "1,1.0");
        text += &day("10:01:00", "10:10:00", "NaN,0.0,1,263,-5");
        let trace = import(&text, OnBadRow::Skip).unwrap();
        let report = &trace.report;
        assert_eq!((report.rows_read, report.rows_kept), (44, 31));
        insta::assert_snapshot!(reasons(report), @"1 distance above 200 km, 1 duplicate, 1 duration above 6 h, 1 duration of zero, 1 negative distance, 1 negative duration, 1 speed above 130 km/h, 1 time outside the file's period, 2 unknown zone, 1 unreadable distance, 1 unreadable time, 1 wrong number of cells");
        insta::assert_debug_snapshot!(report.repaired, @r#"
{
    "distance of zero treated as missing": 1,
    "negative fare treated as missing": 1,
}
"#);
        assert_eq!(trace.passengers[0], 0);
        assert!(trace.fare[0].is_nan() && trace.distance_km[0].is_nan());
    }

    #[test]
    fn the_first_bad_row_is_named() {
        let message = |rows: &str| import(&format!("{HEAD}{rows}"), OnBadRow::Fail).unwrap_err().to_string();
        insta::assert_snapshot!(message("1,2018-05-01 10:00:00,2018-05-01 09:00:00,1,1.0,1,263,5\n"), @r#"t.csv:2: tpep_dropoff_datetime: found `2018-05-01 09:00:00`, expected a drop-off at most 6 hours after the pick-up; negative duration; on_bad_row = "skip" leaves such rows out and counts them"#);
        insta::assert_snapshot!(message("1,2018-05-01 10:00:00,2018-05-01 10:09:00,1,1.0,1,265,5\n"), @r#"t.csv:2: DOLocationID: found `265`, expected the number of a zone on the map (264 and 265 mean unknown); unknown zone; on_bad_row = "skip" leaves such rows out and counts them"#);
        insta::assert_snapshot!(message("1,2018-05-01 10:00:00,2018-05-01 10:0"), @r#"t.csv:2: found 3 cells, expected 8 as in the header; wrong number of cells; on_bad_row = "skip" leaves such rows out and counts them"#);
        insta::assert_snapshot!(message("1,2018-05-01 10:00:00,2018-05-01 10:99:00,1,1.0,1,265,5\n"), @r#"t.csv:2: tpep_dropoff_datetime: found `2018-05-01 10:99:00`, expected a time such as 2018-03-05 17:30:00; unreadable time; on_bad_row = "skip" leaves such rows out and counts them"#);
        insta::assert_snapshot!(message("1,2018-05-01 10:00:00,2018-05-01 10:09:00,1,NaN mi,1,263,5\n"), @r#"t.csv:2: trip_distance: found `NaN mi`, expected miles that a taxi can drive in the trip's time; unreadable distance; on_bad_row = "skip" leaves such rows out and counts them"#);
        insta::assert_snapshot!(message(""), @"t.csv: found no rows, expected one trip per row");
        insta::assert_snapshot!(import("time,from,to\n1,2,3\n", OnBadRow::Skip).unwrap_err(), @"t.csv: tpep_pickup_datetime: found only the columns time, from, to, expected a column `tpep_pickup_datetime`; this is no TLC file of any year; import other tables as `trips`, with a column map");
    }

    #[test]
    fn both_clock_changes_are_understood() {
        let trace = import(
            &format!(
                "{HEAD}\
                 1,2018-03-11 01:50:00,2018-03-11 03:05:00,1,1,1,263,5\n\
                 1,2018-03-11 02:30:00,2018-03-11 02:40:00,1,1,1,263,5\n\
                 1,2018-03-11 01:55:00,2018-03-11 02:05:00,1,1,1,263,5\n"
            ),
            OnBadRow::Fail,
        )
        .unwrap();
        // 1:50 EST to 3:05 EDT is a quarter of an hour; 2:30 is 3:30 EDT, 7:30 UTC.
        assert_eq!(trace.duration_s, [900.0, 600.0, 600.0]);
        assert_eq!(trace.request_time[2].iso(), "2018-03-11T07:30:00Z");
        assert_eq!(trace.report.repaired.values().sum::<u64>(), 2);

        let trace = import(
            &format!(
                "{HEAD}\
                 1,2018-11-04 00:50:00,2018-11-04 01:10:00,1,1,1,263,5\n\
                 1,2018-11-04 01:30:00,2018-11-04 01:40:00,1,1,1,263,5\n\
                 1,2018-11-04 01:50:00,2018-11-04 01:10:00,1,1,1,263,5\n\
                 1,2018-11-04 01:50:00,2018-11-04 02:10:00,1,1,1,263,5\n"
            ),
            OnBadRow::Fail,
        )
        .unwrap();
        // Computed by hand: EDT is UTC-4, EST is UTC-5.
        let times: Vec<String> = trace.request_time.iter().map(|t| t.iso()).collect();
        assert_eq!(
            times,
            ["2018-11-04T04:50:00Z", "2018-11-04T05:30:00Z", "2018-11-04T05:50:00Z", "2018-11-04T06:50:00Z"]
        );
        assert_eq!(trace.duration_s, [1200.0, 600.0, 1200.0, 1200.0]);
    }
}
