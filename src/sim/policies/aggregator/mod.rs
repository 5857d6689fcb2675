//! Aggregator of a competition: the prices it charges vehicle owners, and the energy it buys ahead for them.
//!
//! Both are decided together, one local day at a time, when the first of them is requested: at the closure of the
//! day-ahead gate, or at the start, whose day has no earlier gate. The policy therefore consists of two small objects,
//! one for bids and one for prices, which share a `DayAheadPlanner` that stores the plans.
//!
//! - [`spec`]: the policies by name and parameters;
//! - `history`: known prices, rivals and demand;
//! - `naive`: repeats the last week;
//! - `bilevel`: the leader of the game;
//! - `clairvoyant`: the same with perfect information.
//!
//! # Information of the leader
//!
//! At noon the day-ahead prices are known to midnight, balancing prices to noon. Paths start at noon, and the balancing
//! prices of the hours between are drawn given the day-ahead price's residual, which comes first in the triangle of the
//! covariance. Sampled paths are then ordered (down <= day ahead <= up), the rule of two-price balancing that the
//! paper's independent paths lack; otherwise the leader would buy in order to give back.
//!
//! With rivals whose tariff follows the market (price of the day + margin), the leader loses money: it is cheapest
//! exactly when energy turns out to be expensive. The game treats rivals' prices and market prices as independent, as
//! the paper does.
//!
//! # The bound
//!
//! The clairvoyant aggregator solves the same game with perfect information. In tests no policy earns more; it cannot
//! be proven to be a bound, because the model balances at one price per slot the energy that a run balances exactly.

mod bilevel;
mod clairvoyant;
mod history;
mod naive;
pub mod spec;

pub use spec::{AggregatorSpec, DemandForecast, PurchaseSpec};

use super::bidding::{Foresight, market_of};
use super::{Action, Bidding, OpenGate, PriceLine, Pricing, Slots, Turn};
use crate::world::{Setup, View};
use gridfleet_core::ids::{BidderId, MarketId, RetailerId};
use gridfleet_core::markets::{MarketKind, Side};
use gridfleet_core::rng::Streams;
use gridfleet_core::time::SimTime;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Limit of a step of a plan that is bought at any clearing price; its bid names the highest price of the market.
const ANY_PRICE_PER_MWH: f64 = f64::INFINITY;

/// The simulated slots of a local day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Day {
    /// Start of the first slot.
    first: SimTime,
    /// Length of each slot [s].
    slot_s: i64,
    /// Number of slots.
    count: usize,
}

impl Day {
    fn start(&self, slot: usize) -> SimTime {
        self.first + slot as i64 * self.slot_s
    }

    fn hours(&self) -> f64 {
        self.slot_s as f64 / 3_600.0
    }
}

/// Purchase of a product: quantity [kW] and maximum price [currency/MWh].
type Step = (f64, f64);

/// Prices and purchases of an aggregator in the slots of a day.
#[derive(Debug, Clone, PartialEq, Default)]
struct DayPlan {
    /// Price of each slot [currency/MWh].
    prices: Vec<f64>,
    /// Bids for each slot.
    bids: Vec<Vec<Step>>,
}

/// Planner of a day, based on the data known now.
trait Planner: Send {
    fn plan(&mut self, view: View<'_>, day: Day) -> DayPlan;
}

/// Plans the days of an aggregator, each once, and stores the plans.
struct DayAheadPlanner {
    aggregator: RetailerId,
    planner: Box<dyn Planner>,
    /// Plans by start of the day's first slot.
    plans: BTreeMap<SimTime, (Day, DayPlan)>,
}

impl DayAheadPlanner {
    /// The day of a slot and its plan; computed now if it does not exist yet.
    fn plan_of(&mut self, view: View<'_>, slot: SimTime) -> (Day, &DayPlan) {
        let (first, end) = view.slots_of_day(self.aggregator, slot);
        let planner = &mut self.planner;
        let (day, plan) = self.plans.entry(first).or_insert_with(|| {
            let slot_s = view.retailer_rules(self.aggregator).slot_s;
            let day = Day { first, slot_s, count: ((end - first) / slot_s) as usize };
            (day, planner.plan(view, day))
        });
        (*day, plan)
    }
}

type SharedPlanner = Arc<Mutex<DayAheadPlanner>>;

struct AggregatorBidding {
    planner: SharedPlanner,
    market: MarketId,
}

impl Bidding for AggregatorBidding {
    fn bid(&mut self, turn: &mut Turn<'_>, bidder: BidderId, gate: &OpenGate) {
        let view = turn.view;
        if gate.market != self.market {
            return;
        }
        let mut planner = self.planner.lock().unwrap_or_else(PoisonError::into_inner);
        let market = view.market(self.market);
        let (products, most_per_mwh) = (market.products(), market.highest_price_per_mwh());
        for product in gate.products.clone() {
            let start = products.start_of(product);
            let (day, plan) = planner.plan_of(view, start);
            let slot = ((start - day.first) / day.slot_s) as usize;
            for &(quantity_kw, limit_per_mwh) in plan.bids.get(slot).into_iter().flatten() {
                if quantity_kw > 0.0 {
                    let (market, side) = (self.market, Side::Buy);
                    turn.actions.push(Action::Bid {
                        bidder,
                        market,
                        product,
                        side,
                        quantity_kw,
                        limit_per_mwh: limit_per_mwh.min(most_per_mwh),
                    });
                }
            }
        }
    }
}

struct AggregatorPricing {
    planner: SharedPlanner,
}

impl Pricing for AggregatorPricing {
    fn price_lines(&mut self, turn: &mut Turn<'_>, _: RetailerId, slots: Slots, lines: &mut Vec<PriceLine>) {
        let view = turn.view;
        let mut planner = self.planner.lock().unwrap_or_else(PoisonError::into_inner);
        // Later slots do not matter: no loads are settled on these price lines.
        for slot in 0..slots.due {
            let start = slots.start(slot);
            let (day, plan) = planner.plan_of(view, start);
            let price = plan.prices.get(((start - day.first) / day.slot_s) as usize).copied();
            lines.push(PriceLine { base_per_mwh: price.unwrap_or_default(), slope_per_mwh_kw: 0.0 });
        }
    }
}

/// Bidding and pricing of an aggregator.
pub struct Aggregator {
    /// Policy of its bidder.
    pub bidding: Box<dyn Bidding>,
    /// Policy of its prices.
    pub pricing: Box<dyn Pricing>,
}

impl AggregatorSpec {
    /// The policy; `None` if the aggregator keeps to its tariff, or if there is no competition or no day-ahead market.
    pub fn build(
        &self,
        setup: &Arc<Setup>,
        foresight: Option<&Arc<Foresight>>,
        streams: Streams,
    ) -> Option<Aggregator> {
        let competition = setup.competition.as_ref()?;
        let market = market_of(setup, MarketKind::DayAhead)?;
        let aggregator = competition.aggregator();
        let planner: Box<dyn Planner> = match self {
            Self::Passive {} => return None,
            Self::Naive { margin } => Box::new(naive::Naive { market, margin: *margin }),
            Self::Bilevel { .. } => {
                Box::new(bilevel::Leader::new(self, market, setup, foresight.cloned(), streams)?)
            }
            Self::PerfectForesight {} => {
                Box::new(clairvoyant::Clairvoyant::new(Arc::clone(setup), market, foresight?.clone()))
            }
        };
        let planner = Arc::new(Mutex::new(DayAheadPlanner { aggregator, planner, plans: BTreeMap::new() }));
        Some(Aggregator {
            bidding: Box::new(AggregatorBidding { planner: Arc::clone(&planner), market }),
            pricing: Box::new(AggregatorPricing { planner }),
        })
    }
}
