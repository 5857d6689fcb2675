//! Names beside points: each at the first free place around its point, or omitted.

use super::canvas::{Anchor, Canvas, Point, Rect, Shape, Text};
use super::palette::{FAINT, WHITE};

/// Size of the names [pixels per em].
const SIZE: f64 = 11.5;
/// Maximum width of a name [pixels].
const LONGEST: f64 = 170.0;
/// Distances from a marker at which names are tried [pixels]; from the second on with a line to the point.
const RINGS: [f64; 4] = [4.0, 14.0, 26.0, 40.0];
/// Maximum number of names tried.
const MOST: usize = 300;

/// Occupied areas.
pub(super) struct Labels {
    within: Rect,
    taken: Vec<Rect>,
    tried: usize,
    far: bool,
}

impl Labels {
    /// Labels inside `within` that avoid the texts already in `canvas`. With `far`, also at some distance,
    /// connected to their point by a line.
    pub fn new(within: Rect, canvas: &Canvas, far: bool) -> Self {
        let texts = canvas.shapes.iter().filter_map(|shape| match shape {
            Shape::Text(text) => Some(text.bounds()).filter(|bounds| bounds.overlaps(&within)),
            _ => None,
        });
        Self { within, taken: texts.collect(), tried: 0, far }
    }

    /// Reserves `rect`, so that nothing is written on it.
    pub fn keep_off(&mut self, rect: Rect) {
        self.taken.push(rect);
    }

    /// Writes `name` near the marker of `radius` at `at`. Returns whether there was room.
    pub fn write(&mut self, canvas: &mut Canvas, name: &str, at: Point, radius: f64) -> bool {
        if name.trim().is_empty() || self.tried >= MOST {
            return false;
        }
        self.tried += 1;
        for (ring, beyond) in RINGS.into_iter().enumerate().take(if self.far { RINGS.len() } else { 1 }) {
            let (r, d) = (radius + beyond, (radius + beyond) * 0.75);
            let places = [
                (r, 0.0, Anchor::Start),
                (-r, 0.0, Anchor::End),
                (0.0, -r - 4.0, Anchor::Middle),
                (0.0, r + 4.0, Anchor::Middle),
                (d, -d - 2.0, Anchor::Start),
                (d, d + 2.0, Anchor::Start),
                (-d, -d - 2.0, Anchor::End),
                (-d, d + 2.0, Anchor::End),
            ];
            for (dx, dy, anchor) in places {
                let place = (at.0 + dx, at.1 + dy);
                let text = Text::new(name, place, SIZE).within(LONGEST.min(self.within.width()));
                let text = text.anchor(anchor).centred();
                let bounds = text.bounds();
                let free = self.within.contains((bounds.x0, bounds.y0))
                    && self.within.contains((bounds.x1, bounds.y1))
                    && !self.taken.iter().any(|taken| taken.overlaps(&bounds));
                if free && !text.text.is_empty() {
                    if ring > 0 {
                        canvas.line(&[at, bounds.clamp(at)], 0.8, FAINT);
                    }
                    // A translucent background keeps grid lines off the letters.
                    canvas.rectangle(bounds, WHITE, 0.65);
                    canvas.text(text);
                    self.taken.push(bounds);
                    return true;
                }
            }
        }
        false
    }
}
