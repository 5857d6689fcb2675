//! Allocations among three players, in a triangle: the Core of their game and points such as the Shapley
//! value.

use super::axis::{quantity, ticks, usable};
use super::canvas::{Anchor, Canvas, Point, Rect, Text, distance};
use super::font;
use super::frame::{self, LEAST, TICK, TITLE};
use super::legend::{Entry, Key};
use super::palette::{BLUE, Colour, FAINT, GREEN, GRID, INK, Marker, VERMILION};

/// Allocations of `total` among three players.
///
/// A point of the triangle is an allocation: the first player gets more towards the left corner, the second
/// towards the right corner, the third towards the top. On the opposite side a player gets the minimum,
/// `least`.
#[derive(Debug, Clone, Default)]
pub struct Ternary {
    /// Names of the players.
    pub players: [String; 3],
    /// Quantity allocated, for example `profit`.
    pub label: String,
    /// Unit.
    pub unit: String,
    /// Total to allocate.
    pub total: f64,
    /// Minimum of each player, for example its value alone; defines the sides of the triangle.
    pub least: [f64; 3],
    /// Extreme points of the Core in their order around it: three or more, two (a line) or one; none if it is
    /// empty.
    pub core: Vec<[f64; 3]>,
    /// Named points, such as the Shapley value.
    pub points: Vec<(String, [f64; 3])>,
}

/// Colours of the players' axes.
const PLAYERS: [Colour; 3] = [BLUE, VERMILION, GREEN];
const CORE: Colour = super::palette::SKY;

/// The triangle on the canvas.
struct Triangle {
    corners: [Point; 3],
    least: [f64; 3],
    surplus: f64,
}

impl Triangle {
    fn place(&self, division: [f64; 3]) -> Option<Point> {
        let share = |i: usize| (division[i] - self.least[i]) / self.surplus;
        let shares = [share(0), share(1), share(2)];
        let sum: f64 = shares.iter().sum();
        // Allocations of more or less than the total are projected onto it.
        let along = |i: usize| shares[i] + (1.0 - sum) / 3.0;
        let inside = (0..3).all(|i| usable(shares[i]) && along(i) >= -1e-6);
        let at = |f: &dyn Fn(Point) -> f64| (0..3).map(|i| along(i) * f(self.corners[i])).sum();
        inside.then(|| (at(&|p| p.0), at(&|p| p.1)))
    }
    /// Ends of the line on which player `i` gets `value`, starting from the side with this player's ticks.
    fn level(&self, i: usize, value: f64) -> (Point, Point) {
        let share = ((value - self.least[i]) / self.surplus).clamp(0.0, 1.0);
        let towards = |other: usize| {
            let (a, b) = (self.corners[other], self.corners[i]);
            (a.0 + (b.0 - a.0) * share, a.1 + (b.1 - a.1) * share)
        };
        (towards((i + 1) % 3), towards((i + 2) % 3))
    }
}

impl Ternary {
    pub(super) fn entries(&self) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::new();
        entries.push(match self.core.len() {
            0 => Entry::new("the Core is empty", Key::Marker(FAINT, Marker::Circle, true)),
            1 => Entry::new("Core (one point)", Key::Marker(CORE, Marker::Circle, false)),
            2 => Entry::new("Core (a line)", Key::Line(CORE, super::palette::Dash::Solid)),
            _ => Entry::new("Core", Key::Area(CORE.over(super::palette::WHITE, 0.5))),
        });
        entries.extend(
            self.points.iter().enumerate().map(|(i, (name, _))| {
                Entry::new(name, Key::Marker(Colour::of_line(i), Marker::of(i), false))
            }),
        );
        entries
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, area: &Rect) {
        let surplus = self.total - self.least.iter().sum::<f64>();
        let size = self.total.abs() + self.least.iter().map(|v| v.abs()).sum::<f64>();
        // Written so that values that are not numbers are rejected too.
        let divides = usable(surplus) && usable(size) && surplus > 1e-9 * size;
        if !divides {
            return frame::draw_no_data(canvas, area);
        }
        // Room for ticks and axis names on the sides, and for player names at the corners.
        let level = |i: usize| ticks(self.least[i], self.least[i] + surplus, 6);
        let widest =
            (0..3).flat_map(level).map(|tick| font::width(&tick.text, TICK, false)).fold(0.0, f64::max);
        let free = area.inset(widest + 26.0, 24.0, widest + 26.0, 42.0);
        let height = free.height().min(free.width() * 0.75f64.sqrt());
        let side = height / 0.75f64.sqrt();
        if height < 1.5 * LEAST {
            return frame::draw_no_room(canvas, area);
        }
        let (middle, _) = free.centre();
        let bottom = free.y1 - 0.5 * (free.height() - height);
        let corners =
            [(middle - side / 2.0, bottom), (middle + side / 2.0, bottom), (middle, bottom - height)];
        let triangle = Triangle { corners, least: self.least, surplus };
        let plot = Rect::new(corners[0].0, corners[2].1, corners[1].0, bottom);
        canvas.plots.push(plot);
        for i in 0..3 {
            self.draw_axis(canvas, &triangle, i);
        }
        self.draw_names(canvas, &triangle, area);
        let outline: Vec<Point> = (0..4).map(|i| corners[i % 3]).collect();
        self.draw_core(canvas, &triangle);
        canvas.line(&outline, 1.2, FAINT);
        let shown = self
            .points
            .iter()
            .enumerate()
            .filter_map(|(i, (_, division))| Some((i, triangle.place(*division)?)));
        // Named in the legend, because the points of a game lie close together.
        for (i, at) in shown {
            canvas.marker(Marker::of(i), at, 5.0, Colour::of_line(i), false);
        }
    }

    /// Draws the levels of one player, with ticks on the side that ends at its corner.
    fn draw_axis(&self, canvas: &mut Canvas, triangle: &Triangle, i: usize) {
        let colour = PLAYERS[i];
        let (low, high) = (self.least[i], self.least[i] + triangle.surplus);
        let most = (distance(triangle.corners[0], triangle.corners[1]) / 60.0).clamp(1.0, 6.0) as usize;
        for tick in ticks(low, high, most) {
            let (from, to) = triangle.level(i, tick.at);
            if distance(from, to) > 1.0 {
                canvas.line(&[from, to], 0.8, GRID.over(colour, 0.75));
            }
            // The side with the ticks runs from the next player's corner to this one's.
            let outward = [(0.45, 0.9), (0.9, -0.45), (-1.0, 0.0)][i];
            let end = |d: f64| (from.0 + d * outward.0, from.1 + d * outward.1);
            canvas.line(&[from, end(5.0)], 1.0, colour);
            let text = Text::new(&tick.text, end(9.0), TICK).colour(colour);
            canvas.text(match i {
                0 => Text { at: (end(9.0).0, end(9.0).1 + 8.0), ..text }.anchor(Anchor::Middle),
                1 => text.centred(),
                _ => text.anchor(Anchor::End).centred(),
            });
        }
    }

    /// Draws the names of the players at their corners, and the allocated quantity between the lower two.
    fn draw_names(&self, canvas: &mut Canvas, triangle: &Triangle, area: &Rect) {
        let [left, right, top] = triangle.corners;
        let below = left.1 + 34.0;
        let (from, to) = (area.x0.max(left.0 - 90.0), area.x1.min(right.0 + 90.0));
        let half = 0.5 * (to - from) - 8.0;
        let name = |i: usize, at: Point| {
            Text::new(&self.players[i], at, TITLE).bold().colour(PLAYERS[i]).within(half)
        };
        let left = name(0, (from, below));
        let right = name(1, (to, below)).anchor(Anchor::End);
        canvas.text(name(2, (top.0, top.1 - 10.0)).anchor(Anchor::Middle));
        let sum = super::axis::titled(&self.label, &self.unit);
        let (from, to) = (left.bounds().x1, right.bounds().x0);
        let total =
            Text::new(format!("{sum}, {} in all", quantity(self.total)), (from.midpoint(to), below), TICK);
        canvas.text(total.colour(FAINT).within(to - from - 16.0).anchor(Anchor::Middle));
        canvas.text(left);
        canvas.text(right);
    }

    fn draw_core(&self, canvas: &mut Canvas, triangle: &Triangle) {
        let corners: Vec<Point> = self.core.iter().filter_map(|c| triangle.place(*c)).collect();
        match corners.as_slice() {
            [] => {}
            [only] => canvas.disc(*only, 6.0, CORE, 1.0),
            [a, b] => canvas.line(&[*a, *b], 5.0, CORE),
            _ => {
                let mut outline = corners.clone();
                outline.push(corners[0]);
                canvas.polygon(corners, CORE, 0.45);
                canvas.line(&outline, 1.5, INK.over(CORE, 0.4));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_and_centre_stand_where_they_should() {
        let corners = [(0.0, 9.0), (10.0, 9.0), (5.0, 0.0)];
        let triangle = Triangle { corners, least: [1.0, 2.0, 3.0], surplus: 6.0 };
        assert_eq!(triangle.place([7.0, 2.0, 3.0]), Some(corners[0]));
        assert_eq!(triangle.place([1.0, 8.0, 3.0]), Some(corners[1]));
        assert_eq!(triangle.place([1.0, 2.0, 9.0]), Some(corners[2]));
        let centre = triangle.place([3.0, 4.0, 5.0]).unwrap();
        assert!((centre.0 - 5.0).abs() < 1e-12 && (centre.1 - 6.0).abs() < 1e-12);
        assert_eq!(triangle.place([0.0, 5.0, 7.0]), None, "less than alone is outside");
        let (from, to) = triangle.level(0, 4.0);
        assert_eq!((from, to), ((5.0, 9.0), (2.5, 4.5)));
    }
}
