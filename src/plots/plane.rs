//! A plane with two axes (and optionally a third on the right) that carries layers: stacked areas, columns,
//! lines, points.

use super::areas::Areas;
use super::axis::{Axis, Extent, Scale};
use super::canvas::{Canvas, Rect};
use super::columns::Columns;
use super::frame;
use super::legend::Entry;
use super::line::Line;
use super::palette::Marker;
use super::points::Points;

/// Axes and the layers drawn between them, bottom layer first.
#[derive(Debug, Clone, Default)]
pub struct Plane {
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis on the left.
    pub y: Axis,
    /// The vertical axis on the right, for lines of [`Side::Right`].
    pub right: Option<Axis>,
    /// Layers, bottom first.
    pub layers: Vec<Layer>,
}

/// One layer of a plane.
#[derive(Debug, Clone)]
pub enum Layer {
    /// Stacked series.
    Areas(Areas),
    /// Stacked columns.
    Columns(Columns),
    /// One line.
    Line(Line),
    /// Points, with intervals and names where given.
    Points(Points),
}

/// Vertical axis of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Side {
    /// The left axis.
    #[default]
    Left,
    /// The right axis.
    Right,
}

macro_rules! layer_from {
    ($($kind:ident),*) => {$(
        impl From<$kind> for Layer {
            fn from(layer: $kind) -> Self {
                Self::$kind(layer)
            }
        }
    )*};
}
layer_from!(Areas, Columns, Line, Points);

/// Data area with its scales.
pub(super) struct Field {
    pub plot: Rect,
    pub x: Scale,
    pub y: Scale,
}

impl Field {
    /// Position of a pair of values [pixels].
    pub fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.x.place(x, self.plot.x0, self.plot.x1), self.y.place(y, self.plot.y1, self.plot.y0))
    }
}

/// Ranges of the data of a layer, or of a plane.
#[derive(Debug, Default)]
pub(super) struct Extents {
    pub x: Extent,
    pub left: Extent,
    pub right: Extent,
}

impl Extents {
    pub fn add(&mut self, x: f64, y: f64, side: Side) {
        self.x.add(x);
        match side {
            Side::Left => self.left.add(y),
            Side::Right => self.right.add(y),
        }
    }
}

/// Room of a plane beside its data [pixels]: left, right.
pub(super) type Gutters = (f64, f64);

impl Plane {
    /// A plane without layers.
    pub fn new(x: Axis, y: Axis) -> Self {
        Self { x, y, right: None, layers: Vec::new() }
    }
    /// Adds an axis on the right.
    #[must_use]
    pub fn right(mut self, axis: Axis) -> Self {
        self.right = Some(axis);
        self
    }
    /// Adds a layer on top.
    #[must_use]
    pub fn with(mut self, layer: impl Into<Layer>) -> Self {
        self.layers.push(layer.into());
        self
    }

    /// Lines and points with their index in the order of colours.
    fn numbered(&self) -> impl Iterator<Item = (usize, &Layer)> {
        self.layers.iter().scan(0, |next, layer| {
            let number = *next;
            *next += usize::from(matches!(layer, Layer::Line(_) | Layer::Points(_)));
            Some((number, layer))
        })
    }

    pub(super) fn entries(&self) -> Vec<Entry> {
        self.numbered()
            .flat_map(|(number, layer)| match layer {
                Layer::Areas(areas) => areas.entries(),
                Layer::Columns(columns) => columns.entries(),
                Layer::Line(line) => line.entries(number),
                Layer::Points(points) => points.entries(number),
            })
            .collect()
    }

    /// Ranges to show: along x, on the left, on the right.
    fn ranges(&self) -> Option<[(f64, f64); 3]> {
        let mut data = Extents::default();
        let shows = |x: f64| self.x.shows(x);
        for layer in &self.layers {
            match layer {
                Layer::Areas(areas) => areas.extents(&shows, &mut data),
                Layer::Columns(columns) => columns.extents(&shows, &mut data),
                Layer::Line(line) => line.extents(&shows, &mut data),
                Layer::Points(points) => points.extents(&shows, &mut data),
            }
        }
        // Points keep a distance from the edge; lines and areas extend from edge to edge.
        let points = self.layers.iter().any(|layer| matches!(layer, Layer::Points(_)));
        let x = self.x.shown(data.x, if points { 0.06 } else { 0.0 })?;
        let right = self.right.as_ref().and_then(|axis| axis.shown(data.right, 0.06));
        // Either vertical axis may be without data.
        let left = self.y.shown(data.left, 0.06);
        Some([x, left.or(right.map(|_| (0.0, 1.0)))?, right.unwrap_or((0.0, 1.0))])
    }

    /// Room needed left and right in an area of this height.
    pub(super) fn gutters(&self, height: f64) -> Gutters {
        let Some([_, left, right]) = self.ranges() else { return (0.0, 0.0) };
        let height = height - frame::below(&self.x.title());
        let side = |axis: &Axis, range| frame::beside(&frame::vertical(axis, range, height), &axis.title());
        let right = self.right.as_ref().map_or(0.0, |axis| side(axis, right));
        (side(&self.y, left), right)
    }

    /// Draws into `area`, with at least `gutters` beside the data.
    pub(super) fn draw(&self, canvas: &mut Canvas, area: &Rect, gutters: Gutters) {
        let Some([x, left, right]) = self.ranges() else { return frame::draw_no_data(canvas, area) };
        let title = self.x.title();
        let own = self.gutters(area.height());
        // The label of the last tick extends beyond the axis.
        let plot =
            area.inset(own.0.max(gutters.0), 6.0, own.1.max(gutters.1).max(14.0), frame::below(&title));
        if plot.width() < frame::LEAST || plot.height() < frame::LEAST {
            return frame::draw_no_room(canvas, area);
        }
        let x = frame::horizontal(&self.x, x, plot.width());
        let y = frame::vertical(&self.y, left, plot.height());
        frame::draw_left(canvas, &plot, &y, &self.y.title(), area);
        let field = Field { plot, x, y };
        let other = self.right.as_ref().map(|axis| {
            let y = frame::vertical(axis, right, plot.height());
            Field { plot, x: field.x.clone(), y }
        });
        canvas.plots.push(plot);
        // Points are compared along both axes, all other layers along the vertical one.
        let grid = self.layers.iter().any(|layer| matches!(layer, Layer::Points(_)));
        frame::draw_bottom(canvas, &plot, &field.x, &title, area, grid);
        frame::draw_zero(canvas, &plot, &field.y);
        for (number, layer) in self.numbered() {
            match layer {
                Layer::Areas(areas) => areas.draw(canvas, &field),
                Layer::Columns(columns) => columns.draw(canvas, &field),
                Layer::Line(line) => {
                    let field = if line.side == Side::Right { other.as_ref() } else { Some(&field) };
                    if let Some(field) = field {
                        line.draw(canvas, field, number);
                    }
                }
                Layer::Points(points) => points.draw(canvas, &field, number),
            }
        }
        // The axis is drawn last, so that data that end on it do not cover it.
        canvas.rule((plot.x0, plot.y1), (plot.x1, plot.y1), super::palette::FAINT);
        if let (Some(axis), Some(other)) = (&self.right, &other) {
            frame::draw_right(canvas, &plot, &other.y, &axis.title(), area);
        }
    }
}

/// Marker of series `number` if none is given.
pub(super) fn marker_of(marker: Option<Marker>, number: usize) -> Marker {
    marker.unwrap_or_else(|| Marker::of(number))
}
