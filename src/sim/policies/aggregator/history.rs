//! Information of an aggregator: market prices, rival prices and energy drawn.

use super::Day;
use crate::world::View;
use gridfleet_core::ids::{MarketId, RetailerId};
use gridfleet_core::time::{DAY_S, SimTime};

/// Number of days over which hours are averaged.
const RECENT_DAYS: i64 = 7;

/// Clearing price of a market for `t`, or its price before the start [currency/MWh]; `None` if unknown.
pub fn day_ahead_price(view: View<'_>, market: MarketId, t: SimTime) -> Option<f64> {
    let market = view.market(market);
    match market.products().at(t) {
        Some(product) => market.clearing_price(product),
        None => market.past_price(t),
    }
}

/// The same time of day on the days before a slot, the latest first: enough days for the average, although the latest
/// may not be over yet.
fn days_before(slot: SimTime) -> impl Iterator<Item = SimTime> {
    (1..=RECENT_DAYS + 2).map(move |days| slot + -days * DAY_S)
}

/// Mean of up to a week of known values.
fn recent(figures: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let known = figures.flatten().take(RECENT_DAYS as usize);
    let (sum, count) = known.fold((0.0, 0), |(sum, count), x| (sum + x, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

/// Mean day-ahead price in the hour of a slot over the last week [currency/MWh]; 0 before any price is known.
pub fn recent_day_ahead(view: View<'_>, market: MarketId, slot: SimTime) -> f64 {
    recent(days_before(slot).map(|t| day_ahead_price(view, market, t))).unwrap_or(0.0)
}

/// Mean and standard deviation of a retailer's prices in the hour of a slot over the last week [currency/MWh]; `None`
/// if no price is known.
pub fn recent_asked(view: View<'_>, retailer: RetailerId, slot: SimTime) -> Option<(f64, f64)> {
    let asked: Vec<f64> =
        days_before(slot).filter_map(|t| view.price_asked(retailer, t)).take(RECENT_DAYS as usize).collect();
    let n = asked.len() as f64;
    let mean = asked.iter().sum::<f64>() / n;
    let squares: f64 = asked.iter().map(|x| (x - mean).powi(2)).sum();
    (!asked.is_empty()).then(|| (mean, (squares / (n - 1.0).max(1.0)).sqrt()))
}

/// Group of customers whose demand is requested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Customers {
    /// Customers of the aggregator.
    Own,
    /// Customers of all competitors.
    All,
}

/// Mean energy drawn in the hour of a slot over the last week [kWh]; before anything is known, the typical value.
pub fn recent_demand(view: View<'_>, day: Day, slot: usize, customers: Customers) -> f64 {
    let Some(competition) = view.competition() else { return 0.0 };
    let (supplied, start) = (view.supplied(), day.start(slot));
    let drawn_at = |t: SimTime| {
        let at = supplied.binary_search_by_key(&t, |slot| slot.start).ok()?;
        Some(match customers {
            Customers::Own => supplied[at].kwh[0],
            Customers::All => supplied[at].kwh.iter().sum(),
        })
    };
    let typical_kw = competition.typical_kw[view.clock().hour(start)];
    let share = if customers == Customers::Own { competition.initial_shares[0] } else { 1.0 };
    recent(days_before(start).map(drawn_at)).unwrap_or(typical_kw * day.hours() * share).max(0.0)
}

/// Known market prices as hourly series; a series may be longer than the others if its prices are announced earlier.
#[derive(Debug, Clone, Default)]
pub struct PriceHistory {
    /// Start of the first slot.
    first: Option<SimTime>,
    /// Day-ahead, positive and negative balancing price of each slot [currency/MWh].
    pub series: [Vec<f64>; 3],
}

impl PriceHistory {
    /// Adds newly known prices; the first call goes back `days` days, or as far as all three prices are known.
    pub fn update(&mut self, view: View<'_>, market: MarketId, slot_s: i64, days: i64) {
        let start = view.market(market).products().start;
        let price = |which: usize, t: SimTime| match which {
            0 => day_ahead_price(view, market, t),
            1 => view.imbalance_prices(t).map(|prices| prices.short_per_mwh),
            _ => view.imbalance_prices(t).map(|prices| prices.long_per_mwh),
        };
        let first = *self.first.get_or_insert_with(|| {
            let mut first = start;
            while start - first < days * DAY_S && (0..3).all(|which| price(which, first + -slot_s).is_some())
            {
                first += -slot_s;
            }
            first
        });
        for (which, series) in self.series.iter_mut().enumerate() {
            while let Some(next) = price(which, first + series.len() as i64 * slot_s) {
                series.push(next);
            }
        }
    }

    /// Price of the slot that begins at `t` [currency/MWh], if known.
    pub fn known(&self, which: usize, t: SimTime, slot_s: i64) -> Option<f64> {
        let slot = usize::try_from((t - self.first?).div_euclid(slot_s)).ok()?;
        self.series[which].get(slot).copied()
    }

    /// Start of the first slot for which not all three prices are known.
    pub fn end(&self, slot_s: i64) -> Option<SimTime> {
        let shortest = self.series.iter().map(Vec::len).min()?;
        Some(self.first? + shortest as i64 * slot_s)
    }
}
