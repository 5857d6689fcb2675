//! Small dense symmetric systems: Cholesky's decomposition.

/// A symmetric matrix of `n` rows; only the lower triangle is maintained.
#[derive(Debug, Clone)]
pub(crate) struct Symmetric {
    n: usize,
    values: Vec<f64>,
}

impl Symmetric {
    /// Creates a matrix of zeros.
    pub fn zeros(n: usize) -> Self {
        Self { n, values: vec![0.0; n * n] }
    }
    /// The lower part of row `i`: columns 0 to `i`.
    pub fn row_mut(&mut self, i: usize) -> &mut [f64] {
        &mut self.values[i * self.n..][..=i]
    }
    fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.n..][..=i]
    }
    /// Entry `i`, `j` of the matrix.
    pub fn get(&self, i: usize, j: usize) -> f64 {
        if i < j { self.row(j)[i] } else { self.row(i)[j] }
    }
    /// Adds `factor` times the outer product of a vector with itself. Zero entries are skipped, so the cost of a
    /// station depends only on its number of free steps.
    pub fn add_outer(&mut self, vector: &[f64], factor: f64) {
        let nonzero: Vec<usize> = (0..vector.len()).filter(|&i| vector[i] != 0.0).collect();
        for (k, &i) in nonzero.iter().enumerate() {
            let scaled = factor * vector[i];
            let row = self.row_mut(i);
            for &j in &nonzero[..=k] {
                row[j] += scaled * vector[j];
            }
        }
    }
    /// Adds a vector to the diagonal.
    pub fn add_diagonal(&mut self, vector: &[f64]) {
        for (i, x) in vector.iter().enumerate() {
            self.row_mut(i)[i] += x;
        }
    }
    /// Factor L with L L' = `self`; `None` if the matrix is not positive definite.
    ///
    /// A row of the factor begins where the row of the matrix does: leading zeros are skipped, so a nearly diagonal
    /// matrix costs very little. The result is the same as without skipping.
    pub fn cholesky(&self) -> Option<Factor> {
        let n = self.n;
        let mut lower = self.values.clone();
        let mut first = Vec::with_capacity(n);
        for i in 0..n {
            let (above, row) = lower.split_at_mut(i * n);
            let from = row[..i].iter().position(|x| *x != 0.0).unwrap_or(i);
            for j in from..i {
                // Aligned to whole strands of `dot`, so that its sums have the same terms in the same order.
                let start = from.max(first[j]) / STRANDS * STRANDS;
                let known = dot(&row[start.min(j)..j], &above[j * n + start.min(j)..j * n + j]);
                row[j] = (row[j] - known) / above[j * n + j];
            }
            let start = from / STRANDS * STRANDS;
            let pivot = row[i] - dot(&row[start..i], &row[start..i]);
            if !(pivot > 0.0 && pivot.is_finite()) {
                return None;
            }
            row[i] = pivot.sqrt();
            first.push(from);
        }
        Some(Factor { n, lower, first })
    }
}

/// A decomposition for solving systems of equations.
#[derive(Debug, Clone)]
pub(crate) struct Factor {
    n: usize,
    lower: Vec<f64>,
    /// First non-zero column of each row.
    first: Vec<usize>,
}

impl Factor {
    /// Solves the system in place.
    pub fn solve(&self, x: &mut [f64]) {
        let row = |i: usize| &self.lower[i * self.n..][..=i];
        for i in 0..self.n {
            let start = self.first[i] / STRANDS * STRANDS;
            let known = dot(&row(i)[start..i], &x[start..i]);
            x[i] = (x[i] - known) / row(i)[i];
        }
        for i in (0..self.n).rev() {
            x[i] /= row(i)[i];
            let (before, rest) = x.split_at_mut(i);
            let first = self.first[i];
            for (y, l) in before[first..].iter_mut().zip(&row(i)[first..]) {
                *y -= l * rest[0];
            }
        }
    }
}

/// Number of partial sums of an inner product.
const STRANDS: usize = 4;

/// Inner product in four strands, which allows vectorisation; the order is fixed.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (mut sums, n) = ([0.0; STRANDS], a.len().min(b.len()));
    let (a, b) = (&a[..n], &b[..n]);
    let (a4, b4) = (a.chunks_exact(STRANDS), b.chunks_exact(STRANDS));
    let rest: f64 = a4.remainder().iter().zip(b4.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a4.zip(b4) {
        for k in 0..STRANDS {
            sums[k] += x[k] * y[k];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The inverse of Hilbert's matrix of order 4 is known in integers.
    #[test]
    fn solves_a_system_with_a_known_inverse() {
        let mut hilbert = Symmetric::zeros(4);
        for i in 0..4 {
            for j in 0..=i {
                hilbert.row_mut(i)[j] = 1.0 / (i + j + 1) as f64;
            }
        }
        let mut x = [1.0, 0.0, 0.0, 0.0];
        hilbert.cholesky().unwrap().solve(&mut x);
        for (x, exact) in x.iter().zip([16.0, -120.0, 240.0, -140.0]) {
            assert!((x - exact).abs() < 1e-9, "{x} {exact}");
        }
    }

    /// A matrix with zeros is factored and solved bit-identically with and without skipping them.
    #[test]
    fn zeros_are_skipped_without_a_trace() {
        use rand::{RngExt as _, SeedableRng as _};
        let mut random = rand_pcg::Pcg64::seed_from_u64(5);
        for round in 0..60 {
            let n = 1 + round % 23;
            let mut matrix = Symmetric::zeros(n);
            let mut all = vec![0.0; n * n];
            for _ in 0..3 {
                let vector: Vec<f64> = (0..n)
                    .map(|_| if random.random_bool(0.3) { random.random_range(-2.0..2.0) } else { 0.0 })
                    .collect();
                matrix.add_outer(&vector, -0.1);
                for i in 0..n {
                    for j in 0..=i {
                        all[i * n + j] += (-0.1 * vector[i]) * vector[j];
                    }
                }
            }
            matrix.add_diagonal(&vec![4.0; n]);
            (0..n).for_each(|i| all[i * n + i] += 4.0);
            assert_eq!(matrix.values, all, "{round}");
            let mut right: Vec<f64> = (0..n).map(|_| random.random_range(-1.0..1.0)).collect();
            let mut expected = right.clone();
            matrix.cholesky().unwrap().solve(&mut right);
            for i in 0..n {
                let (above, row) = all.split_at_mut(i * n);
                for j in 0..i {
                    row[j] = (row[j] - dot(&row[..j], &above[j * n..][..j])) / above[j * n + j];
                }
                row[i] = (row[i] - dot(&row[..i], &row[..i])).sqrt();
            }
            for i in 0..n {
                expected[i] = (expected[i] - dot(&all[i * n..][..i], &expected[..i])) / all[i * n + i];
            }
            for i in (0..n).rev() {
                expected[i] /= all[i * n + i];
                for j in 0..i {
                    expected[j] -= all[i * n + j] * expected[i];
                }
            }
            assert_eq!(right, expected, "{round}");
        }
    }

    #[test]
    fn an_indefinite_matrix_is_reported() {
        let mut matrix = Symmetric::zeros(2);
        matrix.add_diagonal(&[1.0, 1.0]);
        matrix.add_outer(&[1.0, 1.0], -1.0);
        assert!(matrix.cholesky().is_none());
        assert_eq!(matrix.get(0, 1), -1.0);
    }
}
