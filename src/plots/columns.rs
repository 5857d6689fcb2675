//! Stacked columns over spans of an axis: requests by hour, or the bars of a histogram.

use super::areas::{Area, entries, stacked};
use super::axis::usable;
use super::canvas::{Canvas, Rect};
use super::legend::Entry;
use super::plane::{Extents, Field, Side};

/// Stacked columns.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// (from, to) of each column along x.
    pub spans: Vec<(f64, f64)>,
    /// Series from bottom to top, one value per column. Values that are not numbers are omitted.
    pub series: Vec<Area>,
    /// Gap as a fraction of each span, 0 to 1.
    pub gap: f64,
}

impl Columns {
    fn bounds(&self, i: usize) -> Vec<(f64, f64)> {
        let value = |s: &Area| s.values.get(i).copied().filter(|v| usable(*v)).unwrap_or(0.0);
        stacked(self.series.iter().map(value))
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        entries(&self.series)
    }

    pub(super) fn extents(&self, shows: &dyn Fn(f64) -> bool, all: &mut Extents) {
        let known = |i: usize| self.series.iter().any(|s| s.values.get(i).is_some_and(|v| usable(*v)));
        for (i, &(from, to)) in self.spans.iter().enumerate() {
            if !(shows(from) && shows(to) && known(i)) {
                continue;
            }
            for x in [from, to] {
                all.add(x, 0.0, Side::Left);
                self.bounds(i).iter().for_each(|b| all.add(x, b.1, Side::Left));
            }
        }
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, field: &Field) {
        let gap = if self.gap.is_finite() { self.gap.clamp(0.0, 0.95) } else { 0.0 };
        for (i, &(from, to)) in self.spans.iter().enumerate() {
            if !(usable(from) && usable(to)) {
                continue;
            }
            let free = 0.5 * gap * (to - from);
            for (number, (low, high)) in self.bounds(i).into_iter().enumerate() {
                let a = field.plot.clamp(field.place((from + free, low)));
                let b = field.plot.clamp(field.place((to - free, high)));
                // Keeps a column visible even if it is thinner than the screen can show.
                let half = (0.5 * (b.0 - a.0).abs()).max(0.15);
                let (middle, low, high) = (a.0.midpoint(b.0), a.1.min(b.1), a.1.max(b.1));
                if high > low {
                    let rect = Rect::new(middle - half, low, middle + half, high);
                    canvas.rectangle(rect, self.series[number].look(number), 1.0);
                }
            }
        }
    }
}
