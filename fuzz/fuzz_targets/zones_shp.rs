//! Zones from a shapefile: two bytes of length (little endian), the `.shp`, the `.dbf`.
#![no_main]

use gridfleet::datasets::Zones;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|data: &[u8]| {
    if let [low, high, rest @ ..] = data {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(rest.len());
        let (shapes, records) = rest.split_at(length);
        let _ = Zones::from_shapefile(Path::new("zones.shp"), shapes.to_vec(), records.to_vec());
    }
});
