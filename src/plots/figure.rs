//! A figure: a title over panels in a grid, written as SVG or PNG.

use super::bars::Bars;
use super::canvas::{Canvas, Rect, Text};
use super::distribution::Distribution;
use super::font;
use super::frontier::Frontier;
use super::heat::Heat;
use super::intervals::Intervals;
use super::learning::Learning;
use super::legend::{Entry, Legend, ROW};
use super::map::Map;
use super::paint;
use super::palette::{FAINT, WHITE};
use super::plane::{Gutters, Plane};
use super::ternary::Ternary;
use gridfleet_core::error::{Error, InputError, Result};
use std::path::Path;

/// A picture of one or more panels.
#[derive(Debug, Clone, Default)]
pub struct Figure {
    /// Title; empty for none.
    pub title: String,
    /// Subtitle below the title; empty for none.
    pub subtitle: String,
    /// Panels, row by row.
    pub panels: Vec<Panel>,
    /// Number of panels per row; 0 counts as 1.
    pub columns: usize,
}

/// One panel of a figure.
#[derive(Debug, Clone)]
pub struct Panel {
    /// Title; empty for none.
    pub title: String,
    /// Chart in the panel.
    pub chart: Chart,
}

/// Kinds of chart that a panel can show.
#[derive(Debug, Clone)]
pub enum Chart {
    /// Lines, steps, stacked areas, columns, points between axes.
    Plane(Plane),
    /// Bars by group and series.
    Bars(Bars),
    /// Policies compared, with intervals.
    Intervals(Intervals),
    /// Allocations among three players.
    Ternary(Ternary),
    /// Zones and stations.
    Map(Map),
    /// A matrix shown in colours.
    Heat(Heat),
}

macro_rules! chart_from {
    ($($kind:ident),*; $($by_plane:ident),*) => {
        $(impl From<$kind> for Chart {
            fn from(chart: $kind) -> Self {
                Self::$kind(chart)
            }
        })*
        $(impl From<$by_plane> for Chart {
            fn from(chart: $by_plane) -> Self {
                Self::Plane(chart.plane())
            }
        })*
    };
}
chart_from!(Plane, Bars, Intervals, Ternary, Map, Heat; Distribution, Frontier, Learning);

const MARGIN: f64 = 14.0;
const TITLE: f64 = 20.0;
const SUBTITLE: f64 = 13.0;
const PANEL_TITLE: f64 = 14.0;
/// Minimum and maximum length of a side [pixels].
const SIDES: std::ops::RangeInclusive<u32> = 1..=8_192;
/// Default size of a panel [pixels] and default scale of a PNG.
const PANEL: (u32, u32) = (760, 340);
const PNG_SCALE: f64 = 2.0;

impl Figure {
    /// A figure without panels.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), columns: 1, ..Self::default() }
    }
    /// Sets the subtitle.
    #[must_use]
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = subtitle.into();
        self
    }
    /// Sets the number of panels per row.
    #[must_use]
    pub fn columns(mut self, columns: usize) -> Self {
        self.columns = columns;
        self
    }
    /// Adds a panel.
    #[must_use]
    pub fn panel(mut self, title: impl Into<String>, chart: impl Into<Chart>) -> Self {
        self.panels.push(Panel { title: title.into(), chart: chart.into() });
        self
    }

    /// Default width and height [pixels].
    pub fn size(&self) -> (u32, u32) {
        let (columns, rows) = self.grid();
        let side = |count: usize, pixels: u32| (count.min(20) as u32).saturating_mul(pixels);
        let head = self.heads(f64::MAX).iter().map(|head| head.2).sum::<f64>() as u32;
        (side(columns, PANEL.0).min(*SIDES.end()), (side(rows, PANEL.1) + head).min(*SIDES.end()))
    }

    /// SVG text of `width` by `height` pixels.
    ///
    /// # Errors
    /// If a side has less than 1 or more than 8192 pixels.
    pub fn svg(&self, size: (u32, u32)) -> Result<String> {
        paint::svg(&self.canvas(size)?.shapes, size, &self.title)
    }

    /// PNG bytes of `width` by `height` pixels times `scale` (2 for high-resolution screens, 4 for print).
    ///
    /// # Errors
    /// As [`svg`](Self::svg); also if the picture has more than 64 million pixels or a temporary file cannot
    /// be written.
    pub fn png(&self, size: (u32, u32), scale: f64) -> Result<Vec<u8>> {
        paint::png(&self.canvas(size)?.shapes, size, scale)
    }

    /// Writes a file of the default [`size`](Self::size): SVG, or PNG at double size, by the file name
    /// extension.
    ///
    /// # Errors
    /// If the extension is neither or the file cannot be written.
    pub fn write(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let ending = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
        let bytes = match ending.as_deref() {
            Some("svg") => self.svg(self.size())?.into_bytes(),
            Some("png") => self.png(self.size(), PNG_SCALE)?,
            other => {
                let found =
                    other.map_or("a name without ending".to_owned(), |e| format!("a name ending in .{e}"));
                return Err(InputError::new(found, "a name ending in .svg or .png").file(path).into());
            }
        };
        gridfleet_core::files::put(path, &bytes).map_err(|e| Error::writing(path, e))
    }

    /// Number of columns and rows of panels.
    fn grid(&self) -> (usize, usize) {
        let columns = self.columns.clamp(1, self.panels.len().max(1));
        (columns, self.panels.len().div_ceil(columns).max(1))
    }

    /// Title and subtitle with their sizes and the rows they take, in a picture of this width [pixels].
    fn heads(&self, width: f64) -> [(&str, f64, f64); 2] {
        // In a narrow picture the title is reduced first.
        let title = TITLE.min((width / 24.0).max(SUBTITLE));
        let row = |text: &str, height| if text.trim().is_empty() { 0.0 } else { height };
        [
            (&self.title, title, row(&self.title, 1.5 * title)),
            (&self.subtitle, SUBTITLE.min(title - 1.0), row(&self.subtitle, 24.0)),
        ]
    }

    /// All shapes of the figure, in pixels.
    pub(super) fn canvas(&self, (width, height): (u32, u32)) -> Result<Canvas> {
        if !SIDES.contains(&width) || !SIDES.contains(&height) {
            let found = format!("a picture of {width} x {height} pixels");
            return Err(InputError::new(found, "1 to 8192 pixels on each side").into());
        }
        let mut canvas = Canvas::default();
        let whole = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
        canvas.rectangle(whole, WHITE, 1.0);
        let margin = MARGIN.min(0.04 * whole.width().min(whole.height()));
        let mut body = whole.inset(margin, margin, margin, margin);
        for (i, (text, size, row)) in self.heads(whole.width()).into_iter().enumerate() {
            // A tiny picture has no room for a title, a small one has no room for a subtitle.
            if row == 0.0 || body.height() < [4.0, 7.0][i] * row {
                continue;
            }
            let at = (body.x0, body.y0 + row - 12.0);
            let text = Text::new(text, at, size);
            canvas.text(match i {
                0 => text.bold().within(body.width()),
                _ => text.colour(FAINT).within(body.width()),
            });
            body.y0 += row;
        }
        let (columns, rows) = self.grid();
        let gap = 2.0 * margin;
        let wide = (body.width() - gap * (columns as f64 - 1.0)) / columns as f64;
        let high = (body.height() - 0.5 * gap * (rows as f64 - 1.0)) / rows as f64;
        let area = |i: usize| {
            let (x, y) = ((i % columns) as f64 * (wide + gap), (i / columns) as f64 * (high + 0.5 * gap));
            Rect::new(body.x0 + x, body.y0 + y, body.x0 + x + wide, body.y0 + y + high)
        };
        let heads: Vec<Head> = (0..self.panels.len()).map(|i| self.panels[i].head(&area(i))).collect();
        // Planes in one column share their gutters so that their horizontal axes align.
        let mut gutters = vec![(0.0f64, 0.0f64); columns];
        for (i, panel) in self.panels.iter().enumerate() {
            let own = panel.chart.gutters(high - heads[i].height);
            let shared = &mut gutters[i % columns];
            *shared = (shared.0.max(own.0), shared.1.max(own.1));
        }
        for (i, panel) in self.panels.iter().enumerate() {
            panel.draw(&mut canvas, &area(i), &heads[i], gutters[i % columns]);
        }
        Ok(canvas)
    }
}

/// Title and legend of a panel.
struct Head {
    legend: Legend,
    /// Whether both share one row.
    beside: bool,
    title: f64,
    height: f64,
}

impl Panel {
    fn head(&self, area: &Rect) -> Head {
        let title = if self.title.trim().is_empty() { 0.0 } else { 24.0 };
        let legend = Legend::new(self.chart.entries(), area.width());
        let used = font::width(&self.title, PANEL_TITLE, true) + 30.0;
        let beside = title > 0.0 && legend.width_of_one_row().is_some_and(|row| used + row <= area.width());
        let below = if beside || legend.height() == 0.0 { 0.0 } else { legend.height() + 4.0 };
        let (title, below, legend) = match area.height() {
            // Data take priority where there is little room.
            room if room < 70.0 => (0.0, 0.0, Legend::default()),
            room if room < 110.0 + below && !beside => (title, 0.0, Legend::default()),
            _ => (title, below, legend),
        };
        Head { legend, beside, title, height: title + below }
    }

    fn draw(&self, canvas: &mut Canvas, area: &Rect, head: &Head, gutters: Gutters) {
        if head.title > 0.0 {
            let at = (area.x0, area.y0 + 15.0);
            canvas.text(Text::new(&self.title, at, PANEL_TITLE).bold().within(area.width()));
        }
        let corner = match head.legend.width_of_one_row() {
            // A legend beside the title ends at the right edge of the data, if there is room.
            Some(row) if head.beside => {
                let title = area.x0 + font::width(&self.title, PANEL_TITLE, true) + 30.0;
                ((area.x1 - gutters.1.max(14.0) - row).max(title), area.y0 + 10.0 - ROW / 2.0)
            }
            _ => (area.x0, area.y0 + head.title),
        };
        head.legend.draw(canvas, corner);
        self.chart.draw(canvas, &area.inset(0.0, head.height, 0.0, 0.0), gutters);
    }
}

impl Chart {
    fn entries(&self) -> Vec<Entry> {
        match self {
            Self::Plane(plane) => plane.entries(),
            Self::Bars(bars) => bars.entries(),
            Self::Intervals(intervals) => intervals.entries(),
            Self::Ternary(ternary) => ternary.entries(),
            Self::Map(map) => map.entries(),
            Self::Heat(_) => Vec::new(),
        }
    }

    fn gutters(&self, height: f64) -> Gutters {
        match self {
            Self::Plane(plane) => plane.gutters(height),
            _ => (0.0, 0.0),
        }
    }

    fn draw(&self, canvas: &mut Canvas, area: &Rect, gutters: Gutters) {
        match self {
            Self::Plane(plane) => plane.draw(canvas, area, gutters),
            Self::Bars(bars) => bars.draw(canvas, area),
            Self::Intervals(intervals) => intervals.draw(canvas, area),
            Self::Ternary(ternary) => ternary.draw(canvas, area),
            Self::Map(map) => map.draw(canvas, area),
            Self::Heat(heat) => heat.draw(canvas, area),
        }
    }
}
