//! Zones from a table.
#![no_main]

use gridfleet::datasets::Zones;
use gridfleet::datasets::table::TableFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let zones = TableFile::from_bytes("zones.csv", data.to_vec()).and_then(|file| Zones::from_table(&file));
    if let Ok(zones) = zones {
        // What was read can be written and read again.
        let again = TableFile::from_bytes("zones.csv", zones.to_csv().into_bytes());
        assert_eq!(again.and_then(|file| Zones::from_table(&file)).ok(), Some(zones));
    }
});
