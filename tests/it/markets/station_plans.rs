//! Plans of stations against their bill: what is delivered at horizons from one hour to a day, and what is attainable.

use crate::support::real;
use crate::support::world::empty;
use gridfleet::engine::{self, Simulation};
use gridfleet::games::c_nash::{self, CNashGame, CNashParameters, Delivery, LoadBound, Profiles, Structure};
use gridfleet::geo::Places;
use gridfleet::ids::{FleetId, IdVec, OperatorId, PlaceId, RetailerId, StationId, TypeId, VehicleId};
use gridfleet::ledger::Money;
use gridfleet::markets::Series;
use gridfleet::policies::bidding::ForecastKind;
use gridfleet::policies::{
    Action, ChargingSpec, DispatchSpec, PolicySpecs, RelocationSpec, StationControl, StationsSpec, Turn,
};
use gridfleet::records::{Collected, LoadRecord, TripStatus};
use gridfleet::rng::Streams;
use gridfleet::time::SimTime;
use gridfleet::world::{
    Access, ChargingCurve, Connector, Fleet, Mode, RecordedSoc, RecordedTrip, Requests, Retail, Retailer,
    Setup, Station, Tariff, VehicleStart, VehicleType, View,
};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;
use std::sync::Arc;

pub(super) const STREAMS: Streams = Streams { seed: 1, replication: 0 };
pub(super) const STATIONS: usize = 6;
pub(super) const CARS: usize = 36;
pub(super) const DAYS: i64 = 3;
pub(super) const HOUR: i64 = 3_600;
const SLOT_S: i64 = 1_800;
const SLOT_H: f64 = SLOT_S as f64 / HOUR as f64;
/// Price increase per megawatt [currency/MWh].
const SLOPE: f64 = 600.0;
/// Sensitivity of a station [currency/MWh per MW].
const SENSITIVITY: f64 = 1_000.0;

/// A trip bound to a car, which comes back to charge; the charge falls by `fall`.
fn add_trip(requests: &mut Requests, time: SimTime, car: usize, duration_s: u32, fall: f64) {
    let place = PlaceId::new(car % STATIONS);
    requests.time.push(time);
    requests.origin.push(place);
    requests.destination.push(place);
    requests.duration_s.push(duration_s);
    requests.distance_km.push(5.0);
    requests.fare.push(Money::from_units(10.0).unwrap());
    requests.fleet.push(FleetId(0));
    let (vehicle, soc) = (VehicleId::new(car), RecordedSoc::Fell(fall));
    requests.recorded.push(Some(RecordedTrip { vehicle, soc, ends_at_charger: true }));
}

/// Three days of 36 cars, half of which park at home at night and half at work by day, at six stations of three
/// operators with a connector for each car. Trips are bound to cars and departures are announced, so that a plan moves
/// energy and nothing else: each car has the same arrivals and departures under every plan.
pub(super) fn three_days(seed: u64) -> Setup {
    let mut random = Pcg64::seed_from_u64(seed);
    let mut places = Places::default();
    for i in 0..STATIONS {
        places.add_point(48.8 + 0.01 * i as f64, 9.2);
    }
    let mut trips = Vec::new();
    let mut departures = IdVec::filled(CARS, Vec::new());
    for (car, departures) in departures.iter_mut().enumerate() {
        for day in 0..DAYS {
            let (leaves_h, hours) = if car % 2 == 0 {
                (random.random_range(6.0..9.0), random.random_range(9.0..11.0))
            } else {
                (random.random_range(15.0..18.0), random.random_range(13.0..15.0))
            };
            let leaves = SimTime(day * 24 * HOUR + (leaves_h * 60.0f64).round() as i64 * 60);
            if day < DAYS - 1 {
                trips.push((leaves, car, (hours * HOUR as f64) as u32, random.random_range(0.2..0.6)));
            }
            departures.push(leaves);
        }
    }
    trips.sort_by_key(|trip| (trip.0, trip.1));
    let mut requests = Requests::default();
    for (time, car, duration_s, fall) in trips {
        add_trip(&mut requests, time, car, duration_s, fall);
    }
    let (start, end) = (SimTime(0), SimTime(DAYS * 24 * HOUR));
    let car = |i: usize| VehicleStart {
        name: format!("car-{i}"),
        fleet: FleetId(0),
        vehicle_type: TypeId(0),
        place: PlaceId::new(i % STATIONS),
        soc: 1.0,
        consumption_factor: 1.0,
    };
    let station = |i: usize| Station {
        name: format!("station-{i}"),
        place: PlaceId::new(i),
        operator: OperatorId::new(i % 3),
        access: Access::PUBLIC,
        connectors: vec![Connector { power_kw: 11.0, dc: false }; CARS / STATIONS],
        site_limit_kw: f64::INFINITY,
        retailer: RetailerId(0),
        markup_per_mwh: 0.0,
        sensitivity_per_mwh_kw: SENSITIVITY / 1_000.0,
        bus: None,
        queue_patience_s: 1_800,
    };
    let series = base_prices();
    let slope_per_mwh_kw = SLOPE / 1_000.0;
    Setup {
        mode: Mode::Replay,
        places: Arc::new(places),
        types: vec![vehicle_type()].into(),
        fleets: vec![Fleet { name: "cars".into(), ..Fleet::default() }].into(),
        vehicles: (0..CARS).map(car).collect(),
        operators: ["amber", "cobalt", "jade"].map(Into::into).into_iter().collect(),
        stations: (0..STATIONS).map(station).collect(),
        retailers: vec![Retailer {
            name: "local".into(),
            tariff: Tariff::LoadDependent { series, margin_per_mwh: 0.0, slope_per_mwh_kw },
            slot_s: SLOT_S,
            lead_s: 24 * HOUR,
        }]
        .into(),
        retail: Retail { departures, ..Retail::default() },
        requests,
        ..empty(start, end)
    }
}

fn vehicle_type() -> VehicleType {
    VehicleType {
        name: "car".into(),
        battery_kwh: 50.0,
        usable_soc: [0.0, 1.0],
        consumption_kwh_per_km: 0.2,
        consumption_by_temperature: Vec::new(),
        ac_kw: 11.0,
        dc_kw: 0.0,
        curve: ChargingCurve::constant(11.0),
        charge_efficiency: 0.9,
        discharge_efficiency: 1.0,
        feed_kw: 0.0,
        max_active_hours: 8.0,
        wear_cost_per_kwh: 0.0,
    }
}

/// Prices by the hour, the same every day: low at night and at noon, high in the evening.
fn base_prices() -> Series {
    let day = [
        40.0, 35.0, 30.0, 30.0, 32.0, 40.0, 60.0, 75.0, 80.0, 70.0, 60.0, 50.0, 45.0, 45.0, 50.0, 60.0, 75.0,
        95.0, 110.0, 105.0, 90.0, 75.0, 60.0, 50.0,
    ];
    let price_per_mwh = day.iter().copied().cycle().take(24 * (DAYS as usize + 2)).collect();
    Series { start: SimTime(0), slot_s: HOUR, price_per_mwh }
}

pub(super) fn specs(stations: StationsSpec) -> PolicySpecs {
    PolicySpecs {
        dispatch: DispatchSpec::NearestIdle {},
        charging: ChargingSpec::ThresholdNearest { start_soc: 0.2, target_soc: 1.0 },
        relocation: RelocationSpec::None {},
        bidding: gridfleet::policies::BiddingSpec::Regular {},
        pricing: gridfleet::policies::PricingSpec::default(),
        response: gridfleet::policies::ResponseSpec::default(),
        aggregator: gridfleet::policies::AggregatorSpec::default(),
        stations,
    }
}

pub(super) fn run(setup: &Arc<Setup>, stations: StationsSpec) -> Collected {
    let policies = engine::policies(&specs(stations), setup, STREAMS);
    let mut simulation = Simulation::under(Arc::clone(setup), policies, STREAMS).audited();
    let mut day = Collected::default();
    simulation.finish(&mut day).unwrap();
    assert_eq!(simulation.unsolved_plans(), 0);
    day
}

fn cost(day: &Collected) -> f64 {
    day.loads.iter().map(|record| record.energy_cost + record.deviation_cost).sum()
}

fn energy_kwh(day: &Collected) -> f64 {
    day.loads.iter().map(|record| record.power_kw * SLOT_H).sum()
}

/// Least cost of all stations with everything known, for the loads of a run without plans: each station draws the same
/// energy in all, none of it before it was asked for. Powers of single cars and departures are left out, so no plan
/// costs less.
fn bound(free: &Collected) -> f64 {
    let steps = free.loads.len() / STATIONS;
    let (mut nominal, mut most) = (Profiles::zeros(STATIONS, steps), Profiles::zeros(STATIONS, steps));
    let mut base_price = vec![0.0; steps];
    for (k, record) in free.loads.iter().enumerate() {
        let (step, station) = (k / STATIONS, record.station.index());
        nominal.row_mut(station)[step] = record.nominal_kw / 1_000.0;
        most.row_mut(station)[step] = record.power_kw / 1_000.0;
        base_price[step] = record.base_price_per_mwh;
    }
    let mut demand = Vec::new();
    for station in 0..STATIONS {
        let row = most.row_mut(station);
        (1..steps).for_each(|t| row[t] += row[t - 1]);
        demand.push(row[steps - 1]);
    }
    let least = Profiles::zeros(STATIONS, steps);
    let game = CNashGame::new(CNashParameters {
        min: LoadBound::Same(0.0),
        max: LoadBound::Same(11.0 * (CARS / STATIONS) as f64 / 1_000.0),
        delivery: Some(Delivery { demand, least, most }),
        ..CNashParameters::unbounded(base_price, vec![SLOPE; steps], vec![SENSITIVITY; STATIONS], nominal)
    });
    let best = c_nash::solve(&game.unwrap(), &Structure::grand_coalition(STATIONS)).unwrap();
    SLOT_H * best.costs.iter().sum::<f64>()
}

/// The potential that the stations' game minimises, for coalitions by operator or of all stations: the payments, with
/// the price effect of each player's own load only half counted, and the cost of deviations. For all stations together
/// it is the total cost.
fn potential(day: &Collected, player_of: impl Fn(usize) -> usize) -> f64 {
    let slot = |records: &[LoadRecord]| {
        let mut players = [0.0; STATIONS];
        let (mut total, mut value) = (0.0, 0.0);
        for record in records {
            players[player_of(record.station.index())] += record.power_kw / 1_000.0;
            total += record.power_kw / 1_000.0;
            value += record.deviation_cost;
        }
        let squares = total * total + players.iter().map(|x| x * x).sum::<f64>();
        value + SLOT_H * (records[0].base_price_per_mwh * total + SLOPE / 2.0 * squares)
    };
    day.loads.chunks(STATIONS).map(slot).sum()
}

/// The policies by name, each with the player of a station.
type Player = fn(usize) -> usize;
const POLICIES: [(&str, Player); 2] = [("coordinated", |_| 0), ("c-nash", |station| station % 3)];

pub(super) fn planned(name: &str, hours: i64, forecast: ForecastKind) -> StationsSpec {
    let (horizon_s, accuracy) = (hours * HOUR, 1.0);
    match name {
        "coordinated" => StationsSpec::Coordinated { horizon_s, forecast, accuracy },
        _ => StationsSpec::CNash { coalitions: Vec::new(), horizon_s, forecast, accuracy },
    }
}

/// Plans that know what will be asked for never cost more than no plan, and less the further they see, down to near the
/// bound. At equal energy: every car is charged when it leaves. `gain` is the least share of the cost that the bound
/// saves, `attained` the least share of these savings that plans of a day reach.
///
/// Stations together minimise their total cost, which is therefore compared without any tolerance. Companies do not:
/// their equilibrium minimises the potential, which is compared likewise, and may cost all of them a little more where
/// the companies see further; here at most 0.05 % of the cost without plans.
fn shows_that_foresight_pays(world: &str, setup: &Arc<Setup>, gain: f64, attained: f64) {
    let free = run(setup, StationsSpec::Uncontrolled {});
    let (nothing, least, energy) = (cost(&free), bound(&free), energy_kwh(&free));
    assert!(least < (1.0 - gain) * nothing, "{world}: nothing to gain: {least} of {nothing}");
    for (name, player_of) in POLICIES {
        let (mut last, mut last_potential) = (nothing, potential(&free, player_of));
        for hours in [1, 3, 6, 12, 24] {
            let what = format!("{world}, {name}, {hours} h");
            let day = run(setup, planned(name, hours, ForecastKind::Perfect));
            assert!((energy_kwh(&day) - energy).abs() < 1e-6, "{what}");
            assert!(day.trips.iter().all(|trip| trip.status == TripStatus::Served), "{what}");
            let (found, potential) = (cost(&day), potential(&day, player_of));
            println!("{what}: {found:.2} of {nothing:.2}, bound {least:.2}");
            assert!(found >= least - 1e-9, "{what}: {found} below the bound of {least}");
            let slack = if name == "coordinated" { 1e-9 } else { 5e-4 } * nothing;
            assert!(found <= last + slack && found < nothing, "{what}: {found} after {last} of {nothing}");
            assert!(potential <= last_potential + 1e-9 * nothing, "{what}: potential {potential}");
            (last, last_potential) = (found, potential);
        }
        assert!(nothing - last > attained * (nothing - least), "{world}, {name}: {last}, bound {least}");
    }
}

/// Prices of the same course every day: knowing all days would save at most as much again as a twentieth of the savings.
#[test]
fn the_further_a_plan_sees_the_less_it_costs() {
    for seed in 1..=3 {
        shows_that_foresight_pays(&format!("seed {seed}"), &Arc::new(three_days(seed)), 0.3, 0.94);
    }
}

/// Hourly day-ahead prices of Germany from a date on; `None`, with a line, where the file is absent.
fn german_prices(date: &str) -> Option<Series> {
    const FILE: &str = "epex/DE_dayahead_hourly_2012_2017_epftoolbox.csv";
    let text = std::fs::read_to_string(real::data(&[FILE])?.join(FILE)).unwrap();
    let from = text.lines().skip_while(|line| !line.starts_with(date));
    let price = |line: &str| line.split(',').nth(1).unwrap().parse().unwrap();
    let price_per_mwh: Vec<f64> = from.take(24 * (DAYS as usize + 2)).map(price).collect();
    assert_eq!(price_per_mwh.len(), 24 * (DAYS as usize + 2), "{date}");
    Some(Series { start: SimTime(0), slot_s: HOUR, price_per_mwh })
}

/// The same at real prices: of a cold spell, of Christmas with negative prices, of a windy May and of a June.
#[test]
fn at_german_prices_foresight_pays_as_well() {
    for (seed, date) in [(4, "2012-02-07"), (5, "2013-12-24"), (6, "2016-05-07"), (7, "2017-06-13")] {
        let Some(prices) = german_prices(date) else { return };
        let mut setup = three_days(seed);
        for retailer in setup.retailers.iter_mut() {
            if let Tariff::LoadDependent { series, .. } = &mut retailer.tariff {
                *series = prices.clone();
            }
        }
        shows_that_foresight_pays(date, &Arc::new(setup), 0.3, 0.85);
    }
}

/// Forecasts from history cost more than perfect foresight, and less than no plan.
#[test]
fn plans_from_history_cost_less_than_none() {
    let setup = Arc::new(three_days(1));
    let free = run(&setup, StationsSpec::Uncontrolled {});
    for (name, _) in POLICIES {
        for hours in [1, 6, 24] {
            let [known, guessed] = [ForecastKind::Perfect, ForecastKind::SeasonalNaive]
                .map(|forecast| cost(&run(&setup, planned(name, hours, forecast))));
            assert!(known < guessed && guessed < cost(&free), "{name}, {hours} h: {known} {guessed}");
        }
    }
}

/// Lets the first station draw the power of one car.
struct OneCar;

impl StationControl for OneCar {
    fn on_interval(&mut self, turn: &mut Turn<'_>) {
        turn.actions.push(Action::LimitStation { station: StationId(0), power_kw: 11.0 });
    }
}

/// Car 0 leaves at 5:00, car 6 at 9:00 and is emptier. They come back to the same station at 3:00, which draws the power
/// of one car: the earlier departure comes first.
#[test]
fn a_limited_station_serves_the_earliest_departure_first() {
    let mut setup = three_days(1);
    setup.requests = Requests::default();
    for (car, fall) in [(0, 0.2), (6, 0.4)] {
        add_trip(&mut setup.requests, SimTime(HOUR), car, 2 * HOUR as u32, fall);
    }
    let announced = |car: usize| match car {
        0 => vec![SimTime(HOUR), SimTime(5 * HOUR)],
        6 => vec![SimTime(HOUR), SimTime(9 * HOUR)],
        _ => vec![SimTime(DAYS * 24 * HOUR)],
    };
    setup.retail.departures = (0..CARS).map(announced).collect();
    let setup = Arc::new(setup);
    let mut policies = engine::policies(&specs(StationsSpec::Uncontrolled {}), &setup, STREAMS);
    policies.stations = Some(Box::new(OneCar));
    let mut simulation = Simulation::under(Arc::clone(&setup), policies, STREAMS).audited();
    // At 4:00, car 0 has nearly the 10 kWh that it needs, and car 6 has drawn nothing.
    simulation.run_until(SimTime(4 * HOUR + 1), &mut ()).unwrap();
    let view = View::new(simulation.setup(), simulation.state());
    let soc = [0, 6].map(|car| view.soc(VehicleId(car)));
    assert!((soc[0] - (0.8 + 0.9 * 11.0 / 50.0)).abs() < 1e-6 && (soc[1] - 0.6).abs() < 1e-9, "{soc:?}");
}

/// The shipped scenario: dispatched taxis that drive on as soon as they are charged. Plans change which vehicles come
/// where and when, so costs are compared for each kilowatt-hour, and no plan may make vehicles queue: without plans none
/// does.
#[test]
fn plans_of_the_shipped_companies_cost_less_and_leave_no_queue() {
    let temporary = tempfile::tempdir().unwrap();
    let run = |stations: &str| -> (f64, f64) {
        let folder = temporary.path().join("run");
        let set = format!("operation.stations={stations}");
        let output = std::process::Command::new(assert_cmd::cargo::cargo_bin("gridfleet"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["run", "scenarios/nyc-companies.toml", "--quiet"])
            .args(["-o", folder.to_str().unwrap(), "--set", &set, "--set", "time.days=4"])
            // Longer slots, for the time that this test takes.
            .args(["--set", "retailers.local.slot_s=1800"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let text = std::fs::read_to_string(folder.join("summary.json")).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        let summary: serde_json::Value = serde_json::from_str(&text).unwrap();
        let figure = |key: &str| summary[key].as_f64().unwrap();
        assert!(figure("attainable_cost") <= figure("station_cost"), "{stations}: {text}");
        (figure("station_cost") / figure("energy_charged_kwh"), figure("queue_mean_s"))
    };
    let (nothing, _) = run("{kind=\"uncontrolled\"}");
    for kind in ["coordinated", "c-nash"] {
        for forecast in ["perfect", "seasonal-naive"] {
            for hours in [6, 24] {
                let seconds = hours * HOUR;
                let (found, queue_s) =
                    run(&format!("{{kind=\"{kind}\", forecast=\"{forecast}\", horizon_s={seconds}}}"));
                let what = format!("{kind}, {forecast}, {hours} h: {found} of {nothing}, queue {queue_s} s");
                assert!(found < nothing && queue_s < 30.0, "{what}");
            }
        }
    }
}
