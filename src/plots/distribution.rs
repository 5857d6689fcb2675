//! Distributions of values: a histogram, or the share of values up to each value.

use super::areas::Area;
use super::axis::{Axis, Extent, usable};
use super::columns::Columns;
use super::line::Line;
use super::palette::{Colour, Dash};
use super::plane::{Layer, Plane};

/// Distributions of one quantity under several policies.
#[derive(Debug, Clone, Default)]
pub struct Distribution {
    /// The quantity.
    pub x: Axis,
    /// Counted items, for example `requests`.
    pub counted: String,
    /// Name and values of each sample. Values that are not numbers are omitted.
    pub samples: Vec<(String, Vec<f64>)>,
    /// Form of display.
    pub kind: DistributionKind,
}

/// Forms of display of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DistributionKind {
    /// Share of the values in each of several classes of equal width.
    #[default]
    Histogram,
    /// Share of the values less than or equal to each value.
    Cumulative,
}

/// Maximum number of classes in a histogram.
const MOST_CLASSES: usize = 60;
/// Maximum number of steps of a cumulative curve; more values are reduced to this many quantiles.
const MOST_STEPS: usize = 2_000;

impl Distribution {
    /// The plane that displays the distributions.
    pub fn plane(&self) -> Plane {
        let samples: Vec<Vec<f64>> = self.samples.iter().map(|(_, values)| sorted(values)).collect();
        let share =
            if self.counted.is_empty() { "share".to_owned() } else { format!("share of {}", self.counted) };
        let plane = Plane::new(self.x.clone(), Axis::number(share, "%").from_zero());
        match self.kind {
            DistributionKind::Histogram => self.histogram(plane, &samples),
            DistributionKind::Cumulative => self.cumulative(plane, &samples),
        }
    }

    fn cumulative(&self, mut plane: Plane, samples: &[Vec<f64>]) -> Plane {
        plane.y = plane.y.within(0.0, 100.0);
        for ((name, _), values) in self.samples.iter().zip(samples) {
            let count = values.len();
            let steps = count.min(MOST_STEPS);
            let first = values.first().map(|v| (*v, 0.0));
            let rest = (1..=steps).map(|step| {
                let upto = (step * count).div_ceil(steps);
                (values[upto - 1], 100.0 * upto as f64 / count as f64)
            });
            plane = plane.with(Line::new(name, first.into_iter().chain(rest).collect()).steps());
        }
        plane
    }

    fn histogram(&self, mut plane: Plane, samples: &[Vec<f64>]) -> Plane {
        let extent = Extent::of(samples.iter().flatten().copied());
        let Some((low, high)) = self.x.shown(extent, 0.0) else { return plane };
        let width = class_width(samples, high - low);
        let first = (low / width).floor();
        let classes = (((high / width).ceil() - first) as usize).clamp(1, 2 * MOST_CLASSES);
        let spans: Vec<(f64, f64)> =
            (0..classes).map(|i| ((first + i as f64) * width, (first + i as f64 + 1.0) * width)).collect();
        let shares = samples.iter().map(|values| {
            let mut counts = vec![0u32; classes];
            for value in values.iter().filter(|v| (low..=high).contains(*v)) {
                let class = (value / width).floor() - first;
                counts[(class.max(0.0) as usize).min(classes - 1)] += 1;
            }
            let share = |count: u32| 100.0 * f64::from(count) / values.len().max(1) as f64;
            counts.into_iter().map(share).collect::<Vec<f64>>()
        });
        let named: Vec<(&String, Vec<f64>)> = self.samples.iter().map(|(name, _)| name).zip(shares).collect();
        if let [(name, shares)] = named.as_slice() {
            let series = vec![Area::new(*name, shares.clone())];
            plane.layers.push(Layer::Columns(Columns { spans, series, gap: 0.04 }));
            return plane;
        }
        // Several histograms overlap, so each is drawn as an outline over a tint.
        for (number, (name, shares)) in named.into_iter().enumerate() {
            let mut points: Vec<(f64, f64)> = vec![(spans[0].0, 0.0)];
            points.extend(spans.iter().zip(&shares).map(|(span, share)| (span.0, *share)));
            points.push((spans[classes - 1].1, 0.0));
            let band = spans.iter().zip(&shares);
            let band = band.flat_map(|(s, share)| [(s.0, 0.0, *share), (s.1, 0.0, *share)]).collect();
            let line = Line::new(name, points).steps().band(band).colour(Colour::of_line(number));
            plane = plane.with(line.dash(Dash::of(number)));
        }
        plane
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values: Vec<f64> = values.iter().copied().filter(|v| usable(*v)).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// Class width for a range of `span`: the rule of Freedman and Diaconis (1981) applied to the largest sample,
/// rounded to 1, 2 or 5 times a power of ten.
fn class_width(samples: &[Vec<f64>], span: f64) -> f64 {
    let largest = samples.iter().max_by_key(|s| s.len());
    let rule = largest.filter(|s| s.len() > 1).map_or(0.0, |s| {
        let quantile = |q: f64| s[((s.len() - 1) as f64 * q).round() as usize];
        2.0 * (quantile(0.75) - quantile(0.25)) / (s.len() as f64).cbrt()
    });
    let least = span / MOST_CLASSES as f64;
    let raw = if rule.is_finite() { rule.clamp(least, span / 5.0) } else { least };
    let power = 10f64.powi(raw.log10().floor() as i32);
    [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|w| *w >= raw).unwrap_or(raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane_of(kind: DistributionKind, values: Vec<f64>) -> Plane {
        let samples = vec![("a".to_owned(), values)];
        Distribution { samples, kind, ..Distribution::default() }.plane()
    }

    #[test]
    fn classes_hold_all_values() {
        let values: Vec<f64> = (0..5_000).map(|i| f64::from(i % 997) * 0.37).collect();
        let plane = plane_of(DistributionKind::Histogram, values);
        let Layer::Columns(columns) = &plane.layers[0] else { panic!("columns") };
        assert!((columns.series[0].values.iter().sum::<f64>() - 100.0).abs() < 1e-9);
        assert!(columns.spans.len() <= 2 * MOST_CLASSES && columns.spans.len() > 5);
    }

    #[test]
    fn the_curve_is_the_share_that_is_not_greater() {
        let plane = plane_of(DistributionKind::Cumulative, vec![3.0, 1.0, f64::NAN, 2.0, 2.0]);
        let Layer::Line(line) = &plane.layers[0] else { panic!("line") };
        assert_eq!(line.points, [(1.0, 0.0), (1.0, 25.0), (2.0, 50.0), (2.0, 75.0), (3.0, 100.0)]);
    }
}
