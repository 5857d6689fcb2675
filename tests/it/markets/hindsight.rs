//! Gains from other risks, as valued by hindsight, against the engine.

use gridfleet::policies::bidding::learned::Chain;
use gridfleet::policies::bidding::{ObservationKind, observation};
use gridfleet::scenario::Overrides;
use gridfleet::training::{Course, Environment, Set};
use std::path::Path;

fn course() -> Course {
    let set = ["training.weeks=2", "training.held_out_weeks=1", "training.replications=1"];
    let set = set.iter().map(|&text| text.to_owned()).collect();
    Course::load(Path::new("scenarios/stuttgart-rl.toml"), &Overrides { set, ..Overrides::default() })
        .unwrap()
}

fn play(course: &Course, before: Vec<usize>, mut action: impl FnMut(usize) -> usize) -> Environment {
    let week = course.week(Set::Training, 0).unwrap();
    let chain = Chain { before, ahead: course.outlooks(Set::Training, 1).unwrap() };
    let mut environment = Environment::reset(course, &week, ObservationKind::Rich, chain).with_diary();
    while !environment.step(action(environment.step_number())).unwrap().over {}
    environment
}

#[test]
fn what_was_played_is_worth_what_the_ledger_says() {
    let course = course();
    let week = course.week(Set::Training, 0).unwrap();
    // Any risks at any step, including the boldest: riders are turned away, and some energy is not drawn.
    let wild = |step: usize| (step * 37 + step / 7) % observation::ACTIONS;
    let before: Vec<usize> = (0..672).map(|step| (step * 53 + 11) % observation::ACTIONS).collect();
    for (name, played) in [
        ("wild", play(&course, before, wild)),
        ("bold", play(&course, vec![0], |_| 0)),
        ("best", play(&course, vec![observation::action([0.2, 0.3])], |_| observation::action([0.2, 0.3]))),
    ] {
        let slots = played.hindsight(&week);
        assert_eq!(slots.len(), 672);
        let mut worst = 0.0_f64;
        for (slot, &cash) in slots.iter().zip(played.by_slot()) {
            worst = worst.max((slot.value(slot.played()) - cash).abs());
        }
        let result = played.result();
        println!("{name}: {result:?}, worst slot off by {worst:e}");
        assert!(worst < 1e-5, "{name}: {worst}");
    }
}

/// The engine as independent check: the week is played again with one other risk for one product, and the gain from
/// that product must be what hindsight states for the first play. The only approximation is that a vehicle that stays
/// draws its share of the pool.
#[test]
fn other_risks_are_worth_what_the_engine_makes_of_them() {
    const LEADS: [usize; 2] = [672, 2];
    let course = course();
    let week = course.week(Set::Training, 0).unwrap();
    let usual = observation::action([0.2, 0.3]);
    let slots = play(&course, vec![usual; 672], |_| usual).hindsight(&week);
    let (mut worst, mut refused) = (0.0_f64, 0);
    for slot in (8..672).step_by(61) {
        for (market, risk) in [(0, 0.0), (0, 0.6), (1, 0.0), (1, 1.0)] {
            let mut risks = [0.2, 0.3];
            risks[market] = risk;
            let other = observation::action(risks);
            let mut before = vec![usual; 672];
            if market == 0 {
                before[slot] = other;
            }
            let played =
                play(
                    &course,
                    before,
                    |step| {
                        if market == 1 && step + LEADS[1] == slot { other } else { usual }
                    },
                );
            let (told, made) = (slots[slot].value(risks), played.by_slot()[slot]);
            worst = worst.max((told - made).abs());
            refused += usize::from(played.result().lost > 0.0 && told < slots[slot].value([0.2, 0.3]) - 3.0);
        }
    }
    println!("worst product off by {worst:.6}, {refused} times riders turned away");
    assert!(worst < 0.02, "{worst}");
    assert!(refused > 0, "no rider was turned away: the hard part is not tested");
}

/// Over a whole week, with the effects of one product on the next.
#[test]
fn hindsight_of_a_week_is_near_what_its_play_brings() {
    let course = course();
    let week = course.week(Set::Training, 0).unwrap();
    let usual = observation::action([0.3, 0.3]);
    let slots = play(&course, vec![usual], |_| usual).hindsight(&week);
    for risks in [[0.2, 0.3], [0.3, 0.2], [0.5, 0.3], [0.4, 0.4]] {
        let told: f64 = slots.iter().map(|slot| slot.value(risks)).sum();
        let other = observation::action(risks);
        let made = play(&course, vec![other], |_| other).result().profit;
        println!("{risks:?}: told {told:.1}, made {made:.1}");
        assert!((told - made).abs() < 0.03 * made, "{risks:?}: {told} {made}");
    }
}
