//! Upper bound: an aggregator that knows all prices and the demand of each slot.

use super::bilevel::best;
use super::{Day, DayPlan, Planner};
use crate::policies::bidding::Foresight;
use crate::world::{Setup, View};
use gridfleet_core::ids::MarketId;
use gridfleet_core::time::SimTime;
use gridfleet_games::bilevel::{Purchase, Risk, RivalScenario, Scenario, SearchOptions};
use std::sync::Arc;

/// Solves the game of the coming day.
pub(super) struct Clairvoyant {
    setup: Arc<Setup>,
    market: MarketId,
    foresight: Arc<Foresight>,
}

impl Clairvoyant {
    pub fn new(setup: Arc<Setup>, market: MarketId, foresight: Arc<Foresight>) -> Self {
        Self { setup, market, foresight }
    }

    fn reference(&self, market: MarketId, t: SimTime) -> f64 {
        self.setup.trading.markets[market].reference.at(t).unwrap_or(0.0)
    }
}

impl Planner for Clairvoyant {
    fn plan(&mut self, view: View<'_>, day: Day) -> DayPlan {
        let Some(competition) = view.competition() else { return DayPlan::default() };
        let slots = || (0..day.count).map(|slot| day.start(slot));
        let imbalance = |t| self.setup.trading.imbalance.known(t);
        let scenario = Scenario {
            probability: 1.0,
            day_ahead: slots().map(|t| self.reference(self.market, t)).collect(),
            positive: slots().map(|t| imbalance(t).map_or(0.0, |prices| prices.short_per_mwh)).collect(),
            negative: slots().map(|t| imbalance(t).map_or(0.0, |prices| prices.long_per_mwh)).collect(),
            demand: slots().map(|t| self.foresight.competed_kwh(t).max(0.0) / 1_000.0).collect(),
        };
        let asked = |rival: &gridfleet_core::ids::RetailerId| {
            let tariff = &self.setup.retailers[*rival].tariff;
            let price_at = |t| {
                let said = tariff.price_per_mwh(t, &self.setup.clock, |market| self.reference(market, t));
                competition.asked_per_mwh(*rival, t, said)
            };
            slots().map(price_at).collect::<Vec<f64>>()
        };
        let prices: Vec<Vec<f64>> = competition.retailers[1..].iter().map(asked).collect();
        let rivals = vec![RivalScenario { probability: 1.0, prices }];
        let choice = (Purchase::Quantity, Risk { beta: 0.0, alpha: 0.0 });
        best(view, competition, day, (vec![scenario], rivals), choice, SearchOptions::default())
    }
}
