//! `gridfleet data import FILE` without a kind: each file is imported as what it is, or refused with the reason.

use crate::support::cli::Dir;
use crate::support::real::data;

#[test]
fn files_that_are_no_trips_prices_stations_or_sessions_are_called_by_their_name() {
    let folder = Dir::new();
    let gbfs = r#"{"last_updated":1,"version":"2.3","data":{"bikes":[{"bike_id":"a","lat":52.4,"lon":10.7,"is_reserved":false,"is_disabled":false}]}}"#;
    let files = [
        ("vehicles.json", gbfs),
        ("nobody.json", r#"{"data":{"bikes":[]}}"#),
        ("edges.csv", "from_node,to_node,distance,travel_time\n2,1726,274.1,19.7\n"),
        ("stations.csv", "station_id,lat,lon,connectors,connector_kw\na,48.7,9.1,2,11\n"),
        ("loads.csv", "time,pv,load\n2014-01-01 00:00,0,0.3\n2014-01-01 00:15,0,0.2\n"),
        ("no_header.csv", "1,2018-03-05T08:00:00Z,48.7,9.1\n2,2018-03-05T08:05:00Z,48.8,9.2\n"),
    ];
    let mut messages = String::new();
    for (name, content) in files {
        folder.write(name, content);
        let ended = folder.gridfleet(["data", "import", name, "-o", "x.parquet"]).fails(2);
        messages += &ended.err;
        assert!(!folder.path().join("x.parquet").exists());
    }
    insta::assert_snapshot!(messages);
}

#[test]
fn sessions_and_registers_are_found_by_their_columns() {
    let folder = Dir::new();
    folder.write(
        "cdr.json",
        r#"{"data":[{"id":"c1","start_date_time":"2024-06-29T21:39:09Z","end_date_time":"2024-06-29T23:37:32Z","total_energy":15.342,"cdr_location":{"evse_uid":"E1"}}]}"#,
    );
    let ended = folder.gridfleet(["data", "import", "cdr.json", "-o", "sessions.csv"]).succeeds();
    assert_eq!(ended.err, "cdr.json: read as ocpi-cdr\n");
    assert!(
        folder.read("sessions.csv").contains("c1,E1,,2024-06-29T21:39:09Z,2024-06-29T23:37:32Z,15.342,,")
    );
    folder.write(
        "ocm.json",
        r#"[{"ID":7,"AddressInfo":{"Latitude":48.7,"Longitude":9.1},"Connections":[{"PowerKW":11}]}]"#,
    );
    let ended = folder.gridfleet(["data", "import", "ocm.json", "-o", "stations.csv"]).succeeds();
    assert_eq!(ended.err, "ocm.json: read as ocm\n");
    // The table needs no further import.
    let ended = folder.gridfleet(["data", "import", "stations.csv", "-o", "again.csv"]).fails(2);
    assert!(ended.err.contains("the canonical table of stations, which needs no import"), "{}", ended.err);
    let ended = folder.gridfleet(["data", "import", "cdr.json", "-o", "sessions.parquet"]).fails(2);
    assert!(ended.err.contains("expected a name that ends in .csv"), "{}", ended.err);
}

#[test]
fn samples_of_many_publishers_come_in_by_one_command() {
    let samples: [(&str, &[&str], &str); 10] = [
        ("nordpool/regulating-prices_2016_hourly_eur.csv", &["--area", "SE3"], "read as nordpool-regulating"),
        ("car2go/stuttgart_trips_localtime_rows.csv", &["--timezone", "Europe/Berlin"], "read as car2go"),
        ("prices_world/nyiso_realtime_lbmp.csv", &["--area", "WEST"], "read as nyiso"),
        ("prices_world/entsoe_portal_2025-12-12.csv", &[], "read as entsoe"),
        ("hive_denver/denver_demo_requests.csv", &["--timezone", "America/Denver"], "read as hive"),
        ("hive_denver/denver_demo_stations.csv", &[], "read as hive-stations"),
        ("stations/afdc.csv", &[], "read as afdc"),
        ("ev_sessions/acn_y107_2021_sessions_list.json", &[], "read as acn"),
        ("ev_sessions/jpl.csv", &["--timezone", "America/Los_Angeles"], "read as evload"),
        ("ev_sessions/nl_allego_public_sessions.csv", &[], "read as allego"),
    ];
    let Some(data) = data(&samples.map(|sample| sample.0)) else { return };
    let folder = Dir::new();
    for (name, more, said) in samples {
        let path = data.join(name).display().to_string();
        let table =
            name.starts_with("stations") || name.starts_with("ev_sessions") || name.contains("stations");
        let output = if table { "x.csv" } else { "x.parquet" };
        let args = ["data", "import", &path, "-o", output].into_iter().chain(more.iter().copied());
        let ended = folder.gridfleet(args.collect::<Vec<_>>()).succeeds();
        assert!(ended.err.contains(said), "{name}: {}", ended.err);
    }
    let tenders = data.join("srl/tender_results_2017.csv").display().to_string();
    let ended = folder.gridfleet(["data", "import", &tenders, "-o", "x.parquet"]).fails(2);
    assert!(ended.err.contains("gridfleet data import srl TENDERS --activation FILE"), "{}", ended.err);
}
