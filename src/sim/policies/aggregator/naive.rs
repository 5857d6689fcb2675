//! An aggregator that expects tomorrow to equal the mean of the last week.

use super::history::{Customers, recent_day_ahead, recent_demand};
use super::{ANY_PRICE_PER_MWH, Day, DayPlan, Planner};
use crate::world::View;
use gridfleet_core::ids::MarketId;

/// Buys the mean energy of its customers, and charges the energy price plus a margin.
pub(super) struct Naive {
    pub market: MarketId,
    /// Margin on the day-ahead price, as a share of it.
    pub margin: f64,
}

impl Planner for Naive {
    fn plan(&mut self, view: View<'_>, day: Day) -> DayPlan {
        let most = view.competition().map_or(0.0, |competition| competition.max_price_per_mwh);
        let price = |slot| {
            let cost = recent_day_ahead(view, self.market, day.start(slot));
            ((1.0 + self.margin) * cost).clamp(0.0, most)
        };
        let bids = |slot| {
            let kwh = recent_demand(view, day, slot, Customers::Own);
            vec![(kwh / day.hours(), ANY_PRICE_PER_MWH)]
        };
        DayPlan { prices: (0..day.count).map(price).collect(), bids: (0..day.count).map(bids).collect() }
    }
}
