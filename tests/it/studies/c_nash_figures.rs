//! The targets `cnash-fig2` to `cnash-fig5` and `cnash-formation`: their verdicts, cases in which these fail, and the theorems as a second
//! method.

use crate::support::targets;
use gridfleet::games::c_nash::paper::fig5_game;
use gridfleet::games::c_nash::paper::{FIG2_PICTURE, FIG4_PICTURE, FIG5_VERDICTS, Kind, PreferredOutcome};
use gridfleet::games::c_nash::{Structure, conditions, solve};
use gridfleet::reproduce::c_nash::{fig2, fig3, fig4, fig5, formation};
use gridfleet::reproduce::{self, Draws, Figure, Outcome, SEED, Target, Values, Verdict};

fn run(target: &Target, seed: u64, replications: Option<u32>) -> Outcome {
    let draws = target.draws(Some(seed), replications).unwrap_or(Draws { seed, replications: 1 });
    targets::run(target, draws)
}

/// The figures of a case: `case` may be the beginning of its name.
fn figures_of<'a>(outcome: &'a Outcome, case: &str) -> Vec<&'a Figure> {
    outcome.figures.iter().filter(|figure| figure.case.starts_with(case)).collect()
}

/// Number of figures that hold, and of those that are checked; all findings have to hold.
fn holding(outcome: &Outcome) -> (usize, usize) {
    for finding in &outcome.findings {
        assert!(finding.verdict.is_met(), "{finding:?}");
    }
    let checked = || outcome.figures.iter().filter(|figure| figure.verdict() != Verdict::Shown);
    (checked().filter(|figure| figure.verdict() == Verdict::Holds).count(), checked().count())
}

/// Side of 1 on which each M is, by the theorems: true where a group is better off with the coalition.
fn predicted(differences: &[f64], size: usize) -> Vec<bool> {
    let groups = [differences, &differences[..size], &differences[size..]];
    groups.iter().filter(|group| !group.is_empty()).map(|group| group.iter().sum::<f64>() < 0.0).collect()
}

fn together(stations: usize, size: usize) -> Structure {
    Structure::new(stations, vec![(0..size).collect()]).unwrap()
}

/// Demand 1 and sensitivity 0.1 of the first `low` of five stations, 5 and 1 of the others.
fn five(low: usize) -> (Vec<f64>, Vec<f64>) {
    let list = |of_low: f64, of_high: f64| (0..5).map(|i| if i < low { of_low } else { of_high }).collect();
    (list(1.0, 5.0), list(0.1, 1.0))
}

fn sides(figures: &[&Figure]) -> Vec<bool> {
    figures.iter().map(|figure| figure.computed > 1.0).collect()
}

#[test]
fn figure_2_is_the_picture_and_theorem_4_7_knows_its_sides() {
    let outcome = run(&fig2::TARGET, SEED, None);
    assert_eq!(holding(&outcome), (9, 9));
    for (variant, more) in [("picture", 1), ("text", 0)] {
        for size in 2..=5 {
            let figures = figures_of(&outcome, &format!("{variant}, {size} "));
            let (demand, sensitivity) = five(size + more);
            let differences = conditions::equal_prices(0.5, &sensitivity, &demand, &together(5, size));
            assert_eq!(sides(&figures), predicted(&differences, size), "{variant}, {size}");
        }
    }
}

/// The published values reject the variant of the text, each of the nine.
#[test]
fn figure_2_as_the_text_has_it_is_another() {
    let outcome = run(&fig2::TARGET, SEED, None);
    for (size, _) in FIG2_PICTURE {
        let (picture, text) = (
            figures_of(&outcome, &format!("picture, {size} ")),
            figures_of(&outcome, &format!("text, {size} ")),
        );
        for (published, other) in picture.iter().zip(text) {
            assert_eq!(other.verdict(), Verdict::Shown);
            let figure = Figure { computed: other.computed, ..(*published).clone() };
            assert_eq!(figure.verdict(), Verdict::Fails, "{figure:?}");
        }
    }
}

#[test]
fn figure_3_harms_coalitions_and_theorem_4_11_knows_its_sides() {
    let outcome = run(&fig3::TARGET, SEED, None);
    assert_eq!((holding(&outcome), outcome.findings.len()), ((0, 0), 3));
    for (variant, more) in [("picture", 1), ("text", 0)] {
        for size in 2..=5 {
            let figures = figures_of(&outcome, &format!("{variant}, {size} "));
            let (_, sensitivity) = five(size + more);
            let differences = conditions::equal_nominal(0.5, &sensitivity, &together(5, size));
            assert_eq!(sides(&figures), predicted(&differences, size), "{variant}, {size}");
            assert!(figures.iter().all(|figure| figure.interval.is_some()));
        }
    }
    // Two replications are sufficient: the sides do not depend on the prices.
    holding(&run(&fig3::TARGET, 7, Some(2)));
}

/// The tolerance is wide enough for any seed, and more replications stay within it.
#[test]
fn figure_4_is_the_picture() {
    for (seed, replications) in [(SEED, None), (2, None), (3, None), (4, Some(1_000))] {
        assert_eq!(holding(&run(&fig4::TARGET, seed, replications)), (36, 36), "seed {seed}");
    }
    // Two replications decide nothing, and report no failure.
    let few = run(&fig4::TARGET, SEED, Some(2));
    assert!(few.findings.iter().any(|finding| finding.verdict == Verdict::Undecided), "{:?}", few.findings);
}

/// ... and narrow enough to distinguish the picture from the three other methods of drawing.
#[test]
fn figure_4_drawn_otherwise_is_another() {
    let outcome = run(&fig4::TARGET, SEED, Some(400));
    let columns = &outcome.tables[0].columns;
    let (Values::Texts(variants), Values::Numbers(values)) = (&columns[0].1, &columns[3].1) else {
        panic!("{columns:?}");
    };
    let published = figures_of(&outcome, "picture");
    assert_eq!(published.len(), 3 * FIG4_PICTURE.len());
    for (variant, expected) in [
        ("picture, independent", 0..=0),
        ("picture, joint", 8..=36),
        ("text, independent", 25..=36),
        ("text, joint", 25..=36),
    ] {
        // The three values of a coalition of one have no published values beside them.
        let values: Vec<f64> = variants
            .iter()
            .zip(values)
            .filter(|(name, _)| *name == variant)
            .map(|(_, m)| *m)
            .skip(3)
            .collect();
        assert_eq!(values.len(), published.len(), "{variant}");
        let misses = published.iter().zip(values).filter(|(figure, value)| {
            let figure = Figure { computed: *value, interval: None, ..(**figure).clone() };
            figure.verdict() == Verdict::Fails
        });
        let misses = misses.count();
        assert!(expected.contains(&misses), "{variant}: {misses}");
    }
}

#[test]
fn figure_5_has_eighteen_verdicts_and_theorem_4_7_the_same() {
    let outcome = run(&fig5::TARGET, SEED, None);
    assert_eq!(holding(&outcome), (18, 18));
    for (number, (inside, outside, verdicts)) in FIG5_VERDICTS.into_iter().enumerate() {
        let figure = |kind: Kind| if kind == Kind::High { 5.0 } else { 1.0 };
        let figures = [inside[0], inside[1], outside].map(figure);
        let differences = conditions::equal_prices(1.0, &figures, &figures, &together(3, 2));
        let expected = verdicts.map(|better| better == PreferredOutcome::Coalition);
        assert_eq!(predicted(&differences, 2), expected);
        assert_eq!(sides(&outcome.figures.iter().skip(3 * number).take(3).collect::<Vec<_>>()), expected);
    }
}

/// Draws depend on replication and size only: another number of threads gives the same figures.
#[test]
fn threads_leave_the_same_figures() {
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    for target in [&fig3::TARGET, &fig4::TARGET] {
        let (one, more) = (alone.install(|| run(target, 5, Some(20))), run(target, 5, Some(20)));
        assert_eq!((&one.figures, &one.findings, &one.tables), (&more.figures, &more.findings, &more.tables));
        assert!(reproduce::TARGETS.iter().any(|listed| listed.name == target.name));
    }
}

fn texts<'a>(table: &'a gridfleet::reproduce::Table, column: &str) -> &'a [String] {
    match table.columns.iter().find(|(name, _)| name == column) {
        Some((_, Values::Texts(texts))) => texts,
        other => panic!("{column}: {other:?}"),
    }
}

/// All partitions are examined, and those of three alike stations are as the definitions say with costs solved one by one.
#[test]
fn coalitions_that_form_are_those_of_the_definitions() {
    let outcome = run(&formation::TARGET, SEED, None);
    assert_eq!(holding(&outcome), (0, 0));
    assert_eq!(outcome.findings.len(), 3);
    let table = &outcome.tables[0];
    let (cases, rules, patterns) = (texts(table, "case"), texts(table, "rule"), texts(table, "partition"));
    let Some((_, Values::Integers(numbers))) = table.columns.iter().find(|(name, _)| name == "partitions")
    else {
        panic!("{table:?}");
    };
    let partitions = |case: &str| -> i64 {
        let rows = (0..cases.len()).filter(|&row| cases[row] == case && rules[row] == "own bill");
        rows.map(|row| numbers[row]).sum()
    };
    let counts = ["figure 5, HHL", "figure 2, HHHLL", "figure 2, HHHHLLLL"].map(partitions);
    assert_eq!(counts, [5, 52, 4_140]);
    // Three stations alike: only the number of coalitions matters. Costs of a station alone beside two others, alone
    // beside a pair, in a pair, and in a coalition of three.
    for kind in [Kind::High, Kind::Low] {
        let game = fig5_game(&[kind; 3]).unwrap();
        let costs = |coalitions: Vec<Vec<usize>>| {
            solve(&game, &Structure::new(3, coalitions).unwrap()).unwrap().costs
        };
        let (alone, pair, all) = (costs(vec![])[0], costs(vec![vec![0, 1]]), costs(vec![vec![0, 1, 2]])[0]);
        let (in_pair, beside) = (pair[0], pair[2]);
        let letter = if kind == Kind::High { "H" } else { "L" };
        let case = format!("figure 5, {}", letter.repeat(3));
        let is_stable = |pattern: String, notion: &str| {
            let is_it =
                |&row: &usize| cases[row] == case && rules[row] == "own bill" && patterns[row] == pattern;
            texts(table, notion)[(0..cases.len()).find(is_it).unwrap()] == "stable"
        };
        let [apart, two, together] =
            [format!("{letter}|{letter}|{letter}"), format!("{letter}{letter}|{letter}"), letter.repeat(3)];
        assert_eq!(is_stable(apart.clone(), "nash"), alone <= in_pair, "{case}");
        assert_eq!(is_stable(apart, "core"), alone <= in_pair && alone <= all, "{case}");
        assert_eq!(is_stable(two.clone(), "nash"), in_pair <= alone && beside <= all, "{case}");
        assert_eq!(is_stable(together.clone(), "nash"), all <= beside, "{case}");
        assert_eq!(is_stable(together.clone(), "core"), all <= beside && all <= in_pair, "{case}");
        assert_eq!(is_stable(together, "core_dissolving"), all <= alone && all <= in_pair, "{case}");
    }
}
