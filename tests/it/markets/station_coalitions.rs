//! Coalitions of stations by name: what they decide, what they cost, and which names are refused.

use super::station_plans::{HOUR, STREAMS, run, specs, three_days};
use gridfleet::engine;
use gridfleet::ids::StationId;
use gridfleet::policies::bidding::ForecastKind;
use gridfleet::policies::{StationCoalitionSpec, StationsSpec};
use gridfleet::records::Collected;
use gridfleet::run::Replication;
use gridfleet::world::Setup;
use std::path::Path;
use std::sync::Arc;

const HORIZON_S: i64 = 6 * HOUR;

fn world() -> Arc<Setup> {
    let mut setup = three_days(3);
    setup.end = setup.start + 30 * HOUR;
    Arc::new(setup)
}

fn c_nash(coalitions: &[&[&str]]) -> StationsSpec {
    let several =
        |names: &&[&str]| StationCoalitionSpec::Several(names.iter().map(ToString::to_string).collect());
    StationsSpec::CNash {
        coalitions: coalitions.iter().map(several).collect(),
        horizon_s: HORIZON_S,
        forecast: ForecastKind::Perfect,
        accuracy: 1.0,
    }
}

fn loads(day: &Collected) -> Vec<(f64, Option<f64>, f64)> {
    day.loads.iter().map(|record| (record.power_kw, record.planned_cost, record.energy_cost)).collect()
}

/// Coalitions of one are `nash`, that of all stations is `coordinated`, and that of each operator the default: bit by bit.
#[test]
fn coalitions_by_name_are_the_strategies_that_they_should_be() {
    let setup = world();
    let (forecast, accuracy) = (ForecastKind::Perfect, 1.0);
    let names: Vec<String> = setup.stations.iter().map(|station| station.name.clone()).collect();
    let singles: Vec<Vec<&str>> = names.iter().map(|name| vec![name.as_str()]).collect();
    let singles: Vec<&[&str]> = singles.iter().map(Vec::as_slice).collect();
    let nash = StationsSpec::Nash { horizon_s: HORIZON_S, forecast, accuracy };
    let alone = loads(&run(&setup, nash));
    assert_eq!(loads(&run(&setup, c_nash(&singles))), alone);
    let coordinated = StationsSpec::Coordinated { horizon_s: HORIZON_S, forecast, accuracy };
    let together = loads(&run(&setup, coordinated));
    assert_eq!(loads(&run(&setup, c_nash(&[&["jade", "amber", "cobalt"]]))), together);
    assert_ne!(alone, together);
    let by_operator = loads(&run(&setup, c_nash(&[])));
    assert_eq!(loads(&run(&setup, c_nash(&[&["cobalt"], &["jade"], &["amber"]]))), by_operator);
    assert_ne!(by_operator, alone);
}

/// Operators' names mean their stations, and no order of names matters.
#[test]
fn the_order_of_names_changes_nothing() {
    let setup = world();
    // Stations 0 and 3 are amber's, 1 and 4 cobalt's, 2 and 5 jade's.
    let named = loads(&run(&setup, c_nash(&[&["amber", "station-2"], &["station-5", "station-1"]])));
    let other = [&["station-1", "station-5"] as &[&str], &["station-2", "station-3", "station-0"]];
    assert_eq!(loads(&run(&setup, c_nash(&other))), named);
    let another = loads(&run(&setup, c_nash(&[&["amber", "station-1"], &["station-5", "station-2"]])));
    assert_ne!(another, named);
}

/// The figures of a group and of the rest are sums over their stations, whatever the policy.
#[test]
fn the_coalition_and_the_rest_share_the_cost_of_all() {
    let mut setup = three_days(3);
    setup.end = setup.start + 30 * HOUR;
    setup.station_group = (0..6).map(|station| station % 3 == 0 || station == 1).collect();
    let setup = Arc::new(setup);
    for stations in [c_nash(&[&["amber", "station-1"]]), StationsSpec::Uncontrolled {}] {
        let day = run(&setup, stations.clone());
        let policies = engine::policies(&specs(stations), &setup, STREAMS);
        let replication = Replication::of(Arc::clone(&setup), policies, STREAMS);
        let figures = replication.simulate(&mut (), |()| false).unwrap().metrics.finish();
        let cost = |is_member: bool| -> f64 {
            let own = day.loads.iter().filter(|r| setup.station_group[r.station] == is_member);
            own.map(|record| record.energy_cost + record.deviation_cost).sum()
        };
        let names: Vec<&str> = figures.groups.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, ["coalition", "rest"]);
        for (group, is_member) in figures.groups.iter().zip([true, false]) {
            assert!((group.loads.station_cost - cost(is_member)).abs() < 1e-9, "{}", group.name);
            assert!(group.loads.stay_mean_s.is_some_and(|stay_s| stay_s > 0.0));
        }
        let all: f64 = figures.groups.iter().map(|group| group.loads.station_cost).sum();
        assert!((all - figures.total.loads.unwrap().station_cost).abs() < 1e-9);
    }
    assert!(setup.station_group[StationId(1)] && !setup.station_group[StationId(4)]);
}

fn load(stations: &str, group: &str) -> Result<gridfleet::scenario::Scenario, String> {
    let set = [format!("operation.stations={stations}"), format!("operation.station_group={group}")];
    let overrides = gridfleet::scenario::Overrides { set: set.into(), ..Default::default() };
    gridfleet::scenario::load(Path::new("scenarios/nyc-companies.toml"), &overrides)
        .map_err(|e| e.to_string())
}

/// Unknown names, and stations named twice, by their own name and by that of their operator, are reported with their place.
#[test]
fn names_of_no_station_and_stations_named_twice_are_refused() {
    let known = load(r#"{ kind = "c-nash", coalitions = [["amber"], "jade"] }"#, "[]").unwrap();
    let streams = gridfleet::rng::Streams { seed: 1, replication: 0 };
    let (setup, _) = known.build(streams).unwrap();
    assert_eq!(setup.station_group.iter().filter(|is_member| **is_member).count(), 20);
    let station =
        setup.stations.iter().find(|s| setup.operators[s.operator] == "amber").unwrap().name.clone();
    let refused = |stations: &str, group: &str| load(stations, group).map(|_| ()).unwrap_err();
    let unknown = refused(r#"{ kind = "c-nash", coalitions = [["ambre", "jade"]] }"#, "[]");
    assert!(unknown.contains("operation.stations.coalitions[0][0]"), "{unknown}");
    assert!(unknown.contains("did you mean `amber`?"), "{unknown}");
    let twice = format!(r#"{{ kind = "c-nash", coalitions = [["amber"], ["{station}"]] }}"#);
    let twice = refused(&twice, "[]");
    assert!(
        twice.contains("operation.stations.coalitions[1][0]") && twice.contains("for the second time"),
        "{twice}"
    );
    let empty = refused(r#"{ kind = "c-nash", coalitions = [[]] }"#, "[]");
    assert!(empty.contains("an empty coalition"), "{empty}");
    let group = refused(r#"{ kind = "nash" }"#, r#"["amber", "amber"]"#);
    assert!(group.contains("operation.station_group[1]"), "{group}");
}
