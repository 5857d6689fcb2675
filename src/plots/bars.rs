//! Bars: one quantity by group and series, grouped or stacked, with whiskers where there are intervals.

use super::axis::{Axis, Extent, usable};
use super::canvas::{Anchor, Canvas, Rect, Text};
use super::font;
use super::frame::{self, LEAST, TICK};
use super::legend::{Entry, Key};
use super::palette::{Colour, FAINT, INK};
use super::points::Interval;

/// Grouped or stacked bars.
#[derive(Debug, Clone, Default)]
pub struct Bars {
    /// The quantity; zero is always included.
    pub y: Axis,
    /// Names of the groups, from left to right.
    pub groups: Vec<String>,
    /// The series.
    pub series: Vec<BarSeries>,
    /// Whether bars are stacked instead of grouped. Stacked bars have no whiskers.
    pub stacked: bool,
}

/// One series of bars.
#[derive(Debug, Clone, Default)]
pub struct BarSeries {
    /// Name in the legend; empty for none.
    pub name: String,
    /// One value per group. A value that is not a number has no bar.
    pub values: Vec<Interval>,
    /// Colour; chosen by position if `None`.
    pub colour: Option<Colour>,
}

/// Maximum number of groups drawn.
const MOST_GROUPS: usize = 2_000;

impl Bars {
    fn look(&self, series: usize) -> Colour {
        self.series[series].colour.unwrap_or_else(|| Colour::of_area(series))
    }

    fn value(&self, series: usize, group: usize) -> Option<Interval> {
        self.series[series].values.get(group).copied().filter(|v| usable(v.mean))
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        let entry = |(i, s): (usize, &BarSeries)| Entry::new(&s.name, Key::Area(self.look(i)));
        self.series.iter().enumerate().map(entry).collect()
    }

    /// (low, high) of each series in `group`, if it has a bar there.
    fn bars(&self, group: usize) -> Vec<Option<(f64, f64)>> {
        let values = (0..self.series.len()).map(|s| self.value(s, group));
        if !self.stacked {
            return values.map(|v| Some((0.0, v?.mean))).collect();
        }
        let values: Vec<Option<Interval>> = values.collect();
        let bounds = super::areas::stacked(values.iter().map(|v| v.map_or(0.0, |v| v.mean)));
        bounds.into_iter().zip(values).map(|(bounds, value)| value.map(|_| bounds)).collect()
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, area: &Rect) {
        let groups = self.groups.len().min(MOST_GROUPS);
        let ends = (0..groups).flat_map(|g| self.bars(g)).flatten().flat_map(|(low, high)| [low, high]);
        let whiskers = (0..groups)
            .flat_map(|g| (0..self.series.len()).filter_map(move |s| self.value(s, g)?.ends()))
            .filter(|_| !self.stacked)
            .flat_map(|(low, high)| [low, high]);
        let mut axis = self.y.clone();
        axis.from_zero |= axis.range.is_none();
        let Some(range) = axis.shown(Extent::of(ends.chain(whiskers)), 0.06) else {
            return frame::draw_no_data(canvas, area);
        };
        let title = axis.title();
        // Room for two rows of names below.
        let below = frame::TICK_ROW + TICK * 1.25;
        let scale = frame::vertical(&axis, range, area.height() - below);
        let plot = area.inset(frame::beside(&scale, &title), 6.0, 4.0, below);
        if plot.width() < LEAST || plot.height() < LEAST {
            return frame::draw_no_room(canvas, area);
        }
        canvas.plots.push(plot);
        frame::draw_left(canvas, &plot, &scale, &title, area);
        let band = plot.width() / groups as f64;
        let place = |y: f64| scale.place(y, plot.y1, plot.y0).clamp(plot.y0, plot.y1);
        for group in 0..groups {
            let middle = plot.x0 + (group as f64 + 0.5) * band;
            let count = if self.stacked { 1 } else { self.series.len().max(1) };
            let width = (0.76 * band / count as f64).min(56.0);
            for (s, bounds) in self.bars(group).into_iter().enumerate() {
                let Some((low, high)) = bounds else { continue };
                let number = if self.stacked { 0.0 } else { s as f64 };
                let x = middle + (number - 0.5 * (count as f64 - 1.0)) * width;
                let half = (0.5 * width - if count > 1 && width > 6.0 { 0.75 } else { 0.0 }).max(0.2);
                let (a, b) = (place(low), place(high));
                canvas.rectangle(Rect::new(x - half, a.min(b), x + half, a.max(b)), self.look(s), 1.0);
                if let Some((low, high)) =
                    self.value(s, group).and_then(|v| v.ends()).filter(|_| !self.stacked)
                {
                    let (a, b, cap) = (place(low), place(high), (0.5 * half).min(5.0));
                    canvas.line(&[(x, a), (x, b)], 1.3, INK);
                    for y in [a, b] {
                        canvas.line(&[(x - cap, y), (x + cap, y)], 1.3, INK);
                    }
                }
            }
        }
        let zero = place(0.0);
        canvas.rule((plot.x0, zero), (plot.x1, zero), FAINT);
        self.draw_names(canvas, &plot, groups);
    }

    /// Names of groups in at most two rows. With many groups, only every second, third, ... is named.
    fn draw_names(&self, canvas: &mut Canvas, plot: &Rect, groups: usize) {
        let band = plot.width() / groups.max(1) as f64;
        let widest = self.groups.iter().map(|g| font::width(g, TICK, false)).fold(0.0, f64::max);
        // A name may be shortened, but not below a few letters.
        let every = ((widest.min(44.0) + 6.0) / band).ceil().max(1.0) as usize;
        for (i, name) in self.groups.iter().take(groups).enumerate().skip(every / 2).step_by(every) {
            let room = band * every as f64 - 6.0;
            let x = plot.x0 + (i as f64 + 0.5) * band;
            if x + 0.5 * room > plot.x1 {
                break;
            }
            for (row, text) in two_rows(name, room).into_iter().enumerate() {
                let at = (x, plot.y1 + 15.0 + row as f64 * TICK * 1.25);
                canvas.text(Text::new(text, at, TICK).within(room).anchor(Anchor::Middle));
            }
        }
    }
}

/// `name` in one row if it fits `room`, otherwise broken into two with the first as full as possible.
fn two_rows(name: &str, room: f64) -> Vec<String> {
    let fits = |text: &str| font::width(text, TICK, false) <= room;
    if fits(name) {
        return vec![name.to_owned()];
    }
    // Breaks after a space, or after a hyphen, which is kept.
    let mut breaks = name.match_indices([' ', '-', '_']).map(|(at, mark)| at + mark.len());
    let fitting = breaks.rfind(|at| fits(name[..*at].trim_end()));
    match fitting {
        Some(at) => vec![name[..at].trim_end().to_owned(), name[at..].to_owned()],
        None => vec![name.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_broken_at_words() {
        let room = font::width("threshold-fastest", TICK, false) + 1.0;
        assert_eq!(two_rows("threshold-fastest", room), ["threshold-fastest"]);
        assert_eq!(two_rows("threshold-fastest with price", room), ["threshold-fastest", "with price"]);
        assert_eq!(two_rows("threshold-cheapest-first", room), ["threshold-", "cheapest-first"]);
    }

    #[test]
    fn bars_stack_on_either_side_of_zero() {
        let series = |v: f64| BarSeries { values: vec![Interval::exact(v)], ..BarSeries::default() };
        let mut bars = Bars {
            groups: vec!["g".into()],
            series: vec![series(2.0), series(-1.0), series(f64::NAN), series(3.0)],
            stacked: true,
            ..Bars::default()
        };
        assert_eq!(bars.bars(0), [Some((0.0, 2.0)), Some((0.0, -1.0)), None, Some((2.0, 5.0))]);
        bars.stacked = false;
        assert_eq!(bars.bars(0), [Some((0.0, 2.0)), Some((0.0, -1.0)), None, Some((0.0, 3.0))]);
    }
}
