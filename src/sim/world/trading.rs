//! Trading: who bids where, and how far each market has come.

use gridfleet_core::ids::{BidId, BidderId, FleetId, MarketId, RetailerId};
use gridfleet_core::markets::{Gate, Imbalance, Market, Side};
use gridfleet_core::time::{LocalClock, SimTime};
use std::collections::VecDeque;

/// Whose meters count for a bidder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// A fleet: what its vehicles draw, wherever they charge. What markets do not supply it buys at the
    /// tariffs of the stations.
    Fleet(FleetId),
    /// A retailer: what its stations draw. What it has not bought it settles as imbalance.
    Retailer(RetailerId),
}

/// Markets and bidders, as the scenario has them; all empty where nobody trades.
#[derive(Debug, Clone)]
pub struct Trading {
    /// Markets, in the order in which energy bought in several of them counts as delivered.
    pub markets: Vec<Market>,
    /// Who bids.
    pub bidders: Vec<Party>,
    /// What differences between traded and drawn energy cost.
    pub imbalance: Imbalance,
    /// Length of a settlement interval [s]; each product is a whole number of them.
    pub settlement_s: i64,
    /// Whether to compute what perfect knowledge could earn.
    pub clairvoyant_bound: bool,
}

impl Default for Trading {
    fn default() -> Self {
        Self {
            markets: Vec::new(),
            bidders: Vec::new(),
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

    /// The bidder that stands for a fleet.
    pub fn bidder_of(&self, fleet: FleetId) -> Option<BidderId> {
        self.bidders.iter().position(|&party| party == Party::Fleet(fleet)).map(BidderId::new)
    }
}

/// A bid in the book of a market.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bid {
    /// Who bids.
    pub bidder: BidderId,
    /// For which product.
    pub product: usize,
    /// To buy or to sell.
    pub side: Side,
    /// How much [kW].
    pub quantity_kw: f64,
    /// At which price at most, or at least [currency/MWh].
    pub limit_eur_mwh: f64,
}

/// An accepted bid that is not settled yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trade {
    /// Its number.
    pub id: BidId,
    /// The bid.
    pub bid: Bid,
    /// When its gate closed.
    pub closed: SimTime,
    /// When the result was known.
    pub cleared_at: SimTime,
    /// Accepted [kW].
    pub accepted_kw: f64,
    /// Price [currency/MWh].
    pub price_eur_mwh: f64,
    /// Paid for keeping it ready [currency/MW per hour].
    pub capacity_eur_mw_h: f64,
    /// Taken or given so far [kWh].
    pub delivered_kwh: f64,
    /// Accepted but not taken so far [kWh].
    pub short_kwh: f64,
}

/// One market at one instant.
#[derive(Debug, Clone)]
pub struct MarketState {
    /// The gate that closes next.
    pub next_gate: Option<Gate>,
    /// Gates that have closed and whose results are not known yet.
    pub closed: VecDeque<Gate>,
    /// Bids whose products are not cleared yet.
    pub book: Vec<Bid>,
    /// Accepted bids whose products are not settled yet, by product.
    pub trades: VecDeque<Trade>,
    /// Clearing prices of the products that are cleared, from product 0 [currency/MWh].
    pub cleared_eur_mwh: Vec<f64>,
    /// Bought less sold, by bidder and product [kW]; bidder after bidder.
    position_kw: Vec<f64>,
    products: usize,
}

/// All markets at one instant.
#[derive(Debug, Clone, Default)]
pub struct TradingState {
    /// By market.
    pub markets: Vec<MarketState>,
    /// Number of the next bid that is cleared.
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
            cleared_eur_mwh: Vec::with_capacity(products),
            position_kw: vec![0.0; bidders * products],
            products,
        }
    }

    /// Bought less sold [kW].
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
    /// Before the first gate.
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

    /// What `bidder` has bought less sold for the instant `t`, in one market [kW].
    #[inline]
    pub fn position_kw(&self, trading: &Trading, market: MarketId, bidder: BidderId, t: SimTime) -> f64 {
        let product = trading.markets[market.index()].products.at(t);
        product.map_or(0.0, |product| self.markets[market.index()].position_kw(bidder, product))
    }
}
