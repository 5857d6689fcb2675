//! Traded products and their gates: products are slots of time, gates close before them.

use crate::time::{DAY_S, LocalClock, SimTime, local_to_utc, monday_of};
use chrono::{Days, NaiveDateTime, NaiveTime};
use std::ops::Range;

/// The products of one market: slots of one length, numbered from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Products {
    /// Start of product 0.
    pub start: SimTime,
    /// Length of a product [s].
    pub slot_s: i64,
    /// Number of products.
    pub count: usize,
}

impl Products {
    /// The products entirely within [`start`, `end`), beginning at whole multiples of their length.
    pub fn within(start: SimTime, end: SimTime, slot_s: i64) -> Self {
        let first = SimTime((start.0 + slot_s - 1).div_euclid(slot_s) * slot_s);
        Self { start: first, slot_s, count: usize::try_from((end - first) / slot_s).unwrap_or(0) }
    }

    /// The product that contains `t`.
    #[inline]
    pub fn at(&self, t: SimTime) -> Option<usize> {
        let product = usize::try_from((t - self.start).div_euclid(self.slot_s)).ok()?;
        (product < self.count).then_some(product)
    }

    /// First instant of a product.
    #[inline]
    pub fn start_of(&self, product: usize) -> SimTime {
        self.start + self.slot_s * product as i64
    }

    /// First instant after a product.
    #[inline]
    pub fn end_of(&self, product: usize) -> SimTime {
        self.start_of(product + 1)
    }

    /// Length of a product [h].
    pub fn hours(&self) -> f64 {
        self.slot_s as f64 / 3_600.0
    }
}

/// Rule of gate closure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateRule {
    /// Separately for each product, this long before it starts [s].
    Lead(i64),
    /// For all products that start on one local day together.
    Daily {
        /// Local time [s since midnight].
        at_s: u32,
        /// Days before.
        days_before: u32,
    },
    /// For all products that start in one local week, from Monday, together.
    Weekly {
        /// Day of the week before delivery, or of an earlier one: 0 is Monday.
        weekday: u32,
        /// Local time [s since midnight].
        at_s: u32,
        /// Weeks before.
        weeks_before: u32,
    },
}

/// A gate: the last moment to bid for some products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Time of closure.
    pub closes: SimTime,
    /// Products that it covers.
    pub products: Range<usize>,
}

impl GateRule {
    /// The gate of product `first` and of those after it that are traded with it; `None` if there is no such
    /// product.
    pub fn gate(&self, first: usize, products: &Products, clock: &LocalClock) -> Option<Gate> {
        if first >= products.count {
            return None;
        }
        let start = products.start_of(first);
        let date = clock.local(start).date();
        let utc = |local: NaiveDateTime| local_to_utc(clock.tz(), local).earliest();
        let at = |at_s: u32| NaiveTime::from_num_seconds_from_midnight_opt(at_s, 0).unwrap_or_default();
        let (closes, next) = match *self {
            Self::Lead(lead_s) => return Some(Gate { closes: start + -lead_s, products: first..first + 1 }),
            Self::Daily { at_s, days_before } => {
                let closing = date.checked_sub_days(Days::new(u64::from(days_before)))?;
                (utc(closing.and_time(at(at_s))), date.succ_opt()?.and_time(NaiveTime::MIN))
            }
            Self::Weekly { weekday, at_s, weeks_before } => {
                let monday = monday_of(date).date();
                let closing = monday.checked_sub_days(Days::new(7 * u64::from(weeks_before)))?;
                let closing = closing.checked_add_days(Days::new(u64::from(weekday)))?;
                (utc(closing.and_time(at(at_s))), monday_of(monday.checked_add_days(Days::new(7))?))
            }
        };
        // The first product that starts at or after the next local day or week.
        let beyond = (utc(next) - products.start + products.slot_s - 1).div_euclid(products.slot_s);
        let last = usize::try_from(beyond).unwrap_or(0).clamp(first + 1, products.count);
        Some(Gate { closes, products: first..last })
    }

    /// Upper bound on the time from gate closure to the start of a product [s].
    pub fn longest_s(&self) -> i64 {
        // One hour for a change of clocks.
        match *self {
            Self::Lead(lead_s) => lead_s,
            Self::Daily { days_before, .. } => (i64::from(days_before) + 1) * DAY_S + 3_600,
            Self::Weekly { weeks_before, .. } => (i64::from(weeks_before) + 1) * 7 * DAY_S + 3_600,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::HOUR_S;

    const BERLIN: chrono_tz::Tz = chrono_tz::Europe::Berlin;

    fn at(text: &str) -> SimTime {
        SimTime(chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp())
    }

    #[test]
    fn days_of_a_clock_change_have_23_and_25_hours() {
        let (start, end) = (at("2017-03-25T00:00:00+01:00"), at("2017-03-28T00:00:00+02:00"));
        let clock = LocalClock::new(BERLIN, start + -DAY_S, end);
        let products = Products::within(start, end, HOUR_S);
        let rule = GateRule::Daily { at_s: 12 * 3_600, days_before: 1 };
        let mut gates = Vec::new();
        let mut first = 0;
        while let Some(gate) = rule.gate(first, &products, &clock) {
            first = gate.products.end;
            gates.push((gate.closes, gate.products.len()));
        }
        assert_eq!(
            gates,
            [
                (at("2017-03-24T12:00:00+01:00"), 24),
                (at("2017-03-25T12:00:00+01:00"), 23),
                // The gate on the day of the change closes at noon of the new time.
                (at("2017-03-26T12:00:00+02:00"), 24),
            ]
        );
        let (start, end) = (at("2017-10-29T00:00:00+02:00"), at("2017-10-30T00:00:00+01:00"));
        let clock = LocalClock::new(BERLIN, start + -DAY_S, end);
        let products = Products::within(start, end, 900);
        assert_eq!(rule.gate(0, &products, &clock).unwrap().products, 0..100);
    }

    #[test]
    fn a_weekly_tender_closes_in_an_earlier_week() {
        // Wednesday to Tuesday: products of two weeks.
        let (start, end) = (at("2017-06-07T00:00:00+02:00"), at("2017-06-14T00:00:00+02:00"));
        let clock = LocalClock::new(BERLIN, start + -21 * DAY_S, end);
        let products = Products::within(start, end, 900);
        let rule = GateRule::Weekly { weekday: 2, at_s: 15 * 3_600, weeks_before: 1 };
        let gate = rule.gate(0, &products, &clock).unwrap();
        assert_eq!((gate.closes, gate.products), (at("2017-05-31T15:00:00+02:00"), 0..5 * 96));
        let gate = rule.gate(5 * 96, &products, &clock).unwrap();
        assert_eq!((gate.closes, gate.products), (at("2017-06-07T15:00:00+02:00"), 480..672));
        assert_eq!(rule.gate(672, &products, &clock), None);
    }

    #[test]
    fn products_lie_within_the_period() {
        let products = Products::within(SimTime(100), SimTime(2_800), 900);
        assert_eq!((products.start, products.count), (SimTime(900), 2));
        assert_eq!([899, 900, 2_699, 2_700].map(|t| products.at(SimTime(t))), [None, Some(0), Some(1), None]);
        let clock = LocalClock::new(BERLIN, SimTime(0), SimTime(DAY_S));
        let gate = GateRule::Lead(1_800).gate(1, &products, &clock).unwrap();
        assert_eq!((gate.closes, gate.products), (SimTime(0), 1..2));
        assert_eq!(Products::within(SimTime(0), SimTime(800), 900).count, 0);
    }
}
