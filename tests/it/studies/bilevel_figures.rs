//! The targets `bilevel-table1` and `bilevel-fig3` to `bilevel-fig14`: findings that must hold for any prices do hold.
//!
//! Prices are those of Nord Pool if its files are present, and synthetic otherwise.

use crate::support::cli::Dir;
use crate::support::targets;
use gridfleet::reproduce::bilevel::{owners, prices, profits, table1, trade};
use gridfleet::reproduce::{Draws, Outcome, Rule, SEED, Target, Values, Verdict};

fn run(target: &Target, replications: u32) -> Outcome {
    targets::run(target, Draws { seed: SEED, replications })
}

/// The verdict of the finding that begins with `text`.
fn verdict(outcome: &Outcome, text: &str) -> Verdict {
    let found = outcome.findings.iter().find(|finding| finding.text.starts_with(text));
    found.unwrap_or_else(|| panic!("no finding {text}: {:?}", outcome.findings)).verdict
}

fn numbers<'a>(outcome: &'a Outcome, column: &str) -> &'a [f64] {
    let found = outcome.tables[0].columns.iter().find(|(name, _)| name == column);
    match found.map(|(_, values)| values) {
        Some(Values::Numbers(list)) => list,
        other => panic!("{column}: {other:?}"),
    }
}

#[test]
fn table_1_has_all_weights_and_a_frontier_on_each_day() {
    let outcome = run(&table1::TARGET, 6);
    for text in [
        "every solution",
        "with growing weight of risk the expected profit",
        "with growing weight of risk the CVaR",
    ] {
        assert_eq!(verdict(&outcome, text), Verdict::Follows, "{text}");
    }
    assert_eq!(outcome.figures.len(), 8 * 7);
    let published: Vec<f64> = outcome.figures.iter().filter_map(|figure| figure.published).collect();
    assert_eq!(published.len(), 32);
    assert!(
        (published[..3].iter().zip([1.0, 1.0, -1.0]).map(|(x, s)| x * s).sum::<f64>() - 384.461).abs() < 1e-9
    );
    assert!(outcome.figures.iter().all(|figure| figure.rule == Rule::Shown));
    // The table has each day and weight, proven.
    assert_eq!(numbers(&outcome, "beta").len(), 48);
    assert!(numbers(&outcome, "gap").iter().all(|gap| *gap <= 1e-7));
    // No energy is lost: energy bought less energy given back is at most the total demand.
    let (ahead, positive, negative) = (
        numbers(&outcome, "day_ahead_mwh"),
        numbers(&outcome, "positive_mwh"),
        numbers(&outcome, "negative_mwh"),
    );
    for k in 0..48 {
        let sold = ahead[k] + positive[k] - negative[k];
        assert!((0.0..1.2 * 384.0).contains(&sold), "{sold}");
    }
}

#[test]
fn the_same_seed_gives_the_same_figures_and_another_gives_others() {
    let result = |seed: u64| {
        let outcome = targets::run(&table1::TARGET, Draws { seed, replications: 1 });
        numbers(&outcome, "expected_profit").to_vec()
    };
    assert_eq!(result(1), result(1));
    assert_ne!(result(1), result(2));
}

#[test]
fn every_figure_is_drawn_and_its_sure_findings_hold() {
    let sure = [
        "every solution",
        "7 scenarios are nearer",
        "each price",
        "owners buy where",
        "without reluctance",
        "with reluctance",
    ];
    let targets = [
        &prices::FIG3,
        &prices::FIG4,
        &prices::FIG5,
        &prices::FIG6,
        &profits::FIG7,
        &profits::FIG8,
        &profits::FIG9,
        &trade::FIG10,
        &trade::FIG11,
        &trade::FIG12,
        &owners::FIG13,
        &owners::FIG14,
    ];
    for target in targets {
        let outcome = run(target, 1);
        assert_eq!(outcome.pictures.len(), 1, "{}", target.name);
        let svg = outcome.pictures[0].1.svg((800, 500)).unwrap();
        assert!(svg.contains("<svg") && !svg.contains("no data"), "{}", target.name);
        let checked: Vec<_> =
            outcome.findings.iter().filter(|f| sure.iter().any(|text| f.text.starts_with(text))).collect();
        assert!(!checked.is_empty(), "{}", target.name);
        for finding in checked {
            assert!(finding.verdict.is_met(), "{}: {finding:?}", target.name);
        }
    }
}

/// If the market's files are missing, synthetic prices replace them, and the result reports this and how to get the
/// files.
#[test]
fn made_up_prices_are_told_of() {
    let ended = Dir::new().gridfleet(["reproduce", "bilevel-fig6", "-r", "2"]).succeeds();
    let file = "nordpool/elspot-prices_2016_hourly_eur.csv";
    ended.prints("MADE UP").prints(file).prints("into datasets and");
}
