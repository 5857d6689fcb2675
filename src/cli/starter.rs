//! The starter scenario: a fictitious town with one fleet, two stations and two days of trips. `scenarios/small.toml`
//! and `datasets/small/trips.csv` are the same.

use crate::rng::{Purpose, Streams};
use rand::RngExt as _;
use rand_distr::{Distribution as _, Normal};
use rand_pcg::Pcg64;
use std::fmt::Write as _;

/// Requests in the file of trips.
const TRIPS: usize = 480;
/// Seed of the file of trips.
const SEED: u64 = 1;
/// Share of requests in each hour of the day [%]: a morning and an evening peak; assumed.
const BY_HOUR: [u32; 24] = [1, 1, 0, 0, 0, 1, 3, 7, 9, 6, 4, 4, 5, 4, 4, 5, 7, 9, 9, 7, 5, 4, 3, 2];
/// Start and end points of trips (latitude, longitude, spread [degrees]): the old town, the station, two suburbs;
/// fictitious, located at Göttingen.
const CENTRES: [[f64; 3]; 4] =
    [[51.533, 9.935, 0.006], [51.537, 9.926, 0.003], [51.558, 9.945, 0.008], [51.510, 9.920, 0.010]];

/// The scenario with the name `name` and its trips in `trips`.
pub fn scenario(name: &str, trips: &str) -> String {
    include_str!("starter.toml").replace("{{name}}", name).replace("{{trips}}", trips)
}

/// The trips: `request_time` with offset, coordinates, riders. The scenario determines distance, duration and fare.
pub fn trips_csv() -> String {
    let mut stream = Streams { seed: SEED, replication: 0 }.stream(Purpose::Synthesis, 0);
    let mut seconds: Vec<u32> = (0..TRIPS).map(|_| second(&mut stream)).collect();
    seconds.sort_unstable();
    let mut out =
        "request_time,origin_lat,origin_lon,destination_lat,destination_lon,passengers\n".to_owned();
    for second in seconds {
        let (day, hour) = (5 + second / 86_400, second / 3_600 % 24);
        let ([a, b], [c, d]) = (point(&mut stream), point(&mut stream));
        let passengers = [1, 1, 1, 2, 2, 3][stream.random_range(0..6)];
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            "2018-03-{day:02}T{hour:02}:{:02}:{:02}+01:00,{a:.5},{b:.5},{c:.5},{d:.5},{passengers}",
            second / 60 % 60,
            second % 60
        );
    }
    out
}

/// Random second of the two days.
fn second(stream: &mut Pcg64) -> u32 {
    let mut draw = stream.random_range(0..BY_HOUR.iter().sum());
    let mut hour = 0;
    for share in BY_HOUR {
        if draw < share {
            break;
        }
        draw -= share;
        hour += 1;
    }
    stream.random_range(0..2) * 86_400 + hour * 3_600 + stream.random_range(0..3_600)
}

fn point(stream: &mut Pcg64) -> [f64; 2] {
    let [lat, lon, spread] = CENTRES[stream.random_range(0..CENTRES.len())];
    let Ok(normal) = Normal::new(0.0, spread) else { return [lat, lon] };
    // A degree of longitude is shorter by cos 51.5° = 0.62.
    [lat + normal.sample(stream), lon + normal.sample(stream) / 0.62]
}
