//! Tabular values, and the two agents that update them incrementally: Q-learning and SARSA.
//!
//! Sources: Watkins, Dayan, Machine Learning 8 (1992); Rummery, Niranjan, CUED/F-INFENG/TR 166 (1994).

use super::bytes::{Corrupt, Reader, Writer};
use super::{Agent, Transition, Values};
use rand_pcg::Pcg64;

/// A value per cell and action.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Number of actions.
    pub actions: usize,
    /// Values, cell by cell.
    pub values: Vec<f64>,
}

impl Table {
    /// Creates a table of zeros.
    pub fn new(cells: usize, actions: usize) -> Self {
        Self { actions, values: vec![0.0; cells * actions] }
    }

    /// Values of the actions in a cell.
    pub fn row(&self, cell: usize) -> &[f64] {
        &self.values[cell * self.actions..(cell + 1) * self.actions]
    }

    /// Highest value in a cell.
    pub fn best_value(&self, cell: usize) -> f64 {
        self.row(cell).iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }
}

/// Action that determines the value of the next state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follows {
    /// The best action: Q-learning.
    Best,
    /// The action taken next: SARSA.
    Taken,
}

/// Agent that moves the entries of actions with known rewards towards their targets.
#[derive(Debug, Clone)]
pub struct Stepwise {
    /// Valuation of the next state.
    pub follows: Follows,
    /// Discount factor per step.
    pub discount: f64,
    /// Fraction of the error corrected per step.
    pub rate: f64,
    /// The table.
    pub values: Values,
}

impl Agent for Stepwise {
    fn values(&self) -> &Values {
        &self.values
    }

    fn learn(&mut self, step: &Transition<'_>, rate: f64, _: &mut Pcg64) -> Option<f64> {
        let Values::Table(table) = &mut self.values else { return None };
        let later = match self.follows {
            _ if step.terminal => 0.0,
            Follows::Best => table.best_value(step.after.cell),
            Follows::Taken => table.row(step.after.cell)[step.next_action],
        };
        let known = step.reward.known_actions(step.action, table.actions);
        let (count, mut loss) = (known.len() as f64, 0.0);
        for action in known {
            let entry = &mut table.values[step.before.cell * table.actions + action];
            let error = step.reward.of(action) + self.discount * later - *entry;
            *entry += rate * self.rate * error;
            loss += error * error / count;
        }
        Some(loss)
    }

    fn save(&self, _: &mut Writer) {}

    fn load(&mut self, from: &mut Reader<'_>) -> Result<(), Corrupt> {
        self.values.load(from)
    }
}
