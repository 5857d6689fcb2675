//! Slots of a series, and their position in the local day and week.

use gridfleet_core::error::InputError;
use gridfleet_core::time::{DAY_S, LocalClock, SimTime};

/// Slots of equal length, numbered from an origin, in the local time of their location.
#[derive(Debug, Clone)]
pub struct Calendar {
    origin: SimTime,
    slot_s: i64,
    clock: LocalClock,
}

impl Calendar {
    /// Slot 0 starts at `origin`; each slot lasts `slot_s` seconds.
    ///
    /// # Errors
    /// If a day is not a whole number of slots.
    pub fn new(origin: SimTime, slot_s: i64, clock: LocalClock) -> Result<Self, InputError> {
        if slot_s < 1 || DAY_S % slot_s != 0 {
            let found = format!("slots of {slot_s} s");
            return Err(InputError::new(found, "a length of which a whole number makes a day").key("slot_s"));
        }
        Ok(Self { origin, slot_s, clock })
    }

    /// Slots in 24 hours.
    pub fn slots_per_day(&self) -> i64 {
        DAY_S / self.slot_s
    }

    /// Start of `slot`.
    pub fn start(&self, slot: i64) -> SimTime {
        self.origin + slot * self.slot_s
    }

    /// Hour of the local day, 0 to 23, in which `slot` starts.
    pub fn hour(&self, slot: i64) -> usize {
        self.clock.hour(self.start(slot))
    }

    /// Day of the local week, 0 (Monday) to 6, on which `slot` starts.
    pub fn weekday(&self, slot: i64) -> usize {
        self.clock.hour_of_week(self.start(slot)) / 24
    }

    /// The slot at the same local time `days` days before. If the clock changed in between, it is one hour more or less
    /// away, because prices and habits follow local time.
    pub fn days_before(&self, slot: i64, days: i64) -> i64 {
        let (then, now) = (self.start(slot) + -days * DAY_S, self.start(slot));
        let changed_s = self.clock.offset_s(now) - self.clock.offset_s(then);
        slot - days * self.slots_per_day() + changed_s / self.slot_s
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Berlin, quarters of an hour; slot 0 is Monday 2017-03-20 0:00 UTC, which is 1:00 local time.
    fn berlin() -> Calendar {
        let origin = SimTime(1_489_968_000);
        let clock = LocalClock::new(chrono_tz::Europe::Berlin, origin, origin + 365 * DAY_S);
        Calendar::new(origin, 900, clock).unwrap()
    }

    #[test]
    fn slots_have_an_hour_and_a_weekday_by_the_local_clock() {
        let calendar = berlin();
        assert_eq!((calendar.hour(0), calendar.weekday(0)), (1, 0));
        assert_eq!((calendar.hour(91), calendar.hour(92)), (23, 0));
        assert_eq!((calendar.weekday(91), calendar.weekday(92), calendar.weekday(-5)), (0, 1, 6));
        // 2017-03-26 1:00 UTC is 3:00 in Berlin.
        assert_eq!((calendar.hour(6 * 96 + 3), calendar.hour(6 * 96 + 4)), (1, 3));
    }

    #[test]
    fn the_same_time_before_keeps_to_the_clock_on_the_wall() {
        let calendar = berlin();
        // Monday 2017-03-27 8:00 UTC is 10:00 local time; a week before, 10:00 was 9:00 UTC.
        let monday = 7 * 96 + 32;
        assert_eq!(calendar.days_before(monday, 7), 36);
        assert_eq!(calendar.days_before(monday + 7 * 96, 7), monday);
        // In autumn (2017-10-29) the opposite.
        let autumn = (7 * 32) * 96;
        assert_eq!(calendar.days_before(autumn, 7), autumn - 7 * 96 - 4);
    }

    #[test]
    fn slots_that_do_not_make_a_day_are_refused() {
        let clock = LocalClock::new(chrono_tz::UTC, SimTime(0), SimTime(DAY_S));
        for slot_s in [0, -900, 7_000, 2 * DAY_S] {
            assert!(Calendar::new(SimTime(0), slot_s, clock.clone()).is_err());
        }
        let error = Calendar::new(SimTime(0), 7_000, clock).unwrap_err();
        insta::assert_snapshot!(error, @"slot_s: found slots of 7000 s, expected a length of which a whole number makes a day");
    }
}
