//! The period simulated, from local dates to instants.

use crate::document::Problems;
use crate::document::suggest;
use crate::spec::{EnvironmentSpec, FoundWarmUp, TimeSpec, WarmUp};
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime};
use chrono_tz::Tz;
use gridfleet_core::time::{
    DAY_S, HOUR_S, Local, LocalClock, SimTime, change_before, local_to_utc, start_of_day,
};

/// The period simulated and its local clock.
#[derive(Debug, Clone)]
pub struct Horizon {
    /// First instant.
    pub start: SimTime,
    /// First instant no longer simulated.
    pub end: SimTime,
    /// First instant of the period that the figures cover: the end of the warm-up. Equal to the start as long as a
    /// pilot run has yet to find the warm-up.
    pub measured_from: SimTime,
    /// Local time, exact a week beyond both ends.
    pub clock: LocalClock,
}

/// Names of the days of the week in a scenario, from Monday.
pub const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Longest period [d].
const MOST_DAYS: i64 = 3_660;

/// Shortest period in which a pilot run can find the warm-up [s]: four days, one of which may be an hour shorter.
const LEAST_SETTLING_S: i64 = 4 * DAY_S - HOUR_S;

/// Reads `[time]`.
pub fn horizon(spec: &TimeSpec, problems: &mut Problems<'_>) -> Option<Horizon> {
    let tz = timezone("time.timezone", &spec.timezone, problems);
    let start = instant("time.start", &spec.start, tz.unwrap_or(chrono_tz::UTC), problems);
    let end = match (&spec.end, spec.days) {
        (Some(_), Some(_)) => {
            problems.add("time.days", "both `days` and `end`", "one of them").help("remove one");
            return None;
        }
        (None, None) => {
            problems.add("time.days", "neither `days` nor `end`", "one of them").help("for example days = 7");
            return None;
        }
        (Some(end), None) => instant("time.end", end, tz.unwrap_or(chrono_tz::UTC), problems)?,
        (None, Some(days)) => {
            let (start, tz) = (start?, tz?);
            let local = LocalClock::new(tz, start, start).local(start);
            let end = local.checked_add_days(Days::new(u64::try_from(days).unwrap_or(0)))?;
            // A whole local day ends where the next one starts, even if clocks change at midnight.
            if start_of_day(tz, local.date()) == start {
                start_of_day(tz, end.date())
            } else {
                local_to_utc(tz, end).earliest()
            }
        }
    };
    let (start, tz) = (start?, tz?);
    if end <= start {
        problems.add("time.end", end.iso(), format!("an instant after the start, {}", start.iso()));
        return None;
    }
    if end - start > (MOST_DAYS + 1) * DAY_S {
        problems.add("time.end", end.iso(), format!("an instant at most {MOST_DAYS} days after the start"));
        return None;
    }
    if spec.control_interval_s > end - start {
        problems.add(
            "time.control_interval_s",
            spec.control_interval_s.to_string(),
            format!("at most the {} s simulated", end - start),
        );
    }
    if spec.warm_up == WarmUp::Found(FoundWarmUp::Settled) && end - start < LEAST_SETTLING_S {
        let found = format!("\"settled\" in {} h", (end - start) / HOUR_S);
        problems
            .add("time.warm_up", found, "a period of at least 4 days, to detect when the state has settled")
            .help("simulate more days, or give the warm-up as a number of days");
        return None;
    }
    let clock = LocalClock::new(tz, start + -7 * DAY_S, end + 7 * DAY_S);
    let mut horizon = Horizon { start, end, measured_from: start, clock };
    horizon.measured_from = warm_up_end(&horizon, spec, problems)?;
    Some(horizon)
}

/// The end of the warm-up, if `spec` gives it in days.
pub fn warm_up_end(horizon: &Horizon, spec: &TimeSpec, problems: &mut Problems<'_>) -> Option<SimTime> {
    let (start, end) = (horizon.start, horizon.end);
    let measured_from = match spec.warm_up {
        WarmUp::Days(days) => days_later(&horizon.clock, start, days).unwrap_or(end),
        WarmUp::Found(FoundWarmUp::Settled) => start,
    };
    if measured_from >= end {
        let found = match spec.warm_up {
            WarmUp::Days(days) => format!("{days} days"),
            WarmUp::Found(_) => "\"settled\"".to_owned(),
        };
        problems
            .add("time.warm_up", found, format!("a warm-up that ends before the period does, {}", end.iso()))
            .help("simulate more days, or shorten the warm-up");
        return None;
    }
    let divided_s = match spec.warm_up {
        WarmUp::Days(_) => measured_from - start,
        // The pilot run determines the number of days, some of which may be longer or shorter by an hour.
        WarmUp::Found(_) => HOUR_S,
    };
    if divided_s % spec.control_interval_s.max(1) != 0 {
        let expected = match spec.warm_up {
            WarmUp::Days(_) => "an interval that divides the warm-up, so that meters are read at its end",
            WarmUp::Found(_) => {
                "an interval that divides the hour, so that meters are read at the end of any warm-up"
            }
        };
        problems.add("time.control_interval_s", spec.control_interval_s.to_string(), expected);
    }
    Some(measured_from)
}

/// The instant `days` local calendar days after `start`.
pub fn days_later(clock: &LocalClock, start: SimTime, days: i64) -> Option<SimTime> {
    match u64::try_from(days) {
        Ok(0) | Err(_) => Some(start),
        Ok(days) => {
            let local = clock.local(start).checked_add_days(Days::new(days))?;
            Some(local_to_utc(clock.tz(), local).earliest())
        }
    }
}

/// A time zone by its name.
pub fn timezone(key: &str, name: &str, problems: &mut Problems<'_>) -> Option<Tz> {
    if let Ok(tz) = name.parse() {
        return Some(tz);
    }
    let help = suggest::nearest(name, chrono_tz::TZ_VARIANTS.iter().map(|tz| tz.name()))
        .map(|name| format!("did you mean \"{name}\"?"));
    problems
        .add(key, format!("\"{name}\""), "an IANA time zone, for example \"Europe/Berlin\"")
        .perhaps(help);
    None
}

/// Parses a date of the file.
pub fn date(key: &str, text: &str, problems: &mut Problems<'_>) -> Option<NaiveDate> {
    match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(date) if plausible(date) => Some(date),
        _ => {
            problems.add(
                key,
                format!("\"{text}\""),
                "a date of the years 1970 to 2199, for example \"2018-03-05\"",
            );
            None
        }
    }
}

fn plausible(date: NaiveDate) -> bool {
    (1970..=2199).contains(&date.year())
}

fn instant(key: &str, text: &str, tz: Tz, problems: &mut Problems<'_>) -> Option<SimTime> {
    let normal = text.trim().replace(' ', "T");
    if let Ok(time) = DateTime::parse_from_rfc3339(&normal)
        .or_else(|_| DateTime::parse_from_str(&normal, "%Y-%m-%dT%H:%M%:z"))
        && plausible(time.naive_local().date())
    {
        return Some(SimTime(time.timestamp()));
    }
    if let Ok(date) = NaiveDate::parse_from_str(&normal, "%Y-%m-%d")
        && plausible(date)
    {
        return Some(start_of_day(tz, date));
    }
    let local = NaiveDateTime::parse_from_str(&normal, "%Y-%m-%dT%H:%M:%S")
        .or_else(|_| NaiveDateTime::parse_from_str(&normal, "%Y-%m-%dT%H:%M"))
        .ok();
    match local {
        Some(local) if plausible(local.date()) => unambiguous(key, local, tz, problems),
        _ => {
            problems.add(
                key,
                format!("\"{text}\""),
                "a date or time of the years 1970 to 2199, for example \"2018-03-05\" or \"2018-03-05T06:00\"",
            );
            None
        }
    }
}

/// The unique instant of a wall-clock time; rejects times that the clock change skips or repeats.
fn unambiguous(key: &str, local: NaiveDateTime, tz: Tz, problems: &mut Problems<'_>) -> Option<SimTime> {
    let wall = |t: SimTime| {
        let local = LocalClock::new(tz, t, t).local(t);
        local.format("%Y-%m-%dT%H:%M:%S").to_string()
    };
    let with_offset = |t: SimTime| {
        let offset_s = LocalClock::new(tz, t, t).offset_s(t);
        let (sign, minutes) = (if offset_s < 0 { '-' } else { '+' }, offset_s.abs() / 60);
        format!("{}{sign}{:02}:{:02}", local.format("%Y-%m-%dT%H:%M:%S"), minutes / 60, minutes % 60)
    };
    let found =
        |what: &str| format!("\"{}\", which {what} in {}", local.format("%Y-%m-%dT%H:%M:%S"), tz.name());
    match local_to_utc(tz, local) {
        Local::One(t) => Some(t),
        Local::Twice(first, second) => {
            let help = format!("write \"{}\" or \"{}\"", with_offset(first), with_offset(second));
            problems
                .add(key, found("happens twice"), "a time that happens once, or one with its offset")
                .help(help);
            None
        }
        Local::Skipped(t) => {
            let change = change_before(tz, t);
            let help = format!(
                "the clocks are put forward: the nearest times are \"{}\" and \"{}\"",
                wall(change + -1),
                wall(change)
            );
            problems.add(key, found("does not exist"), "a local time that exists").help(help);
            None
        }
    }
}

/// Ambient temperature by hour since the start [°C]; empty if the scenario has none.
pub fn temperature_c(spec: &EnvironmentSpec, horizon: &Horizon) -> Vec<f64> {
    match (&spec.temperature_by_hour_c, spec.temperature_c) {
        (Some(by_hour), _) => {
            let hours = (horizon.end - horizon.start + HOUR_S - 1) / HOUR_S;
            let at = |hour: i64| by_hour.get(horizon.clock.hour(horizon.start + hour * HOUR_S)).copied();
            (0..hours).filter_map(at).collect()
        }
        (None, Some(all)) => vec![all],
        (None, None) => Vec::new(),
    }
}
