//! Entry points of the fuzz targets: each reader of external files, and the properties that must hold of its
//! result. This is the library of `fuzz/`; the tests replay the seeds with it.
//!
//! A reader returns the number of items read, or an error. A fault is a panic, an error that is not an input
//! error or cannot be printed, or a result that contradicts itself.

use gridfleet::cli::errors::render;
use gridfleet::datasets::builder::TraceBuilder;
use gridfleet::datasets::table::TableFile;
use gridfleet::datasets::{OnBadRow, Trace, TripFormat, TripSource, Zones, write};
use gridfleet::error::{Error, Result};
use gridfleet::ids::PlaceId;
use gridfleet::scenario::Overrides;
use std::path::Path;
use tempfile::NamedTempFile;

/// A reader of bytes.
pub type Reader = fn(&[u8]) -> Result<usize>;

/// All readers, each under the name of its target.
pub const READERS: [(&str, Reader); 9] = [
    ("car2go", car2go),
    ("prices", prices),
    ("scenario", scenario),
    ("stations", stations),
    ("tlc", tlc),
    ("trips", trips),
    ("vehicles", vehicles),
    ("zones_csv", zones_csv),
    ("zones_shp", zones_shp),
];

/// Zones to which trips may refer.
const ZONES: &[u8] = b"zone_id,lat,lon,area_km2\n1,40.7,-74.1,7.5\n132,40.6,-73.8,\n";

/// Prices to which a scenario may refer: two days in Berlin.
const PRICES: &str = "time,price_eur_mwh\n2018-03-05T00:00:00+01:00,30\n2018-03-06T00:00:00+01:00,40\n";

/// Car2Go snapshots, or trips derived from them; counts trips.
pub fn car2go(data: &[u8]) -> Result<usize> {
    let file = file(data, ".csv");
    let files = [file.path().to_path_buf()];
    let read = |on_bad_row| {
        gridfleet::datasets::car2go::read(&files, chrono_tz::Europe::Berlin, on_bad_row).map_err(printable)
    };
    let trace = read(OnBadRow::Skip)?;
    check_trace(&trace);
    if let Ok(strict) = read(OnBadRow::Fail) {
        check_same(&trace, &strict);
    }
    Ok(trace.len())
}

/// The canonical table of prices; counts slots.
pub fn prices(data: &[u8]) -> Result<usize> {
    let file = file(data, ".csv");
    let series = gridfleet::datasets::prices::read(file.path()).map_err(printable)?;
    assert!(series.slot_s > 0 && series.price_eur_mwh.iter().all(|price| price.is_finite()));
    assert!(series.covers(series.start, series.end()));
    assert_eq!(series.at(series.start), series.price_eur_mwh.first().copied());
    assert_eq!(series.at(series.end()), None);
    Ok(series.price_eur_mwh.len())
}

/// Scenario files; counts stations. Any text before a zero byte, which no TOML file contains, is a list of
/// values for `--set`, one per line. The files available to a scenario are the scenario itself and
/// `prices.csv`.
pub fn scenario(data: &[u8]) -> Result<usize> {
    let (set, text) = match data.iter().position(|&byte| byte == 0) {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (&[][..], data),
    };
    let set = String::from_utf8_lossy(set).lines().map(str::to_owned).collect();
    let overrides = Overrides { set, ..Overrides::default() };
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let file = folder.path().join("scenario.toml");
    std::fs::write(&file, text).expect("room for temporary files");
    std::fs::write(folder.path().join("prices.csv"), PRICES).expect("room for temporary files");
    let scenario = gridfleet::scenario::load(&file, &overrides).map_err(printable)?;
    Ok(scenario.spec.stations.len())
}

/// The canonical table of stations; counts stations.
pub fn stations(data: &[u8]) -> Result<usize> {
    let file = file(data, ".csv");
    let stations = gridfleet::datasets::stations::read(file.path()).map_err(printable)?;
    for station in &stations {
        assert!(station.connectors > 0 && station.connector_kw > 0.0 && station.connector_kw.is_finite());
    }
    Ok(stations.len())
}

/// Taxi records, CSV or Parquet; counts trips.
pub fn tlc(data: &[u8]) -> Result<usize> {
    let source = TripSource::new(TripFormat::Tlc, Vec::new());
    let read = |file: &TableFile, to: &mut TraceBuilder| gridfleet::datasets::tlc::read(file, &source, to);
    of_table(data, read).map(|trace| trace.len())
}

/// The canonical table of trips, CSV or Parquet; counts trips.
pub fn trips(data: &[u8]) -> Result<usize> {
    let trace = of_table(data, read_trips)?;
    // Data that were read can be written and read again.
    let mut written = Vec::new();
    assert!(write::encode(&trace, &mut written).is_ok());
    if !trace.is_empty() {
        check_same(&trace, &of_table(&written, read_trips)?);
    }
    Ok(trace.len())
}

fn read_trips(file: &TableFile, to: &mut TraceBuilder) -> Result<()> {
    gridfleet::datasets::trips::read(file, &TripSource::new(TripFormat::Trips, Vec::new()), to)
}

/// A catalogue of vehicle types or, with a column `vehicle_id`, a list of vehicles; counts rows.
pub fn vehicles(data: &[u8]) -> Result<usize> {
    use gridfleet::datasets::vehicles::{read_catalogue, read_vehicles};
    let file = file(data, ".csv");
    if data.windows(10).take(1_000).any(|window| window == b"vehicle_id") {
        return read_vehicles(file.path()).map(|vehicles| vehicles.len()).map_err(printable);
    }
    let types = read_catalogue(file.path()).map_err(printable)?;
    for row in &types {
        assert!(row.battery_kwh > 0.0 && row.usable_soc[0] < row.usable_soc[1], "{row:?}");
    }
    Ok(types.len())
}

/// Zones from a table, CSV or Parquet; counts zones.
pub fn zones_csv(data: &[u8]) -> Result<usize> {
    let read = |data: Vec<u8>| Zones::from_table(&TableFile::from_bytes("zones.csv", data)?);
    let zones = read(data.to_vec()).map_err(printable)?;
    // Data that were read can be written and read again.
    let again = read(zones.to_csv().into_bytes());
    assert_eq!(again.ok().as_ref(), Some(&zones));
    Ok(zones.len())
}

/// Zones from a shapefile: two bytes of length (little-endian), the `.shp`, the `.dbf`; counts zones.
pub fn zones_shp(data: &[u8]) -> Result<usize> {
    let (length, rest) = data.split_at(data.len().min(2));
    let length = length.iter().rev().fold(0, |sum, &byte| sum * 256 + usize::from(byte));
    let (shapes, records) = rest.split_at(length.min(rest.len()));
    let zones = Zones::from_shapefile(Path::new("zones.shp"), shapes.to_vec(), records.to_vec())
        .map_err(printable)?;
    assert!(zones.area_km2.iter().all(|&area| area >= 0.0), "{zones:?}");
    Ok(zones.len())
}

/// A temporary file with these bytes, for readers that do not accept bytes; deleted on drop. Parquet is
/// recognised by its extension there.
fn file(data: &[u8], ending: &str) -> NamedTempFile {
    let ending = if data.starts_with(b"PAR1") { ".parquet" } else { ending };
    let file = tempfile::Builder::new().suffix(ending).tempfile().expect("a folder for temporary files");
    std::fs::write(file.path(), data).expect("room for temporary files");
    file
}

/// The error, after a check that it is an input error and can be printed.
fn printable(error: Error) -> Error {
    assert_eq!(error.exit_status(), 2, "{error}");
    assert!(render(&error, false).starts_with("error: "), "{error}");
    error
}

/// The trace from a table reader, without bad rows.
fn of_table(data: &[u8], read: impl Fn(&TableFile, &mut TraceBuilder) -> Result<()>) -> Result<Trace> {
    let file = TableFile::from_bytes("trips.csv", data.to_vec()).map_err(printable)?;
    let zones =
        TableFile::from_bytes("zones.csv", ZONES.to_vec()).and_then(|file| Zones::from_table(&file))?;
    let build = |on_bad_row| {
        let mut builder = TraceBuilder::new(on_bad_row);
        builder.add_zones(&zones);
        read(&file, &mut builder).map_err(printable).map(|()| builder.finish())
    };
    let trace = build(OnBadRow::Skip)?;
    check_trace(&trace);
    let (read, kept) = (trace.report.rows_read, trace.report.rows_kept);
    assert_eq!(read, kept + trace.report.skipped.values().sum::<u64>(), "{:?}", trace.report);
    // There is an error if and only if there are bad rows.
    match build(OnBadRow::Fail) {
        Ok(strict) => {
            assert_eq!(read, kept);
            check_same(&trace, &strict);
        }
        Err(error) => assert_ne!(read, kept, "{error}"),
    }
    Ok(trace)
}

/// Checks the invariants of a trace (`datasets::trace`).
fn check_trace(trace: &Trace) {
    let rows = trace.len();
    assert!(trace.request_time.is_sorted());
    assert!(trace.origin.iter().chain(&trace.destination).all(|place| place.index() < trace.places.len()));
    for column in [&trace.duration_s, &trace.distance_km, &trace.fare, &trace.soc_start, &trace.soc_end] {
        assert_eq!(column.len(), rows);
        assert!(column.iter().all(|&value| value.is_nan() || value >= 0.0), "{column:?}");
    }
    assert!(trace.soc_start.iter().chain(&trace.soc_end).all(|&soc| soc.is_nan() || soc <= 1.0));
    let named = |codes: &[u32], names: &[String]| {
        codes.len() == rows && codes.iter().all(|&code| code == Trace::NONE || (code as usize) < names.len())
    };
    assert!(named(&trace.fleet, &trace.fleet_names) && named(&trace.vehicle, &trace.vehicle_names));
    let lengths =
        [trace.origin.len(), trace.destination.len(), trace.passengers.len(), trace.ends_at_charger.len()];
    assert_eq!(lengths, [rows; 4]);
}

/// Checks that two traces have the same trips; the numbers of places, fleets and vehicles may differ.
fn check_same(a: &Trace, b: &Trace) {
    let rows = |trace: &Trace| (0..trace.len()).map(|row| row_of(trace, row)).collect::<Vec<_>>();
    assert_eq!(rows(a), rows(b));
}

/// A trip in comparable form: numbers by their bits, names in full.
fn row_of(trace: &Trace, row: usize) -> impl PartialEq + std::fmt::Debug + use<> {
    let place = |place: PlaceId| {
        let places = &trace.places;
        (places.zone_name(place).map(str::to_owned), places.lat(place), places.lon(place))
    };
    let name = |codes: &[u32], names: &[String]| names.get(codes[row] as usize).cloned();
    let numbers = [&trace.duration_s, &trace.distance_km, &trace.fare, &trace.soc_start, &trace.soc_end];
    (
        (trace.request_time[row], place(trace.origin[row]), place(trace.destination[row])),
        numbers.map(|column| if column[row].is_nan() { None } else { Some(column[row].to_bits()) }),
        (trace.passengers[row], trace.ends_at_charger[row]),
        [name(&trace.fleet, &trace.fleet_names), name(&trace.vehicle, &trace.vehicle_names)],
    )
}
