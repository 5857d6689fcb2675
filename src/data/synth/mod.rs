//! Synthetic data sets in the formats in which real ones are published, so that everything works before real
//! files are available, and the importers are exercised from the first run.
//!
//! Each generator is calibrated on figures of real data, cited next to the constants, and draws from one
//! random stream: the same options give the same bytes. The data sets are for trying out the software, not
//! for research results.

pub mod fhvhv;
pub mod files;
pub mod nyc;
mod nyc_figures;
pub mod nyc_stations;
pub mod price_files;
pub mod prices;
pub mod regulating;
pub mod stuttgart;
mod stuttgart_city;

use rand::RngExt;

/// Cumulative shares, from which a position is drawn.
#[derive(Debug, Clone)]
struct Cumulative(Vec<f64>);

impl Cumulative {
    /// Builds shares from weights, none of them negative, not all zero.
    fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        Self(
            weights
                .into_iter()
                .map(|weight| {
                    sum += weight;
                    sum
                })
                .collect(),
        )
    }

    /// Draws a position with probability proportional to its weight.
    fn draw(&self, random: &mut impl RngExt) -> usize {
        let total = self.0.last().copied().unwrap_or(0.0);
        let x = random.random::<f64>() * total;
        self.0.partition_point(|&sum| sum <= x).min(self.0.len().saturating_sub(1))
    }
}

/// Linear interpolation between points (x, y), x ascending; constant outside.
fn interpolated(points: &[[f64; 2]], x: f64) -> f64 {
    let after = points.partition_point(|p| p[0] <= x);
    match (after.checked_sub(1).and_then(|i| points.get(i)), points.get(after)) {
        (Some(a), Some(b)) => a[1] + (b[1] - a[1]) * (x - a[0]) / (b[0] - a[0]),
        (Some(end), None) | (None, Some(end)) => end[1],
        (None, None) => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gridfleet_core::rng::{Purpose, Streams};

    #[test]
    fn positions_are_drawn_by_weight() {
        let mut random = Streams { seed: 1, replication: 0 }.stream(Purpose::Synthesis, 0);
        let shares = Cumulative::new([1.0, 0.0, 3.0]);
        let mut counts = [0; 3];
        for _ in 0..40_000 {
            counts[shares.draw(&mut random)] += 1;
        }
        assert_eq!(counts[1], 0);
        // Binomial with standard deviation 87.
        assert!((counts[0] - 10_000_i32).abs() < 400, "{counts:?}");
    }

    #[test]
    fn lines_between_points() {
        let points = [[0.0, 1.0], [2.0, 5.0]];
        assert_eq!(interpolated(&points, -1.0), 1.0);
        assert_eq!(interpolated(&points, 0.5), 2.0);
        assert_eq!(interpolated(&points, 9.0), 5.0);
    }
}
