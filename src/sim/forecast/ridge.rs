//! Ridge regression on the calendar and on values known in time, fitted again every day.
//!
//! Features of a slot, in local time: the hour of the day, separately for weekends (48 columns of 0 and 1), the day of
//! the week (7), and up to three lags:
//!
//! - the last value known `lead` slots before;
//! - the same time on the nearest previous day that is known by then;
//! - the same time and weekday of the nearest previous week that is known by then;
//!
//! each only if it is a different slot from those above it (a week ahead, all three are the value a week before). A row
//! is stored with the features that were known at its time, so that a fit uses no more information than a forecast.
//! [`regression`](super::regression) contains the mathematics.

use super::history::History;
use super::naive::repeat;
use super::regression::{Line, Sums};
use super::{Calendar, Forecaster};
use gridfleet_core::error::InputError;
use std::collections::VecDeque;

/// Number of columns for hour of the day and kind of day.
const HOURS: usize = 48;
/// Number of calendar columns.
const CALENDAR: usize = HOURS + 7;
/// Maximum number of non-zero features of a row.
const FULL: usize = 5;
/// Days of rows before the first fit: each weekday once. Assumed.
const LEAST_DAYS: i64 = 7;
/// Season of the fallback forecast [days].
const SEASON_DAYS: i64 = 7;

/// Ridge regression for one lead.
#[derive(Debug, Clone)]
pub struct Ridge {
    calendar: Calendar,
    lead: i64,
    /// Lags of whole days.
    lag_days: Vec<i64>,
    window: i64,
    penalty: f64,
    initial: f64,
    history: History,
    rows: VecDeque<Row>,
    line: Option<Fitted>,
    /// Number of the day of the last fit.
    fitted: Option<i64>,
}

/// One row of a fit.
#[derive(Debug, Clone, Copy)]
struct Row {
    slot: i64,
    features: Features,
    value: f64,
}

/// Features as (column, value); lags follow the calendar.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Features {
    columns: [(usize, f64); FULL],
    count: usize,
}

/// A linear model of values and lags less `shift`.
#[derive(Debug, Clone)]
struct Fitted {
    line: Line,
    shift: f64,
}

impl Ridge {
    /// For forecasts `lead` slots after the last known value, from the rows of the last `window_days` days; the penalty
    /// applies to the squared weights of standardised features. Predicts `initial` until a value is known, and uses
    /// [`SeasonalNaive`](super::SeasonalNaive) until there is a week of rows or where a lag is unknown.
    ///
    /// A slot further ahead than `lead` has lags only as far as they are known; a nearer slot uses only values known
    /// `lead` slots before.
    ///
    /// # Errors
    /// If the lead is not between one slot and a year, the window not between a week and ten years, or the penalty not
    /// above 0.
    pub fn new(
        calendar: Calendar,
        lead: i64,
        window_days: u32,
        penalty: f64,
        initial: f64,
    ) -> Result<Self, InputError> {
        let day = calendar.slots_per_day();
        if !(1..=366 * day).contains(&lead) {
            return Err(InputError::new(lead.to_string(), "1 slot to a year of them").key("lead"));
        }
        if !(LEAST_DAYS..=3_660).contains(&i64::from(window_days)) {
            return Err(InputError::new(window_days.to_string(), "a week to ten years").key("window_days"));
        }
        if !(penalty > 0.0 && penalty.is_finite()) {
            return Err(InputError::new(penalty.to_string(), "a number above 0").key("penalty"));
        }
        let days = (lead + day - 1) / day;
        let weeks = (days + 6) / 7 * 7;
        let mut lag_days = vec![days, weeks];
        lag_days.dedup();
        lag_days.retain(|days| days * day != lead);
        // The clock may change between a slot and its lags.
        let history = History::new((weeks.max(2 * SEASON_DAYS) + 1) * day);
        let window = i64::from(window_days) * day;
        Ok(Self {
            calendar,
            lead,
            lag_days,
            window,
            penalty,
            initial,
            history,
            rows: VecDeque::new(),
            line: None,
            fitted: None,
        })
    }

    /// Linear model of the last fit: intercept and weights of the columns of the calendar and of the lags; `None`
    /// before the first fit.
    pub fn line(&self) -> Option<Line> {
        let Fitted { line, shift } = self.line.as_ref()?;
        let lags: f64 = line.weights[CALENDAR..].iter().sum();
        Some(Line { intercept: line.intercept + shift * (1.0 - lags), weights: line.weights.clone() })
    }

    /// Features of `slot` as known `lead` slots before; `None` if a lag is unknown.
    fn features(&self, slot: i64) -> Option<Features> {
        let (hour, weekday) = (self.calendar.hour(slot), self.calendar.weekday(slot));
        let weekend = usize::from(weekday >= 5);
        let mut features = Features { columns: [(0, 0.0); FULL], count: 3 };
        features.columns[0] = (24 * weekend + hour, 1.0);
        features.columns[1] = (HOURS + weekday, 1.0);
        features.columns[2] = (CALENDAR, self.history.carried(slot - self.lead)?);
        for (k, &days) in self.lag_days.iter().enumerate() {
            let before = self.calendar.days_before(slot, days);
            let value = self.history.get(before).filter(|_| before <= slot - self.lead)?;
            features.columns[features.count] = (CALENDAR + 1 + k, value);
            features.count += 1;
        }
        Some(features)
    }

    fn fit(&mut self) {
        let shift = self.rows.iter().map(|row| row.value).sum::<f64>() / self.rows.len() as f64;
        let mut sums = Sums::new(CALENDAR + 1 + self.lag_days.len());
        for row in &self.rows {
            sums.add(row.features.shifted(shift).used(), row.value - shift);
        }
        self.line = sums.ridge(self.penalty).map(|line| Fitted { line, shift });
    }
}

impl Features {
    fn used(&self) -> &[(usize, f64)] {
        &self.columns[..self.count]
    }

    /// The same features with lags less `shift`.
    fn shifted(mut self, shift: f64) -> Self {
        self.columns[2..self.count].iter_mut().for_each(|(_, lag)| *lag -= shift);
        self
    }
}

impl Forecaster for Ridge {
    fn observe(&mut self, slot: i64, value: f64) {
        let features = self.features(slot);
        self.history.observe(slot, value);
        if !value.is_finite() {
            return;
        }
        while self.rows.front().is_some_and(|row| row.slot <= slot - self.window) {
            self.rows.pop_front();
        }
        self.rows.extend(features.map(|features| Row { slot, features, value }));
        let per_day = self.calendar.slots_per_day();
        let day = slot.div_euclid(per_day);
        if self.fitted.is_none_or(|fitted| day > fitted) && self.rows.len() as i64 >= LEAST_DAYS * per_day {
            self.fitted = Some(day);
            self.fit();
        }
    }

    fn predict(&self, slot: i64) -> f64 {
        let learned =
            self.line.as_ref().zip(self.features(slot)).map(|(Fitted { line, shift }, features)| {
                let terms = features.shifted(*shift);
                shift + line.intercept + terms.used().iter().map(|(i, x)| line.weights[*i] * x).sum::<f64>()
            });
        learned
            .filter(|value| value.is_finite())
            .or_else(|| repeat(&self.history, &self.calendar, SEASON_DAYS, slot))
            .unwrap_or(self.initial)
    }
}

#[cfg(test)]
mod tests {
    use super::super::SeasonalNaive;
    use super::*;
    use gridfleet_core::time::{DAY_S, LocalClock, SimTime};
    use proptest::prelude::*;

    /// Hours in Berlin from Monday 2017-03-06 0:00; the clock changes three weeks later.
    fn berlin() -> Calendar {
        let origin = SimTime(1_488_754_800);
        let clock = LocalClock::new(chrono_tz::Europe::Berlin, origin, origin + 200 * DAY_S);
        Calendar::new(origin, 3_600, clock).unwrap()
    }

    fn ridge(lead: i64) -> Ridge {
        Ridge::new(berlin(), lead, 28, 1.0, 30.0).unwrap()
    }

    /// An aperiodic series.
    fn value(slot: i64) -> f64 {
        40.0 + 10.0 * (slot as f64 * 0.26).sin() + ((slot * slot * 7919 + 13 * slot) % 101) as f64 / 10.0
    }

    #[test]
    fn each_lead_has_the_lags_that_are_known_in_time() {
        let lags = |lead| ridge(lead).lag_days;
        assert_eq!(lags(1), [1, 7]);
        assert_eq!(lags(24), [7]);
        assert_eq!(lags(25), [2, 7]);
        assert_eq!(lags(145), [7]);
        assert_eq!(lags(168), [0; 0]);
        assert_eq!(lags(169), [8, 14]);
    }

    #[test]
    fn it_repeats_the_season_until_there_is_a_week_of_rows() {
        let mut ridge = ridge(24);
        let mut naive = SeasonalNaive::new(berlin(), 7, 30.0);
        for slot in 0..20 * 24 {
            // Rows begin after a week, because one lag is a week.
            assert_eq!(ridge.line().is_some(), slot >= 14 * 24, "slot {slot}");
            if slot < 14 * 24 {
                assert_eq!(ridge.predict(slot + 23), naive.predict(slot + 23));
            }
            ridge.observe(slot, value(slot));
            naive.observe(slot, value(slot));
        }
        // A slot so far ahead that its lags are unknown.
        assert_eq!(ridge.predict(60 * 24), naive.predict(60 * 24));
        assert_ne!(ridge.predict(20 * 24), naive.predict(20 * 24));
    }

    #[test]
    fn a_law_of_calendar_and_lags_is_found() {
        // A third of the value one hour before, half of the value one week before, and a level by hour and kind of day.
        let calendar = berlin();
        let mut ridge = Ridge::new(berlin(), 1, 42, 1e-6, 0.0).unwrap();
        let mut values: Vec<f64> = (0..14 * 24).map(value).collect();
        for slot in 14 * 24..80 * 24 {
            let weekend = if calendar.weekday(slot) >= 5 { -4.0 } else { 0.0 };
            let level = weekend + ((calendar.hour(slot) as f64) / 4.0).cos();
            let before = values[calendar.days_before(slot, 7) as usize];
            // A small variation that no feature explains keeps the lags distinguishable.
            values.push(6.0 + level + values[slot as usize - 1] / 3.0 + before / 2.0 + value(slot) / 100.0);
        }
        let now = 80 * 24 - 1;
        (0..=now).for_each(|slot| ridge.observe(slot, values[slot as usize]));
        let lags = &ridge.line().unwrap().weights[CALENDAR..];
        for (found, expected) in lags.iter().zip([1.0 / 3.0, 0.0, 0.5]) {
            assert!((found - expected).abs() < 0.02, "{lags:?}");
        }
    }

    /// The linear model returned is the one used.
    #[test]
    fn the_line_gives_the_forecast() {
        let mut ridge = ridge(30);
        (0..40 * 24).for_each(|slot| ridge.observe(slot, value(slot)));
        let (line, slot) = (ridge.line().unwrap(), 40 * 24 + 29);
        let features = ridge.features(slot).unwrap();
        let sum: f64 = features.used().iter().map(|(i, x)| line.weights[*i] * x).sum();
        assert!((line.intercept + sum - ridge.predict(slot)).abs() < 1e-9);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Rows and forecasts use no value newer than `lead` slots before their slot.
        #[test]
        fn features_are_those_known_in_time(lead in 1i64..400, later in 0i64..400, other in -1e3..1e3f64) {
            let now = 40 * 24;
            let [mut one, mut two] = [ridge(lead), ridge(lead)];
            let slot = now + later % lead;
            for known in 0..now {
                one.observe(known, value(known));
                two.observe(known, if known > slot - lead { other + value(known) } else { value(known) });
            }
            prop_assert!(slot >= now && slot - lead < now);
            prop_assert_eq!(one.features(slot), two.features(slot));
        }

        /// Any values, gaps and queries give finite forecasts.
        #[test]
        fn forecasts_are_finite(
            lead in 1i64..400,
            values in proptest::collection::vec(proptest::option::weighted(0.9, -1e6..1e6f64), 700),
            steps in proptest::collection::vec(1i64..3, 700),
            flat in any::<bool>(),
        ) {
            let mut ridge = ridge(lead);
            let mut slot = 0;
            for (step, value) in steps.iter().zip(values) {
                slot += step;
                ridge.observe(slot, if flat { 5.0 } else { value.unwrap_or(f64::NAN) });
                prop_assert!(ridge.predict(slot + lead).is_finite());
                prop_assert!(!flat || (ridge.predict(slot + lead) - 5.0).abs() < 1e-9);
            }
        }
    }
}
