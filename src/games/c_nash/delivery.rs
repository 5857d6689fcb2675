//! Rows: demand that is not the sum of the nominal profile, and when it may and must have been drawn.
//!
//! The paper has d_i = sum of xbar_i^t, and any order in which d_i is drawn. A station with vehicles has neither: part
//! of its demand was requested earlier (a backlog, which no later nominal profile contains), no vehicle charges before
//! it has come, and those that leave must have been served. Player i then chooses x_i^t, t = 1..T, at cost
//!
//! sum_t (a^t + b^t sum_j x_j^t) x_i^t + mu_i/2 sum_t (x_i^t - xbar_i^t)^2
//!
//! subject to
//!
//! - sum_t x_i^t = d_i, with d_i independent of xbar_i,
//! - min_i^t <= x_i^t <= max_i^t: the power of its vehicles and connectors,
//! - L_i^t <= x_i^1 + ... + x_i^t <= A_i^t: energy required by departures up to t, and energy requested up to t.
//!
//! The costs are those of the game without rows, so its potential and the dual of it (`bounded`) are unchanged; rows
//! belong to the station's own problem, which stays exact (`response`). A coalition minimises the sum of its members'
//! costs subject to all their rows.

use super::model::{LoadBound, short};
use super::profiles::Profiles;
use gridfleet_core::error::InputError;

/// Demand of each station, and bounds of the energy that it has drawn by the end of each step.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Demand of each station over all steps, d\[N\].
    pub demand: Vec<f64>,
    /// Minimum energy drawn up to and including each step, L\[N, T\]; minus infinity for none. The last step is
    /// determined by the demand.
    pub least: Profiles,
    /// Maximum energy drawn up to and including each step, A\[N, T\]; infinity for none. The last step is determined by
    /// the demand.
    pub most: Profiles,
}

/// Reason why a station has no profile within its bounds and rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Undeliverable {
    /// A demand, row or lower bound is not a number, or a demand or lower bound is infinite.
    NotANumber {
        /// The station.
        station: usize,
    },
    /// Up to and including a step, bounds and rows require more than they allow.
    Rows {
        /// The station.
        station: usize,
        /// The first such step.
        step: usize,
        /// Minimum energy drawn by then.
        least: f64,
        /// Maximum energy drawn by then.
        most: f64,
    },
}

impl From<Undeliverable> for InputError {
    fn from(problem: Undeliverable) -> Self {
        match problem {
            Undeliverable::NotANumber { station } => {
                let expected = "finite demands and lower bounds, and rows that are numbers";
                InputError::new(format!("rows of station {station}"), expected).key("delivery.rows")
            }
            Undeliverable::Rows { station, step, least, most } => {
                let found = format!("at least {} by the end of step {step}", short(least));
                let expected = format!("at most {}, as bounds and rows allow by then", short(most));
                InputError::new(found, expected).key(format!("delivery.rows[{station}]"))
            }
        }
    }
}

impl Delivery {
    /// Bounds of the energy that station `i` has drawn by the end of each step but the last: the least, the most.
    pub(super) fn rows(&self, i: usize) -> impl Iterator<Item = (f64, f64)> + '_ {
        let before_last = self.least.steps().saturating_sub(1);
        self.least.row(i).iter().copied().zip(self.most.row(i).iter().copied()).take(before_last)
    }

    /// Checks that station `i` can keep its bounds and rows, to within `slack`. Energies that can have been drawn by the
    /// end of a step are an interval, which follows from that of the step before.
    ///
    /// # Errors
    /// The first step at which the interval is empty.
    pub fn check(&self, i: usize, min: &LoadBound, max: &LoadBound, slack: f64) -> Result<(), Undeliverable> {
        let demand = self.demand[i];
        let (mut low, mut high) = (0.0f64, 0.0f64);
        for (t, (least, most)) in self.rows(i).chain([(demand, demand)]).enumerate() {
            let (from, to) = (min.at(i, t), max.at(i, t));
            if !from.is_finite() || !demand.is_finite() || [to, least, most].iter().any(|x| x.is_nan()) {
                return Err(Undeliverable::NotANumber { station: i });
            }
            (low, high) = ((low + from).max(least), (high + to).min(most));
            if low > high + slack {
                return Err(Undeliverable::Rows { station: i, step: t, least: low, most: high });
            }
        }
        Ok(())
    }

    /// Least energy that station `i` must draw in the steps marked in `within`. The station can keep its rows.
    ///
    /// Forwards, it draws as little as it can in these steps and as much as it can in all others; energy drawn early
    /// never increases what is required later.
    pub(super) fn least_within(&self, i: usize, min: &LoadBound, max: &LoadBound, within: &[bool]) -> f64 {
        let steps = within.len();
        // Energies at the end of each step from which the rest can be completed.
        let mut range = vec![(self.demand[i], self.demand[i]); steps];
        for t in (0..steps.saturating_sub(1)).rev() {
            let (low, high) = range[t + 1];
            let (least, most) = (self.least.row(i)[t], self.most.row(i)[t]);
            range[t] = ((low - max.at(i, t + 1)).max(least), (high - min.at(i, t + 1)).min(most));
        }
        let (mut drawn, mut sum) = (0.0, 0.0);
        for (t, &(low, high)) in range.iter().enumerate() {
            let next =
                if within[t] { (drawn + min.at(i, t)).max(low) } else { (drawn + max.at(i, t)).min(high) };
            if within[t] {
                sum += next - drawn;
            }
            drawn = next;
        }
        sum
    }
}
