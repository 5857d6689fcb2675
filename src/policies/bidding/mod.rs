//! Bidding: what fleets buy ahead of the energy that they are going to draw.
//!
//! - [`spec`]: the policies by name and parameters;
//! - [`plant`]: the fleet as a virtual power plant, which fills the gap between what it expects to draw and
//!   what it has bought;
//! - [`pool`]: how it expects that.

mod plant;
mod pool;
pub mod spec;

pub use spec::{BiddingSpec, PoolForecast, PriceForecast};

use super::{Action, Bidding, OpenGate};
use crate::ids::{BidderId, FleetId, MarketId, RetailerId};
use crate::markets::MarketKind;
use crate::rng::Streams;
use crate::time::SimTime;
use crate::world::{Party, Setup, View};
use plant::{Limit, Plant, Strategy};
use rand_pcg::Pcg64;
use std::sync::Arc;

/// What a forecaster that replays the future needs: the same replication without any bid.
#[derive(Debug, Clone, PartialEq)]
pub struct Foresight {
    /// First reading.
    pub start: SimTime,
    /// Time between two readings [s].
    pub interval_s: i64,
    /// Power that each fleet could take, reading by reading [kW].
    pub pool_kw: Vec<Vec<f64>>,
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
        let pool = |forecast: &PoolForecast| pool::Pool::new(*forecast, setup, fleet, foresight, streams);
        let market = |kind| market_of(setup, kind);
        let retailer = main_retailer(setup, fleet);
        let single =
            |kind, risk, accuracy, forecast: &PoolForecast, limit: Option<f64>| -> Box<dyn Bidding> {
                let Some(market) = market(kind) else { return Box::new(Regular) };
                let strategy = Strategy { market, risk, accuracy, below: None };
                Box::new(Plant::new(fleet, vec![strategy], pool(forecast), Limit { fixed: limit, retailer }))
            };
        match *self {
            Self::Regular {} => Box::new(Regular),
            Self::DayAhead { risk, accuracy, ref forecast, limit_eur_mwh } => {
                single(MarketKind::DayAhead, risk, accuracy, forecast, limit_eur_mwh)
            }
            Self::Intraday { risk, accuracy, ref forecast, limit_eur_mwh } => {
                single(MarketKind::Intraday, risk, accuracy, forecast, limit_eur_mwh)
            }
            Self::Balancing { risk, accuracy, ref forecast, limit_eur_mwh } => {
                single(MarketKind::Balancing, risk, accuracy, forecast, limit_eur_mwh)
            }
            Self::Integrated {
                risk_balancing,
                risk_intraday,
                accuracy_balancing,
                accuracy_intraday,
                ref forecast,
                price_forecast,
                limit_eur_mwh,
            } => {
                let (Some(balancing), Some(intraday)) =
                    (market(MarketKind::Balancing), market(MarketKind::Intraday))
                else {
                    return Box::new(Regular);
                };
                let below = Some(plant::Rival::new(intraday, price_forecast, setup));
                let strategies = vec![
                    Strategy { market: balancing, risk: risk_balancing, accuracy: accuracy_balancing, below },
                    Strategy {
                        market: intraday,
                        risk: risk_intraday,
                        accuracy: accuracy_intraday,
                        below: None,
                    },
                ];
                Box::new(Plant::new(
                    fleet,
                    strategies,
                    pool(forecast),
                    Limit { fixed: limit_eur_mwh, retailer },
                ))
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
