//! Ridge regression from sums of products, for sparse rows.
//!
//! Features are standardised: the penalty applies to the squared weights of features with mean 0 and variance 1, not to
//! the intercept (A. E. Hoerl and R. W. Kennard, Ridge regression, Technometrics 12, 1970). Constant features get the
//! weight 0.

/// A variance below this share of the feature's mean square counts as zero: rounding error of the sums.
const CONSTANT: f64 = 1e-12;

/// Sufficient statistics of the rows of a regression.
#[derive(Debug, Clone)]
pub struct Sums {
    features: usize,
    rows: f64,
    x: Vec<f64>,
    y: f64,
    /// Products of features, the lower triangle by rows.
    xx: Vec<f64>,
    xy: Vec<f64>,
}

/// Linear model fitted to the rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Value where all features are 0.
    pub intercept: f64,
    /// Weight of each feature in its original scale, not standardised.
    pub weights: Vec<f64>,
}

impl Sums {
    /// An empty regression with `features` features.
    pub fn new(features: usize) -> Self {
        Self {
            features,
            rows: 0.0,
            x: vec![0.0; features],
            y: 0.0,
            xx: vec![0.0; features * features],
            xy: vec![0.0; features],
        }
    }

    /// Adds a row: its non-zero features, as (number, value) with each number at most once, and its value.
    ///
    /// Sums of products lose digits where values are far from 0: subtract a known estimate of their mean first.
    ///
    /// # Panics
    /// If a number is not below the number of features.
    pub fn add(&mut self, features: &[(usize, f64)], y: f64) {
        self.rows += 1.0;
        self.y += y;
        for (k, &(i, x)) in features.iter().enumerate() {
            self.x[i] += x;
            self.xy[i] += x * y;
            for &(j, other) in &features[..=k] {
                let (low, high) = if i < j { (i, j) } else { (j, i) };
                self.xx[high * self.features + low] += x * other;
            }
        }
    }

    /// The linear model that minimises the squared errors plus `penalty` times the squared standardised weights; `None`
    /// without rows, or if the system cannot be solved.
    pub fn ridge(&self, penalty: f64) -> Option<Line> {
        if self.rows == 0.0 {
            return None;
        }
        let (n, rows) = (self.features, self.rows);
        let spread = |i: usize| {
            let (mean, square) = (self.x[i] / rows, self.xx[i * n + i] / rows);
            let variance = square - mean * mean;
            (variance > CONSTANT * square).then(|| variance.sqrt())
        };
        let used: Vec<(usize, f64)> = (0..n).filter_map(|i| Some((i, spread(i)?))).collect();
        let mut system = Vec::with_capacity(used.len() * used.len());
        let mut right = Vec::with_capacity(used.len());
        for (k, &(i, scale)) in used.iter().enumerate() {
            let entry = |&(j, other): &(usize, f64)| {
                (self.xx[i * n + j] - self.x[i] * self.x[j] / rows) / (scale * other)
            };
            system.extend(used[..=k].iter().map(entry));
            system[k * (k + 1) / 2 + k] += penalty;
            right.push((self.xy[i] - self.x[i] * self.y / rows) / scale);
        }
        solve(&mut system, &mut right)?;
        let mut line = Line { intercept: self.y / rows, weights: vec![0.0; n] };
        for (&(i, scale), weight) in used.iter().zip(right) {
            line.weights[i] = weight / scale;
            line.intercept -= line.weights[i] * self.x[i] / rows;
        }
        (line.intercept.is_finite() && line.weights.iter().all(|w| w.is_finite())).then_some(line)
    }
}

/// Solves a symmetric positive definite system by Cholesky decomposition, in place: `lower` contains the lower
/// triangle, row by row. `None` if it is not positive definite.
fn solve(lower: &mut [f64], x: &mut [f64]) -> Option<()> {
    let n = x.len();
    let start = |i: usize| i * (i + 1) / 2;
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    for i in 0..n {
        let (above, rest) = lower.split_at_mut(start(i));
        let row = &mut rest[..=i];
        for j in 0..i {
            let other = &above[start(j)..][..=j];
            row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
        }
        let pivot = row[i] - dot(&row[..i], &row[..i]);
        if !(pivot > 0.0 && pivot.is_finite()) {
            return None;
        }
        row[i] = pivot.sqrt();
    }
    for i in 0..n {
        let row = &lower[start(i)..][..=i];
        x[i] = (x[i] - dot(&row[..i], &x[..i])) / row[i];
    }
    for i in (0..n).rev() {
        let row = &lower[start(i)..][..=i];
        x[i] /= row[i];
        let (before, rest) = x.split_at_mut(i);
        before.iter_mut().zip(row).for_each(|(y, l)| *y -= l * rest[0]);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sums(rows: &[([f64; 3], f64)]) -> Sums {
        let mut sums = Sums::new(3);
        for (x, y) in rows {
            let features: Vec<(usize, f64)> =
                x.iter().copied().enumerate().filter(|(_, x)| *x != 0.0).collect();
            sums.add(&features, *y);
        }
        sums
    }

    proptest! {
        /// With a negligible penalty, a noiseless linear model is recovered.
        #[test]
        fn known_weights_are_recovered(
            x in proptest::collection::vec(proptest::array::uniform3(-3.0..3.0f64), 12..40),
            weights in proptest::array::uniform3(-5.0..5.0f64),
            intercept in -100.0..100.0f64,
        ) {
            let value = |x: &[f64; 3]| intercept + x.iter().zip(&weights).map(|(x, w)| x * w).sum::<f64>();
            let rows: Vec<([f64; 3], f64)> = x.iter().map(|x| (*x, value(x))).collect();
            let line = sums(&rows).ridge(1e-9).unwrap();
            prop_assert!((line.intercept - intercept).abs() < 1e-5, "{:?}", line);
            for (found, weight) in line.weights.iter().zip(&weights) {
                prop_assert!((found - weight).abs() < 1e-5, "{:?}", line);
            }
        }

        /// At the minimum the penalised squared error has zero gradient in every weight: the definition, evaluated on
        /// the rows.
        #[test]
        fn the_penalised_error_is_least(
            rows in proptest::collection::vec((proptest::array::uniform3(-3.0..3.0f64), -9.0..9.0f64), 4..30),
            penalty in 0.01..50.0f64,
        ) {
            let line = sums(&rows).ridge(penalty).unwrap();
            let n = rows.len() as f64;
            let predict = |x: &[f64; 3]| line.intercept + x.iter().zip(&line.weights).map(|(x, w)| x * w).sum::<f64>();
            let error = |(x, y): &([f64; 3], f64)| y - predict(x);
            prop_assert!(rows.iter().map(error).sum::<f64>().abs() < 1e-8);
            for i in 0..3 {
                let mean = rows.iter().map(|(x, _)| x[i]).sum::<f64>() / n;
                let variance = rows.iter().map(|(x, _)| (x[i] - mean).powi(2)).sum::<f64>() / n;
                let pull: f64 = rows.iter().map(|row| error(row) * row.0[i]).sum();
                prop_assert!((pull - penalty * variance * line.weights[i]).abs() < 1e-7, "{} {:?}", i, line);
            }
        }
    }

    #[test]
    fn features_that_never_change_have_no_weight() {
        let rows = [([1.0, 7.3, 0.0], 2.0), ([2.0, 7.3, 0.0], 4.0), ([3.0, 7.3, 0.0], 6.0)];
        let line = sums(&rows).ridge(1e-12).unwrap();
        assert_eq!(line.weights[1..], [0.0, 0.0]);
        assert!((line.weights[0] - 2.0).abs() < 1e-9 && line.intercept.abs() < 1e-9);
        assert_eq!(Sums::new(3).ridge(1.0), None);
        // The same feature twice: only the penalty determines their weights.
        let rows = [([1.0, 1.0, 0.0], 2.0), ([2.0, 2.0, 0.0], 4.0), ([3.0, 3.0, 0.0], 6.0)];
        assert_eq!(sums(&rows).ridge(-1.0), None);
        let line = sums(&rows).ridge(1e-6).unwrap();
        assert!((line.weights[0] - 1.0).abs() < 1e-5 && (line.weights[1] - 1.0).abs() < 1e-5);
    }
}
