//! Synthetic high-volume for-hire trips of New York (Uber, Lyft), in the columns that the Taxi and Limousine Commission
//! publishes since 2025, with true request times.
//!
//! Places, times, distances and durations are those of the synthetic taxi records. Waits are assumed: most riders wait some
//! minutes, longer in rush hours; a few trips are booked ahead, whose request time is after the pick-up in some rows, as in
//! the published files. Lyft records no arrival at the rider.

use super::nyc::NycTrips;
use gridfleet_core::error::{Error, Result};
use gridfleet_core::rng::{Purpose, Streams};
use polars_core::prelude::{Column, DataFrame, DataType, NamedFrom, Series, TimeUnit};
use rand::RngExt;
use rand_distr::StandardNormal;
use std::io::Write;

/// Median wait from the request to the pick-up [s], and the spread of its logarithm. Assumed.
const WAIT: (f64, f64) = (240.0, 0.55);
/// Factor on the wait in rush hours. Assumed.
const RUSH: f64 = 1.4;
/// Share of trips that are booked ahead, and the longest time of a request after the pick-up [s]. Assumed.
const BOOKED: (f64, i64) = (0.01, 600);
/// Share of trips of Uber; the others are Lyft's. Assumed.
const UBER: f64 = 0.73;
/// Shares of requests for a shared ride, and of those that are matched. Assumed.
const SHARED: (f64, f64) = (0.02, 0.3);
/// Seconds between arriving at a rider and the pick-up, at most. Assumed.
const BOARDING_S: i64 = 120;

/// Rows of synthetic trips, one flat column per property.
#[derive(Debug, Clone)]
pub struct HighVolume {
    trips: NycTrips,
    uber: Vec<bool>,
    /// Wall-clock times as seconds since 1970-01-01T00:00:00 of the same clock.
    request: Vec<i64>,
    /// Arrival at the rider, where it is recorded.
    on_scene: Vec<Option<i64>>,
    shared: Vec<bool>,
    matched: Vec<bool>,
    /// Number of trips that were booked ahead.
    pub booked: u64,
}

/// Adds requests to trips.
pub fn of(trips: NycTrips, seed: u64) -> HighVolume {
    let mut random = Streams { seed, replication: 0 }.stream(Purpose::Synthesis, 1);
    let rows = trips.len();
    let mut made = HighVolume {
        trips,
        uber: Vec::with_capacity(rows),
        request: Vec::with_capacity(rows),
        on_scene: Vec::with_capacity(rows),
        shared: Vec::with_capacity(rows),
        matched: Vec::with_capacity(rows),
        booked: 0,
    };
    for row in 0..rows {
        let pickup = made.trips.pickups()[row];
        let normal: f64 = random.sample(StandardNormal);
        let hour = pickup.div_euclid(3_600) % 24;
        let rush = if (7..10).contains(&hour) || (16..20).contains(&hour) { RUSH } else { 1.0 };
        let wait_s = (WAIT.0 * rush * (WAIT.1 * normal.clamp(-3.0, 3.0)).exp()) as i64;
        let booked = random.random::<f64>() < BOOKED.0;
        made.booked += u64::from(booked);
        made.request.push(if booked { pickup + random.random_range(1..=BOOKED.1) } else { pickup - wait_s });
        let uber = random.random::<f64>() < UBER;
        let boarding_s = random.random_range(0..=BOARDING_S.min(wait_s));
        made.on_scene.push(uber.then_some(pickup - boarding_s));
        made.uber.push(uber);
        let shared = random.random::<f64>() < SHARED.0;
        made.shared.push(shared);
        made.matched.push(shared && random.random::<f64>() < SHARED.1);
    }
    made
}

impl HighVolume {
    /// Number of trips.
    pub fn len(&self) -> usize {
        self.request.len()
    }

    /// Whether there are no trips.
    pub fn is_empty(&self) -> bool {
        self.request.is_empty()
    }

    /// The columns, in the types of the published Parquet files.
    ///
    /// # Errors
    /// If the table cannot be built.
    pub fn frame(&self) -> Result<DataFrame> {
        let failed = |e: polars_core::prelude::PolarsError| Error::Other(e.to_string());
        let time = |name: &str, values: Series| {
            let micros = DataType::Datetime(TimeUnit::Microseconds, None);
            values.cast(&micros).map(|series| Column::from(series.with_name(name.into()))).map_err(failed)
        };
        let micros = |values: &[i64]| {
            Series::new("".into(), values.iter().map(|s| s * 1_000_000).collect::<Vec<i64>>())
        };
        let text = |name: &str, values: Vec<&str>| Column::from(Series::new(name.into(), values));
        let money = |name: &str, values: Vec<f64>| Column::from(Series::new(name.into(), values));
        let flag = |name: &str, values: &[bool]| {
            text(name, values.iter().map(|set| if *set { "Y" } else { "N" }).collect())
        };
        let rows = self.len();
        let zone = |name: &str, values: &[u16]| {
            Column::from(Series::new(name.into(), values.iter().map(|v| i32::from(*v)).collect::<Vec<_>>()))
        };
        let [pickup, dropoff] = [self.trips.pickups(), self.trips.dropoffs()];
        let on_scene: Vec<Option<i64>> = self.on_scene.iter().map(|s| s.map(|s| s * 1_000_000)).collect();
        let base: Vec<Option<&str>> = self.uber.iter().map(|uber| uber.then_some("B03404")).collect();
        let seconds: Vec<i64> = pickup.iter().zip(dropoff).map(|(from, to)| to - from).collect();
        let fares = self.trips.fares().to_vec();
        let columns = vec![
            text(
                "hvfhs_license_num",
                self.uber.iter().map(|u| if *u { "HV0003" } else { "HV0005" }).collect(),
            ),
            text(
                "dispatching_base_num",
                self.uber.iter().map(|u| if *u { "B03404" } else { "B03406" }).collect(),
            ),
            Column::from(Series::new("originating_base_num".into(), base)),
            time("request_datetime", micros(&self.request))?,
            time("on_scene_datetime", Series::new("".into(), on_scene))?,
            time("pickup_datetime", micros(pickup))?,
            time("dropoff_datetime", micros(dropoff))?,
            zone("PULocationID", self.trips.origins()),
            zone("DOLocationID", self.trips.destinations()),
            money("trip_miles", self.trips.miles().to_vec()),
            Column::from(Series::new("trip_time".into(), seconds)),
            money("base_passenger_fare", fares.clone()),
            money("tolls", vec![0.0; rows]),
            money("bcf", fares.iter().map(|fare| (fare * 2.75).round() / 100.0).collect()),
            money("sales_tax", fares.iter().map(|fare| (fare * 8.875).round() / 100.0).collect()),
            money("congestion_surcharge", vec![2.75; rows]),
            money("airport_fee", vec![0.0; rows]),
            money("tips", vec![0.0; rows]),
            money("driver_pay", fares.iter().map(|fare| (fare * 75.0).round() / 100.0).collect()),
            flag("shared_request_flag", &self.shared),
            flag("shared_match_flag", &self.matched),
            text("access_a_ride_flag", vec![" "; rows]),
            text("wav_request_flag", vec!["N"; rows]),
            text("wav_match_flag", vec!["N"; rows]),
            money("cbd_congestion_fee", vec![0.0; rows]),
        ];
        DataFrame::new(rows, columns).map_err(failed)
    }

    /// Writes the columns that an import reads, as CSV.
    ///
    /// # Errors
    /// If writing fails.
    pub fn write_csv(&self, out: &mut impl Write) -> std::io::Result<()> {
        writeln!(
            out,
            "hvfhs_license_num,request_datetime,on_scene_datetime,pickup_datetime,dropoff_datetime,\
             PULocationID,DOLocationID,trip_miles,trip_time,base_passenger_fare,shared_request_flag,shared_match_flag"
        )?;
        let time = |s: i64| super::nyc::wall_clock(s).to_string();
        let flag = |set: bool| if set { "Y" } else { "N" };
        for row in 0..self.len() {
            let [pickup, dropoff] = [self.trips.pickups()[row], self.trips.dropoffs()[row]];
            writeln!(
                out,
                "{},{},{},{},{},{},{},{},{},{},{},{}",
                if self.uber[row] { "HV0003" } else { "HV0005" },
                time(self.request[row]),
                self.on_scene[row].map(time).unwrap_or_default(),
                time(pickup),
                time(dropoff),
                self.trips.origins()[row],
                self.trips.destinations()[row],
                self.trips.miles()[row],
                dropoff - pickup,
                self.trips.fares()[row],
                flag(self.shared[row]),
                flag(self.matched[row]),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::nyc::{NycOptions, synthesize};
    use super::*;
    use crate::describe::describe;

    #[test]
    fn recorded_waits_are_described() {
        let start = "2025-03-03".parse().unwrap();
        let made = of(synthesize(NycOptions { requests: 4_000, start, days: 7, seed: 3 }).unwrap(), 3);
        let folder = tempfile::tempdir().unwrap();
        let (parquet, csv) = (folder.path().join("a.parquet"), folder.path().join("a.csv"));
        super::super::files::write_parquet(&parquet, &mut made.frame().unwrap()).unwrap();
        let mut text = Vec::new();
        made.write_csv(&mut text).unwrap();
        std::fs::write(&csv, text).unwrap();
        for path in [parquet, csv] {
            let described = describe(&path, None, chrono_tz::UTC).unwrap();
            assert!(described.published.as_ref().unwrap().starts_with("fhvhv"), "{:?}", described.published);
            let waits = described.trips.unwrap().waits.unwrap();
            assert_eq!((waits.booked, waits.wait_s.count as u64 + waits.booked), (made.booked, 4_000));
            // The median of a wait that is 1.4 times as long in a third of the rows, and the spread of the sample.
            assert!((240.0..310.0).contains(&waits.wait_s.p50), "{}", waits.wait_s.p50);
            assert!(waits.wait_s.min > 0.0);
        }
    }
}
