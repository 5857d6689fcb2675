//! The distribution feeder on which stations and households hang, where a scenario has one.

use gridfleet_core::time::{HOUR_S, LocalClock, SimTime};
use gridfleet_games::grid::Feeder;

/// What the feeder's limits do to charging.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enforce {
    /// Nothing: breaches are counted.
    Observe,
    /// Stations are held back so far that voltages do not fall below their limit and branches keep to their ratings.
    Limit,
}

impl Enforce {
    /// Name in scenarios and summaries.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Limit => "limit",
        }
    }
}

/// A feeder, its own loads, and who else hangs on it. Buses are known by their place in the case.
#[derive(Debug, Clone)]
pub struct Grid {
    /// What it is called.
    pub name: String,
    /// Buses and branches.
    pub feeder: Feeder,
    /// By bus: its number in the case.
    pub number: Vec<u32>,
    /// Least and greatest voltage, in per unit.
    pub voltage: [f64; 2],
    /// What its limits do.
    pub enforce: Enforce,
    /// Factor on the loads of the case in each hour of the local day; 24.
    pub base_factor: Box<[f64]>,
    /// Reactive power that goes with the active power of stations [kvar per kW].
    pub station_kvar_per_kw: f64,
    /// Reactive power that goes with the active power of households [kvar per kW].
    pub household_kvar_per_kw: f64,
    /// Bus of each station.
    pub station_bus: Vec<usize>,
    /// Bus of each group of households.
    pub household_bus: Vec<usize>,
}

impl Grid {
    /// Pieces of the time from `from` to `to` with one factor on the case's loads: (seconds, factor); of an instant, the
    /// factor at it for no seconds.
    fn factors<'a>(
        &'a self,
        clock: &'a LocalClock,
        from: SimTime,
        to: SimTime,
    ) -> impl Iterator<Item = (i64, f64)> + 'a {
        let mut at = Some(from);
        std::iter::from_fn(move || {
            let now = at?;
            let next = now + (HOUR_S - (now.0 + clock.offset_s(now)).rem_euclid(HOUR_S));
            at = (next < to).then_some(next);
            Some(((next.min(to) - now).max(0), self.base_factor[clock.hour(now)]))
        })
    }

    /// Mean factor on the loads of the case from `from` to `to`; at an instant that of its hour.
    pub fn mean_factor(&self, clock: &LocalClock, from: SimTime, to: SimTime) -> f64 {
        if to <= from {
            return self.base_factor[clock.hour(from)];
        }
        let sum: f64 = self.factors(clock, from, to).map(|(seconds, factor)| seconds as f64 * factor).sum();
        sum / (to - from) as f64
    }

    /// Least and greatest factor on the loads of the case from `from` to `to`.
    pub fn range_of_factors(&self, clock: &LocalClock, from: SimTime, to: SimTime) -> (f64, f64) {
        let all = self.factors(clock, from, to);
        all.fold((f64::INFINITY, 0.0f64), |(low, high), (_, factor)| (low.min(factor), high.max(factor)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::time::DAY_S;

    #[test]
    fn factors_follow_the_local_hours() {
        let grid = Grid {
            name: "ieee33".into(),
            feeder: gridfleet_games::grid::baran_wu().unwrap(),
            number: Vec::new(),
            voltage: [0.9, 1.1],
            enforce: Enforce::Observe,
            base_factor: (0..24).map(|hour| 1.0 + f64::from(hour)).collect(),
            station_kvar_per_kw: 0.0,
            household_kvar_per_kw: 0.0,
            station_bus: Vec::new(),
            household_bus: Vec::new(),
        };
        // Half an hour off whole hours of UTC: at 0:00 UTC it is 5:30.
        let start = SimTime(1_520_208_000);
        let clock = LocalClock::new(chrono_tz::Asia::Kolkata, start, start + DAY_S);
        assert_eq!(grid.mean_factor(&clock, start, start), 6.0);
        assert_eq!(grid.mean_factor(&clock, start, start + 1_800), 6.0);
        assert_eq!(grid.mean_factor(&clock, start, start + 3_600), 6.5);
        assert_eq!(grid.mean_factor(&clock, start, start + DAY_S), 12.5);
        assert_eq!(grid.range_of_factors(&clock, start, start + 1_801), (6.0, 7.0));
        assert_eq!(grid.range_of_factors(&clock, start, start + 1_800), (6.0, 6.0));
    }
}
