//! The canonical table of prices.
#![no_main]

use gridfleet::datasets::prices;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = prices::from_csv(Path::new("prices.csv"), text);
    }
});
