//! The seeds of the fuzz targets, read as the targets read them: none panics, and those that are
//! good files stay good files. `fuzz/README.md` tells how to search for more.

use gridfleet::datasets::builder::TraceBuilder;
use gridfleet::datasets::table::TableFile;
use gridfleet::datasets::{OnBadRow, TripFormat, TripSource, Zones, tlc, trips};
use std::path::{Path, PathBuf};

/// Names and bytes of a target's seeds, by name.
fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        // The published crate does not carry the fuzz targets.
        println!("skipped: {} is not here", folder.display());
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

#[test]
fn trips_and_taxi_records() {
    for (target, format) in [("trips", TripFormat::Trips), ("tlc", TripFormat::Tlc)] {
        for (path, bytes) in seeds(target) {
            let mut builder = TraceBuilder::new(OnBadRow::Skip);
            let zones =
                TableFile::from_bytes("z.csv", b"zone_id,lat,lon\n1,40.7,-74.1\n132,40.6,-73.8\n".to_vec());
            builder.add_zones(&Zones::from_table(&zones.unwrap()).unwrap());
            let source = TripSource::new(format, Vec::new());
            let file = TableFile::from_bytes("trips.csv", bytes).unwrap();
            let read = if format == TripFormat::Tlc { tlc::read } else { trips::read };
            read(&file, &source, &mut builder).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            assert!(!builder.finish().is_empty(), "{}", path.display());
        }
    }
}

#[test]
fn zones() {
    for (path, bytes) in seeds("zones_csv") {
        let zones = Zones::from_table(&TableFile::from_bytes("z.csv", bytes).unwrap());
        assert!(zones.is_ok(), "{}", path.display());
    }
    for (path, bytes) in seeds("zones_shp") {
        let length = usize::from(u16::from_le_bytes([bytes[0], bytes[1]]));
        let (shapes, records) = bytes[2..].split_at(length);
        let zones = Zones::from_shapefile(&path, shapes.to_vec(), records.to_vec()).unwrap();
        assert!(zones.area_km2.iter().all(|&area| area > 0.0));
    }
}
