//! The price-aware charging policy compares stations with each other, not only the hours of one station.

use crate::support::cli::Dir;
use crate::support::runs::{STREAMS, ready, simulate};
use std::fmt::Write as _;

/// Two days of twelve cars with rides all over a town, a depot outside and eight stations within; energy by station
/// [kWh], the depot first, and the total paid.
fn town(charging: &str, depot_per_mwh: f64, town_tariff: &str, markup_per_mwh: f64) -> (Vec<f64>, f64) {
    let dir = Dir::new();
    dir.write("trips.csv", rides());
    let path = dir.write("town.toml", scenario(charging, depot_per_mwh, town_tariff, markup_per_mwh));
    let (setup, policies) = ready(&path, &[], STREAMS);
    let (records, simulation) = simulate(setup, policies, STREAMS);
    let mut kwh = vec![0.0; simulation.setup().stations.len()];
    let mut cost = 0.0;
    for session in &records.sessions {
        kwh[session.station.index()] += session.energy_kwh;
        cost += session.cost;
    }
    (kwh, cost)
}

/// Rides all over the town, every 432 seconds.
fn rides() -> String {
    let mut trips = String::from(
        "request_time,origin_lat,origin_lon,destination_lat,destination_lon,duration_s,distance_km,fare\n",
    );
    for i in 0..400 {
        let at = i * 432;
        let (d, h, m, s) = (2 + at / 86_400, at / 3_600 % 24, at / 60 % 60, at % 60);
        let lat = |k: i32| 51.5 + 0.01 * f64::from((k * 7) % 8);
        writeln!(trips, "2026-03-{d:02}T{h:02}:{m:02}:{s:02}Z,{},9.9,{},9.9,900,9,10", lat(i), lat(i + 3))
            .unwrap();
    }
    trips
}

fn scenario(charging: &str, depot_per_mwh: f64, town_tariff: &str, markup_per_mwh: f64) -> String {
    let mut text = format!(
        r#"
version = 2
name = "town"
[time]
start = "2026-03-02"
days = 2
timezone = "UTC"
[trips]
format = "trips"
files = ["trips.csv"]
[travel]
circuity = 1.2
speed_kmh = 72.0
[operation]
mode = "dispatch"
charging = {charging}
[[vehicle_types]]
name = "car"
battery_kwh = 40.0
consumption_kwh_per_km = 0.25
ac_kw = 11.0
[[fleets]]
name = "f"
vehicles = [{{ type = "car", count = 12, initial_soc = 0.5 }}]
depots = [[51.45, 9.9]]
[[retailers]]
name = "own"
tariff = {{ kind = "flat", price_per_mwh = {depot_per_mwh:?} }}
[[retailers]]
name = "town"
tariff = {town_tariff}
[[operators]]
name = "depot"
retailer = "own"
[[operators]]
name = "town"
retailer = "town"
markup_per_mwh = {markup_per_mwh:?}
[[stations]]
name = "depot"
operator = "depot"
lat = 51.45
lon = 9.9
connectors = 12
connector_kw = 11.0
"#
    );
    for station in 0..8 {
        write!(
            text,
            "[[stations]]\nname = \"s{station}\"\noperator = \"town\"\nlat = {}\nlon = 9.9\nconnectors = 2\nconnector_kw = 11.0\n",
            51.5 + 0.01 * f64::from(station)
        )
        .unwrap();
    }
    text
}

const BY_PRICE: &str = "{ kind = \"price-aware\" }";
const BY_CHANCE: &str = "{ kind = \"opportunistic\" }";

fn flat(price_per_mwh: f64) -> String {
    format!("{{ kind = \"flat\", price_per_mwh = {price_per_mwh:?} }}")
}

fn share_of_depot(kwh: &[f64]) -> f64 {
    kwh[0] / kwh.iter().sum::<f64>()
}

#[test]
fn energy_is_bought_where_it_is_cheap_whether_price_or_markup_makes_the_difference() {
    for (depot, town_price, markup) in [(160.0, 450.0, 0.0), (160.0, 160.0, 290.0), (-20.0, 450.0, -100.0)] {
        let (kwh, cost) = town(BY_PRICE, depot, &flat(town_price), markup);
        let (by_chance, cost_by_chance) = town(BY_CHANCE, depot, &flat(town_price), markup);
        let (mean, mean_by_chance) =
            (cost / kwh.iter().sum::<f64>(), cost_by_chance / by_chance.iter().sum::<f64>());
        assert!(share_of_depot(&kwh) > 0.8, "{kwh:?}");
        assert!(share_of_depot(&by_chance) < 0.5, "{by_chance:?}");
        assert!(mean < mean_by_chance, "{mean} against {mean_by_chance} per kWh");
    }
    // With the prices reversed, the depot is hardly used.
    let (kwh, _) = town(BY_PRICE, 450.0, &flat(160.0), 0.0);
    assert!(share_of_depot(&kwh) < 0.05, "{kwh:?}");
}

/// 0.1 and 0.2 are not 0.3 in double precision.
#[test]
fn prices_that_differ_by_rounding_are_equal() {
    let sum = town(BY_PRICE, 0.3, &flat(0.1), 0.2);
    let whole = town(BY_PRICE, 0.3, &flat(0.3), 0.0);
    assert_eq!(sum.0, whole.0);
}

/// Only the ratio of prices to the value of time matters, not their unit.
#[test]
fn prices_and_the_worth_of_time_scaled_alike_change_nothing() {
    let by_price =
        |time_value: f64| format!("{{ kind = \"price-aware\", time_value_per_h = {time_value:?} }}");
    let tariff = |scale: f64| {
        format!(
            "{{ kind = \"time-of-use\", base_per_mwh = {:?}, periods = [{{ days = \"daily\", from = \"22:00\", to = \"07:00\", price_per_mwh = {:?} }}] }}",
            300.0 * scale,
            120.0 * scale
        )
    };
    let (kwh, cost) = town(&by_price(5.0), 200.0, &tariff(1.0), 0.0);
    let (scaled, scaled_cost) = town(&by_price(20.0), 800.0, &tariff(4.0), 0.0);
    assert_eq!(kwh, scaled);
    assert!((scaled_cost - 4.0 * cost).abs() < 1e-3, "{scaled_cost} against four times {cost}");
    assert!(share_of_depot(&kwh) > 0.05 && share_of_depot(&kwh) < 0.95, "{kwh:?}");
}

/// Six idle cars of two fleets beside one connector, and a trip much later: the emptiest car charges first, wherever the
/// trip leads and whichever fleet is listed first.
#[test]
fn the_last_connector_goes_to_the_emptiest_vehicle() {
    let fleet = |name: &str, socs: [f64; 3]| {
        let cars =
            socs.map(|soc| format!("{{ type = \"car\", count = 1, initial_soc = {soc:?} }}")).join(", ");
        format!("[[fleets]]\nname = \"{name}\"\nvehicles = [{cars}]\ndepots = [[51.5, 9.9]]\n")
    };
    let (fuller, emptier) = (fleet("a", [0.62, 0.58, 0.64]), fleet("b", [0.61, 0.5, 0.63]));
    for charging in [BY_PRICE, BY_CHANCE] {
        for (fleets, emptiest) in [(format!("{fuller}{emptier}"), 4), (format!("{emptier}{fuller}"), 1)] {
            for north in [51.3, 51.5, 51.7] {
                let folder = tempfile::tempdir().unwrap();
                let trips = format!(
                    "request_time,origin_lat,origin_lon,destination_lat,destination_lon,fleet\n\
                     2026-03-02T20:00:00Z,51.5,9.9,{north},9.8,a\n"
                );
                std::fs::write(folder.path().join("trips.csv"), trips).unwrap();
                let text = format!(
                    r#"
version = 2
name = "beside"
[time]
start = "2026-03-02"
days = 1
timezone = "UTC"
[trips]
files = ["trips.csv"]
fleet_column = "fleet"
[travel]
speed_kmh = 72.0
[operation]
mode = "dispatch"
charging = {charging}
[[vehicle_types]]
name = "car"
battery_kwh = 40.0
consumption_kwh_per_km = 0.25
ac_kw = 11.0
{fleets}
[[retailers]]
name = "town"
tariff = {{ kind = "flat", price_per_mwh = 200.0 }}
[[operators]]
name = "town"
retailer = "town"
[[stations]]
name = "square"
operator = "town"
lat = 51.5
lon = 9.9
connectors = 1
connector_kw = 11.0
"#
                );
                let path = folder.path().join("beside.toml");
                std::fs::write(&path, text).unwrap();
                let (setup, policies) = ready(&path, &[], STREAMS);
                let (records, _) = simulate(setup, policies, STREAMS);
                let first = records.sessions.first().map(|session| session.vehicle.index());
                assert_eq!(first, Some(emptiest), "{charging}, {north}");
            }
        }
    }
}
