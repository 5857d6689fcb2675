//! Local days, their classes, and the draw of one day for another.
//!
//! Values moved from one day to another keep their wall-clock time of day, even if one of the two days has 23 or 25
//! hours.

use crate::spec::DayClasses;
use chrono::{DateTime, Datelike, Days, NaiveDate, Weekday};
use chrono_tz::Tz;
use gridfleet_core::rng::{Purpose, Streams};
use gridfleet_core::time::{DAY_S, LocalClock, SimTime, local_to_utc};
use rand::RngExt as _;

/// A day of the local calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// Date of the day.
    pub date: NaiveDate,
    /// First instant.
    pub start: SimTime,
    /// First instant of the next day.
    pub end: SimTime,
    /// Offset from UTC before the clock change, if there is one [s].
    before_s: i64,
    /// Time of the clock change, and the offset from then on [s]; without a change, the end of the day and the same
    /// offset.
    change: (SimTime, i64),
}

impl Day {
    fn new(tz: Tz, date: NaiveDate) -> Option<Self> {
        let midnight = |date: NaiveDate| Some(local_to_utc(tz, date.and_hms_opt(0, 0, 0)?).earliest());
        let (start, end) = (midnight(date)?, midnight(date.checked_add_days(Days::new(1))?)?);
        let offset_s = |t: SimTime| LocalClock::new(tz, t, t).offset_s(t);
        // A change at midnight belongs to the day that it shortens.
        let (before_s, after_s) = (offset_s(start + -1), offset_s(end + -1));
        let (mut low, mut high) = (start, end);
        while before_s != after_s && low < high {
            let middle = low + (high - low) / 2;
            if offset_s(middle) == after_s {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        let change = if before_s == after_s { end } else { low };
        // In 2011 Samoa went from the 29th to the 31st of December: a day of zero length.
        (start < end).then_some(Self { date, start, end, before_s, change: (change, after_s) })
    }

    /// The days that contain any instant from `from` up to, but not including, `to`.
    pub fn all(tz: Tz, from: SimTime, to: SimTime) -> Vec<Self> {
        let utc = |t: SimTime| DateTime::from_timestamp(t.0, 0).unwrap_or_default().naive_utc().date();
        // Local dates differ by at most a day from those of UTC.
        let dates = utc(from + -DAY_S).iter_days().take_while(|&date| date <= utc(to + DAY_S));
        dates.filter_map(|date| Self::new(tz, date)).filter(|day| day.end > from && day.start < to).collect()
    }

    /// Number of the day, its key in random streams: days since 1 January of year 1.
    pub fn number(&self) -> u64 {
        u64::from(self.date.num_days_from_ce().unsigned_abs())
    }

    fn midnight_s(&self) -> i64 {
        self.date.and_hms_opt(0, 0, 0).unwrap_or_default().and_utc().timestamp()
    }

    /// Seconds on the wall clock since midnight at `t`, and whether the clock shows this time for the second time.
    fn wall(&self, t: SimTime) -> (i64, bool) {
        let (change, after_s) = self.change;
        if t < change {
            return (t.0 + self.before_s - self.midnight_s(), false);
        }
        let local = t.0 + after_s;
        (local - self.midnight_s(), local - self.before_s < change.0)
    }

    /// The instant at which the wall clock shows `wall_s` seconds since midnight: if there are two, the one selected by
    /// `second`; in the hour skipped in spring, the time that a clock not yet put forward would show.
    fn instant(&self, wall_s: i64, second: bool) -> SimTime {
        let local = self.midnight_s() + wall_s;
        let (change, after_s) = self.change;
        let (a, b) = (SimTime(local - self.before_s), SimTime(local - after_s));
        let t = if b >= change && (second || a >= change) { b } else { a };
        t.clamp(self.start, self.end + -1)
    }

    /// The instant of this day with the same wall-clock time as `t` in `source`.
    #[inline]
    pub fn at_time_of(&self, t: SimTime, source: &Self) -> SimTime {
        if source.end - source.start == DAY_S && self.end - self.start == DAY_S {
            return self.start + (t - source.start);
        }
        let (wall_s, second) = source.wall(t);
        self.instant(wall_s, second)
    }

    /// `t`, reflected at the ends of the day until it lies within it.
    pub fn reflect(&self, t: SimTime) -> SimTime {
        let length = self.end - self.start;
        let beyond = (t - self.start).rem_euclid(2 * length);
        self.start + if beyond < length { beyond } else { 2 * length - 1 - beyond }
    }
}

impl DayClasses {
    /// Name of the class of a day.
    pub fn of(self, date: NaiveDate) -> &'static str {
        use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
        match (self, date.weekday()) {
            (Self::Any, _) => "day",
            (Self::WorkdaySaturdaySunday, Mon | Tue | Wed | Thu | Fri) => "workday",
            (Self::WeekdayWeekend, Mon | Tue | Wed | Thu | Fri) => "weekday",
            (Self::WeekdayWeekend, Sat | Sun) => "weekend day",
            (_, Sat) => "Saturday",
            (_, Sun) => "Sunday",
            (Self::EachWeekday, Mon) => "Monday",
            (Self::EachWeekday, Tue) => "Tuesday",
            (Self::EachWeekday, Wed) => "Wednesday",
            (Self::EachWeekday, Thu) => "Thursday",
            (Self::EachWeekday, Fri) => "Friday",
        }
    }

    /// The first class of `targets` that has no day in `sources`.
    pub fn lacking(self, targets: &[Day], sources: &[Day]) -> Option<&'static str> {
        let classes = targets.iter().map(|day| self.of(day.date));
        classes.into_iter().find(|&class| sources.iter().all(|source| self.of(source.date) != class))
    }

    /// Whether `sources` contain more than one day of the class of `target`.
    pub fn has_choice(self, target: &Day, sources: &[Day]) -> bool {
        let class = self.of(target.date);
        sources.iter().filter(|source| self.of(source.date) == class).nth(1).is_some()
    }

    /// One of `sources` of the class of `target`, drawn uniformly; the draw is keyed by `purpose` and the target's
    /// date. `None` if there is none.
    pub fn draw<'a>(
        self,
        target: &Day,
        sources: &'a [Day],
        purpose: Purpose,
        streams: Streams,
    ) -> Option<&'a Day> {
        let class = self.of(target.date);
        let alike = || sources.iter().filter(|source| self.of(source.date) == class);
        let count = alike().count();
        if count == 0 {
            return None;
        }
        alike().nth(streams.stream(purpose, target.number()).random_range(0..count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::time::HOUR_S;
    use proptest::prelude::*;

    const ZONES: [Tz; 6] = [
        chrono_tz::America::New_York,
        chrono_tz::Europe::Berlin,
        chrono_tz::America::Sao_Paulo,   // changed at midnight
        chrono_tz::America::Havana,      // from 1:00 back to 0:00
        chrono_tz::Australia::Lord_Howe, // by half an hour
        chrono_tz::Pacific::Apia,        // lost a day
    ];

    #[test]
    fn days_follow_each_other_without_gap_and_hold_the_clocks_dates() {
        let (from, to) = (SimTime(1_293_840_000), SimTime(1_293_840_000 + 1_000 * DAY_S)); // 2011 to 2013
        for tz in ZONES {
            let clock = LocalClock::new(tz, from, to);
            let days = Day::all(tz, from, to);
            assert!(days.windows(2).all(|pair| pair[0].end == pair[1].start), "{tz}");
            assert!(days[0].start <= from && days[days.len() - 1].end >= to);
            let odd = days.iter().filter(|day| day.end - day.start != DAY_S).count();
            assert!(odd >= 2, "{tz}: {odd} days of a clock change");
            for day in &days[1..days.len() - 2] {
                for t in (day.start.0..day.end.0).step_by(1_800).map(SimTime) {
                    let local = clock.local(t);
                    assert_eq!(local.date(), day.date, "{tz} {}", t.iso());
                    // Mapped onto the same day, no time changes, on the general path too.
                    let (wall_s, second) = day.wall(t);
                    assert_eq!(wall_s, (local - day.date.and_hms_opt(0, 0, 0).unwrap()).num_seconds());
                    assert_eq!(day.instant(wall_s, second), t, "{tz} {}", t.iso());
                }
            }
        }
    }

    #[test]
    fn the_wall_clock_time_stays_where_the_other_day_has_it() {
        let tz = chrono_tz::America::New_York;
        let day = |y, m, d| Day::new(tz, NaiveDate::from_ymd_opt(y, m, d).unwrap()).unwrap();
        let (plain, spring, autumn) = (day(2018, 3, 5), day(2018, 3, 11), day(2018, 11, 4));
        assert_eq!((spring.end - spring.start, autumn.end - autumn.start), (23 * HOUR_S, 25 * HOUR_S));
        let days = [plain, spring, autumn];
        for (source, to) in days.iter().flat_map(|source| days.iter().map(move |to| (source, to))) {
            for t in (source.start.0..source.end.0).step_by(600).map(SimTime) {
                let moved = to.at_time_of(t, source);
                let wall =
                    source.date.and_hms_opt(0, 0, 0).unwrap() + chrono::Duration::seconds(source.wall(t).0);
                // The rule of the time zone library, of which `earliest` is the first pass.
                let expected = local_to_utc(tz, to.date.and_time(wall.time()));
                let second = source.wall(t).1;
                match expected {
                    gridfleet_core::time::Local::Twice(_, b) if second => assert_eq!(moved, b),
                    other => assert_eq!(moved, other.earliest(), "{} to {}", t.iso(), to.date),
                }
            }
        }
    }

    #[test]
    fn classes_hold_the_days_that_their_names_say() {
        let monday = NaiveDate::from_ymd_opt(2018, 3, 5).unwrap();
        let classes_of = |classes: DayClasses| {
            monday.iter_days().take(7).map(|date| classes.of(date)).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(classes_of(DayClasses::Any).len(), 1);
        assert_eq!(
            classes_of(DayClasses::WeekdayWeekend).into_iter().collect::<Vec<_>>(),
            ["weekday", "weekend day"]
        );
        assert_eq!(classes_of(DayClasses::WorkdaySaturdaySunday).len(), 3);
        assert_eq!(classes_of(DayClasses::EachWeekday).len(), 7);
        let tz = chrono_tz::Europe::Berlin;
        let week = Day::all(tz, SimTime(1_520_208_000), SimTime(1_520_208_000 + 4 * DAY_S)); // Monday to Friday
        let saturday = Day::new(tz, monday + Days::new(5)).unwrap();
        assert_eq!(DayClasses::WorkdaySaturdaySunday.lacking(&[saturday], &week), Some("Saturday"));
        assert_eq!(DayClasses::Any.lacking(&[saturday], &week), None);
    }

    #[test]
    fn each_day_of_the_class_is_as_likely() {
        let tz = chrono_tz::Europe::Berlin;
        let month = Day::all(tz, SimTime(1_519_858_800), SimTime(1_519_858_800 + 31 * DAY_S));
        let target = month[4]; // Monday 2018-03-05; March 2018 has 22 workdays
        let classes = DayClasses::WorkdaySaturdaySunday;
        let mut counts = std::collections::BTreeMap::new();
        let n = 22_000;
        for replication in 0..n {
            let streams = Streams { seed: 3, replication };
            let day = classes.draw(&target, &month, Purpose::DemandDays, streams).unwrap();
            *counts.entry(day.date).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 22);
        let sd = (f64::from(n) / 22.0 * (21.0 / 22.0)).sqrt();
        assert!(counts.values().all(|&count| (f64::from(count) - 1_000.0).abs() < 5.0 * sd), "{counts:?}");
    }

    proptest! {
        #[test]
        fn reflection_stays_within_the_day_and_leaves_what_is_there(by in -400_000_i64..400_000) {
            let day = Day::new(chrono_tz::Europe::Berlin, NaiveDate::from_ymd_opt(2018, 3, 25).unwrap()).unwrap();
            let t = day.reflect(day.start + by);
            prop_assert!(t >= day.start && t < day.end);
            if (0..day.end - day.start).contains(&by) {
                prop_assert_eq!(t, day.start + by);
            }
        }
    }
}
