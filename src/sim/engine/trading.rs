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

use super::{Accounts, Simulation};
use crate::policies::{OpenGate, Refusal, Turn};
use crate::world::{Bid, EnergyAccount, Party, Trade, View};
use gridfleet_core::ids::{BidderId, FleetId, MarketId};
use gridfleet_core::ledger::{EntryKind, Money, Reference};
use gridfleet_core::markets::auction::{self, Order, Rest};
use gridfleet_core::markets::delivery::Balance;
use gridfleet_core::markets::{Market, Side};
use gridfleet_core::records::{MarketRecord, Recorder};
use gridfleet_core::time::SimTime;

/// Maximum power of a bid [kW]: a terawatt, so that no sum of bids exceeds the range of money.
const MOST_KW: f64 = 1e9;

/// Meter readings at the last settlement, and working buffers.
#[derive(Debug, Clone, Default)]
pub(super) struct Settlements {
    /// By fleet and retailer; empty before the first reading.
    last: Vec<EnergyAccount>,
    now: Vec<EnergyAccount>,
    /// By bidder.
    balances: Vec<Balance>,
    /// Remaining energy to fill purchases [kWh], by bidder.
    left_kwh: Vec<f64>,
    bids: Vec<Bid>,
    orders: Vec<Order>,
    accepted_kw: Vec<f64>,
}

impl Simulation {
    /// Gates that would have closed before the start close at the start, one after the other and each with the results
    /// of those before: bidders then decide with the information available to them.
    pub(super) fn schedule_trading(&mut self) {
        let start = self.setup.start;
        let trading = &self.setup.trading;
        if !trading.is_active() {
            return;
        }
        let due: Vec<(MarketId, SimTime)> = (0..trading.markets.len())
            .filter_map(|m| {
                Some((MarketId::new(m), self.state.trading.markets[m].next_gate.as_ref()?.closes))
            })
            .collect();
        for (market, closes) in due {
            self.queue.gate_closes(market, closes.max(start));
        }
        let settlement_s = trading.settlement_s;
        self.queue.settlement(SimTime((start.0 + settlement_s - 1).div_euclid(settlement_s) * settlement_s));
    }

    /// Last opportunity to bid: every bidder is called for each gate that closes now.
    pub(super) fn on_gate_closure(&mut self, market: MarketId, recorder: &mut dyn Recorder) {
        if self.state.now == self.setup.start {
            self.close_gates_before_start(recorder);
        }
        let awaited = !self.state.trading.markets[market.index()].closed.is_empty();
        while let Some(closes) = self.next_closing(market) {
            if closes > self.state.now {
                self.queue.gate_closes(market, closes);
                break;
            }
            self.close_gate(market, recorder);
        }
        if !awaited {
            self.await_results(market);
        }
    }

    /// Schedules the results of the first closed gate of a market.
    fn await_results(&mut self, market: MarketId) {
        let publish_s = self.setup.trading.markets[market.index()].publish_s;
        if let Some(gate) = self.state.trading.markets[market.index()].closed.front() {
            self.queue.clearing(market, (gate.closes + publish_s).max(self.state.now));
        }
    }

    fn next_closing(&self, market: MarketId) -> Option<SimTime> {
        Some(self.state.trading.markets[market.index()].next_gate.as_ref()?.closes)
    }

    fn close_gates_before_start(&mut self, recorder: &mut dyn Recorder) {
        let all: Vec<MarketId> = (0..self.setup.trading.markets.len()).map(MarketId::new).collect();
        let earliest = |simulation: &Self| {
            let closings = all.iter().filter_map(|&market| Some((simulation.next_closing(market)?, market)));
            closings.min().filter(|&(closes, _)| closes < simulation.setup.start)
        };
        if earliest(self).is_none() {
            return;
        }
        while let Some((closes, market)) = earliest(self) {
            for &market in &all {
                self.clear_until(market, closes, recorder);
            }
            self.close_gate(market, recorder);
        }
        all.into_iter().for_each(|market| self.await_results(market));
    }

    /// Calls every bidder for the next gate of a market to close, and closes it.
    fn close_gate(&mut self, market: MarketId, recorder: &mut dyn Recorder) {
        let (now, m) = (self.state.now, market.index());
        if let Some(gate) = self.state.trading.markets[m].next_gate.clone() {
            let open = OpenGate { market, products: gate.products.clone(), closes: now };
            for i in 0..self.bidding.len() {
                let mut actions = std::mem::take(&mut self.actions);
                let view = View::new(&self.setup, &self.state);
                let turn = &mut Turn { view, random: &mut self.bidding_random[i], actions: &mut actions };
                self.bidding[i].bid(turn, BidderId::new(i), &open);
                self.apply(&mut actions, recorder);
                self.actions = actions;
            }
            let rules = &self.setup.trading.markets[m];
            let state = &mut self.state.trading.markets[m];
            state.next_gate = rules.gates.gate(gate.products.end, &rules.products, &self.setup.clock);
            state.closed.push_back(gate);
        }
    }

    /// Submits a bid to the order book of a market.
    pub(super) fn place_bid(&mut self, market: MarketId, bid: Bid) -> Result<(), Refusal> {
        let rules = &self.setup.trading.markets[market.index()];
        if bid.product >= rules.products.count {
            return Err(Refusal::NoSuchProduct);
        }
        if bid.quantity_kw > MOST_KW {
            return Err(Refusal::NoSuchPower);
        }
        let state = &mut self.state.trading.markets[market.index()];
        // Gates close in the order of their products.
        let open_from = state.next_gate.as_ref().map_or(rules.products.count, |gate| gate.products.start);
        if bid.product < open_from {
            return Err(Refusal::GateClosed);
        }
        if let Some(opens_s) = rules.opens_s {
            let gate = rules.gates.gate(bid.product, &rules.products, &self.setup.clock);
            if gate.is_none_or(|gate| gate.closes + -opens_s > self.state.now) {
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

    /// The results of gates are due.
    pub(super) fn on_clearing(&mut self, market: MarketId, recorder: &mut dyn Recorder) {
        self.clear_until(market, self.state.now, recorder);
        self.await_results(market);
    }

    /// Clears the gates whose results are due by `until`.
    fn clear_until(&mut self, market: MarketId, until: SimTime, recorder: &mut dyn Recorder) {
        let m = market.index();
        let setup = std::sync::Arc::clone(&self.setup);
        let rules = &setup.trading.markets[m];
        while let Some(gate) = self.state.trading.markets[m].closed.pop_front() {
            if gate.closes + rules.publish_s > until {
                self.state.trading.markets[m].closed.push_front(gate);
                break;
            }
            // The bids of this gate, by product, in the order in which they were placed.
            let mut bids = std::mem::take(&mut self.settlements.bids);
            bids.clear();
            self.state.trading.markets[m].book.retain(|bid| {
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
                self.clear_product(market, rules, product, gate.closes, of_product, recorder);
            }
            self.settlements.bids = bids;
        }
    }

    fn clear_product(
        &mut self,
        market: MarketId,
        rules: &Market,
        product: usize,
        closed: SimTime,
        bids: &[Bid],
        recorder: &mut dyn Recorder,
    ) {
        let start = rules.products.start_of(product);
        let rest = Rest {
            reference_per_mwh: rules.reference.at(start).expect("market prices cover the horizon"),
            slope: rules.slope_per_mwh_kw,
            limits_per_mwh: rules.limits_per_mwh,
        };
        let scratch = &mut self.settlements;
        scratch.orders.clear();
        scratch.orders.extend(bids.iter().map(|bid| Order {
            side: bid.side,
            quantity_kw: bid.quantity_kw,
            limit_per_mwh: bid.limit_per_mwh,
        }));
        let capacity_per_mw_h = rules.capacity.as_ref().and_then(|series| series.at(start)).unwrap_or(0.0);
        let price_per_mwh = auction::clear(&scratch.orders, rest, &mut scratch.accepted_kw);
        self.state.trading.markets[market.index()].cleared_per_mwh.push(price_per_mwh);
        for (bid, &accepted_kw) in bids.iter().zip(&self.settlements.accepted_kw) {
            let trade = Trade {
                id: self.state.trading.new_bid(),
                bid: *bid,
                closed,
                cleared_at: self.state.now,
                accepted_kw,
                price_per_mwh,
                capacity_per_mw_h,
                delivered_kwh: 0.0,
                short_kwh: 0.0,
            };
            if accepted_kw > 0.0 {
                self.state.trading.markets[market.index()].take(trade);
            } else {
                recorder.market(&record(market, rules, &trade, Money::ZERO));
            }
        }
    }

    /// The end of a settlement interval.
    pub(super) fn on_settlement(&mut self, recorder: &mut dyn Recorder) {
        self.settle(recorder);
        self.queue.settlement(self.state.now + self.setup.trading.settlement_s);
    }

    /// Settles an interval that ends with the horizon, which no event reaches.
    pub(super) fn settle_last(&mut self, recorder: &mut dyn Recorder) {
        let trading = &self.setup.trading;
        if trading.is_active() && self.setup.end.0.rem_euclid(trading.settlement_s) == 0 {
            self.settle(recorder);
        }
    }

    fn settle(&mut self, recorder: &mut dyn Recorder) {
        let setup = std::sync::Arc::clone(&self.setup);
        let (trading, now) = (&setup.trading, self.state.now);
        let mut work = std::mem::take(&mut self.settlements);
        self.state.read_drawn(&setup, &mut work.now);
        if !work.last.is_empty() {
            let start = now + -trading.settlement_s;
            self.balance(&mut work, start);
            self.deliver(&mut work, start, recorder);
            let interval = ((start - setup.start) / trading.settlement_s) as u32;
            for (i, &party) in trading.bidders.iter().enumerate() {
                self.credit_supply(&work, party, work.balances[i], interval, recorder);
                self.settle_imbalance(BidderId::new(i), party, work.balances[i], start, recorder);
            }
        }
        std::mem::swap(&mut work.last, &mut work.now);
        self.settlements = work;
    }

    /// Energy that each bidder has bought, sold and drawn in the interval starting at `start`.
    fn balance(&self, work: &mut Settlements, start: SimTime) {
        let trading = &self.setup.trading;
        let (hours, retailers) = (trading.settlement_s as f64 / 3_600.0, self.setup.retailers.len());
        let drawn_kwh = |cell: usize| work.now[cell].kwh - work.last[cell].kwh;
        work.balances.clear();
        for &party in &trading.bidders {
            let Party::Fleet(fleet) = party else {
                work.balances.push(Balance::default());
                continue;
            };
            let cells = fleet.index() * retailers..(fleet.index() + 1) * retailers;
            // Energy fed back is paid at the tariff, so no market has bought it.
            let drawn_kwh = cells.map(drawn_kwh).sum::<f64>().max(0.0);
            work.balances.push(Balance { drawn_kwh, ..Balance::default() });
        }
        for (rules, state) in trading.markets.iter().zip(&self.state.trading.markets) {
            for trade in state.trades.iter().take_while(|t| rules.products.start_of(t.bid.product) <= start) {
                let balance = &mut work.balances[trade.bid.bidder.index()];
                let kwh = trade.accepted_kw * hours;
                *(if trade.bid.side == Side::Buy {
                    &mut balance.bought_kwh
                } else {
                    &mut balance.sold_kwh
                }) += kwh;
            }
        }
        // Energy that fleets have bought directly is not to be bought by their retailers.
        for (i, &party) in trading.bidders.iter().enumerate() {
            let Party::Retailer(retailer) = party else { continue };
            let mut drawn_kwh = 0.0;
            for fleet in 0..self.setup.fleets.len() {
                let bidder =
                    trading.bidder_of(FleetId::new(fleet)).map(|bidder| work.balances[bidder.index()]);
                let bought =
                    bidder.filter(|b| b.drawn_kwh > 0.0).map_or(0.0, |b| b.supplied_kwh() / b.drawn_kwh);
                let cell = fleet * retailers + retailer.index();
                drawn_kwh += (work.now[cell].kwh - work.last[cell].kwh) * (1.0 - bought);
            }
            work.balances[i].drawn_kwh = drawn_kwh;
        }
    }

    /// Fills the trades of the interval starting at `start`, in the order of the markets, and pays those that end.
    fn deliver(&mut self, work: &mut Settlements, start: SimTime, recorder: &mut dyn Recorder) {
        let setup = std::sync::Arc::clone(&self.setup);
        let hours = setup.trading.settlement_s as f64 / 3_600.0;
        work.left_kwh.clear();
        work.left_kwh.extend(work.balances.iter().map(Balance::to_fill_kwh));
        for (m, rules) in setup.trading.markets.iter().enumerate() {
            let state = &mut self.state.trading.markets[m];
            for trade in
                state.trades.iter_mut().take_while(|t| rules.products.start_of(t.bid.product) <= start)
            {
                let kwh = trade.accepted_kw * hours;
                let left_kwh = &mut work.left_kwh[trade.bid.bidder.index()];
                let taken = if trade.bid.side == Side::Buy { kwh.min(*left_kwh) } else { kwh };
                if trade.bid.side == Side::Buy {
                    *left_kwh -= taken;
                }
                trade.delivered_kwh += taken;
                trade.short_kwh += kwh - taken;
            }
            let market = MarketId::new(m);
            while let Some(&trade) = self.state.trading.markets[m].trades.front() {
                if rules.products.end_of(trade.bid.product) > self.state.now {
                    break;
                }
                self.state.trading.markets[m].trades.pop_front();
                let value = trade.accepted_kw * rules.products.hours() * trade.price_per_mwh / 1_000.0;
                // Reserve that was not available when called is not paid.
                let kept_ready = trade.delivered_kwh * trade.capacity_per_mw_h / 1_000.0;
                let value = if trade.bid.side == Side::Buy { -value } else { value };
                let cash = self.accounts.money(value + kept_ready, EntryKind::Trade, self.state.now);
                recorder.market(&record(market, rules, &trade, cash));
                let bidder = self.accounts.party(setup.trading.bidders[trade.bid.bidder.index()]);
                let market = self.accounts.market(market);
                let (now, reference) = (self.state.now, Reference::Bid(trade.id.0));
                self.accounts.pay(recorder, now, bidder, market, cash, EntryKind::Trade, reference);
            }
        }
    }

    /// Sessions are charged the stations' tariffs for all energy drawn. For the part that a fleet had bought in
    /// markets, each retailer refunds its charge.
    fn credit_supply(
        &mut self,
        work: &Settlements,
        party: Party,
        balance: Balance,
        interval: u32,
        recorder: &mut dyn Recorder,
    ) {
        let Party::Fleet(fleet) = party else { return };
        if balance.supplied_kwh() <= 0.0 {
            return;
        }
        let share = balance.supplied_kwh() / balance.drawn_kwh;
        let retailers = self.setup.retailers.len();
        for retailer in 0..retailers {
            let cell = fleet.index() * retailers + retailer;
            let charged = work.now[cell].cost - work.last[cell].cost;
            let credit = self.accounts.money(share * charged, EntryKind::SupplyCredit, self.state.now);
            let from = self.accounts.retailer(gridfleet_core::ids::RetailerId::new(retailer));
            let (now, to) = (self.state.now, Accounts::fleet(fleet));
            let reference = Reference::Interval(interval);
            self.accounts.pay(recorder, now, to, from, credit, EntryKind::SupplyCredit, reference);
        }
    }

    fn settle_imbalance(
        &mut self,
        bidder: BidderId,
        party: Party,
        balance: Balance,
        start: SimTime,
        recorder: &mut dyn Recorder,
    ) {
        let trading = &self.setup.trading;
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
        let cash = self.accounts.money(cash, EntryKind::Imbalance, self.state.now);
        let (now, kw) = (self.state.now, kwh / (trading.settlement_s as f64 / 3_600.0));
        let bid = self.state.trading.new_bid();
        recorder.market(&MarketRecord {
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
        });
        let (to, from) = (self.accounts.party(party), self.accounts.system_operator());
        self.accounts.pay(recorder, now, to, from, cash, EntryKind::Imbalance, Reference::Bid(bid.0));
    }
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
