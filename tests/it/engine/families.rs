//! A skeleton of each family against the traits as they are: each gets its inputs from its view and responds with
//! actions. No strategies: only the parts of which strategies are made. Nash and C-Nash are in `loads`.

use crate::support::runs::{policies, simulate};
use crate::support::{City, MONDAY, city};
use gridfleet::engine::Simulation;
use gridfleet::ids::{BidderId, FleetId, MarketId, RetailerId, VehicleId};
use gridfleet::markets::{GateRule, Imbalance, Lots, Market, MarketKind, Products, Series, Side};
use gridfleet::policies::{Action, Bidding, Charging, ChargingSpec, DispatchSpec, OpenGate, Policies, Turn};
use gridfleet::records::{Collected, MarketRecord, TripStatus};
use gridfleet::rng::Streams;
use gridfleet::time::{DAY_S, HOUR_S, LocalClock};
use gridfleet::world::{Party, Setup, Trading, View};

const STREAMS: Streams = Streams { seed: 5, replication: 0 };

fn town() -> Setup {
    city(City {
        seed: 5,
        requests: 3_000,
        vehicles: 60,
        stations: 12,
        fleets: 2,
        zones: 40,
        days: 2,
        patience_s: 600,
    })
}

fn run(setup: Setup, charging: Box<dyn Charging>, bidding: Vec<Box<dyn Bidding>>) -> (Collected, Simulation) {
    let dispatch = DispatchSpec::Batched { interval_s: 30 }.build();
    let policies = Policies { dispatch, charging, bidding, ..policies() };
    simulate(setup, policies, STREAMS)
}

fn opportunistic() -> Box<dyn Charging> {
    let (start_soc, target_soc, idle_soc, idle_s) = (0.25, 0.9, 0.7, 600);
    ChargingSpec::Opportunistic { start_soc, target_soc, idle_soc, idle_s, candidates: 4 }.build()
}

/// An hourly market for which `party` bids.
fn trading(setup: &Setup, party: Party) -> Trading {
    let hours = 24 * 2;
    Trading {
        markets: vec![Market {
            name: "day-ahead".into(),
            kind: MarketKind::DayAhead,
            products: Products::within(setup.start, setup.end, HOUR_S),
            gates: GateRule::Daily { at_s: 12 * 3_600, days_before: 1 },
            opens_s: None,
            publish_s: 2_700,
            reference: Series {
                start: MONDAY,
                slot_s: HOUR_S,
                price_per_mwh: (0..hours).map(|hour| 30.0 + f64::from(hour % 24)).collect(),
            },
            capacity: None,
            slope_per_mwh_kw: 0.01,
            limits_per_mwh: [-500.0, 3_000.0],
            lots: Lots { minimum_kw: 0.0, step_kw: 0.1 },
        }]
        .into(),
        bidders: vec![party].into(),
        imbalance: Imbalance::Penalty(100.0),
        settlement_s: 900,
        clairvoyant_bound: false,
    }
}

/// 1. Cooperative: the setup defines which fleets share vehicles; dispatch and views cover the coalition.
#[test]
fn cooperative_fleets_serve_each_others_riders() {
    let served =
        |told: &Collected| told.trips.iter().filter(|trip| trip.status == TripStatus::Served).count();
    let (alone, _) = run(town(), opportunistic(), Vec::new());
    let mut together = town();
    together.coalitions = vec![0, 0].into();
    let asked = together.requests.fleet.clone();
    let (together, simulation) = run(together, opportunistic(), Vec::new());
    assert!(served(&together) > served(&alone), "{} {}", served(&together), served(&alone));
    let lent = together.trips.iter().filter(|trip| trip.fleet != asked[trip.request]).count();
    assert!(lent > 100, "{lent}");
    assert!(alone.trips.iter().all(|trip| trip.fleet == asked[trip.request]));
    assert!(simulation.refusals().all(|(refusal, _)| refusal.name() != "other_fleet"));
}

/// 3. Stackelberg's followers: vehicles that wait for the prices announced an hour ahead.
struct Follower {
    inner: Box<dyn Charging>,
}

impl Charging for Follower {
    fn on_idle(&mut self, turn: &mut Turn<'_>, idle: &[VehicleId]) {
        self.inner.on_idle(turn, idle);
    }
    fn on_interval(&mut self, turn: &mut Turn<'_>) {
        let view = turn.view;
        self.inner.on_interval(turn);
        for fleet in (0..view.fleet_count()).map(FleetId::new) {
            for vehicle in view.vehicles_of(fleet).filter(|&v| view.vehicle(v).activity().is_plugged()) {
                let Some(station) = view.vehicle(vehicle).station else { continue };
                let book = view.prices(view.retailer(station));
                let announced =
                    book.broadcasts.iter().rev().take_while(|price| price.valid_from > view.now());
                let falls = announced.last().is_some_and(|next| next.price_per_mwh < book.current_per_mwh);
                let power_kw = if falls && view.soc(vehicle) > 0.4 { 0.0 } else { f64::INFINITY };
                turn.actions.push(Action::SetPower { vehicle, power_kw });
            }
        }
    }
}

#[test]
fn followers_hold_their_charge_for_a_lower_price() {
    let mean_price = |told: &Collected| {
        let energy: f64 = told.sessions.iter().map(|s| s.energy_kwh).sum();
        assert!(energy > 0.0);
        told.sessions.iter().map(|s| s.cost).sum::<f64>() / energy
    };
    let (before, _) = run(town(), opportunistic(), Vec::new());
    let (after, _) = run(town(), Box::new(Follower { inner: opportunistic() }), Vec::new());
    assert!(mean_price(&after) < mean_price(&before), "{} {}", mean_price(&after), mean_price(&before));
}

/// 4. Bi-level: an aggregator buys the day ahead for the stations that it supplies; deviations are imbalance.
struct Aggregator {
    load_kw: f64,
    prices: Vec<f64>,
}

impl Bidding for Aggregator {
    fn bid(&mut self, turn: &mut Turn<'_>, bidder: BidderId, gate: &OpenGate) {
        let view = turn.view;
        let market = view.market(gate.market);
        self.prices.extend((self.prices.len()..market.cleared()).filter_map(|p| market.clearing_price(p)));
        for product in gate.products.clone() {
            let quantity_kw = self.load_kw - view.committed_kw(bidder, market.products().start_of(product));
            // A curve: half at any price, half below 45.
            for limit_per_mwh in [3_000.0, 45.0] {
                let (market, side, quantity_kw) = (gate.market, Side::Buy, quantity_kw / 2.0);
                turn.actions.push(Action::Bid { bidder, market, product, side, quantity_kw, limit_per_mwh });
            }
        }
    }
}

#[test]
fn a_retailer_trades_and_settles_both_signs() {
    let mut setup = town();
    setup.clock = LocalClock::new(chrono_tz::UTC, setup.start + -7 * DAY_S, setup.end + 7 * DAY_S);
    setup.trading = trading(&setup, Party::Retailer(RetailerId(0)));
    let aggregator = Aggregator { load_kw: 60.0, prices: Vec::new() };
    let (told, _) = run(setup, opportunistic(), vec![Box::new(aggregator)]);
    let (settled, bids): (Vec<&MarketRecord>, Vec<&MarketRecord>) =
        told.market.iter().partition(|row| row.market.is_none());
    assert_eq!(bids.len(), 2 * 48);
    let short = settled.iter().filter(|row| row.side == Side::Buy).count();
    let long = settled.iter().filter(|row| row.side == Side::Sell).count();
    assert!(short > 0 && long > 0 && short + long <= 192, "{short} {long}");
    // Its own demand moves the price: 0.01 per kilowatt.
    let first = bids.iter().find(|row| row.accepted_kw == row.quantity_kw && row.quantity_kw > 0.0).unwrap();
    let of_hour: f64 =
        bids.iter().filter(|row| row.product_start == first.product_start).map(|row| row.accepted_kw).sum();
    let reference = 30.0 + ((first.product_start - MONDAY) / HOUR_S % 24) as f64;
    assert!((first.clearing_price_per_mwh - (reference + 0.01 * of_hour)).abs() < 1e-6);
    // Days are cleared together, three quarters of an hour after noon; the first two before the start.
    assert!(bids.iter().all(|row| row.cleared_at <= MONDAY + 12 * HOUR_S + 2_700));
    assert!(bids.iter().any(|row| row.cleared_at == MONDAY + 12 * HOUR_S + 2_700));
}

/// 5. Reinforcement learning: observation, action and reward of an agent that chooses a risk at each gate.
struct Agent {
    account: Vec<(usize, f64)>,
}

impl Bidding for Agent {
    fn bid(&mut self, turn: &mut Turn<'_>, bidder: BidderId, gate: &OpenGate) {
        let view = turn.view;
        use rand::RngExt as _;
        let Party::Fleet(fleet) = view.party(bidder) else { return };
        // Hour, power that can be taken, power committed: an observation; a risk: an action.
        let observation = (view.clock().hour(view.now()), view.pool_kw(fleet));
        let risk: f64 = turn.random.random();
        self.account.push(observation);
        for product in gate.products.clone() {
            let (market, side, limit_per_mwh) = (gate.market, Side::Buy, 100.0);
            let quantity_kw = 50.0 * (1.0 - risk);
            turn.actions.push(Action::Bid { bidder, market, product, side, quantity_kw, limit_per_mwh });
        }
    }
    fn releases(&mut self, view: View<'_>, bidder: BidderId, vehicle: VehicleId) -> bool {
        let committed_kw = view.position_kw(MarketId(0), bidder, view.now());
        committed_kw <= 0.0 || view.pool_share_kw(vehicle) == 0.0
    }
}

#[test]
fn an_agent_bids_for_a_fleet_and_keeps_its_vehicles() {
    let mut setup = town();
    setup.trading = trading(&setup, Party::Fleet(FleetId(1)));
    let (told, simulation) = run(setup, opportunistic(), vec![Box::new(Agent { account: Vec::new() })]);
    // The records contain the reward.
    let reward: f64 = told.market.iter().map(|row| row.cash).sum();
    assert!(reward < 0.0);
    assert!(simulation.refusals().any(|(refusal, n)| refusal.name() == "committed" && n > 0));
    let day = told.market.iter().filter(|row| row.market.is_some()).count();
    assert_eq!(day as i64, 2 * DAY_S / HOUR_S);
}
