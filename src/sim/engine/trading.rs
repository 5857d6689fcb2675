//! Trading as events: gates close, markets clear, and the energy drawn is settled against the energy bought.
//!
//! `gridfleet_core::markets` contains the rules, `world::trading` the bidders and the progress of each market. A market
//! has *products* (slots of one length within the horizon, numbered from 0) and *gates*: one per product, or one for
//! all products of a local day or week. Gates close in the order of their products, so a market's state consists of a
//! few cursors: the next gate, the closed gates that await results, the book of bids not yet cleared, and the accepted
//! trades not yet settled, which leave in the order of products. Positions are a flat array by bidder and product.
//!
//! 1. At a gate closure each bidder's policy is called and answers with bids; bids may also be made earlier.
//! 2. At a clearing the bids of the gate are cleared product by product against a reference price (or, with a slope,
//!    against the rest of the market) by `markets::auction`. Rejected quantities are recorded at once.
//! 3. At a settlement, once per length of the shortest product, the energy that each bidder has drawn since the last
//!    one is divided over its trades in the order of the markets (`markets::delivery`); trades whose product ends are
//!    recorded and paid.
//!
//! Gates that would have closed before the start close at the start, in the order of their times and each with the
//! results of those before, so a week shorter than a market's lead can be traded.
//!
//! # Payments, each made once
//!
//! Sessions pay the stations' tariffs for all energy drawn, regardless of the supplier. At settlement the retailers
//! refund a fleet their charge for the part that came from markets (`supply_credit`), the fleet pays the markets for
//! its purchases (`trade`), and energy bought but not taken is imbalance (`imbalance`): paid for, not credited, and
//! settled with the system operator. A retailer as bidder has no tariff to fall back on: both signs are imbalance.
//!
//! # Contribution of a vehicle to a commitment
//!
//! The contribution is the mean power that the vehicle can take over the next control interval, zero if it is full
//! before the end. The lowest reading of a product can therefore be drawn throughout the product, and a perfect
//! forecast is met except for riders who make a request in the same second at a station with a queue (2 of 16,000 trips
//! in 20 weeks). The bidding policy is asked whether a plugged-in vehicle may leave when a rider requests it.
//!
//! # A forecast called perfect
//!
//! Such a forecast replays the replication without bids: `engine::policies` simulates it first and passes the readings
//! to the policies. Its errors come from a stream by fleet, market and reading. Forecasts from history (`forecast`) see
//! readings and cleared prices as they become known.

use super::step::Step;
use crate::policies::{Bidding, OpenGate, PolicyStream, Refusal};
use crate::world::{Bid, DrawnEnergy, Party, Setup, State, Trade};
use gridfleet_core::ids::{BidderId, IdVec, MarketId, VehicleId};
use gridfleet_core::ledger::{Account, EntryKind, Money, Reference};
use gridfleet_core::markets::auction::{self, Order, Rest};
use gridfleet_core::markets::delivery::Balance;
use gridfleet_core::markets::{Market, Side};
use gridfleet_core::records::{MarketRecord, Record};
use gridfleet_core::rng::Streams;
use gridfleet_core::time::SimTime;
use rand_pcg::Pcg64;

/// Maximum power of a bid [kW]: a terawatt, so that no sum of bids exceeds the range of money.
const MOST_KW: f64 = 1e9;

/// The bidding policies, meter readings at the last settlement, and working buffers.
#[derive(Default)]
pub(super) struct Traders {
    /// By bidder, with the random stream of each; empty without trading.
    policies: IdVec<BidderId, (Box<dyn Bidding>, Pcg64)>,
    /// Empty before the first reading.
    last: DrawnEnergy,
    now: DrawnEnergy,
    /// By bidder.
    balances: IdVec<BidderId, Balance>,
    /// Remaining energy to fill purchases [kWh], by bidder.
    left_kwh: IdVec<BidderId, f64>,
    bids: Vec<Bid>,
    orders: Vec<Order>,
    accepted_kw: Vec<f64>,
}

impl Traders {
    /// Sets a policy for each bidder, and schedules the first gates and the first settlement.
    ///
    /// Gates that would have closed before the start close at the start, one after the other and each with the results
    /// of those before: bidders then decide with the information available to them.
    pub fn set_policies(&mut self, step: &mut Step<'_>, policies: Vec<Box<dyn Bidding>>, streams: Streams) {
        let random = |bidder| PolicyStream::Bidder(BidderId::new(bidder)).of(streams);
        let numbered = policies.into_iter().enumerate();
        self.policies = numbered.map(|(bidder, policy)| (policy, random(bidder))).collect();
        let (start, trading) = (step.setup.start, &step.setup.trading);
        if !trading.is_active() {
            return;
        }
        for market in trading.markets.ids() {
            if let Some(closes) = next_closing(step, market) {
                step.queue.gate_closes(market, closes.max(start));
            }
        }
        let settlement_s = trading.settlement_s;
        step.queue.settlement(SimTime((start.0 + settlement_s - 1).div_euclid(settlement_s) * settlement_s));
    }

    /// Bidders that have a policy.
    pub fn bidders(&self) -> impl Iterator<Item = BidderId> + use<> {
        self.policies.ids()
    }

    pub fn is_bidder(&self, bidder: BidderId) -> bool {
        self.policies.of(bidder).is_some()
    }

    /// Calls the policy of a bidder for a gate that closes now.
    pub fn ask(&mut self, step: &mut Step<'_>, bidder: BidderId, gate: &OpenGate) {
        let (policy, random) = &mut self.policies[bidder];
        policy.bid(&mut step.turn(random), bidder, gate);
    }

    /// Calls all policies at a meter reading.
    pub fn on_interval(&mut self, step: &mut Step<'_>) {
        for (i, (policy, random)) in self.policies.iter_mut().enumerate() {
            policy.on_interval(&mut step.turn(random), BidderId::new(i));
        }
    }

    /// Whether a vehicle may leave its connector: the bidder of its fleet may need it for the energy bought.
    pub fn releases(&mut self, step: &Step<'_>, vehicle: VehicleId) -> bool {
        let v = &step.state.vehicles[vehicle];
        if self.policies.is_empty() || v.connector.is_none() {
            return true;
        }
        let Some(bidder) = step.setup.trading.bidder_of(v.fleet) else { return true };
        self.policies[bidder].0.releases(step.view(), bidder, vehicle)
    }

    /// The results of gates are due.
    pub fn on_clearing(&mut self, step: &mut Step<'_>, market: MarketId) {
        let now = step.state.now;
        self.clear_until(step, market, now);
        await_results(step, market);
    }

    /// Clears the gates whose results are due by `until`.
    pub fn clear_until(&mut self, step: &mut Step<'_>, market: MarketId, until: SimTime) {
        let rules = &step.setup.trading.markets[market];
        while let Some(gate) = step.state.trading.markets[market].closed.pop_front() {
            if gate.closes + rules.publish_s > until {
                step.state.trading.markets[market].closed.push_front(gate);
                break;
            }
            // The bids of this gate, by product, in the order in which they were placed.
            let mut bids = std::mem::take(&mut self.bids);
            bids.clear();
            step.state.trading.markets[market].book.retain(|bid| {
                let of_gate = gate.products.contains(&bid.product);
                if of_gate {
                    bids.push(*bid);
                }
                !of_gate
            });
            bids.sort_by_key(|bid| bid.product);
            let mut rest = &bids[..];
            for product in gate.products.clone() {
                let (of_product, later) = rest.split_at(rest.partition_point(|bid| bid.product == product));
                rest = later;
                self.clear_product(step, market, product, gate.closes, of_product);
            }
            self.bids = bids;
        }
    }

    fn clear_product(
        &mut self,
        step: &mut Step<'_>,
        market: MarketId,
        product: usize,
        closed: SimTime,
        bids: &[Bid],
    ) {
        let rules = &step.setup.trading.markets[market];
        let start = rules.products.start_of(product);
        let rest = Rest {
            reference_per_mwh: rules.reference.at(start).expect("market prices cover the horizon"),
            slope: rules.slope_per_mwh_kw,
            limits_per_mwh: rules.limits_per_mwh,
        };
        self.orders.clear();
        self.orders.extend(bids.iter().map(|bid| Order {
            side: bid.side,
            quantity_kw: bid.quantity_kw,
            limit_per_mwh: bid.limit_per_mwh,
        }));
        let capacity_per_mw_h = rules.capacity.as_ref().and_then(|series| series.at(start)).unwrap_or(0.0);
        let price_per_mwh = auction::clear(&self.orders, rest, &mut self.accepted_kw);
        step.state.trading.markets[market].cleared_per_mwh.push(price_per_mwh);
        for (bid, &accepted_kw) in bids.iter().zip(&self.accepted_kw) {
            let trade = Trade {
                id: step.state.trading.new_bid(),
                bid: *bid,
                closed,
                cleared_at: step.state.now,
                accepted_kw,
                price_per_mwh,
                capacity_per_mw_h,
                delivered_kwh: 0.0,
                short_kwh: 0.0,
            };
            if accepted_kw > 0.0 {
                step.state.trading.markets[market].take(trade);
            } else {
                step.books.recorder.record(Record::Market(&record(market, rules, &trade, Money::ZERO)));
            }
        }
    }

    /// The end of a settlement interval.
    pub fn on_settlement(&mut self, step: &mut Step<'_>) {
        self.settle(step);
        step.queue.settlement(step.state.now + step.setup.trading.settlement_s);
    }

    /// Settles an interval that ends with the horizon, which no event reaches.
    pub fn settle_last(&mut self, step: &mut Step<'_>) {
        let trading = &step.setup.trading;
        let ends = trading.is_active() && step.setup.end.0.rem_euclid(trading.settlement_s) == 0;
        if ends && !self.policies.is_empty() {
            self.settle(step);
        }
    }

    fn settle(&mut self, step: &mut Step<'_>) {
        let (setup, now) = (step.setup, step.state.now);
        let trading = &setup.trading;
        step.state.read_drawn(setup, &mut self.now);
        if !self.last.is_empty() {
            let start = now + -trading.settlement_s;
            self.balance(setup, step.state, start);
            self.deliver(step, start);
            let interval = ((start - setup.start) / trading.settlement_s) as u32;
            for (bidder, &party) in trading.bidders.entries() {
                let balance = self.balances[bidder];
                self.credit_supply(step, party, balance, interval);
                settle_imbalance(step, bidder, party, balance, start);
            }
        }
        std::mem::swap(&mut self.last, &mut self.now);
    }

    /// Energy that each bidder has bought, sold and drawn in the interval starting at `start`.
    fn balance(&mut self, setup: &Setup, state: &State, start: SimTime) {
        let (Self { last, now, balances, .. }, trading) = (self, &setup.trading);
        let hours = trading.settlement_s as f64 / 3_600.0;
        balances.clear();
        for &party in &trading.bidders {
            let Party::Fleet(fleet) = party else {
                balances.push(Balance::default());
                continue;
            };
            let drawn_kwh = now.row(fleet).iter().zip(last.row(fleet)).map(|(now, last)| now.kwh - last.kwh);
            // Energy fed back is paid at the tariff, so no market has bought it.
            let drawn_kwh = drawn_kwh.sum::<f64>().max(0.0);
            balances.push(Balance { drawn_kwh, ..Balance::default() });
        }
        for (rules, state) in trading.markets.iter().zip(&state.trading.markets) {
            for trade in state.trades.iter().take_while(|t| rules.products.start_of(t.bid.product) <= start) {
                let balance = &mut balances[trade.bid.bidder];
                let kwh = trade.accepted_kw * hours;
                *(if trade.bid.side == Side::Buy {
                    &mut balance.bought_kwh
                } else {
                    &mut balance.sold_kwh
                }) += kwh;
            }
        }
        // Energy that fleets have bought directly is not to be bought by their retailers.
        for (bidder, &party) in trading.bidders.entries() {
            let Party::Retailer(retailer) = party else { continue };
            let mut drawn_kwh = 0.0;
            for fleet in setup.fleets.ids() {
                let balance = trading.bidder_of(fleet).map(|bidder| balances[bidder]);
                let bought =
                    balance.filter(|b| b.drawn_kwh > 0.0).map_or(0.0, |b| b.supplied_kwh() / b.drawn_kwh);
                let cell = (fleet, retailer);
                drawn_kwh += (now[cell].kwh - last[cell].kwh) * (1.0 - bought);
            }
            balances[bidder].drawn_kwh = drawn_kwh;
        }
    }

    /// Fills the trades of the interval starting at `start`, in the order of the markets, and pays those that end.
    fn deliver(&mut self, step: &mut Step<'_>, start: SimTime) {
        let setup = step.setup;
        let hours = setup.trading.settlement_s as f64 / 3_600.0;
        self.left_kwh.clear();
        self.left_kwh.extend(self.balances.iter().map(Balance::to_fill_kwh));
        for (market, rules) in setup.trading.markets.entries() {
            let state = &mut step.state.trading.markets[market];
            for trade in
                state.trades.iter_mut().take_while(|t| rules.products.start_of(t.bid.product) <= start)
            {
                let kwh = trade.accepted_kw * hours;
                let left_kwh = &mut self.left_kwh[trade.bid.bidder];
                let taken = if trade.bid.side == Side::Buy { kwh.min(*left_kwh) } else { kwh };
                if trade.bid.side == Side::Buy {
                    *left_kwh -= taken;
                }
                trade.delivered_kwh += taken;
                trade.short_kwh += kwh - taken;
            }
            while let Some(&trade) = step.state.trading.markets[market].trades.front() {
                if rules.products.end_of(trade.bid.product) > step.state.now {
                    break;
                }
                step.state.trading.markets[market].trades.pop_front();
                let value = trade.accepted_kw * rules.products.hours() * trade.price_per_mwh / 1_000.0;
                // Reserve that was not available when called is not paid.
                let kept_ready = trade.delivered_kwh * trade.capacity_per_mw_h / 1_000.0;
                let value = if trade.bid.side == Side::Buy { -value } else { value };
                let cash = step.books.accounts.money(value + kept_ready, EntryKind::Trade, step.state.now);
                step.books.recorder.record(Record::Market(&record(market, rules, &trade, cash)));
                let bidder = Account::from(setup.trading.bidders[trade.bid.bidder]);
                let market = Account::Market(market);
                let (now, reference) = (step.state.now, Reference::Bid(trade.id));
                step.books.pay(now, bidder, market, cash, EntryKind::Trade, reference);
            }
        }
    }

    /// Sessions are charged the stations' tariffs for all energy drawn. For the part that a fleet had bought in
    /// markets, each retailer refunds its charge.
    fn credit_supply(&self, step: &mut Step<'_>, party: Party, balance: Balance, interval: u32) {
        let Party::Fleet(fleet) = party else { return };
        if balance.supplied_kwh() <= 0.0 {
            return;
        }
        let share = balance.supplied_kwh() / balance.drawn_kwh;
        for retailer in step.setup.retailers.ids() {
            let charged = self.now[(fleet, retailer)].cost - self.last[(fleet, retailer)].cost;
            let credit = step.books.accounts.money(share * charged, EntryKind::SupplyCredit, step.state.now);
            let from = Account::Retailer(retailer);
            let (now, to) = (step.state.now, Account::Fleet(fleet));
            let reference = Reference::Interval(interval);
            step.books.pay(now, to, from, credit, EntryKind::SupplyCredit, reference);
        }
    }
}

/// Schedules the results of the first closed gate of a market.
pub(super) fn await_results(step: &mut Step<'_>, market: MarketId) {
    let publish_s = step.setup.trading.markets[market].publish_s;
    if let Some(gate) = step.state.trading.markets[market].closed.front() {
        step.queue.clearing(market, (gate.closes + publish_s).max(step.state.now));
    }
}

/// Whether closed gates of a market await results.
pub(super) fn awaits_results(step: &Step<'_>, market: MarketId) -> bool {
    !step.state.trading.markets[market].closed.is_empty()
}

/// Time at which the next gate of a market closes.
pub(super) fn next_closing(step: &Step<'_>, market: MarketId) -> Option<SimTime> {
    Some(step.state.trading.markets[market].next_gate.as_ref()?.closes)
}

/// The next gate of a market to close, as bidders see it.
pub(super) fn open_gate(step: &Step<'_>, market: MarketId) -> Option<OpenGate> {
    let gate = step.state.trading.markets[market].next_gate.as_ref()?;
    Some(OpenGate { market, products: gate.products.clone(), closes: step.state.now })
}

/// Closes the next gate of a market: its bids await clearing.
pub(super) fn close_gate(step: &mut Step<'_>, market: MarketId) {
    let rules = &step.setup.trading.markets[market];
    let state = &mut step.state.trading.markets[market];
    if let Some(gate) = state.next_gate.take() {
        state.next_gate = rules.gates.gate(gate.products.end, &rules.products, &step.setup.clock);
        state.closed.push_back(gate);
    }
}

/// Submits a bid to the order book of a market.
pub(super) fn place_bid(step: &mut Step<'_>, market: MarketId, bid: Bid) -> Result<(), Refusal> {
    let rules = &step.setup.trading.markets[market];
    if bid.product >= rules.products.count {
        return Err(Refusal::NoSuchProduct);
    }
    if bid.quantity_kw > MOST_KW {
        return Err(Refusal::NoSuchPower);
    }
    let state = &mut step.state.trading.markets[market];
    // Gates close in the order of their products.
    let open_from = state.next_gate.as_ref().map_or(rules.products.count, |gate| gate.products.start);
    if bid.product < open_from {
        return Err(Refusal::GateClosed);
    }
    if let Some(opens_s) = rules.opens_s {
        let gate = rules.gates.gate(bid.product, &rules.products, &step.setup.clock);
        if gate.is_none_or(|gate| gate.closes + -opens_s > step.state.now) {
            return Err(Refusal::GateNotOpen);
        }
    }
    let quantity_kw = rules.lots.fit(bid.quantity_kw);
    if quantity_kw <= 0.0 || !bid.limit_per_mwh.is_finite() || !quantity_kw.is_finite() {
        return Err(Refusal::QuantityTooSmall);
    }
    state.book.push(Bid { quantity_kw, ..bid });
    Ok(())
}

fn settle_imbalance(step: &mut Step<'_>, bidder: BidderId, party: Party, balance: Balance, start: SimTime) {
    let trading = &step.setup.trading;
    let short_kwh = match party {
        // A fleet pays the tariff for energy drawn beyond its purchases.
        Party::Fleet(_) => balance.uncovered_kwh(),
        Party::Retailer(_) => balance.beyond_kwh(),
    };
    let long_kwh = balance.long_kwh();
    let (side, kwh) = if long_kwh > 0.0 { (Side::Sell, long_kwh) } else { (Side::Buy, short_kwh) };
    // Sums of powers and of energies differ in their last digits: a microwatt hour counts as zero.
    if kwh <= 1e-9 {
        return;
    }
    let prices = trading.imbalance.prices(start);
    let (price, sign) =
        if side == Side::Sell { (prices.long_per_mwh, 1.0) } else { (prices.short_per_mwh, -1.0) };
    let cash = sign * kwh * price / 1_000.0;
    let cash = step.books.accounts.money(cash, EntryKind::Imbalance, step.state.now);
    let (now, kw) = (step.state.now, kwh / (trading.settlement_s as f64 / 3_600.0));
    let bid = step.state.trading.new_bid();
    step.books.recorder.record(Record::Market(&MarketRecord {
        bid,
        market: None,
        product_start: start,
        product_end: now,
        gate_closure: now,
        cleared_at: now,
        bidder,
        side,
        quantity_kw: kw,
        limit_price_per_mwh: None,
        clearing_price_per_mwh: price,
        capacity_price_per_mw_h: 0.0,
        accepted_kw: kw,
        delivered_kwh: 0.0,
        imbalance_kwh: kwh,
        cash: cash.units(),
    }));
    let (to, from) = (Account::from(party), Account::SystemOperator);
    step.books.pay(now, to, from, cash, EntryKind::Imbalance, Reference::Bid(bid));
}

fn record(market: MarketId, rules: &Market, trade: &Trade, cash: Money) -> MarketRecord {
    MarketRecord {
        bid: trade.id,
        market: Some(market),
        product_start: rules.products.start_of(trade.bid.product),
        product_end: rules.products.end_of(trade.bid.product),
        gate_closure: trade.closed,
        cleared_at: trade.cleared_at,
        bidder: trade.bid.bidder,
        side: trade.bid.side,
        quantity_kw: trade.bid.quantity_kw,
        limit_price_per_mwh: Some(trade.bid.limit_per_mwh),
        clearing_price_per_mwh: trade.price_per_mwh,
        capacity_price_per_mw_h: trade.capacity_per_mw_h,
        accepted_kw: trade.accepted_kw,
        delivered_kwh: trade.delivered_kwh,
        imbalance_kwh: trade.short_kwh,
        cash: cash.units(),
    }
}
