//! Runs targets of `reproduce` without a word.

use gridfleet::reproduce::context::Context;
use gridfleet::reproduce::{Draws, Outcome, Target};
use gridfleet::studies::Progress;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Says nothing of how far it is.
pub struct Silent;

impl Progress for Silent {
    fn update(&self, _: usize, _: usize, _: &str) {}
}

/// What a target comes to.
pub fn run(target: &Target, draws: Draws) -> Outcome {
    let stop = AtomicBool::new(false);
    // In no folder of data: it would be another one on another machine.
    (target.run)(&Context::new(draws, Path::new("no data"), &Silent, &stop)).unwrap()
}
