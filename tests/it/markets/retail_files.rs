//! Retail from the user's side: the shipped scenario under each pricing policy, audited, and errors in a file.

use crate::support::cli::{Dir, gridfleet};
use crate::support::files::summary;
use gridfleet::ids::RequestId;
use gridfleet::rng::Streams;
use gridfleet::scenario::Overrides;
use gridfleet::world::Setup;
use serde_json::Value as Json;
use std::path::Path;

const WEEK: &str = "scenarios/retail-week.toml";

/// Two days of the shipped scenario, audited; its summary.
fn run(more: &[&str]) -> Json {
    let temporary = Dir::new();
    let folder = temporary.at("run");
    let run = gridfleet(["run", WEEK, "--audit"]).output(&folder).set(["time.days=2"]).set(more);
    let out = run.succeeds().out;
    let audit = out.split_once("Audit").unwrap().1;
    assert!(audit.contains("Households: each day has the energy of their shape"), "{audit}");
    assert!(audit.contains("Households: payment is energy x price"), "{audit}");
    summary(folder)
}

#[test]
fn every_pricing_policy_keeps_the_books_and_the_energy() {
    let hours: Vec<String> = (0..24).map(|h| if h < 8 { "100.0" } else { "350.0" }.to_owned()).collect();
    let time_of_use = format!(
        "operation.pricing={{ kind = \"time-of-use\", hourly_price_per_mwh = [{}] }}",
        hours.join(", ")
    );
    let leader = |name: &str| format!("operation.pricing={{ kind = \"stackelberg\", leader = \"{name}\" }}");
    let nominal = run(&["operation.response={ kind = \"nominal\" }"]);
    let (marginal, flatten) = (leader("marginal"), leader("flatten"));
    let figure = |summary: &Json, name: &str| summary["retailers"][0][name].as_f64().unwrap();
    assert_eq!(nominal["policy"]["response"], "nominal");
    assert!(figure(&nominal, "peak_kw") > 1_500.0);
    assert_eq!(nominal["energy_discharged_kwh"], 0.0);
    for set in [&time_of_use, &marginal, &flatten] {
        let summary = run(&[set]);
        // Homes draw the same; vehicles that wait for the morning have less charge at the end.
        let share = figure(&summary, "energy_kwh") / figure(&nominal, "energy_kwh");
        assert!((0.94..1.02).contains(&share), "{set}: {share}");
        assert!(
            summary["energy_discharged_kwh"].as_f64().unwrap() > 0.0 || set.contains("stackelberg"),
            "{set}"
        );
        let private = summary["fleets"].as_array().unwrap().iter().find(|f| f["name"] == "private").unwrap();
        let full = private["departures_full"].as_u64().unwrap();
        let missed = private["departures_missed"].as_u64().unwrap();
        // A vehicle that was not full in time could not have been.
        assert_eq!(private["departures_short_stay"], missed, "{set}");
        assert!(full >= 150 && missed <= 5, "{set}: {full} {missed}");
        if set.contains("stackelberg") {
            assert!(figure(&summary, "peak_kw") < figure(&nominal, "peak_kw"), "{set}");
            assert!(figure(&summary, "load_sd_kw") < figure(&nominal, "load_sd_kw"), "{set}");
        }
    }
}

/// Days of drivers are identified by vehicle and date: neither the period nor another fleet changes them, another
/// replication does.
#[test]
fn the_days_of_drivers_are_their_own() {
    let build = |replication, set: &[&str]| {
        let set = set.iter().map(|&s| s.to_owned()).collect();
        let overrides = Overrides { set, ..Overrides::default() };
        let scenario = gridfleet::scenario::load(Path::new(WEEK), &overrides).unwrap();
        scenario.build(Streams { seed: 1, replication }).unwrap().0
    };
    let two = build(0, &["time.days=2"]);
    let longer = build(0, &["time.days=3", "fleets.taxis.vehicles[0].count=5", "trips.scale=0.01"]);
    let other = build(1, &["time.days=2"]);
    let drivers = |setup: &Setup| setup.retail.departures.iter().filter(|d| !d.is_empty()).count();
    assert_eq!([drivers(&two), drivers(&longer), drivers(&other)], [80; 3]);
    for (driver, departures) in two.retail.departures.entries().take(80) {
        // The last of them is after the period: drivers know when they leave next.
        assert_eq!(departures.len(), 3);
        assert_eq!(departures[..], longer.retail.departures[driver][..3]);
    }
    assert_ne!(two.retail.departures, other.retail.departures);
    // A fleet that does not take part has neither vehicles nor drivers, and does not change the days of others.
    let without = build(0, &["time.days=2", "operation.take_part=[\"taxis\"]"]);
    assert!(without.retail.departures.iter().all(Vec::is_empty) && without.vehicles.len() == 20);
    assert!(without.requests.recorded.iter().all(Option::is_none));
    let alone = build(0, &["time.days=2", "operation.take_part=[\"private\"]"]);
    assert!(alone.retail.departures.iter().take(80).eq(two.retail.departures.iter().take(80)));
    // Their trips are among the others, in the order of time, bound to them and to no other vehicle.
    let requests = &two.requests;
    assert!(requests.time.is_sorted());
    let private: Vec<RequestId> =
        requests.time.ids().filter(|&request| requests.recorded[request].is_some()).collect();
    assert_eq!(private.len(), 160);
    for i in requests.time.ids() {
        let private = two.fleets[requests.fleet[i]].private;
        assert_eq!(private, requests.recorded[i].is_some());
    }
    for &i in &private {
        let driver = requests.recorded[i].unwrap().vehicle;
        assert!(two.retail.departures[driver].contains(&requests.time[i]));
        let hour = two.clock.hour(requests.time[i] + i64::from(requests.duration_s[i]));
        assert!((5..11).contains(&two.clock.hour(requests.time[i])) && hour >= 14, "{hour}");
    }
}

#[test]
fn mistakes_are_told_with_their_place() {
    for (set, told) in [
        ("households[0].most=0.9", &["households[0].most", "bounds that allow 27.000 kWh", "30.0 kWh"][..]),
        ("households[1].least=1.1", &["households[1].least", "bounds that take 33.000 kWh"]),
        ("households[2].max_kw=1.0", &["households[2].max_kw", "1.0 kW, below the least load", "17:00"]),
        ("households[0].theta_per_mwh_kw=-1", &["theta_per_mwh_kw", "above 0"]),
        ("households[0].retailer=\"utilty\"", &["households[0].retailer", "did you mean", "utility"]),
        ("households[0].shape=[1.0]", &["households[0].shape"]),
        ("households[1].name=\"group-1\"", &["households[1].name", "second time"]),
        (
            "retailers[0].generation.a_per_mwh_kw=-0.1",
            &["generation.a_per_mwh_kw", "-0.1", "a number above 0"],
        ),
        ("retailers[0].generation.b_per_mwh=-2", &["generation.b_per_mwh", "0 or a number above"]),
        ("retailers[0].generation.a_per_mwh_kw=[0.1, 0.2]", &["a list of 2", "24 from midnight"]),
        ("retailers[0].slot_s=7200", &["retailers[0].slot_s", "7200", "within full local hours"]),
        ("time.timezone=\"Asia/Kolkata\"", &["retailers[0].slot_s", "3600", "by the hour"]),
        ("fleets[0].drivers.home=\"home\"", &["fleets[0].drivers.home", "did you mean", "homes"]),
        ("stations[0].connectors=79", &["79 connectors for 80 vehicles", "a connector for each"]),
        ("stations[0].connector_kw=0.5", &["fleets[0].drivers", "that can be full by their departure"]),
        (
            "fleets[0].drivers.departure={ from = 12, weights = [1, 1, 1] }",
            &["fleets[0].drivers.departure", "before all arrivals"],
        ),
        ("fleets[0].drivers.arrival={ from = 14, weights = [0.0] }", &["weights of 0", "a weight above 0"]),
        ("operation.pricing={ kind = \"stackelberg\", margin = 0.5 }", &["operation.pricing.margin", "0.5"]),
        ("operation.pricing={ kind = \"flat\" }", &["operation.pricing.price_per_mwh", "nothing"]),
        ("operation.mode=\"replay\"", &["drivers in replay"]),
    ] {
        let err = gridfleet(["validate", WEEK, "--set", set]).fails(2).err;
        assert!(told.iter().all(|text| err.contains(text)), "{set}: {err}");
    }
    // A pricing policy without a retailer whose prices it sets.
    gridfleet(["validate", "scenarios/small.toml", "--policy", "stackelberg"])
        .fails(2)
        .reports("no retailer with `generation`");
    // A price that is known too late for a response.
    let late = "retailers[0].tariff={ kind = \"load-dependent\", file = \"../datasets/nyc-week/prices.csv\", \
                slope_per_mwh_mw = 1.0 }";
    let (march, fold) = ("time.start=\"2018-03-05\"", "trips.fold_week=\"2018-03-05\"");
    gridfleet(["validate", WEEK]).set([march, fold, late]).fails(2).reports("a tariff that is announced");
}

/// Each number is within its range, but together they make an amount that no account can store: an error, and no
/// result.
#[test]
fn an_amount_beyond_all_bounds_ends_the_run() {
    let folder = Dir::new();
    let out = folder.at("out");
    let settings = [
        "time.days=1",
        "households.0.count=10000000",
        "households.0.energy_kwh=10000",
        "households.0.max_kw=10000",
        "retailers.0.generation.a_per_mwh_kw=1000000",
        "operation.response.kind=nominal",
    ];
    gridfleet(["run", WEEK])
        .output(&out)
        .set(settings)
        .fails(2)
        .reports("for generation at 2018-07-09T05:00:00Z, expected amounts up to 1e18");
    assert!(!out.exists());
}
