//! Learning curves: the mean over seeds, smoothed, with a band that says how much seeds differ.

use super::axis::{Axis, usable};
use super::line::Line;
use super::plane::Plane;
use std::collections::BTreeMap;

/// Learning curves of several agents.
#[derive(Debug, Clone, Default)]
pub struct Learning {
    /// Episodes, or steps.
    pub x: Axis,
    /// What the agent learns to increase.
    pub y: Axis,
    /// The agents.
    pub agents: Vec<Agent>,
    /// How many values are averaged: each with its neighbours on either side; 1 for no smoothing.
    pub window: usize,
    /// What the band shows.
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
    /// The plane that shows it.
    pub fn plane(&self) -> Plane {
        let mut plane = Plane::new(self.x.clone(), self.y.clone());
        for agent in &self.agents {
            // Keyed by the bits of x, which order like the numbers once the sign is dealt with.
            let mut at: BTreeMap<i64, (f64, Vec<f64>)> = BTreeMap::new();
            for (x, y) in agent.seeds.iter().flat_map(|seed| smoothed(seed, self.window)) {
                at.entry(order(x)).or_insert_with(|| (x, Vec::new())).1.push(y);
            }
            let mut line = Line::new(&agent.name, Vec::new());
            for (x, values) in at.into_values() {
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

/// Orders as the numbers do (all of them finite); minus nothing is nothing.
fn order(x: f64) -> i64 {
    let bits = (x + 0.0).to_bits() as i64;
    bits ^ (((bits >> 63) as u64) >> 1) as i64
}

/// Means of each value with half a `window` of neighbours on either side. Values without enough neighbours
/// are left out, so that neither end is noisier than the middle.
fn smoothed(points: &[(f64, f64)], window: usize) -> Vec<(f64, f64)> {
    let points: Vec<(f64, f64)> = points.iter().copied().filter(|p| usable(p.0) && usable(p.1)).collect();
    // Of a short series some must be left.
    let half = (window / 2).min(points.len() / 4);
    let count = (2 * half + 1) as f64;
    let all = points.windows(2 * half + 1);
    all.map(|near| (near[half].0, near.iter().map(|p| p.1 / count).sum())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plots::plane::Layer;

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
        let seeds = vec![vec![(-1.0, 1.0), (0.0, 2.0)], vec![(-1.0, 3.0), (0.0, 8.0), (5.0, 1.0)]];
        let agents = vec![Agent { name: "a".into(), seeds }];
        let plane = Learning { agents, window: 1, ..Learning::default() }.plane();
        let Layer::Line(line) = &plane.layers[0] else { panic!("line") };
        assert_eq!(line.points, [(-1.0, 2.0), (0.0, 5.0), (5.0, 1.0)]);
        assert_eq!(line.band, [(-1.0, 1.0, 3.0), (0.0, 2.0, 8.0), (5.0, 1.0, 1.0)]);
    }
}
