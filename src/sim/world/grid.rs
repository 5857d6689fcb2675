//! Distribution feeder that supplies stations and households, if the scenario has one.

use gridfleet_core::ids::{HouseholdId, IdVec, StationId};
use gridfleet_core::time::{HOUR_S, LocalClock, SimTime};
use gridfleet_games::grid::Feeder;

gridfleet_core::names! {
    /// Effect of the feeder's limits on charging.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Enforce {
        /// No effect: violations are counted.
        Observe = "observe",
        /// Stations are held back enough to keep voltages above their limit and branches within their ratings.
        Limit = "limit",
    }
}

/// A feeder, its own loads and the customers connected to it. Buses are identified by their position in the case.
#[derive(Debug, Clone)]
pub struct Grid {
    /// Name.
    pub name: String,
    /// Buses and branches.
    pub feeder: Feeder,
    /// Number of each bus in the case.
    pub number: Vec<u32>,
    /// Minimum and maximum voltage [p.u.].
    pub voltage: [f64; 2],
    /// Effect of its limits.
    pub enforce: Enforce,
    /// Factor on the case's loads in each hour of the local day; 24 values.
    pub base_factor: Box<[f64]>,
    /// Reactive power of stations per active power [kvar per kW].
    pub station_kvar_per_kw: f64,
    /// Reactive power of households per active power [kvar per kW].
    pub household_kvar_per_kw: f64,
    /// Bus of each station.
    pub station_bus: IdVec<StationId, usize>,
    /// Bus of each group of households.
    pub household_bus: IdVec<HouseholdId, usize>,
}

impl Grid {
    /// Intervals between `from` and `to` with a constant factor on the case's loads: (seconds, factor). If `from`
    /// equals `to`, the factor at that instant with zero seconds.
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

    /// Mean factor on the case's loads between `from` and `to`; if they are equal, the factor of that hour.
    pub fn mean_factor(&self, clock: &LocalClock, from: SimTime, to: SimTime) -> f64 {
        if to <= from {
            return self.base_factor[clock.hour(from)];
        }
        let sum: f64 = self.factors(clock, from, to).map(|(seconds, factor)| seconds as f64 * factor).sum();
        sum / (to - from) as f64
    }

    /// Minimum and maximum factor on the case's loads between `from` and `to`.
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
            station_bus: Vec::new().into(),
            household_bus: Vec::new().into(),
        };
        // Half an hour off the whole hours of UTC: 0:00 UTC is 5:30.
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
