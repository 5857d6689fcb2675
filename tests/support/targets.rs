//! Runs targets of `reproduce` silently.

use gridfleet::reproduce::context::Context;
use gridfleet::reproduce::{Draws, Outcome, Target};
use gridfleet::studies::Progress;
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// Discards progress.
pub struct Silent;

impl Progress for Silent {
    fn update(&self, _: usize, _: usize, _: &str) {}
}

/// Outcome of a target.
pub fn run(target: &Target, draws: Draws) -> Outcome {
    let stop = AtomicBool::new(false);
    // Without a folder of data, which would differ on another machine.
    (target.run)(&Context::new(draws, Path::new("no data"), &Silent, &stop)).unwrap()
}
