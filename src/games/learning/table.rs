//! Values in a table, and the two agents that move them a little at a time: Q-learning and SARSA.
//!
//! Sources: Watkins, Dayan, Machine Learning 8 (1992); Rummery, Niranjan, CUED/F-INFENG/TR 166 (1994).

use super::bytes::{Reader, Torn, Writer};
use super::{Agent, Transition, Values};
use rand_pcg::Pcg64;

/// A value for each cell and action.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Actions.
    pub actions: usize,
    /// Cell after cell.
    pub values: Vec<f64>,
}

impl Table {
    /// All 0.
    pub fn new(cells: usize, actions: usize) -> Self {
        Self { actions, values: vec![0.0; cells * actions] }
    }

    /// The values of a cell's actions.
    pub fn row(&self, cell: usize) -> &[f64] {
        &self.values[cell * self.actions..(cell + 1) * self.actions]
    }

    /// The highest value of a cell.
    pub fn best_value(&self, cell: usize) -> f64 {
        self.row(cell).iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }
}

/// Whose value the next state has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Follows {
    /// The best action's: Q-learning.
    Best,
    /// That of the action taken next: SARSA.
    Taken,
}

/// Moves the entries of what is told towards what it brings.
#[derive(Debug, Clone)]
pub struct Stepwise {
    /// What the next state is worth.
    pub follows: Follows,
    /// Weight of what comes one step later.
    pub discount: f64,
    /// Share of the way to go.
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
        let told = step.reward.told(step.action, table.actions);
        let (count, mut loss) = (told.len() as f64, 0.0);
        for action in told {
            let entry = &mut table.values[step.before.cell * table.actions + action];
            let error = step.reward.of(action) + self.discount * later - *entry;
            *entry += rate * self.rate * error;
            loss += error * error / count;
        }
        Some(loss)
    }

    fn save(&self, _: &mut Writer) {}

    fn load(&mut self, from: &mut Reader<'_>) -> Result<(), Torn> {
        self.values.load(from)
    }
}
