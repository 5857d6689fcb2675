//! Content of the charts of the page, in the format that the page's script reads.
//!
//! This module has numbers, names and units only; the appearance (colours, sizes, light or dark) is defined by the
//! script, in `assets/charts.js`.

use serde::{Serialize, Serializer};

/// Most points of one line: a chart is about half as many pixels wide.
pub(super) const MOST_POINTS: usize = 2_000;

/// Colours, as positions in the palette of the script (Okabe and Ito, 2008, "Color Universal Design").
#[derive(Debug, Clone, Copy, Serialize, PartialEq, Eq)]
#[serde(into = "usize")]
pub(super) struct Colour(pub usize);

impl From<Colour> for usize {
    fn from(colour: Colour) -> Self {
        colour.0
    }
}

impl Colour {
    pub const BLUE: Self = Self(0);
    pub const ORANGE: Self = Self(1);
    pub const GREEN: Self = Self(2);
    pub const PINK: Self = Self(3);
    pub const RED: Self = Self(5);
    pub const GREY: Self = Self(7);
}

/// Numbers, written with five significant digits: more would not be visible.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Numbers(pub Vec<f64>);

impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|&x| short(x)))
    }
}

/// A number with five significant digits, as an integer if it is whole; null if it is not finite.
#[derive(Serialize)]
#[serde(untagged)]
enum Short {
    Whole(i64),
    Float(f64),
    None,
}

fn short(x: f64) -> Short {
    if !x.is_finite() {
        return Short::None;
    }
    if x == 0.0 {
        return Short::Whole(0);
    }
    let decimals = (4 - x.abs().log10().floor() as i32).clamp(0, 15);
    let scale = 10f64.powi(decimals);
    let rounded = (x * scale).round() / scale;
    if rounded.fract() == 0.0 && rounded.abs() < 9e15 {
        Short::Whole(rounded as i64)
    } else {
        Short::Float(rounded)
    }
}

/// The horizontal axis of a chart of lines.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Axis {
    /// Local time in milliseconds.
    Time { name: String },
    /// Numbers.
    Value { name: String, unit: String },
}

/// One of several panels that share the horizontal axis.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Panel {
    pub name: String,
    pub unit: String,
    /// Whether the axis starts at zero.
    pub zero: bool,
    /// Ends of the axis, if they differ from those of the data: anything beyond is cut off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<(f64, f64)>,
}

impl Panel {
    pub fn new(name: &str, unit: &str) -> Self {
        Self { name: name.to_owned(), unit: unit.to_owned(), zero: true, range: None }
    }
    /// Without zero on its axis, if differences matter rather than sizes.
    pub fn free(mut self) -> Self {
        self.zero = false;
        self
    }
    /// With an axis from `low` to `high`, regardless of the data.
    pub fn within(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }
}

/// How a series is drawn.
#[derive(Debug, Clone, Copy, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Style {
    Line,
    /// The value holds until the next point.
    Step,
    /// Stacked on the areas of the same panel.
    Area,
    /// Stacked on the bars of the same panel.
    Bar,
    /// Points without a line, with their interval.
    Points,
}

/// One series.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Series {
    pub name: String,
    pub panel: usize,
    pub style: Style,
    pub colour: Colour,
    pub x: Vec<Position>,
    pub y: Numbers,
    /// Lower and upper ends of a band around the line; empty if there is none.
    #[serde(skip_serializing_if = "is_empty")]
    pub low: Numbers,
    #[serde(skip_serializing_if = "is_empty")]
    pub high: Numbers,
}

/// A position on the horizontal axis: exact, because times need more than five digits.
#[derive(Debug, Clone, Copy, Serialize, PartialEq)]
#[serde(untagged)]
pub(super) enum Position {
    Whole(i64),
    Float(f64),
}

fn is_empty(numbers: &Numbers) -> bool {
    numbers.0.is_empty()
}

impl Series {
    /// A series over `x`.
    pub fn new(name: &str, style: Style, colour: Colour, x: &[f64], y: Vec<f64>) -> Self {
        let position =
            |&x: &f64| if x.fract() == 0.0 { Position::Whole(x as i64) } else { Position::Float(x) };
        Self {
            name: name.to_owned(),
            panel: 0,
            style,
            colour,
            x: x.iter().map(position).collect(),
            y: Numbers(y),
            low: Numbers::default(),
            high: Numbers::default(),
        }
    }
    /// In a panel other than the first.
    pub fn panel(mut self, panel: usize) -> Self {
        self.panel = panel;
        self
    }
    /// With a band around it.
    pub fn band(mut self, low: Vec<f64>, high: Vec<f64>) -> Self {
        (self.low, self.high) = (Numbers(low), Numbers(high));
        self
    }
}

/// One row of a chart of intervals.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Interval {
    pub name: String,
    pub colour: Colour,
    /// Middle, low and high; null if missing.
    pub values: Numbers,
}

/// Bars of one series.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Bars {
    pub name: String,
    pub colour: Colour,
    pub values: Numbers,
}

/// Points of one kind on a map.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Layer {
    pub name: String,
    /// `circle`, `rect` or `triangle`.
    pub shape: &'static str,
    pub colour: Colour,
    /// Quantity shown by the size of a point, and its unit; empty for none.
    pub size: String,
    /// Size of the largest point on the screen [pixels].
    pub largest: f64,
    pub names: Vec<String>,
    /// Latitude [degrees].
    pub lat: Vec<f64>,
    pub lon: Vec<f64>,
    pub value: Numbers,
    /// Further notes on each point; may be empty.
    pub notes: Vec<String>,
}

/// A chart.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Spec {
    /// Lines, areas or bars over one axis, in panels.
    Lines { axis: Axis, panels: Vec<Panel>, series: Vec<Series> },
    /// Horizontal bars, one group for each category.
    Bars { unit: String, categories: Vec<String>, series: Vec<Bars>, stacked: bool },
    /// A point with its interval for each row.
    Intervals { unit: String, zero: bool, rows: Vec<Interval> },
    /// A map.
    Map { layers: Vec<Layer> },
    /// One of several charts, selected by the choice above the charts.
    Choice {
        #[serde(rename = "of")]
        charts: Vec<Spec>,
    },
}

impl Spec {
    /// Lines over local time.
    pub fn over_time(zone: &str, panels: Vec<Panel>, series: Vec<Series>) -> Self {
        Self::Lines { axis: Axis::Time { name: zone.to_owned() }, panels, series }
    }
}

/// A chart with its title and caption.
#[derive(Debug, Clone)]
pub(super) struct Chart {
    pub title: String,
    /// Description of the content, also for readers who cannot see it.
    pub caption: String,
    /// Height on the screen [pixels].
    pub height: u32,
    pub spec: Spec,
}

impl Chart {
    pub fn new(title: &str, caption: impl Into<String>, height: u32, spec: Spec) -> Self {
        Self { title: title.to_owned(), caption: caption.into(), height, spec }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_true_to_five_digits() {
        let json = |x: f64| serde_json::to_string(&Numbers(vec![x])).unwrap();
        for (x, text) in [
            (0.0, "[0]"),
            (1.0 / 3.0, "[0.33333]"),
            (-0.000_123_456_78, "[-0.00012346]"),
            (123_456.789, "[123457]"),
            (12.0, "[12]"),
            (f64::NAN, "[null]"),
            (f64::INFINITY, "[null]"),
        ] {
            assert_eq!(json(x), text);
        }
        let mut x = 1.234_567_89e-9;
        while x < 1e12 {
            let read: Vec<f64> = serde_json::from_str(&json(x)).unwrap();
            assert!((read[0] / x - 1.0).abs() < 5e-5, "{x}");
            x *= 7.3;
        }
    }

    #[test]
    fn times_keep_every_digit() {
        let t = 1_520_208_123_000.0;
        let series = Series::new("a", Style::Line, Colour::BLUE, &[t, 0.25], vec![1.0, 2.0]);
        let json = serde_json::to_string(&series).unwrap();
        assert!(json.contains("\"x\":[1520208123000,0.25]") && !json.contains("low"), "{json}");
    }
}
