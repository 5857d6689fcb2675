//! Accounts of the ledger, postings of the engine, and the bills of sessions.
//!
//! A session is paid when it has been recorded. If its energy has a load-dependent price, that is known only at the end
//! of the slot: the bill waits here, and the end of the slot (`loads`) settles it.

use crate::world::Setup;
use gridfleet_core::error::InputError;
use gridfleet_core::ledger::{Account, Chart, EntryKind, Ledger, LedgerEntry, Money, NoAmount, Reference};
use gridfleet_core::records::{Record, Recorder, SessionRecord};
use gridfleet_core::time::SimTime;

/// The books, and their chart of accounts.
#[derive(Debug, Clone)]
pub(super) struct Accounts {
    chart: Chart,
    pub ledger: Ledger,
    /// Completed sessions in slots whose price is not known yet.
    pub unpaid: Vec<Bill>,
    /// The first amount that was too large to be posted: its kind and time.
    fault: Option<(NoAmount, EntryKind, SimTime)>,
}

impl Accounts {
    pub fn new(setup: &Setup) -> Self {
        let chart = setup.chart();
        Self { chart, ledger: Ledger::new(chart.accounts()), unpaid: Vec::new(), fault: None }
    }

    /// Converts an amount in whole units of currency to the amount posted. An amount that is too large is posted as
    /// zero and recorded: see [`Self::fault`].
    pub fn money(&mut self, amount: f64, kind: EntryKind, time: SimTime) -> Money {
        Money::from_units(amount).unwrap_or_else(|refused| {
            self.fault.get_or_insert((refused, kind, time));
            Money::ZERO
        })
    }

    /// Accounting fault, if an amount was too large.
    pub fn fault(&self) -> Option<InputError> {
        let (refused, kind, time) = self.fault?;
        let found = format!("{refused} for {} at {}", kind.name().replace('_', " "), time.iso());
        let expected = format!("amounts up to {:e} of the scenario's currency", Money::MOST_UNITS);
        let help =
            "prices, powers, counts or slopes of the scenario are too large together: make one smaller";
        Some(InputError::new(found, expected).help(help))
    }
}

/// A completed session with the amounts it owes.
#[derive(Debug, Clone)]
pub(super) struct Bill {
    /// The record, complete except for its cost.
    pub record: SessionRecord,
    /// Amount owed to retailers for the billed energy [currency].
    pub energy_cost: f64,
    /// Part already settled with previous retailers.
    pub earlier_cost: f64,
    /// Energy drawn in the current slot, whose price is not known yet [kWh].
    pub unbilled_kwh: f64,
    /// Operator's markup on the retailer's price [currency/MWh].
    pub markup_per_mwh: f64,
    /// Battery wear.
    pub wear: Money,
}

/// Postings and records.
pub(super) struct Books<'a> {
    pub accounts: &'a mut Accounts,
    pub recorder: &'a mut dyn Recorder,
}

impl Books<'_> {
    /// `payer` pays `amount` to `receiver`; a negative amount is paid in the opposite direction, and a zero amount is
    /// not posted.
    pub fn pay(
        &mut self,
        time: SimTime,
        receiver: Account,
        payer: Account,
        amount: Money,
        kind: EntryKind,
        reference: Reference,
    ) {
        if amount == Money::ZERO {
            return;
        }
        let (receiver, payer) = (self.accounts.chart.id(receiver), self.accounts.chart.id(payer));
        let (debit, credit) = if amount > Money::ZERO { (receiver, payer) } else { (payer, receiver) };
        let entry = LedgerEntry { time, debit, credit, amount: Money(amount.0.abs()), kind, reference };
        self.accounts.ledger.post(&entry);
        self.recorder.record(Record::Ledger(&entry));
    }

    /// Records a completed session and posts its cost.
    pub fn pay_session(&mut self, now: SimTime, bill: Bill) {
        let Bill { mut record, energy_cost, earlier_cost, markup_per_mwh, wear, .. } = bill;
        let net_kwh = record.energy_kwh - record.discharged_kwh;
        let cost = energy_cost + net_kwh * markup_per_mwh / 1_000.0;
        let cost = self.accounts.money(cost, EntryKind::Charging, now);
        record.cost = cost.units();
        self.recorder.record(Record::Session(&record));
        let reference = Reference::Session(record.session);
        let (fleet, operator) = (Account::Fleet(record.fleet), Account::Operator(record.operator));
        let retailer = Account::Retailer(record.retailer);
        let energy_cost = self.accounts.money(energy_cost - earlier_cost, EntryKind::Energy, now);
        self.pay(now, operator, fleet, cost, EntryKind::Charging, reference);
        self.pay(now, retailer, operator, energy_cost, EntryKind::Energy, reference);
        self.pay(now, Account::Outside, fleet, wear, EntryKind::Wear, reference);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_that_is_too_large_is_nothing_and_is_reported() {
        let chart = Chart { fleets: 1, ..Chart::default() };
        let ledger = Ledger::new(chart.accounts());
        let mut accounts = Accounts { chart, ledger, unpaid: Vec::new(), fault: None };
        assert_eq!(accounts.money(2.5, EntryKind::Fare, SimTime(0)), Money(2_500_000));
        assert!(accounts.fault().is_none());
        assert_eq!(accounts.money(-3e18, EntryKind::SupplyCredit, SimTime(60)), Money::ZERO);
        assert_eq!(accounts.money(f64::NAN, EntryKind::Fare, SimTime(90)), Money::ZERO);
        insta::assert_snapshot!(accounts.fault().unwrap(), @"found an amount of -3e18 for supply credit at 1970-01-01T00:01:00Z, expected amounts up to 1e18 of the scenario's currency; prices, powers, counts or slopes of the scenario are too large together: make one smaller");
    }
}
