//! Fleets alone and together: shared vehicles, payments between fleets, and studies of their games.

use crate::support::{City, city};
use gridfleet::engine::Simulation;
use gridfleet::ledger::EntryKind;
use gridfleet::policies::{ChargingSpec, DispatchSpec, Policies};
use gridfleet::records::{Collected, TripStatus};
use gridfleet::rng::Streams;
use polars_io::prelude::{ParquetReader, SerReader};
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

fn gridfleet(args: &[&str]) -> Output {
    Command::new(assert_cmd::cargo::cargo_bin("gridfleet"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(args)
        .output()
        .unwrap()
}

#[test]
fn who_serves_anothers_rider_pays_a_part_of_the_fare() {
    let mut setup = city(City {
        seed: 5,
        requests: 2_000,
        vehicles: 40,
        stations: 8,
        fleets: 2,
        zones: 40,
        days: 1,
        patience_s: 600,
    });
    setup.coalitions = vec![0, 0];
    setup.referral_share = 0.25;
    let asked = setup.requests.fleet.clone();
    let policies = Policies {
        dispatch: DispatchSpec::Batched { interval_s: 30 }.build(),
        charging: ChargingSpec::ThresholdNearest { start_soc: 0.25, target_soc: 0.9 }.build(),
        relocation: None,
        bidding: Vec::new(),
        stations: None,
        retail: gridfleet::policies::RetailPolicies::default(),
    };
    let mut simulation =
        Simulation::under(Arc::new(setup), policies, Streams { seed: 5, replication: 0 }).audited();
    let mut day = Collected::default();
    simulation.finish(&mut day).unwrap();
    let lent = day
        .trips
        .iter()
        .filter(|trip| trip.status == TripStatus::Served && trip.fleet != asked[trip.request.index()]);
    let owed: Vec<(u32, f64)> = lent.map(|trip| (trip.request.0, 0.25 * trip.fare)).collect();
    let paid: Vec<f64> =
        day.ledger.iter().filter(|e| e.kind == EntryKind::Referral).map(|e| e.amount.units()).collect();
    assert!(owed.len() > 100 && owed.len() == paid.len(), "{} {}", owed.len(), paid.len());
    for ((request, owed), paid) in owed.iter().zip(&paid) {
        assert!((owed - paid).abs() <= 1e-6, "request {request}: {paid} for {owed}");
    }
}

/// A day of the coalition study, two replications: (summary, folder).
fn study(folder: &Path) -> Value {
    let text = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/fleet-coalitions.toml"),
    )
    .unwrap();
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/nyc-fleets.toml");
    let text = text.replace("\"nyc-fleets.toml\"", &format!("{scenario:?}"));
    let file = folder.join("game.toml");
    let text = text.replace("\"time.warm_up\" = 1", "\"time.days\" = 1");
    assert!(text.contains("time.days"));
    std::fs::write(&file, text).unwrap();
    let out = folder.join("out");
    let output = gridfleet(&["study", file.to_str().unwrap(), "-r", "3", "-o", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let summary = String::from_utf8(output.stdout).unwrap();
    assert!(summary.contains("the grand coalition is stable"), "{summary}");
    serde_json::from_slice(&std::fs::read(out.join("summary.json")).unwrap()).unwrap()
}

#[test]
fn a_study_shares_what_coalitions_cost() {
    let temporary = tempfile::tempdir().unwrap();
    let summary = study(temporary.path());
    let table = |name: &str| {
        let file = std::fs::File::open(temporary.path().join("out").join(name)).unwrap();
        ParquetReader::new(file).finish().unwrap()
    };
    let coalitions = table("coalitions.parquet");
    assert_eq!(coalitions.height(), 2 * 3 * 7);
    let text = |frame: &polars_core::prelude::DataFrame, column: &str, row: usize| {
        frame.column(column).unwrap().str().unwrap().get(row).unwrap().to_owned()
    };
    let integer = |frame: &polars_core::prelude::DataFrame, column: &str, row: usize| {
        frame.column(column).unwrap().i64().unwrap().get(row).unwrap()
    };
    let number = |frame: &polars_core::prelude::DataFrame, column: &str, row: usize| {
        frame.column(column).unwrap().f64().unwrap().get(row).unwrap()
    };
    let cost = |point: i64, replication: i64, name: &str| {
        (0..coalitions.height())
            .find(|&row| {
                integer(&coalitions, "point", row) == point
                    && integer(&coalitions, "replication", row) == replication
                    && text(&coalitions, "coalition", row) == name
            })
            .map(|row| number(&coalitions, "worth", row))
            .unwrap()
    };
    // The Shapley value of three players, written out, of each replication.
    let allocations = table("allocations.parquet");
    assert_eq!(allocations.height(), 2 * 3 * 3);
    for row in 0..allocations.height() {
        let (point, replication) =
            (integer(&allocations, "point", row), integer(&allocations, "replication", row));
        let c = |name: &str| cost(point, replication, name);
        let [a, b, d] = [c("amber"), c("cobalt"), c("jade")];
        let [ab, ad, bd] = [c("amber + cobalt"), c("amber + jade"), c("cobalt + jade")];
        let all = c("amber + cobalt + jade");
        let expected = match text(&allocations, "player", row).as_str() {
            "amber" => a / 3.0 + (ab - b + ad - d) / 6.0 + (all - bd) / 3.0,
            "cobalt" => b / 3.0 + (ab - a + bd - d) / 6.0 + (all - ad) / 3.0,
            _ => d / 3.0 + (ad - a + bd - b) / 6.0 + (all - ab) / 3.0,
        };
        let found = number(&allocations, "shapley", row);
        assert!((found - expected).abs() < 1e-6 * all, "{found} for {expected}");
    }
    // The summary: shares sum to the cost of all together; with the demand of all, a coalition never costs more than a
    // part of it would, apart from chance.
    let games = summary["coalition_game"].as_array().unwrap();
    assert_eq!(games.len(), 2);
    for (point, game) in games.iter().enumerate() {
        let sum: f64 =
            game["players"].as_array().unwrap().iter().map(|p| p["shapley"]["mean"].as_f64().unwrap()).sum();
        let mean = (0..3).map(|r| cost(point as i64, r, "amber + cobalt + jade")).sum::<f64>() / 3.0;
        assert!((sum - mean).abs() < 1e-6 * mean, "{sum} {mean}");
    }
    assert!(cost(1, 0, "amber + cobalt + jade") < cost(1, 0, "jade"));

    // The page shows the same.
    let out = temporary.path().join("out");
    assert_eq!(gridfleet(&["report", out.to_str().unwrap()]).status.code(), Some(0));
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("<h2>Shares of the fleets</h2>") && page.contains("shared by the fleets"));
    for player in games.iter().flat_map(|game| game["players"].as_array().unwrap()) {
        for way in ["alone", "shapley", "nucleolus"] {
            assert!(page.contains(&format!("data-v=\"{}\"", player[way]["mean"])), "{way}: {player}");
        }
    }

    // One coalition alone has the same world.
    let out = temporary.path().join("alone");
    let args = [
        "run",
        "scenarios/nyc-fleets.toml",
        "--set",
        "time.days=1",
        "--set",
        "variation={demand_days=\"bootstrap\", demand_jitter_s=300, ride_duration_cv=0.15}",
        "--set",
        "operation.take_part=[\"cobalt\", \"jade\"]",
        "--set",
        "operation.coalitions=[[\"cobalt\", \"jade\"]]",
        "--replication",
        "1",
        "--quiet",
        "-o",
        out.to_str().unwrap(),
    ];
    let output = gridfleet(&args);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let alone: Value = serde_json::from_slice(&std::fs::read(out.join("summary.json")).unwrap()).unwrap();
    assert_eq!(alone["cost_with_lost_fares"].as_f64().unwrap(), cost(0, 1, "cobalt + jade"));
    assert_eq!(alone["fleets"][0]["trips_requested"], 0);
}

#[test]
fn fleets_of_a_coalition_use_each_others_stations() {
    let temporary = tempfile::tempdir().unwrap();
    let visits = |set: &str, more: &str| {
        let out = temporary.path().join(format!("{}{}", set.len(), more.len()));
        let args = [
            "run",
            "scenarios/nyc-fleets.toml",
            "--set",
            "time.days=2",
            "--set",
            set,
            "--set",
            more,
            "--audit",
            "--quiet",
            "-o",
            out.to_str().unwrap(),
        ];
        let output = gridfleet(&args);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let frame =
            ParquetReader::new(std::fs::File::open(out.join("sessions.parquet")).unwrap()).finish().unwrap();
        let column = |name: &str| frame.column(name).unwrap().str().unwrap().clone();
        let (fleet, operator) = (column("fleet"), column("station_operator"));
        fleet.iter().zip(operator.iter()).filter(|(fleet, operator)| fleet != operator).count()
    };
    assert_eq!(visits("operation.coalitions=[]", "operation.referral_share=0"), 0);
    let all = "operation.coalitions=[[\"amber\", \"cobalt\", \"jade\"]]";
    assert_eq!(visits(all, "operation.coalition_shares=\"riders\""), 0);
    assert!(visits(all, "operation.referral_share=0.1") > 20);
}

#[test]
fn bad_games_are_reported() {
    let temporary = tempfile::tempdir().unwrap();
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/nyc-fleets.toml");
    for (text, expected) in [
        ("[coalition_game]\nplayers = [\"amber\", \"cobolt\"]", "did you mean `cobalt`?"),
        ("[coalition_game]\nplayers = [\"amber\", \"amber\"]", "each fleet once"),
        ("[coalition_game]\nplayers = [\"amber\"]", "expected 2 to 8 fleets"),
        ("[coalition_game]\nfigure = \"sessions\"", "of which more or less is better"),
        (
            "[coalition_game]\n[[policies]]\nname = \"batched\"",
            "`set` describes what all coalitions have in common",
        ),
    ] {
        let file = temporary.path().join("bad.toml");
        let head = format!("version = 2\nname = \"bad\"\nscenario = {scenario:?}\n");
        std::fs::write(&file, head + text).unwrap();
        let output = gridfleet(&["study", file.to_str().unwrap()]);
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{err}");
        assert!(err.contains(expected), "{text}\n{err}");
    }
    let output = gridfleet(&["validate", "scenarios/nyc-fleets.toml"]);
    assert_eq!(output.status.code(), Some(0));
    let overrides = gridfleet::scenario::Overrides {
        set: vec!["operation.take_part=[\"ambar\"]".to_owned()],
        ..Default::default()
    };
    let error = gridfleet::scenario::load(&scenario, &overrides).unwrap_err().to_string();
    assert!(error.contains("did you mean `amber`?"), "{error}");
}
