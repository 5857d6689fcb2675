//! Retailers that compete: two hours by hand, the shipped scenario under each policy, and errors in a file.

use crate::support::cli::{Dir, gridfleet};
use crate::support::files::summary;
use crate::support::plant::{START, Script, at, setup};
use crate::support::runs::{STREAMS, policies, simulate};
use gridfleet::engine::Simulation;
use gridfleet::ids::{BidderId, FleetId, RetailerId};
use gridfleet::ledger::{Account, EntryKind};
use gridfleet::markets::{GateRule, Imbalance, Lots, Market, MarketKind, Products, Series, Side};
use gridfleet::policies::{BiddingSpec, Policies};
use gridfleet::records::Collected;
use gridfleet::rng::Purpose;
use gridfleet::world::{Competition, Party, Retailer, Setup, Tariff};
use serde_json::Value as Json;
use std::sync::Arc;

/// The three cars of the plant, all plugged in from 8:05: a and b take 4 kW until ten, c until
/// 9:20. Our price is 200; the rival's is 300 from eight and 100 from nine. a and c have a contract with us, b with the
/// rival.
fn two_hours(reluctance: f64) -> Setup {
    let trips = [(0, START, 5, 0.1, true, 1.0), (1, START, 5, 0.1, true, 1.0), (2, START, 5, 0.1, true, 1.0)];
    let mut setup = setup(&trips, [0.5, 0.5, 0.9], Vec::new());
    let mut hours = vec![300.0; 168];
    hours.iter_mut().skip(9).step_by(24).for_each(|price| *price = 100.0);
    setup.retailers.push(Retailer {
        name: "rival".into(),
        tariff: Tariff::TimeOfUse(hours.into()),
        slot_s: 3_600,
        lead_s: 3_600,
    });
    setup.competition = Some(Competition {
        retailers: vec![RetailerId(0), RetailerId(1)],
        member: vec![true, true].into(),
        initial_shares: vec![0.5, 0.5],
        reluctance_per_mwh: vec![vec![0.0, reluctance], vec![reluctance, 0.0]],
        max_price_per_mwh: 1_000.0,
        rival_price_sd: 0.0,
        typical_kw: vec![0.0; 24],
        contracts: vec![0, 1, 0].into(),
        streams: STREAMS.of(Purpose::RivalPrices),
    });
    setup
}

type Bids = Vec<(u16, gridfleet::time::SimTime, f64, f64)>;

fn run(setup: Setup, bids: Vec<Bids>) -> (Collected, Simulation) {
    let setup = Arc::new(setup);
    let plant = || BiddingSpec::Regular {}.build(&setup, BidderId(0), None, STREAMS);
    let bidding = bids.into_iter().map(|bids| Box::new(Script { bids, plant: plant() }) as Box<_>).collect();
    simulate(setup, Policies { bidding, ..policies() }, STREAMS)
}

/// Energy and revenue of each slot and competitor.
fn supply(day: &Collected) -> Vec<[f64; 2]> {
    day.supply.iter().map(|record| [record.energy_kwh, record.revenue]).collect()
}

fn near(found: &[[f64; 2]], expected: &[[f64; 2]]) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (a, b) in found.iter().flatten().zip(expected.iter().flatten()) {
        assert!((a - b).abs() < 1e-6, "{found:?} for {expected:?}");
    }
}

/// Payments of stations to a retailer.
fn paid(day: &Collected, simulation: &Simulation, retailer: &str) -> f64 {
    let setup = simulation.setup();
    let number = setup.retailers.iter().position(|other| other.name == retailer).unwrap();
    let account = setup.chart().id(Account::Retailer(RetailerId::new(number)));
    let energy = day.ledger.iter().filter(|entry| entry.kind == EntryKind::Energy);
    energy.filter(|entry| entry.debit == account).map(|entry| entry.amount.units()).sum()
}

#[test]
fn everybody_buys_where_it_is_cheapest_hour_by_hour() {
    let (day, simulation) = run(two_hours(0.0), Vec::new());
    // 8:05 to 9:00 at 200 with us, all three; from nine at 100 with the rival, c until 9:20.
    let first = 3.0 * 4.0 * 55.0 / 60.0;
    let second = 2.0 * 4.0 + 4.0 / 3.0;
    near(&supply(&day), &[[first, 0.2 * first], [0.0, 0.0], [0.0, 0.0], [second, 0.1 * second]]);
    let shares: Vec<f64> = day.supply.iter().map(|record| record.share).collect();
    assert_eq!(shares, [1.0, 0.0, 0.0, 1.0]);
    assert!((paid(&day, &simulation, "industry") - 0.2 * first).abs() < 1e-5);
    assert!((paid(&day, &simulation, "rival") - 0.1 * second).abs() < 1e-5);
    assert!(day.sessions.len() == 3 && day.sessions.iter().all(|session| session.retailer == RetailerId(1)));
    // A session includes both prices.
    let each = 4.0 * 55.0 / 60.0 * 0.2;
    let costs: Vec<f64> = day.sessions.iter().map(|session| session.cost).collect();
    let mut expected = [each + 0.4, each + 0.4, each + 0.4 / 3.0];
    expected.sort_by(f64::total_cmp);
    let mut sorted = costs.clone();
    sorted.sort_by(f64::total_cmp);
    assert!(sorted.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5), "{costs:?}");
}

/// Switching costs 150: no owner saves as much.
#[test]
fn who_is_reluctant_stays() {
    let (day, _) = run(two_hours(150.0), Vec::new());
    let hour = 4.0 * 55.0 / 60.0;
    let ours = 4.0 + 4.0 / 3.0;
    near(&supply(&day), &[[2.0 * hour, 0.4 * hour], [hour, 0.3 * hour], [ours, 0.2 * ours], [4.0, 0.4]]);
    assert!(day.supply.iter().all(|record| record.share == 0.5));
    let mut sellers: Vec<_> = day.sessions.iter().map(|s| (s.vehicle.0, s.retailer.0)).collect();
    sellers.sort_unstable();
    assert_eq!(sellers, [(0, 0), (1, 1), (2, 0)]);
}

fn with_markets(mut setup: Setup, bidders: Vec<Party>) -> Setup {
    let series = |prices: [f64; 2]| Series { start: START, slot_s: 3_600, price_per_mwh: prices.to_vec() };
    setup.trading.markets = vec![Market {
        name: "day-ahead".into(),
        kind: MarketKind::DayAhead,
        products: Products::within(START, at(10, 0), 3_600),
        gates: GateRule::Lead(1_800),
        opens_s: None,
        publish_s: 0,
        reference: series([100.0, 60.0]),
        capacity: None,
        slope_per_mwh_kw: 0.0,
        limits_per_mwh: [-3_000.0, 3_000.0],
        lots: Lots { minimum_kw: 0.0, step_kw: 0.0 },
    }]
    .into();
    setup.trading.bidders = bidders.into();
    setup.trading.imbalance = Imbalance::Dual { up: series([400.0, 400.0]), down: series([50.0, 50.0]) };
    setup.trading.settlement_s = 3_600;
    setup
}

/// We buy 10 kWh for the first hour and sell 11, and buy 5 kWh for the second, in which we sell none.
#[test]
fn what_was_not_bought_ahead_is_imbalance() {
    let setup = with_markets(two_hours(0.0), vec![Party::Retailer(RetailerId(0))]);
    let bids = vec![(0, at(8, 0), 10.0, 3_000.0), (0, at(9, 0), 5.0, 3_000.0)];
    let (day, simulation) = run(setup, vec![bids]);
    let rows: Vec<(bool, Side, i64)> = day
        .market
        .iter()
        .map(|record| (record.market.is_some(), record.side, (record.cash * 1e6).round() as i64))
        .collect();
    // 1 kWh short at 400, 5 kWh long at 50.
    for row in [
        (true, Side::Buy, -1_000_000),
        (false, Side::Buy, -400_000),
        (true, Side::Buy, -300_000),
        (false, Side::Sell, 250_000),
    ] {
        assert!(rows.contains(&row), "{row:?} in {rows:?}");
    }
    assert_eq!(rows.len(), 4);
    assert!((paid(&day, &simulation, "industry") - 2.2).abs() < 1e-5);
}

/// The fleet has bought 6 of the 11 kWh itself: 5 remain for its retailer to supply, which has bought 10.
#[test]
fn what_a_fleet_buys_for_itself_is_not_its_retailers_to_buy() {
    let bidders = vec![Party::Fleet(FleetId(0)), Party::Retailer(RetailerId(0))];
    let bids = vec![vec![(0, at(8, 0), 6.0, 3_000.0)], vec![(0, at(8, 0), 10.0, 3_000.0)]];
    let (day, _) = run(with_markets(two_hours(0.0), bidders), bids);
    let of_first = |bidder: u16| {
        let rows =
            day.market.iter().filter(move |r| r.bidder == BidderId(bidder) && r.product_start == START);
        rows.filter(|r| r.market.is_none()).map(|r| (r.side, r.imbalance_kwh)).collect::<Vec<_>>()
    };
    assert_eq!(of_first(0), []);
    let [(Side::Sell, kwh)] = of_first(1)[..] else { panic!("{:?}", of_first(1)) };
    assert!((kwh - 5.0).abs() < 1e-9, "{kwh}");
}

/// A week of the shipped scenario under a policy, audited; the figures of the aggregator.
fn week(policy: &str, replication: &str, more: &[&str]) -> Json {
    let temporary = Dir::new();
    let folder = temporary.at("run");
    let run = ["run", "scenarios/aggregator.toml", "--audit", "--replication", replication];
    let set = format!("operation.aggregator={policy}");
    let run = gridfleet(run).output(&folder).set(["time.days=7", &set]).set(more);
    let out = run.succeeds().out;
    for check in [
        "Supply: revenue is energy at the price that was broadcast",
        "Supply: energy sold by competitors is that drawn at their stations",
        "Supply: revenue is that of the ledger",
        "Supply: energy sold and not bought ahead is imbalance",
    ] {
        let line = out.lines().find(|line| line.contains(check)).unwrap_or_else(|| panic!("{check}: {out}"));
        assert!(!line.contains("not possible") && !line.contains(" 0 "), "{line}");
    }
    let summary = summary(&folder);
    assert!(summary["refused_actions"].as_object().unwrap().is_empty(), "{summary}");
    summary["competitors"][0].clone()
}

fn figure(figures: &Json, name: &str) -> f64 {
    figures[name].as_f64().unwrap_or_else(|| panic!("{name} in {figures}"))
}

/// In every replication; and purchases and sales balance.
#[test]
fn nobody_earns_more_than_who_knows_everything() {
    for replication in ["0", "1"] {
        let bound = week("{ kind = \"perfect-foresight\" }", replication, &[]);
        let most = figure(&bound, "profit");
        assert!(most > 0.0 && figure(&bound, "day_profit_cvar") > -1.0, "{bound}");
        for policy in [
            "{ kind = \"passive\" }",
            "{ kind = \"naive\" }",
            "{ kind = \"bilevel\", beta = 0.1 }",
            "{ kind = \"bilevel\", beta = 10.0, demand_forecast = \"perfect\" }",
            "{ kind = \"bilevel\", purchase = \"curve\" }",
        ] {
            let figures = week(policy, replication, &[]);
            assert!(figure(&figures, "profit") < most, "{policy}: {figures}");
            let (bought, sold) = (figure(&figures, "bought_kwh"), figure(&figures, "energy_kwh"));
            let (short, long) = (figure(&figures, "short_kwh"), figure(&figures, "long_kwh"));
            assert!((bought + short - long - sold).abs() < 1e-3, "{policy}: {figures}");
        }
    }
}

/// If no owner would switch, a quarter of the owners stays: the aggregator asks the highest price allowed.
#[test]
fn whose_owners_do_not_go_asks_the_most() {
    let figures = week("{ kind = \"bilevel\" }", "0", &["competition.reluctance_per_mwh=500.0"]);
    assert!((figure(&figures, "sold_at_per_mwh") - 80.0).abs() < 1e-6, "{figures}");
    assert!((0.15..0.35).contains(&figure(&figures, "energy_share")), "{figures}");
}

/// A bid at any price clears at any price: here all prices are at a floor of 4,000 per MWh.
#[test]
fn any_price_is_the_highest_of_the_market() {
    let figures = week("{ kind = \"naive\" }", "0", &["markets.day-ahead.price_floor_per_mwh=4000.0"]);
    let (bought, short) = (figure(&figures, "bought_kwh"), figure(&figures, "short_kwh"));
    assert!(bought > short, "{figures}");
}

#[test]
fn a_competition_that_cannot_be_is_told_of() {
    let mut all = String::new();
    for set in [
        "competition.retailers=[\"ours\", \"stedy\"]",
        "competition.retailers=[\"ours\", \"ours\"]",
        "competition.max_price_per_mwh=0.25",
        "competition.initial_shares=[0.5, 0.5, 0.5, 0.5]",
        "competition.reluctance_per_mwh=[[0.0]]",
        "imbalance={ kind = \"penalty\" }",
        "markets=[]",
        "time.start=2016-08-20",
        "retailers.1.slot_s=1800",
    ] {
        let err = gridfleet(["validate", "scenarios/aggregator.toml", "--set", set]).refused().err;
        all.push_str(&format!("--- {set}\n{err}"));
    }
    insta::assert_snapshot!(all);
    let none = ["run", "scenarios/small.toml", "--set", "operation.aggregator={ kind = \"naive\" }"];
    gridfleet(none).fails(2).reports("found \"naive\", but no [competition]");
}
