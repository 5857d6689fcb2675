//! What other risks would have brought, as hindsight values it, against what the engine says.

use gridfleet::policies::bidding::learned::Chain;
use gridfleet::policies::bidding::{ObservationKind, sight};
use gridfleet::scenario::Overrides;
use gridfleet::training::{Course, Environment, Set};
use std::path::Path;

fn course() -> Course {
    let set = ["training.weeks=2", "training.held_out_weeks=1", "training.replications=1"];
    let set = set.iter().map(|&text| text.to_owned()).collect();
    Course::load(Path::new("scenarios/stuttgart-rl.toml"), &Overrides { set, ..Overrides::default() }).unwrap()
}

fn play(course: &Course, before: Vec<usize>, mut action: impl FnMut(usize) -> usize) -> Environment {
    let week = course.week(Set::Training, 0).unwrap();
    let chain = Chain { before, ahead: course.outlooks(Set::Training, 1).unwrap() };
    let mut environment = Environment::reset(course, &week, ObservationKind::Rich, chain).with_diary();
    while !environment.step(action(environment.step_number())).over {}
    environment
}

#[test]
fn what_was_played_is_worth_what_the_ledger_says() {
    let course = course();
    let week = course.week(Set::Training, 0).unwrap();
    // Any risks at any step, the boldest among them: riders are turned away, and some energy is not drawn.
    let wild = |step: usize| (step * 37 + step / 7) % sight::ACTIONS;
    let before: Vec<usize> = (0..672).map(|step| (step * 53 + 11) % sight::ACTIONS).collect();
    for (name, played) in [
        ("wild", play(&course, before, wild)),
        ("bold", play(&course, vec![0], |_| 0)),
        ("best", play(&course, vec![sight::action([0.2, 0.3])], |_| sight::action([0.2, 0.3]))),
    ] {
        let slots = played.hindsight(&week);
        assert_eq!(slots.len(), 672);
        let mut worst = 0.0_f64;
        for (slot, &eur) in slots.iter().zip(played.by_slot()) {
            worst = worst.max((slot.value(slot.played()) - eur).abs());
        }
        let result = played.result();
        println!("{name}: {result:?}, worst slot off by {worst:e}");
        assert!(worst < 1e-5, "{name}: {worst}");
    }
}
