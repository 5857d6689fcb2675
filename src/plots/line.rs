//! A line: straight from point to point or in steps, optionally with a band around it.

use super::axis::usable;
use super::canvas::{Canvas, Point, clip};
use super::legend::{Entry, Key};
use super::palette::{Colour, Dash};
use super::plane::{Extents, Field, Side};

/// One series.
#[derive(Debug, Clone, Default)]
pub struct Line {
    /// Name in the legend; empty for none.
    pub name: String,
    /// (x, y), ascending in x. A value that is not a number leaves a gap.
    pub points: Vec<(f64, f64)>,
    /// (x, lower, upper) of the shaded band, ascending in x.
    pub band: Vec<(f64, f64, f64)>,
    /// Whether a value holds until the next point, as a price does.
    pub steps: bool,
    /// Vertical axis of the line.
    pub side: Side,
    /// Colour; chosen by position among the lines if `None`.
    pub colour: Option<Colour>,
    /// Dash; chosen by position among the lines if `None`.
    pub dash: Option<Dash>,
    /// Width [pixels]; 1.8 if `None`.
    pub width: Option<f64>,
}

impl Line {
    /// A straight line through `points`.
    pub fn new(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), points, ..Self::default() }
    }
    /// Draws the line in steps.
    #[must_use]
    pub fn steps(mut self) -> Self {
        self.steps = true;
        self
    }
    /// Adds a band: (x, lower, upper).
    #[must_use]
    pub fn band(mut self, band: Vec<(f64, f64, f64)>) -> Self {
        self.band = band;
        self
    }
    /// Uses the right axis.
    #[must_use]
    pub fn right(mut self) -> Self {
        self.side = Side::Right;
        self
    }
    /// Sets the colour.
    #[must_use]
    pub fn colour(mut self, colour: Colour) -> Self {
        self.colour = Some(colour);
        self
    }
    /// Sets the dash.
    #[must_use]
    pub fn dash(mut self, dash: Dash) -> Self {
        self.dash = Some(dash);
        self
    }

    fn look(&self, number: usize) -> (Colour, Dash) {
        let colour = self.colour.unwrap_or_else(|| Colour::of_line(number));
        // An explicit colour comes without the default dash of the position.
        let dash = if self.colour.is_some() { Dash::Solid } else { Dash::of(number) };
        (colour, self.dash.unwrap_or(dash))
    }

    pub(super) fn entries(&self, number: usize) -> Vec<Entry> {
        let (colour, dash) = self.look(number);
        let key = if self.band.is_empty() { Key::Line(colour, dash) } else { Key::Band(colour, dash) };
        vec![Entry::new(&self.name, key)]
    }

    pub(super) fn extents(&self, shows: &dyn Fn(f64) -> bool, all: &mut Extents) {
        for &(x, y) in self.points.iter().filter(|p| shows(p.0) && usable(p.1)) {
            all.add(x, y, self.side);
        }
        for &(x, low, high) in self.band.iter().filter(|b| shows(b.0) && usable(b.1) && usable(b.2)) {
            all.add(x, low, self.side);
            all.add(x, high, self.side);
        }
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, field: &Field, number: usize) {
        let (colour, dash) = self.look(number);
        let good = |b: &(f64, f64, f64)| usable(b.0) && usable(b.1) && usable(b.2);
        for run in self.band.split(|b| !good(b)) {
            let run = thinned_band(run, field);
            let up = run.iter().map(|b| field.place((b.0, b.2)));
            let down = run.iter().rev().map(|b| field.place((b.0, b.1)));
            let outline: Vec<Point> = up.chain(down).map(|p| field.plot.clamp(p)).collect();
            canvas.polygon(outline, colour, 0.2);
        }
        let width = self.width.unwrap_or(1.8);
        for run in self.points.split(|p| !(usable(p.0) && usable(p.1))) {
            let places: Vec<Point> = run.iter().map(|p| field.place(*p)).collect();
            let places = if self.steps { stairs(&places) } else { places };
            let places = thinned(&places);
            if let [only] = places.as_slice()
                && field.plot.contains(*only)
            {
                canvas.disc(*only, width.max(2.5), colour, 1.0);
            }
            for piece in inside(&places, field) {
                canvas.dashed(&piece, width, colour, dash);
            }
        }
    }
}

/// Corners of the steps, each of which holds until the next point.
fn stairs(points: &[Point]) -> Vec<Point> {
    let mut out: Vec<Point> = Vec::with_capacity(2 * points.len());
    for point in points {
        if let Some(last) = out.last().copied()
            && last.1 != point.1
        {
            out.push((point.0, last.1));
        }
        out.push(*point);
    }
    out
}

/// At most four points per half pixel of width: the first, lowest, highest and last there, which look the
/// same as all points.
fn thinned(points: &[Point]) -> Vec<Point> {
    let mut out = Vec::with_capacity(points.len().min(16_384));
    for column in points.chunk_by(|a, b| (2.0 * a.0).floor() == (2.0 * b.0).floor()) {
        if column.len() <= 4 {
            out.extend_from_slice(column);
            continue;
        }
        let by_height = |a: &usize, b: &usize| column[*a].1.total_cmp(&column[*b].1);
        let lowest = (0..column.len()).min_by(by_height).unwrap_or(0);
        let highest = (0..column.len()).max_by(by_height).unwrap_or(0);
        let mut kept = [0, lowest, highest, column.len() - 1];
        kept.sort_unstable();
        out.extend(
            kept.iter().enumerate().filter(|(i, k)| *i == 0 || kept[i - 1] != **k).map(|(_, k)| column[*k]),
        );
    }
    out
}

/// At most two pairs of bounds per half pixel; if there are more, the widest.
fn thinned_band(band: &[(f64, f64, f64)], field: &Field) -> Vec<(f64, f64, f64)> {
    let column = |b: &(f64, f64, f64)| (2.0 * field.place((b.0, b.1)).0).floor();
    band.chunk_by(|a, b| column(a) == column(b))
        .flat_map(|all| {
            // Two points at one place are the two sides of a step.
            if all.len() <= 2 {
                return all.to_vec();
            }
            let low = all.iter().map(|b| b.1).fold(f64::INFINITY, f64::min);
            let high = all.iter().map(|b| b.2).fold(f64::NEG_INFINITY, f64::max);
            let ends = [all[0].0, all[all.len() - 1].0];
            ends.iter().map(|x| (*x, low, high)).collect()
        })
        .collect()
}

/// Parts of a path inside the data area.
fn inside(points: &[Point], field: &Field) -> Vec<Vec<Point>> {
    if points.iter().all(|p| field.plot.contains(*p)) {
        return vec![points.to_vec()];
    }
    let mut pieces: Vec<Vec<Point>> = Vec::new();
    for ends in points.windows(2) {
        let Some((from, to)) = clip(&field.plot, ends[0], ends[1]) else { continue };
        match pieces.last_mut() {
            Some(piece) if piece.last() == Some(&from) => piece.push(to),
            _ => pieces.push(vec![from, to]),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_hold_until_the_next_point() {
        let corners = stairs(&[(0.0, 1.0), (2.0, 3.0), (4.0, 3.0), (5.0, 0.0)]);
        assert_eq!(corners, [(0.0, 1.0), (2.0, 1.0), (2.0, 3.0), (4.0, 3.0), (5.0, 3.0), (5.0, 0.0)]);
    }

    #[test]
    fn thinning_keeps_peaks() {
        let mut points: Vec<Point> = (0..100_000).map(|i| (f64::from(i) / 200.0, 0.0)).collect();
        points[54_321].1 = 9.0;
        points[54_322].1 = -9.0;
        let thin = thinned(&points);
        assert!(thin.len() <= 4 * 1001, "{}", thin.len());
        assert!(thin.contains(&points[54_321]) && thin.contains(&points[54_322]));
        assert!(thin.windows(2).all(|p| p[0].0 <= p[1].0));
    }
}
