//! A station alone against Erlang's formula for the line at c servers.

use gridfleet::engine::Simulation;
use gridfleet::ids::{FleetId, OperatorId, PlaceId, RetailerId, StationId, TypeId, VehicleId};
use gridfleet::ledger::Money;
use gridfleet::policies::{Action, Cadence, Charging, Dispatch, News};
use gridfleet::records::{Recorder, SessionRecord};
use gridfleet::rng::{Purpose, Streams};
use gridfleet::time::{LocalClock, SimTime};
use gridfleet::world::{
    Access, ChargingCurve, Connector, Fleet, Mode, Requests, Retailer, Setup, Station, Tariff, Travel,
    VehicleStart, VehicleType, View,
};
use rand::RngExt;
use rand_pcg::Pcg64;
use rayon::prelude::*;
use std::sync::Arc;

const BATTERY_KWH: f64 = 10_000.0;
const POWER_KW: f64 = 50.0;
const MEAN_SERVICE_S: f64 = 3_600.0;

/// Mean time in line at `c` servers with `load` Erlang and service of mean 1 (Erlang, 1917; Cooper,
/// Introduction to Queueing Theory, 2nd edition, equations 3.5.1 and 3.5.4).
fn erlang_c_mean_wait(c: u32, load: f64) -> f64 {
    let mut blocking = 1.0; // Erlang B by its recursion
    for k in 1..=c {
        blocking = load * blocking / (f64::from(k) + load * blocking);
    }
    let waits = blocking / (1.0 - load / f64::from(c) * (1.0 - blocking));
    waits / (f64::from(c) - load)
}

/// The formula itself, against a value from the literature: 2 servers at 1 Erlang wait with
/// probability 1/3, so a mean of 1/3 service times.
#[test]
fn erlang_c_at_two_servers() {
    assert!((erlang_c_mean_wait(2, 1.0) - 1.0 / 3.0).abs() < 1e-12);
    // One server: rho / (1 - rho).
    assert!((erlang_c_mean_wait(1, 0.8) - 4.0).abs() < 1e-12);
}

/// Each request stands for an arrival: a fresh vehicle that wants an exponential amount of energy.
struct Arrivals {
    energy_kwh: Vec<f64>,
}

impl Dispatch for Arrivals {
    fn cadence(&self) -> Cadence {
        Cadence::OnChange
    }
    fn decide(&mut self, _: View<'_>, news: News<'_>, _: &mut Pcg64, actions: &mut Vec<Action>) {
        for request in news.requests {
            actions.push(Action::Charge {
                vehicle: VehicleId(request.0),
                station: StationId(0),
                target_soc: self.energy_kwh[request.index()] / BATTERY_KWH,
                yields: false,
            });
        }
    }
}

struct NoCharging;

impl Charging for NoCharging {
    fn on_idle(&mut self, _: View<'_>, _: &[VehicleId], _: &mut Pcg64, _: &mut Vec<Action>) {}
}

#[derive(Default)]
struct Waits {
    total_s: f64,
    count: f64,
}

impl Recorder for Waits {
    fn session(&mut self, record: &SessionRecord) {
        // The first arrivals find the station empty.
        if record.session.0 >= 2_000 {
            self.total_s += record.queue_s as f64;
            self.count += 1.0;
        }
    }
}

fn mean_wait_s(connectors: usize, load: f64, arrivals: usize, replication: u32) -> f64 {
    let mut random = Streams { seed: (load * 1000.0) as u64, replication }.stream(Purpose::Synthesis, 0);
    let mut exponential = |mean: f64| -mean * (1.0 - random.random::<f64>()).ln();
    let start = SimTime(0);
    let mut clock_s = 0.0;
    let mut setup = Setup {
        start,
        end: start,
        control_interval_s: 7 * 86_400,
        clock: LocalClock::new(chrono_tz::UTC, start, start),
        mode: Mode::Dispatch { patience_s: 4_000_000_000 },
        places: Arc::default(),
        travel: Travel { circuity: 1.0, speed_kmh: vec![30.0; 168].into(), matrix: None },
        temperature_c: Vec::new(),
        types: vec![VehicleType {
            name: "tank".into(),
            battery_kwh: BATTERY_KWH,
            usable_soc: [0.0, 1.0],
            consumption_kwh_per_km: 0.2,
            consumption_by_temperature: Vec::new(),
            ac_kw: POWER_KW,
            dc_kw: 0.0,
            curve: ChargingCurve::constant(POWER_KW),
            charge_efficiency: 1.0,
            discharge_efficiency: 1.0,
            wear_eur_per_kwh: 0.0,
        }],
        fleets: vec![Fleet::default()],
        vehicles: Vec::new(),
        operators: vec!["operator".into()],
        stations: vec![Station {
            name: "station".into(),
            place: PlaceId(0),
            operator: OperatorId(0),
            access: Access::PUBLIC,
            connectors: vec![Connector { power_kw: POWER_KW, dc: false }; connectors],
            site_limit_kw: f64::INFINITY,
            retailer: RetailerId(0),
            markup_eur_mwh: 0.0,
            bus: None,
            queue_patience_s: 4_000_000_000,
        }],
        retailers: vec![Retailer {
            name: "retailer".into(),
            tariff: Tariff::Flat(100.0),
            slot_s: 30 * 86_400,
            lead_s: 0,
        }],
        requests: Requests::default(),
        currency: "EUR".into(),
        co2_kg_per_kwh: None,
    };
    let mut places = gridfleet::geo::Places::default();
    places.add_point(48.0, 9.0);
    setup.places = Arc::new(places);
    let mut energy_kwh = Vec::new();
    for i in 0..arrivals {
        clock_s += exponential(MEAN_SERVICE_S / load);
        energy_kwh.push(exponential(POWER_KW * MEAN_SERVICE_S / 3_600.0).max(1e-6));
        setup.requests.time.push(SimTime(clock_s as i64));
        setup.requests.origin.push(PlaceId(0));
        setup.requests.destination.push(PlaceId(0));
        setup.requests.duration_s.push(0);
        setup.requests.distance_km.push(0.0);
        setup.requests.fare.push(Money::ZERO);
        setup.requests.fleet.push(FleetId(0));
        setup.vehicles.push(VehicleStart {
            name: i.to_string(),
            fleet: FleetId(0),
            vehicle_type: TypeId(0),
            place: PlaceId(0),
            soc: 0.0,
            consumption_factor: 1.0,
        });
    }
    setup.end = SimTime(clock_s as i64 + 1);
    let mut waits = Waits::default();
    let mut simulation = Simulation::new(
        Arc::new(setup),
        Box::new(Arrivals { energy_kwh }),
        Box::new(NoCharging),
        Streams { seed: 7, replication },
    );
    simulation.finish(&mut waits);
    assert_eq!(simulation.refusals().count(), 0);
    waits.total_s / waits.count
}

/// 50 replications of 50,000 arrivals: the standard error of the mean, printed, is about 1 % at the
/// highest load, so 3 % is three of them.
#[test]
fn the_line_at_a_station_is_erlangs() {
    for load_per_connector in [0.5, 0.7, 0.85] {
        let connectors = 4;
        let load = load_per_connector * connectors as f64;
        let means: Vec<f64> =
            (0..50).into_par_iter().map(|r| mean_wait_s(connectors, load, 50_000, r)).collect();
        let mean_s = means.iter().sum::<f64>() / means.len() as f64;
        let expected_s = MEAN_SERVICE_S * erlang_c_mean_wait(connectors as u32, load);
        let off = mean_s / expected_s - 1.0;
        let variance = means.iter().map(|m| (m - mean_s).powi(2)).sum::<f64>() / 49.0;
        println!(
            "load {load_per_connector}: {mean_s:.1} s, Erlang C {expected_s:.1} s, {:+.2} % (standard error {:.2} %)",
            100.0 * off,
            100.0 * (variance / 50.0).sqrt() / expected_s
        );
        assert!(off.abs() < 0.03, "load {load_per_connector}: {mean_s} s against {expected_s} s");
    }
}
