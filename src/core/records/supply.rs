//! Key figures of competing retailers, and of the one among them that trades.

use super::figures::{AggregatorFigures, CompetitorFigures};
use super::{Labels, MarketRecord, SupplyRecord};
use crate::ids::{BidderId, RetailerId};
use crate::ledger::Account;
use crate::markets::Side;
use crate::time::SimTime;

/// Competing retailers.
#[derive(Debug, Clone, Default)]
pub struct CompetitionFacts {
    /// The retailers, the aggregator first; empty without competition.
    pub retailers: Vec<RetailerId>,
    /// First simulated instant of each local day.
    pub days: Vec<SimTime>,
}

/// Share of days that count as the worst: 1 less the usual confidence level of CVaR, 0.95.
const WORST: f64 = 0.05;

/// Sums of one competitor.
#[derive(Debug, Clone, Default)]
struct Sums {
    name: String,
    energy_kwh: f64,
    revenue: f64,
}

/// Running sums.
pub(super) struct SupplySums {
    facts: CompetitionFacts,
    all: Vec<Sums>,
    aggregator: Option<BidderId>,
    figures: AggregatorFigures,
    /// Revenue and cash of markets of each local day [currency].
    days: Vec<f64>,
}

impl SupplySums {
    /// Empty sums.
    pub fn new(labels: &Labels, facts: &CompetitionFacts) -> Self {
        let name = |retailer: &RetailerId| labels.retailers.of(*retailer).cloned().unwrap_or_default();
        let all: Vec<Sums> =
            facts.retailers.iter().map(|retailer| Sums { name: name(retailer), ..Sums::default() }).collect();
        let first = facts.retailers.first().map(|retailer| Account::Retailer(*retailer));
        Self {
            aggregator: labels.bidders.iter().position(|bidder| Some(*bidder) == first).map(BidderId::new),
            all,
            figures: AggregatorFigures::default(),
            days: vec![0.0; facts.days.len()],
            facts: facts.clone(),
        }
    }

    fn add_to_day(&mut self, t: SimTime, amount: f64) {
        let after = self.facts.days.partition_point(|day| *day <= t);
        if let Some(day) = self.days.get_mut(after.saturating_sub(1)) {
            *day += amount;
        }
    }

    /// A slot has ended.
    pub fn supply(&mut self, record: &SupplyRecord) {
        let Some(number) = self.facts.retailers.iter().position(|retailer| *retailer == record.retailer)
        else {
            return;
        };
        self.all[number].energy_kwh += record.energy_kwh;
        self.all[number].revenue += record.revenue;
        if number == 0 {
            self.add_to_day(record.slot_start, record.revenue);
        }
    }

    /// A bid was settled, or an imbalance.
    pub fn market(&mut self, record: &MarketRecord) {
        if self.aggregator != Some(record.bidder) {
            return;
        }
        let sign = if record.side == Side::Buy { 1.0 } else { -1.0 };
        if record.market.is_some() {
            let hours = (record.product_end - record.product_start) as f64 / 3_600.0;
            self.figures.bought_kwh += sign * record.accepted_kw * hours;
            self.figures.purchase_cost -= record.cash;
        } else {
            *(if record.side == Side::Buy {
                &mut self.figures.short_kwh
            } else {
                &mut self.figures.long_kwh
            }) += record.imbalance_kwh;
            self.figures.imbalance_cost -= record.cash;
        }
        self.add_to_day(record.product_start, record.cash);
    }

    /// The figures.
    pub fn finish(self) -> Vec<CompetitorFigures> {
        let all_kwh: f64 = self.all.iter().map(|sums| sums.energy_kwh).sum();
        let revenue = self.all.first().map_or(0.0, |sums| sums.revenue);
        let (sd, cvar) = spread(&self.days);
        let aggregator = self.aggregator.map(|_| AggregatorFigures {
            profit: revenue - self.figures.purchase_cost - self.figures.imbalance_cost,
            day_profit_sd: sd,
            day_profit_cvar: cvar,
            ..self.figures
        });
        let figures = self.all.into_iter().enumerate().map(|(number, sums)| CompetitorFigures {
            name: sums.name,
            energy_kwh: sums.energy_kwh,
            energy_share: (all_kwh > 0.0).then(|| sums.energy_kwh / all_kwh),
            revenue: sums.revenue,
            sold_at_per_mwh: (sums.energy_kwh > 0.0).then(|| sums.revenue / sums.energy_kwh * 1_000.0),
            aggregator: aggregator.clone().filter(|_| number == 0),
        });
        figures.collect()
    }
}

/// Standard deviation of the daily profits, and mean of the worst; the last of the worst days counts in part.
fn spread(days: &[f64]) -> (Option<f64>, Option<f64>) {
    let n = days.len() as f64;
    if days.is_empty() {
        return (None, None);
    }
    let mean = days.iter().sum::<f64>() / n;
    let sd =
        (days.len() > 1).then(|| (days.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt());
    let mut sorted = days.to_vec();
    sorted.sort_by(f64::total_cmp);
    let worst = WORST * n;
    let mut left = worst;
    let mut sum = 0.0;
    for profit in sorted {
        let part = left.min(1.0);
        sum += part * profit;
        left -= part;
    }
    (sd, Some(sum / worst))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{BidId, FleetId, MarketId};

    /// Two days of one slot each, with a purchase, a shortage and a surplus; computed by hand.
    #[test]
    fn figures_of_two_days() {
        let labels = Labels {
            retailers: vec!["grid".into(), "a".into(), "b".into()].into(),
            bidders: vec![Account::Fleet(FleetId(0)), Account::Retailer(RetailerId(1))].into(),
            ..Labels::default()
        };
        let facts = CompetitionFacts {
            retailers: vec![RetailerId(1), RetailerId(2)],
            days: vec![SimTime(0), SimTime(86_400)],
        };
        let mut sums = SupplySums::new(&labels, &facts);
        for (start, retailer, kwh, revenue) in
            [(0, 1, 30.0, 3.0), (0, 2, 10.0, 2.0), (86_400, 1, 20.0, 4.0), (86_400, 2, 40.0, 1.0)]
        {
            sums.supply(&SupplyRecord {
                slot_start: SimTime(start),
                slot_end: SimTime(start + 3_600),
                retailer: RetailerId(retailer),
                price_per_mwh: 0.0,
                share: 0.5,
                energy_kwh: kwh,
                revenue,
            });
        }
        let bid = |bidder, market: Option<u8>, start, side, kw, cash| MarketRecord {
            bid: BidId(0),
            market: market.map(|m| MarketId(m.into())),
            product_start: SimTime(start),
            product_end: SimTime(start + 3_600),
            gate_closure: SimTime(0),
            cleared_at: SimTime(0),
            bidder: BidderId(bidder),
            side,
            quantity_kw: kw,
            limit_price_per_mwh: None,
            clearing_price_per_mwh: 0.0,
            capacity_price_per_mw_h: 0.0,
            accepted_kw: kw,
            delivered_kwh: 0.0,
            imbalance_kwh: if market.is_none() { kw } else { 0.0 },
            cash,
        };
        sums.market(&bid(1, Some(0), 0, Side::Buy, 25.0, -1.0));
        sums.market(&bid(1, None, 0, Side::Buy, 5.0, -0.5));
        sums.market(&bid(1, Some(0), 86_400, Side::Buy, 26.0, -2.0));
        sums.market(&bid(1, None, 86_400, Side::Sell, 6.0, 0.25));
        sums.market(&bid(0, Some(0), 0, Side::Buy, 99.0, -9.0));
        let figures = sums.finish();
        assert_eq!(figures[0].energy_share, Some(0.5));
        assert_eq!(figures[0].sold_at_per_mwh, Some(140.0));
        assert_eq!((figures[1].name.as_str(), &figures[1].aggregator), ("b", &None));
        let aggregator = figures[0].aggregator.as_ref().unwrap();
        assert_eq!((aggregator.bought_kwh, aggregator.short_kwh, aggregator.long_kwh), (51.0, 5.0, 6.0));
        assert_eq!(
            (aggregator.purchase_cost, aggregator.imbalance_cost, aggregator.profit),
            (3.0, 0.25, 3.75)
        );
        // Days of 1.5 and 2.25: a tenth of a day is the worst, all of it from the first.
        assert!((aggregator.day_profit_sd.unwrap() - 0.75 / 2.0_f64.sqrt()).abs() < 1e-12);
        assert!((aggregator.day_profit_cvar.unwrap() - 1.5).abs() < 1e-12);
    }

    #[test]
    fn the_last_of_the_worst_days_counts_in_part() {
        // 30 days: the worst are 1.5 of them.
        let days: Vec<f64> = (0..30).map(f64::from).collect();
        assert!((spread(&days).1.unwrap() - (0.0 + 0.5 * 1.0) / 1.5).abs() < 1e-12);
    }
}
