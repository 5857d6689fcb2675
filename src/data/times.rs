//! Times as written in files, and their interpretation.
//!
//! A time is an instant (with an offset, or counted from the epoch) or a wall-clock time; [`WallClock`]
//! converts the latter into an instant.

use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use gridfleet_core::time::{DAY_S, Local, local_to_utc};
use rustc_hash::FxHashMap;

/// A time as written in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RawTime {
    /// The cell is empty.
    Missing,
    /// The cell is filled but not a time, or its time is outside 1900 to 2200.
    Bad,
    /// An instant: seconds since the Unix epoch.
    Utc(i64),
    /// Wall-clock date and time, as seconds since 1970-01-01 0:00 on that clock.
    Wall(i64),
}

/// 1900-01-01 [s since the epoch]: no trip is earlier.
const EARLIEST_S: i64 = -2_208_988_800;
/// 2200-01-01 [s since the epoch]: no trip is later.
const LATEST_S: i64 = 7_258_118_400;

impl RawTime {
    /// An instant, if it is in the plausible range.
    pub fn utc(seconds: i64) -> Self {
        if (EARLIEST_S..LATEST_S).contains(&seconds) { Self::Utc(seconds) } else { Self::Bad }
    }

    /// A wall-clock time, if it is in the plausible range.
    pub fn wall(seconds: i64) -> Self {
        if (EARLIEST_S..LATEST_S).contains(&seconds) { Self::Wall(seconds) } else { Self::Bad }
    }

    /// A count since the epoch. Its unit is inferred from its magnitude: seconds below 1e11 (year 5138), then
    /// milliseconds, microseconds, nanoseconds.
    pub fn epoch(count: f64) -> Self {
        let size = count.abs();
        let unit = match size {
            _ if size < 1e11 => 1.0,
            _ if size < 1e14 => 1e3,
            _ if size < 1e17 => 1e6,
            _ if size < 1e20 => 1e9,
            _ => return Self::Bad, // includes NaN and infinity
        };
        Self::utc((count / unit).floor() as i64)
    }

    /// Parses `2018-03-05T17:30:00-05:00`, `2018-03-05 17:30:00[.5][Z| UTC]`, `2018-03-05`, `03/05/2018
    /// 05:30:00 PM` (month first, as on New York's open data portal) or a count since the epoch.
    pub fn parse(text: &[u8]) -> Self {
        let text = text.trim_ascii();
        if is_missing(text) {
            return Self::Missing;
        }
        let mut scan = Scan { text };
        let time = if text.get(4) == Some(&b'-') {
            scan.iso()
        } else if text.iter().take(3).any(|&b| b == b'/') {
            scan.american()
        } else {
            std::str::from_utf8(text).ok().and_then(|t| t.parse().ok()).map(Self::epoch)
        };
        time.unwrap_or(Self::Bad)
    }
}

/// Whether a cell means "no value": empty or one of the words that exporters write for it.
pub(super) fn is_missing(cell: &[u8]) -> bool {
    match cell.len() {
        0 => true,
        2..=4 => [&b"NA"[..], b"nan", b"null", b"none", b"N/A", b"\\N", b"NaT"]
            .iter()
            .any(|word| cell.eq_ignore_ascii_case(word)),
        _ => false,
    }
}

/// The unread rest of a time.
struct Scan<'a> {
    text: &'a [u8],
}

impl Scan<'_> {
    /// A number of one to `digits` digits.
    fn number(&mut self, digits: usize) -> Option<i64> {
        let n = self.text.iter().take(digits).take_while(|b| b.is_ascii_digit()).count();
        let (head, rest) = self.text.split_at(n);
        self.text = rest;
        (n > 0).then(|| head.iter().fold(0, |sum, b| sum * 10 + i64::from(b - b'0')))
    }

    fn eat(&mut self, wanted: &[u8]) -> Option<()> {
        let (first, rest) = self.text.split_first()?;
        wanted.contains(first).then(|| self.text = rest)
    }

    fn iso(&mut self) -> Option<RawTime> {
        let year = self.number(4)?;
        self.eat(b"-")?;
        let month = self.number(2)?;
        self.eat(b"-")?;
        let day = self.number(2)?;
        let midnight = day_s(year, month, day)?;
        if self.text.is_empty() {
            return Some(RawTime::wall(midnight));
        }
        self.eat(b"T t")?;
        let wall = midnight + self.time_of_day()?;
        self.text = self.text.trim_ascii_start();
        if self.text.is_empty() {
            return Some(RawTime::wall(wall));
        }
        if self.text.eq_ignore_ascii_case(b"Z") || self.text.eq_ignore_ascii_case(b"UTC") {
            return Some(RawTime::utc(wall));
        }
        let sign = if self.text.first() == Some(&b'-') { -1 } else { 1 };
        self.eat(b"+-")?;
        let hours = self.number(2)?;
        let _ = self.eat(b":");
        let minutes = if self.text.is_empty() { 0 } else { self.number(2)? };
        (self.text.is_empty() && hours <= 18 && minutes < 60)
            .then(|| RawTime::utc(wall - sign * (hours * 3_600 + minutes * 60)))
    }

    fn american(&mut self) -> Option<RawTime> {
        let month = self.number(2)?;
        self.eat(b"/")?;
        let day = self.number(2)?;
        self.eat(b"/")?;
        let year = self.number(4).filter(|year| *year > 99)?;
        let midnight = day_s(year, month, day)?;
        if self.text.is_empty() {
            return Some(RawTime::wall(midnight));
        }
        self.eat(b" ")?;
        let mut second = self.time_of_day()?;
        self.text = self.text.trim_ascii();
        let half = 12 * 3_600;
        if self.text.eq_ignore_ascii_case(b"AM") || self.text.eq_ignore_ascii_case(b"PM") {
            // Twelve o'clock precedes one o'clock.
            if !(3_600..13 * 3_600).contains(&second) {
                return None;
            }
            second %= half;
            if self.text.eq_ignore_ascii_case(b"PM") {
                second += half;
            }
        } else if !self.text.is_empty() {
            return None;
        }
        Some(RawTime::wall(midnight + second))
    }

    /// `17:30[:15[.25]]` as seconds; fractions are truncated.
    fn time_of_day(&mut self) -> Option<i64> {
        let hour = self.number(2)?;
        self.eat(b":")?;
        let minute = self.number(2)?;
        let mut second = 0;
        if self.eat(b":").is_some() {
            second = self.number(2)?;
            if self.eat(b".,").is_some() {
                self.number(12)?;
            }
        }
        (hour < 24 && minute < 60 && second < 60).then_some(hour * 3_600 + minute * 60 + second)
    }
}

fn day_s(year: i64, month: i64, day: i64) -> Option<i64> {
    let date = NaiveDate::from_ymd_opt(
        i32::try_from(year).ok()?,
        u32::try_from(month).ok()?,
        u32::try_from(day).ok()?,
    )?;
    Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp())
}

/// Converts wall-clock times of one time zone, caching days without a clock change: the calendar need not be
/// consulted for each of a million rows.
#[derive(Debug)]
pub struct WallClock {
    tz: Tz,
    /// Day since the epoch, and its offset from UTC [s] if it is constant all day.
    days: FxHashMap<i64, Option<i64>>,
}

impl WallClock {
    /// The clock of `tz`.
    pub fn new(tz: Tz) -> Self {
        Self { tz, days: FxHashMap::default() }
    }

    /// Instant of the wall-clock time `wall_s` (seconds since 1970-01-01 0:00 on that clock).
    pub fn read(&mut self, wall_s: i64) -> Local {
        let tz = self.tz;
        let day = wall_s.div_euclid(DAY_S);
        let steady = *self.days.entry(day).or_insert_with(|| {
            // Changes are weeks apart: comparing the noons before and after shows whether this day has one.
            let noon = |day: i64| {
                let wall = day * DAY_S + DAY_S / 2;
                wall - calendar(tz, wall).earliest().0
            };
            (noon(day - 1) == noon(day + 1)).then(|| noon(day))
        });
        match steady {
            Some(offset) => Local::One(gridfleet_core::time::SimTime(wall_s - offset)),
            None => calendar(tz, wall_s),
        }
    }
}

fn calendar(tz: Tz, wall_s: i64) -> Local {
    local_to_utc(tz, DateTime::from_timestamp(wall_s, 0).unwrap_or_default().naive_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> RawTime {
        RawTime::parse(text.as_bytes())
    }

    #[test]
    fn times_are_read_as_files_write_them() {
        // 2018-03-05T22:30:00Z is 1520289000 (date -u -d @1520289000).
        let instant = RawTime::Utc(1_520_289_000);
        for text in [
            "2018-03-05T17:30:00-05:00",
            "2018-03-05 17:30:00-0500",
            "2018-03-05T22:30:00Z",
            "2018-03-05 22:30:00 UTC",
            "2018-03-05T22:30:00.999+00",
            " 1520289000 ",
            "1520289000.7",
            "1520289000123",
            "1520289000123456",
        ] {
            assert_eq!(parse(text), instant, "{text}");
        }
        let wall = RawTime::Wall(1_520_289_000);
        for text in ["2018-03-05 22:30:00", "2018-03-05T22:30", "03/05/2018 10:30:00 PM", "3/5/2018 22:30"] {
            assert_eq!(parse(text), wall, "{text}");
        }
        assert_eq!(parse("01/01/1970 12:00:05 AM"), RawTime::Wall(5));
        assert_eq!(parse("1970-01-02"), RawTime::Wall(DAY_S));
        for text in ["", "NaN", " null ", "NA"] {
            assert_eq!(parse(text), RawTime::Missing, "{text}");
        }
        for text in [
            "2018-02-30 00:00:00",
            "2018-03-05 24:00:00",
            "2018-03-05 1",
            "2018-03-05 10:00:00+99",
            "13/01/2018 1:00",
            "01/13/2018 13:00 PM",
            "yesterday",
            "1e300",
            "inf",
            "0018-01-01",
            "2018-01-01x",
        ] {
            assert_eq!(parse(text), RawTime::Bad, "{text}");
        }
    }

    #[test]
    fn the_quick_clock_agrees_with_the_calendar() {
        for tz in [chrono_tz::America::New_York, chrono_tz::Europe::Berlin, chrono_tz::Australia::Lord_Howe] {
            let mut clock = WallClock::new(tz);
            let start = 1_514_764_800; // 2018-01-01
            for half_hour in 0..(365 * 48) {
                let wall = start + half_hour * 1_800 + 7;
                assert_eq!(clock.read(wall), calendar(tz, wall), "{tz} {wall}");
            }
        }
    }
}
