//! Taxi records, CSV or Parquet.
#![no_main]

use gridfleet::datasets::builder::TraceBuilder;
use gridfleet::datasets::table::TableFile;
use gridfleet::datasets::{OnBadRow, TripFormat, TripSource, Zones, tlc};
use libfuzzer_sys::fuzz_target;

const ZONES: &[u8] = b"zone_id,lat,lon\n1,40.7,-74.1\n132,40.6,-73.8\n";

fuzz_target!(|data: &[u8]| {
    let zones = TableFile::from_bytes("zones.csv", ZONES.to_vec()).and_then(|file| Zones::from_table(&file));
    let mut builder = TraceBuilder::new(OnBadRow::Skip);
    if let (Ok(zones), Ok(file)) = (zones, TableFile::from_bytes("trips.csv", data.to_vec())) {
        builder.add_zones(&zones);
        let _ = tlc::read(&file, &TripSource::new(TripFormat::Tlc, Vec::new()), &mut builder);
        assert!(builder.finish().request_time.is_sorted());
    }
});
