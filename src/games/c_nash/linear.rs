//! Small dense symmetric systems: Cholesky's decomposition.

/// A symmetric matrix of `n` rows; only the lower triangle is kept up.
#[derive(Debug, Clone)]
pub(in crate::games) struct Symmetric {
    n: usize,
    values: Vec<f64>,
}

impl Symmetric {
    /// Zeros.
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
    /// Adds `sign` times the outer product of a vector with itself, where it is not 0.
    pub fn add_outer(&mut self, vector: &[f64], factor: f64) {
        for (i, &x) in vector.iter().enumerate().filter(|(_, x)| **x != 0.0) {
            let scaled = factor * x;
            for (entry, y) in self.row_mut(i).iter_mut().zip(vector) {
                *entry += scaled * y;
            }
        }
    }
    /// Adds a vector to the diagonal.
    pub fn add_diagonal(&mut self, vector: &[f64]) {
        for (i, x) in vector.iter().enumerate() {
            self.row_mut(i)[i] += x;
        }
    }
    /// The factor L with L L' = this; `None` if this is not positive definite.
    pub fn cholesky(&self) -> Option<Factor> {
        let n = self.n;
        let mut lower = self.values.clone();
        for i in 0..n {
            let (above, row) = lower.split_at_mut(i * n);
            for j in 0..i {
                let known = dot(&row[..j], &above[j * n..][..j]);
                row[j] = (row[j] - known) / above[j * n + j];
            }
            let pivot = row[i] - dot(&row[..i], &row[..i]);
            if !(pivot > 0.0 && pivot.is_finite()) {
                return None;
            }
            row[i] = pivot.sqrt();
        }
        Some(Factor { n, lower })
    }
}

/// A decomposition, to solve systems with.
#[derive(Debug, Clone)]
pub(in crate::games) struct Factor {
    n: usize,
    lower: Vec<f64>,
}

impl Factor {
    /// Solves in place.
    pub fn solve(&self, x: &mut [f64]) {
        let row = |i: usize| &self.lower[i * self.n..][..=i];
        for i in 0..self.n {
            let known = dot(&row(i)[..i], &x[..i]);
            x[i] = (x[i] - known) / row(i)[i];
        }
        for i in (0..self.n).rev() {
            x[i] /= row(i)[i];
            let (before, rest) = x.split_at_mut(i);
            for (y, l) in before.iter_mut().zip(row(i)) {
                *y -= l * rest[0];
            }
        }
    }
}

/// Inner product, in four strands so that it runs wide; the order is fixed.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (mut sums, n) = ([0.0; 4], a.len().min(b.len()));
    let (a, b) = (&a[..n], &b[..n]);
    let (a4, b4) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = a4.remainder().iter().zip(b4.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a4.zip(b4) {
        for k in 0..4 {
            sums[k] += x[k] * y[k];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The inverse of Hilbert's matrix of order 4 is known in whole numbers.
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

    #[test]
    fn an_indefinite_matrix_is_told() {
        let mut matrix = Symmetric::zeros(2);
        matrix.add_diagonal(&[1.0, 1.0]);
        matrix.add_outer(&[1.0, 1.0], -1.0);
        assert!(matrix.cholesky().is_none());
        assert_eq!(matrix.get(0, 1), -1.0);
    }
}
