//! The targets of the retailer's game: findings that must hold do on fewer days, and those that do not are reported.

use crate::support::targets;
use gridfleet::reproduce::{Draws, Outcome, SEED, Verdict, find};

fn outcome(name: &str, replications: u32) -> Outcome {
    targets::run(find(name).unwrap(), Draws { seed: SEED, replications })
}

/// The verdict of the finding that begins with `text`.
fn verdict(outcome: &Outcome, text: &str) -> Verdict {
    let finding = outcome.findings.iter().find(|finding| finding.text.starts_with(text));
    finding.unwrap_or_else(|| panic!("{text}: {:?}", outcome.findings)).verdict
}

#[test]
fn what_must_hold_of_table_3_does_but_for_the_hour_of_the_largest_spread() {
    let outcome = outcome("stackelberg-table3", 60);
    for text in [
        "the energy of the day is unchanged",
        "all come to rest",
        "no plans have a potential lower",
        "every vehicle keeps its limits",
        "vehicles charge mostly",
        "from 17:00 to 24:00",
    ] {
        assert!(verdict(&outcome, text).is_met(), "{text}");
    }
    assert_eq!(verdict(&outcome, "the load varies most"), Verdict::Fails);
    let figure = |name: &str, case: &str| {
        outcome.figures.iter().find(|figure| figure.name == name && figure.case == case).unwrap()
    };
    for name in ["peak demand", "payments", "generation cost"] {
        assert_eq!(figure(name, "cut by").verdict(), Verdict::Holds, "{name}");
        assert_eq!(figure(name, "without RTP and V2G").verdict(), Verdict::Holds, "{name}");
    }
    for name in ["payments", "generation cost"] {
        let off = figure(name, "RTP and V2G").relative_difference().unwrap();
        assert!(off.abs() < 0.02, "{name}: {off}");
    }
    // Users reduce the peak by more than published.
    let off = figure("peak demand", "RTP and V2G").relative_difference().unwrap();
    assert!((-0.08..-0.05).contains(&off), "{off}");
}

#[test]
fn each_target_has_its_picture_and_table_and_no_verdict_is_left_open() {
    for (name, holds, fails) in [
        ("table4", 0, 1),
        ("fig7", 1, 1),
        ("fig8", 1, 0),
        ("fig9", 2, 0),
        ("fig10", 1, 0),
        ("fig11", 1, 0),
        ("fig12", 1, 0),
    ] {
        let outcome = outcome(&format!("stackelberg-{name}"), 20);
        let count = |verdict| outcome.findings.iter().filter(|finding| finding.verdict == verdict).count();
        assert_eq!((count(Verdict::Holds), count(Verdict::Fails)), (holds, fails), "{name}: {outcome:?}");
        assert_eq!((outcome.pictures.len(), outcome.tables.len()), (1, 1), "{name}");
        assert_eq!(outcome.pictures[0].0, name);
        assert!(outcome.figures.iter().all(|figure| figure.computed.is_finite()), "{name}");
        assert!(!outcome.notes.is_empty());
    }
}
