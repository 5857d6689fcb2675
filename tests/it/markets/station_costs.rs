//! Costs of stations: those that plans expected, those that are attainable, and those that are billed.

use super::station_plans::{CARS, DAYS, HOUR, STATIONS, STREAMS, planned, specs, three_days};
use gridfleet::engine;
use gridfleet::ids::StationId;
use gridfleet::policies::StationsSpec;
use gridfleet::policies::bidding::ForecastKind;
use gridfleet::records::metrics::{LoadFigures, RunFigures};
use gridfleet::run::Replication;
use gridfleet::time::SimTime;
use gridfleet::world::{Setup, Tariff};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;
use std::sync::Arc;

fn figures(setup: &Arc<Setup>, stations: StationsSpec) -> RunFigures {
    let policies = engine::policies(&specs(stations), setup, STREAMS);
    let replication = Replication::of(Arc::clone(setup), policies, STREAMS);
    replication.simulate(&mut (), |()| false).unwrap().metrics.finish()
}

fn costs(run: &RunFigures) -> (LoadFigures, f64) {
    (run.total.loads.clone().unwrap(), run.total.attainable_cost.unwrap())
}

/// A world with other prices, sensitivities, slots, site limits, connectors and beginnings of the figures.
fn random_world(random: &mut Pcg64, seed: u64) -> Setup {
    let mut setup = three_days(seed);
    for station in 0..STATIONS {
        let station = &mut setup.stations[StationId::new(station)];
        station.sensitivity_per_mwh_kw = 10f64.powf(random.random_range(-1.5..0.7));
        if random.random_bool(0.5) {
            station.site_limit_kw = random.random_range(11.0..66.0);
        }
        if random.random_bool(0.3) {
            station.connectors.truncate(random.random_range(2..CARS / STATIONS));
        }
    }
    for retailer in setup.retailers.iter_mut() {
        retailer.slot_s = [900, 1_800, 3_600][random.random_range(0..3)];
        if let Tariff::LoadDependent { slope_per_mwh_kw, .. } = &mut retailer.tariff {
            *slope_per_mwh_kw = 10f64.powf(random.random_range(-2.0..0.5));
        }
    }
    if random.random_bool(0.5) {
        setup.measured_from = SimTime(random.random_range(1..DAYS) * 24 * HOUR);
    }
    // An end within a slot cuts the last one off.
    setup.end = SimTime(DAYS * 24 * HOUR - random.random_range(0..2 * HOUR));
    setup
}

/// No strategy costs less than the bound, whatever it foresees.
#[test]
fn no_strategy_costs_less_than_what_is_attainable() {
    let mut random = Pcg64::seed_from_u64(21);
    let (mut gained, mut runs) = (0, 0);
    for seed in 0..8 {
        let setup = Arc::new(random_world(&mut random, seed));
        let horizon_s = HOUR * [1, 6, 24][random.random_range(0..3)];
        let accuracy = random.random_range(0.5..1.0);
        let nash = StationsSpec::Nash { horizon_s, forecast: ForecastKind::Perfect, accuracy };
        let strategies = [
            StationsSpec::Uncontrolled {},
            nash,
            planned("c-nash", 6, ForecastKind::SeasonalNaive),
            planned("coordinated", 24, ForecastKind::Perfect),
        ];
        let mut free = None;
        for strategy in strategies {
            let name = strategy.name();
            let plans = name != "uncontrolled";
            let (loads, attainable) = costs(&figures(&setup, strategy));
            let billed = loads.station_cost;
            assert!(
                attainable <= billed + 1e-9 * billed.abs(),
                "world {seed}, {name}: {attainable} {billed}"
            );
            assert_eq!(loads.planned_cost.is_some(), plans, "world {seed}, {name}");
            let nothing = *free.get_or_insert(billed);
            gained += usize::from(attainable < 0.95 * nothing);
            runs += 1;
        }
    }
    assert!(2 * gained > runs, "the bound tells little: {gained} of {runs}");
}

/// Stations that plan all days together with everything known pay little more than the bound, and what they expected.
#[test]
fn perfect_foresight_of_the_whole_period_attains_the_bound() {
    for seed in 1..=2 {
        let setup = Arc::new(three_days(seed));
        let (free, attainable) = costs(&figures(&setup, StationsSpec::Uncontrolled {}));
        let (found, same) = costs(&figures(&setup, planned("coordinated", 24 * DAYS, ForecastKind::Perfect)));
        assert!((attainable - same).abs() < 1e-6 * attainable, "seed {seed}: {attainable} {same}");
        let (most, above) = (free.station_cost - attainable, found.station_cost - attainable);
        assert!(above < 0.003 * most, "seed {seed}: {above} of {most}");
        let expected = found.planned_cost.unwrap();
        assert!((expected - found.station_cost).abs() < 0.01 * most, "seed {seed}: {expected} {found:?}");
    }
}
