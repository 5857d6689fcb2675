//! Learning curves: the mean over seeds, smoothed, with a band that shows the spread over seeds.
//!
//! The episodes of different seeds end at different steps. Each curve is therefore interpolated linearly at
//! places common to all seeds and within the span of all: each point of the mean covers every seed, so the
//! mean does not jump where some seeds have points and others have none.

use super::axis::{Axis, usable};
use super::line::Line;
use super::plane::Plane;

/// Maximum number of places at which curves are interpolated: about one per few pixels.
const MOST_PLACES: usize = 200;

/// Learning curves of several agents.
#[derive(Debug, Clone, Default)]
pub struct Learning {
    /// Episodes, or steps.
    pub x: Axis,
    /// Quantity that the agent learns to increase.
    pub y: Axis,
    /// The agents.
    pub agents: Vec<Agent>,
    /// Number of values averaged: each with its neighbours on either side; 1 for no smoothing.
    pub window: usize,
    /// Meaning of the band.
    pub band: Band,
}

/// One agent, trained with several seeds.
#[derive(Debug, Clone, Default)]
pub struct Agent {
    /// Name in the legend.
    pub name: String,
    /// (x, y) of each seed, ascending in x.
    pub seeds: Vec<Vec<(f64, f64)>>,
}

/// Meaning of the band around a mean over seeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Band {
    /// From the worst to the best seed.
    #[default]
    Range,
    /// One standard deviation on either side.
    Deviation,
    /// No band.
    None,
}

impl Learning {
    /// The plane that displays the curves.
    pub fn plane(&self) -> Plane {
        let mut plane = Plane::new(self.x.clone(), self.y.clone());
        for agent in &self.agents {
            let seeds: Vec<Vec<(f64, f64)>> = agent
                .seeds
                .iter()
                .map(|seed| smoothed(seed, self.window))
                .filter(|s| !s.is_empty())
                .collect();
            let mut line = Line::new(&agent.name, Vec::new());
            for x in places(&seeds) {
                let values: Vec<f64> = seeds.iter().map(|seed| read_off(seed, x)).collect();
                let count = values.len() as f64;
                let mean = values.iter().map(|v| v / count).sum::<f64>();
                line.points.push((x, mean));
                let bounds = match self.band {
                    Band::None => continue,
                    Band::Range => (
                        values.iter().copied().fold(f64::INFINITY, f64::min),
                        values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                    ),
                    Band::Deviation => {
                        let squares = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>();
                        let deviation = (squares / (count - 1.0).max(1.0)).sqrt();
                        (mean - deviation, mean + deviation)
                    }
                };
                line.band.push((x, bounds.0, bounds.1));
            }
            if agent.seeds.len() < 2 {
                line.band.clear();
            }
            plane = plane.with(line);
        }
        plane
    }
}

/// Places within the span of all curves, as many as the shortest curve has; for a single curve, its points.
fn places(seeds: &[Vec<(f64, f64)>]) -> Vec<f64> {
    if let [seed] = seeds {
        return seed.iter().map(|point| point.0).collect();
    }
    let first = seeds.iter().map(|seed| seed[0].0).fold(f64::NEG_INFINITY, f64::max);
    let last = seeds.iter().map(|seed| seed[seed.len() - 1].0).fold(f64::INFINITY, f64::min);
    let count = seeds.iter().map(Vec::len).min().unwrap_or(0).min(MOST_PLACES);
    match count {
        _ if first > last => Vec::new(),
        0 | 1 => vec![first; count],
        _ if first == last => vec![first],
        _ => (0..count).map(|i| first + (last - first) * i as f64 / (count - 1) as f64).collect(),
    }
}

/// Height of a curve at `x` by linear interpolation; beyond its ends, the value at the nearer end.
fn read_off(curve: &[(f64, f64)], x: f64) -> f64 {
    let next = curve.partition_point(|point| point.0 < x);
    match (next.checked_sub(1).map(|last| curve[last]), curve.get(next)) {
        (Some((x0, y0)), Some(&(x1, y1))) => y0 + (y1 - y0) * (x - x0) / (x1 - x0),
        (None, Some(&(_, y))) | (Some((_, y)), None) => y,
        (None, None) => f64::NAN,
    }
}

/// Means of each value with half a `window` of neighbours on either side. Values without enough neighbours
/// are omitted, so that neither end is noisier than the middle.
fn smoothed(points: &[(f64, f64)], window: usize) -> Vec<(f64, f64)> {
    let points: Vec<(f64, f64)> = points.iter().copied().filter(|p| usable(p.0) && usable(p.1)).collect();
    // A short series must keep some of its points.
    let half = (window / 2).min(points.len() / 4);
    let count = (2 * half + 1) as f64;
    let all = points.windows(2 * half + 1);
    all.map(|near| (near[half].0, near.iter().map(|p| p.1 / count).sum())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plane::Layer;

    #[test]
    fn smoothing_keeps_a_straight_line() {
        let line: Vec<(f64, f64)> = (0..50).map(|i| (f64::from(i), 3.0 * f64::from(i) - 20.0)).collect();
        for window in [1, 2, 7, 49, 1000] {
            let smooth = smoothed(&line, window);
            assert!(smooth.len() >= 25);
            assert!(smooth.iter().all(|(x, y)| (y - (3.0 * x - 20.0)).abs() < 1e-9), "{window}");
        }
    }

    #[test]
    fn the_band_spans_the_seeds() {
        // Common span: from -1 to 3. At 1 the first curve is halfway from 2 to 4, the second at its corner.
        let seeds =
            vec![vec![(-3.0, 0.0), (-1.0, 2.0), (3.0, 4.0)], vec![(-1.0, 4.0), (1.0, 8.0), (5.0, 0.0)]];
        let plane = |band, seeds| {
            let agents = vec![Agent { name: "a".into(), seeds }];
            Learning { agents, window: 1, band, ..Learning::default() }.plane()
        };
        let plotted = plane(Band::Range, seeds.clone());
        let Layer::Line(line) = &plotted.layers[0] else { panic!("line") };
        assert_eq!(line.points, [(-1.0, 3.0), (1.0, 5.5), (3.0, 4.0)]);
        assert_eq!(line.band, [(-1.0, 2.0, 4.0), (1.0, 3.0, 8.0), (3.0, 4.0, 4.0)]);
        // A single seed is drawn as it is, without a band; curves without a common span are not drawn.
        let plotted = plane(Band::Range, seeds[..1].to_vec());
        let Layer::Line(line) = &plotted.layers[0] else { panic!("line") };
        assert!(line.points == seeds[0] && line.band.is_empty());
        let plotted = plane(Band::Range, vec![vec![(0.0, 1.0), (1.0, 1.0)], vec![(2.0, 1.0), (3.0, 1.0)]]);
        let Layer::Line(line) = &plotted.layers[0] else { panic!("line") };
        assert!(line.points.is_empty());
    }

    /// Seeds that rise alike, one a constant above the other, with episodes that end at different steps: the
    /// mean must rise without a tooth.
    #[test]
    fn seeds_that_end_at_other_steps_make_no_teeth() {
        let seed = |offset: f64, above: f64| -> Vec<(f64, f64)> {
            (0..90).map(|i| f64::from(i) + offset).map(|x| (x, 2.0 * x + above)).collect()
        };
        let agents =
            vec![Agent { name: "a".into(), seeds: vec![seed(0.0, 0.0), seed(0.4, 50.0), seed(0.7, 100.0)] }];
        let plane = Learning { agents, window: 9, ..Learning::default() }.plane();
        let Layer::Line(line) = &plane.layers[0] else { panic!("line") };
        assert!(line.points.len() > 70);
        assert!(line.points.iter().all(|(x, y)| (y - (2.0 * x + 50.0)).abs() < 1e-9));
    }
}
