//! Trading: bidders, their markets and the progress of each market.

use gridfleet_core::ids::{BidId, BidderId, FleetId, IdVec, MarketId, RetailerId};
use gridfleet_core::ledger::Account;
use gridfleet_core::markets::{Gate, Imbalance, Market, Side};
use gridfleet_core::time::{LocalClock, SimTime};
use std::collections::VecDeque;

/// Party whose meters count for a bidder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// A fleet: the energy drawn by its vehicles at any station. Energy not supplied by markets is bought at the
    /// tariffs of the stations.
    Fleet(FleetId),
    /// A retailer: the energy drawn by its stations. Energy that it has not bought is settled as imbalance.
    Retailer(RetailerId),
}

impl From<Party> for Account {
    fn from(party: Party) -> Self {
        match party {
            Party::Fleet(fleet) => Self::Fleet(fleet),
            Party::Retailer(retailer) => Self::Retailer(retailer),
        }
    }
}

/// Markets and bidders of the scenario; all fields are empty if there is no trading.
#[derive(Debug, Clone)]
pub struct Trading {
    /// Markets, in the order in which energy bought in several of them counts as delivered.
    pub markets: IdVec<MarketId, Market>,
    /// Bidders.
    pub bidders: IdVec<BidderId, Party>,
    /// Cost of differences between traded and drawn energy.
    pub imbalance: Imbalance,
    /// Length of a settlement interval [s]; each product spans a whole number of them.
    pub settlement_s: i64,
    /// Whether to compute the profit under perfect information.
    pub clairvoyant_bound: bool,
}

impl Default for Trading {
    fn default() -> Self {
        Self {
            markets: IdVec::default(),
            bidders: IdVec::default(),
            imbalance: Imbalance::Penalty(0.0),
            settlement_s: 900,
            clairvoyant_bound: false,
        }
    }
}

impl Trading {
    /// Whether there is anything to settle.
    pub fn is_active(&self) -> bool {
        !self.markets.is_empty() && !self.bidders.is_empty()
    }

    /// The bidder that represents a fleet.
    pub fn bidder_of(&self, fleet: FleetId) -> Option<BidderId> {
        self.bidders.iter().position(|&party| party == Party::Fleet(fleet)).map(BidderId::new)
    }
}

/// A bid in the order book of a market.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bid {
    /// Bidder.
    pub bidder: BidderId,
    /// Product.
    pub product: usize,
    /// Buy or sell.
    pub side: Side,
    /// Quantity [kW].
    pub quantity_kw: f64,
    /// Limit price: a maximum for buying, a minimum for selling [currency/MWh].
    pub limit_per_mwh: f64,
}

/// An accepted bid that has not been settled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trade {
    /// Bid number.
    pub id: BidId,
    /// The bid.
    pub bid: Bid,
    /// Time at which its gate closed.
    pub closed: SimTime,
    /// Time at which the result was known.
    pub cleared_at: SimTime,
    /// Accepted [kW].
    pub accepted_kw: f64,
    /// Price [currency/MWh].
    pub price_per_mwh: f64,
    /// Capacity payment for reserving it [currency/MW per hour].
    pub capacity_per_mw_h: f64,
    /// Energy taken or given so far [kWh].
    pub delivered_kwh: f64,
    /// Energy accepted but not taken so far [kWh].
    pub short_kwh: f64,
}

/// One market at one instant.
#[derive(Debug, Clone)]
pub struct MarketState {
    /// Next gate to close.
    pub next_gate: Option<Gate>,
    /// Gates that have closed without published results.
    pub closed: VecDeque<Gate>,
    /// Bids whose products have not been cleared.
    pub book: Vec<Bid>,
    /// Accepted bids whose products have not been settled, by product.
    pub trades: VecDeque<Trade>,
    /// Clearing prices of the cleared products, from product 0 [currency/MWh].
    pub cleared_per_mwh: Vec<f64>,
    /// Net position (bought less sold) by bidder and product [kW]; grouped by bidder.
    position_kw: Vec<f64>,
    products: usize,
}

/// All markets at one instant.
#[derive(Debug, Clone, Default)]
pub struct TradingState {
    /// By market.
    pub markets: IdVec<MarketId, MarketState>,
    /// Number of the next bid to be cleared.
    pub next_bid: u32,
}

impl MarketState {
    fn new(market: &Market, bidders: usize, clock: &LocalClock) -> Self {
        let products = market.products.count;
        Self {
            next_gate: market.gates.gate(0, &market.products, clock),
            closed: VecDeque::new(),
            book: Vec::new(),
            trades: VecDeque::new(),
            cleared_per_mwh: Vec::with_capacity(products),
            position_kw: vec![0.0; bidders * products],
            products,
        }
    }

    /// Net position: bought less sold [kW].
    #[inline]
    pub fn position_kw(&self, bidder: BidderId, product: usize) -> f64 {
        self.position_kw[bidder.index() * self.products + product]
    }

    /// Adds an accepted bid to the positions.
    pub fn take(&mut self, trade: Trade) {
        let signed = if trade.bid.side == Side::Buy { trade.accepted_kw } else { -trade.accepted_kw };
        self.position_kw[trade.bid.bidder.index() * self.products + trade.bid.product] += signed;
        self.trades.push_back(trade);
    }
}

impl TradingState {
    /// State before the first gate.
    pub fn new(trading: &Trading, clock: &LocalClock) -> Self {
        let bidders = trading.bidders.len();
        Self {
            markets: trading.markets.iter().map(|market| MarketState::new(market, bidders, clock)).collect(),
            next_bid: 0,
        }
    }

    /// Number for the next bid.
    pub fn new_bid(&mut self) -> BidId {
        let id = BidId(self.next_bid);
        self.next_bid += 1;
        id
    }

    /// Net position (bought less sold) of `bidder` at instant `t`, in one market [kW].
    #[inline]
    pub fn position_kw(&self, trading: &Trading, market: MarketId, bidder: BidderId, t: SimTime) -> f64 {
        let product = trading.markets[market].products.at(t);
        product.map_or(0.0, |product| self.markets[market].position_kw(bidder, product))
    }
}
