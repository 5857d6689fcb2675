//! Real records from file to result, with the commands of a user: import, describe, run, audit.
//!
//! If the data are missing (they are not part of the repository), the tests report this and pass.

use crate::support::cli::{Dir, gridfleet_in};
use crate::support::real::data;
use gridfleet::datasets::Zones;
use gridfleet::grid::{baran_wu, flow, matpower, sweep};
use std::path::{Path, PathBuf};

/// A scenario of one fleet on these trips, with the shipped stations of New York.
fn scenario(trips: &str, zones: &Path, start: &str, days: u32) -> String {
    let datasets = Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets");
    format!(
        r#"
version = 2
name = "real"
vehicle_types_file = "{datasets}/vehicles.csv"
stations_file = "{datasets}/nyc-week/stations.csv"
time = {{ start = "{start}", days = {days}, timezone = "America/New_York" }}
operation = {{ patience_s = 900, dispatch = {{ kind = "nearest-idle" }} }}
travel = {{ circuity = 1.4, speed_kmh = 14.0 }}
trips = {{ {trips}, zones = "{zones}" }}
[[fleets]]
name = "taxis"
vehicles = [{{ type = "leaf-40", count = 500, initial_soc = [0.4, 1.0] }}]
fare = {{ base = 2.5, per_km = 1.56 }}
[[retailers]]
name = "grid"
tariff = {{ kind = "flat", price_per_mwh = 150.0 }}
"#,
        datasets = datasets.display(),
        zones = zones.display(),
    )
}

/// `summary.json` of an audited run.
fn run(dir: &Dir, vehicles: u32) -> serde_json::Value {
    let count = format!("fleets.0.vehicles.0.count={vehicles}");
    dir.gridfleet(["run", "real.toml", "--json", "--audit", "-o", "out"]).set([count]).succeeds().json()
}

#[test]
fn six_months_of_yellow_taxis_folded_into_a_week() {
    let months: Vec<String> =
        (1..=6).map(|month| format!("tlc/yellow_tripdata_sample_2018-0{month}.csv")).collect();
    let mut wanted: Vec<&str> = months.iter().map(String::as_str).collect();
    wanted.extend(["zones/taxi_zones.shp", "zones/taxi_zones.dbf"]);
    let Some(data) = data(&wanted) else { return };
    let folder = Dir::new();
    let zones = data.join("zones/taxi_zones.shp");
    let paths: Vec<PathBuf> = months.iter().map(|month| data.join(month)).collect();
    let mut args = vec!["data", "import", "tlc"];
    args.extend(paths.iter().map(|path| path.to_str().unwrap()));
    args.extend(["--zones", zones.to_str().unwrap(), "--fold-week", "2018-03-05", "-o", "week.parquet"]);
    let out = folder.gridfleet(&args).succeeds().out;
    // Counted with the Python library polars: of 60,000 rows 1,118 start or end in zone 264 or 265; of
    // the others 102 take no time or more than six hours, and 33 of the rest are faster than 130 km/h.
    let count = |what: &str| {
        let line = out.lines().find(|line| line.trim_start().starts_with(what));
        line.and_then(|line| line.split_whitespace().last()).and_then(|n| n.parse::<u64>().ok()).unwrap_or(0)
    };
    assert_eq!((count("read"), count("skipped: unknown zone")), (60_000, 1_118), "{out}");
    assert_eq!(count("skipped: duration of zero") + count("skipped: duration above 6 h"), 102, "{out}");
    assert_eq!((count("skipped: speed above 130 km/h"), count("kept")), (33, 58_747), "{out}");

    let describe = ["data", "describe", "week.parquet", "--json", "--timezone", "America/New_York"];
    let about = folder.gridfleet(describe).succeeds().json();
    assert_eq!(about["rows"], 58_747);
    let trips = &about["trips"];
    // The week from Monday, 5 March, in New York; on Sunday the clocks go forward.
    assert!(trips["first"].as_str().unwrap() >= "2018-03-05T05:00:00Z", "{trips}");
    assert!(trips["last"].as_str().unwrap() < "2018-03-12T04:00:00Z", "{trips}");
    // Taxi hours: the small hours are the quietest, the early evening the busiest.
    let by_hour: Vec<u64> =
        trips["by_hour"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).collect();
    let (least, most) = (by_hour.iter().min().unwrap(), by_hour.iter().max().unwrap());
    assert!(by_hour[3..6].contains(least) && by_hour[17..20].contains(most), "{by_hour:?}");

    folder.write("real.toml", scenario(r#"files = ["week.parquet"]"#, &zones, "2018-03-05", 7));
    let runs = [4_000, 500, 250].map(|vehicles| run(&folder, vehicles));
    let rate = |summary: &serde_json::Value| summary["service_rate"].as_f64().unwrap();
    assert!(runs.iter().all(|summary| summary["trips_requested"] == 58_747));
    assert!(rate(&runs[0]) >= 0.95, "{}", rate(&runs[0]));
    assert!(rate(&runs[1]) > rate(&runs[2]) + 0.05, "{} and {}", rate(&runs[1]), rate(&runs[2]));
    for summary in &runs {
        let figure = |name: &str| summary[name].as_f64().unwrap();
        // The only type takes 0.15 to 0.25 kWh/km; empty kilometres are part of the total.
        let per_km = figure("energy_driven_kwh") / figure("km_total");
        assert!((0.15..0.25).contains(&per_km), "{per_km}");
        assert!(figure("km_empty") > 0.0 && figure("km_empty") < figure("km_total"));
        // A taxi trip of 2018 earned 10 to 20 dollars on average (TLC fact book: about 13).
        let fare = figure("fares") / figure("trips_served");
        assert!((8.0..20.0).contains(&fare), "{fare}");
    }
}

#[test]
fn months_of_green_taxis_import_and_run() {
    // Rows, and rows in zone 264 or 265, counted with the Python library polars.
    for (file, start, rows, outside) in [
        ("green/green_tripdata_2021-01.parquet", "2021-01-01", 73_908, 436),
        ("green/green_tripdata_2023-01.parquet", "2023-01-01", 68_211, 712),
        ("green/green_tripdata_2023-02.parquet", "2023-02-01", 64_809, 661),
    ] {
        let Some(data) = data(&[file, "zones/taxi_zone_centroids.csv"]) else { continue };
        let folder = Dir::new();
        let zones = data.join("zones/taxi_zone_centroids.csv");
        let trips =
            format!(r#"format = "tlc", on_bad_row = "skip", files = ["{}"]"#, data.join(file).display());
        folder.write("real.toml", scenario(&trips, &zones, start, 28));
        let summary = run(&folder, 500);
        let trips = &summary["imports"]["trips"];
        assert_eq!(trips["rows_read"], rows, "{file}");
        assert_eq!(trips["skipped"]["unknown zone"], outside, "{file}: {trips}");
        let skipped: u64 = trips["skipped"].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
        assert_eq!(trips["rows_kept"].as_u64().unwrap() + skipped, rows, "{file}");
        let left_out = summary["imports"]["left_out"]["outside the period"].as_u64().unwrap_or(0);
        assert_eq!(
            summary["trips_requested"].as_u64().unwrap() + left_out,
            trips["rows_kept"].as_u64().unwrap()
        );
    }
}

#[test]
fn every_file_of_real_data_is_described_or_refused_with_a_reason() {
    let Some(data) = data(&["README.md"]) else { return };
    let mut folders = vec![data];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let ended = gridfleet_in(&folder, ["data", "describe"]).arg(&path).run();
            assert!(!ended.err.contains("panicked"), "{ended}");
            match ended.status.code() {
                Some(0) => drop(ended.prints(" rows, ")),
                Some(2) => {
                    assert!(ended.err.starts_with("error: ") && ended.err.contains("expected"), "{ended}")
                }
                _ => panic!("{ended}"),
            }
            seen += 1;
        }
    }
    assert!(seen > 0);
}

#[test]
fn the_official_shapefile_gives_the_published_centroids() {
    let wanted = ["zones/taxi_zones.shp", "zones/taxi_zones.dbf", "zones/taxi_zone_centroids.csv"];
    let Some(data) = data(&wanted) else { return };
    let ours = Zones::read(data.join(wanted[0])).unwrap();
    let theirs = Zones::read(data.join(wanted[2])).unwrap();
    assert_eq!(ours.len(), 263);
    assert_eq!((&ours.id, &ours.name, &ours.borough), (&theirs.id, &theirs.name, &theirs.borough));
    for i in 0..ours.len() {
        assert!((ours.lat[i] - theirs.lat[i]).abs() < 2e-6, "{} {}", ours.lat[i], theirs.lat[i]);
        assert!((ours.lon[i] - theirs.lon[i]).abs() < 2e-6, "{} {}", ours.lon[i], theirs.lon[i]);
        assert!((ours.area_km2[i] - theirs.area_km2[i]).abs() < 1e-3 * theirs.area_km2[i].max(0.1));
    }
}

/// Published cases, if available: radial ones are read and solved, others are rejected with a reason.
#[test]
fn published_feeders_are_read() {
    let Some(folder) = data(&["grid/case33bw.m"]).map(|folder| folder.join("grid")) else { return };
    let read = |name: &str| matpower::read(&std::fs::read_to_string(folder.join(name)).unwrap());
    // Cases with all three kinds of units: ohms and kW, ohms and kVA with a power factor, per unit and MW; sums of the
    // columns of the files.
    for (name, buses, load_mw) in [
        ("case33bw.m", 33, 3.715),
        ("case69.m", 69, 3.8021),
        ("case141.m", 141, 14.0525 * 0.85),
        ("case85.m", 85, 2.51428),
        ("case12da.m", 12, 0.435),
        ("case533mt_hi.m", 533, 14.8735),
    ] {
        let feeder = read(name).unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        let (p, q) = feeder.loads(1.0);
        let sum: f64 = p.iter().sum();
        assert_eq!(feeder.buses().len(), buses, "{name}");
        let exact = sweep::solve(&feeder, &p, &q).unwrap();
        let linear = flow(&feeder, &p, &q);
        for bus in 0..buses {
            let over = linear.voltage(bus) - exact.voltage[bus];
            assert!(over.abs() < 0.02, "{name} {bus}: {over}");
        }
        assert!((sum / load_mw - 1.0).abs() < 1e-5, "{name}: {sum} MW");
    }
    assert_eq!(read("case33bw.m").unwrap().branches(), baran_wu().unwrap().branches());
    let told =
        |name: &str| read(name).unwrap_err().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(told("case16ci.m").contains("a second bus of type 3, after bus 1"));
    assert!(told("case4_dist.m").contains("holds the voltage of bus 400"));
    let mut cases: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    let mut refused = Vec::new();
    for path in cases.iter().filter(|path| path.extension().is_some_and(|e| e == "m")) {
        if let Err(problems) = matpower::read(&std::fs::read_to_string(path).unwrap()) {
            assert!(problems.iter().all(|problem| !problem.found.contains('`')), "{path:?}: {problems:?}");
            refused.push(path.file_stem().unwrap().to_str().unwrap().to_owned());
        }
    }
    println!("refused: {refused:?}");
    assert!(refused.len() < 8, "{refused:?}");
}
