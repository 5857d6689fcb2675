//! Folds the trips of many weeks into one week: each keeps its weekday and its local time of day.
//!
//! A sampled month contains too few trips for a week of operation; folded, it is a busy week with the month's
//! pattern. Wall-clock time is preserved, so a trip at 8:00 in winter becomes a trip at 8:00 in a summer
//! week.

use super::times::WallClock;
use super::trace::Trace;
use chrono::NaiveDate;
use chrono_tz::Tz;
use gridfleet_core::error::{InputError, Result};
use gridfleet_core::time::{DAY_S, LocalClock, SimTime, monday_of};

/// First instant of the local week that contains `date`, and the first one after it.
pub fn week(date: NaiveDate, tz: Tz) -> (SimTime, SimTime) {
    let monday = monday_of(date).and_utc().timestamp();
    let mut clock = WallClock::new(tz);
    (clock.read(monday).earliest(), clock.read(monday + 7 * DAY_S).earliest())
}

/// Moves all trips into the week that contains `date`; the trace is then unsorted.
///
/// # Errors
/// If trips are bound to vehicles, because those of several weeks would overlap.
pub fn fold(trace: &mut Trace, date: NaiveDate, tz: Tz) -> Result<()> {
    if trace.vehicle.iter().any(|&v| v != Trace::NONE) {
        return Err(InputError::new("trips bound to vehicles", "trips without vehicles")
            .key("fold_week")
            .help("leave fold_week out: a vehicle's trips of several weeks would overlap")
            .into());
    }
    let (Some(&start), Some(&end)) = (trace.request_time.iter().min(), trace.request_time.iter().max())
    else {
        return Ok(());
    };
    let before = LocalClock::new(tz, start, end);
    let mut within = WallClock::new(tz);
    let monday = monday_of(date).and_utc().timestamp();
    let (first, behind) = week(date, tz);
    for t in &mut trace.request_time {
        let local = t.0 + before.offset_s(*t);
        // The epoch was a Thursday: three days after Monday.
        let of_week = (local + 3 * DAY_S).rem_euclid(7 * DAY_S);
        let folded = within.read(monday + of_week).earliest();
        // A clock change at the edge of the week must not push a trip out of the week.
        *t = folded.clamp(first, SimTime(behind.0 - 1));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlc::NEW_YORK;
    use chrono::{DateTime, Datelike, TimeZone, Timelike};

    fn trace(times: &[i64]) -> Trace {
        Trace {
            request_time: times.iter().map(|&t| SimTime(t)).collect(),
            vehicle: vec![Trace::NONE; times.len()],
            ..Trace::default()
        }
    }

    #[test]
    fn weekday_and_time_of_day_stay() {
        // Every 1000 s of a year, folded into the week in which the New York clock goes forward.
        let times: Vec<i64> = (0..31_000).map(|i| 1_514_764_800 + 1_000 * i).collect();
        let mut folded = trace(&times);
        let date = NaiveDate::from_ymd_opt(2018, 3, 8).unwrap();
        fold(&mut folded, date, NEW_YORK).unwrap();
        let local = |t: i64| NEW_YORK.from_utc_datetime(&DateTime::from_timestamp(t, 0).unwrap().naive_utc());
        let mut moved = 0;
        for (&before, after) in times.iter().zip(&folded.request_time) {
            let (before, after) = (local(before), local(after.0));
            assert_eq!((after.year(), after.iso_week().week()), (2018, 10));
            assert_eq!(before.weekday(), after.weekday());
            if before.time() == after.time() {
                continue;
            }
            // Sunday 2:00 to 3:00 does not exist on the clock of that week.
            assert_eq!((before.weekday(), before.hour(), after.hour()), (chrono::Weekday::Sun, 2, 3));
            moved += 1;
        }
        // One hour on each of the year's 51 Sundays that have it, 3.6 trips each.
        assert!((170..200).contains(&moved), "{moved}");
    }

    #[test]
    fn a_week_with_a_change_is_an_hour_short() {
        let (first, behind) = week(NaiveDate::from_ymd_opt(2018, 3, 11).unwrap(), NEW_YORK);
        assert_eq!(first.iso(), "2018-03-05T05:00:00Z");
        assert_eq!(behind - first, 7 * DAY_S - 3_600);
    }

    #[test]
    fn replayed_vehicles_are_not_folded() {
        let mut bound = trace(&[0]);
        bound.vehicle[0] = 0;
        let error = fold(&mut bound, NaiveDate::from_ymd_opt(2018, 3, 5).unwrap(), NEW_YORK).unwrap_err();
        insta::assert_snapshot!(error, @"fold_week: found trips bound to vehicles, expected trips without vehicles; leave fold_week out: a vehicle's trips of several weeks would overlap");
    }
}
