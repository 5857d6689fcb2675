//! Intermediate form of a picture before it becomes SVG or PNG: a list of lines, areas and texts in pixels.
//!
//! Charts draw into a [`Canvas`] and know nothing of file formats; `paint` converts the list into either
//! format. Coordinates are fractions of pixels, x to the right, y down. Nothing here can fail: shapes without
//! a finite position are omitted.

use super::font;
use super::palette::{Colour, Dash, INK, Marker, WHITE};

/// A position on the canvas [pixels].
pub(super) type Point = (f64, f64);

/// An axis-aligned rectangle [pixels], `x0 <= x1` and `y0 <= y1`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rect {
    pub x0: f64,
    pub y0: f64,
    pub x1: f64,
    pub y1: f64,
}

impl Rect {
    pub fn new(x0: f64, y0: f64, x1: f64, y1: f64) -> Self {
        Self { x0, y0, x1: x1.max(x0), y1: y1.max(y0) }
    }
    pub fn width(&self) -> f64 {
        self.x1 - self.x0
    }
    pub fn height(&self) -> f64 {
        self.y1 - self.y0
    }
    pub fn centre(&self) -> Point {
        (self.x0.midpoint(self.x1), self.y0.midpoint(self.y1))
    }
    /// This rectangle reduced by margins.
    pub fn inset(&self, left: f64, top: f64, right: f64, bottom: f64) -> Self {
        Self::new(self.x0 + left, self.y0 + top, self.x1 - right, self.y1 - bottom)
    }
    pub fn contains(&self, (x, y): Point) -> bool {
        (self.x0..=self.x1).contains(&x) && (self.y0..=self.y1).contains(&y)
    }
    /// The nearest point inside the rectangle.
    pub fn clamp(&self, (x, y): Point) -> Point {
        (x.clamp(self.x0, self.x1), y.clamp(self.y0, self.y1))
    }
    pub fn overlaps(&self, other: &Self) -> bool {
        self.x0 < other.x1 && other.x0 < self.x1 && self.y0 < other.y1 && other.y0 < self.y1
    }
}

/// End of a text that is placed at its anchor point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A text; its position is on the baseline.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Text {
    pub text: String,
    pub at: Point,
    pub anchor: Anchor,
    /// Pixels per em.
    pub size: f64,
    pub bold: bool,
    pub colour: Colour,
    /// Whether the text runs upwards.
    pub turned: bool,
}

impl Text {
    pub fn new(text: impl Into<String>, at: Point, size: f64) -> Self {
        let text = text.into();
        // XML cannot represent most control characters, and none of them has a glyph.
        let text = text
            .chars()
            .map(|c| if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') { ' ' } else { c });
        Self {
            text: text.collect(),
            at,
            anchor: Anchor::Start,
            size,
            bold: false,
            colour: INK,
            turned: false,
        }
    }
    pub fn anchor(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        self
    }
    pub fn bold(mut self) -> Self {
        self.bold = true;
        self
    }
    pub fn colour(mut self, colour: Colour) -> Self {
        self.colour = colour;
        self
    }
    pub fn turned(mut self) -> Self {
        self.turned = true;
        self
    }
    /// Moves the text down so that its capitals are centred on its position (right, if rotated).
    pub fn centred(mut self) -> Self {
        let down = 0.5 * font::CAPITAL_EM * self.size;
        if self.turned {
            self.at.0 += down
        } else {
            self.at.1 += down
        }
        self
    }
    /// Shortens the text to `room` pixels.
    pub fn within(mut self, room: f64) -> Self {
        self.text = font::shortened(&self.text, self.size, self.bold, room);
        self
    }
    /// Bounding box, from the descender of a "g" to the top of a "T".
    pub fn bounds(&self) -> Rect {
        let width = font::width(&self.text, self.size, self.bold);
        let before = match self.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => 0.5 * width,
            Anchor::End => width,
        };
        let (up, down) = (0.76 * self.size, 0.22 * self.size);
        let (x, y) = self.at;
        if self.turned {
            Rect::new(x - up, y + before - width, x + down, y + before)
        } else {
            Rect::new(x - before, y - up, x - before + width, y + down)
        }
    }
}

/// One shape to draw; later shapes cover earlier ones.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// An open path with round joints.
    Path { points: Vec<Point>, width: f64, colour: Colour },
    /// A filled polygon.
    Polygon { points: Vec<Point>, colour: Colour, opacity: f64 },
    /// A filled rectangle.
    Rectangle { rect: Rect, colour: Colour, opacity: f64 },
    /// A filled disc.
    Disc { at: Point, radius: f64, colour: Colour, opacity: f64 },
    /// A text.
    Text(Text),
}

/// Maximum number of strokes in one dashed line; beyond this it is drawn solid.
const MAX_DASHES: f64 = 20_000.0;

/// A list of shapes, and the positions of data and legends.
#[derive(Debug, Default)]
pub(super) struct Canvas {
    pub shapes: Vec<Shape>,
    /// Areas of data, for the tests.
    pub plots: Vec<Rect>,
    /// Areas of legends, for the tests.
    pub legends: Vec<Rect>,
}

impl Canvas {
    /// Draws a line through `points`.
    pub fn line(&mut self, points: &[Point], width: f64, colour: Colour) {
        let points: Vec<Point> = points.iter().copied().filter(finite).collect();
        if points.len() > 1 {
            self.shapes.push(Shape::Path { points, width, colour });
        }
    }

    /// Draws a straight line along an axis, moved to the middle of a pixel so that it is sharp on a screen.
    pub fn rule(&mut self, from: Point, to: Point, colour: Colour) {
        let snap = |(x, y): Point| (x.floor() + 0.5, y.floor() + 0.5);
        self.line(&[snap(from), snap(to)], 1.0, colour);
    }

    /// Draws a line broken by `dash`.
    pub fn dashed(&mut self, points: &[Point], width: f64, colour: Colour, dash: Dash) {
        let pattern = dash.pattern();
        let length: f64 = points.windows(2).map(|ends| distance(ends[0], ends[1])).sum();
        let period: f64 = pattern.iter().sum::<f64>() * width;
        if pattern.is_empty() || !length.is_finite() || period <= 0.0 || length / period * 2.0 > MAX_DASHES {
            return self.line(points, width, colour);
        }
        let mut stroke: Vec<Point> = points.first().copied().into_iter().collect();
        let (mut part, mut left) = (0, pattern[0] * width);
        for ends in points.windows(2) {
            let whole = distance(ends[0], ends[1]);
            let mut done = 0.0;
            while whole - done > left {
                done += left;
                let share = done / whole;
                let at = (
                    ends[0].0 + (ends[1].0 - ends[0].0) * share,
                    ends[0].1 + (ends[1].1 - ends[0].1) * share,
                );
                stroke.push(at);
                if part % 2 == 0 {
                    self.line(&stroke, width, colour);
                }
                stroke = vec![at];
                part = (part + 1) % pattern.len();
                left = pattern[part] * width;
            }
            left -= whole - done;
            stroke.push(ends[1]);
        }
        if part % 2 == 0 {
            self.line(&stroke, width, colour);
        }
    }

    /// Draws a filled polygon.
    pub fn polygon(&mut self, points: Vec<Point>, colour: Colour, opacity: f64) {
        if points.len() > 2 && points.iter().all(finite) {
            self.shapes.push(Shape::Polygon { points, colour, opacity });
        }
    }

    /// Draws a filled rectangle.
    pub fn rectangle(&mut self, rect: Rect, colour: Colour, opacity: f64) {
        if [rect.x0, rect.y0, rect.x1, rect.y1].iter().all(|v| v.is_finite()) {
            self.shapes.push(Shape::Rectangle { rect, colour, opacity });
        }
    }

    /// Draws a filled disc.
    pub fn disc(&mut self, at: Point, radius: f64, colour: Colour, opacity: f64) {
        if finite(&at) && radius.is_finite() && radius > 0.0 {
            self.shapes.push(Shape::Disc { at, radius, colour, opacity });
        }
    }

    /// Draws a text unless it is blank.
    pub fn text(&mut self, text: Text) {
        if !text.text.trim().is_empty() && finite(&text.at) {
            self.shapes.push(Shape::Text(text));
        }
    }

    /// Draws a marker of `radius` with a white rim; `hollow` leaves its centre white.
    pub fn marker(&mut self, marker: Marker, at: Point, radius: f64, colour: Colour, hollow: bool) {
        self.mark(marker, at, radius + 1.0, WHITE);
        self.mark(marker, at, radius, colour);
        if hollow {
            self.mark(marker, at, radius - 1.4, WHITE);
        }
    }

    fn mark(&mut self, marker: Marker, (x, y): Point, r: f64, colour: Colour) {
        // Sized so that all markers look equally heavy.
        let corners: Vec<Point> = match marker {
            Marker::Circle => return self.disc((x, y), r, colour, 1.0),
            Marker::Square => {
                let r = 0.88 * r;
                return self.rectangle(Rect::new(x - r, y - r, x + r, y + r), colour, 1.0);
            }
            Marker::Triangle => vec![(0.0, -1.25), (1.15, 0.75), (-1.15, 0.75)],
            Marker::Diamond => vec![(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)],
            Marker::Wedge => vec![(0.0, 1.25), (1.15, -0.75), (-1.15, -0.75)],
        };
        self.polygon(corners.into_iter().map(|(dx, dy)| (x + r * dx, y + r * dy)).collect(), colour, 1.0);
    }
}

fn finite(point: &Point) -> bool {
    point.0.is_finite() && point.1.is_finite()
}

pub(super) fn distance(a: Point, b: Point) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// The part of the line from `a` to `b` inside `rect` (Liang and Barsky 1984).
pub(super) fn clip(rect: &Rect, a: Point, b: Point) -> Option<(Point, Point)> {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1);
    let (mut from, mut to) = (0.0f64, 1.0f64);
    for (step, room) in [(-dx, a.0 - rect.x0), (dx, rect.x1 - a.0), (-dy, a.1 - rect.y0), (dy, rect.y1 - a.1)]
    {
        if step == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if step < 0.0 {
            from = from.max(room / step);
        } else {
            to = to.min(room / step);
        }
    }
    let at = |share: f64| (a.0 + dx * share, a.1 + dy * share);
    (from <= to).then(|| (at(from), at(to)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_clipped_where_they_cross_the_edge() {
        let rect = Rect::new(0.0, 0.0, 10.0, 10.0);
        assert_eq!(clip(&rect, (-10.0, 5.0), (20.0, 5.0)), Some(((0.0, 5.0), (10.0, 5.0))));
        assert_eq!(clip(&rect, (5.0, 5.0), (5.0, 25.0)), Some(((5.0, 5.0), (5.0, 10.0))));
        assert_eq!(clip(&rect, (-1.0, 12.0), (20.0, 12.0)), None);
        assert_eq!(clip(&rect, (12.0, -5.0), (12.0, 5.0)), None);
    }

    #[test]
    fn dashes_cover_their_share_of_a_line() {
        let mut canvas = Canvas::default();
        canvas.dashed(&[(0.0, 0.0), (300.0, 0.0), (300.0, 300.0)], 2.0, INK, Dash::Dashed);
        let drawn: f64 = canvas
            .shapes
            .iter()
            .map(|shape| match shape {
                Shape::Path { points, .. } => {
                    points.windows(2).map(|ends| distance(ends[0], ends[1])).sum::<f64>()
                }
                _ => 0.0,
            })
            .sum();
        assert!((drawn - 600.0 * 5.0 / 7.5).abs() < 10.0, "{drawn}");
    }

    #[test]
    fn what_has_no_place_is_left_out() {
        let mut canvas = Canvas::default();
        canvas.line(&[(0.0, f64::NAN), (1.0, 1.0)], 1.0, INK);
        canvas.polygon(vec![(0.0, 0.0), (f64::INFINITY, 1.0), (1.0, 1.0)], INK, 1.0);
        canvas.disc((0.0, 0.0), f64::NAN, INK, 1.0);
        canvas.text(Text::new("  ", (0.0, 0.0), 12.0));
        assert!(canvas.shapes.is_empty());
        assert_eq!(Text::new("a\u{0}b\nc", (0.0, 0.0), 12.0).text, "a b c");
    }
}
