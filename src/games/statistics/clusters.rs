//! Means of values that come in clusters: values of one cluster share something that was drawn, and are not independent.
//!
//! Replications that drew the same recorded day differ by their seeds, but not by the day. Taken as independent they
//! promise far too much about the mean over days: ten replications of each of two days know two days, not twenty. The
//! variance is that between cluster means (Liang and Zeger, Longitudinal data analysis using generalized linear models,
//! Biometrika 73, 1986), with a correction for few clusters of unequal size and the degrees of freedom that are left
//! (Satterthwaite, An approximate distribution of estimates of variance components, Biometrics Bulletin 2, 1946).

use super::describe::{Interval, Sample, sum, t_quantile};
use std::collections::BTreeMap;

/// Weight of one cluster from which on the degrees of freedom are taken as one, the least that there are: the sums that
/// give them lose their digits.
const NEARLY_ALL: f64 = 0.99;

/// Which values belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clusters {
    /// Cluster of each value.
    cluster_of: Vec<usize>,
    /// Values in each.
    sizes: Vec<usize>,
}

impl Clusters {
    /// Values with equal keys are one cluster; clusters are numbered as they come first.
    pub fn by<K: Ord>(keys: impl IntoIterator<Item = K>) -> Self {
        let mut numbers = BTreeMap::new();
        let (mut cluster_of, mut sizes) = (Vec::new(), Vec::new());
        for key in keys {
            let next = numbers.len();
            let number = *numbers.entry(key).or_insert(next);
            if number == sizes.len() {
                sizes.push(0);
            }
            sizes[number] += 1;
            cluster_of.push(number);
        }
        Self { cluster_of, sizes }
    }

    /// Number of clusters.
    pub fn count(&self) -> usize {
        self.sizes.len()
    }

    /// Cluster of each value.
    pub fn of(&self) -> &[usize] {
        &self.cluster_of
    }

    /// Whether a cluster has more than one value; without, values are as independent as they come.
    pub fn are_shared(&self) -> bool {
        self.sizes.len() < self.cluster_of.len()
    }

    /// Sum of each cluster's values.
    ///
    /// # Panics
    ///
    /// If there are not as many values as clusters were made of.
    pub fn sums(&self, values: &[f64]) -> Vec<f64> {
        assert_eq!(values.len(), self.cluster_of.len(), "a cluster for each value");
        let mut members = vec![Vec::new(); self.sizes.len()];
        for (&cluster, &value) in self.cluster_of.iter().zip(values) {
            members[cluster].push(value);
        }
        members.into_iter().map(|values| sum(values.into_iter())).collect()
    }

    /// Mean of each cluster's values.
    ///
    /// # Panics
    ///
    /// If there are not as many values as clusters were made of.
    pub fn means(&self, values: &[f64]) -> Vec<f64> {
        self.sums(values).iter().zip(&self.sizes).map(|(sum, &size)| sum / size as f64).collect()
    }
}

/// The mean of clustered values, and how well it is known, in the unit of the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clustered {
    /// Mean of all values: clusters weigh by their size.
    pub mean: f64,
    /// Number of clusters, at least 1.
    pub clusters: usize,
    /// Standard error of the mean; none of a single cluster.
    pub standard_error: Option<f64>,
    /// Degrees of freedom of the standard error: clusters less one where all are of one size, fewer where not.
    pub freedom: Option<f64>,
}

impl Clustered {
    /// The mean of `values`, which must be finite; none without any.
    ///
    /// With weights w (size over all values) and cluster means m the variance is c Σ w² (m - mean)², where
    /// c = Σw² / (Σw² - 2 Σw³ + (Σw²)²) makes it right on average if values of a cluster are all but equal. If they
    /// have nothing in common, or something between, it is no less than right.
    ///
    /// # Panics
    ///
    /// If there are not as many values as clusters were made of.
    pub fn of(values: &[f64], clusters: &Clusters) -> Option<Self> {
        let mean = Sample::of(values)?.mean;
        let means = clusters.means(values);
        let weights: Vec<f64> =
            clusters.sizes.iter().map(|&size| size as f64 / values.len() as f64).collect();
        let power = |n: i32| sum(weights.iter().map(|w| w.powi(n)));
        let (s2, s3, s4, s5) = (power(2), power(3), power(4), power(5));
        let trace = s2 - 2.0 * s3 + s2 * s2;
        let found = (clusters.count() > 1).then(|| {
            let squares = sum(weights.iter().zip(&means).map(|(w, m)| (w * (m - mean)).powi(2)));
            // Of the quadratic form in cluster means, the trace of its square.
            let squared = s4 - 4.0 * s5 + 4.0 * s2 * s4 + 2.0 * s3 * s3 - 4.0 * s2 * s2 * s3 + s2.powi(4);
            let most = (clusters.count() - 1) as f64;
            let lopsided = weights.iter().any(|&w| w > NEARLY_ALL);
            let freedom = if lopsided { 1.0 } else { (trace * trace / squared).clamp(1.0, most) };
            // Weights that leave nothing between clusters leave nothing to be corrected either.
            ((squares * s2 / trace.max(f64::MIN_POSITIVE)).sqrt(), freedom)
        });
        Some(Self {
            mean,
            clusters: clusters.count(),
            standard_error: found.map(|found| found.0),
            freedom: found.map(|found| found.1),
        })
    }

    /// Student's t interval of the mean at confidence `level`, 0 < level < 1; none of a single cluster.
    ///
    /// # Panics
    ///
    /// If `level` is not between 0 and 1.
    pub fn t_interval(&self, level: f64) -> Option<Interval> {
        Some(Interval::around(self.mean, t_quantile(level, self.freedom?) * self.standard_error?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn clusters_of_one_size_are_values_of_their_own() {
        let values = [1.0, 3.0, 4.0, 6.0, 9.0, 7.0];
        let clusters = Clusters::by(["b", "b", "a", "a", "c", "c"]);
        assert_eq!((clusters.count(), clusters.are_shared()), (3, true));
        assert_eq!(clusters.means(&values), [2.0, 5.0, 8.0]);
        assert_eq!(clusters.sums(&values), [4.0, 10.0, 16.0]);
        let found = Clustered::of(&values, &clusters).unwrap();
        let plain = Sample::of(&[2.0, 5.0, 8.0]).unwrap();
        assert!((found.standard_error.unwrap() - plain.standard_error.unwrap()).abs() < 1e-14);
        assert!((found.freedom.unwrap() - 2.0).abs() < 1e-12);
        assert_eq!(found.mean, 5.0);
    }

    /// The variance and its degrees of freedom from the matrix of the quadratic form, for cluster means of equal variance.
    #[test]
    fn unequal_clusters_by_hand() {
        let keys = [0, 0, 0, 0, 0, 1, 1, 2, 3, 3];
        let clusters = Clusters::by(keys);
        let w = [0.5, 0.2, 0.1, 0.2];
        let s2: f64 = w.iter().map(|w| w * w).sum();
        let entry = |i: usize, j: usize| {
            let own = if i == j { w[i] * w[i] } else { 0.0 };
            own - w[i] * w[i] * w[j] - w[i] * w[j] * w[j] + w[i] * w[j] * s2
        };
        let all = || (0..4).flat_map(|i| (0..4).map(move |j| (i, j)));
        let trace: f64 = (0..4).map(|i| entry(i, i)).sum();
        let squared: f64 = all().map(|(i, j)| entry(i, j).powi(2)).sum();
        let means = [3.0, -1.0, 4.0, 1.0];
        let values: Vec<f64> = keys.iter().map(|&key| means[key]).collect();
        let form: f64 = all().map(|(i, j)| means[i] * entry(i, j) * means[j]).sum();
        let found = Clustered::of(&values, &clusters).unwrap();
        assert!((found.standard_error.unwrap().powi(2) - form * s2 / trace).abs() < 1e-12);
        assert!((found.freedom.unwrap() - trace * trace / squared).abs() < 1e-9);
        assert!((1.0..3.0).contains(&found.freedom.unwrap()));
    }

    #[test]
    fn one_cluster_says_nothing() {
        let found = Clustered::of(&[1.0, 2.0, 3.0], &Clusters::by([(), (), ()])).unwrap();
        assert_eq!((found.mean, found.clusters, found.t_interval(0.95)), (2.0, 1, None));
        assert_eq!(Clustered::of(&[], &Clusters::by([0; 0])), None);
        // One value against many: a single degree of freedom, and no rounding that makes it more.
        let values: Vec<f64> = (0..2_000).map(|i| f64::from(i % 7)).collect();
        let found = Clustered::of(&values, &Clusters::by((0..2_000).map(|i| (i + 2) / 2_000 + i / 1_999)));
        assert_eq!(found.unwrap().freedom, Some(1.0));
    }

    proptest! {
        /// Clusters of single values give the plain interval.
        #[test]
        fn values_of_their_own_have_the_plain_interval(values in prop::collection::vec(-1e3..1e3_f64, 2..40)) {
            let found = Clustered::of(&values, &Clusters::by(0..values.len())).unwrap();
            let (a, b) = (found.t_interval(0.95).unwrap(), Sample::of(&values).unwrap().t_interval(0.95).unwrap());
            prop_assert!((a.low - b.low).abs() < 1e-6 && (a.high - b.high).abs() < 1e-6, "{a:?} {b:?}");
        }

        #[test]
        fn freedom_is_that_of_clusters_at_most(keys in prop::collection::vec(0..9_usize, 2..60)) {
            let values: Vec<f64> = keys.iter().enumerate().map(|(i, key)| (i * key) as f64).collect();
            let clusters = Clusters::by(&keys);
            let found = Clustered::of(&values, &clusters).unwrap();
            if let Some(freedom) = found.freedom {
                prop_assert!(freedom >= 1.0 && freedom <= (clusters.count() - 1) as f64);
                prop_assert!(found.standard_error.unwrap().is_finite());
            } else {
                prop_assert_eq!(clusters.count(), 1);
            }
        }
    }
}
