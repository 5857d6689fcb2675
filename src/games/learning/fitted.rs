//! Fitted Q iteration on cells: all transitions so far are stored as counts, and the values are periodically refitted
//! to them, sweep by sweep.
//!
//! The regression is the mean over each cell, a so-called averager, for which the sweeps converge. As a batch method it
//! reuses each transition in every fit and needs no learning rate.
//!
//! Sources: Ernst, Geurts, Wehenkel, JMLR 6 (2005); Gordon, ICML 1995 (averagers).

use super::bytes::{Corrupt, Reader, Writer};
use super::{Agent, Transition, Values};
use rand_pcg::Pcg64;
use std::collections::BTreeMap;

/// Sweeps end when no value changes by more than this fraction of the largest, or after the maximum number of sweeps.
const TOLERANCE: f64 = 1e-9;
const MOST_SWEEPS: usize = 10_000;

/// Statistics of an action in a cell.
#[derive(Debug, Clone, Default, PartialEq)]
struct Tried {
    times: u64,
    reward: f64,
    /// Number of transitions to each next cell; terminal transitions are excluded.
    after: BTreeMap<usize, u64>,
}

/// Agent that fits values to all transitions.
#[derive(Debug, Clone)]
pub struct Fitted {
    discount: f64,
    /// Number of transitions between two fits.
    every: u64,
    known_actions: u64,
    tried: BTreeMap<usize, Tried>,
    values: Values,
}

impl Fitted {
    /// Creates an agent that fits `values`, a table, after every `every` transitions.
    pub fn new(discount: f64, every: u64, values: Values) -> Self {
        Self { discount, every: every.max(1), known_actions: 0, tried: BTreeMap::new(), values }
    }

    /// Sweeps until the values converge; returns the square of the largest change in the first sweep.
    fn fit(&mut self) -> Option<f64> {
        let Values::Table(table) = &mut self.values else { return None };
        let mut first = None;
        for _ in 0..MOST_SWEEPS {
            let cells = table.values.len() / table.actions;
            let best: Vec<f64> = (0..cells).map(|cell| table.best_value(cell)).collect();
            let (mut moved, mut largest) = (0.0_f64, 0.0_f64);
            for (&entry, tried) in &self.tried {
                let later: f64 = tried.after.iter().map(|(&cell, &n)| n as f64 * best[cell]).sum();
                let value = (tried.reward + self.discount * later) / tried.times as f64;
                moved = moved.max((value - table.values[entry]).abs());
                largest = largest.max(value.abs());
                table.values[entry] = value;
            }
            first.get_or_insert(moved * moved);
            if moved <= TOLERANCE * largest {
                break;
            }
        }
        first
    }
}

impl Agent for Fitted {
    fn values(&self) -> &Values {
        &self.values
    }

    fn learn(&mut self, step: &Transition<'_>, _: f64, _: &mut Pcg64) -> Option<f64> {
        let Values::Table(table) = &self.values else { return None };
        for action in step.reward.known_actions(step.action, table.actions) {
            let tried = self.tried.entry(step.before.cell * table.actions + action).or_default();
            tried.times += 1;
            tried.reward += step.reward.of(action);
            // The next state of the actions not taken is assumed to be the observed one.
            if !step.terminal {
                *tried.after.entry(step.after.cell).or_default() += 1;
            }
        }
        self.known_actions += 1;
        if self.known_actions.is_multiple_of(self.every) { self.fit() } else { None }
    }

    fn save(&self, out: &mut Writer) {
        out.count(self.known_actions);
        out.count(self.tried.len() as u64);
        for (&entry, tried) in &self.tried {
            out.count(entry as u64);
            out.count(tried.times);
            out.number(tried.reward);
            out.counts(tried.after.keys().map(|&cell| cell as u64));
            out.counts(tried.after.values().copied());
        }
    }

    fn load(&mut self, from: &mut Reader<'_>) -> Result<(), Corrupt> {
        self.values.load(from)?;
        let Values::Table(table) = &self.values else { return Err(Corrupt) };
        let cells = (table.values.len() / table.actions) as u64;
        self.known_actions = from.count()?;
        self.tried.clear();
        for _ in 0..from.count()? {
            let entry = from.count()?;
            let (times, reward) = (from.count()?, from.number()?);
            let (after, counts) = (from.counts()?, from.counts()?);
            let known = entry < table.values.len() as u64 && after.iter().all(|&cell| cell < cells);
            if !known || after.len() != counts.len() {
                return Err(Corrupt);
            }
            let after = after.into_iter().map(|cell| cell as usize).zip(counts).collect();
            self.tried.insert(entry as usize, Tried { times, reward, after });
        }
        Ok(())
    }
}
