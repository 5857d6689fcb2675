//! `gridfleet data` on tables written by other programs and by gridfleet itself.

use assert_cmd::cargo::cargo_bin;
use std::path::Path;
use std::process::Command;

fn gridfleet(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let output = Command::new(cargo_bin("gridfleet")).current_dir(folder).args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

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
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    // 2020-01-25T00:00:00Z by `date -u -d @1579910400`; 17:00 of the day before in Denver.
    write("epoch.csv", requests(["1579910400", "1579910460", "1579910520"]));
    write("iso.csv", requests(["2020-01-24T17:00:00", "2020-01-24T17:01:00", "2020-01-24T17:02:00"]));
    for name in ["epoch", "iso"] {
        let (csv, parquet) = (format!("{name}.csv"), format!("{name}.parquet"));
        let args =
            ["data", "import", "trips", &csv, "--timezone", "America/Denver", "--map", MAP, "-o", &parquet];
        let (status, out, err) = gridfleet(folder.path(), &args);
        assert_eq!(status, 0, "{err}");
        assert!(out.contains("3 trips, 2020-01-25T00:00:00Z to 2020-01-25T00:02:00Z"), "{out}");
        let (status, out, _) = gridfleet(folder.path(), &["data", "describe", &parquet, "--json"]);
        assert_eq!(status, 0);
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
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
    let (status, out, err) = gridfleet(folder.path(), &args);
    assert_eq!((status, err.as_str()), (0, "iso.csv: read as hive\n"));
    assert!(out.contains("3 trips, 2020-01-25T00:00:00Z to 2020-01-25T00:02:00Z"), "{out}");
    let other = requests(["2020-01-24T17:00:00"; 3]).replace("departure_time", "leaves_at");
    write("iso.csv", other);
    let (status, _, err) =
        gridfleet(folder.path(), &["data", "import", "trips", "iso.csv", "-o", "x.parquet"]);
    assert_eq!(status, 2);
    insta::assert_snapshot!(err, @r#"
    error: iso.csv: request_time: found only the columns request_id, o_lat, o_lon, d_lat, d_lon, leaves_at, passengers, expected a column `request_time`
      help: where it has another name, map it: request_time = "<column>"
    "#);
    assert!(!folder.path().join("x.parquet").exists());
}

#[test]
fn numbers_of_zones_are_names_when_an_import_is_described() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("zones.csv", "zone_id,lat,lon\n161,40.758,-73.978\n237,40.769,-73.966\n");
    write(
        "trips.csv",
        "request_time,origin_zone,destination_zone\n2018-03-05T08:00:00Z,161,237\n2018-03-05T09:00:00Z,237,161\n",
    );
    let import = ["data", "import", "trips", "trips.csv", "--zones", "zones.csv", "-o", "trips.parquet"];
    let (status, _, err) = gridfleet(folder.path(), &import);
    assert_eq!(status, 0, "{err}");
    let (status, out, _) = gridfleet(folder.path(), &["data", "describe", "trips.parquet"]);
    assert_eq!(status, 0);
    let line = out.lines().find(|line| line.trim_start().starts_with("origin_zone")).unwrap();
    assert_eq!(line.split_whitespace().collect::<Vec<_>>(), ["origin_zone", "names", "2", "2"]);
}

#[test]
fn every_table_of_a_run_can_be_described() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(gridfleet(folder.path(), &["new", "town"]).0, 0);
    assert_eq!(gridfleet(folder.path(), &["run", "town.toml", "--quiet"]).0, 0);
    // A new scenario has no trading, no homes, no feeder, no load-dependent prices and no competition.
    let absent = ["market", "households", "grid", "loads", "supply"];
    for table in gridfleet::records::dictionary::TABLES.iter().filter(|table| !absent.contains(&table.name)) {
        let file = format!("out/town/{}.parquet", table.name);
        let (status, out, err) = gridfleet(folder.path(), &["data", "describe", &file]);
        assert_eq!(status, 0, "{err}");
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
        let (status, out, err) = gridfleet(&root, &["data", "describe", file, "--json"]);
        assert_eq!(status, 0, "{err}");
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!((json["format"].as_str(), json["rows"].as_u64()), (Some(format), Some(rows)), "{file}");
    }
}

#[test]
fn a_file_is_imported_by_the_kind_that_its_columns_show() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let run = |args: &[&str]| gridfleet(folder.path(), args);
    write(
        "zones.csv",
        ",0,country_code\n2022-06-01 00:00:00+02:00,220.0,DK_1\n2022-06-01 01:00:00+02:00,207.5,DK_1\n\
         2022-06-01 00:00:00+02:00,210.0,SE_3\n2022-06-01 01:00:00+02:00,200.0,SE_3\n",
    );
    let (status, _, err) = run(&["data", "import", "zones.csv", "-o", "p.parquet"]);
    assert_eq!(status, 2);
    insta::assert_snapshot!(err, @r"
    zones.csv: read as entsoe-py
    error: zones.csv:1: --area: found 2 values of `country_code`, expected one of `DK_1`, `SE_3`
      help: choose one with --area
    ");
    for choice in [&["--area", "SE_3"][..], &["--where", "country_code=SE_3"]] {
        let (status, out, err) = run(&[&["data", "import", "zones.csv", "-o", "p.parquet"], choice].concat());
        assert_eq!(status, 0, "{err}");
        assert!(out.contains("p.parquet: 2 prices, 2022-05-31T22:00:00Z to 2022-06-01T00:00:00Z"), "{out}");
    }
    write(
        "register.csv",
        "Betreiber;Breitengrad;Längengrad;Anschlussleistung;Anzahl Ladepunkte\nX;50,9;6,9;44;2\n",
    );
    let (status, out, err) = run(&["data", "import", "register.csv", "-o", "stations.csv"]);
    assert_eq!((status, err.as_str()), (0, "register.csv: read as bnetza\n"), "{out}");
    let stations = std::fs::read_to_string(folder.path().join("stations.csv")).unwrap();
    assert_eq!(stations.lines().nth(1), Some("bnetza-2,50.90000,6.90000,,X,public,2,22,false,,,"));
    let (status, out, _) = run(&["data", "kinds"]);
    assert_eq!(status, 0);
    for kind in
        ["fhvhv", "chicago", "entsoe", "smard", "nyiso", "pjm", "isone", "aemo", "caiso", "ercot", "afdc"]
    {
        assert!(out.lines().any(|line| line.starts_with(kind)), "{kind}");
    }
}

#[test]
fn an_import_that_loses_much_or_is_doubted_writes_nothing_if_so_asked() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let run = |args: &[&str]| gridfleet(folder.path(), args);
    let good = "2018-03-05 08:00:00,48.7,9.1,48.8,9.2\n".repeat(30);
    write("t.csv", &format!("t,a,b,c,d\n{good}late,48.7,9.1,48.8,9.2\n"));
    let map = "--map=request_time=t,origin_lat=a,origin_lon=b,destination_lat=c,destination_lon=d";
    let (status, _, err) = run(&["data", "import", "trips", "t.csv", map, "-o", "t.parquet"]);
    assert_eq!(status, 2);
    assert!(err.contains("first row skipped, unreadable time: t.csv:32: t: found `late`"), "{err}");
    let error = err.lines().rev().take(2).collect::<Vec<_>>();
    insta::assert_snapshot!(format!("{}\n{}", error[1], error[0]), @r"
    error: --max-bad-rows: found 1 of 31 rows that cannot be read (3.2 %), expected at most 2 %
      help: the report shows the first row of each reason; raise --max-bad-rows to leave such rows out
    ");
    assert!(!folder.path().join("t.parquet").exists());
    let (status, out, _) =
        run(&["data", "import", "trips", "t.csv", map, "-o", "t.parquet", "--max-bad-rows", "0.05"]);
    assert_eq!(status, 0);
    assert!(out.contains("t.parquet: 30 trips"), "{out}");
    write("p.csv", "time,price\n2018-03-05T00:00Z,0.25\n2018-03-05T01:00Z,0.30\n");
    let (status, _, err) = run(&["data", "import", "p.csv", "-o", "p.parquet"]);
    assert_eq!(status, 0);
    assert!(err.contains("warning: `price`: median price of 0.300 per MWh: is the unit EUR/kWh?"), "{err}");
    let (status, _, err) = run(&["data", "import", "p.csv", "-o", "q.parquet", "--strict"]);
    assert_eq!(status, 2);
    insta::assert_snapshot!(err, @r"
    p.csv: read as dayahead
    error: --strict: `price`: median price of 0.300 per MWh: is the unit EUR/kWh? State it with --unit EUR/kWh
    ");
    assert!(!folder.path().join("q.parquet").exists());
}
