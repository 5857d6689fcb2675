//! A single station against Erlang's formula for the queue at c servers: the target `erlang-c` in full.

use crate::support::targets;
use gridfleet::reproduce::lone_station::{LoneStation, MEAN_SERVICE_S};
use gridfleet::reproduce::{Draws, Figure, Rule, SEED, Verdict, erlang_c};
use gridfleet::rng::Streams;

/// 50 replications of 50,000 arrivals at three loads: whole intervals within 5 % of theory (2 % for the probability
/// of waiting), and estimates within 3 %, three standard errors of the mean wait at the highest load.
#[test]
fn the_line_at_a_station_is_erlangs() {
    let target = erlang_c::TARGET;
    let draws = Draws { seed: SEED, replications: target.replications.unwrap() };
    let outcome = targets::run(&target, draws);
    assert_eq!(outcome.figures.len(), 9);
    for figure in &outcome.figures {
        let off = figure.relative_difference().unwrap();
        let half = figure.interval.unwrap().half_width() / figure.computed;
        println!("{}, {}: {:+.2} ± {:.2} %", figure.case, figure.name, 100.0 * off, 100.0 * half);
        assert!(figure.verdict() == Verdict::Holds && off.abs() < 0.03, "{figure:?}");
    }
    assert!(
        outcome.findings.iter().all(|finding| finding.verdict == Verdict::Follows),
        "{:?}",
        outcome.findings
    );
}

/// The comparison can fail: a station with one connector more than the formula.
#[test]
fn another_station_is_not_erlangs() {
    let (load, replications) = (3.4, 8);
    let station =
        LoneStation { connectors: 5, load_per_connector: load / 5.0, arrivals: 10_000, warm_up: 1_000 };
    let mean = |replication| station.simulate(Streams { seed: SEED, replication }, 0).unwrap().mean_s;
    let waits: Vec<f64> = (0..replications).map(mean).collect();
    let against = |servers| {
        Figure::mean("mean wait", "s", &waits)
            .published(MEAN_SERVICE_S * erlang_c::mean_wait(servers, load))
            .rule(Rule::Relative(0.2))
            .verdict()
    };
    assert_eq!((against(5), against(4)), (Verdict::Holds, Verdict::Fails));
}
