//! The seeds of the fuzz targets, read as by the targets (`tests/support/readers.rs`): none is harmful, and the outcome
//! of each is here. `fuzz/README.md` describes how to search for more.

#[path = "../../support/readers.rs"]
mod readers;

use gridfleet::error::Error;
use gridfleet::rng::{Purpose, Streams};
use rand::RngExt as _;
use rand_pcg::Pcg64;
use readers::{READERS, Reader};
use std::path::{Path, PathBuf};

/// A target's seeds, in order of their names.
fn seeds(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// Outcome of each seed of a target: what was read, or what was wrong, without the file's path.
fn outcomes(target: &str) -> String {
    let (_, read): (&str, Reader) = READERS.into_iter().find(|(name, _)| *name == target).unwrap();
    let temporary = std::env::temp_dir().to_string_lossy().into_owned();
    let mut lines = Vec::new();
    for path in seeds(target) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        match read(&std::fs::read(&path).unwrap()) {
            Ok(count) => lines.push(format!("{name}: {count}")),
            Err(Error::Input(errors)) => lines.extend(errors.iter().map(|error| {
                let line = error.line.map(|line| format!("line {line}: ")).unwrap_or_default();
                let key = error.key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default();
                // The temporary folder differs in each run.
                let found = error.found.split(&*temporary).next().unwrap_or_default();
                format!("{name}: {line}{key}found {found}")
            })),
            Err(other) => panic!("{name}: {other}"),
        }
    }
    lines.join("\n")
}

/// The published crate does not contain the fuzz targets.
fn is_here() -> bool {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz").exists();
    if !here {
        println!("skipped: the fuzz targets are not here");
    }
    here
}

#[test]
fn every_target_has_seeds_of_many_kinds() {
    if !is_here() {
        return;
    }
    let listed = |folder: &str| {
        let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
        let mut names: Vec<String> =
            entries.map(|e| e.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    let targets = READERS.map(|(name, _)| name);
    assert_eq!(listed("fuzz/fuzz_targets"), targets);
    assert_eq!(listed("fuzz/corpus"), targets);
    for target in targets {
        assert!(seeds(target).len() >= 6, "{target}");
    }
}

/// Changes of seeds that each target is tried with; `GRIDFLEET_FUZZ` says how many times as many. Those that simulate or draw take longer.
const CHANGES: usize = 300;
const CHANGES_OF_SLOW: usize = 80;

/// Numbers that are put in place of others.
const ODD_NUMBERS: [&str; 12] = [
    "0",
    "-1",
    "1",
    "2",
    "0.5",
    "-0.0",
    "1e308",
    "1e-308",
    "1e999",
    "4294967296",
    "9223372036854775807",
    "18446744073709551616",
];

/// A seed with one to four changes: bits, bytes and numbers that are others, parts cut out or twice, an end cut off, an end of another.
fn changed(seeds: &[Vec<u8>], random: &mut Pcg64) -> Vec<u8> {
    let mut data = seeds[random.random_range(0..seeds.len())].clone();
    for _ in 0..random.random_range(1..=4) {
        if data.is_empty() {
            return data;
        }
        let (a, b) = (random.random_range(0..data.len()), random.random_range(0..data.len()));
        let (from, to) = (a.min(b), a.max(b).min(a.min(b) + 200));
        match random.random_range(0..8) {
            0 => data[a] ^= 1 << random.random_range(0..8),
            1 => data[a] = random.random(),
            2 => data.truncate(a),
            3 => drop(data.drain(from..to)),
            4 => {
                let part = data[from..to].to_vec();
                data.splice(b..b, part);
            }
            5 => {
                let other = &seeds[random.random_range(0..seeds.len())];
                data.truncate(a);
                data.extend_from_slice(&other[a.min(other.len())..]);
            }
            _ => {
                let digits: Vec<usize> = (0..data.len()).filter(|&i| data[i].is_ascii_digit()).collect();
                if !digits.is_empty() {
                    let from = digits[random.random_range(0..digits.len())];
                    let is_part = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
                    let length = data[from..].iter().take_while(|byte| is_part(byte)).count();
                    let number = ODD_NUMBERS[random.random_range(0..ODD_NUMBERS.len())];
                    data.splice(from..from + length, number.bytes());
                }
            }
        }
    }
    data
}

/// Tries a target with changes of its seeds; a fault is a panic of the reader.
fn changes_do_no_harm(target: &str, changes: usize) {
    if !is_here() {
        return;
    }
    let (_, read): (&str, Reader) = READERS.into_iter().find(|(name, _)| *name == target).unwrap();
    let seeds: Vec<Vec<u8>> = seeds(target).iter().map(|path| std::fs::read(path).unwrap()).collect();
    let mut random = Streams { seed: 1, replication: 0 }.stream(Purpose::Synthesis, 0);
    let times = std::env::var("GRIDFLEET_FUZZ").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    let changes = changes * times;
    let mut right = 0;
    for number in 0..changes {
        let data = changed(&seeds, &mut random);
        let read = std::panic::catch_unwind(|| read(&data).is_ok());
        let Ok(read) = read else {
            let file = std::env::temp_dir().join(format!("gridfleet-{target}-{number}"));
            std::fs::write(&file, &data).unwrap();
            panic!("{target}: change {number} of seeds does harm; it is in {}", file.display());
        };
        right += usize::from(read);
    }
    // Changes that leave nothing right would try nothing but the first check.
    assert!(right > 0 && right < changes, "{target}: {right} of {changes} are right");
}

macro_rules! changes_do_no_harm {
    ($($name:ident $target:literal $changes:expr;)*) => {
        $(#[test] fn $name() { changes_do_no_harm($target, $changes); })*
    };
}

changes_do_no_harm! {
    changes_of_car2go "car2go" CHANGES;
    changes_of_checkpoint "checkpoint" CHANGES;
    changes_of_containers "containers" CHANGES;
    changes_of_journal "journal" CHANGES;
    changes_of_matpower "matpower" CHANGES;
    changes_of_price_files "price_files" CHANGES;
    changes_of_prices "prices" CHANGES;
    changes_of_registers "registers" CHANGES;
    changes_of_report "report" CHANGES_OF_SLOW;
    changes_of_run "run" CHANGES;
    changes_of_scenario "scenario" CHANGES;
    changes_of_sessions "sessions" CHANGES;
    changes_of_set "set" CHANGES;
    changes_of_solve "solve" CHANGES;
    changes_of_stations "stations" CHANGES;
    changes_of_study "study" CHANGES;
    changes_of_tlc "tlc" CHANGES;
    changes_of_trips "trips" CHANGES;
    changes_of_vehicles "vehicles" CHANGES;
    changes_of_zones_csv "zones_csv" CHANGES;
    changes_of_zones_shp "zones_shp" CHANGES;
}

/// Inputs that the fuzzer reported as slow, with work quadratic in their length, end.
#[test]
fn long_files_of_mistakes_are_answered() {
    let valid = include_str!("../../../scenarios/small.toml");
    let twice = format!("files = [{}]", "\"a\",".repeat(60_000));
    let zones: String = (0..30_000).map(|zone| format!("{zone},1,1\n")).collect();
    let cases: [(Reader, String); 3] = [
        (readers::scenario, "=\n".repeat(125_000)),
        (readers::scenario, valid.replace("files = [\"../datasets/small/trips.csv\"]", &twice)),
        (readers::zones_csv, format!("id,lat,lng\n{zones}")),
    ];
    for (read, text) in cases {
        assert!(text.len() > 200_000, "{}", text.len());
        // The reader checks its own answer: an error is the user's, and can be printed.
        let _ = read(text.as_bytes());
    }
}

/// Targets of which a snapshot has the outcomes; those of the others stand below.
#[test]
fn seeds_have_these_outcomes() {
    if is_here() {
        for target in [
            "checkpoint",
            "containers",
            "journal",
            "matpower",
            "price_files",
            "registers",
            "report",
            "run",
            "sessions",
            "set",
            "solve",
            "study",
        ] {
            insta::assert_snapshot!(format!("seeds_of_{target}"), outcomes(target));
        }
    }
}

#[test]
fn car2go() {
    if is_here() {
        insta::assert_snapshot!(outcomes("car2go"), @r##"
        cut_off.csv: 0
        cut_off.parquet: found a file that does not end as Parquet does (PAR1)
        damaged.parquet: found a file that cannot be decoded (File out of specification: Invalid thrift: bad data)
        derived_trips.csv: 1
        empty.csv: line 1: found no header
        header_only.csv: found no rows
        lists.parquet: fuel: found a column of type LargeList(Field { name: "element", dtype: Int64, is_nullable: true, metadata: None })
        local_times.csv: 0
        local_times.parquet: found only bad rows: 1 unreadable charge, 2 unreadable time
        mistyped.csv: found only bad rows: 1 no name, 1 not electric, 1 unreadable charge, 1 unreadable charging flag, 1 unreadable position, 1 unreadable time
        nan_and_huge.csv: found only bad rows: 1 charge outside 0 to 100 %, 2 position far from the city, 1 position not on the globe, 1 unreadable charge, 1 unreadable position, 1 unreadable time
        not_utf8.csv: 1
        semicolons.csv: line 1: found the columns "name;vin;coordinates_lat;coordinates_lon;interior;exterior;address;fuel;engineType;charging;timestamp"
        snapshots.csv: 1
        snapshots.parquet: 1
        "##);
    }
}

#[test]
fn prices() {
    if is_here() {
        insta::assert_snapshot!(outcomes("prices"), @r#"
        autumn.csv: 3
        cut_off.csv: line 3: found 1 cells
        damaged.parquet: found a file that cannot be decoded (File out of specification: Invalid thrift: bad data)
        empty.csv: found an empty file
        ends_of_time.csv: line 3: time: found slots of 16544868105599 s
        flags_without_end.parquet: found a file that cannot be decoded (transport error)
        gap.csv: line 4: time: found 2018-03-05T03:00:00Z
        hourly.csv: 3
        hourly.parquet: 2
        long_list_in_the_footer.parquet: found a file that cannot be decoded (transport error)
        long_text_in_each_row.parquet: time: found 2500000000 bytes of text in a file of 428
        mistyped.csv: line 2: price_per_mwh: found "free"
        mistyped.csv: line 3: price_per_mwh: found an empty cell
        nan_and_huge.csv: line 2: price_per_mwh: found "NaN"
        nan_and_huge.csv: line 3: price_per_mwh: found "inf"
        nan_and_huge.csv: line 4: price_per_mwh: found "1e999"
        nan_and_huge.csv: line 5: price_per_mwh: found "-1.7976931348623157e308"
        not_utf8.csv: line 2: price_per_mwh: found "ÿþ"
        other_types.parquet: 2
        rows_out_of_nothing.parquet: found 2000000 rows in 6052 bytes
        semicolons.csv: found one price
        text.parquet: 2
        unpacks_to_much.parquet: found a file that cannot be decoded (822 bytes that unpack to 16000010 or more)
        "#);
    }
}

#[test]
fn scenario() {
    if is_here() {
        insta::assert_snapshot!(outcomes("scenario"), @r#"
        curves.toml: line 19: operation.charging.start_soc: found 0.25
        curves.toml: line 26: vehicle_types[0].usable_soc: found [0.9, 0.1]
        curves.toml: line 27: vehicle_types[0].charging_curve: found [0.5, 50.0] before [0.5, 20.0]
        curves.toml: line 28: vehicle_types[0].consumption_by_temperature: found [[20.0, 1.0], [-10.0, 0.0]]
        curves.toml: line 31: fleets[0].vehicles[0].initial_soc: found [0.4, 1.0]
        curves.toml: line 38: stations[0].access: found "vans"
        cut_off.toml: line 20: found something that is not TOML (unclosed array table, expected `]]`)
        empty.toml: line 1: version: found nothing
        empty.toml: line 1: name: found nothing
        empty.toml: line 1: time: found nothing
        ends_of_time.toml: line 5: time.start: found "-262143-01-01"
        ends_of_time.toml: line 6: time.end: found "+262142-12-31T23:59:59+23:59"
        ends_of_time.toml: line 12: trips.fold_week: found "-262143-01-01"
        json.toml: line 1: found something that is not TOML (invalid key-value pair, expected key)
        mistyped.toml: line 3: seed: found "one"
        mistyped.toml: line 6: time.days: found 1.5
        mistyped.toml: line 18: operation.dispatch.kind: found "batch"
        mistyped.toml: line 32: stations[0].lat: found "north"
        mistyped.toml: line 36: stations[0].conectors: found an unknown key
        nan_and_huge.toml: line 3: found 9223372036854775808
        nested.toml: line 43: found keys nested deeper than any scenario is
        no_such_file.toml: line 11: trips.files[0]: found no such file: 
        not_utf8.toml: line 31: found bytes that are no UTF-8 text
        replay.toml: line 12: trips.map: found a column map
        replay.toml: line 13: trips.fleet_shares: found shares in replay
        replay.toml: line 13: trips.fleet_shares.vans: found "vans"
        replay.toml: line 14: trips.fold_week: found 2018-03-06, a Tuesday
        set.toml: --set .=: found the key `.`
        set.toml: --set operation.charging={ kind = "price-aware", idle_s = -1 } (operation.charging.idle_s): found -1
        set.toml: --set stations[1].name=other (stations[1].connectors): found nothing
        set.toml: --set stations[1].name=other (stations[1].connector_kw): found nothing
        small.toml: 1
        tables.toml: line 1: found the columns time,price_per_mwh
        tables.toml: line 1: found the columns time,price_per_mwh
        tables.toml: line 1: found the columns time,price_per_mwh
        tables.toml: line 1: found the columns time,price_per_mwh
        tables.toml: line 21: found 3 cells
        tariffs.toml: line 43: retailers[0].tariff.periods[1]: found a period that overlaps periods[0] (mon 05:00)
        tariffs.toml: line 46: retailers[1].tariff.file: found prices from 2018-03-04T23:00:00Z to 2018-03-06T23:00:00Z
        "#);
    }
}

#[test]
fn stations() {
    if is_here() {
        insta::assert_snapshot!(outcomes("stations"), @r#"
        canonical.csv: 2
        canonical.parquet: 1
        cut_off.csv: line 2: found 4 cells
        empty.csv: found an empty file
        four_billion_connectors.csv: line 2: connectors: found "4294967295"
        mistyped.csv: line 2: connectors: found "four"
        mistyped.csv: line 2: lat: found "north"
        mistyped.csv: line 2: dc: found "perhaps"
        mistyped.csv: line 3: station_id: found an empty cell
        mistyped.csv: line 3: connector_kw: found "-1"
        mistyped.csv: line 3: connectors: found "0"
        mistyped.csv: line 3: lon: found an empty cell beside a latitude
        mistyped.csv: line 4: station_id: found "hub" again, first in line 2
        mistyped.csv: line 4: connector_kw: found "0"
        mistyped.csv: line 4: connectors: found "1.5"
        nan_and_huge.csv: line 2: lat: found "NaN"
        nan_and_huge.csv: line 3: connector_kw: found "NaN"
        nan_and_huge.csv: line 3: lon: found "181"
        nan_and_huge.csv: line 3: site_limit_kw: found "inf"
        nan_and_huge.csv: line 3: bus: found "-1"
        nan_and_huge.csv: line 4: connector_kw: found "1e999"
        nan_and_huge.csv: line 4: connectors: found "4294967296"
        nan_and_huge.csv: line 4: site_limit_kw: found "0"
        not_utf8.csv: 1
        semicolons.csv: 1
        "#);
    }
}

#[test]
fn tlc() {
    if is_here() {
        insta::assert_snapshot!(outcomes("tlc"), @r"
        2009.csv: 1
        cut_off.csv: 1
        empty.csv: found an empty file
        mistyped.csv: 0
        nan_and_huge.csv: 0
        not_utf8.csv: 1
        portal.csv: 1
        ragged.csv: 1
        spring_and_autumn.csv: 4
        tabs.csv: 2
        zones.csv: 2
        zones.parquet: 2
        zones_zstd.parquet: 2
        ");
    }
}

#[test]
fn trips() {
    if is_here() {
        insta::assert_snapshot!(outcomes("trips"), @r"
        chicago.csv: 2
        cut_off.csv: 2
        cut_off.parquet: found a file that does not end as Parquet does (PAR1)
        damaged.parquet: found a file that cannot be decoded (File out of specification: Invalid thrift: protocol error)
        empty.csv: found an empty file
        fhvhv.csv: 1
        gzip.csv: found one that cannot be unpacked (incomplete deflate stream)
        long_name_in_each_row.parquet: fleet: found 2500000000 bytes of text in a file of 771
        mds.json: 1
        mistyped.csv: 2
        name_unpacks_to_much.parquet: found a file that cannot be decoded (1226 bytes that unpack to 16000051 or more)
        nan_and_huge.csv: 1
        not_utf8.csv: 1
        points.csv: 2
        porto.csv: 1
        replay.csv: 2
        replay.parquet: 2
        rows_out_of_nothing.parquet: found 2000000 rows in 9067 bytes
        semicolons.csv: 2
        unpacks_to_much.parquet: found a file that cannot be decoded (1075 bytes that unpack to 16000048 or more)
        utf16.csv: destination_zone: found only the columns request_time, origin_zone
        zones_with_places.csv: 3
        ");
    }
}

#[test]
fn vehicles() {
    if is_here() {
        insta::assert_snapshot!(outcomes("vehicles"), @r#"
        catalogue.csv: 2
        cut_off.csv: line 2: found 3 cells
        damaged.parquet: found a file that cannot be decoded (a footer with Stop)
        empty.csv: found an empty file
        list.csv: 2
        list.parquet: 2
        list_of_127_million_row_groups.parquet: found a file that cannot be decoded (transport error)
        mistyped.csv: line 2: usable_soc_min: found 0.9, but usable_soc_max is 0.1
        mistyped.csv: line 2: charging_curve: found "0:2" in "0:1 0:2 1:3"
        mistyped.csv: line 2: battery_kwh: found "large"
        mistyped.csv: line 3: usable_soc_min: found "2"
        mistyped.csv: line 3: charging_curve: found "0:1;1:2" in "0:1;1:2"
        mistyped.csv: line 3: ac_kw: found 0 beside dc_kw of 0
        mistyped.csv: line 3: consumption_kwh_per_km: found "little"
        mistyped.csv: line 4: charging_curve: found "0:1" in "1:1 0:1"
        mistyped.csv: line 4: name: found an empty cell
        nan_and_huge.csv: line 2: ac_kw: found "1e999"
        nan_and_huge.csv: line 2: charging_curve: found "0:NaN" in "0:NaN 1:1"
        nan_and_huge.csv: line 2: battery_kwh: found "NaN"
        nan_and_huge.csv: line 2: consumption_kwh_per_km: found "inf"
        nan_and_huge.csv: line 3: ac_kw: found "1e308"
        nan_and_huge.csv: line 3: dc_kw: found "1e308"
        nan_and_huge.csv: line 3: charging_curve: found "0:1e308" in "0:1e308 1:1e308"
        nan_and_huge.csv: line 3: ac_kw: found 0 beside dc_kw of 0
        nan_and_huge.csv: line 3: battery_kwh: found "1e308"
        nan_and_huge.csv: line 3: consumption_kwh_per_km: found "1e308"
        not_utf8.csv: 1
        semicolons.csv: 1
        twice.csv: line 2: soc: found "NaN"
        twice.csv: line 3: soc: found "1.5"
        twice.csv: line 3: vehicle_id: found "v1" again, first in line 2
        "#);
    }
}

#[test]
fn zones_csv() {
    if is_here() {
        insta::assert_snapshot!(outcomes("zones_csv"), @r"
        bars.csv: 1
        centroids.csv: 2
        centroids.parquet: 2
        cut_off.csv: line 3: found 2 cells
        empty.csv: found an empty file
        flags_without_end.parquet: found a file that cannot be decoded (bad data)
        mistyped.csv: line 2: lat: found `north`
        nan_and_huge.csv: line 2: area_km2: found `1e308`
        not_utf8.csv: 2
        quoted.csv: 2
        too_far_east.csv: line 2: lon: found `1e308`
        twice.csv: line 3: id: found `1`
        ");
    }
}

#[test]
fn zones_shp() {
    if is_here() {
        insta::assert_snapshot!(outcomes("zones_shp"), @r##"
        another_field.bin: line 1: OBJECTID: found no such field
        cut_off.bin: found a file that cannot be decoded (DbaseError(Error { kind: IoError(Error { kind: UnexpectedEof, message: "failed to fill whole buffer" }), record_context…ndex: RecordIndex(1), field: None }) })) (214 characters)
        cut_off_shapes.bin: found a file that cannot be decoded (failed to fill whole buffer)
        empty.bin: found a file that cannot be decoded (failed to fill whole buffer)
        four_billion_records.bin: 2
        huge_counts.bin: found a file that cannot be decoded (failed to fill whole buffer)
        huge_point.bin: line 1: shape: found an area of NaN square feet
        nan_point.bin: line 1: shape: found an area of NaN square feet
        negative_count.bin: found a file that cannot be decoded (The record size declared in the file is inconsistent or invalid)
        negative_length.bin: found a file that cannot be decoded (The record size declared in the file is inconsistent or invalid)
        no_records.bin: found a file that cannot be decoded (DbaseError(Error { kind: IoError(Error { kind: UnexpectedEof, message: "failed to fill whole buffer" }), record_context: None }))
        points_instead.bin: 2
        squares.bin: 2
        text.bin: found a file that cannot be decoded (The file code ' 2054123109 ' is invalid, is this a Shapefile ?)
        "##);
    }
}
