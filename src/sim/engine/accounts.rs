//! Accounts of the ledger, and postings of the engine.

use crate::world::Setup;
use gridfleet_core::error::InputError;
use gridfleet_core::ledger::{Account, Chart, EntryKind, Ledger, LedgerEntry, Money, NoAmount, Reference};
use gridfleet_core::records::{Record, Recorder};
use gridfleet_core::time::SimTime;

/// The books, and their chart of accounts.
#[derive(Debug, Clone)]
pub(super) struct Accounts {
    chart: Chart,
    pub ledger: Ledger,
    /// The first amount that was too large to be posted: its kind and time.
    fault: Option<(NoAmount, EntryKind, SimTime)>,
}

impl Accounts {
    pub fn new(setup: &Setup) -> Self {
        let chart = setup.chart();
        Self { chart, ledger: Ledger::new(chart.accounts()), fault: None }
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

    /// `payer` pays `amount` to `receiver`; a negative amount is paid in the opposite direction, and a zero amount is
    /// not posted.
    #[expect(clippy::too_many_arguments, reason = "a posting has that many parts")]
    pub fn pay(
        &mut self,
        recorder: &mut dyn Recorder,
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
        let (receiver, payer) = (self.chart.id(receiver), self.chart.id(payer));
        let (debit, credit) = if amount > Money::ZERO { (receiver, payer) } else { (payer, receiver) };
        let entry = LedgerEntry { time, debit, credit, amount: Money(amount.0.abs()), kind, reference };
        self.ledger.post(&entry);
        recorder.record(Record::Ledger(&entry));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_that_is_too_large_is_nothing_and_is_reported() {
        let chart = Chart { fleets: 1, ..Chart::default() };
        let mut accounts = Accounts { chart, ledger: Ledger::new(chart.accounts()), fault: None };
        assert_eq!(accounts.money(2.5, EntryKind::Fare, SimTime(0)), Money(2_500_000));
        assert!(accounts.fault().is_none());
        assert_eq!(accounts.money(-3e18, EntryKind::SupplyCredit, SimTime(60)), Money::ZERO);
        assert_eq!(accounts.money(f64::NAN, EntryKind::Fare, SimTime(90)), Money::ZERO);
        insta::assert_snapshot!(accounts.fault().unwrap(), @"found an amount of -3e18 for supply credit at 1970-01-01T00:01:00Z, expected amounts up to 1e18 of the scenario's currency; prices, powers, counts or slopes of the scenario are too large together: make one smaller");
    }
}
