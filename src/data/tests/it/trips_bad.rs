//! Bad files of trips: each gives one clear error, and no input panics.

use gridfleet_core::error::Result;
use gridfleet_core::rng::Streams;
use gridfleet_data::builder::TraceBuilder;
use gridfleet_data::table::TableFile;
use gridfleet_data::zones::Zones;
use gridfleet_data::{OnBadRow, Trace, TripFormat, TripSource, load, tlc, trips, write};
use proptest::prelude::*;
use std::path::Path;

fn import(format: TripFormat, name: &str, bytes: &[u8], on_bad_row: OnBadRow) -> Result<Trace> {
    let file = TableFile::from_bytes(name, bytes.to_vec())?;
    let mut source = TripSource::new(format, vec![name.into()]);
    source.on_bad_row = on_bad_row;
    let mut builder = TraceBuilder::new(on_bad_row);
    if format == TripFormat::Tlc {
        builder.add_zones(&Zones::from_table(&TableFile::from_bytes(
            "z.csv",
            b"zone_id,lat,lon\n1,40.7,-74\n".to_vec(),
        )?)?);
        tlc::read(&file, &source, &mut builder)?;
    } else {
        trips::read(&file, &source, &mut builder)?;
    }
    Ok(builder.finish())
}

/// The message for a canonical table, bad rows not skipped.
fn message(text: &str) -> String {
    import(TripFormat::Trips, "trips.csv", text.as_bytes(), OnBadRow::Fail).unwrap_err().to_string()
}

const HEAD: &str = "request_time,origin_lat,origin_lon,destination_lat,destination_lon,duration_s,fare,passengers,soc_start,vehicle\n";

#[test]
fn each_wrong_table_is_told_what_is_wrong() {
    insta::assert_snapshot!(message(""), @"trips.csv: found an empty file, expected a table with a header line and rows");
    insta::assert_snapshot!(message(HEAD), @"trips.csv: found no rows, expected one trip per row");
    insta::assert_snapshot!(message(&HEAD.replace(',', ";")), @"trips.csv: found no rows, expected one trip per row");
    insta::assert_snapshot!(message(&HEAD.replace("request_time", "time")), @r#"trips.csv: request_time: found only the columns time, origin_lat, origin_lon, destination_lat, destination_lon, duration_s, fare, passengers, soc_start, vehicle, expected a column `request_time`; where it has another name, map it: request_time = "<column>""#);
    insta::assert_snapshot!(message(&HEAD.replace("origin_l", "start_l")), @"trips.csv: origin_zone: found only the columns request_time, start_lat, start_lon, destination_lat, destination_lon, duration_s, fare, passengers, soc_start, vehicle, expected a column `origin_zone`; give `origin_zone`, or `origin_lat` and `origin_lon`; map names that differ");
    insta::assert_snapshot!(message("request_time,origin_zone,destination_zone\n0,1,2\n"), @"trips.csv: origin_zone: found zones by name, expected places of the zones; give the zones: a shapefile or a CSV with zone_id, lat, lon, area_km2");
}

#[test]
fn each_wrong_row_is_told_what_is_wrong() {
    let row = |row: &str| message(&format!("{HEAD}0,1,2,3,4,60,5,1,0.5,a\n{row}\n"));
    insta::assert_snapshot!(row("soon,1,2,3,4,60,5,1,0.5,a"), @r#"trips.csv:3: request_time: found `soon`, expected a time such as 2018-03-05T17:30:00-05:00; unreadable time; on_bad_row = "skip" leaves such rows out and counts them"#);
    insta::assert_snapshot!(row(",1,2,3,4,60,5,1,0.5,a"), @r#"trips.csv:3: request_time: found nothing, expected a time such as 2018-03-05T17:30:00-05:00; unreadable time; on_bad_row = "skip" leaves such rows out and counts them"#);
    insta::assert_snapshot!(row("9,NaN,2,3,4,60,5,1,0.5,a"), @r#"trips.csv:3: origin_lat: found `NaN`, expected latitude (-90 to 90) and longitude (-180 to 180) in degrees; no such coordinates; on_bad_row = "skip" leaves such rows out and counts them"#);
    insta::assert_snapshot!(row("9,1,2,3,400,60,5,1,0.5,a"), @r#"trips.csv:3: destination_lon: found `400`, expected latitude (-90 to 90) and longitude (-180 to 180) in degrees; no such coordinates; on_bad_row = "skip" leaves such rows out and counts them"#);
    insta::assert_snapshot!(row("9,1,2,3,4,-60,5,1,0.5,a"), @r#"trips.csv:3: duration_s: found `-60`, expected a duration from 0 to 604800 s; absurd duration; on_bad_row = "skip" leaves such rows out and counts them"#);
    insta::assert_snapshot!(row("9,1,2,3,4,1e9,5,1,0.5,a"), @r#"trips.csv:3: duration_s: found `1e9`, expected a duration from 0 to 604800 s; absurd duration; on_bad_row = "skip" leaves such rows out and counts them"#);
    insta::assert_snapshot!(row("9,1,2,3,4,60,-5,1,0.5,a"), @r#"trips.csv:3: fare: found `-5`, expected an amount of money from 0 to 1000000; fare out of range; on_bad_row = "skip" leaves such rows out and counts them"#);
    insta::assert_snapshot!(row("9,1,2,3,4,60,five,1,0.5,a"), @r#"trips.csv:3: fare: found `five`, expected an amount of money from 0 to 1000000; unreadable number; on_bad_row = "skip" leaves such rows out and counts them"#);
    insta::assert_snapshot!(row("9,1,2,3,4,60,5,999,0.5,a"), @r#"trips.csv:3: passengers: found `999`, expected a number of riders from 0 to 255; absurd number of passengers; on_bad_row = "skip" leaves such rows out and counts them"#);
    insta::assert_snapshot!(row("9,1,2,3,4,60,5,1,50,a"), @r#"trips.csv:3: soc_start: found `50`, expected a share from 0 to 1; state of charge out of range; on_bad_row = "skip" leaves such rows out and counts them"#);
    insta::assert_snapshot!(row("0,1,2,3,4,60,5,1,0.5,a"), @r#"trips.csv:3: vehicle: found `a`, expected a vehicle that sets out once at a time; duplicate; on_bad_row = "skip" leaves such rows out and counts them"#);
    insta::assert_snapshot!(row("9,1,2,3,4,6"), @r#"trips.csv:3: found 6 cells, expected 10 as in the header; wrong number of cells; on_bad_row = "skip" leaves such rows out and counts them"#);
}

/// Fares in range add up; others are refused with their place, or counted where bad rows are allowed.
#[test]
fn fares_have_a_range() {
    let text = |fare: &str| format!("{HEAD}0,1,2,3,4,60,1e6,1,0.5,a\n9,1,2,3,4,60,{fare},1,0.5,a\n");
    insta::assert_snapshot!(message(&text("1e300")), @r#"trips.csv:3: fare: found `1e300`, expected an amount of money from 0 to 1000000; fare out of range; on_bad_row = "skip" leaves such rows out and counts them"#);
    let trace = import(TripFormat::Trips, "t.csv", text("1000000.5").as_bytes(), OnBadRow::Skip).unwrap();
    assert_eq!((trace.len(), trace.report.skipped["fare out of range"]), (1, 1));
    assert_eq!(trace.fare, [1e6]);
}

#[test]
fn a_map_must_name_columns_that_are_there() {
    let with = |key: &str, value: &str| {
        let file = TableFile::from_bytes("t.csv", b"when,x\n0,1\n".to_vec()).unwrap();
        let mut source = TripSource::new(TripFormat::Trips, Vec::new());
        source.map.insert(key.into(), value.into());
        trips::read(&file, &source, &mut TraceBuilder::new(OnBadRow::Skip)).unwrap_err().to_string()
    };
    insta::assert_snapshot!(with("request_time", "wen"), @"t.csv: wen: found only the columns when, x, expected a column `wen`");
    insta::assert_snapshot!(with("requesttime", "when"), @"map: found `requesttime`, expected one of request_time, origin_zone, origin_lat, origin_lon, destination_zone, destination_lat, destination_lon, duration_s, distance_km, fleet, passengers, fare, vehicle, soc_start, soc_end, ends_at_charger");
}

#[test]
fn a_source_without_a_usable_trip_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let message = |text: &str, change: fn(&mut TripSource)| {
        std::fs::write(&path, text).unwrap();
        let mut source = TripSource::new(TripFormat::Trips, vec![path.clone()]);
        change(&mut source);
        let error = load(&source, &Streams { seed: 1, replication: 0 }).unwrap_err();
        assert!(error.is_input());
        error.to_string().replace(&*folder.path().display().to_string(), "DIR")
    };
    let bad = format!("{HEAD}soon,1,2,3,4,60,5,1,0.5,a\n9,1,2,3,4,-60,5,1,0.5,a\n");
    insta::assert_snapshot!(message(&bad, |_| {}), @"DIR/t.csv: found no trip that can be used (skipped: 1 absurd duration, 1 unreadable time), expected at least one trip; t.csv:3: duration_s: found `-60`, expected a duration from 0 to 604800 s");
    let good = format!("{HEAD}0,1,2,3,4,60,5,1,0.5,a\n");
    insta::assert_snapshot!(message(&good, |s| s.files.push(s.files[0].clone())), @"DIR/t.csv: files: found the same file again, expected each file once");
    insta::assert_snapshot!(message(&good, |s| s.scale = -1.0), @"scale: found -1, expected a number above 0");
    insta::assert_snapshot!(message(&good, |s| s.zones = Some("no/zones.shp".into())), @"no such file: no/zones.shp; check the path; relative paths start at the folder of the file that names them");
    insta::assert_snapshot!(message(&good, |s| s.fleet_column = Some("VendorID".into())), @"DIR/t.csv: VendorID: found only the columns request_time, origin_lat, origin_lon, destination_lat, destination_lon, duration_s, fare, passengers, soc_start, vehicle, expected a column `VendorID`");
}

fn valid_csv(format: TripFormat) -> Vec<u8> {
    match format {
        TripFormat::Tlc => b"VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,PULocationID,DOLocationID,fare_amount\n\
            1,2018-05-01 10:00:00,2018-05-01 10:09:00,1,1.0,1,1,5\n2,2018-11-04 01:50:00,2018-11-04 01:10:00,2,3,1,264,-5\n"
            .to_vec(),
        _ => format!("{HEAD}0,1,2,3,4,60,5,1,0.5,a\n2018-05-01T00:00:00Z,\"1\",2,3,4,,,,,\n").into_bytes(),
    }
}

/// Enough rows for dictionaries and nulls in the pages.
fn valid_parquet() -> Vec<u8> {
    let mut text = valid_csv(TripFormat::Trips);
    for i in 0..200 {
        let fare = if i % 3 == 0 { String::new() } else { (i % 7).to_string() };
        text.extend(format!("{},1,2,3,{},60,{fare},1,0.5,v{}\n", 100 * i, i % 5, i % 11).into_bytes());
    }
    let trace = import(TripFormat::Trips, "t.csv", &text, OnBadRow::Skip).unwrap();
    let mut bytes = Vec::new();
    write::encode(&trace, &mut bytes).unwrap();
    bytes
}

#[test]
fn a_truncated_parquet_file_is_an_error_wherever_it_ends() {
    let bytes = valid_parquet();
    for end in (0..bytes.len()).step_by(37) {
        let error = import(TripFormat::Trips, "t.parquet", &bytes[..end], OnBadRow::Skip).unwrap_err();
        assert!(error.is_input(), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), parquet in any::<bool>()) {
        let name = if parquet { "x.parquet" } else { "x.csv" };
        for format in [TripFormat::Trips, TripFormat::Tlc] {
            let _ = import(format, name, &bytes, OnBadRow::Skip);
        }
        let _ = TableFile::from_bytes(name, bytes.clone()).and_then(|file| Zones::from_table(&file));
        let _ = Zones::from_shapefile(Path::new("x.shp"), bytes.clone(), bytes);
    }

    #[test]
    fn no_text_panics(rows in "([-0-9a-zA-Z:. ,/\"\n+]|NaN|2018-05-01 10:00:00,|,1.0,){0,80}", skip in any::<bool>()) {
        let on_bad_row = if skip { OnBadRow::Skip } else { OnBadRow::Fail };
        for format in [TripFormat::Trips, TripFormat::Tlc] {
            let mut text = valid_csv(format);
            text.extend_from_slice(rows.as_bytes());
            if let Ok(trace) = import(format, "x.csv", &text, on_bad_row) {
                let report = &trace.report;
                prop_assert_eq!(report.rows_kept + report.skipped.values().sum::<u64>(), report.rows_read);
                prop_assert!(trace.request_time.is_sorted());
            }
        }
    }

    #[test]
    fn no_damage_panics(at in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        for (name, format, mut bytes) in [
            ("x.csv", TripFormat::Trips, valid_csv(TripFormat::Trips)),
            ("x.csv", TripFormat::Tlc, valid_csv(TripFormat::Tlc)),
            ("x.parquet", TripFormat::Trips, valid_parquet()),
        ] {
            for (index, byte) in &at {
                let i = index.index(bytes.len());
                bytes[i] = *byte;
            }
            if let Err(error) = import(format, name, &bytes, OnBadRow::Skip) {
                prop_assert!(error.is_input());
            }
        }
    }
}
