//! Synthetic free-floating car-sharing fleet in Stuttgart, as raw snapshots of parked cars every five
//! minutes, with the charging stations.
//!
//! Each car is simulated in steps of five minutes: rented or not, driving, parked in a street or at a
//! charger, charging. States not visible in the feed (rented cars, some charging cars) are missing from the
//! rows, as in the real feed.

use super::interpolated;
use super::stuttgart_city::{City, Point, address, degrees, distance_km, point_off};
use crate::stations::StationRow;
use chrono::NaiveDate;
use gridfleet_core::error::{Error, InputError, Result};
use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_core::time::{LocalClock, SimTime, local_to_utc};
use polars_core::prelude::{Column, DataFrame, NamedFrom, Series};
use rand::RngExt;
use rand_distr::StandardNormal;
use std::collections::BTreeMap;
use std::io::Write;

/// Trips per car and day: 146,458 trips of 468 cars in 67 days (FleetSim's record of the real feed).
const TRIPS_PER_CAR_DAY: f64 = 146_458.0 / 468.0 / 67.0;
/// Capacity [kWh], range [km] and charging power [kW] of the Smart electric drive (Car2Go Stuttgart).
const BATTERY_KWH: f64 = 17.6;
const RANGE_KM: f64 = 160.0;
const CHARGER_KW: f64 = 3.6;
/// Limit of charging power over state of charge [kW], and ratio of stored to drawn energy, as in the vehicle
/// catalogue.
const CURVE_KW: [[f64; 2]; 3] = [[0.0, 3.6], [0.9, 3.6], [1.0, 1.2]];
const CHARGE_EFFICIENCY: f64 = 0.9;
/// Connectors per station; assumed.
const CONNECTORS: u32 = 2;

/// Relative number of rentals by hour of the day, Monday to Friday and at the weekend; assumed, with the
/// shape that studies of free-floating fleets describe (low before dawn, a morning peak, the maximum in the
/// evening).
const RENTALS_WEEKDAY: [f64; 24] = [
    16., 9., 5., 4., 5., 12., 28., 52., 62., 48., 42., 45., 50., 50., 50., 56., 68., 82., 88., 78., 62., 52.,
    44., 30.,
];
const RENTALS_WEEKEND: [f64; 24] = [
    36., 28., 20., 14., 10., 8., 12., 18., 28., 40., 52., 60., 62., 62., 62., 64., 68., 74., 78., 72., 60.,
    52., 48., 42.,
];

/// Median duration of a rental [min] and standard deviation of its logarithm, for common and for long
/// rentals, and the share of long ones: fitted to quantiles of a sample of real trips (25 %: 20, 50 %: 30, 75
/// %: 45, 90 %: 70, 95 %: 190).
const COMMON_MIN: (f64, f64) = (27.0, 0.6);
const LONG_MIN: (f64, f64) = (180.0, 0.7);
const LONG_SHARE: f64 = 0.07;
/// Median speed over a common rental [km/h] and standard deviation of its logarithm: in the same sample, the
/// median distance is 8 km and the 75 % quantile 14.4 km. In long rentals the car is parked most of the time;
/// it covers the distance of one hour.
const SPEED_KMH: (f64, f64) = (17.0, 0.5);
/// Minimum state of charge of a rented car: the minimum at departure in the sample is 25 %.
const LEAST_SOC: f64 = 0.25;
/// Share of trips to a charger by state of charge on arrival; assumed, such that trips begin with about the
/// state of charge in the sample (25 %: 44, 50 %: 64, 75 %: 85).
const TO_CHARGER: [[f64; 2]; 4] = [[0.25, 0.75], [0.4, 0.35], [0.6, 0.06], [1.0, 0.03]];
/// Share of arrivals at a charger that are hidden from the feed while they charge, such that 4.4 % of trips
/// show charge gained before the car is seen: 6,489 of 146,458 (FleetSim's record).
const HIDDEN: f64 = 0.16;

const STEP_S: i64 = 300;

/// Options of the generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StuttgartOptions {
    /// Number of cars.
    pub cars: u32,
    /// Number of charging stations.
    pub stations: u32,
    /// First day, in Stuttgart.
    pub start: NaiveDate,
    /// Number of days.
    pub days: u32,
    /// Seed of the random stream.
    pub seed: u64,
}

/// One row of the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    car: u32,
    at: Point,
    percent: u8,
    charging: bool,
    time: i64,
}

/// Generated feed and stations.
pub struct Stuttgart {
    rows: Vec<Row>,
    city: City,
    /// Number of trips driven, visible in the feed or not.
    pub trips: u64,
    /// Number of dirty rows, or of cars or trips, by kind.
    pub dirty: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Clone, Copy)]
enum Doing {
    /// Parked since a step; hidden from the feed before the second step.
    Parked { since: usize, shown_from: usize },
    /// Rented; arrives at a step.
    Driving { until: usize },
}

struct Car {
    at: Point,
    soc: f64,
    doing: Doing,
    station: Option<usize>,
}

/// Generates a feed.
///
/// # Errors
/// If the options are out of range.
pub fn synthesize(options: StuttgartOptions) -> Result<Stuttgart> {
    let wrong =
        |key: &str, found: String, expected: &str| Error::from(InputError::new(found, expected).key(key));
    if !(1..=9_999).contains(&options.cars) {
        return Err(wrong("--cars", options.cars.to_string(), "1 to 9999 cars"));
    }
    if !(1..=5_000).contains(&options.stations) {
        return Err(wrong("--stations", options.stations.to_string(), "1 to 5000 stations"));
    }
    if !(1..=400).contains(&options.days) {
        return Err(wrong("--days", options.days.to_string(), "1 to 400 days"));
    }
    let tz = chrono_tz::Europe::Berlin;
    let midnight =
        |date: NaiveDate| local_to_utc(tz, date.and_hms_opt(0, 0, 0).unwrap_or_default()).earliest();
    let last = options.start.checked_add_days(chrono::Days::new(u64::from(options.days)));
    let last = last.ok_or_else(|| wrong("--start", options.start.to_string(), "a date of this era"))?;
    let (start, end) = (midnight(options.start), midnight(last));
    let clock = LocalClock::new(tz, start, end);
    let mut random = Streams { seed: options.seed, replication: 0 }.stream(Purpose::Synthesis, 2);
    let city = City::new(options.stations, &mut random);
    let mut fleet = Fleet::new(options.cars, city, &mut random);
    let steps = usize::try_from((end - start) / STEP_S).unwrap_or(0);
    let mut rows: Vec<Vec<Row>> = vec![Vec::with_capacity(steps); options.cars as usize];
    for step in 0..steps {
        let time = start + step as i64 * STEP_S;
        fleet.step(step, expected_rentals(options.cars, clock.hour_of_week(time)), &mut random);
        fleet.show(step, time, &mut rows);
    }
    let mut feed =
        Stuttgart { rows: rows.concat(), city: fleet.city, trips: fleet.trips, dirty: BTreeMap::new() };
    feed.soil(options.cars, start, &mut random);
    Ok(feed)
}

/// Expected number of rentals that begin in a step.
fn expected_rentals(cars: u32, hour_of_week: usize) -> f64 {
    let by_hour = if hour_of_week / 24 < 5 { &RENTALS_WEEKDAY } else { &RENTALS_WEEKEND };
    let share = by_hour[hour_of_week % 24] / by_hour.iter().sum::<f64>();
    f64::from(cars) * TRIPS_PER_CAR_DAY * share * STEP_S as f64 / 3_600.0
}

struct Fleet {
    cars: Vec<Car>,
    /// Connectors in use at each station.
    plugged: Vec<u32>,
    city: City,
    trips: u64,
}

impl Fleet {
    fn new(cars: u32, city: City, random: &mut impl RngExt) -> Self {
        // Quantiles of the state of charge at the start of a trip in the sample of real trips.
        let socs = [[0.0, 0.26], [0.25, 0.46], [0.5, 0.66], [0.75, 0.86], [0.9, 1.0], [1.0, 1.0]];
        let mut fleet = Self { cars: Vec::new(), plugged: vec![0; city.stations.len()], city, trips: 0 };
        for _ in 0..cars {
            let at = fleet.city.place(random);
            let soc = interpolated(&socs, random.random());
            let doing = Doing::Parked { since: 0, shown_from: 0 };
            fleet.cars.push(Car { at, soc, doing, station: None });
            if random.random::<f64>() < 0.2 {
                fleet.plug_in(fleet.cars.len() - 1, f64::INFINITY);
            }
        }
        fleet
    }

    /// Moves a car to the nearest station with a free connector.
    fn plug_in(&mut self, car: usize, most_km: f64) -> bool {
        let free = |station: usize| self.plugged[station] < CONNECTORS;
        let Some(station) = self.city.nearest_station(self.cars[car].at, most_km, free) else { return false };
        self.plugged[station] += 1;
        self.cars[car].station = Some(station);
        self.cars[car].at = self.city.stations[station];
        true
    }

    fn step(&mut self, step: usize, expected_rentals: f64, random: &mut impl RngExt) {
        let rentable = |car: &Car| {
            matches!(car.doing, Doing::Parked { shown_from, .. } if shown_from <= step)
                && car.soc >= LEAST_SOC
        };
        let offered = self.cars.iter().filter(|car| rentable(car)).count().max(1);
        let chance = (expected_rentals / offered as f64).min(0.5);
        for index in 0..self.cars.len() {
            if self.cars[index].station.is_some() {
                charge(&mut self.cars[index]);
            }
            match self.cars[index].doing {
                Doing::Driving { until } if until <= step => self.arrive(index, step, random),
                Doing::Driving { .. } => {}
                Doing::Parked { since, .. } => {
                    let car = &self.cars[index];
                    if rentable(car) {
                        if random.random::<f64>() < chance {
                            self.rent(index, step, random);
                        }
                    } else if car.station.is_none() && step - since > 36 && random.random::<f64>() < 0.03 {
                        // Service staff collect cars with a low charge, after three hours at the earliest
                        // (assumed).
                        self.fetch(index, step);
                    }
                }
            }
        }
    }

    fn rent(&mut self, index: usize, step: usize, random: &mut impl RngExt) {
        let mut lognormal = |(median, spread): (f64, f64)| {
            let normal: f64 = random.sample(StandardNormal);
            median * (spread * normal.clamp(-2.5, 2.5)).exp()
        };
        let (common_min, long_min, speed_kmh) =
            (lognormal(COMMON_MIN), lognormal(LONG_MIN), lognormal(SPEED_KMH));
        let long = random.random::<f64>() < LONG_SHARE;
        let minutes = if long { long_min } else { common_min };
        let driven_min = if long { common_min.max(60.0) } else { common_min };
        let car = &self.cars[index];
        // Customers keep a reserve of 3 % of the charge.
        let km = (driven_min / 60.0 * speed_kmh.min(60.0)).min((car.soc - 0.03) * RANGE_KM).max(0.3);
        let to = self.destination(car.at, km, random);
        // The feed shows the car one step before the rental and again on return: at least ten minutes apart.
        let steps = (minutes * 60.0 / STEP_S as f64).round() as usize;
        self.leave(index, to, km, step + steps.max(2) - 1);
    }

    /// A destination such that the trip to it takes most of the distance.
    fn destination(&self, from: Point, km: f64, random: &mut impl RngExt) -> Point {
        // Ratio of road to straight distance 1.35 (assumed), and part of the trip is a detour.
        let straight_km = km / 1.35 * (0.5 + 0.5 * random.random::<f64>());
        let candidates: Vec<Point> = (0..8).map(|_| self.city.place(random)).collect();
        let near = |place: &&Point| (distance_km(from, **place) - straight_km).abs();
        match candidates.iter().min_by(|a, b| near(a).total_cmp(&near(b))) {
            Some(&place) if distance_km(from, place) * 1.2 <= km => place,
            _ => point_off(from, straight_km.min(3.0), random.random()),
        }
    }

    fn leave(&mut self, index: usize, to: Point, km: f64, until: usize) {
        let car = &mut self.cars[index];
        if let Some(station) = car.station.take() {
            self.plugged[station] -= 1;
        }
        car.at = to;
        car.soc = (car.soc - km / RANGE_KM).max(0.0);
        car.doing = Doing::Driving { until };
        self.trips += 1;
    }

    fn fetch(&mut self, index: usize, step: usize) {
        let free = |station: usize| self.plugged[station] < CONNECTORS;
        let Some(station) = self.city.nearest_station(self.cars[index].at, f64::INFINITY, free) else {
            return;
        };
        let to = self.city.stations[station];
        let km = 1.35 * distance_km(self.cars[index].at, to);
        self.leave(index, to, km, step + 6);
    }

    fn arrive(&mut self, index: usize, step: usize, random: &mut impl RngExt) {
        let mut shown_from = step;
        let fetched = self.city.stations.contains(&self.cars[index].at);
        let wish = random.random::<f64>() < interpolated(&TO_CHARGER, self.cars[index].soc);
        // Customers walk back from a charger within a kilometre of their destination (assumed).
        if (fetched || wish) && self.plug_in(index, 1.0) && random.random::<f64>() < HIDDEN {
            shown_from = step + random.random_range(6..30);
        }
        self.cars[index].doing = Doing::Parked { since: step, shown_from };
    }

    fn show(&self, step: usize, time: SimTime, rows: &mut [Vec<Row>]) {
        for (index, (car, rows)) in self.cars.iter().zip(rows).enumerate() {
            if let Doing::Parked { shown_from, .. } = car.doing
                && shown_from <= step
            {
                rows.push(Row {
                    car: index as u32,
                    at: car.at,
                    percent: (car.soc * 100.0).round() as u8,
                    charging: car.station.is_some() && car.soc < 0.999_9,
                    // The clock of the real feed is a second late.
                    time: time.0 + 1,
                });
            }
        }
    }
}

fn charge(car: &mut Car) {
    if matches!(car.doing, Doing::Parked { .. }) {
        let kw = interpolated(&CURVE_KW, car.soc).min(CHARGER_KW);
        car.soc = (car.soc + kw * CHARGE_EFFICIENCY * STEP_S as f64 / 3_600.0 / BATTERY_KWH).min(1.0);
    }
}

impl Stuttgart {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The canonical stations table.
    pub fn stations(&self) -> Vec<StationRow> {
        self.city.station_rows(CONNECTORS, CHARGER_KW)
    }

    /// Makes a few cars and rows dirty, with the defects of the real feed.
    fn soil(&mut self, cars: u32, start: SimTime, random: &mut impl RngExt) {
        // One car in 150 has implausible readings, one in 200 goes to the workshop (assumed).
        for _ in 0..cars / 150 {
            let car = random.random_range(0..cars);
            if self.jump(car) {
                *self.dirty.entry("cars whose charge jumps").or_insert(0) += 1;
            }
        }
        for _ in 0..cars / 200 {
            let car = random.random_range(0..cars);
            let from = start.0 + random.random_range(0..3) * 86_400;
            let until = from + random.random_range(52..80) * 3_600;
            let before = self.rows.len();
            self.rows.retain(|row| row.car != car || row.time < from || row.time > until);
            if self.rows.len() < before {
                *self.dirty.entry("cars in the workshop").or_insert(0) += 1;
            }
        }
        // One row in 25,000 is duplicated, one in 100,000 has no position, one a charge of 255 % (assumed).
        let rows = self.rows.len();
        for (kind, count) in [
            ("row twice", rows / 25_000),
            ("no position", rows / 100_000),
            ("charge of 255 %", rows / 100_000),
        ] {
            for _ in 0..count {
                let row = random.random_range(0..self.rows.len());
                match kind {
                    "row twice" => self.rows.insert(row, self.rows[row]),
                    "no position" => self.rows[row].at = (0, 0),
                    _ => self.rows[row].percent = u8::MAX,
                }
                *self.dirty.entry(kind).or_insert(0) += 1;
            }
        }
    }

    /// Raises the charge of a car by 40 points in the middle of a stay in a street; returns whether there was
    /// one.
    fn jump(&mut self, car: u32) -> bool {
        let streets: Vec<usize> = (1..self.rows.len())
            .filter(|&i| {
                let (before, here) = (self.rows[i - 1], self.rows[i]);
                here.car == car
                    && before.car == car
                    && before.at == here.at
                    && here.percent < 60
                    && !self.city.stations.contains(&here.at)
            })
            .collect();
        let Some(&from) = streets.get(streets.len() / 2) else { return false };
        let at = self.rows[from].at;
        for row in self.rows[from..].iter_mut().take_while(|row| row.car == car && row.at == at) {
            row.percent = row.percent.saturating_add(40).min(100);
        }
        true
    }

    /// The feed as a table. Longitude is stored under `latitude` and vice versa, as in some published files.
    ///
    /// # Errors
    /// If the table cannot be built.
    pub fn frame(&self) -> Result<DataFrame> {
        let cars = self.rows.iter().map(|row| row.car as usize + 1).max().unwrap_or(0);
        let names: Vec<String> = (0..cars).map(name).collect();
        let vins: Vec<String> = (0..cars).map(vin).collect();
        let addresses = self.addresses();
        let text = |name: &str, values: Vec<&str>| Series::new(name.into(), values);
        let number = |name: &str, value: &dyn Fn(&Row) -> i64| {
            Series::new(name.into(), self.rows.iter().map(value).collect::<Vec<i64>>())
        };
        let double = |name: &str, value: &dyn Fn(&Row) -> f64| {
            Series::new(name.into(), self.rows.iter().map(value).collect::<Vec<f64>>())
        };
        let columns = vec![
            text("name", self.rows.iter().map(|row| names[row.car as usize].as_str()).collect()),
            text("vin", self.rows.iter().map(|row| vins[row.car as usize].as_str()).collect()),
            double("latitude", &|row| degrees(row.at.1)),
            double("longitude", &|row| degrees(row.at.0)),
            text("interior", vec!["GOOD"; self.len()]),
            text("exterior", vec!["GOOD"; self.len()]),
            text(
                "address",
                self.rows.iter().map(|row| addresses.get(&row.at).map_or("", String::as_str)).collect(),
            ),
            number("fuel", &|row| i64::from(row.percent)),
            text("engineType", vec!["ED"; self.len()]),
            number("charging", &|row| i64::from(row.charging)),
            number("timestamp", &|row| row.time),
        ];
        DataFrame::new_infer_height(columns.into_iter().map(Column::from).collect())
            .map_err(|e| Error::Other(e.to_string()))
    }

    /// The feed as CSV, with the same columns.
    ///
    /// # Errors
    /// If writing fails.
    pub fn write_csv(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(
            out,
            "name,vin,latitude,longitude,interior,exterior,address,fuel,engineType,charging,timestamp"
        )?;
        let addresses = self.addresses();
        for row in &self.rows {
            writeln!(
                out,
                "{},{},{},{},GOOD,GOOD,\"{}\",{},ED,{},{}",
                name(row.car as usize),
                vin(row.car as usize),
                degrees(row.at.1),
                degrees(row.at.0),
                addresses.get(&row.at).map_or("", String::as_str),
                row.percent,
                u8::from(row.charging),
                row.time,
            )?;
        }
        Ok(())
    }

    fn addresses(&self) -> BTreeMap<Point, String> {
        let mut places: Vec<Point> = self.rows.iter().map(|row| row.at).collect();
        places.sort_unstable();
        places.dedup();
        places.into_iter().map(|at| (at, address(at))).collect()
    }
}

/// Registration number of a car, in the style of the fleet.
fn name(car: usize) -> String {
    format!("S-GO{}", 2_001 + car)
}

/// A valid vehicle number that no car has: the last five digits of all cars are below 10,000.
fn vin(car: usize) -> String {
    format!("WME4513901K{:06}", car + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(cars: u32, days: u32, seed: u64) -> Stuttgart {
        let start = NaiveDate::from_ymd_opt(2016, 11, 28).unwrap();
        synthesize(StuttgartOptions { cars, stations: 60, start, days, seed }).unwrap()
    }

    #[test]
    fn cars_drive_as_often_as_in_the_real_fleet() {
        let feed = made(200, 7, 5);
        let per_car_day = feed.trips as f64 / 200.0 / 7.0;
        // 146,458 trips / 468 cars / 67 days; the standard deviation of 6,500 draws is one hundredth of it.
        assert!((per_car_day / 4.67 - 1.0).abs() < 0.08, "{per_car_day}");
    }

    #[test]
    fn a_station_never_charges_more_cars_than_it_has_connectors() {
        let feed = made(200, 2, 1);
        let mut charging: Vec<(Point, i64, u32)> =
            feed.rows.iter().filter(|row| row.charging).map(|row| (row.at, row.time, row.car)).collect();
        charging.sort_unstable();
        charging.dedup();
        assert!(charging.len() > 1_000);
        for group in charging.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            assert!(group.len() <= CONNECTORS as usize || group[0].0 == (0, 0), "{group:?}");
        }
    }

    #[test]
    fn charge_is_gained_at_the_power_of_the_charger() {
        let mut car =
            Car { at: (0, 0), soc: 0.5, doing: Doing::Parked { since: 0, shown_from: 0 }, station: Some(0) };
        for _ in 0..12 {
            charge(&mut car);
        }
        // One hour at 3.6 kW with a loss of one tenth: 3.24 kWh of 17.6.
        assert!((car.soc - 0.5 - 3.24 / 17.6).abs() < 1e-12);
    }

    #[test]
    fn the_same_seed_gives_the_same_feed_and_another_seed_another() {
        let (a, b, c) = (made(30, 1, 1), made(30, 1, 1), made(30, 1, 2));
        assert_eq!(a.rows, b.rows);
        assert_ne!(a.rows, c.rows);
        let mut text = Vec::new();
        a.write_csv(&mut text).unwrap();
        assert_eq!(text.iter().filter(|&&b| b == b'\n').count(), a.len() + 1);
        assert_eq!(a.frame().unwrap().height(), a.len());
    }

    #[test]
    fn wishes_out_of_range_are_refused() {
        let wish = |cars, stations, days, start| {
            synthesize(StuttgartOptions { cars, stations, start, days, seed: 0 }).err().map(|e| e.to_string())
        };
        let day = NaiveDate::from_ymd_opt(2016, 11, 28).unwrap();
        insta::assert_snapshot!(wish(0, 1, 1, day).unwrap(), @"--cars: found 0, expected 1 to 9999 cars");
        insta::assert_snapshot!(wish(1, 0, 1, day).unwrap(), @"--stations: found 0, expected 1 to 5000 stations");
        insta::assert_snapshot!(wish(1, 1, 0, day).unwrap(), @"--days: found 0, expected 1 to 400 days");
        assert!(wish(1, 1, 1, NaiveDate::MAX).is_some());
        assert!(wish(1, 1, 1, day).is_none());
    }
}
