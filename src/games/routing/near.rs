//! Columns of a coalition within a distance of the bound, where limits are active.
//!
//! With limits, stays at other times are no longer dominated, so the pool of all schedules grows with each active
//! limit. Few of them matter: a choice that costs less than the bound plus a distance contains only schedules with a
//! reduced cost within that distance. These are generated for each coalition by the same labels, which are discarded as
//! soon as a lower bound on their continuation ([`Completion`]) takes them beyond the distance.

use super::bound::{Choice, Worth};
use super::completion::Completion;
use super::plan::Schedule;
use super::pool::{Column, Reach, TooMany, within_reach};

/// Maximum number of schedules of a kind of vehicle that are stored at once to find dual values.
const AT_ONCE: usize = 200;
/// Number of columns considered at first.
const AT_FIRST: usize = 300;

/// Generation of the columns of a coalition.
#[derive(Debug, Default)]
pub(super) struct Near {
    /// Members of the coalition and requested trips, one bit each.
    pub members: u64,
    pub trips: u64,
    /// Schedules of the columns of the choice.
    pub schedules: Vec<Schedule>,
}

impl Choice<'_> {
    /// Adds the columns most violated by dual values, if columns are generated; whether there are any.
    ///
    /// # Errors
    /// If there are too many labels.
    pub fn price(&mut self, worth: &Worth, broken: f64) -> Result<bool, TooMany> {
        let before = self.columns.len();
        for vehicles in self.kinds() {
            let mut found = self.near_columns(worth, vehicles, broken, true)?;
            let mut by_reduced: Vec<(f64, usize)> = found
                .iter()
                .enumerate()
                .map(|(place, (column, _))| (self.reduced(column, worth), place))
                .filter(|(reduced, _)| *reduced < broken)
                .collect();
            by_reduced.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            by_reduced.truncate(AT_ONCE);
            let mut places: Vec<usize> = by_reduced.into_iter().map(|(_, place)| place).collect();
            places.sort_unstable();
            for place in places.into_iter().rev() {
                self.add(found.swap_remove(place));
            }
        }
        Ok(self.columns.len() > before)
    }

    /// Replaces the columns added before by all within a distance; the first `fixed` columns remain.
    ///
    /// # Errors
    /// If there are too many labels.
    pub fn refill(&mut self, worth: &Worth, distance: f64, fixed: usize) -> Result<(), TooMany> {
        self.forget(fixed);
        self.columns.clear();
        for vehicles in self.kinds() {
            for found in self.near_columns(worth, vehicles, distance, false)? {
                self.add(found);
            }
        }
        Ok(())
    }

    /// Removes generated columns except the first `fixed` ones from the pool.
    pub fn forget(&mut self, fixed: usize) {
        if let Some(near) = &mut self.near {
            near.schedules.truncate(fixed);
            self.pool.to_mut().truncate(fixed);
        }
    }

    /// Adds a column with its schedule.
    pub fn add(&mut self, (column, schedule): (Column, Schedule)) {
        self.columns.push(self.pool.len() as u32);
        self.pool.to_mut().push(column);
        if let Some(near) = &mut self.near {
            near.schedules.push(schedule);
        }
    }

    /// Columns of least reduced cost at dual values without limits.
    pub fn promising(&self, without_limits: &Worth) -> Vec<u32> {
        let taken = vec![vec![0.0; self.model.instance.stations.len() + 1]; self.active.slots()];
        let worth = Worth { taken, ..without_limits.clone() };
        let mut by_reduced: Vec<(f64, u32)> =
            self.columns.iter().map(|&place| (self.reduced(self.column(place), &worth), place)).collect();
        by_reduced.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        by_reduced.into_iter().take(AT_FIRST).map(|(_, place)| place).collect()
    }

    /// Kinds of vehicles whose columns are generated.
    fn kinds(&self) -> Vec<usize> {
        let Some(near) = &self.near else { return Vec::new() };
        let vehicles = &self.model.instance.vehicles;
        (0..vehicles.len()).filter(|&kind| near.members >> vehicles[kind].fleet & 1 == 1).collect()
    }

    fn near_columns(
        &self,
        worth: &Worth,
        vehicles: usize,
        distance: f64,
        least: bool,
    ) -> Result<Vec<(Column, Schedule)>, TooMany> {
        let Some(Near { members, trips, .. }) = self.near else { return Ok(Vec::new()) };
        let completion = Completion::new(self.model, self.active, worth, vehicles, [members, trips]);
        let start = completion.at_start(self.model.instance.vehicles[vehicles].start_kwh);
        if start - worth.vehicles[vehicles] > distance {
            return Ok(Vec::new());
        }
        let reach = Reach { members, trips, worth, completion, distance, least };
        within_reach(self.model, self.active, vehicles, reach)
    }
}
