//! The written tables agree with the contract and the data dictionary.

use crate::support::day::{START, day_by_hand, labels};
use crate::support::runs::ready;
use gridfleet::ids::StationId;
use gridfleet::outputs::{OutputOptions, ParquetRecorder, Provenance};
use gridfleet::records::dictionary::{Kind, TABLES, TableId};
use gridfleet::records::{Collected, Record, Recorder};
use gridfleet::rng::Streams;
use gridfleet::world::Setup;
use polars_core::prelude::*;
use polars_io::prelude::{ParquetReader, SerReader};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;

fn provenance() -> Provenance {
    Provenance { scenario: "day".into(), scenario_sha256: "ab".repeat(32), seed: 7, replication: 0 }
}

fn write(dir: &Path, options: &OutputOptions, day: &Collected) -> gridfleet::error::Result<u64> {
    let mut recorder = ParquetRecorder::create(dir, labels(), &provenance(), options)?;
    day.replay(&mut recorder);
    Ok(recorder.finish()?.iter().map(|t| t.rows).sum())
}

fn read(dir: &Path, table: &str) -> DataFrame {
    ParquetReader::new(File::open(dir.join(format!("{table}.parquet"))).unwrap()).finish().unwrap()
}

#[test]
fn files_have_exactly_the_columns_of_the_dictionary() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &OutputOptions::default(), &day_by_hand()).unwrap();
    for table in TABLES {
        let frame = read(dir.path(), table.name);
        let found: Vec<(String, DataType)> =
            frame.columns().iter().map(|c| (c.name().to_string(), c.dtype().clone())).collect();
        let expected: Vec<(String, DataType)> = table
            .columns
            .iter()
            .map(|c| {
                let dtype = match c.kind {
                    Kind::Id => DataType::UInt32,
                    Kind::Int => DataType::Int64,
                    Kind::Float => DataType::Float64,
                    Kind::Text => DataType::String,
                    Kind::Time => DataType::Datetime(TimeUnit::Milliseconds, Some(TimeZone::UTC)),
                    Kind::Bool => DataType::Boolean,
                };
                (c.name.to_owned(), dtype)
            })
            .collect();
        assert_eq!(found, expected, "{}", table.name);
        for c in table.columns {
            assert!(c.nullable || frame.column(c.name).unwrap().null_count() == 0, "{}", c.name);
        }
    }
}

/// Tables and their columns as promised to users. Readers break if one is renamed, moved or removed: a change here
/// belongs in the changelog. New columns may be anywhere.
const PROMISED: &[(&str, &str)] = &[
    (
        "trips",
        "request_id fleet vehicle_id status request_time pickup_time dropoff_time wait_s origin destination \
         distance_km deadhead_km energy_kwh fare lost_fare soc_start soc_end",
    ),
    (
        "legs",
        "vehicle_id fleet purpose request_id start_time end_time origin destination distance_km energy_kwh charged_kwh \
         soc_start soc_end",
    ),
    (
        "sessions",
        "session_id vehicle_id fleet station_id station_operator retailer connector arrival_time plug_in_time \
         charge_start_time charge_end_time unplug_time queue_s need_wait_s energy_kwh battery_kwh \
         discharged_kwh max_power_kw soc_start soc_end cost end_reason",
    ),
    ("fleet", "time fleet idle driving queued charging discharging mean_soc power_kw"),
    ("stations", "time station_id operator retailer occupied queue power_kw limit_kw"),
    ("households", "time group retailer power_kw price_per_mwh"),
    ("grid", "time bus voltage_pu p_kw q_kvar"),
    ("prices", "broadcast_time valid_from valid_to retailer price_per_mwh"),
    (
        "loads",
        "slot_start slot_end station_id operator nominal_kw budget_kw power_kw base_price_per_mwh \
         price_per_mwh energy_cost deviation_cost planned_kw planned_cost",
    ),
    ("supply", "slot_start slot_end retailer price_per_mwh share energy_kwh revenue"),
    (
        "market",
        "bid_id market product_start product_end gate_closure cleared_at bidder side quantity_kw \
         limit_price_per_mwh clearing_price_per_mwh capacity_price_per_mw_h accepted_kw delivered_kwh \
         imbalance_kwh cash",
    ),
    ("ledger", "time debit credit amount currency kind reference"),
    ("sites", "kind name lat lon place operator connectors connector_kw"),
    (
        "vehicles",
        "vehicle_id fleet vehicle_type battery_kwh usable_soc_min usable_soc_max consumption_kwh_per_km ac_kw \
         dc_kw initial_soc initial_place depot",
    ),
    ("places", "place lat lon zone"),
];

#[test]
fn tables_have_the_columns_that_were_promised() {
    let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    let promised: Vec<&str> = PROMISED.iter().map(|(table, _)| *table).collect();
    assert_eq!(names, promised);
    for (table, (_, columns)) in TABLES.iter().zip(PROMISED) {
        let promised: Vec<&str> = columns.split_whitespace().collect();
        let ours: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
        let kept: Vec<&str> = ours.iter().copied().filter(|name| promised.contains(name)).collect();
        assert_eq!(kept, promised, "{}", table.name);
    }
}

#[test]
fn rows_come_back_as_they_were_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let rows = write(dir.path(), &OutputOptions::default(), &day_by_hand()).unwrap();
    assert_eq!(rows, 2 + 4 + 2 + 13 + 13 + 13 + 26 + 1 + 1 + 1 + 3 + 10 + 4 + 2 + 3);

    let trips = read(dir.path(), "trips");
    let text = |frame: &DataFrame, name: &str| -> Vec<Option<String>> {
        frame.column(name).unwrap().str().unwrap().iter().map(|v| v.map(str::to_owned)).collect()
    };
    assert_eq!(text(&trips, "vehicle_id"), [Some("y-1".to_owned()), None]);
    assert_eq!(text(&trips, "status"), [Some("served".to_owned()), Some("lost_no_vehicle".to_owned())]);
    assert_eq!(text(&trips, "origin"), [Some("2".to_owned()), Some("2".to_owned())]);
    let times = trips.column("pickup_time").unwrap().datetime().unwrap().physical().clone();
    assert_eq!(times.iter().collect::<Vec<_>>(), [Some((START.0 + 300) * 1_000), None]);
    assert_eq!(trips.column("wait_s").unwrap().i64().unwrap().get(0), Some(240));
    assert_eq!(trips.column("soc_end").unwrap().f64().unwrap().get(0), Some(0.46));

    let ledger = read(dir.path(), "ledger");
    assert_eq!(text(&ledger, "reference")[1].as_deref(), Some("vehicle:y-1"));
    assert_eq!(text(&ledger, "reference")[4].as_deref(), Some("session:1"));
    assert_eq!(text(&ledger, "reference")[8].as_deref(), Some("households:homes"));
    assert_eq!(text(&ledger, "reference")[9].as_deref(), Some("retailer:grid"));
    assert_eq!(text(&ledger, "credit")[8].as_deref(), Some("households:homes"));
    assert_eq!(text(&ledger, "debit")[0].as_deref(), Some("fleet:yellow"));
    assert_eq!(text(&ledger, "currency")[5].as_deref(), Some("USD"));
    assert_eq!(text(&read(dir.path(), "legs"), "destination")[2].as_deref(), Some("40.72000,-74.00000"));
    let requests = read(dir.path(), "legs").column("request_id").unwrap().u32().unwrap().clone();
    assert_eq!(requests.iter().collect::<Vec<_>>(), [Some(0), Some(0), None, None]);

    for table in ["sessions", "stations"] {
        assert!(
            text(&read(dir.path(), table), "retailer").iter().all(|name| name.as_deref() == Some("grid"))
        );
    }

    let sites = read(dir.path(), "sites");
    let some = |texts: [&str; 4]| texts.map(|t| (!t.is_empty()).then(|| t.to_owned()));
    assert_eq!(text(&sites, "kind"), some(["zone", "zone", "station", "depot"]));
    assert_eq!(text(&sites, "name"), some(["1", "2", "hub", "1"]));
    assert_eq!(text(&sites, "operator"), some(["", "", "power", ""]));
    assert_eq!(sites.column("lat").unwrap().f64().unwrap().get(2), Some(40.72));
    assert_eq!(sites.column("lon").unwrap().f64().unwrap().get(1), Some(-73.98));
    let connectors = sites.column("connectors").unwrap().i64().unwrap();
    assert_eq!(connectors.iter().collect::<Vec<_>>(), [None, None, Some(1), None]);

    let places = read(dir.path(), "places");
    assert_eq!(text(&places, "place")[2].as_deref(), Some("40.72000,-74.00000"));
    assert_eq!(text(&places, "zone"), [Some("1".to_owned()), Some("2".to_owned()), None]);
    let column = |name: &str| places.column(name).unwrap().f64().unwrap().clone();
    assert!(column("lat").into_no_null_iter().eq([40.70, 40.75, 40.72]));
    assert!(column("lon").into_no_null_iter().eq([-74.01, -73.98, -74.0]));
    let of_sites = text(&sites, "place");
    assert_eq!(of_sites, some(["1", "2", "40.72000,-74.00000", "1"]));

    let vehicles = read(dir.path(), "vehicles");
    let number = |name: &str| vehicles.column(name).unwrap().f64().unwrap().get(1).unwrap();
    assert_eq!(text(&vehicles, "vehicle_id"), [Some("y-1".to_owned()), Some("y-2".to_owned())]);
    assert_eq!(text(&vehicles, "vehicle_type")[1].as_deref(), Some("hatchback"));
    assert_eq!(text(&vehicles, "initial_place"), [Some("1".to_owned()), Some("2".to_owned())]);
    assert_eq!(text(&vehicles, "depot"), [Some("1".to_owned()), None]);
    assert_eq!((number("usable_soc_min"), number("usable_soc_max")), (0.1, 0.9));
    assert_eq!((number("ac_kw"), number("dc_kw"), number("initial_soc")), (7.4, 50.0, 0.30));
}

#[test]
fn many_batches_keep_their_order_and_the_bytes_do_not_depend_on_timing() {
    let day = day_by_hand();
    let mut files = Vec::new();
    for _ in 0..2 {
        let dir = tempfile::tempdir().unwrap();
        let mut recorder =
            ParquetRecorder::create(dir.path(), labels(), &provenance(), &OutputOptions::default()).unwrap();
        for number in 0..300_000u32 {
            let mut trip = day.trips[(number % 2) as usize];
            trip.request.0 = number;
            recorder.record(Record::Trip(&trip));
            recorder.record(Record::Leg(&day.legs[(number % 4) as usize]));
        }
        recorder.finish().unwrap();
        let ids = read(dir.path(), "trips").column("request_id").unwrap().u32().unwrap().clone();
        assert!(ids.into_no_null_iter().eq(0..300_000));
        files.push((
            std::fs::read(dir.path().join("trips.parquet")).unwrap(),
            std::fs::read(dir.path().join("legs.parquet")).unwrap(),
        ));
        assert!(!dir.path().join("ledger.parquet").exists(), "a table without rows is absent");
    }
    assert!(files[0] == files[1]);
}

#[test]
fn tables_can_be_selected_and_thinned() {
    let dir = tempfile::tempdir().unwrap();
    let options = OutputOptions {
        tables: vec![TableId::Fleet, TableId::Stations, TableId::Grid],
        fleet_every: 4,
        stations_every: 5,
        grid_every: 6,
    };
    write(dir.path(), &options, &day_by_hand()).unwrap();
    assert!(!dir.path().join("trips.parquet").exists());
    assert_eq!(read(dir.path(), "fleet").height(), 4); // readings 0, 4, 8, 12
    assert_eq!(read(dir.path(), "stations").height(), 3); // 0, 5, 10
    assert_eq!(read(dir.path(), "grid").height(), 6); // two buses at 0, 6, 12
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_reported_once_and_named() {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/full", dir.path().join("legs.parquet")).unwrap();
    let error = write(dir.path(), &OutputOptions::default(), &day_by_hand()).unwrap_err();
    assert!(!error.is_input());
    let gridfleet::error::Error::Io { path, source } = error else { panic!("{error}") };
    assert!(path.ends_with("legs.parquet"));
    assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
}

#[test]
fn a_folder_that_vanished_fails_early() {
    let dir = tempfile::tempdir().unwrap();
    let mut recorder =
        ParquetRecorder::create(&dir.path().join("gone"), labels(), &provenance(), &OutputOptions::default())
            .unwrap();
    let day = day_by_hand();
    while !recorder.failed() {
        for leg in &day.legs {
            recorder.record(Record::Leg(leg));
        }
    }
    assert!(recorder.finish().unwrap_err().to_string().contains("legs.parquet"));
}

#[test]
fn each_file_says_where_it_comes_from() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &OutputOptions::default(), &day_by_hand()).unwrap();
    for table in TABLES {
        let mut file = File::open(dir.path().join(table.file_name())).unwrap();
        let metadata = polars_parquet::read::read_metadata(&mut file).unwrap();
        let pairs = metadata.key_value_metadata().clone().unwrap();
        let value = |key: &str| pairs.iter().find(|p| p.key == key).and_then(|p| p.value.clone()).unwrap();
        assert_eq!(value("gridfleet.version"), env!("CARGO_PKG_VERSION"));
        assert_eq!(value("gridfleet.scenario"), "day");
        assert_eq!(value("gridfleet.scenario_sha256"), "ab".repeat(32));
        assert_eq!((value("gridfleet.seed"), value("gridfleet.replication")), ("7".into(), "0".into()));
        assert!(value("created_by").starts_with("gridfleet "));
        assert_eq!(value("gridfleet.currency"), "USD");
    }
}

#[test]
fn columns_carry_their_units() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), &OutputOptions::default(), &day_by_hand()).unwrap();
    for table in TABLES {
        let mut file = File::open(dir.path().join(table.file_name())).unwrap();
        let metadata = polars_parquet::read::read_metadata(&mut file).unwrap();
        let schema = polars_parquet::read::infer_schema(&metadata).unwrap();
        for (field, column) in schema.iter_values().zip(table.columns) {
            let unit = field.metadata.as_ref().and_then(|pairs| pairs.get("unit"));
            assert_eq!((field.name.as_str(), unit.map(|unit| unit.as_str())), (column.name, column.unit));
        }
        // The currency is in the Arrow schema itself, of which this crate reads the fields only.
        let pairs = metadata.key_value_metadata().clone().unwrap();
        let arrow = pairs.into_iter().find(|pair| pair.key == "ARROW:schema").unwrap().value.unwrap();
        let bytes = base64_decoded(&arrow);
        for text in ["gridfleet.currency", "USD"] {
            assert!(bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{}", table.name);
        }
    }
}

/// The bytes of a text in base 64, with up to two zeros behind them.
fn base64_decoded(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |c: &u8| DIGITS.iter().position(|digit| digit == c).unwrap_or(0) as u32;
    let group = |four: &[u8]| four.iter().fold(0, |sum, c| sum << 6 | digit(c)).to_be_bytes();
    text.as_bytes().chunks(4).flat_map(|four| group(four)[1..].to_vec()).collect()
}

const STREAMS: Streams = Streams { seed: 1, replication: 0 };

#[test]
fn a_vehicle_has_a_depot_where_it_starts_at_one_or_at_home() {
    let depots = |start_at: &str| {
        let set = format!("fleets.0.start_at={start_at}");
        let (setup, _) = ready(Path::new("scenarios/small.toml"), &[&set], STREAMS);
        let vehicles = setup.vehicle_records();
        assert!(vehicles.iter().all(|v| v.depot.is_none_or(|depot| depot == v.initial_place)));
        (vehicles.len(), vehicles.iter().filter(|v| v.depot.is_some()).count())
    };
    assert_eq!(depots("demand"), (12, 0));
    assert_eq!(depots("depots"), (12, 12));
    // 80 cars with a home, 20 taxis that start where the demand is.
    let (setup, _) = ready(Path::new("scenarios/retail-week.toml"), &[], STREAMS);
    let (private, taxis): (Vec<_>, Vec<_>) =
        setup.vehicle_records().into_iter().partition(|v| setup.fleets[v.fleet].private);
    assert!(
        private.len() == 80 && private.iter().all(|v| v.depot == Some(setup.stations[StationId(0)].place))
    );
    assert!(taxis.len() == 20 && taxis.iter().all(|v| v.depot.is_none()));
}

/// Two pick-ups a hand apart have one label, and no other two places do.
#[test]
fn each_label_of_a_place_is_recorded_once() {
    let (setup, _) = ready(Path::new("scenarios/small.toml"), &[], STREAMS);
    let before = setup.place_records().len();
    let mut places = (*setup.places).clone();
    let first = places.add_point(51.123_456_1, 9.9);
    places.add_point(51.123_456_2, 9.9);
    let setup = Setup { places: places.into(), ..(*setup).clone() };
    let records = setup.place_records();
    assert_eq!(records.len(), before + 1);
    assert_eq!(records[before].place, first);
    let label = |place| {
        let mut label = String::new();
        setup.places.write_label(place, &mut label);
        label
    };
    let labels: BTreeSet<String> = records.iter().map(|record| label(record.place)).collect();
    assert_eq!(labels.len(), records.len());
}
