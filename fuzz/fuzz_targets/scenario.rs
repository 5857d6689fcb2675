//! Scenario files. Those they name do not exist, which is one of the errors to be told.
#![no_main]

use gridfleet::scenario::{self, Overrides};
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = scenario::parse(Path::new("scenario.toml"), text.to_string(), &Overrides::default());
    }
});
