//! The shipped data sets are the output of `data synth`.

use gridfleet::cli::synth::{
    Format, Market, NycArgs, OutputArgs, PriceFormat, PricesArgs, StuttgartArgs, SynthCommand, run,
};
use gridfleet::datasets::{OnBadRow, car2go, prices, stations};
use std::path::{Path, PathBuf};

fn shipped(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets").join(path)
}

fn assert_same(made: &Path, path: &str) {
    let (made, shipped) = (std::fs::read(made).unwrap(), std::fs::read(shipped(path)).unwrap());
    assert!(made == shipped, "datasets/{path} is not what its command in datasets/README.md makes");
}

// On other systems the mathematics library may differ in the last bit of a logarithm.
#[cfg(target_os = "linux")]
#[test]
fn shipped_files_are_made_by_the_commands_of_their_readme() {
    let folder = tempfile::tempdir().unwrap();
    let output = |name: &str| OutputArgs { output: folder.path().join(name) };
    let date = |text: &str| text.parse().unwrap();
    run(SynthCommand::Nyc(NycArgs {
        requests: 40_000,
        start: date("2018-03-05"),
        days: 7,
        seed: 1,
        format: None,
        output: output("trips.parquet"),
    }))
    .unwrap();
    assert_same(&folder.path().join("trips.parquet"), "nyc-week/yellow_tripdata_2018-03-05.parquet");
    run(SynthCommand::NycStations(output("nyc-stations.csv"))).unwrap();
    assert_same(&folder.path().join("nyc-stations.csv"), "nyc-week/stations.csv");
    run(SynthCommand::NycCompanies(output("nyc-companies.csv"))).unwrap();
    assert_same(&folder.path().join("nyc-companies.csv"), "nyc-week/companies.csv");
    run(SynthCommand::NycZones(output("zones.csv"))).unwrap();
    assert_same(&folder.path().join("zones.csv"), "nyc-week/taxi_zones.csv");
    run(SynthCommand::Vehicles(output("vehicles.csv"))).unwrap();
    assert_same(&folder.path().join("vehicles.csv"), "vehicles.csv");
    let prices = |shape, format, start: &str, days| {
        let args = PricesArgs { shape, format, start: date(start), days, seed: 1, output: output("p.csv") };
        run(SynthCommand::Prices(args)).unwrap();
        folder.path().join("p.csv")
    };
    let canonical = |market, start: &str| prices(Some(market), None, start, 10);
    assert_same(&canonical(Market::NewYork, "2018-03-04"), "nyc-week/prices.csv");
    assert_same(&canonical(Market::Germany, "2016-11-27"), "stuttgart-week/prices.csv");
    for (format, start, days, file) in [
        (PriceFormat::Nordpool, "2016-10-24", 7, "elspot_2016-10-24.csv"),
        (PriceFormat::SrlTenders, "2017-03-25", 2, "srl_tenders_2017-03-20.csv"),
        (PriceFormat::SrlActivation, "2017-03-25", 2, "srl_activation_2017-03-25.csv"),
        (PriceFormat::Intraday, "2017-03-25", 1, "intraday_2017-03-25.csv"),
    ] {
        assert_same(&prices(None, Some(format), start, days), &format!("prices/{file}"));
    }
    let nordic = prices(Some(Market::Nordic), None, "2016-08-15", 140);
    assert_same(&nordic, "aggregator/day-ahead.csv");
    let regulating = prices(None, Some(PriceFormat::Regulating), "2016-08-15", 140);
    assert_same(&regulating, "aggregator/balancing.csv");
    run(SynthCommand::Stuttgart(StuttgartArgs {
        cars: 500,
        stations: 200,
        start: date("2016-11-28"),
        days: 7,
        seed: 1,
        format: Some(Format::Parquet),
        stations_output: Some(folder.path().join("stations.csv")),
        output: output("snapshots.parquet"),
    }))
    .unwrap();
    assert_same(&folder.path().join("snapshots.parquet"), "stuttgart-week/snapshots.parquet");
    assert_same(&folder.path().join("stations.csv"), "stuttgart-week/stations.csv");
}

#[test]
fn the_stuttgart_week_becomes_trips() {
    let trace = car2go::read(
        &[shipped("stuttgart-week/snapshots.parquet")],
        chrono_tz::Europe::Berlin,
        OnBadRow::Skip,
    )
    .unwrap();
    // The feed counts 16,457 trips; three cars are dropped with their trips, and round trips to one place are not
    // visible.
    assert!((16_000..16_457).contains(&trace.len()), "{}", trace.len());
    assert_eq!(trace.vehicle_names.len(), 497);
    let report = &trace.report;
    assert_eq!(report.skipped["car whose charge rises without a charger"], 3);
    assert_eq!(report.skipped["service trip of more than two days"], 2);
    assert_eq!(report.skipped["position not on the globe"], 8);
    assert_eq!(report.skipped["charge outside 0 to 100 %"], 8);
    assert!(trace.request_time.is_sorted());
    // Trips of one car follow one another, and each begins where the previous one ended, except service trips.
    let mut last: Vec<Option<usize>> = vec![None; trace.vehicle_names.len()];
    let mut jumps = 0;
    for trip in 0..trace.len() {
        let car = trace.vehicle[trip] as usize;
        if let Some(before) = last[car] {
            let ended = trace.request_time[before] + trace.duration_s[before] as i64;
            assert!(ended <= trace.request_time[trip]);
            jumps += usize::from(trace.destination[before] != trace.origin[trip]);
        }
        last[car] = Some(trip);
    }
    assert!(jumps <= 2, "{jumps}");
}

#[test]
fn every_charger_of_the_week_is_a_listed_station() {
    let places = car2go::charging_places(
        &[shipped("stuttgart-week/snapshots.parquet")],
        chrono_tz::Europe::Berlin,
        OnBadRow::Skip,
    )
    .unwrap();
    let stations = stations::read(&shipped("stuttgart-week/stations.csv")).unwrap();
    assert_eq!(stations.len(), 200);
    assert!(places.len() > 190);
    for place in places {
        assert!(place.cars_at_once <= 2);
        let listed = stations.iter().any(|station| {
            matches!(station.location, stations::Location::Point(lat, lon)
                if (lat - place.lat).abs() < 1e-6 && (lon - place.lon).abs() < 1e-6)
        });
        assert!(listed, "{place:?}");
    }
}

/// The markets of the virtual power plant: raw files are generated and imported, as described in datasets/README.md.
#[cfg(target_os = "linux")]
#[test]
fn shipped_market_prices_are_imports_of_made_up_files() {
    let folder = crate::support::cli::Dir::new();
    let gridfleet = |line: &str| drop(folder.gridfleet(line.split_whitespace()).succeeds());
    for (format, file) in [("srl-tenders", "t.csv"), ("srl-activation", "a.csv"), ("intraday", "i.csv")] {
        gridfleet(&format!(
            "data synth prices --format {format} --start 2016-11-14 --days 49 --seed 1 -o {file}"
        ));
    }
    gridfleet("data import srl t.csv --activation a.csv -o balancing.parquet");
    gridfleet("data import intraday i.csv -o intraday.parquet");
    for file in ["balancing.parquet", "intraday.parquet"] {
        let made = prices::read(&folder.path().join(file)).unwrap();
        assert_eq!(made, prices::read(&shipped(&format!("stuttgart-week/{file}"))).unwrap(), "{file}");
    }
}

#[test]
fn shipped_prices_cover_their_weeks() {
    for (file, start, days) in
        [("nyc-week/prices.csv", 1_520_226_000, 7), ("stuttgart-week/prices.csv", 1_480_287_600, 7)]
    {
        let series = prices::read(&shipped(file)).unwrap();
        let start = gridfleet::time::SimTime(start);
        assert_eq!(series.slot_s, 3_600);
        assert!(series.covers(start, start + days * 86_400), "{file}");
    }
}

#[test]
fn the_shipped_tariffs_are_retailers_of_a_scenario() {
    let text = std::fs::read_to_string(shipped("tariffs/tariffs.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let retailers = table["retailers"].as_array().unwrap();
    assert_eq!(retailers.len(), 4);
    for retailer in retailers {
        assert!(retailer["name"].is_str() && retailer["tariff"]["kind"].is_str(), "{retailer}");
    }
}

#[test]
fn a_folder_that_does_not_exist_is_the_users_error() {
    let output = OutputArgs { output: "no/such/folder/stations.csv".into() };
    let error = run(SynthCommand::NycStations(output)).unwrap_err();
    insta::assert_snapshot!(error, @"no/such/folder/stations.csv: found no folder no/such/folder, expected a folder that exists; create it first");
    assert!(error.is_input());
    assert!(!Path::new("no").exists());
}

#[test]
fn an_output_that_names_no_format_is_the_users_error() {
    let args = NycArgs {
        requests: 10,
        start: "2018-03-05".parse().unwrap(),
        days: 1,
        seed: 1,
        format: None,
        output: OutputArgs { output: "trips.xlsx".into() },
    };
    let error = run(SynthCommand::Nyc(args)).unwrap_err();
    insta::assert_snapshot!(error, @"--output: found trips.xlsx, expected a name that ends in .parquet or .csv; or name the format with --format");
    assert!(error.is_input());
}
