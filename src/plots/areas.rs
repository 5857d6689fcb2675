//! Stacked areas: the parts of a total over time, for example vehicles by state.

use super::axis::usable;
use super::canvas::{Canvas, Point, Rect};
use super::legend::{Entry, Key};
use super::palette::Colour;
use super::plane::{Extents, Field, Side};

/// Series stacked on each other, the first at the bottom. Negative values are stacked downwards.
#[derive(Debug, Clone, Default)]
pub struct Areas {
    /// Positions of the rows along x, ascending.
    pub x: Vec<f64>,
    /// The series, from bottom to top.
    pub series: Vec<Area>,
}

/// One series of [`Areas`].
#[derive(Debug, Clone, Default)]
pub struct Area {
    /// Name in the legend; empty for none.
    pub name: String,
    /// One value per row. A value that is not a number leaves a gap in all series.
    pub values: Vec<f64>,
    /// Colour; chosen by position in the stack if `None`.
    pub colour: Option<Colour>,
}

impl Area {
    /// A series with its default colour.
    pub fn new(name: impl Into<String>, values: Vec<f64>) -> Self {
        Self { name: name.into(), values, colour: None }
    }
    /// Sets the colour.
    #[must_use]
    pub fn colour(mut self, colour: Colour) -> Self {
        self.colour = Some(colour);
        self
    }

    pub(super) fn look(&self, number: usize) -> Colour {
        self.colour.unwrap_or_else(|| Colour::of_area(number))
    }
}

/// Legend entries of the stacked series, in the given order.
pub(super) fn entries(series: &[Area]) -> Vec<Entry> {
    let entry = |(i, area): (usize, &Area)| Entry::new(&area.name, Key::Area(area.look(i)));
    series.iter().enumerate().map(entry).collect()
}

/// Bounds of each series in one row, stacked away from zero on either side.
pub(super) fn stacked(values: impl Iterator<Item = f64>) -> Vec<(f64, f64)> {
    let (mut above, mut below) = (0.0, 0.0);
    values
        .map(|value| {
            let side = if value < 0.0 { &mut below } else { &mut above };
            let from = *side;
            *side += value;
            (from, *side)
        })
        .collect()
}

impl Areas {
    /// Values of row `i`, if all of them can be drawn.
    fn row(&self, i: usize) -> Option<Vec<f64>> {
        let x = self.x.get(i).filter(|x| usable(**x))?;
        let row: Vec<f64> =
            self.series.iter().map(|s| s.values.get(i).copied().unwrap_or(f64::NAN)).collect();
        (x.is_finite() && !row.is_empty() && row.iter().all(|v| usable(*v))).then_some(row)
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        entries(&self.series)
    }

    pub(super) fn extents(&self, shows: &dyn Fn(f64) -> bool, all: &mut Extents) {
        for (i, x) in self.x.iter().enumerate().filter(|(_, x)| shows(**x)) {
            let Some(row) = self.row(i) else { continue };
            all.add(*x, 0.0, Side::Left);
            for (_, to) in stacked(row.into_iter()) {
                all.add(*x, to, Side::Left);
            }
        }
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, field: &Field) {
        let rows: Vec<Option<(f64, Vec<f64>)>> =
            (0..self.x.len()).map(|i| Some((self.x[i], self.row(i)?))).collect();
        for run in rows.split(Option::is_none) {
            let run: Vec<&(f64, Vec<f64>)> = run.iter().flatten().collect();
            let run = averaged(&run, field);
            if run.is_empty() {
                continue;
            }
            for sign in [1.0, -1.0] {
                // From the outermost to the innermost, each down to zero, which leaves no seams between them.
                for last in (0..self.series.len()).rev() {
                    let colour = self.series[last].look(last);
                    let sum =
                        |row: &Vec<f64>| sign * row[..=last].iter().map(|v| (sign * v).max(0.0)).sum::<f64>();
                    let outer: Vec<(f64, f64)> = run.iter().map(|(x, row)| (*x, sum(row))).collect();
                    if outer.iter().any(|p| p.1 != 0.0) {
                        fill(canvas, field, &outer, colour);
                    }
                }
            }
        }
    }
}

/// Area between zero and a line.
fn fill(canvas: &mut Canvas, field: &Field, outer: &[(f64, f64)], colour: Colour) {
    let place = |x: f64, y: f64| field.plot.clamp(field.place((x, y)));
    if let [(x, y)] = outer {
        let (a, b) = (place(*x, 0.0), place(*x, *y));
        let rect = Rect::new(a.0 - 1.0, a.1.min(b.1), a.0 + 1.0, a.1.max(b.1));
        return canvas.rectangle(rect, colour, 1.0);
    }
    let (first, last) = (outer[0].0, outer[outer.len() - 1].0);
    let mut outline: Vec<Point> = outer.iter().map(|p| place(p.0, p.1)).collect();
    outline.extend([place(last, 0.0), place(first, 0.0)]);
    canvas.polygon(outline, colour, 1.0);
}

/// At most one row per half pixel: the mean of the rows there.
fn averaged(run: &[&(f64, Vec<f64>)], field: &Field) -> Vec<(f64, Vec<f64>)> {
    let column = |row: &(f64, Vec<f64>)| (2.0 * field.place((row.0, 0.0)).0).floor();
    run.chunk_by(|a, b| column(a) == column(b))
        .map(|rows| {
            let count = rows.len() as f64;
            let mean = |s: usize| rows.iter().map(|r| r.1[s] / count).sum();
            (rows.iter().map(|r| r.0 / count).sum(), (0..rows[0].1.len()).map(mean).collect())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_zero_is_stacked_downwards() {
        let bounds = stacked([2.0, -1.0, 3.0, -4.0].into_iter());
        assert_eq!(bounds, [(0.0, 2.0), (0.0, -1.0), (2.0, 5.0), (-1.0, -5.0)]);
    }

    #[test]
    fn a_missing_value_takes_its_row_out() {
        let areas = Areas {
            x: vec![0.0, 1.0, 2.0],
            series: vec![Area::new("a", vec![1.0, f64::NAN, 3.0]), Area::new("b", vec![1.0, 1.0])],
        };
        assert_eq!(areas.row(0), Some(vec![1.0, 1.0]));
        assert_eq!((areas.row(1), areas.row(2), areas.row(3)), (None, None, None));
    }
}
