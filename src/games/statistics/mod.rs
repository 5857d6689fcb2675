//! Statistics of replication studies: plain functions from numbers to numbers.
//!
//! A study runs each policy, at each point of a design, in a number of
//! replications with common random numbers, and has one value per metric and
//! replication. From these values:
//!
//! - [`describe`]: mean, spread and t interval of one metric, and quantiles;
//! - [`clusters`]: the same of values that are not independent;
//! - [`bootstrap`]: BCa interval of a mean, for metrics far from normal;
//! - [`paired`]: a policy against a baseline, replication by replication;
//! - [`wilcoxon`], [`holm`]: a test without normality, and many tests at once;
//! - [`selection`]: how likely each of several policies is the best;
//! - [`settling`]: how much of the start of a run to leave out;
//! - [`stopping`]: how many replications are enough;
//! - [`design`]: which points to simulate.
//!
//! Nothing here knows a simulator, a file or a clock. Values are slices in the
//! order of replications, so that no result depends on which thread was first;
//! whatever draws takes a stream. All values must be finite: a metric that has
//! none in a replication (a mean wait without riders) is for the caller to
//! leave out or to report. With others no function panics, but the results say
//! nothing.

pub mod bootstrap;
pub mod clusters;
pub mod describe;
pub mod design;
pub mod holm;
pub mod paired;
pub mod selection;
pub mod settling;
pub mod stopping;
pub mod wilcoxon;

pub use clusters::{Clustered, Clusters};
pub use describe::{Interval, Sample};

/// What errors of rounding may make of a sum of `n` values of size up to `largest`.
///
/// Sums of the same values in another order differ by less, so sums closer than this count as equal.
fn rounding_of_sum(n: usize, largest: f64) -> f64 {
    // Each of the n additions rounds a sum of at most n * largest (Higham, Accuracy and Stability of
    // Numerical Algorithms, 2nd edition, section 4.2). For 1,000 values that is 2e-10 of the largest.
    let n = n as f64;
    n * n * f64::EPSILON * largest
}
