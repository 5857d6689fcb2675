//! A fleet as a virtual power plant: it buys ahead what it expects to draw anyway.
//!
//! At each gate it bids for the power that it can take in the whole product, less what it has bought already, less a
//! share for risk; at its tariff at most, so that what is accepted is cheaper. A rider is turned away only if the vehicle is
//! needed for what has been bought and no other that is plugged in can stand in.
//!
//! Source: T. Richter, Reinforcement learning portfolio optimization of electric vehicle virtual power plants (an
//! early version is the paper of specification 5): the controlled charging problem and its benchmark strategies.

use super::ForecastKind;
use super::pool::Pool;
use crate::forecast::{Calendar, Forecaster};
use crate::ids::{BidderId, FleetId, MarketId, RetailerId, VehicleId};
use crate::markets::{Series, Side};
use crate::policies::{Action, Bidding, OpenGate};
use crate::time::SimTime;
use crate::world::{Setup, View};
use rand_pcg::Pcg64;

/// Power that counts as none when held against a commitment [kW].
const NO_POWER_KW: f64 = 1e-6;

/// What is bid in one market.
pub(super) struct Strategy {
    /// The market.
    pub market: MarketId,
    /// Share of the expected power that is not bid for.
    pub risk: f64,
    /// What the fleet expects to be able to draw.
    pub pool: Pool,
    /// Bid at most what this market is expected to cost.
    pub below: Option<Rival>,
}

/// Highest price bid.
pub(super) struct Limit {
    /// As the scenario says [currency/MWh].
    pub fixed: Option<f64>,
    /// Else what this retailer asks.
    pub retailer: RetailerId,
}

impl Limit {
    /// For a product that starts at `t`: the price announced for it, or in force now.
    pub(super) fn at(&self, view: View<'_>, t: SimTime) -> f64 {
        if let Some(fixed) = self.fixed {
            return fixed;
        }
        let book = view.prices(self.retailer);
        let announced = book.broadcasts.iter().rev().take_while(|price| price.valid_to > t);
        let announced = announced.last().filter(|price| price.valid_from <= t);
        announced.map_or(book.current_eur_mwh, |price| price.price_eur_mwh)
    }
}

/// A market that trades the same energy later.
pub(super) struct Rival {
    market: MarketId,
    prices: Prices,
}

/// What is expected of a market's prices.
enum Prices {
    /// What they are going to be.
    Replay(Series),
    /// What they have been so far.
    History {
        forecaster: Box<dyn Forecaster>,
        /// The first product, counted from the start and perhaps below 0, that the forecaster has not been told.
        next: i64,
    },
}

impl Rival {
    /// Learns, where it does, from the prices that `own` gates, which close earlier, can know. `None` if the products
    /// of the market make no regular series.
    pub(super) fn new(
        market: MarketId,
        own: MarketId,
        forecast: ForecastKind,
        setup: &Setup,
    ) -> Option<Self> {
        let rules = &setup.trading.markets[market.index()];
        let prices = match forecast.of_history() {
            None => Prices::Replay(rules.reference.clone()),
            Some(history) => {
                let products = rules.products;
                let ahead_s = setup.trading.markets[own.index()].gates.longest_s();
                let calendar = Calendar::new(products.start, products.slot_s, setup.clock.clone()).ok()?;
                let forecaster = history.build(calendar, ahead_s / products.slot_s + 1).ok()?;
                let next = -((products.start - rules.reference.start) / products.slot_s).max(0);
                Prices::History { forecaster, next }
            }
        };
        Some(Self { market, prices })
    }

    /// Price expected for `t` [currency/MWh]; `None` if nothing is known.
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
            // Known by now.
            market.clearing_price(usize::try_from(product).ok()?)?
        } else {
            forecaster.predict(product)
        })
    }
}

/// The policy of one fleet.
pub(super) struct Plant {
    fleet: FleetId,
    /// What is bid where.
    pub(super) strategies: Vec<Strategy>,
    /// What energy from a market has to be cheaper than.
    pub(super) limit: Limit,
    /// When the pool was last counted, and what it was then less what has left since [kW].
    counted: Option<(SimTime, f64)>,
}

impl Plant {
    pub(super) fn new(fleet: FleetId, strategies: Vec<Strategy>, limit: Limit) -> Self {
        Self { fleet, strategies, limit, counted: None }
    }
}

impl Bidding for Plant {
    fn bid(
        &mut self,
        view: View<'_>,
        bidder: BidderId,
        gate: &OpenGate,
        _random: &mut Pcg64,
        actions: &mut Vec<Action>,
    ) {
        let Some(strategy) = self.strategies.iter_mut().find(|strategy| strategy.market == gate.market)
        else {
            return;
        };
        let products = view.market(gate.market).products();
        for product in gate.products.clone() {
            let start = products.start_of(product);
            let expected_kw = strategy.pool.least_kw(&products, product);
            let quantity_kw = (expected_kw - view.committed_kw(bidder, start)) * (1.0 - strategy.risk);
            if quantity_kw <= 0.0 {
                continue;
            }
            let mut limit_eur_mwh = self.limit.at(view, start);
            if let Some(rival) = &mut strategy.below
                && let Some(price) = rival.expected(view, start)
            {
                limit_eur_mwh = limit_eur_mwh.min(price);
            }
            let (market, side) = (gate.market, Side::Buy);
            actions.push(Action::Bid { bidder, market, product, side, quantity_kw, limit_eur_mwh });
        }
    }

    fn on_interval(
        &mut self,
        view: View<'_>,
        _bidder: BidderId,
        _random: &mut Pcg64,
        _actions: &mut Vec<Action>,
    ) {
        if self.strategies.iter().any(|strategy| strategy.pool.learns()) {
            let pool_kw = view.pool_kw(self.fleet);
            for strategy in &mut self.strategies {
                strategy.pool.observe(view.now(), pool_kw);
            }
        }
    }

    fn releases(&mut self, view: View<'_>, bidder: BidderId, vehicle: VehicleId) -> bool {
        let committed_kw = view.committed_kw(bidder, view.now());
        if committed_kw <= 0.0 {
            return true;
        }
        let pool_kw = match self.counted {
            Some((time, pool_kw)) if time == view.now() => pool_kw,
            _ => view.pool_kw(self.fleet),
        };
        // Whoever is next in line takes its place.
        let share_kw = view.pool_share_kw(vehicle) - view.successor_share_kw(vehicle);
        let needed = share_kw > 0.0 && pool_kw - share_kw < committed_kw - NO_POWER_KW;
        self.counted = Some((view.now(), if needed { pool_kw } else { pool_kw - share_kw }));
        !needed
    }
}
