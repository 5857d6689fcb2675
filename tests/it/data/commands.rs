//! `gridfleet data` on tables written by other programs and by gridfleet itself.

use crate::support::cli::{Dir, Ended, gridfleet_in};
use std::path::Path;

/// Columns of a requests file of HIVE, the fleet simulator of NREL; times in Denver.
const MAP: &str = "request_time=departure_time,origin_lat=o_lat,origin_lon=o_lon,destination_lat=d_lat,destination_lon=d_lon";

fn requests(times: [&str; 3]) -> String {
    format!(
        "request_id,o_lat,o_lon,d_lat,d_lon,departure_time,passengers\n\
         0,39.7626,-104.9742,39.7592,-104.9751,{},1\n\
         1,39.7481,-104.9960,39.7592,-104.9751,{},4\n\
         2,39.7481,-104.9960,39.7392,-104.9951,{},2\n",
        times[0], times[1], times[2]
    )
}

#[test]
fn requests_of_another_simulator_come_in_by_one_command() {
    let folder = Dir::new();
    // 2020-01-25T00:00:00Z by `date -u -d @1579910400`; 17:00 of the day before in Denver.
    folder.write("epoch.csv", requests(["1579910400", "1579910460", "1579910520"]));
    folder.write("iso.csv", requests(["2020-01-24T17:00:00", "2020-01-24T17:01:00", "2020-01-24T17:02:00"]));
    for name in ["epoch", "iso"] {
        let (csv, parquet) = (format!("{name}.csv"), format!("{name}.parquet"));
        let args =
            ["data", "import", "trips", &csv, "--timezone", "America/Denver", "--map", MAP, "-o", &parquet];
        folder.gridfleet(args).succeeds().prints("3 trips, 2020-01-25T00:00:00Z to 2020-01-25T00:02:00Z");
        let json = folder.gridfleet(["data", "describe", &parquet, "--json"]).succeeds().json();
        assert_eq!((json["rows"].as_u64(), json["format"].as_str()), (Some(3), Some("trips")));
        let column = |name: &str| {
            let columns = json["columns"].as_array().unwrap();
            columns.iter().find(|c| c["name"] == name).unwrap_or_else(|| panic!("{name}")).clone()
        };
        assert_eq!(column("passengers")["max"], "4");
        assert_eq!(column("origin_lat")["max"], "39.7626");
        assert_eq!(column("destination_lon")["min"], "-104.9951");
    }
    // Its columns are known, so that it needs no map; those of another table do.
    let args = ["data", "import", "iso.csv", "--timezone", "America/Denver", "-o", "known.parquet"];
    let Ended { out, err, .. } = folder.gridfleet(args).succeeds();
    assert_eq!(err, "iso.csv: read as hive\n");
    assert!(out.contains("3 trips, 2020-01-25T00:00:00Z to 2020-01-25T00:02:00Z"), "{out}");
    folder.write("day.csv", requests(["1970-01-01T17:00:00", "1970-01-01T17:01:00", "1970-01-01T17:02:00"]));
    let args = [
        "data",
        "import",
        "day.csv",
        "--timezone",
        "America/Denver",
        "--epoch",
        "2020-01-24",
        "-o",
        "day.parquet",
    ];
    folder.gridfleet(args).succeeds().prints("3 trips, 2020-01-25T00:00:00Z to 2020-01-25T00:02:00Z");
    let other = requests(["2020-01-24T17:00:00"; 3]).replace("departure_time", "leaves_at");
    folder.write("iso.csv", other);
    let err = folder.gridfleet(["data", "import", "trips", "iso.csv", "-o", "x.parquet"]).fails(2).err;
    insta::assert_snapshot!(err, @r#"
    error: iso.csv: request_time: found only the columns request_id, o_lat, o_lon, d_lat, d_lon, leaves_at, passengers, expected a column `request_time`
      help: where it has another name, map it: request_time = "<column>"
    "#);
    assert!(!folder.path().join("x.parquet").exists());
}

#[test]
fn numbers_of_zones_are_names_when_an_import_is_described() {
    let folder = Dir::new();
    folder.write("zones.csv", "zone_id,lat,lon\n161,40.758,-73.978\n237,40.769,-73.966\n");
    folder.write(
        "trips.csv",
        "request_time,origin_zone,destination_zone\n2018-03-05T08:00:00Z,161,237\n2018-03-05T09:00:00Z,237,161\n",
    );
    let import = ["data", "import", "trips", "trips.csv", "--zones", "zones.csv", "-o", "trips.parquet"];
    folder.gridfleet(import).succeeds();
    let out = folder.gridfleet(["data", "describe", "trips.parquet"]).succeeds().out;
    let line = out.lines().find(|line| line.trim_start().starts_with("origin_zone")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["origin_zone", "names", "2", "2"]);
}

#[test]
fn every_table_of_a_run_can_be_described() {
    let folder = Dir::new();
    folder.gridfleet(["new", "town"]).succeeds();
    folder.gridfleet(["run", "town.toml", "--quiet"]).succeeds();
    // A new scenario has no trading, no homes, no feeder, no load-dependent prices and no competition.
    let absent = ["market", "households", "grid", "loads", "supply"];
    for table in gridfleet::records::dictionary::TABLES.iter().filter(|table| !absent.contains(&table.name)) {
        let file = format!("out/town/{}.parquet", table.name);
        let out = folder.gridfleet(["data", "describe", &file]).succeeds().out;
        for column in table.columns {
            assert!(out.contains(column.name), "{}: {out}", column.name);
        }
    }
}

#[test]
fn every_shipped_table_is_known_for_what_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets");
    for (file, format, rows) in [
        ("small/trips.csv", "trips", 480),
        ("nyc-week/yellow_tripdata_2018-03-05.parquet", "tlc", 40_000),
        ("nyc-week/stations.csv", "stations", 60),
        ("nyc-week/prices.csv", "prices", 239),
        ("nyc-week/taxi_zones.csv", "zones", 263),
        ("stuttgart-week/stations.csv", "stations", 200),
        ("vehicles.csv", "vehicle-types", 14),
        ("prices/elspot_2016-10-24.csv", "nordpool", 169),
        ("prices/srl_tenders_2017-03-20.csv", "srl-tenders", 80),
        ("prices/srl_activation_2017-03-25.csv", "srl-activation", 188),
        ("prices/intraday_2017-03-25.csv", "intraday", 177),
    ] {
        let json = gridfleet_in(&root, ["data", "describe", file, "--json"]).succeeds().json();
        assert_eq!((json["format"].as_str(), json["rows"].as_u64()), (Some(format), Some(rows)), "{file}");
    }
}

#[test]
fn a_file_is_imported_by_the_kind_that_its_columns_show() {
    let folder = Dir::new();
    let run = |args: &[&str]| folder.gridfleet(args);
    folder.write(
        "zones.csv",
        ",0,country_code\n2022-06-01 00:00:00+02:00,220.0,DK_1\n2022-06-01 01:00:00+02:00,207.5,DK_1\n\
         2022-06-01 00:00:00+02:00,210.0,SE_3\n2022-06-01 01:00:00+02:00,200.0,SE_3\n",
    );
    let err = run(&["data", "import", "zones.csv", "-o", "p.parquet"]).fails(2).err;
    insta::assert_snapshot!(err, @r"
    zones.csv: read as entsoe-py
    error: zones.csv:1: --area: found 2 values of `country_code`, expected one of `DK_1`, `SE_3`
      help: choose one with --area
    ");
    for choice in [&["--area", "SE_3"][..], &["--where", "country_code=SE_3"]] {
        run(&[&["data", "import", "zones.csv", "-o", "p.parquet"], choice].concat())
            .succeeds()
            .prints("p.parquet: 2 prices, 2022-05-31T22:00:00Z to 2022-06-01T00:00:00Z");
    }
    folder.write(
        "register.csv",
        "Betreiber;Breitengrad;Längengrad;Anschlussleistung;Anzahl Ladepunkte\nX;50,9;6,9;44;2\n",
    );
    let ended = run(&["data", "import", "register.csv", "-o", "stations.csv"]).succeeds();
    assert_eq!(ended.err, "register.csv: read as bnetza\n", "{ended}");
    let stations = std::fs::read_to_string(folder.path().join("stations.csv")).unwrap();
    assert_eq!(stations.lines().nth(1), Some("bnetza-2,50.90000,6.90000,,X,public,2,22,false,,,"));
    let out = run(&["data", "kinds"]).succeeds().out;
    for kind in
        ["fhvhv", "chicago", "entsoe", "smard", "nyiso", "pjm", "isone", "aemo", "caiso", "ercot", "afdc"]
    {
        assert!(out.lines().any(|line| line.starts_with(kind)), "{kind}");
    }
}

#[test]
fn an_import_that_loses_much_or_is_doubted_writes_nothing_if_so_asked() {
    let folder = Dir::new();
    let run = |args: &[&str]| folder.gridfleet(args);
    let good = "2018-03-05 08:00:00,48.7,9.1,48.8,9.2\n".repeat(30);
    folder.write("t.csv", format!("t,a,b,c,d\n{good}late,48.7,9.1,48.8,9.2\n"));
    let map = "--map=request_time=t,origin_lat=a,origin_lon=b,destination_lat=c,destination_lon=d";
    let err = run(&["data", "import", "trips", "t.csv", map, "-o", "t.parquet"]).fails(2).err;
    assert!(err.contains("first row skipped, unreadable time: t.csv:32: t: found `late`"), "{err}");
    let error = err.lines().rev().take(2).collect::<Vec<_>>();
    insta::assert_snapshot!(format!("{}\n{}", error[1], error[0]), @r"
    error: --max-bad-rows: found 1 of 31 rows that cannot be read (3.2 %), expected at most 2 %
      help: the report shows the first row of each reason; raise --max-bad-rows to leave such rows out
    ");
    assert!(!folder.path().join("t.parquet").exists());
    run(&["data", "import", "trips", "t.csv", map, "-o", "t.parquet", "--max-bad-rows", "0.05"])
        .succeeds()
        .prints("t.parquet: 30 trips");
    folder.write("p.csv", "time,price\n2018-03-05T00:00Z,0.25\n2018-03-05T01:00Z,0.30\n");
    run(&["data", "import", "p.csv", "-o", "p.parquet"])
        .succeeds()
        .reports("warning: `price`: median price of 0.300 per MWh: is the unit EUR/kWh?");
    let err = run(&["data", "import", "p.csv", "-o", "q.parquet", "--strict"]).fails(2).err;
    insta::assert_snapshot!(err, @r"
    p.csv: read as dayahead
    error: --strict: `price`: median price of 0.300 per MWh: is the unit EUR/kWh? State it with --unit EUR/kWh
    ");
    assert!(!folder.path().join("q.parquet").exists());
}
