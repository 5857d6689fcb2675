//! Time: whole seconds since the Unix epoch, UTC. Local time only at the edges: import, tariffs, hours of the travel
//! model, pictures.
//!
//! [`LocalClock`] gives the local hour of a time zone, with its daylight-saving changes, fast enough for the event
//! path. [`local_to_utc`] reads wall-clock times of traces and scenario files.

use chrono::{DateTime, Datelike, LocalResult, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use std::ops::{Add, AddAssign, Sub};

/// An instant: whole seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SimTime(pub i64);

impl SimTime {
    /// ISO 8601 in UTC, for messages.
    pub fn iso(self) -> String {
        DateTime::<Utc>::from_timestamp(self.0, 0)
            .map_or_else(|| format!("{} s", self.0), |t| t.format("%Y-%m-%dT%H:%M:%SZ").to_string())
    }
}

impl Add<i64> for SimTime {
    type Output = Self;
    #[inline]
    fn add(self, seconds: i64) -> Self {
        Self(self.0 + seconds)
    }
}

impl AddAssign<i64> for SimTime {
    #[inline]
    fn add_assign(&mut self, seconds: i64) {
        self.0 += seconds;
    }
}

impl Sub for SimTime {
    type Output = i64;
    /// Seconds between two instants.
    #[inline]
    fn sub(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }
}

/// Seconds in an hour.
pub const HOUR_S: i64 = 3_600;
/// Seconds in a day of 24 hours.
pub const DAY_S: i64 = 86_400;

/// The local clock of one time zone over a span of time, its offset changes looked up once.
#[derive(Debug, Clone)]
pub struct LocalClock {
    tz: Tz,
    /// (first instant, offset from UTC in seconds), ascending; never empty.
    offsets: Vec<(SimTime, i64)>,
}

impl LocalClock {
    /// The clock of `tz`, exact between `start` and `end`.
    pub fn new(tz: Tz, start: SimTime, end: SimTime) -> Self {
        let mut offsets = vec![(SimTime(i64::MIN), offset_s(tz, start))];
        // Offsets change at whole quarter hours UTC in every zone since 1972, at most a few times a year; steps of a
        // quarter hour need no refinement.
        let quarter = 900;
        let mut t = SimTime(start.0.div_euclid(quarter) * quarter);
        while t <= end {
            // Skip whole days whose two ends agree: changes come at least weeks apart.
            let step = if offset_s(tz, t + DAY_S) == offset_s(tz, t) { DAY_S } else { quarter };
            let next = offset_s(tz, t);
            if next != offsets[offsets.len() - 1].1 {
                offsets.push((t, next));
            }
            t += step;
        }
        Self { tz, offsets }
    }

    /// The time zone.
    pub fn tz(&self) -> Tz {
        self.tz
    }

    /// Offset from UTC [s] at `t`.
    #[inline]
    pub fn offset_s(&self, t: SimTime) -> i64 {
        let mut offset = self.offsets[0].1;
        for &(from, value) in &self.offsets[1..] {
            if t < from {
                break;
            }
            offset = value;
        }
        offset
    }

    /// Offsets from UTC [s] between `start` and `end`, once for each stretch of equal offset.
    pub fn offsets_s(&self, start: SimTime, end: SimTime) -> impl Iterator<Item = i64> + '_ {
        let later = self.offsets.iter().filter(move |(from, _)| *from > start && *from < end);
        std::iter::once(self.offset_s(start)).chain(later.map(|&(_, offset)| offset))
    }

    /// Hour of the local day, 0 to 23.
    #[inline]
    pub fn hour(&self, t: SimTime) -> usize {
        ((t.0 + self.offset_s(t)).rem_euclid(DAY_S) / HOUR_S) as usize
    }

    /// Hour of the local week, 0 (Monday 0:00) to 167.
    #[inline]
    pub fn hour_of_week(&self, t: SimTime) -> usize {
        // The epoch was a Thursday: three days after Monday.
        ((t.0 + self.offset_s(t) + 3 * DAY_S).rem_euclid(7 * DAY_S) / HOUR_S) as usize
    }

    /// Local date and time without zone.
    pub fn local(&self, t: SimTime) -> NaiveDateTime {
        DateTime::<Utc>::from_timestamp(t.0 + self.offset_s(t), 0).unwrap_or_default().naive_utc()
    }
}

fn offset_s(tz: Tz, t: SimTime) -> i64 {
    let utc = DateTime::<Utc>::from_timestamp(t.0, 0).unwrap_or_default().naive_utc();
    i64::from(tz.offset_from_utc_datetime(&utc).fix().local_minus_utc())
}

/// Meaning of a wall-clock time in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Local {
    /// Exactly one instant.
    One(SimTime),
    /// The hour that happens twice in autumn: (summer time, winter time).
    Twice(SimTime, SimTime),
    /// The hour skipped in spring; the instant as if the clock had not yet been put forward.
    Skipped(SimTime),
}

impl Local {
    /// One instant: the earlier of two; in the skipped hour, that of the uncorrected clock.
    pub fn earliest(self) -> SimTime {
        match self {
            Self::One(t) | Self::Twice(t, _) | Self::Skipped(t) => t,
        }
    }
}

/// Reads a wall-clock time of a time zone.
pub fn local_to_utc(tz: Tz, local: NaiveDateTime) -> Local {
    match tz.from_local_datetime(&local) {
        LocalResult::Single(t) => Local::One(SimTime(t.timestamp())),
        LocalResult::Ambiguous(a, b) => {
            let (a, b) = (a.timestamp(), b.timestamp());
            Local::Twice(SimTime(a.min(b)), SimTime(a.max(b)))
        }
        LocalResult::None => {
            // The offset in force a day before is the one that the clock still showed.
            let naive = SimTime(local.and_utc().timestamp());
            Local::Skipped(SimTime(naive.0 - offset_s(tz, naive + -DAY_S)))
        }
    }
}

/// First instant of a local day: midnight, the first one where it happens twice, or the change of clocks that skips it.
pub fn start_of_day(tz: Tz, date: chrono::NaiveDate) -> SimTime {
    match local_to_utc(tz, date.and_time(chrono::NaiveTime::MIN)) {
        Local::One(t) | Local::Twice(t, _) => t,
        Local::Skipped(t) => change_before(tz, t),
    }
}

/// The change of clocks that skips a wall-clock time; `t` is the instant of that time by the uncorrected clock.
pub fn change_before(tz: Tz, t: SimTime) -> SimTime {
    let after_s = offset_s(tz, t);
    let (mut before, mut after) = (t + -DAY_S, t);
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        if offset_s(tz, middle) == after_s { after = middle } else { before = middle }
    }
    after
}

/// Monday 0:00 of the week that contains `date`, as a wall-clock time.
pub fn monday_of(date: chrono::NaiveDate) -> NaiveDateTime {
    let monday = date - chrono::Days::new(u64::from(date.weekday().num_days_from_monday()));
    monday.and_hms_opt(0, 0, 0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::NaiveDate;

    fn at(y: i32, m: u32, d: u32, h: u32, min: u32) -> NaiveDateTime {
        NaiveDate::from_ymd_opt(y, m, d).and_then(|d| d.and_hms_opt(h, min, 0)).unwrap()
    }

    #[test]
    fn new_york_changes_its_clock_twice_a_year() {
        let tz = chrono_tz::America::New_York;
        // 2018-03-11 2:00 became 3:00; 2018-11-04 2:00 became 1:00 (US Energy Policy Act of 2005).
        assert_eq!(local_to_utc(tz, at(2018, 3, 11, 1, 59)), Local::One(SimTime(1_520_751_540)));
        assert_eq!(local_to_utc(tz, at(2018, 3, 11, 2, 30)), Local::Skipped(SimTime(1_520_753_400)));
        assert_eq!(
            local_to_utc(tz, at(2018, 11, 4, 1, 30)),
            Local::Twice(SimTime(1_541_309_400), SimTime(1_541_313_000))
        );
    }

    #[test]
    fn the_clock_agrees_with_the_calendar_in_each_hour_of_two_years() {
        for tz in [chrono_tz::America::New_York, chrono_tz::Europe::Berlin, chrono_tz::Asia::Kathmandu] {
            let start = SimTime(1_514_764_800); // 2018-01-01T00:00:00Z
            let clock = LocalClock::new(tz, start, start + 730 * DAY_S);
            for quarter in 0..(730 * 96) {
                let t = start + quarter * 900;
                let expected = tz.timestamp_opt(t.0, 0).unwrap();
                assert_eq!(clock.local(t), expected.naive_local(), "{tz} {}", t.iso());
            }
        }
    }

    #[test]
    fn a_local_day_starts_at_its_first_instant() {
        let day = |tz, y, m, d| start_of_day(tz, NaiveDate::from_ymd_opt(y, m, d).unwrap()).iso();
        // Brazil put its clocks forward at midnight until 2018, Cuba puts them back at 1:00 to midnight.
        assert_eq!(day(chrono_tz::America::Sao_Paulo, 2018, 11, 4), "2018-11-04T03:00:00Z");
        assert_eq!(day(chrono_tz::America::Sao_Paulo, 2018, 11, 5), "2018-11-05T02:00:00Z");
        assert_eq!(day(chrono_tz::America::Havana, 2018, 11, 4), "2018-11-04T04:00:00Z");
        assert_eq!(day(chrono_tz::Australia::Lord_Howe, 2018, 10, 7), "2018-10-06T13:30:00Z");
    }

    #[test]
    fn hours_of_the_week_start_on_monday() {
        let clock = LocalClock::new(chrono_tz::UTC, SimTime(0), SimTime(DAY_S));
        assert_eq!(clock.hour_of_week(SimTime(0)), 3 * 24); // 1970-01-01 was a Thursday
        assert_eq!(clock.hour_of_week(SimTime(4 * DAY_S)), 0);
        assert_eq!(clock.hour(SimTime(-1)), 23);
    }
}
