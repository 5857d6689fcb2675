//! The targets of the cooperative fleets: findings that must hold do, on few instances.

use crate::support::targets;
use gridfleet::reproduce::{Draws, Outcome, SEED, Verdict, find};

fn outcome(name: &str, replications: u32) -> Outcome {
    targets::run(find(name).unwrap(), Draws { seed: SEED, replications })
}

fn verdict(outcome: &Outcome, text: &str) -> Verdict {
    let finding = outcome.findings.iter().find(|finding| finding.text.contains(text));
    finding.unwrap_or_else(|| panic!("{text}: {:?}", outcome.findings)).verdict
}

#[test]
fn what_follows_from_the_model_holds_in_every_instance() {
    let table_3 = outcome("coop-table3", 6);
    assert_eq!(verdict(&table_3, "the grand coalition costs least"), Verdict::Follows);
    assert_eq!(verdict(&table_3, "the grand coalition costs less than all alone"), Verdict::Follows);
    let published: Vec<_> =
        table_3.figures.iter().filter(|figure| figure.case.starts_with("published costs")).collect();
    // Of the grand coalition and of three pairs.
    assert_eq!(published.len(), 3 + 6);
    assert_eq!(verdict(&table_3, "{2, 3} is the only stable pair"), Verdict::Holds);
    assert!(published.iter().all(|figure| figure.verdict() == Verdict::Holds), "{published:?}");
    for name in ["coop-table1", "coop-table2"] {
        assert_eq!(verdict(&outcome(name, 4), "all together cost less"), Verdict::Follows, "{name}");
    }
    let fig_6 = outcome("coop-fig6", 4);
    assert_eq!(verdict(&fig_6, "costs do not rise"), Verdict::Follows);
    assert_eq!(fig_6.figures.len(), 12);
}

#[test]
fn each_target_tells_of_its_rides_and_draws_its_picture() {
    for (name, pictures) in [("coop-core3", 1), ("coop-core4", 1), ("coop-fig6", 1), ("coop-table2", 0)] {
        let outcome = outcome(name, 2);
        assert_eq!((outcome.pictures.len(), outcome.tables.len()), (pictures, 1), "{name}");
        assert!(outcome.notes[0].starts_with("Rides are "), "{name}: {}", outcome.notes[0]);
        assert!(outcome.figures.iter().all(|figure| figure.computed.is_finite()), "{name}");
        for (_, picture) in &outcome.pictures {
            assert!(picture.svg(picture.size()).unwrap().len() > 1_000);
        }
    }
}
