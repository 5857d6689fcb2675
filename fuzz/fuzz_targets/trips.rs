//! The canonical table of trips, CSV or Parquet.
#![no_main]

use gridfleet::datasets::builder::TraceBuilder;
use gridfleet::datasets::table::TableFile;
use gridfleet::datasets::{OnBadRow, TripFormat, TripSource, trips};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut builder = TraceBuilder::new(OnBadRow::Skip);
    if let Ok(file) = TableFile::from_bytes("trips.csv", data.to_vec()) {
        let _ = trips::read(&file, &TripSource::new(TripFormat::Trips, Vec::new()), &mut builder);
        assert!(builder.finish().request_time.is_sorted());
    }
});
