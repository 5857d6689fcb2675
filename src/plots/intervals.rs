//! Comparison of policies: one panel per metric with each policy's estimate and its interval (a forest plot).

use super::axis::{Axis, Extent, titled, usable};
use super::canvas::{Canvas, Rect, Text};
use super::font;
use super::frame::{self, LEAST, TITLE};
use super::legend::{Entry, Key};
use super::palette::{Colour, FAINT, GRID, INK, Marker};
use super::points::Interval;

/// Estimates of several metrics for several policies.
#[derive(Debug, Clone, Default)]
pub struct Intervals {
    /// Names of the policies, from top to bottom.
    pub policies: Vec<String>,
    /// The metrics, from left to right.
    pub metrics: Vec<Metric>,
    /// Meaning of the intervals, for the legend, for example `mean and 95 % interval`.
    pub meaning: String,
}

/// One metric.
#[derive(Debug, Clone, Default)]
pub struct Metric {
    /// Name.
    pub name: String,
    /// Unit; empty for none.
    pub unit: String,
    /// One estimate per policy.
    pub values: Vec<Interval>,
    /// Whether values are differences: zero is shown, and an interval that contains it is drawn hollow.
    pub difference: bool,
}

/// Minimum width of a panel [pixels]; with less room the metrics are arranged in several rows.
const LEAST_PANEL: f64 = 130.0;
const ROW_MOST: f64 = 30.0;
const HEAD: f64 = 20.0;
const BETWEEN: f64 = 18.0;

impl Intervals {
    pub(super) fn entries(&self) -> Vec<Entry> {
        // Without a meaning, the legend of another panel explains the symbols.
        if self.meaning.is_empty() {
            return Vec::new();
        }
        let mut entries = vec![Entry::new(&self.meaning, Key::Whiskers(INK))];
        if self.metrics.iter().any(|m| m.difference) {
            entries.push(Entry::new("zero outside", Key::Marker(INK, Marker::Circle, false)));
            entries.push(Entry::new("zero inside the interval", Key::Marker(INK, Marker::Circle, true)));
        }
        entries
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, area: &Rect) {
        let any = self.metrics.iter().flat_map(|m| m.values.iter().take(self.policies.len()));
        if !any.into_iter().any(|v| usable(v.mean)) {
            return frame::draw_no_data(canvas, area);
        }
        let widest = self.policies.iter().map(|p| font::width(p, TITLE, false)).fold(0.0, f64::max);
        let names = widest.min(0.3 * area.width()) + 12.0;
        let fit = (area.width() - names + BETWEEN) / (LEAST_PANEL + BETWEEN);
        let count = self.metrics.len();
        let across = (fit.max(1.0) as usize).min(count);
        let down = count.div_ceil(across);
        // As even as possible: four metrics in two rows of two, not three and one.
        let across = count.div_ceil(down);
        let width = (area.width() - names - BETWEEN * (across as f64 - 1.0) - 8.0) / across as f64;
        let height = area.height() / down as f64;
        let body = height - HEAD - frame::below("") - 4.0;
        let step = (body / self.policies.len() as f64).min(ROW_MOST);
        if step < 4.0 || width < LEAST {
            return frame::draw_no_room(canvas, area);
        }
        for row in 0..down {
            let top = area.y0 + row as f64 * height;
            let (y0, y1) = (top + HEAD, top + HEAD + step * self.policies.len() as f64);
            for (i, name) in self.policies.iter().enumerate().filter(|_| step >= 9.0) {
                let at = (area.x0, y0 + (i as f64 + 0.5) * step);
                let size = TITLE.min(0.95 * step);
                canvas.text(Text::new(name, at, size).within(names - 12.0).centred());
            }
            let from = row * across;
            for (column, metric) in self.metrics[from..count.min(from + across)].iter().enumerate() {
                let x0 = area.x0 + names + column as f64 * (width + BETWEEN);
                self.draw_metric(canvas, metric, &Rect::new(x0, y0, x0 + width, y1), step);
            }
        }
    }

    fn draw_metric(&self, canvas: &mut Canvas, metric: &Metric, plot: &Rect, step: f64) {
        let head = titled(&metric.name, &metric.unit);
        let at = (plot.x0, plot.y0 - 7.0);
        canvas.text(Text::new(head, at, TITLE).bold().within(plot.width() + 0.5 * BETWEEN));
        for i in (1..self.policies.len()).step_by(2) {
            let y = plot.y0 + i as f64 * step;
            canvas.rectangle(Rect::new(plot.x0, y, plot.x1, y + step), GRID, 0.35);
        }
        let values = || metric.values.iter().take(self.policies.len());
        let extent = Extent::of(values().flat_map(Interval::values).chain(metric.difference.then_some(0.0)));
        let axis = Axis::default();
        let Some(range) = axis.shown(extent, 0.08).filter(|_| values().any(|v| usable(v.mean))) else {
            return frame::draw_no_data(canvas, plot);
        };
        canvas.plots.push(*plot);
        let scale = frame::horizontal(&axis, range, plot.width());
        let outer = plot.inset(-0.5 * BETWEEN, 0.0, -0.5 * BETWEEN, 0.0);
        frame::draw_bottom(canvas, plot, &scale, "", &outer, true);
        let place = |v: f64| scale.place(v, plot.x0, plot.x1);
        if metric.difference {
            canvas.rule((place(0.0), plot.y0), (place(0.0), plot.y1), INK);
        }
        for (i, value) in values().enumerate().filter(|(_, v)| usable(v.mean)) {
            let (y, colour) = (plot.y0 + (i as f64 + 0.5) * step, Colour::of_line(i));
            let radius = (0.3 * step).min(4.5);
            let ends = value.ends();
            if let Some((low, high)) = ends {
                let (low, high, cap) = (place(low), place(high), (0.25 * step).min(4.5));
                canvas.line(&[(low, y), (high, y)], 1.8, colour);
                for x in [low, high] {
                    canvas.line(&[(x, y - cap), (x, y + cap)], 1.8, colour);
                }
            }
            let open = metric.difference && ends.is_some_and(|(low, high)| low <= 0.0 && 0.0 <= high);
            canvas.marker(Marker::of(i), (place(value.mean), y), radius, colour, open);
        }
        canvas.rule((plot.x0, plot.y1), (plot.x1, plot.y1), FAINT);
    }
}
