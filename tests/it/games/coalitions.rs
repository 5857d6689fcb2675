//! Fleets alone and together: shared vehicles, payments between fleets, and studies of their games.

use crate::support::cli::{Dir, gridfleet, root};
use crate::support::files::{parquet, summary};
use crate::support::runs::{policies, simulate};
use crate::support::{City, city};
use gridfleet::ledger::EntryKind;
use gridfleet::policies::{ChargingSpec, DispatchSpec, Policies};
use gridfleet::records::TripStatus;
use gridfleet::rng::Streams;
use polars_core::prelude::DataFrame;
use serde_json::Value;

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
    setup.coalitions = vec![0, 0].into();
    setup.referral_share = 0.25;
    let asked = setup.requests.fleet.clone();
    let policies = Policies {
        dispatch: DispatchSpec::Batched { interval_s: 30 }.build(),
        charging: ChargingSpec::ThresholdNearest { start_soc: 0.25, target_soc: 0.9 }.build(),
        ..policies()
    };
    let (day, _) = simulate(setup, policies, Streams { seed: 5, replication: 0 });
    let lent = day
        .trips
        .iter()
        .filter(|trip| trip.status == TripStatus::Served && trip.fleet != asked[trip.request]);
    let owed: Vec<(u32, f64)> = lent.map(|trip| (trip.request.0, 0.25 * trip.fare)).collect();
    let paid: Vec<f64> =
        day.ledger.iter().filter(|e| e.kind == EntryKind::Referral).map(|e| e.amount.units()).collect();
    assert!(owed.len() > 100 && owed.len() == paid.len(), "{} {}", owed.len(), paid.len());
    for ((request, owed), paid) in owed.iter().zip(&paid) {
        assert!((owed - paid).abs() <= 1e-6, "request {request}: {paid} for {owed}");
    }
}

/// A day of the coalition study, three replications, into `out`; its summary.
fn study(dir: &Dir) -> Value {
    let text = std::fs::read_to_string("scenarios/fleet-coalitions.toml").unwrap();
    let scenario = root().join("scenarios/nyc-fleets.toml");
    let text = text.replace("\"nyc-fleets.toml\"", &format!("{scenario:?}"));
    let text = text.replace("\"time.warm_up\" = 1", "\"time.days\" = 1");
    assert!(text.contains("time.days"));
    dir.write("game.toml", text);
    let study = dir.gridfleet(["study", "game.toml", "-r", "3", "-o", "out"]);
    study.succeeds().prints("the grand coalition is stable");
    summary(dir.at("out"))
}

/// Rows of a table whose columns identify them.
struct Rows(DataFrame);

impl Rows {
    fn text(&self, column: &str, row: usize) -> &str {
        self.0.column(column).unwrap().str().unwrap().get(row).unwrap()
    }

    fn integer(&self, column: &str, row: usize) -> i64 {
        self.0.column(column).unwrap().i64().unwrap().get(row).unwrap()
    }

    fn number(&self, column: &str, row: usize) -> f64 {
        self.0.column(column).unwrap().f64().unwrap().get(row).unwrap()
    }
}

/// Cost of a coalition at a point, in a replication.
fn cost(coalitions: &Rows, point: i64, replication: i64, name: &str) -> f64 {
    let is_it = |&row: &usize| {
        coalitions.integer("point", row) == point
            && coalitions.integer("replication", row) == replication
            && coalitions.text("coalition", row) == name
    };
    let row = (0..coalitions.0.height()).find(is_it).unwrap();
    coalitions.number("worth", row)
}

#[test]
fn a_study_shares_what_coalitions_cost() {
    let dir = Dir::new();
    let summary = study(&dir);
    let coalitions = Rows(parquet(dir.at("out/coalitions.parquet")));
    assert_eq!(coalitions.0.height(), 2 * 3 * 7);
    shapley_by_hand(&coalitions, &Rows(parquet(dir.at("out/allocations.parquet"))));
    // The summary: shares sum to the cost of all together; with the demand of all, a coalition never costs more than a
    // part of it would, apart from chance.
    let games = summary["coalition_game"].as_array().unwrap();
    assert_eq!(games.len(), 2);
    for (point, game) in games.iter().enumerate() {
        let sum: f64 =
            game["players"].as_array().unwrap().iter().map(|p| p["shapley"]["mean"].as_f64().unwrap()).sum();
        let all = |r| cost(&coalitions, point as i64, r, "amber + cobalt + jade");
        let mean = (0..3).map(all).sum::<f64>() / 3.0;
        assert!((sum - mean).abs() < 1e-6 * mean, "{sum} {mean}");
    }
    assert!(cost(&coalitions, 1, 0, "amber + cobalt + jade") < cost(&coalitions, 1, 0, "jade"));
    the_page_shows(&dir, games);
    // One coalition alone has the same world.
    let variation = "variation={demand_days=\"bootstrap\", demand_jitter_s=300, ride_duration_cv=0.15}";
    let settings = [
        "time.days=1",
        variation,
        "operation.take_part=[\"cobalt\", \"jade\"]",
        "operation.coalitions=[[\"cobalt\", \"jade\"]]",
    ];
    let run = gridfleet(["run", "scenarios/nyc-fleets.toml", "--replication", "1", "--quiet"]).set(settings);
    run.output(dir.at("alone")).succeeds();
    let alone = self::summary(dir.at("alone"));
    assert_eq!(alone["cost_with_lost_fares"].as_f64().unwrap(), cost(&coalitions, 0, 1, "cobalt + jade"));
    assert_eq!(alone["fleets"][0]["trips_requested"], 0);
}

/// The Shapley value of three players, written out, of each replication.
fn shapley_by_hand(coalitions: &Rows, allocations: &Rows) {
    assert_eq!(allocations.0.height(), 2 * 3 * 3);
    for row in 0..allocations.0.height() {
        let (point, replication) =
            (allocations.integer("point", row), allocations.integer("replication", row));
        let c = |name: &str| cost(coalitions, point, replication, name);
        let [a, b, d] = [c("amber"), c("cobalt"), c("jade")];
        let [ab, ad, bd] = [c("amber + cobalt"), c("amber + jade"), c("cobalt + jade")];
        let all = c("amber + cobalt + jade");
        let expected = match allocations.text("player", row) {
            "amber" => a / 3.0 + (ab - b + ad - d) / 6.0 + (all - bd) / 3.0,
            "cobalt" => b / 3.0 + (ab - a + bd - d) / 6.0 + (all - ad) / 3.0,
            _ => d / 3.0 + (ad - a + bd - b) / 6.0 + (all - ab) / 3.0,
        };
        let found = allocations.number("shapley", row);
        assert!((found - expected).abs() < 1e-6 * all, "{found} for {expected}");
    }
}

/// The page has the shares of the summary.
fn the_page_shows(dir: &Dir, games: &[Value]) {
    dir.gridfleet(["report", "out"]).succeeds();
    let page = dir.read("out/report.html");
    assert!(page.contains("<h2>Shares of the fleets</h2>") && page.contains("shared by the fleets"));
    for player in games.iter().flat_map(|game| game["players"].as_array().unwrap()) {
        for way in ["alone", "shapley", "nucleolus"] {
            assert!(page.contains(&format!("data-v=\"{}\"", player[way]["mean"])), "{way}: {player}");
        }
    }
}

#[test]
fn fleets_of_a_coalition_use_each_others_stations() {
    let temporary = Dir::new();
    let visits = |set: &str, more: &str| {
        let out = temporary.at(format!("{}{}", set.len(), more.len()));
        let run = gridfleet(["run", "scenarios/nyc-fleets.toml", "--audit", "--quiet"]).output(&out);
        run.set(["time.days=2", set, more]).succeeds();
        let frame = parquet(out.join("sessions.parquet"));
        let column = |name: &str| frame.column(name).unwrap().str().unwrap().clone();
        let (fleet, operator) = (column("fleet"), column("station_operator"));
        fleet.iter().zip(operator.iter()).filter(|(fleet, operator)| fleet != operator).count()
    };
    assert_eq!(visits("operation.coalitions=[]", "operation.referral_share=0"), 0);
    let all = "operation.coalitions=[[\"amber\", \"cobalt\", \"jade\"]]";
    assert_eq!(visits(all, "operation.coalition_shares=\"riders\""), 0);
    assert!(visits(all, "operation.referral_share=0.1") > 20);
}

/// Operators as players: the worth of a coalition is what its stations pay while the others decide alone.
#[test]
fn operators_of_stations_share_what_their_coalitions_cost() {
    let dir = Dir::new();
    let text = std::fs::read_to_string("scenarios/operator-coalitions.toml").unwrap();
    let scenario = root().join("scenarios/nyc-companies.toml");
    let text = text.replace("\"nyc-companies.toml\"", &format!("{scenario:?}"));
    let text = text.replace("\"time.warm_up\" = 1", "\"time.days\" = 1, \"retailers.local.slot_s\" = 3600");
    assert!(text.contains("slot_s"));
    dir.write("game.toml", text);
    dir.gridfleet(["study", "game.toml", "-r", "2", "-o", "out"])
        .succeeds()
        .prints("the grand coalition is stable");
    let coalitions = Rows(parquet(dir.at("out/coalitions.parquet")));
    assert_eq!(coalitions.0.height(), 2 * 7);
    let game = &summary(dir.at("out"))["coalition_game"][0];
    assert_eq!(game["figure"], "groups.coalition.station_cost");
    let names: Vec<&str> =
        game["players"].as_array().unwrap().iter().map(|p| p["player"].as_str().unwrap()).collect();
    assert_eq!(names, ["amber", "cobalt", "jade"]);
    dir.gridfleet(["report", "out"]).succeeds();
    assert!(dir.read("out/report.html").contains("Shares of the operators"));
    // A coalition of two in a run of its own: both together, and the third alone.
    let run = gridfleet(["run", "scenarios/nyc-companies.toml", "--replication", "1", "--quiet"]).set([
        "time.days=1",
        "retailers.local.slot_s=3600",
        "operation.stations={kind=\"c-nash\", coalitions=[[\"jade\", \"amber\"], \"cobalt\"]}",
        "operation.station_group=[\"amber\", \"jade\"]",
        "variation={demand_days=\"bootstrap\", demand_jitter_s=300, ride_duration_cv=0.15, price_days=\"bootstrap\"}",
    ]);
    run.output(dir.at("pair")).succeeds();
    let pair = self::summary(dir.at("pair"));
    let paid = |group: usize| pair["groups"][group]["station_cost"].as_f64().unwrap();
    assert_eq!(paid(0), cost(&coalitions, 0, 1, "amber + jade"));
    let operators = pair["operators"].as_array().unwrap().iter();
    let of = |name: &str| {
        let own = operators.clone().find(|operator| operator["name"] == name).unwrap();
        own["station_cost"].as_f64().unwrap()
    };
    assert!((of("amber") + of("jade") - paid(0)).abs() < 1e-6 && (of("cobalt") - paid(1)).abs() < 1e-6);
}

#[test]
fn bad_games_are_reported() {
    let temporary = Dir::new();
    let scenario = root().join("scenarios/nyc-fleets.toml");
    for (text, expected) in [
        ("[coalition_game]\nplayers = [\"amber\", \"cobolt\"]", "did you mean `cobalt`?"),
        ("[coalition_game]\nplayers = [\"amber\", \"amber\"]", "each fleet once"),
        ("[coalition_game]\nplayers = [\"amber\"]", "expected 2 to 12 fleets"),
        ("[coalition_game]\nfigure = \"sessions\"", "of which more or less is better"),
        ("[coalition_game]\nof = \"operators\"\nplayers = [\"ambre\"]", "expected the name of an operator"),
        ("[coalition_game]\nof = \"operators\"\nfigure = \"fares\"", "a key figure of stations"),
        ("[coalition_game]\nof = \"stations\"", "\"fleets\" or \"operators\""),
        (
            "[coalition_game]\n[[policies]]\nname = \"batched\"",
            "`set` describes what all coalitions have in common",
        ),
    ] {
        let head = format!("version = 2\nname = \"bad\"\nscenario = {scenario:?}\n");
        temporary.write("bad.toml", head + text);
        temporary.gridfleet(["study", "bad.toml"]).fails(2).reports(expected);
    }
    gridfleet(["validate", "scenarios/nyc-fleets.toml"]).succeeds();
    let overrides = gridfleet::scenario::Overrides {
        set: vec!["operation.take_part=[\"ambar\"]".to_owned()],
        ..Default::default()
    };
    let error = gridfleet::scenario::load(&scenario, &overrides).unwrap_err().to_string();
    assert!(error.contains("did you mean `amber`?"), "{error}");
}
