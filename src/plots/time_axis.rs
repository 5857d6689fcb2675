//! Ticks of an axis in local time: hours, days, weeks or months, depending on the room, at the places where
//! the local clock shows them, also on days when clocks change.

use super::axis::Tick;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime};
use gridfleet_core::time::{DAY_S, HOUR_S, LocalClock, SimTime};
use std::ops::RangeInclusive;

/// Instants that can be shown [s since 1970]: years 1 to 9999.
pub(super) const SPAN: RangeInclusive<f64> = -62_135_596_800.0..=253_402_300_799.0;

/// Distances between ticks, finest first.
const EVERY: [Every; 20] = [
    Every::Seconds(60),
    Every::Seconds(300),
    Every::Seconds(900),
    Every::Seconds(1_800),
    Every::Seconds(HOUR_S),
    Every::Seconds(2 * HOUR_S),
    Every::Seconds(3 * HOUR_S),
    Every::Seconds(6 * HOUR_S),
    Every::Seconds(12 * HOUR_S),
    Every::Seconds(DAY_S),
    Every::Seconds(2 * DAY_S),
    Every::Seconds(7 * DAY_S),
    Every::Months(1),
    Every::Months(3),
    Every::Months(6),
    Every::Months(12),
    Every::Months(60),
    Every::Months(240),
    Every::Months(1_200),
    Every::Months(12_000),
];
/// Candidate spacings with more ticks than this are skipped.
const MOST: f64 = 60.0;
/// Approximate number of seconds in a month.
const MONTH_S: f64 = 30.4 * DAY_S as f64;
/// Seconds from the epoch, a Thursday, to the next Monday.
const MONDAY_S: i64 = 4 * DAY_S;

#[derive(Clone, Copy)]
enum Every {
    /// A divisor of a day, or days; weeks start on Monday.
    Seconds(i64),
    Months(i32),
}

/// The finest ticks between `low` and `high` [s since 1970, UTC] that satisfy `fits`.
pub(super) fn ticks(clock: &LocalClock, low: f64, high: f64, fits: &dyn Fn(&[Tick]) -> bool) -> Vec<Tick> {
    let few = EVERY.iter().filter(|every| (high - low) / every.about_s() <= MOST);
    few.map(|every| every.ticks(clock, low, high)).find(|ticks| fits(ticks)).unwrap_or_default()
}

impl Every {
    fn about_s(self) -> f64 {
        match self {
            Self::Seconds(seconds) => seconds as f64,
            Self::Months(months) => f64::from(months) * MONTH_S,
        }
    }

    fn ticks(self, clock: &LocalClock, low: f64, high: f64) -> Vec<Tick> {
        let local = |t: f64| t as i64 + clock.offset_s(SimTime(t as i64));
        // One more day on either side, as clocks may change in between.
        let (from, to) = (local(low) - DAY_S, local(high) + DAY_S);
        let marks: Vec<i64> = match self {
            Self::Seconds(step) => {
                let origin = if step == 7 * DAY_S { MONDAY_S } else { 0 };
                let first = (from - origin).div_euclid(step);
                (first..=(to - origin).div_euclid(step)).map(|k| origin + k * step).collect()
            }
            Self::Months(step) => {
                let month = |t: i64| naive(t).map_or(0, |d| d.year() * 12 + d.month0() as i32);
                (month(from).div_euclid(step)..=month(to).div_euclid(step))
                    .filter_map(|k| {
                        let month = k * step;
                        let day = NaiveDate::from_ymd_opt(
                            month.div_euclid(12),
                            month.rem_euclid(12) as u32 + 1,
                            1,
                        )?;
                        Some(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp())
                    })
                    .collect()
            }
        };
        let shown = marks.into_iter().filter_map(|mark| {
            let at = instant(clock, mark)? as f64;
            (low <= at && at <= high).then(|| Some(Tick { at, text: self.text(mark, high - low)? }))?
        });
        shown.collect()
    }

    /// Label of local time `mark` on an axis over `span` seconds.
    fn text(self, mark: i64, span: f64) -> Option<String> {
        let local = naive(mark)?;
        let format = match self {
            Self::Seconds(step) if step < DAY_S && mark.rem_euclid(DAY_S) != 0 => "%H:%M",
            Self::Seconds(_) if span < 45.0 * DAY_S as f64 => "%a %-d %b",
            Self::Seconds(_) => "%-d %b",
            Self::Months(step) if step < 12 => "%b %Y",
            Self::Months(_) => "%Y",
        };
        Some(local.format(format).to_string())
    }
}

fn naive(local: i64) -> Option<NaiveDateTime> {
    Some(DateTime::from_timestamp(local, 0)?.naive_utc())
}

/// Instant at which the clock shows `local` [s], if any: none in the hour skipped in spring.
fn instant(clock: &LocalClock, local: i64) -> Option<i64> {
    // The offset in force is that of a nearby time, before or after a change.
    [local - DAY_S, local + DAY_S]
        .into_iter()
        .map(|near| local - clock.offset_s(SimTime(near)))
        .find(|t| t + clock.offset_s(SimTime(*t)) == local)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_520_226_000; // Monday 2018-03-05 0:00 in New York

    fn days(days: i64, most: usize) -> Vec<(f64, String)> {
        let end = START + days * DAY_S;
        let clock = LocalClock::new(chrono_tz::America::New_York, SimTime(START), SimTime(end));
        let ticks = ticks(&clock, START as f64, end as f64, &|ticks| ticks.len() <= most);
        ticks.into_iter().map(|t| ((t.at - START as f64) / HOUR_S as f64, t.text)).collect()
    }

    #[test]
    fn ticks_follow_the_local_clock() {
        // Clocks went forward on Sunday 2018-03-11 at 2:00: that day has 23 hours.
        let ticks = days(8, 12);
        assert_eq!(ticks[6], (144.0, "Sun 11 Mar".to_owned()));
        assert_eq!(ticks[7], (167.0, "Mon 12 Mar".to_owned()));
        let ticks = days(1, 13);
        assert_eq!(ticks[1], (2.0, "02:00".to_owned()));
        assert_eq!(ticks[12], (24.0, "Tue 6 Mar".to_owned()));
        assert_eq!(days(365, 13)[0].1, "Apr 2018");
    }

    #[test]
    fn the_skipped_hour_has_no_tick_and_the_day_goes_on() {
        let from = START + 6 * DAY_S; // Sunday 2018-03-11 0:00
        let clock = LocalClock::new(chrono_tz::America::New_York, SimTime(from), SimTime(from + DAY_S));
        let ticks = ticks(&clock, from as f64, (from + 6 * HOUR_S) as f64, &|ticks| ticks.len() <= 8);
        let texts: Vec<&str> = ticks.iter().map(|t| t.text.as_str()).collect();
        assert_eq!(texts, ["Sun 11 Mar", "01:00", "03:00", "04:00", "05:00", "06:00", "07:00"]);
        assert_eq!((ticks[2].at - ticks[1].at) as i64, HOUR_S);
    }

    #[test]
    fn spans_from_a_minute_to_ten_thousand_years_have_ticks() {
        let clock = LocalClock::new(chrono_tz::Europe::Berlin, SimTime(0), SimTime(DAY_S));
        for span in [120.0, 1e4, 1e6, 1e8, 1e10, 3e11] {
            let low = if span > 2e11 { *SPAN.start() } else { 1e9 };
            let count = ticks(&clock, low, low + span, &|ticks| ticks.len() <= 12).len();
            assert!((1..=12).contains(&count), "{span}: {count}");
        }
    }
}
