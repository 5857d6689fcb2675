//! The matrix Q = b (1 1' + C) + diag(mu) of the paper, and systems with it in O(N).

use super::structure::Structure;

/// Q for one slope b: effect of each station's load on the marginal cost of every station at one step. C is block
/// diagonal, all ones for each coalition and the identity for the rest (Remark 4.4).
#[derive(Debug)]
pub struct Coupling<'a> {
    slope: f64,
    sensitivity: &'a [f64],
    structure: &'a Structure,
}

impl<'a> Coupling<'a> {
    /// Creates the matrix for `slope` b and `sensitivity` mu\[N\], all above 0.
    ///
    /// # Panics
    /// If `structure` has a different number of stations.
    pub fn new(slope: f64, sensitivity: &'a [f64], structure: &'a Structure) -> Self {
        assert_eq!(sensitivity.len(), structure.stations());
        Self { slope, sensitivity, structure }
    }

    /// Solves Q z = `v` by the Sherman-Morrison formula: once for each coalition, once for 1 1'.
    pub fn solve(&self, v: &[f64]) -> Vec<f64> {
        let mut z = self.blocks(v);
        let ones = self.blocks(&vec![1.0; v.len()]);
        let factor = self.slope * z.iter().sum::<f64>() / (1.0 + self.slope * ones.iter().sum::<f64>());
        for (z, one) in z.iter_mut().zip(&ones) {
            *z -= factor * one;
        }
        z
    }

    /// Solves (b C + diag(mu)) z = `v`.
    fn blocks(&self, v: &[f64]) -> Vec<f64> {
        let mut z: Vec<f64> = v.iter().zip(self.sensitivity).map(|(v, mu)| v / mu).collect();
        for i in self.structure.singles() {
            z[i] = v[i] / (self.sensitivity[i] + self.slope);
        }
        for members in self.structure.groups() {
            let sum: f64 = members.iter().map(|&i| z[i]).sum();
            let ones: f64 = members.iter().map(|&i| 1.0 / self.sensitivity[i]).sum();
            let factor = self.slope * sum / (1.0 + self.slope * ones);
            for &i in members {
                z[i] -= factor / self.sensitivity[i];
            }
        }
        z
    }
}
