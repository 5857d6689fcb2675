//! Bidding: what fleets buy ahead of the energy that they are going to draw.
//!
//! - [`spec`]: the policies by name and parameters;
//! - `plant`: the fleet as a virtual power plant, which fills the gap between what it expects to draw and
//!   what it has bought;
//! - `pool`: how it expects that;
//! - [`learned`]: the same with risks by what it sees, [`sight`]: what that is, [`diary`]: what it writes down of a week;
//! - [`clairvoyant`]: what could be earned if everything were known.
//!
#![doc = include_str!("../../../../docs/equations/rendered/bidding.md")]

pub mod clairvoyant;
pub mod diary;
pub mod learned;
mod plant;
mod pool;
pub mod sight;
pub mod spec;

pub use learned::{Learned, Trained};
pub use sight::ObservationKind;
pub use spec::{BiddingSpec, ForecastKind};

use super::{Action, Bidding, OpenGate};
use crate::world::{LoadBook, Party, Setup, View};
use gridfleet_core::ids::{BidderId, FleetId, MarketId, RetailerId};
use gridfleet_core::markets::MarketKind;
use gridfleet_core::rng::Streams;
use gridfleet_core::time::SimTime;
use learned::{Chain, Chooser, Forecasts};
use plant::{Limit, Plant, Strategy};
use rand_pcg::Pcg64;
use std::sync::Arc;

/// What a forecaster that replays the future needs: the same replication without any bid or limit of a station.
#[derive(Debug, Clone)]
pub struct Foresight {
    /// First reading.
    pub start: SimTime,
    /// Time between two readings [s].
    pub interval_s: i64,
    /// Power that each fleet could take, reading by reading [kW].
    pub pool_kw: Vec<Vec<f64>>,
    /// What was asked for at stations whose price follows the load.
    pub asked_kwh: Vec<LoadBook>,
    /// What retailers that compete sold, all together, if all kept to their tariffs: starts of slots, and energy [kWh].
    pub sold_kwh: Vec<(SimTime, f64)>,
}

impl Foresight {
    /// What retailers that compete will sell in the slot from `slot` on [kWh]; the first may begin with the simulation.
    pub fn competed_kwh(&self, slot: SimTime) -> f64 {
        let after = self.sold_kwh.partition_point(|sold| sold.0 < slot);
        // The slot under way at the start begins before it.
        self.sold_kwh.get(after).map_or(0.0, |sold| sold.1)
    }
}

/// Who buys nothing ahead.
struct Regular;

impl Bidding for Regular {
    fn bid(&mut self, _: View<'_>, _: BidderId, _: &OpenGate, _: &mut Pcg64, _: &mut Vec<Action>) {}
}

impl BiddingSpec {
    /// The policy of `bidder`. Where the spec [needs foresight](Self::needs_foresight) and there is none, it
    /// expects nothing.
    pub fn build(
        &self,
        setup: &Setup,
        bidder: BidderId,
        foresight: Option<&Arc<Foresight>>,
        streams: Streams,
    ) -> Box<dyn Bidding> {
        let Party::Fleet(fleet) = setup.trading.bidders[bidder.index()] else { return Box::new(Regular) };
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
            Self::DayAhead { risk, accuracy, forecast, limit_eur_mwh } => {
                single(MarketKind::DayAhead, risk, accuracy, forecast, limit_eur_mwh)
            }
            Self::Intraday { risk, accuracy, forecast, limit_eur_mwh } => {
                single(MarketKind::Intraday, risk, accuracy, forecast, limit_eur_mwh)
            }
            Self::Balancing { risk, accuracy, forecast, limit_eur_mwh } => {
                single(MarketKind::Balancing, risk, accuracy, forecast, limit_eur_mwh)
            }
            Self::Integrated {
                risk_balancing,
                risk_intraday,
                accuracy_balancing,
                accuracy_intraday,
                forecast,
                price_forecast,
                limit_eur_mwh,
            } => {
                let (Some(balancing), Some(intraday)) =
                    (market(MarketKind::Balancing), market(MarketKind::Intraday))
                else {
                    return Box::new(Regular);
                };
                let below = plant::Rival::new(intraday, balancing, price_forecast, setup);
                let first = strategy(balancing, risk_balancing, accuracy_balancing, forecast, below);
                let then = strategy(intraday, risk_intraday, accuracy_intraday, forecast, None);
                plant(vec![first, then], limit_eur_mwh)
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

    /// How a policy with two risks forecasts; none for other policies.
    pub fn forecasts(&self) -> Option<Forecasts> {
        match *self {
            Self::Integrated {
                accuracy_balancing,
                accuracy_intraday,
                forecast,
                price_forecast,
                limit_eur_mwh,
                ..
            }
            | Self::Learned {
                accuracy_balancing,
                accuracy_intraday,
                forecast,
                price_forecast,
                limit_eur_mwh,
                ..
            } => Some(Forecasts {
                power: forecast,
                price: price_forecast,
                accuracy: [accuracy_balancing, accuracy_intraday],
                limit_eur_mwh,
            }),
            Self::Regular {} | Self::DayAhead { .. } | Self::Intraday { .. } | Self::Balancing { .. } => None,
        }
    }
}

/// A plant of two markets whose risks `chooser` chooses; none without a balancing and an intraday market.
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
    let Party::Fleet(fleet) = setup.trading.bidders[bidder.index()] else { return None };
    let balancing = market_of(setup, MarketKind::Balancing)?;
    let intraday = market_of(setup, MarketKind::Intraday)?;
    let strategy = |market, accuracy, below| {
        let pool = pool::Pool::new(forecasts.power, accuracy, market, setup, fleet, foresight, streams);
        Strategy { market, risk: 1.0, pool, below }
    };
    let below = plant::Rival::new(intraday, balancing, forecasts.price, setup);
    let [first, then] = forecasts.accuracy;
    let strategies = vec![strategy(balancing, first, below), strategy(intraday, then, None)];
    let limit = Limit { fixed: forecasts.limit_eur_mwh, retailer: main_retailer(setup, fleet) };
    let plant = Plant::new(fleet, strategies, limit);
    Some(Learned::new(setup, fleet, plant, [balancing, intraday], observation, chooser, chain))
}

/// Of each balancing product, what a [`learner`] in the week before knows when it has to bid for it: the forecast as it will
/// be, and prices that replay the future.
pub fn outlooks(
    setup: &Setup,
    bidder: BidderId,
    forecasts: Forecasts,
    foresight: &Arc<Foresight>,
    streams: Streams,
) -> Vec<sight::Outlook> {
    let Party::Fleet(fleet) = setup.trading.bidders[bidder.index()] else { return Vec::new() };
    let markets = market_of(setup, MarketKind::Balancing).zip(market_of(setup, MarketKind::Intraday));
    let Some((balancing, intraday)) = markets else { return Vec::new() };
    let accuracy = forecasts.accuracy[0];
    let pool =
        pool::Pool::new(ForecastKind::Perfect, accuracy, balancing, setup, fleet, Some(foresight), streams);
    let [of_balancing, of_intraday] =
        [balancing, intraday].map(|market| &setup.trading.markets[market.index()]);
    let products = of_balancing.products;
    let outlook = |product| {
        let start = products.start_of(product);
        sight::Outlook {
            expected_kw: pool.least_kw(&products, product),
            rival_eur_mwh: of_intraday.reference.at(start).unwrap_or(0.0),
            last_eur_mwh: of_balancing.reference.at(start + -1).unwrap_or(0.0),
        }
    };
    (0..products.count).map(outlook).collect()
}

/// The first market of a kind.
pub(super) fn market_of(setup: &Setup, kind: MarketKind) -> Option<MarketId> {
    setup.trading.markets.iter().position(|market| market.kind == kind).map(MarketId::new)
}

/// The retailer of most connectors that a fleet may use: whose tariff energy from a market has to beat.
fn main_retailer(setup: &Setup, fleet: FleetId) -> RetailerId {
    let mut connectors = vec![0; setup.retailers.len()];
    for station in setup.stations.iter().filter(|station| station.access.allows(fleet)) {
        connectors[station.retailer.index()] += station.connectors.len();
    }
    let most = (0..connectors.len()).rev().max_by_key(|&retailer| connectors[retailer]);
    RetailerId::new(most.unwrap_or(0))
}
