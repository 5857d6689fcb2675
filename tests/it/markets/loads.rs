//! Stations with load-dependent prices: two hours by hand, the play of a planner, and a day under the auditor.

use crate::support::cli::{Dir, gridfleet};
use crate::support::plant::{START, at, setup};
use crate::support::runs::{STREAMS, policies, simulate};
use gridfleet::engine::Simulation;
use gridfleet::games::c_nash::{self, CNashGame, CNashParameters, LoadBound, Profiles, Structure};
use gridfleet::ids::{RetailerId, StationId, VehicleId};
use gridfleet::ledger::EntryKind;
use gridfleet::markets::Series;
use gridfleet::policies::bidding::ForecastKind;
use gridfleet::policies::{
    Action, ChargingSpec, DispatchSpec, Policies, PolicySpecs, RelocationSpec, StationControl, StationsSpec,
    Turn,
};
use gridfleet::records::Collected;
use gridfleet::world::{Setup, Tariff};
use std::sync::Arc;

const SLOPE: f64 = 10.0;

/// From 8:00 to 10:00, prices by the hour: 100 and 50 EUR/MWh, and 10 more per kilowatt. Two cars of 20 kWh at a
/// station that gives each 4 kW, of which four fifths reach the battery. Car a comes at 8:10 with 0.8 and stays, car b
/// at 8:30 with 0.4 and leaves at 9:30.
fn two_hours() -> Setup {
    let mut setup = setup(
        &[
            (0, START, 10, 0.1, true, 1.0),
            (1, START, 30, 0.1, true, 1.0),
            (1, at(9, 30), 10, 0.1, false, 1.0),
        ],
        [0.9, 0.5, 0.5],
        Vec::new(),
    );
    let series = Series { start: START, slot_s: 3_600, price_per_mwh: vec![100.0, 50.0] };
    setup.retailers[RetailerId(0)].tariff =
        Tariff::LoadDependent { series, margin_per_mwh: 0.0, slope_per_mwh_kw: SLOPE };
    setup.stations[StationId(0)].sensitivity_per_mwh_kw = 3.0;
    setup
}

fn run(setup: Setup, stations: Option<Box<dyn StationControl>>) -> Collected {
    simulate(setup, Policies { stations, ..policies() }, STREAMS).0
}

fn near(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-6, "{a} for {b}");
}

#[test]
fn sessions_pay_what_their_load_makes() {
    let day = run(two_hours(), None);
    // Hour 8: a draws 50 min, b 30 min of 4 kW; hour 9: a until it is full at 9:25 (4 kWh stored are 5 kWh drawn, 75
    // min), b until 9:30.
    let (eight, nine) = (4.0 * (50.0 + 30.0) / 60.0, 4.0 * (25.0 + 30.0) / 60.0);
    let prices = [100.0 + SLOPE * eight, 50.0 + SLOPE * nine];
    for (record, (kwh, price)) in day.loads.iter().zip([eight, nine].into_iter().zip(prices)) {
        near(record.power_kw, kwh);
        near(record.nominal_kw, kwh);
        near(record.price_per_mwh, price);
        near(record.energy_cost, kwh * price / 1_000.0);
        near(record.deviation_cost, 0.0);
        assert_eq!(record.budget_kw, None);
    }
    assert_eq!(day.loads.len(), 2);
    let cost =
        |eight_min: f64, nine_min: f64| 4.0 * (eight_min * prices[0] + nine_min * prices[1]) / 60.0 / 1_000.0;
    // Recorded when the price of their last hour is known, also the session of b, which ended at 9:30.
    let session_of = |vehicle: u32| day.sessions.iter().find(|s| s.vehicle == VehicleId(vehicle)).unwrap();
    near(session_of(0).cost, cost(50.0, 25.0));
    near(session_of(1).cost, cost(30.0, 30.0));
    assert_eq!(session_of(1).unplug_time, Some(at(9, 30)));
    let paid = |kind: EntryKind| {
        day.ledger.iter().filter(|e| e.kind == kind).map(|e| (e.time, e.amount.units())).collect::<Vec<_>>()
    };
    let charging = paid(EntryKind::Charging);
    assert_eq!(charging, paid(EntryKind::Energy), "no markup");
    assert!(charging.iter().all(|(time, _)| *time == at(10, 0)), "{charging:?}");
    near(charging.iter().map(|c| c.1).sum(), cost(80.0, 55.0));
}

/// Lets the station draw 4 kW from 8:30 on.
struct Half;

impl StationControl for Half {
    fn on_interval(&mut self, turn: &mut Turn<'_>) {
        let view = turn.view;
        if view.now() >= at(8, 30) {
            turn.actions.push(Action::LimitStation { station: StationId(0), power_kw: 4.0 });
        }
    }
}

#[test]
fn a_limit_serves_the_emptiest_first_and_costs_deviations() {
    let day = run(two_hours(), Some(Box::new(Half)));
    // From 8:30 on b has the 4 kW; a, stopped at 0.8 + 20 min, continues at 9:30 and is not full at 10:00.
    let session_of = |vehicle: u32| day.sessions.iter().find(|s| s.vehicle == VehicleId(vehicle)).unwrap();
    near(session_of(0).energy_kwh, 4.0 * (20.0 + 30.0) / 60.0);
    near(session_of(1).energy_kwh, 4.0);
    let nominal = [4.0 * 80.0 / 60.0, 4.0 * 55.0 / 60.0];
    let power = [4.0 * 50.0 / 60.0, 4.0];
    for (i, record) in day.loads.iter().enumerate() {
        near(record.nominal_kw, nominal[i]);
        near(record.power_kw, power[i]);
        assert_eq!(record.budget_kw, Some(4.0));
        near(record.deviation_cost, 0.5 * 3.0 * (power[i] - nominal[i]).powi(2) / 1_000.0);
    }
}

/// Records the power that another policy allows to stations.
struct Listen(Box<dyn StationControl>, Arc<std::sync::Mutex<Vec<(i64, f64)>>>);

impl StationControl for Listen {
    fn on_interval(&mut self, turn: &mut Turn<'_>) {
        let view = turn.view;
        let before = turn.actions.len();
        self.0.on_interval(turn);
        for action in &turn.actions[before..] {
            if let Action::LimitStation { power_kw, .. } = action {
                self.1.lock().unwrap().push((view.now().0, *power_kw));
            }
        }
    }
    fn unsolved(&self) -> u64 {
        self.0.unsolved()
    }
}

#[test]
fn a_planner_plays_the_equilibrium_of_what_it_knows() {
    let spec =
        StationsSpec::Coordinated { horizon_s: 7_200, forecast: ForecastKind::Persistence, accuracy: 1.0 };
    let setup = two_hours();
    let heard = Arc::default();
    let planner = spec.build(&setup, None, STREAMS).unwrap();
    run(setup, Some(Box::new(Listen(planner, Arc::clone(&heard)))));
    let heard = heard.lock().unwrap();
    let budget_kw = |t| heard.iter().find(|(time, _)| *time == t).unwrap().1;
    // No car is there, and none has been: there is nothing to limit.
    assert_eq!(budget_kw(START.0), f64::INFINITY);
    // At 8:10 car a asks for 5 kWh, and is billed against 10/3 until 9:00 and 5/3 after. In kW, with prices per kWh of
    // either hour: the game of one station by hand. x = 2.5 + d, 2.5 - d; cost (100 + 10 x1) x1 + (50 + 10 x2) x2 +
    // 3/2 |x - xbar|^2 is least where 50 + 40 d + 3 * 2 (d - 5/6) = 0, d = -45 / 46. It has 50 minutes for x1.
    near(budget_kw(at(8, 10).0), (2.5 - 45.0 / 46.0) * 60.0 / 50.0);
    // The same by the library.
    let game = CNashGame::new(CNashParameters {
        min: LoadBound::Same(0.0),
        max: LoadBound::Same(12.0),
        ..CNashParameters::unbounded(
            vec![100.0, 50.0],
            vec![SLOPE; 2],
            vec![3.0],
            Profiles::from_values(2, vec![10.0 / 3.0, 5.0 / 3.0]),
        )
    });
    let equilibrium = c_nash::solve(&game.unwrap(), &Structure::grand_coalition(1)).unwrap();
    near(equilibrium.profiles.row(0)[0], 2.5 - 45.0 / 46.0);
}

#[test]
fn a_perfect_forecast_knows_who_comes() {
    let specs = |accuracy| PolicySpecs {
        dispatch: DispatchSpec::NearestIdle {},
        charging: ChargingSpec::ThresholdNearest { start_soc: 0.2, target_soc: 0.9 },
        relocation: RelocationSpec::None {},
        bidding: gridfleet::policies::BiddingSpec::Regular {},
        pricing: gridfleet::policies::PricingSpec::default(),
        response: gridfleet::policies::ResponseSpec::default(),
        aggregator: gridfleet::policies::AggregatorSpec::default(),
        stations: StationsSpec::Nash { horizon_s: 7_200, forecast: ForecastKind::Perfect, accuracy },
    };
    let first_budget = |accuracy: f64| {
        let setup = Arc::new(two_hours());
        let mut policies = gridfleet::engine::policies(&specs(accuracy), &setup, STREAMS);
        let heard = Arc::default();
        let planner = policies.stations.take().unwrap();
        policies.stations = Some(Box::new(Listen(planner, Arc::clone(&heard))));
        Simulation::under(setup, policies, STREAMS).run_until(at(8, 5), &mut ()).unwrap();
        heard.lock().unwrap()[0].1
    };
    // 16/3 and 11/3 kWh will be asked for: x = 4.5 + d, with 50 + 40 d + 6 (d - 5/6) = 0, is 5.48 in the second hour. The
    // plan counts on no more than the 16/3 kW of the busiest hour from cars that it does not know yet.
    near(first_budget(1.0), 9.0 - 16.0 / 3.0);
    assert!((first_budget(0.5) - first_budget(1.0)).abs() > 1e-3);
}

/// A game with figures beyond double precision: no station is limited, and the plan is counted.
#[test]
fn plans_beyond_double_precision_fall_back_to_the_nominal() {
    let plan = |sensitivity| {
        let mut setup = two_hours();
        setup.stations[StationId(0)].sensitivity_per_mwh_kw = sensitivity;
        let spec =
            StationsSpec::Nash { horizon_s: 7_200, forecast: ForecastKind::Persistence, accuracy: 1.0 };
        let heard = Arc::default();
        let stations = spec.build(&setup, None, STREAMS).unwrap();
        let policies = Policies {
            dispatch: DispatchSpec::NearestIdle {}.build(),
            charging: ChargingSpec::ThresholdNearest { start_soc: 0.2, target_soc: 0.9 }.build(),
            relocation: None,
            bidding: Vec::new(),
            retail: gridfleet::policies::RetailPolicies::default(),
            stations: Some(Box::new(Listen(stations, Arc::clone(&heard)))),
        };
        let mut simulation = Simulation::under(Arc::new(setup), policies, STREAMS).audited();
        simulation.finish(&mut ()).unwrap();
        let heard = heard.lock().unwrap().clone();
        (simulation.unsolved_plans(), heard)
    };
    let (unsolved, heard) = plan(1e306);
    assert_eq!(unsolved, heard.len() as u64);
    assert!(heard.iter().all(|(_, power_kw)| *power_kw == f64::INFINITY));
    let (unsolved, others) = plan(3.0);
    assert_eq!((unsolved, others.len()), (0, heard.len()));
}

/// A day of the scenario under each policy: the auditor finds no error, and equal runs give equal bytes.
#[test]
fn a_day_of_companies_adds_up() {
    let temporary = Dir::new();
    let run = |policy: &str, folder: &str| {
        let folder = temporary.at(folder);
        let args = ["run", "scenarios/nyc-companies.toml", "--policy", policy, "--audit", "--quiet"];
        gridfleet(args).output(&folder).set(["time.days=1"]).succeeds();
        std::fs::read(folder.join("loads.parquet")).unwrap()
    };
    let [uncontrolled, nash, company, all] =
        ["uncontrolled", "nash", "c-nash", "coordinated"].map(|policy| run(policy, policy));
    assert!(uncontrolled != nash && nash != company && company != all);
    assert!(nash == run("nash", "again"));
}

/// One clear message for each possible error, at its key.
#[test]
fn bad_companies_are_told_of() {
    let told = |set: &[&str]| {
        let set = set.iter().map(|text| (*text).to_owned()).collect();
        let overrides = gridfleet::scenario::Overrides { set, ..Default::default() };
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/nyc-companies.toml");
        let error = gridfleet::scenario::load(&path, &overrides).unwrap_err();
        let gridfleet::error::Error::Input(errors) = error else { panic!("{error}") };
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    for (set, expected) in [
        (
            &["retailers.local.tariff={kind=\"flat\", price_per_mwh=90}"][..],
            "expected a retailer with a tariff of kind \"load-dependent\"",
        ),
        (&["retailers.local.tariff.slope_per_mwh_mw=0"], "retailers[0].tariff.slope_per_mwh_mw"),
        (&["operators.amber.sensitivity_per_mwh_mw=-1"], "operators[0].sensitivity_per_mwh_mw"),
        (&["operation.stations={kind=\"c-nash\", coalitions=[\"ambar\"]}"], "did you mean `amber`?"),
        (&["operation.stations={kind=\"c-nash\", coalitions=[\"jade\", \"jade\"]}"], "each station once"),
        (&["operation.stations={kind=\"nash\", accuracy=1.5}"], "operation.stations.accuracy"),
        (&["time.control_interval_s=600"], "an interval of which a whole number makes a slot"),
        (&["time.start=2019-03-04"], "prices that cover the period simulated"),
    ] {
        let text = told(set);
        assert!(text.contains(expected), "{set:?}\n{text}");
    }
}
