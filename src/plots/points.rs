//! Points in a plane, with intervals and names where given.

use super::axis::usable;
use super::canvas::{Canvas, Rect};
use super::labels::Labels;
use super::legend::{Entry, Key};
use super::palette::{Colour, Marker};
use super::plane::{Extents, Field, Side, marker_of};

/// An estimate with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Estimate; not a number if there is none.
    pub mean: f64,
    /// Lower bound; not a number if there is no interval.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

impl Interval {
    /// An estimate with its bounds.
    pub fn new(mean: f64, lower: f64, upper: f64) -> Self {
        Self { mean, lower, upper }
    }
    /// A known number, without an interval.
    pub fn exact(value: f64) -> Self {
        Self::new(value, f64::NAN, f64::NAN)
    }
    /// Both bounds, if there are any.
    pub(super) fn ends(&self) -> Option<(f64, f64)> {
        let both = usable(self.mean) && usable(self.lower) && usable(self.upper);
        both.then(|| (self.lower.min(self.upper), self.lower.max(self.upper)))
    }
    /// Extent of the estimate and its interval.
    pub(super) fn values(&self) -> impl Iterator<Item = f64> {
        let (low, high) = self.ends().unwrap_or((f64::NAN, f64::NAN));
        let mean = self.mean;
        [mean, low, high].into_iter().filter(move |v| usable(mean) && usable(*v))
    }
}

/// Points of one kind.
#[derive(Debug, Clone, Default)]
pub struct Points {
    /// Name in the legend; empty for none.
    pub name: String,
    /// The points.
    pub points: Vec<NamedPoint>,
    /// Colour; chosen by position if `None`.
    pub colour: Option<Colour>,
    /// Marker; chosen by position if `None`.
    pub marker: Option<Marker>,
    /// Whether each point has a separate colour and marker.
    pub each_its_own: bool,
}

/// One point.
#[derive(Debug, Clone)]
pub struct NamedPoint {
    /// Label beside the point where there is room; empty for none.
    pub name: String,
    /// Estimate along x.
    pub x: Interval,
    /// Estimate along y.
    pub y: Interval,
}

impl NamedPoint {
    /// A point without label or interval.
    pub fn at(x: f64, y: f64) -> Self {
        Self { name: String::new(), x: Interval::exact(x), y: Interval::exact(y) }
    }
}

/// Radius of a marker [pixels].
const RADIUS: f64 = 4.5;

impl Points {
    fn look(&self, number: usize) -> (Colour, Marker) {
        (self.colour.unwrap_or_else(|| Colour::of_line(number)), marker_of(self.marker, number))
    }

    pub(super) fn entries(&self, number: usize) -> Vec<Entry> {
        let (colour, marker) = self.look(number);
        vec![Entry::new(&self.name, Key::Marker(colour, marker, false))]
    }

    pub(super) fn extents(&self, shows: &dyn Fn(f64) -> bool, all: &mut Extents) {
        for point in self.points.iter().filter(|p| shows(p.x.mean) && usable(p.y.mean)) {
            for x in point.x.values().filter(|x| shows(*x)) {
                point.y.values().for_each(|y| all.add(x, y, Side::Left));
            }
        }
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, field: &Field, number: usize) {
        let look = |i: usize| self.look(if self.each_its_own { number + i } else { number });
        let shown: Vec<_> = self
            .points
            .iter()
            .enumerate()
            .filter(|(_, p)| usable(p.x.mean) && usable(p.y.mean))
            .map(|(i, p)| (p, field.place((p.x.mean, p.y.mean)), look(i)))
            .filter(|(_, at, _)| field.plot.contains(*at))
            .collect();
        for (point, _, (colour, _)) in &shown {
            let line = |canvas: &mut Canvas, a, b| {
                let (a, b) = (field.plot.clamp(field.place(a)), field.plot.clamp(field.place(b)));
                canvas.line(&[a, b], 1.3, *colour);
            };
            if let Some((low, high)) = point.x.ends() {
                line(canvas, (low, point.y.mean), (high, point.y.mean));
            }
            if let Some((low, high)) = point.y.ends() {
                line(canvas, (point.x.mean, low), (point.x.mean, high));
            }
        }
        let whiskers: Vec<Rect> = shown
            .iter()
            .flat_map(|(point, at, _)| {
                let across = point.x.ends().map(|(a, b)| {
                    let place = |x| field.x.place(x, field.plot.x0, field.plot.x1);
                    Rect::new(place(a), at.1 - 1.0, place(b), at.1 + 1.0)
                });
                let upright = point.y.ends().map(|(a, b)| {
                    let place = |y| field.y.place(y, field.plot.y1, field.plot.y0);
                    Rect::new(at.0 - 1.0, place(b), at.0 + 1.0, place(a))
                });
                [across, upright]
            })
            .flatten()
            .collect();
        // Many points without labels form a cloud: they are smaller and translucent.
        let cloud = shown.len() > 200;
        for (_, at, (colour, marker)) in &shown {
            if cloud {
                canvas.disc(*at, 2.0, *colour, 0.5);
            } else {
                canvas.marker(*marker, *at, RADIUS, *colour, false);
            }
        }
        // Labels avoid the markers of all layers drawn so far.
        let mut labels = Labels::new(field.plot, canvas, true);
        whiskers.into_iter().for_each(|rect| labels.keep_off(rect));
        for (_, at, _) in shown.iter().filter(|_| !cloud) {
            labels.keep_off(Rect::new(at.0 - RADIUS, at.1 - RADIUS, at.0 + RADIUS, at.1 + RADIUS));
        }
        for (point, at, _) in &shown {
            labels.write(canvas, &point.name, *at, RADIUS);
        }
    }
}
