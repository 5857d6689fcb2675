//! A matrix shown in colours, for example requests by hour and weekday.

use super::axis::{Axis, Extent, quantity, usable};
use super::canvas::{Anchor, Canvas, Rect, Text};
use super::font;
use super::frame::{self, BETWEEN, LEAST, TICK, TICK_ROW, TITLE, TITLE_ROW};
use super::palette::{BLUE, Colour, FAINT, GREY, INK, VERMILION, WHITE};

/// A matrix of values.
#[derive(Debug, Clone, Default)]
pub struct Heat {
    /// Names of the rows, from top to bottom.
    pub rows: Vec<String>,
    /// Names of the columns, from left to right.
    pub columns: Vec<String>,
    /// Title of the columns, for example `hour of the day`.
    pub columns_label: String,
    /// Values, one list per row. Values that are not numbers are grey.
    pub values: Vec<Vec<f64>>,
    /// The quantity; its range is also that of the colours.
    pub value: Axis,
}

/// Maximum number of rows, and of columns, drawn.
const MOST: usize = 1_000;

impl Heat {
    fn get(&self, row: usize, column: usize) -> Option<f64> {
        self.values.get(row)?.get(column).copied().filter(|v| usable(*v))
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, area: &Rect) {
        let (rows, columns) = (self.rows.len().min(MOST), self.columns.len().min(MOST));
        let all = (0..rows).flat_map(|r| (0..columns).filter_map(move |c| self.get(r, c)));
        let Some((low, high)) = self.value.shown(Extent::of(all), 0.0) else {
            return frame::draw_no_data(canvas, area);
        };
        // White is zero if both signs occur, otherwise the least value.
        let two_sided = low < 0.0 && high > 0.0;
        let reach = low.abs().max(high.abs());
        let (low, high) = if two_sided { (-reach, reach) } else { (low, high) };
        let widest = self.rows.iter().map(|r| font::width(r, TICK, false)).fold(0.0, f64::max);
        let names = widest.min(0.3 * area.width()) + BETWEEN;
        let below = TICK_ROW + if self.columns_label.is_empty() { 0.0 } else { TITLE_ROW };
        let title = self.value.title();
        let scale = frame::vertical(&Axis::default(), (low, high), area.height() - below);
        let bar = 14.0 + frame::beside(&scale, &title);
        let plot = area.inset(names, 4.0, bar + 14.0, below);
        if plot.width() < LEAST || plot.height() < LEAST {
            return frame::draw_no_room(canvas, area);
        }
        canvas.plots.push(plot);
        let (w, h) = (plot.width() / columns as f64, plot.height() / rows as f64);
        let colour = |value: f64| shade((value - low) / (high - low), two_sided);
        for row in 0..rows {
            for column in 0..columns {
                let (x, y) = (plot.x0 + column as f64 * w, plot.y0 + row as f64 * h);
                // Thin white lines separate cells that are large enough.
                let free = if w.min(h) > 8.0 { 0.5 } else { 0.0 };
                let cell = Rect::new(x + free, y + free, x + w - free, y + h - free);
                let value = self.get(row, column);
                canvas.rectangle(cell, value.map_or(GREY, &colour), 1.0);
                let Some(value) = value else { continue };
                let text = Text::new(quantity(value), cell.centre(), 10.5);
                if font::width(&text.text, 10.5, false) < w - 6.0 && h > 15.0 {
                    let ink = if colour(value).is_dark() { WHITE } else { INK };
                    canvas.text(text.colour(ink).anchor(Anchor::Middle).centred());
                }
            }
        }
        let step = (13.0 / h).ceil().max(1.0) as usize;
        for (row, name) in self.rows.iter().take(rows).enumerate().step_by(step) {
            let at = (plot.x0 - BETWEEN, plot.y0 + (row as f64 + 0.5) * h);
            let text = Text::new(name, at, TICK).within(names - BETWEEN);
            canvas.text(text.anchor(Anchor::End).centred());
        }
        let widest = self.columns.iter().map(|c| font::width(c, TICK, false)).fold(0.0, f64::max);
        let step = ((widest.min(80.0) + 8.0) / w).ceil().max(1.0) as usize;
        for (column, name) in self.columns.iter().take(columns).enumerate().step_by(step) {
            let at = (plot.x0 + (column as f64 + 0.5) * w, plot.y1 + TICK_ROW - 5.0);
            let text = Text::new(name, at, TICK).within(w * step as f64 - 4.0);
            canvas.text(text.anchor(Anchor::Middle));
        }
        let at = (plot.centre().0, plot.y1 + TICK_ROW + TITLE_ROW - 5.5);
        canvas.text(Text::new(&self.columns_label, at, TITLE).within(plot.width()).anchor(Anchor::Middle));
        // Colour bar, with its scale on the right.
        let bar = Rect::new(plot.x1 + 14.0, plot.y0, plot.x1 + 28.0, plot.y1);
        let pieces = 64;
        for piece in 0..pieces {
            let share = f64::from(piece) / f64::from(pieces);
            let y = bar.y1 - share * bar.height();
            let rect = Rect::new(bar.x0, y - bar.height() / f64::from(pieces) - 0.2, bar.x1, y);
            canvas.rectangle(rect, shade(share + 0.5 / f64::from(pieces), two_sided), 1.0);
        }
        frame::draw_right(canvas, &bar, &scale, &title, area);
        canvas.rule((bar.x0, bar.y0), (bar.x0, bar.y1), FAINT);
    }
}

/// Colour of a share from 0 to 1: from nearly white to dark blue, or from vermilion through white to blue.
fn shade(share: f64, two_sided: bool) -> Colour {
    const DARK: Colour = Colour(8, 48, 107);
    let one_sided = |share: f64| {
        if share < 0.5 {
            BLUE.over(Colour(240, 246, 251), 2.0 * share)
        } else {
            DARK.over(BLUE, 2.0 * share - 1.0)
        }
    };
    match (two_sided, share < 0.5) {
        (false, _) => one_sided(share),
        (true, true) => VERMILION.over(WHITE, 1.0 - 2.0 * share),
        (true, false) => BLUE.over(WHITE, 2.0 * share - 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_is_darker() {
        let dark = |c: Colour| u32::from(c.0) + u32::from(c.1) + u32::from(c.2);
        let all: Vec<u32> = (0..=100).map(|i| dark(shade(f64::from(i) / 100.0, false))).collect();
        assert!(all.windows(2).all(|c| c[0] >= c[1]));
        assert_eq!(shade(0.5, true), WHITE);
        assert_eq!((shade(0.0, true), shade(1.0, true)), (VERMILION, BLUE));
    }
}
