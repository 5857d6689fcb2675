//! Target `erlang-c`: the queue at a single station, simulated, against Erlang's formula.

use super::lone_station::{LoneStation, MEAN_SERVICE_S, Waits};
use super::outcome::LEVEL;
use super::{Context, Figure, Finding, Outcome, Rule, Table, Target};
use crate::error::Result;
use crate::outputs::summary::thousands;
use crate::plots::{self, Axis, Interval, Line, NamedPoint, Plane, Points};

/// The target.
pub const TARGET: Target = Target {
    name: "erlang-c",
    title: "The line at a charging station, simulated, against Erlang's formula (M/M/4)",
    source: "Erlang, 1917; Gross and Harris, Fundamentals of Queueing Theory, chapter 2",
    replications: Some(50),
    run,
};

/// Connectors of the station.
const CONNECTORS: u32 = 4;
/// Loads of a connector: the share of time for which it is busy.
const LOADS: [f64; 3] = [0.5, 0.7, 0.85];
/// Arrivals per replication.
const ARRIVALS: usize = 50_000;
/// Arrivals that are not counted, because the first ones find the station empty. The effect of the initial state decays
/// by 1/e in 1 / (1 - sqrt(load))^2 service times at one server (Morse, Stochastic Properties of Waiting Lines, 1955),
/// taken as a quarter of that at four: 140 arrivals at the highest load.
const WARM_UP: usize = 2_000;
/// Probability that an arrival finds all of `servers` busy, at `load` Erlang below their number, by the recursion of
/// Erlang B (Gross and Harris, chapter 2, M/M/c and Erlang's formula).
pub fn erlang_c(servers: u32, load: f64) -> f64 {
    let mut blocking = 1.0;
    for k in 1..=servers {
        blocking = load * blocking / (f64::from(k) + load * blocking);
    }
    blocking / (1.0 - load / f64::from(servers) * (1.0 - blocking))
}

/// Mean time in the queue of all arrivals, in mean service times (the same chapter).
pub fn mean_wait(servers: u32, load: f64) -> f64 {
    erlang_c(servers, load) / (f64::from(servers) - load)
}

/// Probability of a wait longer than `time`, in mean service times: waits above zero are exponential.
pub fn waits_longer(servers: u32, load: f64, time: f64) -> f64 {
    erlang_c(servers, load) * (-(f64::from(servers) - load) * time).exp()
}

/// One of the three figures of each load.
struct Measure {
    name: &'static str,
    unit: &'static str,
    /// Tolerance, as a share: more than twice the widest half interval over 50 replications (measured 2.1, 0.7 and 2.0
    /// %).
    near: f64,
    simulated: fn(&Waits) -> f64,
    /// Theoretical value by the load of a connector.
    theory: fn(f64) -> f64,
}

const MEASURES: [Measure; 3] = [
    Measure {
        name: "mean wait",
        unit: "min",
        near: 0.05,
        simulated: |waits| waits.mean_s / 60.0,
        theory: |load| MEAN_SERVICE_S / 60.0 * mean_wait(CONNECTORS, load * f64::from(CONNECTORS)),
    },
    Measure {
        name: "probability of waiting",
        unit: "%",
        near: 0.02,
        simulated: |waits| 100.0 * waits.share_waiting,
        theory: |load| 100.0 * erlang_c(CONNECTORS, load * f64::from(CONNECTORS)),
    },
    Measure {
        name: "probability of waiting over an hour",
        unit: "%",
        near: 0.05,
        simulated: |waits| 100.0 * waits.share_waiting_long,
        theory: |load| 100.0 * waits_longer(CONNECTORS, load * f64::from(CONNECTORS), 1.0),
    },
];

fn run(context: &Context<'_>) -> Result<Outcome> {
    let replications = context.replications();
    let tasks: Vec<(f64, u32)> =
        LOADS.iter().flat_map(|&load| (0..replications).map(move |r| (load, r))).collect();
    let waits = context.map(&tasks, |&(load_per_connector, replication)| {
        let station = LoneStation {
            connectors: CONNECTORS as usize,
            load_per_connector,
            arrivals: ARRIVALS,
            warm_up: WARM_UP,
        };
        station.simulate(context.streams(replication), (1_000.0 * load_per_connector).round() as u64)
    })?;
    let by_load: Vec<(f64, &[Waits])> =
        LOADS.iter().copied().zip(waits.chunks(replications as usize)).collect();
    let figures: Vec<Figure> = by_load
        .iter()
        .flat_map(|&(load, waits)| MEASURES.iter().map(move |measure| figure(measure, load, waits)))
        .collect();
    let vehicles: usize = waits.iter().map(|waits| waits.vehicles).sum();
    let ordered = waits.iter().filter(|waits| waits.in_order).count();
    Ok(Outcome {
        findings: vec![Finding::follows(
            "connectors are given first come, first served",
            ordered,
            waits.len(),
        )],
        tables: vec![
            Table::new("replications")
                .numbers("load", tasks.iter().map(|task| task.0))
                .integers("replication", tasks.iter().map(|task| i64::from(task.1)))
                .numbers("mean_wait_s", waits.iter().map(|waits| waits.mean_s))
                .numbers("share_waiting", waits.iter().map(|waits| waits.share_waiting))
                .numbers("share_waiting_over_an_hour", waits.iter().map(|waits| waits.share_waiting_long)),
        ],
        pictures: vec![("waits".to_owned(), picture(&figures, replications))],
        notes: vec![format!(
            "{} vehicles are counted. The load is that of a connector, a session takes an hour in the mean, and the \
             simulator counts waits in whole seconds.",
            thousands(vehicles as f64, 0)
        )],
        figures,
    })
}

fn figure(measure: &Measure, load: f64, waits: &[Waits]) -> Figure {
    let values: Vec<f64> = waits.iter().map(measure.simulated).collect();
    Figure::mean(measure.name, measure.unit, &values)
        .case(format!("load {load}"))
        .published((measure.theory)(load))
        .rule(Rule::Relative(measure.near))
}

/// A panel for each measure, with the theoretical curve, and one of the differences, which are too small to be seen
/// there.
fn picture(figures: &[Figure], replications: u32) -> plots::Figure {
    let load = || Axis::number("load of a connector", "");
    let interval = |figure: &Figure, scale: &dyn Fn(f64) -> f64| {
        let (low, high) = figure.interval.map_or((f64::NAN, f64::NAN), |i| (i.low, i.high));
        Interval::new(scale(figure.computed), scale(low), scale(high))
    };
    let mut picture = plots::Figure::new(format!("The line at a station of {CONNECTORS} connectors"))
        .subtitle(format!(
            "{replications} replications of {} arrivals; means and {} % intervals",
            thousands(ARRIVALS as f64, 0),
            100.0 * LEVEL
        ))
        .columns(2);
    let mut differences = Plane::new(load().within(0.45, 0.9), Axis::number("simulated less Erlang C", "%"))
        .with(Line::new("", vec![(0.0, 0.0), (1.0, 0.0)]).colour(plots::Colour(110, 110, 110)));
    for (number, measure) in MEASURES.iter().enumerate() {
        let curve =
            (0..=180).map(|i| f64::from(i) / 200.0).map(|load| (load, (measure.theory)(load))).collect();
        let ours = || LOADS.iter().zip(figures.iter().skip(number).step_by(MEASURES.len()));
        let points = ours().map(|(&load, figure)| NamedPoint {
            y: interval(figure, &|value| value),
            ..NamedPoint::at(load, f64::NAN)
        });
        let points = Points { name: "simulated".to_owned(), points: points.collect(), ..Points::default() };
        let plane = Plane::new(load(), Axis::number(measure.name, measure.unit).from_zero())
            .with(Line::new("Erlang C", curve))
            .with(points);
        picture = picture.panel("", plane);
        // Beside each other, so that no interval hides another.
        let beside = 0.008 * (number as f64 - 1.0);
        let points = ours().map(|(&load, figure)| NamedPoint {
            y: interval(figure, &|value| 100.0 * (value / (measure.theory)(load) - 1.0)),
            ..NamedPoint::at(load + beside, f64::NAN)
        });
        let points = Points { name: measure.name.to_owned(), points: points.collect(), ..Points::default() };
        differences = differences.with(points);
    }
    picture.panel("", differences)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The formula as Gross and Harris write it: the sum over all states, without a recursion.
    fn by_states(c: u32, r: f64) -> f64 {
        let term = |n: u32| (1..=n).map(|k| r / f64::from(k)).product::<f64>();
        let full = term(c) / (1.0 - r / f64::from(c));
        full / ((0..c).map(term).sum::<f64>() + full)
    }

    #[test]
    fn erlang_c_is_that_of_the_textbooks() {
        // 2 servers at 1 Erlang: 1/3; 4 at 2 Erlang: 4/23; at one server the probability is the load.
        for (servers, load, expected) in [(2, 1.0, 1.0 / 3.0), (4, 2.0, 4.0 / 23.0), (1, 0.8, 0.8)] {
            assert!((erlang_c(servers, load) - expected).abs() < 1e-12);
        }
        for servers in 1..40 {
            let load = 0.9 * f64::from(servers);
            assert!((erlang_c(servers, load) / by_states(servers, load) - 1.0).abs() < 1e-10, "{servers}");
        }
        // One server: rho / (1 - rho), and the probability of a wait longer than t: rho exp(-(1 - rho) t).
        assert!((mean_wait(1, 0.8) - 4.0).abs() < 1e-12);
        assert!((waits_longer(1, 0.8, 5.0) - 0.8 * (-1.0_f64).exp()).abs() < 1e-12);
    }

    /// The mean wait is the integral of the probability of a longer wait.
    #[test]
    fn waits_and_their_mean_agree() {
        let (servers, load, step) = (4, 3.4, 1e-3);
        let sum: f64 = (0..60_000).map(|i| waits_longer(servers, load, (f64::from(i) + 0.5) * step)).sum();
        assert!((sum * step / mean_wait(servers, load) - 1.0).abs() < 1e-6);
    }
}
