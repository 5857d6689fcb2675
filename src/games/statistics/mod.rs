//! Statistics of replication studies: plain functions from numbers to numbers.
//!
//! A study runs each policy, at each point of a design, in a number of replications with common random numbers, and
//! yields one value per metric and replication. These modules evaluate the values:
//!
//! - [`describe`]: mean, standard deviation and t interval of one metric, and quantiles;
//! - [`clusters`]: the same for values that are not independent;
//! - [`proportion`]: share of instances that have a property;
//! - [`bootstrap`]: BCa interval of a mean, for metrics that are far from normal;
//! - [`paired`]: comparison of a policy with a baseline, replication by replication;
//! - [`wilcoxon`], [`holm`]: a test without assumption of normality, and multiple testing;
//! - [`selection`]: probability that each of several policies is the best;
//! - [`settling`]: length of the initial transient of a run;
//! - [`stopping`]: required number of replications;
//! - [`design`]: points to simulate.
//!
//! Tests compare the results with figures of scipy.
//!
//! Independent of simulator, files and clock. Values are slices in the order of replications, so that results do not
//! depend on the order of threads; functions that draw random numbers take a stream. All values must be finite: the
//! caller must omit or report a metric without a value in a replication (a mean wait without riders). With non-finite
//! values no function panics, but the results are meaningless.

pub mod bootstrap;
pub mod clusters;
pub mod describe;
pub mod design;
pub mod holm;
pub mod paired;
pub mod proportion;
pub mod selection;
pub mod settling;
pub mod stopping;
pub mod wilcoxon;

pub use clusters::{Clustered, Clusters};
pub use describe::{Interval, Sample};

/// Bound on the rounding error of a sum of `n` values of magnitude up to `largest`.
///
/// Sums of the same values in another order differ by less, so sums closer than this count as equal.
fn rounding_of_sum(n: usize, largest: f64) -> f64 {
    // Each of the n additions rounds a sum of at most n * largest (Higham, Accuracy and Stability of
    // Numerical Algorithms, 2nd edition, section 4.2). For 1,000 values that is 2e-10 of the largest.
    let n = n as f64;
    n * n * f64::EPSILON * largest
}
