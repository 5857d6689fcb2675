//! Synthetic yellow taxi records of New York, in the raw format published by the Taxi and Limousine
//! Commission since 2022.
//!
//! The rate of pick-ups by hour of the week, zones, destinations, distances, speeds and fares follow the
//! records of 2018 (`nyc_figures`); so do the kinds and shares of dirty rows.

use super::nyc_figures as figures;
use super::{Cumulative, interpolated};
use chrono::{DateTime, NaiveDate};
use gridfleet_core::error::{Error, InputError, Result};
use gridfleet_core::geo::Places;
use gridfleet_core::ids::PlaceId;
use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_core::time::{HOUR_S, LocalClock, SimTime, local_to_utc};
use polars_core::prelude::{Column, DataFrame, DataType, NamedFrom, Series, TimeUnit};
use rand::RngExt;
use rand_distr::StandardNormal;
use std::collections::BTreeMap;
use std::io::Write;

/// Centroids and areas of the taxi zones, as bundled with the program.
pub const ZONES: &str = include_str!("../../../datasets/nyc-week/taxi_zones.csv");

const MILE_KM: f64 = 1.609_344;
const JFK: u16 = 132;
const NEWARK: u16 = 1;

/// Options of the generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NycOptions {
    /// Number of rows.
    pub requests: u32,
    /// First day, in New York.
    pub start: NaiveDate,
    /// Number of days.
    pub days: u32,
    /// Seed of the random stream.
    pub seed: u64,
}

/// Rows of synthetic records, one flat column per property, in order of pick-up except for those with a wrong
/// year. Names follow those of the commission.
#[derive(Debug, Clone, Default)]
pub struct NycTrips {
    vendor: Vec<u8>,
    /// Wall-clock times as seconds since 1970-01-01T00:00:00 of the same clock.
    pickup: Vec<i64>,
    dropoff: Vec<i64>,
    passengers: Vec<u8>,
    miles: Vec<f64>,
    rate_code: Vec<u8>,
    stored: Vec<bool>,
    from: Vec<u16>,
    to: Vec<u16>,
    payment: Vec<u8>,
    fare: Vec<f64>,
    extra: Vec<f64>,
    mta_tax: Vec<f64>,
    tip: Vec<f64>,
    tolls: Vec<f64>,
    improvement: Vec<f64>,
    total: Vec<f64>,
    /// Number of dirty rows by kind.
    pub dirty: BTreeMap<&'static str, u64>,
}

/// Zone numbers, boroughs and places, with the weights of the demand.
pub(super) struct City {
    pub(super) zone: Vec<u16>,
    pub(super) name: Vec<String>,
    borough: Vec<String>,
    area_km2: Vec<f64>,
    places: Places,
    /// By block and zone.
    pub(super) pickups: Vec<Vec<f64>>,
    pull: Vec<Vec<f64>>,
}

impl City {
    pub(super) fn new() -> Result<Self> {
        let broken = |e: csv::Error| Error::Other(format!("built-in table of zones: {e}"));
        type ZoneRow = (u16, String, String, f64, f64, f64);
        type DemandRow = (u16, [f64; figures::BLOCKS], [f64; figures::BLOCKS]);
        let mut city = Self {
            zone: Vec::new(),
            name: Vec::new(),
            borough: Vec::new(),
            area_km2: Vec::new(),
            places: Places::default(),
            pickups: vec![Vec::new(); figures::BLOCKS],
            pull: vec![Vec::new(); figures::BLOCKS],
        };
        for row in csv::Reader::from_reader(ZONES.as_bytes()).deserialize::<ZoneRow>() {
            let (zone, borough, name, lat, lon, area_km2) = row.map_err(broken)?;
            city.zone.push(zone);
            city.borough.push(borough);
            city.places.add_zone(&name, lat, lon, area_km2);
            city.name.push(name);
            city.area_km2.push(area_km2);
        }
        for row in csv::Reader::from_reader(figures::DEMAND.as_bytes()).deserialize::<DemandRow>() {
            let (_, pickups, pull) = row.map_err(broken)?;
            for (column, value) in city.pickups.iter_mut().zip(pickups) {
                column.push(value);
            }
            for (column, value) in city.pull.iter_mut().zip(pull) {
                column.push(value);
            }
        }
        assert!(
            city.pull.iter().all(|pull| pull.len() == city.zone.len()),
            "both built-in tables name all zones"
        );
        Ok(city)
    }

    fn distance_km(&self, from: usize, to: usize) -> f64 {
        if from == to { 0.0 } else { self.places.distance_km(PlaceId::new(from), PlaceId::new(to)) }
    }

    /// Destinations from each origin, indexed by block x zones + origin.
    fn destinations(&self) -> Vec<Cumulative> {
        let zones = self.zone.len();
        let class = |from, to| {
            let km = self.distance_km(from, to);
            figures::DISTANCE_CLASSES_KM.partition_point(|&end| if end == 0.0 { end < km } else { end <= km })
        };
        let classes: Vec<Vec<usize>> =
            (0..zones).map(|from| (0..zones).map(|to| class(from, to)).collect()).collect();
        (0..figures::BLOCKS)
            .flat_map(|block| {
                let (pull, deterrence) = (&self.pull[block], &figures::DETERRENCE[block]);
                classes.iter().map(move |classes| {
                    Cumulative::new(pull.iter().zip(classes).map(|(pull, &class)| pull * deterrence[class]))
                })
            })
            .collect()
    }
}

/// Generates records.
///
/// # Errors
/// If there are no days or no requests, or the time is outside the calendar.
pub fn synthesize(options: NycOptions) -> Result<NycTrips> {
    if options.requests == 0 || options.days == 0 || options.days > 3_660 {
        let found = format!("{} requests in {} days", options.requests, options.days);
        return Err(InputError::new(found, "at least one request, and 1 to 3660 days").into());
    }
    let tz = chrono_tz::America::New_York;
    let midnight =
        |date: NaiveDate| local_to_utc(tz, date.and_hms_opt(0, 0, 0).unwrap_or_default()).earliest();
    let last = options.start.checked_add_days(chrono::Days::new(u64::from(options.days)));
    let last = last.ok_or_else(|| InputError::new(options.start.to_string(), "a date of this era"))?;
    let (start, end) = (midnight(options.start), midnight(last));
    let clock = LocalClock::new(tz, start, end);
    let city = City::new()?;
    let mut random = Streams { seed: options.seed, replication: 0 }.stream(Purpose::Synthesis, 0);

    // Hours of the horizon are elapsed hours: 23 or 25 on the days of the clock changes.
    let hours = usize::try_from((end - start) / HOUR_S).unwrap_or(0);
    let hour_start = |hour: usize| start + hour as i64 * HOUR_S;
    let by_hour = Cumulative::new(
        (0..hours).map(|hour| figures::PICKUPS_BY_HOUR_OF_WEEK[clock.hour_of_week(hour_start(hour))]),
    );
    let mut times: Vec<SimTime> = (0..options.requests)
        .map(|_| hour_start(by_hour.draw(&mut random)) + random.random_range(0..HOUR_S))
        .collect();
    times.sort_unstable();

    let pickups: Vec<Cumulative> = city.pickups.iter().map(|p| Cumulative::new(p.iter().copied())).collect();
    let destinations = city.destinations();
    let mut draws = Draws::new();
    let mut trips = NycTrips::default();
    for time in times {
        let block = figures::block(clock.hour_of_week(time));
        let from = pickups[block].draw(&mut random);
        let to = destinations[block * city.zone.len() + from].draw(&mut random);
        draws.trip(&mut trips, &city, &clock, time, from, to, &mut random);
    }
    soil(&mut trips, &mut random);
    Ok(trips)
}

/// Distributions from which properties of a trip are drawn.
struct Draws {
    vendors: Cumulative,
    passengers: Cumulative,
    payments: Cumulative,
}

impl Draws {
    fn new() -> Self {
        Self {
            vendors: Cumulative::new(figures::VENDORS),
            passengers: Cumulative::new(figures::PASSENGERS),
            payments: Cumulative::new(figures::PAYMENTS),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one trip is drawn from all of them")]
    fn trip(
        &mut self,
        trips: &mut NycTrips,
        city: &City,
        clock: &LocalClock,
        time: SimTime,
        from: usize,
        to: usize,
        random: &mut impl RngExt,
    ) {
        let hour_of_week = clock.hour_of_week(time);
        let km = distance_km(city, from, to, random);
        let duration_s = duration_s(km, hour_of_week, random);
        let miles = (km / MILE_KM * 100.0).round() / 100.0;
        let (from_zone, to_zone) = (city.zone[from], city.zone[to]);
        let (rate_code, fare) = fare(city, from, to, miles, duration_s);
        let rush = hour_of_week / 24 < 5 && (16..20).contains(&(hour_of_week % 24));
        let night = !(6..20).contains(&(hour_of_week % 24));
        let extra = match (rate_code, rush, night) {
            (2, true, _) => figures::FARE_JFK.1,
            // Surcharges of the same tariff: 1 $ on weekdays from 16 to 20 h, 0.50 $ from 20 to 6 h.
            (1, true, _) => 1.0,
            (1, _, true) => 0.5,
            _ => 0.0,
        };
        let payment = self.payments.draw(random) as u8 + 1;
        let tip = if payment == 1 && random.random::<f64>() < figures::TIPS.0 {
            let normal: f64 = random.sample(StandardNormal);
            cents(fare * (figures::TIPS.1 + figures::TIPS.2 * normal).max(0.01))
        } else {
            0.0
        };
        let tolled = km > 12.0 && city.borough[from] != city.borough[to];
        let tolls = if tolled && random.random::<f64>() < figures::TOLLED { figures::TOLL } else { 0.0 };
        let mta_tax = if to_zone == NEWARK { 0.0 } else { 0.5 };
        trips.vendor.push(self.vendors.draw(random) as u8 + 1);
        trips.pickup.push(time.0 + clock.offset_s(time));
        trips.dropoff.push((time + duration_s).0 + clock.offset_s(time + duration_s));
        trips.passengers.push(self.passengers.draw(random) as u8);
        trips.miles.push(miles);
        trips.rate_code.push(rate_code);
        trips.stored.push(random.random::<f64>() < figures::STORED);
        trips.from.push(from_zone);
        trips.to.push(to_zone);
        trips.payment.push(payment);
        trips.fare.push(fare);
        trips.extra.push(extra);
        trips.mta_tax.push(mta_tax);
        trips.tip.push(tip);
        trips.tolls.push(tolls);
        trips.improvement.push(0.3);
        trips.total.push(cents(fare + extra + mta_tax + tip + tolls + 0.3));
    }
}

fn distance_km(city: &City, from: usize, to: usize, random: &mut impl RngExt) -> f64 {
    let normal: f64 = random.sample(StandardNormal);
    // Three standard deviations: larger deviations in the records are errors.
    let normal = normal.clamp(-3.0, 3.0);
    let km = if from == to {
        city.area_km2[from].sqrt() * figures::WITHIN_ZONE * (figures::WITHIN_ZONE_SPREAD * normal).exp()
    } else {
        let straight_km = city.distance_km(from, to);
        let spread = interpolated(&figures::CIRCUITY_SPREAD, straight_km);
        straight_km * interpolated(&figures::CIRCUITY, straight_km) * (spread * normal).exp()
    };
    km.max(0.2)
}

fn duration_s(km: f64, hour_of_week: usize, random: &mut impl RngExt) -> i64 {
    let pace = if hour_of_week / 24 < 5 { figures::PACE_WEEKDAY } else { figures::PACE_WEEKEND };
    let normal: f64 = random.sample(StandardNormal);
    let speed_kmh = interpolated(&figures::SPEED_KMH, km)
        * pace[hour_of_week % 24]
        * (figures::SPEED_SPREAD * normal.clamp(-3.0, 3.0)).exp();
    ((km / speed_kmh * 3_600.0) as i64).max(20)
}

/// Rate code and fare [$] by the meter or by the flat rate.
fn fare(city: &City, from: usize, to: usize, miles: f64, duration_s: i64) -> (u8, f64) {
    let (from_zone, to_zone) = (city.zone[from], city.zone[to]);
    let manhattan = |zone: usize| city.borough[zone] == "Manhattan";
    if from_zone == JFK && manhattan(to) || to_zone == JFK && manhattan(from) {
        return (2, figures::FARE_JFK.0);
    }
    let minutes = duration_s as f64 / 60.0;
    let mph = miles / (minutes / 60.0);
    let standing = (1.0 - mph / figures::MOVING_MPH).max(0.0);
    // A unit is due when it begins.
    let units = (5.0 * miles + minutes * standing).floor() + 1.0;
    let metered = figures::FARE_START + figures::FARE_UNIT * units;
    if to_zone == NEWARK && from_zone != NEWARK { (3, metered + figures::FARE_NEWARK) } else { (1, metered) }
}

fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

/// Makes some rows dirty, each in one respect, with the given share of each kind.
fn soil(trips: &mut NycTrips, random: &mut impl RngExt) {
    let rows = trips.pickup.len();
    let mut order: Vec<u32> = (0..rows as u32).collect();
    let mut taken = 0;
    let mut doubled = Vec::new();
    for (kind, share) in figures::DIRT {
        let count = (share * rows as f64).round() as usize;
        for _ in 0..count.min(rows - taken) {
            let pick = random.random_range(taken..rows);
            order.swap(taken, pick);
            let row = order[taken] as usize;
            taken += 1;
            *trips.dirty.entry(kind).or_insert(0) += 1;
            soil_row(trips, row, kind, random);
            if kind == "row twice" {
                doubled.push(row);
            }
        }
    }
    // The duplicate replaces the row before it, so that the number of rows is unchanged.
    for row in doubled {
        if row > 0 {
            trips.copy_row(row, row - 1);
        }
    }
}

fn soil_row(trips: &mut NycTrips, row: usize, kind: &str, random: &mut impl RngExt) {
    match kind {
        "zone 264 (unknown)" => (trips.from[row], trips.to[row]) = (264, 264),
        "zone 265 (outside the city)" => trips.to[row] = 265,
        "duration zero" => trips.dropoff[row] = trips.pickup[row],
        "meter left running for most of a day" => {
            trips.dropoff[row] = trips.pickup[row] + random.random_range(23 * HOUR_S..24 * HOUR_S);
        }
        "distance zero" => trips.miles[row] = 0.0,
        "distance absurd" => trips.miles[row] = cents(trips.miles[row] * 1_000.0),
        "amounts negative" => {
            for column in [
                &mut trips.fare,
                &mut trips.extra,
                &mut trips.mta_tax,
                &mut trips.improvement,
                &mut trips.tip,
                &mut trips.tolls,
                &mut trips.total,
            ] {
                // Avoids negative zero, which is written differently.
                column[row] = 0.0 - column[row];
            }
        }
        "fare zero" => trips.fare[row] = 0.0,
        "year wrong" => {
            // As in the records: 2008-12-31 and 2009-01-01.
            let stray = 1_230_768_000 + trips.pickup[row] % (48 * HOUR_S) - 24 * HOUR_S;
            let duration = trips.dropoff[row] - trips.pickup[row];
            (trips.pickup[row], trips.dropoff[row]) = (stray, stray + duration);
        }
        _ => {}
    }
}

impl NycTrips {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.pickup.len()
    }

    /// Wall-clock times of pick-ups, as seconds since 1970-01-01T00:00:00 of the same clock.
    pub(super) fn pickups(&self) -> &[i64] {
        &self.pickup
    }

    /// Wall-clock times of drop-offs.
    pub(super) fn dropoffs(&self) -> &[i64] {
        &self.dropoff
    }

    /// Numbers of the zones of pick-ups.
    pub(super) fn origins(&self) -> &[u16] {
        &self.from
    }

    /// Numbers of the zones of drop-offs.
    pub(super) fn destinations(&self) -> &[u16] {
        &self.to
    }

    /// Distances [mi].
    pub(super) fn miles(&self) -> &[f64] {
        &self.miles
    }

    /// Fares [$].
    pub(super) fn fares(&self) -> &[f64] {
        &self.fare
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.pickup.is_empty()
    }

    fn copy_row(&mut self, from: usize, to: usize) {
        macro_rules! copy {
            ($($column:ident)*) => {$(self.$column[to] = self.$column[from];)*};
        }
        copy!(vendor pickup dropoff passengers miles rate_code stored payment fare extra mta_tax tip tolls improvement total);
        (self.from[to], self.to[to]) = (self.from[from], self.to[from]);
    }

    /// The rows as a table with the columns and types of the commission.
    ///
    /// # Errors
    /// If the table cannot be built.
    pub fn frame(&self) -> Result<DataFrame> {
        let failed = |e: polars_core::prelude::PolarsError| Error::Other(e.to_string());
        let integers = |name: &str, values: Vec<i64>| Series::new(name.into(), values);
        let small =
            |name: &str, values: &[u8]| integers(name, values.iter().map(|&v| i64::from(v)).collect());
        let zones =
            |name: &str, values: &[u16]| integers(name, values.iter().map(|&v| i64::from(v)).collect());
        let doubles = |name: &str, values: &[f64]| Series::new(name.into(), values);
        let counts = |name: &str, values: &[u8]| {
            Series::new(name.into(), values.iter().map(|&v| f64::from(v)).collect::<Vec<f64>>())
        };
        let times = |name: &str, values: &[i64]| {
            integers(name, values.iter().map(|v| v * 1_000_000).collect())
                .cast(&DataType::Datetime(TimeUnit::Microseconds, None))
                .map_err(failed)
        };
        let stored: Vec<&str> = self.stored.iter().map(|&s| if s { "Y" } else { "N" }).collect();
        let columns: Vec<Series> = vec![
            small("VendorID", &self.vendor),
            times("tpep_pickup_datetime", &self.pickup)?,
            times("tpep_dropoff_datetime", &self.dropoff)?,
            counts("passenger_count", &self.passengers),
            doubles("trip_distance", &self.miles),
            counts("RatecodeID", &self.rate_code),
            Series::new("store_and_fwd_flag".into(), stored),
            zones("PULocationID", &self.from),
            zones("DOLocationID", &self.to),
            small("payment_type", &self.payment),
            doubles("fare_amount", &self.fare),
            doubles("extra", &self.extra),
            doubles("mta_tax", &self.mta_tax),
            doubles("tip_amount", &self.tip),
            doubles("tolls_amount", &self.tolls),
            doubles("improvement_surcharge", &self.improvement),
            doubles("total_amount", &self.total),
            // Introduced in 2019; null in the files of earlier years.
            Series::new("congestion_surcharge".into(), vec![None::<f64>; self.len()]),
        ];
        DataFrame::new_infer_height(columns.into_iter().map(Column::from).collect()).map_err(failed)
    }

    /// Writes the rows as CSV with the columns of the commission.
    ///
    /// # Errors
    /// If writing fails.
    pub fn write_csv(&self, out: &mut impl Write) -> std::io::Result<()> {
        writeln!(
            out,
            "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,RatecodeID,\
             store_and_fwd_flag,PULocationID,DOLocationID,payment_type,fare_amount,extra,mta_tax,tip_amount,\
             tolls_amount,improvement_surcharge,total_amount,congestion_surcharge"
        )?;
        for row in 0..self.len() {
            writeln!(
                out,
                "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},",
                self.vendor[row],
                wall_clock(self.pickup[row]),
                wall_clock(self.dropoff[row]),
                self.passengers[row],
                self.miles[row],
                self.rate_code[row],
                if self.stored[row] { "Y" } else { "N" },
                self.from[row],
                self.to[row],
                self.payment[row],
                self.fare[row],
                self.extra[row],
                self.mta_tax[row],
                self.tip[row],
                self.tolls[row],
                self.improvement[row],
                self.total[row],
            )?;
        }
        Ok(())
    }
}

pub(super) fn wall_clock(seconds: i64) -> impl std::fmt::Display {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().naive_utc().format("%Y-%m-%d %H:%M:%S")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(requests: u32, start: &str, days: u32, seed: u64) -> NycTrips {
        synthesize(NycOptions { requests, start: start.parse().unwrap(), days, seed }).unwrap()
    }

    fn quantile(sorted: &[f64], share: f64) -> f64 {
        sorted[(sorted.len() as f64 * share) as usize]
    }

    #[test]
    fn distances_durations_and_fares_are_those_of_the_records() {
        let trips = made(60_000, "2018-03-05", 7, 3);
        let clean: Vec<usize> = (0..trips.len())
            .filter(|&i| (30..10_800).contains(&(trips.dropoff[i] - trips.pickup[i])))
            .filter(|&i| (0.1..60.0).contains(&trips.miles[i]) && trips.fare[i] > 0.0)
            .collect();
        let sorted = |values: &dyn Fn(usize) -> f64| {
            let mut values: Vec<f64> = clean.iter().map(|&i| values(i)).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let km = sorted(&|i| trips.miles[i] * MILE_KM);
        let seconds = sorted(&|i| (trips.dropoff[i] - trips.pickup[i]) as f64);
        // Quantiles of the 58,351 usable trips of the sample of 2018.
        for (share, km_of_2018, s_of_2018) in
            [(0.25, 1.58, 395.0), (0.5, 2.57, 654.0), (0.75, 4.83, 1_066.0), (0.95, 17.28, 2_150.0)]
        {
            assert!(
                (quantile(&km, share) / km_of_2018 - 1.0).abs() < 0.1,
                "{share} {}",
                quantile(&km, share)
            );
            assert!(
                (quantile(&seconds, share) / s_of_2018 - 1.0).abs() < 0.08,
                "{share} {}",
                quantile(&seconds, share)
            );
        }
        let fare = clean.iter().map(|&i| trips.fare[i]).sum::<f64>() / clean.len() as f64;
        assert!((fare - 12.62).abs() < 0.4, "{fare}");
        // 60,000 records of 2018: 1,118 in zones 264 and 265, 33 negative fares, 3,245 with tolls.
        let unknown = trips.to.iter().filter(|&&zone| zone > 263).count();
        assert!((1_050..1_190).contains(&unknown), "{unknown}");
        assert_eq!(trips.fare.iter().filter(|&&fare| fare < 0.0).count(), 33);
        let tolled = trips.tolls.iter().filter(|&&toll| toll > 0.0).count();
        assert!((2_700..3_800).contains(&tolled), "{tolled}");
    }

    #[test]
    fn the_hour_that_spring_skips_has_no_pick_ups() {
        let trips = made(20_000, "2018-03-11", 1, 1);
        let in_hour = |hour: i64| {
            trips.pickup.iter().filter(|t| (*t - 1_520_726_400).div_euclid(HOUR_S) == hour).count()
        };
        assert_eq!(in_hour(2), 0);
        assert!(in_hour(1) > 100 && in_hour(3) > 100);
    }

    #[test]
    fn the_same_seed_gives_the_same_rows_and_another_seed_others() {
        let csv = |seed| {
            let mut out = Vec::new();
            made(2_000, "2018-06-01", 3, seed).write_csv(&mut out).unwrap();
            out
        };
        assert_eq!(csv(1), csv(1));
        assert_ne!(csv(1), csv(2));
        assert_eq!(made(2_000, "2018-06-01", 3, 1).frame().unwrap().height(), 2_000);
    }

    #[test]
    fn tiny_and_absurd_wishes() {
        assert_eq!(made(1, "2020-02-29", 1, 0).len(), 1);
        let wish = |requests, days, start| synthesize(NycOptions { requests, start, days, seed: 0 });
        assert!(wish(0, 7, NaiveDate::MIN).is_err());
        assert!(wish(1, 0, NaiveDate::MIN).is_err());
        assert!(wish(1, 1, NaiveDate::MAX).is_err());
    }
}
