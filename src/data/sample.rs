//! Scales the number of trips: `scale` times as many as the source has, in expectation.
//!
//! Below 1, each trip is kept with that probability. Above 1, each is used `floor(scale)` times and once more
//! with the remaining probability; the first use is the trip itself, the others are moved in time, uniformly
//! within the jitter. Both preserve the pattern of places and hours.
//!
//! [`draw`] selects the trips, [`sample`] makes a trace of them.

use super::builder::{gather, sort};
use super::trace::Trace;
use gridfleet_core::error::{InputError, Result};
use gridfleet_core::time::SimTime;
use rand::RngExt;

/// Maximum number of trips in one trace: about 10 GB of memory. Assumed.
const MAX_TRIPS: f64 = 1e8;

/// Trips drawn from a trace, sorted by time; those of one instant are in the order of the trace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Row in the trace.
    pub row: Vec<u32>,
    /// Time of the request.
    pub time: Vec<SimTime>,
}

/// Draws the trips of a trace with `scale` times as many; `None` if that is the trace itself. `span` (first
/// instant, first instant after it) keeps copies inside a folded week: a trip moved beyond one end re-enters
/// at the other.
///
/// Trips bound to vehicles are sampled by vehicle, so that each remaining vehicle has its whole history.
///
/// # Errors
/// If `scale` is not a positive number, gives too many trips, or is above 1 for trips bound to vehicles.
pub fn draw(
    trace: &Trace,
    scale: f64,
    jitter_s: i64,
    span: Option<(SimTime, SimTime)>,
    rng: &mut impl RngExt,
) -> Result<Option<Drawn>> {
    let wrong = |found: String, expected: &str| InputError::new(found, expected).key("scale");
    if !(scale.is_finite() && scale > 0.0) {
        return Err(wrong(scale.to_string(), "a number above 0").into());
    }
    if jitter_s < 0 {
        return Err(InputError::new(jitter_s.to_string(), "0 s or more").key("jitter_s").into());
    }
    if trace.len() as f64 * scale > MAX_TRIPS {
        let expected = format!("at most {MAX_TRIPS:e} trips");
        return Err(wrong(format!("{scale} times {} trips", trace.len()), &expected).into());
    }
    let bound = trace.vehicle.iter().any(|&v| v != Trace::NONE);
    if bound && scale > 1.0 {
        return Err(wrong(scale.to_string(), "at most 1, for these trips are bound to vehicles").into());
    }
    if scale == 1.0 {
        return Ok(None);
    }
    let kept_vehicles: Vec<bool> = match bound {
        true => trace.vehicle_names.iter().map(|_| rng.random::<f64>() < scale).collect(),
        false => Vec::new(),
    };
    let whole = scale.floor();
    let rest = scale - whole;
    let mut drawn: Vec<(SimTime, u32)> =
        Vec::with_capacity((trace.len() as f64 * scale * 1.01) as usize + 16);
    for (row, &t) in trace.request_time.iter().enumerate() {
        if let Some(&kept) = trace.vehicle.get(row).and_then(|&v| kept_vehicles.get(v as usize)) {
            if kept {
                drawn.push((t, row as u32));
            }
            continue;
        }
        let extra = rest > 0.0 && rng.random::<f64>() < rest;
        for copy in 0..whole as u64 + u64::from(extra) {
            let moved_s = if copy == 0 { 0 } else { rng.random_range(-jitter_s..=jitter_s) };
            let mut t = t + moved_s;
            if let Some((first, behind)) = span.filter(|(first, behind)| behind > first && moved_s != 0) {
                t = first + (t - first).rem_euclid(behind - first);
            }
            drawn.push((t, row as u32));
        }
    }
    // Stable: trips of one instant keep their order.
    drawn.sort_by_key(|&(t, _)| t);
    let (time, row) = drawn.into_iter().unzip();
    Ok(Some(Drawn { row, time }))
}

/// Replaces a trace by the trips selected by [`draw`].
///
/// # Errors
/// As [`draw`].
pub fn sample(
    trace: &mut Trace,
    scale: f64,
    jitter_s: i64,
    span: Option<(SimTime, SimTime)>,
    rng: &mut impl RngExt,
) -> Result<()> {
    if let Some(drawn) = draw(trace, scale, jitter_s, span, rng)? {
        gather(trace, &drawn.row);
        trace.request_time = drawn.time;
        sort(trace);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::ids::PlaceId;
    use gridfleet_core::rng::{Purpose, Streams};

    /// `n` trips, one every 10 s; the fare is the number of the trip.
    fn trace(n: u32, vehicles: u32) -> Trace {
        let rows = n as usize;
        Trace {
            request_time: (0..n).map(|i| SimTime(10 * i64::from(i))).collect(),
            origin: vec![PlaceId(0); rows],
            destination: vec![PlaceId(0); rows],
            duration_s: vec![60.0; rows],
            distance_km: vec![1.0; rows],
            fare: (0..n).map(f64::from).collect(),
            passengers: vec![1; rows],
            fleet: vec![Trace::NONE; rows],
            vehicle: (0..n).map(|i| if vehicles == 0 { Trace::NONE } else { i % vehicles }).collect(),
            soc_start: vec![f64::NAN; rows],
            soc_end: vec![f64::NAN; rows],
            ends_at_charger: vec![false; rows],
            vehicle_names: (0..vehicles).map(|v| v.to_string()).collect(),
            ..Trace::default()
        }
    }

    fn rng() -> impl RngExt {
        Streams { seed: 7, replication: 0 }.stream(Purpose::Demand, 0)
    }

    /// Within five standard deviations of a binomial count.
    fn near(count: usize, n: f64, p: f64) -> bool {
        (count as f64 - n * p).abs() < 5.0 * (n * p * (1.0 - p)).sqrt()
    }

    #[test]
    fn a_tenth_is_a_tenth_and_keeps_its_order() {
        let mut thin = trace(20_000, 0);
        sample(&mut thin, 0.1, 900, None, &mut rng()).unwrap();
        assert!(near(thin.len(), 20_000.0, 0.1), "{}", thin.len());
        assert!(thin.request_time.is_sorted());
        assert!(thin.request_time.iter().zip(&thin.fare).all(|(t, fare)| t.0 == 10 * *fare as i64));
        let mut again = trace(20_000, 0);
        sample(&mut again, 0.1, 900, None, &mut rng()).unwrap();
        assert_eq!(thin.fare, again.fare);
    }

    #[test]
    fn copies_are_moved_and_stay_in_the_week() {
        let span = (SimTime(0), SimTime(200_000));
        let mut thick = trace(20_000, 0);
        sample(&mut thick, 2.5, 900, Some(span), &mut rng()).unwrap();
        assert!(near(thick.len() - 40_000, 20_000.0, 0.5), "{}", thick.len());
        assert!(thick.request_time.is_sorted());
        assert!(thick.request_time.iter().all(|&t| t >= span.0 && t < span.1));
        let moved = |t: SimTime, fare: f64| {
            let by = (t.0 - 10 * fare as i64).rem_euclid(200_000);
            by.min(200_000 - by)
        };
        let moves: Vec<i64> =
            thick.request_time.iter().zip(&thick.fare).map(|(&t, &f)| moved(t, f)).collect();
        assert!(moves.iter().all(|&by| by <= 900));
        // 30,000 copies, uniform over -900..=900: the mean of |move| is 450.
        let sum: i64 = moves.iter().sum();
        assert!((sum as f64 / (thick.len() - 20_000) as f64 - 450.0).abs() < 10.0);
        assert!(moves.iter().filter(|&&by| by == 0).count() >= 20_000);
    }

    #[test]
    fn vehicles_stay_or_go_whole() {
        let mut thin = trace(10_000, 100);
        sample(&mut thin, 0.5, 900, None, &mut rng()).unwrap();
        assert_eq!(thin.len(), 100 * thin.vehicle_names.len());
        assert!(near(thin.vehicle_names.len(), 100.0, 0.5));
    }

    #[test]
    fn impossible_scales_are_refused() {
        let message = |scale, jitter, vehicles| {
            sample(&mut trace(10, vehicles), scale, jitter, None, &mut rng()).unwrap_err().to_string()
        };
        insta::assert_snapshot!(message(0.0, 900, 0), @"scale: found 0, expected a number above 0");
        insta::assert_snapshot!(message(f64::NAN, 900, 0), @"scale: found NaN, expected a number above 0");
        insta::assert_snapshot!(message(1e12, 900, 0), @"scale: found 1000000000000 times 10 trips, expected at most 1e8 trips");
        insta::assert_snapshot!(message(2.0, 900, 3), @"scale: found 2, expected at most 1, for these trips are bound to vehicles");
        insta::assert_snapshot!(message(2.0, -1, 0), @"jitter_s: found -1, expected 0 s or more");
    }
}
