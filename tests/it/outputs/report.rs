//! `gridfleet report`: the pages of a run and of a study, and the handling of damaged folders.
//!
//! The study's folder is made here, in the layout of `gridfleet study`. Both pages are kept in `target/tmp/report`,
//! where the test in a browser (`tests/report`) looks for them.

use crate::support::cli::{Dir, gridfleet};
use crate::support::files::summary;
use polars_core::prelude::*;
use polars_io::prelude::ParquetWriter;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// A name that is harmful if a page does not escape it.
const EVIL: &str = "</script><script>alert(1)</script>\"'<b>&{{data}}";

const POLICIES: [&str; 4] = ["threshold-nearest", "threshold-fastest", "price-aware", EVIL];
const DEMANDS: [f64; 3] = [0.8, 1.0, 1.2];
const METRICS: [(&str, &str, &str, Option<&str>); 4] = [
    ("service_rate", "Service rate", "0..1", Some("higher")),
    ("wait_p95_s", "Wait, 95 % at most", "s", Some("lower")),
    ("operating_profit", "Operating profit", "currency", Some("higher")),
    ("peak_power_kw", "Peak power", "kW", None),
];

/// Probability that each policy is best.
const PROBABILITIES: [f64; 4] = [0.97, 0.02, 0.006, 0.004];

/// Path of a page that is kept.
fn kept(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report").join(name);
    fs::create_dir_all(folder.parent().unwrap()).unwrap();
    folder
}

fn write_table(folder: &Path, name: &str, columns: Vec<Column>) {
    let height = columns[0].len();
    let mut frame = DataFrame::new(height, columns).unwrap();
    ParquetWriter::new(File::create(folder.join(name)).unwrap()).finish(&mut frame).unwrap();
}

/// Mean of a synthetic figure.
fn mean(policy: usize, point: usize, metric: usize) -> f64 {
    let (policy, demand) = (policy as f64, DEMANDS[point]);
    match metric {
        0 => 0.99 - 0.05 * (demand - 0.8) - 0.004 * policy,
        1 => 420.0 + 300.0 * (demand - 0.8) + 15.0 * policy,
        2 => 50_000.0 * demand + 400.0 * policy,
        _ => 900.0 + 500.0 * demand - 60.0 * policy,
    }
}

/// Creates a study's folder: policies under three demands.
fn made_up_study(folder: &Path) {
    fs::create_dir_all(folder).unwrap();
    let (mut results, mut comparisons, mut best, mut waits) = (vec![], vec![], vec![], vec![]);
    for point in 0..DEMANDS.len() {
        for (p, policy) in POLICIES.iter().enumerate() {
            for (m, (metric, ..)) in METRICS.iter().enumerate() {
                let (mean, sd) = (mean(p, point, m), 0.01 * mean(p, point, m));
                results.push(json!({
                    "policy": policy, "point": point, "metric": metric, "n": 50, "mean": mean, "sd": sd,
                    "low": mean - 0.28 * sd, "high": mean + 0.28 * sd, "bca_low": mean - 0.27 * sd,
                    "bca_high": mean + 0.29 * sd, "min": mean - 2.0 * sd, "max": mean + 2.0 * sd,
                }));
                if p > 0 {
                    let difference = mean - self::mean(0, point, m);
                    comparisons.push(json!({
                        "policy": policy, "point": point, "metric": metric, "n": 50, "difference": difference,
                        "sd": 0.2 * sd, "low": difference - 0.06 * sd, "high": difference + 0.06 * sd,
                        "bca_low": null, "bca_high": null, "unpaired_half_width": 0.4 * sd,
                        "variance_reduction": 44.4, "wilcoxon_p": 1e-7, "holm_p": 3e-7,
                    }));
                }
                best.push(json!({
                    "point": point, "metric": metric, "policy": policy,
                    "probability": PROBABILITIES[p], "share_of_replications": 0.25,
                }));
            }
            waits.push(json!({
                "policy": policy, "point": point, "riders": 10_000, "mean_s": 200.5, "p50_s": 180.0,
                "p90_s": 380.0, "p95_s": 420.0, "p99_s": null,
            }));
        }
    }
    let summary = json!({
        "gridfleet_version": "0.1.0", "study": "made up & \"quoted\"", "study_sha256": "ab".repeat(32), "scenario": EVIL,
        "scenario_sha256": "cd".repeat(32), "seed": 7, "replications": 50, "confidence": 0.95, "currency": "USD",
        "start": "2018-03-05T05:00:00Z", "end": "2018-03-12T04:00:00Z", "baseline": POLICIES[0],
        "policies": POLICIES.map(|name| json!({ "name": name, "description": format!("what {name} does") })),
        "factors": [{ "name": "demand", "key": "demand.factor", "values": DEMANDS }],
        "points": (0..DEMANDS.len()).map(|i| json!({ "point": i, "values": { "demand": DEMANDS[i] } })).collect::<Vec<_>>(),
        "metrics": METRICS.map(|(name, title, unit, better)| json!({ "name": name, "title": title, "unit": unit, "better": better })),
        "results": results, "comparisons": comparisons, "best": best, "waits": waits,
        "failures": [{ "task": 17, "policy": EVIL, "point": 1, "replication": 4, "seed": 7, "error": EVIL, "rerun": EVIL }],
    });
    fs::write(folder.join("summary.json"), serde_json::to_string_pretty(&summary).unwrap()).unwrap();
    let manifest = json!({
        "gridfleet_version": "0.1.0", "command": ["gridfleet", "study", EVIL], "files": [],
        "inputs": [{ "path": EVIL, "sha256": "ef".repeat(32), "bytes": 3 }],
    });
    fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
    waits_by_rider(folder);
    profiles(folder);
}

/// Columns by which rows of a study are identified.
fn columns(policy: Vec<&str>, point: Vec<i64>) -> Vec<Column> {
    vec![Column::new("policy".into(), policy), Column::new("point".into(), point)]
}

/// Riders by their wait.
fn waits_by_rider(folder: &Path) {
    let (mut policy, mut point, mut wait, mut riders) = (vec![], vec![], vec![], vec![]);
    for at in 0..DEMANDS.len() {
        for (p, name) in POLICIES.iter().enumerate() {
            for minute in 0..30i64 {
                policy.push(*name);
                point.push(at as i64);
                wait.push(60 * minute);
                riders.push(1_000 / (1 + (minute - 4 - p as i64).pow(2)));
            }
        }
    }
    let mut table: Vec<Column> = columns(policy, point);
    table.extend([Column::new("wait_s".into(), wait), Column::new("riders".into(), riders)]);
    write_table(folder, "waits.parquet", table);
}

/// Power by hour of a week.
fn profiles(folder: &Path) {
    let (mut policy, mut point, mut hours, mut power, mut sd) = (vec![], vec![], vec![], vec![], vec![]);
    for (at, demand) in DEMANDS.iter().enumerate() {
        for (p, name) in POLICIES.iter().enumerate() {
            for hour in 0..167i64 {
                policy.push(*name);
                point.push(at as i64);
                hours.push(hour);
                let swing = (hour as f64 * std::f64::consts::TAU / 24.0).sin();
                power.push(demand * (500.0 + 60.0 * p as f64 + 250.0 * swing));
                sd.push(40.0);
            }
        }
    }
    let mut table: Vec<Column> = columns(policy, point);
    table.extend([
        Column::new("hour".into(), hours),
        Column::new("power_kw".into(), power),
        Column::new("power_sd_kw".into(), sd),
    ]);
    write_table(folder, "profiles.parquet", table);
}

/// The numbers of the charts in a page.
fn charts(html: &str) -> Vec<Value> {
    let (_, rest) = html.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    let (data, _) = rest.split_once("</script>").unwrap();
    serde_json::from_str::<Value>(data).unwrap()["charts"].as_array().unwrap().clone()
}

/// The page does not refer to anything outside it, and no data is code.
fn is_harmless(html: &str) {
    assert!(html.starts_with("<!doctype html>") && html.trim_end().ends_with("</html>"));
    assert_eq!(html.matches("<script").count(), 3, "data, chart library, our own");
    assert_eq!(html.matches("</script>").count(), 3);
    assert!(!html.contains("alert(1)</script>") && !html.contains("<b>&"));
    for outside in ["src=", "@import", "url(", "<iframe", "<object"] {
        assert!(!html.contains(&format!(" {outside}")), "{outside}");
    }
    assert!(html.contains("default-src 'none'; script-src 'sha256-"));
}

#[test]
fn a_page_of_a_run_shows_its_figures_and_every_chart() {
    let folder = kept("run");
    gridfleet(["run", "scenarios/small.toml", "--quiet"]).output(&folder).succeeds();
    let out = gridfleet(["report"]).arg(&folder).succeeds().out;
    assert!(out.contains("report.html (") && out.trim_end().ends_with(" MB)"), "{out}");
    let html = fs::read_to_string(folder.join("report.html")).unwrap();
    is_harmless(&html);
    let summary = summary(&folder);
    let served = summary["trips_served"].as_u64().unwrap();
    assert!(html.contains(&format!("data-v=\"{served}\">{served}<")), "the summary holds the trips served");
    assert!(html.contains(summary["scenario_sha256"].as_str().unwrap()));
    assert!(
        html.contains("<h2>How to reproduce</h2>") && html.contains("scenarios/small.toml"),
        "how to reproduce"
    );
    let charts = charts(&html);
    let kinds: Vec<&str> = charts.iter().map(|c| c["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["lines", "lines", "lines", "lines", "lines", "bars", "bars", "lines", "map", "bars"]);
    // Vehicles by state add up to the fleet: 12 in the scenario, at every point of the chart.
    let states = charts[0]["series"].as_array().unwrap();
    for i in 0..states[0]["y"].as_array().unwrap().len() {
        let sum: f64 = states.iter().map(|s| s["y"][i].as_f64().unwrap()).sum();
        assert!((sum - 12.0).abs() < 1e-6, "{sum} at {i}");
    }
    // Every request is in a bar of the chart over time, and on the map.
    let bars = charts[3]["series"].as_array().unwrap().iter().filter(|s| s["style"] == "bar");
    let requests: f64 = bars.flat_map(|s| s["y"].as_array().unwrap()).map(|y| y.as_f64().unwrap()).sum();
    assert_eq!(requests, 480.0);
    let on_map: f64 =
        charts[8]["layers"][0]["value"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).sum();
    assert_eq!(on_map, 480.0);
    // The bars of money add up to the fleet's profit in the summary.
    let money: f64 =
        charts[9]["series"][0]["values"].as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).sum();
    let profit = summary["operating_profit"].as_f64().unwrap();
    assert!((money / profit - 1.0).abs() < 1e-4, "{money} {profit}");
    // The same page again, byte for byte.
    let again = folder.with_file_name("again.html");
    gridfleet(["report"]).arg(&folder).output(&again).succeeds();
    assert!(fs::read_to_string(&again).unwrap() == html);
}

#[test]
fn a_page_of_a_study_shows_policies_and_differences() {
    let folder = kept("study");
    made_up_study(&folder);
    gridfleet(["report"]).arg(&folder).succeeds();
    let html = fs::read_to_string(folder.join("report.html")).unwrap();
    is_harmless(&html);
    for part in [
        "Best policies",
        "Outcomes",
        "Differences to the baseline",
        "Waits",
        "Load profile",
        "Factors",
        "Variance reduction",
        "Failures",
    ] {
        assert!(html.contains(&format!("<h2>{part}</h2>")), "{part}");
    }
    assert!(html.contains("best at 3 of 3 points") && html.contains("&lt; 0.001"));
    let charts = charts(&html);
    // Outcomes and differences of each metric, waits, profile: by point; metrics over the factor.
    assert_eq!(charts.len(), 4 + 4 + 1 + 1 + 4);
    let service = &charts[0]["of"][1]["rows"];
    assert_eq!(service[0]["values"], json!([98, 97.726, 98.274]), "in percent, with its interval");
    assert_eq!(charts[4]["of"][2]["rows"].as_array().unwrap().len(), 3, "all but the baseline");
    assert_eq!(charts[4]["of"][0]["zero"], true);
    let factor = &charts[10]["series"][0];
    assert_eq!((&factor["x"], &factor["y"]), (&json!([0.8, 1, 1.2]), &json!([99, 98, 97])));
    assert_eq!(charts[9]["of"][0]["series"][0]["low"].as_array().unwrap().len(), 167);
}

/// The page of a run of a shipped scenario, its charts and its summary.
fn page_of(scenario: &str) -> (String, Vec<Value>, Value) {
    let folder = kept(scenario);
    let file = format!("scenarios/{scenario}.toml");
    gridfleet(["run", &file, "--quiet"]).output(&folder).succeeds();
    gridfleet(["report"]).arg(&folder).succeeds();
    let html = fs::read_to_string(folder.join("report.html")).unwrap();
    is_harmless(&html);
    let summary = summary(&folder);
    let charts = charts(&html);
    (html, charts, summary)
}

/// The series of one panel of the chart whose panels have these names: name, and sum of its values.
fn sums(charts: &[Value], panels: &[&str], panel: usize) -> Vec<(String, f64)> {
    let names = |chart: &Value| -> Vec<String> {
        let panels = chart["panels"].as_array().into_iter().flatten();
        panels.map(|panel| panel["name"].as_str().unwrap().to_owned()).collect()
    };
    let chart = charts.iter().rfind(|chart| names(chart) == panels).unwrap();
    let series = chart["series"].as_array().unwrap().iter().filter(|series| series["panel"] == panel);
    let sum = |series: &Value| series["y"].as_array().unwrap().iter().filter_map(Value::as_f64).sum();
    series.map(|series| (series["name"].as_str().unwrap().to_owned(), sum(series))).collect()
}

fn near(found: f64, expected: f64, what: &str) {
    assert!((found / expected - 1.0).abs() < 1e-4, "{what}: {found} {expected}");
}

/// Homes and fleets of one retailer: quarters of an hour of load are the energy it sold.
#[test]
fn a_page_of_a_retailer_shows_its_load() {
    let (html, charts, summary) = page_of("retail-week");
    let load: f64 = sums(&charts, &["Load", "Price"], 0).iter().map(|(_, sum)| sum / 4.0).sum();
    near(load, summary["retailers"][0]["energy_kwh"].as_f64().unwrap(), "energy");
    let prices = sums(&charts, &["Load", "Price"], 1);
    assert!(prices.len() == 3 && prices.iter().all(|(name, _)| name.starts_with("paid by ")), "{prices:?}");
    assert!(html.contains("Payments of households") && !html.contains("Retailers that compete"));
}

/// Hours of power are the energy that each competitor sold, and every owner is counted in each.
#[test]
fn a_page_of_competitors_shows_who_sold_what() {
    let (html, charts, summary) = page_of("aggregator");
    let panels = ["Price", "Owners", "Power"];
    let competitors = summary["competitors"].as_array().unwrap();
    let power = sums(&charts, &panels, 2);
    assert_eq!(power.len(), competitors.len());
    for ((name, kwh), competitor) in power.iter().zip(competitors) {
        assert_eq!(name, &competitor["name"]);
        near(*kwh, competitor["energy_kwh"].as_f64().unwrap(), name);
    }
    let shares: f64 = sums(&charts, &panels, 1).iter().map(|(_, sum)| sum).sum();
    near(shares, 100.0 * 28.0 * 24.0, "shares of owners in 28 days");
    assert!(html.contains("Profit of the worst twentieth of days"));
}

/// Stations with load-dependent prices: quarters of an hour of power are the energy that their operators sold.
#[test]
fn a_page_of_stations_in_a_game_shows_their_load() {
    let (html, charts, summary) = page_of("nyc-companies");
    let power = sums(&charts, &["Power", "Price"], 0);
    for operator in summary["operators"].as_array().unwrap() {
        let name = operator["name"].as_str().unwrap();
        let (_, kw) = power.iter().find(|(label, _)| label == name).unwrap();
        near(kw / 4.0, operator["energy_kwh"].as_f64().unwrap(), name);
    }
    assert!(power.iter().any(|(name, _)| name == "without any plan"));
    assert!(html.contains("Operators of stations with load-dependent prices"));
}

#[test]
fn tables_that_are_absent_are_left_out_and_named() {
    let folder = Dir::new();
    let run = folder.at("run");
    let none = ["outputs.tables=[]"];
    gridfleet(["run", "scenarios/small.toml", "--quiet"]).output(&run).set(none).succeeds();
    gridfleet(["report"]).arg(&run).succeeds();
    let html = fs::read_to_string(run.join("report.html")).unwrap();
    is_harmless(&html);
    assert!(charts(&html).is_empty());
    for table in ["trips", "fleet", "sessions", "stations", "prices", "ledger", "sites"] {
        assert!(html.contains(&format!("no {table}.parquet")), "{table}");
    }
}

#[test]
fn what_is_no_folder_of_results_is_the_users_mistake() {
    let folder = Dir::new();
    let run = folder.at("run");
    gridfleet(["run", "scenarios/small.toml", "--quiet"]).output(&run).succeeds();
    let refused = |dir: &Path, expected: &str| {
        let err = gridfleet(["report"]).arg(dir).refused().err;
        assert_eq!(err.matches("error:").count(), 1, "{err}");
        assert!(err.contains(expected) && !err.contains("panicked"), "{expected}: {err}");
        assert!(!dir.join("report.html").exists());
    };
    refused(&folder.at("nowhere"), "no such folder");
    refused(&run.join("summary.json"), "found a file, expected the folder of a run or of a study");
    refused(folder.path(), "found a folder that gridfleet did not make");

    // Each file truncated to many lengths, then restored: an error with the file's name, never a panic.
    for name in ["trips.parquet", "sites.parquet", "ledger.parquet", "summary.json", "manifest.json"] {
        let file = run.join(name);
        let whole = fs::read(&file).unwrap();
        for part in [0, 3, whole.len() / 2, whole.len() - 5] {
            fs::write(&file, &whole[..part]).unwrap();
            refused(&run, name);
        }
        fs::write(&file, whole).unwrap();
    }
    // A table of another program, and a summary of another form.
    let trips = fs::read(run.join("trips.parquet")).unwrap();
    fs::copy(run.join("sites.parquet"), run.join("trips.parquet")).unwrap();
    refused(&run, "trips.parquet: status: found no such column");
    let days = Series::new("status".into(), [0_i32]).cast(&DataType::Date).unwrap();
    write_table(&run, "trips.parquet", vec![days.into_column()]);
    refused(&run, "trips.parquet: status: found a column of another type");
    fs::write(run.join("trips.parquet"), trips).unwrap();
    let summary = fs::read_to_string(run.join("summary.json")).unwrap();
    for (broken, expected) in [
        ("[1]".to_owned(), "found JSON of another kind, expected an object"),
        (summary.replace("\"seed\"", "\"sead\""), "missing field `seed`"),
        (summary.replace("\"seed\": 1", "\"seed\": \"1\""), "invalid type"),
        (summary.replace("2018-03-04T23:00:00Z", "yesterday"), "start: found \"yesterday\""),
    ] {
        assert!(broken != summary);
        fs::write(run.join("summary.json"), broken).unwrap();
        refused(&run, expected);
    }
    fs::write(run.join("summary.json"), summary).unwrap();
    gridfleet(["report"]).arg(&run).succeeds();
}

#[test]
fn only_a_report_is_replaced_by_a_report() {
    let folder = Dir::new();
    let run = folder.at("run");
    gridfleet(["run", "scenarios/small.toml", "--quiet"]).output(&run).succeeds();
    let page = folder.at("page.html");
    for _ in 0..2 {
        gridfleet(["report"]).arg(&run).output(&page).succeeds();
    }
    let scenario = folder.at("s.toml");
    fs::copy("scenarios/small.toml", &scenario).unwrap();
    let before = fs::read(&scenario).unwrap();
    gridfleet(["report"])
        .arg(&run)
        .output(&scenario)
        .fails(2)
        .reports("no report of gridfleet's")
        .reports("--force");
    assert!(fs::read(&scenario).unwrap() == before);
    gridfleet(["report"]).arg(&run).output(&scenario).arg("--force").succeeds();
    assert!(fs::read(&scenario).unwrap() == fs::read(&page).unwrap());
    // A folder, or another path that is not a file, in no case.
    gridfleet(["report"]).arg(&run).output(&run).arg("--force").fails(2).reports("found a folder");
    if cfg!(target_os = "linux") {
        gridfleet(["report", "--force"]).arg(&run).output("/dev/null").fails(2).reports("a pipe or a device");
    }
}
