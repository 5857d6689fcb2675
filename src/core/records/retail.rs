//! Key figures of retailers: load and payments of all their customers, and the cost of serving them.

use super::figures::RetailerFigures;
use super::{HouseholdRecord, Labels, StationRecord};
use crate::ids::{AccountId, FleetId, IdVec, RetailerId, StationId};
use crate::ledger::{Account, EntryKind, LedgerEntry, Money};
use crate::time::SimTime;

/// Customers of each retailer, where retailers have figures.
#[derive(Debug, Clone, Default)]
pub struct RetailFacts {
    /// Retailer of each station.
    pub stations: IdVec<StationId, RetailerId>,
    /// Whether each retailer has households or a cost of generation; empty if none has.
    pub shown: IdVec<RetailerId, bool>,
    /// Whether the vehicles of each fleet are privately owned.
    pub private: IdVec<FleetId, bool>,
}

/// Sums of one retailer.
#[derive(Debug, Clone)]
struct Sums {
    account: AccountId,
    /// Load of all its customers at the last reading [kW].
    load_kw: f64,
    peak_kw: f64,
    energy_kwh: f64,
    /// Sum over time of the squared load, for its deviation [kW^2 h].
    squared: f64,
    revenue: Money,
    households: Money,
    generation: Money,
    profit: Money,
}

/// Running sums.
pub(super) struct RetailSums {
    facts: RetailFacts,
    names: IdVec<RetailerId, String>,
    all: IdVec<RetailerId, Sums>,
    /// Times of the current readings and of those before.
    time: Option<SimTime>,
    before: Option<SimTime>,
    hours: f64,
}

impl RetailSums {
    /// Empty sums.
    pub fn new(labels: &Labels, facts: &RetailFacts) -> Self {
        let shown = facts.shown.iter().any(|shown| *shown);
        let sums = |retailer: usize| Sums {
            account: labels.chart.id(Account::Retailer(RetailerId::new(retailer))),
            load_kw: 0.0,
            peak_kw: 0.0,
            energy_kwh: 0.0,
            squared: 0.0,
            revenue: Money::ZERO,
            households: Money::ZERO,
            generation: Money::ZERO,
            profit: Money::ZERO,
        };
        Self {
            facts: if shown { facts.clone() } else { RetailFacts::default() },
            names: if shown { labels.retailers.clone() } else { IdVec::default() },
            all: (0..if shown { labels.retailers.len() } else { 0 }).map(sums).collect(),
            time: None,
            before: None,
            hours: 0.0,
        }
    }

    /// Whether there are retailers to show, whose mean load counts every reading.
    pub fn are_shown(&self) -> bool {
        !self.all.is_empty()
    }

    /// Ends the readings of an instant.
    fn end_reading(&mut self) {
        let (Some(time), before) = (self.time.take(), self.before) else { return };
        let hours = before.map_or(0.0, |before| (time - before) as f64 / 3_600.0);
        self.hours += hours;
        for sums in &mut self.all {
            sums.peak_kw = sums.peak_kw.max(sums.load_kw);
            sums.energy_kwh += sums.load_kw * hours;
            sums.squared += sums.load_kw * sums.load_kw * hours;
            sums.load_kw = 0.0;
        }
        self.before = Some(time);
    }

    fn read(&mut self, time: SimTime, retailer: RetailerId, power_kw: f64) {
        if self.time != Some(time) {
            self.end_reading();
            self.time = Some(time);
        }
        if let Some(sums) = self.all.of_mut(retailer) {
            sums.load_kw += power_kw;
        }
    }

    /// The meters of a station were read.
    pub fn station(&mut self, record: &StationRecord) {
        if let Some(&retailer) = self.facts.stations.of(record.station) {
            self.read(record.time, retailer, record.power_kw);
        }
    }

    /// The meters of a group of households were read.
    pub fn household(&mut self, record: &HouseholdRecord) {
        if !self.all.is_empty() {
            self.read(record.time, record.retailer, record.power_kw);
        }
    }

    /// Money moved.
    pub fn ledger(&mut self, entry: &LedgerEntry) {
        for sums in &mut self.all {
            let amount = match (sums.account == entry.debit, sums.account == entry.credit) {
                (true, _) => entry.amount,
                (false, true) => -entry.amount,
                (false, false) => continue,
            };
            sums.profit += amount;
            match entry.kind {
                EntryKind::Household => sums.households += amount,
                EntryKind::Generation => sums.generation += -amount,
                EntryKind::Energy => {}
                _ => continue,
            }
            if entry.kind != EntryKind::Generation {
                sums.revenue += amount;
            }
        }
    }

    /// The figures of the retailers that are shown.
    pub fn finish(mut self) -> Vec<RetailerFigures> {
        self.end_reading();
        let (hours, shown) = (self.hours, &self.facts.shown);
        let mut figures = Vec::new();
        for ((name, sums), _) in self.names.iter().zip(&self.all).zip(shown).filter(|(_, shown)| **shown) {
            let mean = if hours > 0.0 { sums.energy_kwh / hours } else { 0.0 };
            let variance = if hours > 0.0 { sums.squared / hours - mean * mean } else { 0.0 };
            figures.push(RetailerFigures {
                name: name.clone(),
                peak_kw: sums.peak_kw,
                load_sd_kw: variance.max(0.0).sqrt(),
                energy_kwh: sums.energy_kwh,
                payments: sums.revenue.units(),
                household_payments: sums.households.units(),
                generation_cost: sums.generation.units(),
                profit: sums.profit.units(),
            });
        }
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{HouseholdId, OperatorId, StationId};
    use crate::ledger::{Chart, Reference};

    #[test]
    fn the_load_of_a_retailer_is_that_of_homes_and_stations() {
        let labels = Labels {
            retailers: vec!["a".into(), "b".into()].into(),
            households: vec!["x".into()].into(),
            chart: Chart { retailers: 2, households: 1, ..Chart::default() },
            ..Labels::default()
        };
        let facts = RetailFacts {
            stations: vec![RetailerId(1), RetailerId(0)].into(),
            shown: vec![false, true].into(),
            private: vec![].into(),
        };
        let mut sums = RetailSums::new(&labels, &facts);
        for (time, at_station, at_home) in [(0, 0.0, 0.0), (1_800, 10.0, 30.0), (3_600, -4.0, 24.0)] {
            for (station, power_kw) in [(0, at_station), (1, 500.0)] {
                sums.station(&StationRecord {
                    since: SimTime(i64::max(time - 1_800, 0)),
                    time: SimTime(time),
                    station: StationId(station),
                    operator: OperatorId(0),
                    retailer: RetailerId(0),
                    occupied: 0,
                    queue: 0,
                    power_kw,
                    limit_kw: 0.0,
                });
            }
            sums.household(&HouseholdRecord {
                time: SimTime(time),
                household: HouseholdId(0),
                retailer: RetailerId(1),
                power_kw: at_home,
                price_per_mwh: 0.0,
            });
        }
        let [a, b] = [0, 1].map(|retailer| Account::Retailer(RetailerId(retailer)));
        let (homes, other) = (Account::Households(HouseholdId(0)), Account::Outside);
        for (debit, credit, amount, kind) in [
            (b, homes, 9, EntryKind::Household),
            (b, other, 4, EntryKind::Energy),
            (other, b, 1, EntryKind::Energy),
            (other, b, 5, EntryKind::Generation),
            (a, other, 100, EntryKind::Energy),
        ] {
            let (time, reference) = (SimTime(0), Reference::Retailer(RetailerId(1)));
            let (debit, credit) = (labels.chart.id(debit), labels.chart.id(credit));
            sums.ledger(&LedgerEntry {
                time,
                debit,
                credit,
                amount: Money(amount * 1_000_000),
                kind,
                reference,
            });
        }
        let figures = sums.finish();
        let [b] = &figures[..] else { panic!("{figures:?}") };
        assert_eq!((b.name.as_str(), b.peak_kw, b.energy_kwh), ("b", 40.0, 30.0));
        // Half an hour of 40 kW and half an hour of 20 kW.
        assert!((b.load_sd_kw - 10.0).abs() < 1e-9);
        let money = (b.payments, b.household_payments, b.generation_cost, b.profit);
        assert_eq!(money, (12.0, 9.0, 5.0, 7.0));
    }
}
