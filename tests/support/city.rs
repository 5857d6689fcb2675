//! A synthetic city for tests and benchmarks, with riders, stations and prices.

use super::world::{car, empty};
use gridfleet::geo::Places;
use gridfleet::ids::{FleetId, OperatorId, PlaceId, RetailerId, TypeId};
use gridfleet::ledger::Money;
use gridfleet::markets::Series;
use gridfleet::rng::{Purpose, Streams};
use gridfleet::time::{LocalClock, SimTime};
use gridfleet::world::{
    Access, ChargingCurve, Connector, Fleet, Mode, Requests, Retailer, Setup, Station, Tariff, Travel,
    VehicleStart, VehicleType,
};
use rand::RngExt;
use rand_pcg::Pcg64;
use std::sync::Arc;

/// Monday 2018-03-05T00:00:00Z.
pub const MONDAY: SimTime = SimTime(1_520_208_000);

/// Size of a synthetic city.
#[derive(Debug, Clone, Copy)]
pub struct City {
    pub seed: u64,
    pub requests: usize,
    pub vehicles: usize,
    pub stations: usize,
    pub fleets: usize,
    pub zones: usize,
    pub days: i64,
    pub patience_s: i64,
}

/// A vehicle whose charging curve has a rise, a plateau and a taper.
pub fn vehicle_type() -> VehicleType {
    VehicleType {
        name: "hatchback".into(),
        usable_soc: [0.05, 0.95],
        consumption_kwh_per_km: 0.18,
        consumption_by_temperature: vec![[-10.0, 1.4], [20.0, 1.0], [35.0, 1.1]],
        dc_kw: 50.0,
        curve: ChargingCurve::new(&[[0.0, 30.0], [0.1, 50.0], [0.7, 50.0], [1.0, 10.0]]),
        charge_efficiency: 0.92,
        discharge_efficiency: 0.92,
        wear_cost_per_kwh: 0.02,
        ..car(40.0, 7.4)
    }
}

/// A city of `zones` zones with demand peaks and stations that differ in all properties.
pub fn city(size: City) -> Setup {
    // The parts draw one after the other from one stream.
    let mut random = Streams { seed: size.seed, replication: 0 }.stream(Purpose::Synthesis, 0);
    let end = MONDAY + size.days * 86_400;
    let places = zones(size, &mut random);
    let requests = riders(size, &places, &mut random);
    let stations = (0..size.stations).map(|i| station(i, size, &mut random)).collect();
    let vehicles = (0..size.vehicles).map(|i| vehicle(i, size, &mut random)).collect();
    Setup {
        control_interval_s: 300,
        clock: LocalClock::new(chrono_tz::America::New_York, MONDAY, end),
        mode: Mode::Dispatch { patience_s: size.patience_s },
        places: Arc::new(places),
        travel: Travel { circuity: 1.3, speed_kmh: vec![20.0; 168].into(), matrix: None },
        temperature_c: vec![5.0],
        types: vec![vehicle_type()],
        fleets: (0..size.fleets).map(fleet).collect(),
        vehicles,
        operators: vec!["north".into(), "south".into()],
        stations,
        retailers: retailers(size.days, &mut random),
        requests,
        ..empty(MONDAY, end)
    }
}

fn zones(size: City, random: &mut Pcg64) -> Places {
    let mut places = Places::default();
    for zone in 0..size.zones {
        let (lat, lon) = (40.6 + 0.25 * random.random::<f64>(), -74.05 + 0.25 * random.random::<f64>());
        places.add_zone(&zone.to_string(), lat, lon, 1.0 + 4.0 * random.random::<f64>());
    }
    places
}

/// A quarter of the demand is in the night half of the day, the rest in the other half.
fn riders(size: City, places: &Places, random: &mut Pcg64) -> Requests {
    let mut times: Vec<i64> = (0..size.requests)
        .map(|_| {
            let day = random.random_range(0..size.days);
            let within: i64 = if random.random_bool(0.25) {
                random.random_range(0..43_200)
            } else {
                random.random_range(43_200..86_400)
            };
            MONDAY.0 + day * 86_400 + within
        })
        .collect();
    times.sort_unstable();
    let mut requests = Requests::default();
    for time in times {
        let (a, b) = (random.random_range(0..size.zones), random.random_range(0..size.zones));
        let (a, b) = (PlaceId::new(a), PlaceId::new(b));
        // Rides are short: half the distance between two random zones.
        let distance_km = 0.5 * 1.3 * places.distance_km(a, b) + 0.3;
        requests.time.push(SimTime(time));
        requests.origin.push(a);
        requests.destination.push(b);
        requests.duration_s.push((distance_km / 20.0 * 3_600.0).ceil() as u32);
        requests.distance_km.push(distance_km);
        requests.fare.push(Money::from_units(2.5 + 1.5 * distance_km).unwrap());
        requests.fleet.push(FleetId::new(random.random_range(0..size.fleets)));
    }
    requests
}

fn station(i: usize, size: City, random: &mut Pcg64) -> Station {
    let connectors: Vec<Connector> = (0..random.random_range(2..12))
        .map(|c| match c % 3 {
            0 => Connector { power_kw: 11.0, dc: false },
            _ => Connector { power_kw: 50.0, dc: true },
        })
        .collect();
    let total_kw: f64 = connectors.iter().map(|c| c.power_kw).sum();
    Station {
        name: format!("station-{i}"),
        place: PlaceId::new(random.random_range(0..size.zones)),
        operator: OperatorId::new(i % 2),
        access: if i % 4 == 3 { Access::NOBODY.with(FleetId(0)) } else { Access::PUBLIC },
        connectors,
        site_limit_kw: if i.is_multiple_of(2) { f64::INFINITY } else { 0.5 * total_kw },
        retailer: RetailerId::new(i % 2),
        markup_per_mwh: 50.0,
        sensitivity_per_mwh_kw: 1.0,
        bus: None,
        queue_patience_s: 1_800,
    }
}

fn vehicle(i: usize, size: City, random: &mut Pcg64) -> VehicleStart {
    VehicleStart {
        name: format!("vehicle-{i}"),
        fleet: FleetId::new(i % size.fleets),
        vehicle_type: TypeId(0),
        place: PlaceId::new(random.random_range(0..size.zones)),
        soc: 0.2 + 0.7 * random.random::<f64>(),
        consumption_factor: 1.0,
    }
}

fn fleet(i: usize) -> Fleet {
    Fleet {
        name: format!("fleet-{i}"),
        driving_cost_per_km: 0.05,
        lost_request_cost: 0.5,
        rescue_cost: 100.0,
        depots: vec![PlaceId(0)],
        ..Fleet::default()
    }
}

/// One with prices by the time of use, one with prices by the hour.
fn retailers(days: i64, random: &mut Pcg64) -> Vec<Retailer> {
    let time_of_use: Vec<f64> =
        (0..168).map(|hour| if (8..20).contains(&(hour % 24)) { 180.0 } else { 90.0 }).collect();
    let real_time: Vec<f64> = (0..24 * days).map(|_| 150.0 * random.random::<f64>() - 10.0).collect();
    let series = Series { start: MONDAY, slot_s: 3_600, price_per_mwh: real_time };
    let tou = Tariff::TimeOfUse(time_of_use.into());
    let rtp = Tariff::RealTime { series, margin_per_mwh: 20.0 };
    vec![
        Retailer { name: "tou".into(), tariff: tou, slot_s: 3_600, lead_s: 3_600 },
        Retailer { name: "rtp".into(), tariff: rtp, slot_s: 3_600, lead_s: 7_200 },
    ]
}
