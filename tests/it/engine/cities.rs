//! The engine on synthetic cities: every invariant asserted at every reading, and properties of the records under any
//! policies.

use crate::support::{City, city};
use gridfleet::engine::Simulation;
use gridfleet::ids::RequestId;
use gridfleet::ledger::Money;
use gridfleet::policies::assignment::{Matching, Pairs};
use gridfleet::policies::{
    Action, Cadence, ChargingSpec, Dispatch, DispatchSpec, News, RelocationSpec, Turn,
};
use gridfleet::records::{Collected, Record, Recorder, TripStatus};
use gridfleet::rng::{Purpose, Streams};
use gridfleet::world::{OdMatrix, Service};
use proptest::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

fn run(size: City, dispatch: &DispatchSpec, charging: &ChargingSpec) -> Collected {
    run_relocating(size, dispatch, charging, &RelocationSpec::None {})
}

fn run_relocating(
    size: City,
    dispatch: &DispatchSpec,
    charging: &ChargingSpec,
    relocation: &RelocationSpec,
) -> Collected {
    let streams = Streams { seed: size.seed, replication: 0 };
    let setup = Arc::new(city(size));
    let mut simulation = Simulation::new(setup, dispatch.build(), charging.build(), streams)
        .with_relocation(relocation.build())
        .audited();
    let mut records = Collected::default();
    simulation.finish(&mut records).unwrap();
    assert_eq!(simulation.ledger_total(), Money::ZERO);
    records
}

fn dispatches() -> [DispatchSpec; 2] {
    [DispatchSpec::NearestIdle {}, DispatchSpec::Batched { interval_s: 30 }]
}

fn chargings() -> [ChargingSpec; 4] {
    [
        ChargingSpec::ThresholdNearest { start_soc: 0.3, target_soc: 0.8 },
        ChargingSpec::ThresholdFastest { start_soc: 0.3, target_soc: 0.8, candidates: 5 },
        ChargingSpec::Opportunistic {
            start_soc: 0.25,
            target_soc: 0.95,
            idle_soc: 0.7,
            idle_s: 600,
            candidates: 5,
        },
        ChargingSpec::PriceAware {
            start_soc: 0.25,
            target_soc: 0.95,
            idle_soc: 0.8,
            idle_s: 300,
            cheap_share: 0.4,
            candidates: 5,
            time_value_per_h: 10.0,
        },
    ]
}

const SMALL: City = City {
    seed: 1,
    requests: 2_000,
    vehicles: 80,
    stations: 6,
    fleets: 2,
    zones: 30,
    days: 2,
    patience_s: 1_500,
};

#[test]
fn every_request_ends_once_and_energy_and_money_add_up() {
    for dispatch in dispatches() {
        for charging in chargings() {
            let records = run(SMALL, &dispatch, &charging);
            let mut requests: Vec<u32> = records.trips.iter().map(|t| t.request.0).collect();
            requests.sort_unstable();
            assert_eq!(requests, (0..SMALL.requests as u32).collect::<Vec<_>>());
            let served = records.trips.iter().filter(|t| t.status == TripStatus::Served).count();
            assert!(served > SMALL.requests / 2, "{dispatch:?} {charging:?}: {served} served");

            // Energy from three sources: sessions, meters of stations, meters of fleets.
            let sessions_kwh: f64 = records.sessions.iter().map(|s| s.energy_kwh).sum();
            let hours = 300.0 / 3_600.0;
            let stations_kwh: f64 = records.stations.iter().map(|s| s.power_kw * hours).sum();
            let fleets_kwh: f64 = records.fleet.iter().map(|f| f.power_kw * hours).sum();
            assert!(sessions_kwh > 100.0);
            assert!((sessions_kwh - stations_kwh).abs() < 1e-6 * sessions_kwh);
            assert!((sessions_kwh - fleets_kwh).abs() < 1e-6 * sessions_kwh);

            // Energy put into batteries less energy driven is the gain of the fleet's batteries at the end.
            let stored: f64 = records.sessions.iter().map(|s| s.battery_kwh).sum();
            let driven: f64 = records.legs.iter().map(|l| l.energy_kwh).sum();
            let mean_soc = |at: usize| (0..2).map(|f| records.fleet[at + f].mean_soc).sum::<f64>() / 2.0;
            let gained = (mean_soc(records.fleet.len() - 2) - mean_soc(0)) * 40.0 * SMALL.vehicles as f64;
            assert!((stored - driven - gained).abs() < 1e-6 * driven, "{stored} {driven} {gained}");
            for session in &records.sessions {
                assert!((session.battery_kwh - 0.92 * session.energy_kwh).abs() < 1e-9);
                assert!(session.max_power_kw <= 50.0 + 1e-9);
            }
        }
    }
}

#[test]
fn what_a_session_costs_is_energy_times_price() {
    let charging = ChargingSpec::ThresholdNearest { start_soc: 0.3, target_soc: 0.8 };
    let records = run(SMALL, &DispatchSpec::NearestIdle {}, &charging);
    let retailer_of = |station: usize| station % 2;
    let price = |retailer: usize, t: i64| {
        let p = records
            .prices
            .iter()
            .find(|p| p.retailer.index() == retailer && p.valid_from.0 <= t && t < p.valid_to.0);
        p.expect("a price").price_per_mwh
    };
    let mut checked = 0;
    for s in &records.sessions {
        let (Some(from), Some(to)) = (s.charge_start_time, s.charge_end_time) else { continue };
        let retailer = retailer_of(s.station.index());
        // Within one slot there is one price; across slots it is between the lowest and the highest.
        let prices: Vec<f64> = (from.0..=to.0)
            .step_by(60)
            .map(|t| price(retailer, t))
            .chain([price(retailer, to.0 - 1)])
            .collect();
        let lowest = prices.iter().copied().fold(f64::INFINITY, f64::min) + 50.0;
        let highest = prices.iter().copied().fold(f64::NEG_INFINITY, f64::max) + 50.0;
        let paid = s.cost / s.energy_kwh * 1_000.0;
        assert!((lowest - 0.01..=highest + 0.01).contains(&paid), "{paid} not in {lowest}..{highest}");
        checked += usize::from(lowest == highest);
    }
    assert!(checked > 20, "sessions within one price slot: {checked}");
}

#[test]
fn the_same_seed_gives_the_same_records() {
    let dispatch = DispatchSpec::Batched { interval_s: 20 };
    let charging = &chargings()[2];
    let first = run(SMALL, &dispatch, charging);
    assert!(first == run(SMALL, &dispatch, charging));
    assert!(first != run(City { seed: 2, ..SMALL }, &dispatch, charging));
}

#[test]
fn fewer_vehicles_serve_less() {
    let charging = &chargings()[1];
    let served = |vehicles| {
        let records = run(City { vehicles, ..SMALL }, &DispatchSpec::NearestIdle {}, charging);
        records.trips.iter().filter(|t| t.status == TripStatus::Served).count()
    };
    let (few, some, many) = (served(10), served(20), served(80));
    assert!(few < some && some < many, "{few} {some} {many}");
}

#[test]
fn vehicles_that_follow_demand_serve_more() {
    let charging = &chargings()[1];
    let served = |relocation: RelocationSpec| {
        let size = City { patience_s: 600, ..SMALL };
        let records = run_relocating(size, &DispatchSpec::NearestIdle {}, charging, &relocation);
        records.trips.iter().filter(|t| t.status == TripStatus::Served).count()
    };
    let (still, moving) = (served(RelocationSpec::None {}), served(relocations()[1].clone()));
    assert!(moving > still + still / 10, "{still} and {moving}");
}

/// Every feasible pair, known from the start: (vehicle, time to the pick-up [s]) of each request.
struct All(Vec<Vec<(u32, i64)>>);

impl Pairs for All {
    fn dearest(&self) -> i64 {
        self.0.iter().flatten().map(|pair| pair.1).max().unwrap_or(0)
    }
    fn open(&mut self, _row: u32, _free: impl Fn(u32) -> bool) {}
    fn list_more(&mut self, _row: u32) {}
    fn listed(&self, row: u32) -> &[(u32, i64)] {
        &self.0[row as usize]
    }
    fn rest(&self, _row: u32) -> Option<i64> {
        None
    }
}

/// Asks the batched policy, and checks its answer against a matching over every feasible pair.
struct Checked {
    inner: Box<dyn Dispatch>,
    rounds: Arc<AtomicUsize>,
}

impl Dispatch for Checked {
    fn cadence(&self) -> Cadence {
        self.inner.cadence()
    }
    fn decide(&mut self, turn: &mut Turn<'_>, news: News<'_>) {
        let view = turn.view;
        self.inner.decide(turn, news);
        let mut requests: Vec<RequestId> = view.waiting().collect();
        requests.sort_unstable();
        let mut all = All(vec![Vec::new(); requests.len()]);
        for (row, &request) in requests.iter().enumerate() {
            let ride_request = view.request(request);
            for vehicle in view.available(ride_request.fleet) {
                if let Service::Possible(route) = view.service(vehicle, &ride_request) {
                    all.0[row].push((vehicle.0, route.duration_s));
                }
            }
        }
        let mut best = Matching::default();
        best.solve(requests.len(), view.vehicle_count(), &mut all);
        let cost = |row: usize, vehicle: u32| {
            all.0[row].iter().find(|pair| pair.0 == vehicle).expect("a possible pair").1
        };
        let expected: Vec<i64> = best.pairs().map(|(row, vehicle)| cost(row, vehicle)).collect();
        let given: Vec<i64> = turn
            .actions
            .iter()
            .map(|action| match *action {
                Action::Assign { request, vehicle } => {
                    cost(requests.binary_search(&request).expect("a waiting request"), vehicle.0)
                }
                _ => panic!("{action:?}"),
            })
            .collect();
        assert_eq!(given.len(), expected.len(), "requests served");
        assert_eq!(given.iter().sum::<i64>(), expected.iter().sum::<i64>(), "time to the pick-ups");
        self.rounds.fetch_add(1, Ordering::Relaxed);
    }
}

/// The candidate lists of the batched policy lose nothing, whether times follow distance or a learned matrix that does
/// not.
#[test]
fn batched_dispatch_is_the_best_matching() {
    for learned in [false, true] {
        let mut setup = city(SMALL);
        if learned {
            let zones = SMALL.zones;
            let mut random = Streams { seed: 5, replication: 0 }.stream(Purpose::Synthesis, 9);
            // Half of the pairs are known, with times from 30 seconds to half an hour.
            let pairs = zones * zones;
            let distance_km: Vec<f32> =
                (0..pairs).map(|_| if random.random_bool(0.5) { 4.0 } else { f32::NAN }).collect();
            let duration_s = (0..pairs * 24).map(|_| random.random_range(30.0..1_800.0)).collect();
            setup.travel.matrix = Some(Arc::new(OdMatrix { zones, distance_km, duration_s }));
        }
        let rounds = Arc::new(AtomicUsize::new(0));
        let inner = DispatchSpec::Batched { interval_s: 240 }.build();
        let dispatch = Box::new(Checked { inner, rounds: Arc::clone(&rounds) });
        let streams = Streams { seed: 1, replication: 0 };
        let mut simulation =
            Simulation::new(Arc::new(setup), dispatch, chargings()[1].build(), streams).audited();
        simulation.finish(&mut ()).unwrap();
        assert!(rounds.load(Ordering::Relaxed) > 400, "{rounds:?} rounds");
    }
}

fn relocations() -> [RelocationSpec; 3] {
    [
        RelocationSpec::None {},
        RelocationSpec::FollowDemand { interval_s: 600, idle_s: 300, cell_km: 2.0 },
        RelocationSpec::ToDepot { interval_s: 900, idle_s: 600 },
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    /// Swarm: random sizes and policies; the audit asserts every invariant every five minutes.
    #[test]
    fn no_city_breaks_an_invariant(
        seed in any::<u64>(), requests in 0usize..600, vehicles in 1usize..40, stations in 0usize..6,
        fleets in 1usize..4, zones in 1usize..40, patience_s in 0i64..1_800,
        dispatch in 0usize..2, charging in 0usize..4, relocation in 0usize..3,
    ) {
        let size = City { seed, requests, vehicles, stations, fleets, zones, days: 1, patience_s };
        let relocation = &relocations()[relocation];
        let records = run_relocating(size, &dispatches()[dispatch], &chargings()[charging], relocation);
        prop_assert_eq!(records.trips.len(), requests);
        for trip in &records.trips {
            if let Some(wait_s) = trip.wait_s {
                prop_assert!((0..=patience_s).contains(&wait_s));
            }
        }
    }
}

/// Sets a flag at a given record of a trip.
struct Stopping<'a> {
    stop: &'a AtomicBool,
    left: usize,
}

impl Recorder for Stopping<'_> {
    fn record(&mut self, record: Record<'_>) {
        let Record::Trip(_) = record else { return };
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}

/// A flag is seen before the next event, and only postpones later events.
#[test]
fn a_replication_that_is_stopped_takes_no_further_event() {
    let simulation = || {
        let dispatch = DispatchSpec::NearestIdle {}.build();
        let charging = ChargingSpec::ThresholdNearest { start_soc: 0.3, target_soc: 0.8 }.build();
        Simulation::new(Arc::new(city(SMALL)), dispatch, charging, Streams { seed: 1, replication: 0 })
    };
    let mut whole = simulation();
    whole.finish(&mut ()).unwrap();
    let (stop, mut events) = (AtomicBool::new(false), Vec::new());
    for after in [1, 100, 1_000] {
        stop.store(false, Ordering::Relaxed);
        let mut stopped = simulation();
        let end = stopped.setup().end;
        stopped.run_unless(&stop, end, &mut Stopping { stop: &stop, left: after }).unwrap();
        events.push(stopped.events());
        assert!(stopped.now() < end && stopped.events() >= after as u64);
        stopped.run_unless(&stop, end, &mut ()).unwrap();
        assert_eq!(Some(&stopped.events()), events.last());
        stopped.finish(&mut ()).unwrap();
        assert_eq!((stopped.events(), stopped.now()), (whole.events(), whole.now()));
    }
    assert!(events.is_sorted_by(|a, b| a < b), "{events:?}");
}
