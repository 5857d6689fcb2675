//! Travel times and distances between zones, learned from trips.
//!
//! Mean over the trips of a pair of zones, for pairs with enough trips. The time in an hour of the local day is the
//! mean of the trips in that hour if there are enough of them; otherwise the pair's mean times the pace of the hour,
//! which is the total time of all trips in the hour divided by the total of their pairs' means.
//!
//! Trips within a zone are not used: riders do not take taxis for very short distances, so these trips are longer than
//! the trip of an empty vehicle to a rider in its zone.

use gridfleet_core::time::LocalClock;
use gridfleet_data::Trace;
use gridfleet_sim::world::travel::OdMatrix;

/// Most zones: the matrix takes 100 bytes per pair.
const MOST_ZONES: usize = 1_000;

/// Maximum average speed between zones [km/h]: 50 mph, New York's highest limit.
const FASTEST_KMH: f32 = 80.0;

/// Learns from all trips of `trace` that record time and distance and run between its `zones` first places. Pairs and
/// hours with fewer than `min_trips` trips are treated as described above.
///
/// # Errors
/// A description of the trips, if there are no zones or too many.
pub fn learn(trace: &Trace, zones: usize, clock: &LocalClock, min_trips: u32) -> Result<OdMatrix, String> {
    if zones == 0 {
        return Err("trips without zones".to_owned());
    }
    if zones > MOST_ZONES {
        return Err(format!("trips between {zones} zones"));
    }
    // (pair x 24 + hour, trip), sorted: runs of equal keys are averaged in the order of the trace.
    let mut order: Vec<(u32, u32)> = Vec::with_capacity(trace.len());
    for i in 0..trace.len() {
        let (from, to) = (trace.origin[i].index(), trace.destination[i].index());
        let (distance_km, duration_s) = (trace.distance_km[i], trace.duration_s[i]);
        let between = from < zones && to < zones && from != to;
        if between && distance_km > 0.0 && duration_s > 0.0 {
            let hour = clock.hour(trace.request_time[i]);
            let key = (from * zones + to) * 24 + hour;
            order.push((key as u32, i as u32));
        }
    }
    order.sort_unstable();

    let mut matrix = OdMatrix {
        zones,
        distance_km: vec![f32::NAN; zones * zones],
        duration_s: vec![f32::NAN; zones * zones * 24],
    };
    let mut of_hours = [(0.0_f64, 0.0_f64); 24]; // (total time, total of the pairs' means) [s]
    for pair in order.chunk_by(|a, b| a.0 / 24 == b.0 / 24) {
        if pair.len() < min_trips as usize {
            continue;
        }
        let mean = |column: &[f64], trips: &[(u32, u32)]| {
            trips.iter().map(|&(_, i)| column[i as usize]).sum::<f64>() / trips.len() as f64
        };
        let number = (pair[0].0 / 24) as usize;
        let mean_s = mean(&trace.duration_s, pair);
        matrix.distance_km[number] = mean(&trace.distance_km, pair) as f32;
        let row = &mut matrix.duration_s[number * 24..number * 24 + 24];
        // A negative value marks a mean that still has to be multiplied by the pace of its hour.
        row.fill(-mean_s as f32);
        for trips in pair.chunk_by(|a, b| a.0 == b.0) {
            let hour = (trips[0].0 % 24) as usize;
            let hour_s = mean(&trace.duration_s, trips);
            of_hours[hour].0 += hour_s * trips.len() as f64;
            of_hours[hour].1 += mean_s * trips.len() as f64;
            if trips.len() >= min_trips as usize {
                row[hour] = hour_s as f32;
            }
        }
    }
    let pace = of_hours.map(|(taken, usual)| if usual > 0.0 { taken / usual } else { 1.0 });
    for (i, duration_s) in matrix.duration_s.iter_mut().enumerate() {
        if *duration_s < 0.0 {
            *duration_s = (-f64::from(*duration_s) * pace[i % 24]) as f32;
        }
        // The few trips of an hour may be faster than the pair's distance allows, because that is the mean over the
        // day.
        let least_s = matrix.distance_km[i / 24] * (3_600.0 / FASTEST_KMH);
        *duration_s = duration_s.max(least_s);
    }
    Ok(matrix)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::ids::PlaceId;
    use gridfleet_core::time::{HOUR_S, SimTime};

    fn trace(trips: &[(i64, u32, u32, f64, f64)]) -> Trace {
        let mut trace = Trace::default();
        for &(hour, from, to, distance_km, duration_s) in trips {
            trace.request_time.push(SimTime(hour * HOUR_S));
            trace.origin.push(PlaceId(from));
            trace.destination.push(PlaceId(to));
            trace.distance_km.push(distance_km);
            trace.duration_s.push(duration_s);
        }
        trace
    }

    #[test]
    fn means_by_pair_and_hour_with_the_pace_of_thin_hours() {
        let clock = LocalClock::new(chrono_tz::UTC, SimTime(0), SimTime(100 * HOUR_S));
        // Pair 0-1: hour 8 twice (600, 800), hour 9 once (300), mean 1700/3; pair 1-0: one trip, too few.
        let trace = trace(&[
            (8, 0, 1, 4.0, 600.0),
            (8, 0, 1, 5.0, 800.0),
            (9, 0, 1, 6.0, 300.0),
            (9, 1, 0, 7.0, 900.0),
            (9, 1, 1, f64::NAN, 60.0),
        ]);
        let matrix = learn(&trace, 2, &clock, 2).unwrap();
        assert_eq!(matrix.distance_km[1], 5.0);
        assert!(matrix.distance_km[2].is_nan() && matrix.duration_s[2 * 24 + 9].is_nan());
        assert!(matrix.distance_km[3].is_nan());
        let at = |hour: usize| matrix.duration_s[24 + hour];
        assert_eq!(at(8), 700.0);
        // Hour 9 has one trip: the pair's mean times the pace 300 / (1700/3) is 300 again; hours without any trip use
        // the mean.
        assert!((at(9) - 300.0).abs() < 1e-3, "{}", at(9));
        assert!((at(3) - 1_700.0 / 3.0).abs() < 1e-3, "{}", at(3));
    }

    #[test]
    fn needs_zones() {
        let clock = LocalClock::new(chrono_tz::UTC, SimTime(0), SimTime(0));
        assert!(learn(&trace(&[]), 0, &clock, 1).is_err());
        assert!(learn(&trace(&[]), 1_001, &clock, 1).is_err());
    }
}
