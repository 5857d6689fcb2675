//! Trips from real files, and written to the canonical table and read again.

use gridfleet_core::rng::Streams;
use gridfleet_core::time::{DAY_S, LocalClock};
use gridfleet_data::trace::{ImportReport, Trace};
use gridfleet_data::{TripFormat, TripSource, load, write};
use std::path::PathBuf;

const STREAMS: Streams = Streams { seed: 1, replication: 0 };

fn data(path: &str) -> Option<PathBuf> {
    Some(crate::real::data(&[path])?.join(path))
}

fn accounts_balance(report: &ImportReport) {
    println!("{report:#?}");
    assert_eq!(report.rows_kept + report.skipped.values().sum::<u64>(), report.rows_read);
}

#[test]
fn six_sampled_months_fold_into_a_week() {
    let Some(folder) = data("tlc") else { return };
    let Some(zones) = data("zones/taxi_zones.shp") else { return };
    let files = (1..=6).map(|m| folder.join(format!("yellow_tripdata_sample_2018-0{m}.csv"))).collect();
    let mut source = TripSource::new(TripFormat::Tlc, files);
    source.zones = Some(zones);
    let whole = load(&source, &STREAMS).unwrap();
    assert_eq!(whole.report.rows_read, 60_000);
    accounts_balance(&whole.report);
    assert!(whole.report.rows_kept > 57_000);
    assert_eq!(whole.places.len(), 263);

    source.fold_week = chrono::NaiveDate::from_ymd_opt(2018, 3, 5);
    source.fleet_column = Some("vendor_id".into());
    let folded = load(&source, &STREAMS).unwrap();
    assert_eq!(folded.len(), whole.len());
    assert_eq!(
        {
            let mut v = folded.fleet_names.clone();
            v.sort();
            v
        }[..2],
        ["1", "2"]
    );
    assert!(folded.request_time.is_sorted());
    let span = folded.request_time[folded.len() - 1] - folded.request_time[0];
    assert!(span > 6 * DAY_S && span < 7 * DAY_S);
    // Demand follows the day: 18:00 is many times as busy as 4:00, before and after folding.
    for trace in [&whole, &folded] {
        let clock = LocalClock::new(
            chrono_tz::America::New_York,
            trace.request_time[0],
            trace.request_time[trace.len() - 1],
        );
        let mut by_hour = [0; 24];
        for &t in &trace.request_time {
            by_hour[clock.hour(t)] += 1;
        }
        assert!(by_hour[18] > 4 * by_hour[4], "{by_hour:?}");
    }
    source.scale = 0.1;
    let tenth = load(&source, &STREAMS).unwrap();
    assert!((tenth.len() as f64 / folded.len() as f64 - 0.1).abs() < 0.01);
    source.scale = 3.0;
    let triple = load(&source, &STREAMS).unwrap();
    assert_eq!(triple.len(), 3 * folded.len());
}

#[test]
fn green_months_come_from_parquet() {
    let Some(folder) = data("green") else { return };
    let Some(zones) = data("zones/taxi_zone_centroids.csv") else { return };
    for month in ["2021-01", "2023-01", "2023-02"] {
        let mut source =
            TripSource::new(TripFormat::Tlc, vec![folder.join(format!("green_tripdata_{month}.parquet"))]);
        source.zones = Some(zones.clone());
        let trace = load(&source, &STREAMS).unwrap();
        accounts_balance(&trace.report);
        // Green taxis made 60,000 to 80,000 trips a month in these years.
        assert!((60_000..80_000).contains(&trace.report.rows_read), "{month}");
        assert!(trace.report.rows_kept > 9 * trace.report.rows_read / 10, "{month}");
        // The stray rows of other years are gone: a month lasts 31 days, and strays may be 31 days off.
        assert!(trace.request_time[trace.len() - 1] - trace.request_time[0] < 93 * DAY_S, "{month}");
        same_after_writing(&trace);
    }
}

/// Writes, reads, and compares every column.
fn same_after_writing(trace: &Trace) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trips.parquet");
    write::write(trace, &path).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let mut source = TripSource::new(TripFormat::Trips, vec![path]);
    // Timestamps carry their zone: that of wall clocks must not matter.
    source.timezone = chrono_tz::Asia::Tokyo;
    let back = load(&source, &STREAMS).unwrap();
    let bits =
        |values: &[f64]| values.iter().map(|v| if v.is_nan() { 0 } else { v.to_bits() }).collect::<Vec<_>>();
    assert_eq!(trace.request_time, back.request_time);
    for (a, b) in [
        (&trace.duration_s, &back.duration_s),
        (&trace.distance_km, &back.distance_km),
        (&trace.fare, &back.fare),
        (&trace.soc_start, &back.soc_start),
        (&trace.soc_end, &back.soc_end),
    ] {
        assert_eq!(bits(a), bits(b));
    }
    assert_eq!(
        (&trace.passengers, &trace.fleet, &trace.vehicle),
        (&back.passengers, &back.fleet, &back.vehicle)
    );
    assert_eq!((&trace.fleet_names, &trace.vehicle_names), (&back.fleet_names, &back.vehicle_names));
    assert_eq!(trace.ends_at_charger, back.ends_at_charger);
    let places = |t: &Trace| {
        let place = |p: gridfleet_core::ids::PlaceId| {
            let places = &t.places;
            let name = places.zone_name(p).map(String::from);
            (name, places.lat(p).to_bits(), places.lon(p).to_bits(), places.distance_km(p, p).to_bits())
        };
        t.origin.iter().chain(&t.destination).map(|&p| place(p)).collect::<Vec<_>>()
    };
    assert!(places(trace) == places(&back));
    assert_eq!(back.report.rows_read, trace.len() as u64);
}

fn from_csv(text: &str, change: impl FnOnce(&mut TripSource)) -> gridfleet_core::error::Result<Trace> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("requests.csv");
    std::fs::write(&path, text).unwrap();
    let mut source = TripSource::new(TripFormat::Trips, vec![path]);
    change(&mut source);
    load(&source, &STREAMS)
}

#[test]
fn a_foreign_table_comes_in_by_a_column_map() {
    let text = "id,departure,o_y,o_x,d_y,d_x,km\n\
                a,2020-06-01T08:00:00+02:00,48.7,9.1,48.8,9.2,12.5\n\
                b,2020-06-01T07:30:00+02:00,48.7,9.1,48.7,9.1,\n";
    let map = [
        ("request_time", "departure"),
        ("origin_lat", "o_y"),
        ("origin_lon", "o_x"),
        ("destination_lat", "D_Y"),
        ("destination_lon", "d_x"),
        ("distance_km", "km"),
    ];
    let trace = from_csv(text, |source| {
        source.map = map.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect();
    })
    .unwrap();
    // 7:30 comes first, although it is last in the file.
    assert_eq!(trace.request_time[0].iso(), "2020-06-01T05:30:00Z");
    assert!(trace.distance_km[0].is_nan());
    assert_eq!(trace.distance_km[1], 12.5);
    assert_eq!(trace.places.len(), 2);
    assert_eq!(trace.report.derived["duration_s"], "travel model");
    same_after_writing(&trace);
}

#[test]
fn replayed_trips_keep_their_vehicle_and_charge() {
    let text = "request_time,vehicle,origin_lat,origin_lon,destination_zone,destination_lat,destination_lon,soc_start,soc_end,ends_at_charger,fleet,passengers,fare\n\
                1480550400,S-GO 2,48.7,9.1,hub,48.8,9.2,0.8,0.75,1,c2g,1,3.5\n\
                1480554000,S-GO 1,48.7,9.1,,48.8,9.3,0.5,,0,,,\n\
                1480554000,S-GO 2,48.8,9.2,hub,48.8,9.2,0.75,0.7,true,c2g,2,\n\
                1480554000,S-GO 2,48.8,9.2,hub,48.8,9.2,0.75,0.7,true,c2g,2,\n";
    let trace = from_csv(text, |_| {}).unwrap();
    assert_eq!(trace.report.skipped["duplicate"], 1);
    assert_eq!(trace.vehicle_names, ["S-GO 2", "S-GO 1"]);
    assert_eq!(trace.vehicle, [0, 1, 0]);
    assert_eq!(trace.fleet, [0, Trace::NONE, 0]);
    assert_eq!(trace.ends_at_charger, [true, false, true]);
    assert_eq!(trace.soc_start, [0.8, 0.5, 0.75]);
    assert!(trace.soc_end[1].is_nan());
    same_after_writing(&trace);
}

#[test]
fn wall_clock_times_are_read_in_the_given_zone() {
    let text = "request_time,origin_lat,origin_lon,destination_lat,destination_lon\n2020-06-01 08:00:00,48.7,9.1,48.8,9.2\n";
    let trace = from_csv(text, |source| source.timezone = chrono_tz::Europe::Berlin).unwrap();
    assert_eq!(trace.request_time[0].iso(), "2020-06-01T06:00:00Z");
    assert_eq!(trace.report.derived["offset of request_time"], "wall-clock time of Europe/Berlin");
}

#[test]
fn the_same_trace_is_written_as_the_same_bytes() {
    let text = "request_time,origin_lat,origin_lon,destination_lat,destination_lon\n0,48.7,9.1,48.8,9.2\n7,48.7,9.1,48.8,9.3\n";
    let encode = || {
        let mut bytes = Vec::new();
        write::encode(&from_csv(text, |_| {}).unwrap(), &mut bytes).unwrap();
        bytes
    };
    assert!(encode() == encode());
}
