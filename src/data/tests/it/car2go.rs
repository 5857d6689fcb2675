//! Car2Go files: samples of the real format, and errors in bad files.

use crate::real::data;
use chrono_tz::Europe::Berlin;
use gridfleet_core::error::Error;
use gridfleet_data::{OnBadRow, Trace, car2go};
use std::io::Write as _;
use std::path::PathBuf;

const HEAD: &str =
    "name,vin,latitude,longitude,interior,exterior,address,fuel,engineType,charging,timestamp\n";

fn witness(name: &str) -> Option<PathBuf> {
    let file = format!("car2go/{name}");
    Some(data(&[&file])?.join(file))
}

fn file(content: &[u8], ending: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().prefix("feed").suffix(ending).tempfile().unwrap();
    file.write_all(content).unwrap();
    file
}

fn read(content: &str, on_bad_row: OnBadRow) -> Result<Trace, Error> {
    let file = file(content.as_bytes(), ".csv");
    car2go::read(&[file.path().to_path_buf()], Berlin, on_bad_row)
}

/// The message, without the temporary file's path.
fn message(content: &str) -> String {
    let file = file(content.as_bytes(), ".csv");
    let error = car2go::read(&[file.path().to_path_buf()], Berlin, OnBadRow::Fail).unwrap_err();
    assert!(error.is_input());
    error.to_string().replace(&file.path().display().to_string(), "feed.csv")
}

#[test]
fn raw_snapshots_of_the_real_feed_are_read() {
    let Some(path) = witness("stuttgart_raw_snapshot_rows.csv") else { return };
    let trace = car2go::read(std::slice::from_ref(&path), Berlin, OnBadRow::Fail).unwrap();
    assert_eq!(trace.report.rows_read, 120);
    assert_eq!(trace.report.repaired["latitude and longitude exchanged"], 120);
    // Four snapshots months apart: any change of place between them was by the service.
    assert!(trace.is_empty());
    let places = car2go::charging_places(&[path], Berlin, OnBadRow::Fail).unwrap();
    assert_eq!(places.iter().map(|p| p.sightings).sum::<u64>(), 10);
    assert!(places.iter().all(|p| (48.5..49.0).contains(&p.lat) && (8.9..9.5).contains(&p.lon)));
}

#[test]
fn derived_trips_of_the_real_feed_are_read() {
    for (name, rows, trips) in
        [("stuttgart_trips_epoch_rows.csv", 422, 357), ("stuttgart_trips_localtime_rows.csv", 121, 121)]
    {
        let Some(path) = witness(name) else { return };
        let trace = car2go::read(&[path], Berlin, OnBadRow::Fail).unwrap();
        assert_eq!(trace.report.rows_read, rows);
        assert_eq!(trace.len(), trips, "{:?}", trace.report.skipped);
        assert_eq!(trace.report.skipped.values().sum::<u64>() + trips as u64, rows);
        assert!(trace.soc_start.iter().all(|soc| (0.0..=1.0).contains(soc)));
    }
    let Some(path) = witness("stuttgart_trips_localtime_rows.csv") else { return };
    let trace = car2go::read(&[path], Berlin, OnBadRow::Fail).unwrap();
    // S-GO2371 on 2016-12-02 at 14:00 local time: fifteen minutes, 9.6 km, 49 to 43 %, no charger.
    let car = trace.vehicle_names.iter().position(|name| name == "S-GO2371").unwrap() as u32;
    let trip = trace.vehicle.iter().position(|&v| v == car).unwrap();
    assert_eq!(trace.request_time[trip].iso(), "2016-12-02T13:00:00Z");
    assert_eq!((trace.duration_s[trip], trace.distance_km[trip]), (900.0, 9.6));
    assert!((trace.soc_start[trip] - 0.49).abs() < 1e-6 && (trace.soc_end[trip] - 0.43).abs() < 1e-6);
    assert!(!trace.ends_at_charger[trip]);
    assert!((trace.places.lat(trace.origin[trip]) - 48.729).abs() < 1e-9);
}

#[test]
fn messages_of_bad_rows() {
    let row = |changed: &str| message(&format!("{HEAD}{changed}\n"));
    insta::assert_snapshot!(row("A,V,48.7,9.1,G,G,x,101,ED,0,1480550401"), @r#"feed.csv:2: fuel: found "101", expected a state of charge between 0 and 100 %"#);
    insta::assert_snapshot!(row("A,V,48.7,9.1,G,G,x,-1,ED,0,1480550401"), @r#"feed.csv:2: fuel: found "-1", expected a state of charge between 0 and 100 %"#);
    insta::assert_snapshot!(row("A,V,48.7,9.1,G,G,x,NaN,ED,0,1480550401"), @r#"feed.csv:2: fuel: found "NaN", expected a state of charge in %"#);
    insta::assert_snapshot!(row("A,V,north,9.1,G,G,x,50,ED,0,1480550401"), @r#"feed.csv:2: latitude: found "north", expected degrees"#);
    insta::assert_snapshot!(row("A,V,,,G,G,x,50,ED,0,1480550401"), @"feed.csv:2: latitude: found an empty cell, expected degrees");
    insta::assert_snapshot!(row("A,V,300,400,G,G,x,50,ED,0,1480550401"), @r#"feed.csv:2: latitude: found "300", expected degrees north between -90 and 90"#);
    insta::assert_snapshot!(row("A,V,48.7,9.1,G,G,x,50,ED,0,yesterday"), @r#"feed.csv:2: timestamp: found "yesterday", expected epoch seconds, ISO 8601 or YYYY-MM-DD HH:MM:SS, between 2000 and 2100"#);
    insta::assert_snapshot!(row("A,V,48.7,9.1,G,G,x,50,ED,0,5"), @r#"feed.csv:2: timestamp: found "5", expected epoch seconds, ISO 8601 or YYYY-MM-DD HH:MM:SS, between 2000 and 2100"#);
    insta::assert_snapshot!(row("A,V,48.7,9.1,G,G,x,50,ED,maybe,1480550401"), @r#"feed.csv:2: charging: found "maybe", expected 0 or 1"#);
    insta::assert_snapshot!(row(",V,48.7,9.1,G,G,x,50,ED,0,1480550401"), @"feed.csv:2: name: found an empty cell, expected the name of a car");
    insta::assert_snapshot!(row("A,V,48.7,9.1,G,G,x,50"), @"feed.csv:2: found another number of cells than in the header, expected a whole row");
    insta::assert_snapshot!(row(&"A,V,48.7,9.1,G,G,x,50,ED,0,1480550401\n".repeat(3).replacen("48.7", "43.7", 1)), @"feed.csv:2: latitude, longitude: found 43.7, 9.1, expected a position within a degree of 48.7, 9.1, the middle of the feed");
}

#[test]
fn messages_of_bad_files() {
    insta::assert_snapshot!(message(""), @"feed.csv:1: found no header, expected columns name, latitude, longitude, fuel, timestamp; a raw snapshot has name, vin, latitude, longitude, interior, exterior, address, fuel, engineType, charging, timestamp");
    insta::assert_snapshot!(message(HEAD), @"feed.csv: found no rows, expected snapshots of parked cars");
    insta::assert_snapshot!(message(&HEAD.replace(',', ";")), @r#"feed.csv:1: found the columns "name;vin;latitude;longitude;interior;exterior;address;fuel;engineType;charging;timestamp", expected columns name, latitude, longitude, fuel, timestamp; the file seems to be separated by something else than commas: write it with commas"#);
    insta::assert_snapshot!(message("VendorID,tpep_pickup_datetime\n1,2018-01-01 00:00:00\n"), @r#"feed.csv:1: found the columns "VendorID,tpep_pickup_datetime", expected columns name, latitude, longitude, fuel, timestamp; a raw snapshot has name, vin, latitude, longitude, interior, exterior, address, fuel, engineType, charging, timestamp"#);
    insta::assert_snapshot!(message("EV,start_time,end_time\nA,1,2\n"), @r#"feed.csv:1: found the columns "EV,start_time,end_time", expected columns start_lat, start_lon, start_soc, end_lat, end_lon, end_soc; a file with start_time and end_time is taken for derived trips: EV, start_time, start_lat, start_lon, start_soc, end_time, end_lat, end_lon, end_soc, trip_distance, end_charging"#);
    let missing = car2go::read(&["no/such/feed.csv".into()], Berlin, OnBadRow::Skip).unwrap_err();
    insta::assert_snapshot!(missing, @"no such file: no/such/feed.csv; check the path; relative paths start at the folder of the file that names them");
    let truncated = file(b"PAR1\x15\x04\x15\x10", ".parquet");
    let error = car2go::read(&[truncated.path().to_path_buf()], Berlin, OnBadRow::Skip).unwrap_err();
    assert!(error.is_input());
}

#[test]
fn bad_rows_are_counted_by_reason_when_they_are_skipped() {
    let good = "A,V,48.7,9.1,G,G,x,50,ED,0,1480550401\nA,V,48.71,9.1,G,G,x,45,ED,0,1480552201\n";
    let bad = "A,V,48.7,9.1,G,G,x,101,ED,0,1480550401\nA,V\nB,V,48.7,9.1,G,G,x,50,CE,0,1480550401\n\
        C,V,52.5,13.4,G,G,x,50,ED,0,1480550401\nA,V,48.7,9.1,G,G,x,50,ED,0,1480550401\n";
    let trace = read(&format!("{HEAD}{good}{bad}"), OnBadRow::Skip).unwrap();
    assert_eq!(trace.len(), 1);
    let skipped: Vec<(&str, u64)> = trace.report.skipped.iter().map(|(why, &n)| (why.as_str(), n)).collect();
    assert_eq!(
        skipped,
        [
            ("car twice in one snapshot", 1),
            ("charge outside 0 to 100 %", 1),
            ("cut off or with cells too many", 1),
            ("not electric", 1),
            ("position far from the city", 1),
        ]
    );
    assert_eq!(trace.report.rows_read, 7);
}

#[test]
fn a_trip_that_ends_before_it_starts() {
    let head = "EV,start_time,start_lat,start_lon,start_soc,end_time,end_lat,end_lon,end_soc\n";
    insta::assert_snapshot!(message(&format!("{head}A,2016-12-02 14:00:00,48.7,9.1,50,2016-12-02 13:00:00,48.7,9.2,45\n")), @r#"feed.csv:2: end_time: found "2016-12-02 13:00:00", expected a time after start_time"#);
    let both = [file(head.as_bytes(), ".csv"), file(HEAD.as_bytes(), ".csv")];
    let paths: Vec<PathBuf> = both.iter().map(|f| f.path().to_path_buf()).collect();
    assert!(car2go::read(&paths, Berlin, OnBadRow::Skip).unwrap_err().is_input());
}

/// A small feed as Parquet.
fn small_parquet() -> Vec<u8> {
    use gridfleet_data::synth::{files, stuttgart};
    let start = "2016-11-28".parse().unwrap();
    let feed =
        stuttgart::synthesize(stuttgart::StuttgartOptions { cars: 3, stations: 2, start, days: 1, seed: 1 });
    let file = file(b"", ".parquet");
    files::write_parquet(file.path(), &mut feed.unwrap().frame().unwrap()).unwrap();
    std::fs::read(file.path()).unwrap()
}

#[test]
fn damaged_parquet_files_do_not_panic() {
    let whole = small_parquet();
    let read = |bytes: &[u8]| {
        let file = file(bytes, ".parquet");
        car2go::read(&[file.path().to_path_buf()], Berlin, OnBadRow::Skip)
    };
    assert!(read(&whole).is_ok());
    // Truncated anywhere, and with one byte changed: at every 97th place, to save time.
    for at in (0..whole.len()).step_by(97) {
        assert!(read(&whole[..at]).unwrap_err().is_input(), "cut at {at}");
        let mut changed = whole.clone();
        changed[at] ^= 0x55;
        if let Err(error) = read(&changed) {
            assert!(error.is_input(), "byte {at}");
        }
    }
}

#[test]
fn csv_and_parquet_of_a_feed_are_the_same_trips() {
    use gridfleet_data::synth::stuttgart;
    let start = "2017-03-25".parse().unwrap();
    let options = stuttgart::StuttgartOptions { cars: 20, stations: 10, start, days: 2, seed: 4 };
    let feed = stuttgart::synthesize(options).unwrap();
    let (csv, parquet) = (file(b"", ".csv"), file(b"", ".parquet"));
    feed.write_csv(&mut std::fs::File::create(csv.path()).unwrap()).unwrap();
    gridfleet_data::synth::files::write_parquet(parquet.path(), &mut feed.frame().unwrap()).unwrap();
    let read = |file: &tempfile::NamedTempFile| {
        car2go::read(&[file.path().to_path_buf()], Berlin, OnBadRow::Fail).unwrap()
    };
    let (a, b) = (read(&csv), read(&parquet));
    assert!(a.len() > 100);
    assert_eq!((&a.request_time, &a.origin, &a.destination), (&b.request_time, &b.origin, &b.destination));
    assert_eq!((&a.vehicle, &a.soc_end, &a.report), (&b.vehicle, &b.soc_end, &b.report));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(128))]

    #[test]
    fn no_text_panics(rows in "[-A0-9.,ED\"\n ]{0,300}", any in ".{0,60}") {
        let _ = read(&format!("{HEAD}{rows}{any}"), OnBadRow::Skip);
        let _ = read(&format!("EV,start_time,start_lat,start_lon,start_soc,end_time,end_lat,end_lon,end_soc\n{rows}"), OnBadRow::Skip);
        let _ = read(&any, OnBadRow::Fail);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(0u8..=255, 0..300)) {
        for ending in [".csv", ".parquet"] {
            let file = file(&bytes, ending);
            let _ = car2go::read(&[file.path().to_path_buf()], Berlin, OnBadRow::Skip);
        }
    }

    #[test]
    fn numbers_of_any_size_do_not_panic(lat in proptest::num::f64::ANY, fuel in proptest::num::f64::ANY, time in proptest::num::f64::ANY) {
        let _ = read(&format!("{HEAD}A,V,{lat},9.1,G,G,x,{fuel},ED,0,{time}\nA,V,48.7,{lat},G,G,x,50,ED,1,{time}\n"), OnBadRow::Skip);
    }
}
