//! One value per station and step.

use serde::{Serialize, Serializer};

/// One value per station and step: N rows of T, stored row by row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profiles {
    steps: usize,
    values: Vec<f64>,
}

impl Profiles {
    /// Creates `stations` rows of `steps` zeros.
    pub fn zeros(stations: usize, steps: usize) -> Self {
        Self { steps, values: vec![0.0; stations * steps] }
    }
    /// Creates profiles from values stored row by row.
    ///
    /// # Panics
    /// If `values` is not a whole number of rows.
    pub fn from_values(steps: usize, values: Vec<f64>) -> Self {
        assert!(values.len().is_multiple_of(steps.max(1)), "rows of {steps} in {}", values.len());
        Self { steps, values }
    }
    /// Number of stations, N.
    pub fn stations(&self) -> usize {
        self.values.len() / self.steps.max(1)
    }
    /// Number of steps, T.
    pub fn steps(&self) -> usize {
        self.steps
    }
    /// Values of station `i` over the steps.
    pub fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.steps..][..self.steps]
    }
    /// Mutable values of station `i` over the steps.
    pub fn row_mut(&mut self, i: usize) -> &mut [f64] {
        &mut self.values[i * self.steps..][..self.steps]
    }
    /// All rows in order.
    pub fn rows(&self) -> std::slice::ChunksExact<'_, f64> {
        self.values.chunks_exact(self.steps.max(1))
    }
    /// All values, row by row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }
    /// Sum over the stations, by step.
    pub fn load(&self) -> Vec<f64> {
        let mut load = vec![0.0; self.steps];
        for row in self.rows() {
            add(&mut load, row);
        }
        load
    }
}

/// Serialised as a list of rows.
impl Serialize for Profiles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.rows())
    }
}

/// Adds `row` to `sum`, step by step.
pub(super) fn add(sum: &mut [f64], row: &[f64]) {
    for (sum, x) in sum.iter_mut().zip(row) {
        *sum += x;
    }
}
