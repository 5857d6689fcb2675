//! Trading: a day settled by hand, and properties that hold for any bids.

use crate::support::cli::root;
use crate::support::plant::{Recorded, START, Script, at, setup};
use crate::support::runs::{STREAMS, policies, ready, simulate};
use gridfleet::engine::Simulation;
use gridfleet::ids::{BidderId, MarketId};
use gridfleet::ledger::{EntryKind, Money};
use gridfleet::markets::{GateRule, Lots, Market, MarketKind, Products, Series, Side};
use gridfleet::policies::{
    Action, Bidding, BiddingSpec, ChargingSpec, DispatchSpec, OpenGate, Policies, Turn,
};
use gridfleet::records::{Collected, MarketRecord, TripStatus};
use gridfleet::rng::Streams;
use gridfleet::time::SimTime;
use gridfleet::world::Setup;
use std::sync::Arc;

/// A market for quarters of an hour, `lead_s` ahead, with a price for each quarter from 8:00.
fn market(name: &str, kind: MarketKind, lead_s: i64, price_per_mwh: [f64; 8]) -> Market {
    Market {
        name: name.into(),
        kind,
        products: Products::within(START, at(10, 0), 900),
        gates: GateRule::Lead(lead_s),
        opens_s: None,
        publish_s: 0,
        reference: Series { start: START, slot_s: 900, price_per_mwh: price_per_mwh.to_vec() },
        capacity: None,
        slope_per_mwh_kw: 0.0,
        limits_per_mwh: [-3_000.0, 3_000.0],
        lots: Lots { minimum_kw: 0.0, step_kw: 0.0 },
    }
}

fn intraday(risk: f64) -> BiddingSpec {
    let forecast = gridfleet::policies::bidding::ForecastKind::Perfect;
    BiddingSpec::Intraday { risk, accuracy: 1.0, forecast, limit_per_mwh: None }
}

fn run(setup: Setup, bids: Vec<(u16, SimTime, f64, f64)>) -> (Collected, Simulation) {
    let setup = Arc::new(setup);
    let plant = intraday(0.0).build(&setup, BidderId(0), None, STREAMS);
    let policies = Policies { bidding: vec![Box::new(Script { bids, plant })], ..policies() };
    simulate(setup, policies, STREAMS)
}

/// The day of the test below. Each car drives from 8:00 to 8:05 and is plugged in: a and b at a charge of 0.4, which
/// leaves them room for more than two hours; c at 0.8: 4 kWh to store, 5 kWh to draw, full at 9:20. So 12 kW are drawn.
///
/// - 8:30: 8 kW of reserve at 100 and 4 kW intraday at 50 are bought. At 8:35 a rider wants b: the other two take 8 kW of
///   12 bought, so the rider is turned away.
/// - 8:45: the bid of 90 for reserve is too low (100). 4 kW intraday at -20: at 8:50 a rider wants a; b and c take 8 kW
///   of 4, so it goes, and is not plugged in again.
/// - 9:15: 8 kW intraday at 40, but c is full at 9:20: 4/3 kWh of 2 are drawn.
fn hand_made_day() -> (Collected, Simulation) {
    let trips = [
        (0, at(8, 0), 5, 0.1, true, 1.0),
        (1, at(8, 0), 5, 0.1, true, 1.0),
        (2, at(8, 0), 5, 0.1, true, 1.0),
        (1, at(8, 35), 10, 0.05, true, 3.0),
        (0, at(8, 50), 5, 0.05, false, 2.0),
    ];
    let reserve = [0.0, 0.0, 100.0, 100.0, 0.0, 0.0, 0.0, 0.0];
    let spot = [0.0, 0.0, 50.0, -20.0, 0.0, 40.0, 0.0, 0.0];
    let markets = vec![
        market("reserve", MarketKind::Balancing, 7 * 86_400, reserve),
        market("spot", MarketKind::Intraday, 1_800, spot),
    ];
    let bids = vec![
        (0, at(8, 30), 8.0, 150.0),
        (1, at(8, 30), 4.0, 150.0),
        (0, at(8, 45), 8.0, 90.0),
        (1, at(8, 45), 4.0, 150.0),
        (1, at(9, 15), 8.0, 150.0),
    ];
    run(setup(&trips, [0.5, 0.5, 0.9], markets), bids)
}

#[test]
fn a_day_settled_by_hand() {
    let (day, simulation) = hand_made_day();
    // Accounts: 0 riders, 1 outside, 2 the fleet, 3 the operator, 4 the retailer, 5 reserve, 6 spot, 7 the system.
    let (riders, outside, fleet, operator, retailer, reserve, spot, system) = (0, 1, 2, 3, 4, 5, 6, 7);
    let expected = [
        (at(8, 5), fleet, riders, 1_000_000, EntryKind::Fare),
        (at(8, 5), fleet, riders, 1_000_000, EntryKind::Fare),
        (at(8, 5), fleet, riders, 1_000_000, EntryKind::Fare),
        (at(8, 35), outside, fleet, 500_000, EntryKind::LostRequest),
        // 8:30 to 8:45: 3 kWh bought, 3 kWh drawn. 2 kWh at 100, 1 kWh at 50; the tariff's 3 kWh x 0.2 come back.
        (at(8, 45), reserve, fleet, 200_000, EntryKind::Trade),
        (at(8, 45), spot, fleet, 50_000, EntryKind::Trade),
        (at(8, 45), fleet, retailer, 600_000, EntryKind::SupplyCredit),
        // Car a from 8:05 to 8:50: 3 kWh.
        (at(8, 50), operator, fleet, 600_000, EntryKind::Charging),
        (at(8, 50), retailer, operator, 600_000, EntryKind::Energy),
        (at(8, 55), fleet, riders, 2_000_000, EntryKind::Fare),
        // 8:45 to 9:00: 1 kWh bought at -20; of 7/3 kWh drawn, 1 kWh comes back.
        (at(9, 0), fleet, spot, 20_000, EntryKind::Trade),
        (at(9, 0), fleet, retailer, 200_000, EntryKind::SupplyCredit),
        // 9:15 to 9:30: 2 kWh bought at 40, 4/3 drawn; 2/3 kWh are missing, at 500.
        (at(9, 30), spot, fleet, 80_000, EntryKind::Trade),
        (at(9, 30), fleet, retailer, 266_667, EntryKind::SupplyCredit),
        (at(9, 30), system, fleet, 333_333, EntryKind::Imbalance),
        // Still plugged in at 10:00: b since 8:05, 115 minutes; c has drawn its 5 kWh.
        (at(10, 0), operator, fleet, 1_533_333, EntryKind::Charging),
        (at(10, 0), retailer, operator, 1_533_333, EntryKind::Energy),
        (at(10, 0), operator, fleet, 1_000_000, EntryKind::Charging),
        (at(10, 0), retailer, operator, 1_000_000, EntryKind::Energy),
    ];
    let posted: Vec<_> =
        day.ledger.iter().map(|e| (e.time, e.debit.0, e.credit.0, e.amount.0, e.kind)).collect();
    assert_eq!(posted, expected);
    assert_eq!(simulation.ledger_total(), Money::ZERO);
    let statuses: Vec<_> = day.trips.iter().map(|t| (t.status, t.fare, t.lost_fare)).collect();
    assert_eq!(
        statuses,
        [
            (TripStatus::Served, 1.0, 0.0),
            (TripStatus::Served, 1.0, 0.0),
            (TripStatus::Served, 1.0, 0.0),
            (TripStatus::LostCommitted, 0.0, 3.0),
            (TripStatus::Served, 2.0, 0.0),
        ]
    );
}

#[test]
fn the_market_table_of_that_day() {
    let (day, _) = hand_made_day();
    let rows: Vec<_> = day
        .market
        .iter()
        .map(|r| {
            let millionths = |x: f64| (x * 1e6).round() as i64;
            (
                r.market.map(|m| m.0),
                r.product_start,
                millionths(r.accepted_kw),
                millionths(r.delivered_kwh),
                millionths(r.imbalance_kwh),
                r.cash,
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            // Rejected when its gate closed, which was before the start.
            (Some(0), at(8, 45), 0, 0, 0, 0.0),
            (Some(0), at(8, 30), 8_000_000, 2_000_000, 0, -0.2),
            (Some(1), at(8, 30), 4_000_000, 1_000_000, 0, -0.05),
            (Some(1), at(8, 45), 4_000_000, 1_000_000, 0, 0.02),
            (Some(1), at(9, 15), 8_000_000, 1_333_333, 666_667, -0.08),
            (None, at(9, 15), 2_666_667, 0, 666_667, -0.333_333),
        ]
        .map(|row| row)
    );
    let gate = |r: &MarketRecord| (r.gate_closure, r.cleared_at);
    assert_eq!(gate(&day.market[1]), (at(8, 30) + -7 * 86_400, START));
    assert_eq!(gate(&day.market[4]), (at(8, 45), at(8, 45)));
    let mut ids: Vec<u32> = day.market.iter().map(|r| r.bid.0).collect();
    ids.sort_unstable();
    assert_eq!(ids, [0, 1, 2, 3, 4, 5]);
}

#[test]
fn a_perfect_forecast_without_risk_buys_just_what_can_be_drawn() {
    let trips: Vec<Recorded> = [(0, 5, true), (1, 10, true), (2, 20, true)]
        .into_iter()
        .flat_map(|(vehicle, minutes, charger)| {
            let later = (vehicle, at(9, 10), 15, 0.1, charger, 4.0);
            [(vehicle, START, minutes, 0.1, charger, 1.0), later]
        })
        .collect();
    let mut trips = trips;
    trips.sort_by_key(|trip| (trip.1, trip.0));
    let setup = Arc::new(setup(
        &trips,
        [0.5, 0.7, 1.0],
        vec![market("spot", MarketKind::Intraday, 1_800, [60.0; 8])],
    ));
    let specs = gridfleet::policies::PolicySpecs {
        dispatch: DispatchSpec::NearestIdle {},
        charging: ChargingSpec::ThresholdNearest { start_soc: 0.2, target_soc: 0.9 },
        relocation: gridfleet::policies::RelocationSpec::None {},
        bidding: intraday(0.0),
        stations: gridfleet::policies::StationsSpec::Uncontrolled {},
        pricing: Default::default(),
        response: Default::default(),
        aggregator: Default::default(),
    };
    let policies = gridfleet::engine::policies(&specs, &setup, STREAMS);
    let (day, _) = simulate(setup, policies, STREAMS);
    // 8:15 to 8:30: a and b, and c from 8:20 on; the least reading is 8 kW.
    let bought: Vec<_> = day.market.iter().map(|r| (r.product_start, r.accepted_kw)).collect();
    assert_eq!(bought[0].0, at(8, 15));
    assert!((bought[0].1 - 8.0).abs() < 1e-9, "{bought:?}");
    assert!(day.market.iter().all(|r| r.market.is_some() && r.imbalance_kwh.abs() < 1e-9), "{bought:?}");
    assert!(day.trips.iter().all(|trip| trip.status == TripStatus::Served));
    assert!(bought.len() > 4);
}

#[test]
fn gates_lots_and_nonsense_are_refused() {
    struct Eager(Vec<(i64, u16, usize, f64)>);
    impl Bidding for Eager {
        fn bid(&mut self, _: &mut Turn<'_>, _: BidderId, _: &OpenGate) {}
        fn on_interval(&mut self, turn: &mut Turn<'_>, bidder: BidderId) {
            let view = turn.view;
            for &(minute, market, product, quantity_kw) in &self.0 {
                if view.now() == START + 60 * minute {
                    let (market, side, limit_per_mwh) = (MarketId(market), Side::Buy, 100.0);
                    turn.actions.push(Action::Bid {
                        bidder,
                        market,
                        product,
                        side,
                        quantity_kw,
                        limit_per_mwh,
                    });
                }
            }
        }
    }
    let mut spot = market("spot", MarketKind::Intraday, 1_800, [60.0; 8]);
    spot.lots = Lots { minimum_kw: 2.0, step_kw: 0.5 };
    spot.opens_s = Some(3_600);
    let setup = Arc::new(setup(&[], [0.5; 3], vec![spot]));
    // Product 4 is 9:00 to 9:15; its gate is open from 7:30 to 8:30, that of product 7 from 8:15 on.
    let bids = vec![
        (0, 0, 4, 3.7),       // taken as 3.5
        (35, 0, 4, 3.0),      // closed
        (0, 0, 7, 3.0),       // not open
        (20, 0, 7, 1.9),      // too little
        (20, 0, 8, 3.0),      // no such product
        (20, 1, 0, 3.0),      // no such market
        (20, 0, 7, f64::NAN), // no quantity
    ];
    let policies = Policies { bidding: vec![Box::new(Eager(bids))], ..policies() };
    let (day, simulation) = simulate(setup, policies, STREAMS);
    let accepted: Vec<_> = day.market.iter().map(|r| (r.market.is_some(), r.accepted_kw)).collect();
    // No energy is drawn: all purchases are imbalance.
    assert_eq!(accepted, [(true, 3.5), (false, 3.5)]);
    let refusals: Vec<_> = simulation.refusals().map(|(r, n)| (r.name(), n)).collect();
    assert_eq!(
        refusals,
        [
            ("no_such_entity", 1),
            ("no_such_product", 1),
            ("gate_not_open", 1),
            ("gate_closed", 1),
            ("quantity_too_small", 2)
        ]
    );
}

/// Three replications of the shipped scenario under each benchmark.
fn benchmark(bidding: &str) -> Vec<gridfleet::studies::task::TaskResult> {
    let overrides = [
        format!("operation.bidding={bidding}"),
        "variation.demand_days=bootstrap".to_owned(),
        "variation.price_days=bootstrap".to_owned(),
    ];
    let overrides = gridfleet::scenario::Overrides { set: overrides.to_vec(), ..Default::default() };
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/stuttgart-vpp.toml");
    let scenario = gridfleet::scenario::load(&path, &overrides).unwrap();
    let recorded = scenario.read().unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    (0..3)
        .map(|replication| {
            let streams = Streams { seed: 1, replication };
            let (setup, prepared) = scenario.build_from(&recorded, streams).unwrap();
            let setup = Arc::new(setup);
            let policies = gridfleet::engine::policies(&prepared.policies, &setup, streams);
            gridfleet::studies::task::simulate(setup, policies, streams, &stop).unwrap()
        })
        .collect()
}

/// A vehicle that was charged somewhere on a recorded trip starts the next one with that charge; a full battery takes
/// no more.
#[test]
fn a_recorded_trip_that_gains_charge_keeps_its_gain() {
    let trips = [
        (0, at(8, 0), 10, -0.5, false, 1.0),
        (1, at(8, 0), 10, -0.5, false, 1.0),
        (0, at(8, 30), 10, 0.6, false, 2.0),
    ];
    let spot = vec![market("spot", MarketKind::Intraday, 1_800, [60.0; 8])];
    let (day, _) = run(setup(&trips, [0.2, 0.9, 0.5], spot), Vec::new());
    assert!(day.trips.iter().all(|t| t.status == TripStatus::Served), "{:?}", day.trips);
    let ends: Vec<_> = day.legs.iter().map(|leg| leg.soc_end).collect();
    assert!(
        ends.iter().zip([0.7, 1.0, 0.1]).all(|(soc, expected)| (soc - expected).abs() < 1e-12),
        "{ends:?}"
    );
    for leg in &day.legs {
        let change_kwh = (leg.soc_end - leg.soc_start) * 20.0;
        assert!((change_kwh - (leg.charged_kwh - leg.energy_kwh)).abs() < 1e-9, "{leg:?}");
    }
}

/// Properties of the benchmarks required by specification 5, replication by replication.
#[test]
fn benchmarks_come_in_the_order_that_the_literature_has() {
    let regular = benchmark(r#"{kind="regular"}"#);
    let intraday = benchmark(r#"{kind="intraday"}"#);
    let balancing = benchmark(r#"{kind="balancing"}"#);
    let perfect = benchmark(r#"{kind="integrated"}"#);
    let careful = r#"{kind="integrated", risk_balancing=0.5, risk_intraday=0.3, accuracy_balancing=0.7, accuracy_intraday=0.9}"#;
    let careful = benchmark(careful);
    let bold = r#"{kind="integrated", accuracy_balancing=0.7, accuracy_intraday=0.9}"#;
    let bold = benchmark(bold);
    for i in 0..3 {
        let net = |results: &[gridfleet::studies::task::TaskResult]| results[i].figures["market_profit_net"];
        assert_eq!(net(&regular), 0.0);
        // Both markets together earn more than either, and risk costs.
        assert!(net(&perfect) > net(&balancing) && net(&balancing) > 0.0);
        assert!(net(&perfect) > net(&intraday) && net(&intraday) > 0.0);
        assert!(net(&perfect) > net(&careful) && net(&careful) > 0.0);
        // Without risk aversion, a forecast with errors turns riders away.
        assert!(bold[i].figures["trips_lost_committed"] > 10.0);
        assert!(net(&bold) < net(&perfect));
        // A perfect forecast is met, and turns no rider away.
        for results in [&intraday, &balancing, &perfect] {
            assert!(results[i].figures["imbalance_kwh"] < 1e-6, "{}", results[i].figures["imbalance_kwh"]);
            assert_eq!(results[i].figures["trips_lost_committed"], 0.0);
        }
        // Energy bought ahead is not drawn at the tariff; nothing else changes.
        let figure = |results: &[gridfleet::studies::task::TaskResult], name: &str| results[i].figures[name];
        assert_eq!(figure(&perfect, "energy_charged_kwh"), figure(&regular, "energy_charged_kwh"));
        let gain = figure(&perfect, "operating_profit") - figure(&regular, "operating_profit");
        assert!((gain - figure(&perfect, "market_profit")).abs() < 1e-5);
    }
}

/// Figures of the shipped scenario with these bids, with what perfect knowledge could earn.
fn bounded(bidding: &str, time: &[&str]) -> std::collections::BTreeMap<String, f64> {
    let bidding = format!("operation.bidding={bidding}");
    let set = [&bidding, "operation.clairvoyant_bound=true", "variation.demand_days=bootstrap"];
    let path = root().join("scenarios/stuttgart-vpp.toml");
    let (setup, policies) = ready(&path, &[&set[..], time].concat(), STREAMS);
    let stop = std::sync::atomic::AtomicBool::new(false);
    gridfleet::studies::task::simulate(setup, policies, STREAMS, &stop).unwrap().figures
}

/// Profit and its bound cover the same time.
#[test]
fn the_bound_leaves_the_warm_up_out() {
    let net_and_bound = |time: &[&str]| {
        let figures = bounded(r#"{kind="integrated"}"#, time);
        (figures["market_profit_net"], figures["market_profit_bound"])
    };
    let (whole, measured) =
        (net_and_bound(&["time.days=2"]), net_and_bound(&["time.days=2", "time.warm_up=1"]));
    println!("{whole:?} {measured:?}");
    assert!(0.0 < measured.0 && measured.0 <= measured.1 + 1e-6, "{measured:?}");
    assert!(measured.1 < whole.1, "{measured:?} of {whole:?}");
}

/// No policy beats what perfect knowledge could earn, and the best one is not far below it.
#[test]
fn perfect_knowledge_bounds_every_benchmark() {
    let figures = |bidding: &str| bounded(bidding, &["time.days=1"]);
    let mut best = 0.0f64;
    for bidding in [
        r#"{kind="integrated"}"#,
        r#"{kind="intraday"}"#,
        r#"{kind="balancing", risk=0.5, accuracy=0.7}"#,
        r#"{kind="integrated", accuracy_balancing=0.5, accuracy_intraday=0.6}"#,
    ] {
        let figures = figures(bidding);
        let (earned, bound) = (figures["market_profit_net"], figures["market_profit_bound"]);
        println!("{bidding}: {earned:.2} of at most {bound:.2}");
        assert!(earned <= bound + 1e-6, "{bidding}: {earned} of at most {bound}");
        best = best.max(earned / bound);
    }
    assert!(best > 0.5, "{best}");
}

/// One clear message for each possible error in markets, at its key.
#[test]
fn bad_markets_are_told_of() {
    let told = |set: &[&str]| {
        let set = set.iter().map(|text| (*text).to_owned()).collect();
        let overrides = gridfleet::scenario::Overrides { set, ..Default::default() };
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/stuttgart-vpp.toml");
        let error = gridfleet::scenario::load(&path, &overrides).unwrap_err();
        let gridfleet::error::Error::Input(errors) = error else { panic!("{error}") };
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    for (set, expected) in [
        (&["markets.intraday.kind=spot"][..], "expected \"day-ahead\", \"intraday\" or \"balancing\""),
        (&["markets.intraday.kind=balancing"], "no market of kind \"intraday\""),
        (&["operation.bidding={kind=\"day-ahead\"}"], "no market of kind \"day-ahead\""),
        (&["time.start=2018-01-01"], "expected prices that cover the period simulated, 2017-12-31T23:00:00Z"),
        (&["markets.intraday.product_s=1800"], "the slot of the price file, 900 s, or a part of it"),
        (&["markets.intraday.publish_s=3600"], "longer than the 1800 s from gate closure to delivery"),
        (&["markets.intraday.gate={kind=\"daily\", at=\"noon\"}"], "a local time, for example \"12:00\""),
        (&["markets.intraday.gate={kind=\"weekly\", weekday=\"tus\", at=\"12:00\"}"], "did you mean `tue`?"),
        (&["markets.intraday.name=secondary-reserve"], "for the second time"),
        (
            &["markets.intraday.price_floor_per_mwh=10", "markets.intraday.price_cap_per_mwh=5"],
            "below the floor",
        ),
        (&["imbalance={kind=\"single\", file=\"nothing.csv\"}"], "no such file"),
        (
            &["retailers.industry.tariff={kind=\"market\", market=\"intraday\"}"],
            "the market's results are known 1800 s ahead",
        ),
        (&["retailers.industry.tariff={kind=\"market\", market=\"intradey\"}"], "did you mean `intraday`?"),
        (&["operation.coalitions=[[\"car2go\", \"cars\"]]"], "expected the name of a fleet"),
        (&["operation.coalitions=[[\"car2go\"], [\"car2go\"]]"], "each fleet in one coalition at most"),
    ] {
        let text = told(set);
        assert!(text.contains(expected), "{set:?}\n{text}");
    }
}

/// A retailer that passes on a market's price broadcasts the clearing price.
#[test]
fn a_tariff_follows_its_market() {
    let tariff =
        "retailers.industry.tariff={kind=\"market\", market=\"secondary-reserve\", margin_per_mwh=7.5}";
    let path = root().join("scenarios/stuttgart-vpp.toml");
    let (setup, policies) = ready(&path, &["time.days=1", tariff], STREAMS);
    let reference = setup.trading.markets[MarketId(0)].reference.clone();
    let (records, _) = simulate(setup, policies, STREAMS);
    assert_eq!(records.prices.len(), 96);
    for price in &records.prices {
        assert_eq!(price.price_per_mwh, reference.at(price.valid_from).unwrap() + 7.5);
        assert!(price.broadcast_time <= price.valid_from);
    }
}

/// Reserve is paid for power kept ready, as far as it is available when called: by hand.
#[test]
fn reserve_earns_its_capacity_price() {
    let trips = [(0, START, 5, 0.1, true, 1.0), (1, START, 5, 0.1, true, 1.0)];
    let mut reserve = market("reserve", MarketKind::Balancing, 86_400, [100.0; 8]);
    reserve.capacity = Some(Series { start: START, slot_s: 900, price_per_mwh: vec![12.0; 8] });
    // From 8:05 on 8 kW are drawn: of 8 kW bought for 8:30 all of 2 kWh, of 16 kW for 8:45 2 of 4 kWh.
    let bids = vec![(0, at(8, 30), 8.0, 150.0), (0, at(8, 45), 16.0, 150.0)];
    let (day, simulation) = run(setup(&trips, [0.5, 0.5, 0.5], vec![reserve]), bids);
    let cash: Vec<_> = day.market.iter().filter(|row| row.market.is_some()).map(|row| row.cash).collect();
    // -2 kWh x 0.1 + 2 kWh x 0.012; -4 kWh x 0.1 + 2 kWh x 0.012.
    assert_eq!(cash, [-0.176, -0.376]);
    assert_eq!(simulation.ledger_total(), Money::ZERO);
}
