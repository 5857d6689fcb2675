//! The frame of a plot: room needed by axes, and drawing of axes.

use super::axis::{Axis, Scale, Tick};
use super::canvas::{Anchor, Canvas, Point, Rect, Text};
use super::font;
use super::palette::{FAINT, GRID, INK};

/// Size of tick labels [pixels per em].
pub(super) const TICK: f64 = 11.5;
/// Size of axis titles [pixels per em].
pub(super) const TITLE: f64 = 12.0;
/// Height of a row of tick labels with the space above it [pixels].
pub(super) const TICK_ROW: f64 = 20.0;
/// Height of an axis title with the space around it [pixels].
pub(super) const TITLE_ROW: f64 = 19.0;
/// Distance between an axis and its tick labels [pixels].
pub(super) const BETWEEN: f64 = 6.0;
/// Minimum width and height of an area in which data are still drawn [pixels].
pub(super) const LEAST: f64 = 24.0;

/// Vertical scale of `range` on an axis `height` pixels high.
pub(super) fn vertical(axis: &Axis, range: (f64, f64), height: f64) -> Scale {
    let most = (height / 30.0).clamp(1.0, 8.0) as usize;
    axis.scale(range, most, &|ticks| ticks.len() <= most + 1)
}

/// Horizontal scale of `range` on an axis `width` pixels wide, without touching labels.
pub(super) fn horizontal(axis: &Axis, range: (f64, f64), width: f64) -> Scale {
    let most = (width / 50.0).clamp(1.0, 14.0) as usize;
    let (low, high) = range;
    axis.scale(range, most, &|ticks| {
        let place = |tick: &Tick| width * (tick.at - low) / (high - low);
        ticks.windows(2).all(|pair| {
            let half = |tick: &Tick| 0.5 * font::width(&tick.text, TICK, false);
            place(&pair[1]) - place(&pair[0]) > half(&pair[0]) + half(&pair[1]) + 10.0
        }) && ticks.iter().all(|tick| font::width(&tick.text, TICK, false) < width)
    })
}

/// Width of tick labels and title beside a vertical axis [pixels].
pub(super) fn beside(scale: &Scale, title: &str) -> f64 {
    let widest = scale.ticks.iter().map(|t| font::width(&t.text, TICK, false)).fold(0.0, f64::max);
    widest + BETWEEN + if title.is_empty() { 2.0 } else { TITLE_ROW + 2.0 }
}

/// Height of tick labels and title below a horizontal axis [pixels].
pub(super) fn below(title: &str) -> f64 {
    TICK_ROW + if title.is_empty() { 0.0 } else { TITLE_ROW }
}

/// Draws a horizontal axis at the bottom of `plot`, with grid lines if `grid` is set.
pub(super) fn draw_bottom(
    canvas: &mut Canvas,
    plot: &Rect,
    scale: &Scale,
    title: &str,
    outer: &Rect,
    grid: bool,
) {
    for tick in &scale.ticks {
        let x = scale.place(tick.at, plot.x0, plot.x1);
        if grid {
            canvas.rule((x, plot.y0), (x, plot.y1), GRID);
        }
        canvas.rule((x, plot.y1), (x, plot.y1 + 4.0), FAINT);
        let half = 0.5 * font::width(&tick.text, TICK, false);
        if 2.0 * half <= outer.width() {
            let x = x.clamp(outer.x0 + half, (outer.x1 - half).max(outer.x0 + half));
            let at = (x, plot.y1 + TICK_ROW - 4.5);
            canvas.text(Text::new(&tick.text, at, TICK).anchor(Anchor::Middle));
        }
    }
    canvas.rule((plot.x0, plot.y1), (plot.x1, plot.y1), FAINT);
    let at = (plot.centre().0, plot.y1 + TICK_ROW + TITLE_ROW - 5.5);
    // Centred under the plot, and as long as the room on both sides allows.
    let room = 2.0 * (at.0 - outer.x0).min(outer.x1 - at.0);
    canvas.text(Text::new(title, at, TITLE).within(room).anchor(Anchor::Middle));
}

/// Draws a vertical axis left of `plot`, with grid lines.
pub(super) fn draw_left(canvas: &mut Canvas, plot: &Rect, scale: &Scale, title: &str, outer: &Rect) {
    for tick in &scale.ticks {
        let y = scale.place(tick.at, plot.y1, plot.y0);
        canvas.rule((plot.x0, y), (plot.x1, y), GRID);
        draw_tick(canvas, tick, (plot.x0 - BETWEEN, y), Anchor::End);
    }
    let at = (outer.x0 + 0.76 * TITLE, plot.centre().1);
    draw_upwards(canvas, title, at, plot, outer);
}

/// Draws a second vertical axis, right of `plot`.
pub(super) fn draw_right(canvas: &mut Canvas, plot: &Rect, scale: &Scale, title: &str, outer: &Rect) {
    for tick in &scale.ticks {
        let y = scale.place(tick.at, plot.y1, plot.y0);
        canvas.rule((plot.x1, y), (plot.x1 + 4.0, y), FAINT);
        draw_tick(canvas, tick, (plot.x1 + BETWEEN + 1.0, y), Anchor::Start);
    }
    canvas.rule((plot.x1, plot.y0), (plot.x1, plot.y1), FAINT);
    draw_upwards(canvas, title, (outer.x1 - 0.3 * TITLE, plot.centre().1), plot, outer);
}

fn draw_tick(canvas: &mut Canvas, tick: &Tick, at: Point, anchor: Anchor) {
    canvas.text(Text::new(&tick.text, at, TICK).anchor(anchor).centred());
}

fn draw_upwards(canvas: &mut Canvas, title: &str, at: Point, plot: &Rect, outer: &Rect) {
    let room = 2.0 * (at.1 - outer.y0).min(plot.y1 + TICK_ROW - at.1);
    canvas.text(Text::new(title, at, TITLE).within(room).anchor(Anchor::Middle).turned());
}

/// Placeholder for a chart without data.
pub(super) fn draw_no_data(canvas: &mut Canvas, area: &Rect) {
    draw_note(canvas, area, "no data");
}

/// Placeholder for a chart that would be too small to read.
pub(super) fn draw_no_room(canvas: &mut Canvas, area: &Rect) {
    draw_note(canvas, area, "too small to draw");
}

fn draw_note(canvas: &mut Canvas, area: &Rect, note: &str) {
    if area.height() < 16.0 {
        return;
    }
    let text = Text::new(note, area.centre(), 13.0).within(area.width());
    canvas.text(text.colour(FAINT).anchor(Anchor::Middle).centred());
}

/// Draws a darker line at zero if the scale extends to both sides of it.
pub(super) fn draw_zero(canvas: &mut Canvas, plot: &Rect, scale: &Scale) {
    if scale.low < 0.0 && scale.high > 0.0 {
        let y = scale.place(0.0, plot.y1, plot.y0);
        canvas.rule((plot.x0, y), (plot.x1, y), INK);
    }
}
