//! A fleet as a virtual power plant: it buys ahead the energy that it expects to draw in any case.
//!
//! At each gate it bids for the power that it can take throughout the product, less the power already bought, less a
//! share for risk. The limit is at most its tariff, so that accepted energy is cheaper. A rider is turned away only if
//! the vehicle is needed for the energy bought and no other plugged-in vehicle can replace it.
//!
//! Source: T. Richter, Reinforcement learning portfolio optimization of electric vehicle virtual power plants (an early
//! version is the paper of specification 5): the controlled charging problem and its benchmark strategies.

use super::ForecastKind;
use super::pool::Pool;
use super::trace::{Asked, GateBid, Trace, is_needed};
use crate::forecast::{Calendar, Forecaster};
use crate::policies::{Action, Bidding, OpenGate, Turn};
use crate::world::{Setup, View};
use gridfleet_core::ids::{BidderId, FleetId, MarketId, RetailerId, VehicleId};
use gridfleet_core::markets::{Series, Side};
use gridfleet_core::time::SimTime;

/// Bidding strategy in one market.
pub(super) struct Strategy {
    /// The market.
    pub market: MarketId,
    /// Share of the expected power that is not bid for.
    pub risk: f64,
    /// Forecast of the power that the fleet can draw.
    pub pool: Pool,
    /// Limits the bid to the expected price of this market.
    pub below: Option<PriceBenchmark>,
}

/// Highest price bid.
pub(super) struct Limit {
    /// Limit set by the scenario [currency/MWh].
    pub fixed: Option<f64>,
    /// Otherwise the price of this retailer.
    pub retailer: RetailerId,
}

impl Limit {
    /// For a product that starts at `t`: its announced price, or the price in force now.
    pub(super) fn at(&self, view: View<'_>, t: SimTime) -> f64 {
        self.fixed.unwrap_or_else(|| self.tariff(view, t))
    }

    /// For a product that starts at `t`: the retailer's announced price, or its current price [currency/MWh].
    pub(super) fn tariff(&self, view: View<'_>, t: SimTime) -> f64 {
        let book = view.prices(self.retailer);
        let announced = book.broadcasts.iter().rev().take_while(|price| price.valid_to > t);
        let announced = announced.last().filter(|price| price.valid_from <= t);
        announced.map_or(book.current_per_mwh, |price| price.price_per_mwh)
    }
}

/// A market that trades the same energy later.
pub(super) struct PriceBenchmark {
    market: MarketId,
    prices: Prices,
}

/// Price expectations for a market.
enum Prices {
    /// Actual future prices.
    Replay(Series),
    /// Forecast from past prices.
    History {
        forecaster: Box<dyn Forecaster>,
        /// The first product not yet observed by the forecaster, counted from the start and possibly negative.
        next: i64,
    },
}

impl PriceBenchmark {
    /// Learns, where applicable, from the prices that are known at the gates of `own`, which close earlier. `None` if
    /// the products of the market do not form a regular series.
    pub(super) fn new(
        market: MarketId,
        own: MarketId,
        forecast: ForecastKind,
        setup: &Setup,
    ) -> Option<Self> {
        let rules = &setup.trading.markets[market];
        let prices = match forecast.of_history() {
            None => Prices::Replay(rules.reference.clone()),
            Some(history) => {
                let products = rules.products;
                let ahead_s = setup.trading.markets[own].gates.longest_s();
                let calendar = Calendar::new(products.start, products.slot_s, setup.clock.clone()).ok()?;
                let forecaster = history.build(calendar, ahead_s / products.slot_s + 1).ok()?;
                let next = -((products.start - rules.reference.start) / products.slot_s).max(0);
                Prices::History { forecaster, next }
            }
        };
        Some(Self { market, prices })
    }

    /// Expected price for `t` [currency/MWh]; `None` if no price is known.
    pub(super) fn expected(&mut self, view: View<'_>, t: SimTime) -> Option<f64> {
        let (forecaster, next) = match &mut self.prices {
            Prices::Replay(series) => return series.at(t),
            Prices::History { forecaster, next } => (forecaster, next),
        };
        let market = view.market(self.market);
        let products = market.products();
        while *next < market.cleared() as i64 {
            let price = match usize::try_from(*next) {
                Ok(product) => market.clearing_price(product),
                Err(_) => market.past_price(products.start + *next * products.slot_s),
            };
            forecaster.observe(*next, price.unwrap_or(f64::NAN));
            *next += 1;
        }
        let product = (t - products.start).div_euclid(products.slot_s);
        Some(if product < *next {
            // Known at this time.
            market.clearing_price(usize::try_from(product).ok()?)?
        } else {
            forecaster.predict(product)
        })
    }
}

/// Policy of one fleet.
pub(super) struct Plant {
    fleet: FleetId,
    /// Strategies by market.
    pub(super) strategies: Vec<Strategy>,
    /// Upper limit on the price of market energy.
    pub(super) limit: Limit,
    /// Time of the last pool count, and its power at that time less the power that has left since [kW].
    counted: Option<(SimTime, f64)>,
    /// Trace, if requested.
    pub(super) trace: Option<Trace>,
}

impl Plant {
    pub(super) fn new(fleet: FleetId, strategies: Vec<Strategy>, limit: Limit) -> Self {
        Self { fleet, strategies, limit, counted: None, trace: None }
    }
}

impl Bidding for Plant {
    fn bid(&mut self, turn: &mut Turn<'_>, bidder: BidderId, gate: &OpenGate) {
        let view = turn.view;
        let Some(place) = self.strategies.iter().position(|strategy| strategy.market == gate.market) else {
            return;
        };
        let strategy = &mut self.strategies[place];
        let products = view.market(gate.market).products();
        for product in gate.products.clone() {
            let start = products.start_of(product);
            let mut bid = GateBid {
                expected_kw: strategy.pool.least_kw(&products, product),
                committed_kw: view.committed_kw(bidder, start),
                limit_per_mwh: 0.0,
                tariff_per_mwh: 0.0,
                risk: strategy.risk,
            };
            let quantity_kw = bid.quantity_kw(strategy.risk);
            if quantity_kw <= 0.0 && self.trace.is_none() {
                continue;
            }
            bid.limit_per_mwh = self.limit.at(view, start);
            if let Some(benchmark) = &mut strategy.below
                && let Some(price) = benchmark.expected(view, start)
            {
                bid.limit_per_mwh = bid.limit_per_mwh.min(price);
            }
            if let Some(trace) = &mut self.trace {
                bid.tariff_per_mwh = self.limit.tariff(view, start);
                trace.record_bid(place, product, bid);
            }
            if quantity_kw > 0.0 {
                let (market, side, limit_per_mwh) = (gate.market, Side::Buy, bid.limit_per_mwh);
                turn.actions.push(Action::Bid { bidder, market, product, side, quantity_kw, limit_per_mwh });
            }
        }
    }

    fn on_interval(&mut self, turn: &mut Turn<'_>, _bidder: BidderId) {
        let view = turn.view;
        if self.strategies.iter().any(|strategy| strategy.pool.learns()) {
            let pool_kw = view.pool_kw(self.fleet);
            for strategy in &mut self.strategies {
                strategy.pool.observe(view.now(), pool_kw);
            }
        }
    }

    fn releases(&mut self, view: View<'_>, bidder: BidderId, vehicle: VehicleId) -> bool {
        let committed_kw = view.committed_kw(bidder, view.now());
        if committed_kw <= 0.0 && self.trace.is_none() {
            return true;
        }
        let pool_kw = match self.counted {
            Some((time, pool_kw)) if time == view.now() => pool_kw,
            _ => view.pool_kw(self.fleet),
        };
        // The next vehicle in the queue takes its place.
        let share_kw = view.pool_share_kw(vehicle) - view.successor_share_kw(vehicle);
        let released = !is_needed(pool_kw, share_kw, committed_kw);
        if let Some(trace) = &mut self.trace {
            trace.asked.push(Asked { time: view.now(), vehicle, pool_kw, share_kw, released });
        }
        self.counted = Some((view.now(), if released { pool_kw - share_kw } else { pool_kw }));
        released
    }
}
