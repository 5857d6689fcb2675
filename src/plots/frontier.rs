//! Two competing metrics: one point per policy with its intervals, and a line through the policies that no
//! other policy dominates.

use super::axis::{Axis, usable};
use super::line::Line;
use super::palette::{Dash, FAINT};
use super::plane::Plane;
use super::points::{NamedPoint, Points};

/// Policies by two metrics.
#[derive(Debug, Clone, Default)]
pub struct Frontier {
    /// Metric along x.
    pub x: Axis,
    /// Metric along y.
    pub y: Axis,
    /// The policies.
    pub points: Vec<NamedPoint>,
    /// Whether higher x is better, and whether higher y is better.
    pub more_is_better: (bool, bool),
}

impl Frontier {
    /// Policies that no other policy dominates, that is, is at least as good in both metrics and better in
    /// one. Compares estimates only, not their intervals; ascending in x.
    pub fn efficient(&self) -> Vec<usize> {
        let sign = |more: bool| if more { -1.0 } else { 1.0 };
        let (sx, sy) = (sign(self.more_is_better.0), sign(self.more_is_better.1));
        let mut order: Vec<(f64, f64, usize)> = self
            .points
            .iter()
            .enumerate()
            .filter(|(_, p)| usable(p.x.mean) && usable(p.y.mean))
            .map(|(i, p)| (sx * p.x.mean, sy * p.y.mean, i))
            .collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        let mut best = (f64::INFINITY, f64::INFINITY);
        let mut kept = Vec::new();
        for (x, y, i) in order {
            // Two policies with equal means are both kept.
            if y < best.1 || (x, y) == best {
                best = (x, y);
                kept.push(i);
            }
        }
        kept.sort_by(|a, b| self.points[*a].x.mean.total_cmp(&self.points[*b].x.mean).then(a.cmp(b)));
        kept
    }

    /// The plane that displays the frontier.
    pub fn plane(&self) -> Plane {
        let efficient = self.efficient();
        let line = efficient.iter().map(|i| (self.points[*i].x.mean, self.points[*i].y.mean)).collect();
        let name = if efficient.len() > 1 { "not beaten in both" } else { "" };
        let points = Points { points: self.points.clone(), each_its_own: true, ..Points::default() };
        Plane::new(self.x.clone(), self.y.clone())
            .with(Line::new(name, line).colour(FAINT).dash(Dash::Dashed))
            .with(points)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_on_the_frontier_are_not_dominated_and_all_others_are() {
        let points: Vec<NamedPoint> =
            (0..60).map(|i| NamedPoint::at(f64::from((i * 37) % 23), f64::from((i * 53) % 19))).collect();
        for more_is_better in [(false, false), (true, false), (true, true)] {
            let frontier = Frontier { points: points.clone(), more_is_better, ..Frontier::default() };
            let efficient = frontier.efficient();
            let better = |more: bool, a: f64, b: f64| if more { a > b } else { a < b };
            let beats = |a: &NamedPoint, b: &NamedPoint| {
                let x = (better(more_is_better.0, a.x.mean, b.x.mean), a.x.mean == b.x.mean);
                let y = (better(more_is_better.1, a.y.mean, b.y.mean), a.y.mean == b.y.mean);
                (x.0 || x.1) && (y.0 || y.1) && (x.0 || y.0)
            };
            for (i, point) in points.iter().enumerate() {
                let beaten = points.iter().any(|other| beats(other, point));
                assert_eq!(efficient.contains(&i), !beaten, "{i}");
            }
        }
    }
}
