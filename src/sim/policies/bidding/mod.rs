//! Bidding: energy that fleets buy ahead of their consumption.
//!
//! - [`spec`]: the policies by name and parameters;
//! - `plant`: the fleet as a virtual power plant, which bids for the difference between the energy it expects to draw
//!   and the energy it has bought;
//! - `pool`: forecasts of the power it can draw;
//! - [`learned`]: the same with state-dependent risks;
//! - [`observation`]: its observations and actions, [`trace`]: its trace of a week;
//! - [`clairvoyant`]: maximum profit under perfect information.
//!
#![doc = include_str!("../../../../docs/equations/rendered/bidding.md")]

pub mod clairvoyant;
pub mod learned;
pub mod observation;
mod plant;
mod pool;
pub mod spec;
pub mod trace;

pub use learned::{Learned, Trained};
pub use observation::ObservationKind;
pub use spec::{BiddingSpec, ForecastKind};

use super::{Bidding, OpenGate, Turn};
use crate::world::{LoadBook, Party, Setup};
use gridfleet_core::ids::{BidderId, FleetId, IdVec, MarketId, RetailerId};
use gridfleet_core::markets::MarketKind;
use gridfleet_core::rng::Streams;
use gridfleet_core::time::SimTime;
use learned::{Chain, Chooser, Forecasts};
use plant::{Limit, Plant, Strategy};
use std::sync::Arc;

/// Data for forecasters that replay the future: results of the same replication without bids or station limits.
#[derive(Debug, Clone)]
pub struct Foresight {
    /// First reading.
    pub start: SimTime,
    /// Time between two readings [s].
    pub interval_s: i64,
    /// Power that each fleet could take, by reading [kW].
    pub pool_kw: IdVec<FleetId, Vec<f64>>,
    /// Energy requested at stations with load-dependent prices.
    pub asked_kwh: Vec<LoadBook>,
    /// Total energy sold by competing retailers if all kept to their tariffs: slot starts and energy [kWh].
    pub sold_kwh: Vec<(SimTime, f64)>,
}

impl Foresight {
    /// Energy that competing retailers will sell in the slot starting at `slot` [kWh]; the first slot may begin with
    /// the simulation.
    pub fn competed_kwh(&self, slot: SimTime) -> f64 {
        let after = self.sold_kwh.partition_point(|sold| sold.0 < slot);
        // The slot in progress at the start begins before it.
        self.sold_kwh.get(after).map_or(0.0, |sold| sold.1)
    }
}

/// Never bids.
struct Regular;

impl Bidding for Regular {
    fn bid(&mut self, _: &mut Turn<'_>, _: BidderId, _: &OpenGate) {}
}

impl BiddingSpec {
    /// Policy of `bidder`. If the spec [needs foresight](Self::needs_foresight) and there is none, it expects zero
    /// power.
    pub fn build(
        &self,
        setup: &Setup,
        bidder: BidderId,
        foresight: Option<&Arc<Foresight>>,
        streams: Streams,
    ) -> Box<dyn Bidding> {
        let Party::Fleet(fleet) = setup.trading.bidders[bidder] else { return Box::new(Regular) };
        let market = |kind| market_of(setup, kind);
        let strategy = |market, risk, accuracy, forecast, below| {
            let pool = pool::Pool::new(forecast, accuracy, market, setup, fleet, foresight, streams);
            Strategy { market, risk, pool, below }
        };
        let plant = |strategies, fixed| -> Box<dyn Bidding> {
            let limit = Limit { fixed, retailer: main_retailer(setup, fleet) };
            Box::new(Plant::new(fleet, strategies, limit))
        };
        let single = |kind, risk, accuracy, forecast, limit| match market(kind) {
            Some(market) => plant(vec![strategy(market, risk, accuracy, forecast, None)], limit),
            None => Box::new(Regular),
        };
        match *self {
            Self::Regular {} => Box::new(Regular),
            Self::DayAhead { risk, accuracy, forecast, limit_per_mwh } => {
                single(MarketKind::DayAhead, risk, accuracy, forecast, limit_per_mwh)
            }
            Self::Intraday { risk, accuracy, forecast, limit_per_mwh } => {
                single(MarketKind::Intraday, risk, accuracy, forecast, limit_per_mwh)
            }
            Self::Balancing { risk, accuracy, forecast, limit_per_mwh } => {
                single(MarketKind::Balancing, risk, accuracy, forecast, limit_per_mwh)
            }
            Self::Integrated {
                risk_balancing,
                risk_intraday,
                accuracy_balancing,
                accuracy_intraday,
                forecast,
                price_forecast,
                limit_per_mwh,
            } => {
                let (Some(balancing), Some(intraday)) =
                    (market(MarketKind::Balancing), market(MarketKind::Intraday))
                else {
                    return Box::new(Regular);
                };
                let below = plant::PriceBenchmark::new(intraday, balancing, price_forecast, setup);
                let first = strategy(balancing, risk_balancing, accuracy_balancing, forecast, below);
                let then = strategy(intraday, risk_intraday, accuracy_intraday, forecast, None);
                plant(vec![first, then], limit_per_mwh)
            }
            Self::Learned { ref trained, .. } => {
                let (Some(forecasts), Some(trained)) = (self.forecasts(), trained) else {
                    return Box::new(Regular);
                };
                let (kind, chooser) = (trained.observation, Chooser::Greedy(Arc::clone(trained)));
                match learner(setup, bidder, forecasts, foresight, streams, kind, chooser, None) {
                    Some(learner) => Box::new(learner),
                    None => Box::new(Regular),
                }
            }
        }
    }

    /// Forecasts of a policy with two risks; `None` for other policies.
    pub fn forecasts(&self) -> Option<Forecasts> {
        match *self {
            Self::Integrated {
                accuracy_balancing,
                accuracy_intraday,
                forecast,
                price_forecast,
                limit_per_mwh,
                ..
            }
            | Self::Learned {
                accuracy_balancing,
                accuracy_intraday,
                forecast,
                price_forecast,
                limit_per_mwh,
                ..
            } => Some(Forecasts {
                power: forecast,
                price: price_forecast,
                accuracy: [accuracy_balancing, accuracy_intraday],
                limit_per_mwh,
            }),
            Self::Regular {} | Self::DayAhead { .. } | Self::Intraday { .. } | Self::Balancing { .. } => None,
        }
    }
}

/// A plant in two markets whose risks are chosen by `chooser`; `None` without a balancing and an intraday market.
#[expect(clippy::too_many_arguments, reason = "a policy's surroundings and its four parts")]
pub fn learner(
    setup: &Setup,
    bidder: BidderId,
    forecasts: Forecasts,
    foresight: Option<&Arc<Foresight>>,
    streams: Streams,
    observation: ObservationKind,
    chooser: Chooser,
    chain: Option<Chain>,
) -> Option<Learned> {
    let Party::Fleet(fleet) = setup.trading.bidders[bidder] else { return None };
    let balancing = market_of(setup, MarketKind::Balancing)?;
    let intraday = market_of(setup, MarketKind::Intraday)?;
    let strategy = |market, accuracy, below| {
        let pool = pool::Pool::new(forecasts.power, accuracy, market, setup, fleet, foresight, streams);
        Strategy { market, risk: 1.0, pool, below }
    };
    let below = plant::PriceBenchmark::new(intraday, balancing, forecasts.price, setup);
    let [first, then] = forecasts.accuracy;
    let strategies = vec![strategy(balancing, first, below), strategy(intraday, then, None)];
    let limit = Limit { fixed: forecasts.limit_per_mwh, retailer: main_retailer(setup, fleet) };
    let plant = Plant::new(fleet, strategies, limit);
    Some(Learned::new(setup, fleet, plant, [balancing, intraday], observation, chooser, chain))
}

/// For each balancing product, the information of a [`learner`] in the previous week when it has to bid for it: the
/// forecast of that week, and prices that replay the future.
pub fn outlooks(
    setup: &Setup,
    bidder: BidderId,
    forecasts: Forecasts,
    foresight: &Arc<Foresight>,
    streams: Streams,
) -> Vec<observation::Outlook> {
    let Party::Fleet(fleet) = setup.trading.bidders[bidder] else { return Vec::new() };
    let markets = market_of(setup, MarketKind::Balancing).zip(market_of(setup, MarketKind::Intraday));
    let Some((balancing, intraday)) = markets else { return Vec::new() };
    let accuracy = forecasts.accuracy[0];
    let pool =
        pool::Pool::new(ForecastKind::Perfect, accuracy, balancing, setup, fleet, Some(foresight), streams);
    let [of_balancing, of_intraday] = [balancing, intraday].map(|market| &setup.trading.markets[market]);
    let products = of_balancing.products;
    let outlook = |product| {
        let start = products.start_of(product);
        observation::Outlook {
            expected_kw: pool.least_kw(&products, product),
            intraday_per_mwh: of_intraday.reference.at(start).unwrap_or(0.0),
            last_per_mwh: of_balancing.reference.at(start + -1).unwrap_or(0.0),
        }
    };
    (0..products.count).map(outlook).collect()
}

/// The first market of a kind.
pub(super) fn market_of(setup: &Setup, kind: MarketKind) -> Option<MarketId> {
    setup.trading.markets.iter().position(|market| market.kind == kind).map(MarketId::new)
}

/// The retailer with the most connectors that a fleet may use; energy from a market has to be cheaper than its tariff.
fn main_retailer(setup: &Setup, fleet: FleetId) -> RetailerId {
    let mut connectors = IdVec::filled(setup.retailers.len(), 0);
    for station in setup.stations.iter().filter(|station| station.access.allows(fleet)) {
        connectors[station.retailer] += station.connectors.len();
    }
    let most = connectors.ids().rev().max_by_key(|&retailer| connectors[retailer]);
    most.unwrap_or(RetailerId(0))
}
