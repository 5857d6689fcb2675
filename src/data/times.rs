//! Times as written in files, and their interpretation.
//!
//! A time is an instant (with an offset, or counted from the epoch) or a wall-clock time; [`WallClock`]
//! converts the latter into an instant. `03/04/2018` is a day of March or of April: a column writes all its dates in
//! one order, which `date_order` finds, or refuses to guess.

use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use gridfleet_core::time::{DAY_S, HOUR_S, Local, local_to_utc};
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

/// Order of day and month in dates whose year comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOrder {
    /// `31/12/2018`
    DayFirst,
    /// `12/31/2018`
    MonthFirst,
}

/// 1900-01-01 [s since the epoch]: no trip is earlier.
const EARLIEST_S: i64 = -2_208_988_800;
/// 2200-01-01 [s since the epoch]: no trip is later.
const LATEST_S: i64 = 7_258_118_400;

/// First of the two-digit years that belong to the twentieth century, as in POSIX.
const CENTURY_TURN: i64 = 69;

const MONTHS: [&[u8]; 12] =
    [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

const WEEKDAYS: [&[u8]; 7] = [b"mon", b"tue", b"wed", b"thu", b"fri", b"sat", b"sun"];

/// Names of fixed offsets, and the offset [h]. Names with several meanings are absent.
const OFFSETS: [(&str, i64); 16] = [
    ("Z", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("WET", 0),
    ("CET", 1),
    ("CEST", 2),
    ("EET", 2),
    ("EEST", 3),
    ("EST", -5),
    ("EDT", -4),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
    ("AEST", 10),
];

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

    /// Like [`parse_in`](Self::parse_in), where dates whose year comes last begin with the month.
    pub fn parse(text: &[u8]) -> Self {
        Self::parse_in(text, DateOrder::MonthFirst)
    }

    /// Parses `2018-03-05T17:30:00-05:00`, `2018-03-05 17:30:00[.5][Z| UTC]`, `2018/03/05 17:30`, `2018-03-05`,
    /// `03/05/2018 05:30:00 PM`, `5.3.18 17:30`, `Mar 5, 2018 5:30 PM`, `05-Mar-2018 17:30`,
    /// `Mon, 05 Mar 2018 17:30:00 GMT`, or a count since the epoch. `order` is that of day and month, except that
    /// dates with points begin with the day.
    pub fn parse_in(text: &[u8], order: DateOrder) -> Self {
        let text = text.trim_ascii();
        if is_missing(text) {
            return Self::Missing;
        }
        let text = without_weekday(text);
        let mut scan = Scan { text };
        let time = match text {
            [a, b, c, d, b'-' | b'/' | b'.', ..] if [a, b, c, d].iter().all(|b| b.is_ascii_digit()) => {
                scan.year_first()
            }
            _ if scan.is_date() => scan.year_last(order),
            _ if text.first().is_some_and(u8::is_ascii_alphabetic) => scan.month_by_name(),
            _ => std::str::from_utf8(text).ok().and_then(|t| t.parse().ok()).map(Self::epoch),
        };
        time.unwrap_or(Self::Bad)
    }

    /// Parses both ends of an interval, `01.01.2020 00:00 - 01.01.2020 01:00` or two times with a slash between
    /// them; the second is missing if the text is a single time.
    pub fn parse_interval(text: &str, order: DateOrder) -> (Self, Self) {
        let ends = text.split_once(" - ").or_else(|| text.split_once('\u{2013}'));
        // A slash parts two times only if each has its own date.
        let ends = ends.or_else(|| text.split_once('/').filter(|(from, to)| from.len() > 12 && to.len() > 4));
        match ends {
            None => (Self::parse_in(text.as_bytes(), order), Self::Missing),
            Some((from, to)) => {
                let start = Self::parse_in(from.as_bytes(), order);
                (start, Self::parse_in(to.as_bytes(), order))
            }
        }
    }
}

/// Whether a cell means "no value": empty or one of the words that exporters write for it.
pub(super) fn is_missing(cell: &[u8]) -> bool {
    match cell.len() {
        0 => true,
        1 => cell == b"-",
        2..=4 => [&b"NA"[..], b"nan", b"null", b"none", b"N/A", b"n/e", b"\\N", b"NaT", b"--"]
            .iter()
            .any(|word| cell.eq_ignore_ascii_case(word)),
        _ => false,
    }
}

/// Cells that do not tell the order of day and month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoOrder {
    /// The rows of a date that begins with the day, and of one that begins with the month.
    Conflict(usize, usize),
    /// Row of a date that could be either, where nothing decides.
    Open(usize),
}

/// Order of day and month in a column; the second value states whether any date depends on it.
///
/// # Errors
/// If two dates disagree, or none decides.
pub(crate) fn date_order<'a>(cells: impl Iterator<Item = &'a [u8]>) -> Result<(DateOrder, bool), NoOrder> {
    let (mut day_first, mut month_first, mut open, mut points) = (None, None, None, false);
    for (row, cell) in cells.enumerate() {
        let cell = cell.trim_ascii();
        if let [_, b, c, ..] = cell
            && b.is_ascii_digit()
            && c.is_ascii_digit()
        {
            continue; // the common case: the year comes first
        }
        let mut scan = Scan { text: cell };
        if !scan.is_date() {
            continue;
        }
        let (Some(a), Some(sign)) = (scan.number(2), scan.text.first().copied()) else { continue };
        scan.text = &scan.text[1..];
        let Some(b) = scan.number(2) else { continue };
        match (a, b) {
            _ if sign == b'.' => points = true,
            (13.., _) => day_first = day_first.or(Some(row)),
            (_, 13..) => month_first = month_first.or(Some(row)),
            _ if a == b => {}
            _ => open = open.or(Some(row)),
        }
    }
    match (day_first, month_first, open) {
        (Some(day), Some(month), _) => Err(NoOrder::Conflict(day, month)),
        (Some(_), None, _) => Ok((DateOrder::DayFirst, true)),
        (None, Some(_), _) => Ok((DateOrder::MonthFirst, true)),
        (None, None, Some(row)) => Err(NoOrder::Open(row)),
        (None, None, None) if points => Ok((DateOrder::DayFirst, true)),
        (None, None, None) => Ok((DateOrder::MonthFirst, false)),
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

    /// Whether the text begins with a date whose year comes last: one or two digits, a sign, one or two digits (or
    /// the name of a month), the same sign.
    fn is_date(&self) -> bool {
        let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
        let first = digits(self.text);
        let Some((&sign, rest)) = self.text.get(first..).and_then(<[u8]>::split_first) else { return false };
        if !(1..=2).contains(&first) || !b"/.-".contains(&sign) {
            return sign == b' ' && (1..=2).contains(&first) && month(rest).is_some();
        }
        let second = digits(rest);
        (1..=2).contains(&second) && rest.get(second) == Some(&sign) || month(rest).is_some()
    }

    fn year_first(&mut self) -> Option<RawTime> {
        let year = self.number(4)?;
        let sign = *self.text.first()?;
        self.eat(&[sign])?;
        let month = self.number(2)?;
        self.eat(&[sign])?;
        let day = self.number(2)?;
        self.rest(day_s(year, month, day)?)
    }

    fn year_last(&mut self, order: DateOrder) -> Option<RawTime> {
        let first = self.number(2)?;
        let sign = *self.text.first()?;
        self.eat(&[sign])?;
        let (day, month) = match month(self.text) {
            Some((number, length)) => {
                self.text = self.text.get(length..)?;
                (first, number)
            }
            None => {
                let second = self.number(2)?;
                if order == DateOrder::MonthFirst && sign != b'.' { (second, first) } else { (first, second) }
            }
        };
        self.eat(if sign == b' ' { b" " } else { b"/.-" })?;
        let year = self.year()?;
        self.rest(day_s(year, month, day)?)
    }

    /// `Mar 5, 2018`.
    fn month_by_name(&mut self) -> Option<RawTime> {
        let (month, length) = month(self.text)?;
        self.text = self.text.get(length..)?.trim_ascii_start();
        let day = self.number(2)?;
        let _ = self.eat(b",");
        self.text = self.text.trim_ascii_start();
        let year = self.year()?;
        self.rest(day_s(year, month, day)?)
    }

    fn year(&mut self) -> Option<i64> {
        let before = self.text.len();
        let year = self.number(4)?;
        match before - self.text.len() {
            4 => Some(year),
            2 => Some(if year < CENTURY_TURN { 2_000 + year } else { 1_900 + year }),
            _ => None,
        }
    }

    /// Behind the date: nothing, or a time of day with or without AM, PM and an offset.
    fn rest(&mut self, midnight: i64) -> Option<RawTime> {
        if self.text.is_empty() {
            return Some(RawTime::wall(midnight));
        }
        let _ = self.eat(b",");
        self.eat(b"T t")?;
        self.text = self.text.trim_ascii_start();
        let wall = midnight + self.time_of_day()?;
        self.text = self.text.trim_ascii_start();
        if self.text.is_empty() {
            return Some(RawTime::wall(wall));
        }
        if let Some((_, hours)) =
            OFFSETS.iter().find(|(name, _)| self.text.eq_ignore_ascii_case(name.as_bytes()))
        {
            return Some(RawTime::utc(wall - hours * HOUR_S));
        }
        let sign = if self.text.first() == Some(&b'-') { -1 } else { 1 };
        self.eat(b"+-")?;
        let hours = self.number(2)?;
        let _ = self.eat(b":");
        let minutes = if self.text.is_empty() { 0 } else { self.number(2)? };
        (self.text.is_empty() && hours <= 18 && minutes < 60)
            .then(|| RawTime::utc(wall - sign * (hours * HOUR_S + minutes * 60)))
    }

    /// `17:30[:15[.25]][ PM]` as seconds; fractions are truncated. `24:00` ends a day.
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
        if minute > 59 || second > 59 || hour > 24 || (hour == 24 && minute + second > 0) {
            return None;
        }
        let of_day = hour * HOUR_S + minute * 60 + second;
        let rest = self.text.trim_ascii_start();
        let half = rest.get(..2).filter(|_| rest.len() == 2 || rest.get(2) == Some(&b' '));
        let (am, pm) = (
            half.is_some_and(|half| half.eq_ignore_ascii_case(b"AM")),
            half.is_some_and(|half| half.eq_ignore_ascii_case(b"PM")),
        );
        if !am && !pm {
            return Some(of_day);
        }
        // Twelve o'clock precedes one o'clock.
        if !(1..=12).contains(&hour) {
            return None;
        }
        self.text = rest.get(2..)?;
        Some(of_day % (DAY_S / 2) + if pm { DAY_S / 2 } else { 0 })
    }
}

/// The text behind the English name of a weekday and a comma.
fn without_weekday(text: &[u8]) -> &[u8] {
    let is_day = text.get(..3).is_some_and(|name| WEEKDAYS.iter().any(|day| name.eq_ignore_ascii_case(day)));
    let length = text.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    match text.get(length..) {
        Some([b',', rest @ ..]) if is_day => rest.trim_ascii_start(),
        _ => text,
    }
}

/// Number of the month by whose English name the text begins, and the length of the name.
fn month(text: &[u8]) -> Option<(i64, usize)> {
    let name = text.get(..3)?;
    let number = MONTHS.iter().position(|month| name.eq_ignore_ascii_case(month))?;
    let length = text.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    (length <= 9).then_some((number as i64 + 1, length))
}

/// Parses a time of day, `17:30[:15][ PM]` or `24:00`, as seconds.
pub(crate) fn time_of_day(text: &[u8]) -> Option<i64> {
    let mut scan = Scan { text: text.trim_ascii() };
    let second = scan.time_of_day()?;
    scan.text.trim_ascii().is_empty().then_some(second)
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
        for text in [
            "5.3.2018 22:30",
            "05.03.18 22:30",
            "2018/03/05 22:30:00",
            "Mar 5, 2018 10:30 PM",
            "Mar 5, 2018, 10:30 pm",
            "05-Mar-2018 22:30",
            "Mon, 05 Mar 2018 22:30:00",
            "5 March 2018 22:30",
        ] {
            assert_eq!(parse(text), wall, "{text}");
        }
        let day_first = |text: &str| RawTime::parse_in(text.as_bytes(), DateOrder::DayFirst);
        for text in ["05/03/2018 22:30", "5-3-2018 22:30", "5/3/18 10:30 PM"] {
            assert_eq!(day_first(text), wall, "{text}");
        }
        assert_eq!(parse("3/5/2018 6:30 PM EDT"), instant);
        assert_eq!(parse("1970-01-02"), RawTime::Wall(DAY_S));
        assert_eq!(parse("1970-01-01 24:00"), RawTime::Wall(DAY_S));
        for text in ["", "NaN", " null ", "NA"] {
            assert_eq!(parse(text), RawTime::Missing, "{text}");
        }
        for text in [
            "2018-02-30 00:00:00",
            "2018-03-05 24:00:01",
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
    fn the_whole_column_tells_the_order_of_its_dates() {
        let order = |cells: &[&str]| date_order(cells.iter().map(|cell| cell.as_bytes()));
        assert_eq!(order(&["01/03/2016 8:00", "13/03/2016"]), Ok((DateOrder::DayFirst, true)));
        assert_eq!(order(&["3/1/16 8:00 AM", "", "3/13/16 8:00 AM"]), Ok((DateOrder::MonthFirst, true)));
        assert_eq!(order(&["01.03.2016"]), Ok((DateOrder::DayFirst, true)));
        assert_eq!(order(&["2016-03-01", "1520289000", "5/5/2016"]), Ok((DateOrder::MonthFirst, false)));
        assert_eq!(order(&["5/5/2016", "01/03/2016"]), Err(NoOrder::Open(1)));
        assert_eq!(order(&["01/13/2016", "x", "13/01/2016"]), Err(NoOrder::Conflict(2, 0)));
    }

    #[test]
    fn intervals_have_two_ends() {
        let hour = (RawTime::Wall(0), RawTime::Wall(3_600));
        for text in [
            "01.01.1970 00:00 - 01.01.1970 01:00",
            "1970-01-01 00:00 - 1970-01-01 01:00",
            "01/01/1970 00:00:00 - 01/01/1970 01:00:00",
            "1970-01-01T00:00/1970-01-01T01:00",
        ] {
            assert_eq!(RawTime::parse_interval(text, DateOrder::DayFirst), hour, "{text}");
        }
        assert_eq!(RawTime::parse_interval("13/02/1970", DateOrder::DayFirst).1, RawTime::Missing);
        assert_eq!((time_of_day(b"24:00"), time_of_day(b"1:05 PM")), (Some(DAY_S), Some(47_100)));
    }

    proptest::proptest! {
        #[test]
        fn no_time_panics(text in "[-0-9./: TZ+,AMPmarch]{0,30}", other in "\\PC{0,20}") {
            for text in [&text, &other] {
                for order in [DateOrder::DayFirst, DateOrder::MonthFirst] {
                    let _ = (RawTime::parse_in(text.as_bytes(), order), RawTime::parse_interval(text, order));
                }
                let _ = (date_order([text.as_bytes()].into_iter()), time_of_day(text.as_bytes()));
            }
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
