//! Properties of every kind of chart: nothing overlaps or leaves the picture, SVG is well-formed XML, equal
//! descriptions give equal bytes, and no data make drawing fail.

use super::canvas::{Canvas, Rect, Shape};
use super::*;
use gridfleet_core::time::{DAY_S, LocalClock, SimTime};
use proptest::prelude::*;

const START: i64 = 1_520_226_000; // Monday 2018-03-05 0:00 in New York

/// Arbitrary values, and a name that is used wherever a chart takes one.
struct Arbitrary<'a> {
    values: &'a [f64],
    name: &'a str,
}

impl Arbitrary<'_> {
    fn count(&self) -> usize {
        self.values.len()
    }

    /// The values in turn, as often as needed.
    fn v(&self, i: usize) -> f64 {
        if self.values.is_empty() { f64::NAN } else { self.values[i % self.values.len()] }
    }

    fn named(&self, i: usize) -> String {
        format!("{} {i}", self.name)
    }

    fn axis(&self) -> Axis {
        Axis::number(self.name, "kWh/day")
    }

    fn interval(&self, i: usize) -> Interval {
        Interval::new(self.v(i), self.v(i) - self.v(i + 1).abs(), self.v(i) + self.v(i + 2).abs())
    }

    fn list(&self, from: usize) -> Vec<f64> {
        (0..self.values.len()).map(|i| self.v(from + i)).collect()
    }

    fn pairs(&self, from: usize) -> Vec<(f64, f64)> {
        (0..self.values.len()).map(|i| (i as f64, self.v(from + i))).collect()
    }

    /// Lines over numbers and over time, with areas.
    fn over_time(&self) -> [(&'static str, Chart); 3] {
        let clock = LocalClock::new(chrono_tz::America::New_York, SimTime(START), SimTime(START + 7 * DAY_S));
        let hours: Vec<f64> = (0..self.count()).map(|i| (START + i as i64 * 3_600) as f64).collect();
        let band = self.pairs(0).into_iter().map(|(x, y)| (x, y - 1.0, y + 1.0)).collect();
        let lines = Plane::new(self.axis(), self.axis())
            .right(self.axis())
            .with(Line::new(self.named(0), self.pairs(0)).band(band))
            .with(
                Line::new(self.named(1), (0..self.count()).map(|i| (self.v(i), self.v(i + 1))).collect())
                    .steps()
                    .right(),
            )
            .with(Line::new(self.named(2), self.pairs(1)).dash(Dash::DashDot));
        let times = Plane::new(Axis::time(clock.clone()), self.axis().from_zero())
            .with(Areas {
                x: hours.clone(),
                series: vec![Area::new(self.named(0), self.list(0)), Area::new(self.named(1), self.list(1))],
            })
            .with(Line::new(self.named(3), hours.iter().copied().zip(self.list(2)).collect()));
        let wild = Plane::new(Axis::time(clock), self.axis())
            .with(Line::new(self.named(0), self.list(0).into_iter().zip(self.list(1)).collect()));
        [("lines", lines.into()), ("areas", times.into()), ("time", wild.into())]
    }

    /// Columns and points.
    fn in_a_plane(&self) -> [(&'static str, Chart); 2] {
        let columns = Plane::new(self.axis(), self.axis()).with(Columns {
            spans: (0..self.count()).map(|i| (self.v(i), self.v(i + 1))).collect(),
            series: vec![Area::new(self.named(0), self.list(1)), Area::new(self.named(1), self.list(2))],
            gap: self.v(0),
        });
        let cloud = Plane::new(self.axis(), self.axis()).with(Points {
            name: self.named(0),
            points: (0..self.count())
                .map(|i| NamedPoint { name: self.named(i), x: self.interval(i), y: self.interval(i + 1) })
                .collect(),
            ..Points::default()
        });
        [("columns", columns.into()), ("points", cloud.into())]
    }

    fn distributions(&self) -> [(&'static str, Chart); 3] {
        let distribution = |kind, samples: usize| Distribution {
            x: self.axis(),
            counted: self.name.into(),
            samples: (0..samples).map(|s| (self.named(s), self.list(s))).collect(),
            kind,
        };
        [
            ("histogram", distribution(DistributionKind::Histogram, 1).into()),
            ("histograms", distribution(DistributionKind::Histogram, 3).into()),
            ("cumulative", distribution(DistributionKind::Cumulative, 2).into()),
        ]
    }

    /// Policies against each other.
    fn comparisons(&self) -> [(&'static str, Chart); 2] {
        let intervals = Intervals {
            policies: (0..self.count().min(9)).map(|i| self.named(i)).collect(),
            metrics: (0..3)
                .map(|m| Metric {
                    name: self.named(m),
                    unit: "EUR/day".into(),
                    values: (0..self.count()).map(|i| self.interval(i + m)).collect(),
                    difference: m == 1,
                })
                .collect(),
            meaning: "mean and 95 % interval".into(),
        };
        let frontier = Frontier {
            x: self.axis(),
            y: self.axis(),
            points: (0..self.count().min(9))
                .map(|i| NamedPoint { name: self.named(i), x: self.interval(i), y: self.interval(i + 3) })
                .collect(),
            more_is_better: (true, false),
        };
        [("intervals", intervals.into()), ("frontier", frontier.into())]
    }

    /// Shares of three players.
    fn shares(&self) -> [(&'static str, Chart); 2] {
        let ternary = Ternary {
            players: [self.named(0), self.named(1), self.named(2)],
            label: self.name.into(),
            unit: "EUR".into(),
            total: self.v(0),
            least: [self.v(1), self.v(2), self.v(3)],
            core: (0..self.count() % 5).map(|i| [self.v(i), self.v(i + 1), self.v(i + 2)]).collect(),
            points: (0..self.count().min(4))
                .map(|i| (self.named(i), [self.v(i + 1), self.v(i), self.v(i + 3)]))
                .collect(),
        };
        let game = Ternary {
            total: 900.0,
            least: [100.0, 50.0, 80.0],
            core: vec![[300.0, 300.0, 300.0], [500.0, 200.0, 200.0], [200.0, 400.0, 300.0]],
            points: vec![(self.named(0), [300.0, 320.0, 280.0]), (self.named(1), [600.0, 100.0, 200.0])],
            ..ternary.clone()
        };
        [("ternary", ternary.into()), ("game", game.into())]
    }

    fn learning(&self) -> Chart {
        Learning {
            x: self.axis(),
            y: self.axis(),
            agents: vec![
                Agent { name: self.named(0), seeds: (0..4).map(|from| self.pairs(from)).collect() },
                Agent {
                    name: self.named(1),
                    seeds: vec![self.list(0).into_iter().zip(self.list(1)).collect()],
                },
            ],
            window: 5,
            band: Band::Deviation,
        }
        .into()
    }

    fn map(&self) -> Chart {
        let sites = |from: usize| {
            (0..self.count())
                .map(|i| Site {
                    name: self.named(i),
                    lat: self.v(i + from),
                    lon: self.v(i + from + 1),
                    size: self.v(i + from + 2),
                })
                .collect()
        };
        Map {
            zones: sites(0),
            zone_unit: self.name.into(),
            stations: sites(1),
            station_unit: "connectors".into(),
            names: true,
        }
        .into()
    }

    fn bars_and_heat(&self) -> [(&'static str, Chart); 3] {
        let bars = |stacked| Bars {
            y: self.axis(),
            groups: (0..self.count().min(7)).map(|i| self.named(i)).collect(),
            series: (0..3)
                .map(|s| BarSeries {
                    name: self.named(s),
                    values: (0..self.count()).map(|i| self.interval(i + s)).collect(),
                    colour: None,
                })
                .collect(),
            stacked,
        };
        let heat = Heat {
            rows: (0..self.count().min(7)).map(|i| self.named(i)).collect(),
            columns: (0..self.count().min(24)).map(|h| h.to_string()).collect(),
            columns_label: self.name.into(),
            values: (0..7).map(|from| self.list(from)).collect(),
            value: self.axis(),
        };
        [("bars", bars(false).into()), ("stacked", bars(true).into()), ("heat", heat.into())]
    }
}

/// One chart of each kind from arbitrary values, in turn; `name` is used wherever a chart takes a name.
fn charts(values: &[f64], name: &str) -> Vec<(&'static str, Chart)> {
    let of = Arbitrary { values, name };
    let mut charts = Vec::new();
    charts.extend(of.over_time());
    charts.extend(of.in_a_plane());
    charts.extend(of.distributions());
    charts.extend(of.comparisons());
    charts.extend(of.shares());
    charts.extend([("learning", of.learning()), ("map", of.map())]);
    charts.extend(of.bars_and_heat());
    charts
}

fn figure(kind: &str, chart: Chart) -> Figure {
    Figure::new(format!("A picture of {kind}"))
        .subtitle("of made-up data")
        .panel(format!("panel of {kind}"), chart)
}

/// Maps arbitrary values to plausible ones between 20 and 80, which are valid latitudes too.
fn usual(count: usize) -> Vec<f64> {
    (0..count).map(|i| 50.0 + 30.0 * (i as f64 * 1.7).sin() * (i as f64 * 0.13).cos()).collect()
}

/// Fails if texts overlap each other or leave the picture, or if a legend covers data.
fn check_layout(what: &str, canvas: &Canvas, (width, height): (u32, u32)) {
    let whole = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
    let mut texts: Vec<(String, Rect)> = Vec::new();
    for shape in &canvas.shapes {
        match shape {
            Shape::Text(text) => texts.push((text.text.clone(), text.bounds())),
            Shape::Path { points, .. } | Shape::Polygon { points, .. } => {
                let outside = points.iter().find(|p| !whole.contains(**p));
                assert!(outside.is_none(), "{what}: {outside:?}");
            }
            Shape::Rectangle { rect, .. } => {
                // Half a pixel of rounding is tolerated.
                let inside = whole.inset(-1.0, -1.0, -1.0, -1.0);
                assert!(inside.contains((rect.x0, rect.y0)) && inside.contains((rect.x1, rect.y1)), "{what}");
            }
            Shape::Disc { at, .. } => assert!(whole.contains(*at), "{what}"),
        }
    }
    for (i, (text, bounds)) in texts.iter().enumerate() {
        let inside = whole.contains((bounds.x0, bounds.y0)) && whole.contains((bounds.x1, bounds.y1));
        assert!(inside, "{what}: {text:?} leaves the picture: {bounds:?}");
        for (other, taken) in &texts[..i] {
            assert!(!bounds.overlaps(taken), "{what}: {text:?} and {other:?} overlap: {bounds:?} {taken:?}");
        }
    }
    for legend in &canvas.legends {
        assert!(!canvas.plots.iter().any(|plot| plot.overlaps(legend)), "{what}: a legend covers data");
    }
}

/// Fails unless `svg` is well-formed XML of the kind written here: matching tags, quoted attributes, no bare
/// ampersand and no control characters.
fn check_xml(what: &str, svg: &str) {
    assert!(!svg.chars().any(|c| c.is_control() && c != '\n'), "{what}: control characters");
    for (at, _) in svg.match_indices('&') {
        let entity = &svg[at..];
        let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&apos;"];
        assert!(known.iter().any(|k| entity.starts_with(k)), "{what}: a bare &");
    }
    let (mut open, mut rest, mut roots) = (Vec::new(), svg, 0);
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "{what}: a bare >");
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{what}: tags do not match");
            continue;
        }
        let name = tag.split([' ', '/', '\n']).next().unwrap();
        assert_eq!(tag.matches('"').count() % 2, 0, "{what}: quotes in {tag}");
        roots += usize::from(open.is_empty());
        if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty() && roots == 1, "{what}: not one whole document");
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{what}: not a number");
}

#[test]
fn nothing_overlaps_or_leaves_the_picture() {
    let long = "threshold-fastest with price broadcasts of the northern operator";
    for (count, name) in [(1, "a"), (2, "series"), (9, "operator"), (9, long), (40, "p"), (200, long)] {
        for (kind, chart) in charts(&usual(count), name) {
            for size in [(760, 340), (1_200, 800), (420, 260), (300, 700), (160, 120), (60, 40), (1, 1)] {
                let what = format!("{kind} of {count} named {name:?} at {size:?}");
                check_layout(&what, &figure(kind, chart.clone()).canvas(size).unwrap(), size);
            }
        }
    }
}

#[test]
fn panels_do_not_disturb_each_other() {
    for columns in 1..5 {
        let all = charts(&usual(30), "operator").into_iter();
        let figure = all.fold(Figure::new("all").columns(columns), |f, (kind, chart)| f.panel(kind, chart));
        let size = (500 * columns as u32, 320 * 17u32.div_ceil(columns as u32));
        check_layout(&format!("{columns} columns"), &figure.canvas(size).unwrap(), size);
    }
}

#[test]
fn every_kind_says_what_it_shows_and_draws_something() {
    for (kind, chart) in charts(&usual(12), "operator") {
        let figure = figure(kind, chart);
        let svg = figure.svg((900, 500)).unwrap();
        check_xml(kind, &svg);
        let axes = match kind {
            "game" | "ternary" => "(EUR)",
            "map" => "connectors",
            "intervals" => "(EUR/day)",
            _ => "(kWh/day)",
        };
        let shown =
            [&format!("A picture of {kind}"), "of made-up data", &format!("panel of {kind}"), "operator"];
        let expected = shown.into_iter().chain((!["ternary", "time"].contains(&kind)).then_some(axes));
        for text in expected {
            assert!(svg.contains(text), "{kind}: {text}");
        }
        assert_eq!(svg, figure.svg((900, 500)).unwrap(), "{kind}: equal descriptions, other bytes");
        let png = figure.png((450, 250), 1.0).unwrap();
        assert_eq!(png, figure.png((450, 250), 1.0).unwrap(), "{kind}");
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
        // Width and height are at bytes 16 and 20 of a PNG.
        assert_eq!((&png[16..20], &png[20..24]), (&450u32.to_be_bytes()[..], &250u32.to_be_bytes()[..]));
    }
}

#[test]
fn without_data_a_chart_says_so() {
    for values in [vec![], vec![f64::NAN; 5], vec![f64::INFINITY, f64::NEG_INFINITY, 1e300, f64::NAN]] {
        for (kind, chart) in charts(&values, "operator") {
            let svg = figure(kind, chart).svg((600, 400)).unwrap();
            assert_eq!(svg.contains("no data"), kind != "game", "{kind}");
            check_xml(kind, &svg);
        }
    }
    let svg = Figure::new("nothing").svg((300, 200)).unwrap();
    assert!(svg.contains("nothing"));
}

#[test]
fn sizes_and_names_of_files_are_checked() {
    let figure = Figure::new("a");
    for size in [(0, 10), (10, 0), (9_000, 10), (u32::MAX, u32::MAX)] {
        assert!(figure.svg(size).unwrap_err().is_input());
        assert!(figure.png(size, 1.0).unwrap_err().is_input());
    }
    for scale in [f64::NAN, f64::INFINITY, 1e9] {
        assert!(figure.png((100, 100), scale).is_err());
    }
    for name in ["picture.gif", "picture"] {
        let error = figure.write(name).unwrap_err();
        assert!(error.is_input());
        assert!(error.to_string().contains("expected a name ending in .svg or .png"), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.svg", "a.PNG"] {
        figure.write(folder.path().join(name)).unwrap();
        assert!(std::fs::metadata(folder.path().join(name)).unwrap().len() > 100);
    }
}

#[test]
fn series_without_end_give_small_pictures() {
    let values = usual(300_000);
    for (kind, chart) in charts(&values, "operator") {
        if ["columns", "points", "map", "time"].contains(&kind) {
            continue; // draws one shape per value by design, or x goes back and forth
        }
        let svg = figure(kind, chart).svg((760, 340)).unwrap();
        assert!(svg.len() < 2_000_000, "{kind}: {}", svg.len());
    }
}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -200.0..200.0,
        2 => any::<f64>(),
        1 => prop::sample::select(vec![
            0.0, -0.0, 1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN_POSITIVE, 5e-324, 1e100, -1e100,
            1e16, 1e16 + 2.0, 90.0, 180.0,
        ]),
        1 => 1.5e9..1.6e9,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_data_at_any_size_are_drawn(
        values in prop::collection::vec(any_value(), 0..40),
        size in (1u32..700, 1u32..500),
        name in "\\PC{0,40}|[<>&\"'\u{0}-\u{1f}]{0,9}",
    ) {
        for (kind, chart) in charts(&values, &name) {
            let figure = figure(&name, chart);
            let svg = figure.svg(size).unwrap();
            // A name may contain words that numbers must not.
            if !name.contains("NaN") && !name.contains("inf") {
                check_xml(kind, &svg);
            }
            let canvas = figure.canvas(size).unwrap();
            for legend in &canvas.legends {
                prop_assert!(!canvas.plots.iter().any(|plot| plot.overlaps(legend)), "{}", kind);
            }
        }
        let all = charts(&values, &name).into_iter().fold(Figure::new(&name).columns(4), |f, (kind, chart)| f.panel(kind, chart));
        prop_assert!(all.png(size, 1.0).is_ok());
    }
}
