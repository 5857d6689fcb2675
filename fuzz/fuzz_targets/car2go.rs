//! Car2Go snapshots. Their reader takes files, so each input is one for a moment.
#![no_main]

use gridfleet::datasets::{OnBadRow, car2go};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let path = std::env::temp_dir().join(format!("gridfleet-fuzz-car2go-{}.csv", std::process::id()));
    if std::fs::write(&path, data).is_ok() {
        let _ = car2go::read(&[path], chrono_tz::Europe::Berlin, OnBadRow::Skip);
    }
});
