//! Legends: beside a panel's title where there is room, otherwise in separate rows below it. Never over data.

use super::canvas::{Anchor, Canvas, Point, Rect, Text};
use super::font;
use super::palette::{Colour, Dash, FAINT, GREY, Marker};

/// Symbol in front of a name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Key {
    /// A filled box.
    Area(Colour),
    /// A line segment.
    Line(Colour, Dash),
    /// A line segment on a band.
    Band(Colour, Dash),
    /// A marker; hollow or not.
    Marker(Colour, Marker, bool),
    /// A marker with whiskers.
    Whiskers(Colour),
    /// A disc or square with this radius.
    Sized(Colour, Marker, f64),
}

/// One entry of a legend.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub name: String,
    pub key: Key,
}

impl Entry {
    pub fn new(name: impl Into<String>, key: Key) -> Self {
        Self { name: name.into(), key }
    }
    fn key_width(&self) -> f64 {
        match self.key {
            Key::Sized(_, _, radius) => 2.0 * radius,
            Key::Marker(..) => 10.0,
            Key::Area(_) => 14.0,
            _ => 22.0,
        }
    }
    fn width(&self) -> f64 {
        self.key_width() + BETWEEN + font::width(&self.name, SIZE, false)
    }
}

const SIZE: f64 = 12.0;
/// Height of a row [pixels].
pub(super) const ROW: f64 = 18.0;
const BETWEEN: f64 = 6.0;
const GAP: f64 = 18.0;
/// Maximum width of a name [pixels].
const LONGEST: f64 = 230.0;
/// Room for the note about omitted entries [pixels].
const MORE: f64 = 90.0;
const MOST_ROWS: usize = 4;

/// Entries arranged in rows.
#[derive(Debug, Default)]
pub(super) struct Legend {
    rows: Vec<Vec<Entry>>,
    /// Number of entries that did not fit.
    left_out: usize,
}

impl Legend {
    /// As many of `entries` as fit four rows of `width`; names are shortened first. Entries without a name
    /// are omitted.
    pub fn new(entries: Vec<Entry>, width: f64) -> Self {
        let mut legend = Self::default();
        let (mut x, mut full) = (f64::INFINITY, false);
        for mut entry in entries.into_iter().filter(|e| !e.name.trim().is_empty()) {
            // Reserves room for "and 99 more", in case this entry begins the last row.
            let room =
                LONGEST.min(width - entry.key_width() - BETWEEN - if width > 250.0 { MORE } else { 0.0 });
            entry.name = font::shortened(&entry.name, SIZE, false, room);
            let needed = entry.width();
            let last = legend.rows.len() == MOST_ROWS;
            let reserved = if last { MORE } else { 0.0 };
            full |= entry.name.is_empty() || (last && x + needed > width - reserved);
            if full {
                legend.left_out += 1;
                continue;
            }
            if x + needed > width - reserved {
                legend.rows.push(Vec::new());
                x = 0.0;
            }
            x += needed + GAP;
            if let Some(row) = legend.rows.last_mut() {
                row.push(entry);
            }
        }
        legend
    }

    /// Total height of the rows [pixels].
    pub fn height(&self) -> f64 {
        self.rows.len() as f64 * ROW
    }

    /// Width, if the legend is one row and nothing is omitted.
    pub fn width_of_one_row(&self) -> Option<f64> {
        match self.rows.as_slice() {
            [row] if self.left_out == 0 => {
                Some(row.iter().map(Entry::width).sum::<f64>() + GAP * (row.len() - 1) as f64)
            }
            _ => None,
        }
    }

    /// Draws the legend with its upper left corner at `corner`.
    pub fn draw(&self, canvas: &mut Canvas, corner: Point) {
        let mut right = corner.0;
        for (i, row) in self.rows.iter().enumerate() {
            let middle = corner.1 + (i as f64 + 0.5) * ROW;
            let mut x = corner.0;
            for entry in row {
                draw_key(canvas, entry, (x, middle));
                let at = (x + entry.key_width() + BETWEEN, middle);
                canvas.text(Text::new(&entry.name, at, SIZE).centred());
                x += entry.width() + GAP;
            }
            right = right.max(x - GAP);
            if i + 1 == self.rows.len() && self.left_out > 0 {
                let text = format!("and {} more", self.left_out);
                canvas.text(Text::new(text, (x, middle), SIZE).colour(FAINT).anchor(Anchor::Start).centred());
            }
        }
        if !self.rows.is_empty() {
            canvas.legends.push(Rect::new(corner.0, corner.1, right, corner.1 + self.height()));
        }
    }
}

fn draw_key(canvas: &mut Canvas, entry: &Entry, (x, y): Point) {
    let width = entry.key_width();
    let line = [(x, y), (x + width, y)];
    match entry.key {
        Key::Area(colour) => {
            canvas.rectangle(Rect::new(x, y - 5.5, x + width, y + 5.5), colour, 1.0);
        }
        Key::Line(colour, dash) => canvas.dashed(&line, 2.0, colour, dash),
        Key::Band(colour, dash) => {
            canvas.rectangle(Rect::new(x, y - 5.5, x + width, y + 5.5), colour, 0.2);
            canvas.dashed(&line, 2.0, colour, dash);
        }
        Key::Marker(colour, marker, hollow) => {
            canvas.marker(marker, (x + width / 2.0, y), 4.5, colour, hollow);
        }
        Key::Whiskers(colour) => {
            canvas.line(&line, 1.5, colour);
            for end in line {
                canvas.line(&[(end.0, y - 4.0), (end.0, y + 4.0)], 1.5, colour);
            }
        }
        Key::Sized(colour, marker, radius) => {
            let at = (x + radius, y);
            let radius = radius.min(ROW / 2.0);
            match marker {
                Marker::Circle => {
                    canvas.disc(at, radius, colour, 0.55);
                }
                _ => canvas.rectangle(
                    Rect::new(at.0 - radius, y - radius, at.0 + radius, y + radius),
                    if colour == GREY { FAINT } else { colour },
                    1.0,
                ),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::palette::BLUE;

    fn legend(count: usize, name: &str, width: f64) -> (Legend, Canvas) {
        let entries = (0..count).map(|i| Entry::new(format!("{name} {i}"), Key::Area(BLUE))).collect();
        let legend = Legend::new(entries, width);
        let mut canvas = Canvas::default();
        legend.draw(&mut canvas, (0.0, 0.0));
        (legend, canvas)
    }

    #[test]
    fn rows_stay_within_their_width() {
        for (count, name, width) in
            [(3, "a", 300.0), (40, "operator", 500.0), (12, &"long ".repeat(40), 320.0)]
        {
            let (legend, canvas) = legend(count, name, width);
            assert!(canvas.legends[0].x1 <= width + 1.0);
            assert!(legend.height() <= 4.0 * ROW);
            let shown: usize = legend.rows.iter().map(Vec::len).sum();
            assert_eq!(shown + legend.left_out, count);
        }
        assert!(legend(3, "a", 300.0).0.width_of_one_row().is_some());
        assert!(legend(40, "operator", 500.0).0.width_of_one_row().is_none());
        assert_eq!(legend(5, "a", 10.0).0.height(), 0.0);
    }
}
