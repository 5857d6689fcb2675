//! Forecasts that repeat a value: the last one, or that of the same time one season before.
//!
//! They are the benchmark for any other forecaster (R. J. Hyndman and G. Athanasopoulos, Forecasting: Principles and
//! Practice, 3rd edition, section 5.2).

use super::history::History;
use super::{Calendar, Forecaster};

/// The last known value.
#[derive(Debug, Clone)]
pub struct Persistence {
    value: f64,
    last: Option<i64>,
}

impl Persistence {
    /// Predicts `initial` until a value is known.
    pub fn new(initial: f64) -> Self {
        Self { value: initial, last: None }
    }
}

impl Forecaster for Persistence {
    fn observe(&mut self, slot: i64, value: f64) {
        assert!(self.last.is_none_or(|last| slot > last), "slot {slot} after slot {:?}", self.last);
        if value.is_finite() {
            (self.value, self.last) = (value, Some(slot));
        }
    }

    fn predict(&self, _: i64) -> f64 {
        self.value
    }
}

/// The value at the same local time one season before; if that is unknown, of the nearest previous day that is known;
/// otherwise the last value, or the initial one.
///
/// More than one season ahead, the last season whose value is known is used. Two seasons are stored.
#[derive(Debug, Clone)]
pub struct SeasonalNaive {
    calendar: Calendar,
    season_days: i64,
    history: History,
    initial: f64,
}

impl SeasonalNaive {
    /// Looks back a multiple of `season_days` days; predicts `initial` until a value is known.
    pub fn new(calendar: Calendar, season_days: u32, initial: f64) -> Self {
        let season_days = i64::from(season_days.max(1));
        // One day more than two seasons, because the clock may change in between.
        let history = History::new((2 * season_days + 1) * calendar.slots_per_day());
        Self { calendar, season_days, history, initial }
    }
}

impl Forecaster for SeasonalNaive {
    fn observe(&mut self, slot: i64, value: f64) {
        self.history.observe(slot, value);
    }

    fn predict(&self, slot: i64) -> f64 {
        repeat(&self.history, &self.calendar, self.season_days, slot).unwrap_or(self.initial)
    }
}

/// Prediction of [`SeasonalNaive`] from `history`; `None` if no value is known.
pub(super) fn repeat(history: &History, calendar: &Calendar, season_days: i64, slot: i64) -> Option<f64> {
    [season_days, 1]
        .into_iter()
        .find_map(|days| nearest(history, calendar, days, slot))
        .or_else(|| history.carried(slot))
}

/// The value at the same local time of the nearest previous multiple of `days` that is known and stored.
fn nearest(history: &History, calendar: &Calendar, days: i64, slot: i64) -> Option<f64> {
    let (last, oldest) = (history.last()?, history.oldest()?);
    // The smallest multiple that may suffice; values that are still unknown are skipped.
    let first = ((slot - last) / (days * calendar.slots_per_day())).max(1);
    (first..)
        .map(|times| calendar.days_before(slot, times * days))
        .take_while(|&before| before >= oldest)
        .find_map(|before| history.get(before))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::time::{DAY_S, LocalClock, SimTime};
    use proptest::prelude::*;

    fn utc(slot_s: i64) -> Calendar {
        let clock = LocalClock::new(chrono_tz::UTC, SimTime(0), SimTime(DAY_S));
        Calendar::new(SimTime(0), slot_s, clock).unwrap()
    }

    proptest! {
        /// A periodic series is predicted exactly at every lead, once a season is known, with or without gaps.
        #[test]
        fn periodic_series_are_predicted_exactly(
            season_days in 1u32..9,
            start in -1000i64..1000,
            lead in 1i64..400,
            gap in proptest::option::of(0i64..20),
        ) {
            let calendar = utc(2 * 3_600);
            let season = i64::from(season_days) * 12;
            let truth = |slot: i64| (slot.rem_euclid(season) as f64).sqrt();
            let mut naive = SeasonalNaive::new(calendar, season_days, -1.0);
            let end = start + 2 * season;
            for slot in start..end {
                // For a gap in the second season, the first season is used.
                if gap != Some(slot - start - season) {
                    naive.observe(slot, truth(slot));
                }
            }
            prop_assert_eq!(naive.predict(end - 1 + lead), truth(end - 1 + lead));
        }
    }

    #[test]
    fn where_the_season_is_not_known_a_day_and_then_the_last_value_stand_in() {
        let mut naive = SeasonalNaive::new(utc(3_600), 7, 40.0);
        assert_eq!(naive.predict(5), 40.0);
        naive.observe(10, 1.0);
        naive.observe(11, 2.0);
        assert_eq!((naive.predict(34), naive.predict(35), naive.predict(36)), (1.0, 2.0, 2.0));
        assert_eq!(naive.predict(35 + 24), 2.0);
        naive.observe(34, 5.0);
        assert_eq!((naive.predict(58), naive.predict(10 + 168)), (5.0, 1.0));
        naive.observe(35, f64::NAN);
        assert_eq!(naive.predict(59), 2.0);
        // A jump of years discards all but the last value.
        naive.observe(100_000, 7.0);
        assert_eq!(naive.predict(100_001), 7.0);
    }

    #[test]
    fn the_season_keeps_to_the_clock_on_the_wall() {
        // Slot 0 is Monday 2017-03-20 0:00 in Berlin; summer time begins on the Sunday.
        let origin = SimTime(1_489_964_400);
        let clock = LocalClock::new(chrono_tz::Europe::Berlin, origin, origin + 30 * DAY_S);
        let calendar = Calendar::new(origin, 3_600, clock).unwrap();
        let mut naive = SeasonalNaive::new(calendar.clone(), 7, 0.0);
        (0..7 * 24).for_each(|slot| naive.observe(slot, calendar.hour(slot) as f64));
        for slot in 7 * 24..8 * 24 {
            assert_eq!(naive.predict(slot), calendar.hour(slot) as f64);
        }
    }

    #[test]
    fn the_last_value_persists() {
        let mut persistence = Persistence::new(3.0);
        assert_eq!(persistence.predict(0), 3.0);
        persistence.observe(0, 4.0);
        persistence.observe(1, f64::INFINITY);
        assert_eq!(persistence.predict(700), 4.0);
    }
}
