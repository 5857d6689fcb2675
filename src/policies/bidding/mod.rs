//! Bidding: what fleets buy ahead of the energy that they are going to draw.
//!
//! - [`spec`]: the policies by name and parameters;
//! - `plant`: the fleet as a virtual power plant, which fills the gap between what it expects to draw and
//!   what it has bought;
//! - `pool`: how it expects that;
//! - [`clairvoyant`]: what could be earned if everything were known.

pub mod clairvoyant;
mod plant;
mod pool;
pub mod spec;

pub use spec::{BiddingSpec, ForecastKind};

use super::{Action, Bidding, OpenGate};
use crate::ids::{BidderId, FleetId, MarketId, RetailerId};
use crate::markets::MarketKind;
use crate::rng::Streams;
use crate::time::SimTime;
use crate::world::{LoadBook, Party, Setup, View};
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
        }
    }
}

/// The first market of a kind.
fn market_of(setup: &Setup, kind: MarketKind) -> Option<MarketId> {
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
