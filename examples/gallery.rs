//! Draws one picture of each kind from synthetic data: `cargo run --release --example gallery -- FOLDER`.

use chrono_tz::America::New_York;
use gridfleet::error::{Error, Result};
use gridfleet::plots::{
    Agent, Area, Areas, Axis, Band, BarSeries, Bars, Chart, Distribution, DistributionKind, Figure, Frontier,
    Heat, Interval, Intervals, Learning, Line, Map, Metric, NamedPoint, Plane, Site, Ternary,
};
use gridfleet::time::{DAY_S, LocalClock, SimTime};
use std::f64::consts::TAU;
use std::path::PathBuf;

const START: i64 = 1_520_226_000; // Monday 2018-03-05 0:00 in New York
const POLICIES: [&str; 6] = [
    "threshold-fastest",
    "threshold-cheapest",
    "night",
    "smart with price broadcasts",
    "cooperative (two coalitions)",
    "none",
];

fn main() -> Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "gallery".to_owned()));
    std::fs::create_dir_all(&folder).map_err(|e| Error::writing(&folder, e))?;
    for (name, title, chart) in charts() {
        let figure = Figure::new(title).subtitle("made-up data").panel("", chart);
        figure.write(folder.join(format!("{name}.svg")))?;
        figure.write(folder.join(format!("{name}.png")))?;
    }
    let all = charts()
        .into_iter()
        .fold(Figure::new("All kinds").columns(2), |figure, (_, title, chart)| figure.panel(title, chart));
    std::fs::write(folder.join("all.svg"), all.svg((1_400, 2_400))?)
        .map_err(|e| Error::writing(&folder, e))?;
    std::fs::write(folder.join("all.png"), all.png((1_400, 2_400), 1.0)?)
        .map_err(|e| Error::writing(&folder, e))
}

/// A reproducible pseudo-random number between 0 and 1.
fn noise(i: usize) -> f64 {
    let mixed = (i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9) >> 11) as f64 / (1u64 << 53) as f64
}

fn normal(i: usize) -> f64 {
    (-2.0 * noise(2 * i).max(1e-12).ln()).sqrt() * (TAU * noise(2 * i + 1)).cos()
}

/// Name of the file, title, and chart.
type Titled = (&'static str, &'static str, Chart);

fn charts() -> Vec<Titled> {
    let mut charts: Vec<Titled> = Vec::new();
    charts.extend(over_time());
    charts.extend(waits());
    charts.extend(comparisons());
    charts.push(("ternary", "Core of the game of three fleets", ternary().into()));
    charts.push(("learning", "Learning to bid", learning().into()));
    charts.push(("map", "Demand and stations", map().into()));
    charts.push(("bars", "Costs by kind", bars(false).into()));
    charts.push(("stacked", "Costs in all", bars(true).into()));
    charts.push(("heat", "Requests by hour and weekday", heat().into()));
    charts
}

/// Traffic in the `i`-th quarter of an hour, with peaks in the morning and in the evening.
fn rush(i: usize) -> f64 {
    let hour = (i % 96) as f64 / 4.0;
    (-(hour - 8.5).powi(2) / 6.0).exp() + (-(hour - 18.5).powi(2) / 10.0).exp()
}

fn around(mean: f64, half: f64) -> Interval {
    Interval::new(mean, mean - half, mean + half)
}

/// Lines and areas over a week.
fn over_time() -> [Titled; 2] {
    let clock = LocalClock::new(New_York, SimTime(START), SimTime(START + 7 * DAY_S));
    let time: Vec<f64> = (0..=672).map(|i| (START + i * 900) as f64).collect();
    let over_time = |f: &dyn Fn(usize) -> f64| (0..time.len()).map(f).collect::<Vec<f64>>();
    let load = |share: f64, seed: usize| {
        let value = |i: usize| share * (900.0 - 600.0 * rush(i)) + 20.0 * normal(seed + i);
        (0..time.len()).map(|i| (time[i], value(i))).collect::<Vec<_>>()
    };
    let price = (0..=168).map(|h| (time[4 * h], 60.0 + 45.0 * rush(4 * h) - 70.0 * noise(h / 9).powi(6)));
    let band = load(1.0, 0).into_iter().map(|(x, y)| (x, 0.85 * y, 1.15 * y)).collect();
    let lines = Plane::new(Axis::time(clock.clone()), Axis::number("power", "kW").from_zero())
        .right(Axis::number("price of energy", "EUR/MWh"))
        .with(Line::new("all stations, forecast", load(1.0, 0)).band(band))
        .with(Line::new("operator 1", load(0.5, 1_000)))
        .with(Line::new("operator 2", load(0.3, 2_000)))
        .with(Line::new("day-ahead price", price.collect()).steps().right());
    let areas = Plane::new(Axis::time(clock), Axis::number("vehicles", "")).with(Areas {
        x: time.clone(),
        series: vec![
            Area::new("driving", over_time(&|i| 40.0 + 330.0 * rush(i))),
            Area::new("charging", over_time(&|i| 90.0 - 60.0 * rush(i))),
            Area::new("queued", over_time(&|i| 8.0 * noise(i / 4))),
            Area::new("idle", over_time(&|i| 370.0 - 270.0 * rush(i) - 8.0 * noise(i / 4))),
        ],
    });
    [("lines", "Load and price", lines.into()), ("areas", "Vehicles by state", areas.into())]
}

fn waits() -> [Titled; 3] {
    let waits = |policies: usize| -> Vec<(String, Vec<f64>)> {
        let wait = |p: usize, i: usize| (1.2 + 0.15 * p as f64 + 0.5 * normal(10_000 * p + i)).exp();
        (0..policies).map(|p| (POLICIES[p].to_owned(), (0..4_000).map(|i| wait(p, i)).collect())).collect()
    };
    let wait = || Axis::number("wait for the vehicle", "min").within(0.0, 20.0);
    let distribution = |policies, kind| Distribution {
        x: wait(),
        counted: "requests".into(),
        samples: waits(policies),
        kind,
    };
    [
        ("histogram", "Waits", distribution(1, DistributionKind::Histogram).into()),
        ("histograms", "Waits under three policies", distribution(3, DistributionKind::Histogram).into()),
        ("cumulative", "Waits under six policies", distribution(6, DistributionKind::Cumulative).into()),
    ]
}

/// Policies with intervals, and as a frontier.
fn comparisons() -> [Titled; 2] {
    let estimates = |scale: f64, shift: f64, seed: usize| -> Vec<Interval> {
        (0..POLICIES.len()).map(|p| around(shift + scale * normal(seed + p), 0.7 * scale)).collect()
    };
    let metric = |name: &str, unit: &str, values, difference| Metric {
        name: name.into(),
        unit: unit.into(),
        values,
        difference,
    };
    let intervals = Intervals {
        policies: POLICIES.map(String::from).to_vec(),
        metrics: vec![
            metric("profit", "EUR/day", estimates(900.0, 12_500.0, 40), false),
            metric("difference to none", "EUR/day", estimates(700.0, 900.0, 90), true),
            metric("mean wait", "min", estimates(0.3, 4.2, 60), false),
            metric("lost", "%", estimates(0.4, 2.0, 80), false),
        ],
        meaning: "mean and 95 % interval".into(),
    };
    let frontier = Frontier {
        x: Axis::number("cost of energy", "EUR/day"),
        y: Axis::number("mean wait", "min"),
        points: (0..POLICIES.len())
            .map(|p| NamedPoint {
                name: POLICIES[p].into(),
                x: around(900.0 + 140.0 * p as f64 + 60.0 * normal(p), 45.0),
                y: around(6.5 - 0.55 * p as f64 + 0.5 * normal(70 + p), 0.2),
            })
            .collect(),
        more_is_better: (false, false),
    };
    [
        ("intervals", "Charging policies compared", intervals.into()),
        ("frontier", "Cost against service", frontier.into()),
    ]
}

fn ternary() -> Ternary {
    Ternary {
        players: ["Fleet North".into(), "Fleet East".into(), "Fleet South".into()],
        label: "joint profit".into(),
        unit: "EUR".into(),
        total: 9_000.0,
        least: [1_000.0, 800.0, 1_200.0],
        core: vec![
            [3_800.0, 2_000.0, 3_200.0],
            [2_000.0, 3_800.0, 3_200.0],
            [1_600.0, 3_800.0, 3_600.0],
            [1_600.0, 3_000.0, 4_400.0],
            [2_600.0, 2_000.0, 4_400.0],
            [3_800.0, 2_000.0, 3_200.0],
        ],
        points: vec![
            ("Shapley value".into(), [2_550.0, 2_850.0, 3_600.0]),
            ("nucleolus".into(), [2_500.0, 2_900.0, 3_600.0]),
            ("equal division".into(), [3_000.0; 3]),
        ],
    }
}

fn learning() -> Learning {
    let learned = |level: f64, seed: usize| -> Vec<(f64, f64)> {
        let value = |e: usize| level * (1.0 - (-(e as f64) / 220.0).exp()) - 300.0 + 160.0 * normal(seed + e);
        (0..1_000).map(|e| (e as f64, value(e))).collect()
    };
    let agent = |name: &str, level: f64, seed: usize| Agent {
        name: name.into(),
        seeds: (0..5).map(|s| learned(level + 40.0 * normal(s), seed + 5_000 * s)).collect(),
    };
    Learning {
        x: Axis::number("episode", ""),
        y: Axis::number("reward per day", "EUR"),
        agents: vec![agent("double deep Q network", 900.0, 0), agent("deep Q network", 700.0, 90_000)],
        window: 25,
        band: Band::Range,
    }
}

fn map() -> Map {
    let site = |name: String, i: usize, spread: f64, size: f64| Site {
        name,
        lat: 40.73 + spread * normal(i),
        lon: -73.96 + spread * normal(i + 500),
        size,
    };
    Map {
        zones: (0..90).map(|i| site(format!("zone {i}"), i, 0.05, 900.0 * noise(i).powi(3))).collect(),
        zone_unit: "requests a day".into(),
        stations: (0..18).map(|i| site(String::new(), i + 3_000, 0.04, (1 + i % 12) as f64)).collect(),
        station_unit: "connectors".into(),
        names: true,
    }
}

fn bars(stacked: bool) -> Bars {
    let costs = |scale: f64, seed| {
        (0..POLICIES.len())
            .map(move |p| scale * (1.0 + 0.3 * noise(seed + p)))
            .map(move |v| around(v, 0.06 * v))
    };
    let series = |name: &str, scale: f64, seed| BarSeries {
        name: name.into(),
        values: costs(scale, seed).collect(),
        colour: None,
    };
    Bars {
        y: Axis::number("cost", "EUR/day"),
        groups: POLICIES.map(String::from).to_vec(),
        series: vec![series("energy", 900.0, 1), series("grid fees", 500.0, 20), series("wear", 300.0, 40)],
        stacked,
    }
}

fn heat() -> Heat {
    Heat {
        rows: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].map(String::from).to_vec(),
        columns: (0..24).map(|h| h.to_string()).collect(),
        columns_label: "hour of the day".into(),
        values: (0..7)
            .map(|d| (0..24).map(|h| 60.0 + 500.0 * rush(4 * h) * (1.0 + 0.1 * d as f64)).collect())
            .collect(),
        value: Axis::number("requests per hour", ""),
    }
}
