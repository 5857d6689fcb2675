//! Latest values of a series, with gaps.

/// Ring buffer of the values of the latest slots.
#[derive(Debug, Clone)]
pub(super) struct History {
    /// Value by slot, NaN where unknown.
    values: Vec<f64>,
    /// Last value known at the end of a slot, NaN before the first.
    carried: Vec<f64>,
    last: Option<i64>,
}

impl History {
    /// A history of `slots` slots.
    pub fn new(slots: i64) -> Self {
        let kept = slots.max(1) as usize;
        Self { values: vec![f64::NAN; kept], carried: vec![f64::NAN; kept], last: None }
    }

    fn kept(&self) -> i64 {
        self.values.len() as i64
    }

    fn place(&self, slot: i64) -> usize {
        slot.rem_euclid(self.kept()) as usize
    }

    /// Adds a newly known value.
    ///
    /// # Panics
    /// If `slot` is not later than the last one.
    pub fn observe(&mut self, slot: i64, value: f64) {
        assert!(self.last.is_none_or(|last| slot > last), "slot {slot} after slot {:?}", self.last);
        if !value.is_finite() {
            return;
        }
        if let Some(last) = self.last {
            let before = self.carried[self.place(last)];
            for missing in (last + 1).max(slot - self.kept() + 1)..slot {
                let place = self.place(missing);
                (self.values[place], self.carried[place]) = (f64::NAN, before);
            }
        }
        let place = self.place(slot);
        (self.values[place], self.carried[place]) = (value, value);
        self.last = Some(slot);
    }

    /// The last slot with a value.
    pub fn last(&self) -> Option<i64> {
        self.last
    }

    /// The oldest stored slot, with or without a value.
    pub fn oldest(&self) -> Option<i64> {
        self.last.map(|last| last - self.kept() + 1)
    }

    fn read(&self, ring: &[f64], slot: i64) -> Option<f64> {
        let last = self.last?;
        let known = slot <= last && slot > last - self.kept();
        known.then(|| ring[self.place(slot)]).filter(|value| !value.is_nan())
    }

    /// Value of `slot`, if it is known and still stored.
    pub fn get(&self, slot: i64) -> Option<f64> {
        self.read(&self.values, slot)
    }

    /// Last value known at the end of `slot`, if it is still stored.
    pub fn carried(&self, slot: i64) -> Option<f64> {
        self.read(&self.carried, slot.min(self.last?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        /// Compares with a map of all observed values.
        #[test]
        fn the_ring_agrees_with_a_map(
            kept in 1i64..20,
            start in -30i64..30,
            steps in proptest::collection::vec((1i64..30, proptest::option::of(-5.0..5.0)), 1..60),
        ) {
            let mut history = History::new(kept);
            let mut all: BTreeMap<i64, f64> = BTreeMap::new();
            let mut slot = start;
            for (step, value) in steps {
                slot += step;
                history.observe(slot, value.unwrap_or(f64::NAN));
                all.extend(value.map(|value| (slot, value)));
                let last = all.keys().next_back().copied();
                prop_assert_eq!(history.last(), last);
                for asked in slot - 40..slot + 5 {
                    let kept = last.is_some_and(|last| asked > last - kept);
                    let value = all.get(&asked).copied().filter(|_| kept);
                    prop_assert_eq!(history.get(asked), value, "slot {}", asked);
                    let carried = all.range(..=asked).next_back().map(|(_, value)| *value).filter(|_| kept);
                    prop_assert_eq!(history.carried(asked), carried, "carried to {}", asked);
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "slot 3 after slot Some(3)")]
    fn values_do_not_go_back_in_time() {
        let mut history = History::new(5);
        history.observe(3, 1.0);
        history.observe(3, 2.0);
    }
}
