//! Dates and wall-clock times as written in price files, and their instants.
//!
//! Dates are written as `31.12.2016`, `1/12/2016`, `13-01-2016` or ISO 8601, day or month first, sometimes
//! both in one file; because rows follow each other day by day, the neighbours resolve an ambiguous row. The
//! repeated hour in autumn is resolved by its order in the file: first summer time, then winter time.

use crate::times::{RawTime, WallClock};
use chrono::NaiveDate;
use chrono_tz::Tz;
use gridfleet_core::time::{DAY_S, HOUR_S, Local, SimTime};

/// Candidate days of a written date: one, or two if day and month could be swapped (the reading with the day
/// first comes first).
pub type Candidates = Vec<NaiveDate>;

/// Parses a date; no candidates if it is not a date.
pub fn dates(text: &str) -> Candidates {
    let mut parts = text.trim().split(['.', '/', '-']);
    let mut number =
        || parts.next().and_then(|part| part.trim().parse::<u32>().ok().map(|n| (n, part.len())));
    let (Some((a, width)), Some((b, _)), Some((c, _))) = (number(), number(), number()) else {
        return Vec::new();
    };
    if parts.next().is_some() {
        return Vec::new();
    }
    let date = |year: u32, month, day| {
        i32::try_from(year)
            .ok()
            .filter(|y| (1900..2200).contains(y))
            .and_then(|y| NaiveDate::from_ymd_opt(y, month, day))
    };
    if width == 4 {
        return date(a, b, c).into_iter().collect();
    }
    let (day_first, month_first) = (date(c, b, a), date(c, a, b));
    let mut days: Candidates = day_first.into_iter().chain(month_first).collect();
    days.dedup();
    days
}

/// Selects one day for each row: the consecutive candidates with the fewest breaks. A row without candidates
/// ends the reading; its number is the error.
///
/// # Errors
/// The number of the first row that is not a date.
pub fn in_order(rows: &[Candidates]) -> Result<Vec<NaiveDate>, usize> {
    if let Some(bad) = rows.iter().position(Vec::is_empty) {
        return Err(bad);
    }
    let mut best: Option<(usize, Vec<NaiveDate>)> = None;
    for &first in rows.first().into_iter().flatten() {
        let mut days = Vec::with_capacity(rows.len());
        let (mut last, mut breaks) = (first, 0);
        for candidates in rows {
            let ahead = |day: &NaiveDate| (*day - last).num_days();
            let next = candidates.iter().copied().find(|day| (0..=1).contains(&ahead(day)));
            let day = next.unwrap_or_else(|| {
                breaks += 1;
                // After a gap: the nearest later day, otherwise the day as written.
                let later = candidates.iter().copied().filter(|day| ahead(day) > 0).min();
                later.or_else(|| candidates.first().copied()).unwrap_or(last)
            });
            days.push(day);
            last = day;
        }
        if best.as_ref().is_none_or(|(fewest, _)| breaks < *fewest) {
            best = Some((breaks, days));
        }
    }
    Ok(best.map(|(_, days)| days).unwrap_or_default())
}

/// Parses `00:15`, `0:15:00` or `24:00` as seconds of the day.
pub fn time_of_day(text: &str) -> Option<i64> {
    let mut parts = text.trim().splitn(3, ':');
    let mut number = |most: i64| {
        let part = parts.next()?;
        let digits = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| part.parse().ok()).flatten().filter(|n: &i64| *n <= most)
    };
    let (hour, minute) = (number(24)?, number(59)?);
    let second = if text.matches(':').count() > 1 { number(59)? } else { 0 };
    let of_day = hour * HOUR_S + minute * 60 + second;
    (of_day <= DAY_S).then_some(of_day)
}

/// A date as seconds since 1970-01-01 0:00 of the same clock.
pub fn midnight_s(date: NaiveDate) -> i64 {
    date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp()
}

/// A time with its date, as written in one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stamp {
    /// An instant [s since the epoch].
    Instant(i64),
    /// Wall-clock time: candidate days, and the second of the day.
    Wall(Candidates, i64),
}

/// Parses `2017-01-01T00:00:00+01:00`, `2017-01-01 00:00`, `01.01.2017 00:00`, `1/1/2017 0:15` or a span of
/// two of them separated by ` - `, of which the first is used.
pub fn stamp(text: &str) -> Option<Stamp> {
    let text = text.split(" - ").next().unwrap_or(text).trim();
    match RawTime::parse(text.as_bytes()) {
        RawTime::Utc(s) if text.contains(['-', ':']) => return Some(Stamp::Instant(s)),
        // A bare number is a count, not a time.
        RawTime::Utc(_) => return None,
        RawTime::Wall(s) if text.get(4..5) == Some("-") => {
            let day = chrono::DateTime::from_timestamp(s, 0)?.date_naive();
            return Some(Stamp::Wall(vec![day], s.rem_euclid(DAY_S)));
        }
        _ => {}
    }
    let (date, time) = text.split_once([' ', 'T']).unwrap_or((text, "0:00"));
    let days = dates(date.trim_end_matches(','));
    (!days.is_empty()).then_some(Stamp::Wall(days, time_of_day(time)?))
}

/// A wall clock read from one row to the next.
#[derive(Debug)]
pub struct RowClock {
    clock: WallClock,
    last: Option<SimTime>,
}

impl RowClock {
    /// The clock of `tz`.
    pub fn new(tz: Tz) -> Self {
        Self { clock: WallClock::new(tz), last: None }
    }

    /// Instant of the next row, which shows `wall_s`; `Err` contains the instant at which the skipped hour of
    /// spring would have begun.
    pub fn next(&mut self, wall_s: i64) -> Result<SimTime, SimTime> {
        let time = match self.clock.read(wall_s) {
            Local::One(time) => time,
            Local::Twice(summer, winter) if self.last.is_some_and(|last| last >= summer) => winter,
            Local::Twice(summer, _) => summer,
            Local::Skipped(time) => return Err(time),
        };
        self.last = Some(time);
        Ok(time)
    }

    /// Interpretation of a wall-clock time, independent of its row.
    pub fn meaning(&mut self, wall_s: i64) -> Local {
        self.clock.read(wall_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(y: i32, m: u32, d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(y, m, d).unwrap()
    }

    #[test]
    fn dates_of_all_habits() {
        for (text, days) in [
            ("31.12.2016", vec![day(2016, 12, 31)]),
            ("1.02.2017", vec![day(2017, 2, 1), day(2017, 1, 2)]),
            ("1/1/2016", vec![day(2016, 1, 1)]),
            ("13-01-2016", vec![day(2016, 1, 13)]),
            ("01/13/2016", vec![day(2016, 1, 13)]),
            ("2016-02-29", vec![day(2016, 2, 29)]),
            ("29.02.2017", vec![]),
            ("1.1.17", vec![]),
            ("1.2.3.4", vec![]),
            ("today", vec![]),
        ] {
            assert_eq!(dates(text), days, "{text}");
        }
    }

    #[test]
    fn neighbours_settle_days_and_months() {
        // Day first up to the twelfth with slashes, then with dashes, as in Nord Pool's sheet.
        let rows = ["11/1/2016", "12/1/2016", "13-01-2016", "14-01-2016"].map(dates);
        assert_eq!(in_order(&rows).unwrap()[0], day(2016, 1, 11));
        // Month first with slashes, day first with dashes.
        let rows = ["1/11/2016", "1/12/2016", "13-01-2016"].map(dates);
        let days = in_order(&rows).unwrap();
        assert_eq!(days, [day(2016, 1, 11), day(2016, 1, 12), day(2016, 1, 13)]);
        // The same day in many rows, and the end of a month.
        let rows = ["31.01.2016", "31.01.2016", "01.02.2016", "02.02.2016"].map(dates);
        assert_eq!(in_order(&rows).unwrap()[3], day(2016, 2, 2));
        assert_eq!(in_order(&["1.1.2016", "x"].map(dates)), Err(1));
    }

    #[test]
    fn stamps_of_all_habits() {
        let wall = |y, m, d, s| Some(Stamp::Wall(vec![day(y, m, d)], s));
        assert_eq!(stamp("2019-07-01 00:15:00"), wall(2019, 7, 1, 900));
        assert_eq!(stamp("13.01.2017 00:00 - 13.01.2017 01:00"), wall(2017, 1, 13, 0));
        assert_eq!(stamp("13/01/2024 23:00:00 - 14/01/2024 00:00:00"), wall(2024, 1, 13, 82_800));
        assert_eq!(stamp("13.01.2017"), wall(2017, 1, 13, 0));
        assert_eq!(stamp("2015-01-01T01:00:00+0100"), Some(Stamp::Instant(1_420_070_400)));
        assert_eq!(stamp("2014-12-31T23:00:00Z"), Some(Stamp::Instant(1_420_066_800)));
        for text in ["", "34.97", "12", "2017-13-01", "noon", "13.01.2017 25:00", "13.01.2017 1:2:3:4"] {
            assert_eq!(stamp(text), None, "{text}");
        }
        assert_eq!(
            (time_of_day("24:00"), time_of_day("24:15"), time_of_day("1:5")),
            (Some(DAY_S), None, Some(3_900))
        );
    }

    #[test]
    fn the_doubled_hour_is_told_by_its_place() {
        let mut clock = RowClock::new(chrono_tz::Europe::Berlin);
        // 2017-10-29: 2:00 twice, the first at 0:00 UTC (`date -u -d @1509235200`).
        let midnight = midnight_s(day(2017, 10, 29));
        let quarters = [6_300, 7_200, 8_100, 9_000, 9_900, 7_200, 8_100, 9_000, 9_900, 10_800];
        let times: Vec<i64> = quarters.iter().map(|s| clock.next(midnight + s).unwrap().0).collect();
        let expected: Vec<i64> = (0..10).map(|q| 1_509_235_200 - 900 + q * 900).collect();
        assert_eq!(times, expected);
        // 2017-03-26: no 2:00.
        assert!(clock.next(midnight_s(day(2017, 3, 26)) + 7_200).is_err());
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(text in "[-0-9./: TZ+]{0,30}", other in "\\PC{0,20}") {
            for text in [&text, &other] {
                let _ = (stamp(text), dates(text), time_of_day(text));
            }
        }
    }
}
