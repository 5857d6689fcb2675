//! The picture of markets and their section in the report: they appear with trading only, and agree with the summary.
//!
//! The page is kept in `target/tmp/report/vpp`, where the test in a browser (`tests/report`) looks for it.

use crate::support::cli::{Dir, gridfleet};
use crate::support::files::summary;
use gridfleet::outputs::market_picture::MARKET;
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Runs a scenario into `folder` and makes its page.
fn page_of(scenario: &str, settings: &[&str], folder: &Path) -> String {
    gridfleet(["run", scenario, "--quiet"]).output(folder).set(settings).succeeds();
    gridfleet(["report"]).arg(folder).succeeds();
    fs::read_to_string(folder.join("report.html")).unwrap()
}

/// The charts of a page that have a series called `name`.
fn charts_with(html: &str, name: &str) -> Vec<Value> {
    let (_, rest) = html.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    let (data, _) = rest.split_once("</script>").unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    let is_market =
        |chart: &Value| chart["series"].as_array().is_some_and(|all| all.iter().any(|s| s["name"] == name));
    data["charts"].as_array().unwrap().iter().filter(|chart| is_market(chart)).cloned().collect()
}

#[test]
fn a_day_in_two_markets_is_drawn_and_adds_up() {
    let run = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report").join("vpp");
    fs::create_dir_all(run.parent().unwrap()).unwrap();
    let vpp = "scenarios/stuttgart-vpp.toml";
    // Forecasts so poor and bids so bold that some purchases are not drawn.
    let day =
        ["time.days=1", "operation.bidding.accuracy_intraday=0.5", "operation.bidding.risk_intraday=0.0"];
    let html = page_of(vpp, &day, &run);
    let svg = fs::read_to_string(run.join(MARKET)).unwrap();
    for text in
        ["secondary-reserve", "intraday", "industry", "at the tariff", "EUR/MWh", "kW", "Europe/Berlin"]
    {
        assert!(svg.contains(text), "{text}");
    }
    assert!(html.contains("<h2>Markets</h2>") && html.contains("Bids by market"));
    let summary = summary(&run);
    for market in summary["markets"].as_array().unwrap() {
        let accepted = &market["bids_accepted"];
        assert!(html.contains(&format!("data-v=\"{accepted}\">{accepted}<")), "{market}");
    }
    let [prices, power] = &charts_with(&html, "secondary-reserve")[..] else {
        panic!("two charts of markets")
    };
    assert!(prices["series"].as_array().unwrap().iter().all(|s| s["style"] == "step"));
    // The areas are the energy of the summary, which another recorder has added up from the sessions.
    let kwh = |name: &str| -> f64 {
        let series = power["series"].as_array().unwrap().iter().find(|s| s["name"] == name);
        let values = series.map_or(&[][..], |s| s["y"].as_array().unwrap());
        values.iter().map(|kw| 0.25 * kw.as_f64().unwrap()).sum()
    };
    let near = |found: f64, key: &str| {
        let expected = summary[key].as_f64().unwrap();
        assert!((found - expected).abs() < 1e-4 * expected.abs().max(100.0), "{key}: {found}, {expected}");
    };
    near(kwh("secondary-reserve") + kwh("intraday"), "market_delivered_kwh");
    near(kwh("at the tariff"), "tariff_kwh");
    near(kwh("imbalance: bought, not drawn"), "imbalance_kwh");
    assert!(kwh("imbalance: bought, not drawn") > 0.0 && kwh("at the tariff") > 0.0);
}

#[test]
fn a_table_of_markets_that_was_cut_off_is_named() {
    let folder = Dir::new();
    let run = folder.at("run");
    let few = ["time.days=1", "outputs.tables=[\"market\"]"];
    page_of("scenarios/stuttgart-vpp.toml", &few, &run);
    let file = run.join("market.parquet");
    let whole = fs::read(&file).unwrap();
    for part in [0, 3, whole.len() / 2, whole.len() - 5] {
        fs::write(&file, &whole[..part]).unwrap();
        let err = gridfleet(["report"]).arg(&run).fails(2).reports("market.parquet").err;
        assert!(!err.contains("panicked"), "{err}");
    }
}

#[test]
fn without_markets_there_is_no_picture_and_no_section() {
    let folder = Dir::new();
    let run = folder.at("run");
    let html = page_of("scenarios/small.toml", &[], &run);
    assert!(!run.join(MARKET).exists() && !run.join("market.parquet").exists());
    assert!(!html.contains("<h2>Markets</h2>"));
}

#[test]
fn a_run_that_keeps_no_table_of_markets_says_so_and_has_its_picture() {
    let folder = Dir::new();
    let run = folder.at("run");
    let few = ["time.days=1", "outputs.tables=[\"fleet\"]"];
    let html = page_of("scenarios/stuttgart-vpp.toml", &few, &run);
    assert!(html.contains("no market.parquet") && html.contains("Bids by market"));
    assert!(fs::read_to_string(run.join(MARKET)).unwrap().contains("at the tariff"));
}
