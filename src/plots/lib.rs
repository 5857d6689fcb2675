//! Pictures: typed charts drawn as SVG or PNG, without system fonts or system libraries.
//!
//! A [`Figure`] is a title and a few [`Panel`]s, each with one [`Chart`]. A chart is a plain struct of data,
//! labels and units. Both file formats come from the same description, and the same description gives the
//! same bytes. Values that cannot be drawn (not a number, infinite, beyond 1e100) leave a gap; a chart with
//! no other values says "no data".
//!
//! ```
//! use gridfleet_plots::{Axis, Figure, Line, Plane};
//!
//! let power = Plane::new(Axis::number("time", "h"), Axis::number("power", "kW").from_zero())
//!     .with(Line::new("station 1", vec![(0.0, 22.0), (1.5, 44.0), (3.0, 11.0)]).steps());
//! let svg = Figure::new("A charging station").panel("Load", power).svg((600, 300))?;
//! assert!(svg.contains("power (kW)"));
//! # Ok::<(), gridfleet_core::error::Error>(())
//! ```

mod areas;
mod axis;
mod bars;
mod canvas;
mod columns;
mod distribution;
mod figure;
pub mod font;
mod frame;
mod frontier;
mod heat;
mod intervals;
mod labels;
mod learning;
mod legend;
mod line;
mod map;
mod paint;
pub mod palette;
mod plane;
mod points;
mod ternary;
mod time_axis;

pub use areas::{Area, Areas};
pub use axis::{Axis, AxisKind};
pub use bars::{BarSeries, Bars};
pub use columns::Columns;
pub use distribution::{Distribution, DistributionKind};
pub use figure::{Chart, Figure, Panel};
pub use frontier::Frontier;
pub use heat::Heat;
pub use intervals::{Intervals, Metric};
pub use learning::{Agent, Band, Learning};
pub use line::Line;
pub use map::{Map, Site};
pub use palette::{Colour, Dash, Marker};
pub use plane::{Layer, Plane, Side};
pub use points::{Interval, NamedPoint, Points};
pub use ternary::Ternary;

#[cfg(test)]
mod checks;
